//! The file of an experiment: TOML, read strictly, so that a misspelt key is refused and not ignored.

use std::collections::BTreeMap;

use contract::problem::{ExperimentFault, RunProblem};
use contract::{
    DatasetName, ExperimentName, GridMode, ModelName, Preset, ResultMetric, Synthesizer, System,
    excerpt,
};
use serde::{Deserialize, Serialize};

use crate::error::{Error, Result};
use crate::recipe::Recipe;
use crate::within::Within;

/// Version of the file's form that this program writes and reads.
const SCHEMA: u32 = 1;
/// Longest name of an experiment.
const NAME_CHARS: usize = 60;

/// An experiment as its file says it.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Spec {
    /// Form of the file; 1.
    pub schema: u32,
    /// Its name, unique in a workspace.
    pub name: ExperimentName,
    /// What it asks.
    #[serde(default)]
    pub question: String,
    /// Names of data sets.
    #[serde(default)]
    pub datasets: Vec<DatasetName>,
    /// Names, ids or folders of models.
    #[serde(default)]
    pub models: Vec<ModelName>,
    /// The recipe to begin with.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub preset: Option<Preset>,
    /// A recipe's file, beside this one, in the place of a preset.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub recipe: Option<String>,
    /// The seeds.
    #[serde(default)]
    pub seeds: Seeds,
    /// Systems to compare; none: those of the recipe.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub systems: Option<Vec<System>>,
    /// Synthesizers to compare; none: those of the recipe.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub synthesizers: Option<Vec<Synthesizer>>,
    /// The time that the whole experiment may take.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub within: Option<Within>,
    /// How several axes are combined.
    #[serde(default = "product")]
    pub mode: GridMode,
    /// Fields of the recipe that are the same for every arm.
    #[serde(default, skip_serializing_if = "toml::Table::is_empty")]
    pub base: toml::Table,
    /// What is varied.
    #[serde(default, rename = "axis", skip_serializing_if = "Vec::is_empty")]
    pub axes: Vec<AxisText>,
    /// The declared comparisons; all else is shown without a p-value.
    #[serde(default, rename = "compare", skip_serializing_if = "Vec::is_empty")]
    pub compares: Vec<Compare>,
    /// When to stop.
    #[serde(default)]
    pub limits: Limits,
}

fn product() -> GridMode {
    GridMode::Product
}

/// Seeds as they are written: a number of them, or the seeds themselves.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(untagged)]
pub enum Seeds {
    /// The seeds from 1 to this number.
    Count(u32),
    /// Exactly these.
    List(Vec<u32>),
}

impl Default for Seeds {
    fn default() -> Self {
        Self::Count(5)
    }
}

impl Seeds {
    /// The seeds, each once.
    pub fn list(&self) -> Vec<u64> {
        let mut seeds: Vec<u64> = Vec::new();
        let written: Vec<u32> = match self {
            Self::Count(count) => (1..=*count).collect(),
            Self::List(list) => list.clone(),
        };
        for seed in written.into_iter().map(u64::from) {
            if !seeds.contains(&seed) {
                seeds.push(seed);
            }
        }
        seeds
    }
}

/// An axis as it is written: with labelled values, or as a field with its values.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct AxisText {
    /// Its name; that of the field where there is one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
    /// The one field that it sets.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub field: Option<String>,
    /// Its values.
    pub values: Vec<toml::Value>,
}

/// A value of an axis with the fields that it sets.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct AxisValue {
    /// Its name.
    pub label: String,
    /// What it sets.
    #[serde(default)]
    pub set: toml::Table,
}

/// An axis.
#[derive(Clone, Debug, PartialEq)]
pub struct Axis {
    /// Its name.
    pub name: String,
    /// Its values.
    pub values: Vec<AxisValue>,
}

/// A declared comparison.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Compare {
    /// Comparisons that are adjusted together.
    #[serde(default = "main_family")]
    pub family: String,
    /// What is measured.
    #[serde(default = "rouge1")]
    pub metric: ResultMetric,
    /// Which system; in every arm unless it names some.
    pub of: Side,
    /// Compared with which; in the same arm unless it names one.
    pub to: Side,
    /// Margin below which a difference does not matter, in stored scores.
    #[serde(default = "point")]
    pub margin: f64,
}

fn main_family() -> String {
    "main".to_owned()
}

fn rouge1() -> ResultMetric {
    ResultMetric::Rouge1
}

fn point() -> f64 {
    0.01
}

/// A side of a declared comparison.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Side {
    /// The system.
    pub system: System,
    /// Labels by axis that its arm must have.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub arm: BTreeMap<String, String>,
}

/// When an experiment stops by itself.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Limits {
    /// More runs than this are refused.
    pub max_runs: usize,
    /// This many failures of one kind pause it.
    pub stop_after_failures: usize,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            max_runs: 100,
            stop_after_failures: 2,
        }
    }
}

impl From<ExperimentFault> for Error {
    fn from(fault: ExperimentFault) -> Self {
        RunProblem::Experiment(fault).into()
    }
}

