//! What a run will take, forecast before it begins: peak memory, disk and time of each stage, and cheaper ways where it
//! does not fit (`duologue plan`).
//!
//! Memory is counted ([`lm::memory`]); time is the tokens of each kind of work, from the recipe and the texts' lengths,
//! divided by the machine's speed ([`lm::probe`]). `docs/plan.md` says how far the forecast memory is from that of real
//! runs. On a card, the card's free memory counts: what other programs hold there is left to them.

mod cheaper;
mod experiment;
pub(crate) mod ratio;
mod stages;
mod within;

use std::path::{Path, PathBuf};

use contract::problem::SmallerPlan;
use contract::{
    Budget, Change, DatasetName, DeviceChoice, ExampleKind, Lack, Machine, Offer, OfferChange,
    Plan, PlanExamples, Price, Scorer, Split, StageForecast, StageName, System, SystemCost,
    Verdict,
};
use lm::memory::{self, Form};
use lm::model::parameters;
use lm::probe::{Rates, gemm_flops_per_s};
use lm::{DecoderConfig, LanguageModel, SpecialTokens, check_folder};
use project::hygiene::nothing_to_learn;
use project::import::shares;
use project::recipe::{Available, Recipe, Recompute, Typed};
use project::session::Session;
use project::within::Within;
use store::{ExampleRow, RunRow};

pub use experiment::{ExperimentRequest, plan_experiment};
pub use stages::{KindSeconds, Length, PartForecast, Setting, Texts, forecast, parts};

use cheaper::{Assignment, CHEAPER, changed, changes, helps};
use ratio::Ratios;
use within::Time;

pub(crate) use within::{Started, started};

use crate::catalogue::{CatalogueEntry, DIALOGUE_TOKENS, SUMMARY_TOKENS, catalogue};
use crate::error::{Error, Result};
use crate::run::RunRequest;

/// Characters per token if there is no tokenizer to count with.
const CHARS_PER_TOKEN: f64 = 4.0;
/// Memory that the program takes besides the engine: the method, the database and its cache.
const PROGRAM_BYTES: u64 = 11 << 20;
/// Examples whose tokens are counted.
const COUNTED: usize = 400;

/// The model of a forecast.
#[derive(Clone, Debug, PartialEq)]
pub enum PlannedModel {
    /// A folder: its speed is probed.
    Folder(PathBuf),
    /// A model of the catalogue that has not been downloaded.
    Catalogue(Box<CatalogueEntry>),
}

/// The run that is to be planned.
#[derive(Clone, Debug)]
pub struct PlanRequest {
    /// Name of the data set.
    pub dataset: DatasetName,
    /// The base model, on this computer or in the catalogue.
    pub model: PlannedModel,
    /// The recipe, unresolved.
    pub recipe: Recipe,
    /// Which of its sizes somebody typed: the others are fitted to the data set.
    pub typed: Typed,
    /// `cpu`, `cuda:N` or `metal`.
    pub device: DeviceChoice,
    /// What the machine has.
    pub machine: Machine,
    /// The time that it may take; `None` if it has no limit.
    pub within: Option<Within>,
    /// Fields of the recipe that are not given up for that limit.
    pub kept: Vec<String>,
}

/// Tokens and texts at once below which a card would hardly be busy.
const FEWEST_TOKENS: usize = 256;
const FEWEST_TEXTS: usize = 1;

/// Halves what is computed at once until the memory `need` of a recipe fits or halving no longer helps: texts or
/// tokens, whichever causes the highest need.
fn fit(recipe: &mut Recipe, free_bytes: u64, need: impl Fn(&Recipe) -> u64) {
    let halved = |recipe: &Recipe| {
        let (texts, tokens) = (
            recipe.generate_batch_size / 2,
            recipe.tokens_per_microbatch / 2,
        );
        let fewer_texts = (texts >= FEWEST_TEXTS).then(|| Recipe {
            generate_batch_size: texts,
            ..recipe.clone()
        });
        let fewer_tokens = (tokens >= FEWEST_TOKENS).then(|| Recipe {
            tokens_per_microbatch: tokens,
            ..recipe.clone()
        });
        [fewer_texts, fewer_tokens]
    };
    loop {
        let needed = need(recipe);
        let smaller = halved(recipe)
            .into_iter()
            .flatten()
            .find(|smaller| need(smaller) < needed);
        match smaller {
            Some(smaller) if needed > free_bytes => *recipe = smaller,
            _ => return,
        }
    }
}

