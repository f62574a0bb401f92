//! GitHub's workflow commands: lines that its runner acts on (`ActionCommand.cs`).

use crate::log::{
    dialect::{Dialect, Level, Message},
    plain,
};

pub(super) const GITHUB: Dialect = Dialect {
    begin: |section| command("group", "", &section.title),
    end: |_| Some("::endgroup::".to_owned()),
    message,
    mask: |secret| Some(command("add-mask", "", secret)),
    ..plain::PLAIN
};

/// Gitea's and Forgejo's runner shows people the line of a message as it is (`reporter.go`).
pub(super) const GITEA: Dialect = Dialect { message: plain::message, ..GITHUB };

/// An annotation: GitHub shows a message and its facts as one.
fn message(message: &Message<'_>) -> String {
    let text = message.text;
    match message.level {
        Level::Success | Level::Notice => command("notice", "polyai-rollback", text),
        Level::Warning => command("warning", "polyai-rollback", text),
        Level::Error { title } => command("error", &format!("polyai-rollback: {title}"), text),
    }
}

/// The command `::name title=…::data`, on one line.
pub fn command(name: &str, title: &str, data: &str) -> String {
    let data = escape_data(data);
    match title {
        "" => format!("::{name}::{data}"),
        title => format!("::{name} title={}::{data}", escape_property(title)),
    }
}

fn escape_data(text: &str) -> String {
    text.replace('%', "%25").replace('\r', "%0D").replace('\n', "%0A")
}

fn escape_property(text: &str) -> String {
    escape_data(text).replace(':', "%3A").replace(',', "%2C")
}
