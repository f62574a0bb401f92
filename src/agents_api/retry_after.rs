//! `Retry-After`: how long the API wants to be left alone.

use std::time::{Duration, SystemTime};

/// Reads a `Retry-After` (RFC 9110, 10.2.3) of an answer that was sent at `now`: seconds, or a date.
/// None where the value is neither. A date in the past is no wait at all.
pub fn parse(value: &str, now: SystemTime) -> Option<Duration> {
    let value = value.trim();
    if !value.is_empty() && value.bytes().all(|byte| byte.is_ascii_digit()) {
        // So many digits that no number holds them mean a very long time, too.
        return Some(Duration::from_secs(value.parse().unwrap_or(u64::from(u32::MAX))));
    }
    let date = httpdate::parse_http_date(value).ok()?;
    Some(date.duration_since(now).unwrap_or_default())
}
