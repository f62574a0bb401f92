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

pub mod agents_api;
pub mod inputs;
pub mod log;
pub mod model;
pub mod process;
pub mod report;
pub mod rollback;
pub mod step;
pub mod text;

use anyhow::Result;
use inputs::table::{Meant, meant_by};
use inputs::variables::Variables;
use log::Log;
use model::Outcome;
use process::arguments::Arguments;
use process::env::ProcessEnv;
use process::pipeline::Pipeline;
use process::place::Spelling;
use report::print;
use std::env::consts::{ARCH, OS};
use std::ffi::OsString;
use std::io::Write;
use step::VERSION;
use tokio::runtime;

const USAGE: &str = include_str!("usage.txt");
const NO_COMMAND: &str = "this image was given a command of a runner, which it does not run; in GitLab CI \
    write `image: {name: …, entrypoint: [\"\"]}` and `script: [polyai-rollback]`, and empty the entry \
    point in the same way elsewhere";

/// A whole run: the arguments behind the program's name and the variables of the process in; the log
/// on two streams, and the files, out. Returns the exit code of the process.
pub fn run(
    arguments: impl IntoIterator<Item = OsString>,
    variables: impl IntoIterator<Item = (OsString, OsString)>,
    is_terminal: bool,
    out: &mut dyn Write,
    err: &mut dyn Write,
) -> u8 {
    let process_env = ProcessEnv::new(variables);
    let mut variables = Variables::collect(&process_env);
    let pipeline = Pipeline::detect(&process_env, variables.text("pipeline"));
    let place = pipeline.place;
    variables.spell_as(place.spelling);
    let mut log = Log::new(&process_env, place, is_terminal, out, err);

    let is_action = place.spelling == Spelling::Hyphens && variables.is_action();
    let outcome = match Arguments::read(arguments, is_action) {
        Arguments::Version => {
            let commit = option_env!("REVISION").filter(|commit| !commit.is_empty());
            let commit = commit.unwrap_or("unknown");
            log.say(&format!("{VERSION} (commit {commit}, {ARCH}-{OS})"));
            return 0;
        }
        Arguments::Help => {
            log.say(USAGE.trim_end());
            return 0;
        }
        Arguments::Command => print::failure(Outcome::InvalidInput, NO_COMMAND, &mut log),
        Arguments::Unknown(argument) => {
            print::failure(Outcome::InvalidInput, &no_argument(&argument, &variables), &mut log)
        }
        Arguments::Run => {
            let step = step::run(&process_env, &pipeline, &variables, &mut log);
            in_runtime(step).unwrap_or_else(|error| {
                let text = format!("the program could not start its runtime or listen to signals, and nothing was sent: {error:#}");
                print::failure(Outcome::InternalError, &text, &mut log)
            })
        }
    };
    log.close(outcome);
    outcome.exit_code()
}

/// Says that there are no arguments. Of an argument, only the name of an option is shown: the rest may be
/// a key.
fn no_argument(argument: &str, variables: &Variables) -> String {
    let option = argument.split('=').next().filter(|option| option.starts_with('-'));
    let what = option.map_or("what was given".to_owned(), |option| format!("`{option}`"));
    let help = match option.and_then(meant_by) {
        Some(Meant { input, .. }) => format!("give it as {}", variables.spell(input)),
        None => format!("everything is given in inputs, such as {}", variables.spell("dry-run")),
    };
    format!("{what} is no argument of this program: {help}; nothing was sent")
}

fn in_runtime<T>(work: impl Future<Output = Result<T>>) -> Result<T> {
    let runtime = runtime::Builder::new_current_thread().enable_all().build()?;
    let result = runtime.block_on(work);
    // A name that is still being looked up must not keep the process alive.
    runtime.shutdown_background();
    result
}
