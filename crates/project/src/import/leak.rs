//! Hygiene of splits: the same dialogue must not be trained on and tested on.

use contract::Leak;
use std::collections::HashSet;

use sha2::{Digest, Sha256};

use super::{ImportedExample, Split};

/// An example as far as leaks are concerned.
#[derive(Clone, Copy, Debug)]
pub struct Place<'a> {
    /// Its id.
    pub id: &'a str,
    /// Its split.
    pub split: Split,
    /// The key of its dialogue.
    pub key: Key,
}

/// What makes two dialogues the same: a hash of their text in lower case without any white space, and of the seed by
/// which their splits are drawn. Keys of the same seed can be compared.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Key(pub(super) [u8; 32]);

impl Key {
    /// The key of a dialogue.
    pub fn of(seed: u64, dialogue: &str) -> Self {
        let mut hasher = Sha256::new();
        hasher.update(seed.to_le_bytes());
        let mut piece = String::with_capacity(PIECE_BYTES + 16);
        let signs = dialogue.chars().filter(|sign| !sign.is_whitespace());
        for sign in signs.flat_map(char::to_lowercase) {
            piece.push(sign);
            if piece.len() >= PIECE_BYTES {
                hasher.update(&piece);
                piece.clear();
            }
        }
        hasher.update(&piece);
        Self(hasher.finalize().into())
    }
}

/// How much of a text is hashed at a time.
const PIECE_BYTES: usize = 4096;

/// The examples whose dialogue is also in a split that needs it more, in order, by their indices: train loses to
/// validation and test, validation loses to test.
pub fn losers(places: &[Place<'_>]) -> Vec<(usize, Leak)> {
    let rank = |index: &usize| rank(places[*index].split);
    let mut losers = Vec::new();
    // A list of places takes a fifth of what a map of keys would; there may be as many as rows.
    let mut order: Vec<usize> = (0..places.len()).collect();
    order.sort_unstable_by_key(|index| (places[*index].key, *index));
    for same in order.chunk_by(|left, right| places[*left].key == places[*right].key) {
        // The first of those that need it most.
        let Some(keeper) = same.iter().rev().max_by_key(|index| rank(index)) else {
            continue;
        };
        let with = &places[*keeper];
        let lost = same.iter().filter(|index| rank(index) < rank(keeper));
        losers.extend(lost.map(|index| {
            let leak = Leak {
                id: places[*index].id.to_owned(),
                split: places[*index].split,
                with: with.id.to_owned(),
                with_split: with.split,
            };
            (*index, leak)
        }));
    }
    losers.sort_unstable_by_key(|(index, _)| *index);
    losers
}

/// The examples whose dialogue occurs earlier in their split, each with the first such one: their indices, in order.
pub(super) fn repeats(seed: u64, examples: &[ImportedExample]) -> Vec<(usize, usize)> {
    let key = |example: &ImportedExample| (Key::of(seed, &example.dialogue), rank(example.split));
    let keys: Vec<(Key, u8)> = examples.iter().map(key).collect();
    let mut order: Vec<usize> = (0..keys.len()).collect();
    order.sort_unstable_by_key(|index| (keys[*index], *index));
    let mut repeats = Vec::new();
    for same in order.chunk_by(|left, right| keys[*left] == keys[*right]) {
        repeats.extend(same[1..].iter().map(|index| (*index, same[0])));
    }
    repeats.sort_unstable();
    repeats
}

/// Removes every dialogue that is in two splits (ignoring spaces and case) from the training side. Lists what was
/// removed, in order.
pub fn find_leaks(examples: &mut Vec<ImportedExample>) -> Vec<Leak> {
    let places: Vec<Place<'_>> = examples
        .iter()
        .map(|example| Place {
            id: &example.external_id,
            split: example.split,
            key: Key::of(0, &example.dialogue),
        })
        .collect();
    let losers = losers(&places);
    let gone: HashSet<usize> = losers.iter().map(|(index, _)| *index).collect();
    let mut index = 0..;
    examples.retain(|_| index.next().is_none_or(|index| !gone.contains(&index)));
    losers.into_iter().map(|(_, leak)| leak).collect()
}

fn rank(split: Split) -> u8 {
    match split {
        Split::Train => 0,
        Split::Validation => 1,
        Split::Test => 2,
    }
}
