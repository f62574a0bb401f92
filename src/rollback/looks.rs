//! The looks at something that the API may need a moment to show.
//!
//! The API acts, and shows what it did, within a second (seen in recorded traffic). So the first looks come
//! soon after each other, and the last one of the ladder after eight seconds. Where the API may be at work
//! for longer, the looks go on until the time of the run is over.

use crate::rollback::deadline::Deadline;
use std::time::Duration;
use tokio::time::{Instant, sleep_until};

/// When the looks come, counted from the first one: after waits of 0, 0.25, 0.25, 0.5, 1, 2 and 4 seconds.
const LADDER: [Duration; 7] = [
    Duration::ZERO,
    Duration::from_millis(250),
    Duration::from_millis(500),
    Duration::from_secs(1),
    Duration::from_secs(2),
    Duration::from_secs(4),
    LADDER_TIME,
];
/// The time between the first and the last look of a ladder.
pub const LADDER_TIME: Duration = Duration::from_secs(8);

/// The longest wait between two looks.
const LONGEST_WAIT: Duration = Duration::from_secs(8);

/// A series of looks.
pub struct Looks {
    begun: Instant,
    taken: usize,
    /// When the look before came, and when the next one comes, counted from the first one.
    due: Duration,
    /// Whether the looks go on until the time is over.
    pub goes_on: bool,
}

impl Looks {
    /// The looks of one ladder.
    pub fn ladder() -> Self {
        Self { begun: Instant::now(), taken: 0, due: Duration::ZERO, goes_on: false }
    }

    /// The looks of a ladder, and then more, until the time is over.
    pub fn until_the_end() -> Self {
        Self { goes_on: true, ..Self::ladder() }
    }

    /// Waits for the next look. False where there is none, or no time for one.
    pub async fn next(&mut self, deadline: Deadline) -> bool {
        self.due = match LADDER.get(self.taken) {
            Some(due) => *due,
            None if self.goes_on => (self.due * 3 / 2).min(self.due + LONGEST_WAIT),
            None => return false,
        };
        let now = Instant::now();
        let mut at = self.begun + self.due;
        if self.goes_on {
            at = at.min(deadline.last_look());
        }
        if at > deadline.last_look() || now > deadline.last_look() {
            return false;
        }
        // A wait of nothing is no sleep: the clock of tokio makes a millisecond of it.
        if at > now {
            sleep_until(at).await;
        } else if self.goes_on && at == deadline.last_look() {
            return false;
        }
        self.taken += 1;
        true
    }

    /// For how long the looks have been going on.
    pub fn elapsed(&self) -> Duration {
        self.begun.elapsed()
    }

    /// Whether all looks of a ladder have been taken.
    pub fn are_whole(&self) -> bool {
        self.taken >= LADDER.len()
    }
}
