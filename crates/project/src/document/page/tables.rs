//! The tables of a run: systems with every figure, synthesizers with every rule, and the ledger of facts.

use contract::{Direction, MetricUnit, ResultMetric};

use super::sheet::{ABSENT, Block, Pen};
use crate::backing::facts_caveat;
use crate::report::cards::cards;
use crate::report::figures::FactsCount;
use crate::report::run::RunReport;
use crate::report::{Difference, SystemResult};

/// A value in the unit of its figure.
fn written(pen: Pen, unit: MetricUnit, value: f64) -> String {
    match unit {
        MetricUnit::Points => pen.points(value),
        MetricUnit::Share => pen.percent(value),
        MetricUnit::NatsPerToken | MetricUnit::Coefficient => pen.digits(value, 3),
        MetricUnit::Words | MetricUnit::Tokens | MetricUnit::Ratio | MetricUnit::Seconds => {
            pen.digits(value, 1)
        }
    }
}

/// The name of a row: its system, and its round where there are several.
fn name(pen: Pen, row: &SystemResult) -> String {
    match row.round {
        Some(round) => format!("{}, {} {round}", row.system, pen.say("round", "Runde")),
        None => row.system.to_string(),
    }
}

/// What tables show by default, then everything else.
pub(super) fn results(pen: Pen, rows: &[SystemResult]) -> Vec<Block> {
    if rows.is_empty() {
        return Vec::new();
    }
    let head = [
        ("system", "System"),
        ("n", "n"),
        ("ROUGE-1 [95 %]", "ROUGE-1 [95 %]"),
        ("ROUGE-2", "ROUGE-2"),
        ("ROUGE-L", "ROUGE-L"),
        ("chrF", "chrF"),
        ("BERTScore", "BERTScore"),
        ("CE of the reference", "CE der Referenz"),
        ("words", "Wörter"),
        ("facts not found", "Angaben nicht gefunden"),
        ("against real-only [95 %]", "gegen nur echte [95 %]"),
        ("p (Holm)", "p (Holm)"),
    ];
    let cells = |row: &SystemResult| {
        let figure = |metric: ResultMetric| row.figures.get(&metric).map(|figure| figure.mean);
        let versus = row.vs_sft_real.get(&ResultMetric::Rouge1);
        let difference = |found: &Difference| pen.interval(found.diff, found.ci95, Pen::signed);
        vec![
            name(pen, row),
            row.n.to_string(),
            pen.interval(row.rouge1.mean, row.rouge1.ci95, Pen::points),
            pen.points(row.rouge2.mean),
            pen.points(row.rouge_l.mean),
            pen.maybe(figure(ResultMetric::Chrf), Pen::points),
            pen.maybe(figure(ResultMetric::BertscoreF), Pen::points),
            pen.maybe(row.reference_ce.as_ref().map(|ce| ce.mean), |pen, ce| {
                pen.digits(ce, 3)
            }),
            pen.maybe(figure(ResultMetric::SummaryWords), |pen, words| {
                pen.digits(words, 1)
            }),
            pen.maybe(figure(ResultMetric::FactsUnsupported), Pen::percent),
            versus.map_or_else(|| ABSENT.to_owned(), difference),
            pen.maybe(versus.and_then(|found| found.p_holm), |pen, p| {
                pen.digits(p, 3)
            }),
        ]
    };
    let compared = rows
        .iter()
        .filter(|row| row.vs_sft_real.contains_key(&ResultMetric::Rouge1))
        .count();
    let family = (compared > 0).then(|| Block::Note {
        text: pen.say(
            &format!(
                "Differences of ROUGE-1 to training on real pairs alone, by paired bootstrap over the test items; p after Holm \
                 for {compared} comparisons."
            ),
            &format!(
                "Unterschiede von ROUGE-1 zum Training mit echten Paaren allein, gepaarter Bootstrap über die Testeinträge; p \
                 nach Holm für {compared} Vergleiche."
            ),
        ),
    });
    let head = head.iter().map(|(en, de)| pen.say(en, de)).collect();
    Block::table(head, rows.iter().map(cells).collect())
        .into_iter()
        .chain(family)
        .chain(measured_by(pen, rows))
        .chain(every_figure(pen, rows))
        .collect()
}

/// What BERTScore was measured with, or how to get it.
fn measured_by(pen: Pen, rows: &[SystemResult]) -> Option<Block> {
    let label = rows.iter().find_map(|row| row.bertscore.as_ref());
    let text = match label {
        Some(label) => format!("BERTScore: {label}."),
        None => pen.say(
            "BERTScore was not measured: no measuring model was chosen.",
            "BERTScore wurde nicht gemessen: Es war kein Messmodell gewählt.",
        ),
    };
    Some(Block::Note { text })
}

