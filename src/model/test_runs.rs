//! The test runs that a rollback triggered, taken together.

use crate::model::call_error::{CallError, RetryClass};
use crate::model::test_run::{Counts, TestRun, Verdict};
use crate::text::row::Row;
use serde::Serialize;

/// How often in a row a run may be refused, or told in a way that cannot be read, before it is given up.
const STRIKES: u32 = 3;
/// The most runs that are watched; a rollback triggers a few.
const WATCHED: usize = 50;
/// The most rows that all runs take.
const ROWS: usize = 100;

/// All test runs of a rollback.
#[derive(Debug)]
pub struct TestRuns {
    /// The runs.
    pub runs: Vec<WatchedRun>,
    /// Whether `runs` are all test runs of the rollback.
    pub are_all_known: bool,
    /// Whether the time ran out while a run was still going on.
    pub is_time_over: bool,
}

/// A test run, as far as it could be watched.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct WatchedRun {
    /// The id.
    pub id: String,
    /// The run when it was last read; none where it never could be.
    #[serde(flatten)]
    pub run: Option<TestRun>,
    /// Why the run could not be read the last time.
    pub unread: Option<String>,
    /// How often in a row the run was refused or could not be read.
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
    /// Nobody knows.
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
        let watched =
            |id: &String| WatchedRun { id: id.clone(), run: None, unread: None, strikes: 0 };
        Self {
            runs: ids.iter().take(WATCHED).map(watched).collect(),
            are_all_known: are_all_known && ids.len() <= WATCHED,
            is_time_over: false,
        }
    }

    /// How the tests ended, as far as that is known.
    pub fn outcome(&self) -> TestsOutcome {
        let verdicts = || self.runs.iter().map(WatchedRun::verdict);
        if verdicts().any(|verdict| verdict == Verdict::Failed) {
            TestsOutcome::Failed
        } else if !self.are_all_known || verdicts().any(|verdict| verdict != Verdict::Passed) {
            TestsOutcome::Unknown
        } else if self.runs.is_empty() {
            TestsOutcome::None
        } else {
            TestsOutcome::Passed
        }
    }

    /// Whether a run is still to be read.
    pub fn are_pending(&self) -> bool {
        self.runs.iter().any(WatchedRun::is_pending)
    }

    /// The sums over the runs whose numbers can be read; none where there is no such run.
    pub fn counts(&self) -> Option<Counts> {
        let counts = self.runs.iter().filter_map(|watched| watched.run.as_ref()?.counts);
        counts.reduce(Counts::plus)
    }

    /// How far the runs are, in one line.
    pub fn progress(&self) -> String {
        let over = self.runs.iter().filter(|watched| !watched.is_pending()).count();
        let cases = self.counts().map(|counts| format!(": {}", counts.describe()));
        format!("{over} of {} test runs finished{}", self.runs.len(), cases.unwrap_or_default())
    }

    /// Why nobody knows how the tests ended.
    pub fn doubts(&self) -> String {
        let missing =
            (!self.are_all_known).then(|| "the API did not say which runs there are".to_owned());
        let doubts = self.runs.iter().filter_map(|watched| watched.doubt(self.is_time_over));
        missing.into_iter().chain(doubts).collect::<Vec<_>>().join("; ")
    }

    /// Each run and each failed case, for people.
    pub fn rows(&self) -> Vec<Row> {
        let mut rows: Vec<Row> = self.runs.iter().flat_map(WatchedRun::rows).collect();
        let more = rows.len().saturating_sub(ROWS);
        if more > 0 {
            rows.truncate(ROWS);
            rows.push(Row::new("test run", format!("{more} more lines")));
        }
        rows
    }
}

impl WatchedRun {
    /// Whether the run is still to be read: it goes on, and was not given up.
    pub fn is_pending(&self) -> bool {
        self.strikes < STRIKES && self.verdict() == Verdict::Pending
    }

    /// Takes what was read, or why nothing was.
    pub fn note(&mut self, read: Result<TestRun, CallError>) {
        match read {
            Ok(run) => {
                self.strikes = 0;
                self.unread = None;
                self.run = Some(run);
            }
            Err(error) => {
                let is_strike = error.retry_class() == RetryClass::Refused
                    || matches!(error, CallError::Unreadable { .. });
                self.strikes = if is_strike { self.strikes + 1 } else { 0 };
                // The code alone: what else the answer says may be somebody's words in a test.
                let code = error.body().and_then(|body| body.code.as_ref());
                self.unread = Some(match code {
                    Some(code) => format!("{error}: {code}"),
                    None => error.to_string(),
                });
            }
        }
    }

    fn verdict(&self) -> Verdict {
        self.run.as_ref().map_or(Verdict::Pending, TestRun::verdict)
    }

    fn doubt(&self, is_time_over: bool) -> Option<String> {
        let id = &self.id;
        match (self.verdict(), &self.unread) {
            (Verdict::Pending, Some(why)) => Some(format!("test run {id} cannot be read: {why}")),
            (Verdict::Pending, None) if is_time_over => {
                Some(format!("test run {id} is still not over"))
            }
            (Verdict::Unclear, _) => {
                Some(format!("test run {id} is over, and does not say clearly how it ended"))
            }
            _ => None,
        }
    }

    fn rows(&self) -> Vec<Row> {
        let Some(run) = &self.run else {
            let why = self.unread.as_deref().unwrap_or("not read yet");
            return vec![Row::new("test run", format!("{}: {why}", self.id))];
        };
        let counts = run.counts.map_or_else(|| "no numbers".to_owned(), Counts::describe);
        let mut rows = vec![Row::new("test run", format!("{}: {}, {counts}", self.id, run.status))];
        for case in &run.failed_cases {
            let reasons = case.reasons.join("; ");
            let why = if reasons.is_empty() { "no reason is given" } else { &reasons };
            rows.push(Row::new("failed case", format!("{}: {why}", case.name)));
        }
        let more = run.more_failed_cases();
        if more > 0 && !run.failed_cases.is_empty() {
            rows.push(Row::new("failed case", format!("{more} more")));
        }
        rows
    }
}
