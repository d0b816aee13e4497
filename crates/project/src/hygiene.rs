//! What is doubtful about a data set before anyone trains on it: copies, summaries that do not fit their dialogue,
//! lengths and languages that stand out. Each finding names an example and a figure; the window puts it into words and
//! offers a way out. Nothing here is proof: a finding says "look at this one".
//!
//! Near-duplicates are found by shared 5-grams of words (Broder's resemblance, kept to the shorter text), so the time
//! grows with the words of the data set, not with the square of its examples. Outlying lengths are Tukey's: beyond
//! three interquartile ranges.

use std::collections::{BTreeMap, HashMap, HashSet};

use contract::{Doubt, Lack, Language};
use metrics::copy::{longest_shared_run, tokenize};
use metrics::text::quantile;
use serde::Serialize;
use store::ExampleRow;

use crate::dialogue::Dialogue;

/// Words of a shingle.
const SHINGLE: usize = 5;
/// Share of the shorter dialogue's shingles that another one holds, from which the two count as nearly the same.
const NEAR: f64 = 0.7;
/// A shingle in more dialogues than this is a formula ("how can I help you today"), not a trace of copying.
const FORMULA: usize = 12;
/// Share of a summary that is one run of the dialogue's words, from which it counts as copied.
const COPIED: f64 = 0.8;
/// Summaries shorter than this may quote by chance.
const COPIED_WORDS: usize = 6;
/// Interquartile ranges beyond which a length is extreme.
const FAR_OUT: f64 = 3.0;
/// Fewer examples than this have no meaningful quartiles.
const ENOUGH_FOR_QUARTILES: usize = 12;
/// Function words needed to tell a language.
const ENOUGH_FUNCTION_WORDS: usize = 4;

/// Frequent words that belong to one of the languages only.
const LANGUAGES: [(Language, &[&str]); 5] = [
    (
        Language::English,
        &[
            "the", "and", "you", "is", "that", "with", "have", "this", "what", "not", "are", "for",
        ],
    ),
    (
        Language::German,
        &[
            "der", "die", "und", "ist", "nicht", "ich", "das", "mit", "wir", "ein", "auch", "sie",
        ],
    ),
    (
        Language::French,
        &[
            "le", "les", "est", "et", "vous", "je", "pas", "une", "dans", "avec", "pour", "nous",
        ],
    ),
    (
        Language::Spanish,
        &[
            "el", "los", "es", "y", "no", "que", "una", "con", "por", "para", "está", "pero",
        ],
    ),
    (
        Language::Italian,
        &[
            "il", "che", "non", "di", "una", "sono", "per", "con", "gli", "anche", "questo",
            "della",
        ],
    ),
];

/// A doubt about one example.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Finding {
    /// What may be wrong.
    pub doubt: Doubt,
    /// Row id of the doubtful example.
    pub example: i64,
    /// The earlier example that it repeats.
    pub other: Option<i64>,
    /// The name, the language, the share in percent or the number of words, as the doubt has it.
    pub detail: String,
}

struct Read<'a> {
    row: &'a ExampleRow,
    words: Vec<String>,
    turns: usize,
}

/// Every doubt about the examples, in their order.
pub fn look(rows: &[ExampleRow]) -> Vec<Finding> {
    let read: Vec<Read<'_>> = rows.iter().map(Read::new).collect();
    let mut found = Vec::new();
    found.extend(copies(&read));
    found.extend(lengths(&read));
    found.extend(languages(&read));
    found.extend(read.iter().flat_map(summaries));
    let place: HashMap<i64, usize> = rows
        .iter()
        .enumerate()
        .map(|(index, row)| (row.id, index))
        .collect();
    found.sort_by_key(|finding| (place.get(&finding.example).copied(), finding.doubt));
    found
}

impl<'a> Read<'a> {
    fn new(row: &'a ExampleRow) -> Self {
        let dialogue = Dialogue::parse(&row.dialogue);
        let words = dialogue
            .turns
            .iter()
            .flat_map(|turn| tokenize(&turn.text))
            .collect();
        Self {
            row,
            words,
            turns: dialogue.turns.len(),
        }
    }

