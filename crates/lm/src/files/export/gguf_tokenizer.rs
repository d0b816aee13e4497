//! A `tokenizer.json` as GGUF metadata, the inverse of `gguf::tokenizer`.

use std::collections::{BTreeMap, HashMap};

use serde_json::Value as Json;

use crate::disk::read_json;
use crate::error::{Error, Result};
use crate::files::checkpoint::Checkpoint;
use crate::files::gguf::format::Value;
use crate::files::gguf::names;
use crate::files::gguf::tokenizer::{
    BYTE, CONTROL, NORMAL, PATTERNS, UNKNOWN, UNUSED, USER_DEFINED,
};
use crate::model::DecoderConfig;
use crate::text::named_tokens::TOKEN_NAMES;

/// Score of a piece that no merge produces.
const NEVER_MERGED: f32 = -1e6;

/// The keys `tokenizer.*`. Those of a GGUF source are taken over as they are.
pub(super) fn tokenizer_metadata(
    checkpoint: &Checkpoint,
    config: &DecoderConfig,
) -> Result<Vec<(String, Value)>> {
    let path = checkpoint.dir().join("tokenizer.json");
    if let (Checkpoint::Gguf(file), false) = (checkpoint, path.is_file()) {
        return Ok(file.tokenizer_metadata());
    }
    let mut json = read_json(&path)?;
    // Special tokens that other files name are special in the file as well.
    json["added_tokens"] = checkpoint.tokenizer(config)?.added_tokens_json();
    let refuse = |what: &str| Error::NotInGguf {
        what: what.to_owned(),
    };
    let vocabulary = Vocabulary::read(&json, config.vocab_size)
        .ok_or_else(|| refuse("a tokenizer that is no BPE vocabulary of the model's size"))?;
    let mut metadata = match splitting(&json) {
        Some(Splitting::ByteLevel(pre)) => vec![
            ("model", Value::String("gpt2".to_owned())),
            ("pre", Value::String(pre.to_owned())),
            (
                "merges",
                Value::strings(vocabulary.merges.iter().map(String::as_str)),
            ),
        ],
        Some(Splitting::SentencePiece { prefix }) => vec![
            ("model", Value::String("llama".to_owned())),
            ("pre", Value::String("default".to_owned())),
            ("scores", vocabulary.scores()),
            ("add_space_prefix", Value::Bool(prefix)),
        ],
        None => return Err(refuse("the tokenizer's way of splitting words")),
    };
    metadata.push((
        "tokens",
        Value::strings(vocabulary.tokens.iter().map(String::as_str)),
    ));
    metadata.push((
        "token_type",
        Value::Array(
            vocabulary
                .kinds
                .iter()
                .map(|kind| Value::I32(*kind))
                .collect(),
        ),
    ));
    let around = &json["post_processor"];
    metadata.push(("add_bos_token", Value::Bool(begins_with_special(around))));
    if ends_with_special(around) {
        metadata.push(("add_eos_token", Value::Bool(true)));
    }
    let mut metadata: Vec<(String, Value)> = metadata
        .into_iter()
        .map(|(key, value)| (format!("tokenizer.ggml.{key}"), value))
        .collect();
    let chat = checkpoint.chat_template()?;
    for name in TOKEN_NAMES {
        let named = chat
            .tokens()
            .get(name)
            .and_then(|token| vocabulary.tokens.iter().position(|t| t == token));
        let configured = match name {
            "bos_token" => config.bos_token_id,
            "eos_token" => config.eos_token_ids.first().copied(),
            _ => None,
        };
        let id = named.map(|id| id as u32).or(configured);
        let key = format!("tokenizer.ggml.{}", names::token_key(name));
        metadata.extend(id.map(|id| (key, Value::U32(id))));
    }
    if chat.own {
        metadata.push((
            "tokenizer.chat_template".to_owned(),
            Value::String(chat.source().to_owned()),
        ));
    }
    Ok(metadata)
}

