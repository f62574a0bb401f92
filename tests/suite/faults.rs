//! How a network, a gateway, an API or an adversary can spoil a request, and what must come of that:
//! one row for each fault that only a socket can show. `tests/simulation` has the faults that the
//! decisions alone can meet.

use crate::step::{Step, all_at_once};
use polyai_rollback::model::Outcome;
use rustls::ServerConfig;
use std::collections::VecDeque;
use std::sync::{Arc, Mutex};
use support::agents_api::{API_KEY, AgentsApi, DEPLOYMENT, VERSION};
use support::authority::Authority;
use support::stand_in::{Answer, Request, StandIn, loopback};

use Answer::{Bytes, Drip, Endless, Reset, Silence};

/// What happens to a request.
#[derive(Clone)]
struct Fault {
    /// Whether the API does what it was asked to do, behind the fault.
    is_done: bool,
    /// What is answered in the API's place.
    answer: Answer,
}

fn done(answer: Answer) -> Fault {
    Fault { is_done: true, answer }
}

fn not(answer: Answer) -> Fault {
    Fault { is_done: false, answer }
}

struct Row {
    name: &'static str,
    /// What happens to the first requests for a rollback; then all is well.
    posts: Vec<Fault>,
    /// What happens to the first requests that read; then all is well.
    reads: Vec<Fault>,
    timeout: &'static str,
    attempts: u8,
    /// The requests for a rollback that reach the API.
    sent: usize,
    code: i32,
    /// A part of the log.
    says: &'static str,
}

impl Default for Row {
    /// A request that is sent once, and known to be done.
    fn default() -> Self {
        Self {
            name: "",
            posts: Vec::new(),
            reads: Vec::new(),
            timeout: "10m",
            attempts: 1,
            sent: 1,
            code: 0,
            says: ESTABLISHED,
        }
    }
}

/// The log of a rollback whose answer was lost, and which the deployments show.
const ESTABLISHED: &str = "notice: the answer was lost (";
/// The log of a rollback whose answer was lost, where nothing could be read.
const UNREAD: &str = "looking for its effect did not help: the deployments could not be read: ";
/// The time of a rollback that must wait for silence to end: half of it. Connecting with TLS may take a
/// quarter of it, which is ample on a busy machine, too.
const SILENT: &str = "16s";
/// For as many requests as a run can send.
const FOR_EVER: usize = 99;

fn status(status: u16) -> Answer {
    Answer::new(status, "")
}

fn ok(body: impl AsRef<[u8]>) -> Answer {
    Answer::new(200, body)
}

/// The answer of a rollback that was done elsewhere.
fn whole() -> Vec<u8> {
    ok(support::agents_api::rolled_back("[]")).bytes()
}

fn head(lines: &str) -> Vec<u8> {
    format!("HTTP/1.1 200 OK\r\n{lines}").into_bytes()
}

