//! A text as words with what the ledger has to know about each: whether it is capitalised, where sentences and clauses
//! begin, and the marks around it.

use crate::lexicon::Lexicon;

/// A word, a number, or a number with what is written directly after it.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Token {
    /// As written, without marks around it and without a possessive `'s`.
    pub text: String,
    /// The same in lower case, with straight apostrophes.
    pub lower: String,
    /// Whether it is the first of its sentence, or follows a quotation mark or dash, and may have a capital for that
    /// reason.
    pub starts_sentence: bool,
    /// A full stop, question mark or the like follows.
    pub ends_sentence: bool,
    /// A question mark follows.
    pub asks: bool,
    /// A comma, semicolon or colon follows.
    pub ends_clause: bool,
}

impl Token {
    pub(super) fn has_capital(&self) -> bool {
        self.text.chars().next().is_some_and(char::is_uppercase)
    }

    pub(super) fn has_digit(&self) -> bool {
        self.text.chars().any(|c| c.is_ascii_digit())
    }

    pub(super) fn starts_with_digit(&self) -> bool {
        self.text.starts_with(|c: char| c.is_ascii_digit())
    }
}

fn is_sign(c: char) -> bool {
    matches!(c, '$' | '\u{20ac}' | '\u{a3}' | '\u{a5}' | '\u{20b9}')
}

/// Splits a text into tokens. Addresses stay in one piece; other words are split at hyphens and slashes.
pub(super) fn tokenize(text: &str, lexicon: &Lexicon) -> Vec<Token> {
    let mut tokens: Vec<Token> = Vec::new();
    for line in text.lines() {
        let mut starts_sentence = true;
        for chunk in line.split_whitespace() {
            let is_core = |c: char| c.is_alphanumeric() || is_sign(c) || c == '%' || c == '\u{b0}';
            let Some(first) = chunk.find(is_core) else {
                // A dash or smiley between words: what follows it may have a capital of its own.
                starts_sentence = true;
                if let Some(last) = tokens.last_mut() {
                    mark(last, chunk);
                }
                continue;
            };
            let end = chunk.char_indices().rev().find(|(_, c)| is_core(*c));
            let end = end.map_or(chunk.len(), |(place, c)| place + c.len_utf8());
            let (before, core, after) = (&chunk[..first], &chunk[first..end], &chunk[end..]);
            starts_sentence |= before.contains([
                '"', '\u{201c}', '\u{201e}', '\u{2018}', '(', '-', '\u{2013}', '*',
            ]);
            let count = tokens.len();
            for part in parts(core) {
                let text = without_possessive(part);
                tokens.push(Token {
                    lower: text.to_lowercase().replace('\u{2019}', "'"),
                    text: text.to_owned(),
                    starts_sentence,
                    ends_sentence: false,
                    asks: false,
                    ends_clause: false,
                });
                starts_sentence = false;
            }
            if let Some(last) = tokens[count..].last_mut() {
                // The full stop in `p.m.`, `Dr.`, an initial or a German ordinal does not end a sentence.
                let is_ordinal =
                    lexicon.decimal_comma && core.len() < 3 && last.starts_with_digit();
                let is_short = core.contains('.') || is_ordinal || is_title(&last.lower);
                let is_short = after == "." && is_short;
                if !is_short {
                    mark(last, after);
                }
                starts_sentence = last.ends_sentence || after.contains(':');
            }
        }
        if let Some(last) = tokens.last_mut() {
            last.ends_sentence = true;
        }
    }
    tokens
}

fn mark(token: &mut Token, after: &str) {
    token.asks |= after.contains('?');
    token.ends_sentence |= after.contains(['.', '!', '?', '\u{2026}']);
    token.ends_clause |= after.contains([',', ';', ':']);
}

fn is_title(word: &str) -> bool {
    let is_initial = word.chars().count() == 1 && word.chars().all(char::is_alphabetic);
    is_initial
        || matches!(
            word,
            "dr" | "mr" | "mrs" | "ms" | "prof" | "st" | "no" | "nr" | "ca" | "approx"
        )
}

/// An address in one piece; otherwise the parts between hyphens and slashes.
fn parts(core: &str) -> Vec<&str> {
    let is_date = core.starts_with(|c: char| c.is_ascii_digit()) && core.matches('/').count() == 2;
    if is_address(core) || is_phone(core) || is_date {
        return vec![core];
    }
    core.split(['-', '\u{2013}', '\u{2014}', '/', '_', '(', ')', '"'])
        .map(|part| part.trim_matches(|c: char| matches!(c, ',' | '.' | '\'' | ':' | '!' | '?')))
        .filter(|part| !part.is_empty())
        .collect()
}

/// Whether a word is an e-mail or web address.
pub(super) fn is_address(word: &str) -> bool {
    let is_mail = word
        .split_once('@')
        .is_some_and(|(name, host)| !name.is_empty() && host.contains('.'));
    is_mail || word.contains("://") || word.starts_with("www.")
}

/// Whether a word has seven digits or more, with nothing but punctuation between them.
pub(super) fn is_phone(word: &str) -> bool {
    let digits = word.chars().filter(char::is_ascii_digit).count();
    let is_plain = word
        .chars()
        .all(|c| c.is_ascii_digit() || matches!(c, '-' | '/' | '(' | ')' | '+' | '.'));
    digits >= 7 && is_plain
}

/// A capitalised word without a possessive or a contracted verb.
fn without_possessive(word: &str) -> &str {
    let owner = word
        .split(['\'', '\u{2019}'])
        .next()
        .unwrap_or(word)
        .trim_end_matches('#');
    let end = word[owner.len()..].trim_start_matches(['#', '\'', '\u{2019}']);
    let is_end = matches!(
        end.to_lowercase().as_str(),
        "s" | "ll" | "re" | "ve" | "d" | "m" | ""
    );
    let has_capital = owner.chars().next().is_some_and(char::is_uppercase);
    if is_end && has_capital && owner.chars().count() > 1 {
        owner
    } else {
        word
    }
}
