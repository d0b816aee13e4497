//! Stage 4: K dialogues per summary by the current synthesizer, each checked by the format rule and scored by the
//! summarization of the recipe's scorer, `M_sum(s | d̂)` (MRDS, content score: the base model, adapters off). In the first
//! round the synthesizer is the supervised one.

use contract::{CandidateMeasures, Measures, Part, SampleItem};
use lm::infer::generate::{Finish, GenerateRequest};
use lm::lora::Adapter;
use project::artifact::{Candidate, Rule, Summary, SummaryOrigin, rows};
use project::format_rule::FormatRule;
use project::recipe::CandidateSummaries;

use super::context::{BATCHES_PER_COMMIT, Stage, StageOutput};
use super::scoring::Scoring;
use crate::error::Result;

pub(crate) fn run(stage: &Stage<'_>, writer: Part) -> Result<StageOutput> {
    let rule = stage.format_rule();
    let summaries = summaries(stage)?;
    let (adapter, scoring) = (stage.trained(writer)?, Scoring::of(stage)?);
    let recipe = stage.recipe();
    // As many summaries as fill what is generated between two commits.
    let size = BATCHES_PER_COMMIT * recipe.generate_batch_size / recipe.candidates_per_summary;
    let sampled = stage.spread("candidates", summaries.len(), size, &|items| {
        let mut candidates = sample(
            stage,
            &adapter,
            &summaries[items.clone()],
            items.start,
            &rule,
        )?;
        score(stage, &scoring, &mut candidates)?;
        Ok(candidates)
    })?;
    let candidates: Vec<Candidate> = sampled.into_iter().flatten().collect();
    for candidate in candidates.iter().take(3) {
        stage.sample(SampleItem::Candidate {
            dialogue: candidate.text.clone(),
            pass: candidate.pass,
            score: candidate.score,
        });
    }
    let passing = candidates.iter().filter(|candidate| candidate.pass).count();
    let mut output = StageOutput {
        artifacts: rows(&candidates)?,
        n_in: summaries.len() as u64,
        n_out: candidates.len() as u64,
        ..StageOutput::default()
    };
    for candidate in candidates.iter().filter(|candidate| !candidate.pass) {
        for (rule, _) in candidate.rules.iter().filter(|(_, kept)| !**kept) {
            super::context::count(&mut output.dropped, rule);
        }
    }
    output.artifacts.extend(rows(&[Rule { rule }])?);
    output.measures = Measures::Candidates(CandidateMeasures {
        format_rate: passing as f64 / candidates.len().max(1) as f64,
    });
    Ok(output)
}

/// The summaries that get candidates: real ones first, then synthetic ones.
fn summaries(stage: &Stage<'_>) -> Result<Vec<(SummaryOrigin, String)>> {
    let recipe = stage.recipe();
    let mut summaries = Vec::new();
    if recipe.candidate_summaries == CandidateSummaries::Both {
        summaries.extend(
            stage
                .data()
                .shots
                .iter()
                .map(|shot| (SummaryOrigin::Real, shot.summary.clone())),
        );
    }
    let synthetic: Vec<Summary> = stage.read(Part::summaries(stage.part.round()))?;
    let limit = if recipe.candidate_synthetic_limit == 0 {
        usize::MAX
    } else {
        recipe.candidate_synthetic_limit
    };
    summaries.extend(
        synthetic
            .into_iter()
            .take(limit)
            .map(|summary| (SummaryOrigin::Synthetic, summary.text)),
    );
    Ok(summaries)
}

/// The candidates of a block of summaries, of which the first has the number `first`.
fn sample(
    stage: &Stage<'_>,
    adapter: &Adapter,
    summaries: &[(SummaryOrigin, String)],
    first: usize,
    rule: &FormatRule,
) -> Result<Vec<Candidate>> {
    let k = stage.recipe().candidates_per_summary;
    let mut requests = Vec::with_capacity(summaries.len() * k);
    for (place, (_, summary)) in summaries.iter().enumerate() {
        let prompt_ids = stage.prompts().dialogue(summary)?;
        let request = |sample| GenerateRequest {
            prompt_ids: prompt_ids.clone(),
            key: stage.key("candidates", first + place, sample),
        };
        requests.extend((0..k).map(request));
    }
    let config = stage.dialogue_config();
    let generated = stage.generate("candidates", Some(adapter), &requests, &config)?;
    let mut candidates = Vec::with_capacity(requests.len());
    for (index, generation) in generated.generations.into_iter().enumerate() {
        let (origin, summary) = &summaries[index / k];
        let text = stage.text(&generation.ids)?;
        let ended = generation.finish == Finish::Stop;
        let check = rule.check(&text, ended);
        candidates.push(Candidate {
            summary_id: (first + index / k) as u32,
            sample: (index % k) as u32,
            origin: *origin,
            summary: summary.clone(),
            ids: generation.ids,
            ended,
            pass: check.pass,
            rules: check
                .rules
                .into_iter()
                .map(|(rule, kept)| (rule.to_string(), kept))
                .collect(),
            text,
            score: None,
        });
    }
    Ok(candidates)
}

fn score(stage: &Stage<'_>, scoring: &Scoring, candidates: &mut [Candidate]) -> Result<()> {
    let texts: Vec<(&str, &str)> = candidates
        .iter()
        .map(|c| (c.text.as_str(), c.summary.as_str()))
        .collect();
    let scores = scoring.scores(stage, &texts)?;
    candidates
        .iter_mut()
        .zip(scores)
        .for_each(|(candidate, score)| candidate.score = score);
    Ok(())
}
