//! The work: a rollback that is done at most once, and that is known to have been done.

pub mod backoff;
pub mod deadline;
pub mod engine;
pub mod evidence;
pub mod history;
pub mod plan;
pub mod reconcile;
pub mod verify;
pub mod wait_for_tests;

use crate::agents_api::endpoint::Id;
use crate::agents_api::http::Stage;
use crate::agents_api::rollback_response::{NoRollback, Rollback};
use crate::model::call_error::{Fault, Meaning};
use crate::model::failure::Failure;
use crate::model::outcome::Outcome;
use crate::model::record::Course;
use crate::process::signals::Signals;
use crate::rollback::engine::Session;
use crate::rollback::plan::Next;
use crate::rollback::reconcile::{Reconciliation, TIME};
use crate::rollback::verify::Proof;
use anyhow::anyhow;
use std::time::Duration;

/// Rolls back, unless a signal comes first. Whatever the API does, this ends within the budget. How
/// far it came is in `course`, also after a failure.
pub async fn perform(
    session: &mut Session<'_, '_>,
    course: &mut Course,
    signals: &mut Signals,
) -> Result<Outcome, Failure> {
    tokio::select! {
        biased;
        result = roll_back(session, course) => result,
        signal = signals.next() => {
            let stage = match course.rollback {
                Some(_) => Stage::Done,
                None => session.client.stage(),
            };
            Err(Failure::Cancelled { signal, stage })
        }
    }
}

async fn roll_back(session: &mut Session<'_, '_>, course: &mut Course) -> Result<Outcome, Failure> {
    let target = match plan::make(session, course).await? {
        Next::Send(target) => target,
        Next::End(outcome) => return Ok(outcome),
    };
    let mut search = Reconciliation::new(target, &course.plan);
    let sent = send(session, course, &mut search).await;
    course.plan.target = course.plan.target.take().or(search.target);
    match sent {
        Ok(rollback) => {
            let rollback = course.rollback.insert(rollback);
            if !course.plan.is_met_by(&rollback.deployment) {
                return Err(Failure::NotActive);
            }
            if session.request.is_verified {
                let proof = verify::prove(session, rollback, &course.plan).await;
                if let Proof::Other(_) = course.proof.insert(proof) {
                    return Err(Failure::NotActive);
                }
            }
            Ok(Outcome::RolledBack)
        }
        Err(Failure::NotDone(fault)) if fault.is_there_already() => {
            match plan::is_there_already(session, course).await {
                true => Ok(Outcome::Unchanged),
                false => Err(Failure::NotDone(fault)),
            }
        }
        Err(failure) => {
            if let Failure::NotDone(Fault::Answered { status: 404, .. }) = &failure {
                let newest = session.newest().await;
                course.offer(newest, &session.request.wanted);
            }
            Err(failure)
        }
    }
}

/// Sends the request, and sends it again where the one before is known to have had no effect.
async fn send(
    session: &mut Session<'_, '_>,
    course: &mut Course,
    search: &mut Reconciliation,
) -> Result<Rollback, Failure> {
    let mut tries = 0;
    let mut lost: Option<String> = None;
    loop {
        let fault = match post(session, &search.id).await {
            Ok(rollback) => return Ok(rollback),
            Err(fault) => fault,
        };
        tries += 1;
        let meaning = fault.meaning();
        if meaning == Meaning::Unclear {
            lost = Some(fault.to_string());
        }
        if lost.is_none() {
            session.client.close();
        }
        let pause = backoff::pause(tries, fault.retry_after());
        let has_waited = meaning == Meaning::NotNow && session.wait(tries, pause, &fault).await;
        // What was lost may be late, and a refusal may come of it.
        if let Some(lost) = &lost {
            match search.find(session, lost).await {
                Ok(Some(rollback)) => return Ok(rollback),
                Ok(None) => session.client.close(),
                Err(cause) if meaning == Meaning::Unclear || fault.is_conflict() => {
                    return Err(Failure::Unknown { lost: lost.clone(), fault, cause });
                }
                // What the earlier looks showed stands; nothing is sent that could not be seen.
                Err(_) => return Err(Failure::NotDone(fault)),
            }
        }
        let has_time = lost.is_none() || session.budget.leaves(TIME);
        let is_next = match meaning {
            Meaning::Never => false,
            Meaning::NotNow => has_waited && has_time,
            // The looks were the wait.
            Meaning::Unclear => has_time && session.wait(tries, Duration::ZERO, &fault).await,
        };
        if !is_next {
            return Err(Failure::NotDone(fault));
        }
        match plan::still_holds(session, course).await {
            Ok(true) => {}
            Ok(false) => {
                // By what was lost, perhaps, which is later than all looks.
                let Some(lost) = lost else { return Err(Failure::Superseded) };
                return match search.find(session, &lost).await {
                    Ok(found) => found.ok_or(Failure::Superseded),
                    Err(cause) => Err(Failure::Unknown { lost, fault, cause }),
                };
            }
            Err(_) => return Err(Failure::NotDone(fault)),
        }
    }
}

async fn post(session: &Session<'_, '_>, target: &Id) -> Result<Rollback, Fault> {
    let Session { request, client, budget, .. } = session;
    let url = request.endpoint.rollback(&request.agent_id, target);
    let reply = client.rollback(url, &request.message, budget.request()).await?;
    match Rollback::read(&reply.body, client.redaction()) {
        Ok(rollback) if rollback.deployment.id == target.as_str() => {
            let cause = anyhow!("it names the deployment to go back to as the new one");
            Err(client.unreadable(&reply, cause))
        }
        Ok(rollback) => Ok(rollback),
        Err(NoRollback::Refused(error)) => {
            Err(Fault::Answered { status: reply.status, error, retry_after: None })
        }
        Err(NoRollback::Unreadable(cause)) => Err(client.unreadable(&reply, cause)),
    }
}
