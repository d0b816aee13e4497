//! Have the made-up conversations of a round become alike? Figures of equally many texts of the round, of the first round
//! and of the shots: self-BLEU grows with the number of texts, so sets of different sizes say nothing about each other.

use metrics::copy::tokenize;
use metrics::diversity::{distinct_n, self_bleu};
use metrics::turn::Turn;
use metrics::two_sample::shape::shape;
use metrics::two_sample::{FOLDS, LAMBDA_SHAPE, Sample, cross_validate, stratified_folds};

use crate::dialogue::Dialogue;

/// Orders of n-grams in the likeness to each other.
const BLEU_ORDERS: usize = 4;

/// Three sets of conversations with the same number of texts.
#[derive(Clone, Copy, Debug)]
pub struct TextSets<'a> {
    /// Texts of the round.
    pub now: &'a [&'a str],
    /// Texts of the first round.
    pub first: &'a [&'a str],
    /// Real ones.
    pub shots: &'a [&'a str],
}

/// How varied a set of conversations is.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Variety {
    /// Different pairs of words as a share of all.
    pub distinct2: Option<f64>,
    /// Mean BLEU-4 of a text against the others.
    pub self_bleu4: Option<f64>,
}

/// What the three sets tell.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct TextFigures {
    /// Variety of the round.
    pub now: Variety,
    /// Variety of the first round.
    pub first: Variety,
    /// Variety of the real ones.
    pub shots: Variety,
    /// How well a classifier tells the round's from the real ones; `None` where there are too few for its folds.
    pub two_sample_auc: Option<f64>,
}

impl Variety {
    fn of(texts: &[&str]) -> Self {
        let tokens: Vec<Vec<String>> = texts.iter().map(|text| tokenize(text)).collect();
        Self {
            distinct2: distinct_n(&tokens, 2),
            self_bleu4: self_bleu(&tokens, BLEU_ORDERS),
        }
    }

    /// Its share of different pairs, divided by that of another set.
    pub fn distinct2_ratio(self, other: Self) -> Option<f64> {
        let (ours, theirs) = self.distinct2.zip(other.distinct2)?;
        (theirs > 0.0).then(|| ours / theirs)
    }

    /// Its likeness, less that of another set.
    pub fn self_bleu4_rise(self, other: Self) -> Option<f64> {
        let (ours, theirs) = self.self_bleu4.zip(other.self_bleu4)?;
        Some(ours - theirs)
    }
}

/// Compares the sets; `seed` deals the classifier's folds.
pub fn compared(sets: TextSets<'_>, seed: u64) -> TextFigures {
    TextFigures {
        now: Variety::of(sets.now),
        first: Variety::of(sets.first),
        shots: Variety::of(sets.shots),
        two_sample_auc: auc(sets, seed),
    }
}

fn auc(TextSets { now, shots, .. }: TextSets<'_>, seed: u64) -> Option<f64> {
    if now.len().min(shots.len()) < 2 * FOLDS {
        return None;
    }
    let row = |text: &&str| {
        let dialogue = Dialogue::parse(text);
        let turns: Vec<Turn<'_>> = dialogue
            .turns
            .iter()
            .map(|turn| Turn {
                speaker: turn.speaker.as_deref().unwrap_or_default(),
                text: &turn.text,
            })
            .collect();
        shape(&turns).to_vec()
    };
    let rows: Vec<Vec<f64>> = shots.iter().chain(now).map(row).collect();
    let labels: Vec<bool> = (0..rows.len()).map(|place| place >= shots.len()).collect();
    let folds = stratified_folds(&labels, seed);
    let sample = Sample {
        rows: &rows,
        labels: &labels,
        folds: &folds,
    };
    Some(cross_validate(sample, LAMBDA_SHAPE)?.auc)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_repeats_itself_is_less_varied() {
        let talk = |n: usize| format!("Ann: Shall we meet at {n}?\nBo: At {n} it is, by gate {n}.");
        let varied: Vec<String> = (1..=12).map(talk).collect();
        let varied: Vec<&str> = varied.iter().map(String::as_str).collect();
        let alike = vec![varied[0]; 12];
        let sets = TextSets {
            now: &alike,
            first: &varied,
            shots: &varied,
        };
        let found = compared(sets, 1);
        assert!(found.now.distinct2_ratio(found.first).unwrap() < 0.8);
        assert!(found.now.self_bleu4_rise(found.first).unwrap() > 0.1);
        assert_eq!(found.shots, found.first);
        let same = TextSets {
            now: &varied,
            ..sets
        };
        let same = compared(same, 1);
        assert_eq!(same.now.distinct2_ratio(same.first), Some(1.0));
        assert!(same.two_sample_auc.unwrap() < 0.8, "{same:?}");
        let few = TextSets {
            now: &varied[..3],
            first: &varied[..3],
            shots: &varied[..3],
        };
        assert_eq!(compared(few, 1).two_sample_auc, None);
    }
}
