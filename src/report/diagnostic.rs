//! Failures in words: what happened, what was and was not done, and what to do next.
//!
//! `words` has one arm for each failure. An arm holds everything that a person sees of the failure, in the
//! order in which a person needs it. `target_help` has the arms for targets
//! that are not to be had, `call_help` those for the ways in which a call can fail, and `connect_help` those for
//! the ways in which there is no connection.

use crate::inputs::Task;
use crate::model::{
    CallError, Delivery, Deployment, Environment, Failure, Record, TestRuns, Verification,
};
use crate::report::{call_help, context::Context, target_help};
use crate::text::row::Row;
use serde::Serialize;

pub(super) const NOTHING_SENT: &str = "unchanged: nothing was sent";
const NOTHING_DONE: &str = "unchanged: nothing was rolled back";
const NOTHING_SEEN: &str = "unchanged: no effect was seen within 8 s";
const NOBODY_KNOWS: &str = "unknown: it may or may not have been rolled back";
const NOT_ACTIVE: &str = "unknown: the new deployment was made, and another one is active";
const STAYS: &str = "rolled back, and the rollback stands";

/// A failure in words.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Diagnostic {
    /// The end in a few words.
    #[serde(skip)]
    pub headline: String,
    /// The problem in one line, or one line for each bad input.
    pub problems: Vec<String>,
    /// The status of the API's answer.
    pub http_status: Option<u16>,
    /// The API's code for the error.
    pub error_code: Option<String>,
    /// The API's own words, the code included.
    pub answer: Option<String>,
    /// The effect: what was and was not done.
    pub effect: &'static str,
    /// The next step for a person; none where the problems say it themselves.
    #[serde(rename = "next")]
    pub help: Option<String>,
    /// The command that shows what became of the rollback, where that is not known.
    pub command: Option<String>,
    /// Deployments to choose from, where the one that was asked for is not to be had.
    #[serde(rename = "choice")]
    pub candidates: Vec<String>,
}

/// The words of one arm: the end in a few words, what happened, what was and was not done, what to do.
pub(super) struct Words {
    headline: &'static str,
    problem: String,
    effect: &'static str,
    help: String,
}

/// The words of a run that left production as it was.
pub(super) fn not_rolled_back(effect: &'static str, problem: String, help: String) -> Words {
    Words { headline: "Not rolled back", problem, effect, help }
}

impl Diagnostic {
    /// Puts a failure into words.
    pub fn new(failure: &Failure, record: &Record, context: &Context<'_>) -> Self {
        let words = words(failure, record, context);
        let problems = match failure {
            Failure::InvalidInput(problems) => problems.clone(),
            _ => vec![words.problem],
        };
        let error = failure.call_error();
        let (status, body) = (error.and_then(CallError::status), error.and_then(CallError::body));
        let must_be_looked_up = [NOBODY_KNOWS, NOT_ACTIVE].contains(&words.effect);
        Self {
            headline: format!("{} ({})", words.headline, failure.outcome().name()),
            problems,
            http_status: status,
            error_code: body.and_then(|body| body.code.clone()),
            answer: status.zip(body).map(|(status, body)| format!("HTTP {status}: {body}")),
            effect: words.effect,
            help: Some(words.help).filter(|help| !help.is_empty()),
            command: context.task.filter(|_| must_be_looked_up).map(command),
            candidates: failure.candidates().iter().map(candidate).collect(),
        }
    }

    /// Each problem and the next step, one line for each problem.
    pub fn lines(&self) -> Vec<String> {
        let help = self.help.as_ref().map(|help| format!("; {help}")).unwrap_or_default();
        self.problems.iter().map(|problem| format!("{problem}{help}")).collect()
    }

    /// The facts, for people.
    pub fn rows(&self) -> Vec<Row> {
        let answer = self.answer.clone().map(|answer| Row::new("the API said", answer));
        let command = self.command.clone().map(|command| Row::new("to find out", command));
        let candidates = self.candidates.iter();
        let candidates = candidates.map(|text| Row::new("to choose from", text.clone()));
        let effect = Row::new("effect", self.effect);
        answer.into_iter().chain([effect]).chain(command).chain(candidates).collect()
    }
}

fn candidate(deployment: &Deployment) -> String {
    let environment = deployment.environment.map_or("somewhere", Environment::name);
    format!("{environment}: {}", deployment.describe())
}

/// The command that shows the active deployments.
fn command(task: &Task) -> String {
    let active = task.connection.endpoint.active(&task.request.agent_id);
    // The one character of a URL that would end the quotes of the shell.
    let active = active.as_str().replace('\'', "%27");
    format!("curl -H \"X-API-KEY: $POLYAI_API_KEY\" '{active}'")
}

