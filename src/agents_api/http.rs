//! The Agents API over HTTP: the only file that uses the HTTP client.
//!
//! Each call is one request. No redirect is followed and nothing is sent again here: the client's own
//! retries are off, as only `rollback` knows whether a request may be repeated. Every answer is read to
//! a limit of bytes and of time, whoever sends it.

use crate::agents_api::connect_error::{classify, root_cause};
use crate::agents_api::delivery_body::{DeliveryBody, DeliveryNote};
use crate::agents_api::deployments_response::{parse_active, parse_list};
use crate::agents_api::endpoint::Endpoint;
use crate::agents_api::rollback_response::{parse_rollback, rollback_body};
use crate::agents_api::test_run_response::parse_test_run;
use crate::agents_api::{
    AgentsApi, Answer, ClockReading, Deployments, Limit, Observed, error_body, proxy::Proxy,
    retry_after, tls,
};
use crate::model::{
    CallError, ConnectError, Delivery, Environment, Id, Rollback, RollbackRequest, TestRun,
};
use crate::text::{api_key::ApiKey, bounded_json::bound, redaction::Redaction};
use anyhow::{Context, Result};
use reqwest::header::{
    ACCEPT, AGE, CACHE_CONTROL, CONTENT_TYPE, DATE, HeaderMap, HeaderName, HeaderValue, RETRY_AFTER,
};
use reqwest::{RequestBuilder, Response, Url, redirect};
use rustls::ClientConfig;
use rustls::crypto::ring;
use std::rc::Rc;
use std::sync::Arc;
use std::time::{Duration, SystemTime};
use tokio::sync::{Mutex, MutexGuard};
use tokio::time::{Instant, timeout_at};

/// The most that connecting may take: DNS, TCP, a proxy and TLS together.
const CONNECT_TIMEOUT: Duration = Duration::from_secs(10);
/// The most that is read of a list of deployments, and of the active ones.
const LIST: Most = Most { bytes: 8 << 20, values: 100_000 };
/// The most that is read of the answer to a rollback. Each test run that it names is kept and told to the end.
const ROLLBACK: Most = Most { bytes: 1 << 20, values: 2_000 };
/// The most that is read of a test run, which holds whole conversations. Of its values few are kept.
const TEST_RUN: Most = Most { bytes: 16 << 20, values: usize::MAX };
/// The most bytes of a body that has memory of its own. Larger ones are read one after the other.
const SMALL_BYTES: usize = 256 << 10;
/// The most that the words of an error may take, once its status is there.
const ERROR_BODY_TIMEOUT: Duration = Duration::from_secs(2);
const USER_AGENT: &str = concat!(env!("CARGO_PKG_NAME"), "/", env!("CARGO_PKG_VERSION"));

/// The way to the API, as the user gave it.
#[derive(Debug)]
pub struct Connection {
    /// The address of the API.
    pub endpoint: Endpoint,
    /// The key.
    pub api_key: ApiKey,
    /// The proxy on the way there.
    pub proxy: Option<Proxy>,
    /// The certificate authorities that are trusted besides the public ones.
    pub authorities: Vec<tls::Authority>,
}

/// The API of one agent, over HTTP.
pub struct HttpAgentsApi {
    http: reqwest::Client,
    endpoint: Endpoint,
    agent_id: Id,
    message: String,
    redaction: Rc<Redaction>,
    delivery: Arc<DeliveryNote>,
    /// The memory for the large body that is read at present. It is used again and again, as memory that is
    /// taken anew leaves gaps.
    large_body: Mutex<Vec<u8>>,
}

/// The most that is read of an answer.
#[derive(Clone, Copy)]
struct Most {
    bytes: usize,
    values: usize,
}

/// A body, in memory of its own or in that for large ones.
#[derive(Default)]
struct Body<'a> {
    small: Vec<u8>,
    large: Option<MutexGuard<'a, Vec<u8>>>,
}

/// A 2xx with a whole body.
struct Reply<'a> {
    status: u16,
    body: Body<'a>,
    server_clock: Option<ClockReading>,
    is_from_cache: bool,
}

