//! The program beside what people would use in its place, and beside the least that the same work
//! takes: whole processes, in turn. `.ci/bench` measures what is shipped, prints the figures, writes them to
//! RESULTS.md, and fails where one that can be repeated passes its limit.

mod api;
mod distance;
mod felt;
mod figures;
mod floor;
mod subject;
mod wire;

use anyhow::{Context, Result};
use figures::Figures;
use std::env;
use std::process::ExitCode;
use subject::Subject;

/// How often each subject runs: to warm up, and to be measured.
const WARM_UP: usize = 5;
const ROUNDS: usize = 60;

/// What people would write without the program.
const SCRIPT: &str = r#"
curl --silent --show-error --fail --cacert "$POLYAI_CA_CERT" --header "X-API-KEY: $POLYAI_API_KEY" \
  --header 'Content-Type: application/json' --data '{"deploymentMessage":"Calls drop since 02:40"}' \
  "$POLYAI_BASE_URL/v1/agents/$POLYAI_AGENT_ID/deployments/$POLYAI_DEPLOYMENT_ID/rollback" |
  jq --raw-output '"deployment-id=\(.deployment.id)", "test-run-ids=\(.testRunIds | tojson)"' \
  >> "$GITHUB_OUTPUT"
"#;

fn main() -> Result<ExitCode> {
    if env::args().nth(1).as_deref() == Some("floor") {
        return floor::run().map(|()| ExitCode::SUCCESS);
    }
    subject::need(["curl", "jq", "strace", "time", "valgrind"])?;
    let api = api::Api::start()?;
    let own = env::current_exe()?.to_string_lossy().into_owned();
    // Both are built in the same way, beside each other.
    let program = env::args().nth(1).context("the path of the program")?;
    let program = program.as_str();
    // The floor first, then the program, and what people would use last. The public authorities are
    // compiled into the program; curl reads the system's.
    let subjects = [
        Subject::new("floor", &[&own, "floor"], &[]),
        Subject::new("polyai-rollback", &[program], &[("POLYAI_VERIFY", "false")]),
        Subject::new("with verify", &[program], &[]),
        Subject::new("curl and jq", &["sh", "-c", SCRIPT], &[("POLYAI_CA_CERT", "all.pem")]),
    ];

    let mut usages = vec![Vec::new(); subjects.len()];
    for round in 0..WARM_UP + ROUNDS {
        // Each comes after each other one.
        for place in 0..subjects.len() {
            let place = (place + round) % subjects.len();
            let usage = subjects[place].usage(&api, api.port())?;
            if round >= WARM_UP {
                usages[place].push(usage);
            }
        }
    }
    let mut all = Vec::new();
    for (subject, usages) in subjects.iter().zip(usages) {
        all.push(Figures {
            name: subject.name,
            usages,
            memory: subject.peak_memory(&api)?,
            instructions: subject.instructions(&api)?,
            system_calls: subject.system_calls(&api)?,
            traffic: wire::observe(api.port(), |port| subject.usage(&api, port).map(drop))?,
        });
    }
    let lists = Subject::new("with lists", &[program], &api::LISTS).peak_memory(&api)?;
    figures::tell(&all, lists, &felt::measure(program)?, program)
}
