//! Two systems, several seeds, the same test items: is one better, by how much, and how many seeds would it take to
//! tell?
//!
//! Seeds and items are both drawn: another seed would draw other shots, another test set other conversations. An
//! interval over items alone covers 50 to 93 % instead of 95 % when seeds differ. With d[s][i] the difference of item i
//! under seed s, S seeds and n items:
//!
//! - **Two-way t** (crossed random effects; df after Satterthwaite, 1946): `a = n var(seed means)`, `b = S var(item
//!   means)`, `e` the residual mean square; `a = max(a, e)`. Variance of the mean `(a + b - e) / (S n)` with `df = (a + b
//!   - e)^2 / (a^2/(S-1) + b^2/(n-1) + e^2/((S-1)(n-1)))`, at least 1; where that variance is not positive, `e / (S n)`
//!   with `(S-1)(n-1)`. With one seed, it is the paired t test over items, which says nothing about another draw.
//! - **Hierarchical bootstrap** (Sellam et al., "The MultiBERTs", arXiv 2106.16163): seeds and items are resampled, the
//!   seeds once for all items and the items once for all seeds.
//! - **Randomisation** of the items' mean differences ([`crate::significance`]): a statement about these trained models,
//!   not about the method.
//!
//! Holm's adjustment for a family is [`crate::significance::holm`].

use crate::interval::{percentiles_95, seeded_index, shifted_p};
use crate::random::Stream;
use crate::{noncentral, significance, student, text};

/// The difference, in stored scores, that an experiment is asked to find: 1.5 points.
pub const EFFECT_1_5: f64 = 0.015;
/// The power with which it is to be found.
const POWER: f64 = 0.8;
/// The most seeds that are suggested.
const MOST_SEEDS: usize = 100;
/// Standard deviation of a difference over seeds and over items, in stored scores, where nothing has been measured yet:
/// the middle of what runs on SAMSum showed (`docs/demo.md`: 1.0 to 1.3 points over seeds, 10 over items).
const USUAL_SD: (f64, f64) = (0.0115, 0.1);

/// Differences `system - baseline` for each seed and item. A side with one row is a system that does not depend on the
/// seed; its row counts for every seed. `None` without scores, or where seeds or items do not match.
pub fn differences(system: &[Vec<f64>], baseline: &[Vec<f64>]) -> Option<Vec<Vec<f64>>> {
    let seeds = system.len().max(baseline.len());
    let items = system.first()?.len();
    let fits = |rows: &[Vec<f64>]| {
        let has_every_seed = rows.len() == seeds || rows.len() == 1;
        has_every_seed && rows.iter().all(|row| row.len() == items)
    };
    if !fits(system) || !fits(baseline) {
        return None;
    }
    let scores_of_seed = |rows: &[Vec<f64>], seed: usize| rows[seed.min(rows.len() - 1)].clone();
    let subtract = |seed| {
        let scores = scores_of_seed(system, seed).into_iter();
        let pairs = scores.zip(scores_of_seed(baseline, seed));
        pairs.map(|(score, other)| score - other).collect()
    };
    Some((0..seeds).map(subtract).collect())
}

/// Mean difference of each item over the seeds.
pub fn item_means(differences: &[Vec<f64>]) -> Vec<f64> {
    let items = differences.first().map_or(0, Vec::len);
    let mean =
        |item| differences.iter().map(|row| row[item]).sum::<f64>() / differences.len() as f64;
    (0..items).map(mean).collect()
}

/// Mean difference of each seed over the items.
pub fn seed_means(differences: &[Vec<f64>]) -> Vec<f64> {
    differences
        .iter()
        .filter_map(|row| text::mean(row))
        .collect()
}

/// A mean difference with a t interval and test.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct TTest {
    /// Mean difference.
    pub diff: f64,
    /// Its standard error.
    pub se: f64,
    /// Degrees of freedom, usually not a whole number.
    pub df: f64,
    /// `diff / se`; `None` where the standard error is 0.
    pub t: Option<f64>,
    /// Two-sided p-value of "no difference".
    pub p_two_sided: f64,
    /// 95 % interval.
    pub ci95: (f64, f64),
}

impl TTest {
    /// The difference of two independent differences: variances add up, degrees of freedom follow Welch (1947) and
    /// Satterthwaite (1946). `None` where they are not above 0.
    pub fn of_two(a: &Self, b: &Self) -> Option<Self> {
        let (of_a, of_b) = (a.se * a.se, b.se * b.se);
        let parts = of_a * of_a / a.df + of_b * of_b / b.df;
        let df = match parts > 0.0 {
            true => (of_a + of_b).powi(2) / parts,
            false => a.df.min(b.df),
        };
        Self::new(a.diff - b.diff, (of_a + of_b).sqrt(), df)
    }

    /// A test from its difference, standard error and degrees of freedom; `None` where these are not above 0.
    pub fn new(diff: f64, se: f64, df: f64) -> Option<Self> {
        let t = (se > 0.0).then(|| diff / se);
        let p_two_sided = match t {
            Some(t) => (2.0 * student::cdf(-t.abs(), df)?).min(1.0),
            None if diff == 0.0 => 1.0,
            None => 0.0,
        };
        Some(Self {
            diff,
            se,
            df,
            t,
            p_two_sided,
            ci95: student::around(diff, se, df, 0.95)?,
        })
    }
}