/// A row for each other figure, a column for each system.
fn every_figure(pen: Pen, rows: &[SystemResult]) -> Vec<Block> {
    let head = [pen.say("figure", "Maß"), pen.say("better", "besser")]
        .into_iter()
        .chain(rows.iter().map(|row| name(pen, row)))
        .collect();
    let mut lines = Vec::new();
    for card in cards() {
        let means: Vec<Option<f64>> = rows
            .iter()
            .map(|row| row.figures.get(&card.metric).map(|figure| figure.mean))
            .collect();
        if means.iter().all(Option::is_none) {
            continue;
        }
        let better = match card.direction {
            Direction::Higher => pen.say("higher", "höher"),
            Direction::Lower => pen.say("lower", "tiefer"),
            Direction::Neither => ABSENT.to_owned(),
        };
        let values = means
            .into_iter()
            .map(|mean| pen.maybe(mean, |pen, mean| written(pen, card.unit, mean)));
        let line = [pen.words(&card.label), better].into_iter().chain(values);
        lines.push(line.collect());
    }
    let mut line = |en: &str, de: &str, value: &dyn Fn(&SystemResult) -> String| {
        let cells = rows.iter().map(value);
        let line = [pen.say(en, de), ABSENT.to_owned()]
            .into_iter()
            .chain(cells);
        lines.push(line.collect());
    };
    let count = |count: Option<usize>| count.map_or_else(|| ABSENT.to_owned(), |n| n.to_string());
    line(
        "ROUGE-1, best reference",
        "ROUGE-1, beste Referenz",
        &|row| pen.points(row.rouge1_best.mean),
    );
    line(
        "ROUGE-2, best reference",
        "ROUGE-2, beste Referenz",
        &|row| pen.points(row.rouge2_best.mean),
    );
    line(
        "ROUGE-L, best reference",
        "ROUGE-L, beste Referenz",
        &|row| pen.points(row.rouge_l_best.mean),
    );
    line("Words of the references", "Wörter der Referenzen", &|row| {
        pen.maybe(row.reference_words, |pen, words| pen.digits(words, 1))
    });
    line("Settings tried", "Versuchte Einstellungen", &|row| {
        count(row.settings_tried)
    });
    line("Made-up pairs learnt from", "Erfundene Lernpaare", &|row| {
        count(row.synthetic_n)
    });
    let text = pen.say("Every figure", "Alle Zahlen");
    let table = Block::table(head, lines);
    let heading = table.is_some().then_some(Block::Heading { text });
    heading.into_iter().chain(table).collect()
}

/// Synthesizers with their rules, and the rule as it was calibrated.
pub(super) fn synthesizers(pen: Pen, run: &RunReport) -> Vec<Block> {
    let head = [
        ("synthesizer", "Synthesizer"),
        ("n", "n"),
        ("keeps the form [95 %]", "hält die Form [95 %]"),
        ("scorer CE", "Scorer-CE"),
        ("of well-formed ones", "der wohlgeformten"),
        ("copies", "Kopien"),
        ("tries", "Versuche"),
        ("s per accepted", "s je angenommenen"),
    ];
    let rows = run.synthesizers.iter().map(|row| {
        let found = &row.result;
        let three = |pen: Pen, value: f64| pen.digits(value, 3);
        vec![
            found.system.to_string(),
            found.n.to_string(),
            pen.interval(found.format_rate, found.ci95, Pen::percent),
            pen.maybe(found.scorer_ce_all, three),
            pen.maybe(found.scorer_ce_passing, three),
            pen.percent(found.copy_rate),
            pen.digits(found.mean_tries, 2),
            pen.maybe(row.seconds_per_accepted, |pen, seconds| {
                pen.digits(seconds, 1)
            }),
        ]
    });
    let head = head.iter().map(|(en, de)| pen.say(en, de)).collect();
    Block::table(head, rows.collect())
        .into_iter()
        .chain(rules(pen, run))
        .collect()
}

/// A row for each rule: the share of dialogues that keep it, by synthesizer.
fn rules(pen: Pen, run: &RunReport) -> Option<Block> {
    let rule = run.format_rule.as_ref()?;
    let head = [
        pen.say("rule", "Regel"),
        pen.say("real pairs that break it", "echte Paare, die sie brechen"),
    ];
    let writers = run.synthesizers.iter();
    let head = head
        .into_iter()
        .chain(writers.map(|row| row.result.system.to_string()));
    let rows = rule.rules.iter().map(|rule| {
        let kept = run.synthesizers.iter().map(|row| {
            let share = row.result.rules.get(rule.id.as_str());
            pen.maybe(share.copied(), Pen::percent)
        });
        [rule.label.clone(), pen.percent(rule.real_reject)]
            .into_iter()
            .chain(kept)
            .collect()
    });
    Block::table(head.collect(), rows.collect())
}

/// The ledger of facts: every system, then every kind of fact.
pub(super) fn facts(pen: Pen, rows: &[SystemResult]) -> Vec<Block> {
    let head = [
        ("system", "System"),
        ("kind", "Art"),
        ("kept", "vorhanden"),
        ("changed", "verändert"),
        ("invented", "erfunden"),
        ("missing", "fehlend"),
        ("summaries with one", "Zusammenfassungen damit"),
    ];
    let line = |row: &SystemResult, kind: String, count: FactsCount| {
        let counts = [
            count.kept,
            count.changed,
            count.invented,
            count.missing,
            count.summaries,
        ];
        let counts = counts.iter().map(usize::to_string);
        [name(pen, row), kind].into_iter().chain(counts).collect()
    };
    let mut lines: Vec<Vec<String>> = Vec::new();
    for row in rows {
        let Some(facts) = &row.facts else {
            continue;
        };
        let together = pen.say("all that count", "alle, die zählen");
        lines.push(line(row, together, facts.total));
        for (kind, count) in &facts.by_kind {
            let greyed = match facts.greyed.contains(kind) {
                true => pen.say(" (not counted)", " (nicht gezählt)"),
                false => String::new(),
            };
            lines.push(line(row, format!("{kind}{greyed}"), *count));
        }
    }
    let head = head.iter().map(|(en, de)| pen.say(en, de)).collect();
    let table = Block::table(head, lines);
    let caveat = table.is_some().then(|| Block::Note {
        text: pen.words(&facts_caveat()),
    });
    table.into_iter().chain(caveat).collect()
}
