//! What somebody who read twenty conversations and marked what was missed knows about them and about the others.

use metrics::interval::wilson;
use serde::Serialize;

/// How many conversations are read.
pub const READ: usize = 20;

/// What the read conversations say, with Wilson's 95 % intervals.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
pub struct Recall {
    /// Pieces that were found in the conversations that were read.
    pub found: usize,
    /// Pieces that the reader marked as missed.
    pub missed: usize,
    /// The share of all pieces that were found.
    pub recall: f64,
    /// The ends of its interval.
    pub recall_ci95: [f64; 2],
    /// Conversations that nobody read.
    pub unread: usize,
    /// Pieces that may remain in those: the share missed, times the pieces that these hold if they are like the others.
    pub remaining: f64,
    /// The ends of its interval.
    pub remaining_ci95: [f64; 2],
}

/// What `found` and `missed` pieces in the read conversations say, with `found_unread` pieces in `unread` others; `None`
/// where the read ones hold no piece.
pub fn recall(found: usize, missed: usize, unread: usize, found_unread: usize) -> Option<Recall> {
    let share = wilson(found, found + missed)?;
    // Of all pieces of the others a share r was found, so that found (1 - r) / r are left.
    let left = |recall: f64| found_unread as f64 * (1.0 - recall) / recall.max(f64::MIN_POSITIVE);
    Some(Recall {
        found,
        missed,
        recall: share.value,
        recall_ci95: [share.low, share.high],
        unread,
        remaining: left(share.value),
        remaining_ci95: [left(share.high), left(share.low)],
    })
}

/// Which of `n` conversations are read: at most [`READ`], drawn with the seed, in order.
pub fn drawn(n: usize, seed: u64) -> Vec<usize> {
    let stream = metrics::random::Stream::new(seed);
    let mut places: Vec<usize> = (0..n).collect();
    let count = READ.min(n);
    for place in 0..count {
        let other = place + stream.index(place as u64, n - place);
        places.swap(place, other);
    }
    places.truncate(count);
    places.sort_unstable();
    places
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn two_of_214_missed() {
        let recall = recall(212, 2, 80, 850).unwrap();
        assert!((recall.recall - 0.9907).abs() < 1e-4);
        assert!(
            (recall.recall_ci95[0] - 0.967).abs() < 1e-3
                && (recall.recall_ci95[1] - 0.997).abs() < 1e-3
        );
        assert!((recall.remaining - 8.0).abs() < 0.1);
        assert!(recall.remaining_ci95[0] < 3.0 && recall.remaining_ci95[1] > 25.0);
        assert_eq!(super::recall(0, 0, 5, 0), None);
    }

    #[test]
    fn twenty_are_drawn_by_the_seed() {
        let read = drawn(100, 7);
        assert_eq!(read.len(), 20);
        assert!(read.is_sorted_by(|a, b| a < b));
        assert_eq!(read, drawn(100, 7));
        assert_ne!(read, drawn(100, 8));
        assert_eq!(drawn(3, 1), [0, 1, 2]);
    }
}
