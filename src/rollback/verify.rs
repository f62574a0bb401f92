//! Whether a rollback that was accepted is active.

use crate::agents_api::rollback_response::Rollback;
use crate::model::deployment::Deployment;
use crate::rollback::engine::{LOOKS, Session};
use crate::rollback::plan::Plan;
use crate::text::sanitize::Row;
use tokio::time::sleep;

/// What was seen.
#[derive(Debug)]
pub enum Proof {
    /// It is active.
    Active,
    /// Something else is active, or nothing.
    Other(Option<Deployment>),
    /// Nothing was seen that tells, for this reason.
    Unseen(String),
}

impl Proof {
    /// It, as label and text, for people.
    pub fn row(&self) -> Row {
        let text = match self {
            Self::Active => "yes, it is active".to_owned(),
            Self::Other(_) => "no, another one is active".to_owned(),
            Self::Unseen(why) => format!("no: {why}"),
        };
        ("verified", text)
    }
}

/// Looks at what is active. Something that is not the new deployment gets a few seconds to go; before
/// they are over, it proves nothing.
pub async fn prove(session: &mut Session<'_, '_>, rollback: &Rollback, plan: &Plan) -> Proof {
    let made = &rollback.deployment;
    let environment = made.environment.as_ref().or(plan.environment.as_ref());
    let mut other = None;
    for wait in LOOKS {
        if session.budget.pause(wait) != Some(wait) {
            return unseen(other, "no time was left to look");
        }
        sleep(wait).await;
        let active = match session.active().await {
            Ok((active, _)) => active,
            Err(fault) => return unseen(other, &fault.said()),
        };
        if active.iter().any(|active| active.id == made.id) {
            return Proof::Active;
        }
        if environment.is_none() {
            return unseen(None, "the API does not say in which environment it is");
        }
        let there = active.into_iter().find(|active| active.environment.as_ref() == environment);
        match there.as_ref().map(|there| &there.version) {
            // Somebody else's, with the same content.
            Some(Some(version)) if made.version.as_ref() == Some(version) => return Proof::Active,
            Some(None) => return unseen(None, "the API does not say which version is active"),
            _ => other = Some(there),
        }
    }
    Proof::Other(other.flatten())
}

/// What is known where the looks end early, after something else was active, or nothing was.
fn unseen(other: Option<Option<Deployment>>, why: &str) -> Proof {
    Proof::Unseen(match other {
        None => why.to_owned(),
        Some(other) => {
            let other = other.map_or("nothing".to_owned(), |other| other.describe());
            format!("a moment after, {other} was active, and then: {why}")
        }
    })
}