impl HttpAgentsApi {
    /// Prepares everything but the connection.
    pub fn new(
        request: &RollbackRequest,
        connection: &Connection,
        redaction: Rc<Redaction>,
    ) -> Result<Self> {
        let mut headers = HeaderMap::new();
        headers.insert("X-API-KEY", key_header(&connection.api_key)?);
        headers.insert("X-PolyAI-Correlation-Id", HeaderValue::from_str(&request.correlation_id)?);
        headers.insert(ACCEPT, HeaderValue::from_static("application/json"));
        let http = reqwest::Client::builder()
            .tls_backend_preconfigured(tls_config(connection)?)
            .user_agent(USER_AGENT)
            .default_headers(headers)
            .redirect(redirect::Policy::none())
            .retry(reqwest::retry::never())
            // Less than a request may take, so that a connection that is never made is told as that, and
            // not as a lost answer.
            .connect_timeout(CONNECT_TIMEOUT.min(request.limits.timeout / 4));
        let http = match &connection.proxy {
            Some(proxy) => {
                let all = reqwest::Proxy::all(proxy.url())?;
                let authorization = proxy.authorization().cloned();
                http.proxy(match authorization {
                    Some(header) => all.custom_http_auth(header),
                    None => all,
                })
            }
            None => http.no_proxy(),
        };
        Ok(Self {
            http: http.build()?,
            endpoint: connection.endpoint.clone(),
            agent_id: request.agent_id.clone(),
            message: request.message.clone(),
            redaction,
            delivery: Arc::default(),
            large_body: Mutex::default(),
        })
    }

    /// Reads something that changes nothing.
    async fn get<T>(
        &self,
        url: Url,
        limit: Limit,
        most: Most,
        parse: impl FnOnce(&[u8]) -> Result<T>,
    ) -> Answer<Observed<T>> {
        // A cache may remember the time before the rollback.
        let request = self.http.get(url).header(CACHE_CONTROL, "no-cache");
        let reply = self.send(request, limit, most).await?;
        let Reply { status, body, server_clock, is_from_cache } = reply;
        match parse(body.bytes()) {
            Ok(value) => Ok(Observed { value, server_clock, is_from_cache }),
            Err(cause) => Err(self.unreadable(status, &body, format!("{cause:#}"))),
        }
    }

    async fn send(&self, request: RequestBuilder, limit: Limit, most: Most) -> Answer<Reply<'_>> {
        let Some(limit) = limit else {
            let why = "no time is left".to_owned();
            return Err(CallError::NotSent(ConnectError::Other(why)));
        };
        let asked = Instant::now();
        let end = asked + limit;
        let limit = format!("{:.1} s", limit.as_secs_f64());
        let mut response = match timeout_at(end, request.send()).await {
            Ok(Ok(response)) => response,
            Ok(Err(error)) => return Err(of_transport(&error)),
            Err(_) => return Err(CallError::GaveUp(format!("no answer within {limit}"))),
        };
        let answered = Instant::now();
        let date = header(&response, DATE).and_then(|date| httpdate::parse_http_date(date).ok());
        let is_from_cache = header(&response, AGE).is_some_and(|age| age.trim() != "0");
        let status = response.status().as_u16();
        let mut body = Body::default();
        if !matches!(status, 200..=299) {
            // The status says enough: its words are worth a moment.
            let end = end.min(answered + ERROR_BODY_TIMEOUT);
            let _ =
                timeout_at(end, self.read(&mut response, &mut body, error_body::MAX_BYTES)).await;
            let now = date.unwrap_or_else(SystemTime::now);
            return Err(CallError::Answered {
                status,
                body: error_body::of_error(body.bytes(), &self.redaction),
                retry_after: header(&response, RETRY_AFTER)
                    .and_then(|value| retry_after::parse(value, now)),
            });
        }
        match timeout_at(end, self.read(&mut response, &mut body, most.bytes)).await {
            Ok(read) => read?,
            Err(_) => {
                let text = format!("HTTP {status}, and no whole answer within {limit}");
                return Err(CallError::GaveUp(text));
            }
        }
        bound(body.memory(), most.values).map_err(|why| CallError::TooLarge(why.to_string()))?;
        let server_clock = date.map(|date| ClockReading { date, asked, answered });
        Ok(Reply { status, body, server_clock, is_from_cache })
    }

    /// Appends the body of an answer to `body`, which keeps what had come when an error ends it. A large
    /// body waits until no other one is in memory; the caller's limit of time holds for this wait, too.
    async fn read<'a>(
        &'a self,
        response: &mut Response,
        body: &mut Body<'a>,
        max_bytes: usize,
    ) -> Answer<()> {
        let status = response.status().as_u16();
        let lost = |error, body: &Body<'_>| self.unreadable(status, body, root_cause(&error));
        while let Some(chunk) = response.chunk().await.map_err(|error| lost(error, body))? {
            let room = max_bytes - body.bytes().len();
            if let Some(beginning) = chunk.get(..room).filter(|_| chunk.len() > room) {
                body.memory().extend_from_slice(beginning);
                let text = format!("the answer is larger than {} MiB", max_bytes >> 20);
                return Err(CallError::TooLarge(text));
            }
            if body.bytes().len() + chunk.len() > SMALL_BYTES && body.large.is_none() {
                let mut large = self.large_body.lock().await;
                large.clear();
                // A vector that grows by itself is in memory twice while it grows. The system gives the
                // memory only as far as it is filled.
                large.reserve_exact(max_bytes);
                large.append(&mut body.small);
                body.small = Vec::new();
                body.large = Some(large);
            }
            body.memory().extend_from_slice(&chunk);
        }
        Ok(())
    }

    fn unreadable(&self, status: u16, body: &Body<'_>, cause: String) -> CallError {
        let body = error_body::of_success(body.bytes(), &self.redaction);
        CallError::Unreadable { status, body, cause }
    }
}

