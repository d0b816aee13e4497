//! What programs write and strict JSON does not have: `NaN`, `Infinity`, and whole numbers of more than 64 bits, which a
//! parser would round. Read once from front to back; nothing is copied where nothing has to change.

use std::borrow::Cow;

use crate::work;

/// A whole number with more digits may not fit into 64 bits.
const MOST_DIGITS: usize = 18;

/// The bytes of a file as strict JSON.
pub(super) struct Tokens<'a> {
    bytes: Cow<'a, [u8]>,
    /// Where quotation marks were put in: lines from 1, columns from 1 in the new text, in order.
    inserted: Vec<(usize, usize)>,
}

/// A stretch to replace, and by what.
enum Change<'a> {
    Nothing(usize),
    /// A name of a number becomes an empty text of the same length.
    Name(usize),
    /// A number becomes a text of its digits.
    Digits(&'a [u8]),
}

impl<'a> Tokens<'a> {
    pub(super) fn of(bytes: &'a [u8]) -> Self {
        work::visit(bytes.len());
        let (mut new, mut copied): (Vec<u8>, usize) = (Vec::new(), 0);
        let mut inserted = Vec::new();
        let (mut place, mut line, mut line_start) = (0, 1, 0);
        let mut is_text = false;
        while let Some(&byte) = bytes.get(place) {
            match byte {
                b'\n' => {
                    // A text ends with its line at the latest: one that is not closed spoils no other.
                    is_text = false;
                    line += 1;
                    place += 1;
                    line_start = new.len() + place - copied;
                    continue;
                }
                b'"' => {
                    is_text = !is_text;
                    place += 1;
                    continue;
                }
                b'\\' if is_text && bytes.get(place + 1) != Some(&b'\n') => {
                    place += 2;
                    continue;
                }
                _ if is_text => {
                    place += 1;
                    continue;
                }
                _ => {}
            }
            match change(bytes, place) {
                Change::Nothing(length) => place += length,
                Change::Name(length) => {
                    new.extend_from_slice(&bytes[copied..place]);
                    new.extend_from_slice(b"\"\"");
                    new.resize(new.len() + length - 2, b' ');
                    place += length;
                    copied = place;
                }
                Change::Digits(digits) => {
                    new.extend_from_slice(&bytes[copied..place]);
                    inserted.push((line, new.len() + 1 - line_start));
                    new.push(b'"');
                    new.extend_from_slice(digits);
                    inserted.push((line, new.len() + 1 - line_start));
                    new.push(b'"');
                    place += digits.len();
                    copied = place;
                }
            }
        }
        let bytes = match copied {
            0 => Cow::Borrowed(bytes),
            _ => {
                new.extend_from_slice(&bytes[copied..]);
                Cow::Owned(new)
            }
        };
        Self { bytes, inserted }
    }

    pub(super) fn bytes(&self) -> &[u8] {
        &self.bytes
    }

    /// The column of the file for a column of the new text.
    pub(super) fn column(&self, line: usize, column: usize) -> usize {
        let before = self
            .inserted
            .iter()
            .filter(|(inserted, place)| *inserted == line && *place < column);
        column - before.count().min(column.saturating_sub(1))
    }
}

/// What is outside of texts at this place.
fn change(bytes: &[u8], place: usize) -> Change<'_> {
    let text = &bytes[place..];
    let is_word_byte =
        |byte: &u8| byte.is_ascii_alphanumeric() || matches!(byte, b'.' | b'+' | b'-' | b'_');
    if !text.first().is_some_and(is_word_byte) {
        return Change::Nothing(1);
    }
    let length = text.iter().position(|byte| !is_word_byte(byte));
    let word = &text[..length.unwrap_or(text.len())];
    let digits = word.strip_prefix(b"-").unwrap_or(word);
    match word {
        b"NaN" | b"Infinity" | b"-Infinity" | b"-NaN" => Change::Name(word.len()),
        _ if digits.len() > MOST_DIGITS && digits.iter().all(u8::is_ascii_digit) => {
            Change::Digits(word)
        }
        _ => Change::Nothing(word.len()),
    }
}
