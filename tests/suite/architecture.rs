//! The code is as `docs/ARCHITECTURE.md` says: its layers, its files and its dependencies.

use std::cmp::Ordering;
use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::Path;

const MAP: &str = "docs/ARCHITECTURE.md";
/// The most lines of a file in src, and the most entries of src: what a reader can keep in view.
const MOST_LINES: usize = 350;
const MOST_ENTRIES: usize = 12;

fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

fn read(path: &str) -> String {
    fs::read_to_string(root().join(path)).unwrap_or_else(|error| panic!("{path}: {error}"))
}

/// The paths of everything in a folder, folders included, from the root of the repository.
fn below(folder: &str) -> Vec<String> {
    let entries = fs::read_dir(root().join(folder)).expect("a folder");
    let names = entries.map(|entry| entry.expect("an entry").file_name().into_string());
    let mut paths = Vec::new();
    for name in names {
        let path = format!("{folder}/{}", name.expect("UTF-8"));
        if root().join(&path).is_dir() {
            paths.extend(below(&path));
        }
        paths.push(path);
    }
    paths.sort();
    paths
}

fn is_folder(path: &str) -> bool {
    root().join(path).is_dir()
}

fn fail_with(problems: &[String]) {
    assert!(problems.is_empty(), "\n{}", problems.join("\n"));
}

/// The words of a text that stand between backquotes.
fn quoted(text: &str) -> impl Iterator<Item = &str> {
    text.split('`').skip(1).step_by(2)
}

/// The part of the map below the heading `title`, up to the next heading.
fn section<'a>(map: &'a str, title: &str) -> &'a str {
    let (_, rest) = map.split_once(&format!("\n{title}\n")).unwrap_or_else(|| {
        panic!("{MAP} has no heading `{title}`");
    });
    rest.split("\n#").next().unwrap_or_default()
}

/// The place of a module in the table of the layers.
#[derive(Clone, Copy)]
struct Place {
    layer: u32,
    /// The place in its row of the table.
    column: usize,
}

/// The table of the layers: a row is `| 6 | `name`, `name` | … |`.
fn layers(map: &str) -> BTreeMap<String, Place> {
    let mut layers = BTreeMap::new();
    for row in section(map, "## Layers").lines().filter(|line| line.starts_with('|')) {
        let mut cells = row.split('|').skip(1).map(str::trim);
        let Some(layer) = cells.next().and_then(|cell| cell.parse().ok()) else { continue };
        for (column, name) in quoted(cells.next().unwrap_or_default()).enumerate() {
            let other = layers.insert(name.to_owned(), Place { layer, column });
            assert!(other.is_none(), "`{name}` is twice in the table of {MAP}");
        }
    }
    layers
}

/// The module directly below the crate that a file belongs to: `report` for `src/report/json.rs`.
fn module(path: &str) -> &str {
    let name = path.trim_start_matches("src/").split('/').next().unwrap_or_default();
    name.trim_end_matches(".rs")
}

/// The paths in a text of Rust that begin with `root::`, without that root. A group of paths in braces
/// counts as each of its paths.
fn paths_from<'a>(code: &'a str, root: &str) -> Vec<&'a str> {
    let is_name = |character: char| character.is_alphanumeric() || character == '_';
    let start = format!("{root}::");
    let mut paths = Vec::new();
    for (place, _) in code.match_indices(&start) {
        if code[..place].ends_with(|character| is_name(character) || character == ':') {
            continue;
        }
        let rest = &code[place + start.len()..];
        let path = |text: &'a str| {
            let text = text.trim_start();
            text.split(|character| !is_name(character) && character != ':').next()
        };
        let Some(group) = rest.strip_prefix('{') else {
            paths.extend(path(rest));
            continue;
        };
        let mut depth = 1;
        let mut begin = 0;
        for (end, character) in group.char_indices() {
            match character {
                '{' => depth += 1,
                '}' => depth -= 1,
                _ => {}
            }
            if depth == 0 || depth == 1 && character == ',' {
                paths.extend(path(&group[begin..end]).filter(|path| !path.is_empty()));
                begin = end + 1;
            }
            if depth == 0 {
                break;
            }
        }
    }
    paths
}

