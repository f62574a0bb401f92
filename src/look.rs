//! What the lists of deployments say of a rollback whose answer was lost.

use crate::answer::Deployment;
use anyhow::{Result, anyhow};
use std::time::SystemTime;

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
    let mut unclear = false;
    for deployment in seen {
        let is_like_it = deployment.version == target.version
            && deployment.environment == target.environment
            && deployment.id != target.id;
        match deployment.created().filter(|_| is_like_it) {
            Some(created) if created >= since => return Ok(Some(deployment)),
            None if is_like_it => unclear = true,
            _ => {}
        }
    }
    if unclear {
        return Err(anyhow!("the API does not say when a deployment of that version was made"));
    }
    Ok(None)
}
