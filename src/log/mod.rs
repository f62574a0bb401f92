//! What people see while it happens, in the language of the pipeline's log viewer.
//!
//! Facts go to standard output; what went wrong goes to standard error. Every text passes the
//! redaction and [`one_line`] here, so that none of it tells a secret or acts on a runner or a
//! terminal.

pub mod github;
pub mod gitlab;

use crate::log::{github::command, gitlab as section};
use crate::model::rollback_request::Request;
use crate::process::env::Environment;
use crate::process::place::Family;
use crate::report::Report;
use crate::rollback::verify::Proof;
use crate::rollback::wait_for_tests::TestRuns;
use crate::text::api_key::ApiKey;
use crate::text::redaction::Redaction;
use crate::text::sanitize::{Row, SHOWN, one_line};
use std::io::Write;
use std::rc::Rc;
use std::time::SystemTime;

/// The width of the labels.
const LABEL: usize = 17;
/// The most characters of a fact, and of the line of an error.
const FACT: usize = 1_000;
const ERROR: usize = 1_500;
/// Goes back to the beginning of a line and empties it (ECMA-48).
const CLEAR: &str = "\r\x1b[K";
const GREEN: &str = "32;1";
const YELLOW: &str = "33;1";
const RED: &str = "31;1";

/// The log of one run.
pub struct Log<'a> {
    family: Family,
    colour: bool,
    redaction: Rc<Redaction>,
    /// Whether a person watches a terminal.
    is_live: bool,
    /// Whether the last line will be written over.
    has_live_line: bool,
    sections: u32,
    out: &'a mut dyn Write,
    err: &'a mut dyn Write,
}

impl<'a> Log<'a> {
    /// A log for a family of pipelines, on two streams. `is_terminal` says whether a person
    /// watches them. Colours are as `NO_COLOR` and `FORCE_COLOR` say; GitLab shows them too.
    pub fn new(
        environment: &Environment,
        family: Family,
        is_terminal: bool,
        out: &'a mut dyn Write,
        err: &'a mut dyn Write,
    ) -> Self {
        let is_forced =
            environment.text("FORCE_COLOR").is_some_and(|value| value != "0" && value != "false");
        let is_wanted = is_forced || is_terminal || family == Family::GitLab;
        let colour = is_wanted && environment.text("NO_COLOR").is_none();
        Self {
            family,
            colour,
            redaction: Rc::default(),
            is_live: is_terminal && family == Family::Other,
            has_live_line: false,
            sections: 0,
            out,
            err,
        }
    }

    /// Writes no secret from here on.
    pub fn redact(&mut self, redaction: Rc<Redaction>) {
        self.redaction = redaction;
    }

    /// Text of our own, as it is.
    pub fn say(&mut self, text: &str) {
        self.out(text);
    }

    /// Makes GitHub's runner hide the key from here on. Elsewhere this would print it.
    pub fn mask(&mut self, key: &ApiKey) {
        if self.family == Family::GitHub {
            self.out(&command("add-mask", "", key.reveal()));
        }
    }

    /// Begins a part that people can fold away.
    pub fn begin(&mut self, title: &str) {
        let title = self.shown(title, SHOWN);
        self.sections += 1;
        self.out(&match self.family {
            Family::GitHub => command("group", "", &title),
            Family::GitLab => section::start(SystemTime::now(), &self.section(), &title),
            Family::Other => title,
        });
    }

    /// Ends the part.
    pub fn end(&mut self) {
        match self.family {
            Family::GitHub => self.out("::endgroup::"),
            Family::GitLab => self.out(&section::end(SystemTime::now(), &self.section())),
            Family::Other => {}
        }
    }

    fn section(&self) -> String {
        format!("polyai_rollback_{}", self.sections)
    }

    /// A line that the next one replaces, on a terminal only.
    pub fn live(&mut self, text: &str) {
        if self.is_live {
            let text = self.shown(text, SHOWN);
            let _ = self.out.write_all(format!("{CLEAR}  {text}").as_bytes());
            let _ = self.out.flush();
            self.has_live_line = true;
        }
    }

