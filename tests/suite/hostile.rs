//! What holds for whatever the API or whoever sets the variables may send.

use crate::properties::{config, hostile};
use polyai_rollback::agents_api::ClockInterval;
use polyai_rollback::agents_api::deployments_response::{parse_active, parse_list};
use polyai_rollback::agents_api::error_body;
use polyai_rollback::agents_api::retry_after;
use polyai_rollback::agents_api::rollback_response::parse_rollback;
use polyai_rollback::agents_api::test_run_response::parse_test_run;
use polyai_rollback::inputs::table::INPUTS;
use polyai_rollback::inputs::{self, variables::Variables};
use polyai_rollback::model::{CallError, Deployment, Environment, ErrorBody, Id, Verdict};
use polyai_rollback::process::env::ProcessEnv;
use polyai_rollback::process::pipeline::Pipeline;
use polyai_rollback::rollback::backoff::wait_after;
use polyai_rollback::rollback::evidence::{self, Evidence, Known};
use polyai_rollback::text::redaction::{BEGINNING_BYTES, Redaction, hide_addresses};
use proptest::prelude::*;
use proptest::sample::{Index, select};
use serde_json::Value;
use std::collections::BTreeSet;
use std::ffi::OsString;
use std::os::unix::ffi::OsStringExt;
use std::time::{Duration, SystemTime};
use support::agents_api::{API_KEY, rolled_back};

fn redaction() -> Redaction {
    Redaction::new([API_KEY.to_owned()])
}

