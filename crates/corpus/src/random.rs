//! The dice of one item: draws in order from a counter-based stream keyed by seed and item number.

use metrics::random::Stream;

/// Draws for one purpose. The same seed, index and purpose give the same draws on every platform.
#[derive(Clone, Debug)]
pub struct Dice {
    stream: Stream,
    position: u64,
}

impl Dice {
    /// The dice of item `index`; `purpose` keeps uses of one item apart.
    pub fn new(seed: u64, index: u64, purpose: u64) -> Self {
        let key = Stream::new(Stream::new(seed).bits(index)).bits(purpose);
        Self {
            stream: Stream::new(key),
            position: 0,
        }
    }

    /// A number in `0..n`; 0 where `n` is 0.
    pub fn below(&mut self, n: usize) -> usize {
        self.position += 1;
        self.stream.index(self.position, n)
    }

    /// Whether an event with this probability, in percent, happens.
    pub fn chance(&mut self, percent: usize) -> bool {
        self.below(100) < percent
    }

    /// One of the things; `None` if there is nothing to choose from.
    pub fn pick<'t, T>(&mut self, things: &'t [T]) -> Option<&'t T> {
        things.get(self.below(things.len()))
    }

    /// Shuffles the things (Fisher, Yates).
    pub fn shuffle<T>(&mut self, things: &mut [T]) {
        for last in (1..things.len()).rev() {
            things.swap(last, self.below(last + 1));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn purposes_and_items_draw_apart() {
        let draw = |index, purpose| {
            let mut dice = Dice::new(1, index, purpose);
            (0..8).map(|_| dice.below(1000)).collect::<Vec<_>>()
        };
        assert_eq!(draw(3, 0), draw(3, 0));
        assert_ne!(draw(3, 0), draw(3, 1));
        assert_ne!(draw(3, 0), draw(4, 0));
    }

    #[test]
    fn a_shuffle_keeps_everything() {
        let mut things: Vec<usize> = (0..20).collect();
        Dice::new(5, 0, 0).shuffle(&mut things);
        assert_ne!(things, (0..20).collect::<Vec<_>>());
        things.sort_unstable();
        assert_eq!(things, (0..20).collect::<Vec<_>>());
    }
}
