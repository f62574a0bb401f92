//! The program beside what people would use in its place, and beside the least that the same work
//! takes: whole processes, in turn. `.ci/bench` measures what is shipped, prints the figures, writes them to
//! RESULTS.md, and fails where one that can be repeated passes its limit.

mod api;
mod distance;
mod felt;
mod figures;
mod floor;
mod plot;
mod subject;
mod wire;

use anyhow::{Context, Result};
use figures::{Figures, Step};
use std::env;
use std::process::{Command, ExitCode};
use subject::Subject;

/// How often each subject runs: to warm up, and to be measured.
const WARM_UP: usize = 5;
const ROUNDS: usize = 60;
/// How often each way of running a step is measured.
const STEPS: usize = 9;

/// The request alone, without anything that takes the answer apart.
const REQUEST: &str = r#"
curl --silent --show-error --fail --cacert "$POLYAI_CA_CERT" --header "X-API-KEY: $POLYAI_API_KEY" \
  --header 'Content-Type: application/json' --data '{"deploymentMessage":"Calls drop since 02:40"}' \
  "$POLYAI_BASE_URL/v1/agents/$POLYAI_AGENT_ID/deployments/$POLYAI_DEPLOYMENT_ID/rollback" >> "$GITHUB_OUTPUT"
"#;
/// What people would write without the program.
const SCRIPT: &str = r#"
curl --silent --show-error --fail --cacert "$POLYAI_CA_CERT" --header "X-API-KEY: $POLYAI_API_KEY" \
  --header 'Content-Type: application/json' --data '{"deploymentMessage":"Calls drop since 02:40"}' \
  "$POLYAI_BASE_URL/v1/agents/$POLYAI_AGENT_ID/deployments/$POLYAI_DEPLOYMENT_ID/rollback" |
  jq --raw-output '"deployment-id=\(.deployment.id)", "test-run-ids=\(.testRunIds | tojson)"' \
  >> "$GITHUB_OUTPUT"
"#;

/// The variables of a step that a container must be handed.
const HANDED_ON: [&str; 9] = [
    "GITHUB_ACTIONS",
    "GITHUB_OUTPUT",
    "GITHUB_STEP_SUMMARY",
    "POLYAI_API_KEY",
    "POLYAI_AGENT_ID",
    "POLYAI_DEPLOYMENT_ID",
    "POLYAI_DEPLOYMENT_MESSAGE",
    "POLYAI_BASE_URL",
    "POLYAI_CA_CERT",
];

/// How long a step takes: the program alone, in the container that a pipeline starts, and what people would use
/// instead. The name of the image is the variable `IMAGE`; nothing of a container where there is no such image.
fn as_steps(api: &api::Api, subjects: &[Subject], program: &str) -> Result<Vec<Step>> {
    let image = env::var("IMAGE").unwrap_or_default();
    let asked = Command::new("podman").args(["image", "exists", &image]).status();
    let mut steps = vec![("the program alone", Subject::new("alone", &[program], &[]))];
    if asked.is_ok_and(|asked| asked.success()) {
        let folder = format!("{}:/work", api.path("").display());
        let start = [
            "podman",
            "run",
            "--rm",
            "--network",
            "host",
            "--volume",
            &folder,
            "--workdir",
            "/work",
        ];
        let handed_on = HANDED_ON.iter().flat_map(|name| ["--env", name]);
        let command: Vec<_> = start.into_iter().chain(handed_on).chain([image.as_str()]).collect();
        steps.push((
            "a container of the image, started by podman",
            Subject::new("container", &command, &[]),
        ));
    }
    let usual = subjects.last().context("a subject")?;
    let mut measured = Vec::new();
    for (what, subject) in steps
        .iter()
        .map(|(what, subject)| (*what, subject))
        .chain([("curl and jq in a shell", usual)])
    {
        let times = (0..STEPS).map(|_| Ok(subject.usage(api, api.port())?.wall));
        let mut times = times.collect::<Result<Vec<_>>>()?;
        times.sort_unstable();
        measured.push(Step { what, time: times[STEPS / 2] });
    }
    Ok(measured)
}

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
        Subject::new("curl alone", &["sh", "-c", REQUEST], &[("POLYAI_CA_CERT", "all.pem")]),
        Subject::new("curl and jq", &["sh", "-c", SCRIPT], &[("POLYAI_CA_CERT", "all.pem")]),
    ];

    let mut usages = vec![Vec::new(); subjects.len()];
    for round in 0..WARM_UP + ROUNDS {
        // Each comes after each other one, and about equally often, as their number is a prime.
        for turn in 0..subjects.len() {
            let place = (round + turn * (1 + round % (subjects.len() - 1))) % subjects.len();
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
    let steps = as_steps(&api, &subjects, program)?;
    figures::tell(&all, lists, &felt::measure(program)?, &steps, program)
}
