//! Models of the families that Duologue supports, with what each needs on this machine, its proof and its licence.
//!
//! A file of `models/` holds what a person has to decide (id, licence, proof, why) and the sizes of the model's
//! config.json; parameters, download and memory are computed from those, never typed in. The texts of the licences are
//! in `models/licences`.

use std::path::Path;

use contract::{CatalogueModel, Fit, Licence, MethodMemory, Proof};
use lm::memory::{self, Form, Generating, Precision, Training};
use lm::model::parameters;
use lm::{Checkpoint, DecoderConfig, Quantize};
use project::recipe::Recipe;
use serde::Deserialize;

use crate::error::{Error, Result};

macro_rules! catalogue {
    ($($name:literal),+ $(,)?) => {
        /// Name and text of every file.
        const FILES: &[(&str, &str)] =
            &[$(($name, include_str!(concat!("../../../models/", $name, ".toml")))),+];
    };
}

catalogue![
    "smollm2-135m-instruct",
    "gemma-3-270m-it",
    "smollm2-360m-instruct",
    "qwen2.5-0.5b-instruct",
    "qwen3-0.6b",
    "gemma-3-1b-it",
    "minicpm5-1b",
    "tinyllama-1.1b-chat",
    "llama-3.2-1b-instruct",
    "qwen2.5-1.5b-instruct",
    "smollm2-1.7b-instruct",
    "qwen3-1.7b",
    "smollm3-3b",
    "llama-3.2-3b-instruct",
    "granite-4.1-3b",
    "phi-4-mini-instruct",
    "qwen3-4b",
    "qwen3-4b-instruct-2507",
    "mistral-7b-instruct-v0.3",
    "qwen2.5-7b-instruct",
    "llama-3.1-8b-instruct",
    "qwen3-8b",
    "qwen2.5-14b-instruct",
];

/// Tokens of the dialogues and summaries for which the catalogue's memory and time are stated.
pub(crate) const DIALOGUE_TOKENS: usize = 400;
pub(crate) const SUMMARY_TOKENS: usize = 60;
/// Share of the free memory beyond which a model counts as tight.
const COMFORTABLE: f64 = 0.8;

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct File {
    hub_id: String,
    revision: String,
    licence: Licence,
    gated: bool,
    proof: Proof,
    why: String,
    config: toml::Table,
}

/// A model of the catalogue.
#[derive(Clone, Debug, PartialEq)]
pub struct CatalogueEntry {
    /// What people choose it by.
    pub model: CatalogueModel,
    /// Its sizes, as its config.json has them.
    pub config: DecoderConfig,
}

/// Compares a need with the memory that is free.
pub fn fit(need_bytes: u64, free_bytes: u64) -> Fit {
    match need_bytes as f64 / free_bytes.max(1) as f64 {
        share if share <= COMFORTABLE => Fit::Fits,
        share if share <= 1.0 => Fit::Tight,
        _ => Fit::TooBig,
    }
}

/// The catalogue, smallest first.
///
/// # Errors
/// A stored value that cannot be read, if a file is wrong; a test rules this out.
pub fn catalogue() -> Result<Vec<CatalogueEntry>> {
    FILES.iter().map(|(name, text)| entry(name, text)).collect()
}

/// The model of the catalogue with this short name or this id on the Hub.
///
/// # Errors
/// As for [`catalogue`].
pub fn named(name: &str) -> Result<Option<CatalogueEntry>> {
    let mut entries = catalogue()?.into_iter();
    Ok(entries.find(|entry| entry.model.name == name || entry.model.hub_id == name))
}

/// Every word of a licence.
pub const fn licence_text(licence: Licence) -> &'static str {
    match licence {
        Licence::Apache2 => include_str!("../../../LICENSE-APACHE"),
        Licence::Mit => include_str!("../../../models/licences/mit.txt"),
        Licence::Llama31 => include_str!("../../../models/licences/llama3.1.txt"),
        Licence::Llama32 => include_str!("../../../models/licences/llama3.2.txt"),
        Licence::Gemma => include_str!("../../../models/licences/gemma.txt"),
    }
}

fn entry(name: &'static str, text: &str) -> Result<CatalogueEntry> {
    let corrupt = |reason: String| {
        Error::Project(project::error::corrupt(
            &format!("models/{name}.toml"),
            reason,
        ))
    };
    let file: File = toml::from_str(text).map_err(|e| corrupt(e.to_string()))?;
    let json = serde_json::to_value(&file.config).map_err(|e| corrupt(e.to_string()))?;
    let config = DecoderConfig::from_json(&json, Path::new(name))?;
    let model = CatalogueModel {
        name: name.to_owned(),
        hub_id: file.hub_id,
        revision: file.revision,
        licence: file.licence,
        gated: file.gated,
        proof: file.proof,
        why: file.why,
        parameters: parameters(&config),
        context_tokens: config.max_position_embeddings,
        download_bytes: memory::weights_bytes(&config, Precision::Half),
        memory: method_memory(&config),
    };
    Ok(CatalogueEntry { model, config })
}

/// The memory that the model in a folder or a GGUF file would need, and its sizes.
///
/// # Errors
/// What makes the folder unusable.
pub fn needs_of(folder: &Path) -> Result<(MethodMemory, DecoderConfig)> {
    let config = Checkpoint::open(folder)?.config()?;
    Ok((method_memory(&config), config))
}

