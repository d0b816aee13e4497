//! Stage 9: every system on the fenced test split (ROUGE, `reference_ce`, lengths, paired bootstrap against real-only
//! training), and every synthesizer on the test summaries (format rate, `scorer_ce`, copy rate, seconds per accepted
//! dialogue). The figures are computed in `report` from the outputs stored here, so that everybody can recompute them.

use std::collections::BTreeMap;

use contract::{Measures, SampleItem, StageName, Synthesizer, System, WritingMeasures};
use lm::infer::generate::{GenerateConfig, GenerateRequest};
use lm::infer::sample::Filters;
use lm::lora::Adapter;
use project::artifact::{Output, TestDialogue, TrainedAdapter, rows};
use project::format_rule::guard::Overlap;
use project::report::{bootstrap_seed, results, synthesizer_results};

use super::candidates::content_scores;
use super::context::{Stage, StageOutput};
use super::dialogues::synthesizer_adapter;
use super::sampling::{Task, Way};
use crate::error::Result;
use crate::selection::{Example, TestData};

pub(crate) fn run(stage: &Stage<'_>, test: &TestData) -> Result<StageOutput> {
    let examples = test.examples();
    let mut outputs = Vec::new();
    for system in &stage.recipe().systems {
        outputs.extend(summarize(stage, *system, examples)?);
    }
    let mut measures = BTreeMap::new();
    let mut dialogues = Vec::new();
    for synthesizer in synthesizers(stage)? {
        let (written, measured) = synthesize(stage, synthesizer, examples)?;
        measures.insert(synthesizer, measured);
        dialogues.extend(written);
    }
    let mut artifacts = rows(&outputs)?;
    artifacts.extend(rows(&dialogues)?);
    artifacts.extend(rows(&results(
        &outputs,
        stage.recipe().bootstrap,
        bootstrap_seed(stage.run.row.seed),
    ))?);
    artifacts.extend(rows(&synthesizer_results(&dialogues))?);
    Ok(StageOutput {
        n_in: examples.len() as u64,
        n_out: artifacts.len() as u64,
        artifacts,
        measures: Measures::Writing(measures),
        ..StageOutput::default()
    })
}

fn summarize(stage: &Stage<'_>, system: System, examples: &[Example]) -> Result<Vec<Output>> {
    let adapter = match system.is_trained() {
        true => Some(stage.trained(StageName::Summarizer, system.as_str())?),
        false => None,
    };
    let prompts = prompts(stage, system, examples)?;
    let requests: Vec<GenerateRequest> = prompts
        .iter()
        .enumerate()
        .map(|(item, (prompt_ids, _))| GenerateRequest {
            prompt_ids: prompt_ids.clone(),
            key: stage.key(system.as_str(), item, 0),
        })
        .collect();
    let config = GenerateConfig {
        max_new_tokens: stage.recipe().summary_max_new_tokens,
        filters: Filters::GREEDY,
        stop_ids: stage.run.model.stop_ids.clone(),
        batch_size: stage.recipe().generate_batch_size,
    };
    let generated = stage.generate(
        &format!("{system} summaries"),
        adapter.as_ref(),
        &requests,
        &config,
    )?;
    let ces = reference_ces(stage, system, adapter.as_ref(), &prompts, examples)?;
    let mut outputs = Vec::with_capacity(examples.len());
    for (index, (example, generation)) in examples.iter().zip(&generated.generations).enumerate() {
        outputs.push(Output {
            system,
            id: example.id.clone(),
            prediction: stage.text(&generation.ids)?,
            references: example.references.clone(),
            reference_ce: ces[index],
            tokens: generation.ids.len(),
            examples: prompts[index].1,
        });
    }
    stage.sample(SampleItem::Prediction {
        system,
        prediction: outputs.first().map(|output| output.prediction.clone()),
    });
    Ok(outputs)
}

/// Prompts with the number of worked examples in each: for in-context summarization the largest k that fits.
fn prompts(
    stage: &Stage<'_>,
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
            let ids = stage
                .prompts()
                .summarize_like(&worked[..k], &example.dialogue)?;
            if ids.len() + room <= limit {
                return Ok((ids, k));
            }
        }
        Ok((stage.prompts().summarize(&example.dialogue)?, 0))
    };
    examples.iter().map(prompt).collect()
}

