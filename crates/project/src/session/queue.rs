//! The queue of runs: each begins when the one at work has ended. It is kept in the workspace, so neither window nor
//! terminal has to stay open; the worker that ends starts the next.

use contract::RunStatus;
use host::{Identity, Liveness};
use serde_json::json;
use store::QueueRow;

use super::Session;
use crate::error::Result;

/// Setting: whether the queue is held back.
const HELD: &str = "queue_held";

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
    pub fn move_queued(&self, run: &str, to: usize) -> Result<()> {
        Ok(self.store.move_in_queue(run, to)?)
    }

    /// Takes a run off the queue. One that never began goes altogether: it holds nothing.
    pub fn remove_queued(&self, run: &str) -> Result<()> {
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
