//! The agent's deployments: what the lists show of them, and what makes new ones.

use super::{ACCOUNT, AGENT, AgentsApi, BAD_VERSION, Quirks, Refusal, VERSION, parameter};
use serde_json::{Value, json};
use std::time::{Duration, SystemTime};

/// The environments, in the order in which a version is promoted.
pub(super) const ENVIRONMENTS: [&str; 3] = ["sandbox", "pre-release", "live"];
/// How the ids of new deployments begin.
const NEW: &str = "019e191e-ca97-7afa-a3bf-";
/// How many deployments a list has where nobody says how many are wanted. The real number is not documented.
const USUAL_LIMIT: usize = 10;

#[derive(Clone)]
pub(super) struct Deployment {
    pub id: String,
    pub environment: &'static str,
    pub version: String,
    pub created: SystemTime,
    pub kind: &'static str,
    pub message: String,
    pub is_deleted: bool,
}

/// Six deployments: a good version went through the three environments, and then a bad one.
pub(super) fn usual(now: SystemTime, quirks: Quirks) -> Vec<Deployment> {
    let deployment = |id: &str, environment, version: &str, hours: u64, message: &str| Deployment {
        id: format!("019e0f3a-71c4-7c1e-9b3d-{id:0>12}"),
        environment,
        version: version.to_owned(),
        created: now - Duration::from_secs(hours * 3_600),
        kind: if environment == "sandbox" || quirks.simplified { "publish" } else { "promotion" },
        message: message.to_owned(),
        is_deleted: false,
    };
    let deleted = |id: &str, environment| Deployment {
        is_deleted: true,
        ..deployment(id, environment, "c21f4e7a90b84d3f9be7d0a1e5f63b28", 30, "Easter menu")
    };
    let mut deployments = vec![
        deployment("40", "sandbox", VERSION, 90, "Opening hours"),
        deployment("41", "pre-release", VERSION, 80, "Opening hours"),
        deployment("42", "live", VERSION, 70, "Opening hours"),
        deployment("43", "sandbox", BAD_VERSION, 9, "New greeting"),
        deployment("44", "pre-release", BAD_VERSION, 8, "New greeting"),
        deployment("45", "live", BAD_VERSION, 7, "New greeting"),
    ];
    if quirks.deleted_rows {
        let ids = ["60", "61", "62"];
        let rows = ids.into_iter().zip(ENVIRONMENTS).map(|(id, place)| deleted(id, place));
        deployments.splice(3..3, rows);
    }
    let is_kept = |place: &str| place == "live" || !quirks.simplified;
    deployments.retain(|one| is_kept(one.environment) || one.version == VERSION);
    deployments
}

