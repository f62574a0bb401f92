//! A test run, as `GET …/testing/test-runs/{id}` tells it.
//!
//! The endpoint is not in the public contract of the API; the answer is read as PolyAI's own command
//! line client reads it. What callers and agents said in a test is never taken out of an answer.

use crate::model::{FailedCase, KEPT_CASES, TestRun, is_failed};
use crate::text::{
    bounded_json::short_text,
    redaction::Redaction,
    sanitize::{SHOWN_CHARACTERS, one_line},
};
use anyhow::{Result, anyhow};
use serde::de::{IgnoredAny, SeqAccess, Visitor};
use serde::{Deserialize, Deserializer};
use serde_json::Value;
use std::fmt;
use std::marker::PhantomData;

/// The most reasons of one case that are kept.
const KEPT_REASONS: usize = 3;

/// Reads an answer.
pub fn parse_test_run(body: &[u8], redaction: &Redaction) -> Result<TestRun> {
    let shown = |text: &str| one_line(&redaction.apply(text), SHOWN_CHARACTERS);
    // The parser's error quotes what is there, which may be somebody's words, so it is not shown.
    let is_object = body.trim_ascii_start().starts_with(b"{");
    let parsed = serde_json::from_slice(body).ok().filter(|_| is_object);
    let Status { status } = parsed.ok_or_else(|| anyhow!("it is no test run"))?;
    let status = shown(&status);
    if status.is_empty() {
        return Err(anyhow!("it does not say how far the run is"));
    }
    // The status stands also where the rest cannot be read.
    let history = serde_json::from_slice::<History>(body);
    let are_cases_unread = history.is_err();
    let cases = history.ok().and_then(|history| history.failed).unwrap_or_default();
    let failed_cases = cases.0.into_iter().map(|case| case.explain(shown)).collect();
    Ok(TestRun {
        status,
        counts: serde_json::from_slice(body).ok(),
        failed_cases,
        are_cases_unread,
    })
}

#[derive(Deserialize)]
struct Status {
    status: String,
}

#[derive(Deserialize)]
struct History {
    #[serde(rename = "testHistory")]
    failed: Option<Kept<Case>>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Case {
    test_case_id: Option<Value>,
    status: Option<String>,
    test_case_snapshot: Option<Snapshot>,
    results: Option<Results>,
}

#[derive(Deserialize)]
struct Snapshot {
    name: Option<String>,
}

#[derive(Deserialize)]
struct Results {
    prompt_assertion_results: Option<Kept<Assertion>>,
    function_call_failures: Option<Kept<Call>>,
}

#[derive(Deserialize)]
struct Assertion {
    is_pass: Option<bool>,
    reason: Option<String>,
}

#[derive(Deserialize)]
struct Call {
    is_pass: Option<bool>,
    name: Option<String>,
    failure_reason: Option<String>,
    error: Option<String>,
}

impl Call {
    fn reason(self) -> Option<String> {
        let name = self.name.unwrap_or_else(|| "a function".to_owned());
        Some(format!("{name}: {}", self.failure_reason.or(self.error)?))
    }
}

impl Case {
    fn explain(self, shown: impl Fn(&str) -> String) -> FailedCase {
        let id = self.test_case_id.as_ref().and_then(short_text).map(str::to_owned);
        let name = self.test_case_snapshot.and_then(|snapshot| snapshot.name).or(id);
        let (mut assertions, mut calls) = (Vec::new(), Vec::new());
        if let Some(results) = self.results {
            assertions = results.prompt_assertion_results.unwrap_or_default().0;
            calls = results.function_call_failures.unwrap_or_default().0;
        }
        let of_assertions = assertions.into_iter().filter_map(|assertion| assertion.reason);
        let reasons = of_assertions.chain(calls.into_iter().filter_map(Call::reason));
        FailedCase {
            name: shown(name.as_deref().unwrap_or("a case without a name")),
            reasons: reasons.take(KEPT_REASONS).map(|reason| shown(&reason)).collect(),
        }
    }
}

/// A part of an answer that may be about a failure.
trait Fails {
    fn has_failed(&self) -> bool;
}

impl Fails for Assertion {
    fn has_failed(&self) -> bool {
        self.is_pass == Some(false)
    }
}

impl Fails for Call {
    /// A call is listed because it failed, unless it says otherwise.
    fn has_failed(&self) -> bool {
        self.is_pass != Some(true)
    }
}

impl Fails for Case {
    fn has_failed(&self) -> bool {
        let results = self.results.as_ref();
        let assertions = results.and_then(|results| results.prompt_assertion_results.as_ref());
        let calls = results.and_then(|results| results.function_call_failures.as_ref());
        self.status.as_deref().is_some_and(is_failed)
            || assertions.is_some_and(|kept| !kept.0.is_empty())
            || calls.is_some_and(|kept| !kept.0.is_empty())
    }
}

/// The first failures of a list. The other parts are dropped while they are read, so that a list takes
/// little memory however long it is.
struct Kept<T>(Vec<T>);

impl<T> Default for Kept<T> {
    fn default() -> Self {
        Self(Vec::new())
    }
}

impl<'de, T: Deserialize<'de> + Fails> Deserialize<'de> for Kept<T> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_seq(ListVisitor(PhantomData))
    }
}

struct ListVisitor<T>(PhantomData<T>);

impl<'de, T: Deserialize<'de> + Fails> Visitor<'de> for ListVisitor<T> {
    type Value = Kept<T>;

    fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("a list")
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut list: A) -> Result<Kept<T>, A::Error> {
        let mut kept = Vec::new();
        while kept.len() < KEPT_CASES {
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
