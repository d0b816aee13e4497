//! The decoder network over packed sequences, after transformers' `modeling_llama.py`.
//!
//! The sequences of a batch are laid end to end without padding, N rows in all. Positions and spans say which sequence
//! and place each row belongs to. The same block code serves training (with a [`Tape`] for the explicit backward
//! pass), scoring, prefill and decoding: only the attention differs, so it is an argument.

use candle_core::{DType, Device, Tensor};

use super::attention::{attend_span, norm_and_rotate};
use super::config::DecoderConfig;
use super::dropout::Dropout;
use super::linear::{add_product, matmul};
use super::low_rank::{LoraPair, LowRank};
use super::packed_batch::{PackedBatch, Rows, pick};
use super::rope::{Rope, Rotations};
use super::target::{PerTarget, Target};
use super::tensors::BlockNorm;
use super::weight::Weight;
use crate::device::Place;
use crate::error::{Error, Result};
use crate::ops::{add_into, rms_norm};
use crate::profile::{Work, count_tokens, timed};

/// A frozen decoder-only transformer. Its activations have the number type of its norms, which is f32 on the processor
/// (see [`Place`]).
#[derive(Debug, Clone)]
pub struct Decoder {
    /// Sizes and constants from the model's configuration.
    pub config: DecoderConfig,
    /// Embedding of the tokens, `[V, D]`.
    pub embed_tokens: Weight,
    /// The blocks, first to last.
    pub layers: Vec<Layer>,
    /// Weight of the final norm `[D]`.
    pub norm: Tensor,
    /// The head over the vocabulary, `[V, D]`; shares the embedding's storage if the model ties the two.
    pub lm_head: Weight,
    /// Rotary position embedding, which turns positions into cosines and sines.
    pub rope: Rope,
    /// The device that holds all tensors.
    pub device: Device,
}

/// The frozen weights of one transformer block. A norm's weight is what its input is multiplied by, whatever form the
/// checkpoint stores it in.
#[derive(Debug, Clone)]
pub struct Layer {
    /// Norm before attention `[D]`.
    pub input_layernorm: Tensor,
    /// Norm of each query head `[Dh]`; `None` if the family has no such norm.
    pub q_norm: Option<Tensor>,
    /// Norm of each key head `[Dh]`; `None` if the family has no such norm.
    pub k_norm: Option<Tensor>,
    /// Norm of attention's output, before it is added to the residual stream `[D]`; `None` if the family has no such
    /// norm. Checkpoints of those families have [`Layer::pre_feedforward_layernorm`] under this name.
    pub post_attention_layernorm: Option<Tensor>,
    /// Norm before the gated MLP `[D]`.
    pub pre_feedforward_layernorm: Tensor,
    /// Norm of the MLP's output, before it is added to the residual stream `[D]`; `None` if the family has no such
    /// norm.
    pub post_feedforward_layernorm: Option<Tensor>,
    /// The block's seven linear maps, from the query to the down projection.
    pub projections: PerTarget<Projection>,
}

/// A frozen linear map, `W x + bias`.
#[derive(Debug, Clone)]
pub struct Projection {
    /// The matrix, `[out, in]`.
    pub weight: Weight,
    /// Added to every row, `[out]`; `None` if the family has no bias here.
    pub bias: Option<Tensor>,
}

/// What a forward pass leaves for the backward pass.
#[derive(Debug, Clone, Default)]
pub struct Tape {
    /// Whether to keep only the input of each block; the backward pass then recomputes the rest (gradient
    /// checkpointing, Chen et al. 2016, arXiv 1604.06174). The gradients are the same, bit for bit.
    pub recompute: bool,
    /// What each block left, first block first.
    pub layers: Vec<BlockTape>,
    /// Input of the final norm in the wanted rows, `[M, D]`; `None` until the pass has ended.
    pub final_x: Option<Tensor>,
}

