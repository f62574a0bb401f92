//! The files that the outcome is written to: opened before anything is sent, so that a rollback
//! is not done where it could not be told.

use crate::inputs::Files;
use crate::inputs::variables::Variables;
use crate::log::Log;
use crate::model::outcome::{Effect, Outcome};
use crate::process::env::Environment;
use crate::process::place::Family;
use crate::process::random;
use crate::process::timeout_writer::Patient;
use crate::report::dotenv::{self, Room};
use crate::report::{Outputs, Report};
use crate::report::{github_output as heredoc, json, markdown};
use anyhow::{Context, Result};
use std::fs::{self, File, OpenOptions};
use std::io::{self, Read, Seek, SeekFrom, Write};
use std::os::unix::fs::{FileTypeExt, MetadataExt};
use std::path::{Path, PathBuf};

/// The file that the job of the GitLab component hands on.
const DOTENV: &str = "rollback.env";

/// A file that can be appended to.
#[derive(Debug)]
struct Destination {
    format: Format,
    name: String,
    path: PathBuf,
    file: File,
    /// The outputs that it has already, and the names of those that it cannot carry.
    handed_on: Option<(Outputs, Vec<String>)>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Format {
    Heredoc,
    Dotenv,
    Markdown,
    Json,
}

/// The files of one run.
#[derive(Debug)]
pub struct Destinations {
    files: Vec<Destination>,
    delimiter: String,
}

impl Destinations {
    /// Opens every file that this run writes to, or says which ones cannot be opened.
    pub fn open(
        environment: &Environment,
        family: Family,
        variables: &Variables,
        files: Files,
    ) -> (Self, Vec<String>) {
        let is_github = family == Family::GitHub;
        let of_github = |name: &str| environment.path(name).filter(|_| is_github);
        let default_output = (family == Family::GitLab).then(|| PathBuf::from(DOTENV));
        let wanted = [
            (Format::Heredoc, "GITHUB_OUTPUT".to_owned(), of_github("GITHUB_OUTPUT")),
            (Format::Markdown, "GITHUB_STEP_SUMMARY".to_owned(), of_github("GITHUB_STEP_SUMMARY")),
            (Format::Dotenv, variables.spell("output-file"), files.output.or(default_output)),
            (Format::Markdown, variables.spell("summary-file"), files.summary),
            (Format::Json, variables.spell("report-file"), files.report),
        ];
        let mut opened: Vec<Destination> = Vec::new();
        let mut problems = Vec::new();
        for (format, name, path) in wanted {
            let Some(path) = path else { continue };
            let destination = match open(&path) {
                Ok(file) => Destination { format, name, path, file, handed_on: None },
                Err(error) => {
                    let hint = if is_runners(&name) { "; does the image run as root?" } else { "" };
                    problems.push(format!(
                        "{name} {} cannot be written: {error}{hint}",
                        path.display()
                    ));
                    continue;
                }
            };
            if let Some(other) = opened.iter().find(|other| other.is_same_file(&destination)) {
                problems
                    .push(format!("{} and {} name the same file", other.name, destination.name));
                continue;
            }
            opened.push(destination);
        }
        let delimiter = random::token().unwrap_or_else(|error| {
            problems.push(format!("{error:#}"));
            String::new()
        });
        (Self { files: opened, delimiter }, problems)
    }

    /// Writes the outputs before the run is over, so that they are there whatever comes. What cannot be
    /// written now is written, or told, at the end.
    pub fn hand_on(&mut self, report: &Report<'_>) {
        let is_for_outputs = |format| matches!(format, Format::Heredoc | Format::Dotenv);
        for destination in self.files.iter_mut().filter(|file| is_for_outputs(file.format)) {
            if let Ok(left_out) = destination.write(report, &self.delimiter) {
                destination.handed_on = Some((report.outputs(), left_out));
            }
        }
    }

