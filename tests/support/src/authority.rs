//! A private authority, and servers with its certificates. The tests, the examples and the benchmark
//! use the same one.

use rcgen::{BasicConstraints, CertificateParams, DnType, IsCa, Issuer, KeyPair};
use rustls::crypto::ring;
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, PrivatePkcs8KeyDer};
use rustls::server::WebPkiClientVerifier;
use rustls::version::{TLS12, TLS13};
use rustls::{RootCertStore, ServerConfig, SupportedProtocolVersion};
use std::sync::Arc;

/// A private authority.
pub struct Authority(Issuer<'static, KeyPair>, pub String);

impl Authority {
    /// Makes a new authority, with a key of its own.
    pub fn generate() -> Self {
        let mut params = CertificateParams::new([]).unwrap();
        params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        // OpenSSL takes a certificate that has the name of its issuer for its own issuer.
        params.distinguished_name.push(DnType::CommonName, "authority");
        let key = KeyPair::generate().unwrap();
        let pem = params.self_signed(&key).unwrap().pem();
        Self(Issuer::new(params, key), pem)
    }

    /// A server with a certificate of it.
    pub fn server(&self, change: impl FnOnce(&mut CertificateParams)) -> Arc<ServerConfig> {
        self.server_for(&[&TLS12, &TLS13], false, change)
    }

    /// One that speaks these versions, and may want a certificate of its client.
    pub fn server_for(
        &self,
        versions: &[&'static SupportedProtocolVersion],
        wants_certificate: bool,
        change: impl FnOnce(&mut CertificateParams),
    ) -> Arc<ServerConfig> {
        let provider = Arc::new(ring::default_provider());
        let mut roots = RootCertStore::empty();
        roots.add(CertificateDer::from_pem_slice(self.1.as_bytes()).unwrap()).unwrap();
        let verifier =
            WebPkiClientVerifier::builder_with_provider(Arc::new(roots), Arc::clone(&provider));
        let clients = match wants_certificate {
            true => verifier.build().unwrap(),
            false => WebPkiClientVerifier::no_client_auth(),
        };
        let mut params = CertificateParams::new(["localhost".to_owned()]).unwrap();
        change(&mut params);
        let key = KeyPair::generate().unwrap();
        let certificate = params.signed_by(&key, &self.0).unwrap();
        let config = ServerConfig::builder_with_provider(provider)
            .with_protocol_versions(versions)
            .unwrap()
            .with_client_cert_verifier(clients)
            .with_single_cert(
                vec![certificate.der().clone()],
                PrivatePkcs8KeyDer::from(key.serialize_der()).into(),
            )
            .unwrap();
        Arc::new(config)
    }
}
