//! The history of an environment, and the version that the environment was on before.
//!
//! `previous` is what was active before the newest publish or promotion: `previous` undoes a deployment,
//! never a rollback. A version that came back is as good as a rollback, whoever brought it back and how.
//!
//! The history is replayed as a stack of versions: a deployment puts its version on top; a rollback takes off
//! all that is above the version that it went back to, and nothing of that counts any more until it is
//! deployed again. The version below the top is the one before. Where the API does not say how a deployment
//! came to be, a version that comes back is taken for a rollback to it (`A … B … A`), which makes the answer a
//! guess.

use crate::model::{Deployment, Kind};
use std::collections::BTreeSet;

/// The history of an environment.
#[derive(Clone)]
pub struct History {
    /// The deployments that are newer than the active one, or that may be, the newest one first: none but
    /// drafts and deleted ones, but for a moment.
    pub newer: Vec<Deployment>,
    /// The active deployment, and all that is older.
    pub deployments: Vec<Deployment>,
    /// The active deployment.
    pub current: Option<Deployment>,
    /// Whether the list has the active deployment, if there is one.
    pub lists_current: bool,
    /// Whether the order of the deployments is known.
    pub is_in_order: bool,
    /// The ids of all deployments that this read or one before it has shown.
    pub seen_ids: BTreeSet<String>,
}

/// The version that comes before the active one.
#[derive(Debug)]
pub struct Previous<'a> {
    /// Whether the active deployment is itself a rollback, or as good as one.
    pub current_is_rollback: bool,
    /// The deployment that such a rollback undid; none where that is not known.
    pub undone: Option<&'a Deployment>,
    /// The newest deployment of the version before; none where there is nothing to go back to.
    pub deployment: Option<&'a Deployment>,
    /// The versions that are newer, the newest one first, but for the active one: somebody has rolled
    /// back from each of them, and nobody has deployed it since.
    pub passed_over: Vec<&'a str>,
    /// Whether the API does not say how everything since then came to be.
    pub is_guess: bool,
    /// Whether the API says when each deployment since then was made.
    pub is_dated: bool,
}

impl History {
    /// Puts an environment's list and its active deployment together.
    pub fn new(mut list: Vec<Deployment>, current: Option<Deployment>) -> Self {
        let is_in_order = sort(&mut list);
        let seen_ids =
            list.iter().chain(&current).map(|deployment| deployment.id.clone()).collect();
        let is_current =
            |listed: &Deployment| current.as_ref().is_some_and(|active| active.id == listed.id);
        let place = list.iter().position(is_current);
        let (newer, deployments) = match (place, &current) {
            (Some(place), _) => {
                let older = list.split_off(place);
                (list, older)
            }
            (None, Some(active)) => {
                // What is not known to be older may be newer.
                let created = active.created();
                let is_older = |listed: &Deployment| {
                    created.zip(listed.created()).is_some_and(|(active, listed)| listed < active)
                };
                let (older, newer): (Vec<_>, Vec<_>) = list.into_iter().partition(is_older);
                (newer, [vec![active.clone()], older].concat())
            }
            (None, None) => (Vec::new(), list),
        };
        let lists_current = place.is_some() || current.is_none();
        Self { newer, deployments, current, lists_current, is_in_order, seen_ids }
    }

    /// Whether the list and what is active agree. For a moment after a deployment they may not.
    pub fn is_settled(&self) -> bool {
        self.lists_current && !self.has_newer()
    }

    /// Whether a deployment is about to be active.
    pub fn has_newer(&self) -> bool {
        // What can never be active is not about to be.
        self.newer.iter().any(|newer| !newer.is_void)
    }

    /// All deployments, the newest one first.
    pub fn all(&self) -> impl Iterator<Item = &Deployment> {
        self.newer.iter().chain(&self.deployments)
    }

    /// The deployments of other versions that are newer than `target`. None where the target is newer
    /// than the active deployment itself.
    pub fn undone_by(&self, target: &Deployment) -> Vec<Deployment> {
        let place = self.deployments.iter().position(|deployment| deployment.id == target.id);
        let newer = self.deployments.iter().take(place.unwrap_or(0));
        newer.filter(|deployment| !deployment.has_version_of(target)).cloned().collect()
    }
}

