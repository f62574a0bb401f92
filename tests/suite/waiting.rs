//! How long test runs are waited for, by a clock that moves only when everybody waits.

use polyai_rollback::agents_api::{AgentsApi, Answer, Deployments, Limit};
use polyai_rollback::log::Log;
use polyai_rollback::model::{
    CallError, Counts, Delivery, Environment, ErrorBody, Failure, Id, Limits, Outcome, Rollback,
    RollbackRequest, TargetSpec, TestRun, TestRuns,
};
use polyai_rollback::process::{env::ProcessEnv, place::UNKNOWN};
use polyai_rollback::rollback::{await_tests, engine::Engine};
use std::cell::RefCell;
use std::future::pending;
use std::time::{Duration, SystemTime};
use tokio::runtime::Builder;
use tokio::time::Instant;

/// An API that knows test runs alone.
struct TestRunsApi<F> {
    begun: Instant,
    /// What it says of a run when it is asked for the n-th time, the first time being 0.
    answer: F,
    /// When it was asked.
    asked: RefCell<Vec<Duration>>,
}

impl<F: Fn(usize) -> Answer<TestRun>> AgentsApi for TestRunsApi<F> {
    async fn deployments(&self, _: Environment, _: usize, _: Limit) -> Answer<Deployments> {
        unreachable!("nothing is looked at")
    }

    async fn active(&self, _: Limit) -> Answer<Deployments> {
        unreachable!("nothing is looked at")
    }

    async fn roll_back(&self, _: &Id, _: Limit) -> Answer<Rollback> {
        unreachable!("nothing is sent")
    }

    async fn test_run(&self, _: &Id, _: Limit) -> Answer<TestRun> {
        let count = self.asked.borrow().len();
        self.asked.borrow_mut().push(self.begun.elapsed());
        (self.answer)(count)
    }

    fn delivery(&self) -> Delivery {
        Delivery::Done
    }

    fn settle(&self) {}
}

/// How a wait ended, and when the API was asked, in seconds.
struct Waited {
    result: Result<Outcome, Failure>,
    asked: Vec<u64>,
    doubts: String,
}

/// Waits for one run, for half an hour at most.
fn wait(answer: impl Fn(usize) -> Answer<TestRun>) -> Waited {
    let runtime = Builder::new_current_thread().enable_time().start_paused(true).build();
    runtime.expect("a runtime").block_on(async {
        let request = RollbackRequest {
            agent_id: Id::new("agent").expect("an id"),
            target: TargetSpec::Previous,
            environment: Some(Environment::Live),
            expect_current: None,
            is_forced: false,
            is_dry_run: false,
            is_verified: true,
            waits_for_tests: true,
            message: "a reason".to_owned(),
            has_reason: true,
            limits: Limits {
                timeout: Duration::from_secs(60),
                tests_timeout: Duration::from_secs(1_800),
                attempts: 4,
            },
            started: SystemTime::UNIX_EPOCH,
            correlation_id: "0".to_owned(),
        };
        let api = TestRunsApi { begun: Instant::now(), answer, asked: RefCell::default() };
        let (mut out, mut err) = (Vec::new(), Vec::new());
        let mut log = Log::new(&ProcessEnv::new([]), &UNKNOWN, false, &mut out, &mut err);
        let engine = Engine::start(&request, &api, &mut log, &|| 0.0);
        let mut tests = TestRuns::new(&["run-0001".to_owned()], true);
        let result = await_tests(&engine, &mut tests, pending()).await;
        let asked = api.asked.borrow().iter().map(Duration::as_secs).collect();
        Waited { result, asked, doubts: tests.doubts() }
    })
}

fn status(status: u16) -> CallError {
    CallError::Answered { status, body: ErrorBody::default(), retry_after: None }
}

fn unreadable() -> CallError {
    let cause = "it is no test run".to_owned();
    CallError::Unreadable { status: 200, body: ErrorBody::default(), cause }
}

/// A run of three cases, of which so many passed and so many failed.
fn run(status: &str, passed: u64, failed: u64) -> TestRun {
    let counts = Counts { total: 3, passed, failed, errored: 0 };
    TestRun { status: status.to_owned(), counts: Some(counts), ..TestRun::default() }
}

fn is_unknown(waited: &Waited) -> bool {
    matches!(waited.result, Err(Failure::TestsUnknown))
}

