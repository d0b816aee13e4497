//! What every stage works with: its run, cached generation and scoring in fixed batches, progress, and the check
//! whether it should stop.
//!
//! Each finished batch is written to the store's `work` table at once, so a killed run loses at most one batch. Batch
//! membership depends on item numbers and the recipe alone: a resumed run forms the same batches and gets the same
//! results.

use contract::{Control, Event, FileAction, Measures, Part, RunId, SampleItem, StageName, Step};
use std::cell::{Cell, RefCell};
use std::collections::BTreeMap;
use std::ops::ControlFlow;
use std::path::PathBuf;
use std::sync::atomic::Ordering;
use std::time::{Duration, Instant};

use host::usage;
use lm::LanguageModel;
use lm::infer::generate::{
    Constraint, Finish, GenerateConfig, GenerateRequest, Generation, generate_constrained,
};
use lm::infer::score::{Completion, Scored, score};
use lm::lora::Adapter;
use project::artifact::{Artifact, TrainedAdapter, read};
use project::error::corrupt;
use project::recipe::Recipe;
use serde::{Deserialize, Serialize};
use store::{NewArtifact, PartUsage, Store};

use crate::error::{Error, Result};
use crate::kept;
use crate::prompt::Prompts;
use crate::run::Run;
use crate::selection::TrainingData;
use crate::stage::block::Block;
use crate::stage::shown::{Drafts, Pulse};

/// How often the database is checked for pause or cancel, and progress is written to it.
const POLL: Duration = Duration::from_millis(250);
/// Requests generated between two commits, in batches.
pub(super) const BATCHES_PER_COMMIT: usize = 4;

/// What a stage hands back.
#[derive(Default)]
pub(crate) struct StageOutput {
    /// What later stages and people read.
    pub(crate) artifacts: Vec<NewArtifact>,
    /// Items it began with.
    pub(crate) n_in: u64,
    /// Items it ended with.
    pub(crate) n_out: u64,
    /// Items left out, by reason.
    pub(crate) dropped: BTreeMap<String, u64>,
    /// Figures that are not determined by the seed (seconds), and summaries of the artifacts.
    pub(crate) measures: Measures,
}

/// What a stage has used, summed over all processes that worked on it.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub(crate) struct Usage {
    /// Wall-clock seconds.
    pub(crate) wall_s: f64,
    /// Seconds of processor time, user and system, all threads.
    pub(crate) cpu_s: f64,
    /// Highest resident memory.
    pub(crate) peak_rss_bytes: u64,
}

/// A part of a stage at work.
pub(crate) struct Stage<'a> {
    pub(crate) run: &'a Run<'a>,
    pub(crate) part: Part,
    pub(crate) name: StageName,
    inputs: String,
    begun: Instant,
    cpu_at_begin_s: f64,
    before: Usage,
    polled: Cell<Instant>,
    shown: Cell<Instant>,
    last_sample: RefCell<Option<SampleItem>>,
    pulse: Pulse,
    task: RefCell<Task>,
    block: RefCell<Option<Block>>,
}

/// A unit of progress within a stage.
#[derive(Clone, Debug)]
struct Task {
    name: String,
    begun: Instant,
    tokens: usize,
    first_step: usize,
    /// The last step that was reported.
    furthest: usize,
}

#[derive(Serialize, Deserialize)]
struct StoredGeneration {
    ids: Vec<u32>,
    ended: bool,
}

#[derive(Serialize, Deserialize)]
struct StoredBatch {
    wall_s: f64,
    generations: Vec<StoredGeneration>,
}

/// Generated sequences with the seconds they took.
pub(crate) struct Generated {
    pub(crate) generations: Vec<Generation>,
    pub(crate) wall_s: f64,
}

/// Progress of one step.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Progress {
    pub(crate) step: usize,
    pub(crate) total: usize,
    pub(crate) tokens: usize,
    pub(crate) loss: Option<f64>,
    pub(crate) lr: Option<f64>,
}

impl From<Usage> for PartUsage {
    fn from(usage: Usage) -> Self {
        Self {
            wall_s: usage.wall_s,
            cpu_s: usage.cpu_s,
            peak_rss_bytes: usage.peak_rss_bytes,
        }
    }
}

