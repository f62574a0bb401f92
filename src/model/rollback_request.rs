//! The rollback that a run is asked for.

use crate::model::environment::Environment;
use crate::model::id::Id;
use std::time::{Duration, SystemTime};

/// The word for the version before the active one that nobody has rolled back from.
pub const PREVIOUS: &str = "previous";

/// The deployment to go back to, as the user named it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum TargetSpec {
    /// The id of a deployment, a version, or the beginning of a version.
    Named(Id),
    /// The version that the environment was on before.
    Previous,
}

impl TargetSpec {
    /// The target as the user gave it.
    pub fn as_str(&self) -> &str {
        match self {
            Self::Named(id) => id.as_str(),
            Self::Previous => PREVIOUS,
        }
    }

    /// Whether the user named the deployment with this id.
    pub fn is(&self, id: &str) -> bool {
        matches!(self, Self::Named(named) if named.as_str() == id)
    }
}

/// A rollback that can be done: all inputs were understood.
#[derive(Clone, Debug)]
pub struct RollbackRequest {
    /// The agent.
    pub agent_id: Id,
    /// The deployment to go back to.
    pub target: TargetSpec,
    /// The environment to roll back; none where a bare id says everything.
    pub environment: Option<Environment>,
    /// The id or version that must be active, or nothing is sent.
    pub expect_current: Option<String>,
    /// Whether to send the request also where the environment is on the target's version already.
    pub is_forced: bool,
    /// Whether to stop before the request.
    pub is_dry_run: bool,
    /// Whether to look afterwards which deployment is active.
    pub is_verified: bool,
    /// Whether the test runs decide how the run ends.
    pub waits_for_tests: bool,
    /// The reason, of 1 to 1,000 characters.
    pub message: String,
    /// Whether a person gave the reason.
    pub has_reason: bool,
    /// The limits of the run.
    pub limits: Limits,
    /// When the run began, by this machine's clock.
    pub started: SystemTime,
    /// The id that the API's own log knows the requests of this run by: PolyAI's support asks for it.
    pub correlation_id: String,
}

/// The limits that the user set.
#[derive(Clone, Copy, Debug)]
pub struct Limits {
    /// The time for everything from the first request to the last, but for the test runs.
    pub timeout: Duration,
    /// The time for the test runs.
    pub tests_timeout: Duration,
    /// How often the rollback is asked for at most, and how often each thing is read.
    pub attempts: u32,
}

impl RollbackRequest {
    /// Whether the deployments must be read before anything is sent.
    pub fn must_be_looked_up(&self) -> bool {
        self.environment.is_some() || self.expect_current.is_some() || self.is_dry_run
    }

    /// The rollback that is about to happen, in one line.
    pub fn headline(&self) -> String {
        let doing = if self.is_dry_run { "previewing a rollback of" } else { "rolling back" };
        let agent = self.agent_id.as_str();
        let target = match &self.target {
            TargetSpec::Named(id) => id.as_str(),
            TargetSpec::Previous => "its previous deployment",
        };
        match self.environment {
            Some(environment) => format!("{doing} {environment} of agent {agent} to {target}"),
            None => format!("{doing} agent {agent} to {target}"),
        }
    }

    /// The inputs that can stop the rollback, for people: a variable that is empty by mistake shows here.
    pub fn guards(&self) -> String {
        let environment = self.environment.map_or("no environment".to_owned(), |environment| {
            format!("environment {}", environment.name())
        });
        let expected = self.expect_current.as_ref();
        let expected = expected.map_or("no expect-current".to_owned(), |expected| {
            format!("expect-current {expected}")
        });
        let force = if self.is_forced { "; force" } else { "" };
        format!("{environment}; {expected}{force}")
    }
}
