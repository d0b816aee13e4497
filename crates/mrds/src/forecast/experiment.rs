//! What an experiment will take: its cells' parts, each distinct one once, and what is given up to finish in time.

use std::cell::RefCell;
use std::collections::{BTreeMap, BTreeSet};

use contract::{
    Budget, Change, DatasetName, ExperimentPlan, Lack, Machine, ModelName, Part, PlannedCell,
    RunStanding, Verdict,
};
use project::budget::{self, Work, reduced};
use project::experiment::grid::{Arm, Cell, arms, cells};
use project::experiment::spec::Spec;
use project::hygiene::nothing_to_learn;
use project::part::{Finished, Inputs, key};
use project::recipe::{Available, Recipe};
use project::selection::Selection;
use project::session::Session;
use serde_json::json;
use store::ExampleRow;

use super::ratio::Ratios;
use super::stages::parts;
use super::{Known, PlanRequest, PlannedModel, Texts, available, enough, texts, totals};
use crate::error::Result;

/// An experiment that is to be planned.
pub struct ExperimentRequest<'a> {
    /// Its file.
    pub spec: &'a Spec,
    /// The models, by the names of the file.
    pub models: &'a BTreeMap<ModelName, PlannedModel>,
    /// `cpu`, `cuda:N` or `metal`.
    pub device: contract::DeviceChoice,
    /// What the machine has.
    pub machine: Machine,
    /// The state of each cell that has been created, by arm, data set, model and seed.
    pub standing: &'a dyn Fn(&Cell) -> Option<RunStanding>,
}

/// A data set with a model: what all cells on them share.
struct Ground {
    known: Known,
    texts: Texts,
    available: Available,
    /// Examples of the test split.
    tests: usize,
    nothing_to_learn: Option<Lack>,
    model_missing: Option<Lack>,
    dataset: DatasetName,
    model: ModelName,
}

/// A part that no earlier cell computes.
struct Owned {
    cell: usize,
    part: Part,
}

/// Plans an experiment; stores nothing.
///
/// # Errors
/// Files, data sets and models that cannot be used at all. What is merely missing is listed in the plan.
pub fn plan_experiment(
    session: &Session,
    request: &ExperimentRequest<'_>,
) -> Result<ExperimentPlan> {
    let spec = request.spec;
    let arms = arms(spec)?;
    let mut cells = cells(spec, &arms)?;
    let grounds = grounds(session, request, &cells)?;
    let ground = |cell: &Cell| {
        grounds
            .iter()
            .find(|ground| ground.dataset == cell.dataset && ground.model == cell.model)
    };
    let is_done: Vec<bool> = cells
        .iter()
        .map(|cell| (request.standing)(cell) == Some(RunStanding::Done))
        .collect();
    let plan = Grid {
        cells: &cells,
        grounds: &grounds,
        machine: request.machine,
    };
    let (owned, shared) = plan.owned(&is_done)?;
    let budget = plan.budget(spec, &arms, &owned)?;
    if let Some(budget) = &budget {
        for cell in &mut cells {
            cell.recipe = reduced(&cell.recipe, budget)?;
        }
    }
    let plan = Grid {
        cells: &cells,
        grounds: &grounds,
        machine: request.machine,
    };
    // Systems that were given up have no parts any more.
    let (owned, shared) = match budget {
        Some(_) => plan.owned(&is_done)?,
        None => (owned, shared),
    };
    let figures = plan.figures(&owned)?;
    let mut missing = missing(&arms, &cells, &ground, request, &figures);
    missing.extend(budget.as_ref().and_then(Budget::lack));
    let tests = cells
        .iter()
        .filter_map(|cell| Some(test_items(&cell.recipe, ground(cell)?.tests)))
        .min()
        .unwrap_or(0);
    let seeds = spec.seeds.list().len();
    Ok(ExperimentPlan {
        experiment: spec.name.clone(),
        verdict: if missing.is_empty() {
            Verdict::Ready
        } else {
            Verdict::NotReady
        },
        missing,
        cells: cells.len(),
        runs: is_done.iter().filter(|done| !**done).count(),
        parts: owned.len(),
        parts_shared: shared,
        seconds: figures.seconds.iter().sum(),
        disk_bytes: figures.disk_bytes,
        peak_bytes: figures.peak_bytes,
        detectable_diff: metrics::experiment::outlook(seeds, tests),
        seeds_for_1_5: metrics::experiment::seeds_outlook(tests, metrics::experiment::EFFECT_1_5),
        arms: arms.iter().map(Arm::shown).collect(),
        cells_detail: cells
            .iter()
            .zip(&figures.seconds)
            .map(|(cell, seconds)| PlannedCell {
                arm: cell.arm.clone(),
                dataset: cell.dataset.clone(),
                model: cell.model.clone(),
                seed: cell.seed,
                seconds: *seconds,
            })
            .collect(),
        budget,
    })
}

