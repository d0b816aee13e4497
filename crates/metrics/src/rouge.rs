//! ROUGE-1, ROUGE-2, ROUGE-L and ROUGE-Lsum, with the same results as the Python package `rouge-score` 0.1.2.
//!
//! C.-Y. Lin, "ROUGE: a package for automatic evaluation of summaries", 2004. With `n` matches,
//! `precision = n / predicted`, `recall = n / reference`, `fmeasure = 2 P R / (P + R)` (0 if both are 0):
//! - ROUGE-n: n-grams, counts clipped to the smaller side;
//! - ROUGE-L: the longest common subsequence of the full token lists ("sentence level");
//! - ROUGE-Lsum: texts are split at line feeds. Each reference line is matched by the union of its longest common
//!   subsequences with all predicted lines, and a token matches at most as often as each text contains it.
//!
//! Tokens are runs of `[a-z0-9]` in the lower-cased text. Other scripts yield no tokens, so their scores are
//! meaningless. `py-rouge` and ROUGE-1.5.5 with sentence splitting give different ROUGE-L values, which are not
//! comparable.

use crate::metric::{Level, Metric, Need, Unit};
use crate::stemmer;
use std::collections::{BTreeSet, HashMap};
use std::hash::Hash;

const SOURCE: &str = "rouge-score 0.1.2 (Lin, 2004), F-measure, Porter stemming";
const PLAIN: &str = "rouge-score 0.1.2 (Lin, 2004), F-measure, without stemming";

/// ROUGE-1 (shared unigrams), F-measure.
pub const ROUGE_1: Metric = Metric {
    name: "rouge1",
    label: "ROUGE-1",
    higher_is_better: Some(true),
    range: (0.0, 1.0),
    unit: Unit::Points,
    level: Level::Item,
    needs: &[Need::References],
    source: SOURCE,
};
/// ROUGE-2 (shared bigrams), F-measure.
pub const ROUGE_2: Metric = Metric {
    name: "rouge2",
    label: "ROUGE-2",
    ..ROUGE_1
};
/// ROUGE-L over the whole text, F-measure.
pub const ROUGE_L: Metric = Metric {
    name: "rougeL",
    label: "ROUGE-L",
    ..ROUGE_1
};
/// ROUGE-Lsum over texts split at line feeds, F-measure.
pub const ROUGE_LSUM: Metric = Metric {
    name: "rougeLsum",
    label: "ROUGE-Lsum",
    ..ROUGE_1
};

/// ROUGE-1 of words without stemming, F-measure.
pub const ROUGE_1_PLAIN: Metric = Metric {
    name: "rouge1_plain",
    label: "ROUGE-1 without stemming",
    source: PLAIN,
    ..ROUGE_1
};
/// ROUGE-2 of words without stemming, F-measure.
pub const ROUGE_2_PLAIN: Metric = Metric {
    name: "rouge2_plain",
    label: "ROUGE-2 without stemming",
    source: PLAIN,
    ..ROUGE_1
};
/// ROUGE-L of words without stemming, F-measure.
pub const ROUGE_L_PLAIN: Metric = Metric {
    name: "rougeL_plain",
    label: "ROUGE-L without stemming",
    source: PLAIN,
    ..ROUGE_1
};
/// ROUGE-1, recall.
pub const ROUGE_1_RECALL: Metric = Metric {
    name: "rouge1_recall",
    label: "ROUGE-1 recall",
    source: "rouge-score 0.1.2 (Lin, 2004), recall, Porter stemming",
    ..ROUGE_1
};
/// ROUGE-1, precision.
pub const ROUGE_1_PRECISION: Metric = Metric {
    name: "rouge1_precision",
    label: "ROUGE-1 precision",
    source: "rouge-score 0.1.2 (Lin, 2004), precision, Porter stemming",
    ..ROUGE_1
};

/// How texts become tokens. Scores with different options cannot be compared.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct RougeOptions {
    /// Whether tokens of more than three characters are Porter-stemmed (`use_stemmer` of rouge-score).
    pub stemmer: bool,
}

impl Default for RougeOptions {
    /// With stemming, as summarization papers report ROUGE.
    fn default() -> Self {
        Self { stemmer: true }
    }
}

/// Precision, recall and F-measure of one ROUGE type, each in 0..=1.
#[derive(Debug, Clone, Copy, PartialEq, Default)]
pub struct RougeScore {
    /// Matches divided by the number of tokens (or n-grams) in the prediction.
    pub precision: f64,
    /// Matches divided by the number of tokens (or n-grams) in the reference.
    pub recall: f64,
    /// Harmonic mean of precision and recall; 0 if both are 0.
    pub fmeasure: f64,
}

