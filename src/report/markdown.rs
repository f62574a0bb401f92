//! The summary of a step, in GitHub-flavoured Markdown, for somebody on call who reads it on a phone.
//!
//! Prose stands outside of tables, as only prose wraps. Deployments go by their messages and the beginnings of
//! their versions. Whole ids and hashes stand in a part that is folded away.

use crate::model::{
    Counts, Deployment, Effect, Kind, Outcome, Record, Rollback, TestRuns, TestsOutcome,
    Verification,
};
use crate::report::markdown_text::{escape, escape_cell};
use crate::report::{Report, diagnostic::Diagnostic};

/// The most characters of a message in the heading and in tables.
pub(super) const TITLE_CHARACTERS: usize = 60;

/// Words of our own with which a problem begins.
const OPENINGS: [&str; 9] =
    ["a", "agent", "cancelled", "deployment", "nobody", "nothing", "running", "the", "what"];

/// A heading, what it means, what to do, what there is to choose from, and everything else folded away.
pub fn write(report: &Report<'_>) -> String {
    let page = Page { report };
    let lacking = if is_internal_error(report) { ", but outputs could not be written" } else { "" };
    let heading = format!("### {} {}", sign(report), page.text(&(ending(report) + lacking)));
    let mut parts = vec![heading];
    match &report.diagnostic {
        Some(diagnostic) => parts.extend(page.failure(diagnostic)),
        None => parts.extend(page.success()),
    }
    parts.push(page.details());
    parts.join("\n\n") + "\n\n"
}

fn sign(report: &Report<'_>) -> &'static str {
    match (&report.diagnostic, report.effect) {
        _ if is_internal_error(report) => "⚠️",
        (None, _) => match (report.outcome, &report.record.verification) {
            (Outcome::Previewed, _) => "🔍",
            (Outcome::Unchanged, _) => "➖",
            (_, Some(Verification::Unseen(_))) => "⚠️",
            _ => "✅",
        },
        (Some(_), Effect::Unchanged) if report.outcome == Outcome::AlreadyRolledBack => "✋",
        (Some(_), Effect::Unchanged) => "❌",
        (Some(_), Effect::Done) => "⚠️",
        (Some(_), Effect::Unknown | Effect::Accepted) => "❓",
    }
}

/// Whether the job fails only because outputs could not be written.
pub(super) fn is_internal_error(report: &Report<'_>) -> bool {
    report.lacks_outputs && report.diagnostic.is_none()
}

/// The end in a few words, but for the outputs.
fn ending(report: &Report<'_>) -> String {
    let (there, title) = (report.there(), report.title(TITLE_CHARACTERS));
    let back = match report.is_seen() {
        true => format!("{there} is back on {title}"),
        false => format!("{there} was rolled back to {title}"),
    };
    let tests = report.record.tests.as_ref();
    match (report.outcome, &report.diagnostic) {
        (Outcome::TestsFailed, _) => match tests.and_then(TestRuns::counts) {
            Some(Counts { total, failed, errored, .. }) => {
                let errored = match errored {
                    0 => String::new(),
                    _ => format!(", and {errored} could not be run"),
                };
                format!("{back}, but {failed} of {total} test cases failed{errored}")
            }
            None => format!("{back}, but tests failed"),
        },
        (Outcome::TestsUnknown, _) => format!("{back}, but nobody knows whether tests passed"),
        (_, Some(diagnostic)) => diagnostic.title.clone(),
        (Outcome::Unchanged, None) => match &report.record.plan.current {
            Some(current) => {
                format!("{there} is on {} already", report.names.title(current, TITLE_CHARACTERS))
            }
            None => format!("{there} is on that version already"),
        },
        (Outcome::Previewed, None) => {
            format!("Dry run, nothing changed: {there} would go back to {title}")
        }
        (_, None) => back,
    }
}

/// The summary of a report, at work.
pub(super) struct Page<'a> {
    pub(super) report: &'a Report<'a>,
}

