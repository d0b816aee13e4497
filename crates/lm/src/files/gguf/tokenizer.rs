//! The tokenizer of a GGUF file as a `tokenizer.json`.
//!
//! Two kinds: byte-level BPE (`gpt2`), whose splitting pattern llama.cpp knows by a name (`llama-vocab.cpp`), and
//! SentencePiece BPE with scores (`llama`), whose merges are recovered from the scores as transformers' converters do
//! (`convert_slow_tokenizer.generate_merges`).

use std::collections::HashMap;

use rayon::prelude::*;
use serde_json::{Map, Value as Json, json};
use tokenizers::models::ModelWrapper;
use tokenizers::models::bpe::{BPE, Vocab};
use tokenizers::{AddedToken, Model};

use super::format::{Metadata, Value};
use crate::text::tokenizer::made_by_library;

/// Llama 3's pattern: contractions, words, numbers of one to three digits, symbols and white space.
const LLAMA3_PATTERN: &str = r"(?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\r\n\p{L}\p{N}]?\p{L}+|\p{N}{1,3}| ?[^\s\p{L}\p{N}]+[\r\n]*|\s*[\r\n]+|\s+(?!\S)|\s+";
/// Qwen 2's pattern: the same, with single digits.
const QWEN2_PATTERN: &str = r"(?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\r\n\p{L}\p{N}]?\p{L}+|\p{N}| ?[^\s\p{L}\p{N}]+[\r\n]*|\s*[\r\n]+|\s+(?!\S)|\s+";

/// Mistral's tekken: words split where lower case turns to upper case, single digits.
const TEKKEN_PATTERN: &str = r"[^\r\n\p{L}\p{N}]?[\p{Lu}\p{Lt}\p{Lm}\p{Lo}\p{M}]*[\p{Ll}\p{Lm}\p{Lo}\p{M}]+|[^\r\n\p{L}\p{N}]?[\p{Lu}\p{Lt}\p{Lm}\p{Lo}\p{M}]+[\p{Ll}\p{Lm}\p{Lo}\p{M}]*|\p{N}| ?[^\s\p{L}\p{N}]+[\r\n/]*|\s*[\r\n]+|\s+(?!\S)|\s+";
/// The pattern of GPT-4o and Phi-4-mini: the same, with contractions and numbers of up to three digits.
const GPT4O_PATTERN: &str = r"[^\r\n\p{L}\p{N}]?[\p{Lu}\p{Lt}\p{Lm}\p{Lo}\p{M}]*[\p{Ll}\p{Lm}\p{Lo}\p{M}]+(?i:'s|'t|'re|'ve|'m|'ll|'d)?|[^\r\n\p{L}\p{N}]?[\p{Lu}\p{Lt}\p{Lm}\p{Lo}\p{M}]+[\p{Ll}\p{Lm}\p{Lo}\p{M}]*(?i:'s|'t|'re|'ve|'m|'ll|'d)?|\p{N}{1,3}| ?[^\s\p{L}\p{N}]+[\r\n/]*|\s*[\r\n]+|\s+(?!\S)|\s+";

/// llama.cpp's own patterns for vocabularies of unknown kind (`default`): each splits what the one before it left.
const DEFAULT_PATTERNS: [&str; 4] = [
    r"[\p{P}\$\+<=>\^~\|]+",
    r"'s|'t|'re|'ve|'m|'ll|'d| ?\p{L}+| ?\p{N}+| ?[^\s\p{L}\p{N}]+|\s+(?!\S)",
    r"\p{N}+",
    r"[0-9][0-9][0-9]",
];

/// Splitting patterns by llama.cpp's names; if a pattern has several names, the first is written.
pub(crate) const PATTERNS: [(&str, &str); 8] = [
    ("llama-bpe", LLAMA3_PATTERN),
    ("llama3", LLAMA3_PATTERN),
    ("llama-v3", LLAMA3_PATTERN),
    ("qwen2", QWEN2_PATTERN),
    ("deepseek-r1-qwen", QWEN2_PATTERN),
    ("tekken", TEKKEN_PATTERN),
    ("gpt-4o", GPT4O_PATTERN),
    ("llama4", GPT4O_PATTERN),
];

