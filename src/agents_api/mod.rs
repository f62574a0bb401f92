//! PolyAI's Agents API.

pub mod endpoint;
pub mod error_body;
pub mod http;
pub mod proxy;
pub mod rollback_response;
pub mod test_run_response;
pub mod tls;
