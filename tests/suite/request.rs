//! What reaches the API.

use crate::step::Step;
use serde_json::{Value, json};
use snapbox::{assert_data_eq, str};
use support::agents_api::{AGENT, API_KEY, DEPLOYMENT, agents_api};
use support::stand_in::{Answer, Request, StandIn};

/// The one request of a step.
fn request(change: impl FnOnce(Step) -> Step) -> Request {
    let api = StandIn::start(agents_api());
    change(Step::plain(&api).unverified()).run();
    let requests = api.requests();
    let posts: Vec<_> = requests.iter().filter(|request| request.method == "POST").collect();
    assert_eq!(posts.len(), 1);
    posts[0].clone()
}

fn body(request: &Request) -> Value {
    serde_json::from_slice(&request.body).expect("a JSON body")
}

#[test]
fn is_one_post_as_in_the_contract() {
    let request = request(|step| step.env("POLYAI_DEPLOYMENT_MESSAGE", "calls drop"));

    assert_eq!(request.method, "POST");
    assert_eq!(request.target, format!("/v1/agents/{AGENT}/deployments/{DEPLOYMENT}/rollback"));
    assert_eq!(body(&request), json!({"deploymentMessage": "calls drop"}));
    let headers = request.headers.iter().filter(|(name, _)| name != "host");
    let headers: Vec<_> = headers.map(|(name, value)| format!("{name}: {value}")).collect();
    assert_data_eq!(
        headers.join("\n"),
        str![[r#"
content-type: application/json
accept: application/json
user-agent: polyai-rollback/0.1.0
x-api-key: pk-stand-in-4f1d8a6c
x-polyai-correlation-id: [..]
content-length: 34
"#]]
    );
    let id = request.header("x-polyai-correlation-id").unwrap();
    assert!(id.len() == 32 && id.bytes().all(|byte| byte.is_ascii_hexdigit()), "{id}");
}

#[test]
fn has_a_correlation_id_of_its_own_every_time() {
    let id = || request(|step| step).header("x-polyai-correlation-id").map(str::to_owned);
    assert_ne!(id(), id());
}

#[test]
fn keeps_each_id_in_one_segment_of_the_path() {
    let cases = [
        ("../x", "..%2Fx"),
        ("a/b", "a%2Fb"),
        ("a?b", "a%3Fb"),
        ("a#b", "a%23b"),
        ("ü", "%C3%BC"),
        ("a%2Fb", "a%252Fb"),
        ("a\\b", "a%5Cb"),
        ("a;b", "a%3Bb"),
        ("a\nb\tc", "a%0Ab%09c"),
        ("...", "..."),
    ];
    for (id, segment) in cases {
        let target = request(|step| step.env("POLYAI_DEPLOYMENT_ID", id)).target;
        assert_eq!(target, format!("/v1/agents/{AGENT}/deployments/{segment}/rollback"));
        let target = request(|step| step.env("POLYAI_AGENT_ID", id)).target;
        assert_eq!(target, format!("/v1/agents/{segment}/deployments/{DEPLOYMENT}/rollback"));
    }
}

#[test]
fn keeps_the_path_of_the_base_url() {
    let api = StandIn::start(agents_api());
    for path in ["/proxy/polyai", "/proxy/polyai/"] {
        let base_url = format!("{}{path}", api.url());
        Step::plain(&api).unverified().env("POLYAI_BASE_URL", base_url).run();
    }
    for request in api.requests() {
        assert!(request.target.starts_with("/proxy/polyai/v1/agents/"), "{}", request.target);
    }
    assert_eq!(api.requests().len(), 2);
}

#[test]
fn names_the_run_where_no_message_is_given() {
    let message = |change: fn(Step) -> Step| {
        let api = StandIn::start(agents_api());
        change(Step::plain(&api)).run();
        body(&api.requests()[0])["deploymentMessage"].as_str().unwrap_or_default().to_owned()
    };
    assert_eq!(message(|step| step), "Rolled back by polyai-rollback");
    assert_eq!(
        message(|step| {
            step.env("CI", "woodpecker").env("CI_REPO", "acme/bot").env("CI_PIPELINE_NUMBER", "5")
        }),
        "Rolled back by Woodpecker, repository acme/bot, run 5"
    );
    assert_eq!(
        message(|step| {
            step.env("JENKINS_URL", "https://ci")
                .env("JOB_NAME", "a\r\nb")
                .env("BUILD_URL", "https://ci/1")
        }),
        "Rolled back by Jenkins, a b, https://ci/1"
    );

    let api = StandIn::start(agents_api());
    Step::github(&api).unverified().run();
    Step::gitlab(&api).unverified().run();
    let messages: Vec<_> =
        api.requests().iter().map(|request| body(request)["deploymentMessage"].clone()).collect();
    assert_eq!(
        messages,
        [
            "Rolled back by GitHub Actions, Deploy, repository acme/bot, run 77, started by alice, https://github.com/acme/bot/actions/runs/77",
            "Rolled back by GitLab CI, rollback, repository acme/bot, run 88, started by bob, https://gitlab.com/acme/bot/-/jobs/99",
        ]
    );
}

#[test]
fn cuts_a_message_on_a_character_and_warns() {
    let api = StandIn::start(agents_api());
    let ended = Step::plain(&api).env("POLYAI_DEPLOYMENT_MESSAGE", "ü".repeat(1_001)).run();

    assert_eq!(ended.code, 0);
    assert_data_eq!(
        &ended.err,
        str![[r#"
warning: POLYAI_DEPLOYMENT_MESSAGE was cut to its first 1000 characters

"#]]
    );
    assert_eq!(body(&api.requests()[0])["deploymentMessage"], "ü".repeat(1_000));

    let ended = Step::plain(&api).env("POLYAI_DEPLOYMENT_MESSAGE", "ü".repeat(1_000)).run();
    assert_eq!(ended.err, "");
}

#[test]
fn follows_no_redirect() {
    for status in [301, 302, 303, 307, 308] {
        let elsewhere = StandIn::start(agents_api());
        let location = format!("Location: {}/\r\n", elsewhere.url());
        let api = StandIn::start(move |_| Answer::with_headers(status, &location, ""));
        let ended = Step::plain(&api).run();

        assert_eq!(ended.code, 5);
        assert_eq!((api.requests().len(), elsewhere.requests().len()), (1, 0));
    }
}

#[test]
fn takes_the_key_from_a_file() {
    let api = StandIn::start(agents_api());
    let step = Step::plain(&api).without("POLYAI_API_KEY").file("key", format!("\n {API_KEY}\r\n"));
    let ended = step.env("POLYAI_API_KEY_FILE", "key").run();

    assert_eq!(ended.code, 0);
    assert_eq!(api.requests()[0].header("x-api-key"), Some(API_KEY));
}
