//! The pieces of a part: blocks of items that are computed one after the other, each a pure function of the part's inputs
//! and of its place. A finished block is kept at once, so that a resumed part goes on behind it.
//!
//! Which items a block holds follows from their number and the recipe alone, no batch crosses a block, and random numbers
//! are keyed by an item's number in the part. So a block gives the same wherever and whenever it is computed.

use std::ops::Range;

use serde::Serialize;
use serde::de::DeserializeOwned;

use super::context::{Progress, Stage};
use crate::error::Result;

/// Items of a block, where each is a dialogue or a summary.
pub(crate) const BLOCK_ITEMS: usize = 64;

/// The block at work, and where its items stand among all.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Block {
    /// Before the keys of its partial results.
    pub(crate) key: String,
    items: Range<usize>,
    n_items: usize,
}

impl Block {
    /// Items that are done if `step` of `total` requests are. A block may ask several times for an item, so this may be
    /// less than before.
    pub(crate) fn reached(&self, step: usize, total: usize) -> Progress {
        Progress {
            step: self.items.start + self.items.len() * step / total.max(1),
            total: self.n_items,
            ..Progress::default()
        }
    }
}

/// The blocks of items.
fn blocks(n_items: usize, size: usize) -> impl Iterator<Item = Range<usize>> {
    let size = size.max(1);
    (0..n_items)
        .step_by(size)
        .map(move |first| first..(first + size).min(n_items))
}

impl Stage<'_> {
    /// Computes the blocks of a task that are not there yet, and returns them all in order.
    pub(crate) fn spread<T: Serialize + DeserializeOwned>(
        &self,
        task: &str,
        n_items: usize,
        size: usize,
        compute: &dyn Fn(Range<usize>) -> Result<T>,
    ) -> Result<Vec<T>> {
        self.begin_task(task);
        let mut computed = Vec::new();
        for (number, items) in blocks(n_items, size).enumerate() {
            let key = format!("{task}/block/{number}");
            let value = match self.work(&key)? {
                Some(value) => value,
                None => {
                    let block = Block {
                        key: key.clone(),
                        items: items.clone(),
                        n_items,
                    };
                    let value = self.within(block, || compute(items.clone()))?;
                    self.put_work(&key, &value)?;
                    value
                }
            };
            computed.push(value);
            self.progress(Progress {
                step: items.end,
                total: n_items,
                ..Progress::default()
            })?;
        }
        Ok(computed)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_item_is_in_one_block() {
        let found: Vec<_> = blocks(130, 64).collect();
        assert_eq!(found, [0..64, 64..128, 128..130]);
        assert_eq!(blocks(0, 64).count(), 0);
        assert_eq!(blocks(2, 0).count(), 2, "a block holds an item at least");
    }

    #[test]
    fn progress_counts_items_of_all_blocks() {
        let block = Block {
            key: "dialogues/block/1".to_owned(),
            items: 64..128,
            n_items: 130,
        };
        // Eight candidates for each of them.
        assert_eq!(block.reached(0, 512).step, 64);
        assert_eq!(block.reached(256, 512).step, 96);
        assert_eq!(
            (block.reached(512, 512).step, block.reached(1, 2).total),
            (128, 130)
        );
        assert_eq!(block.reached(0, 0).step, 64);
    }
}
