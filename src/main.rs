//! The program: takes what the process was given, and hands back its exit code.

use polyai_rollback::process::timeout_writer::TimeoutWriter;
use std::io::{IsTerminal, Result, Write, stderr, stdout};
use std::process::ExitCode;

fn main() -> Result<ExitCode> {
    std::panic::set_hook(Box::new(end));
    let is_terminal = stdout().is_terminal() && stderr().is_terminal();
    let (mut out, mut err) = (TimeoutWriter::new(stdout())?, TimeoutWriter::new(stderr())?);
    let (arguments, variables) = (std::env::args_os().skip(1), std::env::vars_os());
    let code = polyai_rollback::run(arguments, variables, is_terminal, &mut out, &mut err);
    Ok(ExitCode::from(code))
}

/// Ends with the exit code of a bug, and without the message of the panic, which may hold
/// anything that was being worked on.
fn end(panic: &std::panic::PanicHookInfo<'_>) {
    let place = panic.location().map(ToString::to_string).unwrap_or_default();
    let _ = writeln!(
        stderr(),
        "error: internal-error: a bug at {place}; it may or may not have been rolled back: look in \
         Agent Studio before you run it again"
    );
    std::process::exit(1);
}
