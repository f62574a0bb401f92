//! The proof that a rollback that was accepted is active.

use crate::answer::Rollback;
use crate::failure::Failure;
use crate::plan::Plan;
use crate::session::{LOOKS, Session};
use crate::text::Row;
use tokio::time::sleep;

/// What is known of a rollback that was accepted, and that nothing speaks against.
#[derive(Debug)]
pub enum Proof {
    /// It is active.
    Active,
    /// It could not be seen, for this reason.
    Unseen(String),
}

impl Proof {
    /// It, as label and text, for people.
    pub fn row(&self) -> Row {
        (
            "verified",
            match self {
                Self::Active => "yes, it is active".to_owned(),
                Self::Unseen(why) => format!("no: {why}"),
            },
        )
    }
}

/// Looks at what is active. Something that is not the new deployment gets a few seconds to go.
pub async fn prove(
    session: &mut Session<'_, '_>,
    rollback: &Rollback,
    plan: &Plan,
) -> Result<Proof, Failure> {
    let made = &rollback.deployment;
    let environment = made.environment.as_ref().or(plan.environment.as_ref());
    let mut other = None;
    for wait in LOOKS {
        if session.budget.pause(wait) != Some(wait) {
            return Ok(Proof::Unseen("no time was left to look".to_owned()));
        }
        sleep(wait).await;
        let active = match session.active().await {
            Ok((active, _)) => active,
            Err(fault) => return Ok(Proof::Unseen(fault.said())),
        };
        if active.iter().any(|active| active.id == made.id) {
            return Ok(Proof::Active);
        }
        if environment.is_none() {
            return Ok(Proof::Unseen("the API does not say in which environment it is".to_owned()));
        }
        let there = active.into_iter().find(|active| active.environment.as_ref() == environment);
        match there.as_ref().map(|there| &there.version) {
            // Somebody else's, with the same content.
            Some(Some(version)) if made.version.as_ref() == Some(version) => {
                return Ok(Proof::Active);
            }
            Some(None) => {
                return Ok(Proof::Unseen(
                    "the API does not say which version is active".to_owned(),
                ));
            }
            _ => other = there,
        }
    }
    Err(Failure::NotActive { active: other.map(Box::new) })
}
