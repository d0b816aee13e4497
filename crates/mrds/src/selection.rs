//! What a run will learn from and be tested on, chosen before anything is computed.
//!
//! Shots are nested: the same seed draws the same order, so 100 shots are a subset of 300. The test split becomes a
//! [`TestData`], which only the stage `evaluate` is handed.

use contract::problem::{self, RunProblem};
use contract::{DatasetName, ExampleKind, Split};
use lm::LanguageModel;
use project::dialogue::Dialogue;
use project::recipe::{Available, Recipe, TooLong};
use project::selection::Selection;
use serde::{Deserialize, Serialize};
use serde_json::json;
use store::ExampleRow;

use crate::error::{Error, Result};
use crate::prompt::{Prompts, canonical};

/// A dialogue with its gold summaries, in canonical form.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Example {
    /// Row id in the workspace.
    pub row_id: i64,
    /// Id in the data set.
    pub id: String,
    /// `Name: text` lines.
    pub dialogue: String,
    /// The first gold summary: the one that models learn.
    pub summary: String,
    /// Every gold summary: metrics use them all.
    pub references: Vec<String>,
}

/// What every stage may read.
#[derive(Clone, Debug)]
pub struct TrainingData {
    /// The few real pairs to learn from.
    pub shots: Vec<Example>,
    /// Real pairs by which checkpoints are chosen.
    pub validation: Vec<Example>,
}

/// The fenced test split: its contents are reachable only through [`TestData::examples`], which only `evaluate` calls.
pub struct TestData(Vec<Example>);

impl TestData {
    pub(crate) fn examples(&self) -> &[Example] {
        &self.0
    }

    /// Number of test examples.
    pub fn len(&self) -> usize {
        self.0.len()
    }

    /// Whether there are no examples.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }
}

/// The chosen examples and their record.
pub struct Selected {
    /// For every stage.
    pub data: TrainingData,
    /// For `evaluate` alone.
    pub test: TestData,
    /// What is stored.
    pub selection: Selection,
}

enum Fit {
    Whole(Example),
    Cut(Example),
    TooLong { tokens: usize },
}

/// Chooses shots, validation and test examples and checks that each fits the model's context. The sizes are exactly the
/// recipe's.
///
/// # Errors [`RunProblem::TooFewRows`], [`RunProblem::EmptyDataset`], and [`RunProblem::TooLong`] where the recipe
/// says `refuse`.
pub fn choose(
    dataset: &DatasetName,
    rows: &[ExampleRow],
    recipe: &Recipe,
    seed: u64,
    model: &LanguageModel,
) -> Result<Selected> {
    pool(dataset, rows, recipe, seed, model)?.take(recipe)
}

/// The examples that a run could take: those with a summary that fit the model's context.
///
/// # Errors [`RunProblem::EmptyDataset`], and [`RunProblem::TooLong`] where the recipe says `refuse`.
pub fn pool<'a>(
    dataset: &'a DatasetName,
    rows: &[ExampleRow],
    recipe: &'a Recipe,
    seed: u64,
    model: &'a LanguageModel,
) -> Result<Pool<'a>> {
    let mut chooser = Chooser {
        dataset,
        recipe,
        seed,
        model,
        selection: Selection::default(),
        longest: None,
        long: 0,
    };
    let rows_of = |split: Split| {
        rows.iter()
            .filter(|row| row.split == split && row.is_summarised())
            .collect::<Vec<_>>()
    };
    let train = chooser.fitting(&chooser.shuffled(&rows_of(Split::Train), "shots"))?;
    let validation_rows = rows_of(Split::Validation);
    let own_validation = !validation_rows.is_empty();
    let validation = match own_validation {
        true => chooser.fitting(&chooser.shuffled(&validation_rows, "validation"))?,
        false => Vec::new(),
    };
    let mut test = chooser.fitting(&rows_of(Split::Test))?;
    if recipe.test_items > 0 && recipe.test_items < test.len() {
        test = drawn_items(test, recipe.test_items);
    }
    chooser.refuse_too_long()?;
    if train.is_empty() {
        return Err(lacking(dataset, ExampleKind::Training));
    }
    if test.is_empty() {
        return Err(lacking(dataset, ExampleKind::Test));
    }
    Ok(Pool {
        chooser,
        train,
        validation,
        test,
        own_validation,
    })
}

