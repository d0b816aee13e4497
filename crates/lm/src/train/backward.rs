//! The backward pass of the decoder, written out block by block.
//!
//! Mirrors `model::decoder` in reverse: final norm, then per block the gated MLP, its norm, attention with its
//! probabilities recomputed from queries and keys (as in FlashAttention, Dao et al. 2022), rope and the projections.
//! With an adapter the weights are frozen: they pass gradients on but receive none; only the adapter's A and B receive
//! gradients: `dB = s dyᵀ (x Aᵀ)`, `dA = s (dy B)ᵀ x`, `dx = dy W + s (dy B) A`. Without one, every weight of the
//! decoder gets its gradient, `dW = dyᵀ x`. No automatic differentiation runs here: candle's would also compute the
//! gradients of frozen weights and keep every intermediate.

use std::ops::Range;

use candle_core::{DType, Tensor};
use rayon::prelude::*;

use super::gradients::{Gradients, WeightGradients};
use crate::error::{Error, Result};
use crate::model::attention::{Attention, block_tokens, norm_and_rotate, visible_keys};
use crate::model::decoder::{Wiring, scaled};
use crate::model::linear::{add_product, matmul};
use crate::model::packed_batch::{Rows, pick, spread};
use crate::model::tensors::{BlockNorm, EMBEDDING, FINAL_NORM, projection_name};
use crate::model::{
    BlockTape, Decoder, Dropout, LayerTape, LoraLayers, LoraPair, LowRank, PackedBatch, Rotations,
    Span, Tape, Target,
};
use crate::ops::{
    Sight, add_into, causal_softmax, rms_norm, rms_norm_backward, rms_norm_weight_backward,
    softmax_backward,
};
use crate::profile::{Work, timed};

/// Gradients of the adapter from the gradient `dhidden` `[M, D]` of the hidden states (after the final norm) in the
/// rows that the batch wants. `adapter` and `dropout` are those of the forward pass that recorded `tape`. Consumes the
/// tape block by block, so its memory is freed on the way.
pub fn backward(
    decoder: &Decoder,
    adapter: &LowRank,
    batch: &PackedBatch,
    tape: Tape,
    dhidden: &Tensor,
    dropout: Option<&Dropout>,
) -> Result<Gradients> {
    let dropout = dropout.filter(|dropout| dropout.p > 0.0);
    let mut grads = Sink {
        layers: vec![Default::default(); decoder.layers.len()],
        weights: None,
    };
    Pass::new(decoder, Some(adapter), batch, dropout)?.run(tape, dhidden, &mut grads)?;
    Ok(Gradients {
        layers: grads.layers,
    })
}

/// Gradients of the decoder's weights from the gradient `dhidden` `[M, D]` of the hidden states in the rows that the
/// batch wants; the head, which comes after them, gets no gradient here. `tape` is that of a forward pass without an
/// adapter.
pub fn backward_weights(
    decoder: &Decoder,
    batch: &PackedBatch,
    tape: Tape,
    dhidden: &Tensor,
) -> Result<WeightGradients> {
    let mut grads = Sink {
        layers: vec![Default::default(); decoder.layers.len()],
        weights: Some(WeightGradients::default()),
    };
    let dx = Pass::new(decoder, None, batch, None)?.run(tape, dhidden, &mut grads)?;
    let mut weights = grads.weights.unwrap_or_default();
    if let Some(mut dx) = dx {
        dx = scaled(dx, decoder.config.embedding_multiplier)?;
        let none = Tensor::zeros(
            (decoder.config.vocab_size, dx.dim(1)?),
            dx.dtype(),
            dx.device(),
        )?;
        weights.add(EMBEDDING, none.index_add(&batch.input_ids, &dx, 0)?)?;
    }
    Ok(weights)
}

/// Where gradients go: those of an adapter's pairs, by block, or those of the decoder's own weights.
struct Sink {
    layers: LoraLayers,
    weights: Option<WeightGradients>,
}

