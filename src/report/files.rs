//! Where the outcome is written to: files, a folder, and the log.
//!
//! All files are opened before anything is sent, so that a rollback is not done where it could not be
//! told.

use crate::inputs::{Files, variables::Variables};
use crate::log::Log;
use crate::model::{Effect, Outcome};
use crate::process::sink::{At, Format, Limits, Sink};
use crate::process::{env::ProcessEnv, place::Place};
use crate::report::output_file::{OutputFile, Wanted};
use crate::report::outputs::{LeftOut, Output};
use crate::report::{Report, folder::Folder, outputs};
use crate::text::row::Row;
use std::path::PathBuf;

/// The inputs that may name a file which is read.
const READ_FILES: [&str; 2] = ["api-key-file", "ca-cert"];

/// The files of one run.
#[derive(Debug)]
pub struct OutputFiles {
    files: Vec<OutputFile>,
    folder: Option<Folder>,
    /// The outputs that the log has handed on already.
    in_log: Vec<Output>,
}

impl OutputFiles {
    /// Opens every file that this run writes to. Returns the lines that say which ones cannot be opened,
    /// too.
    pub fn open(
        process_env: &ProcessEnv,
        place: &Place,
        variables: &Variables,
        files: Files,
    ) -> (Self, Vec<String>) {
        let mut problems = Vec::new();
        let mut opened: Vec<OutputFile> = Vec::new();
        let spelled = variables.spell("output-dir");
        let folder = files.output_folder.as_deref().map(Folder::open).transpose();
        let folder = folder.unwrap_or_else(|error| {
            problems.push(format!("{spelled} {error:#}"));
            None
        });
        for wanted in wanted_files(process_env, place, variables, files) {
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
        let read = READ_FILES.into_iter();
        let read = read.filter_map(|input| Some((variables.spell(input), variables.text(input)?)));
        let mut others: Vec<_> = read.map(|(name, path)| (name, PathBuf::from(path))).collect();
        others.extend(opened.iter().map(|file| (file.name.clone(), file.path.clone())));
        let folder = folder.filter(|folder| {
            // Nothing is replaced before it is certain that no other file is lost.
            others.retain(|(_, path)| folder.replaces(path));
            let told =
                |(name, _): &(String, _)| format!("{name} is the file of an output in {spelled}");
            problems.extend(others.iter().map(told));
            let blanked = if others.is_empty() { folder.blank() } else { Ok(()) };
            problems.extend(blanked.err().map(|error| format!("{spelled} {error:#}")));
            others.is_empty()
        });
        (Self { files: opened, folder, in_log: Vec::new() }, problems)
    }

    /// Writes the outputs before the run is over, so that they are there whatever comes. What cannot be
    /// written now is told at the end.
    pub fn write_early(&mut self, report: &Report<'_>, log: &mut Log<'_>) {
        for file in &mut self.files {
            file.write_early(report);
        }
        if let Some(folder) = &self.folder {
            let _ = folder.write(&outputs::of_report(report));
        }
        self.hand_on(report, log);
    }

    /// Writes the report to all files and says so. Returns how the run ends, now that this is known too.
    pub fn write(mut self, mut report: Report<'_>, log: &mut Log<'_>) -> Outcome {
        let mut results = Vec::new();
        if let Some(folder) = &self.folder {
            let shown = folder.path.display().to_string();
            results.push((shown, folder.write(&outputs::of_report(&report))));
        }
        for file in &mut self.files {
            // A summary comes after the outputs, and tells that they are lacking.
            report.lacks_outputs = results.iter().any(|(_, result)| result.is_err());
            results.push((file.shown(), file.write(&report)));
        }
        let mut problems = Vec::new();
        let mut written = Vec::new();
        for (shown, result) in results {
            match result {
                Ok(left_out) => {
                    tell_left_out(&left_out, &shown, log);
                    written.push(shown);
                }
                Err(error) => problems.push(format!("{error:#}")),
            }
        }
        if log.hands_on() {
            let left_out = self.hand_on(&report, log);
            tell_left_out(&left_out, "the log's variables", log);
            written.push("variables such as ROLLBACK_OUTCOME".to_owned());
        }
        if report.diagnostic.is_none() && !written.is_empty() {
            log.rows(&[Row::new("outputs", written.join(", "))]);
        }
        match problems.is_empty() {
            true => report.outcome,
            false => tell_unwritten(&report, &problems.join("; "), log),
        }
    }

    /// Hands the known outputs on through the log, where its viewer takes them, but for those that it has
    /// already. Returns those that must not be handed on.
    fn hand_on(&mut self, report: &Report<'_>, log: &mut Log<'_>) -> Vec<LeftOut> {
        let mut left_out = Vec::new();
        let before = std::mem::replace(&mut self.in_log, outputs::of_report(report));
        for output in &self.in_log {
            match output.text() {
                Err(why) => left_out.push(LeftOut { name: output.variable(), why }),
                Ok(text) if text.is_empty() || before.contains(output) => {}
                Ok(text) => log.hand_on(&output.variable(), &text),
            }
        }
        left_out
    }
}

fn tell_left_out(left_out: &[LeftOut], of: &str, log: &mut Log<'_>) {
    for LeftOut { name, why } in left_out {
        log.warning(&format!("{name} was left out of {of}: {why}"));
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
    place: &Place,
    variables: &Variables,
    files: Files,
) -> Vec<Wanted> {
    let of_input = |format, input, path| {
        let name = variables.spell(input);
        Wanted { format, name, path, is_of_place: false }
    };
    let mut wanted = Vec::new();
    let mut output = (Format::Dotenv(Limits::NONE), files.output);
    for Sink { format, at } in place.sinks {
        match at {
            At::Variable(name) => wanted.push(Wanted {
                format: *format,
                name: (*name).to_owned(),
                path: process_env.path(name),
                is_of_place: true,
            }),
            At::OutputFile(default) => {
                output = (*format, output.1.or_else(|| Some(default.into())));
            }
        }
    }
    wanted.push(of_input(output.0, "output-file", output.1));
    wanted.push(of_input(Format::Markdown, "summary-file", files.summary));
    wanted.push(of_input(Format::Json, "report-file", files.report));
    wanted.sort_by_key(|wanted| !wanted.format.is_for_outputs());
    wanted
}
