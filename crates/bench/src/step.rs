//! The cost of a training update, compared with the least that its matrix products can take.

use std::borrow::Cow;

use lm::Result;
use lm::infer::score::{Completion, score};
use lm::model::{Decoder, DecoderConfig};
use lm::train::{
    BatchPlan, Budget, Objective, Observer, PreferenceLoss, PreferencePair, Schedule, StepReport,
    TrainConfig, TrainExample, TrainState, train,
};
use lm::{Adapter, LoraConfig, Target};

use crate::{Clock, device_gemm_flops_per_s, gemm_flops_per_cpu_s, median};

/// What updates learn from.
#[derive(Debug, Clone)]
pub enum Material {
    /// Examples, for supervised fine-tuning.
    Examples(Vec<TrainExample>),
    /// Preference pairs, for DPO + SFT: the sigmoid loss plus, with equal weight, the chosen completion's token-mean
    /// NLL.
    Pairs(Vec<PreferencePair>),
}

/// Tokens of an item: its prompt, and the completions that follow it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ItemTokens {
    /// Tokens of the prompt, which is computed once.
    pub prompt: usize,
    /// Tokens of each completion.
    pub completions: Vec<usize>,
}

impl Material {
    /// Number of items.
    pub fn items(&self) -> usize {
        self.objective().items()
    }

    /// Tokens of an item.
    pub fn tokens(&self, item: usize) -> ItemTokens {
        match self {
            Self::Examples(examples) => ItemTokens {
                prompt: examples[item].prompt_ids.len(),
                completions: vec![examples[item].completion_ids.len()],
            },
            Self::Pairs(pairs) => ItemTokens {
                prompt: pairs[item].prompt_ids.len(),
                completions: vec![pairs[item].chosen_ids.len(), pairs[item].rejected_ids.len()],
            },
        }
    }

    fn objective(&self) -> Objective<'_> {
        match self {
            Self::Examples(examples) => Objective::Sft(examples),
            Self::Pairs(pairs) => Objective::Dpo {
                pairs,
                loss: PreferenceLoss::Sigmoid {
                    label_smoothing: 0.0,
                },
                beta: 0.1,
                sft_weight: 1.0,
            },
        }
    }

    /// The same material, with the pairs' log-probabilities under the adapter that training starts from.
    fn with_reference(
        &self,
        decoder: &Decoder,
        adapter: &Adapter,
        budget: Budget,
    ) -> Result<Cow<'_, Self>> {
        let Self::Pairs(pairs) = self else {
            return Ok(Cow::Borrowed(self));
        };
        let items: Vec<Completion<'_>> = pairs
            .iter()
            .flat_map(|pair| [(pair, &pair.chosen_ids), (pair, &pair.rejected_ids)])
            .map(|(pair, completion_ids)| Completion {
                prompt_ids: &pair.prompt_ids,
                completion_ids,
            })
            .collect();
        let logps = score(decoder, Some(adapter), &items, budget.tokens)?;
        let known = pairs
            .iter()
            .zip(logps.chunks(2))
            .map(|(pair, logps)| PreferencePair {
                ref_logps: Some((logps[0].logp_sum, logps[1].logp_sum)),
                ..pair.clone()
            });
        Ok(Cow::Owned(Self::Pairs(known.collect())))
    }
}

/// The training to measure: what is trained on, and how.
#[derive(Debug, Clone)]
pub struct StepWork {
    /// Items; each update takes the next `batch_size` of them, starting over at the end.
    pub material: Material,
    /// Number of items in an update.
    pub batch_size: usize,
    /// Rank of the adapter, on all seven projections.
    pub rank: usize,
    /// How much memory training may take.
    pub budget: Budget,
    /// Updates before the counted ones; they bear the cost of first allocating memory pages and starting threads.
    pub warmup_steps: usize,
    /// Updates that count.
    pub steps: usize,
}

/// What updates took; medians over the counted ones.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct StepFigures {
    /// Wall-clock seconds of an update.
    pub wall_s_per_step: f64,
    /// Processor seconds of an update.
    pub cpu_s_per_step: f64,
    /// Processor seconds of all counted updates.
    pub cpu_s: f64,
    /// Tokens of all counted updates, prompts included.
    pub tokens: usize,
    /// Speed of a large product in the same run, 10^9 operations per processor-second; on a device per second.
    pub gemm_gflop_per_s: f64,
    /// Processor seconds, on a device seconds, that the matrix products of an update need at that speed, mean over the
    /// counted ones.
    pub floor_s: f64,
    /// Loss of the last update, nats.
    pub loss: f64,
}

