//! Failures in words: what happened, what was and was not done, and what to do next.
//!
//! [`Diagnostic::new`] has one arm for each failure, and the two functions below it one arm for each way
//! in which a call can fail. An arm holds everything that a person sees of its failure, in the order in
//! which a person needs it.

use crate::inputs::Task;
use crate::model::{
    CallError, Candidates, Delivery, Deployment, Elsewhere, Environment, Failure, NoTarget, Record,
    RetryClass, TargetSpec, TestRuns, Verification,
};
use crate::report::{connect_help, context::Context};
use crate::text::{
    row::Row,
    sanitize::{SHOWN_CHARACTERS, one_line},
};
use serde::Serialize;

const NOTHING_SENT: &str = "unchanged: nothing was sent";
const NOTHING_DONE: &str = "unchanged: nothing was rolled back";
const NOBODY_KNOWS: &str = "unknown: it may or may not have been rolled back";
const NOT_ACTIVE: &str = "unknown: the new deployment was made, and another one is active";
const STAYS: &str = "rolled back, and it stays so";

/// A failure in words.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Diagnostic {
    /// The end in a few words.
    #[serde(skip)]
    pub headline: String,
    /// What happened: one line, or one for each bad input.
    pub problems: Vec<String>,
    /// The status of the API's answer.
    pub http_status: Option<u16>,
    /// The API's code for the error.
    pub error_code: Option<String>,
    /// What the API said, the code included.
    pub answer: Option<String>,
    /// What was and was not done.
    pub effect: &'static str,
    /// What to do now; none where the problems say it themselves.
    #[serde(rename = "next")]
    pub help: Option<String>,
    /// The command that shows what became of the rollback, where that is not known.
    pub command: Option<String>,
    /// Deployments to choose from, where the one that was asked for is not to be had.
    #[serde(rename = "choice")]
    pub candidates: Vec<String>,
}

/// What an arm says: the end in a few words, what happened, what was and was not done, what to do.
struct Words {
    headline: &'static str,
    problem: String,
    effect: &'static str,
    help: String,
}

/// The words of a run that left production as it was.
fn not_rolled_back(effect: &'static str, problem: String, help: String) -> Words {
    Words { headline: "Not rolled back", problem, effect, help }
}

impl Diagnostic {
    /// Puts a failure into words.
    pub fn new(failure: &Failure, record: &Record, context: &Context<'_>) -> Self {
        let speaker = Speaker { record, context };
        let words = speaker.words(failure);
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

    /// What happened and what to do, one line for each problem.
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

/// What the words of a failure need to know.
struct Speaker<'a> {
    record: &'a Record,
    context: &'a Context<'a>,
}

impl Speaker<'_> {
    fn words(&self, failure: &Failure) -> Words {
        let there = self.record.plan.environment.map_or("its environment", Environment::name);
        let target_input = self.spell("deployment-id");
        match failure {
            Failure::InvalidInput(_) => not_rolled_back(NOTHING_SENT, String::new(), String::new()),
            Failure::NoTarget { why, candidates } => self.no_target(*why, candidates, there),
            Failure::Ambiguous { .. } => not_rolled_back(
                NOTHING_SENT,
                format!("{} is the beginning of several versions in {there}", self.target()),
                format!("give more characters of it in {target_input}, or the id of a deployment"),
            ),
            // A request may have been sent in vain before somebody deployed.
            Failure::Superseded => not_rolled_back(
                NOTHING_DONE,
                format!(
                    "what is active in {there} is not {}, but {}",
                    self.expected(),
                    describe(self.record.plan.current.as_ref())
                ),
                format!(
                    "somebody deployed meanwhile: look at that first, and run it again only if that \
                     must go, too ({} is a whole id, a whole hash, or at least 7 characters of it)",
                    self.spell("expect-current")
                ),
            ),
            Failure::Unread(error) => self.unread(error),
            Failure::NotDone { error, candidates } => self.not_done(error, candidates),
            Failure::Internal(cause) => not_rolled_back(
                NOTHING_SENT,
                format!("a bug in polyai-rollback: {cause}"),
                "report it with this log; until it is mended, roll back in Agent Studio".to_owned(),
            ),
            Failure::Cancelled { signal, delivery } => self.cancelled(signal.name(), *delivery),
            Failure::Unknown { lost, cause, .. } => Words {
                headline: "Perhaps rolled back",
                problem: format!(
                    "the request was sent, its answer was lost ({lost}), and the deployments do not \
                     show what came of it: {cause}"
                ),
                effect: NOBODY_KNOWS,
                help: self.how_to_find_out(),
            },
            Failure::NotActive => Words {
                headline: "Accepted, but not active",
                problem: self.not_active(),
                effect: NOT_ACTIVE,
                help: "somebody may have deployed meanwhile: look again with the command below \
                       before you run it again"
                    .to_owned(),
            },
            Failure::TestsFailed => Words {
                headline: "Rolled back, but tests failed",
                problem: format!("tests failed, {}", self.progress()),
                effect: STAYS,
                help: "the rollback stands; look at its tests in Agent Studio".to_owned(),
            },
            Failure::TestsUnknown => Words {
                headline: "Rolled back, but nobody knows whether tests passed",
                problem: format!("{}; {}", self.progress(), self.doubts()),
                effect: STAYS,
                help: "the rollback stands; look at its tests in Agent Studio".to_owned(),
            },
        }
    }