/// Everything of this crate that a file names, as paths that begin with a module.
fn imports(path: &str, code: &str, modules: &BTreeSet<&str>) -> Vec<String> {
    let lines = code.lines().filter(|line| !line.trim_start().starts_with("//"));
    let code = lines.collect::<Vec<_>>().join("\n");
    let mut imports = paths_from(&code, "crate");
    imports.extend(paths_from(&code, "polyai_rollback"));
    let mut imports: Vec<String> = imports.into_iter().map(str::to_owned).collect();
    if path == "src/lib.rs" {
        // Here the modules are in reach without `crate::`.
        for module in modules {
            let below = paths_from(&code, module).into_iter();
            imports.extend(below.map(|path| format!("{module}::{path}")));
        }
    }
    imports
}

/// The module that an import leads to. What `lib.rs` itself has, such as its function `run`, is imported
/// without a module.
fn module_of<'a>(import: &'a str, layers: &BTreeMap<String, Place>) -> &'a str {
    let first = import.split("::").next().unwrap_or_default();
    if layers.contains_key(first) { first } else { "lib" }
}

/// Why a file may not import a path; none where it may.
fn forbidden(path: &str, import: &str, layers: &BTreeMap<String, Place>) -> Option<String> {
    let (own, other) = (module(path), module_of(import, layers));
    let group = if import.ends_with("::") { "{…}" } else { "" };
    let found = format!("{path} imports crate::{import}{group}");
    let (Some(from), Some(to)) = (layers.get(own), layers.get(other)) else {
        return Some(format!("{found}, and {MAP} gives `{own}` or `{other}` no layer"));
    };
    let is_top = layers.values().all(|place| place.layer <= from.layer);
    let is_in_order = is_top && to.column > from.column;
    match to.layer.cmp(&from.layer) {
        Ordering::Less => None,
        Ordering::Equal if own == other || is_in_order => None,
        Ordering::Equal if is_top => Some(format!(
            "{found}: in the top layer, an import may only point to the right, and `{other}` is to the \
             left of `{own}`"
        )),
        Ordering::Equal => Some(format!(
            "{found}: `{own}` and `{other}` are both in layer {}, whose modules do not know each other",
            from.layer
        )),
        Ordering::Greater => Some(format!(
            "{found}: an import may only point down, and `{other}` (layer {}) is above `{own}` (layer {})",
            to.layer, from.layer
        )),
    }
}

#[test]
fn every_module_is_in_one_layer() {
    let layers = layers(&read(MAP));
    let files = below("src");
    let in_code: BTreeSet<_> =
        files.iter().filter(|path| path.ends_with(".rs")).map(|path| module(path)).collect();
    let in_map: BTreeSet<_> = layers.keys().map(String::as_str).collect();
    assert_eq!(in_code, in_map, "the modules of src, and those of the table in {MAP}");
    let numbers: BTreeSet<_> = layers.values().map(|place| place.layer).collect();
    let most = u32::try_from(numbers.len()).expect("few");
    assert!(numbers.into_iter().eq(1..=most), "the layers are not numbered from 1 without a gap");
}

#[test]
fn imports_point_down() {
    let layers = layers(&read(MAP));
    let modules: BTreeSet<_> = layers.keys().map(String::as_str).collect();
    let mut problems = Vec::new();
    let mut seen = BTreeSet::new();
    for path in below("src").iter().filter(|path| path.ends_with(".rs")) {
        let code = read(path);
        // `super::` would be an import that this test does not see.
        if code.contains("super::") {
            problems.push(format!("{path} has `super::`: write the path from `crate::`"));
        }
        for import in imports(path, &code, &modules) {
            problems.extend(forbidden(path, &import, &layers));
            seen.insert(module_of(&import, &layers).to_owned());
        }
    }
    fail_with(&problems);
    // A form of import that is not understood must not pass in silence.
    let mut unused = modules;
    unused.retain(|module| *module != "main" && !seen.contains(*module));
    assert!(unused.is_empty(), "no file was seen to import {unused:?}");
}

