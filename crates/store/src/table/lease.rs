//! Leases: which process works on a run. Exactly one worker writes a run's rows; it renews its lease by a
//! heartbeat, and one that stopped (crash, kill, reboot, sleep) is taken over.

use super::{Word, run};
use crate::{Fence, Result, Store};
use contract::{Control, RunStatus};
use rusqlite::{Connection, OptionalExtension, Row, params};
use serde::{Deserialize, Serialize};

pub(crate) const SQL: &str = "
CREATE TABLE lease (
    run_id       TEXT PRIMARY KEY REFERENCES run (id) ON DELETE CASCADE,
    pid          INTEGER NOT NULL,
    boot_id      TEXT NOT NULL,
    token        TEXT NOT NULL,
    heartbeat_ms INTEGER NOT NULL
) STRICT;
";

/// Age of a heartbeat from which the lease may be taken over: five missed heartbeats of 2 s.
pub const LEASE_TIMEOUT_MS: u64 = 10_000;

/// The process that asks for a lease.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Owner {
    /// Its process id.
    pub pid: u32,
    /// Identifies the boot of the machine: process ids of an earlier one mean nothing.
    pub boot_id: String,
    /// Random, so that a reused process id is not taken for the owner.
    pub token: String,
}

/// Answer to [`Store::acquire`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Acquire {
    /// The lease is the caller's.
    Mine,
    /// A living process has it.
    HeldBy {
        /// Its process id.
        pid: u32,
    },
}

/// A lease.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct LeaseRow {
    /// The run.
    pub run_id: String,
    /// Process id of the holder.
    pub pid: u32,
    /// Boot in which it runs.
    pub boot_id: String,
    /// Its token.
    pub token: String,
    /// Time of its last sign of life.
    pub heartbeat_ms: i64,
}

impl LeaseRow {
    /// Whether its holder gave a sign of life within [`LEASE_TIMEOUT_MS`] and still exists.
    pub fn lives(&self, now_ms: i64, pid_alive: &dyn Fn(u32) -> bool) -> bool {
        self.heartbeat_ms.abs_diff(now_ms) <= LEASE_TIMEOUT_MS && pid_alive(self.pid)
    }
}

fn from_row(row: &Row<'_>) -> rusqlite::Result<LeaseRow> {
    Ok(LeaseRow {
        run_id: row.get("run_id")?,
        pid: row.get("pid")?,
        boot_id: row.get("boot_id")?,
        token: row.get("token")?,
        heartbeat_ms: row.get("heartbeat_ms")?,
    })
}

fn get(conn: &Connection, run: &str) -> Result<Option<LeaseRow>> {
    let mut query = conn.prepare_cached("SELECT * FROM lease WHERE run_id = ?1")?;
    Ok(query.query_row(params![run], from_row).optional()?)
}

/// Whether some run is worked on.
pub(super) fn any_lives(
    conn: &Connection,
    now_ms: i64,
    pid_alive: &dyn Fn(u32) -> bool,
) -> Result<bool> {
    let mut query = conn.prepare_cached("SELECT * FROM lease")?;
    let leases: Vec<LeaseRow> = query
        .query_map([], from_row)?
        .collect::<rusqlite::Result<_>>()?;
    Ok(leases.iter().any(|lease| lease.lives(now_ms, pid_alive)))
}

/// Gives a run to a process: it is running from now on.
pub(super) fn take(tx: &Connection, run: &str, owner: &Owner, now_ms: i64) -> Result<()> {
    run::settle(tx, run, RunStatus::Running, now_ms)?;
    tx.prepare_cached(
        "INSERT OR REPLACE INTO lease (run_id, pid, boot_id, token, heartbeat_ms)
         VALUES (?1, ?2, ?3, ?4, ?5)",
    )?
    .execute(params![run, owner.pid, owner.boot_id, owner.token, now_ms])?;
    Ok(())
}

impl Store {
    /// Takes a run's lease where it is free, already the caller's, of another boot, of a dead process, or
    /// without a heartbeat for [`LEASE_TIMEOUT_MS`] (in either direction: a clock set back must not lock a run).
    ///
    /// With it the run is running and older requests to stop it are void, in one change: a request is heard by
    /// whoever has the lease, or comes before.
    ///
    /// From then on this connection changes the run only while the lease is still its own; otherwise each
    /// change fails with [`crate::Error::LeaseLost`].
    ///
    /// # Errors
    /// [`crate::Error::NoSuchRun`].
    pub fn acquire(
        &self,
        run: &str,
        owner: &Owner,
        now_ms: i64,
        pid_alive: &dyn Fn(u32) -> bool,
    ) -> Result<Acquire> {
        let answer = self.write(|tx| {
            if let Some(held) = get(tx, run)?.filter(|held| held.token != owner.token)
                && held.boot_id == owner.boot_id
                && held.lives(now_ms, pid_alive)
            {
                return Ok(Acquire::HeldBy { pid: held.pid });
            }
            take(tx, run, owner, now_ms)?;
            Ok(Acquire::Mine)
        })?;
        if answer == Acquire::Mine {
            *self.fence.borrow_mut() = Some(Fence {
                run: run.to_owned(),
                token: owner.token.clone(),
            });
        }
        Ok(answer)
    }

