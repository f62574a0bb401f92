//! Why a run does not end well, as data. `report::diagnostic` has the words.

use crate::model::call_error::{CallError, RetryClass};
use crate::model::deployment::Deployment;
use crate::model::environment::Environment;
use crate::model::outcome::{Effect, Outcome, Signal};
use crate::model::rollback_request::TargetSpec;

/// The most deployments of one environment that are offered to choose from.
const CANDIDATES: usize = 3;

/// Why a run does not end well.
#[derive(Debug)]
pub enum Failure {
    /// Inputs or files are bad, one line each. Nothing was sent.
    InvalidInput(Vec<String>),
    /// The deployments could not be read before the rollback. Nothing was sent.
    Unread {
        /// How the last read failed.
        error: Box<CallError>,
        /// Deployments that may be meant, from the lists that could be read.
        candidates: Candidates,
    },
    /// There is no deployment to go back to. Nothing was sent.
    NoTarget {
        /// Why there is none.
        why: NoTarget,
        /// Deployments that may be meant.
        candidates: Candidates,
    },
    /// The target is the beginning of several versions. Nothing was sent.
    Ambiguous {
        /// The newest deployment of each of these versions.
        matching: Vec<Deployment>,
    },
    /// An input is the beginning of a version, of too few characters to stand for it. Nothing was sent.
    TooShort {
        /// The input.
        input: &'static str,
        /// The newest deployment of each version that begins so.
        matching: Vec<Deployment>,
    },
    /// Another deployment is active than the one that was expected, or that was active when the plan was
    /// made. Nothing was sent, or nothing of which an effect was seen.
    Superseded {
        /// The deployment that is active now.
        now: Option<Box<Deployment>>,
        /// How the answer to an earlier request was lost, of which no effect was seen.
        lost: Option<String>,
    },
    /// `previous` was asked for, and the active deployment is itself a rollback. Nothing was sent.
    AlreadyRolledBack {
        /// The deployment that the active one undid, where that is known.
        undone: Option<Box<Deployment>>,
    },
    /// The last request failed, and no effect of any request was seen.
    NotDone {
        /// How the last request failed.
        error: Box<CallError>,
        /// How the answer to a request was lost that may have had an effect, of which none was seen.
        lost: Option<String>,
        /// After a 404, deployments that may be meant.
        candidates: Candidates,
    },
    /// A request was sent whose answer was lost, and the deployments do not show what came of it.
    Unknown {
        /// How the answer was lost.
        lost: String,
        /// How the last request failed.
        error: Box<CallError>,
        /// Why the deployments do not show what came of the request.
        cause: String,
    },
    /// The API made a deployment that is not active, or not the one that was asked for.
    NotActive,
    /// Rolled back, and tests failed.
    TestsFailed,
    /// Rolled back, and nobody knows whether the tests passed.
    TestsUnknown,
    /// A signal came.
    Cancelled {
        /// The signal.
        signal: Signal,
        /// How far the request for the rollback had come.
        delivery: Delivery,
    },
    /// A bug, before anything was sent.
    Internal(String),
}

/// Why there is no deployment to go back to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum NoTarget {
    /// No environment lists the deployment that was named.
    Nowhere,
    /// The environment that was named does not list the deployment or version that was named.
    NotThere,
    /// The environment has no active deployment, so that none was active before.
    NothingActive,
    /// The environment was on no other version before, or on none that nobody has rolled back from.
    NothingBefore,
    /// The environment has deployments that are newer than the active one, or does not list the active one.
    OutOfStep,
    /// The API does not say in which order the deployments were made.
    NoOrder,
    /// The deployment was deleted, or is a draft.
    Void,
    /// The API gives no version for the active deployment.
    NoVersion,
}

/// How far the request for a rollback has come: the states of a two-phase commit, seen by the side that
/// asks.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Delivery {
    /// No request has left.
    NotSent,
    /// A request has left, and nobody knows its effect.
    InDoubt,
    /// All requests that left are known to have had no effect.
    NoEffect,
    /// The rollback is done.
    Done,
}

/// Deployments to choose from, where the one that was asked for is not to be had.
#[derive(Debug, Default)]
pub struct Candidates {
    /// The newest deployments of each environment that may be meant.
    pub deployments: Vec<Deployment>,
    /// What is active in each environment, where that was read together with the lists, and is no old answer.
    pub active: Option<Vec<Deployment>>,
    /// Where the lists show the very thing that was asked for.
    pub elsewhere: Option<Elsewhere>,
}

