//! No answer to the rollback: no connection is made, or the answer is lost.

use crate::step::{Ended, Step, all_at_once};
use snapbox::{assert_data_eq, str};
use std::io::Read;
use std::net::TcpListener;
use std::thread;
use support::agents_api::AgentsApi;
use support::stand_in::{Answer, StandIn};

/// Runs against an address where no API is.
fn reach(base_url: &str) -> Ended {
    let api = StandIn::start(|_| Answer::new(200, ""));
    let ended =
        Step::plain(&api).env("POLYAI_BASE_URL", base_url).env("POLYAI_ATTEMPTS", "1").run();
    assert_eq!(ended.code, 6, "{}", ended.err);
    ended
}

#[test]
fn a_port_that_nobody_listens_on_is_unavailable() {
    assert_eq!(reach("http://[::1]:1").code, 6);
    assert_data_eq!(
        reach("http://127.0.0.1:1").err,
        str![[r#"
error: Not rolled back (unavailable): no connection to http://127.0.0.1:1: tcp connect error: Connection refused (os error 111); check POLYAI_BASE_URL and this machine's way there (DNS, firewall, HTTPS_PROXY), then run it again, which is safe
  effect            unchanged: nothing was rolled back
  correlation id    [..]

"#]]
    );
}

#[test]
fn a_host_that_does_not_exist_is_unavailable() {
    // RFC 6761 reserves the name.
    let err = reach("https://api.invalid").err;
    assert!(
        err.starts_with(
            "error: Not rolled back (unavailable): no connection to https://api.invalid: "
        ),
        "{err}"
    );
}

#[test]
fn a_connection_that_is_never_encrypted_is_unavailable() {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap();
    thread::spawn(move || {
        for mut stream in listener.incoming().flatten() {
            // Reads until the other side has given up; it must do so by itself.
            let _ = stream.read_to_end(&mut Vec::new());
        }
    });
    // With a long time, connecting ends after a time of its own; with a short one, at a sixth of it.
    let api = StandIn::start(|_| Answer::new(200, ""));
    all_at_once(["10m", "6s"], |timeout| {
        let ended = Step::plain(&api)
            .env("POLYAI_BASE_URL", format!("https://{address}"))
            .env("POLYAI_TIMEOUT", timeout)
            .env("POLYAI_ATTEMPTS", "1")
            .run();
        assert_eq!(ended.code, 6);
        assert!(ended.err.contains("operation timed out"), "{}", ended.err);
    });
}

#[test]
fn a_lost_request_that_had_no_effect_is_unavailable() {
    let api = AgentsApi::new();
    let stand_in = StandIn::start(move |request| match request.method.as_str() {
        "POST" => Answer::new(502, ""),
        _ => api.answer(request),
    });
    let ended = Step::plain(&stand_in).env("POLYAI_ATTEMPTS", "1").run();
    assert_eq!((ended.code, stand_in.posts()), (6, 1));
    assert_data_eq!(
        &ended.out,
        str![[r#"
polyai-rollback 0.1.0: rolling back agent PROJECT-AB12CD34 to 019e0f3a-71c4-7c1e-9b3d-000000000042
  API               http://127.0.0.1:[..]
  reason            Rolled back by polyai-rollback
  guards            no environment; no expect-current
  started           [..]
  looking           for what came of the request, for 8 s, after: HTTP 502
  looked            no effect was seen within 8 s

"#]]
    );
    assert_data_eq!(
        &ended.err,
        str![[r#"
error: Not rolled back (unavailable): the request was sent and its answer was lost (HTTP 502); no effect was seen within 8 s; wait a little and run it again, which is safe
  the API said      HTTP 502: no message
  effect            unchanged: no effect was seen within 8 s
  correlation id    [..]

"#]]
    );
}

#[test]
fn a_rollback_that_had_an_effect_in_spite_of_a_lost_answer_is_told() {
    let api = AgentsApi::new();
    let stand_in = StandIn::start(move |request| {
        let answer = api.answer(request);
        if request.method == "POST" { Answer::new(502, "") } else { answer }
    });
    let ended = Step::plain(&stand_in).run();
    assert_eq!((ended.code, stand_in.posts()), (0, 1));
    assert_data_eq!(
        &ended.out,
        str![[r#"
polyai-rollback 0.1.0: rolling back agent PROJECT-AB12CD34 to 019e0f3a-71c4-7c1e-9b3d-000000000042
  API               http://127.0.0.1:[..]
  reason            Rolled back by polyai-rollback
  guards            no environment; no expect-current
  started           [..]
  looking           for what came of the request, for 8 s, after: HTTP 502
Rolled back: live is back on “Opening hours” (46c7839), and that is verified
Ids and times
  new deployment    019e191e-ca97-7afa-a3bf-000000000001
  environment       live
  version           46c78399935c449c80d7d328a91b52ea
  artifact version  2026-05-08T18:26:14.711Z
  created at        2026-05-11T22:18:28.909Z
  test runs         not known, as the answer was lost
  established       the answer was lost (HTTP 502); live has a new deployment of the target's version
  copy of           019e0f3a-71c4-7c1e-9b3d-000000000042
  verified          yes, this version is active
  took              [..] s
  correlation id    [..]
notice: the answer was lost (HTTP 502); live has a new deployment of the target's version

"#]]
    );
    assert_data_eq!(
        &ended.err,
        str![[r#"
"#]]
    );
}
