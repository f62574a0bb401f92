//! What people see of each outcome: the summary on a phone, and the log.
//!
//! The summaries are kept in `target/tmp/summaries`, where `.ci/pictures` takes them from.

use crate::step::{Ended, Step, all_at_once, signal};
use polyai_rollback::model::Outcome;
use std::collections::BTreeSet;
use std::fs;
use std::path::Path;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::channel;
use std::sync::{Arc, Mutex};
use std::time::SystemTime;
use support::agents_api::{AGENT, API_KEY, AgentsApi, Quirks};
use support::stand_in::{Answer, Request, StandIn};
use unicode_width::UnicodeWidthStr;

/// The most columns of the screen for a line of the log that is to be compared with others.
const LINE_CHARACTERS: usize = 110;
/// The labels of such lines.
const COMPARED: [&str; 5] =
    ["active now", "going back to", "undoes as well", "to choose from", "was active"];
/// The version that is active, and an id that no deployment has.
const ACTIVE: &str = "add8d0c5b1f34e6f8f6a0b1c2d3e4f50";
const GONE: &str = "019e0f3a-71c4-7c1e-9b3d-000000000099";

/// A run whose summary somebody reads.
struct Scene {
    /// The outcome, and where there are several scenes of it, how they differ.
    name: &'static str,
    /// How the heading begins.
    heading: &'static str,
    /// The inputs besides those of a rollback of `live` to `previous`.
    inputs: &'static [(&'static str, &'static str)],
    /// A text that must be there, and one that must not.
    says: &'static str,
    never: &'static str,
}

const SCENE: Scene = Scene { name: "", heading: "", inputs: &[], says: "", never: "no such text" };

const SCENES: [Scene; 24] = [
    Scene {
        name: "rolled-back",
        heading: "### ✅ live is back on “Opening hours”\n",
        inputs: &[("DEPLOYMENT_MESSAGE", "Calls drop after the greeting")],
        ..SCENE
    },
    Scene {
        name: "rolled-back, with a long message",
        heading: "### ✅ live is back on “Opening hours”\n",
        ..SCENE
    },
    Scene {
        name: "rolled-back, with a message in Japanese",
        heading: "### ✅ live is back on “Opening hours”\n",
        ..SCENE
    },
    Scene {
        name: "unchanged",
        heading: "### ➖ live is on “New greeting” already\n",
        inputs: &[("DEPLOYMENT_ID", ACTIVE)],
        ..SCENE
    },
    Scene {
        name: "previewed",
        heading: "### 🔍 Dry run, nothing changed: live would go back to “Opening hours”\n",
        inputs: &[("DRY_RUN", "true")],
        ..SCENE
    },
    Scene {
        name: "internal-error",
        heading: "### ⚠️ live is back on “Opening hours”, but outputs could not be written\n",
        inputs: &[("OUTPUT_FILE", "/dev/full")],
        ..SCENE
    },
    Scene {
        name: "invalid-input",
        heading: "### ❌ Not rolled back: inputs are bad\n",
        inputs: &[("AGENT_ID", ""), ("ENVIRONMENT", "production")],
        ..SCENE
    },
    Scene {
        name: "unauthorized",
        heading: "### ❌ Not rolled back: the API did not accept the key\n",
        inputs: &[("API_KEY", "pk-of-another-workspace")],
        ..SCENE
    },
    Scene {
        name: "not-found",
        heading: "### ❌ Not rolled back: live has no such deployment\n",
        inputs: &[("DEPLOYMENT_ID", GONE)],
        ..SCENE
    },
    Scene {
        name: "not-found, without an environment",
        heading: "### ❌ Not rolled back: there is no such deployment\n",
        inputs: &[("DEPLOYMENT_ID", GONE), ("ENVIRONMENT", "")],
        ..SCENE
    },
    Scene { name: "refused", heading: "### ❌ Not rolled back: there is a conflict\n", ..SCENE },
    Scene {
        name: "superseded",
        heading: "### ❌ Not rolled back: somebody deployed meanwhile\n",
        inputs: &[("EXPECT_CURRENT", "c21f4e7")],
        ..SCENE
    },
    Scene {
        name: "already-rolled-back",
        heading: "### ✋ Not rolled back: live was rolled back to “Opening hours” ",
        ..SCENE
    },
    Scene {
        name: "unavailable",
        heading: "### ❌ Not rolled back: the API is too busy\n",
        inputs: &[("ATTEMPTS", "1")],
        ..SCENE
    },
    Scene {
        name: "unknown",
        heading: "### ❓ Perhaps rolled back: the API's answer was lost\n",
        inputs: &[("ATTEMPTS", "1")],
        ..SCENE
    },
    Scene {
        name: "tests-failed",
        heading: "### ⚠️ live is back on “Opening hours”, but 1 of 6 test cases failed, and 1 could not be run\n",
        inputs: &[("WAIT_FOR_TESTS", "true")],
        ..SCENE
    },
    Scene {
        name: "tests-unknown",
        heading: "### ⚠️ live is back on “Opening hours”, but nobody knows whether tests passed\n",
        inputs: &[("WAIT_FOR_TESTS", "true")],
        ..SCENE
    },
    Scene {
        name: "not-active",
        heading: "### ❓ Accepted, but not active: another version is active\n",
        ..SCENE
    },
    Scene { name: "cancelled", heading: "### ❌ Not rolled back: it was cancelled\n", ..SCENE },
    Scene {
        name: "cancelled, after the request",
        heading: "### ❓ Perhaps rolled back: it was cancelled\n",
        ..SCENE
    },
    Scene {
        name: "rolled-back, where nobody looked",
        heading: "### ✅ live was rolled back to “Opening hours”\n",
        inputs: &[("VERIFY", "false")],
        never: "active now",
        ..SCENE
    },
    Scene {
        name: "rolled-back, where the answer was lost",
        heading: "### ✅ live is back on “Opening hours”\n",
        says: "🧪 Whether tests were triggered is not known.\n",
        ..SCENE
    },
    Scene {
        name: "rolled-back, to the newer one",
        heading: "### ✅ live is back on “New greeting”\n",
        inputs: &[("DEPLOYMENT_ID", "add8d0c")],
        never: "Before the next deployment",
        ..SCENE
    },
    Scene {
        name: "cancelled, while it was verified",
        heading: "### ⚠️ Rolled back, then stopped: it was cancelled\n",
        says: "The API has accepted “Opening hours” <code>46c7839</code>. Before it, live was on “New greeting”",
        never: "active now",
        ..SCENE
    },
];

