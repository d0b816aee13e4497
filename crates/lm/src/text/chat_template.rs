//! The checkpoint's chat template: messages → the text the model was trained on.
//!
//! Templates are Jinja as transformers' `apply_chat_template` runs it (`utils/chat_template_utils.py`):
//! `trim_blocks`, `lstrip_blocks`, Python's string methods, `raise_exception`, `strftime_now`, a `tojson` that
//! writes as Python does, `{% generation %}` blocks; `tools` and `documents` are `None`. Templates are untrusted code:
//! a rendering has a budget of instructions and output, and no access to files or the clock.

use std::collections::BTreeMap;
use std::io::{self, Write};
use std::path::Path;

pub use jiff::civil::Date;
use jiff::fmt::strtime;
use minijinja::syntax::SyntaxConfig;
use minijinja::value::Kwargs;
use minijinja::{Environment, ErrorKind, context};
use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::disk::read_json;
use crate::error::{Error, Result};
use crate::text::tokenizer::token_string;

/// For base models without a template of their own: headed sections, the reply closed by the end token.
const PLAIN_TEMPLATE: &str = "{{ bos_token }}{% for message in messages %}\
{{ '### ' ~ message['role'] | capitalize ~ ':\\n' ~ message['content'] | trim }}\
{% if message['role'] == 'assistant' %}{{ eos_token }}{% endif %}{{ '\\n\\n' }}{% endfor %}\
{% if add_generation_prompt %}{{ '### Assistant:\\n' }}{% endif %}";

const TEMPLATE: &str = "chat";

/// The special tokens that templates know by name, as far as a tokenizer has them: transformers' `special_tokens_map`.
/// A name without a token is undefined in a template, as it is there.
pub type NamedTokens = BTreeMap<&'static str, String>;

/// The names of [`NamedTokens`].
pub const TOKEN_NAMES: [&str; 7] = [
    "bos_token",
    "eos_token",
    "unk_token",
    "sep_token",
    "pad_token",
    "cls_token",
    "mask_token",
];

/// The day that templates see unless another is set: the one that Llama's templates fall back to, so that a
/// prompt does not change overnight.
pub const DEFAULT_DATE: Date = Date::constant(2024, 7, 26);

/// The day (UTC) of a time in milliseconds since 1970; [`DEFAULT_DATE`] for one beyond the calendar.
pub fn day_of(unix_ms: i64) -> Date {
    let time = jiff::Timestamp::from_millisecond(unix_ms);
    time.map_or(DEFAULT_DATE, |time| {
        time.to_zoned(jiff::tz::TimeZone::UTC).date()
    })
}

/// How Llama's templates write a day.
const DATE_STRING: &str = "%d %b %Y";

/// What a rendering may consume, in minijinja's unit (an instruction, or 64 bytes of data); the longest
/// conversation of the shared templates takes less than a thousandth.
const FUEL: u64 = 5_000_000;

/// Largest depth of macros and loops within each other.
const RECURSION_LIMIT: usize = 100;

/// One turn of a conversation.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Message {
    /// `system`, `user` or `assistant`.
    pub role: String,
    /// Its text; strings of special tokens in it stay text.
    pub content: String,
}

impl Message {
    /// A message of the given role.
    pub fn new(role: impl Into<String>, content: impl Into<String>) -> Self {
        Self {
            role: role.into(),
            content: content.into(),
        }
    }
}

