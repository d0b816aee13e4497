//! runs, show, pause, cancel, evaluate: reading runs and steering them.

use std::path::Path;
use std::process::ExitCode;

use contract::{Control, JudgeMeasures, Part, Rounds, RunId, RunStatus, StageName, StageStanding};
use host::clock::now_ms;
use host::process::liveness;
use metrics::rouge::{RougeOptions, RougeScores, best, mean, score_each, tokenize};
use mrds::bertscore::{Measuring, Reached};
use project::report::run::{RunReport, RunVerdict, SynthesizerRow};
use project::rows::RunRow;
use project::session::{Browsable, RunSummary, Session};
use serde::Deserialize;

use super::audit::leaks_table;
use super::experiment::describe_budget;
use super::figures::{self, points};
use super::{Done, read_lines, session};
use crate::answer::{
    ArtifactLine, Evaluated, EvaluatedRun, Runs, Score, Shown, Stage, Stopping, SummaryLine,
};
use crate::args::{Cancel, Evaluate, Global, Multi, Show};
use crate::failure::Failure;
use crate::output::{Output, note};
use crate::table::Table;
use crate::wording;

pub(super) fn runs(global: &Global, output: &Output) -> Done {
    let session = session(global)?;
    let mut runs = session.runs()?;
    for run in &mut runs {
        run.status = standing(&session, &run.run, run.status)?;
    }
    output.text(if runs.is_empty() {
        "No run yet: `duologue run --dataset NAME --model DIR`.".into()
    } else {
        run_table(&runs).to_string()
    });
    output.result(&Runs { runs });
    Ok(ExitCode::SUCCESS)
}

pub(super) fn run_table(runs: &[RunSummary]) -> Table {
    let mut table = Table::new(&[
        "run",
        "name",
        "status",
        "data set",
        "model",
        "seed",
        "stages done",
    ]);
    for run in runs {
        let done = run
            .stages
            .iter()
            .filter(|stage| matches!(stage.status, StageStanding::Done | StageStanding::Reused))
            .count();
        table.row(vec![
            run.run.to_string(),
            run.label.name.clone(),
            run.status.to_string(),
            run.dataset.to_string(),
            run.model.to_string(),
            run.seed.to_string(),
            format!("{done} of {}", run.stages.len()),
        ]);
    }
    table
}

/// A run whose worker has died is not running, whatever its row says: it can be resumed.
fn standing(session: &Session, run: &RunId, status: RunStatus) -> Result<RunStatus, Failure> {
    let died = status == RunStatus::Running && !session.is_worked_on(run, now_ms(), &liveness)?;
    Ok(if died { RunStatus::Paused } else { status })
}

pub(super) fn show(global: &Global, args: &Show, output: &Output) -> Done {
    let session = session(global)?;
    let Some(stage) = args.stage else {
        let mut shown = session.show(&session.sight(&args.run)?)?;
        wording::word_run(&mut shown);
        shown.status = standing(&session, &args.run, shown.status)?;
        let budget = session.budget(&args.run)?;
        output.text(describe(&shown, args.all_metrics));
        if let Some(budget) = &budget {
            output.text(describe_budget(budget));
        }
        output.result(&Shown {
            report: &shown,
            budget,
        });
        return Ok(ExitCode::SUCCESS);
    };
    session.run(&args.run)?;
    let page = match Browsable::new(stage) {
        Some(stage) => session.items(&args.run, stage, None, 0, u32::MAX)?,
        None => session.evaluated(&session.sight(&args.run)?, None, 0, u32::MAX)?,
    };
    if args.items {
        for row in &page.rows {
            let line = ArtifactLine {
                kind: row.kind,
                part: Some(row.part).filter(|part| *part != Part::Whole(stage)),
                item: row.item,
                version: row.version,
                payload: &row.payload,
            };
            output.line(&line);
            output.text(serde_json::to_string(&line).unwrap_or_default());
        }
    }
    let row = session.run(&args.run)?;
    if args.items && stage == StageName::Evaluate {
        let sight = session.sight(&args.run)?;
        let say = |line: &SummaryLine<'_>| {
            output.line(line);
            output.text(serde_json::to_string(line).unwrap_or_default());
        };
        for score in session.scores(&sight)? {
            say(&SummaryLine::Score(&score));
        }
        for backed in session.backings(&sight)? {
            say(&SummaryLine::Backing(&backed));
        }
    }
    let (found, status) = session
        .stages(&row)?
        .into_iter()
        .find(|(found, _)| found.name == stage)
        .ok_or_else(|| {
            Failure::usage(
                format!("run `{}` has no stage {stage}", args.run),
                "`duologue show RUN` lists them.",
            )
        })?;
    output.text(format!("{stage}: {status}, {} items", page.total));
    output.result(&Stage {
        run: &args.run,
        stage,
        status,
        items: page.total,
        output_sha256: found.output_sha256,
        dropped: found.dropped,
        measures: found.measures,
    });
    Ok(ExitCode::SUCCESS)
}

