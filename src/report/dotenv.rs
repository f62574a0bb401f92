//! `KEY=VALUE` lines: GitLab's dotenv report (`ci/parse_dotenv_artifact_service.rb`), which also serves
//! everyone else.

use crate::process::sink::Limits;
use crate::report::outputs::{LeftOut, Lines, Output};
use std::collections::BTreeSet;

const NO_ROOM: &str = "the file has no room for it";

/// The room that is left in a file.
#[derive(Debug)]
pub struct Room {
    bytes: u64,
    variables: usize,
    /// The names that the file has already: the last line of a name counts.
    taken: BTreeSet<String>,
}

impl Room {
    /// The room that limits leave beside what a file holds already, and a newline where one is lacking.
    pub fn beside(existing: &str, limits: Limits) -> Self {
        let name = |line: &str| line.split_once('=').map(|(name, _)| name.trim().to_owned());
        let taken: BTreeSet<_> = existing.lines().filter_map(name).collect();
        Self {
            bytes: limits.bytes.saturating_sub(existing.len() as u64 + 2),
            variables: limits.variables.saturating_sub(taken.len()),
            taken,
        }
    }
}

/// The outputs as `ROLLBACK_SOME_NAME=value` lines, with lists separated by commas. Left out are the values
/// that no file may hold, and those for which there is no room. A value that is not known or must not be
/// written is empty, so that a file that is kept does not seem to say what an earlier run said. Those that are not
/// known come last, and go without a word where there is no room.
pub fn write(outputs: &[Output], mut room: Room) -> Lines {
    let (known, unknown): (Vec<_>, Vec<_>) =
        outputs.iter().partition(|output| output.value.is_some());
    let mut lines = Lines::default();
    for output in known.into_iter().chain(unknown) {
        let name = output.variable();
        let (text, mut why) = match output.text() {
            Ok(text) => (text, None),
            Err(why) => (String::new(), Some(why)),
        };
        let line = format!("{name}={text}\n");
        let variables = usize::from(!room.taken.contains(&name));
        if room.bytes >= line.len() as u64 && room.variables >= variables {
            room.bytes -= line.len() as u64;
            room.variables -= variables;
            lines.text.push_str(&line);
        } else if output.value.is_some() {
            why = why.or(Some(NO_ROOM));
        }
        lines.left_out.extend(why.map(|why| LeftOut { name, why }));
    }
    lines
}
