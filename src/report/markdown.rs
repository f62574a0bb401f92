//! The summary of a step, in GitHub-flavoured Markdown.

use crate::model::{Effect, Outcome, TestRuns};
use crate::report::{Report, request_rows};
use crate::text::{row::Row, sanitize::one_line};

/// The most characters that one cell shows.
const CELL_CHARACTERS: usize = 1_000;

/// A headline, and a table of what came of the run, what was asked for, and by whom.
pub fn write(report: &Report<'_>) -> String {
    let shown = |text: &str| escape(&report.context.redaction.apply(text));
    let headline = shown(&report.headline());
    let mut text = format!("### {} {headline}\n\n| | |\n|---|---|\n", sign(report));
    for Row { label, text: value } in rows(report) {
        text.push_str(&format!("| {} | {} |\n", label, shown(&value)));
    }
    text.push('\n');
    text
}

fn sign(report: &Report<'_>) -> &'static str {
    match (&report.diagnostic, report.effect) {
        (None, _) if report.outcome == Outcome::Previewed => "🔍",
        (None, _) => "✅",
        (Some(_), Effect::Unchanged) => "❌",
        (Some(_), _) => "⚠️",
    }
}

fn rows(report: &Report<'_>) -> Vec<Row> {
    let mut rows = Vec::new();
    if let Some(diagnostic) = &report.diagnostic {
        let problems = diagnostic.problems.iter();
        rows.extend(problems.map(|problem| Row::new("what happened", problem.clone())));
        rows.extend(diagnostic.help.iter().map(|help| Row::new("what to do", help.clone())));
    }
    rows.extend(report.rows());
    rows.extend(report.record.tests.iter().flat_map(TestRuns::rows));
    rows.extend(report.record.plan.rows());
    rows.extend(report.context.task.into_iter().flat_map(request_rows));
    rows.push(Row::new("run", report.context.pipeline.describe()));
    rows
}

/// Text that means itself and nothing else in a cell or a heading of GitHub-flavoured Markdown and
/// in HTML: one line, in which every character that could be a part of some markup, or of an
/// address that becomes a link, is written as a character reference.
pub fn escape(text: &str) -> String {
    let line = one_line(text, CELL_CHARACTERS);
    let mut escaped = String::with_capacity(line.len());
    for (place, character) in line.char_indices() {
        let (before, from) = line.split_at(place);
        let is_markup = match character {
            ':' => from.starts_with("://"),
            '.' => before.to_lowercase().ends_with("www"),
            '\\' | '`' | '*' | '_' | '{' | '}' | '[' | ']' | '<' | '>' | '#' | '|' | '~' | '&'
            | '$' | '@' | '!' => true,
            _ => false,
        };
        if is_markup {
            escaped.push_str(&format!("&#{};", u32::from(character)));
        } else {
            escaped.push(character);
        }
        // A reference alone still becomes a link to an e-mail address; a comment keeps it apart.
        if character == '@' {
            escaped.push_str("<!-- -->");
        }
    }
    escaped
}