/// The first change that makes a stage need less.
fn advice(recipe: &Recipe, need: impl Fn(&Recipe) -> u64) -> Result<Option<SmallerPlan>> {
    let now = need(recipe);
    for (assignments, price) in CHEAPER {
        let changes = changes(assignments);
        if need(&changed(recipe, &changes)?) < now {
            return Ok(Some(SmallerPlan {
                settings: changes.iter().map(Change::to_string).collect(),
                price,
            }));
        }
    }
    Ok(None)
}

/// The model as far as it is known.
struct Known {
    config: DecoderConfig,
    parameters: u64,
    /// Size of its weights' files.
    stored_bytes: u64,
    /// Size of its tokenizer's file.
    tokenizer_bytes: u64,
    rates: Rates,
    loaded: Option<LanguageModel>,
    form: Form,
}

/// Plans a run; stores nothing.
///
/// # Errors
/// Data sets, models and recipes that cannot be used at all. What is merely missing is listed in the plan.
pub fn plan(session: &Session, request: &PlanRequest) -> Result<Plan> {
    let dataset = session.store().dataset(&request.dataset)?;
    let mut rows = session.store().examples(dataset.id, None)?;
    rows.retain(ExampleRow::is_summarised);
    let mut known = Known::of(request)?;
    known.adjust(&Ratios::of(session)?);
    let mut recipe = request.recipe.clone().resolve(known.parameters)?;
    let (pairs, tests) = available(&rows, &recipe);
    recipe.fit(request.typed, pairs);
    let mut texts = texts(&rows, &recipe, known.loaded.as_ref())?;
    let time = request.within.map(|within| Time {
        within,
        kept: &request.kept,
        tests,
        threads: request.machine.threads,
    });
    let budget = time
        .map(|time| known.within(&mut recipe, texts, time))
        .transpose()?;
    let (available, test) = available(&rows, &recipe);
    texts.test_items = test;
    let examples = PlanExamples {
        shots: recipe.shots,
        validation: recipe.validation,
        test,
        shots_at_most: request.recipe.shots,
        validation_at_most: request.recipe.validation,
        unsummarised: dataset.unsummarised as usize,
    };
    known.settle(
        &mut recipe,
        &texts,
        request.machine.memory_free_bytes,
        request.machine.threads,
    );
    let stages = known.forecast(&recipe, &texts, request.machine.threads);
    let mut missing = enough(available, test, &recipe);
    missing.extend(nothing_to_learn(&rows));
    missing.extend(budget.as_ref().and_then(Budget::lack));
    if let PlannedModel::Catalogue(entry) = &request.model {
        missing.push(Lack::Model {
            hub_id: entry.model.hub_id.clone(),
        });
    }
    let (peak_bytes, seconds) = totals(&stages);
    let disk_bytes = stages.iter().map(|stage| stage.disk_bytes).sum();
    let free = request.machine.memory_free_bytes;
    missing.extend(
        free.filter(|free_bytes| *free_bytes < peak_bytes)
            .map(|free_bytes| Lack::Memory {
                need_bytes: peak_bytes,
                free_bytes,
            }),
    );
    let room = request.machine.disk_free_bytes;
    missing.extend(
        room.filter(|free_bytes| *free_bytes < disk_bytes)
            .map(|free_bytes| Lack::Disk {
                need_bytes: disk_bytes,
                free_bytes,
            }),
    );
    Ok(Plan {
        verdict: if missing.is_empty() {
            Verdict::Ready
        } else {
            Verdict::NotReady
        },
        missing,
        examples,
        parameters: known.parameters,
        probed: known.loaded.is_some(),
        recompute: recipe.recompute == Recompute::On,
        tokens_per_microbatch: recipe.tokens_per_microbatch,
        generate_batch_size: recipe.generate_batch_size,
        peak_bytes,
        disk_bytes,
        seconds,
        systems: known.systems(&recipe, &texts, request.machine.threads),
        offers: known.offers(&recipe, &texts, &request.machine, available)?,
        budget,
        stages,
        machine: request.machine,
    })
}

impl Known {
    fn of(request: &PlanRequest) -> Result<Self> {
        let folder = match &request.model {
            PlannedModel::Folder(folder) => folder,
            PlannedModel::Catalogue(entry) => {
                let form = Form::of(request.device);
                return Ok(Self::of_entry(entry, form, gemm_flops_per_s()?));
            }
        };
        let summary = check_folder(folder)?;
        let (quantize, device) = (request.recipe.quantize, lm::device::select(request.device)?);
        let probed = LanguageModel::load_quantized(folder, quantize, &device).and_then(|model| {
            let rates = Rates::measure(&model.decoder, request.recipe.lora_rank)?;
            Ok((rates, Some(model)))
        });
        let (rates, loaded) = match probed {
            // The plan will say what would fit.
            Err(lm::Error::OutOfMemory) => {
                (Rates::estimate(&summary.config, gemm_flops_per_s()?), None)
            }
            probed => probed?,
        };
        Ok(Self {
            parameters: summary.parameters,
            stored_bytes: summary.weight_bytes,
            tokenizer_bytes: summary.tokenizer_bytes,
            config: summary.config,
            rates,
            loaded,
            form: Form::of(request.device),
        })
    }

