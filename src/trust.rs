//! The certificate authorities that are trusted: Mozilla's, which are compiled in, and those that a
//! company adds.

use crate::environment::Environment;
use crate::file;
use rustls::RootCertStore;
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, TrustAnchor};
use std::fs;
use std::path::Path;

/// The most bytes that a file of certificates may have: several times all of Mozilla's.
const FILE_BYTES: u64 = 4 << 20;
/// The most authorities of a folder: several times all of Mozilla's.
const AUTHORITIES: usize = 1_000;
/// What text in PEM begins a certificate with.
const PEM: &str = "-----BEGIN ";

/// An authority.
pub type Authority = TrustAnchor<'static>;

/// All that are trusted: the public ones and `more`.
pub fn roots(more: Vec<Authority>) -> RootCertStore {
    let mut roots = RootCertStore { roots: webpki_roots::TLS_SERVER_ROOTS.to_vec() };
    roots.extend(more);
    roots
}

/// The authorities of the input `ca-cert`: certificates in PEM, or the path of a file with them.
/// The error says what is wrong and shows nothing but the path.
pub fn of_input(input: &str) -> Result<Vec<Authority>, String> {
    if input.contains(PEM) {
        return parse(input.as_bytes()).map_err(str::to_owned);
    }
    of_file(Path::new(input)).map_err(|problem| format!("{input}: {problem}"))
}

/// The authorities that OpenSSL's variables `SSL_CERT_FILE` and `SSL_CERT_DIR` name, and a line for
/// each variable that names none. They may have leaked in from a host, so nothing in them is an
/// error.
pub fn of_environment(environment: &Environment) -> (Vec<Authority>, Vec<String>) {
    let mut authorities = Vec::new();
    let mut problems = Vec::new();
    if let Some(path) = environment.path("SSL_CERT_FILE") {
        match of_file(&path) {
            Ok(more) => authorities.extend(more),
            Err(problem) => problems.push(format!("SSL_CERT_FILE {}: {problem}", path.display())),
        }
    }
    if let Some(paths) = environment.path("SSL_CERT_DIR") {
        let mut found = Vec::new();
        let entries = std::env::split_paths(&paths).flat_map(fs::read_dir).flatten().flatten();
        for entry in entries {
            let more = of_file(&entry.path()).unwrap_or_default();
            // Such folders hold each certificate under two names.
            for authority in more {
                if found.len() < AUTHORITIES && !found.contains(&authority) {
                    found.push(authority);
                }
            }
        }
        if found.is_empty() {
            problems.push(format!("SSL_CERT_DIR {}: holds no certificate", paths.display()));
        }
        authorities.extend(found);
    }
    (authorities, problems)
}

fn of_file(path: &Path) -> Result<Vec<Authority>, String> {
    parse(&file::read(path, FILE_BYTES)?).map_err(str::to_owned)
}

/// All certificates of a text in PEM.
fn parse(pem: &[u8]) -> Result<Vec<Authority>, &'static str> {
    let mut store = RootCertStore::empty();
    for certificate in CertificateDer::pem_slice_iter(pem) {
        let certificate = certificate.map_err(|_| "is not whole PEM")?;
        store.add(certificate).map_err(|_| "holds a certificate that cannot be read")?;
    }
    if store.is_empty() { Err("holds no certificate in PEM") } else { Ok(store.roots) }
}
