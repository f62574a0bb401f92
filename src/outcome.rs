//! How a run can end: the one table of outcomes and exit codes.

use serde::{Serialize, Serializer};

/// The end of a run. Its name is the output `outcome`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Outcome {
    /// The API made the new deployment.
    RolledBack,
    /// A bug, or outputs that could not be written after the rollback.
    InternalError,
    /// Bad inputs, files or arguments; nothing was sent.
    InvalidInput,
    /// The API did not accept the key (401, 403).
    Unauthorized,
    /// The API does not know the deployment (404).
    NotFound,
    /// The API said no and will say no again (other 4xx, redirects, an error in a 200).
    Refused,
    /// The API could not be reached, was too busy to act (429, 503), or lost the request; nothing
    /// was rolled back.
    Unavailable,
    /// The answer was lost, and it could not be found out what became of the request.
    Unknown,
    /// SIGINT.
    Interrupted,
    /// SIGTERM.
    Terminated,
}

impl Outcome {
    /// All outcomes, in the order of their exit codes.
    pub const ALL: [Self; 10] = [
        Self::RolledBack,
        Self::InternalError,
        Self::InvalidInput,
        Self::Unauthorized,
        Self::NotFound,
        Self::Refused,
        Self::Unavailable,
        Self::Unknown,
        Self::Interrupted,
        Self::Terminated,
    ];

    const fn row(self) -> (u8, &'static str) {
        match self {
            Self::RolledBack => (0, "rolled-back"),
            Self::InternalError => (1, "internal-error"),
            Self::InvalidInput => (2, "invalid-input"),
            Self::Unauthorized => (3, "unauthorized"),
            Self::NotFound => (4, "not-found"),
            Self::Refused => (5, "refused"),
            Self::Unavailable => (6, "unavailable"),
            Self::Unknown => (7, "unknown"),
            Self::Interrupted => (130, "cancelled"),
            Self::Terminated => (143, "cancelled"),
        }
    }

    /// The exit code of the process.
    pub const fn exit_code(self) -> u8 {
        self.row().0
    }

    /// The name, as in the output `outcome`.
    pub const fn name(self) -> &'static str {
        self.row().1
    }
}

impl Serialize for Outcome {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(self.name())
    }
}

/// What a run did to production.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Effect {
    /// It was rolled back.
    Done,
    /// It is as it was.
    Unchanged,
    /// One of the two.
    Unknown,
}
