//! The declared comparisons of an experiment: two-way t over seeds and items, Holm's adjustment within each family, and
//! the verdict by the one function that a rating study uses too.

use contract::{
    ExperimentComparison, ExperimentSide, ExperimentVerdict, ResultMetric, System, Words,
};
use metrics::experiment::{self, Comparison, TTest};
use metrics::metric::Unit;
use metrics::{significance, student};

use super::grid::Arm;
use super::scores::CellScores;
use super::spec::{Compare, Side, Spec};
use super::table::{Group, groups};
use crate::part::is_free_of_seeds;
use crate::verdict::{self, Finding, Measure, Repeats, Rules};

/// Number of draws of the bootstrap and of the randomisation.
const RESAMPLES: usize = 10_000;
/// Seed of those draws, so that anybody gets the same intervals.
const ANALYSIS_SEED: u64 = 19;
/// Accepted chance of one false finding in a family.
const ALPHA: f64 = 0.05;
/// Stored scores are fractions of one; a sentence gives points.
const POINTS: f64 = 100.0;

/// A comparison before its family is known.
struct Compared {
    shown: ExperimentComparison,
    /// None for the mean over data sets, which is described and not tested.
    counted: Option<Comparison>,
    is_identical: bool,
}

/// The comparisons with their verdicts, in the order of data sets, models and the file. `seeds` are all that were
/// declared: until all of them are done no p-value is given, so that nobody peeks.
pub fn comparisons(
    spec: &Spec,
    arms: &[Arm],
    cells: &[CellScores],
) -> (Vec<ExperimentComparison>, Vec<ExperimentVerdict>) {
    let groups = groups(arms, cells);
    let mut compared: Vec<Compared> = Vec::new();
    for dataset in &spec.datasets {
        for model in &spec.models {
            for declared in &spec.compares {
                let pairs = pairs(declared, arms).into_iter();
                compared.extend(pairs.filter_map(|(ours, to)| {
                    let group = |arm: &Arm| {
                        groups.iter().find(|group| {
                            group.arm == arm.name
                                && *group.dataset == *dataset
                                && *group.model == *model
                        })
                    };
                    compare(spec, declared, (group(ours)?, group(to)?))
                }));
            }
        }
    }
    adjust(spec, arms, &mut compared);
    let verdicts = verdicts(&mut compared, &groups);
    compared.extend(over_datasets(spec, &compared));
    let shown = compared
        .into_iter()
        .map(|compared| compared.shown)
        .collect();
    (shown, verdicts)
}

/// The arms of both sides: every arm that has the labels of the first side, each with the arm that differs from it by the
/// labels of the second alone.
fn pairs<'a>(declared: &Compare, arms: &'a [Arm]) -> Vec<(&'a Arm, &'a Arm)> {
    let has_labels = |arm: &Arm, side: &Side| {
        side.arm
            .iter()
            .all(|(axis, label)| arm.labels.get(axis) == Some(label))
    };
    let counterpart = |ours: &Arm| {
        let mut labels = ours.labels.clone();
        labels.extend(declared.to.arm.clone());
        arms.iter().find(|arm| arm.labels == labels)
    };
    let is_itself =
        |ours: &Arm, to: &Arm| ours.name == to.name && declared.of.system == declared.to.system;
    arms.iter()
        .filter(|ours| has_labels(ours, &declared.of))
        .filter_map(|ours| Some((ours, counterpart(ours)?)))
        .filter(|(ours, to)| !is_itself(ours, to))
        .collect()
}

