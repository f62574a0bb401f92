//! An HTTP server on loopback that records what arrives, byte for byte, and answers what it is told
//! to, or misbehaves as it is told to. The tests and the examples use the same one.

use rustls::{ServerConfig, ServerConnection, StreamOwned};
use socket2::SockRef;
use std::io::{Read, Write};
use std::net::{TcpListener, TcpStream};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread;
use std::time::Duration;

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
    /// Sends these bytes, a whole answer, and takes the next request.
    Whole(Vec<u8>),
    /// Sends these bytes, then closes the connection.
    Bytes(Vec<u8>),
    /// Sends these bytes, then nothing more until the other side hangs up.
    Silence(Vec<u8>),
    /// Sends the first bytes, and then the second ones over and over.
    Endless(Vec<u8>, Vec<u8>),
    /// Sends the first bytes, and then the second ones over and over, with pauses.
    Drip(Vec<u8>, Vec<u8>),
    /// Breaks the connection off (RST).
    Reset,
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
            "HTTP/1.1 {status} Status\r\nContent-Type: application/json; charset=utf-8\r\n{headers}Content-Length: {length}\r\n\r\n"
        );
        Self::Whole([head.as_bytes(), body].concat())
    }

    /// The same with another text in its body.
    pub fn replace(self, old: &str, new: &str) -> Self {
        let (head, body) = self.parts();
        let head = String::from_utf8_lossy(&head);
        let body = String::from_utf8_lossy(&body).replace(old, new);
        let kept = head.split("\r\n").filter(|line| !line.starts_with("Content-Length"));
        let head = kept.collect::<Vec<_>>().join("\r\n");
        Self::Whole(format!("{head}\r\nContent-Length: {}\r\n\r\n{body}", body.len()).into_bytes())
    }

    /// Its body.
    pub fn body(self) -> Vec<u8> {
        self.parts().1
    }

    /// Its head, without the blank line that ends it, and its body.
    fn parts(self) -> (Vec<u8>, Vec<u8>) {
        let bytes = self.bytes();
        let end = bytes.windows(4).position(|four| four == b"\r\n\r\n").expect("a head");
        (bytes[..end].to_vec(), bytes[end + 4..].to_vec())
    }

    /// Its bytes.
    pub fn bytes(self) -> Vec<u8> {
        match self {
            Self::Whole(bytes) | Self::Bytes(bytes) | Self::Silence(bytes) => bytes,
            _ => Vec::new(),
        }
    }
}

/// A running stand-in. It ends with the process.
pub struct StandIn {
    url: String,
    requests: Arc<Mutex<Vec<Request>>>,
    connections: Arc<AtomicUsize>,
}

/// What a connection is made of.
trait Wire: Read + Write {
    fn tcp(&mut self) -> &TcpStream;
}

impl Wire for TcpStream {
    fn tcp(&mut self) -> &TcpStream {
        self
    }
}

impl Wire for StreamOwned<ServerConnection, TcpStream> {
    fn tcp(&mut self) -> &TcpStream {
        &self.sock
    }
}

impl StandIn {
    /// Listens on a free port of loopback.
    pub fn start(answer: impl Fn(&Request) -> Answer + Send + Sync + 'static) -> Self {
        Self::serve(loopback(), None, answer)
    }

    /// Listens on a free port of loopback, and speaks TLS.
    pub fn start_tls(
        tls: Arc<ServerConfig>,
        answer: impl Fn(&Request) -> Answer + Send + Sync + 'static,
    ) -> Self {
        Self::serve(loopback(), Some(tls), answer)
    }

    /// Listens where the caller wants it.
    pub fn serve(
        listener: TcpListener,
        tls: Option<Arc<ServerConfig>>,
        answer: impl Fn(&Request) -> Answer + Send + Sync + 'static,
    ) -> Self {
        let address = listener.local_addr().expect("a listener has an address");
        let url = match &tls {
            Some(_) => format!("https://localhost:{}", address.port()),
            None => format!("http://{address}"),
        };
        let requests = Arc::new(Mutex::new(Vec::new()));
        let connections = Arc::new(AtomicUsize::new(0));
        let (answer, seen, count) =
            (Arc::new(answer), Arc::clone(&requests), Arc::clone(&connections));
        thread::spawn(move || {
            for stream in listener.incoming().flatten() {
                count.fetch_add(1, Ordering::Relaxed);
                let (answer, seen, tls) = (Arc::clone(&answer), Arc::clone(&seen), tls.clone());
                thread::spawn(move || match tls {
                    None => converse(stream, &*answer, &seen),
                    Some(tls) => {
                        // As servers do: what is sent in two pieces does not wait for the other side.
                        let _ = stream.set_nodelay(true);
                        let tls = ServerConnection::new(tls).expect("a good configuration");
                        converse(StreamOwned::new(tls, stream), &*answer, &seen);
                    }
                });
            }
        });
        Self { url, requests, connections }
    }

    /// The address for the input `base-url`.
    pub fn url(&self) -> &str {
        &self.url
    }

    /// What has arrived so far.
    pub fn requests(&self) -> Vec<Request> {
        self.requests.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// How many connections there were.
    pub fn connections(&self) -> usize {
        self.connections.load(Ordering::Relaxed)
    }

    /// How many rollbacks were asked for.
    pub fn posts(&self) -> usize {
        self.requests().iter().filter(|request| request.method == "POST").count()
    }
}

/// A free port of loopback.
pub fn loopback() -> TcpListener {
    TcpListener::bind("127.0.0.1:0").expect("loopback has a free port")
}

fn converse(
    mut stream: impl Wire,
    answer: &dyn Fn(&Request) -> Answer,
    seen: &Mutex<Vec<Request>>,
) {
    while let Some(request) = read_request(&mut stream) {
        // It counts as soon as it is here, whatever comes of it.
        seen.lock().unwrap_or_else(PoisonError::into_inner).push(request.clone());
        match answer(&request) {
            Answer::Whole(bytes) => {
                if stream.write_all(&bytes).and_then(|()| stream.flush()).is_err() {
                    return;
                }
            }
            // From here on, the other side may have gone: that is its business.
            Answer::Bytes(bytes) => {
                let _ = stream.write_all(&bytes).and_then(|()| stream.flush());
                return;
            }
            Answer::Silence(bytes) => {
                let _ = stream.write_all(&bytes).and_then(|()| stream.flush());
                let _ = stream.read_to_end(&mut Vec::new());
                return;
            }
            Answer::Endless(bytes, more) => {
                let mut sent = stream.write_all(&bytes);
                while sent.is_ok() {
                    sent = stream.write_all(&more);
                }
                return;
            }
            Answer::Drip(bytes, more) => {
                let mut sent = stream.write_all(&bytes);
                while sent.is_ok() {
                    thread::sleep(Duration::from_millis(50));
                    sent = stream.write_all(&more);
                }
                return;
            }
            Answer::Reset => {
                let _ = SockRef::from(stream.tcp()).set_linger(Some(Duration::ZERO));
                return;
            }
        }
    }
}

/// One request; none where the other side hangs up or does not speak HTTP.
fn read_request(stream: &mut impl Read) -> Option<Request> {
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

fn read_more(stream: &mut impl Read, bytes: &mut Vec<u8>) -> Option<()> {
    let mut chunk = [0; 4096];
    let count = stream.read(&mut chunk).ok().filter(|count| *count > 0)?;
    bytes.extend_from_slice(&chunk[..count]);
    Some(())
}
