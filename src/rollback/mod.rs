//! The decisions: a rollback that is done at most once, and that is known to have been done.
//!
//! [`perform`] plans (`plan`, `history`), sends (`send`), finds out what came of a request whose answer
//! was lost (`reconcile`, `evidence`), and looks whether the new deployment is active (`verify`).
//! [`await_tests`] waits for the test runs. All of it is written against [`AgentsApi`] and tokio's
//! clock, with randomness and cancellation handed in, so that `tests/simulation` runs these very
//! functions in a simulated world.

pub mod backoff;
pub mod deadline;
pub mod engine;
pub mod evidence;
pub mod history;
pub mod looks;
mod plan;
mod reconcile;
mod send;
mod verify;
mod wait_for_tests;

use crate::agents_api::AgentsApi;
use crate::model::{
    Candidates, Delivery, Deployment, Failure, Outcome, Record, Rollback, Signal, TestRuns,
    TestsOutcome, Verification,
};
use engine::Engine;
use humantime::format_duration;
use plan::{Next, There};
use reconcile::Reconciliation;
use std::pin::pin;

/// Rolls back, unless `cancelled` comes first. Whatever the API does, this ends within the deadline. How
/// far the rollback came is in `record`, also after a failure.
pub async fn perform<A: AgentsApi>(
    engine: &Engine<'_, '_, A>,
    record: &mut Record,
    cancelled: impl Future<Output = Signal>,
) -> Result<Outcome, Failure> {
    let mut cancelled = pin!(cancelled);
    let result = tokio::select! {
        biased;
        result = engine.roll_back(record) => result,
        signal = &mut cancelled => {
            let delivery = match record.rollback {
                Some(_) => Delivery::Done,
                None => engine.api.delivery(),
            };
            Err(Failure::Cancelled { signal, delivery })
        }
    };
    match result {
        // The answer stands. Only what there is to choose from instead is worth no wait after a signal.
        Err(Failure::NotDone { error, lost, .. }) if error.status() == Some(404) => {
            let candidates = tokio::select! {
                biased;
                candidates = engine.candidates_and_active(record.plan.environment) => candidates,
                _ = cancelled => Candidates::default(),
            };
            Err(Failure::NotDone { error, lost, candidates })
        }
        result => result,
    }
}

impl<A: AgentsApi> Engine<'_, '_, A> {
    async fn roll_back(&self, record: &mut Record) -> Result<Outcome, Failure> {
        let target = match self.plan(&mut record.plan).await? {
            Next::Send(target) => target,
            Next::End(outcome) => return Ok(outcome),
        };
        let mut search = Reconciliation::new(target, &record.plan);
        let sent = self.send(&mut record.plan, &mut search).await;
        record.plan.target = record.plan.target.take().or(search.target);
        match sent {
            Ok(Some(rollback)) => self.conclude(record, rollback, search.active).await,
            Ok(None) => Ok(Outcome::Unchanged),
            Err(Failure::NotDone { error, lost, candidates }) if error.is_already_published() => {
                let plan = &mut record.plan;
                match (self.look_whether_there(plan).await, lost) {
                    (There::Target(there), lost) if lost.is_none() || plan.knows(&there) => {
                        plan.current = Some(*there);
                        Ok(Outcome::Unchanged)
                    }
                    // The lost request has put it there.
                    (There::Target(there), Some(lost)) if plan.known_ids.is_some() => {
                        let rollback = Rollback::established(*there, &lost);
                        self.conclude(record, rollback, None).await
                    }
                    // The lost request may have put it there.
                    (_, Some(lost)) => {
                        let cause = "the API says that the version is active already".to_owned();
                        Err(Failure::Unknown { lost, error, cause })
                    }
                    // With a bare id, nothing speaks against the API's word.
                    (There::Unseen, None) if plan.known_ids.is_none() => Ok(Outcome::Unchanged),
                    (There::Another(there), None) => {
                        plan.current = Some(*there);
                        Err(Failure::NotDone { error, lost: None, candidates })
                    }
                    (_, None) => Err(Failure::NotDone { error, lost: None, candidates }),
                }
            }
            Err(failure) => Err(failure),
        }
    }

    /// Judges a rollback that the API says was done, or the lists show. `active` is what was seen to be
    /// active last, since the request.
    async fn conclude(
        &self,
        record: &mut Record,
        rollback: Rollback,
        active: Option<Vec<Deployment>>,
    ) -> Result<Outcome, Failure> {
        let made = &record.rollback.insert(rollback).deployment;
        if !record.plan.is_met_by(made) {
            return Err(Failure::NotActive);
        }
        if self.request.is_verified {
            let seen = self.verify(made, record.plan.environment, active).await;
            if let Verification::OtherActive(_) = record.verification.insert(seen) {
                return Err(Failure::NotActive);
            }
        }
        Ok(Outcome::RolledBack)
    }
}

/// Waits for the test runs of a rollback that was done, unless `cancelled` comes first. The tests decide
/// how the run ends: whatever is not known to have passed is a failure.
pub async fn await_tests<A: AgentsApi>(
    engine: &Engine<'_, '_, A>,
    tests: &mut TestRuns,
    cancelled: impl Future<Output = Signal>,
) -> Result<Outcome, Failure> {
    if !tests.runs.is_empty() {
        let (count, most) = (tests.runs.len(), engine.request.limits.tests_timeout);
        let most = format_duration(most);
        engine.log.borrow_mut().begin(&format!("waiting for {count} test runs, at most {most}"));
        let signal = tokio::select! {
            biased;
            () = engine.wait_for_tests(tests) => None,
            signal = cancelled => Some(signal),
        };
        engine.log.borrow_mut().end();
        if let Some(signal) = signal {
            return Err(Failure::Cancelled { signal, delivery: Delivery::Done });
        }
    }
    match tests.outcome() {
        TestsOutcome::Passed | TestsOutcome::None => Ok(Outcome::RolledBack),
        TestsOutcome::Failed => Err(Failure::TestsFailed),
        TestsOutcome::Unknown | TestsOutcome::NotAwaited => Err(Failure::TestsUnknown),
    }
}
