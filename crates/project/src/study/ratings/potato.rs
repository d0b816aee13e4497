//! Potato's annotations: the folder with a `user_state.json` for each annotator, or one of these files, and the data file
//! that has the items by their id.
//!
//! Follows potato 2: `instance_id_to_label_to_value` has for each item pairs of `{schema, name}` and a value, in which the
//! last one counts; its documentation, and what programs write for it, have objects of schema, name and value. A Likert
//! scale names its point (`4`, `scale_4`), a slider has it as its value.

use std::collections::{BTreeMap, HashMap};
use std::path::{Path, PathBuf};

use contract::excerpt;
use contract::problem::{ImportProblem, NotFound};
use serde::Deserialize;
use serde_json::Value;

use super::{Answer, Found, Given, Item, Score, bytes, objects, plain};

/// The file of an annotator.
const STATE: &str = "user_state.json";
/// The key of an item in the data file.
const ID: &str = "id";
/// Names of the only answer of a schema without names of its own.
const UNNAMED: [&str; 5] = ["slider", "number", "value", "scale", "scale_"];

#[derive(Deserialize)]
struct State {
    user_id: Option<String>,
    #[serde(default)]
    instance_id_to_label_to_value: BTreeMap<String, Labels>,
    #[serde(default)]
    instance_id_ordering: Vec<String>,
}

#[derive(Deserialize)]
#[serde(untagged)]
enum Labels {
    Pairs(Vec<(Label, Value)>),
    Schemas(BTreeMap<String, BTreeMap<String, Value>>),
}

#[derive(Deserialize)]
struct Label {
    schema: String,
    name: String,
}

pub(super) fn read(path: &Path, items: Option<&Path>) -> Result<Found, ImportProblem> {
    let mut found = Found::default();
    let mut places: HashMap<String, usize> = HashMap::new();
    if let Some(items) = items {
        for (fields, row) in objects::<BTreeMap<String, Value>>(items)?
            .into_iter()
            .zip(1..)
        {
            let fields: BTreeMap<String, String> = fields
                .into_iter()
                .filter_map(|(name, value)| Some((name, plain(&value)?)))
                .collect();
            let Some(id) = fields.get(ID).cloned() else {
                return Err(refusal(items, row, "it has no `id`".to_owned()));
            };
            places.insert(id, found.items.len());
            found.items.push(Item { row, fields });
        }
    }
    for file in states(path)? {
        let state: State = state(&file)?;
        let folder = file.parent().and_then(Path::file_name);
        let rater = state.user_id.unwrap_or_else(|| {
            let name = folder.map(|name| name.to_string_lossy().into_owned());
            name.unwrap_or_else(|| "unknown".to_owned())
        });
        let order = |id: &String| {
            let place = state
                .instance_id_ordering
                .iter()
                .position(|known| known == id);
            place.unwrap_or(usize::MAX)
        };
        let mut labels: Vec<_> = state.instance_id_to_label_to_value.into_iter().collect();
        labels.sort_by_key(|(id, _)| order(id));
        for ((id, labels), row) in labels.into_iter().zip(1..) {
            let item = match (places.get(&id), items) {
                (Some(place), _) => *place,
                (None, Some(items)) => {
                    let reason = format!("{} has no item `{}`", items.display(), excerpt(&id));
                    return Err(refusal(&file, row, reason));
                }
                (None, None) => {
                    let fields = BTreeMap::from([(ID.to_owned(), id.clone())]);
                    places.insert(id, found.items.len());
                    found.items.push(Item { row, fields });
                    found.items.len() - 1
                }
            };
            for (criterion, score) in scores(labels) {
                found.answers.push(Answer {
                    item,
                    rater: rater.clone(),
                    given: Given::Score { criterion, score },
                    active_ms: 0,
                });
            }
        }
    }
    Ok(found)
}

fn refusal(path: &Path, row: usize, reason: String) -> ImportProblem {
    ImportProblem::Ratings {
        file: path.display().to_string(),
        row,
        reason,
    }
}

/// The files of the annotators, in the order of their folders.
fn states(path: &Path) -> Result<Vec<PathBuf>, ImportProblem> {
    if !path.is_dir() {
        return Ok(vec![path.to_path_buf()]);
    }
    let folders = std::fs::read_dir(path).into_iter().flatten().flatten();
    let files = folders.map(|folder| folder.path().join(STATE));
    let mut files: Vec<PathBuf> = files.filter(|file| file.is_file()).collect();
    files.sort();
    let single = path.join(STATE);
    if single.is_file() {
        files.push(single);
    }
    match files.is_empty() {
        true => Err(ImportProblem::NotFound(NotFound::File {
            file: path.join("*").join(STATE).display().to_string(),
        })),
        false => Ok(files),
    }
}

fn state(file: &Path) -> Result<State, ImportProblem> {
    serde_json::from_slice(&bytes(file)?).map_err(|error| ImportProblem::Json {
        file: file.display().to_string(),
        row: error.line(),
        column: error.column(),
        reason: error.to_string().chars().take(160).collect(),
    })
}

/// The last score of each schema; schemas with texts have none.
fn scores(labels: Labels) -> BTreeMap<String, Score> {
    let pairs: Vec<(Label, Value)> = match labels {
        Labels::Pairs(pairs) => pairs,
        Labels::Schemas(schemas) => schemas
            .into_iter()
            .flat_map(|(schema, names)| {
                let named = names.into_iter().flat_map(|(name, value)| match value {
                    // `{"labels": {"4": true}}`
                    Value::Object(inner) => inner.into_iter().collect(),
                    value => vec![(name, value)],
                });
                named.map(move |(name, value)| {
                    let schema = schema.clone();
                    (Label { schema, name }, value)
                })
            })
            .collect(),
    };
    let mut last = BTreeMap::new();
    for (label, value) in pairs {
        if let Some(score) = score(&label.name, &value) {
            last.insert(label.schema, score);
        }
    }
    last
}

/// What a label with a value says; `None` for one that was taken back, and for free text.
fn score(name: &str, value: &Value) -> Option<Score> {
    let text = plain(value)?;
    if text.is_empty() || text == "false" || text == "0" {
        return None;
    }
    match Score::of(name) {
        Score::Number(number) => Some(Score::Number(number)),
        Score::Word(_) if UNNAMED.contains(&name) => Some(Score::of(&text)),
        Score::Word(word) if text == "true" || text == "1" || text == word => {
            Some(Score::Word(word))
        }
        Score::Word(_) => text.parse().ok().map(Score::Number),
    }
}