fn method_memory(config: &DecoderConfig) -> MethodMemory {
    let (recipe, sequence_tokens) = (Recipe::default(), DIALOGUE_TOKENS + SUMMARY_TOKENS);
    let training = Training {
        rank: recipe.lora_rank,
        tokens_per_microbatch: recipe.tokens_per_microbatch,
        recompute: false,
        item_tokens: sequence_tokens,
        mean_item_tokens: sequence_tokens,
        sequence_tokens,
        completion_tokens: DIALOGUE_TOKENS,
        batch_size: recipe.sft_batch_size,
        threads: 2,
        form: Form::Processor,
    };
    // A pair: the chosen and the rejected dialogue, and the real one of the SFT term.
    let pair = Training {
        item_tokens: 3 * sequence_tokens,
        mean_item_tokens: 3 * sequence_tokens,
        completion_tokens: 3 * DIALOGUE_TOKENS,
        batch_size: recipe.dpo_batch_size,
        ..training
    };
    let process = memory::process_bytes(memory::tokenizer_bytes(config));
    let stored = memory::weights_bytes(config, Precision::Half);
    let base = |quantize| process + memory::held_bytes(config, stored, quantize);
    let summary = Generating {
        batch: 1,
        prompt_tokens: DIALOGUE_TOKENS,
        mean_prompt_tokens: DIALOGUE_TOKENS,
        new_tokens: SUMMARY_TOKENS,
        form: Form::Processor,
    };
    let answer = memory::generating_bytes(config, &summary);
    MethodMemory {
        inference_bytes: base(Quantize::None) + answer,
        lora_bytes: base(Quantize::None) + memory::training_bytes(config, &training),
        qlora_bytes: base(Quantize::Q4K) + memory::training_bytes(config, &training),
        dpo_bytes: base(Quantize::None) + memory::training_bytes(config, &pair),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_file_is_in_the_list_and_right() {
        let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../models");
        let files = std::fs::read_dir(folder)
            .unwrap()
            .map(|entry| entry.unwrap().path());
        let mut names: Vec<String> = files
            .filter(|path| path.extension().is_some_and(|ending| ending == "toml"))
            .map(|path| path.file_stem().unwrap().to_string_lossy().into_owned())
            .collect();
        let entries = catalogue().unwrap();
        let mut listed: Vec<String> = entries
            .iter()
            .map(|entry| entry.model.name.clone())
            .collect();
        names.sort();
        listed.sort();
        assert_eq!(names, listed);
        assert!(listed.len() >= 12, "{listed:?}");
        assert!(
            entries
                .windows(2)
                .all(|pair| pair[0].model.parameters <= pair[1].model.parameters)
        );
        for entry in &entries {
            hub::HubId::parse(&entry.model.hub_id).unwrap();
            assert!(
                (0.1e9..15e9).contains(&(entry.model.parameters as f64)),
                "{}",
                entry.model.name
            );
            assert!(!entry.model.why.is_empty());
            let memory = entry.model.memory;
            assert!(
                memory.inference_bytes < memory.lora_bytes && memory.lora_bytes < memory.dpo_bytes
            );
            assert!(
                memory.qlora_bytes < memory.lora_bytes
                    && entry.model.download_bytes < memory.inference_bytes
            );
        }
    }

    /// The Hub's own counts (`safetensors.total` of its description of each model).
    #[test]
    fn parameters_are_those_of_the_hub() {
        let known = [
            ("smollm2-135m-instruct", 134_515_008),
            ("qwen2.5-0.5b-instruct", 494_032_768),
            ("tinyllama-1.1b-chat", 1_100_048_384),
            ("llama-3.2-1b-instruct", 1_235_814_400),
            // From its card.
            ("minicpm5-1b", 1_080_632_832),
            ("smollm3-3b", 3_075_098_624),
            ("phi-4-mini-instruct", 3_836_021_760),
            ("qwen2.5-7b-instruct", 7_615_616_512),
            ("mistral-7b-instruct-v0.3", 7_248_023_552),
            ("llama-3.1-8b-instruct", 8_030_261_248),
        ];
        let entries = catalogue().unwrap();
        for (name, parameters) in known {
            let entry = entries
                .iter()
                .find(|entry| entry.model.name == name)
                .unwrap();
            assert_eq!(entry.model.parameters, parameters, "{name}");
        }
    }

    #[test]
    fn a_model_is_found_by_both_names() {
        let by_name = named("smollm2-135m-instruct").unwrap();
        let by_id = named("HuggingFaceTB/SmolLM2-135M-Instruct").unwrap();
        assert!(by_name.is_some());
        assert_eq!(by_name, by_id);
        assert_eq!(named("smollm2").unwrap(), None);
    }

    #[test]
    fn every_licence_is_there_in_full_and_is_used() {
        let entries = catalogue().unwrap();
        for licence in Licence::ALL {
            assert!(
                entries.iter().any(|entry| entry.model.licence == *licence),
                "{licence}: no model has it"
            );
            let text = licence_text(*licence);
            let first = text.lines().find(|line| !line.trim().is_empty()).unwrap();
            let plain = |text: &str| text.to_lowercase().replace([' ', '#'], "");
            let title = licence.title().replace(" 2.0", "");
            assert!(
                plain(first).starts_with(&plain(&title)),
                "{licence}: {first}"
            );
            // The end of each: a truncated text would still begin correctly.
            let end = match licence {
                Licence::Apache2 => "limitations under the License.",
                Licence::Mit => "SOFTWARE.",
                Licence::Llama31 | Licence::Llama32 => "LlamaUseReport@meta.com",
                Licence::Gemma => "(https://ai.google.dev/gemma/terms-archive).",
            };
            assert!(text.trim_end().ends_with(end), "{licence}: its end");
        }
    }

    #[test]
    fn a_need_fits_is_tight_or_too_big() {
        assert_eq!(fit(8, 10), Fit::Fits);
        assert_eq!(fit(9, 10), Fit::Tight);
        assert_eq!(fit(11, 10), Fit::TooBig);
        assert_eq!(fit(1, 0), Fit::Tight);
    }
}
