//! The decoder network over packed sequences, after transformers' `modeling_llama.py`.
//!
//! Sequences of a batch lie end to end without padding (N rows in all); positions and spans say which row
//! belongs where. The same block code serves training (with a [`Tape`] for the explicit backward pass),
//! scoring, prefill and decoding: only the attention differs, so it is an argument.

use candle_core::{Device, Tensor};

use super::attention::{attend_span, norm_and_rotate};
use super::config::DecoderConfig;
use super::linear::{add_product, matmul};
use super::packed_batch::PackedBatch;
use super::rope::Rope;
use super::weight::Weight;
use crate::error::{Error, Result};
use crate::lora::{Adapter, Target};
use crate::ops::{add_into, rms_norm, swiglu};
use crate::profile::{Work, count_tokens, timed};
use crate::random::Dropout;

/// A frozen decoder-only transformer; computes in f32.
#[derive(Debug, Clone)]
pub struct Decoder {
    /// Sizes and constants.
    pub config: DecoderConfig,
    /// `[V, D]`
    pub embed_tokens: Weight,
    /// The blocks, first to last.
    pub layers: Vec<Layer>,
    /// Weight of the final norm `[D]`.
    pub norm: Tensor,
    /// `[V, D]`; the embedding's own storage where the model ties them.
    pub lm_head: Weight,
    /// Rotary position embedding.
    pub rope: Rope,
    /// Where all tensors live.
    pub device: Device,
}

/// One transformer block.
#[derive(Debug, Clone)]
pub struct Layer {
    /// Norm before attention `[D]`.
    pub input_layernorm: Tensor,
    /// Norm of each query head `[Dh]`, where the family has one.
    pub q_norm: Option<Tensor>,
    /// Norm of each key head `[Dh]`, where the family has one.
    pub k_norm: Option<Tensor>,
    /// Norm before the gated MLP `[D]`.
    pub post_attention_layernorm: Tensor,
    /// Indexed by [`Target`]` as usize`.
    pub projections: [Projection; 7],
}

/// A frozen linear map.
#[derive(Debug, Clone)]
pub struct Projection {
    /// `[out, in]`
    pub weight: Weight,
    /// `[out]`
    pub bias: Option<Tensor>,
}

/// What a forward pass leaves for the backward pass.
#[derive(Debug, Clone, Default)]
pub struct Tape {
    /// Keep the input of each block only; the backward pass computes the rest again (gradient checkpointing, Chen et
    /// al. 2016, arXiv 1604.06174). The numbers are the same bit for bit.
    pub recompute: bool,
    /// Per block.
    pub layers: Vec<BlockTape>,
    /// Input of the final norm `[N, D]`; absent before the pass has ended.
    pub final_x: Option<Tensor>,
}

/// What is kept of one block.
#[derive(Debug, Clone)]
pub enum BlockTape {
    /// Everything that its backward pass reads.
    Whole(Box<LayerTape>),
    /// Its input `[N, D]`.
    Input(Tensor),
}

impl BlockTape {
    /// Input of the block `[N, D]`.
    pub fn x(&self) -> &Tensor {
        match self {
            Self::Whole(tape) => &tape.x,
            Self::Input(x) => x,
        }
    }
}

/// What one block leaves for its backward pass.
#[derive(Debug, Clone)]
pub struct LayerTape {
    /// Block input `[N, D]`.
    pub x: Tensor,
    /// Queries as projected, before norm and rope, which cost less to do again than to keep `[N, H, Dh]`.
    pub q: Tensor,
    /// Keys as projected, before norm and rope `[N, K, Dh]`.
    pub k: Tensor,
    /// Values `[N, K, Dh]`.
    pub v: Tensor,
    /// Input of `o_proj` `[N, H*Dh]`.
    pub attn: Tensor,
    /// Residual stream after attention `[N, D]`.
    pub mid: Tensor,
    /// `gate_proj` output before activation `[N, F]`.
    pub gate: Tensor,
    /// `up_proj` output `[N, F]`.
    pub up: Tensor,
}

