//! Artifacts: what stages make, item by item, as JSON. A hand edit is a new version with author and time; nothing
//! is overwritten.

use super::part::part_of;
use super::{Json, Word, stage, word};
use crate::{Error, Result, Store};
use contract::{ArtifactKind, Part, RunId, StageName, Thing};
use rusqlite::{Connection, Row, params};
use serde::{Deserialize, Serialize};
use serde_json::Value;
use std::collections::{BTreeMap, BTreeSet};

// The rows belong to a part since the table of parts (`super::part`).
pub(crate) const SQL: &str = "
CREATE TABLE artifact (
    id            INTEGER PRIMARY KEY,
    run_id        TEXT NOT NULL,
    stage         TEXT NOT NULL,
    kind          TEXT NOT NULL,
    item          INTEGER NOT NULL,
    version       INTEGER NOT NULL CHECK (version >= 1),
    author        TEXT NOT NULL,
    created_at_ms INTEGER NOT NULL,
    payload       TEXT NOT NULL,
    UNIQUE (run_id, stage, kind, item, version),
    FOREIGN KEY (run_id, stage) REFERENCES stage (run_id, name) ON DELETE CASCADE
) STRICT;
";

/// Author of what stages make.
pub const MACHINE: &str = "duologue";

/// A person's version of an artifact.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct ArtifactEdit<'a> {
    /// Kind of the artifact that it replaces.
    pub kind: ArtifactKind,
    /// Number of that artifact within the kind.
    pub item: u32,
    /// The new content as JSON.
    pub payload: &'a Value,
    /// Name of the person.
    pub author: &'a str,
    /// When it was edited, in Unix milliseconds.
    pub edited_at_ms: i64,
}

/// An artifact that a stage commits.
#[derive(Debug, Clone, PartialEq)]
pub struct NewArtifact {
    /// Its kind.
    pub kind: ArtifactKind,
    /// Number within the kind.
    pub item: u32,
    /// Its content as JSON; the store does not interpret it.
    pub payload: Value,
}

/// One version of an artifact.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct ArtifactRow {
    /// Row id.
    pub id: i64,
    /// Id of the run.
    pub run_id: RunId,
    /// The part that made it.
    pub part: Part,
    /// Its kind.
    pub kind: ArtifactKind,
    /// Number within the kind.
    pub item: u32,
    /// 1 for what the stage made, then one more per edit.
    pub version: u32,
    /// [`MACHINE`], or who edited it.
    pub author: String,
    /// Time of this version.
    pub created_at_ms: i64,
    /// Its content as JSON; the store does not interpret it.
    pub payload: Value,
}

/// Part of a stage's artifacts.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct ArtifactPage {
    /// The requested part.
    pub rows: Vec<ArtifactRow>,
    /// Total number of artifacts.
    pub total: u64,
}

pub(crate) fn from_row(row: &Row<'_>) -> rusqlite::Result<ArtifactRow> {
    Ok(ArtifactRow {
        id: row.get("id")?,
        run_id: word(row, "run_id")?,
        part: part_of(row)?,
        kind: word(row, "kind")?,
        item: row.get("item")?,
        version: row.get("version")?,
        author: row.get("author")?,
        created_at_ms: row.get("created_at_ms")?,
        payload: row.get::<_, Json<_>>("payload")?.0,
    })
}

/// Latest version of each artifact of stage ?2 of run ?1, of its part ?3 or of all, of kind ?4 or of all. What a person
/// rejected is left out: no stage reads it.
const LATEST: &str = "
FROM artifact a WHERE run_id = ?1 AND stage = ?2 AND (?3 IS NULL OR part = ?3) AND (?4 IS NULL OR kind = ?4)
AND version = (
    SELECT MAX(b.version) FROM artifact b
    WHERE b.run_id = a.run_id AND b.stage = a.stage AND b.part = a.part AND b.round = a.round AND b.kind = a.kind
    AND b.item = a.item)
AND verdict IS NOT 'rejected'";

/// Replaces all artifacts of a part by version 1 of the given ones.
pub(crate) fn replace_artifacts(
    conn: &Connection,
    run: &RunId,
    part: Part,
    artifacts: &[NewArtifact],
    now_ms: i64,
) -> Result<()> {
    let (stage, name) = (Word(part.stage()), part.name());
    conn.prepare_cached("DELETE FROM artifact WHERE run_id = ?1 AND stage = ?2 AND part = ?3")?
        .execute(params![run.as_str(), stage, name])?;
    let mut insert = conn.prepare_cached(
        "INSERT INTO artifact (run_id, stage, part, kind, item, version, author, created_at_ms, payload)
         VALUES (?1, ?2, ?3, ?4, ?5, 1, ?6, ?7, ?8)",
    )?;
    for a in artifacts {
        insert.execute(params![
            run.as_str(),
            stage,
            name,
            Word(a.kind),
            a.item,
            MACHINE,
            now_ms,
            Json(&a.payload)
        ])?;
    }
    Ok(())
}

