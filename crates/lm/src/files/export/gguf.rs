//! A model as one GGUF file, with llama.cpp's key and tensor names (`convert_hf_to_gguf.py`, `llama-quant.cpp`).

use std::io::Write;
use std::ops::Range;
use std::path::Path;

use super::gguf_tokenizer::tokenizer_metadata;
use super::{Source, encoded, matrix_shape, projection, write_aside};
use crate::error::{Error, Result};
use crate::files::checkpoint::Checkpoint;
use crate::files::gguf::format::{Planned, Value, bytes_of, write_header, write_padding};
use crate::files::gguf::{
    GRANITE, PHI3, architecture_name, interleaves, names, rope, scores_divided_by,
};
use crate::lora::Adapter;
use crate::model::packed::encode;
use crate::model::{Architecture, DecoderConfig, NO_ROPE_INTERVAL, Target};
use candle_core::quantized::GgmlDType;
use contract::GgufType;

/// What a number type corresponds to in llama.cpp.
trait LlamaCpp: Copy {
    /// llama.cpp's `llama_ftype`.
    fn file_type(self) -> u32;
    /// Type of a matrix with rows of `columns` values. A row whose length is not a multiple of 256 takes Q8_0; if it is
    /// not a multiple of 32 either, f16.
    fn of(self, gguf_name: &str, columns: usize, layers: usize, tied: bool) -> GgmlDType;
    /// What llama.cpp keeps at 6 bits: the head, and the value and down projections of the first and last eighth of the
    /// blocks and of every third block in between.
    fn is_wide(self, gguf_name: &str, layers: usize, tied: bool) -> bool;
}

impl LlamaCpp for GgufType {
    fn file_type(self) -> u32 {
        match self {
            Self::F16 => 1,
            Self::Q8_0 => 7,
            Self::Q4KM => 15,
        }
    }

    fn of(self, gguf_name: &str, columns: usize, layers: usize, tied: bool) -> GgmlDType {
        let wanted = match self {
            Self::F16 => GgmlDType::F16,
            Self::Q8_0 => GgmlDType::Q8_0,
            Self::Q4KM if self.is_wide(gguf_name, layers, tied) => GgmlDType::Q6K,
            Self::Q4KM if gguf_name.ends_with("attn_qkv.weight") => GgmlDType::Q5K,
            Self::Q4KM => GgmlDType::Q4K,
        };
        let fits = |dtype: &GgmlDType| columns.is_multiple_of(dtype.block_size());
        [wanted, GgmlDType::Q8_0]
            .into_iter()
            .find(fits)
            .unwrap_or(GgmlDType::F16)
    }

    fn is_wide(self, gguf_name: &str, layers: usize, tied: bool) -> bool {
        let block = gguf_name
            .strip_prefix("blk.")
            .and_then(|numbered| numbered.split_once('.'));
        match block.and_then(|(layer, module)| Some((layer.parse::<usize>().ok()?, module))) {
            None => gguf_name == "output.weight" || (tied && gguf_name == "token_embd.weight"),
            Some((layer, "attn_v.weight" | "ffn_down.weight")) => {
                let eighth = layers / 8;
                layer < eighth || layer >= 7 * layers / 8 || (layer - eighth) % 3 == 2
            }
            Some(_) => false,
        }
    }
}

