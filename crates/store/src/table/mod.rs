//! One file per table: migration, row types, queries and tests together. Here is what they share: enums stored as
//! words, and values stored as JSON text.

pub(crate) mod artifact;
pub(crate) mod dataset;
pub(crate) mod example;
pub(crate) mod lease;
pub(crate) mod ledger;
pub(crate) mod metric_point;
pub(crate) mod model;
pub(crate) mod queue;
pub(crate) mod rating;
pub(crate) mod run;
pub(crate) mod setting;
pub(crate) mod stage;
pub(crate) mod study;
pub(crate) mod work;

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

/// An enum that is one word in the database, in JSON and on the command line.
macro_rules! text_enum {
    ($(#[$meta:meta])* $name:ident, $what:literal {
        $($(#[$variant_meta:meta])* $variant:ident = $word:literal,)+
    }) => {
        $(#[$meta])*
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, serde::Serialize, serde::Deserialize)]
        pub enum $name {
            $($(#[$variant_meta])* #[serde(rename = $word)] $variant,)+
        }

        impl $name {
            /// Every variant.
            pub const ALL: &'static [Self] = &[$(Self::$variant),+];

            /// The variant's word.
            pub fn as_str(self) -> &'static str {
                match self {
                    $(Self::$variant => $word),+
                }
            }
        }

        impl std::fmt::Display for $name {
            fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                f.pad(self.as_str())
            }
        }

        impl std::str::FromStr for $name {
            type Err = $crate::Error;

            fn from_str(word: &str) -> $crate::Result<Self> {
                Self::ALL.iter().copied().find(|v| v.as_str() == word).ok_or_else(|| {
                    $crate::Error::UnknownWord {
                        what: $what,
                        word: word.to_owned(),
                        known: [$($word),+].join(", "),
                    }
                })
            }
        }

        impl rusqlite::types::ToSql for $name {
            fn to_sql(&self) -> rusqlite::Result<rusqlite::types::ToSqlOutput<'_>> {
                Ok(self.as_str().into())
            }
        }

        impl rusqlite::types::FromSql for $name {
            fn column_result(value: rusqlite::types::ValueRef<'_>) -> rusqlite::types::FromSqlResult<Self> {
                value.as_str()?.parse().map_err(rusqlite::types::FromSqlError::other)
            }
        }
    };
}
pub(crate) use text_enum;

#[cfg(test)]
mod tests {
    use crate::{Control, ItemState, Origin, RunStatus, Split, StageStatus, fixture};
    use serde_json::{Map, Value, json};

    use proptest::prelude::*;

    macro_rules! words_agree {
        ($($name:ident),+) => {$(
            for v in $name::ALL {
                assert_eq!(v.as_str().parse::<$name>().unwrap(), *v);
                assert_eq!(serde_json::to_value(v).unwrap(), json!(v.as_str()));
                assert_eq!(v.to_string(), v.as_str());
            }
            assert!("nothing like it".parse::<$name>().unwrap_err().to_string().contains($name::ALL[0].as_str()));
        )+};
    }

    #[test]
    fn words_are_the_same_everywhere() {
        words_agree!(Control, ItemState, Origin, RunStatus, Split, StageStatus);
    }

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
            store.put_work("r", "topics", &key, &value).unwrap();
            let back = store.work("r", "topics", &key).unwrap().unwrap();
            prop_assert_eq!(crate::sha256_json([&back]), crate::sha256_json([&value]));
            prop_assert_eq!(back, value);
        });
    }
}