/// Bytes that were an answer once: parts of real ones, cut, doubled and mixed with hostile text.
fn body() -> impl Strategy<Value = Vec<u8>> {
    let whole = select(vec![
        rolled_back(r#"["run-0001"]"#),
        r#"{"success":false,"error":"e","error_id":"i","error_code":"C","error_message":"m","data":null}"#.to_owned(),
        r#"{"message":"m","errors":[{"field":"name","message":"too long"}]}"#.to_owned(),
        r#"{"deployments":[{"id":"a","version":"v","createdAt":"2026-05-11T22:18:28.909Z"}]}"#.to_owned(),
        r#"{"activeDeployments":{"sandbox":"","live":{"id":"a"}}}"#.to_owned(),
        r#"{"id":"r","status":"completed","testCaseCount":2,"passedCount":1,"failedCount":1,"errorCount":0,"testHistory":[{"testCaseId":"c","status":"failed","testCaseSnapshot":{"name":"n"},"results":{"prompt_assertion_results":[{"prompt":"p","is_pass":false,"reason":"why"}],"function_call_failures":[{"name":"f","failure_reason":"no","error":null,"is_pass":false}]},"rawConversation":{"turns":[]}}]}"#.to_owned(),
        "[".repeat(200),
    ]);
    let edit = (any::<Index>(), any::<Index>(), prop_oneof![hostile(), Just(API_KEY.to_owned())]);
    let edited = (whole, prop::collection::vec(edit, 0..4)).prop_map(|(whole, edits)| {
        let mut bytes = whole.into_bytes();
        for (from, to, text) in edits {
            if bytes.is_empty() {
                break;
            }
            let (from, to) = (from.index(bytes.len()), to.index(bytes.len()));
            bytes.splice(from.min(to)..from.max(to), text.into_bytes());
        }
        bytes
    });
    prop_oneof![4 => edited, 1 => prop::collection::vec(any::<u8>(), 0..300)]
}

/// What is made of an error is one short line without the key.
fn is_safe(error: &ErrorBody) -> bool {
    [&error.code, &error.message].into_iter().flatten().all(|text| is_line(text))
}

fn is_line(text: &str) -> bool {
    text.chars().count() <= 250 && !text.contains(char::is_control) && !text.contains(API_KEY)
}

/// The key as somebody may write it: each character in one of its spellings.
fn spelled() -> impl Strategy<Value = String> {
    let spelling = |character: char| {
        let code = u32::from(character);
        select(vec![
            character.to_string(),
            format!("%{code:02x}"),
            format!("%{code:02X}"),
            format!("&#{code};"),
            format!("&#x{code:X};"),
            format!("\\u{code:04x}"),
        ])
    };
    API_KEY.chars().map(spelling).collect::<Vec<_>>().prop_map(|pieces| pieces.concat())
}

proptest! {
    #![proptest_config(config())]

    #[test]
    fn an_answer_is_a_rollback_or_it_is_none(body in body()) {
        let target = Id::new("target").unwrap();
        match parse_rollback(200, &body, &target, &redaction()) {
            Ok(rollback) => {
                let json: Value = serde_json::from_slice(&body).unwrap();
                prop_assert_eq!(json["deployment"]["id"].as_str(), Some(rollback.deployment.id.as_str()));
                prop_assert!(!rollback.deployment.id.trim().is_empty());
            }
            Err(CallError::Answered { body, .. } | CallError::Unreadable { body, .. }) => {
                prop_assert!(is_safe(&body));
            }
            Err(other) => prop_assert!(false, "{other:?}"),
        }
    }

    #[test]
    fn a_list_is_read_or_it_is_not(body in body()) {
        let lists = [
            parse_list(&body, Environment::Live, 100, &redaction()),
            parse_active(&body, &redaction()),
        ];
        for deployment in lists.into_iter().flatten().flatten() {
            prop_assert!(!deployment.id.trim().is_empty());
            let _ = deployment.created();
        }
    }

    #[test]
    fn the_body_of_an_error_is_safe_to_show(body in body()) {
        prop_assert!(is_safe(&error_body::of_error(&body, &redaction())));
    }

    #[test]
    fn a_test_run_has_passed_only_if_it_says_so(body in body()) {
        let Ok(run) = parse_test_run(&body, &redaction()) else { return Ok(()) };
        prop_assert!(is_line(&run.status));
        for case in &run.failed_cases {
            prop_assert!(is_line(&case.name) && case.reasons.iter().all(|reason| is_line(reason)));
        }
        if run.verdict() == Verdict::Passed {
            let json: Value = serde_json::from_slice(&body).unwrap();
            prop_assert_eq!(&json["passedCount"], &json["testCaseCount"]);
            prop_assert_eq!((json["failedCount"].as_u64(), json["errorCount"].as_u64()), (Some(0), Some(0)));
        }
    }

    #[test]
    fn inputs_are_read_whatever_the_environment_holds(
        values in prop::collection::vec((select(INPUTS.iter().map(|input| input.name).collect::<Vec<_>>()), select(vec!["INPUT_", "PLUGIN_", "POLYAI_"]), prop_oneof![
            hostile().prop_map(String::into_bytes),
            prop::collection::vec(any::<u8>(), 0..20),
            select(vec!["60s", "us", "4", "-----BEGIN CERTIFICATE-----\nAAAA", "x"]).prop_map(|text| text.as_bytes().to_vec()),
        ]), 0..12),
        noise in prop::collection::vec((any::<Vec<u8>>(), any::<Vec<u8>>()), 0..4),
    ) {
        let named = values.into_iter().map(|(name, prefix, value)| {
            (format!("{prefix}{}", name.to_uppercase()).into_bytes(), value)
        });
        let variables = named.chain(noise).map(|(name, value)| (OsString::from_vec(name), OsString::from_vec(value)));
        let environment = ProcessEnv::new(variables.chain([("POLYAI_API_KEY".into(), API_KEY.into()), ("POLYAI_BASE_URL".into(), "https://u:p4ssword@h".into())]));
        let variables = Variables::collect(&environment);
        let pipeline = Pipeline::detect(&environment, variables.text("pipeline"));
        let reading = inputs::parse(&environment, &variables, &pipeline, SystemTime::UNIX_EPOCH);
        prop_assert!(reading.task.is_some() || !reading.problems.is_empty());
        let said = format!("{:?} {:?}", reading.problems, reading.warnings);
        prop_assert!(!said.contains("p4ssword"), "{}", said);
    }

    #[test]
    fn a_wish_for_a_wait_is_a_time_or_nothing(text in prop_oneof![hostile(), "[0-9]{1,30}", "[A-Za-z]{3}, [0-9]{2} [A-Z][a-z]{2} [0-9]{4} [0-9:]{8} GMT"], tries in any::<u32>(), random in 0.0..=1.0, most in 0..90_u64) {
        let wish = retry_after::parse(&text, SystemTime::now());
        let seconds = text.trim().parse::<u64>().ok().map(Duration::from_secs);
        if let (Some(seconds), false) = (seconds, text.contains('+')) {
            prop_assert_eq!(wish, Some(seconds));
        }
        let (short, most) = (Duration::from_secs(30), Duration::from_secs(most));
        prop_assert!(wait_after(tries, None, most, random) <= Some(short.min(most)));
        if wish.is_some() {
            prop_assert_eq!(wait_after(tries, wish, most, random), wish.filter(|wish| *wish <= most));
        }
    }

    #[test]
    fn a_key_is_found_in_every_spelling(before in hostile(), key in spelled(), after in hostile()) {
        let clean = redaction().apply(&format!("{before}{key}{after}")).into_owned();
        prop_assert_eq!(clean, format!("{}***{}", redaction().apply(&before), redaction().apply(&after)));
    }

    #[test]
    fn a_beginning_holds_no_part_of_a_key_at_its_end(before in hostile(), key in spelled(), padding in 0..600_usize) {
        // The key lies across the end of what is looked through, or close before it.
        let room = (BEGINNING_BYTES - 300 + padding).saturating_sub(before.len());
        let text = format!("{before}{}{key}{}", "-".repeat(room), " ".repeat(300));
        let shown = redaction().beginning(&text).into_owned();
        let whole = redaction().apply(&text).into_owned();
        prop_assert!(text.len() > BEGINNING_BYTES && whole.starts_with(&shown), "{}", shown);
        prop_assert!(shown.ends_with(['-', '*']), "{}", shown);
        prop_assert!(shown.len() > BEGINNING_BYTES / 2);
    }

    #[test]
    fn a_short_text_is_its_own_beginning(text in hostile()) {
        prop_assert_eq!(redaction().beginning(&text), redaction().apply(&text));
    }

    #[test]
    fn an_address_is_not_shown(before in hostile(), sign in select(vec!["@", "%40"]), after in hostile()) {
        let shown = hide_addresses(&format!("{before}dev{sign}example.com{after}"));
        prop_assert!(!shown.contains("example.com") && !shown.contains("dev"), "{}", shown);
    }

    #[test]
    fn a_text_without_an_address_stays_as_it_is(text in hostile()) {
        let text = text.replace(['@', '%'], "");
        prop_assert_eq!(hide_addresses(&text), text);
    }

    #[test]
    fn nothing_else_is_taken_for_a_key(text in hostile()) {
        prop_assert_eq!(redaction().apply(&text), text.as_str());
    }

    #[test]
    fn a_rollback_is_found_where_there_is_one(rows in prop::collection::vec((0..3_u8, 0..3_u8, 0..40_u64, 0..4_u8), 0..8), since in 0..40_u64, slow in 0..20_u64) {
        let time = |seconds| SystemTime::UNIX_EPOCH + Duration::from_secs(1_000 + seconds);
        // 0 is as in the target, 1 is something else, 2 is not given.
        let text = |kind: u8| (kind < 2).then(|| kind.to_string());
        let deployment = |(environment, version, created, id): (u8, u8, u64, u8)| Deployment {
            id: id.to_string(),
            environment: [Some(Environment::Live), Some(Environment::Sandbox), None][usize::from(environment)],
            version: text(version),
            created_at: Some(humantime::format_rfc3339(time(created)).to_string()),
            ..Deployment::default()
        };
        let target = deployment((0, 0, 0, 0));
        let seen: Vec<_> = rows.iter().map(|row| deployment(*row)).collect();
        let is_there = rows.iter().any(|row| matches!(row, (0, 0, created, 1..) if *created >= since + slow));
        let may_be_there = rows.iter().any(|row| matches!(row, (0 | 2, 0 | 2, created, 1..) if created + 10 >= since));
        let begun = ClockInterval { earliest: time(since), latest: time(since + slow) };
        match evidence::judge(&target, &seen, Known { ids: None, begun: Some(begun) }) {
            Evidence::Found(found) => {
                prop_assert!(is_there);
                prop_assert!(found.id != target.id && found.created().unwrap() >= begun.latest);
            }
            Evidence::Absent => prop_assert!(!may_be_there),
            Evidence::Inconclusive(_) => prop_assert!(!is_there && may_be_there),
        }

        // Where it is known what was there before, no clock matters.
        let known = BTreeSet::from(["1".to_owned(), "2".to_owned()]);
        let is_new = |row: &&(u8, u8, u64, u8)| row.3 == 3;
        let mut new = rows.iter().filter(is_new);
        let is_there = new.clone().any(|row| matches!(row, (0, 0, ..)));
        let may_be_there = new.any(|row| matches!(row, (0 | 2, 0 | 2, ..)));
        match evidence::judge(&target, &seen, Known { ids: Some(&known), begun: Some(begun) }) {
            Evidence::Found(found) => prop_assert!(is_there && found.id == "3"),
            Evidence::Absent => prop_assert!(!may_be_there),
            Evidence::Inconclusive(_) => prop_assert!(!is_there && may_be_there),
        }
    }
}

#[test]
fn a_target_of_which_too_little_is_known_leaves_it_open() {
    let now = SystemTime::now();
    let begun = Some(ClockInterval { earliest: now, latest: now });
    let known = Known { ids: None, begun };
    assert!(matches!(
        evidence::judge(&Deployment::default(), &[], known),
        Evidence::Inconclusive(_)
    ));
    let live = Deployment { environment: Some(Environment::Live), ..Deployment::default() };
    assert!(matches!(evidence::judge(&live, &[], known), Evidence::Inconclusive(_)));
    let whole = Deployment { version: Some("v".to_owned()), ..live };
    assert!(matches!(evidence::judge(&whole, &[], known), Evidence::Absent));
    assert!(matches!(evidence::judge(&whole, [&whole], known), Evidence::Absent));
}
