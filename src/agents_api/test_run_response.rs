//! A test run, as `GET …/testing/test-runs/{id}` tells it.
//!
//! The endpoint is not in the public contract of the API; the answer is read as PolyAI's own command
//! line client reads it. What callers and agents said in a test is never taken out of an answer.

use crate::model::{Counts, FailedCase, KEPT_CASES, TestRun, is_errored, is_failed};
use crate::text::{
    bounded_json::fields,
    redaction::{BEGINNING_BYTES, Redaction},
    sanitize::{SHOWN_CHARACTERS, one_line},
};
use anyhow::{Context, Result, ensure};
use serde::de::{IgnoredAny, SeqAccess, Visitor};
use serde::{Deserialize, Deserializer};
use serde_json::value::RawValue;
use std::fmt;
use std::marker::PhantomData;

/// The most reasons of one case that are kept.
const KEPT_REASONS: usize = 3;
/// The most characters of a status that are kept; the API's own are words.
const STATUS_CHARACTERS: usize = 40;
/// The parts of a test run that are read.
const PARTS: [&str; 6] =
    ["status", "testCaseCount", "passedCount", "failedCount", "errorCount", "testHistory"];

/// Reads an answer.
pub fn parse_test_run(body: &[u8], redaction: &Redaction) -> Result<TestRun> {
    let shown = |text: &str, most| one_line(&redaction.beginning(text), most);
    // The parser's error quotes what is there, which may be somebody's words, so it is not shown.
    let parts = fields(body, PARTS).ok().context("it is no test run")?;
    let [status, total, passed, failed, errored, history] = parts;
    let status: String = parse(status).context("it is no test run")?;
    let status = shown(&status, STATUS_CHARACTERS);
    ensure!(!status.is_empty(), "it does not say how far the run is");
    let counts = (|| {
        let (total, passed) = (parse(total)?, parse(passed)?);
        Some(Counts { total, passed, failed: parse(failed)?, errored: parse(errored)? })
    })();
    // The status and the numbers stand also where the cases cannot be read.
    let failed: Option<Kept<Case<'_>, KEPT_CASES>> = match history.map(RawValue::get) {
        None | Some("null") => Some(Kept::default()),
        _ => parse(history),
    };
    let is_doubtful = failed.as_ref().is_none_or(|failed| !failed.0.is_empty());
    let failed = failed.unwrap_or_default().0.into_iter();
    let failed_cases = failed.map(|case| case.explain(|text| shown(text, SHOWN_CHARACTERS)));
    Ok(TestRun { status, counts, failed_cases: failed_cases.collect(), is_doubtful })
}

fn parse<'de, T: Deserialize<'de>>(part: Option<&'de RawValue>) -> Option<T> {
    serde_json::from_str(part?.get()).ok()
}

/// The beginning of a text, which takes little memory however long the text is.
struct Text(String);

impl<'de> Deserialize<'de> for Text {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_str(TextVisitor)
    }
}

struct TextVisitor;

impl Visitor<'_> for TextVisitor {
    type Value = Text;

    fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("a text")
    }

    fn visit_str<E>(self, text: &str) -> Result<Text, E> {
        // One byte more than is looked through, so that a cut text is still known as one.
        let end = text.ceil_char_boundary(BEGINNING_BYTES + 1);
        Ok(Text(text.get(..end).unwrap_or_default().to_owned()))
    }
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Case<'a> {
    #[serde(borrow)]
    test_case_id: Option<&'a RawValue>,
    status: Option<Text>,
    test_case_snapshot: Option<Snapshot>,
    results: Option<Results>,
    #[serde(borrow)]
    raw_conversation: Option<&'a RawValue>,
}

#[derive(Deserialize)]
struct Snapshot {
    name: Option<Text>,
}

/// Of a conversation, nothing but its id is read.
#[derive(Deserialize)]
struct Conversation {
    id: Option<Text>,
}

#[derive(Deserialize)]
struct Results {
    prompt_assertion_results: Option<Kept<Assertion, KEPT_REASONS>>,
    function_call_failures: Option<Kept<Call, KEPT_REASONS>>,
}

#[derive(Deserialize)]
struct Assertion {
    is_pass: Option<bool>,
    reason: Option<Text>,
}

#[derive(Deserialize)]
struct Call {
    is_pass: Option<bool>,
    name: Option<Text>,
    failure_reason: Option<Text>,
    error: Option<Text>,
}

impl Call {
    fn reason(self) -> Option<String> {
        let name = self.name.map_or_else(|| "a function".to_owned(), |name| name.0);
        Some(format!("{name}: {}", self.failure_reason.or(self.error)?.0))
    }
}

impl Case<'_> {
    fn explain(self, shown: impl Fn(&str) -> String) -> FailedCase {
        let shown = |text: String| Some(shown(&text)).filter(|text| !text.is_empty());
        let name = self.test_case_snapshot.and_then(|snapshot| snapshot.name);
        let name = name.or_else(|| parse(self.test_case_id)).and_then(|name| shown(name.0));
        let (mut assertions, mut calls) = (Vec::new(), Vec::new());
        if let Some(results) = self.results {
            assertions = results.prompt_assertion_results.unwrap_or_default().0;
            calls = results.function_call_failures.unwrap_or_default().0;
        }
        let of_assertions =
            assertions.into_iter().filter_map(|assertion| Some(assertion.reason?.0));
        let reasons = of_assertions.chain(calls.into_iter().filter_map(Call::reason));
        let conversation = parse::<Conversation>(self.raw_conversation);
        let conversation = conversation.and_then(|conversation| conversation.id);
        FailedCase {
            name: name.unwrap_or_else(|| "a case without a name".to_owned()),
            reasons: reasons.filter_map(shown).take(KEPT_REASONS).collect(),
            conversation_id: conversation.and_then(|id| shown(id.0)),
            is_errored: self.status.is_some_and(|status| is_errored(&status.0)),
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

impl Fails for Case<'_> {
    fn has_failed(&self) -> bool {
        let results = self.results.as_ref();
        let assertions = results.and_then(|results| results.prompt_assertion_results.as_ref());
        let calls = results.and_then(|results| results.function_call_failures.as_ref());
        self.status.as_ref().is_some_and(|status| is_failed(&status.0))
            || assertions.is_some_and(|kept| !kept.0.is_empty())
            || calls.is_some_and(|kept| !kept.0.is_empty())
    }
}

/// The first failures of a list, at most `MOST`. The other parts are dropped while they are read, so that a list takes
/// little memory however long it is.
struct Kept<T, const MOST: usize>(Vec<T>);

impl<T, const MOST: usize> Default for Kept<T, MOST> {
    fn default() -> Self {
        Self(Vec::new())
    }
}

impl<'de, T: Deserialize<'de> + Fails, const MOST: usize> Deserialize<'de> for Kept<T, MOST> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_seq(ListVisitor(PhantomData))
    }
}

struct ListVisitor<T, const MOST: usize>(PhantomData<T>);

impl<'de, T: Deserialize<'de> + Fails, const MOST: usize> Visitor<'de> for ListVisitor<T, MOST> {
    type Value = Kept<T, MOST>;

    fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("a list")
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut list: A) -> Result<Self::Value, A::Error> {
        let mut kept = Vec::new();
        while kept.len() < MOST {
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
