//! The arguments. None is needed, and where a runner writes them, none is obeyed.

use std::ffi::{OsStr, OsString};
use std::path::Path;

/// The wish that the arguments express.
#[derive(Debug, PartialEq, Eq)]
pub enum Arguments {
    /// The rollback. `ignored` says whether there were arguments all the same.
    Run {
        /// Whether there were any.
        ignored: bool,
    },
    /// The version.
    Version,
    /// The usage.
    Help,
    /// A command that some runner expects this image to run.
    Command,
}

impl Arguments {
    /// Reads the arguments behind the program's name. In an action, the `args` of a step arrive here:
    /// they must not turn a rollback into something else that looks like success.
    pub fn read(arguments: impl IntoIterator<Item = OsString>, is_action: bool) -> Self {
        let arguments: Vec<OsString> = arguments.into_iter().collect();
        if arguments.iter().any(|argument| is_command(argument)) {
            return Self::Command;
        }
        match (arguments.first().map(|first| first.to_str()), is_action) {
            (None, _) => Self::Run { ignored: false },
            (Some(Some("--version" | "-V")), false) => Self::Version,
            (Some(Some("--help" | "-h")), false) => Self::Help,
            _ => Self::Run { ignored: true },
        }
    }
}

/// Whether an argument belongs to a command with which runners start a container that they then run
/// scripts in: a shell and its `-c` (GitLab, Woodpecker), or something that waits (Jenkins,
/// Kubernetes).
fn is_command(argument: &OsStr) -> bool {
    const COMMANDS: &str =
        "sh ash bash dash fish ksh mksh zsh pwsh powershell busybox env cat sleep tail";
    let name = Path::new(argument).file_name().and_then(OsStr::to_str).unwrap_or_default();
    match name.strip_prefix('-') {
        Some(flags) => flags.ends_with('c') && !flags.starts_with('-'),
        None => COMMANDS.split(' ').any(|command| command == name),
    }
}
