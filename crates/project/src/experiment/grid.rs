//! Arms and cells: what an experiment's file asks for, one recipe after the other.

use std::collections::BTreeMap;

use contract::problem::ExperimentFault;
use contract::{Change, DatasetName, ExperimentArm, GridMode, ModelName};

use super::spec::{Axis, Spec};
use crate::error::Result;
use crate::recipe::{Recipe, Typed};

/// The name of the arm of an experiment that varies nothing, and of the one that changes nothing beside others.
pub(super) const UNCHANGED: &str = "base";

/// One combination of values.
#[derive(Clone, Debug, PartialEq)]
pub struct Arm {
    /// The labels of its values, joined.
    pub name: String,
    /// Label by axis.
    pub labels: BTreeMap<String, String>,
    /// The fields that it sets.
    pub set: toml::Table,
    /// Its recipe, unresolved; none if a field does not exist in this version.
    pub recipe: Option<Recipe>,
    /// Fields that do not exist in this version.
    pub unknown: Vec<String>,
    /// The arm with the same recipe that is computed in its place.
    pub same_as: Option<String>,
}

/// An arm on a data set, with a model and a seed.
#[derive(Clone, Debug, PartialEq)]
pub struct Cell {
    /// The arm's name.
    pub arm: String,
    /// The data set.
    pub dataset: DatasetName,
    /// The model, as the file names it.
    pub model: ModelName,
    /// The seed.
    pub seed: u64,
    /// The recipe, unresolved.
    pub recipe: Recipe,
    /// Which of its sizes somebody typed.
    pub typed: Typed,
}

impl Cell {
    /// Hash of the recipe that is asked for: a cell that still asks for the same keeps its run.
    pub fn recipe_sha256(&self) -> Result<String> {
        Ok(store::sha256_hex(self.recipe.to_toml()?.as_bytes()))
    }
}

impl Arm {
    /// As a shell shows it.
    pub fn shown(&self) -> ExperimentArm {
        let change = |(key, value): (&String, &toml::Value)| Change {
            key: key.clone(),
            value: value.to_string(),
        };
        ExperimentArm {
            name: self.name.clone(),
            settings: self.set.iter().map(change).collect(),
            same_as: self.same_as.clone(),
        }
    }

    /// The arm whose cells it has.
    pub fn computed(&self) -> &str {
        self.same_as.as_deref().unwrap_or(&self.name)
    }
}

/// The arms, in the order of the file; of two with the same recipe the first is computed.
///
/// # Errors
/// Values that a field of the recipe cannot have.
pub fn arms(spec: &Spec) -> Result<Vec<Arm>> {
    let base = base(spec)?;
    let mut arms: Vec<Arm> = Vec::new();
    for values in combinations(spec.mode, &spec.axes()?) {
        let mut arm = arm(&base, spec, values)?;
        let twin = arms
            .iter()
            .find(|earlier| earlier.recipe.is_some() && earlier.recipe == arm.recipe);
        arm.same_as = twin.map(|twin| twin.computed().to_owned());
        if arms.iter().all(|earlier| earlier.name != arm.name) {
            arms.push(arm);
        }
    }
    Ok(arms)
}

/// An axis' name with a label and what it sets.
type Value<'a> = (&'a str, &'a str, &'a toml::Table);

fn combinations(mode: GridMode, axes: &[Axis]) -> Vec<Vec<Value<'_>>> {
    let value = |axis: usize, place: usize| -> Value<'_> {
        let axis = &axes[axis];
        let value = &axis.values[place];
        (&axis.name, &value.label, &value.set)
    };
    let places = |axis: usize| 0..axes[axis].values.len();
    match mode {
        GridMode::Product => (0..axes.len()).fold(vec![Vec::new()], |begun, axis| {
            let extended = begun.into_iter().flat_map(|begun: Vec<Value<'_>>| {
                places(axis).map(move |place| {
                    let mut values = begun.clone();
                    values.push(value(axis, place));
                    values
                })
            });
            extended.collect()
        }),
        GridMode::OneAtATime => {
            let alone = (0..axes.len())
                .flat_map(|axis| places(axis).map(move |place| vec![value(axis, place)]));
            std::iter::once(Vec::new()).chain(alone).collect()
        }
        GridMode::Zip => axes.first().map_or_else(
            || vec![Vec::new()],
            |first| {
                let together = |place| (0..axes.len()).map(|axis| value(axis, place)).collect();
                (0..first.values.len()).map(together).collect()
            },
        ),
    }
}

