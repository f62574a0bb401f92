//! The tests' stand-in for the Agents API as a server of its own, for runners and containers:
//! `cargo run --example stand-in -- 8080`, or, for other machines, which it speaks TLS with,
//! `-- 8443 10.1.2.3 ca.pem`: its address, and where it writes the certificate of its authority. It
//! runs until it is ended.

use rcgen::CertificateParams;
use std::net::TcpListener;
use support::agents_api::{AGENT, API_KEY, DEPLOYMENT, agents_api};
use support::authority::Authority;
use support::stand_in::StandIn;

fn main() -> std::io::Result<()> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let port = arguments.first().map_or("0", String::as_str);
    let (address, tls) = match arguments.as_slice() {
        [_, address, file] => {
            let authority = Authority::generate();
            std::fs::write(file, &authority.1)?;
            let names = CertificateParams::new([address.clone()]).map_err(std::io::Error::other)?;
            let tls = authority.server(|params| params.subject_alt_names = names.subject_alt_names);
            (address.as_str(), Some(tls))
        }
        _ => ("127.0.0.1", None),
    };
    let scheme = if tls.is_some() { "https" } else { "http" };
    let listener = TcpListener::bind(format!("{address}:{port}"))?;
    let port = listener.local_addr()?.port();
    let _stand_in = StandIn::serve(listener, tls, agents_api());
    println!("base-url={scheme}://{address}:{port}");
    println!("api-key={API_KEY}\nagent-id={AGENT}\ndeployment-id={DEPLOYMENT}");
    loop {
        std::thread::park();
    }
}
