//! The two-sample test of the audit on real conversations: halves of a data set cannot be told apart, two data sets can.
//! Skips without the data.

use metrics::random::Stream;
use metrics::turn::Turn;
use metrics::two_sample::two_sample;

use crate::conversations::{self, Pair};

/// Conversations on each side.
const SIDE: usize = 100;

/// The places of all pairs in an order that the seed draws.
fn drawn(pairs: &[Pair], seed: u64) -> Vec<&Pair> {
    let stream = Stream::new(seed);
    let mut ranked: Vec<(u64, &Pair)> = (0..).map(|place| stream.bits(place)).zip(pairs).collect();
    ranked.sort_by_key(|(rank, _)| *rank);
    ranked.into_iter().map(|(_, pair)| pair).collect()
}

fn turns<'a>(pairs: &[&'a Pair]) -> Vec<Vec<Turn<'a>>> {
    pairs.iter().map(|pair| pair.turns()).collect()
}

#[test]
fn halves_are_alike_and_two_data_sets_are_not() {
    let (Some(samsum), Some(dialogsum)) = (conversations::samsum(), conversations::dialogsum())
    else {
        return;
    };
    let mut alike = 0;
    for seed in 0..20 {
        let both = drawn(&samsum, seed);
        let (first, second) = both[..2 * SIDE].split_at(SIDE);
        let found = two_sample(&turns(first), &turns(second), seed).expect("both sides");
        alike += usize::from(found.p > 0.05);
    }
    assert!(alike >= 18, "{alike} of 20 halves");
    let (first, second) = (drawn(&samsum, 1), drawn(&dialogsum, 1));
    let found = two_sample(&turns(&first[..SIDE]), &turns(&second[..SIDE]), 1);
    let found = found.expect("both sides");
    assert!((found.p - 0.005).abs() < 1e-12, "{found:?}");
    assert!(found.auc > 0.9, "{found:?}");
}
