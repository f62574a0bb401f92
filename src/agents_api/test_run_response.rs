//! A test run, as `GET …/testing/test-runs/{id}` tells it.
//!
//! The endpoint is not in the public contract of the API; it is read as PolyAI's own command line
//! client reads it. What callers and agents said in a test is never taken out of an answer.

use crate::text::bounded_json;
use crate::text::redaction::Redaction;
use crate::text::sanitize::{SHOWN, one_line};
use anyhow::{Result, anyhow};
use serde::de::{IgnoredAny, SeqAccess, Visitor};
use serde::{Deserialize, Deserializer, Serialize};
use serde_json::Value;
use std::fmt;
use std::marker::PhantomData;

/// The most failed cases of one run, and the most reasons of one case, that are kept.
const KEPT: usize = 20;
const REASONS: usize = 3;

/// What is known of a run.
#[derive(Debug, Default, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct TestRun {
    /// How far it is, in the API's word.
    pub status: String,
    /// How many cases it has, and how they ended; none where one of the numbers cannot be read.
    pub counts: Option<Counts>,
    /// The cases that failed, as far as they are told.
    pub failed_cases: Vec<FailedCase>,
    /// Whether there are cases that cannot be read.
    #[serde(skip)]
    pub are_cases_unread: bool,
}

/// Numbers of test cases.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize, Serialize)]
pub struct Counts {
    /// All of them.
    #[serde(rename(deserialize = "testCaseCount"))]
    pub total: u64,
    /// Those that passed.
    #[serde(rename(deserialize = "passedCount"))]
    pub passed: u64,
    /// Those in which the agent did not do what it should.
    #[serde(rename(deserialize = "failedCount"))]
    pub failed: u64,
    /// Those that could not be run.
    #[serde(rename(deserialize = "errorCount"))]
    pub errored: u64,
}

/// A case that failed: its name and why, safe to show.
#[derive(Debug, PartialEq, Eq, Serialize)]
pub struct FailedCase {
    /// Its name, or else its id.
    pub name: String,
    /// The reasons of what failed in it.
    pub reasons: Vec<String>,
}

/// How a run ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Verdict {
    /// It is still running.
    Pending,
    /// All cases passed.
    Passed,
    /// Something failed.
    Failed,
    /// It is over, and its numbers do not say how.
    Unclear,
}

impl TestRun {
    /// Reads an answer.
    pub fn read(body: &[u8], redaction: &Redaction) -> Result<Self> {
        // An error of a typed document quotes what is there, which may be somebody's words.
        let is_object = body.trim_ascii_start().starts_with(b"{");
        let parsed = serde_json::from_slice(body).ok().filter(|_| is_object);
        let Status { status } = parsed.ok_or_else(|| anyhow!("it is no test run"))?;
        let status = one_line(&redaction.apply(&status), SHOWN);
        if status.is_empty() {
            return Err(anyhow!("it does not say how far the run is"));
        }
        // What cannot be read of the rest is not known, and the status is.
        let counts = serde_json::from_slice(body).ok();
        let history = serde_json::from_slice::<History>(body);
        let are_cases_unread = history.is_err();
        let cases = history.ok().and_then(|history| history.cases).unwrap_or_default();
        let failed_cases = cases.0.into_iter().map(|case| case.explain(redaction)).collect();
        Ok(Self { status, counts, failed_cases, are_cases_unread })
    }

    /// How it ended. Only what says so itself, and what nothing in it speaks against, has passed.
    pub fn verdict(&self) -> Verdict {
        match (self.status.to_lowercase().as_str(), self.counts) {
            ("pending" | "running" | "in_progress", _) => Verdict::Pending,
            (status, _) if is_failed(status) => Verdict::Failed,
            (_, Some(counts)) if counts.failed > 0 || counts.errored > 0 => Verdict::Failed,
            (_, Some(counts)) if counts.passed == counts.total && counts.total > 0 => {
                let is_doubtful = self.are_cases_unread || !self.failed_cases.is_empty();
                if is_doubtful { Verdict::Unclear } else { Verdict::Passed }
            }
            _ => Verdict::Unclear,
        }
    }

    /// How many cases failed beyond those that are kept.
    pub fn more_failed_cases(&self) -> u64 {
        let failed = self.counts.map_or(0, |counts| counts.failed.saturating_add(counts.errored));
        failed.saturating_sub(self.failed_cases.len() as u64)
    }
}

