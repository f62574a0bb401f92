//! A file that outputs are appended to, whole or not at all.

use crate::process::{
    sink::{Format, Limits},
    timeout_writer::TimeoutWriter,
};
use crate::report::outputs::{LeftOut, Lines, Output};
use crate::report::{Report, dotenv, dotenv::Room, github_output, json, markdown, outputs};
use anyhow::{Context, Result};
use std::fs::{self, File, OpenOptions};
use std::io::{self, Read, Seek, SeekFrom, Write};
use std::mem;
use std::os::unix::fs::{FileTypeExt, MetadataExt};
use std::path::{Path, PathBuf};

/// A file that a run is asked to write.
pub(super) struct Wanted {
    pub(super) format: Format,
    /// The input or variable that names the file.
    pub(super) name: String,
    /// Whether the place has made the file, which people know by its variable then.
    pub(super) is_of_place: bool,
    pub(super) path: Option<PathBuf>,
}

/// A file that can be appended to.
#[derive(Debug)]
pub(super) struct OutputFile {
    /// The input or variable that names the file.
    pub(super) name: String,
    format: Format,
    is_of_place: bool,
    pub(super) path: PathBuf,
    file: File,
    /// The outputs that were written before the wait for tests.
    early: Early,
}

/// Outputs that a file has already.
#[derive(Debug, Default)]
struct Early {
    outputs: Vec<Output>,
    left_out: Vec<LeftOut>,
}

/// Opens a file to append to. A named pipe that nobody reads would never open; a pipe that the process
/// was started with, such as `/dev/stdout`, has no name of its own.
fn open_to_append(path: &Path) -> io::Result<File> {
    let is_pipe = fs::metadata(path).is_ok_and(|data| data.file_type().is_fifo());
    if is_pipe && fs::canonicalize(path).is_ok() {
        return Err(io::Error::other("it is a named pipe"));
    }
    OpenOptions::new().append(true).create(true).open(path)
}

impl OutputFile {
    /// Opens a file. None where the run is not asked for it.
    pub(super) fn open(wanted: Wanted) -> Option<Result<Self, String>> {
        let Wanted { format, name, is_of_place, path } = wanted;
        let path = path?;
        Some(match open_to_append(&path) {
            Ok(file) => Ok(Self { name, format, is_of_place, path, file, early: Early::default() }),
            Err(error) => {
                let hint = if is_of_place { "; does the image run as root?" } else { "" };
                Err(format!("{name} {} cannot be written: {error}{hint}", path.display()))
            }
        })
    }

    /// Whether two formats would be mixed in one file, which no parser would read. Devices do not
    /// count.
    pub(super) fn is_same_file(&self, other: &Self) -> bool {
        let identity = |file: &File| {
            file.metadata().ok().filter(|data| data.is_file()).map(|data| (data.dev(), data.ino()))
        };
        identity(&self.file).is_some_and(|own| Some(own) == identity(&other.file))
    }

    /// Appends the outputs before the run is over, if the file is for outputs. What cannot be appended now is
    /// told at the end.
    pub(super) fn write_early(&mut self, report: &Report<'_>) {
        if self.format.is_for_outputs()
            && let Ok(left_out) = self.write(report)
        {
            self.early = Early { outputs: outputs::of_report(report), left_out };
        }
    }

    /// Appends the report. Returns the outputs whose values the file does not have.
    pub(super) fn write(&mut self, report: &Report<'_>) -> Result<Vec<LeftOut>> {
        let newline = if self.lacks_newline() { "\n" } else { "" };
        let lines = match self.format {
            Format::GitHubOutput | Format::Dotenv(_) => self.outputs(report),
            Format::Markdown => Lines { text: markdown::write(report), ..Lines::default() },
            Format::Json => Lines { text: json::write(report), ..Lines::default() },
        };
        let appended = self.append((newline.to_owned() + &lines.text).as_bytes());
        appended.with_context(|| format!("{} {}", self.name, self.path.display()))?;
        Ok(lines.left_out)
    }

    /// The outputs that the file does not have yet: GitLab limits its size, so an output is written again only
    /// if it has changed.
    fn outputs(&mut self, report: &Report<'_>) -> Lines {
        let mut early = mem::take(&mut self.early);
        let (written, outputs): (Vec<_>, Vec<_>) = outputs::of_report(report)
            .into_iter()
            .partition(|output| early.outputs.contains(output));
        let Lines { text, left_out } = match self.format {
            Format::Dotenv(limits) => dotenv::write(&outputs, self.room(limits)),
            _ => github_output::write(&outputs),
        };
        // Those that are tried again are told anew.
        early.left_out.retain(|left_out| written.iter().any(|output| left_out.is_of(output)));
        Lines { text, left_out: [early.left_out, left_out].concat() }
    }

    /// Appends all bytes, or none.
    fn append(&mut self, bytes: &[u8]) -> io::Result<()> {
        let length =
            |file: &File| file.metadata().ok().filter(|data| data.is_file()).map(|data| data.len());
        let before = length(&self.file);
        let mut writer = TimeoutWriter::new(&self.file)?;
        let mut rest = bytes;
        while !rest.is_empty() {
            match writer.write(rest) {
                Ok(count) => rest = rest.get(count..).unwrap_or_default(),
                Err(error) => {
                    let own = (bytes.len() - rest.len()) as u64;
                    // Bytes that somebody else has appended meanwhile are theirs.
                    if let Some(before) =
                        before.filter(|before| length(&self.file) == Some(before + own))
                    {
                        let _ = self.file.set_len(before);
                    }
                    return Err(error);
                }
            }
        }
        Ok(())
    }

    /// The room that the limits leave in the file.
    fn room(&self, limits: Limits) -> Room {
        // A device or a pipe has no end.
        let is_file = self.file.metadata().is_ok_and(|data| data.is_file());
        let is_read = is_file && limits != Limits::NONE;
        let existing = if is_read { fs::read(&self.path).unwrap_or_default() } else { Vec::new() };
        Room::beside(&String::from_utf8_lossy(&existing), limits)
    }

    /// The file as people know it: that of a place by its variable, any other one by its path.
    pub(super) fn shown(&self) -> String {
        match self.is_of_place {
            true => self.name.clone(),
            false => self.path.display().to_string(),
        }
    }

    /// Whether what is there already ends within a line. A file that cannot be read is taken to
    /// end well, as a blank line would harm it.
    fn lacks_newline(&self) -> bool {
        let last = File::open(&self.path).and_then(|mut file| {
            let mut last = [b'\n'];
            if file.metadata()?.is_file() && file.metadata()?.len() > 0 {
                file.seek(SeekFrom::End(-1))?;
                file.read_exact(&mut last)?;
            }
            Ok(last)
        });
        last.is_ok_and(|last| last != [b'\n'])
    }
}
