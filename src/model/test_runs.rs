//! The test runs that a rollback triggered, taken together.

use crate::model::call_error::CallError;
use crate::model::id::Id;
use crate::model::test_run::{Counts, TestRun, Verdict};
use crate::text::{row::Row, sanitize::one_line};
use serde::Serialize;
use std::cell::Cell;
use std::time::Duration;

/// How often in a row a run may be refused, and how often it may be told in a way that cannot be read, before
/// it is given up.
const STRIKES: u32 = 3;
/// How long a run may be missing before it is given up: the API may show a new run late.
const MISSING_TIME: Duration = Duration::from_secs(60);
/// The most failed cases of all runs that are kept.
const KEPT_CASES: usize = 100;
/// The most rows that all runs take.
const ROWS: usize = 100;
/// The most characters that are kept of why a run cannot be read.
const WHY_CHARACTERS: usize = 100;

/// All test runs of a rollback.
#[derive(Debug)]
pub struct TestRuns {
    /// The runs.
    pub runs: Vec<WatchedRun>,
    /// Whether `runs` are all test runs of the rollback.
    pub are_all_known: bool,
    /// Whether the time ran out while a run was still going on.
    pub is_time_over: bool,
    /// How many failed cases can still be kept.
    pub room: Cell<usize>,
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
    /// Why the run could not be read the last times in a row; none where it could be.
    #[serde(skip)]
    trouble: Option<Trouble>,
    /// Whether the run is not read any more.
    #[serde(skip)]
    is_given_up: bool,
}

/// Reads of a run that failed in the same way, one after the other.
#[derive(Clone, Copy, Debug)]
struct Trouble {
    kind: TroubleKind,
    times: u32,
    /// When the first of them failed, after the beginning of the wait.
    since: Duration,
}

/// How a read of a run failed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum TroubleKind {
    /// The answer is larger than what is read.
    TooLarge,
    /// The API does not let this key read the run (401, 403).
    Refused,
    /// The API does not know the run (404).
    Missing,
    /// The answer cannot be read.
    Unreadable,
    /// Anything else, which may be better the next time.
    Passing,
}

impl Trouble {
    /// One more failed read after those before it.
    fn after(before: Option<Self>, error: &CallError, waited: Duration) -> Self {
        let kind = match error {
            CallError::TooLarge(_) => TroubleKind::TooLarge,
            CallError::Answered { status: 401 | 403, .. } => TroubleKind::Refused,
            CallError::Answered { status: 404, .. } => TroubleKind::Missing,
            CallError::Unreadable { .. } => TroubleKind::Unreadable,
            _ => TroubleKind::Passing,
        };
        match before.filter(|before| before.kind == kind) {
            Some(before) => Self { times: before.times + 1, ..before },
            None => Self { kind, times: 1, since: waited },
        }
    }

    fn is_hopeless(self, waited: Duration) -> bool {
        match self.kind {
            TroubleKind::TooLarge => true,
            TroubleKind::Refused | TroubleKind::Unreadable => self.times >= STRIKES,
            TroubleKind::Missing => waited.saturating_sub(self.since) >= MISSING_TIME,
            TroubleKind::Passing => false,
        }
    }
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
        Self {
            runs: ids.iter().map(|id| WatchedRun::new(id)).collect(),
            are_all_known,
            is_time_over: false,
            room: Cell::new(KEPT_CASES),
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
    /// A run of which nothing is known yet.
    fn new(id: &str) -> Self {
        let is_bad = Id::new(id).is_none();
        let unread = is_bad.then(|| "its id leads to another path".to_owned());
        Self { id: id.to_owned(), run: None, unread, trouble: None, is_given_up: is_bad }
    }

    /// Whether the run is still to be read. A run that goes on is, also where cases have failed already, so
    /// that its last numbers and all failed cases are told.
    pub fn is_pending(&self) -> bool {
        !self.is_given_up && self.run.as_ref().is_none_or(TestRun::is_pending)
    }

    /// Takes what was read, or why nothing was, when the wait has lasted for `waited`. No more failed cases are
    /// kept than there is room for.
    pub fn note(&mut self, read: Result<TestRun, CallError>, waited: Duration, room: &Cell<usize>) {
        match read {
            Ok(mut run) => {
                let before = self.run.as_ref().map_or(0, |run| run.failed_cases.len());
                let most = room.get() + before;
                run.failed_cases.truncate(most);
                room.set(most - run.failed_cases.len());
                (self.run, self.unread, self.trouble) = (Some(run), None, None);
            }
            Err(error) => {
                let trouble = Trouble::after(self.trouble, &error, waited);
                self.is_given_up = trouble.is_hopeless(waited);
                self.trouble = Some(trouble);
                // The code alone: what else the answer says may be somebody's words in a test.
                let code = error.body().and_then(|body| body.code.as_ref());
                let why = code.map_or_else(|| error.to_string(), |code| format!("{error}: {code}"));
                self.unread = Some(one_line(&why, WHY_CHARACTERS));
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
            let conversation = case.conversation_id.as_ref();
            let conversation = conversation.map(|id| format!(" (conversation {id})"));
            let conversation = conversation.unwrap_or_default();
            rows.push(Row::new(
                "failed case",
                format!("{}: {}{conversation}", case.name, case.why()),
            ));
        }
        let more = run.more_failed_cases();
        if more > 0 && !run.failed_cases.is_empty() {
            rows.push(Row::new("failed case", format!("{more} more")));
        }
        rows
    }
}
