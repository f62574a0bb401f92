//! What the API says where it does not do what was asked for.

use serde_json::json;

/// The `error_id` of an answer to a request that brought no id of its own.
const OWN_ID: &str = "5f1f6f0e-7f0c-4d0e-9a51-2c4b8a5d9e10";

pub(super) struct Refusal {
    pub status: u16,
    shape: Shape,
}

/// The shapes of bodies in which the API and the gateway before it answer.
enum Shape {
    /// Six fields, of which `error` and `error_message` are alike.
    Envelope { code: &'static str, text: String },
    /// A list of the fields that are wrong.
    Fields { field: &'static str, text: &'static str },
    /// A sentence alone.
    Error(&'static str),
    /// The gateway's own answer.
    Gateway(&'static str),
}

impl Refusal {
    fn envelope(status: u16, code: &'static str, text: String) -> Self {
        Self { status, shape: Shape::Envelope { code, text } }
    }

    pub fn unauthorized(key: Option<&str>) -> Self {
        match key {
            None => Self::envelope(401, "AUTH_USER_UNAUTHORISED", "Unauthorised".to_owned()),
            Some(_) => Self::envelope(401, "AUTH_USER_INVALID_TOKEN", "Invalid token".to_owned()),
        }
    }

    pub fn unknown_agent(id: &str) -> Self {
        Self::envelope(404, "PROJECT_NOT_FOUND", format!("Project with id {id} does not exist"))
    }

    pub fn unknown_deployment(id: &str) -> Self {
        let text = format!("Deployment with id {id} does not exist");
        Self::envelope(404, "DEPLOYMENT_NOT_FOUND", text)
    }

    pub fn unknown_test_run() -> Self {
        Self { status: 404, shape: Shape::Error("Test run not found") }
    }

    pub fn no_route() -> Self {
        Self { status: 404, shape: Shape::Gateway("no Route matched with those values") }
    }

    pub fn invalid_environment(given: Option<&str>) -> Self {
        let text = match given {
            Some(name) => format!("Invalid environment: {name}"),
            None => "An environment is required".to_owned(),
        };
        Self::envelope(400, "DEPLOYMENTS_INVALID_ENVIRONMENT", text)
    }

    pub fn validation(status: u16, field: &'static str, text: &'static str) -> Self {
        Self { status, shape: Shape::Fields { field, text } }
    }

    pub fn already_published() -> Self {
        let text = "This version is active already".to_owned();
        Self::envelope(409, "DEPLOYMENTS_ALREADY_PUBLISHED", text)
    }

    /// No code: the only answers of this kind that are public have none.
    pub fn ab_test() -> Self {
        Self { status: 409, shape: Shape::Error("An A/B test is running in live") }
    }

    pub fn body(&self, correlation_id: Option<&str>) -> String {
        let body = match &self.shape {
            Shape::Envelope { code, text } => json!({
                "success": false,
                "error": text,
                "error_id": correlation_id.unwrap_or(OWN_ID),
                "error_code": code,
                "error_message": text,
                "data": null,
            }),
            Shape::Fields { field, text } => json!({
                "message": "Validation failed",
                "errors": [{"field": field, "message": text}],
            }),
            Shape::Error(text) => json!({"error": text}),
            Shape::Gateway(text) => json!({"message": text}),
        };
        body.to_string()
    }
}
