//! Failures in words: what happened, what was and was not done, and what to do next.

use crate::agents_api::http::Stage;
use crate::inputs::variables::Variables;
use crate::model::call_error::{Fault, Meaning, Unreached, is_self_signed};
use crate::model::deployment::Deployment;
use crate::model::failure::{Failure, NoTarget};
use crate::model::outcome::Effect;
use crate::model::record::{Course, Found};
use crate::model::rollback_request::{Request, Wanted};
use crate::rollback::verify::Proof;
use crate::text::redaction::Redaction;
use crate::text::sanitize::{Row, SHOWN, one_line};
use rustls::CertificateError;
use serde::Serialize;

/// A failure in words.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Explanation {
    /// The end in a few words.
    #[serde(skip)]
    pub headline: String,
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
    /// Deployments to choose from, where the one that was asked for is not to be had.
    pub choice: Vec<String>,
}

impl Explanation {
    /// Puts a failure into words; `request` is there unless the inputs were bad.
    pub fn new(
        failure: &Failure,
        course: &Course,
        request: Option<&Request>,
        variables: &Variables,
        redaction: &Redaction,
    ) -> Self {
        let words = Words { course, request, variables, redaction };
        let answer = failure.fault().and_then(Fault::answer);
        Self {
            headline: headline(failure),
            problems: words.problems(failure),
            http_status: answer.map(|(status, _)| status),
            error_code: answer.and_then(|(_, error)| error.code.clone()),
            answer: answer.map(|(status, error)| format!("HTTP {status}: {error}")),
            effect: effect(failure),
            next: words.next(failure),
            command: match failure.effect() {
                Effect::Unknown | Effect::Accepted => words.command(),
                Effect::Done | Effect::Unchanged => None,
            },
            choice: course.choice.iter().map(choice).collect(),
        }
    }

    /// What happened and what to do, one line for each problem.
    pub fn lines(&self) -> Vec<String> {
        let next = self.next.as_ref().map(|next| format!("; {next}")).unwrap_or_default();
        self.problems.iter().map(|problem| format!("{problem}{next}")).collect()
    }

    /// The facts, as label and text, for people.
    pub fn rows(&self) -> Vec<Row> {
        let answer = self.answer.clone().map(|answer| ("the API said", answer));
        let effect = ("effect", self.effect.to_owned());
        let command = self.command.clone().map(|command| ("to find out", command));
        let choice = self.choice.iter().map(|one| ("to choose from", one.clone()));
        answer.into_iter().chain([effect]).chain(command).chain(choice).collect()
    }
}

fn choice(deployment: &Deployment) -> String {
    let environment = deployment.environment.as_deref().unwrap_or("somewhere");
    format!("{environment}: {}", deployment.describe())
}

fn headline(failure: &Failure) -> String {
    let words = match (failure, failure.effect()) {
        (Failure::TestsFailed, _) => "Rolled back, but tests failed",
        (Failure::TestsUnknown, _) => "Rolled back, but nobody knows whether tests passed",
        (_, Effect::Unknown) => "Perhaps rolled back",
        (_, Effect::Accepted) => "Accepted, but not active",
        (_, Effect::Done) => "Rolled back, then stopped",
        (_, Effect::Unchanged) => "Not rolled back",
    };
    format!("{words} ({})", failure.outcome().name())
}

fn effect(failure: &Failure) -> &'static str {
    match (failure, failure.effect()) {
        (_, Effect::Unknown) => "unknown: it may or may not have been rolled back",
        (_, Effect::Accepted) => "unknown: the new deployment was made, and another one is active",
        (_, Effect::Done) => "rolled back, and it stays so",
        // Before it was superseded, a request may have been sent in vain.
        (
            Failure::NotDone(_)
            | Failure::Superseded
            | Failure::Cancelled { stage: Stage::Between, .. },
            _,
        ) => "unchanged: nothing was rolled back",
        (_, Effect::Unchanged) => "unchanged: nothing was sent",
    }
}

