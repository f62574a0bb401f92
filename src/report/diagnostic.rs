//! Failures in words: what happened, what was and was not done, and what to do next.
//!
//! `words` has one arm for each failure. An arm holds everything that a person sees of the failure, in the
//! order in which a person needs it. `target_help` has the arms for targets that are not to be had, and `call_help`
//! those for the ways in which a call can fail.

use crate::inputs::Task;
use crate::model::{
    CallError, Delivery, Deployment, Failure, LINE_CHARACTERS, Names, TestRuns, Verification,
};
use crate::report::candidate::Candidate;
use crate::report::reason::Reason;
use crate::report::{Report, call_help, target_help};
use crate::text::row::Row;
use serde::Serialize;

/// What was and was not done.
#[derive(Clone, Copy, PartialEq, Eq)]
struct EffectWords {
    /// For the log and the report: what became of production, and why that is said.
    line: &'static str,
    /// For the summary.
    sentence: &'static str,
}

const NOTHING_SENT: EffectWords =
    EffectWords { line: "unchanged: nothing was sent", sentence: "Nothing was sent." };
const NOTHING_DONE: EffectWords = EffectWords {
    line: "unchanged: nothing was rolled back",
    sentence: "Nothing was rolled back.",
};
const NOTHING_SEEN: EffectWords = EffectWords {
    line: "unchanged: no effect was seen within 8 s",
    sentence: "No effect was seen within 8 s.",
};
const NOBODY_KNOWS: EffectWords = EffectWords {
    line: "unknown: it may or may not have been rolled back",
    sentence: "This job could not find out whether it was rolled back.",
};
const NOT_ACTIVE: EffectWords = EffectWords {
    line: "unknown: the new deployment was made, and another one is active",
    sentence: "The new deployment was made, and another one is active.",
};
const WRONG: EffectWords = EffectWords {
    line: "unknown: the API made something else than was asked for",
    sentence: "The API made something else than was asked for.",
};
const STAYS: EffectWords =
    EffectWords { line: "rolled back, and the rollback stands", sentence: "The rollback is done." };

/// A failure in words.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Diagnostic {
    /// The end in a few words, with the name of the outcome.
    #[serde(skip)]
    pub headline: String,
    /// The end and its cause in a few words.
    #[serde(skip)]
    pub title: String,
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
    /// The effect as a sentence.
    #[serde(skip)]
    pub effect_sentence: &'static str,
    /// The next step for a person; none where the problems say it themselves.
    #[serde(rename = "next")]
    pub help: Option<String>,
    /// The command that shows what became of the rollback, where that is not known.
    pub command: Option<String>,
    /// Deployments to choose from, where the one that was asked for is not to be had.
    #[serde(rename = "choice")]
    pub candidates: Vec<Candidate>,
}

/// The words of one arm: the end in a few words, the reason, what was and was not done.
struct Words {
    headline: &'static str,
    reason: Reason,
    effect: EffectWords,
}

/// The words of a run that left production as it was.
fn not_rolled_back(effect: EffectWords, reason: Reason) -> Words {
    Words { headline: "Not rolled back", reason, effect }
}

impl Diagnostic {
    /// Puts a failure into words.
    pub fn new(failure: &Failure, report: &Report<'_>) -> Self {
        let Words { headline, reason, effect } = words(failure, report);
        let problems = match failure {
            Failure::InvalidInput(problems) => problems.clone(),
            _ => vec![reason.problem],
        };
        let error = failure.call_error();
        let (status, body) = (error.and_then(CallError::status), error.and_then(CallError::body));
        let must_be_looked_up = [NOBODY_KNOWS, NOT_ACTIVE, WRONG].contains(&effect);
        Self {
            headline: format!("{headline} ({})", failure.outcome().name()),
            title: format!("{headline}: {}", reason.cause),
            problems,
            http_status: status,
            error_code: body.and_then(|body| body.code.clone()),
            answer: status.zip(body).map(|(status, body)| format!("HTTP {status}: {body}")),
            effect: effect.line,
            effect_sentence: effect.sentence,
            help: Some(reason.help).filter(|help| !help.is_empty()),
            command: report.context.task.filter(|_| must_be_looked_up).map(command),
            candidates: (failure.candidates().iter())
                .map(|one| Candidate::new(one, failure.active(), report))
                .collect(),
        }
    }

    /// Each problem and the next step, one line for each problem.
    pub fn lines(&self) -> Vec<String> {
        let help = self.help.as_ref().map(|help| format!("; {help}")).unwrap_or_default();
        self.problems.iter().map(|problem| format!("{problem}{help}")).collect()
    }

    /// The facts, for people.
    pub fn rows(&self, names: &Names) -> Vec<Row> {
        let answer = self.answer.clone().map(|answer| Row::new("the API said", answer));
        let command = self.command.clone().map(|command| Row::new("to find out", command));
        let candidates = self.candidates.iter().map(|candidate| candidate.row(names));
        let effect = Row::new("effect", self.effect);
        answer.into_iter().chain([effect]).chain(command).chain(candidates).collect()
    }
}

/// The command that shows the active deployments.
fn command(task: &Task) -> String {
    let active = task.connection.endpoint.active(&task.request.agent_id);
    // The one character of a URL that would end the quotes of the shell.
    let active = active.as_str().replace('\'', "%27");
    format!("curl -H \"X-API-KEY: $POLYAI_API_KEY\" '{active}'")
}