/// Whether a run, or a case of one, failed by its status.
fn is_failed(status: &str) -> bool {
    matches!(status.to_lowercase().as_str(), "failed" | "error" | "errored" | "timed_out")
}

#[derive(Deserialize)]
struct Status {
    status: String,
}

#[derive(Default, Deserialize)]
struct History {
    #[serde(default, rename = "testHistory")]
    cases: Option<Kept<Case>>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Case {
    #[serde(default)]
    test_case_id: Option<Value>,
    #[serde(default)]
    status: Option<String>,
    #[serde(default)]
    test_case_snapshot: Option<Snapshot>,
    #[serde(default)]
    results: Option<Results>,
}

#[derive(Deserialize)]
struct Snapshot {
    #[serde(default)]
    name: Option<String>,
}

#[derive(Deserialize)]
struct Results {
    #[serde(default, rename = "prompt_assertion_results")]
    assertions: Option<Kept<Assertion>>,
    #[serde(default, rename = "function_call_failures")]
    calls: Option<Kept<Call>>,
}

#[derive(Deserialize)]
struct Assertion {
    #[serde(default)]
    is_pass: Option<bool>,
    #[serde(default)]
    reason: Option<String>,
}

#[derive(Deserialize)]
struct Call {
    #[serde(default)]
    is_pass: Option<bool>,
    #[serde(default)]
    name: Option<String>,
    #[serde(default)]
    failure_reason: Option<String>,
    #[serde(default)]
    error: Option<String>,
}

impl Case {
    fn explain(self, redaction: &Redaction) -> FailedCase {
        let shown = |text: &str| one_line(&redaction.apply(text), SHOWN);
        let id = self.test_case_id.as_ref().and_then(bounded_json::text).map(str::to_owned);
        let name = self.test_case_snapshot.and_then(|snapshot| snapshot.name).or(id);
        let (assertions, calls) = match self.results {
            Some(results) => {
                (results.assertions.unwrap_or_default().0, results.calls.unwrap_or_default().0)
            }
            None => (Vec::new(), Vec::new()),
        };
        let assertions = assertions.into_iter().filter_map(|assertion| assertion.reason);
        let calls = calls.into_iter().filter_map(|call| {
            let name = call.name.unwrap_or_else(|| "a function".to_owned());
            Some(format!("{name}: {}", call.failure_reason.or(call.error)?))
        });
        let reasons = assertions.chain(calls).take(REASONS).map(|reason| shown(&reason)).collect();
        FailedCase {
            name: shown(&name.unwrap_or_else(|| "a case without a name".to_owned())),
            reasons,
        }
    }
}

/// Whether a part of an answer is about a failure.
trait Tells {
    fn has_failed(&self) -> bool;
}

impl Tells for Case {
    fn has_failed(&self) -> bool {
        let results = self.results.as_ref();
        let assertions = results.and_then(|results| results.assertions.as_ref());
        let calls = results.and_then(|results| results.calls.as_ref());
        self.status.as_deref().is_some_and(is_failed)
            || assertions.is_some_and(|kept| !kept.0.is_empty())
            || calls.is_some_and(|kept| !kept.0.is_empty())
    }
}

impl Tells for Assertion {
    fn has_failed(&self) -> bool {
        self.is_pass == Some(false)
    }
}

impl Tells for Call {
    fn has_failed(&self) -> bool {
        self.is_pass != Some(true)
    }
}

/// The first failures of a list, however long it is.
struct Kept<T>(Vec<T>);

impl<T> Default for Kept<T> {
    fn default() -> Self {
        Self(Vec::new())
    }
}

impl<'de, T: Deserialize<'de> + Tells> Deserialize<'de> for Kept<T> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct List<T>(PhantomData<T>);
        impl<'de, T: Deserialize<'de> + Tells> Visitor<'de> for List<T> {
            type Value = Kept<T>;

            fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
                formatter.write_str("a list")
            }

            fn visit_seq<A: SeqAccess<'de>>(self, mut list: A) -> Result<Self::Value, A::Error> {
                let mut kept = Vec::new();
                while kept.len() < KEPT {
                    match list.next_element::<T>()? {
                        Some(item) if item.has_failed() => kept.push(item),
                        Some(_) => {}
                        None => return Ok(Kept(kept)),
                    }
                }
                while list.next_element::<IgnoredAny>()?.is_some() {}
                Ok(Kept(kept))
            }
        }
        deserializer.deserialize_seq(List(PhantomData))
    }
}
