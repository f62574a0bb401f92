//! What is really so: the deployments of an agent, who made them, and what is still to come.

use crate::choices::Choices;
use crate::faults::Meanwhile;
use crate::history::{self, Row};
use crate::quirks::{Quirk, Quirks};
use polyai_rollback::model::{Deployment, Environment, Kind};
use std::time::{Duration, SystemTime};
use tokio::time::Instant;

/// The deployment that sandbox is on: the target's version, which somebody has tried out just now.
const SANDBOX_ID: &str = "d-sandbox";
const SANDBOX_AGE: Duration = Duration::from_secs(2);

/// The API's clock when a world begins.
const EPOCH: Duration = Duration::from_secs(1_700_000_000);
/// The time between two deployments of the history, and between the last one and now.
const HISTORY_STEP: Duration = Duration::from_secs(36_000);

/// A deployment's place in [`World::made`], which is its name in everything that a law reads.
pub type Place = usize;

/// Who made a deployment.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Author {
    /// It was there before.
    History,
    /// This run, the first one or the second one, by this one of its requests.
    Run { press: usize, post: usize },
    /// Somebody else.
    Colleague,
}

/// A deployment, and what nobody but the world knows of it.
#[derive(Clone, Debug)]
pub struct Made {
    /// The deployment as it is, whatever of it is shown.
    pub deployment: Deployment,
    pub by: Author,
    pub at: Instant,
    /// From when on the list shows it, and from when on it is shown to be active.
    listed_from: Instant,
    active_from: Instant,
    /// The version below this one on the undo stack; none where there is nothing to go back to.
    pub previous: Option<String>,
}

impl Made {
    pub fn version(&self) -> Option<&str> {
        self.deployment.version.as_deref()
    }

    /// Whether this run made it.
    pub fn is_by(&self, wanted: usize) -> bool {
        matches!(self.by, Author::Run { press, .. } if press == wanted)
    }

    pub fn is_by_a_run(&self) -> bool {
        matches!(self.by, Author::Run { .. })
    }
}

/// A version that nobody has rolled back from.
struct Entry {
    version: String,
    /// Whether its deployment was deleted, so that there is nothing to go back to.
    is_void: bool,
}

/// A rollback that the API will do later.
struct Pending {
    due: Instant,
    by: Author,
    version: String,
}

/// The world of a run, and of the one after it.
pub struct World {
    pub choices: Choices,
    pub quirks: Quirks,
    are_ids_uuids: bool,
    pub begun: Instant,
    /// Live's deployments, the oldest one first.
    pub made: Vec<Made>,
    /// The deployment that sandbox is on, all the time.
    pub sandbox: Option<Deployment>,
    /// The versions that nobody has rolled back from, the newest one last.
    stack: Vec<Entry>,
    pending: Vec<Pending>,
    /// What happened, where somebody wants to read it.
    pub story: Option<Vec<String>>,
}

impl World {
    pub fn new(choices: Choices, quirks: Quirks, rows: &[Row], is_aloud: bool) -> Self {
        let mut world = Self {
            choices,
            quirks,
            are_ids_uuids: rows.iter().any(|row| row.id == history::TARGET_UUID),
            begun: Instant::now(),
            made: Vec::new(),
            sandbox: None,
            stack: Vec::new(),
            pending: Vec::new(),
            story: is_aloud.then(Vec::new),
        };
        for (row, steps) in rows.iter().zip((1..=rows.len()).rev()) {
            world.was_made(*row, SystemTime::UNIX_EPOCH + EPOCH - HISTORY_STEP * steps as u32);
        }
        let created = SystemTime::UNIX_EPOCH + EPOCH - SANDBOX_AGE;
        let sandbox = world.deployment(SANDBOX_ID.to_owned(), history::GOOD, created);
        world.sandbox = Some(Deployment { environment: Some(Environment::Sandbox), ..sandbox });
        world.tell(|| format!("{rows:?}"));
        world
    }

    /// A world with nothing in it, which takes the place of one that is taken out for a while.
    pub fn nowhere() -> Self {
        Self::new(Choices::all_with(0), Quirks::default(), &[], false)
    }

