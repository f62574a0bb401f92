//! How a run ends that a runner or a person cancels.

use crate::step::{Ended, Step, signal};
use snapbox::{assert_data_eq, str};
use std::io::Read;
use std::net::TcpListener;
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::mpsc::channel;
use support::agents_api::{AgentsApi, agents_api};
use support::stand_in::{Answer, StandIn};

/// Cancels a run as soon as a request of this method has arrived, which gets no answer.
fn cancel_at(method: &'static str, name: &str, change: impl FnOnce(Step) -> Step) -> Ended {
    let (arrived, arrival) = channel();
    let api = AgentsApi::new();
    let behind = Arc::clone(&api);
    let stand_in = StandIn::start(move |request| {
        if request.method == method {
            arrived.send(()).expect("the test waits");
            return Answer::Silence(Vec::new());
        }
        behind.answer(request);
        Answer::new(502, "")
    });
    let step = change(Step::plain(&stand_in).env("POLYAI_TIMEOUT", "1h"));
    let running = step.start();
    arrival.recv().expect("a request");
    signal(name, running.pid());
    let ended = running.finish();
    assert_eq!(stand_in.posts(), 1);
    ended
}

#[test]
fn a_request_on_its_way_has_an_unknown_effect() {
    let ended = cancel_at("POST", "TERM", |step| step.env("POLYAI_OUTPUT_FILE", "out.env"));
    assert_eq!(ended.code, 143);
    assert_data_eq!(
        &ended.err,
        str![[r#"
error: Perhaps rolled back (cancelled): cancelled by SIGTERM after the request was sent, and before it was known what came of it; wait a minute, then look what is active: in Agent Studio, or by the same job with POLYAI_DRY_RUN set to true, which changes nothing; if that is the bad version, run the job again; if it is the one to go back to, the rollback was done
  effect            unknown: it may or may not have been rolled back
  to find out       curl -H "X-API-KEY: $POLYAI_API_KEY" 'http://127.0.0.1:[..]/v1/agents/PROJECT-AB12CD34/deployments/active'
  correlation id    [..]

"#]]
    );
    assert_eq!(ended.dotenv("out.env")["ROLLBACK_OUTCOME"], "cancelled");

    let ended = cancel_at("POST", "INT", |step| step.env("POLYAI_OUTPUT_FILE", "out.env"));
    assert_eq!(ended.code, 130);
    assert!(ended.err.contains("cancelled by SIGINT after the request was sent"), "{}", ended.err);
    assert_eq!(ended.dotenv("out.env")["ROLLBACK_OUTCOME"], "cancelled");
}

#[test]
fn a_rollback_that_is_being_verified_is_done() {
    let (arrived, arrival) = channel();
    let api = AgentsApi::new();
    let stand_in = StandIn::start(move |request| {
        if request.method == "GET" {
            arrived.send(()).expect("the test waits");
            return Answer::Silence(Vec::new());
        }
        api.answer(request)
    });
    let running = Step::plain(&stand_in).env("POLYAI_TIMEOUT", "1h").start();
    arrival.recv().expect("a request");
    signal("TERM", running.pid());
    let ended = running.finish();
    assert_eq!(ended.code, 143);
    assert_data_eq!(
        &ended.err,
        str![[r#"
error: Rolled back, then stopped (cancelled): cancelled by SIGTERM after it was rolled back, before the new deployment was seen to be active; do not run it again: the rollback stands
  effect            rolled back, and the rollback stands
  new deployment    019e191e-ca97-7afa-a3bf-000000000001
  environment       live
  version           46c78399935c449c80d7d328a91b52ea
  artifact version  2026-05-08T18:26:14.711Z
  created at        2026-05-11T22:18:28.909Z
  test runs         2 triggered: run-0001, run-0002
  took              [..] s
  correlation id    [..]

"#]]
    );
}

#[test]
fn a_lost_answer_that_is_being_looked_into_has_an_unknown_effect() {
    let ended = cancel_at("GET", "TERM", |step| step);
    assert_eq!(ended.code, 143);
    assert!(ended.err.starts_with("error: Perhaps rolled back (cancelled): "), "{}", ended.err);
}

#[test]
fn a_refusal_that_is_being_looked_into_has_an_unknown_effect() {
    let (arrived, arrival) = channel();
    let api = AgentsApi::new();
    let posts = AtomicU32::new(0);
    let stand_in = StandIn::start(move |request| {
        if request.method == "POST" {
            // The first one is lost; the second one is refused, and done all the same.
            return match posts.fetch_add(1, Ordering::Relaxed) {
                0 => Answer::new(502, ""),
                _ => {
                    api.answer(request);
                    Answer::new(409, "")
                }
            };
        }
        // All looks show that the first one was not done.
        if posts.load(Ordering::Relaxed) < 2 {
            return api.answer(request);
        }
        arrived.send(()).expect("the test waits");
        Answer::Silence(Vec::new())
    });
    let running = Step::plain(&stand_in).env("POLYAI_TIMEOUT", "1h").start();
    arrival.recv().expect("a request");
    signal("TERM", running.pid());
    let ended = running.finish();
    assert_eq!((ended.code, stand_in.posts()), (143, 2));
    assert!(ended.err.starts_with("error: Perhaps rolled back (cancelled): "), "{}", ended.err);
}

#[test]
fn nothing_was_sent_before_there_is_a_connection() {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap();
    let api = StandIn::start(agents_api());
    let step = Step::plain(&api)
        .env("POLYAI_BASE_URL", format!("https://{address}"))
        .env("POLYAI_TIMEOUT", "1h");
    let running = step.start();
    // It has begun to speak TLS, and gets no answer.
    let (mut stream, _) = listener.accept().unwrap();
    stream.read_exact(&mut [0]).unwrap();
    signal("INT", running.pid());

    let ended = running.finish();
    assert_eq!(ended.code, 130);
    assert_data_eq!(
        &ended.err,
        str![[r#"
error: Not rolled back (cancelled): cancelled by SIGINT before the request was sent; run it again if it is still wanted, which is safe
  effect            unchanged: nothing was sent
  correlation id    [..]

"#]]
    );
}

#[test]
fn nothing_is_sent_again_while_it_waits() {
    let api = StandIn::start(|_| Answer::with_headers(429, "Retry-After: 1000\r\n", ""));
    let mut running = Step::plain(&api).env("POLYAI_TIMEOUT", "1h").start();
    running.wait_for("trying again");
    signal("TERM", running.pid());

    let ended = running.finish();
    assert_eq!(ended.code, 143);
    assert_data_eq!(
        &ended.err,
        str![[r#"
error: Not rolled back (cancelled): cancelled by SIGTERM; no request had an effect; run it again if it is still wanted, which is safe
  effect            unchanged: nothing was rolled back
  correlation id    [..]

"#]]
    );
    assert_eq!(api.posts(), 1);
}
