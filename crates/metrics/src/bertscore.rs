//! BERTScore from the states of a measuring model, with the same results as the Python package `bert-score` 0.3.13.
//!
//! Zhang et al., "BERTScore: evaluating text generation with BERT" (ICLR 2020). States are scaled to unit length, so
//! similarity is a dot product. Every token of one text is matched with its most similar token of the other, border
//! tokens included; a negative best similarity counts as 0. With token weights w:
//! `P = sum w(c) max_r sim(c, r) / sum w(c)`, R likewise over the reference, `F = 2 P R / (P + R)`.
//!
//! Weights are 1, or with idf `ln((N + 1) / (df + 1))` over the N test references; border tokens weigh 0 either way. Which
//! layer's states are compared, and the baselines for rescaling, come from the package's own tables. The states come
//! from the encoder in the crate `lm`.

use crate::metric::{Level, Metric, Need, Unit};
use std::collections::{HashMap, HashSet};

/// F of BERTScore.
pub const BERTSCORE_F: Metric = Metric {
    name: "bertscore_f",
    label: "BERTScore",
    higher_is_better: Some(true),
    range: (-1.0, 1.0),
    unit: Unit::Points,
    level: Level::Item,
    needs: &[Need::References, Need::Encoder],
    source: "bert-score 0.3.13 (Zhang et al., 2020), F of the best reference; the label names model and layer",
};
/// Precision of BERTScore.
pub const BERTSCORE_P: Metric = Metric {
    name: "bertscore_p",
    label: "BERTScore precision",
    ..BERTSCORE_F
};
/// Recall of BERTScore.
pub const BERTSCORE_R: Metric = Metric {
    name: "bertscore_r",
    label: "BERTScore recall",
    ..BERTSCORE_F
};

/// Layers whose states bert-score compares, by the model's name without its owner.
const LAYERS: [(&str, usize); 10] = [
    ("bert-base-uncased", 9),
    ("bert-large-uncased", 18),
    ("bert-base-multilingual-cased", 9),
    ("roberta-base", 10),
    ("roberta-large", 17),
    ("roberta-large-mnli", 19),
    ("xlm-roberta-base", 9),
    ("xlm-roberta-large", 17),
    ("distilbert-base-uncased", 5),
    ("distilroberta-base", 5),
];

/// Baselines of bert-score for English, by model name, at the layer in [`LAYERS`].
const BASELINES: [(&str, BertScore); 4] = [
    ("roberta-large", line(0.83150584, 0.8314941, 0.83122575)),
    ("roberta-base", line(0.8146725, 0.8146619, 0.814463)),
    (
        "bert-base-multilingual-cased",
        line(0.6320527, 0.6320019, 0.63146895),
    ),
    ("xlm-roberta-large", line(0.85291016, 0.8529066, 0.8525485)),
];

const fn line(precision: f64, recall: f64, f1: f64) -> BertScore {
    BertScore {
        precision,
        recall,
        f1,
    }
}

/// The layer that bert-score compares for a model, named with or without its owner; `None` if the package has no choice
/// for it, in which case the last layer is taken.
pub fn layer_of(model: &str) -> Option<usize> {
    by_name(&LAYERS, model)
}

/// The baseline from which bert-score rescales the scores of a model; `None` if it has none.
pub fn baseline_of(model: &str) -> Option<BertScore> {
    by_name(&BASELINES, model)
}

fn by_name<T: Copy>(table: &[(&str, T)], model: &str) -> Option<T> {
    let name = model.rsplit('/').next()?;
    let known = table.iter().find(|(known, _)| *known == name);
    known.map(|(_, value)| *value)
}

/// Precision, recall and F of one pair.
#[derive(Debug, Clone, Copy, PartialEq, Default)]
pub struct BertScore {
    /// How well the reference covers the prediction's tokens.
    pub precision: f64,
    /// How well the prediction covers the reference's tokens.
    pub recall: f64,
    /// Harmonic mean; 0 if both are 0.
    pub f1: f64,
}

impl BertScore {
    /// The scores rescaled from a baseline: `(x - b) / (1 - b)`, each with its own b.
    pub fn rescaled(&self, baseline: &Self) -> Self {
        let rescale = |x: f64, b: f64| (x - b) / (1.0 - b);
        Self {
            precision: rescale(self.precision, baseline.precision),
            recall: rescale(self.recall, baseline.recall),
            f1: rescale(self.f1, baseline.f1),
        }
    }
}

