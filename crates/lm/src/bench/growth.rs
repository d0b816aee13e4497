//! Sizes at which an update is measured, to see how its time and memory grow, and what is expected of them.

use super::{StepWork, config_of, step_flops};
use crate::error::Result;
use crate::memory::{Precision, Training, training_bytes, weights_bytes};
use crate::model::DecoderConfig;

/// A model, and the work of its updates.
#[derive(Debug, Clone)]
pub struct Size {
    /// What is greater than in the first size.
    pub what: &'static str,
    /// Its amount.
    pub amount: usize,
    /// The model's shape.
    pub config: DecoderConfig,
    /// Sequences of an update.
    pub batch: usize,
    /// Tokens of each, all with a loss.
    pub seq: usize,
    /// Updates that count.
    pub steps: usize,
}

/// The shape `7m` on two sequences of 256 tokens, then one thing after another doubled and more.
///
/// # Errors
/// None: the shape is known.
pub fn sizes() -> Result<Vec<Size>> {
    let base = Size { what: "base", amount: 1, config: config_of("7m")?, batch: 2, seq: 256, steps: 3 };
    let mut sizes = vec![base.clone()];
    for times in [2, 4] {
        let (seq, batch, steps) = (base.seq * times, base.batch * times, base.steps * times);
        sizes.push(Size { what: "tokens of a sequence", amount: seq, seq, ..base.clone() });
        sizes.push(Size { what: "sequences", amount: batch, batch, ..base.clone() });
        sizes.push(Size { what: "updates", amount: steps, steps, ..base.clone() });
        let config = |grow: fn(&mut DecoderConfig, usize)| {
            let mut config = base.config.clone();
            grow(&mut config, times);
            config
        };
        let layers = config(|config, times| {
            config.num_hidden_layers *= times;
            config.sliding_windows = config.sliding_windows.repeat(times);
        });
        sizes.push(Size { what: "layers", amount: layers.num_hidden_layers, config: layers, ..base.clone() });
        let wide = config(|config, times| {
            config.hidden_size *= times;
            config.intermediate_size *= times;
            config.num_attention_heads *= times;
            config.num_key_value_heads *= times;
        });
        sizes.push(Size { what: "width", amount: wide.hidden_size, config: wide, ..base.clone() });
        let words = config(|config, times| config.vocab_size *= times * times);
        sizes.push(Size { what: "vocabulary", amount: words.vocab_size, config: words, ..base.clone() });
    }
    Ok(sizes)
}

impl Size {
    /// Operations of an update's matrix products, see [`step_flops`].
    pub fn flops(&self, work: &StepWork) -> f64 {
        let members: Vec<_> = work.examples.iter().take(work.batch_size).collect();
        step_flops(&self.config, work.rank, &members)
    }

    /// Bytes of the weights and of training, as a plan counts them.
    pub fn bytes(&self, work: &StepWork, threads: usize) -> u64 {
        let training = Training {
            rank: work.rank,
            tokens_per_microbatch: work.budget.tokens,
            recompute: work.budget.recompute,
            item_tokens: self.seq,
            mean_item_tokens: self.seq,
            sequence_tokens: self.seq,
            completion_tokens: self.seq - 1,
            batch_size: self.batch,
            threads,
        };
        weights_bytes(&self.config, Precision::F32) + training_bytes(&self.config, &training)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::bench::random_decoder;
    use crate::model::Quantize;
    use crate::train::TrainExample;

    #[test]
    fn every_size_is_a_model_with_more_to_do() {
        let sizes = sizes().unwrap();
        let examples = |size: &Size| {
            let example = TrainExample { prompt_ids: vec![1], completion_ids: vec![2; size.seq - 1] };
            let budget = 4096.into();
            let examples = vec![example; size.batch];
            StepWork {
                examples,
                batch_size: size.batch,
                rank: 16,
                budget,
                warmup_steps: 1,
                steps: size.steps,
            }
        };
        let cost = |size: &Size| {
            let work = examples(size);
            (size.flops(&work), size.bytes(&work, 1))
        };
        let (flops, bytes) = cost(&sizes[0]);
        for size in &sizes[1..] {
            let (more_flops, more_bytes) = cost(size);
            match size.what {
                "updates" => assert!(more_flops == flops && more_bytes == bytes),
                what => assert!(more_flops > flops && more_bytes >= bytes, "{what}"),
            }
            assert_eq!(size.config.sliding_windows.len(), size.config.num_hidden_layers);
        }
        let deep = sizes.iter().find(|size| size.what == "layers").unwrap();
        let decoder = random_decoder(deep.config.clone(), Quantize::None).unwrap();
        assert_eq!(decoder.layers.len(), deep.amount);
    }
}
