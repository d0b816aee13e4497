//! How fast texts are scored, compared with training's forward pass over the same texts.

use lm::Result;
use lm::infer::score::{Completion, row_logps, score};
use lm::lora::{Adapter, LoraConfig};
use lm::model::{Decoder, PackedBatch, Tape};
use lm::parallel::{micro_batches, passes, run_in_order};
use lm::train::TrainExample;

use crate::{Clock, median};

/// How often each of the two passes over all texts is timed; the median is reported.
const ROUNDS: usize = 5;

/// The texts that [`scoring`] scores, and how many tokens it processes at once.
#[derive(Debug, Clone)]
pub struct ScoreWork {
    /// The texts with their prompts; the completions are scored.
    pub examples: Vec<TrainExample>,
    /// Rank of the adapter in training's forward pass, on all seven projections; scoring runs without an adapter.
    pub rank: usize,
    /// The most tokens that passes running side by side hold together.
    pub budget_tokens: usize,
}

/// What one pass over all texts took: medians over the rounds.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct ScoreFigures {
    /// Tokens of all texts, prompts and completions together.
    pub tokens: usize,
    /// Wall-clock seconds of scoring all texts.
    pub wall_s: f64,
    /// Processor seconds of scoring all texts, all threads together.
    pub cpu_s: f64,
    /// Wall-clock seconds of training's forward pass, which also keeps what its backward pass reads.
    pub forward_wall_s: f64,
    /// Processor seconds of training's forward pass.
    pub forward_cpu_s: f64,
}

/// Times [`score`] and training's forward pass alternately.
///
/// # Errors
/// Any error that a pass returns.
pub fn scoring(decoder: &Decoder, work: &ScoreWork, clock: &Clock<'_>) -> Result<ScoreFigures> {
    let lora = LoraConfig {
        rank: work.rank,
        dropout: 0.0,
        ..LoraConfig::default()
    };
    let adapter = Adapter::init(lora, &decoder.config, 1, &decoder.device)?;
    let items: Vec<Completion<'_>> = work
        .examples
        .iter()
        .map(|e| Completion {
            prompt_ids: &e.prompt_ids,
            completion_ids: &e.completion_ids,
        })
        .collect();
    let (mut scoring, mut forward) = (Vec::new(), Vec::new());
    for _ in 0..ROUNDS {
        scoring.push(clock.time(|| score(decoder, None, &items, work.budget_tokens))?);
        forward.push(clock.time(|| training_forward(decoder, &adapter, work))?);
    }
    let middle = |times: &[(f64, f64)], value: fn(&(f64, f64)) -> f64| {
        median(times.iter().map(value).collect())
    };
    let length = |example: &TrainExample| example.prompt_ids.len() + example.completion_ids.len();
    Ok(ScoreFigures {
        tokens: work.examples.iter().map(length).sum(),
        wall_s: middle(&scoring, |time| time.0),
        cpu_s: middle(&scoring, |time| time.1),
        forward_wall_s: middle(&forward, |time| time.0),
        forward_cpu_s: middle(&forward, |time| time.1),
    })
}

/// Runs the forward passes of one update over all texts, micro-batch by micro-batch: with an adapter and a tape, and
/// with the head applied only to rows that have a loss.
fn training_forward(decoder: &Decoder, adapter: &Adapter, work: &ScoreWork) -> Result<()> {
    let sequences: Vec<(&[u32], &[u32])> = work
        .examples
        .iter()
        .map(|e| (e.prompt_ids.as_slice(), e.completion_ids.as_slice()))
        .collect();
    let sizes: Vec<usize> = sequences
        .iter()
        .map(|(prompt, completion)| prompt.len() + completion.len())
        .collect();
    let (tokens, workers) = passes(&decoder.place(), work.budget_tokens);
    let runs = micro_batches(&sizes, tokens);
    run_in_order(runs.len(), workers, &|| false, |index| {
        let run = &sequences[runs[index].clone()];
        let batch = PackedBatch::completions(run, &decoder.rope, &decoder.device)?;
        let hidden = decoder.forward(
            &batch,
            Some(&adapter.update),
            None,
            Some(&mut Tape::default()),
        )?;
        let targets: Vec<u32> = run
            .iter()
            .flat_map(|(_, completion)| *completion)
            .copied()
            .collect();
        row_logps(decoder, &hidden, &targets)
    })?;
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn figures_are_medians_of_both_passes() {
        let ticks = std::cell::Cell::new(0.0);
        let tick = || {
            ticks.set(ticks.get() + 1.0);
            ticks.get()
        };
        let clock = Clock {
            wall_s: &tick,
            cpu_s: &tick,
        };
        let example = |prompt: usize, completion: usize| TrainExample {
            prompt_ids: vec![1; prompt],
            completion_ids: vec![2; completion],
        };
        let work = ScoreWork {
            examples: vec![example(3, 4), example(5, 2)],
            rank: 2,
            budget_tokens: 64,
        };
        let figures = scoring(&crate::tests::tiny(), &work, &clock).unwrap();
        assert_eq!(
            (figures.tokens, figures.wall_s, figures.forward_cpu_s),
            (14, 2.0, 2.0)
        );
    }
}
