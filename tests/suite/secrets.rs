//! Neither the key nor a password is written anywhere, whoever says it.

use crate::places::step;
use crate::step::{Ended, Step, all_at_once};
use polyai_rollback::process::place::Place;
use polyai_rollback::text::redaction::Redaction;
use support::agents_api::{API_KEY, agents_api};
use support::stand_in::{Answer, StandIn};

/// A key with characters that every encoding writes in its own way.
const KEY: &str = r#"pk/+&<"%\=~'4f1d8a6c"#;
/// How that key is written elsewhere.
const SPELLED: [&str; 12] = [
    r#"pk/+&<"%\=~'4f1d8a6c"#,
    "pk%2F%2B%26%3C%22%25%5C%3D~%274f1d8a6c",
    "pk%2f%2b%26%3c%22%25%5c%3d~'4f1d8a6c",
    r#"pk/+&amp;&lt;&quot;%\=~&#x27;4f1d8a6c"#,
    r#"pk/+&#38;&#x3C;&#34;%\=~&apos;4f1d8a6c"#,
    r#"pk/+&<\"%\\=~'4f1d8a6c"#,
    r#"pk\/+\u0026\u003c\"%\\=~\u00274f1d8a6c"#,
    // The key alone, after one and after two bytes, in both alphabets of Base64.
    "cGsvKyY8IiVcPX4nNGYxZDhhNmM=",
    "OnBrLysmPCIlXD1+JzRmMWQ4YTZj",
    "YTpway8rJjwiJVw9fic0ZjFkOGE2Yw==",
    "OnBrLysmPCIlXD1-JzRmMWQ4YTZj",
    "YTpway8rJjwiJVw9fic0ZjFkOGE2Yw",
];

/// Checks that nothing but GitHub's and Azure's mask shows the key, in any spelling.
fn hides(ended: &Ended, key: &str) {
    let github = format!("::add-mask::{}\n", key.replace('%', "%25"));
    let azure = format!("##vso[task.setsecret]{}\n", key.replace('%', "%AZP25"));
    let everything = ended.everything().replacen(&github, "", 1).replacen(&azure, "", 1);
    // What is left of every spelling, whatever a format does to its other characters.
    for part in [key, "4f1d8a6c", "1+JzRmMWQ4", "1-JzRmMWQ4", "X4nNGYxZDh", "fic0ZjFkOG"] {
        assert!(!everything.contains(part), "{part} is in {everything}");
    }
}

fn steps(api: &StandIn) -> [Step; 5] {
    let with_files = |step: Step, prefix: &str| {
        step.env(format!("{prefix}OUTPUT_FILE"), "out.env")
            .env(format!("{prefix}OUTPUT_DIR"), "results")
            .env(format!("{prefix}SUMMARY_FILE"), "summary.md")
            .env(format!("{prefix}REPORT_FILE"), "report.json")
    };
    [
        with_files(Step::plain(api).env("POLYAI_API_KEY", KEY), "POLYAI_"),
        with_files(Step::gitlab(api).env("POLYAI_API_KEY", KEY), "POLYAI_"),
        with_files(Step::github(api).env("INPUT_API-KEY", KEY), "INPUT_"),
        with_files(Step::plain(api).env("POLYAI_API_KEY", KEY).env("TF_BUILD", "True"), "POLYAI_"),
        with_files(
            Step::plain(api).env("POLYAI_API_KEY", KEY).env("TEAMCITY_VERSION", "1"),
            "POLYAI_",
        ),
    ]
}

#[test]
fn a_key_that_the_api_echoes_is_hidden_in_every_spelling() {
    for spelled in SPELLED {
        let text = serde_json::to_string(&format!("your key {spelled} is bad")).unwrap();
        let bodies = [
            format!("<p>{spelled}</p>"),
            format!(
                r#"{{"error_code":{text},"error_message":{text},"errors":[{{"field":{text},"message":{text}}}]}}"#
            ),
            format!("{}{spelled}", "x".repeat(190)),
        ];
        for body in bodies {
            let api = StandIn::start(move |_| Answer::new(401, &body));
            for step in steps(&api) {
                let ended = step.run();
                assert_eq!(ended.code, 3, "{}", ended.err);
                hides(&ended, KEY);
            }
        }
    }
}

