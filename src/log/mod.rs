//! The log: lines for people, while the run goes on and at its end, in the dialect of the log viewer.
//!
//! Facts go to standard output; whatever went wrong goes to standard error. Every foreign text passes the
//! redaction and [`one_line`] here, so that no line tells a secret, and none acts on a runner or a
//! terminal. Facts that are to be compared stand in columns. A dialect is one file: [`plain`], [`github`],
//! [`gitlab`], [`azure`], [`teamcity`].

pub mod azure;
pub mod dialect;
pub mod github;
pub mod gitlab;
pub mod plain;
pub mod teamcity;

use crate::log::dialect::{Dialect, Level, Message, Section};
use crate::model::Outcome;
use crate::process::env::ProcessEnv;
use crate::process::place::{Place, Viewer};
use crate::text::{
    redaction::Redaction,
    row::Row,
    sanitize::{SHOWN_CHARACTERS, one_line},
};
use std::{io::Write, rc::Rc};
use unicode_width::UnicodeWidthStr;

/// The width of the labels of facts.
const LABEL_WIDTH: usize = 17;
/// The most characters of a fact.
const FACT_CHARACTERS: usize = 1_000;
/// The most characters of a line whose cells are aligned with those of other lines.
const LINE_CHARACTERS: usize = 110;
/// What stands between two cells.
const GAP: &str = "  ";
/// The most characters of the line that says what went wrong.
const ERROR_CHARACTERS: usize = 1_500;

/// The log of one run.
pub struct Log<'a> {
    dialect: &'static Dialect,
    is_coloured: bool,
    redaction: Rc<Redaction>,
    section: Section,
    /// The first error, with its title.
    error: Option<String>,
    out: &'a mut dyn Write,
    err: &'a mut dyn Write,
}

impl<'a> Log<'a> {
    /// A log for the viewer of a place, on two streams. `is_terminal` says whether a person watches
    /// them. Colours are as `NO_COLOR` and `FORCE_COLOR` say.
    pub fn new(
        variables: &ProcessEnv,
        place: &Place,
        is_terminal: bool,
        out: &'a mut dyn Write,
        err: &'a mut dyn Write,
    ) -> Self {
        let dialect = match place.viewer {
            Viewer::Plain => &plain::PLAIN,
            Viewer::GitHub => &github::GITHUB,
            Viewer::Gitea => &github::GITEA,
            Viewer::GitLab => &gitlab::GITLAB,
            Viewer::Buildkite => &plain::BUILDKITE,
            Viewer::Azure => &azure::AZURE,
            Viewer::TeamCity => &teamcity::TEAMCITY,
        };
        let is_forced =
            variables.text("FORCE_COLOR").is_some_and(|value| value != "0" && value != "false");
        let is_wanted = is_forced || is_terminal || place.shows_colours;
        let is_coloured = is_wanted && variables.text("NO_COLOR").is_none();
        let redaction = Rc::default();
        Self { dialect, is_coloured, redaction, section: Section::default(), error: None, out, err }
    }

    /// Writes no secret from here on.
    pub fn redact(&mut self, redaction: Rc<Redaction>) {
        self.redaction = redaction;
    }

    /// Writes a text of our own as it is.
    pub fn say(&mut self, text: &str) {
        write_line(self.out, text);
    }

    /// Makes the viewer hide a secret from here on, where the viewer can do that.
    pub fn mask(&mut self, secret: &str) {
        if let Some(line) = (self.dialect.mask)(secret) {
            write_line(self.out, &line);
        }
    }

    /// Begins a part that people can fold away.
    pub fn begin(&mut self, title: &str) {
        let title = self.shown(title, SHOWN_CHARACTERS);
        self.section = Section { number: self.section.number + 1, title };
        write_line(self.out, &(self.dialect.begin)(&self.section));
    }

    /// Ends the part.
    pub fn end(&mut self) {
        if let Some(line) = (self.dialect.end)(&self.section) {
            write_line(self.out, &line);
        }
    }

    /// Writes facts.
    pub fn rows(&mut self, rows: &[Row]) {
        for line in self.lines(rows, FACT_CHARACTERS) {
            write_line(self.out, &line);
        }
    }

    /// Writes facts of which this is the only copy, beside the error that says so.
    pub fn rows_in_full(&mut self, rows: &[Row]) {
        for line in self.lines(rows, usize::MAX) {
            write_line(self.err, &line);
        }
    }

    /// The good end.
    pub fn success(&mut self, text: &str) {
        let line = self.message(Level::Success, &self.shown(text, SHOWN_CHARACTERS));
        write_line(self.out, &line);
    }

