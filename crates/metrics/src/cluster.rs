//! Two systems, several raters, dialogues as clusters: a studentised bootstrap over dialogues, and the interval for
//! *other* raters from variance components.
//!
//! - Studentised bootstrap (Efron and Tibshirani, "An introduction to the bootstrap", 1993, section 12.5).
//! - Components from the two-way table of differences with one value per cell (Searle, Casella and McCulloch, "Variance
//!   components", 1992, section 4.3); degrees of freedom by F. E. Satterthwaite (1946), in the spirit of H. H. Clark,
//!   "The language-as-fixed-effect fallacy" (1973): a difference should hold for other raters as well as for other
//!   dialogues.

use crate::student::{self, Ends};
use crate::text;
use std::collections::BTreeMap;

/// Fewest raters for an interval about other raters.
pub const FEWEST_RATERS: usize = 3;

/// Fewest dialogues rated by all for an interval about other raters.
pub const FEWEST_SHARED: usize = 10;

/// A resampled spread below this is a rounding error: all values that were drawn are the same.
const NO_SPREAD: f64 = 1e-12;

/// Two mean squares closer than this share of them are equal.
const ROUNDING: f64 = 1e-12;

/// The difference of two systems as one rater sees it in one dialogue.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Block {
    /// Number of the dialogue.
    pub dialogue: usize,
    /// Number of the rater.
    pub rater: usize,
    /// First system minus second.
    pub difference: f64,
}

/// Mean difference of each dialogue over its raters, by number of the dialogue.
pub fn by_dialogue(blocks: &[Block]) -> BTreeMap<usize, f64> {
    let mut rows: BTreeMap<usize, Vec<f64>> = BTreeMap::new();
    for block in blocks {
        rows.entry(block.dialogue)
            .or_default()
            .push(block.difference);
    }
    let mean = |(dialogue, row): (usize, Vec<f64>)| text::mean(&row).map(|mean| (dialogue, mean));
    rows.into_iter().filter_map(mean).collect()
}

/// The studentised bootstrap's 95 % interval of a mean; `index(b, i)` names the value at place `i` of resample `b`.
///
/// `t* = (m* - m) / se*`; a resample without spread counts as 0 where its mean is the observed one, otherwise as
/// infinite. `None` where the values have no spread or a quantile is infinite: on a coarse scale most dialogues may be
/// equal.
pub fn studentised(
    values: &[f64],
    resamples: usize,
    index: impl Fn(usize, usize) -> usize,
) -> Option<Ends> {
    let n = values.len();
    let (mean, sd) = (text::mean(values)?, text::standard_deviation(values)?);
    let se = sd / (n as f64).sqrt();
    let mut drawn = vec![0.0; n];
    let mut t = Vec::with_capacity(resamples);
    for b in 0..resamples {
        for (i, value) in drawn.iter_mut().enumerate() {
            *value = values[index(b, i)];
        }
        let off = text::mean(&drawn)? - mean;
        let spread = text::standard_deviation(&drawn)? / (n as f64).sqrt();
        t.push(match spread > NO_SPREAD {
            true => off / spread,
            false if off.abs() <= NO_SPREAD => 0.0,
            false => off.signum() * f64::INFINITY,
        });
    }
    t.sort_by(f64::total_cmp);
    // Places are counted from 1. The small addend keeps a whole number whole.
    let place = |share: f64| share * (resamples + 1) as f64;
    let low = ((place(0.025) + 1e-9).floor() as usize).checked_sub(1)?;
    let high = ((place(0.975) - 1e-9).ceil() as usize).checked_sub(1)?;
    let (low, high) = (*t.get(low)?, *t.get(high)?);
    (se > NO_SPREAD && low.is_finite() && high.is_finite())
        .then_some((mean - high * se, mean - low * se))
}

/// Variance components of a complete two-way table, with the mean squares that they come from.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Components {
    /// Between dialogues: `(MS dialogues - MS rest) / raters`, cut at 0.
    pub a2: f64,
    /// Between raters: `(MS raters - MS rest) / dialogues`, cut at 0.
    pub b2: f64,
    /// Residual variance: what dialogues and raters do not explain.
    pub e2: f64,
    /// Mean square of dialogues.
    pub ms_dialogues: f64,
    /// Mean square of raters.
    pub ms_raters: f64,
    /// Mean square of the rest.
    pub ms_rest: f64,
}

