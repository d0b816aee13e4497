//! Stage 9: every system on the fenced test split (ROUGE, `reference_ce`, lengths, paired bootstrap against real-only
//! training), and every synthesizer on the test summaries (format rate, `scorer_ce`, copy rate, seconds per accepted
//! dialogue); a part for each of them. The figures are computed in `report` from the outputs stored here, so that
//! anybody can recompute them.

use std::borrow::Cow;
use std::iter;

use contract::{Measures, Part, SampleItem, Synthesizer, System, WritingMeasures};
use lm::SpecialTokens;
use lm::infer::generate::{GenerateConfig, GenerateRequest};
use lm::infer::sample::Filters;
use lm::infer::score::Scored;
use lm::lora::Adapter;
use metrics::extractive::{lead_3, longest_3};
use project::artifact::{Output, TestDialogue, rows};
use project::format_rule::guard::Overlap;
use project::part::writer;
use project::recipe::Recipe;
use serde::{Deserialize, Serialize};

use super::context::{Stage, StageOutput, mean_ce};
use super::dialogues::ids_way;
use super::sampling::{Attempts, Task, Way};
use super::scoring::content_scores;
use super::spread::BLOCK_ITEMS;
use crate::error::Result;
use crate::prompt::Prompts;
use crate::selection::{Example, TestData};

/// A system's summaries of the test dialogues.
pub(crate) fn summarize(stage: &Stage<'_>, system: System, test: &TestData) -> Result<StageOutput> {
    let examples = test.examples();
    let lines: Option<fn(&[String]) -> String> = match system {
        System::Lead3 => Some(lead_3),
        System::Longest3 => Some(longest_3),
        _ => None,
    };
    if let Some(lines) = lines {
        return of_lines(stage, system, examples, lines);
    }
    let adapter = match system.is_trained() {
        true => Some(stage.trained(Part::summarizer(stage.part.round(), system))?),
        false => None,
    };
    let recipe = instructed(stage, system)?;
    let asked = Prompts::new(stage.run.model, &recipe);
    let prompts = prompts(stage, &asked, system, examples)?;
    let task = format!("{system} summaries");
    let written = stage.spread(&task, examples.len(), BLOCK_ITEMS, &|items| {
        let asked = Asked {
            first: items.start,
            examples: &examples[items.clone()],
            prompts: &prompts[items],
        };
        let written = outputs(stage, system, adapter.as_ref(), &asked)?;
        with_base_ces(stage, asked.examples, written)
    })?;
    let outputs: Vec<Output> = written.into_iter().flatten().collect();
    stage.sample(SampleItem::Prediction {
        system,
        prediction: outputs.first().map(|output| output.prediction.clone()),
    });
    Ok(StageOutput {
        artifacts: rows(&outputs)?,
        n_in: examples.len() as u64,
        n_out: outputs.len() as u64,
        ..StageOutput::default()
    })
}

/// The summaries that are lines of the test dialogues.
fn of_lines(
    stage: &Stage<'_>,
    system: System,
    examples: &[Example],
    summary: fn(&[String]) -> String,
) -> Result<StageOutput> {
    let output = |example: &Example| {
        let lines: Vec<String> = example.dialogue.lines().map(str::to_owned).collect();
        let prediction = summary(&lines);
        let tokenizer = &stage.run.model.tokenizer;
        Ok(Output {
            system,
            id: example.id.clone(),
            references: example.references.clone(),
            reference_ce: None,
            base_ce: None,
            tokens: tokenizer.encode(&prediction, SpecialTokens::AsText)?.len(),
            examples: 0,
            prediction,
        })
    };
    let outputs = examples.iter().map(output).collect::<Result<Vec<_>>>()?;
    Ok(StageOutput {
        artifacts: rows(&outputs)?,
        n_in: examples.len() as u64,
        n_out: outputs.len() as u64,
        ..StageOutput::default()
    })
}

/// What a trained system writes for validation examples, which are read like test examples.
pub(crate) fn of_validation(
    stage: &Stage<'_>,
    system: System,
    adapter: &Adapter,
) -> Result<Vec<Output>> {
    let examples = &stage.data().validation;
    let asked = Asked {
        first: 0,
        examples,
        prompts: &prompts(stage, &stage.prompts(), system, examples)?,
    };
    outputs(stage, system, Some(adapter), &asked)
}

/// A block of test examples with their prompts.
struct Asked<'a> {
    /// Number of the first example.
    first: usize,
    examples: &'a [Example],
    prompts: &'a [(Vec<u32>, usize)],
}

