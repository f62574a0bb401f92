//! The tests' stand-in for the Agents API as a server of its own, for runners and containers:
//! `cargo run --example stand-in -- 8080`. It runs until it is ended.

#[path = "../tests/suite/agents_api.rs"]
#[allow(dead_code)]
mod agents_api;
#[path = "../tests/suite/stand_in.rs"]
#[allow(dead_code)]
mod stand_in;

use agents_api::{AGENT, API_KEY, DEPLOYMENT, agents_api};
use stand_in::StandIn;
use std::net::TcpListener;

fn main() -> std::io::Result<()> {
    let port = std::env::args().nth(1).unwrap_or_else(|| "0".to_owned());
    let listener = TcpListener::bind(format!("127.0.0.1:{port}"))?;
    let stand_in = StandIn::serve(listener, None, agents_api());
    println!("base-url={}", stand_in.url());
    println!("api-key={API_KEY}\nagent-id={AGENT}\ndeployment-id={DEPLOYMENT}");
    loop {
        std::thread::park();
    }
}
