//! Leases: which process works on a run. Exactly one worker writes a run's rows, for as long as it lives. Where the
//! system cannot tell whether it lives, the heartbeat by which it renews its lease decides.

use super::{Word, run, word};
use crate::{Fence, Result, Store};
use contract::{Control, RunId, RunStatus};
use host::{Identity, Liveness};
use rusqlite::{Connection, OptionalExtension, Row, params};

pub(crate) const SQL: &str = "
CREATE TABLE lease (
    run_id       TEXT PRIMARY KEY REFERENCES run (id) ON DELETE CASCADE,
    pid          INTEGER NOT NULL,
    boot_id      TEXT NOT NULL,
    token        TEXT NOT NULL,
    heartbeat_ms INTEGER NOT NULL
) STRICT;
";

/// When the holder's process began ([`Identity::start`]): its number alone may be another's by now.
pub(crate) const START_SQL: &str = "ALTER TABLE lease ADD COLUMN process_start INTEGER;";

/// Age of a heartbeat from which a lease counts as given up where the system cannot tell whether its holder lives:
/// five missed heartbeats of 2 s.
pub const LEASE_TIMEOUT_MS: u64 = 10_000;

/// The process that asks for a lease.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Owner {
    /// Which process it is.
    pub process: Identity,
    /// Random, so that each request can be told from every other.
    pub token: String,
}

/// Answer to [`Store::acquire`].
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Acquire {
    /// The lease is the caller's.
    Mine,
    /// A living process has it.
    HeldBy {
        /// Its process id.
        pid: u32,
    },
}

/// What is asked of a run's worker.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct StopRequest {
    /// What the worker is to do.
    pub control: Control,
    /// What the run becomes when nobody works on it.
    pub at_rest: RunStatus,
}

/// A lease as it is stored.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LeaseRow {
    /// Id of the run.
    pub run_id: RunId,
    /// Who holds it. An older version of the program noted no start.
    pub owner: Owner,
    /// Time of its last sign of life.
    pub heartbeat_ms: i64,
}

impl LeaseRow {
    /// Whether its holder lives. Only where the system cannot tell is the clock looked at: a sign of life within
    /// [`LEASE_TIMEOUT_MS`], in either direction, for a clock that was set back must not lock a run.
    pub fn lives(&self, now_ms: i64, liveness: &dyn Fn(&Identity) -> Liveness) -> bool {
        match liveness(&self.owner.process) {
            Liveness::Alive => true,
            Liveness::Gone => false,
            Liveness::Unknown => self.heartbeat_ms.abs_diff(now_ms) <= LEASE_TIMEOUT_MS,
        }
    }
}

fn from_row(row: &Row<'_>) -> rusqlite::Result<LeaseRow> {
    Ok(LeaseRow {
        run_id: word(row, "run_id")?,
        owner: Owner {
            process: Identity {
                pid: row.get("pid")?,
                boot_id: row.get("boot_id")?,
                start: row.get("process_start")?,
            },
            token: row.get("token")?,
        },
        heartbeat_ms: row.get("heartbeat_ms")?,
    })
}

fn get(conn: &Connection, run: &RunId) -> Result<Option<LeaseRow>> {
    let mut query = conn.prepare_cached("SELECT * FROM lease WHERE run_id = ?1")?;
    Ok(query
        .query_row(params![run.as_str()], from_row)
        .optional()?)
}

/// Whether some run is worked on.
pub(super) fn any_lives(
    conn: &Connection,
    now_ms: i64,
    liveness: &dyn Fn(&Identity) -> Liveness,
) -> Result<bool> {
    let mut query = conn.prepare_cached("SELECT * FROM lease")?;
    let leases: Vec<LeaseRow> = query
        .query_map([], from_row)?
        .collect::<rusqlite::Result<_>>()?;
    Ok(leases.iter().any(|lease| lease.lives(now_ms, liveness)))
}

/// Gives a run to a process: it is running from now on.
pub(super) fn take(tx: &Connection, run: &RunId, owner: &Owner, now_ms: i64) -> Result<()> {
    run::settle(tx, run, RunStatus::Running, now_ms)?;
    tx.prepare_cached(
        "INSERT OR REPLACE INTO lease (run_id, pid, boot_id, process_start, token, heartbeat_ms)
         VALUES (?1, ?2, ?3, ?4, ?5, ?6)",
    )?
    .execute(params![
        run.as_str(),
        owner.process.pid,
        owner.process.boot_id,
        owner.process.start,
        owner.token,
        now_ms
    ])?;
    Ok(())
}

