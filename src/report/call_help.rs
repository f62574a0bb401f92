//! Why a call of the API failed, or found no connection, in words, and what to do: one arm for each way.

use crate::model::{CallError, Candidates, ConnectError, RetryClass};
use crate::report::context::Context;
use crate::report::{Report, reason::Reason};
use humantime::format_duration;
use std::time::Duration;

const NO_KEY: &str = "the API did not accept the key";
const NOT_THE_API: &str = "something else answers there";

/// A read failed before anything was sent.
pub(super) fn unread(error: &CallError, context: &Context<'_>) -> Reason {
    let (api, address) = (context.api(), context.address_input());
    let unread = format!("the deployments could not be read before the rollback: {error}");
    match error {
        CallError::NotSent(why) => no_connection(why, context),
        CallError::Answered { status: 401, .. } => {
            Reason::new(NO_KEY, format!("{NO_KEY}, in {api}"), context.check_the_key())
        }
        CallError::Answered { status: 403, .. } => Reason::new(
            "the key may not read the deployments",
            format!("the API does not let this key read the deployments, in {api}"),
            context.check_the_key(),
        ),
        CallError::Answered { status: 404, .. } => Reason::new(
            "there is no such agent",
            format!("agent {} was not found in {api}", context.agent()),
            format!("check {} and {address}", context.spell("agent-id")),
        ),
        CallError::Answered { status: 300..=399, .. } => Reason::new(
            NOT_THE_API,
            unread,
            format!("check {address}: what answers there is not the API"),
        ),
        CallError::TooLarge(_) => Reason::new(
            "the list of deployments is too large",
            unread,
            format!("running it again will not help{}", without_reading(context)),
        ),
        _ => Reason::new(
            "the deployments could not be read",
            unread,
            match error.retry_after() {
                Some(wish) => after(wish),
                None => format!("run it again, which is safe{}", without_reading(context)),
            },
        ),
    }
}

/// How to roll back where nothing can be read, and the price of that. Nothing where a guard is wanted.
fn without_reading(context: &Context<'_>) -> String {
    if context.expected().is_some() {
        return String::new();
    }
    format!(
        "; with the id of a deployment alone in {}, without {} and {}, the rollback is sent without reading \
         anything first, and undoes what somebody may have deployed meanwhile",
        context.spell("deployment-id"),
        context.spell("environment"),
        context.spell("dry-run"),
    )
}

/// When to run it again, by the wish of the API.
fn after(wish: Duration) -> String {
    let wish = format_duration(wish);
    format!("the API wants to be left alone for {wish}: run it again after that, which is safe")
}

/// The request failed, and no effect was seen.
pub(super) fn not_done(error: &CallError, candidates: &Candidates, report: &Report<'_>) -> Reason {
    let Report { record, context, .. } = report;
    let (api, address) = (context.api(), context.address_input());
    let later = "wait a little and run it again, which is safe";
    let never = "running it again will not help: see what the API said";
    match error {
        CallError::NotSent(why) => no_connection(why, context),
        error if error.retry_class() == RetryClass::InDoubt => Reason::new(
            "the answer was lost",
            format!(
                "the request was sent and its answer was lost ({error}); no effect was seen within 8 s"
            ),
            error.retry_after().map_or(later.to_owned(), after),
        ),
        CallError::Answered { status: 401, .. } => {
            Reason::new(NO_KEY, format!("{NO_KEY}, in {api}"), context.check_the_key())
        }
        CallError::Answered { status: 403, .. } => Reason::new(
            "the key may not roll back this agent",
            format!("the API does not let this key roll back this agent, in {api}"),
            context.check_the_key(),
        ),
        CallError::Answered { status: 404, .. } if context.is_previous() => Reason::new(
            "the API does not find what it lists",
            format!(
                "the API lists {} as what was active before, and does not find it, in {api}",
                report.line(record.plan.target.as_ref()),
            ),
            "wait a minute and run it again, which is safe; if it stays so, ask PolyAI's support, with the \
             correlation id",
        ),
        CallError::Answered { status: 404, .. } => Reason::new(
            "there is no such deployment",
            format!(
                "deployment {} of agent {} was not found in {api}{}",
                context.target(),
                context.agent(),
                context.elsewhere(candidates),
            ),
            context.choose(candidates, &[context.spell("agent-id"), address]),
        ),
        error if error.is_already_published() => Reason::new(
            "the API takes it for done",
            format!(
                "the API says that the version is active already, and that was not seen within 8 s: active is \
                 {}",
                report.line(record.plan.current.as_ref())
            ),
            context.look_first(),
        ),
        CallError::Answered { status: 409, .. } => Reason::new(
            "there is a conflict",
            "the API refused the rollback because of a conflict",
            "the API will refuse it until the conflict is over, such as a running A/B test",
        ),
        CallError::Answered { status: 429, retry_after, .. } => Reason::new(
            "the API is too busy",
            "the API has too many requests at present",
            retry_after.map_or(later.to_owned(), after),
        ),
        CallError::Answered { status: 300..=399, .. } => Reason::new(
            NOT_THE_API,
            "the API answered with a redirect, which is not followed",
            format!("check {address}: what answers there is not the API"),
        ),
        CallError::Answered { status: 200..=299, .. } => Reason::new(
            "the API refused it",
            "the API answered with an error and no deployment",
            never,
        ),
        _ => Reason::new("the API refused it", "the API refused the rollback", never),
    }
}

/// There is no connection to the API.
fn no_connection(why: &ConnectError, context: &Context<'_>) -> Reason {
    let proxy = context.task.and_then(|task| task.connection.proxy.as_ref());
    let (api, address) = (context.api(), context.address_input());
    let ca_cert = context.spell("ca-cert");
    let proxy_variable = proxy.map_or("HTTPS_PROXY", |proxy| proxy.variable);
    let problem = match proxy {
        Some(proxy) => format!("no connection to {api} through the proxy {proxy}: {why}"),
        None => format!("no connection to {api}: {why}"),
    };
    let help = match why {
        ConnectError::UnknownIssuer => format!(
            "if a proxy or a gateway of your company answers there, give the certificate of its \
             authority in {ca_cert}",
        ),
        ConnectError::Expired | ConnectError::NotValidYet => format!(
            "check the clock of this machine, which says {}; if it is right, whoever runs {api} must renew \
             the certificate",
            context.started(),
        ),
        ConnectError::AuthorityAsServer => format!(
            "whoever runs {api} must give the server a certificate that an authority has issued; give \
             the certificate of that authority in {ca_cert}",
        ),
        ConnectError::WantsCertificate => {
            format!("check {address}: this program has no certificate to show, only the key")
        }
        ConnectError::OtherHost(_) | ConnectError::BadCertificate(_) => {
            format!("check {address}, and whether something else answers in the API's place")
        }
        ConnectError::ProxyAuthentication | ConnectError::ProxyRefused => format!(
            "check {proxy_variable}, and that the proxy allows this machine to connect there, or name \
             the host in NO_PROXY; the API has not refused anything",
        ),
        ConnectError::Other(_) => format!(
            "check {address} and this machine's way there (DNS, firewall, {proxy_variable}), then run \
             it again, which is safe",
        ),
    };
    Reason::new("no connection to the API", problem, help)
}
