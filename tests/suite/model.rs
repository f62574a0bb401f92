//! Random faults of the network and of the API, which has a memory: whatever happens, the exit code tells
//! the truth, and there are never two rollbacks. `tests/simulation` proves the same of the decisions, far
//! more often; here it is proved that HTTP's answers are taken for what they are.

use crate::step::{Step, all_at_once, signal};
use fastrand::Rng;
use std::env;
use std::sync::{Arc, Mutex, OnceLock};
use std::time::{Duration, SystemTime};
use support::agents_api::{AgentsApi, DEPLOYMENT, Quirks, VERSION};
use support::stand_in::{Answer, Request, StandIn};

const RUNS: u64 = 50;

/// An answer that is lost on its way.
fn lost(rng: &mut Rng, whole: Vec<u8>) -> Answer {
    let part = whole[..rng.usize(..whole.len())].to_vec();
    match rng.u8(..20) {
        0..=3 => Answer::Reset,
        4..=6 => Answer::Bytes(part),
        7 => Answer::Silence(part),
        8 => Answer::new(200, ""),
        9 => Answer::new(200, "<html>"),
        10 => Answer::new(200, r#"{"deployment":{}}"#),
        _ => Answer::new(*rng.choice(&[408, 500, 501, 502, 504, 520]).expect("a status"), ""),
    }
}

fn posted(rng: &mut Rng, api: &AgentsApi, request: &Request) -> Answer {
    match rng.u8(..10) {
        0 => Answer::new(*rng.choice(&[400, 401, 403, 404, 409, 412]).expect("a status"), ""),
        1 => Answer::new(*rng.choice(&[429, 503]).expect("a status"), ""),
        2 => Answer::with_headers(429, "Retry-After: 1\r\n", ""),
        3..=5 => lost(rng, Answer::new(200, support::agents_api::rolled_back("[]")).bytes()),
        _ => lost(rng, api.answer(request).bytes()),
    }
}

fn read(rng: &mut Rng, api: &AgentsApi, request: &Request) -> Answer {
    match rng.u8(..10) {
        0 => Answer::new(*rng.choice(&[401, 403, 404]).expect("a status"), ""),
        1..=3 => Answer::new(*rng.choice(&[429, 503]).expect("a status"), ""),
        _ => lost(rng, api.answer(request).bytes()),
    }
}

/// One run, with all of its luck from one seed.
fn run(seed: u64) {
    let mut rng = Rng::with_seed(seed);
    // The clocks of the API and of this machine have nothing to do with each other.
    let skew = Duration::from_secs(rng.u64(..300_000_000));
    let quirks = Quirks {
        lag: Duration::from_millis(*rng.choice(&[0, 0, 500, 1_500]).expect("a lag")),
        slip: Duration::from_millis(*rng.choice(&[0, 0, 0, 1_500]).expect("a slip")),
        whole_seconds: rng.u8(..10) == 0,
        no_version: rng.u8(..20) == 0,
        no_types: rng.bool(),
        refuses_the_active: rng.bool(),
        ..Quirks::default()
    };
    let api = AgentsApi::with_clock(move || SystemTime::now() - skew, quirks);
    let faults = *rng.choice(&[0.2, 0.5, 0.9]).expect("a share");
    let reads = *rng.choice(&[0.0, 0.2, 0.9]).expect("a share");
    let attempts = rng.u8(1..=4);
    let (target, environment) = *rng
        .choice(&[(DEPLOYMENT, ""), (DEPLOYMENT, "live"), ("previous", "live"), (VERSION, "live")])
        .expect("a target");
    // A signal may come with some request.
    let cancelled_at = if rng.u8(..10) == 0 { Some(rng.u8(..4)) } else { None };
    let pid = Arc::new(OnceLock::new());

    let luck = Mutex::new(rng);
    let (behind, whom) = (Arc::clone(&api), Arc::clone(&pid));
    let cancels = Mutex::new(cancelled_at);
    let stand_in = StandIn::start(move |request| {
        let mut cancels = cancels.lock().expect("no panic");
        match *cancels {
            Some(0) => signal("TERM", *whom.wait()),
            Some(left) => *cancels = Some(left - 1),
            None => {}
        }
        let rng = &mut *luck.lock().expect("no panic");
        let is_post = request.method == "POST";
        if rng.f64() > if is_post { faults } else { reads } {
            return behind.answer(request);
        }
        if is_post { posted(rng, &behind, request) } else { read(rng, &behind, request) }
    });
    let step = Step::plain(&stand_in)
        .env("POLYAI_TIMEOUT", "20s")
        .env("POLYAI_ATTEMPTS", attempts.to_string())
        .env("POLYAI_DEPLOYMENT_ID", target)
        .env("POLYAI_ENVIRONMENT", environment)
        .env("POLYAI_OUTPUT_FILE", "out.env");
    let running = step.start();
    pid.set(running.pid()).expect("set once");
    let ended = running.finish();

    let made = api.rolled_back();
    let id = &ended.dotenv("out.env")["ROLLBACK_DEPLOYMENT_ID"];
    let is_true = match ended.code {
        0 | 9 => made == [id.as_str()],
        7 => true,
        143 => made.is_empty() || ended.err.contains("after "),
        3..=6 => made.is_empty(),
        _ => false,
    };
    assert!(
        is_true && made.len() <= 1 && stand_in.posts() <= usize::from(attempts),
        "seed {seed}: exit code {}, {} posts, made {made:?}\n{}{}",
        ended.code,
        stand_in.posts(),
        ended.out,
        ended.err
    );
}

#[test]
fn random_runs_tell_the_truth() {
    let given = env::var("SEED").ok().and_then(|seed| seed.parse().ok());
    let first = given.unwrap_or_else(|| fastrand::u64(..1 << 32));
    println!("the seeds are {RUNS} from {first}; SEED={first} repeats them");
    all_at_once(first..first + RUNS, run);
}
