//! GitLab's dotenv report, which also serves as `KEY=VALUE` lines for everyone else
//! (`ci/parse_dotenv_artifact_service.rb`).

use crate::report::Value;

/// A report must be smaller than this, in bytes.
pub const SIZE: u64 = 5 * 1024;

/// The outputs as `ROLLBACK_SOME_NAME=value` lines, lists separated by commas, and the names of those
/// that are left out: where GitLab would refuse a value, change it or expand it as a variable, or
/// where `room` bytes cannot hold it. What is not known is empty, so that a file that is kept does
/// not seem to say what an earlier run said.
pub fn write(outputs: &[(&str, Option<Value>)], room: u64) -> (String, Vec<String>) {
    let mut text = String::new();
    let mut left_out = Vec::new();
    for (name, value) in outputs {
        let name = format!("ROLLBACK_{}", name.replace('-', "_").to_uppercase());
        let value = match value {
            None => Some(String::new()),
            Some(Value::Text(text)) => Some(text.clone()),
            Some(Value::List(list)) => join(list),
        };
        match value.filter(|value| is_safe(value)).map(|value| format!("{name}={value}\n")) {
            Some(line) if (text.len() + line.len()) as u64 <= room => text.push_str(&line),
            _ => left_out.push(name),
        }
    }
    (text, left_out)
}

/// A list that can be split at its commas again; none where an item would not survive that.
fn join(list: &[String]) -> Option<String> {
    let is_whole = |item: &String| !item.is_empty() && !item.contains(',');
    list.iter().all(is_whole).then(|| list.join(","))
}

/// Whether a value arrives as it is: one line, no white space at its ends, and nothing that refers to
/// a variable (`$NAME`, `%NAME%`) or is a command of a runner (`##[`), where the file is its log.
fn is_safe(value: &str) -> bool {
    let is_harmful = |c: char| c.is_control() || matches!(c, '$' | '%' | '\u{2028}' | '\u{2029}');
    value.trim() == value && !value.contains(is_harmful) && !value.contains("##[")
}