/// Kinds of vocabulary entries (`llama_token_type`).
pub(crate) const NORMAL: i32 = 1;
/// See [`NORMAL`].
pub(crate) const UNKNOWN: i32 = 2;
/// See [`NORMAL`].
pub(crate) const CONTROL: i32 = 3;
/// See [`NORMAL`].
pub(crate) const USER_DEFINED: i32 = 4;
/// See [`NORMAL`].
pub(crate) const UNUSED: i32 = 5;
/// See [`NORMAL`].
pub(crate) const BYTE: i32 = 6;

/// Longest token that is split into merges, in characters; SentencePiece's own limit is 16.
const MAX_PIECE_CHARS: usize = 128;

/// The tokenizer as the content of a `tokenizer.json`. The reason for a refusal is written for people.
pub(super) fn to_json(metadata: &Metadata) -> Result<Json, String> {
    let parts = Parts::read(metadata)?;
    let mut json = parts.settings;
    json["added_tokens"] = parts.vocabulary.added_tokens();
    json["model"]["vocab"] = Json::Object(parts.vocabulary.ids());
    json["model"]["merges"] = json!(parts.merges);
    Ok(json)
}

/// The tokenizer itself, as the library reads it from [`to_json`], and the id of the token for what it cannot spell.
/// The vocabulary is passed without a detour through text: for a quarter of a million pieces that would be tens of
/// megabytes and take seconds. The reason for a refusal is written for people.
pub(super) fn to_library(
    metadata: &Metadata,
) -> Result<(tokenizers::Tokenizer, Option<u32>), String> {
    let mut parts = Parts::read(metadata)?;
    let model = &mut parts.settings["model"];
    (model["vocab"], model["merges"]) = (json!({}), json!([]));
    let settings = parts.settings.to_string();
    made_by_library(|| {
        let mut library = tokenizers::Tokenizer::from_bytes(settings.as_bytes())?;
        let ModelWrapper::BPE(empty) = library.get_model() else {
            return Err("its model is not of byte pairs".into());
        };
        let ids = parts.vocabulary.tokens.iter().zip(0u32..);
        let vocabulary: Vocab = ids.map(|(token, id)| ((*token).to_owned(), id)).collect();
        let pair = |(left, right): &(&str, &str)| ((*left).to_owned(), (*right).to_owned());
        let mut builder = BPE::builder()
            .vocab_and_merges(vocabulary, parts.merges.iter().map(pair).collect())
            .fuse_unk(empty.fuse_unk)
            .byte_fallback(empty.byte_fallback)
            .ignore_merges(empty.ignore_merges);
        if let Some(unknown) = empty.unk_token.clone() {
            builder = builder.unk_token(unknown);
        }
        let model = builder.build()?;
        let unknown = model.unk_token.as_ref();
        let unknown = unknown.and_then(|token| model.token_to_id(token));
        library.with_model(model);
        let added = parts.vocabulary.added();
        let added =
            added.map(|(_, content, special)| AddedToken::from(content, special).normalized(false));
        library.add_tokens(added)?;
        Ok((library, unknown))
    })
}

/// About how many bytes the result of [`to_json`] takes as text. The reason for a refusal is written for people.
pub(super) fn json_bytes(metadata: &Metadata) -> Result<u64, String> {
    /// Bytes in a file besides a token's characters, including its id, and besides the halves of a merge.
    const AROUND_TOKEN: usize = 11;
    const AROUND_MERGE: usize = 7;
    let Parts {
        settings,
        vocabulary,
        merges,
    } = Parts::read(metadata)?;
    let tokens = vocabulary
        .tokens
        .iter()
        .map(|token| token.len() + AROUND_TOKEN);
    let merges = merges
        .iter()
        .map(|(left, right)| left.len() + right.len() + AROUND_MERGE);
    let added = vocabulary.added_tokens();
    let texts = settings.to_string().len() + added.to_string().len();
    Ok((texts + tokens.sum::<usize>() + merges.sum::<usize>()) as u64)
}

