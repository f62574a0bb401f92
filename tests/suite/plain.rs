//! In a container of no known pipeline.

use crate::step::Step;
use snapbox::{assert_data_eq, str};
use std::io::Write;
use support::agents_api::{API_KEY, agents_api};
use support::stand_in::{Answer, StandIn};

#[test]
fn rolls_back_and_tells_it_in_the_log() {
    let api = StandIn::start(agents_api());
    let ended = Step::plain(&api).run();

    assert_eq!(ended.code, 0);
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

"#]]
    );
    assert_data_eq!(&ended.err, str![""]);
    assert_eq!(ended.files(), [""; 0]);
}

#[test]
fn writes_every_file_that_is_asked_for() {
    let api = StandIn::start(agents_api());
    let ended = Step::plain(&api)
        .env("POLYAI_OUTPUT_FILE", "out.env")
        .env("POLYAI_SUMMARY_FILE", "summary.md")
        .env("POLYAI_REPORT_FILE", "report.json")
        .run();

    assert_eq!(ended.code, 0);
    assert_eq!(ended.files(), ["out.env", "report.json", "summary.md"]);
    assert_eq!(ended.dotenv("out.env")["ROLLBACK_TEST_RUN_IDS"], "run-0001,run-0002");
    assert!(ended.read("summary.md").unwrap().contains("\n- environment: live\n"));
    assert_data_eq!(
        ended.read("report.json").unwrap(),
        str![[r#"
{"outcome":"rolled-back","exitCode":0,"startedAt":"[..]","seconds":[..],"request":{"agentId":"PROJECT-AB12CD34","deploymentId":"019e0f3a-71c4-7c1e-9b3d-000000000042","environment":null,"expectCurrent":null,"force":false,"dryRun":false,"region":null,"baseUrl":"http://127.0.0.1:[..]","deploymentMessage":"Rolled back by polyai-rollback","correlationId":"[..]"},"replaced":null,"target":null,"deployment":{"id":"019e191e-ca97-7afa-a3bf-000000000001","accountId":"acme-ws","agentId":"PROJECT-AB12CD34","environment":"live","artifactVersion":"2026-05-08T18:26:14.711Z","version":"46c78399935c449c80d7d328a91b52ea","createdBy":"dev@example.com","createdAt":"2026-05-11T22:18:28.909Z","metadata":null},"established":null,"verified":true,"testRunIds":["run-0001","run-0002"],"tests":{"outcome":"not-awaited","runs":[]},"failure":null,"pipeline":{"name":"polyai-rollback","workflow":null,"repository":null,"run":null,"actor":null,"url":null},"tool":"polyai-rollback/0.1.0"}

"#]]
    );
}

#[test]
fn keeps_personal_data_in_the_report_only() {
    let api = StandIn::start(agents_api());
    let ended = Step::github(&api).env("INPUT_REPORT-FILE", "report.json").run();

    let report = ended.read("report.json").unwrap();
    assert!(report.contains("dev@example.com") && report.contains("acme-ws"));
    let others = ended.everything().replace(&report, "");
    assert!(!others.contains("dev@example.com") && !others.contains("acme-ws"));
    assert!(!report.contains(API_KEY));
}

#[test]
fn reports_a_failure_as_one_line_of_json() {
    let api = StandIn::start(|_| Answer::new(409, r#"{"error":"An A/B test is running"}"#));
    let step = Step::plain(&api).file("report.json", "{\"earlier\":true}");
    let ended = step.env("POLYAI_REPORT_FILE", "report.json").run();

    assert_eq!(ended.code, 5);
    assert_data_eq!(
        ended.read("report.json").unwrap(),
        str![[r#"
{"earlier":true}
{"outcome":"refused","exitCode":5,"startedAt":"[..]","seconds":[..],"request":{"agentId":"PROJECT-AB12CD34","deploymentId":"019e0f3a-71c4-7c1e-9b3d-000000000042","environment":null,"expectCurrent":null,"force":false,"dryRun":false,"region":null,"baseUrl":"http://127.0.0.1:[..]","deploymentMessage":"Rolled back by polyai-rollback","correlationId":"[..]"},"replaced":null,"target":null,"deployment":null,"established":null,"verified":null,"testRunIds":null,"tests":null,"failure":{"problems":["the API refused the rollback because of a conflict"],"httpStatus":409,"errorCode":null,"answer":"HTTP 409: An A/B test is running","effect":"unchanged: nothing was rolled back","next":"the API will refuse it until the conflict is over, such as a running A/B test","command":null,"choice":[]},"pipeline":{"name":"polyai-rollback","workflow":null,"repository":null,"run":null,"actor":null,"url":null},"tool":"polyai-rollback/0.1.0"}

"#]]
    );
}

#[test]
fn takes_the_settings_of_a_plugin() {
    let api = StandIn::start(agents_api());
    let ended = Step::empty()
        .env("DRONE", "true")
        .env("DRONE_REPO", "acme/bot")
        .env("NO_COLOR", "1")
        .env("PLUGIN_API_KEY", API_KEY)
        .env("PLUGIN_DEPLOYMENT_ID", "gone")
        .env("PLUGIN_BASE_URL", api.url())
        .run();

    assert_eq!(ended.code, 2);
    assert_data_eq!(
        &ended.err,
        str![[r#"
error: Not rolled back (invalid-input): agent_id is missing: PolyAI also calls it the project id
  effect            unchanged: nothing was sent

"#]]
    );
}

#[test]
fn shows_colours_where_they_are_forced() {
    let api = StandIn::start(agents_api());
    assert!(Step::plain(&api).env("FORCE_COLOR", "1").run().out.contains("\x1b[32;1mRolled back"));
    assert!(!Step::plain(&api).env("FORCE_COLOR", "false").run().out.contains('\x1b'));
}

#[test]
fn tells_its_version_and_usage() {
    let version = Step::empty().args(&["--version"]).run();
    assert_eq!((version.code, version.err.as_str()), (0, ""));
    let told = concat!("polyai-rollback ", env!("CARGO_PKG_VERSION"), " (commit ");
    assert!(version.out.starts_with(told), "{}", version.out);

    let help = Step::empty().args(&["--help"]).run();
    assert_eq!((help.code, help.err.as_str()), (0, ""));
    assert!(help.out.starts_with("polyai-rollback rolls back a deployment"));
}

#[test]
fn ends_with_the_right_code_when_nobody_reads_the_log() {
    let api = StandIn::start(agents_api());
    let (reader, writer) = std::io::pipe().unwrap();
    drop(reader);
    assert_eq!(Step::plain(&api).run_into(writer), 0);
    assert_eq!(api.posts(), 1);
}

#[test]
fn ends_with_the_right_code_when_the_reader_of_the_log_hangs() {
    let api = StandIn::start(agents_api());
    let (reader, mut writer) = std::io::pipe().unwrap();
    // As much as a pipe holds on Linux (pipe(7)).
    writer.write_all(&[b' '; 65_536]).unwrap();
    assert_eq!(Step::plain(&api).run_into(writer), 0);
    assert_eq!(api.posts(), 1);
    drop(reader);
}

#[test]
fn tells_an_error_when_the_reader_of_all_else_hangs() {
    let api = StandIn::start(agents_api());
    let (reader, mut writer) = std::io::pipe().unwrap();
    writer.write_all(&[b' '; 65_536]).unwrap();
    let step = Step::plain(&api).env("POLYAI_DEPLOYMENT_ID", "gone");
    let (code, err) = step.run_out_into(writer);
    assert_eq!(code, 4);
    assert!(err.starts_with("error: Not rolled back (not-found): "), "{err}");
    drop(reader);
}

#[test]
fn does_not_wait_for_the_reader_of_an_output() {
    let api = StandIn::start(agents_api());
    let (reader, mut writer) = std::io::pipe().unwrap();
    writer.write_all(&[b' '; 65_536]).unwrap();
    let step = Step::plain(&api).env("POLYAI_REPORT_FILE", "/dev/stdout");
    let (code, err) = step.run_out_into(writer);
    assert_eq!((code, api.posts()), (1, 1));
    assert!(err.contains("POLYAI_REPORT_FILE /dev/stdout: nobody reads it"), "{err}");
    assert!(err.contains("  outcome              rolled-back\n"), "{err}");
    drop(reader);
}

#[test]
fn writes_to_streams_and_devices_too() {
    let api = StandIn::start(agents_api());
    let ended = Step::plain(&api)
        .env("POLYAI_OUTPUT_FILE", "/dev/null")
        .env("POLYAI_REPORT_FILE", "/dev/null")
        .env("POLYAI_SUMMARY_FILE", "/dev/stdout")
        .run();
    assert_eq!(ended.code, 0);
    assert!(ended.out.contains("### ✅ live is back on 46c7839\n"), "{}", ended.out);
}

#[test]
fn a_terminal_gets_colours_and_no_other_control() {
    let api = StandIn::start(agents_api());
    let ended = Step::on_a_terminal(&api).run();
    assert_eq!(ended.code, 0, "{}", ended.out);
    assert!(ended.out.contains("\u{1b}[32;1mRolled back: "), "{:?}", ended.out);
    let rest = ended.out.replace("\u{1b}[32;1m", "").replace("\u{1b}[0m", "").replace("\r\n", "");
    assert!(!rest.contains(char::is_control), "{rest:?}");
}
