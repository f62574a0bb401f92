//! What the lists of deployments say of a rollback whose answer was lost.

use crate::agents_api::http::Between;
use crate::model::deployment::Deployment;
use std::collections::BTreeSet;
use std::time::Duration;

/// What is made this long before the request may be made by it all the same: the clocks of the API's
/// machines differ, and a time may be cut to seconds.
const MARGIN: Duration = Duration::from_secs(10);

/// What was seen.
#[derive(Debug)]
pub enum Seen<'a> {
    /// The deployment that the rollback made.
    Made(&'a Deployment),
    /// It made none.
    Nothing,
    /// That cannot be told, for this reason.
    Unclear(String),
}

/// Looks for the deployment that a rollback to `target` made since it began: one of the target's version,
/// in its environment, that is not the target. What was `known` before is none, and whatever was not is
/// one; where nothing was read before, the API's clock decides.
pub fn find<'a>(
    target: &Deployment,
    listed: impl IntoIterator<Item = &'a Deployment>,
    begun: Between,
    known: Option<&BTreeSet<String>>,
) -> Seen<'a> {
    if target.version.is_none() || target.environment.is_none() {
        return Seen::Unclear(
            "the API does not say of which version the target is, or where".to_owned(),
        );
    }
    // What the API does not say may be as in the target.
    let may_be =
        |own: &Option<String>, of_target: &Option<String>| own.is_none() || own == of_target;
    let mut unclear = None;
    for deployment in listed {
        let is_known = known.is_some_and(|known| known.contains(&deployment.id));
        let may_be_it = deployment.id != target.id
            && !is_known
            && may_be(&deployment.version, &target.version)
            && may_be(&deployment.environment, &target.environment);
        if !may_be_it {
            continue;
        }
        let is_it = deployment.version.is_some() && deployment.environment.is_some();
        match deployment.created() {
            _ if known.is_some() && is_it => return Seen::Made(deployment),
            Some(created) if created >= begun.earliest.max(begun.latest) && is_it => {
                return Seen::Made(deployment);
            }
            Some(created) if created < begun.earliest - MARGIN && known.is_none() => {}
            _ => unclear = Some(deployment),
        }
    }
    match unclear {
        None => Seen::Nothing,
        Some(deployment) => Seen::Unclear(format!(
            "deployment {} may or may not be the new one, by its version and the time it was made",
            deployment.id
        )),
    }
}
