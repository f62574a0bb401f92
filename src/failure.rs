//! Everything that can go wrong, as data and then in words: what happened, and what to do next.

use crate::fault::{Fault, Meaning, Unreached};
use crate::inputs::Request;
use crate::outcome::{Effect, Outcome};
use crate::signals::Signal;
use crate::text::{Row, SHOWN, one_line};
use crate::variables::Variables;
use anyhow::Error;
use rustls::CertificateError;
use serde::Serialize;

/// Why there is no rollback, or none that is known of.
#[derive(Debug)]
pub enum Failure {
    /// Inputs or files are bad, one line each.
    InvalidInput(Vec<String>),
    /// The last try failed, and no try had an effect. Where the fault alone does not say so, the
    /// deployments were looked at.
    NotDone(Fault),
    /// A request was sent, the answer was lost, and the deployments do not show what became of it.
    Unknown {
        /// How the answer was lost.
        fault: Fault,
        /// Why the deployments do not show it.
        cause: Error,
    },
    /// A signal came first.
    Cancelled {
        /// Which one.
        signal: Signal,
        /// When.
        stage: Stage,
    },
    /// A bug, before anything was sent.
    Internal(Error),
}

/// How far a rollback has come.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Stage {
    /// No request has left.
    Before,
    /// A request has left, and nobody knows its effect.
    Sent,
    /// All that was sent is known to have had no effect.
    Between,
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
    /// The command that shows what became of it, where that is not known.
    pub command: Option<String>,
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
        let command = self.command.clone().map(|command| ("to find out", command));
        answer.into_iter().chain([effect]).chain(command).collect()
    }
}

impl Failure {
    /// How the run ends.
    pub fn outcome(&self) -> Outcome {
        match self {
            Self::InvalidInput(_) => Outcome::InvalidInput,
            Self::Unknown { .. } => Outcome::Unknown,
            Self::Cancelled { signal, .. } => signal.outcome(),
            Self::Internal(_) => Outcome::InternalError,
            Self::NotDone(fault) => match fault {
                Fault::Answered { status: 401 | 403, .. } => Outcome::Unauthorized,
                Fault::Answered { status: 404, .. } => Outcome::NotFound,
                Fault::Answered { .. } if fault.meaning() == Meaning::Never => Outcome::Refused,
                _ => Outcome::Unavailable,
            },
        }
    }

    /// What became of production.
    pub fn effect(&self) -> Effect {
        match self {
            Self::Unknown { .. } | Self::Cancelled { stage: Stage::Sent, .. } => Effect::Unknown,
            _ => Effect::Unchanged,
        }
    }

    /// The failure of a request in words; `request` is there unless the inputs were bad.
    pub fn explain(&self, request: Option<&Request>, variables: &Variables) -> Explanation {
        let words = Words { request, variables };
        let answer = match self {
            Self::NotDone(fault) | Self::Unknown { fault, .. } => fault.answer(),
            _ => None,
        };
        Explanation {
            problems: self.problems(&words),
            http_status: answer.map(|(status, _)| status),
            error_code: answer.and_then(|(_, error)| error.code.clone()),
            answer: answer.map(|(status, error)| format!("HTTP {status}: {error}")),
            effect: match (self, self.effect()) {
                (Self::InvalidInput(_) | Self::Internal(_), _)
                | (Self::Cancelled { stage: Stage::Before, .. }, _) => {
                    "unchanged: nothing was sent"
                }
                (_, Effect::Unknown) => "unknown: it may or may not have been rolled back",
                _ => "unchanged: nothing was rolled back",
            },
            next: self.next(&words),
            command: words.command().filter(|_| self.effect() == Effect::Unknown),
        }
    }

    fn problems(&self, words: &Words<'_>) -> Vec<String> {
        let api = words.api();
        let problem = match self {
            Self::InvalidInput(problems) => return problems.clone(),
            Self::Internal(cause) => format!("a bug in polyai-rollback: {cause:#}"),
            Self::Cancelled { signal, stage } => {
                let stage = match stage {
                    Stage::Before => "before the request was sent",
                    Stage::Sent => {
                        "after the request was sent, and before it was known what came of it"
                    }
                    Stage::Between => "before the request was sent again",
                };
                format!("cancelled by {} {stage}", signal.name())
            }
            Self::Unknown { fault, cause } => format!(
                "the request was sent, its answer was lost ({fault}), and the deployments do not show \
                 what came of it: {cause:#}",
            ),
            Self::NotDone(fault) => match fault {
                Fault::NotReached(why) => match words.proxy() {
                    Some(proxy) => format!("no connection to {api} through {proxy}: {why}"),
                    None => format!("no connection to {api}: {why}"),
                },
                Fault::Answered { status, .. } if fault.meaning() != Meaning::Unclear => {
                    words.refusal(*status)
                }
                lost => format!(
                    "the request was sent and its answer was lost ({lost}), but the deployments show \
                     that it had no effect",
                ),
            },
        };
        vec![problem]
    }

