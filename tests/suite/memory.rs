//! How much memory a whole run takes, whatever the API answers: the peak of what is resident (`VmHWM`), the
//! program's own code included. `.ci/bench` has the tighter limit for ordinary answers, which holds for the
//! program as it is built for release.

use crate::step::{Ended, Step, all_at_once};
use support::agents_api::{AgentsApi, Quirks};
use support::stand_in::{Answer, Request, StandIn};

/// The most that may be resident, in KiB.
const MOST: u64 = 32 << 10;
/// The most bytes and values of a list that are read.
const LIST_BYTES: usize = 8 << 20;
const LIST_VALUES: usize = 100_000;

/// Runs it, and checks the peak.
fn run(step: Step) -> Ended {
    let (ended, peak) = step.start().finish_with_peak_memory();
    assert!(0 < peak && peak < MOST, "{peak} KiB");
    ended
}

/// An API whose environment has 100 deployments, the newest one active.
fn with_100_deployments() -> impl Fn(&Request) -> Answer {
    let versions: Vec<_> = (0..100).map(|n| format!("{n:032}")).collect();
    let history: Vec<_> = versions.iter().map(|version| (version.as_str(), "publish")).collect();
    let api = AgentsApi::with_history("live", &history, Quirks::default());
    move |request| api.answer(request)
}

/// Rolls back to what was active before, where each list and the active deployments are changed.
fn roll_back(change: impl Fn(Answer) -> Answer + Send + Sync + 'static) -> Ended {
    let api = with_100_deployments();
    let stand_in = StandIn::start(move |request| match request.method.as_str() {
        "GET" => change(api(request)),
        _ => api(request),
    });
    run(Step::in_environment(&stand_in, "live", "previous").env("POLYAI_REPORT_FILE", "report"))
}

