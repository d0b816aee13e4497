//! A model folder or GGUF file as one value: decoder, tokenizer, chat template, end tokens and digest.

use std::io::Read;
use std::path::Path;

use candle_core::Device;
use sha2::{Digest, Sha256};

use crate::device::Place;
use crate::error::{Error, Result};
use crate::files::check_tensors;
use crate::files::checkpoint::Checkpoint;
use crate::model::{Decoder, DecoderConfig, Quantize, parameters};
use crate::text::chat_template::{ChatTemplate, Message};
use crate::text::tokenizer::{BREAK, SpecialTokens, Tokenizer};

/// A reply that templates write unchanged; the text around it shows how a template opens and closes a reply.
const REPLY: &str = "reply";

/// A loaded model, ready to generate, score or be adapted.
#[derive(Debug, Clone)]
pub struct LanguageModel {
    /// The network with its weights.
    pub decoder: Decoder,
    /// Turns text into token ids and back.
    pub tokenizer: Tokenizer,
    /// Turns messages into the text that the model reads.
    pub chat: ChatTemplate,
    /// Ids of the tokens that end a reply, ascending.
    pub stop_ids: Vec<u32>,
    /// Digest of configuration, weights and tokenizer, in hexadecimal digits; see [`model_sha256`].
    pub sha256: String,
    /// Number of weights; a matrix that embedding and head share counts once.
    pub parameters: u64,
}

/// What can be said about a model folder without reading its weights.
#[derive(Debug, Clone, PartialEq)]
pub struct FolderSummary {
    /// Sizes and constants from `config.json` or from GGUF metadata.
    pub config: DecoderConfig,
    /// Number of weights; a matrix that embedding and head share counts once.
    pub parameters: u64,
    /// Size of all weight files together, in bytes.
    pub weight_bytes: u64,
    /// Size of the tokenizer as a `tokenizer.json`, in bytes.
    pub tokenizer_bytes: u64,
    /// Whether the model brings its own chat template.
    pub has_chat_template: bool,
}

impl LanguageModel {
    /// Loads a model folder or a GGUF file onto `device`.
    ///
    /// # Errors
    /// An error for whatever is missing, damaged or does not fit together; it names the file.
    pub fn load(path: &Path, device: &Device) -> Result<Self> {
        Self::load_quantized(path, Quantize::None, device)
    }

    /// [`LanguageModel::load`], with dense matrices quantised while they are loaded.
    ///
    /// # Errors
    /// As [`LanguageModel::load`].
    pub fn load_quantized(path: &Path, quantize: Quantize, device: &Device) -> Result<Self> {
        Self::load_placed(path, quantize, &Place::on(device))
    }

    /// [`LanguageModel::load_quantized`] onto the device of a place, computing in the place's number type.
    ///
    /// # Errors
    /// As [`LanguageModel::load`].
    pub fn load_placed(path: &Path, quantize: Quantize, place: &Place) -> Result<Self> {
        let checkpoint = Checkpoint::open(path)?;
        // The configuration first: a family that is not supported is refused before a vocabulary is read.
        let config = checkpoint.config()?;
        let tokenizer = checkpoint.tokenizer(&config)?;
        let chat = checkpoint.chat_template()?;
        tokenizer.check_rows(config.vocab_size, |token| chat.writes(token))?;
        if tokenizer.vocab_size() > config.vocab_size {
            let (tokenizer, model) = (tokenizer.vocab_size(), config.vocab_size);
            return Err(Error::VocabularyMismatch { tokenizer, model });
        }
        let weights = checkpoint.weights(&config)?;
        let decoder = Decoder::from_weights(config.clone(), &weights, quantize, place)?;
        let stop_ids = stop_ids(&config, &tokenizer, &chat)?;
        let parameters = parameters(&config);
        Ok(Self {
            decoder,
            tokenizer,
            chat,
            stop_ids,
            sha256: model_sha256(path)?,
            parameters,
        })
    }

    /// Longest sequence of prompt and reply together, in tokens.
    pub fn context_tokens(&self) -> usize {
        self.decoder.config.max_position_embeddings
    }