/// A compiled template with the tokens it may write.
#[derive(Debug, Clone)]
pub struct ChatTemplate {
    environment: Environment<'static>,
    source: String,
    tokens: NamedTokens,
    date: Date,
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
        let config = if path.is_file() {
            read_json(&path)?
        } else {
            Value::Null
        };
        let file = dir.join("chat_template.jinja");
        let source = if file.is_file() {
            Some(std::fs::read_to_string(&file).map_err(|e| Error::io(&file, e))?)
        } else {
            configured_template(&config["chat_template"])
        };
        Self::new(source.as_deref(), named_tokens(dir, &config)?)
    }

    /// From a template's text (`None`: the plain one) and the tokens it may write.
    ///
    /// # Errors
    /// [`Error::ChatTemplate`] where the template is not valid Jinja.
    pub fn new(source: Option<&str>, tokens: NamedTokens) -> Result<Self> {
        let is_given = source.is_some();
        let source = source.unwrap_or(PLAIN_TEMPLATE).to_string();
        let mut environment = Environment::new();
        let syntax = SyntaxConfig::builder()
            .trim_blocks(true)
            .lstrip_blocks(true)
            .build();
        environment.set_syntax(syntax.map_err(template_error)?);
        environment.set_fuel(Some(FUEL));
        environment.set_recursion_limit(RECURSION_LIMIT);
        environment
            .set_unknown_method_callback(minijinja_contrib::pycompat::unknown_method_callback);
        environment.add_function(
            "raise_exception",
            |message: String| -> std::result::Result<(), _> {
                Err(minijinja::Error::new(ErrorKind::InvalidOperation, message))
            },
        );
        environment.add_filter("tojson", to_json);
        environment
            .add_template_owned(TEMPLATE, without_generation_tags(&source))
            .map_err(template_error)?;
        let mut chat = Self {
            environment,
            source,
            tokens,
            date: DEFAULT_DATE,
            own: is_given,
        };
        chat.set_date(DEFAULT_DATE);
        Ok(chat)
    }

    /// Sets the day that `strftime_now` (at midnight) and `date_string` give; never today's by itself.
    pub fn set_date(&mut self, date: Date) {
        self.date = date;
        self.environment
            .add_function("strftime_now", move |format: String| {
                strtime::format(&format, date.at(0, 0, 0, 0))
                    .map_err(|e| minijinja::Error::new(ErrorKind::InvalidOperation, e.to_string()))
            });
    }

    /// Whether what the template writes depends on the day.
    pub fn tells_date(&self) -> bool {
        ["strftime_now", "date_string"]
            .iter()
            .any(|name| self.source.contains(name))
    }

    /// The day that the template tells.
    pub fn date(&self) -> Date {
        self.date
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
        let template = self
            .environment
            .get_template(TEMPLATE)
            .map_err(template_error)?;
        template
            .render(context! {
                messages => messages,
                tools => (),
                documents => (),
                date_string => strtime::format(DATE_STRING, self.date).unwrap_or_default(),
                add_generation_prompt => add_generation_prompt,
                ..minijinja::Value::from_pairs(self.tokens.iter().map(|(name, token)| (*name, token.as_str())))
            })
            .map_err(template_error)
    }

    /// The template's text.
    pub fn source(&self) -> &str {
        &self.source
    }

    /// The special tokens that the template knows by name.
    pub fn tokens(&self) -> &NamedTokens {
        &self.tokens
    }

    /// The token that ends a sequence; empty where the tokenizer names none.
    pub fn eos_token(&self) -> &str {
        self.tokens.get("eos_token").map_or("", String::as_str)
    }
}

/// JSON as Python's `json.dumps(x, ensure_ascii=False, indent=indent)` writes it.
fn to_json(
    value: minijinja::Value,
    options: Kwargs,
) -> std::result::Result<String, minijinja::Error> {
    let indent: Option<usize> = options.get("indent")?;
    let mut bytes = Vec::new();
    let blanks = " ".repeat(indent.unwrap_or(0).min(16));
    let written = match indent {
        Some(_) => {
            let pretty = serde_json::ser::PrettyFormatter::with_indent(blanks.as_bytes());
            value.serialize(&mut serde_json::Serializer::with_formatter(
                &mut bytes, pretty,
            ))
        }
        None => value.serialize(&mut serde_json::Serializer::with_formatter(
            &mut bytes,
            PythonSpaces,
        )),
    };
    written.map_err(|e| minijinja::Error::new(ErrorKind::BadSerialization, e.to_string()))?;
    Ok(String::from_utf8_lossy(&bytes).into_owned())
}

/// A space after each comma and colon.
struct PythonSpaces;

impl serde_json::ser::Formatter for PythonSpaces {
    fn begin_array_value<W: ?Sized + Write>(
        &mut self,
        writer: &mut W,
        first: bool,
    ) -> io::Result<()> {
        if first {
            Ok(())
        } else {
            writer.write_all(b", ")
        }
    }

    fn begin_object_key<W: ?Sized + Write>(
        &mut self,
        writer: &mut W,
        first: bool,
    ) -> io::Result<()> {
        if first {
            Ok(())
        } else {
            writer.write_all(b", ")
        }
    }

    fn begin_object_value<W: ?Sized + Write>(&mut self, writer: &mut W) -> io::Result<()> {
        writer.write_all(b": ")
    }
}

