//! A night on call on this machine, without a key and without a network: the program itself runs against an
//! embedded stand-in for the Agents API. `cargo run --example demo` prints what a person needs to see of each
//! run, and in which folder all that the program wrote can be read.

use std::cell::RefCell;
use std::fs;
use std::io::{Result, Write};
use std::path::PathBuf;
use std::process::ExitCode;
use std::rc::Rc;
use std::time::SystemTime;
use support::agents_api::{AGENT, API_KEY, AgentsApi, Quirks};
use support::stand_in::StandIn;

/// The facts of the log that a person decides by. Everything else that is indented is left out here.
const SHOWN: [&str; 5] = ["active now", "going back to", "was active", "failed case", "effect"];
/// The outputs that are shown.
const OUTPUTS: [&str; 2] = ["ROLLBACK_OUTCOME=", "ROLLBACK_DEPLOYMENT_ID="];

fn main() -> Result<ExitCode> {
    let quirks = Quirks { tests_fail: true, ..Quirks::default() };
    let api = AgentsApi::with_clock(SystemTime::now, quirks);
    let api = StandIn::start(move |request| api.answer(request));
    let folder = tempfile::Builder::new().prefix("polyai-rollback-demo-").tempdir()?.keep();
    let act = |name, inputs: &[_]| Act { folder: folder.join(name) }.play(&api, inputs);

    println!("Somebody has promoted “New greeting” to live, and calls drop. You are on call.");
    println!("Whole logs, summaries, outputs and reports: {}", folder.display());

    println!("\n1. You look first: the input `dry-run` is true.");
    let preview = act("1-dry-run", &[("ENVIRONMENT", "live"), ("DRY_RUN", "true")])?;
    preview.show_log();

    println!("\n2. You roll live back to what was active before: `deployment-id` is `previous`.");
    let reason = ("DEPLOYMENT_MESSAGE", "Calls drop after the greeting");
    let done = act("2-rollback", &[("ENVIRONMENT", "live"), reason])?;
    done.show_log();
    done.show_summary()?;
    done.show_outputs()?;

    println!("\n3. Sandbox must go back, too. PolyAI tests it then, which takes some seconds:");
    println!(
        "   `wait-for-tests` is true, and a test fails. The rollback stands, and the job is red."
    );
    let in_sandbox = [("ENVIRONMENT", "sandbox"), ("WAIT_FOR_TESTS", "true")];
    let failed = act("3-tests-failed", &in_sandbox)?;
    failed.show_log();
    failed.show_summary()?;

    println!("\n4. Somebody runs the red job again. It goes no further back.");
    let again = act("4-run-again", &in_sandbox)?;
    again.show_log();

    let codes = [preview, done, failed, again].map(|ended| ended.code);
    let is_right = codes == [0, 0, 8, 5] && api.posts() == 2;
    Ok(if is_right { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

/// A run of the program that is about to begin, with a folder for its files.
struct Act {
    folder: PathBuf,
}

/// A run that has ended.
struct Ended {
    code: u8,
    log: String,
    folder: PathBuf,
}

impl Act {
    /// Runs the program with these inputs.
    fn play(self, api: &StandIn, inputs: &[(&str, &str)]) -> Result<Ended> {
        fs::create_dir(&self.folder)?;
        let path = |name: &str| self.folder.join(name).to_string_lossy().into_owned();
        let (outputs, summary, report) = (path("outputs"), path("summary.md"), path("report.json"));
        let common = [
            ("API_KEY", API_KEY),
            ("AGENT_ID", AGENT),
            ("DEPLOYMENT_ID", "previous"),
            ("BASE_URL", api.url()),
            ("OUTPUT_FILE", &outputs),
            ("SUMMARY_FILE", &summary),
            ("REPORT_FILE", &report),
        ];
        let variables = common.iter().chain(inputs);
        let variables =
            variables.map(|(name, value)| (format!("POLYAI_{name}").into(), (*value).into()));
        let log = Log::default();
        let code = polyai_rollback::run([], variables, false, &mut log.clone(), &mut log.clone());
        let log = String::from_utf8_lossy(&log.0.borrow()).into_owned();
        fs::write(path("log"), &log)?;
        Ok(Ended { code, log, folder: self.folder })
    }
}

/// Both streams of the program, in the order in which it writes.
#[derive(Clone, Default)]
struct Log(Rc<RefCell<Vec<u8>>>);

impl Write for Log {
    fn write(&mut self, bytes: &[u8]) -> Result<usize> {
        self.0.borrow_mut().write(bytes)
    }

    fn flush(&mut self) -> Result<()> {
        Ok(())
    }
}

impl Ended {
    fn show_log(&self) {
        let is_shown = |line: &&str| match line.strip_prefix("  ") {
            Some(fact) => SHOWN.iter().any(|label| fact.starts_with(label)),
            None => true,
        };
        self.log.lines().filter(is_shown).for_each(|line| println!("   | {line}"));
        println!("   | exit code {}", self.code);
    }

    /// Shows the summary of the job as far as its details.
    fn show_summary(&self) -> Result<()> {
        let summary = fs::read_to_string(self.folder.join("summary.md"))?;
        let (shown, _) = summary.split_once("<details>").unwrap_or((&summary, ""));
        println!("   The page of the job shows:");
        let lines = shown.lines().filter(|line| !line.is_empty());
        lines.for_each(|line| println!("   > {line}"));
        Ok(())
    }

    fn show_outputs(&self) -> Result<()> {
        let outputs = fs::read_to_string(self.folder.join("outputs"))?;
        println!("   Later steps of the job get, among others:");
        let is_shown = |line: &&str| OUTPUTS.iter().any(|name| line.starts_with(name));
        outputs.lines().filter(is_shown).for_each(|line| println!("   = {line}"));
        Ok(())
    }
}
