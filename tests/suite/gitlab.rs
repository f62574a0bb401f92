//! As a job of GitLab CI.

use crate::step::Step;
use snapbox::{assert_data_eq, str};
use std::collections::BTreeSet;
use std::process::Command;
use support::agents_api::{agents_api, rolled_back};
use support::stand_in::{Answer, StandIn};

#[test]
fn rolls_back_and_leaves_a_dotenv_report() {
    let api = StandIn::start(agents_api());
    let ended = Step::gitlab(&api).env("NO_COLOR", "1").run();

    assert_eq!(ended.code, 0);
    assert_data_eq!(
        ended.out.replace('\x1b', "ESC").replace('\r', "CR"),
        str![[r#"
ESC[0Ksection_start:[..]:polyai_rollback_1[collapsed=true]CRESC[0Kpolyai-rollback 0.1.0: rolling back agent PROJECT-AB12CD34 to 019e0f3a-71c4-7c1e-9b3d-000000000042
  API               http://127.0.0.1:[..]
  reason            Rolled back by GitLab CI, rollback, repository acme/bot, run 88, started by bob, https://gitlab.com/acme/bot/-/jobs/99
  guards            no environment; no expect-current
  started           [..]
ESC[0Ksection_end:[..]:polyai_rollback_1CRESC[0K
Rolled back: live is back on 46c7839, and that is verified
ESC[0Ksection_start:[..]:polyai_rollback_2[collapsed=true]CRESC[0KIds and times
  new deployment    019e191e-ca97-7afa-a3bf-000000000001
  environment       live
  version           46c78399935c449c80d7d328a91b52ea
  artifact version  2026-05-08T18:26:14.711Z
  created at        2026-05-11T22:18:28.909Z
  test runs         2 triggered: run-0001, run-0002
  verified          yes, this version is active
  took              [..] s
  correlation id    [..]
ESC[0Ksection_end:[..]:polyai_rollback_2CRESC[0K
  outputs           rollback.env

"#]]
    );
    assert_data_eq!(&ended.err, str![""]);
    assert_data_eq!(
        format!("{:#?}", ended.dotenv("rollback.env")),
        str![[r#"
{
    "ROLLBACK_AGENT_ID": "PROJECT-AB12CD34",
    "ROLLBACK_ARTIFACT_VERSION": "2026-05-08T18:26:14.711Z",
    "ROLLBACK_CORRELATION_ID": "[..]",
    "ROLLBACK_CREATED_AT": "2026-05-11T22:18:28.909Z",
    "ROLLBACK_DEPLOYMENT_ID": "019e191e-ca97-7afa-a3bf-000000000001",
    "ROLLBACK_ENVIRONMENT": "live",
    "ROLLBACK_ERROR_CODE": "",
    "ROLLBACK_HTTP_STATUS": "",
    "ROLLBACK_OUTCOME": "rolled-back",
    "ROLLBACK_REPLACED_DEPLOYMENT_ID": "",
    "ROLLBACK_REPLACED_VERSION": "",
    "ROLLBACK_TARGET_DEPLOYMENT_ID": "019e0f3a-71c4-7c1e-9b3d-000000000042",
    "ROLLBACK_TARGET_VERSION": "",
    "ROLLBACK_TESTS_ERRORED": "",
    "ROLLBACK_TESTS_FAILED": "",
    "ROLLBACK_TESTS_OUTCOME": "not-awaited",
    "ROLLBACK_TESTS_PASSED": "",
    "ROLLBACK_TESTS_TOTAL": "",
    "ROLLBACK_TEST_RUN_IDS": "run-0001,run-0002",
    "ROLLBACK_VERSION": "46c78399935c449c80d7d328a91b52ea",
}
"#]]
    );
    assert_eq!(ended.files(), ["rollback.env"]);
}

#[test]
fn fails_the_job_when_the_deployment_is_not_found() {
    let api = StandIn::start(agents_api());
    let ended = Step::gitlab(&api).env("POLYAI_DEPLOYMENT_ID", "gone").env("NO_COLOR", "1").run();

    assert_eq!(ended.code, 4);
    assert_data_eq!(
        &ended.err,
        str![[r#"
error: Not rolled back (not-found): deployment gone of agent PROJECT-AB12CD34 was not found in http://127.0.0.1:[..]; check POLYAI_AGENT_ID and POLYAI_BASE_URL; if they are right, give one of the versions below in POLYAI_DEPLOYMENT_ID, and its environment in POLYAI_ENVIRONMENT
  the API said      HTTP 404: DEPLOYMENT_NOT_FOUND: Deployment with id gone does not exist
  effect            unchanged: nothing was rolled back
  to choose from    add8d0c  “New greeting”   11 May 15:18 UTC, [..] ago[..]live, active now
  to choose from    46c7839  “Opening hours”  9 May 00:18 UTC, [..] ago[..]live
  to choose from    add8d0c  “New greeting”   11 May 14:18 UTC, [..] ago[..]pre-release, active now
  to choose from    46c7839  “Opening hours”  8 May 14:18 UTC, [..] ago[..]pre-release
  to choose from    add8d0c  “New greeting”   11 May 13:18 UTC, [..] ago[..]sandbox, active now
  to choose from    46c7839  “Opening hours”  8 May 04:18 UTC, [..] ago[..]sandbox
  correlation id    [..]

"#]]
    );
    let outputs = ended.dotenv("rollback.env");
    assert_eq!(outputs["ROLLBACK_OUTCOME"], "not-found");
    assert_eq!(outputs["ROLLBACK_ERROR_CODE"], "DEPLOYMENT_NOT_FOUND");
    assert_eq!(outputs["ROLLBACK_DEPLOYMENT_ID"], "");
}

#[test]
fn never_prints_the_key_as_there_is_no_mask() {
    let api = StandIn::start(agents_api());
    let ended = Step::gitlab(&api).run();

    assert_eq!(ended.code, 0);
    assert!(!ended.everything().contains(support::agents_api::API_KEY));
}

#[test]
fn prefers_the_component_s_inputs_to_the_project_s_variables() {
    let api = StandIn::start(agents_api());
    let ended = Step::gitlab(&api)
        .env("POLYAI_AGENT_ID", "the-wrong-agent")
        .env("INPUT_AGENT_ID", support::agents_api::AGENT)
        .env("INPUT_REGION", "")
        .run();

    assert_eq!(ended.code, 0);
    assert!(api.requests()[0].target.contains(support::agents_api::AGENT));
}

#[test]
fn names_an_input_as_it_was_given() {
    let api = StandIn::start(agents_api());
    let ended = Step::gitlab(&api)
        .env("NO_COLOR", "1")
        .env("INPUT_TIMEOUT", "soon")
        .env("INPUT_REGION", "mars")
        .without("POLYAI_AGENT_ID")
        .run();

    assert_eq!(ended.code, 2);
    assert_data_eq!(
        &ended.err,
        str![[r#"
error: Not rolled back (invalid-input): POLYAI_AGENT_ID is missing: PolyAI also calls it the project id
error: Not rolled back (invalid-input): region “mars” must be us, eu, uk or studio (us-1, euw-1 and uk-1 are understood too)
error: Not rolled back (invalid-input): timeout “soon” must be a time from 1s to 1h, such as 45, 45s or 2m
  effect            unchanged: nothing was sent

"#]]
    );
}

#[test]
fn leaves_out_what_a_dotenv_report_cannot_carry() {
    let api = StandIn::start(|_| {
        let body = rolled_back(r#"["a,b"]"#).replace("46c78399935c449c80d7d328a91b52ea", "$HOME");
        Answer::new(200, body.replace("\"live\"", r#""two\nlines""#))
    });
    let ended = Step::gitlab(&api).unverified().env("NO_COLOR", "1").run();

    assert_eq!(ended.code, 0);
    assert_data_eq!(
        &ended.err,
        str![[r#"
warning: ROLLBACK_VERSION was left out of rollback.env: its value has a character other than A-Z a-z 0-9 . _ : / @ + , -
warning: ROLLBACK_TEST_RUN_IDS was left out of rollback.env: an item of its list has a comma, which separates the items

"#]]
    );
    let outputs = ended.dotenv("rollback.env");
    assert_eq!(outputs["ROLLBACK_OUTCOME"], "rolled-back");
    // Empty, so that a file that is kept does not seem to say what an earlier run said.
    assert_eq!((&*outputs["ROLLBACK_VERSION"], &*outputs["ROLLBACK_TEST_RUN_IDS"]), ("", ""));
}

#[test]
fn does_nothing_where_its_report_is_sourced() {
    for id in [
        "$(touch harm)",
        "`touch harm`",
        "a;touch harm",
        "a\\ntouch harm",
        "a&touch harm",
        "a touch",
    ] {
        let body = rolled_back(r#"["run-1"]"#);
        let body = body.replace("019e191e-ca97-7afa-a3bf-000000000001", id);
        let api = StandIn::start(move |_| Answer::new(200, &body));
        let step = Step::gitlab(&api).unverified();
        let harm = step.path("harm");
        let ended = step.run();
        assert_eq!(ended.code, 0);
        let script = format!("{}\necho \"$ROLLBACK_OUTCOME\"", ended.read("rollback.env").unwrap());
        let mut shell = Command::new("sh");
        shell.arg("-c").arg(script).current_dir(harm.parent().expect("the step's folder"));
        let output = shell.output().expect("a shell");
        assert_eq!(String::from_utf8_lossy(&output.stdout), "rolled-back\n");
        assert!(output.stderr.is_empty() && !harm.exists(), "{id}");
    }
}

#[test]
fn stays_below_the_size_that_gitlab_accepts() {
    let ids = (0..500).map(|n| format!("\"run-{n:08}\"")).collect::<Vec<_>>().join(",");
    let api = StandIn::start(move |_| Answer::new(200, rolled_back(&format!("[{ids}]"))));
    let ended = Step::gitlab(&api).unverified().run();

    assert_eq!(ended.code, 0);
    assert!(ended.err.contains("ROLLBACK_TEST_RUN_IDS was left out of rollback.env"));
    assert!(ended.dotenv("rollback.env").contains_key("ROLLBACK_DEPLOYMENT_ID"));
}

#[test]
fn tells_once_of_an_output_that_finds_no_room_before_the_tests_nor_after_them() {
    let api = StandIn::start(agents_api());
    let others: String = (0..12).map(|number| format!("V{number}=x\n")).collect();
    let step = Step::gitlab(&api).unverified().env("POLYAI_WAIT_FOR_TESTS", "true");
    let ended = step.file("rollback.env", others).run();
    let told: Vec<_> = ended.err.lines().filter(|line| line.contains("was left out of")).collect();
    assert!(told.iter().any(|line| line.contains("ROLLBACK_TESTS_OUTCOME")), "{}", ended.err);
    let unique: BTreeSet<_> = told.iter().collect();
    assert_eq!(unique.len(), told.len(), "{}", ended.err);
}

#[test]
fn writes_to_the_output_file_that_was_asked_for() {
    let api = StandIn::start(agents_api());
    let ended =
        Step::gitlab(&api).file("mine.env", "MINE=1").env("INPUT_OUTPUT_FILE", "mine.env").run();

    assert_eq!(ended.files(), ["mine.env"]);
    assert_eq!(ended.dotenv("mine.env")["MINE"], "1");
    assert_eq!(ended.dotenv("mine.env")["ROLLBACK_OUTCOME"], "rolled-back");
}

#[test]
fn refuses_to_be_what_a_runner_runs_scripts_in() {
    for arguments in [
        ["sh", "-c"],
        ["/bin/sh", "-e"],
        ["bash", "--login"],
        ["-c", "true"],
        ["--login", "-ec"],
        ["/usr/bin/env", "bash"],
        ["cat", ""],
        ["tail", "-f"],
    ] {
        let api = StandIn::start(agents_api());
        let ended = Step::gitlab(&api).env("NO_COLOR", "1").args(&arguments).run();

        assert_eq!(ended.code, 2);
        assert_data_eq!(&ended.out, str![""]);
        assert_data_eq!(
            &ended.err,
            str![[r#"
error: Not rolled back (invalid-input): this image was given a command of a runner, which it does not run; in GitLab CI write `image: {name: …, entrypoint: [""]}` and `script: [polyai-rollback]`, and empty the entry point in the same way elsewhere

"#]]
        );
        assert_eq!(ended.files(), [""; 0]);
        assert_eq!(api.requests().len(), 0);
    }
}

#[test]
fn shows_colours_unless_they_are_unwanted() {
    let api = StandIn::start(agents_api());
    assert!(Step::gitlab(&api).run().out.contains("\x1b[32;1mRolled back"));
    assert!(Step::gitlab(&api).env("NO_COLOR", "1").run().out.contains("\nRolled back"));
}

#[test]
fn tells_its_version_in_a_job_of_the_component() {
    let api = StandIn::start(agents_api());
    let ended = Step::gitlab(&api).env("INPUT_REGION", "us").args(&["--version"]).run();

    assert_eq!(ended.code, 0);
    assert!(ended.out.starts_with("polyai-rollback "));
    assert_eq!(api.requests().len(), 0);
}

#[test]
fn stays_below_the_size_with_what_is_there_already() {
    let api = StandIn::start(agents_api());
    for size in [4_900, 5_000, 5_090, 5_117] {
        let existing = format!("A={}", "x".repeat(size - 2));
        let ended = Step::gitlab(&api).file("rollback.env", existing).run();
        assert_eq!(ended.code, 0);
        assert_eq!(ended.dotenv("rollback.env")["A"].len(), size - 2);
    }
}
