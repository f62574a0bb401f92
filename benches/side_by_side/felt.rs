//! What a person waits for: whole runs against an API that is some way off, and takes its time.

use crate::distance;
use anyhow::{Context, Result, ensure};
use rustls::ServerConfig;
use std::process::{Command, Stdio};
use std::sync::Arc;
use std::thread;
use std::time::{Duration, Instant, SystemTime};
use support::agents_api::{AGENT, API_KEY, AgentsApi, Quirks};
use support::authority::Authority;
use support::stand_in::StandIn;
use tempfile::TempDir;

/// How often each is run.
const ROUNDS: usize = 5;
/// How long the API works on a read, and on a rollback: it was seen to take 0.27 s and 0.37 s for a rollback.
const READ: Duration = Duration::from_millis(100);
const ROLLBACK: Duration = Duration::from_millis(300);
/// The deployments of an environment that are listed.
const LISTED: usize = 100;

/// A run, and how long it takes.
pub struct Felt {
    pub what: &'static str,
    /// Of one round trip.
    pub distance: Duration,
    pub time: Duration,
    /// The least that the same requests take, one after the other where one needs the answer to another.
    pub least: Duration,
    pub most: Duration,
}

/// A run that is measured.
struct Scene {
    what: &'static str,
    variables: &'static [(&'static str, &'static str)],
    code: i32,
    /// In milliseconds: of a round trip, and what the run may take.
    distance: u64,
    most: u64,
    /// The round trips of which each needs the one before, and the work of the API in between. A list of 100
    /// deployments takes two, as it is larger than what a server may send at first.
    round_trips: u32,
    work: Duration,
    /// How much too late the API shows a new deployment.
    lag: Duration,
}

const PREVIOUS: &[(&str, &str)] = &[("ENVIRONMENT", "live"), ("DEPLOYMENT_ID", "previous")];
const ALL_WORK: Duration = Duration::from_millis(500);
const NO_LAG: Duration = Duration::ZERO;

#[rustfmt::skip]
const SCENES: [Scene; 6] = [
    Scene { what: "`previous`", variables: PREVIOUS, code: 0, distance: 40, most: 760, round_trips: 6, work: ALL_WORK, lag: NO_LAG },
    Scene { what: "`previous`", variables: PREVIOUS, code: 0, distance: 150, most: 1_440, round_trips: 6, work: ALL_WORK, lag: NO_LAG },
    Scene {
        what: "404 with a bare id", variables: &[("DEPLOYMENT_ID", "019e0f3a-71c4-7c1e-9b3d-000000000099")], code: 4,
        distance: 40, most: 680, round_trips: 4, work: Duration::from_millis(400), lag: NO_LAG,
    },
    Scene {
        what: "dry run of a bare id in sandbox", variables: &[("DRY_RUN", "true"), ("DEPLOYMENT_ID", "019e0f3a-71c4-7c1e-9b3d-000000000040")],
        code: 0, distance: 40, most: 420, round_trips: 4, work: Duration::from_millis(200), lag: NO_LAG,
    },
    Scene { what: "`previous`", variables: PREVIOUS, code: 0, distance: 0, most: 560, round_trips: 6, work: ALL_WORK, lag: NO_LAG },
    Scene {
        what: "`previous`, shown 0.3 s late", variables: PREVIOUS, code: 0, distance: 0, most: 1_110, round_trips: 5, work: ALL_WORK,
        lag: Duration::from_millis(300),
    },
];

/// Measures all of them.
pub fn measure(program: &str) -> Result<Vec<Felt>> {
    let authority = Authority::generate();
    let tls = authority.server(|_| {});
    let folder = tempfile::tempdir()?;
    std::fs::write(folder.path().join("own.pem"), &authority.1)?;
    SCENES.iter().map(|scene| scene.measure(program, &tls, &folder)).collect()
}

impl Scene {
    fn measure(&self, program: &str, tls: &Arc<ServerConfig>, folder: &TempDir) -> Result<Felt> {
        let distance = Duration::from_millis(self.distance);
        let mut times = Vec::new();
        for _ in 0..ROUNDS {
            // Each run has an API of its own, of which nobody has asked anything yet.
            let api = self.api();
            let stand_in = StandIn::start_tls(Arc::clone(tls), move |request| {
                let is_read = request.method == "GET";
                thread::sleep(if is_read { READ } else { ROLLBACK });
                api.answer(request)
            });
            let port = stand_in.url().rsplit(':').next().context("a port")?.parse()?;
            times.push(self.run(program, distance::before(port, distance)?, folder)?);
        }
        times.sort_unstable();
        Ok(Felt {
            what: self.what,
            distance,
            time: times[ROUNDS / 2],
            least: distance * self.round_trips + self.work,
            most: Duration::from_millis(self.most),
        })
    }

    fn api(&self) -> Arc<AgentsApi> {
        if self.variables != PREVIOUS || self.lag > NO_LAG {
            let quirks = Quirks { lag: self.lag, ..Quirks::default() };
            return AgentsApi::with_clock(SystemTime::now, quirks);
        }
        let version = |number: usize| &*format!("{number:07x}9935c449c80d7d328a91b52ea").leak();
        let history: Vec<_> = (0..LISTED).map(|number| (version(number), "promotion")).collect();
        AgentsApi::with_history("live", &history, Quirks::default())
    }

    fn run(&self, program: &str, port: u16, folder: &TempDir) -> Result<Duration> {
        let mut command = Command::new(program);
        command.current_dir(folder).env_clear().stdout(Stdio::null()).stderr(Stdio::null());
        command.env("POLYAI_API_KEY", API_KEY).env("POLYAI_AGENT_ID", AGENT);
        command.env("POLYAI_BASE_URL", format!("https://localhost:{port}"));
        command.env("POLYAI_CA_CERT", "own.pem").env("POLYAI_SUMMARY_FILE", "summary.md");
        command.envs(self.variables.iter().map(|(name, value)| (format!("POLYAI_{name}"), value)));
        let begun = Instant::now();
        let status = command.status()?;
        let time = begun.elapsed();
        ensure!(status.code() == Some(self.code), "{} ended with {status}", self.what);
        Ok(time)
    }
}