impl Store {
    /// Takes a run's lease where it is free, already the caller's, or held by a process that no longer lives
    /// ([`LeaseRow::lives`]).
    ///
    /// With it the run is running and older requests to stop it are void, in one change: a request reaches whoever has
    /// the lease, or was made before.
    ///
    /// From then on this connection changes the run only while the lease is still its own; otherwise each
    /// change fails with [`crate::Error::LeaseLost`].
    ///
    /// # Errors
    /// [`crate::Error::NoSuchRun`].
    pub fn acquire(
        &self,
        run: &RunId,
        owner: &Owner,
        now_ms: i64,
        liveness: &dyn Fn(&Identity) -> Liveness,
    ) -> Result<Acquire> {
        let answer = self.write(|tx| {
            if let Some(lease) = get(tx, run)?
                && lease.owner.token != owner.token
                && lease.lives(now_ms, liveness)
            {
                return Ok(Acquire::HeldBy {
                    pid: lease.owner.process.pid,
                });
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
    pub fn heartbeat(&self, run: &RunId, token: &str, now_ms: i64) -> Result<bool> {
        self.write(|tx| {
            let renewed = tx
                .prepare_cached(
                    "UPDATE lease SET heartbeat_ms = ?3 WHERE run_id = ?1 AND token = ?2",
                )?
                .execute(params![run.as_str(), token, now_ms])?;
            Ok(renewed == 1)
        })
    }

    /// Gives a lease back; does nothing where it is no longer the token's.
    pub fn release(&self, run: &RunId, token: &str) -> Result<()> {
        self.write(|tx| {
            tx.prepare_cached("DELETE FROM lease WHERE run_id = ?1 AND token = ?2")?
                .execute(params![run.as_str(), token])?;
            Ok(())
        })?;
        let mut fence = self.fence.borrow_mut();
        if fence
            .as_ref()
            .is_some_and(|f| f.run == *run && f.token == token)
        {
            *fence = None;
        }
        Ok(())
    }

    /// Asks a run's worker to stop. If there is no worker, the run becomes [`StopRequest::at_rest`] at once. True if
    /// a worker was asked.
    ///
    /// # Errors
    /// [`crate::Error::NoSuchRun`].
    pub fn ask_to_stop(
        &self,
        run: &RunId,
        stop: StopRequest,
        now_ms: i64,
        liveness: &dyn Fn(&Identity) -> Liveness,
    ) -> Result<bool> {
        self.write(|tx| {
            // A worker that has just recorded how it ended still has its lease, and no longer reads requests.
            let running = tx
                .prepare_cached("SELECT 1 FROM run WHERE id = ?1 AND status = ?2")?
                .exists(params![run.as_str(), Word(RunStatus::Running)])?;
            let at_work =
                running && get(tx, run)?.is_some_and(|lease| lease.lives(now_ms, liveness));
            if at_work {
                tx.prepare_cached("UPDATE run SET control = ?2 WHERE id = ?1")?
                    .execute(params![run.as_str(), Word(stop.control)])?;
            } else {
                run::settle(tx, run, stop.at_rest, now_ms)?;
            }
            Ok(at_work)
        })
    }

    /// The lease of a run, living or not.
    pub fn lease(&self, run: &RunId) -> Result<Option<LeaseRow>> {
        self.read(|conn| get(conn, run))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{Error, fixture};
    use contract::{Part, StageName};

    /// A system that tells nothing about processes.
    fn unknown(_: &Identity) -> Liveness {
        Liveness::Unknown
    }

    #[test]
    fn a_living_process_keeps_its_lease_whatever_the_clock_says() {
        let (_dir, store) = fixture::store();
        fixture::run(&store, "r");
        let (holder, other) = (fixture::owner(1), fixture::owner(2));
        let alive = |_: &Identity| Liveness::Alive;
        assert!(matches!(
            store.acquire(&"no".into(), &holder, 0, &alive),
            Err(Error::NoSuchRun { .. })
        ));
        assert_eq!(store.lease(&"r".into()).unwrap(), None);
        for now_ms in [0, 5] {
            let answer = store.acquire(&"r".into(), &holder, now_ms, &alive).unwrap();
            assert_eq!(answer, Acquire::Mine);
        }
        const DAY_MS: i64 = 86_400_000;
        for now_ms in [5, DAY_MS, -DAY_MS] {
            let answer = store.acquire(&"r".into(), &other, now_ms, &alive).unwrap();
            assert_eq!(answer, Acquire::HeldBy { pid: 1 });
        }
        assert_eq!(store.lease(&"r".into()).unwrap().unwrap().owner, holder);
    }

    #[test]
    fn the_lease_of_a_dead_process_is_taken_over_at_once() {
        let (_dir, store) = fixture::store();
        fixture::run(&store, "r");
        store
            .acquire(&"r".into(), &fixture::owner(1), 0, &unknown)
            .unwrap();
        let mut reused = fixture::owner(1);
        reused.process.start = Some(1_001);
        reused.token = "another".into();
        let system = |process: &Identity| {
            if process.start == Some(1_001) {
                Liveness::Alive
            } else {
                Liveness::Gone
            }
        };
        assert_eq!(
            store.acquire(&"r".into(), &reused, 0, &system).unwrap(),
            Acquire::Mine,
            "its number is another's by now"
        );
        assert_eq!(
            store
                .acquire(&"r".into(), &fixture::owner(2), 0, &system)
                .unwrap(),
            Acquire::HeldBy { pid: 1 }
        );
    }

    #[test]
    fn the_heartbeat_decides_where_the_system_cannot_tell() {
        let (_dir, store) = fixture::store();
        fixture::run(&store, "r");
        let ask = |pid, now_ms| {
            store
                .acquire(&"r".into(), &fixture::owner(pid), now_ms, &unknown)
                .unwrap()
        };
        let limit = LEASE_TIMEOUT_MS.cast_signed();
        assert_eq!(ask(1, 0), Acquire::Mine);
        assert_eq!(ask(2, limit), Acquire::HeldBy { pid: 1 });
        assert_eq!(ask(2, limit + 1), Acquire::Mine, "too old");
        assert_eq!(ask(3, 0), Acquire::Mine, "from the future");
    }

    #[test]
    fn a_lease_of_an_older_program_has_no_start() {
        let (_dir, store) = fixture::store();
        fixture::run(&store, "r");
        store
            .write(|tx| {
                let old = "INSERT INTO lease (run_id, pid, boot_id, token, heartbeat_ms) VALUES ('r', 1, 'b', 't', 0)";
                Ok(tx.execute(old, [])?)
            })
            .unwrap();
        assert_eq!(
            store
                .lease(&"r".into())
                .unwrap()
                .unwrap()
                .owner
                .process
                .start,
            None
        );
    }

    #[test]
    fn a_request_is_heard_by_the_holder_or_settles_a_run_at_rest() {
        let (_dir, store) = fixture::store();
        fixture::run(&store, "r");
        let request = StopRequest {
            control: Control::Pause,
            at_rest: RunStatus::Paused,
        };
        let pause = |now_ms| store.ask_to_stop(&"r".into(), request, now_ms, &unknown);
        let stands = || {
            store
                .run(&"r".into())
                .map(|run| (run.status, run.control))
                .unwrap()
        };
        assert!(!pause(0).unwrap());
        assert_eq!(stands(), (RunStatus::Paused, None));
        store
            .acquire(&"r".into(), &fixture::owner(1), 0, &unknown)
            .unwrap();
        assert_eq!(
            stands(),
            (RunStatus::Running, None),
            "from the first moment on"
        );
        assert!(pause(5).unwrap());
        assert_eq!(stands(), (RunStatus::Running, Some(Control::Pause)));
        // Its worker died: the next one is not stopped by what was asked of this one.
        store
            .acquire(&"r".into(), &fixture::owner(2), 60_000, &unknown)
            .unwrap();
        assert_eq!(stands(), (RunStatus::Running, None));
        assert!(!pause(120_000).unwrap(), "nobody is left to hear it");
        store
            .acquire(&"r".into(), &fixture::owner(2), 120_000, &unknown)
            .unwrap();
        store
            .set_run_status(&"r".into(), RunStatus::Done, None, 120_001)
            .unwrap();
        assert!(
            !pause(120_002).unwrap(),
            "it has done its work and is about to leave"
        );
        let missing = store.ask_to_stop(&"no".into(), request, 0, &unknown);
        assert!(matches!(missing, Err(Error::NoSuchRun { .. })));
    }

    #[test]
    fn a_heartbeat_tells_the_loser() {
        let (dir, store) = fixture::store();
        let other = Store::open(dir.path()).unwrap();
        fixture::run(&store, "r");
        let (a, b) = (fixture::owner(1), fixture::owner(2));
        store.acquire(&"r".into(), &a, 0, &unknown).unwrap();
        assert!(store.heartbeat(&"r".into(), &a.token, 8_000).unwrap());
        assert_eq!(
            other.acquire(&"r".into(), &b, 12_000, &unknown).unwrap(),
            Acquire::HeldBy { pid: 1 }
        );
        assert_eq!(
            other.acquire(&"r".into(), &b, 18_001, &unknown).unwrap(),
            Acquire::Mine
        );
        assert!(!store.heartbeat(&"r".into(), &a.token, 18_002).unwrap());
        store.release(&"r".into(), &a.token).unwrap();
        assert_eq!(other.lease(&"r".into()).unwrap().unwrap().owner, b);
        other.release(&"r".into(), &b.token).unwrap();
        assert_eq!(other.lease(&"r".into()).unwrap(), None);
    }

    #[test]
    fn a_worker_that_slept_writes_nothing_more() {
        let (dir, slept) = fixture::store();
        let successor = Store::open(dir.path()).unwrap();
        fixture::run(&slept, "r");
        let (a, b) = (fixture::owner(1), fixture::owner(2));
        slept.acquire(&"r".into(), &a, 0, &unknown).unwrap();
        slept
            .start_part(&"r".into(), Part::Whole(StageName::Topics), "in")
            .unwrap();
        successor
            .acquire(&"r".into(), &b, 60_000, &unknown)
            .unwrap();
        let lost = slept
            .put_work(&"r".into(), Part::Whole(StageName::Topics), "k", &1.into())
            .unwrap_err();
        assert!(matches!(lost, Error::LeaseLost { .. }), "{lost}");
        let artifacts = fixture::artifacts(1);
        let lost = slept
            .commit_part(
                &"r".into(),
                Part::Whole(StageName::Topics),
                &fixture::result(&artifacts, "out"),
            )
            .unwrap_err();
        assert!(matches!(lost, Error::LeaseLost { .. }), "{lost}");
        assert!(
            successor
                .artifacts(&"r".into(), StageName::Topics, None)
                .unwrap()
                .is_empty()
        );
        successor
            .commit_part(
                &"r".into(),
                Part::Whole(StageName::Topics),
                &fixture::result(&artifacts, "out"),
            )
            .unwrap();
        // The window holds no lease and may still ask for things; the released connection is free again.
        Store::open(dir.path())
            .unwrap()
            .set_control(&"r".into(), Some(Control::Pause))
            .unwrap();
        slept.release(&"r".into(), &a.token).unwrap();
        slept.set_control(&"r".into(), None).unwrap();
    }

    #[test]
    fn a_race_has_one_winner() {
        let (dir, store) = fixture::store();
        fixture::run(&store, "r");
        // A dead holder, so that every racer has a reason to take over.
        store
            .acquire(&"r".into(), &fixture::owner(1000), 0, &unknown)
            .unwrap();
        for round in 0..5_u32 {
            let now = i64::from(round + 1) * 60_000;
            let answers: Vec<Acquire> = std::thread::scope(|scope| {
                let racers: Vec<_> = (0..4)
                    .map(|n| {
                        let path = dir.path();
                        scope.spawn(move || {
                            let mine = Store::open(path).unwrap();
                            mine.acquire(
                                &"r".into(),
                                &fixture::owner(round * 10 + n),
                                now,
                                &unknown,
                            )
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
            let winner = store.lease(&"r".into()).unwrap().unwrap().owner.process.pid;
            for answer in answers {
                assert!(
                    matches!(answer, Acquire::Mine) || answer == Acquire::HeldBy { pid: winner }
                );
            }
        }
    }
}
