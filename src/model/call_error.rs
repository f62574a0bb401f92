//! Everything that can be wrong with one call of the API, and what that says of the call's effect.
//!
//! Whether a rollback may be asked for again depends on one question: can the API have acted, or act
//! later? [`CallError::retry_class`] answers it for every answer, and for every way in which an answer
//! can be missing. Only 429 says that a request was not processed (RFC 6585). 503 does not: a gateway
//! such as Envoy answers with it, too, where the API has acted and its answer was lost. What this program
//! or a gateway gave up waiting for (408, 504) goes on at the other end, and may take effect at any time.

use std::{fmt, time::Duration};

/// The API's codes for a rollback to the version that its environment is on.
const ALREADY_PUBLISHED: [&str; 2] =
    ["DEPLOYMENTS_ENVIRONMENT_ALREADY_PUBLISHED", "DEPLOYMENTS_ALREADY_PUBLISHED"];

/// Why a call has no good answer.
#[derive(Clone, Debug)]
pub enum CallError {
    /// The request did not leave this machine, so that it cannot have had an effect.
    NotSent(ConnectError),
    /// The request left, and the connection ended before a whole answer came back. The text says how.
    Lost(String),
    /// The request left, and this program gave up waiting for the whole answer.
    GaveUp(String),
    /// The answer is an old one, from a cache (`Age`), so that it does not say what is so now.
    Stale,
    /// The answer says yes, and is larger than what is read of an answer.
    TooLarge(String),
    /// The answer says yes, and cannot be read.
    Unreadable {
        /// The status, a 2xx.
        status: u16,
        /// The error as far as the body describes one.
        body: ErrorBody,
        /// Why the body cannot be read.
        cause: String,
    },
    /// The answer says no.
    Answered {
        /// The status: not a 2xx, or a 2xx whose body is an error.
        status: u16,
        /// The error as the API describes it.
        body: ErrorBody,
        /// How long the API wants to be left alone (`Retry-After`).
        retry_after: Option<Duration>,
    },
}

/// An error as the API describes it, safe to show.
#[derive(Clone, Debug, Default)]
pub struct ErrorBody {
    /// The code, such as `DEPLOYMENT_NOT_FOUND`.
    pub code: Option<String>,
    /// The sentence, or the beginning of a body that has no known shape.
    pub message: Option<String>,
}

/// Why there is no connection.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ConnectError {
    /// The server's certificate was issued by an authority that is not trusted here.
    UnknownIssuer,
    /// The server's certificate has expired, by this machine's clock.
    Expired,
    /// The server's certificate is not valid yet, by this machine's clock.
    NotValidYet,
    /// The server's certificate is for other hosts, whose names are given where they are known.
    OtherHost(Option<String>),
    /// The server shows an authority's own certificate, as plain `openssl req -x509` makes it.
    AuthorityAsServer,
    /// The server's certificate is bad in another way.
    BadCertificate(String),
    /// The server does not accept a client without a certificate. In TLS 1.3 the server says so after
    /// the request has left, and before it reads the request.
    WantsCertificate,
    /// The proxy wants a user name and a password, or other ones (407).
    ProxyAuthentication,
    /// The proxy answered, and made no connection.
    ProxyRefused,
    /// Anything else: DNS, TCP, TLS, or no time that was left.
    Other(String),
}

/// The conclusion from a failed call about its request for a rollback.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum RetryClass {
    /// Nothing left this machine.
    NotSent,
    /// The API did not process the request, and wants to be asked later.
    TurnedAway,
    /// The request had no effect, and the next one will have none either.
    Refused,
    /// The request may have had an effect, which the deployments show soon.
    InDoubt,
    /// The request may have an effect at any time: nobody knows whether the API is still at work.
    StillGoing,
}

