//! Gwet's AC1 and AC2: agreement that stays high where nearly all scores are the same, beside Krippendorff's alpha.
//!
//! K. L. Gwet, "Computing inter-rater reliability and its variance in the presence of high agreement" (2008), and
//! "Handbook of inter-rater reliability" (4th edition, 2014), chapter 5. With q categories, weights `w_kl`, `r_ik` raters
//! that gave item i category k, `r_i` their sum, `r*_ik = sum_l w_kl r_il`, n items with a rating and n' with two:
//!
//! - `pa` = mean over the n' of `sum_k r_ik (r*_ik - 1) / (r_i (r_i - 1))`;
//! - `pi_k` = mean over the n of `r_ik / r_i`; `pe = T_w / (q (q - 1)) sum_k pi_k (1 - pi_k)`, T_w the sum of weights;
//! - `ac = (pa - pe) / (1 - pe)`; the variance is that of the handbook's section 5.4, for these raters.
//!
//! All categories of the scale count, even those that nobody used.

use crate::agreement::{Ratings, ratings_by_item};
use crate::student::{self, Ends};

/// How much two categories agree, by how far they are apart on the scale.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Weights {
    /// Equal or not: `[k = l]`. With these AC2 is AC1.
    Identity,
    /// `1 - |k - l| / (q - 1)`.
    Linear,
    /// `1 - (k - l)^2 / (q - 1)^2`.
    Quadratic,
    /// `1 - C(|k - l| + 1, 2) / C(q, 2)`.
    Ordinal,
}

impl Weights {
    /// The weight of the categories at places k and l of q categories, where q is at least 2.
    pub fn weight(self, k: usize, l: usize, q: usize) -> f64 {
        let (apart, most) = (k.abs_diff(l) as f64, (q - 1) as f64);
        match self {
            Self::Identity => f64::from(u8::from(k == l)),
            Self::Linear => 1.0 - apart / most,
            Self::Quadratic => 1.0 - (apart / most).powi(2),
            Self::Ordinal => 1.0 - apart * (apart + 1.0) / ((most + 1.0) * most),
        }
    }
}

/// Gwet's coefficient and what it is made of.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Gwet {
    /// 1 is perfect, 0 is chance.
    pub ac: f64,
    /// Weighted agreement observed.
    pub pa: f64,
    /// Weighted agreement expected by chance.
    pub pe: f64,
    /// Standard error; `None` for a single item.
    pub se: Option<f64>,
    /// `ac -+ t(.975, n - 1) se`, cut at 1.
    pub ci95: Option<Ends>,
    /// Items with a rating.
    pub items: usize,
    /// Items with two ratings or more.
    pub items_two: usize,
}

/// The coefficient over ratings that are all among `categories` (the scale, in order); `None` where it is undefined (no
/// item with two ratings, chance agreement of 1) or a rating is not one of the categories.
pub fn coefficient(ratings: &Ratings, categories: &[f64], weights: Weights) -> Option<Gwet> {
    let q = categories.len();
    if q < 2 {
        return None;
    }
    let mut counts = Vec::new();
    for given in ratings_by_item(ratings).filter(|given| !given.is_empty()) {
        let mut row = vec![0.0; q];
        for score in given {
            row[categories.iter().position(|known| *known == score)?] += 1.0;
        }
        counts.push(row);
    }
    let weight = |k: usize, l: usize| weights.weight(k, l, q);
    let items: Vec<Item> = counts
        .into_iter()
        .map(|row| Item::new(row, weight))
        .collect();
    let n = items.len() as f64;
    let agreed: Vec<f64> = items.iter().filter_map(|item| item.agreement).collect();
    if agreed.is_empty() {
        return None;
    }
    let n_two = agreed.len() as f64;
    let pa = agreed.iter().sum::<f64>() / n_two;
    let total: f64 = (0..q).flat_map(|k| (0..q).map(move |l| weight(k, l))).sum();
    let scale = total / (q * (q - 1)) as f64;
    let share = |k: usize| items.iter().map(|item| item.shares[k]).sum::<f64>() / n;
    let shares: Vec<f64> = (0..q).map(share).collect();
    let pe = scale * shares.iter().map(|pi| pi * (1.0 - pi)).sum::<f64>();
    if 1.0 - pe <= 0.0 {
        return None;
    }
    let ac = (pa - pe) / (1.0 - pe);
    let off = |item: &Item| {
        let gained = item
            .agreement
            .map_or(0.0, |agreement| n / n_two * (agreement - pe) / (1.0 - pe));
        let chance = shares.iter().zip(&item.shares);
        let chance = scale * chance.map(|(pi, share)| (1.0 - pi) * share).sum::<f64>();
        gained - 2.0 * (1.0 - ac) * (chance - pe) / (1.0 - pe) - ac
    };
    let squares: f64 = items.iter().map(|item| off(item).powi(2)).sum();
    let se = (items.len() > 1).then(|| (squares / (n * (n - 1.0))).sqrt());
    let ci95 = se.and_then(|se| student::around(ac, se, n - 1.0, 0.95));
    Some(Gwet {
        ac,
        pa,
        pe,
        se,
        ci95: ci95.map(|(low, high)| (low, high.min(1.0))),
        items: items.len(),
        items_two: agreed.len(),
    })
}

