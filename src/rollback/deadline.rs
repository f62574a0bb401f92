//! The time of a run: one deadline over everything, and what each part may take of it.

use std::time::Duration;
use tokio::time::Instant;

/// The time from the first request to the end.
#[derive(Clone, Copy, Debug)]
pub struct Budget {
    whole: Duration,
    end: Instant,
}

impl Budget {
    /// Starts the clock, which is a monotonic one.
    pub fn start(whole: Duration) -> Self {
        Self { whole, end: Instant::now() + whole }
    }

    /// What one request may take: a third of the whole, and at most half of what is left, so that
    /// there is time to find out what became of it. None where so little is left that no request
    /// should begin.
    pub fn request(&self) -> Option<Duration> {
        let left = self.left();
        (left > self.least()).then(|| (self.whole / 3).min(left / 2))
    }

    /// What waiting may take of the time that is `wanted`: at most half of what is left. None where
    /// no request could begin afterwards.
    pub fn pause(&self, wanted: Duration) -> Option<Duration> {
        let left = self.left();
        let pause = wanted.min(left / 2);
        (left - pause > self.least()).then_some(pause)
    }

    /// Whether a request that takes all that it may leaves this much for what comes after it.
    pub fn leaves(&self, time: Duration) -> bool {
        self.left() / 2 >= time
    }

    /// The least that must be left for a request.
    fn least(&self) -> Duration {
        self.whole / 20
    }

    fn left(&self) -> Duration {
        self.end.saturating_duration_since(Instant::now())
    }
}
