//! The tests that a rollback triggers, and how they decide the end.

use crate::step::{Ended, Step, all_at_once, signal};
use snapbox::{assert_data_eq, str};
use std::sync::mpsc::channel;
use std::sync::{Arc, Barrier};
use support::agents_api::{AgentsApi, VERSION, agents_api};
use support::stand_in::{Answer, Request, StandIn};

fn is_test_run(request: &Request) -> bool {
    request.target.contains("/testing/test-runs/")
}

/// A run that waits for tests which the API tells in this way.
fn wait(
    tell: impl Fn(&Request) -> Answer + Send + Sync + 'static,
    change: impl FnOnce(Step) -> Step,
) -> Ended {
    let api = AgentsApi::new();
    let stand_in = StandIn::start(move |request| match is_test_run(request) {
        true => tell(request),
        false => api.answer(request),
    });
    let step = Step::plain(&stand_in)
        .env("POLYAI_WAIT_FOR_TESTS", "true")
        .env("POLYAI_OUTPUT_FILE", "out.env")
        .env("POLYAI_SUMMARY_FILE", "summary.md")
        .env("POLYAI_REPORT_FILE", "report.json");
    let ended = change(step).run();
    assert_eq!(stand_in.posts(), 1);
    // The rollback stands, whatever its tests say.
    assert!(ended.out.contains("Rolled back: live "), "{}", ended.out);
    assert!(!ended.dotenv("out.env")["ROLLBACK_DEPLOYMENT_ID"].is_empty());
    assert!(!ended.everything().contains("555 0100"), "the words of a caller");
    ended
}

