//! What the made-up texts of a run give away of the conversations that it learnt from: every synthetic summary, candidate
//! and dialogue beside every shot and validation example, and every output beside its own dialogue.
//!
//! Flow: the run's record and artifacts → [`audit`] → kept beside the run, so that `show`, export and bundle ask it
//! ([`RunLeaks::verdict_of`]). It is not an artifact: an audited run has the same hashes as one that nobody audited.
//! The stages ask [`Gate`] of a text before they keep it. Limits and reasons: [`privacy::audit::text`].

use std::collections::{BTreeMap, HashMap};

use contract::{IdentifierKind, LeakReason, LeakVerdict, Part, ShapeAudit, StageName};
use privacy::audit::identifiers::identifiers;
use privacy::audit::text::{Conversation, Limits, Shared, Training};
use serde::{Deserialize, Serialize};
use serde_json::json;
use store::{ExampleRow, RunRow, Store};

use crate::artifact::{Artifact, Candidate, Output, Summary, SyntheticDialogue, read};
use crate::error::{Result, corrupt};
use crate::selection::Selection;
use crate::shape_audit;

/// Raised when what is looked at changes, so that kept audits are made again.
const AUDIT_VERSION: u32 = 1;

/// What a run gives away.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct RunLeaks {
    /// The worst of all parts.
    pub verdict: LeakVerdict,
    /// The sizes from which on something counts as copied, by what the real conversations share with each other.
    pub thresholds: Limits,
    /// Texts that were looked at.
    pub n: usize,
    /// Words of the longest run that also occurs in a real conversation.
    pub longest_run: usize,
    /// Texts that give something away, by reason.
    pub reasons: BTreeMap<LeakReason, usize>,
    /// Texts that hold an identifier, by its kind.
    pub identifiers: BTreeMap<IdentifierKind, usize>,
    /// Each part that wrote texts.
    pub parts: Vec<PartLeaks>,
    /// How made-up conversations differ from real ones in their shape; empty in audits of earlier versions.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub shapes: Vec<ShapeAudit>,
}

/// What the texts of a part give away.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct PartLeaks {
    /// Which part.
    pub part: Part,
    /// What may be done with it.
    pub verdict: LeakVerdict,
    /// Its texts.
    pub n: usize,
    /// Those that give something away, for whatever reason.
    pub leaking: usize,
    /// By reason.
    pub reasons: BTreeMap<LeakReason, usize>,
    /// Words of the longest run that also occurs in a real conversation.
    pub longest_run: usize,
}

/// A made-up text with what it shares.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct TextLeaks {
    /// The part that wrote it.
    pub part: Part,
    /// Its number among the part's texts.
    pub item: usize,
    /// What it shares with the training text.
    #[serde(flatten)]
    pub shared: Shared,
    /// Why it gives something away; only such texts are listed.
    pub reasons: Vec<LeakReason>,
}

/// What is exported.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Leaving {
    /// The model that writes dialogues.
    Synthesizer,
    /// The model that writes summaries.
    Summarizer,
    /// The whole run.
    Bundle,
}

impl RunLeaks {
    /// What may be done with what leaves: the worst of the parts that it writes.
    pub fn verdict_of(&self, leaving: Leaving) -> LeakVerdict {
        self.of(leaving)
            .map(|part| part.verdict)
            .max()
            .unwrap_or(LeakVerdict::Clean)
    }

    /// The parts that belong to what leaves.
    pub fn of(&self, leaving: Leaving) -> impl Iterator<Item = &PartLeaks> {
        self.parts.iter().filter(move |part| match leaving {
            Leaving::Synthesizer => matches!(
                part.part,
                Part::Dialogues(_) | Part::Whole(StageName::Candidates)
            ),
            Leaving::Summarizer => matches!(part.part, Part::Evaluate(_)),
            Leaving::Bundle => true,
        })
    }
}

impl PartLeaks {
    /// Texts of a reason.
    pub fn count(&self, reason: LeakReason) -> usize {
        self.reasons.get(&reason).copied().unwrap_or(0)
    }
}

/// Looks at made-up texts one by one.
#[derive(Debug)]
pub struct Gate {
    training: Training,
    limits: Limits,
}

impl Gate {
    /// With what a run learns from: pairs of a dialogue and its summary.
    pub fn new(pairs: impl Iterator<Item = (String, String)>) -> Self {
        let conversation = |(place, (dialogue, summary)): (usize, (String, String))| Conversation {
            id: place.to_string(),
            dialogue,
            summary,
        };
        Self::of(&pairs.enumerate().map(conversation).collect::<Vec<_>>())
    }