/// Mean squares of a table of differences: what its variance consists of.
#[derive(Debug, Clone, Copy, PartialEq)]
struct MeanSquares {
    seeds: usize,
    items: usize,
    /// `a`: mean square of the seeds' means, at least the residual one.
    seed: f64,
    /// `b`: mean square of the items' means.
    item: f64,
    /// `e`: the residual mean square.
    residual: f64,
}

impl MeanSquares {
    /// The mean squares; `None` with fewer than two seeds or two items.
    fn of(differences: &[Vec<f64>]) -> Option<Self> {
        let (by_seed, by_item) = (seed_means(differences), item_means(differences));
        let (seeds, items) = (by_seed.len(), by_item.len());
        let diff = text::mean(&by_seed)?;
        let variance = |means: &[f64]| text::standard_deviation(means).map(|sd| sd * sd);
        let (seed, item) = (
            items as f64 * variance(&by_seed)?,
            seeds as f64 * variance(&by_item)?,
        );
        let rows = differences.iter().zip(&by_seed);
        let squares: f64 = rows
            .flat_map(|(row, seed)| {
                let cells = row.iter().zip(&by_item);
                cells.map(move |(cell, item)| (cell - seed - item + diff).powi(2))
            })
            .sum();
        let residual = squares / ((seeds - 1) * (items - 1)) as f64;
        Some(Self {
            seeds,
            items,
            seed: seed.max(residual),
            item,
            residual,
        })
    }

    /// Standard error of the mean difference, with its degrees of freedom.
    fn standard_error(&self) -> (f64, f64) {
        let Self {
            seed,
            item,
            residual,
            ..
        } = *self;
        let cells = (self.seeds * self.items) as f64;
        let seed_df = (self.seeds - 1) as f64;
        let item_df = (self.items - 1) as f64;
        let sum = seed + item - residual;
        if sum <= 0.0 {
            return ((residual / cells).sqrt(), seed_df * item_df);
        }
        let parts = seed * seed / seed_df
            + item * item / item_df
            + residual * residual / (seed_df * item_df);
        ((sum / cells).sqrt(), (sum * sum / parts).max(1.0))
    }

    /// What a different number of seeds would give with these variances.
    fn with_seeds(&self, seeds: usize) -> Self {
        let item_variance = ((self.item - self.residual) / self.seeds as f64).max(0.0);
        Self {
            seeds,
            item: self.residual + seeds as f64 * item_variance,
            ..*self
        }
    }
}

/// Two-way t test of `differences[seed][item]`; `None` without seeds, or with fewer than two items.
pub fn two_way(differences: &[Vec<f64>]) -> Option<TTest> {
    if let [row] = differences {
        let se = text::standard_deviation(row)? / (row.len() as f64).sqrt();
        return TTest::new(text::mean(row)?, se, (row.len() - 1) as f64);
    }
    let (se, df) = MeanSquares::of(differences)?.standard_error();
    TTest::new(text::mean(&seed_means(differences))?, se, df)
}

/// The smallest number of seeds (two or more) that would find a true difference of `effect` with 80 % power at a
/// two-sided alpha of 0.05, judging by the variances of `differences`. `None` with fewer than two seeds, which show no
/// variance between seeds, and where a hundred seeds are not enough because the items are too few.
pub fn seeds_needed(differences: &[Vec<f64>], effect: f64) -> Option<usize> {
    let observed = MeanSquares::of(differences)?;
    let is_enough = |seeds: &usize| {
        let (se, df) = observed.with_seeds(*seeds).standard_error();
        se == 0.0 || noncentral::power(effect / se, df, 0.05).is_some_and(|power| power >= POWER)
    };
    (2..=MOST_SEEDS).find(is_enough)
}

/// The smallest true difference that a test with this standard error finds with 80 % power at a two-sided alpha of 0.05;
/// `None` where the standard error or the degrees of freedom are 0.
pub fn detectable(se: f64, df: f64) -> Option<f64> {
    if se <= 0.0 {
        return None;
    }
    let finds = |effect: f64| noncentral::power(effect / se, df, 0.05);
    let (mut low, mut high) = (0.0, 37.0 * se);
    if finds(high)? < POWER {
        return None;
    }
    for _ in 0..60 {
        let middle = f64::midpoint(low, high);
        match finds(middle)? >= POWER {
            true => high = middle,
            false => low = middle,
        }
    }
    Some(high)
}

/// Mean squares of a typical experiment: half of the variance over items is the same for every seed.
fn usual(seeds: usize, items: usize) -> MeanSquares {
    let (of_seeds, of_items) = USUAL_SD;
    let residual = of_items * of_items / 2.0;
    MeanSquares {
        seeds,
        items,
        seed: items as f64 * of_seeds * of_seeds + residual,
        item: seeds as f64 * residual + residual,
        residual,
    }
}

