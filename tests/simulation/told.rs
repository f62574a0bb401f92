//! What people and later steps are told of a run: the headline, the effect and the outputs.

use crate::laws::Ended;
use crate::world::World;
use polyai_rollback::agents_api::connection::Connection;
use polyai_rollback::agents_api::endpoint::{Endpoint, Region};
use polyai_rollback::inputs::Task;
use polyai_rollback::inputs::variables::Variables;
use polyai_rollback::model::{Outcome, RollbackRequest};
use polyai_rollback::process::env::ProcessEnv;
use polyai_rollback::process::place::Pipeline;
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
        let pipeline = Pipeline::detect(&process_env);
        let variables = Variables::collect(&process_env, pipeline.spelling);
        let connection = Connection {
            endpoint: Endpoint::of_region(Region::Us).expect("an address"),
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

/// Whether the headline, the effect and the outputs agree with the outcome, and with each other.
pub fn is_so(ended: &Ended<'_>, world: &World, told: &Told) -> bool {
    let report = Report::new(told.context(), ended.took, ended.record, ended.result);
    let outputs = outputs::of_report(&report);
    let output = |name: &str| {
        let output = outputs.iter().find(|output| output.name == name);
        match output.and_then(|output| output.value.as_ref()) {
            Some(Value::Text(text)) => Some(text.clone()),
            Some(Value::List(list)) => Some(list.join(",")),
            None => None,
        }
    };
    let headline = report.headline();
    let begins = |start: &str| headline.starts_with(start);
    let named = output("deployment-id");
    let is_known = |id: &String| world.made.iter().any(|made| made.deployment.id == *id);
    let says_so = match ended.outcome() {
        Outcome::RolledBack => begins("Rolled back: ") && named.as_ref().is_some_and(is_known),
        Outcome::Unchanged => begins("Unchanged: "),
        Outcome::Previewed => begins("Preview: ") && named.is_none(),
        Outcome::Unknown => begins("Perhaps rolled back ") && named.is_none(),
        Outcome::NotActive => begins("Accepted, but not active ") && named.is_some(),
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
    says_so && is_one_story && help && output("outcome").as_deref() == Some(ended.outcome().name())
}
