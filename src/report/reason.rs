//! The reason for a failure in words.

/// Why something was not done: the cause in a few words, what happened, what to do.
pub(super) struct Reason {
    pub(super) cause: String,
    pub(super) problem: String,
    pub(super) help: String,
}

impl Reason {
    pub(super) fn new(
        cause: impl Into<String>,
        problem: impl Into<String>,
        help: impl Into<String>,
    ) -> Self {
        Self { cause: cause.into(), problem: problem.into(), help: help.into() }
    }
}
