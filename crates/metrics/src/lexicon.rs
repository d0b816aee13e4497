//! Word lists of a language, for the ledger of facts and the links from summaries to turns: what counts as a number, a
//! unit, a date, a negation, and which words carry no content.
//!
//! The lists are arguments of everything that reads them. English and German are included; a user's own words are added
//! to either with [`Lexicon::with_unit`] and [`Lexicon::with_negation`].

mod english;
mod german;

use std::collections::{HashMap, HashSet};

/// The lists of a language as they are written down: forms between blanks, in lower case.
struct Words {
    /// Words without content of their own.
    stop: &'static str,
    /// Capitalised words that are not names.
    not_names: &'static str,
    /// Whether a capital marks a name. In German it marks any noun.
    capitals_are_names: bool,
    /// Whether `1,5` is one and a half.
    decimal_comma: bool,
    /// Number words below a hundred.
    numbers: fn() -> Vec<(String, f64)>,
    /// Words that multiply the number before them.
    multipliers: &'static [(&'static str, f64)],
    /// Number words that count only if a unit follows: `one`, and the ordinals.
    only_with_unit: &'static [(&'static str, f64)],
    /// Words that stand for a number without being one.
    counting: &'static [(&'static str, f64)],
    /// Endings that turn digits into an ordinal.
    ordinal_endings: &'static str,
    /// Articles that count as 1 before a unit.
    articles: &'static str,
    /// Units: dimension, size in that dimension, and forms.
    units: &'static [(&'static str, f64, &'static str)],
    /// Currencies, each with its forms, including its sign.
    currencies: &'static [(&'static str, &'static str)],
    /// Monday to Sunday, each with its forms.
    weekdays: [&'static str; 7],
    /// Short forms of the weekdays, which count with a capital only.
    short_weekdays: [&'static str; 7],
    /// January to December, each with its forms.
    months: [&'static str; 12],
    /// Forms of months that are ordinary words too: they need a capital and a number or preposition beside them.
    doubtful_months: &'static str,
    /// Prepositions that can precede a month.
    before_month: &'static str,
    /// Words for days, each with its forms.
    day_words: &'static [(&'static str, &'static str)],
    morning: &'static str,
    afternoon: &'static str,
    /// Words that turn the number before them into a time.
    o_clock: &'static str,
    /// Words that are times themselves, in minutes.
    times: &'static [(&'static str, u32)],
    half: &'static str,
    quarter: &'static str,
    past: &'static str,
    to: &'static str,
    /// Whether `half seven` is half past six.
    half_is_before: bool,
    negations: &'static str,
    yes: &'static str,
    no: &'static str,
    /// Words at which a clause ends.
    conjunctions: &'static str,
}

/// A unit: what it measures, and its size.
#[derive(Debug, Clone, PartialEq)]
pub struct Measure {
    /// Units of one dimension can be compared.
    pub dimension: String,
    /// Size of the unit in its dimension.
    pub size: f64,
}

/// The word lists of a language, ready for look-ups.
#[derive(Debug, Clone)]
pub struct Lexicon {
    stop: HashSet<&'static str>,
    not_names: HashSet<&'static str>,
    pub(crate) capitals_are_names: bool,
    pub(crate) decimal_comma: bool,
    pub(crate) half_is_before: bool,
    numbers: HashMap<String, f64>,
    multipliers: HashMap<&'static str, f64>,
    only_with_unit: HashMap<&'static str, f64>,
    counting: HashMap<&'static str, f64>,
    ordinal_endings: HashSet<&'static str>,
    articles: HashSet<&'static str>,
    units: HashMap<String, Measure>,
    currencies: HashMap<&'static str, &'static str>,
    weekdays: HashMap<&'static str, u8>,
    short_weekdays: HashMap<&'static str, u8>,
    months: HashMap<&'static str, u8>,
    doubtful_months: HashSet<&'static str>,
    before_month: HashSet<&'static str>,
    day_words: HashMap<&'static str, &'static str>,
    morning: HashSet<&'static str>,
    afternoon: HashSet<&'static str>,
    o_clock: HashSet<&'static str>,
    times: HashMap<&'static str, u32>,
    half: HashSet<&'static str>,
    quarter: HashSet<&'static str>,
    past: HashSet<&'static str>,
    to: HashSet<&'static str>,
    negations: HashSet<String>,
    yes: HashSet<&'static str>,
    no: HashSet<&'static str>,
    conjunctions: HashSet<&'static str>,
}

