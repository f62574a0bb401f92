//! The Agents API as far as it is known, with a memory: an agent's deployments, which of them are active,
//! what a publish, a promotion and a rollback do to them, and the test runs that these trigger.
//!
//! Addresses, statuses, codes and shapes are those of the real API. The sentences of its errors are not
//! documented word for word: the sentences here say the same.

mod adk;
mod deployments;
mod refusal;
mod test_runs;

use crate::stand_in::{Answer, Request};
use deployments::Deployment;
use refusal::Refusal;
use serde_json::{Value, json};
use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, SystemTime};

/// The key, the workspace, the agent, and a deployment of `live` to go back to.
pub const API_KEY: &str = "pk-stand-in-4f1d8a6c";
pub const ACCOUNT: &str = "acme-ws";
pub const AGENT: &str = "PROJECT-AB12CD34";
pub const DEPLOYMENT: &str = "019e0f3a-71c4-7c1e-9b3d-000000000042";
/// The version of that deployment.
pub const VERSION: &str = "46c78399935c449c80d7d328a91b52ea";
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

/// What an API may be like, as long as it says nothing that is not true. The default is the real API as it
/// is documented and was seen.
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
    /// Whether a change of any environment triggers test runs. PolyAI documents tests of drafts, branches and
    /// sandbox alone, so that by default a rollback of live or pre-release triggers none.
    pub tests_everywhere: bool,
    /// Whether two cases of the second test run do not pass.
    pub tests_fail: bool,
    /// Whether the agent has simplified deployments: a merge goes straight to live, the other environments keep
    /// an old state, and only deployments of live are accepted as targets of a rollback.
    pub simplified: bool,
    /// Whether an A/B test runs in live, during which rollbacks of live and promotions to live are refused.
    pub ab_test: bool,
    /// Whether the lists show a deleted deployment, just before the newest one of each environment.
    pub deleted_rows: bool,
}

/// An API whose clock stands still, as a function from requests to answers.
pub fn agents_api() -> impl Fn(&Request) -> Answer + Send + Sync + 'static {
    let api = AgentsApi::new();
    move |request| api.answer(request)
}

impl AgentsApi {
    /// An API whose clock stands still. Unlike the real API it triggers test runs in every environment: most
    /// tests roll `live` back, and want to see what is made of test runs.
    pub fn new() -> Arc<Self> {
        let quirks = Quirks { tests_everywhere: true, ..Quirks::default() };
        Self::with_clock(standing_still, quirks)
    }

    /// An API with a clock.
    pub fn with_clock(
        clock: impl Fn() -> SystemTime + Send + Sync + 'static,
        quirks: Quirks,
    ) -> Arc<Self> {
        let deployments = deployments::usual(clock(), quirks);
        Self::with_deployments(clock, quirks, deployments)
    }