/// What is kept of one block.
#[derive(Debug, Clone)]
pub enum BlockTape {
    /// Everything that its backward pass reads.
    Whole(Box<LayerTape>),
    /// Only its input `[N, D]`, from which the backward pass computes the rest again.
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

/// What one block leaves for its backward pass. In the last block, the queries and everything from attention on have
/// only the M wanted rows; in all other blocks M is N.
#[derive(Debug, Clone)]
pub struct LayerTape {
    /// Block input `[N, D]`.
    pub x: Tensor,
    /// Queries `[M, H, Dh]` as projected, before norm and rope: recomputing those costs less than keeping their
    /// results.
    pub q: Tensor,
    /// Keys as projected, before norm and rope `[N, K, Dh]`.
    pub k: Tensor,
    /// Values `[N, K, Dh]`.
    pub v: Tensor,
    /// Input of `o_proj` `[M, H*Dh]`.
    pub attn: Tensor,
    /// Output of `o_proj` `[M, D]`; `None` if no norm reads it.
    pub attn_out: Option<Tensor>,
    /// Residual stream after attention `[M, D]`.
    pub mid: Tensor,
    /// `gate_proj` output before activation `[M, F]`.
    pub gate: Tensor,
    /// `up_proj` output `[M, F]`.
    pub up: Tensor,
    /// Output of `down_proj` `[M, D]`; `None` if no norm reads it.
    pub mlp_out: Option<Tensor>,
    /// `x Aᵀ` `[M or N, R]` of each projection with an adapter; `None` for `down_proj` if the block was recomputed.
    pub low: PerTarget<Option<Tensor>>,
}

/// What every block of a pass has in common.
pub(crate) struct Wiring<'a> {
    pub(crate) adapter: Option<&'a LowRank>,
    pub(crate) dropout: Option<&'a Dropout>,
    /// Cosines and sines by which the packed rows are rotated.
    pub(crate) rotations: &'a Rotations,
    /// Rows whose hidden states are wanted; `None` for all rows.
    pub(crate) wanted: Option<&'a Rows>,
}

/// What the pass records for its caller.
pub(crate) enum Record<'a> {
    Nothing,
    Tape(&'a mut Tape),
}

/// Attention of one block: (layer, q `[M, H, Dh]`, k `[N, K, Dh]`, v `[N, K, Dh]`) → `[M, H*Dh]`.
pub(crate) type Attend<'a> = dyn FnMut(usize, &Tensor, &Tensor, &Tensor) -> Result<Tensor> + 'a;

impl Decoder {
    /// Runs a packed causal forward pass and returns the hidden states after the final norm, `[M, D]`: the rows that
    /// the batch wants.
    ///
    /// `dropout` acts on the adapter's inputs only; `tape`, if given, is overwritten with what the backward
    /// pass needs.
    ///
    /// # Errors
    /// [`Error::ContextExceeded`] if a sequence is longer than the model's context.
    pub fn forward(
        &self,
        batch: &PackedBatch,
        adapter: Option<&LowRank>,
        dropout: Option<&Dropout>,
        tape: Option<&mut Tape>,
    ) -> Result<Tensor> {
        let record = tape.map_or(Record::Nothing, Record::Tape);
        self.forward_spans(batch, adapter, dropout, record, &mut |_, _, _| Ok(()))
    }

    /// Like [`Decoder::forward`], but also hands each block's index, keys and values to `keep`, so that a cache can be
    /// filled.
    pub(crate) fn forward_spans(
        &self,
        batch: &PackedBatch,
        adapter: Option<&LowRank>,
        dropout: Option<&Dropout>,
        record: Record<'_>,
        keep: &mut dyn FnMut(usize, &Tensor, &Tensor) -> Result<()>,
    ) -> Result<Tensor> {
        let limit = self.config.max_position_embeddings;
        if let Some(tokens) = batch
            .spans
            .iter()
            .map(|span| span.seq_len)
            .max()
            .filter(|n| *n > limit)
        {
            return Err(Error::ContextExceeded { tokens, limit });
        }
        let mut attend = |layer: usize, q: &Tensor, k: &Tensor, v: &Tensor| {
            keep(layer, k, v)?;
            self.attend_spans(batch, layer, q, k, v)
        };
        self.run_blocks(batch, adapter, dropout, record, &mut attend)
    }