/// How the judge did on each way of damaging a dialogue.
fn judged(found: &JudgeMeasures) -> String {
    let mut table = Table::new(&[
        "damaged dialogue",
        "n",
        "real one preferred",
        "95 %",
        "mean gap",
    ]);
    for (corruption, accuracy) in &found.corruptions {
        let (low, high) = accuracy.ci95;
        table.row(vec![
            corruption.to_string(),
            accuracy.n.to_string(),
            format!("{:.0} %", 100.0 * accuracy.accuracy),
            format!("{:.0} to {:.0} %", 100.0 * low, 100.0 * high),
            format!("{:.2}", accuracy.mean_gap),
        ]);
    }
    table.to_string()
}

/// A run for people: stages, then both tables.
pub(super) fn describe(report: &RunReport, all_metrics: bool) -> String {
    let mut stages = Table::new(&["stage", "status", "seconds", "in", "out"]);
    for stage in &report.stages {
        stages.row(vec![
            stage.name.to_string(),
            stage.status.to_string(),
            format!("{:.1}", stage.wall_s),
            stage.n_in.to_string(),
            stage.n_out.to_string(),
        ]);
    }
    let mut out = format!(
        "Run {} ({}), seed {}\n\n{stages}",
        report.run, report.status, report.seed
    );
    if let Some(error) = &report.error {
        out.push_str(&format!(
            "\nFailed: {}\nWhat to do: {}\n",
            error.message, error.fix
        ));
    }
    if let Some(judge) = &report.judge {
        out.push_str(&format!("\n{}", judged(judge)));
    }
    let about = report.of_the_judge();
    if !about.is_empty() {
        let sentences: Vec<&str> = about.iter().map(|words| words.en.as_str()).collect();
        out.push_str(&format!("{}\n", sentences.join(" ")));
    }
    for rounds in &report.rounds {
        out.push_str(&format!("\n{}", rounds_table(rounds)));
    }
    if !report.synthesizers.is_empty() {
        out.push_str(&format!("\n{}", synthesizer_table(&report.synthesizers)));
    }
    if !report.results.is_empty() {
        if let Some(verdict) = &report.verdict {
            out.push_str(&format!("\n{}\n", verdict.sentence.en));
        }
        out.push_str(&figures::describe(
            &report.run,
            &report.results,
            all_metrics,
        ));
        if let Some(detectable) = report.detectable_diff {
            out.push_str(&format!(
                "A true ROUGE-1 difference below {:.2} points would often go unnoticed with this number of items.\n",
                100.0 * detectable
            ));
        }
    }
    match &report.leaks {
        Some(leaks) => out.push_str(&format!("\n{}", leaks_table(leaks))),
        None if report.synthesizers.is_empty() => {}
        None => out.push_str(&format!(
            "\nNobody has looked yet at what its texts give away: `duologue audit {}`.\n",
            report.run
        )),
    }
    out
}