    /// An API whose clock stands still, and an environment that went through these versions, the
    /// oldest one first: `d-1`, `d-2` and so on.
    pub fn with_history(
        environment: &'static str,
        history: &[(&str, &'static str)],
        quirks: Quirks,
    ) -> Arc<Self> {
        let deployments = deployments::history(standing_still(), environment, history);
        Self::with_deployments(standing_still, quirks, deployments)
    }

    fn with_deployments(
        clock: impl Fn() -> SystemTime + Send + Sync + 'static,
        quirks: Quirks,
        deployments: Vec<Deployment>,
    ) -> Arc<Self> {
        Arc::new(Self {
            clock: Box::new(clock),
            quirks,
            deployments: Mutex::new(deployments),
            test_runs: Mutex::default(),
        })
    }

    /// What the API does.
    pub fn answer(&self, request: &Request) -> Answer {
        let correlation_id = request.header("x-polyai-correlation-id");
        let (status, body) = match self.act(request) {
            Ok(Reply { status, body }) => (status, body.to_string()),
            Err(refusal) => (refusal.status, refusal.body(correlation_id)),
        };
        let mut headers = format!("Date: {}\r\n", httpdate::fmt_http_date((self.clock)()));
        if let Some(id) = correlation_id {
            headers += &format!("X-PolyAI-Correlation-Id: {id}\r\n");
        }
        Answer::with_headers(status, &headers, body)
    }

    fn act(&self, request: &Request) -> Result<Reply, Refusal> {
        match request.header("x-api-key") {
            Some(API_KEY) => {}
            key => return Err(Refusal::unauthorized(key)),
        }
        let (path, query) = request.target.split_once('?').unwrap_or((&request.target, ""));
        let method = request.method.as_str();
        // A prefix stands for a gateway before the API.
        if let Some((_, path)) = path.split_once("/adk/v1/accounts/") {
            return self.answer_adk(method, &path.split('/').collect::<Vec<_>>(), query);
        }
        let (_, path) = path.split_once("/v1/agents/").ok_or_else(Refusal::no_route)?;
        let path: Vec<_> = path.split('/').collect();
        let [agent, path @ ..] = path.as_slice() else { return Err(Refusal::no_route()) };
        if *agent != AGENT {
            return Err(Refusal::unknown_agent(agent));
        }
        let body = request.body.as_slice();
        match (method, path) {
            ("GET", ["deployments"]) => self.list(query).map(Reply::ok),
            ("GET", ["deployments", "active"]) => Ok(Reply::ok(self.active())),
            ("POST", ["deployments", "publish"]) => {
                let body = self.publish(parse(body)?)?;
                Ok(Reply { status: 201, body })
            }
            ("POST", ["deployments", id, "promote"]) => {
                self.promote(well_formed(id)?, parse(body)?).map(Reply::ok)
            }
            ("POST", ["deployments", id, "rollback"]) => {
                let RollbackBody { .. } = parse(body)?;
                self.roll_back(well_formed(id)?).map(Reply::ok)
            }
            ("GET", ["testing", "test-runs", id]) => self.test_run(well_formed(id)?).map(Reply::ok),
            _ => Err(Refusal::no_route()),
        }
    }

    fn deployments(&self) -> MutexGuard<'_, Vec<Deployment>> {
        self.deployments.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// The moment at which the clock of the tests stands still.
fn standing_still() -> SystemTime {
    humantime::parse_rfc3339("2026-05-11T22:18:28.909Z").expect("a time")
}

/// An answer to a request that the API does.
struct Reply {
    status: u16,
    body: Value,
}

impl Reply {
    fn ok(body: Value) -> Self {
        Self { status: 200, body }
    }
}

/// The body of a rollback that the contract allows, and no other.
#[derive(Default, serde::Deserialize)]
#[serde(deny_unknown_fields)]
struct RollbackBody {
    #[serde(rename = "deploymentMessage")]
    _deployment_message: Option<String>,
}

/// Reads a body, each of which is optional.
fn parse<T: Default + serde::de::DeserializeOwned>(body: &[u8]) -> Result<T, Refusal> {
    match body {
        [] => Ok(T::default()),
        body => serde_json::from_slice(body)
            .map_err(|_| Refusal::validation(400, "deploymentMessage", "expected string")),
    }
}

/// An id, if it may be one: any text without blanks. A test may use short ones.
fn well_formed(id: &str) -> Result<&str, Refusal> {
    match id.is_empty() || id.contains("%20") {
        true => Err(Refusal::validation(422, "id", "malformed id")),
        false => Ok(id),
    }
}

/// The value of a parameter of a query.
fn parameter<'a>(query: &'a str, name: &str) -> Option<&'a str> {
    let pairs = query.split('&').filter_map(|pair| pair.split_once('='));
    pairs.into_iter().find(|(key, _)| *key == name).map(|(_, value)| value)
}

/// The API's own answer for a deployment that it does not know.
pub fn not_found(deployment_id: &str, correlation_id: &str) -> String {
    Refusal::unknown_deployment(deployment_id).body(Some(correlation_id))
}

/// An answer in the real shape, with made-up values.
pub fn rolled_back(test_run_ids: &str) -> String {
    let deployment = json!({
        "id": "019e191e-ca97-7afa-a3bf-000000000001",
        "accountId": ACCOUNT,
        "agentId": AGENT,
        "environment": "live",
        "artifactVersion": "2026-05-08T18:26:14.711Z",
        "version": VERSION,
        "createdBy": "dev@example.com",
        "createdAt": "2026-05-11T22:18:28.909Z",
        "metadata": null,
    });
    format!(r#"{{"deployment":{deployment},"testRunIds":{test_run_ids}}}"#)
}
