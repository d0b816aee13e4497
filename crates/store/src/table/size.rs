//! How many bytes of text the workspace holds of a data set and of a run: what they will take when they are written
//! out.

use crate::{Result, Store};
use contract::RunId;
use rusqlite::params;

impl Store {
    /// Bytes of the dialogues and summaries of a data set.
    pub fn dataset_bytes(&self, dataset_id: i64) -> Result<u64> {
        self.read(|conn| {
            let bytes: i64 = conn
                .prepare_cached(
                    "SELECT COALESCE(SUM(LENGTH(CAST(dialogue AS BLOB)) + LENGTH(CAST(\"references\" AS BLOB))), 0)
                     FROM example WHERE dataset_id = ?1",
                )?
                .query_row([dataset_id], |row| row.get(0))?;
            Ok(bytes.cast_unsigned())
        })
    }

    /// Bytes of everything that a run made but its adapters, every version of it.
    pub fn artifact_bytes(&self, run: &RunId) -> Result<u64> {
        self.read(|conn| {
            let bytes: i64 = conn
                .prepare_cached(
                    "SELECT COALESCE(SUM(LENGTH(CAST(payload AS BLOB))), 0) FROM artifact WHERE run_id = ?1",
                )?
                .query_row(params![run.as_str()], |row| row.get(0))?;
            Ok(bytes.cast_unsigned())
        })
    }
}

#[cfg(test)]
mod tests {
    use crate::fixture;
    use contract::{Part, StageName};

    #[test]
    fn texts_are_counted_in_bytes() {
        let (_dir, store) = fixture::store();
        fixture::run(&store, "r");
        let dataset = store.run(&"r".into()).unwrap().dataset_id;
        let texts = store.examples(dataset, None).unwrap();
        let bytes: usize = texts
            .iter()
            .map(|row| row.dialogue.len() + serde_json::json!(row.references).to_string().len())
            .sum();
        assert_eq!(store.dataset_bytes(dataset).unwrap(), bytes as u64);
        assert_eq!(store.artifact_bytes(&"r".into()).unwrap(), 0);
        let made = fixture::artifacts(2);
        store
            .commit_part(
                &"r".into(),
                Part::Whole(StageName::Topics),
                &fixture::result(&made, "out"),
            )
            .unwrap();
        let bytes: usize = made.iter().map(|row| row.payload.to_string().len()).sum();
        assert_eq!(store.artifact_bytes(&"r".into()).unwrap(), bytes as u64);
    }
}
