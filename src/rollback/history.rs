//! What an environment went through, and what it was on before.

use crate::model::deployment::{Deployment, Kind};

/// What comes before the version that is active.
#[derive(Debug)]
pub struct Previous<'a> {
    /// The newest deployment of that version; none where there is nothing to go back to.
    pub deployment: Option<&'a Deployment>,
    /// The versions that are newer than it, the newest one first, and why none of them was picked.
    pub passed_over: Vec<(&'a str, Why)>,
    /// Whether the API does not say how everything since then came to be.
    pub is_guess: bool,
}

/// Why a version is none to go back to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Why {
    /// It is the one to get away from.
    Active,
    /// Somebody went back from it already, and nobody has deployed it since.
    UndoneAlready,
}

/// Finds what a history, the newest deployment first, was on before its newest deployment.
///
/// The history is replayed as a stack of versions: what is deployed comes on top; a rollback takes off
/// all that is above its version, and nothing of that counts any more until it is deployed again. A
/// deployment of which the API does not say how it came to be is taken for one that was deployed.
pub fn previous(history: &[Deployment]) -> Previous<'_> {
    let mut stack: Vec<&str> = Vec::new();
    let mut undone: Vec<&str> = Vec::new();
    for deployment in history.iter().rev() {
        let Some(version) = deployment.version.as_deref() else { continue };
        if deployment.kind() == Kind::RolledBack {
            let place = stack.iter().rposition(|other| *other == version);
            let above = match place {
                Some(place) => place + 1,
                None if undone.contains(&version) => stack.len(),
                // It comes from before the beginning of the list, and everything is above it.
                None => 0,
            };
            undone.extend(stack.drain(above..));
        }
        undone.retain(|other| *other != version);
        stack.push(version);
        stack.retain(|other| !undone.contains(other));
        stack.dedup();
    }

    // Without the version that is active, nothing is known to be another one.
    let current = history.first().and_then(|newest| newest.version.as_deref());
    let below = stack.len().checked_sub(2).and_then(|place| stack.get(place)).copied();
    let place = current.and(below).and_then(|wanted| {
        history.iter().position(|deployment| deployment.version.as_deref() == Some(wanted))
    });
    let (newer, rest) = history.split_at(place.unwrap_or(history.len()));
    let mut passed_over: Vec<(&str, Why)> = Vec::new();
    for version in newer.iter().filter_map(|deployment| deployment.version.as_deref()) {
        if !passed_over.iter().any(|(other, _)| *other == version) {
            let is_active = current == Some(version);
            passed_over.push((version, if is_active { Why::Active } else { Why::UndoneAlready }));
        }
    }
    let deployment = rest.first();
    let is_told = |one: &Deployment| one.kind() != Kind::Unknown && one.version.is_some();
    let is_guess = !newer.iter().chain(deployment).all(is_told);
    Previous { deployment, passed_over, is_guess }
}
