//! The evidence that the lists of deployments give of a rollback whose answer was lost.

use crate::agents_api::ClockInterval;
use crate::model::Deployment;
use std::{collections::BTreeSet, time::Duration};

/// A deployment that was made less than this before the request may be the request's all the same: the
/// clocks of the API's machines differ, and a time may be cut to seconds.
const CLOCK_MARGIN: Duration = Duration::from_secs(10);

/// The proof that lists of deployments give.
#[derive(Debug)]
pub enum Evidence<'a> {
    /// The rollback made this deployment.
    Found(&'a Deployment),
    /// The rollback made no deployment.
    Absent,
    /// The lists do not tell, for this reason.
    Inconclusive(String),
}

/// Judges the deployments in `listed`. A rollback to `target` makes a deployment of the target's
/// version, in the target's environment, that is not the target. Where `known_ids` says which
/// deployments were there before, every other one is new. Where nothing was read before, a deployment is
/// new if it was made after the request began, at `begun` by the API's clock.
pub fn judge<'a>(
    target: &Deployment,
    listed: impl IntoIterator<Item = &'a Deployment>,
    begun: ClockInterval,
    known_ids: Option<&BTreeSet<String>>,
) -> Evidence<'a> {
    if target.version.is_none() || target.environment.is_none() {
        let why = "the API gives no version or no environment for the deployment to go back to";
        return Evidence::Inconclusive(why.to_owned());
    }
    let mut doubtful = None;
    for deployment in listed {
        // A field that the API leaves out may be as in the target.
        let may_be_ours = deployment.id != target.id
            && !known_ids.is_some_and(|known| known.contains(&deployment.id))
            && (deployment.version.is_none() || deployment.version == target.version)
            && (deployment.environment.is_none() || deployment.environment == target.environment);
        if !may_be_ours {
            continue;
        }
        let is_like_target = deployment.version.is_some() && deployment.environment.is_some();
        let is_new = match (known_ids, deployment.created()) {
            (Some(_), _) => Some(true),
            (None, Some(created)) if created >= begun.earliest.max(begun.latest) => Some(true),
            (None, Some(created)) if created < begun.earliest - CLOCK_MARGIN => Some(false),
            (None, _) => None,
        };
        match is_new {
            Some(true) if is_like_target => return Evidence::Found(deployment),
            Some(false) => {}
            _ => doubtful = Some(deployment),
        }
    }
    match doubtful {
        None => Evidence::Absent,
        Some(deployment) => Evidence::Inconclusive(format!(
            "deployment {} may or may not be the new one, by its version and the time it was made",
            deployment.id
        )),
    }
}
