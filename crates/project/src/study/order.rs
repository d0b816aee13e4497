//! Who rates which dialogues in which order: pure functions of the design and the study's secret key.
//!
//! The first `shared` of the drawn dialogues go to everybody, the others to one rater each, dealt round; whoever gets a
//! dialogue gets all its systems. Within a dialogue the systems follow the rows of a Williams square (E. J. Williams,
//! "Experimental designs balanced for the estimation of residual effects", 1949): every system in every place, and every
//! system after every other, equally often. A few dialogues appear complete a second time, ten or more after the first.

use std::collections::BTreeMap;

use contract::PlannedComparison;
use store::{RatingStepRow, StepKind};

use super::secret::{BlindKey, Draws};

/// Fewest dialogues between a dialogue and its repeat.
const APART: usize = 10;

/// Below this number of dialogues a rater sees none twice.
const REPEATS_FROM: usize = 25;

/// Dialogues that all raters do in the same sequence if the study may stop early.
const BATCH: usize = 10;

/// Places of the dialogues of each rater in the drawn order.
pub(super) fn deal(n: usize, raters: usize, shared: usize) -> Vec<Vec<usize>> {
    let common = shared.min(n);
    let mine = |rater: usize| {
        let singles = (common..n).filter(|place| (place - common) % raters.max(1) == rater);
        (0..common).chain(singles).collect()
    };
    (0..raters).map(mine).collect()
}

/// The rows of a Williams square of `systems`: one cycle of places for an even number, a second one mirrored for an odd
/// number. `half` chooses the cycle, whose rows are a Latin square by themselves.
fn williams_row(systems: usize, half: usize, row: usize) -> Vec<usize> {
    let first = (0..systems).map(|place| match place % 2 {
        1 => place.div_ceil(2),
        _ => (systems - place / 2) % systems,
    });
    let mut row: Vec<usize> = first.map(|system| (system + row) % systems).collect();
    if half == 1 {
        row.reverse();
    }
    row
}

/// Rows of the square for the dialogues of a rater, one after the other: fresh order of the rows in each cycle.
struct Rows {
    systems: usize,
    /// Place of the rater on the roster, so that raters of a shared dialogue see different rows.
    rater: usize,
    draws: Draws,
    cycle: usize,
    left: Vec<usize>,
}

impl Rows {
    fn new(systems: usize, rater: usize, draws: Draws) -> Self {
        Self {
            systems,
            rater,
            draws,
            cycle: 0,
            left: Vec::new(),
        }
    }

    fn next(&mut self) -> Vec<usize> {
        if self.left.is_empty() {
            self.left = self.draws.permutation(self.systems);
            self.cycle += 1;
        }
        let row = self.left.pop().unwrap_or_default();
        let half = match self.systems % 2 {
            0 => 0,
            _ => (self.cycle + self.rater) % 2,
        };
        williams_row(self.systems, half, (row + self.rater) % self.systems.max(1))
    }
}

/// What the order of a study depends on.
pub(super) struct Order<'a> {
    pub(super) key: &'a BlindKey,
    /// Number of systems.
    pub(super) systems: usize,
    /// Dialogues that each rater sees a second time.
    pub(super) repeats: usize,
    /// Whether the study may stop early.
    pub(super) in_batches: bool,
    /// Number of each drawn dialogue.
    pub(super) dialogues: &'a [u32],
    /// The item of each system in each drawn dialogue.
    pub(super) items: &'a [Vec<u32>],
}

/// A rater by slot and place on the roster.
#[derive(Clone, Copy)]
pub(super) struct Seat<'a> {
    pub(super) slot: &'a str,
    pub(super) place: usize,
}