/// Writes base model and adapter as one file, with tokenizer and chat template.
///
/// # Errors [`Error::NotInGguf`] where llama.cpp would compute something else or has no name for the tokenizer's
/// splitting pattern, the errors of reading the source, [`Error::Io`].
pub fn write_gguf(
    checkpoint: &Checkpoint,
    adapter: Option<&Adapter>,
    kind: GgufType,
    path: &Path,
) -> Result<()> {
    let source = Source::open(checkpoint, adapter)?;
    let config = &source.config;
    let arch = architecture_name(config.architecture);
    check_expressible(config)?;
    let mut metadata = model_metadata(config, arch, kind);
    metadata.extend(tokenizer_metadata(checkpoint, config)?);
    let divisors = rope::tensors(config);
    let (names, matrices) = plan(&source, kind)?;
    let vector = |(name, values): &(&str, Vec<f32>)| Planned {
        name: (*name).to_owned(),
        dtype: GgmlDType::F32,
        shape: vec![values.len()],
    };
    let plan: Vec<Planned> = divisors.iter().map(vector).chain(matrices).collect();
    write_aside(path, &mut |file| {
        let io = |source| Error::Io {
            path: path.to_path_buf(),
            source,
        };
        write_header(file, &metadata, &plan).map_err(io)?;
        for (_, values) in &divisors {
            file.write_all(&encode(GgmlDType::F32, values))
                .map_err(io)?;
            write_padding(file, 4 * values.len()).map_err(io)?;
        }
        for ((name, first), planned) in names.iter().zip(&plan[divisors.len()..]) {
            let (rows, columns) = matrix_shape(&planned.shape);
            let band = *first..first + rows;
            let interleaved = interleaves(arch) && names::is_query_or_key(name);
            let offset = match names::is_norm(name) {
                true => config.architecture.norm_offset(),
                false => 0.0,
            };
            source.each_block(name, (band, columns), config.head_dim, &mut |mut values| {
                if interleaved {
                    values = interleave(values, columns, config.head_dim);
                }
                if offset != 0.0 {
                    values.iter_mut().for_each(|value| *value += offset);
                }
                let bytes = encoded(name, planned.dtype, &values, columns)?;
                file.write_all(&bytes).map_err(io)
            })?;
            write_padding(file, bytes_of(planned.dtype, &planned.shape).unwrap_or(0))
                .map_err(io)?;
        }
        Ok(())
    })
}

/// A tensor of the checkpoint and the first of its rows that is written.
type Origin = (String, usize);

/// The tensors and where they come from; one that llama.cpp has no name for is left out only where the decoder has no
/// place for it either.
fn plan(source: &Source<'_>, kind: GgufType) -> Result<(Vec<Origin>, Vec<Planned>)> {
    let (layers, tied) = (
        source.config.num_hidden_layers,
        source.config.tie_word_embeddings,
    );
    let (mut origins, mut plan) = (Vec::new(), Vec::new());
    let names = source.weights.names();
    let parts = names.iter().flat_map(|name| {
        let parts = parts(&source.config, name).into_iter();
        parts.map(move |part| (*name, part))
    });
    for (name, (part, band)) in parts {
        let Some(gguf) = names::to_gguf(&part, source.config.architecture) else {
            continue;
        };
        // A tied head that is stored as well is just a copy of the embedding.
        if tied && gguf == "output.weight" && source.weights.contains("model.embed_tokens.weight") {
            continue;
        }
        let gguf = if tied && gguf == "output.weight" {
            "token_embd.weight".to_owned()
        } else {
            gguf
        };
        let mut shape = source.weights.stored_as(name)?.1.to_vec();
        if let (Some(rows), Some(band)) = (shape.first_mut(), &band) {
            *rows = band.len();
        }
        let dtype = match shape[..] {
            [_] => GgmlDType::F32,
            _ => kind.of(&gguf, matrix_shape(&shape).1, layers, tied),
        };
        plan.push(Planned {
            name: gguf,
            dtype,
            shape,
        });
        origins.push((name.to_owned(), band.map_or(0, |band| band.start)));
    }
    Ok((origins, plan))
}

/// What llama.cpp has in place of a tensor, under checkpoint names, and which of its rows; `None` means all of them. It
/// is the same tensor except in Granite 4, where gate and up are one matrix here and two there.
fn parts(config: &DecoderConfig, name: &str) -> Vec<(String, Option<Range<usize>>)> {
    let same = vec![(name.to_owned(), None)];
    let (Architecture::GraniteMoeHybrid, Some((layer, module))) =
        (config.architecture, projection(name))
    else {
        return same;
    };
    let part = |target: Target| {
        let (stored, _, first) = config.stored_projection(target);
        let band = first..first + config.projection_shape(target).0;
        (stored == module).then(|| (format!("{}.weight", target.name(layer)), Some(band)))
    };
    let parts: Vec<_> = Target::ALL.into_iter().filter_map(part).collect();
    match parts.is_empty() {
        true => same,
        false => parts,
    }
}

