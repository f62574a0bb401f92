//! How a run can end: the one table of outcomes and exit codes, and what became of production.

/// The end of a run. The name of the outcome is the output `outcome`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Outcome {
    /// The API made the new deployment.
    RolledBack,
    /// The environment was on that version already; nothing was sent, or the API refused it for this reason.
    Unchanged,
    /// A dry run: nothing was sent.
    Previewed,
    /// A bug, or outputs that could not be written.
    InternalError,
    /// Bad inputs, files or arguments; nothing was sent.
    InvalidInput,
    /// The API did not accept the key (401, 403).
    Unauthorized,
    /// There is no such deployment (404), not in that environment, or nothing to go back to.
    NotFound,
    /// The API said no and will say no again (other 4xx, redirects, an error in a 200).
    Refused,
    /// Another deployment is active than was expected; no request had an effect.
    Superseded,
    /// `previous` was asked for, and the active deployment is itself a rollback; nothing was sent.
    AlreadyRolledBack,
    /// The API could not be reached, was too busy to act (429), or lost the request, of which no effect
    /// was seen.
    Unavailable,
    /// A request was sent that may have had an effect, or may still have one.
    Unknown,
    /// Rolled back, and tests failed.
    TestsFailed,
    /// Rolled back, and nobody knows whether the tests passed.
    TestsUnknown,
    /// The API made the deployment, and another one is active.
    NotActive,
    /// SIGINT.
    Interrupted,
    /// SIGTERM.
    Terminated,
}

impl Outcome {
    /// All outcomes, in the order of their exit codes.
    pub const ALL: [Self; 17] = [
        Self::RolledBack,
        Self::Unchanged,
        Self::Previewed,
        Self::InternalError,
        Self::InvalidInput,
        Self::Unauthorized,
        Self::NotFound,
        Self::Refused,
        Self::Superseded,
        Self::AlreadyRolledBack,
        Self::Unavailable,
        Self::Unknown,
        Self::TestsFailed,
        Self::TestsUnknown,
        Self::NotActive,
        Self::Interrupted,
        Self::Terminated,
    ];

    const fn row(self) -> (u8, &'static str) {
        match self {
            Self::RolledBack => (0, "rolled-back"),
            Self::Unchanged => (0, "unchanged"),
            Self::Previewed => (0, "previewed"),
            Self::InternalError => (1, "internal-error"),
            Self::InvalidInput => (2, "invalid-input"),
            Self::Unauthorized => (3, "unauthorized"),
            Self::NotFound => (4, "not-found"),
            Self::Refused => (5, "refused"),
            Self::Superseded => (5, "superseded"),
            Self::AlreadyRolledBack => (5, "already-rolled-back"),
            Self::Unavailable => (6, "unavailable"),
            Self::Unknown => (7, "unknown"),
            Self::TestsFailed => (8, "tests-failed"),
            Self::TestsUnknown => (8, "tests-unknown"),
            Self::NotActive => (9, "not-active"),
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

/// A signal that cancels a run.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Signal {
    /// SIGINT: the first one that GitHub sends, and the Ctrl-C of a person.
    Interrupt,
    /// SIGTERM: the one that everybody else sends.
    Terminate,
}

impl Signal {
    /// The name in POSIX.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Interrupt => "SIGINT",
            Self::Terminate => "SIGTERM",
        }
    }

    /// How a run ends that this signal cancels.
    pub const fn outcome(self) -> Outcome {
        match self {
            Self::Interrupt => Outcome::Interrupted,
            Self::Terminate => Outcome::Terminated,
        }
    }
}

/// The effect of a run on production.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Effect {
    /// Production was rolled back.
    Done,
    /// The API accepted the rollback, and another deployment is active.
    Accepted,
    /// Production is as it was.
    Unchanged,
    /// Production was rolled back or is as it was, and nobody knows which.
    Unknown,
}
