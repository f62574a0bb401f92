//! One run of the program's decisions in a world of its own.

use crate::api::{RefusesActive, SimulatedApi};
use crate::choices::Choices;
use crate::laws::{self, Ended};
use crate::told::Told;
use crate::world::{HISTORY, VERSIONS, World};
use polyai_rollback::log::Log;
use polyai_rollback::model::{
    Environment, Id, Limits, Outcome, Record, RollbackRequest, TargetSpec, TestRuns,
};
use polyai_rollback::process::env::ProcessEnv;
use polyai_rollback::process::place::Family;
use polyai_rollback::rollback;
use polyai_rollback::rollback::engine::Engine;
use std::cell::Cell;
use std::time::{Duration, SystemTime};
use tokio::runtime::{Builder, Runtime};
use tokio::time::Instant;

/// What a run is asked for, and how the API treats a version that is active already.
pub struct Scenario {
    pub name: &'static str,
    pub target: &'static str,
    pub has_environment: bool,
    pub expect_current: Option<&'static str>,
    pub is_forced: bool,
    pub is_dry_run: bool,
    pub is_verified: bool,
    pub waits_for_tests: bool,
    pub attempts: u32,
    /// The time that the run may take, without its tests.
    pub timeout: Duration,
    pub refuses_active: RefusesActive,
}

const NAMED: Scenario = Scenario {
    name: "named",
    target: HISTORY[1],
    has_environment: true,
    expect_current: None,
    is_forced: false,
    is_dry_run: false,
    is_verified: true,
    waits_for_tests: false,
    attempts: 4,
    timeout: Duration::from_secs(60),
    refuses_active: RefusesActive::No,
};

const PREVIOUS: Scenario = Scenario { name: "previous", target: "previous", ..NAMED };

/// The scenarios.
pub static SCENARIOS: [Scenario; 13] = [
    PREVIOUS,
    Scenario { name: "previous, 400", refuses_active: RefusesActive::Status(400), ..PREVIOUS },
    Scenario {
        name: "previous, guarded",
        expect_current: Some(HISTORY[2]),
        attempts: 2,
        ..PREVIOUS
    },
    NAMED,
    Scenario { name: "named, 409", refuses_active: RefusesActive::Status(409), ..NAMED },
    Scenario {
        name: "version, 200",
        target: VERSIONS[1],
        refuses_active: RefusesActive::Code,
        is_verified: false,
        ..NAMED
    },
    Scenario { name: "bare", has_environment: false, is_verified: false, ..NAMED },
    Scenario {
        name: "bare, 422, verified",
        has_environment: false,
        refuses_active: RefusesActive::Status(422),
        ..NAMED
    },
    Scenario { name: "forced", is_forced: true, attempts: 2, ..NAMED },
    Scenario { name: "hasty", timeout: Duration::from_secs(15), attempts: 3, ..NAMED },
    Scenario { name: "once", attempts: 1, has_environment: false, ..NAMED },
    Scenario { name: "dry run", is_dry_run: true, has_environment: false, ..NAMED },
    Scenario {
        name: "tests",
        has_environment: false,
        waits_for_tests: true,
        attempts: 2,
        is_verified: false,
        ..NAMED
    },
];

/// The time that the tests of a run may take.
pub const TESTS_TIMEOUT: Duration = Duration::from_secs(30);

/// A scenario, ready to be run many times.
pub struct Simulator {
    pub scenario: &'static Scenario,
    /// A runtime whose clock moves only when everybody waits.
    runtime: Runtime,
    told: Told,
}

impl Simulator {
    pub fn new(scenario: &'static Scenario) -> Self {
        let runtime = Builder::new_current_thread().enable_time().start_paused(true).build();
        let told = Told::new(request(scenario));
        Self { scenario, runtime: runtime.expect("a runtime"), told }
    }

    /// Runs the scenario with these choices. Returns how the run ended, or the law that it broke.
    pub fn run(&self, choices: Choices) -> (Result<Outcome, String>, Choices) {
        self.runtime.block_on(simulate(self.scenario, &self.told, choices, false))
    }

    /// The same, and prints what happened.
    pub fn run_aloud(&self, choices: Choices) -> (Result<Outcome, String>, Choices) {
        self.runtime.block_on(simulate(self.scenario, &self.told, choices, true))
    }
}

async fn simulate(
    scenario: &Scenario,
    told: &Told,
    choices: Choices,
    is_aloud: bool,
) -> (Result<Outcome, String>, Choices) {
    let api = SimulatedApi::new(World::new(choices, is_aloud), scenario.refuses_active);
    let request = told.request();
    let (mut out, mut err) = (Vec::new(), Vec::new());
    let variables = ProcessEnv::new([]);
    let mut log = Log::new(&variables, Family::Other, false, &mut out, &mut err);
    // The waits before another try are as long as they can be, and then as short.
    let turn = Cell::new(0.0);
    let random = || turn.replace(1.0 - turn.get());
    let begun = Instant::now();
    let mut engine = Engine::start(request, &api, &mut log, &random);
    let mut record = Record::default();
    let mut result = rollback::perform(&mut engine, &mut record, api.cancelled()).await;
    let took = begun.elapsed();
    let rollback = record.rollback.as_ref().filter(|_| request.waits_for_tests && result.is_ok());
    if let Some(rollback) = rollback {
        let mut tests = TestRuns::new(&rollback.test_run_ids, rollback.are_all_runs_known);
        result = rollback::await_tests(&mut engine, &mut tests, api.cancelled()).await;
        record.tests = Some(tests);
    }
    let ended = Ended {
        at: Instant::now(),
        whole: begun.elapsed(),
        took,
        scenario,
        request,
        record: &record,
        result: &result,
    };
    let outcome = ended.outcome();
    let mut world = api.world.replace(World::empty());
    world.tell(|| format!("the run ends: {outcome:?}"));
    world.finish().await;
    let broken = laws::broken(&ended, &world, &api, told);
    if is_aloud {
        println!("{}", world.story.take().unwrap_or_default().join("\n"));
        println!("{}", String::from_utf8_lossy(&out));
        println!("{}", String::from_utf8_lossy(&err));
    }
    let checked = match broken {
        None => Ok(outcome),
        Some(law) => Err(format!("{law}; outcome {}", outcome.name())),
    };
    (checked, world.choices)
}

fn request(scenario: &Scenario) -> RollbackRequest {
    RollbackRequest {
        agent_id: Id::new("agent").expect("an id"),
        target: match scenario.target {
            "previous" => TargetSpec::Previous,
            id => TargetSpec::Named(Id::new(id).expect("an id")),
        },
        environment: scenario.has_environment.then_some(Environment::Live),
        expect_current: scenario.expect_current.map(str::to_owned),
        is_forced: scenario.is_forced,
        is_dry_run: scenario.is_dry_run,
        is_verified: scenario.is_verified,
        waits_for_tests: scenario.waits_for_tests,
        message: "a reason".to_owned(),
        has_reason: true,
        limits: Limits {
            timeout: scenario.timeout,
            tests_timeout: TESTS_TIMEOUT,
            attempts: scenario.attempts,
        },
        started: SystemTime::UNIX_EPOCH,
        correlation_id: "0".to_owned(),
    }
}
