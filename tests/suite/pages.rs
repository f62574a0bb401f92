//! The pages about pipelines and the examples have every place of the table, and say what its row says.

use crate::places::variables;
use polyai_rollback::process::place::PLACES;
use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};

fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

/// The pages about pipelines. GitHub and GitLab have their sections in the README.
fn pages() -> Vec<PathBuf> {
    let folder = fs::read_dir(root().join("docs/pipelines")).expect("a folder");
    let pages = folder.map(|entry| entry.expect("an entry").path());
    let pages = pages.filter(|path| path.extension().is_some_and(|end| end == "md"));
    pages.chain([root().join("README.md")]).collect()
}

/// The sections of a page: the title of a heading, its level, and the text up to the next heading of that
/// level or of a higher one. A line of a code block is no heading.
fn sections(page: &str) -> Vec<(&str, usize, String)> {
    let mut sections: Vec<(&str, usize, String)> = Vec::new();
    let (mut is_code, mut open) = (false, Vec::new());
    for line in page.lines() {
        let level = line.len() - line.trim_start_matches('#').len();
        if line.trim_start().starts_with("```") {
            is_code = !is_code;
        }
        if !is_code && level > 0 && line[level..].starts_with(' ') {
            open.retain(|place: &usize| sections[*place].1 < level);
            open.push(sections.len());
            sections.push((line[level..].trim(), level, String::new()));
        }
        for place in &open {
            let text = &mut sections[*place].2;
            text.push_str(line);
            text.push('\n');
        }
    }
    sections
}

/// The variables that the commands `docker run` of a text hand on by their names, but for the inputs.
fn handed_on(text: &str) -> BTreeSet<&str> {
    if !text.contains("docker run") {
        return BTreeSet::new();
    }
    let mut words = text.split(|c: char| !c.is_ascii_alphanumeric() && !"_-=".contains(c));
    let mut names = BTreeSet::new();
    while let Some(word) = words.next() {
        let given = match word {
            "--env" | "-e" => words.next(),
            word => word.strip_prefix("--env="),
        };
        let is_name = |name: &&str| {
            name.starts_with(|c: char| c.is_ascii_uppercase())
                && name.chars().all(|c| c.is_ascii_uppercase() || c.is_ascii_digit() || c == '_')
        };
        names.extend(given.filter(is_name).filter(|name| !name.starts_with("POLYAI_")));
    }
    names
}

#[test]
fn every_place_has_its_section_and_its_example() {
    let pages: Vec<_> =
        pages().iter().map(|path| fs::read_to_string(path).expect("a page")).collect();
    let sections: Vec<_> = pages.iter().flat_map(|page| sections(page)).collect();
    let mut problems = Vec::new();
    for place in PLACES {
        let is_own = |title: &str, level: usize| title == place.name && level <= 3;
        let own: Vec<_> =
            sections.iter().filter(|(title, level, _)| is_own(title, *level)).collect();
        if own.len() != 1 {
            problems.push(format!("{} sections have the title {}", own.len(), place.name));
        }
        for (_, _, text) in own {
            let (handed_on, variables) = (handed_on(text), variables(place));
            if !handed_on.is_empty() && handed_on != variables {
                let missing: Vec<_> = variables.difference(&handed_on).collect();
                let other: Vec<_> = handed_on.difference(&variables).collect();
                problems.push(format!(
                    "`docker run` for {} lacks --env {missing:?}, and hands on {other:?}, which is not read",
                    place.name
                ));
            }
        }
        let folder = root().join("examples").join(place.id);
        if !fs::read_dir(&folder).is_ok_and(|mut files| files.next().is_some()) {
            problems.push(format!("examples/{} has no file", place.id));
        }
    }
    assert!(problems.is_empty(), "\n{}", problems.join("\n"));
}

#[test]
fn a_section_and_what_it_hands_on_are_found() {
    let page = "# A\none\n## B\ndocker run --rm -e X_1 \\\n  --env=Y --env POLYAI_Z --env lower\n```sh\n# no\n```\n## C\n";
    let found: Vec<_> =
        sections(page).into_iter().map(|(title, level, _)| (title, level)).collect();
    assert_eq!(found, [("A", 1), ("B", 2), ("C", 2)]);
    let sections = sections(page);
    assert_eq!(handed_on(&sections[1].2), BTreeSet::from(["X_1", "Y"]));
    assert_eq!(handed_on(&sections[0].2), handed_on(&sections[1].2));
    assert_eq!(handed_on(&sections[2].2), BTreeSet::new());
}
