//! Opening a database and bringing its schema up to date.
//!
//! One line per table, oldest first; the line's index + 1 is the schema version (`PRAGMA user_version`). A
//! released line is never edited: a change to a table is a new line. All pending lines run in one transaction.

use crate::table::{
    artifact, dataset, example, lease, ledger, metric_point, model, queue, rating, run, setting,
    stage, study, work,
};
use crate::{Error, Result};
use rusqlite::{Connection, TransactionBehavior};
use rusqlite_migration::{M, Migrations};
use std::fs::File;
use std::path::Path;
use std::time::Duration;

/// Every migration, oldest first.
pub(crate) const MIGRATIONS: &[M<'static>] = &[
    M::up(dataset::SQL),
    M::up(example::SQL),
    M::up(model::SQL),
    M::up(run::SQL),
    M::up(lease::SQL),
    M::up(stage::SQL),
    M::up(artifact::SQL),
    M::up(work::SQL),
    M::up(metric_point::SQL),
    M::up(study::SQL),
    M::up(rating::SQL),
    M::up(setting::SQL),
    M::up(ledger::SQL),
    M::up(queue::SQL),
];

/// `PRAGMA application_id` of a workspace, "DUOL": tells it from other programs' databases. The first migration
/// sets it.
const APPLICATION_ID: i64 = 0x4455_4f4c;

/// How long a statement waits for another process's transaction.
const BUSY_TIMEOUT: Duration = Duration::from_secs(5);

/// Opens `database` with the current schema; checks first, so that a foreign or newer file stays untouched.
pub(crate) fn open(workspace: &Path, database: &Path) -> Result<Connection> {
    let mut conn = Connection::open(database)?;
    conn.busy_timeout(BUSY_TIMEOUT)?;
    conn.set_transaction_behavior(TransactionBehavior::Immediate);
    conn.set_prepared_statement_cache_capacity(64);
    // FULL: a stage that reported its commit is there after a power cut too.
    conn.execute_batch("PRAGMA foreign_keys = ON; PRAGMA synchronous = FULL;")?;
    if is_current(&conn, database)? {
        return Ok(conn);
    }
    // Two processes opening a new workspace at once would both create the tables: one waits here. The system
    // frees the lock when its holder ends, however it ends.
    let lock = workspace.join("workspace.lock");
    let lock_file = File::create(&lock).map_err(|e| Error::io(&lock, e))?;
    lock_file.lock().map_err(|e| Error::io(&lock, e))?;
    if !is_current(&conn, database)? {
        conn.pragma_update(None, "journal_mode", "WAL")?;
        Migrations::from_slice(MIGRATIONS)
            .to_latest(&mut conn)
            .map_err(|e| match e {
                rusqlite_migration::Error::RusqliteError { err, .. } => Error::Sql(err),
                other => Error::Corrupt {
                    path: database.to_path_buf(),
                    detail: other.to_string(),
                },
            })?;
    }
    Ok(conn)
}

