//! The real binary against a real socket, in an environment that holds only what a test gives it.

mod agreement;
mod architecture;
mod failures;
mod faults;
mod files;
mod github;
mod gitlab;
mod guards;
mod history;
mod hostile;
mod inputs;
mod memory;
mod model;
mod plain;
mod previous;
mod properties;
mod proxy;
mod request;
mod secrets;
mod signals;
mod step;
mod test_runs;
mod tls;
mod verify;
mod waiting;
