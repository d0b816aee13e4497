//! The queue: runs that begin one after the other, each when the one at work has ended.

use super::{Word, lease, optional_word, run, word};
use crate::{Error, Fence, Owner, Result, Store};
use contract::{RunId, StageName, Thing};
use host::{Identity, Liveness};
use rusqlite::{Connection, Row, params};
use serde::{Deserialize, Serialize};

pub(crate) const SQL: &str = "
CREATE TABLE queue (
    run_id      TEXT PRIMARY KEY REFERENCES run (id) ON DELETE CASCADE,
    position    INTEGER NOT NULL,
    from_stage  TEXT,
    until_stage TEXT
) STRICT;
";

/// A run that waits for its turn, and the stages to carry out.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct QueueRow {
    /// Id of the run.
    pub run_id: RunId,
    /// First stage to carry out; none means where it stands.
    pub from_stage: Option<StageName>,
    /// Last stage to carry out; none means the last.
    pub until_stage: Option<StageName>,
}

fn from_row(row: &Row<'_>) -> rusqlite::Result<QueueRow> {
    Ok(QueueRow {
        run_id: word(row, "run_id")?,
        from_stage: optional_word(row, "from_stage")?,
        until_stage: optional_word(row, "until_stage")?,
    })
}

fn queued(conn: &Connection) -> Result<Vec<QueueRow>> {
    let mut query = conn.prepare_cached("SELECT * FROM queue ORDER BY position")?;
    Ok(query
        .query_map([], from_row)?
        .collect::<rusqlite::Result<_>>()?)
}

/// Writes the queue in this order.
fn put(tx: &Connection, rows: &[QueueRow]) -> Result<()> {
    tx.execute("DELETE FROM queue", [])?;
    let mut insert = tx.prepare_cached(
        "INSERT INTO queue (run_id, position, from_stage, until_stage) VALUES (?1, ?2, ?3, ?4)",
    )?;
    for (position, row) in (0_u32..).zip(rows) {
        insert.execute(params![
            row.run_id.as_str(),
            position,
            row.from_stage.map(Word),
            row.until_stage.map(Word)
        ])?;
    }
    Ok(())
}

/// Takes a run off the queue; whoever begins or stops one does.
pub(super) fn take_off(tx: &Connection, run: &RunId) -> Result<bool> {
    let gone = tx
        .prepare_cached("DELETE FROM queue WHERE run_id = ?1")?
        .execute(params![run.as_str()])?;
    Ok(gone == 1)
}

impl Store {
    /// The runs that wait, the next one first.
    pub fn queue(&self) -> Result<Vec<QueueRow>> {
        self.read(queued)
    }

    /// Puts a run at the end of the queue; one that waits already keeps its place and takes the new stages.
    ///
    /// # Errors
    /// [`Error::NoSuchRun`].
    pub fn enqueue(&self, row: &QueueRow) -> Result<()> {
        self.write(|tx| {
            let known = tx
                .prepare_cached("SELECT 1 FROM run WHERE id = ?1")?
                .exists(params![row.run_id.as_str()])?;
            if !known {
                return Err(run::no_such(&row.run_id));
            }
            let mut rows = queued(tx)?;
            match rows.iter_mut().find(|entry| entry.run_id == row.run_id) {
                Some(waiting) => *waiting = row.clone(),
                None => rows.push(row.clone()),
            }
            put(tx, &rows)
        })
    }

    /// Moves a run to another place of the queue, 0 being the next; a place beyond the end is the end.
    ///
    /// # Errors
    /// [`Error::NotFound`] where the run does not wait.
    pub fn move_in_queue(&self, run: &RunId, to: usize) -> Result<()> {
        self.write(|tx| {
            let mut rows = queued(tx)?;
            let index = rows
                .iter()
                .position(|row| row.run_id == *run)
                .ok_or_else(|| Error::NotFound {
                    thing: Thing::QueuedRun,
                    key: run.to_owned().into(),
                })?;
            let row = rows.remove(index);
            rows.insert(to.min(rows.len()), row);
            put(tx, &rows)
        })
    }

    /// Takes a run off the queue. False where it did not wait.
    pub fn dequeue(&self, run: &RunId) -> Result<bool> {
        self.write(|tx| take_off(tx, run))
    }

    /// Whether some process works on a run.
    pub fn is_busy(&self, now_ms: i64, liveness: &dyn Fn(&Identity) -> Liveness) -> Result<bool> {
        self.read(|conn| lease::any_lives(conn, now_ms, liveness))
    }

