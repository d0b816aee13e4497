//! Changes of a data set by hand: pairs edited, written, removed, and the doubts about them.

use contract::problem::WrongState;
use contract::{DatasetName, Doubt, Origin, RunStatus, Split};
use store::NewExample;

use super::Session;
use crate::error::Result;
use crate::hygiene::{self, Finding};

/// A pair written by hand.
#[derive(Clone, Debug)]
pub struct WrittenExample {
    /// Name to show it by.
    pub external_id: String,
    /// The split it belongs to.
    pub split: Split,
    /// Where its text comes from.
    pub origin: Origin,
    /// The dialogue's text, one turn a line.
    pub dialogue: String,
    /// Summaries, the first one is used in training.
    pub references: Vec<String>,
}

impl Session {
    /// What is doubtful about a data set.
    pub fn doubts(&self, dataset: &DatasetName) -> Result<Vec<Finding>> {
        let dataset = self.store.dataset(dataset)?;
        let in_study = self.examples_in_study()?;
        let mut found = hygiene::look(&self.store.examples(dataset.id, None)?);
        // What a doubt says about a reference is withheld with it, and everything of a dialogue that is told from
        // made-up ones.
        let audited = self.audited_examples()?;
        let of_summary = |doubt| {
            matches!(
                doubt,
                Doubt::LongSummary | Doubt::UnknownName | Doubt::CopiedSummary
            )
        };
        found.retain(|finding| {
            let is_kept = of_summary(finding.doubt) && in_study.contains_key(&finding.example);
            !is_kept && !audited.contains(&finding.example)
        });
        Ok(found)
    }

    /// Replaces the texts of an example.
    ///
    /// # Errors
    /// [`contract::problem::StudyProblem::Blinded`] while people rate texts about its dialogue.
    pub fn edit_example(
        &self,
        dataset: &DatasetName,
        example: i64,
        dialogue: &str,
        references: &[String],
        origin: Origin,
    ) -> Result<()> {
        self.at_rest(dataset)?;
        self.may_change_examples(&[example])?;
        not_empty(dialogue, references)?;
        Ok(self
            .store
            .update_example(example, dialogue, references, origin)?)
    }

    /// Adds a pair at the end.
    pub fn write_example(&self, dataset: &DatasetName, example: WrittenExample) -> Result<()> {
        self.at_rest(dataset)?;
        not_empty(&example.dialogue, &example.references)?;
        let WrittenExample {
            external_id,
            split,
            origin,
            dialogue,
            references,
        } = example;
        let new = NewExample {
            external_id,
            split,
            origin,
            dialogue,
            references,
        };
        Ok(self
            .store
            .append_examples(self.store.dataset(dataset)?.id, &[new])?)
    }

    /// Removes examples; all or none.
    ///
    /// # Errors
    /// [`contract::problem::StudyProblem::Blinded`] while people rate texts about one of their dialogues.
    pub fn delete_examples(&self, dataset: &DatasetName, examples: &[i64]) -> Result<()> {
        self.at_rest(dataset)?;
        self.may_change_examples(examples)?;
        Ok(self
            .store
            .replace_in_dataset(self.store.dataset(dataset)?.id, examples, &[])?)
    }

    /// Refuses while a run that still wants to read the data set is not finished.
    fn at_rest(&self, dataset: &DatasetName) -> Result<()> {
        let reads = |status| {
            matches!(
                status,
                RunStatus::Created | RunStatus::Running | RunStatus::Paused
            )
        };
        match self
            .store
            .runs()?
            .into_iter()
            .find(|run| run.dataset_name == *dataset && reads(run.status))
        {
            None => Ok(()),
            Some(run) => Err(WrongState::ReadByRun {
                run: run.id,
                dataset: dataset.to_owned(),
            }
            .into()),
        }
    }
}

fn not_empty(dialogue: &str, references: &[String]) -> Result<()> {
    if dialogue.trim().is_empty()
        || references
            .iter()
            .all(|reference| reference.trim().is_empty())
    {
        return Err(WrongState::EmptyPair.into());
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn written(id: &str) -> WrittenExample {
        WrittenExample {
            external_id: id.to_owned(),
            split: Split::Train,
            origin: Origin::Written,
            dialogue: "Ada: Friday?\nBen: Friday.".to_owned(),
            references: vec!["They meet on Friday.".to_owned()],
        }
    }

    #[test]
    fn a_pair_is_written_edited_and_removed_and_an_empty_one_refused() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("notes.jsonl");
        std::fs::write(
            &file,
            "{\"dialogue\":\"Ada: Hello.\\nBen: Hi.\",\"summary\":\"They greet.\"}\n",
        )
        .unwrap();
        let session = Session::open(&folder.path().join("workspace")).unwrap();
        let request = super::super::ImportRequest {
            files: vec![file],
            name: "notes".into(),
            ..Default::default()
        };
        session.import(&request, 1).unwrap();
        session
            .write_example(&"notes".into(), written("mine"))
            .unwrap();
        let mine = session.examples(&"notes".into(), 1, 1).unwrap().remove(0);
        assert_eq!(
            (mine.external_id.as_str(), mine.origin),
            ("mine", Origin::Written)
        );
        session
            .edit_example(
                &"notes".into(),
                mine.id,
                "Ada: No.\nBen: No?",
                &["A no.".into()],
                Origin::Edited,
            )
            .unwrap();
        assert_eq!(
            session.examples(&"notes".into(), 1, 1).unwrap()[0].origin,
            Origin::Edited
        );
        assert!(
            session
                .edit_example(&"notes".into(), mine.id, " ", &["x".into()], Origin::Edited)
                .is_err()
        );
        session
            .delete_examples(&"notes".into(), &[mine.id])
            .unwrap();
        assert_eq!(session.examples(&"notes".into(), 0, 9).unwrap().len(), 1);
    }
}
