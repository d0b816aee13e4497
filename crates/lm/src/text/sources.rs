//! The files beside `tokenizer.json` that name special tokens and chat templates, read in the order of transformers 5.23
//! (`PreTrainedTokenizerBase._from_pretrained`, `TokenizersBackend.__init__`); docs/models.md has the table.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

use serde_json::Value;
use tokenizers::AddedToken;

use crate::disk::read_json;
use crate::error::{Error, Result};
use crate::text::named_tokens::{NamedTokens, TOKEN_NAMES};

/// A folder's own template.
const TEMPLATE_FILE: &str = "chat_template.jinja";
/// Folder of templates for other purposes, one file each.
const TEMPLATE_FOLDER: &str = "additional_chat_templates";
/// The most templates that a message names.
const NAMED_TEMPLATES: usize = 5;
/// The name of the template that is used if there are several.
const DEFAULT: &str = "default";
const CONFIG_FILE: &str = "tokenizer_config.json";
/// Special tokens by name, in folders that were written before tokenizer_config.json had all of them.
const MAP_FILE: &str = "special_tokens_map.json";
/// Ids of tokens outside the vocabulary, in folders of that age.
pub(crate) const ADDED_FILE: &str = "added_tokens.json";

/// What a folder says about its tokenizer besides `tokenizer.json`; null where it says nothing.
#[derive(Debug)]
pub(crate) struct TokenizerFiles {
    dir: PathBuf,
    config: Value,
    /// `special_tokens_map.json`, where transformers reads it.
    map: Value,
    /// `added_tokens.json`, where transformers reads it.
    added: Value,
}

/// A token that a file names.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct NamedToken {
    pub(crate) token: AddedToken,
    /// The id that the file gives it.
    pub(crate) id: Option<u32>,
    /// The file and its key.
    pub(crate) path: PathBuf,
    pub(crate) field: String,
}

impl TokenizerFiles {
    /// Reads the files of a folder.
    ///
    /// # Errors
    /// [`Error::Config`] where one is not valid JSON.
    pub(crate) fn read(dir: &Path) -> Result<Self> {
        let json = |name: &str| match dir.join(name) {
            path if path.is_file() => read_json(&path),
            _ => Ok(Value::Null),
        };
        let config = json(CONFIG_FILE)?;
        let older = config["added_tokens_decoder"].is_null();
        let (map, added) = match older {
            true => (json(MAP_FILE)?, json(ADDED_FILE)?),
            false => (Value::Null, Value::Null),
        };
        let dir = dir.to_path_buf();
        Ok(Self {
            dir,
            config,
            map,
            added,
        })
    }

    /// Whether `added_tokens.json` is one of the files that are read.
    pub(crate) fn reads_added_tokens(&self) -> bool {
        !self.added.is_null()
    }

    /// The special tokens that templates know by name.
    pub(crate) fn named_tokens(&self) -> NamedTokens {
        let named = |name: &'static str| Some((name, self.named(name)?.to_owned()));
        TOKEN_NAMES.into_iter().filter_map(named).collect()
    }

    fn named(&self, name: &str) -> Option<&str> {
        [&self.map, &self.config]
            .into_iter()
            .map(|json| token_string(&json[name]))
            .find(|token| !token.is_empty())
    }

    /// The tokens that transformers adds to those of `tokenizer.json`, in its order.
    ///
    /// # Errors
    /// [`Error::Config`] where an id is not a valid one.
    pub(crate) fn added_tokens(&self) -> Result<Vec<NamedToken>> {
        let mut tokens = self.by_id()?;
        for (file, field, value) in self.special() {
            let token = special_token(value);
            let (path, id) = (self.dir.join(file), None);
            let known = |known: &NamedToken| known.token.content == token.content;
            if token.content.is_empty() || tokens.iter().any(known) {
                continue;
            }
            let field = field.to_owned();
            tokens.push(NamedToken {
                token,
                id,
                path,
                field,
            });
        }
        // A token that has a name is special, whatever the list says.
        let named: BTreeSet<&str> = TOKEN_NAMES
            .iter()
            .filter_map(|name| self.named(name))
            .collect();
        for token in &mut tokens {
            token.token.special |= named.contains(token.token.content.as_str());
        }
        Ok(tokens)
    }