fn words(failure: &Failure, report: &Report<'_>) -> Words {
    let Report { record, context, .. } = report;
    let tests = record.tests.as_ref();
    let progress = tests.map(TestRuns::progress).unwrap_or_default();
    let doubts = tests.map(TestRuns::doubts).unwrap_or_default();
    match failure {
        Failure::InvalidInput(problems) => {
            let cause = if problems.len() == 1 { "an input is bad" } else { "inputs are bad" };
            not_rolled_back(NOTHING_SENT, Reason::new(cause, "", ""))
        }
        Failure::NoTarget { why, candidates } => {
            not_rolled_back(NOTHING_SENT, target_help::no_target(*why, candidates, report))
        }
        Failure::Ambiguous { .. } => not_rolled_back(NOTHING_SENT, target_help::ambiguous(report)),
        Failure::TooShort { input, matching } => {
            not_rolled_back(NOTHING_SENT, target_help::too_short(input, matching, report))
        }
        Failure::Superseded { now, lost } => {
            let effect = if record.plan.target.is_none() { NOTHING_SENT } else { not_done(lost) };
            not_rolled_back(effect, target_help::superseded(now.as_deref(), report))
        }
        Failure::AlreadyRolledBack { undone } => not_rolled_back(
            NOTHING_SENT,
            target_help::already_rolled_back(undone.as_deref(), report),
        ),
        Failure::Unread { error, .. } => {
            not_rolled_back(NOTHING_SENT, call_help::unread(error, context))
        }
        Failure::NotDone { error, lost, candidates } => {
            not_rolled_back(not_done(lost), call_help::not_done(error, candidates, report))
        }
        Failure::Internal(cause) => not_rolled_back(
            NOTHING_SENT,
            Reason::new(
                "a bug",
                format!("a bug in polyai-rollback: {cause}"),
                "report it with this log; until it is mended, roll back in Agent Studio",
            ),
        ),
        Failure::Cancelled { signal, delivery } => cancelled(signal.name(), *delivery, report),
        Failure::Unknown { lost, cause, .. } => perhaps_rolled_back(
            "the API's answer was lost",
            format!(
                "the request was sent, and the API's answer was lost ({lost}); looking for its effect did not \
                 help: {cause}"
            ),
            report,
        ),
        Failure::NotActive => not_active(report),
        Failure::TestsFailed => tests_decided("Rolled back, but tests failed", progress),
        Failure::TestsUnknown => tests_decided(
            "Rolled back, but nobody knows whether tests passed",
            format!("{progress}; {doubts}"),
        ),
    }
}

/// The words of a rollback that stands although its tests made the run fail.
fn tests_decided(headline: &'static str, problem: String) -> Words {
    let help = "the tests are no reason to roll back again; call the agent, and look at the test runs in Agent Studio";
    Words { headline, reason: Reason::new("", problem, help), effect: STAYS }
}

/// The words of a run that does not know what became of its request.
fn perhaps_rolled_back(cause: &str, problem: String, report: &Report<'_>) -> Words {
    let Report { record, context, names, .. } = report;
    let named = |deployment: Option<&Deployment>, unknown: &str| {
        deployment.map_or(unknown.to_owned(), |known| names.title(known, LINE_CHARACTERS))
    };
    let help = format!(
        "wait a minute, then {}; if that is {}, run the job again; if it is {}, the rollback was done",
        context.look_first(),
        named(record.plan.current.as_ref(), "the bad version"),
        named(record.plan.target.as_ref(), "the one to go back to"),
    );
    let reason = Reason::new(cause, problem, help);
    Words { headline: "Perhaps rolled back", reason, effect: NOBODY_KNOWS }
}

/// The effect of a run whose last request failed. `lost` is how the answer to an earlier one was lost.
fn not_done(lost: &Option<String>) -> EffectWords {
    if lost.is_some() { NOTHING_SEEN } else { NOTHING_DONE }
}

/// The words of a run that a signal has cancelled.
fn cancelled(signal: &str, delivery: Delivery, report: &Report<'_>) -> Words {
    let cause = "it was cancelled";
    let again = "run it again if it is still wanted, which is safe";
    match delivery {
        Delivery::NotSent => {
            let problem = format!("cancelled by {signal} before the request was sent");
            not_rolled_back(NOTHING_SENT, Reason::new(cause, problem, again))
        }
        Delivery::NoEffect => {
            let problem = format!("cancelled by {signal}; no request had an effect");
            not_rolled_back(NOTHING_DONE, Reason::new(cause, problem, again))
        }
        Delivery::InDoubt => perhaps_rolled_back(
            cause,
            format!(
                "cancelled by {signal} after the request was sent, and before it was known what \
                 came of it"
            ),
            report,
        ),
        Delivery::Done => {
            let moment = match report.record.tests {
                Some(_) => "while it waited for the tests",
                None => "before the new deployment was seen to be active",
            };
            let problem = format!("cancelled by {signal} after it was rolled back, {moment}");
            let help = "do not run it again: the rollback stands";
            let reason = Reason::new(cause, problem, help);
            Words { headline: "Rolled back, then stopped", reason, effect: STAYS }
        }
    }
}

/// The words of a deployment that was made and is not active, or is not the one that was asked for.
fn not_active(report: &Report<'_>) -> Words {
    let Report { record, context, .. } = report;
    let (made, help) = (report.line(record.made()), context.look_first());
    if let Some(Verification::OtherActive(active)) = &record.verification {
        let active = report.line(active.as_ref());
        let problem = format!("the rollback was done: {made}; but what is active is {active}");
        let reason = Reason::new("another version is active", problem, help);
        return Words { headline: "Accepted, but not active", reason, effect: NOT_ACTIVE };
    }
    let target = report.line(record.plan.target.as_ref());
    let problem =
        format!("the API made something else: {made}; and what was asked for is {target}");
    let reason = Reason::new("something else was made", problem, help);
    Words { headline: "Accepted, but wrong", reason, effect: WRONG }
}
