//! The plan of a rollback, from what the API shows before anything is sent: from which deployment to
//! which, and whether the rollback should be done at all.

use crate::agents_api::{AgentsApi, Answer, Deployments};
use crate::model::{
    CallError, Candidates, Deployment, Environment, Failure, Id, Names, NoTarget, Outcome, Plan,
    RollbackRequest, TargetSpec,
};
use crate::rollback::{
    engine::{Engine, LIST_COUNT, Snapshot, Tries, fresh},
    history::{self, History},
    looks::Looks,
};
use futures_util::future::join;
use std::time::Duration;

/// The most that is waited for what is active, where that only helps to choose.
const MOMENT: Duration = Duration::from_secs(2);

/// The step after the plan.
#[derive(Debug)]
pub(super) enum Next {
    /// The request for a rollback to this deployment.
    Send(Id),
    /// The end of the run.
    End(Outcome),
}

/// What is active, where the API says that the target's version is.
pub(super) enum There {
    /// A deployment of the target's version.
    Target(Box<Deployment>),
    /// Another version, to the last look.
    Another(Box<Deployment>),
    /// Nobody knows.
    Unseen,
}

impl<A: AgentsApi> Engine<'_, '_, A> {
    /// Finds out what to do, and whether it should be done. With a bare id and no guard, nothing is read.
    pub(super) async fn plan(&self, plan: &mut Plan) -> Result<Next, Failure> {
        let request = self.request;
        let (environment, history) = match (request.environment, &request.target) {
            (Some(environment), _) => (environment, self.history(environment).await?),
            (None, TargetSpec::Named(id)) if !request.must_be_looked_up() => {
                return Ok(Next::Send(id.clone()));
            }
            (None, _) => match self.find_environment().await? {
                Some(found) => found,
                None => return Ok(Next::End(Outcome::Previewed)),
            },
        };
        let history = self.settle(environment, history).await?;
        plan.environment = Some(environment);
        plan.current = history.current.clone();
        plan.known_ids = Some(history.seen_ids.clone());
        if !is_expected(request, plan.current.as_ref()) {
            let expected = request.expect_current.as_deref().unwrap_or_default();
            refuse_too_short("expect-current", expected, &history)?;
            let now = plan.current.clone().map(Box::new);
            return Err(Failure::Superseded { now, lost: None });
        }
        let target = match &request.target {
            TargetSpec::Previous => self.previous(plan, environment, &history)?,
            TargetSpec::Named(id) => self.named(environment, &history, id).await?,
        };
        plan.undone = history.undone_by(&target);
        plan.target = Some(target.clone());
        let current = plan.current.as_ref();
        if current.is_some_and(|current| current.has_version_of(&target))
            && !history.has_newer()
            && !request.is_forced
            && !is_rehearsal_of_bare_id(request)
        {
            return Ok(Next::End(Outcome::Unchanged));
        }
        let names = Names::among(history.all(), request.started);
        self.log.borrow_mut().rows(&plan.rows(&names));
        if request.is_dry_run {
            return Ok(Next::End(Outcome::Previewed));
        }
        // An id that leads to another path cannot be asked for.
        let candidates = Candidates::default();
        let nowhere = Failure::NoTarget { why: NoTarget::Nowhere, candidates };
        Id::new(&target.id).map(Next::Send).ok_or(nowhere)
    }

    /// Looks in every environment for the deployment that was named, and returns the environment that lists
    /// it. None where the real run would ask the API all the same, which may know older deployments than it
    /// lists.
    async fn find_environment(&self) -> Result<Option<(Environment, History)>, Failure> {
        let target = &self.request.target;
        let Snapshot { active, lists } = self.snapshot(None, Tries::Several).await;
        let mut listed = Vec::new();
        let mut unread = None;
        let mut may_be_older = false;
        for (environment, list) in lists {
            match list {
                Err(error) => unread = unread.or(Some(error)),
                Ok(list) if list.value.iter().any(|listed| target.is(&listed.id)) => {
                    // The other lists may have taken a while: a guard wants to know what is so now.
                    let history = match self.request.expect_current {
                        Some(_) => self.history(environment).await?,
                        None => history_of(environment, Ok(list), active)?,
                    };
                    return Ok(Some((environment, history)));
                }
                Ok(list) => {
                    may_be_older |= list.value.len() >= LIST_COUNT;
                    listed.extend(list.value);
                }
            }
        }
        let candidates = Candidates::choose(listed, target, None);
        if let Some(error) = unread {
            return Err(Failure::Unread { error: error.into(), candidates });
        }
        if may_be_older && is_rehearsal_of_bare_id(self.request) {
            let active = active.map(|active| active.value).unwrap_or_default();
            let names = Names::among(active.iter(), self.request.started);
            for active in &active {
                let environment = active.environment.map_or("somewhere", Environment::name);
                self.tell("active now", format!("{environment}: {}", names.line(active)));
            }
            self.log.borrow_mut().warning(&format!(
                "the deployment is not among the newest {LIST_COUNT} of its environment, so that this \
                 dry run cannot tell whether the API knows it"
            ));
            return Ok(None);
        }
        Err(Failure::NoTarget { why: NoTarget::Nowhere, candidates })
    }

