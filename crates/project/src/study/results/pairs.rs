//! Side-by-side choices: the net share of votes over dialogues, agreement on them, and the strengths of all systems.

use std::collections::BTreeMap;

use contract::{PairComparison, PairKappa, PairResults, PlannedComparison, Strength};
use metrics::agreement::{self, Level};
use metrics::davidson::{self, Counts};
use metrics::gwet::Weights;
use metrics::{flip, interval, significance, student, text};

use super::super::record::{GivenVote, Side};
use super::{Sheet, ends};
use crate::verdict::{self, Finding, Measure, Repeats, Rules};

/// A vote for the first system, for neither, for the second.
const CATEGORIES: [f64; 3] = [-1.0, 0.0, 1.0];

/// Number of votes in 100 within which two systems count as equally preferred.
const MARGIN_VOTES: f64 = 10.0;

/// The difference that matters, in votes of 100.
const DELTA_VOTES: f64 = 20.0;

/// Votes by dialogue and place of the rater: +1 for the first system, 0 for a tie, -1 for the second.
type Votes = BTreeMap<u32, BTreeMap<usize, f64>>;

pub(super) fn pairs(sheet: &Sheet<'_>) -> Option<PairResults> {
    let planned = sheet.plan().comparisons.iter();
    let mut comparisons: Vec<PairComparison> = planned
        .filter_map(|planned| compare(sheet, planned))
        .collect();
    if comparisons.is_empty() {
        return None;
    }
    let p: Vec<f64> = comparisons.iter().filter_map(|found| found.p).collect();
    let family = p.len();
    let mut adjusted = significance::holm(&p).into_iter();
    for comparison in &mut comparisons {
        comparison.p_holm = comparison.p.and_then(|_| adjusted.next());
        give_verdict(sheet, comparison, family);
    }
    Some(PairResults {
        strengths: strengths(sheet),
        comparisons,
    })
}

/// The votes between two systems, and which side won how often.
fn votes(sheet: &Sheet<'_>, planned: &PlannedComparison) -> (Votes, usize, usize) {
    let (mut votes, mut left_won, mut decided) = (Votes::new(), 0, 0);
    for vote in &sheet.record.votes {
        let Some(rater) = sheet.raters.iter().position(|name| *name == vote.rater) else {
            continue;
        };
        let Some(value) = value(vote, planned) else {
            continue;
        };
        votes.entry(vote.dialogue).or_default().insert(rater, value);
        left_won += usize::from(vote.choice == Side::Left);
        decided += usize::from(vote.choice != Side::Tie);
    }
    (votes, left_won, decided)
}

fn value(vote: &GivenVote, planned: &PlannedComparison) -> Option<f64> {
    let left_is_first = if (&vote.left, &vote.right) == (&planned.a, &planned.b) {
        true
    } else if (&vote.left, &vote.right) == (&planned.b, &planned.a) {
        false
    } else {
        return None;
    };
    Some(match vote.choice {
        Side::Tie => 0.0,
        Side::Left if left_is_first => 1.0,
        Side::Right if !left_is_first => 1.0,
        Side::Left | Side::Right => -1.0,
    })
}

fn compare(sheet: &Sheet<'_>, planned: &PlannedComparison) -> Option<PairComparison> {
    let (a, b) = (sheet.system(&planned.a)?, sheet.system(&planned.b)?);
    let (votes, left_won, decided) = votes(sheet, planned);
    if votes.is_empty() {
        return None;
    }
    let share = |value: f64| {
        let shares: Vec<f64> = votes
            .values()
            .map(|row| row.values().filter(|v| **v == value).count() as f64 / row.len() as f64)
            .collect();
        text::mean(&shares)
    };
    let nets: Vec<f64> = votes
        .values()
        .map(|row| row.values().sum::<f64>() / row.len() as f64)
        .collect();
    let twice: Votes = votes
        .iter()
        .filter(|(_, row)| row.len() > 1)
        .map(|(dialogue, row)| (*dialogue, row.clone()))
        .collect();
    let ratings: Vec<Vec<Option<f64>>> = (0..sheet.raters.len())
        .map(|rater| twice.values().map(|row| row.get(&rater).copied()).collect())
        .collect();
    let plan = sheet.plan();
    let (n, level) = (twice.len(), Level::Nominal);
    let dialogues: Vec<usize> = (0..n).collect();
    let index = interval::seeded_index(n, plan.analysis_seed);
    let bootstrap =
        agreement::bootstrap_alpha(&ratings, level, &dialogues, n, plan.resamples, index);
    let shares = agreement::agreement_shares(&ratings);
    Some(PairComparison {
        a: planned.a.clone(),
        b: planned.b.clone(),
        dialogues: votes.len(),
        votes: votes.values().map(BTreeMap::len).sum(),
        same_text: sheet.same_texts(a, b).len(),
        win: share(1.0),
        tie: share(0.0),
        loss: share(-1.0),
        net: text::mean(&nets),
        ci95: ends(student::mean_interval(&nets, 0.95)),
        p: planned
            .test
            .then(|| flip::p_two_sided(&nets, plan.analysis_seed))
            .flatten(),
        pairs_equal: shares.map(|shares| shares.pairs_equal),
        alpha_nominal: agreement::krippendorff_alpha(&ratings, level),
        alpha_ci95: bootstrap.map(|found| [found.low, found.high]),
        cohen: kappa(sheet, &votes),
        left_won,
        decided,
        p_holm: None,
        outcome: None,
        sentence: None,
    })
}

