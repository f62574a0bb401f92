//! The Agents API as far as it is known, with a memory: an agent's deployments, which of them are
//! active, what a rollback does to them, and the test runs that it triggers.

use crate::stand_in::{Answer, Request};
use serde_json::{Value, json};
use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, SystemTime};

/// The key, the agent, and a deployment of `live` to go back to.
pub const API_KEY: &str = "pk-stand-in-4f1d8a6c";
pub const AGENT: &str = "PROJECT-AB12CD34";
pub const DEPLOYMENT: &str = "019e0f3a-71c4-7c1e-9b3d-000000000042";
/// The version of that deployment.
pub const VERSION: &str = "46c78399935c449c80d7d328a91b52ea";
/// How the ids of new deployments begin.
const NEW: &str = "019e191e-ca97-7afa-a3bf-";
/// Another version, that is live now.
pub const BAD_VERSION: &str = "add8d0c5b1f34e6f8f6a0b1c2d3e4f50";

/// One agent of one workspace.
pub struct AgentsApi {
    clock: Box<dyn Fn() -> SystemTime + Send + Sync>,
    quirks: Quirks,
    /// The oldest one first.
    deployments: Mutex<Vec<Deployment>>,
    /// How often each test run was asked for.
    test_runs: Mutex<BTreeMap<String, u32>>,
}

/// What an API may be like, as long as it says nothing that is not true.
#[derive(Clone, Copy, Debug, Default)]
pub struct Quirks {
    /// How long a new deployment is missing in the lists.
    pub lag: Duration,
    /// How much too early the times of deployments are.
    pub slip: Duration,
    /// Whether these times are cut to seconds.
    pub whole_seconds: bool,
    /// Whether a new deployment has no version in the lists.
    pub no_version: bool,
    /// Whether the lists do not say how deployments came to be.
    pub no_types: bool,
    /// Whether it refuses a rollback to the version that is active (409).
    pub refuses_the_active: bool,
}

#[derive(Clone)]
struct Deployment {
    id: String,
    environment: &'static str,
    version: String,
    created: SystemTime,
    kind: &'static str,
    message: String,
}

/// An API whose clock stands still, as a function from requests to answers.
pub fn agents_api() -> impl Fn(&Request) -> Answer + Send + Sync + 'static {
    let api = AgentsApi::new();
    move |request| api.answer(request)
}

impl AgentsApi {
    /// An API whose clock stands still.
    pub fn new() -> Arc<Self> {
        let now = humantime::parse_rfc3339("2026-05-11T22:18:28.909Z").expect("a time");
        Self::with_clock(move || now, Quirks::default())
    }

    /// An API with a clock.
    pub fn with_clock(
        clock: impl Fn() -> SystemTime + Send + Sync + 'static,
        quirks: Quirks,
    ) -> Arc<Self> {
        let deployment =
            |id: &str, environment, version: &str, hours: u64, message: &str| Deployment {
                id: format!("019e0f3a-71c4-7c1e-9b3d-{id:0>12}"),
                environment,
                version: version.to_owned(),
                created: clock() - Duration::from_secs(hours * 3_600),
                kind: if environment == "sandbox" { "publish" } else { "promotion" },
                message: message.to_owned(),
            };
        let deployments = vec![
            deployment("40", "sandbox", VERSION, 90, "Opening hours"),
            deployment("41", "pre-release", VERSION, 80, "Opening hours"),
            deployment("42", "live", VERSION, 70, "Opening hours"),
            deployment("43", "sandbox", BAD_VERSION, 9, "New greeting"),
            deployment("44", "pre-release", BAD_VERSION, 8, "New greeting"),
            deployment("45", "live", BAD_VERSION, 7, "New greeting"),
        ];
        Arc::new(Self::new_with(Box::new(clock), quirks, deployments))
    }

