//! Changes by hand: what stages made is accepted, rejected, rewritten or flipped, and each change can be taken back,
//! down to the first. A change is a version with author and time; nothing is overwritten.
//!
//! A part's hash is that of what remains of its items. So a change makes exactly the parts that read it stale, as a setting
//! would, accepting makes nothing stale, and a change that is taken back makes all of it current again: the hash is what it was.
//! A finished run is not carried out over itself: [`Session::go_on_from`] begins another one, which takes along what is current,
//! changes included, and leaves this one with what it found.

use contract::problem::{Locked, RunProblem, WrongState};
use contract::{
    ArtifactKind, DatasetName, HandAct, HandState, ItemVerdict, RunId, StageName, StageStanding,
    Undone,
};
use host::{Identity, Liveness};
use serde::de::DeserializeOwned;
use serde_json::Value;
use store::{ArtifactRow, HandChange, ItemRow, NewRun};

use crate::artifact::{Artifact, Pair, Summary, SyntheticDialogue, Topic, output_sha256};
use crate::dialogue::Dialogue;
use crate::error::{Result, corrupt};
use crate::session::Session;

/// Who changes something by hand, and when.
#[derive(Clone, Copy)]
pub struct Hand<'a> {
    /// Name of the person.
    pub author: &'a str,
    /// The time, milliseconds since 1970.
    pub now_ms: i64,
    /// What the system knows about a process: nobody changes what a worker reads.
    pub liveness: &'a dyn Fn(&Identity) -> Liveness,
}

/// The hash of what remains of a part, as the pipeline makes it.
fn hashed(rows: &[ArtifactRow]) -> String {
    output_sha256(
        rows.iter()
            .map(|row| (row.kind.as_str(), row.item, &row.payload)),
    )
}

impl Session {
    /// Does the same to each of these items; all of them or none. Returns their keys afterwards, and the state of the
    /// run.
    ///
    /// # Errors
    /// [`WrongState`] where it cannot be done to such an item; [`Locked`] while a worker is at it.
    pub fn change_items(
        &self,
        run: &RunId,
        keys: &[i64],
        act: &HandAct,
        hand: Hand<'_>,
    ) -> Result<(Vec<i64>, HandState)> {
        self.may_change(run, hand)?;
        let rows = self.store.items_of(run, keys)?;
        let payloads: Vec<Option<Value>> = rows
            .iter()
            .map(|row| payload_after(row, act))
            .collect::<Result<_>>()?;
        if *act == HandAct::Reject {
            self.leaves_some(&rows)?;
        }
        let verdict = |row: &ItemRow| match act {
            HandAct::Accept => Some(ItemVerdict::Accepted),
            HandAct::Reject => Some(ItemVerdict::Rejected),
            HandAct::Clear => None,
            // Whoever rewrites it wants it to be read.
            HandAct::Edit { .. } | HandAct::Flip => row
                .verdict
                .filter(|verdict| *verdict == ItemVerdict::Accepted),
        };
        let changes: Vec<HandChange<'_>> = rows
            .iter()
            .zip(&payloads)
            .map(|(row, payload)| HandChange {
                id: row.row.id,
                payload: payload.as_ref(),
                verdict: verdict(row),
                author: hand.author,
                at_ms: hand.now_ms,
            })
            .collect();
        let keys = self.store.change_by_hand(run, &changes, &hashed)?;
        Ok((keys, self.hand_state(run)?))
    }

    /// Takes the last change by hand back; `None` if there is none left.
    ///
    /// # Errors
    /// As [`Session::change_items`].
    pub fn undo_change(&self, run: &RunId, hand: Hand<'_>) -> Result<Option<Undone>> {
        self.may_change(run, hand)?;
        let undone = self
            .store
            .undo_by_hand(run, hand.author, hand.now_ms, &hashed)?;
        undone
            .map(|item| {
                Ok(Undone {
                    kind: item.row.kind,
                    key: item.row.id,
                    state: self.hand_state(run)?,
                })
            })
            .transpose()
    }

    /// Which stages are stale, and how many changes by hand can be undone.
    ///
    /// # Errors
    /// [`store::Error::NoSuchRun`].
    pub fn hand_state(&self, run: &RunId) -> Result<HandState> {
        let parts = self.parts(&self.run(run)?)?;
        let stale = parts
            .iter()
            .filter(|part| part.status == StageStanding::Stale);
        let mut stale: Vec<StageName> = stale.map(|part| part.part.stage()).collect();
        stale.dedup();
        Ok(HandState {
            stale,
            undoable: u32::try_from(self.store.open_changes(run)?).unwrap_or(u32::MAX),
            read_only: self.store.parts(run)?.is_empty(),
        })
    }