    /// Token ids of a conversation, up to and including the header of the reply to come.
    ///
    /// A special token's string inside a message stays text: only the template writes special tokens.
    ///
    /// # Errors
    /// [`Error::ChatTemplate`] if the template refuses the conversation or writes nothing for it.
    pub fn prompt_ids(&self, messages: &[Message]) -> Result<Vec<u32>> {
        self.prompt_with(messages, "")
    }

    /// [`LanguageModel::prompt_ids`], followed by what the template itself writes before every reply, such as Qwen 3's
    /// empty thinking block. A reply without thinking begins after it.
    ///
    /// # Errors
    /// As [`LanguageModel::prompt_ids`].
    pub fn opened_prompt_ids(&self, messages: &[Message]) -> Result<Vec<u32>> {
        self.prompt_with(messages, &self.opening()?)
    }

    fn prompt_with(&self, messages: &[Message], opening: &str) -> Result<Vec<u32>> {
        let text = self.chat.render(&self.guarded(messages)?, true)?;
        match self.tokenizer.encode_broken(&(text + opening))? {
            ids if ids.is_empty() => Err(self.chat.writes_nothing()),
            ids => Ok(ids),
        }
    }

    /// Token ids of a reply as the template writes it after the generation prompt: the text and the token that ends the
    /// turn, without anything after that token.
    ///
    /// # Errors
    /// [`Error::ChatTemplate`] if the template does not continue its own generation prompt.
    pub fn completion_ids(&self, text: &str) -> Result<Vec<u32>> {
        self.ids_behind("", text)
    }

    /// [`LanguageModel::completion_ids`] for a reply that follows [`LanguageModel::opened_prompt_ids`].
    ///
    /// # Errors
    /// As [`LanguageModel::completion_ids`].
    pub fn opened_completion_ids(&self, text: &str) -> Result<Vec<u32>> {
        self.ids_behind(&self.opening()?, text)
    }

    fn ids_behind(&self, opening: &str, text: &str) -> Result<Vec<u32>> {
        let messages = self.guarded(&[
            Message::new("user", "Hello"),
            Message::new("assistant", text),
        ])?;
        let prompt = self.chat.render(&messages[..1], true)? + opening;
        let full = self.chat.render(&messages, false)?;
        let Some(suffix) = full.strip_prefix(&prompt) else {
            let reason = "a reply does not begin with the text that asks for one".to_string();
            return Err(self.chat.refuses(reason));
        };
        let prompt_ids = self.tokenizer.encode_broken(&prompt)?;
        let full_ids = self.tokenizer.encode_broken(&full)?;
        let mut ids = match full_ids.strip_prefix(prompt_ids.as_slice()) {
            Some(ids) => ids.to_vec(),
            // A token spans the border of prompt and reply. Generation starts from the prompt's tokens, so training
            // does too.
            None => self.tokenizer.encode_broken(suffix)?,
        };
        // If the template leaves its last turn open, the tokenizer's own end token closes it.
        let end = self.tokenizer.token_to_id(self.chat.eos_token());
        match ids.iter().position(|id| self.stop_ids.contains(id)) {
            Some(end) => ids.truncate(end + 1),
            None => ids.extend(end.or(self.stop_ids.first().copied())),
        }
        Ok(ids)
    }

    /// What the template writes between the generation prompt and a reply. Empty if that is only white space, which
    /// belongs to the reply.
    fn opening(&self) -> Result<String> {
        let messages = [
            Message::new("user", "Hello"),
            Message::new("assistant", REPLY),
        ];
        let (prompt, full) = (
            self.chat.render(&messages[..1], true)?,
            self.chat.render(&messages, false)?,
        );
        let behind = full.strip_prefix(&prompt).unwrap_or_default();
        let opening = behind.split_once(REPLY).map_or("", |(opening, _)| opening);
        Ok(if opening.trim().is_empty() {
            String::new()
        } else {
            opening.to_owned()
        })
    }

    /// Text of a reply's token ids, without special tokens.
    pub fn decode(&self, ids: &[u32]) -> Result<String> {
        self.tokenizer.decode(ids, true)
    }

    /// The messages, changed so that neither role nor content writes a special token.
    fn guarded(&self, messages: &[Message]) -> Result<Vec<Message>> {
        let guard = |message: &Message| {
            Ok(Message {
                role: self.unspecial(&message.role)?,
                content: self.unspecial(&message.content)?,
            })
        };
        messages.iter().map(guard).collect()
    }

