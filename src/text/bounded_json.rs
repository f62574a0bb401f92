//! JSON within limits, whoever sends it.

use anyhow::{Result, anyhow};
use serde_json::Value;

/// The most bytes of an id, and of every other text that is taken for one.
const SHORT_TEXT_BYTES: usize = 1_024;
/// The most values of a document: a parsed value takes many times the memory of its text.
const MAX_VALUES: usize = 10_000;

/// Parses a body, unless the document would take much memory.
pub fn parse(body: &[u8]) -> Result<Value> {
    // A document has one value more than beginnings and commas, some of which may be within texts.
    if body.iter().filter(|byte| b"[{,".contains(byte)).count() >= MAX_VALUES {
        return Err(anyhow!("it has too many parts"));
    }
    Ok(serde_json::from_slice(body)?)
}

/// A text that says something. None where the value is blank, endless or no text.
pub fn short_text(value: &Value) -> Option<&str> {
    value.as_str().filter(|text| !text.trim().is_empty() && text.len() <= SHORT_TEXT_BYTES)
}
