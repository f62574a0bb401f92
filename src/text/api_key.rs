//! The API key, in a type that does not print.

use std::fmt;
use zeroize::Zeroizing;

/// The most characters of a key. Whatever is longer was given by mistake, and would take long to look for in
/// everything that is written.
const MOST_CHARACTERS: usize = 512;

/// A key of the Agents API: visible ASCII of at most 512 characters, never shown by `Debug`, wiped when it is dropped.
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
        if text.len() > MOST_CHARACTERS {
            return Err(
                "has more than 512 characters, and no key has so many; it was probably copied \
                with something else",
            );
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
