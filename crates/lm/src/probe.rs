//! How fast this machine is: two training steps, a scoring pass and a few generated tokens, or one matrix product if
//! the model has not been downloaded.

use std::ops::ControlFlow;
use std::time::Instant;

use candle_core::{Device, Tensor};

use crate::error::Result;
use crate::infer::generate::{GenerateConfig, GenerateRequest, generate};
use crate::infer::sample::Filters;
use crate::infer::score::{Completion, score};
use crate::lora::{Adapter, LoraConfig};
use crate::model::linear::matmul;
use crate::model::{Decoder, DecoderConfig, parameters};
use crate::random;
use crate::train::{Objective, TrainExample, batch_gradients};

/// Tokens of each probed sequence; half of them have a loss.
const SEQUENCE_TOKENS: u64 = 256;
/// Number of sequences probed side by side.
const SEQUENCES: u64 = 2;
/// Tokens generated for each sequence.
const NEW_TOKENS: usize = 4;
/// Side of the square matrices whose product is timed, and how often.
const GEMM_SIDE: usize = 768;
const GEMM_REPEATS: usize = 5;
/// Share of the speed of large products that each kind of work reaches; a guess, used only where nothing can be probed.
const TRAIN_SHARE: f64 = 0.7;
const FORWARD_SHARE: f64 = 0.8;
const GENERATE_SHARE: f64 = 0.35;

/// Amount of work for which processor time is accurate enough: some systems count it in ticks of 4 ms or 10 ms.
const ACCOUNTED_S: f64 = 0.1;

/// Tokens per second of each kind of work.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Rates {
    /// Forward and backward pass of an adapter's training, prompts included.
    pub train: f64,
    /// Forward pass: prompts and scored texts.
    pub forward: f64,
    /// Generated tokens, many sequences side by side.
    pub generate: f64,
}

impl Rates {
    /// Rates of a model that has not been downloaded, from the speed of a matrix product: 2 operations per weight
    /// forward, and as many for the gradient of the activations; frozen weights get no gradient.
    pub fn estimate(config: &DecoderConfig, flops_per_s: f64) -> Self {
        let forward = flops_per_s / (2.0 * parameters(config) as f64);
        Self {
            train: TRAIN_SHARE * forward / 2.0,
            forward: FORWARD_SHARE * forward,
            generate: GENERATE_SHARE * forward,
        }
    }

    /// Rates of a loaded model, by doing a little of each kind of work.
    ///
    /// # Errors
    /// Whatever the model's own functions report.
    pub fn measure(decoder: &Decoder, rank: usize) -> Result<Self> {
        let ids = |key: u64, count: u64| -> Vec<u32> {
            let vocab = decoder.config.vocab_size as f64;
            (0..count)
                .map(|i| (random::uniform(key, i) * vocab) as u32)
                .collect()
        };
        let half = SEQUENCE_TOKENS / 2;
        let data: Vec<TrainExample> = (0..SEQUENCES)
            .map(|i| TrainExample {
                prompt_ids: ids(i, half),
                completion_ids: ids(SEQUENCES + i, half),
            })
            .collect();
        let tokens = (SEQUENCES * SEQUENCE_TOKENS) as f64;
        let lora = LoraConfig {
            rank,
            ..LoraConfig::default()
        };
        let adapter = Adapter::init(lora, &decoder.config, 0, &decoder.device)?;
        let step = |members: &[usize]| {
            let objective = Objective::Sft(&data);
            batch_gradients(
                decoder,
                &adapter,
                &objective,
                members,
                tokens as usize,
                None,
                &|| false,
            )
        };
        let on_processor = decoder.device.is_cpu();
        let timed = |work: &dyn Fn() -> Result<()>| timed(on_processor, work);
        // The first step pays for pages and threads.
        step(&[0])?;
        let train = timed(&|| step(&[0, 1]).map(drop))?;
        let items: Vec<Completion<'_>> = data
            .iter()
            .map(|e| Completion {
                prompt_ids: &e.prompt_ids,
                completion_ids: &e.completion_ids,
            })
            .collect();
        let forward = timed(&|| score(decoder, None, &items, tokens as usize).map(drop))?;
        let requests: Vec<GenerateRequest> = (0..8)
            .map(|key| GenerateRequest {
                prompt_ids: ids(key, 8),
                key,
            })
            .collect();
        let config = |max_new_tokens| GenerateConfig {
            max_new_tokens,
            filters: Filters::default(),
            stop_ids: Vec::new(),
            batch_size: requests.len(),
        };
        let run = |new: usize| {
            timed(&|| {
                generate(decoder, None, &requests, &config(new), &mut |_, _| {
                    ControlFlow::Continue(())
                })
                .map(drop)
            })
        };
        // The difference leaves the prompts out.
        let (first, whole) = (run(1)?, run(1 + NEW_TOKENS)?);
        let generate = (requests.len() * NEW_TOKENS) as f64 / (whole - first).max(1e-6);
        Ok(Self {
            train: tokens / train,
            forward: tokens / forward,
            generate,
        })
    }
}

/// Floating-point operations per second of a large f32 matrix product on this machine.
///
/// # Errors
/// [`crate::Error::Candle`].
pub fn gemm_flops_per_s() -> Result<f64> {
    let a = Tensor::ones(
        (GEMM_SIDE, GEMM_SIDE),
        candle_core::DType::F32,
        &Device::Cpu,
    )?;
    matmul(&a, &a)?;
    let seconds = timed(true, &|| {
        (0..GEMM_REPEATS).try_for_each(|_| matmul(&a, &a).map(drop))
    })?;
    Ok(2.0 * (GEMM_SIDE as f64).powi(3) * GEMM_REPEATS as f64 / seconds)
}

/// Seconds of some work. On the processor they are those that its threads would take without other programs: other
/// programs running now may have ended by the time a run is at work, and a forecast based on a busy minute is of no
/// use.
fn timed(on_processor: bool, work: &dyn Fn() -> Result<()>) -> Result<f64> {
    let cpu_s = || host::usage::of_this_process().cpu_s;
    let (begun, cpu_begun_s) = (Instant::now(), cpu_s());
    work()?;
    let wall_s = begun.elapsed().as_secs_f64();
    let busy_s = (cpu_s() - cpu_begun_s) / rayon::current_num_threads() as f64;
    let seconds = match on_processor && wall_s > ACCOUNTED_S && busy_s > 0.0 {
        true => wall_s.min(busy_s),
        false => wall_s,
    };
    Ok(seconds.max(1e-9))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::test_model::tiny;

    #[test]
    fn every_rate_is_a_speed() {
        let decoder = tiny(1);
        let config = &decoder.config;
        let estimated = Rates::estimate(config, gemm_flops_per_s().unwrap());
        assert!(estimated.train > 0.0 && estimated.train < estimated.forward);
        assert!(estimated.generate > 0.0 && estimated.generate.is_finite());
    }
}
