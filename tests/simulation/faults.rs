//! What can go wrong with a request, and what can come between two of them.
//!
//! A fault of a request for a rollback has two sides that do not depend on each other: what the API does,
//! and what comes back. What an answer means is said here once more, from RFC 9110 and RFC 6585 and not from
//! the program, which must come to the same conclusion.

use crate::choices::Table;

/// What the API does with a request for a rollback.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Effect {
    Now,
    /// At once, but with another version than was asked for.
    Wrong,
    Never,
    /// So many milliseconds after the request came in, whether or not the client still waits.
    After(u64),
}

/// What comes back of a request for a rollback.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Reply {
    /// The new deployment.
    Made,
    /// The new deployment, after so many seconds.
    Slow(u64),
    /// A 502, after so many seconds.
    Late(u64),
    /// No request left.
    NotSent,
    /// The connection is cut.
    Cut,
    /// Nothing, until the client gives up.
    Silence,
    /// A 200 that cannot be read.
    Garbage,
    /// A 200 with a deployment and `"success": false`.
    Contradiction,
    /// A 202 without a deployment.
    Accepted,
    /// A status without a body.
    Status(u16),
    /// 429, with a wish in seconds.
    Busy(u64),
    /// A 200 with the code of an error, and no deployment.
    ErrorIn200,
    /// A 409 with the code of a version that is there already, and a 200 with such a code.
    AlreadyPublished,
    AlreadyPublishedIn200,
}

/// What an answer says of the request.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Meaning {
    /// The API has made the deployment.
    Done,
    /// The API has not acted, and will not.
    Refused,
    /// The same, as there is no such target.
    NotFound,
    /// Nothing left the client.
    NotSent,
    /// The API has not processed the request, and wants to be asked later.
    TurnedAway,
    /// The API may have acted.
    InDoubt,
    /// The API may have acted, and may still act.
    StillGoing,
}

impl Reply {
    pub fn meaning(self) -> Meaning {
        match self {
            Self::Made | Self::Slow(_) => Meaning::Done,
            Self::NotSent => Meaning::NotSent,
            Self::Busy(_) => Meaning::TurnedAway,
            Self::Status(404) => Meaning::NotFound,
            Self::Silence | Self::Accepted | Self::Status(408 | 504) => Meaning::StillGoing,
            Self::Late(_)
            | Self::Cut
            | Self::Garbage
            | Self::Contradiction
            | Self::Status(500..) => Meaning::InDoubt,
            Self::Status(_)
            | Self::ErrorIn200
            | Self::AlreadyPublished
            | Self::AlreadyPublishedIn200 => Meaning::Refused,
        }
    }
}

/// The faults of a request for a rollback.
pub static POSTS: Table<(Effect, Reply)> = Table {
    common: &[
        (Effect::Now, Reply::Made),
        (Effect::Now, Reply::Slow(30)),
        (Effect::Now, Reply::Cut),
        (Effect::Now, Reply::Status(503)),
        (Effect::Now, Reply::Contradiction),
        (Effect::Now, Reply::Accepted),
        (Effect::Now, Reply::Silence),
        (Effect::Wrong, Reply::Made),
        (Effect::After(600), Reply::Cut),
        (Effect::After(3_450), Reply::Status(500)),
        (Effect::After(7_900), Reply::Status(503)),
        (Effect::After(8_500), Reply::Cut),
        (Effect::After(9_000), Reply::Status(504)),
        (Effect::After(60_000), Reply::Silence),
        (Effect::Never, Reply::NotSent),
        (Effect::Never, Reply::Cut),
        (Effect::Never, Reply::Late(7)),
        (Effect::Never, Reply::Silence),
        (Effect::Never, Reply::Busy(7)),
        (Effect::Never, Reply::Status(400)),
        (Effect::Never, Reply::AlreadyPublished),
    ],
    rare: &[
        (Effect::Now, Reply::Late(7)),
        (Effect::Now, Reply::Slow(8)),
        (Effect::Now, Reply::Slow(45)),
        (Effect::Now, Reply::Garbage),
        (Effect::Now, Reply::Status(408)),
        (Effect::Now, Reply::Status(500)),
        (Effect::Now, Reply::Status(501)),
        (Effect::Now, Reply::Status(502)),
        (Effect::Now, Reply::Status(504)),
        (Effect::Now, Reply::Status(520)),
        (Effect::After(600), Reply::Status(408)),
        (Effect::After(2_000), Reply::Status(503)),
        (Effect::After(2_000), Reply::Garbage),
        (Effect::After(3_450), Reply::Accepted),
        (Effect::After(7_900), Reply::Cut),
        (Effect::After(8_500), Reply::Status(502)),
        (Effect::After(9_000), Reply::Silence),
        (Effect::After(9_000), Reply::Cut),
        (Effect::After(60_000), Reply::Status(504)),
        (Effect::After(60_000), Reply::Accepted),
        (Effect::After(60_000), Reply::Status(500)),
        (Effect::Never, Reply::Garbage),
        (Effect::Never, Reply::Contradiction),
        (Effect::Never, Reply::Accepted),
        (Effect::Never, Reply::Status(408)),
        (Effect::Never, Reply::Status(500)),
        (Effect::Never, Reply::Status(501)),
        (Effect::Never, Reply::Status(503)),
        (Effect::Never, Reply::Status(504)),
        (Effect::Never, Reply::Busy(0)),
        (Effect::Never, Reply::Busy(120)),
        (Effect::Never, Reply::Status(302)),
        (Effect::Never, Reply::Status(401)),
        (Effect::Never, Reply::Status(403)),
        (Effect::Never, Reply::Status(404)),
        (Effect::Never, Reply::Status(409)),
        (Effect::Never, Reply::ErrorIn200),
    ],
};

