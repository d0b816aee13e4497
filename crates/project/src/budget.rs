//! A recipe that fits the time available: what is given up first, as a pure function of the forecast and the time
//! (`duologue run --within 45m`).
//!
//! Each setting that costs time has a ladder of lower values with a price for each step. From the recipe as it is, the
//! step with the most seconds saved for its price is taken, until the forecast leaves a tenth of the time free. Pairs to
//! learn from, pairs to choose by, guards and the systems that the method is about are never given up, nor are the seeds
//! of an experiment or what somebody typed.

use contract::{Budget, Change, Cut, Synthesizer, System};
use metrics::experiment::outlook;

use crate::part::compared;
use crate::recipe::Recipe;

/// Share of the time that a forecast may fill: it may err, and something else may want the machine.
const FILLED: f64 = 0.9;

/// A number of the recipe with its steps: lower value and price. Of those that count from 0 as "all", 0 is the most.
struct Ladder {
    field: &'static str,
    value: fn(&Recipe) -> usize,
    zero_is_all: bool,
    steps: &'static [(usize, f64)],
}

const LADDERS: [Ladder; 10] = [
    Ladder {
        field: "checkpoint_samples",
        value: |recipe| recipe.checkpoint_samples,
        zero_is_all: false,
        steps: &[(1, 1.0)],
    },
    Ladder {
        field: "test_items",
        value: |recipe| recipe.test_items,
        zero_is_all: true,
        steps: &[(400, 1.0), (200, 2.0), (100, 4.0)],
    },
    Ladder {
        field: "synthesizer_items",
        value: |recipe| recipe.synthesizer_items,
        zero_is_all: true,
        steps: &[(200, 1.0), (100, 1.0), (50, 2.0)],
    },
    Ladder {
        field: "candidates_per_summary",
        value: |recipe| recipe.candidates_per_summary,
        zero_is_all: false,
        steps: &[(6, 1.0), (4, 2.0), (3, 3.0), (2, 6.0)],
    },
    Ladder {
        field: "candidate_synthetic_limit",
        value: |recipe| recipe.candidate_synthetic_limit,
        zero_is_all: true,
        steps: &[(300, 2.0), (100, 3.0), (50, 4.0)],
    },
    Ladder {
        field: "synthetic_per_shot",
        value: |recipe| recipe.synthetic_per_shot,
        zero_is_all: false,
        steps: &[(6, 2.0), (4, 3.0), (3, 4.0), (2, 6.0), (1, 12.0)],
    },
    Ladder {
        field: "sft_max_epochs",
        value: |recipe| recipe.sft_max_epochs,
        zero_is_all: false,
        steps: &[(8, 1.0), (6, 2.0), (4, 4.0), (3, 8.0)],
    },
    Ladder {
        field: "checkpoint_summaries",
        value: |recipe| recipe.checkpoint_summaries,
        zero_is_all: true,
        steps: &[(50, 2.0)],
    },
    Ladder {
        field: "dpo_checkpoints",
        value: |recipe| recipe.dpo_checkpoints,
        zero_is_all: false,
        steps: &[(2, 2.0)],
    },
    Ladder {
        field: "dpo_epochs",
        value: |recipe| recipe.dpo_epochs,
        zero_is_all: false,
        steps: &[(1, 3.0)],
    },
];

/// What is never left out.
const CORE: [System; 5] = [
    System::Lead3,
    System::Longest3,
    System::ZeroShot,
    System::SftReal,
    System::MrdsSeparate,
];

/// A step that could be taken.
#[derive(Clone, Debug, PartialEq)]
struct Step {
    change: Change,
    from: String,
    price: f64,
}

/// The next steps of a recipe down all ladders, the nearest first on each; those of `kept` fields are not offered.
fn steps(recipe: &Recipe, kept: &[String]) -> Vec<Vec<Step>> {
    let numbers = LADDERS.iter().map(|ladder| ladder.steps_from(recipe));
    let lists = [rates(recipe), systems(recipe), synthesizers(recipe)];
    let is_free = |steps: &Vec<Step>| {
        let field = steps.first().map(|step| &step.change.key);
        field.is_some_and(|field| !kept.contains(field))
    };
    numbers.chain(lists).filter(is_free).collect()
}

