//! The report of a run: everything that somebody needs who was not there, as one file to hand over. As JSON it can be
//! checked against the workspace, number by number ([`check`]); as HTML or Markdown it is read ([`page`]).

pub mod check;
pub mod page;

use std::collections::BTreeMap;

use contract::{System, Words};
use metrics::rouge::{RougeOptions, best, score_each};
use serde::{Deserialize, Serialize};
use serde_json::Value;
use store::Sight;

use crate::artifact::Output;
use crate::error::Result;
use crate::judge;
use crate::recipe::Recipe;
use crate::report::run::RunReport;
use crate::report::tables;
use crate::session::Session;

/// The form of the file.
const REPORT_VERSION: u32 = 1;
/// Most points of a curve; a longer one is thinned out.
const CURVE_POINTS: usize = 200;

/// What goes into a report.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ReportOptions {
    /// Items of each kind: best, worst, most changed.
    pub items: usize,
    /// Whether their texts stand in it; otherwise their ids alone.
    pub texts: bool,
}

/// The report of a run.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Document {
    /// The form of the file.
    pub report: u32,
    /// The program that wrote it.
    pub app: String,
    /// Its version.
    pub version: String,
    /// When, milliseconds since 1970.
    pub made_at_ms: i64,
    /// Items of each kind that were asked for.
    pub items_asked: usize,
    /// Whether texts of the items stand in it.
    pub texts: bool,
    /// The run with its tables, made anew from what it stored.
    pub run: RunReport,
    /// What was found about the judge, in words.
    pub judge: Vec<Words>,
    /// Settings that are not the defaults.
    pub settings: Vec<Setting>,
    /// Curves of the trainings.
    pub curves: Vec<Curve>,
    /// Test items that tell most.
    pub items: Vec<Told>,
    /// What such a report cannot show.
    pub limits: Vec<Words>,
    /// SHA-256 over all of the above but the time.
    pub digest: String,
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

/// Why an item is told.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Why {
    /// Among the highest ROUGE-1 of the system that the report is about.
    Best,
    /// Among the lowest.
    Worst,
    /// Among the largest differences to training on real pairs alone.
    MostChanged,
}

/// A test item.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Told {
    /// Why it is told.
    pub why: Why,
    /// Id of the example.
    pub id: String,
    /// ROUGE-1 F of each system.
    pub rouge1: BTreeMap<System, f64>,
    /// The reference, where texts stand in the report.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub reference: Option<String>,
    /// What each system wrote, where texts stand in the report.
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
        let mut document = Document {
            report: REPORT_VERSION,
            app: "duologue".to_owned(),
            version: env!("CARGO_PKG_VERSION").to_owned(),
            made_at_ms: now_ms,
            items_asked: options.items,
            texts: options.texts,
            judge: report
                .judge
                .as_ref()
                .map(judge::sentences)
                .unwrap_or_default(),
            settings: settings(&report.recipe)?,
            curves: self.curves(sight.run())?,
            items: told(&outputs, about, options),
            limits: limits(&report),
            run: report,
            digest: String::new(),
        };
        document.digest = check::digest(&check::tree(&document)?)?;
        Ok(document)
    }

    fn curves(&self, run: &str) -> Result<Vec<Curve>> {
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
            source: field.source.to_owned(),
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

/// ROUGE-1 F of the best reference, as in the table.
fn rouge1(output: &Output) -> f64 {
    let options = RougeOptions { stemmer: true };
    let each = score_each(&output.references, &output.prediction, options);
    best(&each).map_or(0.0, |scores| scores.rouge1.fmeasure)
}

/// What no report of this kind can show.
fn limits(report: &RunReport) -> Vec<Words> {
    let n = report.results.iter().map(|row| row.n).max().unwrap_or(0);
    let words = |en: String, de: &str| Words {
        en,
        de: de.replace("{n}", &n.to_string()),
    };
    vec![
        words(
            "It is one training with one seed: another draw of shots or another seed moves differences by about one to two \
             ROUGE-1 points."
                .to_owned(),
            "Es ist ein Training mit einem Startwert: Andere gezogene Beispiele oder ein anderer Startwert verschieben \
             Unterschiede um etwa ein bis zwei ROUGE-1-Punkte.",
        ),
        words(
            format!("Intervals cover the draw of the {n} test items and nothing else."),
            "Intervalle decken die Ziehung der {n} Testeintr\u{e4}ge ab und sonst nichts.",
        ),
        words(
            "ROUGE, chrF and BLEU count common words; none of them sees whether a summary is true. Have people rate it."
                .to_owned(),
            "ROUGE, chrF und BLEU z\u{e4}hlen gemeinsame W\u{f6}rter; keines sieht, ob eine Zusammenfassung stimmt. Lassen Sie \
             Menschen bewerten.",
        ),
        words(
            "Word stems are English; figures on other languages are rough.".to_owned(),
            "Wortst\u{e4}mme sind englisch; Zahlen zu anderen Sprachen sind grob.",
        ),
    ]
}
