//! Log-probabilities of completions given their prompts, by teacher forcing.
//!
//! Sequences are packed end to end, neighbours share the rows of the same prompt, the head is applied to the
//! completions' rows only, and the log-softmax is taken in chunks of rows, so logits never exist for a whole batch.

use std::ops::Range;

use candle_core::Tensor;

use crate::device::read_back;
use crate::error::{Error, Result};
use crate::lora::Adapter;
use crate::model::packed_batch::{Sequence, sharing};
use crate::model::{Decoder, LowRank, PackedBatch};
use crate::ops::{DEVICE_LOGITS_PER_CHUNK, fused, target_logps};
use crate::parallel::{micro_batches, passes, run_in_order};

/// Logits that the processor holds at once (16 MiB of f32).
pub(crate) const LOGITS_PER_CHUNK: usize = 1 << 22;

/// A completion to score.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Completion<'a> {
    /// What comes before; at least one token.
    pub prompt_ids: &'a [u32],
    /// The tokens that are scored.
    pub completion_ids: &'a [u32],
}

impl Completion<'_> {
    fn sequence(&self) -> Sequence<'_> {
        (self.prompt_ids, self.completion_ids)
    }
}

/// Log-probability of a completion.
#[derive(Debug, Clone, PartialEq)]
pub struct Scored {
    /// Sum over the completion's tokens, natural log.
    pub logp_sum: f64,
    /// Number of scored tokens.
    pub n_tokens: usize,
    /// Log-probability of each token, natural log; they add up to the sum.
    pub token_logps: Vec<f32>,
}

