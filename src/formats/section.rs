//! GitLab's collapsible sections of a job's log.

use std::time::{Duration, SystemTime};

const NAME: &str = "polyai_rollback";

/// The line that begins a section under a header.
pub fn start(now: SystemTime, header: &str) -> String {
    format!("\x1b[0Ksection_start:{}:{NAME}\r\x1b[0K{header}", unix(now))
}

/// The line that ends it.
pub fn end(now: SystemTime) -> String {
    format!("\x1b[0Ksection_end:{}:{NAME}\r\x1b[0K", unix(now))
}

fn unix(time: SystemTime) -> u64 {
    time.duration_since(SystemTime::UNIX_EPOCH).unwrap_or(Duration::ZERO).as_secs()
}