/// An environment that went through these versions, one an hour.
pub(super) fn history(
    now: SystemTime,
    environment: &'static str,
    history: &[(&str, &'static str)],
) -> Vec<Deployment> {
    let count = history.len();
    let deployment = |(place, (version, kind)): (usize, &(&str, &'static str))| Deployment {
        id: format!("d-{}", place + 1),
        environment,
        version: (*version).to_owned(),
        created: now - Duration::from_secs(3_600 * (count - place) as u64),
        kind,
        message: format!("message {}", place + 1),
        is_deleted: false,
    };
    history.iter().enumerate().map(deployment).collect()
}

/// The body of a promotion. Without a target, the next environment is meant.
#[derive(Default, serde::Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(super) struct PromoteBody {
    target_environment: Option<String>,
    deployment_message: Option<String>,
}

/// The body of a publish. That sandbox is meant where no environment is given is a guess.
#[derive(Default, serde::Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(super) struct PublishBody {
    environment: Option<String>,
    deployment_message: Option<String>,
}

impl AgentsApi {
    /// The ids of the deployments that rollbacks have made since, the oldest one first.
    pub fn rolled_back(&self) -> Vec<String> {
        let is_made = |one: &&Deployment| one.kind == "rollback" && one.id.starts_with(NEW);
        self.deployments().iter().filter(is_made).map(|made| made.id.clone()).collect()
    }

    pub(super) fn roll_back(&self, id: &str) -> Result<Value, Refusal> {
        let target = self.find(id)?;
        if self.quirks.simplified && target.environment != "live" {
            // That it is refused is known from the vendor's client; how it is refused is not known.
            return Err(Refusal::invalid_environment(Some(target.environment)));
        }
        if self.quirks.ab_test && target.environment == "live" {
            return Err(Refusal::ab_test());
        }
        if self.quirks.refuses_the_active && self.is_active(&target) {
            return Err(Refusal::already_published());
        }
        // The new deployment keeps the message of the old one: the message of the request was seen nowhere.
        let made = self.make(Deployment { kind: "rollback", ..target });
        Ok(json!({"deployment": made.json(), "testRunIds": self.trigger_tests(made.environment)}))
    }

    pub(super) fn promote(&self, id: &str, body: PromoteBody) -> Result<Value, Refusal> {
        let source = self.find(id)?;
        let place = |name: &str| ENVIRONMENTS.iter().position(|known| *known == name);
        let from = place(source.environment).expect("a known environment");
        let to = match &body.target_environment {
            Some(name) => place(name),
            None => Some(from + 1).filter(|next| *next < ENVIRONMENTS.len()),
        };
        let invalid = || Refusal::invalid_environment(body.target_environment.as_deref());
        let environment = ENVIRONMENTS[to.filter(|to| from < *to).ok_or_else(invalid)?];
        if self.quirks.ab_test && environment == "live" {
            return Err(Refusal::ab_test());
        }
        let message = body.deployment_message.unwrap_or_default();
        let made = self.make(Deployment { environment, message, kind: "promotion", ..source });
        Ok(json!({"deployment": made.told(), "testRunIds": self.trigger_tests(environment)}))
    }

    pub(super) fn publish(&self, body: PublishBody) -> Result<Value, Refusal> {
        let environment = match body.environment {
            Some(name) => known(Some(&name))?,
            None => "sandbox",
        };
        // Each publish has a version that was not there before, as if the draft had been changed.
        let count = self.deployments().len() as u128;
        let version = 0x9e37_79b9_7f4a_7c15_f39c_c060_5ced_c835_u128.wrapping_mul(count + 1);
        let made = self.make(Deployment {
            id: String::new(),
            environment,
            version: format!("{version:032x}"),
            created: (self.clock)(),
            kind: "publish",
            message: body.deployment_message.unwrap_or_default(),
            is_deleted: false,
        });
        Ok(json!({"deployment": made.told(), "testRunIds": self.trigger_tests(environment)}))
    }

    fn find(&self, id: &str) -> Result<Deployment, Refusal> {
        let deployments = self.deployments();
        let found = deployments.iter().find(|one| one.id == id && !one.is_deleted);
        found.cloned().ok_or_else(|| Refusal::unknown_deployment(id))
    }

    /// Adds a deployment that is made now, under a new id.
    fn make(&self, like: Deployment) -> Deployment {
        let mut deployments = self.deployments();
        let made = deployments.iter().filter(|one| one.id.starts_with(NEW)).count();
        let id = format!("{NEW}{:012}", made + 1);
        let new = Deployment { id, created: (self.clock)(), ..like };
        deployments.push(new.clone());
        new
    }

    /// Whether the environment of a deployment is on the version of that deployment.
    fn is_active(&self, target: &Deployment) -> bool {
        let deployments = self.deployments();
        let newest = deployments.iter().rfind(|other| other.environment == target.environment);
        newest.is_some_and(|newest| newest.version == target.version)
    }

    pub(super) fn active(&self) -> Value {
        let of = |place: &str| self.active_in(place).map(|one| self.listed(&one));
        json!({"activeDeployments": {"sandbox": of("sandbox"), "pre-release": of("pre-release"), "live": of("live")}})
    }

    /// The deployment that is active in an environment, as far as the lists show it.
    pub(super) fn active_in(&self, environment: &str) -> Option<Deployment> {
        let is_there = |one: &Deployment| one.environment == environment && !one.is_deleted;
        self.shown().into_iter().find(is_there)
    }

    pub(super) fn list(&self, query: &str) -> Result<Value, Refusal> {
        let environment = known(parameter(query, "environment"))?;
        let limit = parameter(query, "limit").map_or(Ok(USUAL_LIMIT), str::parse);
        let limit = limit.map_err(|_| Refusal::validation(400, "limit", "expected number"))?;
        let shown = self.shown();
        let listed = shown.iter().filter(|one| one.environment == environment).take(limit);
        Ok(json!({"deployments": listed.map(|one| self.listed(one)).collect::<Vec<_>>()}))
    }

    /// A deployment as the lists show it.
    fn listed(&self, deployment: &Deployment) -> Value {
        let created = deployment.created - self.quirks.slip;
        let shown = Deployment { created, ..deployment.clone() };
        let mut json = if self.quirks.no_types { shown.json() } else { shown.told() };
        if self.quirks.whole_seconds {
            json["createdAt"] = humantime::format_rfc3339_seconds(created).to_string().into();
        }
        if self.quirks.no_version && deployment.kind == "rollback" {
            json["version"] = Value::Null;
        }
        if deployment.is_deleted {
            json["deleted"] = true.into();
        }
        json
    }

    /// What the lists show, the newest one first.
    pub(super) fn shown(&self) -> Vec<Deployment> {
        let now = (self.clock)();
        let is_shown = |deployment: &&Deployment| deployment.created + self.quirks.lag <= now;
        self.deployments().iter().filter(is_shown).rev().cloned().collect()
    }
}

/// An environment that the API knows.
fn known(name: Option<&str>) -> Result<&'static str, Refusal> {
    let found = ENVIRONMENTS.into_iter().find(|known| Some(*known) == name);
    found.ok_or_else(|| Refusal::invalid_environment(name))
}

impl Deployment {
    /// The deployment without metadata, as the answer to a rollback has it.
    fn json(&self) -> Value {
        json!({
            "id": self.id,
            "accountId": ACCOUNT,
            "agentId": AGENT,
            "environment": self.environment,
            "artifactVersion": "2026-05-08T18:26:14.711Z",
            "version": self.version,
            "createdBy": "dev@example.com",
            "createdAt": humantime::format_rfc3339_millis(self.created).to_string(),
            "metadata": null,
        })
    }

    /// The deployment with its message and how it came to be, as all other answers have it.
    fn told(&self) -> Value {
        let mut json = self.json();
        json["metadata"] = self.metadata();
        json
    }

    pub(super) fn metadata(&self) -> Value {
        json!({"deployment_message": self.message, "deployment_type": self.kind})
    }
}
