//! A decoder's tensors: Hugging Face's names for them, and how many weights they hold.

use super::config::DecoderConfig;
use super::target::Target;

/// Name of the embedding `[V, D]`.
pub(crate) const EMBEDDING: &str = "model.embed_tokens.weight";
/// Name of the head `[V, D]`.
pub(crate) const HEAD: &str = "lm_head.weight";
/// Name of the final norm's weight `[D]`.
pub(crate) const FINAL_NORM: &str = "model.norm.weight";
/// Names of a block's norms, for [`norm_name`].
pub(crate) const INPUT_NORM: &str = "input_layernorm";
pub(crate) const POST_ATTENTION_NORM: &str = "post_attention_layernorm";
pub(crate) const Q_NORM: &str = "self_attn.q_norm";
pub(crate) const K_NORM: &str = "self_attn.k_norm";

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
    let norms = 2 * hidden
        + if config.qk_norm {
            2 * config.head_dim
        } else {
            0
        };
    (matrices * config.vocab_size * hidden
        + hidden
        + config.num_hidden_layers * (projections + norms)) as u64
}

/// Name of the weight of a block's norm.
pub(crate) fn norm_name(layer: usize, name: &str) -> String {
    format!("model.layers.{layer}.{name}.weight")
}

/// Name of a tensor (`weight`, `bias`) of a block's projection, which is stored in `module`.
pub(crate) fn projection_name(layer: usize, target: Target, module: &str, part: &str) -> String {
    format!(
        "model.layers.{layer}.{}.{module}.{part}",
        target.block_name()
    )
}
