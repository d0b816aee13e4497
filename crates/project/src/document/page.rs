//! A report to read: HTML as one file without script or outside link, in both themes, for A4 too; and Markdown.

use contract::{Language, ShapeAudit, Words};
use minijinja::syntax::SyntaxConfig;
use minijinja::value::Serde;
use minijinja::{Environment, Value, context};

use super::{CellJudge, Curve, Document, Subject};
use crate::error::{Result, corrupt};
use crate::experiment::compare::measure;
use crate::report::cards::cards;
use crate::sentence::{self, german};

/// Width and height of a curve's picture, in its own units.
const CURVE_SIZE: (f64, f64) = (320.0, 96.0);

/// The report as one HTML file.
pub fn html(document: &Document, language: Language) -> Result<String> {
    let template = match document.subject {
        Subject::Run(_) => include_str!("run.html"),
        Subject::Experiment(_) => include_str!("experiment.html"),
    };
    filled("report.html", template, document, language)
}

/// The report as Markdown.
pub fn markdown(document: &Document, language: Language) -> Result<String> {
    let template = match document.subject {
        Subject::Run(_) => include_str!("run.md"),
        Subject::Experiment(_) => include_str!("experiment.md"),
    };
    filled("report.md", template, document, language)
}

fn filled(name: &str, template: &str, document: &Document, language: Language) -> Result<String> {
    let is_german = language == Language::German;
    let broken = |error: minijinja::Error| corrupt("report", format!("{error:#}"));
    let mut environment = Environment::new();
    let syntax = SyntaxConfig::builder()
        .trim_blocks(true)
        .lstrip_blocks(true)
        .build();
    environment.set_syntax(syntax.map_err(broken)?);
    let mark = move |number: String| match is_german {
        true => german(&number),
        false => number,
    };
    environment.add_filter("points", move |share: f64| {
        mark(format!("{:.2}", 100.0 * share))
    });
    environment.add_filter("signed", move |share: f64| {
        mark(sentence::signed(100.0 * share, 2))
    });
    environment.add_filter("percent", move |share: f64| {
        mark(format!("{:.1} %", 100.0 * share))
    });
    environment.add_filter("digits", move |value: f64, digits: usize| {
        mark(format!("{value:.digits$}"))
    });
    environment.add_filter("minutes", move |seconds: f64| {
        mark(format!("{:.1}", seconds / 60.0))
    });
    // A cell of a Markdown table is one line without bars.
    environment.add_filter("cell", |text: String| {
        text.replace('|', "\\|").replace(['\n', '\r'], " ")
    });
    environment.add_filter("day", day);
    environment.add_filter("metric", move |name: String| match name.parse() {
        Ok(metric) if is_german => measure(metric).0.de,
        Ok(metric) => measure(metric).0.en,
        Err(_) => name,
    });
    environment.add_function(
        "say",
        move |en: String, de: String| if is_german { de } else { en },
    );
    let shell = [("page.html", include_str!("page.html"))];
    for (name, template) in shell.into_iter().chain([(name, template)]) {
        environment.add_template(name, template).map_err(broken)?;
    }
    let words = |words: &Words| if is_german { &words.de } else { &words.en }.clone();
    let told = match &document.subject {
        Subject::Run(subject) => {
            let verdict = subject.run.verdict.as_ref();
            let shapes = subject.run.leaks.iter().flat_map(|leaks| &leaks.shapes);
            let shape = |shape: &ShapeAudit| {
                let sentences = shape.sentences.iter().map(words).collect::<Vec<_>>();
                context! {
                    source => shape.source.as_str(),
                    n => shape.n,
                    n_real => shape.n_real,
                    sentences,
                }
            };
            context! {
                shapes => shapes.map(shape).collect::<Vec<_>>(),
                verdict => verdict.map(|verdict| words(&verdict.sentence)),
                judge => subject.judge.iter().map(words).collect::<Vec<_>>(),
                drawings => subject.curves.iter().filter_map(drawing).collect::<Vec<_>>(),
                size => context! { width => CURVE_SIZE.0, height => CURVE_SIZE.1 },
            }
        }
        Subject::Experiment(subject) => {
            let verdicts = &subject.experiment.verdicts;
            let judge = |judge: &CellJudge| {
                let sentences = judge.sentences.iter().map(words).collect::<Vec<_>>();
                context! { run => judge.run.as_str(), sentences }
            };
            let experiment = &subject.experiment;
            let domains = experiment.domains.iter().map(|domain| &domain.sentence);
            let differences = experiment.gain_differences.iter();
            let transfer = domains.chain(differences.map(|found| &found.sentence));
            context! {
                transfer => transfer.map(words).collect::<Vec<_>>(),
                verdicts => verdicts.iter().map(|verdict| words(&verdict.text)).collect::<Vec<_>>(),
                judges => subject.judges.iter().map(judge).collect::<Vec<_>>(),
            }
        }
    };
    let metrics: Vec<Value> = cards()
        .iter()
        .map(|card| {
            let (label, sentence) = (words(&card.label), words(&card.sentence));
            context! { label, sentence, source => card.source.as_str() }
        })
        .collect();
    let page = context! {
        report => Value::from(Serde(document)),
        language => language.as_str(),
        limits => document.limits.iter().map(words).collect::<Vec<_>>(),
        metrics,
        ..told
    };
    let found = environment.get_template(name).map_err(broken)?;
    found.render(page).map_err(broken)
}

/// A curve as the points of a line, with its range; none for fewer than two points.
fn drawing(curve: &Curve) -> Option<Value> {
    let (first, last) = (curve.points.first()?, curve.points.last()?);
    if first.0 == last.0 {
        return None;
    }
    let values = curve.points.iter().map(|(_, value)| *value);
    let (low, high) = values.fold((f64::INFINITY, f64::NEG_INFINITY), |(low, high), value| {
        (low.min(value), high.max(value))
    });
    let span = if high > low { high - low } else { 1.0 };
    let (width, height) = CURVE_SIZE;
    let steps = (last.0 - first.0) as f64;
    let place = |(step, value): &(u64, f64)| {
        let x = width * (step - first.0) as f64 / steps;
        let y = height * (high - value) / span;
        format!("{x:.1},{y:.1}")
    };
    let line: Vec<String> = curve.points.iter().map(place).collect();
    Some(context! {
        name => curve.name.as_str(),
        line => line.join(" "),
        low, high,
        first_step => first.0, first_value => first.1,
        last_step => last.0, last_value => last.1,
    })
}

/// The day of a time, in UTC.
fn day(ms: i64) -> String {
    let time = jiff::Timestamp::from_millisecond(ms).unwrap_or(jiff::Timestamp::UNIX_EPOCH);
    time.strftime("%Y-%m-%d %H:%M UTC").to_string()
}
