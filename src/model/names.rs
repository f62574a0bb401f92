//! How deployments are named for people: by the message that somebody gave, the beginning of the version,
//! and the time and age. Whole ids and hashes are for machines.

use crate::model::deployment::{Deployment, Kind, PREFIX_CHARACTERS};
use crate::text::sanitize::one_line;
use humantime::format_rfc3339_seconds;
use std::time::{Duration, SystemTime};

/// The most characters of a message in a line of the log.
pub const LINE_CHARACTERS: usize = 40;
const MONTHS: [&str; 12] =
    ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"];

/// The names of the deployments that a person sees together.
#[derive(Clone, Copy, Debug)]
pub struct Names {
    now: SystemTime,
    /// So many characters of a version tell it from the others.
    characters: usize,
}

impl Names {
    /// Names for these deployments, at the time `now`.
    pub fn among<'a>(deployments: impl Iterator<Item = &'a Deployment>, now: SystemTime) -> Self {
        let mut versions: Vec<&str> =
            deployments.filter_map(|one| one.version.as_deref()).collect();
        versions.sort_unstable();
        versions.dedup();
        let alike = versions.array_windows().map(|[one, other]| {
            one.chars().zip(other.chars()).take_while(|(one, other)| one == other).count()
        });
        let alike = alike.max().unwrap_or(0);
        Self { now, characters: PREFIX_CHARACTERS.max(alike + 1) }
    }

    /// The beginning of the version, or words that say that there is none.
    pub fn short(&self, deployment: &Deployment) -> String {
        let version = deployment.version.as_ref();
        version.map_or("no version".to_owned(), |version| self.short_version(version))
    }

    /// The beginning of a version.
    pub fn short_version(&self, version: &str) -> String {
        version.chars().take(self.characters).collect()
    }

    /// The message in quotes, of at most `most` characters. None where nobody gave any.
    pub fn message(&self, deployment: &Deployment, most: usize) -> Option<String> {
        let message = one_line(deployment.message.as_deref()?, most);
        (!message.is_empty()).then(|| format!("“{message}”"))
    }

    /// The message in quotes, or else the beginning of the version.
    pub fn title(&self, deployment: &Deployment, most: usize) -> String {
        self.message(deployment, most).unwrap_or_else(|| self.short(deployment))
    }

    /// The day, the time and the age of a deployment: `9 May 00:18 UTC, 3 days ago`. None where the API gives
    /// no time.
    pub fn when(&self, deployment: &Deployment) -> Option<String> {
        let time = self.day_and_time(deployment.created()?)?;
        Some(format!("{time}, {}", self.age(deployment)?))
    }

    /// The age of a deployment: `3 days ago`. None where the API gives no time.
    pub fn age(&self, deployment: &Deployment) -> Option<String> {
        Some(match self.now.duration_since(deployment.created()?) {
            Ok(age) => format!("{} ago", in_words(age)),
            Err(_) => "just now".to_owned(),
        })
    }

    /// The day and the time: `9 May 00:18 UTC`, with the year where that is not this one.
    pub fn day_and_time(&self, time: SystemTime) -> Option<String> {
        let text = format_rfc3339_seconds(time).to_string();
        let now = format_rfc3339_seconds(self.now).to_string();
        let number = |from: usize, to: usize| text.get(from..to)?.parse::<usize>().ok();
        let month = MONTHS.get(number(5, 7)?.checked_sub(1)?)?;
        let year = match text.get(..4) == now.get(..4) {
            true => String::new(),
            false => format!(" {}", text.get(..4)?),
        };
        Some(format!("{} {month}{year} {} UTC", number(8, 10)?, text.get(11..16)?))
    }

    /// All of it in cells: `46c7839`, `“Opening hours”`, `9 May 00:18 UTC, 3 days ago`, and notes.
    pub fn cells(&self, deployment: &Deployment, notes: &[&str]) -> Vec<String> {
        let notes: Vec<_> = kind(deployment).iter().chain(notes).copied().collect();
        vec![
            self.short(deployment),
            self.message(deployment, LINE_CHARACTERS).unwrap_or_default(),
            self.when(deployment).unwrap_or_default(),
            notes.join(", "),
        ]
    }

    /// All of it in one line: `46c7839 “Opening hours” (9 May 00:18 UTC, 3 days ago)`.
    pub fn line(&self, deployment: &Deployment) -> String {
        let message = self.message(deployment, LINE_CHARACTERS);
        let message = message.map(|message| format!(" {message}"));
        let kind = kind(deployment).map(str::to_owned);
        let details: Vec<_> = kind.into_iter().chain(self.when(deployment)).collect();
        let details =
            if details.is_empty() { String::new() } else { format!(" ({})", details.join(", ")) };
        format!("{}{}{details}", self.short(deployment), message.unwrap_or_default())
    }
}

/// How a deployment came to be, where that matters.
fn kind(deployment: &Deployment) -> Option<&'static str> {
    (deployment.kind == Kind::RolledBack).then_some("a rollback")
}

/// A length of time as people say it.
fn in_words(time: Duration) -> String {
    let seconds = time.as_secs();
    let (count, unit) = match seconds {
        0..60 => return format!("{seconds} s"),
        60..3_600 => return format!("{} min", seconds / 60),
        3_600..172_800 => return format!("{} h", seconds / 3_600),
        172_800..63_072_000 => ((seconds + 43_200) / 86_400, "days"),
        _ => (seconds / 31_536_000, "years"),
    };
    format!("{count} {unit}")
}