#[test]
fn a_key_in_the_fields_of_a_deployment_is_hidden() {
    for spelled in SPELLED {
        let text = serde_json::to_string(&format!("a{spelled}b")).unwrap();
        let body = format!(
            r#"{{"deployment":{{"id":{text},"accountId":{text},"agentId":{text},"environment":{text},"artifactVersion":{text},"version":{text},"createdBy":{text},"createdAt":{text},"metadata":{{{text}:[{text}]}}}},"testRunIds":[{text}]}}"#
        );
        let api = StandIn::start(move |_| Answer::new(200, &body));
        for step in steps(&api) {
            let ended = step.unverified().run();
            assert_eq!(ended.code, 0, "{}", ended.err);
            hides(&ended, KEY);
        }
    }
}

#[test]
fn a_key_of_digits_is_hidden_as_a_number_too() {
    let key = "12345678901234567890";
    let body = format!(r#"{{"deployment":{{"id":"d","metadata":{{"{key}":[{key}]}}}}}}"#);
    let api = StandIn::start(move |_| Answer::new(200, &body));
    let step = Step::plain(&api).unverified().env("POLYAI_API_KEY", key);
    let ended = step.env("POLYAI_REPORT_FILE", "report.json").run();
    assert_eq!(ended.code, 0);
    assert!(!ended.everything().contains(key), "{}", ended.everything());
    assert!(ended.read("report.json").unwrap().contains(r#"{"***":["***"]}"#));
}

#[test]
fn a_key_in_other_inputs_is_hidden_and_not_sent_in_the_message() {
    let api = StandIn::start(agents_api());
    let ended = Step::github(&api)
        .env("INPUT_DEPLOYMENT-MESSAGE", format!("with {API_KEY} it works"))
        .env("INPUT_AGENT-ID", format!("a-{API_KEY}"))
        .env("INPUT_DEPLOYMENT-ID", format!("d-{API_KEY}"))
        .env("GITHUB_WORKFLOW", format!("w-{API_KEY}"))
        .env("INPUT_REPORT-FILE", format!("{API_KEY}.json"))
        .run();
    assert_eq!(ended.code, 4);
    let mask = format!("::add-mask::{API_KEY}\n");
    assert!(!ended.everything().replacen(&mask, "", 1).contains(API_KEY), "{}", ended.everything());
    assert_eq!(api.requests()[0].body, br#"{"deploymentMessage":"with *** it works"}"#);
}

#[test]
fn a_key_that_is_refused_is_hidden() {
    let api = StandIn::start(agents_api());
    let ended = Step::plain(&api)
        .env("POLYAI_API_KEY", "Bearer 4f1d8a6c")
        .env("POLYAI_OUTPUT_FILE", "no/Bearer 4f1d8a6c")
        .run();
    assert_eq!(ended.code, 2);
    assert!(!ended.everything().contains("4f1d8a6c"), "{}", ended.err);
}

#[test]
fn passwords_in_addresses_are_hidden() {
    let basic = "dXNlcjpzM2NyZXQh";
    let api = StandIn::start(move |_| Answer::new(400, format!("s3cret! s3cret%21 {basic}")));
    let places = [
        ("HTTPS_PROXY", "http://user:s3cret!@127.0.0.1:1"),
        ("https_proxy", "http://user:s3cret%21@127.0.0.1:1"),
        ("ALL_PROXY", "user:s3cret!@127.0.0.1:1"),
        ("HTTP_PROXY", "http://user:s3cret!@[nonsense"),
        ("HTTPS_PROXY", "http://s3cret!@127.0.0.1:1"),
    ];
    for (variable, value) in places {
        let ended = Step::plain(&api).env(variable, value).run();
        assert_eq!(ended.code, 5, "{}", ended.err);
        assert!(ended.err.contains("HTTP 400: *** *** "), "{}", ended.err);
        assert!(!ended.everything().contains(basic), "{}", ended.err);
    }
    let ended = Step::plain(&api)
        .env("POLYAI_BASE_URL", "https://user:s3cret!@example.com")
        .env("POLYAI_OUTPUT_FILE", "no/s3cret!")
        .run();
    assert_eq!(ended.code, 2);
    assert!(!ended.everything().contains("s3cret"), "{}", ended.err);
}

#[test]
fn what_is_too_short_to_be_a_secret_is_left_alone() {
    let redaction = Redaction::new(["live".to_owned(), String::new()]);
    assert_eq!(redaction.apply("live is live"), "live is live");
}

#[test]
fn a_redaction_shows_nothing_itself() {
    assert_eq!(format!("{:?}", Redaction::new([API_KEY.to_owned()])), "Redaction(…)");
}

#[test]
fn a_key_in_a_message_or_an_id_is_hidden_before_it_is_cut() {
    for key in ["sk-abcdefghijklmnopqrstuvwxyz012345", "sk-##cdefghijklmnopqrstuvwxyz012345"] {
        for before in ["", &"x".repeat(60), &"x".repeat(180)] {
            let text = format!("{before}{key}");
            let body = format!(
                r#"{{"deployments":[{{"id":"d","metadata":{{"deployment_message":"{text}"}}}}],"activeDeployments":{{}}}}"#
            );
            let api = StandIn::start(move |request| match request.method.as_str() {
                "POST" => Answer::new(404, ""),
                _ => Answer::new(200, &body),
            });
            let ended = Step::plain(&api)
                .env("POLYAI_API_KEY", key)
                .env("POLYAI_DEPLOYMENT_ID", format!("i{text}"))
                .env("POLYAI_SUMMARY_FILE", "summary.md")
                .env("CI", "woodpecker")
                .env("CI_REPO", format!("r{text}"))
                .run();
            assert_eq!(ended.code, 4, "{}", ended.err);
            assert!(ended.err.contains("to choose from"), "{}", ended.err);
            let everything = ended.everything();
            assert!(!everything.contains("cdefghij"), "{everything}");
            let sent = api.requests()[0].body.clone();
            assert!(!String::from_utf8_lossy(&sent).contains("cdefghij"));
        }
    }
}

#[test]
fn a_password_that_is_a_part_of_a_name_changes_no_name() {
    let api = StandIn::start(agents_api());
    let step = Step::github(&api).env("HTTPS_PROXY", "http://user:version@127.0.0.1:1");
    let ended = step.env("INPUT_SUMMARY-FILE", "summary.md").run();
    assert_eq!(ended.code, 0, "{}", ended.err);
    assert!(ended.github_outputs().contains_key("artifact-version"));
    assert!(ended.read("summary.md").unwrap().contains("\n- artifact version: "));
}

#[test]
fn no_password_of_a_pipeline_is_shown_or_sent() {
    let cases = [
        ("buildkite", "BUILDKITE_REPO", "https://user:s3cret@git.example.com/acme/bot.git"),
        ("buildkite", "BUILDKITE_REPO", "https://s3cret@git.example.com/acme/bot.git"),
        ("buildkite", "BUILDKITE_REPO", "https://user:p/s3cret@git.example.com/acme/bot.git"),
        ("buildkite", "BUILDKITE_REPO", "user:s3cret@git.example.com/acme/bot.git"),
        ("buildkite", "BUILDKITE_REPO", "https://git.example.com/acme/bot.git?token=s3cret"),
        ("buildkite", "BUILDKITE_REPO", "git.example.com/acme/bot.git?private_token=s3cret"),
        ("codebuild", "CODEBUILD_SOURCE_REPO_URL", "user:s3cret%40git.example.com/acme/bot"),
        ("jenkins", "JOB_NAME", "https://git.example.com/acme/bot.git?token=s3cret"),
        ("buildkite", "BUILDKITE_REPO", "https://user:p?s3cret@git.example.com/acme/bot.git"),
        (
            "codebuild",
            "CODEBUILD_SOURCE_REPO_URL",
            "https://u:p@s3cret@git.example.com/acme/bot.git",
        ),
        ("codebuild", "CODEBUILD_INITIATOR", "https://user:s3cret@git.example.com/acme/bot.git"),
        ("jenkins", "BUILD_URL", "https://user:s3cret@ci.example.com/job/1/"),
        ("jenkins", "BUILD_URL", "https://user:p/s3cret@ci.example.com/job/1/"),
        ("jenkins", "BUILD_URL", "user:s3cret@ci.example.com/job/1/"),
        ("jenkins", "BUILD_URL", "https://user:2024/s3cret@ci.example.com/job/1/"),
        ("jenkins", "BUILD_URL", "https://ci.example.com/job/1/?token=s3cret"),
        ("jenkins", "JOB_NAME", "https://user:s3cret@ci.example.com/job/1/"),
        (
            "codebuild",
            "CODEBUILD_SOURCE_REPO_URL",
            "https://user%3As3cret%40git.example.com/acme/bot.git",
        ),
        ("azure", "SYSTEM_COLLECTIONURI", "https://user:12/s3cret@dev.azure.com/acme/"),
        ("github", "GITHUB_SERVER_URL", "https://user:s3cret@github.com"),
        ("azure", "SYSTEM_COLLECTIONURI", "https://user:s3cret@dev.azure.com/acme/"),
    ];
    all_at_once(cases, |(id, variable, value)| {
        let api = StandIn::start(agents_api());
        let place = Place::of_id(id).unwrap();
        let step = step(place, &api).env(variable, value).env("POLYAI_REPORT_FILE", "report.json");
        let ended = step.env("POLYAI_SUMMARY_FILE", "summary.md").run();
        assert_eq!(ended.code, 0, "{}", ended.err);
        let sent = String::from_utf8(api.requests()[0].body.clone()).unwrap();
        for text in [ended.everything(), sent.clone()] {
            assert!(!text.contains("s3cret"), "{text}");
        }
        let ambiguous = [
            "https://user:p?",
            "https://user:p/s3cret@ci",
            "https://user:2024/",
            "https://ci.example.com/job/1/?",
            "https://user%3A",
            "user:s3cret%40git",
            "https://user:12/",
            "user:s3cret@ci",
        ];
        if !ambiguous.iter().any(|begin| value.starts_with(begin)) {
            let host = ["git.example.com/acme/bot.git", "ci.example.com/job/1/"];
            let others = ["https://github.com/", "https://dev.azure.com/acme/"];
            let is_shown = |address: &&str| sent.contains(*address);
            assert!(host.iter().chain(&others).any(is_shown), "{value}: {sent}");
        }
    });
}

#[test]
fn a_person_keeps_an_address_without_a_password() {
    let api = StandIn::start(agents_api());
    let place = Place::of_id("buildkite").unwrap();
    let ended = step(place, &api).env("BUILDKITE_BUILD_CREATOR", "Ada <ada@example.com>");
    let ended = ended.env("BUILDKITE_REPO", "git@git.example.com:acme/bot.git").run();
    let teamcity = step(Place::of_id("teamcity").unwrap(), &StandIn::start(agents_api()));
    let named = teamcity.env("TEAMCITY_PROJECT_NAME", "C# bots (who?)").run();
    assert!(named.out.contains(", repository C# bots (who?), "), "{}", named.out);
    for name in ["CI: release @acme/voice-agent", "deploy: [eu, @acme/bot]"] {
        let github = step(Place::of_id("github").unwrap(), &StandIn::start(agents_api()));
        let named = github.env("GITHUB_WORKFLOW", name).run();
        assert!(named.out.contains(&format!("GitHub Actions, {name}, ")), "{}", named.out);
    }
    for address in [
        "https://tc/viewLog.html?buildId=4711",
        "https://ci/job/deploy%40live/12/",
        "https://h/ng/#/account/X/9",
    ] {
        let teamcity = step(Place::of_id("teamcity").unwrap(), &StandIn::start(agents_api()));
        let named = teamcity.env("BUILD_URL", address).run();
        assert!(named.out.contains(&format!(", {}", address)), "{}", named.out);
    }
    let told = ", repository git.example.com:acme/bot.git, run x-BUILDKITE_BUILD_NUMBER, started by \
        Ada <ada@example.com>, ";
    assert!(ended.out.contains(told), "{}", ended.out);
}
