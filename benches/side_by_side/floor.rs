//! The floor: a client that does the same work on the wire, and nothing else.

use crate::api::ROLLBACK;
use anyhow::{Context, Result, ensure};
use rustls::crypto::ring;
use rustls::pki_types::CertificateDer;
use rustls::pki_types::pem::PemObject;
use rustls::{ClientConfig, ClientConnection, RootCertStore, StreamOwned};
use std::env;
use std::io::{Read, Write};
use std::net::TcpStream;
use std::sync::Arc;

const BODY: &str = r#"{"deploymentMessage":"Calls drop since 02:40"}"#;

/// Asks for a rollback, and reads the answer.
pub fn run() -> Result<()> {
    let url = env::var("POLYAI_BASE_URL")?;
    let port = url.rsplit(':').next().context("a port")?.parse()?;
    let mut roots = RootCertStore::empty();
    roots.add(CertificateDer::from_pem_file(env::var("POLYAI_CA_CERT")?)?)?;
    let config = ClientConfig::builder_with_provider(Arc::new(ring::default_provider()))
        .with_safe_default_protocol_versions()?
        .with_root_certificates(roots)
        .with_no_client_auth();
    let tls = ClientConnection::new(Arc::new(config), "localhost".try_into()?)?;
    let tcp = TcpStream::connect(("localhost", port))?;
    tcp.set_nodelay(true)?;
    let mut stream = StreamOwned::new(tls, tcp);
    let request = format!(
        "POST {ROLLBACK} HTTP/1.1\r\nhost: localhost:{port}\r\ncontent-type: application/json\r\n\
         content-length: {}\r\nx-api-key: {}\r\naccept: application/json\r\nuser-agent: floor\r\n\
         x-polyai-correlation-id: 6f4b2c21fe9fec2d196d77ae56d7c473\r\n\r\n{BODY}",
        BODY.len(),
        env::var("POLYAI_API_KEY")?,
    );
    stream.write_all(request.as_bytes())?;
    let mut answer = [0; 4096];
    let mut read = 0;
    while !answer[..read].ends_with(b"]}") {
        let count = stream.read(&mut answer[read..])?;
        ensure!(count > 0, "the answer is not whole");
        read += count;
    }
    stream.conn.send_close_notify();
    Ok(stream.flush()?)
}
