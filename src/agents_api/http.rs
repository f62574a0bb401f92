//! The Agents API over HTTP: one request out, its status and body back.

use crate::agents_api::error_body::ApiError;
use crate::agents_api::rollback_response::RollbackBody;
use crate::model::call_error::{self, Fault, Unreached};
use crate::model::rollback_request::Request;
use crate::rollback::backoff;
use crate::text::api_key::ApiKey;
use crate::text::redaction::Redaction;
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
pub const BODY_BYTES: usize = 1 << 20;
const USER_AGENT: &str = concat!(env!("CARGO_PKG_NAME"), "/", env!("CARGO_PKG_VERSION"));

/// A connection to the Agents API, with a key.
pub struct Client {
    http: reqwest::Client,
    redaction: Rc<Redaction>,
    sent: Arc<Sent>,
}

/// How far a rollback has come.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Stage {
    /// No request for it has left.
    Before,
    /// A request has left, and nobody knows its effect.
    Sent,
    /// All that was sent is known to have had no effect.
    Between,
    /// It is done.
    Done,
}

/// What has left of the requests for a rollback.
#[derive(Debug, Default)]
struct Sent {
    has_left: AtomicBool,
    is_open: AtomicBool,
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
    asked: Instant,
    came: Instant,
}

/// When something happened, by a clock that is only seen from afar.
#[derive(Clone, Copy, Debug)]
pub struct Between {
    /// It did not happen before this.
    pub earliest: SystemTime,
    /// Nor after this, but for the second to which that clock is cut.
    pub latest: SystemTime,
}

impl Between {
    /// What is left where both are true.
    pub fn and(self, other: Self) -> Self {
        Self { earliest: self.earliest.max(other.earliest), latest: self.latest.min(other.latest) }
    }
}

impl Reply {
    /// The time of `moment`, which is over, by the clock of who sent this. Its date was read at some
    /// time between the request and the answer.
    pub fn date_of(&self, moment: Instant) -> Result<Between> {
        ensure!(!self.is_cached, "the answer came from a cache");
        let before =
            |known: Instant| self.date?.checked_sub(known.saturating_duration_since(moment));
        before(self.came)
            .zip(before(self.asked))
            .map(|(earliest, latest)| Between { earliest, latest })
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
        Ok(Self { http: http.build()?, redaction, sent: Arc::default() })
    }

    /// `POST …/deployments/{deployment}/rollback`: makes a new deployment with the content of an
    /// earlier one. Done twice, it makes two. None as `limit` says that no time is left.
    pub async fn rollback(
        &self,
        url: Url,
        message: &str,
        limit: Option<Duration>,
    ) -> Result<Reply, Fault> {
        let body = serde_json::to_vec(&RollbackBody { deployment_message: message })
            .map_err(|error| Fault::NotReached(Unreached::Other(error.into())))?;
        let body = Observed { body: Some(body.into()), sent: Arc::clone(&self.sent) };
        let post = self.http.post(url).header(CONTENT_TYPE, "application/json");
        let reply = self.send(post.body(reqwest::Body::wrap(body)), limit, BODY_BYTES).await;
        reply.map_err(|fault| match fault {
            Fault::Lost(cause) if self.stage() != Stage::Sent => {
                Fault::NotReached(Unreached::Other(cause))
            }
            fault => fault,
        })
    }

    /// How far it has come: a request leaves when its body does, as the API cannot act on it before.
    pub fn stage(&self) -> Stage {
        let is = |flag: &AtomicBool| flag.load(Ordering::Relaxed);
        match (is(&self.sent.is_open), is(&self.sent.has_left)) {
            (true, _) => Stage::Sent,
            (false, true) => Stage::Between,
            (false, false) => Stage::Before,
        }
    }

    /// Closes the question what came of a request: it is known to have had no effect.
    pub fn close(&self) {
        self.sent.is_open.store(false, Ordering::Relaxed);
    }

    /// Reads something of at most `most` bytes, which changes nothing. None as `limit` says that no
    /// time is left.
    pub async fn read(
        &self,
        url: Url,
        limit: Option<Duration>,
        most: usize,
    ) -> Result<Reply, Fault> {
        // What a cache remembers is older than our request.
        self.send(self.http.get(url).header(CACHE_CONTROL, "no-cache"), limit, most).await
    }

    async fn send(
        &self,
        request: RequestBuilder,
        limit: Option<Duration>,
        most: usize,
    ) -> Result<Reply, Fault> {
        let Some(limit) = limit else {
            return Err(Fault::NotReached(Unreached::Other(anyhow!("no time is left"))));
        };
        let asked = Instant::now();
        let end = asked + limit;
        let limit = format!("{:.1} s", limit.as_secs_f64());
        let mut response = match timeout_at(end, request.send()).await {
            Ok(Ok(response)) => response,
            Ok(Err(error)) => {
                return Err(
                    match (error.is_connect() || error.is_builder(), Unreached::new(&error)) {
                        (true, why) | (false, why @ Unreached::WantsCertificate) => {
                            Fault::NotReached(why)
                        }
                        (false, _) => Fault::Lost(call_error::root(&error)),
                    },
                );
            }
            Err(_) => return Err(Fault::Lost(anyhow!("no answer within {limit}"))),
        };
        let came = Instant::now();
        let date = header(&response, DATE).and_then(|date| httpdate::parse_http_date(date).ok());
        let is_cached = header(&response, AGE).is_some_and(|age| age.trim() != "0");
        let mut body = Vec::new();
        let cut = match timeout_at(end, read(&mut response, &mut body, most)).await {
            Ok(result) => result.err(),
            Err(_) => Some(anyhow!("it is not whole after {limit}")),
        };
        let status = response.status().as_u16();
        match (status, cut) {
            (200..=299, None) => Ok(Reply { status, body, date, is_cached, asked, came }),
            (200..=299, Some(cause)) => {
                let reply = Reply { status, body, date, is_cached, asked, came };
                Err(self.unreadable(&reply, cause))
            }
            _ => Err(Fault::Answered {
                status,
                error: ApiError::read(&body, &self.redaction),
                retry_after: header(&response, RETRY_AFTER).and_then(|value| {
                    backoff::retry_after(value, date.unwrap_or_else(SystemTime::now))
                }),
            }),
        }
    }

    /// The fault of a 2xx whose body says nothing that is known.
    pub fn unreadable(&self, reply: &Reply, cause: Error) -> Fault {
        let error = ApiError::of_success(&reply.body, &self.redaction);
        Fault::Unreadable { status: reply.status, error, cause }
    }

    /// What answers must be freed of.
    pub fn redaction(&self) -> &Redaction {
        &self.redaction
    }
}

/// The body of a request that says when it leaves: the connection is made by then.
struct Observed {
    body: Option<Bytes>,
    sent: Arc<Sent>,
}

impl Body for Observed {
    type Data = Bytes;
    type Error = Infallible;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        _: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, Infallible>>> {
        self.sent.has_left.store(true, Ordering::Relaxed);
        self.sent.is_open.store(true, Ordering::Relaxed);
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
async fn read(response: &mut Response, body: &mut Vec<u8>, most: usize) -> Result<()> {
    while let Some(chunk) = response.chunk().await.map_err(|error| call_error::root(&error))? {
        if body.len() + chunk.len() > most {
            return Err(anyhow!("it is larger than {} MiB", most >> 20));
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