/// What can happen to a request that reads.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ReadFault {
    None,
    NotSent,
    Cut,
    Silence,
    Garbage,
    TooLarge,
    Status(u16),
    /// 429, with a wish in seconds.
    Busy(u64),
    /// A cache answers, with what was so when the world began, and says so (`Age`). The date is an old one, too.
    Aged,
    /// A cache answers, and says so, with what is so, and an old date.
    AgedAndRight,
    /// A replica that lags answers, with what was so when the world began, and does not say so.
    Replica,
    /// The answer bears no date.
    NoDate,
}

impl ReadFault {
    /// Whether the same read may go well a moment later.
    pub fn is_transient(self) -> bool {
        !matches!(self, Self::None | Self::Replica | Self::Status(..500))
    }
}

/// The faults of a request that reads.
pub static READS: Table<ReadFault> = Table {
    common: &[
        ReadFault::None,
        ReadFault::Cut,
        ReadFault::Silence,
        ReadFault::Status(403),
        ReadFault::TooLarge,
        ReadFault::Aged,
        ReadFault::Replica,
    ],
    rare: &[
        ReadFault::NotSent,
        ReadFault::Garbage,
        ReadFault::Status(302),
        ReadFault::Status(404),
        ReadFault::Status(500),
        ReadFault::Status(503),
        ReadFault::Busy(3),
        ReadFault::AgedAndRight,
        ReadFault::NoDate,
    ],
};

/// What can come between two requests.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Meanwhile {
    Nothing,
    /// Somebody publishes a new version.
    Publishes,
    /// Somebody rolls back to the version that the run is for.
    RollsBack,
    /// The run is cancelled.
    Signal,
    /// The run is cancelled so many milliseconds later.
    SignalIn(u64),
    /// Somebody promotes the version that the run is for.
    Promotes,
    /// Somebody rolls back to the oldest version.
    RollsFarBack,
}

/// What comes between two requests of a run.
pub static MEANWHILE: Table<Meanwhile> = Table {
    common: &[Meanwhile::Nothing, Meanwhile::Publishes, Meanwhile::RollsBack, Meanwhile::Signal],
    rare: &[
        Meanwhile::SignalIn(20),
        Meanwhile::SignalIn(150),
        Meanwhile::SignalIn(700),
        Meanwhile::Promotes,
        Meanwhile::RollsFarBack,
    ],
};

/// What comes between two runs.
pub static BETWEEN_RUNS: Table<Meanwhile> = Table {
    common: &[Meanwhile::Nothing, Meanwhile::Publishes, Meanwhile::RollsBack],
    rare: &[Meanwhile::Promotes, Meanwhile::RollsFarBack],
};

/// How a test run is told: its status, how many of its cases failed, and how many there are.
pub type TestRunAsTold = (&'static str, u64, u64);

/// The status of a test run that stays so.
pub const NEVER_OVER: &str = "in_progress";

/// How a test run can turn out.
pub static TEST_RUNS: Table<TestRunAsTold> = Table {
    common: &[("completed", 0, 3), ("running", 0, 3), (NEVER_OVER, 0, 3), ("completed", 1, 3)],
    rare: &[("failed", 0, 3), ("completed", 0, 0)],
};
