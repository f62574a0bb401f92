//! The API key, in a type that does not print.

use std::fmt;
use zeroize::Zeroizing;

/// A key of the Agents API: visible ASCII, never shown by `Debug`, wiped when it is dropped.
pub struct ApiKey(Zeroizing<String>);

impl ApiKey {
    /// Takes a trimmed key. The error says what is wrong and shows none of it.
    pub fn new(text: &str) -> Result<Self, &'static str> {
        if text.is_empty() {
            return Err("is empty");
        }
        if !text.chars().all(|character| character.is_ascii_graphic()) {
            return Err("holds a character that no key has (white space, a control character \
                or one outside ASCII); it was probably copied with something else");
        }
        Ok(Self(Zeroizing::new(text.to_owned())))
    }

    /// The key itself, for the three places that need it: the redaction, the mask and the header.
    pub fn reveal(&self) -> &str {
        &self.0
    }
}

impl fmt::Debug for ApiKey {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("ApiKey(redacted)")
    }
}
