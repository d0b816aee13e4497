//! Calls to the engine as data, for another program that is to do the same work (`duologue bench pipeline --calls`).

use lm::infer::generate::{GenerateConfig, GenerateRequest, Generation};
use lm::lora::LoraConfig;
use lm::train::{Objective, PreferencePair, TrainConfig, TrainExample};
use serde_json::{Value, json};

use super::context::Stage;

impl Stage<'_> {
    /// Prompts with the number of tokens that followed each.
    pub(super) fn call_generate(
        &self,
        adapter: bool,
        requests: &[GenerateRequest],
        config: &GenerateConfig,
        generations: &[Generation],
    ) {
        self.run.sink.call(&|| {
            let prompts: Vec<&[u32]> = requests.iter().map(|request| request.prompt_ids.as_slice()).collect();
            let new_tokens: Vec<usize> = generations.iter().map(|generation| generation.ids.len()).collect();
            json!({"stage": self.name, "call": "generate", "adapter": adapter, "batch_size": config.batch_size,
                "temperature": config.filters.temperature, "top_p": config.filters.top_p, "prompts": prompts,
                "new_tokens": new_tokens})
        });
    }

    /// Prompts with the completions that were scored.
    pub(super) fn call_score(&self, adapter: bool, items: &[(Vec<u32>, Vec<u32>)]) {
        self.run.sink.call(
            &|| json!({"stage": self.name, "call": "score", "adapter": adapter, "items": items}),
        );
    }

    /// The items of every update in order; an item that recurs is listed again.
    pub(super) fn call_train(
        &self,
        objective: &Objective<'_>,
        config: &TrainConfig,
        updates: usize,
        lora: &LoraConfig,
    ) {
        self.run.sink.call(&|| {
            let batch =
                |update| config.batch_plan.members(objective.items(), config.batch_size, config.seed, update);
            let places = (0..updates).flat_map(batch);
            let (call, items): (&str, Vec<Value>) = match objective {
                Objective::Sft(examples) => ("sft", places.map(|place| example(&examples[place])).collect()),
                Objective::Dpo { pairs, .. } => ("dpo", places.map(|place| pair(&pairs[place])).collect()),
            };
            json!({"stage": self.name, "call": call, "batch_size": config.batch_size, "lr": config.lr,
                "rank": lora.rank, "alpha": lora.alpha, "dropout": config.dropout, "items": items})
        });
    }
}

fn example(example: &TrainExample) -> Value {
    json!({"prompt_ids": example.prompt_ids, "completion_ids": example.completion_ids})
}

fn pair(pair: &PreferencePair) -> Value {
    let (chosen, rejected) = pair.ref_logps.unzip();
    json!({"prompt_ids": pair.prompt_ids, "chosen_ids": pair.chosen_ids, "rejected_ids": pair.rejected_ids,
        "ref_chosen_logps": chosen, "ref_rejected_logps": rejected})
}
