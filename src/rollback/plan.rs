//! What a rollback will do, from what the API shows before anything is sent: from which deployment to
//! which, and whether it should be done at all.

use crate::agents_api::endpoint::{ENVIRONMENTS, Id};
use crate::model::call_error::Fault;
use crate::model::deployment::Deployment;
use crate::model::failure::{Failure, NoTarget};
use crate::model::outcome::Outcome;
use crate::model::record::Course;
use crate::model::rollback_request::Wanted;
use crate::rollback::engine::{LOOKS, Session};
use crate::rollback::history::{self, Why};
use crate::text::sanitize::Row;
use std::collections::BTreeSet;
use tokio::time::sleep;

/// The most deployments that are shown as undone.
const SHOWN: usize = 10;

/// What was read. Nothing, where nothing has to be known.
#[derive(Debug, Default)]
pub struct Plan {
    /// Where it will be done.
    pub environment: Option<String>,
    /// The deployment that is active there.
    pub current: Option<Deployment>,
    /// The deployment to go back to.
    pub target: Option<Deployment>,
    /// The newer ones, of another version, the newest one first.
    pub undone: Vec<Deployment>,
    /// The versions that `previous` did not pick, and why.
    pub passed_over: Vec<(String, Why)>,
    /// The ids of all deployments that its environment had; none where they were not read.
    pub known: Option<BTreeSet<String>>,
}

/// What comes after the plan.
#[derive(Debug)]
pub enum Next {
    /// The rollback to a deployment.
    Send(Id),
    /// Nothing.
    End(Outcome),
}

impl Plan {
    /// The facts, as label and text, for people.
    pub fn rows(&self) -> Vec<Row> {
        let mut rows: Vec<Row> = Vec::new();
        rows.extend(self.current.as_ref().map(|current| ("active before", current.describe())));
        let undone = self.passed_over.iter().filter(|(_, why)| *why == Why::UndoneAlready);
        rows.extend(undone.map(|(version, _)| {
            let why = "it was rolled back from, and not deployed since";
            ("passed over", format!("version {version}: {why}"))
        }));
        rows.extend(self.target.as_ref().map(|target| ("going back to", target.describe())));
        let undone = self.undone.iter().take(SHOWN);
        rows.extend(undone.map(|deployment| ("undoes", deployment.describe())));
        let more = self.undone.len().saturating_sub(SHOWN);
        rows.extend((more > 0).then(|| ("undoes", format!("{more} more"))));
        rows
    }

    /// Whether a new deployment is the one that was meant, as far as both are known.
    pub fn is_met_by(&self, made: &Deployment) -> bool {
        let may_be = |one: Option<&String>, other: Option<&String>| {
            one.zip(other).is_none_or(|(one, other)| one == other)
        };
        may_be(version_of(&self.target), made.version.as_ref())
            && may_be(self.environment.as_ref(), made.environment.as_ref())
    }
}

/// Finds out what to do, and whether it should be done. With a bare id and no guard, nothing is read.
pub async fn make(session: &mut Session<'_, '_>, course: &mut Course) -> Result<Next, Failure> {
    let request = session.request;
    let environment = match (request.environment, &request.wanted) {
        (Some(environment), _) => environment,
        (None, Wanted::Named(id)) if !request.must_be_looked_up() => {
            return Ok(Next::Send(id.clone()));
        }
        (None, wanted) => search(session, course, wanted).await?,
    };
    course.plan.environment = Some(environment.to_owned());
    let History { newer, deployments: history, current } =
        read(session, environment).await.map_err(Failure::Unread)?;
    course.plan.current = current.clone();
    course.plan.known = Some(newer.iter().chain(&history).map(|one| one.id.clone()).collect());
    if let Some(expected) = &request.expect_current {
        let is_expected =
            |current: &Deployment| current.id == *expected || current.has_version(expected);
        if !current.as_ref().is_some_and(is_expected) {
            return Err(Failure::Superseded);
        }
    }

    let target = match &request.wanted {
        Wanted::Previous if !newer.is_empty() => {
            course.offer([newer, history].concat(), &request.wanted);
            return Err(Failure::NoTarget(NoTarget::OutOfStep));
        }
        Wanted::Previous => previous(session, course, &history)?,
        Wanted::Named(id) => named(session, course, &[&newer[..], &history].concat(), id).await?,
    };
    // Nothing, where it is newer than the active one itself.
    let newer = history.iter().position(|deployment| deployment.id == target.id).unwrap_or(0);
    let is_undone = |one: &&Deployment| one.version.is_none() || one.version != target.version;
    course.plan.undone = history.iter().take(newer).filter(is_undone).cloned().collect();
    course.plan.target = Some(target.clone());
    session.log.rows(&course.plan.rows());

    let is_there = current
        .is_some_and(|current| current.version.is_some() && current.version == target.version);
    if is_there && !request.is_forced {
        return Ok(Next::End(Outcome::Unchanged));
    }
    if request.is_dry_run {
        return Ok(Next::End(Outcome::Previewed));
    }
    // An id that leads elsewhere is none.
    Id::new(&target.id).map(Next::Send).ok_or(Failure::NoTarget(NoTarget::Nowhere))
}

/// What an environment went through.
struct History {
    /// What is newer than the active deployment, the newest one first: nothing, but for a moment.
    newer: Vec<Deployment>,
    /// The active deployment, and all that is older.
    deployments: Vec<Deployment>,
    /// The active deployment.
    current: Option<Deployment>,
}

