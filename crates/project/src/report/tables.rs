//! The table of a run's systems, from what its parts of `evaluate` have stored.

use contract::{ArtifactKind, Part, StageName, System};
use store::{RunRow, Store};

use super::{SystemResult, bootstrap_seed, results};
use crate::artifact::{Output, TrainedAdapter, read};
use crate::error::Result;
use crate::recipe::Recipe;

/// The figures of all systems, in the recipe's order; of a finished run those that it has stored. `wanted` chooses some of
/// them, and real-only training stays because the others are compared with it. Empty if there is none of them yet.
///
/// # Errors
/// What the store reports.
pub fn systems(
    store: &Store,
    run: &RunRow,
    recipe: &Recipe,
    wanted: Option<&[System]>,
) -> Result<Vec<SystemResult>> {
    let kind = Some(ArtifactKind::Output);
    let mut outputs: Vec<Output> = read(&store.artifacts(&run.id, StageName::Evaluate, kind)?)?;
    if let Some(wanted) = wanted {
        let is_wanted = |output: &Output| wanted.contains(&output.system);
        let any = outputs.iter().any(is_wanted);
        outputs.retain(|output| any && (is_wanted(output) || output.system == System::SftReal));
    }
    let place = |output: &Output| {
        recipe
            .systems
            .iter()
            .position(|system| *system == output.system)
    };
    outputs.sort_by_key(|output| place(output).unwrap_or(usize::MAX));
    let mut rows = results(&outputs, recipe.bootstrap, bootstrap_seed(run.seed));
    for row in &mut rows {
        let trained = Part::Summarizer(row.system);
        let adapters = store.part_artifacts(&run.id, trained, Some(ArtifactKind::Adapter))?;
        if let Some(adapter) = read::<TrainedAdapter>(&adapters)?.into_iter().next() {
            row.settings_tried = adapter.settings_tried;
            row.synthetic_n = adapter.synthetic_n;
        }
    }
    Ok(rows)
}