#[test]
fn ends_when_a_run_is_refused_three_times_in_a_row() {
    for code in [401, 403] {
        let waited = wait(|_| Err(status(code)));
        assert!(is_unknown(&waited) && waited.asked == [0, 5, 10], "{:?}", waited.asked);
        assert_eq!(waited.doubts, format!("test run run-0001 cannot be read: HTTP {code}"));
    }
    // A new key may take some seconds to work.
    let passed_later = wait(|count| match count {
        0 | 1 | 3 | 4 => Err(status(403)),
        2 => Ok(run("running", 1, 0)),
        _ => Ok(run("completed", 3, 0)),
    });
    assert!(matches!(passed_later.result, Ok(Outcome::RolledBack)), "{}", passed_later.doubts);
}

#[test]
fn ends_when_a_run_cannot_be_read_three_times_in_a_row() {
    let waited = wait(|_| Err(unreadable()));
    assert!(is_unknown(&waited) && waited.asked == [0, 5, 10], "{:?}", waited.asked);
    // Refusals and answers that cannot be read are counted apart.
    let waited = wait(|count| match count {
        0..4 => Err(if count % 2 == 0 { unreadable() } else { status(403) }),
        _ => Err(status(403)),
    });
    assert!(is_unknown(&waited) && waited.asked == [0, 5, 10, 15, 20, 25], "{:?}", waited.asked);
}

#[test]
fn ends_when_a_run_is_missing_for_a_minute() {
    let waited = wait(|_| Err(status(404)));
    assert!(is_unknown(&waited), "{}", waited.doubts);
    assert_eq!(waited.asked.last(), Some(&60));
    let shown_late = wait(|count| match count {
        0..12 => Err(status(404)),
        _ => Ok(run("completed", 3, 0)),
    });
    assert!(matches!(shown_late.result, Ok(Outcome::RolledBack)), "{}", shown_late.doubts);
    // The minute begins when the run is missing.
    let lost_again = wait(|count| match count {
        0..10 => Ok(run("running", 1, 0)),
        _ => Err(status(404)),
    });
    assert!(is_unknown(&lost_again), "{}", lost_again.doubts);
    assert_eq!(lost_again.asked.last(), Some(&110));
}

#[test]
fn ends_at_once_when_a_run_is_too_large() {
    let waited = wait(|_| Err(CallError::TooLarge("the answer is larger than 16 MiB".to_owned())));
    assert!(is_unknown(&waited) && waited.asked == [0], "{:?}", waited.asked);
    let says = "test run run-0001 cannot be read: the answer is larger than 16 MiB";
    assert_eq!(waited.doubts, says);
}

#[test]
fn goes_on_through_all_else_and_slows_down() {
    for error in [
        status(500),
        status(400),
        status(429),
        CallError::Lost("the connection was cut".to_owned()),
        CallError::GaveUp("no answer within 30.0 s".to_owned()),
    ] {
        let waited = wait(|_| Err(error.clone()));
        assert!(is_unknown(&waited), "{}", waited.doubts);
        assert_eq!(waited.asked.last(), Some(&1_799), "the last read comes just before the end");
        let waits: Vec<_> = waited.asked.windows(2).map(|pair| pair[1] - pair[0]).collect();
        let in_two_minutes = waited.asked.iter().filter(|asked| **asked <= 120).count();
        assert_eq!(in_two_minutes, 25, "every 5 s: {:?}", waited.asked);
        assert!(waits.iter().all(|wait| *wait <= 20), "{waits:?}");
        let late = waited.asked.iter().filter(|asked| (600..1_600).contains(*asked)).count();
        assert_eq!(late, 50, "every 20 s: {:?}", waited.asked);
    }
}

#[test]
fn takes_a_failed_case_for_a_failure_whatever_the_status_says() {
    // A run that goes on is waited for, so that all that failed is told.
    let waited = wait(|count| Ok(run("running", 1, u64::from(count > 0))));
    assert!(matches!(waited.result, Err(Failure::TestsFailed)));
    assert_eq!(waited.asked.last(), Some(&1_799));
    let waited = wait(|count| match count {
        0 => Ok(run("running", 1, 1)),
        _ => Err(status(403)),
    });
    assert!(matches!(waited.result, Err(Failure::TestsFailed)) && waited.asked.len() == 4);
    for word in ["completed", "passed", "skipped", "whatever"] {
        let waited = wait(|_| Ok(run(word, 2, 1)));
        assert!(matches!(waited.result, Err(Failure::TestsFailed)) && waited.asked == [0]);
    }
}
