//! The files that outputs are written to: opened before anything is sent, only ever appended to.

use crate::step::{Ended, Step};
use std::fs;
use std::os::unix::fs::{PermissionsExt, symlink};
use std::process::Command;
use support::agents_api::{agents_api, rolled_back};
use support::stand_in::{Answer, StandIn};

const FILES: [&str; 3] = ["POLYAI_OUTPUT_FILE", "POLYAI_SUMMARY_FILE", "POLYAI_REPORT_FILE"];

/// A run that must end before anything is sent.
fn refuse(change: impl FnOnce(Step) -> Step) -> Ended {
    let api = StandIn::start(agents_api());
    let ended = change(Step::plain(&api)).run();
    assert_eq!(ended.code, 2, "{}", ended.err);
    assert_eq!(api.requests().len(), 0);
    ended
}

#[test]
fn a_file_that_cannot_be_written_is_named_before_anything_is_sent() {
    let cases = [
        ("no/such/folder", "No such file or directory (os error 2)"),
        (".", "Is a directory (os error 21)"),
        ("pipe", "it is a named pipe"),
        ("loop", "Too many levels of symbolic links (os error 40)"),
    ];
    for variable in FILES {
        for (path, problem) in cases {
            let ended = refuse(|step| {
                let made = Command::new("mkfifo").arg(step.path("pipe")).status();
                assert!(made.expect("mkfifo runs").success());
                symlink("loop", step.path("loop")).expect("a link");
                step.env(variable, path)
            });
            let line = format!("{variable} {path} cannot be written: {problem}\n");
            assert!(ended.err.contains(&line), "{}", ended.err);
        }
    }
}

#[test]
fn a_file_that_may_only_be_read_is_not_written() {
    let api = StandIn::start(agents_api());
    let step = Step::plain(&api).file("only", "old").env("POLYAI_OUTPUT_FILE", "only");
    fs::set_permissions(step.path("only"), fs::Permissions::from_mode(0o400)).expect("a mode");
    // Nothing is forbidden to root.
    let is_root = fs::OpenOptions::new().append(true).open(step.path("only")).is_ok();
    let ended = step.run();
    match is_root {
        true => assert_eq!((ended.code, api.posts()), (0, 1)),
        false => assert_eq!((ended.code, api.requests().len()), (2, 0)),
    }
    assert!(ended.read("only").expect("it is there").starts_with("old"));
}

#[test]
fn a_link_is_followed_to_its_file() {
    let api = StandIn::start(agents_api());
    let step = Step::plain(&api).file("real", "A=1").env("POLYAI_OUTPUT_FILE", "link");
    symlink("real", step.path("link")).expect("a link");
    let ended = step.run();
    assert_eq!(ended.code, 0);
    assert!(
        ended.read("real").expect("it is there").starts_with("A=1\nROLLBACK_OUTCOME=rolled-back\n")
    );
    assert_eq!(ended.read("link"), ended.read("real"));
}

#[test]
fn a_disk_that_is_full_leaves_what_was_there() {
    let old = "OLD=1\n".repeat(100);
    for variable in FILES {
        let api = StandIn::start(|_| Answer::new(200, rolled_back("[]")));
        let ended = Step::on_a_full_disk(&api, old.len() + 50)
            .unverified()
            .file("out", &old)
            .env(variable, "out")
            .run();
        assert_eq!(ended.code, 1);
        assert!(
            ended.err.contains(
                "; do not run it again: the rollback is done, and its outputs are in the log\n"
            ),
            "{}",
            ended.err
        );
        assert!(ended.err.starts_with(&format!("error: ROLLED BACK, but outputs not written (internal-error): {variable} out: File too large")), "{}", ended.err);
        assert_eq!(ended.read("out").as_deref(), Some(old.as_str()), "{variable}");
    }
}

#[test]
fn two_formats_in_one_file_are_refused() {
    let ended =
        refuse(|step| step.env("POLYAI_OUTPUT_FILE", "one").env("POLYAI_REPORT_FILE", "./one"));
    assert!(
        ended.err.contains("POLYAI_OUTPUT_FILE and POLYAI_REPORT_FILE name the same file"),
        "{}",
        ended.err
    );
    assert_eq!(ended.dotenv("one")["ROLLBACK_OUTCOME"], "invalid-input");
}
