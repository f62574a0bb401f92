//! What a network, a gateway, an API or an adversary can do to a request, and what must come of it:
//! one row for each fault.

use crate::step::Step;
use polyai_rollback::model::Outcome;
use rustls::ServerConfig;
use std::collections::VecDeque;
use std::sync::{Arc, Mutex, OnceLock};
use std::thread;
use std::time::{Duration, SystemTime};
use support::agents_api::{API_KEY, AgentsApi, DEPLOYMENT, VERSION};
use support::authority::Authority;
use support::stand_in::{Answer, Request, StandIn, loopback};

use Answer::{Bytes, Drip, Endless, Reset, Silence};

/// Most of the time is waiting.
const AT_ONCE: usize = 32;

/// Whether the API does what it was asked to do, behind the fault.
#[derive(Clone, Copy, Debug, PartialEq)]
enum Effect {
    Done,
    Not,
}

/// What happens to a request.
#[derive(Clone)]
struct Fault {
    effect: Effect,
    /// What is answered in the API's place; none where the API answers itself.
    answer: Option<Answer>,
}

fn good() -> Fault {
    Fault { effect: Effect::Done, answer: None }
}

fn done(answer: Answer) -> Fault {
    Fault { effect: Effect::Done, answer: Some(answer) }
}

fn not(answer: Answer) -> Fault {
    Fault { effect: Effect::Not, answer: Some(answer) }
}

fn times(count: usize, fault: Fault) -> Vec<Fault> {
    vec![fault; count]
}

struct Row {
    name: &'static str,
    /// What happens to the first requests for a rollback; then all is well.
    posts: Vec<Fault>,
    /// What happens to the first requests that read; then all is well.
    reads: Vec<Fault>,
    timeout: &'static str,
    /// The requests for a rollback that reach the API.
    sent: usize,
    code: i32,
    /// What the log says.
    says: &'static str,
}

fn status(status: u16) -> Answer {
    Answer::new(status, "")
}

/// The answer of a rollback that was done elsewhere.
fn whole() -> Vec<u8> {
    Answer::new(200, support::agents_api::rolled_back("[]")).bytes()
}

