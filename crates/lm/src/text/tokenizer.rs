//! The checkpoint's tokenizer (`tokenizer.json`), through the `tokenizers` library.
//!
//! Whether text may produce special tokens is the caller's choice at every call: a template's own text must,
//! a user's text must not, or a dialogue that contains `<|eot_id|>` would end its own turn.

use std::collections::BTreeMap;
use std::ops::Range;
use std::path::{Path, PathBuf};

use serde_json::Value;
use tokenizers::Encoding;
use tokenizers::processors::template::TemplateProcessing;

use crate::disk::read_json;
use crate::error::{Error, Result};
use crate::profile::{Work, timed};

/// Breaks special strings in a text that is encoded with others: a noncharacter, which no text for interchange
/// may hold (Unicode 23.7). Its own tokens are never sent to the model.
pub(crate) const BREAK: char = '\u{FDD0}';

/// What happens to the strings of special tokens inside a text.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum SpecialTokens {
    /// They become the special tokens, as in the reference.
    Parse,
    /// They are ordinary text; no special id is ever produced.
    AsText,
}

/// A tokenizer and its special tokens.
#[derive(Clone)]
pub struct Tokenizer {
    path: PathBuf,
    parsing: tokenizers::Tokenizer,
    plain: tokenizers::Tokenizer,
    /// Strings of the special tokens by their ids.
    special: BTreeMap<u32, String>,
    /// Stands for characters that the vocabulary cannot spell.
    unknown_id: Option<u32>,
    vocab_size: usize,
}

impl std::fmt::Debug for Tokenizer {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Tokenizer")
            .field("path", &self.path)
            .field("vocab_size", &self.vocab_size)
            .finish()
    }
}

impl Tokenizer {
    /// Reads `tokenizer.json` of a model folder, and from `tokenizer_config.json` what it adds around a text.
    ///
    /// # Errors
    /// [`Error::MissingFile`], or [`Error::Tokenizer`] where the file is invalid.
    pub fn load(dir: &Path) -> Result<Self> {
        let path = dir.join("tokenizer.json");
        let bytes = std::fs::read(&path).map_err(|e| Error::io(&path, e))?;
        let config = dir.join("tokenizer_config.json");
        let config = if config.is_file() {
            read_json(&config)?
        } else {
            Value::Null
        };
        Self::new(&path, &bytes, &config)
    }

    /// From the content of a `tokenizer.json`; `path` is named in errors.
    ///
    /// # Errors
    /// [`Error::Tokenizer`] where it is invalid.
    pub fn from_json(path: &Path, bytes: &[u8]) -> Result<Self> {
        Self::new(path, bytes, &Value::Null)
    }

    fn new(path: &Path, bytes: &[u8], config: &Value) -> Result<Self> {
        let invalid = |reason: String| Error::Tokenizer {
            path: path.to_path_buf(),
            reason,
        };
        let mut parsing =
            read(bytes).map_err(|reason| invalid(format!("cannot be read: {reason}")))?;
        // Truncation or padding left over from somebody's training would silently change texts.
        parsing
            .with_truncation(None)
            .map_err(|e| invalid(e.to_string()))?;
        parsing.with_padding(None);
        if let Some(around) = around(config, &parsing).map_err(|e| invalid(e.to_string()))? {
            parsing.with_post_processor(Some(around));
        }
        let mut plain = parsing.clone();
        plain.set_encode_special_tokens(true);
        let vocab_size = parsing
            .get_vocab(true)
            .values()
            .max()
            .map_or(0, |id| *id as usize + 1);
        let added = parsing.get_added_tokens_decoder().into_iter();
        let special = added
            .filter(|(_, token)| token.special)
            .map(|(id, token)| (id, token.content))
            .collect();
        let unknown_id = unknown_id(bytes, &parsing);
        Ok(Self {
            path: path.to_path_buf(),
            parsing,
            plain,
            special,
            unknown_id,
            vocab_size,
        })
    }

    /// Token ids of `text`; never adds a begin token.
    pub fn encode(&self, text: &str, special: SpecialTokens) -> Result<Vec<u32>> {
        match special {
            SpecialTokens::Parse => Ok(self.parse(text, false)?.get_ids().to_vec()),
            SpecialTokens::AsText => self.encode_as_text(text, false),
        }
    }

    /// Token ids of `text` with what the tokenizer adds around it, usually the begin token.
    pub fn encode_with_added(&self, text: &str, special: SpecialTokens) -> Result<Vec<u32>> {
        match special {
            SpecialTokens::Parse => Ok(self.parse(text, true)?.get_ids().to_vec()),
            SpecialTokens::AsText => self.encode_as_text(text, true),
        }
    }

    fn parse(&self, text: &str, add: bool) -> Result<Encoding> {
        timed(Work::Tokenize, || self.parsing.encode(text, add)).map_err(|e| self.error(e))
    }

    fn encode_as_text(&self, text: &str, add: bool) -> Result<Vec<u32>> {
        let encoding =
            timed(Work::Tokenize, || self.plain.encode(text, add)).map_err(|e| self.error(e))?;
        let mut ids = Vec::with_capacity(encoding.len());
        let tokens = encoding
            .get_ids()
            .iter()
            .zip(encoding.get_offsets())
            .zip(encoding.get_special_tokens_mask());
        for ((id, (start, end)), added) in tokens {
            let part = text.get(*start..*end).unwrap_or_default();
            if *added == 1 || !self.is_written(*id, part) {
                ids.push(*id);
                continue;
            }
            // A vocabulary that also holds the special string as an ordinary entry: spell it out.
            for character in part.chars().map(String::from) {
                let spelled = self
                    .plain
                    .encode(character.as_str(), false)
                    .map_err(|e| self.error(e))?;
                ids.extend(
                    spelled
                        .get_ids()
                        .iter()
                        .filter(|id| !self.is_written(**id, &character)),
                );
            }
        }
        Ok(ids)
    }

