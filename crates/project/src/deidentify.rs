//! De-identification at import: what identifies somebody in arriving examples becomes invented before anything is stored.
//!
//! Flow: files are read, duplicates and leaks are looked for (afterwards two copies of a conversation carry different
//! names) → [`deidentify`] → stored. What was there before is kept nowhere: a map back is for a workspace that is
//! encrypted, which this version does not do. So nobody can undo it, and two imports of the same file give different names.
//! How pieces are found: [`privacy::deid`].

use std::collections::BTreeMap;

use contract::problem::ImportProblem;
use contract::{IdentifierKind, Replacing};
use privacy::deid::surrogate::{Deidentified, Plan, fewest_originals};
use privacy::deid::{Conversation, Dataset, Verdicts};
use serde::Serialize;

use crate::error::Result;
use crate::import::ImportedExample;

/// How an import de-identifies.
#[derive(Clone, Debug)]
pub struct Deidentify {
    /// How pieces are replaced, and the secret by which the new ones are drawn. Whoever imports makes one and forgets
    /// it.
    pub plan: Plan,
    /// What the user says about words.
    pub verdicts: Verdicts,
    /// Import although words that may name somebody are open: they stay as they are.
    pub accept_open: bool,
}

/// What was replaced.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Replacements {
    /// Pieces by kind.
    pub replaced: BTreeMap<IdentifierKind, usize>,
    /// Words that may name somebody.
    pub asked: usize,
    /// Those that nobody has answered.
    pub open: usize,
    /// How many originals stand behind the invented piece that has the fewest: for names two are wanted.
    pub fewest_originals: BTreeMap<IdentifierKind, usize>,
}

/// Replaces what identifies somebody in the dialogues and summaries of examples.
///
/// # Errors
/// [`ImportProblem::WordsOpen`] where words are open that may name somebody, unless that is accepted or nothing is stored.
pub(crate) fn deidentify(
    examples: &mut [ImportedExample],
    how: &Deidentify,
    dry_run: bool,
) -> Result<Replacements> {
    let conversation = |example: &ImportedExample| Conversation {
        id: example.external_id.clone(),
        texts: std::iter::once(&example.dialogue)
            .chain(&example.references)
            .cloned()
            .collect(),
    };
    let conversations: Vec<Conversation> = examples.iter().map(conversation).collect();
    let dataset = Dataset::of(&conversations, how.verdicts.clone());
    let doubts = dataset.doubts(&conversations);
    let open = doubts
        .iter()
        .filter(|doubt| doubt.verdict.is_none())
        .count();
    if open > 0 && !how.accept_open && !dry_run {
        return Err(ImportProblem::WordsOpen { count: open }.into());
    }
    let mut done: Vec<Deidentified> = Vec::with_capacity(examples.len());
    let mut replaced: BTreeMap<IdentifierKind, usize> = BTreeMap::new();
    for (example, conversation) in examples.iter_mut().zip(&conversations) {
        let findings = dataset.find(conversation);
        for (kind, count) in findings.counts() {
            *replaced.entry(kind).or_default() += count;
        }
        let new = how.plan.apply(conversation, &findings);
        let mut texts = new.texts.iter().cloned();
        if let Some(dialogue) = texts.next() {
            example.dialogue = dialogue;
            example.references = texts.collect();
        }
        done.push(new);
    }
    let fewest = match how.plan.replacing {
        Replacing::Replace => {
            let ids = conversations
                .iter()
                .map(|conversation| conversation.id.as_str());
            fewest_originals(ids.zip(&done))
        }
        Replacing::Mask | Replacing::Off => BTreeMap::new(),
    };
    Ok(Replacements {
        replaced,
        asked: doubts.len(),
        open,
        fewest_originals: fewest,
    })
}
