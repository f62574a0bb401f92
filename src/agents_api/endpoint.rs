//! The address of the Agents API, and the paths below it.

use crate::model::{Environment, Id};
use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};
use reqwest::Url;
use std::{fmt, net::IpAddr};

/// The characters that a path segment must not hold as they are: all but RFC 3986's unreserved characters.
const ENCODED: &AsciiSet = &NON_ALPHANUMERIC.remove(b'-').remove(b'.').remove(b'_').remove(b'~');

/// A region of PolyAI, by its name in the address of the API. A key belongs to one of them.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Region(&'static str);

impl Region {
    /// United States.
    pub const US: Self = Self("us");
    /// The values of the input `region`, as a part of a sentence.
    pub const ALLOWED: &str = "us, eu, uk or studio (us-1, euw-1 and uk-1 are understood too)";

    /// Understands the names of the API's hosts and those of PolyAI's own command line client.
    pub fn parse(text: &str) -> Option<Self> {
        match text.to_lowercase().as_str() {
            "us" | "us-1" => Some(Self::US),
            "eu" | "euw-1" => Some(Self("eu")),
            "uk" | "uk-1" => Some(Self("uk")),
            "studio" => Some(Self("studio")),
            _ => None,
        }
    }
}

/// Where the API is.
#[derive(Clone, Debug)]
pub struct Endpoint {
    base: Url,
    region: Option<Region>,
}

impl Endpoint {
    /// The public API of a region.
    pub fn of_region(region: Region) -> Result<Self, &'static str> {
        let endpoint = Self::of_url(&format!("https://api.{}.poly.ai", region.0))?;
        Ok(Self { region: Some(region), ..endpoint })
    }

    /// Another address. The error says what is wrong with it and shows none of it, as it may hold
    /// a password.
    pub fn of_url(text: &str) -> Result<Self, &'static str> {
        let base =
            Url::parse(text).map_err(|_| "is not an address such as https://api.us.poly.ai")?;
        let host = base.host_str().ok_or("names no host")?;
        let is_loopback = host == "localhost"
            || host.trim_matches(['[', ']']).parse().is_ok_and(|ip: IpAddr| ip.is_loopback());
        match base.scheme() {
            "https" => {}
            "http" if is_loopback => {}
            _ => return Err("must begin with https:// (http:// is for loopback only)"),
        }
        if !base.username().is_empty() || base.password().is_some() {
            return Err("must not hold a user name or a password");
        }
        if base.path().trim_end_matches('/').ends_with("/v1") {
            return Err("goes without /v1, which is added to it");
        }
        if base.query().is_some() || base.fragment().is_some() {
            return Err("must not hold a query (?) or a fragment (#)");
        }
        Ok(Self { base, region: None })
    }

    /// The region, where the address follows from one.
    pub fn region(&self) -> Option<&'static str> {
        self.region.map(|region| region.0)
    }

    /// The address itself.
    pub fn base(&self) -> &str {
        self.base.as_str().trim_end_matches('/')
    }

    /// The address as a URL.
    pub fn url(&self) -> &Url {
        &self.base
    }

    /// Where a rollback to `deployment` is asked for.
    pub fn rollback(&self, agent: &Id, deployment: &Id) -> Url {
        let deployment = segment(deployment);
        self.below(agent, &format!("deployments/{deployment}/rollback"))
    }

    /// Where the active deployments of an agent are listed.
    pub fn active(&self, agent: &Id) -> Url {
        self.below(agent, "deployments/active")
    }

    /// Where the newest deployments of one environment are listed, at most `count` of them.
    pub fn deployments(&self, agent: &Id, environment: Environment, count: usize) -> Url {
        let mut url = self.below(agent, "deployments");
        url.set_query(Some(&format!("environment={environment}&limit={count}")));
        url
    }

    /// Where a test run is told. PolyAI's own command line client reads it there.
    pub fn test_run(&self, agent: &Id, run: &Id) -> Url {
        let run = segment(run);
        self.below(agent, &format!("testing/test-runs/{run}"))
    }

    fn below(&self, agent: &Id, path: &str) -> Url {
        let mut url = self.base.clone();
        let prefix = self.base.path().trim_end_matches('/');
        url.set_path(&format!("{prefix}/v1/agents/{}/{path}", segment(agent)));
        url
    }
}

/// An id as one segment of a path.
fn segment(id: &Id) -> impl fmt::Display {
    utf8_percent_encode(id.as_str(), ENCODED)
}

impl fmt::Display for Endpoint {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.region {
            Some(region) => write!(formatter, "region {} ({})", region.0, self.base()),
            None => write!(formatter, "{}", self.base()),
        }
    }
}
