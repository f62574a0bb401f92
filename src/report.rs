//! Everything that is known at the end of a run. Each format shows it in its own way.

use crate::answer::{Deployment, Rollback};
use crate::failure::{Explanation, Failure};
use crate::inputs::Request;
use crate::outcome::{Effect, Outcome};
use crate::pipeline::Pipeline;
use crate::redaction::Redaction;
use crate::text::Row;
use crate::variables::Variables;
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
    /// How long the rollback took.
    pub took: Duration,
    /// For whom.
    pub pipeline: &'a Pipeline,
    /// What was asked for; none where nothing was sent.
    pub request: Option<&'a Request>,
    /// What was done, or what went wrong.
    pub result: Result<Rollback, Explanation>,
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

impl<'a> Report<'a> {
    /// The report of a run that is over.
    pub fn new(
        started: SystemTime,
        took: Duration,
        pipeline: &'a Pipeline,
        request: Option<&'a Request>,
        variables: &Variables,
        result: Result<Rollback, Failure>,
        redaction: Rc<Redaction>,
    ) -> Self {
        let outcome = result.as_ref().map_or_else(Failure::outcome, |_| Outcome::RolledBack);
        let effect = result.as_ref().map_or_else(Failure::effect, |_| Effect::Done);
        let result = result.map_err(|failure| failure.explain(request, variables));
        Self { outcome, effect, started, took, pipeline, request, result, redaction }
    }

    /// All outputs by name, the most important ones first; none where a value is not known.
    pub fn outputs(&self) -> [(&'static str, Option<Value>); 11] {
        let rollback = self.result.as_ref().ok();
        let failure = self.result.as_ref().err();
        let of = |field: fn(&Deployment) -> &Option<String>| {
            rollback.and_then(|rollback| field(&rollback.deployment).clone())
        };
        let agent = self.request.map(|request| request.agent_id.as_str().to_owned());
        let clean = |text: &str| self.redaction.apply(text).into_owned();
        let text = |text: Option<String>| text.map(|text| Value::Text(clean(&text)));
        let list = |list: &[String]| Value::List(list.iter().map(|text| clean(text)).collect());
        [
            ("outcome", text(Some(self.outcome.name().to_owned()))),
            ("deployment-id", text(rollback.map(|rollback| rollback.deployment.id.clone()))),
            ("environment", text(of(|deployment| &deployment.environment))),
            ("version", text(of(|deployment| &deployment.version))),
            ("artifact-version", text(of(|deployment| &deployment.artifact_version))),
            ("created-at", text(of(|deployment| &deployment.created_at))),
            ("agent-id", text(of(|deployment| &deployment.agent_id).or(agent))),
            ("correlation-id", text(self.request.map(|request| request.correlation_id.clone()))),
            ("error-code", text(failure.and_then(|failure| failure.error_code.clone()))),
            (
                "http-status",
                text(failure.and_then(|failure| Some(failure.http_status?.to_string()))),
            ),
            ("test-run-ids", rollback.map(|rollback| list(&rollback.test_run_ids))),
        ]
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
        let outcome = self.outcome.name();
        match &self.result {
            Ok(rollback) => rollback.headline(),
            Err(_) if self.effect == Effect::Unknown => format!("Perhaps rolled back ({outcome})"),
            Err(_) => format!("Not rolled back ({outcome})"),
        }
    }

    /// What came of it, as label and text, for people. No person's name or address is in it.
    pub fn rows(&self) -> Vec<Row> {
        match &self.result {
            Ok(rollback) => {
                let mut rows = rollback.rows();
                rows.push(("took", format!("{:.2} s", self.took.as_secs_f64())));
                rows
            }
            Err(explanation) => explanation.rows(),
        }
    }
}
