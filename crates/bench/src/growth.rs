//! Sizes at which `duologue bench growth` measures an update and the sampling of candidates, to see how time and memory
//! grow, with the operations and bytes to expect at each size.

use std::ops::ControlFlow;

use lm::Result;
use lm::Target;
use lm::infer::generate::{GenerateConfig, GenerateRequest, generate};
use lm::infer::sample::Filters;
use lm::memory::{
    Form, Generating, Precision, Training, generating_bytes, training_bytes, weights_bytes,
};
use lm::model::shape::Shape;
use lm::model::{Decoder, DecoderConfig};
use lm::random;

use crate::{Clock, StepWork, median, step_flops};

/// One size to measure: a model, and the work of its updates.
#[derive(Debug, Clone)]
pub struct Size {
    /// What this size has more of than the first one of its series; the first is called `base`, except for epochs.
    pub what: &'static str,
    /// How much of `what` there is, in its own unit (tokens, sequences, updates, layers, features, vocabulary entries
    /// or examples); 1 for `base`.
    pub amount: usize,
    /// Shape of the model, whose weights are random.
    pub config: DecoderConfig,
    /// Sequences in each update.
    pub batch: usize,
    /// Tokens in each sequence. All but the first, which is the prompt, have a loss.
    pub seq: usize,
    /// Number of different sequences. Updates take them in order, over and over.
    pub examples: usize,
    /// Updates that are measured.
    pub steps: usize,
}

/// Returns two series of sizes; the first size of each is what the others are compared with.
///
/// The first series is the shape `7m` on two sequences of 256 tokens, then the same with one quantity at a time
/// multiplied by 2 and by 4 (the vocabulary by 4 and by 16). The second is an epoch over 100 and over `examples`
/// short examples.
///
/// # Errors
/// Those of [`Shape::config`], which cannot fail for a built-in shape.
pub fn sizes(examples: usize) -> Result<[Vec<Size>; 2]> {
    let config = Shape::M7.config()?;
    let base = Size {
        what: "base",
        amount: 1,
        config,
        batch: 2,
        seq: 256,
        examples: 2,
        steps: 3,
    };
    let epochs = [100, examples].map(|examples| epoch(&base.config, examples));
    Ok([updates(base), epochs.into()])
}

/// One epoch over examples of 16 tokens, for a model with only two of the shape's blocks.
fn epoch(shape: &DecoderConfig, examples: usize) -> Size {
    let config = shape.clone().with_blocks(2);
    let (batch, what) = (20, "examples of an epoch");
    Size {
        what,
        amount: examples,
        config,
        batch,
        seq: 16,
        examples,
        steps: examples.div_ceil(batch),
    }
}

fn updates(base: Size) -> Vec<Size> {
    let mut sizes = vec![base.clone()];
    for times in [2, 4] {
        let (seq, batch, steps) = (base.seq * times, base.batch * times, base.steps * times);
        sizes.push(Size {
            what: "tokens of a sequence",
            amount: seq,
            seq,
            ..base.clone()
        });
        sizes.push(Size {
            what: "sequences",
            amount: batch,
            batch,
            examples: batch,
            ..base.clone()
        });
        sizes.push(Size {
            what: "updates",
            amount: steps,
            steps,
            ..base.clone()
        });
        let config = |grow: fn(&mut DecoderConfig, usize)| {
            let mut config = base.config.clone();
            grow(&mut config, times);
            config
        };
        let layers = config(|config, times| {
            *config = config.clone().with_blocks(config.num_hidden_layers * times);
        });
        sizes.push(Size {
            what: "layers",
            amount: layers.num_hidden_layers,
            config: layers,
            ..base.clone()
        });
        let wide = config(|config, times| {
            config.hidden_size *= times;
            config.intermediate_size *= times;
            config.num_attention_heads *= times;
            config.num_key_value_heads *= times;
        });
        sizes.push(Size {
            what: "width",
            amount: wide.hidden_size,
            config: wide,
            ..base.clone()
        });
        let words = config(|config, times| config.vocab_size *= times * times);
        sizes.push(Size {
            what: "vocabulary",
            amount: words.vocab_size,
            config: words,
            ..base.clone()
        });
    }
    sizes
}

impl Size {
    /// Floating-point operations in the matrix products of one update; see [`step_flops`].
    pub fn flops(&self, work: &StepWork) -> f64 {
        let members: Vec<_> = (0..work.batch_size)
            .map(|item| work.material.tokens(item))
            .collect();
        step_flops(&self.config, work.rank, &members)
    }

    /// Bytes that a plan counts for the weights and for training.
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
            form: Form::Processor,
        };
        weights_bytes(&self.config, Precision::F32) + training_bytes(&self.config, &training)
    }
}

/// How many times all candidates are sampled; the result is the median.
const SAMPLINGS: usize = 3;

/// Size of a sampling measurement: candidates of one prompt, all sampled at the same time.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Candidates {
    /// Number of candidates.
    pub amount: usize,
    /// Tokens of the prompt, which is computed once for all candidates.
    pub prompt_tokens: usize,
    /// Tokens of each candidate.
    pub new_tokens: usize,
}

