//! Foreign text made safe to show: one line that no terminal, runner or reader can be tricked with.

/// The most characters of a foreign text that are shown in a line of the log.
pub const SHOWN_CHARACTERS: usize = 200;

/// `text` as one line of at most `most` characters.
///
/// White space of any kind becomes single spaces. Control characters, and the invisible ones that
/// reorder or hide text, become `�`. `##`, which opens a command of GitHub's or Azure's runner
/// anywhere in a line, is broken up. A text that was cut ends in `…`.
pub fn one_line(text: &str, most: usize) -> String {
    let mut line = String::with_capacity(text.len().min(most));
    let mut room = most;
    for word in text.split_whitespace() {
        let gap = if line.is_empty() { None } else { Some(' ') };
        for character in gap.into_iter().chain(word.chars()) {
            if room == 0 {
                line.pop();
                line.push('…');
                return line;
            }
            if character == '#' && line.ends_with('#') {
                line.push(' ');
            }
            line.push(if is_hidden(character) { '\u{fffd}' } else { character });
            room -= 1;
        }
    }
    line
}

/// Whether a character shows nothing itself, or changes how its neighbours are shown.
fn is_hidden(character: char) -> bool {
    !matches!(character, ' '..='~')
        && (character.is_control()
            || matches!(character,
            '\u{ad}' | '\u{61c}' | '\u{180e}' | '\u{200b}'..='\u{200f}' | '\u{202a}'..='\u{202e}'
            | '\u{2060}'..='\u{206f}' | '\u{feff}' | '\u{fff9}'..='\u{fffb}' | '\u{e0000}'..='\u{e007f}'))
}