/// The dialogues that all raters of `blocks` rated: for each, its differences in the order of raters.
pub fn shared_table(blocks: &[Block]) -> Vec<Vec<f64>> {
    let mut raters: Vec<usize> = blocks.iter().map(|block| block.rater).collect();
    raters.sort_unstable();
    raters.dedup();
    let mut rows: BTreeMap<usize, BTreeMap<usize, f64>> = BTreeMap::new();
    for block in blocks {
        let row = rows.entry(block.dialogue).or_default();
        row.insert(block.rater, block.difference);
    }
    rows.into_values()
        .filter(|row| row.len() == raters.len())
        .map(|row| row.into_values().collect())
        .collect()
}

/// The components of a complete table `[dialogues][raters]`; `None` with fewer than two of either.
pub fn components(table: &[Vec<f64>]) -> Option<Components> {
    let (n, k) = (table.len(), table.first()?.len());
    if n < 2 || k < 2 {
        return None;
    }
    let rows: Vec<f64> = table.iter().filter_map(|row| text::mean(row)).collect();
    let columns: Vec<f64> = (0..k)
        .map(|rater| table.iter().map(|row| row[rater]).sum::<f64>() / n as f64)
        .collect();
    let grand = text::mean(&rows)?;
    let squares = |means: &[f64]| means.iter().map(|mean| (mean - grand).powi(2)).sum::<f64>();
    let ms_dialogues = k as f64 * squares(&rows) / (n - 1) as f64;
    let ms_raters = n as f64 * squares(&columns) / (k - 1) as f64;
    let cells = table.iter().zip(&rows).flat_map(|(row, mean)| {
        let off = move |(value, column): (&f64, &f64)| value - mean - column + grand;
        row.iter().zip(&columns).map(off)
    });
    let squared: f64 = cells.map(|off| off * off).sum();
    let ms_rest = squared / ((n - 1) * (k - 1)) as f64;
    // Equal mean squares can differ by rounding, and a component of 1e-17 would count as taste.
    let excess = |ms: f64| {
        Some(ms - ms_rest)
            .filter(|excess| *excess > ROUNDING * ms)
            .unwrap_or(0.0)
    };
    Some(Components {
        a2: excess(ms_dialogues) / k as f64,
        b2: excess(ms_raters) / n as f64,
        e2: ms_rest,
        ms_dialogues,
        ms_raters,
        ms_rest,
    })
}

/// The interval of a difference for other raters like these.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct OtherRaters {
    /// The 95 % interval, wider than that for these raters alone.
    pub ci95: Ends,
    /// Its degrees of freedom.
    pub df: f64,
    /// Variance between raters: how much their taste differs.
    pub b2: f64,
    /// Sum of the squared weights of the raters.
    pub w2: f64,
    /// Dialogues rated by all.
    pub shared: usize,
    /// Number of raters.
    pub raters: usize,
}

/// `V = sd^2 / n + b2 w2`, with `w2` the sum of squared weights `W_r` = sum over the rater's dialogues of
/// `1 / (n m_d)`, and `df = V^2 / ((sd^2/n)^2/(n-1) + (w2 MSb/ns)^2/(k-1) + (w2 MSe/ns)^2/((ns-1)(k-1)))`, whose last two
/// terms count only where `b2 > 0`. `None` with fewer than [`FEWEST_RATERS`] raters or [`FEWEST_SHARED`] dialogues
/// rated by all.
pub fn other_raters(blocks: &[Block]) -> Option<OtherRaters> {
    let table = shared_table(blocks);
    let (shared, raters) = (table.len(), table.first()?.len());
    if raters < FEWEST_RATERS || shared < FEWEST_SHARED {
        return None;
    }
    let found = components(&table)?;
    let differences: Vec<f64> = by_dialogue(blocks).into_values().collect();
    let n = differences.len() as f64;
    let within = text::standard_deviation(&differences)?.powi(2) / n;
    let w2 = squared_weights(blocks);
    let variance = within + found.b2 * w2;
    let mut spread = within.powi(2) / (n - 1.0);
    if found.b2 > 0.0 {
        let (ns, k) = (shared as f64, raters as f64);
        spread += (w2 * found.ms_raters / ns).powi(2) / (k - 1.0);
        spread += (w2 * found.ms_rest / ns).powi(2) / ((ns - 1.0) * (k - 1.0));
    }
    let df = if spread > 0.0 {
        (variance.powi(2) / spread).max(1.0)
    } else {
        n - 1.0
    };
    Some(OtherRaters {
        ci95: student::around(text::mean(&differences)?, variance.sqrt(), df, 0.95)?,
        df,
        b2: found.b2,
        w2,
        shared,
        raters,
    })
}