impl RougeScore {
    fn from_counts(matches: usize, predicted: usize, reference: usize) -> Self {
        let precision = matches as f64 / predicted.max(1) as f64;
        let recall = matches as f64 / reference.max(1) as f64;
        let sum = precision + recall;
        let fmeasure = if sum > 0.0 {
            2.0 * precision * recall / sum
        } else {
            0.0
        };
        Self {
            precision,
            recall,
            fmeasure,
        }
    }
}

/// The four ROUGE types of one pair of texts, or their mean over many.
#[derive(Debug, Clone, Copy, PartialEq, Default)]
pub struct RougeScores {
    /// ROUGE-1: shared unigrams.
    pub rouge1: RougeScore,
    /// ROUGE-2: shared bigrams.
    pub rouge2: RougeScore,
    /// ROUGE-L: longest common subsequence of the whole texts.
    pub rouge_l: RougeScore,
    /// ROUGE-Lsum: for each line of the reference, the union of its longest common subsequences with predicted lines.
    pub rouge_lsum: RougeScore,
}

impl RougeScores {
    /// The scores by their names in rouge-score and in [`crate::ALL`].
    pub fn named(&self) -> [(&'static str, RougeScore); 4] {
        [
            (ROUGE_1.name, self.rouge1),
            (ROUGE_2.name, self.rouge2),
            (ROUGE_L.name, self.rouge_l),
            (ROUGE_LSUM.name, self.rouge_lsum),
        ]
    }

    fn from_types(types: impl Fn(fn(&Self) -> RougeScore) -> RougeScore) -> Self {
        Self {
            rouge1: types(|scores| scores.rouge1),
            rouge2: types(|scores| scores.rouge2),
            rouge_l: types(|scores| scores.rouge_l),
            rouge_lsum: types(|scores| scores.rouge_lsum),
        }
    }
}

/// Splits a text into tokens: lower-cases it by the full Unicode rules, takes runs of `[a-z0-9]`, and stems them if
/// `options` says so.
pub fn tokenize(text: &str, options: RougeOptions) -> Vec<String> {
    let text = text.to_lowercase();
    let runs = text
        .split(|c: char| !(c.is_ascii_lowercase() || c.is_ascii_digit()))
        .filter(|run| !run.is_empty());
    runs.map(|run| {
        if options.stemmer && run.len() > 3 {
            stemmer::stem(run)
        } else {
            run.to_owned()
        }
    })
    .collect()
}

/// Scores one prediction against one reference with all four ROUGE types.
pub fn score(reference: &str, prediction: &str, options: RougeOptions) -> RougeScores {
    let lines = |text: &str| -> Vec<Vec<String>> {
        text.split('\n')
            .map(|line| tokenize(line, options))
            .filter(|tokens| !tokens.is_empty())
            .collect()
    };
    let (reference_lines, prediction_lines) = (lines(reference), lines(prediction));
    // A line feed separates tokens, so the tokens of a text are those of its lines.
    let (reference, prediction) = (reference_lines.concat(), prediction_lines.concat());
    RougeScores {
        rouge1: rouge_n(&reference, &prediction, 1),
        rouge2: rouge_n(&reference, &prediction, 2),
        rouge_l: rouge_l(&reference, &prediction),
        rouge_lsum: rouge_lsum(&reference_lines, &prediction_lines),
    }
}

/// ROUGE-n of two token lists. `n` = 0 has no n-grams and scores 0.
pub fn rouge_n<T: Hash + Eq>(reference: &[T], prediction: &[T], n: usize) -> RougeScore {
    if n == 0 {
        return RougeScore::default();
    }
    let mut counts: HashMap<&[T], usize> = HashMap::new();
    for gram in reference.windows(n) {
        *counts.entry(gram).or_default() += 1;
    }
    let mut matches = 0;
    for gram in prediction.windows(n) {
        if let Some(count) = counts.get_mut(gram).filter(|count| **count > 0) {
            *count -= 1;
            matches += 1;
        }
    }
    let grams = |tokens: &[T]| (tokens.len() + 1).saturating_sub(n);
    RougeScore::from_counts(matches, grams(prediction), grams(reference))
}

/// ROUGE-L of two token lists.
pub fn rouge_l<T: PartialEq>(reference: &[T], prediction: &[T]) -> RougeScore {
    RougeScore::from_counts(
        lcs_length(reference, prediction),
        prediction.len(),
        reference.len(),
    )
}

/// Length of the longest common subsequence, with one row of the table in memory.
pub fn lcs_length<T: PartialEq>(a: &[T], b: &[T]) -> usize {
    let mut row = vec![0_usize; b.len() + 1];
    for x in a {
        let mut diagonal = 0;
        for (j, y) in b.iter().enumerate() {
            let above = row[j + 1];
            row[j + 1] = if x == y {
                diagonal + 1
            } else {
                above.max(row[j])
            };
            diagonal = above;
        }
    }
    row[b.len()]
}

/// ROUGE-Lsum of two texts given as token lists of their lines.
pub fn rouge_lsum<T: Hash + Eq>(reference: &[Vec<T>], prediction: &[Vec<T>]) -> RougeScore {
    let mut left_in_reference = count_tokens(reference);
    let mut left_in_prediction = count_tokens(prediction);
    let mut matches = 0;
    for line in reference {
        let union: BTreeSet<usize> = prediction
            .iter()
            .flat_map(|other| lcs_indices(line, other))
            .collect();
        for token in union.into_iter().map(|index| &line[index]) {
            let counts = (
                left_in_reference.get_mut(token),
                left_in_prediction.get_mut(token),
            );
            if let (Some(a @ 1..), Some(b @ 1..)) = counts {
                *a -= 1;
                *b -= 1;
                matches += 1;
            }
        }
    }
    let size = |lines: &[Vec<T>]| lines.iter().map(Vec::len).sum();
    RougeScore::from_counts(matches, size(prediction), size(reference))
}

fn count_tokens<T: Hash + Eq>(lines: &[Vec<T>]) -> HashMap<&T, usize> {
    let mut counts = HashMap::new();
    for token in lines.iter().flatten() {
        *counts.entry(token).or_default() += 1;
    }
    counts
}

/// Indices into `reference` of one longest common subsequence. The union depends on which one is chosen, so this goes
/// back through the table as rouge-score does: equal tokens step back in both lists. Unequal tokens step back in the
/// prediction if that is strictly better, and otherwise in the reference.
fn lcs_indices<T: PartialEq>(reference: &[T], prediction: &[T]) -> Vec<usize> {
    let width = prediction.len() + 1;
    let mut table = vec![0_usize; (reference.len() + 1) * width];
    for (i, x) in reference.iter().enumerate() {
        for (j, y) in prediction.iter().enumerate() {
            let cell = (i + 1) * width + j + 1;
            table[cell] = if x == y {
                table[cell - width - 1] + 1
            } else {
                table[cell - width].max(table[cell - 1])
            };
        }
    }
    let (mut i, mut j) = (reference.len(), prediction.len());
    let mut indices = Vec::new();
    while i > 0 && j > 0 {
        if reference[i - 1] == prediction[j - 1] {
            indices.push(i - 1);
            i -= 1;
            j -= 1;
        } else if table[i * width + j - 1] > table[(i - 1) * width + j] {
            j -= 1;
        } else {
            i -= 1;
        }
    }
    indices
}

/// Scores of one prediction against several references, in the order of the references.
pub fn score_each<S: AsRef<str>>(
    references: &[S],
    prediction: &str,
    options: RougeOptions,
) -> Vec<RougeScores> {
    references
        .iter()
        .map(|reference| score(reference.as_ref(), prediction, options))
        .collect()
}

/// Returns, for each type, the arithmetic mean of precision, recall and F-measure over references or items; `None` if
/// `scores` is empty.
pub fn mean(scores: &[RougeScores]) -> Option<RougeScores> {
    let n = scores.len() as f64;
    (!scores.is_empty()).then(|| {
        RougeScores::from_types(|score_of| RougeScore {
            precision: scores
                .iter()
                .map(|scores| score_of(scores).precision)
                .sum::<f64>()
                / n,
            recall: scores
                .iter()
                .map(|scores| score_of(scores).recall)
                .sum::<f64>()
                / n,
            fmeasure: scores
                .iter()
                .map(|scores| score_of(scores).fmeasure)
                .sum::<f64>()
                / n,
        })
    })
}

/// Returns, for each type, the scores of the reference with the best F-measure, or of the first such reference if
/// several are equal (`score_multi` of rouge-score). `None` if `scores` is empty.
pub fn best(scores: &[RougeScores]) -> Option<RougeScores> {
    let first = scores.first()?;
    Some(RougeScores::from_types(|score_of| {
        scores
            .iter()
            .map(score_of)
            .fold(score_of(first), |best, score| {
                if score.fmeasure > best.fmeasure {
                    score
                } else {
                    best
                }
            })
    }))
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    const PLAIN: RougeOptions = RougeOptions { stemmer: false };

    fn close(score: RougeScore, precision: f64, recall: f64, fmeasure: f64) {
        let found = [score.precision, score.recall, score.fmeasure];
        for (found, expected) in found.into_iter().zip([precision, recall, fmeasure]) {
            assert!(
                (found - expected).abs() < 1e-12,
                "{score:?} against {expected}"
            );
        }
    }

    #[test]
    fn example_of_the_package() {
        // The README of rouge-score: rouge1 0.75 / 0.6667 / 0.7059, rougeL 0.625 / 0.5556 / 0.5882.
        let reference = "The quick brown fox jumps over the lazy dog";
        let scores = score(
            reference,
            "The quick brown dog jumps on the log.",
            RougeOptions::default(),
        );
        close(scores.rouge1, 0.75, 6.0 / 9.0, 12.0 / 17.0);
        close(scores.rouge_l, 0.625, 5.0 / 9.0, 10.0 / 17.0);
        close(scores.rouge_lsum, 0.625, 5.0 / 9.0, 10.0 / 17.0);
    }

    #[test]
    fn union_of_the_paper() {
        // Lin (2004), 3.2: w1 w2 w3 w4 w5 against w1 w2 w6 w7 w8 and w1 w3 w8 w9 w5 has the union w1 w2 w3 w5, 4/5.
        let scores = score("w1 w2 w3 w4 w5", "w1 w2 w6 w7 w8\nw1 w3 w8 w9 w5", PLAIN);
        close(scores.rouge_lsum, 0.4, 0.8, 2.0 * 0.4 * 0.8 / 1.2);
        // ROUGE-L compares the whole texts and finds w1 w2 w3 w5 too.
        close(scores.rouge_l, 0.4, 0.8, 2.0 * 0.4 * 0.8 / 1.2);
    }

    #[test]
    fn counts_are_clipped() {
        close(
            score("the cat", "the the the", PLAIN).rouge1,
            1.0 / 3.0,
            0.5,
            0.4,
        );
        close(score("a b a b", "a b", PLAIN).rouge2, 1.0, 1.0 / 3.0, 0.5);
    }

    #[test]
    fn tokens_keep_latin_letters_and_digits_only() {
        assert_eq!(
            tokenize("Na\u{ef}ve #Person1#: it's 5\u{212a}!", PLAIN),
            ["na", "ve", "person1", "it", "s", "5k"]
        );
        assert_eq!(
            tokenize("dogs does running", RougeOptions::default()),
            ["dog", "doe", "run"]
        );
        assert!(tokenize("\u{4f60}\u{597d}, \u{ff11}", PLAIN).is_empty());
    }

    #[test]
    fn empty_texts_score_nothing() {
        for (reference, prediction) in [("", ""), ("a", ""), ("", "a"), ("\n", "...")] {
            assert_eq!(score(reference, prediction, PLAIN), RougeScores::default());
        }
    }

    #[test]
    fn several_references() {
        let scores = score_each(&["a b", "a b c d", "x"], "a b", PLAIN);
        let best = best(&scores).unwrap();
        close(best.rouge1, 1.0, 1.0, 1.0);
        let mean = mean(&scores).unwrap();
        close(mean.rouge1, 2.0 / 3.0, 0.5, (1.0 + 2.0 / 3.0) / 3.0);
        assert_eq!(super::mean(&[]), None);
        assert_eq!(super::best(&[]), None);
    }

    proptest! {
        #[test]
        fn scores_are_in_range(a in "[a-d \\n]{0,40}", b in "\\PC{0,40}|[a-d \\n]{0,40}", stemmer: bool) {
            for (name, score) in score(&a, &b, RougeOptions { stemmer }).named() {
                for value in [score.precision, score.recall, score.fmeasure] {
                    prop_assert!((0.0..=1.0).contains(&value), "{name} {score:?}");
                }
            }
        }

        #[test]
        fn a_text_equals_itself(words in prop::collection::vec("[a-z]{1,8}", 2..20), stemmer: bool) {
            let text = words.join(" ");
            for (name, score) in score(&text, &text, RougeOptions { stemmer }).named() {
                prop_assert_eq!(score.fmeasure, 1.0, "{}", name);
            }
        }

        #[test]
        fn swapping_texts_swaps_precision_and_recall(a in "[a-d ]{0,40}", b in "[a-d ]{0,40}") {
            let (forth, back) = (score(&a, &b, PLAIN), score(&b, &a, PLAIN));
            for (x, y) in [(forth.rouge1, back.rouge1), (forth.rouge2, back.rouge2), (forth.rouge_l, back.rouge_l)] {
                prop_assert_eq!((x.precision, x.recall), (y.recall, y.precision));
            }
        }
    }
}
