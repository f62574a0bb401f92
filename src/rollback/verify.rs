//! Looks whether a deployment that the API made is active: "accepted" is not yet "active".

use crate::agents_api::AgentsApi;
use crate::model::{CallError, Deployment, Environment, Verification};
use crate::rollback::{
    engine::{Engine, Part},
    looks::Looks,
};

impl<A: AgentsApi> Engine<'_, '_, A> {
    /// Looks at what is active until the new deployment is, for the looks of a ladder. What was seen last
    /// decides, whatever ended the looks; an old answer from a cache is no look. `planned` is the
    /// environment where the API does not name the one of the new deployment, `before` what was seen to be
    /// active before these looks, since the request.
    pub(super) async fn verify(
        &self,
        made: &Deployment,
        planned: Option<Environment>,
        before: Option<Vec<Deployment>>,
    ) -> Verification {
        let environment = made.environment.or(planned);
        let mut seen = match before {
            Some(active) => judge(made, environment, active),
            None => Verification::Unseen("no time was left to look".to_owned()),
        };
        let mut looks = Looks::ladder();
        while !matches!(seen, Verification::Active) && looks.next(self.deadline).await {
            let error = match self.read_once(Part::Active).await {
                Ok(active) if active.is_from_cache => CallError::Stale,
                Ok(active) => {
                    seen = judge(made, environment, active.value);
                    continue;
                }
                Err(error) => error,
            };
            if let Verification::Unseen(why) = &mut seen {
                *why = error.describe();
            }
            if !error.may_be_read_again() {
                break;
            }
        }
        seen
    }
}

/// Judges what is active.
fn judge(
    made: &Deployment,
    environment: Option<Environment>,
    active: Vec<Deployment>,
) -> Verification {
    if active.iter().any(|active| active.id == made.id) {
        return Verification::Active;
    }
    if environment.is_none() {
        let why = "the API does not say in which environment it is";
        return Verification::Unseen(why.to_owned());
    }
    match active.into_iter().find(|active| active.environment == environment) {
        Some(there) if there.version.is_none() => {
            Verification::Unseen("the API does not say which version is active".to_owned())
        }
        // Somebody else's deployment with the same content.
        Some(there) if there.has_version_of(made) => Verification::Active,
        there => Verification::OtherActive(there),
    }
}
