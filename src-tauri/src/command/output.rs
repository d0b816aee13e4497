//! What stages made and what a run found.

use contract::{ArtifactKind, ResultMetric, StageName};
use project::artifact::{Candidate, Output, Pair, Summary, SyntheticDialogue, Topic};
use project::judge::sentences;
use project::leak_audit::RunLeaks;
use project::report::cards::{cards, facts_caveat};
use project::report::run::{SynthesizerRow, TrainingsReport};
use project::report::{Mean, SystemResult as Row};
use project::rows::ArtifactRow;
use project::session::{Browsable, Session};
use project::study::blind::{BlindText, TestOutputs};
use serde::de::DeserializeOwned;
use serde_json::Value;
use tauri::State;

use super::{count, turns};
use crate::dto::{
    AppError, Difference, Figure, FigureNotes, Interval, Item, ItemPage, LeakSummary, RuleVerdict,
    RunResults, SynthesizerResult, SystemResult,
};
use crate::error::Answer;
use crate::place::Place;

/// A page of what a stage made. While a rating set of the run is open, test summaries come without their author.
#[tauri::command(async)]
#[specta::specta]
pub(crate) fn items(
    place: State<'_, Place>,
    run: String,
    stage: StageName,
    offset: u32,
    limit: u32,
) -> Answer<ItemPage> {
    let session = place.session()?;
    let Some(kind) = kind(stage) else {
        return Ok(ItemPage {
            rows: Vec::new(),
            more: false,
        });
    };
    let Some(stage) = Browsable::new(stage) else {
        return test_summaries(&session, &run, offset, limit);
    };
    let page = session.items(&run, stage, Some(kind), offset, limit)?;
    let more = u64::from(offset) + (page.rows.len() as u64) < page.total;
    let rows = page.rows.into_iter().map(item).collect::<Answer<_>>()?;
    Ok(ItemPage { rows, more })
}

/// The summaries of test dialogues. While people rate them each comes with its text alone.
fn test_summaries(session: &Session, run: &str, offset: u32, limit: u32) -> Answer<ItemPage> {
    let blind = |id: usize, text: BlindText| Item::Output {
        id: format!("{} {id}", text.dialogue),
        system: None,
        prediction: text.text,
        references: Vec::new(),
    };
    let rows: Vec<Item> = match session.test_outputs(run)? {
        TestOutputs::Open(outputs) => (0_usize..).zip(outputs).map(output).collect(),
        TestOutputs::Blind(texts) => (0..).zip(texts).map(|(id, text)| blind(id, text)).collect(),
    };
    let end = (offset as usize).saturating_add(limit as usize);
    let more = rows.len() > end;
    let page = rows.into_iter().skip(offset as usize).take(limit as usize);
    Ok(ItemPage {
        rows: page.collect(),
        more,
    })
}

fn output((place, made): (usize, Output)) -> Item {
    Item::Output {
        id: format!("{} {place}", ArtifactKind::Output),
        system: Some(made.system),
        prediction: made.prediction,
        references: made.references,
    }
}

