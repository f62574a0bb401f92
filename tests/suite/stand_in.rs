//! A stand-in for the Agents API on loopback: it records what arrives, byte for byte, and answers
//! what it is told to. The tests and the examples use the same one.

use std::io::{Read, Write};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread;

/// The key, agent and deployment that [`agents_api`] knows.
pub const API_KEY: &str = "pk-stand-in-4f1d8a6c";
pub const AGENT: &str = "PROJECT-AB12CD34";
pub const DEPLOYMENT: &str = "019e0f3a-71c4-7c1e-9b3d-000000000042";

/// A request as it came over the wire.
#[derive(Clone, Debug)]
pub struct Request {
    pub method: String,
    /// Path and query, still encoded.
    pub target: String,
    /// Names in lower case.
    pub headers: Vec<(String, String)>,
    pub body: Vec<u8>,
}

impl Request {
    pub fn header(&self, name: &str) -> Option<&str> {
        let found = self.headers.iter().find(|(header, _)| header == name);
        found.map(|(_, value)| value.as_str())
    }
}

/// What the stand-in does with a request.
#[derive(Clone, Debug)]
pub enum Answer {
    /// Sends these bytes, then closes the connection.
    Bytes(Vec<u8>),
    /// Sends these bytes, then nothing more until the other side hangs up.
    Silence(Vec<u8>),
}

impl Answer {
    /// A whole answer.
    pub fn new(status: u16, body: impl AsRef<[u8]>) -> Self {
        Self::with_headers(status, "", body)
    }

    /// A whole answer with more header lines, each ended by CR and LF.
    pub fn with_headers(status: u16, headers: &str, body: impl AsRef<[u8]>) -> Self {
        let body = body.as_ref();
        let length = body.len();
        let head = format!(
            "HTTP/1.1 {status} Status\r\nContent-Type: application/json\r\n{headers}Content-Length: {length}\r\n\r\n"
        );
        Self::Bytes([head.as_bytes(), body].concat())
    }
}

/// A running stand-in. It ends with the process.
pub struct StandIn {
    address: SocketAddr,
    requests: Arc<Mutex<Vec<Request>>>,
}

impl StandIn {
    /// Listens on a free port of loopback.
    pub fn start(answer: impl Fn(&Request) -> Answer + Send + Sync + 'static) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").expect("loopback has a free port");
        Self::serve(listener, answer)
    }

    /// Listens where the caller wants it.
    pub fn serve(
        listener: TcpListener,
        answer: impl Fn(&Request) -> Answer + Send + Sync + 'static,
    ) -> Self {
        let address = listener.local_addr().expect("a listener has an address");
        let requests = Arc::new(Mutex::new(Vec::new()));
        let (answer, seen) = (Arc::new(answer), Arc::clone(&requests));
        thread::spawn(move || {
            for stream in listener.incoming().flatten() {
                let (answer, seen) = (Arc::clone(&answer), Arc::clone(&seen));
                thread::spawn(move || converse(stream, &*answer, &seen));
            }
        });
        Self { address, requests }
    }

    /// The address for the input `base-url`.
    pub fn url(&self) -> String {
        format!("http://{}", self.address)
    }

    pub fn port(&self) -> u16 {
        self.address.port()
    }

    /// What has arrived so far.
    pub fn requests(&self) -> Vec<Request> {
        self.requests.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }
}

fn converse(
    mut stream: TcpStream,
    answer: &dyn Fn(&Request) -> Answer,
    seen: &Mutex<Vec<Request>>,
) {
    let Some(request) = read_request(&mut stream) else {
        return;
    };
    let answer = answer(&request);
    seen.lock().unwrap_or_else(PoisonError::into_inner).push(request);
    // The other side may have gone: that is its business.
    match answer {
        Answer::Bytes(bytes) => {
            let _ = stream.write_all(&bytes);
        }
        Answer::Silence(bytes) => {
            let _ = stream.write_all(&bytes);
            let _ = stream.read_to_end(&mut Vec::new());
        }
    }
}

/// One request; none where the other side hangs up or does not speak HTTP.
fn read_request(stream: &mut TcpStream) -> Option<Request> {
    let mut bytes = Vec::new();
    loop {
        let mut headers = [httparse::EMPTY_HEADER; 64];
        let mut parsed = httparse::Request::new(&mut headers);
        if let httparse::Status::Complete(head) = parsed.parse(&bytes).ok()? {
            let headers = parsed.headers.iter().map(|header| {
                let value = String::from_utf8_lossy(header.value).into_owned();
                (header.name.to_lowercase(), value)
            });
            let mut request = Request {
                method: parsed.method?.to_owned(),
                target: parsed.path?.to_owned(),
                headers: headers.collect(),
                body: Vec::new(),
            };
            let length = request.header("content-length").unwrap_or("0").parse().ok()?;
            request.body = bytes.split_off(head);
            while request.body.len() < length {
                read_more(stream, &mut request.body)?;
            }
            return Some(request);
        }
        read_more(stream, &mut bytes)?;
    }
}

fn read_more(stream: &mut TcpStream, bytes: &mut Vec<u8>) -> Option<()> {
    let mut chunk = [0; 4096];
    let count = stream.read(&mut chunk).ok().filter(|count| *count > 0)?;
    bytes.extend_from_slice(&chunk[..count]);
    Some(())
}

/// The Agents API as far as it is known: one agent with one deployment to go back to.
pub fn agents_api(request: &Request) -> Answer {
    if request.header("x-api-key") != Some(API_KEY) {
        return Answer::new(401, r#"{"message":"Unauthorized"}"#);
    }
    if request.method != "POST" || serde_json::from_slice::<Body>(&request.body).is_err() {
        return Answer::new(
            400,
            r#"{"message":"Validation failed","errors":[{"field":"deploymentMessage","message":"expected string"}]}"#,
        );
    }
    if request.target != format!("/v1/agents/{AGENT}/deployments/{DEPLOYMENT}/rollback") {
        let id = request.header("x-polyai-correlation-id").unwrap_or_default();
        return Answer::new(404, not_found(id));
    }
    Answer::new(200, rolled_back(r#"["run-0001","run-0002"]"#))
}

/// The body that the contract allows, and no other.
#[derive(serde::Deserialize)]
#[serde(deny_unknown_fields)]
struct Body {
    #[serde(rename = "deploymentMessage")]
    _deployment_message: String,
}

/// An answer in the real shape, with made-up values.
pub fn rolled_back(test_run_ids: &str) -> String {
    format!(
        r#"{{"deployment":{{"id":"019e191e-ca97-7afa-a3bf-000000000001","accountId":"acme-ws","agentId":"{AGENT}","environment":"live","artifactVersion":"2026-05-08T18:26:14.711Z","version":"46c78399935c449c80d7d328a91b52ea","createdBy":"dev@example.com","createdAt":"2026-05-11T22:18:28.909Z","metadata":null}},"testRunIds":{test_run_ids}}}"#
    )
}

/// The API's own answer for a deployment that it does not know.
pub fn not_found(correlation_id: &str) -> String {
    format!(
        r#"{{"success":false,"error":"Not Found","error_id":"{correlation_id}","error_code":"DEPLOYMENT_NOT_FOUND","error_message":"Deployment not found","data":null}}"#
    )
}
