//! The report file: one JSON document on one line, so that a file that is kept grows into an
//! audit log (JSON Lines).

use crate::model::deployment::Deployment;
use crate::model::outcome::Outcome;
use crate::process::place::Pipeline;
use crate::report::Report;
use crate::report::diagnostic::Explanation;
use crate::rollback::verify::Proof;
use crate::rollback::wait_for_tests::Watched;
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
    /// What was active before.
    previous: Option<&'a Value>,
    /// What was gone back to.
    target: Option<&'a Value>,
    deployment: Option<&'a Value>,
    established: Option<&'a str>,
    /// Whether the new deployment was seen to be active.
    verified: Option<bool>,
    test_run_ids: Option<&'a [String]>,
    tests: Option<Tests<'a>>,
    failure: Option<&'a Explanation>,
    pipeline: &'a Pipeline,
    tool: &'static str,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Asked<'a> {
    agent_id: &'a str,
    deployment_id: &'a str,
    environment: Option<&'a str>,
    expect_current: Option<&'a str>,
    force: bool,
    dry_run: bool,
    region: Option<&'a str>,
    base_url: &'a str,
    deployment_message: &'a str,
    correlation_id: &'a str,
}

#[derive(Serialize)]
struct Tests<'a> {
    outcome: &'static str,
    runs: &'a [Watched],
}

/// The whole report, with the personal data that no other format has.
pub fn write<'a>(report: &Report<'a>) -> Result<String> {
    let course = report.course;
    let rollback = course.rollback.as_ref();
    let of = |deployment: &'a Option<Deployment>| deployment.as_ref().map(|one| &*one.document);
    let document = Document {
        outcome: report.outcome,
        exit_code: report.outcome.exit_code(),
        started_at: format_rfc3339_seconds(report.started).to_string(),
        seconds: report.took.as_secs_f64(),
        request: report.request.map(|request| Asked {
            agent_id: request.agent_id.as_str(),
            deployment_id: request.wanted.as_str(),
            environment: request.environment,
            expect_current: request.expect_current.as_deref(),
            force: request.is_forced,
            dry_run: request.is_dry_run,
            region: request.endpoint.region(),
            base_url: request.endpoint.base(),
            deployment_message: &request.message,
            correlation_id: &request.correlation_id,
        }),
        previous: of(&course.plan.current),
        target: of(&course.plan.target),
        deployment: rollback.map(|rollback| &*rollback.deployment.document),
        established: rollback.and_then(|rollback| rollback.established.as_deref()),
        verified: match &course.proof {
            Some(Proof::Active) => Some(true),
            Some(Proof::Other(_)) => Some(false),
            Some(Proof::Unseen(_)) | None => None,
        },
        test_run_ids: rollback.map(|rollback| rollback.test_run_ids.as_slice()),
        tests: report.tests_outcome().map(|outcome| Tests {
            outcome: outcome.name(),
            runs: course.tests.as_ref().map_or(&[], |tests| tests.runs.as_slice()),
        }),
        failure: report.failure.as_ref(),
        pipeline: report.pipeline,
        tool: concat!(env!("CARGO_PKG_NAME"), "/", env!("CARGO_PKG_VERSION")),
    };
    let document = report.redaction.apply_to(serde_json::to_value(&document)?);
    // `##[` would be a command of a runner, where the file is its log.
    Ok(document.to_string().replace("##", "#\\u0023") + "\n")
}