/// `count` of the test examples, drawn with a key that depends on no run's seed, in the order of the file: all runs on
/// a data set are tested on the same ones, and a larger number keeps those of a smaller.
fn drawn_items(test: Vec<Example>, count: usize) -> Vec<Example> {
    let key = lm::random::key(0, &[lm::random::label("test items")]);
    let mut drawn = vec![false; test.len()];
    for index in lm::random::shuffle(key, test.len()).into_iter().take(count) {
        drawn[index] = true;
    }
    test.into_iter()
        .zip(drawn)
        .filter_map(|(example, drawn)| drawn.then_some(example))
        .collect()
}

/// What a run can choose from, in the order in which it takes them.
pub struct Pool<'a> {
    chooser: Chooser<'a>,
    train: Vec<Example>,
    validation: Vec<Example>,
    test: Vec<Example>,
    /// Whether the data set has a validation split.
    own_validation: bool,
}

impl Pool<'_> {
    /// Pairs to learn from and to choose by.
    pub fn available(&self) -> Available {
        Available {
            train: self.train.len(),
            validation: self.validation.len(),
        }
    }

    /// Takes as many as the recipe says.
    ///
    /// # Errors [`RunProblem::TooFewRows`].
    pub fn take(self, recipe: &Recipe) -> Result<Selected> {
        let Self {
            chooser,
            mut train,
            mut validation,
            test,
            own_validation,
        } = self;
        chooser.enough(ExampleKind::Training, train.len(), recipe.shots, "shots")?;
        let mut unused = train.split_off(recipe.shots);
        if !own_validation {
            unused.reverse();
            validation = unused;
        }
        let kind = if own_validation {
            ExampleKind::Validation
        } else {
            ExampleKind::LeftForValidation
        };
        chooser.enough(kind, validation.len(), recipe.validation, "validation")?;
        validation.truncate(recipe.validation);
        Ok(chooser.finish(train, validation, test, own_validation))
    }
}

fn lacking(dataset: &DatasetName, lacks: ExampleKind) -> Error {
    let dataset = dataset.to_owned();
    RunProblem::EmptyDataset { dataset, lacks }.into()
}

struct Chooser<'a> {
    dataset: &'a DatasetName,
    recipe: &'a Recipe,
    seed: u64,
    model: &'a LanguageModel,
    selection: Selection,
    longest: Option<(String, usize)>,
    long: usize,
}

