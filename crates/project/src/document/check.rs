//! Is every number of a report what the workspace says? The report is made once more with the options that it names, and
//! compared leaf by leaf: counts, words and hashes exactly, measured numbers to within one part in a billion.

use contract::StudyResults;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use super::{Document, ReportOptions, Subject};
use crate::error::{Result, corrupt};
use crate::experiment::kept::Now;
use crate::session::Session;
use crate::study::secret::canonical_sha256;

/// How far two floating-point numbers may differ, relative to the larger one.
const TOLERANCE: f64 = 1e-9;
/// What a report says about itself that the workspace does not know.
const OWN: [&str; 3] = ["made_at_ms", "version", "digest"];

/// A place at which a report and the workspace differ.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Mismatch {
    /// Where, as keys and numbers joined by dots.
    pub path: String,
    /// What the report says; `null` where it says nothing.
    pub reported: Value,
    /// What the workspace says; `null` where it says nothing.
    pub recomputed: Value,
}

/// What a check came to.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Checked {
    /// Leaves that were compared.
    pub checked: usize,
    /// Whether all are equal.
    pub equal: bool,
    /// Those that are not.
    pub mismatches: Vec<Mismatch>,
}

impl Session {
    /// Compares a report, as JSON, with the workspace.
    ///
    /// # Errors
    /// No report; its run or its experiment is gone.
    pub fn check_report(&self, text: &str, now: Now<'_>) -> Result<Checked> {
        let unreadable = |error: serde_json::Error| corrupt("report", error.to_string());
        let reported: Value = serde_json::from_str(text).map_err(unreadable)?;
        let known: Document = serde_json::from_value(reported.clone()).map_err(unreadable)?;
        let again = self.made_again(&known.subject, now)?;
        let mut found = Checked {
            checked: 0,
            equal: true,
            mismatches: Vec::new(),
        };
        compare(
            "",
            &without_own(&reported),
            &without_own(&tree(&again)?),
            &mut found,
        );
        let digest = digest(&reported)?;
        found.checked += 1;
        if known.digest != digest {
            found.mismatches.push(Mismatch {
                path: "digest".to_owned(),
                reported: json!(known.digest),
                recomputed: json!(digest),
            });
        }
        found.equal = found.mismatches.is_empty();
        Ok(found)
    }
}

impl Session {
    /// The same report as the workspace would give it now. Studies that were closed after it was written are left out.
    fn made_again(&self, subject: &Subject, now: Now<'_>) -> Result<Document> {
        let mut again = match subject {
            Subject::Run(subject) => {
                let options = ReportOptions {
                    items: subject.items_asked,
                    texts: subject.texts,
                };
                self.report(&self.sight(&subject.run.run)?, options, now.now_ms)?
            }
            Subject::Experiment(subject) => {
                self.report_of_experiment(&subject.experiment.experiment, now)?
            }
        };
        let told = subject.ratings();
        let is_told = |found: &StudyResults| told.iter().any(|known| known.study == found.study);
        again.subject.ratings_mut().retain(is_told);
        Ok(again)
    }
}

/// A report as JSON.
pub fn tree(document: &Document) -> Result<Value> {
    // Through text, so that a number is what a reader of the file gets.
    let text = serde_json::to_string(document);
    text.and_then(|text| serde_json::from_str(&text))
        .map_err(|error| corrupt("report", error.to_string()))
}

/// SHA-256 over everything but the time, the version and the digest, in canonical form.
pub(super) fn digest(report: &Value) -> Result<String> {
    canonical_sha256(&without_own(report))
}

fn without_own(report: &Value) -> Value {
    let mut report = report.clone();
    if let Value::Object(map) = &mut report {
        OWN.iter().for_each(|key| {
            map.remove(*key);
        });
    }
    report
}

fn compare(path: &str, reported: &Value, recomputed: &Value, found: &mut Checked) {
    let inner = |key: &str| match path {
        "" => key.to_owned(),
        path => format!("{path}.{key}"),
    };
    match (reported, recomputed) {
        (Value::Object(a), Value::Object(b)) => {
            for (key, value) in a {
                compare(
                    &inner(key),
                    value,
                    b.get(key).unwrap_or(&Value::Null),
                    found,
                );
            }
            for (key, value) in b.iter().filter(|(key, _)| !a.contains_key(*key)) {
                compare(&inner(key), &Value::Null, value, found);
            }
        }
        (Value::Array(a), Value::Array(b)) => {
            for place in 0..a.len().max(b.len()) {
                let value = |list: &[Value]| list.get(place).cloned().unwrap_or(Value::Null);
                compare(&inner(&place.to_string()), &value(a), &value(b), found);
            }
        }
        (a, b) => {
            found.checked += 1;
            if !is_same(a, b) {
                found.mismatches.push(Mismatch {
                    path: path.to_owned(),
                    reported: a.clone(),
                    recomputed: b.clone(),
                });
            }
        }
    }
}

fn is_same(a: &Value, b: &Value) -> bool {
    match (a, b) {
        (Value::Number(x), Value::Number(y)) if x.is_f64() || y.is_f64() => {
            let (x, y) = (x.as_f64(), y.as_f64());
            let near = |(x, y): (f64, f64)| (x - y).abs() <= TOLERANCE * x.abs().max(y.abs());
            x.zip(y).is_some_and(near)
        }
        (a, b) => a == b,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn checked(a: &Value, b: &Value) -> Checked {
        let mut found = Checked {
            checked: 0,
            equal: true,
            mismatches: Vec::new(),
        };
        compare("", a, b, &mut found);
        found
    }

    #[test]
    fn each_changed_leaf_is_named_by_its_place() {
        let a = json!({"n": 3, "rows": [{"mean": 0.25}, {"mean": 0.5}], "name": "x"});
        assert_eq!(checked(&a, &a).checked, 4);
        assert!(checked(&a, &a).mismatches.is_empty());
        let b = json!({"n": 4, "rows": [{"mean": 0.25}, {"mean": 0.51}, 7], "more": true});
        let paths: Vec<String> = checked(&a, &b)
            .mismatches
            .into_iter()
            .map(|mismatch| mismatch.path)
            .collect();
        assert_eq!(paths, ["n", "rows.1.mean", "rows.2", "name", "more"]);
    }

    #[test]
    fn measured_numbers_may_differ_in_the_last_digits_and_counts_not() {
        assert!(is_same(&json!(0.1), &json!(0.1 + 1e-12)));
        assert!(!is_same(&json!(0.1), &json!(0.1 + 1e-6)));
        assert!(!is_same(&json!(1_000_000_000), &json!(1_000_000_001)));
        assert!(is_same(&json!(2), &json!(2.0)));
    }

    #[test]
    fn the_order_of_keys_and_the_time_leave_the_digest() {
        let a = json!({"b": 1, "a": {"y": 2, "x": 3}, "made_at_ms": 5});
        let b: Value = serde_json::from_str(r#"{"a":{"x":3,"y":2},"made_at_ms":6,"b":1}"#).unwrap();
        assert_eq!(digest(&a).unwrap(), digest(&b).unwrap());
        assert_ne!(
            digest(&a).unwrap(),
            digest(&json!({"b": 1, "a": {"y": 2, "x": 4}})).unwrap()
        );
    }
}
