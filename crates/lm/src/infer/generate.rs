//! Continuations of prompts: greedy or sampled, many at once.
//!
//! Continuous batching (Orca, Yu et al. 2022): every decode step carries one token of each running sequence,
//! and a finished sequence's slot goes to the next request at once. Requests are admitted in their order and
//! every sequence has its own random stream, so, beyond float noise, a request's result does not depend on its
//! neighbours.

use std::collections::VecDeque;
use std::ops::ControlFlow;

use candle_core::{D, DType, Tensor};
use rayon::prelude::*;

use super::sample::{Filters, argmax, draw_filtered, filter, penalise};
use crate::device::read_back;
use crate::error::{Error, Result};
use crate::lora::Adapter;
use crate::model::cache::Cache;
use crate::model::decoder::{Decoder, Record};
use crate::model::kv_cache::Cursor;
use crate::model::{LowRank, PackedBatch};
use crate::profile::{Work, timed};
use crate::random;

/// Prompt tokens computed at once.
pub(crate) const PREFILL_TOKENS: usize = 2048;

/// How to continue prompts.
#[derive(Debug, Clone, PartialEq)]
pub struct GenerateConfig {
    /// Longest continuation, in tokens.
    pub max_new_tokens: usize,
    /// How the next token is chosen.
    pub filters: Filters,
    /// Tokens that end a continuation.
    pub stop_ids: Vec<u32>,
    /// Sequences decoded at once.
    pub batch_size: usize,
}

/// One continuation to make.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct GenerateRequest {
    /// Tokens to continue; at least one.
    pub prompt_ids: Vec<u32>,
    /// Random stream of this sequence: its `i`-th token uses `random::uniform(key, i)`.
    pub key: u64,
}

/// A continuation.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Generation {
    /// New tokens, the stop token included if one was drawn.
    pub ids: Vec<u32>,
    /// Why it ended.
    pub finish: Finish,
}

/// Why a continuation ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Finish {
    /// A stop token was drawn.
    Stop,
    /// The requested length, or the end of the model's context, was reached.
    Length,
}

/// Restricts what may follow: for the request with this number and its continuation so far, sets the logits of every
/// token that may not come next to minus infinity. At least one token must remain.
pub type Constraint<'a> = dyn Fn(usize, &[u32], &mut [f32]) + Sync + 'a;

/// Continues every request; results are in the order of the requests.
///
/// `on_token` is called with every token (index of the request, token) as it is drawn, and may stop the generation.
///
/// # Errors
/// [`Error::Interrupted`] where `on_token` stops the
/// generation, [`Error::ContextExceeded`] where a prompt is longer than
/// the context, [`Error::NonFinite`] where the model's output is not a number, [`Error::Setting`] for meaningless
/// settings.
pub fn generate(
    decoder: &Decoder,
    adapter: Option<&Adapter>,
    requests: &[GenerateRequest],
    cfg: &GenerateConfig,
    on_token: &mut dyn FnMut(usize, u32) -> ControlFlow<()>,
) -> Result<Vec<Generation>> {
    generate_constrained(decoder, adapter, requests, cfg, None, on_token)
}

/// Like [`generate`], but with a constraint, applied after the repetition penalty and before the other filters, as
/// transformers' `PrefixConstrainedLogitsProcessor` does.
///
/// # Errors
/// As [`generate`], and [`Error::Setting`] where the constraint leaves no token.
pub fn generate_constrained(
    decoder: &Decoder,
    adapter: Option<&Adapter>,
    requests: &[GenerateRequest],
    cfg: &GenerateConfig,
    constraint: Option<&Constraint<'_>>,
    on_token: &mut dyn FnMut(usize, u32) -> ControlFlow<()>,
) -> Result<Vec<Generation>> {
    check(decoder, requests, cfg)?;
    let budget = |prompt: &[u32]| {
        cfg.max_new_tokens
            .min(decoder.config.max_position_embeddings - prompt.len())
    };
    let slots = cfg.batch_size.min(requests.len());
    let adapter = adapter
        .map(|adapter| adapter.update.computed_in(decoder.dtype()))
        .transpose()?;
    let capacity = requests
        .iter()
        .map(|r| r.prompt_ids.len() + budget(&r.prompt_ids))
        .max()
        .unwrap_or(0);
    let mut run = Run {
        decoder,
        adapter: adapter.as_deref(),
        requests,
        cfg,
        constraint,
        cache: Cache::new(decoder, slots, capacity)?,
        results: vec![
            Generation {
                ids: Vec::new(),
                finish: Finish::Length
            };
            requests.len()
        ],
        slots: vec![None; slots],
        queue: (0..requests.len())
            .filter(|i| budget(&requests[*i].prompt_ids) > 0)
            .collect(),
        last_prefill: None,
    };
    loop {
        run.admit(on_token)?;
        if run.slots.iter().all(Option::is_none) {
            return Ok(run.results);
        }
        run.step(on_token)?;
    }
}

