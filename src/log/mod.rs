//! The log: lines for people, while the run goes on and at its end, in the dialect of the log viewer.
//!
//! Facts go to standard output; whatever went wrong goes to standard error. Every foreign text passes the
//! redaction and [`one_line`] here, so that no line tells a secret, and none acts on a runner or a
//! terminal. Facts that are to be compared stand in columns. A dialect is one file: [`plain`], [`github`], [`gitlab`].

pub mod dialect;
pub mod github;
pub mod gitlab;
pub mod plain;

use crate::log::dialect::{Dialect, Level, Message};
use crate::process::{env::ProcessEnv, place::Family};
use crate::text::{
    redaction::Redaction,
    row::Row,
    sanitize::{SHOWN_CHARACTERS, one_line},
};
use std::{io::Write, rc::Rc};

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
    sections: u32,
    out: &'a mut dyn Write,
    err: &'a mut dyn Write,
}

impl<'a> Log<'a> {
    /// A log for a family of log viewers, on two streams. `is_terminal` says whether a person watches
    /// them. Colours are as `NO_COLOR` and `FORCE_COLOR` say.
    pub fn new(
        variables: &ProcessEnv,
        family: Family,
        is_terminal: bool,
        out: &'a mut dyn Write,
        err: &'a mut dyn Write,
    ) -> Self {
        let dialect = match family {
            Family::GitHub => &github::DIALECT,
            Family::GitLab => &gitlab::DIALECT,
            Family::Other => &plain::DIALECT,
        };
        let is_forced =
            variables.text("FORCE_COLOR").is_some_and(|value| value != "0" && value != "false");
        let is_wanted = is_forced || is_terminal || dialect.shows_colours;
        let is_coloured = is_wanted && variables.text("NO_COLOR").is_none();
        Self { dialect, is_coloured, redaction: Rc::default(), sections: 0, out, err }
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
        if let Some(mask) = self.dialect.mask {
            write_line(self.out, &mask(secret));
        }
    }

    /// Begins a part that people can fold away.
    pub fn begin(&mut self, title: &str) {
        self.sections += 1;
        let title = self.shown(title, SHOWN_CHARACTERS);
        write_line(self.out, &(self.dialect.begin)(self.sections, &title));
    }

    /// Ends the part.
    pub fn end(&mut self) {
        if let Some(line) = (self.dialect.end)(self.sections) {
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
        let text = self.shown(text, SHOWN_CHARACTERS);
        let line = self.message(Level::Success, "", &text);
        write_line(self.out, &line);
    }

    /// Something that is good, and not as usual.
    pub fn notice(&mut self, text: &str) {
        let text = self.shown(text, FACT_CHARACTERS);
        let line = self.message(Level::Notice, "", &text);
        write_line(self.out, &line);
    }

    /// Something that people should know, and that stops nothing.
    pub fn warning(&mut self, text: &str) {
        let text = self.shown(text, FACT_CHARACTERS);
        let line = self.message(Level::Warning, "", &text);
        write_line(self.err, &line);
    }

    /// Something that failed: one line that says why and what to do, and facts.
    pub fn error(&mut self, title: &str, text: &str, rows: &[Row]) {
        let mut text = self.shown(text, ERROR_CHARACTERS);
        for line in self.lines(rows, FACT_CHARACTERS) {
            text.push('\n');
            text.push_str(&line);
        }
        let line = self.message(Level::Error, title, &text);
        write_line(self.err, &line);
    }

    fn message(&self, level: Level, title: &str, text: &str) -> String {
        (self.dialect.message)(&Message { level, title, text, is_coloured: self.is_coloured })
    }

    /// A line for each row. Rows of several cells are aligned with each other, and fit on a screen.
    fn lines(&self, rows: &[Row], most: usize) -> Vec<String> {
        let cells = |row: &Row| row.cells.iter().map(|cell| self.shown(cell, most)).collect();
        let mut cells: Vec<Vec<String>> = rows.iter().map(cells).collect();
        align(&mut cells);
        let line = |(row, cells): (&Row, Vec<String>)| {
            format!("  {:LABEL_WIDTH$} {}", row.label, cells.join(GAP)).trim_end().to_owned()
        };
        rows.iter().zip(cells).map(line).collect()
    }

    /// Redacted before it is cut, as half a secret is one, too.
    fn shown(&self, text: &str, most: usize) -> String {
        one_line(&self.redaction.apply(text), most)
    }
}

/// Makes the cells of a column equally wide, in all rows of several cells. Where a line would be longer than
/// [`LINE_CHARACTERS`], its longest column is cut.
fn align(rows: &mut [Vec<String>]) {
    let is_aligned = |cells: &Vec<String>| cells.len() > 1;
    let mut widths: Vec<usize> = Vec::new();
    for cells in rows.iter().filter(|cells| is_aligned(cells)) {
        widths.resize(widths.len().max(cells.len()), 0);
        for (width, cell) in widths.iter_mut().zip(cells) {
            *width = cell.chars().count().max(*width);
        }
    }
    let gaps = GAP.len() * widths.len().saturating_sub(1);
    let whole = "  ".len() + LABEL_WIDTH + " ".len() + widths.iter().sum::<usize>() + gaps;
    if let Some(longest) = widths.iter_mut().max() {
        *longest = longest.saturating_sub(whole.saturating_sub(LINE_CHARACTERS));
    }
    for cells in rows.iter_mut().filter(|cells| is_aligned(cells)) {
        for (cell, width) in cells.iter_mut().zip(&widths) {
            *cell = format!("{:width$}", one_line(cell, *width));
        }
    }
}

/// A closed stream must not stop a rollback, nor hide its exit code.
fn write_line(stream: &mut dyn Write, line: &str) {
    let _ = stream.write_all(format!("{line}\n").as_bytes()).and_then(|()| stream.flush());
}
