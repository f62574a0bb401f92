//! How far a run has come, and all that it has found out. It is kept whatever ends the run.

use crate::answer::Rollback;
use crate::deployment::Deployment;
use crate::plan::Plan;
use crate::proof::Proof;
use crate::request::Wanted;
use crate::test_runs::TestRuns;

/// The most deployments of one environment that are shown to choose from.
const CHOICE: usize = 3;

/// The course of a run.
#[derive(Debug, Default)]
pub struct Course {
    /// What was read before anything was sent.
    pub plan: Plan,
    /// The newest deployments, for a person to choose from, where the one that was asked for is not
    /// to be had.
    pub choice: Vec<Deployment>,
    /// The environment in which the lists show what was asked for.
    pub found_in: Option<String>,
    /// What was done.
    pub rollback: Option<Rollback>,
    /// Whether that is active.
    pub proof: Option<Proof>,
    /// What became of its tests; none where they are not waited for.
    pub tests: Option<TestRuns>,
}

impl Course {
    /// Takes what the lists show where a deployment is not to be had: the first few of each
    /// environment, and where what was wanted is after all.
    pub fn offer(&mut self, listed: Vec<Deployment>, wanted: &Wanted) {
        if let Wanted::Named(id) = wanted {
            let id = id.as_str();
            let found = listed.iter().find(|one| one.id == id || one.has_version(id));
            self.found_in = found.and_then(|found| found.environment.clone());
        }
        for deployment in listed {
            let is_alike = |other: &&Deployment| other.environment == deployment.environment;
            if self.choice.iter().filter(is_alike).count() < CHOICE {
                self.choice.push(deployment);
            }
        }
    }
}
