//! Random names: nobody who can see one run can guess the next one's.

use anyhow::{Result, anyhow};
use rustls::crypto::ring;
use std::fmt::Write;

/// 128 bits from the operating system, as 32 hexadecimal digits.
pub fn token() -> Result<String> {
    let mut bytes = [0; 16];
    ring::default_provider()
        .secure_random
        .fill(&mut bytes)
        .map_err(|_| anyhow!("the operating system gave no random bytes"))?;
    let mut token = String::with_capacity(32);
    for byte in bytes {
        write!(token, "{byte:02x}")?;
    }
    Ok(token)
}
