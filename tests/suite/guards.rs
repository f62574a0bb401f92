//! What keeps a rollback from being sent.

use crate::step::{Ended, Step};
use snapbox::{assert_data_eq, str};
use std::sync::atomic::{AtomicU32, Ordering};
use support::agents_api::{AgentsApi, BAD_VERSION, DEPLOYMENT, VERSION, agents_api, not_found};
use support::stand_in::{Answer, StandIn};

/// Another deployment of live, the active one, and one of sandbox.
const ACTIVE: &str = "019e0f3a-71c4-7c1e-9b3d-000000000045";
const IN_SANDBOX: &str = "019e0f3a-71c4-7c1e-9b3d-000000000040";

/// A run against the usual API that must send nothing.
fn held(change: impl FnOnce(Step) -> Step, code: i32, outcome: &str) -> Ended {
    let api = StandIn::start(agents_api());
    let ended = change(Step::in_environment(&api, "", DEPLOYMENT)).run();
    assert_eq!((ended.code, api.posts()), (code, 0), "{}{}", ended.out, ended.err);
    assert_eq!(ended.dotenv("out.env")["ROLLBACK_OUTCOME"], outcome);
    ended
}

#[test]
fn with_a_bare_id_nothing_is_read_first() {
    let api = StandIn::start(agents_api());
    let ended = Step::in_environment(&api, "", DEPLOYMENT).unverified().run();
    assert_eq!((ended.code, api.requests().len(), api.posts()), (0, 1, 1));
}

#[test]
fn a_deployment_of_another_environment_is_not_sent() {
    let ended = held(
        |step| step.env("POLYAI_ENVIRONMENT", "live").env("POLYAI_DEPLOYMENT_ID", IN_SANDBOX),
        4,
        "not-found",
    );
    let line = format!(
        "{IN_SANDBOX} is neither one of the newest deployments of live nor the version of one, of which at least 7 characters are needed; sandbox has it; check POLYAI_DEPLOYMENT_ID and POLYAI_ENVIRONMENT\n"
    );
    assert!(ended.err.contains(&line), "{}", ended.err);
    assert!(
        ended.err.contains("  to choose from    add8d0c  “New greeting”   11 May 15:18 UTC, "),
        "{}",
        ended.err
    );
}

