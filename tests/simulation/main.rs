//! The decisions of a rollback, run in a simulated world.
//!
//! The API, the network, the clock and the colleagues are simulated behind the program's own seam, the
//! trait `AgentsApi`, under a clock that only moves when everybody waits. Every sequence with at most so
//! many faults is tried, and random sequences besides. After each run somebody presses the button once more,
//! in the same world. When everything late has happened, the laws are checked: `laws.rs` has them by name, and
//! the limits that excuse them.
//!
//! `scenarios` has what is asked for, `history` what was there before, `quirks` how an API differs from a
//! perfect one, and `faults` what can go wrong. `world` is what is really so, `api` what the program sees of it, and `journal`
//! what the program did.
//!
//! `SIMULATION_FAULTS` is the number of faults in a sequence (2 by default), `SIMULATION_RUNS` the number
//! of random runs (10,000). A run that breaks a law prints the line that replays it.

mod answers;
mod api;
mod choices;
mod ended;
mod faults;
mod history;
mod journal;
mod laws;
mod pressed;
mod quirks;
mod run;
mod scenarios;
mod sent;
mod shown;
mod told;
mod world;

use choices::Choices;
use run::Simulator;
use scenarios::SCENARIOS;
use std::collections::BTreeMap;
use std::env;
use std::fmt::Write;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Mutex, PoisonError};
use std::thread;

/// After so many runs of a scenario that break a law, no more of it are tried.
const ENOUGH: u64 = 100;

/// A number from a variable.
fn number(name: &str, default: u64) -> u64 {
    env::var(name).map_or(default, |text| text.parse().expect("a whole number"))
}

/// What came of many runs.
#[derive(Default)]
struct Tally {
    runs: u64,
    outcomes: BTreeMap<&'static str, u64>,
    broken: BTreeMap<String, Broken>,
}

/// The runs that broke one law.
struct Broken {
    runs: u64,
    /// The line that replays the one with the fewest choices.
    replay: String,
}

impl Tally {
    /// Adds one run.
    fn run(&mut self, simulator: &Simulator, choices: Choices) -> Choices {
        let (ended, choices) = simulator.run(choices);
        self.runs += 1;
        match ended {
            Ok(outcome) => *self.outcomes.entry(outcome.name()).or_default() += 1,
            Err(law) => {
                let replay = format!("{}: {}", simulator.scenario.name, choices.script());
                self.note(law, Broken { runs: 1, replay });
            }
        }
        choices
    }

    fn note(&mut self, law: String, broken: Broken) {
        let runs = self.broken.get(&law).map_or(0, |known| known.runs) + broken.runs;
        match self.broken.get_mut(&law) {
            Some(known) if known.replay.len() <= broken.replay.len() => known.runs = runs,
            _ => {
                self.broken.insert(law, Broken { runs, ..broken });
            }
        }
    }

    fn broken_runs(&self) -> u64 {
        self.broken.values().map(|broken| broken.runs).sum()
    }

    fn is_enough(&self) -> bool {
        self.broken_runs() >= ENOUGH
    }

    fn add(&mut self, other: Self) {
        self.runs += other.runs;
        for (outcome, count) in other.outcomes {
            *self.outcomes.entry(outcome).or_default() += count;
        }
        for (law, broken) in other.broken {
            self.note(law, broken);
        }
    }

    /// Prints the figures, and fails where a law was broken.
    fn conclude(self, what: &str) {
        println!("{what}: {} runs, {:?}", self.runs, self.outcomes);
        let mut text = String::new();
        for (law, Broken { runs, replay }) in &self.broken {
            let command =
                format!("SIMULATION_REPLAY='{replay}' cargo test --test simulation replay");
            writeln!(text, "{law} ({runs} runs)\n  {command}").expect("a string takes it");
        }
        let broken = self.broken_runs();
        assert!(broken == 0, "{broken} of {} runs broke a law:\n{text}", self.runs);
    }
}

/// Shares the scenarios out among the cores.
fn on_all_cores(jobs: usize, work: impl Fn(usize) -> Tally + Sync) -> Tally {
    let next = AtomicUsize::new(0);
    let total = Mutex::new(Tally::default());
    let cores = thread::available_parallelism().map_or(1, usize::from);
    thread::scope(|scope| {
        for _ in 0..cores {
            scope.spawn(|| {
                loop {
                    let job = next.fetch_add(1, Ordering::Relaxed);
                    if job >= jobs {
                        return;
                    }
                    let tally = work(job);
                    total.lock().unwrap_or_else(PoisonError::into_inner).add(tally);
                }
            });
        }
    });
    total.into_inner().unwrap_or_else(PoisonError::into_inner)
}

#[test]
fn every_short_sequence_of_faults_keeps_the_laws() {
    let faults = u32::try_from(number("SIMULATION_FAULTS", 2)).expect("a small number");
    let tally = on_all_cores(SCENARIOS.len(), |job| {
        let simulator = Simulator::new(&SCENARIOS[job]);
        let mut tally = Tally::default();
        let taken = SCENARIOS[job].faults;
        let mut choices = Choices::all_with(faults.saturating_sub(taken));
        loop {
            choices = tally.run(&simulator, choices);
            if tally.is_enough() || !choices.advance() {
                return tally;
            }
        }
    });
    tally.conclude(&format!("every sequence of at most {faults} faults"));
}

#[test]
fn random_sequences_of_many_faults_keep_the_laws() {
    const BATCHES: usize = 100;
    let runs = number("SIMULATION_RUNS", 10_000);
    let first = number("SIMULATION_SEED", fastrand::u64(..1 << 32));
    println!("SIMULATION_SEED={first} repeats these runs");
    let tally = on_all_cores(BATCHES, |batch| {
        let simulators = Vec::from_iter(SCENARIOS.iter().map(Simulator::new));
        let mut tally = Tally::default();
        let mut rng = fastrand::Rng::with_seed(first + batch as u64);
        for _ in 0..runs / BATCHES as u64 {
            if tally.is_enough() {
                break;
            }
            let simulator = &simulators[rng.usize(..SCENARIOS.len())];
            let share = [0.02, 0.1, 0.3, 0.6][rng.usize(..4)];
            tally.run(simulator, Choices::random(rng.fork(), share));
        }
        tally
    });
    tally.conclude("random sequences");
}

/// Runs once more what a run printed that broke a law, and shows all of it.
#[test]
fn replay() {
    let Ok(line) = env::var("SIMULATION_REPLAY") else {
        // Without a line to replay, this proves that a script is what a run does.
        let simulator = Simulator::new(&SCENARIOS[0]);
        let luck = fastrand::Rng::with_seed(7);
        let (ended, choices) = simulator.run(Choices::random(luck, 0.3));
        let script = choices.script();
        let (again, choices) = simulator.run(Choices::replay(&script));
        assert_eq!((ended, script), (again, choices.script()));
        return;
    };
    let (name, script) = line.split_once(": ").expect("a scenario and a script");
    let scenario = SCENARIOS.iter().find(|scenario| scenario.name == name).expect("a scenario");
    let mut simulator = Simulator::new(scenario);
    simulator.is_aloud = true;
    let (ended, _) = simulator.run(Choices::replay(script));
    println!("{ended:?}");
    assert!(ended.is_ok());
}
