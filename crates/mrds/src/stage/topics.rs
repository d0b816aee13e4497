//! Stage 1: the topic of each real summary (MRDS, topic extraction), by the base model, greedy.

use contract::problem::Stall;
use std::collections::BTreeMap;

use lm::infer::generate::{GenerateConfig, GenerateRequest};
use lm::infer::sample::Filters;
use project::artifact::{Topic, rows};

use super::context::{Stage, StageOutput, count};
use crate::error::{Error, Result};

pub(crate) fn run(stage: &Stage<'_>) -> Result<StageOutput> {
    let (recipe, shots) = (stage.recipe(), &stage.data().shots);
    let prompts = stage.prompts();
    let demos: Vec<(&str, &str)> = DEMOS.iter().take(recipe.topic_demos).copied().collect();
    let requests = shots
        .iter()
        .enumerate()
        .map(|(item, shot)| {
            let prompt_ids = prompts.topic(&demos, &shot.summary)?;
            Ok(GenerateRequest {
                prompt_ids,
                key: stage.key("topics", item, 0),
            })
        })
        .collect::<Result<Vec<_>>>()?;
    let config = GenerateConfig {
        max_new_tokens: recipe.topic_max_new_tokens,
        filters: Filters::GREEDY,
        stop_ids: stage.run.model.stop_ids.clone(),
        batch_size: recipe.generate_batch_size,
    };
    let generated = stage.generate("topics", None, &requests, &config)?;
    let (mut topics, mut dropped) = (Vec::new(), BTreeMap::new());
    for (shot, generation) in shots.iter().zip(&generated.generations) {
        match clean(&stage.text(&generation.ids)?) {
            Some(topic) => topics.push(Topic {
                example_id: shot.row_id,
                topic,
            }),
            None => count(&mut dropped, "empty"),
        }
    }
    if topics.is_empty() {
        return Err(Error::stalled(stage.name, Stall::NoTopic));
    }
    let (n_in, n_out) = (shots.len() as u64, topics.len() as u64);
    Ok(StageOutput {
        artifacts: rows(&topics)?,
        n_in,
        n_out,
        dropped,
        ..StageOutput::default()
    })
}

/// Worked examples, written for this project.
const DEMOS: [(&str, &str); 3] = [
    (
        "Ines asks the garage when her car is ready. The mechanic says that the brakes take until Friday.",
        "car repair",
    ),
    (
        "Omar and Lea agree to visit their grandmother on Sunday and to bring a cake.",
        "family visit",
    ),
    (
        "The caller reports a broken heater, and the agent books a technician for tomorrow.",
        "heating fault",
    ),
];

/// First line, lower case, without punctuation around it; `None` if nothing is left.
fn clean(text: &str) -> Option<String> {
    let line = text.lines().next().unwrap_or_default().to_lowercase();
    let topic = line
        .trim_matches(|c: char| !c.is_alphanumeric())
        .split_whitespace()
        .collect::<Vec<_>>()
        .join(" ");
    (!topic.is_empty()).then_some(topic)
}

#[cfg(test)]
mod tests {
    use super::clean;

    #[test]
    fn topics_are_tidied() {
        assert_eq!(
            clean("\"Car Repair.\"\nmore").as_deref(),
            Some("car repair")
        );
        assert_eq!(clean(" … "), None);
    }
}
