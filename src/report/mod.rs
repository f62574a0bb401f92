//! Everything that is known at the end of a run. Each format shows it in its own way.

pub mod diagnostic;
pub mod dotenv;
pub mod files;
pub mod github_output;
pub mod json;
pub mod markdown;

use crate::inputs::variables::Variables;
use crate::model::deployment::Deployment;
use crate::model::failure::Failure;
use crate::model::outcome::{Effect, Outcome};
use crate::model::record::Course;
use crate::model::rollback_request::{Request, Wanted};
use crate::process::place::Pipeline;
use crate::report::diagnostic::Explanation;
use crate::rollback::wait_for_tests::{TestRuns, TestsOutcome};
use crate::text::redaction::Redaction;
use crate::text::sanitize::{Row, or_not_given};
use std::rc::Rc;
use std::time::{Duration, SystemTime};

/// A run, from its beginning to its end.
#[derive(Debug)]
pub struct Report<'a> {
    /// How it ended.
    pub outcome: Outcome,
    /// What became of production.
    pub effect: Effect,
    /// When it began.
    pub started: SystemTime,
    /// How long the rollback took, without its tests.
    pub took: Duration,
    /// For whom.
    pub pipeline: &'a Pipeline,
    /// What was asked for; none where nothing was sent.
    pub request: Option<&'a Request>,
    /// What was found out and done.
    pub course: &'a Course,
    /// What went wrong.
    pub failure: Option<Explanation>,
    /// What no format may write.
    pub redaction: Rc<Redaction>,
}

/// What all reports of one run share.
pub struct Frame<'a> {
    /// When it began.
    pub started: SystemTime,
    /// For whom.
    pub pipeline: &'a Pipeline,
    /// What was asked for; none where the inputs were bad.
    pub request: Option<&'a Request>,
    /// How its users write the names of inputs.
    pub variables: &'a Variables,
    /// What no format may write.
    pub redaction: Rc<Redaction>,
}

/// A value that is handed on to later steps.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Value {
    /// One text.
    Text(String),
    /// Any number of texts.
    List(Vec<String>),
}

