//! Stage 7: a dialogue for every synthetic summary, by each synthesizer that a compared system learns from (MRDS,
//! synthetic pairs); a part for each of them. What breaks the format rule or repeats its summary is dropped and
//! counted, and so is what gives a real conversation away, if the recipe says so.

use contract::problem::Stall;
use contract::{Measures, Part, SampleItem, Synthesizer};
use project::artifact::{Summary, SyntheticDialogue, rows};
use project::part::writer;
use project::recipe::{Ids, Recipe};

use super::context::{Stage, StageOutput, count};
use super::preferences::{first_leak, gate, guards};
use super::sampling::{Attempts, Task, Way};
use super::spread::BLOCK_ITEMS;
use crate::error::{Error, Result};

pub(crate) fn run(stage: &Stage<'_>, source: Synthesizer) -> Result<StageOutput> {
    let round = stage.part.round();
    let summaries: Vec<Summary> = stage.read(Part::summaries(round))?;
    let texts: Vec<&str> = summaries
        .iter()
        .map(|summary| summary.text.as_str())
        .collect();
    let (rule, guards, gate) = (stage.format_rule(), guards(stage), gate(stage));
    let adapter = stage.trained(writer(round, source))?;
    let name = source.to_string();
    let task = Task {
        name: &name,
        stream: &name,
    };
    let way = way(stage, source);
    let written = stage.spread(&name, texts.len(), BLOCK_ITEMS, &|items| {
        stage.write_dialogues(
            task,
            &adapter,
            &texts[items.clone()],
            items.start,
            &rule,
            way,
        )
    })?;
    let attempts: Attempts = written.into_iter().collect();
    let mut output = StageOutput {
        n_in: summaries.len() as u64,
        ..StageOutput::default()
    };
    let mut kept = Vec::new();
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
        } else if let Some(reason) = first_leak(gate.as_ref(), &attempt.text) {
            count(&mut output.dropped, &format!("{source}: leak: {reason}"));
        } else {
            kept.push(SyntheticDialogue {
                source,
                summary_id: summary_id as u32,
                summary: (*summary).to_owned(),
                text: attempt.text.clone(),
            });
        }
    }
    let Some(first) = kept.first() else {
        return Err(nothing(stage, source));
    };
    stage.sample(SampleItem::Accepted {
        source,
        dialogue: first.text.clone(),
        summary: first.summary.clone(),
    });
    output.n_out = kept.len() as u64;
    output.artifacts = rows(&kept)?;
    let measured = attempts.measures().accepting(kept.len());
    output.measures = Measures::Writing([(source, measured)].into());
    Ok(output)
}

fn way(stage: &Stage<'_>, source: Synthesizer) -> Way {
    match source {
        Synthesizer::Ids => ids_way(stage.recipe()),
        _ => Way::Resample(stage.recipe().dialogue_tries),
    }
}

/// The recipe's form of iterative dialogue synthesis.
pub(crate) fn ids_way(recipe: &Recipe) -> Way {
    match recipe.ids {
        Ids::Turns => Way::Turns,
        Ids::Prefix => Way::Iterate(recipe.ids_max_iterations),
    }
}

fn nothing(stage: &Stage<'_>, synthesizer: Synthesizer) -> Error {
    Error::stalled(stage.name, Stall::NoDialogue { synthesizer })
}
