//! Whether the judge can judge: the scorer is tried on real validation dialogues and on damaged ones before pairs are
//! made from its scores (`project::judge` has the reasons). Real dialogues and damaged ones are scored exactly as
//! candidates are.

use contract::problem::Stall;
use contract::{Corruption, JudgeAction, JudgeVerdict, Measures, Scorer};
use project::artifact::{Judgement, rows};
use project::judge::corrupt::damaged;
use project::judge::{Trust, measure, trust};
use project::part::trusted_judge;

use super::context::{Stage, StageOutput};
use super::scoring::Scoring;
use crate::error::{Error, Result};

/// Validation pairs damaged and scored between two commits.
const BLOCK_PAIRS: usize = 4;

pub(crate) fn run(stage: &Stage<'_>, scorer: Scorer) -> Result<StageOutput> {
    let recipe = stage.recipe();
    let validation = &stage.data().validation;
    let pairs: Vec<(&str, &str)> = validation
        .iter()
        .map(|example| (example.dialogue.as_str(), example.summary.as_str()))
        .collect();
    let found = damaged(&pairs, recipe.judge_items, stage.key("judge", 0, 0));
    let scoring = Scoring::of(stage)?;
    let blocks = stage.spread("judge", found.len(), BLOCK_PAIRS, &|items| {
        let mut texts = Vec::new();
        for pair in &found[items.clone()] {
            let (dialogue, summary) = pairs[pair.place];
            texts.push((dialogue, summary));
            let others = pair.dialogues.iter();
            texts.extend(others.map(|(_, text)| (text.as_str(), summary)));
        }
        let mut scores = scoring.scores(stage, &texts)?.into_iter();
        let mut judgements = Vec::new();
        for pair in &found[items] {
            let real = scores.next().flatten();
            for (corruption, _) in &pair.dialogues {
                // What does not fit the context has no score.
                let scored = real.zip(scores.next().flatten());
                judgements.extend(scored.map(|(real, damaged)| Judgement {
                    id: validation[pair.place].id.clone(),
                    corruption: *corruption,
                    real,
                    damaged,
                }));
            }
        }
        Ok(judgements)
    })?;
    let judgements: Vec<Judgement> = blocks.into_iter().flatten().collect();
    let measured = measure(&judgements, scorer, recipe.judge_action, recipe.min_gap);
    let is_unable = measured.verdict == Some(JudgeVerdict::Unable);
    if is_unable && recipe.judge_action == JudgeAction::Stop {
        let topic = measured.corruptions.get(&Corruption::OtherTopic);
        let (right, n) = topic.map_or((0, 0), |found| (found.right.floor() as u32, found.n as u32));
        return Err(Error::stalled(stage.name, Stall::UnableJudge { right, n }));
    }
    Ok(StageOutput {
        artifacts: rows(&judgements)?,
        measures: Measures::Judge(measured),
        ..StageOutput::default()
    })
}

/// How far the judge is trusted by a part whose recipe adapts to it.
pub(crate) fn trust_in(stage: &Stage<'_>) -> Result<Trust> {
    let recipe = stage.recipe();
    let Some(part) = trusted_judge(stage.part, recipe) else {
        return Ok(Trust::Whole);
    };
    let row = stage.run.store.part(&stage.run.row.id, part)?;
    Ok(match row.map(|row| row.measures) {
        Some(Measures::Judge(found)) => trust(&found, recipe.dpo_label_smoothing, recipe.min_gap),
        _ => Trust::Whole,
    })
}
