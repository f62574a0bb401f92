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
    let failed_cases = cases.0.into_iter().map(|case| FailedCase {
        name: shown(&case.name),
        reasons: case.reasons.iter().map(|reason| shown(reason)).collect(),
    });
    let failed_cases = failed_cases.collect();
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
    failed: Option<FailedCases>,
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
    prompt_assertion_results: Option<Vec<Assertion>>,
    function_call_failures: Option<Vec<Call>>,
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
    /// The case as a failed one. None where nothing in it failed.
    fn into_failed(self) -> Option<FailedCase> {
        let (mut assertions, mut calls) = (Vec::new(), Vec::new());
        if let Some(results) = self.results {
            assertions = results.prompt_assertion_results.unwrap_or_default();
            calls = results.function_call_failures.unwrap_or_default();
        }
        assertions.retain(|assertion| assertion.is_pass == Some(false));
        // A call is listed because it failed, unless it says otherwise.
        calls.retain(|call| call.is_pass != Some(true));
        let is_failed = self.status.as_deref().is_some_and(is_failed);
        if !is_failed && assertions.is_empty() && calls.is_empty() {
            return None;
        }
        let id = self.test_case_id.as_ref().and_then(short_text).map(str::to_owned);
        let name = self.test_case_snapshot.and_then(|snapshot| snapshot.name).or(id);
        let of_assertions = assertions.into_iter().filter_map(|assertion| assertion.reason);
        let reasons = of_assertions.chain(calls.into_iter().filter_map(Call::reason));
        Some(FailedCase {
            name: name.unwrap_or_else(|| "a case without a name".to_owned()),
            reasons: reasons.take(KEPT_REASONS).collect(),
        })
    }
}

/// The first cases that failed, as foreign text. The others are dropped while they are read, so that a
/// history takes little memory however long it is.
#[derive(Default)]
struct FailedCases(Vec<FailedCase>);

impl<'de> Deserialize<'de> for FailedCases {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_seq(CasesVisitor)
    }
}

struct CasesVisitor;

impl<'de> Visitor<'de> for CasesVisitor {
    type Value = FailedCases;

    fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("a list of test cases")
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut list: A) -> Result<FailedCases, A::Error> {
        let mut failed = Vec::new();
        while failed.len() < KEPT_CASES {
            match list.next_element::<Case>()? {
                Some(case) => failed.extend(case.into_failed()),
                None => return Ok(FailedCases(failed)),
            }
        }
        while list.next_element::<IgnoredAny>()?.is_some() {}
        Ok(FailedCases(failed))
    }
}
