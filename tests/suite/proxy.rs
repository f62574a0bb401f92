//! The proxy on the way to the API, and what it is not: the API.

use crate::step::{Ended, Step};
use snapbox::{assert_data_eq, str};
use support::agents_api::agents_api;
use support::stand_in::{Answer, StandIn};

/// A run on the way to the public API through a proxy that answers in this way. `api.uk.poly.ai`
/// itself is never looked up.
fn through(proxy: &StandIn, variable: &str, value: &str) -> Ended {
    let step = Step::plain(proxy).without("POLYAI_BASE_URL").env("POLYAI_REGION", "uk");
    let ended = step.env(variable, value.replace("PROXY", &proxy.url()["http://".len()..])).run();
    assert_eq!(ended.code, 6, "{}", ended.err);
    ended
}

#[test]
fn a_proxy_that_refuses_is_not_taken_for_the_api() {
    let proxy = StandIn::start(|_| Answer::new(502, ""));
    let ended = through(&proxy, "HTTPS_PROXY", "http://PROXY");
    assert_data_eq!(
        &ended.err,
        str![[r#"
error: Not rolled back (unavailable): no connection to region uk (https://api.uk.poly.ai) through the proxy http://127.0.0.1:[..] of HTTPS_PROXY: the proxy answered, but did not connect; check HTTPS_PROXY, and that the proxy allows this machine to connect there, or name the host in NO_PROXY; the API has not refused anything
  effect            unchanged: nothing was rolled back
  correlation id    [..]

"#]]
    );
    let requests = proxy.requests();
    assert_eq!(requests.len(), 4, "it may have been down for a moment");
    assert_eq!(requests[0].method, "CONNECT");
    assert_eq!(requests[0].target, "api.uk.poly.ai:443");
    assert_eq!(requests[0].header("x-api-key"), None);
    assert_eq!(requests[0].header("proxy-authorization"), None);
}

#[test]
fn a_proxy_that_wants_a_password_is_told_apart() {
    let proxy = StandIn::start(|_| Answer::new(407, ""));
    let ended = through(&proxy, "https_proxy", "http://user:s3cret%21@PROXY");
    assert_data_eq!(
        &ended.err,
        str![[r#"
error: Not rolled back (unavailable): no connection to region uk (https://api.uk.poly.ai) through the proxy http://127.0.0.1:[..] of https_proxy: the proxy wants a user name and a password, or other ones; check https_proxy, and that the proxy allows this machine to connect there, or name the host in NO_PROXY; the API has not refused anything
  effect            unchanged: nothing was rolled back
  correlation id    [..]

"#]]
    );
    // `user:s3cret!`
    assert_eq!(proxy.requests()[0].header("proxy-authorization"), Some("Basic dXNlcjpzM2NyZXQh"));
    assert_eq!(proxy.requests().len(), 1, "it will say the same again");
    assert!(!ended.everything().contains("s3cret"), "{}", ended.err);
}

#[test]
fn the_usual_variables_count_in_the_usual_order() {
    for (variable, value) in [("ALL_PROXY", "PROXY"), ("all_proxy", "http://PROXY/")] {
        let proxy = StandIn::start(|_| Answer::new(407, ""));
        let ended = through(&proxy, variable, value);
        assert!(ended.err.contains(&format!(" of {variable}: ")), "{}", ended.err);
    }
    let proxy = StandIn::start(|_| Answer::new(407, ""));
    let other = StandIn::start(|_| Answer::new(407, ""));
    let step = Step::plain(&proxy).without("POLYAI_BASE_URL");
    step.env("HTTPS_PROXY", proxy.url()).env("ALL_PROXY", other.url()).run();
    assert_eq!((proxy.requests().len(), other.requests().len()), (1, 0));
}

#[test]
fn what_no_proxy_names_and_what_is_not_encrypted_goes_directly() {
    let proxy = StandIn::start(|_| Answer::new(502, ""));
    let api = StandIn::start(agents_api());
    let step = || Step::plain(&api).env("HTTPS_PROXY", proxy.url()).env("POLYAI_ATTEMPTS", "1");

    let all = step().env("HTTP_PROXY", proxy.url()).env("http_proxy", proxy.url());
    assert_eq!(all.env("ALL_PROXY", proxy.url()).run().code, 0);
    // RFC 6761 reserves the name.
    for exceptions in ["api.invalid", "other.example, .invalid", "*"] {
        let step = step().env("POLYAI_BASE_URL", "https://api.invalid");
        let ended = step.env("NO_PROXY", exceptions).run();
        assert_eq!(ended.code, 6);
        assert!(ended.err.contains("no connection to https://api.invalid: "), "{}", ended.err);
    }
    assert_eq!(proxy.requests().len(), 0);
}

#[test]
fn a_variable_that_names_no_proxy_is_ignored_with_a_warning() {
    let api = StandIn::start(agents_api());
    for value in [
        "http://",
        "socks5://127.0.0.1:1",
        "http://user:s3cret!@[nonsense",
        "ftp://127.0.0.1",
        "http://user:s3cret#9@127.0.0.1:3128",
        "http://user:s3cret/9@127.0.0.1:3128",
        "http://user:s3cret?9@127.0.0.1:3128",
        "http://user:s3cret@@127.0.0.1:3128",
        "http://127.0.0.1:proxy",
    ] {
        let ended = Step::plain(&api)
            .env("POLYAI_BASE_URL", "https://127.0.0.1:1")
            .env("POLYAI_ATTEMPTS", "1")
            .env("HTTPS_PROXY", value)
            .run();
        assert_eq!(ended.code, 6);
        let warning = "warning: HTTPS_PROXY is ignored: it is not the URL of an HTTP proxy\n";
        assert!(ended.err.starts_with(warning), "{value}: {}", ended.err);
        assert!(!ended.err.contains("s3cret"), "{}", ended.err);
    }
}

#[test]
fn a_proxy_that_is_not_there_is_named() {
    let api = StandIn::start(agents_api());
    let ended = Step::plain(&api)
        .env("POLYAI_BASE_URL", "https://api.invalid")
        .env("POLYAI_ATTEMPTS", "1")
        .env("HTTPS_PROXY", "http://127.0.0.1:1")
        .run();
    assert_data_eq!(
        &ended.err,
        str![[r#"
error: Not rolled back (unavailable): no connection to https://api.invalid through the proxy http://127.0.0.1:1 of HTTPS_PROXY: tunnel error: failed to create underlying connection: tcp connect error: Connection refused (os error 111); check POLYAI_BASE_URL and this machine's way there (DNS, firewall, HTTPS_PROXY), then run it again, which is safe
  effect            unchanged: nothing was rolled back
  correlation id    [..]

"#]]
    );
}
