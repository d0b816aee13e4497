//! The report of a run or an experiment: everything that somebody needs who was not there, as one file to hand over. As
//! JSON it can be checked against the workspace, number by number ([`check`]); as HTML or Markdown it is read ([`page`]).

pub mod check;
mod found;
mod limits;
pub mod page;

use std::collections::BTreeMap;

use contract::{
    Budget, DeviceChoice, ExperimentName, ExperimentReport, Rounds, RunId, RunStanding,
    StudyResults, System, Words,
};
pub use found::{DataHashes, Failure, HandOver, Retry};
use serde::{Deserialize, Serialize};
use serde_json::Value;
use store::Sight;

use crate::artifact::Output;
use crate::error::Result;
use crate::experiment::kept::Now;
use crate::judge;
use crate::leak_audit::RunLeaks;
use crate::recipe::Recipe;
use crate::report::rouge1;
use crate::report::run::RunReport;
use crate::report::tables;
use crate::selection::Selection;
use crate::session::Session;

/// The form of the file.
const REPORT_VERSION: u32 = 1;
/// Maximum number of points of a curve; a longer one is thinned out.
const CURVE_POINTS: usize = 200;

/// What goes into a report.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ReportOptions {
    /// Items of each kind: best, worst, most changed.
    pub items: usize,
    /// Whether it includes their texts; otherwise only their ids.
    pub texts: bool,
}

/// A report.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Document {
    /// The form of the file.
    pub report: u32,
    /// The program that wrote it.
    pub app: String,
    /// Its version.
    pub version: String,
    /// When it was made, milliseconds since 1970.
    pub made_at_ms: i64,
    /// What it is about.
    #[serde(flatten)]
    pub subject: Subject,
    /// What such a report cannot show.
    pub limits: Vec<Words>,
    /// SHA-256 over all of the above but the time and the version.
    pub digest: String,
}

/// What a report is about.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "snake_case")]
pub enum Subject {
    /// A run.
    Run(Box<RunSubject>),
    /// An experiment.
    Experiment(Box<ExperimentSubject>),
}

impl Subject {
    /// What people said.
    fn ratings(&self) -> &[StudyResults] {
        match self {
            Self::Run(subject) => &subject.ratings,
            Self::Experiment(subject) => &subject.ratings,
        }
    }

    fn ratings_mut(&mut self) -> &mut Vec<StudyResults> {
        match self {
            Self::Run(subject) => &mut subject.ratings,
            Self::Experiment(subject) => &mut subject.ratings,
        }
    }
}

/// A run as a report presents it.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct RunSubject {
    /// Items of each kind that were asked for.
    pub items_asked: usize,
    /// Whether it includes texts of the items.
    pub texts: bool,
    /// The run with its tables, recomputed from what it stored.
    pub run: RunReport,
    /// The method as it was carried out, in words.
    pub method: Vec<Words>,
    /// What was given up to end in time; `None` without a limit.
    pub budget: Option<Budget>,
    /// Hashes of the texts.
    pub data: DataHashes,
    /// What was found about the judge, in words.
    pub judge: Vec<Words>,
    /// Settings that are not the defaults.
    pub settings: Vec<Setting>,
    /// Curves of the trainings.
    pub curves: Vec<Curve>,
    /// The hand-over from made-up to real pairs, for each system in two stages.
    pub hand_overs: Vec<HandOver>,
    /// The most telling test items.
    pub items: Vec<Told>,
    /// What people said, of each closed study with texts of the run.
    pub ratings: Vec<StudyResults>,
    /// What ended with an error.
    pub failures: Vec<Failure>,
    /// What readers of the tables have to know.
    pub warnings: Vec<Words>,
    /// What was tried more than once.
    pub retries: Vec<Retry>,
}

/// An experiment as a report presents it.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct ExperimentSubject {
    /// Its arms, cells, tables, comparisons and verdicts, recomputed from the outputs of its runs.
    pub experiment: ExperimentReport,
    /// What each finished cell found besides its scores.
    pub cells: Vec<CellFound>,
    /// What people said, of each closed study with texts of a finished cell.
    pub ratings: Vec<StudyResults>,
    /// Cells that ended with an error.
    pub failures: Vec<Failure>,
}