#[test]
fn of_each_outcome_are_short_and_say_what_to_do() {
    let outcomes = Mutex::new(BTreeSet::new());
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join("summaries");
    fs::create_dir_all(&folder).expect("a folder for the summaries");
    all_at_once(SCENES, |scene| {
        let ended = scene.play();
        let summary = ended.read("summary.md").expect("a summary");
        fs::write(folder.join(format!("{}.md", scene.name)), &summary).expect("a copy of it");
        scene.check_summary(ended.code, &summary);
        // Where outputs cannot be written, the log is the only copy of them, whatever it told before.
        if scene.name != "internal-error" {
            scene.check_log(&ended);
        }
        let (outcome, _) = scene.name.split_once(',').unwrap_or((scene.name, ""));
        outcomes.lock().expect("all scenes are well").insert(outcome);
    });
    let told = outcomes.into_inner().expect("all scenes are well");
    assert_eq!(told, Outcome::ALL.iter().map(|outcome| outcome.name()).collect());
}

impl Scene {
    /// Runs the program.
    fn play(&self) -> Ended {
        let name = self.name;
        let quirks = Quirks {
            ab_test: name == "refused",
            tests_everywhere: true,
            tests_fail: true,
            ..Quirks::default()
        };
        let api = AgentsApi::with_clock(SystemTime::now, quirks);
        prepare(name, &api);
        let is_sent = AtomicBool::new(false);
        let (arrived, arrival) = channel();
        let behind = Arc::clone(&api);
        let stand_in = StandIn::start(move |request| {
            let is_post = request.method == "POST";
            let is_after = is_sent.fetch_or(is_post, Ordering::SeqCst) || is_post;
            let is_cancelled = match name {
                "cancelled" => true,
                "cancelled, after the request" => is_post,
                "cancelled, while it was verified" => is_after && !is_post,
                _ => false,
            };
            if is_cancelled {
                arrived.send(()).expect("the test waits");
                return Answer::Silence(Vec::new());
            }
            answer(name, &behind, request, is_after)
        });
        let running = self.step(&stand_in).start();
        if name.starts_with("cancelled") {
            arrival.recv().expect("a request");
            signal("TERM", running.pid());
        }
        running.finish()
    }

    fn step(&self, api: &StandIn) -> Step {
        let step = Step::in_environment(api, "live", "previous")
            .env("POLYAI_SUMMARY_FILE", "summary.md")
            .env("POLYAI_TIMEOUT", "1h");
        self.inputs
            .iter()
            .fold(step, |step, (name, value)| step.env(format!("POLYAI_{name}"), value))
    }

