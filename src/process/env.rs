//! The variables of the process, read once, whatever bytes they hold.

use std::collections::BTreeMap;
use std::ffi::{OsStr, OsString};
use std::path::PathBuf;

/// The variables that this run started with. The key is among them, so they cannot be printed.
pub struct ProcessEnv(BTreeMap<OsString, OsString>);

impl ProcessEnv {
    /// Takes the variables of a process.
    pub fn new(variables: impl IntoIterator<Item = (OsString, OsString)>) -> Self {
        Self(variables.into_iter().collect())
    }

    /// All variables.
    pub fn iter(&self) -> impl Iterator<Item = (&OsStr, &OsStr)> {
        self.0.iter().map(|(name, value)| (name.as_os_str(), value.as_os_str()))
    }

    /// The trimmed text of a variable. None where the variable is not set or blank. Bytes that are
    /// not UTF-8 are replaced: this is for words to show, not for inputs.
    pub fn text(&self, name: &str) -> Option<String> {
        let text = self.0.get(OsStr::new(name))?.to_string_lossy().trim().to_owned();
        (!text.is_empty()).then_some(text)
    }

    /// The path in a variable. None where the variable is not set or empty.
    pub fn path(&self, name: &str) -> Option<PathBuf> {
        let path = self.0.get(OsStr::new(name))?;
        (!path.is_empty()).then(|| PathBuf::from(path))
    }
}
