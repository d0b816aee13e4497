//! Stage 3: the supervised dialogue synthesizer (MRDS, M_dial): an adapter for summary → dialogue, trained on the
//! shots, chosen by the cross-entropy of the validation dialogues.

use lm::lora::Adapter;
use lm::train::{Objective, TrainExample};
use project::artifact::rows;

use super::context::{Stage, StageOutput};
use super::training::{SftSchedule, adapter_artifact};
use crate::error::Result;
use crate::selection::Example;

/// The role under which later stages find the adapter.
pub(crate) const ROLE: &str = "synthesizer";

pub(crate) fn run(stage: &Stage<'_>) -> Result<StageOutput> {
    let (recipe, data) = (stage.recipe(), stage.data());
    let training = pairs(stage, &data.shots)?;
    let validation = pairs(stage, &data.validation)?;
    let config = stage.sft_config(ROLE, recipe.sft_lr, training.len(), SftSchedule::Cosine);
    let init = stage.new_adapter(ROLE, recipe.lora_dropout)?;
    let mut evaluate = |adapter: &Adapter, _| stage.validation_ce(Some(adapter), &validation);
    let trained = stage.train(
        ROLE,
        &Objective::Sft(&training),
        &config,
        init,
        &mut evaluate,
    )?;
    Ok(StageOutput {
        artifacts: rows(&[adapter_artifact(ROLE, trained.sha256, vec![trained.record])])?,
        n_in: training.len() as u64,
        n_out: 1,
        ..StageOutput::default()
    })
}

/// Real pairs as summary → dialogue.
pub(crate) fn pairs(stage: &Stage<'_>, examples: &[Example]) -> Result<Vec<TrainExample>> {
    let prompts = stage.prompts();
    let pair = |example: &Example| {
        Ok(TrainExample {
            prompt_ids: prompts.dialogue(&example.summary)?,
            completion_ids: prompts.completion(&example.dialogue)?,
        })
    };
    examples.iter().map(pair).collect()
}
