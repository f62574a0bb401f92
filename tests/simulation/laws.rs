//! What must hold after every run, whatever happened in it, and after everything late has happened.
//!
//! Each law has a name. The limits that excuse a law are those of SECURITY.md, each a function here with
//! a name of its own.

use crate::api::SimulatedApi;
use crate::run::{Scenario, TESTS_TIMEOUT};
use crate::told::{self, Told};
use crate::world::{HISTORY, Made, VERSIONS, World};
use crate::{sent, shown};
use polyai_rollback::model::{
    Deployment, Effect, Failure, Outcome, Record, RollbackRequest, TargetSpec,
};
use std::time::Duration;
use tokio::time::Instant;

/// How long the program looks for what came of a request.
pub const LOOKS: Duration = Duration::from_secs(3);

/// A run that has ended.
pub struct Ended<'a> {
    pub at: Instant,
    /// The time of the whole run.
    pub whole: Duration,
    /// The time of the rollback, without its tests.
    pub took: Duration,
    pub scenario: &'a Scenario,
    pub request: &'a RollbackRequest,
    pub record: &'a Record,
    pub result: &'a Result<Outcome, Failure>,
}

impl Ended<'_> {
    pub fn outcome(&self) -> Outcome {
        self.result.as_ref().map_or_else(Failure::outcome, |outcome| *outcome)
    }

    pub fn effect(&self) -> Effect {
        match self.result {
            Ok(Outcome::RolledBack) => Effect::Done,
            Ok(_) => Effect::Unchanged,
            Err(failure) => failure.effect(),
        }
    }
}

/// The law that was broken, if one was.
pub fn broken(
    ended: &Ended<'_>,
    world: &World,
    api: &SimulatedApi,
    told: &Told,
) -> Option<&'static str> {
    let laws: [(&str, bool); 24] = [
        ("what is said to be done took effect", done_is_done(ended, world)),
        ("what is said to be unchanged stays so", unchanged_is_unchanged(ended, world, api)),
        ("there is at most one rollback", at_most_one(world)),
        ("a request goes to what was asked for", sent::goes_to_the_target(ended, world, api)),
        ("a preview is for who wants one", sent::previews_only_dry_runs(ended)),
        ("nothing is sent that a guard forbids", guards_hold(ended, api)),
        ("it ends in time", ends_in_time(ended)),
        ("a signal ends it at once", a_signal_ends_it(ended, api)),
        ("what people are told is so", told::is_so(ended, world, told)),
        ("tests that are said to have passed have passed", tests_tell_the_truth(ended, api)),
        ("tests have all their time", tests_had_their_time(ended, api)),
        ("no more requests are sent than are allowed", sent::as_often_as_allowed(ended, api)),
        ("the API is left alone when it wants to be", sent::wishes_are_met(ended, world, api)),
        ("what is active is read again before a request", sent::guards_are_read_again(ended, api)),
        ("what was lost is looked for before a request", sent::losses_are_looked_for(api)),
        ("nothing is sent that changes nothing", sent::only_what_is_needed(ended, world, api)),
        ("previous is what nobody rolled back from", sent::previous_is_right(ended, world, api)),
        ("what is verified was active", shown::verified_is_active(ended, world, api)),
        ("what is not active had its time", shown::had_its_time(ended, world, api)),
        ("what is done is what was asked for", shown::is_what_was_meant(ended, world)),
        ("what is known to be done is told so", shown::known_is_told(ended)),
        ("a signal knows the doubt", shown::a_signal_knows_the_doubt(ended, api)),
        ("a doubt has a reason", shown::doubt_has_a_reason(ended, world, api)),
        ("what is there already is active", shown::unchanged_is_there(ended, api)),
    ];
    laws.into_iter().find(|(_, holds)| !holds).map(|(law, _)| law)
}

/// Exit codes 0 (`rolled-back`), 8 and 9, and every end that is told as done: our request took effect,
/// and the record names what it made.
fn done_is_done(ended: &Ended<'_>, world: &World) -> bool {
    let is_done = matches!(ended.effect(), Effect::Done | Effect::Accepted);
    let named = ended.record.rollback.as_ref().map(|rollback| &rollback.deployment.id);
    !is_done
        || world.ours().any(|made| Some(&made.deployment.id) == named)
        || is_somebody_elses_rollback(world)
}

