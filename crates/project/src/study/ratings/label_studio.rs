//! Label Studio's JSON export: a list of tasks, each with its `data` and `annotations`.
//!
//! Follows labelstud.io/guide/task_format: `result[]` has an entry for each control, with `from_name` and `type`; scores
//! are `rating`, `number` and `choices`. A cancelled annotation was skipped. `lead_time` is in seconds.

use std::collections::BTreeMap;
use std::path::Path;

use contract::excerpt;
use contract::problem::ImportProblem;
use serde::Deserialize;
use serde_json::Value;

use super::{Answer, Found, Given, Item, Score, objects, plain};

#[derive(Deserialize)]
struct Task {
    data: Option<BTreeMap<String, Value>>,
    annotations: Option<Vec<Annotation>>,
}

#[derive(Deserialize)]
struct Annotation {
    completed_by: Option<Person>,
    #[serde(default)]
    was_cancelled: bool,
    #[serde(default)]
    result: Vec<Entry>,
    lead_time: Option<f64>,
}

/// Who annotated: a number, or more about them.
#[derive(Deserialize)]
#[serde(untagged)]
enum Person {
    Number(i64),
    Name(String),
    About {
        email: Option<String>,
        username: Option<String>,
        id: Option<i64>,
    },
}

#[derive(Deserialize)]
struct Entry {
    from_name: Option<String>,
    #[serde(default)]
    value: EntryValue,
}

/// What was chosen in a control; texts and marked words are not scores.
#[derive(Default, Deserialize)]
struct EntryValue {
    rating: Option<f64>,
    number: Option<f64>,
    choices: Option<Vec<String>>,
    selected: Option<String>,
}

pub(super) fn read(path: &Path) -> Result<Found, ImportProblem> {
    let mut found = Found::default();
    for (task, row) in objects::<Task>(path)?.into_iter().zip(1..) {
        let refusal = |reason: String| ImportProblem::Ratings {
            file: path.display().to_string(),
            row,
            reason,
        };
        let (Some(data), Some(annotations)) = (task.data, task.annotations) else {
            let reason = "it has no `data` or no `annotations`; export the project as JSON, not as JSON-MIN or CSV";
            return Err(refusal(reason.to_owned()));
        };
        let fields = data.into_iter();
        found.items.push(Item {
            row,
            fields: fields
                .filter_map(|(name, value)| Some((name, plain(&value)?)))
                .collect(),
        });
        for annotation in annotations {
            let rater = name(annotation.completed_by);
            let active_ms = (annotation.lead_time.unwrap_or_default() * 1000.0) as i64;
            let mut add = |given| {
                found.answers.push(Answer {
                    item: found.items.len() - 1,
                    rater: rater.clone(),
                    given,
                    active_ms,
                });
            };
            if annotation.was_cancelled {
                add(Given::Nothing);
                continue;
            }
            for Entry { from_name, value } in annotation.result {
                let Some(criterion) = from_name else { continue };
                if value.selected.is_some() {
                    let control = excerpt(&criterion);
                    return Err(refusal(format!(
                        "`{control}` compares two texts side by side, which is not read: only scores are"
                    )));
                }
                let chosen = value.choices.unwrap_or_default();
                let number = value.rating.or(value.number).map(Score::Number);
                if let Some(score) = number.or_else(|| Some(Score::of(chosen.first()?))) {
                    add(Given::Score { criterion, score });
                }
            }
        }
    }
    Ok(found)
}

fn name(person: Option<Person>) -> String {
    match person {
        Some(Person::Number(number)) => format!("user {number}"),
        Some(Person::Name(name)) => name,
        Some(Person::About {
            email,
            username,
            id,
        }) => {
            let number = id.map(|id| format!("user {id}"));
            let known = email.or(username).or(number);
            known.unwrap_or_else(|| "unknown".to_owned())
        }
        None => "unknown".to_owned(),
    }
}
