//! The body of an error, in every shape in which the API or a gateway before it is known to write one.

use crate::model::ErrorBody;
use crate::text::{
    redaction::{Redaction, hide_addresses},
    sanitize::{SHOWN_CHARACTERS, one_line},
};
use serde_json::Value;

/// The most bytes of an error that are read.
pub const MAX_BYTES: usize = 64 << 10;

/// Keys that only a deployment has, whose values are personal data.
const PERSONAL: [&str; 3] = ["createdBy", "accountId", "\"deployment\""];

/// Reads the body of an error. A body without a known shape is its own message, unless it may be a
/// deployment, or a part of one: there is personal data in it.
pub fn of_error(body: &[u8], redaction: &Redaction) -> ErrorBody {
    let stated = of_success(body, redaction);
    if !stated.is_empty() {
        return stated;
    }
    let text = String::from_utf8_lossy(body);
    let is_personal = PERSONAL.iter().any(|key| text.contains(key));
    ErrorBody { code: None, message: shown(&text, redaction).filter(|_| !is_personal) }
}

/// Reads the body of a 2xx, from which only the known shapes are taken: anything else may be a part of
/// what was asked for. A large body is no error.
pub fn of_success(body: &[u8], redaction: &Redaction) -> ErrorBody {
    let body = Some(body).filter(|body| body.len() <= MAX_BYTES).unwrap_or_default();
    of_json(&serde_json::from_slice(body).unwrap_or_default(), redaction)
}

/// Takes what a document says of an error.
pub fn of_json(json: &Value, redaction: &Redaction) -> ErrorBody {
    let text =
        |key: &str| json.get(key).and_then(Value::as_str).filter(|text| !text.trim().is_empty());
    let sentence = text("error_message").or_else(|| text("error")).or_else(|| text("message"));
    let fields = json.get("errors").and_then(Value::as_array).into_iter().flatten();
    let fields = fields.filter_map(|error| {
        let message = error.get("message")?.as_str()?;
        let field = error.get("field").and_then(Value::as_str).unwrap_or("body");
        Some(format!("{field}: {message}"))
    });
    let sentences: Vec<_> = sentence.map(str::to_owned).into_iter().chain(fields).collect();
    ErrorBody {
        code: text("error_code").and_then(|code| shown(code, redaction)),
        message: shown(&sentences.join("; "), redaction),
    }
}

/// The beginning of a text, without secrets and without anybody's address. Redacted before it is cut to a
/// line, as half a secret is one, too.
fn shown(text: &str, redaction: &Redaction) -> Option<String> {
    let text = hide_addresses(&redaction.beginning(text));
    Some(one_line(&text, SHOWN_CHARACTERS)).filter(|line| !line.is_empty())
}
