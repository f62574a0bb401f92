//! The answer to a rollback, and its request.
//!
//! The contract is `RollbackDeploymentPublicBody` and `MutationDeploymentPublicResponse` of the
//! PolyAI Agents API 1.0.11. Only the id of the deployment is indispensable here: an answer that
//! lacks or adds anything else still says that the rollback was done.

use crate::agents_api::error_body::ApiError;
use crate::model::deployment::Deployment;
use crate::text::bounded_json::{parse, text};
use crate::text::redaction::Redaction;
use crate::text::sanitize::{Row, or_not_given};
use anyhow::{Error, anyhow};
use serde::Serialize;
use serde_json::Value;

/// The body of the request for a rollback.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct RollbackBody<'a> {
    /// The reason.
    pub deployment_message: &'a str,
}

/// A rollback that was done.
#[derive(Debug)]
pub struct Rollback {
    /// The new deployment.
    pub deployment: Deployment,
    /// The test runs that it triggered.
    pub test_run_ids: Vec<String>,
    /// Whether these are all of them.
    pub are_all_runs_known: bool,
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
        Self {
            deployment,
            test_run_ids: Vec::new(),
            are_all_runs_known: false,
            established: Some(how),
        }
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
        let tests = match (self.test_run_ids.as_slice(), &self.established) {
            ([], None) if self.are_all_runs_known => "none were triggered".to_owned(),
            ([], None) => "not given".to_owned(),
            ([], Some(_)) => "not known, as the answer was lost".to_owned(),
            (ids, _) => format!("{} triggered: {}", ids.len(), ids.join(", ")),
        };
        let mut rows = vec![
            ("environment", or_not_given(&self.deployment.environment)),
            ("version", or_not_given(&self.deployment.version)),
            ("artifact version", or_not_given(&self.deployment.artifact_version)),
            ("new deployment", self.deployment.id.clone()),
            ("created at", or_not_given(&self.deployment.created_at)),
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
        let is_error = json.get("error_code").is_some_and(Value::is_string);
        let is_failure = json.get("success") == Some(&Value::Bool(false));
        match Deployment::read(document) {
            Some(_) if is_error || is_failure => {
                Err(NoRollback::Unreadable(anyhow!("it names a deployment and an error")))
            }
            Some(deployment) => {
                let given = json.get("testRunIds").and_then(Value::as_array);
                let ids = given.into_iter().flatten().filter_map(text).map(str::to_owned);
                let test_run_ids: Vec<_> = ids.collect();
                let are_all_runs_known = given.map(Vec::len) == Some(test_run_ids.len());
                let deployment = deployment.cleaned(redaction);
                Ok(Self { deployment, test_run_ids, are_all_runs_known, established: None })
            }
            None if is_error => Err(NoRollback::Refused(ApiError::stated(&json, redaction))),
            None => Err(NoRollback::Unreadable(anyhow!("it names no deployment"))),
        }
    }
}