fn check(decoder: &Decoder, requests: &[GenerateRequest], cfg: &GenerateConfig) -> Result<()> {
    let bad = |name, reason: &str| {
        Err(Error::Setting {
            name,
            reason: reason.to_string(),
        })
    };
    if cfg.batch_size == 0 {
        return bad("batch_size", "must be at least 1");
    }
    cfg.filters.check()?;
    let limit = decoder.config.max_position_embeddings;
    for request in requests {
        if request.prompt_ids.is_empty() {
            return bad("prompt_ids", "must hold at least one token");
        }
        if request.prompt_ids.len() > limit {
            return Err(Error::ContextExceeded {
                tokens: request.prompt_ids.len(),
                limit,
            });
        }
    }
    Ok(())
}

/// A running sequence.
#[derive(Debug, Clone, Copy)]
struct Running {
    request: usize,
    /// Tokens in the cache.
    position: usize,
    /// Last drawn token, not yet in the cache.
    token: u32,
}

/// Keys, values and next-token logits of a prompt.
struct Prefilled {
    prompt_ids: Vec<u32>,
    /// Per block: k and v, `[T, K, Dh]`.
    layers: Vec<(Tensor, Tensor)>,
    logits: Vec<f32>,
}

struct Run<'a> {
    decoder: &'a Decoder,
    adapter: Option<&'a LowRank>,
    requests: &'a [GenerateRequest],
    cfg: &'a GenerateConfig,
    constraint: Option<&'a Constraint<'a>>,
    cache: Cache,
    results: Vec<Generation>,
    slots: Vec<Option<Running>>,
    queue: VecDeque<usize>,
    /// The prompt prefilled last: the next request often has the same one.
    last_prefill: Option<Prefilled>,
}

