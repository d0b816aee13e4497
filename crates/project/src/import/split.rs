//! Which split a row belongs to: what the user says, else a split column, else the files' names, else a draw.
//!
//! The draw is made twice: here, for a look at the files alone, and by the session, which knows the data set that
//! the rows go to.

use std::collections::HashMap;

use contract::problem::RowFault;
use contract::{SplitRule, SplitShares, excerpt};

use super::issues::Issues;
use super::leak::Key;
use super::record::Draft;
use super::{ImportOptions, Issue, Split, SplitChoice};

/// Sets every draft's split and says how. Rows whose split column holds an unknown word leave
/// `drafts` and become issues.
pub(super) fn assign(
    drafts: &mut Vec<Draft>,
    files: &[String],
    options: &ImportOptions,
    issues: &mut Issues,
) -> SplitRule {
    let chosen = match options.split {
        SplitChoice::Train => Some(Split::Train),
        SplitChoice::Validation => Some(Split::Validation),
        SplitChoice::Test => Some(Split::Test),
        SplitChoice::Auto => None,
    };
    if let Some(split) = chosen {
        drafts.iter_mut().for_each(|draft| draft.split = split);
        return SplitRule::Asked { split };
    }
    if drafts.iter().any(|draft| draft.split_word.is_some()) {
        by_column(drafts, issues);
        return SplitRule::Column;
    }
    if files.iter().any(|file| by_name(file).is_some()) {
        for draft in drafts.iter_mut() {
            draft.split = by_name(&draft.file).unwrap_or(Split::Train);
        }
        return SplitRule::FileNames;
    }
    let keys: Vec<Key> = drafts
        .iter()
        .map(|draft| Key::of(options.seed, &draft.dialogue))
        .collect();
    let (splits, shares) = draw(&keys, &Standing::default());
    for (draft, split) in drafts.iter_mut().zip(splits) {
        draft.split = split;
    }
    SplitRule::Drawn {
        seed: options.seed,
        shares,
    }
}

fn by_column(drafts: &mut Vec<Draft>, issues: &mut Issues) {
    drafts.retain_mut(|draft| {
        let word = draft.split_word.as_deref().unwrap_or_default();
        if let Some(split) = by_word(word) {
            draft.split = split;
            return true;
        }
        let fault = RowFault::Split {
            word: excerpt(word),
        };
        issues.push(Issue::error(&draft.file, draft.row, "split", fault));
        false
    });
}

/// The split that a name tells, in a column or of a file: `dev`, `validation_set`.
pub(super) fn by_either(name: &str) -> Option<Split> {
    by_word(name).or_else(|| by_name(name))
}

fn by_word(word: &str) -> Option<Split> {
    match word.to_lowercase().as_str() {
        "train" | "training" => Some(Split::Train),
        "validation" | "valid" | "val" | "dev" | "development" | "eval" => Some(Split::Validation),
        "test" | "testing" => Some(Split::Test),
        _ => None,
    }
}

/// `val.json`, `dev.jsonl`, `MTS-Dialog-ValidationSet.csv`: the split that a file's name tells, if it tells exactly
/// one.
fn by_name(file: &str) -> Option<Split> {
    let stem = std::path::Path::new(file)
        .file_stem()?
        .to_string_lossy()
        .to_lowercase();
    let mut found = stem
        .split(|c: char| !c.is_alphanumeric())
        .filter_map(|part| {
            let part = part.trim_end_matches(|c: char| c.is_ascii_digit());
            by_word(part).or_else(|| by_word(part.strip_suffix("set")?))
        });
    let first = found.next()?;
    found.all(|other| other == first).then_some(first)
}

/// What is in a data set before an import, as far as the draw needs it.
#[derive(Debug, Default)]
pub(crate) struct Standing {
    /// The split of each dialogue that is there, by its key, and whether it counts for the shares.
    places: HashMap<Key, (Split, bool)>,
}

impl Standing {
    /// Adds dialogues by their keys, with their splits; `counts` says whether they are part of what is divided into
    /// shares.
    pub(crate) fn add(&mut self, places: impl Iterator<Item = (Key, Split)>, counts: bool) {
        self.places
            .extend(places.map(|(key, split)| (key, (split, counts))));
    }

