//! Looks whether a deployment that the API made is active: "accepted" is not yet "active".

use crate::agents_api::AgentsApi;
use crate::model::{Deployment, Environment, Verification};
use crate::rollback::engine::{Engine, POLL_DELAYS};

impl<A: AgentsApi> Engine<'_, '_, A> {
    /// Looks at the active deployments. Another deployment that is active gets a few seconds to give way;
    /// before they are over, it proves nothing. `planned` is the environment where the API does not name
    /// the one of the new deployment.
    pub(super) async fn verify(
        &mut self,
        made: &Deployment,
        planned: Option<Environment>,
    ) -> Verification {
        let environment = made.environment.or(planned);
        let mut last_seen = None;
        for delay in POLL_DELAYS {
            if !self.wait_to_look(delay).await {
                return unseen(last_seen, "no time was left to look");
            }
            let active = match self.active().await {
                Ok(active) => active.value,
                Err(error) => return unseen(last_seen, &error.describe()),
            };
            if active.iter().any(|active| active.id == made.id) {
                return Verification::Active;
            }
            if environment.is_none() {
                return unseen(None, "the API does not say in which environment it is");
            }
            let there = active.into_iter().find(|active| active.environment == environment);
            match &there {
                Some(there) if there.version.is_none() => {
                    return unseen(None, "the API does not say which version is active");
                }
                // Somebody else's deployment with the same content.
                Some(there) if there.has_version_of(made) => return Verification::Active,
                _ => last_seen = Some(Verification::OtherActive(there)),
            }
        }
        last_seen.unwrap_or_else(|| unseen(None, "nobody looked"))
    }
}

/// The verification where the looks end early, after the last one showed `last_seen`.
fn unseen(last_seen: Option<Verification>, why: &str) -> Verification {
    let Some(Verification::OtherActive(other)) = last_seen else {
        return Verification::Unseen(why.to_owned());
    };
    let other = other.map_or("nothing".to_owned(), |other| other.describe());
    Verification::Unseen(format!("a moment after, {other} was active, and then: {why}"))
}
