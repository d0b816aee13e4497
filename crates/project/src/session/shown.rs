//! What `duologue show` reports about a stage and the trainings, as JSON (`docs/cli.md`).

use serde_json::{Value, json};
use store::StageRow;

use crate::artifact::{Checkpoint, TrainedAdapter};

/// A stage: where it stands, what it cost, its hashes.
pub(super) fn stage_json(stage: &StageRow, status: &str) -> Value {
    json!({
        "name": stage.name, "status": status, "wall_s": stage.wall_s, "cpu_s": stage.cpu_s,
        "peak_rss_bytes": stage.peak_rss_bytes, "n_in": stage.n_in, "n_out": stage.n_out, "dropped": stage.dropped,
        "inputs_sha256": stage.inputs_sha256, "output_sha256": stage.output_sha256, "measures": stage.measures,
        "error": stage.error,
    })
}

/// How the preference training went: the separate sets' synthesizer, the joint one's and every checkpoint.
pub(super) fn align_json(adapters: &[TrainedAdapter], checkpoints: &[Checkpoint]) -> Value {
    let training_of = |role: &str| {
        let training = adapters
            .iter()
            .find(|adapter| adapter.role == role)?
            .trainings
            .first()?;
        let last = training.last_dpo.as_ref();
        Some(json!({
            "first_dpo_loss": training.first_dpo_loss, "margin": last.map(|l| l.margin),
            "accuracy": last.map(|l| l.accuracy), "logps_chosen": last.map(|l| l.logps_chosen),
            "logps_rejected": last.map(|l| l.logps_rejected), "updates": training.updates,
            "best_update": training.best_update,
        }))
    };
    let Some(mut separate) = training_of("dpo_separate") else {
        return training_of("dpo_joint").unwrap_or(Value::Null);
    };
    separate["dpo_joint"] = json!(training_of("dpo_joint"));
    separate["checkpoints"] = json!(checkpoints);
    separate
}

/// The two stages of the main system, then the trainings of every system.
pub(super) fn summarizer_json(adapters: &[TrainedAdapter]) -> Value {
    let records = |adapter: &TrainedAdapter| match adapter.trainings.as_slice() {
        [stage1, stage2] => json!({"stage1": stage1, "stage2": stage2}),
        trainings => json!({"trainings": trainings}),
    };
    let main = adapters
        .iter()
        .find(|adapter| adapter.role == "mrds_separate");
    let mut shown = main.map_or_else(|| json!({}), records);
    for adapter in adapters {
        shown["systems"][&adapter.role] = records(adapter);
    }
    shown
}
