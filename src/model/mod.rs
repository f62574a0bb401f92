//! Facts: plain data about a run, and total functions of that data.
//!
//! A fact reads no clock, no variable, no file and no socket, and never waits. Whoever decides
//! (`rollback`) and whoever tells (`report`) meet in these types; neither imports the other.

mod call_error;
mod deployment;
mod environment;
mod failure;
mod id;
mod names;
mod outcome;
mod record;
mod rollback_request;
mod test_run;
mod test_runs;

pub use call_error::{CallError, ConnectError, ErrorBody, RetryClass};
pub use deployment::{Deployment, Kind, PREFIX_CHARACTERS};
pub use environment::Environment;
pub use failure::{Candidates, Delivery, Elsewhere, Failure, NoTarget};
pub use id::Id;
pub use names::{LINE_CHARACTERS, Names};
pub use outcome::{Effect, Outcome, Signal};
pub use record::{Plan, Record, Rollback, Verification};
pub use rollback_request::{Limits, PREVIOUS, RollbackRequest, TargetSpec};
pub use test_run::{Counts, FailedCase, KEPT_CASES, TestRun, Verdict, is_errored, is_failed};
pub use test_runs::{TestRuns, TestsOutcome, WatchedRun};