/// The artifacts of a part that later stages read, in the order of its hash.
pub(crate) fn kept(conn: &Connection, run: &RunId, part: Part) -> Result<Vec<ArtifactRow>> {
    let every_kind: Option<String> = None;
    let mut query = conn.prepare_cached(&format!("SELECT * {LATEST} ORDER BY kind, part, item"))?;
    let key = params![run.as_str(), Word(part.stage()), part.name(), every_kind];
    Ok(query
        .query_map(key, from_row)?
        .collect::<rusqlite::Result<_>>()?)
}

impl Store {
    /// Every adapter that a run names, by the hash of its weights, with the runs that name it.
    pub fn adapters(&self) -> Result<BTreeMap<String, BTreeSet<RunId>>> {
        self.read(|conn| {
            let mut query = conn.prepare_cached(
                "SELECT DISTINCT json_extract(payload, '$.sha256'), run_id FROM artifact WHERE kind = 'adapter'",
            )?;
            let rows = query.query_map([], |row| Ok((row.get(0)?, row.get::<_, Word<_>>(1)?.0)))?;
            let mut named: BTreeMap<String, BTreeSet<RunId>> = BTreeMap::new();
            for row in rows {
                let (sha256, run) = row?;
                named.entry(sha256).or_default().insert(run);
            }
            Ok(named)
        })
    }

    /// The latest version of each artifact of a stage, of one kind or of all, by kind, part and item.
    pub fn artifacts(
        &self,
        run: &RunId,
        stage: StageName,
        kind: Option<ArtifactKind>,
    ) -> Result<Vec<ArtifactRow>> {
        self.latest(run, stage, None, kind)
    }

    /// The artifacts of a single part, in the same order.
    pub fn part_artifacts(
        &self,
        run: &RunId,
        part: Part,
        kind: Option<ArtifactKind>,
    ) -> Result<Vec<ArtifactRow>> {
        self.latest(run, part.stage(), Some(part.name()), kind)
    }

    fn latest(
        &self,
        run: &RunId,
        stage: StageName,
        part: Option<String>,
        kind: Option<ArtifactKind>,
    ) -> Result<Vec<ArtifactRow>> {
        self.read(|conn| {
            let mut query =
                conn.prepare_cached(&format!("SELECT * {LATEST} ORDER BY kind, part, item"))?;
            Ok(query
                .query_map(
                    params![run.as_str(), Word(stage), part, kind.map(Word)],
                    from_row,
                )?
                .collect::<rusqlite::Result<_>>()?)
        })
    }

    /// At most `limit` of [`Store::artifacts`] from place `offset` on, with their total number.
    pub fn artifacts_page(
        &self,
        run: &RunId,
        stage: StageName,
        kind: Option<ArtifactKind>,
        offset: u32,
        limit: u32,
    ) -> Result<ArtifactPage> {
        let every_part: Option<String> = None;
        self.read(|conn| {
            let total: i64 = conn
                .prepare_cached(&format!("SELECT COUNT(*) {LATEST}"))?
                .query_row(
                    params![run.as_str(), Word(stage), every_part, kind.map(Word)],
                    |r| r.get(0),
                )?;
            let sql = format!("SELECT * {LATEST} ORDER BY kind, part, item LIMIT ?6 OFFSET ?5");
            let mut query = conn.prepare_cached(&sql)?;
            let rows = query.query_map(
                params![
                    run.as_str(),
                    Word(stage),
                    every_part,
                    kind.map(Word),
                    offset,
                    limit
                ],
                from_row,
            )?;
            Ok(ArtifactPage {
                rows: rows.collect::<rusqlite::Result<_>>()?,
                total: total.cast_unsigned(),
            })
        })
    }

    /// Every version of one artifact, oldest first.
    pub fn artifact_history(
        &self,
        run: &RunId,
        part: Part,
        kind: ArtifactKind,
        item: u32,
    ) -> Result<Vec<ArtifactRow>> {
        self.read(|conn| {
            let mut query = conn.prepare_cached(
                "SELECT * FROM artifact
                 WHERE run_id = ?1 AND stage = ?2 AND part = ?3 AND kind = ?4 AND item = ?5 ORDER BY version",
            )?;
            let key = params![run.as_str(), Word(part.stage()), part.name(), Word(kind), item];
            Ok(query
                .query_map(key, from_row)?
                .collect::<rusqlite::Result<_>>()?)
        })
    }

