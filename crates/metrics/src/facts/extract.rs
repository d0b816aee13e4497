//! Finds the facts of a text: numbers, quantities, money, times, dates, names and identifiers, with canonical values.

use std::ops::Range;

use super::token::{Token, is_address, is_phone, tokenize};
use super::{Fact, Value, Vocabulary};
use crate::lexicon::{Class, Lexicon};
use crate::stemmer;

/// Tokens on either side whose content words are the surroundings of a fact.
const SURROUNDINGS: usize = 5;

/// Whose text is read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Side {
    /// A summary: only what is stated outright is a fact.
    Summary,
    /// A conversation: `an hour`, `both` and a bare `at 8` support a fact as well.
    Dialogue,
}

/// A value with the number of tokens that it takes up.
type Found = (Value, usize);

/// Reads one text. `vocabulary` says which words are names.
pub(super) struct Reader<'a> {
    pub lexicon: &'a Lexicon,
    pub vocabulary: &'a Vocabulary,
    pub side: Side,
}

/// An amount and what was written directly after its digits.
struct Amount {
    value: f64,
    suffix: String,
    /// Number of tokens that it takes up.
    length: usize,
    /// Whether it was written in words.
    in_words: bool,
}

impl Reader<'_> {
    /// The facts of a text in order.
    pub(super) fn facts(&self, text: &str) -> Vec<Fact> {
        let tokens = tokenize(text, self.lexicon);
        self.placed(&tokens)
            .into_iter()
            .map(|(fact, _)| fact)
            .collect()
    }

    /// The same, with the range of tokens that each fact takes up.
    pub(super) fn placed(&self, tokens: &[Token]) -> Vec<(Fact, Range<usize>)> {
        let mut facts = Vec::new();
        let mut place = 0;
        while place < tokens.len() {
            let found = self.fact(tokens, place);
            let length = found.as_ref().map_or(1, |(_, length)| *length);
            if let Some((value, length)) = found {
                let fact = Fact {
                    value,
                    text: tokens[place..place + length]
                        .iter()
                        .map(|token| token.text.as_str())
                        .collect::<Vec<_>>()
                        .join(" "),
                    surroundings: self.surroundings(tokens, place, length),
                    next: tokens
                        .get(place + length)
                        .filter(|_| !tokens[place + length - 1].ends_sentence)
                        .and_then(|token| self.content(token)),
                };
                facts.push((fact, place..place + length));
            }
            place += length;
        }
        facts
    }

    /// The stem of a content word; `None` for stop words, numbers and dates.
    pub(super) fn content(&self, token: &Token) -> Option<String> {
        let is_content = token.lower.chars().all(|c| c.is_alphabetic() || c == '\'')
            && !self.lexicon.is(Class::Stop, &token.lower)
            && self.lexicon.number(&token.lower).is_none()
            && self.lexicon.weekday(&token.lower, true).is_none();
        is_content.then(|| stemmer::stem(&token.lower))
    }

    fn surroundings(&self, tokens: &[Token], place: usize, length: usize) -> Vec<String> {
        let before = &tokens[place.saturating_sub(SURROUNDINGS)..place];
        let after = &tokens[place + length..tokens.len().min(place + length + SURROUNDINGS)];
        let near = before.iter().chain(after);
        near.filter_map(|token| self.content(token)).collect()
    }

    fn fact(&self, tokens: &[Token], place: usize) -> Option<Found> {
        let token = &tokens[place];
        if is_address(&token.text) || is_phone(&token.text) {
            return Some((Value::Identifier(super::squash(&token.text)), 1));
        }
        self.clock(tokens, place)
            .or_else(|| self.date(tokens, place))
            .or_else(|| self.number(tokens, place))
            .or_else(|| self.support(tokens, place))
            .or_else(|| self.name(tokens, place))
    }

    /// `7:15 pm`, `half past seven`, `noon`.
    fn clock(&self, tokens: &[Token], place: usize) -> Option<Found> {
        let word = |ahead: usize| tokens.get(place + ahead).map(|token| token.lower.as_str());
        let is = |ahead: usize, class| word(ahead).is_some_and(|word| self.lexicon.is(class, word));
        let token = &tokens[place];
        if let Some(minutes) = self.lexicon.time(&token.lower) {
            return Some((Value::time(minutes, true), 1));
        }
        if let Some((minutes, suffix)) = hours_and_minutes(&token.text) {
            let half = self
                .half_of_day(&suffix)
                .or_else(|| self.half_of_day(&word(1)?.replace('.', "")));
            let length = if suffix.is_empty() && (half.is_some() || is(1, Class::OClock)) {
                2
            } else {
                1
            };
            return Some((Value::time_of(minutes, half), length));
        }
        let hour = |ahead: usize| {
            let value = self
                .amount(tokens, place + ahead)
                .filter(|amount| amount.length == 1)?
                .value;
            (value.fract() == 0.0 && (1.0..=12.0).contains(&value)).then_some(value as u32)
        };
        if is(0, Class::Half) && self.lexicon.half_is_before {
            return Some((Value::time_of(60 * hour(1)? - 30, None), 2));
        }
        let quarter = is(0, Class::Quarter);
        if !quarter && !is(0, Class::Half) {
            return None;
        }
        let (minutes, is_past) = (if quarter { 15 } else { 30 }, is(1, Class::Past));
        let is_before = quarter && is(1, Class::To);
        if !(is_past || is_before) {
            return None;
        }
        let hour = 60 * hour(2)?;
        let half = word(3).and_then(|word| self.half_of_day(&word.replace('.', "")));
        let minutes = if is_past {
            hour + minutes
        } else {
            hour - minutes
        };
        Some((
            Value::time_of(minutes, half),
            if half.is_some() { 4 } else { 3 },
        ))
    }

    fn half_of_day(&self, word: &str) -> Option<bool> {
        let is_afternoon = self.lexicon.is(Class::Afternoon, word);
        (is_afternoon || self.lexicon.is(Class::Morning, word)).then_some(is_afternoon)
    }

    fn date(&self, tokens: &[Token], place: usize) -> Option<Found> {
        let token = &tokens[place];
        if let Some(day) = self.lexicon.weekday(&token.lower, token.has_capital()) {
            return Some((Value::Weekday(day), 1));
        }
        if let Some(day) = self.lexicon.day_word(&token.lower) {
            return Some((Value::DayWord(day.to_owned()), 1));
        }
        if let Some(date) = numeric_date(&token.text, self.lexicon.decimal_comma) {
            return Some((date, 1));
        }
        if let Some(month) = self.month(tokens, place) {
            let mut length = 1;
            let mut day = None;
            let following = |length: usize| {
                self.amount(tokens, place + length)
                    .filter(|amount| amount.value.fract() == 0.0)
            };
            let is_ordinal =
                |suffix: &str| suffix.is_empty() || self.lexicon.is(Class::OrdinalEnding, suffix);
            if !token.ends_sentence
                && let Some(amount) = following(1)
                && is_day(amount.value)
                && is_ordinal(&amount.suffix)
            {
                day = Some(amount.value as u32);
                length += amount.length;
            }
            return Some(self.with_year(tokens, place, length, month, day));
        }
        // `18 October`, `18th of October`.
        let amount = self
            .amount(tokens, place)
            .filter(|amount| is_day(amount.value) && !tokens[place].ends_sentence)?;
        let is_ordinal =
            amount.suffix.is_empty() || self.lexicon.is(Class::OrdinalEnding, &amount.suffix);
        let gap = usize::from(
            tokens
                .get(place + amount.length)
                .is_some_and(|token| token.lower == "of"),
        );
        let month = tokens
            .get(place + amount.length + gap)
            .and_then(|token| self.lexicon.month(&token.lower))
            .filter(|_| is_ordinal)?;
        let length = amount.length + gap + 1;
        Some(self.with_year(tokens, place, length, month, Some(amount.value as u32)))
    }

    fn with_year(
        &self,
        tokens: &[Token],
        place: usize,
        length: usize,
        month: u8,
        day: Option<u32>,
    ) -> Found {
        let year = tokens
            .get(place + length)
            .filter(|_| !tokens[place + length - 1].ends_sentence)
            .and_then(|token| token.text.parse().ok())
            .filter(|year| (1_900..2_100).contains(year));
        let length = length + usize::from(year.is_some());
        (Value::Date { month, day, year }, length)
    }

    /// A month; forms that are ordinary words need a capital and a number or preposition beside them.
    fn month(&self, tokens: &[Token], place: usize) -> Option<u8> {
        let token = &tokens[place];
        let month = self.lexicon.month(&token.lower)?;
        if !self.lexicon.is(Class::DoubtfulMonth, &token.lower) {
            return Some(month);
        }
        let is_number =
            |token: &Token| token.has_digit() || self.lexicon.number(&token.lower).is_some();
        let before = place.checked_sub(1).map(|before| &tokens[before]);
        let has_company = before.is_some_and(|token| {
            is_number(token) || self.lexicon.is(Class::BeforeMonth, &token.lower)
        }) || tokens.get(place + 1).is_some_and(is_number);
        (token.has_capital() && has_company).then_some(month)
    }

    /// An amount with its unit, currency, or am or pm.
    fn number(&self, tokens: &[Token], place: usize) -> Option<Found> {
        let token = &tokens[place];
        if let Some((currency, amount)) = self.sign_and_amount(token) {
            return Some((
                Value::Money {
                    amount,
                    currency: currency.to_owned(),
                },
                1,
            ));
        }
        if token.starts_with_digit() || self.lexicon.number(&token.lower).is_some() {
            let amount = self.amount(tokens, place)?;
            return Some(self.measured(tokens, place, amount));
        }
        if let Some(value) = self.lexicon.number_with_unit(&token.lower) {
            let amount = Amount {
                value,
                suffix: String::new(),
                length: 1,
                in_words: true,
            };
            let found = self.measured(tokens, place, amount);
            return (!matches!(found.0, Value::Number(_))).then_some(found);
        }
        let is_mixed = token.has_digit() && token.text.chars().any(char::is_alphabetic);
        is_mixed.then(|| (Value::Identifier(super::squash(&token.text)), 1))
    }

    /// `$20`, `€1.50`, `£3k`.
    fn sign_and_amount(&self, token: &Token) -> Option<(&'static str, f64)> {
        let sign = token.text.chars().next().filter(|c| !c.is_alphanumeric())?;
        let currency = self.lexicon.currency(&sign.to_string())?;
        let (value, suffix) = digits(&token.lower[sign.len_utf8()..], self.lexicon.decimal_comma)?;
        let thousands = if suffix == "k" { 1_000.0 } else { 1.0 };
        Some((currency, value * thousands))
    }

    fn measured(&self, tokens: &[Token], place: usize, amount: Amount) -> Found {
        let Amount {
            value,
            suffix,
            mut length,
            in_words,
        } = amount;
        let joined =
            !tokens[place + length - 1].ends_sentence && !tokens[place + length - 1].ends_clause;
        let next = |length: usize| {
            tokens
                .get(place + length)
                .filter(|_| joined)
                .map(|token| token.lower.as_str())
        };
        if !suffix.is_empty() {
            if let Some(half) = self
                .half_of_day(&suffix)
                .filter(|_| (1.0..=12.0).contains(&value))
            {
                return (Value::time_of(60 * value as u32, Some(half)), length);
            }
            if let Some(measure) = self.lexicon.unit(&suffix) {
                return (Value::quantity(value, measure), length);
            }
            if let Some(currency) = self.lexicon.currency(&suffix) {
                return (
                    Value::Money {
                        amount: value,
                        currency: currency.to_owned(),
                    },
                    length,
                );
            }
            if !self.lexicon.is(Class::OrdinalEnding, &suffix) && suffix != "s" && suffix != "x" {
                return (
                    Value::Identifier(super::squash(&tokens[place].text)),
                    length,
                );
            }
        }
        let word = next(length).map(|word| word.replace('.', ""));
        let word = word.as_deref();
        let half = word
            .and_then(|word| self.half_of_day(word))
            .filter(|_| (1.0..=12.0).contains(&value));
        if half.is_some()
            || (word.is_some_and(|word| self.lexicon.is(Class::OClock, word)) && value < 25.0)
        {
            return (Value::time_of(60 * value as u32, half), length + 1);
        }
        let mut value = value;
        // `two and a half hours`.
        if word == Some("and")
            && next(length + 1) == Some("a")
            && next(length + 2).is_some_and(|word| self.lexicon.is(Class::Half, word))
        {
            value += 0.5;
            length += 3;
        }
        // A single letter is a unit after digits only.
        let is_unit = |word: &&str| !in_words || word.chars().count() > 1;
        let word = next(length).filter(is_unit);
        if let Some(measure) = word.and_then(|word| self.lexicon.unit(word)) {
            return (Value::quantity(value, measure), length + 1);
        }
        if let Some(currency) = word.and_then(|word| self.lexicon.currency(word)) {
            return (
                Value::Money {
                    amount: value,
                    currency: currency.to_owned(),
                },
                length + 1,
            );
        }
        (Value::Number(value), length)
    }

    /// Digits, or number words put together: `20`, `1,050.75`, `7pm`, `twenty five`, `two hundred and six`.
    fn amount(&self, tokens: &[Token], place: usize) -> Option<Amount> {
        let token = tokens.get(place)?;
        if let Some((value, suffix)) = digits(&token.lower, self.lexicon.decimal_comma) {
            let (thousands, suffix) = if suffix == "k" {
                (1_000.0, String::new())
            } else {
                (1.0, suffix)
            };
            let next = tokens
                .get(place + 1)
                .filter(|_| suffix.is_empty() && !token.ends_sentence);
            let multiplier = next.and_then(|token| self.lexicon.multiplier(&token.lower));
            return Some(Amount {
                value: value * thousands * multiplier.unwrap_or(1.0),
                suffix,
                length: 1 + usize::from(multiplier.is_some()),
                in_words: false,
            });
        }
        let mut value = self.lexicon.number(&token.lower)?;
        let (mut length, mut total) = (1, 0.0);
        let mut lowest = if (20.0..100.0).contains(&value) {
            10.0
        } else {
            1.0
        };
        while let Some(token) = tokens
            .get(place + length)
            .filter(|_| !tokens[place + length - 1].ends_sentence)
        {
            let gap = usize::from(token.lower == "and" && lowest >= 100.0);
            let Some(word) = tokens
                .get(place + length + gap)
                .map(|token| token.lower.as_str())
            else {
                break;
            };
            if let Some(multiplier) = self.lexicon.multiplier(word).filter(|_| gap == 0) {
                value *= multiplier;
                lowest = multiplier;
                if multiplier >= 1_000.0 {
                    (total, value) = (total + value, 0.0);
                }
            } else if let Some(more) = self.below(word, lowest) {
                value += more;
                lowest = if more >= 20.0 { 10.0 } else { 1.0 };
            } else {
                break;
            }
            length += 1 + gap;
        }
        Some(Amount {
            value: total + value,
            suffix: String::new(),
            length,
            in_words: true,
        })
    }

    /// The value of a number word that may follow a round number: `five` after `twenty`.
    fn below(&self, word: &str, lowest: f64) -> Option<f64> {
        let value = if word == "one" {
            1.0
        } else {
            self.lexicon.number(word)?
        };
        (value > 0.0 && value < lowest).then_some(value)
    }

    /// What a conversation says without stating it: `an hour`, `half an hour`, `both`.
    fn support(&self, tokens: &[Token], place: usize) -> Option<Found> {
        if self.side == Side::Summary {
            return None;
        }
        let word = |ahead: usize| tokens.get(place + ahead).map(|token| token.lower.as_str());
        let is_article =
            |ahead| word(ahead).is_some_and(|word| self.lexicon.is(Class::Article, word));
        let unit = |ahead: usize| {
            word(ahead)
                .filter(|word| word.chars().count() > 1)
                .and_then(|word| self.lexicon.unit(word))
        };
        if self.lexicon.is(Class::Half, word(0)?) {
            let gap = usize::from(is_article(1));
            return unit(1 + gap).map(|measure| (Value::quantity(0.5, measure), 2 + gap));
        }
        if let Some(value) = self.lexicon.counting(word(0)?) {
            let gap = usize::from(word(1) == Some("of"));
            let measured = unit(1 + gap).map(|measure| (Value::quantity(value, measure), 2 + gap));
            return measured.or(Some((Value::Number(value), 1)));
        }
        if !is_article(0) {
            return None;
        }
        let multiplier = word(1).and_then(|word| self.lexicon.multiplier(word));
        if let Some(value) = multiplier {
            let amount = Amount {
                value,
                suffix: String::new(),
                length: 2,
                in_words: true,
            };
            return Some(self.measured(tokens, place, amount));
        }
        let currency = || {
            word(1)
                .filter(|word| word.chars().count() > 1)
                .and_then(|word| self.lexicon.currency(word))
        };
        unit(1)
            .map(|measure| (Value::quantity(1.0, measure), 2))
            .or_else(|| {
                currency().map(|currency| {
                    (
                        Value::Money {
                            amount: 1.0,
                            currency: currency.to_owned(),
                        },
                        2,
                    )
                })
            })
    }

    /// A capitalised word that is not in the lists; at the beginning of a sentence, only if the data set never has it
    /// in lower case.
    fn name(&self, tokens: &[Token], place: usize) -> Option<Found> {
        let token = &tokens[place];
        let lower = token.lower.replace(['.', '\''], "");
        let is_word = token
            .text
            .chars()
            .all(|c| c.is_alphabetic() || matches!(c, '.' | '\'' | '\u{2019}'));
        if self.side == Side::Dialogue
            || !token.has_capital()
            || !is_word
            || lower.chars().count() < 2
        {
            return None;
        }
        let is_listed = self.lexicon.is(Class::NotName, &token.lower)
            || self.lexicon.is(Class::Stop, &token.lower);
        let is_speaker = self.vocabulary.speakers.contains(&lower);
        let counts = self.lexicon.capitals_are_names && !is_listed;
        let is_ordinary = token.starts_sentence && self.vocabulary.lower_case.contains(&lower);
        (is_speaker || (counts && !is_ordinary)).then_some((Value::Name(lower), 1))
    }
}

