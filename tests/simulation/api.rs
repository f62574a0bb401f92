//! The Agents API of a simulated world: it does whatever the program defends against.

use crate::world::{Quirk, World};
use polyai_rollback::agents_api::{AgentsApi, Answer, ClockReading, Deployments, Limit, Observed};
use polyai_rollback::model::{
    CallError, ConnectError, Counts, Delivery, Deployment, Environment, ErrorBody, Id, Rollback,
    Signal, TestRun,
};
use std::cell::{Cell, RefCell};
use std::time::Duration;
use tokio::sync::Notify;
use tokio::time::{Instant, sleep};

/// How long a read and a request for a rollback take.
const READ: Duration = Duration::from_millis(50);
const POST: Duration = Duration::from_millis(200);

/// How the API refuses a rollback to the version that is active.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum RefusesActive {
    /// It does not: it makes another deployment of that version.
    No,
    /// With this status, and no code.
    Status(u16),
    /// With a 200 and the documented code.
    Code,
}

/// When a request for a rollback takes effect.
#[derive(Clone, Copy, Debug)]
enum Effect {
    Now,
    /// At once, but with another version than was asked for.
    Wrong,
    Never,
    /// So many milliseconds after the request came in.
    After(u64),
}

/// What comes back.
#[derive(Clone, Copy, Debug)]
enum Reply {
    /// The new deployment.
    Made,
    /// The new deployment, after so many milliseconds.
    Slow(u64),
    /// No request left.
    NotSent,
    /// The connection is cut.
    Cut,
    /// Nothing, until the client gives up.
    Silence,
    /// A 200 that cannot be read.
    Garbage,
    /// A status without a body.
    Status(u16),
    /// 429, with a wish in seconds.
    Busy(u64),
    /// A 200 with the code of an error, and no deployment.
    ErrorIn200,
}

/// What can happen to a request for a rollback. The first one is that all is well.
const POSTS: &[(Effect, Reply)] = &[
    (Effect::Now, Reply::Made),
    (Effect::Now, Reply::Slow(8_000)),
    (Effect::Now, Reply::Cut),
    (Effect::Now, Reply::Status(500)),
    (Effect::Now, Reply::Status(408)),
    (Effect::Now, Reply::Garbage),
    (Effect::Now, Reply::Silence),
    (Effect::Wrong, Reply::Made),
    (Effect::After(600), Reply::Cut),
    (Effect::After(2_000), Reply::Status(500)),
    (Effect::After(3_450), Reply::Cut),
    (Effect::After(9_000), Reply::Status(504)),
    (Effect::After(9_000), Reply::Silence),
    (Effect::After(60_000), Reply::Silence),
    (Effect::Never, Reply::NotSent),
    (Effect::Never, Reply::Cut),
    (Effect::Never, Reply::Status(500)),
    (Effect::Never, Reply::Silence),
    (Effect::Never, Reply::Garbage),
    (Effect::Never, Reply::Status(503)),
    (Effect::Never, Reply::Busy(7)),
    (Effect::Never, Reply::Busy(120)),
    (Effect::Never, Reply::Status(400)),
    (Effect::Never, Reply::Status(401)),
    (Effect::Never, Reply::Status(404)),
    (Effect::Never, Reply::Status(409)),
    (Effect::Never, Reply::ErrorIn200),
];

/// What can happen to a request that reads. The first one is that all is well.
#[derive(Clone, Copy, Debug)]
enum ReadFault {
    None,
    NotSent,
    Cut,
    Silence,
    Garbage,
    Status(u16),
    /// A cache answers, with what was so when the run began.
    Stale,
}

const READS: &[ReadFault] = &[
    ReadFault::None,
    ReadFault::NotSent,
    ReadFault::Cut,
    ReadFault::Silence,
    ReadFault::Garbage,
    ReadFault::Status(403),
    ReadFault::Status(404),
    ReadFault::Status(429),
    ReadFault::Status(500),
    ReadFault::Status(503),
    ReadFault::Stale,
];

/// What can come between two requests. The first one is nothing.
#[derive(Clone, Copy, Debug)]
enum Meanwhile {
    Nothing,
    ColleaguePublishes,
    ColleagueRollsBack,
    /// The run is cancelled while its request is on its way.
    Signal,
}

const MEANWHILE: &[Meanwhile] = &[
    Meanwhile::Nothing,
    Meanwhile::ColleaguePublishes,
    Meanwhile::ColleagueRollsBack,
    Meanwhile::Signal,
];

/// How a test run turns out, and how many of its cases failed.
const TEST_RUNS: &[(&str, u64)] =
    &[("completed", 0), ("running", 0), (NEVER_OVER, 0), ("completed", 1), ("failed", 0)];
