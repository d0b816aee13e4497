//! Memory, disk and time of each stage, as a pure function of the model's sizes, the recipe, the texts and the speed.
//! Time is that of the parts that the recipe asks for.

use contract::{
    Corruption, Part, RoundData, RoundPart, RoundStep, StageForecast, StageName, Synthesizer,
    System,
};
use lm::DecoderConfig;
use lm::memory::{self, Form, Generating, Training};
use lm::probe::Rates;
use project::part::asked;
use project::recipe::{CandidateSummaries, Ids, Recipe, Recompute, SummaryMethod};
use serde::{Deserialize, Serialize};

/// Share of the epochs after which early stopping usually ends a training.
const EPOCH_SHARE: f64 = 0.6;
/// Epochs that always run, if the recipe has as many: early stopping needs a few that bring no improvement.
const EPOCHS_AT_LEAST: f64 = 6.0;
/// Summaries sampled for each one that is kept.
const SUMMARY_TRIES: f64 = 1.4;
/// Dialogues sampled for one that keeps the format rule: few with a good base model, all that the recipe allows with a
/// poor one.
const DIALOGUE_TRIES: f64 = 2.5;
/// Preference pairs for each summary with candidates that one way of aligning learns from: 1.8 and 2.3 for both together
/// in runs (`docs/plan.md`, `docs/first-light.md`).
const PAIRS_PER_SUMMARY: f64 = 1.0;
/// Tokens of a line with its speaker.
const LINE_TOKENS: f64 = 12.0;
/// Lines drawn for each one that is kept.
const LINE_TRIES: f64 = 1.3;
/// Tokens of an instruction with the template around it.
const INSTRUCTION_TOKENS: usize = 40;
/// Copies of an adapter in a checkpoint and its result: now, best, two moments, the saved one.
const ADAPTERS_ON_DISK: u64 = 5;
/// Bytes in the database for each generated token: its text, its id as JSON, and the row around it.
const BYTES_PER_TOKEN: f64 = 24.0;

/// The cost of recomputing: 1.25 and 1.31 times the processor time of an update (`docs/speed.md`).
const RECOMPUTE_TIME: f64 = 1.3;

/// Lengths in tokens.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
pub struct Length {
    /// Arithmetic mean.
    pub mean: f64,
    /// Tokens of the longest text.
    pub max: usize,
}

impl Length {
    /// All of one length.
    pub(crate) const fn of(tokens: usize) -> Self {
        Self {
            mean: tokens as f64,
            max: tokens,
        }
    }

    /// One after the other.
    fn plus(self, other: Self) -> Self {
        Self {
            mean: self.mean + other.mean,
            max: self.max + other.max,
        }
    }

    /// Several of them.
    fn times(self, count: usize) -> Self {
        Self {
            mean: self.mean * count as f64,
            max: self.max * count,
        }
    }

    /// Cut off after `tokens`.
    fn at_most(self, tokens: usize) -> Self {
        Self {
            mean: self.mean.min(tokens as f64),
            max: self.max.min(tokens),
        }
    }
}

/// The texts of a data set.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
pub struct Texts {
    /// Lengths of the dialogues.
    pub dialogue_tokens: Length,
    /// First gold summaries.
    pub summary_tokens: Length,
    /// Examples of the test split that will be used.
    pub test_items: usize,
}

/// A model on a machine: all that a forecast needs besides recipe and texts.
#[derive(Clone, Copy, Debug)]
pub struct Setting<'a> {
    /// The model's sizes.
    pub config: &'a DecoderConfig,
    /// Memory of the process with the model loaded and nothing done yet.
    pub loaded_bytes: u64,
    /// Memory of another model that scores beside it; 0 without one.
    pub scorer_bytes: u64,
    /// Tokens per second of each kind of work on this machine.
    pub rates: Rates,
    /// Threads of the computation.
    pub threads: usize,
    /// Whose memory is counted.
    pub form: Form,
}

