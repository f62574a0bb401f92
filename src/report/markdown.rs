//! The summary of a step, in GitHub-flavoured Markdown.

use crate::model::outcome::{Effect, Outcome};
use crate::report::Report;
use crate::rollback::wait_for_tests::TestRuns;
use crate::text::sanitize::one_line;

/// The most characters that one cell shows.
const CELL: usize = 1_000;

/// A headline, and a table of what came of it, what was asked for, and by whom.
pub fn write(report: &Report<'_>) -> String {
    let failure = report.failure.as_ref();
    let sign = match (failure, report.effect) {
        (None, _) if report.outcome == Outcome::Previewed => "🔍",
        (None, _) => "✅",
        (Some(_), Effect::Unchanged) => "❌",
        (Some(_), _) => "⚠️",
    };
    let problems = failure.into_iter().flat_map(|failure| &failure.problems);
    let problems = problems.map(|problem| ("what happened", problem.clone()));
    let next = failure.and_then(|failure| Some(("what to do", failure.next.clone()?)));
    let plan = &report.course.plan;
    let tests = report.course.tests.iter().flat_map(TestRuns::rows);
    let asked = report.request.into_iter().flat_map(|request| request.rows());
    let run = [("run", report.pipeline.describe())];
    let came = problems.chain(next).chain(report.rows()).chain(tests);
    let rows = came.chain(plan.rows()).chain(asked).chain(run);

    let shown = |text: &str| escape(&report.redaction.apply(text));
    let mut text = format!("### {sign} {}\n\n| | |\n|---|---|\n", shown(&report.headline()));
    for (label, value) in rows {
        text.push_str(&format!("| {label} | {} |\n", shown(&value)));
    }
    text.push('\n');
    text
}

/// Text that means itself and nothing else in a cell or a heading of GitHub-flavoured Markdown and
/// in HTML: one line, in which every character that could be a part of some markup, or of an
/// address that becomes a link, is written as a character reference.
pub fn escape(text: &str) -> String {
    let line = one_line(text, CELL);
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
