//! Measurements on real data: a complete small run, and dialogues as the summarizer is trained on them.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::Mutex;
use std::time::Instant;

use contract::{Event, Preset, StageName, StageStanding};
use lm::LanguageModel;
use lm::profile::{self, Work};
use lm::train::TrainExample;
use mrds::Result;
use mrds::event::EventSink;
use mrds::prompt::Prompts;
use mrds::run::{RunRequest, StageRange};
use mrds::worker::{Process, create_run, execute, prepare};
use project::import::{ImportOptions, read};
use project::recipe::Recipe;
use project::session::{ImportRequest, Session};
use serde::Serialize;
use serde_json::Value;

/// Processor seconds of this process so far, all threads.
pub fn cpu_s() -> f64 {
    host::usage::of_this_process().cpu_s
}

/// Releases freed memory and resets the highest resident memory, if the system can.
pub fn reset_peak() {
    lm::allocator::trim();
    host::usage::reset_peak();
}

/// Highest resident memory of this process so far.
pub fn peak_rss_bytes() -> u64 {
    host::usage::of_this_process().peak_rss_bytes
}

/// The first `items` dialogues of a file as the summarizer is trained on them, with the default recipe's prompt. What
/// does not fit the model's context is left out.
///
/// # Errors
/// Those of an import, and of the chat template.
pub fn summarizer_examples(
    model: &LanguageModel,
    file: &Path,
    items: usize,
) -> Result<Vec<TrainExample>> {
    let recipe = Recipe::preset(Preset::Default);
    let prompts = Prompts::new(model, &recipe);
    let import = read(&[PathBuf::from(file)], &ImportOptions::default())?;
    import.require_mapping()?;
    let context = model.decoder.config.max_position_embeddings;
    let mut examples = Vec::new();
    for pair in import.examples.iter().take(items) {
        let example = TrainExample {
            prompt_ids: prompts.summarize(&pair.dialogue)?,
            completion_ids: prompts.completion(&pair.references[0])?,
        };
        if example.prompt_ids.len() + example.completion_ids.len() <= context {
            examples.push(example);
        }
    }
    Ok(examples)
}

/// What a fixed small run took.
#[derive(Clone, Debug, Serialize)]
pub struct PipelineFigures {
    /// Figures of each stage.
    pub stages: Vec<StageFigures>,
    /// Wall-clock seconds, from the choice of examples to the last stage.
    pub wall_s: f64,
    /// Processor seconds of all threads.
    pub cpu_s: f64,
    /// Tokens that went through the decoder.
    pub tokens: u64,
    /// Highest resident memory of the process.
    pub peak_rss_bytes: u64,
    /// Shares of the processor seconds, by kind of work; they add up to 1.
    pub shares: BTreeMap<String, f64>,
    /// Every call to the engine in order, if calls were asked for: what another program needs to do the same work.
    #[serde(skip)]
    pub calls: Vec<Value>,
}

/// What one stage took.
#[derive(Clone, Debug, Serialize)]
pub struct StageFigures {
    /// Name of the stage.
    pub name: StageName,
    /// Wall-clock seconds.
    pub wall_s: f64,
    /// Processor seconds of all threads.
    pub cpu_s: f64,
    /// Tokens that went through the decoder.
    pub tokens: u64,
    /// Highest resident memory while the stage ran.
    pub peak_rss_bytes: u64,
}

/// The recipe of the measured run: it uses every stage and takes minutes on two cores.
///
/// # Errors
/// None in a released version: a test checks that the recipe resolves.
pub fn pipeline_recipe() -> Result<Recipe> {
    let mut recipe = Recipe::preset(Preset::Small);
    for setting in [
        "shots=12",
        "validation=4",
        "test_items=6",
        "synthetic_per_shot=1",
        "sft_max_epochs=2",
        "candidates_per_summary=3",
        "candidate_synthetic_limit=6",
        "dialogue_max_new_tokens=160",
        "dialogue_tries=3",
        "systems=zero_shot,sft_real,mrds_separate",
    ] {
        recipe.set(setting)?;
    }
    recipe.validate()?;
    Ok(recipe)
}

