//! Forgetting conversations: the list beforehand, and the receipt afterwards.

use contract::{DatasetName, ForgetPlan, ForgetReceipt};
use host::clock::now_ms;
use tauri::State;

use crate::error::Answer;
use crate::place::Place;

/// What forgetting these pairs would take away; changes nothing.
#[tauri::command(async)]
#[specta::specta]
pub(crate) fn forget_plan(
    place: State<'_, Place>,
    dataset: DatasetName,
    keys: Vec<f64>,
) -> Answer<ForgetPlan> {
    Ok(place.session()?.forget_plan(&dataset, &whole(keys))?)
}

/// Forgets these pairs and everything that came from them, and searches the workspace for what is left.
#[tauri::command(async)]
#[specta::specta]
pub(crate) fn forget_pairs(
    place: State<'_, Place>,
    dataset: DatasetName,
    keys: Vec<f64>,
) -> Answer<ForgetReceipt> {
    Ok(place.session()?.forget(&dataset, &whole(keys), now_ms())?)
}

fn whole(keys: Vec<f64>) -> Vec<i64> {
    keys.into_iter().map(|key| key as i64).collect()
}
