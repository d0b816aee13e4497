//! What a report tells besides the tables of a run: its course in words, the hand-over from made-up to real pairs,
//! failures, what has to be known, what was tried more than once, and what people said.

use std::collections::BTreeMap;

use contract::{
    Budget, ErrorCode, ErrorReport, JudgeVerdict, LeakVerdict, Measures, Rounds, RunId, Scorer,
    StageName, StageStanding, StudyResults, StudyState, Synthesizer, Words,
};
use serde::{Deserialize, Serialize};

use super::Curve;
use crate::error::Result;
use crate::recipe::Ids;
use crate::report::run::{RunReport, TrainingsReport};
use crate::selection::Selection;
use crate::sentence::listed;
use crate::session::Session;

/// Hashes of the texts that a run was made of and tested on.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct DataHashes {
    /// Hash of shots and validation, texts included.
    pub training_sha256: String,
    /// Hash of the test examples, texts included.
    pub test_sha256: String,
}

impl From<Selection> for DataHashes {
    fn from(selection: Selection) -> Self {
        Self {
            training_sha256: selection.training_sha256,
            test_sha256: selection.test_sha256,
        }
    }
}

/// How a summarizer went from made-up pairs to real ones.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct HandOver {
    /// The system.
    pub system: contract::System,
    /// The update at which the real pairs began.
    pub update: u64,
    /// Learning rate at the end of the stage on made-up pairs.
    pub lr_before: f64,
    /// Learning rate at the beginning of the stage on real pairs.
    pub lr_after: f64,
    /// Lowest validation CE on made-up pairs, nats per token.
    pub ce_before: f64,
    /// Lowest validation CE on real pairs after them.
    pub ce_after: f64,
    /// Lowest validation CE of training on real pairs alone; `None` if that is not part of the run.
    pub ce_real: Option<f64>,
    /// Validation CE by update over both stages.
    pub points: Vec<(u64, f64)>,
}

/// Something that ended with an error.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Failure {
    /// The stage, the run or the cell.
    pub place: String,
    /// What went wrong, as one word.
    pub code: ErrorCode,
    /// The same in English.
    pub message: String,
}

/// How often a way to write dialogues had to begin again.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Retry {
    /// The way to write dialogues.
    pub synthesizer: Synthesizer,
    /// Test dialogues that it wrote.
    pub dialogues: usize,
    /// Mean samples or corrections that a dialogue took.
    pub mean_tries: f64,
    /// Lines that were drawn again.
    pub resampled_turns: usize,
    /// Dialogues that were ended by a limit.
    pub forced_closures: usize,
}

impl Session {
    /// The results of every closed study with texts of one of these runs, oldest first.
    pub(super) fn ratings_of(&self, runs: &[&RunId]) -> Result<Vec<StudyResults>> {
        let mut found = Vec::new();
        for study in self.rated_studies()?.iter().rev() {
            let is_of_runs = study.runs.iter().any(|run| runs.contains(&run));
            if is_of_runs && study.state == StudyState::Closed {
                found.push(self.rated_results(&self.opened(&study.name)?)?);
            }
        }
        Ok(found)
    }
}

