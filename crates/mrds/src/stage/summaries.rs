//! Stage 2: new summaries on the extracted topics (MRDS, topic-based summary synthesis).
//!
//! By prompt (style examples before the topic) or by an adapter trained on the shots' (topic, summary) pairs. Every
//! summary passes the novelty, length and name filters; what was dropped is counted by reason. A later round writes others,
//! which the novelty filter compares with those of all earlier rounds.

use contract::problem::Stall;
use contract::{Part, SampleItem, StageName};
use lm::infer::generate::{GenerateConfig, GenerateRequest};
use lm::infer::sample::Filters;
use lm::lora::Adapter;
use lm::train::{Objective, TrainExample};
use metrics::rouge::{RougeOptions, rouge_l, tokenize};
use project::artifact::{Summary, Topic, rows};
use project::dialogue::Dialogue;
use project::recipe::SummaryMethod;

use super::context::{Stage, StageOutput, count};
use super::training::{SftSchedule, adapter_artifact};
use crate::error::{Error, Result};

pub(crate) fn run(stage: &Stage<'_>) -> Result<StageOutput> {
    let recipe = stage.recipe();
    let topics: Vec<Topic> = stage.read(Part::Whole(StageName::Topics))?;
    let wanted = recipe.synthetic_per_shot * stage.data().shots.len();
    let mut output = StageOutput {
        n_in: topics.len() as u64,
        ..StageOutput::default()
    };
    let (adapter, method) = match (recipe.summary_method, stage.part.round()) {
        (SummaryMethod::Prompt, _) => (None, "prompt"),
        (SummaryMethod::Lora | SummaryMethod::Auto, 1) => {
            (Some(train_adapter(stage, &topics, &mut output)?), "lora")
        }
        // The writer of the first round writes for all rounds.
        _ => (Some(stage.trained(Part::summaries(1))?), "lora"),
    };
    let mut filter = Filter::new(stage);
    for earlier in 1..stage.part.round() {
        let known: Vec<Summary> = stage.read(Part::summaries(earlier))?;
        filter
            .seen
            .extend(known.iter().map(|summary| tokens(&summary.text)));
    }
    let mut kept: Vec<Summary> = Vec::new();
    let mut unique: Vec<&str> = topics.iter().map(|topic| topic.topic.as_str()).collect();
    unique.sort_unstable();
    unique.dedup();
    for round in 0..recipe.summary_max_rounds {
        let missing = wanted - kept.len();
        let asked = asked_topics(stage, &unique, round, missing + missing / 2 + 1);
        for (topic, text) in asked
            .iter()
            .zip(write(stage, adapter.as_ref(), round, &asked)?)
        {
            if kept.len() == wanted {
                break;
            }
            match filter.check(&text) {
                Ok(()) => kept.push(Summary {
                    topic: (*topic).to_owned(),
                    text,
                    method: method.to_owned(),
                }),
                Err(reason) => count(&mut output.dropped, reason),
            }
        }
        if kept.len() == wanted {
            break;
        }
    }
    if kept.is_empty() {
        let dropped = output.dropped;
        return Err(Error::stalled(stage.name, Stall::NoSummary { dropped }));
    }
    for summary in kept.iter().take(3) {
        stage.sample(SampleItem::Summary {
            summary: summary.text.clone(),
            topic: summary.topic.clone(),
        });
    }
    output.n_out = kept.len() as u64;
    output.artifacts.extend(rows(&kept)?);
    Ok(output)
}

