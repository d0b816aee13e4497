//! The time that a run may take: what is given up for it, and the forecast that its run begins with.

use std::collections::BTreeMap;

use contract::{Budget, Change, StageName};
use lm::LanguageModel;
use lm::probe::Rates;
use project::budget::{self, Work, reduced};
use project::recipe::Recipe;
use project::session::{Forecast, Session};
use project::within::Within;
use store::ExampleRow;

use super::cheaper::changed;
use super::ratio::{KeptPart, Ratios};
use super::stages::{Texts, parts};
use super::{Known, available, texts, totals};
use crate::error::{Error, Result};
use crate::run::RunRequest;

/// The time available, and what is kept however short it is.
#[derive(Clone, Copy)]
pub(super) struct Time<'a> {
    /// The time.
    pub(super) within: Within,
    /// Fields that are not given up.
    pub(super) kept: &'a [String],
    /// Test items that the recipe takes.
    pub(super) tests: usize,
    /// Threads of the computation.
    pub(super) threads: usize,
}

impl Known {
    /// Cuts a resolved and fitted recipe down to a time limit.
    pub(super) fn within(
        &self,
        recipe: &mut Recipe,
        texts: Texts,
        time: Time<'_>,
    ) -> Result<Budget> {
        let seconds = |changes: &[Change]| {
            let changed = changed(recipe, changes)?;
            let test_items = match changed.test_items {
                0 => time.tests,
                most => most.min(time.tests),
            };
            let texts = Texts {
                test_items,
                ..texts
            };
            Ok(totals(&self.forecast(&changed, &texts, time.threads)).1)
        };
        let work: Work<'_, Error> = Work {
            seconds: &seconds,
            kept: time.kept,
            test_items: time.tests,
            seeds: 1,
        };
        let budget = budget::fit(recipe, time.within.seconds(), &work)?;
        *recipe = reduced(recipe, &budget)?;
        Ok(budget)
    }
}

/// A run that is about to be created: what its recipe gave up, and how long its stages and parts will take.
pub(crate) struct Started {
    /// What was given up; none without a limit.
    pub(crate) budget: Option<Budget>,
    /// Seconds by stage.
    pub(crate) forecast: Forecast,
    /// The forecast of each part before this machine's factors, which the run's own times will refine.
    pub(crate) parts: Vec<KeptPart>,
}

/// Cuts a resolved recipe down to the time limit of its request, and forecasts it by measuring the model itself.
pub(crate) fn started(
    session: &Session,
    request: &RunRequest,
    recipe: &mut Recipe,
    model: &LanguageModel,
    rows: &[ExampleRow],
) -> Result<Started> {
    let rows: Vec<ExampleRow> = rows
        .iter()
        .filter(|row| row.is_summarised())
        .cloned()
        .collect();
    let mut fitted = recipe.clone();
    let (pairs, tests) = available(&rows, &fitted);
    fitted.fit(request.typed, pairs);
    let known = Known {
        rates: Rates::measure(&model.decoder, fitted.lora_rank)?,
        ..Known::of_run(&request.model, model, request.device)?
    };
    let threads = request.threads as usize;
    let mut texts = texts(&rows, &fitted, Some(model))?;
    let adjusted = Known {
        rates: Ratios::of(session)?.applied(known.rates),
        ..Known::of_run(&request.model, model, request.device)?
    };
    let time = request.within.map(|within| Time {
        within,
        kept: &request.kept,
        tests,
        threads,
    });
    let budget = time
        .map(|time| adjusted.within(&mut fitted, texts, time))
        .transpose()?;
    if let Some(budget) = &budget {
        *recipe = reduced(recipe, budget)?;
    }
    texts.test_items = available(&rows, &fitted).1;
    let stages: BTreeMap<StageName, f64> = adjusted
        .forecast(&fitted, &texts, threads)
        .into_iter()
        .map(|stage| (stage.name, stage.seconds))
        .collect();
    let setting = known.setting(&fitted, threads);
    Ok(Started {
        budget,
        forecast: stages,
        parts: parts(&setting, &fitted, &texts)
            .iter()
            .map(KeptPart::from)
            .collect(),
    })
}