/// What every block of a pass has in common.
pub(crate) struct Wiring<'a> {
    pub(crate) adapter: Option<&'a Adapter>,
    pub(crate) dropout: Option<&'a Dropout>,
    pub(crate) cos: &'a Tensor,
    pub(crate) sin: &'a Tensor,
}

/// Which part of the pass the caller keeps.
pub(crate) enum Record<'a> {
    Nothing,
    Tape(&'a mut Tape),
}

/// Attention of one block: (layer, q `[N, H, Dh]`, k `[N, K, Dh]`, v `[N, K, Dh]`) → `[N, H*Dh]`.
pub(crate) type Attend<'a> = dyn FnMut(usize, &Tensor, &Tensor, &Tensor) -> Result<Tensor> + 'a;

impl Decoder {
    /// Packed causal forward pass → hidden states after the final norm `[N, D]`.
    ///
    /// `dropout` acts on the adapter's inputs only; `tape`, if given, is overwritten with what the backward
    /// pass needs.
    ///
    /// # Errors
    /// [`Error::ContextExceeded`] where a sequence is longer than the model's context.
    pub fn forward(
        &self,
        batch: &PackedBatch,
        adapter: Option<&Adapter>,
        dropout: Option<&Dropout>,
        tape: Option<&mut Tape>,
    ) -> Result<Tensor> {
        let record = tape.map_or(Record::Nothing, Record::Tape);
        self.forward_spans(batch, adapter, dropout, record, &mut |_, _, _| Ok(()))
    }

    /// [`Decoder::forward`] that hands each block's keys and values to `keep` (the prefill of a cache).
    pub(crate) fn forward_spans(
        &self,
        batch: &PackedBatch,
        adapter: Option<&Adapter>,
        dropout: Option<&Dropout>,
        record: Record<'_>,
        keep: &mut dyn FnMut(usize, &Tensor, &Tensor) -> Result<()>,
    ) -> Result<Tensor> {
        let limit = self.config.max_position_embeddings;
        if let Some(tokens) = batch.spans.iter().map(ExactSizeIterator::len).max().filter(|n| *n > limit) {
            return Err(Error::ContextExceeded { tokens, limit });
        }
        let mut attend = |layer: usize, q: &Tensor, k: &Tensor, v: &Tensor| {
            keep(layer, k, v)?;
            self.attend_spans(batch, layer, q, k, v)
        };
        self.run_blocks(batch, adapter, dropout, record, &mut attend)
    }

    /// Causal attention of one block within each sequence of a batch.
    pub(crate) fn attend_spans(
        &self,
        batch: &PackedBatch,
        layer: usize,
        q: &Tensor,
        k: &Tensor,
        v: &Tensor,
    ) -> Result<Tensor> {
        let window = self.config.sliding_windows[layer];
        timed(Work::Attention, || {
            let mut parts = Vec::with_capacity(batch.spans.len());
            for span in batch.spans.iter().filter(|span| !span.is_empty()) {
                let rows = |t: &Tensor| t.narrow(0, span.start, span.len());
                parts.push(attend_span(&rows(q)?, &rows(k)?, &rows(v)?, window)?);
            }
            match parts.len() {
                1 => Ok(parts.remove(0)),
                _ => Ok(Tensor::cat(&parts, 0)?),
            }
        })
    }

