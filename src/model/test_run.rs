//! A test run: a set of scripted conversations that an agent must pass.

use serde::Serialize;

/// The most failed cases of one run that are kept.
pub const KEPT_CASES: usize = 20;

/// A test run, as far as it is known.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct TestRun {
    /// How far the run is, in the API's word.
    pub status: String,
    /// How many cases there are, and how they ended; none where one of the numbers cannot be read.
    pub counts: Option<Counts>,
    /// The first cases that failed.
    pub failed_cases: Vec<FailedCase>,
    /// Whether the cases speak against numbers that say that all passed: one failed, or they cannot be read.
    #[serde(skip)]
    pub is_doubtful: bool,
}

/// Numbers of test cases.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Counts {
    /// All cases.
    pub total: u64,
    /// The cases that passed.
    pub passed: u64,
    /// The cases in which the agent did not do what it should.
    pub failed: u64,
    /// The cases that could not be run.
    pub errored: u64,
}

/// A case that failed, safe to show.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct FailedCase {
    /// The name, or else the id.
    pub name: String,
    /// Why the case failed.
    pub reasons: Vec<String>,
    /// The id of the conversation, by which Agent Studio finds it.
    pub conversation_id: Option<String>,
    /// Whether the case could not be run.
    pub is_errored: bool,
}

impl FailedCase {
    /// Why the case failed, in one line.
    pub fn why(&self) -> String {
        let reasons = match self.reasons.is_empty() {
            true => "no reason is given".to_owned(),
            false => self.reasons.join("; "),
        };
        match self.is_errored {
            true => format!("could not be run: {reasons}"),
            false => reasons,
        }
    }
}

/// How a run ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Verdict {
    /// The run goes on.
    Pending,
    /// All cases passed.
    Passed,
    /// A case failed, or the whole run.
    Failed,
    /// The run is over, and does not say clearly how it ended.
    Unclear,
}

impl TestRun {
    /// Whether the run goes on.
    pub fn is_pending(&self) -> bool {
        matches!(self.status.to_lowercase().as_str(), "pending" | "running" | "in_progress")
    }

    /// How the run ended. A run has passed only if its own numbers say so, and nothing in it speaks
    /// against that. A run that goes on has failed as soon as its numbers say so.
    pub fn verdict(&self) -> Verdict {
        let counts = self.counts;
        if is_failed(&self.status)
            || counts.is_some_and(|counts| counts.failed > 0 || counts.errored > 0)
        {
            return Verdict::Failed;
        }
        if self.is_pending() {
            return Verdict::Pending;
        }
        let has_passed = |counts: Counts| counts.total > 0 && counts.passed == counts.total;
        match counts.is_some_and(has_passed) && !self.is_doubtful {
            true => Verdict::Passed,
            false => Verdict::Unclear,
        }
    }

    /// How many cases failed beyond those that are kept.
    pub fn more_failed_cases(&self) -> u64 {
        let failed = self.counts.map_or(0, |counts| counts.failed.saturating_add(counts.errored));
        failed.saturating_sub(self.failed_cases.len() as u64)
    }
}

impl Counts {
    /// The sums of both.
    pub fn plus(self, other: Self) -> Self {
        Self {
            total: self.total.saturating_add(other.total),
            passed: self.passed.saturating_add(other.passed),
            failed: self.failed.saturating_add(other.failed),
            errored: self.errored.saturating_add(other.errored),
        }
    }

    /// The numbers, for people.
    pub fn describe(self) -> String {
        let Self { total, passed, failed, errored } = self;
        format!("{passed} of {total} cases passed, {failed} failed, {errored} errored")
    }
}

/// Whether this status of a run, or of a case, says that it failed.
pub fn is_failed(status: &str) -> bool {
    status.eq_ignore_ascii_case("failed") || is_errored(status)
}

/// Whether this status of a run, or of a case, says that it could not be run to its end.
pub fn is_errored(status: &str) -> bool {
    matches!(status.to_lowercase().as_str(), "error" | "errored" | "timed_out")
}
