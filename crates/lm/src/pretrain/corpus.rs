//! Documents, and the windows of tokens that a model learns from.

use crate::error::Result;
use crate::infer::language_model::LanguageModel;
use crate::text::chat_template::Message;
use crate::text::tokenizer::SpecialTokens;
use crate::train::TrainExample;

/// A document to learn from.
#[derive(Debug, Clone, PartialEq)]
pub enum Document {
    /// Plain text, learnt from beginning to end.
    Text(String),
    /// A conversation with the model, through its chat template; the last message is the model's.
    Messages(Vec<Message>),
}

impl Document {
    /// The document's text without a template, for training a tokenizer.
    pub fn text(&self) -> String {
        match self {
            Self::Text(text) => text.clone(),
            Self::Messages(messages) => {
                let contents: Vec<_> = messages
                    .iter()
                    .map(|message| message.content.as_str())
                    .collect();
                contents.join("\n")
            }
        }
    }

    /// The document's tokens: a text between two end tokens, a conversation as the template writes it. Text never
    /// produces a special token.
    fn ids(&self, model: &LanguageModel) -> Result<Vec<u32>> {
        match self {
            Self::Text(text) => {
                let end = model.tokenizer.token_to_id(model.chat.eos_token());
                let text = model.tokenizer.encode(text, SpecialTokens::AsText)?;
                Ok(end.into_iter().chain(text).chain(end).collect())
            }
            Self::Messages(messages) => match messages.split_last() {
                Some((reply, before)) => Ok([
                    model.prompt_ids(before)?,
                    model.completion_ids(&reply.content)?,
                ]
                .concat()),
                None => Ok(Vec::new()),
            },
        }
    }
}

/// All tokens of the documents in windows of the model's context; a window begins with the last token of the one before,
/// so that every token but a document's first is predicted once.
///
/// # Errors
/// Where a conversation does not fit the chat template.
pub fn windows(model: &LanguageModel, documents: &[Document]) -> Result<Vec<TrainExample>> {
    let mut windows = Vec::new();
    for document in documents {
        let ids = document.ids(model)?;
        let reach = model.context_tokens() - 1;
        let mut start = 0;
        while start + 1 < ids.len() {
            let end = (start + 1 + reach).min(ids.len());
            windows.push(TrainExample {
                prompt_ids: vec![ids[start]],
                completion_ids: ids[start + 1..end].to_vec(),
            });
            start = end - 1;
        }
    }
    Ok(windows)
}
