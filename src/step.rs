//! One step of a pipeline: reads the inputs, rolls back, waits for the tests, and tells all of it.

use crate::VERSION;
use crate::agents_api::http::{Client, Stage};
use crate::agents_api::tls;
use crate::inputs;
use crate::inputs::variables::Variables;
use crate::log::Log;
use crate::model::failure::Failure;
use crate::model::outcome::Outcome;
use crate::model::record::Course;
use crate::model::rollback_request::Request;
use crate::process::env::Environment;
use crate::process::place::Pipeline;
use crate::process::signals::Signals;
use crate::report::files::Destinations;
use crate::report::{Frame, Report};
use crate::rollback;
use crate::rollback::deadline::Budget;
use crate::rollback::engine::Session;
use crate::rollback::wait_for_tests::{self, TestRuns, TestsOutcome};
use anyhow::Result;
use humantime::format_duration;
use std::rc::Rc;
use std::time::{Duration, Instant, SystemTime};

/// Runs the step. Returns how it ended.
pub async fn run(
    environment: &Environment,
    pipeline: &Pipeline,
    variables: &Variables,
    are_arguments_ignored: bool,
    log: &mut Log<'_>,
) -> Result<Outcome> {
    let mut signals = Signals::listen()?;
    // A clock before its own beginning cannot be written as a date.
    let started = SystemTime::now().max(SystemTime::UNIX_EPOCH);
    let reading = inputs::read(environment, variables, pipeline, started);
    if let Some(key) = &reading.api_key {
        log.mask(key);
    }
    let redaction = Rc::new(reading.redaction);
    log.redact(Rc::clone(&redaction));
    if are_arguments_ignored {
        log.warning("the arguments are ignored: everything is given in inputs");
    }
    for warning in &reading.warnings {
        log.warning(warning);
    }
    let (mut destinations, unwritable) =
        Destinations::open(environment, pipeline.family, variables, reading.files);

    let problems = [reading.problems, unwritable].concat();
    let ready = reading.request.zip(reading.api_key).filter(|_| problems.is_empty());
    let request = ready.as_ref().map(|(request, _)| request);
    let frame = Frame { started, pipeline, request, variables, redaction: Rc::clone(&redaction) };
    let mut course = Course::default();
    let (result, took) = match &ready {
        None => (Err(Failure::InvalidInput(problems)), Duration::ZERO),
        Some((request, key)) => {
            log.begin(&format!("{VERSION}: {}", request.headline()));
            log.rows(&request.rows());
            log.end();
            match Client::new(request, key, tls::roots(reading.authorities), redaction) {
                Err(error) => (Err(Failure::Internal(error)), Duration::ZERO),
                Ok(client) => {
                    let mut work =
                        Work { request, client, frame: &frame, signals: &mut signals, log };
                    work.roll_back(&mut course, &mut destinations).await
                }
            }
        }
    };
    let report = Report::new(&frame, took, &course, &result);
    match (&course.tests, &report.failure) {
        (Some(tests), None) => tell(tests, log),
        _ => log.report(&report),
    }
    Ok(destinations.write(&report, log))
}

/// What the work of a step needs.
struct Work<'a, 'log> {
    request: &'a Request,
    client: Client,
    frame: &'a Frame<'a>,
    signals: &'a mut Signals,
    log: &'a mut Log<'log>,
}

impl Work<'_, '_> {
    /// Rolls back, and lets the tests decide where they are waited for. Returns how it ended, and how
    /// long the rollback took.
    async fn roll_back(
        &mut self,
        course: &mut Course,
        destinations: &mut Destinations,
    ) -> (Result<Outcome, Failure>, Duration) {
        let begun = Instant::now();
        let Self { request, client, signals, log, .. } = self;
        let budget = Budget::start(request.timeout);
        let mut session = Session { request, client, budget, log };
        let result = rollback::perform(&mut session, course, signals).await;
        let took = begun.elapsed();
        let Some(rollback) = course.rollback.as_ref().filter(|_| result.is_ok()) else {
            return (result, took);
        };
        if !self.request.waits_for_tests {
            return (result, took);
        }
        course.tests = Some(TestRuns::new(&rollback.test_run_ids, rollback.are_all_runs_known));
        let report = Report::new(self.frame, took, course, &result);
        self.log.report(&report);
        destinations.hand_on(&report);
        match &mut course.tests {
            Some(tests) => (self.wait_for(tests).await, took),
            None => (result, took),
        }
    }

    async fn wait_for(&mut self, tests: &mut TestRuns) -> Result<Outcome, Failure> {
        if !tests.runs.is_empty() {
            let (count, most) = (tests.runs.len(), format_duration(self.request.tests_timeout));
            self.log.begin(&format!("waiting for {count} test runs, at most {most}"));
            let Self { request, client, signals, log, .. } = self;
            let signal = tokio::select! {
                biased;
                () = wait_for_tests::wait(tests, client, request, log) => None,
                signal = signals.next() => Some(signal),
            };
            self.log.end();
            if let Some(signal) = signal {
                return Err(Failure::Cancelled { signal, stage: Stage::Done });
            }
        }
        match tests.outcome() {
            TestsOutcome::Passed | TestsOutcome::None => Ok(Outcome::RolledBack),
            TestsOutcome::Failed => Err(Failure::TestsFailed),
            _ if tests.are_hidden() && !self.request.requires_tests => Ok(Outcome::RolledBack),
            _ => Err(Failure::TestsUnknown),
        }
    }
}

/// Tells how tests ended that do not make the step fail.
fn tell(tests: &TestRuns, log: &mut Log<'_>) {
    match tests.outcome() {
        TestsOutcome::Passed => log.success(&format!("Tests passed: {}", tests.progress())),
        TestsOutcome::None => log.notice("no tests were triggered, so none can have passed"),
        _ => log.warning(&format!("nobody knows whether tests passed: {}", tests.doubts())),
    }
}
