//! Counter-based random numbers for resampling: number `i` of a stream is a function of the seed and `i` alone.
//!
//! The stream is splitmix64 (Steele, Lea, Flood, "Fast splittable pseudorandom number generators", OOPSLA 2014; the
//! constants are those of Vigna's public-domain C file), read at any place: `x_i = mix(seed + (i + 1) * gamma)`.
//! Having no state, it gives the same numbers in any order and on any number of threads, and depends on no crate
//! whose stream could change between versions: an interval in an old report can be computed again.

/// The odd constant nearest to 2^64 divided by the golden ratio.
const GAMMA: u64 = 0x9e37_79b9_7f4a_7c15;

/// A stream of random numbers, addressed by position.
#[derive(Debug, Clone, Copy)]
pub struct Stream {
    seed: u64,
}

impl Stream {
    /// The stream of this seed.
    pub fn new(seed: u64) -> Self {
        Self { seed }
    }

    /// 64 random bits at `position`: what sequential splitmix64 yields on its call number `position` (from 0).
    pub fn bits(&self, position: u64) -> u64 {
        let mut z = self
            .seed
            .wrapping_add(position.wrapping_add(1).wrapping_mul(GAMMA));
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        z ^ (z >> 31)
    }

    /// A number in `0..n` at `position` (multiply and shift; its bias is below `n / 2^64`). 0 where `n` is 0.
    pub fn index(&self, position: u64, n: usize) -> usize {
        ((u128::from(self.bits(position)) * n as u128) >> 64) as usize
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn published_values_of_splitmix64() {
        // Rosetta Code, "Pseudo-random numbers/Splitmix64", seed 1234567.
        let expected = [
            6_457_827_717_110_365_317,
            3_203_168_211_198_807_973,
            9_817_491_932_198_370_423,
            4_593_380_528_125_082_431,
            16_408_922_859_458_223_821,
        ];
        let stream = Stream::new(1_234_567);
        for (position, expected) in expected.into_iter().enumerate() {
            assert_eq!(stream.bits(position as u64), expected);
        }
    }

    #[test]
    fn indices_are_even() {
        let stream = Stream::new(7);
        let mut counts = [0_u32; 10];
        for position in 0..100_000 {
            counts[stream.index(position, 10)] += 1;
        }
        // The standard deviation of a count is 95; the tolerance is six of them.
        assert!(
            counts
                .iter()
                .all(|&count| (9_430..=10_570).contains(&count)),
            "{counts:?}"
        );
    }

    proptest! {
        #[test]
        fn an_index_is_in_range(seed: u64, position: u64, n in 1_usize..5_000) {
            prop_assert!(Stream::new(seed).index(position, n) < n);
        }
    }
}
