//! What describes a study beside its comparisons: means, agreement, the raters, and how metrics judge the same texts.

use std::collections::{BTreeMap, BTreeSet};

use contract::{
    AgreementWord, Consistency, CriterionAgreement, CriterionMean, Drift, ItemState, MetricPick,
    RaterTime, SeverityShift, SystemScores,
};
use metrics::agreement::{self, Level};
use metrics::gwet::{self, Weights};
use metrics::{interval, pick, student, text};

use super::{Scored, Sheet, ends};

pub(super) fn systems(sheet: &Sheet<'_>, scored: &[Scored<'_>]) -> Vec<SystemScores> {
    let systems = sheet.plan().systems.iter().enumerate();
    systems
        .map(|(place, system)| SystemScores {
            system: system.key.clone(),
            criteria: scored
                .iter()
                .map(|scored| (scored.criterion.key.clone(), mean(scored, place)))
                .collect(),
        })
        .collect()
}

fn mean(scored: &Scored<'_>, system: usize) -> CriterionMean {
    let means = scored.blocks.means();
    let means: Vec<f64> = means.values().map(|means| means[system]).collect();
    let points = f64::from(scored.criterion.points);
    let mut distribution = vec![0; usize::from(scored.criterion.points)];
    for scores in scored.blocks.scores.values() {
        if let Some(count) = distribution.get_mut(scores[system] as usize - 1) {
            *count += 1;
        }
    }
    CriterionMean {
        mean: text::mean(&means),
        ci95: student::mean_interval(&means, 0.95)
            .map(|(low, high)| [low.max(1.0), high.min(points)]),
        dialogues: means.len(),
        ratings: scored.blocks.scores.len(),
        distribution,
    }
}

/// Agreement takes every score of the raters that count, also of dialogues that drop out of the comparisons.
pub(super) fn agreement(sheet: &Sheet<'_>) -> BTreeMap<String, CriterionAgreement> {
    let criteria = sheet.plan().criteria.iter();
    criteria
        .map(|criterion| {
            let found = agreement_on(sheet, &criterion.key, criterion.points);
            (criterion.key.clone(), found)
        })
        .collect()
}

fn agreement_on(sheet: &Sheet<'_>, criterion: &str, points: u8) -> CriterionAgreement {
    let mut units: BTreeMap<(u32, u32), Vec<(usize, f64)>> = BTreeMap::new();
    for (rater, line) in sheet
        .lines()
        .filter(|(_, line)| line.criterion == criterion)
    {
        if let Some(score) = line.score {
            let unit = units.entry((line.dialogue, line.item)).or_default();
            unit.push((rater, f64::from(score)));
        }
    }
    units.retain(|_, given| given.len() > 1);
    let dialogues: BTreeSet<u32> = units.keys().map(|(dialogue, _)| *dialogue).collect();
    let n = dialogues.len();
    let place: BTreeMap<u32, usize> = dialogues.into_iter().zip(0..).collect();
    let clusters: Vec<usize> = units.keys().map(|(dialogue, _)| place[dialogue]).collect();
    let mut ratings = vec![vec![None; units.len()]; sheet.raters.len()];
    for (unit, given) in units.values().enumerate() {
        for (rater, score) in given {
            ratings[*rater][unit] = Some(*score);
        }
    }
    let (plan, level) = (sheet.plan(), Level::Ordinal);
    let index = interval::seeded_index(n, plan.analysis_seed);
    let alpha = agreement::krippendorff_alpha(&ratings, level);
    let bootstrap =
        agreement::bootstrap_alpha(&ratings, level, &clusters, n, plan.resamples, index);
    let scale: Vec<f64> = (1..=points).map(f64::from).collect();
    let ac2 = gwet::coefficient(&ratings, &scale, Weights::Ordinal);
    let shares = agreement::agreement_shares(&ratings);
    CriterionAgreement {
        alpha,
        alpha_ci95: bootstrap.map(|found| [found.low, found.high]),
        ac2: ac2.map(|found| found.ac),
        ac2_se: ac2.and_then(|found| found.se),
        items: units.len(),
        dialogues: n,
        all_equal: shares.map(|shares| shares.all_equal),
        within_one: shares.map(|shares| shares.within_one),
        pairs_equal: shares.map(|shares| shares.pairs_equal),
        word: match alpha {
            None => AgreementWord::Undefined,
            Some(alpha) if alpha >= 0.8 => AgreementWord::High,
            Some(alpha) if alpha >= 0.667 => AgreementWord::Tentative,
            Some(_) if shares.is_some_and(|shares| shares.within_one >= 0.8) => {
                AgreementWord::Narrow
            }
            Some(_) => AgreementWord::Low,
        },
    }
}

