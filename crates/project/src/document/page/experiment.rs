//! The page of an experiment, section by section.

use contract::{ExperimentComparison, ExperimentReport, ExperimentRow, ResultMetric};

use super::super::{CellFound, ExperimentSubject};
use super::found;
use super::sheet::{ABSENT, Block, Pen, Section, short};
use crate::backing::facts_caveat;
use crate::experiment::compare::measure;

/// The ledger of facts among the figures of a table.
const LEDGER: [ResultMetric; 6] = [
    ResultMetric::FactsUnsupported,
    ResultMetric::FactsKept,
    ResultMetric::FactsChanged,
    ResultMetric::FactsInvented,
    ResultMetric::FactsMissing,
    ResultMetric::SupportedSentences,
];

/// What is shown below the title.
pub(super) fn note(pen: Pen, subject: &ExperimentSubject) -> String {
    let experiment = &subject.experiment;
    format!(
        "{} · {} {} · {} {} {} {}",
        experiment.question,
        experiment.seeds.len(),
        pen.say("seeds", "Startwerte"),
        experiment.done,
        pen.say("of", "von"),
        experiment.cells.len(),
        pen.say("cells done", "Zellen fertig"),
    )
}

pub(super) fn sections(pen: Pen, subject: &ExperimentSubject) -> Vec<Section> {
    let experiment = &subject.experiment;
    let verdicts = experiment.verdicts.iter().map(|verdict| Block::Verdict {
        text: pen.words(&verdict.text),
    });
    let of_cells = |found: &dyn Fn(&CellFound) -> Vec<Block>| -> Vec<Block> {
        let cells = subject.cells.iter();
        cells.flat_map(|cell| named(cell, found(cell))).collect()
    };
    let is_ledger = |row: &&ExperimentRow| LEDGER.contains(&row.metric);
    let (ledger, figures): (Vec<&ExperimentRow>, Vec<&ExperimentRow>) =
        experiment.table.iter().partition(is_ledger);
    [
        (String::new(), verdicts.collect()),
        (
            pen.say("Comparisons", "Vergleiche"),
            comparisons(pen, &experiment.comparisons),
        ),
        (
            pen.say("Data sets side by side", "Datensätze nebeneinander"),
            transfer(pen, experiment),
        ),
        (pen.say("Figures", "Zahlen"), table(pen, &figures)),
        (
            pen.say("Synthetic dialogues", "Künstliche Dialoge"),
            synthesizers(pen, experiment),
        ),
        (
            pen.say("The judge", "Der Prüfer"),
            of_cells(&|cell| found::judge(pen, &cell.judge, None)),
        ),
        (
            pen.say("Rounds", "Runden"),
            of_cells(&|cell| found::rounds(pen, &cell.rounds)),
        ),
        (
            pen.say("Made-up dialogues beside real ones", "Erfunden neben echt"),
            of_cells(&|cell| found::leaks(pen, cell.leaks.as_ref())),
        ),
        (
            pen.say("Facts of the summaries", "Angaben der Zusammenfassungen"),
            facts(pen, &ledger),
        ),
        (
            pen.say(
                "How many examples are enough",
                "Wie viele Beispiele genügen",
            ),
            curves(pen, experiment),
        ),
        (
            pen.say("What people said", "Was Menschen sagten"),
            found::ratings(pen, &subject.ratings),
        ),
        (
            pen.say(
                "Failures, warnings, repetitions",
                "Fehler, Warnungen, Wiederholungen",
            ),
            troubles(pen, subject),
        ),
        (pen.say("Cells", "Zellen"), cells(pen, subject)),
        (
            pen.say("The experiment's file", "Die Datei des Experiments"),
            file(pen, experiment),
        ),
    ]
    .into_iter()
    .filter_map(|(title, blocks)| Section::of(title, blocks))
    .collect()
}

/// What a cell found, below its name; nothing where it found nothing.
fn named(cell: &CellFound, blocks: Vec<Block>) -> Vec<Block> {
    let heading = (!blocks.is_empty()).then(|| Block::Heading {
        text: cell.run.to_string(),
    });
    heading.into_iter().chain(blocks).collect()
}

