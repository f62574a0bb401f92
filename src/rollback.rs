//! The work: a rollback that is done at most once, and that is known to have been done.

use crate::answer::{self, Deployment, NoRollback, Rollback};
use crate::budget::Budget;
use crate::client::Client;
use crate::endpoint::ENVIRONMENTS;
use crate::failure::{Failure, Stage};
use crate::fault::{Fault, Meaning};
use crate::inputs::Request;
use crate::log::Log;
use crate::look;
use crate::retry;
use crate::signals::Signals;
use anyhow::{Result, anyhow};
use reqwest::Url;
use std::time::{Duration, SystemTime};
use tokio::time::{Instant, sleep};

/// The waits before each look at what became of a request whose answer was lost. The API acts
/// within a second.
const LOOKS: [Duration; 3] = [Duration::ZERO, Duration::from_secs(1), Duration::from_secs(2)];

const LAST_LOOK: [Duration; 1] = [Duration::ZERO];

/// Rolls back, unless a signal comes first. Whatever the API does, this ends within the budget.
pub async fn perform(
    request: &Request,
    client: &Client,
    budget: Budget,
    signals: &mut Signals,
    log: &mut Log<'_>,
) -> Result<Rollback, Failure> {
    let mut work =
        Work { request, client, budget, log, begun: Instant::now(), target: None, tries: 0 };
    tokio::select! {
        biased;
        result = work.roll_back() => result,
        signal = signals.next() => Err(Failure::Cancelled { signal, stage: work.stage() }),
    }
}

struct Work<'a, 'log> {
    request: &'a Request,
    client: &'a Client,
    budget: Budget,
    log: &'a mut Log<'log>,
    begun: Instant,
    /// The deployment to go back to, once it was found in a list.
    target: Option<Deployment>,
    /// The tries that are over, and are known to have had no effect.
    tries: u32,
}

impl Work<'_, '_> {
    fn stage(&self) -> Stage {
        match (self.client.is_open(), self.tries) {
            (true, _) => Stage::Sent,
            (false, 0) => Stage::Before,
            (false, _) => Stage::Between,
        }
    }

    /// Sends the request, and sends it again where the one before is known to have had no effect.
    async fn roll_back(&mut self) -> Result<Rollback, Failure> {
        let mut was_lost = false;
        loop {
            let fault = match self.post().await {
                Ok(rollback) => return Ok(rollback),
                Err(fault) => fault,
            };
            self.tries += 1;
            let meaning = fault.meaning();
            let looks = match (meaning, was_lost) {
                (Meaning::Unclear, _) => &LOOKS[..],
                // What was lost may be late, and may be why this was refused.
                (Meaning::NotNow | Meaning::Never, true) => &LAST_LOOK,
                (Meaning::NotNow | Meaning::Never, false) => {
                    self.client.close();
                    &[]
                }
            };
            let pause = retry::pause(self.tries, fault.retry_after());
            let has_waited =
                meaning == Meaning::NotNow && self.wait(self.tries, pause, &fault).await;
            match self.find(looks, &fault).await {
                Ok(Some(rollback)) => return Ok(rollback),
                Ok(None) => self.client.close(),
                Err(cause) if meaning == Meaning::Unclear || fault.is_conflict() => {
                    return Err(Failure::Unknown { fault, cause });
                }
                // What the earlier looks showed stands; nothing is sent that could not be seen.
                Err(_) => return Err(Failure::NotDone(fault)),
            }
            was_lost |= meaning == Meaning::Unclear;
            let is_next = match meaning {
                Meaning::Never => false,
                Meaning::NotNow => has_waited,
                // The looks were the wait.
                Meaning::Unclear => self.wait(self.tries, Duration::ZERO, &fault).await,
            };
            if !is_next {
                return Err(Failure::NotDone(fault));
            }
        }
    }

    async fn post(&self) -> Result<Rollback, Fault> {
        let reply = self.client.rollback(self.request).await?;
        Rollback::read(&reply.body, self.client.redaction()).map_err(|no| match no {
            NoRollback::Refused(error) => {
                Fault::Answered { status: reply.status, error, retry_after: None }
            }
            NoRollback::Unreadable(cause) => self.client.unreadable(&reply, cause),
        })
    }

