//! The key: from the input, or from a file.

use crate::inputs::validator::Validator;
use crate::process::{bounded_file, place::Place};
use crate::text::api_key::ApiKey;
use std::path::Path;
use zeroize::Zeroizing;

/// The most bytes of a file with a key.
const KEY_FILE_BYTES: u64 = 4_096;

impl Validator<'_> {
    /// Takes the key, from `api-key` or the file that `api-key-file` names.
    pub fn api_key(&mut self, key: Option<&Zeroizing<String>>, place: &Place) -> Option<ApiKey> {
        let file = self.text("api-key-file");
        let (input, key) = match (key, file) {
            (Some(key), _) if Path::new(key.as_str()).is_file() => {
                let file = self.variables.spell("api-key-file");
                self.problem("api-key", &format!("is the path of a file: name the file in {file}"));
                return None;
            }
            (Some(key), _) => ("api-key", Ok(key.clone())),
            (None, Some(file)) => ("api-key-file", read_key(Path::new(&file))),
            (None, None) => {
                let is_bad = self.mistaken.contains("api-key-file");
                if !self.variables.is_garbled("api-key-file") && !is_bad {
                    let file = self.variables.spell("api-key-file");
                    let help = format!("{}or name a file that holds it in {file}", place.no_key);
                    self.missing("api-key", &help);
                }
                return None;
            }
        };
        let key = key.and_then(|key| ApiKey::new(key.trim()).map_err(str::to_owned));
        // The path of a file is not shown: it may be the key, given by mistake.
        key.map_err(|problem| self.problem(input, &problem)).ok()
    }
}

/// The text of a file with a key.
fn read_key(path: &Path) -> Result<Zeroizing<String>, String> {
    let bytes = bounded_file::read(path, KEY_FILE_BYTES)?;
    String::from_utf8(bytes)
        .map(Zeroizing::new)
        .map_err(|_| "names a file that is not text".to_owned())
}
