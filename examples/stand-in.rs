//! The tests' stand-in for the Agents API as a server of its own: to rehearse with, and for runners and
//! containers. Its clock is the clock of this machine.
//!
//! `cargo run --example stand-in -- 8080` serves this machine. `-- 8443 10.1.2.3 ca.pem` serves other
//! machines, with TLS: at this address, with the certificate of its authority in this file. The server
//! prints lines to paste into a shell, and runs until it is ended.
//!
//! By default it is an agent as most are. Switches change that: `--help` lists them.

use rcgen::CertificateParams;
use std::io::{Error, Result};
use std::net::TcpListener;
use std::time::SystemTime;
use support::agents_api::{AGENT, API_KEY, AgentsApi, DEPLOYMENT, Quirks};
use support::authority::Authority;
use support::stand_in::StandIn;

const USAGE: &str = "\
cargo run --example stand-in -- PORT [ADDRESS CERTIFICATE-FILE] [SWITCH…]

  --tests-everywhere  triggers test runs in every environment, and not in sandbox alone
  --tests-fail        lets two of their cases not pass
  --simplified        has simplified deployments
  --ab-test           has an A/B test in live
  --deleted-rows      lists a deleted deployment before the active one
  --no-types          does not say how deployments came to be
";

fn main() -> Result<()> {
    let (switches, arguments): (Vec<_>, Vec<_>) =
        std::env::args().skip(1).partition(|argument| argument.starts_with("--"));
    let mut quirks = Quirks::default();
    for name in switches {
        if !is_set(&mut quirks, &name) {
            let is_help = name == "--help";
            eprint!("{}{USAGE}", if is_help { "" } else { "There is no such switch.\n\n" });
            std::process::exit(if is_help { 0 } else { 2 });
        }
    }
    let port = arguments.first().map_or("0", String::as_str);
    let (address, tls) = match arguments.as_slice() {
        [_, address, file] => {
            let authority = Authority::generate();
            std::fs::write(file, &authority.1)?;
            let names = CertificateParams::new([address.clone()]).map_err(Error::other)?;
            let tls = authority.server(|params| params.subject_alt_names = names.subject_alt_names);
            (address.as_str(), Some(tls))
        }
        _ => ("127.0.0.1", None),
    };
    let scheme = if tls.is_some() { "https" } else { "http" };
    let listener = TcpListener::bind(format!("{address}:{port}"))
        .map_err(|error| Error::other(format!("cannot listen on {address}:{port}: {error}")))?;
    let port = listener.local_addr()?.port();
    let api = AgentsApi::with_clock(SystemTime::now, quirks);
    let _stand_in = StandIn::serve(listener, tls, move |request| api.answer(request));

    let url = format!("{scheme}://{address}:{port}");
    println!("export POLYAI_BASE_URL={url}");
    println!("export POLYAI_API_KEY={API_KEY}");
    println!("export POLYAI_AGENT_ID={AGENT}");
    println!("export POLYAI_ENVIRONMENT=live");
    if let [_, _, file] = arguments.as_slice() {
        println!("export POLYAI_CA_CERT='{}'", std::path::absolute(file)?.display());
    }
    // The vendor's own clients read these two.
    println!("export POLY_ADK_BASE_URL={url}/adk/v1\nexport POLY_ADK_KEY={API_KEY}");
    // The last line: whoever waits for it finds all others.
    println!("export POLYAI_DEPLOYMENT_ID={DEPLOYMENT}");
    eprintln!("listening on {url}; paste these lines into another shell; Ctrl-C ends the stand-in");
    loop {
        std::thread::park();
    }
}

/// Sets what a switch stands for. Answers whether there is such a switch.
fn is_set(quirks: &mut Quirks, switch: &str) -> bool {
    match switch {
        "--tests-everywhere" => quirks.tests_everywhere = true,
        "--tests-fail" => quirks.tests_fail = true,
        "--simplified" => quirks.simplified = true,
        "--ab-test" => quirks.ab_test = true,
        "--deleted-rows" => quirks.deleted_rows = true,
        "--no-types" => quirks.no_types = true,
        _ => return false,
    }
    true
}