impl Ladder {
    fn steps_from(&self, recipe: &Recipe) -> Vec<Step> {
        let now = (self.value)(recipe);
        let is_lower = |value: usize| (self.zero_is_all && now == 0) || value < now;
        self.steps
            .iter()
            .filter(|(value, _)| is_lower(*value))
            .map(|(value, price)| step(self.field, &now.to_string(), &value.to_string(), *price))
            .collect()
    }
}

fn step(field: &str, from: &str, to: &str, price: f64) -> Step {
    Step {
        change: Change {
            key: field.to_owned(),
            value: to.to_owned(),
        },
        from: from.to_owned(),
        price,
    }
}

/// One learning rate in the place of several: the one that changes nothing, if it is among them.
fn rates(recipe: &Recipe) -> Vec<Step> {
    let rates = &recipe.lr_search;
    if rates.len() < 2 {
        return Vec::new();
    }
    let single = match rates.contains(&1.0) {
        true => 1.0,
        false => rates[rates.len() / 2],
    };
    vec![step(
        "lr_search",
        &format!("{rates:?}"),
        &format!("[{single:?}]"),
        3.0,
    )]
}

/// Fewer systems: without mixtures, then the core with IDS, then the core.
fn systems(recipe: &Recipe) -> Vec<Step> {
    let is_mixed = |system: System| system.updates_of().is_some();
    let is_core = |system: System| CORE.contains(&system);
    let with_ids = |system: System| is_core(system) || system == System::SftSyntheticIds;
    let rungs: [(&dyn Fn(System) -> bool, f64); 3] = [
        (&|system| !is_mixed(system), 2.0),
        (&with_ids, 3.0),
        (&is_core, 4.0),
    ];
    let mut found: Vec<Step> = Vec::new();
    let mut last = recipe.systems.clone();
    for (is_left, price) in rungs {
        let left: Vec<System> = last
            .iter()
            .copied()
            .filter(|system| is_left(*system))
            .collect();
        if left.is_empty() || left.len() == last.len() {
            continue;
        }
        found.push(step("systems", &list(&recipe.systems), &list(&left), price));
        last = left;
    }
    found
}

/// Without the two synthesizers that write until something is accepted.
fn synthesizers(recipe: &Recipe) -> Vec<Step> {
    let shown = compared(recipe);
    let is_left = |role: &Synthesizer| !matches!(role, Synthesizer::Ids | Synthesizer::Rejection);
    let left: Vec<Synthesizer> = shown.iter().copied().filter(is_left).collect();
    if left.is_empty() || left.len() == shown.len() {
        return Vec::new();
    }
    vec![step("synthesizers", &list(&shown), &list(&left), 3.0)]
}

fn list<T: ToString>(words: &[T]) -> String {
    let words: Vec<String> = words
        .iter()
        .map(|word| format!("\"{}\"", word.to_string()))
        .collect();
    format!("[{}]", words.join(", "))
}

/// What a budget needs to know of the work.
pub struct Work<'a, E> {
    /// Forecast of the recipe after these changes.
    pub seconds: &'a dyn Fn(&[Change]) -> Result<f64, E>,
    /// Fields that are kept: what somebody typed, and what an experiment varies.
    pub kept: &'a [String],
    /// Test items available.
    pub test_items: usize,
    /// Trainings with other seeds.
    pub seeds: usize,
}

