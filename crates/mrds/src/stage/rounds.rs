//! The figures of a round, measured once its summarizer exists: whether the made-up conversations have become alike,
//! whether pairs still differ, whether the judge has drifted from the base model, how far the synthesizer has moved, and
//! what the validation pairs say. `project::rounds` says what follows from them.

use contract::problem::WrongState;
use contract::{Part, RoundFigures, Synthesizer, System};
use lm::infer::score::Scored;
use metrics::diversity::SELF_BLEU_TEXTS;
use metrics::rouge::{self, RougeOptions, score_each};
use metrics::text::mean;
use project::artifact::{Output, Pair, PairSet, SyntheticDialogue, rows};
use project::part::policy;
use project::rounds::texts::{TextFigures, TextSets, compared};

use super::context::{Stage, StageOutput};
use super::evaluate::{copies, of_validation};
use super::scoring::Scoring;
use super::synthesizer::pairs as dialogue_pairs;
use crate::error::Result;
use crate::selection::Example;

pub(crate) fn measure(stage: &Stage<'_>, system: System) -> Result<StageOutput> {
    let Some(role) = system.synthetic_source() else {
        return Err(WrongState::StageUnready { stage: stage.name }.into());
    };
    stage.begin_task(&format!("figures of round {}", stage.part.round()));
    let round = stage.part.round();
    let made: Vec<SyntheticDialogue> = stage.read(Part::dialogues(round, role))?;
    let first: Vec<SyntheticDialogue> = stage.read(Part::dialogues(1, role))?;
    let shots = &stage.data().shots;
    let n = [SELF_BLEU_TEXTS, made.len(), first.len(), shots.len()]
        .into_iter()
        .min()
        .unwrap_or(0);
    let (drawn, first) = (few(stage, &made, n), few(stage, &first, n));
    let texts = texts(stage, &drawn, &first, n);
    let (gap, first_gap) = (
        pair_gap(stage, round, role)?,
        pair_gap(stage, 1, role)?.filter(|gap| *gap > 0.0),
    );
    let scoring = Scoring::of(stage)?;
    let judge_ce = match scoring.is_other() {
        true => content_ce(stage, &scoring, &drawn)?,
        false => None,
    };
    let moved = moved(stage, role, &drawn)?;
    let quoting: Vec<f64> = drawn
        .iter()
        .map(|made| f64::from(u8::from(copies(stage, &made.text, &made.summary))))
        .collect();
    let trained = stage.training_of(Part::summarizer(round, system))?;
    let adapter = stage.load_adapter(&trained.sha256)?;
    let found = RoundFigures {
        system,
        round,
        accepted: made.len(),
        accepted_rate: made.len() as f64 / asked(stage, round, role)?.max(1) as f64,
        compared: n,
        distinct2: texts.now.distinct2,
        distinct2_ratio: texts.now.distinct2_ratio(texts.first),
        distinct2_of_shots: texts.now.distinct2_ratio(texts.shots),
        self_bleu4: texts.now.self_bleu4,
        self_bleu4_rise: texts.now.self_bleu4_rise(texts.first),
        self_bleu4_over_shots: texts.now.self_bleu4_rise(texts.shots),
        length_ratio: length_ratio(stage, &drawn, shots)?,
        pair_gap: gap,
        // If no pairs are left, there is no contrast.
        pair_gap_ratio: first_gap.map(|first| gap.unwrap_or(0.0) / first),
        scorer_ce: content_ce(stage, &Scoring::Base, &drawn)?,
        judge_ce,
        real_ce_rise: moved.real_ce_rise,
        drift_kl: moved.drift_kl,
        copy_rate: mean(&quoting),
        two_sample_auc: texts.two_sample_auc,
        validation_ce: trained
            .trainings
            .last()
            .map_or(f64::MAX, |last| last.best_ce),
        validation_rouge1: rouge1(&of_validation(stage, system, &adapter)?),
    };
    Ok(StageOutput {
        artifacts: rows(&[found])?,
        n_in: made.len() as u64,
        n_out: 1,
        ..StageOutput::default()
    })
}

/// As many dialogues as are compared, drawn in every round with the same random numbers.
fn few<'m>(
    stage: &Stage<'_>,
    made: &'m [SyntheticDialogue],
    n: usize,
) -> Vec<&'m SyntheticDialogue> {
    let key = stage.key_of_all_rounds("round", 0, 0);
    let mut places = lm::random::shuffle(key, made.len());
    places.truncate(n);
    places.sort_unstable();
    places.into_iter().map(|place| &made[place]).collect()
}

