//! Everything that can go wrong, as data. `explanation` has the words.

use crate::agents_api::http::Stage;
use crate::model::call_error::{Fault, Meaning};
use crate::model::outcome::{Effect, Outcome};
use crate::process::signals::Signal;
use anyhow::Error;

/// Why a run does not end well.
#[derive(Debug)]
pub enum Failure {
    /// Inputs or files are bad, one line each.
    InvalidInput(Vec<String>),
    /// What had to be known first could not be read, and nothing was sent.
    Unread(Fault),
    /// There is no deployment to go back to, and nothing was sent.
    NoTarget(NoTarget),
    /// What was asked for is the beginning of several versions, and nothing was sent.
    Ambiguous,
    /// Something else is active than was expected, and nothing was sent.
    Superseded,
    /// The last try failed, and no try had an effect. Where the fault alone does not say so, the
    /// deployments were looked at.
    NotDone(Fault),
    /// A request was sent, the answer was lost, and the deployments do not show what came of it.
    Unknown {
        /// How the answer was lost.
        lost: String,
        /// The last answer, or why there is none.
        fault: Fault,
        /// Why the deployments do not show it.
        cause: Error,
    },
    /// The API made a deployment, and it is not the active one, or not the one that was asked for.
    NotActive,
    /// It was done, and tests failed.
    TestsFailed,
    /// It was done, and it is not known whether the tests passed.
    TestsUnknown,
    /// A signal came first.
    Cancelled {
        /// Which one.
        signal: Signal,
        /// When.
        stage: Stage,
    },
    /// A bug, before anything was sent.
    Internal(Error),
}

/// Why there is no deployment to go back to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum NoTarget {
    /// The one that was named is in no environment.
    Nowhere,
    /// The one that was named is not in the environment that was named.
    NotThere,
    /// The environment was on nothing else before that nobody has rolled back from.
    NothingBefore,
    /// The environment has newer deployments than the active one.
    OutOfStep,
}

impl Failure {
    /// How the run ends.
    pub fn outcome(&self) -> Outcome {
        match self {
            Self::InvalidInput(_) | Self::Ambiguous => Outcome::InvalidInput,
            Self::NoTarget(_) => Outcome::NotFound,
            Self::Superseded => Outcome::Superseded,
            Self::Unknown { .. } => Outcome::Unknown,
            Self::NotActive => Outcome::NotActive,
            Self::TestsFailed => Outcome::TestsFailed,
            Self::TestsUnknown => Outcome::TestsUnknown,
            Self::Cancelled { signal, .. } => signal.outcome(),
            Self::Internal(_) => Outcome::InternalError,
            Self::NotDone(fault) | Self::Unread(fault) => match fault {
                Fault::Answered { status: 401 | 403, .. } => Outcome::Unauthorized,
                Fault::Answered { status: 404, .. } => Outcome::NotFound,
                Fault::Answered { .. } if matches!(self, Self::Unread(_)) => Outcome::Unavailable,
                Fault::Answered { .. } if fault.meaning() == Meaning::Never => Outcome::Refused,
                _ => Outcome::Unavailable,
            },
        }
    }

    /// What became of production.
    pub fn effect(&self) -> Effect {
        match self {
            Self::Unknown { .. } | Self::Cancelled { stage: Stage::Sent, .. } => Effect::Unknown,
            Self::NotActive => Effect::Accepted,
            Self::TestsFailed | Self::TestsUnknown | Self::Cancelled { stage: Stage::Done, .. } => {
                Effect::Done
            }
            _ => Effect::Unchanged,
        }
    }

    /// The fault of the request that it is about.
    pub fn fault(&self) -> Option<&Fault> {
        match self {
            Self::NotDone(fault) | Self::Unread(fault) | Self::Unknown { fault, .. } => Some(fault),
            _ => None,
        }
    }
}
