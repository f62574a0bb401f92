//! What came of a request for a rollback whose answer was lost: the deployments show it.

use crate::agents_api::endpoint::{ENVIRONMENTS, Id};
use crate::agents_api::http::{Between, Reply};
use crate::agents_api::rollback_response::Rollback;
use crate::model::call_error::Fault;
use crate::model::deployment::Deployment;
use crate::rollback::engine::{LOOKS, Session};
use crate::rollback::evidence::{self, Seen};
use crate::rollback::plan::Plan;
use anyhow::{Result, anyhow};
use std::collections::BTreeSet;
use std::time::Duration;
use tokio::time::{Instant, sleep};

/// What looking takes at least, reads included: no request should leave after which there is not this
/// time left.
pub const TIME: Duration = Duration::from_secs(6);

/// What is looked for.
pub struct Reconciliation {
    /// The deployment to go back to.
    pub id: Id,
    /// All of it, once it was found in a list.
    pub target: Option<Deployment>,
    /// The ids of the deployments that were there before; none where they were not read.
    known: Option<BTreeSet<String>>,
    /// When the rollback began, by this machine's clock.
    begun: Instant,
    /// The same by the API's clock, as the answers of one look tell it.
    begun_there: Option<Between>,
}

impl Reconciliation {
    /// A rollback to a deployment that begins now.
    pub fn new(id: Id, plan: &Plan) -> Self {
        let (target, known) = (plan.target.clone(), plan.known.clone());
        Self { id, target, known, begun: Instant::now(), begun_there: None }
    }

    /// Looks a few times for the rollback whose answer was lost in this way. None where it is certain
    /// that there is none.
    pub async fn find(
        &mut self,
        session: &mut Session<'_, '_>,
        lost: &str,
    ) -> Result<Option<Rollback>> {
        let mut unclear = None;
        for wait in LOOKS {
            if session.budget.pause(wait) != Some(wait) {
                return Err(anyhow!("no time was left to look again"));
            }
            let when = match wait {
                Duration::ZERO => format!("for what came of the request, after: {lost}"),
                wait => format!("again in {:.1} s", wait.as_secs_f64()),
            };
            session.log.rows(&[("looking", when)]);
            sleep(wait).await;
            let (target, listed) = self.read(session).await?;
            let Some(begun) = self.begun_there else {
                return Err(anyhow!("the API's answer bears no date"));
            };
            match evidence::find(&target, &listed, begun, self.known.as_ref()) {
                Seen::Made(found) => return Ok(Some(Rollback::established(found.clone(), lost))),
                Seen::Nothing => unclear = None,
                Seen::Unclear(why) => unclear = Some(why),
            }
        }
        match unclear {
            Some(why) => Err(anyhow!(why)),
            None => {
                session.log.rows(&[("looked", "no rollback was done".to_owned())]);
                Ok(None)
            }
        }
    }

    /// Reads the deployment to go back to, and the newest and the active deployments.
    async fn read(
        &mut self,
        session: &mut Session<'_, '_>,
    ) -> Result<(Deployment, Vec<Deployment>)> {
        self.begun_there = None;
        let active = self.dated(session.active().await);
        let known = self.target.as_ref().and_then(|target| target.environment.clone());
        let environments = match &known {
            Some(environment) => vec![environment.as_str()],
            None => ENVIRONMENTS.to_vec(),
        };
        let mut problem = None;
        for environment in environments {
            let mut list = match self.dated(session.deployments(environment).await) {
                Ok(list) => list,
                Err(error) => {
                    problem.get_or_insert(error);
                    continue;
                }
            };
            let target = list.iter().find(|deployment| deployment.id == self.id.as_str()).cloned();
            if let Some(target) = target.or_else(|| self.target.clone()) {
                self.target = Some(target.clone());
                // What could not be read may have shown it.
                list.extend(active?);
                return Ok((target, list));
            }
        }
        Err(problem.unwrap_or_else(|| anyhow!("the API lists no such deployment to go back to")))
    }

    /// What was read, once its date is noted.
    fn dated<T>(&mut self, read: Result<(T, Reply), Fault>) -> Result<T> {
        let (value, reply) =
            read.map_err(|fault| anyhow!("they could not be read: {}", fault.said()))?;
        let begun = reply.date_of(self.begun)?;
        self.begun_there = Some(self.begun_there.map_or(begun, |known| known.and(begun)));
        Ok(value)
    }
}
