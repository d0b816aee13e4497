//! A run by itself: written out as a workspace of its own, and taken from such a workspace into another.
//!
//! The copy holds what it takes to show and use a finished run: its data set, model row, stages, artifacts and curves.
//! It leaves out what belongs to people and machines: studies with their ratings, settings, names and notes, what demos
//! left, the ledger, what was exported, every folder's path.

use crate::error::name_taken;
use crate::protect::export;
use crate::table::Json;
use crate::vault::{attached_key, connect};
use crate::{DATABASE, Error, Result, Store, create_dir};
use contract::{ArtifactKind, DatasetName, RunId, Thing};
use rusqlite::{Connection, params};
use serde::Serialize;
use serde::de::DeserializeOwned;
use std::path::Path;

/// A run of another workspace, and what it is called here. Two of the things that this room keeps without knowing what
/// they mean name examples by their numbers: the shots of a run (`S`) and one kind of artifact (`A`).
pub struct TakenRun<'a, S, A> {
    /// Its id, in both workspaces.
    pub id: &'a RunId,
    /// What its data set is called here.
    pub dataset: &'a DatasetName,
    /// Folder of its model on this machine.
    pub model_path: &'a str,
    /// Gives the shots of the run their examples' new numbers: the old ones plus a number.
    pub renumber_shots: &'a dyn Fn(&mut S, i64),
    /// The kind of artifact that names an example.
    pub names_example: ArtifactKind,
    /// The same for an artifact of this kind.
    pub renumber_artifact: &'a dyn Fn(&mut A, i64),
}

/// What is kept as JSON.
pub trait Stored: Serialize + DeserializeOwned {}

impl<T: Serialize + DeserializeOwned> Stored for T {}

const LEAVE_ONE: &str = "
DELETE FROM study; DELETE FROM rating_study; DELETE FROM experiment; DELETE FROM queue; DELETE FROM lease; DELETE FROM work; DELETE FROM setting; DELETE FROM ledger;
DELETE FROM leak_audit; DELETE FROM export_log; DELETE FROM label; DELETE FROM demo_vote; DELETE FROM demo_correction; DELETE FROM journal;
DELETE FROM run WHERE id <> (SELECT id FROM temp.kept);
DELETE FROM dataset WHERE id NOT IN (SELECT dataset_id FROM run);
DELETE FROM import;
DELETE FROM model WHERE id NOT IN (SELECT model_id FROM run);
UPDATE run SET model_path = '';
UPDATE model SET path = '';";

impl Store {
    /// Writes a run as the only one of a new workspace in the folder `to`. Blobs are left to the caller, who knows
    /// which the run names.
    ///
    /// # Errors
    /// [`Error::NoSuchRun`]; [`Error::Io`] where `to` holds a workspace already.
    pub fn write_bundle(&self, run: &RunId, to: &Path) -> Result<()> {
        self.run(run)?;
        create_dir(to)?;
        let database = to.join(DATABASE);
        if database.exists() {
            return Err(Error::io(
                &database,
                std::io::ErrorKind::AlreadyExists.into(),
            ));
        }
        // SQLite fills a file that is empty, and would make one that everybody can read.
        host::private::create_file(&database).map_err(|e| Error::io(&database, e))?;
        let copied = match self.vault.keys() {
            None => self.leave_one(run, &database),
            Some(_) => self.leave_one_in_clear(run, &database),
        };
        if copied.is_err() {
            // Half a bundle would be in the way of the next attempt.
            let _gone = std::fs::remove_file(&database);
        }
        copied.map_err(|e| e.explain(&database))
    }

    /// Copies the database and takes everything but the run out of the copy, which has the key of the original.
    fn leave_one(&self, run: &RunId, database: &Path) -> Result<()> {
        self.conn
            .execute("VACUUM INTO ?1", [database.to_string_lossy()])?;
        let bundle = connect(database, self.vault.keys())?;
        bundle.execute_batch("PRAGMA foreign_keys = ON; CREATE TEMP TABLE kept (id TEXT);")?;
        bundle.execute("INSERT INTO temp.kept VALUES (?1)", [run.as_str()])?;
        bundle.execute_batch(LEAVE_ONE)?;
        bundle.execute_batch("PRAGMA journal_mode = DELETE; VACUUM;")?;
        Ok(())
    }

