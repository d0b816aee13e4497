//! What a run found.

use contract::{ResultMetric, RunId};
use project::backing::facts_caveat;
use project::leak_audit::RunLeaks;
use project::report::SystemResult as Row;
use project::report::cards::cards;
use project::report::run::{SynthesizerRow, TrainingsReport};
use tauri::State;

use super::count;
use crate::dto::{
    Difference, Figure, FigureNotes, LeakSummary, RunResults, SynthesizerResult, SystemResult,
};
use crate::error::Answer;
use crate::place::Place;

/// The tables of a run.
#[tauri::command(async)]
#[specta::specta]
pub(crate) fn results(place: State<'_, Place>, run: RunId) -> Answer<RunResults> {
    let session = place.session()?;
    let report = session.show(&session.sight(&run)?)?;
    let judge = report.of_the_judge();
    let stage1_ended_by = match report.summarizer.main {
        Some(TrainingsReport::TwoStages { stage1, .. }) => Some(stage1.ended_by),
        _ => None,
    };
    Ok(RunResults {
        run,
        seed: count(report.seed),
        verdict: report.verdict.map(|verdict| verdict.sentence),
        results: report.results.iter().map(system_result).collect(),
        notes: notes(&report.results),
        detectable_diff: report.detectable_diff,
        synthesizers: report.synthesizers.into_iter().map(synthesizer).collect(),
        first_dpo_loss: report.align.and_then(|align| align.main.first_dpo_loss),
        judge,
        rounds: report.rounds,
        leaks: report.leaks.as_ref().map(leaks),
        shapes: report.leaks.map(|leaks| leaks.shapes).unwrap_or_default(),
        pairs: report.pairs,
        stage1_ended_by,
    })
}

fn leaks(found: &RunLeaks) -> LeakSummary {
    LeakSummary {
        verdict: found.verdict,
        n: count(found.n),
        leaking: count(found.parts.iter().map(|part| part.leaking).sum::<usize>()),
        passage_words: count(found.thresholds.run),
        longest_words: count(found.longest_run),
    }
}

fn system_result(row: &Row) -> SystemResult {
    let difference = row.vs_sft_real.get(&ResultMetric::Rouge1);
    SystemResult {
        system: row.system,
        round: row.round,
        n: count(row.n),
        rouge1: row.rouge1.clone(),
        rouge2: row.rouge2.clone(),
        rouge_l: row.rouge_l.clone(),
        reference_ce: row.reference_ce.as_ref().map(|ce| ce.mean),
        figures: figures(row),
        vs_sft_real: difference.map(|d| Difference {
            diff: d.diff,
            lo: d.ci95[0],
            hi: d.ci95[1],
            p: d.p,
        }),
    }
}

/// Every figure of a row.
fn figures(row: &Row) -> Vec<Figure> {
    let named = |metric: ResultMetric| {
        let mean = match metric {
            ResultMetric::Rouge1 => Some(&row.rouge1),
            ResultMetric::Rouge2 => Some(&row.rouge2),
            ResultMetric::RougeL => Some(&row.rouge_l),
            ResultMetric::ReferenceCe => row.reference_ce.as_ref(),
            _ => None,
        };
        let (mean, ci95) = match mean {
            Some(mean) => (mean.mean, Some(mean.ci95)),
            None => row
                .figures
                .get(&metric)
                .map(|figure| (figure.mean, figure.ci95))?,
        };
        Some(Figure {
            metric,
            mean,
            lo: ci95.map(|[low, _]| low),
            hi: ci95.map(|[_, high]| high),
        })
    };
    ResultMetric::ALL
        .iter()
        .copied()
        .filter_map(named)
        .collect()
}

fn notes(rows: &[Row]) -> FigureNotes {
    let facts = rows.iter().find_map(|row| row.facts.as_ref());
    FigureNotes {
        cards: cards(),
        reference_words: rows.iter().find_map(|row| row.reference_words),
        bertscore: rows.iter().find_map(|row| row.bertscore.clone()),
        facts: facts_caveat(),
        greyed: facts.map(|facts| facts.greyed.clone()).unwrap_or_default(),
    }
}

fn synthesizer(row: SynthesizerRow) -> SynthesizerResult {
    let found = row.result;
    SynthesizerResult {
        system: found.system,
        n: count(found.n),
        format_rate: found.format_rate,
        format_lo: found.ci95[0],
        format_hi: found.ci95[1],
        scorer_ce_all: found.scorer_ce_all,
        scorer_ce_passing: found.scorer_ce_passing,
        accepted: Some(count(found.accepted)),
        seconds_per_accepted: row.seconds_per_accepted,
        copy_rate: Some(found.copy_rate),
    }
}