/// Tokens of each kind of work.
#[derive(Clone, Copy, Debug, Default)]
struct Work {
    train: f64,
    forward: f64,
    generate: f64,
}

/// Forecasts every stage of a run; the recipe must be resolved.
pub fn forecast(setting: &Setting<'_>, recipe: &Recipe, texts: &Texts) -> Vec<StageForecast> {
    let plan = Forecast {
        setting,
        recipe,
        texts,
        parts: asked(recipe),
    };
    StageName::ALL
        .iter()
        .map(|stage| plan.stage(*stage))
        .collect()
}

/// What a part of a run will take.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
pub struct PartForecast {
    /// The part.
    pub part: Part,
    /// Seconds of each kind of work.
    pub seconds: KindSeconds,
    /// What it leaves on disk.
    pub disk_bytes: u64,
}

/// Seconds of each kind of work.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct KindSeconds {
    /// Forward and backward passes.
    pub train: f64,
    /// Forward passes.
    pub forward: f64,
    /// Generated tokens.
    pub generate: f64,
}

impl KindSeconds {
    /// All kinds together.
    pub fn total(self) -> f64 {
        self.train + self.forward + self.generate
    }
}

/// Forecasts every part that a recipe asks for, in the order of the method; the recipe must be resolved.
pub fn parts(setting: &Setting<'_>, recipe: &Recipe, texts: &Texts) -> Vec<PartForecast> {
    let plan = Forecast {
        setting,
        recipe,
        texts,
        parts: asked(recipe),
    };
    plan.parts.iter().map(|part| plan.part(*part)).collect()
}

struct Forecast<'a> {
    setting: &'a Setting<'a>,
    recipe: &'a Recipe,
    texts: &'a Texts,
    /// What the recipe asks for.
    parts: Vec<Part>,
}