impl Body<'_> {
    fn bytes(&self) -> &[u8] {
        self.large.as_deref().unwrap_or(&self.small)
    }

    fn memory(&mut self) -> &mut Vec<u8> {
        self.large.as_deref_mut().unwrap_or(&mut self.small)
    }
}

impl AgentsApi for HttpAgentsApi {
    async fn deployments(
        &self,
        environment: Environment,
        count: usize,
        limit: Limit,
    ) -> Answer<Deployments> {
        let url = self.endpoint.deployments(&self.agent_id, environment, count);
        self.get(url, limit, LIST, |body| parse_list(body, environment, count, &self.redaction))
            .await
    }

    async fn active(&self, limit: Limit) -> Answer<Deployments> {
        let url = self.endpoint.active(&self.agent_id);
        self.get(url, limit, LIST, |body| parse_active(body, &self.redaction)).await
    }

    async fn roll_back(&self, target: &Id, limit: Limit) -> Answer<Rollback> {
        let body = DeliveryBody::new(rollback_body(&self.message), &self.delivery);
        let url = self.endpoint.rollback(&self.agent_id, target);
        let post = self.http.post(url).header(CONTENT_TYPE, "application/json");
        let post = post.body(reqwest::Body::wrap(body));
        match self.send(post, limit, ROLLBACK).await {
            Ok(Reply { status, body, .. }) => {
                parse_rollback(status, body.bytes(), target, &self.redaction)
            }
            Err(CallError::Lost(cause) | CallError::GaveUp(cause))
                if self.delivery() != Delivery::InDoubt =>
            {
                Err(CallError::NotSent(ConnectError::Other(cause)))
            }
            Err(error) => Err(error),
        }
    }

    async fn test_run(&self, id: &Id, limit: Limit) -> Answer<TestRun> {
        let url = self.endpoint.test_run(&self.agent_id, id);
        let parse = |body: &[u8]| parse_test_run(body, &self.redaction);
        Ok(self.get(url, limit, TEST_RUN, parse).await?.value)
    }

    fn delivery(&self) -> Delivery {
        self.delivery.delivery()
    }

    fn settle(&self) {
        self.delivery.settle();
    }
}

/// The value of `X-API-KEY`, marked so that HTTP libraries do not print it.
pub fn key_header(key: &ApiKey) -> Result<HeaderValue> {
    let mut value = HeaderValue::from_str(key.reveal())?;
    value.set_sensitive(true);
    Ok(value)
}

/// An error that came before the head of an answer.
fn of_transport(error: &reqwest::Error) -> CallError {
    let why = classify(error);
    if error.is_connect() || error.is_builder() || why == ConnectError::WantsCertificate {
        CallError::NotSent(why)
    } else {
        CallError::Lost(root_cause(error))
    }
}

fn header(response: &Response, name: HeaderName) -> Option<&str> {
    response.headers().get(name)?.to_str().ok()
}

/// TLS 1.2 or newer, with the public authorities and the user's.
fn tls_config(connection: &Connection) -> Result<ClientConfig> {
    let roots = tls::roots(connection.authorities.clone());
    Ok(ClientConfig::builder_with_provider(Arc::new(ring::default_provider()))
        .with_safe_default_protocol_versions()
        .context("TLS could not be set up")?
        .with_root_certificates(roots)
        .with_no_client_auth())
}
