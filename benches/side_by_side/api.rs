//! The API: a server that always answers the same, with a certificate of an authority of its own.

use anyhow::{Context, Result};
use rustls::version::TLS13;
use std::fs;
use std::path::PathBuf;
use std::sync::atomic::{AtomicBool, Ordering};
use support::authority::Authority;
use support::stand_in::{Answer, Request, StandIn};
use tempfile::TempDir;

/// The path that a rollback is asked for at.
pub const ROLLBACK: &str =
    "/v1/agents/PROJECT-AB12CD34/deployments/019e0f3a-71c4-7c1e-9b3d-000000000042/rollback";
/// A deployment of the real size and shape.
const DEPLOYMENT: &str = r#"{"id":"019e191e-ca97-7afa-a3bf-000000000001","accountId":"acme-ws","agentId":"PROJECT-AB12CD34","environment":"live","artifactVersion":"2026-05-08T18:26:14.711Z","version":"46c78399935c449c80d7d328a91b52ea","createdBy":"dev@example.com","createdAt":"2026-05-11T22:18:28.909Z","metadata":null}"#;
/// The variables of a run that reads the lists of another agent, whose environment has 100 deployments.
pub const LISTS: [(&str, &str); 2] =
    [("POLYAI_AGENT_ID", "PROJECT-LISTS"), ("POLYAI_ENVIRONMENT", "live")];
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
        let lists = lists();
        let stand_in = StandIn::start_tls(tls, move |request| match request.method.as_str() {
            _ if request.target.contains("PROJECT-LISTS") => lists(request),
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

/// The API of the agent whose environment has 100 deployments, the newest of which is active until the first
/// rollback.
fn lists() -> impl Fn(&Request) -> Answer {
    let row = |number: usize| {
        let row = DEPLOYMENT.replace("019e191e-ca97-7afa-a3bf-000000000001", &id(number));
        let row = row.replace("46c78399935c449c80d7d328a91b52ea", &format!("{number:032x}"));
        let metadata = r#"{"deployment_message":"New greeting","deployment_type":"publish"}"#;
        row.replace("null", metadata).replace("PROJECT-AB12CD34", "PROJECT-LISTS")
    };
    let rows: Vec<_> = (0..100).rev().map(row).collect();
    let made = DEPLOYMENT.replace("46c78399935c449c80d7d328a91b52ea", &format!("{:032x}", 42));
    let made = made.replace("PROJECT-AB12CD34", "PROJECT-LISTS");
    let is_done = AtomicBool::new(false);
    move |request| {
        let body = if request.method == "POST" {
            is_done.store(true, Ordering::Relaxed);
            format!(r#"{{"deployment":{made},"testRunIds":[]}}"#)
        } else if request.target.ends_with("/active") {
            let live = if is_done.load(Ordering::Relaxed) { &made } else { &rows[0] };
            format!(r#"{{"activeDeployments":{{"live":{live}}}}}"#)
        } else {
            format!(r#"{{"deployments":[{}]}}"#, rows.join(","))
        };
        Answer::with_headers(200, HEADERS, body)
    }
}

fn id(number: usize) -> String {
    format!("019e0f3a-71c4-7c1e-9b3d-{number:012}")
}
