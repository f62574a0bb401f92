//! How much memory a whole run takes, whatever the API answers: the peak of what is resident (`VmHWM`), the
//! program's own code included. `cargo bench` has the tighter limit for ordinary answers, which holds for the
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