#[test]
fn somebody_deployed_meanwhile() {
    for expected in [DEPLOYMENT, VERSION, "0123456", "0123"] {
        let ended = held(|step| step.env("POLYAI_EXPECT_CURRENT", expected), 5, "superseded");
        let line =
            format!("what is active in live is not {expected}, but add8d0c “New greeting” (");
        assert!(ended.err.contains(&line), "{}", ended.err);
        assert_eq!(ended.dotenv("out.env")["ROLLBACK_REPLACED_DEPLOYMENT_ID"], "");
    }
    let ended = held(|step| step.env("POLYAI_EXPECT_CURRENT", VERSION), 5, "superseded");
    assert_data_eq!(
        &ended.out,
        str![[r#"
polyai-rollback 0.1.0: rolling back agent PROJECT-AB12CD34 to 019e0f3a-71c4-7c1e-9b3d-000000000042
  API               http://127.0.0.1:[..]
  reason            Rolled back by polyai-rollback
  guards            no environment; expect-current 46c78399935c449c80d7d328a91b52ea
  started           [..]

"#]]
    );
    assert_data_eq!(
        &ended.err,
        str![[r#"
error: Not rolled back (superseded): what is active in live is not 46c78399935c449c80d7d328a91b52ea, but add8d0c “New greeting” (11 May 15:18 UTC, [..] ago); look at what was deployed (POLYAI_DRY_RUN shows it); if that must go, too, name the version to go back to in POLYAI_DEPLOYMENT_ID, or give what is active now in POLYAI_EXPECT_CURRENT (a whole id, a whole hash, or at least 7 characters of it)
  effect            unchanged: nothing was sent
  was active        add8d0c  “New greeting”  11 May 15:18 UTC, [..] ago
  correlation id    [..]

"#]]
    );
    for expected in [ACTIVE, BAD_VERSION, &BAD_VERSION[..7]] {
        let api = StandIn::start(agents_api());
        let step = Step::in_environment(&api, "", DEPLOYMENT);
        let ended = step.env("POLYAI_EXPECT_CURRENT", expected).run();
        assert_eq!((ended.code, api.posts()), (0, 1), "{}", ended.err);
    }
}

#[test]
fn what_is_on_that_version_already_stays() {
    let ended = held(
        |step| step.env("POLYAI_ENVIRONMENT", "live").env("POLYAI_DEPLOYMENT_ID", ACTIVE),
        0,
        "unchanged",
    );
    let outputs = ended.dotenv("out.env");
    assert_eq!(outputs["ROLLBACK_DEPLOYMENT_ID"], ACTIVE);
    assert_eq!(outputs["ROLLBACK_VERSION"], BAD_VERSION);
    assert_eq!(outputs["ROLLBACK_ENVIRONMENT"], "live");
    assert_eq!(outputs["ROLLBACK_TESTS_OUTCOME"], "");
    assert!(
        ended.out.contains("Unchanged: live is on “New greeting” (add8d0c) already\n"),
        "{}",
        ended.out
    );
    assert_eq!(ended.err, "");

    let api = StandIn::start(agents_api());
    let step = Step::in_environment(&api, "live", ACTIVE).env("POLYAI_FORCE", "true");
    let ended = step.run();
    assert_eq!((ended.code, api.posts()), (0, 1));
    assert_eq!(ended.dotenv("out.env")["ROLLBACK_OUTCOME"], "rolled-back");
}

/// A run against an API that says that the environment is on the target's version already.
fn there_already(status: u16, environment: &str, target: &str, reads: bool) -> Ended {
    let api = AgentsApi::new();
    let stand_in = StandIn::start(move |request| match request.method.as_str() {
        "POST" => Answer::new(
            status,
            r#"{"success":false,"error_code":"DEPLOYMENTS_ENVIRONMENT_ALREADY_PUBLISHED","deployment":null}"#,
        ),
        _ if reads => api.answer(request),
        _ => Answer::new(403, ""),
    });
    let step = Step::in_environment(&stand_in, environment, target).env("POLYAI_FORCE", "true");
    let ended = step.run();
    assert_eq!(stand_in.posts(), 1, "{}", ended.err);
    ended
}

#[test]
fn the_api_may_say_that_nothing_will_change() {
    for (status, environment) in [(200, ""), (409, ""), (200, "live")] {
        let ended = there_already(status, environment, ACTIVE, true);
        assert_eq!((ended.code, ended.err.as_str()), (0, ""));
        assert_eq!(ended.dotenv("out.env")["ROLLBACK_OUTCOME"], "unchanged");
        assert_eq!(ended.dotenv("out.env")["ROLLBACK_DEPLOYMENT_ID"], ACTIVE);
    }
    // Where it cannot be read, nobody knows which one it is.
    let ended = there_already(200, "", ACTIVE, false);
    assert_eq!((ended.code, ended.err.as_str()), (0, ""));
    assert_eq!(ended.dotenv("out.env")["ROLLBACK_DEPLOYMENT_ID"], "");
    let line = "Unchanged: the environment is on that version already, says the API";
    assert!(ended.out.contains(line), "{}", ended.out);
}

#[test]
fn the_api_is_not_believed_where_something_else_is_active() {
    for environment in ["", "live"] {
        let ended = there_already(200, environment, DEPLOYMENT, true);
        assert_eq!(ended.code, 5);
        assert!(
            ended
                .err
                .contains("the API says that the version is active already, and that was not seen"),
            "{}",
            ended.err
        );
    }
}

#[test]
fn somebody_deployed_between_two_tries() {
    let cases = [
        ("POLYAI_EXPECT_CURRENT", ACTIVE),
        ("POLYAI_DEPLOYMENT_ID", "previous"),
        ("POLYAI_DEPLOYMENT_ID", DEPLOYMENT),
    ];
    for (variable, value) in cases {
        let api = AgentsApi::new();
        let tries = AtomicU32::new(0);
        let stand_in = StandIn::start(move |request| match request.method.as_str() {
            "POST" if tries.fetch_add(1, Ordering::Relaxed) == 0 => Answer::new(429, ""),
            // From the first try on, something else is active.
            _ if tries.load(Ordering::Relaxed) > 0 => api.answer(request).replace(ACTIVE, "theirs"),
            _ => api.answer(request),
        });
        let step = Step::in_environment(&stand_in, "live", DEPLOYMENT).env("POLYAI_ATTEMPTS", "4");
        let ended = step.env(variable, value).run();
        assert_eq!((ended.code, stand_in.posts()), (5, 1), "{}", ended.err);
        let words = "(superseded): live has changed since this run read it: active was add8d0c ";
        assert!(ended.err.contains(words), "{}", ended.err);
        let both = [format!("deployment {ACTIVE}, and now is "), "deployment theirs;".to_owned()];
        assert!(both.iter().all(|words| ended.err.contains(words)), "{}", ended.err);
        assert_eq!(ended.dotenv("out.env")["ROLLBACK_REPLACED_DEPLOYMENT_ID"], "");
    }
}

#[test]
fn a_list_of_another_environment_is_not_believed() {
    let api = AgentsApi::new();
    let stand_in = StandIn::start(move |request| {
        let mut request = request.clone();
        request.target = request.target.replace("environment=live", "environment=sandbox");
        api.answer(&request)
    });
    let ended = Step::in_environment(&stand_in, "live", IN_SANDBOX).run();
    assert_eq!((ended.code, stand_in.posts()), (6, 0));
    assert!(ended.err.contains("it lists a deployment of another environment"), "{}", ended.err);
}

#[test]
fn a_dry_run_shows_everything_and_sends_nothing() {
    let ended = held(|step| step.env("POLYAI_DRY_RUN", "true"), 0, "previewed");
    assert_data_eq!(
        &ended.out,
        str![[r#"
polyai-rollback 0.1.0: previewing a rollback of agent PROJECT-AB12CD34 to 019e0f3a-71c4-7c1e-9b3d-000000000042
  API               http://127.0.0.1:[..]
  reason            Rolled back by polyai-rollback
  guards            no environment; no expect-current
  started           [..]
  active now        add8d0c  “New greeting”   11 May 15:18 UTC, [..] ago[..]will be undone
  going back to     46c7839  “Opening hours”  9 May 00:18 UTC, [..] ago
Preview: nothing was sent; live would go back to “Opening hours” (46c7839)
  outputs           out.env

"#]]
    );
    let outputs = ended.dotenv("out.env");
    assert_eq!(outputs["ROLLBACK_DEPLOYMENT_ID"], "");
    assert_eq!(outputs["ROLLBACK_ENVIRONMENT"], "live");
    assert_eq!(outputs["ROLLBACK_TARGET_DEPLOYMENT_ID"], DEPLOYMENT);
    assert_eq!(outputs["ROLLBACK_TARGET_VERSION"], VERSION);

    let ended = held(
        |step| step.env("POLYAI_DRY_RUN", "true").env("POLYAI_SUMMARY_FILE", "summary.md"),
        0,
        "previewed",
    );
    let summary = ended.read("summary.md").unwrap();
    assert!(
        summary.starts_with(
            "### 🔍 Dry run, nothing changed: live would go back to “Opening hours”\n"
        ),
        "{summary}"
    );
    assert!(
        summary.contains(
            "| ▶️ active now, would be undone | “New greeting” <code>add8d0c</code> | 11 May "
        ),
        "{summary}"
    );
}

#[test]
fn a_dry_run_meets_the_other_guards() {
    let dry = |step: Step| step.env("POLYAI_DRY_RUN", "true");
    let ended = held(|step| dry(step).env("POLYAI_DEPLOYMENT_ID", "gone"), 4, "not-found");
    assert!(ended.err.contains("gone is no deployment of any environment; check POLYAI_AGENT_ID; if it is right, give one of the versions below in POLYAI_DEPLOYMENT_ID, and its environment in POLYAI_ENVIRONMENT\n"), "{}", ended.err);
    let ended = held(|step| dry(step).env("POLYAI_DEPLOYMENT_ID", VERSION), 4, "not-found");
    let hint = "; it is a version of live, for which POLYAI_ENVIRONMENT must be live; check ";
    assert!(ended.err.contains(hint), "{}", ended.err);
    let row = ended.err.lines().find(|line| line.ends_with("ago  pre-release")).unwrap_or_default();
    assert!(row.starts_with("  to choose from    add8d0c  “New greeting” "), "{}", ended.err);
    held(|step| dry(step).env("POLYAI_EXPECT_CURRENT", VERSION), 5, "superseded");
    let active = |step: Step| dry(step).env("POLYAI_DEPLOYMENT_ID", ACTIVE);
    held(|step| active(step).env("POLYAI_ENVIRONMENT", "live"), 0, "unchanged");
    // The real run would ask the API without reading anything.
    held(active, 0, "previewed");
}

#[test]
fn a_read_that_fails_before_anything_is_sent_is_told_as_what_it_is() {
    let cases = [
        (
            500,
            6,
            "the deployments could not be read before the rollback: HTTP 500; run it again, which is safe; with the id of a deployment alone in POLYAI_DEPLOYMENT_ID, without ",
        ),
        (400, 6, "the deployments could not be read before the rollback: HTTP 400; "),
        (401, 3, "the API did not accept the key, in "),
        (403, 3, "the API does not let this key read the deployments, in "),
        (404, 4, "agent PROJECT-AB12CD34 was not found in "),
    ];
    for (status, code, words) in cases {
        for variable in ["POLYAI_ENVIRONMENT", "POLYAI_DRY_RUN", "POLYAI_EXPECT_CURRENT"] {
            let api = StandIn::start(move |_| Answer::new(status, not_found(DEPLOYMENT, "")));
            let value = if variable == "POLYAI_ENVIRONMENT" { "live" } else { "true" };
            let ended = Step::in_environment(&api, "", DEPLOYMENT).env(variable, value).run();
            assert_eq!((ended.code, api.posts()), (code, 0), "{}", ended.err);
            // Where a guard is wanted, nobody is led past it.
            let words = match variable {
                "POLYAI_EXPECT_CURRENT" => words.split("; with the id").next().unwrap_or_default(),
                _ => words,
            };
            assert!(ended.err.contains(words), "{}", ended.err);
            assert!(ended.err.contains("unchanged: nothing was sent"), "{}", ended.err);
        }
    }
}

#[test]
fn a_version_without_an_environment_is_explained() {
    let api = StandIn::start(agents_api());
    let ended = Step::in_environment(&api, "", VERSION).run();
    assert_eq!((ended.code, api.posts()), (4, 1));
    let hint = "; it is a version of live, for which POLYAI_ENVIRONMENT must be live; check ";
    assert!(ended.err.contains(hint), "{}", ended.err);
}