#[rustfmt::skip]
fn rows() -> Vec<Row> {
    let row = |name, posts: &[Fault], reads: &[Fault], timeout, sent, code, says| Row {
        name, posts: posts.to_vec(), reads: reads.to_vec(), timeout, sent, code, says,
    };
    let unread = "the deployments do not show what came of it: they could not be read: ";
    let established = "notice: the answer was lost (";
    vec![
        row("nothing", &[], &[], "60s", 1, 0, "Rolled back: live is on version"),

        // The API itself refused: it is asked again.
        row("429 once", &[not(status(429))], &[], "60s", 2, 0, "trying again      in "),
        row("503 twice", &times(2, not(status(503))), &[], "60s", 3, 0, "try 3 of 4, after: HTTP 503"),
        row("429 for ever", &times(9, not(status(429))), &[], "60s", 4, 6, "error: Not rolled back (unavailable): the API refused the request: too many"),
        row("429 that wants 0 seconds", &[not(retry_after("0"))], &[], "60s", 2, 0, "at once, try 2 of 4"),
        row("429 that wants 1 second", &[not(retry_after("1"))], &[], "60s", 2, 0, "in 1.0 s, try 2 of 4"),
        row("429 that wants a date that is over", &[not(retry_after("Wed, 21 Oct 2015 07:28:00 GMT"))], &[], "60s", 2, 0, "at once, try 2 of 4"),
        row("429 that wants a year", &[not(retry_after("31536000"))], &[], "4s", 2, 0, "try 2 of 4, after: HTTP 429"),
        row("429 that wants the year 9999", &[not(retry_after("Fri, 31 Dec 9999 23:59:59 GMT"))], &[], "4s", 2, 0, "try 2 of 4, after: HTTP 429"),
        row("429 that wants a date by its own clock", &[not(Answer::with_headers(429, "Date: Wed, 21 Oct 2015 07:28:00 GMT\r\nRetry-After: Wed, 21 Oct 2015 07:28:01 GMT\r\n", ""))], &[], "60s", 2, 0, "in 1.0 s, try 2 of 4"),
        row("429 that wants nonsense", &[not(retry_after("soon"))], &[], "60s", 2, 0, "try 2 of 4"),

        // The API said no: it is not asked again.
        row("400", &[not(status(400))], &[], "60s", 1, 5, "the API refused the rollback"),
        row("401", &[not(status(401))], &[], "60s", 1, 3, "the API did not accept the key"),
        row("404", &[not(status(404))], &[], "60s", 1, 4, "was not found"),
        row("409", &[not(status(409))], &[], "60s", 1, 5, "because of a conflict"),
        row("a redirect to another host", &[not(Answer::with_headers(307, "Location: https://example.com/\r\n", ""))], &[], "60s", 1, 5, "a redirect, which is not followed"),

        // The answer was lost, and it was done: that is found out, and it is not sent again.
        row("500, done", &[done(status(500))], &[], "60s", 1, 0, established),
        row("502, done", &[done(status(502))], &[], "60s", 1, 0, established),
        row("504, done", &[done(status(504))], &[], "60s", 1, 0, established),
        row("408, done", &[done(status(408))], &[], "60s", 1, 0, established),
        row("reset, done", &[done(Reset)], &[], "60s", 1, 0, established),
        row("closed before a byte, done", &[done(Bytes(Vec::new()))], &[], "60s", 1, 0, established),
        row("closed within the head, done", &[done(Bytes(whole()[..40].to_vec()))], &[], "60s", 1, 0, established),
        row("closed within the body, done", &[done(Bytes(whole()[..300].to_vec()))], &[], "60s", 1, 0, established),
        row("silence, done", &[done(Silence(Vec::new()))], &[], "6s", 1, 0, "notice: the answer was lost (no answer within 2.0 s)"),
        row("silence within the body, done", &[done(Silence(whole()[..300].to_vec()))], &[], "6s", 1, 0, established),
        row("a page instead of an answer, done", &[done(Answer::new(200, "<html>welcome</html>"))], &[], "60s", 1, 0, established),
        row("an empty 200, done", &[done(status(200))], &[], "60s", 1, 0, established),
        row("502, done, the first reads fail", &[done(status(502))], &[not(status(503)), not(Reset), not(status(500))], "60s", 1, 0, established),

        // The answer was lost, and it was not done: that is found out, and it is sent again.
        row("500, not done", &[not(status(500))], &[], "60s", 2, 0, "at once, try 2 of 4, after: HTTP 500"),
        row("502, not done, twice", &times(2, not(status(502))), &[], "60s", 3, 0, "try 3 of 4"),
        row("reset, not done", &[not(Reset)], &[], "60s", 2, 0, "try 2 of 4"),
        row("500, not done, then 500, done", &[not(status(500)), done(status(500))], &[], "60s", 2, 0, established),
        row("500, not done, then 429", &[not(status(500)), not(status(429))], &[], "60s", 3, 0, "try 3 of 4, after: HTTP 429"),
        row("500, not done, then 503, reads refused after three looks", &[not(status(500)), not(status(503))], &[times(6, good()), times(9, not(status(403)))].concat(), "60s", 2, 7, unread),
        row("500, not done, then 409", &[not(status(500)), not(status(409))], &[], "60s", 2, 5, "because of a conflict"),
        row("502 for ever, not done", &times(9, not(status(502))), &[], "60s", 4, 6, "the deployments show that it had no effect"),
        // It is done after the last look, while the second request is on its way.
        row("500, not done, then 409, done", &[not(status(500)), done(status(409))], &[], "60s", 2, 0, established),
        row("500, not done, then an error in a 200, done", &[not(status(500)), done(Answer::new(200, r#"{"error_code":"DEPLOYMENTS_ENVIRONMENT_ALREADY_PUBLISHED"}"#))], &[], "60s", 2, 0, established),

        // It shows only after the first look at why the second request was refused.
        row("500, late, then 409", &[not(status(500)), done(status(409))], &[times(6, good()), times(2, not(listing(&format!(r#""id":"old","version":"{VERSION}""#), 60)))].concat(), "60s", 2, 0, established),
        row("500, late, then 503 for ever", &[vec![not(status(500)), done(status(503))], times(9, not(status(503)))].concat(), &[times(6, good()), times(2, not(listing(&format!(r#""id":"old","version":"{VERSION}""#), 60)))].concat(), "60s", 2, 0, established),
        row("silence, not done, and no time to find out of another one", &times(9, not(Silence(Vec::new()))), &[], "18s", 1, 6, "the deployments show that it had no effect"),

        // The answer says yes, and contradicts itself.
        row("the target itself as the new deployment, not done", &[not(Answer::new(200, format!(r#"{{"deployment":{{"id":"{DEPLOYMENT}"}}}}"#)))], &[], "60s", 2, 0, "it names the deployment to go back to as the new one"),
        row("the target itself as the new deployment, done", &[done(Answer::new(200, format!(r#"{{"deployment":{{"id":"{DEPLOYMENT}"}}}}"#)))], &[], "60s", 1, 0, established),
        row("a deployment and a failure, not done", &[not(Answer::new(200, r#"{"success":false,"deployment":{"id":"new"}}"#))], &[], "60s", 2, 0, "it names a deployment and an error"),
        row("a deployment and the code of an error, done", &[done(Answer::new(200, r#"{"error_code":"BOOM","deployment":{"id":"new"}}"#))], &[], "60s", 1, 0, established),

        // The answer was lost, and it cannot be found out: it is not sent again.
        row("502, done, reads refused", &[done(status(502))], &times(9, not(status(403))), "60s", 1, 7, unread),
        row("502, not done, reads refused", &[not(status(502))], &times(9, not(status(403))), "60s", 1, 7, "they could not be read: HTTP 403; wait"),
        row("502, done, reads fail for ever", &[done(status(502))], &times(99, not(status(500))), "9s", 1, 7, unread),
        row("silence for ever, done", &[done(Silence(Vec::new()))], &times(99, not(Silence(Vec::new()))), "6s", 1, 7, unread),
        row("502, done, reads without a date", &[done(status(502))], &times(9, not(Answer::new(200, r#"{"activeDeployments":{},"deployments":[]}"#))), "60s", 1, 7, "the API's answer bears no date"),
        row("502, done, reads that list nothing", &[done(status(502))], &times(9, not(dated(r#"{"activeDeployments":{},"deployments":[]}"#))), "60s", 1, 7, "the API lists no such deployment to go back to"),
        row("502, done, reads that make no sense", &[done(status(502))], &times(99, not(dated("[]"))), "9s", 1, 7, unread),
        row("502, not done, no time for three looks", &[not(status(502))], &[], "2s", 1, 7, "no time was left to look again"),

        row("502, not done, the active deployments cannot be read", &[not(status(502))], &[not(status(403))], "60s", 1, 7, unread),
        row("502, done, a deployment without a version", &[done(status(502))], &times(99, not(listing(r#""id":"new","version":null"#, 0))), "60s", 1, 7, "deployment new may or may not be the new one"),
        row("502, done, a deployment without an id", &[done(status(502))], &times(99, not(listing(r#""id":null"#, 0))), "9s", 1, 7, "it lists a deployment without an id"),
        row("502, done, a deployment without a time", &[done(status(502))], &times(99, not(listing(&format!(r#""id":"new","version":"{VERSION}","createdAt":"soon""#), 0))), "60s", 1, 7, "deployment new may or may not be the new one"),
        row("502, done, a clock that is 2 seconds late", &[done(status(502))], &times(99, not(listing(&format!(r#""id":"new","version":"{VERSION}""#), 2))), "60s", 1, 7, "deployment new may or may not be the new one"),
        row("502, done, a cache that remembers", &[done(status(502))], &times(99, not(Answer::with_headers(200, "Age: 300\r\nDate: Mon, 11 May 2026 22:13:28 GMT\r\n", r#"{"activeDeployments":{},"deployments":[]}"#))), "60s", 1, 7, "the answer came from a cache"),
        row("502, not done, the same version elsewhere and before", &[not(status(502))], &times(6, not(listing(&format!(r#""id":"old","version":"{VERSION}""#), 60))), "60s", 2, 0, "try 2 of 4"),
        row("502, not done, another version since", &[not(status(502))], &times(6, not(listing(r#""id":"new","version":"other""#, 0))), "60s", 2, 0, "try 2 of 4"),
        row("502, not done, the same version in another environment since", &[not(status(502))], &times(9, not(listing(&format!(r#""id":"new","version":"{VERSION}","environment":"sandbox""#), 0))), "60s", 1, 7, "it lists a deployment of another environment"),

        // An API that is broken, or an adversary.
        row("another protocol", &[not(Bytes(b"220 mail.example.com ESMTP\r\n".to_vec()))], &[], "60s", 2, 0, "try 2 of 4"),
        row("HTTP/0.9", &[done(Bytes(b"<html>done</html>".to_vec()))], &[], "60s", 1, 0, established),
        row("HTTP/2", &[done(Bytes(b"\0\0\x12\x04\0\0\0\0\0\0\x03\0\0\0\x64\0\x04\0\x10\0\0\0\x06\0\0\x40\0".to_vec()))], &[], "60s", 1, 0, established),
        row("headers without an end", &[done(Endless(b"HTTP/1.1 200 OK\r\n".to_vec(), b"X-Bomb: boom\r\n".repeat(64)))], &[], "60s", 1, 0, established),
        row("a header without an end", &[done(Endless(b"HTTP/1.1 200 OK\r\nX-Bomb: ".to_vec(), vec![b'x'; 4_096]))], &[], "60s", 1, 0, established),
        row("continue for ever", &[done(Drip(Vec::new(), b"HTTP/1.1 100 Continue\r\n\r\n".repeat(64)))], &[], "6s", 1, 0, established),
        row("a body of 10 GB", &[done(Endless(b"HTTP/1.1 200 OK\r\nContent-Length: 10737418240\r\n\r\n".to_vec(), vec![b' '; 65_536]))], &[], "60s", 1, 0, "it is larger than 1 MiB"),
        row("an error of 10 GB", &[not(Endless(b"HTTP/1.1 404 Gone\r\nContent-Length: 10737418240\r\n\r\n".to_vec(), vec![b'x'; 65_536]))], &[], "60s", 1, 4, "the API said      HTTP 404: xxxx"),
        row("chunks without an end", &[done(Endless(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n".to_vec(), [b"1000\r\n".to_vec(), vec![b' '; 4_096], b"\r\n".to_vec()].concat()))], &[], "60s", 1, 0, "it is larger than 1 MiB"),
        row("a body that drips", &[done(Drip(b"HTTP/1.1 200 OK\r\nContent-Length: 100000\r\n\r\n".to_vec(), b" ".to_vec()))], &[], "6s", 1, 0, "it is not whole after 2.0 s"),
        row("a head that drips", &[done(Drip(b"HTTP/1.1 200 OK\r\nX-Slow: ".to_vec(), b"x".to_vec()))], &[], "6s", 1, 0, "no answer within 2.0 s"),
        row("JSON that is nested 100,000 deep", &[done(Answer::new(200, "[".repeat(100_000)))], &[], "60s", 1, 0, "it has too many parts"),
        row("JSON that is nested 5,000 deep", &[done(Answer::new(200, "[".repeat(5_000)))], &[], "60s", 1, 0, "recursion limit exceeded"),
        row("a megabyte that needs much redaction", &[not(Answer::new(400, "%".repeat(1_000_000)))], &[], "60s", 1, 5, "HTTP 400: %%%"),
        row("half a million numbers", &[done(Answer::new(200, format!("[0{}]", ",0".repeat(499_999))))], &[], "60s", 1, 0, "it has too many parts"),
        row("an error of half a million numbers", &[not(Answer::new(404, format!("[0{}]", ",0".repeat(499_999))))], &[], "60s", 1, 4, "was not found"),
        row("a list of half a million deployments", &[done(status(502))], &times(99, not(dated(&format!(r#"{{"deployments":[{{}}{}]}}"#, ",{}".repeat(300_000))))), "9s", 1, 7, "it has too many parts"),
        row("lists of thousands of deployments", &[done(status(502))], &times(99, not(thousands())), "60s", 1, 7, "deployment n may or may not be the new one"),
        row("an id of a megabyte", &[done(Answer::new(200, format!(r#"{{"deployment":{{"id":"{}"}}}}"#, "x".repeat(1_000_000))))], &[], "60s", 1, 0, "it names no deployment"),
        row("invalid UTF-8 and NUL", &[done(Answer::new(200, b"{\"deployment\":{\"id\":\"\xff\0\"}}"))], &[], "60s", 1, 0, established),
        row("commands of a runner", &[not(Answer::new(400, "::set-output name=outcome::rolled-back\n##[add-mask]live\n::stop-commands::x"))], &[], "60s", 1, 5, "HTTP 400: ::set-output name=outcome::rolled-back # #[add-mask]live ::stop-commands::x"),
        row("ANSI and bidi controls", &[not(Answer::new(400, "\u{1b}[2J\u{202e}evil\u{7}"))], &[], "60s", 1, 5, "HTTP 400: \u{fffd}[2J\u{fffd}evil\u{fffd}"),
        row("the key in an error", &[not(Answer::new(401, format!("{{\"message\":\"bad key {API_KEY}\"}}")))], &[], "60s", 1, 3, "HTTP 401: bad key ***"),
        row("the key in a lost answer, and in reads", &[done(Answer::new(500, format!("key={API_KEY}")))], &times(9, not(Answer::new(403, API_KEY))), "60s", 1, 7, "HTTP 403: ***"),
    ]
}

fn retry_after(value: &str) -> Answer {
    Answer::with_headers(429, &format!("Retry-After: {value}\r\n"), "")
}

/// Stands in a header for the time at which the answer is given.
const NOW: &str = "@NOW";
/// Stands in a body, filled up to as many bytes, for a time so many seconds before the first request.
const AGO: &str = "@AGO";

fn dated(body: &str) -> Answer {
    Answer::with_headers(200, &format!("Date: {NOW}\r\n"), body)
}

/// A list of a deployment with these fields, made some seconds ago, and of the one to go back to.
fn listing(fields: &str, seconds: u64) -> Answer {
    let time = |ago: u64| format!("{:@<24}", format!("{AGO}{ago}"));
    let created = if fields.contains("createdAt") {
        String::new()
    } else {
        format!(r#","createdAt":"{}""#, time(seconds))
    };
    let target =
        format!(r#"{{"id":"{DEPLOYMENT}","version":"{VERSION}","createdAt":"{}"}}"#, time(1_000));
    dated(&format!(
        r#"{{"activeDeployments":{{"sandbox":""}},"deployments":[{{{fields}{created}}},{target}]}}"#
    ))
}

/// An answer as it is given, to a run whose first request came at `begun`.
fn given(answer: Answer, begun: SystemTime) -> Answer {
    let Answer::Whole(bytes) = answer else { return answer };
    let Ok(text) = String::from_utf8(bytes.clone()) else { return Answer::Whole(bytes) };
    let mut text = text.replace(NOW, &httpdate::fmt_http_date(SystemTime::now()));
    while let Some(place) = text.find(AGO) {
        let seconds = text[place + AGO.len()..place + 24].trim_end_matches('@').parse();
        let time = begun - Duration::from_secs(seconds.expect("a number of seconds"));
        let time = humantime::format_rfc3339_millis(time).to_string();
        text.replace_range(place..place + 24, &time);
    }
    Answer::Whole(text.into_bytes())
}

/// Lists of very many deployments, of which next to nothing is said.
fn thousands() -> Answer {
    let active: String = (0..2_400).map(|n| format!(r#""{n}":{{"id":"n"}},"#)).collect();
    let target = format!(
        r#"{{"id":"{DEPLOYMENT}","version":"{VERSION}","createdAt":"2026-05-11T22:18:28Z"}}"#
    );
    let others = r#",{"id":"n"}"#.repeat(2_400);
    dated(&format!(
        r#"{{"activeDeployments":{{{active}"live":null}},"deployments":[{target}{others}]}}"#
    ))
}

/// An API that misbehaves as told, in the clear or with TLS.
fn faulty(api: Arc<AgentsApi>, row: &Row, tls: Option<Arc<ServerConfig>>) -> StandIn {
    let faults = |faults: &[Fault]| Mutex::new(faults.iter().cloned().collect::<VecDeque<_>>());
    let (posts, reads) = (faults(&row.posts), faults(&row.reads));
    let begun = OnceLock::new();
    StandIn::serve(loopback(), tls, move |request: &Request| {
        let begun = *begun.get_or_init(SystemTime::now);
        let faults = if request.method == "POST" { &posts } else { &reads };
        match faults.lock().expect("no panic").pop_front() {
            None => api.answer(request),
            Some(fault) => {
                let own = (fault.effect == Effect::Done).then(|| api.answer(request));
                given(fault.answer.or(own).expect("an answer"), begun)
            }
        }
    })
}

fn check(row: &Row, authority: Option<&Authority>) -> Result<(), String> {
    let api = AgentsApi::new();
    let tls = authority.map(|authority| authority.server(|_| {}));
    let stand_in = faulty(Arc::clone(&api), row, tls);
    let timeout = humantime::parse_duration(row.timeout).expect("a time");
    let ended = Step::in_time(&stand_in, timeout)
        .env("POLYAI_CA_CERT", authority.map_or("", |authority| &authority.1))
        .env("POLYAI_OUTPUT_FILE", "out.env")
        .env("POLYAI_SUMMARY_FILE", "summary.md")
        .env("POLYAI_REPORT_FILE", "report.json")
        .run();
    let outputs = ended.dotenv("out.env");
    let made = api.rolled_back();
    let id = &outputs["ROLLBACK_DEPLOYMENT_ID"];
    let everything = ended.everything();
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
        ("no key", !everything.contains(API_KEY)),
    ];
    let wrong: Vec<_> =
        checks.iter().filter(|(_, is_right)| !is_right).map(|(what, _)| *what).collect();
    if wrong.is_empty() {
        return Ok(());
    }
    Err(format!(
        "{}: {}; {} sent, exit code {}, {} made\n{}{}",
        row.name,
        wrong.join(", "),
        stand_in.posts(),
        ended.code,
        made.len(),
        ended.out,
        ended.err
    ))
}

#[test]
fn each_fault_ends_as_it_must() {
    let rows = rows();
    let authority = Authority::generate();
    let wires = [None, Some(&authority)];
    // TLS takes its time on a busy machine.
    let has_time = |(row, wire): &(&Row, Option<_>)| {
        let timeout = humantime::parse_duration(row.timeout).expect("a time");
        wire.is_none() || timeout >= Duration::from_secs(12)
    };
    let runs = rows.iter().flat_map(|row| wires.map(|wire| (row, wire))).filter(has_time);
    let runs = Mutex::new(runs.collect::<Vec<_>>());
    let failed = Mutex::new(Vec::new());
    thread::scope(|scope| {
        for _ in 0..AT_ONCE {
            scope.spawn(|| {
                let next = || runs.lock().expect("no panic").pop();
                while let Some((row, wire)) = next() {
                    if let Err(failure) = check(row, wire) {
                        failed.lock().expect("no panic").push(failure);
                    }
                }
            });
        }
    });
    let failed = failed.into_inner().expect("no panic");
    assert!(failed.is_empty(), "{} of {} faults:\n{}", failed.len(), rows.len(), failed.join("\n"));
}

#[test]
fn a_rollback_of_somebody_else_just_before_is_not_taken_for_ours_by_a_slow_read() {
    let begun = SystemTime::now();
    let stand_in = StandIn::start(move |request: &Request| {
        if request.method == "POST" {
            return Answer::new(502, "");
        }
        // It reads its clock, and then takes long to answer.
        let date = httpdate::fmt_http_date(SystemTime::now());
        thread::sleep(Duration::from_secs(3));
        let made = humantime::format_rfc3339_millis(begun - Duration::from_millis(1_500));
        let body = format!(
            r#"{{"activeDeployments":{{}},"deployments":[{{"id":"theirs","version":"{VERSION}","createdAt":"{made}"}},{{"id":"{DEPLOYMENT}","version":"{VERSION}","createdAt":"2026-05-11T22:18:28Z"}}]}}"#
        );
        Answer::with_headers(200, &format!("Date: {date}\r\n"), body)
    });
    let ended = Step::plain(&stand_in).run();
    assert_eq!((ended.code, stand_in.posts()), (7, 1), "{}", ended.out);
    assert!(ended.err.contains("deployment theirs may or may not be the new one"), "{}", ended.err);
}