impl Run<'_> {
    /// Fills free slots from the queue, in order.
    fn admit(&mut self, on_token: &mut dyn FnMut(usize, u32) -> ControlFlow<()>) -> Result<()> {
        while self.slots.iter().any(Option::is_none) && !self.queue.is_empty() {
            let mut prefilled: VecDeque<Prefilled> = self.last_prefill.take().into_iter().collect();
            let fresh = self.next_prompts(prefilled.front());
            prefilled.extend(self.prefill(fresh)?);
            while let Some(slot) = self.slots.iter().position(Option::is_none) {
                let Some(&request) = self.queue.front() else {
                    break;
                };
                let wanted = &self.requests[request].prompt_ids;
                while prefilled.front().is_some_and(|p| p.prompt_ids != *wanted) {
                    prefilled.pop_front();
                }
                let Some(prompt) = prefilled.front() else {
                    break;
                };
                self.queue.pop_front();
                for (layer, (k, v)) in prompt.layers.iter().enumerate() {
                    self.cache.write_prompt(layer, slot, k, v)?;
                }
                let token = self.draw(request, &mut prompt.logits.clone())?;
                let position = wanted.len();
                self.place(
                    slot,
                    Running {
                        request,
                        position,
                        token,
                    },
                    on_token,
                )?;
            }
            self.last_prefill = prefilled.pop_front();
        }
        Ok(())
    }

    /// Distinct prompts of the next requests, as many as there are free slots and as fit into one pass; `known` is
    /// already prefilled.
    fn next_prompts(&self, known: Option<&Prefilled>) -> Vec<Vec<u32>> {
        let free = self.slots.iter().filter(|slot| slot.is_none()).count();
        let mut fresh: Vec<Vec<u32>> = Vec::new();
        let mut tokens = 0;
        let mut last = known.map(|p| p.prompt_ids.as_slice());
        for request in self.queue.iter().take(free) {
            let prompt = &self.requests[*request].prompt_ids;
            if last == Some(prompt.as_slice()) {
                continue;
            }
            if !fresh.is_empty() && tokens + prompt.len() > PREFILL_TOKENS {
                break;
            }
            tokens += prompt.len();
            fresh.push(prompt.clone());
            last = Some(prompt);
        }
        fresh
    }

    fn prefill(&self, prompts: Vec<Vec<u32>>) -> Result<Vec<Prefilled>> {
        if prompts.is_empty() {
            return Ok(Vec::new());
        }
        let batch = PackedBatch::prompts(&prompts, &self.decoder.device)?;
        let mut kept: Vec<(Tensor, Tensor)> = Vec::new();
        let hidden = self.decoder.forward_spans(
            &batch,
            self.adapter,
            None,
            Record::Nothing,
            &mut |_, k, v| {
                kept.push((k.clone(), v.clone()));
                Ok(())
            },
        )?;
        let logits = self
            .decoder
            .logits(&hidden)?
            .to_dtype(DType::F32)?
            .to_vec2::<f32>()?;
        let prefilled = prompts.into_iter().zip(logits).zip(&batch.spans).map(
            |((prompt_ids, logits), span)| {
                let rows_of = |t: &Tensor| t.narrow(0, span.rows.start, span.rows.len());
                let layers = kept
                    .iter()
                    .map(|(k, v)| Ok((rows_of(k)?, rows_of(v)?)))
                    .collect::<Result<_>>()?;
                Ok(Prefilled {
                    prompt_ids,
                    layers,
                    logits,
                })
            },
        );
        prefilled.collect()
    }

    /// One more token for every running sequence.
    fn step(&mut self, on_token: &mut dyn FnMut(usize, u32) -> ControlFlow<()>) -> Result<()> {
        let device = &self.decoder.device;
        let running: Vec<(usize, Running)> = self
            .slots
            .iter()
            .enumerate()
            .filter_map(|(slot, running)| running.map(|r| (slot, r)))
            .collect();
        let (stale, running): (Vec<_>, Vec<_>) = running
            .into_iter()
            .partition(|(_, r)| self.decoder.rope.changes_at(r.position + 1));
        self.recompute(stale, on_token)?;
        if running.is_empty() {
            return Ok(());
        }
        let cursors: Vec<Cursor> = running
            .iter()
            .map(|(slot, r)| Cursor {
                slot: *slot,
                position: r.position,
            })
            .collect();
        let tokens: Vec<(u32, usize)> =
            running.iter().map(|(_, r)| (r.token, r.position)).collect();
        let batch = PackedBatch::next_tokens(&tokens, device)?;
        let cache = &mut self.cache;
        cache.begin(&cursors)?;
        let (decoder, adapter) = (self.decoder, self.adapter);
        let mut attend = |layer: usize, q: &Tensor, k: &Tensor, v: &Tensor| {
            timed(Work::Attention, || cache.step(layer, &cursors, q, k, v))
        };
        let hidden = decoder.run_blocks(&batch, adapter, None, Record::Nothing, &mut attend)?;
        let logits = decoder.logits(&hidden)?;
        let tokens = timed(Work::Sampling, || self.draw_rows(&running, &logits))?;
        for ((slot, r), token) in running.into_iter().zip(tokens) {
            self.place(
                slot,
                Running {
                    position: r.position + 1,
                    token,
                    ..r
                },
                on_token,
            )?;
        }
        Ok(())
    }

    /// One more token for sequences whose length has changed all their rotary frequencies: their part of the cache is
    /// computed again, as in a full pass (transformers' Phi-3 does the same).
    fn recompute(
        &mut self,
        stale: Vec<(usize, Running)>,
        on_token: &mut dyn FnMut(usize, u32) -> ControlFlow<()>,
    ) -> Result<()> {
        for (slot, r) in stale {
            let prompt_ids = &self.requests[r.request].prompt_ids;
            let whole = [prompt_ids, self.results[r.request].ids.as_slice()].concat();
            for mut fresh in self.prefill(vec![whole])? {
                for (layer, (k, v)) in fresh.layers.iter().enumerate() {
                    self.cache.write_prompt(layer, slot, k, v)?;
                }
                let token = self.draw(r.request, &mut fresh.logits)?;
                self.place(
                    slot,
                    Running {
                        position: r.position + 1,
                        token,
                        ..r
                    },
                    on_token,
                )?;
            }
        }
        Ok(())
    }

    fn draw_rows(&self, running: &[(usize, Running)], logits: &Tensor) -> Result<Vec<u32>> {
        let plain = self.cfg.filters == Filters::GREEDY && self.constraint.is_none();
        let logits = logits.to_dtype(DType::F32)?;
        if plain && !self.decoder.place().is_host() {
            return greedy(&logits);
        }
        let mut logits = logits.flatten_all()?.to_vec1::<f32>()?;
        let rows = logits
            .par_chunks_mut(self.decoder.config.vocab_size)
            .zip(running);
        rows.map(|(row, (_, r))| self.draw(r.request, row))
            .collect()
    }

    /// Draws the next token of a request from its logits, which are overwritten.
    fn draw(&self, request: usize, logits: &mut [f32]) -> Result<u32> {
        if logits.iter().any(|logit| !logit.is_finite()) {
            return Err(Error::NonFinite {
                what: "the model's output".to_string(),
            });
        }
        let (filters, ids) = (&self.cfg.filters, &self.results[request].ids);
        if filters.repetition_penalty != 1.0 {
            let history = [self.requests[request].prompt_ids.as_slice(), ids].concat();
            penalise(logits, &history, filters.repetition_penalty);
        }
        if let Some(constraint) = self.constraint {
            constraint(request, ids, logits);
            if logits.iter().all(|logit| *logit == f32::NEG_INFINITY) {
                let reason =
                    "leaves no token: the vocabulary cannot spell what is asked for".to_string();
                return Err(Error::Setting {
                    name: "constraint",
                    reason,
                });
            }
        }
        if filters.is_greedy() {
            return Ok(argmax(logits) as u32);
        }
        filter(logits, filters);
        let u = random::uniform(self.requests[request].key, ids.len() as u64);
        Ok(draw_filtered(logits, u) as u32)
    }

    /// Records a drawn token and keeps or frees the slot.
    fn place(
        &mut self,
        slot: usize,
        running: Running,
        on_token: &mut dyn FnMut(usize, u32) -> ControlFlow<()>,
    ) -> Result<()> {
        let result = &mut self.results[running.request];
        result.ids.push(running.token);
        if on_token(running.request, running.token).is_break() {
            return Err(Error::Interrupted);
        }
        let stopped = self.cfg.stop_ids.contains(&running.token);
        // The last token of the context is drawn but never fed.
        let full = result.ids.len() == self.cfg.max_new_tokens
            || running.position + 1 == self.decoder.config.max_position_embeddings;
        if stopped {
            result.finish = Finish::Stop;
        }
        self.slots[slot] = (!stopped && !full).then_some(running);
        Ok(())
    }
}