/// The status of a test run that stays so.
const NEVER_OVER: &str = "in_progress";

/// A request for a rollback, as it came in.
#[derive(Clone, Debug)]
pub struct Post {
    /// When.
    pub at: Instant,
    /// The deployment that it wants to go back to.
    pub target: String,
    /// The active deployment as the last read showed it, if there was one.
    pub active_as_read: Option<Active>,
    /// When live's list was read last, and not from a cache.
    pub list_read_at: Option<Instant>,
    /// Whether the answer to a request before was lost.
    pub is_after_loss: bool,
    /// How many deployments colleagues had made.
    pub colleagues: usize,
}

/// The deployment that a read showed to be active in live.
#[derive(Clone, Debug)]
pub struct Active {
    pub deployment: Option<Deployment>,
    pub read_at: Instant,
}

/// A wish of the API to be left alone.
#[derive(Clone, Copy, Debug)]
pub struct Wish {
    pub at: Instant,
    pub wait: Duration,
}

/// The API.
pub struct SimulatedApi {
    pub world: RefCell<World>,
    refuses_active: RefusesActive,
    old_active: Vec<Deployment>,
    old_list: Vec<Deployment>,
    pub posts: RefCell<Vec<Post>>,
    /// When the last read of live, or of what is active, showed what was so.
    pub last_read: Cell<Option<Instant>>,
    pub active_as_read: RefCell<Option<Active>>,
    /// Whether a read failed, or was answered by a cache.
    pub has_bad_read: Cell<bool>,
    pub wishes: RefCell<Vec<Wish>>,
    /// Whether the answer to a request for a rollback was lost.
    pub has_lost: Cell<bool>,
    /// Whether a request for a rollback is not answered yet.
    pub is_on_its_way: Cell<bool>,
    list_read_at: Cell<Option<Instant>>,
    has_left: Cell<bool>,
    is_in_doubt: Cell<bool>,
    signal: Notify,
    pub signalled: Cell<Option<Instant>>,
    /// How the tests really end.
    pub tests_pass: Cell<Option<bool>>,
    are_tests_stuck: Cell<bool>,
    /// How many reads of a test run failed.
    pub bad_test_reads: Cell<u32>,
}

impl SimulatedApi {
    pub fn new(world: World, refuses_active: RefusesActive) -> Self {
        Self {
            refuses_active,
            old_active: world.active(),
            old_list: world.listed(),
            world: RefCell::new(world),
            posts: RefCell::default(),
            last_read: Cell::default(),
            active_as_read: RefCell::default(),
            has_bad_read: Cell::default(),
            wishes: RefCell::default(),
            has_lost: Cell::default(),
            is_on_its_way: Cell::default(),
            list_read_at: Cell::default(),
            has_left: Cell::default(),
            is_in_doubt: Cell::default(),
            signal: Notify::new(),
            signalled: Cell::default(),
            tests_pass: Cell::default(),
            are_tests_stuck: Cell::default(),
            bad_test_reads: Cell::default(),
        }
    }

    /// Waits for the signal that cancels the run.
    pub async fn cancelled(&self) -> Signal {
        self.signal.notified().await;
        Signal::Terminate
    }

    /// Lets happen what comes between two requests.
    fn meanwhile(&self) {
        let mut world = self.world.borrow_mut();
        world.catch_up();
        let meanwhile = MEANWHILE[world.choices.fault(MEANWHILE.len())];
        match meanwhile {
            Meanwhile::Nothing => {}
            Meanwhile::ColleaguePublishes => world.colleague_publishes(),
            Meanwhile::ColleagueRollsBack => world.colleague_rolls_back(),
            Meanwhile::Signal => {
                world.tell(|| "a signal comes".to_owned());
                self.signal.notify_one();
                self.signalled.set(Some(Instant::now()));
            }
        }
    }