/// Refuses what llama.cpp would compute differently.
fn check_expressible(config: &DecoderConfig) -> Result<()> {
    let whole_heads = config.num_attention_heads * config.head_dim == config.hidden_size;
    let what = match rope::inexpressible(config) {
        Some(scaling) => scaling,
        None if config.architecture == Architecture::Phi3 && !whole_heads => {
            "heads of another width"
        }
        None if config.architecture == Architecture::Qwen3 && config.o_bias => {
            "a bias behind attention"
        }
        None => match inexpressible(config) {
            Some(what) => what,
            None => return Ok(()),
        },
    };
    Err(Error::NotInGguf {
        what: what.to_owned(),
    })
}

/// The special feature of a family, if any, that llama.cpp would compute differently.
fn inexpressible(config: &DecoderConfig) -> Option<&'static str> {
    match config.architecture {
        Architecture::Gemma3 => inexpressible_gemma3(config),
        Architecture::SmolLm3 => {
            let mut blocks = config.rope_layers.iter().enumerate();
            let has_bias = config.qkv_bias || config.o_bias || config.mlp_bias;
            let is_fourth = |layer: usize| (layer + 1).is_multiple_of(NO_ROPE_INTERVAL);
            match blocks.all(|(layer, rotates)| *rotates != is_fourth(layer)) {
                false => Some("rotation in other blocks than all but every fourth"),
                true => has_bias.then_some("biases"),
            }
        }
        Architecture::GraniteMoeHybrid if config.rope_layers.contains(&false) => {
            Some("blocks that rotate nothing")
        }
        _ => None,
    }
}

/// The feature of a Gemma 3 model, if any, that llama.cpp would compute differently.
fn inexpressible_gemma3(config: &DecoderConfig) -> Option<&'static str> {
    let divisor = scores_divided_by(
        config.num_hidden_layers as u64,
        config.hidden_size as u64,
        config.num_attention_heads as u64,
        config.head_dim as u64,
    );
    if config.attention_multiplier != 1.0 / (divisor as f64).sqrt() {
        return Some("a query_pre_attn_scalar other than the width of a head");
    }
    if config.qkv_bias || config.o_bias {
        return Some("biases in attention");
    }
    match pattern(config) {
        Some(_) => None,
        None => Some("windows in no regular order"),
    }
}

/// The n of a model in which every n-th block sees everything, larger than the number of blocks if no block does;
/// `None` if the blocks follow no such pattern.
fn pattern(config: &DecoderConfig) -> Option<usize> {
    let sliding = &config.local_rope.as_ref()?.layers;
    let first = sliding.iter().position(|sliding| !sliding);
    let pattern = first.unwrap_or(sliding.len()) + 1;
    let in_order =
        |(layer, sliding): (usize, &bool)| *sliding != (layer + 1).is_multiple_of(pattern);
    sliding.iter().enumerate().all(in_order).then_some(pattern)
}

/// Reorders the rows of whole heads from the checkpoint's order to llama.cpp's, in which the two halves of a head
/// alternate.
pub(super) fn interleave(values: Vec<f32>, columns: usize, head_dim: usize) -> Vec<f32> {
    let rows = values.len() / columns.max(1);
    let mut out = Vec::with_capacity(values.len());
    for row in 0..rows {
        let within = row % head_dim;
        let from = row - within + (within % 2) * (head_dim / 2) + within / 2;
        out.extend_from_slice(&values[from * columns..(from + 1) * columns]);
    }
    out
}