/// An answer that has one more field, beside the lists.
fn beside(answer: Answer, json: &str) -> Answer {
    let names = [r#"{"deployments":"#, r#"{"activeDeployments":"#];
    let insert = |answer: Answer, name: &str| {
        answer.replace(name, &format!(r#"{{"more":{json},{}"#, &name[1..]))
    };
    names.into_iter().fold(answer, insert)
}

/// An answer in which each deployment has one more field.
fn within(answer: Answer, json: &str) -> Answer {
    answer.replace(r#""accountId":"#, &format!(r#""more":{json},"accountId":"#))
}

#[test]
fn of_lists_with_one_endless_part() {
    let large = LIST_BYTES - (60 << 10);
    let parts = [
        ("a text", format!("\"{}\"", "x".repeat(large))),
        ("a text full of escapes", format!("\"{}\"", "\\n".repeat(large / 2))),
        ("a name", format!("{{\"{}\":0}}", "\\u0041".repeat(large / 6))),
        ("tiny values", format!("[{}0]", "0,".repeat(LIST_VALUES - 2_500))),
        ("tiny objects", format!("[{}0]", "{},".repeat((LIST_VALUES - 2_500) / 2))),
        ("commas in a text", format!("\"{}\"", ",[{".repeat(large / 3))),
    ];
    all_at_once(parts, |(name, part)| {
        let ended = roll_back(move |answer| beside(answer, &part));
        assert_eq!(ended.code, 0, "{name}: {}", ended.err);
    });
}

#[test]
fn of_all_lists_together() {
    let api = with_100_deployments();
    let part = format!("\"{}\"", "\\n".repeat((LIST_BYTES - (60 << 10)) / 2));
    let stand_in = StandIn::start(move |request| beside(api(request), &part));
    let step = Step::in_environment(&stand_in, "", "gone").env("POLYAI_DRY_RUN", "true");
    let ended = run(step);
    // The lists are full, so that an older deployment may have this id.
    assert_eq!(ended.code, 0, "{}", ended.err);
    let lists = stand_in.requests().iter().filter(|read| read.target.contains("limit=")).count();
    assert_eq!(lists, 3, "every environment is looked at");
}

#[test]
fn of_lists_of_large_deployments() {
    let parts = [
        ("a text", format!("\"{}\"", "x".repeat(LIST_BYTES / 100 - 600))),
        ("a text just as large as is kept", format!("\"{}\"", "x".repeat(7_700))),
        ("tiny values", format!("[{}0]", "0,".repeat(LIST_VALUES / 100 - 20))),
        (
            "names",
            format!("{{{}\"n\":0}}", (0..600).map(|n| format!("\"n{n}\":0,")).collect::<String>()),
        ),
    ];
    all_at_once(parts, |(name, part)| {
        let ended = roll_back(move |answer| within(answer, &part));
        assert_eq!(ended.code, 0, "{name}: {}", ended.err);
    });
    let message = "\\u0001".repeat(10_000);
    let ended = roll_back(move |answer| {
        answer.replace(r#""deployment_message":""#, &format!(r#""deployment_message":"{message}"#))
    });
    assert_eq!(ended.code, 0, "{}", ended.err);
}

/// A rollback that waits for test runs, each of which the API tells in this way.
fn wait_for(ids: &str, tell: impl Fn() -> String + Send + Sync + 'static) -> Ended {
    let api = AgentsApi::new();
    let ids = ids.to_owned();
    let stand_in = StandIn::start(move |request| match request.target.contains("/test-runs/") {
        true => Answer::new(200, tell()),
        false => api.answer(request).replace(r#"["run-0001","run-0002"]"#, &ids),
    });
    let step = Step::plain(&stand_in).env("POLYAI_WAIT_FOR_TESTS", "true");
    let step = step.env("POLYAI_REPORT_FILE", "report").env("POLYAI_SUMMARY_FILE", "summary");
    run(step.env("POLYAI_OUTPUT_FILE", "outputs"))
}

/// A finished run of three cases with this history.
fn test_run(passed: u8, history: &str) -> String {
    let failed = 3 - passed;
    format!(
        r#"{{"status":"completed","testCaseCount":3,"passedCount":{passed},"failedCount":{failed},"errorCount":0,"testHistory":[{history}]}}"#
    )
}

#[test]
fn of_test_runs_with_one_endless_part() {
    let ids = r#"["r1","r2"]"#;
    // Two of the parts are as large as is read; the others would take the tests' time alone.
    let (largest, large) = ((16 << 20) - 1_000, 4 << 20);
    let escapes = |length: usize| format!("\"{}\"", "\\u0041".repeat(length / 6));
    let results =
        |parts: &str| format!(r#"{{"testCaseId":"c","status":"passed","results":{{{parts}}}}}"#);
    let assertions = "{},".repeat(large / 3);
    let name = escapes(largest);
    let runs = [
        ("a conversation", 3, format!(r#"{{"testCaseId":"c","turns":{}}}"#, escapes(large))),
        ("a name", 0, format!(r#"{{"status":"failed","testCaseSnapshot":{{"name":{name}}}}}"#)),
        (
            "an id",
            0,
            format!(r#"{{"status":"failed","testCaseId":[{}0]}}"#, "0,".repeat(large / 2)),
        ),
        ("assertions", 3, results(&format!(r#""prompt_assertion_results":[{assertions}{{}}]"#))),
        ("cases", 3, "{},".repeat(largest / 3) + "{}"),
    ];
    // One after the other, as each of them takes much of the memory of the tests.
    for (name, passed, history) in runs {
        let told = test_run(passed, &history);
        let ended = wait_for(ids, move || told.clone());
        assert_eq!(ended.code, if passed == 3 { 0 } else { 8 }, "{name}: {}", ended.err);
        assert!(!ended.err.contains("tests-unknown"), "{name}: {}", ended.err);
    }
}

#[test]
fn of_failed_cases_with_long_texts() {
    let text = "\u{1f600} ".repeat(12_000);
    let assertion = format!(r#"{{"is_pass":false,"reason":"{text}"}}"#);
    let call = format!(r#"{{"name":"{text}","failure_reason":"{text}"}}"#);
    let case = format!(
        r#"{{"status":"failed","testCaseSnapshot":{{"name":"{text}"}},"results":{{"prompt_assertion_results":[{assertion},{assertion},{assertion}],"function_call_failures":[{call},{call}]}}}}"#
    );
    let told = test_run(0, &vec![case; 25].join(","));
    let ended = wait_for(r#"["r1","r2","r3","r4"]"#, move || told.clone());
    assert_eq!(ended.code, 8, "{}", ended.err);
    assert!(ended.err.contains("tests-failed"), "{}", ended.err);
}

#[test]
fn of_very_many_test_runs() {
    let ids: Vec<_> = (0..1_900).map(|id| format!("\"run-{id:0450}\"")).collect();
    let word = "word ".repeat(100);
    let case = format!(r#"{{"testCaseId":"{word}","status":"failed"}}"#);
    let told = test_run(0, &vec![case; 5].join(","));
    let ended = wait_for(&format!("[{}]", ids.join(",")), move || told.clone());
    assert_eq!(ended.code, 8, "{}", ended.err);
    assert!(ended.err.contains("1900 of 1900 test runs finished"), "{}", ended.err);
}

#[test]
fn is_bounded_as_no_more_is_read() {
    let parts = [
        ("is larger than 8 MiB", format!("\"{}\"", "x".repeat(LIST_BYTES))),
        ("has more than 100000 values", format!("[{}0]", "0,".repeat(LIST_VALUES))),
        ("is nested more than 128 deep", "[".repeat(200) + &"]".repeat(200)),
    ];
    all_at_once(parts, |(says, part)| {
        let ended = roll_back(move |answer| beside(answer, &part));
        assert_eq!(ended.code, 6, "{says}: {}", ended.err);
        let says = format!("could not be read before the rollback: the answer {says}");
        assert!(ended.err.contains(&says), "{}", ended.err);
    });
}
