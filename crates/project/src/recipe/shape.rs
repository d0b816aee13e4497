//! What values each field of the recipe takes: the one table of ranges, for [`Recipe::validate`], for refusals and for a
//! form that checks values while they are typed.
//!
//! A range is wide: it ends where a value has no meaning (a share above 1, a negative temperature), or where no
//! computer would see the end of a run.
//!
//! [`Recipe::validate`]: super::Recipe::validate

use contract::problem::{RecipeFault, RunProblem};
use contract::{
    AdapterDtype, Bounds, JudgeAction, LeakGate, MOST_ROUNDS, Quantize, RoundData, RoundReference,
    Scorer, SettingShape, Synthesizer, System,
};
use serde_json::Value;

use super::DEFAULTS;
use crate::error::{Error, Result};

/// A number of examples or of draws, where 0 stands for all or for none.
const COUNT: Bounds = Bounds::from_to(0.0, 1_000_000.0);
/// The same without 0.
const SOME: Bounds = Bounds::from_to(1.0, 1_000_000.0);
/// How often something is done for one example or in one training.
const FEW: Bounds = Bounds::from_to(1.0, 10_000.0);
/// The same where zero is allowed.
const FEW_OR_NONE: Bounds = Bounds::from_to(0.0, 10_000.0);
/// Tokens of one text.
const TOKENS: Bounds = Bounds::from_to(1.0, 100_000.0);
/// Sequences side by side.
const BATCH: Bounds = Bounds::from_to(1.0, 65_536.0);
/// Part of a whole.
const SHARE: Bounds = Bounds::from_to(0.0, 1.0);
/// Part of a whole, greater than zero.
const SOME_SHARE: Bounds = SHARE.above_min();
/// Factor that reduces a rate.
const REDUCTION: Bounds = SHARE.above_min().below_max();
/// Learning rate; 0 has a meaning of its own.
const RATE: Bounds = Bounds::from_to(0.0, 1.0);
/// Sampling temperature; 0 takes the likeliest token.
const TEMPERATURE: Bounds = Bounds::from_to(0.0, 10.0);
/// Weight, gap or margin.
const WEIGHT: Bounds = Bounds::from_to(0.0, 1_000.0);
/// Weight without which nothing is learnt.
const SOME_WEIGHT: Bounds = WEIGHT.above_min();

/// The range of every number; a test asks for each.
const RANGES: [(&str, Bounds); 73] = [
    ("shots", SOME),
    ("validation", SOME),
    ("test_items", COUNT),
    ("topic_demos", Bounds::from_to(0.0, 3.0)),
    ("topic_max_new_tokens", TOKENS),
    ("synthetic_per_shot", FEW),
    ("summary_max_rounds", FEW),
    ("summary_temperature", TEMPERATURE),
    ("summary_top_p", SOME_SHARE),
    ("summary_max_new_tokens", TOKENS),
    ("novelty_rouge_l", SOME_SHARE),
    ("name_filter_share", SHARE),
    ("summary_demos", FEW_OR_NONE),
    ("lora_rank", BATCH),
    ("lora_alpha", Bounds::from_to(0.0, 65_536.0).above_min()),
    ("lora_dropout", SHARE.below_max()),
    ("sft_lr", RATE),
    ("sft_batch_size", BATCH),
    ("sft_max_epochs", FEW),
    ("evals_per_epoch", FEW),
    ("early_stop_evals", FEW_OR_NONE),
    ("warmup_share", SHARE),
    ("weight_decay", SHARE),
    (
        "max_grad_norm",
        Bounds::from_to(0.0, 1_000_000.0).above_min(),
    ),
    ("tokens_per_microbatch", Bounds::from_to(1.0, 100_000_000.0)),
    ("generate_batch_size", BATCH),
    ("candidates_per_summary", FEW),
    ("candidate_synthetic_limit", COUNT),
    ("dialogue_temperature", TEMPERATURE),
    ("dialogue_top_p", SOME_SHARE),
    ("dialogue_top_k", COUNT),
    ("dialogue_min_p", SHARE),
    ("dialogue_typical_p", SOME_SHARE),
    (
        "dialogue_repetition_penalty",
        Bounds::from_to(0.0, 100.0).above_min(),
    ),
    ("dialogue_max_new_tokens", TOKENS),
    ("judge_items", COUNT),
    ("min_gap", WEIGHT),
    ("min_gap_sd", WEIGHT),
    ("format_pairs_per_summary", FEW_OR_NONE),
    ("length_balance", SHARE),
    ("copy_run_words", FEW),
    ("copy_share", SHARE),
    ("pair_repeat", FEW),
    ("dpo_beta", SOME_WEIGHT),
    ("dpo_label_smoothing", Bounds::from_to(0.0, 0.5).below_max()),
    ("dpop_lambda", Bounds::from_to(0.0, 1_000_000.0)),
    ("simpo_gamma", WEIGHT),
    ("dpo_sft_weight", WEIGHT),
    ("dpo_lr", RATE),
    ("dpo_batch_size", BATCH),
    ("dpo_epochs", FEW),
    ("dpo_warmup_share", SHARE),
    ("dpo_checkpoints", FEW),
    ("checkpoint_samples", FEW),
    ("checkpoint_summaries", COUNT),
    ("checkpoint_format_slack", SHARE),
    ("dialogue_tries", FEW),
    ("ids_max_iterations", FEW_OR_NONE),
    ("rejection_max_tries", FEW),
    ("lr_search", SOME_WEIGHT),
    ("stage1_stop_lr", RATE),
    ("stage1_factor", REDUCTION),
    ("stage2_factor", REDUCTION),
    ("stage2_reductions", FEW),
    ("plateau_patience", FEW_OR_NONE),
    ("plateau_threshold", SHARE.below_max()),
    ("fixed_ratio_synthetic", FEW),
    ("icl_examples", FEW_OR_NONE),
    ("synthesizer_items", COUNT),
    ("bootstrap", SOME),
    ("rounds", Bounds::from_to(1.0, MOST_ROUNDS as f64)),
    ("round_min_gain", WEIGHT),
    ("round_patience", FEW),
];