/// First and second scores of the same rater, over all criteria; raters without a repeat are left out.
pub(super) fn consistency(sheet: &Sheet<'_>) -> BTreeMap<String, Consistency> {
    let mut second: BTreeMap<(&str, u32, &str), u8> = BTreeMap::new();
    for line in sheet.record.scores.iter().filter(|line| line.repeat) {
        if let Some(score) = line.score {
            second.insert((&line.rater, line.item, &line.criterion), score);
        }
    }
    let mut distances: BTreeMap<usize, Vec<f64>> = BTreeMap::new();
    for (rater, line) in sheet.lines() {
        let repeated = second.get(&(&line.rater, line.item, &line.criterion));
        if let (Some(first), Some(second)) = (line.score, repeated) {
            let distance = f64::from(first.abs_diff(*second));
            distances.entry(rater).or_default().push(distance);
        }
    }
    let describe = |distances: Vec<f64>| {
        let n = distances.len() as f64;
        let share = |limit: f64| distances.iter().filter(|d| **d <= limit).count() as f64 / n;
        let squares: f64 = distances.iter().map(|distance| distance * distance).sum();
        Consistency {
            pairs: distances.len(),
            equal: share(0.0),
            within_one: share(1.0),
            mean_abs: distances.iter().sum::<f64>() / n,
            sd: (squares / (2.0 * n)).sqrt(),
        }
    };
    distances
        .into_iter()
        .map(|(rater, distances)| (sheet.raters[rater].to_owned(), describe(distances)))
        .collect()
}

