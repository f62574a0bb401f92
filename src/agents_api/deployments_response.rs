//! The lists of deployments, and a single deployment in any answer.
//!
//! `MutationDeploymentPublicResponse` of the PolyAI Agents API 1.0.11 describes a deployment. The lists
//! are documented, but not in that contract. A list from which anything is missing could hide a
//! rollback, so a list with an entry that cannot be read is not read at all.

use crate::model::{Deployment, Environment, Kind};
use crate::text::{
    bounded_json::{parse, short_text},
    redaction::Redaction,
};
use anyhow::{Result, anyhow};
use serde_json::Value;
use std::rc::Rc;

/// Reads the answer to `GET …/deployments?environment=…&limit=…`, the newest deployment first, and no more
/// than `count` of them.
pub fn parse_list(
    body: &[u8],
    environment: Environment,
    count: usize,
    redaction: &Redaction,
) -> Result<Vec<Deployment>> {
    let mut json = parse(body)?;
    let Some(Value::Array(list)) = json.get_mut("deployments").map(Value::take) else {
        return Err(anyhow!("the answer has no list `deployments`"));
    };
    let entries = list.into_iter().take(count);
    let list: Vec<_> =
        entries.map(|document| of_list(document, environment, redaction)).collect::<Result<_>>()?;
    // A cache may have taken one environment's list for another's.
    match list.iter().all(|deployment| deployment.environment == Some(environment)) {
        true => Ok(list),
        false => Err(anyhow!("it lists a deployment of another environment")),
    }
}

/// Reads the answer to `GET …/deployments/active`: at most one deployment for each environment.
pub fn parse_active(body: &[u8], redaction: &Redaction) -> Result<Vec<Deployment>> {
    let mut json = parse(body)?;
    let Some(Value::Object(mut map)) = json.get_mut("activeDeployments").map(Value::take) else {
        return Err(anyhow!("the answer has no `activeDeployments`"));
    };
    let mut active = Vec::new();
    for environment in Environment::ALL {
        let document = map.get_mut(environment.name()).map(Value::take).unwrap_or_default();
        // An older form of the API has an empty text where nothing is active.
        if !document.is_null() && document != "" {
            active.push(of_list(document, environment, redaction)?);
        }
    }
    Ok(active)
}

/// An entry of an environment's list.
fn of_list(document: Value, environment: Environment, redaction: &Redaction) -> Result<Deployment> {
    let mut deployment = parse_deployment(document, redaction)
        .ok_or_else(|| anyhow!("it lists a deployment without an id"))?;
    deployment.environment.get_or_insert(environment);
    Ok(deployment)
}

/// Reads a deployment. None where the document has no id.
pub fn parse_deployment(mut document: Value, redaction: &Redaction) -> Option<Deployment> {
    // The message is cut where it is shown, and half a secret is one, too.
    if let Some(metadata) = document.get_mut("metadata") {
        *metadata = redaction.apply_to(metadata.take());
    }
    let text = |key: &str| document.get(key).and_then(short_text).map(str::to_owned);
    let metadata = |key: &str| document.get("metadata")?.get(key)?.as_str();
    Some(Deployment {
        id: text("id")?,
        agent_id: text("agentId"),
        environment: text("environment").and_then(|name| Environment::parse(&name)),
        artifact_version: text("artifactVersion"),
        version: text("version"),
        created_at: text("createdAt"),
        kind: match metadata("deployment_type") {
            Some("publish" | "promotion") => Kind::Deployed,
            Some("rollback") => Kind::RolledBack,
            _ => Kind::Unknown,
        },
        is_void: document.get("deleted") == Some(&Value::Bool(true))
            || document.get("version").and_then(Value::as_str) == Some(""),
        message: metadata("deployment_message").map(str::to_owned),
        document: Rc::new(document),
    })
}
