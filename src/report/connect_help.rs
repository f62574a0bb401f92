//! Why there is no connection, in words, and what to do: one arm for each reason.

use crate::model::ConnectError;
use crate::report::context::Context;
use crate::report::diagnostic::Reason;

pub(super) fn words(why: &ConnectError, context: &Context<'_>) -> Reason {
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
