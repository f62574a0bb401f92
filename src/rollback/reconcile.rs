//! Finds out what came of a request for a rollback whose answer was lost: the deployments show it.

use crate::agents_api::{AgentsApi, Answer, ClockInterval, Deployments};
use crate::model::{Deployment, Environment, Id, Plan, Rollback};
use crate::rollback::{
    engine::{Engine, POLL_DELAYS},
    evidence::{self, Evidence},
};
use crate::text::row::Row;
use std::{collections::BTreeSet, time::Duration};
use tokio::time::Instant;

/// The time that the looks take at least, reads included. After a lost answer, no further request leaves
/// unless it leaves this much time for the looks.
pub(super) const RECONCILE_TIME: Duration = Duration::from_secs(6);

/// The search for a rollback.
pub(super) struct Reconciliation {
    /// The id of the deployment to go back to.
    pub(super) target_id: Id,
    /// The deployment to go back to, once it was found in a list.
    pub(super) target: Option<Deployment>,
    /// The ids of the deployments that were there before; none where they were not read.
    known_ids: Option<BTreeSet<String>>,
    /// When the rollback began, by this machine's clock.
    begun: Instant,
}

/// The view that one look gives.
struct Look {
    target: Deployment,
    listed: Vec<Deployment>,
    /// When the rollback began, by the API's clock.
    begun: ClockInterval,
}

impl Reconciliation {
    /// The search for a rollback to `target_id` that begins now.
    pub(super) fn new(target_id: Id, plan: &Plan) -> Self {
        let (target, known_ids) = (plan.target.clone(), plan.known_ids.clone());
        Self { target_id, target, known_ids, begun: Instant::now() }
    }

    /// When the rollback began, by the clock of a read. The error says why the read proves nothing.
    fn begun(&self, read: &Answer<Deployments>) -> Result<ClockInterval, String> {
        let read = read
            .as_ref()
            .map_err(|error| format!("they could not be read: {}", error.describe()))?;
        if read.is_from_cache {
            return Err("the answer came from a cache".to_owned());
        }
        let begun = read.server_clock.and_then(|clock| clock.time_of(self.begun));
        begun.ok_or_else(|| "the API's answer bears no date".to_owned())
    }
}

impl<A: AgentsApi> Engine<'_, '_, A> {
    /// Looks a few times for the rollback whose answer was lost, as the text `lost` says. None where
    /// the looks show that there is no such rollback. The error says why they do not tell.
    pub(super) async fn find_effect(
        &mut self,
        search: &mut Reconciliation,
        lost: &str,
    ) -> Result<Option<Rollback>, String> {
        let mut doubt = None;
        for delay in POLL_DELAYS {
            let text = match delay {
                Duration::ZERO => format!("for what came of the request, after: {lost}"),
                delay => format!("again in {:.1} s", delay.as_secs_f64()),
            };
            self.log.borrow_mut().rows(&[Row::new("looking", text)]);
            if !self.wait_to_look(delay).await {
                return Err("no time was left to look again".to_owned());
            }
            let Look { target, listed, begun } = self.look(search).await?;
            match evidence::judge(&target, &listed, begun, search.known_ids.as_ref()) {
                Evidence::Found(found) => {
                    return Ok(Some(Rollback::established(found.clone(), lost)));
                }
                Evidence::Absent => doubt = None,
                Evidence::Inconclusive(why) => doubt = Some(why),
            }
        }
        if let Some(why) = doubt {
            return Err(why);
        }
        self.log.borrow_mut().rows(&[Row::new("looked", "no rollback was done")]);
        Ok(None)
    }

    /// Reads the deployment to go back to, and the newest and the active deployments. A look counts only
    /// if everything was read that could show the rollback.
    async fn look(&mut self, search: &mut Reconciliation) -> Result<Look, String> {
        let active = self.active().await;
        let known = search.target.as_ref().and_then(|target| target.environment);
        let environments = known.map_or(Environment::ALL.to_vec(), |known| vec![known]);
        let mut problem = None;
        for environment in environments {
            let read = self.deployments(environment).await;
            let begun = match search.begun(&read) {
                Ok(begun) => begun,
                Err(why) => {
                    problem.get_or_insert(why);
                    continue;
                }
            };
            let mut listed = read.map(|read| read.value).unwrap_or_default();
            let is_target = |deployment: &&Deployment| deployment.id == search.target_id.as_str();
            let target = listed.iter().find(is_target).or(search.target.as_ref()).cloned();
            if let Some(target) = target {
                search.target = Some(target.clone());
                let begun = begun.and(search.begun(&active)?);
                listed.extend(active.map(|active| active.value).unwrap_or_default());
                return Ok(Look { target, listed, begun });
            }
        }
        let nowhere = "the API lists no such deployment to go back to";
        Err(problem.unwrap_or_else(|| nowhere.to_owned()))
    }
}