/// What the words of a failure need to know.
struct Words<'a> {
    course: &'a Course,
    request: Option<&'a Request>,
    variables: &'a Variables,
    redaction: &'a Redaction,
}

impl Words<'_> {
    /// Redacted before it is cut, as half a secret is one, too.
    fn shown(&self, text: &str) -> String {
        one_line(&self.redaction.apply(text), SHOWN)
    }

    fn problems(&self, failure: &Failure) -> Vec<String> {
        let there = self.environment();
        let problem = match failure {
            Failure::InvalidInput(problems) => return problems.clone(),
            Failure::Internal(cause) => format!("a bug in polyai-rollback: {cause:#}"),
            Failure::Cancelled { signal, stage } => {
                format!("cancelled by {} {}", signal.name(), self.stage(*stage))
            }
            Failure::Unknown { lost, cause, .. } => format!(
                "the request was sent, its answer was lost ({lost}), and the deployments do not show \
                 what came of it: {cause:#}",
            ),
            Failure::NoTarget(NoTarget::Nowhere) => {
                format!("{} is no deployment of any environment{}", self.target(), self.elsewhere())
            }
            Failure::NoTarget(NoTarget::OutOfStep) => format!(
                "{there} has deployments that are newer than the active one, so that nobody knows what \
                 was before it",
            ),
            Failure::NoTarget(NoTarget::NotThere) => format!(
                "{} is neither one of the newest deployments of {there} nor the version of one, of \
                 which at least 7 characters are needed{}",
                self.target(),
                self.elsewhere(),
            ),
            Failure::NoTarget(NoTarget::NothingBefore) => match self.course.plan.current {
                Some(_) => format!(
                    "{there} has no earlier version to go back to: there is none, or all were rolled \
                     back from",
                ),
                None => format!("nothing is active in {there}, so nothing was before it"),
            },
            Failure::Ambiguous => {
                format!("{} is the beginning of several versions in {there}", self.target())
            }
            Failure::Superseded => {
                let expected = self.request.and_then(|request| request.expect_current.clone());
                // Without it, `previous` was found by what was active then.
                let expected =
                    expected.map_or("what was before".to_owned(), |expected| self.shown(&expected));
                let current = self.course.plan.current.as_ref();
                let current = current.map_or("nothing".to_owned(), Deployment::describe);
                format!("what is active in {there} is not {expected}, but {current}")
            }
            Failure::NotActive => self.not_active(),
            Failure::TestsFailed => format!("tests failed, {}", self.progress()),
            Failure::TestsUnknown => {
                let doubts = self.course.tests.as_ref().map(|tests| tests.doubts());
                format!("{}; {}", self.progress(), doubts.unwrap_or_default())
            }
            Failure::Unread(fault) => self.unread(fault),
            Failure::NotDone(fault) => match fault {
                Fault::NotReached(why) => self.not_reached(why),
                Fault::Answered { status, .. } if fault.meaning() != Meaning::Unclear => {
                    self.refusal(*status)
                }
                lost => format!(
                    "the request was sent and its answer was lost ({lost}), but the deployments show \
                     that it had no effect",
                ),
            },
        };
        vec![problem]
    }

    fn next(&self, failure: &Failure) -> Option<String> {
        let spell = |input| self.variables.spell(input);
        Some(match failure {
            Failure::InvalidInput(_) => return None,
            Failure::Internal(_) => {
                "report it with this log; until it is mended, roll back in Agent Studio".to_owned()
            }
            Failure::Cancelled { stage: Stage::Before | Stage::Between, .. } => {
                "run it again if it is still wanted, which is safe".to_owned()
            }
            Failure::Cancelled { stage: Stage::Done, .. } => "it need not be run again".to_owned(),
            Failure::Unknown { .. } | Failure::Cancelled { stage: Stage::Sent, .. } => {
                self.how_to_find_out()
            }
            Failure::NoTarget(NoTarget::NothingBefore | NoTarget::OutOfStep) => {
                format!("name the deployment to go back to in {}", spell("deployment-id"))
            }
            Failure::NoTarget(NoTarget::NotThere) => {
                format!("check {} and {}", spell("deployment-id"), spell("environment"))
            }
            Failure::NoTarget(NoTarget::Nowhere) => {
                format!("check {} and {}", spell("deployment-id"), spell("agent-id"))
            }
            Failure::Ambiguous => format!(
                "give more characters of it in {}, or the id of a deployment",
                spell("deployment-id"),
            ),
            Failure::Superseded => format!(
                "somebody deployed meanwhile: look at that first, and run it again only if that must \
                 go, too ({} is a whole id, a whole hash, or at least 7 characters of it)",
                spell("expect-current"),
            ),
            Failure::NotActive => "somebody may have deployed meanwhile: look again with the \
                                          command below before you run it again"
                .to_owned(),
            Failure::TestsFailed | Failure::TestsUnknown => {
                "the rollback stands; look at its tests in Agent Studio".to_owned()
            }
            Failure::NotDone(fault) | Failure::Unread(fault) => self.next_after(fault, failure),
        })
    }

    fn next_after(&self, fault: &Fault, failure: &Failure) -> String {
        let address = self.address();
        let spell = |input| self.variables.spell(input);
        match fault {
            Fault::NotReached(why) => self.next_where_not_reached(why),
            Fault::Answered { status: 401 | 403, .. } => format!(
                "check {} and {address}: a key belongs to one workspace and one region, and may have \
                 expired or been rotated",
                spell(if self.variables.is_given("api-key") { "api-key" } else { "api-key-file" }),
            ),
            Fault::Answered { status: 404, .. } if matches!(failure, Failure::Unread(_)) => {
                format!("check {} and {address}", spell("agent-id"))
            }
            Fault::Answered { status: 404, .. } => format!(
                "check {}, {} and {address}: any of the three can be the wrong one",
                spell("deployment-id"),
                spell("agent-id"),
            ),
            Fault::Answered { status: 300..=399, .. } => {
                format!("check {address}: what answers there is not the API")
            }
            _ if matches!(failure, Failure::Unread(_)) => format!(
                "run it again, which is safe; to a bare {}, without {}, it goes back without reading \
                 anything first",
                spell("deployment-id"),
                ["environment", "expect-current", "dry-run"].map(spell).join(", "),
            ),
            Fault::Answered { status: 409, .. } => {
                "it will be refused until the conflict is over, such as a running A/B test"
                    .to_owned()
            }
            fault if fault.meaning() == Meaning::Never => {
                "running it again will not help: see what the API said".to_owned()
            }
            _ => "wait a little and run it again, which is safe".to_owned(),
        }
    }

    fn next_where_not_reached(&self, why: &Unreached) -> String {
        let address = self.address();
        match why {
            Unreached::Certificate(CertificateError::UnknownIssuer) => format!(
                "if a proxy or a gateway of your company answers there, give the certificate of \
                 its authority in {}",
                self.variables.spell("ca-cert"),
            ),
            Unreached::Certificate(
                CertificateError::Expired
                | CertificateError::ExpiredContext { .. }
                | CertificateError::NotValidYet
                | CertificateError::NotValidYetContext { .. },
            ) => format!(
                "check the clock of this machine, which says {}; if it is right, who runs {} must \
                 renew the certificate",
                self.request.map(Request::started).unwrap_or_default(),
                self.api(),
            ),
            Unreached::Certificate(bad) if is_self_signed(bad) => format!(
                "who runs {} must give the server a certificate that an authority has issued; that \
                 authority's goes in {}",
                self.api(),
                self.variables.spell("ca-cert"),
            ),
            Unreached::WantsCertificate => {
                format!("check {address}: this program has no certificate to show, only the key")
            }
            Unreached::Certificate(_) => {
                format!("check {address}, and whether something else answers in the API's place")
            }
            Unreached::ProxyAuthentication | Unreached::ProxyRefused => format!(
                "check {}, and that the proxy allows this machine to connect there, or name the \
                 host in NO_PROXY; it was not the API that refused",
                self.proxy_variable(),
            ),
            Unreached::Other(_) => format!(
                "check {address} and this machine's way there (DNS, firewall, {}), then run it \
                 again, which is safe",
                self.proxy_variable(),
            ),
        }
    }

    fn stage(&self, stage: Stage) -> &'static str {
        match stage {
            Stage::Before => "before the request was sent",
            Stage::Sent => "after the request was sent, and before it was known what came of it",
            Stage::Between => "before the request was sent again",
            Stage::Done if self.course.tests.is_some() => {
                "after it was rolled back, while it waited for the tests"
            }
            Stage::Done => "after it was rolled back, before that was verified",
        }
    }

    fn api(&self) -> String {
        self.request.map(|request| request.endpoint.to_string()).unwrap_or_default()
    }

    fn environment(&self) -> &str {
        self.course.plan.environment.as_deref().unwrap_or("its environment")
    }

    fn progress(&self) -> String {
        self.course.tests.as_ref().map(|tests| tests.progress()).unwrap_or_default()
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

    /// What was asked for.
    fn target(&self) -> String {
        match self.request.map(|request| &request.wanted) {
            Some(Wanted::Named(id)) => self.shown(id.as_str()),
            _ => "the previous deployment".to_owned(),
        }
    }

    /// Where else it is, as far as the lists show it.
    fn elsewhere(&self) -> String {
        match &self.course.found {
            Some(Found::Deployment { environment }) => format!("; {environment} has it"),
            Some(Found::Version { environment }) => {
                let input = self.variables.spell("environment");
                format!(
                    "; it is a version of {environment}, for which {input} must be {environment}"
                )
            }
            None => String::new(),
        }
    }

    fn not_reached(&self, why: &Unreached) -> String {
        let api = self.api();
        match self.proxy() {
            Some(proxy) => format!("no connection to {api} through {proxy}: {why}"),
            None => format!("no connection to {api}: {why}"),
        }
    }

    /// A read that failed before anything was sent.
    fn unread(&self, fault: &Fault) -> String {
        let agent = self.request.map(|request| request.agent_id.as_str()).unwrap_or_default();
        match fault {
            Fault::NotReached(why) => self.not_reached(why),
            Fault::Answered { status: 401, .. } => self.refusal(401),
            Fault::Answered { status: 403, .. } => {
                format!("the API does not let this key read the deployments, in {}", self.api())
            }
            Fault::Answered { status: 404, .. } => {
                format!("agent {} was not found in {}", self.shown(agent), self.api())
            }
            fault => format!("the deployments could not be read before the rollback: {fault}"),
        }
    }

    /// A deployment that was made, and that is not active, or not what was asked for.
    fn not_active(&self) -> String {
        let describe = |one: Option<&Deployment>| {
            one.map_or("nothing".to_owned(), |deployment| deployment.describe())
        };
        let made = describe(self.course.rollback.as_ref().map(|made| &made.deployment));
        match &self.course.proof {
            Some(Proof::Other(active)) => format!(
                "the API accepted the rollback ({made}), but what is active is {}",
                describe(active.as_ref()),
            ),
            _ => {
                let target = describe(self.course.plan.target.as_ref());
                format!("the API made something else ({made}) than was asked for ({target})")
            }
        }
    }

    /// An answer that says no.
    fn refusal(&self, status: u16) -> String {
        let api = self.api();
        match (status, self.request) {
            (401, _) => format!("the API did not accept the key, in {api}"),
            (403, _) => format!("the API does not let this key roll back this agent, in {api}"),
            (404, Some(request)) => format!(
                "deployment {} of agent {} was not found in {api}{}",
                self.target(),
                self.shown(request.agent_id.as_str()),
                self.elsewhere(),
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