/// One item that was rated.
struct Item {
    /// Share of its ratings in each category.
    shares: Vec<f64>,
    /// Weighted share of its rater pairs that agree; `None` with a single rating.
    agreement: Option<f64>,
}

impl Item {
    fn new(counts: Vec<f64>, weight: impl Fn(usize, usize) -> f64) -> Self {
        let raters: f64 = counts.iter().sum();
        let near = |k: usize| {
            let weighted = counts.iter().enumerate();
            weighted.map(|(l, count)| weight(k, l) * count).sum::<f64>()
        };
        let pairs: f64 = counts
            .iter()
            .enumerate()
            .map(|(k, count)| count * (near(k) - 1.0))
            .sum();
        Self {
            agreement: (raters > 1.0).then(|| pairs / (raters * (raters - 1.0))),
            shares: counts.iter().map(|count| count / raters).collect(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn row(digits: &str) -> Vec<Option<f64>> {
        digits
            .chars()
            .map(|c| c.to_digit(10).map(f64::from))
            .collect()
    }

    #[test]
    fn the_published_example() {
        // irrCAC, cac.raw4raters: four raters, twelve units, five categories.
        let ratings = [
            "123321412...",
            "1233224125.3",
            ".3332342251.",
            "12332441251.",
        ];
        let scale = [1.0, 2.0, 3.0, 4.0, 5.0];
        let found = coefficient(&ratings.map(row), &scale, Weights::Identity).unwrap();
        assert_eq!((found.items, found.items_two), (12, 11));
        assert!((found.ac - 0.77544).abs() < 1e-5, "{found:?}");
        assert!((found.se.unwrap() - 0.14295).abs() < 1e-5, "{found:?}");
    }

    #[test]
    fn weights_fall_with_distance() {
        for weights in [Weights::Linear, Weights::Quadratic, Weights::Ordinal] {
            let row: Vec<f64> = (0..5).map(|l| weights.weight(0, l, 5)).collect();
            assert!(row.windows(2).all(|pair| pair[0] > pair[1]), "{row:?}");
            assert_eq!((row[0], row[4]), (1.0, 0.0), "{weights:?}");
        }
        assert!((Weights::Ordinal.weight(1, 3, 5) - 0.7).abs() < 1e-12);
    }

    #[test]
    fn undefined_is_none() {
        let scale = [1.0, 2.0, 3.0];
        for ratings in [vec![], vec![row("123")], vec![row("1.."), row(".2.")]] {
            assert_eq!(coefficient(&ratings, &scale, Weights::Ordinal), None);
        }
        let beyond = vec![row("14"), row("11")];
        assert_eq!(coefficient(&beyond, &scale, Weights::Ordinal), None);
        assert_eq!(coefficient(&beyond, &[1.0], Weights::Linear), None);
    }
}
