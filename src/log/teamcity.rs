//! TeamCity's service messages, for which the server promises to look on standard output alone.

use crate::log::{
    dialect::{Dialect, Level, Message},
    plain,
};

pub(super) const TEAMCITY: Dialect = Dialect {
    begin: |section| command("blockOpened", &[("name", &section.title)]),
    end: |section| Some(command("blockClosed", &[("name", &section.title)])),
    message,
    // The key is a password parameter there, which the server hides.
    mask: |_| None,
    output: Some(|name, value| {
        command("setParameter", &[("name", &format!("env.{name}")), ("value", value)])
    }),
    // The server makes the build fail for it. A description has at most 4,000 characters; an error of the
    // log has fewer, even if each of them is escaped.
    failure: Some(|outcome, text| {
        let identity = format!("polyai_{}", outcome.replace('-', "_"));
        command("buildProblem", &[("description", text), ("identity", &identity)])
    }),
    warns_on_stdout: true,
};

/// Only a warning is a command: there is none for good news, and an error is told once, at the end.
fn message(message: &Message<'_>) -> String {
    match message.level {
        Level::Warning => command("message", &[("text", message.text), ("status", "WARNING")]),
        _ => plain::message(message),
    }
}

/// The command `##teamcity[name key='value' …]`, on one line.
pub fn command(name: &str, values: &[(&str, &str)]) -> String {
    let values = values.iter().map(|(key, value)| format!(" {key}='{}'", escape(value)));
    format!("##teamcity[{name}{}]", values.collect::<String>())
}

/// As the documentation of service messages has it, `|` first.
fn escape(text: &str) -> String {
    let escapes = [
        ('|', "||"),
        ('\'', "|'"),
        ('\n', "|n"),
        ('\r', "|r"),
        ('[', "|["),
        (']', "|]"),
        ('\u{85}', "|x"),
        ('\u{2028}', "|l"),
        ('\u{2029}', "|p"),
    ];
    escapes.iter().fold(text.to_owned(), |text, (sign, escaped)| text.replace(*sign, escaped))
}