fn test_items(recipe: &Recipe, tests: usize) -> usize {
    match recipe.test_items {
        0 => tests,
        most => most.min(tests),
    }
}

/// Loads and measures each model once on each of its data sets.
fn grounds(
    session: &Session,
    request: &ExperimentRequest<'_>,
    cells: &[Cell],
) -> Result<Vec<Ground>> {
    let mut grounds: Vec<Ground> = Vec::new();
    let ratios = Ratios::of(session)?;
    for cell in cells {
        let is_there =
            |ground: &Ground| ground.dataset == cell.dataset && ground.model == cell.model;
        if grounds.iter().any(is_there) {
            continue;
        }
        let dataset = session.store().dataset(&cell.dataset)?;
        let mut rows = session.store().examples(dataset.id, None)?;
        rows.retain(ExampleRow::is_summarised);
        let Some(model) = request.models.get(&cell.model).cloned() else {
            continue;
        };
        let model_missing = match &model {
            PlannedModel::Catalogue(entry) => Some(Lack::Model {
                hub_id: entry.model.hub_id.clone(),
            }),
            PlannedModel::Folder(_) => None,
        };
        let mut known = Known::of(&PlanRequest {
            dataset: cell.dataset.clone(),
            model,
            recipe: cell.recipe.clone(),
            typed: cell.typed,
            device: request.device,
            machine: request.machine,
            within: None,
            kept: Vec::new(),
        })?;
        known.adjust(&ratios);
        let (available, tests) = available(
            &rows,
            &Recipe {
                test_items: 0,
                ..cell.recipe.clone()
            },
        );
        let texts = texts(&rows, &cell.recipe, known.loaded.as_ref())?;
        // The weights are no longer needed.
        known.loaded = None;
        grounds.push(Ground {
            texts,
            available,
            tests,
            nothing_to_learn: nothing_to_learn(&rows),
            model_missing,
            dataset: cell.dataset.clone(),
            model: cell.model.clone(),
            known,
        });
    }
    Ok(grounds)
}

impl Ground {
    /// The recipe of a cell as its run will have it, with the texts that it will see.
    fn settled(&self, cell: &Cell, recipe: &Recipe, machine: &Machine) -> Result<(Recipe, Texts)> {
        let mut recipe = recipe.clone().resolve(self.known.parameters)?;
        recipe.fit(cell.typed, self.available);
        let texts = Texts {
            test_items: test_items(&recipe, self.tests),
            ..self.texts
        };
        self.known.settle(
            &mut recipe,
            &texts,
            machine.memory_free_bytes,
            machine.threads,
        );
        Ok((recipe, texts))
    }
}

/// The cells and the grounds on which they are computed.
struct Grid<'a> {
    cells: &'a [Cell],
    grounds: &'a [Ground],
    machine: Machine,
}

/// What the cells of a plan take.
struct Figures {
    /// Seconds that each cell adds.
    seconds: Vec<f64>,
    disk_bytes: u64,
    peak_bytes: u64,
}

