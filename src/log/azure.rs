//! Azure's logging commands, which its agent looks for anywhere in a line of either stream (`Command.cs`).
//!
//! A command that the agent cannot carry out makes the step fail after a rollback was done. So there are only
//! those that need nothing outside of the line.

use crate::log::{
    dialect::{Dialect, Level, Message},
    plain,
};

pub(super) const AZURE: Dialect = Dialect {
    begin: |section| format!("##[group]{}", section.title),
    end: |_| Some("##[endgroup]".to_owned()),
    message,
    mask,
    output: Some(|name, value| {
        format!("##vso[task.setvariable variable={name};isOutput=true]{}", escape(value))
    }),
    ..plain::PLAIN
};

/// The fewest bytes of a secret that the agent is told. The agent would hide a shorter one in every word.
const FEWEST: usize = 6;

/// Errors and warnings are issues of the step, as one line each; the facts of an error stand below it. The
/// agent knows no other kind of issue, and fails the step for one.
fn message(message: &Message<'_>) -> String {
    let (first, facts) = message.text.split_once('\n').unwrap_or((message.text, ""));
    let line = match message.level {
        Level::Success | Level::Notice => return plain::message(message),
        Level::Warning => issue("warning", first),
        Level::Error { title } => issue("error", &format!("{title}: {first}")),
    };
    if facts.is_empty() { line } else { format!("{line}\n{facts}") }
}

/// An issue of the step: `error` or `warning`.
pub fn issue(kind: &str, text: &str) -> String {
    format!("##vso[task.logissue type={kind}]{}", escape(text))
}

/// Makes the agent hide a secret. Of a secret of several lines, the agent would hide every line.
pub fn mask(secret: &str) -> Option<String> {
    let can_be_hidden = secret.len() >= FEWEST && !secret.contains(['\r', '\n']);
    can_be_hidden.then(|| format!("##vso[task.setsecret]{}", escape(secret)))
}

/// As the agent's `CommandStringConvertor.cs` takes it back, `%` first.
fn escape(text: &str) -> String {
    let text = text.replace('%', "%AZP25").replace(';', "%3B");
    text.replace('\r', "%0D").replace('\n', "%0A").replace(']', "%5D")
}
