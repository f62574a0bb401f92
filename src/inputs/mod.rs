//! The inputs: what was given, and what it means.
//!
//! [`parse`] reads every input whatever is wrong with the others, so that all problems are told at once.
//! `table` has the names and the defaults, `variables` finds the values, `validator` judges each, and
//! `mistakes` knows the values that nobody can have meant.

mod key;
pub mod mistakes;
pub mod table;
pub mod validator;
pub mod variables;

use crate::agents_api::{http::Connection, proxy};
use crate::model::RollbackRequest;
use crate::process::{env::ProcessEnv, pipeline::Pipeline, random};
use crate::text::{api_key::ApiKey, redaction::Redaction};
use std::{path::PathBuf, time::SystemTime};
use validator::Validator;
use variables::Variables;
use zeroize::Zeroizing;

/// The meaning of the inputs: all that could be understood, and everything that could not.
#[derive(Debug)]
pub struct ParsedInputs {
    /// The rollback, and how to reach the API; none where a part of either is missing or bad.
    pub task: Option<Task>,
    /// The text that the log viewer is to hide; none where there is no good key.
    pub mask: Option<Zeroizing<String>>,
    /// The secrets that must not be written anywhere.
    pub redaction: Redaction,
    /// The files.
    pub files: Files,
    /// A line for each bad input, which names the input and shows no value but the path in `ca-cert`.
    pub problems: Vec<String>,
    /// A line for each thing that was changed or ignored.
    pub warnings: Vec<String>,
}

/// A rollback that can be done.
#[derive(Debug)]
pub struct Task {
    /// The rollback.
    pub request: RollbackRequest,
    /// The way to the API.
    pub connection: Connection,
}

/// The files that the user asked for.
#[derive(Debug)]
pub struct Files {
    /// The file for `KEY=VALUE` lines.
    pub output: Option<PathBuf>,
    /// The folder for a file of each output.
    pub output_folder: Option<PathBuf>,
    /// The file for the summary in Markdown.
    pub summary: Option<PathBuf>,
    /// The file for the report in JSON.
    pub report: Option<PathBuf>,
}

/// Reads all inputs of a run that began at `started`.
pub fn parse(
    process_env: &ProcessEnv,
    variables: &Variables,
    pipeline: &Pipeline,
    started: SystemTime,
) -> ParsedInputs {
    let mut inputs = Validator::new(variables);
    inputs.judge_names();
    inputs.judge_place();

    let given_key = inputs.text("api-key").map(Zeroizing::new);
    let api_key = inputs.api_key(given_key.as_ref(), pipeline.place);
    let redaction = secrets(process_env, &inputs, given_key.as_ref(), api_key.as_ref());

    let agent_id = inputs.id("agent-id", "PolyAI also calls it the project id", "PROJECT-AB12CD34");
    let environment = inputs.environment();
    let target = inputs.target(environment);
    let expect_current = inputs.text("expect-current");
    let is_forced = inputs.flag("force");
    let is_dry_run = inputs.flag("dry-run");
    let is_verified = inputs.flag("verify");
    let waits_for_tests = inputs.flag("wait-for-tests");
    let endpoint = inputs.endpoint();
    let limits = inputs.limits();
    let has_reason = inputs.peek("deployment-message").is_some();
    let message = inputs.message(&redaction, pipeline);
    let correlation_id = inputs.keep(random::token());
    let authorities = inputs.authorities(process_env);
    let proxy = endpoint.as_ref().and_then(|endpoint| inputs.proxy(process_env, endpoint));
    let files = Files {
        output: inputs.path("output-file"),
        output_folder: inputs.path("output-dir"),
        summary: inputs.path("summary-file"),
        report: inputs.path("report-file"),
    };

    let mask = api_key.as_ref().map(|key| Zeroizing::new(key.reveal().to_owned()));
    let task = (|| {
        let request = RollbackRequest {
            agent_id: agent_id?,
            target: target?,
            environment: environment?,
            expect_current,
            is_forced: is_forced?,
            is_dry_run: is_dry_run?,
            is_verified: is_verified?,
            waits_for_tests: waits_for_tests?,
            message,
            has_reason,
            limits: limits?,
            started,
            correlation_id: correlation_id?,
        };
        let connection = Connection { endpoint: endpoint?, api_key: api_key?, proxy, authorities };
        Some(Task { request, connection })
    })();
    let Validator { problems, warnings, .. } = inputs;
    let task = task.filter(|_| problems.is_empty());
    ParsedInputs { task, mask, redaction, files, problems, warnings }
}

/// Everything that must not be written anywhere: the key, also where it was refused, and the passwords in
/// the addresses of proxies and of the API.
fn secrets(
    process_env: &ProcessEnv,
    inputs: &Validator<'_>,
    given_key: Option<&Zeroizing<String>>,
    api_key: Option<&ApiKey>,
) -> Redaction {
    let mut secrets = proxy::passwords(process_env);
    secrets.extend(inputs.peek("base-url").and_then(proxy::password));
    secrets.extend(given_key.map(|key| key.to_string()));
    secrets.extend(api_key.map(|key| key.reveal().to_owned()));
    Redaction::new(secrets)
}
