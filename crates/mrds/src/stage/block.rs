//! The position of a block of items within its part, for the progress that a person sees ([`super::spread`]).

use std::ops::Range;

/// The block at work, and the position of its items among all.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Block {
    /// The prefix of the keys of its partial results.
    pub(crate) key: String,
    pub(super) items: Range<usize>,
    pub(super) n_items: usize,
}

impl Block {
    /// Items that are done if `step` of `total` requests are. A block may ask several times for an item, so this may be
    /// less than before.
    pub(crate) fn reached(&self, step: usize, total: usize) -> usize {
        self.items.start + self.items.len() * step / total.max(1)
    }

    /// Items of all blocks together.
    pub(crate) fn total(&self) -> usize {
        self.n_items
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn progress_counts_items_of_all_blocks() {
        let block = Block {
            key: "dialogues/block/1".to_owned(),
            items: 64..128,
            n_items: 130,
        };
        // Eight candidates for each of them.
        assert_eq!(block.reached(0, 512), 64);
        assert_eq!(block.reached(256, 512), 96);
        assert_eq!((block.reached(512, 512), block.total()), (128, 130));
        assert_eq!(block.reached(0, 0), 64);
    }
}