    /// Renews a lease. False where it is no longer the token's: the worker must stop.
    pub fn heartbeat(&self, run: &str, token: &str, now_ms: i64) -> Result<bool> {
        self.write(|tx| {
            let renewed = tx
                .prepare_cached(
                    "UPDATE lease SET heartbeat_ms = ?3 WHERE run_id = ?1 AND token = ?2",
                )?
                .execute(params![run, token, now_ms])?;
            Ok(renewed == 1)
        })
    }

    /// Gives a lease back; does nothing where it is no longer the token's.
    pub fn release(&self, run: &str, token: &str) -> Result<()> {
        self.write(|tx| {
            tx.prepare_cached("DELETE FROM lease WHERE run_id = ?1 AND token = ?2")?
                .execute(params![run, token])?;
            Ok(())
        })?;
        let mut fence = self.fence.borrow_mut();
        if fence
            .as_ref()
            .is_some_and(|f| f.run == run && f.token == token)
        {
            *fence = None;
        }
        Ok(())
    }

    /// Asks a run's worker to stop. Where none is at work, the run is at once `at_rest`. True where one was asked.
    ///
    /// # Errors
    /// [`crate::Error::NoSuchRun`].
    pub fn ask_to_stop(
        &self,
        run: &str,
        (control, at_rest): (Control, RunStatus),
        now_ms: i64,
        pid_alive: &dyn Fn(u32) -> bool,
    ) -> Result<bool> {
        self.write(|tx| {
            // A worker that has just put down how it ended still has its lease, and hears nothing more.
            let running = tx
                .prepare_cached("SELECT 1 FROM run WHERE id = ?1 AND status = ?2")?
                .exists(params![run, Word(RunStatus::Running)])?;
            let at_work =
                running && get(tx, run)?.is_some_and(|lease| lease.lives(now_ms, pid_alive));
            if at_work {
                tx.prepare_cached("UPDATE run SET control = ?2 WHERE id = ?1")?
                    .execute(params![run, Word(control)])?;
            } else {
                run::settle(tx, run, at_rest, now_ms)?;
            }
            Ok(at_work)
        })
    }

