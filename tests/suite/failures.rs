//! Every way in which a rollback fails: the exit code, the words, and how much was sent.

use crate::step::{Ended, Step, all_at_once};
use snapbox::{assert_data_eq, str};
use std::sync::atomic::{AtomicBool, Ordering};
use support::agents_api::{AgentsApi, DEPLOYMENT, not_found, rolled_back};
use support::stand_in::{Answer, StandIn};

const OUTCOMES: [(i32, &str); 6] = [
    (3, "unauthorized"),
    (4, "not-found"),
    (5, "refused"),
    (6, "unavailable"),
    (7, "unknown"),
    (2, "invalid-input"),
];

/// Runs against an API that gives one answer, and checks what holds for every failure. Silence is waited
/// out, so there the run has a short time, and only the rollback gets no answer. The last read of a short time has
/// 0.3 s, which is too little on a busy machine: how that read fails is not checked.
fn fail(answer: Answer, code: i32) -> Ended {
    let is_silent = matches!(answer, Answer::Silence(_));
    // What the API may still be at work on is looked for until the time is over.
    let is_slow = is_silent || [408, 504].iter().any(|status| is(*status, &answer));
    let timeout = if is_slow { "12s" } else { "10m" };
    let api = StandIn::start(move |request| match request.method.as_str() {
        "GET" if is_silent => Answer::new(403, ""),
        _ => answer.clone(),
    });
    let ended = Step::plain(&api)
        .env("POLYAI_OUTPUT_FILE", "out.env")
        .env("POLYAI_TIMEOUT", timeout)
        .env("POLYAI_ATTEMPTS", "1")
        .run();

    let request = api.requests().swap_remove(0);
    assert_eq!(api.posts(), 1);
    assert_eq!(ended.code, code, "{}", ended.err);
    let (_, outcome) = OUTCOMES.iter().find(|(its_code, _)| *its_code == code).expect("a failure");
    let production = if code == 7 { "Perhaps" } else { "Not" };
    let headline = format!("error: {production} rolled back ({outcome}): ");
    assert!(ended.err.starts_with(&headline), "{}", ended.err);
    assert!(
        ended.err.contains(request.header("x-polyai-correlation-id").unwrap()),
        "{}",
        ended.err
    );
    assert_eq!(ended.dotenv("out.env")["ROLLBACK_OUTCOME"], *outcome);
    assert_eq!(ended.dotenv("out.env")["ROLLBACK_DEPLOYMENT_ID"], "");
    let (told, looks) = ended.out.split_at(ended.out.find("  looking").unwrap_or(ended.out.len()));
    assert_data_eq!(
        told,
        str![[r#"
polyai-rollback 0.1.0: rolling back agent PROJECT-AB12CD34 to 019e0f3a-71c4-7c1e-9b3d-000000000042
  API               http://127.0.0.1:[..]
  reason            Rolled back by polyai-rollback
  guards            no environment; no expect-current
  started           [..]

"#]]
    );
    assert_eq!(looks.lines().count(), usize::from(code == 7), "{looks}");
    let look = "  looking           for what came of the request, ";
    assert!(looks.is_empty() || looks.starts_with(look), "{looks}");
    ended
}

fn is(status: u16, answer: &Answer) -> bool {
    matches!(answer, Answer::Whole(bytes) if bytes.starts_with(format!("HTTP/1.1 {status} ").as_bytes()))
}

#[test]
fn each_status_has_its_exit_code() {
    let codes: [(i32, &[u16]); 5] = [
        (3, &[401, 403]),
        (4, &[404]),
        (5, &[300, 304, 400, 407, 409, 418, 499]),
        (6, &[429]),
        (7, &[408, 500, 502, 503, 504, 520, 599, 600, 999]),
    ];
    let cases =
        codes.iter().flat_map(|(code, statuses)| statuses.iter().map(|status| (*code, *status)));
    all_at_once(cases, |(code, status)| {
        let ended = fail(Answer::new(status, ""), code);
        assert_eq!(ended.dotenv("out.env")["ROLLBACK_HTTP_STATUS"], status.to_string());
    });
}

#[test]
fn not_found_names_the_three_things_that_can_be_wrong() {
    let ended = fail(Answer::new(404, not_found(DEPLOYMENT, "some-id")), 4);
    assert_data_eq!(
        &ended.err,
        str![[r#"
error: Not rolled back (not-found): deployment 019e0f3a-71c4-7c1e-9b3d-000000000042 of agent PROJECT-AB12CD34 was not found in http://127.0.0.1:[..]; check POLYAI_DEPLOYMENT_ID, POLYAI_AGENT_ID and POLYAI_BASE_URL
  the API said      HTTP 404: DEPLOYMENT_NOT_FOUND: Deployment with id 019e0f3a-71c4-7c1e-9b3d-000000000042 does not exist
  effect            unchanged: nothing was rolled back
  correlation id   [..]

"#]]
    );
}

/// A 404 of a bare id, with `active` as the answer to what is active. Returns the standard error.
fn not_found_beside(active: impl Fn(Answer) -> Answer + Send + Sync + 'static) -> String {
    let api = AgentsApi::new();
    let stand_in = StandIn::start(move |request| {
        let answer = api.answer(request);
        if request.target.ends_with("/active") { active(answer) } else { answer }
    });
    let step = Step::plain(&stand_in).env("POLYAI_DEPLOYMENT_ID", "gone");
    let ended = step.env("POLYAI_TIMEOUT", "1h").run();
    assert_eq!((ended.code, stand_in.posts()), (4, 1), "{}", ended.err);
    assert_eq!(ended.err.matches("  to choose from ").count(), 6, "{}", ended.err);
    ended.err
}

#[test]
fn not_found_shows_what_is_active_as_far_as_a_fresh_answer_says_so() {
    for (age, count) in [("", 3), ("Age: 9\r\n", 0)] {
        let err = not_found_beside(move |answer| Answer::with_headers(200, age, answer.body()));
        assert_eq!(err.matches(", active now\n").count(), count, "{err}");
    }
}

#[test]
fn not_found_waits_only_a_moment_for_what_is_active() {
    let err = not_found_beside(|_| Answer::Silence(Vec::new()));
    assert!(!err.contains("active now"), "{err}");
}

#[test]
fn nothing_is_shown_as_active_that_was_active_only_before() {
    let nothing = r#"{"activeDeployments":{"live":null,"pre-release":null,"sandbox":null}}"#;
    let (api, is_asked) = (AgentsApi::new(), AtomicBool::new(false));
    let stand_in = StandIn::start(move |request| match request.method.as_str() {
        "POST" => {
            is_asked.store(true, Ordering::Relaxed);
            Answer::new(404, "")
        }
        _ if request.target.ends_with("/active") && is_asked.load(Ordering::Relaxed) => {
            Answer::new(200, nothing)
        }
        _ => api.answer(request),
    });
    let ended = Step::in_environment(&stand_in, "live", DEPLOYMENT).run();
    assert_eq!(ended.code, 4, "{}", ended.err);
    assert!(ended.err.contains("  was active        add8d0c  "), "{}", ended.err);
    assert!(!ended.err.contains("active now"), "{}", ended.err);
}

#[test]
fn unauthorized_says_what_a_key_belongs_to() {
    let ended = fail(Answer::new(401, r#"{"message":"No API key found in request"}"#), 3);
    assert_data_eq!(
        &ended.err,
        str![[r#"
error: Not rolled back (unauthorized): the API did not accept the key, in http://127.0.0.1:[..]; check POLYAI_API_KEY and POLYAI_BASE_URL: a key belongs to one workspace and one region, and may have expired or been rotated
  the API said      HTTP 401: No API key found in request
  effect            unchanged: nothing was rolled back
  correlation id   [..]

"#]]
    );
    let api = StandIn::start(|_| Answer::new(401, ""));
    let step = Step::plain(&api).without("POLYAI_API_KEY").file("key", "other");
    let ended = step.env("POLYAI_API_KEY_FILE", "key").run();
    assert!(ended.err.contains("check POLYAI_API_KEY_FILE and "), "{}", ended.err);
    let ended = fail(Answer::new(403, r#"{"error_code":"FORBIDDEN"}"#), 3);
    assert_data_eq!(
        &ended.err,
        str![[r#"
error: Not rolled back (unauthorized): the API does not let this key roll back this agent, in http://127.0.0.1:[..]; check POLYAI_API_KEY and POLYAI_BASE_URL: a key belongs to one workspace and one region, and may have expired or been rotated
  the API said      HTTP 403: FORBIDDEN
  effect            unchanged: nothing was rolled back
  correlation id   [..]

"#]]
    );
}

#[test]
fn refused_shows_why_the_api_refused() {
    let ended = fail(Answer::new(409, r#"{"error":"An A/B test is running"}"#), 5);
    assert_data_eq!(
        &ended.err,
        str![[r#"
error: Not rolled back (refused): the API refused the rollback because of a conflict; the API will refuse it until the conflict is over, such as a running A/B test
  the API said      HTTP 409: An A/B test is running
  effect            unchanged: nothing was rolled back
  correlation id   [..]

"#]]
    );
    let ended = fail(Answer::with_headers(302, "Location: https://example.com/\r\n", ""), 5);
    assert_data_eq!(
        &ended.err,
        str![[r#"
error: Not rolled back (refused): the API answered with a redirect, which is not followed; check POLYAI_BASE_URL: what answers there is not the API
  the API said      HTTP 302: no message
  effect            unchanged: nothing was rolled back
  correlation id   [..]

"#]]
    );
}

#[test]
fn a_200_that_holds_a_code_for_an_error_is_refused() {
    let body = r#"{"success":false,"error_code":"DEPLOYMENTS_LOCKED","error_message":"Somebody else is deploying","deployment":null}"#;
    let ended = fail(Answer::new(200, body), 5);
    assert_data_eq!(
        &ended.err,
        str![[r#"
error: Not rolled back (refused): the API answered with an error and no deployment; running it again will not help: see what the API said
  the API said      HTTP 200: DEPLOYMENTS_LOCKED: Somebody else is deploying
  effect            unchanged: nothing was rolled back
  correlation id    [..]

"#]]
    );
    assert_eq!(ended.dotenv("out.env")["ROLLBACK_ERROR_CODE"], "DEPLOYMENTS_LOCKED");
    fail(Answer::new(200, r#"{"error_code":"SOME","deployment":{}}"#), 5);
}

#[test]
fn a_200_that_says_no_without_a_code_is_refused() {
    let ended = fail(Answer::new(200, r#"{"error":"somebody else is deploying"}"#), 5);
    assert!(ended.err.contains("HTTP 200: somebody else is deploying"), "{}", ended.err);
    fail(Answer::new(200, r#"{"success":false,"message":"the agent is locked"}"#), 5);
}

#[test]
fn an_answer_that_cannot_be_read_shows_nobody_s_name() {
    let whole = rolled_back("[]");
    let part = &whole[..whole.len() - 40];
    let cases = [
        (200, 7, part.to_owned()),
        (200, 7, whole.replace(r#""id""#, r#""no-id""#)),
        (200, 7, format!("\u{feff}{whole}")),
        (409, 5, whole.clone()),
        (500, 7, part.to_owned()),
    ];
    for (status, code, body) in cases {
        let ended = fail(Answer::new(status, body), code);
        assert!(!ended.everything().contains("dev@example.com"), "{}", ended.err);
        assert!(!ended.everything().contains("acme-ws"), "{}", ended.err);
    }
}

#[test]
fn unavailable_says_that_it_is_safe_to_run_it_again() {
    let ended = fail(Answer::new(429, r#"{"message":"API rate limit exceeded"}"#), 6);
    assert_data_eq!(
        &ended.err,
        str![[r#"
error: Not rolled back (unavailable): the API has too many requests at present; wait a little and run it again, which is safe
  the API said      HTTP 429: API rate limit exceeded
  effect            unchanged: nothing was rolled back
  correlation id   [..]

"#]]
    );
}

#[test]
fn unknown_says_how_to_find_out() {
    let ended = fail(Answer::new(504, "<html><h1>504 Gateway Time-out</h1></html>"), 7);
    assert_data_eq!(
        &ended.err,
        str![[r#"
error: Perhaps rolled back (unknown): the request was sent, and the API's answer was lost (HTTP 504); looking for its effect did not help: the deployments could not be read: [..]; wait a minute, then look what is active: in Agent Studio, or by the same job with POLYAI_DRY_RUN set to true, which changes nothing; if that is the bad version, run the job again; if it is the one to go back to, the rollback was done
  the API said      HTTP 504: <html><h1>504 Gateway Time-out</h1></html>
  effect            unknown: it may or may not have been rolled back
  to find out       curl -H "X-API-KEY: $POLYAI_API_KEY" 'http://127.0.0.1:[..]/v1/agents/PROJECT-AB12CD34/deployments/active'
  correlation id    [..]

"#]]
    );
}

#[test]
fn an_answer_that_never_comes_is_unknown() {
    let ended = fail(Answer::Silence(Vec::new()), 7);
    assert_data_eq!(
        &ended.err,
        str![[r#"
error: Perhaps rolled back (unknown): the request was sent, and the API's answer was lost (no answer within 6.0 s); looking for its effect did not help: the deployments could not be read: [..]; wait a minute, then look what is active: in Agent Studio, or by the same job with POLYAI_DRY_RUN set to true, which changes nothing; if that is the bad version, run the job again; if it is the one to go back to, the rollback was done
  effect            unknown: it may or may not have been rolled back
  to find out       curl -H "X-API-KEY: $POLYAI_API_KEY" 'http://127.0.0.1:[..]/v1/agents/PROJECT-AB12CD34/deployments/active'
  correlation id    [..]

"#]]
    );
}

#[test]
fn a_connection_that_is_cut_is_unknown() {
    let ended = fail(Answer::Bytes(Vec::new()), 7);
    assert_data_eq!(
        &ended.err,
        str![[r#"
error: Perhaps rolled back (unknown): the request was sent, and the API's answer was lost (connection closed before message completed); looking for its effect did not help: the deployments could not be read: connection closed before message completed; wait a minute, then look what is active: in Agent Studio, or by the same job with POLYAI_DRY_RUN set to true, which changes nothing; if that is the bad version, run the job again; if it is the one to go back to, the rollback was done
  effect            unknown: it may or may not have been rolled back
  to find out       curl -H "X-API-KEY: $POLYAI_API_KEY" 'http://127.0.0.1:[..]/v1/agents/PROJECT-AB12CD34/deployments/active'
  correlation id    [..]

"#]]
    );
}

#[test]
fn what_an_api_says_of_an_error_holds_no_address() {
    let bodies = [
        r#"{"error_code":"C","error_message":"Only dev@example.com, <ops+night@mail.example.com> may"}"#,
        r#"{"message":"m","errors":[{"field":"dev@example.com","message":"bob%40example.com"}]}"#,
        "Only dev@example.com and ops@example.com may",
    ];
    for body in bodies {
        let ended = fail(Answer::new(400, body), 5);
        assert!(!ended.everything().contains("example.com"), "{}", ended.err);
    }
    let ended = fail(Answer::new(400, bodies[0]), 5);
    let says = "  the API said      HTTP 400: C: Only d…@…, <o…@…> may\n";
    assert!(ended.err.contains(says), "{}", ended.err);
    let ended = fail(Answer::new(400, "@ @home 5@ a@"), 5);
    assert!(ended.err.contains("HTTP 400: @ @home 5@ a@\n"), "{}", ended.err);
}

#[test]
fn a_long_error_is_cut_before_it_is_searched() {
    // A key that the cut goes through: its beginning is not shown, whatever white space becomes.
    let spaces = " ".repeat((8 << 10) - 12);
    let text = format!("no{spaces}{}", support::agents_api::API_KEY);
    for body in [text.clone(), format!(r#"{{"error":"{text}"}}"#)] {
        let ended = fail(Answer::new(400, body), 5);
        assert!(ended.err.contains("HTTP 400: no\n"), "{}", ended.err);
    }
}

#[test]
fn a_200_that_cannot_be_read_is_unknown() {
    let whole = rolled_back("[]");
    let half = &whole[..whole.len() / 2];
    let huge = rolled_back(&format!("[\"{}\"]", "x".repeat(1 << 20)));
    let bodies = [
        "",
        "OK",
        "[]",
        "{}",
        half,
        &huge,
        r#"{"deployment":{"id":""}}"#,
        r#"{"deployment":{"id":7}}"#,
        r#"{"deployment":[]}"#,
        r#"[["made-up"]]"#,
        r#"{"deployment":["made-up"]}"#,
        r#"{"deployment":{"id":" "}}"#,
        r#"{"message":"done"}"#,
    ];
    all_at_once(bodies, |body| {
        fail(Answer::new(200, body), 7);
    });
    let ended = fail(Answer::new(200, "\u{feff}<html>"), 7);
    assert_data_eq!(
        &ended.err,
        str![[r#"
error: Perhaps rolled back (unknown): the request was sent, and the API's answer was lost (HTTP 200 that cannot be read: expected value at line 1 column 1); looking for its effect did not help: the deployments could not be read: HTTP 200 that cannot be read: expected value at line 1 column 1; wait a minute, then look what is active: in Agent Studio, or by the same job with POLYAI_DRY_RUN set to true, which changes nothing; if that is the bad version, run the job again; if it is the one to go back to, the rollback was done
  the API said      HTTP 200: no message
  effect            unknown: it may or may not have been rolled back
  to find out       curl -H "X-API-KEY: $POLYAI_API_KEY" 'http://127.0.0.1:[..]/v1/agents/PROJECT-AB12CD34/deployments/active'
  correlation id    [..]

"#]]
    );
}

#[test]
fn a_body_that_breaks_off_is_unknown_where_the_status_says_yes_only() {
    let head = |status: u16| {
        format!("HTTP/1.1 {status} Status\r\nContent-Length: 1000\r\n\r\n{{\"dep").into_bytes()
    };
    let ended = fail(Answer::Bytes(head(200)), 7);
    assert_data_eq!(
        &ended.err,
        str![[r#"
error: Perhaps rolled back (unknown): the request was sent, and the API's answer was lost (HTTP 200 that cannot be read: error reading a body from connection: end of file before message length reached); looking for its effect did not help: the deployments could not be read: HTTP 200 that cannot be read: error reading a body from connection: end of file before message length reached; wait a minute, then look what is active: in Agent Studio, or by the same job with POLYAI_DRY_RUN set to true, which changes nothing; if that is the bad version, run the job again; if it is the one to go back to, the rollback was done
  the API said      HTTP 200: no message
  effect            unknown: it may or may not have been rolled back
  to find out       curl -H "X-API-KEY: $POLYAI_API_KEY" 'http://127.0.0.1:[..]/v1/agents/PROJECT-AB12CD34/deployments/active'
  correlation id    [..]

"#]]
    );
    let ended = fail(Answer::Silence(head(200)), 7);
    assert_data_eq!(
        &ended.err,
        str![[r#"
error: Perhaps rolled back (unknown): the request was sent, and the API's answer was lost (HTTP 200, and no whole answer within 6.0 s); looking for its effect did not help: the deployments could not be read: [..]; wait a minute, then look what is active: in Agent Studio, or by the same job with POLYAI_DRY_RUN set to true, which changes nothing; if that is the bad version, run the job again; if it is the one to go back to, the rollback was done
  effect            unknown: it may or may not have been rolled back
  to find out       curl -H "X-API-KEY: $POLYAI_API_KEY" 'http://127.0.0.1:[..]/v1/agents/PROJECT-AB12CD34/deployments/active'
  correlation id    [..]

"#]]
    );
    fail(Answer::Bytes(head(404)), 4);
    fail(Answer::Silence(head(404)), 4);
}

#[test]
fn every_shape_of_an_error_is_shown() {
    let long = "y".repeat(1_000);
    let cases = [
        (
            r#"{"success":false,"error":"e","error_id":"i","error_code":"CODE","error_message":"m","data":null}"#,
            "CODE: m",
        ),
        (
            r#"{"message":"Validation failed","errors":[{"field":"name","message":"too long"},{"message":"bad"}]}"#,
            "Validation failed; name: too long; body: bad",
        ),
        (r#"{"error":"only this","error_message":" "}"#, "only this"),
        (r#"{"error_code":"FORBIDDEN"}"#, "FORBIDDEN"),
        (r#"{"message":"from the gateway"}"#, "from the gateway"),
        (r#"{"error":{"nested":1}}"#, r#"{"error":{"nested":1}}"#),
        ("<html>\n  <b>Bad</b>\r\n</html>", "<html> <b>Bad</b> </html>"),
        ("plain text", "plain text"),
        ("", "no message"),
        (r#"{"error":"cut o"#, r#"{"error":"cut o"#),
        ("\u{1b}[31mred\u{0}\u{202e}", "\u{fffd}[31mred\u{fffd}\u{fffd}"),
        (&long, &format!("{}…", "y".repeat(199))),
    ];
    all_at_once(cases, |(body, shown)| {
        let ended = fail(Answer::new(400, body), 5);
        let line = format!("  the API said      HTTP 400: {shown}\n");
        assert!(ended.err.contains(&line), "{line:?} is not in {:?}", ended.err);
    });
    fail(Answer::new(400, [0xff, 0xfe, 0x00]), 5);
}

#[test]
fn an_unknown_field_or_a_missing_list_is_no_failure() {
    let bodies = [
        r#"{"deployment":{"id":"d"}}"#,
        r#"{"deployment":{"id":"d","metadata":{"a":[1]},"new":true},"testRunIds":null,"more":{}}"#,
        r#"{"deployment":{"id":"d","metadata":"text","version":null},"testRunIds":[]}"#,
        r#"{"deployment":{"id":"d","version":7},"testRunIds":"none"}"#,
        r#"{"deployment":{"id":"d","version":"","environment":" "},"testRunIds":[1,null,""]}"#,
    ];
    for body in bodies {
        let api = StandIn::start(move |_| Answer::new(200, body));
        let ended = Step::plain(&api).unverified().env("POLYAI_OUTPUT_FILE", "out.env").run();
        assert_eq!(ended.code, 0);
        assert_eq!(ended.dotenv("out.env")["ROLLBACK_DEPLOYMENT_ID"], "d");
        assert_eq!(ended.dotenv("out.env")["ROLLBACK_TEST_RUN_IDS"], "");
    }
    let api = StandIn::start(|_| Answer::new(201, rolled_back("[]")));
    assert_eq!(Step::plain(&api).unverified().run().code, 0);
}

#[test]
fn a_503_may_have_had_an_effect() {
    // Envoy says so of a connection that was cut after the API had acted.
    let ended = fail(Answer::new(503, "upstream connect error"), 7);
    assert!(ended.err.contains("the API's answer was lost (HTTP 503)"), "{}", ended.err);
}

#[test]
fn a_wish_that_is_longer_than_the_time_is_told() {
    let ended = fail(Answer::with_headers(429, "Retry-After: 90\r\n", ""), 6);
    assert_data_eq!(
        &ended.err,
        str![[r#"
error: Not rolled back (unavailable): the API has too many requests at present; the API wants to be left alone for 1m 30s: run it again after that, which is safe
  the API said      HTTP 429: no message
  effect            unchanged: nothing was rolled back
  correlation id    [..]

"#]]
    );
    let api = StandIn::start(|_| Answer::with_headers(429, "Retry-After: 90\r\n", ""));
    let ended = Step::plain(&api).run();
    assert_eq!((ended.code, api.posts()), (6, 1));
}
