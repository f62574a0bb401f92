//! Everything that can be wrong with one request and its answer.

use crate::agents_api::error_body::ApiError;
use anyhow::{Chain, Error};
use rustls::{AlertDescription, CertificateError};
use std::error::Error as StdError;
use std::time::Duration;
use std::{fmt, io};

/// What the API says of a rollback to the version that its environment is on.
const THERE_ALREADY: &str = "DEPLOYMENTS_ENVIRONMENT_ALREADY_PUBLISHED";

/// Why a request has no good answer.
#[derive(Debug)]
pub enum Fault {
    /// The request did not leave, so that it cannot have had an effect.
    NotReached(Unreached),
    /// It left, and nothing readable came back.
    Lost(Error),
    /// The answer says yes and cannot be read.
    Unreadable {
        /// Its status, a 2xx.
        status: u16,
        /// What can be made of its body.
        error: ApiError,
        /// Why it cannot be read.
        cause: Error,
    },
    /// The answer says no.
    Answered {
        /// The status: not a 2xx, or a 2xx that holds an error.
        status: u16,
        /// What it said.
        error: ApiError,
        /// When it wants to be asked again.
        retry_after: Option<Duration>,
    },
}

/// Why there is no connection.
#[derive(Debug)]
pub enum Unreached {
    /// The server's certificate is not accepted.
    Certificate(CertificateError),
    /// The server does not accept a client without a certificate. In TLS 1.3 it says so after the
    /// request has left, and before it reads it.
    WantsCertificate,
    /// The proxy wants a user name and a password, or other ones (407).
    ProxyAuthentication,
    /// The proxy answered, and made no connection.
    ProxyRefused,
    /// Anything else: DNS, TCP, TLS.
    Other(Error),
}

/// What a fault says of the request.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Meaning {
    /// It had no effect, and may succeed if it is sent again.
    NotNow,
    /// It had no effect, and will have none if it is sent again.
    Never,
    /// It may or may not have had an effect.
    Unclear,
}

impl Fault {
    /// What is known of the request.
    pub fn meaning(&self) -> Meaning {
        match self {
            Self::NotReached(Unreached::Other(_) | Unreached::ProxyRefused) => Meaning::NotNow,
            Self::NotReached(_) => Meaning::Never,
            Self::Lost(_) | Self::Unreadable { .. } => Meaning::Unclear,
            Self::Answered { status, .. } => match status {
                429 | 503 => Meaning::NotNow,
                200..=407 | 409..=499 => Meaning::Never,
                _ => Meaning::Unclear,
            },
        }
    }

    /// Whether something else is going on with the deployments: 409, or an error in a 2xx, such as
    /// that the environment has this version already.
    pub fn is_conflict(&self) -> bool {
        matches!(self, Self::Answered { status: 409 | 200..=299, .. })
    }

    /// Whether the API says that the environment is on the target's version already.
    pub fn is_there_already(&self) -> bool {
        self.is_conflict()
            && self.answer().and_then(|(_, error)| error.code.as_deref()) == Some(THERE_ALREADY)
    }

    /// When the API wants to be asked again.
    pub fn retry_after(&self) -> Option<Duration> {
        match self {
            Self::Answered { retry_after, .. } => *retry_after,
            _ => None,
        }
    }

    /// What happened, and what the answer said if there was one.
    pub fn said(&self) -> String {
        match self.answer().filter(|(_, error)| error.code.is_some() || error.message.is_some()) {
            Some((_, error)) => format!("{self}: {error}"),
            None => self.to_string(),
        }
    }

    /// The status of the answer, and what it said.
    pub fn answer(&self) -> Option<(u16, &ApiError)> {
        match self {
            Self::Answered { status, error, .. } | Self::Unreadable { status, error, .. } => {
                Some((*status, error))
            }
            Self::NotReached(_) | Self::Lost(_) => None,
        }
    }
}

