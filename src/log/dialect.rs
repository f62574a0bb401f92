//! The parts of a dialect of the log.

/// How a log viewer is spoken to: functions from facts to lines, without a memory of their own.
pub(super) struct Dialect {
    /// The line that begins a part that people can fold away.
    pub(super) begin: fn(&Section) -> String,
    /// The line that ends it, if there is one.
    pub(super) end: fn(&Section) -> Option<String>,
    /// A message.
    pub(super) message: fn(&Message<'_>) -> String,
    /// The line that makes the viewer hide a text, where the viewer can do that. Elsewhere it would show
    /// the text.
    pub(super) mask: fn(secret: &str) -> Option<String>,
    /// The line that hands a harmless value on to later steps, where the viewer can do that.
    pub(super) output: Option<fn(name: &str, value: &str) -> String>,
    /// The line that says, at the end of a run that failed, how it ended and why, if there is one.
    pub(super) failure: Option<fn(outcome: &str, text: &str) -> String>,
    /// Whether warnings go to standard output, as they are commands, and the viewer looks for commands
    /// nowhere else.
    pub(super) warns_on_stdout: bool,
}

/// A part of the log that people can fold away.
#[derive(Default)]
pub(super) struct Section {
    /// The number of the section in this log, from 1 on.
    pub(super) number: u32,
    /// The title, which is safe to show.
    pub(super) title: String,
}

/// A message that stands out from the facts.
pub(super) struct Message<'a> {
    pub(super) level: Level<'a>,
    /// The first line says what happened; the others are facts.
    pub(super) text: &'a str,
    pub(super) is_coloured: bool,
    /// Whether no error came before.
    pub(super) is_first_error: bool,
}

/// The news that a message brings.
pub(super) enum Level<'a> {
    /// The good end.
    Success,
    /// Good, and not as usual.
    Notice,
    /// Something that people should know, and that stops nothing.
    Warning,
    /// Something that failed. The title says in a few words how the run ended.
    Error { title: &'a str },
}