/// Puts the newest deployment first. False where the times are not those of such a list, and do not tell
/// another order either.
fn sort(list: &mut [Deployment]) -> bool {
    let known: Vec<_> = list.iter().filter_map(Deployment::created).collect();
    if known.is_sorted_by(|newer, older| newer >= older) {
        return true;
    }
    if known.len() < list.len() {
        return false;
    }
    // Deployments of the same moment stay in the order of the list, whichever it is.
    if known.is_sorted() {
        list.reverse();
    }
    list.sort_by_key(|deployment| std::cmp::Reverse(deployment.created()));
    true
}

/// Finds what a history, the newest deployment first, was on before its newest publish or promotion.
pub fn previous(history: &[Deployment]) -> Previous<'_> {
    let stack = replay(history);
    let current = history.first();
    // Without the version that is active, no other version is known to be another one.
    let has_version = current.is_some_and(|current| current.version.is_some());
    let below = stack.iter().rev().nth(1).filter(|_| has_version);
    let place = below.and_then(|wanted| {
        let is_wanted = |deployment: &Deployment| deployment.has_version_of(wanted);
        let is_usable = |deployment: &Deployment| is_wanted(deployment) && !deployment.is_void;
        let usable = history.iter().position(is_usable);
        usable.or_else(|| history.iter().position(|deployment| deployment.id == wanted.id))
    });
    let (newer, rest) = history.split_at(place.unwrap_or(history.len()));
    let mut passed_over: Vec<&str> = Vec::new();
    for version in newer.iter().filter_map(|deployment| deployment.version.as_deref()) {
        let is_current = current.and_then(|current| current.version.as_deref()) == Some(version);
        if !is_current && !passed_over.contains(&version) {
            passed_over.push(version);
        }
    }
    let deployment = rest.first();
    let seen = || newer.iter().chain(deployment);
    let current_is_rollback = current.is_some_and(|current| {
        current.kind == Kind::RolledBack || came_back(current, history.get(1..).unwrap_or_default())
    });
    let undone = history.get(1).filter(|before| {
        before.version.is_some() && current.is_some_and(|now| !before.has_version_of(now))
    });
    Previous {
        current_is_rollback,
        undone,
        deployment,
        passed_over,
        is_guess: seen().any(|one| one.kind == Kind::Unknown || one.version.is_none()),
        is_dated: seen().all(|deployment| deployment.created().is_some()),
    }
}

/// The newest deployment of each version that nobody has rolled back from, the newest one last.
fn replay(history: &[Deployment]) -> Vec<&Deployment> {
    let mut stack: Vec<&Deployment> = Vec::new();
    let mut undone: Vec<&Deployment> = Vec::new();
    for (place, deployment) in history.iter().enumerate().rev() {
        let is_same = |other: &&Deployment| other.has_version_of(deployment);
        if kind(history, place) == Kind::RolledBack {
            let kept = match stack.iter().rposition(is_same) {
                Some(place) => place + 1,
                None if undone.iter().any(is_same) => stack.len(),
                // The version is older than the list, and everything in the list is above it.
                None => 0,
            };
            undone.extend(stack.drain(kept..));
        }
        undone.retain(|other| !is_same(other));
        stack.push(deployment);
        stack.retain(|other| !undone.iter().any(|undone| undone.has_version_of(other)));
        stack.dedup_by(|newer, older| newer.has_version_of(older));
    }
    stack
}

/// How the deployment at a place of a history came to be, as the API says, or else as its version does.
fn kind(history: &[Deployment], place: usize) -> Kind {
    let (Some(deployment), Some(older)) = (history.get(place), history.get(place + 1..)) else {
        return Kind::Unknown;
    };
    match deployment.kind {
        Kind::Unknown if came_back(deployment, older) => Kind::RolledBack,
        Kind::Unknown => Kind::Deployed,
        kind => kind,
    }
}

/// Whether the version of a deployment was there before, and another one in between.
fn came_back(deployment: &Deployment, older: &[Deployment]) -> bool {
    let mut others = older.iter().skip_while(|older| older.has_version_of(deployment));
    others.any(|older| older.has_version_of(deployment))
}
