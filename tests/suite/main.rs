//! The real binary against a real socket, in an environment that holds only what a test gives it.

mod agents_api;
mod agreement;
mod authority;
mod failures;
mod faults;
mod files;
mod github;
mod gitlab;
mod guards;
mod history;
mod hostile;
mod inputs;
mod model;
mod parsers;
mod plain;
mod previous;
mod proof;
mod properties;
mod proxy;
mod request;
mod secrets;
mod signals;
mod stand_in;
mod step;
mod test_runs;
mod tls;
