//! The scenarios: what a run is asked for, in which history, and how the API differs from a perfect one.
//!
//! A few scenarios are tried with all faults that a sequence may have. The others differ from one of them in
//! one way, which counts as one of the faults.

use crate::api::RefusesActive;
use crate::history::{self, BAD_ID, GOOD, OLD, ROLLBACK_ID, Row, TARGET_ID, TARGET_UUID};
use crate::quirks::Quirk;
use polyai_rollback::model::Outcome;
use std::time::Duration;

/// A scenario.
#[derive(Clone, Copy)]
pub struct Scenario {
    pub name: &'static str,
    pub target: &'static str,
    pub has_environment: bool,
    pub expect_current: Option<&'static str>,
    pub is_forced: bool,
    pub is_dry_run: bool,
    pub is_verified: bool,
    pub waits_for_tests: bool,
    pub attempts: u32,
    /// The time that the run may take, without its tests.
    pub timeout: Duration,
    pub refuses_active: RefusesActive,
    pub history: &'static [Row],
    pub quirks: &'static [Quirk],
    /// How many faults of a sequence the scenario itself takes.
    pub faults: u32,
    /// How a run ends in which nothing else goes wrong.
    pub calm: Outcome,
}

impl Scenario {
    /// Whether the environment is read before anything is sent.
    pub fn is_read_first(&self) -> bool {
        self.has_environment || self.expect_current.is_some() || self.is_dry_run
    }

    pub fn is_previous(&self) -> bool {
        self.target == "previous"
    }
}

const NAMED: Scenario = Scenario {
    name: "named",
    target: TARGET_ID,
    has_environment: true,
    expect_current: None,
    is_forced: false,
    is_dry_run: false,
    is_verified: true,
    waits_for_tests: false,
    attempts: 4,
    timeout: Duration::from_secs(60),
    refuses_active: RefusesActive::No,
    history: history::PLAIN,
    quirks: &[],
    faults: 0,
    calm: Outcome::RolledBack,
};
const PREVIOUS: Scenario = Scenario { name: "previous", target: "previous", ..NAMED };
const BARE: Scenario = Scenario { name: "bare", has_environment: false, ..NAMED };

const fn with(name: &'static str, quirks: &'static [Quirk], base: Scenario) -> Scenario {
    Scenario { name, quirks, faults: 1, ..base }
}

const fn after(name: &'static str, history: &'static [Row], base: Scenario) -> Scenario {
    Scenario { name, history, faults: 1, ..base }
}

const fn ends(calm: Outcome, scenario: Scenario) -> Scenario {
    Scenario { calm, ..scenario }
}

const fn guarded(expected: &'static str, scenario: Scenario) -> Scenario {
    Scenario { expect_current: Some(expected), ..scenario }
}

/// No deployment says how it came to be.
const fn untyped(scenario: Scenario) -> Scenario {
    Scenario { quirks: &[Quirk::NoTypes], ..scenario }
}

