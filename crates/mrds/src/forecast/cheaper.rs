//! Changes of a recipe that need less memory: what a plan offers where a run does not fit.

use contract::{Change, Price};
use project::recipe::Recipe;

use crate::error::Result;

/// A field of the recipe and the value that it gets, as a [`Change`] that is known beforehand.
pub(super) type Assignment = (&'static str, &'static str);

/// Changes of a recipe that need less memory, most faithful first, and what they cost.
pub(super) const CHEAPER: [(&[Assignment], Price); 8] = [
    (&[("recompute", "on")], Price::Recompute),
    (&[("generate_batch_size", "8")], Price::Rounding),
    (&[("tokens_per_microbatch", "1024")], Price::Rounding),
    (
        &[
            ("tokens_per_microbatch", "256"),
            ("generate_batch_size", "4"),
        ],
        Price::Rounding,
    ),
    (&[("quantize", "q8_0")], Price::EightBits),
    (&[("quantize", "q4_k")], Price::FourBits),
    (
        &[
            ("quantize", "q4_k"),
            ("tokens_per_microbatch", "256"),
            ("generate_batch_size", "4"),
        ],
        Price::FourBits,
    ),
    (
        &[
            ("dialogue_max_new_tokens", "256"),
            ("tokens_per_microbatch", "256"),
            ("generate_batch_size", "4"),
        ],
        Price::ShortDialogues,
    ),
];

pub(super) fn changes(assignments: &[Assignment]) -> Vec<Change> {
    let change = |&(key, value): &Assignment| Change {
        key: key.to_owned(),
        value: value.to_owned(),
    };
    assignments.iter().map(change).collect()
}

/// `recipe` with changes made as `--set` makes them.
pub(super) fn changed(recipe: &Recipe, changes: &[Change]) -> Result<Recipe> {
    let mut changed = recipe.clone();
    changes
        .iter()
        .try_for_each(|change| changed.set(&change.to_string()))?;
    Ok(changed)
}

/// Whether a change is worth showing after those already shown: it must need another amount of memory, and less than
/// any shown change that it contains.
pub(super) fn helps(
    assignments: &[Assignment],
    peak_bytes: u64,
    shown: &[(&[Assignment], u64)],
) -> bool {
    shown.iter().all(|(earlier, bytes)| {
        let part = earlier
            .iter()
            .all(|assignment| assignments.contains(assignment));
        peak_bytes != *bytes && (peak_bytes < *bytes || !part)
    })
}