impl Grid<'_> {
    fn ground(&self, cell: &Cell) -> Option<&Ground> {
        self.grounds
            .iter()
            .find(|ground| ground.dataset == cell.dataset && ground.model == cell.model)
    }

    /// The parts that the cells compute, each by the first cell that asks for it, and the number of those that later
    /// cells take over. Parts that a finished cell has computed cost nothing more.
    fn owned(&self, is_done: &[bool]) -> Result<(Vec<Owned>, usize)> {
        let mut seen: BTreeSet<(Part, String)> = BTreeSet::new();
        let (mut owned, mut shared) = (Vec::new(), 0);
        let places = 0..self.cells.len();
        let (done, open): (Vec<usize>, Vec<usize>) = places.partition(|place| is_done[*place]);
        for place in done {
            seen.extend(self.keys(&self.cells[place])?);
        }
        for place in open {
            for (part, key) in self.keys(&self.cells[place])? {
                match seen.insert((part, key)) {
                    true => owned.push(Owned { cell: place, part }),
                    false => shared += 1,
                }
            }
        }
        Ok((owned, shared))
    }

    /// What distinguishes the parts of a cell from those of others: their keys, with hashes of their inputs in place of
    /// hashes of results, which are not known yet.
    fn keys(&self, cell: &Cell) -> Result<Vec<(Part, String)>> {
        let Some(ground) = self.ground(cell) else {
            return Ok(Vec::new());
        };
        let (recipe, _) = ground.settled(cell, &cell.recipe, &self.machine)?;
        let drawn = |values: &[serde_json::Value]| store::sha256_json(values);
        let selection = Selection {
            training_sha256: drawn(&[
                json!(cell.dataset),
                json!(cell.seed),
                json!(recipe.shots),
                json!(recipe.validation),
                json!(recipe.too_long),
            ]),
            test_sha256: drawn(&[
                json!(cell.dataset),
                json!(recipe.test_items),
                json!(recipe.too_long),
            ]),
            // Only loading it shows which model it is.
            scorer_sha256: Some(recipe.scorer_model.clone()),
            ..Selection::default()
        };
        let inputs = Inputs {
            model_id: &cell.model,
            seed: cell.seed,
            selection: &selection,
        };
        let found: RefCell<BTreeMap<Part, String>> = RefCell::default();
        let finished = |part: Part| {
            let sha256 = found.borrow().get(&part)?.clone();
            // How many dialogues are accepted is not known: every source is taken to give as many.
            Some(Finished { sha256, n_out: 1 })
        };
        let mut keys = Vec::new();
        for part in project::part::asked(&recipe) {
            if let Some(key) = key(inputs, &recipe, part, &finished)? {
                found.borrow_mut().insert(part, key.clone());
                keys.push((part, key));
            }
        }
        Ok(keys)
    }

    fn figures(&self, owned: &[Owned]) -> Result<Figures> {
        let mut figures = Figures {
            seconds: vec![0.0; self.cells.len()],
            disk_bytes: 0,
            peak_bytes: 0,
        };
        for (place, cell) in self.cells.iter().enumerate() {
            let Some(ground) = self.ground(cell) else {
                continue;
            };
            let (recipe, texts) = ground.settled(cell, &cell.recipe, &self.machine)?;
            let (peak_bytes, _) =
                totals(&ground.known.forecast(&recipe, &texts, self.machine.threads));
            figures.peak_bytes = figures.peak_bytes.max(peak_bytes);
            let forecast = parts(
                &ground.known.setting(&recipe, self.machine.threads),
                &recipe,
                &texts,
            );
            for part in forecast {
                let is_owned = |owned: &Owned| owned.cell == place && owned.part == part.part;
                if owned.iter().any(is_owned) {
                    figures.seconds[place] += part.seconds.total();
                    figures.disk_bytes += part.disk_bytes;
                }
            }
        }
        Ok(figures)
    }

    /// Cuts the entire experiment down to its time limit: the same changes for every cell. Whatever an axis varies, and
    /// whatever the file sets or compares, stays unchanged.
    fn budget(&self, spec: &Spec, arms: &[Arm], owned: &[Owned]) -> Result<Option<Budget>> {
        let (Some(within), Some(first)) = (spec.within, self.cells.first()) else {
            return Ok(None);
        };
        let Some(ground) = self.ground(first) else {
            return Ok(None);
        };
        let mut kept: Vec<String> = spec.base.keys().cloned().collect();
        kept.extend(arms.iter().flat_map(|arm| arm.set.keys().cloned()));
        for (field, is_set) in [
            ("systems", spec.systems.is_some()),
            ("synthesizers", spec.synthesizers.is_some()),
        ] {
            kept.extend(is_set.then(|| field.to_owned()));
        }
        let seconds = |changes: &[Change]| self.seconds(changes, owned);
        let work = Work {
            seconds: &seconds,
            kept: &kept,
            test_items: ground.tests,
            seeds: spec.seeds.list().len(),
        };
        let recipe = ground.settled(first, &first.recipe, &self.machine)?.0;
        budget::fit(&recipe, within.seconds(), &work).map(Some)
    }

    /// Seconds of all owned parts after changes that every cell makes.
    fn seconds(&self, changes: &[Change], owned: &[Owned]) -> Result<f64> {
        let mut seconds = 0.0;
        let mut begin = 0;
        while let Some(first) = owned.get(begin) {
            let end = owned[begin..]
                .iter()
                .position(|other| other.cell != first.cell)
                .map_or(owned.len(), |count| begin + count);
            let cell = &self.cells[first.cell];
            if let Some(ground) = self.ground(cell) {
                let mut recipe = cell.recipe.clone();
                changes
                    .iter()
                    .try_for_each(|change| recipe.set(&change.to_string()))?;
                let (recipe, texts) = ground.settled(cell, &recipe, &self.machine)?;
                let forecast = parts(
                    &ground.known.setting(&recipe, self.machine.threads),
                    &recipe,
                    &texts,
                );
                let is_owned =
                    |part: &Part| owned[begin..end].iter().any(|other| other.part == *part);
                seconds += forecast
                    .iter()
                    .filter(|part| is_owned(&part.part))
                    .map(|part| part.seconds.total())
                    .sum::<f64>();
            }
            begin = end;
        }
        Ok(seconds)
    }
}

