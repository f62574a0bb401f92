//! Deployments, alone and in the lists of the API.
//!
//! `MutationDeploymentPublicResponse` of the PolyAI Agents API 1.0.11 says what one is. Only its id is
//! indispensable here. The lists are not in that contract; they are read as they were seen.

use crate::agents_api::endpoint::{ENVIRONMENTS, LISTED};
use crate::text::bounded_json::{parse, text};
use crate::text::redaction::Redaction;
use crate::text::sanitize::{one_line, or_not_given};
use anyhow::{Result, anyhow};
use serde_json::Value;
use std::rc::Rc;
use std::time::{Duration, SystemTime};

/// The fewest characters of a version that can stand for the whole of it.
const PREFIX: usize = 7;
/// The most characters of a message that are shown beside a deployment.
const MESSAGE: usize = 80;

/// A deployment.
#[derive(Clone, Debug)]
pub struct Deployment {
    /// Its own id.
    pub id: String,
    /// The agent.
    pub agent_id: Option<String>,
    /// `sandbox`, `pre-release` or `live`.
    pub environment: Option<String>,
    /// The version of the artifact.
    pub artifact_version: Option<String>,
    /// The hash of the content, the same in every environment.
    pub version: Option<String>,
    /// When it was made, in RFC 3339.
    pub created_at: Option<String>,
    /// All that the API says of it. It holds personal data: for the report file only.
    pub document: Rc<Value>,
}

/// How a deployment came to be.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// Somebody published or promoted its version.
    Deployed,
    /// Somebody went back to its version.
    RolledBack,
    /// The API does not say.
    Unknown,
}

impl Deployment {
    /// Takes a document that has an id.
    pub fn read(document: Value) -> Option<Self> {
        let text = |key: &str| document.get(key).and_then(text).map(str::to_owned);
        Some(Self {
            id: text("id")?,
            agent_id: text("agentId"),
            environment: text("environment"),
            artifact_version: text("artifactVersion"),
            version: text("version"),
            created_at: text("createdAt"),
            document: Rc::new(document),
        })
    }

    /// It without secrets in what is cut before it is shown.
    pub fn cleaned(mut self, redaction: &Redaction) -> Self {
        let mut document = Rc::unwrap_or_clone(self.document);
        if let Some(metadata) = document.get_mut("metadata") {
            *metadata = redaction.apply_to(metadata.take());
        }
        self.document = Rc::new(document);
        self
    }

    /// When it was made; none where that cannot be read.
    pub fn created(&self) -> Option<SystemTime> {
        time(self.created_at.as_ref()?)
    }

    /// How it came to be.
    pub fn kind(&self) -> Kind {
        match self.metadata("deployment_type") {
            Some("publish" | "promotion") => Kind::Deployed,
            Some("rollback") => Kind::RolledBack,
            _ => Kind::Unknown,
        }
    }

    /// Whether a text is its version, or at least 7 characters from the beginning of it.
    pub fn has_version(&self, given: &str) -> bool {
        let is_start = |version: &String| {
            version.get(..given.len()).is_some_and(|start| start.eq_ignore_ascii_case(given))
        };
        given.len() >= PREFIX && self.version.as_ref().is_some_and(is_start)
            || self.version.as_deref() == Some(given)
    }

    /// When it was made, its version, its id and its message, for people.
    pub fn describe(&self) -> String {
        let message = self.metadata("deployment_message").filter(|text| !text.trim().is_empty());
        let message = message.map(|text| format!(", “{}”", one_line(text, MESSAGE)));
        let kind = if self.kind() == Kind::RolledBack { ", a rollback" } else { "" };
        format!(
            "{}, version {}, deployment {}{kind}{}",
            or_not_given(&self.created_at),
            or_not_given(&self.version),
            self.id,
            message.unwrap_or_default(),
        )
    }

    fn metadata(&self, key: &str) -> Option<&str> {
        self.document.get("metadata")?.get(key)?.as_str()
    }
}

/// A time in RFC 3339, in UTC or with an offset from it.
fn time(text: &str) -> Option<SystemTime> {
    if let Ok(time) = humantime::parse_rfc3339(text) {
        return Some(time);
    }
    let (local, offset) = text.split_at_checked(text.len().checked_sub("+00:00".len())?)?;
    let local = humantime::parse_rfc3339(&format!("{local}Z")).ok()?;
    let (hours, minutes) = offset.get(1..)?.split_once(':')?;
    let minutes: u64 = hours.parse::<u64>().ok()? * 60 + minutes.parse::<u64>().ok()?;
    let offset_time = Duration::from_secs(minutes * 60);
    match offset.as_bytes().first() {
        Some(b'+') => local.checked_sub(offset_time),
        Some(b'-') => local.checked_add(offset_time),
        _ => None,
    }
}

/// Reads the answer to `GET …/deployments` of an environment: the newest one first.
pub fn listed(body: &[u8], environment: &str) -> Result<Vec<Deployment>> {
    let mut json = parse(body)?;
    match json.get_mut("deployments").map(Value::take) {
        Some(Value::Array(list)) => {
            list.into_iter().take(LISTED).map(|one| of_environment(one, environment)).collect()
        }
        _ => Err(anyhow!("it lists no deployments")),
    }
}

/// Reads the answer to `GET …/deployments/active`: at most one deployment for each environment.
pub fn active(body: &[u8]) -> Result<Vec<Deployment>> {
    let mut json = parse(body)?;
    match json.get_mut("activeDeployments").map(Value::take) {
        Some(Value::Object(map)) => {
            // An older form has an empty text where there is none.
            let is_there = |value: &Value| !value.is_null() && value != "";
            let there = map.into_iter().filter(|(_, value)| is_there(value));
            let there =
                there.filter(|(environment, _)| ENVIRONMENTS.contains(&environment.as_str()));
            there.map(|(environment, document)| of_list(document, &environment)).collect()
        }
        _ => Err(anyhow!("it lists no active deployments")),
    }
}

/// A deployment of one environment's list, which a cache may have taken for another's.
fn of_environment(document: Value, environment: &str) -> Result<Deployment> {
    let deployment = of_list(document, environment)?;
    let is_elsewhere = |own: &String| own != environment && ENVIRONMENTS.contains(&own.as_str());
    match deployment.environment.as_ref().is_some_and(is_elsewhere) {
        true => Err(anyhow!("it lists a deployment of another environment")),
        false => Ok(deployment),
    }
}

/// A deployment of a list. What is not there must be known, so none may be passed over.
fn of_list(document: Value, environment: &str) -> Result<Deployment> {
    let mut deployment =
        Deployment::read(document).ok_or_else(|| anyhow!("it lists a deployment without an id"))?;
    deployment.environment.get_or_insert_with(|| environment.to_owned());
    Ok(deployment)
}