impl<'a> Stage<'a> {
    /// Begins or continues a part.
    pub(crate) fn begin(run: &'a Run<'a>, part: Part, inputs: &str) -> Result<Self> {
        let row = run.store.part(&run.row.id, part)?;
        let before = row.map_or(Usage::default(), |row| Usage {
            wall_s: row.wall_s,
            cpu_s: row.cpu_s,
            peak_rss_bytes: row.peak_rss_bytes,
        });
        lm::allocator::trim();
        usage::reset_peak();
        let now = Instant::now();
        let task = Task {
            name: part.to_string(),
            begun: now,
            tokens: 0,
            first_step: 0,
            furthest: 0,
        };
        Ok(Self {
            run,
            part,
            name: part.stage(),
            inputs: inputs.to_owned(),
            begun: now,
            cpu_at_begin_s: usage::of_this_process().cpu_s,
            before,
            polled: Cell::new(now),
            shown: Cell::new(now),
            last_sample: RefCell::new(None),
            pulse: Pulse::new(),
            task: RefCell::new(task),
            block: RefCell::new(None),
        })
    }

    pub(crate) fn recipe(&self) -> &'a Recipe {
        &self.run.recipe
    }

    pub(crate) fn data(&self) -> &'a TrainingData {
        &self.run.data
    }

    pub(crate) fn prompts(&self) -> Prompts<'a> {
        Prompts::new(self.run.model, &self.run.recipe)
    }

    /// Works on a block: what is kept meanwhile belongs to it, and so does the progress.
    pub(super) fn within<T>(&self, block: Block, work: impl FnOnce() -> T) -> T {
        self.block.replace(Some(block));
        let result = work();
        self.block.replace(None);
        result
    }

    /// The key of a random stream of this stage: seed, stage, task, item, sample, and any round after the first.
    pub(crate) fn key(&self, task: &str, item: usize, sample: usize) -> u64 {
        let key = self.key_of_all_rounds(task, item, sample);
        match self.part.round() {
            1 => key,
            // A later round makes new draws.
            round => lm::random::key(key, &[lm::random::label("round"), u64::from(round)]),
        }
    }

    /// The same key in every round.
    pub(crate) fn key_of_all_rounds(&self, task: &str, item: usize, sample: usize) -> u64 {
        let label = lm::random::label;
        lm::random::key(
            self.run.row.seed,
            &[
                label(self.name.as_str()),
                label(task),
                item as u64,
                sample as u64,
            ],
        )
    }

    /// Artifacts of an earlier part.
    pub(crate) fn read<A: Artifact>(&self, part: Part) -> Result<Vec<A>> {
        let stored = &self.run.store;
        Ok(read(&stored.part_artifacts(
            &self.run.row.id,
            part,
            Some(A::KIND),
        )?)?)
    }

    /// The adapter that an earlier part trained.
    pub(crate) fn trained(&self, part: Part) -> Result<Adapter> {
        self.load_adapter(&self.training_of(part)?.sha256)
    }

    /// What an earlier part trained, with its record.
    pub(crate) fn training_of(&self, part: Part) -> Result<TrainedAdapter> {
        let mut adapters: Vec<TrainedAdapter> = self.read(part)?;
        adapters.pop().ok_or_else(|| {
            Error::Project(project::error::corrupt(
                "adapter",
                format!("{part} holds none"),
            ))
        })
    }

    pub(crate) fn load_adapter(&self, sha256: &str) -> Result<Adapter> {
        kept::load_adapter(self.run.store, sha256, &self.run.model.decoder)
    }

    /// Completes prompts, each with its own random stream, committing as it goes.
    pub(crate) fn generate(
        &self,
        task: &str,
        adapter: Option<&Adapter>,
        requests: &[GenerateRequest],
        config: &GenerateConfig,
    ) -> Result<Generated> {
        self.generate_constrained(task, adapter, requests, config, None)
    }

    /// The same under a constraint on what may follow, by the request's number.
    pub(crate) fn generate_constrained(
        &self,
        task: &str,
        adapter: Option<&Adapter>,
        requests: &[GenerateRequest],
        config: &GenerateConfig,
        constraint: Option<&Constraint<'_>>,
    ) -> Result<Generated> {
        if self.block.borrow().is_none() {
            self.begin_task(task);
        }
        self.pulse.begin((self.run.now_ms)());
        let per_commit = (config.batch_size * BATCHES_PER_COMMIT).max(1);
        let mut generated = Generated {
            generations: Vec::with_capacity(requests.len()),
            wall_s: 0.0,
        };
        for (number, chunk) in requests.chunks(per_commit).enumerate() {
            let key = format!("generate/{task}/{number}");
            let (batch, fresh) = match self.work::<StoredBatch>(&key)? {
                Some(batch) => (batch, false),
                None => {
                    let first = number * per_commit;
                    let shifted = constraint.map(|constraint| {
                        move |item: usize, ids: &[u32], logits: &mut [f32]| {
                            constraint(first + item, ids, logits)
                        }
                    });
                    let shifted = shifted.as_ref().map(|shifted| shifted as &Constraint<'_>);
                    let reached = (first, requests.len());
                    let batch = self.generate_chunk(adapter, chunk, config, shifted, reached)?;
                    (batch, true)
                }
            };
            if fresh {
                self.put_work(&key, &batch)?;
            }
            let tokens = batch.generations.iter().map(|g| g.ids.len()).sum();
            generated.wall_s += batch.wall_s;
            generated
                .generations
                .extend(batch.generations.into_iter().map(|g| Generation {
                    ids: g.ids,
                    finish: if g.ended {
                        Finish::Stop
                    } else {
                        Finish::Length
                    },
                }));
            self.progress(Progress {
                tokens: if fresh { tokens } else { 0 },
                ..self.reached(generated.generations.len(), requests.len())
            })?;
        }
        self.call_generate(adapter.is_some(), requests, config, &generated.generations);
        Ok(generated)
    }

    fn generate_chunk(
        &self,
        adapter: Option<&Adapter>,
        chunk: &[GenerateRequest],
        config: &GenerateConfig,
        constraint: Option<&Constraint<'_>>,
        reached: (usize, usize),
    ) -> Result<StoredBatch> {
        let begun = Instant::now();
        let mut failed = None;
        let mut drafts = Drafts::new(chunk.len());
        let mut on_token = |item: usize, token: u32| {
            let ended = drafts.push(item, token, |ids| {
                ids.len() == config.max_new_tokens || config.stop_ids.contains(&token)
            });
            let told = self
                .check_stop()
                .and_then(|()| self.show(&mut drafts, ended.then_some(item), reached));
            match told {
                Ok(()) => ControlFlow::Continue(()),
                Err(error) => {
                    failed = Some(error);
                    ControlFlow::Break(())
                }
            }
        };
        let decoder = &self.run.model.decoder;
        let generations =
            generate_constrained(decoder, adapter, chunk, config, constraint, &mut on_token);
        if let Some(error) = failed {
            return Err(error);
        }
        let stored = |g: Generation| StoredGeneration {
            ended: g.finish == Finish::Stop,
            ids: g.ids,
        };
        Ok(StoredBatch {
            wall_s: begun.elapsed().as_secs_f64(),
            generations: generations?.into_iter().map(stored).collect(),
        })
    }

    /// Shows what is being written: a text when one is due, and how many have ended. `reached` is the request at which
    /// the batch began, and the total.
    fn show(
        &self,
        drafts: &mut Drafts,
        ended: Option<usize>,
        reached: (usize, usize),
    ) -> Result<()> {
        let mut draft = String::new();
        if self.pulse.is_due((self.run.now_ms)(), ended.is_some())
            && let Some(item) = ended.or_else(|| drafts.grown_most())
        {
            draft = self.text(drafts.ids(item))?;
            // Half a character, whose other bytes are in the next token.
            draft.truncate(draft.trim_end_matches(char::REPLACEMENT_CHARACTER).len());
        }
        // A text of line breaks alone shows nothing.
        let is_new = !draft.is_empty();
        if is_new {
            drafts.shown();
            let ended = ended.is_some();
            self.sample(SampleItem::Draft { draft, ended });
        }
        if is_new || (ended.is_some() && self.shown.get().elapsed() >= POLL) {
            let (first, total) = reached;
            let now = self.reached(first + drafts.ended(), total);
            self.report(now, drafts.tokens())?;
        }
        Ok(())
    }

    /// The progress of the task when this number of requests is done.
    fn reached(&self, step: usize, total: usize) -> Progress {
        match self.block.borrow().as_ref() {
            Some(block) => Progress {
                step: block.reached(step, total),
                total: block.total(),
                ..Progress::default()
            },
            None => Progress {
                step,
                total,
                ..Progress::default()
            },
        }
    }

    /// Log-probabilities of completions, in batches of the recipe's token budget.
    pub(crate) fn score(
        &self,
        adapter: Option<&Adapter>,
        items: &[(Vec<u32>, Vec<u32>)],
    ) -> Result<Vec<Scored>> {
        self.score_by(self.run.model, adapter, items)
    }

    /// The same by a model that need not be the run's own.
    pub(crate) fn score_by(
        &self,
        model: &LanguageModel,
        adapter: Option<&Adapter>,
        items: &[(Vec<u32>, Vec<u32>)],
    ) -> Result<Vec<Scored>> {
        // As before a task: scoring uses other sizes than the work before it.
        lm::allocator::trim();
        let mut scored = Vec::with_capacity(items.len());
        for chunk in items.chunks(64) {
            self.check_stop()?;
            let batch: Vec<Completion<'_>> = chunk
                .iter()
                .map(|(p, c)| Completion {
                    prompt_ids: p,
                    completion_ids: c,
                })
                .collect();
            let budget = self.recipe().tokens_per_microbatch;
            scored.extend(score(&model.decoder, adapter, &batch, budget)?);
        }
        self.call_score(adapter.is_some(), items);
        Ok(scored)
    }

    /// Text of sampled ids, special tokens left out.
    pub(crate) fn text(&self, ids: &[u32]) -> Result<String> {
        Ok(self.run.model.decode(ids)?.trim().to_owned())
    }

    /// The key of a partial result, preceded by that of the block at work.
    fn work_key(&self, key: &str) -> String {
        match self.block.borrow().as_ref() {
            Some(block) => format!("{}/{key}", block.key),
            None => key.to_owned(),
        }
    }

    /// A stored partial result of this part.
    pub(crate) fn work<T: for<'de> Deserialize<'de>>(&self, key: &str) -> Result<Option<T>> {
        let key = &self.work_key(key);
        let stored = self.run.store.work(&self.run.row.id, self.part, key)?;
        Ok(stored
            .map(|value| serde_json::from_value(value).map_err(|e| corrupt(key, &e)))
            .transpose()?)
    }

    /// Keeps a partial result until the part is committed.
    pub(crate) fn put_work<T: Serialize>(&self, key: &str, value: &T) -> Result<()> {
        let key = &self.work_key(key);
        let value = serde_json::to_value(value).map_err(|e| corrupt(key, &e))?;
        Ok(self
            .run
            .store
            .put_work(&self.run.row.id, self.part, key, &value)?)
    }

    /// A point of a curve.
    pub(crate) fn metric(&self, series: &str, step: usize, value: f64) -> Result<()> {
        let series = &match self.part.round() {
            1 => series.to_owned(),
            round => format!("round {round}/{series}"),
        };
        if value.is_finite() {
            self.run.store.put_metric_points(
                &self.run.row.id,
                self.part,
                &[(series, step as u64, value)],
            )?;
        }
        Ok(())
    }

    /// Shows something that the model has just made.
    pub(crate) fn sample(&self, item: SampleItem) {
        self.pulse.shown();
        *self.last_sample.borrow_mut() = Some(item.clone());
        self.run.sink.event(&Event::Sample {
            stage: self.name,
            item,
        });
    }

    /// Names what the following progress belongs to.
    pub(crate) fn begin_task(&self, name: &str) {
        // Memory that the last task has freed must not be added to what this task takes.
        lm::allocator::trim();
        *self.task.borrow_mut() = Task {
            name: name.to_owned(),
            begun: Instant::now(),
            tokens: 0,
            first_step: 0,
            furthest: 0,
        };
    }

    /// Reports a step; sends it on at most every quarter of a second, and the last one always. A block that asks again
    /// for what has failed does not take a step back.
    pub(crate) fn progress(&self, now: Progress) -> Result<()> {
        {
            let mut task = self.task.borrow_mut();
            if task.tokens == 0 && now.tokens == 0 {
                task.first_step = now.step;
            }
            task.tokens += now.tokens;
        }
        if self.shown.get().elapsed() < POLL && now.step < now.total {
            return Ok(());
        }
        self.report(now, 0)
    }

    /// Sends a step on; `tokens` are drawn but not counted yet, because their batch is not finished.
    fn report(&self, mut now: Progress, tokens: usize) -> Result<()> {
        self.shown.set(Instant::now());
        let mut task = self.task.borrow_mut();
        now.step = now.step.max(task.furthest);
        task.furthest = now.step;
        let seconds = task.begun.elapsed().as_secs_f64().max(1e-6);
        let done = now.step.saturating_sub(task.first_step);
        let left = now.total.saturating_sub(now.step) as f64;
        let usage = self.usage();
        let step = Step {
            stage: self.name,
            task: task.name.clone(),
            step: now.step,
            total_steps: now.total,
            loss: now.loss,
            lr: now.lr,
            tokens_per_s: (task.tokens + tokens) as f64 / seconds,
            eta_s: if done == 0 {
                0.0
            } else {
                left * seconds / done as f64
            },
            rss_bytes: usage.peak_rss_bytes,
        };
        let progress = contract::Progress {
            step,
            sample: self.last_sample.borrow().clone(),
        };
        self.run
            .store
            .set_progress(&self.run.row.id, self.part, Some(&progress), usage.into())?;
        self.run.sink.event(&Event::Step(progress.step));
        Ok(())
    }

    /// Seconds and memory of this stage so far.
    pub(crate) fn usage(&self) -> Usage {
        let process = usage::of_this_process();
        Usage {
            wall_s: self.before.wall_s + self.begun.elapsed().as_secs_f64(),
            cpu_s: self.before.cpu_s + process.cpu_s - self.cpu_at_begin_s,
            peak_rss_bytes: self.before.peak_rss_bytes.max(process.peak_rss_bytes),
        }
    }

    /// Writes the usage, so that a resumed stage goes on counting.
    pub(crate) fn save_usage(&self) -> Result<()> {
        let usage = self.usage().into();
        let (store, run) = (self.run.store, &self.run.row.id);
        Ok(store.set_progress(run, self.part, None, usage)?)
    }

    /// Whether pause, cancel or Ctrl-C was asked for.
    pub(crate) fn should_stop(&self) -> bool {
        if self.run.stop.load(Ordering::Relaxed) {
            return true;
        }
        if self.polled.get().elapsed() < POLL {
            return false;
        }
        self.polled.set(Instant::now());
        let asked = self.run.store.control(&self.run.row.id).ok().flatten();
        matches!(
            asked,
            Some(Control::Pause | Control::Cancel | Control::Discard)
        )
    }

    pub(crate) fn check_stop(&self) -> Result<()> {
        if self.should_stop() {
            Err(self.interrupted())
        } else {
            Ok(())
        }
    }

    pub(crate) fn interrupted(&self) -> Error {
        Error::Interrupted {
            run: self.run.row.id.clone(),
        }
    }

    /// Where a training of this stage keeps its checkpoint. The inputs' hash is part of the name, so that a checkpoint
    /// of other settings is never taken up.
    pub(crate) fn checkpoint(&self, task: &str) -> PathBuf {
        let name = format!(
            "{}{}-{}.safetensors",
            checkpoint_prefix(self.part),
            &self.inputs[..12.min(self.inputs.len())],
            task.replace('/', "-")
        );
        self.run
            .store
            .checkpoints()
            .join(self.run.row.id.as_str())
            .join(name)
    }
}