impl Order<'_> {
    /// The dialogues of a rater (places in the drawn order) in batches that are done one after the other.
    fn batches(&self, dealt: &[usize]) -> Vec<Vec<usize>> {
        if !self.in_batches {
            return vec![dealt.to_vec()];
        }
        let mut batches: BTreeMap<usize, Vec<usize>> = BTreeMap::new();
        for place in dealt {
            batches.entry(place / BATCH).or_default().push(*place);
        }
        batches.into_values().collect()
    }

    /// The dialogues of a rater (places in the drawn order) in the order shown, and which of them come a second time.
    fn sequence(&self, seat: Seat<'_>, dealt: &[usize]) -> Vec<(usize, bool)> {
        let mut draws = self.key.draws(&format!("dialogues/{}", seat.slot));
        let batches = self.batches(dealt).into_iter();
        let sequence: Vec<usize> = batches.flat_map(|batch| draws.shuffled(batch)).collect();
        self.with_repeats(seat, &sequence)
    }

    /// What a rater is shown, some of it a second time.
    fn with_repeats<T: Copy>(&self, seat: Seat<'_>, sequence: &[T]) -> Vec<(T, bool)> {
        let n = sequence.len();
        let mut shown: Vec<(T, bool)> = sequence.iter().map(|place| (*place, false)).collect();
        if n < REPEATS_FROM {
            return shown;
        }
        let mut draws = self.key.draws(&format!("repeats/{}", seat.slot));
        let mut chosen = draws.permutation(n - APART);
        chosen.truncate(self.repeats);
        // From the last place on, so that what is put in moves nothing that is still to be placed.
        let mut inserts: Vec<(usize, T)> = chosen
            .into_iter()
            .map(|place| {
                let after = place + APART + draws.index(n - APART - place);
                (after, sequence[place])
            })
            .collect();
        inserts.sort_by_key(|(after, _)| *after);
        for (after, dialogue) in inserts.into_iter().rev() {
            shown.insert(after + 1, (dialogue, true));
        }
        shown
    }

    /// The steps of a rater who scores, or who names the best and the worst: each a dialogue with all its items.
    pub(super) fn steps(&self, seat: Seat<'_>, dealt: &[usize]) -> Vec<RatingStepRow> {
        let draws = self.key.draws(&format!("rows/{}", seat.slot));
        let mut rows = Rows::new(self.systems, seat.place, draws);
        let shown = self.sequence(seat, dealt);
        let steps = shown
            .into_iter()
            .zip(0..)
            .map(|((place, is_repeat), step)| {
                let mut items: Vec<u32> = Vec::with_capacity(self.systems);
                for system in rows.next() {
                    let item = self.items[place][system];
                    if !items.contains(&item) {
                        items.push(item);
                    }
                }
                RatingStepRow {
                    rater: seat.slot.to_owned(),
                    step,
                    kind: if is_repeat {
                        StepKind::Repeat
                    } else {
                        StepKind::Rate
                    },
                    dialogue: self.dialogues[place],
                    items,
                    pair: None,
                }
            });
        steps.collect()
    }

    /// The steps of a rater who judges dialogues, each by itself: in a first round one dialogue of each summary, in a second
    /// one another of each, and so on, so that those of one summary are far apart. Rows of the square say which, so
    /// that every system comes in every round equally often.
    pub(super) fn single_steps(&self, seat: Seat<'_>, dealt: &[usize]) -> Vec<RatingStepRow> {
        let draws = self.key.draws(&format!("rows/{}", seat.slot));
        let mut rows = Rows::new(self.systems, seat.place, draws);
        let mut draws = self.key.draws(&format!("dialogues/{}", seat.slot));
        let mut sequence: Vec<(usize, u32)> = Vec::new();
        for batch in self.batches(dealt) {
            let rows: Vec<(usize, Vec<usize>)> = batch
                .into_iter()
                .map(|place| (place, rows.next()))
                .collect();
            for round in 0..self.systems {
                let items = rows
                    .iter()
                    .map(|(place, row)| (*place, self.items[*place][row[round]]));
                let fresh: Vec<(usize, u32)> =
                    items.filter(|item| !sequence.contains(item)).collect();
                sequence.extend(draws.shuffled(fresh));
            }
        }
        let shown = self.with_repeats(seat, &sequence).into_iter().zip(0..);
        let step =
            |(((place, item), is_repeat), step): (((usize, u32), bool), u32)| RatingStepRow {
                rater: seat.slot.to_owned(),
                step,
                kind: match is_repeat {
                    true => StepKind::Repeat,
                    false => StepKind::Rate,
                },
                dialogue: self.dialogues[place],
                items: vec![item],
                pair: None,
            };
        shown.map(step).collect()
    }

    /// The steps of a rater who chooses between two: for each dialogue the planned pairs, each system on the left half of
    /// the time. A pair with one text has nothing to choose from.
    pub(super) fn pair_steps(
        &self,
        seat: Seat<'_>,
        dealt: &[usize],
        pairs: &[(usize, usize, usize)],
    ) -> Vec<RatingStepRow> {
        let mut draws = self.key.draws(&format!("sides/{}", seat.slot));
        let sides: Vec<Vec<bool>> = pairs
            .iter()
            .map(|_| draws.shuffled((0..dealt.len()).map(|place| place % 2 == 0).collect()))
            .collect();
        let mut steps = Vec::new();
        let mut seen = 0;
        for (place, is_repeat) in self.sequence(seat, dealt) {
            let turn = seen;
            seen += usize::from(!is_repeat);
            for planned in draws.permutation(pairs.len()) {
                let (pair, a, b) = pairs[planned];
                let (first, second) = (self.items[place][a], self.items[place][b]);
                if first == second || is_repeat {
                    continue;
                }
                let is_left = sides[planned].get(turn).copied().unwrap_or_default();
                steps.push(RatingStepRow {
                    rater: seat.slot.to_owned(),
                    step: steps.len() as u32,
                    kind: StepKind::Pair,
                    dialogue: self.dialogues[place],
                    items: if is_left {
                        vec![first, second]
                    } else {
                        vec![second, first]
                    },
                    pair: Some(pair as u32),
                });
            }
        }
        steps
    }
}

