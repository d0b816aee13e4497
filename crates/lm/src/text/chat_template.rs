//! The checkpoint's chat template: messages → the text the model was trained on.
//!
//! Templates are Jinja as transformers' `apply_chat_template` runs it (`jinja`); `tools` and `documents` are `None`,
//! and the date is the one that was set.

use std::path::{Path, PathBuf};

pub use jiff::civil::Date;
use jiff::fmt::strtime;
use minijinja::{Environment, ErrorKind, context};
use serde::{Deserialize, Serialize};

use crate::error::{Error, Result};
use crate::text::jinja;
use crate::text::named_tokens::{self, NamedTokens};
use crate::text::sources::TokenizerFiles;

/// For base models without a template of their own: sections with headings, and a reply closed by the end token.
const PLAIN_TEMPLATE: &str = "{{ bos_token }}{% for message in messages %}\
{{ '### ' ~ message['role'] | capitalize ~ ':\\n' ~ message['content'] | trim }}\
{% if message['role'] == 'assistant' %}{{ eos_token }}{% endif %}{{ '\\n\\n' }}{% endfor %}\
{% if add_generation_prompt %}{{ '### Assistant:\\n' }}{% endif %}";

const TEMPLATE: &str = "chat";

/// The most characters of a template's refusal that are shown.
const MAX_REASON_CHARS: usize = 200;

/// The date that templates see unless another is set: the one that Llama's templates fall back to, so that a prompt
/// does not change overnight.
pub const DEFAULT_DATE: Date = Date::constant(2024, 7, 26);

/// The date (UTC) of a time in milliseconds since 1970; [`DEFAULT_DATE`] for a time beyond the calendar's range.
pub fn day_of(unix_ms: i64) -> Date {
    let time = jiff::Timestamp::from_millisecond(unix_ms);
    time.map_or(DEFAULT_DATE, |time| {
        time.to_zoned(jiff::tz::TimeZone::UTC).date()
    })
}

/// How Llama's templates write a date.
const DATE_STRING: &str = "%d %b %Y";

/// One turn of a conversation.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Message {
    /// `system`, `user` or `assistant`.
    pub role: String,
    /// Its text; the strings of special tokens in it remain plain text.
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
    /// The file that it comes from, if that is known.
    origin: Option<PathBuf>,
    /// Whether the model has its own template.
    pub own: bool,
}

impl ChatTemplate {
    /// The template of a folder, in transformers' order (`sources`), or a plain one if it has none.
    ///
    /// # Errors
    /// [`Error::ChatTemplate`] where the template is not valid Jinja, [`Error::Config`] where the configuration is not
    /// valid JSON, or has several templates none of which is the default.
    pub fn load(dir: &Path) -> Result<Self> {
        let files = TokenizerFiles::read(dir)?;
        let tokens = files.named_tokens();
        match files.template()? {
            None => Self::new(None, tokens),
            Some((origin, source)) => Self::from_file(&origin, Some(&source), tokens),
        }
    }

    /// Makes a template from its text (`None` for the plain one) and the tokens it may write.
    ///
    /// # Errors
    /// [`Error::ChatTemplate`] where the template is not valid Jinja.
    pub fn new(source: Option<&str>, tokens: NamedTokens) -> Result<Self> {
        Self::compiled(None, source, tokens)
    }

    /// The same, from a file, which is named in error messages.
    ///
    /// # Errors
    /// [`Error::ChatTemplate`] where the template is not valid Jinja.
    pub(crate) fn from_file(
        origin: &Path,
        source: Option<&str>,
        tokens: NamedTokens,
    ) -> Result<Self> {
        Self::compiled(Some(origin.to_path_buf()), source, tokens)
    }

    fn compiled(
        origin: Option<PathBuf>,
        source: Option<&str>,
        tokens: NamedTokens,
    ) -> Result<Self> {
        let mut chat = Self {
            environment: Environment::new(),
            source: source.unwrap_or(PLAIN_TEMPLATE).to_string(),
            tokens,
            date: DEFAULT_DATE,
            origin,
            own: source.is_some(),
        };
        chat.environment = jinja::environment().map_err(|error| chat.refusal(&error))?;
        let compilable = jinja::compilable(&chat.source);
        let added = chat.environment.add_template_owned(TEMPLATE, compilable);
        added.map_err(|error| chat.refusal(&error))?;
        chat.set_date(DEFAULT_DATE);
        Ok(chat)
    }

    /// Sets the date that `strftime_now` (at midnight) and `date_string` return; it never defaults to today.
    pub fn set_date(&mut self, date: Date) {
        self.date = date;
        self.environment
            .add_function("strftime_now", move |format: String| {
                strtime::format(&format, date.at(0, 0, 0, 0))
                    .map_err(|e| minijinja::Error::new(ErrorKind::InvalidOperation, e.to_string()))
            });
    }

    /// Whether the template's output depends on the date.
    pub fn tells_date(&self) -> bool {
        ["strftime_now", "date_string"]
            .iter()
            .any(|name| self.source.contains(name))
    }

