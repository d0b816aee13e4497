//! How often a metric picks the summary that people prefer, and how closely its ranking follows theirs.
//!
//! Within a dialogue every pair of systems with different human means is one question: a metric that orders the two the
//! same way scores 1, one that gives both the same value
//! 1/2 (D. Deutsch, G. Foster and M. Freitag, "Ties matter: meta-evaluating modern
//! metrics with pairwise accuracy and tie calibration", EMNLP 2023). M. G. Kendall's tau-b (1945) takes all summaries
//! together: `(C - D) / sqrt((P - T_x)(P - T_y))` over the P pairs, of which T_x are tied in x and T_y in y.

use crate::interval;
use crate::student::Ends;

/// A summary with what people and a metric say about it.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Scored {
    /// Mean of the people's scores.
    pub human: f64,
    /// The metric's value.
    pub metric: f64,
    /// Number of the text: two systems that wrote the same text do not count as a question.
    pub item: usize,
}

/// How often the metric agreed with people.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Accuracy {
    /// Share of pairs that the metric orders as people do; 1/2 is chance level.
    pub pair_accuracy: f64,
    /// Number of pairs.
    pub pairs: usize,
    /// Percentile interval over dialogues.
    pub ci95: Option<Ends>,
}

/// The accuracy over dialogues; `index(b, i)` names the dialogue at place `i` of resample `b`. A resample without a pair is
/// left out. `None` where no dialogue has a pair.
pub fn accuracy(
    dialogues: &[Vec<Scored>],
    higher_is_better: bool,
    resamples: usize,
    index: impl Fn(usize, usize) -> usize,
) -> Option<Accuracy> {
    let counts: Vec<(f64, usize)> = dialogues
        .iter()
        .map(|summaries| right_pairs(summaries, higher_is_better))
        .collect();
    let ratio = |places: &mut dyn Iterator<Item = usize>| {
        let (right, pairs) = places.fold((0.0, 0), |(right, pairs), place| {
            (right + counts[place].0, pairs + counts[place].1)
        });
        (pairs > 0).then(|| (right / pairs as f64, pairs))
    };
    let n = dialogues.len();
    let (pair_accuracy, pairs) = ratio(&mut (0..n))?;
    let drawn: Vec<f64> = (0..resamples)
        .filter_map(|b| ratio(&mut (0..n).map(|i| index(b, i))))
        .map(|(share, _)| share)
        .collect();
    Some(Accuracy {
        pair_accuracy,
        pairs,
        ci95: interval::percentiles_95(&drawn),
    })
}

/// Pairs that people order, and for how many of them the metric agrees.
fn right_pairs(summaries: &[Scored], higher_is_better: bool) -> (f64, usize) {
    let (mut right, mut pairs) = (0.0, 0);
    for (i, a) in summaries.iter().enumerate() {
        for b in &summaries[i + 1..] {
            if a.item == b.item || a.human == b.human {
                continue;
            }
            pairs += 1;
            if a.metric == b.metric {
                right += 0.5;
            } else if ((a.metric > b.metric) == higher_is_better) == (a.human > b.human) {
                right += 1.0;
            }
        }
    }
    (right, pairs)
}

/// Kendall's tau-b; `None` where one side is constant.
pub fn kendall_b(points: &[(f64, f64)]) -> Option<f64> {
    let (mut net, mut moved_x, mut moved_y) = (0.0, 0.0, 0.0);
    for (i, a) in points.iter().enumerate() {
        for b in &points[i + 1..] {
            let (x, y) = (sign(a.0 - b.0), sign(a.1 - b.1));
            net += x * y;
            moved_x += x * x;
            moved_y += y * y;
        }
    }
    (moved_x > 0.0 && moved_y > 0.0).then(|| net / (moved_x * moved_y).sqrt())
}

fn sign(x: f64) -> f64 {
    if x == 0.0 { 0.0 } else { x.signum() }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn scored(human: f64, metric: f64, item: usize) -> Scored {
        Scored {
            human,
            metric,
            item,
        }
    }

    #[test]
    fn pairs_by_hand() {
        // Three pairs: 4 > 3 is right, 4 > 2 is wrong, 3 > 2 is tied by the metric; equal human means do not count as a
        // question.
        let first = vec![
            scored(4.0, 0.5, 1),
            scored(3.0, 0.4, 2),
            scored(2.0, 0.4, 3),
        ];
        let second = vec![scored(4.0, 0.5, 4), scored(4.0, 0.9, 5)];
        let same = vec![scored(4.0, 0.5, 6), scored(3.0, 0.5, 6)];
        let dialogues = [first, second, same];
        let found = accuracy(&dialogues, true, 40, |b, i| (b + i) % 3).unwrap();
        assert_eq!((found.pair_accuracy, found.pairs), (2.5 / 3.0, 3));
        assert_eq!(found.ci95, Some((2.5 / 3.0, 2.5 / 3.0)));
        let turned = accuracy(&dialogues, false, 0, |_, i| i).unwrap();
        assert_eq!((turned.pair_accuracy, turned.ci95), (0.5 / 3.0, None));
        assert_eq!(accuracy(&dialogues[1..], true, 9, |_, i| i), None);
    }

    #[test]
    fn tau_b_by_hand() {
        // Pairs: three agree, one is tied in x, one disagrees, one agrees.
        let points = [(1.0, 1.0), (1.0, 2.0), (2.0, 3.0), (3.0, 2.5)];
        assert!((kendall_b(&points).unwrap() - 3.0 / 30.0_f64.sqrt()).abs() < 1e-12);
        assert_eq!(kendall_b(&[(1.0, 1.0), (1.0, 2.0)]), None);
        assert_eq!(kendall_b(&[]), None);
    }
}
