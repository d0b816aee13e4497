//! The pieces of a part: blocks of items that are computed one after the other, each a pure function of the part's inputs
//! and of its place. A finished block is kept at once, so that a resumed part continues after it.
//!
//! Which items a block holds follows from their number and the recipe alone, no batch crosses a block, and random numbers
//! are keyed by an item's number in the part. So a block gives the same results wherever and whenever it is computed.

use std::ops::Range;

use serde::Serialize;
use serde::de::DeserializeOwned;

use super::block::Block;
use super::context::{Progress, Stage};
use crate::error::Result;

/// Items of a block, where each is a dialogue or a summary.
pub(crate) const BLOCK_ITEMS: usize = 64;

/// The blocks of items.
fn blocks(n_items: usize, size: usize) -> impl Iterator<Item = Range<usize>> {
    let size = size.max(1);
    (0..n_items)
        .step_by(size)
        .map(move |first| first..(first + size).min(n_items))
}

impl Stage<'_> {
    /// Computes the blocks of a task that are not there yet, and returns them all in order.
    pub(crate) fn spread<T: Serialize + DeserializeOwned>(
        &self,
        task: &str,
        n_items: usize,
        size: usize,
        compute: &dyn Fn(Range<usize>) -> Result<T>,
    ) -> Result<Vec<T>> {
        self.begin_task(task);
        let mut computed = Vec::new();
        for (number, items) in blocks(n_items, size).enumerate() {
            let key = format!("{task}/block/{number}");
            let value = match self.work(&key)? {
                Some(value) => value,
                None => {
                    let block = Block {
                        key: key.clone(),
                        items: items.clone(),
                        n_items,
                    };
                    let value = self.within(block, || compute(items.clone()))?;
                    self.put_work(&key, &value)?;
                    value
                }
            };
            computed.push(value);
            self.progress(Progress {
                step: items.end,
                total: n_items,
                ..Progress::default()
            })?;
        }
        Ok(computed)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::path::Path;
    use std::sync::atomic::AtomicBool;

    use contract::{Part, Synthesizer};
    use lm::lora::{Adapter, LoraConfig};
    use lm::{Device, LanguageModel};
    use project::format_rule::FormatRule;
    use project::recipe::Recipe;
    use project::sample::Bundle;
    use project::session::Session;

    use super::super::sampling::{Task, Way};
    use crate::event::Silent;
    use crate::run::Run;
    use crate::selection::TrainingData;

    const PART: Part = Part::TestDialogues(Synthesizer::Rejection);

    /// Has `work` carry out a part of the bundled run, in a workspace of its own, with a toy in place of its model.
    fn with_stage<T>(model: &LanguageModel, work: impl FnOnce(&Stage<'_>) -> T) -> T {
        let folder = tempfile::tempdir().unwrap();
        let models = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../models");
        let bundle = Bundle::find(Some(models.into()), Path::new("")).unwrap();
        let session = Session::open(folder.path()).unwrap();
        let sample = session.take_sample(&bundle).unwrap();
        let run = Run {
            store: session.store(),
            row: session.run(&sample.run).unwrap(),
            recipe: Recipe {
                generate_batch_size: 2,
                dialogue_max_new_tokens: 16,
                ..Recipe::default()
            },
            model,
            data: TrainingData {
                shots: Vec::new(),
                validation: Vec::new(),
            },
            sink: &Silent,
            stop: &AtomicBool::new(false),
            now_ms: &|| 0,
            next_smaller: &|_stage| Ok(None),
        };
        run.store.want_parts(&run.row.id, &[PART]).unwrap();
        run.store.start_part(&run.row.id, PART, "inputs").unwrap();
        work(&Stage::begin(&run, PART, "inputs").unwrap())
    }

    #[test]
    fn a_block_alone_gives_what_it_gives_among_all() {
        let toy = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../models/duo-mini");
        let model = LanguageModel::load(&toy, &Device::Cpu).unwrap();
        let config = LoraConfig {
            rank: 2,
            ..LoraConfig::default()
        };
        let decoder = &model.decoder.config;
        let adapter = Adapter::init(config, decoder, 1, &Device::Cpu).unwrap();
        let (rule, size) = (FormatRule::default(), 3);
        let summaries: Vec<String> = (1..=8)
            .map(|number| format!("Ann asks Ben for {number} apples."))
            .collect();
        let task = Task {
            name: "dialogues",
            stream: "test dialogues",
        };
        let write = |stage: &Stage<'_>, items: Range<usize>| {
            let summaries: Vec<&str> = summaries[items.clone()]
                .iter()
                .map(String::as_str)
                .collect();
            let way = Way::Resample(2);
            let written =
                stage.write_dialogues(task, &adapter, &summaries, items.start, &rule, way)?;
            let texts = written.items.into_iter().map(|attempt| attempt.text);
            Ok(texts.collect::<Vec<String>>())
        };
        let whole: Vec<Vec<String>> = with_stage(&model, |stage| {
            let compute = |items| write(stage, items);
            stage.spread(task.name, summaries.len(), size, &compute)
        })
        .unwrap();
        assert_eq!(whole.iter().map(Vec::len).collect::<Vec<_>>(), [3, 3, 2]);
        let mut texts: Vec<&String> = whole.iter().flatten().collect();
        texts.sort_unstable();
        texts.dedup();
        assert!(texts.len() > 4, "they are drawn: {texts:?}");
        for (number, items) in blocks(summaries.len(), size).enumerate().skip(1) {
            let block = Block {
                key: format!("{}/block/{number}", task.name),
                items: items.clone(),
                n_items: summaries.len(),
            };
            let alone = with_stage(&model, |stage| {
                stage.within(block, || write(stage, items.clone()))
            });
            assert_eq!(alone.unwrap(), whole[number], "block {number}");
        }
    }

    #[test]
    fn every_item_is_in_one_block() {
        let found: Vec<_> = blocks(130, 64).collect();
        assert_eq!(found, [0..64, 64..128, 128..130]);
        assert_eq!(blocks(0, 64).count(), 0);
        assert_eq!(blocks(2, 0).count(), 2, "a block holds an item at least");
    }
}
