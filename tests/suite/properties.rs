//! What holds for any text, however hostile.

use crate::viewers::obeyed;
use polyai_rollback::log::{Log, azure, github::command, teamcity};
use polyai_rollback::model::Outcome;
use polyai_rollback::process::env::ProcessEnv;
use polyai_rollback::process::place::{PLACES, Viewer};
use polyai_rollback::process::sink::Limits;
use polyai_rollback::report::dotenv::{self, Room};
use polyai_rollback::report::outputs::{Lines, Output, Value};
use polyai_rollback::report::{folder, github_output, markdown_text};
use polyai_rollback::text::bounded_json::{bound, fields};
use polyai_rollback::text::credentials::{host_and_path, web_address, without_password};
use polyai_rollback::text::row::Row;
use polyai_rollback::text::sanitize::one_line;
use proptest::prelude::*;
use pulldown_cmark::{Event, Options, Parser, Tag};
use serde_json::{Value as Json, json};
use std::collections::BTreeMap;
use std::env;
use support::parsers;

/// 2,000 cases, or as many as `PROPTEST_CASES` says: run for long, these are fuzz targets.
pub fn config() -> ProptestConfig {
    let cases = env::var("PROPTEST_CASES").ok().and_then(|cases| cases.parse().ok());
    ProptestConfig {
        cases: cases.unwrap_or(2_000),
        failure_persistence: None,
        ..ProptestConfig::default()
    }
}

/// Text of the pieces that mean something to a runner, a terminal or Markdown.
pub fn hostile() -> impl Strategy<Value = String> {
    // A `String` of proptest comes from a regular expression, which takes most of a test's time.
    let any_text = prop::collection::vec(any::<char>(), 0..16).prop_map(String::from_iter);
    let piece = prop_oneof![
        any_text,
        prop::sample::select(vec![
            "\n",
            "\r",
            "\r\n",
            "::",
            "##[",
            "#",
            "##",
            "]",
            "=",
            "<<",
            "EOF",
            "%",
            "%0A",
            "%25",
            ":",
            ",",
            "$",
            "${A}",
            "|",
            "`",
            "<",
            ">",
            "<!--",
            "</td>",
            "*",
            "_",
            "[a](b)",
            "![",
            "\\",
            "\\|",
            "&lt;",
            "&#124;",
            "~~",
            "http://a.b",
            "www.a.b",
            "a@b.c",
            "- ",
            "1. ",
            "    ",
            "\t",
            "\u{1b}[0K",
            "\u{2028}",
            "\u{85}",
            "\u{202e}",
            "\u{feff}",
            "\u{0}",
            "ü",
            "set-output",
            "##vso[task.complete]",
            "##vso[",
            "##teamcity[",
            "##teamcity[buildProblem description='a']",
            ";",
            "'",
            "|'",
            "%AZP25",
            "%3B",
            "\n--- ",
            "\n+++ ",
            "\n^^^ +++",
            "\u{1b}[0Ksection_start:1:a\r",
            "\u{2029}",
            "__B64__",
            "://",
            "@",
        ])
        .prop_map(str::to_owned),
    ];
    prop::collection::vec(piece, 0..12).prop_map(|pieces| pieces.concat())
}

/// A document with texts of any kind, some of which are endless.
fn document() -> impl Strategy<Value = Json> {
    let endless = hostile().prop_map(|text| Json::from(text + &"\u{1}\"\\,[ü".repeat(5_000)));
    let leaf = prop_oneof![
        20 => hostile().prop_map(Json::from),
        1 => endless,
        5 => any::<i32>().prop_map(Json::from),
        5 => Just(Json::Null),
    ];
    leaf.prop_recursive(3, 12, 4, |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..4).prop_map(Json::from),
            prop::collection::vec((hostile(), inner), 0..4)
                .prop_map(|fields| Json::Object(fields.into_iter().collect())),
        ]
    })
}

/// The document with a blank text in place of each endless one.
fn without_endless_texts(document: Json) -> Json {
    match document {
        Json::String(text) if Json::from(text.as_str()).to_string().len() > 64 << 10 => " ".into(),
        Json::Array(list) => list.into_iter().map(without_endless_texts).collect(),
        Json::Object(map) => {
            map.into_iter().map(|(name, value)| (name, without_endless_texts(value))).collect()
        }
        other => other,
    }
}

fn count(document: &Json) -> usize {
    match document {
        Json::Array(list) => 1 + list.iter().map(count).sum::<usize>(),
        Json::Object(map) => 1 + map.values().map(count).sum::<usize>(),
        _ => 1,
    }
}

fn output(name: &str, value: Option<Value>) -> Output {
    Output { name: name.to_owned(), value }
}

