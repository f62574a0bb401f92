//! One step of a pipeline: reads the inputs, rolls back, waits for the tests, and tells all of it.
//!
//! The parts are called in the order of a run; the decisions are in `rollback`, the words in `report`.

use crate::agents_api::http::HttpAgentsApi;
use crate::inputs::{self, Task, variables::Variables};
use crate::log::Log;
use crate::model::{Failure, Outcome, Record, TestRuns};
use crate::process::{env::ProcessEnv, pipeline::Pipeline, random, signals::Signals};
use crate::report::{Report, context::Context, files::OutputFiles, print};
use crate::rollback;
use crate::rollback::engine::Engine;
use anyhow::Result;
use std::rc::Rc;
use std::time::{Duration, Instant, SystemTime};

/// The name and the version of this program.
pub const VERSION: &str = concat!(env!("CARGO_PKG_NAME"), " ", env!("CARGO_PKG_VERSION"));

/// Runs the step. Returns how it ended.
pub async fn run(
    process_env: &ProcessEnv,
    pipeline: &Pipeline,
    variables: &Variables,
    log: &mut Log<'_>,
) -> Result<Outcome> {
    let signals = Signals::listen()?;
    // A clock before its own beginning cannot be written as a date.
    let started = SystemTime::now().max(SystemTime::UNIX_EPOCH);
    let inputs = inputs::parse(process_env, variables, pipeline, started);
    // Wherever the place is only said to be another one, the line that masks the key would show it.
    if let Some(secret) = inputs.mask.as_ref().filter(|_| pipeline.place.is_here(process_env)) {
        log.mask(secret);
    }
    let redaction = Rc::new(inputs.redaction);
    log.redact(Rc::clone(&redaction));
    for warning in &inputs.warnings {
        log.warning(warning);
    }
    let (mut files, unwritable) =
        OutputFiles::open(process_env, pipeline.place, variables, inputs.files);
    let problems = [inputs.problems, unwritable].concat();

    let task = inputs.task.as_ref().filter(|_| problems.is_empty());
    let context = Context { started, pipeline, task, variables, redaction: &redaction };
    let mut record = Record::default();
    let (result, took) = match task {
        None => (Err(Failure::InvalidInput(problems)), Duration::ZERO),
        Some(task) => {
            log.begin(&format!("{VERSION}: {}", task.request.headline()));
            log.rows(&context.rows());
            log.end();
            match HttpAgentsApi::new(&task.request, &task.connection, Rc::clone(&redaction)) {
                Err(error) => (Err(Failure::Internal(format!("{error:#}"))), Duration::ZERO),
                Ok(api) => {
                    roll_back(&api, task, context, &mut record, &mut files, signals, log).await
                }
            }
        }
    };
    let report = Report::new(context, took, &record, &result);
    print::end(&report, log);
    Ok(files.write(report, log))
}

/// Rolls back, and lets the tests decide where they are waited for. Returns how the step ended, and how long
/// the rollback took.
async fn roll_back(
    api: &HttpAgentsApi,
    task: &Task,
    context: Context<'_>,
    record: &mut Record,
    files: &mut OutputFiles,
    mut signals: Signals,
    log: &mut Log<'_>,
) -> (Result<Outcome, Failure>, Duration) {
    let request = &task.request;
    let begun = Instant::now();
    let engine = Engine::start(request, api, log, &random::fraction);
    let result = rollback::perform(&engine, record, signals.next()).await;
    let took = begun.elapsed();
    let waits_for_tests = request.waits_for_tests && result.is_ok();
    let Some(rollback) = record.rollback.as_ref().filter(|_| waits_for_tests) else {
        return (result, took);
    };
    record.tests = Some(TestRuns::new(&rollback.test_run_ids, rollback.are_all_runs_known));
    let report = Report::new(context, took, record, &result);
    print::rollback(&report, &mut engine.log.borrow_mut());
    files.write_early(&report, &mut engine.log.borrow_mut());
    let Some(tests) = &mut record.tests else { return (result, took) };
    (rollback::await_tests(&engine, tests, signals.next()).await, took)
}
