//! The history of an environment, and the version that the environment was on before.
//!
//! The history is replayed as a stack of versions: a deployment puts its version on top; a rollback takes
//! off all that is above the version that it went back to, and nothing of that counts any more until it
//! is deployed again. `previous` is the version below the top. A deployment of which the API does not say
//! how it came to be is taken for one that was deployed, and makes the answer a guess.

use crate::model::{Deployment, Kind};

/// The version that comes before the active one.
#[derive(Debug)]
pub struct Previous<'a> {
    /// The newest deployment of that version; none where there is nothing to go back to.
    pub deployment: Option<&'a Deployment>,
    /// The versions that are newer, the newest one first, but for the active one: somebody has rolled
    /// back from each of them, and nobody has deployed it since.
    pub passed_over: Vec<&'a str>,
    /// Whether the API does not say how everything since then came to be.
    pub is_guess: bool,
}

/// Finds what a history, the newest deployment first, was on before its newest deployment.
pub fn previous(history: &[Deployment]) -> Previous<'_> {
    // Without the version that is active, no other version is known to be another one.
    let current = history.first().and_then(|newest| newest.version.as_deref());
    let stack = replay(history);
    let below = stack.len().checked_sub(2).and_then(|place| stack.get(place)).copied();
    let place = current.and(below).and_then(|wanted| {
        history.iter().position(|deployment| deployment.version.as_deref() == Some(wanted))
    });
    let (newer, rest) = history.split_at(place.unwrap_or(history.len()));
    let mut passed_over: Vec<&str> = Vec::new();
    for version in newer.iter().filter_map(|deployment| deployment.version.as_deref()) {
        if Some(version) != current && !passed_over.contains(&version) {
            passed_over.push(version);
        }
    }
    let deployment = rest.first();
    let is_told =
        |deployment: &Deployment| deployment.kind != Kind::Unknown && deployment.version.is_some();
    let is_guess = !newer.iter().chain(deployment).all(is_told);
    Previous { deployment, passed_over, is_guess }
}

/// The versions that nobody has rolled back from, the newest one last.
fn replay(history: &[Deployment]) -> Vec<&str> {
    let mut stack: Vec<&str> = Vec::new();
    let mut undone: Vec<&str> = Vec::new();
    for deployment in history.iter().rev() {
        let Some(version) = deployment.version.as_deref() else { continue };
        if deployment.kind == Kind::RolledBack {
            let kept = match stack.iter().rposition(|other| *other == version) {
                Some(place) => place + 1,
                None if undone.contains(&version) => stack.len(),
                // The version is older than the list, and everything in the list is above it.
                None => 0,
            };
            undone.extend(stack.drain(kept..));
        }
        undone.retain(|other| *other != version);
        stack.push(version);
        stack.retain(|other| !undone.contains(other));
        stack.dedup();
    }
    stack
}
