//! The pieces of a part: blocks of items that are computed one after the other, each a pure function of the part's inputs
//! and of its place. A finished block is kept at once, so that a resumed part goes on behind it.
//!
//! Which items a block holds follows from their number and the recipe alone, no batch crosses a block, and random numbers
//! are keyed by an item's number in the part. So a block gives the same wherever and whenever it is computed.

use std::ops::Range;

use serde::Serialize;
use serde::de::DeserializeOwned;

use super::block::Block;
use super::context::{Progress, Stage};
use crate::error::Result;

/// Items of a block, where each is a dialogue or a summary.
pub(crate) const BLOCK_ITEMS: usize = 64;

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
}
