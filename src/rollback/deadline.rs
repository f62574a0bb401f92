//! The time of a run: one deadline over everything, and what each part may take of it.
//!
//! A request for a rollback gets all the time that is left, but what looking for its effect takes. A read
//! gets at most a third of the whole time, and never more than half of what is left, so that a read that
//! hangs leaves time for everything else.

use std::time::Duration;
use tokio::time::Instant;

/// The time that is kept for looking, after a request for a rollback: a whole ladder of looks, and its
/// reads.
const LOOKING_TIME: Duration = Duration::from_secs(10);
/// The time that must be left before a request is sent again: for the request, and for looking.
const ANOTHER_TRY: Duration = Duration::from_secs(15);
/// The most time that the last read of a run needs.
const LAST_READ: Duration = Duration::from_secs(1);

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

    /// The time that a read may take. None where so little is left that no request should begin.
    pub fn for_read(&self) -> Option<Duration> {
        let left = self.left();
        (left >= self.last_read() / 2).then(|| (self.whole / 3).min(left / 2))
    }

    /// The time that a request for a rollback may take. None where so little is left that no request should
    /// begin.
    pub fn for_rollback(&self) -> Option<Duration> {
        let left = self.left();
        (left >= self.last_read()).then(|| left - LOOKING_TIME.min(left / 2))
    }

    /// The most that a wait before another read may take.
    pub fn for_wait(&self) -> Option<Duration> {
        Some(self.left() / 2).filter(|half| *half >= self.last_read())
    }

    /// The most that a wait before another request for a rollback may take. None where the time is too
    /// short for another one.
    pub fn for_wait_to_roll_back(&self) -> Option<Duration> {
        self.left().checked_sub(ANOTHER_TRY)
    }

    /// The last moment at which a read has time.
    pub fn last_look(&self) -> Instant {
        self.end - self.last_read()
    }

    fn last_read(&self) -> Duration {
        LAST_READ.min(self.whole / 20)
    }

    fn left(&self) -> Duration {
        self.end.saturating_duration_since(Instant::now())
    }
}