    /// Looks, once after each of the waits, for the rollback that a lost answer was about. None where
    /// there is none.
    async fn find(&mut self, waits: &[Duration], fault: &Fault) -> Result<Option<Rollback>> {
        if waits.is_empty() {
            return Ok(None);
        }
        self.log.rows(&[("looking", format!("for what came of the request, after: {fault}"))]);
        for wait in waits {
            if self.budget.pause(*wait) != Some(*wait) {
                return Err(anyhow!("no time was left to look again"));
            }
            sleep(*wait).await;
            if let Some(found) = self.look().await? {
                return Ok(Some(Rollback::established(found, &fault.to_string())));
            }
        }
        self.log.rows(&[("looked", "no rollback was done".to_owned())]);
        Ok(None)
    }

    /// Looks at the deployments for one that this rollback made.
    async fn look(&mut self) -> Result<Option<Deployment>> {
        let endpoint = &self.request.endpoint;
        let active = endpoint.active(&self.request.agent_id);
        let active = self.read(active, answer::active_deployments).await;
        let (target, list, since) = self.history_of_target().await?;
        let seen = list.iter().chain(active.iter().flat_map(|(active, _)| active));
        match look::find(&target, seen, since)? {
            Some(found) => Ok(Some(found.clone())),
            // What could not be read may have shown it.
            None => active.map(|_| None),
        }
    }

    /// The deployment to go back to, the newest deployments of its environment, and when this
    /// rollback began by the API's clock.
    async fn history_of_target(&mut self) -> Result<(Deployment, Vec<Deployment>, SystemTime)> {
        let known = self.target.as_ref().and_then(|target| target.environment.clone());
        let environments = match &known {
            Some(environment) => vec![environment.as_str()],
            None => ENVIRONMENTS.to_vec(),
        };
        let mut unread = None;
        for environment in environments {
            let url = self.request.endpoint.deployments(&self.request.agent_id, environment);
            let (mut list, since) = match self.read(url, answer::deployments).await {
                Ok(read) => read,
                Err(error) => {
                    unread.get_or_insert(error);
                    continue;
                }
            };
            for deployment in &mut list {
                deployment.environment.get_or_insert_with(|| environment.to_owned());
            }
            let id = self.request.deployment_id.as_str();
            let target = list.iter().find(|deployment| deployment.id == id).cloned();
            if let Some(target) = target.or_else(|| self.target.clone()) {
                self.target = Some(target.clone());
                return Ok((target, list, since));
            }
        }
        Err(unread.unwrap_or_else(|| anyhow!("the API lists no such deployment to go back to")))
    }

    /// Reads something, and when this rollback began by the clock of who answered.
    async fn read<T>(
        &mut self,
        url: Url,
        parse: fn(&[u8]) -> Result<T>,
    ) -> Result<(T, SystemTime)> {
        let mut tries = 0;
        loop {
            let fault = match self.client.read(url.clone()).await {
                Err(fault) => fault,
                Ok(reply) => match parse(&reply.body) {
                    Ok(read) => return Ok((read, reply.date_of(self.begun)?)),
                    Err(cause) => self.client.unreadable(&reply, cause),
                },
            };
            tries += 1;
            let pause = retry::pause(tries, fault.retry_after());
            if fault.meaning() == Meaning::Never || !self.wait(tries, pause, &fault).await {
                let said =
                    fault.answer().map(|(_, error)| format!(": {error}")).unwrap_or_default();
                return Err(anyhow!("they could not be read: {fault}{said}"));
            }
        }
    }

    /// Waits for the next try and says so. False where there is none.
    async fn wait(&mut self, tries: u32, pause: Duration, fault: &Fault) -> bool {
        let attempts = self.request.attempts;
        let Some(pause) = self.budget.pause(pause).filter(|_| tries < attempts) else {
            return false;
        };
        let next = tries + 1;
        let text =
            format!("in {:.1} s, try {next} of {attempts}, after: {fault}", pause.as_secs_f64());
        self.log.rows(&[("trying again", text)]);
        sleep(pause).await;
        true
    }
}
