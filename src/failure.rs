//! Everything that can go wrong, as data and then in words: what happened, and what to do next.

use crate::answer::ApiError;
use crate::inputs::Request;
use crate::outcome::{Effect, Outcome};
use crate::text::{Row, SHOWN, one_line};
use crate::variables::Variables;
use anyhow::Error;
use humantime::format_rfc3339_seconds;
use serde::Serialize;

/// Why there is no rollback, or none that is known of.
#[derive(Debug)]
pub enum Failure {
    /// Inputs or files are bad, one line each.
    InvalidInput(Vec<String>),
    /// No connection to the API was made.
    NotReached(Error),
    /// The request went out, and no answer came.
    Lost(Error),
    /// An answer came that says yes and cannot be read.
    Unreadable {
        /// Its status, a 2xx.
        status: u16,
        /// What can be made of its body.
        error: ApiError,
        /// Why it cannot be read.
        cause: Error,
    },
    /// The API said no.
    Answered {
        /// The status: not a 2xx, or a 2xx that holds an error.
        status: u16,
        /// What it said.
        error: ApiError,
    },
    /// A bug, before anything was sent.
    Internal(Error),
}

/// A failure in words.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Explanation {
    /// What happened: one line, or one for each bad input.
    pub problems: Vec<String>,
    /// The status of the answer.
    pub http_status: Option<u16>,
    /// The API's code for the error.
    pub error_code: Option<String>,
    /// What the API said, the code included.
    pub answer: Option<String>,
    /// What was and was not done.
    pub effect: &'static str,
    /// What to do now, where the problems do not say it themselves.
    pub next: Option<String>,
}

impl Explanation {
    /// What happened and what to do, one line for each problem.
    pub fn lines(&self) -> Vec<String> {
        let next = self.next.as_ref().map(|next| format!("; {next}")).unwrap_or_default();
        self.problems.iter().map(|problem| format!("{problem}{next}")).collect()
    }

    /// The facts, as label and text, for people.
    pub fn rows(&self) -> Vec<Row> {
        let answer = self.answer.clone().map(|answer| ("the API said", answer));
        let effect = ("production", self.effect.to_owned());
        answer.into_iter().chain([effect]).collect()
    }
}

impl Failure {
    /// How the run ends.
    pub fn outcome(&self) -> Outcome {
        match self {
            Self::InvalidInput(_) => Outcome::InvalidInput,
            Self::NotReached(_) => Outcome::Unavailable,
            Self::Lost(_) | Self::Unreadable { .. } => Outcome::Unknown,
            Self::Internal(_) => Outcome::InternalError,
            Self::Answered { status, .. } => match status {
                401 | 403 => Outcome::Unauthorized,
                404 => Outcome::NotFound,
                429 | 503 => Outcome::Unavailable,
                200..=407 | 409..=499 => Outcome::Refused,
                _ => Outcome::Unknown,
            },
        }
    }

    /// The failure of a request in words; `request` is there unless the inputs were bad.
    pub fn explain(&self, request: Option<&Request>, variables: &Variables) -> Explanation {
        let answer = match self {
            Self::Answered { status, error } | Self::Unreadable { status, error, .. } => {
                Some((*status, error))
            }
            _ => None,
        };
        Explanation {
            problems: self.problems(request),
            http_status: answer.map(|(status, _)| status),
            error_code: answer.and_then(|(_, error)| error.code.clone()),
            answer: answer.map(|(status, error)| format!("HTTP {status}: {error}")),
            effect: self.effect(),
            next: self.next(request, variables),
        }
    }