    /// Adds a deployment that was there before.
    fn was_made(&mut self, row: Row, created: SystemTime) {
        let deployment = Deployment {
            version: row.version.map(str::to_owned),
            kind: row.kind,
            is_void: row.is_void(),
            ..self.deployment(row.id.to_owned(), "", created)
        };
        let previous = self.note_version(&deployment);
        let (at, by) = (self.begun, Author::History);
        self.made.push(Made { deployment, by, at, listed_from: at, active_from: at, previous });
    }

    pub fn tell(&mut self, what: impl FnOnce() -> String) {
        let at = self.begun.elapsed();
        if let Some(story) = &mut self.story {
            story.push(format!("{:8.3} s  {}", at.as_secs_f64(), what()));
        }
    }

    /// The API's clock now, cut to seconds, as `Date` is.
    pub fn date(&self) -> Option<SystemTime> {
        let seconds = (EPOCH + self.begun.elapsed()).as_secs();
        let date = SystemTime::UNIX_EPOCH + Duration::from_secs(seconds);
        Some(date).filter(|_| !self.quirks.has(Quirk::NoDate))
    }

    fn deployment(&self, id: String, version: &str, created: SystemTime) -> Deployment {
        let created_at = match self.quirks.has(Quirk::WholeSeconds) {
            true => humantime::format_rfc3339_seconds(created),
            false => humantime::format_rfc3339_millis(created),
        };
        Deployment {
            id,
            environment: Some(Environment::Live),
            version: Some(version.to_owned()),
            created_at: Some(created_at.to_string()).filter(|_| !self.quirks.has(Quirk::NoTimes)),
            kind: Kind::Deployed,
            ..Deployment::default()
        }
    }

    /// Notes a deployment on the undo stack. Returns the version below it; none where that one was deleted. A
    /// rollback takes off everything above the version that it goes back to, and those versions wherever
    /// they are. A draft is never active.
    fn note_version(&mut self, deployment: &Deployment) -> Option<String> {
        let version = deployment.version.clone()?;
        let is_it = |entry: &Entry| entry.version == version;
        if let Some(place) = self.stack.iter().rposition(is_it)
            && (deployment.kind == Kind::RolledBack || place + 1 == self.stack.len())
        {
            let undone = self.stack.split_off(place + 1);
            self.stack.retain(|entry| !undone.iter().any(|other| other.version == entry.version));
            self.stack.pop();
        }
        self.stack.push(Entry { version, is_void: deployment.is_void });
        self.stack.dedup_by(|newer, older| newer.version == older.version);
        let below = self.stack.iter().rev().nth(1);
        below.filter(|entry| !entry.is_void).map(|entry| entry.version.clone())
    }

    /// Makes a deployment at a moment that may be over.
    fn make(&mut self, at: Instant, by: Author, version: &str, kind: Kind) {
        // No two deployments bear the same millisecond.
        let is_at_once = |made: &&Made| made.by != Author::History && made.at == at;
        let at_once = self.made.iter().filter(is_at_once).count() as u64;
        let passed = EPOCH + at.duration_since(self.begun) + Duration::from_millis(at_once);
        let (number, milliseconds) = (self.made.len(), passed.as_millis());
        let id = match by {
            _ if self.are_ids_uuids => {
                let (high, low) = (milliseconds >> 16, milliseconds & 0xffff);
                format!("{high:08x}-{low:04x}-7000-8000-{number:012}")
            }
            Author::Run { press, .. } => format!("ours-{press}-{number}"),
            _ => format!("theirs-{number}"),
        };
        let created = SystemTime::UNIX_EPOCH + passed - self.quirks.clock_delay();
        let deployment = Deployment { kind, ..self.deployment(id, version, created) };
        self.tell(|| format!("{by:?} makes {} of {version}: {kind:?}", deployment.id));
        let previous = self.note_version(&deployment);
        let listed_from = at + self.quirks.list_lag();
        let active_from = at + self.quirks.active_lag();
        self.made.push(Made { deployment, by, at, listed_from, active_from, previous });
    }

    /// Does what a request asked for, so much later.
    pub fn roll_back_later(&mut self, by: Author, version: &str, later: Duration) {
        let due = Instant::now() + later;
        self.pending.push(Pending { due, by, version: version.to_owned() });
    }

