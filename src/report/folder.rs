//! A folder with a file for each output, such as Tekton's results and Argo's parameters.
//!
//! A file holds its value alone, without a newline, and is there also where the value is not known: whoever
//! asks for a missing file fails. Each file is written under another name and renamed, so that nobody reads
//! a half of it, and nobody who may write into the folder can lead a write elsewhere by a symbolic link.

use crate::process::random;
use crate::report::outputs::{LeftOut, NAMES, Output};
use anyhow::{Context, Result, anyhow};
use std::fs::{self, OpenOptions};
use std::io::Write;
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};

/// The most bytes of all results. Tekton makes one message of them, which fails the step where it has more
/// than 4,096 bytes (`termination/write.go`), and adds an entry of its own.
const MOST_BYTES: usize = 3_500;
/// The bytes that Tekton's message has around the name and the value of a result, rounded up.
const FRAME_BYTES: usize = 32;
const NO_ROOM: &str = "all values together are too long, as Tekton takes 4,096 bytes";

/// A folder that can be written to.
#[derive(Debug)]
pub struct Folder {
    /// The path of the folder.
    pub path: PathBuf,
    /// The path of a file that nobody else has.
    scratch: PathBuf,
}

impl Folder {
    /// Makes the folder if it is missing, and tries to write into it. The error begins with the path.
    pub fn open(path: &Path) -> Result<Self> {
        let shown = path.display().to_string();
        // Without a slash at its end, which would lead through a symbolic link.
        let path: PathBuf = path.components().collect();
        let open = || {
            if fs::symlink_metadata(&path).is_ok_and(|data| data.is_symlink()) {
                return Err(anyhow!("it is a symbolic link"));
            }
            fs::create_dir_all(&path)?;
            let folder = Self { scratch: path.join(format!(".{}", random::token()?)), path };
            folder.write_scratch("").and_then(|()| Ok(fs::remove_file(&folder.scratch)?))?;
            Ok(folder)
        };
        open().with_context(|| format!("{shown} cannot be written"))
    }

    /// Writes all outputs. Returns those whose values were left out.
    pub fn write(&self, outputs: &[Output]) -> Result<Vec<LeftOut>> {
        let (values, left_out) = values(outputs);
        for (output, value) in outputs.iter().zip(values) {
            self.replace(&output.name, &value)?;
        }
        Ok(left_out)
    }

    /// Makes a blank file of each output, so that no value of an earlier run is left there whatever becomes of this
    /// one. The error begins with the path.
    pub fn blank(&self) -> Result<()> {
        let blanked = NAMES.into_iter().try_for_each(|name| self.replace(name, ""));
        blanked.with_context(|| format!("{} cannot be written", self.path.display()))
    }

    /// Whether a file, by whatever path, is that of an output, which would replace it.
    pub fn replaces(&self, file: &Path) -> bool {
        let identity = |path: &Path| fs::metadata(path).ok().map(|data| (data.dev(), data.ino()));
        let own = identity(file);
        own.is_some() && NAMES.iter().any(|name| identity(&self.path.join(name)) == own)
    }

    /// Makes a new file of an output, in the place of whatever has its name.
    fn replace(&self, name: &str, text: &str) -> Result<()> {
        let path = self.path.join(name);
        let written = self.write_scratch(text);
        let renamed = written.and_then(|()| Ok(fs::rename(&self.scratch, &path)?));
        if renamed.is_err() {
            let _ = fs::remove_file(&self.scratch);
        }
        renamed.with_context(|| path.display().to_string())
    }

    /// Writes a new file, never one that is there already, nor through a symbolic link.
    fn write_scratch(&self, text: &str) -> Result<()> {
        let mut file = OpenOptions::new().write(true).create_new(true).open(&self.scratch)?;
        Ok(file.write_all(text.as_bytes())?)
    }
}

/// A text for each output: its value, or nothing where that is not known, must not be handed on, or has no
/// room; and the outputs whose values were left out.
pub fn values(outputs: &[Output]) -> (Vec<String>, Vec<LeftOut>) {
    let mut left_out = Vec::new();
    let text = |output: &Output| {
        output.text().unwrap_or_else(|why| {
            left_out.push(LeftOut { name: output.name.clone(), why });
            String::new()
        })
    };
    let mut values: Vec<String> = outputs.iter().map(text).collect();
    let frames: usize = outputs.iter().map(|output| output.name.len() + FRAME_BYTES).sum();
    while frames + values.iter().map(String::len).sum::<usize>() > MOST_BYTES {
        let longest = outputs.iter().zip(&mut values).max_by_key(|(_, value)| value.len());
        let Some((output, value)) = longest.filter(|(_, value)| !value.is_empty()) else { break };
        value.clear();
        left_out.push(LeftOut { name: output.name.clone(), why: NO_ROOM });
    }
    (values, left_out)
}
