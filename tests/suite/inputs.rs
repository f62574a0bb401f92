//! The inputs: where they are read from, and what bad ones get.

use crate::step::{Ended, Step};
use polyai_rollback::agents_api::http::key_header;
use snapbox::{assert_data_eq, str};
use std::ffi::OsStr;
use std::os::unix::ffi::OsStrExt;
use support::agents_api::{AGENT, API_KEY, agents_api};
use support::stand_in::{Answer, StandIn};

/// Runs a step that must send nothing.
fn refuse(change: impl FnOnce(Step) -> Step) -> Ended {
    let api = StandIn::start(agents_api());
    let ended = change(Step::plain(&api)).run();
    assert_eq!(ended.code, 2, "{}{}", ended.out, ended.err);
    assert_eq!(ended.out, "");
    assert_eq!(api.requests().len(), 0);
    ended
}

#[test]
fn all_problems_are_told_together() {
    let ended = refuse(|step| {
        step.without("POLYAI_API_KEY")
            .without("POLYAI_AGENT_ID")
            .env("POLYAI_DEPLOYMENT_ID", "..")
            .env("POLYAI_REGION", "mars")
            .env("POLYAI_BASE_URL", "http://example.com")
            .env("POLYAI_TIMEOUT", "0")
            .env("POLYAI_OUTPUT_FILE", "no/such/folder")
    });
    assert_data_eq!(
        &ended.err,
        str![[r#"
error: Not rolled back (invalid-input): POLYAI_API_KEY is missing: or name a file that holds it in POLYAI_API_KEY_FILE
error: Not rolled back (invalid-input): POLYAI_AGENT_ID is missing: PolyAI also calls it the project id
error: Not rolled back (invalid-input): POLYAI_DEPLOYMENT_ID “..” is a relative path, not an id
error: Not rolled back (invalid-input): POLYAI_REGION “mars” must be us, eu, uk or studio (us-1, euw-1 and uk-1 are understood too)
error: Not rolled back (invalid-input): POLYAI_BASE_URL must begin with https:// (http:// is for loopback only)
error: Not rolled back (invalid-input): POLYAI_TIMEOUT “0” must be a time from 1s to 1h, such as 45, 45s or 2m
error: Not rolled back (invalid-input): POLYAI_OUTPUT_FILE no/such/folder cannot be written: No such file or directory (os error 2)
  effect            unchanged: nothing was sent

"#]]
    );
}

#[test]
fn a_step_without_inputs_says_what_it_needs() {
    let ended = Step::empty().run();
    assert_eq!(ended.code, 2);
    assert_data_eq!(&ended.out, str![""]);
    assert_data_eq!(
        &ended.err,
        str![[r#"
error: Not rolled back (invalid-input): POLYAI_API_KEY is missing: or name a file that holds it in POLYAI_API_KEY_FILE
error: Not rolled back (invalid-input): POLYAI_AGENT_ID is missing: PolyAI also calls it the project id
error: Not rolled back (invalid-input): POLYAI_DEPLOYMENT_ID is missing: the deployment to go back to, or with an environment `previous` or a version
  effect            unchanged: nothing was sent

"#]]
    );
}

#[test]
fn the_first_variable_with_a_value_counts() {
    let order = ["INPUT_AGENT-ID", "INPUT_AGENT_ID", "PLUGIN_AGENT_ID", "POLYAI_AGENT_ID"];
    for first in 0..order.len() {
        let api = StandIn::start(agents_api());
        let mut step = Step::plain(&api);
        for (place, name) in order.into_iter().enumerate() {
            let value = if place < first { " \t" } else { name };
            step = step.env(name, value);
        }
        step.run();
        assert!(api.requests()[0].target.contains(order[first]), "{}", api.requests()[0].target);
    }
}

#[test]
fn values_are_trimmed_and_blank_ones_not_given() {
    let api = StandIn::start(agents_api());
    let ended = Step::plain(&api)
        .env("POLYAI_AGENT_ID", format!("  {AGENT}\n"))
        .env("POLYAI_API_KEY", format!("\t{API_KEY} "))
        .env("POLYAI_TIMEOUT", "  ")
        .env("POLYAI_REGION", "")
        .env("POLYAI_OUTPUT_FILE", " ")
        .run();
    assert_eq!(ended.code, 0);
    assert_eq!(ended.files(), [""; 0]);
}

#[test]
fn neighbouring_variables_change_nothing() {
    let api = StandIn::start(agents_api());
    let ended = Step::plain(&api)
        .env(OsStr::from_bytes(b"N\xffME"), OsStr::from_bytes(b"\xff"))
        .env("POLYAI_SOMETHING_ELSE", OsStr::from_bytes(b"\xff"))
        .env("INPUT_INPUT_AGENT_ID", "wrong")
        .env("AGENT_ID", "wrong")
        .env("POLYAI_", "wrong")
        .env("GITHUB_OUTPUT", "not-github.txt")
        .run();
    assert_eq!(ended.code, 0);
    assert!(api.requests()[0].target.contains(AGENT));
    assert_eq!(ended.files(), [""; 0]);
}

#[test]
fn a_value_that_is_not_utf8_is_named_and_not_shown() {
    let garbled = |name: &str| refuse(|step| step.env(name, OsStr::from_bytes(b"s\xffcret"))).err;
    for name in ["POLYAI_API_KEY", "POLYAI_AGENT_ID", "POLYAI_REGION", "POLYAI_REPORT_FILE"] {
        let err = garbled(name);
        assert!(
            err.starts_with(&format!(
                "error: Not rolled back (invalid-input): {name} is not UTF-8 text\n"
            )),
            "{err}"
        );
        assert_eq!(err.matches("error:").count(), 1, "{err}");
        assert!(!err.contains("cret"), "{err}");
    }
}

#[test]
fn a_key_that_cannot_be_one_is_not_shown() {
    for key in ["abc def", "abc\ndef", "abc\tdef", "abcdéf", "abc\u{7f}def", "“abcdef”"] {
        let err = refuse(|step| step.env("POLYAI_API_KEY", key)).err;
        assert!(
            err.starts_with(
                "error: Not rolled back (invalid-input): POLYAI_API_KEY holds a character"
            ),
            "{err}"
        );
        assert!(!err.contains("abc") && !err.contains("def"), "{err}");
    }
}

#[test]
fn a_key_has_at_most_512_characters() {
    let long = "k".repeat(512) + "z";
    for (name, step) in [
        ("POLYAI_API_KEY", refuse(|step| step.env("POLYAI_API_KEY", &long))),
        (
            "POLYAI_API_KEY_FILE",
            refuse(|step| {
                let step = step.without("POLYAI_API_KEY").file("key", &long);
                step.env("POLYAI_API_KEY_FILE", "key")
            }),
        ),
    ] {
        let says = format!(
            "error: Not rolled back (invalid-input): {name} has more than 512 characters, and no key has so many;"
        );
        assert!(step.err.starts_with(&says), "{}", step.err);
        assert!(!format!("{}{}", step.out, step.err).contains("kk"), "{}", step.err);
    }
    let api = StandIn::start(|_| Answer::new(403, ""));
    let ended = Step::plain(&api).env("POLYAI_API_KEY", "k".repeat(512)).run();
    assert_eq!((ended.code, api.requests().len()), (3, 1), "{}", ended.err);
}

#[test]
fn a_bad_key_file_is_named() {
    let large = "k".repeat(4_095) + "ü";
    let cases: [(&str, &[u8], &str); 5] = [
        ("empty", b" \n", "is empty"),
        ("large", large.as_bytes(), "is larger than 4096 bytes"),
        ("binary", b"\xff\xfe", "names a file that is not text"),
        ("lines", b"one\ntwo", "holds a character that no key has"),
        ("folder/missing", b"", "cannot be read: No such file or directory"),
    ];
    for (name, content, problem) in cases {
        let err = refuse(|step| {
            let step = if name.contains('/') { step } else { step.file(name, content) };
            step.without("POLYAI_API_KEY").env("POLYAI_API_KEY_FILE", name)
        });
        let line = format!("error: Not rolled back (invalid-input): POLYAI_API_KEY_FILE {problem}");
        assert!(err.err.starts_with(&line), "{}", err.err);
        assert!(!err.err.contains("two"), "{}", err.err);
    }
}

#[test]
fn a_key_that_is_given_as_the_name_of_its_file_is_not_shown() {
    let ended = refuse(|step| step.without("POLYAI_API_KEY").env("POLYAI_API_KEY_FILE", API_KEY));
    assert!(!ended.everything().contains(API_KEY), "{}", ended.err);
}

#[test]
fn an_id_cannot_lead_to_another_path() {
    for id in [".", "..", "%2e", "%2E%2e", ".%2E"] {
        for name in ["POLYAI_AGENT_ID", "POLYAI_DEPLOYMENT_ID"] {
            let err = refuse(|step| step.env(name, id)).err;
            assert!(err.contains(&format!("{name} “{id}” is a relative path")), "{err}");
        }
    }
}

#[test]
fn a_base_url_must_be_safe() {
    let cases = [
        ("http://api.us.poly.ai", "must begin with https://"),
        ("http://127.0.0.1.example.com", "must begin with https://"),
        ("ftp://localhost", "must begin with https://"),
        ("https://user@example.com", "must not hold a user name"),
        ("https://user:hunter2@example.com", "must not hold a user name"),
        ("https://example.com/?key=hunter2", "must not hold a query"),
        ("https://example.com/#hunter2", "must not hold a query"),
        ("api.us.poly.ai", "is not an address"),
        ("https://", "is not an address"),
        ("mailto:hunter2@example.com", "names no host"),
    ];
    for (url, problem) in cases {
        let err = refuse(|step| step.env("POLYAI_BASE_URL", url)).err;
        assert!(
            err.starts_with(&format!(
                "error: Not rolled back (invalid-input): POLYAI_BASE_URL {problem}"
            )),
            "{url}: {err}"
        );
        assert!(!err.contains("hunter2"), "{err}");
    }
}

#[test]
fn loopback_needs_no_encryption() {
    let api = StandIn::start(agents_api());
    let url = api.url().replace("127.0.0.1", "localhost");
    assert_eq!(Step::plain(&api).env("POLYAI_BASE_URL", url).run().code, 0);
}

#[test]
fn a_timeout_is_a_time() {
    // Nobody listens there, so that it does not matter how long a second is on a busy machine.
    let nowhere = |step: Step| step.env("POLYAI_BASE_URL", "http://127.0.0.1:1");
    for timeout in ["45", "45s", "2m", "1h", "1", "1s"] {
        let api = StandIn::start(agents_api());
        let step = nowhere(Step::plain(&api)).env("POLYAI_ATTEMPTS", "1");
        assert_eq!(step.env("POLYAI_TIMEOUT", timeout).run().code, 6, "{timeout}");
    }
    for timeout in ["0", "-1", "soon", "1.5", "61m", "1 year", "99999999999999999999", "s", "½"] {
        let err = refuse(|step| step.env("POLYAI_TIMEOUT", timeout)).err;
        let words = format!("POLYAI_TIMEOUT “{timeout}” must be a time from 1s to 1h");
        assert!(err.contains(&words), "{timeout}: {err}");
    }
}

#[test]
fn every_name_of_a_region_leads_to_its_host() {
    let regions = [
        ("us", "us"),
        ("us-1", "us"),
        ("eu", "eu"),
        ("euw-1", "eu"),
        ("uk", "uk"),
        ("uk-1", "uk"),
        ("studio", "studio"),
        ("", "us"),
    ];
    for (region, host) in regions {
        let proxy = StandIn::start(|_| support::stand_in::Answer::new(403, ""));
        let step = Step::plain(&proxy).without("POLYAI_BASE_URL").env("POLYAI_REGION", region);
        let step = step.env("POLYAI_ATTEMPTS", "1");
        assert_eq!(step.env("HTTPS_PROXY", proxy.url()).run().code, 6);
        assert_eq!(proxy.requests()[0].target, format!("api.{host}.poly.ai:443"));
    }
}

#[test]
fn a_key_shows_in_no_debug_output() {
    let key = polyai_rollback::text::api_key::ApiKey::new(API_KEY).unwrap();
    assert_eq!(format!("{key:?} {:?}", key_header(&key).unwrap()), "ApiKey(redacted) Sensitive");
}

#[test]
fn a_pipe_that_nobody_uses_is_not_waited_for() {
    let make_pipe = |step: &Step| {
        let made = std::process::Command::new("mkfifo").arg(step.path("pipe")).status();
        assert!(made.unwrap().success());
    };
    let ended = refuse(|step| {
        make_pipe(&step);
        step.without("POLYAI_API_KEY").env("POLYAI_API_KEY_FILE", "pipe")
    });
    assert!(ended.err.contains("POLYAI_API_KEY_FILE is not a regular file"), "{}", ended.err);
}