fn model_metadata(config: &DecoderConfig, arch: &str, kind: GgufType) -> Vec<(String, Value)> {
    let number = |value: usize| Value::U32(value as u32);
    let mut metadata = vec![
        (
            "general.architecture".to_owned(),
            Value::String(arch.to_owned()),
        ),
        ("general.type".to_owned(), Value::String("model".to_owned())),
        ("general.file_type".to_owned(), Value::U32(kind.file_type())),
        ("general.quantization_version".to_owned(), Value::U32(2)),
    ];
    let mut add = |key: &str, value: Value| metadata.push((format!("{arch}.{key}"), value));
    add("block_count", number(config.num_hidden_layers));
    add("context_length", number(context_length(config)));
    add("embedding_length", number(config.hidden_size));
    add("feed_forward_length", number(config.intermediate_size));
    add("attention.head_count", number(config.num_attention_heads));
    add(
        "attention.head_count_kv",
        number(config.num_key_value_heads),
    );
    add("attention.key_length", number(config.head_dim));
    add("attention.value_length", number(config.head_dim));
    add(
        "attention.layer_norm_rms_epsilon",
        Value::F32(config.rms_norm_eps as f32),
    );
    if arch == PHI3 {
        // Early versions of llama.cpp require the key; 0 means no window.
        add("attention.sliding_window", number(0));
    }
    if arch == GRANITE {
        for (key, factor) in [
            ("embedding_scale", config.embedding_multiplier),
            ("attention.scale", config.attention_multiplier),
            ("residual_scale", config.residual_multiplier),
            ("logit_scale", config.logits_scaling),
        ] {
            add(key, Value::F32(factor as f32));
        }
    }
    if let Some((local, pattern)) = config.local_rope.as_ref().zip(pattern(config)) {
        let windows = config.sliding_windows.iter().flatten().copied();
        // A window that hides nothing is written too: it says which blocks rotate by the other base.
        let window = windows.fold(config.max_position_embeddings, usize::min);
        add("attention.sliding_window", number(window));
        add("attention.sliding_window_pattern", number(pattern));
        add("rope.freq_base_swa", Value::F32(local.theta as f32));
    }
    add("rope.dimension_count", number(config.rotary_dim));
    add("rope.freq_base", Value::F32(config.rope_theta as f32));
    add("vocab_size", number(config.vocab_size));
    for (key, value) in rope::metadata(&config.rope_scaling) {
        add(&format!("rope.scaling.{key}"), value);
    }
    metadata
}

/// The context that the file allows: llama.cpp has no windows for most families, and up to the smallest window it
/// computes the same as the model.
fn context_length(config: &DecoderConfig) -> usize {
    if config.architecture == Architecture::Gemma3 {
        return config.max_position_embeddings;
    }
    let windows = config.sliding_windows.iter().flatten().copied();
    windows.fold(config.max_position_embeddings, usize::min)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_medium_mix_keeps_what_llama_cpp_keeps_at_six_bits() {
        let wide = |name: &str| GgufType::Q4KM.is_wide(name, 16, false);
        // An eighth of 16 blocks is 2: blocks 0, 1, 14 and 15, and of those between 4, 7, 10 and 13.
        let layers: Vec<usize> = (0..16)
            .filter(|l| wide(&format!("blk.{l}.ffn_down.weight")))
            .collect();
        assert_eq!(layers, [0, 1, 4, 7, 10, 13, 14, 15]);
        assert!(
            wide("output.weight") && !wide("token_embd.weight") && !wide("blk.0.ffn_up.weight")
        );
        assert!(GgufType::Q4KM.is_wide("token_embd.weight", 16, true));
        assert_eq!(
            GgufType::Q4KM.of("blk.3.attn_q.weight", 512, 16, true),
            GgmlDType::Q4K
        );
        assert_eq!(
            GgufType::Q4KM.of("blk.3.attn_qkv.weight", 512, 16, true),
            GgmlDType::Q5K
        );
        assert_eq!(
            GgufType::Q4KM.of("blk.3.attn_q.weight", 96, 16, true),
            GgmlDType::Q8_0
        );
        assert_eq!(
            GgufType::Q8_0.of("blk.3.attn_q.weight", 40, 16, true),
            GgmlDType::F16
        );
    }

    #[test]
    fn interleaving_is_undone_by_reading() {
        let head = interleave((0..16).map(|v| v as f32).collect(), 2, 8);
        assert_eq!(head[..8], [0.0, 1.0, 8.0, 9.0, 2.0, 3.0, 10.0, 11.0]);
    }
}