fn compare(
    spec: &Spec,
    declared: &Compare,
    (ours, to): (&Group<'_>, &Group<'_>),
) -> Option<Compared> {
    let (system, other) = (declared.of.system, declared.to.system);
    let (left, right) = (
        ours.scores(system, declared.metric),
        to.scores(other, declared.metric),
    );
    let is_free = |system, rows: &[_]| is_free_of_seeds(system) && rows.len() == 1;
    let rows = paired(
        (&left, is_free(system, &left)),
        (&right, is_free(other, &right)),
    );
    let has_items = |group: &Group<'_>| group.cells.first().map(|cell| cell.items.clone());
    if has_items(ours) != has_items(to) {
        return None;
    }
    let (left, right): (Vec<Vec<f64>>, Vec<Vec<f64>>) = rows.into_iter().unzip();
    let differences = experiment::differences(&left, &right)?;
    let counted = experiment::compare(&differences, RESAMPLES, ANALYSIS_SEED)?;
    let test = counted.two_way;
    let declared_seeds = spec.seeds.list();
    let has_every_seed = |group: &Group<'_>| {
        declared_seeds
            .iter()
            .all(|seed| group.cells.iter().any(|cell| cell.seed == *seed))
    };
    let complete = has_every_seed(ours) && has_every_seed(to);
    Some(Compared {
        shown: ExperimentComparison {
            family: declared.family.clone(),
            dataset: Some(ours.dataset.to_owned()),
            model: ours.model.clone(),
            metric: declared.metric,
            of: side(system, ours.arm),
            to: side(other, to.arm),
            complete,
            diff: test.diff,
            se: test.se,
            ci95: test.ci95.into(),
            ci90: experiment::interval(&test, 0.9).unwrap_or(test.ci95).into(),
            df: test.df,
            p: complete.then_some(test.p_two_sided),
            p_holm: None,
            seeds: counted.seeds,
            items: counted.items,
            sd_seeds: counted.sd_seeds,
            by_seed: experiment::seed_means(&differences),
            ci95_bootstrap: Some(counted.ci95_bootstrap.into()),
            p_randomisation: complete.then_some(counted.p_randomisation),
            detectable_diff: counted.detectable,
            seeds_for_1_5: counted.seeds_for_1_5,
            margin: declared.margin,
            verdict: None,
        },
        is_identical: differences
            .iter()
            .flatten()
            .all(|difference| *difference == 0.0),
        counted: Some(counted),
    })
}

fn side(system: System, arm: &str) -> ExperimentSide {
    ExperimentSide {
        system,
        arm: arm.to_owned(),
    }
}

