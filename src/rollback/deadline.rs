//! The time of a run: one deadline over everything, and what each part may take of it.
//!
//! A request gets at most a third of the whole time, and never more than half of what is left, so that
//! there is time to find out what became of a request that was not answered.

use std::time::Duration;
use tokio::time::Instant;

/// The deadline of a run, by a monotonic clock.
#[derive(Clone, Copy, Debug)]
pub struct Deadline {
    whole: Duration,
    end: Instant,
}

impl Deadline {
    /// A deadline after the time `whole`, which begins now.
    pub fn start(whole: Duration) -> Self {
        Self { whole, end: Instant::now() + whole }
    }

    /// The time that one request may take. None where so little is left that no request should begin.
    pub fn for_request(&self) -> Option<Duration> {
        let left = self.left();
        (left > self.least()).then(|| (self.whole / 3).min(left / 2))
    }

    /// The time that a wait may take of the time that is `wanted`: at most half of what is left. None
    /// where no request could begin afterwards.
    pub fn for_wait(&self, wanted: Duration) -> Option<Duration> {
        let left = self.left();
        let wait = wanted.min(left / 2);
        (left - wait > self.least()).then_some(wait)
    }

    /// Whether a request that takes all the time that it may leaves `time` for what comes after it.
    pub fn leaves(&self, time: Duration) -> bool {
        self.left() / 2 >= time
    }

    /// The least time that a request needs.
    fn least(&self) -> Duration {
        self.whole / 20
    }

    fn left(&self) -> Duration {
        self.end.saturating_duration_since(Instant::now())
    }
}
