//! The law of pressing twice: any run, repeated with the same inputs after any outcome, leaves the
//! environment on the version that the first run was for, unless somebody else deployed.

use crate::ended::Ended;
use crate::laws;
use crate::run::Press;
use crate::scenarios::Scenario;
use crate::shown;
use crate::world::{Author, Made};
use polyai_rollback::model::{Effect, Outcome};
use std::collections::BTreeSet;

/// Whether the person presses again. After `superseded`, the advice is to look and then to name a version;
/// looking changes nothing.
pub fn is_pressed_again(scenario: &Scenario, first: &Press) -> bool {
    !scenario.is_dry_run && first.outcome() != Outcome::Superseded
}

/// The law that the second run has broken.
pub fn broken(first: &Ended<'_>, second: &Ended<'_>) -> Option<&'static str> {
    let holds = ends_where_it_was_meant_to(first, second);
    (!holds).then_some("pressing twice leaves what the first run was for")
}

/// If a run has made what is active in the end, it has the version that the first run was for. Where
/// somebody else deployed after the first run was planned, the second run may be for what was before that;
/// the laws of the second run hold it to that.
fn ends_where_it_was_meant_to(first: &Ended<'_>, second: &Ended<'_>) -> bool {
    let Some(last) = first.world.made.last().filter(|made| made.is_by_a_run()) else { return true };
    let is_new_plan = first.scenario.is_previous() && has_theirs_between(first, second);
    let wanted = match first.wanted() {
        Some(wanted) if !is_new_plan => BTreeSet::from([wanted]),
        wanted => wanted.into_iter().chain(second.wanted()).collect(),
    };
    last.version().is_some_and(|version| wanted.contains(version))
        || is_wrong(last, first, second)
        || laws::hides_that_a_version_came_back(first)
        || laws::is_planned_on_old_answers(second)
}

/// Whether somebody else deployed after the first run was planned, and before the second one was.
fn has_theirs_between(first: &Ended<'_>, second: &Ended<'_>) -> bool {
    let planned = |ended: &Ended<'_>| ended.planned_on().unwrap_or_default();
    let (from, to) = (planned(first), planned(second));
    let mut between = first.world.made.iter().take(to + 1).skip(from + 1);
    between.any(|made| made.by == Author::Colleague)
}

/// Whether the API made something else than was asked for, and the run did not call it a success, or could
/// not know better.
fn is_wrong(last: &Made, first: &Ended<'_>, second: &Ended<'_>) -> bool {
    [first, second].into_iter().any(|ended| {
        let meant = ended.cause_of(last).and_then(|cause| ended.version_for(cause.post));
        let is_taken_for_it = ended.effect() == Effect::Done && !shown::is_made_blindly(ended);
        meant.is_some() && meant != last.version() && !is_taken_for_it
    })
}