/// A text that may be handed on, or one that may not.
fn handed_on() -> impl Strategy<Value = String> {
    let piece = prop::sample::select("aZ09._:/@+,-".chars().collect::<Vec<_>>());
    prop_oneof![hostile(), prop::collection::vec(piece, 0..8).prop_map(String::from_iter)]
}

fn value() -> impl Strategy<Value = Value> {
    prop_oneof![
        handed_on().prop_map(Value::Text),
        prop::collection::vec(handed_on(), 0..4).prop_map(Value::List),
    ]
}

/// Whether no shell, runner or workflow can take a text for anything but itself.
fn is_harmless(text: &str) -> bool {
    !text.starts_with("__B64__")
        && text.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"._:/@+,-".contains(&byte))
}

proptest! {
    #![proptest_config(config())]

    #[test]
    fn github_reads_each_output_as_it_was_or_not_at_all(first in value(), second in value()) {
        let outputs = [output("first", Some(first)), output("unknown", None), output("second", Some(second))];
        let Lines { text, left_out } = github_output::write(&outputs);
        let read = parsers::github_outputs(&text).unwrap();
        prop_assert_eq!(read.len() + left_out.len(), 2);
        prop_assert!(!read.contains_key("unknown"));
        for (name, read) in &read {
            let Some(Output { value: Some(value), .. }) = outputs.iter().find(|output| output.name == *name) else {
                return Err(TestCaseError::fail(format!("{name} is none of ours")));
            };
            match value {
                Value::Text(text) => prop_assert!(read == text && is_harmless(read)),
                Value::List(list) => {
                    prop_assert_eq!(&serde_json::from_str::<Vec<String>>(read).unwrap(), list);
                    prop_assert!(list.iter().all(|item| is_harmless(item)));
                }
            }
        }
        for left_out in left_out {
            let value = outputs.iter().find(|output| output.name == left_out.name).unwrap().value.clone();
            let is_fine = match value.unwrap() {
                Value::Text(text) => is_harmless(&text),
                Value::List(list) => list.iter().all(|item| is_harmless(item)),
            };
            prop_assert!(!is_fine);
        }
    }

    #[test]
    fn a_bounded_document_is_the_same_without_its_endless_texts(document in document()) {
        let mut bounded = document.to_string().into_bytes();
        let count = count(&document);
        prop_assert!(bound(&mut bounded, count * 2).is_ok());
        prop_assert_eq!(serde_json::from_slice::<Json>(&bounded).unwrap(), without_endless_texts(document));
        prop_assert!(bound(&mut bounded, count - 1).is_err());
    }

    #[test]
    fn the_fields_of_an_object_are_taken_out_as_they_are(other in hostile(), document in document()) {
        let document = json!({other: document.clone(), "id": document});
        let text = document.to_string();
        let [none, id] = fields(text.as_bytes(), ["none", "id"]).unwrap();
        prop_assert!(none.is_none());
        prop_assert_eq!(serde_json::from_str::<Json>(id.unwrap().get()).unwrap(), document["id"].clone());
    }

    #[test]
    fn gitlab_reads_each_value_as_it_was_or_not_at_all(first in value(), second in value(), bytes in 1_usize..5_119, names in 0_usize..21) {
        let outputs = [output("unknown", None), output("some-name", Some(first)), output("other", Some(second))];
        let mut existing: String = (0..names).map(|name| format!("N{name}=\n")).collect();
        existing.push_str(&format!("N={}\n", "x".repeat(bytes.saturating_sub(existing.len() + 3))));
        let Lines { text, left_out } = dotenv::write(&outputs, Room::beside(&existing, Limits::GITLAB));
        prop_assert!(text.is_empty() || existing.len() + text.len() < 5_120);
        let read = parsers::dotenv(&text).unwrap();
        prop_assert!(read.is_empty() || read.len() + names < 20);
        let is_left_out = |name: &str| left_out.iter().any(|left_out| left_out.name == name);
        // What says nothing takes the room that is left.
        prop_assert!(!read.contains_key("ROLLBACK_UNKNOWN") || text.ends_with("ROLLBACK_UNKNOWN=\n"));
        for (name, value) in ["ROLLBACK_UNKNOWN", "ROLLBACK_SOME_NAME", "ROLLBACK_OTHER"].iter().zip(outputs) {
            match (read.get(*name), value.value) {
                (None, None) => {}
                (None, Some(_)) => prop_assert!(is_left_out(name)),
                (Some(read), None) => prop_assert_eq!(read, ""),
                (Some(read), Some(_)) if read.is_empty() && is_left_out(name) => {}
                (Some(read), Some(Value::Text(text))) => prop_assert!(read == &text && is_harmless(read)),
                (Some(read), Some(Value::List(list))) => {
                    prop_assert!(is_harmless(read));
                    let list: Vec<_> = list.into_iter().filter(|item| !item.is_empty()).collect();
                    let items: Vec<&str> = read.split(',').filter(|item| !item.is_empty()).collect();
                    prop_assert_eq!(items, list.iter().map(String::as_str).collect::<Vec<_>>());
                }
            }
        }
    }

    #[test]
    fn a_shown_text_is_one_harmless_line(text in hostile(), most in 1_usize..50) {
        let line = one_line(&text, most);
        prop_assert!(line.split_whitespace().collect::<Vec<_>>().join(" ") == line);
        let is_harmful = |c: char| c.is_control() || c == '\u{202e}' || c == '\u{2028}';
        prop_assert!(!line.contains(is_harmful));
        prop_assert!(!line.contains("##"));
        prop_assert_eq!(parsers::commands(&format!("  label {line}")), []);
        prop_assert_eq!(one_line(&line, usize::MAX), line);
    }

    #[test]
    fn a_command_arrives_as_it_was_meant(title in hostile(), data in hostile()) {
        // The runner trims the properties, so the title ends in something that stays.
        let title = format!("{title}.");
        let line = command("error", &title, &data);
        prop_assert!(!line.contains(['\r', '\n']));
        let read = parsers::commands(&line);
        prop_assert_eq!(read.len(), 1);
        prop_assert_eq!(read[0].name.as_str(), "error");
        prop_assert_eq!(&read[0].data, &data);
        prop_assert_eq!(read[0].title.clone().unwrap_or_default(), title);
    }

    #[test]
    fn azure_reads_an_issue_as_it_was_meant(text in hostile()) {
        let line = azure::issue("error", &text);
        prop_assert!(!line.contains(['\r', '\n']));
        let read = parsers::azure_commands(&line).unwrap();
        prop_assert_eq!((read.len(), read[0].name.as_str(), &read[0].data), (1, "task.logissue", &text));
    }

    #[test]
    fn azure_hides_a_key_as_it_is_or_not_at_all(key in hostile()) {
        let is_fit = key.len() >= 6 && !key.contains(['\r', '\n']);
        let line = azure::mask(&key);
        prop_assert_eq!(line.is_some(), is_fit);
        if let Some(line) = line {
            let read = parsers::azure_commands(&line).unwrap();
            prop_assert_eq!((read.len(), read[0].name.as_str(), &read[0].data), (1, "task.setsecret", &key));
        }
    }

    #[test]
    fn teamcity_reads_a_message_as_it_was_meant(first in hostile(), second in hostile()) {
        let line = teamcity::command("message", &[("text", &first), ("status", &second)]);
        prop_assert_eq!(line.find(['\r', '\n', '\u{85}', '\u{2028}', '\u{2029}']), None);
        let read = parsers::teamcity_messages(&line).unwrap();
        prop_assert_eq!((read.len(), read[0].name.as_str()), (1, "message"));
        prop_assert_eq!((&read[0].values["text"], &read[0].values["status"]), (&first, &second));
    }

    #[test]
    fn no_text_is_a_command_in_the_log_of_any_place(texts in prop::collection::vec(hostile(), 7)) {
        // A place for each viewer.
        let ids = ["docker", "github", "gitea", "gitlab", "buildkite", "azure", "teamcity"];
        for place in PLACES.iter().filter(|place| ids.contains(&place.id)) {
            let (mut out, mut err) = (Vec::new(), Vec::new());
            let mut log = Log::new(&ProcessEnv::new([]), place, false, &mut out, &mut err);
            log.begin(&texts[0]);
            log.rows(&[Row::new("label", texts[1].as_str())]);
            log.end();
            log.notice(&texts[2]);
            log.warning(&texts[3]);
            log.error("Title", &texts[4], &[Row::new("label", texts[5].as_str())]);
            log.error("Title", &texts[6], &[]);
            log.close(Outcome::NotFound);
            let (out, err) = (String::from_utf8(out).unwrap(), String::from_utf8(err).unwrap());
            let expected: &[&str] = match place.viewer {
                Viewer::Plain => &[],
                Viewer::GitHub => &["group", "endgroup", "notice", "warning", "error", "error"],
                Viewer::Gitea => &["group", "endgroup"],
                Viewer::GitLab => &["start", "end"],
                Viewer::Buildkite => &["---", "+++"],
                Viewer::Azure => &["group", "endgroup", "task.logissue", "task.logissue", "task.logissue"],
                Viewer::TeamCity => &["blockOpened", "blockClosed", "message", "buildProblem"],
            };
            prop_assert_eq!(obeyed(place.viewer, &out, &err), expected, "{}{}", out, err);
        }
    }

    #[test]
    fn what_azure_and_teamcity_hand_on_needs_no_escape(value in value()) {
        let Ok(text) = output("name", Some(value)).text() else { return Ok(()) };
        for id in ["azure", "teamcity"] {
            let place = PLACES.iter().find(|place| place.id == id).unwrap();
            let (mut out, mut err) = (Vec::new(), Vec::new());
            Log::new(&ProcessEnv::new([]), place, false, &mut out, &mut err).hand_on("NAME", &text);
            let line = String::from_utf8(out).unwrap();
            prop_assert!(is_harmless(&text) && line.contains(&text), "{}", line);
            prop_assert_eq!(obeyed(place.viewer, &line, "").len(), 1);
        }
    }

    #[test]
    fn a_folder_has_each_value_as_it_was_or_not_at_all(values in prop::collection::vec((value(), 0..400_usize), 20)) {
        let long = |value, times| match value {
            Value::Text(text) => Value::Text(text.repeat(times)),
            other => other,
        };
        let outputs: Vec<_> = values.into_iter().enumerate().map(|(place, (value, times))| {
            output(&format!("some-long-name-{place}"), Some(long(value, times)))
        }).collect();
        let (texts, left_out) = folder::values(&outputs);
        let results: BTreeMap<_, _> =
            outputs.iter().map(|output| output.name.clone()).zip(texts.iter().cloned()).collect();
        prop_assert!(parsers::tekton_message(&results).is_ok());
        for (output, text) in outputs.iter().zip(texts) {
            let is_left_out = left_out.iter().any(|left_out| left_out.name == output.name);
            match is_left_out {
                true => prop_assert_eq!(text, ""),
                false => prop_assert_eq!(Ok(text), output.text()),
            }
        }
    }

    #[test]
    fn no_part_of_an_address_before_its_host_is_shown(before in hostile(), user in "[a-z]{1,5}", scheme in "(https://|http://|)") {
        let address = format!("{scheme}{user}:S3CRET{before}@git.example.com/acme/bot");
        for shown in [host_and_path(&address), without_password(&address)] {
            prop_assert!(shown.is_none_or(|shown| !shown.contains("S3CRET")), "{}", address);
        }
        prop_assert!(web_address(&address).is_none_or(|shown| !shown.contains("S3CRET")), "{}", address);
    }

    #[test]
    fn a_cell_of_the_summary_shows_its_text_and_nothing_else(text in hostile()) {
        let line = one_line(&text, 1_000);
        for escaped in [markdown_text::escape(&text), markdown_text::escape_cell(&text)] {
        // GitHub looks for these in the source, and makes a link of what follows.
        let source = escaped.to_lowercase();
        prop_assert!(!["://", "www.", "@"].iter().any(|start| source.contains(start)), "{}", source);
        let document = format!("### {escaped}\n\n| | |\n|---|---|\n| label | {escaped} |\n");
        let (structure, texts) = read_markdown(&document);
        prop_assert_eq!(structure, "heading table 2 rows 4 cells");
        prop_assert_eq!(texts, format!("{line}label{line}"));
        }
    }
}