    /// `added_tokens_decoder`, or `added_tokens.json` of an older folder, by id.
    fn by_id(&self) -> Result<Vec<NamedToken>> {
        let special: BTreeSet<String> = self
            .special()
            .into_iter()
            .map(|(_, _, value)| token_string(value).to_owned())
            .collect();
        let mut tokens = BTreeMap::new();
        for (key, value) in self.config["added_tokens_decoder"]
            .as_object()
            .into_iter()
            .flatten()
        {
            let field = format!("added_tokens_decoder.{}", shortened(key));
            let id = id(key.parse().ok(), &self.dir.join(CONFIG_FILE), &field)?;
            tokens.insert(id, (listed_token(value), CONFIG_FILE, field));
        }
        for (content, value) in self.added.as_object().into_iter().flatten() {
            let field = shortened(content);
            let id = id(value.as_u64(), &self.dir.join(ADDED_FILE), &field)?;
            let token = AddedToken::from(content.clone(), special.contains(content));
            tokens.insert(id, (token, ADDED_FILE, field));
        }
        let named = |(id, (token, file, field)): (u32, (AddedToken, &str, String))| NamedToken {
            token,
            id: Some(id),
            path: self.dir.join(file),
            field,
        };
        Ok(tokens.into_iter().map(named).collect())
    }

    /// Values that name a special token without an id, each with its file and key: the seven names, `extra_special_tokens`
    /// (older: `additional_special_tokens`) as a list or by names, and every other `…_token`.
    fn special(&self) -> Vec<(&'static str, &str, &Value)> {
        let mut found = Vec::new();
        for (file, json) in [(MAP_FILE, &self.map), (CONFIG_FILE, &self.config)] {
            for (field, value) in json.as_object().into_iter().flatten() {
                match field.as_str() {
                    "extra_special_tokens" | "additional_special_tokens" => match value {
                        Value::Array(list) => {
                            found.extend(list.iter().map(|value| (file, field.as_str(), value)));
                        }
                        Value::Object(named) => {
                            found.extend(named.values().map(|value| (file, field.as_str(), value)));
                        }
                        _ => {}
                    },
                    name if TOKEN_NAMES.contains(&name) => found.push((file, name, value)),
                    name if name.ends_with("_token") && value.is_string() => {
                        found.push((file, name, value));
                    }
                    _ => {}
                }
            }
        }
        found
    }

    /// The chat template with the file that it comes from: the folder's template files take precedence over
    /// tokenizer_config.json, and of several templates the one called `default` is taken.
    ///
    /// # Errors
    /// [`Error::Config`] where there are several named templates and none is `default`, as in transformers.
    pub(crate) fn template(&self) -> Result<Option<(PathBuf, String)>> {
        let mut files = BTreeMap::new();
        let single = self.dir.join(TEMPLATE_FILE);
        if single.is_file() {
            files.insert(DEFAULT.to_owned(), read_text(&single)?);
        }
        let folder = self.dir.join(TEMPLATE_FOLDER);
        for path in jinja_files(&folder)? {
            let name = path
                .file_stem()
                .unwrap_or_default()
                .to_string_lossy()
                .into_owned();
            files.insert(name, read_text(&path)?);
        }
        if !files.is_empty() {
            let origin = if single.is_file() { single } else { folder };
            return chosen(files, &origin, TEMPLATE_FILE).map(|text| Some((origin, text)));
        }
        let path = self.dir.join(CONFIG_FILE);
        let refuse = || {
            Error::config(
                &path,
                "chat_template",
                "is neither text nor texts with names",
            )
        };
        let text = |value: &Value| value.as_str().map(str::to_owned).ok_or_else(refuse);
        let templates: BTreeMap<String, String> = match &self.config["chat_template"] {
            Value::Null => return Ok(None),
            Value::String(text) => return Ok(Some((path, text.clone()))),
            Value::Array(list) => list
                .iter()
                .map(|entry| Ok((text(&entry["name"])?, text(&entry["template"])?)))
                .collect::<Result<_>>()?,
            Value::Object(named) => named
                .iter()
                .map(|(name, value)| Ok((name.clone(), text(value)?)))
                .collect::<Result<_>>()?,
            _ => return Err(refuse()),
        };
        chosen(templates, &path, "chat_template").map(|text| Some((path, text)))
    }
}