fn is_day(value: f64) -> bool {
    value.fract() == 0.0 && (1.0..=31.0).contains(&value)
}

/// Leading digits with their separators, and what is written directly after them; `None` without leading digits or if
/// the separators do not form a valid number.
fn digits(word: &str, decimal_comma: bool) -> Option<(f64, String)> {
    let end = word
        .find(|c: char| !(c.is_ascii_digit() || c == '.' || c == ','))
        .unwrap_or(word.len());
    let number = word[..end].trim_end_matches(['.', ',']);
    let suffix = word[number.len()..].trim_matches(['.', ',']).to_owned();
    if !number.starts_with(|c: char| c.is_ascii_digit()) {
        return None;
    }
    let (thousands, decimal) = if decimal_comma {
        ('.', ',')
    } else {
        (',', '.')
    };
    let is_grouped = |number: &str| {
        let mut groups = number.split(thousands);
        groups.next().is_some_and(|group| group.len() <= 3) && groups.all(|group| group.len() == 3)
    };
    let whole = number.split(decimal).next().unwrap_or_default();
    let plain = if whole.contains(thousands) && is_grouped(whole) {
        number.replace(thousands, "").replace(decimal, ".")
    } else {
        // One separator of the other kind can only be a decimal sign.
        number.replace([thousands, decimal], ".")
    };
    Some((plain.parse().ok()?, suffix))
}

