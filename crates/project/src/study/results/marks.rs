//! Best and worst: per dialogue the mean over raters of a system's mark (+1, 0, -1), and the planned comparisons of two
//! systems by the difference of their marks (counts analysis, Kiritchenko and Mohammad, ACL 2017). Systems that wrote the
//! same text share its marks, which `metrics::best_worst` does not know; the formulas are its own.

use std::collections::{BTreeMap, BTreeSet};

use contract::{BestWorstResults, MarkComparison, SystemMarks};
use metrics::planner::Question;
use metrics::{flip, significance, student, text};

use super::super::record::GivenMark;
use super::{Sheet, ends};
use crate::verdict::{self, Finding, Measure, Repeats, Rules};

/// Margin, on the scale from -1 to 1, within which two systems count as practically equal: as for votes.
const MARGIN: f64 = 0.1;

/// The difference that matters on that scale.
const DELTA: f64 = 0.2;

pub(super) fn marks(sheet: &Sheet<'_>) -> Option<BestWorstResults> {
    let counted = |mark: &&GivenMark| sheet.raters.contains(&mark.rater.as_str());
    let given: Vec<&GivenMark> = sheet.record.marks.iter().filter(counted).collect();
    if given.is_empty() {
        return None;
    }
    let plan = sheet.plan();
    let tested = plan.comparisons.iter().filter(|planned| planned.test);
    let mut comparisons: Vec<MarkComparison> = tested
        .filter_map(|planned| {
            let (a, b) = (sheet.system(&planned.a)?, sheet.system(&planned.b)?);
            let differences = by_dialogue(&given, |mark| {
                of_system(sheet, mark, a) - of_system(sheet, mark, b)
            });
            Some(MarkComparison {
                a: planned.a.clone(),
                b: planned.b.clone(),
                dialogues: differences.len(),
                diff: text::mean(&differences),
                ci95: ends(student::mean_interval(&differences, 0.95)),
                p: flip::p_two_sided(&differences, plan.analysis_seed),
                p_holm: None,
                outcome: None,
                sentence: None,
            })
        })
        .collect();
    let p: Vec<f64> = comparisons.iter().filter_map(|found| found.p).collect();
    let family = p.len();
    let mut adjusted = significance::holm(&p).into_iter();
    for comparison in &mut comparisons {
        comparison.p_holm = comparison.p.and_then(|_| adjusted.next());
        give_verdict(sheet, &given, comparison, family);
    }
    let systems = (0..plan.systems.len()).map(|place| system(sheet, &given, place));
    Some(BestWorstResults {
        systems: systems.collect(),
        comparisons,
        best_by_place: best_by_place(&given),
    })
}

/// Mean marks of each dialogue.
fn by_dialogue(given: &[&GivenMark], mark: impl Fn(&GivenMark) -> f64) -> Vec<f64> {
    let mut marks: BTreeMap<u32, Vec<f64>> = BTreeMap::new();
    for choice in given {
        marks.entry(choice.dialogue).or_default().push(mark(choice));
    }
    marks.values().filter_map(|row| text::mean(row)).collect()
}

fn wrote(sheet: &Sheet<'_>, mark: &GivenMark, system: usize, item: u32) -> bool {
    sheet
        .item(mark.dialogue, system)
        .is_some_and(|written| written.i == item)
}

fn of_system(sheet: &Sheet<'_>, mark: &GivenMark, system: usize) -> f64 {
    let named = |item| f64::from(u8::from(wrote(sheet, mark, system, item)));
    named(mark.best) - named(mark.worst)
}

fn system(sheet: &Sheet<'_>, given: &[&GivenMark], place: usize) -> SystemMarks {
    let marks = by_dialogue(given, |mark| of_system(sheet, mark, place));
    let count = |item: fn(&GivenMark) -> u32| {
        let named = given
            .iter()
            .filter(|mark| wrote(sheet, mark, place, item(mark)));
        named.count()
    };
    SystemMarks {
        system: sheet.plan().systems[place].key.clone(),
        shown: given
            .iter()
            .filter(|mark| sheet.item(mark.dialogue, place).is_some())
            .count(),
        best: count(|mark| mark.best),
        worst: count(|mark| mark.worst),
        mean: text::mean(&marks),
        ci95: ends(student::mean_interval(&marks, 0.95)),
    }
}

fn best_by_place(given: &[&GivenMark]) -> Vec<usize> {
    let mut counts = Vec::new();
    for mark in given {
        for (place, item) in mark.shown.split(' ').enumerate() {
            if counts.len() <= place {
                counts.push(0);
            }
            counts[place] += usize::from(item.parse() == Ok(mark.best));
        }
    }
    counts
}

fn give_verdict(
    sheet: &Sheet<'_>,
    given: &[&GivenMark],
    comparison: &mut MarkComparison,
    family: usize,
) {
    let plan = sheet.plan();
    let (Some(a), Some(b), Some(p)) = (
        sheet.system(&comparison.a),
        sheet.system(&comparison.b),
        comparison.p,
    ) else {
        return;
    };
    let mean = |system: usize| {
        let marks = by_dialogue(given, |mark| of_system(sheet, mark, system));
        text::mean(&marks).unwrap_or_default()
    };
    let differences = by_dialogue(given, |mark| {
        of_system(sheet, mark, a) - of_system(sheet, mark, b)
    });
    let raters: BTreeSet<&str> = given.iter().map(|mark| mark.rater.as_str()).collect();
    let question = Question {
        comparisons: family.max(1),
        alpha: plan.alpha,
        power: 0.8,
        delta: DELTA,
    };
    let finding = Finding {
        a: &plan.systems[a].label,
        b: &plan.systems[b].label,
        measure: Measure::Marks {
            a: mean(a),
            b: mean(b),
        },
        repeats: Repeats::Raters(raters.len()),
        dialogues: comparison.dialogues,
        diff: comparison.diff.unwrap_or_default(),
        is_identical: differences.iter().all(|difference| *difference == 0.0),
        ci95: comparison.ci95.unwrap_or_default(),
        ci90: ends(student::mean_interval(&differences, 0.90)).unwrap_or_default(),
        p,
        p_holm: comparison.p_holm.unwrap_or(p),
        dialogues_needed: text::standard_deviation(&differences)
            .and_then(|sd| question.dialogues_needed(sd)),
        split: None,
    };
    let rules = Rules {
        alpha: plan.alpha,
        family,
        margin: MARGIN,
        delta: DELTA,
        available: plan.available_dialogues,
    };
    let verdict = verdict::judge(&finding, &rules);
    comparison.outcome = Some(verdict.outcome);
    comparison.sentence = Some(verdict.sentence);
}
