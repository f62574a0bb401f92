//! Whom the program trusts to be the API, and what it says of all others.

use crate::step::{Ended, Step};
use polyai_rollback::agents_api::tls;
use rcgen::{BasicConstraints, CertificateParams, IsCa, KeyPair, date_time_ymd};
use rustls::version::{TLS12, TLS13};
use snapbox::{assert_data_eq, str};
use std::fs;
use std::process::Command;
use support::agents_api::{API_KEY, agents_api};
use support::authority::Authority;
use support::stand_in::StandIn;

/// An API with a certificate of this authority.
fn api(authority: &Authority, change: impl FnOnce(&mut CertificateParams)) -> StandIn {
    StandIn::start_tls(authority.server(change), agents_api())
}

/// A run that must be refused by us before anything is sent.
fn refuse(api: &StandIn, change: impl FnOnce(Step) -> Step) -> Ended {
    let ended = change(Step::plain(api)).run();
    assert_eq!(ended.code, 6, "{}", ended.err);
    assert_eq!(api.requests().len(), 0);
    assert!(!ended.out.contains("trying again"), "{}", ended.out);
    ended
}

#[test]
fn an_unknown_issuer_is_named_with_the_input_that_helps() {
    let ended = refuse(&api(&Authority::generate(), |_| {}), |step| step);
    assert_data_eq!(
        &ended.err,
        str![[r#"
error: Not rolled back (unavailable): no connection to https://localhost:[..]: the server's certificate was issued by an authority that is not trusted here; if a proxy or a gateway of your company answers there, give the certificate of its authority in POLYAI_CA_CERT
  effect            unchanged: nothing was rolled back
  correlation id    [..]

"#]]
    );
}

#[test]
fn an_authority_of_the_company_is_trusted_where_it_is_given() {
    let authority = Authority::generate();
    let api = api(&authority, |_| {});
    let pem = &authority.1;
    let two = format!("some words\n{pem}{}", Authority::generate().1);
    let step = || {
        let step = Step::plain(&api).file("ca.pem", &two);
        fs::create_dir(step.path("certs")).unwrap();
        step.file("certs/0a1b2c3d.0", pem).file("certs/notes", "nothing")
    };
    let cases = [
        ("POLYAI_CA_CERT", "ca.pem"),
        ("POLYAI_CA_CERT", pem),
        ("SSL_CERT_FILE", "ca.pem"),
        ("SSL_CERT_DIR", "certs"),
        ("SSL_CERT_DIR", "none:certs"),
    ];
    for (variable, value) in cases {
        let ended = step().env(variable, value).run();
        assert_eq!((ended.code, ended.err.as_str()), (0, ""), "{variable} {value}");
    }
    assert_eq!(api.posts(), cases.len());
}

#[test]
fn the_public_authorities_stay_trusted() {
    let own = tls::of_input(&Authority::generate().1).unwrap();
    assert_eq!(tls::roots(own).len(), webpki_roots::TLS_SERVER_ROOTS.len() + 1);
}

#[test]
fn a_bad_ca_cert_is_an_error_and_a_bad_variable_is_not() {
    let authority = Authority::generate();
    let api = api(&authority, |_| {});
    let half = &authority.1[..authority.1.len() / 2];
    let key = KeyPair::generate().unwrap().serialize_pem();
    let step = || {
        let step = Step::plain(&api)
            .file("half", half)
            .file("key", &key)
            .file("empty", "")
            .file(
                "no-certificate",
                "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n",
            )
            .file("large", vec![b' '; (4 << 20) + 1]);
        let status = Command::new("mkfifo").arg(step.path("pipe")).status().unwrap();
        assert!(status.success());
        step
    };
    let cases = [
        ("half", "half: is not whole PEM"),
        ("key", "key: holds no certificate in PEM"),
        ("empty", "empty: holds no certificate in PEM"),
        ("no-certificate", "no-certificate: holds a certificate that cannot be read"),
        ("large", "large: is larger than 4194304 bytes"),
        ("pipe", "pipe: is not a regular file"),
        (".", ".: is not a regular file"),
        ("missing", "missing: cannot be read: No such file or directory (os error 2)"),
    ];
    for (value, problem) in cases {
        let ended = step().env("POLYAI_CA_CERT", value).run();
        assert_eq!(ended.code, 2, "{}", ended.err);
        assert!(ended.err.contains(&format!("POLYAI_CA_CERT {problem}\n")), "{}", ended.err);

        // The API's certificate is not one of a public authority, so the run fails by that.
        let ended = step().env("SSL_CERT_FILE", value).run();
        assert_eq!(ended.code, 6);
        let warning = format!("warning: SSL_CERT_FILE {problem}; it is ignored\n");
        assert!(ended.err.starts_with(&warning), "{}", ended.err);
    }
    for pem in [half, &key] {
        let ended = step().env("POLYAI_CA_CERT", pem).run();
        assert_eq!(ended.code, 2, "{}", ended.err);
        let secret = key.lines().nth(1).unwrap();
        assert!(!ended.out.contains(secret) && !ended.err.contains(secret), "{}", ended.err);
    }
    let ended = step().env("SSL_CERT_DIR", "missing").run();
    assert!(
        ended
            .err
            .starts_with("warning: SSL_CERT_DIR missing: holds no certificate; it is ignored\n"),
        "{}",
        ended.err
    );
    assert_eq!(api.requests().len(), 0);
}

#[test]
fn a_certificate_out_of_its_time_points_to_the_clock() {
    let authority = Authority::generate();
    let trusting = |step: Step| step.env("POLYAI_CA_CERT", &authority.1);
    let expired = api(&authority, |params| params.not_after = date_time_ymd(2020, 1, 1));
    assert_data_eq!(
        refuse(&expired, trusting).err,
        str![[r#"
error: Not rolled back (unavailable): no connection to https://localhost:[..]: the server's certificate has expired, by this machine's clock; check the clock of this machine, which says [..]; if it is right, whoever runs https://localhost:[..] must renew the certificate
  effect            unchanged: nothing was rolled back
  correlation id    [..]

"#]]
    );
    let early = api(&authority, |params| params.not_before = date_time_ymd(2999, 1, 1));
    let ended = refuse(&early, trusting);
    assert!(
        ended.err.contains(
            "the server's certificate is not valid yet, by this machine's clock; check the clock"
        ),
        "{}",
        ended.err
    );
}

#[test]
fn a_certificate_of_another_host_names_that_host() {
    let authority = Authority::generate();
    let other = api(&authority, |params| {
        params.subject_alt_names =
            CertificateParams::new(["api.example.com".to_owned()]).unwrap().subject_alt_names;
    });
    let ended = refuse(&other, |step| step.env("POLYAI_CA_CERT", &authority.1));
    assert_data_eq!(
        &ended.err,
        str![[r#"
error: Not rolled back (unavailable): no connection to https://localhost:[..]: the server's certificate is for another host: api.example.com; check POLYAI_BASE_URL, and whether something else answers in the API's place
  effect            unchanged: nothing was rolled back
  correlation id    [..]

"#]]
    );
    assert!(!ended.everything().contains(API_KEY));
}

#[test]
fn a_certificate_that_is_an_authority_s_own_is_explained() {
    let authority = Authority::generate();
    let api = api(&authority, |params| params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained));
    let ended = refuse(&api, |step| step.env("POLYAI_CA_CERT", &authority.1));
    assert_data_eq!(
        &ended.err,
        str![[r#"
error: Not rolled back (unavailable): no connection to https://localhost:[..]: the server shows the certificate of an authority itself, which is not valid for a server; whoever runs https://localhost:[..] must give the server a certificate that an authority has issued; give the certificate of that authority in POLYAI_CA_CERT
  effect            unchanged: nothing was rolled back
  correlation id    [..]

"#]]
    );
}

#[test]
fn a_server_that_wants_a_certificate_of_its_client_has_read_nothing() {
    let authority = Authority::generate();
    for version in [&TLS12, &TLS13] {
        let server = authority.server_for(&[version], true, |_| {});
        let api = StandIn::start_tls(server, agents_api());
        let ended = refuse(&api, |step| step.env("POLYAI_CA_CERT", &authority.1));
        let words = "the server wants a certificate from its clients, and this program has none; check POLYAI_BASE_URL: this program has no certificate to show, only the key\n";
        assert!(ended.err.contains(words), "{}", ended.err);
    }
}

#[test]
fn one_bad_certificate_of_a_variable_spoils_no_other() {
    let authority = Authority::generate();
    let api = api(&authority, |_| {});
    let bad = "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n";
    let step = || Step::plain(&api).file("ca.pem", format!("{bad}{}", authority.1));
    let ended = step().env("SSL_CERT_FILE", "ca.pem").run();
    assert_eq!(ended.code, 0, "{}", ended.err);
    assert_eq!(
        ended.err,
        "warning: SSL_CERT_FILE ca.pem: holds a certificate that cannot be read; it is ignored\n"
    );
    assert_eq!(step().env("POLYAI_CA_CERT", "ca.pem").run().code, 2);
}
