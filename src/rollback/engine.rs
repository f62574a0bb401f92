//! The engine that all steps of a rollback share: reads of the deployments, and what is asked for again.

use crate::agents_api::{AgentsApi, Answer, Deployments};
use crate::log::Log;
use crate::model::{CallError, Deployment, Environment, RollbackRequest};
use crate::rollback::{backoff, deadline::Deadline};
use crate::text::row::Row;
use futures_util::{StreamExt, future::join_all, stream};
use std::cell::{Cell, RefCell};
use std::time::Duration;
use tokio::time::sleep;

/// How many deployments a list is asked for.
pub const LIST_COUNT: usize = 100;
/// How many where a list of the usual length is too large.
const SHORT_LIST_COUNT: usize = 10;
/// How many reads go on at the same time, each on a connection of its own. A gateway may refuse more, and no look
/// should fail because of its own reads.
const CONCURRENCY: usize = 2;

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
    /// How many deployments a list is asked for now.
    list_count: Cell<usize>,
}

/// A part of what the API shows of the deployments.
#[derive(Clone, Copy, Debug)]
pub enum Part {
    /// The active deployments, at most one for each environment.
    Active,
    /// The newest deployments of an environment.
    List(Environment),
}

impl Part {
    /// The part, for people.
    fn name(self) -> String {
        match self {
            Self::Active => "to read what is active".to_owned(),
            Self::List(environment) => format!("to read the list of {environment}"),
        }
    }
}

/// How often a read is tried.
#[derive(Clone, Copy, Debug)]
pub enum Tries {
    /// Once, and an old answer from a cache is an answer, too: the next look comes anyway.
    Once,
    /// As often as the user allows, until the answer is a fresh one.
    Several,
}

/// What was read at the same time.
pub struct Snapshot {
    /// The active deployments.
    pub active: Answer<Deployments>,
    /// The list of each environment that was asked for.
    pub lists: Vec<(Environment, Answer<Deployments>)>,
}

impl<'a, 'log, A: AgentsApi> Engine<'a, 'log, A> {
    /// A run that begins now.
    pub fn start(
        request: &'a RollbackRequest,
        api: &'a A,
        log: &'a mut Log<'log>,
        random: &'a dyn Fn() -> f64,
    ) -> Self {
        let deadline = Deadline::start(request.limits.timeout);
        let list_count = Cell::new(LIST_COUNT);
        Self { request, api, log: RefCell::new(log), random, deadline, list_count }
    }

    /// Tells people a fact while the work goes on.
    pub(super) fn tell(&self, label: &'static str, text: impl Into<String>) {
        self.log.borrow_mut().rows(&[Row::new(label, text.into())]);
    }

    /// Reads what is active and the list of one environment, or of all, at the same time.
    pub(super) async fn snapshot(&self, only: Option<Environment>, tries: Tries) -> Snapshot {
        let environments = only.map_or(Environment::ALL.to_vec(), |only| vec![only]);
        let lists = environments.iter().map(|environment| Part::List(*environment));
        let parts = [Part::Active].into_iter().chain(lists);
        let reads = parts.map(|part| self.read(part, tries));
        let mut answers = stream::iter(reads).buffered(CONCURRENCY).collect::<Vec<_>>().await;
        let active = answers.remove(0);
        Snapshot { active, lists: environments.into_iter().zip(answers).collect() }
    }

    /// Reads the newest deployments of every environment, as far as the first try shows them, the most
    /// important environment first.
    pub(super) async fn newest(&self) -> Vec<Deployment> {
        // The run is over but for these, so that all of them are read at once.
        let reads = Environment::ALL.map(|environment| self.list(environment));
        join_all(reads).await.into_iter().flatten().flat_map(|list| list.value).collect()
    }

    async fn read(&self, part: Part, tries: Tries) -> Answer<Deployments> {
        if let Tries::Once = tries {
            return self.read_once(part).await;
        }
        let mut tried = 0;
        loop {
            let error = match self.read_once(part).await {
                Ok(read) if !read.is_from_cache => return Ok(read),
                Ok(_) => CallError::Stale,
                Err(error) => error,
            };
            tried += 1;
            let most = self.deadline.for_wait().filter(|_| error.may_be_read_again());
            if !self.has_waited(&part.name(), tried, &error, most).await {
                return Err(error);
            }
        }
    }

    /// Reads something once.
    pub(super) async fn read_once(&self, part: Part) -> Answer<Deployments> {
        match part {
            Part::Active => self.api.active(self.deadline.for_read()).await,
            Part::List(environment) => self.list(environment).await,
        }
    }

    /// Reads a list, and a shorter one where that is too large.
    async fn list(&self, environment: Environment) -> Answer<Deployments> {
        let count = self.list_count.get();
        let limit = self.deadline.for_read();
        let answer = self.api.deployments(environment, count, limit).await;
        let why = match answer {
            Err(CallError::TooLarge(why)) if count > SHORT_LIST_COUNT => why,
            answer => return answer,
        };
        if self.list_count.replace(SHORT_LIST_COUNT) > SHORT_LIST_COUNT {
            self.log.borrow_mut().warning(&format!(
                "a list of {count} deployments is too large ({why}): only the newest \
                 {SHORT_LIST_COUNT} are read, so that older ones are not found"
            ));
        }
        self.api.deployments(environment, SHORT_LIST_COUNT, self.deadline.for_read()).await
    }

    /// Waits before the next try of `what`, after `tried` of them, and says so. False where there is no next try:
    /// there were enough, or the wait would be longer than `most`.
    pub(super) async fn has_waited(
        &self,
        what: &str,
        tried: u32,
        error: &CallError,
        most: Option<Duration>,
    ) -> bool {
        let attempts = self.request.limits.attempts;
        let Some(most) = most.filter(|_| tried < attempts) else { return false };
        let wait = backoff::wait_after(tried, error.retry_after(), most, (self.random)());
        let Some(wait) = wait else { return false };
        let next = tried + 1;
        let seconds = wait.as_secs_f64();
        let text = format!("{what} in {seconds:.1} s, try {next} of {attempts}, after: {error}");
        self.tell("trying again", text);
        sleep(wait).await;
        true
    }
}

/// What a read has shown, if the answer is no old one.
pub(super) fn fresh(read: &Answer<Deployments>) -> Option<Vec<Deployment>> {
    read.as_ref().ok().filter(|read| !read.is_from_cache).map(|read| read.value.clone())
}