/// A file's tokenizer: everything but its vocabulary as in a `tokenizer.json`, and the vocabulary.
struct Parts<'a> {
    settings: Json,
    vocabulary: Vocabulary<'a>,
    /// Merges in the order of their ranks.
    merges: Vec<(&'a str, &'a str)>,
}

impl<'a> Parts<'a> {
    fn read(metadata: &'a Metadata) -> Result<Self, String> {
        let vocabulary = Vocabulary::read(metadata)?;
        let settings = settings(metadata, &vocabulary)?;
        let merges = match vocabulary.merges.is_empty() && kind(metadata) == LLAMA {
            true => vocabulary.merges_by_score(),
            false => vocabulary.merges.clone(),
        };
        Ok(Self {
            settings,
            vocabulary,
            merges,
        })
    }
}

/// llama.cpp's word for SentencePiece vocabularies.
const LLAMA: &str = "llama";

/// llama.cpp's word for the kind of vocabulary.
fn kind(metadata: &Metadata) -> &str {
    let kind = metadata.get("tokenizer.ggml.model").and_then(Value::as_str);
    kind.unwrap_or("none")
}

/// A `tokenizer.json` without its vocabulary: no tokens and no merges.
fn settings(metadata: &Metadata, vocabulary: &Vocabulary<'_>) -> Result<Json, String> {
    let model = kind(metadata);
    let mut json = match model {
        "gpt2" => byte_level(metadata, vocabulary)?,
        LLAMA => sentence_piece(metadata, vocabulary)?,
        other => {
            return Err(format!(
                "its kind `{other}` is not supported; put tokenizer.json beside the file"
            ));
        }
    };
    json["version"] = json!("1.0");
    let add = |key: &str, default: bool| {
        let flag = metadata
            .get(&format!("tokenizer.ggml.add_{key}_token"))
            .and_then(Value::as_bool);
        let id = metadata
            .get(&format!("tokenizer.ggml.{key}_token_id"))
            .and_then(Value::as_u64);
        id.filter(|_| flag.unwrap_or(default))
            .and_then(|id| vocabulary.tokens.get(id as usize).map(|t| (id, *t)))
    };
    let begins =
        model == LLAMA || matches!(pattern(metadata), Some(LLAMA3_PATTERN | TEKKEN_PATTERN));
    json["post_processor"] = template(add("bos", begins), add("eos", false));
    Ok(json)
}

struct Vocabulary<'a> {
    tokens: Vec<&'a str>,
    kinds: Vec<i32>,
    merges: Vec<(&'a str, &'a str)>,
    scores: Vec<f64>,
}

