//! The main job on this machine, without a key and without a network: the step itself runs against
//! an embedded stand-in for the Agents API. `cargo run --example demo`

use std::io::{IsTerminal, stderr, stdout};
use std::path::Path;
use std::process::ExitCode;
use std::time::SystemTime;
use std::{fs, io};
use support::agents_api::{AGENT, API_KEY, AgentsApi};
use support::stand_in::StandIn;

fn main() -> io::Result<ExitCode> {
    let api = AgentsApi::with_clock(SystemTime::now, support::agents_api::Quirks::default());
    let api = StandIn::start(move |request| api.answer(request));
    let folder = tempfile::tempdir()?;
    let step = |inputs: &[(&str, &str)]| step(&api, folder.path(), inputs);

    println!("Somebody has promoted a new greeting to live, and calls drop.");
    println!("\n--- what would be done ---");
    let preview = step(&[("DEPLOYMENT_ID", "previous"), ("DRY_RUN", "true")]);
    println!("exit code {preview}");

    println!("\n--- it is done, and its tests are waited for ---");
    let done = step(&[
        ("DEPLOYMENT_ID", "previous"),
        ("DEPLOYMENT_MESSAGE", "Calls drop since 02:40"),
        ("WAIT_FOR_TESTS", "true"),
    ]);
    println!("exit code {done}");
    for name in ["outputs", "summary", "report"] {
        println!("\n--- {name} ---\n{}", fs::read_to_string(folder.path().join(name))?.trim_end());
    }

    println!("\n--- once more: there is nothing left to go back to ---");
    let nothing = step(&[("DEPLOYMENT_ID", "previous")]);
    println!("exit code {nothing}");

    let is_right = (preview, done, nothing, api.posts()) == (0, 0, 4, 1);
    Ok(if is_right { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

/// Runs the step with these inputs, into new files of the folder. Returns its exit code.
fn step(api: &StandIn, folder: &Path, inputs: &[(&str, &str)]) -> u8 {
    let path = |name: &str| {
        let path = folder.join(name);
        let _ = fs::remove_file(&path);
        path.to_string_lossy().into_owned()
    };
    let (outputs, summary, report) = (path("outputs"), path("summary"), path("report"));
    let common = [
        ("API_KEY", API_KEY),
        ("AGENT_ID", AGENT),
        ("ENVIRONMENT", "live"),
        ("BASE_URL", api.url()),
        ("OUTPUT_FILE", &outputs),
        ("SUMMARY_FILE", &summary),
        ("REPORT_FILE", &report),
    ];
    let variables = common.iter().chain(inputs);
    let variables =
        variables.map(|(name, value)| (format!("POLYAI_{name}").into(), (*value).into()));
    let is_terminal = stdout().is_terminal();
    polyai_rollback::run([], variables, is_terminal, &mut stdout(), &mut stderr())
}