/// The blocks and the text that a reader of GitHub-flavoured Markdown sees. Anything else that the
/// parser finds is added to the blocks, and so is an `@` with text after it: GitHub takes the two for an
/// e-mail address, even where a character reference stands for the `@`.
fn read_markdown(document: &str) -> (String, String) {
    let options = Options::ENABLE_TABLES
        | Options::ENABLE_STRIKETHROUGH
        | Options::ENABLE_TASKLISTS
        | Options::ENABLE_FOOTNOTES
        | Options::ENABLE_GFM
        | Options::ENABLE_MATH;
    let (mut rows, mut cells, mut found, mut text) = (0, 0, Vec::new(), String::new());
    let mut is_after_at = false;
    for event in Parser::new_ext(document, options) {
        let is_text = matches!(event, Event::Text(_));
        if is_text && is_after_at {
            found.push("address".to_owned());
        }
        is_after_at = false;
        match event {
            Event::End(_) => {}
            Event::Start(Tag::Heading { .. }) => found.push("heading".to_owned()),
            Event::Start(Tag::Table(_)) => found.push("table".to_owned()),
            Event::Start(Tag::TableHead | Tag::TableRow) => rows += 1,
            Event::Start(Tag::TableCell) => cells += 1,
            Event::Text(part) => {
                let (inner, last) = part.split_at(part.len() - usize::from(part.ends_with('@')));
                if inner.contains('@') {
                    found.push("address".to_owned());
                }
                is_after_at = !last.is_empty();
                text.push_str(&part);
            }
            Event::InlineHtml(comment) if matches!(&*comment, "<!-- -->" | "<wbr>") => {}
            other => found.push(format!("{other:?}")),
        }
    }
    (format!("{} {rows} rows {cells} cells", found.join(" ")), text)
}