/// The most probable token of each row of logits `[B, V]`, chosen on their device and read in one go: token ids, and
/// sums that tell whether all logits are numbers.
fn greedy(logits: &Tensor) -> Result<Vec<u32>> {
    let best = logits.argmax(D::Minus1)?.to_dtype(DType::F32)?;
    let found = read_back(&Tensor::stack(&[best, logits.sum(D::Minus1)?], 0)?)?;
    let (best, sums) = found.split_at(found.len() / 2);
    if sums.iter().any(|sum| !sum.is_finite()) {
        return Err(Error::NonFinite {
            what: "the model's output".to_string(),
        });
    }
    Ok(best.iter().map(|token| *token as u32).collect())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::test_model::{tiny, tiny_as, variants};

    fn config(temperature: f64, batch_size: usize) -> GenerateConfig {
        let filters = Filters {
            temperature,
            top_p: 0.95,
            ..Filters::GREEDY
        };
        GenerateConfig {
            max_new_tokens: 30,
            filters,
            stop_ids: vec![3],
            batch_size,
        }
    }

    fn requests() -> Vec<GenerateRequest> {
        let prompt = |i: u32| (0..3 + i % 4).map(|j| (i / 2 * 7 + j * 11) % 50).collect();
        (0..9)
            .map(|i| GenerateRequest {
                prompt_ids: prompt(i),
                key: u64::from(i),
            })
            .collect()
    }

    fn all(
        decoder: &Decoder,
        requests: &[GenerateRequest],
        cfg: &GenerateConfig,
    ) -> Vec<Generation> {
        generate(decoder, None, requests, cfg, &mut |_, _| {
            ControlFlow::Continue(())
        })
        .unwrap()
    }

    #[test]
    fn batched_equals_single_greedy_and_sampled() {
        for (name, variant) in variants() {
            let decoder = tiny_as(&variant, 1);
            let requests = requests();
            for temperature in [0.0, 0.9] {
                let cfg = config(temperature, 1);
                let single: Vec<Generation> = requests
                    .iter()
                    .map(|r| all(&decoder, std::slice::from_ref(r), &cfg).remove(0))
                    .collect();
                for batch_size in [1, 3, 32] {
                    let batched = all(&decoder, &requests, &config(temperature, batch_size));
                    assert_eq!(batched, single, "{name}");
                }
            }
        }
    }

    #[test]
    fn cached_decoding_equals_the_full_forward_pass() {
        for (name, variant) in variants() {
            let decoder = tiny_as(&variant, 2);
            let cfg = GenerateConfig {
                stop_ids: Vec::new(),
                ..config(0.0, 4)
            };
            for (request, generation) in requests().iter().zip(all(&decoder, &requests(), &cfg)) {
                let mut seq = request.prompt_ids.clone();
                for token in generation.ids {
                    let batch =
                        PackedBatch::new(std::slice::from_ref(&seq), &decoder.device).unwrap();
                    let hidden = decoder.forward(&batch, None, None, None).unwrap();
                    let logits = decoder.logits(&hidden).unwrap().to_vec2::<f32>().unwrap();
                    assert_eq!(argmax(logits.last().unwrap()) as u32, token, "{name}");
                    seq.push(token);
                }
            }
        }
    }

    #[test]
    fn sampling_depends_on_the_key_and_shares_prompts() {
        let decoder = tiny(3);
        let same: Vec<GenerateRequest> = (0..6)
            .map(|key| GenerateRequest {
                prompt_ids: vec![1, 2, 3],
                key,
            })
            .collect();
        let found = all(&decoder, &same, &config(1.0, 2));
        assert!(found.iter().any(|g| *g != found[0]));
        assert_eq!(found, all(&decoder, &same, &config(1.0, 2)));
    }

    #[test]
    fn the_context_ends_a_continuation() {
        let decoder = tiny(1);
        let limit = decoder.config.max_position_embeddings;
        let cfg = GenerateConfig {
            max_new_tokens: 500,
            stop_ids: Vec::new(),
            ..config(0.0, 4)
        };
        let request = |len: usize| GenerateRequest {
            prompt_ids: vec![5; len],
            key: 0,
        };
        let found = all(
            &decoder,
            &[request(4), request(limit - 1), request(limit)],
            &cfg,
        );
        let lengths: Vec<usize> = found.iter().map(|g| g.ids.len()).collect();
        assert_eq!(lengths, [limit - 4, 1, 0]);
        assert!(found.iter().all(|g| g.finish == Finish::Length));
        let long = generate(&decoder, None, &[request(limit + 1)], &cfg, &mut |_, _| {
            ControlFlow::Continue(())
        });
        assert!(matches!(long, Err(Error::ContextExceeded { .. })));
    }

    #[test]
    fn breaking_off_and_bad_settings_are_errors() {
        let decoder = tiny(1);
        let mut heard = 0;
        let stopped = generate(&decoder, None, &requests(), &config(0.0, 4), &mut |_, _| {
            heard += 1;
            if heard == 10 {
                ControlFlow::Break(())
            } else {
                ControlFlow::Continue(())
            }
        });
        assert!(matches!(stopped, Err(Error::Interrupted)));
        assert_eq!(heard, 10);
        let quiet = &mut |_, _| ControlFlow::Continue(());
        let no_mass = Filters {
            top_p: 0.0,
            ..Filters::default()
        };
        for cfg in [
            config(0.0, 0),
            config(-1.0, 1),
            GenerateConfig {
                filters: no_mass,
                ..config(0.0, 1)
            },
        ] {
            assert!(matches!(
                generate(&decoder, None, &requests(), &cfg, quiet),
                Err(Error::Setting { .. })
            ));
        }
        let empty = [GenerateRequest {
            prompt_ids: Vec::new(),
            key: 0,
        }];
        assert!(generate(&decoder, None, &empty, &config(0.0, 1), quiet).is_err());
        assert!(
            generate(&decoder, None, &[], &config(0.0, 1), quiet)
                .unwrap()
                .is_empty()
        );
    }
}
