//! Rolls back a deployment of a PolyAI agent, as a step of a pipeline.
//!
//! [`run`] is the whole step. The rest is public for the tests; the product is the program and
//! its container.

#![warn(missing_docs, unreachable_pub)]
// A rollback must not die half-way: no panic on data, and no exit that skips the outputs.
#![warn(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::exit
)]
// Whatever is printed goes through `Log`, which makes foreign text safe.
#![warn(clippy::print_stdout, clippy::print_stderr)]

pub mod answer;
pub mod arguments;
pub mod budget;
pub mod client;
pub mod destinations;
pub mod endpoint;
pub mod environment;
pub mod failure;
pub mod fault;
pub mod file;
pub mod formats;
pub mod inputs;
pub mod log;
pub mod look;
pub mod outcome;
pub mod pipeline;
pub mod proxy;
pub mod random;
pub mod redaction;
pub mod report;
pub mod retry;
pub mod rollback;
pub mod secret;
pub mod signals;
pub mod streams;
pub mod text;
pub mod trust;
pub mod variables;

use anyhow::Result;
use arguments::Arguments;
use budget::Budget;
use client::Client;
use destinations::Destinations;
use environment::Environment;
use failure::Failure;
use inputs::Inputs;
use log::Log;
use outcome::Outcome;
use pipeline::{Family, Pipeline};
use report::Report;
use signals::Signals;
use std::ffi::OsString;
use std::io::Write;
use std::rc::Rc;
use std::time::{Instant, SystemTime};
use tokio::runtime;
use variables::Variables;

const VERSION: &str = concat!(env!("CARGO_PKG_NAME"), " ", env!("CARGO_PKG_VERSION"));
const USAGE: &str = include_str!("usage.txt");
const NO_COMMAND: &str = "this image was given a command of a runner, which it does not run; in GitLab CI \
    write `image: {name: …, entrypoint: [\"\"]}` and `script: [polyai-rollback]`, and empty the entry \
    point in the same way elsewhere";

/// One run: the arguments behind the program's name and the variables of the process in; the log
/// on two streams, and the files, out. Returns the exit code of the process.
pub fn run(
    arguments: impl IntoIterator<Item = OsString>,
    variables: impl IntoIterator<Item = (OsString, OsString)>,
    is_terminal: bool,
    out: &mut dyn Write,
    err: &mut dyn Write,
) -> u8 {
    let environment = Environment::new(variables);
    let pipeline = Pipeline::detect(&environment);
    let variables = Variables::collect(&environment, pipeline.spelling);
    let mut log = Log::new(&environment, pipeline.family, is_terminal, out, err);

    let is_action = pipeline.family == Family::GitHub && variables.is_action(&Inputs::NAMES);
    let outcome = match Arguments::read(arguments, is_action) {
        Arguments::Version => {
            log.say(VERSION);
            return 0;
        }
        Arguments::Help => {
            log.say(USAGE.trim_end());
            return 0;
        }
        Arguments::Command => {
            log.error("Not rolled back (invalid-input)", NO_COMMAND, &[]);
            Outcome::InvalidInput
        }
        Arguments::Run { ignored } => {
            let step = step(&environment, &pipeline, &variables, ignored, &mut log);
            in_runtime(step).unwrap_or_else(|error| {
                let text = format!("this machine gives no resources to run: {error:#}");
                log.error("Not rolled back (internal-error)", &text, &[]);
                Outcome::InternalError
            })
        }
    };
    outcome.exit_code()
}

fn in_runtime<T>(work: impl Future<Output = Result<T>>) -> Result<T> {
    let runtime = runtime::Builder::new_current_thread().enable_all().build()?;
    let result = runtime.block_on(work);
    // A name that is still being looked up must not keep the process alive.
    runtime.shutdown_background();
    result
}

/// Reads the inputs, rolls back, tells what happened.
async fn step(
    environment: &Environment,
    pipeline: &Pipeline,
    variables: &Variables,
    arguments_ignored: bool,
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
    if arguments_ignored {
        log.warning("the arguments are ignored: everything is given in inputs");
    }
    for warning in &reading.warnings {
        log.warning(warning);
    }
    let (destinations, unwritable) =
        Destinations::open(environment, pipeline.family, variables, reading.files);

    let problems = [reading.problems, unwritable].concat();
    let ready = reading.request.zip(reading.api_key).filter(|_| problems.is_empty());
    let begun = Instant::now();
    let result = match &ready {
        None => Err(Failure::InvalidInput(problems)),
        Some((request, key)) => {
            log.begin(&format!("{VERSION}: {}", request.headline()));
            log.rows(&request.rows());
            log.end();
            let budget = Budget::start(request.timeout);
            let roots = trust::roots(reading.authorities);
            match Client::new(request, key, roots, Rc::clone(&redaction), budget) {
                Err(error) => Err(Failure::Internal(error)),
                Ok(client) => rollback::perform(request, &client, budget, &mut signals, log).await,
            }
        }
    };
    let request = ready.as_ref().map(|(request, _)| request);
    let took = begun.elapsed();
    let report = Report::new(started, took, pipeline, request, variables, result, redaction);
    log.report(&report);
    Ok(destinations.write(&report, log))
}