fn squared_weights(blocks: &[Block]) -> f64 {
    let mut raters_of: BTreeMap<usize, usize> = BTreeMap::new();
    for block in blocks {
        *raters_of.entry(block.dialogue).or_default() += 1;
    }
    let n = raters_of.len() as f64;
    let mut weights: BTreeMap<usize, f64> = BTreeMap::new();
    for block in blocks {
        *weights.entry(block.rater).or_default() += 1.0 / (n * raters_of[&block.dialogue] as f64);
    }
    weights.into_values().map(|weight| weight * weight).sum()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::interval::seeded_index;

    fn block(dialogue: usize, rater: usize, difference: f64) -> Block {
        Block {
            dialogue,
            rater,
            difference,
        }
    }

    #[test]
    fn components_by_hand() {
        // Rows 1 3 | 3 7: grand 3.5, rows 2 and 5, columns 2 and 5; every cell is off by 0.5 from the sum of its parts.
        let found = components(&[vec![1.0, 3.0], vec![3.0, 7.0]]).unwrap();
        assert_eq!(
            (found.ms_dialogues, found.ms_raters, found.ms_rest),
            (9.0, 9.0, 1.0)
        );
        assert_eq!((found.a2, found.b2, found.e2), (4.0, 4.0, 1.0));
        // Raters and rest have the same mean square, up to rounding.
        for second in [[-1.0, -1.0, 0.0], [-1.0, 0.0, -1.0], [0.0, 2.0, -1.0]] {
            let found = components(&[vec![-1.0; 3], second.to_vec()]).unwrap();
            assert!((found.ms_raters - found.ms_rest).abs() < 1e-12, "{found:?}");
            assert_eq!(found.b2, 0.0, "{found:?}");
        }
        assert_eq!(components(&[vec![1.0, 3.0]]), None);
        assert_eq!(components(&[]), None);
    }

    #[test]
    fn others_need_three_raters_and_ten_dialogues() {
        let blocks = |raters: usize, shared: usize| -> Vec<Block> {
            let pair = |d| (0..raters).map(move |r| block(d, r, ((d * 5 + r * 3) % 4) as f64));
            let single = (shared..shared + 5).map(|d| block(d, d % raters, 1.0));
            (0..shared).flat_map(pair).chain(single).collect()
        };
        assert_eq!(other_raters(&blocks(2, 20)), None);
        assert_eq!(other_raters(&blocks(3, 9)), None);
        let found = other_raters(&blocks(3, 10)).unwrap();
        assert_eq!((found.raters, found.shared), (3, 10));
        assert!(found.w2 > 1.0 / 3.0 - 1e-12 && found.df >= 1.0, "{found:?}");
    }

    #[test]
    fn taste_widens_the_interval() {
        let taste = [0.0, 1.0, 2.0];
        let judged_with = |taste: &[f64; 3]| -> OtherRaters {
            let row = |d: usize| (0..3).map(move |r| block(d, r, taste[r] + (d % 3) as f64));
            other_raters(&(0..12).flat_map(row).collect::<Vec<_>>()).unwrap()
        };
        let (with, without) = (judged_with(&taste), judged_with(&[1.0; 3]));
        assert!(with.ci95.0 < without.ci95.0 && without.b2 == 0.0);
    }

    #[test]
    fn a_studentised_interval_is_finite_or_absent() {
        let spread: Vec<f64> = (0..30).map(|i| f64::from(i % 5)).collect();
        let (low, high) = studentised(&spread, 999, seeded_index(30, 4)).unwrap();
        assert!(low < 2.0 && 2.0 < high);
        assert_eq!(studentised(&[0.0; 6], 999, seeded_index(6, 4)), None);
        let rare = [1.0, 0.0, 0.0, 0.0, 0.0, 0.0];
        assert_eq!(studentised(&rare, 999, seeded_index(6, 4)), None);
        assert_eq!(
            studentised(&spread, 10, seeded_index(30, 4)),
            None,
            "too few resamples"
        );
    }
}