/// Scores every item; the passes that run side by side hold at most `tokens_per_batch` tokens (or one item each).
///
/// # Errors
/// [`Error::ContextExceeded`] where prompt and completion together are too long, [`Error::NonFinite`] where
/// the model's output is not a number, [`Error::Setting`] for an empty prompt.
pub fn score(
    decoder: &Decoder,
    adapter: Option<&Adapter>,
    items: &[Completion<'_>],
    tokens_per_batch: usize,
) -> Result<Vec<Scored>> {
    if items.iter().any(|item| item.prompt_ids.is_empty()) {
        return Err(Error::Setting {
            name: "prompt_ids",
            reason: "must hold at least one token".to_string(),
        });
    }
    let (tokens, workers) = passes(&decoder.place(), tokens_per_batch);
    let adapter = adapter
        .map(|adapter| adapter.update.computed_in(decoder.dtype()))
        .transpose()?;
    let adapter = adapter.as_deref();
    let runs = runs(decoder, items, tokens);
    let parts = run_in_order(runs.len(), workers, &|| false, |index| {
        score_batch(decoder, adapter, &items[runs[index].clone()])
    })?;
    Ok(parts.concat())
}

/// Items of each pass. Neighbours that share the rows of their prompt stay together as far as the budget allows.
fn runs(decoder: &Decoder, items: &[Completion<'_>], tokens: usize) -> Vec<Range<usize>> {
    let sequences: Vec<_> = items.iter().map(Completion::sequence).collect();
    let (mut units, mut sizes, mut start) = (Vec::new(), Vec::new(), 0);
    for (run, shared) in sharing(&sequences, &decoder.rope) {
        let unshared =
            |(prompt, completion): &Sequence<'_>| prompt.len() - 1 - shared + completion.len();
        let unshared: Vec<usize> = run.iter().map(unshared).collect();
        for part in micro_batches(&unshared, tokens.saturating_sub(shared)) {
            sizes.push(shared + unshared[part.clone()].iter().sum::<usize>());
            units.push(start + part.start..start + part.end);
        }
        start += run.len();
    }
    let whole = |run: Range<usize>| units[run.start].start..units[run.end - 1].end;
    micro_batches(&sizes, tokens)
        .into_iter()
        .map(whole)
        .collect()
}

fn score_batch(
    decoder: &Decoder,
    adapter: Option<&LowRank>,
    items: &[Completion<'_>],
) -> Result<Vec<Scored>> {
    if items.iter().all(|item| item.completion_ids.is_empty()) {
        return Ok(vec![
            Scored {
                logp_sum: 0.0,
                n_tokens: 0,
                token_logps: Vec::new()
            };
            items.len()
        ]);
    }
    let seqs: Vec<_> = items.iter().map(Completion::sequence).collect();
    let batch = PackedBatch::completions(&seqs, &decoder.rope, &decoder.device)?;
    let hidden = decoder.forward(&batch, adapter, None, None)?;
    let targets: Vec<u32> = items
        .iter()
        .flat_map(|item| item.completion_ids)
        .copied()
        .collect();
    let logps = row_logps(decoder, &hidden, &targets)?;
    let mut unread = logps.as_slice();
    let mut scored = Vec::with_capacity(items.len());
    for item in items {
        let (token_logps, others) = unread.split_at(item.completion_ids.len());
        unread = others;
        // Not `sum`, which begins at -0.0: with nothing scored, the result must be 0.
        let logp_sum = token_logps
            .iter()
            .fold(0.0, |sum, logp| sum + f64::from(*logp));
        scored.push(Scored {
            logp_sum,
            n_tokens: token_logps.len(),
            token_logps: token_logps.to_vec(),
        });
    }
    Ok(scored)
}

/// `log_softmax(logits(hidden[i]))[targets[i]]` for every row i.
pub fn row_logps(decoder: &Decoder, hidden: &Tensor, targets: &[u32]) -> Result<Vec<f32>> {
    let vocab = decoder.config.vocab_size;
    if let Some(target) = targets.iter().find(|target| **target as usize >= vocab) {
        let reason = format!("holds token {target}, the model knows {vocab} tokens");
        return Err(Error::Setting {
            name: "completion_ids",
            reason,
        });
    }
    let logits_per_chunk = if fused(hidden) {
        LOGITS_PER_CHUNK
    } else {
        DEVICE_LOGITS_PER_CHUNK
    };
    let rows = (logits_per_chunk / vocab).max(1);
    let mut parts = Vec::new();
    for (chunk, targets) in targets.chunks(rows).enumerate() {
        let logits = decoder.logits(&hidden.narrow(0, chunk * rows, targets.len())?)?;
        parts.push(target_logps(&logits, targets)?);
    }
    let logps = read_back(&Tensor::cat(&parts, 0)?)?;
    if logps.iter().any(|logp| !logp.is_finite()) {
        return Err(Error::NonFinite {
            what: "a log-probability".to_string(),
        });
    }
    Ok(logps)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::test_model::{tiny, tiny_as, variants};

    #[test]
    fn neighbours_and_batch_size_do_not_matter() {
        let decoder = tiny(1);
        let prompts: Vec<Vec<u32>> = (1..7)
            .map(|n| (0..n).map(|i| i * 5 % 53).collect())
            .collect();
        let completions: Vec<Vec<u32>> = (0..6)
            .map(|n| (0..n * 3).map(|i| (i * 7 + n) % 53).collect())
            .collect();
        let items: Vec<Completion<'_>> = prompts
            .iter()
            .zip(&completions)
            .map(|(prompt_ids, completion_ids)| Completion {
                prompt_ids,
                completion_ids,
            })
            .collect();
        let single: Vec<Scored> = items
            .iter()
            .map(|item| score(&decoder, None, &[*item], 1).unwrap().remove(0))
            .collect();
        for tokens in [1, 20, 1000] {
            for (found, expected) in score(&decoder, None, &items, tokens)
                .unwrap()
                .iter()
                .zip(&single)
            {
                assert_eq!(found.n_tokens, expected.n_tokens);
                for (f, e) in found.token_logps.iter().zip(&expected.token_logps) {
                    assert!((f - e).abs() < 1e-5, "{f} is not {e}");
                }
            }
        }
    }

    #[test]
    fn completions_of_one_prompt_are_scored_as_if_alone() {
        for (name, config) in variants() {
            let decoder = tiny_as(&config, 2);
            let completions: Vec<Vec<u32>> = (0..5)
                .map(|n| (0..n * 2).map(|i| i * 7 % 53).collect())
                .collect();
            let prompt_ids: &[u32] = &[5, 6, 7, 8, 9];
            let items: Vec<Completion<'_>> = completions
                .iter()
                .map(|completion_ids| Completion {
                    prompt_ids,
                    completion_ids,
                })
                .collect();
            let together = score(&decoder, None, &items, 1000).unwrap();
            for (together, item) in together.iter().zip(&items) {
                let alone = score(&decoder, None, &[*item], 1000).unwrap().remove(0);
                assert!((together.logp_sum - alone.logp_sum).abs() < 1e-5, "{name}");
            }
        }
    }

    #[test]
    fn completions_of_one_prompt_stay_together_within_the_budget() {
        let decoder = tiny(1);
        let item = |prompt_ids| Completion {
            prompt_ids,
            completion_ids: &[1, 2, 3],
        };
        let items = [
            item(&[1; 5][..]),
            item(&[1; 5]),
            item(&[2; 5]),
            item(&[2; 5]),
            item(&[3; 5]),
        ];
        // Four shared rows and three for each completion: ten for a pair, seven for one alone.
        for (tokens, expected) in [
            (27, &[5][..]),
            (19, &[2, 3]),
            (10, &[2, 2, 1]),
            (9, &[1; 5]),
        ] {
            let found: Vec<usize> = runs(&decoder, &items, tokens)
                .iter()
                .map(Range::len)
                .collect();
            assert_eq!(found, expected, "{tokens}");
        }
    }

    #[test]
    fn probabilities_of_all_continuations_sum_to_one() {
        let decoder = tiny(4);
        let next: Vec<[u32; 1]> = (0..decoder.config.vocab_size as u32)
            .map(|id| [id])
            .collect();
        let items: Vec<Completion<'_>> = next
            .iter()
            .map(|id| Completion {
                prompt_ids: &[7, 8],
                completion_ids: id,
            })
            .collect();
        let total: f64 = score(&decoder, None, &items, 64)
            .unwrap()
            .iter()
            .map(|s| s.logp_sum.exp())
            .sum();
        assert!((total - 1.0).abs() < 1e-5, "{total}");
    }

    #[test]
    fn nothing_to_score_beside_something_is_zero() {
        let decoder = tiny(2);
        let empty = Completion {
            prompt_ids: &[7, 8],
            completion_ids: &[],
        };
        let single = Completion {
            prompt_ids: &[7],
            completion_ids: &[9],
        };
        let scored = score(&decoder, None, &[empty, single], 64).unwrap();
        assert_eq!((scored[0].n_tokens, scored[1].n_tokens), (0, 1));
        assert!(scored[0].logp_sum == 0.0 && scored[0].logp_sum.is_sign_positive());
    }

    #[test]
    fn what_cannot_be_scored_is_refused() {
        let decoder = tiny(1);
        let refuse = |prompt_ids: &[u32], completion_ids: &[u32]| {
            score(
                &decoder,
                None,
                &[Completion {
                    prompt_ids,
                    completion_ids,
                }],
                100,
            )
            .unwrap_err()
        };
        assert!(matches!(refuse(&[], &[1]), Error::Setting { .. }));
        assert!(matches!(
            refuse(&[1], &[1; 96]),
            Error::ContextExceeded {
                tokens: 97,
                limit: 96
            }
        ));
        assert!(matches!(refuse(&[1], &[53]), Error::Setting { .. }));
    }
}