    /// A read of what `shown` shows.
    async fn read(
        &self,
        what: &str,
        limit: Limit,
        old: Vec<Deployment>,
        shown: impl Fn(&World) -> Vec<Deployment>,
    ) -> Answer<Deployments> {
        let asked = Instant::now();
        let Some(limit) = limit else { return Err(not_sent()) };
        self.meanwhile();
        let fault = {
            let mut world = self.world.borrow_mut();
            let fault = match READS[world.choices.fault(READS.len())] {
                ReadFault::None if world.quirk == Quirk::Cached => ReadFault::Stale,
                fault => fault,
            };
            world.tell(|| format!("{what} is read: {fault:?}"));
            fault
        };
        if !matches!(fault, ReadFault::None) {
            self.has_bad_read.set(true);
        }
        if let ReadFault::Silence = fault {
            sleep(limit).await;
            return Err(CallError::Lost("no answer".to_owned()));
        }
        sleep(READ).await;
        let mut world = self.world.borrow_mut();
        world.catch_up();
        let answered = Instant::now();
        let server_clock = world.date().map(|date| ClockReading { date, asked, answered });
        match fault {
            ReadFault::None => {
                // The other environments show nothing of live.
                if what != Environment::PreRelease.name() && what != Environment::Sandbox.name() {
                    self.last_read.set(Some(answered));
                }
                Ok(Observed { value: shown(&world), server_clock, is_from_cache: false })
            }
            ReadFault::Stale => Ok(Observed { value: old, server_clock, is_from_cache: true }),
            ReadFault::NotSent => Err(not_sent()),
            ReadFault::Cut => Err(CallError::Lost("the connection was cut".to_owned())),
            ReadFault::Garbage => Err(garbage()),
            ReadFault::Status(status) => Err(answered_with(status, None)),
            ReadFault::Silence => unreachable!("it has ended before"),
        }
    }

    /// What the API does with a request whose body it has.
    fn act(&self, effect: Effect, version: &str) -> Result<Option<Deployment>, CallError> {
        let mut world = self.world.borrow_mut();
        world.catch_up();
        let newest = world.made.last().and_then(|made| made.deployment.version.clone());
        if newest.as_deref() == Some(version) && !matches!(effect, Effect::Never) {
            match self.refuses_active {
                RefusesActive::No => {}
                RefusesActive::Status(status) => return Err(answered_with(status, None)),
                RefusesActive::Code => {
                    let code = "DEPLOYMENTS_ENVIRONMENT_ALREADY_PUBLISHED";
                    return Err(answered_with(200, Some(code)));
                }
            }
        }
        match effect {
            Effect::Now => Ok(Some(world.roll_back(version))),
            Effect::Wrong => Ok(Some(world.roll_back_wrongly(version))),
            Effect::Never => Ok(None),
            Effect::After(milliseconds) => {
                world.roll_back_later(version, Duration::from_millis(milliseconds));
                Ok(None)
            }
        }
    }

    /// Does what a request for a rollback comes to.
    async fn asked_to_roll_back(&self, target: &Id, limit: Limit) -> Answer<Rollback> {
        let Some(limit) = limit else { return Err(not_sent()) };
        self.meanwhile();
        let (effect, reply) = {
            let mut world = self.world.borrow_mut();
            let (effect, reply) = POSTS[world.choices.fault(POSTS.len())];
            world.tell(|| {
                format!("a rollback to {} is asked for: {effect:?}, {reply:?}", target.as_str())
            });
            (effect, reply)
        };
        if let Reply::NotSent = reply {
            sleep(READ).await;
            return Err(not_sent());
        }
        self.has_left.set(true);
        self.is_in_doubt.set(true);
        self.is_on_its_way.set(true);
        self.posts.borrow_mut().push(Post {
            at: Instant::now(),
            target: target.as_str().to_owned(),
            active_as_read: self.active_as_read.borrow().clone(),
            list_read_at: self.list_read_at.get(),
            is_after_loss: self.has_lost.get(),
            colleagues: self.world.borrow().theirs().count(),
        });
        sleep(POST / 2).await;
        let Some(version) = self.version_of(target) else {
            return Err(answered_with(404, None));
        };
        let made = self.act(effect, &version)?;
        match reply {
            Reply::Slow(milliseconds) if Duration::from_millis(milliseconds) < limit => {
                sleep(Duration::from_millis(milliseconds)).await;
            }
            Reply::Silence | Reply::Slow(_) => {
                sleep(limit - POST / 2).await;
                return Err(CallError::Lost("no answer".to_owned()));
            }
            _ => sleep(POST / 2).await,
        }
        match (reply, made) {
            (Reply::Made | Reply::Slow(_), Some(deployment)) => Ok(Rollback {
                deployment,
                test_run_ids: vec!["run-1".to_owned()],
                are_all_runs_known: true,
                established: None,
            }),
            (Reply::Cut, _) => Err(CallError::Lost("the connection was cut".to_owned())),
            (Reply::Status(status), _) => Err(answered_with(status, None)),
            (Reply::Busy(seconds), _) => {
                let wait = Duration::from_secs(seconds);
                self.wishes.borrow_mut().push(Wish { at: Instant::now(), wait });
                let (status, body) = (429, ErrorBody::default());
                Err(CallError::Answered { status, body, retry_after: Some(wait) })
            }
            (Reply::ErrorIn200, _) => Err(answered_with(200, Some("DEPLOYMENTS_LOCKED"))),
            _ => Err(garbage()),
        }
    }