    /// Writes the report to all of them and says so. Returns how the run ends, now that this is
    /// known too.
    pub fn write(mut self, report: &Report<'_>, log: &mut Log<'_>) -> Outcome {
        let mut problems = Vec::new();
        let mut written = Vec::new();
        for destination in &mut self.files {
            match destination.write(report, &self.delimiter) {
                Ok(left_out) => {
                    for name in left_out {
                        log.warning(&format!(
                            "{name} was left out of {}: it is too long, or has a character that the format cannot carry",
                            destination.shown()
                        ));
                    }
                    written.push(destination.shown());
                }
                Err(error) => problems.push(format!("{error:#}")),
            }
        }
        if report.failure.is_none() && !written.is_empty() {
            log.rows(&[("outputs", written.join(", "))]);
        }
        if problems.is_empty() {
            return report.outcome;
        }
        let problems = problems.join("; ");
        if report.failure.is_some() {
            log.warning(&format!("not all outputs could be written: {problems}"));
            return report.outcome;
        }
        let name = Outcome::InternalError.name();
        let (title, next) = match report.effect {
            Effect::Done => (
                format!("ROLLED BACK, but outputs not written ({name})"),
                "do not run it again, take the outputs from the lines below",
            ),
            _ => (
                format!("Nothing rolled back, and outputs not written ({name})"),
                "run it again where they can be written, which is safe",
            ),
        };
        log.error(&title, &format!("{next}: {problems}"), &[]);
        log.rows_in_full(&report.output_rows());
        Outcome::InternalError
    }
}

/// Whether GitHub's runner made a file, as the variable says that named it.
fn is_runners(name: &str) -> bool {
    name.starts_with("GITHUB_")
}

/// Opens a file to append to. A named pipe that nobody reads would never open; one that we were
/// started with, such as `/dev/stdout`, has no name of its own.
fn open(path: &Path) -> io::Result<File> {
    let is_pipe = fs::metadata(path).is_ok_and(|data| data.file_type().is_fifo());
    if is_pipe && fs::canonicalize(path).is_ok() {
        return Err(io::Error::other("it is a named pipe"));
    }
    OpenOptions::new().append(true).create(true).open(path)
}

impl Destination {
    /// Whether two formats would be mixed in one file, which no parser would read. Devices do not
    /// count.
    fn is_same_file(&self, other: &Self) -> bool {
        let identity = |file: &File| {
            file.metadata().ok().filter(|data| data.is_file()).map(|data| (data.dev(), data.ino()))
        };
        identity(&self.file).is_some_and(|own| Some(own) == identity(&other.file))
    }

    /// Appends the report. Returns the names of the outputs that this format cannot carry.
    fn write(&mut self, report: &Report<'_>, delimiter: &str) -> Result<Vec<String>> {
        let newline = if self.lacks_newline() { "\n" } else { "" };
        let mut outputs = report.outputs().to_vec();
        let mut left_out_before = Vec::new();
        if let Some((handed_on, left_out)) = self.handed_on.take() {
            outputs.retain(|output| !handed_on.contains(output));
            left_out_before = left_out;
        }
        let (text, left_out) = match self.format {
            Format::Heredoc => (heredoc::write(&outputs, delimiter)?, Vec::new()),
            Format::Dotenv => dotenv::write(&outputs, self.room(report.pipeline.family)),
            Format::Markdown => (markdown::write(report), Vec::new()),
            Format::Json => (json::write(report)?, Vec::new()),
        };
        let appended = self.append((newline.to_owned() + &text).as_bytes());
        appended.with_context(|| format!("{} {}", self.name, self.path.display()))?;
        Ok([left_out_before, left_out].concat())
    }

    /// Appends all of it, or nothing: half of it would spoil what is there already for whoever parses
    /// it.
    fn append(&mut self, bytes: &[u8]) -> io::Result<()> {
        let length =
            |file: &File| file.metadata().ok().filter(|data| data.is_file()).map(|data| data.len());
        let before = length(&self.file);
        let mut patient = Patient::new(&self.file)?;
        let mut rest = bytes;
        while !rest.is_empty() {
            match patient.write(rest) {
                Ok(count) => rest = rest.get(count..).unwrap_or_default(),
                Err(error) => {
                    let own = (bytes.len() - rest.len()) as u64;
                    // What somebody else has appended meanwhile is theirs.
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

    /// What it can still take: GitLab limits its report, nobody else does.
    fn room(&self, family: Family) -> Room {
        if family != Family::GitLab {
            return Room::endless();
        }
        // What is no regular file has no end.
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
