//! One run with the API: what is asked again, within the time that is left, and what the log says of it.

use crate::agents_api::endpoint::ENVIRONMENTS;
use crate::agents_api::http::{BODY_BYTES, Client, Reply};
use crate::log::Log;
use crate::model::call_error::{Fault, Meaning};
use crate::model::deployment::{self, Deployment};
use crate::model::rollback_request::Request;
use crate::rollback::backoff;
use crate::rollback::deadline::Budget;
use anyhow::Result;
use reqwest::Url;
use std::time::Duration;
use tokio::time::sleep;

/// The waits before each look at something that may take a moment to show. The API acts, and shows it,
/// within a second.
pub const LOOKS: [Duration; 3] = [Duration::ZERO, Duration::from_secs(1), Duration::from_secs(2)];

/// What a run works with.
pub struct Session<'a, 'log> {
    /// What is asked for.
    pub request: &'a Request,
    /// The API.
    pub client: &'a Client,
    /// The time.
    pub budget: Budget,
    /// Where it is told.
    pub log: &'a mut Log<'log>,
}

impl Session<'_, '_> {
    /// Reads the newest deployments of an environment, the newest one first.
    pub async fn deployments(
        &mut self,
        environment: &str,
    ) -> Result<(Vec<Deployment>, Reply), Fault> {
        let url = self.request.endpoint.deployments(&self.request.agent_id, environment);
        let (list, reply) = self.read(url, |body| deployment::listed(body, environment)).await?;
        Ok((self.cleaned(list), reply))
    }

    /// Reads which deployments are active, at most one for each environment.
    pub async fn active(&mut self) -> Result<(Vec<Deployment>, Reply), Fault> {
        let url = self.request.endpoint.active(&self.request.agent_id);
        let (active, reply) = self.read(url, deployment::active).await?;
        Ok((self.cleaned(active), reply))
    }

    fn cleaned(&self, list: Vec<Deployment>) -> Vec<Deployment> {
        let redaction = self.client.redaction();
        list.into_iter().map(|deployment| deployment.cleaned(redaction)).collect()
    }

    /// The newest deployments of each environment, as far as they can be read at the first try, the
    /// most important environment first.
    pub async fn newest(&mut self) -> Vec<Deployment> {
        let mut newest = Vec::new();
        for environment in ENVIRONMENTS {
            let url = self.request.endpoint.deployments(&self.request.agent_id, environment);
            let read = self.read_once(&url, |body| deployment::listed(body, environment)).await;
            newest.extend(read.into_iter().flat_map(|(list, _)| self.cleaned(list)));
        }
        newest
    }

    /// Reads something, and asks again where that may help.
    async fn read<T>(
        &mut self,
        url: Url,
        parse: impl Fn(&[u8]) -> Result<T>,
    ) -> Result<(T, Reply), Fault> {
        let mut tries = 0;
        loop {
            let fault = match self.read_once(&url, &parse).await {
                Ok(read) => return Ok(read),
                Err(fault) => fault,
            };
            tries += 1;
            let pause = backoff::pause(tries, fault.retry_after());
            if fault.meaning() == Meaning::Never || !self.wait(tries, pause, &fault).await {
                return Err(fault);
            }
        }
    }

    async fn read_once<T>(
        &self,
        url: &Url,
        parse: impl Fn(&[u8]) -> Result<T>,
    ) -> Result<(T, Reply), Fault> {
        let reply = self.client.read(url.clone(), self.budget.request(), BODY_BYTES).await?;
        match parse(&reply.body) {
            Ok(read) => Ok((read, reply)),
            Err(cause) => Err(self.client.unreadable(&reply, cause)),
        }
    }

    /// Waits for the next try and says so. False where there is none.
    pub async fn wait(&mut self, tries: u32, pause: Duration, fault: &Fault) -> bool {
        let attempts = self.request.attempts;
        let Some(pause) = self.budget.pause(pause).filter(|_| tries < attempts) else {
            return false;
        };
        let next = tries + 1;
        let when = match pause {
            Duration::ZERO => "at once".to_owned(),
            pause => format!("in {:.1} s", pause.as_secs_f64()),
        };
        let text = format!("{when}, try {next} of {attempts}, after: {fault}");
        self.log.rows(&[("trying again", text)]);
        sleep(pause).await;
        true
    }
}
