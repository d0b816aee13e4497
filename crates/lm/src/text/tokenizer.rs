//! The checkpoint's tokenizer (`tokenizer.json`, and the special tokens that other files name), through the `tokenizers`
//! library.
//!
//! Whether text may produce special tokens is the caller's choice at every call: a template's own text must,
//! a user's text must not, or a dialogue that contains `<|eot_id|>` would end its own turn.

use std::collections::BTreeMap;
use std::ops::Range;
use std::path::{Path, PathBuf};

use serde::Deserialize;
use serde_json::{Value, json};
use tokenizers::{AddedToken, Encoding};

use crate::error::{Error, Result};
use crate::profile::{Work, timed};
use crate::text::sources::{NamedToken, TokenizerFiles, shortened};

/// Breaks up special strings in a text that is encoded together with others: a noncharacter, which no text for
/// interchange may contain (Unicode 23.7). The tokens of the break itself are never sent to the model.
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
    /// Id of the token for characters that the vocabulary cannot spell.
    unknown_id: Option<u32>,
    vocab_size: usize,
    /// Tokens that files name but for which the model's embedding has no row.
    without_row: Vec<NamedToken>,
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
    /// Reads `tokenizer.json` of a model folder, and the special tokens that the files beside it name.
    ///
    /// # Errors
    /// [`Error::MissingFile`], [`Error::Config`], or [`Error::Tokenizer`] where a file is invalid.
    pub fn load(dir: &Path) -> Result<Self> {
        Self::load_for(dir, usize::MAX)
    }

    /// [`Tokenizer::load`] for a model whose embedding has `rows` rows: a token that is named but has no row stays
    /// text.
    ///
    /// # Errors
    /// As [`Tokenizer::load`].
    pub fn load_for(dir: &Path, rows: usize) -> Result<Self> {
        let path = dir.join("tokenizer.json");
        let bytes = std::fs::read(&path).map_err(|e| Error::io(&path, e))?;
        let named = TokenizerFiles::read(dir)?.added_tokens()?;
        Self::new(&path, &bytes, named, rows)
    }

    /// Makes a tokenizer from the content of a `tokenizer.json`; `path` is named in errors.
    ///
    /// # Errors
    /// [`Error::Tokenizer`] where it is invalid.
    pub fn from_json(path: &Path, bytes: &[u8]) -> Result<Self> {
        Self::new(path, bytes, Vec::new(), usize::MAX)
    }

    /// Makes a tokenizer from the library's own, with the id of the token for what the vocabulary cannot spell; `path`
    /// is named in errors.
    pub(crate) fn from_library(
        path: &Path,
        library: tokenizers::Tokenizer,
        unknown_id: Option<u32>,
    ) -> Self {
        Self::of_parts(path, library, unknown_id, Vec::new())
    }

    fn new(path: &Path, bytes: &[u8], named: Vec<NamedToken>, rows: usize) -> Result<Self> {
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
        let without_row = add_named(&mut parsing, named, rows)?;
        let unknown_id = unknown_id(bytes, &parsing);
        Ok(Self::of_parts(path, parsing, unknown_id, without_row))
    }

    fn of_parts(
        path: &Path,
        parsing: tokenizers::Tokenizer,
        unknown_id: Option<u32>,
        without_row: Vec<NamedToken>,
    ) -> Self {
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
        Self {
            path: path.to_path_buf(),
            parsing,
            plain,
            special,
            unknown_id,
            vocab_size,
            without_row,
        }
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

    /// Whether `id` is a special token that `part` of a text wrote; characters without a token of their own become the
    /// unknown token, which does not count as written.
    fn is_written(&self, id: u32, part: &str) -> bool {
        let Some(string) = self.special.get(&id) else {
            return false;
        };
        self.unknown_id != Some(id) || part.contains(string.as_str())
    }

    /// Where `text`, if parsed, produces special tokens: byte ranges in order.
    pub(crate) fn special_spans(&self, text: &str) -> Result<Vec<Range<usize>>> {
        let encoding = self.parse(text, false)?;
        let tokens = encoding.get_ids().iter().zip(encoding.get_offsets());
        let written = tokens.filter(|(id, (start, end))| {
            self.is_written(**id, text.get(*start..*end).unwrap_or_default())
        });
        Ok(written.map(|(_, (start, end))| *start..*end).collect())
    }

    /// Token ids of a text whose special strings count unless they contain a [`BREAK`], without the tokens of
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

    /// Refuses a token without a row in the embedding if `writes` says that a prompt would hold it.
    pub(crate) fn check_rows(&self, rows: usize, writes: impl Fn(&str) -> bool) -> Result<()> {
        let is_written = |named: &&NamedToken| writes(&named.token.content);
        match self.without_row.iter().find(is_written) {
            None => Ok(()),
            Some(named) => Err(Error::config(
                &named.path,
                named.field.as_str(),
                format!(
                    "names the special token `{}`, which the chat template writes; it is not in tokenizer.json, and the \
                     model's {rows} rows have no place for it",
                    shortened(&named.token.content)
                ),
            )),
        }
    }

    /// The tokens outside the vocabulary as `tokenizer.json` lists them (`added_tokens`), including those that other
    /// files name.
    pub(crate) fn added_tokens_json(&self) -> Value {
        let added: BTreeMap<u32, AddedToken> = self
            .parsing
            .get_added_tokens_decoder()
            .into_iter()
            .collect();
        let entry = |(id, token): (&u32, &AddedToken)| {
            json!({"id": id, "content": token.content, "single_word": token.single_word, "lstrip": token.lstrip,
                "rstrip": token.rstrip, "normalized": token.normalized, "special": token.special})
        };
        added.iter().map(entry).collect()
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

/// Adds the tokens that files name to a tokenizer as transformers does: with the id that the vocabulary has for them,
/// otherwise after it. Returns those whose id would lie beyond the model's rows.
fn add_named(
    tokenizer: &mut tokenizers::Tokenizer,
    named: Vec<NamedToken>,
    rows: usize,
) -> Result<Vec<NamedToken>> {
    let added = tokenizer.get_added_tokens_decoder();
    let vocabulary = tokenizer.get_vocab_size(false);
    let behind_added = added.keys().max().map_or(0, |id| *id as usize + 1);
    let mut next = vocabulary.max(behind_added);
    let (mut tokens, mut without_row): (Vec<AddedToken>, _) = (Vec::new(), Vec::new());
    for named in named {
        let content = &named.token.content;
        if let Some(id) = tokenizer.token_to_id(content) {
            // Tokens of tokenizer.json stay as they are there unless a list of tokens gives them other properties.
            let known = added.get(&id).filter(|known| known.content == *content);
            let unchanged = |known: &AddedToken| named.id.is_none() || *known == named.token;
            if !known.is_some_and(unchanged) {
                tokens.push(named.token);
            }
            continue;
        }
        if content.is_empty() || tokens.iter().any(|token| token.content == *content) {
            continue;
        }
        if next >= rows {
            without_row.push(named);
            continue;
        }
        if named.id.is_some_and(|id| id as usize != next) {
            let reason = format!(
                "gives the token `{}` an id that does not follow the {next} tokens of tokenizer.json, which does not have it",
                shortened(content)
            );
            return Err(Error::config(&named.path, named.field.as_str(), reason));
        }
        next += 1;
        tokens.push(named.token);
    }
    if !tokens.is_empty() {
        let path = Path::new("tokenizer.json");
        tokenizer
            .add_tokens(tokens)
            .map_err(|e| Error::config(path, "added_tokens", e.to_string()))?;
    }
    Ok(without_row)
}

/// The model's token for what it cannot spell, as tokenizer.json names it.
fn unknown_id(tokenizer_json: &[u8], tokenizer: &tokenizers::Tokenizer) -> Option<u32> {
    /// Only these two fields of a file of tens of megabytes; everything else is skipped, not kept in memory.
    #[derive(Deserialize)]
    struct File {
        model: Unknown,
    }
    #[derive(Deserialize)]
    struct Unknown {
        unk_id: Option<u32>,
        unk_token: Option<String>,
    }
    let File { model } = serde_json::from_slice(tokenizer_json).ok()?;
    model
        .unk_id
        .or_else(|| tokenizer.token_to_id(&model.unk_token?))
}

/// Reads the content of a `tokenizer.json`; broken JSON is reported first.
fn read(bytes: &[u8]) -> std::result::Result<tokenizers::Tokenizer, String> {
    serde_json::from_slice::<serde::de::IgnoredAny>(bytes).map_err(|e| e.to_string())?;
    made_by_library(|| tokenizers::Tokenizer::from_bytes(bytes))
}

/// The tokenizer that the library makes from a
/// file. It panics on some damaged files (its decoder's `expect("Helper")`, merges
/// that are longer than any token), which becomes an error here.
pub(crate) fn made_by_library<T>(
    make: impl FnOnce() -> tokenizers::Result<T>,
) -> std::result::Result<T, String> {
    match std::panic::catch_unwind(std::panic::AssertUnwindSafe(make)) {
        Ok(made) => made.map_err(|e| e.to_string()),
        Err(_) => Err("a part of it has an unknown form".to_owned()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn golden() -> PathBuf {
        Path::new(env!("CARGO_MANIFEST_DIR")).join("../../tests/golden/llama-tiny")
    }

    fn read_json(path: &Path) -> Value {
        serde_json::from_slice(&std::fs::read(path).unwrap()).unwrap()
    }

    const TEXT: &str = "<|begin_of_text|><|start_header_id|>user<|end_header_id|>\n\nHi<|eot_id|>";

    /// A folder with the golden tokenizer, whose `tokenizer.json` names only the special tokens with an id in `kept`,
    /// and which has these other files. The tokens that are not kept are taken out of the vocabulary too if `gone` is
    /// set.
    fn folder(kept: &[u64], gone: bool, files: &[(&str, Value)]) -> tempfile::TempDir {
        let dir = tempfile::tempdir().unwrap();
        let mut json = read_json(&golden().join("tokenizer.json"));
        let is_kept = |id: &Value| kept.contains(&id.as_u64().unwrap());
        let added = json["added_tokens"].as_array_mut().unwrap();
        let names: Vec<(String, Value)> = added
            .iter()
            .map(|token| {
                (
                    token["content"].as_str().unwrap().to_owned(),
                    token["id"].clone(),
                )
            })
            .collect();
        added.retain(|token| is_kept(&token["id"]));
        let vocabulary = json["model"]["vocab"].as_object_mut().unwrap();
        for (name, id) in names {
            if gone && !is_kept(&id) {
                vocabulary.remove(&name);
            } else {
                vocabulary.insert(name, id);
            }
        }
        std::fs::write(dir.path().join("tokenizer.json"), json.to_string()).unwrap();
        for (name, content) in files {
            std::fs::write(dir.path().join(name), content.to_string()).unwrap();
        }
        dir
    }

    fn encoded(dir: &Path) -> Vec<u32> {
        let tokenizer = Tokenizer::load(dir).unwrap();
        tokenizer.encode(TEXT, SpecialTokens::Parse).unwrap()
    }

    /// transformers 5.23 gives the same ids for each of these folders as for the untouched one.
    #[test]
    fn special_tokens_that_only_other_files_name_are_special() {
        let expected = encoded(&golden());
        let config = read_json(&golden().join("tokenizer_config.json"));
        let decoder = json!({"added_tokens_decoder": config["added_tokens_decoder"]});
        let names: Vec<&str> = [
            "<|begin_of_text|>",
            "<|start_header_id|>",
            "<|end_header_id|>",
            "<|eot_id|>",
        ]
        .to_vec();
        let by_name: serde_json::Map<String, Value> = config["added_tokens_decoder"]
            .as_object()
            .unwrap()
            .iter()
            .map(|(id, token)| {
                (
                    token["content"].as_str().unwrap().to_owned(),
                    json!(id.parse::<u32>().unwrap()),
                )
            })
            .collect();
        let listed = json!(names);
        for files in [
            vec![("tokenizer_config.json", decoder.clone())],
            vec![(
                "tokenizer_config.json",
                json!({"additional_special_tokens": listed}),
            )],
            vec![(
                "tokenizer_config.json",
                json!({"extra_special_tokens": listed}),
            )],
            vec![(
                "tokenizer_config.json",
                json!({"extra_special_tokens": {"a": names[0], "b": names[1], "c": names[2], "d": names[3]}}),
            )],
            vec![(
                "special_tokens_map.json",
                json!({"bos_token": names[0], "additional_special_tokens": &names[1..]}),
            )],
            vec![(
                "tokenizer_config.json",
                json!({"bos_token": names[0], "eos_token": {"content": names[3]}, "header_token": names[1], "unk_token": names[2]}),
            )],
            vec![
                ("added_tokens.json", Value::Object(by_name.clone())),
                (
                    "special_tokens_map.json",
                    json!({"additional_special_tokens": listed}),
                ),
            ],
        ] {
            let dir = folder(&[], false, &files);
            assert_eq!(encoded(dir.path()), expected, "{files:?}");
            let tokenizer = Tokenizer::load(dir.path()).unwrap();
            assert!(tokenizer.is_special(expected[0]), "{files:?}");
            let text = tokenizer.encode(names[3], SpecialTokens::AsText).unwrap();
            assert!(
                text.len() > 1,
                "{files:?}: a dialogue writes it letter by letter"
            );
        }
        assert_ne!(
            encoded(folder(&[], false, &[]).path()),
            expected,
            "nothing names them"
        );
        // Tokens that are in no vocabulary follow it in the order of their ids.
        let dir = folder(&[505, 506], true, &[("tokenizer_config.json", decoder)]);
        assert_eq!(encoded(dir.path()), expected);
        let dir = folder(
            &[505, 506],
            true,
            &[("added_tokens.json", Value::Object(by_name))],
        );
        assert_eq!(encoded(dir.path()), expected);
    }

    /// As in transformers 5.23: where there is a tokenizer.json, its own rule counts.
    #[test]
    fn flags_for_begin_and_end_do_not_override_tokenizer_json() {
        let around = |dir: &Path| {
            let tokenizer = Tokenizer::load(dir).unwrap();
            tokenizer
                .encode_with_added("Hi", SpecialTokens::AsText)
                .unwrap()
        };
        let expected = around(&golden());
        let kept: Vec<u64> = (505..512).collect();
        for (bos, eos) in [(true, true), (false, false), (false, true)] {
            let config = json!({"add_bos_token": bos, "add_eos_token": eos, "bos_token": "<|begin_of_text|>",
                "eos_token": "<|eot_id|>"});
            let dir = folder(&kept, false, &[("tokenizer_config.json", config)]);
            assert_eq!(around(dir.path()), expected);
        }
    }

    #[test]
    fn a_token_that_the_model_has_no_row_for_is_refused_only_where_it_is_written() {
        let kept: Vec<u64> = (505..512).collect();
        let config = json!({"pad_token": "[PAD]", "eos_token": "<|eot_id|>"});
        let dir = folder(&kept, false, &[("tokenizer_config.json", config)]);
        let tokenizer = Tokenizer::load_for(dir.path(), 512).unwrap();
        assert_eq!(tokenizer.vocab_size(), 512);
        tokenizer
            .check_rows(512, |token| token == "<|eot_id|>")
            .unwrap();
        let told = tokenizer
            .check_rows(512, |token| token == "[PAD]")
            .unwrap_err()
            .to_string();
        for word in [
            "tokenizer_config.json",
            "`pad_token`",
            "`[PAD]`",
            "512 rows",
        ] {
            assert!(told.contains(word), "{told}");
        }
        assert_eq!(
            Tokenizer::load_for(dir.path(), 600)
                .unwrap()
                .token_to_id("[PAD]"),
            Some(512)
        );
    }

    #[test]
    fn an_id_that_does_not_follow_the_vocabulary_is_refused() {
        let kept: Vec<u64> = (505..512).collect();
        let decoder =
            json!({"added_tokens_decoder": {"600": {"content": "<|far|>", "special": true}}});
        let dir = folder(&kept, false, &[("tokenizer_config.json", decoder)]);
        let told = Tokenizer::load_for(dir.path(), 700)
            .unwrap_err()
            .to_string();
        assert!(
            told.contains("added_tokens_decoder.600") && told.contains("<|far|>"),
            "{told}"
        );
    }
}