/// The method as the run carried it out, in sentences.
pub(super) fn method(report: &RunReport) -> Vec<Words> {
    let (recipe, shots) = (&report.recipe, report.dataset.counts.shots);
    let each = recipe.synthetic_per_shot;
    let mut sentences = vec![Words {
        en: format!(
            "{shots} real pairs teach the base model to write a conversation for a summary, and it writes {each} new summaries \
             for each of them."
        ),
        de: format!(
            "{shots} echte Paare lehren das Basismodell, zu einer Zusammenfassung ein Gespr\u{e4}ch zu schreiben; f\u{fc}r jedes \
             von ihnen schreibt es {each} neue Zusammenfassungen."
        ),
    }];
    let sources = crate::part::sources(recipe);
    if sources.iter().any(|source| source.is_aligned()) {
        let (en, de) = judge(recipe.scorer);
        sentences.push(Words {
            en: format!(
                "For a summary {} conversations are sampled. Those that keep the format are preferred to those that break it, \
                 and {en}. From these pairs the writer of conversations is aligned (beta {}).",
                recipe.candidates_per_summary, recipe.dpo_beta
            ),
            de: format!(
                "Zu einer Zusammenfassung werden {} Gespr\u{e4}che gezogen. Was die Form h\u{e4}lt, wird dem vorgezogen, was sie \
                 bricht, und {de}. Aus diesen Paaren lernt das Modell, das Gespr\u{e4}che schreibt (Beta {}).",
                recipe.candidates_per_summary,
                crate::sentence::german(&recipe.dpo_beta.to_string())
            ),
        });
    }
    if sources.contains(&Synthesizer::Ids) {
        let (en, de) = match recipe.ids {
            Ids::Turns => (
                "line by line within the format",
                "Zeile f\u{fc}r Zeile innerhalb der Form",
            ),
            Ids::Prefix => (
                "by continuing the longest valid beginning",
                "als Fortsetzung des l\u{e4}ngsten g\u{fc}ltigen Anfangs",
            ),
        };
        sentences.push(Words {
            en: format!("Iterative synthesis writes conversations {en}."),
            de: format!("Die schrittweise Synthese schreibt Gespr\u{e4}che {de}."),
        });
    }
    if !sources.is_empty() {
        sentences.push(Words::new(
            "Summarizers learn from the made-up pairs first and from the real ones after them; validation pairs choose every \
             checkpoint, and no test pair is read before the end.",
            "Zusammenfassende Modelle lernen erst aus den erfundenen und danach aus den echten Paaren; jeder Zwischenstand wird an \
             Validierungspaaren gew\u{e4}hlt, und kein Testpaar wird vor dem Ende gelesen.",
        ));
    }
    let tried = recipe.lr_search.len();
    sentences.push(Words {
        en: format!("Settings tried for each trained system: {tried}. Rounds of the loop at most: {}.", recipe.rounds),
        de: format!(
            "Versuchte Einstellungen je trainiertem System: {tried}. Runden der Schleife h\u{f6}chstens: {}.",
            recipe.rounds
        ),
    });
    sentences
}

fn judge(scorer: Scorer) -> (&'static str, &'static str) {
    match scorer {
        Scorer::Base => (
            "of two that keep it the one from which the base model expects the summary more",
            "von zweien, die sie halten, das, nach dem das Basismodell die Zusammenfassung eher erwartet",
        ),
        Scorer::Tuned => (
            "of two that keep it the one from which the summarizer so far expects the summary more",
            "von zweien, die sie halten, das, nach dem das bisherige zusammenfassende Modell die Zusammenfassung eher erwartet",
        ),
        Scorer::Model => (
            "of two that keep it the one from which another model expects the summary more",
            "von zweien, die sie halten, das, nach dem ein anderes Modell die Zusammenfassung eher erwartet",
        ),
        Scorer::None => (
            "nobody judges what they say",
            "\u{fc}ber ihren Inhalt urteilt niemand",
        ),
    }
}

/// The hand-overs of every system in two stages.
pub(super) fn hand_overs(report: &RunReport, curves: &[Curve]) -> Vec<HandOver> {
    let real = report.summarizer.systems.get(&contract::System::SftReal);
    let ce_real = real.and_then(|trainings| match trainings {
        TrainingsReport::Trainings { trainings } => trainings.last().map(|record| record.best_ce),
        TrainingsReport::TwoStages { stage2, .. } => Some(stage2.best_ce),
    });
    let systems = report.summarizer.systems.iter();
    let two_stages = systems.filter_map(|(system, trainings)| match trainings {
        TrainingsReport::TwoStages { stage1, stage2 } => Some((*system, stage1, stage2)),
        TrainingsReport::Trainings { .. } => None,
    });
    two_stages
        .map(|(system, stage1, stage2)| {
            let update = stage1.updates as u64;
            let points = |task: &str| {
                let name = format!("{}/{task}/validation_ce", StageName::Summarizer);
                let curve = curves.iter().find(|curve| curve.name == name);
                curve.map(|curve| curve.points.clone()).unwrap_or_default()
            };
            let after = points(&stage2.task).into_iter();
            let after = after.map(|(step, value)| (step + update, value));
            HandOver {
                system,
                update,
                lr_before: stage1.lr_last,
                lr_after: stage2.lr,
                ce_before: stage1.best_ce,
                ce_after: stage2.best_ce,
                ce_real,
                points: points(&stage1.task).into_iter().chain(after).collect(),
            }
        })
        .collect()
}

/// What ended with an error: the run, and each of its stages.
pub(super) fn failures(report: &RunReport) -> Vec<Failure> {
    let of_stages = report.stages.iter().filter_map(|stage| {
        let error = stage.error.as_ref()?;
        Some(failure(stage.name.as_str(), error))
    });
    let of_run = report
        .error
        .as_ref()
        .map(|error| failure(&report.run, error));
    of_run.into_iter().chain(of_stages).collect()
}