struct Pass<'a> {
    decoder: &'a Decoder,
    adapter: Option<&'a LowRank>,
    dropout: Option<&'a Dropout>,
    batch: &'a PackedBatch,
    rotations: Rotations,
    wanted: Option<Rows>,
}

impl<'a> Pass<'a> {
    fn new(
        decoder: &'a Decoder,
        adapter: Option<&'a LowRank>,
        batch: &'a PackedBatch,
        dropout: Option<&'a Dropout>,
    ) -> Result<Self> {
        Ok(Self {
            decoder,
            adapter,
            dropout,
            batch,
            rotations: decoder.rotations(batch)?,
            wanted: batch.wanted()?,
        })
    }

    /// All blocks, last to first; returns the gradient of the embedded tokens `[N, D]` if weights are trained.
    fn run(&self, mut tape: Tape, dhidden: &Tensor, grads: &mut Sink) -> Result<Option<Tensor>> {
        let final_x = tape.final_x.take().ok_or_else(|| Error::Setting {
            name: "tape",
            reason: "was not filled by a forward pass".to_owned(),
        })?;
        let mut dy = self.norm_backward(
            FINAL_NORM,
            dhidden,
            &final_x,
            &self.decoder.norm,
            None,
            grads,
        )?;
        for (index, record) in tape.layers.drain(..).enumerate().rev() {
            let record = self.whole(index, record)?;
            let Some(dx) = self.block(index, &record, &dy, grads)? else {
                return Ok(None);
            };
            dy = dx;
        }
        Ok(Some(dy))
    }

    /// The packed rows of a block's queries and of everything after its attention; `None` means all.
    fn rows(&self, index: usize) -> Option<&Rows> {
        self.wanted.as_ref().filter(|_| self.decoder.is_last(index))
    }

    /// What a block's backward pass reads, recomputed where only the block's input was kept.
    fn whole(&self, index: usize, record: BlockTape) -> Result<Box<LayerTape>> {
        let x = match record {
            BlockTape::Whole(tape) => return Ok(tape),
            BlockTape::Input(x) => x,
        };
        let wiring = Wiring {
            adapter: self.adapter,
            dropout: self.dropout,
            rotations: &self.rotations,
            wanted: self.wanted.as_ref(),
        };
        let mut attend = |layer: usize, q: &Tensor, k: &Tensor, v: &Tensor| {
            self.decoder.attend_spans(self.batch, layer, q, k, v)
        };
        let mut block = self.decoder.block(index, x, &wiring, &mut attend)?;
        if self.decoder.config.post_norms {
            // The last norm read the down projection's output.
            self.decoder.finish_block(index, &mut block, &wiring)?;
        }
        Ok(Box::new(block))
    }

