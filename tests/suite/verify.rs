//! "It was accepted" is not "it is active".

use crate::step::Step;
use snapbox::{assert_data_eq, str};
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::{Duration, SystemTime};
use support::agents_api::{
    AgentsApi, BAD_VERSION, DEPLOYMENT, Quirks, VERSION, agents_api, rolled_back,
};
use support::stand_in::{Answer, StandIn};

#[test]
fn is_looked_for_on_the_same_connection() {
    let api = StandIn::start(agents_api());
    let ended = Step::plain(&api).run();
    assert_eq!(ended.code, 0);
    let requests = api.requests();
    assert_eq!(requests.len(), 2);
    assert!(requests[1].target.ends_with("/deployments/active"), "{}", requests[1].target);
    assert_eq!(api.connections(), 1);
}

#[test]
fn is_found_a_little_later() {
    let quirks = Quirks { lag: Duration::from_millis(700), ..Quirks::default() };
    let api = AgentsApi::with_clock(SystemTime::now, quirks);
    let stand_in = StandIn::start(move |request| api.answer(request));
    let ended = Step::plain(&stand_in).run();
    assert_eq!((ended.code, ended.err.as_str()), (0, ""));
    assert!(
        ended.out.contains("  verified          yes, this version is active\n"),
        "{}",
        ended.out
    );
}

#[test]
fn fails_where_another_version_is_active() {
    // It answers, and does nothing.
    let api = AgentsApi::new();
    let stand_in = StandIn::start(move |request| match request.method.as_str() {
        "POST" => Answer::new(200, rolled_back("[]")),
        _ => api.answer(request),
    });
    let ended = Step::in_environment(&stand_in, "live", DEPLOYMENT).run();
    assert_eq!((ended.code, stand_in.posts()), (9, 1));
    assert_data_eq!(
        &ended.err,
        str![[r#"
error: Accepted, but not active (not-active): the rollback was done: 46c7839 (11 May 22:18 UTC, [..] ago); but what is active is add8d0c “New greeting” (11 May 15:18 UTC, [..] ago); look what is active: in Agent Studio, or by the same job with POLYAI_DRY_RUN set to true, which changes nothing
  effect            unknown: the new deployment was made, and another one is active
  to find out       curl -H "X-API-KEY: $POLYAI_API_KEY" 'http://127.0.0.1:[..]/v1/agents/PROJECT-AB12CD34/deployments/active'
  new deployment    019e191e-ca97-7afa-a3bf-000000000001
  environment       live
  version           46c78399935c449c80d7d328a91b52ea
  artifact version  2026-05-08T18:26:14.711Z
  created at        2026-05-11T22:18:28.909Z
  test runs         none were triggered
  copy of           019e0f3a-71c4-7c1e-9b3d-000000000042
  replaced          019e0f3a-71c4-7c1e-9b3d-000000000045
  verified          no, another one is active
  took              [..] s
  correlation id    [..]

"#]]
    );
    assert_eq!(ended.dotenv("out.env")["ROLLBACK_OUTCOME"], "not-active");
}

#[test]
fn is_there_where_somebody_else_deployed_the_same() {
    let stand_in = StandIn::start(|request| match request.method.as_str() {
        "POST" => Answer::new(200, rolled_back("[]")),
        _ => Answer::new(
            200,
            format!(r#"{{"activeDeployments":{{"live":{{"id":"other","version":"{VERSION}"}}}}}}"#),
        ),
    });
    let ended = Step::plain(&stand_in).run();
    assert_eq!((ended.code, ended.err.as_str()), (0, ""));
}

#[test]
fn is_no_failure_where_it_cannot_be_seen() {
    let cases = [
        (Answer::new(403, ""), "HTTP 403"),
        (
            Answer::new(200, r#"{"activeDeployments":{"live":{"id":"x"}}}"#),
            "the API does not say which version is active",
        ),
        (
            Answer::new(200, r#"{"activeDeployments":[]}"#),
            "HTTP 200 that cannot be read: the answer has no `activeDeployments`",
        ),
    ];
    for (answer, why) in cases {
        let stand_in = StandIn::start(move |request| match request.method.as_str() {
            "POST" => Answer::new(200, rolled_back("[]")),
            _ => answer.clone(),
        });
        let ended = Step::plain(&stand_in).env("POLYAI_ATTEMPTS", "1").run();
        assert_eq!(ended.code, 0);
        let warning =
            format!("warning: nobody knows yet whether the new deployment is active: {why}");
        assert!(ended.err.starts_with(&warning), "{}", ended.err);
    }
}

#[test]
fn is_not_looked_for_where_nobody_wants_it() {
    let api = StandIn::start(agents_api());
    let ended = Step::plain(&api).unverified().run();
    assert_eq!((ended.code, api.requests().len()), (0, 1));
    assert!(!ended.out.contains("verified"), "{}", ended.out);
}

#[test]
fn believes_what_was_seen_last() {
    // The second look fails.
    let api = AgentsApi::new();
    let reads = AtomicU32::new(0);
    let stand_in = StandIn::start(move |request| match request.method.as_str() {
        "POST" => Answer::new(200, rolled_back("[]")),
        _ if reads.fetch_add(1, Ordering::Relaxed) > 0 => Answer::new(403, ""),
        _ => api.answer(request),
    });
    let ended = Step::plain(&stand_in).env("POLYAI_REPORT_FILE", "report.json").run();
    assert_eq!(ended.code, 9, "{}", ended.err);
    let words = "but what is active is add8d0c “New greeting” (11 May ";
    assert!(ended.err.contains(words), "{}", ended.err);
    assert!(ended.read("report.json").unwrap().contains(r#""verified":false"#));
}

#[test]
fn fails_where_the_new_deployment_is_not_the_one_that_was_meant() {
    for (old, new) in [(VERSION, BAD_VERSION), (r#""live""#, r#""sandbox""#)] {
        let api = AgentsApi::new();
        let stand_in = StandIn::start(move |request| match request.method.as_str() {
            "POST" => Answer::new(200, rolled_back("[]").replace(old, new)),
            _ => api.answer(request),
        });
        let ended = Step::in_environment(&stand_in, "live", DEPLOYMENT).run();
        assert_eq!((ended.code, stand_in.posts()), (9, 1), "{}", ended.err);
        assert!(ended.err.contains("the API made something else: "), "{}", ended.err);
    }
}

#[test]
fn is_seen_where_another_entry_of_the_answer_names_a_wrong_environment() {
    let api = AgentsApi::new();
    let stand_in = StandIn::start(move |request| {
        let answer = api.answer(request);
        match request.target.ends_with("/active") {
            true => answer.replace(r#""environment":"pre-release""#, r#""environment":"sandbox""#),
            false => answer,
        }
    });
    let ended = Step::in_environment(&stand_in, "live", DEPLOYMENT).run();
    assert_eq!((ended.code, ended.err.as_str()), (0, ""), "{}", ended.out);
}
