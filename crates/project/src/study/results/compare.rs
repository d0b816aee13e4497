//! The planned comparisons: intervals, the exact test, Holm's adjustment over the family, and the verdicts.

use contract::{
    BootstrapKind, Comparison, OtherRaters, PlannedComparison, RaterDifference, StudyKind,
    StudyPlan,
};
use metrics::cluster::{self, Block};
use metrics::planner::Question;
use metrics::{flip, interval, significance, student, text};

use super::{Scored, Sheet, ends};
use crate::verdict::{self, Finding, Measure, Repeats, Rules};

/// From this number of dialogues on, the percentile bootstrap covers as it should.
const PERCENTILE_FROM: usize = 30;

/// The power at which a study should show the difference that matters.
const POWER: f64 = 0.8;

/// Number of comparisons that are tested together.
pub(super) fn family(plan: &StudyPlan) -> usize {
    let tested = plan.comparisons.iter().filter(|planned| planned.test);
    let compared = plan
        .criteria
        .iter()
        .filter(|criterion| plan.is_compared(criterion));
    tested.count() * compared.count()
}

pub(super) fn comparisons(sheet: &Sheet<'_>, scored: &[Scored<'_>]) -> Vec<Comparison> {
    let planned = sheet.plan().comparisons.iter();
    let compared = scored
        .iter()
        .filter(|scored| sheet.plan().is_compared(scored.criterion));
    let pairs = planned.flat_map(|planned| compared.clone().map(move |scored| (planned, scored)));
    let mut found: Vec<Comparison> = pairs
        .filter_map(|(planned, scored)| compare(sheet, planned, scored))
        .collect();
    let p: Vec<f64> = found.iter().filter_map(|found| found.p).collect();
    let mut adjusted = significance::holm(&p).into_iter();
    for comparison in found.iter_mut().filter(|found| found.test) {
        comparison.p_holm = comparison.p.and_then(|_| adjusted.next());
        give_verdict(sheet, comparison);
    }
    found
}

/// What the criterion says about two systems, before anything is adjusted; none for a system that the study lacks.
fn compare(
    sheet: &Sheet<'_>,
    planned: &PlannedComparison,
    scored: &Scored<'_>,
) -> Option<Comparison> {
    let plan = sheet.plan();
    let (a, b) = (sheet.system(&planned.a)?, sheet.system(&planned.b)?);
    let blocks: Vec<Block> = scored
        .blocks
        .scores
        .iter()
        .map(|((dialogue, rater), scores)| Block {
            dialogue: *dialogue as usize,
            rater: *rater,
            difference: scores[a] - scores[b],
        })
        .collect();
    let differences: Vec<f64> = cluster::by_dialogue(&blocks).into_values().collect();
    let n = differences.len();
    let sd = text::standard_deviation(&differences);
    let by_rater = by_rater(sheet, &blocks);
    let question = Question {
        comparisons: family(plan).max(1),
        alpha: plan.alpha,
        power: POWER,
        delta: plan.delta * scale(scored.criterion.points),
    };
    let index = interval::seeded_index(n, plan.analysis_seed);
    let (bootstrap, ci95_bootstrap) = if n < PERCENTILE_FROM {
        let found = cluster::studentised(&differences, plan.resamples, index);
        (BootstrapKind::Studentised, found)
    } else {
        let means = interval::resampled_means(&differences, plan.resamples, index);
        (BootstrapKind::Percentile, interval::percentiles_95(&means))
    };
    Some(Comparison {
        criterion: scored.criterion.key.clone(),
        a: planned.a.clone(),
        b: planned.b.clone(),
        test: planned.test,
        dialogues: n,
        diff: text::mean(&differences),
        sd,
        ci95: ends(student::mean_interval(&differences, 0.95)),
        ci90: ends(student::mean_interval(&differences, 0.90)),
        ci95_bootstrap: ends(ci95_bootstrap),
        bootstrap,
        p: planned
            .test
            .then(|| flip::p_two_sided(&differences, plan.analysis_seed))
            .flatten(),
        raters_split: split(&by_rater).is_some(),
        by_rater,
        other_raters: cluster::other_raters(&blocks).map(|found| OtherRaters {
            ci95: [found.ci95.0, found.ci95.1],
            df: found.df,
            b2: found.b2,
            w2: found.w2,
            shared: found.shared,
            raters: found.raters,
        }),
        dialogues_needed: sd.and_then(|sd| question.dialogues_needed(sd)),
        p_holm: None,
        outcome: None,
        settle: None,
        sentence: None,
    })
}

