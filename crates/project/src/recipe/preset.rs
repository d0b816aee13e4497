//! The named sets of values: what each of them changes of the defaults.

use contract::{AdapterDtype, Preset, System};

use super::{CandidateSummaries, Recipe, TooLong};

/// What is compared in a demonstration that should end while somebody watches: the method beside what it has to beat.
const SHORT_LADDER: [System; 5] = [
    System::Lead3,
    System::Longest3,
    System::ZeroShot,
    System::SftReal,
    System::MrdsSeparate,
];

impl Recipe {
    /// The recipe of a preset.
    pub fn preset(preset: Preset) -> Self {
        let default = Self::default();
        match preset {
            Preset::Default => default,
            Preset::Paper => Self {
                sft_lr: 2e-4,
                dpo_lr: 1e-5,
                stage1_stop_lr: 2e-5,
                stage1_stop_scaled: false,
                lr_search: vec![1.0],
                ..default
            },
            Preset::Paper300 => Self {
                shots: 300,
                ..Self::preset(Preset::Paper)
            },
            Preset::Small => Self {
                shots: 40,
                validation: 12,
                synthetic_per_shot: 3,
                summary_max_rounds: 3,
                candidates_per_summary: 4,
                candidate_synthetic_limit: 40,
                sft_max_epochs: 4,
                dialogue_max_new_tokens: 256,
                summary_max_new_tokens: 64,
                dpo_epochs: 1,
                dpo_checkpoints: 2,
                checkpoint_samples: 1,
                lr_search: vec![1.0],
                ids_max_iterations: 6,
                rejection_max_tries: 6,
                too_long: TooLong::Drop,
                ..default
            },
            // SmolLM2-135M on models/practice: every system that the result is about, and no search; an hour or two on
            // two cores.
            Preset::Sample => Self {
                shots: 50,
                validation: 12,
                test_items: 40,
                synthetic_per_shot: 1,
                summary_max_rounds: 4,
                summary_temperature: 0.8,
                summary_max_new_tokens: 96,
                candidates_per_summary: 3,
                candidate_summaries: CandidateSummaries::Synthetic,
                candidate_synthetic_limit: 40,
                format_pairs_per_summary: 1,
                lora_rank: 2,
                lora_alpha: 32.0,
                adapter_dtype: AdapterDtype::Bf16,
                sft_lr: 5e-4,
                sft_batch_size: 4,
                sft_max_epochs: 3,
                evals_per_epoch: 2,
                // Stage 2 begins at the rate that ends stage 1: a tenth of it would hardly move in so few updates.
                stage1_factor: 0.5,
                stage1_stop_lr: 2.5e-4,
                dialogue_temperature: 0.7,
                dialogue_max_new_tokens: 400,
                dialogue_tries: 2,
                ids_max_iterations: 1,
                rejection_max_tries: 2,
                systems: SHORT_LADDER.to_vec(),
                synthesizer_items: 12,
                ..Self::preset(Preset::Small)
            },
            // Seven million weights take in a hundred pairs only at a high rate, in stage 2 as well.
            Preset::Quick => Self {
                shots: 100,
                validation: 25,
                synthetic_per_shot: 2,
                candidates_per_summary: 6,
                candidate_synthetic_limit: 60,
                format_pairs_per_summary: 3,
                lora_rank: 8,
                lora_alpha: 16.0,
                sft_lr: 2e-3,
                sft_batch_size: 4,
                dpo_lr: 1e-3,
                dpo_epochs: 2,
                checkpoint_samples: 2,
                stage1_factor: 0.5,
                stage1_stop_lr: 1.9e-3,
                test_items: 100,
                systems: SHORT_LADDER.to_vec(),
                synthesizer_items: 50,
                ..Self::preset(Preset::Small)
            },
        }
    }
}
