//! One form for text from anywhere; below whoever reads lines.

use std::borrow::Cow;

/// One form for text from anywhere: `\n` line ends, plain spaces for no-break spaces (U+00A0, U+202F), no
/// byte-order marks, no spaces at line ends, no blank lines at either end.
pub fn normalise_text(text: &str) -> String {
    normalised(text).into_owned()
}

/// [`normalise_text`], which copies nothing where nothing has to change.
pub(crate) fn normalised(text: &str) -> Cow<'_, str> {
    match is_normal(text) {
        true => Cow::Borrowed(text),
        false => Cow::Owned(rewritten(text)),
    }
}

fn is_normal(text: &str) -> bool {
    let has_line_end_blank = || {
        text.split('\n')
            .any(|line| line.ends_with(char::is_whitespace))
    };
    !text.contains(is_rare)
        && !text.starts_with('\n')
        && !text.ends_with('\n')
        && !has_line_end_blank()
}

/// Signs that have no place in the one form.
const fn is_rare(sign: char) -> bool {
    matches!(
        sign,
        '\r' | '\u{2028}' | '\u{2029}' | '\u{85}' | '\u{feff}' | '\u{a0}' | '\u{202f}'
    )
}

fn rewritten(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    let mut line_start = 0;
    let mut signs = text.chars().peekable();
    while let Some(sign) = signs.next() {
        match sign {
            '\u{feff}' => {}
            '\u{a0}' | '\u{202f}' => out.push(' '),
            '\r' if signs.peek() == Some(&'\n') => {}
            '\n' | '\r' | '\u{2028}' | '\u{2029}' | '\u{85}' => {
                trim_line(&mut out, line_start);
                if !out.is_empty() {
                    out.push('\n');
                }
                line_start = out.len();
            }
            _ => out.push(sign),
        }
    }
    trim_line(&mut out, line_start);
    out.truncate(out.trim_end_matches('\n').len());
    out
}

/// Takes the blanks off the end of the last line.
fn trim_line(text: &mut String, start: usize) {
    let end = start + text[start..].trim_end().len();
    text.truncate(end);
}
