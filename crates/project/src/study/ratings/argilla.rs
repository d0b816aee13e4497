//! Argilla's records as JSON: `dataset.records.to_json()`, `to_list(flatten=True)`, and those of Argilla 1.
//!
//! Follows argilla 2 (`records/_io/_generic.py`, `records/_resource.py`): nested, `responses` has for each question a list
//! of values with `user_id`; flat, `Q.responses`, `Q.responses.users` and `Q.responses.status` are side by side. In
//! Argilla 1 `responses` is a list with `values` by question and a `status`. Only what was submitted is an answer.

use std::collections::BTreeMap;
use std::path::Path;

use contract::excerpt;
use contract::problem::ImportProblem;
use serde::Deserialize;
use serde_json::Value;

use super::{Answer, Found, Given, Item, Score, objects, plain};

/// Endings of the flat form's columns.
const RESPONSES: &str = ".responses";
const USERS: &str = ".responses.users";
const STATUS: &str = ".responses.status";
/// The status of what counts.
const SUBMITTED: &str = "submitted";

#[derive(Deserialize)]
struct Record {
    #[serde(default)]
    fields: BTreeMap<String, Value>,
    metadata: Option<BTreeMap<String, Value>>,
    responses: Option<Responses>,
    /// The columns of the flat form.
    #[serde(flatten)]
    columns: BTreeMap<String, Value>,
}

#[derive(Deserialize)]
#[serde(untagged)]
enum Responses {
    /// By question.
    Questions(BTreeMap<String, Vec<Response>>),
    /// By user, as Argilla 1 has them.
    Users(Vec<UserResponse>),
}

#[derive(Deserialize)]
struct Response {
    value: Option<Value>,
    user_id: Option<String>,
    status: Option<String>,
}

#[derive(Deserialize)]
struct UserResponse {
    user_id: Option<String>,
    status: Option<String>,
    values: Option<BTreeMap<String, OldValue>>,
}

#[derive(Deserialize)]
struct OldValue {
    value: Option<Value>,
}

pub(super) fn read(path: &Path) -> Result<Found, ImportProblem> {
    let mut found = Found::default();
    for (record, row) in objects::<Record>(path)?.into_iter().zip(1..) {
        let item = found.items.len();
        let mut responses: Vec<(String, Response)> = Vec::new();
        match record.responses {
            Some(Responses::Questions(questions)) => {
                for (question, given) in questions {
                    responses.extend(given.into_iter().map(|given| (question.clone(), given)));
                }
            }
            Some(Responses::Users(users)) => users.into_iter().for_each(|user| {
                let (user_id, status) = (user.user_id, user.status);
                let values = user.values.unwrap_or_default().into_iter();
                responses.extend(values.map(|(question, old)| {
                    let response = Response {
                        value: old.value,
                        user_id: user_id.clone(),
                        status: status.clone(),
                    };
                    (question, response)
                }));
            }),
            None => responses = flat(path, row, &record.columns)?,
        }
        let metadata = record.metadata.unwrap_or_default();
        let fields = record.fields.into_iter().chain(metadata);
        let fields = fields.chain(record.columns);
        let fields = fields.filter(|(name, _)| !name.contains(RESPONSES));
        found.items.push(Item {
            row,
            fields: fields
                .filter_map(|(name, value)| Some((name, plain(&value)?)))
                .collect(),
        });
        for (criterion, response) in responses {
            let is_submitted = response
                .status
                .as_deref()
                .is_none_or(|status| status == SUBMITTED);
            let given = match (is_submitted, response.value.as_ref().and_then(score)) {
                (false, _) => Given::Nothing,
                (true, Some(score)) => Given::Score { criterion, score },
                // Texts, rankings and marked words are not scores.
                (true, None) => continue,
            };
            found.answers.push(Answer {
                item,
                rater: response.user_id.unwrap_or_else(|| "unknown".to_owned()),
                given,
                active_ms: 0,
            });
        }
    }
    Ok(found)
}

fn score(value: &Value) -> Option<Score> {
    match value {
        Value::Number(number) => number.as_f64().map(Score::Number),
        // The answer to a question with labels; free texts are longer.
        Value::String(text) if text.chars().count() <= 60 && !text.contains('\n') => {
            Some(Score::of(text))
        }
        _ => None,
    }
}

/// The responses of the flat form.
fn flat(
    path: &Path,
    row: usize,
    columns: &BTreeMap<String, Value>,
) -> Result<Vec<(String, Response)>, ImportProblem> {
    let list = |name: String| match columns.get(&name) {
        Some(Value::Array(items)) => items.clone(),
        _ => Vec::new(),
    };
    let text = |value: Option<&Value>| value.and_then(Value::as_str).map(str::to_owned);
    let mut responses = Vec::new();
    let questions = columns
        .keys()
        .filter_map(|name| name.strip_suffix(RESPONSES));
    for question in questions {
        let values = list(format!("{question}{RESPONSES}"));
        let (users, status) = (
            list(format!("{question}{USERS}")),
            list(format!("{question}{STATUS}")),
        );
        if users.len() != values.len() {
            return Err(ImportProblem::Ratings {
                file: path.display().to_string(),
                row,
                reason: format!(
                    "`{}` has {} answers of {} users",
                    excerpt(question),
                    values.len(),
                    users.len()
                ),
            });
        }
        for (place, value) in values.into_iter().enumerate() {
            let response = Response {
                value: Some(value),
                user_id: text(users.get(place)),
                status: text(status.get(place)),
            };
            responses.push((question.to_owned(), response));
        }
    }
    Ok(responses)
}
