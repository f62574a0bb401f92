//! The certificate authorities that are trusted: Mozilla's, which are compiled in, and those that a
//! company adds.

use crate::process::{bounded_file, env::ProcessEnv};
use rustls::RootCertStore;
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, TrustAnchor};
use std::{fs, path::Path};

/// The most bytes that a file of certificates may have: several times all of Mozilla's.
const FILE_BYTES: u64 = 4 << 20;
/// The most authorities of a folder: several times all of Mozilla's.
const AUTHORITIES: usize = 1_000;
/// The text that a certificate in PEM begins with.
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
        return parse(input.as_bytes());
    }
    let pem = bounded_file::read(Path::new(input), FILE_BYTES);
    pem.and_then(|pem| parse(&pem)).map_err(|problem| format!("{input}: {problem}"))
}

/// The authorities that OpenSSL's variables `SSL_CERT_FILE` and `SSL_CERT_DIR` name, and a line for
/// each variable that names none. The variables may have leaked in from a host, so nothing in them is an
/// error.
pub fn of_environment(environment: &ProcessEnv) -> (Vec<Authority>, Vec<String>) {
    let mut authorities = Vec::new();
    let mut problems = Vec::new();
    if let Some(path) = environment.path("SSL_CERT_FILE") {
        let read = bounded_file::read(&path, FILE_BYTES).map(|pem| parse_what_can_be(&pem));
        let (more, problem) = read.unwrap_or_else(|problem| (Vec::new(), Some(problem)));
        authorities.extend(more);
        let path = path.display();
        problems.extend(problem.map(|problem| format!("SSL_CERT_FILE {path}: {problem}")));
    }
    if let Some(paths) = environment.path("SSL_CERT_DIR") {
        let mut found = Vec::new();
        let entries = std::env::split_paths(&paths).flat_map(fs::read_dir).flatten().flatten();
        for entry in entries {
            let pem = bounded_file::read(&entry.path(), FILE_BYTES).unwrap_or_default();
            let (more, _) = parse_what_can_be(&pem);
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

/// All certificates of a text in PEM that can be read, and what is wrong with the first other one.
fn parse_what_can_be(pem: &[u8]) -> (Vec<Authority>, Option<String>) {
    let mut store = RootCertStore::empty();
    let mut problem = None;
    for certificate in CertificateDer::pem_slice_iter(pem) {
        let added = match certificate {
            Ok(certificate) => {
                store.add(certificate).map_err(|_| "holds a certificate that cannot be read")
            }
            Err(_) => Err("is not whole PEM"),
        };
        problem = problem.or(added.err());
    }
    if store.is_empty() {
        problem = problem.or(Some("holds no certificate in PEM"));
    }
    (store.roots, problem.map(str::to_owned))
}

/// All certificates of a text in PEM.
fn parse(pem: &[u8]) -> Result<Vec<Authority>, String> {
    match parse_what_can_be(pem) {
        (authorities, None) => Ok(authorities),
        (_, Some(problem)) => Err(problem),
    }
}
