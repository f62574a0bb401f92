//! The request for the rollback, which has an effect at most once.
//!
//! A request is sent again only if all requests before it never left, if the API said that it did not
//! process them, or if three looks at the deployments showed no effect. The last leaves the limit that
//! SECURITY.md names: an API that acts later than that.
//! Whatever was decided by what was active is looked at again before the next request.

use crate::agents_api::AgentsApi;
use crate::model::{CallError, Candidates, Failure, Plan, RetryClass, Rollback};
use crate::rollback::{
    engine::Engine,
    reconcile::{RECONCILE_TIME, Reconciliation},
};
use std::time::Duration;

impl<A: AgentsApi> Engine<'_, '_, A> {
    /// Sends the request, and sends it again where that is safe and may help.
    pub(super) async fn send(
        &mut self,
        plan: &mut Plan,
        reconciliation: &mut Reconciliation,
    ) -> Result<Rollback, Failure> {
        let mut tries = 0;
        // How the answer of the last request was lost that may have had an effect.
        let mut lost: Option<String> = None;
        loop {
            let limit = self.deadline.for_request();
            let error = match self.api.roll_back(&reconciliation.target_id, limit).await {
                Ok(rollback) => return Ok(rollback),
                Err(error) => error,
            };
            tries += 1;
            let class = error.retry_class();
            if matches!(class, RetryClass::InDoubt | RetryClass::StillGoing) {
                lost = Some(error.to_string());
            }
            if lost.is_none() {
                self.api.settle();
            }
            let has_waited = matches!(class, RetryClass::NotSent | RetryClass::TurnedAway)
                && self.back_off(tries, &error).await;
            // The lost request may take effect only now, and a refusal of this one may be its consequence:
            // the deployments are looked at before the refusal is believed.
            if let Some(lost) = &lost {
                match self.find_effect(reconciliation, lost).await {
                    Ok(Some(rollback)) => return Ok(rollback),
                    // A run that is cancelled from here on is still in doubt: an API that acts late
                    // may act now.
                    Ok(None) => {}
                    Err(cause) => {
                        let (lost, error) = (lost.clone(), Box::new(error));
                        return Err(Failure::Unknown { lost, error, cause });
                    }
                }
            }
            // A request that may be lost needs time for the looks after it.
            let has_time = lost.is_none() || self.deadline.leaves(RECONCILE_TIME);
            let is_repeated = match class {
                RetryClass::Refused => false,
                RetryClass::NotSent | RetryClass::TurnedAway => has_waited && has_time,
                // The looks have taken three seconds, so that no further wait is needed.
                RetryClass::InDoubt | RetryClass::StillGoing => {
                    has_time && self.wait_for_next_try(tries, Duration::ZERO, &error).await
                }
            };
            if !is_repeated {
                return Err(not_done(error));
            }
            match self.still_holds(plan).await {
                Ok(true) => {}
                Ok(false) => return self.superseded(reconciliation, lost, error).await,
                Err(_) => return Err(not_done(error)),
            }
        }
    }

    /// Another deployment is active than before. A lost request that took effect after all looks may have
    /// made it.
    async fn superseded(
        &mut self,
        reconciliation: &mut Reconciliation,
        lost: Option<String>,
        error: CallError,
    ) -> Result<Rollback, Failure> {
        let Some(lost) = lost else { return Err(Failure::Superseded { now: None }) };
        match self.find_effect(reconciliation, &lost).await {
            Ok(found) => found.ok_or(Failure::Superseded { now: None }),
            Err(cause) => Err(Failure::Unknown { lost, error: Box::new(error), cause }),
        }
    }
}

/// The failure of a last request. Deployments to choose from are looked up by whoever tells a 404.
fn not_done(error: CallError) -> Failure {
    Failure::NotDone { error, candidates: Candidates::default() }
}
