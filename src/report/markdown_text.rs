//! Foreign text in GitHub-flavoured Markdown, which means itself and nothing else there.

use crate::text::sanitize::one_line;

/// The most characters that one cell shows.
const CELL_CHARACTERS: usize = 1_000;
/// A word in a table that is longer than this may be broken. Nothing else keeps a table on the screen of a phone.
const LONG_WORD: usize = 20;
/// After so many characters, each time.
const PART_OF_WORD: usize = 10;

/// Text that means itself and nothing else in a cell or a heading of GitHub-flavoured Markdown and
/// in HTML: one line, in which every character that could be a part of some markup, or of an
/// address that becomes a link, is written as a character reference.
pub fn escape(text: &str) -> String {
    let line = one_line(text, CELL_CHARACTERS);
    let mut escaped = String::with_capacity(line.len());
    for (place, character) in line.char_indices() {
        let (before, from) = line.split_at(place);
        let is_markup = match character {
            ':' => from.starts_with("://"),
            '.' => before.to_lowercase().ends_with("www"),
            '\\' | '`' | '*' | '_' | '{' | '}' | '[' | ']' | '<' | '>' | '#' | '|' | '~' | '&'
            | '$' | '@' | '!' => true,
            _ => false,
        };
        if is_markup {
            escaped.push_str(&format!("&#{};", u32::from(character)));
        } else {
            escaped.push(character);
        }
        // A reference alone still becomes a link to an e-mail address; a comment keeps it apart.
        if character == '@' {
            escaped.push_str("<!-- -->");
        }
    }
    escaped
}

/// The same as [`escape`], with places where long words may be broken.
pub fn escape_cell(text: &str) -> String {
    let line = one_line(text, CELL_CHARACTERS);
    let words = line.split(' ').map(|word| {
        let characters: Vec<char> = word.chars().collect();
        let part = if characters.len() > LONG_WORD { PART_OF_WORD } else { LONG_WORD };
        let parts = characters.chunks(part).map(|part| escape(&part.iter().collect::<String>()));
        parts.collect::<Vec<_>>().join("<wbr>")
    });
    words.collect::<Vec<_>>().join(" ")
}
