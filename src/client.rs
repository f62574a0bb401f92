//! The Agents API over HTTP: one request out, its status and body back.

use crate::answer::{ApiError, RollbackBody};
use crate::budget::Budget;
use crate::endpoint::Endpoint;
use crate::fault::{self, Fault, Unreached};
use crate::inputs::Request;
use crate::redaction::Redaction;
use crate::retry;
use crate::secret::ApiKey;
use anyhow::{Context as _, Error, Result, anyhow, ensure};
use bytes::Bytes;
use http_body::{Body, Frame, SizeHint};
use reqwest::header::{
    ACCEPT, AGE, CACHE_CONTROL, CONTENT_TYPE, DATE, HeaderMap, HeaderName, HeaderValue, RETRY_AFTER,
};
use reqwest::{RequestBuilder, Response, Url, redirect};
use rustls::crypto::ring;
use rustls::{ClientConfig, RootCertStore};
use std::convert::Infallible;
use std::pin::Pin;
use std::rc::Rc;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::task::{Context, Poll};
use std::time::{Duration, SystemTime};
use tokio::time::{Instant, timeout_at};

/// The most that connecting may take: DNS, TCP, a proxy and TLS together.
const CONNECT_TIMEOUT: Duration = Duration::from_secs(10);
/// The most bytes of an answer that are read.
const BODY_BYTES: usize = 1 << 20;
const USER_AGENT: &str = concat!(env!("CARGO_PKG_NAME"), "/", env!("CARGO_PKG_VERSION"));

/// A connection to the Agents API, with a key and a budget of time.
pub struct Client {
    http: reqwest::Client,
    endpoint: Endpoint,
    budget: Budget,
    redaction: Rc<Redaction>,
    open: Arc<AtomicBool>,
}

/// A 2xx with a whole body.
#[derive(Debug)]
pub struct Reply {
    /// The status.
    pub status: u16,
    /// The body.
    pub body: Vec<u8>,
    date: Option<SystemTime>,
    is_cached: bool,
    came: Instant,
}

impl Reply {
    /// The time of `moment`, which is over, by the clock of who sent this: its date is cut to
    /// seconds and was on its way for a moment, so the time is rather too early than too late.
    pub fn date_of(&self, moment: Instant) -> Result<SystemTime> {
        ensure!(!self.is_cached, "the answer came from a cache");
        self.date
            .and_then(|date| date.checked_sub(self.came.saturating_duration_since(moment)))
            .ok_or_else(|| anyhow!("the API's answer bears no date"))
    }
}

impl Client {
    /// Prepares everything but the connection.
    pub fn new(
        request: &Request,
        key: &ApiKey,
        roots: RootCertStore,
        redaction: Rc<Redaction>,
        budget: Budget,
    ) -> Result<Self> {
        let mut headers = HeaderMap::new();
        headers.insert("X-API-KEY", key.header()?);
        headers.insert("X-PolyAI-Correlation-Id", HeaderValue::from_str(&request.correlation_id)?);
        headers.insert(ACCEPT, HeaderValue::from_static("application/json"));
        let http = reqwest::Client::builder()
            .tls_backend_preconfigured(tls(roots)?)
            .user_agent(USER_AGENT)
            .default_headers(headers)
            .redirect(redirect::Policy::none())
            .retry(reqwest::retry::never())
            // Less than a request may take, so that it ends as what it is.
            .connect_timeout(CONNECT_TIMEOUT.min(request.timeout / 6));
        let http = match &request.proxy {
            Some(proxy) => http.proxy(proxy.of_client()?),
            None => http.no_proxy(),
        };
        Ok(Self {
            http: http.build()?,
            endpoint: request.endpoint.clone(),
            budget,
            redaction,
            open: Arc::default(),
        })
    }

    /// `POST …/deployments/{deployment}/rollback`: makes a new deployment with the content of an
    /// earlier one. Done twice, it makes two.
    pub async fn rollback(&self, request: &Request) -> Result<Reply, Fault> {
        let body = RollbackBody { deployment_message: &request.message };
        let body = serde_json::to_vec(&body)
            .map_err(|error| Fault::NotReached(Unreached::Other(error.into())))?;
        let body = Observed { body: Some(body.into()), is_asked_for: Arc::clone(&self.open) };
        let url = self.endpoint.rollback(&request.agent_id, &request.deployment_id);
        let post = self.http.post(url).header(CONTENT_TYPE, "application/json");
        let reply = self.send(post.body(reqwest::Body::wrap(body))).await;
        reply.map_err(|fault| match fault {
            Fault::Lost(cause) if !self.is_open() => Fault::NotReached(Unreached::Other(cause)),
            fault => fault,
        })
    }

