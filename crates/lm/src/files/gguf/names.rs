//! Names of tensors and special tokens in Hugging Face's checkpoints and in GGUF (llama.cpp's
//! `gguf-py/gguf/tensor_mapping.py` and `constants.py`).

/// The key below `tokenizer.ggml` of a special token; `seperator` is GGUF's spelling.
pub(crate) fn token_key(name: &str) -> String {
    match name {
        "unk_token" => "unknown_token_id".to_owned(),
        "sep_token" => "seperator_token_id".to_owned(),
        "pad_token" => "padding_token_id".to_owned(),
        same => format!("{same}_id"),
    }
}

/// Outside the blocks.
const WHOLE: [(&str, &str); 3] = [
    ("model.embed_tokens", "token_embd"),
    ("model.norm", "output_norm"),
    ("lm_head", "output"),
];

/// Inside a block.
const BLOCK: [(&str, &str); 11] = [
    ("input_layernorm", "attn_norm"),
    ("post_attention_layernorm", "ffn_norm"),
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

/// Phi-3's matrices of several projections; `ffn_up` is then not what it is in other families.
const FUSED: [(&str, &str); 2] = [
    ("self_attn.qkv_proj", "attn_qkv"),
    ("mlp.gate_up_proj", "ffn_up"),
];

/// `blk.3.attn_q.weight` → `model.layers.3.self_attn.q_proj.weight`; `None` for a tensor the decoder has no place for.
pub(crate) fn from_gguf(name: &str, fused: bool) -> Option<String> {
    let (module, part) = name.rsplit_once('.')?;
    if let Some((hf, _)) = WHOLE.iter().find(|(_, gguf)| *gguf == module) {
        return Some(format!("{hf}.{part}"));
    }
    let (layer, module) = module.strip_prefix("blk.")?.split_once('.')?;
    let mut known = FUSED.iter().filter(|_| fused).chain(&BLOCK);
    let (hf, _) = known.find(|(_, gguf)| *gguf == module)?;
    Some(format!("model.layers.{layer}.{hf}.{part}"))
}

/// The inverse of [`from_gguf`].
pub(crate) fn to_gguf(name: &str) -> Option<String> {
    let (module, part) = name.rsplit_once('.')?;
    if let Some((_, gguf)) = WHOLE.iter().find(|(hf, _)| *hf == module) {
        return Some(format!("{gguf}.{part}"));
    }
    let (layer, module) = module.strip_prefix("model.layers.")?.split_once('.')?;
    let (_, gguf) = BLOCK.iter().chain(&FUSED).find(|(hf, _)| *hf == module)?;
    Some(format!("blk.{layer}.{gguf}.{part}"))
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
        for (_, gguf) in WHOLE {
            let name = format!("{gguf}.weight");
            assert_eq!(to_gguf(&from_gguf(&name, false).unwrap()).unwrap(), name);
        }
        for ((_, gguf), fused) in BLOCK
            .iter()
            .map(|b| (b, false))
            .chain(FUSED.iter().map(|f| (f, true)))
        {
            let name = format!("blk.12.{gguf}.bias");
            assert_eq!(to_gguf(&from_gguf(&name, fused).unwrap()).unwrap(), name);
        }
        assert_eq!(from_gguf("blk.0.ffn_gate_exps.weight", false), None);
        assert_eq!(from_gguf("blk.0.attn_qkv.weight", false), None);
        assert_eq!(from_gguf("rope_freqs.weight", false), None);
    }
}