impl<'a> Vocabulary<'a> {
    fn read(metadata: &'a Metadata) -> Result<Self, String> {
        let array = |key: &str| {
            metadata
                .get(&format!("tokenizer.ggml.{key}"))
                .and_then(Value::as_array)
        };
        let tokens = array("tokens").ok_or("the file holds none; put tokenizer.json beside it")?;
        let tokens: Vec<&str> = tokens.iter().filter_map(Value::as_str).collect();
        let kind = |value: &Value| {
            if let Value::I32(kind) = value {
                *kind
            } else {
                NORMAL
            }
        };
        let kinds: Vec<i32> = array("token_type")
            .unwrap_or_default()
            .iter()
            .map(kind)
            .collect();
        let mut kinds = kinds;
        // A token that ends a turn or a text is not text, whatever type a converter gave it.
        for key in ["bos", "eos", "eot", "eom"] {
            let id = metadata
                .get(&format!("tokenizer.ggml.{key}_token_id"))
                .and_then(Value::as_u64);
            let kind = id.and_then(|id| kinds.get_mut(usize::try_from(id).ok()?));
            if let Some(kind) = kind.filter(|kind| **kind == NORMAL || **kind == USER_DEFINED) {
                *kind = CONTROL;
            }
        }
        if kinds.len() != tokens.len() {
            return Err(missing(
                "token_type",
                "which tokens are special, so they would be spelled out letter by letter",
            ));
        }
        // A space can only be the separator: byte-level vocabularies spell spaces as another character.
        let merge = |merge: &'a Value| merge.as_str().and_then(|merge| merge.split_once(' '));
        let merges: Option<Vec<(&str, &str)>> = array("merges")
            .unwrap_or_default()
            .iter()
            .map(merge)
            .collect();
        let merges = merges.ok_or("`tokenizer.ggml.merges` holds something that is no pair")?;
        let scores = array("scores")
            .unwrap_or_default()
            .iter()
            .map(|s| s.as_f64().unwrap_or(0.0))
            .collect();
        Ok(Self {
            kinds,
            tokens,
            merges,
            scores,
        })
    }

    /// Whether it holds tokens of more than one character, which only merges make.
    fn has_words(&self) -> bool {
        let is_word = |(token, kind): (&&str, &i32)| *kind == NORMAL && token.chars().count() > 1;
        self.tokens.iter().zip(&self.kinds).any(is_word)
    }

    fn ids(&self) -> Map<String, Json> {
        self.tokens
            .iter()
            .enumerate()
            .map(|(id, token)| ((*token).to_owned(), json!(id)))
            .collect()
    }

    /// Tokens other than the ordinary ones: id, content and whether the token is special. Control tokens are special;
    /// tokens added by users are matched as whole words, but count as text.
    fn added(&self) -> impl Iterator<Item = (usize, &'a str, bool)> {
        let tokens = self.tokens.iter().zip(&self.kinds).enumerate();
        tokens
            .filter(|(_, (_, kind))| matches!(**kind, UNKNOWN | CONTROL | USER_DEFINED))
            .map(|(id, (content, kind))| (id, *content, *kind != USER_DEFINED))
    }

    fn added_tokens(&self) -> Json {
        let entry = |(id, content, special)| {
            json!({"id": id, "content": content, "single_word": false, "lstrip": false, "rstrip": false,
                "normalized": false, "special": special})
        };
        self.added().map(entry).collect()
    }

    /// Merges in descending order of the score of the piece they produce.
    fn merges_by_score(&self) -> Vec<(&'a str, &'a str)> {
        let tokens = self.tokens.iter().enumerate();
        let ids: HashMap<&str, usize> = tokens.map(|(id, token)| (*token, id)).collect();
        let of_token = |id: usize| {
            let token = self.tokens[id];
            let characters = token.chars().count();
            let is_whole = self.kinds[id] != NORMAL || characters > MAX_PIECE_CHARS;
            let borders = token.char_indices().skip(1).filter(|_| !is_whole);
            let mut found: Vec<_> = borders
                .zip(1..)
                .filter_map(|((border, _), before)| {
                    let (left, right) = token.split_at(border);
                    let halves = (*ids.get(left)?, *ids.get(right)?);
                    Some((halves, before, left, right))
                })
                .collect();
            found.sort_unstable();
            let score = self.scores.get(id).copied().unwrap_or(0.0);
            let ranked = move |(_, before, left, right)| Merge {
                score,
                characters: (before, characters - before),
                halves: (left, right),
            };
            found.into_iter().map(ranked)
        };
        // A quarter of a million pieces can be split in more than a million places.
        let by_token = (0..self.tokens.len()).into_par_iter();
        let mut merges: Vec<Merge<'a>> = by_token.flat_map_iter(of_token).collect();
        merges.sort_by(|a, b| {
            let score = b.score.total_cmp(&a.score);
            score.then(b.characters.cmp(&a.characters))
        });
        merges.into_iter().map(|merge| merge.halves).collect()
    }
}