/// Reads an environment. What is newer than the active deployment gets a few seconds to be active
/// itself.
async fn read(session: &mut Session<'_, '_>, environment: &str) -> Result<History, Fault> {
    let mut history = read_once(session, environment).await?;
    for wait in LOOKS.into_iter().skip(1) {
        if history.newer.is_empty() || session.budget.pause(wait) != Some(wait) {
            break;
        }
        sleep(wait).await;
        history = read_once(session, environment).await?;
    }
    Ok(history)
}

async fn read_once(session: &mut Session<'_, '_>, environment: &str) -> Result<History, Fault> {
    let (mut list, _) = session.deployments(environment).await?;
    let (active, _) = session.active().await?;
    let is_there = |active: &Deployment| active.environment.as_deref() == Some(environment);
    let current = active.into_iter().find(is_there);
    let is_current = |one: &Deployment| current.as_ref().is_some_and(|active| active.id == one.id);
    let (newer, deployments) = match (list.iter().position(is_current), &current) {
        (Some(place), _) => {
            let deployments = list.split_off(place);
            (list, deployments)
        }
        // It is newer than the list, or so old that the list does not reach it.
        (None, Some(current)) => {
            let newest = list.first().and_then(Deployment::created);
            match list.is_empty() || newest.is_some() && current.created() > newest {
                true => (Vec::new(), [vec![current.clone()], list].concat()),
                false => (list, vec![current.clone()]),
            }
        }
        (None, None) => (Vec::new(), list),
    };
    Ok(History { newer, deployments, current })
}

/// Looks for a deployment in every environment. Returns the one that it is in.
async fn search(
    session: &mut Session<'_, '_>,
    course: &mut Course,
    wanted: &Wanted,
) -> Result<&'static str, Failure> {
    let mut listed = Vec::new();
    let mut unread = None;
    for environment in ENVIRONMENTS {
        match session.deployments(environment).await {
            Ok((list, _)) if list.iter().any(|deployment| wanted.is(&deployment.id)) => {
                return Ok(environment);
            }
            Ok((list, _)) => listed.extend(list),
            Err(fault) => {
                unread.get_or_insert(fault);
            }
        }
    }
    course.offer(listed, wanted);
    Err(unread.map_or(Failure::NoTarget(NoTarget::Nowhere), Failure::Unread))
}

/// Whether the environment is on the target's version already, as the API says, as far as that can be
/// seen.
pub async fn is_there_already(session: &mut Session<'_, '_>, course: &mut Course) -> bool {
    let plan = &mut course.plan;
    if plan.target.is_none() {
        let listed = session.newest().await;
        plan.target = listed.into_iter().find(|one| session.request.wanted.is(&one.id));
    }
    let target = plan.target.as_ref();
    plan.environment = plan.environment.take().or(target.and_then(|one| one.environment.clone()));
    plan.current = match (&plan.environment, session.active().await) {
        (Some(_), Ok((active, _))) => {
            active.into_iter().find(|active| active.environment == plan.environment)
        }
        _ => None,
    };
    let versions = (version_of(&plan.target), version_of(&plan.current));
    !matches!(versions, (Some(target), Some(current)) if target != current)
}

/// Whether what was decided by what is active may still be done. Before anything is sent again, somebody
/// may have deployed.
pub async fn still_holds(
    session: &mut Session<'_, '_>,
    course: &mut Course,
) -> Result<bool, Fault> {
    let request = session.request;
    if request.expect_current.is_none() && request.wanted != Wanted::Previous {
        return Ok(true);
    }
    let (active, _) = session.active().await?;
    let plan = &mut course.plan;
    let now = active.into_iter().find(|active| active.environment == plan.environment);
    let is_same = now.as_ref().map(|now| &now.id) == plan.current.as_ref().map(|then| &then.id);
    plan.current = now;
    Ok(is_same)
}

fn version_of(deployment: &Option<Deployment>) -> Option<&String> {
    deployment.as_ref()?.version.as_ref()
}

fn previous(
    session: &mut Session<'_, '_>,
    course: &mut Course,
    history: &[Deployment],
) -> Result<Deployment, Failure> {
    let previous = history::previous(history);
    let passed_over = previous.passed_over.iter();
    course.plan.passed_over =
        passed_over.map(|(version, why)| ((*version).to_owned(), *why)).collect();
    let is_active = course.plan.current.is_some();
    let Some(target) = previous.deployment.filter(|_| is_active) else {
        course.offer(history.to_vec(), &session.request.wanted);
        return Err(Failure::NoTarget(NoTarget::NothingBefore));
    };
    if previous.is_guess {
        session.log.warning(
            "previous is a guess: the API does not say which deployments are rollbacks, so that the \
             newest one of another version was picked",
        );
    }
    Ok(target.clone())
}

async fn named(
    session: &mut Session<'_, '_>,
    course: &mut Course,
    history: &[Deployment],
    id: &Id,
) -> Result<Deployment, Failure> {
    let id = id.as_str();
    if let Some(target) = history.iter().find(|deployment| deployment.id == id) {
        return Ok(target.clone());
    }
    let mut matching: Vec<&Deployment> = Vec::new();
    for deployment in history.iter().filter(|deployment| deployment.has_version(id)) {
        if !matching.iter().any(|other| other.version == deployment.version) {
            matching.push(deployment);
        }
    }
    match matching.as_slice() {
        [target] => Ok((*target).clone()),
        [] => {
            let newest = session.newest().await;
            course.offer(newest, &session.request.wanted);
            Err(Failure::NoTarget(NoTarget::NotThere))
        }
        several => {
            course.choice = several.iter().copied().cloned().collect();
            Err(Failure::Ambiguous)
        }
    }
}