impl fmt::Display for Fault {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::NotReached(why) => write!(formatter, "no connection: {why}"),
            Self::Lost(cause) => write!(formatter, "{cause:#}"),
            Self::Unreadable { status, cause, .. } => {
                write!(formatter, "HTTP {status} that cannot be read: {cause:#}")
            }
            Self::Answered { status, .. } => write!(formatter, "HTTP {status}"),
        }
    }
}

impl Unreached {
    /// Sorts an error that came before the request left.
    pub fn new(error: &(dyn StdError + 'static)) -> Self {
        let mut next = Some(error);
        while let Some(cause) = next {
            match cause.downcast_ref() {
                Some(rustls::Error::InvalidCertificate(problem)) => {
                    return Self::Certificate(problem.clone());
                }
                Some(rustls::Error::AlertReceived(AlertDescription::CertificateRequired)) => {
                    return Self::WantsCertificate;
                }
                _ => {}
            }
            // hyper-util's error of a tunnel has no public type.
            match cause.to_string().as_str() {
                "tunnel error: proxy authorization required" => return Self::ProxyAuthentication,
                "tunnel error: unsuccessful" => return Self::ProxyRefused,
                _ => {}
            }
            // An I/O error names the source of what it wraps as its own.
            let wrapped = cause.downcast_ref::<io::Error>().and_then(io::Error::get_ref);
            next = wrapped.map(|wrapped| wrapped as _).or_else(|| cause.source());
        }
        Self::Other(root(error))
    }
}

/// Whether a server shows what plain `openssl req -x509` makes. The checker's error has no public name.
pub fn is_self_signed(bad: &CertificateError) -> bool {
    matches!(bad, CertificateError::Other(other) if other.to_string().contains("CaUsedAsEndEntity"))
}

/// What is at the bottom of an error of the HTTP client, without what its layers say of themselves.
pub fn root(error: &(dyn StdError + 'static)) -> Error {
    let texts = Chain::new(error).map(ToString::to_string);
    let is_own = |text: &String| {
        ["error sending request", "client error (", "error decoding response body"]
            .iter()
            .any(|start| text.starts_with(start))
    };
    Error::msg(texts.filter(|text| !is_own(text)).collect::<Vec<_>>().join(": "))
}

impl fmt::Display for Unreached {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        use CertificateError as Bad;
        match self {
            Self::Certificate(Bad::UnknownIssuer) => formatter
                .write_str("its certificate was issued by an authority that is not trusted here"),
            Self::Certificate(Bad::Expired | Bad::ExpiredContext { .. }) => {
                formatter.write_str("its certificate has expired, by this machine's clock")
            }
            Self::Certificate(Bad::NotValidYet | Bad::NotValidYetContext { .. }) => {
                formatter.write_str("its certificate is not valid yet, by this machine's clock")
            }
            Self::Certificate(Bad::NotValidForNameContext { presented, .. }) => {
                // Each is written as `DnsName("…")`.
                let names = presented.iter().filter_map(|name| name.split('"').nth(1));
                let names = names.collect::<Vec<_>>().join(", ");
                write!(formatter, "its certificate is for another host: {names}")
            }
            Self::Certificate(Bad::NotValidForName) => {
                formatter.write_str("its certificate is for another host")
            }
            Self::Certificate(bad) if is_self_signed(bad) => formatter
                .write_str("its certificate is an authority's own, which is none for a server"),
            Self::Certificate(other) => write!(formatter, "its certificate is bad: {other}"),
            Self::WantsCertificate => {
                formatter.write_str("it wants a certificate of its client, and there is none")
            }
            Self::ProxyAuthentication => {
                formatter.write_str("the proxy wants a user name and a password, or other ones")
            }
            Self::ProxyRefused => formatter.write_str("the proxy answered, but did not connect"),
            Self::Other(cause) => write!(formatter, "{cause:#}"),
        }
    }
}