/// A pair of pieces that merge into a token.
struct Merge<'a> {
    /// Score of the token that they merge into.
    score: f64,
    /// Lengths of the halves in characters.
    characters: (usize, usize),
    halves: (&'a str, &'a str),
}

/// The refusal of a file that lacks a part of its tokenizer.
fn missing(key: &str, what: &str) -> String {
    format!(
        "`tokenizer.ggml.{key}` is missing: the file does not say {what}; put the model's tokenizer.json beside it, or \
         convert the model again"
    )
}

fn pre_tokenizer_name(metadata: &Metadata) -> Option<&str> {
    metadata.get("tokenizer.ggml.pre").and_then(Value::as_str)
}

/// The splitting pattern of a byte-level vocabulary that names one.
fn pattern(metadata: &Metadata) -> Option<&'static str> {
    let name = pre_tokenizer_name(metadata)?;
    PATTERNS
        .into_iter()
        .find(|(known, _)| *known == name)
        .map(|(_, pattern)| pattern)
}

fn byte_level(metadata: &Metadata, vocabulary: &Vocabulary<'_>) -> Result<Json, String> {
    let pattern = pattern(metadata);
    let gpt2 = json!({"type": "ByteLevel", "add_prefix_space": false, "trim_offsets": true, "use_regex": true});
    if vocabulary.merges.is_empty() && vocabulary.has_words() {
        return Err(missing("merges", "how words are put together from bytes"));
    }
    let bytes = json!({"type": "ByteLevel", "add_prefix_space": false, "trim_offsets": true, "use_regex": false});
    let split = |pattern: &str| json!({"type": "Split", "pattern": {"Regex": pattern}, "behavior": "Isolated", "invert": false});
    let parts = match (pattern, pre_tokenizer_name(metadata)) {
        (Some(pattern), _) => json!([split(pattern), bytes]),
        (None, Some("smollm")) => json!([{"type": "Digits", "individual_digits": true}, gpt2]),
        (None, Some("gpt-2")) => json!([gpt2]),
        (None, Some("default")) => DEFAULT_PATTERNS
            .map(split)
            .into_iter()
            .chain([bytes])
            .collect(),
        // llama.cpp uses its default and warns that output quality will degrade.
        (None, None) => {
            return Err(missing(
                "pre",
                "how a text is split into words, and a guess would give other tokens than the model learnt",
            ));
        }
        (None, Some(other)) => {
            return Err(format!(
                "its splitting pattern `{other}` is not known; put tokenizer.json beside the file"
            ));
        }
    };
    let normalizer = if pattern == Some(QWEN2_PATTERN) {
        json!({"type": "NFC"})
    } else {
        Json::Null
    };
    let ignore_merges = matches!(pattern, Some(LLAMA3_PATTERN | TEKKEN_PATTERN));
    Ok(json!({
        "normalizer": normalizer,
        "pre_tokenizer": {"type": "Sequence", "pretokenizers": parts},
        "decoder": {"type": "ByteLevel", "add_prefix_space": true, "trim_offsets": true, "use_regex": true},
        "model": {"type": "BPE", "ignore_merges": ignore_merges, "byte_fallback": false, "fuse_unk": false},
    }))
}