/// The template called `default`.
pub(crate) fn chosen(
    mut templates: BTreeMap<String, String>,
    path: &Path,
    field: &str,
) -> Result<String> {
    if let Some(template) = templates.remove(DEFAULT) {
        return Ok(template);
    }
    let names = templates.keys().take(NAMED_TEMPLATES);
    let names: Vec<String> = names.map(|name| shortened(name)).collect();
    let reason = format!(
        "has several chat templates ({}) and none of them is called `default`; put the one to use beside the weights as \
         {TEMPLATE_FILE}",
        names.join(", ")
    );
    Err(Error::config(path, field, reason))
}

fn jinja_files(folder: &Path) -> Result<Vec<PathBuf>> {
    if !folder.is_dir() {
        return Ok(Vec::new());
    }
    let mut files = Vec::new();
    for entry in std::fs::read_dir(folder).map_err(|e| Error::io(folder, e))? {
        let path = entry.map_err(|e| Error::io(folder, e))?.path();
        if path.is_file()
            && path
                .extension()
                .is_some_and(|extension| extension == "jinja")
        {
            files.push(path);
        }
    }
    Ok(files)
}

fn read_text(path: &Path) -> Result<String> {
    std::fs::read_to_string(path).map_err(|e| Error::io(path, e))
}

fn id(found: Option<u64>, path: &Path, field: &str) -> Result<u32> {
    let id = found.and_then(|id| u32::try_from(id).ok());
    id.ok_or_else(|| Error::config(path, field, "is not the id of a token"))
}

/// A name, shortened to what a message repeats of it.
pub(crate) fn shortened(name: &str) -> String {
    name.chars().take(30).collect()
}

/// A token of tokenizer_config.json: a string, or an object with its content; empty if it is absent.
pub(crate) fn token_string(value: &Value) -> &str {
    value
        .as_str()
        .or_else(|| value["content"].as_str())
        .unwrap_or_default()
}

/// A token with the properties given in its object.
fn listed_token(value: &Value) -> AddedToken {
    let flag = |name: &str| value[name].as_bool();
    let special = flag("special").unwrap_or(false);
    AddedToken::from(token_string(value), special)
        .single_word(flag("single_word").unwrap_or(false))
        .lstrip(flag("lstrip").unwrap_or(false))
        .rstrip(flag("rstrip").unwrap_or(false))
        .normalized(flag("normalized").unwrap_or(!special))
}

