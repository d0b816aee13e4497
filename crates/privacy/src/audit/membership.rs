//! How well a model's scores tell the texts that it was trained on from others: whoever already has a conversation could find
//! out whether it was used.

use serde::{Deserialize, Serialize};

/// Scores of texts, higher for those that a model seems to know: cross-entropy under the base less that under the adapter,
/// in nats per token.
#[derive(Clone, Debug, Deserialize)]
pub struct Scores {
    /// Of texts that it was trained on.
    pub members: Vec<f64>,
    /// Of others.
    pub non_members: Vec<f64>,
}

/// How well scores tell members from others.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
pub struct Membership {
    /// Share of pairs of a member and another in which the member has the higher score; equal ones count half.
    pub auc: f64,
    /// Its standard error (Hanley and McNeil, 1982).
    pub hanley_mcneil_se: f64,
    /// Share of members above the lowest score above which at most a tenth of the others are.
    #[serde(rename = "tpr_at_fpr_0.1")]
    pub tpr_at_fpr_10: f64,
    /// As before, for a hundredth of the others.
    #[serde(rename = "tpr_at_fpr_0.01")]
    pub tpr_at_fpr_1: f64,
}

/// How well the scores tell members from others; `None` without members or without others.
pub fn membership(scores: &Scores) -> Option<Membership> {
    let sorted = |values: &[f64]| {
        let mut values = values.to_vec();
        values.sort_by(f64::total_cmp);
        values
    };
    let (members, others) = (sorted(&scores.members), sorted(&scores.non_members));
    if members.is_empty() || others.is_empty() {
        return None;
    }
    let auc = auc(&members, &others);
    Some(Membership {
        auc,
        hanley_mcneil_se: hanley_mcneil(auc, members.len(), others.len()),
        tpr_at_fpr_10: true_rate(&members, &others, 0.1),
        tpr_at_fpr_1: true_rate(&members, &others, 0.01),
    })
}

/// How many of `sorted` are below, and not above, a value.
fn below(sorted: &[f64], value: f64) -> (usize, usize) {
    let less = sorted.partition_point(|other| *other < value);
    let up_to = sorted.partition_point(|other| *other <= value);
    (less, up_to)
}

fn auc(members: &[f64], others: &[f64]) -> f64 {
    let wins: f64 = members
        .iter()
        .map(|score| {
            let (less, up_to) = below(others, *score);
            0.5 * (less + up_to) as f64
        })
        .sum();
    wins / (members.len() as f64 * others.len() as f64)
}

/// sqrt((A(1-A) + (n-1)(Q1-A²) + (m-1)(Q2-A²)) / nm) with Q1 = A/(2-A) and Q2 = 2A²/(1+A).
fn hanley_mcneil(auc: f64, members: usize, others: usize) -> f64 {
    let (n, m) = (members as f64, others as f64);
    let square = auc * auc;
    let (q1, q2) = (auc / (2.0 - auc), 2.0 * square / (1.0 + auc));
    let variance = auc * (1.0 - auc) + (n - 1.0) * (q1 - square) + (m - 1.0) * (q2 - square);
    (variance / (n * m)).sqrt()
}

/// The largest share of members at or above a score that at most `rate` of the others reach.
fn true_rate(members: &[f64], others: &[f64], rate: f64) -> f64 {
    let reach = |sorted: &[f64], score: f64| sorted.len() - below(sorted, score).0;
    let allowed = |score: &&f64| reach(others, **score) as f64 <= rate * others.len() as f64;
    let scores = members.iter().find(allowed);
    scores.map_or(0.0, |score| {
        reach(members, *score) as f64 / members.len() as f64
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn apart_equal_and_none() {
        let scores = |members: &[f64], non_members: &[f64]| Scores {
            members: members.to_vec(),
            non_members: non_members.to_vec(),
        };
        let apart = membership(&scores(&[2.0, 3.0], &[0.0, 1.0])).unwrap();
        assert_eq!((apart.auc, apart.tpr_at_fpr_1), (1.0, 1.0));
        let equal = membership(&scores(&[1.0], &[1.0])).unwrap();
        assert_eq!((equal.auc, equal.tpr_at_fpr_10), (0.5, 0.0));
        assert_eq!(membership(&scores(&[], &[1.0])), None);
    }
}