    fn counts(&self) -> Counts {
        let mut counts = Counts::default();
        for (split, _) in self.places.values().filter(|(_, counts)| *counts) {
            *counts.of(*split) += 1;
        }
        counts
    }
}

/// Dialogues of each split.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
struct Counts {
    train: usize,
    validation: usize,
    test: usize,
}

impl Counts {
    fn of(&mut self, split: Split) -> &mut usize {
        match split {
            Split::Train => &mut self.train,
            Split::Validation => &mut self.validation,
            Split::Test => &mut self.test,
        }
    }

    fn total(self) -> usize {
        self.train + self.validation + self.test
    }
}

/// From this many dialogues on each, validation and test stay as they are until they are a tenth.
const ENOUGH_TO_JUDGE: f64 = 30.0;

/// The share of a data set's dialogues that goes to validation, and the same to test: 15 %, until that is 30
/// dialogues, then 30 dialogues, until that is 10 %, then 10 %.
///
/// The interval of a comparison shrinks with the root of the test dialogues: from ten of them to fifteen by almost a
/// fifth, from fifteen to thirty by almost a third. Training loses nothing by the pairs that this takes from a hundred:
/// it stays a training on fewer than a hundred. So a small set gives up more of itself to be judged by: of 100
/// dialogues 15 choose checkpoints, 15 are tested on and 70 are learnt from. From 30 and 30 on the rest goes to
/// training, until a tenth is more than that: the 80/10/10 of large data sets.
fn held_out(total: usize) -> f64 {
    let total = total.max(1) as f64;
    (0.15 * total).min(ENOUGH_TO_JUDGE).max(0.1 * total) / total
}

/// How the dialogues of a data set of this size are divided where nothing says it: whole percentages that add up
/// to 100.
pub fn shares(total: usize) -> SplitShares {
    let held_out = (100.0 * held_out(total)).round() as u32;
    SplitShares {
        train: 100 - 2 * held_out,
        validation: held_out,
        test: held_out,
    }
}

/// Draws a split for each dialogue, given by its key, in a data set that may grow one dialogue at a time.
///
/// A dialogue that the data set has already, or the import has twice, goes where it is. Each split gets as
/// many of the others as it lacks of its share of the whole data set ([`seats`]), in the order of their keys, which are
/// hashes of seed and text: so the draw depends neither on the order of rows nor on the file, and the same import into
/// the same data set draws the same.
pub(crate) fn draw(keys: &[Key], standing: &Standing) -> (Vec<Split>, SplitShares) {
    let is_fresh = |key: &&Key| !standing.places.contains_key(*key);
    let mut fresh: Vec<Key> = keys.iter().filter(is_fresh).copied().collect();
    fresh.sort_unstable();
    fresh.dedup();
    let counts = standing.counts();
    let lot = fresh.first().map_or([0; 32], |key| key.0);
    let seats = seats(fresh.len(), counts, &lot);
    // In the order of the keys, one split after the other.
    let drawn = |place: usize| match place {
        _ if place < seats.test => Split::Test,
        _ if place < seats.test + seats.validation => Split::Validation,
        _ => Split::Train,
    };
    let split_of = |key: &Key| match (standing.places.get(key), fresh.binary_search(key)) {
        (Some((split, _)), _) => *split,
        (None, Ok(place)) => drawn(place),
        (None, Err(_)) => Split::Train,
    };
    (
        keys.iter().map(split_of).collect(),
        shares(counts.total() + fresh.len()),
    )
}