fn special_token(value: &Value) -> AddedToken {
    let token = listed_token(value).special(true);
    match value["normalized"].as_bool() {
        Some(_) => token,
        None => token.normalized(false),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn folder(files: &[(&str, Value)]) -> tempfile::TempDir {
        let dir = tempfile::tempdir().unwrap();
        for (name, content) in files {
            let text = content
                .as_str()
                .map_or_else(|| content.to_string(), str::to_owned);
            let path = dir.path().join(name);
            std::fs::create_dir_all(path.parent().unwrap()).unwrap();
            std::fs::write(path, text).unwrap();
        }
        dir
    }

    fn template(files: &[(&str, Value)]) -> Result<Option<String>> {
        let dir = folder(files);
        let found = TokenizerFiles::read(dir.path())?.template()?;
        Ok(found.map(|(_, text)| text))
    }

    #[test]
    fn templates_are_chosen_as_transformers_chooses_them() {
        let config = |value: Value| ("tokenizer_config.json", json!({"chat_template": value}));
        let found = |files: &[(&str, Value)]| template(files).unwrap().unwrap_or_default();
        assert_eq!(template(&[]).unwrap(), None);
        assert_eq!(found(&[config(json!("c"))]), "c");
        let list =
            json!([{"name": "tool_use", "template": "t"}, {"name": "default", "template": "d"}]);
        assert_eq!(found(&[config(list)]), "d");
        assert_eq!(found(&[config(json!({"default": "d", "rag": "r"}))]), "d");
        let file = ("chat_template.jinja", json!("f"));
        assert_eq!(found(&[config(json!("c")), file.clone()]), "f");
        let other = ("additional_chat_templates/rag.jinja", json!("r"));
        assert_eq!(found(&[config(json!("c")), file, other.clone()]), "f");
        // Files take precedence over the configuration, even if none of them is the default.
        for files in [
            vec![config(
                json!([{"name": "tool_use", "template": "X"}, {"name": "rag", "template": "Y"}]),
            )],
            vec![config(json!({"rag": "Y", "tool_use": "X"}))],
            vec![
                config(json!("c")),
                other,
                ("additional_chat_templates/tool_use.jinja", json!("t")),
            ],
        ] {
            let error = template(&files).unwrap_err().to_string();
            assert!(
                error.contains("(rag, tool_use)") && error.contains("`default`"),
                "{error}"
            );
        }
        for wrong in [
            json!(3),
            json!([{"name": "default"}]),
            json!({"default": 1}),
        ] {
            let error = template(&[config(wrong)]).unwrap_err().to_string();
            assert!(error.contains("chat_template"), "{error}");
        }
    }

    fn names(files: &[(&str, Value)]) -> Vec<(String, Option<u32>, bool)> {
        let dir = folder(files);
        let tokens = TokenizerFiles::read(dir.path())
            .unwrap()
            .added_tokens()
            .unwrap();
        let told = |token: NamedToken| (token.token.content, token.id, token.token.special);
        tokens.into_iter().map(told).collect()
    }

    #[test]
    fn every_way_to_name_a_special_token_counts() {
        let special = |content: &str| (content.to_owned(), None, true);
        let config = |json: Value| ("tokenizer_config.json", json);
        assert_eq!(
            names(&[config(
                json!({"eos_token": "<e>", "pad_token": {"content": "<p>"}, "image_token": "<i>",
                "add_bos_token": true, "unk_token": null, "tokenizer_class": "X"})
            )]),
            ["<e>", "<p>", "<i>"].map(special)
        );
        for key in ["extra_special_tokens", "additional_special_tokens"] {
            for value in [
                json!(["<a>", {"content": "<b>", "lstrip": true}]),
                json!({"x": "<a>", "y": "<b>"}),
            ] {
                assert_eq!(
                    names(&[config(json!({key: value}))]),
                    ["<a>", "<b>"].map(special)
                );
            }
        }
        let decoder = json!({"added_tokens_decoder": {"11": {"content": "<y>", "special": false},
            "9": {"content": "<x>", "special": true}, "12": {"content": "<e>"}}, "eos_token": "<e>"});
        let older = [
            ("added_tokens.json", json!({"<o>": 7, "<e>": 8})),
            (
                "special_tokens_map.json",
                json!({"eos_token": "<e>", "bos_token": "<b>"}),
            ),
        ];
        let listed = |content: &str, id, special| (content.to_owned(), Some(id), special);
        assert_eq!(
            names(&[vec![config(decoder)], older.to_vec()].concat()),
            [
                listed("<x>", 9, true),
                listed("<y>", 11, false),
                listed("<e>", 12, true)
            ],
            "the older files do not count beside the newer list"
        );
        assert_eq!(
            names(&older),
            [
                listed("<o>", 7, false),
                listed("<e>", 8, true),
                special("<b>")
            ]
        );
    }

    #[test]
    fn an_id_that_is_none_is_refused_by_its_key() {
        let dir = folder(&[(
            "tokenizer_config.json",
            json!({"added_tokens_decoder": {"x": {"content": "<x>"}}}),
        )]);
        let error = TokenizerFiles::read(dir.path())
            .unwrap()
            .added_tokens()
            .unwrap_err();
        assert!(
            error.to_string().contains("added_tokens_decoder.x"),
            "{error}"
        );
    }
}
