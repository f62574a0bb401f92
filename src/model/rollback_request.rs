//! What a run is asked for.

use crate::agents_api::endpoint::{Endpoint, Id};
use crate::agents_api::proxy::Proxy;
use crate::text::sanitize::Row;
use humantime::format_rfc3339_seconds;
use std::time::{Duration, SystemTime};

/// The word for what was active before.
pub const PREVIOUS: &str = "previous";

/// What to go back to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Wanted {
    /// A deployment by its id, or by its version, or the beginning of that.
    Named(Id),
    /// What the environment was on before.
    Previous,
}

impl Wanted {
    /// It as it was given.
    pub fn as_str(&self) -> &str {
        match self {
            Self::Named(id) => id.as_str(),
            Self::Previous => PREVIOUS,
        }
    }

    /// Whether it is the deployment with this id.
    pub fn is(&self, id: &str) -> bool {
        matches!(self, Self::Named(named) if named.as_str() == id)
    }
}

/// A rollback that can be asked for.
#[derive(Debug)]
pub struct Request {
    /// The agent.
    pub agent_id: Id,
    /// What to go back to.
    pub wanted: Wanted,
    /// Where: one of the API's environments.
    pub environment: Option<&'static str>,
    /// The deployment or version that must be active.
    pub expect_current: Option<String>,
    /// Whether to send the request also where nothing will change.
    pub is_forced: bool,
    /// Whether to stop before the request.
    pub is_dry_run: bool,
    /// Whether to look at what is active afterwards.
    pub is_verified: bool,
    /// Whether to wait for the tests.
    pub waits_for_tests: bool,
    /// The time that the tests may take.
    pub tests_timeout: Duration,
    /// Whether tests that the API does not show make the run fail.
    pub requires_tests: bool,
    /// Where the API is.
    pub endpoint: Endpoint,
    /// The reason, of 1 to 1,000 characters.
    pub message: String,
    /// The time that everything after the reading of the inputs may take, but for writing outputs.
    pub timeout: Duration,
    /// How often a request is sent at most: the one for the rollback, and each one that reads.
    pub attempts: u32,
    /// The proxy on the way to the API.
    pub proxy: Option<Proxy>,
    /// When this run began.
    pub started: SystemTime,
    /// What the API's log knows this request by: PolyAI's support asks for it.
    pub correlation_id: String,
}

impl Request {
    /// Whether the deployment must be found before anything is sent.
    pub fn must_be_looked_up(&self) -> bool {
        self.environment.is_some() || self.expect_current.is_some() || self.is_dry_run
    }

    /// What is about to happen, in one line.
    pub fn headline(&self) -> String {
        let doing = if self.is_dry_run { "previewing a rollback of" } else { "rolling back" };
        let agent = self.agent_id.as_str();
        let target = match &self.wanted {
            Wanted::Named(id) => id.as_str().to_owned(),
            Wanted::Previous => "its previous deployment".to_owned(),
        };
        match self.environment {
            Some(environment) => format!("{doing} {environment} of agent {agent} to {target}"),
            None => format!("{doing} agent {agent} to {target}"),
        }
    }

    /// What is asked for, as label and text, for people.
    pub fn rows(&self) -> Vec<Row> {
        let mut rows = vec![
            ("agent", self.agent_id.as_str().to_owned()),
            ("target", self.wanted.as_str().to_owned()),
            ("API", self.endpoint.to_string()),
            ("reason", self.message.clone()),
            ("started", self.started()),
            self.correlation_row(),
        ];
        rows.extend(self.proxy.as_ref().map(|proxy| ("proxy", proxy.to_string())));
        rows
    }

    /// When this run began, by this machine's clock.
    pub fn started(&self) -> String {
        format_rfc3339_seconds(self.started).to_string()
    }

    /// What PolyAI's support asks for, as label and text.
    pub fn correlation_row(&self) -> Row {
        ("correlation id", self.correlation_id.clone())
    }
}
