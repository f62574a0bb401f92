//! JSON in little memory, whoever sends it: limits that hold before anything is parsed, and a look at the
//! parts of an object that parses nothing else.

use anyhow::{Error, Result, anyhow};
use serde::Deserializer as _;
use serde::de::{IgnoredAny, MapAccess, Visitor};
use serde_json::{Deserializer, Value, value::RawValue};
use std::{fmt, mem};

/// The most bytes of an id, and of every other text that is taken for one.
const SHORT_TEXT_BYTES: usize = 1_024;
/// The most bytes of a text as it is written. A parser needs as much memory again for a text with escapes.
const TEXT_BYTES: usize = 64 << 10;
/// The most lists and objects that are within each other.
const DEPTH: usize = 128;

/// Makes a document fit to be parsed: every text of more than 64 KiB becomes a blank one. The error says
/// that the document has more than `most_values` values, or too many within each other.
pub fn bound(document: &mut [u8], most_values: usize) -> Result<()> {
    let (mut values, mut depth) = (1, 0_usize);
    let mut rest = document;
    while let Some((byte, after)) = mem::take(&mut rest).split_first_mut() {
        rest = after;
        match byte {
            b'"' => {
                let length = text_length(rest);
                let (text, after) = mem::take(&mut rest).split_at_mut(length);
                if length > TEXT_BYTES {
                    // The text ends after a space, and white space takes the place of the rest.
                    text.fill(b' ');
                    text.iter_mut().skip(1).take(1).for_each(|end| *end = b'"');
                }
                rest = after;
            }
            b',' => values += 1,
            b'[' | b'{' => {
                values += 1;
                depth += 1;
            }
            b']' | b'}' => depth = depth.saturating_sub(1),
            _ => {}
        }
        if values > most_values {
            return Err(anyhow!("the answer has more than {most_values} values"));
        }
        if depth > DEPTH {
            return Err(anyhow!("the answer is nested more than {DEPTH} deep"));
        }
    }
    Ok(())
}

/// How many bytes a text has behind its first quotation mark, the last one included.
fn text_length(text: &[u8]) -> usize {
    let mut is_escaped = false;
    let end = text.iter().position(|byte| {
        let is_end = *byte == b'"' && !is_escaped;
        is_escaped = *byte == b'\\' && !is_escaped;
        is_end
    });
    end.map_or(text.len(), |end| end + 1)
}

/// The values that an object has for these names, not parsed; the last one of a name counts.
pub fn fields<'a, const N: usize>(
    json: &'a [u8],
    names: [&str; N],
) -> Result<[Option<&'a RawValue>; N]> {
    let mut deserializer = Deserializer::from_slice(json);
    match deserializer.deserialize_map(Fields(names)) {
        // The parser's own words would quote what is there.
        Err(error) if error.is_data() => Err(anyhow!("it is no object")),
        found => found.and_then(|found| deserializer.end().map(|()| found)).map_err(Error::from),
    }
}

struct Fields<'n, const N: usize>([&'n str; N]);

impl<'de, const N: usize> Visitor<'de> for Fields<'_, N> {
    type Value = [Option<&'de RawValue>; N];

    fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("an object")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut object: A) -> Result<Self::Value, A::Error> {
        let mut found = [None; N];
        while let Some(name) = object.next_key::<String>()? {
            let mut places = self.0.iter().zip(&mut found);
            match places.find(|(wanted, _)| **wanted == name) {
                Some((_, place)) => *place = Some(object.next_value()?),
                None => drop(object.next_value::<IgnoredAny>()?),
            }
        }
        Ok(found)
    }
}

/// A text that says something. None where the value is blank, endless or no text.
pub fn short_text(value: &Value) -> Option<&str> {
    value.as_str().filter(|text| !text.trim().is_empty() && text.len() <= SHORT_TEXT_BYTES)
}
