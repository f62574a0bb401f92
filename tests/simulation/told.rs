//! What people and later steps are told of a run: the headline, the effect and the outputs.

use crate::ended::Ended;
use crate::journal::{Read, Subject};
use polyai_rollback::agents_api::endpoint::{Endpoint, Region};
use polyai_rollback::agents_api::http::Connection;
use polyai_rollback::inputs::Task;
use polyai_rollback::inputs::variables::Variables;
use polyai_rollback::model::{Effect, Failure, Outcome, RollbackRequest};
use polyai_rollback::process::env::ProcessEnv;
use polyai_rollback::process::pipeline::Pipeline;
use polyai_rollback::report::Report;
use polyai_rollback::report::context::Context;
use polyai_rollback::report::outputs::{self, Value};
use polyai_rollback::text::api_key::ApiKey;
use polyai_rollback::text::redaction::Redaction;
use std::time::SystemTime;

/// What a report needs besides the run.
pub struct Told {
    task: Task,
    pipeline: Pipeline,
    variables: Variables,
    redaction: Redaction,
}

impl Told {
    pub fn new(request: RollbackRequest) -> Self {
        let process_env = ProcessEnv::new([]);
        let variables = Variables::collect(&process_env);
        let pipeline = Pipeline::detect(&process_env, None);
        let connection = Connection {
            endpoint: Endpoint::of_region(Region::US).expect("an address"),
            api_key: ApiKey::new("pk-simulated").expect("a key"),
            proxy: None,
            authorities: Vec::new(),
        };
        let task = Task { request, connection };
        Self { task, pipeline, variables, redaction: Redaction::default() }
    }

    pub fn request(&self) -> &RollbackRequest {
        &self.task.request
    }

    fn context(&self) -> Context<'_> {
        Context {
            started: SystemTime::UNIX_EPOCH,
            pipeline: &self.pipeline,
            task: Some(&self.task),
            variables: &self.variables,
            redaction: &self.redaction,
        }
    }
}

/// The laws of what is told.
pub fn laws(ended: &Ended<'_>, told: &Told) -> [(&'static str, bool); 5] {
    let press = ended.press;
    let report = Report::new(told.context(), press.took, &press.record, &press.result);
    let outputs = outputs::of_report(&report);
    let output = |name: &str| {
        let output = outputs.iter().find(|output| output.name == name);
        match output.and_then(|output| output.value.as_ref()) {
            Some(Value::Text(text)) => Some(text.as_str()),
            Some(Value::List(_)) | None => None,
        }
    };
    let outcome = output("outcome");
    let replaced = output("replaced-deployment-id");
    [
        ("a run is one story", is_one_story(ended, &report, output("deployment-id"))),
        ("the output tells the outcome", outcome == Some(ended.outcome().name())),
        ("a headline says what was seen", names_what_is_active(ended, &report)),
        ("superseded names both", superseded_names_both(ended, &report)),
        ("what was replaced was there before", replaced_was_there(ended, replaced)),
    ]
}

/// The headline and the effect say the same as the outcome, and a deployment is named where there is one.
fn is_one_story(ended: &Ended<'_>, report: &Report<'_>, named: Option<&str>) -> bool {
    let headline = report.headline();
    let begins = |start: &str| headline.starts_with(start);
    let is_known = |id: &str| ended.world.find(id).is_some();
    let says_so = match ended.outcome() {
        Outcome::RolledBack => begins("Rolled back: ") && named.is_some_and(is_known),
        Outcome::Unchanged => begins("Unchanged: "),
        Outcome::Previewed => begins("Preview: ") && named.is_none(),
        Outcome::Unknown => begins("Perhaps rolled back ") && named.is_none(),
        Outcome::NotActive => begins("Accepted, but ") && named.is_some(),
        Outcome::TestsFailed | Outcome::TestsUnknown => {
            begins("Rolled back, but ") && named.is_some()
        }
        Outcome::Interrupted | Outcome::Terminated => {
            begins("Not rolled back ") || begins("Perhaps rolled back ") || begins("Rolled back, ")
        }
        _ => begins("Not rolled back ") && named.is_none(),
    };
    let effect = report.diagnostic.as_ref().map_or("", |diagnostic| diagnostic.effect);
    let is_one_story = match effect.split(':').next().unwrap_or_default() {
        "unchanged" => begins("Not rolled back "),
        "unknown" => begins("Perhaps rolled back ") || begins("Accepted, "),
        "rolled back, and the rollback stands" => begins("Rolled back, "),
        _ => report.diagnostic.is_none(),
    };
    let help = report.diagnostic.as_ref().is_none_or(|diagnostic| diagnostic.help.is_some());
    says_so && is_one_story && help
}

/// A headline says which version is active only if the last look that counts showed it.
fn names_what_is_active(ended: &Ended<'_>, report: &Report<'_>) -> bool {
    let headline = report.headline();
    let active = ended.last_active(ended.calls().len()).map(|place| ended.made(place));
    let is_named = active.is_some_and(|active| {
        let version = active.version().filter(|_| !ended.world.hides_version_of(active));
        version.is_none_or(|version| headline.contains(&report.names.short_version(version)))
    });
    let claims = [" is back on ", "Unchanged: "].iter().any(|words| headline.contains(words));
    !claims || headline.ends_with("says the API") || is_named
}

/// Where somebody else's deployment ends a run, it is named as the last look showed it, as the active one or the
/// newest in the list, and so is the one that was there before.
fn superseded_names_both(ended: &Ended<'_>, report: &Report<'_>) -> bool {
    let Err(Failure::Superseded { now, .. }) = &ended.press.result else { return true };
    let (Some(now), Some(diagnostic)) = (now, &report.diagnostic) else { return false };
    let text = diagnostic.lines().join(" ");
    let active = ended.last_active(ended.calls().len()).map(|place| ended.made(place));
    let planned_on = ended.planned_on().map(|place| ended.made(place));
    let list = ended.last_read(Subject::Live, ended.calls().len()).and_then(Read::shown);
    let newest = list.and_then(|list| list.first()).map(|place| ended.made(*place));
    let is_seen = active.into_iter().chain(newest).any(|seen| seen.deployment.id == now.id);
    let expected = ended.request.expect_current.as_deref();
    let before = match ended.sent().is_empty() {
        true => expected,
        false => planned_on.map(|planned_on| planned_on.deployment.id.as_str()),
    };
    let names = |id: &str| {
        let version = ended.world.find(id).and_then(|made| made.version());
        text.contains(id)
            || text.contains("no version")
            || version.is_some_and(|version| text.contains(&report.names.short_version(version)))
    };
    is_seen && names(&now.id) && before.is_none_or(names)
}

/// The deployment that is told to have been replaced is the one that was active when the run was planned, and
/// never our own.
fn replaced_was_there(ended: &Ended<'_>, replaced: Option<&str>) -> bool {
    let planned_on = ended.planned_on().map(|place| ended.made(place).deployment.id.as_str());
    let is_ours = replaced
        .and_then(|replaced| ended.world.find(replaced))
        .is_some_and(|made| made.is_by(ended.press.number));
    let is_replaced = ended.effect() != Effect::Unchanged && ended.scenario.is_read_first();
    !is_ours && (!is_replaced || ended.sent().is_empty() || replaced == planned_on)
}
