//! Best-worst choices: all systems of a dialogue are shown together, and the rater names the best and the worst.
//!
//! B. Orme, "MaxDiff analysis: simple counting" (2009); S. Kiritchenko and S. Mohammad, "Best-worst scaling more reliable
//! than rating scales" (ACL 2017): a system's score is `(times best - times worst) / times shown`, from -1 to 1. A choice
//! gives the mark +1 to the best, -1 to the worst and 0 to the others; intervals and tests take the mean mark of each
//! dialogue over its raters, since choices about one dialogue are not independent.

use crate::student::{self, Ends};
use crate::{flip, interval, significance, text};
use std::collections::BTreeMap;

/// One rater's choice about one dialogue.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Choice {
    /// Number of the dialogue.
    pub dialogue: usize,
    /// The systems in the order shown.
    pub shown: Vec<usize>,
    /// The one named best.
    pub best: usize,
    /// The one named worst.
    pub worst: usize,
}

impl Choice {
    fn mark(&self, system: usize) -> f64 {
        f64::from(u8::from(self.best == system)) - f64::from(u8::from(self.worst == system))
    }
}

/// How often a system was shown and named.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Tally {
    /// Times shown.
    pub shown: usize,
    /// Times named best.
    pub best: usize,
    /// Times named worst.
    pub worst: usize,
}

impl Tally {
    /// `(best - worst) / shown`; `None` for a system that was never shown.
    pub fn score(self) -> Option<f64> {
        let net = self.best as f64 - self.worst as f64;
        (self.shown > 0).then(|| net / self.shown as f64)
    }
}

/// Counts how often a system was shown, named best and named worst.
pub fn tally(choices: &[Choice], system: usize) -> Tally {
    let shown = choices
        .iter()
        .filter(|choice| choice.shown.contains(&system));
    shown.fold(Tally::default(), |tally, choice| Tally {
        shown: tally.shown + 1,
        best: tally.best + usize::from(choice.best == system),
        worst: tally.worst + usize::from(choice.worst == system),
    })
}

/// How often the summary at each place was named best: about equally often if the order makes no difference.
pub fn best_by_place(choices: &[Choice]) -> Vec<usize> {
    let most = choices.iter().map(|choice| choice.shown.len()).max();
    let mut counts = vec![0; most.unwrap_or(0)];
    for choice in choices {
        let place = choice.shown.iter().position(|shown| *shown == choice.best);
        if let Some(count) = place.and_then(|place| counts.get_mut(place)) {
            *count += 1;
        }
    }
    counts
}

/// A mean over dialogues with Student's interval and the percentile bootstrap's.
#[derive(Debug, Clone, PartialEq)]
pub struct Mean {
    /// The mean over dialogues.
    pub mean: f64,
    /// Student's 95 % interval; `None` for a single dialogue.
    pub ci95: Option<Ends>,
    /// The percentile bootstrap's; `None` without resamples.
    pub ci95_percentile: Option<Ends>,
    /// Number of dialogues.
    pub dialogues: usize,
}

/// The mean mark of each dialogue, by ascending number; `mark` gives that of a choice, `None` if it does not apply.
fn by_dialogue(choices: &[Choice], mark: impl Fn(&Choice) -> Option<f64>) -> Vec<f64> {
    let mut marks: BTreeMap<usize, Vec<f64>> = BTreeMap::new();
    for choice in choices {
        marks
            .entry(choice.dialogue)
            .or_default()
            .extend(mark(choice));
    }
    marks.values().filter_map(|row| text::mean(row)).collect()
}

fn mean_of(
    values: &[f64],
    resamples: usize,
    index: &impl Fn(usize, usize) -> usize,
) -> Option<Mean> {
    let drawn = interval::resampled_means(values, resamples, index);
    Some(Mean {
        mean: text::mean(values)?,
        ci95: student::mean_interval(values, 0.95),
        ci95_percentile: interval::percentiles_95(&drawn),
        dialogues: values.len(),
    })
}

/// Mean mark of a system over dialogues; `index(b, i)` names the dialogue at place `i` of resample `b`, counted over the
/// dialogues with a choice. `None` without choices.
pub fn mean_mark(
    choices: &[Choice],
    system: usize,
    resamples: usize,
    index: impl Fn(usize, usize) -> usize,
) -> Option<Mean> {
    let mark = |choice: &Choice| Some(choice.mark(system));
    mean_of(&by_dialogue(choices, mark), resamples, &index)
}

/// The comparison of two systems by their marks.
#[derive(Debug, Clone, PartialEq)]
pub struct Pair {
    /// First system.
    pub a: usize,
    /// Second system.
    pub b: usize,
    /// Mean over dialogues of the first one's mark minus the second one's.
    pub difference: Mean,
    /// Exact two-sided p-value over all flips of the dialogues.
    pub p: f64,
    /// The same, adjusted for all pairs (Holm).
    pub p_holm: f64,
}

/// Compares every pair of `systems` systems; empty without choices. `seed` is used only if a p-value must be drawn.
pub fn pairs(
    choices: &[Choice],
    systems: usize,
    resamples: usize,
    index: impl Fn(usize, usize) -> usize,
    seed: u64,
) -> Vec<Pair> {
    let every = (0..systems).flat_map(|a| (a + 1..systems).map(move |b| (a, b)));
    let compare = |(a, b): (usize, usize)| {
        let mark = |choice: &Choice| Some(choice.mark(a) - choice.mark(b));
        let differences = by_dialogue(choices, mark);
        let difference = mean_of(&differences, resamples, &index)?;
        let p = flip::p_two_sided(&differences, seed)?;
        Some(Pair {
            a,
            b,
            difference,
            p,
            p_holm: p,
        })
    };
    let mut pairs: Vec<Pair> = every.filter_map(compare).collect();
    let adjusted = significance::holm(&pairs.iter().map(|pair| pair.p).collect::<Vec<_>>());
    for (pair, p_holm) in pairs.iter_mut().zip(adjusted) {
        pair.p_holm = p_holm;
    }
    pairs
}

#[cfg(test)]
mod tests {
    use super::*;

    fn choice(dialogue: usize, shown: [usize; 3], best: usize, worst: usize) -> Choice {
        Choice {
            dialogue,
            shown: shown.to_vec(),
            best,
            worst,
        }
    }

    #[test]
    fn counts_by_hand() {
        let choices = [
            choice(4, [0, 1, 2], 0, 2),
            choice(4, [2, 1, 0], 0, 1),
            choice(9, [1, 0, 2], 1, 2),
        ];
        let found = tally(&choices, 0);
        assert_eq!((found.shown, found.best, found.worst), (3, 2, 0));
        assert_eq!(found.score(), Some(2.0 / 3.0));
        assert_eq!(Tally::default().score(), None);
        assert_eq!(best_by_place(&choices), [2, 0, 1]);
        // Dialogue 4 gives system 0 the mean mark 1, dialogue 9 gives 0.
        let mean = mean_mark(&choices, 0, 0, |_, i| i).unwrap();
        assert_eq!(
            (mean.mean, mean.dialogues, mean.ci95_percentile),
            (0.5, 2, None)
        );
        let pairs = pairs(&choices, 3, 20, |b, i| (b + i) % 2, 1);
        assert_eq!((pairs.len(), pairs[1].a, pairs[1].b), (3, 0, 2));
        // Differences 1.5 and 1: two of four assignments are as far from 0.
        assert_eq!((pairs[1].difference.mean, pairs[1].p), (1.25, 0.5));
        assert!(pairs[1].p_holm >= pairs[1].p);
    }
}
