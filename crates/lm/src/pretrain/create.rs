//! A new model folder: tokenizer, configuration, random weights.

use std::collections::HashMap;
use std::path::Path;

use candle_core::{DType, Device, Tensor};
use serde_json::{Value, json};
use tokenizers::decoders::byte_level::ByteLevel as ByteLevelDecoder;
use tokenizers::models::TrainerWrapper;
use tokenizers::models::bpe::{BPE, BpeTrainer};
use tokenizers::pre_tokenizers::byte_level::ByteLevel;
use tokenizers::{AddedToken, Tokenizer};

use super::weights::{shapes, write};
use crate::disk::write_atomically;
use crate::error::{Error, Result};
use crate::model::DecoderConfig;
use crate::random;

/// Ends a document; also what `eos_token` names.
const END: &str = "<|endoftext|>";
const TURN_START: &str = "<|im_start|>";
const TURN_END: &str = "<|im_end|>";

/// ChatML, as used by many models.
const CHAT_TEMPLATE: &str = "{% for message in messages %}{{ '<|im_start|>' + message['role'] + '\\n' + \
                             message['content'] + '<|im_end|>' + '\\n' }}{% endfor %}\
                             {% if add_generation_prompt %}{{ '<|im_start|>assistant\\n' }}{% endif %}";

/// Standard deviation of new matrices, transformers' `initializer_range`.
const SPREAD: f64 = 0.02;

/// Sizes of a new decoder, under Hugging Face's names.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Shape {
    /// Tokens of the vocabulary, those of the template included.
    pub vocab_size: usize,
    /// Width of the residual stream.
    pub hidden_size: usize,
    /// Width of the gated MLP.
    pub intermediate_size: usize,
    /// Number of blocks.
    pub num_hidden_layers: usize,
    /// Number of query heads; divides the hidden size.
    pub num_attention_heads: usize,
    /// Heads of keys and values.
    pub num_key_value_heads: usize,
    /// Longest sequence, tokens.
    pub max_position_embeddings: usize,
}

/// Writes a model folder with random weights: a tokenizer trained on `texts`, a Llama configuration of `shape`, and
/// ChatML as the chat template. The same texts, shape and seed give the same files.
///
/// # Errors
/// [`Error::Setting`] for an invalid shape or too few texts for the vocabulary, [`Error::Io`].
pub fn create(dir: &Path, shape: &Shape, texts: &[String], seed: u64) -> Result<()> {
    let config = config_json(shape);
    let decoder = DecoderConfig::from_json(&config, &dir.join("config.json"))?;
    let tokenizer = train_tokenizer(texts, shape.vocab_size)?;
    let found = tokenizer.get_vocab_size(true);
    if found != shape.vocab_size {
        let reason = format!(
            "is {}, but the corpus makes {found} tokens: give more text or ask for fewer",
            shape.vocab_size
        );
        return Err(Error::Setting {
            name: "vocab_size",
            reason,
        });
    }
    std::fs::create_dir_all(dir).map_err(|source| Error::Io {
        path: dir.to_path_buf(),
        source,
    })?;
    let file = |name: &str, text: String| write_atomically(&dir.join(name), text.as_bytes());
    let path = dir.join("tokenizer.json");
    let text = tokenizer.to_string(true).map_err(|e| Error::Tokenizer {
        path,
        reason: e.to_string(),
    })?;
    file("tokenizer.json", text)?;
    file("tokenizer_config.json", pretty(&tokenizer_config(shape)))?;
    file("config.json", pretty(&config))?;
    let values = shapes(&decoder)
        .into_iter()
        .map(|(name, shape)| Ok((name.clone(), initial(&name, &shape, seed)?)));
    write(
        &values.collect::<Result<HashMap<_, _>>>()?,
        DType::F32,
        &dir.join("model.safetensors"),
    )
}

fn pretty(value: &Value) -> String {
    format!("{value:#}\n")
}

fn config_json(shape: &Shape) -> Value {
    json!({
        "architectures": ["LlamaForCausalLM"],
        "model_type": "llama",
        "vocab_size": shape.vocab_size,
        "hidden_size": shape.hidden_size,
        "intermediate_size": shape.intermediate_size,
        "num_hidden_layers": shape.num_hidden_layers,
        "num_attention_heads": shape.num_attention_heads,
        "num_key_value_heads": shape.num_key_value_heads,
        "max_position_embeddings": shape.max_position_embeddings,
        "hidden_act": "silu",
        "rms_norm_eps": 1e-5,
        "rope_theta": 10_000.0,
        "initializer_range": SPREAD,
        "tie_word_embeddings": true,
        "attention_bias": false,
        "mlp_bias": false,
        "eos_token_id": [0, 2],
        "pad_token_id": 0
    })
}

fn tokenizer_config(shape: &Shape) -> Value {
    json!({
        "tokenizer_class": "PreTrainedTokenizerFast",
        "eos_token": END,
        "pad_token": END,
        "additional_special_tokens": [TURN_START, TURN_END],
        "chat_template": CHAT_TEMPLATE,
        "clean_up_tokenization_spaces": false,
        "model_max_length": shape.max_position_embeddings
    })
}

/// Trains a byte-level BPE tokenizer, which can spell any text.
fn train_tokenizer(texts: &[String], vocab_size: usize) -> Result<Tokenizer> {
    let refuse = |reason: String| Error::Setting {
        name: "vocab_size",
        reason,
    };
    let special = [END, TURN_START, TURN_END].map(|token| AddedToken::from(token, true));
    let alphabet = ByteLevel::alphabet();
    if vocab_size < alphabet.len() + special.len() {
        return Err(refuse(format!(
            "must be at least {}",
            alphabet.len() + special.len()
        )));
    }
    let mut tokenizer = Tokenizer::new(BPE::default());
    tokenizer.with_pre_tokenizer(Some(ByteLevel::new(false, true, true)));
    tokenizer.with_decoder(Some(ByteLevelDecoder::default()));
    let trainer = BpeTrainer::builder()
        .vocab_size(vocab_size)
        .min_frequency(2)
        .special_tokens(special.to_vec())
        .initial_alphabet(alphabet.into_iter().collect())
        .show_progress(false)
        .build();
    let mut trainer = TrainerWrapper::from(trainer);
    tokenizer
        .train(&mut trainer, texts.iter().map(String::as_str))
        .map_err(|e| refuse(e.to_string()))?;
    Ok(tokenizer)
}

/// Ones for a norm; normal numbers for a matrix, those that write into the residual stream start smaller, since their
/// outputs add up (GPT-2, Radford et al. 2019).
fn initial(name: &str, shape: &[usize], seed: u64) -> Result<Tensor> {
    if shape.len() == 1 {
        return Ok(Tensor::ones(shape, DType::F32, &Device::Cpu)?);
    }
    let key = random::key(seed, &[random::label(name)]);
    let spread = if name.contains("o_proj") || name.contains("down_proj") {
        SPREAD / 4.0
    } else {
        SPREAD
    };
    let count = shape.iter().product::<usize>() as u64;
    // Box and Muller 1958.
    let normal = |i: u64| {
        let (u, v) = (
            1.0 - random::uniform(key, 2 * i),
            random::uniform(key, 2 * i + 1),
        );
        (spread * (-2.0 * u.ln()).sqrt() * (std::f64::consts::TAU * v).cos()) as f32
    };
    Ok(Tensor::from_vec(
        (0..count).map(normal).collect::<Vec<_>>(),
        shape,
        &Device::Cpu,
    )?)
}
