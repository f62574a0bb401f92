//! The way to the API, as the user gave it.

use crate::agents_api::{endpoint::Endpoint, proxy::Proxy, tls::Authority};
use crate::text::api_key::ApiKey;

/// A connection that can be made.
#[derive(Debug)]
pub struct Connection {
    /// The address of the API.
    pub endpoint: Endpoint,
    /// The key.
    pub api_key: ApiKey,
    /// The proxy on the way there.
    pub proxy: Option<Proxy>,
    /// The certificate authorities that are trusted besides the public ones.
    pub authorities: Vec<Authority>,
}