/// Exit codes 2 to 6, `unchanged`, `previewed`, and a cancelled run that says so: no request of ours ever
/// takes effect.
fn unchanged_is_unchanged(ended: &Ended<'_>, world: &World, api: &SimulatedApi) -> bool {
    ended.effect() != Effect::Unchanged
        || world.ours().all(|made| takes_effect_after_all_looks(made, world, api, ended))
}

fn at_most_one(world: &World) -> bool {
    world.ours().count() <= 1 || world.ours().any(is_later_than_the_looks)
}

/// Every request: by what was read last, the guards hold, and it goes to the deployment that was meant.
fn guards_hold(ended: &Ended<'_>, api: &SimulatedApi) -> bool {
    let Ended { request, scenario, .. } = ended;
    api.posts.borrow().iter().all(|post| {
        let active = post.active_as_read.as_ref().and_then(|read| read.deployment.as_ref());
        let is_read = post.active_as_read.is_some();
        let expected = request.expect_current.as_deref();
        let is_bad = |active: &Deployment| active.id == HISTORY[2];
        let is_guarded =
            expected.is_none_or(|expected| active.is_some_and(|active| active.id == expected));
        let is_previous = request.target != TargetSpec::Previous
            || active.is_some_and(is_bad) == (post.target == HISTORY[1]);
        let is_looked_up = !scenario.has_environment || is_read;
        is_guarded && is_previous && is_looked_up && !scenario.is_dry_run
    })
}

fn ends_in_time(ended: &Ended<'_>) -> bool {
    let tests = ended.record.tests.as_ref().map_or(Duration::ZERO, |_| TESTS_TIMEOUT);
    let timeout = ended.scenario.timeout;
    ended.took <= timeout && ended.whole <= timeout + tests
}

fn a_signal_ends_it(ended: &Ended<'_>, api: &SimulatedApi) -> bool {
    match (ended.outcome(), api.signalled.get()) {
        (Outcome::Terminated, Some(signalled)) => ended.at == signalled,
        (Outcome::Terminated, None) => false,
        (_, None) => true,
        (_, Some(_)) => false,
    }
}

fn tests_tell_the_truth(ended: &Ended<'_>, api: &SimulatedApi) -> bool {
    if ended.record.tests.is_none() {
        return true;
    }
    match ended.outcome() {
        Outcome::RolledBack => api.tests_pass.get() == Some(true),
        Outcome::TestsFailed => api.tests_pass.get() == Some(false),
        Outcome::TestsUnknown => api.tests_pass.get().is_none(),
        _ => true,
    }
}

/// Test runs of which nobody knows how they ended had all their time, but for the moment that the last read
/// may take, or could not be read, again and again.
fn tests_had_their_time(ended: &Ended<'_>, api: &SimulatedApi) -> bool {
    let rollback = ended.record.rollback.as_ref();
    let are_named = rollback.is_some_and(|rollback| !rollback.test_run_ids.is_empty());
    let had_time = ended.whole - ended.took + Duration::from_secs(1) >= TESTS_TIMEOUT;
    ended.outcome() != Outcome::TestsUnknown
        || !are_named
        || had_time
        || api.bad_test_reads.get() >= 3
}

/// Limit: "A rollback of somebody else to the same version is taken for ours if our own answer was lost."
fn is_somebody_elses_rollback(world: &World) -> bool {
    world.has_theirs_of(VERSIONS[1])
}

/// Limit: "An API that acts, or shows it, more than three seconds after it lost a request may roll back
/// twice."
fn is_later_than_the_looks(made: &Made) -> bool {
    let shown = made.listed_from.max(made.active_from);
    made.late_by + shown.duration_since(made.at) > LOOKS
}

/// The same limit, for what is told: such an effect shows only after everything that the run has read.
fn takes_effect_after_all_looks(
    made: &Made,
    world: &World,
    api: &SimulatedApi,
    ended: &Ended<'_>,
) -> bool {
    let last = api.last_read.get().map_or(ended.at, |read| read.min(ended.at));
    let no_request_since = api.posts.borrow().iter().all(|post| post.at < made.at);
    is_later_than_the_looks(made) && world.shown_from(made) >= last && no_request_since
}