/// The place of a target that is not where it was looked for.
#[derive(Clone, Copy, Debug)]
pub struct Elsewhere {
    /// The environment that has a deployment with that id or of that version.
    pub environment: Environment,
    /// Whether the target is the version, and not the id.
    pub is_version: bool,
}

impl Candidates {
    /// Chooses from what the lists show: the first few of `environment`, or of every environment where
    /// none is known, and of the one that has what was asked for.
    pub fn choose(
        listed: Vec<Deployment>,
        target: &TargetSpec,
        environment: Option<Environment>,
    ) -> Self {
        let elsewhere = match target {
            TargetSpec::Named(id) => Elsewhere::find(&listed, id.as_str()),
            TargetSpec::Previous => None,
        };
        let found_in = elsewhere.map(|found| found.environment);
        let mut deployments: Vec<Deployment> = Vec::new();
        for deployment in listed {
            let place = deployment.environment;
            let is_meant = environment.is_none() || place == environment || place == found_in;
            let taken = deployments.iter().filter(|other| other.environment == place).count();
            if is_meant && !deployment.is_void && taken < CANDIDATES {
                deployments.push(deployment);
            }
        }
        Self { deployments, active: None, elsewhere }
    }
}

impl Elsewhere {
    fn find(listed: &[Deployment], id: &str) -> Option<Self> {
        let by_id = listed.iter().filter(|listed| listed.id == id);
        let by_version = listed.iter().filter(|listed| listed.has_version(id));
        by_id.chain(by_version).find_map(|found| {
            Some(Self { environment: found.environment?, is_version: found.id != id })
        })
    }
}

impl Failure {
    /// How the run ends, which gives the exit code: `Outcome` has the table.
    pub fn outcome(&self) -> Outcome {
        match self {
            Self::InvalidInput(_) | Self::Ambiguous { .. } | Self::TooShort { .. } => {
                Outcome::InvalidInput
            }
            Self::NoTarget { .. } => Outcome::NotFound,
            Self::Superseded { .. } => Outcome::Superseded,
            Self::AlreadyRolledBack { .. } => Outcome::AlreadyRolledBack,
            Self::Unknown { .. } => Outcome::Unknown,
            Self::NotActive => Outcome::NotActive,
            Self::TestsFailed => Outcome::TestsFailed,
            Self::TestsUnknown => Outcome::TestsUnknown,
            Self::Cancelled { signal, .. } => signal.outcome(),
            Self::Internal(_) => Outcome::InternalError,
            Self::Unread { error, .. } => match error.status() {
                Some(401 | 403) => Outcome::Unauthorized,
                Some(404) => Outcome::NotFound,
                _ => Outcome::Unavailable,
            },
            Self::NotDone { error, .. } => match **error {
                CallError::Answered { status: 401 | 403, .. } => Outcome::Unauthorized,
                CallError::Answered { status: 404, .. } => Outcome::NotFound,
                CallError::Answered { .. } if error.retry_class() == RetryClass::Refused => {
                    Outcome::Refused
                }
                _ => Outcome::Unavailable,
            },
        }
    }

    /// The effect on production.
    pub fn effect(&self) -> Effect {
        match self {
            Self::Unknown { .. } | Self::Cancelled { delivery: Delivery::InDoubt, .. } => {
                Effect::Unknown
            }
            Self::NotActive => Effect::Accepted,
            Self::TestsFailed
            | Self::TestsUnknown
            | Self::Cancelled { delivery: Delivery::Done, .. } => Effect::Done,
            _ => Effect::Unchanged,
        }
    }

    /// The error of the call that the failure is about.
    pub fn call_error(&self) -> Option<&CallError> {
        match self {
            Self::Unread { error, .. }
            | Self::NotDone { error, .. }
            | Self::Unknown { error, .. } => Some(error),
            _ => None,
        }
    }

    /// Deployments to choose from, where the one that was asked for is not to be had.
    pub fn candidates(&self) -> &[Deployment] {
        match self {
            Self::Ambiguous { matching } | Self::TooShort { matching, .. } => matching,
            _ => self.choice().map_or(&[], |choice| &choice.deployments),
        }
    }

    /// What was seen to be active when the deployments to choose from were read.
    pub fn active(&self) -> Option<&[Deployment]> {
        self.choice()?.active.as_deref()
    }

    fn choice(&self) -> Option<&Candidates> {
        match self {
            Self::NoTarget { candidates, .. }
            | Self::Unread { candidates, .. }
            | Self::NotDone { candidates, .. } => Some(candidates),
            _ => None,
        }
    }
}
