//! The markup of captions: voices, formatting, times of words, character references. Read once from front to back.

use crate::speaker::time::is_time;
use crate::work;

/// The text of one voice.
pub(super) type Span = (Option<String>, String);

/// Longest tag, in bytes.
const TAG_BYTES: usize = 512;
/// Tags that captions have. Others are text: a name may be in angle brackets as well.
const TAGS: [&str; 17] = [
    "v", "c", "i", "b", "u", "s", "lang", "ruby", "rt", "font", "br", "span", "p", "div", "em",
    "strong", "a",
];

/// The text between voice tags with the voice, other tags taken out and character references read; and whether words
/// have times.
pub(super) fn spans(payload: &str) -> (Vec<Span>, bool) {
    work::visit(payload.len());
    let mut spans: Vec<Span> = Vec::new();
    let (mut voice, mut text, mut unread) = (None, String::new(), payload);
    let mut is_word_timed = false;
    while let Some(place) = unread.find(['<', '{', '&']) {
        text.push_str(&unread[..place]);
        unread = &unread[place..];
        if let Some((meaning, length)) = reference(unread) {
            text.extend(meaning);
            unread = &unread[length..];
            continue;
        }
        let Some(tag) = tag(unread) else {
            let next = unread.chars().next().map_or(0, char::len_utf8);
            text.push_str(&unread[..next]);
            unread = &unread[next..];
            continue;
        };
        unread = &unread[tag.len() + 2..];
        let name = tag.split_whitespace().next().unwrap_or_default();
        match name.split('.').next().unwrap_or_default() {
            "v" | "/v" => {
                // A dash before a voice marks the change of speaker that the tag says.
                let spoken = without_dash(std::mem::take(&mut text));
                if !spoken.is_empty() {
                    spans.push((voice.take(), spoken));
                }
                let speaker = decoded(tag.strip_prefix(name).unwrap_or_default().trim());
                voice = (!speaker.is_empty()).then_some(speaker);
            }
            "br" | "br/" => text.push('\n'),
            _ => is_word_timed |= is_time(tag),
        }
    }
    text.push_str(unread);
    spans.push((voice, text));
    (spans, is_word_timed)
}

/// A text without a last line that is only a dash.
fn without_dash(mut text: String) -> String {
    let is_dash = |line: &str| {
        line.chars()
            .all(|c| c.is_whitespace() || "-–—>".contains(c))
    };
    let start = text.rfind('\n').map_or(0, |end| end + 1);
    if is_dash(&text[start..]) {
        text.truncate(start);
    }
    text
}

/// The `<tag>` or `{\tag}` with which a text begins: what is inside.
fn tag(text: &str) -> Option<&str> {
    let (open, inside) = text.split_at_checked(1)?;
    let (again, close) = if open == "<" { ('<', '>') } else { ('{', '}') };
    let end = inside
        .char_indices()
        .take_while(|(place, c)| *place <= TAG_BYTES && *c != again)
        .find(|(_, c)| *c == close)?
        .0;
    let tag = &inside[..end];
    let is_tag = match open {
        "<" => {
            let name = tag.trim_start_matches('/').trim_end_matches('/');
            let name = name
                .split(|c: char| c == '.' || c.is_whitespace())
                .next()
                .unwrap_or_default();
            TAGS.iter().any(|known| name.eq_ignore_ascii_case(known)) || is_time(tag)
        }
        _ => tag.starts_with('\\'),
    };
    is_tag.then_some(tag)
}

/// The character reference with which a text begins, and its length: `&amp;`, `&#39;`, `&#x27;`; no character for
/// marks of direction.
fn reference(text: &str) -> Option<(Option<char>, usize)> {
    let inside = text.strip_prefix('&')?;
    let end = inside.bytes().take(10).position(|byte| byte == b';')?;
    let name = &inside[..end];
    let number = name.strip_prefix('#').and_then(|number| {
        let code = match number.strip_prefix(['x', 'X']) {
            Some(hex) => u32::from_str_radix(hex, 16).ok()?,
            None => number.parse().ok()?,
        };
        char::from_u32(code)
    });
    // Marks of direction have no width and no meaning here.
    if matches!(name, "lrm" | "rlm") {
        return Some((None, end + 2));
    }
    let meaning = match name {
        "lt" => '<',
        "gt" => '>',
        "nbsp" => ' ',
        "quot" => '"',
        "apos" => '\'',
        "amp" => '&',
        _ => number?,
    };
    Some((Some(meaning), end + 2))
}

fn decoded(text: &str) -> String {
    let (mut decoded, mut unread) = (String::new(), text);
    while let Some(place) = unread.find('&') {
        decoded.push_str(&unread[..place]);
        unread = &unread[place..];
        let (meaning, length) = reference(unread).unwrap_or((Some('&'), 1));
        decoded.extend(meaning);
        unread = &unread[length..];
    }
    decoded.push_str(unread);
    decoded
}
