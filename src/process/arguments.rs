//! The arguments. None is needed, and none but `--version` and `--help` is obeyed.

use std::ffi::{OsStr, OsString};
use std::path::Path;

/// The wish that the arguments express.
#[derive(Debug, PartialEq, Eq)]
pub enum Arguments {
    /// The rollback: there are no arguments.
    Run,
    /// The version.
    Version,
    /// The usage.
    Help,
    /// A command that some runner expects this image to run.
    Command,
    /// Anything else: the first argument, which somebody takes for an input, perhaps.
    Unknown(String),
}

impl Arguments {
    /// Reads the arguments behind the program's name. In an action, the `args` of a step arrive here:
    /// `--version` must not turn a rollback into something else that looks like success.
    pub fn read(arguments: impl IntoIterator<Item = OsString>, is_action: bool) -> Self {
        let arguments: Vec<OsString> = arguments.into_iter().collect();
        if arguments.iter().any(|argument| is_command(argument)) {
            return Self::Command;
        }
        let Some(first) = arguments.first() else { return Self::Run };
        match first.to_str() {
            Some("--version" | "-V") if !is_action => Self::Version,
            Some("--help" | "-h") if !is_action => Self::Help,
            _ => Self::Unknown(first.to_string_lossy().into_owned()),
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
