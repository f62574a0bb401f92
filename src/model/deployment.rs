//! Deployments.

use crate::model::environment::Environment;
use std::rc::Rc;
use std::time::{Duration, SystemTime};

/// The fewest characters of a version that can stand for the whole version.
pub const PREFIX_CHARACTERS: usize = 7;

/// A deployment, as far as the API describes it. Only the id is indispensable: everything else may be
/// missing in an answer.
#[derive(Clone, Debug, Default)]
pub struct Deployment {
    /// The deployment's own id.
    pub id: String,
    /// The agent.
    pub agent_id: Option<String>,
    /// The environment that the deployment was made in.
    pub environment: Option<Environment>,
    /// The version of the artifact.
    pub artifact_version: Option<String>,
    /// The hash of the content, the same in every environment.
    pub version: Option<String>,
    /// When the deployment was made, in RFC 3339.
    pub created_at: Option<String>,
    /// How the deployment came to be.
    pub kind: Kind,
    /// Whether there is nothing to go back to: the deployment was deleted, or is a draft, which has an empty
    /// version.
    pub is_void: bool,
    /// The reason that somebody gave for the deployment.
    pub message: Option<String>,
    /// The API's document, as the text of JSON, as far as it is small. Personal data is in it, so only the
    /// report file gets it.
    pub document: Rc<str>,
}

/// How a deployment came to be.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Kind {
    /// Somebody published or promoted a version.
    Deployed,
    /// Somebody went back to a version.
    RolledBack,
    /// The API does not say.
    #[default]
    Unknown,
}

impl Deployment {
    /// When the deployment was made, by the API's clock. None where the API gives no time that can be
    /// read.
    pub fn created(&self) -> Option<SystemTime> {
        parse_rfc3339(self.created_at.as_ref()?)
    }

    /// When the id was made, by the API's clock, if the id is a UUID of version 7: its first 48 bits are that
    /// time in milliseconds (RFC 9562). A hint, as nobody promises such ids.
    pub fn id_time(&self) -> Option<SystemTime> {
        let digits = self.id.replace('-', "");
        let is_version_7 = digits.len() == 32 && digits.as_bytes().get(12) == Some(&b'7');
        let time = digits.get(..12).filter(|_| is_version_7)?;
        let milliseconds = u64::from_str_radix(time, 16).ok()?;
        SystemTime::UNIX_EPOCH.checked_add(Duration::from_millis(milliseconds))
    }

    /// Whether `given` is the deployment's version, or at least 7 characters from its beginning.
    pub fn has_version(&self, given: &str) -> bool {
        given.len() >= PREFIX_CHARACTERS && self.version_starts_with(given)
            || self.version.as_deref() == Some(given)
    }

    /// Whether `given` is the beginning of the deployment's version, of too few characters to stand for it.
    pub fn begins_with(&self, given: &str) -> bool {
        let is_shorter = self.version.as_ref().is_some_and(|version| given.len() < version.len());
        given.len() < PREFIX_CHARACTERS && is_shorter && self.version_starts_with(given)
    }

    fn version_starts_with(&self, given: &str) -> bool {
        let start = self.version.as_ref().and_then(|version| version.get(..given.len()));
        start.is_some_and(|start| start.eq_ignore_ascii_case(given))
    }

    /// Whether both deployments are known to have the same version.
    pub fn has_version_of(&self, other: &Self) -> bool {
        self.version.is_some() && self.version == other.version
    }
}

/// A time in RFC 3339, in UTC or with an offset.
fn parse_rfc3339(text: &str) -> Option<SystemTime> {
    if let Ok(time) = humantime::parse_rfc3339(text) {
        return Some(time);
    }
    let (local, offset) = text.split_at_checked(text.len().checked_sub("+00:00".len())?)?;
    let local = humantime::parse_rfc3339(&format!("{local}Z")).ok()?;
    let (hours, minutes) = offset.get(1..)?.split_once(':')?;
    let minutes: u64 = hours.parse::<u64>().ok()? * 60 + minutes.parse::<u64>().ok()?;
    let offset_time = Duration::from_secs(minutes * 60);
    match offset.as_bytes().first() {
        Some(b'+') => local.checked_sub(offset_time),
        Some(b'-') => local.checked_add(offset_time),
        _ => None,
    }
}
