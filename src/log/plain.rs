//! Lines of text, for a terminal and for every log viewer that shows what it gets.

use crate::log::dialect::{Dialect, Level, Message};

const GREEN: &str = "32;1";
const YELLOW: &str = "33;1";
const RED: &str = "31;1";

pub(super) const DIALECT: Dialect = Dialect {
    begin: |_, title| title.to_owned(),
    end: |_| None,
    message,
    mask: None,
    shows_colours: false,
};

/// A message that begins with its level.
pub(super) fn message(message: &Message<'_>) -> String {
    let Message { title, text, .. } = message;
    let paint = |colour: &str, text: &str| match message.is_coloured {
        true => format!("\x1b[{colour}m{text}\x1b[0m"),
        false => text.to_owned(),
    };
    match message.level {
        Level::Success => paint(GREEN, text),
        Level::Notice => format!("{} {text}", paint(YELLOW, "notice:")),
        Level::Warning => format!("{} {text}", paint(YELLOW, "warning:")),
        Level::Error => format!("{} {text}", paint(RED, &format!("error: {title}:"))),
    }
}