    /// Reads an environment.
    pub(super) async fn history(&self, environment: Environment) -> Result<History, Failure> {
        let Snapshot { active, mut lists } = self.snapshot(Some(environment), Tries::Several).await;
        let (_, list) = lists.remove(0);
        history_of(environment, list, active)
    }

    /// Reads an environment again where its list and what is active do not agree: for a moment after a
    /// deployment they may not. What the last read shows counts, and a last read that fails is an error: what
    /// was seen before it may be over.
    pub(super) async fn settle(
        &self,
        environment: Environment,
        history: History,
    ) -> Result<History, Failure> {
        if !history.is_settled() {
            let text = "up to 8 s until the list of deployments and what is active agree";
            self.tell("waiting", text);
        }
        let mut looks = Looks::ladder();
        // The first look is the one that has been taken.
        looks.next(self.deadline).await;
        // The rollback itself needs time, too.
        let has_time = || self.deadline.for_wait_to_roll_back().is_some();
        let mut seen_ids = history.seen_ids.clone();
        let mut history = Ok(history);
        while !history.as_ref().is_ok_and(History::is_settled)
            && has_time()
            && looks.next(self.deadline).await
        {
            history = self.history(environment).await;
            seen_ids.extend(history.iter().flat_map(|history| history.seen_ids.clone()));
        }
        history.map(|history| History { seen_ids, ..history })
    }

    /// Picks what the environment was on before.
    fn previous(
        &self,
        plan: &mut Plan,
        environment: Environment,
        history: &History,
    ) -> Result<Deployment, Failure> {
        let refuse = |why| {
            let listed = history.all().cloned().collect();
            let candidates = Candidates::choose(listed, &TargetSpec::Previous, Some(environment));
            Err(Failure::NoTarget { why, candidates })
        };
        if history.current.is_none() {
            return refuse(NoTarget::NothingActive);
        }
        if !history.is_settled() {
            return refuse(NoTarget::OutOfStep);
        }
        if !history.is_in_order {
            return refuse(NoTarget::NoOrder);
        }
        if history.current.as_ref().is_some_and(|current| current.version.is_none()) {
            return refuse(NoTarget::NoVersion);
        }
        let previous = history::previous(&history.deployments);
        if previous.is_guess {
            self.log.borrow_mut().warning(
                "previous is a guess: the API does not say which deployments are rollbacks, so that a \
                 version that came back is taken for a rollback to it",
            );
        }
        if previous.current_is_rollback && self.request.expect_current.is_none() {
            let undone = previous.undone.cloned().map(Box::new);
            return Err(Failure::AlreadyRolledBack { undone });
        }
        plan.passed_over = previous.passed_over.into_iter().map(str::to_owned).collect();
        let Some(target) = previous.deployment else {
            return refuse(NoTarget::NothingBefore);
        };
        if !previous.is_dated {
            return refuse(NoTarget::NoOrder);
        }
        if target.is_void || target.version.is_none() {
            return refuse(NoTarget::Void);
        }
        Ok(target.clone())
    }

