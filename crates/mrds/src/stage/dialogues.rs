//! Stage 7: a dialogue for every synthetic summary, by each synthesizer that a compared system learns from (MRDS,
//! synthetic pairs). What breaks the format rule or repeats its summary is dropped and counted.

use contract::problem::Stall;
use std::collections::BTreeMap;

use contract::{Measures, SampleItem, StageName, Synthesizer, WritingMeasures};
use project::artifact::{Summary, SyntheticDialogue, rows};

use super::context::{Stage, StageOutput, count};
use super::preferences::guards;
use super::sampling::{Task, Way};
use super::synthesizer;
use crate::error::{Error, Result};

pub(crate) fn run(stage: &Stage<'_>) -> Result<StageOutput> {
    let summaries: Vec<Summary> = stage.read(StageName::Summaries)?;
    let texts: Vec<&str> = summaries
        .iter()
        .map(|summary| summary.text.as_str())
        .collect();
    let (rule, guards) = (stage.format_rule(), guards(stage));
    let mut sources: Vec<Synthesizer> = stage
        .recipe()
        .systems
        .iter()
        .filter_map(|system| system.synthetic_source())
        .collect();
    sources.sort_unstable();
    sources.dedup();
    let mut output = StageOutput {
        n_in: summaries.len() as u64,
        ..StageOutput::default()
    };
    let mut kept = Vec::new();
    let mut measures = BTreeMap::new();
    for source in sources {
        let adapter = synthesizer_adapter(stage, source)?;
        let name = source.to_string();
        let task = Task {
            name: &name,
            stream: &name,
        };
        let attempts = stage.write_dialogues(task, &adapter, &texts, &rule, way(stage, source))?;
        let before = kept.len();
        for (summary_id, (attempt, summary)) in attempts.items.iter().zip(&texts).enumerate() {
            if !attempt.pass {
                attempt
                    .rules
                    .iter()
                    .filter(|(_, ok)| !**ok)
                    .for_each(|(rule, _)| count(&mut output.dropped, &format!("{source}: {rule}")));
            } else if !guards.check(&attempt.text, summary).pass {
                count(
                    &mut output.dropped,
                    &format!("{source}: repeats its summary or is out of length"),
                );
            } else {
                kept.push(SyntheticDialogue {
                    source,
                    summary_id: summary_id as u32,
                    summary: (*summary).to_owned(),
                    text: attempt.text.clone(),
                });
            }
        }
        let accepted = kept.len() - before;
        if accepted == 0 {
            return Err(nothing(stage, source));
        }
        measures.insert(source, WritingMeasures::new(attempts.wall_s, accepted));
        stage.sample(SampleItem::Accepted {
            source,
            dialogue: kept[before].text.clone(),
            summary: kept[before].summary.clone(),
        });
    }
    output.n_out = kept.len() as u64;
    output.artifacts = rows(&kept)?;
    output.measures = Measures::Writing(measures);
    Ok(output)
}

/// The adapter behind a synthesizer.
pub(crate) fn synthesizer_adapter(
    stage: &Stage<'_>,
    source: Synthesizer,
) -> Result<lm::lora::Adapter> {
    match source {
        Synthesizer::DpoSeparate | Synthesizer::DpoJoint => {
            stage.trained(StageName::Align, source.as_str())
        }
        Synthesizer::Sft
        | Synthesizer::SftConstrained
        | Synthesizer::Ids
        | Synthesizer::Rejection => stage.trained(StageName::Synthesizer, synthesizer::ROLE),
    }
}

fn way(stage: &Stage<'_>, source: Synthesizer) -> Way {
    match source {
        Synthesizer::Ids => Way::Iterate(stage.recipe().ids_max_iterations),
        _ => Way::Resample(stage.recipe().dialogue_tries),
    }
}

fn nothing(stage: &Stage<'_>, synthesizer: Synthesizer) -> Error {
    Error::stalled(stage.name, Stall::NoDialogue { synthesizer })
}