/// The recipe that every arm begins with.
fn base(spec: &Spec) -> Result<Recipe> {
    let mut changes = spec.base.clone();
    for (field, words) in [
        ("systems", spec.systems.as_ref().map(|list| words(list))),
        (
            "synthesizers",
            spec.synthesizers.as_ref().map(|list| words(list)),
        ),
    ] {
        if let Some(words) = words {
            changes.insert(field.to_owned(), words);
        }
    }
    spec.preset
        .map_or_else(Recipe::default, Recipe::preset)
        .with(&changes)
}

fn words<T: ToString>(list: &[T]) -> toml::Value {
    list.iter()
        .map(|word| toml::Value::from(word.to_string()))
        .collect::<Vec<_>>()
        .into()
}

fn arm(base: &Recipe, spec: &Spec, values: Vec<Value<'_>>) -> Result<Arm> {
    let is_short = |name: &str| {
        spec.axes
            .iter()
            .any(|axis| axis.field.as_deref() == Some(name))
    };
    let label = |(name, label, _): &Value<'_>| match is_short(name) {
        true => format!("{name}={label}"),
        false => (*label).to_owned(),
    };
    let name = values.iter().map(label).collect::<Vec<_>>().join(", ");
    let mut set = toml::Table::new();
    let mut labels = BTreeMap::new();
    for (axis, label, changes) in values {
        labels.insert(axis.to_owned(), label.to_owned());
        set.extend(changes.clone());
    }
    let unknown: Vec<String> = set
        .keys()
        .filter(|field| !Recipe::has_field(field))
        .cloned()
        .collect();
    let recipe = match unknown.is_empty() {
        true => Some(base.with(&set)?),
        false => None,
    };
    Ok(Arm {
        name: if name.is_empty() {
            UNCHANGED.to_owned()
        } else {
            name
        },
        labels,
        set,
        recipe,
        unknown,
        same_as: None,
    })
}

/// The cells of all arms that have some of their own, those that share the most next to each other.
///
/// # Errors
/// An experiment without data set or model, or with more runs than it allows itself.
pub fn cells(spec: &Spec, arms: &[Arm]) -> Result<Vec<Cell>> {
    let lists = [
        ("datasets", spec.datasets.is_empty()),
        ("models", spec.models.is_empty()),
    ];
    for (key, is_empty) in lists {
        if is_empty {
            let key = key.to_owned();
            return Err(ExperimentFault::Empty { key }.into());
        }
    }
    let typed = typed(spec);
    let mut cells = Vec::new();
    for dataset in &spec.datasets {
        for model in &spec.models {
            for seed in spec.seeds.list() {
                for arm in arms.iter().filter(|arm| arm.same_as.is_none()) {
                    let Some(recipe) = arm.recipe.clone() else {
                        continue;
                    };
                    cells.push(Cell {
                        arm: arm.name.clone(),
                        dataset: dataset.clone(),
                        model: model.clone(),
                        seed,
                        recipe,
                        typed: arm
                            .set
                            .keys()
                            .fold(typed, |typed, field| typed.and_field(field)),
                    });
                }
            }
        }
    }
    let (runs, limit) = (cells.len(), spec.limits.max_runs);
    match runs > limit {
        true => Err(ExperimentFault::TooManyRuns { runs, limit }.into()),
        false => Ok(cells),
    }
}

fn typed(spec: &Spec) -> Typed {
    let of_preset = spec.preset.map_or_else(Typed::default, Typed::of_preset);
    spec.base
        .keys()
        .fold(of_preset, |typed, field| typed.and_field(field))
}
