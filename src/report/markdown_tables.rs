//! The tables of the summary, and the list of everything that is folded away.

use crate::model::{Deployment, Outcome, TestRuns};
use crate::report::markdown::{Page, TITLE_CHARACTERS, is_internal_error};
use crate::report::{Report, diagnostic::Diagnostic};
use crate::text::row::Row;

/// The most deployments that are shown as undone.
const UNDONE_SHOWN: usize = 10;

impl Page<'_> {
    /// From what to what.
    pub(super) fn change(&self) -> Option<String> {
        let Report { record, outcome, .. } = self.report;
        let (active, undone) = match outcome {
            Outcome::Previewed => ("⏪ would come back", "⏹️ would be undone"),
            Outcome::Unchanged => ("▶️ active now", ""),
            _ if self.report.is_seen() => ("▶️ active now", "⏹️ undone"),
            _ => ("⏳ accepted", "⏹️ to be undone"),
        };
        let target = record.plan.target.as_ref()?;
        let mut rows = vec![self.change_row(active, target)];
        if *outcome != Outcome::Unchanged {
            let shown = record.plan.undone.iter().take(UNDONE_SHOWN);
            rows.extend(shown.map(|deployment| match outcome {
                Outcome::Previewed if record.plan.is_current(deployment) => {
                    self.change_row("▶️ active now, would be undone", deployment)
                }
                _ => self.change_row(undone, deployment),
            }));
            let more = record.plan.undone.len().saturating_sub(UNDONE_SHOWN);
            rows.extend((more > 0).then(|| format!("| {undone} | {more} more | |")));
        }
        Some(format!("| | deployment | deployed (UTC) |\n|---|---|---|\n{}", rows.join("\n")))
    }

    fn change_row(&self, label: &str, deployment: &Deployment) -> String {
        format!("| {label} | {} | {} |", self.named(deployment), self.when(deployment))
    }

    /// The time of a deployment, in a column whose head names the zone.
    fn when(&self, deployment: &Deployment) -> String {
        let when = self.report.names.when(deployment).unwrap_or_default();
        self.text(&when.replacen(" UTC", "", 1))
    }

    /// The deployments to choose from.
    pub(super) fn candidates(&self, diagnostic: &Diagnostic) -> Option<String> {
        if diagnostic.candidates.is_empty() {
            return None;
        }
        let names = &self.report.names;
        let rows = diagnostic.candidates.iter().map(|candidate| {
            let active = if candidate.is_active { ", active now" } else { "" };
            let environment = candidate.environment.unwrap_or_default();
            format!(
                "| {} | {environment}: {}{active} | {} |",
                self.code(&candidate.give),
                self.cell(&names.title(&candidate.deployment, TITLE_CHARACTERS)),
                self.when(&candidate.deployment),
            )
        });
        let rows: Vec<_> = rows.collect();
        Some(format!("| version | which is | deployed (UTC) |\n|---|---|---|\n{}", rows.join("\n")))
    }

    /// The test cases that failed.
    pub(super) fn failed_cases(&self) -> Option<String> {
        let runs = self.report.record.tests.iter().flat_map(|tests| &tests.runs);
        let cases =
            runs.filter_map(|watched| watched.run.as_ref()).flat_map(|run| &run.failed_cases);
        let rows: Vec<_> = cases
            .map(|case| {
                let sign = if case.is_errored { "💥" } else { "❌" };
                format!("| {sign} {} | {} |", self.cell(&case.name), self.cell(&case.why()))
            })
            .collect();
        (!rows.is_empty()).then(|| format!("| test case | why |\n|---|---|\n{}", rows.join("\n")))
    }

    /// Everything that machines and support ask for, folded away.
    pub(super) fn details(&self) -> String {
        let Report { record, context, outcome, .. } = self.report;
        let mut rows = self.report.failure_rows();
        rows.extend(self.report.closing_rows());
        rows.extend(record.tests.iter().flat_map(TestRuns::rows));
        rows.extend(record.plan.rows(&self.report.names));
        if let Some(task) = context.task {
            rows.push(Row::new("agent", task.request.agent_id.as_str()));
            rows.push(Row::new("asked for", task.request.target.as_str()));
        }
        rows.extend(context.rows());
        rows.push(Row::new("run", context.pipeline.describe()));
        let outcome =
            if is_internal_error(self.report) { Outcome::InternalError } else { *outcome };
        rows.push(Row::new("exit code", format!("{}, {}", outcome.exit_code(), outcome.name())));
        // A list, as its lines wrap wherever the screen ends.
        let rows = rows.iter().map(|row| format!("- {}: {}", row.label, self.text(&row.text())));
        let rows: Vec<_> = rows.collect();
        format!("<details><summary>Ids and details</summary>\n\n{}\n\n</details>", rows.join("\n"))
    }
}