/// Imports `data` into an empty workspace and carries out [`pipeline_recipe`] on it; with `calls` it also records what
/// the engine was asked to do.
///
/// # Errors
/// Whatever the import, the plan or a stage reports.
pub fn pipeline(
    session: &Session,
    data: &Path,
    request: RunRequest,
    process: &Process<'_>,
    calls: bool,
) -> Result<PipelineFigures> {
    let files = vec![PathBuf::from(data)];
    let import = ImportRequest {
        files,
        name: request.dataset.clone(),
        skip_bad: true,
        ..ImportRequest::default()
    };
    session.import(&import, (process.now_ms)())?;
    let (begun, cpu_before, busy_before) = (Instant::now(), cpu_s(), session.store().busy_s());
    profile::start();
    let prepared = prepare(session, &request, (process.now_ms)())?;
    let run = create_run(session, &request, &prepared, (process.now_ms)())?.id;
    drop(prepared);
    let marks = Marks {
        noted: Mutex::default(),
        calls,
        sink: process.sink,
    };
    let watched = Process {
        owner: process.owner.clone(),
        sink: &marks,
        ..*process
    };
    execute(session, &run, StageRange::default(), &watched)?;
    let (wall_s, cpu_s) = (begun.elapsed().as_secs_f64(), cpu_s() - cpu_before);
    let totals = profile::totals();
    let noted = marks
        .noted
        .into_inner()
        .unwrap_or_else(std::sync::PoisonError::into_inner);
    let stages = session
        .stages(&session.run(&run)?)?
        .into_iter()
        .map(|(stage, _)| {
            let (first, last) = noted.tokens.get(&stage.name).copied().unwrap_or_default();
            StageFigures {
                wall_s: stage.wall_s,
                cpu_s: stage.cpu_s,
                tokens: last - first,
                peak_rss_bytes: stage.peak_rss_bytes,
                name: stage.name,
            }
        });
    let mut shares: BTreeMap<String, f64> = Work::ALL
        .iter()
        .zip(totals.seconds)
        .map(|(work, s)| (work.as_str().to_owned(), s / cpu_s))
        .collect();
    shares.insert(
        "database".to_owned(),
        (session.store().busy_s() - busy_before) / cpu_s,
    );
    let other = 1.0 - shares.values().sum::<f64>();
    shares.insert("other".to_owned(), other);
    Ok(PipelineFigures {
        stages: stages.collect(),
        wall_s,
        cpu_s,
        tokens: totals.tokens,
        peak_rss_bytes: peak_rss_bytes(),
        shares,
        calls: noted.calls,
    })
}

/// Records the decoder's tokens at the beginning and end of each stage and, if asked for, calls; passes events on.
struct Marks<'a> {
    noted: Mutex<Noted>,
    calls: bool,
    sink: &'a dyn EventSink,
}

#[derive(Default)]
struct Noted {
    tokens: BTreeMap<StageName, (u64, u64)>,
    calls: Vec<Value>,
}

impl EventSink for Marks<'_> {
    fn event(&self, event: &Event) {
        if let Event::Stage { name, status } = event
            && let Ok(mut noted) = self.noted.lock()
        {
            let now = profile::totals().tokens;
            let mark = noted.tokens.entry(*name).or_insert((now, now));
            if *status != StageStanding::Running {
                mark.1 = now;
            }
        }
        self.sink.event(event);
    }

    fn call(&self, describe: &dyn Fn() -> Value) {
        if self.calls
            && let Ok(mut noted) = self.noted.lock()
        {
            noted.calls.push(describe());
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_measured_recipe_is_valid() {
        assert!(pipeline_recipe().unwrap().resolve(7_000_000).is_ok());
    }
}