/// The lists that only say whether a word belongs to them.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Class {
    Stop,
    NotName,
    OrdinalEnding,
    Article,
    DoubtfulMonth,
    BeforeMonth,
    Morning,
    Afternoon,
    OClock,
    Half,
    Quarter,
    Past,
    To,
    Yes,
    No,
    Conjunction,
}

fn set(forms: &'static str) -> HashSet<&'static str> {
    forms.split_whitespace().collect()
}

fn map<T: Copy>(pairs: &'static [(&'static str, T)]) -> HashMap<&'static str, T> {
    pairs.iter().copied().collect()
}

fn places(forms: &[&'static str]) -> HashMap<&'static str, u8> {
    let forms_of = |(place, forms): (u8, &&'static str)| {
        forms.split_whitespace().map(move |form| (form, place))
    };
    (0..).zip(forms).flat_map(forms_of).collect()
}

fn by_form(pairs: &'static [(&'static str, &'static str)]) -> HashMap<&'static str, &'static str> {
    let forms_of = |(word, forms): &(&'static str, &'static str)| {
        let word = *word;
        forms.split_whitespace().map(move |form| (form, word))
    };
    pairs.iter().flat_map(forms_of).collect()
}

impl Lexicon {
    /// The English word lists.
    pub fn english() -> Self {
        Self::new(&english::WORDS)
    }

    /// The German word lists.
    pub fn german() -> Self {
        Self::new(&german::WORDS)
    }

    fn new(words: &Words) -> Self {
        let units = words.units.iter().flat_map(|(dimension, size, forms)| {
            let measure = Measure {
                dimension: (*dimension).to_owned(),
                size: *size,
            };
            forms
                .split_whitespace()
                .map(move |form| (form.to_owned(), measure.clone()))
        });
        Self {
            stop: set(words.stop),
            not_names: set(words.not_names),
            capitals_are_names: words.capitals_are_names,
            decimal_comma: words.decimal_comma,
            half_is_before: words.half_is_before,
            numbers: (words.numbers)().into_iter().collect(),
            multipliers: map(words.multipliers),
            only_with_unit: map(words.only_with_unit),
            counting: map(words.counting),
            ordinal_endings: set(words.ordinal_endings),
            articles: set(words.articles),
            units: units.collect(),
            currencies: by_form(words.currencies),
            weekdays: places(&words.weekdays),
            short_weekdays: places(&words.short_weekdays),
            months: places(&words.months),
            doubtful_months: set(words.doubtful_months),
            before_month: set(words.before_month),
            day_words: by_form(words.day_words),
            morning: set(words.morning),
            afternoon: set(words.afternoon),
            o_clock: set(words.o_clock),
            times: map(words.times),
            half: set(words.half),
            quarter: set(words.quarter),
            past: set(words.past),
            to: set(words.to),
            negations: set(words.negations)
                .into_iter()
                .map(str::to_owned)
                .collect(),
            yes: set(words.yes),
            no: set(words.no),
            conjunctions: set(words.conjunctions),
        }
    }

    /// Adds a unit of the user's: what it is called, and what it measures. Units of a new dimension are compared only
    /// with each other.
    pub fn with_unit(mut self, form: &str, measure: Measure) -> Self {
        self.units.insert(form.to_lowercase(), measure);
        self
    }

    /// Adds a word that negates.
    pub fn with_negation(mut self, word: &str) -> Self {
        self.negations.insert(word.to_lowercase());
        self
    }

    /// Whether a word (lower case) belongs to a class.
    pub(crate) fn is(&self, class: Class, word: &str) -> bool {
        let words = match class {
            Class::Stop => &self.stop,
            Class::NotName => &self.not_names,
            Class::OrdinalEnding => &self.ordinal_endings,
            Class::Article => &self.articles,
            Class::DoubtfulMonth => &self.doubtful_months,
            Class::BeforeMonth => &self.before_month,
            Class::Morning => &self.morning,
            Class::Afternoon => &self.afternoon,
            Class::OClock => &self.o_clock,
            Class::Half => &self.half,
            Class::Quarter => &self.quarter,
            Class::Past => &self.past,
            Class::To => &self.to,
            Class::Yes => &self.yes,
            Class::No => &self.no,
            Class::Conjunction => &self.conjunctions,
        };
        words.contains(word)
    }

    /// Whether a word negates: it is in the list, or is a contraction with `n't`.
    pub(crate) fn negates(&self, word: &str) -> bool {
        word.ends_with("n't") || self.negations.contains(word)
    }

    pub(crate) fn number(&self, word: &str) -> Option<f64> {
        self.numbers.get(word).copied()
    }

    pub(crate) fn multiplier(&self, word: &str) -> Option<f64> {
        self.multipliers.get(word).copied()
    }

    pub(crate) fn number_with_unit(&self, word: &str) -> Option<f64> {
        self.only_with_unit.get(word).copied()
    }

    pub(crate) fn counting(&self, word: &str) -> Option<f64> {
        self.counting.get(word).copied()
    }

    pub(crate) fn unit(&self, word: &str) -> Option<&Measure> {
        self.units.get(word)
    }

    pub(crate) fn currency(&self, word: &str) -> Option<&'static str> {
        self.currencies.get(word).copied()
    }

    /// Number of a weekday; Monday is 0. Short forms count only with a capital.
    pub(crate) fn weekday(&self, word: &str, has_capital: bool) -> Option<u8> {
        let short = || self.short_weekdays.get(word).filter(|_| has_capital);
        self.weekdays.get(word).or_else(short).copied()
    }

    /// Number of a month; January is 0.
    pub(crate) fn month(&self, word: &str) -> Option<u8> {
        self.months.get(word).copied()
    }

    pub(crate) fn day_word(&self, word: &str) -> Option<&'static str> {
        self.day_words.get(word).copied()
    }

    pub(crate) fn time(&self, word: &str) -> Option<u32> {
        self.times.get(word).copied()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_below_a_hundred_have_words() {
        for (lexicon, words) in [
            (Lexicon::english(), ["seven", "twelve", "twenty", "ninety"]),
            (
                Lexicon::german(),
                ["sieben", "zw\u{f6}lf", "zwanzig", "neunzig"],
            ),
        ] {
            let found = words.map(|word| lexicon.number(word));
            assert_eq!(found, [Some(7.0), Some(12.0), Some(20.0), Some(90.0)]);
        }
        assert_eq!(Lexicon::german().number("einundzwanzig"), Some(21.0));
        assert_eq!(Lexicon::german().number("zweihundert"), Some(200.0));
        assert_eq!(Lexicon::german().number("siebenundneunzig"), Some(97.0));
    }

    #[test]
    fn a_user_adds_words() {
        let drop = Measure {
            dimension: "drop".into(),
            size: 1.0,
        };
        let lexicon = Lexicon::english()
            .with_unit("Drops", drop.clone())
            .with_negation("Lacks");
        assert_eq!(lexicon.unit("drops"), Some(&drop));
        assert!(lexicon.negates("lacks") && lexicon.negates("isn't") && !lexicon.negates("is"));
    }

    #[test]
    fn short_weekdays_need_a_capital() {
        let lexicon = Lexicon::english();
        assert_eq!(
            (lexicon.weekday("sun", false), lexicon.weekday("sun", true)),
            (None, Some(6))
        );
        assert_eq!(lexicon.weekday("sunday", false), Some(6));
    }
}
