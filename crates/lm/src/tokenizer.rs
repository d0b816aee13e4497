//! The checkpoint's tokenizer (`tokenizer.json`), through the `tokenizers` library.
//!
//! Whether text may produce special tokens is the caller's choice at every call: a template's own text must,
//! a user's text must not, or a dialogue that contains `<|eot_id|>` would end its own turn.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

use crate::error::{Error, Result};

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
    special_ids: BTreeSet<u32>,
    special_strings: Vec<String>,
    vocab_size: usize,
}

impl std::fmt::Debug for Tokenizer {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Tokenizer").field("path", &self.path).field("vocab_size", &self.vocab_size).finish()
    }
}

impl Tokenizer {
    /// Reads `tokenizer.json` of a model folder.
    ///
    /// # Errors
    /// [`Error::MissingFile`], or [`Error::Tokenizer`] where the file is invalid.
    pub fn load(dir: &Path) -> Result<Self> {
        let path = dir.join("tokenizer.json");
        let bytes = std::fs::read(&path).map_err(|e| Error::io(&path, e))?;
        Self::from_json(&path, &bytes)
    }

    /// From the content of a `tokenizer.json`; `path` is named in errors.
    ///
    /// # Errors
    /// [`Error::Tokenizer`] where it is invalid.
    pub fn from_json(path: &Path, bytes: &[u8]) -> Result<Self> {
        let path = path.to_path_buf();
        let invalid = |reason: String| Error::Tokenizer { path: path.clone(), reason };
        let mut parsing =
            tokenizers::Tokenizer::from_bytes(bytes).map_err(|e| invalid(format!("cannot be read: {e}")))?;
        // Truncation or padding left over from somebody's training would silently change texts.
        parsing.with_truncation(None).map_err(|e| invalid(e.to_string()))?;
        parsing.with_padding(None);
        let mut plain = parsing.clone();
        plain.set_encode_special_tokens(true);
        let vocab_size = parsing.get_vocab(true).values().max().map_or(0, |id| *id as usize + 1);
        let mut special_ids = BTreeSet::new();
        let mut special_strings = Vec::new();
        for (id, token) in parsing.get_added_tokens_decoder() {
            if token.special {
                special_ids.insert(id);
                special_strings.push(token.content);
            }
        }
        special_strings.sort_unstable();
        Ok(Self { path, parsing, plain, special_ids, special_strings, vocab_size })
    }

    /// Token ids of `text`; never adds a begin token.
    pub fn encode(&self, text: &str, special: SpecialTokens) -> Result<Vec<u32>> {
        match special {
            SpecialTokens::Parse => {
                let encoding = self.parsing.encode_fast(text, false);
                Ok(encoding.map_err(|e| self.error(e))?.get_ids().to_vec())
            }
            SpecialTokens::AsText => self.encode_as_text(text),
        }
    }

    fn encode_as_text(&self, text: &str) -> Result<Vec<u32>> {
        let encoding = self.plain.encode(text, false).map_err(|e| self.error(e))?;
        if !encoding.get_ids().iter().any(|id| self.special_ids.contains(id)) {
            return Ok(encoding.get_ids().to_vec());
        }
        // A vocabulary that also holds the special string as an ordinary entry: spell that part out.
        let mut ids = Vec::with_capacity(encoding.len());
        for (id, (start, end)) in encoding.get_ids().iter().zip(encoding.get_offsets()) {
            if !self.special_ids.contains(id) {
                ids.push(*id);
                continue;
            }
            for character in text[*start..*end].chars() {
                let spelled = self.plain.encode(character.to_string(), false).map_err(|e| self.error(e))?;
                ids.extend(spelled.get_ids().iter().filter(|id| !self.special_ids.contains(id)));
            }
        }
        Ok(ids)
    }

    /// Token ids of `text` with what the tokenizer adds around it (usually the begin token); special strings
    /// are parsed.
    pub fn encode_with_special(&self, text: &str) -> Result<Vec<u32>> {
        let encoding = self.parsing.encode_fast(text, true).map_err(|e| self.error(e))?;
        Ok(encoding.get_ids().to_vec())
    }

    /// Text of `ids`, with or without special tokens.
    pub fn decode(&self, ids: &[u32], skip_special: bool) -> Result<String> {
        self.parsing.decode(ids, skip_special).map_err(|e| self.error(e))
    }

    /// Highest id + 1.
    pub fn vocab_size(&self) -> usize {
        self.vocab_size
    }

    /// Id of a token given as the vocabulary spells it.
    pub fn token_to_id(&self, token: &str) -> Option<u32> {
        self.parsing.token_to_id(token)
    }

    /// Strings of the special tokens, sorted.
    pub fn special_strings(&self) -> &[String] {
        &self.special_strings
    }

    fn error(&self, source: impl std::fmt::Display) -> Error {
        Error::Tokenizer { path: self.path.clone(), reason: source.to_string() }
    }
}
