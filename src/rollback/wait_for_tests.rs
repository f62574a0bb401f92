//! The test runs that a rollback triggered, and the wait for them.

use crate::agents_api::endpoint::Id;
use crate::agents_api::http::Client;
use crate::agents_api::test_run_response::{Counts, TestRun, Verdict};
use crate::log::Log;
use crate::model::call_error::{Fault, Meaning};
use crate::model::rollback_request::Request;
use crate::process::random;
use crate::text::sanitize::Row;
use anyhow::anyhow;
use futures_util::{StreamExt, stream};
use humantime::format_duration;
use serde::Serialize;
use std::fmt;
use std::time::Duration;
use tokio::time::{Instant, sleep_until};

/// How often a run is asked for, and what is added at random.
const EVERY: Duration = Duration::from_secs(5);
const JITTER: Duration = Duration::from_millis(500);
/// The most that one request may take.
const REQUEST: Duration = Duration::from_secs(30);
/// How often a run may be refused, or told in a way that cannot be read, before it is given up.
const PATIENCE: u32 = 3;
/// How often the log says that it goes on, where nothing changes.
const SIGN_OF_LIFE: Duration = Duration::from_secs(60);
/// How often a terminal shows that it goes on.
const SECOND: Duration = Duration::from_secs(1);
/// The most bytes of a run, which holds whole conversations, and how many are read at the same time.
const BYTES: usize = 2 << 20;
const AT_ONCE: usize = 4;
/// The most runs that are watched; a rollback triggers a few.
const WATCHED: usize = 50;
/// The most rows that they take.
const ROWS: usize = 100;

/// All runs of a rollback.
#[derive(Debug)]
pub struct TestRuns {
    /// The runs.
    pub runs: Vec<Watched>,
    /// Whether there are no others.
    pub are_all_known: bool,
    /// Whether the time was over before all were.
    is_time_over: bool,
}

/// One run, as far as it could be watched.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Watched {
    /// Its id.
    pub id: String,
    /// What was read of it last; none where it never could be.
    #[serde(flatten)]
    pub run: Option<TestRun>,
    /// Why nothing was read of it the last time.
    pub unread: Option<String>,
    /// Whether that is because the API does not let us look: 403 or 404.
    #[serde(skip)]
    is_hidden: bool,
    /// How often in a row it was refused, or could not be read, in the same way.
    #[serde(skip)]
    strikes: u32,
}

/// How the tests ended. The name is the output `tests-outcome`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum TestsOutcome {
    /// All passed.
    Passed,
    /// Some failed.
    Failed,
    /// There are none.
    None,
    /// It is not known.
    Unknown,
    /// Nobody waited for them.
    NotAwaited,
}

impl TestsOutcome {
    /// The name.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Passed => "passed",
            Self::Failed => "failed",
            Self::None => "none",
            Self::Unknown => "unknown",
            Self::NotAwaited => "not-awaited",
        }
    }
}

impl TestRuns {
    /// Runs of which nothing is known yet.
    pub fn new(ids: &[String], are_all_known: bool) -> Self {
        let watched = |id: &String| Watched {
            id: id.clone(),
            run: None,
            unread: None,
            is_hidden: false,
            strikes: 0,
        };
        let are_all_known = are_all_known && ids.len() <= WATCHED;
        let runs = ids.iter().take(WATCHED).map(watched).collect();
        Self { runs, are_all_known, is_time_over: false }
    }

    /// How they ended, as far as that is known.
    pub fn outcome(&self) -> TestsOutcome {
        let is = |verdict: Verdict| move |run: &Watched| run.verdict() == verdict;
        if self.runs.iter().any(is(Verdict::Failed)) {
            TestsOutcome::Failed
        } else if !self.are_all_known || !self.runs.iter().all(is(Verdict::Passed)) {
            TestsOutcome::Unknown
        } else if self.runs.is_empty() {
            TestsOutcome::None
        } else {
            TestsOutcome::Passed
        }
    }

    /// Whether all that is not known is hidden from us by the API.
    pub fn are_hidden(&self) -> bool {
        let is_fine =
            |run: &Watched| run.is_hidden && run.is_given_up() || run.verdict() == Verdict::Passed;
        self.are_all_known && self.runs.iter().all(is_fine)
    }

    /// The sums over the runs whose numbers can be read; none where there is no such run.
    pub fn counts(&self) -> Option<Counts> {
        let counts = self.runs.iter().filter_map(|run| run.run.as_ref()?.counts);
        counts.reduce(|sum, more| Counts {
            total: sum.total.saturating_add(more.total),
            passed: sum.passed.saturating_add(more.passed),
            failed: sum.failed.saturating_add(more.failed),
            errored: sum.errored.saturating_add(more.errored),
        })
    }

    /// How far they are, in one line.
    pub fn progress(&self) -> String {
        let is_over = |run: &&Watched| !run.is_pending();
        let over = self.runs.iter().filter(is_over).count();
        let of_cases = self.counts().map(|counts| format!(": {}", in_words(counts)));
        format!("{over} of {} finished{}", self.runs.len(), of_cases.unwrap_or_default())
    }