impl Page<'_> {
    /// Text that means itself and nothing else.
    pub(super) fn text(&self, text: &str) -> String {
        escape(&self.report.context.redaction.apply(text))
    }

    /// The same in a table.
    pub(super) fn cell(&self, text: &str) -> String {
        escape_cell(&self.report.context.redaction.apply(text))
    }

    /// A value to recognise or to copy.
    pub(super) fn code(&self, text: &str) -> String {
        format!("<code>{}</code>", self.text(text))
    }

    /// The message and the short version of a deployment.
    pub(super) fn named(&self, deployment: &Deployment) -> String {
        let names = &self.report.names;
        let code = self.code(&names.short(deployment));
        match names.message(deployment, TITLE_CHARACTERS) {
            Some(message) => format!("{} {code}", self.cell(&message)),
            None => code,
        }
    }

    /// What was done, from what to what, and what that leaves open.
    fn success(&self) -> Vec<String> {
        let Report { record, outcome, .. } = self.report;
        let mut parts = Vec::new();
        if is_internal_error(self.report) {
            parts.push(self.what_to_do(self.report.without_outputs()));
        }
        match outcome {
            Outcome::Previewed => {
                let still = self.still().unwrap_or_default();
                let dry_run = self.code(&self.report.context.spell("dry-run"));
                parts.push(format!("**Nothing was changed.**{still}"));
                parts.push(format!(
                    "**What to do**: to roll back, run the job again without {dry_run}."
                ));
            }
            Outcome::Unchanged => parts.push("**Nothing was changed.**".to_owned()),
            _ => parts.extend(self.since()),
        }
        parts.extend(self.change());
        parts.extend(record.rollback.as_ref().map(|rollback| self.tests(rollback)));
        parts.extend(self.reason());
        parts.extend(self.next_deployment());
        parts
    }

    /// What brings the bad version back. Nothing where a deployment came back and nothing but rollbacks was undone:
    /// then a rollback was a mistake, and the change is wanted.
    fn next_deployment(&self) -> Option<String> {
        let Record { rollback, plan, .. } = self.report.record;
        let is_deployed = |deployment: &Deployment| deployment.kind != Kind::RolledBack;
        let is_deployment = plan.target.as_ref().is_some_and(is_deployed);
        let is_bad = !is_deployment || plan.undone.iter().any(is_deployed);
        rollback.as_ref().filter(|_| is_bad).map(|_| {
            "**Before the next deployment**: the draft and <code>main</code> may still hold the bad change. Take it \
             out there, or the next deployment brings it back."
                .to_owned()
        })
    }

    /// Since when the version is active, as far as that was seen.
    fn since(&self) -> Option<String> {
        let made = self.report.record.made()?;
        let named = self.named(self.report.record.plan.target.as_ref().unwrap_or(made));
        if !self.report.is_seen() {
            return Some(format!(
                "The API has accepted {named}. Whether it is active was not seen."
            ));
        }
        let time = made.created().and_then(|time| self.report.names.day_and_time(time));
        let since = time.map(|time| format!(" since {}", self.text(&time))).unwrap_or_default();
        Some(format!("{named} has been active again{since}."))
    }

    fn tests(&self, rollback: &Rollback) -> String {
        let triggered = rollback.test_run_ids.len();
        let text = match self.report.tests_outcome() {
            Some(TestsOutcome::NotAwaited) if triggered > 0 => {
                format!(
                    "{triggered} test runs were triggered. This job has not waited for them: see Agent Studio."
                )
            }
            Some(TestsOutcome::NotAwaited) if !rollback.are_all_runs_known => {
                "Whether tests were triggered is not known.".to_owned()
            }
            Some(TestsOutcome::NotAwaited | TestsOutcome::None) | None => {
                "No tests were triggered, so nothing was tested.".to_owned()
            }
            Some(_) => {
                self.report.record.tests.as_ref().map(TestRuns::progress).unwrap_or_default() + "."
            }
        };
        format!("🧪 {}", self.text(&text))
    }

    fn reason(&self) -> Option<String> {
        let request = &self.report.context.task?.request;
        let reason = Some(&request.message).filter(|_| request.has_reason)?;
        Some(format!("Reason that was given: “{}”", self.text(reason)))
    }

    /// What was and was not done, why, what to do, and what there is to choose from.
    fn failure(&self, diagnostic: &Diagnostic) -> Vec<String> {
        let state = self.state().unwrap_or_default();
        let mut parts = vec![format!("**{}**{state}", diagnostic.effect_sentence)];
        // The heading and the table of cases say it already.
        if self.report.outcome != Outcome::TestsFailed {
            parts.extend(diagnostic.problems.iter().map(|problem| self.sentence(problem)));
        }
        parts.extend(diagnostic.help.iter().map(|help| self.what_to_do(help)));
        parts.extend(self.candidates(diagnostic));
        parts.extend(self.failed_cases());
        parts.extend(self.next_deployment().filter(|_| self.report.effect == Effect::Done));
        parts
    }

    /// The next step.
    fn what_to_do(&self, help: &str) -> String {
        let end = if help.ends_with('?') { "" } else { "." };
        format!("**What to do**: {}{end}", self.text(help))
    }

    /// What was active, where nothing was done.
    fn still(&self) -> Option<String> {
        let Report { record, names, context, .. } = self.report;
        let current = self.named(record.plan.current.as_ref()?);
        let time = names.day_and_time(context.started)?;
        Some(format!(" At {time}, {} was on {current}.", self.report.there()))
    }

    /// The state of production after a failure, as far as this run saw it.
    fn state(&self) -> Option<String> {
        let Report { record, effect, .. } = self.report;
        let there = self.report.there();
        let (current, target) = (record.plan.current.as_ref(), record.plan.target.as_ref());
        let before = current.map(|current| self.named(current));
        let wanted = target.map(|target| self.named(target));
        Some(match effect {
            Effect::Unchanged => return self.still(),
            Effect::Unknown | Effect::Accepted => {
                format!(" Before it, {there} was on {}. The target is {}.", before?, wanted?)
            }
            Effect::Done if self.report.is_seen() => {
                let undone = before.map(|before| format!("; {before} is undone"));
                let made = record.made()?;
                format!(
                    " {} is active{}.",
                    self.named(target.unwrap_or(made)),
                    undone.unwrap_or_default()
                )
            }
            Effect::Done => {
                let before = before.map(|before| format!(" Before it, {there} was on {before}."));
                format!(" The API has accepted {}.{}", wanted?, before.unwrap_or_default())
            }
        })
    }

    /// A text as a paragraph of its own, which no list or other block begins with. A word that somebody may copy
    /// gets no capital letter.
    fn sentence(&self, text: &str) -> String {
        let text = self.text(text);
        let word = text.split(' ').next().unwrap_or_default();
        let mut characters = text.chars();
        let first = match characters.next() {
            Some(first) if OPENINGS.contains(&word) => first.to_uppercase().to_string(),
            // A digit begins a list only before one of these.
            Some(first) if first.is_ascii_digit() && !text.contains(['.', ')']) => {
                first.to_string()
            }
            Some(first) if !first.is_alphabetic() && first != '&' => {
                format!("&#{};", u32::from(first))
            }
            first => first.map(String::from).unwrap_or_default(),
        };
        let end = if text.ends_with(['.', '?']) { "" } else { "." };
        format!("{first}{}{end}", characters.as_str())
    }
}
