//! What comes before the version that is active, for any history.

use crate::properties::config;
use polyai_rollback::agents_api::deployments_response::parse_deployment;
use polyai_rollback::model::Deployment;
use polyai_rollback::rollback::history::{Previous, previous};
use polyai_rollback::text::redaction::Redaction;
use proptest::prelude::*;
use serde_json::json;

/// A history, the newest deployment first, of versions and how they came to be.
fn history(rows: &[(&str, &str)]) -> Vec<Deployment> {
    let deployment = |(place, (version, kind)): (usize, &(&str, &str))| {
        let document = json!({
            "id": format!("d-{}", rows.len() - place),
            "version": version,
            "metadata": {"deployment_type": kind},
        });
        parse_deployment(&document.to_string(), &Redaction::default()).expect("a deployment")
    };
    rows.iter().enumerate().map(deployment).collect()
}

fn id<'a>(previous: &Previous<'a>) -> Option<&'a str> {
    previous.deployment.map(|deployment| deployment.id.as_str())
}

#[test]
fn a_time_is_read_with_any_offset() {
    let created = |time: &str| {
        parse_deployment(&json!({"id": "d", "createdAt": time}).to_string(), &Redaction::default())
            .and_then(|one| one.created())
    };
    let utc = created("2026-05-11T22:18:28.909Z");
    assert!(utc.is_some());
    for same in [
        "2026-05-11T22:18:28.909+00:00",
        "2026-05-12T00:18:28.909+02:00",
        "2026-05-11T17:48:28.909-04:30",
    ] {
        assert_eq!(created(same), utc, "{same}");
    }
    for none in ["", "soon", "2026-05-11T22:18:28", "2026-05-11T22:18:28+2:00", "+00:00", "ü+00:00"]
    {
        assert_eq!(created(none), None, "{none}");
    }
}

/// As it was recorded, with two rollbacks to the same version and one back again.
const RECORDED: [(&str, &str); 6] = [
    ("46c7", "rollback"),
    ("add8", "rollback"),
    ("46c7", "rollback"),
    ("add8", "publish"),
    ("46c7", "publish"),
    ("f0f3", "publish"),
];

#[test]
fn the_recorded_history_leads_below_what_was_rolled_away_from() {
    let recorded = history(&RECORDED);
    let found = previous(&recorded);
    assert_eq!(id(&found), Some("d-1"));
    assert_eq!(found.passed_over, ["add8"]);
    assert!(!found.is_guess);
}

#[test]
fn the_recorded_history_without_types_is_a_guess() {
    let untyped = RECORDED.map(|(version, _)| (version, ""));
    let untyped = history(&untyped);
    let found = previous(&untyped);
    assert_eq!(id(&found), Some("d-1"), "a version that came back is a rollback");
    assert!(found.is_guess && found.current_is_rollback);
}

#[test]
fn what_is_not_told_of_older_deployments_makes_no_guess() {
    let rows = [("c", "publish"), ("b", "publish"), ("a", ""), ("", "")];
    assert!(!previous(&history(&rows)).is_guess);
    let rows = [("c", ""), ("b", "publish")];
    assert!(previous(&history(&rows)).is_guess);
}

#[test]
fn what_was_undone_counts_again_once_it_is_deployed_again() {
    let undone = [("a", "rollback"), ("b", "publish"), ("a", "publish")];
    assert_eq!(id(&previous(&history(&undone))), None);
    let again = [
        ("c", "promotion"),
        ("b", "publish"),
        ("a", "rollback"),
        ("b", "publish"),
        ("a", "publish"),
    ];
    assert_eq!(id(&previous(&history(&again))), Some("d-4"));
}

#[test]
fn an_older_deployment_of_what_was_undone_does_not_count() {
    let rows = [("a", "rollback"), ("b", "publish"), ("a", "publish"), ("b", "publish")];
    assert_eq!(id(&previous(&history(&rows))), None);
    let rows =
        [("a", "rollback"), ("b", "publish"), ("a", "publish"), ("b", "publish"), ("x", "publish")];
    assert_eq!(id(&previous(&history(&rows))), Some("d-1"));
}

#[test]
fn a_rollback_to_before_the_list_undoes_all_that_the_list_shows() {
    let rows = [("old", "rollback"), ("b", "publish"), ("a", "publish")];
    assert_eq!(id(&previous(&history(&rows))), None);
    let since = [("c", "publish"), ("old", "rollback"), ("b", "publish"), ("a", "publish")];
    assert_eq!(id(&previous(&history(&since))), Some("d-3"));
}

#[test]
fn without_the_version_that_is_active_nothing_is_another_one() {
    let mut rows = history(&[("b", "publish"), ("a", "publish"), ("c", "publish")]);
    rows[0].version = None;
    assert_eq!(id(&previous(&rows)), None);
    assert_eq!(id(&previous(&[])), None);
}

