//! The Agents API of a simulated world: it does whatever the program defends against.

use crate::answers;
use crate::faults::{
    Effect, MEANWHILE, Meaning, Meanwhile, NEVER_OVER, POSTS, READS, ReadFault, Reply, TEST_RUNS,
};
use crate::journal::{Call, Came, Journal, Post, PostAnswer, Read, Subject, TestEnd, Wish};
use crate::quirks::Quirk;
use crate::sent::SHORT_LIST;
use crate::world::{Author, World};
use polyai_rollback::agents_api::{AgentsApi, Answer, ClockReading, Deployments, Limit, Observed};
use polyai_rollback::model::{
    CallError, Counts, Delivery, Deployment, Environment, Id, Rollback, Signal, TestRun,
};
use std::cell::{Cell, RefCell};
use std::time::Duration;
use tokio::sync::Notify;
use tokio::time::{Instant, sleep, sleep_until};

/// How old the answers of a cache are.
const AGE: Duration = Duration::from_secs(60);
/// How long a read and a request for a rollback take. The API acts in the middle of the latter.
const READ: Duration = Duration::from_millis(50);
const POST: Duration = Duration::from_millis(200);

/// The test runs of a rollback.
pub const TEST_RUN_IDS: [&str; 2] = ["run-1", "run-2"];

/// How the API refuses a rollback to the version that is active.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum RefusesActive {
    /// It does not: it makes another deployment of that version.
    No,
    /// With this status, and no code.
    Status(u16),
    /// With a 200 and the documented code.
    CodeIn200,
}

/// A request that came in, and what will come of it.
struct Arrival {
    /// The place of the request in the journal.
    call: usize,
    post: usize,
    reply: Reply,
}

/// The API.
pub struct SimulatedApi {
    pub world: RefCell<World>,
    refuses_active: RefusesActive,
    is_cached: bool,
    /// The number of the run: 1 or 2.
    press: Cell<usize>,
    journal: RefCell<Journal>,
    /// How many faults of the first run pass, so that the same call may go well a moment later.
    pub transient_faults: Cell<usize>,
    delivery: Cell<Delivery>,
    signal: Notify,
    signal_due: Cell<Option<Instant>>,
}

impl SimulatedApi {
    pub fn new(world: World, refuses_active: RefusesActive) -> Self {
        Self {
            is_cached: world.quirks.has(Quirk::Cached),
            world: RefCell::new(world),
            refuses_active,
            press: Cell::new(1),
            journal: RefCell::default(),
            transient_faults: Cell::default(),
            delivery: Cell::new(Delivery::NotSent),
            signal: Notify::new(),
            signal_due: Cell::default(),
        }
    }

    /// Takes the journal of the run that has ended, and is ready for the next one.
    pub fn end_of_press(&self) -> Journal {
        self.press.set(self.press.get() + 1);
        self.delivery.set(Delivery::NotSent);
        self.signal_due.set(None);
        self.journal.take()
    }

    /// Waits for the signal that cancels the run.
    pub async fn cancelled(&self) -> Signal {
        let due = loop {
            match self.signal_due.get() {
                Some(due) => break due,
                None => self.signal.notified().await,
            }
        };
        if due > Instant::now() {
            sleep_until(due).await;
        }
        self.journal.borrow_mut().signalled = Some(Instant::now());
        Signal::Terminate
    }

    /// Lets happen what comes between two requests.
    fn meanwhile(&self) {
        let mut world = self.world.borrow_mut();
        world.catch_up();
        let meanwhile = MEANWHILE.choose(&mut world.choices);
        let wait = match meanwhile {
            Meanwhile::Signal => Duration::ZERO,
            Meanwhile::SignalIn(milliseconds) => Duration::from_millis(milliseconds),
            _ => return world.let_a_colleague(meanwhile),
        };
        world.tell(|| format!("a signal comes in {wait:?}"));
        self.signal_due.set(Some(Instant::now() + wait));
        self.signal.notify_one();
    }

    fn note_fault(&self, is_transient: bool) {
        self.transient_faults.set(self.transient_faults.get() + usize::from(is_transient));
    }