/// Measures updates: forward, backward, clipping and AdamW at dropout 0. The reference policy's log-probabilities of
/// pairs are computed before the first update.
///
/// # Errors
/// Whatever [`train`] reports.
pub fn step(decoder: &Decoder, work: &StepWork, clock: &Clock<'_>) -> Result<StepFigures> {
    let lora = LoraConfig {
        rank: work.rank,
        dropout: 0.0,
        ..LoraConfig::default()
    };
    let adapter = Adapter::init(lora, &decoder.config, 1, &decoder.device)?;
    let config = TrainConfig {
        lr: 1e-4,
        batch_size: work.batch_size,
        max_updates: work.warmup_steps + work.steps,
        batch_plan: BatchPlan::InOrder,
        warmup_updates: 0,
        schedule: Schedule::Constant,
        weight_decay: 0.0,
        max_grad_norm: 1.0,
        seed: 1,
        dropout: 0.0,
        eval_every_updates: 0,
        stop_lr: None,
        stop_after_reductions: None,
        early_stop_evals: None,
        budget: work.budget,
        checkpoint_every_updates: 0,
    };
    let material = work
        .material
        .with_reference(decoder, &adapter, work.budget)?;
    let mut watch = Watch {
        clock,
        marks: vec![now(clock)],
        tokens: Vec::new(),
    };
    let outcome = train(
        decoder,
        &material.objective(),
        &config,
        TrainState::new(adapter)?,
        &mut watch,
    )?;
    let counted = &watch.marks[work.warmup_steps..];
    let took = |clock: fn(&(f64, f64)) -> f64| {
        counted
            .windows(2)
            .map(|w| clock(&w[1]) - clock(&w[0]))
            .collect::<Vec<_>>()
    };
    let (wall, cpu) = (took(|mark| mark.0), took(|mark| mark.1));

    let shape = &decoder.config;
    let rows = work.budget.tokens.min(512);
    let rate = match decoder.place() {
        place if place.is_host() => {
            gemm_flops_per_cpu_s(rows, shape.hidden_size, shape.intermediate_size, clock)?
        }
        place => device_gemm_flops_per_s(&place, clock)?,
    };
    let members = |update: usize| {
        let places = config
            .batch_plan
            .members(material.items(), work.batch_size, 1, update);
        places
            .into_iter()
            .map(|place| material.tokens(place))
            .collect::<Vec<_>>()
    };
    let flops: f64 = (work.warmup_steps..config.max_updates)
        .map(|update| step_flops(shape, work.rank, &members(update)))
        .sum();
    Ok(StepFigures {
        wall_s_per_step: median(wall),
        cpu_s: cpu.iter().sum(),
        cpu_s_per_step: median(cpu),
        tokens: watch.tokens[work.warmup_steps..].iter().sum(),
        gemm_gflop_per_s: rate / 1e9,
        floor_s: flops / rate / work.steps as f64,
        loss: outcome.last.loss,
    })
}

/// Operations in the matrix products that an update over these items cannot do without. A multiplication and an
/// addition count as two; causal attention counts only the keys that a query sees.
///
/// Forward `x Wᵀ` and backward `dy W` of every frozen matrix over every token (the first block passes no gradient on
/// below its queries, keys and values, the last one needs queries, output and MLP only where there is a loss); the head
/// forward and backward over tokens with a loss; for the adapter, two thin products forward and four backward; for
/// attention, two forward and five backward, of which the first recomputes the probabilities.
pub fn step_flops(config: &DecoderConfig, rank: usize, items: &[ItemTokens]) -> f64 {
    let loss_tokens: usize = items.iter().flat_map(|item| &item.completions).sum();
    let tokens = loss_tokens + items.iter().map(|item| item.prompt).sum::<usize>();
    let (tokens, loss_tokens) = (tokens as f64, loss_tokens as f64);
    let last = config.num_hidden_layers - 1;
    let mut flops = 0.0;
    for layer in 0..config.num_hidden_layers {
        for target in Target::ALL {
            let (rows, columns) = config.projection_shape(target);
            let reads_all = matches!(target, Target::K | Target::V);
            let count = if layer == last && !reads_all {
                loss_tokens
            } else {
                tokens
            };
            let feeds_attention = matches!(target, Target::Q | Target::K | Target::V);
            let frozen = if layer == 0 && feeds_attention {
                1.0
            } else {
                2.0
            };
            flops += 2.0 * count * frozen * (rows * columns) as f64;
            flops += 2.0 * count * 3.0 * (rank * (rows + columns)) as f64;
        }
    }
    flops += 2.0 * 2.0 * loss_tokens * (config.vocab_size * config.hidden_size) as f64;
    let seen: f64 = items.iter().map(keys_seen).sum();
    let heads = (config.num_attention_heads * config.head_dim) as f64;
    flops + config.num_hidden_layers as f64 * 2.0 * 7.0 * seen * heads
}

