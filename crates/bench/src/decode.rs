//! Throughput of generation in tokens per second, for prompts and for new tokens, at a given batch size.

use std::ops::ControlFlow;

use lm::Result;
use lm::infer::generate::{GenerateConfig, GenerateRequest, generate};
use lm::infer::sample::Filters;
use lm::model::Decoder;
use lm::random;

use crate::Clock;

/// Size of a decoding measurement: how many sequences, and how long they are.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct DecodeWork {
    /// Sequences that are decoded at the same time.
    pub batch_size: usize,
    /// Tokens of each prompt; all prompts differ.
    pub prompt_tokens: usize,
    /// Tokens generated for each prompt.
    pub new_tokens: usize,
}

/// Throughput that [`decode`] measured, in tokens per second.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct DecodeFigures {
    /// New tokens per wall-clock second, without the time of the prompts.
    pub tokens_per_s: f64,
    /// New tokens per processor-second, without the time of the prompts.
    pub tokens_per_cpu_s: f64,
    /// Prompt tokens per processor-second.
    pub prefill_tokens_per_cpu_s: f64,
    /// Processor time of the step's matrix products alone, as a share of the decode steps' time.
    pub product_share: f64,
}

/// Measures greedy continuations of random prompts. A pass with one new token per prompt gives the time that the
/// prompts take, which is subtracted from the total time. The same weights then multiply the same number of rows the
/// same number of times, and nothing else is done.
///
/// # Errors
/// Whatever [`generate`] reports.
pub fn decode(decoder: &Decoder, work: &DecodeWork, clock: &Clock<'_>) -> Result<DecodeFigures> {
    let vocab = decoder.config.vocab_size as f64;
    let prompt = |key: u64| -> Vec<u32> {
        (0..work.prompt_tokens as u64)
            .map(|i| (random::uniform(key, i) * vocab) as u32)
            .collect()
    };
    let requests: Vec<GenerateRequest> = (0..work.batch_size as u64)
        .map(|key| GenerateRequest {
            prompt_ids: prompt(key),
            key,
        })
        .collect();
    let run = |max_new_tokens: usize| {
        let config = GenerateConfig {
            max_new_tokens,
            filters: Filters::GREEDY,
            stop_ids: Vec::new(),
            batch_size: work.batch_size,
        };
        clock.time(|| {
            generate(decoder, None, &requests, &config, &mut |_, _| {
                ControlFlow::Continue(())
            })
        })
    };
    // The first pass is not measured: it allocates memory pages and starts threads.
    run(2)?;
    let (first_wall, first_cpu) = run(1)?;
    let (wall, cpu) = run(1 + work.new_tokens)?;
    let steps = 0..work.new_tokens;
    let (_, products_cpu) = clock.time(|| {
        steps
            .clone()
            .try_for_each(|_| decoder.products(work.batch_size))
    })?;
    let new = (work.batch_size * work.new_tokens) as f64;
    let rate = |count: f64, seconds: f64| count / seconds.max(1e-6);
    Ok(DecodeFigures {
        tokens_per_s: rate(new, wall - first_wall),
        tokens_per_cpu_s: rate(new, cpu - first_cpu),
        prefill_tokens_per_cpu_s: rate((work.batch_size * work.prompt_tokens) as f64, first_cpu),
        product_share: rate(products_cpu, cpu - first_cpu),
    })
}

#[cfg(test)]
mod tests {
    use std::cell::Cell;

    use super::*;

    #[test]
    fn the_time_of_the_prompts_is_taken_off() {
        let ticks = Cell::new(0.0);
        // Two readings time each pass. The three passes take 1, 1 and 5 seconds, the products alone 3.
        let readings = [0.0, 1.0, 10.0, 11.0, 20.0, 25.0, 30.0, 33.0];
        let reading = Cell::new(0);
        let wall = || {
            ticks.set(readings[reading.get()]);
            reading.set(reading.get() + 1);
            ticks.get()
        };
        let clock = Clock {
            wall_s: &wall,
            cpu_s: &|| ticks.get(),
        };
        let decoder = crate::tests::tiny();
        let work = DecodeWork {
            batch_size: 3,
            prompt_tokens: 5,
            new_tokens: 8,
        };
        let figures = decode(&decoder, &work, &clock).unwrap();
        assert_eq!(figures.tokens_per_s, 24.0 / 4.0);
        assert_eq!(figures.tokens_per_cpu_s, 24.0 / 4.0);
        assert_eq!(figures.prefill_tokens_per_cpu_s, 15.0);
        assert_eq!(figures.product_share, 0.75);
    }
}
