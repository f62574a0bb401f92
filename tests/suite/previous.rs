//! `deployment-id: previous`, and versions in the place of ids.

use crate::step::{Ended, Step, all_at_once};
use snapbox::{assert_data_eq, str};
use std::sync::Arc;
use support::agents_api::{AgentsApi, Quirks, not_found};
use support::stand_in::{Answer, Request, StandIn};

/// As it was recorded, the oldest one first.
const RECORDED: [(&str, &str); 6] = [
    ("f0f3000aaaa", "publish"),
    ("46c7000bbbb", "publish"),
    ("add8000cccc", "publish"),
    ("46c7000bbbb", "rollback"),
    ("add8000cccc", "rollback"),
    ("46c7000bbbb", "rollback"),
];

/// Where a rollback of live was asked for; none where nothing was sent.
fn run(history: &[(&str, &'static str)], quirks: Quirks, target: &str) -> (Ended, Option<String>) {
    run_expecting("", history, quirks, target)
}

/// The same where a deployment is expected to be active.
fn run_expecting(
    expected: &str,
    history: &[(&str, &'static str)],
    quirks: Quirks,
    target: &str,
) -> (Ended, Option<String>) {
    let api = AgentsApi::with_history("live", history, quirks);
    let behind = Arc::clone(&api);
    let stand_in = StandIn::start(move |request| behind.answer(request));
    let step = Step::in_environment(&stand_in, "live", target);
    let ended = step.env("POLYAI_EXPECT_CURRENT", expected).run();
    let posts = stand_in.requests().into_iter().filter(|request| request.method == "POST");
    let targets: Vec<_> = posts.map(|post| post.target.replace("/rollback", "")).collect();
    assert_eq!(targets.len(), api.rolled_back().len());
    let id = targets.first().and_then(|target| target.rsplit('/').next()).map(str::to_owned);
    (ended, id)
}

#[test]
fn goes_below_what_was_rolled_away_from_and_says_why() {
    let (ended, target) = run_expecting("d-6", &RECORDED, Quirks::default(), "previous");
    assert_eq!((ended.code, target.as_deref()), (0, Some("d-1")), "{}", ended.err);
    assert_data_eq!(
        &ended.out,
        str![[r#"
polyai-rollback 0.1.0: rolling back live of agent PROJECT-AB12CD34 to its previous deployment
  API               http://127.0.0.1:[..]
  reason            Rolled back by polyai-rollback
  guards            environment live; expect-current d-6
  started           [..]
  active now        46c7000  “message 6”  11 May 21:18 UTC, [..] ago[..]a rollback, will be undone
  passed over       add8000: somebody has rolled back from it, and nobody has deployed it since
  going back to     f0f3000  “message 1”  11 May 16:18 UTC, [..] ago
  undoes as well    add8000  “message 5”  11 May 20:18 UTC, [..] ago[..]a rollback
  undoes as well    46c7000  “message 4”  11 May 19:18 UTC, [..] ago[..]a rollback
  undoes as well    add8000  “message 3”  11 May 18:18 UTC, [..] ago
  undoes as well    46c7000  “message 2”  11 May 17:18 UTC, [..] ago
Rolled back: live is back on “message 1” (f0f3000), and that is verified
Ids and times
  new deployment    019e191e-ca97-7afa-a3bf-000000000001
  environment       live
  version           f0f3000aaaa
  artifact version  2026-05-08T18:26:14.711Z
  created at        2026-05-11T22:18:28.909Z
  test runs         none were triggered
  copy of           d-1
  replaced          d-6
  verified          yes, this version is active
  took              [..] s
  correlation id    [..]
  outputs           out.env

"#]]
    );
    assert_eq!(ended.err, "");
    let outputs = ended.dotenv("out.env");
    assert_eq!(outputs["ROLLBACK_TARGET_DEPLOYMENT_ID"], "d-1");
    assert_eq!(outputs["ROLLBACK_TARGET_VERSION"], "f0f3000aaaa");
    assert_eq!(outputs["ROLLBACK_REPLACED_DEPLOYMENT_ID"], "d-6");
    assert_eq!(outputs["ROLLBACK_REPLACED_VERSION"], "46c7000bbbb");
}

#[test]
fn warns_that_it_guesses_where_the_history_has_no_types() {
    let quirks = Quirks { no_types: true, ..Quirks::default() };
    let (ended, target) = run(&RECORDED[..3], quirks, "previous");
    assert_eq!((ended.code, target.as_deref()), (0, Some("d-2")));
    assert_data_eq!(
        &ended.err,
        str![[r#"
warning: previous is a guess: the API does not say which deployments are rollbacks, so that a version that came back is taken for a rollback to it

"#]]
    );
}

#[test]
fn undoes_no_rollback() {
    let (ended, target) = run(&RECORDED, Quirks::default(), "previous");
    assert_eq!((ended.code, target), (5, None));
    assert_data_eq!(
        &ended.err,
        str![[r#"
error: Not rolled back (already-rolled-back): what is active in live is itself a rollback: 46c7000 “message 6” (a rollback, 11 May 21:18 UTC, [..] ago), and undid add8000 “message 5” (a rollback, 11 May 20:18 UTC, [..] ago); if the agent works, that is enough; to go further back, name a version in POLYAI_DEPLOYMENT_ID, or say that what is active must go, with d-6 in POLYAI_EXPECT_CURRENT
  effect            unchanged: nothing was sent
  was active        46c7000  “message 6”  11 May 21:18 UTC, [..] ago[..]a rollback
  correlation id    [..]

"#]]
    );
    assert_eq!(ended.dotenv("out.env")["ROLLBACK_OUTCOME"], "already-rolled-back");
    // Where the API does not say how deployments came to be, a version that came back tells it.
    let quirks = Quirks { no_types: true, ..Quirks::default() };
    let (ended, target) = run(&RECORDED[..4], quirks, "previous");
    assert_eq!((ended.code, target), (5, None), "{}", ended.err);
}

#[test]
fn pressed_twice_goes_back_once() {
    for no_types in [false, true] {
        let quirks = Quirks { no_types, ..Quirks::default() };
        let api = AgentsApi::with_history("live", &RECORDED[..3], quirks);
        let behind = Arc::clone(&api);
        let stand_in = StandIn::start(move |request| behind.answer(request));
        let press = || Step::in_environment(&stand_in, "live", "previous").run().code;
        assert_eq!((press(), press(), press()), (0, 5, 5));
        assert_eq!(api.rolled_back().len(), 1);
    }
}

#[test]
fn has_nothing_to_go_back_to() {
    let (ended, target) = run_expecting("d-3", &RECORDED[1..4], Quirks::default(), "previous");
    assert_eq!((ended.code, target), (4, None));
    assert_data_eq!(
        &ended.err,
        str![[r#"
error: Not rolled back (not-found): live has no earlier version to go back to: there is none, or all were rolled back from; name the deployment to go back to in POLYAI_DEPLOYMENT_ID
  effect            unchanged: nothing was sent
  to choose from    46c7000  “message 3”  11 May 21:18 UTC, [..] ago[..]a rollback, live, active now
  to choose from    add8000  “message 2”  11 May 20:18 UTC, [..] ago[..]live
  to choose from    46c7000  “message 1”  11 May 19:18 UTC, [..] ago[..]live
  correlation id    [..]

"#]]
    );
    let (ended, target) = run(&[], Quirks::default(), "previous");
    assert_eq!((ended.code, target), (4, None));
    assert!(ended.err.contains("nothing is active in live, so"), "{}", ended.err);
}

#[test]
fn that_is_listed_and_not_found_is_explained() {
    let api = AgentsApi::with_history("live", &RECORDED[..3], Quirks::default());
    let stand_in = StandIn::start(move |request| match request.method.as_str() {
        "POST" => Answer::new(404, not_found("d-2", "")),
        _ => api.answer(request),
    });
    let ended = Step::in_environment(&stand_in, "live", "previous").run();
    assert_eq!((ended.code, stand_in.posts()), (4, 1));
    let words = [
        "the API lists 46c7000 “message 2” (11 May ",
        "as what was active before, and does not find it, in ",
    ];
    assert!(words.iter().all(|words| ended.err.contains(words)), "{}", ended.err);
}

#[test]
fn needs_an_environment() {
    let api = StandIn::start(support::agents_api::agents_api());
    let ended = Step::in_environment(&api, "", "previous").run();
    assert_eq!(ended.code, 2);
    assert_data_eq!(
        &ended.err,
        str![[r#"
error: Not rolled back (invalid-input): POLYAI_ENVIRONMENT is missing: `previous` needs one of live, pre-release, sandbox
  effect            unchanged: nothing was sent

"#]]
    );
    let ended = Step::in_environment(&api, "staging", "previous").run();
    assert_eq!(ended.code, 2);
    assert_eq!(api.requests().len(), 0);
    assert!(
        ended.err.contains("POLYAI_ENVIRONMENT “staging” must be one of live, "),
        "{}",
        ended.err
    );
}

#[test]
fn takes_a_version_or_its_beginning_for_its_newest_deployment() {
    for given in ["add8000cccc", "add8000", "ADD8000C"] {
        let (ended, target) = run(&RECORDED, Quirks::default(), given);
        assert_eq!((ended.code, target.as_deref()), (0, Some("d-5")), "{given}: {}", ended.err);
    }
    // Fewer than 7 characters could be anything.
    let (ended, target) = run(&RECORDED, Quirks::default(), "add800");
    assert_eq!((ended.code, target), (2, None), "{}", ended.err);
    let words = "add800 is too short for a version: 7 characters are needed; did you mean add8000 \
                 (“message 5”) in POLYAI_DEPLOYMENT_ID?";
    assert!(ended.err.contains(words), "{}", ended.err);
    let (ended, target) = run_expecting("46c7", &RECORDED[..3], Quirks::default(), "previous");
    assert_eq!((ended.code, target), (2, None), "{}", ended.err);
    let words = "46c7 is too short for a version: 7 characters are needed; did you mean 46c7000 \
                 (“message 2”) in POLYAI_EXPECT_CURRENT?";
    assert!(ended.err.contains(words), "{}", ended.err);
}

#[test]
fn refuses_the_beginning_of_several_versions() {
    let history = [("46c7000aaaa", "publish"), ("46c7000bbbb", "publish"), ("c", "publish")];
    let (ended, target) = run(&history, Quirks::default(), "46c7000");
    assert_eq!((ended.code, target), (2, None));
    assert_data_eq!(
        &ended.err,
        str![[r#"
error: Not rolled back (invalid-input): 46c7000 is the beginning of several versions in live; give more characters of it in POLYAI_DEPLOYMENT_ID, or the id of a deployment
  effect            unchanged: nothing was sent
  to choose from    46c7000b  “message 2”  11 May 20:18 UTC, [..] ago[..]live
  to choose from    46c7000a  “message 1”  11 May 19:18 UTC, [..] ago[..]live
  was active        c         “message 3”  11 May 21:18 UTC, [..] ago
  correlation id    [..]

"#]]
    );
}

#[test]
fn is_not_known_where_newer_deployments_are_not_active() {
    let run = |target: &str| {
        let api = AgentsApi::with_history("live", &RECORDED[..3], Quirks::default());
        // The newest one was made, and is not active.
        let stand_in = StandIn::start(move |request| {
            let answer = api.answer(request);
            match request.target.ends_with("/active") {
                true => answer.replace("add8000cccc", "46c7000bbbb").replace("d-3", "d-2"),
                false => answer,
            }
        });
        Step::in_environment(&stand_in, "live", target).unverified().run()
    };
    // By its id, also such a one is meant.
    all_at_once([("previous", 4), ("d-3", 0)], |(target, code)| {
        let ended = run(target);
        assert_eq!(ended.code, code, "{}", ended.err);
        if target == "previous" {
            assert_data_eq!(
                &ended.err,
                str![[r#"
error: Not rolled back (not-found): live lists deployments that are newer than the active one, or does not list the active one, so that nobody knows what was before it; name the deployment to go back to in POLYAI_DEPLOYMENT_ID
  effect            unchanged: nothing was sent
  to choose from    add8000  “message 3”  11 May 21:18 UTC, [..] ago[..]live
  to choose from    46c7000  “message 2”  11 May 20:18 UTC, [..] ago[..]live, active now
  to choose from    f0f3000  “message 1”  11 May 19:18 UTC, [..] ago[..]live
  correlation id    [..]

"#]]
            );
        }
    });
}

#[test]
fn is_not_known_where_times_contradict_the_list() {
    let api = AgentsApi::with_history("live", &RECORDED[..3], Quirks::default());
    // The second one is the newest by its time, and the third one has none that could tell another order.
    let stand_in = StandIn::start(move |request| {
        let answer = api.answer(request).replace("2026-05-11T20:18", "2026-05-11T23:18");
        answer.replace("2026-05-11T19:18", "some time before")
    });
    let ended = Step::in_environment(&stand_in, "live", "previous").run();
    assert_eq!((ended.code, stand_in.posts()), (4, 0), "{}", ended.out);
    assert!(ended.err.contains("so that nobody knows what was before"), "{}", ended.err);
}

#[test]
fn names_what_is_replaced_where_something_is() {
    let replaced = |answer: fn(&Request, &AgentsApi) -> Answer, change: fn(Step) -> Step| {
        let api = AgentsApi::with_history(
            "live",
            &[("a", "publish"), ("b", "publish")],
            Quirks::default(),
        );
        let stand_in = StandIn::start(move |request| answer(request, &api));
        let step =
            Step::in_environment(&stand_in, "live", "d-1").env("POLYAI_REPORT_FILE", "report");
        let ended = change(step.env("POLYAI_TIMEOUT", "15s")).run();
        let outputs = ended.dotenv("out.env");
        let names = ["OUTCOME", "REPLACED_DEPLOYMENT_ID", "REPLACED_VERSION"];
        let told = names.map(|name| outputs[&format!("ROLLBACK_{name}")].clone());
        let report: serde_json::Value =
            serde_json::from_str(&ended.read("report").unwrap()).unwrap();
        assert_eq!(report["replaced"]["id"].as_str().unwrap_or_default(), told[1]);
        told.join(" ")
    };
    let plain = |request: &Request, api: &AgentsApi| api.answer(request);
    assert_eq!(replaced(plain, |step| step), "rolled-back d-2 b");
    let preview = replaced(plain, |step| step.env("POLYAI_DRY_RUN", "true"));
    assert_eq!(preview, "previewed d-2 b");
    let unchanged = replaced(plain, |step| step.env("POLYAI_DEPLOYMENT_ID", "d-2"));
    assert_eq!(unchanged, "unchanged  ");
    let held = replaced(plain, |step| step.env("POLYAI_EXPECT_CURRENT", "d-1"));
    assert_eq!(held, "superseded  ");
    let refused = replaced(
        |request, api| match request.method.as_str() {
            "POST" => Answer::new(400, ""),
            _ => api.answer(request),
        },
        |step| step,
    );
    assert_eq!(refused, "refused  ");
    // The API makes a deployment that is not the one that was meant.
    let not_active = replaced(
        |request, api| match request.method.as_str() {
            "POST" => {
                Answer::new(200, r#"{"deployment":{"id":"n","version":"c"},"testRunIds":[]}"#)
            }
            _ => api.answer(request),
        },
        |step| step,
    );
    assert_eq!(not_active, "not-active d-2 b");
}
