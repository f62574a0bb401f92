//! The API: a server that always answers the same, with a certificate of an authority of its own.

use anyhow::{Context, Result};
use rustls::version::TLS13;
use std::fs;
use std::path::PathBuf;
use support::authority::Authority;
use support::stand_in::{Answer, StandIn};
use tempfile::TempDir;

/// The path that a rollback is asked for at.
pub const ROLLBACK: &str =
    "/v1/agents/PROJECT-AB12CD34/deployments/019e0f3a-71c4-7c1e-9b3d-000000000042/rollback";
/// A deployment of the real size and shape.
const DEPLOYMENT: &str = r#"{"id":"019e191e-ca97-7afa-a3bf-000000000001","accountId":"acme-ws","agentId":"PROJECT-AB12CD34","environment":"live","artifactVersion":"2026-05-08T18:26:14.711Z","version":"46c78399935c449c80d7d328a91b52ea","createdBy":"dev@example.com","createdAt":"2026-05-11T22:18:28.909Z","metadata":null}"#;
const HEADERS: &str = "Date: Mon, 11 May 2026 22:18:29 GMT\r\nConnection: keep-alive\r\n\
    X-PolyAI-Correlation-Id: 6f4b2c21fe9fec2d196d77ae56d7c473\r\nX-Kong-Upstream-Latency: 301\r\n\
    X-Kong-Proxy-Latency: 2\r\nVia: kong\r\n";
/// Where the system keeps the authorities that it trusts.
const SYSTEM: &str = "/etc/ssl/certs/ca-certificates.crt";

/// A running API, and a folder with what its clients read and write.
pub struct Api {
    stand_in: StandIn,
    folder: TempDir,
}

impl Api {
    /// Starts it.
    pub fn start() -> Result<Self> {
        let authority = Authority::generate();
        let tls = authority.server_for(&[&TLS13], false, |_| {});
        let folder = tempfile::tempdir()?;
        let system = fs::read_to_string(SYSTEM).with_context(|| SYSTEM)?;
        fs::write(folder.path().join("own.pem"), &authority.1)?;
        fs::write(folder.path().join("all.pem"), system + &authority.1)?;
        let rolled_back =
            format!(r#"{{"deployment":{DEPLOYMENT},"testRunIds":["run-0001","run-0002"]}}"#);
        let active = format!(
            r#"{{"activeDeployments":{{"sandbox":null,"pre-release":null,"live":{DEPLOYMENT}}}}}"#
        );
        let stand_in = StandIn::start_tls(tls, move |request| match request.method.as_str() {
            "POST" if request.target == ROLLBACK => {
                Answer::with_headers(200, HEADERS, &rolled_back)
            }
            "GET" if request.target.ends_with("/active") => {
                Answer::with_headers(200, HEADERS, &active)
            }
            _ => Answer::new(404, ""),
        });
        Ok(Self { stand_in, folder })
    }

    /// Where it listens.
    pub fn port(&self) -> u16 {
        self.stand_in.url().rsplit(':').next().and_then(|port| port.parse().ok()).unwrap_or(0)
    }

    /// A file of its folder.
    pub fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }
}
