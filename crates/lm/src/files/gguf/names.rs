//! Names of tensors and special tokens in Hugging Face's checkpoints and in GGUF (llama.cpp's
//! `gguf-py/gguf/tensor_mapping.py` and `constants.py`).

use crate::model::Architecture;

/// The key below `tokenizer.ggml` of a special token; `seperator` is GGUF's spelling.
pub(crate) fn token_key(name: &str) -> String {
    match name {
        "unk_token" => "unknown_token_id".to_owned(),
        "sep_token" => "seperator_token_id".to_owned(),
        "pad_token" => "padding_token_id".to_owned(),
        same => format!("{same}_id"),
    }
}

/// Names of tensors outside the blocks.
const WHOLE: [(&str, &str); 3] = [
    ("model.embed_tokens", "token_embd"),
    ("model.norm", "output_norm"),
    ("lm_head", "output"),
];

/// Names of tensors inside a block.
const BLOCK: [(&str, &str); 10] = [
    ("input_layernorm", "attn_norm"),
    ("self_attn.q_proj", "attn_q"),
    ("self_attn.k_proj", "attn_k"),
    ("self_attn.v_proj", "attn_v"),
    ("self_attn.o_proj", "attn_output"),
    ("self_attn.q_norm", "attn_q_norm"),
    ("self_attn.k_norm", "attn_k_norm"),
    ("mlp.gate_proj", "ffn_gate"),
    ("mlp.up_proj", "ffn_up"),
    ("mlp.down_proj", "ffn_down"),
];

/// The norm before the MLP of families that have none after attention.
const PRE_NORM: [(&str, &str); 1] = [("post_attention_layernorm", "ffn_norm")];

/// Gemma 3's norms after attention and around the MLP.
const POST_NORMS: [(&str, &str); 3] = [
    ("post_attention_layernorm", "post_attention_norm"),
    ("pre_feedforward_layernorm", "ffn_norm"),
    ("post_feedforward_layernorm", "post_ffw_norm"),
];

/// Phi-3's matrices of several projections; here `ffn_up` differs from the `ffn_up` of other families.
const FUSED: [(&str, &str); 2] = [
    ("self_attn.qkv_proj", "attn_qkv"),
    ("mlp.gate_up_proj", "ffn_up"),
];

/// Names that a family has inside a block, its own names first.
fn block(family: Architecture) -> impl Iterator<Item = &'static (&'static str, &'static str)> {
    let fused: &[_] = match family {
        Architecture::Phi3 => &FUSED,
        _ => &[],
    };
    let norms: &[_] = match family {
        Architecture::Gemma3 => &POST_NORMS,
        _ => &PRE_NORM,
    };
    fused.iter().chain(norms).chain(&BLOCK)
}

/// `blk.3.attn_q.weight` → `model.layers.3.self_attn.q_proj.weight`; `None` for a tensor the decoder has no place for.
pub(crate) fn from_gguf(name: &str, family: Architecture) -> Option<String> {
    let (module, part) = name.rsplit_once('.')?;
    if let Some((hf, _)) = WHOLE.iter().find(|(_, gguf)| *gguf == module) {
        return Some(format!("{hf}.{part}"));
    }
    let (layer, module) = module.strip_prefix("blk.")?.split_once('.')?;
    let (hf, _) = block(family).find(|(_, gguf)| *gguf == module)?;
    Some(format!("model.layers.{layer}.{hf}.{part}"))
}

/// The inverse of [`from_gguf`].
pub(crate) fn to_gguf(name: &str, family: Architecture) -> Option<String> {
    let (module, part) = name.rsplit_once('.')?;
    if let Some((_, gguf)) = WHOLE.iter().find(|(hf, _)| *hf == module) {
        return Some(format!("{gguf}.{part}"));
    }
    let (layer, module) = module.strip_prefix("model.layers.")?.split_once('.')?;
    let (_, gguf) = block(family).find(|(hf, _)| *hf == module)?;
    Some(format!("blk.{layer}.{gguf}.{part}"))
}

/// Whether a tensor is the weight of a norm.
pub(crate) fn is_norm(name: &str) -> bool {
    name.ends_with("norm.weight")
}

/// Whether a tensor's rows are those of query or key heads.
pub(crate) fn is_query_or_key(name: &str) -> bool {
    name.contains(".q_proj.") || name.contains(".k_proj.")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_go_there_and_back() {
        for family in Architecture::ALL {
            let inside = block(family).map(|(_, gguf)| format!("blk.12.{gguf}.bias"));
            let outside = WHOLE.map(|(_, gguf)| format!("{gguf}.weight"));
            for name in inside.chain(outside) {
                // In Phi-3, `ffn_up` is a different matrix.
                let there = from_gguf(&name, family).unwrap();
                assert_eq!(to_gguf(&there, family).unwrap(), name);
            }
        }
        for unknown in [
            "blk.0.ffn_gate_exps.weight",
            "blk.0.attn_qkv.weight",
            "blk.0.post_ffw_norm.weight",
            "rope_freqs.weight",
        ] {
            assert_eq!(from_gguf(unknown, Architecture::Llama), None);
        }
    }

    /// The same name refers to a different place in the block.
    #[test]
    fn gemma_s_norms_stand_where_llama_cpp_has_them() {
        for (family, gguf) in [
            (Architecture::Llama, "blk.0.ffn_norm.weight"),
            (Architecture::Gemma3, "blk.0.post_attention_norm.weight"),
        ] {
            let name = "model.layers.0.post_attention_layernorm.weight";
            assert_eq!(to_gguf(name, family).as_deref(), Some(gguf));
            assert!(is_norm(name) && is_norm("model.norm.weight"));
        }
        assert!(!is_norm("model.embed_tokens.weight"));
    }
}