    /// The version of a deployment; none where there is no such deployment.
    fn version_of(&self, id: &Id) -> Option<String> {
        let world = self.world.borrow();
        world.find(id.as_str())?.deployment.version.clone()
    }
}

impl AgentsApi for SimulatedApi {
    async fn deployments(
        &self,
        environment: Environment,
        _: usize,
        limit: Limit,
    ) -> Answer<Deployments> {
        let shown = |world: &World| match environment {
            Environment::Live => world.listed(),
            Environment::PreRelease => Vec::new(),
            Environment::Sandbox => world.sandbox.iter().cloned().collect(),
        };
        let old = match environment {
            Environment::Live => self.old_list.clone(),
            _ => shown(&self.world.borrow()),
        };
        let read = self.read(environment.name(), limit, old, shown).await;
        if environment == Environment::Live && read.as_ref().is_ok_and(|read| !read.is_from_cache) {
            self.list_read_at.set(Some(Instant::now()));
        }
        read
    }

    async fn active(&self, limit: Limit) -> Answer<Deployments> {
        let old = self.old_active.clone();
        let read = self.read("what is active", limit, old, World::active).await;
        if let Ok(active) = &read {
            let is_live = |active: &&Deployment| active.environment == Some(Environment::Live);
            let deployment = active.value.iter().find(is_live).cloned();
            *self.active_as_read.borrow_mut() =
                Some(Active { deployment, read_at: Instant::now() });
        }
        read
    }

    async fn roll_back(&self, target: &Id, limit: Limit) -> Answer<Rollback> {
        let answer = self.asked_to_roll_back(target, limit).await;
        let is_lost = match &answer {
            Err(CallError::Lost(_) | CallError::Unreadable { .. }) => true,
            Err(CallError::Answered { status, .. }) => [408, 500, 504].contains(status),
            _ => false,
        };
        self.has_lost.set(self.has_lost.get() || is_lost);
        self.is_on_its_way.set(false);
        answer
    }

    async fn test_run(&self, _: &Id, limit: Limit) -> Answer<TestRun> {
        let Some(limit) = limit else { return Err(not_sent()) };
        self.meanwhile();
        let (fault, (status, failed)) = {
            let mut world = self.world.borrow_mut();
            let fault = READS[world.choices.fault(READS.len())];
            let test_run = match self.are_tests_stuck.get() {
                true => (NEVER_OVER, 0),
                false => TEST_RUNS[world.choices.fault(TEST_RUNS.len())],
            };
            (fault, test_run)
        };
        self.are_tests_stuck.set(status == NEVER_OVER);
        if !matches!(fault, ReadFault::None | ReadFault::Stale) {
            self.bad_test_reads.set(self.bad_test_reads.get() + 1);
        }
        if let ReadFault::Silence = fault {
            sleep(limit).await;
            return Err(CallError::Lost("no answer".to_owned()));
        }
        sleep(READ).await;
        match fault {
            ReadFault::None | ReadFault::Stale | ReadFault::Silence => {}
            ReadFault::NotSent => return Err(not_sent()),
            ReadFault::Cut => return Err(CallError::Lost("the connection was cut".to_owned())),
            ReadFault::Garbage => return Err(garbage()),
            ReadFault::Status(status) => return Err(answered_with(status, None)),
        }
        if status != "running" && status != NEVER_OVER {
            self.tests_pass.set(Some(status == "completed" && failed == 0));
        }
        let counts = Counts { total: 3, passed: 3 - failed, failed, errored: 0 };
        let status = status.to_owned();
        Ok(TestRun { status, counts: Some(counts), ..TestRun::default() })
    }

    fn delivery(&self) -> Delivery {
        match (self.is_in_doubt.get(), self.has_left.get()) {
            (true, _) => Delivery::InDoubt,
            (false, true) => Delivery::NoEffect,
            (false, false) => Delivery::NotSent,
        }
    }

    fn settle(&self) {
        self.is_in_doubt.set(false);
    }
}

fn not_sent() -> CallError {
    CallError::NotSent(ConnectError::Other("no connection".to_owned()))
}

fn garbage() -> CallError {
    let cause = "it makes no sense".to_owned();
    CallError::Unreadable { status: 200, body: ErrorBody::default(), cause }
}

fn answered_with(status: u16, code: Option<&str>) -> CallError {
    let body = ErrorBody { code: code.map(str::to_owned), message: None };
    CallError::Answered { status, body, retry_after: None }
}
