//! A run of the program's decisions in a world of its own, and the same run once more.

use crate::api::SimulatedApi;
use crate::choices::Choices;
use crate::ended::Ended;
use crate::faults::BETWEEN_RUNS;
use crate::journal::Journal;
use crate::laws;
use crate::pressed;
use crate::quirks::{MORE_QUIRKS, Quirks};
use crate::scenarios::Scenario;
use crate::told::Told;
use crate::world::World;
use polyai_rollback::log::Log;
use polyai_rollback::model::{
    Environment, Failure, Id, Limits, Outcome, Record, RollbackRequest, TargetSpec, TestRuns,
};
use polyai_rollback::process::env::ProcessEnv;
use polyai_rollback::process::place::UNKNOWN;
use polyai_rollback::rollback;
use polyai_rollback::rollback::engine::Engine;
use std::cell::Cell;
use std::time::{Duration, SystemTime};
use tokio::runtime::{Builder, Runtime};
use tokio::time::Instant;

/// The time that the tests of a run may take.
pub const TESTS_TIMEOUT: Duration = Duration::from_secs(30);

/// A run that has ended: somebody has pressed the button.
pub struct Press {
    /// 1 for the first run, 2 for the second one.
    pub number: usize,
    pub begun: Instant,
    pub at: Instant,
    /// The time of the rollback, without its tests.
    pub took: Duration,
    pub record: Record,
    pub result: Result<Outcome, Failure>,
    pub journal: Journal,
    /// How many faults there were, and how many of them pass by themselves.
    pub faults: usize,
    pub transient_faults: usize,
}

impl Press {
    pub fn outcome(&self) -> Outcome {
        self.result.as_ref().map_or_else(Failure::outcome, |outcome| *outcome)
    }
}

/// A scenario, ready to be run many times.
pub struct Simulator {
    pub scenario: &'static Scenario,
    /// Whether each run prints what happened.
    pub is_aloud: bool,
    /// A runtime whose clock moves only when everybody waits.
    runtime: Runtime,
    told: Told,
}

impl Simulator {
    pub fn new(scenario: &'static Scenario) -> Self {
        let runtime = Builder::new_current_thread().enable_time().start_paused(true).build();
        let told = Told::new(request(scenario));
        Self { scenario, is_aloud: false, runtime: runtime.expect("a runtime"), told }
    }

    /// Runs the scenario with these choices. Returns how the first run ended, or the law that was broken.
    pub fn run(&self, choices: Choices) -> (Result<Outcome, String>, Choices) {
        self.runtime.block_on(self.simulate(choices))
    }

    async fn simulate(&self, mut choices: Choices) -> (Result<Outcome, String>, Choices) {
        let scenario = self.scenario;
        let more = MORE_QUIRKS.choose(&mut choices);
        let quirks = Quirks::new(&[scenario.quirks, more]);
        let world = World::new(choices, quirks, scenario.history, self.is_aloud);
        let api = SimulatedApi::new(world, scenario.refuses_active);
        let first = self.press(1, &api).await;
        let second = if pressed::is_pressed_again(scenario, &first) {
            self.wait_to_press_again(&api).await;
            Some(self.press(2, &api).await)
        } else {
            None
        };
        let mut world = api.world.into_inner();
        world.finish().await;
        let judge = |press| Ended { scenario, request: self.told.request(), world: &world, press };
        let broken = laws::broken(&judge(&first), &self.told).or_else(|| {
            let second = second.as_ref()?;
            let broken = laws::broken(&judge(second), &self.told);
            broken.or_else(|| pressed::broken(&judge(&first), &judge(second)))
        });
        if self.is_aloud {
            println!("{}", world.story.take().unwrap_or_default().join("\n"));
        }
        let checked = broken.map_or(Ok(first.outcome()), |law| Err(law.to_owned()));
        (checked, world.choices)
    }

    /// Runs the program once.
    async fn press(&self, number: usize, api: &SimulatedApi) -> Press {
        let request = self.told.request();
        let (mut out, mut err) = (Vec::new(), Vec::new());
        let variables = ProcessEnv::new([]);
        let mut log = Log::new(&variables, &UNKNOWN, false, &mut out, &mut err);
        // The waits before another try are as long as they can be, and then as short.
        let turn = Cell::new(0.0);
        let random = || turn.replace(1.0 - turn.get());
        let begun = Instant::now();
        let engine = Engine::start(request, api, &mut log, &random);
        let mut record = Record::default();
        let mut result = rollback::perform(&engine, &mut record, api.cancelled()).await;
        let took = begun.elapsed();
        let rollback =
            record.rollback.as_ref().filter(|_| request.waits_for_tests && result.is_ok());
        if let Some(rollback) = rollback {
            let mut tests = TestRuns::new(&rollback.test_run_ids, rollback.are_all_runs_known);
            result = rollback::await_tests(&engine, &mut tests, api.cancelled()).await;
            record.tests = Some(tests);
        }
        let journal = api.end_of_press();
        let mut world = api.world.borrow_mut();
        world.tell(|| format!("the run ends: {result:?}"));
        if self.is_aloud {
            println!("{}", String::from_utf8_lossy(&out));
            println!("{}", String::from_utf8_lossy(&err));
        }
        Press {
            number,
            begun,
            at: Instant::now(),
            took,
            record,
            result,
            journal,
            faults: world.choices.faults_taken(),
            transient_faults: api.transient_faults.get(),
        }
    }

    /// Presses again at once, or, where something is still to come, perhaps after that.
    async fn wait_to_press_again(&self, api: &SimulatedApi) {
        // The world is taken out, so that nothing is borrowed while time passes.
        let mut world = api.world.replace(World::nowhere());
        world.catch_up();
        if world.is_unsettled() && world.choices.any_of(2) == 1 {
            world.finish().await;
        }
        let meanwhile = BETWEEN_RUNS.choose(&mut world.choices);
        world.let_a_colleague(meanwhile);
        api.world.replace(world);
    }
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