impl Chooser<'_> {
    fn shuffled<'r>(&self, rows: &[&'r ExampleRow], label: &str) -> Vec<&'r ExampleRow> {
        let key = lm::random::key(self.seed, &[lm::random::label(label)]);
        lm::random::shuffle(key, rows.len())
            .into_iter()
            .map(|index| rows[index])
            .collect()
    }

    fn fitting(&mut self, rows: &[&ExampleRow]) -> Result<Vec<Example>> {
        let mut kept = Vec::with_capacity(rows.len());
        for row in rows {
            match self.fit(row)? {
                Fit::Whole(example) => kept.push(example),
                Fit::Cut(example) => {
                    self.selection.cut.push(example.id.clone());
                    kept.push(example);
                }
                Fit::TooLong { tokens } => {
                    self.long += 1;
                    self.selection.dropped.push(row.external_id.clone());
                    if self.longest.as_ref().is_none_or(|(_, most)| tokens > *most) {
                        self.longest = Some((row.external_id.clone(), tokens));
                    }
                }
            }
        }
        Ok(kept)
    }

    fn fit(&self, row: &ExampleRow) -> Result<Fit> {
        let mut example = Example {
            row_id: row.id,
            id: row.external_id.clone(),
            dialogue: canonical(&row.dialogue),
            summary: row
                .references
                .first()
                .cloned()
                .unwrap_or_default()
                .trim()
                .to_owned(),
            references: row.references.clone(),
        };
        let mut tokens = self.tokens(&example)?;
        let limit = self.model.context_tokens();
        if tokens <= limit {
            return Ok(Fit::Whole(example));
        }
        if self.recipe.too_long != TooLong::CutDialogueEnd {
            return Ok(Fit::TooLong { tokens });
        }
        let mut dialogue = Dialogue::parse(&example.dialogue);
        while tokens > limit && dialogue.turns.len() > 1 {
            dialogue.turns.pop();
            example.dialogue = dialogue.to_text();
            tokens = self.tokens(&example)?;
        }
        Ok(if tokens <= limit {
            Fit::Cut(example)
        } else {
            Fit::TooLong { tokens }
        })
    }

    /// Tokens of the longest sequence that the run makes of an example.
    fn tokens(&self, example: &Example) -> Result<usize> {
        let prompts = Prompts::new(self.model, self.recipe);
        let answer = prompts
            .completion(&example.summary)?
            .len()
            .max(self.recipe.summary_max_new_tokens);
        let summarize = prompts.summarize(&example.dialogue)?.len() + answer;
        let write = prompts.dialogue(&example.summary)?.len()
            + prompts.completion(&example.dialogue)?.len();
        Ok(summarize.max(write))
    }

    fn refuse_too_long(&self) -> Result<()> {
        match &self.longest {
            Some((id, tokens)) if self.recipe.too_long == TooLong::Refuse => {
                Err(RunProblem::TooLong(problem::TooLong::Dialogues {
                    count: self.long,
                    id: id.clone(),
                    tokens: *tokens,
                    limit: self.model.context_tokens(),
                })
                .into())
            }
            _ => Ok(()),
        }
    }

    fn enough(&self, kind: ExampleKind, have: usize, need: usize, field: &str) -> Result<()> {
        if have >= need {
            return Ok(());
        }
        Err(RunProblem::TooFewRows {
            dataset: self.dataset.to_owned(),
            kind,
            have,
            need,
            field: field.to_owned(),
        }
        .into())
    }

    fn finish(
        self,
        shots: Vec<Example>,
        validation: Vec<Example>,
        test: Vec<Example>,
        own_validation: bool,
    ) -> Selected {
        let chat = &self.model.chat;
        let ids = |examples: &[Example]| examples.iter().map(|e| e.row_id).collect();
        let texts = |examples: &[Example]| {
            json!(
                examples
                    .iter()
                    .map(|e| (&e.id, &e.dialogue, &e.references))
                    .collect::<Vec<_>>()
            )
        };
        let selection = Selection {
            shots: ids(&shots),
            validation: ids(&validation),
            test: ids(&test),
            validation_from: if own_validation {
                "validation"
            } else {
                "train"
            }
            .to_owned(),
            shot_ids_sha256: store::sha256_json(&[json!(
                shots.iter().map(|e| &e.id).collect::<Vec<_>>()
            )]),
            training_sha256: store::sha256_json(&[texts(&shots), texts(&validation)]),
            test_sha256: store::sha256_json(&[texts(&test)]),
            template_date: chat.tells_date().then(|| chat.date().to_string()),
            ..self.selection
        };
        Selected {
            data: TrainingData { shots, validation },
            test: TestData(test),
            selection,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn examples(count: usize) -> Vec<Example> {
        (0..count)
            .map(|index| Example {
                row_id: index as i64,
                id: index.to_string(),
                dialogue: String::new(),
                summary: String::new(),
                references: Vec::new(),
            })
            .collect()
    }

    #[test]
    fn test_items_are_drawn_from_the_whole_file_and_stay_when_there_are_more() {
        let ids = |count| -> Vec<i64> {
            drawn_items(examples(500), count)
                .iter()
                .map(|example| example.row_id)
                .collect()
        };
        let (few, more) = (ids(40), ids(200));
        assert_eq!((few.len(), more.len()), (40, 200));
        assert!(few.iter().all(|id| more.contains(id)), "nested");
        assert!(few.is_sorted() && more.is_sorted(), "in the file's order");
        // The first forty rows of a file would have a mean of 19.5, a random draw 249.5 with a standard error of 22.
        let mean = few.iter().sum::<i64>() as f64 / 40.0;
        assert!((150.0..350.0).contains(&mean), "{mean}");
    }
}