fn comparisons(pen: Pen, comparisons: &[ExperimentComparison]) -> Vec<Block> {
    let head = [
        ("system", "System"),
        ("against", "gegen"),
        ("family", "Familie"),
        ("metric", "Maß"),
        ("data set", "Datensatz"),
        ("difference [95 %]", "Unterschied [95 %]"),
        ("p (Holm)", "p (Holm)"),
        ("found from", "gefunden ab"),
        ("seeds for 1.5", "Startwerte für 1,5"),
        ("seeds", "Startwerte"),
        ("n", "n"),
    ];
    let side = |side: &contract::ExperimentSide| format!("{} ({})", side.system, side.arm);
    let rows = comparisons.iter().map(|found| {
        let seeds = found.seeds_for_1_5.map(|seeds| seeds.to_string());
        vec![
            side(&found.of),
            side(&found.to),
            found.family.clone(),
            pen.words(&measure(found.metric).0),
            dataset(pen, found),
            pen.interval(found.diff, found.ci95, Pen::signed),
            pen.maybe(found.p_holm, |pen, p| pen.digits(p, 3)),
            pen.maybe(found.detectable_diff, Pen::points),
            seeds.unwrap_or_else(|| ABSENT.to_owned()),
            found.seeds.to_string(),
            found.items.to_string(),
        ]
    });
    let head = head.iter().map(|(en, de)| pen.say(en, de)).collect();
    let Some(table) = Block::table(head, rows.collect()) else {
        return Vec::new();
    };
    let text = pen.say(
        "Differences with a 95 % interval over seeds and test items (two-way t); p after Holm within each family; the \
         smallest true difference that these seeds and items find four times in five.",
        "Unterschiede mit 95-%-Intervall über Startwerte und Testeinträge (zweiseitiges t über beide); p nach Holm in jeder \
         Familie; der kleinste wahre Unterschied, den diese Startwerte und Einträge in vier von fünf Fällen finden.",
    );
    vec![Block::Note { text }, table]
}

fn dataset(pen: Pen, found: &ExperimentComparison) -> String {
    match &found.dataset {
        Some(name) => name.to_string(),
        None => pen.say("all", "alle"),
    }
}

fn transfer(pen: Pen, experiment: &ExperimentReport) -> Vec<Block> {
    let domains = experiment.domains.iter().map(|domain| &domain.sentence);
    let differences = experiment.gain_differences.iter();
    let sentences = domains.chain(differences.map(|found| &found.sentence));
    let sentences = sentences.map(|words| pen.words(words)).collect();
    Block::list(sentences).into_iter().collect()
}

fn table(pen: Pen, rows: &[&ExperimentRow]) -> Vec<Block> {
    let head = [
        ("arm", "Arm"),
        ("data set", "Datensatz"),
        ("model", "Modell"),
        ("system", "System"),
        ("metric", "Maß"),
        ("mean [95 %]", "Mittel [95 %]"),
        ("SD", "SD"),
        ("seeds", "Startwerte"),
        ("n", "n"),
    ];
    let rows = rows.iter().map(|row| {
        let (label, scale) = measure(row.metric);
        let written = move |pen: Pen, value: f64| pen.digits(scale * value, 2);
        vec![
            row.arm.clone(),
            row.dataset.to_string(),
            row.model.to_string(),
            row.system.to_string(),
            pen.words(&label),
            pen.interval(row.mean, row.ci95, written),
            pen.maybe(row.sd, written),
            row.seeds.to_string(),
            row.items.to_string(),
        ]
    });
    let head = head.iter().map(|(en, de)| pen.say(en, de)).collect();
    Block::table(head, rows.collect()).into_iter().collect()
}

fn facts(pen: Pen, rows: &[&ExperimentRow]) -> Vec<Block> {
    let blocks = table(pen, rows);
    let caveat = (!blocks.is_empty()).then(|| Block::Note {
        text: pen.words(&facts_caveat()),
    });
    blocks.into_iter().chain(caveat).collect()
}