    fn finding(&self, doubt: Doubt, detail: impl Into<String>) -> Finding {
        Finding {
            doubt,
            example: self.row.id,
            other: None,
            detail: detail.into(),
        }
    }
}

/// Equal dialogues, and those that share most of their shingles with an earlier one.
fn copies(read: &[Read<'_>]) -> Vec<Finding> {
    let mut whole: HashMap<&[String], i64> = HashMap::new();
    let mut holders: HashMap<&[String], Vec<usize>> = HashMap::new();
    let mut found = Vec::new();
    for (index, example) in read.iter().enumerate() {
        if let Some(&other) = whole.get(example.words.as_slice()) {
            found.push(Finding {
                other: Some(other),
                ..example.finding(Doubt::Duplicate, "100")
            });
            continue;
        }
        whole.insert(&example.words, example.row.id);
        let shingles: HashSet<&[String]> = example.words.windows(SHINGLE).collect();
        let mut shared: BTreeMap<usize, usize> = BTreeMap::new();
        for shingle in &shingles {
            let earlier = holders.entry(shingle).or_default();
            if earlier.len() <= FORMULA {
                earlier
                    .iter()
                    .for_each(|&other| *shared.entry(other).or_default() += 1);
                earlier.push(index);
            }
        }
        let nearest = shared
            .into_iter()
            .max_by_key(|&(other, n)| (n, std::cmp::Reverse(other)));
        if let Some((other, n)) = nearest {
            let shorter = shingles
                .len()
                .min(read[other].words.len().saturating_sub(SHINGLE - 1))
                .max(1);
            let share = n as f64 / shorter as f64;
            if share >= NEAR {
                let detail = format!("{:.0}", share.min(1.0) * 100.0);
                found.push(Finding {
                    other: Some(read[other].row.id),
                    ..example.finding(Doubt::NearDuplicate, detail)
                });
            }
        }
    }
    found
}

/// Lengths that stand out, and dialogues in which nobody answers.
fn lengths(read: &[Read<'_>]) -> Vec<Finding> {
    let words: Vec<f64> = read
        .iter()
        .map(|example| example.words.len() as f64)
        .collect();
    let fence = (read.len() >= ENOUGH_FOR_QUARTILES)
        .then(|| Some((quantile(&words, 0.25)?, quantile(&words, 0.75)?)))
        .flatten()
        .map(|(low, high)| (low - FAR_OUT * (high - low), high + FAR_OUT * (high - low)));
    let mut found = Vec::new();
    for (example, n) in read.iter().zip(words) {
        let (short, long) = fence.map_or((false, false), |(low, high)| (n < low, n > high));
        if short || example.turns < 2 {
            found.push(example.finding(Doubt::VeryShort, example.words.len().to_string()));
        } else if long {
            found.push(example.finding(Doubt::VeryLong, example.words.len().to_string()));
        }
    }
    found
}

/// Dialogues in a language other than that of most.
fn languages(read: &[Read<'_>]) -> Vec<Finding> {
    let spoken: Vec<Option<Language>> = read
        .iter()
        .map(|example| language(&example.words))
        .collect();
    let mut votes: BTreeMap<Language, usize> = BTreeMap::new();
    spoken
        .iter()
        .flatten()
        .for_each(|language| *votes.entry(*language).or_default() += 1);
    let Some((usual, _)) = votes.into_iter().max_by_key(|&(_, n)| n) else {
        return Vec::new();
    };
    read.iter()
        .zip(spoken)
        .filter_map(|(example, spoken)| Some((example, spoken.filter(|spoken| *spoken != usual)?)))
        .map(|(example, spoken)| example.finding(Doubt::OtherLanguage, spoken.as_str()))
        .collect()
}

/// How many function words of each language a text has.
type FunctionWords = [usize; LANGUAGES.len()];

fn count_words<S: AsRef<str>>(counts: &mut FunctionWords, words: impl Iterator<Item = S>) {
    for word in words {
        for (count, (_, list)) in counts.iter_mut().zip(LANGUAGES) {
            *count += usize::from(list.contains(&word.as_ref()));
        }
    }
}

/// The language whose function words are twice as many as any other's.
fn language_of(counts: &FunctionWords) -> Option<Language> {
    let names = LANGUAGES.iter().map(|(name, _)| *name);
    let mut counts: Vec<(usize, Language)> = counts.iter().copied().zip(names).collect();
    counts.sort_by_key(|&(n, _)| std::cmp::Reverse(n));
    match counts.as_slice() {
        [(first, name), (second, _), ..]
            if *first >= ENOUGH_FUNCTION_WORDS && *first >= 2 * second =>
        {
            Some(*name)
        }
        _ => None,
    }
}

fn language(words: &[String]) -> Option<Language> {
    let mut counts = FunctionWords::default();
    count_words(&mut counts, words.iter());
    language_of(&counts)
}

/// How much of a dialogue is enough to tell its language, in bytes.
const TELLING_BYTES: usize = 1 << 16;

/// The language of most of the dialogues whose language can be told, if it is not English, and how many are
/// in it. Dialogues that are too short for that are taken together.
pub fn other_than_english<'a>(
    dialogues: impl Iterator<Item = &'a str>,
) -> Option<(Language, usize)> {
    let mut votes: BTreeMap<Language, usize> = BTreeMap::new();
    let (mut n, mut short) = (0, FunctionWords::default());
    for dialogue in dialogues {
        let begin = &dialogue[..dialogue.floor_char_boundary(TELLING_BYTES)];
        let mut counts = FunctionWords::default();
        for turn in Dialogue::parse(begin).turns {
            count_words(&mut counts, tokenize(&turn.text).iter());
        }
        n += 1;
        match language_of(&counts) {
            Some(language) => *votes.entry(language).or_default() += 1,
            None => short
                .iter_mut()
                .zip(counts)
                .for_each(|(sum, count)| *sum += count),
        }
    }
    if votes.is_empty() {
        votes.extend(language_of(&short).map(|language| (language, n)));
    }
    let told: usize = votes.values().sum();
    votes
        .into_iter()
        .find(|(language, n)| *language != Language::English && 2 * n > told)
}

/// Dialogues with two speakers, as a share of all, below which a data set holds no conversations.
const CONVERSATIONS: f64 = 0.1;
/// Summaries that say nothing or too much, as a share of all, above which there is nothing to learn from them.
const USELESS: f64 = 0.5;

/// Why nothing can be learnt from a data set, whatever the recipe; `None` if something can. Dialogues that wait for a
/// summary do not count.
pub fn nothing_to_learn(rows: &[ExampleRow]) -> Option<Lack> {
    let pairs: Vec<&ExampleRow> = rows.iter().filter(|row| row.is_summarised()).collect();
    let dialogues = pairs.len();
    let count = |is: &dyn Fn(&ExampleRow) -> bool| pairs.iter().filter(|row| is(row)).count();
    let several = count(&|row| Dialogue::parse(&row.dialogue).speakers().len() >= 2);
    if (several as f64) < CONVERSATIONS * dialogues as f64 {
        return Some(Lack::Speakers { dialogues, several });
    }
    let summary = |row: &ExampleRow| row.references.first().cloned().unwrap_or_default();
    let is_empty = |row: &ExampleRow| !summary(row).chars().any(char::is_alphanumeric);
    let is_long = |row: &ExampleRow| summary(row).chars().count() > row.dialogue.chars().count();
    let (empty, long) = (
        count(&is_empty),
        count(&|row| !is_empty(row) && is_long(row)),
    );
    ((empty + long) as f64 > USELESS * dialogues as f64).then_some(Lack::Summaries {
        dialogues,
        empty,
        long,
    })
}

/// What does not fit between a dialogue and its references.
fn summaries(example: &Read<'_>) -> Vec<Finding> {
    let mut found = Vec::new();
    let dialogue: HashSet<String> = tokenize(&example.row.dialogue).into_iter().collect();
    for reference in &example.row.references {
        let words = tokenize(reference);
        if !words.is_empty() && words.len() >= example.words.len() {
            found.push(example.finding(Doubt::LongSummary, words.len().to_string()));
        } else if words.len() >= COPIED_WORDS {
            let share = longest_shared_run(&words, &example.words) as f64 / words.len() as f64;
            if share >= COPIED {
                found.push(example.finding(Doubt::CopiedSummary, format!("{:.0}", share * 100.0)));
            }
        }
        if let Some(name) = names(reference)
            .into_iter()
            .find(|name| !held(name, &dialogue))
        {
            found.push(example.finding(Doubt::UnknownName, name));
        }
    }
    found
}

/// Words of a summary that are written with a capital although no sentence begins with them.
fn names(text: &str) -> Vec<&str> {
    let mut begins = true;
    let mut out = Vec::new();
    for word in text.split_whitespace() {
        let bare = word.trim_matches(|c: char| !c.is_alphanumeric());
        let bare = bare
            .strip_suffix("'s")
            .or_else(|| bare.strip_suffix("’s"))
            .unwrap_or(bare);
        let mut letters = bare.chars();
        let capital =
            letters.next().is_some_and(char::is_uppercase) && letters.all(char::is_lowercase);
        if capital && !begins && bare.chars().count() > 2 {
            out.push(bare);
        }
        begins = word.ends_with(['.', '!', '?', ':']);
    }
    out
}

/// Whether the dialogue contains the name, as a word or as the beginning of one (plurals, German cases).
fn held(name: &str, dialogue: &HashSet<String>) -> bool {
    let name = name.to_lowercase();
    dialogue.contains(&name)
        || dialogue.iter().any(|word| {
            word.starts_with(&name) || (word.len() > 3 && name.starts_with(word.as_str()))
        })
}

#[cfg(test)]
mod tests {
    use super::*;
    use contract::{Origin, Split};

    fn row(id: i64, dialogue: &str, reference: &str) -> ExampleRow {
        ExampleRow {
            id,
            external_id: id.to_string(),
            split: Split::Train,
            origin: Origin::Imported,
            position: id,
            dialogue: dialogue.to_owned(),
            references: vec![reference.to_owned()],
        }
    }

    fn doubts(rows: &[ExampleRow]) -> Vec<(i64, Doubt, String)> {
        look(rows)
            .into_iter()
            .map(|finding| (finding.example, finding.doubt, finding.detail))
            .collect()
    }

    const VAN: &str = "Mara: The van is booked for nine on Saturday and you bring the tape.\n\
                       Theo: That is fine with me, what about the boxes that you have?";
    const KEY: &str = "Ines: I have lost the key and you are not at home, what now?\n\
                       Paul: The spare one is with the neighbour, that is no problem.";

    #[test]
    fn a_sound_pair_raises_no_doubt() {
        let rows = [
            row(1, VAN, "Theo will bring tape. Mara has a van."),
            row(2, KEY, "Ines lost her key."),
        ];
        assert_eq!(doubts(&rows), []);
    }

    #[test]
    fn copies_are_found_whatever_the_case_and_named_with_the_first() {
        let near = VAN.replace("Saturday", "Sunday");
        let rows = [
            row(1, VAN, "A van."),
            row(2, &VAN.to_uppercase(), "A van."),
            row(3, &near, "A van."),
        ];
        let found: Vec<_> = look(&rows)
            .into_iter()
            .filter(|finding| finding.doubt <= Doubt::NearDuplicate)
            .map(|finding| (finding.example, finding.doubt, finding.other))
            .collect();
        assert_eq!(
            found,
            [
                (2, Doubt::Duplicate, Some(1)),
                (3, Doubt::NearDuplicate, Some(1))
            ]
        );
    }

    #[test]
    fn a_summary_that_invents_copies_or_overruns_is_named() {
        let rows = [
            row(1, KEY, "Ines calls Robert about the key."),
            row(2, VAN, "The van is booked for nine on Saturday."),
            row(
                3,
                "A: Yes, the van.\nB: No.",
                "They talk at length about a van that one of them has.",
            ),
        ];
        assert_eq!(
            doubts(&rows),
            [
                (1, Doubt::UnknownName, "Robert".into()),
                (2, Doubt::CopiedSummary, "100".into()),
                (3, Doubt::LongSummary, "12".into())
            ]
        );
    }

    #[test]
    fn names_are_not_the_words_that_begin_a_sentence() {
        assert_eq!(
            names("Tomorrow Ben's train leaves. Perhaps. It is a TGV to Lyon."),
            ["Ben", "Lyon"]
        );
    }

    #[test]
    fn outlying_lengths_and_monologues_stand_out() {
        let mut rows: Vec<ExampleRow> = (0..12)
            .map(|id| {
                row(
                    id,
                    &format!(
                        "A: number {id} is {}\nB: fine then",
                        "word ".repeat(10 + id as usize)
                    ),
                    "Fine.",
                )
            })
            .collect();
        rows.push(row(
            20,
            &format!("A: {}\nB: so be it", "talk ".repeat(400)),
            "A talk.",
        ));
        rows.push(row(
            21,
            "A: nobody answers this one, whoever has been asked about it",
            "Alone.",
        ));
        let found: Vec<_> = doubts(&rows)
            .into_iter()
            .map(|(id, doubt, _)| (id, doubt))
            .collect();
        assert_eq!(found, [(20, Doubt::VeryLong), (21, Doubt::VeryShort)]);
    }

    #[test]
    fn another_language_than_most_is_told() {
        let german = "Anna: Ich habe der Frau und dem Kind das Buch mit der Post geschickt.\nBen: Das ist nicht schlecht.";
        let rows = [
            row(1, VAN, "A van."),
            row(2, KEY, "A key."),
            row(3, german, "Ein Buch."),
        ];
        assert_eq!(doubts(&rows), [(3, Doubt::OtherLanguage, "de".into())]);
    }

    #[test]
    fn there_is_nothing_to_learn_from_monologues_or_empty_summaries() {
        let sound = row(1, VAN, "Theo will bring tape.");
        let alone = row(2, "It was a long day and nobody came.", "A long day.");
        let empty = row(3, VAN, " - ");
        let long = row(
            4,
            "A: Yes.\nB: No.",
            "They talk at length about what one of them has.",
        );
        let waiting = ExampleRow {
            references: Vec::new(),
            ..alone.clone()
        };
        let many = |row: &ExampleRow, n: usize| vec![row.clone(); n];
        let found = |parts: &[Vec<ExampleRow>]| nothing_to_learn(&parts.concat());
        assert_eq!(found(&[]), None);
        assert_eq!(found(&[many(&sound, 1), many(&alone, 9)]), None);
        assert_eq!(
            found(&[many(&sound, 1), many(&alone, 10)]),
            Some(Lack::Speakers {
                dialogues: 11,
                several: 1
            })
        );
        assert_eq!(
            found(&[many(&sound, 2), many(&empty, 1), many(&long, 1)]),
            None
        );
        assert_eq!(
            found(&[many(&sound, 2), many(&empty, 1), many(&long, 2)]),
            Some(Lack::Summaries {
                dialogues: 5,
                empty: 1,
                long: 2
            })
        );
        assert_eq!(found(&[many(&sound, 1), many(&waiting, 50)]), None);
    }

    #[test]
    fn a_language_is_told_of_short_dialogues_together() {
        let short = ["Anna: Ich bin nicht da.", "Ben: Das ist gut."];
        assert_eq!(
            other_than_english(short.into_iter()),
            Some((Language::German, 2))
        );
        assert_eq!(other_than_english([VAN, KEY, short[0]].into_iter()), None);
        assert_eq!(other_than_english(["A: Ok."].into_iter()), None);
    }
}
