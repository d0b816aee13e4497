//! What training reads: examples, the plan that says which of them make up an update, and packed micro-batches.
//!
//! The items of a batch depend only on the plan, the seed and the number of the update. A resumed run therefore sees
//! the batches that an uninterrupted run would have seen.

use std::ops::Range;

use crate::error::{Error, Result};
use crate::model::packed_batch::Sequence;
use crate::model::{Decoder, PackedBatch};
use crate::random;

/// A prompt and the completion to learn; the loss is on the completion only.
#[derive(Debug, Clone, PartialEq)]
pub struct TrainExample {
    /// Tokens up to and including the generation prompt; not empty.
    pub prompt_ids: Vec<u32>,
    /// Tokens of the answer with its end-of-turn token; not empty.
    pub completion_ids: Vec<u32>,
}

impl TrainExample {
    /// Cuts the completion so that prompt and completion together have at most `max_tokens` tokens; `None` if no token
    /// of the completion is left to learn.
    pub fn truncated(mut self, max_tokens: usize) -> Option<Self> {
        self.completion_ids
            .truncate(max_tokens.saturating_sub(self.prompt_ids.len()));
        (!self.completion_ids.is_empty()).then_some(self)
    }
}

/// Two completions of one prompt, one of them preferred, and how likely the frozen reference policy finds each.
#[derive(Debug, Clone, PartialEq)]
pub struct PreferencePair {
    /// Tokens up to and including the generation prompt; not empty.
    pub prompt_ids: Vec<u32>,
    /// Tokens of the preferred completion with its end-of-turn token; not empty.
    pub chosen_ids: Vec<u32>,
    /// Tokens of the completion that was not preferred, with its end-of-turn token; not empty.
    pub rejected_ids: Vec<u32>,
    /// Summed log-probabilities of the chosen and the rejected completion under the reference policy, nats; `None` if
    /// the loss is reference-free.
    pub ref_logps: Option<(f64, f64)>,
    /// Example for the NLL term; if `None`, that term uses the prompt and the chosen completion.
    pub sft: Option<TrainExample>,
}

/// Which items make up the batch of an update.
#[derive(Debug, Clone, PartialEq)]
pub enum BatchPlan {
    /// Epoch after epoch, each in a new order, `batch_size` items at a time.
    Shuffled,
    /// In the order of the data, over and over, `batch_size` items at a time.
    InOrder,
    /// In every batch, a fixed number of items from each of several ranges of the data: (the range, its items in a
    /// batch). Each range is shuffled separately. The numbers add up to the batch size.
    Mixed(Vec<(Range<usize>, usize)>),
}

impl BatchPlan {
    /// Refuses a plan that does not fit a data set of `items` items and batches of `batch_size`.
    pub(super) fn check(&self, items: usize, batch_size: usize) -> Result<()> {
        let refuse = |name, reason: String| Err(Error::Setting { name, reason });
        if items == 0 {
            return refuse("objective", "has no examples to train on".to_owned());
        }
        if batch_size == 0 {
            return refuse("batch_size", "must be at least 1".to_owned());
        }
        let Self::Mixed(parts) = self else {
            return Ok(());
        };
        let total: usize = parts.iter().map(|(_, share)| share).sum();
        if total != batch_size {
            return refuse(
                "batch_plan",
                format!("shares add up to {total}, the batch size is {batch_size}"),
            );
        }
        match parts
            .iter()
            .find(|(part, share)| part.end > items || (part.is_empty() && *share > 0))
        {
            Some((part, _)) => refuse("batch_plan", format!("names the items {part:?} of {items}")),
            None => Ok(()),
        }
    }

    /// Indices of the items of update `update` (from 0) among `items`, in the order in which they are packed.
    pub fn members(&self, items: usize, batch_size: usize, seed: u64, update: usize) -> Vec<usize> {
        match self {
            Self::Shuffled => draw(0..items, batch_size, 0, seed, update),
            Self::InOrder => (update * batch_size..(update + 1) * batch_size)
                .map(|place| place % items)
                .collect(),
            Self::Mixed(parts) => parts
                .iter()
                .enumerate()
                .flat_map(|(index, (part, share))| draw(part.clone(), *share, index, seed, update))
                .collect(),
        }
    }
}

