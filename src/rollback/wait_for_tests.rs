//! The wait for the test runs that a rollback triggered.

use crate::agents_api::AgentsApi;
use crate::model::{Id, TestRuns};
use crate::rollback::engine::Engine;
use futures_util::{StreamExt, stream};
use humantime::format_duration;
use std::{fmt, time::Duration};
use tokio::time::{Instant, sleep_until};

/// How often the runs are read in the first two minutes.
const POLL_INTERVAL: Duration = Duration::from_secs(5);
/// How often the runs are read after eight minutes.
const LONGEST_POLL_INTERVAL: Duration = Duration::from_secs(20);
/// The part of the time waited so far that the next wait takes in between.
const POLL_PART: u32 = 24;
/// The most that is added to the interval at random.
const POLL_JITTER: Duration = Duration::from_millis(500);
/// The most that one read may take.
const READ_TIMEOUT: Duration = Duration::from_secs(30);
/// The time that is kept for the last read.
const LAST_READ_TIME: Duration = Duration::from_secs(1);
/// How often the log says that the wait goes on, where nothing changes.
const SIGN_OF_LIFE: Duration = Duration::from_secs(60);
/// How many runs are read at the same time.
const CONCURRENCY: usize = 4;

impl<A: AgentsApi> Engine<'_, '_, A> {
    /// Reads the runs until all of them are over, or the time for them is.
    pub(super) async fn wait_for_tests(&self, tests: &mut TestRuns) {
        let begun = Instant::now();
        let end = begun + self.request.limits.tests_timeout;
        let mut told = String::new();
        let mut told_at = Instant::now();
        loop {
            read_pending(self.api, tests, begun, end).await;
            let progress = tests.progress();
            if progress != told || told_at.elapsed() >= SIGN_OF_LIFE {
                self.tell("tests", format!("{progress}; at most {} more", left(end)));
                told = progress;
                told_at = Instant::now();
            }
            if !tests.are_pending() {
                return;
            }
            if tests.is_time_over || Instant::now() >= end {
                tests.is_time_over = true;
                return;
            }
            let wait = (begun.elapsed() / POLL_PART).clamp(POLL_INTERVAL, LONGEST_POLL_INTERVAL);
            let next = Instant::now() + wait + POLL_JITTER.mul_f64((self.random)());
            // The last read comes a moment before the end, so that it has time.
            tests.is_time_over = next + LAST_READ_TIME >= end;
            sleep_until(if tests.is_time_over { end - LAST_READ_TIME } else { next }).await;
        }
    }
}

async fn read_pending<A: AgentsApi>(api: &A, tests: &mut TestRuns, begun: Instant, end: Instant) {
    let TestRuns { runs, room, .. } = tests;
    let pending = runs.iter_mut().filter(|watched| watched.is_pending());
    stream::iter(pending)
        .for_each_concurrent(CONCURRENCY, async |watched| {
            let Some(id) = Id::new(&watched.id) else { return };
            let left = end.saturating_duration_since(Instant::now());
            let limit = Some(left.min(READ_TIMEOUT)).filter(|limit| !limit.is_zero());
            let read = api.test_run(&id, limit).await;
            watched.note(read, begun.elapsed(), room);
        })
        .await;
}

/// The time until `end`, in whole seconds.
fn left(end: Instant) -> impl fmt::Display {
    let left = end.saturating_duration_since(Instant::now());
    format_duration(Duration::from_secs(left.as_secs()))
}
