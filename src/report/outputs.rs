//! The outputs: what later steps of the pipeline get.

use crate::model::{Deployment, Effect, Environment, Outcome, TargetSpec, TestRuns, TestsOutcome};
use crate::report::Report;
use crate::text::{redaction::MARK, row::Row};
use serde_json::{Value as Json, json};
use std::slice;

/// The characters of a value besides letters and digits of ASCII.
const PUNCTUATION: &str = "._:/@+,-";
const UNSAFE: &str = "its value has a character other than A-Z a-z 0-9 . _ : / @ + , -";
const SECRET: &str = "its value holds a secret";
const COMMA: &str = "an item of its list has a comma, which separates the items";
/// What begins a text that Harness would decode before it hands the text on (`lite-engine`).
const ENCODED: &str = "__B64__";
const DECODED: &str = "its value begins with __B64__, as if it were encoded";

/// An output by its name.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Output {
    /// The name, with hyphens.
    pub name: String,
    /// The value; none where it is not known.
    pub value: Option<Value>,
}

impl Output {
    /// The name of the variable that carries the output.
    pub fn variable(&self) -> String {
        format!("ROLLBACK_{}", self.name.replace('-', "_").to_uppercase())
    }

    /// The value as a single text, which is empty where it is not known, and has commas between the items of
    /// a list; or why the value must not be handed on.
    pub fn text(&self) -> Result<String, &'static str> {
        if let Some(why) = self.value.as_ref().and_then(Value::problem) {
            return Err(why);
        }
        match &self.value {
            Some(Value::List(list)) if list.iter().any(|item| item.contains(',')) => Err(COMMA),
            Some(Value::List(list)) => Ok(list.join(",")),
            Some(Value::Text(text)) => Ok(text.clone()),
            None => Ok(String::new()),
        }
    }
}

/// A value that is handed on to later steps.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Value {
    /// A single text.
    Text(String),
    /// Any number of texts.
    List(Vec<String>),
}

/// Outputs as a file carries them.
#[derive(Debug, Default)]
pub struct Lines {
    /// The lines.
    pub text: String,
    /// The outputs whose values were left out.
    pub left_out: Vec<LeftOut>,
}

/// An output whose value was left out of a file.
#[derive(Clone, Debug)]
pub struct LeftOut {
    /// The name, as the file would have it.
    pub name: String,
    /// Why the value was left out.
    pub why: &'static str,
}

impl LeftOut {
    /// Whether this is the output.
    pub(super) fn is_of(&self, output: &Output) -> bool {
        self.name == output.name || self.name == output.variable()
    }
}

/// All outputs of a run, the most important ones first, without secrets.
pub fn of_report(report: &Report<'_>) -> Vec<Output> {
    let Json::Object(fields) = document(report) else { return Vec::new() };
    let clean = |value| Value::of_json(report.context.redaction.apply_to(value));
    let output = |(name, value)| Output { name, value: clean(value) };
    fields.into_iter().map(output).collect()
}

/// The deployment that was replaced, or may have been, or would be. None where nothing is replaced.
pub fn replaced<'a>(report: &Report<'a>) -> Option<&'a Deployment> {
    let is_preview = report.outcome == Outcome::Previewed;
    let made = report.record.made().map(|made| &made.id);
    let current = report.record.plan.current.as_ref();
    current
        .filter(|_| is_preview || report.effect != Effect::Unchanged)
        .filter(|current| made != Some(&current.id))
}

/// The names of all outputs, as `document` has them.
pub const NAMES: [&str; 20] = [
    "outcome",
    "deployment-id",
    "environment",
    "version",
    "artifact-version",
    "created-at",
    "agent-id",
    "target-deployment-id",
    "target-version",
    "replaced-deployment-id",
    "replaced-version",
    "tests-outcome",
    "tests-passed",
    "tests-failed",
    "tests-errored",
    "tests-total",
    "test-run-ids",
    "correlation-id",
    "error-code",
    "http-status",
];

