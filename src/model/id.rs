//! Ids of the API.

/// The id of an agent, a deployment or a test run: opaque, and always exactly one segment of a path.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Id(String);

impl Id {
    /// Takes an id. None where the text is empty or a step to another path (`.`, `..`, also
    /// percent-encoded).
    pub fn new(text: &str) -> Option<Self> {
        let decoded = text.to_lowercase().replace("%2e", ".");
        (!matches!(decoded.as_str(), "" | "." | "..")).then(|| Self(text.to_owned()))
    }

    /// The id as it was given.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}