/// Returns the sizes to measure, from 4 to 32 candidates. The others are compared with the first.
pub fn candidates() -> [Candidates; 4] {
    [4, 8, 16, 32].map(|amount| Candidates {
        amount,
        prompt_tokens: 256,
        new_tokens: 64,
    })
}

impl Candidates {
    /// Returns the processor seconds that it takes to sample the candidates, as the median of several samplings.
    ///
    /// # Errors
    /// Whatever [`generate`] reports.
    pub fn sample(&self, decoder: &Decoder, clock: &Clock<'_>) -> Result<f64> {
        let vocab = decoder.config.vocab_size as f64;
        let prompt_ids: Vec<u32> = (0..self.prompt_tokens as u64)
            .map(|i| (random::uniform(0, i) * vocab) as u32)
            .collect();
        let request = |key| GenerateRequest {
            prompt_ids: prompt_ids.clone(),
            key,
        };
        let requests: Vec<GenerateRequest> = (0..self.amount as u64).map(request).collect();
        let run = |max_new_tokens: usize| {
            let config = GenerateConfig {
                max_new_tokens,
                filters: Filters::default(),
                stop_ids: Vec::new(),
                batch_size: self.amount,
            };
            clock.time(|| {
                generate(decoder, None, &requests, &config, &mut |_, _| {
                    ControlFlow::Continue(())
                })
            })
        };
        // The first pass is not measured: it allocates memory pages and starts threads.
        run(2)?;
        let times = (0..SAMPLINGS)
            .map(|_| Ok(run(self.new_tokens)?.1))
            .collect::<Result<Vec<f64>>>()?;
        Ok(median(times))
    }

    /// Floating-point operations in the matrix products. Blocks and attention run once for the prompt and once for each
    /// new token of a candidate except its last; the head runs once for every token that is drawn.
    pub fn flops(&self, config: &DecoderConfig) -> f64 {
        let (amount, prompt, new) = (
            self.amount as f64,
            self.prompt_tokens as f64,
            self.new_tokens as f64,
        );
        let layers = config.num_hidden_layers as f64;
        let of_target = |target| {
            let (rows, columns) = config.projection_shape(target);
            (rows * columns) as f64
        };
        let block: f64 = Target::ALL.into_iter().map(of_target).sum();
        let heads = (config.num_attention_heads * config.head_dim) as f64;
        let after = new - 1.0;
        let seen = prompt * (prompt + 1.0) / 2.0 + amount * after * (prompt + new / 2.0);
        2.0 * layers * block * (prompt + amount * after)
            + 4.0 * layers * heads * seen
            + 2.0 * amount * new * (config.vocab_size * config.hidden_size) as f64
    }

    /// Bytes that a plan counts for the weights and for generation.
    pub fn bytes(&self, config: &DecoderConfig) -> u64 {
        let generating = Generating {
            batch: self.amount,
            prompt_tokens: self.prompt_tokens,
            mean_prompt_tokens: self.prompt_tokens,
            new_tokens: self.new_tokens,
            form: Form::Processor,
        };
        weights_bytes(config, Precision::F32) + generating_bytes(config, &generating)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Material;
    use lm::Quantize;
    use lm::model::shape::random_decoder;
    use lm::train::TrainExample;

    #[test]
    fn every_size_is_a_model_with_more_to_do() {
        let [sizes, epochs] = sizes(10_000).unwrap();
        let examples = |size: &Size| {
            let example = TrainExample {
                prompt_ids: vec![1],
                completion_ids: vec![2; size.seq - 1],
            };
            let budget = 4096.into();
            StepWork {
                material: Material::Examples(vec![example; size.examples]),
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
            assert_eq!(
                size.config.sliding_windows.len(),
                size.config.num_hidden_layers
            );
        }
        let deep = sizes.iter().find(|size| size.what == "layers").unwrap();
        let decoder = random_decoder(deep.config.clone(), Quantize::None).unwrap();
        assert_eq!(decoder.layers.len(), deep.amount);
        // An epoch over more examples has more updates of the same size.
        assert_eq!((epochs[0].steps, epochs[1].steps), (5, 500));
        assert_eq!(cost(&epochs[0]), cost(&epochs[1]));
    }

    #[test]
    fn candidates_share_their_prompt_and_nothing_else() {
        let config = Shape::M7.config().unwrap();
        let cost = |amount| {
            let candidates = Candidates {
                amount,
                prompt_tokens: 256,
                new_tokens: 64,
            };
            (candidates.flops(&config), candidates.bytes(&config))
        };
        let (single, two, three) = (cost(1), cost(2), cost(3));
        let (more, again) = (two.0 - single.0, three.0 - two.0);
        assert!(
            (more - again).abs() < 1.0 && single.0 > 2.0 * more,
            "{single:?} {two:?} {three:?}"
        );
        assert!(single.1 < two.1 && two.1 < three.1);
    }
}
