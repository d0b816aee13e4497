//! Compares what a device computes with the processor's f32: every operation, log-probabilities, an update of
//! supervised and of preference training, and greedy generation, on random weights.
//!
//! Inputs are rounded to the device's number type on both sides, so that only the computation differs. bf16 keeps 8
//! bits: a rounding is off by at most 2^-9 = 0.2 %, an operation by a few such errors, a model of two blocks by some
//! thirty of either sign, its gradients by twice as
//! many. Tolerances are about three times that; a wrong formula is off by as
//! much as the number itself.

use std::ops::ControlFlow;
use std::path::Path;

use candle_core::{DType, Device, Tensor};
use serde_json::json;

use crate::device::{Place, read_back};
use crate::error::Result;
use crate::infer::generate::{GenerateConfig, GenerateRequest, generate};
use crate::infer::sample::Filters;
use crate::infer::score::{Completion, score};
use crate::lora::{Adapter, LoraConfig};
use crate::model::linear::{add_product, matmul};
use crate::model::shape::random_decoder;
use crate::model::{Decoder, DecoderConfig, PackedBatch, Quantize};
use crate::ops::{
    Sight, add_into, causal_softmax, geglu, geglu_backward, rms_norm, rms_norm_backward, rotate,
    softmax_backward, swiglu, swiglu_backward, target_logps, token_logps_of_logits,
};
use crate::random;
use crate::train::{
    AdamW, Budget, Objective, PreferenceLoss, PreferencePair, TrainExample, batch_gradients,
    flatten,
};

/// Tolerances for bf16 and for f32: for an operation and for gradients, as shares of their length; for
/// log-probabilities, in
/// nats. Logits of the random models are small (their spread is 0.2), and so is what rounding does to them.
const HALF: Tolerances = Tolerances {
    operation: 0.01,
    gradient: 0.03,
    logp: 0.015,
};
const SINGLE: Tolerances = Tolerances {
    operation: 1e-5,
    gradient: 1e-4,
    logp: 1e-4,
};

struct Tolerances {
    operation: f64,
    gradient: f64,
    logp: f64,
}

/// One thing compared.
#[derive(Debug, Clone, PartialEq)]
pub struct Check {
    /// What is compared, in words for people.
    pub name: String,
    /// How far it is off: as a share of the processor's result (its length as a vector); for log-probabilities and
    /// logits, in nats.
    pub off: f64,
    /// How far it may be off.
    pub tolerance: f64,
}

impl Check {
    /// Whether it is within the tolerance.
    pub fn passed(&self) -> bool {
        self.off <= self.tolerance
    }
}

/// Compares a place with the processor's own form.
///
/// # Errors
/// Whatever an operation reports that the device cannot do.
pub fn parity(place: &Place) -> Result<Vec<Check>> {
    let tolerances = if place.dtype == DType::F32 {
        SINGLE
    } else {
        HALF
    };
    let mut checks = Checks {
        place,
        tolerances,
        done: Vec::new(),
    };
    checks.products()?;
    checks.elementwise()?;
    checks.attention()?;
    checks.head()?;
    checks.optimizer()?;
    for quantize in [Quantize::None, Quantize::Q8_0, Quantize::Q4_0] {
        checks.model(quantize)?;
    }
    Ok(checks.done)
}

struct Checks<'a> {
    place: &'a Place,
    tolerances: Tolerances,
    done: Vec<Check>,
}