    /// Something that is good, and not as usual.
    pub fn notice(&mut self, text: &str) {
        let line = self.message(Level::Notice, &self.shown(text, FACT_CHARACTERS));
        write_line(self.out, &line);
    }

    /// Something that people should know, and that stops nothing.
    pub fn warning(&mut self, text: &str) {
        let line = self.message(Level::Warning, &self.shown(text, FACT_CHARACTERS));
        let stream = if self.dialect.warns_on_stdout { &mut self.out } else { &mut self.err };
        write_line(*stream, &line);
    }

    /// Something that failed: one line that says why and what to do, and facts.
    pub fn error(&mut self, title: &str, text: &str, rows: &[Row]) {
        let text = self.shown(text, ERROR_CHARACTERS);
        let error = format!("{title}: {text}");
        let lines = [vec![text], self.lines(rows, FACT_CHARACTERS)].concat().join("\n");
        let message = self.message(Level::Error { title }, &lines);
        write_line(self.err, &message);
        self.error.get_or_insert(error);
    }

    /// Whether the viewer hands outputs on to later steps.
    pub fn hands_on(&self) -> bool {
        self.dialect.output.is_some()
    }

    /// Hands an output on to later steps, where the viewer can do that. The value must be harmless.
    pub fn hand_on(&mut self, name: &str, value: &str) {
        if let Some(output) = self.dialect.output {
            write_line(self.out, &output(name, value));
        }
    }

    /// Tells the viewer how the run ended, where the viewer knows a failure only if it is told.
    pub fn close(&mut self, outcome: Outcome) {
        let failure = self.dialect.failure.filter(|_| outcome.exit_code() != 0);
        if let (Some(failure), Some(error)) = (failure, &self.error) {
            write_line(self.out, &failure(outcome.name(), error));
        }
    }

    fn message(&self, level: Level<'_>, text: &str) -> String {
        let (is_coloured, is_first_error) = (self.is_coloured, self.error.is_none());
        (self.dialect.message)(&Message { level, text, is_coloured, is_first_error })
    }

    /// A line for each row. Rows of several cells are aligned with each other, and fit on a screen.
    fn lines(&self, rows: &[Row], most: usize) -> Vec<String> {
        let cells = |row: &Row| row.cells.iter().map(|cell| self.shown(cell, most)).collect();
        let mut cells: Vec<Vec<String>> = rows.iter().map(cells).collect();
        align(&mut cells);
        let label = rows.iter().map(|row| row.label.len()).fold(LABEL_WIDTH, usize::max);
        let line = |(row, cells): (&Row, Vec<String>)| {
            format!("  {:label$} {}", row.label, cells.join(GAP)).trim_end().to_owned()
        };
        rows.iter().zip(cells).map(line).collect()
    }

    /// Redacted before it is cut, as half a secret is one, too.
    fn shown(&self, text: &str, most: usize) -> String {
        one_line(&self.redaction.apply(text), most)
    }
}

/// Makes the cells of a column equally wide, in all rows of several cells. Where a line would be longer than
/// [`LINE_CHARACTERS`], the widest columns are cut, but never the first: it has what is to be copied.
fn align(rows: &mut [Vec<String>]) {
    let is_aligned = |cells: &Vec<String>| cells.len() > 1;
    let mut widths: Vec<usize> = Vec::new();
    for cells in rows.iter().filter(|cells| is_aligned(cells)) {
        widths.resize(widths.len().max(cells.len()), 0);
        for (width, cell) in widths.iter_mut().zip(cells) {
            *width = cell.width().max(*width);
        }
    }
    let gaps = GAP.len() * widths.len().saturating_sub(1);
    let around = "  ".len() + LABEL_WIDTH + " ".len() + gaps;
    while around + widths.iter().sum::<usize>() > LINE_CHARACTERS {
        let Some(widest) = widths.iter_mut().skip(1).max().filter(|width| **width > 1) else {
            break;
        };
        *widest -= 1;
    }
    for cells in rows.iter_mut().filter(|cells| is_aligned(cells)) {
        for (cell, width) in cells.iter_mut().zip(&widths) {
            *cell = padded(cell, *width);
        }
    }
}

/// A text on exactly so many columns of a screen: a letter of Chinese or Japanese takes two.
fn padded(text: &str, columns: usize) -> String {
    let mut most = text.chars().count();
    let mut shown = text.to_owned();
    while shown.width() > columns && most > 0 {
        most -= 1;
        shown = one_line(text, most);
    }
    let room = columns.saturating_sub(shown.width());
    shown + &" ".repeat(room)
}

/// A closed stream must not stop a rollback, nor hide its exit code.
fn write_line(stream: &mut dyn Write, line: &str) {
    let _ = stream.write_all(format!("{line}\n").as_bytes()).and_then(|()| stream.flush());
}