/// What can happen to the bytes of an answer. All of it happens in the clear, and over TLS.
fn faults_of_a_connection() -> Vec<Row> {
    let chunk = [b"1000\r\n".to_vec(), vec![b' '; 4_096], b"\r\n".to_vec()].concat();
    let http2 = b"\0\0\x12\x04\0\0\0\0\0\0\x03\0\0\0\x64\0\x04\0\x10\0\0\0\x06\0\0\x40\0";
    vec![
        Row {
            name: "nothing",
            says: "Rolled back: live has a new deployment of ",
            ..Row::default()
        },
        // The answer is lost, and the rollback is done: that is found out, and nothing is sent again.
        Row { name: "reset", posts: vec![done(Reset)], ..Row::default() },
        Row {
            name: "closed before a byte",
            posts: vec![done(Bytes(Vec::new()))],
            ..Row::default()
        },
        Row {
            name: "closed within the head",
            posts: vec![done(Bytes(whole()[..40].to_vec()))],
            ..Row::default()
        },
        Row {
            name: "closed within the body",
            posts: vec![done(Bytes(whole()[..300].to_vec()))],
            ..Row::default()
        },
        Row {
            name: "reset, and the first reads are cut off, too",
            posts: vec![done(Reset)],
            reads: vec![not(Reset), not(Bytes(whole()[..300].to_vec()))],
            attempts: 3,
            ..Row::default()
        },
        // The answer is lost, and nothing was done: that is found out, and the request is sent again.
        Row {
            name: "reset, not done",
            posts: vec![not(Reset)],
            attempts: 2,
            sent: 2,
            says: "try 2 of 2, after: ",
            ..Row::default()
        },
        // Nothing comes, or too little.
        Row {
            name: "silence",
            posts: vec![done(Silence(Vec::new()))],
            timeout: SILENT,
            says: "notice: the answer was lost (no answer within ",
            ..Row::default()
        },
        Row {
            name: "silence within the body",
            posts: vec![done(Silence(whole()[..300].to_vec()))],
            timeout: SILENT,
            says: "HTTP 200, and no whole answer within ",
            ..Row::default()
        },
        Row {
            name: "a head that drips",
            posts: vec![done(Drip(head("X-Slow: "), b"x".to_vec()))],
            timeout: SILENT,
            says: "notice: the answer was lost (no answer within ",
            ..Row::default()
        },
        Row {
            name: "a body that drips",
            posts: vec![done(Drip(head("Content-Length: 100000\r\n\r\n"), b" ".to_vec()))],
            timeout: SILENT,
            says: "HTTP 200, and no whole answer within ",
            ..Row::default()
        },
        Row {
            name: "continue for ever",
            posts: vec![done(Drip(Vec::new(), b"HTTP/1.1 100 Continue\r\n\r\n".repeat(64)))],
            timeout: SILENT,
            ..Row::default()
        },
        // Too much comes.
        Row {
            name: "headers without an end",
            posts: vec![done(Endless(head(""), b"X-Bomb: boom\r\n".repeat(64)))],
            ..Row::default()
        },
        Row {
            name: "a header without an end",
            posts: vec![done(Endless(head("X-Bomb: "), vec![b'x'; 4_096]))],
            ..Row::default()
        },
        Row {
            name: "a body of 10 GB",
            posts: vec![done(Endless(
                head("Content-Length: 10737418240\r\n\r\n"),
                vec![b' '; 65_536],
            ))],
            says: "the answer is larger than 1 MiB",
            ..Row::default()
        },
        Row {
            name: "chunks without an end",
            posts: vec![done(Endless(head("Transfer-Encoding: chunked\r\n\r\n"), chunk))],
            says: "the answer is larger than 1 MiB",
            ..Row::default()
        },
        Row {
            name: "an error of 10 GB",
            posts: vec![not(Endless(
                b"HTTP/1.1 404 Gone\r\nContent-Length: 10737418240\r\n\r\n".to_vec(),
                vec![b'x'; 65_536],
            ))],
            code: 4,
            says: "the API said      HTTP 404: xxxx",
            ..Row::default()
        },
        // Another protocol than HTTP/1.1 is spoken.
        Row {
            name: "SMTP",
            posts: vec![done(Bytes(b"220 mail.example.com ESMTP\r\n".to_vec()))],
            ..Row::default()
        },
        Row {
            name: "HTTP/0.9",
            posts: vec![done(Bytes(b"<html>done</html>".to_vec()))],
            ..Row::default()
        },
        Row { name: "HTTP/2", posts: vec![done(Bytes(http2.to_vec()))], ..Row::default() },
    ]
}