fn texts(
    stage: &Stage<'_>,
    now: &[&SyntheticDialogue],
    first: &[&SyntheticDialogue],
    n: usize,
) -> TextFigures {
    let now: Vec<&str> = now.iter().map(|made| made.text.as_str()).collect();
    let first: Vec<&str> = first.iter().map(|made| made.text.as_str()).collect();
    let shots = stage.data().shots.iter();
    let shots: Vec<&str> = shots.take(n).map(|shot| shot.dialogue.as_str()).collect();
    let sets = TextSets {
        now: &now,
        first: &first,
        shots: &shots,
    };
    compared(sets, stage.key_of_all_rounds("round folds", 0, 0))
}

/// Mean score difference of the pairs in which both dialogues keep the format: of content pairs, and of joint ones where
/// the alignment learns from those.
fn pair_gap(stage: &Stage<'_>, round: u32, role: Synthesizer) -> Result<Option<f64>> {
    let pairs: Vec<Pair> = stage.read(Part::preferences(round, role))?;
    let set = match role {
        Synthesizer::DpoJoint => PairSet::Joint,
        _ => PairSet::Content,
    };
    let gaps: Vec<f64> = pairs
        .iter()
        .filter(|pair| pair.set == set)
        .filter_map(|pair| pair.gap)
        .collect();
    Ok(mean(&gaps))
}

/// Nats per token of the summaries given their dialogues; `None` if no dialogue fits the context.
fn content_ce(
    stage: &Stage<'_>,
    scoring: &Scoring,
    made: &[&SyntheticDialogue],
) -> Result<Option<f64>> {
    let pairs: Vec<(&str, &str)> = made
        .iter()
        .map(|made| (made.text.as_str(), made.summary.as_str()))
        .collect();
    let scores: Vec<f64> = scoring
        .scores(stage, &pairs)?
        .into_iter()
        .flatten()
        .collect();
    Ok(mean(&scores).map(|score| -score))
}

/// How far a synthesizer has moved from the supervised one.
struct Moved {
    real_ce_rise: Option<f64>,
    drift_kl: Option<f64>,
}

fn moved(stage: &Stage<'_>, role: Synthesizer, made: &[&SyntheticDialogue]) -> Result<Moved> {
    let now = stage.trained(policy(stage.part.round(), role))?;
    let supervised = stage.trained(policy(0, role))?;
    let real = dialogue_pairs(stage, &stage.data().validation)?;
    let rise =
        stage.validation_ce(Some(&now), &real)? - stage.validation_ce(Some(&supervised), &real)?;
    let (prompts, limit) = (stage.prompts(), stage.run.model.context_tokens());
    let mut items = Vec::with_capacity(made.len());
    for dialogue in made {
        let item = (
            prompts.dialogue(&dialogue.summary)?,
            prompts.completion(&dialogue.text)?,
        );
        if item.0.len() + item.1.len() <= limit {
            items.push(item);
        }
    }
    let [ours, theirs] = [&now, &supervised].map(|adapter| stage.score(Some(adapter), &items));
    let (ours, theirs) = (ours?, theirs?);
    let per_token = |(ours, theirs): (&Scored, &Scored)| {
        (ours.logp_sum - theirs.logp_sum) / ours.n_tokens.max(1) as f64
    };
    let drifts: Vec<f64> = ours.iter().zip(&theirs).map(per_token).collect();
    Ok(Moved {
        real_ce_rise: Some(rise).filter(|rise| rise.is_finite()),
        drift_kl: mean(&drifts),
    })
}

/// Mean tokens of made-up dialogues, divided by that of the shots.
fn length_ratio(
    stage: &Stage<'_>,
    made: &[&SyntheticDialogue],
    shots: &[Example],
) -> Result<Option<f64>> {
    let prompts = stage.prompts();
    let tokens = |text: &str| Ok(prompts.completion(text)?.len() as f64);
    let ours: Vec<f64> = made
        .iter()
        .map(|made| tokens(&made.text))
        .collect::<Result<_>>()?;
    let theirs: Vec<f64> = shots
        .iter()
        .map(|shot| tokens(&shot.dialogue))
        .collect::<Result<_>>()?;
    Ok(mean(&ours)
        .zip(mean(&theirs))
        .map(|(ours, theirs)| ours / theirs))
}

/// Summaries for which a round's dialogues were written.
fn asked(stage: &Stage<'_>, round: u32, role: Synthesizer) -> Result<u64> {
    let part = Part::dialogues(round, role);
    let row = stage.run.store.part(&stage.run.row.id, part)?;
    Ok(row.map_or(0, |row| row.n_in))
}

/// ROUGE-1 F, mean over references and summaries.
fn rouge1(outputs: &[Output]) -> Option<f64> {
    let score = |output: &Output| {
        let each = score_each(
            &output.references,
            &output.prediction,
            RougeOptions::default(),
        );
        Some(rouge::mean(&each)?.rouge1.fmeasure)
    };
    mean(&outputs.iter().filter_map(score).collect::<Vec<_>>())
}