/// Scores by seed, and whether they are the same whatever the seed is.
type Rows<'a> = (&'a [(u64, &'a [f64])], bool);

/// The rows of both sides for the seeds that both have; a side without seeds goes with every seed of the other.
fn paired(
    (ours, ours_are_free): Rows<'_>,
    (to, theirs_are_free): Rows<'_>,
) -> Vec<(Vec<f64>, Vec<f64>)> {
    let pair = |ours: &[f64], to: &[f64]| (ours.to_vec(), to.to_vec());
    let find = |rows: &[(u64, &[f64])], seed| {
        rows.iter()
            .find(|(found, _)| *found == seed)
            .map(|(_, row)| row.to_vec())
    };
    match (ours_are_free, theirs_are_free) {
        (true, _) => {
            let single = ours.iter().map(|(_, row)| *row).take(1);
            single
                .flat_map(|single| to.iter().map(move |(_, row)| pair(single, row)))
                .collect()
        }
        (false, true) => {
            let single = to.iter().map(|(_, row)| *row).take(1);
            single
                .flat_map(|single| ours.iter().map(move |(_, row)| pair(row, single)))
                .collect()
        }
        (false, false) => ours
            .iter()
            .filter_map(|(seed, row)| Some((row.to_vec(), find(to, *seed)?)))
            .collect(),
    }
}

/// Holm's adjustment within each family of a data set and model. Until all its comparisons are complete nothing in a
/// family is tested: p-values that come one after the other would be looks that nobody planned.
fn adjust(spec: &Spec, arms: &[Arm], compared: &mut [Compared]) {
    let family = |shown: &ExperimentComparison| {
        (
            shown.family.clone(),
            shown.dataset.clone(),
            shown.model.clone(),
        )
    };
    let declared = |name: &str| -> usize {
        let members = spec.compares.iter().filter(|member| member.family == name);
        members.map(|member| pairs(member, arms).len()).sum()
    };
    let mut families: Vec<_> = compared
        .iter()
        .map(|compared| family(&compared.shown))
        .collect();
    families.sort();
    families.dedup();
    for wanted in families {
        let mut members: Vec<&mut ExperimentComparison> = compared
            .iter_mut()
            .map(|compared| &mut compared.shown)
            .filter(|shown| family(shown) == wanted)
            .collect();
        let p: Vec<f64> = members.iter().filter_map(|shown| shown.p).collect();
        if p.len() == declared(&wanted.0) {
            for (shown, adjusted) in members.iter_mut().zip(significance::holm(&p)) {
                shown.p_holm = Some(adjusted);
            }
            continue;
        }
        for shown in members {
            (shown.p, shown.p_randomisation) = (None, None);
        }
    }
}

fn verdicts(compared: &mut [Compared], groups: &[Group<'_>]) -> Vec<ExperimentVerdict> {
    let family_size = |ours: &ExperimentComparison, compared: &[Compared]| {
        let is_member = |member: &&Compared| {
            let shown = &member.shown;
            (&shown.family, &shown.dataset, &shown.model)
                == (&ours.family, &ours.dataset, &ours.model)
        };
        compared.iter().filter(is_member).count()
    };
    let sizes: Vec<usize> = compared
        .iter()
        .map(|member| family_size(&member.shown, compared))
        .collect();
    let mut verdicts = Vec::new();
    for (place, (found, family)) in compared.iter_mut().zip(sizes).enumerate() {
        let Some((verdict, lines)) = judge(found, family, groups) else {
            continue;
        };
        found.shown.verdict = Some(verdict.outcome);
        let below_lines = lines.is_some();
        verdicts.push(ExperimentVerdict {
            family: found.shown.family.clone(),
            comparison: place,
            code: verdict.outcome,
            text: joined(verdict.sentence, lines),
            below_lines,
        });
    }
    verdicts
}

fn joined(sentence: Words, lines: Option<Words>) -> Words {
    match lines {
        None => sentence,
        Some(lines) => Words {
            en: format!("{} {}", sentence.en, lines.en),
            de: format!("{} {}", sentence.de, lines.de),
        },
    }
}

/// The verdict of a complete comparison, and what is said if the first three lines score higher than its first system.
fn judge(
    found: &Compared,
    family: usize,
    groups: &[Group<'_>],
) -> Option<(verdict::Verdict, Option<Words>)> {
    let (shown, counted) = (&found.shown, found.counted.as_ref()?);
    let (p, p_holm) = (shown.p?, shown.p_holm?);
    let (name, scale) = measure(shown.metric);
    let (a, b) = (name_of(&shown.of, &shown.to), name_of(&shown.to, &shown.of));
    let scaled = |ends: [f64; 2]| ends.map(|end| scale * end);
    let finding = Finding {
        a: &a,
        b: &b,
        measure: Measure::Points {
            name: &name,
            higher_is_better: higher_is_better(shown.metric),
        },
        repeats: Repeats::Seeds {
            count: shown.seeds,
            needed: counted.seeds_for_1_5,
        },
        dialogues: shown.items,
        diff: scale * shown.diff,
        is_identical: found.is_identical,
        ci95: scaled(shown.ci95),
        ci90: scaled(shown.ci90),
        p,
        p_holm,
        dialogues_needed: None,
        split: None,
    };
    let rules = Rules {
        alpha: ALPHA,
        family,
        margin: rounded(scale * shown.margin),
        delta: rounded(scale * experiment::EFFECT_1_5),
        available: shown.items,
    };
    let lines = below_lines(shown, groups, &a);
    Some((verdict::judge(&finding, &rules), lines))
}

/// Without the digits that a product of decimal fractions leaves behind.
fn rounded(value: f64) -> f64 {
    (value * 1e9).round() / 1e9
}

/// How a sentence names what was measured, and what a stored score is multiplied by to be told in points.
pub(crate) fn measure(metric: ResultMetric) -> (Words, f64) {
    let described = metrics::by_name(metric.as_str());
    let label = described.map_or(metric.as_str(), |described| described.label);
    let same = |name: String| Words {
        en: name.clone(),
        de: name,
    };
    match described.map(|described| described.unit) {
        Some(Unit::NatsPerToken) => (
            Words {
                en: format!("{label} (points are hundredths of a nat per token)"),
                de: format!("{label} (Punkte sind Hundertstel Nat je Token)"),
            },
            POINTS,
        ),
        Some(Unit::Points | Unit::Share) => (same(label.to_owned()), POINTS),
        _ => (same(label.to_owned()), 1.0),
    }
}

/// Whether more is better; where neither direction is better, more is treated as such.
fn higher_is_better(metric: ResultMetric) -> bool {
    metrics::by_name(metric.as_str())
        .and_then(|described| described.higher_is_better)
        .unwrap_or(true)
}

/// The name of a side: that of its system, with its arm where there is a choice.
fn name_of(side: &ExperimentSide, other: &ExperimentSide) -> String {
    match side.arm == other.arm && side.arm == super::grid::UNCHANGED {
        true => side.system.to_string(),
        false => format!("{} ({})", side.system, side.arm),
    }
}

fn below_lines(shown: &ExperimentComparison, groups: &[Group<'_>], name: &str) -> Option<Words> {
    if !higher_is_better(shown.metric) || shown.of.system == System::Lead3 {
        return None;
    }
    let group = groups.iter().find(|group| {
        group.arm == shown.of.arm
            && Some(group.dataset) == shown.dataset.as_ref()
            && *group.model == shown.model
    })?;
    let points = |system| {
        let rows = group.scores(system, shown.metric);
        let scores: Vec<f64> = rows
            .iter()
            .flat_map(|(_, row)| row.iter().copied())
            .collect();
        Some(POINTS * metrics::text::mean(&scores)?)
    };
    let (ours, lines) = (points(shown.of.system)?, points(System::Lead3)?);
    (lines > ours).then(|| verdict::below_lines(name, ours, lines))
}

/// The mean difference over several data sets, which are taken as they are and not as a draw of all there could be: an
/// interval and no p-value, because the families are those of the data sets.
fn over_datasets(spec: &Spec, compared: &[Compared]) -> Vec<Compared> {
    if spec.datasets.len() < 2 {
        return Vec::new();
    }
    let same = |a: &ExperimentComparison, b: &ExperimentComparison| {
        a.family == b.family
            && a.model == b.model
            && a.metric == b.metric
            && a.of == b.of
            && a.to == b.to
    };
    let first = spec.datasets.first();
    let begins = compared
        .iter()
        .filter(|member| member.shown.dataset.as_ref() == first);
    begins
        .filter_map(|begin| {
            let members: Vec<&Compared> = compared
                .iter()
                .filter(|member| same(&member.shown, &begin.shown))
                .collect();
            if members.len() != spec.datasets.len() {
                return None;
            }
            let tests: Vec<TTest> = members
                .iter()
                .filter_map(|member| Some(member.counted.as_ref()?.two_way))
                .collect();
            let (diff, se, df) = mean_of(&tests)?;
            let ends = |confidence| student::around(diff, se, df, confidence);
            Some(Compared {
                shown: ExperimentComparison {
                    dataset: None,
                    complete: members.iter().all(|member| member.shown.complete),
                    diff,
                    se,
                    ci95: ends(0.95)?.into(),
                    ci90: ends(0.9)?.into(),
                    df,
                    p: None,
                    p_holm: None,
                    items: members.iter().map(|member| member.shown.items).sum(),
                    sd_seeds: None,
                    by_seed: Vec::new(),
                    ci95_bootstrap: None,
                    p_randomisation: None,
                    detectable_diff: experiment::detectable(se, df),
                    seeds_for_1_5: None,
                    verdict: None,
                    ..begin.shown.clone()
                },
                counted: None,
                is_identical: false,
            })
        })
        .collect()
}

/// The mean of independent differences with its standard error, and degrees of freedom by Welch and Satterthwaite.
fn mean_of(tests: &[TTest]) -> Option<(f64, f64, f64)> {
    let count = tests.len() as f64;
    let diff = metrics::text::mean(&tests.iter().map(|test| test.diff).collect::<Vec<_>>())?;
    let variances = || tests.iter().map(|test| test.se * test.se);
    let sum: f64 = variances().sum();
    let parts: f64 = tests.iter().map(|test| test.se.powi(4) / test.df).sum();
    let df = if parts > 0.0 { sum * sum / parts } else { 1.0 };
    Some((diff, sum.sqrt() / count, df.max(1.0)))
}
