//! What the stages hand on: typed payloads of the store's artifacts, and the hash of what a part made.
//!
//! A payload holds only what the seed determines. Seconds and memory are kept in a part's measures, so that two equal
//! runs have equal hashes.

use std::collections::BTreeMap;

use contract::{ArtifactKind, Corruption, EndedBy, RoundFigures, Synthesizer, System};
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use store::{ArtifactRow, NewArtifact};

use crate::error::{Result, corrupt};

/// A payload with its kind.
pub trait Artifact: Serialize + DeserializeOwned {
    /// The `kind` column.
    const KIND: ArtifactKind;
}

macro_rules! artifact {
    ($(#[$doc:meta])* $name:ident as $kind:ident { $($(#[$fdoc:meta])* $field:ident: $ty:ty),+ $(,)? }) => {
        $(#[$doc])*
        #[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
        pub struct $name { $($(#[$fdoc])* pub $field: $ty),+ }

        impl Artifact for $name { const KIND: ArtifactKind = ArtifactKind::$kind; }
    };
}

/// Where a summary comes from.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum SummaryOrigin {
    /// A shot's reference.
    Real,
    /// Written by the model.
    Synthetic,
}

/// Which preference set a pair belongs to.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum PairSet {
    /// A dialogue that keeps the format over one that breaks it.
    Format,
    /// The more summarizable of two that keep it.
    Content,
    /// Best against worst by (format, content).
    Joint,
}

artifact! {
    /// The topic of one real summary.
    Topic as Topic {
        /// The example's row id.
        example_id: i64,
        /// A few words.
        topic: String,
    }
}
artifact! {
    /// A synthetic summary.
    Summary as Summary {
        /// What it was asked to be about.
        topic: String,
        /// The summary's text, trimmed.
        text: String,
        /// `lora` or `prompt`.
        method: String,
    }
}
artifact! {
    /// How the judge scored a real dialogue and a damaged one, both with the real summary.
    Judgement as Judgement {
        /// Id of the example.
        id: String,
        /// How the dialogue was damaged.
        corruption: Corruption,
        /// Score of the real dialogue, nats per token of the summary.
        real: f64,
        /// Score of the damaged one.
        damaged: f64,
    }
}
artifact! {
    /// A sampled dialogue.
    Candidate as Candidate {
        /// Number of the summary: shots first, then synthetic ones.
        summary_id: u32,
        /// Which sample of the summary.
        sample: u32,
        /// Real or synthetic summary.
        origin: SummaryOrigin,
        /// The summary that the dialogue was written for.
        summary: String,
        /// The dialogue as `Name: text` lines.
        text: String,
        /// The sampled token ids, stop token included where it was sampled.
        ids: Vec<u32>,
        /// Whether it ended by itself.
        ended: bool,
        /// Whether it keeps the format rule.
        pass: bool,
        /// The verdict of each rule.
        rules: BTreeMap<String, bool>,
        /// Mean log-probability of the summary's tokens given the dialogue under the base model; `None` if the
        /// dialogue is too long to score.
        score: Option<f64>,
    }
}
artifact! {
    /// A preference pair.
    Pair as Pair {
        /// Which set.
        set: PairSet,
        /// Number of the summary.
        summary_id: u32,
        /// Real or synthetic summary.
        origin: SummaryOrigin,
        /// The prompt's summary.
        summary: String,
        /// The preferred dialogue.
        chosen: String,
        /// The other one.
        rejected: String,
        /// Token ids of the preferred dialogue.
        chosen_ids: Vec<u32>,
        /// Token ids of the other one.
        rejected_ids: Vec<u32>,
        /// Score difference, nats per token, where both have a score.
        gap: Option<f64>,
    }
}
artifact! {
    /// An accepted synthetic dialogue.
    SyntheticDialogue as Dialogue {
        /// Who wrote it.
        source: Synthesizer,
        /// Number of the synthetic summary.
        summary_id: u32,
        /// The summary that the dialogue was written for.
        summary: String,
        /// The dialogue as `Name: text` lines.
        text: String,
    }
}
artifact! {
    /// A trained adapter; its tensors are among the workspace's blobs.
    TrainedAdapter as Adapter {
        /// `synthesizer`, `dpo_separate`, `mrds_separate` …
        role: String,
        /// Folder in the blobs.
        sha256: String,
        /// What led to it, in order.
        trainings: Vec<TrainRecord>,
        /// Settings that were tried by the validation CE; none for an adapter that was trained once.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        settings_tried: Option<usize>,
        /// Synthetic pairs that it learnt from; none if it learnt from real pairs alone.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        synthetic_n: Option<usize>,
    }
}
artifact! {
    /// A judged checkpoint of the alignment.
    Checkpoint as Checkpoint {
        /// `dpo_separate` or `dpo_joint`.
        role: String,
        /// After how many updates.
        update: usize,
        /// Share of sampled validation dialogues that keep the format.
        format_rate: f64,
        /// Base-model CE of the validation summaries over all sampled dialogues.
        scorer_ce: f64,
        /// Whether it was taken.
        chosen: bool,
    }
}
artifact! {
    /// A system's summary of a test dialogue.
    Output as Output {
        /// Which system.
        system: System,
        /// The example's id in the data set.
        id: String,
        /// The summary that the system wrote.
        prediction: String,
        /// The gold summaries.
        references: Vec<String>,
        /// Nats per token of the first gold summary under the system; none if no model wrote.
        reference_ce: Option<f64>,
        /// Nats per token of the prediction under the base model; none if no model wrote, if the two do not fit the
        /// context, and in outputs of earlier versions.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        base_ce: Option<f64>,
        /// Tokens of the prediction.
        tokens: usize,
        /// In-context examples in the prompt.
        examples: usize,
    }
}
impl Artifact for RoundFigures {
    const KIND: ArtifactKind = ArtifactKind::Round;
}
artifact! {
    /// A system's summaries as a measuring model sees them.
    BertScores as BertScore {
        /// Which system.
        system: System,
        /// The measuring model, its layer and weights, as tables name them.
        label: String,
        /// Hash of the outputs that were measured; others have taken their place where it differs.
        outputs_sha256: String,
        /// Precision of each summary, in the outputs' order.
        precision: Vec<f64>,
        /// Recall of each.
        recall: Vec<f64>,
        /// F of each.
        f1: Vec<f64>,
    }
}
artifact! {
    /// A synthesizer's dialogue for a test summary.
    TestDialogue as TestDialogue {
        /// Which synthesizer.
        system: Synthesizer,
        /// The example's id.
        id: String,
        /// The summary that the dialogue was written for.
        summary: String,
        /// The dialogue; the last attempt if none was accepted.
        text: String,
        /// Whether it ended by itself.
        ended: bool,
        /// Whether it keeps the format rule.
        pass: bool,
        /// The verdict of each rule.
        rules: BTreeMap<String, bool>,
        /// Mean log-probability of the summary under the base model.
        score: Option<f64>,
        /// Whether it repeats its summary beyond the guards.
        copies: bool,
        /// Samples or corrections that it took.
        tries: usize,
        /// Tokens generated for it in all.
        tokens: usize,
    }
}
artifact! {
    /// The format rule as calibrated on the shots.
    Rule as FormatRule {
        /// The rule with its limits, sources and reject rates.
        rule: crate::format_rule::FormatRule,
    }
}

/// One finished training.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct TrainRecord {
    /// What was trained ("stage1").
    pub task: String,
    /// Learning rate at its start.
    pub lr: f64,
    /// Updates done before the training ended.
    pub updates: usize,
    /// Why it ended.
    pub ended_by: EndedBy,
    /// Learning rate at its end.
    pub lr_last: f64,
    /// Lowest validation value (CE in nats per token).
    pub best_ce: f64,
    /// The update it was seen at; 0 is before any.
    pub best_update: usize,
    /// First update's DPO loss, where it is an alignment.
    pub first_dpo_loss: Option<f64>,
    /// Last update's figures, where it is an alignment.
    pub last_dpo: Option<DpoFigures>,
}

/// Figures of an alignment's batch.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct DpoFigures {
    /// Mean reward margin.
    pub margin: f64,
    /// Share of pairs with a positive margin.
    pub accuracy: f64,
    /// Mean summed log-probability of the chosen.
    pub logps_chosen: f64,
    /// Mean summed log-probability of the rejected.
    pub logps_rejected: f64,
}

/// Turns payloads into rows, numbered from 0.
pub fn rows<A: Artifact>(items: &[A]) -> Result<Vec<NewArtifact>> {
    let row = |(item, payload)| {
        let payload = serde_json::to_value(payload).map_err(|e| corrupt(A::KIND.as_str(), &e))?;
        Ok(NewArtifact {
            kind: A::KIND,
            item: item as u32,
            payload,
        })
    };
    items.iter().enumerate().map(row).collect()
}

/// The hash by which measured summaries are known again: their texts and their references.
pub fn outputs_sha256(outputs: &[Output]) -> String {
    let texts: Vec<Value> = outputs
        .iter()
        .map(|output| json!([output.id, output.prediction, output.references]))
        .collect();
    store::sha256_json(&texts)
}

/// Reads payloads of one kind, in item order.
pub fn read<A: Artifact>(rows: &[ArtifactRow]) -> Result<Vec<A>> {
    let parse = |row: &ArtifactRow| {
        serde_json::from_value(row.payload.clone()).map_err(|e| corrupt(A::KIND.as_str(), &e))
    };
    rows.iter()
        .filter(|row| row.kind == A::KIND)
        .map(parse)
        .collect()
}

/// The hash of a part's result: kinds, numbers and payloads.
pub fn output_sha256<'a>(items: impl Iterator<Item = (&'a str, u32, &'a Value)>) -> String {
    let values: Vec<Value> = items
        .map(|(kind, item, payload)| json!([kind, item, payload]))
        .collect();
    store::sha256_json(&values)
}