/// How the names of a part's checkpoints begin.
fn checkpoint_prefix(part: Part) -> String {
    format!("{}-{}-", part.stage(), part.name().replace('/', "-"))
}

/// Removes the checkpoints of a part that is finished or begins afresh.
pub(crate) fn remove_checkpoints(store: &Store, run: &RunId, part: Part) -> Result<()> {
    let prefix = checkpoint_prefix(part);
    let Ok(entries) = std::fs::read_dir(store.checkpoints().join(run.as_str())) else {
        return Ok(());
    };
    for path in entries.flatten().map(|entry| entry.path()) {
        // A process that was killed while it wrote leaves `.<name>.<random>`.
        let ours = path.file_name().is_some_and(|name| {
            let name = name.to_string_lossy();
            name.trim_start_matches('.').starts_with(&prefix)
        });
        if ours {
            std::fs::remove_file(&path)
                .map_err(|error| Error::io(FileAction::Remove, &path, &error))?;
        }
    }
    Ok(())
}

/// Figures of a batch of scores: mean nats per token over all tokens, and the mean log-probability of each item.
pub(crate) fn mean_ce(scored: &[Scored]) -> f64 {
    let (logp, tokens) = scored
        .iter()
        .fold((0.0, 0), |(sum, n), s| (sum + s.logp_sum, n + s.n_tokens));
    if tokens == 0 {
        f64::NAN
    } else {
        -logp / tokens as f64
    }
}

/// Counts in a form that a stage's `dropped` takes.
pub(crate) fn count(counts: &mut std::collections::BTreeMap<String, u64>, reason: &str) {
    *counts.entry(reason.to_owned()).or_default() += 1;
}
