//! Why there is no connection, read from the errors of the HTTP client's libraries.
//!
//! Some of these errors have no public type, so that only their text tells them apart. The tests in
//! `tests/suite/tls.rs` and `proxy.rs` run each of them, so that a new version of a library that words
//! one in another way is noticed.

use crate::model::ConnectError;
use anyhow::Chain;
use rustls::{AlertDescription, CertificateError};
use std::{error::Error as StdError, io};

/// Sorts an error of the HTTP client. [`ConnectError::Other`] is what remains.
pub fn classify(error: &(dyn StdError + 'static)) -> ConnectError {
    let mut next = Some(error);
    while let Some(cause) = next {
        match cause.downcast_ref() {
            Some(rustls::Error::InvalidCertificate(problem)) => return of_certificate(problem),
            Some(rustls::Error::AlertReceived(AlertDescription::CertificateRequired)) => {
                return ConnectError::WantsCertificate;
            }
            _ => {}
        }
        // hyper-util's error of a tunnel has no public type.
        match cause.to_string().as_str() {
            "tunnel error: proxy authorization required" => {
                return ConnectError::ProxyAuthentication;
            }
            "tunnel error: unsuccessful" => return ConnectError::ProxyRefused,
            _ => {}
        }
        // An I/O error that wraps another error gives that error's source as its own.
        let wrapped = cause.downcast_ref::<io::Error>().and_then(io::Error::get_ref);
        next = wrapped.map(|wrapped| wrapped as _).or_else(|| cause.source());
    }
    ConnectError::Other(root_cause(error))
}

fn of_certificate(problem: &CertificateError) -> ConnectError {
    use CertificateError as Bad;
    match problem {
        Bad::UnknownIssuer => ConnectError::UnknownIssuer,
        Bad::Expired | Bad::ExpiredContext { .. } => ConnectError::Expired,
        Bad::NotValidYet | Bad::NotValidYetContext { .. } => ConnectError::NotValidYet,
        Bad::NotValidForName => ConnectError::OtherHost(None),
        Bad::NotValidForNameContext { presented, .. } => {
            // Each name is written as `DnsName("…")`.
            let names = presented.iter().filter_map(|name| name.split('"').nth(1));
            ConnectError::OtherHost(Some(names.collect::<Vec<_>>().join(", ")))
        }
        // webpki's error has no public name here.
        Bad::Other(other) if other.to_string().contains("CaUsedAsEndEntity") => {
            ConnectError::AuthorityAsServer
        }
        other => ConnectError::BadCertificate(other.to_string()),
    }
}

/// The bottom of an error of the HTTP client, without what its layers say of themselves.
pub fn root_cause(error: &(dyn StdError + 'static)) -> String {
    const LAYERS: [&str; 3] =
        ["error sending request", "client error (", "error decoding response body"];
    let texts = Chain::new(error).map(ToString::to_string);
    let causes = texts.filter(|text| !LAYERS.iter().any(|layer| text.starts_with(layer)));
    causes.collect::<Vec<_>>().join(": ")
}
