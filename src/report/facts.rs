//! What the words of a failure are made of, and the reason in words.

use crate::model::{Deployment, Environment, Names, Record};
use crate::report::context::Context;

/// Everything that the words of a failure are made of.
#[derive(Clone, Copy)]
pub struct Facts<'a> {
    /// What the run found out and did.
    pub record: &'a Record,
    /// What was asked for, and by whom.
    pub context: &'a Context<'a>,
    /// How deployments are named.
    pub names: Names,
}

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

impl Facts<'_> {
    /// The environment, for people.
    pub(super) fn there(&self) -> &'static str {
        self.record.plan.environment.map_or("its environment", Environment::name)
    }

    /// A deployment in one line.
    pub(super) fn line(&self, deployment: Option<&Deployment>) -> String {
        deployment.map_or("nothing".to_owned(), |deployment| self.names.line(deployment))
    }
}
