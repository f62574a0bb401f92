//! PolyAI's Agents API: the calls that a rollback needs, and HTTP behind them.
//!
//! [`AgentsApi`] is the seam of the program. Whoever decides (`rollback`) knows this trait and nothing of
//! URLs, headers, JSON or sockets; the simulation in `tests/simulation` stands behind the same trait.
//! `http` is the only file that uses the HTTP client (`endpoint` and `proxy` borrow its types for a URL and
//! a header's value), `connect_error` the only one that reads the texts of other libraries' errors.

pub mod connect_error;
mod delivery_body;
pub mod deployments_response;
pub mod endpoint;
pub mod error_body;
pub mod http;
pub mod proxy;
pub mod retry_after;
pub mod rollback_response;
pub mod test_run_response;
pub mod tls;

use crate::model::{CallError, Delivery, Deployment, Environment, Id, Rollback, TestRun};
use std::time::{Duration, SystemTime};
use tokio::time::Instant;

/// The time that a call may take. None says that no time is left, and the call fails without being sent.
pub type Limit = Option<Duration>;
/// The result of a call.
pub type Answer<T> = Result<T, CallError>;
/// Deployments, the newest one first.
pub type Deployments = Observed<Vec<Deployment>>;

/// The calls of the API.
pub trait AgentsApi {
    /// The newest deployments of an environment, at most `count` of them, the newest one first
    /// (`GET …/deployments?environment=&limit=`).
    fn deployments(
        &self,
        environment: Environment,
        count: usize,
        limit: Limit,
    ) -> impl Future<Output = Answer<Deployments>>;

    /// The active deployments, at most one for each environment (`GET …/deployments/active`).
    fn active(&self, limit: Limit) -> impl Future<Output = Answer<Deployments>>;

    /// Makes a new deployment with the content of `target` (`POST …/deployments/{target}/rollback`).
    /// Done twice, it makes two.
    fn roll_back(&self, target: &Id, limit: Limit) -> impl Future<Output = Answer<Rollback>>;

    /// A test run (`GET …/testing/test-runs/{id}`).
    fn test_run(&self, id: &Id, limit: Limit) -> impl Future<Output = Answer<TestRun>>;

    /// How far the requests for a rollback have come: whether one has left, and whether its effect is
    /// known. This is also right while a call goes on, or after it was dropped.
    fn delivery(&self) -> Delivery;

    /// Notes that all requests that were sent so far are known to have had no effect.
    fn settle(&self);
}

/// A value, and what its answer tells of the API's clock.
#[derive(Clone, Debug)]
pub struct Observed<T> {
    /// The value.
    pub value: T,
    /// The API's clock; none where the answer bears no date.
    pub server_clock: Option<ClockReading>,
    /// Whether a cache gave the answer (`Age` above zero), so that the value may be an old one.
    pub is_from_cache: bool,
}

/// A reading of the API's clock, which happened between the request and the answer.
#[derive(Clone, Copy, Debug)]
pub struct ClockReading {
    /// The API's time, cut to seconds (`Date`).
    pub date: SystemTime,
    /// When the request began, by this machine's monotonic clock.
    pub asked: Instant,
    /// When the answer came.
    pub answered: Instant,
}

/// A moment by a clock that is only seen from afar: between two times.
#[derive(Clone, Copy, Debug)]
pub struct ClockInterval {
    /// The moment was not before this.
    pub earliest: SystemTime,
    /// The moment was not after this, apart from the second to which `Date` is cut.
    pub latest: SystemTime,
}

impl ClockReading {
    /// The time of `moment`, which lies before the request, by the API's clock. None where that clock
    /// shows a time that cannot be counted back.
    pub fn time_of(self, moment: Instant) -> Option<ClockInterval> {
        let before =
            |known: Instant| self.date.checked_sub(known.saturating_duration_since(moment));
        Some(ClockInterval { earliest: before(self.answered)?, latest: before(self.asked)? })
    }
}

impl ClockInterval {
    /// The part that both intervals have in common.
    pub fn and(self, other: Self) -> Self {
        Self { earliest: self.earliest.max(other.earliest), latest: self.latest.min(other.latest) }
    }
}