/// A text as tokens with states of unit length.
#[derive(Debug, Clone, PartialEq)]
pub struct Encoded {
    ids: Vec<u32>,
    width: usize,
    states: Vec<f32>,
}

impl Encoded {
    /// Makes a text from tokens and their states, row by row; `None` unless each token has one state of the same width.
    pub fn new(ids: Vec<u32>, mut states: Vec<f32>) -> Option<Self> {
        let width = states.len().checked_div(ids.len())?;
        if width == 0 || width * ids.len() != states.len() {
            return None;
        }
        for state in states.chunks_mut(width) {
            let length = state
                .iter()
                .map(|x| f64::from(*x).powi(2))
                .sum::<f64>()
                .sqrt();
            if length > 0.0 {
                state
                    .iter_mut()
                    .for_each(|x| *x = (f64::from(*x) / length) as f32);
            }
        }
        Some(Self { ids, width, states })
    }

    /// The tokens.
    pub fn ids(&self) -> &[u32] {
        &self.ids
    }

    fn rows(&self) -> impl Iterator<Item = &[f32]> {
        self.states.chunks(self.width)
    }
}

/// How much a token counts.
#[derive(Debug, Clone)]
pub struct Weights {
    /// Token ids that begin and end a text, with weight 0.
    borders: Vec<u32>,
    /// Weights by how rare a token is; if `None`, every token counts 1.
    idf: Option<Idf>,
}

#[derive(Debug, Clone)]
struct Idf {
    references: usize,
    with_token: HashMap<u32, usize>,
}

impl Weights {
    /// Every token counts 1, border tokens 0.
    pub fn even(borders: &[u32]) -> Self {
        Self {
            borders: borders.to_vec(),
            idf: None,
        }
    }

    /// Tokens weigh more the fewer references contain them.
    pub fn idf(borders: &[u32], references: &[Vec<u32>]) -> Self {
        let mut with_token = HashMap::new();
        for reference in references {
            for id in reference.iter().collect::<HashSet<_>>() {
                *with_token.entry(*id).or_default() += 1;
            }
        }
        Self {
            borders: borders.to_vec(),
            idf: Some(Idf {
                references: references.len(),
                with_token,
            }),
        }
    }

    /// The weight of a token.
    pub fn of(&self, id: u32) -> f64 {
        match &self.idf {
            _ if self.borders.contains(&id) => 0.0,
            None => 1.0,
            Some(Idf {
                references,
                with_token,
            }) => {
                let df = with_token.get(&id).copied().unwrap_or(0);
                ((references + 1) as f64 / (df + 1) as f64).ln()
            }
        }
    }
}

/// Scores a prediction against one reference; all 0 if either has nothing but border tokens.
pub fn score(prediction: &Encoded, reference: &Encoded, weights: &Weights) -> BertScore {
    let precision = covered(prediction, reference, weights);
    let recall = covered(reference, prediction, weights);
    let (Some(precision), Some(recall)) = (precision, recall) else {
        return BertScore::default();
    };
    let sum = precision + recall;
    let f1 = if sum > 0.0 {
        2.0 * precision * recall / sum
    } else {
        0.0
    };
    BertScore {
        precision,
        recall,
        f1,
    }
}

/// Scores a prediction against the reference with the best F, the first on ties; `None` without references.
pub fn best(prediction: &Encoded, references: &[Encoded], weights: &Weights) -> Option<BertScore> {
    let scores = references
        .iter()
        .map(|reference| score(prediction, reference, weights));
    scores.reduce(|best, next| if next.f1 > best.f1 { next } else { best })
}

/// Weighted mean over the tokens of `text` of the best similarity in `other`; `None` if no token of either counts.
fn covered(text: &Encoded, other: &Encoded, weights: &Weights) -> Option<f64> {
    let is_border = |id: &u32| weights.borders.contains(id);
    if other.ids.iter().all(is_border) || text.width != other.width {
        return None;
    }
    let (mut sum, mut total) = (0.0, 0.0);
    for (id, state) in text.ids.iter().zip(text.rows()) {
        let weight = weights.of(*id);
        if weight > 0.0 {
            let similarities = other.rows().map(|row| dot(state, row));
            sum += weight * f64::from(similarities.fold(0.0, f32::max));
            total += weight;
        }
    }
    (total > 0.0).then(|| sum / total)
}