/// How many of `fresh` new dialogues each split gets, in a data set that holds `standing`.
///
/// Each gets what it lacks of its share of all; what is left of the fractions is drawn in proportion to them, by `lot`.
/// So no split is ever more than a dialogue away from its share, however the data set grew, and a single dialogue is
/// drawn like a hundred. The first dialogue trains, and from the fourth on no split is empty.
fn seats(fresh: usize, standing: Counts, lot: &[u8; 32]) -> Counts {
    let total = standing.total() + fresh;
    let held_out = held_out(total);
    let lacks = |share: f64, has: usize| (share * total as f64 - has as f64).max(0.0);
    let mut open = [
        lacks(1.0 - 2.0 * held_out, standing.train),
        lacks(held_out, standing.validation),
        lacks(held_out, standing.test),
    ];
    // Where another split has more than its share, the others cannot all be filled.
    let sum: f64 = open.iter().sum();
    let part = fresh as f64 / sum.max(f64::MIN_POSITIVE);
    let mut taken = [0; 3];
    for (open, taken) in open.iter_mut().zip(&mut taken) {
        *open *= part;
        *taken = (*open + 1e-9) as usize;
        *open = (*open - *taken as f64).max(0.0);
    }
    let left = fresh.saturating_sub(taken.iter().sum());
    for (draw, _) in lot[8..].chunks_exact(8).zip(0..left) {
        let index = drawn(&open, draw);
        taken[index] += 1;
        open[index] = 0.0;
    }
    let [train, validation, test] = taken;
    let mut seats = Counts {
        train,
        validation,
        test,
    };
    fill_empty(&mut seats, standing);
    seats
}

/// An index in proportion to its weight, by eight random bytes.
fn drawn(weights: &[f64; 3], bytes: &[u8]) -> usize {
    let number = bytes
        .iter()
        .fold(0, |number: u64, byte| (number << 8) | u64::from(*byte));
    let mut point = number as f64 / u64::MAX as f64 * weights.iter().sum::<f64>();
    for (index, weight) in weights.iter().enumerate() {
        if point < *weight {
            return index;
        }
        point -= weight;
    }
    0
}