    /// A read of at most `count` deployments. What it shows is what is so when the request comes in.
    async fn read(&self, subject: Subject, count: usize, limit: Limit) -> Answer<Deployments> {
        let Some(limit) = limit else { return Err(answers::not_sent()) };
        self.meanwhile();
        let asked = Instant::now();
        let (fault, is_from_cache, shown, value, date) = {
            let mut world = self.world.borrow_mut();
            let chosen = READS.choose(&mut world.choices);
            // What is short already is not smaller when it is asked for again.
            let is_short = subject != Subject::Live || count <= SHORT_LIST;
            let is_hopeless = chosen == ReadFault::TooLarge && is_short;
            self.note_fault(chosen.is_transient() && !is_hopeless);
            let is_heavy = subject == Subject::Live && count > world.quirks.most_rows();
            let fault = match chosen {
                ReadFault::None if self.is_cached => ReadFault::Aged,
                ReadFault::None if is_heavy => ReadFault::TooLarge,
                fault => fault,
            };
            let is_from_cache = matches!(fault, ReadFault::Aged | ReadFault::AgedAndRight);
            world.tell(|| format!("{subject:?} is read: {fault:?}"));
            let was = matches!(fault, ReadFault::Aged | ReadFault::Replica);
            let mut shown = match subject {
                Subject::Active => Vec::from_iter(world.active(was)),
                Subject::Live => world.listed(was),
                Subject::PreRelease | Subject::Sandbox => Vec::new(),
            };
            shown.truncate(count);
            let live = shown.iter().map(|place| world.shown(*place));
            let has_sandbox = matches!(subject, Subject::Active | Subject::Sandbox);
            let sandbox = world.sandbox.iter().filter(|_| has_sandbox).cloned();
            let value: Vec<Deployment> = sandbox.chain(live).collect();
            let age = if is_from_cache { AGE } else { Duration::ZERO };
            let date = world.date().filter(|_| fault != ReadFault::NoDate).map(|date| date - age);
            (fault, is_from_cache, shown, value, date)
        };
        sleep(if fault == ReadFault::Silence { limit } else { READ }).await;
        let answered = Instant::now();
        let server_clock = date.map(|date| ClockReading { date, asked, answered });
        let came = match fault {
            ReadFault::None | ReadFault::NoDate | ReadFault::Replica => Came::Fresh(shown),
            ReadFault::Aged | ReadFault::AgedAndRight => Came::Aged,
            ReadFault::TooLarge => Came::TooLarge,
            _ => Came::Failed,
        };
        let is_old = matches!(fault, ReadFault::Aged | ReadFault::Replica);
        let may_pass = fault.is_transient() && fault != ReadFault::TooLarge;
        let read = Read { subject, at: asked, count, came, is_old, may_pass };
        self.journal.borrow_mut().calls.push(Call::Read(read));
        let error = answers::of_read(fault);
        error.map_or(Ok(Observed { value, server_clock, is_from_cache }), Err)
    }

    /// Takes a request for a rollback in. The error is an answer without more ado.
    fn take_in(&self, target: &Id) -> Result<Arrival, CallError> {
        let mut world = self.world.borrow_mut();
        let (effect, reply) = POSTS.choose(&mut world.choices);
        world.tell(|| {
            format!("a rollback to {} is asked for: {effect:?}, {reply:?}", target.as_str())
        });
        let is_transient = matches!(reply, Reply::NotSent | Reply::Busy(..10));
        self.note_fault(is_transient);
        if reply == Reply::NotSent {
            return Err(answers::not_sent());
        }
        self.delivery.set(Delivery::InDoubt);
        let calls = &mut self.journal.borrow_mut().calls;
        let (call, at) = (calls.len(), Instant::now());
        let post = calls.iter().filter(|call| matches!(call, Call::Post(_))).count();
        calls.push(Call::Post(Post { at, target: target.as_str().to_owned(), answer: None }));
        let refused = |reply| Ok(Arrival { call, post, reply });
        let found = world.find(target.as_str());
        let Some(version) = found.and_then(|made| made.version()).map(str::to_owned) else {
            return refused(Reply::Status(404));
        };
        let active = world.active(false).and_then(|place| world.made[place].version());
        if active == Some(&*version) && effect != Effect::Never {
            match self.refuses_active {
                RefusesActive::No => {}
                RefusesActive::Status(status) => return refused(Reply::Status(status)),
                RefusesActive::CodeIn200 => return refused(Reply::AlreadyPublishedIn200),
            }
        }
        let by = Author::Run { press: self.press.get(), post };
        match effect {
            Effect::Never => {}
            Effect::Now => world.roll_back_later(by, &version, POST / 2),
            Effect::Wrong => {
                let other = world.other_than(&version);
                world.roll_back_later(by, &other, POST / 2);
            }
            Effect::After(milliseconds) => {
                world.roll_back_later(by, &version, Duration::from_millis(milliseconds));
            }
        }
        Ok(Arrival { call, post, reply })
    }

