//! Why a call of the API failed, in words, and what to do: one arm for each way.

use crate::model::{CallError, Candidates, Record, RetryClass};
use crate::report::{connect_help, context::Context, diagnostic::describe};
use humantime::format_duration;

/// A read failed before anything was sent.
pub(super) fn unread(error: &CallError, context: &Context<'_>) -> (String, String) {
    let (api, address) = (context.api(), context.address_input());
    let unread = format!("the deployments could not be read before the rollback: {error}");
    match error {
        CallError::NotSent(why) => connect_help::words(why, context),
        CallError::Answered { status: 401, .. } => {
            (format!("the API did not accept the key, in {api}"), context.check_the_key())
        }
        CallError::Answered { status: 403, .. } => (
            format!("the API does not let this key read the deployments, in {api}"),
            context.check_the_key(),
        ),
        CallError::Answered { status: 404, .. } => (
            format!("agent {} was not found in {api}", context.agent()),
            format!("check {} and {address}", context.spell("agent-id")),
        ),
        CallError::Answered { status: 300..=399, .. } => {
            (unread, format!("check {address}: what answers there is not the API"))
        }
        CallError::TooLarge(_) => {
            (unread, format!("running it again will not help; {}", without_reading(context)))
        }
        _ => (unread, format!("run it again, which is safe; {}", without_reading(context))),
    }
}

/// How to roll back where nothing can be read.
fn without_reading(context: &Context<'_>) -> String {
    format!(
        "with the id of a deployment alone in {}, without {}, the rollback is sent without reading \
         anything first",
        context.spell("deployment-id"),
        ["environment", "expect-current", "dry-run"].map(|input| context.spell(input)).join(", "),
    )
}

/// The request failed, and no effect was seen.
pub(super) fn not_done(
    error: &CallError,
    candidates: &Candidates,
    record: &Record,
    context: &Context<'_>,
) -> (String, String) {
    let (api, address) = (context.api(), context.address_input());
    let later = "wait a little and run it again, which is safe".to_owned();
    let never = "running it again will not help: see what the API said".to_owned();
    match error {
        CallError::NotSent(why) => connect_help::words(why, context),
        error if error.retry_class() == RetryClass::InDoubt => (
            format!(
                "the request was sent and its answer was lost ({error}); no effect was seen within 8 s"
            ),
            later,
        ),
        CallError::Answered { status: 401, .. } => {
            (format!("the API did not accept the key, in {api}"), context.check_the_key())
        }
        CallError::Answered { status: 403, .. } => (
            format!("the API does not let this key roll back this agent, in {api}"),
            context.check_the_key(),
        ),
        CallError::Answered { status: 404, .. } if context.is_previous() => (
            format!(
                "the API lists {} as what was active before, and does not find it, in {api}",
                describe(record.plan.target.as_ref()),
            ),
            "wait a minute and run it again, which is safe; if it stays so, ask PolyAI's support, with the \
             correlation id"
                .to_owned(),
        ),
        CallError::Answered { status: 404, .. } => (
            format!(
                "deployment {} of agent {} was not found in {api}{}",
                context.target(),
                context.agent(),
                context.elsewhere(candidates),
            ),
            format!(
                "check {}, {} and {address}: any of the three can be the wrong one",
                context.spell("deployment-id"),
                context.spell("agent-id"),
            ),
        ),
        CallError::Answered { status: 409, .. } => (
            "the API refused the rollback because of a conflict".to_owned(),
            "the API will refuse it until the conflict is over, such as a running A/B test"
                .to_owned(),
        ),
        CallError::Answered { status: 429, retry_after: Some(wish), .. } => (
            "the API has too many requests at present".to_owned(),
            format!(
                "the API wants to be left alone for {}: run it again after that, which is safe",
                format_duration(*wish)
            ),
        ),
        CallError::Answered { status: 429, .. } => {
            ("the API has too many requests at present".to_owned(), later)
        }
        CallError::Answered { status: 300..=399, .. } => (
            "the API answered with a redirect, which is not followed".to_owned(),
            format!("check {address}: what answers there is not the API"),
        ),
        CallError::Answered { status: 200..=299, .. } => {
            ("the API answered with an error and no deployment".to_owned(), never)
        }
        _ => ("the API refused the rollback".to_owned(), never),
    }
}