fn synthesizers(pen: Pen, experiment: &ExperimentReport) -> Vec<Block> {
    let head = [
        ("arm", "Arm"),
        ("data set", "Datensatz"),
        ("model", "Modell"),
        ("synthesizer", "Synthesizer"),
        ("seeds", "Startwerte"),
        ("n", "n"),
        ("keeps the form", "hält die Form"),
        ("SD", "SD"),
        ("scorer CE", "Scorer-CE"),
        ("copies", "Kopien"),
        ("s per accepted", "s je angenommenen"),
    ];
    let rows = experiment.synthesizers.iter().map(|row| {
        vec![
            row.arm.clone(),
            row.dataset.to_string(),
            row.model.to_string(),
            row.system.to_string(),
            row.seeds.to_string(),
            row.n.to_string(),
            pen.percent(row.format_rate),
            pen.maybe(row.format_rate_sd, Pen::percent),
            pen.maybe(row.scorer_ce, |pen, ce| pen.digits(ce, 3)),
            pen.percent(row.copy_rate),
            pen.maybe(row.seconds_per_accepted, |pen, seconds| {
                pen.digits(seconds, 1)
            }),
        ]
    });
    let head = head.iter().map(|(en, de)| pen.say(en, de)).collect();
    Block::table(head, rows.collect()).into_iter().collect()
}

fn curves(pen: Pen, experiment: &ExperimentReport) -> Vec<Block> {
    let lines = experiment.curves.iter().map(|curve| {
        let sizes: Vec<String> = curve.sizes.iter().map(u32::to_string).collect();
        format!(
            "{}, {}, {} ({}): {}",
            curve.dataset,
            curve.model,
            curve.system,
            sizes.join(", "),
            pen.words(&curve.text)
        )
    });
    Block::list(lines.collect()).into_iter().collect()
}

fn troubles(pen: Pen, subject: &ExperimentSubject) -> Vec<Block> {
    let of_cells = subject.cells.iter().flat_map(|cell| {
        let warnings = Block::list(pen.sentences(&cell.warnings));
        let retries = found::retries(pen, &cell.retries);
        named(cell, warnings.into_iter().chain(retries).collect())
    });
    found::failures(pen, &subject.failures)
        .into_iter()
        .chain(of_cells)
        .collect()
}

fn cells(pen: Pen, subject: &ExperimentSubject) -> Vec<Block> {
    let head = [
        ("arm", "Arm"),
        ("data set", "Datensatz"),
        ("model", "Modell"),
        ("seed", "Startwert"),
        ("run", "Lauf"),
        ("state", "Stand"),
        ("min", "min"),
    ];
    let rows = subject.experiment.cells.iter().map(|cell| {
        vec![
            cell.arm.clone(),
            cell.dataset.to_string(),
            cell.model.to_string(),
            cell.seed.to_string(),
            cell.run.as_deref().unwrap_or(ABSENT).to_owned(),
            cell.status.to_string(),
            pen.minutes(cell.wall_s),
        ]
    });
    let head = head.iter().map(|(en, de)| pen.say(en, de)).collect();
    Block::words(head, rows.collect())
        .into_iter()
        .chain(places(pen, &subject.cells))
        .collect()
}

/// Where each finished cell was computed, and from what.
fn places(pen: Pen, cells: &[CellFound]) -> Option<Block> {
    let head = [
        ("run", "Lauf"),
        ("program", "Programm"),
        ("device", "Gerät"),
        ("threads", "Threads"),
        ("hash of the model", "Prüfsumme des Modells"),
        ("of the training texts", "der Lerntexte"),
        ("of the test texts", "der Testtexte"),
    ];
    let rows = cells.iter().map(|cell| {
        vec![
            cell.run.to_string(),
            cell.version.clone(),
            cell.device.to_string(),
            cell.threads.to_string(),
            short(&cell.model_sha256),
            short(&cell.data.training_sha256),
            short(&cell.data.test_sha256),
        ]
    });
    let head = head.iter().map(|(en, de)| pen.say(en, de)).collect();
    Block::words(head, rows.collect())
}

fn file(pen: Pen, experiment: &ExperimentReport) -> Vec<Block> {
    let text = experiment.spec.clone();
    [Block::Verbatim { text }]
        .into_iter()
        .chain(found::budget(pen, experiment.budget.as_ref()))
        .collect()
}
