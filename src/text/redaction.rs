//! The secrets of a run, and how they are taken out of everything that is written; and people's addresses,
//! and how they are taken out of what an API says.

use base64::Engine;
use base64::engine::general_purpose::{STANDARD_NO_PAD, URL_SAFE_NO_PAD};
use serde_json::Value;
use std::{borrow::Cow, fmt};
use zeroize::Zeroizing;

/// The text that stands where a secret was.
pub const MARK: &str = "***";
/// The fewest bytes of a secret. What is shorter could be a part of any word.
const FEWEST: usize = 6;
/// The bytes that every character begins with in percent-encoding, in HTML and in JSON.
const ENCODINGS: [u8; 3] = *b"%&\\";
/// The most bytes of a text that are looked through for its beginning.
pub const BEGINNING_BYTES: usize = 8 << 10;
/// The most bytes that one character takes in any spelling: as a reference of HTML.
const LONGEST_SPELLING: usize = 10;

/// The secrets of a run.
#[derive(Default)]
pub struct Redaction {
    needles: Vec<Zeroizing<String>>,
    /// For each byte, whether a secret can begin with it, as itself or in another spelling.
    beginnings: Vec<bool>,
    /// The most bytes that a secret takes in any spelling.
    longest: usize,
}

impl Redaction {
    /// Takes the secrets, and adds what they look like in Base64, alone or as a part of a longer
    /// text. Those of fewer than 6 bytes are not looked for.
    pub fn new(secrets: impl IntoIterator<Item = String>) -> Self {
        let mut needles = Vec::new();
        for secret in secrets.into_iter().map(Zeroizing::new) {
            if secret.len() < FEWEST {
                continue;
            }
            let decoded = percent_encoding::percent_decode_str(&secret).decode_utf8();
            let decoded = decoded.ok().filter(|text| text.len() >= FEWEST);
            let decoded = decoded.map(|text| Zeroizing::new(text.into_owned()));
            for secret in [Some(secret), decoded].into_iter().flatten() {
                for before in 0..3 {
                    needles.extend([
                        in_base64(&STANDARD_NO_PAD, &secret, before),
                        in_base64(&URL_SAFE_NO_PAD, &secret, before),
                    ]);
                }
                needles.push(secret);
            }
        }
        needles.sort_by(|one, other| other.len().cmp(&one.len()).then(one.cmp(other)));
        needles.dedup();
        let first = |needle: &Zeroizing<String>| needle.bytes().next();
        let beginnings: Vec<u8> = needles.iter().filter_map(first).chain(ENCODINGS).collect();
        let beginnings = (0..=u8::MAX).map(|byte| beginnings.contains(&byte)).collect();
        // The needles are sorted by their lengths.
        let longest = needles.first().map_or(0, |needle| needle.len() * LONGEST_SPELLING);
        Self { needles, beginnings, longest }
    }

    /// The text without any secret: also where one is written in percent-encoding, as in HTML or
    /// as in JSON.
    pub fn apply<'a>(&self, text: &'a str) -> Cow<'a, str> {
        self.apply_up_to(text, text.len())
    }

    /// The beginning of a text without any secret, and the whole of a text of at most 8 KiB. Whoever sends
    /// more does not make this program search for long. The beginning ends where a secret could begin that
    /// is not whole before the cut.
    pub fn beginning<'a>(&self, text: &'a str) -> Cow<'a, str> {
        let cut = text.floor_char_boundary(BEGINNING_BYTES);
        let (beginning, rest) = text.split_at_checked(cut).unwrap_or((text, ""));
        let kept = if rest.is_empty() { cut } else { cut.saturating_sub(self.longest) };
        self.apply_up_to(beginning, beginning.floor_char_boundary(kept))
    }

    /// The text up to the byte `end`, without the secrets that begin before that byte.
    fn apply_up_to<'a>(&self, text: &'a str, end: usize) -> Cow<'a, str> {
        let mut clean = String::new();
        let mut copied = 0;
        let mut place = 0;
        // Almost every place is ruled out by its byte; no byte within a character begins one.
        while let Some(next) = text
            .get(place..end)
            .and_then(|rest| rest.bytes().position(|byte| self.is_beginning(byte)))
        {
            place += next;
            let rest = text.get(place..).unwrap_or_default();
            match self.needles.iter().find_map(|needle| length(rest, needle)) {
                Some(length) => {
                    clean.push_str(text.get(copied..place).unwrap_or_default());
                    clean.push_str(MARK);
                    place += length;
                    copied = place;
                }
                None => place += rest.chars().next().map_or(1, char::len_utf8),
            }
        }
        if copied == 0 {
            return Cow::Borrowed(text.get(..end).unwrap_or_default());
        }
        clean.push_str(text.get(copied..end).unwrap_or_default());
        Cow::Owned(clean)
    }

    fn is_beginning(&self, byte: u8) -> bool {
        self.beginnings.get(usize::from(byte)) == Some(&true)
    }

    /// Cleans all texts in a document, names included.
    pub fn apply_to(&self, document: Value) -> Value {
        match document {
            Value::String(text) => Value::String(self.apply(&text).into_owned()),
            Value::Array(list) => list.into_iter().map(|value| self.apply_to(value)).collect(),
            Value::Object(map) => map
                .into_iter()
                .map(|(name, value)| (self.apply(&name).into_owned(), self.apply_to(value)))
                .collect(),
            // A secret of digits, written as a number.
            Value::Number(number) => match self.apply(&number.to_string()) {
                Cow::Borrowed(_) => Value::Number(number),
                Cow::Owned(clean) => Value::String(clean),
            },
            other => other,
        }
    }
}

