//! How long to wait before a request is sent again.

use crate::process::random;
use std::time::{Duration, SystemTime};

/// The longest wait before the second try; it doubles with every further one.
const FIRST: Duration = Duration::from_millis(500);
/// The longest wait that is not the API's wish.
const LONGEST: Duration = Duration::from_secs(30);

/// The wait after a number of tries: what the API wants, or else a random time up to an
/// exponentially growing limit ("full jitter"), so that many clients do not come back together.
pub fn pause(tries: u32, retry_after: Option<Duration>) -> Duration {
    retry_after.unwrap_or_else(|| {
        let limit = FIRST.saturating_mul(1 << tries.saturating_sub(1).min(16)).min(LONGEST);
        limit.mul_f64(random::fraction())
    })
}

/// A `Retry-After` (RFC 9110, 10.2.3), in seconds or as the date of an answer that was sent at
/// `now`; none where it is neither. A date in the past is no wait at all.
pub fn retry_after(value: &str, now: SystemTime) -> Option<Duration> {
    let value = value.trim();
    if !value.is_empty() && value.bytes().all(|byte| byte.is_ascii_digit()) {
        // So many digits that no number holds them is a very long time, too.
        return Some(Duration::from_secs(value.parse().unwrap_or(u64::from(u32::MAX))));
    }
    let date = httpdate::parse_http_date(value).ok()?;
    Some(date.duration_since(now).unwrap_or_default())
}