    fn check_summary(&self, code: i32, summary: &str) {
        assert!(summary.starts_with(self.heading), "{}: {summary}", self.name);
        let (shown, details) = summary.split_once("<details>").expect("details");
        let given: Vec<_> = self.inputs.iter().map(|(_, value)| *value).collect();
        let is_whole_id = |word: &&str| word.len() >= 32 && word.chars().all(is_of_an_id);
        let words = shown.split(|character: char| !is_of_an_id(character));
        let ids: Vec<_> = words.filter(is_whole_id).filter(|id| !given.contains(id)).collect();
        // What to give in `expect-current` is a whole id.
        let is_known = self.name == "already-rolled-back";
        assert!(ids.is_empty() || is_known, "{}: {ids:?} in {shown}", self.name);
        // Each bad input says itself what is wanted.
        let says_what_to_do = shown.contains("**What to do**: ") || self.name == "invalid-input";
        let is_open = code != 0 || self.name == "previewed";
        assert_eq!(says_what_to_do, is_open, "{}: {shown}", self.name);
        assert!(summary.contains(self.says), "{}: {summary}", self.name);
        assert!(!shown.contains(self.never), "{}: {summary}", self.name);
        assert!(details.contains("\n- exit code: "), "{}: {details}", self.name);
    }

    /// Whatever is to be compared fits on a screen, and no fact is told twice.
    fn check_log(&self, ended: &Ended) {
        let log = format!("{}{}", ended.out, ended.err);
        let mut told = BTreeSet::new();
        for fact in log.lines().filter_map(|line| line.strip_prefix("  ")) {
            assert!(told.insert(fact), "{}: {fact} stands twice in {log}", self.name);
            let is_short = fact.width() + 2 <= LINE_CHARACTERS;
            let is_compared = COMPARED.iter().any(|label| fact.starts_with(label));
            assert!(is_short || !is_compared, "{}: {fact}", self.name);
        }
        let headline = log.lines().find(|line| line.starts_with("Rolled back: "));
        let is_short = headline.is_none_or(|line| line.chars().count() <= LINE_CHARACTERS);
        assert!(is_short, "{}: {headline:?}", self.name);
    }
}

fn is_of_an_id(character: char) -> bool {
    character.is_ascii_hexdigit() || character == '-'
}

/// What happened before the run.
fn prepare(name: &str, api: &AgentsApi) {
    let roll_back = "019e0f3a-71c4-7c1e-9b3d-000000000042/rollback";
    match name {
        "already-rolled-back" | "rolled-back, to the newer one" => post(api, roll_back, "{}"),
        "rolled-back, with a long message" | "rolled-back, with a message in Japanese" => {
            let message = if name.ends_with("Japanese") { "営業時間" } else { "W" }.repeat(75);
            let body = format!(r#"{{"targetEnvironment":"live","deploymentMessage":"{message}"}}"#);
            post(api, "019e0f3a-71c4-7c1e-9b3d-000000000044/promote", &body);
        }
        _ => {}
    }
}

/// A colleague's request.
fn post(api: &AgentsApi, path: &str, body: &str) {
    let answer = api.answer(&Request {
        method: "POST".to_owned(),
        target: format!("/v1/agents/{AGENT}/deployments/{path}"),
        headers: vec![("x-api-key".to_owned(), API_KEY.to_owned())],
        body: body.as_bytes().to_owned(),
    });
    let Answer::Whole(bytes) = answer else { panic!("no answer to {path}") };
    assert!(bytes.starts_with(b"HTTP/1.1 2"), "{}", String::from_utf8_lossy(&bytes));
}

/// What the API says.
fn answer(name: &str, api: &AgentsApi, request: &Request, is_after: bool) -> Answer {
    let is_post = request.method == "POST";
    match name {
        "unavailable" if is_post => Answer::new(429, ""),
        "unknown" if is_post => Answer::new(502, ""),
        "unknown" if is_after => Answer::new(403, ""),
        "tests-unknown" if request.target.contains("/testing/test-runs/") => {
            Answer::new(200, r#"{"id":"run-0001","status":"completed"}"#)
        }
        "rolled-back, where the answer was lost" if is_post => {
            api.answer(request);
            Answer::new(502, "")
        }
        "not-active" if is_post => {
            let answer = api.answer(request);
            post(
                api,
                "019e0f3a-71c4-7c1e-9b3d-000000000044/promote",
                r#"{"targetEnvironment":"live","deploymentMessage":"New greeting, again"}"#,
            );
            answer
        }
        _ => api.answer(request),
    }
}
