//! What models say of the summaries that people rated: BERTScore where a measuring model has read them, and how likely the
//! untrained model finds each given its dialogue, by which the run chose its preference pairs. ROUGE and chrF are computed
//! when a study begins; these are looked up with the results, because they may be measured at any time.

use std::collections::BTreeMap;

use contract::{ArtifactKind, Protocol, ResultMetric, RunId, Split, StageName, StudyKind, System};
use store::RatingDialogueRow;

use super::record::StudyRecord;
use super::request::{Source, SystemRequest};
use crate::artifact::{Output, read};
use crate::error::Result;
use crate::report::tables;
use crate::rounds::last_artifacts;
use crate::session::Session;

/// Figures of a summary by the name of the metric.
type Measured = BTreeMap<String, f64>;

impl Session {
    /// Adds what models say of the summaries of each system that is one of a run's.
    ///
    /// # Errors
    /// What the store reports; anything stored that cannot be read.
    pub(super) fn add_measured(
        &self,
        protocol: &Protocol,
        dialogues: &[RatingDialogueRow],
        record: &mut StudyRecord,
    ) -> Result<()> {
        if protocol.kind != StudyKind::Summaries {
            return Ok(());
        }
        for planned in &protocol.systems {
            let source = SystemRequest::from_source(planned.source.clone());
            let Source::Run { run, system } = source.parsed(protocol.kind)? else {
                continue;
            };
            let found = self.measured(&run, system)?;
            let dataset = self.store.run(&run)?.dataset_id;
            let examples = self.store.examples(dataset, Some(Split::Test))?;
            let of_example: BTreeMap<i64, &Measured> = examples
                .iter()
                .filter_map(|example| Some((example.id, found.get(&example.external_id)?)))
                .collect();
            let of_dialogue: BTreeMap<u32, &Measured> = dialogues
                .iter()
                .filter_map(|row| Some((row.dialogue, *of_example.get(&row.example?)?)))
                .collect();
            for item in &mut record.items {
                if item.systems.contains(&planned.key)
                    && let Some(measured) = of_dialogue.get(&item.d)
                {
                    item.metrics.extend((*measured).clone());
                }
            }
        }
        Ok(())
    }

    /// What models say of each summary of a system, by the id of its example.
    fn measured(&self, run: &RunId, system: System) -> Result<BTreeMap<String, Measured>> {
        let kind = ArtifactKind::Output;
        let outputs: Vec<Output> = read(&last_artifacts(
            &self.store,
            run,
            StageName::Evaluate,
            kind,
        )?)?;
        let mine: Vec<Output> = outputs
            .into_iter()
            .filter(|output| output.system == system)
            .collect();
        let bertscores = tables::bertscores(&self.store, run, &mine)?;
        let mut f1 = bertscores.map_or(Vec::new(), |found| found.f1).into_iter();
        let named = |metric: ResultMetric, value: Option<f64>| {
            value.map(|value| (metric.as_str().to_owned(), value))
        };
        let row = |output: Output| {
            let judged = named(ResultMetric::BaseCe, output.base_ce);
            let like = named(ResultMetric::BertscoreF, f1.next());
            (output.id, judged.into_iter().chain(like).collect())
        };
        Ok(mine.into_iter().map(row).collect())
    }
}
