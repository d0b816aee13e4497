//! study: what a study could show, studies brought in from elsewhere, and the results of studies. The acts on a running
//! study are in `rating`.

use std::process::ExitCode;

use contract::{Comparison, StudyKind, StudyName, StudyOutlook, StudyResults, StudySummary};
use host::clock::now_ms;
use metrics::simulation::{self, POPULATIONS};
use project::study::export::TableFormat;
use project::study::import;
use project::study::plan::{Asked, PlanRequest, outlook};
use project::study::ratings::{self, RatingsRequest};

use super::{Done, dispute, pack, quoted, rating, session};
use crate::answer;
use crate::args::{
    BenchRating, Global, StudyAction, StudyExport, StudyImport, StudyPlanArgs, StudyTable,
};
use crate::failure::Failure;
use crate::output::Output;
use crate::table::Table;

pub(super) fn study(global: &Global, action: &StudyAction, output: &Output) -> Done {
    match action {
        StudyAction::Plan(args) => plan(args, output),
        StudyAction::Import(args) => take(global, args, output),
        StudyAction::List => list(global, output),
        StudyAction::Create(args) => rating::create(global, args, output),
        StudyAction::Start { study } => rating::start(global, study, output),
        StudyAction::Progress { study } => rating::progress(global, study, output),
        StudyAction::AddRater { study, name } => rating::add(global, study, name, output),
        StudyAction::Withdraw(args) => rating::withdraw(global, args, output),
        StudyAction::Close { study, reason } => rating::close(global, study, reason, output),
        StudyAction::Reveal { study, reason } => rating::reveal(global, study, reason, output),
        StudyAction::Pack(args) => pack::write(global, args, output),
        StudyAction::Merge(args) => pack::merge(global, args, output),
        StudyAction::Verify { study } => rating::verify(global, study, output),
        StudyAction::Delete { study, yes } => rating::delete(global, study, *yes, output),
        StudyAction::Results { study, adjudicated } => results(global, study, *adjudicated, output),
        StudyAction::Disputed { study } => dispute::list(global, study, output),
        StudyAction::Adjudicate(args) => dispute::settle(global, args, output),
        StudyAction::Export(args) => write(global, args, output),
    }
}

fn plan(args: &StudyPlanArgs, output: &Output) -> Done {
    let request = PlanRequest {
        kind: StudyKind::Summaries,
        raters: args.raters.len(),
        dialogues: args.n,
        shared: args.shared,
        available: args.available,
        systems: args.systems,
        comparisons: args.comparisons,
        alpha: args.alpha,
        delta: args.delta,
        words: args.words,
    };
    let found = outlook(&request, &Asked::usual()).ok_or_else(|| {
        Failure::usage(
            "a plan needs two dialogues or more, and a chance of a false finding between 0 and 1",
            "Name more dialogues with --n, or leave --alpha out.",
        )
    })?;
    output.text(plan_table(&found).to_string());
    let load = found.load.iter().max().copied().unwrap_or_default();
    output.text(format!(
        "{} dialogues, {} of them for all; up to {load} for each rater, about {:.1} hours.",
        found.dialogues, found.shared, found.hours
    ));
    found
        .sentences
        .values()
        .for_each(|sentence| output.text(&sentence.en));
    output.result(&found);
    Ok(ExitCode::SUCCESS)
}

pub(super) fn plan_table(found: &StudyOutlook) -> Table {
    let mut table = Table::new(&[
        "criterion",
        "detectable",
        "in the family",
        "half-width",
        "taste",
    ]);
    for (name, row) in &found.criteria {
        table.row(vec![
            name.clone(),
            format!("{:.2}", row.detectable),
            format!("{:.2}", row.detectable_family),
            format!("{:.2}", row.half_width),
            format!("{:.2}", row.taste_95),
        ]);
    }
    table
}

