//! A run that has ended, and what its journal tells of it.

use crate::faults::Meaning;
use crate::journal::{Call, Post, Read, Subject};
use crate::run::Press;
use crate::scenarios::Scenario;
use crate::world::{Author, Made, Place, World};
use polyai_rollback::model::{Deployment, Effect, Outcome, RollbackRequest};
use tokio::time::Instant;

/// A run that has ended, with everything that a law judges it by. The world is as it is when everything
/// late has happened.
pub struct Ended<'a> {
    pub scenario: &'a Scenario,
    pub request: &'a RollbackRequest,
    pub world: &'a World,
    pub press: &'a Press,
}

/// A request, and its place among the calls.
#[derive(Clone, Copy)]
pub struct Sent<'a> {
    pub place: usize,
    pub post: &'a Post,
}

impl<'a> Ended<'a> {
    pub fn outcome(&self) -> Outcome {
        self.press.outcome()
    }

    pub fn effect(&self) -> Effect {
        match &self.press.result {
            Ok(Outcome::RolledBack) => Effect::Done,
            Ok(_) => Effect::Unchanged,
            Err(failure) => failure.effect(),
        }
    }

    /// When the run must have ended, but for its tests.
    pub fn deadline(&self) -> Instant {
        self.press.begun + self.scenario.timeout
    }

    pub fn calls(&self) -> &'a [Call] {
        &self.press.journal.calls
    }

    /// The requests for a rollback that left.
    pub fn sent(&self) -> Vec<Sent<'a>> {
        let posts = self.calls().iter().enumerate().filter_map(|(place, call)| match call {
            Call::Post(post) => Some(Sent { place, post }),
            Call::Read(_) => None,
        });
        posts.collect()
    }

    /// The reads among the calls from the first place on to before the second one.
    pub fn reads(&self, from: usize, to: usize) -> impl DoubleEndedIterator<Item = &'a Read> {
        self.calls()[from..to].iter().filter_map(|call| match call {
            Call::Read(read) => Some(read),
            Call::Post(_) => None,
        })
    }

    /// All reads.
    pub fn all_reads(&self) -> impl DoubleEndedIterator<Item = &'a Read> {
        self.reads(0, self.calls().len())
    }

    /// The last read of a subject before a call that came back and does not say that it is an old one.
    pub fn last_read(&self, subject: Subject, before: usize) -> Option<&'a Read> {
        self.reads(0, before).rev().find(|read| read.subject == subject && read.shown().is_some())
    }

    /// What was active by the last such read; none where there was no such read, or nothing was active.
    pub fn last_active(&self, before: usize) -> Option<Place> {
        self.last_read(Subject::Active, before)?.shown()?.first().copied()
    }

    /// What was active when the run was planned.
    pub fn planned_on(&self) -> Option<Place> {
        self.last_active(self.sent().first().map_or(self.calls().len(), |sent| sent.place))
    }

    pub fn made(&self, place: Place) -> &'a Made {
        &self.world.made[place]
    }

    /// The rollbacks that this run made.
    pub fn ours(&self) -> impl Iterator<Item = &'a Made> {
        self.world.made_by(self.press.number)
    }

    /// The request that made this deployment.
    pub fn cause_of(&self, made: &Made) -> Option<Sent<'a>> {
        match made.by {
            Author::Run { press, post } if press == self.press.number => {
                self.sent().get(post).copied()
            }
            _ => None,
        }
    }

    /// The version that a request is for.
    pub fn version_for(&self, post: &Post) -> Option<&'a str> {
        self.world.find(&post.target)?.version()
    }

    /// The deployment that the record names as the new one.
    pub fn named(&self) -> Option<&'a Deployment> {
        self.press.record.rollback.as_ref().map(|rollback| &rollback.deployment)
    }

    /// The same as the world knows it.
    pub fn named_made(&self) -> Option<&'a Made> {
        self.world.find(&self.named()?.id)
    }

    /// The last request, if its answer says that the rollback was done.
    pub fn told_done(&self) -> Option<Sent<'a>> {
        self.sent().last().copied().filter(|sent| sent.post.means(Meaning::Done))
    }

    /// The version that the run is for: that of its requests, if it sent any.
    pub fn wanted(&self) -> Option<&'a str> {
        self.version_for(self.sent().first()?.post)
    }
}
