//! The smallest run that still does every stage's real work, with the toy model that keeps the format.

use std::path::PathBuf;

/// Seed of every run here.
pub(crate) const SEED: &str = "3";

/// Changes from the `small` preset: a handful of shots, short texts, and filters that let a weak model's text pass.
pub(crate) const TINY: &[(&str, &str)] = &[
    ("shots", "8"),
    ("validation", "3"),
    // A rating study needs six dialogues.
    ("test_items", "6"),
    ("synthetic_per_shot", "1"),
    ("summary_method", "prompt"),
    ("summary_max_new_tokens", "40"),
    ("summary_demos", "2"),
    ("novelty_rouge_l", "1.0"),
    ("name_filter_share", "1.0"),
    ("lora_rank", "8"),
    ("sft_batch_size", "4"),
    ("sft_max_epochs", "2"),
    ("evals_per_epoch", "1"),
    ("candidates_per_summary", "4"),
    ("candidate_synthetic_limit", "2"),
    ("dialogue_temperature", "0.5"),
    ("dialogue_max_new_tokens", "128"),
    ("dialogue_tries", "12"),
    ("min_gap", "0.001"),
    ("min_gap_sd", "0.0"),
    ("length_balance", "1.0"),
    ("format_pairs_per_summary", "1"),
    ("pair_repeat", "1"),
    ("dpo_batch_size", "8"),
    ("dpo_checkpoints", "2"),
    ("checkpoint_summaries", "2"),
    ("ids_max_iterations", "8"),
    ("rejection_max_tries", "2"),
    ("synthesizer_items", "2"),
    ("icl_examples", "1"),
    ("bootstrap", "200"),
];

/// The two systems that tests about processes compare; the journey takes all.
pub(crate) const TWO_SYSTEMS: (&str, &str) = ("systems", "sft_real,mrds_separate");

/// The data: conversations written for this project.
pub(crate) fn data() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("data/clinic_intake.jsonl")
}

/// The model of the runs.
pub(crate) fn model() -> PathBuf {
    crate::program::model()
}
