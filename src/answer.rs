//! What the API answers: the deployment that a rollback made, and errors in every known shape.
//!
//! The contract is `RollbackDeploymentPublicBody` and `MutationDeploymentPublicResponse` of the
//! PolyAI Agents API 1.0.11. Only the id of the deployment is indispensable here: an answer that
//! lacks or adds anything else still says that the rollback was done.

use crate::text::{Row, SHOWN, one_line};
use anyhow::{Error, anyhow};
use serde::Serialize;
use serde_json::Value;
use std::fmt;

/// The body of the request for a rollback.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct RollbackBody<'a> {
    /// The reason.
    pub deployment_message: &'a str,
}

/// The deployment that a rollback made.
#[derive(Debug)]
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
    pub document: Value,
}

/// A rollback that was done.
#[derive(Debug)]
pub struct Rollback {
    /// The new deployment.
    pub deployment: Deployment,
    /// The test runs that it triggered.
    pub test_run_ids: Vec<String>,
}

impl Rollback {
    /// What was done, in one line.
    pub fn headline(&self) -> String {
        match (&self.deployment.environment, &self.deployment.version) {
            (Some(environment), Some(version)) => format!(
                "Rolled back: {environment} is on version {version} again, in the new deployment {}",
                self.deployment.id
            ),
            _ => format!("Rolled back: the new deployment is {}", self.deployment.id),
        }
    }

    /// The facts, as label and text, for people. Who made it is not among them.
    pub fn rows(&self) -> Vec<Row> {
        let known = |text: &Option<String>| text.clone().unwrap_or_else(|| "not given".to_owned());
        let tests = match self.test_run_ids.as_slice() {
            [] => "none were triggered".to_owned(),
            ids => format!("{} triggered: {}", ids.len(), ids.join(", ")),
        };
        vec![
            ("environment", known(&self.deployment.environment)),
            ("version", known(&self.deployment.version)),
            ("artifact version", known(&self.deployment.artifact_version)),
            ("new deployment", self.deployment.id.clone()),
            ("created at", known(&self.deployment.created_at)),
            ("test runs", tests),
        ]
    }
}

/// What the body of a 2xx turned out to be.
#[derive(Debug)]
pub enum Answer {
    /// The rollback was done.
    Done(Rollback),
    /// An error under the wrong status: the API did nothing.
    Refused(ApiError),
    /// Neither.
    Unreadable(Error),
}

impl Answer {
    /// Reads the body of a 2xx. It is done where there is a deployment with an id, and refused where
    /// there is none and the API gives its code for an error.
    pub fn read(body: &[u8]) -> Self {
        // Errors from here on name a place in the body, and nothing of what is there.
        let mut json: Value = match serde_json::from_slice(body) {
            Ok(json) => json,
            Err(error) => return Self::Unreadable(error.into()),
        };
        let document = json.get_mut("deployment").map(Value::take).unwrap_or_default();
        match Deployment::read(document) {
            Some(deployment) => {
                let test_run_ids = json.get("testRunIds").map(texts).unwrap_or_default();
                Self::Done(Rollback { deployment, test_run_ids })
            }
            None if json.get("error_code").is_some_and(Value::is_string) => {
                Self::Refused(ApiError::stated(&json))
            }
            None => Self::Unreadable(anyhow!("it names no deployment")),
        }
    }
}

impl Deployment {
    fn read(document: Value) -> Option<Self> {
        let text = |key: &str| document.get(key).and_then(text).map(str::to_owned);
        Some(Self {
            id: text("id")?,
            agent_id: text("agentId"),
            environment: text("environment"),
            artifact_version: text("artifactVersion"),
            version: text("version"),
            created_at: text("createdAt"),
            document,
        })
    }
}

/// A text that says something; none where it is blank or no text.
fn text(value: &Value) -> Option<&str> {
    value.as_str().filter(|text| !text.trim().is_empty())
}

/// The texts in a list; none where it is no list.
fn texts(list: &Value) -> Vec<String> {
    list.as_array().into_iter().flatten().filter_map(text).map(str::to_owned).collect()
}

/// What the API says of an error, safe to show.
#[derive(Debug, Default)]
pub struct ApiError {
    /// Its code, such as `DEPLOYMENT_NOT_FOUND`.
    pub code: Option<String>,
    /// Its sentence, or the start of a body that has no known shape.
    pub message: Option<String>,
}

impl ApiError {
    /// Reads a body. One that has no known shape is its own message, unless it may be a deployment,
    /// or a part of one: there is personal data in it.
    pub fn read(body: &[u8]) -> Self {
        let stated = Self::stated(&serde_json::from_slice(body).unwrap_or_default());
        if stated.code.is_some() || stated.message.is_some() {
            return stated;
        }
        let text = String::from_utf8_lossy(body);
        let is_personal =
            ["createdBy", "accountId", "\"deployment\""].iter().any(|key| text.contains(key));
        Self { code: None, message: shown(&text).filter(|_| !is_personal) }
    }

    /// What a body says in one of the known shapes.
    fn stated(json: &Value) -> Self {
        let text = |key: &str| json.get(key).and_then(text);
        let sentence = text("error_message").or_else(|| text("error")).or_else(|| text("message"));
        let fields = json.get("errors").and_then(Value::as_array).into_iter().flatten();
        let fields = fields.filter_map(|error| {
            let message = error.get("message")?.as_str()?;
            let field = error.get("field").and_then(Value::as_str).unwrap_or("body");
            Some(format!("{field}: {message}"))
        });
        let message: Vec<_> = sentence.map(str::to_owned).into_iter().chain(fields).collect();
        Self { code: text("error_code").and_then(shown), message: shown(&message.join("; ")) }
    }
}

fn shown(text: &str) -> Option<String> {
    Some(one_line(text, SHOWN)).filter(|line| !line.is_empty())
}

impl fmt::Display for ApiError {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match (&self.code, &self.message) {
            (Some(code), Some(message)) => write!(formatter, "{code}: {message}"),
            (Some(text), None) | (None, Some(text)) => formatter.write_str(text),
            (None, None) => formatter.write_str("no message"),
        }
    }
}
