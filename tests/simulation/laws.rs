//! What must hold after every run, whatever happened in it, and after everything late has happened.
//!
//! Each law has a name. `sent` has the laws of what is sent, `shown` those of what follows from what was
//! read, `told` those of what people are told, `pressed` the one of the second run. The limits that excuse a
//! law are those of SECURITY.md, each a function at the end of this file.

use crate::ended::Ended;
use crate::faults::Meaning;
use crate::journal::{Came, Read, Subject, TestEnd};
use crate::quirks::Quirk;
use crate::run::TESTS_TIMEOUT;
use crate::told::{self, Told};
use crate::world::Made;
use crate::{sent, shown};
use polyai_rollback::model::{Effect, Kind, Outcome};
use std::time::Duration;

/// How long the program looks for what came of a request.
pub const LOOKS: Duration = Duration::from_secs(8);

/// The law that a run has broken, if it has.
pub fn broken(ended: &Ended<'_>, told: &Told) -> Option<&'static str> {
    let laws = [
        // What was done.
        ("what is said to be done took effect", done_is_done(ended)),
        ("what is said to be unchanged stays so", unchanged_is_unchanged(ended)),
        ("what may still happen is not said to be unchanged", still_going_is_no_end(ended)),
        ("there is at most one rollback", at_most_one(ended)),
        ("what is done is what was asked for", shown::is_what_was_meant(ended)),
        ("what is known to be done is told so", shown::known_is_told(ended)),
        // What is sent.
        ("nothing is sent while the API may still act", sent::nothing_while_still_going(ended)),
        ("nothing in doubt is sent again before all looks", sent::after_all_looks(ended)),
        ("a request has all the time but that for looking", sent::had_all_the_time(ended)),
        ("nothing lost is given up before all looks", sent::looked_for_at_the_end(ended)),
        ("nothing is sent again without time to look", sent::with_time_to_look(ended)),
        ("a request goes to what was asked for", sent::goes_to_the_target(ended)),
        ("nothing is sent that a guard forbids", sent::guards_hold(ended)),
        ("nothing is sent again if another one is active", sent::plan_still_holds(ended)),
        ("nothing is sent that changes nothing", sent::only_what_is_needed(ended)),
        ("previous is what was active before", sent::previous_is_right(ended)),
        ("no more requests are sent than are allowed", sent::as_often_as_allowed(ended)),
        ("the API is left alone when it wants to be", sent::wishes_are_met(ended)),
        ("size is not asked for again as it is", sent::size_is_not_retried(ended)),
        ("a preview is for who wants one", sent::previews_only_dry_runs(ended)),
        // When it ends.
        ("it ends in time", ends_in_time(ended)),
        ("a signal ends it at once", a_signal_ends_it(ended)),
        ("what passes by itself changes nothing", progress_is_made(ended)),
        // What is said.
        ("another one was active if that is said", shown::not_active_is_seen(ended)),
        ("what is already rolled back was seen so", shown::already_is_seen(ended)),
        ("what supersedes a run is not what it wants", shown::superseded_is_another(ended)),
        ("what is not active had its time", shown::had_its_time(ended)),
        ("a signal knows the doubt", shown::a_signal_knows_the_doubt(ended)),
        ("a doubt has a reason", shown::doubt_has_a_reason(ended)),
        ("what is there already is active", shown::unchanged_is_there(ended)),
        // The tests.
        ("tests that are said to have passed have passed", tests_tell_the_truth(ended)),
        ("tests have all their time", tests_had_their_time(ended)),
    ];
    let mut laws = laws.into_iter().chain(told::laws(ended, told));
    laws.find(|(_, holds)| !holds).map(|(law, _)| law)
}

/// Exit codes 0 (`rolled-back`), 8 and 9, and every end that is told as done: our request took effect,
/// and the record names what it made.
fn done_is_done(ended: &Ended<'_>) -> bool {
    let is_done = matches!(ended.effect(), Effect::Done | Effect::Accepted);
    let is_ours = |made: &Made| made.is_by(ended.press.number);
    let named = ended.named_made();
    !is_done || named.is_some_and(|made| is_ours(made) || is_somebody_elses_rollback(ended, made))
}

/// Exit codes 2 to 6, `unchanged`, `previewed`, and a cancelled run that says so: no request of ours ever
/// takes effect.
fn unchanged_is_unchanged(ended: &Ended<'_>) -> bool {
    let end = ended.calls().len();
    ended.effect() != Effect::Unchanged
        || ended.ours().all(|made| is_seen_only_after_the_looks(ended, made, end))
}

/// After our own deadline, 202, 408 and 504, nobody knows how long the API goes on: where nothing is found,
/// the run ends in doubt.
fn still_going_is_no_end(ended: &Ended<'_>) -> bool {
    let is_still_going = ended.sent().iter().any(|sent| sent.post.means(Meaning::StillGoing));
    !is_still_going || ended.effect() != Effect::Unchanged
}

/// Every rollback but the last one came of a request of which no look showed anything before the next one.
fn at_most_one(ended: &Ended<'_>) -> bool {
    let causes = ended.ours().filter_map(|made| ended.cause_of(made));
    let Some(last) = causes.map(|cause| cause.place).max() else { return true };
    let is_excused = |made: &Made| {
        ended.cause_of(made).is_some_and(|cause| cause.place == last)
            || is_seen_only_after_the_looks(ended, made, last)
    };
    ended.ours().all(is_excused)
}

fn ends_in_time(ended: &Ended<'_>) -> bool {
    let tests = ended.press.record.tests.as_ref().map_or(Duration::ZERO, |_| TESTS_TIMEOUT);
    let whole = ended.press.at - ended.press.begun;
    ended.press.took <= ended.scenario.timeout && whole <= ended.scenario.timeout + tests
}

fn a_signal_ends_it(ended: &Ended<'_>) -> bool {
    // Whoever has heard that there is no such target is told so, whatever comes then.
    let is_known = ended.sent().last().is_some_and(|sent| sent.post.means(Meaning::NotFound));
    match (ended.outcome(), ended.press.journal.signalled) {
        (Outcome::Terminated, Some(signalled)) => ended.press.at == signalled && !is_known,
        (Outcome::NotFound, Some(signalled)) => ended.press.at == signalled && is_known,
        (Outcome::Terminated, None) | (_, Some(_)) => false,
        (_, None) => true,
    }
}

/// Where nothing goes wrong, or one thing that passes by itself while there is time, the first run ends as
/// the scenario says, or better: what is shown late may show while a read is waited for.
fn progress_is_made(ended: &Ended<'_>) -> bool {
    let press = ended.press;
    let may_try_again = ended.scenario.attempts > 1;
    let has_time = ended.scenario.timeout >= Duration::from_secs(60);
    let passes = press.faults == 1 && press.transient_faults == 1 && may_try_again && has_time;
    let is_calm = press.faults == 0 || passes;
    let is_better = passes && ended.outcome() == Outcome::RolledBack;
    press.number > 1 || !is_calm || is_better || ended.outcome() == ended.scenario.calm
}

fn tests_tell_the_truth(ended: &Ended<'_>) -> bool {
    if ended.press.record.tests.is_none() {
        return true;
    }
    let runs = || ended.press.journal.tests.values();
    let has_failed = runs().any(|test| test.ended == Some(TestEnd::Failed));
    match ended.outcome() {
        Outcome::RolledBack => {
            runs().count() > 0 && runs().all(|test| test.ended == Some(TestEnd::Passed))
        }
        Outcome::TestsFailed => has_failed,
        Outcome::TestsUnknown => !has_failed,
        _ => true,
    }
}

/// Test runs of which nobody knows how they ended had all their time, but for the moment that the last read
/// may take, or gave a reason to ask no more, or ended and do not say how.
fn tests_had_their_time(ended: &Ended<'_>) -> bool {
    let rollback = ended.press.record.rollback.as_ref();
    let are_named = rollback.is_some_and(|rollback| !rollback.test_run_ids.is_empty());
    let tests = ended.press.at - ended.press.begun - ended.press.took;
    let had_time = tests + Duration::from_secs(1) >= TESTS_TIMEOUT;
    let mut runs = ended.press.journal.tests.values();
    ended.outcome() != Outcome::TestsUnknown
        || !are_named
        || had_time
        || runs.all(|test| test.ended.is_some() || test.may_be_given_up)
}

/// Limit: "An API that acts, or shows that it acted, more than eight seconds after it lost a request may roll
/// back twice, or after a run has said that it saw no effect."
///
/// The request was lost, a whole ladder of looks followed, and none of them showed what it made.
fn is_seen_only_after_the_looks(ended: &Ended<'_>, made: &Made, before: usize) -> bool {
    let Some(cause) = ended.cause_of(made) else { return false };
    let Some(place) = ended.world.place_of(&made.deployment.id) else { return false };
    let mut reads = ended.reads(cause.place, before.max(cause.place));
    cause.post.means(Meaning::InDoubt)
        && sent::has_looked_for(ended, cause, before)
        && !reads.any(|read| read.shown().is_some_and(|shown| shown.contains(&place)))
}

/// Limit: "A rollback of somebody else to the same version is taken for ours if our own answer was lost and
/// theirs came after our first read, or with a bare id after our request."
///
/// No read before our request showed theirs, and with a bare id, theirs was made after the run began to ask,
/// as far as a `Date` in whole seconds can tell.
fn is_somebody_elses_rollback(ended: &Ended<'_>, made: &Made) -> bool {
    let Some(first) = ended.sent().first().copied() else { return false };
    let Some(place) = ended.world.place_of(&made.deployment.id) else { return false };
    let shows = |read: &Read| read.shown().is_some_and(|shown| shown.contains(&place));
    let is_new = match ended.scenario.is_read_first() {
        true => !ended.reads(0, first.place).any(shows),
        false => made.at + Duration::from_secs(1) >= ended.press.begun,
    };
    is_new && ended.told_done().is_none() && made.version() == ended.wanted()
}

/// Limit: "What the lists of deployments show is believed": without types, a rollback to a version that was not
/// there before, or was there all the time, looks like a publish, and so does one to a version that the list
/// does not reach back to.
pub fn hides_that_a_version_came_back(ended: &Ended<'_>) -> bool {
    let made = &ended.world.made;
    let looks_like_a_publish = |(place, rollback): (usize, &Made)| {
        let is_same = |older: &&Made| older.version() == rollback.version();
        let mut before_it = made[..place].iter().rev().skip_while(is_same);
        rollback.deployment.kind == Kind::RolledBack && !before_it.any(|older| is_same(&older))
    };
    let quirks = &ended.world.quirks;
    // After an answer that was too large, a shorter list is read.
    let is_cut = |read: &Read| matches!(read.came, Came::TooLarge);
    quirks.has(Quirk::NoTypes)
        && (quirks.cut().is_some()
            || ended.all_reads().any(is_cut)
            || made.iter().enumerate().any(looks_like_a_publish))
}

/// Limit: "What the lists of deployments show is believed": without times, a list that is not in order shows
/// deployments as newer that are not.
pub fn hides_the_order(ended: &Ended<'_>) -> bool {
    let quirks = &ended.world.quirks;
    quirks.has(Quirk::NoTimes) && (quirks.has(Quirk::Unordered) || quirks.has(Quirk::Ascending))
}

/// Limit: "What the lists of deployments show is believed": a run whose plan was made of old answers alone, none
/// of which says that it is an old one, is a run of that time.
pub fn is_planned_on_old_answers(ended: &Ended<'_>) -> bool {
    let Some(first) = ended.sent().first().copied() else { return false };
    let is_old = |subject| ended.last_read(subject, first.place).is_some_and(|read| read.is_old);
    is_old(Subject::Active) && is_old(Subject::Live)
}

/// Limit: "What the lists of deployments show is believed": a list that leaves out what is active, and was read
/// when something else was, lacks a deployment that was active since.
pub fn lacks_what_was_active(ended: &Ended<'_>, before: usize) -> bool {
    let listed = ended.last_read(Subject::Live, before).and_then(|read| read.shown());
    let active = ended.last_active(before);
    let lists_it = active.is_some_and(|active| listed.is_some_and(|list| list.contains(&active)));
    ended.world.quirks.has(Quirk::Unlisted) && lists_it
}