impl fmt::Debug for Redaction {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("Redaction(…)")
    }
}

/// The text with the first letter of each e-mail address, and nothing else of the address: `d…@…`. A text
/// with many `@` in a row is taken for an address, too.
pub fn hide_addresses(text: &str) -> String {
    let is_local = |c: char| c.is_alphanumeric() || "!#$%&'*+-./=?^_`{|}~".contains(c);
    let is_domain = |c: char| c.is_alphanumeric() || "-._@%".contains(c);
    let mut shown = String::with_capacity(text.len());
    let mut rest = text;
    // `%40` is an `@` in a URL.
    while let Some((at, sign)) =
        ["@", "%40"].into_iter().filter_map(|sign| Some((rest.find(sign)?, sign))).min()
    {
        let (before, after) = rest.split_at(at);
        let after = after.strip_prefix(sign).unwrap_or_default();
        let outside = before.trim_end_matches(is_local);
        let local = before.strip_prefix(outside).unwrap_or_default();
        let behind = after.trim_start_matches(is_domain);
        match local.chars().next().filter(|_| behind.len() < after.len()) {
            Some(first) => {
                shown.extend([outside, first.encode_utf8(&mut [0; 4]), "…@…"]);
                rest = behind;
            }
            None => {
                shown.extend([before, sign]);
                rest = after;
            }
        }
    }
    shown.push_str(rest);
    shown
}

/// The characters that stand for nothing but `secret` in the Base64 of a text in which `before`
/// bytes come before it.
fn in_base64(engine: &impl Engine, secret: &str, before: usize) -> Zeroizing<String> {
    let padded = Zeroizing::new([&vec![0; before], secret.as_bytes()].concat());
    let encoded = Zeroizing::new(engine.encode(&padded));
    let own = (before * 8).div_ceil(6)..padded.len() * 8 / 6;
    Zeroizing::new(encoded.get(own).unwrap_or_default().to_owned())
}

/// How many bytes of `text` spell `secret` from its beginning on; none where they do not.
fn length(text: &str, secret: &str) -> Option<usize> {
    // Almost every text is ruled out by its beginning.
    if spellings(text, secret.chars().next()?) == [None, None] {
        return None;
    }
    // A character can begin its own longer spelling (`%` and `%25`), so there may be several ends.
    let mut ends = vec![0];
    for character in secret.chars() {
        let next = ends.iter().flat_map(|end| {
            let lengths = spellings(text.get(*end..).unwrap_or_default(), character);
            lengths.into_iter().flatten().map(move |length| end + length)
        });
        ends = next.collect();
        ends.sort_unstable();
        ends.dedup();
        if ends.is_empty() {
            return None;
        }
    }
    ends.pop()
}

/// How many bytes at the beginning of `text` spell a character: as itself, or percent-encoded, or as
/// a reference of HTML, or as an escape of JSON.
fn spellings(text: &str, character: char) -> [Option<usize>; 2] {
    let itself = text.starts_with(character).then(|| character.len_utf8());
    let encoded = match text.as_bytes().first() {
        Some(b'%') => percent(text, character),
        Some(b'&') => reference(text, character),
        Some(b'\\') => escape(text, character),
        _ => None,
    };
    [itself, encoded]
}

fn percent(text: &str, character: char) -> Option<usize> {
    let mut bytes = [0; 4];
    let bytes = character.encode_utf8(&mut bytes).as_bytes();
    let mut encoded = text.as_bytes().chunks(3);
    let is_it = bytes.iter().all(|byte| match encoded.next() {
        Some([b'%', high, low]) => {
            let digit = |digit: &u8| char::from(*digit).to_digit(16);
            digit(high).zip(digit(low)) == Some((u32::from(byte >> 4), u32::from(byte & 15)))
        }
        _ => false,
    });
    is_it.then_some(bytes.len() * 3)
}

fn reference(text: &str, character: char) -> Option<usize> {
    // The longest one is that of a character by its number: `&#x10ffff;`.
    let end = text.bytes().take(10).position(|byte| byte == b';')?;
    let name = text.get(1..end)?.to_lowercase();
    let is_it = match name.strip_prefix('#') {
        Some(number) => {
            let number = match number.strip_prefix('x') {
                Some(number) => u32::from_str_radix(number, 16),
                None => number.parse(),
            };
            number == Ok(u32::from(character))
        }
        None => matches!(
            (name.as_str(), character),
            ("amp", '&') | ("lt", '<') | ("gt", '>') | ("quot", '"') | ("apos", '\'')
        ),
    };
    is_it.then_some(end + 1)
}

fn escape(text: &str, character: char) -> Option<usize> {
    let escaped = text.get(1..)?;
    if character.is_ascii_punctuation() && escaped.starts_with(character) {
        return Some(1 + character.len_utf8());
    }
    let number = escaped.strip_prefix('u')?.get(..4)?;
    (u32::from_str_radix(number, 16) == Ok(u32::from(character))).then_some(6)
}
