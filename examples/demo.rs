//! The main job on this machine, without a key and without a network: the step itself runs against
//! an embedded stand-in for the Agents API, once with a deployment that is there and once with one
//! that is not. `cargo run --example demo`

#[path = "../tests/suite/agents_api.rs"]
#[allow(dead_code)]
mod agents_api;
#[path = "../tests/suite/stand_in.rs"]
#[allow(dead_code)]
mod stand_in;

use agents_api::{AGENT, API_KEY, DEPLOYMENT, agents_api};
use stand_in::StandIn;
use std::io::{IsTerminal, stderr, stdout};
use std::process::ExitCode;
use std::{fs, io};

fn main() -> io::Result<ExitCode> {
    let api = StandIn::start(agents_api());
    let folder = tempfile::tempdir()?;
    let path = |name: &str| folder.path().join(name).into_os_string();
    let step = |deployment: &str| {
        let variables = [
            ("POLYAI_API_KEY", API_KEY.into()),
            ("POLYAI_AGENT_ID", AGENT.into()),
            ("POLYAI_DEPLOYMENT_ID", deployment.into()),
            ("POLYAI_BASE_URL", api.url().into()),
            ("POLYAI_DEPLOYMENT_MESSAGE", "Calls drop since 02:40".into()),
            ("POLYAI_OUTPUT_FILE", path("outputs")),
            ("POLYAI_SUMMARY_FILE", path("summary")),
            ("POLYAI_REPORT_FILE", path("report")),
        ];
        let variables = variables.map(|(name, value)| (name.into(), value));
        let is_terminal = stdout().is_terminal();
        polyai_rollback::run([], variables, is_terminal, &mut stdout(), &mut stderr())
    };

    println!("--- a deployment that is there ---");
    let code = step(DEPLOYMENT);
    println!("exit code {code}");
    for name in ["outputs", "summary", "report"] {
        println!("\n--- {name} ---\n{}", fs::read_to_string(path(name))?.trim_end());
    }

    println!("\n--- a deployment that is not there ---");
    fs::remove_file(path("outputs"))?;
    let not_found = step("gone");
    println!(
        "exit code {not_found}\n\n--- outputs ---\n{}",
        fs::read_to_string(path("outputs"))?.trim_end()
    );

    let is_right = (code, not_found) == (0, 4) && api.requests().len() == 2;
    Ok(if is_right { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}
