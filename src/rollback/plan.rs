//! The plan of a rollback, from what the API shows before anything is sent: from which deployment to
//! which, and whether the rollback should be done at all.

use crate::agents_api::{AgentsApi, Answer};
use crate::model::{
    Candidates, Deployment, Environment, Failure, Id, NoTarget, Outcome, Plan, RollbackRequest,
    TargetSpec,
};
use crate::rollback::{
    engine::{Engine, POLL_DELAYS},
    history,
};

/// The step after the plan.
#[derive(Debug)]
pub(super) enum Next {
    /// The request for a rollback to this deployment.
    Send(Id),
    /// The end of the run.
    End(Outcome),
}

impl<A: AgentsApi> Engine<'_, '_, A> {
    /// Finds out what to do, and whether it should be done. With a bare id and no guard, nothing is read.
    pub(super) async fn plan(&mut self, plan: &mut Plan) -> Result<Next, Failure> {
        let request = self.request;
        let environment = match (request.environment, &request.target) {
            (Some(environment), _) => environment,
            (None, TargetSpec::Named(id)) if !request.must_be_looked_up() => {
                return Ok(Next::Send(id.clone()));
            }
            (None, _) => self.find_environment().await?,
        };
        plan.environment = Some(environment);
        let unread = |error| Failure::Unread { error, candidates: Candidates::default() };
        let history = self.history(environment).await.map_err(unread)?;
        plan.current = history.current.clone();
        plan.known_ids = Some(history.all().map(|deployment| deployment.id.clone()).collect());
        if !is_expected(request, plan.current.as_ref()) {
            return Err(Failure::Superseded { now: plan.current.clone() });
        }
        let target = match &request.target {
            TargetSpec::Previous => self.previous(plan, environment, &history)?,
            TargetSpec::Named(id) => self.named(environment, &history, id).await?,
        };
        plan.undone = history.undone_by(&target);
        plan.target = Some(target.clone());
        self.log.borrow_mut().rows(&plan.rows());
        let current = plan.current.as_ref();
        if current.is_some_and(|current| current.has_version_of(&target)) && !request.is_forced {
            return Ok(Next::End(Outcome::Unchanged));
        }
        if request.is_dry_run {
            return Ok(Next::End(Outcome::Previewed));
        }
        // An id that leads to another path cannot be asked for.
        let candidates = Candidates::default();
        let nowhere = Failure::NoTarget { why: NoTarget::Nowhere, candidates };
        Id::new(&target.id).map(Next::Send).ok_or(nowhere)
    }

    /// Looks in every environment for the deployment that was named. Returns the environment that lists
    /// it.
    async fn find_environment(&mut self) -> Result<Environment, Failure> {
        let target = &self.request.target;
        let mut listed = Vec::new();
        let mut unread = None;
        for environment in Environment::ALL {
            match self.deployments(environment).await {
                Ok(list) if list.value.iter().any(|deployment| target.is(&deployment.id)) => {
                    return Ok(environment);
                }
                Ok(list) => listed.extend(list.value),
                Err(error) => unread = unread.or(Some(error)),
            }
        }
        let candidates = Candidates::choose(listed, target, None);
        Err(match unread {
            Some(error) => Failure::Unread { error, candidates },
            None => Failure::NoTarget { why: NoTarget::Nowhere, candidates },
        })
    }

    /// Reads an environment. A deployment that is newer than the active one gets a few seconds to be
    /// active itself.
    async fn history(&mut self, environment: Environment) -> Answer<History> {
        let mut history = self.history_once(environment).await?;
        for delay in POLL_DELAYS.into_iter().skip(1) {
            if history.newer.is_empty() || !self.wait_to_look(delay).await {
                break;
            }
            history = self.history_once(environment).await?;
        }
        Ok(history)
    }

    async fn history_once(&mut self, environment: Environment) -> Answer<History> {
        let list = self.deployments(environment).await?.value;
        let active = self.active().await?.value;
        let current = active.into_iter().find(|active| active.environment == Some(environment));
        Ok(History::new(list, current))
    }

    /// Picks what the environment was on before.
    fn previous(
        &mut self,
        plan: &mut Plan,
        environment: Environment,
        history: &History,
    ) -> Result<Deployment, Failure> {
        let refuse = |why| {
            let listed = history.all().cloned().collect();
            let candidates = Candidates::choose(listed, &TargetSpec::Previous, Some(environment));
            Err(Failure::NoTarget { why, candidates })
        };
        if !history.newer.is_empty() {
            return refuse(NoTarget::OutOfStep);
        }
        if history.current.is_none() {
            return refuse(NoTarget::NothingActive);
        }
        let previous = history::previous(&history.deployments);
        plan.passed_over = previous.passed_over.into_iter().map(str::to_owned).collect();
        let Some(target) = previous.deployment else {
            return refuse(NoTarget::NothingBefore);
        };
        if previous.is_guess {
            self.log.borrow_mut().warning(
                "previous is a guess: the API does not say which deployments are rollbacks, so that \
                 the newest one of another version was picked",
            );
        }
        Ok(target.clone())
    }

