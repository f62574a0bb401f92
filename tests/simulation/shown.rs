//! Laws of what the reads show: all that is told follows from them, and nothing that they tell is lost.

use crate::ended::Ended;
use crate::faults::Meaning;
use crate::journal::Subject;
use crate::laws::LOOKS;
use crate::quirks::Quirk;
use crate::sent;
use crate::world::Made;
use polyai_rollback::model::{CallError, Effect, Failure, Kind, Outcome, Verification};
use std::time::Duration;
use tokio::time::Instant;

/// The time that reads take beside the waits of a ladder of looks.
const SLACK: Duration = Duration::from_secs(4);

/// A rollback that is told as done is of the version that was asked for.
pub fn is_what_was_meant(ended: &Ended<'_>) -> bool {
    let version = ended.named_made().and_then(Made::version);
    ended.effect() != Effect::Done || version == ended.wanted() || is_made_blindly(ended)
}

/// With a bare id, an answer that says yes is all that is known of the target.
pub fn is_made_blindly(ended: &Ended<'_>) -> bool {
    !ended.scenario.is_read_first() && ended.told_done().is_some()
}

/// A rollback of which the run knows is told as one.
pub fn known_is_told(ended: &Ended<'_>) -> bool {
    ended.named().is_none() || matches!(ended.effect(), Effect::Done | Effect::Accepted)
}

/// The last look at what is active, if the run looked after its rollback was known.
struct LastLook<'a> {
    /// The active deployment; none where there is none.
    active: Option<&'a Made>,
    at: Instant,
}

fn last_look<'a>(ended: &Ended<'a>) -> Option<LastLook<'a>> {
    let last_sent = ended.sent().last().copied()?;
    let known = last_sent.post.answer?.at;
    let read = ended.last_read(Subject::Active, ended.calls().len())?;
    let active = read.shown()?.first().map(|place| ended.made(*place));
    (read.at >= known).then_some(LastLook { active, at: read.at })
}

/// A deployment is told as not active exactly where the last look at what is active showed another version,
/// and as active only where the last look showed it, or its version.
pub fn not_active_is_seen(ended: &Ended<'_>) -> bool {
    let Some(made) = ended.named_made() else { return true };
    let is_wrong = made.version() != ended.wanted();
    if !ended.request.is_verified || is_wrong || ended.outcome() == Outcome::Terminated {
        return true;
    }
    let Some(look) = last_look(ended) else {
        return !matches!(
            ended.press.record.verification,
            Some(Verification::Active | Verification::OtherActive(_))
        );
    };
    let is_it = |active: &Made| active.deployment.id == made.deployment.id;
    let hides = |made: &Made| ended.world.hides_version_of(made);
    let is_seen = match look.active {
        Some(active) if is_it(active) => true,
        // Of a deployment without a version, nobody can say that it is another one.
        Some(active) if hides(active) => return ended.outcome() != Outcome::NotActive,
        Some(active) => active.version() == made.version(),
        None => false,
    };
    let is_said = matches!(ended.press.record.verification, Some(Verification::Active));
    (is_seen || !is_said) && is_seen == (ended.outcome() != Outcome::NotActive)
}

/// `already-rolled-back` is said only where the last look showed a rollback, or a version that was there before;
/// and only to who asked for `previous` and did not name that rollback as the one to go on from.
pub fn already_is_seen(ended: &Ended<'_>) -> bool {
    if ended.outcome() != Outcome::AlreadyRolledBack {
        return true;
    }
    let active = ended.last_active(ended.calls().len()).map(|place| ended.made(place));
    let was_there = |active: &Made| {
        let older =
            ended.world.made.iter().take_while(|made| made.deployment.id != active.deployment.id);
        older.into_iter().any(|older| older.version() == active.version())
    };
    let may_be = |active: &Made| active.deployment.kind == Kind::RolledBack || was_there(active);
    let is_asked = ended.scenario.is_previous() && ended.request.expect_current.is_none();
    is_asked && ended.sent().is_empty() && active.is_some_and(may_be)
}

/// A deployment that is told as not active was looked for until it must have shown, as far as the time and
/// the API let the run look.
pub fn had_its_time(ended: &Ended<'_>) -> bool {
    let Some(Verification::OtherActive(_)) = ended.press.record.verification else { return true };
    let (Some(look), Some(made)) = (last_look(ended), ended.named_made()) else { return false };
    look.at >= made.at + LOOKS
        || look.at + LOOKS + SLACK >= ended.deadline()
        || has_bad_read_since(ended, made.at)
}