fn sentence_piece(metadata: &Metadata, vocabulary: &Vocabulary<'_>) -> Result<Json, String> {
    let unscored = vocabulary.scores.len() != vocabulary.tokens.len();
    if vocabulary.merges.is_empty() && unscored && vocabulary.has_words() {
        return Err(missing("scores", "which pieces a word is made of"));
    }
    let prefix = metadata
        .get("tokenizer.ggml.add_space_prefix")
        .and_then(Value::as_bool)
        .unwrap_or(true);
    let replace = json!({"type": "Replace", "pattern": {"String": " "}, "content": "▁"});
    let mut normalizers = vec![replace];
    let mut decoders = vec![
        json!({"type": "Replace", "pattern": {"String": "▁"}, "content": " "}),
        json!({"type": "ByteFallback"}),
        json!({"type": "Fuse"}),
    ];
    if prefix {
        normalizers.insert(0, json!({"type": "Prepend", "prepend": "▁"}));
        decoders.push(json!({"type": "Strip", "content": " ", "start": 1, "stop": 0}));
    }
    let unknown = vocabulary
        .kinds
        .iter()
        .position(|kind| *kind == UNKNOWN)
        .map(|id| vocabulary.tokens[id]);
    Ok(json!({
        "normalizer": {"type": "Sequence", "normalizers": normalizers},
        "pre_tokenizer": null,
        "decoder": {"type": "Sequence", "decoders": decoders},
        "model": {"type": "BPE", "unk_token": unknown, "fuse_unk": true, "byte_fallback": true, "ignore_merges": false},
    }))
}

