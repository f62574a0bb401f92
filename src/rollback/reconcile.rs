//! The search for a rollback whose answer was lost.
//!
//! A look reads what is active and the list of the target's environment, at the same time. What is in plain
//! sight is found, also in an old answer from a cache. That nothing is there takes the last look of a whole
//! ladder, and fresh answers to all of its reads.

use crate::agents_api::{AgentsApi, Answer, ClockInterval, Deployments};
use crate::model::{CallError, Deployment, Environment, Id, Plan, Rollback};
use crate::rollback::{
    engine::{Engine, Snapshot, Tries, fresh},
    evidence::{self, Evidence, Known},
    history::History,
    looks::{LADDER_TIME, Looks},
    plan,
};
use std::collections::BTreeSet;
use tokio::time::Instant;

/// The search for a rollback.
pub(super) struct Reconciliation {
    /// The id of the deployment to go back to.
    pub(super) target_id: Id,
    /// The deployment to go back to, once it was found in a list.
    pub(super) target: Option<Deployment>,
    /// What was active when that was seen last.
    pub(super) active: Option<Vec<Deployment>>,
    /// What the first whole look has shown of the target's environment.
    pub(super) first: Option<History>,
    /// What the last look has shown of it, if all of that is fresh.
    pub(super) last: Option<History>,
    /// The ids of the deployments that were there before; none where they were not read.
    known_ids: Option<BTreeSet<String>>,
    /// When the rollback began, by this machine's clock.
    begun: Instant,
}

impl Reconciliation {
    /// The search for a rollback to `target_id` that begins now.
    pub(super) fn new(target_id: Id, plan: &Plan) -> Self {
        let (target, known_ids) = (plan.target.clone(), plan.known_ids.clone());
        Self {
            target_id,
            target,
            active: None,
            first: None,
            last: None,
            known_ids,
            begun: Instant::now(),
        }
    }

    /// When the rollback began, by the API's clock. None where no answer tells it.
    fn begun<'a>(
        &self,
        reads: impl Iterator<Item = &'a Answer<Deployments>>,
    ) -> Option<ClockInterval> {
        let fresh = reads.flatten().filter(|read| !read.is_from_cache);
        let clocks = fresh.filter_map(|read| read.server_clock);
        clocks.filter_map(|clock| clock.time_of(self.begun)).reduce(ClockInterval::and)
    }
}

impl<A: AgentsApi> Engine<'_, '_, A> {
    /// Looks for the rollback whose answer was lost, as the text `lost` says. None where no effect was seen
    /// by all looks of a ladder. The error says why that is not known.
    pub(super) async fn find_effect(
        &self,
        search: &mut Reconciliation,
        lost: &str,
        mut looks: Looks,
    ) -> Result<Option<Rollback>, String> {
        let seconds = LADDER_TIME.as_secs();
        let how_long = match looks.goes_on {
            true => "until the time is over".to_owned(),
            false => format!("for {seconds} s"),
        };
        self.tell("looking", format!("for what came of the request, {how_long}, after: {lost}"));
        // A read that fails may be made good by a later look; a deployment that may be ours stays one.
        let mut unread_last = None;
        let mut doubt = None;
        while looks.next(self.deadline).await {
            // A single read that fails must not spoil the last look.
            let tries = if looks.are_whole() { Tries::Several } else { Tries::Once };
            unread_last = match self.look(search, tries).await {
                Ok(Evidence::Found(made)) => return Ok(Some(Rollback::established(made, lost))),
                Ok(Evidence::Absent) => None,
                Ok(Evidence::Inconclusive(why)) => {
                    doubt = Some(why);
                    None
                }
                Err(error) if looks.are_whole() && !error.may_be_read_again() => {
                    return Err(unread(&error));
                }
                Err(error) => Some(unread(&error)),
            };
        }
        if let Some(why) = doubt.or(unread_last) {
            return Err(why);
        }
        if !looks.are_whole() {
            return Err(format!("there was no time to look for {seconds} s"));
        }
        let looked = looks.elapsed().as_secs();
        self.tell("looked", format!("no effect was seen within {looked} s"));
        Ok(None)
    }

    /// Looks once. A look in which the rollback is not seen counts only if everything was read that could
    /// show the rollback; the error is the one of a read that failed.
    pub(super) async fn look(
        &self,
        search: &mut Reconciliation,
        tries: Tries,
    ) -> Result<Evidence, CallError> {
        let known = search.target.as_ref().and_then(|target| target.environment);
        let Snapshot { active, lists } = self.snapshot(known, tries).await;
        let reads = || lists.iter().map(|(_, list)| list).chain([&active]);
        let begun = search.begun(reads());
        let listed = || reads().flatten().flat_map(|read| &read.value);
        let is_target = |deployment: &&Deployment| deployment.id == search.target_id.as_str();
        search.target = search.target.take().or_else(|| listed().find(is_target).cloned());
        let evidence = match &search.target {
            Some(target) => {
                let known = Known { ids: search.known_ids.as_ref(), begun };
                evidence::judge(target, listed(), known)
            }
            None => {
                Evidence::Inconclusive("the API lists no such deployment to go back to".to_owned())
            }
        };
        search.active = fresh(&active).or(search.active.take());
        search.last = seen(search.target.as_ref(), &active, &lists);
        if let Evidence::Found(_) = evidence {
            return Ok(evidence);
        }
        // Once the environment is known, the others do not matter.
        let of_target = search.target.as_ref().and_then(|target| target.environment);
        let lists =
            lists.iter().filter(|(environment, _)| of_target.is_none_or(|of| of == *environment));
        for read in lists.map(|(_, list)| list).chain([&active]) {
            match read {
                Ok(read) if read.is_from_cache => return Err(CallError::Stale),
                Ok(_) => {}
                Err(error) => return Err(error.clone()),
            }
        }
        search.first = search.first.take().or_else(|| search.last.clone());
        Ok(evidence)
    }
}

/// What fresh answers show of the target's environment.
fn seen(
    target: Option<&Deployment>,
    active: &Answer<Deployments>,
    lists: &[(Environment, Answer<Deployments>)],
) -> Option<History> {
    let environment = target?.environment?;
    let active = plan::of(Some(environment), fresh(active)?);
    let (_, list) = lists.iter().find(|(listed, _)| *listed == environment)?;
    Some(History::new(fresh(list)?, active))
}

pub(super) fn unread(error: &CallError) -> String {
    format!("the deployments could not be read: {}", error.describe())
}
