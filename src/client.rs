//! The Agents API over HTTP: one request out, its status and body back.

use crate::answer::RollbackBody;
use crate::endpoint::{Endpoint, Id};
use crate::inputs::Request;
use crate::secret::ApiKey;
use anyhow::{Context, Error, Result, anyhow};
use reqwest::header::{ACCEPT, CONTENT_TYPE, HeaderMap, HeaderValue};
use reqwest::{RequestBuilder, Response, redirect, retry};
use rustls::crypto::ring;
use rustls::{ClientConfig, RootCertStore};
use std::sync::Arc;
use std::time::Duration;
use tokio::time::{Instant, timeout_at};

/// The most that connecting may take: DNS, TCP, a proxy and TLS together.
const CONNECT_TIMEOUT: Duration = Duration::from_secs(10);
/// The most bytes of an answer that are read.
const BODY_BYTES: usize = 1 << 20;
const USER_AGENT: &str = concat!(env!("CARGO_PKG_NAME"), "/", env!("CARGO_PKG_VERSION"));

/// A connection to the Agents API, with a key and a time by which everything has ended.
pub struct Client {
    http: reqwest::Client,
    endpoint: Endpoint,
    deadline: Instant,
    timeout: Duration,
}

/// An answer, whatever it says.
#[derive(Debug)]
pub struct Reply {
    /// The status.
    pub status: u16,
    /// The body, or as much of it as came.
    pub body: Vec<u8>,
    /// Why the body is not whole; none where it is.
    pub cut: Option<Error>,
}

/// Why there is no answer.
#[derive(Debug)]
pub enum NoReply {
    /// No connection was made, so the API cannot have done anything.
    NotReached(Error),
    /// The request may have reached the API.
    Lost(Error),
}

impl Client {
    /// Prepares everything but the connection. The request's timeout starts to run now.
    pub fn new(request: &Request, key: &ApiKey) -> Result<Self> {
        let Request { endpoint, correlation_id, timeout, .. } = request;
        let mut headers = HeaderMap::new();
        headers.insert("X-API-KEY", key.header()?);
        headers.insert("X-PolyAI-Correlation-Id", HeaderValue::from_str(correlation_id)?);
        headers.insert(ACCEPT, HeaderValue::from_static("application/json"));
        let mut http = reqwest::Client::builder()
            .tls_backend_preconfigured(tls()?)
            .user_agent(USER_AGENT)
            .default_headers(headers)
            .redirect(redirect::Policy::none())
            .retry(retry::never())
            // Less than the whole, so that a connection that is never made is known as such.
            .connect_timeout(CONNECT_TIMEOUT.min(*timeout / 2));
        if endpoint.is_plain() {
            http = http.no_proxy();
        }
        Ok(Self {
            http: http.build()?,
            endpoint: endpoint.clone(),
            deadline: Instant::now() + *timeout,
            timeout: *timeout,
        })
    }

    /// `POST …/deployments/{deployment}/rollback`: makes a new deployment with the content of an
    /// earlier one. Done twice, it makes two.
    pub async fn rollback(
        &self,
        agent: &Id,
        deployment: &Id,
        message: &str,
    ) -> Result<Reply, NoReply> {
        let body = RollbackBody { deployment_message: message };
        let body = serde_json::to_vec(&body).map_err(|error| NoReply::NotReached(error.into()))?;
        let request = self.http.post(self.endpoint.rollback(agent, deployment));
        self.send(request.header(CONTENT_TYPE, "application/json").body(body)).await
    }

    async fn send(&self, request: RequestBuilder) -> Result<Reply, NoReply> {
        let mut response = match timeout_at(self.deadline, request.send()).await {
            Ok(Ok(response)) => response,
            Ok(Err(error)) if error.is_connect() || error.is_builder() => {
                return Err(NoReply::NotReached(error.without_url().into()));
            }
            Ok(Err(error)) => return Err(NoReply::Lost(error.without_url().into())),
            Err(_) => return Err(NoReply::Lost(self.out_of_time())),
        };
        let mut body = Vec::new();
        let cut = match timeout_at(self.deadline, read(&mut response, &mut body)).await {
            Ok(result) => result.err(),
            Err(_) => Some(self.out_of_time()),
        };
        Ok(Reply { status: response.status().as_u16(), body, cut })
    }

    fn out_of_time(&self) -> Error {
        anyhow!("no whole answer within {}", humantime::format_duration(self.timeout))
    }
}

/// Appends the body to `body`, which keeps what had come when an error ends it.
async fn read(response: &mut Response, body: &mut Vec<u8>) -> Result<()> {
    while let Some(chunk) = response.chunk().await.map_err(reqwest::Error::without_url)? {
        if body.len() + chunk.len() > BODY_BYTES {
            return Err(anyhow!("it is larger than 1 MiB"));
        }
        body.extend_from_slice(&chunk);
    }
    Ok(())
}

/// TLS 1.2 or newer, trusting the roots that are compiled in.
fn tls() -> Result<ClientConfig> {
    let roots = RootCertStore { roots: webpki_roots::TLS_SERVER_ROOTS.to_vec() };
    Ok(ClientConfig::builder_with_provider(Arc::new(ring::default_provider()))
        .with_safe_default_protocol_versions()
        .context("TLS could not be set up")?
        .with_root_certificates(roots)
        .with_no_client_auth())
}
