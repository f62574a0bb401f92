//! The folder `output-dir` with a file for each output, as Tekton and Argo read it.

use crate::step::{Ended, Step, signal};
use snapbox::{assert_data_eq, str};
use std::collections::BTreeMap;
use std::fs;
use std::os::unix::fs::symlink;
use std::sync::mpsc::channel;
use support::agents_api::{API_KEY, AgentsApi, agents_api, rolled_back};
use support::parsers;
use support::stand_in::{Answer, StandIn};

/// The results as Tekton hands them on, which fails a step whose results are too long.
fn results(ended: &Ended) -> BTreeMap<String, String> {
    let results = ended.folder("results");
    parsers::tekton_message(&results).expect("results that Tekton takes");
    results
}

fn step(api: &StandIn) -> Step {
    Step::plain(api).env("POLYAI_PIPELINE", "tekton").env("POLYAI_OUTPUT_DIR", "results")
}

#[test]
fn has_a_file_without_a_newline_for_each_output() {
    let api = StandIn::start(agents_api());
    let ended = step(&api).run();
    assert_eq!((ended.code, ended.err.as_str()), (0, ""));
    assert!(ended.out.contains("  outputs           results\n"), "{}", ended.out);
    assert_data_eq!(
        format!("{:#?}", results(&ended)),
        str![[r#"
{
    "agent-id": "PROJECT-AB12CD34",
    "artifact-version": "2026-05-08T18:26:14.711Z",
    "correlation-id": "[..]",
    "created-at": "2026-05-11T22:18:28.909Z",
    "deployment-id": "019e191e-ca97-7afa-a3bf-000000000001",
    "environment": "live",
    "error-code": "",
    "http-status": "",
    "outcome": "rolled-back",
    "replaced-deployment-id": "",
    "replaced-version": "",
    "target-deployment-id": "019e0f3a-71c4-7c1e-9b3d-000000000042",
    "target-version": "",
    "test-run-ids": "run-0001,run-0002",
    "tests-errored": "",
    "tests-failed": "",
    "tests-outcome": "not-awaited",
    "tests-passed": "",
    "tests-total": "",
    "version": "46c78399935c449c80d7d328a91b52ea",
}
"#]]
    );
}

#[test]
fn has_all_files_after_a_failure_too() {
    let api = StandIn::start(agents_api());
    let missing = step(&api).env("POLYAI_DEPLOYMENT_ID", "gone").run();
    assert_eq!(missing.code, 4);
    let invalid = step(&api).without("POLYAI_AGENT_ID").run();
    assert_eq!(invalid.code, 2);
    for (ended, outcome) in [(missing, "not-found"), (invalid, "invalid-input")] {
        let results = results(&ended);
        assert_eq!((results.len(), results["outcome"].as_str()), (20, outcome));
        assert_eq!(results["deployment-id"], "");
    }
}

#[test]
fn replaces_what_an_earlier_run_left() {
    let api = StandIn::start(agents_api());
    let step = step(&api).env("POLYAI_DEPLOYMENT_ID", "gone");
    fs::create_dir(step.path("results")).unwrap();
    let step = step.file("results/deployment-id", "old").file("results/other", "kept");
    let results = step.run().folder("results");
    assert_eq!((results["deployment-id"].as_str(), results["other"].as_str()), ("", "kept"));
    assert_eq!(results.len(), 21, "no other file is left behind");
}

#[test]
fn leaves_out_what_must_not_be_handed_on_and_what_is_too_long() {
    let ids: Vec<_> = (0..500).map(|id| format!("\"run-{id:08}\"")).collect();
    let body = rolled_back(&format!("[{}]", ids.join(",")));
    let body = body
        .replace("46c78399935c449c80d7d328a91b52ea", "$HOME")
        .replace("live", "__B64__bGl2ZQ==");
    let api = StandIn::start(move |_| Answer::new(200, &body));
    let ended = step(&api).unverified().run();
    assert_eq!(ended.code, 0);
    assert_data_eq!(
        &ended.err,
        str![[r#"
warning: version was left out of results: its value has a character other than A-Z a-z 0-9 . _ : / @ + , -
warning: test-run-ids was left out of results: all values together are too long, as Tekton takes 4,096 bytes

"#]]
    );
    let results = results(&ended);
    assert_eq!((results["version"].as_str(), results["test-run-ids"].as_str()), ("", ""));
    assert_eq!(results["deployment-id"], "019e191e-ca97-7afa-a3bf-000000000001");
}

#[test]
fn has_no_value_that_harness_would_decode() {
    let body = rolled_back("[]").replace("46c78399935c449c80d7d328a91b52ea", "__B64__aGFybQ");
    let api = StandIn::start(move |_| Answer::new(200, &body));
    let step = step(&api).unverified().env("POLYAI_OUTPUT_FILE", "out.env");
    let ended = step.run();
    let why = "its value begins with __B64__, as if it were encoded";
    assert!(ended.err.contains(&format!("version was left out of results: {why}\n")));
    assert!(ended.err.contains(&format!("ROLLBACK_VERSION was left out of out.env: {why}\n")));
    assert!(!ended.everything().contains("VERSION=__B64__"));
    assert_eq!(results(&ended)["version"], "");
}

#[test]
fn is_refused_before_anything_is_sent_if_it_cannot_be_written() {
    let cases = [
        ("link", "it is a symbolic link"),
        ("link/", "it is a symbolic link"),
        ("file", "File exists (os error 17)"),
        ("file/below", "Not a directory (os error 20)"),
        ("/proc/results", "No such file or directory (os error 2)"),
    ];
    for (path, problem) in cases {
        let api = StandIn::start(agents_api());
        let step = step(&api).file("file", "").env("POLYAI_OUTPUT_DIR", path);
        fs::create_dir(step.path("real")).unwrap();
        symlink("real", step.path("link")).unwrap();
        let ended = step.run();
        assert_eq!((ended.code, api.requests().len()), (2, 0), "{}", ended.err);
        let line = format!("POLYAI_OUTPUT_DIR {path} cannot be written: {problem}\n");
        assert!(ended.err.contains(&line), "{}", ended.err);
        assert_eq!(ended.folder("real"), BTreeMap::new());
    }
}

#[test]
fn is_made_with_the_folders_above_it() {
    let api = StandIn::start(agents_api());
    let ended = step(&api).env("POLYAI_OUTPUT_DIR", "one/two/").run();
    assert_eq!(ended.code, 0, "{}", ended.err);
    assert_eq!(ended.folder("one/two")["outcome"], "rolled-back");
}

#[test]
fn is_not_left_through_a_symbolic_link_in_it() {
    let api = StandIn::start(agents_api());
    let step = step(&api).file("target", "kept");
    fs::create_dir(step.path("results")).unwrap();
    symlink("../target", step.path("results/outcome")).unwrap();
    symlink("../new", step.path("results/version")).unwrap();
    let ended = step.run();
    assert_eq!(ended.code, 0, "{}", ended.err);
    assert_eq!(ended.read("target").as_deref(), Some("kept"));
    assert_eq!(ended.files(), ["results", "target"]);
    assert_eq!(ended.folder("results")["outcome"], "rolled-back");
}

#[test]
fn that_cannot_take_an_output_stops_the_run_before_it_begins() {
    let api = StandIn::start(agents_api());
    let step = step(&api);
    fs::create_dir_all(step.path("results/http-status/full")).unwrap();
    let ended = step.run();
    assert_eq!((ended.code, api.requests().len()), (2, 0));
    assert!(
        ended.err.starts_with("error: Not rolled back (invalid-input): POLYAI_OUTPUT_DIR results cannot be written: results/http-status: Is a directory (os error 21)\n"),
        "{}",
        ended.err
    );
}

#[test]
fn has_no_value_of_an_earlier_run_while_this_one_goes_on() {
    let (arrived, arrival) = channel();
    let stand_in = StandIn::start(move |_| {
        arrived.send(()).expect("the test waits");
        Answer::Silence(Vec::new())
    });
    let step = step(&stand_in);
    fs::create_dir_all(step.path("results")).unwrap();
    let running = step.file("results/version", "stale").env("POLYAI_TIMEOUT", "1h").start();
    arrival.recv().expect("a request");
    assert_eq!(running.read("results/version"), "");
    signal("TERM", running.pid());
    let results = results(&running.finish());
    assert_eq!((results["outcome"].as_str(), results.len()), ("cancelled", 20));
}

#[test]
fn that_is_gone_after_the_rollback_is_told_with_the_outputs() {
    let api = AgentsApi::new();
    let folder = tempfile::tempdir().unwrap();
    let results = folder.path().join("results");
    let gone = results.clone();
    let stand_in = StandIn::start(move |request| {
        let _ = fs::remove_dir_all(&gone);
        api.answer(request)
    });
    let ended = step(&stand_in).env("POLYAI_OUTPUT_DIR", &results).run();
    assert_eq!((ended.code, stand_in.posts()), (1, 1), "{}", ended.err);
    assert!(
        ended.err.starts_with("error: ROLLED BACK, but outputs not written (internal-error): ")
    );
    assert!(ended.err.contains("\n  outcome              rolled-back\n"), "{}", ended.err);
}

#[test]
fn replaces_no_other_file_of_the_run() {
    for (input, path) in [
        ("OUTPUT_FILE", "results/version"),
        ("REPORT_FILE", "./results/../results/version"),
        ("SUMMARY_FILE", "link"),
        ("API_KEY_FILE", "results/version"),
    ] {
        let api = StandIn::start(agents_api());
        let step = step(&api);
        fs::create_dir_all(step.path("results")).unwrap();
        symlink("results/version", step.path("link")).unwrap();
        let step = step.file("results/version", API_KEY).without("POLYAI_API_KEY");
        let key = if input == "API_KEY_FILE" { "" } else { API_KEY };
        let step = step.env("POLYAI_API_KEY", key).env(format!("POLYAI_{input}"), path);
        let ended = step.run();
        assert_eq!((ended.code, api.requests().len()), (2, 0), "{}", ended.err);
        let words = format!("POLYAI_{input} is the file of an output in POLYAI_OUTPUT_DIR\n");
        assert!(ended.err.contains(&words), "{}", ended.err);
        assert!(
            ended.read("results/version").unwrap().starts_with(API_KEY) || input != "API_KEY_FILE"
        );
    }
}

#[test]
fn has_the_outputs_before_the_wait_for_tests_and_so_has_the_log() {
    let (arrived, arrival) = channel();
    let api = AgentsApi::new();
    let stand_in = StandIn::start(move |request| match request.target.contains("/test-runs/") {
        true => {
            arrived.send(()).expect("the test waits");
            Answer::Silence(Vec::new())
        }
        false => api.answer(request),
    });
    let step = step(&stand_in).env("POLYAI_PIPELINE", "azure");
    let running = step.env("POLYAI_WAIT_FOR_TESTS", "true").start();
    arrival.recv().expect("a request");
    assert_eq!(running.read("results/outcome"), "rolled-back");
    assert_eq!(running.read("results/tests-outcome"), "unknown");

    signal("TERM", running.pid());
    let ended = running.finish();
    assert_eq!(ended.code, 143);
    assert_eq!(results(&ended)["outcome"], "cancelled");
    let commands = parsers::azure_commands(&ended.out).unwrap();
    let values = |name: &str| -> Vec<_> {
        let own =
            commands.iter().filter(|one| one.values.get("variable").is_some_and(|own| own == name));
        own.map(|command| command.data.clone()).collect()
    };
    assert_eq!(values("ROLLBACK_OUTCOME"), ["rolled-back", "cancelled"]);
    assert_eq!(values("ROLLBACK_DEPLOYMENT_ID"), ["019e191e-ca97-7afa-a3bf-000000000001"]);
    assert_eq!(values("ROLLBACK_ERROR_CODE"), [""; 0]);
}