/// Nats per token of each first gold summary under the system.
fn reference_ces(
    stage: &Stage<'_>,
    system: System,
    adapter: Option<&Adapter>,
    prompts: &[(Vec<u32>, usize)],
    examples: &[Example],
) -> Result<Vec<f64>> {
    let key = format!("reference_ce/{system}");
    if let Some(ces) = stage.work(&key)? {
        return Ok(ces);
    }
    stage.begin_task(&format!("{system} reference_ce"));
    let item = |(prompt, example): (&(Vec<u32>, usize), &Example)| {
        Ok((
            prompt.0.clone(),
            stage.prompts().completion(&example.summary)?,
        ))
    };
    let items = prompts
        .iter()
        .zip(examples)
        .map(item)
        .collect::<Result<Vec<_>>>()?;
    let ces: Vec<f64> = stage
        .score(adapter, &items)?
        .iter()
        .map(|s| -s.logp_sum / s.n_tokens.max(1) as f64)
        .collect();
    stage.put_work(&key, &ces)?;
    Ok(ces)
}

/// The synthesizers of this run: an alignment that found no pairs left none, and the grammar is asked for.
fn synthesizers(stage: &Stage<'_>) -> Result<Vec<Synthesizer>> {
    let aligned: Vec<TrainedAdapter> = stage.read(StageName::Align)?;
    let exists = |s: &Synthesizer| match s {
        Synthesizer::DpoSeparate | Synthesizer::DpoJoint => {
            aligned.iter().any(|adapter| adapter.role == s.as_str())
        }
        Synthesizer::SftConstrained => stage.recipe().constrained_dialogues,
        Synthesizer::Sft | Synthesizer::Ids | Synthesizer::Rejection => true,
    };
    Ok(Synthesizer::ALL.iter().copied().filter(exists).collect())
}

fn synthesize(
    stage: &Stage<'_>,
    synthesizer: Synthesizer,
    examples: &[Example],
) -> Result<(Vec<TestDialogue>, WritingMeasures)> {
    let recipe = stage.recipe();
    let limit = if recipe.synthesizer_items == 0 {
        examples.len()
    } else {
        recipe.synthesizer_items
    };
    let examples = &examples[..limit.min(examples.len())];
    let way = match synthesizer {
        Synthesizer::Ids => Way::Iterate(recipe.ids_max_iterations),
        Synthesizer::Rejection => Way::Resample(recipe.rejection_max_tries),
        Synthesizer::SftConstrained => Way::Constrained,
        _ => Way::Resample(1),
    };
    let (adapter, rule) = (
        synthesizer_adapter(stage, synthesizer)?,
        stage.format_rule(),
    );
    let summaries: Vec<&str> = examples
        .iter()
        .map(|example| example.summary.as_str())
        .collect();
    let task = Task {
        name: &format!("{synthesizer} dialogues"),
        stream: "test dialogues",
    };
    let attempts = stage.write_dialogues(task, &adapter, &summaries, &rule, way)?;
    let pairs: Vec<(&str, &str)> = attempts
        .items
        .iter()
        .map(|a| a.text.as_str())
        .zip(summaries)
        .collect();
    let key = format!("scorer_ce/{synthesizer}");
    let scores: Vec<Option<f64>> = match stage.work(&key)? {
        Some(scores) => scores,
        None => {
            let scores = content_scores(stage, &pairs)?;
            stage.put_work(&key, &scores)?;
            scores
        }
    };
    let accepted = attempts.items.iter().filter(|attempt| attempt.pass).count();
    let measured = WritingMeasures::new(attempts.wall_s, accepted);
    let dialogue =
        |((attempt, example), score): ((super::sampling::Attempt, &Example), Option<f64>)| {
            TestDialogue {
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
            }
        };
    Ok((
        attempts
            .items
            .into_iter()
            .zip(examples)
            .zip(scores)
            .map(dialogue)
            .collect(),
        measured,
    ))
}

/// Whether a dialogue quotes its summary beyond the recipe's limits (also where the guards are off in this domain).
fn copies(stage: &Stage<'_>, dialogue: &str, summary: &str) -> bool {
    let overlap = Overlap::of(dialogue, summary);
    overlap.copy_run >= stage.recipe().copy_run_words
        || overlap.copy_share > stage.recipe().copy_share
}
