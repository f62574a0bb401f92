//! The lists of deployments, and a single deployment in any answer.
//!
//! `MutationDeploymentPublicResponse` of the PolyAI Agents API 1.0.11 describes a deployment. The lists
//! are documented, but not in that contract. A list from which anything is missing could hide a
//! rollback, so a list with an entry that cannot be read is not read at all.
//!
//! A parsed value takes many times the memory of its text. So the entries are parsed one by one, and of each
//! no more is kept than a deployment needs.

use crate::model::{Deployment, Environment, Kind};
use crate::text::{
    bounded_json::{fields, short_text},
    redaction::Redaction,
    sanitize::{SHOWN_CHARACTERS, one_line},
};
use anyhow::{Context, Result, ensure};
use serde_json::{Map, Value, value::RawValue};

/// The most bytes of a deployment's document that are parsed as a whole, and kept for the report file.
const DOCUMENT_BYTES: usize = 8 << 10;
/// The fields of a deployment that the contract names, but for the metadata, and the mark of a deleted one.
const FIELDS: [&str; 9] = [
    "id",
    "accountId",
    "agentId",
    "environment",
    "artifactVersion",
    "version",
    "createdBy",
    "createdAt",
    "deleted",
];
/// The parts of the metadata that the program knows.
const METADATA: [&str; 2] = ["deployment_type", "deployment_message"];

/// Reads the answer to `GET …/deployments?environment=…&limit=…`, the newest deployment first, and no more
/// than `count` of them.
pub fn parse_list(
    body: &[u8],
    environment: Environment,
    count: usize,
    redaction: &Redaction,
) -> Result<Vec<Deployment>> {
    let [list] = fields(body, ["deployments"])?;
    let entries = list.and_then(|list| serde_json::from_str::<Vec<&RawValue>>(list.get()).ok());
    let entries = entries.context("the answer has no list `deployments`")?.into_iter().take(count);
    let list: Vec<_> =
        entries.map(|entry| of_list(entry, environment, redaction)).collect::<Result<_>>()?;
    // A cache may have taken one environment's list for another's.
    let is_own = |deployment: &Deployment| deployment.environment == Some(environment);
    ensure!(list.iter().all(is_own), "it lists a deployment of another environment");
    Ok(list)
}

/// Reads the answer to `GET …/deployments/active`: at most one deployment for each environment.
pub fn parse_active(body: &[u8], redaction: &Redaction) -> Result<Vec<Deployment>> {
    let [active] = fields(body, ["activeDeployments"])?;
    let names = Environment::ALL.map(Environment::name);
    let active = active.and_then(|active| fields(active.get().as_bytes(), names).ok());
    let active = active.context("the answer has no `activeDeployments`")?;
    // An older form of the API has an empty text where nothing is active.
    let there = Environment::ALL
        .into_iter()
        .zip(active.map(|entry| entry.filter(|entry| !matches!(entry.get(), "null" | "\"\""))));
    there.filter_map(|(environment, entry)| Some(of_list(entry?, environment, redaction))).collect()
}

/// An entry of an environment's list.
fn of_list(
    entry: &RawValue,
    environment: Environment,
    redaction: &Redaction,
) -> Result<Deployment> {
    let mut deployment =
        parse_deployment(entry.get(), redaction).context("it lists a deployment without an id")?;
    deployment.environment.get_or_insert(environment);
    Ok(deployment)
}

/// Reads a deployment. None where the document has no id.
pub fn parse_deployment(text: &str, redaction: &Redaction) -> Option<Deployment> {
    let is_small = text.len() <= DOCUMENT_BYTES;
    let document =
        if is_small { serde_json::from_str(text).ok()? } else { known_parts(text, redaction)? };
    let kept = if is_small { text.to_owned() } else { document.to_string() };
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
        message: metadata("deployment_message").map(|text| beginning(text, redaction)),
        // Text that is full of escapes can be longer than what it was made of.
        document: kept.get(..).filter(|kept| kept.len() <= DOCUMENT_BYTES).unwrap_or("null").into(),
    })
}

/// The parts of a large document that the program knows, as far as they are small.
fn known_parts(document: &str, redaction: &Redaction) -> Option<Value> {
    let parse = |part: Option<&RawValue>| serde_json::from_str::<Value>(part?.get()).ok();
    let is_kept = |value: &Value| value.is_boolean() || value == "" || short_text(value).is_some();
    let mut known = Map::new();
    for (name, part) in FIELDS.into_iter().zip(fields(document.as_bytes(), FIELDS).ok()?) {
        // A list or an object may be as large as the whole document.
        let part = part.filter(|part| !part.get().starts_with(['[', '{']));
        known.extend(parse(part).filter(is_kept).map(|value| (name.to_owned(), value)));
    }
    let [metadata] = fields(document.as_bytes(), ["metadata"]).ok()?;
    let metadata = metadata.and_then(|metadata| fields(metadata.get().as_bytes(), METADATA).ok());
    if let Some(parts) = metadata {
        let texts = METADATA.into_iter().zip(parts).filter_map(|(name, part)| {
            let part = part.filter(|part| part.get().starts_with('"'));
            Some((name.to_owned(), beginning(parse(part)?.as_str()?, redaction).into()))
        });
        known.insert("metadata".to_owned(), Value::Object(texts.collect()));
    }
    Some(Value::Object(known))
}

/// The beginning of a message: redacted before it is cut, as half a secret is one, too.
fn beginning(text: &str, redaction: &Redaction) -> String {
    one_line(&redaction.beginning(text), SHOWN_CHARACTERS)
}
