//! What holds for any text, however hostile.

use comrak::nodes::NodeValue;
use comrak::{Arena, Options, parse_document};
use polyai_rollback::log::github::command;
use polyai_rollback::report::dotenv::{self, Lines, Room};
use polyai_rollback::report::outputs::{Output, Value};
use polyai_rollback::report::{github_output as heredoc, markdown};
use polyai_rollback::text::sanitize::one_line;
use proptest::prelude::*;
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
    let piece = prop_oneof![
        any::<String>(),
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
        ])
        .prop_map(str::to_owned),
    ];
    prop::collection::vec(piece, 0..12).prop_map(|pieces| pieces.concat())
}

fn output(name: &str, value: Option<Value>) -> Output {
    Output { name: name.to_owned(), value }
}

fn value() -> impl Strategy<Value = Value> {
    prop_oneof![
        hostile().prop_map(Value::Text),
        prop::collection::vec(hostile(), 0..4).prop_map(Value::List)
    ]
}

proptest! {
    #![proptest_config(config())]

    #[test]
    fn github_reads_the_outputs_that_were_written(first in value(), second in value()) {
        let outputs = [output("first", Some(first)), output("unknown", None), output("second", Some(second))];
        let text = heredoc::write(&outputs, "delimiter-4f1d8a6c").unwrap();
        let read = parsers::github_outputs(&text).unwrap();
        prop_assert_eq!(read.len(), 2);
        for Output { name, value } in outputs {
            match value {
                None => {}
                Some(Value::Text(text)) => prop_assert_eq!(&read[&name], &text),
                Some(Value::List(list)) => {
                    prop_assert_eq!(serde_json::from_str::<Vec<String>>(&read[&name]).unwrap(), list);
                }
            }
        }
    }

    #[test]
    fn a_value_with_the_delimiter_is_refused(before in hostile(), after in hostile()) {
        let text = Value::Text(format!("{before}EOF{after}"));
        prop_assert!(heredoc::write(&[output("name", Some(text))], "EOF").is_err());
    }

    #[test]
    fn gitlab_reads_each_value_as_it_was_or_not_at_all(first in value(), second in value(), bytes in 1_usize..5_119, names in 0_usize..21) {
        let outputs = [output("some-name", Some(first)), output("other", Some(second)), output("unknown", None)];
        let mut existing: String = (0..names).map(|name| format!("N{name}=\n")).collect();
        existing.push_str(&format!("N={}\n", "x".repeat(bytes.saturating_sub(existing.len() + 3))));
        let Lines { text, left_out } = dotenv::write(&outputs, Room::beside(&existing));
        prop_assert!(text.is_empty() || existing.len() + text.len() < 5_120);
        let read = parsers::dotenv(&text).unwrap();
        prop_assert!(read.is_empty() || read.len() + names < 20);
        prop_assert!(matches!(3 - read.len() - left_out.len(), 0 | 1));
        for (name, value) in ["ROLLBACK_SOME_NAME", "ROLLBACK_OTHER", "ROLLBACK_UNKNOWN"].iter().zip(outputs) {
            match (read.get(*name), value.value) {
                (None, None) => {}
                (None, Some(_)) => prop_assert!(left_out.iter().any(|left_out| left_out == name)),
                (Some(read), None) => prop_assert_eq!(read, ""),
                (Some(read), Some(Value::Text(text))) => prop_assert_eq!(read, &text),
                (Some(read), Some(Value::List(list))) => {
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
    fn a_cell_of_the_summary_shows_its_text_and_nothing_else(text in hostile()) {
        let line = one_line(&text, 1_000);
        let document = format!("### {}\n\n| | |\n|---|---|\n| label | {} |\n", markdown::escape(&text), markdown::escape(&text));
        let (structure, texts) = read_markdown(&document);
        prop_assert_eq!(structure, "heading table 2 rows 4 cells");
        prop_assert_eq!(texts, format!("{line}label{line}"));
    }
}

/// What a reader of GitHub-flavoured Markdown sees: the blocks, and the text. Anything else that
/// it finds is added to the blocks.
fn read_markdown(document: &str) -> (String, String) {
    let mut options = Options::default();
    options.extension.table = true;
    options.extension.autolink = true;
    options.extension.strikethrough = true;
    options.extension.tasklist = true;
    options.extension.footnotes = true;
    options.extension.alerts = true;
    let arena = Arena::new();
    let (mut rows, mut cells, mut found, mut text) = (0, 0, Vec::new(), String::new());
    for node in parse_document(&arena, document, &options).descendants() {
        match &node.data.borrow().value {
            NodeValue::Document => {}
            NodeValue::Heading(_) => found.push("heading".to_owned()),
            NodeValue::Table(_) => found.push("table".to_owned()),
            NodeValue::TableRow(_) => rows += 1,
            NodeValue::TableCell => cells += 1,
            NodeValue::Text(part) => text.push_str(part),
            NodeValue::HtmlInline(comment) if comment == "<!-- -->" => {}
            other => found.push(format!("{other:?}")),
        }
    }
    (format!("{} {rows} rows {cells} cells", found.join(" ")), text)
}
