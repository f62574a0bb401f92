//! The request for the rollback, which has an effect at most once.
//!
//! A request is sent again only where all requests before it never left, were turned away, or were looked
//! for in vain for eight seconds. A request that the API may still be at work on is never sent again. What
//! was active when the plan was made is looked at again before every further request: if it has changed,
//! the plan holds no more, and nothing is sent.

use crate::agents_api::AgentsApi;
use crate::model::{
    CallError, Candidates, Deployment, Environment, Failure, Plan, RetryClass, Rollback,
};
use crate::rollback::{
    engine::{Engine, Tries},
    evidence::Evidence,
    history::History,
    looks::Looks,
    reconcile::{Reconciliation, unread},
};

/// The answer that was lost last, to a request that may have had an effect.
struct Doubt {
    /// How the answer was lost.
    lost: String,
    /// Whether the API may still be at work on the request.
    is_going_on: bool,
}

/// What the look before a further request shows.
enum Again {
    /// Everything is as before.
    Send,
    /// The lost request was done after all.
    Found(Box<Rollback>),
    /// Somebody else has put the target's version there.
    Unneeded,
}

impl<A: AgentsApi> Engine<'_, '_, A> {
    /// Sends the request, and sends it again where that is safe and may help. None where nothing is left to
    /// do: somebody else has put the target's version there meanwhile.
    pub(super) async fn send(
        &self,
        plan: &mut Plan,
        search: &mut Reconciliation,
    ) -> Result<Option<Rollback>, Failure> {
        let mut tried = 0;
        let mut doubt: Option<Doubt> = None;
        loop {
            // What was active before this request says nothing about its effect.
            (search.active, search.last) = (None, None);
            let limit = self.deadline.for_rollback();
            let error = match self.api.roll_back(&search.target_id, limit).await {
                Ok(rollback) => return Ok(Some(rollback)),
                Err(error) => error,
            };
            tried += 1;
            let class = error.retry_class();
            if matches!(class, RetryClass::InDoubt | RetryClass::StillGoing) {
                let is_going_on = class == RetryClass::StillGoing;
                doubt = Some(Doubt { lost: error.to_string(), is_going_on });
            }
            match &doubt {
                None => self.api.settle(),
                // The lost request may take effect only now, and a refusal of this one may be its
                // consequence: the deployments are looked at before the refusal is believed.
                Some(doubt) => {
                    if let Some(rollback) = self.look_for(doubt, search, &error).await? {
                        return Ok(Some(rollback));
                    }
                }
            }
            let most =
                self.deadline.for_wait_to_roll_back().filter(|_| class != RetryClass::Refused);
            if !self.has_waited("to roll back", tried, &error, most).await {
                return Err(not_done(&error, doubt.as_ref()));
            }
            match self.look_again(plan, search, doubt.as_ref(), &error).await? {
                Again::Send => {}
                Again::Found(rollback) => return Ok(Some(*rollback)),
                Again::Unneeded => return Ok(None),
            }
            if self.deadline.for_wait_to_roll_back().is_none() {
                return Err(not_done(&error, doubt.as_ref()));
            }
        }
    }

    /// Looks for the effect of the request whose answer was lost. None where no effect was seen, and none
    /// can be expected any more.
    async fn look_for(
        &self,
        doubt: &Doubt,
        search: &mut Reconciliation,
        error: &CallError,
    ) -> Result<Option<Rollback>, Failure> {
        let Doubt { lost, is_going_on } = doubt;
        let looks = if *is_going_on { Looks::until_the_end() } else { Looks::ladder() };
        match self.find_effect(search, lost, looks).await {
            Ok(None) if *is_going_on => {
                let cause = "no effect was seen, but the API may still be at work on it";
                Err(unknown(doubt, error, cause.to_owned()))
            }
            Ok(found) => Ok(found),
            Err(cause) => Err(unknown(doubt, error, cause)),
        }
    }