/// The outputs by their names. A value that is not known is null.
fn document(report: &Report<'_>) -> Json {
    let record = report.record;
    let (target, replaced) = (record.plan.target.as_ref(), replaced(report));
    // The run is about the new deployment, or about the one that was right already.
    let right = record.plan.current.as_ref().filter(|_| report.outcome == Outcome::Unchanged);
    let deployment = record.made().or(right);
    let request = report.context.task.map(|task| &task.request);
    let agent_id = deployment.and_then(|deployment| deployment.agent_id.as_deref());
    // With a bare id, the target is known without being looked up.
    let named = request.and_then(|request| match &request.target {
        TargetSpec::Named(id) if deployment.is_some() => Some(id.as_str()),
        _ => None,
    });
    let made_in = deployment.and_then(|deployment| deployment.environment);
    let diagnostic = report.diagnostic.as_ref();
    let counts = record.tests.as_ref().and_then(TestRuns::counts);
    json!({
        "outcome": report.outcome.name(),
        "deployment-id": deployment.map(|deployment| &deployment.id),
        "environment": made_in.or(record.plan.environment).map(Environment::name),
        "version": deployment.map(|deployment| &deployment.version),
        "artifact-version": deployment.map(|deployment| &deployment.artifact_version),
        "created-at": deployment.map(|deployment| &deployment.created_at),
        "agent-id": agent_id.or(request.map(|request| request.agent_id.as_str())),
        "target-deployment-id": target.map(|target| target.id.as_str()).or(named),
        "target-version": target.map(|target| &target.version),
        "replaced-deployment-id": replaced.map(|replaced| &replaced.id),
        "replaced-version": replaced.map(|replaced| &replaced.version),
        "correlation-id": request.map(|request| &request.correlation_id),
        "error-code": diagnostic.and_then(|diagnostic| diagnostic.error_code.as_ref()),
        "http-status": diagnostic.and_then(|diagnostic| diagnostic.http_status),
        "tests-outcome": report.tests_outcome().map(TestsOutcome::name),
        "tests-passed": counts.map(|counts| counts.passed),
        "tests-failed": counts.map(|counts| counts.failed),
        "tests-errored": counts.map(|counts| counts.errored),
        "tests-total": counts.map(|counts| counts.total),
        "test-run-ids": record.rollback.as_ref().map(|rollback| &rollback.test_run_ids),
    })
}

impl Value {
    fn of_json(value: Json) -> Option<Self> {
        match value {
            Json::Null => None,
            Json::String(text) => Some(Self::Text(text)),
            Json::Array(list) => {
                let texts = list.into_iter().filter_map(|item| item.as_str().map(str::to_owned));
                Some(Self::List(texts.collect()))
            }
            other => Some(Self::Text(other.to_string())),
        }
    }

    /// Why the value must be in no file, whatever the format. A file may be sourced by a shell, and an output
    /// may be put into a script: only characters that mean nothing anywhere are handed on.
    pub fn problem(&self) -> Option<&'static str> {
        let texts = match self {
            Self::Text(text) => slice::from_ref(text),
            Self::List(list) => list,
        };
        let is_safe = |text: &String| {
            text.chars().all(|c| c.is_ascii_alphanumeric() || PUNCTUATION.contains(c))
        };
        if texts.iter().any(|text| text.contains(MARK)) {
            // Without the secret, the value is another one.
            Some(SECRET)
        } else if !texts.iter().all(is_safe) {
            Some(UNSAFE)
        } else if texts.iter().any(|text| text.starts_with(ENCODED)) {
            Some(DECODED)
        } else {
            None
        }
    }
}

/// The known outputs, for people whose files could not be written.
pub fn rows(report: &Report<'_>) -> Vec<Row> {
    let row = |output: Output| match output.value? {
        Value::Text(text) => Some(Row::new(output.name, text)),
        Value::List(list) => Some(Row::new(output.name, list.join(","))),
    };
    of_report(report).into_iter().filter_map(row).collect()
}
