//! As a step of GitHub Actions.

use crate::step::Step;
use snapbox::{assert_data_eq, str};
use support::agents_api::{API_KEY, agents_api, rolled_back};
use support::parsers::{Command, commands};
use support::stand_in::{Answer, StandIn};

fn names(commands: &[Command]) -> Vec<&str> {
    commands.iter().map(|command| command.name.as_str()).collect()
}

#[test]
fn rolls_back_and_hands_the_new_deployment_on() {
    let api = StandIn::start(agents_api());
    let ended = Step::github(&api).run();

    assert_data_eq!(
        &ended.out,
        str![[r#"
::add-mask::pk-stand-in-4f1d8a6c
::group::polyai-rollback 0.1.0: rolling back agent PROJECT-AB12CD34 to 019e0f3a-71c4-7c1e-9b3d-000000000042
  API               http://127.0.0.1:[..]
  reason            Rolled back by GitHub Actions, Deploy, repository acme/bot, run 77, started by alice, https://github.com/acme/bot/actions/runs/77
  guards            no environment; no expect-current
  started           [..]
::endgroup::
::notice title=polyai-rollback::Rolled back: live is back on 46c7839, and that is verified
::group::Ids and times
  new deployment    019e191e-ca97-7afa-a3bf-000000000001
  environment       live
  version           46c78399935c449c80d7d328a91b52ea
  artifact version  2026-05-08T18:26:14.711Z
  created at        2026-05-11T22:18:28.909Z
  test runs         2 triggered: run-0001, run-0002
  verified          yes, this version is active
  took              [..] s
  correlation id    [..]
::endgroup::
  outputs           GITHUB_OUTPUT, GITHUB_STEP_SUMMARY

"#]],
    );
    assert_data_eq!(&ended.err, str![""]);
    assert_eq!(ended.code, 0);
    assert_eq!(api.posts(), 1);
    assert_data_eq!(
        format!("{:#?}", ended.github_outputs()),
        str![[r#"
{
    "agent-id": "PROJECT-AB12CD34",
    "artifact-version": "2026-05-08T18:26:14.711Z",
    "correlation-id": "[..]",
    "created-at": "2026-05-11T22:18:28.909Z",
    "deployment-id": "019e191e-ca97-7afa-a3bf-000000000001",
    "environment": "live",
    "outcome": "rolled-back",
    "target-deployment-id": "019e0f3a-71c4-7c1e-9b3d-000000000042",
    "test-run-ids": "[/"run-0001/",/"run-0002/"]",
    "tests-outcome": "not-awaited",
    "version": "46c78399935c449c80d7d328a91b52ea",
}
"#]]
    );
    assert_data_eq!(
        ended.read("summary").unwrap(),
        str![[r#"
### ✅ live is back on 46c7839

<code>46c7839</code> has been active again since 11 May 22:18 UTC.

🧪 2 test runs were triggered. This job has not waited for them: see Agent Studio.

**Before the next deployment**: the draft and <code>main</code> may still hold the bad change. Take it out there, or the next deployment brings it back.

<details><summary>Ids and details</summary>

- new deployment: 019e191e-ca97-7afa-a3bf-000000000001
- environment: live
- version: 46c78399935c449c80d7d328a91b52ea
- artifact version: 2026-05-08T18:26:14.711Z
- created at: 2026-05-11T22:18:28.909Z
- test runs: 2 triggered: run-0001, run-0002
- verified: yes, this version is active
- took: [..] s
- correlation id: [..]
- agent: PROJECT-AB12CD34
- asked for: 019e0f3a-71c4-7c1e-9b3d-000000000042
- API: http&#58;//127.0.0.1:[..]
- reason: Rolled back by GitHub Actions, Deploy, repository acme/bot, run 77, started by alice, https&#58;//github.com/acme/bot/actions/runs/77
- guards: no environment; no expect-current
- started: [..]
- run: GitHub Actions, Deploy, repository acme/bot, run 77, started by alice, https&#58;//github.com/acme/bot/actions/runs/77
- exit code: 0, rolled-back

</details>


"#]]
    );
}

#[test]
fn fails_the_job_when_the_deployment_is_not_found() {
    let api = StandIn::start(agents_api());
    let ended = Step::github(&api).env("INPUT_DEPLOYMENT-ID", "gone").run();

    assert_eq!(ended.code, 4);
    assert_data_eq!(
        &ended.err,
        str![[r#"
::error title=polyai-rollback%3A Not rolled back (not-found)::deployment gone of agent PROJECT-AB12CD34 was not found in http://127.0.0.1:[..]; check agent-id and base-url; if they are right, give one of the versions below in deployment-id, and its environment in environment%0A  the API said      HTTP 404: DEPLOYMENT_NOT_FOUND: Deployment with id gone does not exist%0A  effect            unchanged: nothing was rolled back%0A  to choose from    add8d0c  “New greeting”   11 May 15:18 UTC, [..] ago[..]live, active now%0A  to choose from    46c7839  “Opening hours”  9 May 00:18 UTC, [..] ago[..]live%0A  to choose from    add8d0c  “New greeting”   11 May 14:18 UTC, [..] ago[..]pre-release, active now%0A  to choose from    46c7839  “Opening hours”  8 May 14:18 UTC, [..] ago[..]pre-release%0A  to choose from    add8d0c  “New greeting”   11 May 13:18 UTC, [..] ago[..]sandbox, active now%0A  to choose from    46c7839  “Opening hours”  8 May 04:18 UTC, [..] ago[..]sandbox%0A  correlation id    [..]

"#]]
    );
    let outputs = ended.github_outputs();
    assert_eq!(outputs["outcome"], "not-found");
    assert_eq!(outputs["error-code"], "DEPLOYMENT_NOT_FOUND");
    assert_eq!(outputs["http-status"], "404");
    assert_eq!(outputs["agent-id"], support::agents_api::AGENT);
    assert!(!outputs.contains_key("deployment-id"));
    assert_data_eq!(
        ended.read("summary").unwrap(),
        str![[r#"
### ❌ Not rolled back: there is no such deployment

**Nothing was rolled back.**

Deployment gone of agent PROJECT-AB12CD34 was not found in http&#58;//127.0.0.1:[..].

**What to do**: check agent-id and base-url; if they are right, give one of the versions below in deployment-id, and its environment in environment.

| version | which is | deployed (UTC) |
|---|---|---|
| <code>add8d0c</code> | live: “New greeting”, active now | 11 May 15:18, [..] ago[..]|
| <code>46c7839</code> | live: “Opening hours” | 9 May 00:18, [..] ago[..]|
| <code>add8d0c</code> | pre-release: “New greeting”, active now | 11 May 14:18, [..] ago[..]|
| <code>46c7839</code> | pre-release: “Opening hours” | 8 May 14:18, [..] ago[..]|
| <code>add8d0c</code> | sandbox: “New greeting”, active now | 11 May 13:18, [..] ago[..]|
| <code>46c7839</code> | sandbox: “Opening hours” | 8 May 04:18, [..] ago[..]|

<details><summary>Ids and details</summary>

- the API said: HTTP 404: DEPLOYMENT&#95;NOT&#95;FOUND: Deployment with id gone does not exist
- effect: unchanged: nothing was rolled back
- to choose from: add8d0c “New greeting” 11 May 15:18 UTC, [..] ago[..]live, active now
- to choose from: 46c7839 “Opening hours” 9 May 00:18 UTC, [..] ago[..]live
- to choose from: add8d0c “New greeting” 11 May 14:18 UTC, [..] ago[..]pre-release, active now
- to choose from: 46c7839 “Opening hours” 8 May 14:18 UTC, [..] ago[..]pre-release
- to choose from: add8d0c “New greeting” 11 May 13:18 UTC, [..] ago[..]sandbox, active now
- to choose from: 46c7839 “Opening hours” 8 May 04:18 UTC, [..] ago[..]sandbox
- correlation id: [..]
- agent: PROJECT-AB12CD34
- asked for: gone
- API: http&#58;//127.0.0.1:[..]
- reason: Rolled back by GitHub Actions, Deploy, repository acme/bot, run 77, started by alice, https&#58;//github.com/acme/bot/actions/runs/77
- guards: no environment; no expect-current
- started: [..]
- run: GitHub Actions, Deploy, repository acme/bot, run 77, started by alice, https&#58;//github.com/acme/bot/actions/runs/77
- exit code: 4, not-found

</details>


"#]]
    );
}

#[test]
fn masks_the_key_before_anything_else_even_when_other_inputs_are_bad() {
    let api = StandIn::start(agents_api());
    let ended = Step::github(&api).env("INPUT_REGION", "mars").without("INPUT_AGENT-ID").run();

    assert_eq!(ended.code, 2);
    assert_data_eq!(
        &ended.out,
        str![[r#"
::add-mask::pk-stand-in-4f1d8a6c

"#]]
    );
    assert_data_eq!(
        &ended.err,
        str![[r#"
::error title=polyai-rollback%3A Not rolled back (invalid-input)::agent-id is missing: PolyAI also calls it the project id
::error title=polyai-rollback%3A Not rolled back (invalid-input)::region “mars” must be us, eu, uk or studio (us-1, euw-1 and uk-1 are understood too)%0A  effect            unchanged: nothing was sent

"#]]
    );
    assert_eq!(ended.github_outputs()["outcome"], "invalid-input");
    assert_eq!(api.requests().len(), 0);
}

#[test]
fn masks_a_key_with_characters_that_mean_something_to_the_runner() {
    let api = StandIn::start(agents_api());
    let ended = Step::github(&api).env("INPUT_API-KEY", "100%0A::error::no").run();

    assert_eq!(ended.code, 3);
    let first = commands(&ended.out).remove(0);
    assert_eq!((first.name.as_str(), first.data.as_str()), ("add-mask", "100%0A::error::no"));
    assert_eq!(names(&commands(&ended.out)), ["add-mask", "group", "endgroup"]);
}

#[test]
fn shows_the_key_nowhere_but_in_the_mask() {
    let api = StandIn::start(agents_api());
    let ended = Step::github(&api).env("INPUT_REPORT-FILE", "report.json").run();

    let masked = format!("::add-mask::{API_KEY}\n");
    assert!(ended.out.starts_with(&masked));
    assert!(!ended.everything().replacen(&masked, "", 1).contains(API_KEY));
}

#[test]
fn lets_no_text_of_the_api_become_a_command_or_an_output() {
    const EVIL: &str =
        r"x\n::set-output name=a::b\n##[add-mask]c\r\n\u001b[2J\u202e\noutcome=rolled-back";
    let api = StandIn::start(|_| {
        Answer::new(409, format!(r#"{{"error_code":"{EVIL}","error_message":"{EVIL}"}}"#))
    });
    let ended =
        Step::github(&api).env("INPUT_DEPLOYMENT-MESSAGE", "a\n::warning::b ##[error]c").run();

    assert_eq!(ended.code, 5);
    assert_eq!(names(&commands(&ended.out)), ["add-mask", "group", "endgroup"]);
    // The warning tells of the code, which is not handed on.
    assert_eq!(names(&commands(&ended.err)), ["error", "warning"]);
    assert!(!ended.everything().contains(['\x1b', '\u{202e}']));
    assert_eq!(ended.github_outputs()["outcome"], "refused");
}

#[test]
fn hands_on_no_value_that_could_act_where_it_is_used() {
    for id in [r"a\nb=c\n\nd<<e\n", "$(id)", "a b", "`id`", "a;b", "ü", "'", "<<E", "a=b"] {
        let body = rolled_back(r#"["run-1","run 2"]"#);
        let body = body.replace("019e191e-ca97-7afa-a3bf-000000000001", id);
        let api = StandIn::start(move |_| Answer::new(200, &body));
        let ended = Step::github(&api).unverified().run();

        assert_eq!(ended.code, 0);
        let outputs = ended.github_outputs();
        assert_eq!(outputs["outcome"], "rolled-back");
        assert!(!outputs.contains_key("deployment-id") && !outputs.contains_key("b"), "{id}");
        assert!(!outputs.contains_key("test-run-ids"), "half a list is none");
        assert_data_eq!(
            &ended.err,
            str![[r#"
::warning title=polyai-rollback::deployment-id was left out of GITHUB_OUTPUT: its value has a character other than A-Z a-z 0-9 . _ : / @ + , -
::warning title=polyai-rollback::test-run-ids was left out of GITHUB_OUTPUT: its value has a character other than A-Z a-z 0-9 . _ : / @ + , -

"#]]
        );
    }
    let api = StandIn::start(|_| Answer::new(200, rolled_back(r#"["a,b",":c@d"]"#)));
    let ended = Step::github(&api).unverified().run();
    assert_eq!(ended.github_outputs()["test-run-ids"], r#"["a,b",":c@d"]"#);
}

#[test]
fn hands_on_no_value_that_would_hold_a_part_of_a_secret() {
    let body = rolled_back("[]").replace("46c78399935c449c80d7d328a91b52ea", API_KEY);
    let api = StandIn::start(move |_| Answer::new(200, &body));
    let ended = Step::github(&api).unverified().run();
    assert!(!ended.github_outputs().contains_key("version"));
    let says = "version was left out of GITHUB_OUTPUT: its value holds a secret\n";
    assert!(ended.err.contains(says), "{}", ended.err);

    let error = format!(r#"{{"error_code":"CODE_{API_KEY}"}}"#);
    let api = StandIn::start(move |_| Answer::new(400, &error));
    let ended = Step::github(&api).run();
    assert!(!ended.github_outputs().contains_key("error-code"));
    let says = "error-code was left out of GITHUB_OUTPUT: its value holds a secret\n";
    assert!(ended.err.contains(says), "{}", ended.err);
}

#[test]
fn keeps_what_is_in_the_output_file_already() {
    let api = StandIn::start(agents_api());
    let ended = Step::github(&api).file("output", "earlier=value").file("summary", "earlier").run();

    assert_eq!(ended.github_outputs()["earlier"], "value");
    assert_eq!(ended.github_outputs()["outcome"], "rolled-back");
    assert!(ended.read("summary").unwrap().starts_with("earlier\n###"));
}

#[test]
fn sends_nothing_when_the_output_file_cannot_be_written() {
    let api = StandIn::start(agents_api());
    let ended = Step::github(&api).env("GITHUB_OUTPUT", "/no/such/folder/output").run();

    assert_eq!(ended.code, 2);
    assert_data_eq!(
        &ended.err,
        str![[r#"
::error title=polyai-rollback%3A Not rolled back (invalid-input)::GITHUB_OUTPUT /no/such/folder/output cannot be written: No such file or directory (os error 2); does the image run as root?%0A  effect            unchanged: nothing was sent

"#]]
    );
    assert_eq!(api.requests().len(), 0);
    assert!(ended.read("summary").unwrap().contains("invalid-input"));
}

#[test]
fn says_loudly_that_it_was_done_when_outputs_cannot_be_written_afterwards() {
    let ids = (0..100).map(|n| format!("\"run-{n:04}\"")).collect::<Vec<_>>().join(",");
    let api = StandIn::start(move |_| Answer::new(200, rolled_back(&format!("[{ids}]"))));
    let ended = Step::github(&api).unverified().env("GITHUB_OUTPUT", "/dev/full").run();

    assert_eq!(ended.code, 1);
    assert_data_eq!(
        &ended.err,
        str![[r#"
::error title=polyai-rollback%3A ROLLED BACK%2C but outputs not written (internal-error)::GITHUB_OUTPUT /dev/full: No space left on device (os error 28); do not run it again: the rollback is done, and its outputs are in the log
  outcome              rolled-back
  deployment-id        019e191e-ca97-7afa-a3bf-000000000001
  environment          live
  version              46c78399935c449c80d7d328a91b52ea
  artifact-version     2026-05-08T18:26:14.711Z
  created-at           2026-05-11T22:18:28.909Z
  agent-id             PROJECT-AB12CD34
  target-deployment-id 019e0f3a-71c4-7c1e-9b3d-000000000042
  correlation-id    [..]
  tests-outcome        not-awaited
  test-run-ids         run-0000,run-0001,run-0002,run-0003,run-0004,run-0005,run-0006,run-0007,run-0008,run-0009,run-0010,run-0011,run-0012,run-0013,run-0014,run-0015,run-0016,run-0017,run-0018,run-0019,run-0020,run-0021,run-0022,run-0023,run-0024,run-0025,run-0026,run-0027,run-0028,run-0029,run-0030,run-0031,run-0032,run-0033,run-0034,run-0035,run-0036,run-0037,run-0038,run-0039,run-0040,run-0041,run-0042,run-0043,run-0044,run-0045,run-0046,run-0047,run-0048,run-0049,run-0050,run-0051,run-0052,run-0053,run-0054,run-0055,run-0056,run-0057,run-0058,run-0059,run-0060,run-0061,run-0062,run-0063,run-0064,run-0065,run-0066,run-0067,run-0068,run-0069,run-0070,run-0071,run-0072,run-0073,run-0074,run-0075,run-0076,run-0077,run-0078,run-0079,run-0080,run-0081,run-0082,run-0083,run-0084,run-0085,run-0086,run-0087,run-0088,run-0089,run-0090,run-0091,run-0092,run-0093,run-0094,run-0095,run-0096,run-0097,run-0098,run-0099

"#]]
    );
    // The log is the only copy now, so it is whole.
    assert!(ended.err.ends_with("run-0098,run-0099\n"), "{}", ended.err);
    assert_eq!(api.requests().len(), 1);
}

#[test]
fn warns_when_the_outputs_of_a_failure_cannot_be_written() {
    let api = StandIn::start(|_| Answer::new(404, ""));
    let ended = Step::github(&api).env("GITHUB_OUTPUT", "/dev/full").run();

    assert_eq!(ended.code, 4);
    assert_eq!(names(&commands(&ended.err)), ["error", "warning"]);
}

#[test]
fn speaks_the_same_language_on_forgejo_and_gitea() {
    for (mark, name) in [("FORGEJO_ACTIONS", "Forgejo Actions"), ("GITEA_ACTIONS", "Gitea Actions")]
    {
        let api = StandIn::start(agents_api());
        let ended = Step::github(&api).env(mark, "true").run();

        assert_eq!(ended.code, 0);
        assert!(ended.out.contains(&format!("Rolled back by {name}, Deploy")));
        assert!(ended.out.starts_with("::add-mask::"));
        assert_eq!(ended.github_outputs()["outcome"], "rolled-back");
    }
}

#[test]
fn tells_its_version_beside_the_inputs_of_another_action() {
    let api = StandIn::start(agents_api());
    let step = Step::plain(&api).env("GITHUB_ACTIONS", "true").env("INPUT_COMMAND", "retry");
    let ended = step.args(&["--version"]).run();

    assert!(ended.out.starts_with("polyai-rollback "), "{}", ended.out);
    assert_eq!(api.requests().len(), 0);
}
