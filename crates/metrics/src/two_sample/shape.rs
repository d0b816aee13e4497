//! A conversation in sixteen figures, and its 3-grams in 256 bins: what the two-sample test looks at.

use crate::copy::tokenize;
use crate::text::python_words;
use crate::turn::Turn;
use std::collections::HashMap;
use std::collections::HashSet;

/// Names of the figures, in the order of [`shape`].
pub const NAMES: [&str; 16] = [
    "log_turns",
    "log_words",
    "words_per_turn",
    "sd_words_per_turn",
    "speakers",
    "largest_speaker_share",
    "alternation",
    "distinct1_of_100",
    "distinct2",
    "token_length",
    "question_turns",
    "exclamation_turns",
    "full_stop_turns",
    "commas",
    "digits",
    "capitals",
];

/// Bins of the hashed 3-grams.
pub const BINS: usize = 256;

/// Number of tokens at the beginning whose variety is one of the figures.
const BEGINNING: usize = 100;

/// The figures of a conversation: logarithms of its turns and of 1 + its words; words per turn and their standard
/// deviation; number of speakers, the largest share of turns of one speaker, and how often the speaker
/// changes; distinct tokens among the
/// first hundred, distinct bigrams, mean token length; turns that end with `?`, `!` and `.`; `,;:` and digits per
/// character; words that begin with a capital. Any quotient with a zero divisor is 0.
pub fn shape(turns: &[Turn<'_>]) -> [f64; 16] {
    let texts: Vec<&str> = turns.iter().map(|turn| turn.text).collect();
    let words_of_turns: Vec<usize> = texts
        .iter()
        .map(|text| python_words(text).count())
        .collect();
    let words: usize = words_of_turns.iter().sum();
    let (words_per_turn, sd_words_per_turn) = mean_and_sd(&words_of_turns);
    let speakers = turns_by_speaker(turns);
    let changes = turns
        .windows(2)
        .filter(|pair| pair[0].speaker != pair[1].speaker);
    let tokens = tokenize(&texts.join(" "));
    let beginning = &tokens[..tokens.len().min(BEGINNING)];
    let ends_with = |mark| {
        let ends = |text: &&&str| {
            text.trim_end_matches(crate::text::is_python_space)
                .ends_with(mark)
        };
        share(texts.iter().filter(ends).count(), turns.len())
    };
    let characters = || {
        texts
            .iter()
            .flat_map(|text| text.chars())
            .filter(|c| !crate::text::is_python_space(*c))
    };
    let characters_that = |is_counted: fn(char) -> bool| {
        share(
            characters().filter(|c| is_counted(*c)).count(),
            characters().count(),
        )
    };
    let capitals = texts
        .iter()
        .flat_map(|text| python_words(text))
        .filter(|word| word.chars().next().is_some_and(char::is_uppercase));
    [
        (turns.len().max(1) as f64).ln(),
        (1.0 + words as f64).ln(),
        words_per_turn,
        sd_words_per_turn,
        speakers.len() as f64,
        share(speakers.values().copied().max().unwrap_or(0), turns.len()),
        share(changes.count(), turns.len().saturating_sub(1)),
        share(
            beginning.iter().collect::<HashSet<_>>().len(),
            beginning.len(),
        ),
        share(
            tokens.windows(2).collect::<HashSet<_>>().len(),
            tokens.len().saturating_sub(1),
        ),
        share(
            tokens.iter().map(|token| token.chars().count()).sum(),
            tokens.len(),
        ),
        ends_with('?'),
        ends_with('!'),
        ends_with('.'),
        characters_that(|c| matches!(c, ',' | ';' | ':')),
        characters_that(|c| c.is_ascii_digit()),
        share(capitals.count(), words),
    ]
}

fn share(part: usize, whole: usize) -> f64 {
    part as f64 / whole.max(1) as f64
}

fn mean_and_sd(counts: &[usize]) -> (f64, f64) {
    let n = counts.len().max(1) as f64;
    let mean = counts.iter().sum::<usize>() as f64 / n;
    let squares: f64 = counts
        .iter()
        .map(|count| (*count as f64 - mean).powi(2))
        .sum();
    (mean, (squares / n).sqrt())
}

fn turns_by_speaker<'a>(turns: &[Turn<'a>]) -> HashMap<&'a str, usize> {
    let mut counts = HashMap::new();
    for turn in turns {
        *counts.entry(turn.speaker).or_default() += 1;
    }
    counts
}

/// Windows of three characters of the lower-cased text, hashed by FNV-1a (64 bits) into [`BINS`] bins: `ln(1 + count)`,
/// scaled to unit length. Speakers are left out.
pub fn trigram_bins(turns: &[Turn<'_>]) -> Vec<f64> {
    let texts: Vec<&str> = turns.iter().map(|turn| turn.text).collect();
    let characters: Vec<char> = texts.join("\n").to_lowercase().chars().collect();
    let mut bins = vec![0.0_f64; BINS];
    for window in characters.windows(3) {
        let gram: String = window.iter().collect();
        bins[(fnv_1a(gram.as_bytes()) % BINS as u64) as usize] += 1.0;
    }
    bins.iter_mut().for_each(|bin| *bin = bin.ln_1p());
    let length = bins.iter().map(|bin| bin * bin).sum::<f64>().sqrt();
    if length > 0.0 {
        bins.iter_mut().for_each(|bin| *bin /= length);
    }
    bins
}

/// Fowler, Noll and Vo's hash 1a with 64 bits (RFC 9923).
fn fnv_1a(bytes: &[u8]) -> u64 {
    bytes.iter().fold(0xcbf2_9ce4_8422_2325, |hash, byte| {
        (hash ^ u64::from(*byte)).wrapping_mul(0x0000_0100_0000_01b3)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn figures_by_hand() {
        let turns = [
            Turn {
                speaker: "Ann",
                text: "Is it 5?",
            },
            Turn {
                speaker: "Bo",
                text: "Yes, it is. ",
            },
            Turn {
                speaker: "Bo",
                text: "",
            },
        ];
        let found = shape(&turns);
        let expected = [
            3.0_f64.ln(),
            7.0_f64.ln(),
            2.0,
            2.0_f64.sqrt(),
            2.0,
            2.0 / 3.0,
            0.5,
            4.0 / 6.0,
            1.0,
            12.0 / 6.0,
            1.0 / 3.0,
            0.0,
            1.0 / 3.0,
            1.0 / 15.0,
            1.0 / 15.0,
            2.0 / 6.0,
        ];
        for ((name, found), expected) in NAMES.iter().zip(found).zip(expected) {
            assert!(
                (found - expected).abs() < 1e-12,
                "{name}: {found}, expected {expected}"
            );
        }
        assert!(shape(&[]).iter().all(|figure| *figure == 0.0));
    }

    #[test]
    fn published_hashes() {
        // The test vectors of Noll's page: "" and "foobar".
        assert_eq!(fnv_1a(b""), 0xcbf2_9ce4_8422_2325);
        assert_eq!(fnv_1a(b"foobar"), 0x8594_4171_f739_67e8);
        let bins = trigram_bins(&[Turn {
            speaker: "A",
            text: "aaaa",
        }]);
        assert_eq!(bins.iter().filter(|bin| **bin == 1.0).count(), 1);
        assert!(trigram_bins(&[]).iter().all(|bin| *bin == 0.0));
    }
}