    /// The same out of a protected workspace: only what leaves, the run itself, is ever unencrypted.
    fn leave_one_in_clear(&self, run: &RunId, database: &Path) -> Result<()> {
        let under_key = database.with_extension("sealed");
        host::private::create_file(&under_key).map_err(|e| Error::io(&under_key, e))?;
        let copied = self.leave_one(run, &under_key).and_then(|()| {
            let bundle = connect(&under_key, self.vault.keys())?;
            export(&bundle, database, self.vault.keys(), None)
        });
        let removed = std::fs::remove_file(&under_key);
        copied?;
        removed.map_err(|e| Error::io(&under_key, e))
    }

    /// Takes a run out of the workspace in `from`, which is brought up to date and otherwise left as it is.
    ///
    /// # Errors [`Error::NameTaken`] where its id or its data set's name is taken here already; any error of
    /// [`Store::open`] on `from`.
    pub fn take_run<S: Stored, A: Stored>(
        &self,
        from: &Path,
        taken: &TakenRun<'_, S, A>,
    ) -> Result<()> {
        Self::open(from)?.run(&taken.id.clone())?;
        let database = from.join(DATABASE);
        let key = attached_key(self.vault.keys(), None);
        let attach = format!("ATTACH ?1 AS bundle{}", &*key);
        self.conn
            .execute(&attach, [database.to_string_lossy()])
            .map_err(|e| Error::from(e).explain(&database))?;
        let result = self.write(|tx| take(tx, taken));
        self.conn.execute("DETACH bundle", [])?;
        result
    }
}

const RUN_COLUMNS: &str =
    "id, dataset_id, model_path, model_id, model_name, model_parameters, recipe, seed, shots,
    threads, device, version, status, error, control, created_at_ms, changed_at_ms";
const STAGE_COLUMNS: &str =
    "run_id, name, position, status, wall_s, cpu_s, peak_rss_bytes, n_in, n_out, dropped,
    inputs_sha256, output_sha256, measures, progress, error, finished_at_ms";

const PART_COLUMNS: &str =
    "run_id, stage, part, round, status, wall_s, cpu_s, peak_rss_bytes, n_in, n_out, dropped,
    inputs_sha256, output_sha256, measures, error, finished_at_ms";

/// Copies the rows. Columns are named: either database may have more of them, from a newer Duologue.
fn take<S: Stored, A: Stored>(tx: &Connection, taken: &TakenRun<'_, S, A>) -> Result<()> {
    let id = taken.id.as_str();
    tx.execute(
        "INSERT INTO main.dataset (name, format, mapping, created_at_ms)
         SELECT ?2, format, mapping, created_at_ms FROM bundle.dataset
         WHERE id = (SELECT dataset_id FROM bundle.run WHERE id = ?1)",
        params![id, taken.dataset.as_str()],
    )
    .map_err(|e| name_taken(e, Thing::Dataset, taken.dataset))?;
    let dataset = tx.last_insert_rowid();
    // Numbers that were never used here, so that no example is taken for another.
    let by: i64 = tx.query_row(
        "SELECT COALESCE((SELECT seq FROM main.sqlite_sequence WHERE name = 'example'), 0)
             + 1 - COALESCE(MIN(id), 1) FROM bundle.example",
        [],
        |row| row.get(0),
    )?;
    tx.execute(
        "INSERT INTO main.example (id, dataset_id, external_id, split, origin, position, dialogue, \"references\")
         SELECT id + ?2, ?3, external_id, split, origin, position, dialogue, \"references\" FROM bundle.example
         WHERE dataset_id = (SELECT dataset_id FROM bundle.run WHERE id = ?1)",
        params![id, by, dataset],
    )?;
    tx.execute(
        "INSERT INTO main.model (id, name, path, parameters, bytes, added_at_ms)
         SELECT id, name, ?2, parameters, bytes, added_at_ms FROM bundle.model
         WHERE id = (SELECT model_id FROM bundle.run WHERE id = ?1)
         ON CONFLICT (id) DO UPDATE SET path = excluded.path",
        params![id, taken.model_path],
    )?;
    take_run_row(tx, taken, dataset, by)?;
    tx.execute(
        &format!(
            "INSERT INTO main.stage ({STAGE_COLUMNS})
             SELECT {STAGE_COLUMNS} FROM bundle.stage WHERE run_id = ?1"
        ),
        [id],
    )?;
    tx.execute(
        &format!(
            "INSERT INTO main.part ({PART_COLUMNS})
             SELECT {PART_COLUMNS} FROM bundle.part WHERE run_id = ?1"
        ),
        [id],
    )?;
    tx.execute(
        "INSERT INTO main.metric_point (run_id, stage, part, series, step, value)
         SELECT run_id, stage, part, series, step, value FROM bundle.metric_point WHERE run_id = ?1",
        [id],
    )?;
    tx.execute(
        "INSERT INTO main.artifact
         (run_id, stage, part, round, kind, item, version, author, created_at_ms, payload, verdict, undoes)
         SELECT run_id, stage, part, round, kind, item, version, author, created_at_ms, payload, verdict, undoes
         FROM bundle.artifact WHERE run_id = ?1 ORDER BY id",
        [id],
    )?;
    renumber_artifacts(tx, taken, by)
}