fn dot(a: &[f32], b: &[f32]) -> f32 {
    a.iter().zip(b).map(|(x, y)| x * y).sum()
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    const BORDERS: [u32; 2] = [0, 1];

    fn encoded(tokens: &[(u32, [f32; 2])]) -> Encoded {
        let ids = tokens.iter().map(|(id, _)| *id).collect();
        let states = tokens.iter().flat_map(|(_, state)| *state).collect();
        Encoded::new(ids, states).unwrap()
    }

    #[test]
    fn by_hand() {
        let prediction = encoded(&[(0, [1.0, 0.0]), (5, [3.0, 4.0]), (1, [1.0, 0.0])]);
        let reference = encoded(&[
            (0, [-1.0, 0.0]),
            (5, [0.0, 2.0]),
            (6, [0.0, -1.0]),
            (1, [-1.0, 0.0]),
        ]);
        let even = score(&prediction, &reference, &Weights::even(&BORDERS));
        // 5 is matched with 5 at 0.8; 6 is most similar to a border token, at 0.
        assert!(
            (even.precision - 0.8).abs() < 1e-6 && (even.recall - 0.4).abs() < 1e-6,
            "{even:?}"
        );
        // 5 is in both references, 6 in one: weights 0 and ln(3/2).
        let weights = Weights::idf(&BORDERS, &[vec![0, 5, 6, 1], vec![0, 5, 5, 1]]);
        assert_eq!(weights.of(5), 0.0);
        assert!(
            (weights.of(6) - 1.5_f64.ln()).abs() < 1e-12
                && (weights.of(9) - 3.0_f64.ln()).abs() < 1e-12
        );
        assert_eq!(
            score(&prediction, &reference, &weights),
            BertScore::default()
        );
    }

    #[test]
    fn an_empty_text_scores_nothing() {
        let (empty, text) = (
            encoded(&[(0, [1.0, 0.0]), (1, [1.0, 0.0])]),
            encoded(&[(0, [1.0, 0.0]), (7, [1.0, 0.0])]),
        );
        let weights = Weights::even(&BORDERS);
        assert_eq!(score(&empty, &text, &weights), BertScore::default());
        assert_eq!(score(&text, &empty, &weights), BertScore::default());
        assert_eq!(best(&text, &[], &weights), None);
        assert_eq!(
            best(&text, &[empty, text.clone()], &weights).unwrap().f1,
            1.0
        );
        assert_eq!(Encoded::new(vec![1, 2], vec![1.0; 3]), None);
        assert_eq!(Encoded::new(vec![], vec![]), None);
    }

    #[test]
    fn tables_know_names_with_and_without_owner() {
        assert_eq!(layer_of("FacebookAI/roberta-large"), Some(17));
        assert_eq!(layer_of("distilbert-base-uncased"), Some(5));
        assert_eq!(layer_of("some/other-model"), None);
        let baseline = baseline_of("roberta-base").unwrap();
        assert_eq!(baseline.rescaled(&baseline), BertScore::default());
        assert_eq!(baseline_of("roberta-large-mnli"), None);
    }

    proptest! {
        #[test]
        fn swapping_texts_swaps_precision_and_recall(
            a in prop::collection::vec((2_u32..9, prop::array::uniform2(-1.0..1.0_f32)), 1..8),
            b in prop::collection::vec((2_u32..9, prop::array::uniform2(-1.0..1.0_f32)), 1..8),
        ) {
            let (a, b) = (encoded(&a), encoded(&b));
            let weights = Weights::even(&BORDERS);
            let (forth, back) = (score(&a, &b, &weights), score(&b, &a, &weights));
            prop_assert_eq!((forth.precision, forth.recall), (back.recall, back.precision));
            prop_assert!((0.0..=1.0 + 1e-6).contains(&forth.f1));
            prop_assert!((score(&a, &a, &weights).f1 - 1.0).abs() < 1e-5);
        }
    }
}
