//! The words of a text, with what is between them: where a sentence begins, which of them label a speaker.

use super::words::word_list;

/// A word of a text.
#[derive(Clone, Copy, Debug)]
pub(super) struct Word<'a> {
    /// Where it begins, in bytes.
    pub(super) start: usize,
    /// Where it ends.
    pub(super) end: usize,
    /// The word without a genitive's `'s`.
    pub(super) text: &'a str,
    /// What is between the word before it and this one.
    pub(super) gap: &'a str,
    /// Whether a sentence, a speech or a quotation begins with it.
    pub(super) opens: bool,
    /// Whether it comes before the colon of a line.
    pub(super) label: bool,
}

// Abbreviations after which a dot does not end a sentence.
word_list!(SHORTENED = "dr mr mrs ms prof st hr fr nr no str bzw ca tel dipl ing");

impl Word<'_> {
    /// Whether it begins with a capital.
    pub(super) fn is_capital(&self) -> bool {
        self.text.chars().next().is_some_and(char::is_uppercase)
    }

    /// Whether it has two letters or more and all are capitals.
    pub(super) fn is_upper(&self) -> bool {
        let mut letters = self.text.chars().filter(|letter| letter.is_alphabetic());
        let count = letters.clone().count();
        count > 1 && letters.all(char::is_uppercase)
    }

    /// Whether nothing but blanks of the same line, or an abbreviation's dot, comes before it.
    pub(super) fn follows_closely(&self) -> bool {
        matches!(self.gap, " " | "  " | "\u{a0}" | ". " | ".")
    }

    /// In lower case.
    pub(super) fn lower(&self) -> String {
        self.text.to_lowercase()
    }
}

/// The words of a text, in order. Words with a digit are left out: other rules look at them.
pub(super) fn words(text: &str) -> Vec<Word<'_>> {
    let mut found: Vec<Word<'_>> = Vec::new();
    let (mut before, mut labels_end) = (0, label_end(text, 0));
    let mut letters = text.char_indices().peekable();
    while let Some((start, letter)) = letters.next() {
        if letter == '\n' {
            labels_end = label_end(text, start + 1);
        }
        if !letter.is_alphanumeric() {
            continue;
        }
        let (mut end, mut digits) = (start + letter.len_utf8(), letter.is_numeric());
        while let Some((place, next)) = letters.peek().copied() {
            let follows = text[place + next.len_utf8()..].chars().next();
            let joins = matches!(next, '\'' | '’' | '-')
                && !digits
                && follows.is_some_and(char::is_alphabetic);
            if !next.is_alphanumeric() && !joins {
                break;
            }
            digits |= next.is_numeric();
            end = place + next.len_utf8();
            letters.next();
        }
        if digits {
            continue;
        }
        let word = without_genitive(&text[start..end]);
        let gap = &text[before..start];
        let last = found.last();
        found.push(Word {
            start,
            end: start + word.len(),
            text: word,
            gap,
            opens: last.is_none_or(|last| opens(last.text, gap)),
            label: end <= labels_end,
        });
        before = start + word.len();
    }
    found
}

/// Where the speaker of the line that begins here ends; `start` if it names none.
fn label_end(text: &str, start: usize) -> usize {
    let line = text[start..].lines().next().unwrap_or_default();
    match line.split_once(": ") {
        Some((label, _)) if label.chars().count() <= 60 => start + label.len(),
        _ => start,
    }
}

fn without_genitive(word: &str) -> &str {
    let cut = ["'s", "’s", "'S"]
        .iter()
        .find_map(|end| word.strip_suffix(end));
    cut.filter(|stem| !stem.is_empty()).unwrap_or(word)
}

/// Whether a sentence begins after a word and what follows it.
fn opens(word: &str, gap: &str) -> bool {
    let shortened = gap.trim_end() == "."
        && (word.chars().count() == 1 || SHORTENED.contains(&word.to_lowercase().as_str()));
    !shortened && gap.contains(['.', '!', '?', '\n', ':', '…', '"', '“', '„', '»'])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_know_their_place() {
        let text = "Ann B: Dr. O'Neill's file, 12mg. Fine.\nMüller-Lang: ok";
        let found = words(text);
        let seen: Vec<(&str, bool, bool)> = found
            .iter()
            .map(|word| (word.text, word.opens, word.label))
            .collect();
        assert_eq!(
            seen,
            [
                ("Ann", true, true),
                ("B", false, true),
                ("Dr", true, false),
                ("O'Neill", false, false),
                ("file", false, false),
                ("Fine", true, false),
                ("Müller-Lang", true, true),
                ("ok", true, false),
            ]
        );
        assert!(
            found
                .iter()
                .all(|word| &text[word.start..word.end] == word.text)
        );
    }
}