/// What a cell of an experiment found.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct CellFound {
    /// The run of the cell.
    pub run: RunId,
    /// Version of the program that began it.
    pub version: String,
    /// Hash of the base model's weights.
    pub model_sha256: String,
    /// Where it computes.
    pub device: DeviceChoice,
    /// Threads of the computation.
    pub threads: u32,
    /// Hashes of the texts.
    pub data: DataHashes,
    /// What was found about the judge, in words.
    pub judge: Vec<Words>,
    /// The rounds of each system that goes round.
    pub rounds: Vec<Rounds>,
    /// What its made-up texts give away, and how they differ from real ones; `None` if nobody has looked.
    pub leaks: Option<RunLeaks>,
    /// What readers of its figures have to know.
    pub warnings: Vec<Words>,
    /// What was tried more than once.
    pub retries: Vec<Retry>,
}

/// A setting that is not the default.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Setting {
    /// Field of the recipe.
    pub key: String,
    /// Its value.
    pub value: Value,
    /// The default.
    pub default: Value,
    /// Where the default comes from.
    pub source: String,
}

/// A curve of a training.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Curve {
    /// The training and what was measured, `STAGE/TASK/METRIC`.
    pub name: String,
    /// Updates and values; at most two hundred, evenly chosen.
    pub points: Vec<(u64, f64)>,
}

/// Why an item is shown.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Why {
    /// Among the highest ROUGE-1 of the system that the report is about.
    Best,
    /// Among the lowest.
    Worst,
    /// Among the largest differences from training on real pairs alone.
    MostChanged,
}

/// A test item.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Told {
    /// Why it is shown.
    pub why: Why,
    /// Id of the example.
    pub id: String,
    /// ROUGE-1 F of each system.
    pub rouge1: BTreeMap<System, f64>,
    /// The reference, if the report includes texts.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub reference: Option<String>,
    /// What each system wrote, if the report includes texts.
    #[serde(skip_serializing_if = "BTreeMap::is_empty", default)]
    pub summaries: BTreeMap<System, String>,
}

impl Session {
    /// The report of a run. Tables are computed once more from the stored outputs.
    ///
    /// # Errors
    /// What the store reports.
    pub fn report(&self, sight: &Sight, options: ReportOptions, now_ms: i64) -> Result<Document> {
        let row = self.run(sight.run())?;
        let mut report = self.show(sight)?;
        report.results = self.evaluate(sight, None)?;
        let outputs = tables::outputs(self.store(), &row)?;
        let about = report
            .verdict
            .as_ref()
            .map_or(System::SftReal, |verdict| verdict.system);
        let budget = self.budget(sight.run())?;
        let curves = self.curves(sight.run())?;
        let limits = limits::of_run(&report);
        let subject = RunSubject {
            items_asked: options.items,
            texts: options.texts,
            method: found::method(&report),
            data: DataHashes::from(Selection::of_run(&row)?),
            judge: report.of_the_judge(),
            settings: settings(&report.recipe)?,
            hand_overs: found::hand_overs(&report, &curves),
            curves,
            items: told(&outputs, about, options),
            ratings: self.ratings_of(&[sight.run()])?,
            failures: found::failures(&report),
            warnings: found::warnings(&report, budget.as_ref()),
            retries: found::retries(&report),
            budget,
            run: report,
        };
        written(Subject::Run(Box::new(subject)), limits, now_ms)
    }

    /// The report of an experiment, as far as its cells are done; runs whose summaries are being rated are left out.
    ///
    /// # Errors
    /// What the store reports.
    pub fn report_of_experiment(&self, name: &ExperimentName, now: Now<'_>) -> Result<Document> {
        let experiment = self.experiment_report(name, now)?;
        let mut cells = Vec::new();
        let mut failures = Vec::new();
        for cell in &experiment.cells {
            let Some(run) = &cell.run else {
                continue;
            };
            if let Some(error) = self.run(run)?.error.filter(|_| cell.error.is_some()) {
                failures.push(found::failure(run, &error));
            }
            let sight = match cell.status {
                RunStanding::Done => self.may_see(run)?,
                _ => None,
            };
            if let Some(sight) = sight {
                cells.push(self.cell_found(&sight)?);
            }
        }
        let runs: Vec<&RunId> = cells.iter().map(|cell| &cell.run).collect();
        let limits = limits::of_experiment(&experiment);
        let subject = ExperimentSubject {
            ratings: self.ratings_of(&runs)?,
            experiment,
            cells,
            failures,
        };
        written(Subject::Experiment(Box::new(subject)), limits, now.now_ms)
    }