/// A figure by rater and criterion, for the raters and criteria that have it.
fn by_rater<T>(
    sheet: &Sheet<'_>,
    scored: &[Scored<'_>],
    figure: impl Fn(&Scored<'_>, usize) -> Option<T>,
) -> BTreeMap<String, BTreeMap<String, T>> {
    let row = |rater: usize| -> BTreeMap<String, T> {
        let found = scored.iter();
        found
            .filter_map(|scored| Some((scored.criterion.key.clone(), figure(scored, rater)?)))
            .collect()
    };
    let raters = sheet.raters.iter().enumerate();
    raters
        .map(|(place, name)| ((*name).to_owned(), row(place)))
        .filter(|(_, row)| !row.is_empty())
        .collect()
}

/// The rater's mean over systems minus that of all raters, on dialogues where each of them has a block.
pub(super) fn severity(
    sheet: &Sheet<'_>,
    scored: &[Scored<'_>],
) -> BTreeMap<String, BTreeMap<String, SeverityShift>> {
    by_rater(sheet, scored, |scored, rater| {
        let mut rows: BTreeMap<u32, BTreeMap<usize, f64>> = BTreeMap::new();
        for ((dialogue, rater), scores) in &scored.blocks.scores {
            let row = rows.entry(*dialogue).or_default();
            row.insert(*rater, text::mean(scores)?);
        }
        let shared = rows.values().filter(|row| row.len() == sheet.raters.len());
        let shifts: Vec<f64> = shared
            .map(|row| row[&rater] - row.values().sum::<f64>() / row.len() as f64)
            .collect();
        Some(SeverityShift {
            value: text::mean(&shifts)?,
            ci95: ends(student::mean_interval(&shifts, 0.95)),
            dialogues: shifts.len(),
        })
    })
}

/// Per dialogue the mean over systems of score minus system mean, against its place in the rater's order from 0 to 1.
pub(super) fn drift(
    sheet: &Sheet<'_>,
    scored: &[Scored<'_>],
) -> BTreeMap<String, BTreeMap<String, Drift>> {
    by_rater(sheet, scored, |scored, rater| {
        let means = scored.blocks.means();
        let systems = sheet.plan().systems.len();
        let system_mean = |system: usize| {
            let sum: f64 = means.values().map(|means| means[system]).sum();
            sum / means.len() as f64
        };
        let expected: f64 = (0..systems).map(system_mean).sum::<f64>() / systems as f64;
        let mine = scored.blocks.of_rater(rater);
        let order = sheet.order(rater);
        let counted: Vec<f64> = order
            .iter()
            .filter_map(|dialogue| Some(text::mean(mine.get(dialogue)?)? - expected))
            .collect();
        let last = counted.len().checked_sub(1)? as f64;
        let places = counted.iter().enumerate();
        let points: Vec<(f64, f64)> = places.map(|(i, off)| (i as f64 / last, *off)).collect();
        let line = student::slope(&points)?;
        Some(Drift {
            change: line.slope,
            ci95: [line.ci95.0, line.ci95.1],
            dialogues: points.len(),
        })
    })
}

pub(super) fn time(sheet: &Sheet<'_>) -> BTreeMap<String, RaterTime> {
    let mut times: BTreeMap<usize, BTreeMap<u32, i64>> = BTreeMap::new();
    for (rater, line) in sheet.lines() {
        if line.state != ItemState::Skipped {
            let row = times.entry(rater).or_default();
            row.insert(line.item, line.active_ms);
        }
    }
    let described = times.into_iter().filter_map(|(rater, items)| {
        let seconds: Vec<f64> = items.values().map(|ms| *ms as f64 / 1_000.0).collect();
        let time = RaterTime {
            summaries: seconds.len(),
            median_s: text::quantile(&seconds, 0.5)?,
        };
        Some((sheet.raters[rater].to_owned(), time))
    });
    described.collect()
}

/// How often each metric picks the summary that people prefer, by criterion. The human reference is left out.
pub(super) fn metrics(
    sheet: &Sheet<'_>,
    scored: &[Scored<'_>],
) -> BTreeMap<String, BTreeMap<String, MetricPick>> {
    let items = sheet.record.items.iter();
    let names: BTreeSet<&String> = items.flat_map(|item| item.metrics.keys()).collect();
    let picks = |name: &String| -> BTreeMap<String, MetricPick> {
        let found = scored.iter();
        found
            .filter_map(|scored| Some((scored.criterion.key.clone(), picks(sheet, scored, name)?)))
            .collect()
    };
    names
        .into_iter()
        .map(|name| (name.clone(), picks(name)))
        .collect()
}

fn picks(sheet: &Sheet<'_>, scored: &Scored<'_>, metric: &str) -> Option<MetricPick> {
    let known = metrics::by_name(metric);
    let is_better = known
        .and_then(|known| known.higher_is_better)
        .unwrap_or(true);
    // On a criterion where few points are good, a metric should order the other way round.
    let higher_is_better = is_better == scored.criterion.higher_is_better;
    let machines = sheet.machines();
    let row = |(dialogue, means): (&u32, &Vec<f64>)| -> Vec<pick::Scored> {
        let summaries = machines.iter().filter_map(|system| {
            let item = sheet.item(*dialogue, *system)?;
            Some(pick::Scored {
                human: means[*system],
                metric: *item.metrics.get(metric)?,
                item: item.i as usize,
            })
        });
        summaries.collect()
    };
    let means = scored.blocks.means();
    let dialogues: Vec<Vec<pick::Scored>> = means.iter().map(row).collect();
    let plan = sheet.plan();
    let index = interval::seeded_index(dialogues.len(), plan.analysis_seed);
    let found = pick::accuracy(&dialogues, higher_is_better, plan.resamples, index)?;
    let points: Vec<(f64, f64)> = dialogues
        .iter()
        .flatten()
        .map(|summary| (summary.metric, summary.human))
        .collect();
    Some(MetricPick {
        pair_accuracy: found.pair_accuracy,
        ci95: ends(found.ci95),
        pairs: found.pairs,
        kendall_b: pick::kendall_b(&points),
        dialogues: dialogues.len(),
    })
}