    /// The text with a [`BREAK`] after the first character of every special token's string. A string that cannot be
    /// broken in this way (a single character) is removed.
    fn unspecial(&self, text: &str) -> Result<String> {
        let mut text = text.replace(BREAK, "");
        let mut broken = false;
        loop {
            let spans = self.tokenizer.special_spans(&text)?;
            if spans.is_empty() {
                return Ok(text);
            }
            for span in spans.into_iter().rev() {
                let string = &text[span.clone()];
                let blank = string.len() - string.trim_start().len();
                let first = string.trim_start().chars().next().map_or(0, char::len_utf8);
                match broken {
                    false => text.insert(span.start + blank + first, BREAK),
                    true => text.replace_range(span, ""),
                }
            }
            broken = true;
        }
    }
}

/// Tokens that end a reply, ascending: those of config.json and generation_config.json, the tokenizer's end token, and
/// the special token that the template writes directly after a reply.
fn stop_ids(
    config: &DecoderConfig,
    tokenizer: &Tokenizer,
    chat: &ChatTemplate,
) -> Result<Vec<u32>> {
    let mut ids = config.eos_token_ids.clone();
    ids.extend(tokenizer.token_to_id(chat.eos_token()));
    let messages = [
        Message::new("user", "Hello"),
        Message::new("assistant", REPLY),
    ];
    // A template that refuses such a short conversation shows nothing about how a reply ends.
    let rendered = chat.render(&messages, false).unwrap_or_default();
    if let Some((_, behind)) = rendered.rsplit_once(REPLY) {
        let next = tokenizer.encode(behind, SpecialTokens::Parse)?;
        ids.extend(next.first().filter(|id| tokenizer.is_special(**id)));
    }
    ids.sort_unstable();
    ids.dedup();
    Ok(ids)
}

/// Checks a model folder or GGUF file by its configuration and weight headers, without reading its weights.
///
/// # Errors
/// What [`LanguageModel::load`] would report about configuration, headers and missing files.
pub fn check_folder(path: &Path) -> Result<FolderSummary> {
    let checkpoint = Checkpoint::open(path)?;
    let config = checkpoint.config()?;
    let tokenizer = checkpoint.dir().join("tokenizer.json");
    let tokenizer_bytes = match &checkpoint {
        Checkpoint::Gguf(file) if !tokenizer.is_file() => file.tokenizer_bytes()?,
        _ => file_bytes(&tokenizer)?,
    };
    check_tensors(&config, &checkpoint.weights(&config)?)?;
    let mut weight_bytes = 0;
    for file in checkpoint.weight_files()? {
        weight_bytes += file_bytes(&file)?;
    }
    let has_chat_template = checkpoint.chat_template()?.own;
    let parameters = parameters(&config);
    Ok(FolderSummary {
        parameters,
        config,
        weight_bytes,
        tokenizer_bytes,
        has_chat_template,
    })
}

fn file_bytes(path: &Path) -> Result<u64> {
    Ok(std::fs::metadata(path)
        .map_err(|e| Error::io(path, e))?
        .len())
}

/// SHA-256 of a file's content, as 64 lower-case hexadecimal digits.
///
/// # Errors
/// [`Error::MissingFile`] or [`Error::Io`].
pub fn file_sha256(path: &Path) -> Result<String> {
    let mut hasher = Sha256::new();
    hash_file(path, &mut hasher)?;
    Ok(hex(hasher))
}

/// SHA-256 over name, length and content of the configuration, weight and tokenizer files, sorted by name; as 64
/// lower-case hexadecimal digits.
///
/// # Errors
/// [`Error::MissingFile`] or [`Error::Io`].
pub fn model_sha256(path: &Path) -> Result<String> {
    let mut hasher = Sha256::new();
    for path in Checkpoint::open(path)?.files()? {
        let bytes = std::fs::metadata(&path)
            .map_err(|e| Error::io(&path, e))?
            .len();
        let name = path
            .file_name()
            .unwrap_or_default()
            .to_string_lossy()
            .into_owned();
        hasher.update(format!("{name}\0{bytes}\0"));
        hash_file(&path, &mut hasher)?;
    }
    Ok(hex(hasher))
}