pub(super) fn failure(place: &str, error: &ErrorReport) -> Failure {
    Failure {
        place: place.to_owned(),
        code: error.code(),
        message: error.message.clone(),
    }
}

/// How often each way to write dialogues had to begin again on the test summaries.
pub(super) fn retries(report: &RunReport) -> Vec<Retry> {
    let of_stage = report
        .stages
        .iter()
        .find(|stage| stage.name == StageName::Evaluate)
        .map(|stage| &stage.measures);
    let nothing = BTreeMap::new();
    let writing = match of_stage {
        Some(Measures::Writing(writing)) => writing,
        _ => &nothing,
    };
    let retry = |row: &crate::report::SynthesizerResult| {
        let measured = writing.get(&row.system);
        Retry {
            synthesizer: row.system,
            dialogues: row.n,
            mean_tries: row.mean_tries,
            resampled_turns: measured.map_or(0, |measured| measured.resampled_turns),
            forced_closures: measured.map_or(0, |measured| measured.forced_closures),
        }
    };
    let rows = report.synthesizers.iter();
    rows.map(|row| retry(&row.result)).collect()
}

/// What readers of the tables have to know.
pub(super) fn warnings(report: &RunReport, budget: Option<&Budget>) -> Vec<Words> {
    let mut warnings = Vec::new();
    let stale: Vec<&str> = report
        .stages
        .iter()
        .filter(|stage| stage.status == StageStanding::Stale)
        .map(|stage| stage.name.as_str())
        .collect();
    if !stale.is_empty() {
        warnings.push(Words {
            en: format!(
                "What these stages read was changed since: {}.",
                listed(&stale, "and")
            ),
            de: format!(
                "Was diese Stufen lesen, wurde seither ge\u{e4}ndert: {}.",
                listed(&stale, "und")
            ),
        });
    }
    let counts = report.dataset.counts;
    if counts.dropped + counts.cut > 0 {
        warnings.push(Words {
            en: format!(
                "Too long for the model: {} conversations were left out and {} shortened.",
                counts.dropped, counts.cut
            ),
            de: format!(
                "Zu lang f\u{fc}r das Modell: {} Gespr\u{e4}che fehlen, {} sind gek\u{fc}rzt.",
                counts.dropped, counts.cut
            ),
        });
    }
    let verdict = report.judge.as_ref().and_then(|judge| judge.verdict);
    if matches!(verdict, Some(JudgeVerdict::Partly | JudgeVerdict::Unable)) {
        warnings.push(Words::new(
            "The judge that chose between conversations is not able to see everything that matters.",
            "Der Pr\u{fc}fer, der zwischen Gespr\u{e4}chen w\u{e4}hlte, erkennt nicht alles, worauf es ankommt.",
        ));
    }
    if report
        .align
        .as_ref()
        .is_some_and(|align| align.main.kept_start)
    {
        warnings.push(Words::new(
            "The alignment did not help on validation; the writer it began with was kept.",
            "Die Ausrichtung half an den Validierungspaaren nicht; das Modell, mit dem sie begann, wurde behalten.",
        ));
    }
    let is_odd = |rounds: &&Rounds| {
        let mut rounds = rounds.rounds.iter();
        rounds.any(|round| round.stop.is_some() || !round.warnings.is_empty())
    };
    for rounds in report.rounds.iter().filter(is_odd) {
        warnings.extend(rounds.sentences.iter().map(|sentence| Words {
            en: format!("{}: {}", rounds.system, sentence.en),
            de: format!("{}: {}", rounds.system, sentence.de),
        }));
    }
    let leaks = report.leaks.as_ref().map(|leaks| leaks.verdict);
    if matches!(leaks, Some(LeakVerdict::Look | LeakVerdict::Stop)) {
        warnings.push(Words::new(
            "Made-up texts repeat parts of conversations that the run learnt from.",
            "Erfundene Texte wiederholen Teile von Gespr\u{e4}chen, aus denen der Lauf gelernt hat.",
        ));
    }
    if budget.is_some_and(|budget| !budget.cut.is_empty()) {
        warnings.push(Words::new(
            "Settings were lowered to end in time.",
            "Einstellungen wurden gesenkt, um rechtzeitig fertig zu sein.",
        ));
    }
    warnings
}
