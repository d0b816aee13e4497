//! Hygiene of splits: the same dialogue must not be trained on and tested on.

use std::collections::HashMap;

use serde::Serialize;

use super::{ImportedExample, Split};

/// A dialogue that was removed because it is also in a split that needs it more.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Leak {
    /// The example that was removed.
    pub id: String,
    /// The split it belongs to.
    pub split: Split,
    /// The example that stays.
    pub with: String,
    /// The split of the one that stays.
    pub with_split: Split,
}

/// Removes every dialogue that is in two splits (ignoring spaces and case) from the training side: train loses to
/// validation and test, validation loses to test. Lists what was removed, in order.
pub fn find_leaks(examples: &mut Vec<ImportedExample>) -> Vec<Leak> {
    let mut keepers: HashMap<String, (u8, String, Split)> = HashMap::new();
    for example in examples.iter() {
        let candidate = (
            rank(example.split),
            example.external_id.clone(),
            example.split,
        );
        let keeper = keepers
            .entry(key(&example.dialogue))
            .or_insert_with(|| candidate.clone());
        if candidate.0 > keeper.0 {
            *keeper = candidate;
        }
    }
    let mut leaks = Vec::new();
    examples.retain(|example| {
        let Some((best, with, with_split)) = keepers.get(&key(&example.dialogue)) else {
            return true;
        };
        if rank(example.split) >= *best {
            return true;
        }
        let (id, split) = (example.external_id.clone(), example.split);
        leaks.push(Leak {
            id,
            split,
            with: with.clone(),
            with_split: *with_split,
        });
        false
    });
    leaks
}

/// What makes two dialogues the same: their text in lower case without any white space.
pub fn key(dialogue: &str) -> String {
    dialogue
        .chars()
        .filter(|c| !c.is_whitespace())
        .flat_map(char::to_lowercase)
        .collect()
}

fn rank(split: Split) -> u8 {
    match split {
        Split::Train => 0,
        Split::Validation => 1,
        Split::Test => 2,
    }
}
