//! Laws of what is sent: how often, how soon, and on what grounds.

use crate::ended::{Ended, Sent};
use crate::faults::Meaning;
use crate::journal::{Came, Subject};
use crate::laws::{self, LOOKS};
use crate::world::{Made, Place};
use polyai_rollback::model::{Failure, Kind, Outcome};
use std::time::Duration;

/// A list of so many deployments is short.
pub const SHORT_LIST: usize = 25;
/// The time that is kept for looking.
const LOOKING_TIME: Duration = Duration::from_secs(10);
/// The time that must be left for a request that is sent again.
const TIME_TO_LOOK: Duration = Duration::from_secs(15);

/// After our own deadline, 202, 408 and 504, no further request is sent.
pub fn nothing_while_still_going(ended: &Ended<'_>) -> bool {
    let sent = ended.sent();
    let earlier = &sent[..sent.len().saturating_sub(1)];
    earlier.iter().all(|sent| !sent.post.means(Meaning::StillGoing))
}

/// After a request in doubt, what is active and the list were read when eight seconds had passed, and neither
/// says that it is an old answer.
pub fn has_looked_for(ended: &Ended<'_>, lost: Sent<'_>, before: usize) -> bool {
    let Some(answer) = lost.post.answer else { return false };
    let since = answer.at + LOOKS;
    let has_read = |subject| {
        ended
            .reads(lost.place, before)
            .any(|read| read.subject == subject && read.shown().is_some() && read.at >= since)
    };
    has_read(Subject::Active) && has_read(Subject::Live)
}

/// Between a request in doubt and every later one lies a whole ladder of looks, and none of them shows a
/// rollback of ours.
pub fn after_all_looks(ended: &Ended<'_>) -> bool {
    let sent = ended.sent();
    let shows_ours = |place: &Place| ended.made(*place).is_by(ended.press.number);
    sent.iter().enumerate().all(|(number, later)| {
        let in_doubt = sent[..number].iter().filter(|sent| sent.post.means(Meaning::InDoubt));
        in_doubt.copied().all(|lost| {
            let mut reads = ended.reads(lost.place, later.place);
            has_looked_for(ended, lost, later.place)
                && !reads.any(|read| read.shown().is_some_and(|shown| shown.iter().any(shows_ours)))
        })
    })
}

/// A request that is given up has had all the time that was left, but ten seconds for looking, or half of the time
/// where less than twenty seconds were left.
pub fn had_all_the_time(ended: &Ended<'_>) -> bool {
    let moment = Duration::from_secs(1);
    ended.sent().iter().all(|sent| {
        let Some(answer) = sent.post.answer else { return true };
        let took = answer.at - sent.post.at;
        let left = ended.deadline() - sent.post.at;
        let most = left - LOOKING_TIME.min(left / 2);
        let is_given_up = answer.meaning == Meaning::StillGoing && took > moment;
        // The clock of the simulation counts whole milliseconds.
        let tick = Duration::from_millis(2);
        !is_given_up || took <= most + tick && took + moment >= most
    })
}

/// Where a run says that no effect of a lost request was seen, a whole ladder of looks follows the last request:
/// a refusal may be the consequence of the lost one.
pub fn looked_for_at_the_end(ended: &Ended<'_>) -> bool {
    match (&ended.press.result, ended.sent().last()) {
        (Err(Failure::NotDone { lost: Some(_), .. }), Some(last)) => {
            has_looked_for(ended, *last, ended.calls().len())
        }
        _ => true,
    }
}

/// A request is sent again only if there is time to look for what comes of it.
pub fn with_time_to_look(ended: &Ended<'_>) -> bool {
    let deadline = ended.deadline();
    ended.sent().iter().skip(1).all(|sent| sent.post.at + TIME_TO_LOOK <= deadline)
}

/// There are no more requests for a rollback than attempts.
pub fn as_often_as_allowed(ended: &Ended<'_>) -> bool {
    ended.sent().len() <= ended.scenario.attempts as usize
}

/// The API is left alone for as long as it wants to be, or for half of the time that is left.
pub fn wishes_are_met(ended: &Ended<'_>) -> bool {
    let deadline = ended.deadline();
    ended.press.journal.wishes.iter().all(|wish| {
        let wait = wish.wait.min(deadline.duration_since(wish.at) / 2);
        let sent = ended.sent();
        sent.iter().all(|sent| sent.post.at <= wish.at || sent.post.at >= wish.at + wait)
    })
}

/// A list that was too large is asked for again with a smaller limit, until it is a short one.
pub fn size_is_not_retried(ended: &Ended<'_>) -> bool {
    let mut too_large = usize::MAX;
    ended.all_reads().filter(|read| read.subject == Subject::Live).all(|read| {
        let is_smaller = read.count < too_large || read.count <= SHORT_LIST;
        if let Came::TooLarge = read.came {
            too_large = too_large.min(read.count);
        }
        is_smaller
    })
}