fn outputs(
    stage: &Stage<'_>,
    system: System,
    adapter: Option<&Adapter>,
    asked: &Asked<'_>,
) -> Result<Vec<Output>> {
    let request = |(place, (prompt_ids, _)): (usize, &(Vec<u32>, usize))| GenerateRequest {
        prompt_ids: prompt_ids.clone(),
        key: stage.key(system.as_str(), asked.first + place, 0),
    };
    let requests: Vec<GenerateRequest> = asked.prompts.iter().enumerate().map(request).collect();
    let config = GenerateConfig {
        max_new_tokens: stage.recipe().summary_max_new_tokens,
        filters: Filters::GREEDY,
        stop_ids: stage.run.model.stop_ids.clone(),
        batch_size: stage.recipe().generate_batch_size,
    };
    let generated = stage.generate(&format!("{system} summaries"), adapter, &requests, &config)?;
    let ces = reference_ces(stage, adapter, asked)?;
    let mut outputs = Vec::with_capacity(asked.examples.len());
    for (place, generation) in generated.generations.iter().enumerate() {
        let example = &asked.examples[place];
        outputs.push(Output {
            system,
            id: example.id.clone(),
            prediction: stage.text(&generation.ids)?,
            references: example.references.clone(),
            reference_ce: Some(ces[place]),
            base_ce: None,
            tokens: generation.ids.len(),
            examples: asked.prompts[place].1,
        });
    }
    Ok(outputs)
}

/// The recipe with the instruction that a system has. Only the base model may have another one (`prompt_candidates`):
/// the one under which the validation summaries have the lowest cross-entropy, the first of equals.
fn instructed<'a>(stage: &Stage<'a>, system: System) -> Result<Cow<'a, Recipe>> {
    let recipe = stage.recipe();
    if system != System::ZeroShot || recipe.prompt_candidates.is_empty() {
        return Ok(Cow::Borrowed(recipe));
    }
    let mut best: Option<(f64, Recipe)> = None;
    for instruction in iter::once(&recipe.prompt_summarize).chain(&recipe.prompt_candidates) {
        let with = Recipe {
            prompt_summarize: instruction.clone(),
            ..recipe.clone()
        };
        let prompts = Prompts::new(stage.run.model, &with);
        let item = |example: &Example| {
            let prompt = prompts.summarize(&example.dialogue)?;
            Ok((prompt, prompts.completion(&example.summary)?))
        };
        let items = stage.data().validation.iter().map(item);
        let scored = stage.score(None, &items.collect::<Result<Vec<_>>>()?)?;
        let ce = mean_ce(&scored);
        if best.as_ref().is_none_or(|(lowest, _)| ce < *lowest) {
            best = Some((ce, with));
        }
    }
    Ok(best.map_or(Cow::Borrowed(recipe), |(_, with)| Cow::Owned(with)))
}

/// Prompts with the number of worked examples in each: for in-context summarization the largest k that fits.
fn prompts(
    stage: &Stage<'_>,
    asked: &Prompts<'_>,
    system: System,
    examples: &[Example],
) -> Result<Vec<(Vec<u32>, usize)>> {
    let (recipe, limit) = (stage.recipe(), stage.run.model.context_tokens());
    let most = if system == System::InContext {
        recipe.icl_examples
    } else {
        0
    };
    let worked: Vec<(&str, &str)> = stage
        .data()
        .shots
        .iter()
        .take(most)
        .map(|shot| (shot.dialogue.as_str(), shot.summary.as_str()))
        .collect();
    // Room for the longest answer that is generated or scored, the same for every item.
    let references = examples
        .iter()
        .map(|example| Ok(stage.prompts().completion(&example.summary)?.len()));
    let longest = references
        .collect::<Result<Vec<usize>>>()?
        .into_iter()
        .max()
        .unwrap_or(0);
    let room = longest.max(recipe.summary_max_new_tokens);
    let prompt = |example: &Example| {
        for k in (1..=worked.len()).rev() {
            let ids = asked.summarize_like(&worked[..k], &example.dialogue)?;
            if ids.len() + room <= limit {
                return Ok((ids, k));
            }
        }
        Ok((asked.summarize(&example.dialogue)?, 0))
    };
    examples.iter().map(prompt).collect()
}

