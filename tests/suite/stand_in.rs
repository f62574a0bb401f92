//! The stand-in answers as the real API does, as far as that is documented or was seen: a test that runs
//! against anything else proves little.

use serde_json::{Value, json};
use std::time::SystemTime;
use support::agents_api::{
    ACCOUNT, AGENT, API_KEY, AgentsApi, BAD_VERSION, DEPLOYMENT, Quirks, VERSION,
};
use support::stand_in::Request;

const IN_SANDBOX: &str = "019e0f3a-71c4-7c1e-9b3d-000000000043";
const ACTIVE: &str = "019e0f3a-71c4-7c1e-9b3d-000000000045";

fn api(quirks: Quirks) -> impl Fn(&str, &str) -> (u16, Value) {
    let api = AgentsApi::with_clock(SystemTime::now, quirks);
    move |line, body| {
        let (head, body) = send(&api, &format!("/v1/agents/{AGENT}/"), line, body, API_KEY);
        (status(&head), body)
    }
}

/// Sends a request such as `GET gone`, whose path comes after `base`. Returns the head of the answer, and its body.
fn send(api: &AgentsApi, base: &str, line: &str, body: &str, key: &str) -> (String, Value) {
    let (method, path) = line.split_once(' ').expect("a method and a path");
    let header = |name: &str, value: &str| (name.to_owned(), value.to_owned());
    let request = Request {
        method: method.to_owned(),
        target: format!("{base}{path}"),
        headers: vec![header("x-api-key", key), header("x-polyai-correlation-id", "mine")],
        body: body.as_bytes().to_vec(),
    };
    let text = String::from_utf8(api.answer(&request).bytes()).expect("UTF-8");
    let (head, body) = text.split_once("\r\n\r\n").expect("a head");
    (head.to_owned(), serde_json::from_str(body).expect("JSON"))
}

fn status(head: &str) -> u16 {
    head.split(' ').nth(1).and_then(|status| status.parse().ok()).expect("a status")
}

#[test]
fn every_answer_brings_the_correlation_id_back_and_names_its_charset() {
    let api = AgentsApi::new();
    let base = format!("/v1/agents/{AGENT}/");
    let lines = [("GET deployments/active", API_KEY), ("GET gone", API_KEY), ("GET gone", "other")];
    for (line, key) in lines {
        let (head, _) = send(&api, &base, line, "", key);
        assert!(head.contains("\r\nX-PolyAI-Correlation-Id: mine\r\n"), "{head}");
        assert!(head.contains("\r\nContent-Type: application/json; charset=utf-8\r\n"), "{head}");
    }
}

#[test]
fn errors_have_the_documented_statuses_codes_and_shapes() {
    let envelope = |code: &str, text: &str| {
        json!({
            "success": false, "error": text, "error_id": "mine", "error_code": code,
            "error_message": text, "data": null,
        })
    };
    let fields = |field: &str, text: &str| json!({"message": "Validation failed", "errors": [{"field": field, "message": text}]});
    let environment = "DEPLOYMENTS_INVALID_ENVIRONMENT";
    let cases = [
        (
            "POST deployments/gone/rollback",
            "",
            404,
            envelope("DEPLOYMENT_NOT_FOUND", "Deployment with id gone does not exist"),
        ),
        ("GET deployments", "", 400, envelope(environment, "An environment is required")),
        (
            "GET deployments?environment=prod&limit=3",
            "",
            400,
            envelope(environment, "Invalid environment: prod"),
        ),
        ("GET deployments?environment=live&limit=x", "", 400, fields("limit", "expected number")),
        ("POST deployments//rollback", "", 422, fields("id", "malformed id")),
        ("POST deployments/a%20b/rollback", "", 422, fields("id", "malformed id")),
        (
            "POST deployments/gone/rollback",
            r#"{"message":"m"}"#,
            400,
            fields("deploymentMessage", "expected string"),
        ),
    ];
    let send_to = api(Quirks::default());
    for (line, body, status, answer) in cases {
        assert_eq!(send_to(line, body), (status, answer), "{line}");
    }
    let api = AgentsApi::new();
    let (head, body) = send(&api, "/v1/agents/", "GET PROJECT-X/deployments/active", "", API_KEY);
    assert_eq!((status(&head), &body["error_code"]), (404, &json!("PROJECT_NOT_FOUND")));
    let base = format!("/v1/agents/{AGENT}/");
    let (head, body) = send(&api, &base, "GET deployments/active", "", "other");
    assert_eq!(status(&head), 401);
    assert_eq!(body, envelope("AUTH_USER_INVALID_TOKEN", "Invalid token"));
}