    /// Finds the deployment that was named by its id, by its version, or by the beginning of its version.
    async fn named(
        &self,
        environment: Environment,
        history: &History,
        id: &Id,
    ) -> Result<Deployment, Failure> {
        let id = id.as_str();
        if let Some(target) = history.all().find(|deployment| deployment.id == id) {
            if target.is_void && !is_rehearsal_of_bare_id(self.request) {
                let candidates = self.candidates(Some(environment)).await;
                return Err(Failure::NoTarget { why: NoTarget::Void, candidates });
            }
            return Ok(target.clone());
        }
        let has_version =
            |deployment: &&Deployment| !deployment.is_void && deployment.has_version(id);
        let mut matching = newest_of_each_version(history.all().filter(has_version));
        if matching.len() > 1 {
            return Err(Failure::Ambiguous { matching });
        }
        if let Some(target) = matching.pop() {
            return Ok(target);
        }
        refuse_too_short("deployment-id", id, history)?;
        let candidates = self.candidates(Some(environment)).await;
        Err(Failure::NoTarget { why: NoTarget::NotThere, candidates })
    }

    /// Deployments to choose from instead of the target.
    pub(super) async fn candidates(&self, environment: Option<Environment>) -> Candidates {
        Candidates::choose(self.newest().await, &self.request.target, environment)
    }

    /// The same, and which of them are active: with a bare id, nothing was read before the API said that there is no
    /// such target.
    pub(super) async fn candidates_and_active(
        &self,
        environment: Option<Environment>,
    ) -> Candidates {
        let limit = self.deadline.for_read().map(|limit| limit.min(MOMENT));
        let (candidates, active) = join(self.candidates(environment), self.api.active(limit)).await;
        Candidates { active: fresh(&active), ..candidates }
    }

    /// Looks whether the environment is on the target's version, as the API says.
    pub(super) async fn look_whether_there(&self, plan: &mut Plan) -> There {
        let mut seen = There::Unseen;
        let mut looks = Looks::ladder();
        while looks.next(self.deadline).await {
            let Snapshot { active, lists } = self.snapshot(plan.environment, Tries::Once).await;
            if plan.target.is_none() {
                let mut listed =
                    lists.into_iter().flat_map(|(_, list)| list).flat_map(|list| list.value);
                plan.target = listed.find(|deployment| self.request.target.is(&deployment.id));
                plan.environment = plan.target.as_ref().and_then(|target| target.environment);
            }
            let Ok(active) = active else { continue };
            let there = of(plan.environment, active.value).filter(|_| !active.is_from_cache);
            let Some((there, target)) = there.zip(plan.target.as_ref()) else { continue };
            if there.has_version_of(target) {
                return There::Target(Box::new(there));
            }
            if there.version.is_some() && target.version.is_some() {
                seen = There::Another(Box::new(there));
            }
        }
        seen
    }
}

fn history_of(
    environment: Environment,
    list: Answer<Deployments>,
    active: Answer<Deployments>,
) -> Result<History, Failure> {
    let unread = |error: CallError| Failure::Unread {
        error: error.into(),
        candidates: Candidates::default(),
    };
    let (list, active) = (list.map_err(unread)?, active.map_err(unread)?);
    Ok(History::new(list.value, of(Some(environment), active.value)))
}

/// The deployment that is active in an environment; none where no environment is known.
pub(super) fn of(environment: Option<Environment>, active: Vec<Deployment>) -> Option<Deployment> {
    active.into_iter().find(|active| environment.is_some() && active.environment == environment)
}

/// Refuses an input that is the beginning of a version and too short to stand for it.
fn refuse_too_short(input: &'static str, given: &str, history: &History) -> Result<(), Failure> {
    let begins_so = |deployment: &&Deployment| deployment.begins_with(given);
    let matching = newest_of_each_version(history.all().filter(begins_so));
    match matching.is_empty() {
        true => Ok(()),
        false => Err(Failure::TooShort { input, matching }),
    }
}

fn newest_of_each_version<'a>(
    deployments: impl Iterator<Item = &'a Deployment>,
) -> Vec<Deployment> {
    let mut newest: Vec<Deployment> = Vec::new();
    for deployment in deployments {
        if !newest.iter().any(|other| other.has_version_of(deployment)) {
            newest.push(deployment.clone());
        }
    }
    newest
}

/// Whether the real run would send the request without reading anything.
fn is_rehearsal_of_bare_id(request: &RollbackRequest) -> bool {
    request.is_dry_run && request.environment.is_none() && request.expect_current.is_none()
}

/// Whether the active deployment is the one that the user expects.
fn is_expected(request: &RollbackRequest, current: Option<&Deployment>) -> bool {
    request.expect_current.as_ref().is_none_or(|expected| {
        current.is_some_and(|current| current.id == *expected || current.has_version(expected))
    })
}
