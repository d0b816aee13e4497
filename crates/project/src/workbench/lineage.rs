//! Where an item comes from: what it was made from, by which stage, with which settings, and what became of it.

use contract::{ArtifactKind, ItemVersion, Lineage, MadeFrom, MadeWith, RunId};
use serde::de::DeserializeOwned;
use serde_json::Value;
use store::{ExampleRow, ItemRow, MACHINE};

use super::is_of_the_test;
use crate::artifact::{
    Artifact, Candidate, Output, Pair, Summary, SummaryOrigin, SyntheticDialogue, TestDialogue,
    Topic,
};
use crate::error::{Result, corrupt};
use crate::recipe::Recipe;
use crate::session::Session;

/// Conversations that a topic is shown with; several may have the same topic.
const EXAMPLES: usize = 3;

impl Session {
    /// Where the item of a key comes from.
    ///
    /// # Errors
    /// [`store::Error::NotFound`]; [`contract::problem::StudyProblem::Blinded`] for what was written in the test, while people rate.
    pub fn lineage(&self, run: &RunId, key: i64) -> Result<Lineage> {
        let row = self.run(run)?;
        let versions = self.store.item_versions(run, key)?;
        let Some(last) = versions.last() else {
            return Err(store::Error::NotFound {
                thing: contract::Thing::Artifact,
                key: key.to_string(),
            }
            .into());
        };
        let (kind, part) = (last.row.kind, last.row.part);
        if is_of_the_test(kind) {
            self.sight(run)?;
        }
        let of_part = Recipe::from_toml(&row.recipe)?;
        let read = of_part.of_part(part)?;
        let changed = of_part.fields()?.into_iter();
        let changed = changed.filter(|field| field.value != field.default);
        let settings = changed
            .filter(|field| read.get(field.key).is_some())
            .map(|field| MadeWith {
                key: field.key.to_owned(),
                value: match field.value {
                    Value::String(text) => text,
                    value => value.to_string(),
                },
            });
        Ok(Lineage {
            stage: part.stage(),
            synthesizer: part.synthesizer(),
            system: part.system(),
            from: self.made_from(row.dataset_id, last)?,
            settings: settings.collect(),
            versions: told(&versions),
        })
    }

    fn made_from(&self, dataset: i64, item: &ItemRow) -> Result<Vec<MadeFrom>> {
        let payload = &item.row.payload;
        let run = &item.row.run_id;
        match item.row.kind {
            ArtifactKind::Topic => {
                let made: Topic = parsed(payload)?;
                self.examples_that(dataset, |example| example.id == made.example_id)
            }
            ArtifactKind::Summary => {
                self.of_topic(dataset, run, &parsed::<Summary>(payload)?.topic)
            }
            ArtifactKind::Candidate => {
                let made: Candidate = parsed(payload)?;
                self.of_summary(dataset, run, made.origin, &made.summary)
            }
            ArtifactKind::Pair => {
                let made: Pair = parsed(payload)?;
                self.of_summary(dataset, run, made.origin, &made.summary)
            }
            ArtifactKind::Dialogue => {
                let made: SyntheticDialogue = parsed(payload)?;
                self.of_summary(dataset, run, SummaryOrigin::Synthetic, &made.summary)
            }
            ArtifactKind::Output => {
                let made: Output = parsed(payload)?;
                self.examples_that(dataset, |example| example.external_id == made.id)
            }
            ArtifactKind::TestDialogue => {
                let made: TestDialogue = parsed(payload)?;
                self.examples_that(dataset, |example| example.external_id == made.id)
            }
            _ => Ok(Vec::new()),
        }
    }

    /// The conversation of a real summary; a made-up summary with its topic.
    fn of_summary(
        &self,
        dataset: i64,
        run: &RunId,
        origin: SummaryOrigin,
        summary: &str,
    ) -> Result<Vec<MadeFrom>> {
        if origin == SummaryOrigin::Real {
            return self.examples_that(dataset, |example| {
                example.references.iter().any(|text| text == summary)
            });
        }
        let kind = ArtifactKind::Summary;
        let facts = self.store.item_facts(run, kind, summary)?;
        let keys: Vec<i64> = facts.iter().map(|facts| facts.id).collect();
        for row in self.store.items_of(run, &keys)? {
            let made: Summary = parsed(&row.row.payload)?;
            if made.text == summary {
                let mut from = vec![MadeFrom::Summary {
                    text: made.text,
                    key: row.row.id,
                }];
                from.extend(self.of_topic(dataset, run, &made.topic)?);
                return Ok(from);
            }
        }
        Ok(Vec::new())
    }

    /// A topic with the conversations that it was found in.
    fn of_topic(&self, dataset: i64, run: &RunId, topic: &str) -> Result<Vec<MadeFrom>> {
        let facts = self.store.item_facts(run, ArtifactKind::Topic, topic)?;
        let keys: Vec<i64> = facts.iter().map(|facts| facts.id).collect();
        let (mut from, mut examples) = (Vec::new(), Vec::new());
        for row in self.store.items_of(run, &keys)? {
            let made: Topic = parsed(&row.row.payload)?;
            if made.topic == topic {
                if from.is_empty() {
                    let key = row.row.id;
                    let topic = made.topic;
                    from.push(MadeFrom::Topic { topic, key });
                }
                examples.push(made.example_id);
            }
        }
        from.extend(self.examples_that(dataset, |example| examples.contains(&example.id))?);
        Ok(from)
    }

    fn examples_that(
        &self,
        dataset: i64,
        is_meant: impl Fn(&ExampleRow) -> bool,
    ) -> Result<Vec<MadeFrom>> {
        let rated = self.examples_in_study()?;
        let audited = self.audited_examples()?;
        let examples = self.store.examples(dataset, None)?.into_iter();
        let meant = examples.filter(|example| is_meant(example)).take(EXAMPLES);
        let from = |example: ExampleRow| MadeFrom::Example {
            summary: match rated.contains_key(&example.id) {
                true => None,
                false => example.references.into_iter().next(),
            },
            id: example.external_id,
            dialogue: (!audited.contains(&example.id)).then_some(example.dialogue),
        };
        Ok(meant.map(from).collect())
    }
}

fn parsed<A: Artifact + DeserializeOwned>(payload: &Value) -> Result<A> {
    serde_json::from_value(payload.clone()).map_err(|error| corrupt(A::KIND.as_str(), error))
}

/// The versions of an item, the oldest first.
fn told(versions: &[ItemRow]) -> Vec<ItemVersion> {
    let mut before: Option<&Value> = None;
    let mut told = Vec::with_capacity(versions.len());
    for item in versions {
        let row = &item.row;
        told.push(ItemVersion {
            version: row.version,
            author: Some(row.author.clone()).filter(|author| author != MACHINE),
            at_ms: row.created_at_ms,
            verdict: item.verdict,
            undoes: item.undoes,
            changed: before.is_some_and(|before| *before != row.payload),
        });
        before = Some(&row.payload);
    }
    told
}
