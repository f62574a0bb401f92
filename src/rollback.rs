//! The work: asks for one rollback and judges the answer.

use crate::answer::{Answer, ApiError, Rollback};
use crate::client::{Client, NoReply, Reply};
use crate::failure::Failure;
use crate::inputs::Request;
use crate::secret::ApiKey;
use tokio::runtime::Builder;

/// Rolls back, once. Whatever the API does, this ends within the request's timeout.
pub fn perform(request: &Request, key: &ApiKey) -> Result<Rollback, Failure> {
    let runtime = Builder::new_current_thread().enable_all().build();
    let runtime = runtime.map_err(|error| Failure::Internal(error.into()))?;
    let reply = runtime.block_on(async {
        let client = Client::new(request, key).map_err(Failure::Internal)?;
        let reply = client.rollback(&request.agent_id, &request.deployment_id, &request.message);
        reply.await.map_err(|error| match error {
            NoReply::NotReached(cause) => Failure::NotReached(cause),
            NoReply::Lost(cause) => Failure::Lost(cause),
        })
    });
    // A name that is still being looked up must not keep the process alive.
    runtime.shutdown_background();
    judge(reply?)
}

/// What an answer means.
fn judge(reply: Reply) -> Result<Rollback, Failure> {
    let Reply { status, body, cut } = reply;
    if !(200..=299).contains(&status) {
        return Err(Failure::Answered { status, error: ApiError::read(&body) });
    }
    let unreadable = |cause| Failure::Unreadable { status, error: ApiError::read(&body), cause };
    if let Some(cause) = cut {
        return Err(unreadable(cause));
    }
    match Answer::read(&body) {
        Answer::Done(rollback) => Ok(rollback),
        Answer::Refused(error) => Err(Failure::Answered { status, error }),
        Answer::Unreadable(cause) => Err(unreadable(cause)),
    }
}
