//! Settings of the workspace: what the window remembers, by key.

use super::Json;
use crate::{Result, Store};
use rusqlite::{OptionalExtension, params};
use serde_json::Value;

pub(crate) const SQL: &str = "
CREATE TABLE setting (
    key   TEXT PRIMARY KEY,
    value TEXT NOT NULL
) STRICT;
";

impl Store {
    /// Sets a setting.
    pub fn set_setting(&self, key: &str, value: &Value) -> Result<()> {
        self.write(|tx| {
            tx.prepare_cached("INSERT OR REPLACE INTO setting (key, value) VALUES (?1, ?2)")?
                .execute(params![key, Json(value)])?;
            Ok(())
        })
    }

    /// A setting, if it was set.
    pub fn setting(&self, key: &str) -> Result<Option<Value>> {
        self.read(|conn| {
            let mut query = conn.prepare_cached("SELECT value FROM setting WHERE key = ?1")?;
            Ok(query
                .query_row(params![key], |r| r.get::<_, Json<Value>>(0))
                .optional()?
                .map(|json| json.0))
        })
    }

    /// Every setting, by key.
    pub fn settings(&self) -> Result<Vec<(String, Value)>> {
        self.read(|conn| {
            let mut query = conn.prepare_cached("SELECT key, value FROM setting ORDER BY key")?;
            let rows = query.query_map([], |r| Ok((r.get(0)?, r.get::<_, Json<Value>>(1)?.0)))?;
            Ok(rows.collect::<rusqlite::Result<_>>()?)
        })
    }

    /// Goes back to the default of a setting.
    pub fn remove_setting(&self, key: &str) -> Result<()> {
        self.write(|tx| {
            tx.prepare_cached("DELETE FROM setting WHERE key = ?1")?
                .execute(params![key])?;
            Ok(())
        })
    }
}

#[cfg(test)]
mod tests {
    use crate::fixture;
    use serde_json::json;

    #[test]
    fn set_get_list_remove() {
        let (_dir, store) = fixture::store();
        assert_eq!(store.setting("theme").unwrap(), None);
        store.set_setting("theme", &json!("dark")).unwrap();
        store
            .set_setting("theme", &json!({"name": "light"}))
            .unwrap();
        store.set_setting("nothing", &json!(null)).unwrap();
        assert_eq!(store.setting("nothing").unwrap(), Some(json!(null)));
        let expected = [
            ("nothing".into(), json!(null)),
            ("theme".into(), json!({"name": "light"})),
        ];
        assert_eq!(store.settings().unwrap(), expected);
        store.remove_setting("theme").unwrap();
        assert_eq!(store.setting("theme").unwrap(), None);
    }
}
