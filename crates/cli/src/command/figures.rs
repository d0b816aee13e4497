//! The result table for people: lengths and lines of the conversation first, because the other figures only make sense
//! with them; then on which terms systems are compared, and what the figures do not tell.

use std::collections::BTreeSet;

use contract::{Direction, MetricCard, MetricUnit, ResultMetric, RunId};
use project::backing::facts_caveat;
use project::report::SystemResult;
use project::report::cards::cards;

use crate::table::Table;

/// The table of a run with what is said below it; with `all_metrics` every figure, and what each is.
pub(super) fn describe(run: &RunId, rows: &[SystemResult], all_metrics: bool) -> String {
    let mut out = format!("\n{}", main_table(rows));
    out.push_str(&notes(run, rows));
    if all_metrics {
        let cards = cards();
        out.push_str(&format!("\n{}", every_figure(rows, &cards)));
        for card in &cards {
            out.push_str(&format!("{}\n", what(card)));
        }
    }
    out
}

/// A share in points, with two digits.
pub(super) fn points(share: f64) -> String {
    format!("{:.2}", 100.0 * share)
}

fn interval(ci95: [f64; 2]) -> String {
    format!("[{}, {}]", points(ci95[0]), points(ci95[1]))
}

/// A figure in its unit; a dash where a row has none.
fn figure(row: &SystemResult, metric: ResultMetric, unit: MetricUnit) -> String {
    let mean = match metric {
        ResultMetric::Rouge1 => Some(row.rouge1.mean),
        ResultMetric::Rouge2 => Some(row.rouge2.mean),
        ResultMetric::RougeL => Some(row.rouge_l.mean),
        ResultMetric::ReferenceCe => row.reference_ce.as_ref().map(|ce| ce.mean),
        _ => row.figures.get(&metric).map(|figure| figure.mean),
    };
    let written = mean.map(|mean| match unit {
        MetricUnit::Points => points(mean),
        MetricUnit::Share => format!("{:.1} %", 100.0 * mean),
        MetricUnit::NatsPerToken | MetricUnit::Coefficient => format!("{mean:.3}"),
        MetricUnit::Words | MetricUnit::Tokens | MetricUnit::Ratio | MetricUnit::Seconds => {
            format!("{mean:.1}")
        }
    });
    written.unwrap_or_else(|| "\u{2013}".to_owned())
}

fn main_table(rows: &[SystemResult]) -> Table {
    // Runs of earlier versions do not say what was tried.
    let has_terms = rows.iter().any(|row| row.settings_tried.is_some());
    let has_bertscore = rows.iter().any(|row| row.bertscore.is_some());
    let mut titles = vec![
        "system",
        "n",
        "words",
        "ROUGE-1 [95 %]",
        "ROUGE-2",
        "ROUGE-L",
        "chrF",
    ];
    titles.extend(has_bertscore.then_some("BERTScore"));
    titles.extend(["CE", "unfounded"]);
    if has_terms {
        titles.extend(["synthetic", "tried"]);
    }
    titles.push("ROUGE-1 vs real-only [95 %]");
    let mut table = Table::new(&titles);
    for row in rows {
        let versus = row.vs_sft_real.get(&ResultMetric::Rouge1);
        let cell = |metric, unit| figure(row, metric, unit);
        let mut cells = vec![
            name(row),
            row.n.to_string(),
            cell(ResultMetric::SummaryWords, MetricUnit::Words),
            format!("{} {}", points(row.rouge1.mean), interval(row.rouge1.ci95)),
            cell(ResultMetric::Rouge2, MetricUnit::Points),
            cell(ResultMetric::RougeL, MetricUnit::Points),
            cell(ResultMetric::Chrf, MetricUnit::Points),
        ];
        if has_bertscore {
            cells.push(cell(ResultMetric::BertscoreF, MetricUnit::Points));
        }
        cells.extend([
            cell(ResultMetric::ReferenceCe, MetricUnit::NatsPerToken),
            cell(ResultMetric::FactsUnsupported, MetricUnit::Share),
        ]);
        if has_terms {
            cells.extend([count(row.synthetic_n), count(row.settings_tried)]);
        }
        cells.push(versus.map_or("\u{2013}".into(), |versus| {
            format!("{:+.2} {}", 100.0 * versus.diff, interval(versus.ci95))
        }));
        table.row(cells);
    }
    table
}

/// A system, with its round if it has several.
fn name(row: &SystemResult) -> String {
    match row.round {
        Some(round) => format!("{}, round {round}", row.system),
        None => row.system.to_string(),
    }
}

/// A number that not every row has.
fn count(count: Option<usize>) -> String {
    count.map_or_else(|| "\u{2013}".to_owned(), |count| count.to_string())
}

/// Every figure that some system has, a line each.
fn every_figure(rows: &[SystemResult], cards: &[MetricCard]) -> Table {
    let names: Vec<String> = rows.iter().map(name).collect();
    let systems: Vec<&str> = names.iter().map(String::as_str).collect();
    let mut table = Table::new(&[&["figure"], systems.as_slice()].concat());
    for card in cards {
        let cells: Vec<String> = rows
            .iter()
            .map(|row| figure(row, card.metric, card.unit))
            .collect();
        if cells.iter().any(|cell| cell != "\u{2013}") {
            table.row([vec![card.label.en.clone()], cells].concat());
        }
    }
    table
}

fn what(card: &MetricCard) -> String {
    let better = match card.direction {
        Direction::Higher => "More is better.",
        Direction::Lower => "Less is better.",
        Direction::Neither => "Neither more nor less is better.",
    };
    format!(
        "{}: {} {better} Source: {}.",
        card.label.en, card.sentence.en, card.source
    )
}

/// What to say with the table: lengths of the references, the terms of the comparison, and the limits of its figures.
fn notes(run: &RunId, rows: &[SystemResult]) -> String {
    let mut out = String::new();
    if let Some(words) = rows.iter().find_map(|row| row.reference_words) {
        out.push_str(&format!("Words of a reference: {words:.1}.\n"));
    }
    out.push_str(&equal_terms(rows));
    match rows.iter().find_map(|row| row.bertscore.as_ref()) {
        Some(label) => out.push_str(&format!("BERTScore by {label}.\n")),
        None => out.push_str(&format!(
            "BERTScore is not measured: choose a measuring model, `duologue evaluate --run {run} --encoder DIR`.\n"
        )),
    }
    let facts = rows.iter().find_map(|row| row.facts.as_ref());
    if let Some(facts) = facts {
        out.push_str(&format!("Unfounded: {}\n", facts_caveat().en));
        if !facts.greyed.is_empty() {
            let kinds: Vec<&str> = facts.greyed.iter().map(|kind| kind.as_str()).collect();
            out.push_str(&format!(
                "Left out of it, because your own summaries contain such facts that the conversation does not: {}.\n",
                kinds.join(", ")
            ));
        }
    }
    out
}

/// The terms on which the trained systems are compared, if they are the same for each.
fn equal_terms(rows: &[SystemResult]) -> String {
    let same = |number: fn(&SystemResult) -> Option<usize>| {
        let numbers: BTreeSet<usize> = rows.iter().filter_map(number).collect();
        numbers.first().copied().filter(|_| numbers.len() == 1)
    };
    let mut out = String::new();
    if let Some(tried) = same(|row| row.settings_tried) {
        out.push_str(&format!(
            "Settings tried for each trained system: {tried}.\n"
        ));
    }
    if let Some(pairs) = same(|row| row.synthetic_n) {
        out.push_str(&format!(
            "Synthetic pairs for each system that learns from such: {pairs}.\n"
        ));
    }
    out
}
