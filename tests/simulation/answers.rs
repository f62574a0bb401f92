//! The bad answers of the API, as the program's HTTP client gives them to the decisions.

use crate::faults::{ReadFault, Reply};
use polyai_rollback::model::{CallError, ConnectError, ErrorBody};
use std::time::Duration;

/// What came of a read; none where the answer is a good one.
pub fn of_read(fault: ReadFault) -> Option<CallError> {
    match fault {
        ReadFault::None
        | ReadFault::NoDate
        | ReadFault::Replica
        | ReadFault::Aged
        | ReadFault::AgedAndRight => None,
        ReadFault::NotSent => Some(not_sent()),
        ReadFault::Cut => Some(cut()),
        ReadFault::Silence => Some(silence()),
        ReadFault::Garbage => Some(unreadable(200)),
        ReadFault::TooLarge => Some(CallError::TooLarge("the answer is too large".to_owned())),
        ReadFault::Status(status) => Some(status_alone(status)),
        ReadFault::Busy(seconds) => Some(busy(seconds)),
    }
}

/// What came of a request for a rollback; none where the answer holds the new deployment.
pub fn of_post(reply: Reply) -> Option<CallError> {
    match reply {
        Reply::Made | Reply::Slow(_) => None,
        Reply::NotSent => Some(not_sent()),
        Reply::Late(_) => Some(status_alone(502)),
        Reply::Cut => Some(cut()),
        Reply::Silence => Some(silence()),
        Reply::Garbage | Reply::Contradiction => Some(unreadable(200)),
        Reply::Accepted => Some(unreadable(202)),
        Reply::Status(status) => Some(status_alone(status)),
        Reply::Busy(seconds) => Some(busy(seconds)),
        Reply::ErrorIn200 => Some(with_code(200, "DEPLOYMENTS_LOCKED")),
        Reply::AlreadyPublished => Some(with_code(409, "DEPLOYMENTS_ALREADY_PUBLISHED")),
        Reply::AlreadyPublishedIn200 => {
            Some(with_code(200, "DEPLOYMENTS_ENVIRONMENT_ALREADY_PUBLISHED"))
        }
    }
}

pub fn not_sent() -> CallError {
    CallError::NotSent(ConnectError::Other("no connection".to_owned()))
}

pub fn silence() -> CallError {
    CallError::GaveUp("no answer came in time".to_owned())
}

fn cut() -> CallError {
    CallError::Lost("the connection was cut".to_owned())
}

fn unreadable(status: u16) -> CallError {
    let cause = "it makes no sense".to_owned();
    CallError::Unreadable { status, body: ErrorBody::default(), cause }
}

fn status_alone(status: u16) -> CallError {
    CallError::Answered { status, body: ErrorBody::default(), retry_after: None }
}

fn busy(seconds: u64) -> CallError {
    let retry_after = Some(Duration::from_secs(seconds));
    CallError::Answered { status: 429, body: ErrorBody::default(), retry_after }
}

fn with_code(status: u16, code: &str) -> CallError {
    let body = ErrorBody { code: Some(code.to_owned()), message: None };
    CallError::Answered { status, body, retry_after: None }
}
