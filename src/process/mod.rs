//! The operating system and the pipeline: variables, arguments, signals, randomness, streams.

pub mod arguments;
pub mod bounded_file;
pub mod env;
pub mod pipeline;
pub mod place;
pub mod random;
pub mod signals;
pub mod sink;
pub mod timeout_writer;
