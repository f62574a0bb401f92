//! Why there is nothing to go back to, or why it is not done, in words: one function for each reason.

use crate::model::{Candidates, Deployment, NoTarget, PREFIX_CHARACTERS, Record};
use crate::report::context::Context;
use crate::report::diagnostic::{NOTHING_SENT, Words, describe, not_done, not_rolled_back};
use crate::text::sanitize::one_line;

/// The most characters of a message that are shown beside a version.
const MESSAGE_CHARACTERS: usize = 40;

/// The words where another deployment is active than the one that was expected, or that was active when
/// the plan was made.
pub(super) fn superseded(
    now: Option<&Deployment>,
    lost: &Option<String>,
    there: &str,
    record: &Record,
    context: &Context<'_>,
) -> Words {
    let now = describe(now);
    let problem = match context.expected() {
        Some(expected) if record.plan.target.is_none() => {
            format!("what is active in {there} is not {expected}, but {now}")
        }
        _ => format!(
            "{there} has changed since this run read it: active was {}, and now is {now}",
            describe(record.plan.current.as_ref())
        ),
    };
    let (target, expect) = (context.spell("deployment-id"), context.spell("expect-current"));
    let help = format!(
        "look at what was deployed; if that must go, too, name the version to go back to in {target}, or \
         give what is active now in {expect} (a whole id, a whole hash, or at least 7 characters of it)"
    );
    not_rolled_back(not_done(lost), problem, help)
}

/// The words where `previous` was asked for after a rollback.
pub(super) fn already_rolled_back(
    undone: Option<&Deployment>,
    there: &str,
    record: &Record,
    context: &Context<'_>,
) -> Words {
    let current = record.plan.current.as_ref();
    let undone = undone.map(|undone| format!(", and undid {}", undone.describe()));
    let problem = format!(
        "{there} was rolled back already: what is active is itself a rollback ({}){}",
        describe(current),
        undone.unwrap_or_default(),
    );
    let (target, expect) = (context.spell("deployment-id"), context.spell("expect-current"));
    let help = format!(
        "to go further back, name a version in {target}, or give {} in {expect}",
        current.map_or("it", |current| &current.id)
    );
    not_rolled_back(NOTHING_SENT, problem, help)
}

/// The words where there is no deployment to go back to.
pub(super) fn no_target(
    why: NoTarget,
    candidates: &Candidates,
    there: &str,
    context: &Context<'_>,
) -> Words {
    let (target, elsewhere) = (context.target(), context.elsewhere(candidates));
    let target_input = context.spell("deployment-id");
    let name_one = format!("name the deployment to go back to in {target_input}");
    let (problem, help) = match why {
        NoTarget::Nowhere => (
            format!("{target} is no deployment of any environment{elsewhere}"),
            format!("check {target_input} and {}", context.spell("agent-id")),
        ),
        NoTarget::NotThere => (
            format!(
                "{target} is neither one of the newest deployments of {there} nor the version of \
                 one, of which at least 7 characters are needed{elsewhere}"
            ),
            format!("check {target_input} and {}", context.spell("environment")),
        ),
        NoTarget::NothingActive => {
            (format!("nothing is active in {there}, so nothing was before it"), name_one)
        }
        NoTarget::NothingBefore => (
            format!(
                "{there} has no earlier version to go back to: there is none, or all were rolled \
                 back from"
            ),
            name_one,
        ),
        NoTarget::OutOfStep => (
            format!(
                "{there} lists deployments that are newer than the active one, or does not list the \
                 active one, so that nobody knows what was before it"
            ),
            name_one,
        ),
        NoTarget::NoOrder => (
            format!(
                "the API does not say when the deployments of {there} were made, so that nobody knows \
                 what was before the active one"
            ),
            name_one,
        ),
        NoTarget::Void => (
            format!("{target} was deleted, or is a draft: there is nothing to go back to"),
            name_one,
        ),
    };
    not_rolled_back(NOTHING_SENT, problem, help)
}

/// The words where a version is the beginning of several ones.
pub(super) fn ambiguous(there: &str, context: &Context<'_>) -> Words {
    not_rolled_back(
        NOTHING_SENT,
        format!("{} is the beginning of several versions in {there}", context.target()),
        format!(
            "give more characters of it in {}, or the id of a deployment",
            context.spell("deployment-id")
        ),
    )
}

/// The words where so few characters of a version were given that they could be anything.
pub(super) fn too_short(input: &str, matching: &[Deployment], context: &Context<'_>) -> Words {
    let given = match input {
        "expect-current" => context.expected().unwrap_or_default(),
        _ => context.target(),
    };
    let meant = matching.iter().filter_map(|deployment| {
        let version = deployment.version.as_deref()?.get(..PREFIX_CHARACTERS)?;
        let message = deployment.message.as_deref().filter(|text| !text.trim().is_empty());
        let message = message.map(|text| format!(" (“{}”)", one_line(text, MESSAGE_CHARACTERS)));
        Some(format!("{version}{}", message.unwrap_or_default()))
    });
    let meant = meant.collect::<Vec<_>>().join(" or ");
    not_rolled_back(
        NOTHING_SENT,
        format!("{given} is too short for a version: {PREFIX_CHARACTERS} characters are needed"),
        format!("did you mean {meant} in {}?", context.spell(input)),
    )
}