    /// One block, from the gradient of its output to that of its input; `None` for the first block if nothing below it
    /// is trained.
    fn block(
        &self,
        index: usize,
        tape: &LayerTape,
        dy: &Tensor,
        grads: &mut Sink,
    ) -> Result<Option<Tensor>> {
        let (layer, rows) = (&self.decoder.layers[index], self.rows(index));
        let eps = self.decoder.config.rms_norm_eps;
        let site = |target: Target| Site {
            index,
            target,
            rows,
            low: tape.low[target].as_ref(),
        };
        let activation = self.decoder.config.activation;
        let norm = BlockNorm::PostFeedforward;
        let dout = self.post_norm_backward(index, norm, dy, tape.mlp_out.as_ref(), grads)?;
        let act = activation.gate(&tape.gate, &tape.up)?;
        let dact = self.linear(&site(Target::Down), &act, &dout, None, grads)?;
        let (dgate, dup) = activation.gate_backward(&dact, &tape.gate, &tape.up)?;
        let weight = &layer.pre_feedforward_layernorm;
        let h = rms_norm(&tape.mid, weight, eps)?;
        let dh = self.linear(&site(Target::Gate), &h, &dgate, None, grads)?;
        let dh = self.linear(&site(Target::Up), &h, &dup, Some(dh), grads)?;
        let name = self.norm_name(index, BlockNorm::PreFeedforward);
        let dmid = self.norm_backward(&name, &dh, &tape.mid, weight, Some(dy), grads)?;
        let norm = BlockNorm::PostAttention;
        let dout = self.post_norm_backward(index, norm, &dmid, tape.attn_out.as_ref(), grads)?;
        let dattn = self.linear(&site(Target::O), &tape.attn, &dout, None, grads)?;

        let [dq, dk, dv] = timed(Work::Attention, || {
            self.attention_backward(index, tape, &dattn, grads)
        })?;
        let h = rms_norm(&tape.x, &layer.input_layernorm, eps)?;
        let asking = pick(&h, rows)?;
        let site_of_all_rows = |target: Target| Site {
            rows: None,
            ..site(target)
        };
        if index == 0 && grads.weights.is_none() {
            self.parameters_backward(&site(Target::Q), &asking, &dq, grads)?;
            self.parameters_backward(&site_of_all_rows(Target::K), &h, &dk, grads)?;
            self.parameters_backward(&site_of_all_rows(Target::V), &h, &dv, grads)?;
            return Ok(None);
        }
        let n = h.dim(0)?;
        let dh = spread(
            self.linear(&site(Target::Q), &asking, &dq, None, grads)?,
            rows,
            n,
        )?;
        let dh = self.linear(&site_of_all_rows(Target::K), &h, &dk, Some(dh), grads)?;
        let dh = self.linear(&site_of_all_rows(Target::V), &h, &dv, Some(dh), grads)?;
        let name = self.norm_name(index, BlockNorm::Input);
        let dmid = spread(dmid, rows, n)?;
        Ok(Some(self.norm_backward(
            &name,
            &dh,
            &tape.x,
            &layer.input_layernorm,
            Some(&dmid),
            grads,
        )?))
    }

    /// Name of the weight of a block's norm.
    fn norm_name(&self, index: usize, norm: BlockNorm) -> String {
        norm.tensor_name(self.decoder.config.architecture, index)
    }

    /// Backward of the factor and the norm, if the family has them, that `out` `[M, D]`, the output of attention or the
    /// MLP, passes through on its way to the residual stream, whose gradient is dy `[M, D]`.
    fn post_norm_backward(
        &self,
        index: usize,
        norm: BlockNorm,
        dy: &Tensor,
        out: Option<&Tensor>,
        grads: &mut Sink,
    ) -> Result<Tensor> {
        let weight = self.decoder.layers[index].norm(norm);
        let dy = scaled(dy.clone(), self.decoder.config.residual_multiplier)?;
        match (weight, out) {
            (Some(weight), Some(out)) => {
                let name = self.norm_name(index, norm);
                self.norm_backward(&name, &dy, out, weight, None, grads)
            }
            _ => Ok(dy),
        }
    }

    /// Backward of a norm: [`rms_norm_backward`], and the gradient of its weight where that is trained.
    fn norm_backward(
        &self,
        name: &str,
        dy: &Tensor,
        x: &Tensor,
        weight: &Tensor,
        residual: Option<&Tensor>,
        grads: &mut Sink,
    ) -> Result<Tensor> {
        let eps = self.decoder.config.rms_norm_eps;
        if let Some(weights) = &mut grads.weights {
            weights.add(name, rms_norm_weight_backward(dy, x, eps)?)?;
        }
        rms_norm_backward(dy, x, weight, eps, residual)
    }

    /// Backward of one projection with input x `[M, in]` and output gradient dy `[M, out]`: the gradients of what is
    /// trained go to `grads`; returns the gradient of x, through the weight and the adapter, plus `sum` if given.
    fn linear(
        &self,
        site: &Site<'_>,
        x: &Tensor,
        dy: &Tensor,
        sum: Option<Tensor>,
        grads: &mut Sink,
    ) -> Result<Tensor> {
        let weight = &self.decoder.layers[site.index].projections[site.target].weight;
        let dx = weight.project_backward(dy, sum)?;
        let dlow = self.parameters_backward(site, x, dy, grads)?;
        match (self.pair(site), dlow, self.dropout) {
            (Some((_, pair)), Some(dlow), None) => {
                add_product(dx, &dlow, &pair.a.to_dtype(dy.dtype())?, 1.0)
            }
            (Some((_, pair)), Some(dlow), Some(dropout)) => add_into(
                site.drop(dropout, &matmul(&dlow, &pair.a.to_dtype(dy.dtype())?)?)?,
                &dx,
            ),
            _ => Ok(dx),
        }
    }