    fn next(&self, words: &Words<'_>) -> Option<String> {
        let address = words.address();
        let spell = |input| words.variables.spell(input);
        Some(match self {
            Self::InvalidInput(_) => return None,
            Self::Internal(_) => {
                "report it with this log; until it is mended, roll back in Agent Studio".to_owned()
            }
            Self::Cancelled { stage: Stage::Before | Stage::Between, .. } => {
                "run it again if it is still wanted, which is safe".to_owned()
            }
            Self::Unknown { .. } | Self::Cancelled { stage: Stage::Sent, .. } => {
                words.how_to_find_out()
            }
            Self::NotDone(Fault::NotReached(why)) => match why {
                Unreached::Certificate(CertificateError::UnknownIssuer) => format!(
                    "if a proxy or a gateway of your company answers there, give the certificate of \
                     its authority in {}",
                    spell("ca-cert"),
                ),
                Unreached::Certificate(
                    CertificateError::Expired
                    | CertificateError::ExpiredContext { .. }
                    | CertificateError::NotValidYet
                    | CertificateError::NotValidYetContext { .. },
                ) => format!(
                    "check the clock of this machine, which says {}; if it is right, who runs {} must \
                     renew the certificate",
                    words.request.map(Request::started).unwrap_or_default(),
                    words.api(),
                ),
                Unreached::Certificate(_) => {
                    format!(
                        "check {address}, and whether something else answers in the API's place"
                    )
                }
                Unreached::ProxyAuthentication | Unreached::ProxyRefused => format!(
                    "check {}, and that the proxy allows this machine to connect there, or name the \
                     host in NO_PROXY; it was not the API that refused",
                    words.proxy_variable(),
                ),
                Unreached::Other(_) => format!(
                    "check {address} and this machine's way there (DNS, firewall, {}), then run it \
                     again, which is safe",
                    words.proxy_variable(),
                ),
            },
            Self::NotDone(Fault::Answered { status: 401 | 403, .. }) => format!(
                "check {} and {address}: a key belongs to one workspace and one region, and may have \
                 expired or been rotated",
                spell(if words.variables.is_given("api-key") { "api-key" } else { "api-key-file" }),
            ),
            Self::NotDone(Fault::Answered { status: 404, .. }) => format!(
                "check {}, {} and {address}: any of the three can be the wrong one",
                spell("deployment-id"),
                spell("agent-id"),
            ),
            Self::NotDone(Fault::Answered { status: 300..=399, .. }) => {
                format!("check {address}: what answers there is not the API")
            }
            Self::NotDone(Fault::Answered { status: 409, .. }) => {
                "it will be refused until the conflict is over, such as a running A/B test"
                    .to_owned()
            }
            Self::NotDone(fault) if fault.meaning() == Meaning::Never => {
                "running it again will not help: see what the API said".to_owned()
            }
            Self::NotDone(_) => "wait a little and run it again, which is safe".to_owned(),
        })
    }
}

/// What the words of a failure need to know.
struct Words<'a> {
    request: Option<&'a Request>,
    variables: &'a Variables,
}

impl Words<'_> {
    fn api(&self) -> String {
        self.request.map(|request| request.endpoint.to_string()).unwrap_or_default()
    }

    /// The input that says where the API is.
    fn address(&self) -> String {
        let is_region = self.request.is_none_or(|request| request.endpoint.region().is_some());
        self.variables.spell(if is_region { "region" } else { "base-url" })
    }

    fn proxy(&self) -> Option<String> {
        self.request?.proxy.as_ref().map(|proxy| format!("the proxy {proxy}"))
    }

    fn proxy_variable(&self) -> &'static str {
        let proxy = self.request.and_then(|request| request.proxy.as_ref());
        proxy.map_or("HTTPS_PROXY", |proxy| proxy.variable)
    }

    /// An answer that says no.
    fn refusal(&self, status: u16) -> String {
        let api = self.api();
        match (status, self.request) {
            (401, _) => format!("the API did not accept the key, in {api}"),
            (403, _) => format!("the API does not let this key roll back this agent, in {api}"),
            (404, Some(Request { agent_id, deployment_id, .. })) => format!(
                "deployment {} of agent {} was not found in {api}",
                one_line(deployment_id.as_str(), SHOWN),
                one_line(agent_id.as_str(), SHOWN),
            ),
            (200..=299, _) => "the API answered with an error and no deployment".to_owned(),
            (300..=399, _) => "the API answered with a redirect, which is not followed".to_owned(),
            (409, _) => "the API refused the rollback because of a conflict".to_owned(),
            (429, _) => "the API refused the request: too many at present".to_owned(),
            (503, _) => "the API is not available at present".to_owned(),
            _ => "the API refused the rollback".to_owned(),
        }
    }

    fn how_to_find_out(&self) -> String {
        let started = self.request.map(Request::started).unwrap_or_default();
        format!(
            "wait a minute and look with the command below, as running it again may roll back twice: \
             a deployment in the target's environment that was created after {started} (by this \
             machine's clock), unless somebody else made it, means that it was rolled back",
        )
    }

    /// The command that shows the active deployments.
    fn command(&self) -> Option<String> {
        let request = self.request?;
        // The one character of a URL that would end the quotes of the shell.
        let active = request.endpoint.active(&request.agent_id).as_str().replace('\'', "%27");
        Some(format!("curl -H \"X-API-KEY: $POLYAI_API_KEY\" '{active}'"))
    }
}
