//! What a run did, in the order in which its calls came to an end: the material that the laws judge.

use crate::faults::{Meaning, ReadFault};
use crate::world::Place;
use std::collections::BTreeMap;
use std::time::Duration;
use tokio::time::Instant;

/// The calls of a run, and what came between.
#[derive(Default)]
pub struct Journal {
    pub calls: Vec<Call>,
    pub wishes: Vec<Wish>,
    /// When a signal reached the run.
    pub signalled: Option<Instant>,
    /// The test runs by their ids.
    pub tests: BTreeMap<String, Test>,
}

/// A call.
pub enum Call {
    Read(Read),
    Post(Post),
}

/// What a read is of.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Subject {
    /// What is active.
    Active,
    /// Live's list.
    Live,
    /// The lists of the other environments.
    PreRelease,
    Sandbox,
}

/// A read.
pub struct Read {
    pub subject: Subject,
    /// When the answer was true, which is a moment before it came.
    pub at: Instant,
    /// How many deployments were asked for.
    pub count: usize,
    pub came: Came,
    /// Whether the answer is an old one, whatever it says.
    pub is_old: bool,
    /// Whether the same read may go well a moment later, if this one did not.
    pub may_pass: bool,
}

/// What came of a read.
pub enum Came {
    /// These deployments of live, and the answer does not say that it is an old one.
    Fresh(Vec<Place>),
    /// An answer that says that it is an old one.
    Aged,
    /// An answer that is larger than what is read.
    TooLarge,
    /// No good answer.
    Failed,
}

impl Read {
    /// The deployments, where the answer does not say that it is an old one.
    pub fn shown(&self) -> Option<&[Place]> {
        match &self.came {
            Came::Fresh(shown) => Some(shown),
            Came::Aged | Came::TooLarge | Came::Failed => None,
        }
    }
}

/// A request for a rollback that left.
pub struct Post {
    pub at: Instant,
    /// The deployment that it wants to go back to.
    pub target: String,
    /// The answer; none while the request is on its way.
    pub answer: Option<PostAnswer>,
}

/// What came back of a request for a rollback.
#[derive(Clone, Copy, Debug)]
pub struct PostAnswer {
    pub at: Instant,
    pub meaning: Meaning,
}

impl Post {
    /// Whether the API may have acted, or may act.
    pub fn is_doubtful(&self) -> bool {
        self.answer
            .is_none_or(|answer| matches!(answer.meaning, Meaning::InDoubt | Meaning::StillGoing))
    }

    pub fn means(&self, meaning: Meaning) -> bool {
        self.answer.is_some_and(|answer| answer.meaning == meaning)
    }
}

/// A wish of the API to be left alone.
pub struct Wish {
    pub at: Instant,
    pub wait: Duration,
}

/// How a test run ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum TestEnd {
    Passed,
    Failed,
    /// It had no cases.
    Unclear,
}

/// A test run.
#[derive(Default)]
pub struct Test {
    /// How it ended, once that was told.
    pub ended: Option<TestEnd>,
    /// Whether it never ends.
    pub is_stuck: bool,
    /// How often in a row it was refused, and how often in a row it could not be read.
    refusals: u32,
    garbled: u32,
    /// Whether there was a reason to ask no more: three refusals in a row, three answers in a row that could
    /// not be read, or one that was too large.
    pub may_be_given_up: bool,
}

impl Test {
    pub fn note(&mut self, fault: ReadFault) {
        match fault {
            ReadFault::Status(401 | 403) => self.refusals += 1,
            ReadFault::Garbage => self.garbled += 1,
            _ => (self.refusals, self.garbled) = (0, 0),
        }
        self.may_be_given_up |=
            self.refusals >= 3 || self.garbled >= 3 || fault == ReadFault::TooLarge;
    }
}
