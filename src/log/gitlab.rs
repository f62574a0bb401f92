//! GitLab's collapsible sections of a job's log.

use std::time::{Duration, SystemTime};

/// The line that begins a section under a header. No two sections of a job may have the same name.
pub fn start(now: SystemTime, name: &str, header: &str) -> String {
    format!("\x1b[0Ksection_start:{}:{name}\r\x1b[0K{header}", unix(now))
}

/// The line that ends it.
pub fn end(now: SystemTime, name: &str) -> String {
    format!("\x1b[0Ksection_end:{}:{name}\r\x1b[0K", unix(now))
}

fn unix(time: SystemTime) -> u64 {
    time.duration_since(SystemTime::UNIX_EPOCH).unwrap_or(Duration::ZERO).as_secs()
}
