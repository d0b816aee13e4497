//! Measurements on real data: what the engine's own ([`lm::bench`]) cannot know, dialogues and the method.

use std::path::{Path, PathBuf};

use lm::LanguageModel;
use lm::train::TrainExample;

use crate::error::Result;
use crate::import::{ImportOptions, read};
use crate::prompt::Prompts;
use crate::recipe::{Preset, Recipe};

/// Processor seconds of this process so far, all threads.
pub fn cpu_s() -> f64 {
    crate::stage::usage::process().0
}

/// Highest resident memory of this process so far.
pub fn peak_rss_bytes() -> u64 {
    crate::stage::usage::process().1
}

/// The first `items` dialogues of a file as the summarizer is trained on them, with the default recipe's prompt. What
/// does not fit the model's context is left out.
///
/// # Errors
/// Those of an import, and of the chat template.
pub fn summarizer_examples(model: &LanguageModel, file: &Path, items: usize) -> Result<Vec<TrainExample>> {
    let recipe = Recipe::preset(Preset::Default);
    let prompts = Prompts::new(model, &recipe);
    let import = read(&[PathBuf::from(file)], &ImportOptions::default())?;
    import.require_mapping()?;
    let context = model.decoder.config.max_position_embeddings;
    let mut examples = Vec::new();
    for pair in import.examples.iter().take(items) {
        let example = TrainExample {
            prompt_ids: prompts.summarize(&pair.dialogue)?,
            completion_ids: prompts.completion(&pair.references[0])?,
        };
        if example.prompt_ids.len() + example.completion_ids.len() <= context {
            examples.push(example);
        }
    }
    Ok(examples)
}