    /// Whether the body of a request for a rollback has begun to leave, and nobody has closed the
    /// question what came of it. Before it leaves, the API cannot act on it.
    pub fn is_open(&self) -> bool {
        self.open.load(Ordering::Relaxed)
    }

    /// Closes the question: the request is known to have had no effect.
    pub fn close(&self) {
        self.open.store(false, Ordering::Relaxed);
    }

    /// Reads something, which changes nothing.
    pub async fn read(&self, url: Url) -> Result<Reply, Fault> {
        // What a cache remembers is older than our request.
        self.send(self.http.get(url).header(CACHE_CONTROL, "no-cache")).await
    }

    async fn send(&self, request: RequestBuilder) -> Result<Reply, Fault> {
        let Some(limit) = self.budget.request() else {
            return Err(Fault::NotReached(Unreached::Other(anyhow!("no time is left"))));
        };
        let end = Instant::now() + limit;
        let limit = format!("{:.1} s", limit.as_secs_f64());
        let mut response = match timeout_at(end, request.send()).await {
            Ok(Ok(response)) => response,
            Ok(Err(error)) => {
                return Err(match error.is_connect() || error.is_builder() {
                    true => Fault::NotReached(Unreached::new(&error)),
                    false => Fault::Lost(fault::root(&error)),
                });
            }
            Err(_) => return Err(Fault::Lost(anyhow!("no answer within {limit}"))),
        };
        let came = Instant::now();
        let date = header(&response, DATE).and_then(|date| httpdate::parse_http_date(date).ok());
        let is_cached = header(&response, AGE).is_some_and(|age| age.trim() != "0");
        let mut body = Vec::new();
        let cut = match timeout_at(end, read(&mut response, &mut body)).await {
            Ok(result) => result.err(),
            Err(_) => Some(anyhow!("it is not whole after {limit}")),
        };
        let status = response.status().as_u16();
        match (status, cut) {
            (200..=299, None) => Ok(Reply { status, body, date, is_cached, came }),
            (200..=299, Some(cause)) => {
                let reply = Reply { status, body, date, is_cached, came };
                Err(self.unreadable(&reply, cause))
            }
            _ => Err(Fault::Answered {
                status,
                error: ApiError::read(&body, &self.redaction),
                retry_after: header(&response, RETRY_AFTER).and_then(|value| {
                    retry::retry_after(value, date.unwrap_or_else(SystemTime::now))
                }),
            }),
        }
    }

    /// The fault of a 2xx whose body says nothing that is known.
    pub fn unreadable(&self, reply: &Reply, cause: Error) -> Fault {
        let error = ApiError::read(&reply.body, &self.redaction);
        Fault::Unreadable { status: reply.status, error, cause }
    }

    /// What answers must be freed of.
    pub fn redaction(&self) -> &Redaction {
        &self.redaction
    }
}

/// The body of a request, and whether it was asked for: the connection is made by then.
struct Observed {
    body: Option<Bytes>,
    is_asked_for: Arc<AtomicBool>,
}

impl Body for Observed {
    type Data = Bytes;
    type Error = Infallible;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        _: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, Infallible>>> {
        self.is_asked_for.store(true, Ordering::Relaxed);
        Poll::Ready(self.body.take().map(|body| Ok(Frame::data(body))))
    }

    fn is_end_stream(&self) -> bool {
        self.body.is_none()
    }

    fn size_hint(&self) -> SizeHint {
        SizeHint::with_exact(self.body.as_ref().map_or(0, |body| body.len() as u64))
    }
}

fn header(response: &Response, name: HeaderName) -> Option<&str> {
    response.headers().get(name)?.to_str().ok()
}

/// Appends the body to `body`, which keeps what had come when an error ends it.
async fn read(response: &mut Response, body: &mut Vec<u8>) -> Result<()> {
    while let Some(chunk) = response.chunk().await.map_err(|error| fault::root(&error))? {
        if body.len() + chunk.len() > BODY_BYTES {
            return Err(anyhow!("it is larger than 1 MiB"));
        }
        body.extend_from_slice(&chunk);
    }
    Ok(())
}

/// TLS 1.2 or newer.
fn tls(roots: RootCertStore) -> Result<ClientConfig> {
    Ok(ClientConfig::builder_with_provider(Arc::new(ring::default_provider()))
        .with_safe_default_protocol_versions()
        .context("TLS could not be set up")?
        .with_root_certificates(roots)
        .with_no_client_auth())
}
