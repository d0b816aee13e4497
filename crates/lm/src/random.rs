//! Counter-based random numbers: every draw is a pure function of a key and a counter.
//!
//! A key names what is drawn (seed, stage, item, sample …), and the counter says which draw. So results do
//! not depend on the order of work, on threads or on batch neighbours, and a resumed run draws what an
//! uninterrupted one would have drawn. The mixing function is SplitMix64's (Steele, Lea, Flood 2014).

const GOLDEN_GAMMA: u64 = 0x9e37_79b9_7f4a_7c15;

/// SplitMix64's finaliser: a bijection of 64 bits in which every input bit flips half the output bits.
#[inline]
fn mix(mut z: u64) -> u64 {
    z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    z ^ (z >> 31)
}

/// Derives the key of one stream from a seed and the parts that name it; order matters.
pub fn key(seed: u64, parts: &[u64]) -> u64 {
    parts
        .iter()
        .fold(mix(seed.wrapping_add(GOLDEN_GAMMA)), |state, part| {
            mix(state
                .wrapping_mul(GOLDEN_GAMMA)
                .wrapping_add(mix(part.wrapping_add(GOLDEN_GAMMA))))
        })
}

/// The `counter`-th 64 random bits of the stream `key`.
#[inline]
pub fn bits(key: u64, counter: u64) -> u64 {
    mix(key.wrapping_add(counter.wrapping_add(1).wrapping_mul(GOLDEN_GAMMA)))
}

/// The `counter`-th number of the stream `key`, uniform in `[0, 1)` with 53 random bits.
#[inline]
pub fn uniform(key: u64, counter: u64) -> f64 {
    (bits(key, counter) >> 11) as f64 * (1.0 / (1u64 << 53) as f64)
}

/// A permutation of `0..n`, uniform over all of them (Fisher-Yates).
pub fn shuffle(key: u64, n: usize) -> Vec<usize> {
    let mut order: Vec<usize> = (0..n).collect();
    for i in (1..n).rev() {
        let j = (uniform(key, i as u64) * (i + 1) as f64) as usize;
        order.swap(i, j.min(i));
    }
    order
}

/// Turns a name (a stage, a model role) into a key part (FNV-1a).
pub fn label(name: &str) -> u64 {
    name.bytes().fold(0xcbf2_9ce4_8422_2325, |hash, byte| {
        (hash ^ u64::from(byte)).wrapping_mul(0x0000_0100_0000_01b3)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn streams_are_reproducible_and_distinct() {
        assert_eq!(uniform(key(1, &[2, 3]), 4), uniform(key(1, &[2, 3]), 4));
        assert_ne!(key(1, &[2, 3]), key(1, &[3, 2]));
        assert_ne!(key(1, &[2]), key(1, &[2, 0]));
        assert_ne!(label("sft"), label("dpo"));
    }

    #[test]
    fn uniform_has_the_right_mean_and_variance() {
        let n = 100_000;
        let draws: Vec<f64> = (0..n).map(|i| uniform(7, i)).collect();
        assert!(draws.iter().all(|u| (0.0..1.0).contains(u)));
        let mean = draws.iter().sum::<f64>() / n as f64;
        let variance = draws.iter().map(|u| (u - mean).powi(2)).sum::<f64>() / n as f64;
        assert!((mean - 0.5).abs() < 0.005, "mean {mean}");
        assert!((variance - 1.0 / 12.0).abs() < 0.002, "variance {variance}");
    }

    #[test]
    fn shuffle_is_a_permutation_that_depends_on_the_key() {
        let mut order = shuffle(3, 100);
        assert_ne!(order, shuffle(4, 100));
        order.sort_unstable();
        assert_eq!(order, (0..100).collect::<Vec<_>>());
        assert!(shuffle(1, 0).is_empty());
    }
}