    /// An API whose clock stands still, and an environment that went through these versions, the
    /// oldest one first: `d-1`, `d-2` and so on.
    pub fn with_history(
        environment: &'static str,
        history: &[(&str, &'static str)],
        quirks: Quirks,
    ) -> Arc<Self> {
        let now = humantime::parse_rfc3339("2026-05-11T22:18:28.909Z").expect("a time");
        let count = history.len();
        let deployments = history.iter().enumerate().map(|(place, (version, kind))| Deployment {
            id: format!("d-{}", place + 1),
            environment,
            version: (*version).to_owned(),
            created: now - Duration::from_secs(3_600 * (count - place) as u64),
            kind,
            message: format!("message {}", place + 1),
        });
        Arc::new(Self::new_with(Box::new(move || now), quirks, deployments.collect()))
    }

    fn new_with(
        clock: Box<dyn Fn() -> SystemTime + Send + Sync>,
        quirks: Quirks,
        deployments: Vec<Deployment>,
    ) -> Self {
        Self { clock, quirks, deployments: Mutex::new(deployments), test_runs: Mutex::default() }
    }

    /// The ids of the deployments that rollbacks have made since, the oldest one first.
    pub fn rolled_back(&self) -> Vec<String> {
        let made = |deployment: &&Deployment| deployment.id.starts_with(NEW);
        self.deployments().iter().filter(made).map(|made| made.id.clone()).collect()
    }

    /// What the API does.
    pub fn answer(&self, request: &Request) -> Answer {
        let date = format!("Date: {}\r\n", httpdate::fmt_http_date((self.clock)()));
        let (status, body) = self.act(request);
        Answer::with_headers(status, &date, body)
    }

    fn act(&self, request: &Request) -> (u16, String) {
        if request.header("x-api-key") != Some(API_KEY) {
            return (401, r#"{"message":"Unauthorized"}"#.to_owned());
        }
        let agent = format!("/v1/agents/{AGENT}/");
        // A prefix stands for a gateway before the API.
        let path = request.target.find("/v1/").map_or("", |start| &request.target[start..]);
        let Some(path) = path.strip_prefix(&agent) else {
            return (404, not_found(correlation_id(request)));
        };
        if let ("GET", Some(run)) =
            (request.method.as_str(), path.strip_prefix("testing/test-runs/"))
        {
            return match self.test_run(run) {
                Some(body) => (200, body.to_string()),
                None => (404, r#"{"error":"Test run not found"}"#.to_owned()),
            };
        }
        let Some(path) = path.strip_prefix("deployments") else {
            return (404, not_found(correlation_id(request)));
        };
        match (request.method.as_str(), path) {
            ("GET", "/active") => (200, self.active().to_string()),
            ("GET", list) => match list.strip_prefix("?environment=") {
                Some(query) => (200, self.list(query).to_string()),
                None => (404, not_found(correlation_id(request))),
            },
            ("POST", path) => {
                if serde_json::from_slice::<Body>(&request.body).is_err() {
                    let body = r#"{"message":"Validation failed","errors":[{"field":"deploymentMessage","message":"expected string"}]}"#;
                    return (400, body.to_owned());
                }
                let id = path.strip_prefix('/').and_then(|path| path.strip_suffix("/rollback"));
                if self.quirks.refuses_the_active && id.is_some_and(|id| self.is_active(id)) {
                    return (409, r#"{"error":"This version is active"}"#.to_owned());
                }
                match id.and_then(|id| self.roll_back(id)) {
                    Some(body) => (200, body.to_string()),
                    None => (404, not_found(correlation_id(request))),
                }
            }
            _ => (405, String::new()),
        }
    }

    /// Whether its environment is on the version of a deployment.
    fn is_active(&self, id: &str) -> bool {
        let deployments = self.deployments();
        let target = deployments.iter().find(|deployment| deployment.id == id);
        let alike = |target: &Deployment| {
            let newest = deployments.iter().rfind(|other| other.environment == target.environment);
            newest.is_some_and(|newest| newest.version == target.version)
        };
        target.is_some_and(alike)
    }

    fn roll_back(&self, id: &str) -> Option<Value> {
        let mut deployments = self.deployments();
        let target = deployments.iter().find(|deployment| deployment.id == id)?;
        let made = deployments.iter().filter(|deployment| deployment.id.starts_with(NEW)).count();
        let new = Deployment {
            id: format!("{NEW}{:012}", made + 1),
            created: (self.clock)(),
            kind: "rollback",
            ..target.clone()
        };
        deployments.push(new.clone());
        let mut runs = self.test_runs.lock().unwrap_or_else(PoisonError::into_inner);
        runs.extend(["run-0001", "run-0002"].map(|run| (run.to_owned(), 0)));
        Some(json!({"deployment": new.json(), "testRunIds": ["run-0001", "run-0002"]}))
    }

    /// A test run, which is over when it is asked for the second time.
    fn test_run(&self, id: &str) -> Option<Value> {
        let mut runs = self.test_runs.lock().unwrap_or_else(PoisonError::into_inner);
        let asked = runs.get_mut(id)?;
        *asked += 1;
        let (status, passed) = if *asked > 1 { ("completed", 3) } else { ("running", 1) };
        Some(json!({
            "id": id, "status": status, "testCaseCount": 3, "passedCount": passed, "failedCount": 0,
            "errorCount": 0, "startedAt": "2026-05-11T22:18:29.100Z", "startedBy": "dev@example.com",
            "testHistory": [{
                "testCaseId": "case-1", "status": "passed", "testCaseSnapshot": {"name": "Greets"},
                "results": {"prompt_assertion_results": [], "function_call_failures": []},
                "rawConversation": {"turns": [{"user": "my number is 555 0100"}]},
            }],
        }))
    }

    fn active(&self) -> Value {
        let shown = self.shown();
        let of = |environment: &str| {
            let newest = shown.iter().find(|deployment| deployment.environment == environment);
            newest.map(|deployment| self.listed(deployment))
        };
        json!({"activeDeployments": {"sandbox": of("sandbox"), "pre-release": of("pre-release"), "live": of("live")}})
    }

    fn list(&self, query: &str) -> Value {
        let (environment, limit) = query.split_once("&limit=").unwrap_or((query, "10"));
        let limit = limit.parse().expect("a number of deployments");
        let shown = self.shown();
        let listed = shown.iter().filter(|deployment| deployment.environment == environment);
        json!({"deployments": listed.take(limit).map(|deployment| self.listed(deployment)).collect::<Vec<_>>()})
    }

    /// A deployment as the lists show it.
    fn listed(&self, deployment: &Deployment) -> Value {
        let created = deployment.created - self.quirks.slip;
        let mut json = Deployment { created, ..deployment.clone() }.json();
        if !self.quirks.no_types {
            let Deployment { message, kind, .. } = deployment;
            json["metadata"] = json!({"deployment_message": message, "deployment_type": kind});
        }
        if self.quirks.whole_seconds {
            json["createdAt"] = humantime::format_rfc3339_seconds(created).to_string().into();
        }
        if self.quirks.no_version && deployment.kind == "rollback" {
            json["version"] = Value::Null;
        }
        json
    }

    /// What the lists show, the newest one first.
    fn shown(&self) -> Vec<Deployment> {
        let now = (self.clock)();
        let is_shown = |deployment: &&Deployment| deployment.created + self.quirks.lag <= now;
        self.deployments().iter().filter(is_shown).rev().cloned().collect()
    }

    fn deployments(&self) -> MutexGuard<'_, Vec<Deployment>> {
        self.deployments.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Deployment {
    fn json(&self) -> Value {
        json!({
            "id": self.id,
            "accountId": "acme-ws",
            "agentId": AGENT,
            "environment": self.environment,
            "artifactVersion": "2026-05-08T18:26:14.711Z",
            "version": self.version,
            "createdBy": "dev@example.com",
            "createdAt": humantime::format_rfc3339_millis(self.created).to_string(),
            "metadata": null,
        })
    }
}

fn correlation_id(request: &Request) -> &str {
    request.header("x-polyai-correlation-id").unwrap_or_default()
}

/// The body that the contract allows, and no other.
#[derive(serde::Deserialize)]
#[serde(deny_unknown_fields)]
struct Body {
    #[serde(rename = "deploymentMessage")]
    _deployment_message: String,
}

/// The API's own answer for a deployment that it does not know.
pub fn not_found(correlation_id: &str) -> String {
    format!(
        r#"{{"success":false,"error":"Not Found","error_id":"{correlation_id}","error_code":"DEPLOYMENT_NOT_FOUND","error_message":"Deployment not found","data":null}}"#
    )
}

/// An answer in the real shape, with made-up values.
pub fn rolled_back(test_run_ids: &str) -> String {
    format!(
        r#"{{"deployment":{{"id":"019e191e-ca97-7afa-a3bf-000000000001","accountId":"acme-ws","agentId":"{AGENT}","environment":"live","artifactVersion":"2026-05-08T18:26:14.711Z","version":"{VERSION}","createdBy":"dev@example.com","createdAt":"2026-05-11T22:18:28.909Z","metadata":null}},"testRunIds":{test_run_ids}}}"#
    )
}