    /// The adapter and its pair for a projection, if it has one.
    fn pair(&self, site: &Site<'_>) -> Option<(&LowRank, &LoraPair)> {
        self.adapter
            .and_then(|adapter| Some((adapter, adapter.get(site.index, site.target)?)))
    }

    /// Gradients of the trained parts of one projection: weight and bias, or A and B if the adapter has them; returns
    /// `s dy B` `[M, R]` for the input's.
    fn parameters_backward(
        &self,
        site: &Site<'_>,
        x: &Tensor,
        dy: &Tensor,
        grads: &mut Sink,
    ) -> Result<Option<Tensor>> {
        if let Some(weights) = &mut grads.weights {
            let name = |part: &str| projection_name(site.index, site.target, part);
            weights.add(&name("weight"), matmul(&dy.t()?, x)?)?;
            if self.decoder.layers[site.index].projections[site.target]
                .bias
                .is_some()
            {
                weights.add(&name("bias"), dy.sum(0)?)?;
            }
        }
        let Some((adapter, pair)) = self.pair(site) else {
            return Ok(None);
        };
        let dropped = self
            .dropout
            .map(|dropout| site.drop(dropout, x))
            .transpose()?;
        let x = dropped.as_ref().unwrap_or(x);
        // The scale is applied to the thin matrices.
        let scale = adapter.scale(site.index, site.target);
        let low = match site.low {
            Some(low) => (low * scale)?,
            None => (matmul(x, &pair.a.to_dtype(x.dtype())?.t()?)? * scale)?,
        };
        let dlow = (matmul(dy, &pair.b.to_dtype(dy.dtype())?)? * scale)?;
        let gradients = LoraPair {
            a: matmul(&dlow.t()?, x)?,
            b: matmul(&dy.t()?, &low)?,
        };
        // Whatever is summed over micro-batches is f32.
        grads.layers[site.index][site.target] = Some(gradients.as_dtype(DType::F32)?);
        Ok(Some(dlow))
    }

    /// Gradients of the outputs of the q, k and v projections `[M, H*Dh]`, `[N, K*Dh]`, `[N, K*Dh]` from that of the
    /// attention output `[M, H*Dh]`.
    fn attention_backward(
        &self,
        index: usize,
        tape: &LayerTape,
        dattn: &Tensor,
        grads: &mut Sink,
    ) -> Result<[Tensor; 3]> {
        let layer = &self.decoder.layers[index];
        let (q_norm, k_norm) = (layer.q_norm.as_ref(), layer.k_norm.as_ref());
        let eps = self.decoder.config.rms_norm_eps;
        let rotation = self.rotations.rotation(index, None)?;
        let of_queries = self.rotations.rotation(index, self.rows(index))?;
        let q = norm_and_rotate(&tape.q, q_norm, eps, &of_queries)?;
        let k = norm_and_rotate(&tape.k, k_norm, eps, &rotation)?;
        let [dq, dk, dv] = self.spans_backward(index, &q, &k, &tape.v, dattn)?;
        let dq = of_queries.backward(&dq)?;
        let dk = rotation.backward(&dk)?;
        let mut before_norm =
            |d: Tensor, x: &Tensor, weight: Option<&Tensor>, norm: BlockNorm| -> Result<Tensor> {
                let d = match weight {
                    Some(weight) => {
                        let name = self.norm_name(index, norm);
                        self.norm_backward(&name, &d, x, weight, None, grads)?
                    }
                    None => d,
                };
                Ok(d.flatten_from(1)?)
            };
        let dq = before_norm(dq, &tape.q, q_norm, BlockNorm::Query)?;
        let dk = before_norm(dk, &tape.k, k_norm, BlockNorm::Key)?;
        Ok([dq, dk, dv.flatten_from(1)?])
    }