    /// Why it is not known how they ended.
    pub fn doubts(&self) -> String {
        let doubt = |run: &Watched| match (&run.unread, run.verdict()) {
            (Some(why), Verdict::Pending) => Some(format!("{} cannot be read: {why}", run.id)),
            (None, Verdict::Pending) if self.is_time_over => {
                Some(format!("{} is still not over", run.id))
            }
            (_, Verdict::Unclear) => {
                Some(format!("{} is over, and does not say clearly how it ended", run.id))
            }
            _ => None,
        };
        let missing =
            (!self.are_all_known).then(|| "the API did not say which runs there are".to_owned());
        let doubts = missing.into_iter().chain(self.runs.iter().filter_map(doubt));
        doubts.collect::<Vec<_>>().join("; ")
    }

    /// Each run and each failed case, as label and text, for people.
    pub fn rows(&self) -> Vec<Row> {
        let mut rows = Vec::new();
        for watched in &self.runs {
            let Some(run) = &watched.run else {
                let why = watched.unread.as_deref().unwrap_or("not read yet");
                rows.push(("test run", format!("{}: {why}", watched.id)));
                continue;
            };
            let counts = run.counts.map_or_else(|| "no numbers".to_owned(), in_words);
            rows.push(("test run", format!("{}: {}, {counts}", watched.id, run.status)));
            for case in &run.failed_cases {
                let reasons = case.reasons.join("; ");
                let text = if reasons.is_empty() { "no reason is given" } else { &reasons };
                rows.push(("failed case", format!("{}: {text}", case.name)));
            }
            let more = run.more_failed_cases();
            if more > 0 && !run.failed_cases.is_empty() {
                rows.push(("failed case", format!("{more} more")));
            }
        }
        let more = rows.len().saturating_sub(ROWS);
        if more > 0 {
            rows.truncate(ROWS);
            rows.push(("test run", format!("{more} more lines")));
        }
        rows
    }
}

fn in_words(counts: Counts) -> String {
    let Counts { total, passed, failed, errored } = counts;
    format!("{passed} of {total} cases passed, {failed} failed, {errored} errored")
}

impl Watched {
    fn verdict(&self) -> Verdict {
        self.run.as_ref().map_or(Verdict::Pending, TestRun::verdict)
    }

    fn is_given_up(&self) -> bool {
        self.strikes >= PATIENCE
    }

    fn is_pending(&self) -> bool {
        !self.is_given_up() && self.verdict() == Verdict::Pending
    }

    /// Takes what was read, or why nothing was.
    fn take(&mut self, read: Result<TestRun, Fault>) {
        let fault = match read {
            Ok(run) => {
                self.strikes = 0;
                self.unread = None;
                self.run = Some(run);
                return;
            }
            Err(fault) => fault,
        };
        let is_final =
            fault.meaning() == Meaning::Never || matches!(fault, Fault::Unreadable { .. });
        let is_hidden = matches!(fault, Fault::Answered { status: 403 | 404, .. });
        let before = if is_hidden == self.is_hidden { self.strikes } else { 0 };
        self.strikes = if is_final { before + 1 } else { 0 };
        self.is_hidden = is_hidden;
        // What else the answer says may be what was said in a test.
        let code = fault.answer().and_then(|(_, error)| error.code.as_ref());
        self.unread = Some(match code {
            Some(code) => format!("{fault}: {code}"),
            None => fault.to_string(),
        });
    }
}

/// Waits until all of them are over, or the time for it is.
pub async fn wait(runs: &mut TestRuns, client: &Client, request: &Request, log: &mut Log<'_>) {
    let end = Instant::now() + request.tests_timeout;
    let mut said = String::new();
    let mut said_at = Instant::now();
    loop {
        let pending = runs.runs.iter_mut().filter(|watched| watched.is_pending());
        stream::iter(pending)
            .for_each_concurrent(AT_ONCE, async |watched| {
                let left = end.saturating_duration_since(Instant::now());
                let limit = Some(left.min(REQUEST)).filter(|limit| !limit.is_zero());
                watched.take(read(client, request, &watched.id, limit).await);
            })
            .await;
        let progress = runs.progress();
        if progress != said || said_at.elapsed() >= SIGN_OF_LIFE {
            log.rows(&[("tests", format!("{progress}; at most {} more", left(end)))]);
            said = progress;
            said_at = Instant::now();
        }
        if !runs.runs.iter().any(Watched::is_pending) {
            return;
        }
        if runs.is_time_over || Instant::now() >= end {
            runs.is_time_over = true;
            return;
        }
        let pause = EVERY + JITTER.mul_f64(random::fraction());
        // The last look comes a moment before the end, so that it has time.
        runs.is_time_over = Instant::now() + pause + SECOND >= end;
        let next = if runs.is_time_over { end - SECOND } else { Instant::now() + pause };
        while Instant::now() < next {
            log.live(&format!("waiting for tests, at most {} more", left(end)));
            sleep_until(next.min(Instant::now() + SECOND)).await;
        }
    }
}

/// The time until then, in whole seconds.
fn left(end: Instant) -> impl fmt::Display {
    let left = end.saturating_duration_since(Instant::now());
    format_duration(Duration::from_secs(left.as_secs()))
}

async fn read(
    client: &Client,
    request: &Request,
    id: &str,
    limit: Option<Duration>,
) -> Result<TestRun, Fault> {
    let Some(id) = Id::new(id) else {
        return Err(Fault::Lost(anyhow!("its id leads to another path")));
    };
    let url = request.endpoint.test_run(&request.agent_id, &id);
    let reply = client.read(url, limit, BYTES).await?;
    TestRun::read(&reply.body, client.redaction()).map_err(|cause| client.unreadable(&reply, cause))
}
