//! The report file: one JSON document on one line, so that a file that is kept grows into an
//! audit log (JSON Lines).

use crate::failure::Explanation;
use crate::outcome::Outcome;
use crate::pipeline::Pipeline;
use crate::report::Report;
use anyhow::Result;
use humantime::format_rfc3339_seconds;
use serde::Serialize;
use serde_json::Value;

/// The document. What is not known is null.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Document<'a> {
    outcome: Outcome,
    exit_code: u8,
    /// RFC 3339, in UTC.
    started_at: String,
    /// Of the rollback itself.
    seconds: f64,
    request: Option<Asked<'a>>,
    deployment: Option<&'a Value>,
    test_run_ids: Option<&'a [String]>,
    established: Option<&'a str>,
    failure: Option<&'a Explanation>,
    pipeline: &'a Pipeline,
    tool: &'static str,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Asked<'a> {
    agent_id: &'a str,
    deployment_id: &'a str,
    region: Option<&'a str>,
    base_url: &'a str,
    deployment_message: &'a str,
    correlation_id: &'a str,
}

/// The whole report, with the personal data that no other format has.
pub fn write(report: &Report<'_>) -> Result<String> {
    let rollback = report.result.as_ref().ok();
    let document = Document {
        outcome: report.outcome,
        exit_code: report.outcome.exit_code(),
        started_at: format_rfc3339_seconds(report.started).to_string(),
        seconds: report.took.as_secs_f64(),
        request: report.request.map(|request| Asked {
            agent_id: request.agent_id.as_str(),
            deployment_id: request.deployment_id.as_str(),
            region: request.endpoint.region(),
            base_url: request.endpoint.base(),
            deployment_message: &request.message,
            correlation_id: &request.correlation_id,
        }),
        deployment: rollback.map(|rollback| &rollback.deployment.document),
        test_run_ids: rollback.map(|rollback| rollback.test_run_ids.as_slice()),
        established: rollback.and_then(|rollback| rollback.established.as_deref()),
        failure: report.result.as_ref().err(),
        pipeline: report.pipeline,
        tool: concat!(env!("CARGO_PKG_NAME"), "/", env!("CARGO_PKG_VERSION")),
    };
    let document = report.redaction.apply_to(serde_json::to_value(&document)?);
    // `##[` would be a command of a runner, where the file is its log.
    Ok(document.to_string().replace("##", "#\\u0023") + "\n")
}