/// The source with `{% generation %}` blocks, which mark the assistant's tokens for training in transformers and
/// write nothing, as plain `{% with %}` blocks.
fn without_generation_tags(source: &str) -> String {
    let mut out = String::with_capacity(source.len());
    let mut unread = source;
    while let Some(start) = unread.find("{%") {
        let (before, tag) = unread.split_at(start);
        out.push_str(before);
        let Some(end) = tag.find("%}") else {
            unread = tag;
            break;
        };
        let (tag, behind) = tag.split_at(end + 2);
        let inner = &tag[2..end];
        match inner.trim_matches(['-', '+']).trim() {
            name @ ("generation" | "endgeneration") => {
                out.push_str(&tag.replace(
                    name,
                    if name == "generation" {
                        "with"
                    } else {
                        "endwith"
                    },
                ));
            }
            _ => out.push_str(tag),
        }
        unread = behind;
    }
    out + unread
}

fn template_error(error: minijinja::Error) -> Error {
    if error.kind() == ErrorKind::OutOfFuel {
        let reason = "it runs without end".to_string();
        return Error::ChatTemplate { reason };
    }
    Error::ChatTemplate {
        reason: error
            .detail()
            .map_or_else(|| error.to_string(), str::to_string),
    }
}

/// The named tokens of tokenizer_config.json; in an older folder, without its list of added tokens,
/// special_tokens_map.json has the last word.
fn named_tokens(dir: &Path, config: &Value) -> Result<NamedTokens> {
    let older = dir.join("special_tokens_map.json");
    let map = match config["added_tokens_decoder"].is_null() && older.is_file() {
        true => read_json(&older)?,
        false => Value::Null,
    };
    let token = |name| {
        [&map, config]
            .into_iter()
            .map(|json| token_string(&json[name]))
            .find(|t| !t.is_empty())
    };
    Ok(TOKEN_NAMES
        .into_iter()
        .filter_map(|name| Some((name, token(name)?.to_owned())))
        .collect())
}

