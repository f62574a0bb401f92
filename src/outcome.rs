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
    /// The API could not be reached or was too busy to act (429, 503).
    Unavailable,
    /// The request went out and the answer does not tell what became of it.
    Unknown,
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

impl Outcome {
    /// All outcomes, in the order of their exit codes.
    pub const ALL: [Self; 8] = [
        Self::RolledBack,
        Self::InternalError,
        Self::InvalidInput,
        Self::Unauthorized,
        Self::NotFound,
        Self::Refused,
        Self::Unavailable,
        Self::Unknown,
    ];

    const fn row(self) -> (u8, &'static str, Effect) {
        match self {
            Self::RolledBack => (0, "rolled-back", Effect::Done),
            Self::InternalError => (1, "internal-error", Effect::Unchanged),
            Self::InvalidInput => (2, "invalid-input", Effect::Unchanged),
            Self::Unauthorized => (3, "unauthorized", Effect::Unchanged),
            Self::NotFound => (4, "not-found", Effect::Unchanged),
            Self::Refused => (5, "refused", Effect::Unchanged),
            Self::Unavailable => (6, "unavailable", Effect::Unchanged),
            Self::Unknown => (7, "unknown", Effect::Unknown),
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

    /// What was done to production. An internal error is one from before anything was sent; that
    /// outputs could not be written after a rollback is told apart where it happens.
    pub const fn effect(self) -> Effect {
        self.row().2
    }

    /// What became of production, in a few words.
    pub fn headline(self) -> String {
        match self.effect() {
            Effect::Done => "Rolled back".to_owned(),
            Effect::Unchanged => format!("Not rolled back ({})", self.name()),
            Effect::Unknown => format!("Perhaps rolled back ({})", self.name()),
        }
    }
}

impl Serialize for Outcome {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(self.name())
    }
}