    /// There is nothing to go back to.
    fn no_target(&self, why: NoTarget, candidates: &Candidates, there: &str) -> Words {
        let (target, elsewhere) = (self.target(), self.elsewhere(candidates));
        let target_input = self.spell("deployment-id");
        let name_one = format!("name the deployment to go back to in {target_input}");
        let (problem, help) = match why {
            NoTarget::Nowhere => (
                format!("{target} is no deployment of any environment{elsewhere}"),
                format!("check {target_input} and {}", self.spell("agent-id")),
            ),
            NoTarget::NotThere => (
                format!(
                    "{target} is neither one of the newest deployments of {there} nor the version of \
                     one, of which at least 7 characters are needed{elsewhere}"
                ),
                format!("check {target_input} and {}", self.spell("environment")),
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
                    "{there} has deployments that are newer than the active one, so that nobody knows \
                     what was before it"
                ),
                name_one,
            ),
        };
        not_rolled_back(NOTHING_SENT, problem, help)
    }

    /// A signal came before the end.
    fn cancelled(&self, signal: &str, delivery: Delivery) -> Words {
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
            Delivery::InDoubt => Words {
                headline: "Perhaps rolled back",
                problem: format!(
                    "cancelled by {signal} after the request was sent, and before it was known what \
                     came of it"
                ),
                effect: NOBODY_KNOWS,
                help: self.how_to_find_out(),
            },
            Delivery::Done => Words {
                headline: "Rolled back, then stopped",
                problem: format!(
                    "cancelled by {signal} after it was rolled back, {}",
                    match self.record.tests {
                        Some(_) => "while it waited for the tests",
                        None => "before that was verified",
                    }
                ),
                effect: STAYS,
                help: "it need not be run again".to_owned(),
            },
        }
    }

    /// A read failed before anything was sent.
    fn unread(&self, error: &CallError) -> Words {
        let (api, address) = (self.api(), self.address_input());
        let unread = format!("the deployments could not be read before the rollback: {error}");
        let (problem, help) = match error {
            CallError::NotSent(why) => connect_help::words(why, self.context),
            CallError::Answered { status: 401, .. } => {
                (format!("the API did not accept the key, in {api}"), self.check_the_key())
            }
            CallError::Answered { status: 403, .. } => (
                format!("the API does not let this key read the deployments, in {api}"),
                self.check_the_key(),
            ),
            CallError::Answered { status: 404, .. } => (
                format!("agent {} was not found in {api}", self.agent()),
                format!("check {} and {address}", self.spell("agent-id")),
            ),
            CallError::Answered { status: 300..=399, .. } => {
                (unread, format!("check {address}: what answers there is not the API"))
            }
            _ => (
                unread,
                format!(
                    "run it again, which is safe; to a bare {}, without {}, it goes back without \
                     reading anything first",
                    self.spell("deployment-id"),
                    ["environment", "expect-current", "dry-run"]
                        .map(|input| self.spell(input))
                        .join(", "),
                ),
            ),
        };
        not_rolled_back(NOTHING_SENT, problem, help)
    }

    /// The request failed, and had no effect.
    fn not_done(&self, error: &CallError, candidates: &Candidates) -> Words {
        let (api, address) = (self.api(), self.address_input());
        let later = "wait a little and run it again, which is safe".to_owned();
        let never = "running it again will not help: see what the API said".to_owned();
        let (problem, help) = match error {
            CallError::NotSent(why) => connect_help::words(why, self.context),
            error if error.retry_class() == RetryClass::InDoubt => (
                format!(
                    "the request was sent and its answer was lost ({error}), but the deployments show \
                     that it had no effect"
                ),
                later,
            ),
            CallError::Answered { status: 401, .. } => {
                (format!("the API did not accept the key, in {api}"), self.check_the_key())
            }
            CallError::Answered { status: 403, .. } => (
                format!("the API does not let this key roll back this agent, in {api}"),
                self.check_the_key(),
            ),
            CallError::Answered { status: 404, .. } => (
                format!(
                    "deployment {} of agent {} was not found in {api}{}",
                    self.target(),
                    self.agent(),
                    self.elsewhere(candidates),
                ),
                format!(
                    "check {}, {} and {address}: any of the three can be the wrong one",
                    self.spell("deployment-id"),
                    self.spell("agent-id"),
                ),
            ),
            CallError::Answered { status: 409, .. } => (
                "the API refused the rollback because of a conflict".to_owned(),
                "it will be refused until the conflict is over, such as a running A/B test"
                    .to_owned(),
            ),
            CallError::Answered { status: 429, .. } => {
                ("the API refused the request: too many at present".to_owned(), later)
            }
            CallError::Answered { status: 503, .. } => {
                ("the API is not available at present".to_owned(), later)
            }
            CallError::Answered { status: 300..=399, .. } => (
                "the API answered with a redirect, which is not followed".to_owned(),
                format!("check {address}: what answers there is not the API"),
            ),
            CallError::Answered { status: 200..=299, .. } => {
                ("the API answered with an error and no deployment".to_owned(), never)
            }
            _ => ("the API refused the rollback".to_owned(), never),
        };
        not_rolled_back(NOTHING_DONE, problem, help)
    }

    fn spell(&self, input: &str) -> String {
        self.context.variables.spell(input)
    }

    fn check_the_key(&self) -> String {
        let variables = self.context.variables;
        let input = if variables.is_given("api-key") { "api-key" } else { "api-key-file" };
        format!(
            "check {} and {}: a key belongs to one workspace and one region, and may have expired or \
             been rotated",
            variables.spell(input),
            self.address_input(),
        )
    }

    fn how_to_find_out(&self) -> String {
        let started = self.context.task.map(|task| task.request.started()).unwrap_or_default();
        format!(
            "wait a minute and look with the command below, as running it again may roll back twice: \
             a deployment in the target's environment that was created after {started} (by this \
             machine's clock), unless somebody else made it, means that it was rolled back",
        )
    }

    /// A deployment was made that is not active, or not what was asked for.
    fn not_active(&self) -> String {
        let made = self.record.rollback.as_ref().map(|rollback| &rollback.deployment);
        let made = describe(made);
        match &self.record.verification {
            Some(Verification::OtherActive(active)) => format!(
                "the API accepted the rollback ({made}), but what is active is {}",
                describe(active.as_ref()),
            ),
            _ => {
                let target = describe(self.record.plan.target.as_ref());
                format!("the API made something else ({made}) than was asked for ({target})")
            }
        }
    }

    fn progress(&self) -> String {
        self.record.tests.as_ref().map(TestRuns::progress).unwrap_or_default()
    }

    fn doubts(&self) -> String {
        self.record.tests.as_ref().map(TestRuns::doubts).unwrap_or_default()
    }

    /// What was expected to be active. Without a guard, that is what `previous` was found by.
    fn expected(&self) -> String {
        let expected = self.context.task.and_then(|task| task.request.expect_current.as_ref());
        expected.map_or("what was before".to_owned(), |expected| self.shown(expected))
    }

    fn agent(&self) -> String {
        self.context.task.map(|task| self.shown(task.request.agent_id.as_str())).unwrap_or_default()
    }

    /// The target as it was given.
    fn target(&self) -> String {
        match self.context.task.map(|task| &task.request.target) {
            Some(TargetSpec::Named(id)) => self.shown(id.as_str()),
            _ => "the previous deployment".to_owned(),
        }
    }

    /// Where else the target is, as far as the lists show that.
    fn elsewhere(&self, candidates: &Candidates) -> String {
        match candidates.elsewhere {
            Some(Elsewhere::Deployment(environment)) => format!("; {environment} has it"),
            Some(Elsewhere::Version(environment)) => {
                let input = self.spell("environment");
                format!(
                    "; it is a version of {environment}, for which {input} must be {environment}"
                )
            }
            None => String::new(),
        }
    }

    fn api(&self) -> String {
        self.context.task.map(|task| task.connection.endpoint.to_string()).unwrap_or_default()
    }

    fn address_input(&self) -> String {
        connect_help::address_input(self.context)
    }

    /// Redacted before it is cut, as half a secret is one, too.
    fn shown(&self, text: &str) -> String {
        one_line(&self.context.redaction.apply(text), SHOWN_CHARACTERS)
    }
}

fn describe(deployment: Option<&Deployment>) -> String {
    deployment.map_or("nothing".to_owned(), Deployment::describe)
}