/// The scenarios.
pub static SCENARIOS: &[Scenario] = &[
    PREVIOUS,
    NAMED,
    BARE,
    // What is asked for.
    guarded(BAD_ID, Scenario { name: "previous, guarded", attempts: 2, faults: 1, ..PREVIOUS }),
    Scenario {
        name: "version, 200",
        target: GOOD,
        refuses_active: RefusesActive::CodeIn200,
        is_verified: false,
        faults: 1,
        ..NAMED
    },
    Scenario {
        name: "previous, 400",
        refuses_active: RefusesActive::Status(400),
        faults: 1,
        ..PREVIOUS
    },
    Scenario { name: "named, 409", refuses_active: RefusesActive::Status(409), faults: 1, ..NAMED },
    Scenario { name: "bare, 422", refuses_active: RefusesActive::Status(422), faults: 1, ..BARE },
    Scenario { name: "bare, not verified", is_verified: false, faults: 1, ..BARE },
    Scenario { name: "forced", is_forced: true, attempts: 2, faults: 1, ..NAMED },
    Scenario { name: "previous, forced", is_forced: true, faults: 1, ..PREVIOUS },
    Scenario { name: "hasty", timeout: Duration::from_secs(15), faults: 1, ..NAMED },
    Scenario { name: "hasty, bare", timeout: Duration::from_secs(30), faults: 1, ..BARE },
    Scenario { name: "once", attempts: 1, faults: 1, ..BARE },
    ends(Outcome::Previewed, Scenario { name: "dry run", is_dry_run: true, faults: 1, ..BARE }),
    Scenario {
        name: "tests",
        waits_for_tests: true,
        attempts: 2,
        is_verified: false,
        faults: 1,
        ..BARE
    },
    // What was before.
    ends(Outcome::AlreadyRolledBack, after("rolled back", history::ROLLED_BACK, PREVIOUS)),
    ends(
        Outcome::AlreadyRolledBack,
        Scenario {
            is_forced: true,
            ..after("rolled back, forced", history::ROLLED_BACK, PREVIOUS)
        },
    ),
    ends(
        Outcome::AlreadyRolledBack,
        Scenario {
            is_dry_run: true,
            ..after("rolled back, dry run", history::ROLLED_BACK, PREVIOUS)
        },
    ),
    ends(
        Outcome::AlreadyRolledBack,
        untyped(after("rolled back, no types", history::ROLLED_BACK, PREVIOUS)),
    ),
    guarded(ROLLBACK_ID, after("rolled back, guarded", history::ROLLED_BACK, PREVIOUS)),
    guarded(
        ROLLBACK_ID,
        untyped(after("rolled back, guarded, no types", history::ROLLED_BACK, PREVIOUS)),
    ),
    ends(Outcome::Unchanged, after("rolled back, named", history::ROLLED_BACK, NAMED)),
    after("rolled back and published", history::ROLLED_BACK_AND_PUBLISHED, PREVIOUS),
    untyped(after(
        "rolled back and published, no types",
        history::ROLLED_BACK_AND_PUBLISHED,
        PREVIOUS,
    )),
    after("republished", history::REPUBLISHED, PREVIOUS),
    untyped(after("republished, no types", history::REPUBLISHED, PREVIOUS)),
    ends(
        Outcome::AlreadyRolledBack,
        after("came back by publish", history::CAME_BACK_BY_PUBLISH, PREVIOUS),
    ),
    ends(Outcome::AlreadyRolledBack, after("to and fro", history::TO_AND_FRO, PREVIOUS)),
    ends(
        Outcome::AlreadyRolledBack,
        untyped(after("to and fro, no types", history::TO_AND_FRO, PREVIOUS)),
    ),
    guarded(ROLLBACK_ID, after("to and fro, guarded", history::TO_AND_FRO, PREVIOUS)),
    guarded(
        ROLLBACK_ID,
        untyped(after("to and fro, guarded, no types", history::TO_AND_FRO, PREVIOUS)),
    ),
    ends(Outcome::NotFound, after("nothing before", history::NOTHING_BEFORE, PREVIOUS)),
    ends(Outcome::NotFound, after("target deleted", history::TARGET_DELETED, PREVIOUS)),
    ends(Outcome::NotFound, after("target deleted, named", history::TARGET_DELETED, NAMED)),
    ends(Outcome::NotFound, after("draft before", history::DRAFT_BEFORE, PREVIOUS)),
    Scenario { target: GOOD, ..after("draft before, version", history::DRAFT_BEFORE, NAMED) },
    after("two drafts above", history::TWO_DRAFTS_ABOVE, NAMED),
    ends(
        Outcome::InvalidInput,
        Scenario { target: "g00d000", ..after("ambiguous", history::TWO_LIKE_GOOD, NAMED) },
    ),
    Scenario { target: "g00d0000", ..after("prefix", history::TWO_LIKE_GOOD, NAMED) },
    Scenario { target: TARGET_UUID, ..after("uuids", history::UUIDS, BARE) },
    Scenario {
        target: TARGET_UUID,
        quirks: &[Quirk::NoTimes],
        ..after("uuids, no times", history::UUIDS, BARE)
    },
    Scenario { target: OLD, ..with("oldest", &[], NAMED) },
    // What the lists do not say.
    with("previous, no types", &[Quirk::NoTypes], PREVIOUS),
    ends(Outcome::NotFound, with("previous, no times", &[Quirk::NoTimes], PREVIOUS)),
    ends(
        Outcome::NotFound,
        with("previous, no times or types", &[Quirk::NoTimes, Quirk::NoTypes], PREVIOUS),
    ),
    with("previous, no date", &[Quirk::NoDate], PREVIOUS),
    with("previous, no version", &[Quirk::NoVersion], PREVIOUS),
    with("previous, ascending", &[Quirk::Ascending], PREVIOUS),
    with("previous, unordered", &[Quirk::Unordered], PREVIOUS),
    ends(
        Outcome::NotFound,
        with("previous, ascending, no times", &[Quirk::Ascending, Quirk::NoTimes], PREVIOUS),
    ),
    ends(
        Outcome::NotFound,
        with("previous, unordered, no times", &[Quirk::Unordered, Quirk::NoTimes], PREVIOUS),
    ),
    with("previous, cut", &[Quirk::Cut(2)], PREVIOUS),
    ends(Outcome::NotFound, with("previous, cut short", &[Quirk::Cut(1)], PREVIOUS)),
    ends(Outcome::NotFound, with("previous, unlisted", &[Quirk::Unlisted], PREVIOUS)),
    with("previous, heavy", &[Quirk::Heavy(25)], PREVIOUS),
    ends(Outcome::Unavailable, with("previous, cached", &[Quirk::Cached], PREVIOUS)),
    with("named, no date", &[Quirk::NoDate], NAMED),
    with("named, no version", &[Quirk::NoVersion], NAMED),
    with("named, unlisted", &[Quirk::Unlisted], NAMED),
    with("named, no types or times", &[Quirk::NoTypes, Quirk::NoTimes], NAMED),
    with("bare, no date", &[Quirk::NoDate], BARE),
    with("bare, no times", &[Quirk::NoTimes], BARE),
    with("bare, no version", &[Quirk::NoVersion], BARE),
    with("bare, whole seconds", &[Quirk::WholeSeconds], BARE),
    with("bare, late clock", &[Quirk::ClockIsLate(1_500)], BARE),
    with("bare, later clock", &[Quirk::ClockIsLate(3_000)], BARE),
    with("bare, cached", &[Quirk::Cached], BARE),
    with("bare, heavy", &[Quirk::Heavy(25)], BARE),
    // What is shown late.
    with("previous, late list", &[Quirk::ListLags(1_500)], PREVIOUS),
    with("previous, late active", &[Quirk::ActiveLags(1_500)], PREVIOUS),
    with("previous, late", &[Quirk::ListLags(1_500), Quirk::ActiveLags(1_500)], PREVIOUS),
    with("previous, later", &[Quirk::ListLags(3_500), Quirk::ActiveLags(3_500)], PREVIOUS),
    with("previous, later active", &[Quirk::ActiveLags(3_500)], PREVIOUS),
    with("named, late", &[Quirk::ListLags(1_500), Quirk::ActiveLags(1_500)], NAMED),
    with("named, later list", &[Quirk::ListLags(3_500)], NAMED),
    with("named, later active", &[Quirk::ActiveLags(3_500)], NAMED),
    with("bare, late", &[Quirk::ListLags(1_500), Quirk::ActiveLags(3_500)], BARE),
    ends(
        Outcome::NotActive,
        with("previous, latest", &[Quirk::ListLags(12_000), Quirk::ActiveLags(12_000)], PREVIOUS),
    ),
    ends(Outcome::NotActive, with("named, latest active", &[Quirk::ActiveLags(12_000)], NAMED)),
    with("named, latest list", &[Quirk::ListLags(12_000)], NAMED),
];
