//! The queue of runs: each begins when the one at work has ended. It is kept in the workspace, so neither window nor
//! terminal has to stay open; the worker that ends starts the next.

use contract::{RunId, RunStatus};
use host::{Identity, Liveness};
use serde_json::json;
use store::QueueRow;

use super::Session;
use crate::error::Result;

/// Setting: whether the queue is held back.
const HELD: &str = "queue_held";
/// Setting: whether the computer stays awake while a run works.
const KEEP_AWAKE: &str = "keep_awake";
/// Setting: the run for which it was last kept awake.
const AWAKE_FOR: &str = "awake_for";

impl Session {
    /// The runs that wait, the next one first.
    pub fn queue(&self) -> Result<Vec<QueueRow>> {
        Ok(self.store.queue()?)
    }

    /// Puts a run at the end of the queue.
    pub fn enqueue(&self, row: &QueueRow) -> Result<()> {
        Ok(self.store.enqueue(row)?)
    }

    /// Moves a run to another place of the queue, 0 being the next.
    pub fn move_queued(&self, run: &RunId, to: usize) -> Result<()> {
        Ok(self.store.move_in_queue(run, to)?)
    }

    /// Takes a run off the queue. One that never began goes altogether: it holds nothing.
    pub fn remove_queued(&self, run: &RunId) -> Result<()> {
        if self.store.dequeue(run)? && self.store.run(run)?.status == RunStatus::Created {
            self.store.delete_run(run)?;
        }
        Ok(())
    }

    /// Whether the queue is held back: no waiting run starts by itself.
    pub fn queue_held(&self) -> Result<bool> {
        Ok(self.store.setting(HELD)? == Some(json!(true)))
    }

    /// Holds the queue back, or lets it go.
    pub fn hold_queue(&self, is_held: bool) -> Result<()> {
        Ok(self.store.set_setting(HELD, &json!(is_held))?)
    }

    /// Whether the computer is to stay awake while a run works; it is, unless somebody said otherwise.
    pub fn keeps_awake(&self) -> Result<bool> {
        Ok(self.store.setting(KEEP_AWAKE)? != Some(json!(false)))
    }

    /// Says whether the computer is to stay awake while a run works, from the next run on.
    pub fn keep_awake(&self, is_wanted: bool) -> Result<()> {
        Ok(self.store.set_setting(KEEP_AWAKE, &json!(is_wanted))?)
    }

    /// The run for which the system agreed to stay awake; it counts only while that run is worked on.
    pub fn awake_for(&self) -> Result<Option<String>> {
        let kept = self.store.setting(AWAKE_FOR)?;
        Ok(kept.and_then(|run| run.as_str().map(str::to_owned)))
    }

    /// Notes for which run the system stays awake; `None` once it no longer does.
    pub fn note_awake(&self, run: Option<&RunId>) -> Result<()> {
        match run {
            Some(run) => Ok(self.store.set_setting(AWAKE_FOR, &json!(run))?),
            None => Ok(self.store.remove_setting(AWAKE_FOR)?),
        }
    }

    /// The run to begin now: none while one is at work, while the queue is held back, or where nothing waits.
    pub fn next_queued(
        &self,
        now_ms: i64,
        liveness: &dyn Fn(&Identity) -> Liveness,
    ) -> Result<Option<QueueRow>> {
        if self.queue_held()? || self.store.is_busy(now_ms, liveness)? {
            return Ok(None);
        }
        Ok(self.store.queue()?.into_iter().next())
    }
}
