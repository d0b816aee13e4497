//! What an experiment promises: intervals that cover, seeds that suffice.

use super::*;
use proptest::prelude::*;

/// Standard normal numbers of a stream, by Box and Muller.
fn normal(stream: &Stream, place: u64) -> f64 {
    let uniform = |place| (stream.bits(place) as f64 + 0.5) / u64::MAX as f64;
    (-2.0 * uniform(2 * place).ln()).sqrt() * (std::f64::consts::TAU * uniform(2 * place + 1)).cos()
}

/// The size and spread of a generated experiment.
#[derive(Clone, Copy)]
struct Design {
    seeds: usize,
    items: usize,
    /// Standard deviation of the seeds' effects; items have 10, single cells 7.
    seed_sd: f64,
}

/// Differences drawn where there is no true difference.
fn drawn(design: Design, number: u64) -> Vec<Vec<f64>> {
    let stream = Stream::new(Stream::new(77).bits(number));
    let item = |i: usize| 10.0 * normal(&stream, i as u64);
    let seed = |s: usize| design.seed_sd * normal(&stream, (1_000 + s) as u64);
    let cell = |s: usize, i: usize| 7.0 * normal(&stream, (2_000 + s * 1_000 + i) as u64);
    let row = |s| {
        (0..design.items)
            .map(|i| seed(s) + item(i) + cell(s, i))
            .collect()
    };
    (0..design.seeds).map(row).collect()
}

#[test]
fn the_interval_covers_what_it_promises() {
    let data_sets = 400;
    for seeds in [3, 5, 10] {
        for items in [50, 200] {
            for seed_sd in [0.0, 0.7, 1.5] {
                let design = Design {
                    seeds,
                    items,
                    seed_sd,
                };
                let covers = |number: &u64| {
                    let found = two_way(&drawn(design, *number)).unwrap();
                    assert_eq!(
                        found.p_two_sided > 0.05,
                        found.ci95.0 < 0.0 && found.ci95.1 > 0.0
                    );
                    found.ci95.0 <= 0.0 && 0.0 <= found.ci95.1
                };
                let share = (0..data_sets).filter(covers).count() as f64 / data_sets as f64;
                let promised = if seeds == 3 { 0.91..=0.99 } else { 0.93..=0.97 };
                assert!(
                    promised.contains(&share),
                    "{seeds} seeds, {items} items, SD {seed_sd}: {share}"
                );
            }
        }
    }
}

#[test]
fn the_suggested_seeds_find_the_effect() {
    // Given the variances of a large experiment, the suggested number of seeds finds the effect about as often as
    // promised.
    let design = |seeds| Design {
        seeds,
        items: 800,
        seed_sd: 1.0,
    };
    let effect = 1.5;
    let seeds = seeds_needed(&drawn(design(60), 1), effect).unwrap();
    assert!((6..=12).contains(&seeds), "{seeds}");
    let finds = |number: &u64| {
        let mut differences = drawn(design(seeds), 1_000 + number);
        differences
            .iter_mut()
            .flatten()
            .for_each(|cell| *cell += effect);
        two_way(&differences).unwrap().p_two_sided < 0.05
    };
    let share = (0..300).filter(finds).count() as f64 / 300.0;
    assert!((0.72..=0.9).contains(&share), "{seeds} seeds: {share}");
}

#[test]
fn too_few_items_need_no_more_seeds() {
    let few = drawn(
        Design {
            seeds: 5,
            items: 20,
            seed_sd: 1.0,
        },
        3,
    );
    assert_eq!(seeds_needed(&few, 1.5), None);
    assert_eq!(seeds_needed(&few[..1], 1.5), None);
    assert_eq!(seeds_needed(&[vec![0.1; 5], vec![0.1; 5]], 0.015), Some(2));
}

#[test]
fn without_variance_the_difference_decides() {
    let found = |value: f64| two_way(&[vec![value; 4], vec![value; 4]]).unwrap();
    assert_eq!((found(0.0).p_two_sided, found(0.0).t), (1.0, None));
    assert_eq!(
        (found(0.25).p_two_sided, found(0.25).ci95),
        (0.0, (0.25, 0.25))
    );
    assert_eq!(two_way(&[]), None);
    assert_eq!(two_way(&[vec![1.0]]), None);
    assert_eq!(two_way(&[vec![1.0], vec![2.0]]), None);
}