impl Checks<'_> {
    /// Random numbers in f32 that the place's type can hold.
    fn random(&self, key: u64, shape: &[usize]) -> Result<Tensor> {
        let count = shape.iter().product::<usize>() as u64;
        let values: Vec<f32> = (0..count)
            .map(|i| (4.0 * random::uniform(key, i) - 2.0) as f32)
            .collect();
        let exact = Tensor::from_vec(values, shape, &Device::Cpu)?;
        Ok(exact.to_dtype(self.place.dtype)?.to_dtype(DType::F32)?)
    }

    /// Records how far the result of `work` in the place is from that on the processor, each given the inputs there.
    fn operation(
        &mut self,
        name: &str,
        inputs: &[&Tensor],
        work: impl Fn(&[Tensor]) -> Result<Vec<Tensor>>,
    ) -> Result<()> {
        let copies = inputs
            .iter()
            .map(|input| input.copy())
            .collect::<candle_core::Result<Vec<_>>>()?;
        let placed = inputs
            .iter()
            .map(|input| self.place.put(input))
            .collect::<Result<Vec<_>>>()?;
        let (found, expected) = (work(&placed)?, work(&copies)?);
        let mut off = 0f64;
        for (found, expected) in found.iter().zip(&expected) {
            off = off.max(distance(found, expected)?);
        }
        self.note(name, off, self.tolerances.operation);
        Ok(())
    }

    fn note(&mut self, name: &str, off: f64, tolerance: f64) {
        self.done.push(Check {
            name: name.to_owned(),
            off,
            tolerance,
        });
    }

    fn products(&mut self) -> Result<()> {
        let (x, weight, sum) = (
            self.random(1, &[37, 64])?,
            self.random(2, &[48, 64])?,
            self.random(3, &[37, 48])?,
        );
        self.operation("product", &[&x, &weight], |t| {
            Ok(vec![matmul(&t[0], &t[1].t()?)?])
        })?;
        self.operation("product_of_views", &[&x, &weight], |t| {
            Ok(vec![matmul(
                &t[0].narrow(1, 8, 40)?,
                &t[1].narrow(1, 16, 40)?.t()?,
            )?])
        })?;
        self.operation("add_product", &[&sum, &x, &weight], |t| {
            Ok(vec![add_product(t[0].copy()?, &t[1], &t[2].t()?, 0.5)?])
        })?;
        self.operation("add_into", &[&sum, &sum], |t| {
            Ok(vec![add_into(t[0].copy()?, &t[1])?])
        })
    }

    fn elementwise(&mut self) -> Result<()> {
        let (x, dy, weight) = (
            self.random(1, &[37, 64])?,
            self.random(2, &[37, 64])?,
            self.random(3, &[64])?,
        );
        self.operation("rms_norm", &[&x, &weight], |t| {
            Ok(vec![rms_norm(&t[0], &t[1], 1e-5)?])
        })?;
        self.operation("rms_norm_backward", &[&dy, &x, &weight], |t| {
            Ok(vec![rms_norm_backward(
                &t[0],
                &t[1],
                &t[2],
                1e-5,
                Some(&t[0]),
            )?])
        })?;
        self.operation("swiglu", &[&x, &dy], |t| Ok(vec![swiglu(&t[0], &t[1])?]))?;
        self.operation("swiglu_backward", &[&dy, &x, &dy], |t| {
            let (dgate, dup) = swiglu_backward(&t[0], &t[1], &t[2])?;
            Ok(vec![dgate, dup])
        })?;
        self.operation("geglu", &[&x, &dy], |t| Ok(vec![geglu(&t[0], &t[1])?]))?;
        self.operation("geglu_backward", &[&dy, &x, &dy], |t| {
            let (dgate, dup) = geglu_backward(&t[0], &t[1], &t[2])?;
            Ok(vec![dgate, dup])
        })?;
        let (heads, angles) = (self.random(4, &[37, 3, 20])?, self.random(5, &[37, 6])?);
        self.operation("rope", &[&heads, &angles.cos()?, &angles.sin()?], |t| {
            Ok(vec![rotate(&t[0], &t[1], &t[2])?])
        })
    }

    fn attention(&mut self) -> Result<()> {
        let (scores, dp) = (self.random(1, &[2, 10, 8])?, self.random(2, &[2, 10, 8])?);
        for window in [None, Some(3)] {
            let sight = Sight {
                queries: 5,
                first: 3,
                window,
            };
            let name = if window.is_none() {
                "causal_softmax"
            } else {
                "causal_softmax_in_a_window"
            };
            self.operation(name, &[&scores, &dp], |t| {
                let p = causal_softmax(t[0].copy()?, sight, 0.4)?;
                Ok(vec![p.clone(), softmax_backward(t[1].copy()?, &p, 0.4)?])
            })?;
        }
        Ok(())
    }

    fn head(&mut self) -> Result<()> {
        let logits = self.random(1, &[9, 131])?;
        let targets = [0u32, 130, 5, 5, 77, 1, 2, 3, 64];
        self.operation("cross_entropy", &[&logits], |t| {
            let (logps, gradients) = token_logps_of_logits(t[0].copy()?, &targets)?;
            Ok(vec![logps, gradients, target_logps(&t[0], &targets)?])
        })
    }

    /// Master weights and moments are f32 everywhere.
    fn optimizer(&mut self) -> Result<()> {
        let (p, g) = (self.random(1, &[5000])?, self.random(2, &[5000])?);
        let stepped = |device: &Device| -> Result<Tensor> {
            let mut adamw = AdamW::of_size(5000, device)?;
            let (p, g) = (p.to_device(device)?, g.to_device(device)?);
            let once = adamw.step(&p, &g, 0.1, 0.01)?;
            adamw.step(&once, &g, 0.1, 0.01)
        };
        let off = distance(&stepped(&self.place.device)?, &stepped(&Device::Cpu)?)?;
        self.note("adamw", off, SINGLE.operation);
        Ok(())
    }

    /// A small decoder of the usual kind, with dense or packed weights.
    fn model(&mut self, quantize: Quantize) -> Result<()> {
        let decoder = random_decoder(small()?, quantize)?;
        let there = decoder.placed(self.place)?;
        // Dense weights are rounded on both sides; packed ones are identical anyway.
        let here = match quantize {
            Quantize::None => there.placed(&Place::on(&Device::Cpu))?,
            _ => decoder,
        };
        let name = |what: &str| match quantize {
            Quantize::None => what.to_owned(),
            quantize => format!("{what}_{}", quantize.as_str()),
        };
        let pair = Pair { there, here };
        let Tolerances { gradient, logp, .. } = self.tolerances;
        self.note(&name("logps"), pair.logps()?, logp);
        let examples = examples();
        let (loss, off) = pair.step(&Objective::Sft(&examples))?;
        self.note(&name("sft_loss"), loss, logp);
        self.note(&name("sft_gradients"), off, gradient);
        let pairs = preferences();
        let loss = PreferenceLoss::Sigmoid {
            label_smoothing: 0.0,
        };
        let (loss, off) = pair.step(&Objective::Dpo {
            pairs: &pairs,
            loss,
            beta: 0.1,
            sft_weight: 1.0,
        })?;
        self.note(&name("dpo_loss"), loss, logp);
        self.note(&name("dpo_gradients"), off, gradient);
        self.note(&name("greedy_generation"), pair.generation()?, logp);
        Ok(())
    }
}

