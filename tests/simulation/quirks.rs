//! How an API differs from a perfect one, for a whole run: what it shows late, badly or not at all.

use crate::choices::Table;
use std::time::Duration;

/// The way in which an API differs from a perfect one, for a whole run. Times are in milliseconds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Quirk {
    /// No deployment says how it came to be.
    NoTypes,
    /// No answer bears a date.
    NoDate,
    /// The times of deployments are cut to seconds.
    WholeSeconds,
    /// No deployment says when it was made.
    NoTimes,
    /// New deployments say no version.
    NoVersion,
    /// The clock of the machine that makes deployments is late.
    ClockIsLate(u64),
    /// The list shows a new deployment a while after it was made.
    ListLags(u64),
    /// A new deployment is shown to be active a while after it was made.
    ActiveLags(u64),
    /// The list begins with the oldest deployment.
    Ascending,
    /// The list begins with the oldest deployment, and the newest one is next.
    Unordered,
    /// The list has so many deployments at most.
    Cut(usize),
    /// The list does not have the active deployment.
    Unlisted,
    /// A list of more than so many deployments is larger than an answer may be.
    Heavy(usize),
    /// A cache answers every read, with what was so when the world began.
    Cached,
}

/// The quirks of a run.
#[derive(Default)]
pub struct Quirks(Vec<Quirk>);

impl Quirks {
    pub fn new(quirks: &[&[Quirk]]) -> Self {
        Self(quirks.concat())
    }

    pub fn has(&self, quirk: Quirk) -> bool {
        self.0.contains(&quirk)
    }

    /// How late the clock is of the machine that makes deployments.
    pub fn clock_delay(&self) -> Duration {
        self.milliseconds(|quirk| match quirk {
            Quirk::ClockIsLate(late) => Some(late),
            _ => None,
        })
    }

    /// How long after it was made the list shows a deployment.
    pub fn list_lag(&self) -> Duration {
        self.milliseconds(|quirk| match quirk {
            Quirk::ListLags(lag) => Some(lag),
            _ => None,
        })
    }

    /// How long after it was made a deployment is shown to be active.
    pub fn active_lag(&self) -> Duration {
        self.milliseconds(|quirk| match quirk {
            Quirk::ActiveLags(lag) => Some(lag),
            _ => None,
        })
    }

    fn milliseconds(&self, of: impl Fn(Quirk) -> Option<u64>) -> Duration {
        Duration::from_millis(self.0.iter().copied().find_map(of).unwrap_or_default())
    }

    /// How many of the newest deployments a list has; none where it has all.
    pub fn cut(&self) -> Option<usize> {
        self.0.iter().find_map(|quirk| match quirk {
            Quirk::Cut(rows) => Some(*rows),
            _ => None,
        })
    }

    /// How many deployments a list may be asked for without being too large.
    pub fn most_rows(&self) -> usize {
        let most = self.0.iter().find_map(|quirk| match quirk {
            Quirk::Heavy(rows) => Some(*rows),
            _ => None,
        });
        most.unwrap_or(usize::MAX)
    }
}

/// Quirks that random runs add to a scenario; the first option is none.
pub static MORE_QUIRKS: Table<&[Quirk]> = Table {
    common: &[&[]],
    rare: &[
        &[Quirk::NoTypes],
        &[Quirk::NoDate],
        &[Quirk::WholeSeconds],
        &[Quirk::NoTimes],
        &[Quirk::NoVersion],
        &[Quirk::ClockIsLate(1_500)],
        &[Quirk::ListLags(1_500)],
        &[Quirk::ActiveLags(1_500)],
        &[Quirk::ListLags(1_500), Quirk::ActiveLags(1_500)],
        &[Quirk::ListLags(3_500)],
        &[Quirk::ActiveLags(3_500)],
        &[Quirk::ListLags(12_000), Quirk::ActiveLags(12_000)],
        &[Quirk::NoTypes, Quirk::NoTimes],
        &[Quirk::Ascending],
        &[Quirk::Unordered],
        &[Quirk::Cut(2)],
        &[Quirk::Unlisted],
        &[Quirk::Heavy(25)],
    ],
};