/// The outputs by name, the most important ones first; none where a value is not known.
pub type Outputs = [(&'static str, Option<Value>); 20];

impl<'a> Report<'a> {
    /// The report of a run that came so far.
    pub fn new(
        frame: &Frame<'a>,
        took: Duration,
        course: &'a Course,
        result: &Result<Outcome, Failure>,
    ) -> Self {
        let Frame { started, pipeline, request, variables, redaction } = frame;
        let failure = result.as_ref().err();
        Self {
            outcome: result.as_ref().map_or_else(Failure::outcome, |outcome| *outcome),
            effect: match result {
                Ok(Outcome::RolledBack) => Effect::Done,
                Ok(_) => Effect::Unchanged,
                Err(failure) => failure.effect(),
            },
            started: *started,
            took,
            pipeline,
            request: *request,
            course,
            failure: failure
                .map(|failure| Explanation::new(failure, course, *request, variables, redaction)),
            redaction: Rc::clone(redaction),
        }
    }

    /// The deployment that the run is about: the new one, or the one that was right already.
    fn deployment(&self) -> Option<&Deployment> {
        match (&self.course.rollback, self.outcome) {
            (Some(rollback), _) => Some(&rollback.deployment),
            (None, Outcome::Unchanged) => self.course.plan.current.as_ref(),
            (None, _) => None,
        }
    }

    /// All outputs.
    pub fn outputs(&self) -> Outputs {
        let clean = |text: &str| self.redaction.apply(text).into_owned();
        let text = |text: Option<&str>| text.map(|text| Value::Text(clean(text)));
        let list = |list: &[String]| Value::List(list.iter().map(|text| clean(text)).collect());
        let number = |number: u64| Value::Text(number.to_string());

        let plan = &self.course.plan;
        let new = self.deployment();
        let of = |field: fn(&Deployment) -> &Option<String>| {
            text(new.and_then(|deployment| field(deployment).as_deref()))
        };
        let id = |deployment: Option<&Deployment>| text(deployment.map(|one| one.id.as_str()));
        let version = |deployment: Option<&Deployment>| {
            text(deployment.and_then(|deployment| deployment.version.as_deref()))
        };
        let environment =
            new.and_then(|new| new.environment.as_ref()).or(plan.environment.as_ref());
        let agent = new.and_then(|new| new.agent_id.as_deref());
        let agent = agent.or(self.request.map(|request| request.agent_id.as_str()));
        // With a bare id, it is known without being looked up.
        let target = match (&plan.target, self.request.map(|request| &request.wanted)) {
            (Some(target), _) => Some(target.id.as_str()),
            (None, Some(Wanted::Named(id))) if new.is_some() => Some(id.as_str()),
            (None, _) => None,
        };
        let counts = self.course.tests.as_ref().and_then(TestRuns::counts);
        let status = self.failure.as_ref().and_then(|failure| failure.http_status);
        let code = self.failure.as_ref().and_then(|failure| failure.error_code.as_deref());
        [
            ("outcome", text(Some(self.outcome.name()))),
            ("deployment-id", id(new)),
            ("environment", text(environment.map(String::as_str))),
            ("version", of(|deployment| &deployment.version)),
            ("artifact-version", of(|deployment| &deployment.artifact_version)),
            ("created-at", of(|deployment| &deployment.created_at)),
            ("agent-id", text(agent)),
            ("target-deployment-id", text(target)),
            ("target-version", version(plan.target.as_ref())),
            ("previous-deployment-id", id(plan.current.as_ref())),
            ("previous-version", version(plan.current.as_ref())),
            ("correlation-id", text(self.request.map(|request| request.correlation_id.as_str()))),
            ("error-code", text(code)),
            ("http-status", status.map(|status| number(status.into()))),
            ("tests-outcome", text(self.tests_outcome().map(TestsOutcome::name))),
            ("tests-passed", counts.map(|counts| number(counts.passed))),
            ("tests-failed", counts.map(|counts| number(counts.failed))),
            ("tests-errored", counts.map(|counts| number(counts.errored))),
            ("tests-total", counts.map(|counts| number(counts.total))),
            (
                "test-run-ids",
                self.course.rollback.as_ref().map(|rollback| list(&rollback.test_run_ids)),
            ),
        ]
    }

    /// How the tests ended; none where nothing was rolled back.
    pub fn tests_outcome(&self) -> Option<TestsOutcome> {
        let is_awaited = self.request.is_some_and(|request| request.waits_for_tests);
        self.course.rollback.as_ref().map(|_| match &self.course.tests {
            Some(tests) => tests.outcome(),
            None if is_awaited => TestsOutcome::Unknown,
            None => TestsOutcome::NotAwaited,
        })
    }

    /// The outputs as label and text, for people whose files could not be written.
    pub fn output_rows(&self) -> Vec<Row> {
        let text = |value| match value {
            Value::Text(text) => text,
            Value::List(list) => list.join(","),
        };
        self.outputs().into_iter().filter_map(|(name, value)| Some((name, text(value?)))).collect()
    }

    /// The end in one line, for people.
    pub fn headline(&self) -> String {
        let plan = &self.course.plan;
        let there = plan.environment.as_deref().unwrap_or("the environment");
        let version = |deployment: &Option<Deployment>| {
            or_not_given(&deployment.as_ref().and_then(|deployment| deployment.version.clone()))
        };
        match (&self.failure, &self.course.rollback, &plan.current) {
            (Some(failure), ..) => failure.headline.clone(),
            (None, Some(rollback), _) => rollback.headline(),
            (None, None, Some(current)) if self.outcome == Outcome::Unchanged => format!(
                "Unchanged: {there} is on version {} already, in deployment {}",
                version(&plan.current),
                current.id,
            ),
            (None, None, _) if self.outcome == Outcome::Unchanged => {
                format!("Unchanged: {there} is on that version already, says the API")
            }
            (None, None, _) => format!(
                "Preview: {there} would go from version {} to version {}; nothing was sent",
                version(&plan.current),
                version(&plan.target),
            ),
        }
    }

    /// What came of it, as label and text, for people. No person's name or address is in it.
    pub fn rows(&self) -> Vec<Row> {
        let mut rows = self.failure.as_ref().map(Explanation::rows).unwrap_or_default();
        if let Some(rollback) = &self.course.rollback {
            rows.extend(rollback.rows());
            rows.extend(self.course.proof.as_ref().map(|proof| proof.row()));
            rows.push(("took", format!("{:.2} s", self.took.as_secs_f64())));
        }
        rows
    }
}
