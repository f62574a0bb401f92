//! The parts of a dialect of the log.

/// How a log viewer is spoken to: functions from facts to lines, without a memory of their own.
pub(super) struct Dialect {
    /// The line that begins a part that people can fold away.
    pub(super) begin: fn(number: u32, title: &str) -> String,
    /// The line that ends it, if there is one.
    pub(super) end: fn(number: u32) -> Option<String>,
    /// A message.
    pub(super) message: fn(&Message<'_>) -> String,
    /// The line that makes the viewer hide a text, where the viewer can do that. Elsewhere it would show
    /// the text.
    pub(super) mask: Option<fn(secret: &str) -> String>,
    /// Whether colours are shown although the output is no terminal.
    pub(super) shows_colours: bool,
}

/// A message that stands out from the facts.
pub(super) struct Message<'a> {
    pub(super) level: Level,
    /// How the run ended, in a few words; only an error has a title.
    pub(super) title: &'a str,
    /// The first line says what happened; the others are facts.
    pub(super) text: &'a str,
    pub(super) is_coloured: bool,
}

/// The news that a message brings.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Level {
    /// The good end.
    Success,
    /// Good, and not as usual.
    Notice,
    /// Something that people should know, and that stops nothing.
    Warning,
    /// Something that failed.
    Error,
}
