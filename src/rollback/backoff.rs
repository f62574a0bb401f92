//! How long to wait before a request is sent again.
//!
//! The API's own wish counts first (`Retry-After`). Without one, the wait is a random time up to a limit
//! that doubles with every try ("full jitter"), so that many pipelines that failed together do not come
//! back together.

use std::time::Duration;

/// The longest wait before the second try.
const FIRST: Duration = Duration::from_millis(500);
/// The longest wait that is not the API's wish.
const LONGEST: Duration = Duration::from_secs(30);

/// The wait after a number of tries. `random` is a number from 0 to 1.
pub fn wait_after(tries: u32, retry_after: Option<Duration>, random: f64) -> Duration {
    retry_after.unwrap_or_else(|| {
        let doubled = FIRST.saturating_mul(1 << tries.saturating_sub(1).min(16));
        doubled.min(LONGEST).mul_f64(random)
    })
}