    /// The answer to a request for a rollback that came in. The API acts whether or not anybody waits.
    async fn reply_to(&self, arrival: &Arrival, limit: Duration) -> (Meaning, Answer<Rollback>) {
        let wait = match arrival.reply {
            Reply::Slow(seconds) | Reply::Late(seconds) => Duration::from_secs(seconds),
            Reply::Silence => Duration::MAX,
            _ => POST,
        };
        if wait >= limit {
            sleep(limit).await;
            return (Meaning::StillGoing, Err(answers::silence()));
        }
        sleep(wait).await;
        self.world.borrow_mut().catch_up();
        let made = self.made_by(arrival.post);
        if let Reply::Busy(seconds) = arrival.reply {
            let wait = Duration::from_secs(seconds);
            self.journal.borrow_mut().wishes.push(Wish { at: Instant::now(), wait });
        }
        let error = answers::of_post(arrival.reply);
        let answer = match (error, made) {
            (Some(error), _) => Err(error),
            (None, made) => Ok(Rollback {
                deployment: made.expect("what was made"),
                test_run_ids: TEST_RUN_IDS.map(str::to_owned).to_vec(),
                are_all_runs_known: true,
                established: None,
            }),
        };
        (arrival.reply.meaning(), answer)
    }

    /// The deployment that this request has made, in full: only lists leave things out.
    fn made_by(&self, post: usize) -> Option<Deployment> {
        let world = self.world.borrow();
        let by = Author::Run { press: self.press.get(), post };
        let made = world.made.iter().find(|made| made.by == by);
        made.map(|made| made.deployment.clone())
    }
}

impl AgentsApi for SimulatedApi {
    async fn deployments(
        &self,
        environment: Environment,
        count: usize,
        limit: Limit,
    ) -> Answer<Deployments> {
        let subject = match environment {
            Environment::Live => Subject::Live,
            Environment::PreRelease => Subject::PreRelease,
            Environment::Sandbox => Subject::Sandbox,
        };
        self.read(subject, count, limit).await
    }

    async fn active(&self, limit: Limit) -> Answer<Deployments> {
        self.read(Subject::Active, usize::MAX, limit).await
    }

    async fn roll_back(&self, target: &Id, limit: Limit) -> Answer<Rollback> {
        let Some(limit) = limit else { return Err(answers::not_sent()) };
        self.meanwhile();
        let arrival = match self.take_in(target) {
            Ok(arrival) => arrival,
            Err(error) => {
                sleep(READ).await;
                return Err(error);
            }
        };
        let (meaning, answer) = self.reply_to(&arrival, limit).await;
        let at = Instant::now();
        if let Some(Call::Post(post)) = self.journal.borrow_mut().calls.get_mut(arrival.call) {
            post.answer = Some(PostAnswer { at, meaning });
        }
        answer
    }

    async fn test_run(&self, id: &Id, limit: Limit) -> Answer<TestRun> {
        let Some(limit) = limit else { return Err(answers::not_sent()) };
        self.meanwhile();
        let (fault, (status, failed, total)) = {
            let mut world = self.world.borrow_mut();
            let fault = READS.choose(&mut world.choices);
            let mut journal = self.journal.borrow_mut();
            let test = journal.tests.entry(id.as_str().to_owned()).or_default();
            test.note(fault);
            let told = match test.is_stuck {
                true => (NEVER_OVER, 0, 3),
                false => TEST_RUNS.choose(&mut world.choices),
            };
            world.tell(|| format!("test run {} is read: {fault:?}, {told:?}", id.as_str()));
            test.is_stuck = told.0 == NEVER_OVER;
            (fault, told)
        };
        if fault == ReadFault::Silence {
            sleep(limit).await;
            return Err(answers::silence());
        }
        sleep(READ).await;
        if let Some(error) = answers::of_read(fault) {
            return Err(error);
        }
        if status != "running" && status != NEVER_OVER {
            let mut journal = self.journal.borrow_mut();
            let test = journal.tests.entry(id.as_str().to_owned()).or_default();
            test.ended = Some(match (status, failed, total) {
                ("completed", 0, 0) => TestEnd::Unclear,
                ("completed", 0, _) => TestEnd::Passed,
                _ => TestEnd::Failed,
            });
        }
        let passed = total - failed.min(total);
        let counts = Some(Counts { total, passed, failed, errored: 0 });
        Ok(TestRun { status: status.to_owned(), counts, ..TestRun::default() })
    }

    fn delivery(&self) -> Delivery {
        self.delivery.get()
    }

    fn settle(&self) {
        if self.delivery.get() == Delivery::InDoubt {
            self.delivery.set(Delivery::NoEffect);
        }
    }
}
