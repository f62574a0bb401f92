//! `KEY=VALUE` lines: GitLab's dotenv report (`ci/parse_dotenv_artifact_service.rb`), which also serves
//! everyone else.

use crate::report::outputs::{LeftOut, Lines, Output, Value};
use std::collections::BTreeSet;

/// GitLab takes a report that is smaller than this.
const MAX_BYTES: u64 = 5 * 1024;
/// GitLab takes so many variables, unless the instance's owner says otherwise.
const MAX_VARIABLES: usize = 20;
const NO_ROOM: &str = "the file has no room for it";
const COMMA: &str = "an item of its list has a comma, which separates the items";

/// The room that is left in a file.
#[derive(Debug)]
pub struct Room {
    bytes: u64,
    variables: usize,
    /// The names that the file has already: the last line of a name counts.
    taken: BTreeSet<String>,
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

/// The outputs as `ROLLBACK_SOME_NAME=value` lines, with lists separated by commas. Left out are the values
/// that no file may hold, and those for which there is no room. A value that is not known or must not be
/// written is empty, so that a file that is kept does not seem to say what an earlier run said. Where there is
/// no room, those that are not known go first, without a word.
pub fn write(outputs: &[Output], room: Room) -> Lines {
    let Room { bytes, variables, taken } = room;
    let named = || outputs.iter().map(|output| (variable(&output.name), &output.value));
    let known = named().filter(|(name, value)| value.is_some() && !taken.contains(name)).count();
    let mut left = variables;
    let mut left_for_unknown = variables.saturating_sub(known);

    let mut lines = Lines::default();
    for (name, value) in named() {
        let (text, mut why) = match shown(value.as_ref()) {
            Ok(text) => (text, None),
            Err(why) => (String::new(), Some(why)),
        };
        let line = format!("{name}={text}\n");
        let is_known = value.is_some();
        let places = if is_known { &mut left } else { &mut left_for_unknown };
        let place = if taken.contains(&name) { Some(*places) } else { places.checked_sub(1) };
        let has_bytes = (lines.text.len() + line.len()) as u64 <= bytes;
        match place {
            Some(place) => {
                *places = place;
                match has_bytes {
                    true => lines.text.push_str(&line),
                    false => why = why.or(Some(NO_ROOM)),
                }
            }
            None if is_known => why = why.or(Some(NO_ROOM)),
            None => {}
        }
        lines.left_out.extend(why.map(|why| LeftOut { name, why }));
    }
    lines
}

fn variable(name: &str) -> String {
    format!("ROLLBACK_{}", name.replace('-', "_").to_uppercase())
}

/// A value as its line shows it, or why the line must not show it.
fn shown(value: Option<&Value>) -> Result<String, &'static str> {
    if let Some(why) = value.and_then(Value::problem) {
        return Err(why);
    }
    match value {
        Some(Value::List(list)) if list.iter().any(|item| item.contains(',')) => Err(COMMA),
        Some(Value::List(list)) => Ok(list.join(",")),
        Some(Value::Text(text)) => Ok(text.clone()),
        None => Ok(String::new()),
    }
}