    fn of(conversations: &[Conversation]) -> Self {
        let training = Training::new(conversations, &identifiers(conversations));
        Self {
            limits: training.null().thresholds,
            training,
        }
    }

    /// Why a text gives a real conversation away; nothing if it does not.
    pub fn reasons(&self, text: &str) -> Vec<LeakReason> {
        self.limits.reasons(&self.training.shared(text))
    }
}

/// The texts of a part.
struct Texts {
    part: Part,
    texts: Vec<Text>,
}

/// A made-up text.
struct Text {
    text: String,
    /// What it was written from, if that may appear in it.
    from: Option<String>,
}

/// Looks at every made-up text of a run. With `items` each text that gives something away is listed.
///
/// # Errors
/// [`crate::Error::Corrupt`] where the run's record or an artifact holds something else; any error of the store.
pub fn audit(store: &Store, row: &RunRow) -> Result<(RunLeaks, Vec<TextLeaks>)> {
    let examples = store.examples(row.dataset_id, None)?;
    let gate = Gate::of(&training(&examples, &Selection::of_run(row)?));
    let (mut parts, mut items) = (Vec::new(), Vec::new());
    let mut identifiers: BTreeMap<IdentifierKind, usize> = BTreeMap::new();
    for texts in texts(store, row, &examples)? {
        let mut found = PartLeaks {
            part: texts.part,
            verdict: LeakVerdict::Clean,
            n: texts.texts.len(),
            leaking: 0,
            reasons: BTreeMap::new(),
            longest_run: 0,
        };
        for (item, text) in texts.texts.iter().enumerate() {
            let (shared, reasons) = gate.look(&text.text, text.from.as_deref());
            found.longest_run = found.longest_run.max(shared.longest_run);
            found.leaking += usize::from(!reasons.is_empty());
            for reason in &reasons {
                *found.reasons.entry(*reason).or_default() += 1;
            }
            if reasons.contains(&LeakReason::Identifier) {
                for kind in &shared.identifier_kinds {
                    *identifiers.entry(*kind).or_default() += 1;
                }
            }
            if !reasons.is_empty() {
                items.push(TextLeaks {
                    part: texts.part,
                    item,
                    shared,
                    reasons,
                });
            }
        }
        found.verdict = verdict(&found);
        parts.push(found);
    }
    let mut reasons: BTreeMap<LeakReason, usize> = BTreeMap::new();
    for (reason, count) in parts.iter().flat_map(|part| &part.reasons) {
        *reasons.entry(*reason).or_default() += count;
    }
    let leaks = RunLeaks {
        verdict: parts
            .iter()
            .map(|part| part.verdict)
            .max()
            .unwrap_or(LeakVerdict::Clean),
        thresholds: gate.limits,
        n: parts.iter().map(|part| part.n).sum(),
        longest_run: parts.iter().map(|part| part.longest_run).max().unwrap_or(0),
        reasons,
        identifiers,
        parts,
        shapes: shape_audit::audit(store, row)?,
    };
    Ok((leaks, items))
}

/// A long passage or an identifier means stop; what resembles a real conversation in smaller things means look. What a
/// summary of another conversation names by chance is to be looked at too: whoever reads it has that conversation.
fn verdict(part: &PartLeaks) -> LeakVerdict {
    let is_output = matches!(part.part, Part::Evaluate(_));
    let stops =
        part.count(LeakReason::Run) > 0 || !is_output && part.count(LeakReason::Identifier) > 0;
    match (stops, part.leaking) {
        (true, _) => LeakVerdict::Stop,
        (false, 0) => LeakVerdict::Clean,
        (false, _) => LeakVerdict::Look,
    }
}

impl Gate {
    /// What a text shares, less what comes from the text that it was written from.
    fn look(&self, text: &str, from: Option<&str>) -> (Shared, Vec<LeakReason>) {
        let mut shared = self.training.shared(text);
        let mut reasons = self.limits.reasons(&shared);
        let Some(from) = from.filter(|_| !reasons.is_empty()) else {
            return (shared, reasons);
        };
        // A summary repeats its own dialogue, and may name whom that names.
        let input = Conversation {
            id: String::new(),
            dialogue: from.to_owned(),
            summary: String::new(),
        };
        let of_input = Training::new(&[input], &[]).shared(text);
        let known = self.training.shared(from).identifier_kinds;
        shared.identifier_kinds.retain(|kind| !known.contains(kind));
        reasons.retain(|reason| match reason {
            LeakReason::Run => of_input.longest_run < self.limits.run,
            LeakReason::Identifier => !shared.identifier_kinds.is_empty(),
            LeakReason::Share8 => of_input.share8 < shared.share8,
            LeakReason::Near5 => of_input.near5 < shared.near5,
        });
        (shared, reasons)
    }
}

