//! What all reports of one run share.

use crate::inputs::{Task, variables::Variables};
use crate::process::place::Pipeline;
use crate::text::redaction::Redaction;
use std::time::SystemTime;

/// What is known before the rollback begins.
#[derive(Clone, Copy)]
pub struct Context<'a> {
    /// When the run began.
    pub started: SystemTime,
    /// The pipeline that the run is a step of.
    pub pipeline: &'a Pipeline,
    /// What was asked for; none where the inputs were bad.
    pub task: Option<&'a Task>,
    /// The variables of the inputs, which say how their user writes their names.
    pub variables: &'a Variables,
    /// The secrets that no format may write.
    pub redaction: &'a Redaction,
}
