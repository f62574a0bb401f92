//! How long to wait before something is asked for again.
//!
//! The API's own wish counts (`Retry-After`): the API is asked again after that time, or not at all.
//! Without a wish, the wait is a random time up to a limit that doubles with every try ("full jitter"), so
//! that many pipelines that failed together do not come back together.

use std::time::Duration;

/// The longest wait before the second try.
const FIRST: Duration = Duration::from_millis(500);
/// The longest wait that is not the API's wish.
const LONGEST: Duration = Duration::from_secs(30);

/// The wait after a number of tries, where a wait may take `most`. None where the API wants to be left alone
/// for longer. `random` is a number from 0 to 1.
pub fn wait_after(
    tries: u32,
    retry_after: Option<Duration>,
    most: Duration,
    random: f64,
) -> Option<Duration> {
    match retry_after {
        Some(wish) => Some(wish).filter(|wish| *wish <= most),
        None => {
            let doubled = FIRST.saturating_mul(1 << tries.saturating_sub(1).min(16));
            Some(doubled.min(LONGEST).mul_f64(random).min(most))
        }
    }
}