/// `7:15`, `19.15pm`, `7h30`: minutes since midnight, and what is written directly after them.
fn hours_and_minutes(word: &str) -> Option<(u32, String)> {
    let lower = word.to_lowercase();
    let separator = lower.find([':', '.', 'h'])?;
    let (hours, after) = (&lower[..separator], &lower[separator + 1..]);
    let minutes = after
        .get(..2)
        .filter(|minutes| minutes.bytes().all(|byte| byte.is_ascii_digit()))?;
    let suffix = after[2..].replace('.', "");
    // A full stop marks a time only if am or pm follows it.
    let is_time =
        !lower[separator..].starts_with('.') || matches!(suffix.as_str(), "am" | "pm" | "uhr");
    let (hours, minutes): (u32, u32) = (hours.parse().ok()?, minutes.parse().ok()?);
    let is_whole = suffix.chars().all(char::is_alphabetic);
    (is_time && is_whole && hours < 25 && minutes < 60).then_some((60 * hours + minutes, suffix))
}

/// `12/05/2024`, `2024-05-12`, and in German `12.5.` and `12.5.2024`.
fn numeric_date(word: &str, is_german: bool) -> Option<Value> {
    let separator = ['/', '.']
        .into_iter()
        .find(|separator| word.matches(*separator).count() == 2)?;
    if separator == '.' && !is_german {
        return None;
    }
    let parts: Vec<u32> = word
        .split(separator)
        .map(|part| part.parse().ok())
        .collect::<Option<_>>()?;
    if is_german && let [day, month @ 1..=12, year] = parts[..] {
        let year = i32::try_from(year)
            .ok()
            .map(|year| if year < 100 { 2_000 + year } else { year });
        return Some(Value::Date {
            month: (month - 1) as u8,
            day: Some(day),
            year,
        });
    }
    Some(Value::Identifier(super::squash(word)))
}
