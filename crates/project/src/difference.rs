//! How runs differ: the settings that they do not share, the pairs that they learnt from, their figures, and the test
//! summaries that changed.

use std::collections::{BTreeMap, BTreeSet};

use contract::{
    DataDifference, OutputDifference, ResultDifference, RunDifferences, RunId, SettingDifference,
    System,
};
use serde_json::{Value, json};
use similar::TextDiff;
use store::{RunRow, Sight};

use crate::artifact::Output;
use crate::error::Result;
use crate::recipe::Recipe;
use crate::report::tables;
use crate::selection::Selection;
use crate::session::Session;

/// A test summary's place: who wrote it, about which item.
type Place = (System, String);

/// A run with what may be seen of it.
struct Side {
    row: RunRow,
    recipe: Recipe,
    /// ROUGE-1 and summaries; none while people rate them.
    seen: Option<Seen>,
}

struct Seen {
    rouge1: BTreeMap<System, f64>,
    summaries: BTreeMap<Place, String>,
}

impl Session {
    /// How these runs differ. Each is compared with the first one.
    ///
    /// # Errors
    /// [`store::Error::NotFound`], and what the store reports.
    pub fn differences(&self, runs: &[RunId]) -> Result<RunDifferences> {
        let sides: Vec<Side> = runs
            .iter()
            .map(|run| self.side(run))
            .collect::<Result<_>>()?;
        let is_hidden = |side: &&Side| side.seen.is_none();
        let hidden = sides.iter().filter(is_hidden);
        Ok(RunDifferences {
            runs: runs.to_vec(),
            hidden: hidden.map(|side| side.row.id.clone()).collect(),
            settings: settings(&sides)?,
            data: match (sides.first(), sides.last()) {
                (Some(first), Some(last)) => self.data_difference(&first.row, &last.row)?,
                _ => DataDifference::default(),
            },
            results: results(&sides),
            outputs_changed: outputs_changed(&sides),
        })
    }

    fn side(&self, run: &RunId) -> Result<Side> {
        let row = self.run(run)?;
        let seen = self.may_see(run)?.map(|sight| self.seen(&sight, &row));
        Ok(Side {
            recipe: Recipe::from_toml(&row.recipe)?,
            seen: seen.transpose()?,
            row,
        })
    }

    fn seen(&self, sight: &Sight, row: &RunRow) -> Result<Seen> {
        let table = self.evaluate(sight, None)?;
        let outputs = tables::outputs(self.store(), row)?.into_iter().flatten();
        let summary = |output: Output| ((output.system, output.id), output.prediction);
        Ok(Seen {
            rouge1: table
                .iter()
                .map(|row| (row.system, row.rouge1.mean))
                .collect(),
            summaries: outputs.map(summary).collect(),
        })
    }

    fn data_difference(&self, first: &RunRow, last: &RunRow) -> Result<DataDifference> {
        let (before, after) = (self.shot_ids(first)?, self.shot_ids(last)?);
        Ok(DataDifference {
            added: after.difference(&before).cloned().collect(),
            removed: before.difference(&after).cloned().collect(),
        })
    }

    /// Ids of the pairs that a run learns from. Those of another data set carry its name.
    fn shot_ids(&self, run: &RunRow) -> Result<BTreeSet<String>> {
        let shots: BTreeSet<i64> = Selection::of_run(run)?.shots.into_iter().collect();
        let examples = self.store().examples(run.dataset_id, None)?.into_iter();
        let chosen = examples.filter(|example| shots.contains(&example.id));
        let named = chosen.map(|example| format!("{}/{}", run.dataset_name, example.external_id));
        Ok(named.collect())
    }
}

/// Fields whose value is not the same in all runs, those of the run before those of its recipe.
fn settings(sides: &[Side]) -> Result<Vec<SettingDifference>> {
    let mut fields: Vec<(String, Vec<Value>)> = Vec::new();
    let of_run = |row: &RunRow| {
        [
            ("dataset", json!(row.dataset_name)),
            ("model", json!(row.model_name)),
            ("seed", json!(row.seed)),
            ("device", json!(row.device)),
            ("version", json!(row.version)),
        ]
    };
    let of_runs: Vec<_> = sides.iter().map(|side| of_run(&side.row)).collect();
    for (place, (field, _)) in of_runs.first().into_iter().flatten().enumerate() {
        let values = of_runs.iter().map(|fields| fields[place].1.clone());
        fields.push(((*field).to_owned(), values.collect()));
    }
    let recipes = sides.iter().map(|side| side.recipe.fields());
    let recipes = recipes.collect::<Result<Vec<_>>>()?;
    for (place, field) in recipes.first().into_iter().flatten().enumerate() {
        let values = recipes.iter().map(|fields| fields[place].value.clone());
        fields.push((field.key.to_owned(), values.collect()));
    }
    let differ = |values: &[Value]| values.iter().any(|value| *value != values[0]);
    Ok(fields
        .into_iter()
        .filter(|(_, values)| differ(values))
        .map(|(field, values)| SettingDifference {
            field,
            values: values.iter().map(Value::to_string).collect(),
        })
        .collect())
}

fn results(sides: &[Side]) -> Vec<ResultDifference> {
    let seen = sides.iter().filter_map(|side| side.seen.as_ref());
    let systems: BTreeSet<System> = seen.flat_map(|seen| seen.rouge1.keys().copied()).collect();
    let row = |system: System| ResultDifference {
        system,
        rouge1: sides
            .iter()
            .map(|side| side.seen.as_ref()?.rouge1.get(&system).copied())
            .collect(),
    };
    systems.into_iter().map(row).collect()
}

/// The largest change first, then by system and item.
fn outputs_changed(sides: &[Side]) -> Vec<OutputDifference> {
    let Some(first) = sides.first().and_then(|side| side.seen.as_ref()) else {
        return Vec::new();
    };
    let mut distances: BTreeMap<&Place, f64> = BTreeMap::new();
    let others = sides[1..].iter().filter_map(|side| side.seen.as_ref());
    for (place, summary) in others.flat_map(|seen| &seen.summaries) {
        let Some(before) = first
            .summaries
            .get(place)
            .filter(|before| *before != summary)
        else {
            continue;
        };
        let distance = distances.entry(place).or_insert(0.0);
        *distance = distance.max(changed_share(before, summary));
    }
    let mut changed: Vec<OutputDifference> = distances
        .into_iter()
        .map(|((system, id), distance)| OutputDifference {
            system: *system,
            id: id.clone(),
            distance,
        })
        .collect();
    changed.sort_by(|a, b| b.distance.total_cmp(&a.distance));
    changed
}

/// Share of the words of two texts that they do not have in common, from 0 to 1.
fn changed_share(a: &str, b: &str) -> f64 {
    let (a, b): (Vec<&str>, Vec<&str>) = (
        a.split_whitespace().collect(),
        b.split_whitespace().collect(),
    );
    1.0 - f64::from(TextDiff::from_slices(&a, &b).ratio())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_change_is_the_share_of_words_that_are_not_common() {
        assert!(changed_share("Ada comes on Monday", "Ada comes  on Monday").abs() < 1e-6);
        let half = changed_share("Ada comes on Monday", "Ada comes after lunch");
        assert!((half - 0.5).abs() < 1e-6, "{half}");
        assert!((changed_share("yes", "no") - 1.0).abs() < 1e-6);
    }
}
