//! One file per table: migration, row types, queries and tests together. Here is what they share: members of closed
//! sets stored as words, and values stored as JSON text.

pub(crate) mod artifact;
pub(crate) mod dataset;
pub(crate) mod demo;
pub(crate) mod example;
pub(crate) mod experiment;
pub(crate) mod forget;
pub(crate) mod import;
pub(crate) mod label;
pub(crate) mod leak;
pub(crate) mod lease;
pub(crate) mod ledger;
pub(crate) mod metric_point;
pub(crate) mod model;
pub(crate) mod part;
pub(crate) mod queue;
pub(crate) mod rating_acts;
pub(crate) mod rating_after;
pub(crate) mod rating_desk;
pub(crate) mod rating_old;
pub(crate) mod rating_pack;
pub(crate) mod rating_rows;
pub(crate) mod rating_study;
pub(crate) mod rating_write;
pub(crate) mod run;
pub(crate) mod setting;
pub(crate) mod size;
pub(crate) mod stage;
pub(crate) mod work;
pub(crate) mod workbench;

use std::fmt::Display;
use std::str::FromStr;

use rusqlite::Row;
use rusqlite::types::{FromSql, FromSqlError, FromSqlResult, ToSql, ToSqlOutput, ValueRef};
use serde::Serialize;
use serde::de::DeserializeOwned;

/// A value stored as JSON text.
pub(crate) struct Json<T>(pub(crate) T);

impl<T: Serialize> ToSql for Json<&T> {
    fn to_sql(&self) -> rusqlite::Result<ToSqlOutput<'_>> {
        let text = serde_json::to_string(self.0)
            .map_err(|e| rusqlite::Error::ToSqlConversionFailure(Box::new(e)))?;
        Ok(text.into())
    }
}

impl<T: DeserializeOwned> FromSql for Json<T> {
    fn column_result(value: ValueRef<'_>) -> FromSqlResult<Self> {
        serde_json::from_str(value.as_str()?)
            .map(Json)
            .map_err(FromSqlError::other)
    }
}

/// A member of a closed set, stored as its word, or an id, stored as its text.
pub(crate) struct Word<T>(pub(crate) T);

impl<T: Display> ToSql for Word<T> {
    fn to_sql(&self) -> rusqlite::Result<ToSqlOutput<'_>> {
        Ok(self.0.to_string().into())
    }
}

impl<T: FromStr<Err: std::error::Error + Send + Sync + 'static>> FromSql for Word<T> {
    fn column_result(value: ValueRef<'_>) -> FromSqlResult<Self> {
        value
            .as_str()?
            .parse()
            .map(Word)
            .map_err(FromSqlError::other)
    }
}

/// The member of a closed set, or the id, in a column.
pub(crate) fn word<T>(row: &Row<'_>, column: &str) -> rusqlite::Result<T>
where
    T: FromStr<Err: std::error::Error + Send + Sync + 'static>,
{
    row.get::<_, Word<T>>(column).map(|word| word.0)
}

/// The member of a closed set, or the id, in a column that may be empty.
pub(crate) fn optional_word<T>(row: &Row<'_>, column: &str) -> rusqlite::Result<Option<T>>
where
    T: FromStr<Err: std::error::Error + Send + Sync + 'static>,
{
    Ok(row.get::<_, Option<Word<T>>>(column)?.map(|word| word.0))
}

#[cfg(test)]
mod tests {
    use crate::fixture;
    use contract::{Part, StageName};
    use serde_json::{Map, Value};

    use proptest::prelude::*;

    fn any_json() -> impl Strategy<Value = Value> {
        let leaf = prop_oneof![
            Just(Value::Null),
            any::<bool>().prop_map(Value::from),
            any::<i64>().prop_map(Value::from),
            any::<u64>().prop_map(Value::from),
            any::<f64>().prop_map(Value::from),
            any::<String>().prop_map(Value::from),
        ];
        leaf.prop_recursive(3, 24, 4, |inner| {
            prop_oneof![
                prop::collection::vec(inner.clone(), 0..4).prop_map(Value::Array),
                prop::collection::vec((any::<String>(), inner), 0..4)
                    .prop_map(|pairs| Value::Object(pairs.into_iter().collect::<Map<_, _>>())),
            ]
        })
    }

    #[test]
    fn any_payload_comes_back_equal_and_hashes_equal() {
        let (_dir, store) = fixture::store();
        fixture::run(&store, "r");
        proptest!(ProptestConfig::with_cases(200), |(value in any_json(), key in any::<String>())| {
            store.put_work(&"r".into(), Part::Whole(StageName::Topics), &key, &value).unwrap();
            let back = store.work(&"r".into(), Part::Whole(StageName::Topics), &key).unwrap().unwrap();
            prop_assert_eq!(crate::sha256_json([&back]), crate::sha256_json([&value]));
            prop_assert_eq!(back, value);
        });
    }
}