/// The rounds of a system, what became of its made-up conversations, and how the rounds ended.
fn rounds_table(rounds: &Rounds) -> String {
    let mut table = Table::new(&[
        "round",
        "accepted",
        "distinct2",
        "self-BLEU4",
        "length",
        "pair gap",
        "base CE",
        "judge CE",
        "real CE rise",
        "drift",
        "AUC",
        "validation CE",
        "R-1",
        "",
    ]);
    let number = |value: Option<f64>| value.map_or("–".to_owned(), |x| format!("{x:.3}"));
    for round in &rounds.rounds {
        let found = &round.figures;
        let taken = if round.chosen { "taken" } else { "" };
        table.row(vec![
            found.round.to_string(),
            format!("{} ({:.0} %)", found.accepted, 100.0 * found.accepted_rate),
            number(found.distinct2),
            number(found.self_bleu4),
            number(found.length_ratio),
            number(found.pair_gap),
            number(found.scorer_ce),
            number(found.judge_ce),
            number(found.real_ce_rise),
            number(found.drift_kl),
            number(found.two_sample_auc),
            format!("{:.4}", found.validation_ce),
            found
                .validation_rouge1
                .map_or("–".to_owned(), |x| format!("{:.2}", 100.0 * x)),
            taken.to_owned(),
        ]);
    }
    let sentences: Vec<&str> = rounds
        .sentences
        .iter()
        .map(|words| words.en.as_str())
        .collect();
    format!(
        "Rounds of {}\n{table}{}\n",
        rounds.system,
        sentences.join(" ")
    )
}

fn synthesizer_table(rows: &[SynthesizerRow]) -> Table {
    let mut table = Table::new(&[
        "synthesizer",
        "n",
        "format rate [95 %]",
        "CE all",
        "CE passing",
        "copies",
        "s per accepted",
    ]);
    let percent = |share: f64| format!("{:.1}", 100.0 * share);
    let number = |value: Option<f64>| value.map_or("–".to_owned(), |x| format!("{x:.3}"));
    for row in rows {
        let found = &row.result;
        table.row(vec![
            found.system.to_string(),
            found.n.to_string(),
            format!(
                "{} % [{}, {}]",
                percent(found.format_rate),
                percent(found.ci95[0]),
                percent(found.ci95[1])
            ),
            number(found.scorer_ce_all),
            number(found.scorer_ce_passing),
            format!("{} %", percent(found.copy_rate)),
            number(row.seconds_per_accepted),
        ]);
    }
    table
}

pub(super) fn pause(global: &Global, run: &RunId, output: &Output) -> Done {
    stop(global, run, Control::Pause, output)
}

pub(super) fn cancel(global: &Global, args: &Cancel, output: &Output) -> Done {
    stop(
        global,
        &args.run,
        if args.discard {
            Control::Discard
        } else {
            Control::Cancel
        },
        output,
    )
}

fn stop(global: &Global, run: &RunId, control: Control, output: &Output) -> Done {
    let session = session(global)?;
    let status = session.control(run, control, now_ms(), &liveness)?;
    let row = session.status(run)?;
    let stage = row.stages.iter().find(|stage| {
        matches!(
            stage.status,
            StageStanding::Running | StageStanding::Waiting
        )
    });
    let step = stage.map(|stage| stage.progress.as_ref().map_or(0, |last| last.step.step));
    output.text(match status {
        RunStatus::Running => format!("Asked run {run} to {control}; it stops at its next step."),
        status => format!("Run {run} is {status}."),
    });
    output.result(&Stopping {
        run,
        status,
        from_stage: stage.map(|stage| stage.name),
        from_step: step,
    });
    Ok(ExitCode::SUCCESS)
}

#[derive(Deserialize)]
struct Prediction {
    prediction: String,
    #[serde(default)]
    references: Vec<String>,
    #[serde(default)]
    reference: Option<String>,
}

