//! Lines of text, for a terminal and for every log viewer that shows what it gets; and the same with
//! Buildkite's groups.

use crate::log::dialect::{Dialect, Level, Message};

const GREEN: &str = "32;1";
const YELLOW: &str = "33;1";
const RED: &str = "31;1";

pub(super) const PLAIN: Dialect = Dialect {
    begin: |section| section.title.clone(),
    end: |_| None,
    message,
    mask: |_| None,
    output: None,
    failure: None,
    warns_on_stdout: false,
};

/// Buildkite's groups begin with a line and end where the next one begins. The last one is open, and so is
/// each that begins with `+++`.
pub(super) const BUILDKITE: Dialect = Dialect {
    begin: |section| format!("--- {}", section.title),
    message: |news| match news.level {
        Level::Error { title } if news.is_first_error => format!("+++ {title}\n{}", message(news)),
        _ => message(news),
    },
    ..PLAIN
};

/// A message that begins with its level.
pub(super) fn message(message: &Message<'_>) -> String {
    let text = message.text;
    let paint = |colour: &str, text: &str| match message.is_coloured {
        true => format!("\x1b[{colour}m{text}\x1b[0m"),
        false => text.to_owned(),
    };
    match message.level {
        Level::Success => paint(GREEN, text),
        Level::Notice => format!("{} {text}", paint(YELLOW, "notice:")),
        Level::Warning => format!("{} {text}", paint(YELLOW, "warning:")),
        Level::Error { title } => format!("{} {text}", paint(RED, &format!("error: {title}:"))),
    }
}