    /// Attention backward of every sequence, in the layouts of q, k and v.
    fn spans_backward(
        &self,
        index: usize,
        q: &Tensor,
        k: &Tensor,
        v: &Tensor,
        dattn: &Tensor,
    ) -> Result<[Tensor; 3]> {
        let attention = self.decoder.config.attention(index);
        let spans = self.batch.queries(self.decoder.is_last(index));
        let of_span = |(span, queries): &(&Span, Range<usize>)| {
            let asking = |t: &Tensor| t.narrow(0, queries.start, queries.len());
            let (k, v) = (self.batch.seen(span, k)?, self.batch.seen(span, v)?);
            span_backward(
                &asking(q)?,
                &k,
                &v,
                &asking(dattn)?,
                attention,
                block_tokens(q),
            )
        };
        let parts: Vec<[Tensor; 3]> = if dattn.device().is_cpu() {
            spans.par_iter().map(of_span).collect::<Result<_>>()?
        } else {
            spans.iter().map(of_span).collect::<Result<_>>()?
        };
        let dq = Tensor::cat(&parts.iter().map(|part| &part[0]).collect::<Vec<_>>(), 0)?;
        let [dk, dv] = [1, 2].map(|i| self.batch.sum_seen(parts.iter().map(|part| &part[i])));
        Ok([dq, dk?, dv?])
    }
}

/// One projection of one block.
struct Site<'a> {
    index: usize,
    target: Target,
    /// The packed rows that its tensors hold; `None` means all.
    rows: Option<&'a Rows>,
    /// `x Aᵀ` `[M, R]` of the forward pass, where it was kept.
    low: Option<&'a Tensor>,
}

impl Site<'_> {
    /// The dropout of the projection's input, drawn again.
    fn drop(&self, dropout: &Dropout, x: &Tensor) -> Result<Tensor> {
        dropout.apply(
            x,
            self.index,
            self.target,
            self.rows.map(|rows| rows.places.as_slice()),
        )
    }
}

/// Attention backward of one sequence: q `[T, H, Dh]` of the last T of S tokens, k and v `[S, K, Dh]`, dattn `[T, H*Dh]`
/// → `[dq, dk, dv]` in the layouts of q, k and v. Query heads that share keys are stacked as rows, so their gradients
/// are summed automatically.
fn span_backward(
    q: &Tensor,
    k: &Tensor,
    v: &Tensor,
    dattn: &Tensor,
    attention: Attention,
    block_tokens: usize,
) -> Result<[Tensor; 3]> {
    let Attention { window, scale } = attention;
    let (tokens, heads, head_dim) = q.dims3()?;
    let (seen, kv_heads, _) = k.dims3()?;
    if tokens == 0 {
        return Ok([q.clone(), k.zeros_like()?, v.zeros_like()?]);
    }
    let group = heads / kv_heads;
    let k = k.transpose(0, 1)?.contiguous()?;
    let v = v.transpose(0, 1)?.contiguous()?;
    let by_group = |t: &Tensor, start: usize, rows: usize| -> Result<Tensor> {
        let t = t
            .narrow(0, start, rows)?
            .reshape((rows, kv_heads, group, head_dim))?;
        Ok(t.permute((1, 2, 0, 3))?
            .contiguous()?
            .reshape((kv_heads, group * rows, head_dim))?)
    };
    let mut dq = Vec::new();
    let mut sums: Option<(Tensor, Tensor)> = None;
    // From the last block, which sees all keys, to the first: so the sums start at their full length.
    let blocks: Vec<usize> = (0..tokens).step_by(block_tokens).collect();
    for &start in blocks.iter().rev() {
        let rows = block_tokens.min(tokens - start);
        let first = seen - tokens + start;
        let keys = visible_keys(first, rows, window);
        let (q, dout) = (by_group(q, start, rows)?, by_group(dattn, start, rows)?);
        let (k, v) = (
            k.narrow(1, keys.start, keys.len())?,
            v.narrow(1, keys.start, keys.len())?,
        );
        let sight = Sight {
            queries: rows,
            first: first - keys.start,
            window,
        };
        let p = causal_softmax(matmul(&q, &k.t()?)?, sight, scale)?;
        let dv = matmul(&p.t()?, &dout)?;
        let ds = softmax_backward(matmul(&dout, &v.t()?)?, &p, scale)?;
        let dk = matmul(&ds.t()?, &q)?;
        let block = matmul(&ds, &k)?.reshape((kv_heads, group, rows, head_dim))?;
        dq.push(
            block
                .permute((2, 0, 1, 3))?
                .reshape((rows, heads, head_dim))?,
        );
        let whole = |d: Tensor| d.pad_with_zeros(1, keys.start, seen - keys.end);
        let (dk, dv) = (whole(dk)?, whole(dv)?);
        sums = Some(match sums {
            None => (dk, dv),
            Some((dk_sum, dv_sum)) => ((dk_sum + dk)?, (dv_sum + dv)?),
        });
    }
    dq.reverse();
    let (dk, dv) =
        sums.ok_or_else(|| candle_core::Error::Msg("attention over an empty sequence".to_owned()))?;
    let by_token = |t: Tensor| t.transpose(0, 1)?.contiguous();
    Ok([Tensor::cat(&dq, 0)?, by_token(dk)?, by_token(dv)?])
}