fn take(global: &Global, args: &StudyImport, output: &Output) -> Done {
    let record = match args.format {
        None => import::read(&args.path),
        Some(program) => ratings::read(&RatingsRequest {
            program,
            path: args.path.clone(),
            items: args.items.clone(),
            map: args.map.clone().unwrap_or_default(),
            name: args.name.clone(),
            criteria: args.criteria.clone(),
            points: args.points,
        }),
    };
    let record = record.map_err(project::Error::from)?;
    let taken = session(global)?.take_study(&record, now_ms())?;
    output.text(format!(
        "Study {} is here: {} answers of {} raters about {} summaries. It was rated elsewhere, so Duologue says nothing \
         about its blinding or order.\n\nduologue study results {}",
        taken.study,
        taken.ratings,
        taken.raters,
        taken.items,
        quoted(&taken.name)
    ));
    output.result(&taken);
    Ok(ExitCode::SUCCESS)
}

fn list(global: &Global, output: &Output) -> Done {
    let studies = session(global)?.rated_studies()?;
    output.text(if studies.is_empty() {
        "No study is here: `duologue study create --run RUN` plans one, `duologue study import DIR` brings one in."
            .to_owned()
    } else {
        list_table(&studies).to_string()
    });
    output.result(&answer::Studies { studies });
    Ok(ExitCode::SUCCESS)
}

pub(super) fn list_table(studies: &[StudySummary]) -> Table {
    let mut table = Table::new(&[
        "study",
        "name",
        "mode",
        "state",
        "raters",
        "summaries",
        "answers",
    ]);
    for study in studies {
        table.row(vec![
            study.study.to_string(),
            study.name.to_string(),
            study.mode.to_string(),
            study.state.to_string(),
            study.raters.to_string(),
            study.items.to_string(),
            study.ratings.to_string(),
        ]);
    }
    table
}

fn results(global: &Global, study: &StudyName, adjudicated: bool, output: &Output) -> Done {
    let session = session(global)?;
    let opened = session.opened(study)?;
    let found = match adjudicated {
        true => session.adjudicated_results(&opened)?,
        false => session.rated_results(&opened)?,
    };
    describe(&found).iter().for_each(|part| output.text(part));
    output.result(&found);
    Ok(ExitCode::SUCCESS)
}

/// The page of results in words: headlines, sentences, means, agreement.
pub(super) fn describe(found: &StudyResults) -> Vec<String> {
    let headlines = found.headlines.iter().map(|line| line.sentence.en.clone());
    let spoken = |comparison: &Comparison| Some(comparison.sentence.as_ref()?.en.clone());
    let sentences = found.comparisons.iter().filter_map(spoken);
    let pairs = found.pairs.iter().flat_map(|pairs| &pairs.comparisons);
    let pairs = pairs.filter_map(|pair| Some(pair.sentence.as_ref()?.en.clone()));
    let guesses = found.guesses.iter().map(|found| found.sentence.en.clone());
    let sentences = headlines.chain(guesses).chain(sentences).chain(pairs);
    let mut parts: Vec<String> = sentences.collect();
    let mut means = Table::new(&["system", "criterion", "mean", "95 % interval", "dialogues"]);
    for system in &found.systems {
        for (criterion, mean) in &system.criteria {
            means.row(vec![
                system.system.clone(),
                criterion.clone(),
                number(mean.mean),
                interval(mean.ci95),
                mean.dialogues.to_string(),
            ]);
        }
    }
    parts.push(format!("\n{means}"));
    let mut agreement = Table::new(&[
        "criterion",
        "alpha",
        "95 % interval",
        "AC2",
        "within one",
        "word",
    ]);
    for (criterion, row) in &found.agreement {
        agreement.row(vec![
            criterion.clone(),
            number(row.alpha),
            interval(row.alpha_ci95),
            number(row.ac2),
            row.within_one
                .map_or("-".to_owned(), |share| format!("{:.0} %", 100.0 * share)),
            row.word.to_string(),
        ]);
    }
    parts.push(agreement.to_string());
    parts.extend(found.metrics.iter().flat_map(|(metric, rows)| {
        rows.iter().map(move |(criterion, pick)| {
            let ends = pick.ci95.map_or(String::new(), |[low, high]| {
                format!(" ({:.0}-{:.0})", 100.0 * low, 100.0 * high)
            });
            format!(
                "{metric} picks the summary that people prefer on {criterion} in {:.0} % of {} pairs{ends}; a coin: 50.",
                100.0 * pick.pair_accuracy,
                pick.pairs
            )
        })
    }));
    parts
}

