//! What a data set shows of the dialogues that are being rated: never their references, and no summary by one of the
//! systems. Who knows the human reference, or what a system writes about the same dialogue, can tell whose text is whose.
//! In an audit the dialogues themselves are held back: whoever finds one in the data set knows that it is real.
//!
//! Flow: Data, Demo and `duologue datasets` ask here, until every rater has locked or the results are opened
//! ([`super::blind`]). Nothing is kept from runs: they read the store.

use std::collections::{BTreeMap, BTreeSet};

use contract::problem::StudyProblem;
use contract::{DatasetName, Origin, Split, StudyKind, StudyName};
use store::{ExampleInStudy, ExampleRow};

use super::record::RatedTurn;
use crate::dialogue::Dialogue;
use crate::error::{Result, corrupt};
use crate::session::Session;

/// The references of an example, as they may be seen now.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum References {
    /// Nobody rates texts about its dialogue; empty while the dialogue waits for a summary.
    Shown(Vec<String>),
    /// People rate texts about its dialogue, the references perhaps among them.
    InStudy,
}

impl References {
    /// Those that may be seen.
    pub fn shown(&self) -> &[String] {
        match self {
            Self::Shown(texts) => texts,
            Self::InStudy => &[],
        }
    }

    /// Whether texts about the dialogue are being rated.
    pub fn is_in_study(&self) -> bool {
        *self == Self::InStudy
    }
}

/// An example as a shell shows it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SeenExample {
    /// Key; never given to another example.
    pub id: i64,
    /// The id in the imported file.
    pub external_id: String,
    /// The split it belongs to.
    pub split: Split,
    /// Where its text comes from.
    pub origin: Origin,
    /// The dialogue's text, one turn a line; none while people tell it from made-up ones.
    pub dialogue: Option<String>,
    /// Its references.
    pub references: References,
}

impl SeenExample {
    /// Whether somebody has summarized the dialogue; people rate no dialogue that waits for a summary.
    pub fn is_summarised(&self) -> bool {
        self.references.is_in_study() || !self.references.shown().is_empty()
    }
}

impl Session {
    /// Examples of a data set, page by page, without the references of those that are being rated.
    ///
    /// # Errors
    /// [`store::Error::NotFound`].
    pub fn examples(
        &self,
        name: &DatasetName,
        offset: u32,
        limit: u32,
    ) -> Result<Vec<SeenExample>> {
        let dataset = self.store.dataset(name)?;
        let rows = self.store.examples_page(dataset.id, offset, limit)?;
        let in_study = self.store.examples_in_study()?;
        let seen = rows.into_iter().map(|row| seen(row, &in_study));
        Ok(seen.collect())
    }

    /// Row ids of the examples that are being rated, each with a study that it is in.
    pub fn examples_in_study(&self) -> Result<BTreeMap<i64, StudyName>> {
        let found = self.store.examples_in_study()?.into_iter();
        Ok(found.map(|found| (found.example, found.study)).collect())
    }

    /// Row ids of the examples whose dialogues people tell from made-up ones now.
    pub(crate) fn audited_examples(&self) -> Result<BTreeSet<i64>> {
        let found = self.store.examples_in_study()?.into_iter();
        let audited = found.filter(|found| found.kind == StudyKind::Dialogues);
        Ok(audited.map(|found| found.example).collect())
    }

    /// Refuses to change examples that are being rated: to change a text, one has to see it.
    ///
    /// # Errors
    /// [`StudyProblem::Blinded`].
    pub(crate) fn may_change_examples(&self, examples: &[i64]) -> Result<()> {
        let in_study = self.examples_in_study()?;
        let found = examples.iter().filter_map(|id| in_study.get(id).cloned());
        blinded(found.collect())
    }

    /// Refuses to have a dialogue that is being rated summarized: what comes out would be the text of a system, with
    /// its name.
    ///
    /// # Errors
    /// [`StudyProblem::Blinded`].
    pub fn may_summarize(&self, dialogue: &str) -> Result<()> {
        let asked = words(&turns(dialogue));
        let mut found = Vec::new();
        for (study, stored) in self.store.dialogues_in_study()? {
            let stored: Vec<RatedTurn> =
                serde_json::from_value(stored).map_err(|error| corrupt(&study, error))?;
            // An audit shows nothing beside its dialogues.
            if !stored.is_empty() && words(&stored) == asked {
                found.push(study);
            }
        }
        blinded(found)
    }
}

fn blinded(mut studies: Vec<StudyName>) -> Result<()> {
    studies.sort_unstable();
    studies.dedup();
    match studies.is_empty() {
        true => Ok(()),
        false => Err(StudyProblem::Blinded { studies }.into()),
    }
}

fn seen(row: ExampleRow, in_study: &[ExampleInStudy]) -> SeenExample {
    let mine = || in_study.iter().filter(|found| found.example == row.id);
    let is_audited = mine().any(|found| found.kind == StudyKind::Dialogues);
    SeenExample {
        dialogue: (!is_audited).then_some(row.dialogue),
        references: match mine().next() {
            Some(_) => References::InStudy,
            None => References::Shown(row.references),
        },
        id: row.id,
        external_id: row.external_id,
        split: row.split,
        origin: row.origin,
    }
}

/// The turns of a dialogue as a study keeps them.
pub(super) fn turns(dialogue: &str) -> Vec<RatedTurn> {
    Dialogue::parse(dialogue)
        .turns
        .into_iter()
        .map(|turn| RatedTurn {
            s: turn.speaker.unwrap_or_default(),
            t: turn.text,
        })
        .collect()
}

/// What is said, whatever blanks, case and punctuation it is typed with.
fn words(turns: &[RatedTurn]) -> String {
    let texts = turns.iter().flat_map(|turn| [&turn.s, &turn.t]);
    let letters = texts.flat_map(|text| text.chars().filter(|letter| letter.is_alphanumeric()));
    letters.flat_map(char::to_lowercase).collect()
}