/// Total number of keys that the tokens of an item see: each token sees itself and those before it, and a completion
/// sees its prompt but not the other completion.
fn keys_seen(item: &ItemTokens) -> f64 {
    let triangle = |length: usize| length as f64 * (length as f64 + 1.0) / 2.0;
    let after = |completion: &usize| triangle(item.prompt + completion) - triangle(item.prompt);
    triangle(item.prompt) + item.completions.iter().map(after).sum::<f64>()
}

fn now(clock: &Clock<'_>) -> (f64, f64) {
    ((clock.wall_s)(), (clock.cpu_s)())
}

/// Records the time after each update.
struct Watch<'a> {
    clock: &'a Clock<'a>,
    marks: Vec<(f64, f64)>,
    tokens: Vec<usize>,
}

impl Observer for Watch<'_> {
    fn step(&mut self, report: &StepReport) -> Result<()> {
        self.marks.push(now(self.clock));
        self.tokens.push(report.tokens);
        Ok(())
    }

    /// Nothing is evaluated: only the update is measured.
    fn evaluate(&mut self, _: &Adapter, _: usize) -> Result<f64> {
        Ok(0.0)
    }

    fn checkpoint(&mut self, _: &TrainState) -> Result<()> {
        Ok(())
    }

    fn stop(&self) -> bool {
        false
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use lm::model::shape::Shape;

    fn example(prompt: usize, completion: usize) -> TrainExample {
        TrainExample {
            prompt_ids: vec![1; prompt],
            completion_ids: vec![2; completion],
        }
    }

    fn item(prompt: usize, completions: &[usize]) -> ItemTokens {
        ItemTokens {
            prompt,
            completions: completions.to_vec(),
        }
    }

    #[test]
    fn the_floor_counts_what_a_step_needs() {
        let config = Shape::M135.config().unwrap();
        let whole = item(1, &[511]);
        // 4 operations per weight and token, 0.13e9 weights, 1024 tokens; adapter and attention add a tenth.
        let flops = step_flops(&config, 16, &[whole.clone(), whole]);
        assert!(flops > 5.5e11 && flops < 6.6e11, "{flops}");
        let short = step_flops(&config, 16, &[item(400, &[112]), item(400, &[112])]);
        assert!(short < 0.85 * flops, "{short}");
        let shared = step_flops(&config, 16, &[item(400, &[112, 112])]);
        assert!(
            shared < 0.7 * short,
            "the prompt of a pair counts once: {shared}"
        );
        let thin = step_flops(&config, 0, &[item(1, &[1])]);
        let weights = lm::model::parameters(&config) as f64;
        assert!(thin < 8.0 * weights && thin > 4.0 * weights, "{thin}");
    }

    #[test]
    fn figures_are_of_the_counted_updates() {
        let ticks = std::cell::Cell::new(0.0);
        let tick = || {
            ticks.set(ticks.get() + 1.0);
            ticks.get()
        };
        let clock = Clock {
            wall_s: &tick,
            cpu_s: &tick,
        };
        let decoder = crate::tests::tiny();
        let work = StepWork {
            material: Material::Examples(vec![example(3, 4), example(2, 2)]),
            batch_size: 2,
            rank: 2,
            budget: 64.into(),
            warmup_steps: 1,
            steps: 3,
        };
        let figures = step(&decoder, &work, &clock).unwrap();
        assert_eq!(
            (
                figures.wall_s_per_step,
                figures.cpu_s_per_step,
                figures.cpu_s
            ),
            (2.0, 2.0, 6.0)
        );
        assert_eq!(figures.tokens, 3 * 11);
        assert!(figures.loss.is_finite() && figures.floor_s > 0.0);
    }

    #[test]
    fn pairs_begin_where_the_reference_stands() {
        let pair = PreferencePair {
            prompt_ids: vec![1, 2],
            chosen_ids: vec![3, 4, 5],
            rejected_ids: vec![6],
            ref_logps: None,
            sft: None,
        };
        let work = StepWork {
            material: Material::Pairs(vec![pair]),
            batch_size: 1,
            rank: 2,
            budget: 64.into(),
            warmup_steps: 0,
            steps: 1,
        };
        let decoder = crate::tests::tiny();
        let items = [Completion {
            prompt_ids: &[1, 2],
            completion_ids: &[3, 4, 5],
        }];
        let nll = -score(&decoder, None, &items, 64).unwrap()[0].logp_sum / 3.0;
        let clock = Clock {
            wall_s: &|| 0.0,
            cpu_s: &|| 0.0,
        };
        let loss = step(&decoder, &work, &clock).unwrap().loss;
        assert!(
            (loss - (2.0_f64.ln() + nll)).abs() < 1e-4,
            "ln 2 and the chosen completion's NLL, not {loss}"
        );
    }
}