    /// Does what a colleague does between two requests.
    pub fn let_a_colleague(&mut self, what: Meanwhile) {
        let (version, kind) = match what {
            Meanwhile::Publishes => (history::HOTFIX, Kind::Deployed),
            Meanwhile::RollsBack => (history::GOOD, Kind::RolledBack),
            Meanwhile::Promotes => (history::GOOD, Kind::Deployed),
            Meanwhile::RollsFarBack => (history::OLD, Kind::RolledBack),
            Meanwhile::Nothing | Meanwhile::Signal | Meanwhile::SignalIn(_) => return,
        };
        // Nobody can go back to what never was there.
        let is_there = self.made.iter().any(|made| made.version() == Some(version));
        if is_there || kind == Kind::Deployed {
            self.make(Instant::now(), Author::Colleague, version, kind);
        }
    }

    /// A version that the environment has been on, and that is not this one, if there is any.
    pub fn other_than(&self, version: &str) -> String {
        let mut versions = self.made.iter().filter_map(Made::version);
        versions.find(|other| *other != version).unwrap_or(version).to_owned()
    }

    /// Lets happen what is due.
    pub fn catch_up(&mut self) {
        self.pending.sort_by_key(|pending| pending.due);
        while self.pending.first().is_some_and(|pending| pending.due <= Instant::now()) {
            let Pending { due, by, version } = self.pending.remove(0);
            self.make(due, by, &version, Kind::RolledBack);
        }
    }

    /// Whether something is still to come, or is not shown yet.
    pub fn is_unsettled(&self) -> bool {
        let now = Instant::now();
        let is_shown = |made: &Made| made.listed_from.max(made.active_from) <= now;
        !self.pending.is_empty() || !self.made.iter().all(is_shown)
    }

    /// Lets happen everything that is still to come, and be shown.
    pub async fn finish(&mut self) {
        while let Some(due) = self.pending.iter().map(|pending| pending.due).min() {
            tokio::time::sleep_until(due).await;
            self.catch_up();
        }
        let shown = self.made.iter().map(|made| made.listed_from.max(made.active_from)).max();
        if let Some(shown) = shown.filter(|shown| *shown > Instant::now()) {
            tokio::time::sleep_until(shown).await;
        }
    }

    /// The deployments that the list shows, in its order. `was` shows what was so when the world began.
    pub fn listed(&self, was: bool) -> Vec<Place> {
        let now = Instant::now();
        let active = self.active(was);
        let is_shown = |place: &Place| {
            let made = &self.made[*place];
            made.listed_from <= now
                && !(was && made.by != Author::History)
                && !(self.quirks.has(Quirk::Unlisted) && active == Some(*place))
        };
        let mut listed: Vec<Place> = (0..self.made.len()).rev().filter(is_shown).collect();
        listed.truncate(self.quirks.cut().unwrap_or(usize::MAX));
        if self.quirks.has(Quirk::Ascending) {
            listed.reverse();
        }
        if self.quirks.has(Quirk::Unordered) && listed.len() > 1 {
            listed.rotate_right(1);
        }
        listed
    }

    /// The deployment that is shown to be active.
    pub fn active(&self, was: bool) -> Option<Place> {
        let now = Instant::now();
        self.made.iter().rposition(|made| {
            made.active_from <= now
                && !made.deployment.is_void
                && !(was && made.by != Author::History)
        })
    }

    /// A deployment as the API shows it.
    pub fn shown(&self, place: Place) -> Deployment {
        let made = &self.made[place];
        let mut deployment = made.deployment.clone();
        if self.quirks.has(Quirk::NoTypes) {
            deployment.kind = Kind::Unknown;
        }
        if self.hides_version_of(made) {
            deployment.version = None;
        }
        deployment
    }

    /// Whether the API does not say which version a deployment has.
    pub fn hides_version_of(&self, made: &Made) -> bool {
        self.quirks.has(Quirk::NoVersion) && made.by != Author::History
    }

    /// The rollbacks that a run made.
    pub fn made_by(&self, press: usize) -> impl Iterator<Item = &Made> {
        self.made.iter().filter(move |made| made.is_by(press))
    }

    /// The deployment with this id.
    pub fn find(&self, id: &str) -> Option<&Made> {
        self.made.iter().find(|made| made.deployment.id == id)
    }

    /// The deployment's place.
    pub fn place_of(&self, id: &str) -> Option<Place> {
        self.made.iter().position(|made| made.deployment.id == id)
    }
}
