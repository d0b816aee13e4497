//! Does the gain carry over to another kind of conversation? Data sets side by side: what the base model knows, whether its
//! likelihood can judge, what the method gives over training on real pairs alone, and whether these gains differ.

use contract::{
    CorruptionGroup, Domain, ExperimentComparison, ExperimentRow, GainDifference, JudgeMeasures,
    JudgeVerdict, ResultMetric, Synthesizer, System, Words,
};
use metrics::experiment::TTest;
use metrics::text::mean;

use super::scores::CellScores;
use crate::sentence::{german, listed, signed};

/// Stored scores are fractions of one; a sentence gives points.
const POINTS: f64 = 100.0;
/// Accepted chance of a false finding.
const ALPHA: f64 = 0.05;

/// What an experiment says about the transfer from one data set to another.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Transfer {
    /// Each data set.
    pub domains: Vec<Domain>,
    /// Each data set beside the first one.
    pub gain_differences: Vec<GainDifference>,
}

impl Transfer {
    /// From the comparisons of a method with `sft_real` by ROUGE-1; nothing for one data set.
    pub fn new(
        comparisons: &[ExperimentComparison],
        table: &[ExperimentRow],
        cells: &[CellScores],
    ) -> Self {
        let gains: Vec<&ExperimentComparison> =
            comparisons.iter().filter(|row| is_gain(row)).collect();
        let mut found = Self::default();
        for (place, gain) in gains.iter().enumerate() {
            let others = gains[..place].iter();
            let first = others.copied().find(|other| is_same_but_data(other, gain));
            let is_alone = first.is_none()
                && !gains[place + 1..]
                    .iter()
                    .any(|other| is_same_but_data(gain, other));
            if is_alone {
                continue;
            }
            found.domains.extend(domain(gain, table, cells));
            found
                .gain_differences
                .extend(first.and_then(|first| difference(first, gain)));
        }
        found
    }
}

fn is_gain(row: &ExperimentComparison) -> bool {
    row.dataset.is_some()
        && row.metric == ResultMetric::Rouge1
        && matches!(row.of.system, System::MrdsSeparate | System::MrdsJoint)
        && row.to.system == System::SftReal
}

fn is_same_but_data(a: &ExperimentComparison, b: &ExperimentComparison) -> bool {
    (&a.family, &a.model, &a.of, &a.to) == (&b.family, &b.model, &b.of, &b.to)
}

fn domain(
    gain: &ExperimentComparison,
    table: &[ExperimentRow],
    cells: &[CellScores],
) -> Option<Domain> {
    let dataset = gain.dataset.clone()?;
    let score = |system: System| {
        let is_asked = |row: &&ExperimentRow| {
            (&row.dataset, &row.model, &row.arm) == (&dataset, &gain.model, &gain.to.arm)
                && (row.system, row.metric) == (system, ResultMetric::Rouge1)
        };
        table.iter().find(is_asked).map(|row| row.mean)
    };
    let of_domain = |cell: &&CellScores| (&cell.dataset, &cell.model) == (&dataset, &gain.model);
    let cells: Vec<&CellScores> = cells.iter().filter(of_domain).collect();
    let judges: Vec<&JudgeMeasures> = cells
        .iter()
        .filter_map(|cell| cell.judge.as_ref())
        .collect();
    let accuracy = |group: CorruptionGroup| {
        let each = judges.iter().filter_map(|judge| judge.groups.get(&group));
        mean(&each.map(|found| found.accuracy).collect::<Vec<_>>())
    };
    let rates: Vec<f64> = cells
        .iter()
        .flat_map(|cell| &cell.synthesizers)
        .filter(|result| result.system == Synthesizer::Sft)
        .map(|result| result.format_rate)
        .collect();
    let mut domain = Domain {
        zero_shot: score(System::ZeroShot),
        lead_3: score(System::Lead3),
        judge: judges
            .iter()
            .filter_map(|judge| judge.verdict)
            .max_by_key(|verdict| harm(*verdict)),
        judge_topic: accuracy(CorruptionGroup::Topic),
        judge_content: accuracy(CorruptionGroup::Content),
        sft_format_rate: mean(&rates),
        gain: gain.diff,
        gain_ci95: gain.ci95,
        sentence: Words::default(),
        dataset,
        model: gain.model.clone(),
        arm: gain.of.arm.clone(),
    };
    domain.sentence = sentence(&domain);
    Some(domain)
}