    fn of_entry(entry: &CatalogueEntry, form: Form, flops_per_s: f64) -> Self {
        let config = entry.config.clone();
        Self {
            parameters: entry.model.parameters,
            stored_bytes: entry.model.download_bytes,
            tokenizer_bytes: memory::tokenizer_bytes(&config),
            rates: Rates::estimate(&config, flops_per_s),
            config,
            loaded: None,
            form,
        }
    }

    /// The model of a run whose memory alone is forecast: any speed will do.
    fn of_run(folder: &Path, model: &LanguageModel, device: DeviceChoice) -> Result<Self> {
        let summary = check_folder(folder)?;
        Ok(Self {
            config: model.decoder.config.clone(),
            parameters: model.parameters,
            stored_bytes: summary.weight_bytes,
            tokenizer_bytes: summary.tokenizer_bytes,
            rates: Rates::estimate(&model.decoder.config, 1.0),
            loaded: None,
            form: Form::of(device),
        })
    }

    /// Multiplies the forecast by what this machine's parts have shown. What was not measured with the model itself is
    /// too rough for that.
    fn adjust(&mut self, ratios: &Ratios) {
        if self.loaded.is_some() {
            self.rates = ratios.applied(self.rates);
        }
    }

    fn forecast(&self, recipe: &Recipe, texts: &Texts, threads: usize) -> Vec<StageForecast> {
        forecast(&self.setting(recipe, threads), recipe, texts)
    }

    /// What each system costs in addition to the recipe's others.
    fn systems(&self, recipe: &Recipe, texts: &Texts, threads: usize) -> Vec<SystemCost> {
        let seconds = |systems: Vec<System>| {
            let changed = Recipe {
                systems,
                ..recipe.clone()
            };
            totals(&self.forecast(&changed, texts, threads)).1
        };
        let cost = |system: &System| {
            let others = recipe.systems.iter().copied();
            let others: Vec<System> = others.filter(|other| other != system).collect();
            let with = others.iter().copied().chain([*system]).collect();
            SystemCost {
                system: *system,
                seconds: (seconds(with) - seconds(others)).max(0.0),
            }
        };
        System::ALL.iter().map(cost).collect()
    }

