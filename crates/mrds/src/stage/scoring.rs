//! Who says how well a dialogue supports its summary: the base model, the current summarizer, or another model. The
//! same scorer is used to test the judge, to score candidates and to watch rounds. Tables and checkpoints are always
//! compared by the base model's scores, so that no scorer vouches for itself.

use std::path::Path;

use contract::Scorer;
use contract::problem::RunProblem;
use lm::LanguageModel;
use lm::lora::Adapter;
use project::part::tuned_scorer;
use project::selection::Selection;

use super::context::Stage;
use crate::error::Result;
use crate::prompt::Prompts;

/// The scorer of a part.
pub(crate) enum Scoring {
    /// The base model, adapters off.
    Base,
    /// A summarizer of the run.
    Tuned(Box<Adapter>),
    /// Another model, with tokenizer and template of its own: scores are compared within a summary.
    Other(Box<LanguageModel>),
}

impl Scoring {
    /// The scorer that the part relies on.
    pub(crate) fn of(stage: &Stage<'_>) -> Result<Self> {
        let recipe = stage.recipe();
        match (recipe.scorer, tuned_scorer(stage.part, recipe)) {
            (Scorer::Tuned, Some(part)) => Ok(Self::Tuned(Box::new(stage.trained(part)?))),
            (Scorer::Model, _) => Ok(Self::Other(Box::new(other_model(stage)?))),
            _ => Ok(Self::Base),
        }
    }

    /// Whether it is a model other than the base model.
    pub(crate) fn is_other(&self) -> bool {
        !matches!(self, Self::Base)
    }

    /// Mean log-probability of each summary's tokens (end included) given its dialogue; `None` if prompt and summary do not
    /// fit the context.
    pub(crate) fn scores(
        &self,
        stage: &Stage<'_>,
        pairs: &[(&str, &str)],
    ) -> Result<Vec<Option<f64>>> {
        let (model, adapter) = match self {
            Self::Base => (stage.run.model, None),
            Self::Tuned(adapter) => (stage.run.model, Some(adapter.as_ref())),
            Self::Other(model) => (model.as_ref(), None),
        };
        let (prompts, limit) = (Prompts::new(model, stage.recipe()), model.context_tokens());
        let mut items = Vec::with_capacity(pairs.len());
        let mut place = Vec::with_capacity(pairs.len());
        for (dialogue, summary) in pairs {
            let item = (prompts.summarize(dialogue)?, prompts.completion(summary)?);
            let fits = item.0.len() + item.1.len() <= limit;
            place.push(fits.then_some(items.len()));
            if fits {
                items.push(item);
            }
        }
        let scored = stage.score_by(model, adapter, &items)?;
        let mean = |index: usize| scored[index].logp_sum / scored[index].n_tokens.max(1) as f64;
        Ok(place.into_iter().map(|index| index.map(mean)).collect())
    }
}

/// The base model's scores.
pub(crate) fn content_scores(
    stage: &Stage<'_>,
    pairs: &[(&str, &str)],
) -> Result<Vec<Option<f64>>> {
    Scoring::Base.scores(stage, pairs)
}

/// The other model that a recipe names, as it was when the run was made.
fn other_model(stage: &Stage<'_>) -> Result<LanguageModel> {
    let (run, recipe) = (stage.run, stage.recipe());
    let wanted = Selection::of_run(&run.row)?.scorer_sha256;
    let known = run.store.models()?.into_iter();
    let folder = known
        .filter(|known| wanted.as_deref() == Some(known.id.as_str()))
        .map(|known| known.path)
        .next()
        .unwrap_or_else(|| recipe.scorer_model.clone());
    let device = &run.model.decoder.device;
    let mut model = LanguageModel::load_quantized(Path::new(&folder), recipe.quantize, device)?;
    if Some(&model.sha256) != wanted.as_ref() {
        return Err(RunProblem::ModelChanged { file: folder }.into());
    }
    model.chat.set_date(run.model.chat.date());
    Ok(model)
}