/// How much harm a verdict does: the less a judge sees, the more.
const fn harm(verdict: JudgeVerdict) -> u8 {
    match verdict {
        JudgeVerdict::Able => 0,
        JudgeVerdict::Partly => 1,
        JudgeVerdict::Unable => 2,
    }
}

fn difference(
    first: &ExperimentComparison,
    other: &ExperimentComparison,
) -> Option<GainDifference> {
    let test = |row: &ExperimentComparison| TTest::new(row.diff, row.se, row.df);
    let found = TTest::of_two(&test(first)?, &test(other)?)?;
    let complete = first.complete && other.complete;
    let mut difference = GainDifference {
        of: first.dataset.clone()?,
        to: other.dataset.clone()?,
        model: first.model.clone(),
        diff: found.diff,
        ci95: found.ci95.into(),
        df: found.df,
        p: complete.then_some(found.p_two_sided),
        sentence: Words::default(),
    };
    difference.sentence = compared(&difference);
    Some(difference)
}

/// A difference of scores in points, with its sign.
fn points(score: f64) -> String {
    signed(POINTS * score, 1)
}

fn sentence(domain: &Domain) -> Words {
    let known = domain.zero_shot.zip(domain.lead_3).map(|(bare, lines)| {
        let size = format!("{:.1}", POINTS * (bare - lines).abs());
        match bare < lines {
            true => Words {
                en: format!("the base model knows little (zero-shot {size} points below the first three lines)"),
                de: format!(
                    "wei\u{df} das Basismodell wenig (ohne Beispiele {} Punkte unter den ersten drei Zeilen)",
                    german(&size)
                ),
            },
            false => Words {
                en: format!("the base model knows something (zero-shot {size} points above the first three lines)"),
                de: format!(
                    "wei\u{df} das Basismodell etwas (ohne Beispiele {} Punkte \u{fc}ber den ersten drei Zeilen)",
                    german(&size)
                ),
            },
        }
    });
    let judge = domain.judge.map(|verdict| match verdict {
        JudgeVerdict::Able => ["the judge is able", "ist der Pr\u{fc}fer f\u{e4}hig"],
        JudgeVerdict::Partly => [
            "the judge is partly able",
            "ist der Pr\u{fc}fer teilweise f\u{e4}hig",
        ],
        JudgeVerdict::Unable => [
            "the judge is not able",
            "ist der Pr\u{fc}fer nicht f\u{e4}hig",
        ],
    });
    let (gain, [low, high]) = (points(domain.gain), domain.gain_ci95.map(points));
    let english: Vec<String> = known
        .iter()
        .map(|words| words.en.clone())
        .chain(judge.map(|[en, _]| en.to_owned()))
        .chain([format!(
            "the gain is {gain} ROUGE-1 points (95 % interval {low} to {high})"
        )])
        .collect();
    let german_parts: Vec<String> = known
        .iter()
        .map(|words| words.de.clone())
        .chain(judge.map(|[_, de]| de.to_owned()))
        .chain([format!(
            "betr\u{e4}gt der Gewinn {} ROUGE-1-Punkte (95-%-Intervall {} bis {})",
            german(&gain),
            german(&low),
            german(&high)
        )])
        .collect();
    Words {
        en: format!("On {} {}.", domain.dataset, listed(&english, "and")),
        de: format!("Bei {} {}.", domain.dataset, listed(&german_parts, "und")),
    }
}

fn compared(found: &GainDifference) -> Words {
    let (more, less) = match found.diff >= 0.0 {
        true => (&found.of, &found.to),
        false => (&found.to, &found.of),
    };
    let size = format!("{:.1}", POINTS * found.diff.abs());
    let [low, high] = found.ci95.map(points);
    let (en, de) = match found.p {
        None => (
            "; not all cells are done",
            "; noch sind nicht alle Zellen fertig",
        ),
        Some(p) if p < ALPHA => ("", ""),
        Some(_) => (", which may be chance", ", was Zufall sein kann"),
    };
    Words {
        en: format!(
            "The method gives {size} points more on {more} than on {less} (difference of the gains {} to {}: 95 % interval \
             {low} to {high}){en}.",
            found.of, found.to
        ),
        de: format!(
            "Die Methode bringt bei {more} {} Punkte mehr als bei {less} (Unterschied der Gewinne {} zu {}: 95-%-Intervall {} \
             bis {}){de}.",
            german(&size),
            found.of,
            found.to,
            german(&low),
            german(&high)
        ),
    }
}
