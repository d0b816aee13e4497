//! Where runs and stages stand: as the workspace stores it, and as the shells show it.

use crate::closed_set::closed_set;

closed_set! {
    /// Where a run stands, as the workspace stores it.
    RunStatus, "run status" {
        /// Not started yet.
        Created = "created",
        /// A worker has it.
        Running = "running",
        /// Stopped, can go on.
        Paused = "paused",
        /// All requested stages are done.
        Done = "done",
        /// Stopped by an error, which the run's row names.
        Failed = "failed",
        /// Stopped for good.
        Cancelled = "cancelled",
    }
}

closed_set! {
    /// Where a run stands, as a person sees it: a run whose worker has died is not running, and one that waits in the
    /// queue is more than created.
    RunStanding, "standing of a run" {
        /// Not started yet.
        Created = "created",
        /// Waits for its turn.
        Queued = "queued",
        /// A worker has taken it and is still loading.
        Starting = "starting",
        /// A worker is at work.
        Running = "running",
        /// Its worker has died; it can go on.
        Interrupted = "interrupted",
        /// Stopped, can go on.
        Paused = "paused",
        /// Stopped for good.
        Cancelled = "cancelled",
        /// Stopped by an error.
        Failed = "failed",
        /// All requested stages are done.
        Done = "done",
    }
}

closed_set! {
    /// Where a stage stands, as the workspace stores it. Whether a finished one is stale follows from its hashes.
    StageStatus, "stage status" {
        /// Not started yet.
        Waiting = "waiting",
        /// Started; after a crash, also interrupted, with partial results kept.
        Running = "running",
        /// Computed by this run.
        Done = "done",
        /// Copied from another run.
        Reused = "reused",
        /// Stopped by an error, which the stage's row names.
        Failed = "failed",
    }
}

closed_set! {
    /// Where a stage stands, as a person sees it.
    StageStanding, "standing of a stage" {
        /// Not started yet.
        Waiting = "waiting",
        /// A worker is working on it.
        Running = "running",
        /// Computed by this run.
        Done = "done",
        /// Copied from another run.
        Reused = "reused",
        /// Stopped by an error.
        Failed = "failed",
        /// Finished, but its inputs have changed since.
        Stale = "stale",
        /// Begun, and nobody works on it.
        Paused = "paused",
        /// No system and no synthesizer of the run reads what it would make.
        Unneeded = "unneeded",
    }
}

closed_set! {
    /// What a run's worker is asked to do at its next step.
    Control, "control" {
        /// Save a checkpoint and stop.
        Pause = "pause",
        /// Stop for good, keep what is done.
        Cancel = "cancel",
        /// Stop for good, throw the unfinished stage's partial results away.
        Discard = "discard",
    }
}

impl RunStatus {
    /// Where a run stands, given that a worker holds it or that none does: the row alone cannot tell a worker that is
    /// still loading from a run at rest, nor a worker at work from one that has died.
    pub fn standing(self, has_worker: bool) -> RunStanding {
        match (self, has_worker) {
            (Self::Running, true) => RunStanding::Running,
            (Self::Running, false) => RunStanding::Interrupted,
            (Self::Done, _) => RunStanding::Done,
            (_, true) => RunStanding::Starting,
            (Self::Created, false) => RunStanding::Created,
            (Self::Paused, false) => RunStanding::Paused,
            (Self::Failed, false) => RunStanding::Failed,
            (Self::Cancelled, false) => RunStanding::Cancelled,
        }
    }
}

impl StageStanding {
    /// Where a stage stands in a run that no worker holds: what was running is paused.
    pub fn without_worker(self) -> Self {
        match self {
            Self::Running => Self::Paused,
            standing => standing,
        }
    }
}

impl From<StageStatus> for StageStanding {
    fn from(status: StageStatus) -> Self {
        match status {
            StageStatus::Waiting => Self::Waiting,
            StageStatus::Running => Self::Running,
            StageStatus::Done => Self::Done,
            StageStatus::Reused => Self::Reused,
            StageStatus::Failed => Self::Failed,
        }
    }
}