/// The environment as its owner thinks of it: each version that was deployed on top of another one
/// leads back to it. Takes the oldest row first, and returns the version that comes before the last one.
fn as_a_chain<'a>(rows: &[(&'a str, &str)]) -> Option<&'a str> {
    /// A version, and what was below it.
    struct Link<'a>(&'a str, Option<Box<Link<'a>>>);

    fn without<'a>(link: Option<Box<Link<'a>>>, gone: &[&str]) -> Option<Box<Link<'a>>> {
        let Link(version, below) = *link?;
        let below = without(below, gone);
        if gone.contains(&version) { below } else { Some(Box::new(Link(version, below))) }
    }

    let mut top: Option<Box<Link<'a>>> = None;
    for (version, kind) in rows {
        let mut gone = Vec::new();
        let mut link = top.as_deref();
        while let Some(Link(other, below)) = link.filter(|link| link.0 != *version) {
            gone.push(*other);
            link = below.as_deref();
        }
        let is_below = link.is_some();
        if *kind == "rollback" && is_below {
            top = without(top, &gone);
        } else if !is_below || !gone.is_empty() {
            top = Some(Box::new(Link(version, top)));
        }
    }
    let below = top?.1;
    let mut link = below.as_deref();
    let current = rows.last().map(|(version, _)| *version);
    while let Some(Link(version, below)) = link {
        if Some(*version) != current {
            return Some(version);
        }
        link = below.as_deref();
    }
    None
}

/// The versions that a rollback went back from, and that nothing has deployed since: for each rollback,
/// what was deployed after the last time that its version was, before it.
fn undone<'a>(rows: &[(&'a str, &str)]) -> Vec<&'a str> {
    let mut undone: Vec<&str> = Vec::new();
    for (place, (version, kind)) in rows.iter().enumerate() {
        let before = &rows[..place];
        let is_back = *kind == "rollback" && !undone.contains(version);
        if let Some(last) =
            before.iter().rposition(|(other, _)| other == version).filter(|_| is_back)
        {
            undone.extend(before[last + 1..].iter().map(|(other, _)| *other));
        }
        undone.retain(|other| other != version);
    }
    undone
}

proptest! {
    #![proptest_config(config())]

    #[test]
    fn previous_is_what_nobody_has_rolled_back_from(picks in prop::collection::vec((0..5_usize, 0..3_usize), 0..14)) {
        // As the API lets it happen: a rollback goes to a version that was there before.
        let mut rows: Vec<(&str, &str)> = Vec::new();
        for (version, kind) in picks {
            let (version, kind) = (["a", "b", "c", "d", "e"][version], ["publish", "promotion", "rollback"][kind]);
            if kind != "rollback" || rows.iter().any(|(other, _)| *other == version) {
                rows.push((version, kind));
            }
        }
        let newest_first: Vec<_> = rows.iter().rev().copied().collect();
        let deployments = history(&newest_first);
        let found = previous(&deployments);

        let version = found.deployment.and_then(|deployment| deployment.version.as_deref());
        prop_assert_eq!(version, as_a_chain(&rows));
        prop_assert!(!found.is_guess);
        if let Some(deployment) = found.deployment {
            let newest = deployments.iter().find(|other| other.version == deployment.version);
            prop_assert_eq!(&newest.unwrap().id, &deployment.id);
            prop_assert!(version != Some(newest_first[0].0), "it is active");
            prop_assert!(!undone(&rows).contains(&version.unwrap()), "it was rolled back from");
        }
        // Everything that is newer was passed over for a reason.
        prop_assert!(!found.passed_over.contains(&version.unwrap_or_default()));
        let current = newest_first.first().map_or("", |(version, _)| version);
        prop_assert!(!found.passed_over.contains(&current));
    }

    #[test]
    fn previous_is_another_version_whatever_the_api_leaves_out(picks in prop::collection::vec((0..4_usize, 0..5_usize), 0..14)) {
        let rows: Vec<_> = picks.iter().map(|(version, kind)| {
            (["a", "b", "c", ""][*version], ["publish", "promotion", "rollback", "", "hotfix"][*kind])
        }).collect();
        let mut deployments = history(&rows);
        for deployment in &mut deployments {
            deployment.version = deployment.version.take().filter(|version| !version.is_empty());
        }
        let found = previous(&deployments);
        if let Some(deployment) = found.deployment {
            prop_assert!(deployments[0].version.is_some());
            prop_assert!(deployment.version != deployments[0].version);
            let place = deployments.iter().position(|other| other.id == deployment.id).unwrap();
            let is_told = |(version, kind): &(&str, &str)| !version.is_empty() && !["", "hotfix"].contains(kind);
            prop_assert_eq!(found.is_guess, !rows[..=place].iter().all(is_told));
        }
    }
}