/// The topics of a round, in an order drawn from the seed.
fn asked_topics<'t>(stage: &Stage<'_>, unique: &[&'t str], round: usize, n: usize) -> Vec<&'t str> {
    let mut asked = Vec::with_capacity(n);
    for pass in 0..n.div_ceil(unique.len()) {
        let order = lm::random::shuffle(stage.key("topic order", round, pass), unique.len());
        asked.extend(order.into_iter().map(|index| unique[index]));
    }
    asked.truncate(n);
    asked
}

fn write(
    stage: &Stage<'_>,
    adapter: Option<&Adapter>,
    round: usize,
    topics: &[&str],
) -> Result<Vec<String>> {
    let recipe = stage.recipe();
    let requests = topics
        .iter()
        .enumerate()
        .map(|(item, topic)| {
            let style = if adapter.is_some() {
                Vec::new()
            } else {
                style_examples(stage, round, item)
            };
            let prompt_ids = stage.prompts().summary(&style, topic)?;
            Ok(GenerateRequest {
                prompt_ids,
                key: stage.key("summaries", item, round),
            })
        })
        .collect::<Result<Vec<_>>>()?;
    let config = GenerateConfig {
        max_new_tokens: recipe.summary_max_new_tokens,
        filters: Filters {
            temperature: recipe.summary_temperature,
            top_p: recipe.summary_top_p,
            ..Filters::default()
        },
        stop_ids: stage.run.model.stop_ids.clone(),
        batch_size: recipe.generate_batch_size,
    };
    let generated = stage.generate(&format!("round {}", round + 1), adapter, &requests, &config)?;
    let text = |g: &lm::infer::generate::Generation| match g.finish {
        lm::infer::generate::Finish::Stop => stage.text(&g.ids),
        // The filter sees a summary that did not end as empty.
        lm::infer::generate::Finish::Length => Ok(String::new()),
    };
    generated.generations.iter().map(text).collect()
}

fn style_examples<'s>(stage: &'s Stage<'_>, round: usize, item: usize) -> Vec<&'s str> {
    let shots = &stage.data().shots;
    let order = lm::random::shuffle(stage.key("style", item, round), shots.len());
    order
        .into_iter()
        .take(stage.recipe().summary_demos)
        .map(|index| shots[index].summary.as_str())
        .collect()
}

/// Trains topic → summary on the shots; every tenth shot is held out so that the training can stop early.
fn train_adapter(stage: &Stage<'_>, topics: &[Topic], output: &mut StageOutput) -> Result<Adapter> {
    let (prompts, shots) = (stage.prompts(), &stage.data().shots);
    let (mut training, mut held_out) = (Vec::new(), Vec::new());
    for (index, topic) in topics.iter().enumerate() {
        let Some(shot) = shots.iter().find(|shot| shot.row_id == topic.example_id) else {
            continue;
        };
        let example = TrainExample {
            prompt_ids: prompts.summary(&[], &topic.topic)?,
            completion_ids: prompts.completion(&shot.summary)?,
        };
        let side = if index % 10 == 9 {
            &mut held_out
        } else {
            &mut training
        };
        side.push(example);
    }
    if held_out.is_empty() {
        held_out.push(training[training.len() - 1].clone());
    }
    let recipe = stage.recipe();
    let config = stage.sft_config(
        "summary writer",
        recipe.sft_lr,
        training.len(),
        SftSchedule::Cosine,
    );
    let init = stage.new_adapter("summary writer", recipe.lora_dropout)?;
    let objective = Objective::Sft(&training);
    let mut evaluate = |adapter: &Adapter, _| stage.validation_ce(Some(adapter), &held_out);
    let trained = stage.train("summary writer", &objective, &config, init, &mut evaluate)?;
    output.artifacts = rows(&[adapter_artifact(
        "summary_writer",
        trained.sha256,
        vec![trained.record],
    )])?;
    Ok(trained.adapter)
}

/// Why a summary is dropped; its state is everything accepted so far.
struct Filter {
    seen: Vec<Vec<String>>,
    words: (f64, f64),
    names_wanted: bool,
    novelty: f64,
}

impl Filter {
    fn new(stage: &Stage<'_>) -> Self {
        let shots = &stage.data().shots;
        let lengths: Vec<f64> = shots
            .iter()
            .map(|shot| shot.summary.split_whitespace().count() as f64)
            .collect();
        let quantile = |q| metrics::text::quantile(&lengths, q).unwrap_or(0.0);
        let naming = shots
            .iter()
            .filter(|shot| {
                let dialogue = Dialogue::parse(&shot.dialogue);
                let named = dialogue
                    .speakers()
                    .iter()
                    .filter(|name| shot.summary.contains(**name))
                    .count();
                named >= 2
            })
            .count();
        Self {
            seen: shots.iter().map(|shot| tokens(&shot.summary)).collect(),
            words: (quantile(0.01).floor(), quantile(0.99).ceil()),
            names_wanted: naming as f64 >= stage.recipe().name_filter_share * shots.len() as f64,
            novelty: stage.recipe().novelty_rouge_l,
        }
    }

    fn check(&mut self, text: &str) -> Result<(), &'static str> {
        let words = text.split_whitespace().count() as f64;
        let lower = text.to_lowercase();
        if text.is_empty() {
            return Err("empty or not ended");
        }
        if words < self.words.0 || words > self.words.1 {
            return Err("length");
        }
        if ["here is", "here's", "sure,", "summary:"]
            .iter()
            .any(|preamble| lower.starts_with(preamble))
        {
            return Err("preamble");
        }
        if self.names_wanted && capitalised(text) < 2 {
            return Err("fewer than two names");
        }
        let tokens = tokens(text);
        if self
            .seen
            .iter()
            .any(|earlier| rouge_l(earlier, &tokens).fmeasure >= self.novelty)
        {
            return Err("not new");
        }
        self.seen.push(tokens);
        Ok(())
    }
}

fn tokens(text: &str) -> Vec<String> {
    tokenize(text, RougeOptions::default())
}

/// Different words that begin with a capital or `#` in the middle or at the start of a sentence.
fn capitalised(text: &str) -> usize {
    let word = |w: &str| {
        w.trim_matches(|c: char| !c.is_alphanumeric() && c != '#')
            .to_owned()
    };
    let mut names: Vec<String> = text
        .split_whitespace()
        .map(word)
        .filter(|w| w.starts_with(|c: char| c.is_uppercase() || c == '#') && w.chars().count() > 1)
        .collect();
    names.sort();
    names.dedup();
    names.len()
}
