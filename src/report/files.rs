//! The files that the outcome is written to.
//!
//! All files are opened before anything is sent, so that a rollback is not done where it could not be
//! told. A file is only ever appended to: the last line of a name counts. What could not be appended
//! whole is taken back, as half of it would spoil the file for whoever parses it.

use crate::inputs::{Files, variables::Variables};
use crate::log::Log;
use crate::model::{Effect, Outcome};
use crate::process::{env::ProcessEnv, place::Family, timeout_writer::TimeoutWriter};
use crate::report::outputs::{LeftOut, Lines, Output};
use crate::report::{Report, dotenv, dotenv::Room, github_output, json, markdown, outputs};
use crate::text::row::Row;
use anyhow::{Context, Result};
use std::fs::{self, File, OpenOptions};
use std::io::{self, Read, Seek, SeekFrom, Write};
use std::os::unix::fs::{FileTypeExt, MetadataExt};
use std::path::{Path, PathBuf};

/// The file that the job of the GitLab component hands on.
const GITLAB_DOTENV: &str = "rollback.env";

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Format {
    GitHubOutput,
    Dotenv,
    Markdown,
    Json,
}

/// A file that a run is asked to write.
struct Wanted {
    format: Format,
    /// The input or variable that names the file.
    name: String,
    path: Option<PathBuf>,
}

/// A file that can be appended to.
#[derive(Debug)]
struct OutputFile {
    format: Format,
    name: String,
    path: PathBuf,
    file: File,
    /// The outputs that were written before the wait for tests.
    early: Option<Early>,
}

/// Outputs that a file has already.
#[derive(Debug)]
struct Early {
    outputs: Vec<Output>,
    left_out: Vec<LeftOut>,
}

/// The files of one run.
#[derive(Debug)]
pub struct OutputFiles {
    files: Vec<OutputFile>,
}

impl OutputFiles {
    /// Opens every file that this run writes to. Returns the lines that say which ones cannot be opened,
    /// too.
    pub fn open(
        process_env: &ProcessEnv,
        family: Family,
        variables: &Variables,
        files: Files,
    ) -> (Self, Vec<String>) {
        let mut problems = Vec::new();
        let mut opened: Vec<OutputFile> = Vec::new();
        for wanted in wanted_files(process_env, family, variables, files) {
            match OutputFile::open(wanted) {
                None => {}
                Some(Err(problem)) => problems.push(problem),
                Some(Ok(file)) => match opened.iter().find(|other| other.is_same_file(&file)) {
                    Some(other) => {
                        problems
                            .push(format!("{} and {} name the same file", other.name, file.name));
                    }
                    None => opened.push(file),
                },
            }
        }
        (Self { files: opened }, problems)
    }

    /// Writes the outputs before the run is over, so that they are there whatever comes. What cannot be
    /// written now is told at the end.
    pub fn write_early(&mut self, report: &Report<'_>) {
        let is_for_outputs = |format| matches!(format, Format::GitHubOutput | Format::Dotenv);
        for file in self.files.iter_mut().filter(|file| is_for_outputs(file.format)) {
            if let Ok(left_out) = file.write(report) {
                file.early = Some(Early { outputs: outputs::of_report(report), left_out });
            }
        }
    }

    /// Writes the report to all files and says so. Returns how the run ends, now that this is known too.
    pub fn write(mut self, mut report: Report<'_>, log: &mut Log<'_>) -> Outcome {
        let mut problems = Vec::new();
        let mut written = Vec::new();
        for file in &mut self.files {
            match file.write(&report) {
                Ok(left_out) => {
                    for LeftOut { name, why } in left_out {
                        log.warning(&format!("{name} was left out of {}: {why}", file.shown()));
                    }
                    written.push(file.shown());
                }
                // The outputs are written first, so that a summary can tell that they are lacking.
                Err(error) => {
                    problems.push(format!("{error:#}"));
                    report.lacks_outputs = true;
                }
            }
        }
        if report.diagnostic.is_none() && !written.is_empty() {
            log.rows(&[Row::new("outputs", written.join(", "))]);
        }
        match problems.is_empty() {
            true => report.outcome,
            false => tell_unwritten(&report, &problems.join("; "), log),
        }
    }
}

