//! What is really so: the deployments of an agent, who made them, and what is still to come.

use crate::choices::Choices;
use polyai_rollback::model::{Deployment, Environment, Kind};
use std::rc::Rc;
use std::time::{Duration, SystemTime};
use tokio::time::Instant;

/// The deployments that live had before, the oldest one first: what is before the target, the target,
/// and the bad one, which is active.
pub const HISTORY: [&str; 3] = ["d-old", "d-target", "d-bad"];
/// Their versions.
pub const VERSIONS: [&str; 3] = ["0ld0000000", "g00d000000", "bad0000000"];
/// The version that a colleague publishes.
const HOTFIX: &str = "h0tf1x0000";

/// The deployment that sandbox is on: the target's version, which somebody has tried out just now.
const SANDBOX: &str = "d-sandbox";
const SANDBOX_AGE: Duration = Duration::from_secs(2);

/// The API's clock when a run begins.
const EPOCH: Duration = Duration::from_secs(1_700_000_000);

/// Who made a deployment.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Author {
    /// It was there before.
    History,
    /// The run, by one of its requests.
    Run,
    /// Somebody else.
    Colleague,
}

/// A deployment, and what nobody but the world knows of it.
#[derive(Clone, Debug)]
pub struct Made {
    pub deployment: Deployment,
    pub by: Author,
    /// When it was made, and how long after its request came in.
    pub at: Instant,
    pub late_by: Duration,
    /// From when on the list shows it, and from when on it is shown to be active.
    pub listed_from: Instant,
    pub active_from: Instant,
    /// The version that live was on before, but for those that somebody rolled back from.
    pub previous: Option<String>,
}

/// A rollback that the API will do later.
struct Pending {
    due: Instant,
    late_by: Duration,
    version: String,
}

/// How the API of a run differs from a perfect one.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Quirk {
    #[default]
    None,
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
    ClockIsLate,
    /// The list shows a new deployment a while after it was made.
    ListLags,
    /// A new deployment is shown to be active a while after it was made.
    ActiveLags,
    /// Both.
    BothLag,
    /// A cache answers every read, with what was so when the run began.
    Cached,
}

const QUIRKS: [Quirk; 11] = [
    Quirk::None,
    Quirk::NoTypes,
    Quirk::NoDate,
    Quirk::WholeSeconds,
    Quirk::NoTimes,
    Quirk::NoVersion,
    Quirk::ClockIsLate,
    Quirk::ListLags,
    Quirk::ActiveLags,
    Quirk::BothLag,
    Quirk::Cached,
];

/// How long a lagging list lags: less than the looks take.
const LAG: Duration = Duration::from_millis(1_500);
/// How late a late clock is: less than the margin that the program leaves.
const LATE_CLOCK: Duration = Duration::from_millis(1_500);

/// The world of one run.
pub struct World {
    pub choices: Choices,
    pub quirk: Quirk,
    pub begun: Instant,
    /// The oldest one first.
    pub made: Vec<Made>,
    /// The deployment that sandbox is on, all the time.
    pub sandbox: Option<Deployment>,
    /// The versions that nobody has rolled back from, the newest one last.
    stack: Vec<String>,
    pending: Vec<Pending>,
    ids: u32,
    /// What happened, where somebody wants to read it.
    pub story: Option<Vec<String>>,
}