    /// Finds the deployment that was named by its id, by its version, or by the beginning of its version.
    async fn named(
        &mut self,
        environment: Environment,
        history: &History,
        id: &Id,
    ) -> Result<Deployment, Failure> {
        let id = id.as_str();
        if let Some(target) = history.all().find(|deployment| deployment.id == id) {
            return Ok(target.clone());
        }
        let mut matching: Vec<Deployment> = Vec::new();
        for deployment in history.all().filter(|deployment| deployment.has_version(id)) {
            if !matching.iter().any(|other| other.has_version_of(deployment)) {
                matching.push(deployment.clone());
            }
        }
        if matching.len() > 1 {
            return Err(Failure::Ambiguous { matching });
        }
        if let Some(target) = matching.pop() {
            return Ok(target);
        }
        let listed = self.newest().await;
        let candidates = Candidates::choose(listed, &self.request.target, Some(environment));
        Err(Failure::NoTarget { why: NoTarget::NotThere, candidates })
    }

    /// Whether the environment is on the target's version, as the API says. False only where the lists
    /// show another active version.
    pub(super) async fn is_there_already(&mut self, plan: &mut Plan) -> bool {
        if plan.target.is_none() {
            let target = &self.request.target;
            let mut listed = self.newest().await.into_iter();
            plan.target = listed.find(|deployment| target.is(&deployment.id));
        }
        let of_target = plan.target.as_ref().and_then(|target| target.environment);
        plan.environment = plan.environment.or(of_target);
        let active = self.active().await.map(|active| active.value).unwrap_or_default();
        let is_there = |active: &Deployment| {
            plan.environment.is_some() && active.environment == plan.environment
        };
        plan.current = active.into_iter().find(is_there);
        let version = |deployment: &Option<Deployment>| {
            deployment.as_ref().and_then(|deployment| deployment.version.clone())
        };
        let versions = version(&plan.target).zip(version(&plan.current));
        versions.is_none_or(|(target, current)| target == current)
    }

    /// Whether what was decided by what is active may still be done. Before anything is sent again,
    /// somebody may have deployed.
    pub(super) async fn still_holds(&mut self, plan: &mut Plan) -> Answer<bool> {
        let request = self.request;
        if request.expect_current.is_none() && request.target != TargetSpec::Previous {
            return Ok(true);
        }
        let active = self.active().await?.value;
        let now = active.into_iter().find(|active| active.environment == plan.environment);
        let id = |deployment: &Option<Deployment>| {
            deployment.as_ref().map(|deployment| deployment.id.clone())
        };
        let is_same = id(&now) == id(&plan.current);
        plan.current = now;
        Ok(is_same)
    }
}

/// Whether the active deployment is the one that the user expects.
fn is_expected(request: &RollbackRequest, current: Option<&Deployment>) -> bool {
    request.expect_current.as_ref().is_none_or(|expected| {
        current.is_some_and(|current| current.id == *expected || current.has_version(expected))
    })
}

/// The history of an environment.
struct History {
    /// The deployments that are newer than the active one, the newest one first: none, but for a moment.
    newer: Vec<Deployment>,
    /// The active deployment, and all that is older.
    deployments: Vec<Deployment>,
    /// The active deployment.
    current: Option<Deployment>,
}

impl History {
    /// Puts an environment's list and its active deployment together.
    fn new(mut list: Vec<Deployment>, current: Option<Deployment>) -> Self {
        let Some(active) = &current else {
            return Self { newer: Vec::new(), deployments: list, current };
        };
        if let Some(place) = list.iter().position(|listed| listed.id == active.id) {
            let deployments = list.split_off(place);
            return Self { newer: list, deployments, current };
        }
        // The active deployment is newer than the list, or so old that the list does not reach it.
        let newest = list.first().and_then(Deployment::created);
        let is_newer = list.is_empty() || newest.is_some() && active.created() > newest;
        let newer = if is_newer { Vec::new() } else { std::mem::take(&mut list) };
        let deployments = [vec![active.clone()], list].concat();
        Self { newer, deployments, current }
    }

    /// All deployments, the newest one first.
    fn all(&self) -> impl Iterator<Item = &Deployment> {
        self.newer.iter().chain(&self.deployments)
    }

    /// The deployments of other versions that are newer than `target`. None where the target is newer
    /// than the active deployment itself.
    fn undone_by(&self, target: &Deployment) -> Vec<Deployment> {
        let place = self.deployments.iter().position(|deployment| deployment.id == target.id);
        let newer = self.deployments.iter().take(place.unwrap_or(0));
        newer.filter(|deployment| !deployment.has_version_of(target)).cloned().collect()
    }
}
