//! How far a run has come, and all that it has found out. It is kept whatever ends the run.

use crate::agents_api::rollback_response::Rollback;
use crate::model::deployment::Deployment;
use crate::model::rollback_request::Wanted;
use crate::rollback::plan::Plan;
use crate::rollback::verify::Proof;
use crate::rollback::wait_for_tests::TestRuns;

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
    /// Where the lists show what was asked for.
    pub found: Option<Found>,
    /// What was done.
    pub rollback: Option<Rollback>,
    /// Whether that is active.
    pub proof: Option<Proof>,
    /// What became of its tests; none where they are not waited for.
    pub tests: Option<TestRuns>,
}

/// What was asked for, found elsewhere.
#[derive(Debug)]
pub enum Found {
    /// It is a deployment.
    Deployment {
        /// Where.
        environment: String,
    },
    /// It is the version of a deployment.
    Version {
        /// Where.
        environment: String,
    },
}

impl Course {
    /// Takes what the lists show where a deployment is not to be had: where it is after all, and the
    /// first few of each environment that may be meant.
    pub fn offer(&mut self, listed: Vec<Deployment>, wanted: &Wanted) {
        self.found = match wanted {
            Wanted::Named(id) => find(&listed, id.as_str()),
            Wanted::Previous => None,
        };
        let elsewhere = match &self.found {
            Some(Found::Deployment { environment } | Found::Version { environment }) => {
                Some(environment)
            }
            None => None,
        };
        let may_be_meant = |environment: &Option<String>| {
            self.plan.environment.is_none()
                || self.plan.environment == *environment
                || elsewhere == environment.as_ref()
        };
        for deployment in listed.into_iter().filter(|one| may_be_meant(&one.environment)) {
            let is_alike = |other: &&Deployment| other.environment == deployment.environment;
            if self.choice.iter().filter(is_alike).count() < CHOICE {
                self.choice.push(deployment);
            }
        }
    }
}

fn find(listed: &[Deployment], id: &str) -> Option<Found> {
    let environment = |one: &Deployment| one.environment.clone();
    let deployment = listed.iter().find(|one| one.id == id).and_then(environment);
    let version = listed.iter().find(|one| one.has_version(id)).and_then(environment);
    match (deployment, version) {
        (Some(environment), _) => Some(Found::Deployment { environment }),
        (None, Some(environment)) => Some(Found::Version { environment }),
        (None, None) => None,
    }
}