/// Fields that take one of a few words.
fn words(key: &str) -> Option<Vec<String>> {
    let list: &[&str] = match key {
        "too_long" => &["refuse", "drop", "cut_dialogue_end"],
        "summary_method" => &["auto", "prompt", "lora"],
        "candidate_summaries" => &["synthetic", "both"],
        "dpo_loss" => &[
            "sigmoid",
            "robust",
            "ipo",
            "apo_zero",
            "sigmoid_norm",
            "dpop",
            "simpo",
            "orpo",
        ],
        "ids" => &["turns", "prefix"],
        "scorer" => return Some(Scorer::ALL.iter().map(ToString::to_string).collect()),
        "judge_action" => {
            return Some(JudgeAction::ALL.iter().map(ToString::to_string).collect());
        }
        "round_reference" => {
            return Some(
                RoundReference::ALL
                    .iter()
                    .map(ToString::to_string)
                    .collect(),
            );
        }
        "round_data" => return Some(RoundData::ALL.iter().map(ToString::to_string).collect()),
        "dpo_sft_target" => &["real", "chosen"],
        "recompute" => &["auto", "on", "off"],
        "leak_gate" => return Some(LeakGate::ALL.iter().map(ToString::to_string).collect()),
        "adapter_dtype" => {
            return Some(AdapterDtype::ALL.iter().map(ToString::to_string).collect());
        }
        "quantize" => return Some(Quantize::ALL.iter().map(ToString::to_string).collect()),
        _ => return None,
    };
    Some(list.iter().map(|&word| word.to_owned()).collect())
}

/// The range of a number. Any number would do where the table lacks one; a test sees to it that it lacks none.
fn bounds(key: &str) -> Bounds {
    let known = RANGES.iter().find(|(field, _)| *field == key);
    known.map_or(Bounds::from_to(f64::MIN, f64::MAX), |(_, bounds)| *bounds)
}

/// What a field takes, by its name and a value of it.
pub(super) fn of(key: &str, value: Option<&Value>) -> SettingShape {
    let bounds = bounds(key);
    match value {
        Some(Value::Bool(_)) => SettingShape::Flag,
        Some(Value::Number(number)) if number.is_f64() => SettingShape::Number { bounds },
        Some(Value::Number(_)) => SettingShape::Whole { bounds },
        Some(Value::Array(list)) if list.first().is_some_and(Value::is_number) => {
            SettingShape::Numbers { bounds }
        }
        Some(Value::Array(_)) if key == "prompt_candidates" => SettingShape::Text,
        Some(Value::Array(_)) if key == "synthesizers" => SettingShape::Words {
            words: Synthesizer::ALL.iter().map(ToString::to_string).collect(),
        },
        Some(Value::Array(_)) => SettingShape::Words {
            words: System::ALL.iter().map(ToString::to_string).collect(),
        },
        _ => words(key).map_or(SettingShape::Text, |words| SettingShape::Word { words }),
    }
}

