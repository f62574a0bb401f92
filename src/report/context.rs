//! The context that all reports of one run share, and the phrases for what was asked for.

use crate::inputs::{Task, variables::Variables};
use crate::model::{Candidates, Elsewhere, TargetSpec};
use crate::process::pipeline::Pipeline;
use crate::text::redaction::Redaction;
use crate::text::row::Row;
use crate::text::sanitize::{SHOWN_CHARACTERS, one_line};
use humantime::format_rfc3339_seconds;
use std::time::SystemTime;

/// Names in a sentence: `a`, `a and b`, `a, b and c`.
fn enumerate(names: &[String]) -> String {
    match names.split_last() {
        Some((last, others)) if !others.is_empty() => format!("{} and {last}", others.join(", ")),
        _ => names.join(""),
    }
}

/// Everything that is known before the rollback begins.
#[derive(Clone, Copy)]
pub struct Context<'a> {
    /// When the run began.
    pub started: SystemTime,
    /// The pipeline that the run is a step of.
    pub pipeline: &'a Pipeline,
    /// The task; none where the inputs were bad.
    pub task: Option<&'a Task>,
    /// The variables of the inputs, which say how their user writes their names.
    pub variables: &'a Variables,
    /// The secrets that no format may write.
    pub redaction: &'a Redaction,
}

impl Context<'_> {
    /// The name of an input as its user writes it.
    pub fn spell(&self, input: &str) -> String {
        self.variables.spell(input)
    }

    /// The agent.
    pub fn agent(&self) -> String {
        self.task.map(|task| self.shown(task.request.agent_id.as_str())).unwrap_or_default()
    }

    /// The target as it was given.
    pub fn target(&self) -> String {
        match self.task.map(|task| &task.request.target) {
            Some(TargetSpec::Named(id)) => self.shown(id.as_str()),
            _ => "the previous deployment".to_owned(),
        }
    }

    /// Whether the target is what was active before.
    pub fn is_previous(&self) -> bool {
        self.task.is_some_and(|task| task.request.target == TargetSpec::Previous)
    }

    /// The next step where the target is not found: to choose from what is listed, if there is anything, or to
    /// check these inputs besides that of the target.
    pub fn choose(&self, candidates: &Candidates, others: &[String]) -> String {
        let target = self.spell("deployment-id");
        if candidates.deployments.is_empty() || candidates.elsewhere.is_some() {
            return format!("check {}", enumerate(&[&[target], others].concat()));
        }
        let has_environment = self.task.is_some_and(|task| task.request.environment.is_some());
        let environment = match has_environment {
            true => String::new(),
            false => format!(", and its environment in {}", self.spell("environment")),
        };
        let are_right = if others.len() == 1 { "it is right" } else { "they are right" };
        format!(
            "check {}; if {are_right}, give one of the versions below in {target}{environment}",
            enumerate(others)
        )
    }

    /// Where else the target is, as far as the lists show that.
    pub fn elsewhere(&self, candidates: &Candidates) -> String {
        match candidates.elsewhere {
            None => String::new(),
            Some(Elsewhere { environment, is_version: false }) => {
                format!("; {environment} has it")
            }
            Some(Elsewhere { environment, is_version: true }) => format!(
                "; it is a version of {environment}, for which {} must be {environment}",
                self.spell("environment"),
            ),
        }
    }

    /// The deployment that the user expects to be active; none without that guard.
    pub fn expected(&self) -> Option<String> {
        Some(self.shown(self.task?.request.expect_current.as_ref()?))
    }

    /// The API, by its region or its address.
    pub fn api(&self) -> String {
        self.task.map(|task| task.connection.endpoint.to_string()).unwrap_or_default()
    }

    /// The input that says where the API is.
    pub fn address_input(&self) -> String {
        let is_region = self.task.is_none_or(|task| task.connection.endpoint.region().is_some());
        self.spell(if is_region { "region" } else { "base-url" })
    }

    /// When the run began, by this machine's clock, in RFC 3339.
    pub fn started(&self) -> String {
        format_rfc3339_seconds(self.started).to_string()
    }

    /// The task, for people. Nothing where the inputs were bad.
    pub fn rows(&self) -> Vec<Row> {
        let Some(Task { request, connection }) = self.task else { return Vec::new() };
        let mut rows = vec![
            Row::new("API", connection.endpoint.to_string()),
            Row::new("reason", request.message.clone()),
            Row::new("guards", request.guards()),
            Row::new("started", self.started()),
        ];
        rows.extend(connection.proxy.as_ref().map(|proxy| Row::new("proxy", proxy.to_string())));
        rows
    }

    /// The next step where the API does not accept the key.
    pub fn check_the_key(&self) -> String {
        let is_given = self.variables.text("api-key").is_some();
        format!(
            "check {} and {}: a key belongs to one workspace and one region, and may have expired or \
             been rotated",
            self.spell(if is_given { "api-key" } else { "api-key-file" }),
            self.address_input(),
        )
    }

    /// The first step where nobody knows what is active.
    pub fn look_first(&self) -> String {
        let dry_run = self.spell("dry-run");
        format!(
            "look what is active: in Agent Studio, or by the same job with {dry_run} set to true, which changes nothing"
        )
    }

    /// Redacted before it is cut, as half a secret is one, too.
    fn shown(&self, text: &str) -> String {
        one_line(&self.redaction.apply(text), SHOWN_CHARACTERS)
    }
}
