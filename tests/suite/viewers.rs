//! A run's streams and files, read as the place of the run would read them.

use crate::step::Ended;
use polyai_rollback::process::place::{Place, Viewer};
use polyai_rollback::process::sink::{At, Format, Limits};
use std::collections::{BTreeMap, BTreeSet};
use support::parsers;

/// The names of the commands that a viewer obeys in the streams of a run, each once.
pub fn commands(viewer: Viewer, ended: &Ended) -> Vec<String> {
    let mut seen = BTreeSet::new();
    let names = obeyed(viewer, &ended.out, &ended.err).into_iter();
    names.filter(|name| seen.insert(name.clone())).collect()
}

/// The names of the commands that a viewer obeys in the two streams of a run.
pub fn obeyed(viewer: Viewer, out: &str, err: &str) -> Vec<String> {
    let streams = format!("{out}{err}");
    match viewer {
        Viewer::Plain => Vec::new(),
        Viewer::GitHub | Viewer::Gitea => {
            parsers::commands(&streams).into_iter().map(|command| command.name).collect()
        }
        Viewer::GitLab => {
            let marks = streams.split("\u{1b}[0Ksection_").skip(1);
            marks.map(|mark| mark.split(':').next().unwrap_or_default().to_owned()).collect()
        }
        Viewer::Buildkite => {
            let first = streams.lines().map(|line| line.split(' ').next().unwrap_or_default());
            let is_group = |word: &&str| ["---", "+++", "~~~", "^^^"].contains(word);
            first.filter(is_group).map(str::to_owned).collect()
        }
        Viewer::Azure => azure(&streams).into_iter().map(|command| command.name).collect(),
        Viewer::TeamCity => {
            assert!(!err.contains("##teamcity["), "{err}");
            messages(out).into_iter().map(|message| message.name).collect()
        }
    }
}

fn azure(log: &str) -> Vec<parsers::LogCommand> {
    parsers::azure_commands(log).expect("commands that Azure's agent carries out")
}

pub fn messages(log: &str) -> Vec<parsers::LogCommand> {
    parsers::teamcity_messages(log).expect("messages that TeamCity understands")
}

/// Checks that no other viewer than that of the place would hear a command.
pub fn says_nothing_to_others(place: &Place, ended: &Ended) {
    use Viewer::{Azure, Buildkite, GitHub, GitLab, Gitea, TeamCity};
    for viewer in [GitHub, GitLab, Buildkite, Azure, TeamCity] {
        let is_own = viewer == place.viewer || (viewer, place.viewer) == (GitHub, Gitea);
        // GitHub's runner still obeys an old form, which is Azure's.
        if !is_own && (viewer, place.viewer) != (GitHub, Azure) {
            assert_eq!(commands(viewer, ended), [""; 0], "{} in {}", ended.out, place.id);
        }
    }
}

/// The outputs that the place has, in its file or its log, by the names of their variables.
pub fn outputs(place: &Place, ended: &Ended) -> Option<BTreeMap<String, String>> {
    for sink in place.sinks {
        let (At::Variable(path) | At::OutputFile(path)) = sink.at;
        let text = ended.read(path).expect("a file");
        match sink.format {
            Format::GitHubOutput => {
                let read = parsers::github_outputs(&text).expect("outputs for GitHub");
                assert_eq!(parsers::act_outputs(&text).as_ref(), Ok(&read));
                let variable = |(name, value): (String, String)| {
                    (format!("ROLLBACK_{}", name.replace('-', "_").to_uppercase()), value)
                };
                return Some(read.into_iter().map(variable).collect());
            }
            Format::Dotenv(limits) => {
                if limits == Limits::GITLAB {
                    parsers::dotenv(&text).expect("a report that GitLab accepts");
                }
                return Some(parsers::variables(&text).expect("variables"));
            }
            Format::Markdown | Format::Json => {}
        }
    }
    let mut outputs = BTreeMap::new();
    match place.viewer {
        Viewer::Azure => {
            for command in
                azure(&ended.out).into_iter().filter(|one| one.name == "task.setvariable")
            {
                outputs.insert(command.values["variable"].clone(), command.data);
            }
        }
        Viewer::TeamCity => {
            for message in messages(&ended.out).into_iter().filter(|one| one.name == "setParameter")
            {
                let name = message.values["name"].strip_prefix("env.").expect("a variable");
                outputs.insert(name.to_owned(), message.values["value"].clone());
            }
        }
        _ => return None,
    }
    Some(outputs)
}
