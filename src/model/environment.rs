//! The environments of an agent.

use std::fmt;

/// An environment that an agent's configuration is deployed to, by the API's name.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Environment {
    /// `live`: callers reach this one.
    Live,
    /// `pre-release`.
    PreRelease,
    /// `sandbox`.
    Sandbox,
}

impl Environment {
    /// All environments, the most important one first.
    pub const ALL: [Self; 3] = [Self::Live, Self::PreRelease, Self::Sandbox];

    /// The environment with the API's name `name`, in any case and with or without the hyphen.
    pub fn parse(name: &str) -> Option<Self> {
        let plain = |name: &str| name.replace(['-', '_', ' '], "").to_lowercase();
        Self::ALL.into_iter().find(|environment| plain(environment.name()) == plain(name))
    }

    /// The API's name.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Live => "live",
            Self::PreRelease => "pre-release",
            Self::Sandbox => "sandbox",
        }
    }

    /// The names of all environments, as a part of a sentence.
    pub fn names() -> String {
        Self::ALL.map(Self::name).join(", ")
    }
}

impl fmt::Display for Environment {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(self.name())
    }
}
