//! Facts as people read them: a label, and a text or several cells.

use std::borrow::Cow;

/// A fact for people. Whoever writes a row makes its text safe for the place that shows it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Row {
    /// A word or two of our own.
    pub label: Cow<'static, str>,
    /// The fact, which may hold foreign text. The cells of rows that stand together are aligned where that can
    /// be shown. A cell of which nothing is known is empty.
    pub cells: Vec<String>,
}

impl Row {
    /// A row of one cell.
    pub fn new(label: impl Into<Cow<'static, str>>, text: impl Into<String>) -> Self {
        Self::of_cells(label, vec![text.into()])
    }

    /// A row that can be compared with others, cell by cell.
    pub fn of_cells(label: impl Into<Cow<'static, str>>, cells: Vec<String>) -> Self {
        Self { label: label.into(), cells }
    }

    /// All cells in one text.
    pub fn text(&self) -> String {
        let known = self.cells.iter().filter(|cell| !cell.is_empty());
        known.map(String::as_str).collect::<Vec<_>>().join(" ")
    }
}