/// A run that waits for its tests, where the API names other ones.
fn wait_for(test_run_ids: &'static str) -> Ended {
    let api = AgentsApi::new();
    let stand_in = StandIn::start(move |request| {
        api.answer(request).replace(r#"["run-0001","run-0002"]"#, test_run_ids)
    });
    let step = Step::plain(&stand_in).env("POLYAI_OUTPUT_FILE", "out.env");
    step.env("POLYAI_WAIT_FOR_TESTS", "true").run()
}

/// What the API tells of a run.
fn run(status: &str, counts: &str, history: &str) -> Answer {
    let conversation = r#""rawConversation":{"id":"c","turns":[{"user_input":"my number is 555 0100","agent_response":"Thank you","function_calls":[{"name":"look_up","arguments":{"number":"555 0100"}}]}]}"#;
    let history = history.replace("CONVERSATION", conversation);
    Answer::new(
        200,
        format!(r#"{{"id":"run","status":"{status}",{counts},"testHistory":[{history}]}}"#),
    )
}

const THREE_OF_THREE: &str = r#""testCaseCount":3,"passedCount":3,"failedCount":0,"errorCount":0"#;

fn numbers(ended: &Ended) -> [String; 5] {
    let outputs = ended.dotenv("out.env");
    ["OUTCOME", "PASSED", "FAILED", "ERRORED", "TOTAL"]
        .map(|name| outputs[&format!("ROLLBACK_TESTS_{name}")].clone())
}

#[test]
fn that_pass_are_waited_for() {
    let api = StandIn::start(agents_api());
    let ended = Step::plain(&api)
        .env("POLYAI_WAIT_FOR_TESTS", "true")
        .env("POLYAI_OUTPUT_FILE", "out.env")
        .run();
    assert_eq!((ended.code, ended.err.as_str()), (0, ""));
    let (_, after) = ended.out.split_once("  took ").unwrap();
    assert_data_eq!(
        after,
        str![[r#"
 [..] s
  correlation id    [..]
waiting for 2 test runs, at most 15m
  tests             0 of 2 test runs finished: 2 of 6 cases passed, 0 failed, 0 errored; at most 14m 59s more
  tests             2 of 2 test runs finished: 6 of 6 cases passed, 0 failed, 0 errored; at most 14m 54s more
Tests passed: 2 of 2 test runs finished: 6 of 6 cases passed, 0 failed, 0 errored
  outputs           out.env

"#]]
    );
    assert_eq!(numbers(&ended), ["passed", "6", "0", "0", "6"]);
    assert_eq!(ended.dotenv("out.env")["ROLLBACK_OUTCOME"], "rolled-back");
}

#[test]
fn are_not_waited_for_unless_it_is_asked_for() {
    let api = StandIn::start(agents_api());
    let ended = Step::plain(&api).env("POLYAI_OUTPUT_FILE", "out.env").run();
    assert_eq!(ended.code, 0);
    assert_eq!(numbers(&ended), ["not-awaited", "", "", "", ""]);
    assert!(!api.requests().iter().any(is_test_run));
}

#[test]
fn that_fail_make_it_fail_and_are_told_one_by_one() {
    const HISTORY: &str = r#"
        {"testCaseId":"c1","status":"passed","testCaseSnapshot":{"name":"Greets"},"results":{"prompt_assertion_results":[{"prompt":"p","is_pass":true,"reason":"fine"}]},CONVERSATION},
        {"testCaseId":"c2","status":"failed","testCaseSnapshot":{"name":"Books a | table"},"results":{"prompt_assertion_results":[{"prompt":"p","is_pass":false,"reason":"no table\n::error::was booked"},{"is_pass":true,"reason":"polite"}],"function_call_failures":[{"name":"book","failure_reason":"not called","error":null,"is_pass":false}]},CONVERSATION},
        {"testCaseId":"c3","status":"error",CONVERSATION}"#;
    let ended = wait(
        |request| match request.target.ends_with("run-0001") {
            true => run("completed", THREE_OF_THREE, ""),
            false => run(
                "completed",
                r#""testCaseCount":3,"passedCount":1,"failedCount":1,"errorCount":1"#,
                HISTORY,
            ),
        },
        |step| step,
    );
    assert_eq!(ended.code, 8);
    assert_eq!(numbers(&ended), ["failed", "4", "1", "1", "6"]);
    assert_eq!(ended.dotenv("out.env")["ROLLBACK_OUTCOME"], "tests-failed");
    assert_data_eq!(
        &ended.out,
        str![[r#"
polyai-rollback 0.1.0: rolling back agent PROJECT-AB12CD34 to 019e0f3a-71c4-7c1e-9b3d-000000000042
  API               http://127.0.0.1:[..]
  reason            Rolled back by polyai-rollback
  guards            no environment; no expect-current
  started           [..]
Rolled back: live is back on 46c7839, and that is verified
Ids and times
  new deployment    019e191e-ca97-7afa-a3bf-000000000001
  environment       live
  version           46c78399935c449c80d7d328a91b52ea
  artifact version  2026-05-08T18:26:14.711Z
  created at        2026-05-11T22:18:28.909Z
  test runs         2 triggered: run-0001, run-0002
  verified          yes, this version is active
  took              [..] s
  correlation id    [..]
waiting for 2 test runs, at most 15m
  tests             2 of 2 test runs finished: 4 of 6 cases passed, 1 failed, 1 errored; at most [..] more

"#]]
    );
    assert_data_eq!(
        &ended.err,
        str![[r#"
error: Rolled back, but tests failed (tests-failed): 2 of 2 test runs finished: 4 of 6 cases passed, 1 failed, 1 errored; the tests are no reason to roll back again; call the agent, and look at the test runs in Agent Studio
  effect            rolled back, and the rollback stands
  test run          run-0001: completed, 3 of 3 cases passed, 0 failed, 0 errored
  test run          run-0002: completed, 1 of 3 cases passed, 1 failed, 1 errored
  failed case       Books a | table: no table ::error::was booked; book: not called (conversation c)
  failed case       c3: could not be run: no reason is given (conversation c)

"#]]
    );
    let summary = ended.read("summary.md").unwrap();
    for row in [
        "### ⚠️ live is back on 46c7839, but 1 of 6 test cases failed, and 1 could not be run\n\n**The rollback is done.** <code>46c7839</code> is active.\n",
        "| ❌ Books a &#124; table | no table ::error::was booked; book: not called |",
        "| 💥 c3 | could not be run: no reason is given |",
        "- effect: rolled back, and the rollback stands\n",
        "- test run: run-0001: completed, 3 of 3 cases passed, 0 failed, 0 errored\n",
        "- test run: run-0002: completed, 1 of 3 cases passed, 1 failed, 1 errored\n",
        "- failed case: Books a &#124; table: no table ::error::was booked; book: not called (conversation c)\n",
        "- failed case: c3: could not be run: no reason is given (conversation c)\n",
    ] {
        assert!(summary.contains(row), "{row} is not in {summary}");
    }
    assert!(!summary.contains("Greets") && !summary.contains("polite"), "{summary}");
}

#[test]
fn fail_by_their_status_whatever_their_numbers() {
    all_at_once(["failed", "error", "errored", "timed_out", "FAILED"], |status| {
        let ended = wait(move |_| run(status, THREE_OF_THREE, ""), |step| step);
        assert_eq!(ended.code, 8);
        assert_eq!(numbers(&ended)[0], "failed");
    });
}

#[test]
fn have_passed_only_if_their_numbers_say_so() {
    let cases = [
        (
            r#""testCaseCount":3,"passedCount":2,"failedCount":0,"errorCount":0"#,
            ["unknown", "4", "0", "0", "6"],
        ),
        (
            r#""testCaseCount":0,"passedCount":0,"failedCount":0,"errorCount":0"#,
            ["unknown", "0", "0", "0", "0"],
        ),
        (r#""testCaseCount":3,"passedCount":3,"failedCount":0"#, ["unknown", "", "", "", ""]),
        (
            r#""testCaseCount":3,"passedCount":"3","failedCount":0,"errorCount":0"#,
            ["unknown", "", "", "", ""],
        ),
        (
            r#""testCaseCount":3,"passedCount":3,"failedCount":-1,"errorCount":0"#,
            ["unknown", "", "", "", ""],
        ),
        (
            r#""testCaseCount":3,"passedCount":3,"failedCount":1,"errorCount":0"#,
            ["failed", "6", "2", "0", "6"],
        ),
        (
            r#""testCaseCount":3,"passedCount":2,"failedCount":0,"errorCount":1"#,
            ["failed", "4", "0", "2", "6"],
        ),
    ];
    all_at_once(cases, |(counts, expected)| {
        let ended = wait(move |_| run("completed", counts, ""), |step| step);
        assert_eq!(ended.code, 8, "{counts}");
        assert_eq!(numbers(&ended), expected, "{counts}");
        let outcome = format!("tests-{}", expected[0]);
        assert_eq!(ended.dotenv("out.env")["ROLLBACK_OUTCOME"], outcome);
    });
}

#[test]
fn that_contradict_their_numbers_are_unknown() {
    const FAILED: &str = r#"{"testCaseId":"c","status":"failed",CONVERSATION}"#;
    let ended = wait(|_| run("completed", THREE_OF_THREE, FAILED), |step| step);
    assert_eq!(ended.code, 8);
    assert_eq!(numbers(&ended)[0], "unknown");
    assert_data_eq!(
        &ended.out,
        str![[r#"
polyai-rollback 0.1.0: rolling back agent PROJECT-AB12CD34 to 019e0f3a-71c4-7c1e-9b3d-000000000042
  API               http://127.0.0.1:[..]
  reason            Rolled back by polyai-rollback
  guards            no environment; no expect-current
  started           [..]
Rolled back: live is back on 46c7839, and that is verified
Ids and times
  new deployment    019e191e-ca97-7afa-a3bf-000000000001
  environment       live
  version           46c78399935c449c80d7d328a91b52ea
  artifact version  2026-05-08T18:26:14.711Z
  created at        2026-05-11T22:18:28.909Z
  test runs         2 triggered: run-0001, run-0002
  verified          yes, this version is active
  took              [..] s
  correlation id    [..]
waiting for 2 test runs, at most 15m
  tests             2 of 2 test runs finished: 6 of 6 cases passed, 0 failed, 0 errored; at most [..] more

"#]]
    );
    assert_data_eq!(
        &ended.err,
        str![[r#"
error: Rolled back, but nobody knows whether tests passed (tests-unknown): 2 of 2 test runs finished: 6 of 6 cases passed, 0 failed, 0 errored; test run run-0001 is over, and does not say clearly how it ended; test run run-0002 is over, and does not say clearly how it ended; the tests are no reason to roll back again; call the agent, and look at the test runs in Agent Studio
  effect            rolled back, and the rollback stands
  test run          run-0001: completed, 3 of 3 cases passed, 0 failed, 0 errored
  failed case       c: no reason is given (conversation c)
  test run          run-0002: completed, 3 of 3 cases passed, 0 failed, 0 errored
  failed case       c: no reason is given (conversation c)

"#]]
    );
    const UNREAD: &str = r#"{"testCaseId":7,"status":["passed"]},{"status":"failed"}"#;
    let unread = wait(|_| run("completed", THREE_OF_THREE, UNREAD), |step| step);
    assert_eq!(unread.code, 8);
    let words = "test run run-0001 is over, and does not say clearly how it ended";
    assert!(unread.err.contains(words), "{}", unread.err);
}

#[test]
fn are_asked_for_all_together() {
    // No run is told before both were asked for.
    let both = Arc::new(Barrier::new(2));
    let ended = wait(
        move |_| {
            both.wait();
            run("completed", THREE_OF_THREE, "")
        },
        |step| step,
    );
    assert_eq!((ended.code, ended.err.as_str()), (0, ""));
    assert_eq!(numbers(&ended), ["passed", "6", "0", "0", "6"]);
}

#[test]
fn that_do_not_end_in_time_are_unknown() {
    const ONE_OF_THREE: &str =
        r#""testCaseCount":3,"passedCount":1,"failedCount":0,"errorCount":0"#;
    let ended = wait(
        |_| run("in_progress", ONE_OF_THREE, ""),
        |step| step.env("POLYAI_TESTS_TIMEOUT", "3s"),
    );
    assert_eq!(ended.code, 8);
    assert_eq!(numbers(&ended)[0], "unknown");
    assert!(
        ended.err.starts_with("error: Rolled back, but nobody knows whether tests passed (tests-unknown): 0 of 2 test runs finished"),
        "{}",
        ended.err
    );
    // A very busy machine may not get the last answer in time.
    let doubts = [
        "test run run-0001 is still not over; ",
        "test run run-0001 cannot be read: no answer within ",
    ];
    assert!(doubts.iter().any(|doubt| ended.err.contains(doubt)), "{}", ended.err);
}

#[test]
fn whose_api_is_silent_to_the_end_are_unknown() {
    let ended =
        wait(|_| Answer::Silence(Vec::new()), |step| step.env("POLYAI_TESTS_TIMEOUT", "1s"));
    assert_eq!(ended.code, 8);
    let doubt = ": 0 of 2 test runs finished; test run run-0001 cannot be read: no answer within ";
    assert!(ended.err.contains(doubt), "{}", ended.err);
    assert!(ended.err.contains("  test run          run-0001: no answer within "), "{}", ended.err);
}

#[test]
fn that_cannot_be_read_are_given_up_and_show_nothing_of_what_was_said() {
    let unreadable = ["", "<html>", "[]", r#"{"status":7}"#, r#"{"status":" "}"#];
    let in_an_unknown_shape = [
        r#"{"id":"r","state":"done","turns":[{"user":"my number is 555 0100"}],"started_by":"dev@example.com"}"#,
        r#""my number is 555 0100""#,
        r#"["my number is 555 0100"]"#,
        r#"{"status":{"user":"my number is 555 0100"}}"#,
    ];
    let with = |status: u16| move |body| (status, body);
    let cases = [401, 403]
        .map(|status| (status, ""))
        .into_iter()
        .chain(unreadable.map(with(200)))
        .chain(in_an_unknown_shape.map(with(200)))
        .chain(in_an_unknown_shape.map(with(403)));
    // Each run is read three times before it is given up.
    all_at_once(cases, |(status, body)| {
        let ended = wait(move |_| Answer::new(status, body), |step| step);
        assert!(!ended.err.contains("still not over"), "{}", ended.err);
        assert_eq!(ended.code, 8, "{body}");
        assert_eq!(numbers(&ended)[0], "unknown");
        assert_eq!(ended.dotenv("out.env")["ROLLBACK_OUTCOME"], "tests-unknown");
        for run in ["run-0001", "run-0002"] {
            let words = format!("; test run {run} cannot be read: HTTP {status}");
            assert!(ended.err.contains(&words), "{}", ended.err);
        }
        let report = ended.read("report.json").unwrap();
        assert!(!ended.everything().replace(&report, "").contains("dev@"));
    });
}

#[test]
fn that_are_missing_are_waited_for_in_vain() {
    let ended = wait(|_| Answer::new(404, ""), |step| step.env("POLYAI_TESTS_TIMEOUT", "2s"));
    assert_eq!(ended.code, 8);
    assert!(ended.err.contains("test run run-0001 cannot be read: HTTP 404"), "{}", ended.err);
}

#[test]
fn that_are_too_large_are_given_up_at_once() {
    let words = format!("\"{}\"", "my number is 555 0100 ".repeat(800_000));
    let large = format!(r#"{{"status":"completed",{THREE_OF_THREE},"rawConversation":{words}}}"#);
    let ended = wait(move |_| Answer::new(200, &large), |step| step);
    assert_eq!(ended.code, 8);
    assert_eq!(ended.dotenv("out.env")["ROLLBACK_OUTCOME"], "tests-unknown");
    let says = "test run run-0001 cannot be read: the answer is larger than 16 MiB;";
    assert!(ended.err.contains(says), "{}", ended.err);
    assert_eq!(ended.out.matches("  tests  ").count(), 1, "no second read: {}", ended.out);
}

#[test]
fn that_go_on_to_the_end_have_failed_as_soon_as_a_case_has() {
    let counts = r#""testCaseCount":3,"passedCount":1,"failedCount":1,"errorCount":0"#;
    const CASE: &str =
        r#"{"testCaseId":"c","status":"failed","testCaseSnapshot":{"name":"Books"}}"#;
    let ended =
        wait(move |_| run("running", counts, CASE), |step| step.env("POLYAI_TESTS_TIMEOUT", "2s"));
    assert_eq!(ended.code, 8);
    assert_eq!(numbers(&ended), ["failed", "2", "2", "0", "6"]);
    assert_eq!(ended.dotenv("out.env")["ROLLBACK_OUTCOME"], "tests-failed");
    assert!(ended.err.contains("  failed case       Books: no reason is given"), "{}", ended.err);
}

#[test]
fn whose_ids_lead_to_another_path_are_not_asked_for() {
    let ended = wait_for(r#"["..","run-0001"]"#);
    assert_eq!(ended.code, 8);
    let says = "test run .. cannot be read: its id leads to another path;";
    assert!(ended.err.contains(says), "{}", ended.err);
}

#[test]
fn leave_the_warning_that_an_output_was_left_out() {
    let api = AgentsApi::new();
    let stand_in = StandIn::start(move |request| match is_test_run(request) {
        true => run("completed", THREE_OF_THREE, ""),
        false => api.answer(request).replace(VERSION, "$HOME"),
    });
    let step = Step::plain(&stand_in).env("POLYAI_OUTPUT_FILE", "out.env");
    let ended = step.env("POLYAI_WAIT_FOR_TESTS", "true").run();
    assert_eq!(ended.code, 0);
    let warning = "warning: ROLLBACK_VERSION was left out of out.env";
    assert!(ended.err.contains(warning), "{}", ended.err);
}

#[test]
fn that_do_not_exist_have_not_passed() {
    let ended = wait_for("[]");
    assert_eq!((ended.code, ended.err.as_str()), (0, ""));
    assert_eq!(numbers(&ended)[0], "none");
    assert!(ended.out.contains("the rollback triggered no tests"), "{}", ended.out);
    assert!(!ended.out.to_lowercase().contains("tests passed"), "{}", ended.out);
}

#[test]
fn that_the_answer_does_not_name_are_unknown() {
    let ended = wait_for("null");
    assert_eq!(ended.code, 8);
    assert!(ended.err.contains("the API did not say which runs there are"), "{}", ended.err);
}

#[test]
fn are_waited_for_with_the_outputs_in_their_file() {
    let (arrived, arrival) = channel();
    let api = AgentsApi::new();
    let stand_in = StandIn::start(move |request| match is_test_run(request) {
        true => {
            arrived.send(()).expect("the test waits");
            Answer::Silence(Vec::new())
        }
        false => api.answer(request),
    });
    let step = Step::plain(&stand_in).env("POLYAI_OUTPUT_FILE", "out.env");
    let running = step.env("POLYAI_WAIT_FOR_TESTS", "true").start();
    arrival.recv().expect("a request");
    let before = running.read("out.env");
    assert!(
        before.starts_with("ROLLBACK_OUTCOME=rolled-back\nROLLBACK_DEPLOYMENT_ID=019e191e-"),
        "{before}"
    );
    assert!(before.contains("\nROLLBACK_TESTS_OUTCOME=unknown\n"), "{before}");

    signal("TERM", running.pid());
    let ended = running.finish();
    assert_eq!(ended.code, 143);
    assert!(
        ended.err.starts_with("error: Rolled back, then stopped (cancelled): cancelled by SIGTERM after it was rolled back, while it waited for the tests; do not run it again: the rollback stands\n  effect            rolled back, and the rollback stands\n"),
        "{}",
        ended.err
    );
    // Only what has changed is written again: the last line of a name counts.
    assert_eq!(ended.read("out.env").unwrap(), format!("{before}ROLLBACK_OUTCOME=cancelled\n"));
}

#[test]
fn with_huge_histories_are_read_in_little_memory() {
    let case = r#"{"testCaseId":"c","status":"failed","results":{"prompt_assertion_results":[{"is_pass":false,"reason":"r"}]}}"#;
    let history = vec![case; 15_000].join(",");
    let counts = r#""testCaseCount":15000,"passedCount":0,"failedCount":15000,"errorCount":0"#;
    let ended = wait(move |_| run("completed", counts, &history), |step| step);
    assert_eq!(ended.code, 8);
    assert_eq!(numbers(&ended), ["failed", "0", "30000", "0", "30000"]);
    assert_eq!(ended.err.matches("failed case").count(), 42);
    assert!(ended.err.contains("  failed case       14980 more\n"), "{}", ended.err);
}

#[test]
fn with_very_many_assertions_in_one_case_are_read_in_little_memory() {
    let assertions = vec!["{}"; 650_000].join(",");
    let case = format!(
        r#"{{"testCaseId":"c","status":"passed","results":{{"prompt_assertion_results":[{assertions}]}}}}"#
    );
    let ended = wait(move |_| run("completed", THREE_OF_THREE, &case), |step| step);
    assert_eq!((ended.code, ended.err.as_str()), (0, ""));
}

#[test]
fn with_very_many_runs_and_long_reasons_are_told_in_little_memory() {
    let reason = "\u{1f600}".repeat(200);
    let assertion = format!(r#"{{"is_pass":false,"reason":"{reason}"}}"#);
    let case = format!(
        r#"{{"testCaseId":"{reason}","status":"failed","results":{{"prompt_assertion_results":[{}]}}}}"#,
        vec![assertion; 20].join(",")
    );
    let history = vec![case; 25].join(",");
    let ids: Vec<_> = (0..60).map(|id| format!("\"run-{id:04}\"")).collect();
    let ids = format!("[{}]", ids.join(","));
    let api = AgentsApi::new();
    let counts = r#""testCaseCount":25,"passedCount":0,"failedCount":25,"errorCount":0"#;
    let stand_in = StandIn::start(move |request| match is_test_run(request) {
        true => run("completed", counts, &history),
        false => api.answer(request).replace(r#"["run-0001","run-0002"]"#, &ids),
    });
    let step = Step::plain(&stand_in).env("POLYAI_SUMMARY_FILE", "summary.md");
    let step = step.env("POLYAI_OUTPUT_FILE", "out.env");
    let ended = step.env("POLYAI_WAIT_FOR_TESTS", "true").run();
    assert_eq!(ended.code, 8, "{}", ended.err.len());
    assert_eq!(numbers(&ended), ["failed", "0", "1500", "0", "1500"]);
    assert!(ended.read("summary.md").unwrap().len() < 1 << 20, "what GitHub shows");
}
