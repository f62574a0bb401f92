//! `KEY=VALUE` lines: GitLab's dotenv report (`ci/parse_dotenv_artifact_service.rb`), which also serves
//! everyone else.

use crate::report::outputs::{Output, Value};
use std::collections::BTreeSet;

/// GitLab takes a report that is smaller than this.
const MAX_BYTES: u64 = 5 * 1024;
/// GitLab takes so many variables, unless the instance's owner says otherwise.
const MAX_VARIABLES: usize = 20;

/// The room that is left in a file.
#[derive(Debug)]
pub struct Room {
    bytes: u64,
    variables: usize,
    /// The names that the file has already: the last line of a name counts.
    taken: BTreeSet<String>,
}

/// Lines to append, and what could not become a line.
#[derive(Debug)]
pub struct Lines {
    /// The lines.
    pub text: String,
    /// The names of the values that were left out.
    pub left_out: Vec<String>,
}

impl Room {
    /// The room that GitLab leaves beside what a file holds already, and a newline where one is lacking.
    pub fn beside(existing: &str) -> Self {
        let name = |line: &str| line.split_once('=').map(|(name, _)| name.trim().to_owned());
        let taken: BTreeSet<_> = existing.lines().filter_map(name).collect();
        Self {
            bytes: MAX_BYTES.saturating_sub(existing.len() as u64 + 2),
            variables: MAX_VARIABLES.saturating_sub(taken.len()),
            taken,
        }
    }

    /// Endless room: nobody but GitLab sets limits.
    pub fn endless() -> Self {
        Self { bytes: u64::MAX, variables: usize::MAX, taken: BTreeSet::new() }
    }
}

/// The outputs as `ROLLBACK_SOME_NAME=value` lines, with lists separated by commas. Left out are the
/// values that GitLab would refuse, change or expand, and those for which there is no room. A value that
/// is not known is empty, so that a file that is kept does not seem to say what an earlier run said;
/// where there is no room, these go first, without a word.
pub fn write(outputs: &[Output], room: Room) -> Lines {
    let Room { bytes, variables, taken } = room;
    let named = || outputs.iter().map(|output| (variable(&output.name), &output.value));
    let known = named().filter(|(name, value)| value.is_some() && !taken.contains(name)).count();
    let mut left = variables;
    let mut left_for_unknown = variables.saturating_sub(known);

    let mut lines = Lines { text: String::new(), left_out: Vec::new() };
    for (name, value) in named() {
        if !taken.contains(&name) {
            let places = if value.is_some() { &mut left } else { &mut left_for_unknown };
            match places.checked_sub(1) {
                Some(fewer) => *places = fewer,
                None => {
                    lines.left_out.extend(value.is_some().then_some(name));
                    continue;
                }
            }
        }
        let line = shown(value.as_ref()).map(|value| format!("{name}={value}\n"));
        match line.filter(|line| (lines.text.len() + line.len()) as u64 <= bytes) {
            Some(line) => lines.text.push_str(&line),
            None => lines.left_out.push(name),
        }
    }
    lines
}

fn variable(name: &str) -> String {
    format!("ROLLBACK_{}", name.replace('-', "_").to_uppercase())
}

/// A value as its line shows it. None where the value would not arrive as it is.
fn shown(value: Option<&Value>) -> Option<String> {
    let text = match value {
        None => String::new(),
        Some(Value::Text(text)) => text.clone(),
        Some(Value::List(list)) => join(list)?,
    };
    Some(text).filter(|text| is_safe(text))
}

/// A list that can be split at its commas again. None where an item would not survive that.
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