fn number(value: Option<f64>) -> String {
    value.map_or("-".to_owned(), |value| format!("{value:.2}"))
}

fn interval(ends: Option<[f64; 2]>) -> String {
    ends.map_or("-".to_owned(), |[low, high]| {
        format!("{low:.2} to {high:.2}")
    })
}

fn write(global: &Global, args: &StudyExport, output: &Output) -> Done {
    let session = session(global)?;
    let format = match args.format {
        StudyTable::Csv => TableFormat::Csv,
        StudyTable::Jsonl => TableFormat::JsonLines,
    };
    let opened = session.opened(&args.study)?;
    let files = session.export_study(&opened, &args.to, format, args.redact, now_ms())?;
    output.text(format!(
        "{} files are in {}.",
        files.len(),
        args.to.display()
    ));
    output.result(&answer::StudyFiles { files });
    Ok(ExitCode::SUCCESS)
}

/// Dialogues and raters of the invented studies.
const SIZES: [(usize, usize); 4] = [(20, 1), (20, 3), (50, 1), (50, 3)];

/// False alarms and coverage of each size, by the first two populations, as they were when the instrument was designed.
const DESIGNED: [[(f64, f64); 4]; 2] = [
    [
        (0.029, 0.945),
        (0.040, 0.953),
        (0.040, 0.950),
        (0.043, 0.948),
    ],
    [
        (0.025, 0.950),
        (0.038, 0.949),
        (0.036, 0.952),
        (0.040, 0.950),
    ],
];

pub(super) fn simulate(args: &BenchRating, output: &Output) -> Done {
    let mut rows = Vec::new();
    for (place, population) in POPULATIONS.iter().enumerate() {
        for (size, (dialogues, raters)) in SIZES.into_iter().enumerate() {
            let found = simulation::rates(
                population,
                dialogues,
                raters,
                args.studies.max(1),
                args.seed,
            );
            let share = |count: usize, studies: usize| count as f64 / studies as f64;
            let designed = DESIGNED.get(place).map(|sizes| sizes[size]);
            rows.push(answer::BenchRatingRow {
                population: population.name,
                dialogues,
                raters,
                studies: found.studies,
                type_i: share(found.found, found.studies),
                type_i_designed: designed.map(|(type_i, _)| type_i),
                coverage: share(found.covered, found.studies),
                coverage_designed: designed.map(|(_, coverage)| coverage),
                coverage_others: (found.with_others > 0)
                    .then(|| share(found.covered_others, found.with_others)),
            });
        }
    }
    output.text(simulation_table(&rows).to_string());
    output.result(&answer::BenchRatings {
        seed: args.seed,
        rows,
    });
    Ok(ExitCode::SUCCESS)
}

pub(super) fn simulation_table(rows: &[answer::BenchRatingRow]) -> Table {
    let mut table = Table::new(&[
        "population",
        "size",
        "false alarms",
        "designed",
        "coverage",
        "designed",
        "other raters",
    ]);
    let percent = |share: f64| format!("{:.1} %", 100.0 * share);
    let optional = |share: Option<f64>| share.map_or("-".to_owned(), percent);
    for row in rows {
        table.row(vec![
            row.population.to_owned(),
            format!("{} x {}", row.dialogues, row.raters),
            percent(row.type_i),
            optional(row.type_i_designed),
            percent(row.coverage),
            optional(row.coverage_designed),
            optional(row.coverage_others),
        ]);
    }
    table
}