fn hash_file(path: &Path, hasher: &mut Sha256) -> Result<()> {
    let mut file = std::fs::File::open(path).map_err(|e| Error::io(path, e))?;
    let mut buffer = vec![0; 1 << 20];
    loop {
        match file.read(&mut buffer).map_err(|e| Error::io(path, e))? {
            0 => return Ok(()),
            read => hasher.update(&buffer[..read]),
        }
    }
}

fn hex(hasher: Sha256) -> String {
    hasher
        .finalize()
        .iter()
        .map(|byte| format!("{byte:02x}"))
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::files::gguf::format::{Value, write_header};

    /// The configuration alone also refuses an unsupported setting of a supported family: tokenizer and weights would
    /// be reported as missing or damaged if they were read.
    #[test]
    fn a_setting_that_is_not_supported_is_refused_before_vocabulary_and_weights_are_read() {
        let dir = tempfile::tempdir().unwrap();
        let config = r#"{"model_type": "gemma3_text", "final_logit_softcapping": 30.0}"#;
        std::fs::write(dir.path().join("config.json"), config).unwrap();
        std::fs::write(dir.path().join("model.safetensors"), "").unwrap();
        std::fs::write(dir.path().join("tokenizer.json"), "no JSON").unwrap();
        let gguf = dir.path().join("m.gguf");
        let mut bytes = Vec::new();
        let text = |text: &str| Value::String(text.to_owned());
        let number = |key: &str, value| (format!("gemma3.{key}"), Value::U32(value));
        let metadata = [
            ("general.architecture".to_owned(), text("gemma3")),
            (
                "gemma3.final_logit_softcapping".to_owned(),
                Value::F32(30.0),
            ),
            ("gemma3.rope.freq_base".to_owned(), Value::F32(1e6)),
            ("tokenizer.ggml.model".to_owned(), text("of its own")),
            number("embedding_length", 8),
            number("feed_forward_length", 8),
            number("block_count", 1),
            number("context_length", 8),
            number("attention.head_count", 1),
        ];
        write_header(&mut bytes, &metadata, &[]).unwrap();
        std::fs::write(&gguf, bytes).unwrap();
        for path in [dir.path(), &gguf] {
            let loaded = LanguageModel::load(path, &Device::Cpu).map(|_| ());
            for error in [
                loaded.unwrap_err(),
                check_folder(path).map(|_| ()).unwrap_err(),
            ] {
                assert!(
                    error.to_string().contains("final_logit_softcapping"),
                    "{error}"
                );
            }
        }
    }

    /// The configuration alone is enough to refuse a family: there are no tokenizer and no weights to read.
    #[test]
    fn a_family_that_is_not_supported_is_refused_from_its_configuration() {
        let dir = tempfile::tempdir().unwrap();
        let config = r#"{"architectures": ["AbacusForCausalLM"], "model_type": "abacus"}"#;
        std::fs::write(dir.path().join("config.json"), config).unwrap();
        let gguf = dir.path().join("m.gguf");
        let mut bytes = Vec::new();
        let text = |text: &str| Value::String(text.to_owned());
        let metadata = [
            ("general.architecture".to_owned(), text("abacus")),
            ("tokenizer.ggml.model".to_owned(), text("of its own")),
        ];
        write_header(&mut bytes, &metadata, &[]).unwrap();
        std::fs::write(&gguf, bytes).unwrap();
        for path in [dir.path(), &gguf] {
            // A folder with one GGUF file counts as that file.
            let errors = [
                LanguageModel::load(path, &Device::Cpu)
                    .map(|_| ())
                    .unwrap_err(),
                check_folder(path).map(|_| ()).unwrap_err(),
            ];
            for error in errors {
                assert!(
                    matches!(&error, Error::UnsupportedArchitecture { found, .. } if found.to_lowercase().contains("abacus")),
                    "{error}"
                );
            }
            if path.is_dir() {
                std::fs::write(path.join("model.safetensors"), "").unwrap();
                assert!(matches!(
                    LanguageModel::load(path, &Device::Cpu),
                    Err(Error::UnsupportedArchitecture { .. })
                ));
            }
        }
    }
}