    /// Looks once more before the next request.
    async fn look_again(
        &self,
        plan: &mut Plan,
        search: &mut Reconciliation,
        doubt: Option<&Doubt>,
        error: &CallError,
    ) -> Result<Again, Failure> {
        if let Some(doubt) = doubt {
            match self.look(search, Tries::Several).await {
                Ok(Evidence::Found(made)) => {
                    return Ok(Again::Found(Rollback::established(made, &doubt.lost).into()));
                }
                Ok(Evidence::Absent) => {}
                Ok(Evidence::Inconclusive(cause)) => return Err(unknown(doubt, error, cause)),
                Err(read) => return Err(unknown(doubt, error, unread(&read))),
            }
        } else if let Some(environment) = plan.environment {
            search.last = self.history(environment).await.ok();
        }
        // With a bare id, the first look after a lost request is what was known before the next one.
        if let (None, Some(first)) = (&plan.known_ids, &search.first) {
            plan.environment = search.target.as_ref().and_then(|target| target.environment);
            plan.current.clone_from(&first.current);
            plan.known_ids = Some(first.seen_ids.clone());
        }
        match (plan.environment, search.last.take()) {
            // With a bare id and nothing lost, nothing was read.
            (None, _) => Ok(Again::Send),
            (Some(_), None) => Err(not_done(error, doubt)),
            (Some(environment), Some(history)) => {
                self.compare(plan, environment, history, search, doubt, error).await
            }
        }
    }

    /// Compares what a look has shown of the environment with the plan.
    async fn compare(
        &self,
        plan: &mut Plan,
        environment: Environment,
        history: History,
        search: &mut Reconciliation,
        doubt: Option<&Doubt>,
        error: &CallError,
    ) -> Result<Again, Failure> {
        let newer = |history: &History| {
            let is_newer = |listed: &&Deployment| !listed.is_void && !plan.knows(listed);
            history.newer.iter().find(is_newer).cloned()
        };
        let now = history.current.as_ref();
        let is_same = now.map_or(plan.current.is_none(), |now| plan.is_current(now));
        if is_same && newer(&history).is_none() {
            return Ok(Again::Send);
        }
        // Whatever becomes active after the plan is new: only an old answer shows a deployment that was known.
        if !is_same && now.is_some_and(|now| plan.knows(now)) {
            return Err(not_done(error, doubt));
        }
        // A lost request that took effect after all looks may have made it. Anything else gets time to be
        // active.
        let history = match doubt {
            Some(doubt) => match self.look_for(doubt, search, error).await? {
                Some(rollback) => return Ok(Again::Found(rollback.into())),
                None => search.last.take(),
            },
            None => self.settle(environment, history).await.ok(),
        };
        let Some(history) = history else { return Err(not_done(error, doubt)) };
        // A newer deployment is about to be active, whatever is now.
        let newer = newer(&history);
        let is_there = history.current.as_ref().zip(plan.target.as_ref());
        if is_there.is_some_and(|(now, target)| now.has_version_of(target))
            && newer.is_none()
            && !self.request.is_forced
        {
            plan.current = history.current;
            return Ok(Again::Unneeded);
        }
        let now = newer.or(history.current);
        Err(Failure::Superseded {
            now: now.map(Box::new),
            lost: doubt.map(|doubt| doubt.lost.clone()),
        })
    }
}

/// The failure of a last request. Deployments to choose from are looked up by whoever tells a 404.
fn not_done(error: &CallError, doubt: Option<&Doubt>) -> Failure {
    let (error, lost) = (Box::new(error.clone()), doubt.map(|doubt| doubt.lost.clone()));
    Failure::NotDone { error, lost, candidates: Candidates::default() }
}

fn unknown(doubt: &Doubt, error: &CallError, cause: String) -> Failure {
    Failure::Unknown { lost: doubt.lost.clone(), error: Box::new(error.clone()), cause }
}