/// Indices of the `share` items that `part` gives to an update. The epochs of the part, each shuffled, follow one
/// another without end; update `u` takes the positions from `u * share`.
fn draw(part: Range<usize>, share: usize, index: usize, seed: u64, update: usize) -> Vec<usize> {
    let mut members = Vec::with_capacity(share);
    let mut order = (usize::MAX, Vec::new());
    for place in update * share..(update + 1) * share {
        let epoch = place / part.len();
        if order.0 != epoch {
            let key = random::key(seed, &[random::label("batch"), index as u64, epoch as u64]);
            order = (epoch, random::shuffle(key, part.len()));
        }
        members.push(part.start + order.1[place % part.len()]);
    }
    members
}

/// Packed sequences, with the completion tokens that the wanted rows of their batch predict.
#[derive(Debug)]
pub(super) struct PackedCompletions {
    /// Input of the model; its wanted rows are those that predict a completion token.
    pub(super) batch: PackedBatch,
    /// Token that each wanted row has to predict, in the order of the rows.
    pub(super) targets: Vec<u32>,
    /// Range of each sequence's completion in `targets`.
    pub(super) completions: Vec<Range<usize>>,
}

impl PackedCompletions {
    /// Packs sequences of a prompt and a completion, neither of them empty.
    pub(super) fn new(sequences: &[Sequence<'_>], decoder: &Decoder) -> Result<Self> {
        let (mut targets, mut completions) = (Vec::new(), Vec::with_capacity(sequences.len()));
        for (_, completion) in sequences {
            completions.push(targets.len()..targets.len() + completion.len());
            targets.extend_from_slice(completion);
        }
        let batch = PackedBatch::completions(sequences, &decoder.rope, &decoder.device)?;
        Ok(Self {
            batch,
            targets,
            completions,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_epoch_visits_every_item_once() {
        let seen = |updates: Range<usize>| {
            let mut seen: Vec<usize> = updates
                .flat_map(|u| BatchPlan::Shuffled.members(12, 4, 9, u))
                .collect();
            seen.sort_unstable();
            seen
        };
        assert_eq!(seen(0..3), (0..12).collect::<Vec<_>>());
        assert_eq!(seen(3..6), (0..12).collect::<Vec<_>>());
        let plan = BatchPlan::Shuffled;
        assert_ne!(
            plan.members(12, 12, 9, 0),
            plan.members(12, 12, 9, 1),
            "epochs differ in order"
        );
        assert_eq!(plan.members(12, 4, 9, 7), plan.members(12, 4, 9, 7));
    }

    #[test]
    fn mixed_batches_keep_their_shares() {
        let plan = BatchPlan::Mixed(vec![(0..3, 1), (3..20, 4)]);
        plan.check(20, 5).unwrap();
        for update in 0..20 {
            let members = plan.members(20, 5, 1, update);
            assert_eq!(members.iter().filter(|i| **i < 3).count(), 1);
            assert_eq!(members.len(), 5);
        }
        assert!(plan.check(20, 6).is_err());
        assert!(plan.check(10, 5).is_err());
        assert!(BatchPlan::Shuffled.check(0, 5).is_err());
    }

    #[test]
    fn in_order_goes_round() {
        assert_eq!(BatchPlan::InOrder.members(5, 2, 9, 1), [2, 3]);
        assert_eq!(BatchPlan::InOrder.members(5, 2, 9, 2), [4, 0]);
    }

    #[test]
    fn truncation_keeps_the_start_and_drops_what_teaches_nothing() {
        let example = TrainExample {
            prompt_ids: vec![1, 2, 3],
            completion_ids: vec![4, 5],
        };
        assert_eq!(example.clone().truncated(5).unwrap(), example);
        assert_eq!(example.clone().truncated(4).unwrap().completion_ids, [4]);
        assert!(example.clone().truncated(3).is_none());
        assert!(example.truncated(1).is_none());
    }
}
