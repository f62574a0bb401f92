//! Facts: plain data about a run, and total functions of it.

pub mod call_error;
pub mod deployment;
pub mod failure;
pub mod outcome;
pub mod record;
pub mod rollback_request;
