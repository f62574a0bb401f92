//! The record of a run: what was found out and done. The record stays, whatever ends the run.

use crate::model::deployment::Deployment;
use crate::model::environment::Environment;
use crate::model::names::Names;
use crate::model::test_runs::TestRuns;
use crate::text::row::Row;
use std::collections::BTreeSet;

/// The most deployments that are shown as undone.
const UNDONE_SHOWN: usize = 10;

/// The record of a run.
#[derive(Debug, Default)]
pub struct Record {
    /// The plan, from everything that was read before anything was sent.
    pub plan: Plan,
    /// The rollback that was done.
    pub rollback: Option<Rollback>,
    /// Whether the new deployment was seen to be active; none where nobody looked.
    pub verification: Option<Verification>,
    /// The test runs; none where they are not waited for.
    pub tests: Option<TestRuns>,
}

/// The plan of a rollback, as the API's lists showed it. Everything is empty where nothing had to be read.
#[derive(Debug, Default)]
pub struct Plan {
    /// The environment that is rolled back.
    pub environment: Option<Environment>,
    /// The deployment that is active there.
    pub current: Option<Deployment>,
    /// The deployment to go back to.
    pub target: Option<Deployment>,
    /// The deployments that are newer than the target and of another version, the newest one first.
    pub undone: Vec<Deployment>,
    /// The versions that `previous` did not pick because somebody has rolled back from them.
    pub passed_over: Vec<String>,
    /// The ids of all deployments that the environment had; none where they were not read.
    pub known_ids: Option<BTreeSet<String>>,
}

/// A rollback that was done.
#[derive(Clone, Debug)]
pub struct Rollback {
    /// The new deployment.
    pub deployment: Deployment,
    /// The ids of the test runs that the rollback triggered.
    pub test_run_ids: Vec<String>,
    /// Whether these are all of them.
    pub are_all_runs_known: bool,
    /// How it is known that the rollback was done, where the answer was lost.
    pub established: Option<String>,
}

/// Whether the new deployment was seen to be active.
#[derive(Debug)]
pub enum Verification {
    /// The new deployment is active, or another one of the same version.
    Active,
    /// Another version is active, or nothing.
    OtherActive(Option<Deployment>),
    /// The looks do not tell, for this reason.
    Unseen(String),
}

impl Record {
    /// The deployment that the rollback made.
    pub fn made(&self) -> Option<&Deployment> {
        self.rollback.as_ref().map(|rollback| &rollback.deployment)
    }
}

impl Plan {
    /// Whether a deployment was there before.
    pub fn knows(&self, deployment: &Deployment) -> bool {
        self.known_ids.as_ref().is_some_and(|ids| ids.contains(&deployment.id))
    }

    /// Whether a deployment is the active one.
    pub fn is_current(&self, deployment: &Deployment) -> bool {
        self.current.as_ref().is_some_and(|current| current.id == deployment.id)
    }

    /// All deployments of the plan.
    pub fn deployments(&self) -> impl Iterator<Item = &Deployment> {
        self.current.iter().chain(&self.target).chain(&self.undone)
    }

    /// The facts, for people: from which deployment to which, and what that undoes.
    pub fn rows(&self, names: &Names) -> Vec<Row> {
        let mut rows = Vec::new();
        let is_undone = self.undone.iter().any(|undone| self.is_current(undone));
        if let Some(current) = &self.current {
            let undone: &[&str] = if is_undone { &["will be undone"] } else { &[] };
            rows.push(Row::of_cells("active now", names.cells(current, undone)));
        }
        rows.extend(self.passed_over.iter().map(|version| {
            let why = "somebody has rolled back from it, and nobody has deployed it since";
            Row::new("passed over", format!("{}: {why}", names.short_version(version)))
        }));
        let target = self.target.as_ref();
        rows.extend(target.map(|target| Row::of_cells("going back to", names.cells(target, &[]))));
        let undone: Vec<_> = self.undone.iter().filter(|undone| !self.is_current(undone)).collect();
        let shown = undone.iter().take(UNDONE_SHOWN);
        rows.extend(shown.map(|undone| Row::of_cells("undoes as well", names.cells(undone, &[]))));
        let more = undone.len().saturating_sub(UNDONE_SHOWN);
        rows.extend((more > 0).then(|| Row::new("undoes as well", format!("{more} more"))));
        rows
    }

    /// Whether a new deployment is the one that was meant, as far as both are known.
    pub fn is_met_by(&self, made: &Deployment) -> bool {
        let target = self.target.as_ref();
        let versions = target.and_then(|target| target.version.as_ref()).zip(made.version.as_ref());
        let environments = self.environment.zip(made.environment);
        versions.is_none_or(|(wanted, made)| wanted == made)
            && environments.is_none_or(|(wanted, made)| wanted == made)
    }
}

impl Rollback {
    /// A rollback whose answer was lost, as the text `lost` says, and whose deployment the lists show.
    pub fn established(deployment: Deployment, lost: &str) -> Self {
        let environment = deployment.environment.map_or("its environment", Environment::name);
        let how = format!(
            "the answer was lost ({lost}); {environment} has a new deployment of the target's version",
        );
        Self {
            deployment,
            test_run_ids: Vec::new(),
            are_all_runs_known: false,
            established: Some(how),
        }
    }

    /// The facts, for people. Who made the deployment is not among them.
    pub fn rows(&self) -> Vec<Row> {
        let made = &self.deployment;
        let environment = made.environment.map_or("not given", Environment::name);
        let given = |text: &Option<String>| text.clone().unwrap_or("not given".to_owned());
        let mut rows = vec![
            Row::new("new deployment", made.id.clone()),
            Row::new("environment", environment),
            Row::new("version", given(&made.version)),
            Row::new("artifact version", given(&made.artifact_version)),
            Row::new("created at", given(&made.created_at)),
            Row::new("test runs", self.tests()),
        ];
        rows.extend(self.established.as_ref().map(|how| Row::new("established", how.clone())));
        rows
    }

    fn tests(&self) -> String {
        if !self.test_run_ids.is_empty() {
            let ids = self.test_run_ids.join(", ");
            format!("{} triggered: {ids}", self.test_run_ids.len())
        } else if self.established.is_some() {
            "not known, as the answer was lost".to_owned()
        } else if self.are_all_runs_known {
            "none were triggered".to_owned()
        } else {
            "not given".to_owned()
        }
    }
}

impl Verification {
    /// The verification, for people.
    pub fn row(&self) -> Row {
        let text = match self {
            Self::Active => "yes, this version is active".to_owned(),
            Self::OtherActive(_) => "no, another one is active".to_owned(),
            Self::Unseen(why) => format!("no: {why}"),
        };
        Row::new("verified", text)
    }
}
