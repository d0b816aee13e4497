//! Text and tokens: the tokenizer, the chat template that turns a conversation into a prompt, and each token's bytes.

pub mod chat_template;
mod jinja;
pub mod named_tokens;
pub(crate) mod sources;
pub(crate) mod token_bytes;
pub mod tokenizer;

pub use chat_template::{ChatTemplate, Message};
pub use tokenizer::{SpecialTokens, Tokenizer};