impl World {
    pub fn new(mut choices: Choices, is_aloud: bool) -> Self {
        let quirk = QUIRKS[choices.fault(QUIRKS.len())];
        let begun = Instant::now();
        let mut world = Self {
            choices,
            quirk,
            begun,
            made: Vec::new(),
            sandbox: None,
            stack: Vec::new(),
            pending: Vec::new(),
            ids: 0,
            story: is_aloud.then(Vec::new),
        };
        for (place, (id, version)) in HISTORY.into_iter().zip(VERSIONS).enumerate() {
            let hours = 10 * (HISTORY.len() - place) as u64;
            let created = SystemTime::UNIX_EPOCH + EPOCH - Duration::from_secs(hours * 3_600);
            let deployment = Deployment {
                kind: Kind::Deployed,
                ..world.deployment(id.to_owned(), version.to_owned(), created)
            };
            let (at, late_by) = (begun, Duration::ZERO);
            let by = Author::History;
            let (listed_from, active_from) = (begun, begun);
            let previous = world.note_version(version, Kind::Deployed);
            let made = Made { deployment, by, at, late_by, listed_from, active_from, previous };
            world.made.push(made);
        }
        let created = SystemTime::UNIX_EPOCH + EPOCH - SANDBOX_AGE;
        world.sandbox = Some(Deployment {
            kind: Kind::Deployed,
            environment: Some(Environment::Sandbox),
            ..world.deployment(SANDBOX.to_owned(), VERSIONS[1].to_owned(), created)
        });
        world.tell(|| format!("quirk: {quirk:?}"));
        world
    }

    /// Nothing, which takes the place of a world that is taken out.
    pub fn empty() -> Self {
        Self {
            choices: Choices::all_with(0),
            quirk: Quirk::None,
            begun: Instant::now(),
            made: Vec::new(),
            sandbox: None,
            stack: Vec::new(),
            pending: Vec::new(),
            ids: 0,
            story: None,
        }
    }

    pub fn tell(&mut self, what: impl FnOnce() -> String) {
        let at = self.begun.elapsed();
        if let Some(story) = &mut self.story {
            story.push(format!("{:8.3} s  {}", at.as_secs_f64(), what()));
        }
    }

    /// The API's time, as its answers tell it: cut to seconds.
    pub fn date(&self) -> Option<SystemTime> {
        let seconds = (EPOCH + self.begun.elapsed()).as_secs();
        let date = SystemTime::UNIX_EPOCH + Duration::from_secs(seconds);
        Some(date).filter(|_| self.quirk != Quirk::NoDate)
    }

    fn deployment(&self, id: String, version: String, created: SystemTime) -> Deployment {
        let created = match self.quirk {
            Quirk::WholeSeconds => Some(humantime::format_rfc3339_seconds(created).to_string()),
            Quirk::NoTimes => None,
            _ => Some(humantime::format_rfc3339_millis(created).to_string()),
        };
        Deployment {
            id,
            environment: Some(Environment::Live),
            version: Some(version),
            created_at: created,
            document: Rc::default(),
            ..Deployment::default()
        }
    }

    /// Notes that live is on a version now. Returns the version that `previous` means from here.
    fn note_version(&mut self, version: &str, kind: Kind) -> Option<String> {
        let place = self.stack.iter().rposition(|other| other == version);
        if let Some(place) = place.filter(|_| kind == Kind::RolledBack) {
            self.stack.truncate(place + 1);
        } else if self.stack.last().is_none_or(|last| last != version) {
            self.stack.push(version.to_owned());
        }
        self.stack.iter().rev().nth(1).cloned()
    }

    /// Makes a deployment now.
    fn make(&mut self, by: Author, version: &str, kind: Kind, late_by: Duration) -> Deployment {
        self.make_at(Instant::now(), by, version, kind, late_by)
    }

    /// Makes a deployment at a moment that may be over.
    fn make_at(
        &mut self,
        at: Instant,
        by: Author,
        version: &str,
        kind: Kind,
        late_by: Duration,
    ) -> Deployment {
        self.ids += 1;
        let id = match by {
            Author::Run => format!("ours-{}", self.ids),
            _ => format!("theirs-{}", self.ids),
        };
        let mut created = SystemTime::UNIX_EPOCH + EPOCH + at.duration_since(self.begun);
        if self.quirk == Quirk::ClockIsLate {
            created -= LATE_CLOCK;
        }
        let deployment = Deployment { kind, ..self.deployment(id, version.to_owned(), created) };
        self.tell(|| format!("{by:?} makes {} of {version}", deployment.id));
        let previous = self.note_version(version, kind);
        let lag = |is_lagging: bool| at + if is_lagging { LAG } else { Duration::ZERO };
        self.made.push(Made {
            deployment: deployment.clone(),
            by,
            at,
            late_by,
            listed_from: lag(matches!(self.quirk, Quirk::ListLags | Quirk::BothLag)),
            active_from: lag(matches!(self.quirk, Quirk::ActiveLags | Quirk::BothLag)),
            previous,
        });
        deployment
    }