    /// The blocks with a given attention.
    pub(crate) fn run_blocks(
        &self,
        batch: &PackedBatch,
        adapter: Option<&Adapter>,
        dropout: Option<&Dropout>,
        mut record: Record<'_>,
        attend: &mut Attend<'_>,
    ) -> Result<Tensor> {
        count_tokens(batch.input_ids.dim(0)?);
        let (cos, sin) = self.rope.tables(batch)?;
        let mut x = self.embed_tokens.select(&batch.input_ids)?;
        if let Record::Tape(tape) = &mut record {
            tape.layers.clear();
            tape.final_x = None;
        }
        let wiring = Wiring { adapter, dropout, cos: &cos, sin: &sin };
        for (index, layer) in self.layers.iter().enumerate() {
            let block = self.block(index, x, &wiring, attend)?;
            let act = swiglu(&block.gate, &block.up)?;
            x = add_into(layer.project(index, Target::Down, &act, adapter, dropout)?, &block.mid)?;
            if let Record::Tape(tape) = &mut record {
                tape.layers.push(match tape.recompute {
                    true => BlockTape::Input(block.x),
                    false => BlockTape::Whole(Box::new(block)),
                });
            }
        }
        let hidden = rms_norm(&x, &self.norm, self.config.rms_norm_eps)?;
        if let Record::Tape(tape) = record {
            tape.final_x = Some(x);
        }
        Ok(hidden)
    }

    /// One block from its input `[N, D]` up to its down projection.
    pub(crate) fn block(
        &self,
        index: usize,
        x: Tensor,
        wiring: &Wiring<'_>,
        attend: &mut Attend<'_>,
    ) -> Result<LayerTape> {
        let (layer, eps) = (&self.layers[index], self.config.rms_norm_eps);
        let &Wiring { adapter, dropout, cos, sin } = wiring;
        let project = |target: Target, x: &Tensor| layer.project(index, target, x, adapter, dropout);
        let h = rms_norm(&x, &layer.input_layernorm, eps)?;
        let q = self.heads(&project(Target::Q, &h)?)?;
        let k = self.heads(&project(Target::K, &h)?)?;
        let v = self.heads(&project(Target::V, &h)?)?;
        let rotated_q = norm_and_rotate(&q, layer.q_norm.as_ref(), eps, cos, sin)?;
        let rotated_k = norm_and_rotate(&k, layer.k_norm.as_ref(), eps, cos, sin)?;
        let attn = attend(index, &rotated_q, &rotated_k, &v)?;
        let mid = add_into(project(Target::O, &attn)?, &x)?;
        let h = rms_norm(&mid, &layer.post_attention_layernorm, eps)?;
        let (gate, up) = (project(Target::Gate, &h)?, project(Target::Up, &h)?);
        Ok(LayerTape { x, q, k, v, attn, mid, gate, up })
    }

    /// Logits `[M, V]` of final hidden states `[M, D]`.
    pub fn logits(&self, hidden: &Tensor) -> Result<Tensor> {
        timed(Work::Head, || self.lm_head.project(hidden))
    }

    /// `[N, heads*Dh]` → `[N, heads, Dh]`
    fn heads(&self, x: &Tensor) -> Result<Tensor> {
        let (rows, width) = x.dims2()?;
        Ok(x.reshape((rows, width / self.config.head_dim, self.config.head_dim))?)
    }
}

impl Layer {
    /// `W x + bias + scale * B A dropout(x)` for x `[N, in]` → `[N, out]`.
    pub(crate) fn project(
        &self,
        index: usize,
        target: Target,
        x: &Tensor,
        adapter: Option<&Adapter>,
        dropout: Option<&Dropout>,
    ) -> Result<Tensor> {
        let projection = &self.projections[target as usize];
        let mut y = projection.weight.project(x)?;
        if let Some(bias) = &projection.bias {
            y = y.broadcast_add(bias)?;
        }
        let Some((adapter, pair)) = adapter.and_then(|a| a.get(index, target).map(|pair| (a, pair))) else {
            return Ok(y);
        };
        let low = match dropout.filter(|d| d.p > 0.0) {
            Some(dropout) => matmul(&dropout.apply(x, index, target, None)?, &pair.a.t()?)?,
            None => matmul(x, &pair.a.t()?)?,
        };
        add_product(y, &low, &pair.b.t()?, adapter.scale(index, target))
    }
}