    /// The lease of a run, living or not.
    pub fn lease(&self, run: &str) -> Result<Option<LeaseRow>> {
        self.read(|conn| get(conn, run))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{Error, fixture};
    use contract::StageName;

    fn owner(pid: u32, boot: &str) -> Owner {
        Owner {
            pid,
            boot_id: boot.into(),
            token: format!("token of {pid}"),
        }
    }

    #[test]
    fn taken_over_only_from_the_dead() {
        let (_dir, store) = fixture::store();
        fixture::run(&store, "r");
        let alive = |_: u32| true;
        let first = owner(1, "boot");
        assert!(matches!(
            store.acquire("no", &first, 0, &alive),
            Err(Error::NoSuchRun { .. })
        ));
        assert_eq!(store.lease("r").unwrap(), None);
        assert_eq!(
            store.acquire("r", &first, 0, &alive).unwrap(),
            Acquire::Mine
        );
        assert_eq!(
            store.acquire("r", &first, 5, &alive).unwrap(),
            Acquire::Mine
        );
        let limit = 5 + LEASE_TIMEOUT_MS.cast_signed();
        assert_eq!(
            store
                .acquire("r", &owner(2, "boot"), limit, &alive)
                .unwrap(),
            Acquire::HeldBy { pid: 1 }
        );
        // Too old, dead, another boot, a heartbeat from the future.
        assert_eq!(
            store
                .acquire("r", &owner(2, "boot"), limit + 1, &alive)
                .unwrap(),
            Acquire::Mine
        );
        assert_eq!(
            store
                .acquire("r", &owner(3, "boot"), limit + 1, &|pid| pid != 2)
                .unwrap(),
            Acquire::Mine
        );
        assert_eq!(
            store
                .acquire("r", &owner(4, "next boot"), limit + 1, &alive)
                .unwrap(),
            Acquire::Mine
        );
        assert_eq!(
            store
                .acquire("r", &owner(5, "next boot"), -1, &alive)
                .unwrap(),
            Acquire::Mine
        );
        assert_eq!(store.lease("r").unwrap().unwrap().pid, 5);
    }

    #[test]
    fn a_request_is_heard_by_the_holder_or_settles_a_run_at_rest() {
        let (_dir, store) = fixture::store();
        fixture::run(&store, "r");
        let pause =
            |now_ms| store.ask_to_stop("r", (Control::Pause, RunStatus::Paused), now_ms, &|_| true);
        let stands = || store.run("r").map(|run| (run.status, run.control)).unwrap();
        assert!(!pause(0).unwrap());
        assert_eq!(stands(), (RunStatus::Paused, None));
        store.acquire("r", &owner(1, "x"), 0, &|_| true).unwrap();
        assert_eq!(
            stands(),
            (RunStatus::Running, None),
            "from the first moment on"
        );
        assert!(pause(5).unwrap());
        assert_eq!(stands(), (RunStatus::Running, Some(Control::Pause)));
        // Its worker died: the next one is not stopped by what was asked of this one.
        store
            .acquire("r", &owner(2, "x"), 60_000, &|_| true)
            .unwrap();
        assert_eq!(stands(), (RunStatus::Running, None));
        assert!(!pause(120_000).unwrap(), "nobody is left to hear it");
        store
            .acquire("r", &owner(2, "x"), 120_000, &|_| true)
            .unwrap();
        store
            .set_run_status("r", RunStatus::Done, None, 120_001)
            .unwrap();
        assert!(
            !pause(120_002).unwrap(),
            "it has done its work and is about to leave"
        );
        let missing = store.ask_to_stop("no", (Control::Pause, RunStatus::Paused), 0, &|_| true);
        assert!(matches!(missing, Err(Error::NoSuchRun { .. })));
    }

    #[test]
    fn a_heartbeat_tells_the_loser() {
        let (dir, store) = fixture::store();
        let other = Store::open(dir.path()).unwrap();
        fixture::run(&store, "r");
        let (a, b) = (owner(1, "x"), owner(2, "x"));
        store.acquire("r", &a, 0, &|_| true).unwrap();
        assert!(store.heartbeat("r", &a.token, 8_000).unwrap());
        assert_eq!(
            other.acquire("r", &b, 12_000, &|_| true).unwrap(),
            Acquire::HeldBy { pid: 1 }
        );
        assert_eq!(
            other.acquire("r", &b, 18_001, &|_| true).unwrap(),
            Acquire::Mine
        );
        assert!(!store.heartbeat("r", &a.token, 18_002).unwrap());
        store.release("r", &a.token).unwrap();
        assert_eq!(other.lease("r").unwrap().unwrap().token, b.token);
        other.release("r", &b.token).unwrap();
        assert_eq!(other.lease("r").unwrap(), None);
    }

    #[test]
    fn a_worker_that_slept_writes_nothing_more() {
        let (dir, slept) = fixture::store();
        let successor = Store::open(dir.path()).unwrap();
        fixture::run(&slept, "r");
        let (a, b) = (owner(1, "x"), owner(2, "x"));
        slept.acquire("r", &a, 0, &|_| true).unwrap();
        slept.start_stage("r", StageName::Topics, "in").unwrap();
        successor.acquire("r", &b, 60_000, &|_| true).unwrap();
        let lost = slept
            .put_work("r", StageName::Topics, "k", &1.into())
            .unwrap_err();
        assert!(matches!(lost, Error::LeaseLost { .. }), "{lost}");
        let artifacts = fixture::artifacts(1);
        let lost = slept
            .commit_stage("r", StageName::Topics, &fixture::result(&artifacts, "out"))
            .unwrap_err();
        assert!(matches!(lost, Error::LeaseLost { .. }), "{lost}");
        assert!(
            successor
                .artifacts("r", StageName::Topics, None)
                .unwrap()
                .is_empty()
        );
        successor
            .commit_stage("r", StageName::Topics, &fixture::result(&artifacts, "out"))
            .unwrap();
        // The window holds no lease and may still ask for things; the released connection is free again.
        Store::open(dir.path())
            .unwrap()
            .set_control("r", Some(Control::Pause))
            .unwrap();
        slept.release("r", &a.token).unwrap();
        slept.set_control("r", None).unwrap();
    }

    #[test]
    fn a_race_has_one_winner() {
        let (dir, store) = fixture::store();
        fixture::run(&store, "r");
        // A dead holder, so that every racer has a reason to take over.
        store.acquire("r", &owner(1000, "x"), 0, &|_| true).unwrap();
        for round in 0..5_u32 {
            let now = i64::from(round + 1) * 60_000;
            let answers: Vec<Acquire> = std::thread::scope(|scope| {
                let racers: Vec<_> = (0..4)
                    .map(|n| {
                        let path = dir.path();
                        scope.spawn(move || {
                            let mine = Store::open(path).unwrap();
                            mine.acquire("r", &owner(round * 10 + n, "x"), now, &|_| true)
                                .unwrap()
                        })
                    })
                    .collect();
                racers.into_iter().map(|r| r.join().unwrap()).collect()
            });
            assert_eq!(
                answers.iter().filter(|a| **a == Acquire::Mine).count(),
                1,
                "{answers:?}"
            );
            let winner = store.lease("r").unwrap().unwrap().pid;
            for answer in answers {
                assert!(
                    matches!(answer, Acquire::Mine) || answer == Acquire::HeldBy { pid: winner }
                );
            }
        }
    }
}
