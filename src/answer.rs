//! What the API answers: the deployment that a rollback made, and errors in every known shape.
//!
//! The contract is `RollbackDeploymentPublicBody` and `MutationDeploymentPublicResponse` of the
//! PolyAI Agents API 1.0.11. Only the id of the deployment is indispensable here: an answer that
//! lacks or adds anything else still says that the rollback was done.
//! The lists of deployments are not in that contract; they are read as they were seen.

use crate::redaction::Redaction;
use crate::text::{Row, SHOWN, one_line};
use anyhow::{Error, anyhow};
use serde::Serialize;
use serde_json::Value;
use std::fmt;
use std::time::SystemTime;

/// The most bytes of an id, and of every other text of a deployment, that are taken for one.
const TEXT_BYTES: usize = 1_024;
/// The most values that a document may have: parsed, each takes many times the memory of its text.
const VALUES: usize = 20_000;

/// The body of the request for a rollback.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct RollbackBody<'a> {
    /// The reason.
    pub deployment_message: &'a str,
}

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
    pub document: Value,
}

/// A rollback that was done.
#[derive(Debug)]
pub struct Rollback {
    /// The new deployment.
    pub deployment: Deployment,
    /// The test runs that it triggered.
    pub test_run_ids: Vec<String>,
    /// How it is known that it was done, where the answer was lost.
    pub established: Option<String>,
}

impl Rollback {
    /// A rollback that was found after its answer was lost.
    pub fn established(deployment: Deployment, lost: &str) -> Self {
        let environment = deployment.environment.as_deref().unwrap_or("its environment");
        let how = format!(
            "the answer was lost ({lost}); {environment} has a new deployment of the target's version, \
             made since the request was sent",
        );
        Self { deployment, test_run_ids: Vec::new(), established: Some(how) }
    }

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
        let tests = match (self.test_run_ids.as_slice(), &self.established) {
            ([], None) => "none were triggered".to_owned(),
            ([], Some(_)) => "not known, as the answer was lost".to_owned(),
            (ids, _) => format!("{} triggered: {}", ids.len(), ids.join(", ")),
        };
        let mut rows = vec![
            ("environment", known(&self.deployment.environment)),
            ("version", known(&self.deployment.version)),
            ("artifact version", known(&self.deployment.artifact_version)),
            ("new deployment", self.deployment.id.clone()),
            ("created at", known(&self.deployment.created_at)),
            ("test runs", tests),
        ];
        rows.extend(self.established.clone().map(|how| ("established", how)));
        rows
    }
}

/// What the body of a 2xx is that names no rollback.
#[derive(Debug)]
pub enum NoRollback {
    /// An error under the wrong status: the API did nothing.
    Refused(ApiError),
    /// Nothing that is known.
    Unreadable(Error),
}

impl Rollback {
    /// Reads the body of a 2xx. It is done where there is a deployment with an id, and refused where
    /// there is none and the API gives its code for an error.
    pub fn read(body: &[u8], redaction: &Redaction) -> Result<Self, NoRollback> {
        // Errors from here on name a place in the body, and nothing of what is there.
        let mut json = parse(body).map_err(NoRollback::Unreadable)?;
        let document = json.get_mut("deployment").map(Value::take).unwrap_or_default();
        match Deployment::read(document) {
            Some(deployment) => {
                let test_run_ids = json.get("testRunIds").map(texts).unwrap_or_default();
                Ok(Self { deployment, test_run_ids, established: None })
            }
            None if json.get("error_code").is_some_and(Value::is_string) => {
                Err(NoRollback::Refused(ApiError::stated(&json, redaction)))
            }
            None => Err(NoRollback::Unreadable(anyhow!("it names no deployment"))),
        }
    }
}

/// The document of a body, unless it would take much memory.
fn parse(body: &[u8]) -> anyhow::Result<Value> {
    // One value more than there are beginnings and commas, some of which may be within texts.
    if body.iter().filter(|byte| b"[{,".contains(byte)).count() >= VALUES {
        return Err(anyhow!("it has too many parts"));
    }
    Ok(serde_json::from_slice(body)?)
}

/// Reads the answer to `GET …/deployments`.
pub fn deployments(body: &[u8]) -> anyhow::Result<Vec<Deployment>> {
    let mut json = parse(body)?;
    match json.get_mut("deployments").map(Value::take) {
        Some(Value::Array(list)) => list.into_iter().map(listed).collect(),
        _ => Err(anyhow!("it lists no deployments")),
    }
}

/// Reads the answer to `GET …/deployments/active`: at most one deployment for each environment.
pub fn active_deployments(body: &[u8]) -> anyhow::Result<Vec<Deployment>> {
    let mut json = parse(body)?;
    match json.get_mut("activeDeployments").map(Value::take) {
        Some(Value::Object(map)) => {
            // An older form has an empty text where there is none.
            let is_none = |value: &Value| value.is_null() || value == "";
            map.into_iter()
                .map(|(_, value)| value)
                .filter(|value| !is_none(value))
                .map(listed)
                .collect()
        }
        _ => Err(anyhow!("it lists no active deployments")),
    }
}

/// A deployment of a list. What is not there must be known, so none may be passed over.
fn listed(document: Value) -> anyhow::Result<Deployment> {
    Deployment::read(document).ok_or_else(|| anyhow!("it lists a deployment without an id"))
}

impl Deployment {
    /// When it was made; none where that cannot be read.
    pub fn created(&self) -> Option<SystemTime> {
        humantime::parse_rfc3339(self.created_at.as_ref()?).ok()
    }

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

/// A text that says something; none where it is blank, endless or no text.
fn text(value: &Value) -> Option<&str> {
    value.as_str().filter(|text| !text.trim().is_empty() && text.len() <= TEXT_BYTES)
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
    pub fn read(body: &[u8], redaction: &Redaction) -> Self {
        let stated = Self::stated(&parse(body).unwrap_or_default(), redaction);
        if stated.code.is_some() || stated.message.is_some() {
            return stated;
        }
        let text = String::from_utf8_lossy(body);
        let is_personal =
            ["createdBy", "accountId", "\"deployment\""].iter().any(|key| text.contains(key));
        Self { code: None, message: shown(&text, redaction).filter(|_| !is_personal) }
    }

    /// What a body says in one of the known shapes.
    fn stated(json: &Value, redaction: &Redaction) -> Self {
        let text = |key: &str| {
            json.get(key).and_then(Value::as_str).filter(|text| !text.trim().is_empty())
        };
        let sentence = text("error_message").or_else(|| text("error")).or_else(|| text("message"));
        let fields = json.get("errors").and_then(Value::as_array).into_iter().flatten();
        let fields = fields.filter_map(|error| {
            let message = error.get("message")?.as_str()?;
            let field = error.get("field").and_then(Value::as_str).unwrap_or("body");
            Some(format!("{field}: {message}"))
        });
        let message: Vec<_> = sentence.map(str::to_owned).into_iter().chain(fields).collect();
        let shown = |text: &str| shown(text, redaction);
        Self { code: text("error_code").and_then(shown), message: shown(&message.join("; ")) }
    }
}

/// Redacted before it is cut, as half a secret is one, too.
fn shown(text: &str, redaction: &Redaction) -> Option<String> {
    Some(one_line(&redaction.apply(text), SHOWN)).filter(|line| !line.is_empty())
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