#[cfg(test)]
mod tests {
    use candle_core::Device;

    use super::*;

    #[test]
    fn tokens_that_do_not_ask_have_the_gradient_of_asking_for_nothing() {
        let random = |shape: &[usize]| Tensor::randn(0f32, 1.0, shape, &Device::Cpu).unwrap();
        let (q, k, v) = (
            random(&[11, 4, 6]),
            random(&[11, 2, 6]),
            random(&[11, 2, 6]),
        );
        for (asking, window) in [(0, None), (1, Some(3)), (4, None), (4, Some(5)), (11, None)] {
            let dattn = random(&[asking, 24]);
            let silent = dattn.pad_with_zeros(0, 11 - asking, 0).unwrap();
            let attention = Attention { window, scale: 0.4 };
            let [dq, dk, dv] = span_backward(&q, &k, &v, &silent, attention, 3).unwrap();
            let last = q.narrow(0, 11 - asking, asking).unwrap();
            let found = span_backward(&last, &k, &v, &dattn, attention, 3).unwrap();
            let dq = dq.narrow(0, 11 - asking, asking).unwrap();
            for (whole, found) in [dq, dk, dv].iter().zip(&found) {
                let off = (whole - found)
                    .unwrap()
                    .abs()
                    .unwrap()
                    .flatten_all()
                    .unwrap()
                    .to_vec1::<f32>();
                assert!(
                    off.unwrap().iter().all(|off| *off < 1e-5),
                    "{asking} ask, window {window:?}"
                );
            }
        }
    }

    #[test]
    fn blocks_of_rows_do_not_change_the_attention_gradient() {
        let random = |shape: &[usize]| Tensor::randn(0f32, 1.0, shape, &Device::Cpu).unwrap();
        let (q, k, v) = (
            random(&[11, 4, 6]),
            random(&[11, 2, 6]),
            random(&[11, 2, 6]),
        );
        let dattn = random(&[11, 24]);
        for window in [None, Some(1), Some(2), Some(5), Some(11)] {
            let attention = Attention { window, scale: 0.4 };
            let whole = span_backward(&q, &k, &v, &dattn, attention, 64).unwrap();
            let blocks = span_backward(&q, &k, &v, &dattn, attention, 3).unwrap();
            for (whole, blocks) in whole.iter().zip(&blocks) {
                let off = (whole - blocks)
                    .unwrap()
                    .abs()
                    .unwrap()
                    .flatten_all()
                    .unwrap()
                    .max(0)
                    .unwrap();
                assert!(off.to_scalar::<f32>().unwrap() < 1e-5);
            }
        }
    }
}
