//! The real binary against a real socket, in an environment that holds only what a test gives it.

mod agreement;
mod failures;
mod github;
mod gitlab;
mod inputs;
mod parsers;
mod plain;
mod properties;
mod request;
mod stand_in;
mod step;
