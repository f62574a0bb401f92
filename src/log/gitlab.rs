//! GitLab's log: sections that can be folded away, and colours.

use crate::log::{
    dialect::{Dialect, Section},
    plain,
};
use std::time::SystemTime;

pub(super) const GITLAB: Dialect = Dialect {
    begin: |section| format!("{}{}", mark("start", section, "[collapsed=true]"), section.title),
    end: |section| Some(mark("end", section, "")),
    ..plain::PLAIN
};

/// The mark of a section's start or end. No two sections of a job may have the same name.
fn mark(of: &str, section: &Section, options: &str) -> String {
    let seconds = SystemTime::UNIX_EPOCH.elapsed().unwrap_or_default().as_secs();
    let number = section.number;
    format!("\x1b[0Ksection_{of}:{seconds}:polyai_rollback_{number}{options}\r\x1b[0K")
}