/// The planned comparisons as places of the comparison and of its two systems.
pub(super) fn places(
    comparisons: &[PlannedComparison],
    keys: &[&str],
) -> Vec<(usize, usize, usize)> {
    let place = |key: &str| keys.iter().position(|known| *known == key);
    let planned = comparisons.iter().enumerate();
    planned
        .filter_map(|(pair, planned)| Some((pair, place(&planned.a)?, place(&planned.b)?)))
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn steps(systems: usize, n: usize, repeats: usize) -> Vec<RatingStepRow> {
        let dialogues: Vec<u32> = (1..=n as u32).collect();
        let items: Vec<Vec<u32>> = (0..n)
            .map(|place| {
                (0..systems)
                    .map(|system| (place * systems + system) as u32)
                    .collect()
            })
            .collect();
        let order = Order {
            key: &BlindKey::new([3; 32]),
            systems,
            repeats,
            in_batches: false,
            dialogues: &dialogues,
            items: &items,
        };
        order.steps(
            Seat {
                slot: "R1",
                place: 0,
            },
            &(0..n).collect::<Vec<_>>(),
        )
    }

    #[test]
    fn everybody_gets_the_shared_and_one_gets_each_other() {
        let dealt = deal(11, 3, 5);
        assert_eq!(
            dealt,
            [
                vec![0, 1, 2, 3, 4, 5, 8],
                vec![0, 1, 2, 3, 4, 6, 9],
                vec![0, 1, 2, 3, 4, 7, 10]
            ]
        );
        assert_eq!(deal(3, 2, 9), [[0, 1, 2], [0, 1, 2]]);
    }

    /// Every ordered pair of systems is adjacent equally often, and every system is in every place equally often.
    #[test]
    fn a_square_is_balanced() {
        for systems in 2..=8_usize {
            let halves = 1 + systems % 2;
            let mut after: BTreeMap<(usize, usize), usize> = BTreeMap::new();
            let mut placed: BTreeMap<(usize, usize), usize> = BTreeMap::new();
            for half in 0..halves {
                for row in 0..systems {
                    let row = williams_row(systems, half, row);
                    for (place, system) in row.iter().enumerate() {
                        *placed.entry((place, *system)).or_default() += 1;
                    }
                    for pair in row.windows(2) {
                        *after.entry((pair[0], pair[1])).or_default() += 1;
                    }
                }
            }
            assert_eq!(placed.len(), systems * systems);
            assert!(placed.values().all(|count| *count == halves), "{systems}");
            assert_eq!(after.len(), systems * (systems - 1));
            assert!(after.values().all(|count| *count == halves), "{systems}");
        }
    }

    #[test]
    fn each_system_is_in_each_place_as_often_as_any_other() {
        for systems in 2..=5_usize {
            let steps = steps(systems, 40, 0);
            let mut counts = vec![vec![0_i32; systems]; systems];
            for step in &steps {
                for (place, item) in step.items.iter().enumerate() {
                    counts[place][*item as usize % systems] += 1;
                }
            }
            let (low, high) = (
                counts.iter().flatten().min().unwrap(),
                counts.iter().flatten().max().unwrap(),
            );
            assert!(high - low <= 1, "{systems} systems: {counts:?}");
        }
    }

    #[test]
    fn repeats_come_ten_dialogues_later_and_not_in_small_sets() {
        let found = steps(3, 40, 3);
        let repeats: Vec<&RatingStepRow> = found
            .iter()
            .filter(|step| step.kind == StepKind::Repeat)
            .collect();
        assert_eq!((found.len(), repeats.len()), (43, 3));
        for repeat in repeats {
            let first = found
                .iter()
                .find(|step| step.dialogue == repeat.dialogue)
                .unwrap();
            assert!(
                first.step + 10 <= repeat.step,
                "{} {}",
                first.step,
                repeat.step
            );
            assert_eq!(first.kind, StepKind::Rate);
        }
        assert!(
            found
                .iter()
                .zip(0..)
                .all(|(step, number)| step.step == number)
        );
        assert_eq!(steps(3, 24, 3).len(), 24);
    }

    #[test]
    fn each_system_of_a_pair_is_on_the_left_half_of_the_time() {
        let dialogues: Vec<u32> = (1..=31).collect();
        let items: Vec<Vec<u32>> = (0..31)
            .map(|place| vec![place * 2, place * 2 + 1])
            .collect();
        let order = Order {
            key: &BlindKey::new([4; 32]),
            systems: 2,
            repeats: 3,
            in_batches: true,
            dialogues: &dialogues,
            items: &items,
        };
        let dealt: Vec<usize> = (0..31).collect();
        let steps = order.pair_steps(
            Seat {
                slot: "R2",
                place: 1,
            },
            &dealt,
            &[(0, 0, 1)],
        );
        let left = steps.iter().filter(|step| step.items[0] % 2 == 0).count();
        assert_eq!((steps.len(), left), (31, 16));
        // Whoever stops early has whole batches.
        let first: Vec<u32> = steps.iter().take(10).map(|step| step.dialogue).collect();
        assert!(first.iter().all(|dialogue| *dialogue <= 10), "{first:?}");
    }
}