/// Margin and delta are points of a scale of five; on another one they shrink or grow with its length.
fn scale(points: u8) -> f64 {
    f64::from(points.saturating_sub(1)) / 4.0
}

fn by_rater(sheet: &Sheet<'_>, blocks: &[Block]) -> Vec<RaterDifference> {
    let raters = sheet.raters.iter().enumerate();
    let found = raters.filter_map(|(place, name)| {
        let mine = blocks.iter().filter(|block| block.rater == place);
        let differences: Vec<f64> = mine.map(|block| block.difference).collect();
        Some(RaterDifference {
            rater: (*name).to_owned(),
            dialogues: differences.len(),
            diff: text::mean(&differences)?,
            ci95: ends(student::mean_interval(&differences, 0.95)),
        })
    });
    found.collect()
}

/// The first rater whose interval lies above 0 and the first whose interval lies below, if there are both.
fn split(by_rater: &[RaterDifference]) -> Option<(&str, &str)> {
    let first = |is_clear: &dyn Fn([f64; 2]) -> bool| {
        let clear = by_rater
            .iter()
            .find(|rater| rater.ci95.is_some_and(is_clear));
        clear.map(|rater| rater.rater.as_str())
    };
    Some((
        first(&|[low, _]| low > 0.0)?,
        first(&|[_, high]| high < 0.0)?,
    ))
}

fn give_verdict(sheet: &Sheet<'_>, comparison: &mut Comparison) {
    let plan = sheet.plan();
    let criterion = plan
        .criteria
        .iter()
        .find(|criterion| criterion.key == comparison.criterion);
    let label = |key: &str| {
        let place = sheet.system(key)?;
        Some(plan.systems[place].label.as_str())
    };
    let (Some(criterion), Some(a), Some(b)) =
        (criterion, label(&comparison.a), label(&comparison.b))
    else {
        return;
    };
    let finding = Finding {
        a,
        b,
        measure: match plan.kind {
            StudyKind::Summaries => Measure::Points {
                name: &criterion.in_sentence,
                higher_is_better: criterion.higher_is_better,
            },
            StudyKind::Dialogues => Measure::Dialogues {
                name: &criterion.in_sentence,
                higher_is_better: criterion.higher_is_better,
            },
        },
        repeats: Repeats::Raters(comparison.by_rater.len()),
        dialogues: comparison.dialogues,
        diff: comparison.diff.unwrap_or_default(),
        is_identical: comparison.diff == Some(0.0) && comparison.sd == Some(0.0),
        // Where there are no intervals there are too few dialogues, whose sentence has none.
        ci95: comparison.ci95.unwrap_or_default(),
        ci90: comparison.ci90.unwrap_or_default(),
        p: comparison.p.unwrap_or(1.0),
        p_holm: comparison.p_holm.unwrap_or(1.0),
        dialogues_needed: comparison.dialogues_needed,
        split: split(&comparison.by_rater),
    };
    let rules = Rules {
        alpha: plan.alpha,
        family: family(plan),
        margin: plan.margin * scale(criterion.points),
        delta: plan.delta * scale(criterion.points),
        available: plan.available_dialogues,
    };
    let verdict = verdict::judge(&finding, &rules);
    comparison.outcome = Some(verdict.outcome);
    comparison.settle = Some(verdict.settle);
    comparison.sentence = Some(verdict.sentence);
}
