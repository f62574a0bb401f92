//! The report file: one JSON document on one line, so that a file that is kept grows into an
//! audit log (JSON Lines).

use crate::inputs::Task;
use crate::model::{Deployment, Environment, Verification};
use crate::report::{Report, outputs};
use serde_json::{Value, json};

/// The whole report, with the personal data that no other format has. A value that is not known is null.
pub fn write(report: &Report<'_>) -> String {
    let record = report.record;
    let rollback = record.rollback.as_ref();
    let document = json!({
        "outcome": report.outcome.name(),
        "exitCode": report.outcome.exit_code(),
        "startedAt": report.context.started(),
        "seconds": report.took.as_secs_f64(),
        "request": report.context.task.map(request),
        "replaced": whole(outputs::replaced(report)),
        "target": whole(record.plan.target.as_ref()),
        "deployment": whole(rollback.map(|rollback| &rollback.deployment)),
        "established": rollback.and_then(|rollback| rollback.established.as_ref()),
        "verified": match &record.verification {
            Some(Verification::Active) => Some(true),
            Some(Verification::OtherActive(_)) => Some(false),
            Some(Verification::Unseen(_)) | None => None,
        },
        "testRunIds": rollback.map(|rollback| &rollback.test_run_ids),
        "tests": report.tests_outcome().map(|outcome| json!({
            "outcome": outcome.name(),
            "runs": record.tests.as_ref().map_or(&[][..], |tests| &tests.runs),
        })),
        "failure": report.diagnostic,
        "pipeline": report.context.pipeline,
        "tool": concat!(env!("CARGO_PKG_NAME"), "/", env!("CARGO_PKG_VERSION")),
    });
    let document = report.context.redaction.apply_to(document);
    // `##[` would be a command of a runner, where the file is its log.
    document.to_string().replace("##", "#\\u0023") + "\n"
}

/// The task in the report.
fn request(Task { request, connection }: &Task) -> Value {
    json!({
        "agentId": request.agent_id.as_str(),
        "deploymentId": request.target.as_str(),
        "environment": request.environment.map(Environment::name),
        "expectCurrent": request.expect_current,
        "force": request.is_forced,
        "dryRun": request.is_dry_run,
        "region": connection.endpoint.region(),
        "baseUrl": connection.endpoint.base(),
        "deploymentMessage": request.message,
        "correlationId": request.correlation_id,
    })
}

/// The API's own document of a deployment.
fn whole(deployment: Option<&Deployment>) -> Option<Value> {
    serde_json::from_str(&deployment?.document).ok()
}