/// A single template, or the one called `default` of a list.
fn configured_template(value: &Value) -> Option<String> {
    match value {
        Value::String(text) => Some(text.clone()),
        Value::Array(list) => {
            let chosen = list
                .iter()
                .find(|entry| entry["name"] == "default")
                .or_else(|| list.first())?;
            chosen["template"].as_str().map(str::to_string)
        }
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A template that knows no tokens.
    fn template(source: &str) -> Result<ChatTemplate> {
        ChatTemplate::new(Some(source), NamedTokens::new())
    }

    #[test]
    fn without_a_template_the_plain_one_closes_the_reply() {
        let tokens = [("bos_token", "<s>"), ("eos_token", "</s>")];
        let chat = ChatTemplate::new(
            None,
            tokens.map(|(name, token)| (name, token.to_owned())).into(),
        )
        .unwrap();
        assert!(!chat.own);
        let messages = [
            Message::new("user", " Hi "),
            Message::new("assistant", "Hello"),
        ];
        let text = chat.render(&messages, false).unwrap();
        assert_eq!(text, "<s>### User:\nHi\n\n### Assistant:\nHello</s>\n\n");
        assert!(text.starts_with(&chat.render(&messages[..1], true).unwrap()));
    }

    #[test]
    fn a_refusal_of_the_template_is_told() {
        let chat = template("{{ raise_exception('no system role') }}").unwrap();
        let error = chat.render(&[], false).unwrap_err();
        assert!(error.to_string().contains("no system role"), "{error}");
        assert!(matches!(
            template("{% if %}"),
            Err(Error::ChatTemplate { .. })
        ));
    }

    #[test]
    fn python_methods_work() {
        let chat = template("{{ messages[0]['content'].strip().upper() }}").unwrap();
        assert_eq!(
            chat.render(&[Message::new("user", " a ")], false).unwrap(),
            "A"
        );
    }

    #[test]
    fn the_day_is_the_one_that_was_set() {
        let source = "{{ strftime_now('%d %b %Y %A %B %m %j %H:%M:%S') }}|{{ date_string }}";
        let mut chat = template(source).unwrap();
        assert!(chat.tells_date());
        assert_eq!(
            chat.render(&[], false).unwrap(),
            "26 Jul 2024 Friday July 07 208 00:00:00|26 Jul 2024"
        );
        chat.set_date(Date::constant(2026, 3, 1));
        assert!(
            chat.clone()
                .render(&[], false)
                .unwrap()
                .ends_with("|01 Mar 2026")
        );
        assert_eq!(day_of(1_767_225_599_999), Date::constant(2025, 12, 31));
        let wrong = template("{{ strftime_now('%!') }}").unwrap();
        assert!(matches!(
            wrong.render(&[], false),
            Err(Error::ChatTemplate { .. })
        ));
    }

    #[test]
    fn json_is_written_as_python_does() {
        let source = "{{ messages | tojson }}{{ messages[0] | tojson(indent=2) }}{{ [] | tojson }}";
        let chat = template(source).unwrap();
        let text = chat
            .render(&[Message::new("user", "<é>\n\"")], false)
            .unwrap();
        let expected = r#"[{"role": "user", "content": "<é>\n\""}]{
  "role": "user",
  "content": "<é>\n\""
}[]"#;
        assert_eq!(text, expected);
    }

    #[test]
    fn generation_blocks_keep_their_space_control() {
        let source = "{% for m in messages %}\n  {%- generation -%}\n {{ m.content }} {% endgeneration %}\n!{% endfor %}";
        let chat = template(source).unwrap();
        assert_eq!(
            chat.render(&[Message::new("assistant", "a")], false)
                .unwrap(),
            "a !"
        );
        assert_eq!(
            without_generation_tags("{% if generation %}{% open"),
            "{% if generation %}{% open"
        );
    }

    #[test]
    fn tools_and_documents_are_none_and_macros_and_namespaces_work() {
        let source = "{% macro show(x) %}[{{ x }}]{% endmacro %}{% set ns = namespace(n=0) %}\
            {% for m in messages %}{% set ns.n = ns.n + loop.index0 %}{{ show(m.role) if loop.first else '' }}{% endfor %}\
            {{ ns.n }}{{ tools is none }}{{ documents is none }}{{ tools is defined }}{{ 'a b'.split(' ')[-1] }}";
        let chat = template(source).unwrap();
        let messages = ["user", "assistant", "user"].map(|role| Message::new(role, ""));
        assert_eq!(
            chat.render(&messages, false).unwrap(),
            "[user]3TrueTrueTrueb"
        );
    }

    #[test]
    fn a_template_without_end_is_stopped() {
        let nested = "{% for a in range(10000) %}{% for b in range(10000) %}{% for c in range(10000) %}x\
            {% endfor %}{% endfor %}{% endfor %}";
        let recursive = "{% macro again(x) %}{{ again(x) }}{% endmacro %}{{ again(1) }}";
        let large = "{% set ns = namespace(t='xxxxxxxx') %}{% for i in range(9999) %}{% set ns.t = ns.t ~ ns.t %}{% endfor %}";
        for source in [nested, recursive, large] {
            let chat = template(source).unwrap();
            let begun = std::time::Instant::now();
            assert!(
                matches!(chat.render(&[], false), Err(Error::ChatTemplate { .. })),
                "{source}"
            );
            assert!(begun.elapsed().as_secs() < 10, "{source}");
        }
    }

    #[test]
    fn tokens_come_from_the_tokenizers_configuration_or_an_older_map() {
        let dir = tempfile::tempdir().unwrap();
        let write = |name: &str, json: Value| {
            std::fs::write(dir.path().join(name), json.to_string()).unwrap()
        };
        let written = || {
            ChatTemplate::load(dir.path())
                .unwrap()
                .render(&[], false)
                .unwrap()
        };
        let source = "{{ bos_token }} {{ pad_token }} {{ mask_token is defined }}";
        let config =
            serde_json::json!({"chat_template": source, "bos_token": "<s>", "pad_token": null});
        write("tokenizer_config.json", config.clone());
        assert_eq!(written(), "<s>  False");
        write(
            "special_tokens_map.json",
            serde_json::json!({"bos_token": "<b>", "pad_token": {"content": "<p>"}}),
        );
        assert_eq!(written(), "<b> <p> False");
        let mut newer = config;
        newer["added_tokens_decoder"] = serde_json::json!({});
        write("tokenizer_config.json", newer);
        assert_eq!(written(), "<s>  False");
    }

    #[test]
    fn a_list_of_templates_gives_the_default_one() {
        let list = serde_json::json!([{"name": "tool", "template": "t"}, {"name": "default", "template": "d"}]);
        assert_eq!(configured_template(&list).unwrap(), "d");
        assert_eq!(token_string(&serde_json::json!({"content": "<s>"})), "<s>");
    }
}