    /// Adds a version to an artifact and returns its number. The caller then sets the part's new output hash
    /// ([`Store::set_output_sha256`]).
    ///
    /// # Errors
    /// [`Error::NotFound`], [`Error::LeaseLost`].
    pub fn edit_artifact(&self, run: &RunId, part: Part, edit: &ArtifactEdit<'_>) -> Result<u32> {
        let ArtifactEdit {
            kind,
            item,
            payload,
            author,
            edited_at_ms,
        } = *edit;
        let (stage, name) = (Word(part.stage()), part.name());
        self.write_run(run, |tx| {
            stage::require(tx, run, part.stage())?;
            let last: Option<u32> = tx
                .prepare_cached(
                    "SELECT MAX(version) FROM artifact
                     WHERE run_id = ?1 AND stage = ?2 AND part = ?3 AND kind = ?4 AND item = ?5",
                )?
                .query_row(params![run.as_str(), stage, name, Word(kind), item], |r| r.get(0))?;
            let key = || format!("{kind} {item} of \"{part}\" of run \"{run}\"");
            let version = last.ok_or_else(|| Error::NotFound {
                thing: Thing::Artifact,
                key: key(),
            })? + 1;
            tx.prepare_cached(
                "INSERT INTO artifact (run_id, stage, part, kind, item, version, author, created_at_ms, payload)
                 VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9)",
            )?
            .execute(params![
                run.as_str(),
                stage,
                name,
                Word(kind),
                item,
                version,
                author,
                edited_at_ms,
                Json(payload)
            ])?;
            Ok(version)
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::fixture;
    use serde_json::json;

    #[test]
    fn edits_are_versions() {
        let (_dir, store) = fixture::store();
        fixture::run(&store, "r");
        let mut made = fixture::artifacts(3);
        made.push(NewArtifact {
            kind: ArtifactKind::Pair,
            item: 0,
            payload: json!(null),
        });
        store
            .commit_part(
                &"r".into(),
                Part::Whole(StageName::Topics),
                &fixture::result(&made, "out"),
            )
            .unwrap();
        let edit = |item, text: &str, edited_at_ms| {
            let edit = ArtifactEdit {
                kind: ArtifactKind::Topic,
                item,
                payload: &json!(text),
                author: "me",
                edited_at_ms,
            };
            store.edit_artifact(&"r".into(), Part::Whole(StageName::Topics), &edit)
        };
        assert_eq!(edit(1, "x", 100).unwrap(), 2);
        assert_eq!(edit(1, "y", 101).unwrap(), 3);
        assert!(matches!(edit(9, "z", 102), Err(Error::NotFound { .. })));

        let artifacts = store
            .artifacts(&"r".into(), StageName::Topics, None)
            .unwrap();
        let keys: Vec<_> = artifacts
            .iter()
            .map(|a| (a.kind.as_str(), a.item, a.version))
            .collect();
        assert_eq!(
            keys,
            [
                ("pair", 0, 1),
                ("topic", 0, 1),
                ("topic", 1, 3),
                ("topic", 2, 1)
            ]
        );
        assert_eq!(
            (
                &artifacts[2].payload,
                artifacts[2].author.as_str(),
                artifacts[2].created_at_ms
            ),
            (&json!("y"), "me", 101)
        );
        assert_eq!(
            (artifacts[1].author.as_str(), artifacts[1].created_at_ms),
            (MACHINE, 77)
        );
        assert_eq!(
            store
                .artifacts(&"r".into(), StageName::Topics, Some(ArtifactKind::Topic))
                .unwrap(),
            artifacts[1..]
        );
        let history = store
            .artifact_history(
                &"r".into(),
                Part::Whole(StageName::Topics),
                ArtifactKind::Topic,
                1,
            )
            .unwrap();
        assert_eq!(
            history.iter().map(|a| a.version).collect::<Vec<_>>(),
            [1, 2, 3]
        );
        assert_eq!(history[0].payload, json!({"text": 1}));

        let page = store
            .artifacts_page(
                &"r".into(),
                StageName::Topics,
                Some(ArtifactKind::Topic),
                1,
                1,
            )
            .unwrap();
        assert_eq!((page.rows.as_slice(), page.total), (&artifacts[2..3], 3));
        assert_eq!(
            store
                .artifacts_page(&"r".into(), StageName::Topics, None, 0, 9)
                .unwrap()
                .rows,
            artifacts
        );
    }

    #[test]
    fn a_large_stage_has_a_last_page() {
        let (_dir, store) = fixture::store();
        fixture::run(&store, "r");
        let made = fixture::artifacts(5_000);
        store
            .commit_part(
                &"r".into(),
                Part::Whole(StageName::Topics),
                &fixture::result(&made, "out"),
            )
            .unwrap();
        let page = store
            .artifacts_page(&"r".into(), StageName::Topics, None, 4_990, 50)
            .unwrap();
        assert_eq!(
            (page.rows.len(), page.rows[0].item, page.total),
            (10, 4_990, 5_000)
        );
    }
}
