//! Invented rating studies without a true difference: how often the test finds one all the same, and how often the
//! intervals hold the truth. `duologue bench rating` prints both.
//!
//! A rater's score of a system in a dialogue is `mean + dialogue + (dialogue x system) + (rater x system) + rest`, each a
//! normal draw, rounded and cut to 1..5. The two systems are alike, so their true difference is 0 in the population of
//! raters. The components are those of the *difference*, as in [`crate::planner`]: each system carries half. Normal
//! draws by G. E. P. Box and M. E. Muller (1958).

use crate::cluster::{self, Block};
use crate::planner::Components;
use crate::random::Stream;
use crate::{flip, student};

/// What scores look like where two systems are alike.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Population {
    /// Its name in tables.
    pub name: &'static str,
    /// Mean score before rounding.
    pub mean: f64,
    /// Standard deviation between dialogues; both systems share this component.
    pub dialogue_sd: f64,
    /// Components of the difference.
    pub components: Components,
}

const fn population(
    name: &'static str,
    mean: f64,
    dialogue_sd: f64,
    a2: f64,
    b2: f64,
    e2: f64,
) -> Population {
    Population {
        name,
        mean,
        dialogue_sd,
        components: Components { a2, b2, e2 },
    }
}

/// Scores as people give them for faithfulness; the same near the top of the scale; a scale on which nearly all get the
/// best score; and raters with tastes of their own.
pub const POPULATIONS: [Population; 4] = [
    population("calibrated", 3.6, 0.6, 0.54, 0.0, 0.95),
    population("near the top", 4.5, 0.6, 0.54, 0.0, 0.95),
    population("ceiling", 5.4, 0.4, 0.3, 0.0, 0.5),
    population("taste", 3.6, 0.6, 0.54, 0.1, 0.95),
];

/// The differences of a study in which every rater rates every dialogue. Study number `study` of a seed is always the
/// same.
pub fn study(
    population: &Population,
    dialogues: usize,
    raters: usize,
    seed: u64,
    study: u64,
) -> Vec<Block> {
    let stream = Stream::new(Stream::new(seed).bits(study));
    let mut position = 0;
    let mut normal = |variance: f64| {
        position += 2;
        let uniform =
            |offset: u64| (stream.bits(position + offset) >> 11) as f64 / (1_u64 << 53) as f64;
        let radius = (-2.0 * (1.0 - uniform(0)).ln()).sqrt();
        variance.sqrt() * radius * (std::f64::consts::TAU * uniform(1)).cos()
    };
    let Components { a2, b2, e2 } = population.components;
    let taste: Vec<[f64; 2]> = (0..raters)
        .map(|_| [normal(b2 / 2.0), normal(b2 / 2.0)])
        .collect();
    let mut blocks = Vec::with_capacity(dialogues * raters);
    for dialogue in 0..dialogues {
        let common = population.mean + normal(population.dialogue_sd.powi(2));
        let systems = [normal(a2 / 2.0), normal(a2 / 2.0)];
        for (rater, taste) in taste.iter().enumerate() {
            let mut score = |system: usize| {
                let exact = common + systems[system] + taste[system] + normal(e2 / 2.0);
                exact.round().clamp(1.0, 5.0)
            };
            let (first, second) = (score(0), score(1));
            blocks.push(Block {
                dialogue,
                rater,
                difference: first - second,
            });
        }
    }
    blocks
}

/// Counts over a number of studies.
#[derive(Debug, Clone, Copy, PartialEq, Default)]
pub struct Rates {
    /// Studies that were invented.
    pub studies: usize,
    /// Studies in which the exact test found a difference at 5 %: false alarms.
    pub found: usize,
    /// Studies whose Student's interval holds 0.
    pub covered: usize,
    /// Studies that have an interval for other raters.
    pub with_others: usize,
    /// Of those, studies whose interval for other raters holds 0.
    pub covered_others: usize,
}

/// Invents studies and counts what the test and the intervals do.
pub fn rates(
    population: &Population,
    dialogues: usize,
    raters: usize,
    studies: usize,
    seed: u64,
) -> Rates {
    let mut rates = Rates {
        studies,
        ..Rates::default()
    };
    let holds_0 = |(low, high): (f64, f64)| low <= 0.0 && 0.0 <= high;
    for number in 0..studies as u64 {
        let blocks = study(population, dialogues, raters, seed, number);
        let differences: Vec<f64> = cluster::by_dialogue(&blocks).into_values().collect();
        let p = flip::p_two_sided(&differences, seed);
        rates.found += usize::from(p.is_some_and(|p| p <= 0.05));
        let interval = student::mean_interval(&differences, 0.95);
        rates.covered += usize::from(interval.is_some_and(holds_0));
        if let Some(others) = cluster::other_raters(&blocks) {
            rates.with_others += 1;
            rates.covered_others += usize::from(holds_0(others.ci95));
        }
    }
    rates
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_test_and_the_intervals_keep_their_promises() {
        for population in &POPULATIONS[..3] {
            let found = rates(population, 20, 3, 300, 17);
            let share = |count: usize| count as f64 / found.studies as f64;
            let name = population.name;
            // Where most differences are 0, the test is more conservative than it need be, and the interval wider.
            let least = if name == "ceiling" { 0.0 } else { 0.015 };
            assert!(
                (least..=0.08).contains(&share(found.found)),
                "{name}: {found:?}"
            );
            assert!(
                (0.92..=0.985).contains(&share(found.covered)),
                "{name}: {found:?}"
            );
        }
    }

    #[test]
    fn taste_is_seen_by_the_interval_for_other_raters_alone() {
        let found = rates(&POPULATIONS[3], 50, 3, 300, 5);
        assert_eq!(found.with_others, 300);
        // With an interval over dialogues alone, these raters' taste looks like evidence.
        assert!(
            found.covered < 285 && found.covered_others > found.covered,
            "{found:?}"
        );
        assert!(found.covered_others >= 270, "{found:?}");
    }

    #[test]
    fn a_study_is_a_function_of_its_number() {
        let study = |seed, number| study(&POPULATIONS[0], 8, 2, seed, number);
        assert_eq!(study(1, 4), study(1, 4));
        assert_ne!(study(1, 4), study(1, 5));
        assert_ne!(study(1, 4), study(2, 4));
        let scores = study(3, 0);
        assert!(scores.iter().all(|block| block.difference.fract() == 0.0));
    }
}