    /// The date that the template is given.
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
            .map_err(|error| self.refusal(&error))?;
        template
            .render(context! {
                messages => messages,
                tools => (),
                documents => (),
                date_string => strtime::format(DATE_STRING, self.date).unwrap_or_default(),
                add_generation_prompt => add_generation_prompt,
                ..minijinja::Value::from_pairs(self.tokens.iter().map(|(name, token)| (*name, token.as_str())))
            })
            .map_err(|error| self.refusal(&error))
    }

    /// The error for a conversation for which the template writes nothing.
    pub(crate) fn writes_nothing(&self) -> Error {
        self.refuses("the template writes nothing".to_owned())
    }

    /// An error that names the template's file.
    pub(crate) fn refuses(&self, reason: String) -> Error {
        Error::ChatTemplate {
            path: self.origin.clone(),
            reason,
        }
    }

    fn refusal(&self, error: &minijinja::Error) -> Error {
        self.refuses(reason_of(error))
    }

    /// Whether the template writes a token, by its text or by its name.
    pub(crate) fn writes(&self, token: &str) -> bool {
        let by_name =
            |(name, named): (&&str, &String)| named == token && self.source.contains(*name);
        self.source.contains(token) || self.tokens.iter().any(by_name)
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
        self.tokens
            .get(named_tokens::END_OF_SEQUENCE)
            .map_or("", String::as_str)
    }
}

/// What the template engine says, or the template itself.
fn reason_of(error: &minijinja::Error) -> String {
    if error.kind() == ErrorKind::OutOfFuel {
        return format!(
            "it takes more than the {} steps that a conversation may take, or as much memory; a template that works \
             never does",
            jinja::FUEL
        );
    }
    let told = match error.detail() {
        Some(detail) => detail.to_owned(),
        None => error.to_string(),
    };
    let told = match (error.kind(), error.line()) {
        (ErrorKind::SyntaxError, Some(line)) => format!("line {line} of the template: {told}"),
        _ => told,
    };
    // A template can repeat the conversation in its refusal.
    told.chars().take(MAX_REASON_CHARS).collect()
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
        let chat = template("{{ raise_exception('x' * 5000) }}").unwrap();
        assert!(chat.render(&[], false).unwrap_err().to_string().len() < 300);
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
        let wide = "{{ 'x'.center(9999999999) }}";
        let replaced = "{% set ns = namespace(t='aaaaaaaa') %}{% for i in range(99) %}{% set ns.t = ns.t.replace('a', ns.t) %}{% endfor %}";
        let shared = "{% set ns = namespace(t=[1.5]) %}{% for i in range(64) %}{% set ns.t = [ns.t, ns.t] %}{% endfor %}{{ ns.t | tojson }}";
        let printed = shared.replace("| tojson", "");
        let indented = "{{ [1, 2, 3] | tojson(indent='x' * 99999999) }}";
        let large = "{% set ns = namespace(t='xxxxxxxx') %}{% for i in range(9999) %}{% set ns.t = ns.t ~ ns.t %}{% endfor %}";
        for source in [
            nested, recursive, large, wide, replaced, shared, &printed, indented,
        ] {
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
        let write = |name: &str, json: serde_json::Value| {
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

    /// tests/golden/jinja holds the output of Jinja2, set up as transformers sets it up.
    #[test]
    fn templates_write_what_jinja2_writes() {
        let usual = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../tests/golden");
        let other = std::env::var_os("DUOLOGUE_GOLDEN").map(PathBuf::from);
        let files = [other, Some(usual)].into_iter().flatten();
        let mut files = files.map(|folder| folder.join("jinja/rendered.json"));
        let file = files.find(|file| file.is_file()).unwrap();
        let recorded = std::fs::read_to_string(file).unwrap();
        let recorded: Recorded = serde_json::from_str(&recorded).unwrap();
        let mut wrong = Vec::new();
        for case in &recorded.cases {
            let found =
                template(&case.template).and_then(|chat| chat.render(&recorded.messages, false));
            if found.as_ref().ok() != Some(&case.rendered) {
                wrong.push(format!(
                    "{:?}\n  {:?}\n  {found:?}",
                    case.template, case.rendered
                ));
            }
        }
        assert!(recorded.cases.len() > 300);
        assert!(
            wrong.is_empty(),
            "{} of {}:\n{}",
            wrong.len(),
            recorded.cases.len(),
            wrong.join("\n")
        );
    }

    #[derive(Deserialize)]
    struct Recorded {
        messages: Vec<Message>,
        cases: Vec<Case>,
    }

    #[derive(Deserialize)]
    struct Case {
        template: String,
        rendered: String,
    }

    #[test]
    fn every_refusal_names_the_templates_file() {
        let dir = tempfile::tempdir().unwrap();
        let load = |name: &str, text: &str| {
            std::fs::write(dir.path().join(name), text).unwrap();
            ChatTemplate::load(dir.path())
        };
        let names = |error: Error, reason: &str, file: Option<&str>| {
            let told = error.to_string();
            assert!(told.contains(reason), "{told}");
            let place = error.problem().place().file;
            let named = place.as_deref().map(Path::new).and_then(Path::file_name);
            assert_eq!(named.and_then(|name| name.to_str()), file, "{told}");
        };
        let raises = "{{ raise_exception('no system role') }}";
        let config = serde_json::json!({ "chat_template": raises }).to_string();
        let chat = load("tokenizer_config.json", &config).unwrap();
        let error = chat.render(&[], false).unwrap_err();
        names(error, "no system role", Some("tokenizer_config.json"));
        let chat = load("chat_template.jinja", "").unwrap();
        assert!(chat.own);
        let beside = Some("chat_template.jinja");
        names(chat.writes_nothing(), "the template writes nothing", beside);
        let error = load("chat_template.jinja", "a\n{% if %}").unwrap_err();
        names(error, "line 2 of the template", beside);
        let error = load(
            "chat_template.jinja",
            "{% for a in range(9999) %}{% for b in range(9999) %}{% endfor %}{% endfor %}",
        )
        .unwrap()
        .render(&[], false)
        .unwrap_err();
        names(error, "steps", beside);
        names(template("{% if %}").unwrap_err(), "line 1", None);
    }
}