fn words(failure: &Failure, record: &Record, context: &Context<'_>) -> Words {
    let there = record.plan.environment.map_or("its environment", Environment::name);
    let tests = record.tests.as_ref();
    let progress = tests.map(TestRuns::progress).unwrap_or_default();
    let doubts = tests.map(TestRuns::doubts).unwrap_or_default();
    match failure {
        Failure::InvalidInput(_) => not_rolled_back(NOTHING_SENT, String::new(), String::new()),
        Failure::NoTarget { why, candidates } => {
            target_help::no_target(*why, candidates, there, context)
        }
        Failure::Ambiguous { .. } => target_help::ambiguous(there, context),
        Failure::TooShort { input, matching } => target_help::too_short(input, matching, context),
        Failure::Superseded { now, lost } => {
            target_help::superseded(now.as_deref(), lost, there, record, context)
        }
        Failure::AlreadyRolledBack { undone } => {
            target_help::already_rolled_back(undone.as_deref(), there, record, context)
        }
        Failure::Unread { error, .. } => {
            let (problem, help) = call_help::unread(error, context);
            not_rolled_back(NOTHING_SENT, problem, help)
        }
        Failure::NotDone { error, lost, candidates } => {
            let (problem, help) = call_help::not_done(error, candidates, record, context);
            not_rolled_back(not_done(lost), problem, help)
        }
        Failure::Internal(cause) => not_rolled_back(
            NOTHING_SENT,
            format!("a bug in polyai-rollback: {cause}"),
            "report it with this log; until it is mended, roll back in Agent Studio".to_owned(),
        ),
        Failure::Cancelled { signal, delivery } => {
            cancelled(signal.name(), *delivery, record, context)
        }
        Failure::Unknown { lost, cause, .. } => perhaps_rolled_back(
            format!(
                "the request was sent, its answer was lost ({lost}), and the deployments do not \
                 show what came of it: {cause}"
            ),
            context,
        ),
        Failure::NotActive => Words {
            headline: "Accepted, but not active",
            problem: not_active(record),
            effect: NOT_ACTIVE,
            help: format!("somebody may have deployed meanwhile: {}", context.look_first()),
        },
        Failure::TestsFailed => {
            tests_decided("Rolled back, but tests failed", format!("tests failed, {progress}"))
        }
        Failure::TestsUnknown => tests_decided(
            "Rolled back, but nobody knows whether tests passed",
            format!("{progress}; {doubts}"),
        ),
    }
}

/// The words of a rollback that stands although its tests made the run fail.
fn tests_decided(headline: &'static str, problem: String) -> Words {
    let help = "the rollback stands; look at its tests in Agent Studio".to_owned();
    Words { headline, problem, effect: STAYS, help }
}

/// The words of a run that does not know what became of its request.
fn perhaps_rolled_back(problem: String, context: &Context<'_>) -> Words {
    let help = format!(
        "{}; run it again only if the bad version is still active after a minute",
        context.look_first()
    );
    Words { headline: "Perhaps rolled back", problem, effect: NOBODY_KNOWS, help }
}

/// The effect of a run whose last request failed. `lost` is how the answer to an earlier one was lost.
pub(super) fn not_done(lost: &Option<String>) -> &'static str {
    if lost.is_some() { NOTHING_SEEN } else { NOTHING_DONE }
}

/// The words of a run that a signal has cancelled.
fn cancelled(signal: &str, delivery: Delivery, record: &Record, context: &Context<'_>) -> Words {
    let again = "run it again if it is still wanted, which is safe".to_owned();
    match delivery {
        Delivery::NotSent => not_rolled_back(
            NOTHING_SENT,
            format!("cancelled by {signal} before the request was sent"),
            again,
        ),
        Delivery::NoEffect => not_rolled_back(
            NOTHING_DONE,
            format!("cancelled by {signal} before the request was sent again"),
            again,
        ),
        Delivery::InDoubt => perhaps_rolled_back(
            format!(
                "cancelled by {signal} after the request was sent, and before it was known what \
                 came of it"
            ),
            context,
        ),
        Delivery::Done => Words {
            headline: "Rolled back, then stopped",
            problem: format!(
                "cancelled by {signal} after it was rolled back, {}",
                match record.tests {
                    Some(_) => "while it waited for the tests",
                    None => "before the new deployment was seen to be active",
                }
            ),
            effect: STAYS,
            help: "do not run it again: the rollback stands".to_owned(),
        },
    }
}

/// The problem of a deployment that was made and is not active, or is not the one that was asked for.
fn not_active(record: &Record) -> String {
    let made = record.rollback.as_ref().map(|rollback| &rollback.deployment);
    let made = describe(made);
    match &record.verification {
        Some(Verification::OtherActive(active)) => format!(
            "the API accepted the rollback ({made}), but what is active is {}",
            describe(active.as_ref()),
        ),
        _ => {
            let target = describe(record.plan.target.as_ref());
            format!("the API made something else ({made}) than was asked for ({target})")
        }
    }
}

pub(super) fn describe(deployment: Option<&Deployment>) -> String {
    deployment.map_or("nothing".to_owned(), Deployment::describe)
}
