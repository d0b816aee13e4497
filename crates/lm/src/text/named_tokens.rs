//! The special tokens that chat templates know by name; read from a tokenizer's files (`sources`) or a GGUF's metadata.

use std::collections::BTreeMap;

/// The special tokens that templates know by name, as far as a tokenizer has them: transformers' `special_tokens_map`.
/// A name without a token is undefined in a template, as in transformers.
pub type NamedTokens = BTreeMap<&'static str, String>;

/// The names of [`NamedTokens`].
pub const TOKEN_NAMES: [&str; 7] = [
    "bos_token",
    END_OF_SEQUENCE,
    "unk_token",
    "sep_token",
    "pad_token",
    "cls_token",
    "mask_token",
];

/// The name of the token that ends a sequence.
pub(crate) const END_OF_SEQUENCE: &str = "eos_token";