#[test]
fn a_rollback_needs_no_body_and_triggers_tests_in_sandbox_alone() {
    let send = api(Quirks::default());
    let in_sandbox = "POST deployments/019e0f3a-71c4-7c1e-9b3d-000000000040/rollback";
    for body in ["", "{}", r#"{"deploymentMessage":"why"}"#] {
        let (status, answer) = send(&format!("POST deployments/{DEPLOYMENT}/rollback"), body);
        assert_eq!((status, &answer["testRunIds"]), (200, &json!([])));
        assert_eq!(answer["deployment"]["metadata"], Value::Null);
        let (status, answer) = send(in_sandbox, body);
        assert_eq!((status, &answer["testRunIds"]), (200, &json!(["run-0001", "run-0002"])));
    }
    let everywhere = api(Quirks { tests_everywhere: true, ..Quirks::default() });
    let (_, answer) = everywhere(&format!("POST deployments/{DEPLOYMENT}/rollback"), "");
    assert_eq!(answer["testRunIds"], json!(["run-0001", "run-0002"]));
}

#[test]
fn a_publish_and_a_promotion_make_new_deployments() {
    let send = api(Quirks::default());
    let (status, answer) =
        send("POST deployments/publish", r#"{"environment":"sandbox","deploymentMessage":"Menu"}"#);
    assert_eq!(status, 201);
    let published = &answer["deployment"];
    assert_eq!(
        published["metadata"],
        json!({"deployment_message": "Menu", "deployment_type": "publish"})
    );
    assert!(published["version"] != VERSION && published["version"] != BAD_VERSION);

    let promote = format!("POST deployments/{}/promote", published["id"].as_str().unwrap());
    let (status, answer) = send(&promote, "");
    let promoted = &answer["deployment"];
    assert_eq!((status, &promoted["environment"]), (200, &json!("pre-release")));
    let (status, answer) =
        send(&promote, r#"{"targetEnvironment":"live","deploymentMessage":"Now live"}"#);
    let promoted = &answer["deployment"];
    assert_eq!((status, &promoted["version"]), (200, &published["version"]));
    assert_eq!(promoted["metadata"]["deployment_message"], "Now live");
    let (_, active) = send("GET deployments/active", "");
    assert_eq!(active["activeDeployments"]["live"]["id"], promoted["id"]);

    let promote = |id: &str, body: &str| send(&format!("POST deployments/{id}/promote"), body);
    assert_eq!(promote(DEPLOYMENT, "").0, 400, "there is nothing after live");
    assert_eq!(promote(IN_SANDBOX, r#"{"targetEnvironment":"sandbox"}"#).0, 400);
    assert_eq!(promote("gone", "").0, 404);
    assert_eq!(send("POST deployments/publish", r#"{"environment":"prod"}"#).0, 400);
}

#[test]
fn switches_make_it_what_some_agents_are() {
    let roll_back = |id: &str| format!("POST deployments/{id}/rollback");
    let simplified = api(Quirks { simplified: true, ..Quirks::default() });
    assert_eq!(simplified(&roll_back("019e0f3a-71c4-7c1e-9b3d-000000000040"), "").0, 400);
    assert_eq!(simplified(&roll_back(DEPLOYMENT), "").0, 200);
    let (_, active) = simplified("GET deployments/active", "");
    assert_eq!(active["activeDeployments"]["sandbox"]["version"], VERSION, "an old state");

    let ab_test = api(Quirks { ab_test: true, ..Quirks::default() });
    let (status, answer) = ab_test(&roll_back(DEPLOYMENT), "");
    assert_eq!((status, answer), (409, json!({"error": "An A/B test is running in live"})));
    let to_live = r#"{"targetEnvironment":"live"}"#;
    assert_eq!(ab_test(&format!("POST deployments/{IN_SANDBOX}/promote"), to_live).0, 409);

    let deleted = api(Quirks { deleted_rows: true, ..Quirks::default() });
    let (_, list) = deleted("GET deployments?environment=live", "");
    let rows = list["deployments"].as_array().unwrap();
    let is_deleted: Vec<_> = rows.iter().map(|row| row["deleted"] == true).collect();
    assert_eq!(is_deleted, [false, true, false]);

    let untyped = api(Quirks { no_types: true, ..Quirks::default() });
    let (_, list) = untyped("GET deployments?environment=live&limit=1", "");
    assert_eq!(list["deployments"][0]["metadata"], Value::Null);

    let same = api(Quirks { refuses_the_active: true, ..Quirks::default() });
    let (status, answer) = same(&roll_back(ACTIVE), "");
    assert_eq!((status, &answer["error_code"]), (409, &json!("DEPLOYMENTS_ALREADY_PUBLISHED")));

    let failing = api(Quirks { tests_everywhere: true, tests_fail: true, ..Quirks::default() });
    failing(&roll_back(DEPLOYMENT), "");
    let counts = |run: &Value| {
        [&run["passedCount"], &run["failedCount"], &run["errorCount"]].map(Value::as_u64)
    };
    let run = || failing("GET testing/test-runs/run-0002", "").1;
    let (first, second) = (run(), run());
    assert_eq!(
        (&first["status"], counts(&first)),
        (&json!("running"), [Some(1), Some(0), Some(0)])
    );
    assert_eq!((&second["status"], counts(&second)), (&json!("completed"), [Some(1); 3]));
    let turn = &second["testHistory"][1]["rawConversation"]["turns"][0];
    assert!(turn["user_input"].is_string() && turn["function_calls"][0]["arguments"].is_object());
}

#[test]
fn the_vendors_own_clients_find_what_they_read() {
    let api = AgentsApi::new();
    let base = format!("/adk/v1/accounts/{ACCOUNT}/projects/{AGENT}/");
    let read = |line: &str| send(&api, &base, line, "", API_KEY).1;
    let list = read("GET deployments?client_env=live");
    assert_eq!(
        list["deployments"][0],
        json!({
            "id": ACTIVE,
            "client_env": "live",
            "artifact_version": "2026-05-08T18:26:14.711Z",
            "version_hash": BAD_VERSION,
            "created_by": "dev@example.com",
            "created_at": "Mon, 11 May 2026 15:18:28 GMT",
            "deleted": false,
            "deployment_metadata": {
                "deployment_message": "New greeting",
                "deployment_type": "promotion",
            },
            "function_deployment": null,
            "function_deployment_version": null,
            "genai_account_id": ACCOUNT,
            "genai_project_id": AGENT,
            "rag_kb_version": null,
            "snapshot_id": null,
        })
    );
    assert_eq!(list["deployments"].as_array().unwrap().len(), 2);
    let active = read("GET deployments/active");
    assert_eq!(active["live"], json!({"deployment_id": ACTIVE, "version": BAD_VERSION}));

    let empty = AgentsApi::with_history("live", &[], Quirks::default());
    let (_, active) = send(&empty, &base, "GET deployments/active", "", API_KEY);
    assert_eq!(active["live"], json!({"deployment_id": "", "version": ""}));
}
