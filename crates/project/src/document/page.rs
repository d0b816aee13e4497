//! A report to read: HTML as one file without script or outside link, in both themes, for A4 too; and Markdown. Both are made
//! of the same sections ([`sheet`]), so neither says what the other does not.

mod experiment;
mod found;
mod run;
mod sheet;
mod tables;

use contract::Language;
use minijinja::syntax::SyntaxConfig;
use minijinja::value::Serde;
use minijinja::{Environment, Value, context};

use super::{Document, Subject};
use crate::error::{Result, corrupt};
use crate::report::cards::cards;
use sheet::{Block, CURVE_SIZE, Pen, Section};

/// The report as one HTML file.
pub fn html(document: &Document, language: Language) -> Result<String> {
    let template = ("report.html", include_str!("page.html"));
    filled(template, document, language)
}

/// The report as Markdown.
pub fn markdown(document: &Document, language: Language) -> Result<String> {
    let template = ("report.md", include_str!("page.md"));
    filled(template, document, language)
}

fn filled(
    (name, template): (&str, &str),
    document: &Document,
    language: Language,
) -> Result<String> {
    let broken = |error: minijinja::Error| corrupt("report", format!("{error:#}"));
    let mut environment = Environment::new();
    let syntax = SyntaxConfig::builder()
        .trim_blocks(true)
        .lstrip_blocks(true)
        .build();
    environment.set_syntax(syntax.map_err(broken)?);
    // A cell of a Markdown table is one line without bars.
    environment.add_filter("cell", |text: String| {
        text.replace('|', "\\|").replace(['\n', '\r'], " ")
    });
    environment.add_template(name, template).map_err(broken)?;
    let pen = Pen::new(language);
    let made = format!(
        "{} · Duologue {}",
        day(document.made_at_ms),
        document.version
    );
    let (title, note, mut sections) = match &document.subject {
        Subject::Run(subject) => (
            format!(
                "{} {}",
                pen.say("Report on run", "Bericht des Laufs"),
                subject.run.run
            ),
            format!("{} · {made}", run::note(pen, subject)),
            run::sections(pen, subject),
        ),
        Subject::Experiment(subject) => (
            format!(
                "{} {}",
                pen.say("Report of experiment", "Bericht des Experiments"),
                subject.experiment.experiment
            ),
            format!("{} · {made}", experiment::note(pen, subject)),
            experiment::sections(pen, subject),
        ),
    };
    sections.extend(closing(pen, document));
    let page = context! {
        language => language.as_str(),
        title,
        note,
        sections => Value::from(Serde(sections)),
        size => context! { width => CURVE_SIZE.0, height => CURVE_SIZE.1 },
        digest => context! { name => pen.say("Digest", "Prüfsumme"), value => document.digest.as_str() },
    };
    let found = environment.get_template(name).map_err(broken)?;
    found.render(page).map_err(broken)
}

/// What every report ends with.
fn closing(pen: Pen, document: &Document) -> Vec<Section> {
    let card = |card: &contract::MetricCard| {
        format!("{}: {}", pen.words(&card.label), pen.words(&card.sentence))
    };
    let figures = Block::list(cards().iter().map(card).collect());
    let limits = Block::list(pen.sentences(&document.limits));
    [
        (
            pen.say("What the figures are", "Was die Zahlen sind"),
            figures,
        ),
        (
            pen.say("What this cannot show", "Was das nicht zeigen kann"),
            limits,
        ),
    ]
    .into_iter()
    .filter_map(|(title, block)| Section::of(title, block.into_iter().collect()))
    .collect()
}

/// The day of a time, in UTC.
fn day(ms: i64) -> String {
    let time = jiff::Timestamp::from_millisecond(ms).unwrap_or(jiff::Timestamp::UNIX_EPOCH);
    time.strftime("%Y-%m-%d %H:%M UTC").to_string()
}
