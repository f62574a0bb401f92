//! The report: everything that is known at the end of a run, told in every format.
//!
//! The report sends nothing, and decides nothing but one thing: a success whose outputs cannot be written
//! becomes `internal-error` (`files`). [`diagnostic`] has the words of each failure,
//! [`outputs`] the values for later steps; each other file is one format or one place that is written to.

mod call_help;
mod connect_help;
pub mod context;
pub mod diagnostic;
pub mod dotenv;
pub mod files;
pub mod github_output;
pub mod json;
pub mod markdown;
pub mod outputs;
pub mod print;
mod target_help;

use crate::inputs::Task;
use crate::model::{Deployment, Effect, Environment, Failure, Outcome, Record, TestsOutcome};
use crate::text::row::{Row, or_not_given};
use context::Context;
use diagnostic::Diagnostic;
use std::time::Duration;

/// A run, from its beginning to its end, or to the wait for its tests.
pub struct Report<'a> {
    /// The context that all reports of the run share.
    pub context: Context<'a>,
    /// How the run ended.
    pub outcome: Outcome,
    /// The effect on production.
    pub effect: Effect,
    /// How long the rollback took, without its tests.
    pub took: Duration,
    /// The record of the run.
    pub record: &'a Record,
    /// The failure in words; none where the run ended well.
    pub diagnostic: Option<Diagnostic>,
}

impl<'a> Report<'a> {
    /// The report of a run that came so far.
    pub fn new(
        context: Context<'a>,
        took: Duration,
        record: &'a Record,
        result: &Result<Outcome, Failure>,
    ) -> Self {
        let (outcome, effect, diagnostic) = match result {
            Ok(Outcome::RolledBack) => (Outcome::RolledBack, Effect::Done, None),
            Ok(outcome) => (*outcome, Effect::Unchanged, None),
            Err(failure) => {
                let diagnostic = Diagnostic::new(failure, record, &context);
                (failure.outcome(), failure.effect(), Some(diagnostic))
            }
        };
        Self { context, outcome, effect, took, record, diagnostic }
    }

    /// The deployment that the run is about: the new one, or the one that was right already.
    pub fn deployment(&self) -> Option<&'a Deployment> {
        match (&self.record.rollback, self.outcome) {
            (Some(rollback), _) => Some(&rollback.deployment),
            (None, Outcome::Unchanged) => self.record.plan.current.as_ref(),
            (None, _) => None,
        }
    }

    /// How the tests ended; none where nothing was rolled back.
    pub fn tests_outcome(&self) -> Option<TestsOutcome> {
        let is_awaited = self.context.task.is_some_and(|task| task.request.waits_for_tests);
        self.record.rollback.as_ref().map(|_| match &self.record.tests {
            Some(tests) => tests.outcome(),
            None if is_awaited => TestsOutcome::Unknown,
            None => TestsOutcome::NotAwaited,
        })
    }

    /// The end in one line, for people.
    pub fn headline(&self) -> String {
        let plan = &self.record.plan;
        let there = plan.environment.map_or("the environment", Environment::name);
        let version = |deployment: &Option<Deployment>| {
            or_not_given(deployment.as_ref().and_then(|deployment| deployment.version.as_ref()))
        };
        if let Some(diagnostic) = &self.diagnostic {
            return diagnostic.headline.clone();
        }
        if let Some(rollback) = &self.record.rollback {
            return rollback.headline(self.record.verification.as_ref());
        }
        match (self.outcome, &plan.current) {
            (Outcome::Unchanged, Some(current)) => format!(
                "Unchanged: {there} is on version {} already, in deployment {}",
                version(&plan.current),
                current.id,
            ),
            (Outcome::Unchanged, None) => {
                format!("Unchanged: {there} is on that version already, says the API")
            }
            _ => format!(
                "Preview: {there} would go from version {} to version {}; nothing was sent",
                version(&plan.current),
                version(&plan.target),
            ),
        }
    }

    /// The facts of how the run ended, for people. No person's name or address is among them.
    pub fn rows(&self) -> Vec<Row> {
        let mut rows = self.diagnostic.as_ref().map(Diagnostic::rows).unwrap_or_default();
        if let Some(rollback) = &self.record.rollback {
            rows.extend(rollback.rows());
            rows.extend(self.record.verification.as_ref().map(|seen| seen.row()));
            rows.push(Row::new("took", format!("{:.2} s", self.took.as_secs_f64())));
        }
        rows
    }
}

/// The task, for people.
pub fn request_rows(task: &Task) -> Vec<Row> {
    let Task { request, connection } = task;
    let mut rows = vec![
        Row::new("agent", request.agent_id.as_str()),
        Row::new("target", request.target.as_str()),
        Row::new("API", connection.endpoint.to_string()),
        Row::new("reason", request.message.clone()),
        Row::new("started", request.started()),
        request.correlation_row(),
    ];
    rows.extend(connection.proxy.as_ref().map(|proxy| Row::new("proxy", proxy.to_string())));
    rows
}