enum Splitting {
    /// Byte-level BPE, with llama.cpp's name of the pattern.
    ByteLevel(&'static str),
    /// SentencePiece, with or without a space put before the text.
    SentencePiece { prefix: bool },
}

fn splitting(json: &Json) -> Option<Splitting> {
    let parts = |json: &Json, list: &str| match json[list].as_array() {
        Some(parts) => parts.clone(),
        None => vec![json.clone()],
    };
    let pre = parts(&json["pre_tokenizer"], "pretokenizers");
    let is = |part: &Json, kind: &str| part["type"] == kind;
    if json["model"]["byte_fallback"] == true {
        let normalizers = parts(&json["normalizer"], "normalizers");
        let metaspace = pre.iter().find(|part| is(part, "Metaspace"));
        let prefix = normalizers.iter().any(|part| is(part, "Prepend"))
            || metaspace.is_some_and(|part| part["prepend_scheme"] != "never");
        return Some(Splitting::SentencePiece { prefix });
    }
    let byte_level = pre.iter().find(|part| is(part, "ByteLevel"))?;
    let pattern = pre
        .iter()
        .find(|part| is(part, "Split"))
        .map(|part| part["pattern"]["Regex"].as_str());
    let digits = pre
        .iter()
        .any(|part| is(part, "Digits") && part["individual_digits"] == true);
    match (pattern, byte_level["use_regex"] != false, digits) {
        (Some(found), false, false) => {
            let known = PATTERNS
                .into_iter()
                .find(|(_, pattern)| found == Some(pattern));
            known.map(|(name, _)| Splitting::ByteLevel(name))
        }
        (None, true, true) => Some(Splitting::ByteLevel("smollm")),
        (None, true, false) => Some(Splitting::ByteLevel("gpt-2")),
        _ => None,
    }
}

/// Whether the post-processor puts a special token before every text.
fn begins_with_special(processor: &Json) -> bool {
    match processor["processors"].as_array() {
        Some(parts) => parts.iter().any(begins_with_special),
        None => processor["single"][0]["SpecialToken"].is_object(),
    }
}

/// Whether it puts one after each text.
fn ends_with_special(processor: &Json) -> bool {
    match processor["processors"].as_array() {
        Some(parts) => parts.iter().any(ends_with_special),
        None => {
            let last = processor["single"]
                .as_array()
                .and_then(|single| single.last());
            last.is_some_and(|last| last["SpecialToken"].is_object())
        }
    }
}

struct Vocabulary {
    tokens: Vec<String>,
    kinds: Vec<i32>,
    /// Each merge as two pieces with a space between them, in order.
    merges: Vec<String>,
}

impl Vocabulary {
    /// Tokens by id, filled up to the rows of the embedding.
    fn read(json: &Json, rows: usize) -> Option<Self> {
        let unknown = json["model"]["unk_token"].as_str();
        let byte_pieces = json["model"]["byte_fallback"] == true;
        let kind = |token: &str| match token {
            token if Some(token) == unknown => UNKNOWN,
            token if byte_pieces && token.len() == 6 && token.starts_with("<0x") => BYTE,
            _ => NORMAL,
        };
        let id = |value: &Json| value.as_u64().map(|id| id as usize).filter(|id| *id < rows);
        let mut by_id: BTreeMap<usize, (String, i32)> = BTreeMap::new();
        for (token, value) in json["model"]["vocab"].as_object()? {
            by_id.insert(id(value)?, (token.clone(), kind(token)));
        }
        for token in json["added_tokens"].as_array().into_iter().flatten() {
            let content = token["content"].as_str()?;
            let special = if token["special"] == true {
                CONTROL
            } else {
                USER_DEFINED
            };
            let kind = if Some(content) == unknown {
                UNKNOWN
            } else {
                special
            };
            // Runs of blanks are matched before blanks become pieces (`convert_hf_to_gguf.py`, `_create_vocab_sentencepiece`).
            let content = match byte_pieces && kind == USER_DEFINED {
                true => content.replace('▁', " "),
                false => content.to_owned(),
            };
            by_id.insert(id(&token["id"])?, (content, kind));
        }
        let entry = |id: usize| {
            by_id
                .remove(&id)
                .unwrap_or_else(|| (format!("[PAD{id}]"), UNUSED))
        };
        let (tokens, kinds) = (0..rows).map(entry).unzip();
        let merge = |merge: &Json| match merge {
            Json::String(merge) => Some(merge.clone()),
            pair => Some(format!("{} {}", pair[0].as_str()?, pair[1].as_str()?)),
        };
        let merges = json["model"]["merges"]
            .as_array()?
            .iter()
            .map(merge)
            .collect::<Option<_>>()?;
        Some(Self {
            tokens,
            kinds,
            merges,
        })
    }

    /// SentencePiece prefers the piece with the highest score, BPE the earliest merge: the score is the negative rank.
    fn scores(&self) -> Value {
        let mut ranks = HashMap::new();
        for (rank, merge) in self.merges.iter().enumerate() {
            ranks.entry(merge.replacen(' ', "", 1)).or_insert(rank);
        }
        let score = |token: &String| {
            ranks
                .get(token)
                .map_or(NEVER_MERGED, |rank| -(*rank as f32))
        };
        Value::Array(
            self.tokens
                .iter()
                .map(|token| Value::F32(score(token)))
                .collect(),
        )
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn blanks_of_added_tokens_are_written_as_blanks_where_pieces_have_a_sign_for_them() {
        let tokens = |byte_fallback: bool| {
            let json = json!({
                "added_tokens": [
                    {"id": 1, "content": "▁▁", "special": false},
                    {"id": 2, "content": "<▁>", "special": true}
                ],
                "model": {"byte_fallback": byte_fallback, "vocab": {"▁": 0}, "merges": []}
            });
            Vocabulary::read(&json, 3).unwrap().tokens
        };
        assert_eq!(tokens(true), ["▁", "  ", "<▁>"]);
        assert_eq!(tokens(false), ["▁", "▁▁", "<▁>"]);
    }
}