/// Moves seats so that the first dialogue trains and, from three on, each split has one.
fn fill_empty(seats: &mut Counts, standing: Counts) {
    let total = standing.total() + seats.total();
    let has = |seats: &mut Counts, split| {
        let mut standing = standing;
        *standing.of(split) + *seats.of(split)
    };
    for empty in [Split::Train, Split::Test, Split::Validation] {
        if has(seats, empty) > 0 || (total < 3 && empty != Split::Train) {
            continue;
        }
        let spare = |seats: &mut Counts, split| {
            *seats.of(split) > 0 && (has(seats, split) > 1 || empty == Split::Train)
        };
        let giver = [Split::Train, Split::Test, Split::Validation]
            .into_iter()
            .find(|split| spare(seats, *split));
        if let Some(giver) = giver {
            *seats.of(giver) -= 1;
            *seats.of(empty) += 1;
        }
    }
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use super::*;

    fn keys(from: usize, n: usize, seed: u64) -> Vec<Key> {
        let dialogue = |i| Key::of(seed, &format!("dialogue{i}"));
        (from..from + n).map(dialogue).collect()
    }

    fn counts(splits: &[Split]) -> [usize; 3] {
        [Split::Train, Split::Validation, Split::Test]
            .map(|wanted| splits.iter().filter(|split| **split == wanted).count())
    }

    /// A data set in which every dialogue counts.
    fn standing(stood: &[(Key, Split)]) -> Standing {
        let mut standing = Standing::default();
        standing.add(stood.iter().cloned(), true);
        standing
    }

    /// A data set that grows by `step` dialogues at a time.
    fn grown(total: usize, step: usize, seed: u64) -> Vec<(Key, Split)> {
        let mut stood: Vec<(Key, Split)> = Vec::new();
        while stood.len() < total {
            let standing = standing(&stood);
            let new = keys(stood.len(), step.min(total - stood.len()), seed);
            let (splits, _) = draw(&new, &standing);
            stood.extend(new.into_iter().zip(splits));
        }
        stood
    }

    #[test]
    fn a_small_set_keeps_enough_for_each_purpose() {
        for (total, wanted) in [
            (100, [70, 15, 15]),
            (200, [140, 30, 30]),
            (250, [190, 30, 30]),
            (1000, [800, 100, 100]),
        ] {
            let (splits, _) = draw(&keys(0, total, 0), &Standing::default());
            assert_eq!(counts(&splits), wanted, "{total}");
        }
        let share = |total| {
            let SplitShares {
                train,
                validation,
                test,
            } = shares(total);
            [train, validation, test]
        };
        assert_eq!(
            [share(0), share(100), share(250), share(1000)],
            [[70, 15, 15], [70, 15, 15], [76, 12, 12], [80, 10, 10]]
        );
    }

    #[test]
    fn the_held_out_part_never_shrinks_as_the_set_grows() {
        let part = |total: usize| held_out(total) * total as f64;
        for total in 1..2000 {
            assert!(part(total) <= part(total + 1) + 1e-9, "{total}");
        }
    }

    #[test]
    fn however_a_set_grows_its_shares_stay_and_it_can_be_trained_on() {
        for seed in 0..20 {
            for step in [1, 2, 3, 7, 50] {
                for total in [1, 2, 3, 4, 6, 12, 60, 130] {
                    let splits: Vec<Split> = grown(total, step, seed)
                        .into_iter()
                        .map(|(_, split)| split)
                        .collect();
                    let [train, validation, test] = counts(&splits);
                    let place =
                        format!("{total} by {step} with seed {seed}: {train} {validation} {test}");
                    assert!(train > 0, "{place}");
                    assert!(total < 4 || (validation > 0 && test > 0), "{place}");
                    let wanted = held_out(total) * total as f64;
                    for part in [validation, test] {
                        assert!((part as f64 - wanted).abs() < 2.0, "{place}: not {wanted}");
                    }
                }
            }
        }
    }

    #[test]
    fn a_single_dialogue_is_drawn_by_its_text_and_the_seed() {
        let drawn = |i: usize, seed| {
            let standing = standing(&grown(40, 40, seed));
            draw(&keys(i, 1, seed), &standing).0[0]
        };
        let by_text: HashSet<Split> = (100..200).map(|i| drawn(i, 0)).collect();
        let by_seed: HashSet<Split> = (0..100).map(|seed| drawn(100, seed)).collect();
        assert!(by_text.len() > 1 && by_seed.len() > 1);
        assert_eq!(drawn(100, 7), drawn(100, 7));
    }

    #[test]
    fn neither_order_nor_repetition_changes_the_draw() {
        let mut new = keys(0, 30, 3);
        let (splits, _) = draw(&new, &Standing::default());
        let places: HashMap<Key, Split> = new.iter().copied().zip(splits).collect();
        new.reverse();
        new.extend(keys(0, 30, 3));
        let (again, _) = draw(&new, &Standing::default());
        assert!(
            new.iter()
                .zip(again)
                .all(|(key, split)| places[key] == split)
        );
        // In the data set that they make they stay where they are.
        let stood: Vec<(Key, Split)> = places.into_iter().collect();
        let standing = standing(&stood);
        let (standing_still, _) = draw(&new, &standing);
        let expected: Vec<Split> = new.iter().map(|key| standing.places[key].0).collect();
        assert_eq!(standing_still, expected);
    }

    #[test]
    fn what_does_not_count_is_known_and_takes_no_share() {
        let mut standing = Standing::default();
        let waiting = keys(50, 40, 0).into_iter().map(|key| (key, Split::Test));
        standing.add(waiting, false);
        let new = [keys(0, 100, 0), keys(50, 1, 0)].concat();
        let (splits, shares) = draw(&new, &standing);
        assert_eq!(splits[100], Split::Test, "it goes where it is");
        assert_eq!(shares.train, 70);
        // 40 of the hundred are there already; the other 60 make a set of their own.
        let fresh: Vec<Split> = [&splits[..50], &splits[90..100]].concat();
        assert_eq!(counts(&fresh), [42, 9, 9]);
    }

    #[test]
    fn a_set_that_is_all_test_is_filled_up_with_training() {
        let stood: Vec<(Key, Split)> = keys(0, 6, 0)
            .into_iter()
            .map(|key| (key, Split::Test))
            .collect();
        let standing = standing(&stood);
        let (splits, _) = draw(&keys(10, 20, 0), &standing);
        let [train, validation, test] = counts(&splits);
        assert_eq!(test, 0);
        assert!(
            train >= 16 && (2..=4).contains(&validation),
            "{train} {validation}"
        );
    }

    #[test]
    fn a_draw_is_the_same_in_every_version() {
        let (splits, _) = draw(&keys(0, 8, 5), &Standing::default());
        let mut expected = [Split::Train; 8];
        (expected[2], expected[4]) = (Split::Test, Split::Validation);
        assert_eq!(splits, expected);
    }
}