/// Brings a recipe down to a time. `recipe` is resolved; the changes to make are those of [`Budget::cut`], in order.
///
/// # Errors
/// What the forecast reports.
pub fn fit<E: From<crate::Error>>(
    recipe: &Recipe,
    within_s: f64,
    work: &Work<'_, E>,
) -> Result<Budget, E> {
    let least_s = least(recipe, work)?;
    let mut reduced = recipe.clone();
    let mut changes: Vec<Change> = Vec::new();
    let mut cut: Vec<Cut> = Vec::new();
    let mut seconds = (work.seconds)(&changes)?;
    while seconds > FILLED * within_s {
        let Some((step, saved_s)) = best(&reduced, &changes, seconds, work)? else {
            break;
        };
        reduced.set(&step.change.to_string())?;
        changes.push(step.change.clone());
        seconds -= saved_s;
        add(&mut cut, &step, saved_s);
    }
    let test_items = match reduced.test_items {
        0 => work.test_items,
        most => most.min(work.test_items),
    };
    Ok(Budget {
        within_s,
        fits: seconds <= FILLED * within_s,
        seconds,
        cut,
        least_s,
        detectable_diff: outlook(work.seeds, test_items),
    })
}

/// A recipe with what a budget gives up.
///
/// # Errors
/// A field that this version does not have.
pub fn reduced(recipe: &Recipe, budget: &Budget) -> crate::Result<Recipe> {
    let mut reduced = recipe.clone();
    for cut in &budget.cut {
        reduced.set(&format!("{}={}", cut.field, cut.to))?;
    }
    Ok(reduced)
}

/// A field that was lowered before is lowered further: one line says from where to where.
fn add(cut: &mut Vec<Cut>, step: &Step, saved_s: f64) {
    match cut.iter_mut().find(|cut| cut.field == step.change.key) {
        Some(earlier) => {
            earlier.to.clone_from(&step.change.value);
            earlier.saved_s += saved_s;
            earlier.price += step.price;
        }
        None => cut.push(Cut {
            field: step.change.key.clone(),
            from: step.from.clone(),
            to: step.change.value.clone(),
            saved_s,
            price: step.price,
        }),
    }
}

/// The step with the most seconds saved for its price. A step that saves nothing by itself, because the data set has
/// fewer items than it allows, makes room for the one below it.
fn best<E>(
    recipe: &Recipe,
    changes: &[Change],
    seconds: f64,
    work: &Work<'_, E>,
) -> Result<Option<(Step, f64)>, E> {
    let mut best: Option<(Step, f64)> = None;
    for ladder in steps(recipe, work.kept) {
        for step in ladder {
            let mut tried = changes.to_vec();
            tried.push(step.change.clone());
            let saved_s = seconds - (work.seconds)(&tried)?;
            if saved_s <= 1e-9 * seconds {
                continue;
            }
            let is_better =
                |(other, other_s): &(Step, f64)| saved_s / step.price > other_s / other.price;
            if best.as_ref().is_none_or(is_better) {
                best = Some((step, saved_s));
            }
            break;
        }
    }
    Ok(best)
}

