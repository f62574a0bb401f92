//! The bodies of answers: JSON within limits, whoever sends it.

use anyhow::{Result, anyhow};
use serde_json::Value;

/// The most bytes of an id, and of every other text that is taken for one.
const TEXT_BYTES: usize = 1_024;
/// The most values that a document may have: parsed, each takes many times the memory of its text.
const VALUES: usize = 10_000;

/// The document of a body, unless it would take much memory.
pub fn parse(body: &[u8]) -> Result<Value> {
    // One value more than there are beginnings and commas, some of which may be within texts.
    if body.iter().filter(|byte| b"[{,".contains(byte)).count() >= VALUES {
        return Err(anyhow!("it has too many parts"));
    }
    Ok(serde_json::from_slice(body)?)
}

/// A text that says something; none where it is blank, endless or no text.
pub fn text(value: &Value) -> Option<&str> {
    value.as_str().filter(|text| !text.trim().is_empty() && text.len() <= TEXT_BYTES)
}
