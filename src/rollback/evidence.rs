//! The evidence that the lists of deployments give of a rollback whose answer was lost.

use crate::agents_api::ClockInterval;
use crate::model::Deployment;
use std::{collections::BTreeSet, time::Duration};

/// A deployment that was made less than this before the request may be the request's all the same: the
/// clocks of the API's machines differ, and a time may be cut to seconds.
const CLOCK_MARGIN: Duration = Duration::from_secs(10);
/// A deployment that was made so long before the request is not the request's, even if no list has shown it
/// before: a list may be late, and where a row is taken out of a list, an old one takes its place.
const LONG_BEFORE: Duration = Duration::from_secs(60);

/// The proof that lists of deployments give.
#[derive(Debug)]
pub enum Evidence {
    /// The rollback made this deployment.
    Found(Deployment),
    /// The rollback made no deployment that is listed.
    Absent,
    /// The lists do not tell, for this reason.
    Inconclusive(String),
}

/// What is known of the time before the request.
#[derive(Clone, Copy, Debug)]
pub struct Known<'a> {
    /// The ids of the deployments that were there; none where they were not read.
    pub ids: Option<&'a BTreeSet<String>>,
    /// When the request began, by the API's clock; none where no answer tells it.
    pub begun: Option<ClockInterval>,
}

/// Judges the deployments in `listed`. A rollback to `target` makes a deployment of the target's
/// version, in the target's environment, that is not the target, and that is new.
pub fn judge<'a>(
    target: &Deployment,
    listed: impl IntoIterator<Item = &'a Deployment>,
    known: Known<'_>,
) -> Evidence {
    if target.version.is_none() || target.environment.is_none() {
        let why = "the API gives no version or no environment for the deployment to go back to";
        return Evidence::Inconclusive(why.to_owned());
    }
    let mut doubtful = None;
    for deployment in listed {
        // A field that the API leaves out may be as in the target.
        let may_be_ours = deployment.id != target.id
            && !deployment.is_void
            && (deployment.version.is_none() || deployment.version == target.version)
            && (deployment.environment.is_none() || deployment.environment == target.environment);
        if !may_be_ours {
            continue;
        }
        let is_like_target = deployment.version.is_some() && deployment.environment.is_some();
        match is_new(deployment, known) {
            Some(true) if is_like_target => return Evidence::Found(deployment.clone()),
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

/// Whether a deployment was made after the request began. None where nobody knows.
///
/// Where the list was read before, that list decides, and a time speaks only against a deployment. The time
/// in an id of UUID version 7 counts where there is no other, and only against a deployment, too.
fn is_new(deployment: &Deployment, Known { ids, begun }: Known<'_>) -> Option<bool> {
    let was_made_before = |margin: Duration| {
        let made = deployment.created().or_else(|| deployment.id_time())?;
        Some(made < begun?.earliest.checked_sub(margin)?)
    };
    match ids {
        Some(ids) if ids.contains(&deployment.id) => Some(false),
        Some(_) => Some(was_made_before(LONG_BEFORE) != Some(true)),
        None if was_made_before(CLOCK_MARGIN) == Some(true) => Some(false),
        None => {
            let begun = begun?;
            let is_after = deployment.created()? >= begun.earliest.max(begun.latest);
            is_after.then_some(true)
        }
    }
}