    fn cell_found(&self, sight: &Sight) -> Result<CellFound> {
        let report = self.show(sight)?;
        let selection = Selection::of_run(&self.run(sight.run())?)?;
        let judge = report.judge.as_ref().map(judge::sentences);
        Ok(CellFound {
            run: report.run.clone(),
            version: report.version.clone(),
            model_sha256: report.model.sha256.to_string(),
            device: report.device,
            threads: report.threads,
            data: DataHashes::from(selection),
            judge: judge.unwrap_or_default(),
            warnings: found::warnings(&report, self.budget(sight.run())?.as_ref()),
            retries: found::retries(&report),
            rounds: report.rounds,
            leaks: report.leaks,
        })
    }

    fn curves(&self, run: &RunId) -> Result<Vec<Curve>> {
        let mut curves: BTreeMap<String, Vec<(u64, f64)>> = BTreeMap::new();
        for point in self.metric_points(run, None)? {
            let name = format!("{}/{}", point.stage, point.series);
            let points = curves.entry(name).or_default();
            points.extend(point.value.map(|value| (point.step, value)));
        }
        let curve = |(name, points): (String, Vec<(u64, f64)>)| Curve {
            name,
            points: thinned(points),
        };
        Ok(curves.into_iter().map(curve).collect())
    }
}

/// The report with its head and its digest.
fn written(subject: Subject, limits: Vec<Words>, now_ms: i64) -> Result<Document> {
    let mut document = Document {
        report: REPORT_VERSION,
        app: "duologue".to_owned(),
        version: env!("CARGO_PKG_VERSION").to_owned(),
        made_at_ms: now_ms,
        subject,
        limits,
        digest: String::new(),
    };
    document.digest = check::digest(&check::tree(&document)?)?;
    Ok(document)
}

/// At most [`CURVE_POINTS`] of them, the first and the last among them.
fn thinned(points: Vec<(u64, f64)>) -> Vec<(u64, f64)> {
    let count = points.len();
    if count <= CURVE_POINTS {
        return points;
    }
    let place = |index: usize| index * (count - 1) / (CURVE_POINTS - 1);
    (0..CURVE_POINTS)
        .map(|index| points[place(index)])
        .collect()
}

fn settings(recipe: &Recipe) -> Result<Vec<Setting>> {
    let fields = recipe.fields()?.into_iter();
    let changed = fields.filter(|field| field.value != field.default);
    Ok(changed
        .map(|field| Setting {
            key: field.key.to_owned(),
            value: field.value,
            default: field.default,
            source: field.source,
        })
        .collect())
}

/// The items on which the system `about` does best and worst, and differs most from training on real pairs alone.
fn told(outputs: &[Vec<Output>], about: System, options: ReportOptions) -> Vec<Told> {
    let of_system = |system: System| {
        let found = outputs.iter().find(|outputs| {
            outputs
                .first()
                .is_some_and(|output| output.system == system)
        });
        found.map(Vec::as_slice).unwrap_or_default()
    };
    let scores = |system: System| -> Vec<f64> { of_system(system).iter().map(rouge1).collect() };
    let (ours, real) = (scores(about), scores(System::SftReal));
    let mut by_score: Vec<usize> = (0..ours.len()).collect();
    by_score.sort_by(|a, b| ours[*b].total_cmp(&ours[*a]).then(a.cmp(b)));
    let mut changed: Vec<usize> = match about != System::SftReal && ours.len() == real.len() {
        true => (0..ours.len()).collect(),
        false => Vec::new(),
    };
    let change = |place: usize| (ours[place] - real[place]).abs();
    changed.sort_by(|a, b| change(*b).total_cmp(&change(*a)).then(a.cmp(b)));
    let worst = by_score.iter().rev().copied();
    let best = by_score.iter().copied().map(|place| (Why::Best, place));
    let chosen = best
        .take(options.items)
        .chain(worst.map(|place| (Why::Worst, place)).take(options.items))
        .chain(
            changed
                .into_iter()
                .map(|place| (Why::MostChanged, place))
                .take(options.items),
        );
    chosen
        .map(|(why, place)| item(outputs, &of_system(about)[place], why, options.texts))
        .collect()
}

fn item(outputs: &[Vec<Output>], about: &Output, why: Why, texts: bool) -> Told {
    let same: Vec<&Output> = outputs
        .iter()
        .flatten()
        .filter(|output| output.id == about.id)
        .collect();
    let summary = |output: &&Output| (output.system, output.prediction.clone());
    Told {
        why,
        id: about.id.clone(),
        rouge1: same
            .iter()
            .map(|output| (output.system, rouge1(output)))
            .collect(),
        reference: about.references.first().cloned().filter(|_| texts),
        summaries: match texts {
            true => same.iter().map(summary).collect(),
            false => BTreeMap::new(),
        },
    }
}

#[cfg(test)]
mod tests;
