//! Foreign text made safe: on one line, without secrets, within limits.

pub mod api_key;
pub mod bounded_json;
pub mod credentials;
pub mod redaction;
pub mod row;
pub mod sanitize;