/// Every request: by what was read last, the guards hold.
pub fn guards_hold(ended: &Ended<'_>) -> bool {
    let expected = ended.request.expect_current.as_deref();
    ended.sent().iter().all(|sent| {
        let is_read = ended.last_read(Subject::Active, sent.place).is_some();
        let active = ended.last_active(sent.place).map(|place| ended.made(place));
        let is_expected = |active: &Made| expected == Some(active.deployment.id.as_str());
        let is_guarded = expected.is_none() || active.is_some_and(is_expected);
        let is_looked_up = !ended.scenario.is_read_first() || is_read;
        is_guarded && is_looked_up && !ended.scenario.is_dry_run
    })
}

/// Where the environment was read, what is active is read again before each further request, and it is what
/// was active when the run was planned.
pub fn plan_still_holds(ended: &Ended<'_>) -> bool {
    let sent = ended.sent();
    let planned_on = ended.planned_on();
    let holds = |earlier: &Sent<'_>, later: &Sent<'_>| {
        let Some(answer) = earlier.post.answer else { return false };
        let read = ended.last_read(Subject::Active, later.place);
        let is_read_again = read.is_some_and(|read| read.at >= answer.at);
        is_read_again && ended.last_active(later.place) == planned_on
    };
    !ended.scenario.is_read_first() || sent.windows(2).all(|sent| holds(&sent[0], &sent[1]))
}

/// Where something was read before, a request is for another version than the one that was active, unless
/// it is forced, or the list and what is active do not agree: then another one may be about to become active.
/// A request that is forced is sent.
pub fn only_what_is_needed(ended: &Ended<'_>) -> bool {
    let sent = ended.sent();
    let is_forced = ended.request.is_forced;
    let Some(first) = sent.first() else {
        return !is_forced || ended.outcome() != Outcome::Unchanged;
    };
    let active = ended.last_active(first.place).map(|place| ended.made(place));
    let is_there = active.is_some_and(|active| {
        !ended.world.hides_version_of(active) && active.version() == ended.wanted()
    });
    let is_settled = !has_newer(ended, first.place) && !is_unlisted(ended, first.place);
    is_forced || !is_there || !is_settled || laws::hides_the_order(ended)
}

/// Whether the last list before a call has a deployment that is newer than the active one and can be active.
pub fn has_newer(ended: &Ended<'_>, before: usize) -> bool {
    let listed = ended.last_read(Subject::Live, before).and_then(|read| read.shown());
    let active = ended.last_active(before);
    let is_newer = |place: &Place| !ended.made(*place).deployment.is_void && Some(*place) > active;
    listed.is_some_and(|listed| listed.iter().any(is_newer))
}

/// Whether the last list before a call does not have the active deployment.
fn is_unlisted(ended: &Ended<'_>, before: usize) -> bool {
    let listed = ended.last_read(Subject::Live, before).and_then(|read| read.shown());
    let active = ended.last_active(before);
    active.is_some_and(|active| listed.is_some_and(|listed| !listed.contains(&active)))
}

/// `previous` is what was active before the newest publish or promotion. If what is active is itself a
/// rollback, nothing is sent, unless the user has named that rollback as the one to go on from.
pub fn previous_is_right(ended: &Ended<'_>) -> bool {
    if !ended.scenario.is_previous() || laws::hides_that_a_version_came_back(ended) {
        return true;
    }
    let is_named = ended.request.expect_current.is_some();
    ended.sent().iter().all(|sent| {
        let active = ended.last_active(sent.place).map(|place| ended.made(place));
        active.is_some_and(|active| {
            let is_rollback = active.deployment.kind == Kind::RolledBack;
            let wanted = ended.version_for(sent.post);
            (is_named || !is_rollback) && wanted.is_some() && wanted == active.previous.as_deref()
        }) || laws::lacks_what_was_active(ended, sent.place)
    })
}

/// Every request goes to the deployment that the scenario names, or to one of the version that it names,
/// whatever the program takes for its target; and to nothing that can be seen to be deleted or a draft.
pub fn goes_to_the_target(ended: &Ended<'_>) -> bool {
    let target = ended.scenario.target;
    ended.sent().iter().all(|sent| {
        let found = ended.world.find(&sent.post.target);
        let is_version = found
            .and_then(|made| made.version())
            .is_some_and(|version| target.len() >= 7 && version.starts_with(target));
        let is_named = ended.scenario.is_previous() || sent.post.target == target || is_version;
        let is_void = found.is_some_and(|made| made.deployment.is_void);
        is_named && !(is_void && ended.scenario.is_read_first())
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
