//! What a rollback will do, from what the API shows before anything is sent: from which deployment to
//! which, and whether it should be done at all.

use crate::course::Course;
use crate::deployment::Deployment;
use crate::endpoint::{ENVIRONMENTS, Id, LISTED};
use crate::failure::{Failure, NoTarget};
use crate::history::{self, Why};
use crate::inputs::Wanted;
use crate::outcome::Outcome;
use crate::session::Session;
use crate::text::Row;

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
    /// The deployments that are newer than that one, the newest one first.
    pub undone: Vec<Deployment>,
    /// The versions that `previous` did not pick, and why.
    pub passed_over: Vec<(String, Why)>,
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
        for (version, why) in &self.passed_over {
            let why = match why {
                Why::Active => "it is active",
                Why::UndoneAlready => "it was rolled back from, and not deployed since",
            };
            rows.push(("passed over", format!("version {version}: {why}")));
        }
        rows.extend(self.target.as_ref().map(|target| ("going back to", target.describe())));
        rows
    }

    /// The deployments that it undoes, as label and text, for people.
    pub fn undone_rows(&self) -> Vec<Row> {
        let mut rows: Vec<Row> =
            self.undone.iter().take(SHOWN).map(|one| ("undoes", one.describe())).collect();
        let more = self.undone.len().saturating_sub(SHOWN);
        if more > 0 {
            rows.push(("undoes", format!("{more} more")));
        }
        rows
    }
}

/// Finds out what to do, and whether it should be done. With a bare id and no guard, nothing is read.
pub async fn make(session: &mut Session<'_, '_>, course: &mut Course) -> Result<Next, Failure> {
    let request = session.request;
    let list = match (request.environment, &request.wanted) {
        (Some(environment), _) => {
            course.plan.environment = Some(environment.to_owned());
            session.deployments(environment).await.map_err(Failure::Unread)?.0
        }
        (None, Wanted::Named(id)) if !request.must_be_looked_up() => {
            return Ok(Next::Send(id.clone()));
        }
        (None, wanted) => search(session, course, wanted).await?,
    };
    let active = session.active().await.map_err(Failure::Unread)?.0;
    let environment = course.plan.environment.clone();
    let current = active.into_iter().find(|active| active.environment == environment);
    course.plan.current = current.clone();
    if let Some(expected) = &request.expect_current {
        let is_expected =
            |current: &Deployment| current.id == *expected || current.has_version(expected);
        if !current.as_ref().is_some_and(is_expected) {
            return Err(Failure::Superseded);
        }
    }

    let is_whole = list.len() < LISTED;
    let (history, is_ahead) = since(list, current.as_ref());
    if is_ahead {
        session.log.warning(
            "the environment has deployments that are newer than the active one: they do not count",
        );
    }
    let target = match &request.wanted {
        Wanted::Previous => previous(session, course, &history, is_whole)?,
        Wanted::Named(id) => named(session, course, &history, id).await?,
    };
    let newer = history.iter().take_while(|deployment| deployment.id != target.id);
    course.plan.undone = newer.cloned().collect();
    course.plan.target = Some(target.clone());
    session.log.rows(&course.plan.rows());
    if request.is_dry_run {
        session.log.rows(&course.plan.undone_rows());
    }

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

/// Looks for a deployment in every environment. Returns the list that it is in.
async fn search(
    session: &mut Session<'_, '_>,
    course: &mut Course,
    wanted: &Wanted,
) -> Result<Vec<Deployment>, Failure> {
    let mut listed = Vec::new();
    let mut unread = None;
    for environment in ENVIRONMENTS {
        match session.deployments(environment).await {
            Ok((list, _)) if list.iter().any(|deployment| wanted.is(&deployment.id)) => {
                course.plan.environment = Some(environment.to_owned());
                return Ok(list);
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

/// Finds what is active where the API says that the rollback has nothing to do, if it can be read.
pub async fn find_active(session: &mut Session<'_, '_>, course: &mut Course) {
    if course.plan.environment.is_none() {
        let listed = session.newest().await;
        let target = listed.into_iter().find(|one| session.request.wanted.is(&one.id));
        course.plan.environment = target.and_then(|target| target.environment);
    }
    let environment = course.plan.environment.clone();
    if let (Some(_), Ok((active, _))) = (&environment, session.active().await) {
        course.plan.current = active.into_iter().find(|active| active.environment == environment);
    }
}

/// A history from the active deployment on, and whether the list has newer ones.
fn since(mut list: Vec<Deployment>, active: Option<&Deployment>) -> (Vec<Deployment>, bool) {
    let Some(active) = active else { return (list, false) };
    match list.iter().position(|deployment| deployment.id == active.id) {
        Some(place) => (list.split_off(place), place > 0),
        // It is newer than the list, or so old that the list does not reach it.
        None => {
            list.insert(0, active.clone());
            (list, false)
        }
    }
}

fn previous(
    session: &mut Session<'_, '_>,
    course: &mut Course,
    history: &[Deployment],
    is_whole: bool,
) -> Result<Deployment, Failure> {
    let previous = history::previous(history, is_whole);
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
