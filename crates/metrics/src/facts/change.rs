//! Changes every fact that a conversation shares with its summary, in the conversation only. Whoever sees no difference
//! between the two does not read facts.

use std::ops::Range;

use super::extract::{Reader, Side};
use super::token::{Token, tokenize};
use super::{Evidence, Fact, FactStatus, Value};

/// What is added to digits and to numbers in words.
const SHIFT: u32 = 3;
/// What is added to weekdays and months.
const DAY_SHIFT: usize = 2;

const WEEKDAYS: [[&str; 7]; 2] = [
    [
        "Monday",
        "Tuesday",
        "Wednesday",
        "Thursday",
        "Friday",
        "Saturday",
        "Sunday",
    ],
    [
        "Montag",
        "Dienstag",
        "Mittwoch",
        "Donnerstag",
        "Freitag",
        "Samstag",
        "Sonntag",
    ],
];
const MONTHS: [[&str; 12]; 2] = [
    [
        "January",
        "February",
        "March",
        "April",
        "May",
        "June",
        "July",
        "August",
        "September",
        "October",
        "November",
        "December",
    ],
    [
        "Januar",
        "Februar",
        "M\u{e4}rz",
        "April",
        "Mai",
        "Juni",
        "Juli",
        "August",
        "September",
        "Oktober",
        "November",
        "Dezember",
    ],
];

impl Evidence<'_> {
    /// The turns, each a speaker and what is said, with every fact changed that the summary also
    /// has: digits and numbers by
    /// three, weekdays and months by two, names replaced by `other_name`. `None` if there is no such fact.
    pub fn with_changed_facts(
        &self,
        summary: &str,
        other_name: &str,
    ) -> Option<Vec<(String, String)>> {
        let stated = self.stated(summary).into_iter();
        let common: Vec<Fact> = stated
            .filter(|fact| self.status(fact) == FactStatus::Kept)
            .collect();
        let names: Vec<&str> = common
            .iter()
            .filter_map(|fact| match &fact.value {
                Value::Name(name) => Some(name.as_str()),
                _ => None,
            })
            .collect();
        let turns: Vec<(String, String)> = self
            .turns
            .iter()
            .map(|turn| {
                let speaker = self.renamed(turn.speaker, &names, other_name);
                let text = self.renamed(&self.shifted(turn.text, &common), &names, other_name);
                (speaker, text)
            })
            .collect();
        let mut both = turns.iter().zip(self.turns);
        both.any(|((speaker, text), turn)| speaker != turn.speaker || text != turn.text)
            .then_some(turns)
    }

    /// A text in which the facts that are among `common`, other than names, are changed.
    fn shifted(&self, text: &str, common: &[Fact]) -> String {
        let reader = Reader {
            lexicon: self.lexicon,
            vocabulary: self.vocabulary,
            side: Side::Dialogue,
        };
        let tokens = tokenize(text, self.lexicon);
        let places = places(text, &tokens);
        let is_common = |fact: &Fact| {
            let is_same = |known: &Fact| {
                let numbers = known.value.numbers();
                let mut inside = fact.value.numbers().into_iter();
                known.value.agrees(&fact.value)
                    || inside.any(|number| numbers.iter().any(|n| super::is_same(*n, number)))
            };
            common.iter().any(is_same)
        };
        let changes = reader
            .placed(&tokens)
            .into_iter()
            .filter(|(fact, _)| is_common(fact))
            .filter_map(|(fact, taken)| {
                let place = places.get(taken.start)?.start..places.get(taken.end - 1)?.end;
                Some((other(&fact.value, &text[place.clone()])?, place))
            });
        replaced(text, changes)
    }

    /// A text in which `other_name` replaces those in `names`, which are in lower case.
    fn renamed(&self, text: &str, names: &[&str], other_name: &str) -> String {
        let tokens = tokenize(text, self.lexicon);
        let is_name = |token: &Token| names.contains(&token.lower.as_str()) && token.has_capital();
        let places = places(text, &tokens);
        let changes = tokens
            .iter()
            .zip(places)
            .filter(|(token, _)| is_name(token))
            .map(|(_, place)| (other_name.to_owned(), place));
        replaced(text, changes)
    }
}