    /// Takes the lease of a run that waits, in one change: only while nobody works on any run. False where it
    /// no longer waits or a run is worked on, so that only one of two processes begins the next run.
    pub fn acquire_queued(
        &self,
        run: &RunId,
        owner: &Owner,
        now_ms: i64,
        liveness: &dyn Fn(&Identity) -> Liveness,
    ) -> Result<bool> {
        let mine = self.write(|tx| {
            if lease::any_lives(tx, now_ms, liveness)? || !take_off(tx, run)? {
                return Ok(false);
            }
            lease::take(tx, run, owner, now_ms)?;
            Ok(true)
        })?;
        if mine {
            *self.fence.borrow_mut() = Some(Fence {
                run: run.to_owned(),
                token: owner.token.clone(),
            });
        }
        Ok(mine)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::fixture::owner;
    use crate::{Acquire, fixture};
    use contract::{Control, RunStatus};

    fn row(run: &str) -> QueueRow {
        QueueRow {
            run_id: run.into(),
            from_stage: None,
            until_stage: None,
        }
    }

    fn order(store: &Store) -> Vec<RunId> {
        store
            .queue()
            .unwrap()
            .into_iter()
            .map(|row| row.run_id)
            .collect()
    }

    /// Three runs, all of them waiting.
    fn three() -> (tempfile::TempDir, Store) {
        let (dir, store) = fixture::store();
        for run in ["a", "b", "c"] {
            fixture::run(&store, run);
            store.enqueue(&row(run)).unwrap();
        }
        (dir, store)
    }

    #[test]
    fn order_is_kept_and_changed() {
        let (_dir, store) = three();
        assert_eq!(order(&store), ["a", "b", "c"]);
        store.move_in_queue(&"c".into(), 0).unwrap();
        assert_eq!(order(&store), ["c", "a", "b"]);
        store.move_in_queue(&"c".into(), 9).unwrap();
        assert_eq!(order(&store), ["a", "b", "c"]);
        let again = QueueRow {
            until_stage: Some(StageName::Topics),
            ..row("b")
        };
        store.enqueue(&again).unwrap();
        assert_eq!(store.queue().unwrap()[1], again);
        assert!(store.dequeue(&"a".into()).unwrap());
        assert!(!store.dequeue(&"a".into()).unwrap());
        assert_eq!(order(&store), ["b", "c"]);
        assert!(matches!(
            store.move_in_queue(&"a".into(), 0),
            Err(Error::NotFound { .. })
        ));
        assert!(matches!(
            store.enqueue(&row("no")),
            Err(Error::NoSuchRun { .. })
        ));
        store.delete_run(&"b".into()).unwrap();
        assert_eq!(order(&store), ["c"]);
    }

    #[test]
    fn only_one_process_begins_the_next_run() {
        let (_dir, store) = three();
        let alive = |_: &Identity| Liveness::Alive;
        fixture::run(&store, "at work");
        store
            .acquire(&"at work".into(), &owner(1), 0, &alive)
            .unwrap();
        assert!(store.is_busy(0, &alive).unwrap());
        assert!(
            !store
                .acquire_queued(&"a".into(), &owner(2), 0, &alive)
                .unwrap()
        );
        store.release(&"at work".into(), &owner(1).token).unwrap();
        assert!(!store.is_busy(0, &alive).unwrap());
        assert!(
            store
                .acquire_queued(&"a".into(), &owner(2), 0, &alive)
                .unwrap()
        );
        assert_eq!(store.run(&"a".into()).unwrap().status, RunStatus::Running);
        assert_eq!(order(&store), ["b", "c"]);
        // Another that meant to begin the same run, or the one after it.
        assert!(
            !store
                .acquire_queued(&"a".into(), &owner(3), 0, &alive)
                .unwrap()
        );
        assert!(
            !store
                .acquire_queued(&"b".into(), &owner(3), 0, &alive)
                .unwrap()
        );
        // The process that has it may take it again, and a dead one is no obstacle to the next.
        assert_eq!(
            store.acquire(&"a".into(), &owner(2), 0, &alive).unwrap(),
            Acquire::Mine
        );
        assert!(
            store
                .acquire_queued(&"b".into(), &owner(3), 0, &|process| if process.pid == 2 {
                    Liveness::Gone
                } else {
                    Liveness::Alive
                })
                .unwrap()
        );
    }

    #[test]
    fn a_run_that_is_begun_or_stopped_waits_no_longer() {
        let (_dir, store) = three();
        store
            .acquire(&"b".into(), &owner(1), 0, &|_| Liveness::Alive)
            .unwrap();
        let cancel = crate::StopRequest {
            control: Control::Cancel,
            at_rest: RunStatus::Cancelled,
        };
        store
            .ask_to_stop(&"c".into(), cancel, 0, &|_| Liveness::Alive)
            .unwrap();
        assert_eq!(order(&store), ["a"]);
    }
}
