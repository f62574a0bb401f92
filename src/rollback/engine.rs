//! The engine that all steps of a rollback share: reads that are asked for again, and waits within the
//! deadline.

use crate::agents_api::{AgentsApi, Answer, Deployments, Limit};
use crate::log::Log;
use crate::model::{CallError, Deployment, Environment, RollbackRequest};
use crate::rollback::{backoff, deadline::Deadline};
use crate::text::row::Row;
use std::cell::RefCell;
use std::time::Duration;
use tokio::time::sleep;

/// The waits before each look at something that may take a moment to show. The API acts, and shows what
/// it did, within a second (seen in recorded traffic).
pub const POLL_DELAYS: [Duration; 3] =
    [Duration::ZERO, Duration::from_secs(1), Duration::from_secs(2)];

/// How many deployments a list is asked for.
const LIST_COUNT: usize = 100;

/// A run at work.
pub struct Engine<'a, 'log, A> {
    /// The rollback that is asked for.
    pub(super) request: &'a RollbackRequest,
    /// The API.
    pub(super) api: &'a A,
    /// Where the work is told while it goes on. Reads that go on at the same time share it.
    pub log: RefCell<&'a mut Log<'log>>,
    /// A source of random numbers from 0 to 1.
    pub(super) random: &'a dyn Fn() -> f64,
    /// The time.
    pub(super) deadline: Deadline,
}

impl<'a, 'log, A> Engine<'a, 'log, A> {
    /// A run that begins now.
    pub fn start(
        request: &'a RollbackRequest,
        api: &'a A,
        log: &'a mut Log<'log>,
        random: &'a dyn Fn() -> f64,
    ) -> Self {
        let deadline = Deadline::start(request.limits.timeout);
        Self { request, api, log: RefCell::new(log), random, deadline }
    }
}

impl<A: AgentsApi> Engine<'_, '_, A> {
    /// Reads the newest deployments of an environment, the newest one first.
    pub async fn deployments(&self, environment: Environment) -> Answer<Deployments> {
        self.read(async |api, limit| api.deployments(environment, LIST_COUNT, limit).await).await
    }

    /// Reads the active deployments, at most one for each environment.
    pub async fn active(&self) -> Answer<Deployments> {
        self.read(async |api, limit| api.active(limit).await).await
    }

    /// Reads the newest deployments of every environment, as far as the first try shows them, the most
    /// important environment first.
    pub async fn newest(&self) -> Vec<Deployment> {
        let mut newest = Vec::new();
        for environment in Environment::ALL {
            let limit = self.deadline.for_request();
            if let Ok(list) = self.api.deployments(environment, LIST_COUNT, limit).await {
                newest.extend(list.value);
            }
        }
        newest
    }

    /// Reads something, and asks again where that may help.
    async fn read<T>(&self, call: impl AsyncFn(&A, Limit) -> Answer<T>) -> Answer<T> {
        let mut tries = 0;
        loop {
            let error = match call(self.api, self.deadline.for_request()).await {
                Ok(value) => return Ok(value),
                Err(error) => error,
            };
            tries += 1;
            if !error.may_be_read_again() || !self.back_off(tries, &error).await {
                return Err(error);
            }
        }
    }

    /// Waits before the next try after `tries` of them. False where there is no next try.
    pub async fn back_off(&self, tries: u32, error: &CallError) -> bool {
        let wait = backoff::wait_after(tries, error.retry_after(), (self.random)());
        self.wait_for_next_try(tries, wait, error).await
    }

    /// Waits for `wait`, or less where the deadline wants it, and says so. False where there is no next
    /// try.
    pub async fn wait_for_next_try(&self, tries: u32, wait: Duration, error: &CallError) -> bool {
        let attempts = self.request.limits.attempts;
        let Some(wait) = self.deadline.for_wait(wait).filter(|_| tries < attempts) else {
            return false;
        };
        let next = tries + 1;
        let when = match wait {
            Duration::ZERO => "at once".to_owned(),
            wait => format!("in {:.1} s", wait.as_secs_f64()),
        };
        let text = format!("{when}, try {next} of {attempts}, after: {error}");
        self.log.borrow_mut().rows(&[Row::new("trying again", text)]);
        sleep(wait).await;
        true
    }

    /// Waits before a look. False where the deadline does not leave the whole wait, and time to read
    /// afterwards.
    pub async fn wait_to_look(&self, delay: Duration) -> bool {
        if self.deadline.for_wait(delay) != Some(delay) {
            return false;
        }
        sleep(delay).await;
        true
    }
}