/// The byte range of each token in a text.
fn places(text: &str, tokens: &[Token]) -> Vec<Range<usize>> {
    let mut from = 0;
    tokens
        .iter()
        .map(|token| {
            // Tokens are pieces of the text, in its order.
            let start = text[from..]
                .find(&token.text)
                .map_or(from, |offset| from + offset);
            from = (start + token.text.len()).min(text.len());
            start..from
        })
        .collect()
}

/// A text in which the given ranges, in order, are replaced.
fn replaced(text: &str, changes: impl Iterator<Item = (String, Range<usize>)>) -> String {
    let mut out = String::with_capacity(text.len());
    let mut from = 0;
    for (new, place) in changes {
        out.push_str(&text[from..place.start]);
        out.push_str(&new);
        from = place.end;
    }
    out.push_str(&text[from..]);
    out
}

/// What is said in place of a value that a text states as `text`; `None` for a value without a neighbour (a day named
/// by a word).
fn other(value: &Value, text: &str) -> Option<String> {
    if text.contains(|c: char| c.is_ascii_digit()) {
        let shift = |c: char| match c.to_digit(10) {
            Some(digit) => char::from_digit((digit + SHIFT) % 10, 10).unwrap_or(c),
            None => c,
        };
        return Some(text.chars().map(shift).collect());
    }
    let after_first_word = || text.split_once(' ').map_or("", |(_, after)| after);
    let larger = |amount: f64| amount + f64::from(SHIFT);
    match value {
        Value::Number(number) => Some(larger(*number).to_string()),
        Value::Quantity { amount, .. } | Value::Money { amount, .. } => {
            Some(format!("{} {}", larger(*amount), after_first_word()))
        }
        Value::Time { minutes, .. } => {
            let hour = (minutes / 60 + SHIFT) % 24;
            Some(format!("{hour}:{:02}", minutes % 60))
        }
        Value::Weekday(day) => later(&WEEKDAYS, usize::from(*day), text),
        Value::Date { month, .. } => later(&MONTHS, usize::from(*month), text),
        Value::DayWord(_) | Value::Name(_) | Value::Identifier(_) | Value::Negation { .. } => None,
    }
}

/// The name two places later in the list, in the language of the word in the text.
fn later<const N: usize>(names: &[[&str; N]; 2], place: usize, text: &str) -> Option<String> {
    let [english, german] = names;
    let is_german = german.get(place)?.eq_ignore_ascii_case(text);
    let language = if is_german { german } else { english };
    Some(language[(place + DAY_SHIFT) % N].to_owned())
}

#[cfg(test)]
mod tests {
    use crate::facts::{Evidence, Vocabulary};
    use crate::lexicon::Lexicon;
    use crate::turn::Turn;

    fn changed(turns: &[(&str, &str)], summary: &str) -> Option<Vec<(String, String)>> {
        let turns: Vec<Turn<'_>> = turns
            .iter()
            .map(|(speaker, text)| Turn { speaker, text })
            .collect();
        let lexicon = Lexicon::english();
        let texts = turns.iter().map(|turn| turn.text).chain([summary]);
        let vocabulary = Vocabulary::of(texts, turns.iter().map(|turn| turn.speaker));
        Evidence::new(&turns, &lexicon, &vocabulary).with_changed_facts(summary, "Zoe")
    }

    #[test]
    fn what_both_have_is_changed_and_nothing_else() {
        let found = changed(
            &[
                ("Ann", "Can we meet on Friday at 7:15 pm? Bring 20 chairs."),
                (
                    "Bob",
                    "Friday is fine, Ann, but I have only twelve. The 9 tables are with Kim.",
                ),
            ],
            "Ann and Bob meet on Friday at 19:15. Bob has twelve chairs.",
        )
        .unwrap();
        assert_eq!(found[0].0, "Zoe");
        assert_eq!(found[1].0, "Zoe");
        assert!(
            found[0].1.starts_with("Can we meet on Sunday at 0:48 pm?"),
            "{}",
            found[0].1
        );
        assert!(found[0].1.ends_with("Bring 20 chairs."), "{}", found[0].1);
        let second = "Sunday is fine, Zoe, but I have only 15. The 9 tables are with Kim.";
        assert_eq!(found[1].1, second);
    }

    #[test]
    fn without_a_common_fact_there_is_nothing_to_change() {
        assert_eq!(
            changed(
                &[("", "It rains a lot."), ("", "It does.")],
                "They talk about rain."
            ),
            None
        );
        assert_eq!(changed(&[], "Ann owes 20 pounds."), None);
    }
}
