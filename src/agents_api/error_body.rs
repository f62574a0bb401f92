//! What the API says of an error, in every shape that is known.

use crate::text::bounded_json::parse;
use crate::text::redaction::Redaction;
use crate::text::sanitize::{SHOWN, one_line};
use serde_json::Value;
use std::fmt;

/// An error of the API, safe to show.
#[derive(Debug, Default)]
pub struct ApiError {
    /// Its code, such as `DEPLOYMENT_NOT_FOUND`.
    pub code: Option<String>,
    /// Its sentence, or the start of a body that has no known shape.
    pub message: Option<String>,
}

impl ApiError {
    /// Reads the body of a 2xx, which says nothing of itself but in the known shapes: anything else may
    /// be a part of what was asked for.
    pub fn of_success(body: &[u8], redaction: &Redaction) -> Self {
        Self::stated(&parse(body).unwrap_or_default(), redaction)
    }

    /// Reads the body of an error. One that has no known shape is its own message, unless it may be a
    /// deployment, or a part of one: there is personal data in it.
    pub fn read(body: &[u8], redaction: &Redaction) -> Self {
        let stated = Self::of_success(body, redaction);
        if stated.code.is_some() || stated.message.is_some() {
            return stated;
        }
        let text = String::from_utf8_lossy(body);
        let is_personal = PERSONAL.iter().any(|key| text.contains(key));
        Self { code: None, message: shown(&text, redaction).filter(|_| !is_personal) }
    }

    /// What a body says in one of the known shapes.
    pub fn stated(json: &Value, redaction: &Redaction) -> Self {
        let text = |key: &str| {
            json.get(key).and_then(Value::as_str).filter(|text| !text.trim().is_empty())
        };
        let sentence = text("error_message").or_else(|| text("error")).or_else(|| text("message"));
        let fields = json.get("errors").and_then(Value::as_array).into_iter().flatten();
        let fields = fields.filter_map(|error| {
            let message = error.get("message")?.as_str()?;
            let field = error.get("field").and_then(Value::as_str).unwrap_or("body");
            Some(format!("{field}: {message}"))
        });
        let message: Vec<_> = sentence.map(str::to_owned).into_iter().chain(fields).collect();
        let shown = |text: &str| shown(text, redaction);
        Self { code: text("error_code").and_then(shown), message: shown(&message.join("; ")) }
    }
}

/// What only a deployment has.
const PERSONAL: [&str; 3] = ["createdBy", "accountId", "\"deployment\""];

/// Redacted before it is cut, as half a secret is one, too.
fn shown(text: &str, redaction: &Redaction) -> Option<String> {
    Some(one_line(&redaction.apply(text), SHOWN)).filter(|line| !line.is_empty())
}

impl fmt::Display for ApiError {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match (&self.code, &self.message) {
            (Some(code), Some(message)) => write!(formatter, "{code}: {message}"),
            (Some(text), None) | (None, Some(text)) => formatter.write_str(text),
            (None, None) => formatter.write_str("no message"),
        }
    }
}
