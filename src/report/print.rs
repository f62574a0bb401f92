//! The report in the log.

use crate::log::Log;
use crate::model::{Outcome, Rollback, TestsOutcome, Verification};
use crate::report::Report;

/// Tells how the run ended. A rollback that was told before the wait for its tests is not told again.
pub fn end(report: &Report<'_>, log: &mut Log<'_>) {
    match (&report.diagnostic, &report.record.tests) {
        (None, Some(tests)) if tests.outcome() == TestsOutcome::None => {
            log.notice("the rollback triggered no tests, so nothing was tested");
        }
        (None, Some(tests)) => log.success(&format!("Tests passed: {}", tests.progress())),
        _ => rollback(report, log),
    }
}

/// Tells how the rollback ended.
pub fn rollback(report: &Report<'_>, log: &mut Log<'_>) {
    let record = report.record;
    let Some(diagnostic) = &report.diagnostic else {
        log.success(&report.headline());
        if record.rollback.is_some() {
            log.begin("Ids and times");
            log.rows(&report.closing_rows());
            log.end();
        }
        if let Some(Verification::Unseen(why)) = &record.verification {
            log.warning(&format!("nobody knows yet whether the new deployment is active: {why}"));
        }
        if let Some(Rollback { established: Some(how), .. }) = &record.rollback {
            log.notice(how);
        }
        return;
    };
    let mut rows = report.failure_rows();
    // Before the wait for the tests, the rollback was told already.
    match &record.tests {
        Some(tests) => rows.extend(tests.rows()),
        None => rows.extend(report.closing_rows()),
    }
    // The facts stand once, below the last line.
    let lines = diagnostic.lines();
    for (place, line) in lines.iter().enumerate() {
        let is_last = place + 1 == lines.len();
        log.error(&diagnostic.headline, line, if is_last { &rows } else { &[] });
    }
}

/// Tells a failure outside of the work of a step. `text` says what happened and what to do. Returns how the run ends.
pub fn failure(outcome: Outcome, text: &str, log: &mut Log<'_>) -> Outcome {
    log.error(&format!("Not rolled back ({})", outcome.name()), text, &[]);
    outcome
}