pub(super) fn evaluate(global: &Global, args: &Evaluate, output: &Output) -> Done {
    let options = RougeOptions {
        stemmer: !args.no_stemmer,
    };
    if let Some(run) = &args.run {
        return evaluate_run(global, run, args, output);
    }
    let Some(file) = &args.file else {
        return Err(Failure::usage(
            "neither a file nor a run was named",
            "Give FILE.jsonl or --run RUN.",
        ));
    };
    let rows: Vec<(usize, Prediction)> = read_lines(file)?;
    let combine = match args.multi {
        Multi::Mean => mean,
        Multi::Best => best,
    };
    let mut scores: Vec<RougeScores> = Vec::with_capacity(rows.len());
    let mut without_tokens = 0;
    for (number, row) in rows {
        let references: Vec<String> = row.references.into_iter().chain(row.reference).collect();
        let mut texts = references.iter().chain([&row.prediction]);
        if texts.any(|text| !text.trim().is_empty() && tokenize(text, options).is_empty()) {
            without_tokens += 1;
        }
        let each = score_each(&references, &row.prediction, options);
        let fix = "Give \"references\": [..] or \"reference\" on every line.";
        scores.push(
            combine(&each)
                .ok_or_else(|| Failure::file(file, Some(number), "there is no reference", fix))?,
        );
    }
    let average = mean(&scores).unwrap_or_default();
    output.text(score_table(&average).to_string());
    if without_tokens > 0 {
        note(&format!(
            "In {without_tokens} of {} lines a text has no token: ROUGE reads the letters a to z and digits only, so \
             texts in other scripts score 0, however alike they are.",
            scores.len()
        ));
    }
    output.result(&Evaluated {
        n: scores.len(),
        without_tokens,
        stemmer: options.stemmer,
        multi: args.multi,
        scores: average
            .named()
            .map(|(name, score)| (name, Score::from(score)))
            .into(),
    });
    Ok(ExitCode::SUCCESS)
}

pub(super) fn score_table(scores: &RougeScores) -> Table {
    let mut table = Table::new(&["metric", "precision", "recall", "F"]);
    for (name, score) in scores.named() {
        table.row(vec![
            name.to_owned(),
            points(score.precision),
            points(score.recall),
            points(score.fmeasure),
        ]);
    }
    table
}

/// The figures of a run, recomputed from its stored outputs; with a measuring model, BERTScore too.
fn evaluate_run(global: &Global, run: &RunId, args: &Evaluate, output: &Output) -> Done {
    let session = session(global)?;
    let row = session.run(run)?;
    if let Some(folder) = &args.encoder {
        measure(global, &session, &row, folder, args)?;
    }
    let table = session.evaluate(&session.sight(run)?, args.systems.as_deref())?;
    if table.is_empty() {
        return Err(Failure::usage(
            format!("run `{run}` has no outputs of these systems yet"),
            format!(
                "Finish it first: `duologue resume {run}`; `duologue show {run}` lists what it compares."
            ),
        ));
    }
    output.text(figures::describe(run, &table, args.all_metrics).trim_start());
    output.result(&EvaluatedRun {
        run,
        seed: row.seed,
        verdict: RunVerdict::of(&table),
        results: table,
    });
    Ok(ExitCode::SUCCESS)
}

/// Has a measuring model read the outputs of every system.
fn measure(
    global: &Global,
    session: &Session,
    row: &RunRow,
    folder: &Path,
    args: &Evaluate,
) -> Result<(), Failure> {
    let measuring = Measuring {
        folder: folder.to_owned(),
        layer: args.layer,
        idf: args.idf,
        rescale: args.rescale,
    };
    if args.rescale && measuring.baseline().is_none() {
        return Err(Failure::usage(
            "bert-score has no line from which scores of this model at this layer could be seen",
            "Leave --rescale out. It has lines for roberta-large, roberta-base, bert-base-multilingual-cased and \
             xlm-roberta-large, at their own layers.",
        ));
    }
    let mut last = None;
    let mut say = |reached: Reached| {
        if last != Some(reached.system) {
            note(&format!(
                "BERTScore: {} ({} of {} summaries read)",
                reached.system, reached.done, reached.total
            ));
            last = Some(reached.system);
        }
    };
    let device = lm::device::select(global.device)?;
    mrds::bertscore::measure(session, row, &measuring, &device, now_ms(), &mut say)?;
    Ok(())
}
