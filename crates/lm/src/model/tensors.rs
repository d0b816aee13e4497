//! A decoder's tensors: Hugging Face's names for them, and how many weights they hold.

use super::architecture::Architecture;
use super::config::DecoderConfig;
use super::target::Target;

/// Name of the embedding `[V, D]`.
pub(crate) const EMBEDDING: &str = "model.embed_tokens.weight";
/// Name of the head `[V, D]`.
pub(crate) const HEAD: &str = "lm_head.weight";
/// Name of the final norm's weight `[D]`.
pub(crate) const FINAL_NORM: &str = "model.norm.weight";

/// A norm of a block, by its place.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum BlockNorm {
    /// Reads the residual stream for attention.
    Input,
    /// Reads each query head.
    Query,
    /// Reads each key head.
    Key,
    /// Reads attention's output.
    PostAttention,
    /// Reads the residual stream for the MLP.
    PreFeedforward,
    /// Reads the MLP's output.
    PostFeedforward,
}

impl BlockNorm {
    const ALL: [Self; 6] = [
        Self::Input,
        Self::Query,
        Self::Key,
        Self::PostAttention,
        Self::PreFeedforward,
        Self::PostFeedforward,
    ];

    /// The norms that the blocks of a model have.
    pub(crate) fn of(config: &DecoderConfig) -> impl Iterator<Item = Self> + '_ {
        Self::ALL.into_iter().filter(|norm| match norm {
            Self::Input | Self::PreFeedforward => true,
            Self::Query | Self::Key => config.qk_norm,
            Self::PostAttention | Self::PostFeedforward => config.post_norms,
        })
    }

    /// Name of its weight in a checkpoint. What most families call `post_attention_layernorm` reads the residual stream
    /// after attention, for the MLP; in Gemma 3 it reads attention's output.
    pub(crate) fn tensor_name(self, architecture: Architecture, layer: usize) -> String {
        let module = match self {
            Self::Input => "input_layernorm",
            Self::Query => "self_attn.q_norm",
            Self::Key => "self_attn.k_norm",
            Self::PreFeedforward if architecture != Architecture::Gemma3 => {
                "post_attention_layernorm"
            }
            Self::PreFeedforward => "pre_feedforward_layernorm",
            Self::PostAttention => "post_attention_layernorm",
            Self::PostFeedforward => "post_feedforward_layernorm",
        };
        format!("model.layers.{layer}.{module}.weight")
    }

    /// Number of values in its weight.
    pub(crate) fn width(self, config: &DecoderConfig) -> usize {
        match self {
            Self::Query | Self::Key => config.head_dim,
            Self::Input | Self::PostAttention | Self::PreFeedforward | Self::PostFeedforward => {
                config.hidden_size
            }
        }
    }
}

/// Number of weights, counting a tied matrix once.
pub fn parameters(config: &DecoderConfig) -> u64 {
    let projections: usize = Target::ALL
        .into_iter()
        .map(|target| {
            let (rows, columns) = config.projection_shape(target);
            rows * columns
                + if config.projection_bias(target) {
                    rows
                } else {
                    0
                }
        })
        .sum();
    let matrices = if config.tie_word_embeddings { 1 } else { 2 };
    let hidden = config.hidden_size;
    let norms: usize = BlockNorm::of(config).map(|norm| norm.width(config)).sum();
    (matrices * config.vocab_size * hidden
        + hidden
        + config.num_hidden_layers * (projections + norms)) as u64
}

/// Name of a tensor (`weight`, `bias`) of a block's projection where that is a module of its own.
pub(crate) fn projection_name(layer: usize, target: Target, part: &str) -> String {
    format!("{}.{part}", target.name(layer))
}