/// Forecast of the bottom of every ladder.
fn least<E: From<crate::Error>>(recipe: &Recipe, work: &Work<'_, E>) -> Result<f64, E> {
    let (mut lowest, mut changes) = (recipe.clone(), Vec::new());
    // Twice, because the synthesizers included depend on the systems that are left.
    for _ in 0..2 {
        for ladder in steps(&lowest, work.kept) {
            if let Some(last) = ladder.last() {
                lowest.set(&last.change.to_string())?;
                changes.push(last.change.clone());
            }
        }
    }
    (work.seconds)(&changes)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::error::Result;

    /// Seconds of a model whose trainings and writing cost what the recipe asks for.
    fn seconds(recipe: &Recipe) -> f64 {
        let made = (recipe.shots * recipe.synthetic_per_shot) as f64;
        let trained = recipe
            .systems
            .iter()
            .filter(|system| system.is_trained())
            .count() as f64;
        let items = match recipe.test_items {
            0 => 800.0,
            most => (most as f64).min(800.0),
        };
        let epochs = recipe.sft_max_epochs as f64;
        trained * recipe.lr_search.len() as f64 * made * epochs * 0.1
            + recipe.candidates_per_summary as f64 * made * 0.2
            + items * recipe.systems.len() as f64 * 0.1
    }

    fn budget(recipe: &Recipe, within_s: f64, kept: &[&str]) -> Budget {
        let forecast = |changes: &[Change]| -> Result<f64> {
            let mut changed = recipe.clone();
            changes
                .iter()
                .try_for_each(|change| changed.set(&change.to_string()))?;
            Ok(seconds(&changed))
        };
        let kept: Vec<String> = kept.iter().map(|field| (*field).to_owned()).collect();
        let work = Work {
            seconds: &forecast,
            kept: &kept,
            test_items: 800,
            seeds: 1,
        };
        fit(recipe, within_s, &work).unwrap()
    }

    #[test]
    fn nothing_is_given_up_where_there_is_time() {
        let recipe = Recipe::default();
        let all_s = seconds(&recipe);
        let found = budget(&recipe, 2.0 * all_s, &[]);
        assert!(found.fits && found.cut.is_empty());
        assert_eq!(found.seconds, all_s);
        assert!(
            !budget(&recipe, all_s, &[]).cut.is_empty(),
            "a tenth stays free"
        );
    }

    #[test]
    fn less_time_gives_up_more_until_nothing_is_left() {
        let recipe = Recipe::default();
        let all_s = seconds(&recipe);
        let mut before = f64::INFINITY;
        for share in [0.8, 0.5, 0.2, 0.05] {
            let found = budget(&recipe, share * all_s, &[]);
            assert!(found.fits, "{share}: {found:?}");
            let fitted = reduced(&recipe, &found).unwrap();
            assert!((seconds(&fitted) - found.seconds).abs() < 1e-6 * all_s);
            assert!(found.seconds <= FILLED * share * all_s && found.seconds <= before);
            assert!(found.seconds >= found.least_s - 1e-9);
            let saved: f64 = found.cut.iter().map(|cut| cut.saved_s).sum();
            assert!((all_s - saved - found.seconds).abs() < 1e-6 * all_s);
            for system in CORE {
                assert!(fitted.systems.contains(&system), "{system}");
            }
            assert_eq!(
                (fitted.shots, fitted.validation),
                (recipe.shots, recipe.validation)
            );
            before = found.seconds;
        }
        let never = budget(&recipe, 1.0, &[]);
        assert!(!never.fits && never.least_s > 1.0);
        assert!((never.seconds - never.least_s).abs() < 1e-6 * all_s);
        // 100 test items and one training show little.
        assert!(never.detectable_diff > budget(&recipe, 2.0 * all_s, &[]).detectable_diff);
    }

    #[test]
    fn the_best_step_goes_first_and_what_was_typed_stays() {
        let recipe = Recipe::default();
        // One rate of three saves 500 s for a price of 3 and more of all trainings than any other step.
        let found = budget(&recipe, 0.8 * seconds(&recipe), &[]);
        assert_eq!(found.cut[0].field, "lr_search");
        assert_eq!(
            (found.cut[0].from.as_str(), found.cut[0].to.as_str()),
            ("[0.5, 1.0, 2.0]", "[1.0]")
        );
        let kept = budget(&recipe, 1.0, &["lr_search", "systems"]);
        assert!(
            kept.cut
                .iter()
                .all(|cut| !["lr_search", "systems"].contains(&cut.field.as_str()))
        );
        assert!(kept.least_s > budget(&recipe, 1.0, &[]).least_s);
    }

    #[test]
    fn a_step_that_saves_nothing_makes_room_for_the_next() {
        let recipe = Recipe {
            systems: vec![System::ZeroShot],
            ..Recipe::default()
        };
        // Of 150 test items neither 400 nor 200 is fewer.
        let forecast = |changes: &[Change]| -> Result<f64> {
            let mut changed = recipe.clone();
            changes
                .iter()
                .try_for_each(|change| changed.set(&change.to_string()))?;
            Ok(match changed.test_items {
                0 => 150.0,
                most => most.min(150) as f64,
            })
        };
        let work = Work {
            seconds: &forecast,
            kept: &[],
            test_items: 150,
            seeds: 1,
        };
        let found = fit(&recipe, 140.0, &work).unwrap();
        assert!(found.fits && found.cut.len() == 1, "{found:?}");
        assert_eq!(
            (found.cut[0].from.as_str(), found.cut[0].to.as_str()),
            ("0", "100")
        );
    }
}