/// One decoder in two places.
struct Pair {
    there: Decoder,
    here: Decoder,
}

impl Pair {
    /// Largest difference of a log-probability.
    fn logps(&self) -> Result<f64> {
        let data = examples();
        let items: Vec<Completion<'_>> = data
            .iter()
            .map(|e| Completion {
                prompt_ids: &e.prompt_ids,
                completion_ids: &e.completion_ids,
            })
            .collect();
        let (found, expected) = (
            score(&self.there, None, &items, 1000)?,
            score(&self.here, None, &items, 1000)?,
        );
        let pairs = found
            .iter()
            .zip(&expected)
            .flat_map(|(f, e)| f.token_logps.iter().zip(&e.token_logps));
        Ok(pairs
            .map(|(found, expected)| f64::from(found - expected).abs())
            .fold(0.0, f64::max))
    }

    /// How far loss and gradients of an update are off, with recomputation and several micro-batches.
    fn step(&self, objective: &Objective<'_>) -> Result<(f64, f64)> {
        let members: Vec<usize> = (0..objective.items()).collect();
        let budget = Budget {
            tokens: 40,
            recompute: true,
        };
        let gradients_of = |decoder: &Decoder| {
            let adapter = adapter(decoder)?;
            let batch = batch_gradients(
                decoder,
                &adapter,
                objective,
                &members,
                budget,
                None,
                &|| false,
            )?;
            Ok::<_, crate::Error>((batch.loss, flatten(&batch.gradients.layers)?))
        };
        let (found, expected) = (gradients_of(&self.there)?, gradients_of(&self.here)?);
        Ok((
            (found.0 - expected.0).abs(),
            distance(&found.1, &expected.1)?,
        ))
    }