    fn effect(&self) -> &'static str {
        match (self, self.outcome().effect()) {
            (Self::InvalidInput(_) | Self::Internal(_), _) => "unchanged: nothing was sent",
            (_, Effect::Unchanged) => "unchanged: nothing was rolled back",
            (_, Effect::Unknown) => "unknown: it may or may not have been rolled back",
            (_, Effect::Done) => "rolled back",
        }
    }

    fn problems(&self, request: Option<&Request>) -> Vec<String> {
        let api = request.map(|request| request.endpoint.to_string()).unwrap_or_default();
        let problem = match self {
            Self::InvalidInput(problems) => return problems.clone(),
            Self::NotReached(cause) => format!("no connection to {api}: {cause:#}"),
            Self::Lost(cause) => {
                format!("the request was sent, but no readable answer came: {cause:#}")
            }
            Self::Unreadable { status, cause, .. } => {
                format!("the answer is HTTP {status}, but it cannot be read: {cause:#}")
            }
            Self::Internal(cause) => format!("a bug in polyai-rollback: {cause:#}"),
            Self::Answered { status, .. } => match (status, request) {
                (401, _) => format!("the API did not accept the key, in {api}"),
                (403, _) => format!("the API does not let this key roll back this agent, in {api}"),
                (404, Some(Request { agent_id, deployment_id, .. })) => format!(
                    "deployment {} of agent {} was not found in {api}",
                    one_line(deployment_id.as_str(), SHOWN),
                    one_line(agent_id.as_str(), SHOWN),
                ),
                (200..=299, _) => "the API answered with an error and no deployment".to_owned(),
                (300..=399, _) => {
                    "the API answered with a redirect, which is not followed".to_owned()
                }
                (409, _) => "the API refused the rollback because of a conflict".to_owned(),
                (429, _) => "the API refused the request: too many at present".to_owned(),
                (400..=499, _) if *status != 408 => "the API refused the rollback".to_owned(),
                (503, _) => "the API is not available at present".to_owned(),
                _ => "the API, or a gateway before it, failed on the request".to_owned(),
            },
        };
        vec![problem]
    }

    fn next(&self, request: Option<&Request>, variables: &Variables) -> Option<String> {
        let spell = |input| variables.spell(input);
        let is_region = request.is_none_or(|request| request.endpoint.region().is_some());
        let address = spell(if is_region { "region" } else { "base-url" });
        Some(match (self.outcome(), self) {
            (Outcome::InvalidInput, _) => return None,
            (Outcome::Unauthorized, _) => format!(
                "check {} and {address}: a key belongs to one workspace and one region, and may have \
                 expired or been rotated",
                spell(if variables.is_given("api-key") { "api-key" } else { "api-key-file" }),
            ),
            (Outcome::NotFound, _) => format!(
                "check {}, {} and {address}: any of the three can be the wrong one",
                spell("deployment-id"),
                spell("agent-id"),
            ),
            (Outcome::Refused, Self::Answered { status: 300..=399, .. }) => {
                format!("check {address}: what answers there is not the API")
            }
            (Outcome::Refused, Self::Answered { status: 409, .. }) => {
                "it will be refused until the conflict is over, such as a running A/B test"
                    .to_owned()
            }
            (Outcome::Refused, _) => {
                "running it again will not help: see what the API said".to_owned()
            }
            (Outcome::Unavailable, Self::NotReached(_)) => format!(
                "check {address} and this runner's way there (DNS, firewall, HTTPS_PROXY), then run it \
                 again, which is safe",
            ),
            (Outcome::Unavailable, _) => "wait a little and run it again, which is safe".to_owned(),
            (Outcome::Unknown, _) => {
                let started = request.map(|request| format_rfc3339_seconds(request.started));
                let active = request.map(|request| request.endpoint.active(&request.agent_id));
                // The one character of a URL that would end the quotes of the shell.
                let active =
                    active.map(|url| url.as_str().replace('\'', "%27")).unwrap_or_default();
                format!(
                    "wait a minute and look, as running it again may roll back twice: a deployment in \
                     the target's environment that was created after {}, unless somebody else made it, \
                     means that it was rolled back: curl -H \"X-API-KEY: $POLYAI_API_KEY\" '{active}'",
                    started.map(|started| started.to_string()).unwrap_or_default(),
                )
            }
            (Outcome::InternalError | Outcome::RolledBack, _) => {
                "report it with this log; until it is mended, roll back in Agent Studio".to_owned()
            }
        })
    }
}