#[test]
fn a_system_without_seeds_counts_for_each() {
    let system = [vec![0.5, 0.25], vec![1.0, 0.75]];
    let found = differences(&system, &[vec![0.25, 0.25]]).unwrap();
    assert_eq!(found, [[0.25, 0.0], [0.75, 0.5]]);
    assert_eq!(item_means(&found), [0.5, 0.25]);
    assert_eq!(differences(&system, &[vec![0.25]]), None);
    assert_eq!(
        differences(&system, &[vec![0.0; 2], vec![0.0; 2], vec![0.0; 2]]),
        None
    );
    assert_eq!(differences(&[], &[]), None);
}

#[test]
fn a_comparison_agrees_with_its_parts() {
    let differences = drawn(
        Design {
            seeds: 4,
            items: 30,
            seed_sd: 1.0,
        },
        9,
    );
    let found = compare(&differences, 500, 3).unwrap();
    assert_eq!((found.seeds, found.items), (4, 30));
    assert_eq!(Some(found.two_way), two_way(&differences));
    assert_eq!(Some(found), compare(&differences, 500, 3));
    assert!(
        found.ci95_bootstrap.0 < found.two_way.diff && found.two_way.diff < found.ci95_bootstrap.1
    );
    assert!(
        found.sd_seeds.is_some()
            && compare(&differences[..1], 500, 3)
                .unwrap()
                .sd_seeds
                .is_none()
    );
}

proptest! {
    #[test]
    fn a_shift_moves_the_interval_and_nothing_else(
        cells in prop::collection::vec(prop::collection::vec(-5.0..5.0_f64, 6), 1..5),
        shift in -3.0..3.0_f64,
    ) {
        let before = two_way(&cells).unwrap();
        let shifted: Vec<Vec<f64>> = cells.iter().map(|row| row.iter().map(|cell| cell + shift).collect()).collect();
        let after = two_way(&shifted).unwrap();
        prop_assert!((after.diff - before.diff - shift).abs() < 1e-9);
        prop_assert!((after.se - before.se).abs() < 1e-9);
        prop_assert!((after.ci95.0 - before.ci95.0 - shift).abs() < 1e-6);
    }
}

#[test]
fn what_an_experiment_can_tell_before_it_is_begun() {
    // Page `evidence`, section 0: three seeds can detect about 2 to 4 points; 1.5 points take 6 to 10 seeds.
    let points = |seeds, items| 100.0 * outlook(seeds, items).unwrap();
    assert!((2.5..4.5).contains(&points(3, 500)), "{}", points(3, 500));
    assert!((1.5..2.4).contains(&points(5, 500)), "{}", points(5, 500));
    assert!(points(10, 500) < points(5, 500) && points(5, 500) < points(5, 100));
    let seeds = seeds_outlook(500, EFFECT_1_5).unwrap();
    assert!((6..=10).contains(&seeds), "{seeds}");
    assert_eq!(seeds_outlook(2, EFFECT_1_5), None, "too few items");
    assert_eq!((outlook(0, 100), outlook(3, 1)), (None, None));
    // A difference of that size is found with the power that was asked for.
    let found = detectable(0.01, 12.0).unwrap();
    assert!((noncentral::power(found / 0.01, 12.0, 0.05).unwrap() - POWER).abs() < 1e-6);
    assert_eq!(detectable(0.0, 12.0), None);
}

#[test]
fn two_independent_differences_are_compared_as_welch_does() {
    // scipy.stats.ttest_ind_from_stats(2, 1 * 3, 9, 1, 2 * 2, 4, equal_var=False): standard errors 1 and 2.
    let a = TTest::new(2.0, 1.0, 8.0).unwrap();
    let b = TTest::new(1.0, 2.0, 3.0).unwrap();
    let found = TTest::of_two(&a, &b).unwrap();
    assert!((found.diff - 1.0).abs() < 1e-12);
    assert!((found.se - 5.0_f64.sqrt()).abs() < 1e-12);
    assert!((found.df - 25.0 / (1.0 / 8.0 + 16.0 / 3.0)).abs() < 1e-9);
    assert!((found.p_two_sided - 0.675).abs() < 0.005, "{found:?}");
    let same = TTest::of_two(&a, &a).unwrap();
    assert_eq!((same.diff, same.p_two_sided), (0.0, 1.0));
}
