//! The checkpoint's chat template: messages → the text the model was trained on.
//!
//! Templates are Jinja as transformers' `apply_chat_template` runs it: `trim_blocks`, `lstrip_blocks`, Python's
//! string methods, `raise_exception`, `strftime_now`.

use std::path::Path;

use minijinja::syntax::SyntaxConfig;
use minijinja::{Environment, ErrorKind, context};
use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::error::{Error, Result};
use crate::model::config::read_json;

/// For base models without a template of their own: headed sections, the reply closed by the end token.
const PLAIN_TEMPLATE: &str = "{{ bos_token }}{% for message in messages %}\
{{ '### ' ~ message['role'] | capitalize ~ ':\\n' ~ message['content'] | trim }}\
{% if message['role'] == 'assistant' %}{{ eos_token }}{% endif %}{{ '\\n\\n' }}{% endfor %}\
{% if add_generation_prompt %}{{ '### Assistant:\\n' }}{% endif %}";

const TEMPLATE: &str = "chat";

/// The date that templates see: fixed, so that a prompt does not change overnight. It is the one that Llama's
/// templates fall back to.
const DATE: [(&str, &str); 9] = [
    ("%d", "26"),
    ("%b", "Jul"),
    ("%B", "July"),
    ("%Y", "2024"),
    ("%m", "07"),
    ("%A", "Friday"),
    ("%H", "12"),
    ("%M", "00"),
    ("%S", "00"),
];

/// One turn of a conversation.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Message {
    /// `system`, `user` or `assistant`.
    pub role: String,
    /// Its text.
    pub content: String,
}

impl Message {
    /// A message of the given role.
    pub fn new(role: impl Into<String>, content: impl Into<String>) -> Self {
        Self { role: role.into(), content: content.into() }
    }
}

/// A compiled template with the tokens it may write.
#[derive(Debug, Clone)]
pub struct ChatTemplate {
    environment: Environment<'static>,
    source: String,
    bos_token: String,
    eos_token: String,
    /// The model brings its own template.
    pub own: bool,
}

impl ChatTemplate {
    /// Looks for `chat_template.jinja`, then for `chat_template` in `tokenizer_config.json`, and falls back to
    /// a plain one.
    ///
    /// # Errors
    /// [`Error::ChatTemplate`] where the template is not valid Jinja, [`Error::Config`] where the
    /// configuration is not valid JSON.
    pub fn load(dir: &Path) -> Result<Self> {
        let path = dir.join("tokenizer_config.json");
        let config = if path.is_file() { read_json(&path)? } else { Value::Null };
        let file = dir.join("chat_template.jinja");
        let source = if file.is_file() {
            Some(std::fs::read_to_string(&file).map_err(|e| Error::io(&file, e))?)
        } else {
            configured_template(&config["chat_template"])
        };
        Self::new(source.as_deref(), &token(&config["bos_token"]), &token(&config["eos_token"]))
    }

    /// From a template's text (`None`: the plain one) and the tokens it may write.
    ///
    /// # Errors
    /// [`Error::ChatTemplate`] where the template is not valid Jinja.
    pub fn new(source: Option<&str>, bos_token: &str, eos_token: &str) -> Result<Self> {
        let own = source.is_some();
        let source = source.unwrap_or(PLAIN_TEMPLATE).to_string();
        let mut environment = Environment::new();
        let syntax = SyntaxConfig::builder().trim_blocks(true).lstrip_blocks(true).build();
        environment.set_syntax(syntax.map_err(template_error)?);
        environment.set_unknown_method_callback(minijinja_contrib::pycompat::unknown_method_callback);
        environment.add_function("raise_exception", |message: String| -> std::result::Result<(), _> {
            Err(minijinja::Error::new(ErrorKind::InvalidOperation, message))
        });
        environment.add_function("strftime_now", |format: String| {
            DATE.iter().fold(format, |text, (code, value)| text.replace(code, value))
        });
        environment.add_template_owned(TEMPLATE, source.clone()).map_err(template_error)?;
        Ok(Self { environment, source, bos_token: bos_token.into(), eos_token: eos_token.into(), own })
    }

    /// The text of a conversation, with the header of the reply to come if asked for.
    ///
    /// # Errors
    /// [`Error::ChatTemplate`] where the template refuses the conversation (unknown role, wrong order).
    pub fn render(&self, messages: &[Message], add_generation_prompt: bool) -> Result<String> {
        let messages: Vec<minijinja::Value> = messages
            .iter()
            .map(|m| context! { role => m.role.as_str(), content => m.content.as_str() })
            .collect();
        let template = self.environment.get_template(TEMPLATE).map_err(template_error)?;
        template
            .render(context! {
                messages => messages,
                add_generation_prompt => add_generation_prompt,
                bos_token => self.bos_token.as_str(),
                eos_token => self.eos_token.as_str(),
            })
            .map_err(template_error)
    }

    /// The template's text.
    pub fn source(&self) -> &str {
        &self.source
    }

    /// The token that ends a sequence, as tokenizer_config.json names it; empty where it does not.
    pub fn eos_token(&self) -> &str {
        &self.eos_token
    }
}

fn template_error(error: minijinja::Error) -> Error {
    Error::ChatTemplate { reason: error.detail().map_or_else(|| error.to_string(), str::to_string) }
}

/// A single template, or the one called `default` of a list.
fn configured_template(value: &Value) -> Option<String> {
    match value {
        Value::String(text) => Some(text.clone()),
        Value::Array(list) => {
            let chosen = list.iter().find(|entry| entry["name"] == "default").or_else(|| list.first())?;
            chosen["template"].as_str().map(str::to_string)
        }
        _ => None,
    }
}

/// A token is written as text or as an object with its content.
fn token(value: &Value) -> String {
    value.as_str().or_else(|| value["content"].as_str()).unwrap_or_default().to_string()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn without_a_template_the_plain_one_closes_the_reply() {
        let chat = ChatTemplate::new(None, "<s>", "</s>").unwrap();
        assert!(!chat.own);
        let messages = [Message::new("user", " Hi "), Message::new("assistant", "Hello")];
        let text = chat.render(&messages, false).unwrap();
        assert_eq!(text, "<s>### User:\nHi\n\n### Assistant:\nHello</s>\n\n");
        assert!(text.starts_with(&chat.render(&messages[..1], true).unwrap()));
    }

    #[test]
    fn a_refusal_of_the_template_is_told() {
        let chat = ChatTemplate::new(Some("{{ raise_exception('no system role') }}"), "", "").unwrap();
        let error = chat.render(&[], false).unwrap_err();
        assert!(error.to_string().contains("no system role"), "{error}");
        assert!(matches!(ChatTemplate::new(Some("{% if %}"), "", ""), Err(Error::ChatTemplate { .. })));
    }

    #[test]
    fn python_methods_and_a_fixed_date_work() {
        let source = "{{ strftime_now('%d %b %Y') }}|{{ messages[0]['content'].strip().upper() }}";
        let chat = ChatTemplate::new(Some(source), "", "").unwrap();
        assert_eq!(chat.render(&[Message::new("user", " a ")], false).unwrap(), "26 Jul 2024|A");
    }

    #[test]
    fn a_list_of_templates_gives_the_default_one() {
        let list =
            serde_json::json!([{"name": "tool", "template": "t"}, {"name": "default", "template": "d"}]);
        assert_eq!(configured_template(&list).unwrap(), "d");
        assert_eq!(token(&serde_json::json!({"content": "<s>"})), "<s>");
    }
}
