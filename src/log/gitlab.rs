//! GitLab's log: sections that can be folded away, and colours.

use crate::log::{dialect::Dialect, plain};
use std::time::{Duration, SystemTime};

pub(super) const DIALECT: Dialect = Dialect {
    begin: |number, title| {
        let (now, name) = (unix_seconds(), name(number));
        format!("\x1b[0Ksection_start:{now}:{name}[collapsed=true]\r\x1b[0K{title}")
    },
    end: |number| Some(format!("\x1b[0Ksection_end:{}:{}\r\x1b[0K", unix_seconds(), name(number))),
    message: plain::message,
    mask: None,
    shows_colours: true,
};

/// No two sections of a job may have the same name.
fn name(number: u32) -> String {
    format!("polyai_rollback_{number}")
}

fn unix_seconds() -> u64 {
    let now = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH);
    now.unwrap_or(Duration::ZERO).as_secs()
}