/// True where nothing is to be done; an error where the file is not ours to touch.
fn is_current(conn: &Connection, database: &Path) -> Result<bool> {
    let pragma = |sql: &str| conn.query_row(sql, [], |r| r.get::<_, i64>(0));
    let found = pragma("PRAGMA user_version")?;
    let owner = pragma("PRAGMA application_id")?;
    let tables = pragma("SELECT COUNT(*) FROM sqlite_schema")?;
    let is_new = found == 0 && owner == 0 && tables == 0;
    if !is_new && owner != APPLICATION_ID {
        return Err(Error::NotAWorkspace {
            path: database.to_path_buf(),
        });
    }
    let known = MIGRATIONS.len() as i64;
    if found > known {
        return Err(Error::NewerSchema {
            path: database.to_path_buf(),
            found,
            known,
        });
    }
    Ok(found == known)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{DATABASE, Store, fixture};

    fn at_version(dir: &Path, version: usize) -> Connection {
        let mut conn = Connection::open(dir.join(DATABASE)).unwrap();
        Migrations::from_slice(MIGRATIONS)
            .to_version(&mut conn, version)
            .unwrap();
        conn
    }

    fn schema(store: &Store) -> Vec<String> {
        store
            .read(|conn| {
                let mut query = conn.prepare(
                    "SELECT name || ':' || COALESCE(sql, '') FROM sqlite_schema ORDER BY 1",
                )?;
                Ok(query
                    .query_map([], |r| r.get(0))?
                    .collect::<rusqlite::Result<_>>()?)
            })
            .unwrap()
    }

    #[test]
    fn every_old_schema_migrates_and_keeps_its_rows() {
        let (_fresh_dir, fresh) = fixture::store();
        for version in 0..=MIGRATIONS.len() {
            let dir = tempfile::tempdir().unwrap();
            let conn = at_version(dir.path(), version);
            if version >= 2 {
                conn.execute_batch(
                    "INSERT INTO dataset (name, format, mapping, created_at_ms) VALUES ('old', 'json', '{}', 1);
                     INSERT INTO example (dataset_id, external_id, split, origin, position, dialogue, \"references\")
                     VALUES (1, 'e', 'train', 'imported', 0, 'A: hi', '[\"s\"]');",
                )
                .unwrap();
            }
            drop(conn);
            let store = Store::open(dir.path()).unwrap();
            assert_eq!(schema(&store), schema(&fresh), "from version {version}");
            if version >= 2 {
                let old = store.dataset("old").unwrap();
                assert_eq!(store.examples(old.id, None).unwrap()[0].references, ["s"]);
            }
            fixture::run(&store, "r");
        }
    }

    #[test]
    fn the_connection_is_durable_and_strict() {
        let (_dir, store) = fixture::store();
        store
            .read(|conn| {
                let get = |sql: &str| conn.query_row(sql, [], |r| r.get::<_, rusqlite::types::Value>(0));
                assert_eq!(get("PRAGMA journal_mode")?, String::from("wal").into());
                assert_eq!(get("PRAGMA foreign_keys")?, 1.into());
                assert_eq!(get("PRAGMA synchronous")?, 2.into());
                assert_eq!(get("PRAGMA busy_timeout")?, 5000.into());
                let loose = "SELECT COUNT(*) FROM pragma_table_list
                             WHERE schema = 'main' AND type = 'table' AND strict = 0 AND name NOT LIKE 'sqlite_%'";
                assert_eq!(get(loose)?, 0.into());
                Ok(())
            })
            .unwrap();
    }

    #[test]
    fn a_newer_schema_is_refused_and_untouched() {
        let dir = tempfile::tempdir().unwrap();
        let conn = at_version(dir.path(), MIGRATIONS.len());
        conn.pragma_update(None, "user_version", 999).unwrap();
        drop(conn);
        let before = std::fs::read(dir.path().join(DATABASE)).unwrap();
        let error = Store::open(dir.path()).err().unwrap();
        assert!(
            matches!(error, Error::NewerSchema { found: 999, .. }),
            "{error}"
        );
        assert_eq!(std::fs::read(dir.path().join(DATABASE)).unwrap(), before);
        assert_eq!(std::fs::read_dir(dir.path()).unwrap().count(), 1);
    }

    #[test]
    fn foreign_files_are_refused_and_untouched() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join(DATABASE);
        std::fs::write(&path, "this is a letter, not a database ".repeat(50)).unwrap();
        assert!(matches!(
            Store::open(dir.path()),
            Err(Error::NotAWorkspace { .. })
        ));
        std::fs::remove_file(&path).unwrap();
        let foreign = Connection::open(&path).unwrap();
        foreign
            .execute_batch("CREATE TABLE bookmark (url TEXT); PRAGMA user_version = 3;")
            .unwrap();
        drop(foreign);
        let before = std::fs::read(&path).unwrap();
        assert!(matches!(
            Store::open(dir.path()),
            Err(Error::NotAWorkspace { .. })
        ));
        assert_eq!(std::fs::read(&path).unwrap(), before);
    }
}