/// The tables of a run.
#[tauri::command(async)]
#[specta::specta]
pub(crate) fn results(place: State<'_, Place>, run: String) -> Answer<RunResults> {
    let session = place.session()?;
    let report = session.show(&session.sight(&run)?)?;
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
        judge: report.judge.as_ref().map(sentences).unwrap_or_default(),
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

/// The kind of artifact that people browse, where the stage makes one; it may keep others beside it.
fn kind(stage: StageName) -> Option<ArtifactKind> {
    match stage {
        StageName::Topics => Some(ArtifactKind::Topic),
        StageName::Summaries => Some(ArtifactKind::Summary),
        StageName::Candidates => Some(ArtifactKind::Candidate),
        StageName::Preferences => Some(ArtifactKind::Pair),
        StageName::Dialogues => Some(ArtifactKind::Dialogue),
        StageName::Evaluate => Some(ArtifactKind::Output),
        StageName::Synthesizer | StageName::Align | StageName::Summarizer => None,
    }
}

fn read<T: DeserializeOwned>(value: Value) -> Answer<T> {
    serde_json::from_value(value).map_err(|error| AppError::corrupt("item", error))
}

fn item(row: ArtifactRow) -> Answer<Item> {
    let id = format!("{} {}", row.kind, row.item);
    Ok(match row.kind {
        ArtifactKind::Topic => {
            let made: Topic = read(row.payload)?;
            Item::Topic {
                id,
                example_id: made.example_id.to_string(),
                topic: made.topic,
            }
        }
        ArtifactKind::Summary => {
            let made: Summary = read(row.payload)?;
            Item::Summary {
                id,
                topic: made.topic,
                text: made.text,
                method: made.method,
            }
        }
        ArtifactKind::Candidate => candidate(id, read(row.payload)?),
        ArtifactKind::Pair => pair(id, read(row.payload)?),
        ArtifactKind::Dialogue => {
            let made: SyntheticDialogue = read(row.payload)?;
            Item::Dialogue {
                id,
                source: made.source.to_string(),
                summary: made.summary,
                turns: turns(&made.text),
            }
        }
        other => {
            return Err(AppError::corrupt(
                other.as_str(),
                "the window has no form for it",
            ));
        }
    })
}

fn candidate(id: String, made: Candidate) -> Item {
    let rules = made
        .rules
        .into_iter()
        .map(|(rule, pass)| RuleVerdict { rule, pass })
        .collect();
    Item::Candidate {
        id,
        summary: made.summary,
        origin: word(&made.origin),
        turns: turns(&made.text),
        rules,
        pass: made.pass,
        score: made.score,
    }
}

fn pair(id: String, made: Pair) -> Item {
    Item::Pair {
        id,
        set: word(&made.set),
        summary: made.summary,
        chosen: turns(&made.chosen),
        rejected: turns(&made.rejected),
        gap: made.gap,
        origin: word(&made.origin),
    }
}

/// The stored word of a closed set.
fn word(value: &impl serde::Serialize) -> String {
    serde_json::to_value(value)
        .ok()
        .and_then(|value| value.as_str().map(str::to_owned))
        .unwrap_or_default()
}

fn interval(mean: &Mean) -> Interval {
    Interval {
        mean: mean.mean,
        lo: mean.ci95[0],
        hi: mean.ci95[1],
    }
}

fn system_result(row: &Row) -> SystemResult {
    let difference = row.vs_sft_real.get(&ResultMetric::Rouge1);
    SystemResult {
        system: row.system,
        n: count(row.n),
        rouge1: interval(&row.rouge1),
        rouge2: interval(&row.rouge2),
        rouge_l: interval(&row.rouge_l),
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

#[cfg(test)]
mod tests {
    use super::*;
    use contract::Part;
    use serde_json::json;

    fn row(kind: ArtifactKind, payload: Value) -> ArtifactRow {
        ArtifactRow {
            id: 1,
            run_id: "r".into(),
            part: Part::Whole(StageName::Evaluate),
            kind,
            item: 4,
            version: 1,
            author: "duologue".into(),
            created_at_ms: 0,
            payload,
        }
    }

    #[test]
    fn pairs_are_taken_apart_into_turns() {
        let payload = json!({"set": "content", "summary_id": 0, "origin": "synthetic", "summary": "S",
            "chosen": "A: x\nB: y", "rejected": "A: x", "chosen_ids": [], "rejected_ids": [], "gap": 0.5});
        let Item::Pair {
            set,
            chosen,
            rejected,
            origin,
            ..
        } = item(row(ArtifactKind::Pair, payload)).unwrap()
        else {
            panic!()
        };
        assert_eq!(
            (set.as_str(), origin.as_str(), chosen.len(), rejected.len()),
            ("content", "synthetic", 2, 1)
        );
    }

    #[test]
    fn unreadable_items_are_errors_not_panics() {
        assert_eq!(
            item(row(ArtifactKind::Pair, json!({}))).unwrap_err().code(),
            contract::ErrorCode::Corrupt
        );
        assert_eq!(
            item(row(ArtifactKind::Adapter, json!({})))
                .unwrap_err()
                .code(),
            contract::ErrorCode::Corrupt
        );
    }
}