/// Whether a read since then brought nothing that counts.
fn has_bad_read_since(ended: &Ended<'_>, since: Instant) -> bool {
    ended.all_reads().any(|read| read.at >= since && read.shown().is_none())
}

/// Where somebody else has put the target's version there, nobody is told that the run was superseded, unless a newer
/// deployment is about to be active, or a new deployment was wanted anyway.
pub fn superseded_is_another(ended: &Ended<'_>) -> bool {
    let Err(Failure::Superseded { now: Some(now), .. }) = &ended.press.result else { return true };
    let target = ended.press.record.plan.target.as_ref();
    !target.is_some_and(|target| now.has_version_of(target))
        || ended.request.is_forced
        || sent::has_newer(ended, ended.calls().len())
}

/// Whether the last look could not be made: a part of it was refused, or failed as often as it may be tried, or there
/// was no time to try it again.
fn could_not_look(ended: &Ended<'_>, since: Instant) -> bool {
    let deadline = ended.deadline();
    let has_no_time = ended.press.at + SLACK >= deadline
        || (ended.press.journal.wishes.iter())
            .any(|wish| wish.at >= since && wish.wait > deadline.duration_since(wish.at) / 2);
    let subjects = [Subject::Active, Subject::Live, Subject::PreRelease, Subject::Sandbox];
    subjects.into_iter().any(|subject| {
        let reads = ended.all_reads().filter(|read| read.at >= since && read.subject == subject);
        let failed: Vec<_> = reads.rev().take_while(|read| read.shown().is_none()).collect();
        let is_refused = failed.iter().any(|read| !read.may_pass);
        !failed.is_empty()
            && (has_no_time || is_refused || failed.len() >= ended.scenario.attempts as usize)
    })
}

/// A run that is cancelled, and that did not roll back, is in doubt if an answer was lost or is still to
/// come, and only then.
pub fn a_signal_knows_the_doubt(ended: &Ended<'_>) -> bool {
    let is_doubtful = ended.sent().iter().any(|sent| sent.post.is_doubtful());
    ended.outcome() != Outcome::Terminated
        || ended.named().is_some()
        || is_doubtful == (ended.effect() == Effect::Unknown)
}

/// A run ends in doubt only where the API may still act when the time is over, or says that the version is there
/// although nobody saw that; or where the looks could not be made: the time was short, a read failed, or the API
/// shows too little of what is new. What was there before the request was sent decides without any clock; with a
/// bare id, times do.
pub fn doubt_has_a_reason(ended: &Ended<'_>) -> bool {
    if ended.outcome() != Outcome::Unknown {
        return true;
    }
    let Some(lost) = ended.sent().into_iter().rev().find(|sent| sent.post.is_doubtful()) else {
        return false;
    };
    let Some(answer) = lost.post.answer else { return false };
    let has = |quirk| ended.world.quirks.has(quirk);
    let is_bare = !ended.scenario.is_read_first();
    let is_new = ended.world.made.iter().any(|made| made.at >= ended.world.begun);
    let is_hard_to_date = is_new
        || has(Quirk::NoTimes) && !ended.scenario.history.iter().all(|row| row.id.len() == 36)
        || has(Quirk::NoDate)
        || ended.world.quirks.cut().is_some();
    let error = ended.press.result.as_ref().err().and_then(Failure::call_error);
    answer.meaning == Meaning::StillGoing && ended.press.at + SLACK >= ended.deadline()
        || error.is_some_and(CallError::is_already_published)
        || answer.at + LOOKS + SLACK >= ended.deadline()
        || could_not_look(ended, answer.at)
        || has(Quirk::NoVersion) && is_new
        || is_bare && is_hard_to_date
}

/// Where the environment is said to be on the target's version already, the last look says so, too, and no
/// newer deployment is about to become active. If the API itself said so, it is enough that no look since
/// then speaks against it.
pub fn unchanged_is_there(ended: &Ended<'_>) -> bool {
    if ended.outcome() != Outcome::Unchanged {
        return true;
    }
    let target = ended.press.record.plan.target.as_ref();
    let version = target.and_then(|target| target.version.as_deref());
    let is_it = |active: &Made| active.version() == version && version.is_some();
    if ended.sent().is_empty() {
        let end = ended.calls().len();
        let active = ended.last_active(end).map(|place| ended.made(place));
        return active.is_some_and(is_it) && !sent::has_newer(ended, end);
    }
    let active = last_look(ended).and_then(|look| look.active);
    let hides = |active: &Made| ended.world.hides_version_of(active);
    active.is_none_or(|active| is_it(active) || hides(active) || version.is_none())
}