impl Spec {
    /// Reads a file's text and checks whatever can be checked without a workspace.
    ///
    /// # Errors
    /// Each names the key, what is wrong with it and what would be right.
    pub fn from_toml(text: &str) -> Result<Self> {
        let spec: Self = toml::from_str(text).map_err(|error| {
            let line = error
                .span()
                .map(|span| 1 + text[..span.start.min(text.len())].matches('\n').count());
            let place = line.map_or(String::new(), |line| format!("line {line}: "));
            let message: String = error.message().chars().take(160).collect();
            ExperimentFault::Unreadable {
                reason: format!("{place}{message}"),
            }
        })?;
        spec.check()?;
        Ok(spec)
    }

    /// The file's text.
    pub fn to_toml(&self) -> Result<String> {
        toml::to_string(self).map_err(|error| {
            ExperimentFault::Unreadable {
                reason: error.to_string(),
            }
            .into()
        })
    }

    /// The same with the text of the recipe that it names instead of its name, so that it is self-contained.
    ///
    /// # Errors
    /// A recipe that cannot be read.
    pub fn with_recipe(mut self, text: &str) -> Result<Self> {
        Recipe::from_toml(text)?;
        let mut base: toml::Table = text.parse().unwrap_or_default();
        base.extend(std::mem::take(&mut self.base));
        self.base = base;
        self.recipe = None;
        Ok(self)
    }

    fn check(&self) -> Result<()> {
        if self.schema != SCHEMA {
            return Err(ExperimentFault::Schema {
                schema: self.schema,
            }
            .into());
        }
        let is_plain = |c: char| c.is_ascii_alphanumeric() || "-_.".contains(c);
        if self.name.is_empty()
            || self.name.chars().count() > NAME_CHARS
            || !self.name.chars().all(is_plain)
        {
            let name = excerpt(&self.name);
            return Err(ExperimentFault::Name { name }.into());
        }
        if self.preset.is_some() && self.recipe.is_some() {
            return Err(both("preset", "recipe"));
        }
        if self.seeds.list().is_empty() {
            return Err(empty("seeds"));
        }
        let axes = self.axes()?;
        if axes.iter().any(|axis| axis.values.is_empty()) {
            return Err(empty("values"));
        }
        let lengths = |axis: &Axis| axis.values.len();
        if self.mode == GridMode::Zip && axes.iter().any(|axis| lengths(axis) != lengths(&axes[0]))
        {
            return Err(ExperimentFault::Lengths.into());
        }
        self.compares
            .iter()
            .try_for_each(|compare| self.check_compare(compare, &axes))
    }

    fn check_compare(&self, compare: &Compare, axes: &[Axis]) -> Result<()> {
        let family = excerpt(&compare.family);
        for side in [&compare.of, &compare.to] {
            let is_listed = |systems: &Vec<System>| systems.contains(&side.system);
            if self
                .systems
                .as_ref()
                .is_some_and(|systems| !is_listed(systems))
            {
                let system = side.system;
                return Err(ExperimentFault::System { family, system }.into());
            }
            for (name, label) in &side.arm {
                let axis = axes.iter().find(|axis| axis.name == *name);
                let has_label = |axis: &Axis| axis.values.iter().any(|value| value.label == *label);
                if !axis.is_some_and(has_label) {
                    return Err(ExperimentFault::Arm {
                        family,
                        axis: excerpt(name),
                        label: excerpt(label),
                    }
                    .into());
                }
            }
        }
        Ok(())
    }

    /// The axes with their values.
    ///
    /// # Errors
    /// An axis of neither form.
    pub fn axes(&self) -> Result<Vec<Axis>> {
        let numbered = self.axes.iter().zip(1..);
        numbered.map(|(axis, number)| axis.read(number)).collect()
    }
}

impl AxisText {
    fn read(&self, axis: usize) -> Result<Axis> {
        let malformed = || Error::from(ExperimentFault::Axis { axis });
        let name = self.name.clone().or_else(|| self.field.clone());
        let name = name.filter(|name| !name.is_empty()).ok_or_else(malformed)?;
        let value = |value: &toml::Value| match (&self.field, value) {
            (Some(_), toml::Value::Table(_)) => Err(malformed()),
            (Some(field), value) => Ok(AxisValue {
                label: plain(value),
                set: toml::Table::from_iter([(field.clone(), value.clone())]),
            }),
            (None, value) => value.clone().try_into().map_err(|_| malformed()),
        };
        Ok(Axis {
            name,
            values: self.values.iter().map(value).collect::<Result<_>>()?,
        })
    }
}

/// A value as a label: a text without its quotes.
fn plain(value: &toml::Value) -> String {
    value
        .as_str()
        .map_or_else(|| value.to_string(), ToOwned::to_owned)
}

fn empty(key: &str) -> Error {
    ExperimentFault::Empty {
        key: key.to_owned(),
    }
    .into()
}

fn both(key: &str, other: &str) -> Error {
    ExperimentFault::Both {
        key: key.to_owned(),
        other: other.to_owned(),
    }
    .into()
}
