//! GitHub's output file, `$GITHUB_OUTPUT`: a key, a delimiter that nobody can guess, and the value as it
//! is (`FileCommandManager.cs`).

use crate::report::outputs::{Output, Value};
use anyhow::{Result, ensure};
use std::fmt::Write;

/// The known outputs in the heredoc form. Lists are JSON arrays. A value that holds the delimiter would
/// end early and make outputs of its own, so that is an error.
pub fn write(outputs: &[Output], delimiter: &str) -> Result<String> {
    let mut text = String::new();
    for Output { name, value } in outputs {
        let value = match value {
            None => continue,
            Some(Value::Text(text)) => text.clone(),
            Some(Value::List(list)) => serde_json::to_string(list)?,
        };
        ensure!(!value.contains(delimiter), "the value of {name} holds the delimiter");
        writeln!(text, "{name}<<{delimiter}\n{value}\n{delimiter}")?;
    }
    Ok(text)
}
