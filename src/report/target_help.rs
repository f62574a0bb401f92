//! Why there is nothing to go back to, or why it is not done, in words: one function for each reason.

use crate::model::{Candidates, Deployment, Kind, LINE_CHARACTERS, NoTarget, PREFIX_CHARACTERS};
use crate::report::{Report, reason::Reason};

/// Another deployment is active than the one that was expected, or that was active when the plan was made.
pub(super) fn superseded(now: Option<&Deployment>, report: &Report<'_>) -> Reason {
    let Report { record, context, .. } = report;
    let there = report.there();
    let before = record.plan.current.as_ref();
    let named = |deployment: Option<&Deployment>| {
        let line = report.line(deployment);
        // Two deployments of one version look alike.
        let is_alike = line == report.line(before) && line == report.line(now);
        match deployment.filter(|_| is_alike) {
            Some(deployment) => format!("{line}, deployment {}", deployment.id),
            None => line,
        }
    };
    let problem = match context.expected() {
        Some(expected) if record.plan.target.is_none() => {
            format!("what is active in {there} is not {expected}, but {}", report.line(now))
        }
        _ => format!(
            "{there} has changed since this run read it: active was {}, and now is {}",
            named(before),
            named(now)
        ),
    };
    let (target, expect) = (context.spell("deployment-id"), context.spell("expect-current"));
    let help = format!(
        "look at what was deployed ({dry_run} shows it); if that must go, too, name the version to go back to \
         in {target}, or give what is active now in {expect} (a whole id, a whole hash, or at least 7 \
         characters of it)",
        dry_run = context.spell("dry-run"),
    );
    Reason::new("somebody deployed meanwhile", problem, help)
}

/// `previous` was asked for after a rollback.
pub(super) fn already_rolled_back(undone: Option<&Deployment>, report: &Report<'_>) -> Reason {
    let Report { record, context, names, .. } = report;
    let there = report.there();
    let current = record.plan.current.as_ref();
    let undone = undone.map(|undone| format!(", and undid {}", names.line(undone)));
    let is_rollback = current.is_some_and(|current| current.kind == Kind::RolledBack);
    let what = if is_rollback { "itself a rollback" } else { "a version that came back" };
    let problem = format!(
        "what is active in {there} is {what}: {}{}",
        report.line(current),
        undone.unwrap_or_default(),
    );
    let (target, expect) = (context.spell("deployment-id"), context.spell("expect-current"));
    let help = format!(
        "if the agent works, that is enough; to go further back, name a version in {target}, or say that what is \
         active must go, with {} in {expect}",
        current.map_or("it", |current| &current.id)
    );
    let age = current.and_then(|current| names.age(current)).map(|age| format!(" {age}"));
    let title = current.map_or(String::new(), |current| names.title(current, LINE_CHARACTERS));
    let cause = format!("{there} was rolled back to {title}{} already", age.unwrap_or_default());
    Reason::new(cause, problem, help)
}

/// There is no deployment to go back to.
pub(super) fn no_target(why: NoTarget, candidates: &Candidates, report: &Report<'_>) -> Reason {
    let Report { context, .. } = report;
    let there = report.there();
    let (target, elsewhere) = (context.target(), context.elsewhere(candidates));
    let target_input = context.spell("deployment-id");
    let name_one = format!("name the deployment to go back to in {target_input}");
    let nobody_knows = format!("nobody knows what was before in {there}");
    match why {
        NoTarget::Nowhere => Reason::new(
            "there is no such deployment",
            format!("{target} is no deployment of any environment{elsewhere}"),
            context.choose(candidates, &[context.spell("agent-id")]),
        ),
        NoTarget::NotThere => Reason::new(
            format!("{there} has no such deployment"),
            format!(
                "{target} is neither one of the newest deployments of {there} nor the version of \
                 one, of which at least 7 characters are needed{elsewhere}"
            ),
            context.choose(candidates, &[context.spell("environment")]),
        ),
        NoTarget::NothingActive => Reason::new(
            format!("nothing is active in {there}"),
            format!("nothing is active in {there}, so nothing was before it"),
            name_one,
        ),
        NoTarget::NothingBefore => Reason::new(
            format!("nothing was before in {there}"),
            format!(
                "{there} has no earlier version to go back to: there is none, or all were rolled \
                 back from"
            ),
            name_one,
        ),
        NoTarget::OutOfStep => Reason::new(
            nobody_knows,
            format!(
                "{there} lists deployments that are newer than the active one, or does not list the \
                 active one, so that nobody knows what was before it"
            ),
            name_one,
        ),
        NoTarget::NoOrder => Reason::new(
            nobody_knows,
            format!(
                "the API does not say when the deployments of {there} were made, so that nobody knows \
                 what was before the active one"
            ),
            name_one,
        ),
        NoTarget::NoVersion => Reason::new(
            nobody_knows,
            format!(
                "the API gives no version for the active deployment of {there}, so that nobody knows which \
                 other version was before it"
            ),
            name_one,
        ),
        NoTarget::Void => Reason::new(
            "there is nothing to go back to",
            format!("{target} was deleted, or is a draft: there is nothing to go back to"),
            name_one,
        ),
    }
}

/// A version is the beginning of several ones.
pub(super) fn ambiguous(report: &Report<'_>) -> Reason {
    let Report { context, .. } = report;
    Reason::new(
        "several versions begin so",
        format!("{} is the beginning of several versions in {}", context.target(), report.there()),
        format!(
            "give more characters of it in {}, or the id of a deployment",
            context.spell("deployment-id")
        ),
    )
}

/// So few characters of a version were given that they could be anything.
pub(super) fn too_short(input: &str, matching: &[Deployment], report: &Report<'_>) -> Reason {
    let Report { context, names, .. } = report;
    let given = match input {
        "expect-current" => context.expected().unwrap_or_default(),
        _ => context.target(),
    };
    let meant = matching.iter().map(|deployment| {
        let message = names.message(deployment, LINE_CHARACTERS);
        let message = message.map(|message| format!(" ({message})"));
        format!("{}{}", names.short(deployment), message.unwrap_or_default())
    });
    let meant = meant.collect::<Vec<_>>().join(" or ");
    Reason::new(
        "a version is too short",
        format!("{given} is too short for a version: {PREFIX_CHARACTERS} characters are needed"),
        format!("did you mean {meant} in {}?", context.spell(input)),
    )
}