    /// By how much a token chosen on the device is worse than the best, as scored on the processor.
    fn generation(&self) -> Result<f64> {
        let request = |key: u64| GenerateRequest {
            prompt_ids: ids(50 + key, 3 + key as usize % 3),
            key,
        };
        let requests: Vec<GenerateRequest> = (0..5).map(request).collect();
        let config = GenerateConfig {
            max_new_tokens: 12,
            filters: Filters::GREEDY,
            stop_ids: Vec::new(),
            batch_size: 3,
        };
        let mut go_on = |_, _| ControlFlow::Continue(());
        let adapters = (adapter(&self.there)?, adapter(&self.here)?);
        let made = generate(
            &self.there,
            Some(&adapters.0),
            &requests,
            &config,
            &mut go_on,
        )?;
        let mut worst = 0f64;
        for (request, made) in requests.iter().zip(made) {
            let mut whole = [request.prompt_ids.as_slice(), &made.ids].concat();
            whole.pop();
            let batch = PackedBatch::new(&[whole], &Device::Cpu)?;
            let hidden = self
                .here
                .forward(&batch, Some(&adapters.1.update), None, None)?;
            let logits = self.here.logits(&hidden)?.to_vec2::<f32>()?;
            for (row, token) in logits[request.prompt_ids.len() - 1..].iter().zip(&made.ids) {
                let best = row.iter().copied().fold(f32::NEG_INFINITY, f32::max);
                worst = worst.max(f64::from(best - row[*token as usize]));
            }
        }
        Ok(worst)
    }
}

/// Two blocks with grouped queries and a tied head; blocks of 32 divide every row.
fn small() -> Result<DecoderConfig> {
    let json = json!({
        "architectures": ["LlamaForCausalLM"], "vocab_size": 256, "hidden_size": 128, "intermediate_size": 192,
        "num_hidden_layers": 2, "num_attention_heads": 4, "num_key_value_heads": 2,
        "max_position_embeddings": 256, "rms_norm_eps": 1e-5, "tie_word_embeddings": true
    });
    DecoderConfig::from_json(&json, Path::new("parity"))
}

/// An adapter on all projections whose B is not zero.
fn adapter(decoder: &Decoder) -> Result<Adapter> {
    let config = LoraConfig {
        rank: 4,
        dropout: 0.0,
        ..LoraConfig::default()
    };
    let mut adapter = Adapter::init(config, &decoder.config, 11, &decoder.device)?;
    for (index, pair) in adapter
        .update
        .layers
        .iter_mut()
        .flatten()
        .flatten()
        .enumerate()
    {
        let value = |i: u64| (random::uniform(index as u64, i) - 0.5) as f32 * 0.3;
        let values: Vec<f32> = (0..pair.b.elem_count() as u64).map(value).collect();
        pair.b = Tensor::from_vec(values, pair.b.shape(), &decoder.device)?;
    }
    Ok(adapter)
}

fn ids(key: u64, count: usize) -> Vec<u32> {
    (0..count as u64)
        .map(|i| (random::uniform(key, i) * 256.0) as u32)
        .collect()
}

fn examples() -> Vec<TrainExample> {
    (0..6)
        .map(|i| TrainExample {
            prompt_ids: ids(100 + i, 3 + i as usize % 5),
            completion_ids: ids(200 + i, 2 + i as usize * 3 % 7),
        })
        .collect()
}

fn preferences() -> Vec<PreferencePair> {
    (0..4)
        .map(|i| PreferencePair {
            prompt_ids: ids(300 + i, 4),
            chosen_ids: ids(400 + i, 3 + i as usize),
            rejected_ids: ids(500 + i, 5),
            ref_logps: Some((-5.0 * (3.0 + i as f64), -27.0)),
            sft: None,
        })
        .collect()
}

/// `|found - expected| / |expected|`
fn distance(found: &Tensor, expected: &Tensor) -> Result<f64> {
    let values = |tensor: &Tensor| -> Result<Vec<f32>> { read_back(&tensor.to_dtype(DType::F32)?) };
    let (found, expected) = (values(found)?, values(expected)?);
    let length = |values: &mut dyn Iterator<Item = f64>| values.map(|v| v * v).sum::<f64>().sqrt();
    let off = length(&mut found.iter().zip(&expected).map(|(f, e)| f64::from(f - e)));
    Ok(off / length(&mut expected.iter().map(|e| f64::from(*e))).max(f64::MIN_POSITIVE))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_form_of_a_card_agrees_with_the_processor_s() {
        let checks = parity(&Place {
            device: Device::Cpu,
            dtype: DType::BF16,
        })
        .unwrap();
        for check in &checks {
            assert!(check.passed(), "{check:?}");
        }
        // The two forms are not identical: bf16 rounds.
        assert!(
            checks.iter().filter(|check| check.off > 1e-6).count() > 20,
            "{checks:?}"
        );
        let same = parity(&Place::on(&Device::Cpu)).unwrap();
        assert!(same.iter().all(|check| check.off < 1e-5), "{same:?}");
    }
}