fn training(examples: &[ExampleRow], selection: &Selection) -> Vec<Conversation> {
    let by_id: HashMap<i64, &ExampleRow> = examples.iter().map(|row| (row.id, row)).collect();
    let chosen = selection.shots.iter().chain(&selection.validation);
    let rows = chosen.filter_map(|id| by_id.get(id));
    rows.map(|row| Conversation {
        id: row.external_id.clone(),
        dialogue: row.dialogue.clone(),
        summary: row.references.first().cloned().unwrap_or_default(),
    })
    .collect()
}

/// What a run has written so far. The baselines that copy sentences of their dialogue, and the base model, have seen none of
/// the training text. Runs of earlier versions have stages without parts, so each text says itself who wrote it.
fn texts(store: &Store, row: &RunRow, examples: &[ExampleRow]) -> Result<Vec<Texts>> {
    let mut found: BTreeMap<Part, Vec<Text>> = BTreeMap::new();
    let mut add = |part, text, from| found.entry(part).or_default().push(Text { text, from });
    for summary in items::<Summary>(store, row, StageName::Summaries)? {
        add(Part::Whole(StageName::Summaries), summary.text, None);
    }
    for candidate in items::<Candidate>(store, row, StageName::Candidates)? {
        add(Part::Whole(StageName::Candidates), candidate.text, None);
    }
    for dialogue in items::<SyntheticDialogue>(store, row, StageName::Dialogues)? {
        add(Part::Dialogues(dialogue.source), dialogue.text, None);
    }
    let dialogues: HashMap<&str, &str> = examples
        .iter()
        .map(|row| (row.external_id.as_str(), row.dialogue.as_str()))
        .collect();
    let outputs = items::<Output>(store, row, StageName::Evaluate)?;
    for output in outputs
        .into_iter()
        .filter(|output| output.system.is_trained())
    {
        let from = dialogues
            .get(output.id.as_str())
            .map(|text| (*text).to_owned());
        add(Part::Evaluate(output.system), output.prediction, from);
    }
    Ok(found
        .into_iter()
        .map(|(part, texts)| Texts { part, texts })
        .collect())
}

fn items<A: Artifact>(store: &Store, row: &RunRow, stage: StageName) -> Result<Vec<A>> {
    read(&store.artifacts(&row.id, stage, Some(A::KIND))?)
}

/// Which texts a run has and what it learnt from, as a hash: an audit of other texts is of no use.
fn of(store: &Store, row: &RunRow) -> Result<String> {
    let selection = Selection::of_run(row)?;
    let mut values = vec![json!(AUDIT_VERSION), json!(selection.training_sha256)];
    for stage in store.stages(&row.id)? {
        values.push(json!([stage.name, stage.output_sha256]));
    }
    for part in store.parts(&row.id)? {
        values.push(json!([
            part.part.stage(),
            part.part.name(),
            part.output_sha256
        ]));
    }
    Ok(store::sha256_json(&values))
}

/// The audit of a run if one was made of what it holds now.
pub fn kept(store: &Store, row: &RunRow) -> Result<Option<RunLeaks>> {
    let report = store.leak_audit(&row.id, &of(store, row)?)?;
    let read =
        |report| serde_json::from_value(report).map_err(|error| corrupt("leak audit", &error));
    report.map(read).transpose()
}

/// The audit of a run: the one that was kept, else one that is made and kept now.
pub fn audited(store: &Store, row: &RunRow) -> Result<RunLeaks> {
    if let Some(leaks) = kept(store, row)? {
        return Ok(leaks);
    }
    let (leaks, _) = audit(store, row)?;
    keep(store, row, &leaks)?;
    Ok(leaks)
}

/// Keeps an audit beside its run.
pub fn keep(store: &Store, row: &RunRow, leaks: &RunLeaks) -> Result<()> {
    let report = serde_json::to_value(leaks).map_err(|error| corrupt("leak audit", &error))?;
    Ok(store.put_leak_audit(&row.id, &of(store, row)?, &report)?)
}