    fn setting(&self, recipe: &Recipe, threads: usize) -> Setting<'_> {
        let quantize = recipe.quantize;
        let loaded_bytes = match self.form {
            Form::Card => memory::card_bytes(&self.config, self.stored_bytes, quantize),
            Form::Processor => {
                let weights = memory::held_bytes(&self.config, self.stored_bytes, quantize);
                PROGRAM_BYTES + memory::process_bytes(self.tokenizer_bytes) + weights
            }
        };
        let (config, rates, form) = (&self.config, self.rates, self.form);
        Setting {
            config,
            loaded_bytes,
            scorer_bytes: scorer_bytes(recipe),
            rates,
            threads,
            form,
        }
    }

    /// Decides what a recipe leaves to the machine: `recompute = auto`, and on a card how much is computed at once.
    fn settle(&self, recipe: &mut Recipe, texts: &Texts, free_bytes: Option<u64>, threads: usize) {
        self.settle_recompute(recipe, texts, free_bytes, threads);
        if let (Form::Card, Some(free)) = (self.form, free_bytes) {
            fit(recipe, free, |recipe| {
                totals(&self.forecast(recipe, texts, threads)).0
            });
        }
    }

    /// Settles `recompute = auto`: on if a stage does not fit in the free memory and needs less with it.
    fn settle_recompute(
        &self,
        recipe: &mut Recipe,
        texts: &Texts,
        free_bytes: Option<u64>,
        threads: usize,
    ) {
        if recipe.recompute != Recompute::Auto {
            return;
        }
        let [off, on] = [Recompute::Off, Recompute::On].map(|recompute| {
            self.forecast(
                &Recipe {
                    recompute,
                    ..recipe.clone()
                },
                texts,
                threads,
            )
        });
        let helps = |free: u64| {
            off.iter()
                .zip(&on)
                .any(|(off, on)| off.peak_bytes > free && on.peak_bytes < off.peak_bytes)
        };
        recipe.recompute = if free_bytes.is_some_and(helps) {
            Recompute::On
        } else {
            Recompute::Off
        };
    }

    /// Sizes that fit the data set, if the typed ones ask for more than it has.
    fn fewer(
        &self,
        recipe: &Recipe,
        texts: &Texts,
        machine: &Machine,
        available: Available,
    ) -> Result<Option<Offer>> {
        let settings = recipe.adjustments(available);
        if settings.is_empty() {
            return Ok(None);
        }
        let fewer = changed(recipe, &settings)?;
        let (peak_bytes, seconds) = totals(&self.forecast(&fewer, texts, machine.threads));
        Ok(Some(Offer {
            change: OfferChange::Settings { settings },
            price: Price::FewerExamples,
            peak_bytes,
            seconds,
            fits: machine
                .memory_free_bytes
                .is_none_or(|free| peak_bytes <= free),
        }))
    }

    /// Changes of the recipe and smaller models that need less memory, most faithful first.
    fn offers(
        &self,
        recipe: &Recipe,
        texts: &Texts,
        machine: &Machine,
        available: Available,
    ) -> Result<Vec<Offer>> {
        let mut offers = Vec::new();
        let (peak_bytes, _) = totals(&self.forecast(recipe, texts, machine.threads));
        offers.extend(self.fewer(recipe, texts, machine, available)?);
        // The unchanged recipe counts as a part of every change.
        let mut shown: Vec<(&[Assignment], u64)> = vec![(&[], peak_bytes)];
        let mut add = |change: OfferChange,
                       assignments: &'static [Assignment],
                       price: Price,
                       stages: &[StageForecast]| {
            let (peak, seconds) = totals(stages);
            let fits = machine.memory_free_bytes.is_none_or(|free| peak <= free);
            if helps(assignments, peak, &shown) {
                shown.push((assignments, peak));
                offers.push(Offer {
                    change,
                    price,
                    peak_bytes: peak,
                    seconds,
                    fits,
                });
            }
        };
        for (assignments, price) in CHEAPER {
            let settings = changes(assignments);
            let cheaper = changed(recipe, &settings)?;
            add(
                OfferChange::Settings { settings },
                assignments,
                price,
                &self.forecast(&cheaper, texts, machine.threads),
            );
        }
        // The largest smaller one that fits.
        let fits = |known: &Self| {
            let (peak, _) = totals(&known.forecast(recipe, texts, machine.threads));
            machine.memory_free_bytes.is_none_or(|free| peak <= free)
        };
        let flops_per_s = gemm_flops_per_s()?;
        for entry in catalogue()?
            .into_iter()
            .rev()
            .filter(|entry| entry.model.parameters < self.parameters)
        {
            let smaller = Self::of_entry(&entry, self.form, flops_per_s);
            if fits(&smaller) {
                let stages = smaller.forecast(recipe, texts, machine.threads);
                let hub_id = entry.model.hub_id.clone();
                let change = OfferChange::Model { hub_id };
                add(change, &[], Price::SmallerModel, &stages);
                break;
            }
        }
        Ok(offers)
    }
}

/// Dialogues that are enough for a run (`README.md`): lists of models give the time of a run on this number.
const USUAL_DIALOGUES: usize = 100;

/// Seconds of a complete run with the default recipe before there is anything to plan: the same forecast, for a data
/// set of a hundred dialogues of the catalogue's lengths, divided as an import divides it. `flops_per_s` is this
/// machine's measured speed ([`gemm_flops_per_s`]).
///
/// # Errors
/// None for sizes that a model can have.
pub fn usual_seconds(config: &DecoderConfig, flops_per_s: f64) -> Result<f64> {
    let shares = shares(USUAL_DIALOGUES);
    let mut recipe = Recipe {
        recompute: Recompute::Off,
        ..Recipe::default()
    }
    .resolve(parameters(config))?;
    let [train, validation, test_items] =
        [shares.train, shares.validation, shares.test].map(|part| part as usize);
    recipe.fit(Typed::default(), Available { train, validation });
    let texts = Texts {
        dialogue_tokens: Length::of(DIALOGUE_TOKENS),
        summary_tokens: Length::of(SUMMARY_TOKENS),
        test_items,
    };
    let setting = Setting {
        config,
        // The forecast's memory is not used.
        loaded_bytes: 0,
        scorer_bytes: 0,
        threads: 1,
        form: Form::Processor,
        rates: Rates::estimate(config, flops_per_s),
    };
    Ok(totals(&forecast(&setting, &recipe, &texts)).1)
}