fn take_run_row<S: Stored, A>(
    tx: &Connection,
    taken: &TakenRun<'_, S, A>,
    dataset: i64,
    by: i64,
) -> Result<()> {
    let id = taken.id.as_str();
    // Its data set has another number here; the reference is corrected before the transaction ends.
    tx.execute_batch("PRAGMA defer_foreign_keys = ON")?;
    tx.execute(
        &format!(
            "INSERT INTO main.run ({RUN_COLUMNS}) SELECT {RUN_COLUMNS} FROM bundle.run WHERE id = ?1"
        ),
        [id],
    )
    .map_err(|e| name_taken(e, Thing::Run, id))?;
    let Json(mut shots): Json<S> =
        tx.query_row("SELECT shots FROM main.run WHERE id = ?1", [id], |r| {
            r.get(0)
        })?;
    (taken.renumber_shots)(&mut shots, by);
    tx.execute(
        "UPDATE main.run SET dataset_id = ?2, model_path = ?3, shots = ?4 WHERE id = ?1",
        params![id, dataset, taken.model_path, Json(&shots)],
    )?;
    Ok(())
}

fn renumber_artifacts<S, A: Stored>(
    tx: &Connection,
    taken: &TakenRun<'_, S, A>,
    by: i64,
) -> Result<()> {
    let mut query =
        tx.prepare("SELECT id, payload FROM main.artifact WHERE run_id = ?1 AND kind = ?2")?;
    let mut update = tx.prepare("UPDATE main.artifact SET payload = ?2 WHERE id = ?1")?;
    let mut rows = query.query(params![taken.id.as_str(), taken.names_example.as_str()])?;
    let mut changed: Vec<(i64, A)> = Vec::new();
    while let Some(row) = rows.next()? {
        let Json(mut payload): Json<A> = row.get(1)?;
        (taken.renumber_artifact)(&mut payload, by);
        changed.push((row.get(0)?, payload));
    }
    for (id, payload) in changed {
        update.execute(params![id, Json(&payload)])?;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::fixture;
    use contract::{Part, StageName};
    use serde_json::{Value, json};

    fn taken<'a>(id: &'a RunId, dataset: &'a DatasetName) -> TakenRun<'a, Value, Value> {
        TakenRun {
            id,
            dataset,
            model_path: "/here/m",
            renumber_shots: &|shots, by| *shots = json!({"moved": by, "were": shots}),
            names_example: ArtifactKind::Topic,
            renumber_artifact: &|topic, by| *topic = json!({"text": topic["text"], "by": by}),
        }
    }

    /// A finished stage of a run beside another run, packed.
    fn bundle() -> tempfile::TempDir {
        let (_dir, store) = fixture::store();
        fixture::run(&store, "other");
        fixture::run(&store, "r");
        let made = fixture::artifacts(3);
        store
            .start_part(&"r".into(), Part::Whole(StageName::Topics), "in")
            .unwrap();
        store
            .commit_part(
                &"r".into(),
                Part::Whole(StageName::Topics),
                &fixture::result(&made, "out"),
            )
            .unwrap();
        store
            .put_work(
                &"r".into(),
                Part::Whole(StageName::Summaries),
                "half",
                &json!(1),
            )
            .unwrap();
        // A study written by an earlier Duologue, and one by this one.
        store
            .write(|tx| {
                tx.execute_batch(
                    "INSERT INTO study VALUES (1, 'r', 's', 1, '[]', '1', 1);
                     INSERT INTO rating_study (name, kind, origin, mode, state, protocol, protocol_sha256, created_at_ms)
                     VALUES ('s', 'summaries', 'planned', 'criteria', 'running', '{}', '', 1);
                     INSERT INTO rating_system VALUES (1, 0, 'a', 'A', 'r');",
                )?;
                Ok(())
            })
            .unwrap();
        let to = tempfile::tempdir().unwrap();
        store.write_bundle(&"r".into(), to.path()).unwrap();
        to
    }

    #[test]
    fn a_bundle_holds_one_run_and_nothing_of_the_place() {
        let to = bundle();
        let store = Store::open(to.path()).unwrap();
        let runs = store.runs().unwrap();
        assert_eq!(
            runs.iter().map(|run| run.id.as_str()).collect::<Vec<_>>(),
            ["r"]
        );
        assert_eq!(runs[0].model_path, "");
        assert_eq!(store.datasets().unwrap().len(), 1);
        assert_eq!(store.rating_studies().unwrap().len(), 0);
        assert_eq!(
            store
                .work(&"r".into(), Part::Whole(StageName::Summaries), "half")
                .unwrap(),
            None
        );
        assert!(
            matches!(
                store.write_bundle(&"r".into(), to.path()),
                Err(Error::Io { .. })
            ),
            "an occupied folder"
        );
        assert!(matches!(
            store.write_bundle(&"nobody".into(), to.path()),
            Err(Error::NoSuchRun { .. })
        ));
    }

    #[test]
    fn a_taken_run_stands_among_others_with_numbers_of_its_own() {
        let from = bundle();
        let (_dir, store) = fixture::store();
        fixture::run(&store, "mine");
        let mine = store
            .examples(store.dataset(&"data of mine".into()).unwrap().id, None)
            .unwrap();
        store
            .take_run(from.path(), &taken(&"r".into(), &"taken".into()))
            .unwrap();
        let run = store.run(&"r".into()).unwrap();
        assert_eq!(
            (run.dataset_name.as_str(), run.model_path.as_str()),
            ("taken", "/here/m")
        );
        let examples = store.examples(run.dataset_id, None).unwrap();
        assert_eq!(
            examples.iter().map(|e| &e.external_id).collect::<Vec<_>>(),
            ["t1", "v1", "t2", "e1"]
        );
        let last = mine.iter().map(|e| e.id).max().unwrap();
        assert_eq!(examples.iter().map(|e| e.id).min().unwrap(), last + 1);
        let by = run.shots["moved"].as_i64().unwrap();
        let topics = store
            .artifacts(&"r".into(), StageName::Topics, None)
            .unwrap();
        assert_eq!(topics.len(), 3);
        assert!(
            topics.iter().all(|topic| topic.payload["by"] == by),
            "{topics:?}"
        );
        let stage = &store.stages(&"r".into()).unwrap()[0];
        assert_eq!(
            (stage.status.as_str(), stage.output_sha256.as_deref()),
            ("done", Some("out"))
        );
    }

    #[test]
    fn what_is_here_already_is_refused_and_nothing_changes() {
        let from = bundle();
        let (_dir, store) = fixture::store();
        store
            .take_run(from.path(), &taken(&"r".into(), &"taken".into()))
            .unwrap();
        let again = store.take_run(from.path(), &taken(&"r".into(), &"taken".into()));
        assert!(
            matches!(
                again,
                Err(Error::NameTaken {
                    thing: Thing::Dataset,
                    ..
                })
            ),
            "{again:?}"
        );
        let again = store.take_run(from.path(), &taken(&"r".into(), &"else".into()));
        assert!(
            matches!(
                again,
                Err(Error::NameTaken {
                    thing: Thing::Run,
                    ..
                })
            ),
            "{again:?}"
        );
        assert_eq!(store.datasets().unwrap().len(), 1);
    }
}