/// The smallest true difference that this many seeds and test items find with 80 % power, by the usual variance: what
/// an experiment will be able to show, told before it begins. One seed says something only about its own trained
/// models, by the variance of items. `None` with fewer than two items.
pub fn outlook(seeds: usize, items: usize) -> Option<f64> {
    if items < 2 || seeds == 0 {
        return None;
    }
    if seeds == 1 {
        let se = USUAL_SD.1 / (items as f64).sqrt();
        return detectable(se, (items - 1) as f64);
    }
    let (se, df) = usual(seeds, items).standard_error();
    detectable(se, df)
}

/// The smallest number of seeds that finds `effect` with this many test items, by the usual variance; `None` where a
/// hundred are not enough.
pub fn seeds_outlook(items: usize, effect: f64) -> Option<usize> {
    if items < 2 {
        return None;
    }
    (2..=MOST_SEEDS).find(|seeds| outlook(*seeds, items).is_some_and(|found| found <= effect))
}

/// The interval around a test's difference at a different confidence level.
pub fn interval(test: &TTest, confidence: f64) -> Option<(f64, f64)> {
    student::around(test.diff, test.se, test.df, confidence)
}

/// A mean difference with the interval of a bootstrap over seeds and items.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Hierarchical {
    /// Mean difference.
    pub diff: f64,
    /// 2.5 and 97.5 % percentiles.
    pub ci95: (f64, f64),
    /// Two-sided p-value of the shifted bootstrap.
    pub p_two_sided: f64,
}

/// Hierarchical bootstrap with draws supplied by the
/// caller: `seed_index(b, i)` names the seed at place `i` of resample `b`, and
/// `item_index` the item. `None` without differences or resamples.
pub fn hierarchical(
    differences: &[Vec<f64>],
    resamples: usize,
    seed_index: impl Fn(usize, usize) -> usize,
    item_index: impl Fn(usize, usize) -> usize,
) -> Option<Hierarchical> {
    let items = differences.first()?.len();
    let diff = text::mean(&seed_means(differences))?;
    let mut taken = vec![0.0; items];
    let mut mean_of = |resample: usize| {
        taken.fill(0.0);
        (0..items).for_each(|place| taken[item_index(resample, place)] += 1.0);
        let sum: f64 = (0..differences.len())
            .map(|place| {
                let row = &differences[seed_index(resample, place)];
                row.iter()
                    .zip(&taken)
                    .map(|(x, times)| x * times)
                    .sum::<f64>()
            })
            .sum();
        sum / (items * differences.len()) as f64
    };
    let means: Vec<f64> = (0..resamples).map(&mut mean_of).collect();
    Some(Hierarchical {
        diff,
        ci95: percentiles_95(&means)?,
        p_two_sided: shifted_p(diff, &means),
    })
}

/// As [`hierarchical`], with draws derived from a seed.
pub fn hierarchical_bootstrap(
    differences: &[Vec<f64>],
    resamples: usize,
    seed: u64,
) -> Option<Hierarchical> {
    let stream = Stream::new(seed);
    hierarchical(
        differences,
        resamples,
        seeded_index(differences.len(), stream.bits(0)),
        seeded_index(differences.first()?.len(), stream.bits(1)),
    )
}

/// A comparison of two systems, as tables, reports and verdicts read it. Holm's adjustment is not included, because it
/// depends on the family.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Comparison {
    /// Number of seeds; with one, nothing is said about another draw.
    pub seeds: usize,
    /// Number of test items.
    pub items: usize,
    /// The headline result: the two-way t test.
    pub two_way: TTest,
    /// Standard deviation of the seeds' mean differences; `None` for one seed.
    pub sd_seeds: Option<f64>,
    /// 95 % interval of the hierarchical bootstrap.
    pub ci95_bootstrap: (f64, f64),
    /// Randomisation of the items: for these trained models only.
    pub p_randomisation: f64,
    /// The smallest true difference that these seeds and items find with 80 % power; `None` where that cannot be said.
    pub detectable: Option<f64>,
    /// Seeds that would show a difference of 1.5 points; `None` where that cannot be said.
    pub seeds_for_1_5: Option<usize>,
}

/// Compares two systems by `differences[seed][item]` of stored scores (0..=1); `None` without seeds, or with fewer than
/// two items.
pub fn compare(differences: &[Vec<f64>], resamples: usize, seed: u64) -> Option<Comparison> {
    let two_way = two_way(differences)?;
    let by_item = item_means(differences);
    Some(Comparison {
        seeds: differences.len(),
        items: by_item.len(),
        two_way,
        sd_seeds: text::standard_deviation(&seed_means(differences)),
        ci95_bootstrap: hierarchical_bootstrap(differences, resamples, seed)?.ci95,
        p_randomisation: significance::paired_randomisation(&by_item, resamples, seed)?.p_two_sided,
        detectable: detectable(two_way.se, two_way.df),
        seeds_for_1_5: seeds_needed(differences, EFFECT_1_5),
    })
}

#[cfg(test)]
mod tests;
