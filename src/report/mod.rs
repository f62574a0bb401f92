//! The report: everything that is known at the end of a run, told in every format.
//!
//! The report sends nothing, and decides nothing but one thing: a success whose outputs cannot be written
//! becomes `internal-error` (`files`). [`diagnostic`] has the words of each failure,
//! [`outputs`] the values for later steps; each other file is one format or one place that is written to.

mod call_help;
mod candidate;
pub mod context;
pub mod diagnostic;
pub mod dotenv;
pub mod files;
pub mod folder;
pub mod github_output;
pub mod json;
pub mod markdown;
mod markdown_tables;
pub mod markdown_text;
mod output_file;
pub mod outputs;
pub mod print;
mod reason;
mod target_help;

use crate::model::{
    Deployment, Effect, Environment, Failure, LINE_CHARACTERS, Names, Outcome, Plan, Record,
    TestsOutcome, Verification,
};
use crate::text::row::Row;
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
    /// How deployments are named for people.
    pub names: Names,
    /// Whether a file could not be written.
    pub lacks_outputs: bool,
}

impl<'a> Report<'a> {
    /// The report of a run that came so far.
    pub fn new(
        context: Context<'a>,
        took: Duration,
        record: &'a Record,
        result: &Result<Outcome, Failure>,
    ) -> Self {
        let candidates = result.as_ref().err().map_or(&[][..], Failure::candidates);
        let seen = record.plan.deployments().chain(record.made()).chain(candidates);
        let names = Names::among(seen, context.started);
        let (outcome, effect) = match result {
            Ok(Outcome::RolledBack) => (Outcome::RolledBack, Effect::Done),
            Ok(outcome) => (*outcome, Effect::Unchanged),
            Err(failure) => (failure.outcome(), failure.effect()),
        };
        let (diagnostic, lacks_outputs) = (None, false);
        let mut report =
            Self { context, outcome, effect, took, record, diagnostic, names, lacks_outputs };
        // The words of a failure are made of everything else.
        report.diagnostic = result.as_ref().err().map(|failure| Diagnostic::new(failure, &report));
        report
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

    /// The environment, for people.
    pub fn there(&self) -> &'static str {
        let made = self.record.made().and_then(|made| made.environment);
        self.record.plan.environment.or(made).map_or("the environment", Environment::name)
    }

    /// A deployment in one line, for people.
    fn line(&self, deployment: Option<&Deployment>) -> String {
        deployment.map_or("nothing".to_owned(), |deployment| self.names.line(deployment))
    }

    /// The version that was gone back to, for people: as the target, whose message it bears, or as the new
    /// deployment, if the target was not looked up. The message has at most `most` characters.
    pub fn title(&self, most: usize) -> String {
        let made = self.record.made();
        let target = self.record.plan.target.as_ref().filter(|target| target.message.is_some());
        let shown = target.or(made).or(self.record.plan.target.as_ref());
        shown.map_or("another version".to_owned(), |shown| self.names.title(shown, most))
    }

    /// Whether the new deployment was seen to be active.
    pub fn is_seen(&self) -> bool {
        matches!(self.record.verification, Some(Verification::Active))
    }

    /// The next step where outputs could not be written.
    pub fn without_outputs(&self) -> &'static str {
        match self.effect {
            Effect::Done => {
                "do not run it again: the rollback is done, and its outputs are in the log"
            }
            _ => "run it again where they can be written, which is safe",
        }
    }

    /// The end in one line, for people.
    pub fn headline(&self) -> String {
        if let Some(diagnostic) = &self.diagnostic {
            return diagnostic.headline.clone();
        }
        let there = self.there();
        let Plan { current, target, .. } = &self.record.plan;
        // The message alone may be that of several versions.
        let with_version = |title: String, deployment: Option<&Deployment>| {
            let short = deployment.map(|deployment| self.names.short(deployment));
            match short.filter(|short| *short != title) {
                Some(short) => format!("{title} ({short})"),
                None => title,
            }
        };
        let back = self.record.made().or(target.as_ref());
        let back = with_version(self.title(LINE_CHARACTERS), back);
        match (self.outcome, current) {
            (Outcome::Unchanged, Some(current)) => {
                let title = self.names.title(current, LINE_CHARACTERS);
                let title = with_version(title, Some(current));
                format!("Unchanged: {there} is on {title} already")
            }
            (Outcome::Unchanged, None) => {
                format!("Unchanged: {there} is on that version already, says the API")
            }
            (Outcome::Previewed, _) => {
                format!("Preview: nothing was sent; {there} would go back to {back}")
            }
            _ if self.is_seen() => {
                format!("Rolled back: {there} is back on {back}, and that is verified")
            }
            _ => format!("Rolled back: {there} has a new deployment of {back}"),
        }
    }

    /// The facts of a failure, for people.
    pub fn failure_rows(&self) -> Vec<Row> {
        let Some(diagnostic) = &self.diagnostic else { return Vec::new() };
        let mut rows = diagnostic.rows(&self.names);
        if let Some(current) = &self.record.plan.current
            && self.effect == Effect::Unchanged
            && !(diagnostic.candidates.iter())
                .any(|candidate| candidate.is_active && candidate.id == current.id)
        {
            rows.push(Row::of_cells("was active", self.names.cells(current, &[])));
        }
        rows
    }

    /// What machines and support ask for: whole ids, hashes and times, as far as there are any. No person's name
    /// or address is among them.
    pub fn closing_rows(&self) -> Vec<Row> {
        let mut rows = Vec::new();
        if let Some(rollback) = &self.record.rollback {
            let Plan { target, current, .. } = &self.record.plan;
            let id = |deployment: &Deployment| deployment.id.clone();
            rows.extend(rollback.rows());
            rows.extend(target.as_ref().map(|target| Row::new("copy of", id(target))));
            rows.extend(current.as_ref().map(|replaced| Row::new("replaced", id(replaced))));
            rows.extend(self.record.verification.as_ref().map(Verification::row));
            rows.push(Row::new("took", format!("{:.2} s", self.took.as_secs_f64())));
        }
        if let Some(task) = self.context.task {
            rows.push(Row::new("correlation id", task.request.correlation_id.clone()));
        }
        rows
    }
}
