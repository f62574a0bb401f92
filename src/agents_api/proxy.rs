//! The HTTP proxy between this machine and the API, as the usual variables name it.

use crate::process::env::ProcessEnv;
use hyper_util::client::proxy::matcher::{Intercept, Matcher};
use reqwest::Url;
use reqwest::header::HeaderValue;
use std::fmt;

/// The variables that name a proxy for HTTPS, the first one that is set counts.
const VARIABLES: [&str; 4] = ["HTTPS_PROXY", "https_proxy", "ALL_PROXY", "all_proxy"];
const EXCEPTIONS: [&str; 2] = ["NO_PROXY", "no_proxy"];

/// A proxy.
#[derive(Clone, Debug)]
pub struct Proxy {
    /// The variable that names it.
    pub variable: &'static str,
    intercept: Intercept,
}

impl Proxy {
    /// The proxy on the way to an address, if there is one. The error names a variable that cannot
    /// be used.
    pub fn of(environment: &ProcessEnv, address: &Url) -> Result<Option<Self>, String> {
        let given = |name: &&'static str| Some((*name, environment.text(name)?));
        // Only requests over HTTPS go through a proxy.
        let Some((variable, value)) =
            VARIABLES.iter().find_map(given).filter(|_| address.scheme() == "https")
        else {
            return Ok(None);
        };
        let exceptions = EXCEPTIONS.iter().find_map(given).map(|(_, value)| value);
        let intercept = |except: String| {
            let matcher = Matcher::builder().https(value.clone()).no(except).build();
            matcher.intercept(&address.as_str().parse().ok()?)
        };
        if !intercept(String::new()).is_some_and(|proxy| is_meant(&proxy, &value)) {
            return Err(format!("{variable} is ignored: it is not the URL of an HTTP proxy"));
        }
        let intercept = intercept(exceptions.unwrap_or_default());
        Ok(intercept.map(|intercept| Self { variable, intercept }))
    }

    /// The address of the proxy, without its user.
    pub fn url(&self) -> String {
        self.intercept.uri().to_string()
    }

    /// The value of `Proxy-Authorization`, where the variable names a user.
    pub fn authorization(&self) -> Option<&HeaderValue> {
        self.intercept.basic_auth()
    }
}

/// Whether a proxy is what its variable means: a URL with a host and, at most, a user before it. One
/// that is read in two ways could show a part of a password as a part of its host.
fn is_meant(proxy: &Intercept, value: &str) -> bool {
    let has_scheme = value.contains("://");
    let value = if has_scheme { value.to_owned() } else { format!("http://{value}") };
    Url::parse(&value).is_ok_and(|url| {
        let host = url.host_str().zip(proxy.uri().host());
        matches!(url.scheme(), "http" | "https")
            && host.is_some_and(|(one, other)| one.eq_ignore_ascii_case(other))
            && !proxy.uri().to_string().contains('@')
            && (url.path(), url.query(), url.fragment()) == ("/", None, None)
    })
}

/// The passwords in all variables that can name a proxy, used or not.
pub fn passwords(environment: &ProcessEnv) -> Vec<String> {
    let variables = VARIABLES.iter().chain(&["HTTP_PROXY", "http_proxy"]);
    variables.filter_map(|name| password(&environment.text(name)?)).collect()
}

/// The password in a URL, with or without its scheme, as it is written there. A user without one may
/// be a token.
pub fn password(url: &str) -> Option<String> {
    let rest = url.split_once("://").map_or(url, |(_, rest)| rest);
    let (user, _) = rest.rsplit_once('@')?;
    let password = user.split_once(':').map_or(user, |(_, password)| password);
    Some(password.to_owned())
}

impl fmt::Display for Proxy {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let uri = self.intercept.uri();
        write!(formatter, "{} of {}", uri.to_string().trim_end_matches('/'), self.variable)
    }
}