/// What is put around every text: the begin and the end token.
fn template(bos: Option<(u64, &str)>, eos: Option<(u64, &str)>) -> Json {
    if bos.is_none() && eos.is_none() {
        return Json::Null;
    }
    let special = |token: Option<(u64, &str)>| {
        token.map(|(_, content)| json!({"SpecialToken": {"id": content, "type_id": 0}}))
    };
    let around = |sequence: &str| -> Vec<Json> {
        let text = json!({"Sequence": {"id": sequence, "type_id": 0}});
        [special(bos), Some(text), special(eos)]
            .into_iter()
            .flatten()
            .collect()
    };
    let tokens: Map<String, Json> = [bos, eos]
        .into_iter()
        .flatten()
        .map(|(id, content)| {
            (
                content.to_owned(),
                json!({"id": content, "ids": [id], "tokens": [content]}),
            )
        })
        .collect();
    let pair = [around("A"), around("B")].concat();
    json!({"type": "TemplateProcessing", "single": around("A"), "pair": pair, "special_tokens": tokens})
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::text::{SpecialTokens, Tokenizer};
    use std::path::Path;

    /// A byte-level vocabulary of a few words, and its entries in a file.
    fn metadata(model: &str) -> Metadata {
        let bytes = [
            "a", "b", "c", "Ġ", "1", "2", "3", "4", "!", "<", "|", ">", "x",
        ];
        let words = ["ab", "Ġc", "12", "<|x|>", "<u>"];
        let kinds = [NORMAL; 16].into_iter().chain([CONTROL, USER_DEFINED]);
        let tokens = bytes.into_iter().chain(words);
        let scores = (0..18).map(|rank| Value::F32(-(rank as f32)));
        [
            ("model", Value::String(model.to_owned())),
            ("pre", Value::String("gpt-2".to_owned())),
            ("tokens", Value::strings(tokens)),
            ("token_type", Value::Array(kinds.map(Value::I32).collect())),
            ("merges", Value::strings(["a b", "Ġ c", "1 2"])),
            ("scores", Value::Array(scores.collect())),
        ]
        .into_iter()
        .map(|(key, value)| (format!("tokenizer.ggml.{key}"), value))
        .collect()
    }

    fn tokenizer(metadata: &Metadata) -> Tokenizer {
        let (library, unknown) = to_library(metadata).unwrap();
        Tokenizer::from_library(Path::new("m.gguf"), library, unknown)
    }

    /// The direct way to a tokenizer gives the same result as the one through a tokenizer.json.
    #[test]
    fn the_library_s_tokenizer_is_that_of_the_file_it_stands_for() {
        for kind in ["gpt2", "llama"] {
            let mut metadata = metadata(kind);
            if kind == "llama" {
                metadata.remove("tokenizer.ggml.merges");
                let kinds = [UNKNOWN].into_iter().chain([NORMAL; 15]);
                let kinds = kinds.chain([CONTROL, USER_DEFINED]).map(Value::I32);
                metadata.insert(
                    "tokenizer.ggml.token_type".to_owned(),
                    Value::Array(kinds.collect()),
                );
            }
            let json = to_json(&metadata).unwrap().to_string();
            let long = tokenizers::Tokenizer::from_bytes(json.as_bytes()).unwrap();
            let (short, unknown) = to_library(&metadata).unwrap();
            let text = |library: &tokenizers::Tokenizer| library.to_string(false).unwrap();
            assert_eq!(text(&short), text(&long), "{kind}");
            let (about, exact) = (json_bytes(&metadata).unwrap(), json.len() as u64);
            assert!(
                about.abs_diff(exact) < exact / 10,
                "{kind}: {about} of {exact}"
            );
            assert_eq!(unknown, (kind == "llama").then_some(0));
        }
    }

    #[test]
    fn the_types_of_tokens_say_what_is_special() {
        let tokenizer = tokenizer(&metadata("gpt2"));
        let encode = |text: &str, special| tokenizer.encode(text, special).unwrap();
        assert_eq!(encode("ab<|x|>", SpecialTokens::Parse), [13, 16]);
        assert_eq!(
            encode("ab<|x|>", SpecialTokens::AsText),
            [13, 9, 10, 12, 10, 11]
        );
        let mut named = metadata("gpt2");
        named.insert("tokenizer.ggml.eos_token_id".to_owned(), Value::U32(17));
        assert!(self::tokenizer(&named).is_special(17));
        // A token added by the user stays whole in any text.
        assert_eq!(encode("<u>c", SpecialTokens::AsText), [17, 2]);
    }

    #[test]
    fn a_file_that_lacks_a_part_of_its_tokenizer_is_refused_by_the_key() {
        for (model, key) in [
            ("gpt2", "merges"),
            ("gpt2", "pre"),
            ("gpt2", "token_type"),
            ("llama", "token_type"),
        ] {
            let mut incomplete = metadata(model);
            incomplete.remove(&format!("tokenizer.ggml.{key}"));
            let refused = to_json(&incomplete).unwrap_err();
            assert!(
                refused.contains(&format!("`tokenizer.ggml.{key}` is missing")),
                "{refused}"
            );
            assert!(refused.contains("tokenizer.json"), "{refused}");
        }
        let mut incomplete = metadata("llama");
        for key in ["scores", "merges"] {
            incomplete.remove(&format!("tokenizer.ggml.{key}"));
        }
        assert!(
            to_json(&incomplete)
                .unwrap_err()
                .contains("tokenizer.ggml.scores")
        );
        let mut empty = metadata("gpt2");
        empty.insert("tokenizer.ggml.merges".to_owned(), Value::Array(Vec::new()));
        assert!(to_json(&empty).unwrap_err().contains("merges"));
        empty.insert(
            "tokenizer.ggml.merges".to_owned(),
            Value::strings(["a b", "ab"]),
        );
        assert!(to_json(&empty).unwrap_err().contains("merges"));
    }

    /// llama.cpp's default splits punctuation off first, and numbers into groups of three.
    #[test]
    fn the_default_pattern_is_llama_cpps() {
        let mut default = metadata("gpt2");
        default.insert(
            "tokenizer.ggml.pre".to_owned(),
            Value::String("default".to_owned()),
        );
        let json = to_json(&default).unwrap().to_string();
        let library = tokenizers::Tokenizer::from_bytes(json.as_bytes()).unwrap();
        let encoding = library.encode("ab c!1234 <x", false).unwrap();
        assert_eq!(
            encoding.get_tokens(),
            ["ab", "Ġc", "!", "12", "3", "4", "Ġ", "<", "x"]
        );
    }
}