impl Forecast<'_> {
    fn parts_of(&self, name: StageName) -> impl Iterator<Item = Part> {
        let of_stage = move |part: &Part| part.stage() == name;
        self.parts.iter().copied().filter(of_stage)
    }

    fn stage(&self, name: StageName) -> StageForecast {
        if self.parts_of(name).next().is_none() {
            return StageForecast {
                name,
                peak_bytes: 0,
                disk_bytes: 0,
                seconds: 0.0,
            };
        }
        let adapter = memory::adapter_bytes(self.setting.config, self.recipe.lora_rank);
        let adapters = self.adapters(name);
        let parts = || self.parts_of(name).map(|part| self.part(part));
        StageForecast {
            name,
            peak_bytes: self.setting.loaded_bytes
                + self.beside_bytes(name)
                + self.added_bytes(name)
                + adapters * adapter,
            disk_bytes: parts().map(|part| part.disk_bytes).sum(),
            seconds: parts().map(|part| part.seconds.total()).sum(),
        }
    }

    fn part(&self, part: Part) -> PartForecast {
        let work = self.work(part);
        let rates = self.setting.rates;
        let again = if self.recipe.recompute == Recompute::On {
            RECOMPUTE_TIME
        } else {
            1.0
        };
        let adapters = match part {
            Part::Whole(StageName::Summaries) => u64::from(self.lora_summaries()),
            Part::Whole(StageName::Synthesizer) | Part::Align(_) | Part::Summarizer(_) => 1,
            Part::Round(RoundPart { step, .. }) => u64::from(matches!(
                step,
                RoundStep::Align(_) | RoundStep::Summarizer(_)
            )),
            _ => 0,
        };
        let adapter = memory::adapter_bytes(self.setting.config, self.recipe.lora_rank);
        PartForecast {
            part,
            seconds: KindSeconds {
                train: again * work.train / rates.train,
                forward: work.forward / rates.forward,
                generate: work.generate / rates.generate,
            },
            disk_bytes: adapters * ADAPTERS_ON_DISK * adapter
                + (work.generate * BYTES_PER_TOKEN) as u64,
        }
    }

    /// Memory of another model while it scores.
    fn beside_bytes(&self, name: StageName) -> u64 {
        let scores = match name {
            StageName::Candidates | StageName::Preferences => true,
            // The figures of a round.
            StageName::Summarizer => self.recipe.rounds > 1,
            _ => false,
        };
        if scores { self.setting.scorer_bytes } else { 0 }
    }

    /// Trained adapters that a stage makes in one round.
    fn adapters(&self, name: StageName) -> u64 {
        match name {
            StageName::Summaries => u64::from(self.lora_summaries()),
            StageName::Synthesizer => 1,
            StageName::Align | StageName::Summarizer => {
                let in_first = |part: &Part| !matches!(part, Part::Round(_));
                self.parts_of(name).filter(in_first).count() as u64
            }
            _ => 0,
        }
    }

    /// Memory beyond the loaded model.
    fn added_bytes(&self, name: StageName) -> u64 {
        let recipe = self.recipe;
        let (dialogue, summary) = (self.texts.dialogue_tokens, self.texts.summary_tokens);
        let synthetic = dialogue.at_most(recipe.dialogue_max_new_tokens);
        let writing = |texts| self.generating(texts, summary, recipe.dialogue_max_new_tokens);
        // Mending continues from a beginning that has grown for a round or two.
        let begun = summary.plus(synthetic.times(2));
        let refining = |texts| self.generating(texts, begun, recipe.dialogue_max_new_tokens);
        let (made, test) = (
            recipe.shots * recipe.synthetic_per_shot,
            self.texts.test_items,
        );
        match name {
            StageName::Topics => {
                self.generating(recipe.shots, summary, recipe.topic_max_new_tokens)
            }
            StageName::Summaries if self.lora_summaries() => {
                let topic = Length::of(recipe.topic_max_new_tokens);
                self.training(summary, summary, 1, recipe.sft_batch_size)
                    .max(self.generating(made, topic, recipe.summary_max_new_tokens))
            }
            StageName::Summaries => {
                let shown = summary.times(1 + recipe.summary_demos);
                self.generating(made, shown, recipe.summary_max_new_tokens)
            }
            StageName::Synthesizer => self
                .training(summary.plus(dialogue), dialogue, 1, recipe.sft_batch_size)
                .max(self.scoring()),
            StageName::Candidates => writing(recipe.generate_batch_size).max(self.scoring()),
            StageName::Preferences => self.scoring(),
            StageName::Align => self
                .training(summary.plus(synthetic), synthetic, 3, recipe.dpo_batch_size)
                .max(writing(self.judged() * recipe.checkpoint_samples))
                .max(self.scoring()),
            StageName::Dialogues if self.refines() => refining(made),
            StageName::Dialogues => writing(made),
            StageName::Summarizer => self
                .training(summary.plus(dialogue), summary, 1, recipe.sft_batch_size)
                .max(self.scoring()),
            StageName::Evaluate => {
                let shown = dialogue.plus(summary).times(recipe.icl_examples);
                let answers =
                    self.generating(test, dialogue.plus(shown), recipe.summary_max_new_tokens);
                answers.max(refining(test)).max(self.scoring())
            }
        }
    }

    fn lora_summaries(&self) -> bool {
        self.recipe.summary_method == SummaryMethod::Lora
    }

    /// Items of `sequences` sequences with `text` tokens and an instruction each, of them `completion` to learn.
    fn training(
        &self,
        text: Length,
        completion: Length,
        sequences: usize,
        batch_size: usize,
    ) -> u64 {
        let sequence = self.asked(text);
        let completion = completion.at_most(sequence.max);
        // Chosen and rejected share their prompt.
        let prompts = if sequences > 1 { sequences - 1 } else { 1 };
        let item = |sequence: f64, completion: f64| {
            prompts as f64 * (sequence - completion) + sequences as f64 * completion
        };
        let training = Training {
            rank: self.recipe.lora_rank,
            tokens_per_microbatch: self.recipe.tokens_per_microbatch,
            recompute: self.recipe.recompute == Recompute::On,
            item_tokens: item(sequence.max as f64, completion.max as f64) as usize,
            mean_item_tokens: item(sequence.mean, completion.mean) as usize,
            sequence_tokens: sequence.max,
            completion_tokens: sequences * completion.max,
            batch_size,
            threads: self.setting.threads,
            form: self.setting.form,
        };
        memory::training_bytes(self.setting.config, &training)
    }

    /// `requests` prompts with `text` tokens and an instruction each.
    fn generating(&self, requests: usize, text: Length, new_tokens: usize) -> u64 {
        let prompt = self.asked(text);
        let generating = Generating {
            batch: self.recipe.generate_batch_size.min(requests),
            prompt_tokens: prompt.max,
            mean_prompt_tokens: prompt.mean as usize,
            new_tokens: self.in_context(prompt.max + new_tokens) - prompt.max,
            form: self.setting.form,
        };
        memory::generating_bytes(self.setting.config, &generating)
    }

    /// A text with its instruction, as far as the model can read it.
    fn asked(&self, text: Length) -> Length {
        text.plus(Length::of(INSTRUCTION_TOKENS))
            .at_most(self.setting.config.max_position_embeddings)
    }

    fn scoring(&self) -> u64 {
        let longest =
            self.texts.dialogue_tokens.max + self.texts.summary_tokens.max + INSTRUCTION_TOKENS;
        let tokens = self.recipe.tokens_per_microbatch;
        let Setting {
            config,
            form,
            threads,
            ..
        } = *self.setting;
        memory::scoring_bytes(config, form, tokens, self.in_context(longest), threads)
    }

    fn in_context(&self, tokens: usize) -> usize {
        tokens.min(self.setting.config.max_position_embeddings)
    }

    /// Tokens of a part's work.
    fn work(&self, part: Part) -> Work {
        let recipe = self.recipe;
        let (dialogue, summary) = (
            self.texts.dialogue_tokens.mean,
            self.texts.summary_tokens.mean,
        );
        let ask = INSTRUCTION_TOKENS as f64;
        let shots = recipe.shots as f64;
        let made = shots * recipe.synthetic_per_shot as f64;
        let pair = dialogue + summary + ask;
        match part {
            Part::Whole(StageName::Topics) => Work {
                forward: shots * (summary + ask),
                generate: shots * recipe.topic_max_new_tokens.min(6) as f64,
                ..Work::default()
            },
            Part::Whole(StageName::Summaries) => {
                let trained = if self.lora_summaries() {
                    self.sft(shots, summary + ask)
                } else {
                    Work::default()
                };
                trained.plus(self.new_summaries())
            }
            Part::Whole(StageName::Synthesizer) => self.sft(shots, pair),
            Part::Whole(StageName::Candidates) => {
                let texts = self.with_candidates() * recipe.candidates_per_summary as f64;
                self.writing(texts).plus(Work {
                    forward: texts * pair,
                    ..Work::default()
                })
            }
            Part::Judge(_) => Work {
                forward: (1 + Corruption::ALL.len()) as f64
                    * recipe.judge_items.min(recipe.validation) as f64
                    * pair,
                ..Work::default()
            },
            Part::Whole(_) => Work::default(),
            Part::Align(_) => self.aligning(),
            Part::Dialogues(Synthesizer::Ids) => self.iterating(made),
            Part::Dialogues(_) => self.writing(made * tries(recipe.dialogue_tries)),
            Part::Summarizer(system) => {
                let synthetic = match system.synthetic_source() {
                    Some(_) => self.sft(made, pair),
                    None => Work::default(),
                };
                let tried = recipe.lr_search.len() as f64;
                synthetic.plus(self.sft(shots, pair)).times(tried)
            }
            Part::Evaluate(system) if system.has_model() => self.summarizing(system),
            Part::Evaluate(_) | Part::BertScore(_) => Work::default(),
            Part::TestDialogues(synthesizer) => self.comparing(synthesizer),
            Part::Round(part) => self.work_in_round(part),
        }
    }

    /// A later round costs at most what the first did, plus the data it accumulates: it may never begin.
    fn work_in_round(&self, RoundPart { round, step }: RoundPart) -> Work {
        let recipe = self.recipe;
        let pair = self.texts.dialogue_tokens.mean
            + self.texts.summary_tokens.mean
            + INSTRUCTION_TOKENS as f64;
        let (shots, validation) = (recipe.shots as f64, recipe.validation as f64);
        match step {
            RoundStep::Summaries => self.new_summaries(),
            RoundStep::Candidates(_) => self.work(Part::Whole(StageName::Candidates)),
            RoundStep::Judge(_) => self.work(Part::Judge(recipe.scorer)),
            RoundStep::Preferences(_) => Work::default(),
            RoundStep::Align(_) => self.aligning(),
            RoundStep::Dialogues(source) => self.work(Part::Dialogues(source)),
            RoundStep::Summarizer(_) => {
                let rounds = match recipe.round_data {
                    RoundData::Accumulate => f64::from(round),
                    RoundData::Replace => 1.0,
                };
                let made = rounds * shots * recipe.synthetic_per_shot as f64;
                let trained = self.sft(made, pair).plus(self.sft(shots, pair));
                trained.times(recipe.lr_search.len() as f64)
            }
            // Up to a hundred dialogues by two scorers and two synthesizers, and the validation pairs.
            RoundStep::Figures(_) => Work {
                train: 0.0,
                forward: (4.0 * 100.0 + 4.0 * validation) * pair,
                generate: validation * self.texts.summary_tokens.mean,
            },
            // That of the chosen round alone.
            RoundStep::Evaluate(system) if round == recipe.rounds => self.summarizing(system),
            RoundStep::Evaluate(_) => Work::default(),
        }
    }

    /// New summaries by a writer that already exists.
    fn new_summaries(&self) -> Work {
        let recipe = self.recipe;
        let demos = if self.lora_summaries() {
            0.0
        } else {
            recipe.summary_demos as f64
        };
        let summary = self.texts.summary_tokens.mean;
        let sampled = (recipe.shots * recipe.synthetic_per_shot) as f64 * SUMMARY_TRIES;
        Work {
            train: 0.0,
            forward: sampled * (INSTRUCTION_TOKENS as f64 + demos * summary),
            generate: sampled * summary,
        }
    }

    /// Tokens of a dialogue that the synthesizer writes.
    fn synthetic_tokens(&self) -> f64 {
        self.texts
            .dialogue_tokens
            .mean
            .min(self.recipe.dialogue_max_new_tokens as f64)
    }

    /// Dialogues written from summaries.
    fn writing(&self, texts: f64) -> Work {
        let asked = self.texts.summary_tokens.mean + INSTRUCTION_TOKENS as f64;
        Work {
            train: 0.0,
            forward: texts * asked,
            generate: texts * self.synthetic_tokens(),
        }
    }

    /// Dialogues by iterative synthesis: line by line, with the beginning read again for each, or as samples that are
    /// continued.
    fn iterating(&self, texts: f64) -> Work {
        match self.recipe.ids {
            Ids::Prefix => self.writing(texts * tries(self.recipe.ids_max_iterations + 1)),
            Ids::Turns => {
                let asked = self.texts.summary_tokens.mean + INSTRUCTION_TOKENS as f64;
                let written = self.synthetic_tokens();
                let lines = LINE_TRIES * (written / LINE_TOKENS).max(2.0);
                Work {
                    train: 0.0,
                    forward: texts * lines * (asked + written / 2.0),
                    generate: texts * LINE_TRIES * written,
                }
            }
        }
    }

    /// Preference training: the frozen policy's scores, the updates, and the dialogues that judge its checkpoints.
    fn aligning(&self) -> Work {
        let recipe = self.recipe;
        let summary = self.texts.summary_tokens.mean + INSTRUCTION_TOKENS as f64;
        let pairs = self.with_candidates() * PAIRS_PER_SUMMARY;
        let samples = (self.judged() * recipe.dpo_checkpoints * recipe.checkpoint_samples) as f64;
        // Chosen and rejected share their prompt; the example of the SFT term has its own.
        let item = 3.0 * self.synthetic_tokens() + 2.0 * summary;
        let learning = Work {
            train: pairs * recipe.dpo_epochs as f64 * item,
            forward: pairs * item + samples * (self.texts.dialogue_tokens.mean + summary),
            generate: 0.0,
        };
        learning.plus(self.writing(samples))
    }

    /// A system's summaries of the test dialogues, their scores under the base model, and those of the real ones.
    fn summarizing(&self, system: System) -> Work {
        let recipe = self.recipe;
        let summary = self.texts.summary_tokens.mean;
        let pair = self.texts.dialogue_tokens.mean + summary + INSTRUCTION_TOKENS as f64;
        let test = self.texts.test_items as f64;
        let shown = match system {
            System::InContext => recipe.icl_examples as f64 * pair,
            _ => 0.0,
        };
        Work {
            train: 0.0,
            forward: test * (3.0 * pair + shown),
            generate: test * summary,
        }
    }

    /// A synthesizer's dialogues for the test summaries: most ways try once, two try again.
    fn comparing(&self, synthesizer: Synthesizer) -> Work {
        let (recipe, test) = (self.recipe, self.texts.test_items as f64);
        let asked = match recipe.synthesizer_items {
            0 => test,
            most => test.min(most as f64),
        };
        let drawn = match synthesizer {
            Synthesizer::Ids => return self.iterating(asked),
            Synthesizer::Rejection => tries(recipe.rejection_max_tries),
            _ => 1.0,
        };
        self.writing(asked * drawn)
    }

    /// A supervised training on `examples` of `tokens` tokens each, with its evaluations.
    fn sft(&self, examples: f64, tokens: f64) -> Work {
        let recipe = self.recipe;
        let most = recipe.sft_max_epochs as f64;
        let epochs = (most * EPOCH_SHARE).max(most.min(EPOCHS_AT_LEAST));
        let updates = examples / recipe.sft_batch_size as f64 * epochs;
        // At least 10 updates apart.
        let evaluations = 1.0 + (epochs * recipe.evals_per_epoch as f64).min(updates / 10.0);
        Work {
            train: epochs * examples * tokens,
            forward: evaluations * recipe.validation as f64 * tokens,
            generate: 0.0,
        }
    }

    /// Validation summaries whose dialogues judge a checkpoint.
    fn judged(&self) -> usize {
        match self.recipe.checkpoint_summaries {
            0 => self.recipe.validation,
            most => self.recipe.validation.min(most),
        }
    }

    /// Whether a system's dialogues are mended round after round (IDS).
    fn refines(&self) -> bool {
        self.parts.contains(&Part::Dialogues(Synthesizer::Ids))
    }

    /// Summaries that candidates are sampled for.
    fn with_candidates(&self) -> f64 {
        let recipe = self.recipe;
        let made = recipe.shots * recipe.synthetic_per_shot;
        let synthetic = match recipe.candidate_synthetic_limit {
            0 => made,
            most => made.min(most),
        };
        let real = if recipe.candidate_summaries == CandidateSummaries::Both {
            recipe.shots
        } else {
            0
        };
        (real + synthetic) as f64
    }
}

/// Dialogues sampled for each one that is kept, if at most this many are sampled.
fn tries(most: usize) -> f64 {
    DIALOGUE_TRIES.min(most.max(1) as f64)
}

impl Work {
    fn plus(self, other: Self) -> Self {
        Self {
            train: self.train + other.train,
            forward: self.forward + other.forward,
            generate: self.generate + other.generate,
        }
    }

    fn times(self, factor: f64) -> Self {
        Self {
            train: factor * self.train,
            forward: factor * self.forward,
            generate: factor * self.generate,
        }
    }
}