/// What can be wrong with an answer that has come. TLS changes nothing about it.
fn faults_of_an_answer() -> Vec<Row> {
    let numbers = format!("[0{}]", ",0".repeat(499_999));
    let to_itself = format!(r#"{{"deployment":{{"id":"{DEPLOYMENT}"}}}}"#);
    let long_id = format!(r#"{{"deployment":{{"id":"{}"}}}}"#, "x".repeat(1_000_000));
    let half_a_million = ok(format!(r#"{{"deployments":[{{}}{}]}}"#, ",{}".repeat(300_000)));
    let without_id = listing(&[DATE], 0).replace(&format!(r#""{NEW}""#), "null");
    vec![
        Row {
            name: "an error that says nothing, not done, and sent again",
            posts: vec![not(status(502))],
            attempts: 2,
            sent: 2,
            says: "try 2 of 2, after: HTTP 502",
            ..Row::default()
        },
        Row {
            name: "silence for ever",
            posts: vec![done(Silence(Vec::new()))],
            reads: vec![not(Silence(Vec::new())); FOR_EVER],
            timeout: "12s",
            code: 7,
            says: UNREAD,
            ..Row::default()
        },
        // The headers that the program reads.
        Row {
            name: "a wish to wait for seconds",
            posts: vec![not(busy("Retry-After: 1\r\n"))],
            attempts: 2,
            sent: 2,
            says: "in 1.0 s, try 2 of 2",
            ..Row::default()
        },
        Row {
            name: "a wish to wait for a date that is over",
            posts: vec![not(busy("Retry-After: Wed, 21 Oct 2015 07:28:00 GMT\r\n"))],
            attempts: 2,
            sent: 2,
            says: "in 0.0 s, try 2 of 2",
            ..Row::default()
        },
        Row {
            name: "a wish to wait for a date by the API's own clock",
            posts: vec![not(busy(
                "Date: Wed, 21 Oct 2015 07:28:00 GMT\r\nRetry-After: Wed, 21 Oct 2015 07:28:01 GMT\r\n",
            ))],
            attempts: 2,
            sent: 2,
            says: "in 1.0 s, try 2 of 2",
            ..Row::default()
        },
        Row {
            name: "a wish to wait for nonsense",
            posts: vec![not(busy("Retry-After: soon\r\n"))],
            attempts: 2,
            sent: 2,
            says: "try 2 of 2, after: HTTP 429",
            ..Row::default()
        },
        Row {
            name: "a redirect to another host",
            posts: vec![not(Answer::with_headers(307, "Location: https://example.com/\r\n", ""))],
            code: 5,
            says: "a redirect, which is not followed",
            ..Row::default()
        },
        Row {
            name: "lists that are the API's own",
            posts: vec![done(status(502))],
            reads: vec![not(listing(&[DATE, "Age: 0\r\n"], 0)); FOR_EVER],
            ..Row::default()
        },
        Row {
            name: "lists that a cache remembers",
            posts: vec![done(status(502))],
            reads: vec![not(listing(&[DATE, "Age: 300\r\n"], 0)); FOR_EVER],
            code: 7,
            says: "the answer is an old one, from a cache",
            ..Row::default()
        },
        Row {
            name: "lists without a date",
            posts: vec![done(status(502))],
            reads: vec![not(listing(&[], 0)); FOR_EVER],
            code: 7,
            says: "may or may not be the new one",
            ..Row::default()
        },
        // The lists that the program reads.
        Row {
            name: "lists of thousands of deployments",
            posts: vec![done(status(502))],
            reads: vec![not(listing(&[DATE], 2_400)); FOR_EVER],
            ..Row::default()
        },
        Row {
            name: "a list of half a million deployments",
            posts: vec![done(status(502))],
            reads: vec![not(half_a_million); FOR_EVER],
            code: 7,
            says: "the answer has more than 100000 values",
            ..Row::default()
        },
        Row {
            name: "lists that make no sense",
            posts: vec![done(status(502))],
            reads: vec![not(ok("[]")); FOR_EVER],
            code: 7,
            says: UNREAD,
            ..Row::default()
        },
        Row {
            name: "lists of a deployment without an id",
            posts: vec![done(status(502))],
            reads: vec![not(without_id); FOR_EVER],
            code: 7,
            says: "it lists a deployment without an id",
            ..Row::default()
        },
        // The answer says yes, and cannot be read or contradicts itself.
        Row {
            name: "a page instead of an answer",
            posts: vec![done(ok("<html>welcome</html>"))],
            ..Row::default()
        },
        Row { name: "an empty 200", posts: vec![done(ok(""))], ..Row::default() },
        Row {
            name: "the target itself as the new deployment",
            posts: vec![done(ok(to_itself))],
            says: "it names the deployment to go back to as the new one",
            ..Row::default()
        },
        Row {
            name: "a deployment and a failure",
            posts: vec![done(ok(r#"{"success":false,"deployment":{"id":"new"}}"#))],
            says: "it names a deployment and a failure",
            ..Row::default()
        },
        Row {
            name: "a deployment and the code of an error",
            posts: vec![done(ok(format!(
                r#"{{"error_code":"BOOM","deployment":{{"id":"{NEW}"}}}}"#
            )))],
            says: "Rolled back: the environment has a new deployment of ",
            ..Row::default()
        },
        // The body is made to break whoever reads it.
        Row {
            name: "JSON that is nested 100,000 deep",
            posts: vec![done(ok("[".repeat(100_000)))],
            says: "the answer is nested more than 128 deep",
            ..Row::default()
        },
        Row {
            name: "JSON that is nested 5,000 deep",
            posts: vec![done(ok("[".repeat(5_000)))],
            says: "the answer is nested more than 128 deep",
            ..Row::default()
        },
        Row {
            name: "half a million numbers",
            posts: vec![done(ok(&numbers))],
            says: "the answer has more than 2000 values",
            ..Row::default()
        },
        Row {
            name: "an error of half a million numbers",
            posts: vec![not(Answer::new(404, &numbers))],
            code: 4,
            says: "was not found",
            ..Row::default()
        },
        Row {
            name: "a megabyte that needs much redaction",
            posts: vec![not(Answer::new(400, "%".repeat(1_000_000)))],
            code: 5,
            says: "HTTP 400: %%%",
            ..Row::default()
        },
        Row {
            name: "an id of a megabyte",
            posts: vec![done(ok(long_id))],
            says: "it names no deployment",
            ..Row::default()
        },
        Row {
            name: "invalid UTF-8 and NUL",
            posts: vec![done(ok(b"{\"deployment\":{\"id\":\"\xff\0\"}}"))],
            ..Row::default()
        },
        // The body is made to act on whoever reads the log.
        Row {
            name: "commands of a runner",
            posts: vec![not(Answer::new(
                400,
                "::set-output name=outcome::rolled-back\n##[add-mask]live\n::stop-commands::x",
            ))],
            code: 5,
            says: "HTTP 400: ::set-output name=outcome::rolled-back # #[add-mask]live ::stop-commands::x",
            ..Row::default()
        },
        Row {
            name: "ANSI and bidi controls",
            posts: vec![not(Answer::new(400, "\u{1b}[2J\u{202e}evil\u{7}"))],
            code: 5,
            says: "HTTP 400: \u{fffd}[2J\u{fffd}evil\u{fffd}",
            ..Row::default()
        },
        Row {
            name: "the key in an error",
            posts: vec![not(Answer::new(401, format!(r#"{{"message":"bad key {API_KEY}"}}"#)))],
            code: 3,
            says: "HTTP 401: bad key ***",
            ..Row::default()
        },
        Row {
            name: "the key in a lost answer, and in reads",
            posts: vec![done(Answer::new(500, format!("key={API_KEY}")))],
            reads: vec![not(Answer::new(403, API_KEY)); FOR_EVER],
            code: 7,
            says: "HTTP 403: ***",
            ..Row::default()
        },
    ]
}

fn busy(headers: &str) -> Answer {
    Answer::with_headers(429, headers, "")
}

/// The header that tells the time of the stand-in, whose clock stands still.
const DATE: &str = "Date: Mon, 11 May 2026 22:18:28 GMT\r\n";
/// The id that the stand-in gives to the deployment of the first rollback.
const NEW: &str = "019e191e-ca97-7afa-a3bf-000000000001";

/// An answer to all that is read: the deployment that the rollback made, the one to go back to, and a
/// number of others of which next to nothing is said.
fn listing(headers: &[&str], others: usize) -> Answer {
    let deployment = |id: &str, day: u8| {
        format!(
            r#"{{"id":"{id}","version":"{VERSION}","createdAt":"2026-05-{day}T22:18:28.909Z"}}"#
        )
    };
    let (new, target) = (deployment(NEW, 11), deployment(DEPLOYMENT, 10));
    let active: String = (0..others).map(|n| format!(r#""{n}":{{"id":"n"}},"#)).collect();
    let others = r#",{"id":"n"}"#.repeat(others);
    let body = format!(
        r#"{{"activeDeployments":{{{active}"live":null}},"deployments":[{new},{target}{others}]}}"#
    );
    Answer::with_headers(200, &headers.concat(), body)
}

/// An API that misbehaves as told, in the clear or with TLS.
fn faulty(api: Arc<AgentsApi>, row: &Row, tls: Option<Arc<ServerConfig>>) -> StandIn {
    let faults = |faults: &[Fault]| Mutex::new(faults.iter().cloned().collect::<VecDeque<_>>());
    let (posts, reads) = (faults(&row.posts), faults(&row.reads));
    StandIn::serve(loopback(), tls, move |request: &Request| {
        let faults = if request.method == "POST" { &posts } else { &reads };
        let fault = faults.lock().expect("no panic").pop_front();
        match fault {
            None => api.answer(request),
            Some(Fault { is_done, answer }) => {
                if is_done {
                    api.answer(request);
                }
                answer
            }
        }
    })
}

fn check(row: &Row, authority: Option<&Authority>) {
    let api = AgentsApi::new();
    let tls = authority.map(|authority| authority.server(|_| {}));
    let stand_in = faulty(Arc::clone(&api), row, tls);
    let ended = Step::plain(&stand_in)
        .unverified()
        .env("POLYAI_CA_CERT", authority.map_or("", |authority| &authority.1))
        .env("POLYAI_TIMEOUT", row.timeout)
        .env("POLYAI_ATTEMPTS", row.attempts.to_string())
        .env("POLYAI_OUTPUT_FILE", "out.env")
        .env("POLYAI_SUMMARY_FILE", "summary.md")
        .env("POLYAI_REPORT_FILE", "report.json")
        .run();
    let outputs = ended.dotenv("out.env");
    let made = api.rolled_back();
    let id = &outputs["ROLLBACK_DEPLOYMENT_ID"];
    let checks = [
        ("the requests for a rollback", stand_in.posts() == row.sent),
        ("the exit code", ended.code == row.code),
        ("the words", ended.out.contains(row.says) || ended.err.contains(row.says)),
        ("at most one rollback", made.len() <= 1),
        ("success is a rollback", ended.code != 0 || made.contains(id)),
        ("failure is none, unless it is unknown", matches!(ended.code, 0 | 7) || made.is_empty()),
        ("no id after a failure", ended.code == 0 || id.is_empty()),
        (
            "the outcome of the exit code",
            Outcome::ALL.iter().any(|outcome| {
                i32::from(outcome.exit_code()) == ended.code
                    && outcome.name() == outputs["ROLLBACK_OUTCOME"]
            }),
        ),
        (
            "one line of an error",
            ended.err.matches("error: ").count() == usize::from(ended.code != 0),
        ),
        ("no key", !ended.everything().contains(API_KEY)),
    ];
    let wrong: Vec<_> =
        checks.iter().filter(|(_, is_right)| !is_right).map(|(what, _)| *what).collect();
    assert!(
        wrong.is_empty(),
        "{}, {}: {}; {} sent, exit code {}, {} made\n{}{}",
        row.name,
        if authority.is_some() { "over TLS" } else { "in the clear" },
        wrong.join(", "),
        stand_in.posts(),
        ended.code,
        made.len(),
        ended.out,
        ended.err
    );
}

#[test]
fn each_fault_of_a_connection_ends_as_it_must() {
    let rows = faults_of_a_connection();
    let authority = Authority::generate();
    let wires = [None, Some(&authority)];
    let runs = rows.iter().flat_map(|row| wires.map(|wire| (row, wire)));
    all_at_once(runs, |(row, wire)| check(row, wire));
}

#[test]
fn each_fault_of_an_answer_ends_as_it_must() {
    all_at_once(&faults_of_an_answer(), |row| check(row, None));
}
