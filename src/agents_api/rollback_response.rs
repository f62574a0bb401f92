//! The request for a rollback, and the answer to it.
//!
//! The contract is `RollbackDeploymentPublicBody` and `MutationDeploymentPublicResponse` of the PolyAI
//! Agents API 1.0.11. Only the id of the deployment is indispensable: an answer that lacks or adds
//! anything else still says that the rollback was done.

use crate::agents_api::{deployments_response::parse_deployment, error_body};
use crate::model::{CallError, ErrorBody, Id, Rollback};
use crate::text::{bounded_json::short_text, redaction::Redaction};
use serde_json::{Value, json};

/// The body of the request, with the reason.
pub fn rollback_body(message: &str) -> Vec<u8> {
    json!({"deploymentMessage": message}).to_string().into_bytes()
}

/// Reads the body of a 2xx that answers the request for a rollback to `target`. The rollback is done
/// where there is a new deployment with an id, whatever else the answer says but that it failed or that the
/// version is there already; refused where there is none and the answer speaks of an error.
pub fn parse_rollback(
    status: u16,
    body: &[u8],
    target: &Id,
    redaction: &Redaction,
) -> Result<Rollback, CallError> {
    let unreadable = |body: ErrorBody, cause: &str| CallError::Unreadable {
        status,
        body,
        cause: cause.to_owned(),
    };
    // An error of the parser names a place in the body, and nothing of what is there.
    let json: Value = serde_json::from_slice(body)
        .map_err(|cause| unreadable(ErrorBody::default(), &cause.to_string()))?;
    let document = json.get("deployment").map(Value::to_string).unwrap_or_default();
    let error = || error_body::of_json(&json, redaction);
    // A form of an error whose fields are blank is none.
    let has = |key: &str| match json.get(key) {
        Some(Value::String(text)) => !text.trim().is_empty(),
        value => value.is_some_and(|value| value.is_object() || value.is_array()),
    };
    let says_failure = json.get("success") == Some(&Value::Bool(false));
    let Some(deployment) = parse_deployment(&document, redaction) else {
        return Err(match says_failure || has("error_code") || has("error") {
            true => CallError::Answered { status, body: error(), retry_after: None },
            false => unreadable(error(), "it names no deployment"),
        });
    };
    // Such an answer names the deployment that is there, not a new one.
    let answer = CallError::Answered { status, body: error(), retry_after: None };
    if answer.is_already_published() {
        return Err(answer);
    }
    if says_failure {
        return Err(unreadable(error(), "it names a deployment and a failure"));
    }
    if deployment.id == target.as_str() {
        let cause = "it names the deployment to go back to as the new one";
        return Err(unreadable(error(), cause));
    }
    let given = json.get("testRunIds").and_then(Value::as_array);
    let ids = given.into_iter().flatten().filter_map(short_text);
    let test_run_ids: Vec<_> = ids.map(str::to_owned).collect();
    let are_all_runs_known = given.map(Vec::len) == Some(test_run_ids.len());
    Ok(Rollback { deployment, test_run_ids, are_all_runs_known, established: None })
}
