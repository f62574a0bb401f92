//! The two addresses below `/adk/v1` at which the vendor's own clients read deployments, so that these
//! clients can be run against the stand-in. They are not documented, and our program does not use them.

use super::deployments::{Deployment, ENVIRONMENTS};
use super::{ACCOUNT, AGENT, AgentsApi, Refusal, Reply, parameter};
use serde_json::{Map, Value, json};

impl AgentsApi {
    /// Answers a request whose path, after `/adk/v1/accounts/`, has these segments.
    pub(super) fn answer_adk(
        &self,
        method: &str,
        path: &[&str],
        query: &str,
    ) -> Result<Reply, Refusal> {
        let ("GET", [account, "projects", agent, "deployments", rest @ ..]) = (method, path) else {
            return Err(Refusal::no_route());
        };
        if (*account, *agent) != (ACCOUNT, AGENT) {
            return Err(Refusal::unknown_agent(agent));
        }
        match rest {
            [] => Ok(Reply::ok(self.list_for_adk(parameter(query, "client_env")))),
            ["active"] => Ok(Reply::ok(self.active_for_adk())),
            _ => Err(Refusal::no_route()),
        }
    }

    /// All deployments of an environment, without a limit.
    fn list_for_adk(&self, environment: Option<&str>) -> Value {
        let shown = self.shown();
        let is_wanted = |one: &&Deployment| environment.is_none_or(|name| one.environment == name);
        let rows: Vec<_> = shown.iter().filter(is_wanted).map(row).collect();
        json!({"deployments": rows})
    }

    /// The active deployments, with empty texts where there is none.
    fn active_for_adk(&self) -> Value {
        let of = |place: &str| {
            let (id, version) =
                self.active_in(place).map(|one| (one.id, one.version)).unwrap_or_default();
            json!({"deployment_id": id, "version": version})
        };
        let all = ENVIRONMENTS.map(|place| (place.to_owned(), of(place)));
        Value::Object(all.into_iter().collect::<Map<_, _>>())
    }
}

fn row(deployment: &Deployment) -> Value {
    json!({
        "id": deployment.id,
        "client_env": deployment.environment,
        "artifact_version": "2026-05-08T18:26:14.711Z",
        "version_hash": deployment.version,
        "created_by": "dev@example.com",
        "created_at": httpdate::fmt_http_date(deployment.created),
        "deleted": deployment.is_deleted,
        "deployment_metadata": deployment.metadata(),
        "function_deployment": null,
        "function_deployment_version": null,
        "genai_account_id": ACCOUNT,
        "genai_project_id": AGENT,
        "rag_kb_version": null,
        "snapshot_id": null,
    })
}
