//! What only sockets show of the order in which things are asked for.

use crate::step::{Step, all_at_once};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Barrier};
use support::agents_api::{AgentsApi, DEPLOYMENT, agents_api};
use support::stand_in::{Answer, StandIn};

/// An API that answers each read only once another read is there, too, until a rollback is asked for.
fn in_pairs() -> StandIn {
    let (api, pair, is_alone) = (AgentsApi::new(), Barrier::new(2), AtomicBool::new(false));
    StandIn::start(move |request| {
        if request.method == "POST" {
            is_alone.store(true, Ordering::Relaxed);
            api.answer(request);
            return Answer::Reset;
        }
        if !is_alone.load(Ordering::Relaxed) {
            pair.wait();
        }
        api.answer(request)
    })
}

#[test]
fn the_list_and_what_is_active_are_read_at_the_same_time() {
    let targets = ["previous", DEPLOYMENT];
    all_at_once(targets, |target| {
        let stand_in = in_pairs();
        let ended = Step::in_environment(&stand_in, "live", target).run();
        assert_eq!((ended.code, ended.err.as_str()), (0, ""), "{}", ended.out);
    });
}

#[test]
fn a_dry_run_reads_everything_on_two_connections_in_two_round_trips() {
    let stand_in = in_pairs();
    let step = Step::in_environment(&stand_in, "", DEPLOYMENT);
    let ended = step.env("POLYAI_DRY_RUN", "true").run();
    assert_eq!((ended.code, ended.err.as_str()), (0, ""), "{}", ended.out);
    assert_eq!((stand_in.requests().len(), stand_in.connections()), (4, 2));
}

#[test]
fn a_look_reads_at_the_same_time_too() {
    let (api, pair) = (AgentsApi::new(), Barrier::new(2));
    let is_lost = AtomicBool::new(false);
    let stand_in = StandIn::start(move |request| {
        if request.method == "POST" {
            is_lost.store(true, Ordering::Relaxed);
            return Answer::new(502, "");
        }
        if is_lost.load(Ordering::Relaxed) {
            pair.wait();
        }
        api.answer(request)
    });
    let ended = Step::in_environment(&stand_in, "live", DEPLOYMENT).run();
    assert_eq!((ended.code, stand_in.posts()), (6, 1), "{}", ended.err);
}

#[test]
fn a_request_that_is_cut_does_not_move_to_an_idle_connection() {
    let api = AgentsApi::new();
    let behind = Arc::clone(&api);
    let stand_in = StandIn::start(move |request| {
        let answer = behind.answer(request);
        // The other connection is idle, and stays open.
        if request.method == "POST" { Answer::Reset } else { answer }
    });
    let ended = Step::in_environment(&stand_in, "live", DEPLOYMENT).run();
    assert_eq!(ended.code, 0, "{}", ended.err);
    assert_eq!((stand_in.posts(), api.rolled_back().len()), (1, 1));
    assert!(ended.out.contains("notice: the answer was lost ("), "{}", ended.out);
}

#[test]
fn a_bare_id_needs_one_connection() {
    let stand_in = StandIn::start(agents_api());
    assert_eq!(Step::plain(&stand_in).run().code, 0);
    assert_eq!(stand_in.connections(), 1);
}
