//! What the lists of deployments say of a rollback whose answer was lost.

use crate::answer::Deployment;
use anyhow::{Result, anyhow};
use std::time::{Duration, SystemTime};

/// What is made this long before the request may be made by it all the same: the clocks of the API's
/// machines differ, and a time may be cut to seconds.
const MARGIN: Duration = Duration::from_secs(10);

/// The deployment that a rollback to `target` made since `since`, by the API's clock: one of the
/// target's version, in its environment, that is not the target. None where there is none.
///
/// The error says why that cannot be told.
pub fn find<'a>(
    target: &Deployment,
    seen: impl IntoIterator<Item = &'a Deployment>,
    since: SystemTime,
) -> Result<Option<&'a Deployment>> {
    if target.version.is_none() || target.environment.is_none() {
        return Err(anyhow!("the API does not say of which version the target is, or where"));
    }
    // What the API does not say may be as in the target.
    let may_be =
        |own: &Option<String>, of_target: &Option<String>| own.is_none() || own == of_target;
    let mut unclear = None;
    for deployment in seen {
        let may_be_it = deployment.id != target.id
            && may_be(&deployment.version, &target.version)
            && may_be(&deployment.environment, &target.environment);
        if !may_be_it {
            continue;
        }
        let is_it = deployment.version.is_some() && deployment.environment.is_some();
        match deployment.created() {
            Some(created) if created >= since && is_it => return Ok(Some(deployment)),
            Some(created) if created < since - MARGIN => {}
            _ => unclear = Some(deployment),
        }
    }
    match unclear {
        None => Ok(None),
        Some(deployment) => Err(anyhow!(
            "deployment {} may or may not be the new one, by its version and the time it was made",
            deployment.id
        )),
    }
}