/// The refusal of a field's value, with what the field takes.
pub(super) fn refusal(key: &str, value: &str) -> Error {
    RunProblem::Recipe(RecipeFault::Value {
        field: key.to_owned(),
        value: contract::excerpt(value),
        takes: of(key, DEFAULTS.get(key)),
    })
    .into()
}

/// Refuses a number outside its field's range.
pub(super) fn check(key: &str, value: &toml::Value) -> Result<()> {
    let bounds = bounds(key);
    let is_inside = |value: &toml::Value| match value {
        toml::Value::Integer(number) => bounds.contains(*number as f64),
        toml::Value::Float(number) => bounds.contains(*number),
        _ => true,
    };
    let holds = match value {
        toml::Value::Array(items) => items.iter().all(is_inside),
        value => is_inside(value),
    };
    match holds {
        true => Ok(()),
        false => Err(refusal(key, &value.to_string())),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::recipe::Recipe;

    fn takes(key: &str, value: &str) -> bool {
        let mut recipe = Recipe::default();
        recipe.set(&format!("{key}={value}")).is_ok()
    }

    /// Values at the ends of a range: what is taken, and what is refused.
    fn ends(bounds: Bounds, step: f64) -> (Vec<f64>, Vec<f64>) {
        let least = bounds.min + if bounds.above_min { step } else { 0.0 };
        let most = bounds.max - if bounds.below_max { step } else { 0.0 };
        let taken = vec![least, most];
        (taken, vec![least - step, most + step, -1.0])
    }

    fn keeps_to(key: &str, bounds: Bounds, step: f64) {
        assert_ne!(bounds.min, f64::MIN, "{key} has no range");
        let (taken, refused) = ends(bounds, step);
        for value in taken {
            assert!(takes(key, &value.to_string()), "{key}={value}");
        }
        for value in refused {
            let error = Recipe::default().set(&format!("{key}={value}"));
            let told = error.unwrap_err().to_string();
            let parts = [key, &value.to_string(), &bounds.to_string()];
            assert!(parts.iter().all(|part| told.contains(part)), "{told}");
        }
    }

    #[test]
    fn every_field_has_the_shape_that_the_recipe_checks() {
        for field in Recipe::default().fields().unwrap() {
            let key = field.key;
            match field.shape {
                SettingShape::Whole { bounds } => {
                    keeps_to(key, bounds, 1.0);
                    assert!(!takes(key, "2.5") && !takes(key, "abc"), "{key}");
                }
                SettingShape::Number { bounds } | SettingShape::Numbers { bounds } => {
                    keeps_to(key, bounds, 0.25);
                    assert!(!takes(key, "abc"), "{key}");
                }
                SettingShape::Word { words } => {
                    assert!(words.iter().all(|word| takes(key, word)), "{key}");
                    assert!(!takes(key, "no_such_word"), "{key}");
                }
                SettingShape::Words { words } => {
                    assert!(takes(key, &words.join(",")), "{key}");
                    assert!(!takes(key, "no_such_word"), "{key}");
                }
                SettingShape::Flag => assert!(takes(key, "true") && !takes(key, "abc"), "{key}"),
                SettingShape::Text => {
                    assert!(key.starts_with("prompt_") || key == "scorer_model", "{key}");
                }
            }
        }
    }

    #[test]
    fn a_refusal_names_field_value_and_range_and_no_type_of_the_program() {
        let refused = |assignment: &str| {
            let error = Recipe::default().set(assignment).unwrap_err();
            error.to_string()
        };
        let told = refused("shots=abc");
        assert!(
            told.contains(
                "`shots` must be a whole number, at least 1 and at most 1000000, not `abc`"
            ),
            "{told}"
        );
        for assignment in ["shots=-1", "shots=1.5", "ids_score=7", "ids=2", "systems=3"] {
            let told = refused(assignment);
            let (field, value) = assignment.split_once('=').unwrap();
            assert!(told.contains(field) && told.contains(value), "{told}");
            let words = ["usize", "expected", "variant", "bool", "invalid type"];
            assert!(words.iter().all(|word| !told.contains(word)), "{told}");
        }
    }
}