/// Nats per token of each first gold summary under the system.
fn reference_ces(
    stage: &Stage<'_>,
    adapter: Option<&Adapter>,
    asked: &Asked<'_>,
) -> Result<Vec<f64>> {
    let item = |(prompt, example): (&(Vec<u32>, usize), &Example)| {
        let completion = stage.prompts().completion(&example.summary)?;
        Ok((prompt.0.clone(), completion))
    };
    let pairs = asked.prompts.iter().zip(asked.examples);
    let items = pairs.map(item).collect::<Result<Vec<_>>>()?;
    let scored = stage.score(adapter, &items)?;
    let ce = |scored: &Scored| -scored.logp_sum / scored.n_tokens.max(1) as f64;
    Ok(scored.iter().map(ce).collect())
}

/// The outputs with the nats per token that each has under the base model, whichever system wrote it.
fn with_base_ces(
    stage: &Stage<'_>,
    examples: &[Example],
    mut outputs: Vec<Output>,
) -> Result<Vec<Output>> {
    let predictions = outputs.iter().map(|output| output.prediction.as_str());
    let dialogues = examples.iter().map(|example| example.dialogue.as_str());
    let scores = content_scores(stage, &dialogues.zip(predictions).collect::<Vec<_>>())?;
    for (output, score) in outputs.iter_mut().zip(scores) {
        output.base_ce = score.map(|score| -score);
    }
    Ok(outputs)
}

/// What a synthesizer wrote for a block of test summaries, and how well the base model summarizes it.
#[derive(Serialize, Deserialize)]
struct Written {
    attempts: Attempts,
    scores: Vec<Option<f64>>,
}

/// A synthesizer's dialogues for the test summaries.
pub(crate) fn synthesize(
    stage: &Stage<'_>,
    synthesizer: Synthesizer,
    test: &TestData,
) -> Result<StageOutput> {
    let (recipe, examples) = (stage.recipe(), test.examples());
    let limit = match recipe.synthesizer_items {
        0 => examples.len(),
        most => most.min(examples.len()),
    };
    let examples = &examples[..limit];
    let way = match synthesizer {
        Synthesizer::Ids => ids_way(recipe),
        Synthesizer::Rejection => Way::Resample(recipe.rejection_max_tries),
        Synthesizer::SftConstrained => Way::Constrained,
        _ => Way::Resample(1),
    };
    let adapter = stage.trained(writer(1, synthesizer))?;
    let rule = stage.format_rule();
    let summaries: Vec<&str> = examples
        .iter()
        .map(|example| example.summary.as_str())
        .collect();
    let task = Task {
        name: &format!("{synthesizer} dialogues"),
        stream: "test dialogues",
    };
    let written = stage.spread(task.name, limit, BLOCK_ITEMS, &|items| {
        let asked = &summaries[items.clone()];
        let attempts = stage.write_dialogues(task, &adapter, asked, items.start, &rule, way)?;
        let texts = attempts.items.iter().map(|attempt| attempt.text.as_str());
        let pairs: Vec<(&str, &str)> = texts.zip(asked.iter().copied()).collect();
        let scores = content_scores(stage, &pairs)?;
        Ok(Written { attempts, scores })
    })?;
    let (mut dialogues, mut measured) = (Vec::with_capacity(limit), WritingMeasures::default());
    for Written { attempts, scores } in written {
        measured = measured.and(&attempts.measures());
        for (attempt, score) in attempts.items.into_iter().zip(scores) {
            let example = &examples[dialogues.len()];
            dialogues.push(TestDialogue {
                system: synthesizer,
                id: example.id.clone(),
                summary: example.summary.clone(),
                copies: copies(stage, &attempt.text, &example.summary),
                text: attempt.text,
                ended: attempt.ended,
                pass: attempt.pass,
                rules: attempt.rules,
                score,
                tries: attempt.tries,
                tokens: attempt.tokens,
            });
        }
    }
    let accepted = dialogues.iter().filter(|dialogue| dialogue.pass).count();
    let measured = measured.accepting(accepted);
    Ok(StageOutput {
        artifacts: rows(&dialogues)?,
        n_in: limit as u64,
        n_out: accepted as u64,
        measures: Measures::Writing([(synthesizer, measured)].into()),
        ..StageOutput::default()
    })
}

/// Whether a dialogue quotes its summary beyond the recipe's limits (also where the guards are off in this domain).
pub(crate) fn copies(stage: &Stage<'_>, dialogue: &str, summary: &str) -> bool {
    let overlap = Overlap::of(dialogue, summary);
    overlap.copy_run >= stage.recipe().copy_run_words
        || overlap.copy_share > stage.recipe().copy_share
}