/// Memory of the other model that scores, if a recipe names one. A missing one is reported elsewhere.
fn scorer_bytes(recipe: &Recipe) -> u64 {
    if recipe.scorer != Scorer::Model {
        return 0;
    }
    check_folder(Path::new(&recipe.scorer_model)).map_or(0, |summary| {
        memory::held_bytes(&summary.config, summary.weight_bytes, recipe.quantize)
    })
}

/// Settles what the recipe of a run that is about to be created leaves to the machine; the free memory was counted
/// without `model`.
pub(crate) fn settle(
    recipe: &mut Recipe,
    request: &RunRequest,
    model: &LanguageModel,
    rows: &[ExampleRow],
) -> Result<()> {
    let known = Known::of_run(&request.model, model, request.device)?;
    let texts = texts(rows, recipe, Some(model))?;
    known.settle(
        recipe,
        &texts,
        request.memory_free_bytes,
        request.threads as usize,
    );
    Ok(())
}

/// The next smaller plan of a run if the card's memory does not suffice for a stage; `None` if nothing helps.
pub(crate) fn next_smaller(
    run: &RunRow,
    recipe: &Recipe,
    model: &LanguageModel,
    rows: &[ExampleRow],
    stage: StageName,
) -> Result<Option<SmallerPlan>> {
    let known = Known::of_run(Path::new(&run.model_path), model, run.device)?;
    let texts = texts(rows, recipe, Some(model))?;
    advice(recipe, |recipe| {
        let stages = known.forecast(recipe, &texts, run.threads as usize);
        stages
            .iter()
            .find(|forecast| forecast.name == stage)
            .map_or(0, |forecast| forecast.peak_bytes)
    })
}

/// Highest memory and total seconds.
fn totals(stages: &[StageForecast]) -> (u64, f64) {
    let peak = stages
        .iter()
        .map(|stage| stage.peak_bytes)
        .max()
        .unwrap_or(0);
    (peak, stages.iter().map(|stage| stage.seconds).sum())
}

/// Numbers of pairs to learn from, to choose by and to test on.
fn available(rows: &[ExampleRow], recipe: &Recipe) -> (Available, usize) {
    let count = |split: Split| rows.iter().filter(|row| row.split == split).count();
    let available = Available {
        train: count(Split::Train),
        validation: count(Split::Validation),
    };
    let test = match recipe.test_items {
        0 => count(Split::Test),
        most => count(Split::Test).min(most),
    };
    (available, test)
}

/// Examples that the recipe asks for and the data set does not have.
fn enough(available: Available, test: usize, recipe: &Recipe) -> Vec<Lack> {
    let Available { train, validation } = available;
    let mut missing = Vec::new();
    let mut need = |kind, have: usize, need: usize| {
        if have < need {
            missing.push(Lack::Examples { kind, need, have });
        }
    };
    // Without a validation split its examples come from the training split.
    match validation {
        0 => need(
            ExampleKind::Training,
            train,
            recipe.shots + recipe.validation,
        ),
        _ => {
            need(ExampleKind::Training, train, recipe.shots);
            need(ExampleKind::Validation, validation, recipe.validation);
        }
    }
    need(ExampleKind::Test, test, 1);
    missing
}

/// Lengths of the data set's texts, by the model's tokenizer if it is available.
fn texts(rows: &[ExampleRow], recipe: &Recipe, model: Option<&LanguageModel>) -> Result<Texts> {
    let tokens = |text: &str| match model {
        Some(model) => {
            Ok::<usize, Error>(model.tokenizer.encode(text, SpecialTokens::AsText)?.len())
        }
        None => Ok((text.chars().count() as f64 / CHARS_PER_TOKEN).ceil() as usize),
    };
    let step = rows.len().div_ceil(COUNTED).max(1);
    let lengths = |text_of: fn(&ExampleRow) -> &str| -> Result<Length> {
        let counts = rows
            .iter()
            .step_by(step)
            .map(|row| tokens(text_of(row)))
            .collect::<Result<Vec<_>>>()?;
        let mean = counts.iter().sum::<usize>() as f64 / counts.len().max(1) as f64;
        Ok(Length {
            mean,
            max: counts.into_iter().max().unwrap_or(0),
        })
    };
    Ok(Texts {
        dialogue_tokens: lengths(|row| &row.dialogue)?,
        summary_tokens: lengths(|row| row.references.first().map_or("", String::as_str))?,
        test_items: available(rows, recipe).1,
    })
}

#[cfg(test)]
mod tests;