impl CallError {
    /// The conclusion from this error about the request.
    pub fn retry_class(&self) -> RetryClass {
        match self {
            Self::NotSent(ConnectError::Other(_) | ConnectError::ProxyRefused) => {
                RetryClass::NotSent
            }
            Self::NotSent(_) => RetryClass::Refused,
            Self::GaveUp(_)
            | Self::Unreadable { status: 202, .. }
            | Self::Answered { status: 202 | 408 | 504, .. } => RetryClass::StillGoing,
            Self::Lost(_) | Self::Stale | Self::TooLarge(_) | Self::Unreadable { .. } => {
                RetryClass::InDoubt
            }
            Self::Answered { status: 429, .. } => RetryClass::TurnedAway,
            Self::Answered { status: 200..=499, .. } => RetryClass::Refused,
            Self::Answered { .. } => RetryClass::InDoubt,
        }
    }

    /// Whether a read that failed so may succeed if it is asked for once more. Size stays what it is.
    pub fn may_be_read_again(&self) -> bool {
        self.retry_class() != RetryClass::Refused && !matches!(self, Self::TooLarge(_))
    }

    /// Whether the API says that the environment is on the target's version already.
    pub fn is_already_published(&self) -> bool {
        matches!(self, Self::Answered { status: 409 | 200..=299, body, .. }
            if body.code.as_deref().is_some_and(|code| ALREADY_PUBLISHED.contains(&code)))
    }

    /// How long the API wants to be left alone.
    pub fn retry_after(&self) -> Option<Duration> {
        match self {
            Self::Answered { retry_after, .. } => *retry_after,
            _ => None,
        }
    }

    /// The status of the answer, if there was one.
    pub fn status(&self) -> Option<u16> {
        match self {
            Self::Answered { status, .. } | Self::Unreadable { status, .. } => Some(*status),
            _ => None,
        }
    }

    /// The error as the API describes it, if there was an answer.
    pub fn body(&self) -> Option<&ErrorBody> {
        match self {
            Self::Answered { body, .. } | Self::Unreadable { body, .. } => Some(body),
            _ => None,
        }
    }

    /// This error in words, with the API's own where the answer has any.
    pub fn describe(&self) -> String {
        match self.body().filter(|body| !body.is_empty()) {
            Some(body) => format!("{self}: {body}"),
            None => self.to_string(),
        }
    }
}

impl fmt::Display for CallError {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::NotSent(why) => write!(formatter, "no connection: {why}"),
            Self::Lost(cause) | Self::GaveUp(cause) | Self::TooLarge(cause) => {
                formatter.write_str(cause)
            }
            Self::Stale => formatter.write_str("the answer is an old one, from a cache"),
            Self::Unreadable { status, cause, .. } => {
                write!(formatter, "HTTP {status} that cannot be read: {cause}")
            }
            Self::Answered { status, .. } => write!(formatter, "HTTP {status}"),
        }
    }
}

impl ErrorBody {
    /// Whether the API said nothing.
    pub fn is_empty(&self) -> bool {
        self.code.is_none() && self.message.is_none()
    }
}

impl fmt::Display for ErrorBody {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match (&self.code, &self.message) {
            (Some(code), Some(message)) => write!(formatter, "{code}: {message}"),
            (Some(text), None) | (None, Some(text)) => formatter.write_str(text),
            (None, None) => formatter.write_str("no message"),
        }
    }
}

impl fmt::Display for ConnectError {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(match self {
            Self::UnknownIssuer => {
                "the server's certificate was issued by an authority that is not trusted here"
            }
            Self::Expired => "the server's certificate has expired, by this machine's clock",
            Self::NotValidYet => "the server's certificate is not valid yet, by this machine's clock",
            Self::OtherHost(Some(names)) => {
                return write!(formatter, "the server's certificate is for another host: {names}");
            }
            Self::OtherHost(None) => "the server's certificate is for another host",
            Self::AuthorityAsServer => {
                "the server shows the certificate of an authority itself, which is not valid for a server"
            }
            Self::BadCertificate(why) => {
                return write!(formatter, "the server's certificate is bad: {why}");
            }
            Self::WantsCertificate => "the server wants a certificate from its clients, and this program has none",
            Self::ProxyAuthentication => {
                "the proxy wants a user name and a password, or other ones"
            }
            Self::ProxyRefused => "the proxy answered, but did not connect",
            Self::Other(cause) => cause,
        })
    }
}