    /// Whether `id` is a special token that `part` of a text wrote; characters without a token of their own are
    /// unknown, which is no writing.
    fn is_written(&self, id: u32, part: &str) -> bool {
        let Some(string) = self.special.get(&id) else {
            return false;
        };
        self.unknown_id != Some(id) || part.contains(string.as_str())
    }

    /// Where `text`, parsed, writes special tokens: byte ranges in order.
    pub(crate) fn special_spans(&self, text: &str) -> Result<Vec<Range<usize>>> {
        let encoding = self.parse(text, false)?;
        let tokens = encoding.get_ids().iter().zip(encoding.get_offsets());
        let written = tokens.filter(|(id, (start, end))| {
            self.is_written(**id, text.get(*start..*end).unwrap_or_default())
        });
        Ok(written.map(|(_, (start, end))| *start..*end).collect())
    }

    /// Token ids of a text whose special strings count unless a [`BREAK`] stands in them, without the tokens of
    /// the breaks.
    pub(crate) fn encode_broken(&self, text: &str) -> Result<Vec<u32>> {
        let encoding = self.parse(text, false)?;
        let mut utf8 = [0; 4];
        let alone: &str = BREAK.encode_utf8(&mut utf8);
        let is_break = |(start, end): &(usize, usize)| text.get(*start..*end) == Some(alone);
        let tokens = encoding.get_ids().iter().zip(encoding.get_offsets());
        Ok(tokens
            .filter(|(_, span)| !is_break(span))
            .map(|(id, _)| *id)
            .collect())
    }

    /// Text of `ids`, with or without special tokens.
    pub fn decode(&self, ids: &[u32], skip_special: bool) -> Result<String> {
        timed(Work::Tokenize, || self.parsing.decode(ids, skip_special)).map_err(|e| self.error(e))
    }

    /// Highest id + 1.
    pub fn vocab_size(&self) -> usize {
        self.vocab_size
    }

    /// Id of a token given as the vocabulary spells it.
    pub fn token_to_id(&self, token: &str) -> Option<u32> {
        self.parsing.token_to_id(token)
    }

    /// Whether the tokenizer marks a token as special.
    pub fn is_special(&self, id: u32) -> bool {
        self.special.contains_key(&id)
    }

    /// Strings of the special tokens, in the order of their ids.
    pub fn special_strings(&self) -> impl Iterator<Item = &str> {
        self.special.values().map(String::as_str)
    }

    /// The library's tokenizer.
    pub(crate) fn underlying(&self) -> &tokenizers::Tokenizer {
        &self.parsing
    }

    fn error(&self, source: impl std::fmt::Display) -> Error {
        Error::Tokenizer {
            path: self.path.clone(),
            reason: source.to_string(),
        }
    }
}

/// What `add_bos_token` and `add_eos_token` of tokenizer_config.json put in the place of tokenizer.json's own
/// rule, as transformers 5 does (`TokenizersBackend.update_post_processor`); `None` if it names neither.
fn around(
    config: &Value,
    tokenizer: &tokenizers::Tokenizer,
) -> std::result::Result<
    Option<TemplateProcessing>,
    tokenizers::processors::template::TemplateProcessingBuilderError,
> {
    let wanted = |field: &str| config[field].as_bool();
    if wanted("add_bos_token").is_none() && wanted("add_eos_token").is_none() {
        return Ok(None);
    }
    let token = |flag: &str, name: &str| {
        let string = wanted(flag)?.then(|| token_string(&config[name]))?;
        Some((string.to_owned(), tokenizer.token_to_id(string)?))
    };
    let (bos, eos) = (
        token("add_bos_token", "bos_token"),
        token("add_eos_token", "eos_token"),
    );
    let pieces = [
        bos.as_ref().map(|(bos, _)| bos.as_str()),
        Some("$A"),
        eos.as_ref().map(|(eos, _)| eos.as_str()),
    ];
    let single: Vec<&str> = pieces.into_iter().flatten().collect();
    let specials: Vec<(String, u32)> = bos.iter().chain(&eos).cloned().collect();
    TemplateProcessing::builder()
        .try_single(single)?
        .special_tokens(specials)
        .build()
        .map(Some)
}

/// A token of tokenizer_config.json: text, or an object with its content; empty where it is absent.
pub(crate) fn token_string(value: &Value) -> &str {
    value
        .as_str()
        .or_else(|| value["content"].as_str())
        .unwrap_or_default()
}

/// The model's token for what it cannot spell, as tokenizer.json names it.
fn unknown_id(tokenizer_json: &[u8], tokenizer: &tokenizers::Tokenizer) -> Option<u32> {
    let json: Value = serde_json::from_slice(tokenizer_json).ok()?;
    let model = &json["model"];
    let by_number = model["unk_id"]
        .as_u64()
        .and_then(|id| u32::try_from(id).ok());
    by_number.or_else(|| tokenizer.token_to_id(model["unk_token"].as_str()?))
}

/// Reads the content of a `tokenizer.json`. The library panics on some damaged files (its decoder's
/// `expect("Helper")`): broken JSON is told first, and what is left of that becomes an error.
fn read(bytes: &[u8]) -> std::result::Result<tokenizers::Tokenizer, String> {
    serde_json::from_slice::<serde::de::IgnoredAny>(bytes).map_err(|e| e.to_string())?;
    match std::panic::catch_unwind(|| tokenizers::Tokenizer::from_bytes(bytes)) {
        Ok(read) => read.map_err(|e| e.to_string()),
        Err(_) => Err("a part of it has an unknown form".to_owned()),
    }
}
