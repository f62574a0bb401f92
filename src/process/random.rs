//! Random values: nobody who can see one run can guess the next one's.

use anyhow::{Result, anyhow};
use rustls::crypto::ring;

/// 128 bits from the operating system, as 32 hexadecimal digits.
pub fn token() -> Result<String> {
    Ok(format!("{:032x}", u128::from_be_bytes(bytes()?)))
}

/// A number from 0 to 1; 1 where the operating system gives no random bytes.
pub fn fraction() -> f64 {
    bytes().map_or(1.0, |bytes| f64::from(u32::from_ne_bytes(bytes)) / f64::from(u32::MAX))
}

fn bytes<const N: usize>() -> Result<[u8; N]> {
    let mut bytes = [0; N];
    ring::default_provider()
        .secure_random
        .fill(&mut bytes)
        .map_err(|_| anyhow!("the operating system gave no random bytes"))?;
    Ok(bytes)
}