/// Cohen's kappa of the first two raters on the roster.
fn kappa(sheet: &Sheet<'_>, votes: &Votes) -> Option<PairKappa> {
    let [first, second, ..] = sheet.raters.as_slice() else {
        return None;
    };
    let both: Vec<(f64, f64)> = votes
        .values()
        .filter_map(|row| Some((*row.get(&0)?, *row.get(&1)?)))
        .collect();
    let found = agreement::cohen_kappa(&both, &CATEGORIES, Weights::Identity);
    Some(PairKappa {
        kappa: BTreeMap::from([(format!("{first},{second}"), found)]),
        n: both.len(),
    })
}

fn give_verdict(sheet: &Sheet<'_>, comparison: &mut PairComparison, family: usize) {
    let plan = sheet.plan();
    let label = |key: &str| {
        let place = sheet.system(key)?;
        Some(plan.systems[place].label.as_str())
    };
    let (Some(a), Some(b), Some(p)) = (label(&comparison.a), label(&comparison.b), comparison.p)
    else {
        return;
    };
    let planned = PlannedComparison {
        a: comparison.a.clone(),
        b: comparison.b.clone(),
        test: true,
    };
    let (votes, ..) = votes(sheet, &planned);
    let raters: std::collections::BTreeSet<usize> =
        votes.values().flat_map(|row| row.keys().copied()).collect();
    let nets: Vec<f64> = votes
        .values()
        .map(|row| row.values().sum::<f64>() / row.len() as f64)
        .collect();
    let share = |share: Option<f64>| share.unwrap_or_default();
    let finding = Finding {
        a,
        b,
        measure: Measure::Votes {
            win: share(comparison.win),
            tie: share(comparison.tie),
            loss: share(comparison.loss),
        },
        repeats: Repeats::Raters(raters.len()),
        dialogues: comparison.dialogues,
        diff: share(comparison.net),
        is_identical: nets.iter().all(|net| *net == 0.0),
        ci95: comparison.ci95.unwrap_or_default(),
        ci90: ends(student::mean_interval(&nets, 0.90))
            .unwrap_or_default()
            .map(|end| 100.0 * end),
        p,
        p_holm: comparison.p_holm.unwrap_or(p),
        dialogues_needed: text::standard_deviation(&nets).and_then(|sd| {
            let question = metrics::planner::Question {
                comparisons: family.max(1),
                alpha: plan.alpha,
                power: 0.8,
                delta: DELTA_VOTES / 100.0,
            };
            question.dialogues_needed(sd)
        }),
        split: None,
    };
    let rules = Rules {
        alpha: plan.alpha,
        family,
        margin: MARGIN_VOTES,
        delta: DELTA_VOTES,
        available: plan.available_dialogues,
    };
    let verdict = verdict::judge(&finding, &rules);
    comparison.outcome = Some(verdict.outcome);
    comparison.sentence = Some(verdict.sentence);
}

/// Davidson's strengths of three systems or more.
fn strengths(sheet: &Sheet<'_>) -> Option<Vec<Strength>> {
    let plan = sheet.plan();
    let systems = plan.systems.len();
    let mut counts: BTreeMap<u32, Counts> = BTreeMap::new();
    let mut shown = vec![false; systems];
    for vote in &sheet.record.votes {
        let (left, right) = (sheet.system(&vote.left)?, sheet.system(&vote.right)?);
        if !sheet.raters.contains(&vote.rater.as_str()) {
            continue;
        }
        (shown[left], shown[right]) = (true, true);
        let dialogue = counts
            .entry(vote.dialogue)
            .or_insert_with(|| Counts::new(systems));
        match vote.choice {
            Side::Left => dialogue.add_wins(left, right, 1.0),
            Side::Right => dialogue.add_wins(right, left, 1.0),
            Side::Tie => dialogue.add_ties(left, right, 1.0),
        }
    }
    let rated: Vec<usize> = (0..systems).filter(|system| shown[*system]).collect();
    if rated.len() < 3 {
        return None;
    }
    let by_dialogue: Vec<Counts> = counts.values().map(|counts| counts.among(&rated)).collect();
    let mut total = Counts::new(rated.len());
    by_dialogue.iter().for_each(|counts| total.add(counts));
    let fit = davidson::fit(&total)?;
    let index = interval::seeded_index(by_dialogue.len(), plan.analysis_seed);
    let resampled = davidson::bootstrap(&by_dialogue, plan.resamples, index);
    let strength = |(place, system): (usize, &usize)| Strength {
        system: plan.systems[*system].key.clone(),
        theta: fit.theta[place],
        ci95: ends(resampled.theta_ci95(place)),
    };
    Some(rated.iter().enumerate().map(strength).collect())
}
