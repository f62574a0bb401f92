//! Laws of what is sent: how often, how soon, and on what grounds.

use crate::api::SimulatedApi;
use crate::laws::Ended;
use crate::world::{Quirk, World};
use polyai_rollback::model::{Outcome, TargetSpec};

/// There are no more requests for a rollback than attempts.
pub fn as_often_as_allowed(ended: &Ended<'_>, api: &SimulatedApi) -> bool {
    api.posts.borrow().len() <= ended.scenario.attempts as usize
}

/// The API is left alone for as long as it wants to be, or for half of the time that is left.
pub fn wishes_are_met(ended: &Ended<'_>, world: &World, api: &SimulatedApi) -> bool {
    let end = world.begun + ended.scenario.timeout;
    let posts = api.posts.borrow();
    api.wishes.borrow().iter().all(|wish| {
        let wait = wish.wait.min(end.duration_since(wish.at) / 2);
        posts.iter().all(|post| post.at <= wish.at || post.at >= wish.at + wait)
    })
}

/// Where the target was chosen by what was active, that is read again before another request is sent.
pub fn guards_are_read_again(ended: &Ended<'_>, api: &SimulatedApi) -> bool {
    let request = ended.request;
    let is_guarded = request.expect_current.is_some() || request.target == TargetSpec::Previous;
    api.posts.borrow().windows(2).all(|posts| {
        let read = posts[1].active_as_read.as_ref();
        !is_guarded || read.is_some_and(|read| read.read_at > posts[0].at)
    })
}

/// After an answer was lost, the deployments are read between all requests that follow.
pub fn losses_are_looked_for(api: &SimulatedApi) -> bool {
    api.posts.borrow().windows(2).all(|posts| {
        !posts[1].is_after_loss || posts[1].list_read_at.is_some_and(|read| read > posts[0].at)
    })
}

/// Where something was read before, a request is for another version than the one that was active, unless
/// it is forced. A request that is forced is sent.
pub fn only_what_is_needed(ended: &Ended<'_>, world: &World, api: &SimulatedApi) -> bool {
    let posts = api.posts.borrow();
    let Some(first) = posts.first() else {
        return !ended.request.is_forced || ended.outcome() != Outcome::Unchanged;
    };
    let active = first.active_as_read.as_ref().and_then(|read| read.deployment.as_ref());
    let target = world.find(&first.target).map(|made| &made.deployment);
    let is_needed =
        active.zip(target).is_none_or(|(active, target)| !active.has_version_of(target));
    is_needed || ended.request.is_forced
}

/// The target of `previous` has the version that the environment was on before. Two colleagues at once can
/// pass between two reads, a list that lags shows a history that was not so, and without kinds the answer
/// is a guess.
pub fn previous_is_right(ended: &Ended<'_>, world: &World, api: &SimulatedApi) -> bool {
    let is_guess = matches!(world.quirk, Quirk::NoTypes | Quirk::ListLags | Quirk::BothLag);
    if ended.request.target != TargetSpec::Previous || is_guess {
        return true;
    }
    api.posts.borrow().iter().all(|post| {
        let active = post.active_as_read.as_ref().and_then(|read| read.deployment.as_ref());
        let previous = active.and_then(|active| world.find(&active.id)?.previous.as_ref());
        let target = world.find(&post.target).and_then(|made| made.deployment.version.as_ref());
        post.colleagues > 1 || previous == target
    })
}

/// Every request goes to the deployment that the scenario names, or to one of the version that it names,
/// whatever the program takes for its target.
pub fn goes_to_the_target(ended: &Ended<'_>, world: &World, api: &SimulatedApi) -> bool {
    let target = ended.scenario.target;
    api.posts.borrow().iter().all(|post| {
        let version = world.find(&post.target).and_then(|made| made.deployment.version.as_ref());
        let is_version = version.is_some_and(|version| version == target);
        target == "previous" || post.target == target || is_version
    })
}

/// Only a dry run ends as previewed, and a dry run never rolls back.
pub fn previews_only_dry_runs(ended: &Ended<'_>) -> bool {
    match ended.outcome() {
        Outcome::Previewed => ended.scenario.is_dry_run,
        Outcome::RolledBack => !ended.scenario.is_dry_run,
        _ => true,
    }
}