#[test]
fn no_files_of_a_folder_import_each_other() {
    // The files of each folder, and what they import of the others.
    let mut folders: BTreeMap<&str, BTreeMap<&str, Vec<String>>> = BTreeMap::new();
    let files = below("src");
    for path in files.iter().filter(|path| path.ends_with(".rs") && !path.ends_with("/mod.rs")) {
        let [_, folder, file] = path.split('/').collect::<Vec<_>>()[..] else { continue };
        let code = read(path);
        let imports = paths_from(&code, &format!("crate::{folder}")).into_iter();
        let names = imports.filter_map(|path| path.split("::").next()).map(str::to_owned);
        folders.entry(folder).or_default().insert(file.trim_end_matches(".rs"), names.collect());
    }
    assert!(folders["report"]["diagnostic"].contains(&"reason".to_owned()));
    for (folder, mut left) in folders {
        // What imports nothing that is left is in no circle.
        while let Some(free) = left.iter().find_map(|(file, imports)| {
            imports.iter().all(|import| !left.contains_key(&**import)).then_some(*file)
        }) {
            left.remove(free);
        }
        assert!(left.is_empty(), "a circle of imports in src/{folder}: {:?}", left.keys());
    }
}

#[test]
fn every_form_of_an_import_is_read() {
    let code = "use crate::a::{b, c};\nuse crate::{\n    d::{e, f::g},\n    h,\n};\nlet x = crate::i::j(1);\n\
                // use crate::comment::k;\nuse other_crate::l;\nuse m::{n, o};\n";
    let modules = BTreeSet::from(["m"]);
    let in_lib = imports("src/lib.rs", code, &modules);
    assert_eq!(in_lib, ["a::", "d::", "h", "i::j", "m::n", "m::o"]);
    let elsewhere = imports("src/step.rs", code, &modules);
    assert_eq!(elsewhere, ["a::", "d::", "h", "i::j"]);
}

#[test]
fn the_layers_forbid_what_they_should() {
    let table = "\n## Layers\n\n| 3 | `main`, `lib` |\n| 2 | `left`, `right` |\n| 1 | `low` |\n";
    let layers = layers(table);
    let is_forbidden = |path: &str, import: &str| forbidden(path, import, &layers).is_some();
    assert!(!is_forbidden("src/left/a.rs", "low::x"));
    assert!(!is_forbidden("src/left/a.rs", "left::b"));
    assert!(!is_forbidden("src/main.rs", "run"));
    assert!(is_forbidden("src/left/a.rs", "right::x"));
    assert!(is_forbidden("src/right/a.rs", "left::x"));
    assert!(is_forbidden("src/low.rs", "left::x"));
    assert!(is_forbidden("src/low.rs", "run"));
    assert!(is_forbidden("src/new.rs", "low::x"));
}

#[test]
fn the_map_names_every_file_and_no_other() {
    let map = read(MAP);
    // A path is written from the root of the repository; in the section of a folder, a file of that
    // folder by its name alone.
    let mut named = BTreeSet::new();
    let mut folder = None;
    for line in map.lines() {
        if line.starts_with('#') {
            folder = quoted(line).find(|word| is_folder(word));
        }
        for word in quoted(line).filter(|word| !word.contains(' ') && !word.contains("::")) {
            if word.contains('/') || [".md", ".toml", ".yml"].iter().any(|end| word.ends_with(end))
            {
                named.insert(word.to_owned());
            } else if [".rs", ".txt"].iter().any(|end| word.ends_with(end)) {
                let folder = folder.unwrap_or_else(|| panic!("`{word}` of which folder? {line}"));
                named.insert(format!("{folder}/{word}"));
            }
        }
    }
    let mut problems = Vec::new();
    for path in &named {
        if !root().join(path).exists() {
            problems.push(format!("{MAP} names `{path}`, which does not exist"));
        }
    }
    let is_named = |path: &String| {
        let below = format!("{path}/");
        named.iter().any(|name| name == path || name.starts_with(&below))
    };
    let folders = below("tests").into_iter().filter(|path| is_folder(path));
    for path in below("src").into_iter().chain(folders) {
        if !is_named(&path) {
            problems.push(format!("{MAP} does not name `{path}`"));
        }
    }
    fail_with(&problems);
}