    /// Begins another run with what is current in this one, changes by hand included; what is stale is carried out there. This
    /// run stays as it is. Returns the new run's id; it waits for a worker.
    ///
    /// # Errors
    /// [`WrongState::NothingStale`]; [`store::Error::NoSuchRun`].
    pub fn go_on_from(&self, run: &RunId, now_ms: i64) -> Result<RunId> {
        let row = self.run(run)?;
        let parts = self.parts(&row)?;
        if !parts.iter().any(|part| part.status == StageStanding::Stale) {
            let run = row.id;
            return Err(WrongState::NothingStale { run }.into());
        }
        let current = parts
            .iter()
            .filter(|part| matches!(part.status, StageStanding::Done | StageStanding::Reused));
        let current: Vec<_> = current.map(|part| part.part).collect();
        let id = self.free_run_id(&row.dataset_name)?;
        let new = NewRun::like(row, id.clone(), now_ms, StageName::ALL);
        self.store.branch_run(run, &new, &current, now_ms)?;
        self.keep_forecast(&id, &self.forecast(run)?)?;
        Ok(id)
    }

    /// The data set's name with the first number that no run has.
    fn free_run_id(&self, dataset: &DatasetName) -> Result<RunId> {
        let runs = self.store.runs()?;
        let is_free = |id: &RunId| runs.iter().all(|run| run.id != *id);
        let mut numbered = (1..).map(|number: u64| RunId::from(format!("{dataset}-{number}")));
        Ok(numbered.find(is_free).unwrap_or_default())
    }

    /// Refuses while a worker reads the run, and for a run whose parts nobody noted.
    fn may_change(&self, run: &RunId, hand: Hand<'_>) -> Result<()> {
        let row = self.run(run)?;
        let lease = self.store.lease(run)?;
        if let Some(lease) = lease.filter(|lease| lease.lives(hand.now_ms, hand.liveness)) {
            return Err(RunProblem::Locked(Locked::Run {
                run: row.id,
                pid: lease.owner.process.pid,
            })
            .into());
        }
        if self.store.parts(run)?.is_empty() {
            return Err(WrongState::EarlierRun { run: row.id }.into());
        }
        Ok(())
    }

    /// Refuses where no item of a kind would be left in a part: no later stage can be carried out without one.
    fn leaves_some(&self, rows: &[ItemRow]) -> Result<()> {
        for item in rows {
            let ArtifactRow {
                run_id, part, kind, ..
            } = &item.row;
            let kept = self.store.part_artifacts(run_id, *part, Some(*kind))?;
            let is_asked = |row: &ArtifactRow| {
                rows.iter().any(|asked| {
                    asked.row.kind == row.kind
                        && asked.row.part == row.part
                        && asked.row.item == row.item
                })
            };
            if kept.iter().all(is_asked) && !kept.is_empty() {
                return Err(WrongState::LastItem { kind: *kind }.into());
            }
        }
        Ok(())
    }
}

/// What an act makes of an item's content; `None` if it stays.
fn payload_after(item: &ItemRow, act: &HandAct) -> Result<Option<Value>> {
    let (kind, payload) = (item.row.kind, &item.row.payload);
    let refused = || WrongState::NotByHand { kind };
    match act {
        HandAct::Accept | HandAct::Clear if ArtifactKind::BROWSED.contains(&kind) => Ok(None),
        HandAct::Reject if kind.is_rejectable() => Ok(None),
        HandAct::Edit { text } if kind.is_editable() => edited(kind, payload, text).map(Some),
        HandAct::Flip if kind == ArtifactKind::Pair => {
            let pair: Pair = parsed(payload)?;
            written(&Pair {
                chosen: pair.rejected,
                rejected: pair.chosen,
                chosen_ids: pair.rejected_ids,
                rejected_ids: pair.chosen_ids,
                gap: pair.gap.map(|gap| 0.0 - gap),
                ..pair
            })
            .map(Some)
        }
        _ => Err(refused().into()),
    }
}

fn parsed<A: Artifact + DeserializeOwned>(payload: &Value) -> Result<A> {
    serde_json::from_value(payload.clone()).map_err(|error| corrupt(A::KIND.as_str(), error))
}

fn written<A: Artifact>(made: &A) -> Result<Value> {
    serde_json::to_value(made).map_err(|error| corrupt(A::KIND.as_str(), error))
}

/// The content with another text, in the form in which the stage would have kept it.
fn edited(kind: ArtifactKind, payload: &Value, text: &str) -> Result<Value> {
    let text = text.trim();
    if text.is_empty() {
        return Err(WrongState::EmptyItem { kind }.into());
    }
    let line = || text.split_whitespace().collect::<Vec<_>>().join(" ");
    match kind {
        ArtifactKind::Topic => written(&Topic {
            topic: line(),
            ..parsed(payload)?
        }),
        ArtifactKind::Summary => written(&Summary {
            text: line(),
            ..parsed(payload)?
        }),
        ArtifactKind::Dialogue => written(&SyntheticDialogue {
            text: Dialogue::parse(text).to_text(),
            ..parsed(payload)?
        }),
        kind => Err(WrongState::NotByHand { kind }.into()),
    }
}
