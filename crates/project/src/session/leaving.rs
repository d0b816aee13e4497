//! What leaves the workspace: adapters, merged models and run bundles. Each is looked at before, refused if what the run
//! made gives real conversations away, and recorded. Data sets and reports are recorded too: they hold conversations.

use std::ops::ControlFlow;
use std::path::Path;

use contract::problem::{Interrupted, RunProblem};
use contract::{ExportKind, ExportStep, LeakReason, LeakVerdict, RunId};
use store::{ExportRow, Sight};

use super::Session;
use crate::error::Result;
use crate::leak_audit::{self, Leaving, RunLeaks, TextLeaks};

/// The circumstances under which something leaves.
#[derive(Clone, Copy, Debug)]
pub struct Departure<'a> {
    /// Why it may leave although it gives conversations away; kept in the log.
    pub reason: Option<&'a str>,
    /// The time, milliseconds since 1970.
    pub now_ms: i64,
}

/// What has left.
#[derive(Clone, Copy, Debug)]
pub struct Left<'a> {
    /// The run.
    pub run: &'a RunId,
    /// Which of its models, or all of it.
    pub leaving: Leaving,
    /// The adapter; `None` for a whole run.
    pub role: Option<&'a str>,
    /// The folder.
    pub to: &'a Path,
}

/// Hears what an export does now, and says whether it goes on.
pub type OnStep<'a> = &'a mut dyn FnMut(ExportStep) -> ControlFlow<()>;

/// Says what is done next.
///
/// # Errors
/// [`RunProblem::Interrupted`] if it is not to go on.
pub fn announce(step: ExportStep, on_step: OnStep<'_>) -> Result<()> {
    match on_step(step) {
        ControlFlow::Continue(()) => Ok(()),
        ControlFlow::Break(()) => Err(RunProblem::Interrupted(Interrupted::Export).into()),
    }
}

impl Session {
    /// Looks at every text that a run made, and keeps what it found for `show` and export.
    ///
    /// # Errors
    /// Those of [`leak_audit::audit`].
    pub fn audit_run(&self, sight: &Sight) -> Result<(RunLeaks, Vec<TextLeaks>)> {
        let row = self.store.run(sight.run())?;
        let (leaks, texts) = leak_audit::audit(&self.store, &row)?;
        leak_audit::keep(&self.store, &row, &leaks)?;
        Ok((leaks, texts))
    }

    /// Whether something of a run may leave: it gives nothing away, or somebody says why it may all the same. Looks first if
    /// nobody has.
    ///
    /// # Errors
    /// [`RunProblem::Leak`] if it may not; those of [`leak_audit::audit`].
    pub fn may_leave(
        &self,
        run: &RunId,
        leaving: Leaving,
        departure: &Departure<'_>,
    ) -> Result<RunLeaks> {
        let leaks = leak_audit::audited(&self.store, &self.store.run(run)?)?;
        let reason = departure.reason.map(str::trim).unwrap_or_default();
        if leaks.verdict_of(leaving) == LeakVerdict::Stop && reason.is_empty() {
            let count = |reason| leaks.of(leaving).map(|part| part.count(reason)).sum();
            return Err(RunProblem::Leak {
                run: run.clone(),
                copied: count(LeakReason::Run),
                identifying: count(LeakReason::Identifier),
                texts: leaks.of(leaving).map(|part| part.n).sum(),
            }
            .into());
        }
        Ok(leaks)
    }

    /// Records what has left, with the reason if it gives conversations away.
    ///
    /// # Errors
    /// Any error of the store.
    pub fn log_departure(
        &self,
        left: &Left<'_>,
        leaks: &RunLeaks,
        departure: &Departure<'_>,
    ) -> Result<()> {
        let verdict = leaks.verdict_of(left.leaving);
        let reason = departure
            .reason
            .filter(|_| verdict == LeakVerdict::Stop)
            .map(str::to_owned);
        Ok(self.store.append_export(&ExportRow {
            at_ms: departure.now_ms,
            kind: match left.leaving {
                Leaving::Bundle => ExportKind::Bundle,
                Leaving::Synthesizer | Leaving::Summarizer => ExportKind::Adapter,
            },
            from: left.run.to_string(),
            role: left.role.map(str::to_owned),
            path: left.to.display().to_string(),
            verdict: Some(verdict),
            reason,
        })?)
    }

    /// Records that conversations have left as a file: those of a data set, or a run's in its report.
    ///
    /// # Errors
    /// Any error of the store.
    pub(crate) fn log_texts(
        &self,
        kind: ExportKind,
        whose: &str,
        to: &Path,
        now_ms: i64,
    ) -> Result<()> {
        Ok(self.store.append_export(&ExportRow {
            at_ms: now_ms,
            kind,
            from: whose.to_owned(),
            role: None,
            path: to.display().to_string(),
            verdict: None,
            reason: None,
        })?)
    }

    /// What has left the workspace, the oldest first.
    ///
    /// # Errors
    /// Any error of the store.
    pub fn exports(&self) -> Result<Vec<ExportRow>> {
        Ok(self.store.exports()?)
    }
}
