//! The formats in which runs are told, one file each: pure functions from facts to text.

pub mod command;
pub mod dotenv;
pub mod heredoc;
pub mod json;
pub mod markdown;
pub mod section;