    /// Causal attention of one block within each sequence of a batch; in the last block only for queries of wanted
    /// rows.
    pub(crate) fn attend_spans(
        &self,
        batch: &PackedBatch,
        layer: usize,
        q: &Tensor,
        k: &Tensor,
        v: &Tensor,
    ) -> Result<Tensor> {
        let attention = self.config.attention(layer);
        timed(Work::Attention, || {
            let mut parts = Vec::with_capacity(batch.spans.len());
            for (span, queries) in batch.queries(self.is_last(layer)) {
                if queries.is_empty() {
                    continue;
                }
                let q = q.narrow(0, queries.start, queries.len())?;
                parts.push(attend_span(
                    &q,
                    &batch.seen(span, k)?,
                    &batch.seen(span, v)?,
                    attention,
                )?);
            }
            match parts.len() {
                1 => Ok(parts.remove(0)),
                _ => Ok(Tensor::cat(&parts, 0)?),
            }
        })
    }

    /// Runs all blocks with a given attention, then the final norm; returns the hidden states `[M, D]` of the wanted
    /// rows.
    pub(crate) fn run_blocks(
        &self,
        batch: &PackedBatch,
        adapter: Option<&LowRank>,
        dropout: Option<&Dropout>,
        mut record: Record<'_>,
        attend: &mut Attend<'_>,
    ) -> Result<Tensor> {
        count_tokens(batch.input_ids.dim(0)?);
        let rotations = self.rotations(batch)?;
        let mut x = self.embed(&batch.input_ids)?;
        if let Record::Tape(tape) = &mut record {
            tape.layers.clear();
            tape.final_x = None;
        }
        let wanted = batch.wanted()?;
        let wiring = Wiring {
            adapter,
            dropout,
            rotations: &rotations,
            wanted: wanted.as_ref(),
        };
        for index in 0..self.layers.len() {
            let mut block = self.block(index, x, &wiring, attend)?;
            x = self.finish_block(index, &mut block, &wiring)?;
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

    /// Computes one block from its input `[N, D]` up to, but without, its down projection.
    pub(crate) fn block(
        &self,
        index: usize,
        x: Tensor,
        wiring: &Wiring<'_>,
        attend: &mut Attend<'_>,
    ) -> Result<LayerTape> {
        let (layer, eps) = (&self.layers[index], self.config.rms_norm_eps);
        let &Wiring {
            adapter,
            dropout,
            rotations,
            wanted,
        } = wiring;
        let rows = wanted.filter(|_| self.is_last(index));
        let rotation = rotations.rotation(index, None)?;
        let of_queries = rotations.rotation(index, rows)?;
        let mut low = PerTarget::<Option<Tensor>>::default();
        let mut project = |target: Target, x: &Tensor, rows: Option<&Rows>| -> Result<Tensor> {
            let (y, of_target) = layer.project(index, target, x, adapter, dropout, rows)?;
            low[target] = of_target;
            Ok(y)
        };
        let h = rms_norm(&x, &layer.input_layernorm, eps)?;
        let q = self.heads(&project(Target::Q, &pick(&h, rows)?, rows)?)?;
        let k = self.heads(&project(Target::K, &h, None)?)?;
        let v = self.heads(&project(Target::V, &h, None)?)?;
        let rotated_q = norm_and_rotate(&q, layer.q_norm.as_ref(), eps, &of_queries)?;
        let rotated_k = norm_and_rotate(&k, layer.k_norm.as_ref(), eps, &rotation)?;
        let attn = attend(index, &rotated_q, &rotated_k, &v)?;
        let out = project(Target::O, &attn, rows)?;
        let norm = layer.post_attention_layernorm.as_ref();
        let (mid, attn_out) = self.add_to_stream(out, norm, &pick(&x, rows)?)?;
        let h = rms_norm(&mid, &layer.pre_feedforward_layernorm, eps)?;
        let (gate, up) = (
            project(Target::Gate, &h, rows)?,
            project(Target::Up, &h, rows)?,
        );
        Ok(LayerTape {
            x,
            q,
            k,
            v,
            attn,
            attn_out,
            mid,
            gate,
            up,
            mlp_out: None,
            low,
        })
    }

    /// The rest of a block, from its down projection on: returns its output `[M, D]`, and records in `block` what the
    /// backward pass reads from it.
    pub(crate) fn finish_block(
        &self,
        index: usize,
        block: &mut LayerTape,
        wiring: &Wiring<'_>,
    ) -> Result<Tensor> {
        let layer = &self.layers[index];
        let act = self.config.activation.gate(&block.gate, &block.up)?;
        let rows = wiring.wanted.filter(|_| self.is_last(index));
        let (adapter, dropout) = (wiring.adapter, wiring.dropout);
        let (out, low) = layer.project(index, Target::Down, &act, adapter, dropout, rows)?;
        block.low[Target::Down] = low;
        let norm = layer.post_feedforward_layernorm.as_ref();
        let (x, mlp_out) = self.add_to_stream(out, norm, &block.mid)?;
        block.mlp_out = mlp_out;
        Ok(x)
    }

    /// Embedded tokens `[N, D]`. A family's factor on them is applied in f32, so that bf16 rounds only the product,
    /// once, and not the factor.
    fn embed(&self, ids: &Tensor) -> Result<Tensor> {
        match self.config.embedding_multiplier {
            1.0 => self.embed_tokens.select(ids, self.dtype()),
            factor => {
                let rows = self.embed_tokens.select(ids, DType::F32)?;
                Ok((rows * factor)?.to_dtype(self.dtype())?)
            }
        }
    }

    /// The residual stream with `out` `[M, D]` added to it, passed through a norm and multiplied by a factor if the
    /// family has them; also returns what that norm read.
    fn add_to_stream(
        &self,
        out: Tensor,
        norm: Option<&Tensor>,
        stream: &Tensor,
    ) -> Result<(Tensor, Option<Tensor>)> {
        let (branch, out) = match norm {
            None => (out, None),
            Some(weight) => {
                let normed = rms_norm(&out, weight, self.config.rms_norm_eps)?;
                (normed, Some(out))
            }
        };
        let branch = scaled(branch, self.config.residual_multiplier)?;
        Ok((add_into(branch, stream)?, out))
    }

    /// Logits `[M, V]` of final hidden states `[M, D]`. A family's divisor is applied to the hidden states, which are
    /// narrower.
    pub fn logits(&self, hidden: &Tensor) -> Result<Tensor> {
        let hidden = scaled(hidden.clone(), 1.0 / self.config.logits_scaling)?;
        timed(Work::Head, || self.lm_head.project(&hidden))
    }

    /// The gradient `[M, D]` of final hidden states from the gradient of their logits `[M, V]`.
    pub(crate) fn logits_backward(&self, dlogits: &Tensor) -> Result<Tensor> {
        let dhidden = self.lm_head.project_backward(dlogits, None)?;
        scaled(dhidden, 1.0 / self.config.logits_scaling)
    }

    /// Multiplies `rows` rows by every matrix that a decode step multiplies by, and does nothing else: the least time
    /// that a step can take.
    pub fn products(&self, rows: usize) -> Result<()> {
        let projections = self.layers.iter().flat_map(|layer| &layer.projections);
        let weights = projections.map(|projection| &projection.weight);
        for weight in weights.chain([&self.lm_head]) {
            let x = Tensor::ones((rows, weight.shape()?.1), self.dtype(), &self.device)?;
            weight.project(&x)?;
        }
        Ok(())
    }

    /// Number type of the activations.
    pub fn dtype(&self) -> DType {
        self.norm.dtype()
    }

    /// The device that holds the model, and the number type used there.
    pub fn place(&self) -> Place {
        Place {
            device: self.device.clone(),
            dtype: self.dtype(),
        }
    }

    /// A copy of the model for another device or number type.
    ///
    /// # Errors
    /// [`Error::Candle`] if the device has too little memory, [`Error::Setting`] if it cannot use the model's quantised
    /// blocks.
    pub fn placed(&self, place: &Place) -> Result<Self> {
        let lm_head = self.lm_head.placed(place)?;
        let embed_tokens = match self.config.tie_word_embeddings {
            true => lm_head.clone(),
            false => self.embed_tokens.placed(place)?,
        };
        let layers = self
            .layers
            .iter()
            .map(|layer| layer.placed(place))
            .collect::<Result<_>>()?;
        let (config, norm, rope) = (
            self.config.clone(),
            place.put(&self.norm)?,
            self.rope.clone(),
        );
        Ok(Self {
            config,
            embed_tokens,
            layers,
            norm,
            lm_head,
            rope,
            device: place.device.clone(),
        })
    }

    /// Cosines and sines of a batch's rows, in the number type of the activations.
    pub(crate) fn rotations(&self, batch: &PackedBatch) -> Result<Rotations> {
        batch.rotations(&self.rope)?.to_dtype(self.dtype())
    }

    /// Whether `index` is that of the last block.
    pub(crate) fn is_last(&self, index: usize) -> bool {
        index + 1 == self.layers.len()
    }

    /// Splits each row into its heads: `[N, heads*Dh]` → `[N, heads, Dh]`.
    fn heads(&self, x: &Tensor) -> Result<Tensor> {
        let (rows, width) = x.dims2()?;
        Ok(x.reshape((rows, width / self.config.head_dim, self.config.head_dim))?)
    }
}

/// `x` times a factor of the family, which is 1 for most families.
pub(crate) fn scaled(x: Tensor, factor: f64) -> Result<Tensor> {
    match factor {
        1.0 => Ok(x),
        factor => Ok((x * factor)?),
    }
}

impl Layer {
    /// The weight of a norm, if the block has it.
    pub(crate) fn norm(&self, norm: BlockNorm) -> Option<&Tensor> {
        match norm {
            BlockNorm::Input => Some(&self.input_layernorm),
            BlockNorm::Query => self.q_norm.as_ref(),
            BlockNorm::Key => self.k_norm.as_ref(),
            BlockNorm::PostAttention => self.post_attention_layernorm.as_ref(),
            BlockNorm::PreFeedforward => Some(&self.pre_feedforward_layernorm),
            BlockNorm::PostFeedforward => self.post_feedforward_layernorm.as_ref(),
        }
    }

    /// Mutable form of [`Layer::norm`].
    pub(crate) fn norm_mut(&mut self, norm: BlockNorm) -> Option<&mut Tensor> {
        match norm {
            BlockNorm::Input => Some(&mut self.input_layernorm),
            BlockNorm::Query => self.q_norm.as_mut(),
            BlockNorm::Key => self.k_norm.as_mut(),
            BlockNorm::PostAttention => self.post_attention_layernorm.as_mut(),
            BlockNorm::PreFeedforward => Some(&mut self.pre_feedforward_layernorm),
            BlockNorm::PostFeedforward => self.post_feedforward_layernorm.as_mut(),
        }
    }

    fn placed(&self, place: &Place) -> Result<Self> {
        let put = |norm: &Option<Tensor>| norm.as_ref().map(|norm| place.put(norm)).transpose();
        let mut layer = Self {
            input_layernorm: place.put(&self.input_layernorm)?,
            q_norm: put(&self.q_norm)?,
            k_norm: put(&self.k_norm)?,
            post_attention_layernorm: put(&self.post_attention_layernorm)?,
            pre_feedforward_layernorm: place.put(&self.pre_feedforward_layernorm)?,
            post_feedforward_layernorm: put(&self.post_feedforward_layernorm)?,
            projections: self.projections.clone(),
        };
        for projection in &mut layer.projections {
            *projection = Projection {
                weight: projection.weight.placed(place)?,
                bias: put(&projection.bias)?,
            };
        }
        Ok(layer)
    }

    /// Computes `W x + bias + scale * B A dropout(x)` for x `[M, in]` → `[M, out]`. If the projection has an adapter,
    /// `A dropout(x)` `[M, R]` is returned too. `rows` are the packed rows that x holds, `None` for all.
    pub(crate) fn project(
        &self,
        index: usize,
        target: Target,
        x: &Tensor,
        adapter: Option<&LowRank>,
        dropout: Option<&Dropout>,
        rows: Option<&Rows>,
    ) -> Result<(Tensor, Option<Tensor>)> {
        let projection = &self.projections[target];
        let mut y = projection.weight.project(x)?;
        if let Some(bias) = &projection.bias {
            y = y.broadcast_add(bias)?;
        }
        let Some((adapter, pair)) =
            adapter.and_then(|a| a.get(index, target).map(|pair| (a, pair)))
        else {
            return Ok((y, None));
        };
        let LoraPair { a, b } = &pair.as_dtype(x.dtype())?;
        let low = match dropout.filter(|d| d.p > 0.0) {
            Some(dropout) => {
                let places = rows.map(|rows| rows.places.as_slice());
                matmul(&dropout.apply(x, index, target, places)?, &a.t()?)?
            }
            None => matmul(x, &a.t()?)?,
        };
        let y = add_product(y, &low, &b.t()?, adapter.scale(index, target))?;
        Ok((y, Some(low)))
    }
}