/// Tells that files could not be written. Returns how the run ends.
fn tell_unwritten(report: &Report<'_>, problems: &str, log: &mut Log<'_>) -> Outcome {
    if report.diagnostic.is_some() {
        log.warning(&format!("not all outputs could be written: {problems}"));
        return report.outcome;
    }
    let name = Outcome::InternalError.name();
    let title = match report.effect {
        Effect::Done => "ROLLED BACK, but outputs not written",
        _ => "Nothing rolled back, and outputs not written",
    };
    let next = report.without_outputs();
    log.error(&format!("{title} ({name})"), &format!("{problems}; {next}"), &[]);
    log.rows_in_full(&outputs::rows(report));
    Outcome::InternalError
}

fn wanted_files(
    process_env: &ProcessEnv,
    family: Family,
    variables: &Variables,
    files: Files,
) -> [Wanted; 5] {
    let of_github = |format, name: &str| Wanted {
        format,
        name: name.to_owned(),
        path: process_env.path(name).filter(|_| family == Family::GitHub),
    };
    let of_input = |format, input, path| Wanted { format, name: variables.spell(input), path };
    let default_output = (family == Family::GitLab).then(|| PathBuf::from(GITLAB_DOTENV));
    [
        of_github(Format::GitHubOutput, "GITHUB_OUTPUT"),
        of_github(Format::Markdown, "GITHUB_STEP_SUMMARY"),
        of_input(Format::Dotenv, "output-file", files.output.or(default_output)),
        of_input(Format::Markdown, "summary-file", files.summary),
        of_input(Format::Json, "report-file", files.report),
    ]
}

/// Whether GitHub's runner made a file, as the variable says that named it.
fn is_runners(name: &str) -> bool {
    name.starts_with("GITHUB_")
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
    fn open(wanted: Wanted) -> Option<Result<Self, String>> {
        let Wanted { format, name, path } = wanted;
        let path = path?;
        Some(match open_to_append(&path) {
            Ok(file) => Ok(Self { format, name, path, file, early: None }),
            Err(error) => {
                let hint = if is_runners(&name) { "; does the image run as root?" } else { "" };
                Err(format!("{name} {} cannot be written: {error}{hint}", path.display()))
            }
        })
    }

    /// Whether two formats would be mixed in one file, which no parser would read. Devices do not
    /// count.
    fn is_same_file(&self, other: &Self) -> bool {
        let identity = |file: &File| {
            file.metadata().ok().filter(|data| data.is_file()).map(|data| (data.dev(), data.ino()))
        };
        identity(&self.file).is_some_and(|own| Some(own) == identity(&other.file))
    }

    /// Appends the report. Returns the outputs whose values the file does not have.
    fn write(&mut self, report: &Report<'_>) -> Result<Vec<LeftOut>> {
        let newline = if self.lacks_newline() { "\n" } else { "" };
        let lines = match self.format {
            Format::GitHubOutput | Format::Dotenv => self.outputs(report),
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
        let mut outputs = outputs::of_report(report);
        let mut left_out = Vec::new();
        if let Some(early) = self.early.take() {
            outputs.retain(|output| !early.outputs.contains(output));
            left_out = early.left_out;
        }
        let mut lines = match self.format {
            Format::GitHubOutput => github_output::write(&outputs),
            _ => dotenv::write(&outputs, self.room(report.context.pipeline.family)),
        };
        left_out.append(&mut lines.left_out);
        Lines { left_out, ..lines }
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

    /// The room that is left in the file: GitLab limits its report, nobody else does.
    fn room(&self, family: Family) -> Room {
        if family != Family::GitLab {
            return Room::endless();
        }
        // A device or a pipe has no end.
        let is_file = self.file.metadata().is_ok_and(|data| data.is_file());
        let existing = if is_file { fs::read(&self.path).unwrap_or_default() } else { Vec::new() };
        Room::beside(&String::from_utf8_lossy(&existing))
    }

    /// The file as people know it: GitHub's by their variables, all others by their paths.
    fn shown(&self) -> String {
        match is_runners(&self.name) {
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
