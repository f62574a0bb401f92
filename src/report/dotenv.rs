//! GitLab's dotenv report, which also serves as `KEY=VALUE` lines for everyone else
//! (`ci/parse_dotenv_artifact_service.rb`).

use crate::report::Value;
use std::collections::BTreeSet;

/// A report must be smaller than this, in bytes.
const BYTES: u64 = 5 * 1024;
/// It may have so many variables, unless the instance's owner says otherwise.
const VARIABLES: usize = 20;

/// What a file can still take.
#[derive(Debug)]
pub struct Room {
    bytes: u64,
    variables: usize,
    /// The names that it has already: the last line of a name counts.
    taken: BTreeSet<String>,
}

impl Room {
    /// What GitLab takes beside what a file holds already, and a newline where one is lacking.
    pub fn beside(existing: &str) -> Self {
        let name = |line: &str| line.split_once('=').map(|(name, _)| name.trim().to_owned());
        let taken: BTreeSet<_> = existing.lines().filter_map(name).collect();
        Self {
            bytes: BYTES.saturating_sub(existing.len() as u64 + 2),
            variables: VARIABLES.saturating_sub(taken.len()),
            taken,
        }
    }

    /// Nobody else sets limits.
    pub fn endless() -> Self {
        Self { bytes: u64::MAX, variables: usize::MAX, taken: BTreeSet::new() }
    }
}

/// The outputs as `ROLLBACK_SOME_NAME=value` lines, lists separated by commas, and the names of those
/// that are left out: where GitLab would refuse a value, change it or expand it as a variable, or
/// where there is no room for it. What is not known is empty, so that a file that is kept does not seem
/// to say what an earlier run said; it is the first to go without a word where there is no room.
pub fn write(outputs: &[(&str, Option<Value>)], room: Room) -> (String, Vec<String>) {
    let Room { bytes, variables, taken } = room;
    let named: Vec<_> = outputs
        .iter()
        .map(|(name, value)| (format!("ROLLBACK_{}", name.replace('-', "_").to_uppercase()), value))
        .collect();
    let is_new_and_known =
        |(name, value): &&(String, &Option<Value>)| value.is_some() && !taken.contains(name);
    let mut left = variables;
    let mut left_for_unknown = left.saturating_sub(named.iter().filter(is_new_and_known).count());

    let mut text = String::new();
    let mut left_out = Vec::new();
    for (name, value) in named {
        if !taken.contains(&name) {
            let places = if value.is_some() { &mut left } else { &mut left_for_unknown };
            match places.checked_sub(1) {
                Some(fewer) => *places = fewer,
                None => {
                    left_out.extend(value.is_some().then_some(name));
                    continue;
                }
            }
        }
        let value = match value {
            None => Some(String::new()),
            Some(Value::Text(text)) => Some(text.clone()),
            Some(Value::List(list)) => join(list),
        };
        match value.filter(|value| is_safe(value)).map(|value| format!("{name}={value}\n")) {
            Some(line) if (text.len() + line.len()) as u64 <= bytes => text.push_str(&line),
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