/// What prevents the experiment, each reason once.
fn missing<'a>(
    arms: &[Arm],
    cells: &[Cell],
    ground: &dyn Fn(&Cell) -> Option<&'a Ground>,
    request: &ExperimentRequest<'_>,
    figures: &Figures,
) -> Vec<Lack> {
    let unknown = arms.iter().flat_map(|arm| &arm.unknown);
    let mut missing: Vec<Lack> = unknown
        .map(|field| Lack::Setting {
            field: field.clone(),
        })
        .collect();
    for cell in cells {
        let Some(ground) = ground(cell) else {
            continue;
        };
        let mut recipe = cell.recipe.clone();
        recipe.fit(cell.typed, ground.available);
        missing.extend(enough(ground.available, ground.tests, &recipe));
        missing.extend(ground.nothing_to_learn.clone());
        missing.extend(ground.model_missing.clone());
    }
    let room = [
        (
            request.machine.memory_free_bytes,
            figures.peak_bytes,
            (|need_bytes, free_bytes| Lack::Memory {
                need_bytes,
                free_bytes,
            }) as fn(u64, u64) -> Lack,
        ),
        (
            request.machine.disk_free_bytes,
            figures.disk_bytes,
            |need_bytes, free_bytes| Lack::Disk {
                need_bytes,
                free_bytes,
            },
        ),
    ];
    for (free, need, lack) in room {
        missing.extend(
            free.filter(|free| *free < need)
                .map(|free| lack(need, free)),
        );
    }
    let mut each: Vec<Lack> = Vec::new();
    for lack in missing {
        if !each.contains(&lack) {
            each.push(lack);
        }
    }
    each
}
