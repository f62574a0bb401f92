//! Laws of what the reads show: all that is told follows from them, and nothing that they tell is lost.

use crate::api::SimulatedApi;
use crate::laws::{Ended, LOOKS};
use crate::world::{Made, Quirk, World};
use polyai_rollback::model::{Deployment, Effect, Outcome, Verification};

/// The deployment that the record names as the new one.
fn named<'a>(ended: &'a Ended<'_>) -> Option<&'a Deployment> {
    ended.record.rollback.as_ref().map(|rollback| &rollback.deployment)
}

/// The same as the world knows it.
fn made<'a>(ended: &Ended<'_>, world: &'a World) -> Option<&'a Made> {
    world.find(&named(ended)?.id)
}

/// A deployment that was seen to be active was so when that was read last, or another one of its version.
pub fn verified_is_active(ended: &Ended<'_>, world: &World, api: &SimulatedApi) -> bool {
    let Some(Verification::Active) = ended.record.verification else { return true };
    let read = api.active_as_read.borrow();
    let active = read.as_ref().and_then(|read| world.find(&read.deployment.as_ref()?.id));
    let version = |made: Option<&Made>| made.and_then(|made| made.deployment.version.clone());
    active.is_some() && version(active) == version(made(ended, world))
}

/// A deployment that is told as not active was looked for until it must have shown.
pub fn had_its_time(ended: &Ended<'_>, world: &World, api: &SimulatedApi) -> bool {
    let Some(Verification::OtherActive(_)) = ended.record.verification else { return true };
    let read = api.active_as_read.borrow();
    let (Some(read), Some(made)) = (read.as_ref(), made(ended, world)) else { return false };
    read.read_at >= made.at + LOOKS
}

/// A rollback that is told as done is of the version that was planned.
pub fn is_what_was_meant(ended: &Ended<'_>, world: &World) -> bool {
    let target = ended.record.plan.target.as_ref().and_then(|target| target.version.as_ref());
    let version = made(ended, world).and_then(|made| made.deployment.version.as_ref());
    ended.effect() != Effect::Done
        || target.zip(version).is_none_or(|(target, made)| target == made)
}

/// A rollback of which the run knows is told as one.
pub fn known_is_told(ended: &Ended<'_>) -> bool {
    named(ended).is_none() || matches!(ended.effect(), Effect::Done | Effect::Accepted)
}

/// A run that is cancelled, and that did not roll back, is in doubt if an answer was lost or is still to
/// come, and only then.
pub fn a_signal_knows_the_doubt(ended: &Ended<'_>, api: &SimulatedApi) -> bool {
    let is_doubtful = api.has_lost.get() || api.is_on_its_way.get();
    ended.outcome() != Outcome::Terminated
        || named(ended).is_some()
        || is_doubtful == (ended.effect() == Effect::Unknown)
}

/// Where everything could be read, in time, there is no doubt. A new deployment is one where the API does
/// not say its version; where nothing was read before, also where its time is not given exactly, or where
/// a colleague made it.
pub fn doubt_has_a_reason(ended: &Ended<'_>, world: &World, api: &SimulatedApi) -> bool {
    let is_new = world.ours().chain(world.theirs()).next().is_some();
    let is_bare = !ended.scenario.has_environment;
    let is_doubtful = match world.quirk {
        Quirk::NoDate => true,
        Quirk::NoVersion => is_new,
        Quirk::NoTimes | Quirk::WholeSeconds | Quirk::ClockIsLate => is_new && is_bare,
        _ => is_bare && world.theirs().next().is_some(),
    };
    let is_short_of_time = !api.wishes.borrow().is_empty();
    ended.outcome() != Outcome::Unknown || api.has_bad_read.get() || is_doubtful || is_short_of_time
}

/// Where the environment is on the target's version already, the last read of what is active does not say
/// otherwise.
pub fn unchanged_is_there(ended: &Ended<'_>, api: &SimulatedApi) -> bool {
    let read = api.active_as_read.borrow();
    let active = read.as_ref().and_then(|read| read.deployment.as_ref()?.version.as_ref());
    let target = ended.record.plan.target.as_ref().and_then(|target| target.version.as_ref());
    let is_other = active.zip(target).is_some_and(|(active, target)| active != target);
    ended.outcome() != Outcome::Unchanged || !is_other || api.has_bad_read.get()
}