    /// Does what was asked for, now.
    pub fn roll_back(&mut self, version: &str) -> Deployment {
        self.make(Author::Run, version, Kind::RolledBack, Duration::ZERO)
    }

    /// Does something else than what was asked for, now.
    pub fn roll_back_wrongly(&mut self, version: &str) -> Deployment {
        let other = VERSIONS.into_iter().find(|other| *other != version).expect("another version");
        self.roll_back(other)
    }

    /// Does what was asked for, later.
    pub fn roll_back_later(&mut self, version: &str, late_by: Duration) {
        let due = Instant::now() + late_by;
        self.pending.push(Pending { due, late_by, version: version.to_owned() });
    }

    /// Somebody publishes a new version.
    pub fn colleague_publishes(&mut self) {
        self.make(Author::Colleague, HOTFIX, Kind::Deployed, Duration::ZERO);
    }

    /// Somebody rolls back to the version that the run is for.
    pub fn colleague_rolls_back(&mut self) {
        self.make(Author::Colleague, VERSIONS[1], Kind::RolledBack, Duration::ZERO);
    }

    /// Lets happen what is due.
    pub fn catch_up(&mut self) {
        self.pending.sort_by_key(|pending| pending.due);
        while self.pending.first().is_some_and(|pending| pending.due <= Instant::now()) {
            let Pending { due, version, late_by } = self.pending.remove(0);
            self.make_at(due, Author::Run, &version, Kind::RolledBack, late_by);
        }
    }

    /// Lets happen everything that is still to come.
    pub async fn finish(&mut self) {
        while let Some(due) = self.pending.iter().map(|pending| pending.due).min() {
            tokio::time::sleep_until(due).await;
            self.catch_up();
        }
    }

    /// The deployments that the list shows, the newest one first.
    pub fn listed(&self) -> Vec<Deployment> {
        let now = Instant::now();
        let shown = self.made.iter().rev().filter(|made| made.listed_from <= now);
        shown.map(|made| self.shown(made)).collect()
    }

    /// The deployments that are shown to be active: live's is not the first one.
    pub fn active(&self) -> Vec<Deployment> {
        let now = Instant::now();
        let newest = self.made.iter().rev().find(|made| made.active_from <= now);
        self.sandbox.clone().into_iter().chain(newest.map(|made| self.shown(made))).collect()
    }

    /// A deployment as the lists show it.
    fn shown(&self, made: &Made) -> Deployment {
        let mut deployment = made.deployment.clone();
        if self.quirk == Quirk::NoTypes {
            deployment.kind = Kind::Unknown;
        }
        if self.quirk == Quirk::NoVersion && made.by != Author::History {
            deployment.version = None;
        }
        deployment
    }

    /// From when on a deployment can be seen: in the list, or as the active one, unless another one took
    /// its place.
    pub fn shown_from(&self, made: &Made) -> Instant {
        let mut from_it =
            self.made.iter().skip_while(|other| other.deployment.id != made.deployment.id);
        match from_it.nth(1).is_some() {
            true => made.listed_from,
            false => made.listed_from.min(made.active_from),
        }
    }

    /// The rollbacks that the run made.
    pub fn ours(&self) -> impl Iterator<Item = &Made> {
        self.made.iter().filter(|made| made.by == Author::Run)
    }

    /// The deployments that somebody else made.
    pub fn theirs(&self) -> impl Iterator<Item = &Made> {
        self.made.iter().filter(|made| made.by == Author::Colleague)
    }

    /// Whether somebody else made a deployment of this version.
    pub fn has_theirs_of(&self, version: &str) -> bool {
        self.theirs().any(|made| made.deployment.version.as_deref() == Some(version))
    }

    /// The deployment with this id.
    pub fn find(&self, id: &str) -> Option<&Made> {
        self.made.iter().find(|made| made.deployment.id == id)
    }
}