#[test]
fn the_links_of_the_documents_lead_somewhere() {
    let mut problems = Vec::new();
    for document in documents() {
        let text = read(&document);
        let folder = Path::new(&document).parent().expect("a folder");
        let targets = text.split("](").skip(1).filter_map(|rest| rest.split(')').next());
        for target in targets.filter(|target| !target.contains("://")) {
            let (path, anchor) = target.split_once('#').unwrap_or((target, ""));
            let path = match path {
                "" => root().join(&document),
                path => root().join(folder).join(path),
            };
            let has_anchor =
                || fs::read_to_string(&path).is_ok_and(|text| has_heading(&text, anchor));
            if !path.exists() || !(anchor.is_empty() || has_anchor()) {
                problems.push(format!("{document} links to {target}, which does not exist"));
            }
        }
    }
    fail_with(&problems);
}

/// All documents in Markdown.
fn documents() -> Vec<String> {
    let folders = ["docs", ".github", "benches"].into_iter().flat_map(below);
    let at_the_top = ["README.md", "CHANGELOG.md", "CONTRIBUTING.md"].map(str::to_owned);
    folders.chain(at_the_top).filter(|path| path.ends_with(".md")).collect()
}

/// Whether a document has a heading with this anchor, as GitHub makes it of the heading's words.
fn has_heading(text: &str, anchor: &str) -> bool {
    let headings = text.lines().filter(|line| line.starts_with('#'));
    let titles = headings.map(|line| line.trim_start_matches('#').trim().to_lowercase());
    let is_kept = |character: &char| character.is_alphanumeric() || " -_".contains(*character);
    let mut anchors =
        titles.map(|title| title.chars().filter(is_kept).collect::<String>().replace(' ', "-"));
    anchors.any(|found| found == anchor)
}

#[test]
fn no_file_is_too_long_and_src_can_be_overlooked() {
    let mut problems = Vec::new();
    for path in below("src").iter().filter(|path| !is_folder(path)) {
        let lines = read(path).lines().count();
        if lines > MOST_LINES {
            problems.push(format!("{path} has {lines} lines, more than {MOST_LINES}: split it"));
        }
    }
    let entries = fs::read_dir(root().join("src")).expect("a folder").count();
    if entries > MOST_ENTRIES {
        problems.push(format!("src has {entries} entries, more than {MOST_ENTRIES}"));
    }
    fail_with(&problems);
}

#[test]
fn the_map_says_what_each_dependency_is_for() {
    let manifest = read("Cargo.toml");
    let (_, rest) = manifest.split_once("\n[dependencies]\n").expect("dependencies");
    let entries = rest.lines().take_while(|line| !line.starts_with('['));
    let wanted: BTreeSet<_> =
        entries.filter_map(|line| line.split_once('=')).map(|(name, _)| name.trim()).collect();
    let map = read(MAP);
    let lines = section(&map, "## Size").lines().filter(|line| line.starts_with("- "));
    let told: BTreeSet<_> = lines.flat_map(|line| quoted(line).next()).collect();
    let missing: Vec<_> = wanted.difference(&told).collect();
    let gone: Vec<_> = told.difference(&wanted).collect();
    assert!(
        missing.is_empty() && gone.is_empty(),
        "of [dependencies], `## Size` of {MAP} does not say {missing:?}, and says {gone:?}, which are none"
    );
}