    /// Facts.
    pub fn rows(&mut self, rows: &[Row]) {
        for (label, text) in rows {
            self.out(&self.row(label, text, FACT));
        }
    }

    /// Facts of which this is the only copy, beside the error that says so.
    pub fn rows_in_full(&mut self, rows: &[Row]) {
        for (label, text) in rows {
            self.err(&self.row(label, text, usize::MAX));
        }
    }

    /// How a run ended, or the rollback of one.
    pub fn report(&mut self, report: &Report<'_>) {
        let Some(failure) = &report.failure else {
            self.success(&report.headline());
            self.rows(&report.rows());
            if let Some(Proof::Unseen(why)) = &report.course.proof {
                self.warning(&format!(
                    "it could not be verified that the new deployment is active: {why}"
                ));
            }
            if let Some(how) =
                report.course.rollback.as_ref().and_then(|it| it.established.as_ref())
            {
                self.notice(how);
            }
            return;
        };
        let mut rows = report.rows();
        rows.extend(report.course.tests.iter().flat_map(TestRuns::rows));
        rows.extend(report.request.map(Request::correlation_row));
        let mut lines = failure.lines();
        let last = lines.pop().unwrap_or_default();
        for line in lines {
            self.error(&report.headline(), &line, &[]);
        }
        self.error(&report.headline(), &last, &rows);
    }

    /// The good end.
    pub fn success(&mut self, text: &str) {
        let text = self.shown(text, SHOWN);
        self.out(&match self.family {
            Family::GitHub => command("notice", "polyai-rollback", &text),
            _ => self.paint(GREEN, &text),
        });
    }

    /// Something that is not as usual, and good.
    pub fn notice(&mut self, text: &str) {
        let text = self.shown(text, FACT);
        self.out(&match self.family {
            Family::GitHub => command("notice", "polyai-rollback", &text),
            _ => format!("{} {text}", self.paint(YELLOW, "notice:")),
        });
    }

    /// Something that people should know, and that stops nothing.
    pub fn warning(&mut self, text: &str) {
        let text = self.shown(text, FACT);
        self.err(&match self.family {
            Family::GitHub => command("warning", "polyai-rollback", &text),
            _ => format!("{} {text}", self.paint(YELLOW, "warning:")),
        });
    }

    /// Something that failed: one line that says why and what to do, and facts. GitHub shows them
    /// as one annotation.
    pub fn error(&mut self, title: &str, text: &str, rows: &[Row]) {
        let mut text = self.shown(text, ERROR);
        for (label, value) in rows {
            text.push('\n');
            text.push_str(&self.row(label, value, FACT));
        }
        self.err(&match self.family {
            Family::GitHub => command("error", &format!("polyai-rollback: {title}"), &text),
            _ => format!("{} {text}", self.paint(RED, &format!("error: {title}:"))),
        });
    }

    fn paint(&self, colour: &str, text: &str) -> String {
        if self.colour { format!("\x1b[{colour}m{text}\x1b[0m") } else { text.to_owned() }
    }

    fn row(&self, label: &str, text: &str, most: usize) -> String {
        format!("  {label:LABEL$} {}", self.shown(text, most))
    }

    /// Redacted before it is cut, as half a secret is one, too.
    fn shown(&self, text: &str, most: usize) -> String {
        one_line(&self.redaction.apply(text), most)
    }

    fn clear(&mut self) {
        if std::mem::take(&mut self.has_live_line) {
            let _ = self.out.write_all(CLEAR.as_bytes()).and_then(|()| self.out.flush());
        }
    }

    // A closed stream must not stop a rollback, nor hide its exit code.
    fn out(&mut self, line: &str) {
        self.clear();
        let _ = self.out.write_all(format!("{line}\n").as_bytes()).and_then(|()| self.out.flush());
    }

    fn err(&mut self, line: &str) {
        self.clear();
        let _ = self.err.write_all(format!("{line}\n").as_bytes()).and_then(|()| self.err.flush());
    }
}
