//! Facts as people read them: a label and a text.

use std::borrow::Cow;

/// A fact for people. Whoever writes a row makes its text safe for the place that shows it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Row {
    /// A word or two of our own.
    pub label: Cow<'static, str>,
    /// The fact, which may hold foreign text.
    pub text: String,
}

impl Row {
    /// A row.
    pub fn new(label: impl Into<Cow<'static, str>>, text: impl Into<String>) -> Self {
        Self { label: label.into(), text: text.into() }
    }
}

/// The text of a fact, or words that say that the API gave none.
pub fn or_not_given(text: Option<&String>) -> String {
    text.cloned().unwrap_or_else(|| "not given".to_owned())
}
