//! What more examples would bring, from an experiment that varies their number: a sentence for each trained system. The fit
//! and its band are `metrics::learning_curve`.

use contract::{
    DatasetName, ExperimentCurve, ExperimentRow, ModelName, ResultMetric, System, Words,
};
use metrics::learning_curve::{Size, forecast};

use super::grid::Arm;
use crate::recipe::Recipe;
use crate::sentence::{german, signed};

/// A wider band forecasts nothing: four points.
const WIDEST: f64 = 0.04;

/// The curves over the number of real examples, for systems that learn; none if fewer than four numbers were tried.
pub fn curves(arms: &[Arm], rows: &[ExperimentRow]) -> Vec<ExperimentCurve> {
    let mut curves = Vec::new();
    let main: Vec<&ExperimentRow> = rows
        .iter()
        .filter(|row| row.metric == ResultMetric::Rouge1 && row.system.is_trained())
        .collect();
    let mut subjects: Vec<(&DatasetName, &ModelName, System)> =
        main.iter().map(|row| subject(row)).collect();
    subjects.sort_unstable();
    subjects.dedup();
    for about in subjects {
        let of_subject: Vec<&ExperimentRow> = main
            .iter()
            .copied()
            .filter(|row| subject(row) == about)
            .collect();
        let Some(sizes) = most_made_up(arms, &of_subject) else {
            continue;
        };
        let from = sizes.iter().map(|size| size.n).fold(0.0, f64::max);
        let to = 2.0 * from;
        let Some(found) = forecast(&sizes, to, 0) else {
            continue;
        };
        let band = Some([found.low, found.high]).filter(|[low, high]| high - low <= WIDEST);
        let (dataset, model, system) = about;
        curves.push(ExperimentCurve {
            dataset: dataset.clone(),
            model: model.clone(),
            system,
            sizes: sizes.iter().map(|size| size.n as u32).collect(),
            to: to as u32,
            band,
            text: sentence(system, (from, to), band),
        });
    }
    curves
}

fn subject(row: &ExperimentRow) -> (&DatasetName, &ModelName, System) {
    (&row.dataset, &row.model, row.system)
}

/// The sizes of the arms that differ in `shots` alone; of several such series, the one with the most made-up pairs.
fn most_made_up(arms: &[Arm], rows: &[&ExperimentRow]) -> Option<Vec<Size>> {
    let recipe_of = |name: &str| arms.iter().find(|arm| arm.name == name)?.recipe.as_ref();
    let mut lines: Vec<(Recipe, Vec<Size>)> = Vec::new();
    for row in rows {
        let Some(recipe) = recipe_of(&row.arm) else {
            continue;
        };
        let beside = Recipe {
            shots: 0,
            ..recipe.clone()
        };
        let size = Size {
            n: recipe.shots as f64,
            by_seed: row.by_seed.clone(),
        };
        match lines.iter_mut().find(|(known, _)| *known == beside) {
            Some((_, sizes)) => sizes.push(size),
            None => lines.push((beside, vec![size])),
        }
    }
    lines
        .into_iter()
        .max_by_key(|(recipe, sizes)| (sizes.len(), recipe.synthetic_per_shot))
        .map(|(_, sizes)| sizes)
}

fn sentence(system: System, (from, to): (f64, f64), band: Option<[f64; 2]>) -> Words {
    let Some([low, high]) = band else {
        return Words {
            en: format!(
                "{system}: what {to:.0} real examples instead of {from:.0} would bring cannot be told from these runs."
            ),
            de: format!(
                "{system}: Was {to:.0} echte Beispiele statt {from:.0} br\u{e4}chten, l\u{e4}sst sich aus diesen L\u{e4}ufen nicht sagen."
            ),
        };
    };
    let points = |gain: f64| signed(100.0 * gain, 1);
    Words {
        en: format!(
            "{system}: going from {from:.0} to {to:.0} real examples may bring {} to {} ROUGE-1 points.",
            points(low),
            points(high)
        ),
        de: format!(
            "{system}: {to:.0} echte Beispiele statt {from:.0} bringen vielleicht {} bis {} Punkte ROUGE-1.",
            german(&points(low)),
            german(&points(high))
        ),
    }
}

#[cfg(test)]
mod tests {
    use super::super::{grid::arms, spec::Spec};
    use super::*;

    const SPEC: &str = r#"
schema = 1
name = "e"
question = "How many?"
seeds = 2
systems = ["sft_real"]

[[axis]]
field = "shots"
values = [12, 25, 50, 100]

[[axis]]
field = "synthetic_per_shot"
values = [1, 4]
"#;

    fn row(arm: &Arm, noise: f64) -> ExperimentRow {
        let recipe = arm.recipe.as_ref().unwrap();
        let mean = 0.4 - 0.5 * (recipe.shots as f64).powf(-0.6);
        ExperimentRow {
            arm: arm.name.clone(),
            dataset: "d".into(),
            model: "m".into(),
            system: System::SftReal,
            metric: ResultMetric::Rouge1,
            mean,
            sd: None,
            ci95: [mean, mean],
            seeds: 2,
            by_seed: vec![mean - noise, mean + noise],
            items: 9,
        }
    }

    #[test]
    fn the_sentence_says_what_more_examples_may_bring() {
        let spec: Spec = Spec::from_toml(SPEC).unwrap();
        let arms = arms(&spec).unwrap();
        let rows =
            |noise| -> Vec<ExperimentRow> { arms.iter().map(|arm| row(arm, noise)).collect() };
        let found = curves(&arms, &rows(0.0));
        assert_eq!(found.len(), 1);
        assert_eq!(
            (found[0].sizes.as_slice(), found[0].to),
            (&[12, 25, 50, 100][..], 200)
        );
        assert_eq!(
            found[0].text.en,
            "sft_real: going from 100 to 200 real examples may bring +1.1 to +1.1 ROUGE-1 points."
        );
        let wide = curves(&arms, &rows(0.2));
        assert_eq!(wide[0].band, None);
        assert!(wide[0].text.de.contains("nicht sagen"));
        assert!(
            curves(&arms, &rows(0.0)[..4]).is_empty(),
            "two sizes of each"
        );
    }
}
