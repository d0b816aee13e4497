//! What values each field of the recipe takes, for a form that checks them while they are typed. [`Recipe::validate`]
//! has the last word; a test holds the two against each other.
//!
//! [`Recipe::validate`]: super::Recipe::validate

use contract::{
    AdapterDtype, JudgeAction, LeakGate, Quantize, RecipeRule, Scorer, SettingShape, Synthesizer,
    System,
};
use serde_json::Value;

/// Whole numbers that cannot be 0.
const AT_LEAST_ONE: [&str; 13] = [
    "shots",
    "validation",
    "lora_rank",
    "sft_batch_size",
    "sft_max_epochs",
    "evals_per_epoch",
    "tokens_per_microbatch",
    "generate_batch_size",
    "candidates_per_summary",
    "dpo_batch_size",
    "dpo_checkpoints",
    "checkpoint_samples",
    "bootstrap",
];

/// Numbers with a range.
const RANGES: [(&str, RecipeRule); 14] = [
    ("lr_search", RecipeRule::PositiveFactors),
    ("lora_dropout", RecipeRule::ZeroToBelowOne),
    ("summary_top_p", RecipeRule::AboveZeroToOne),
    ("dialogue_top_p", RecipeRule::AboveZeroToOne),
    ("dialogue_typical_p", RecipeRule::AboveZeroToOne),
    ("dialogue_min_p", RecipeRule::ZeroToOne),
    ("dialogue_repetition_penalty", RecipeRule::Positive),
    ("sft_lr", RecipeRule::NotNegative),
    ("dpo_lr", RecipeRule::NotNegative),
    ("dpo_beta", RecipeRule::AboveZero),
    ("dpo_label_smoothing", RecipeRule::ZeroToBelowHalf),
    ("dpop_lambda", RecipeRule::NotNegative),
    ("simpo_gamma", RecipeRule::NotNegative),
    ("stage1_stop_lr", RecipeRule::NotNegative),
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

/// What a field takes, by its name and a value of it.
pub(super) fn of(key: &str, value: Option<&Value>) -> SettingShape {
    let rule = RANGES
        .iter()
        .find(|(field, _)| *field == key)
        .map(|(_, rule)| *rule);
    match value {
        Some(Value::Bool(_)) => SettingShape::Flag,
        Some(Value::Number(number)) if number.is_f64() => SettingShape::Number { rule },
        Some(Value::Number(_)) => SettingShape::Whole {
            min: u64::from(AT_LEAST_ONE.contains(&key)),
        },
        Some(Value::Array(list)) if list.first().is_some_and(Value::is_number) => {
            SettingShape::Numbers { rule }
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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::recipe::Recipe;

    fn takes(key: &str, value: &str) -> bool {
        let mut recipe = Recipe::default();
        recipe.set(&format!("{key}={value}")).is_ok()
    }

    /// Values at the edges of a rule: what it takes, and what it refuses.
    fn edges(rule: RecipeRule) -> (&'static [&'static str], &'static [&'static str]) {
        match rule {
            RecipeRule::ZeroToBelowOne => (&["0", "0.99"], &["-0.1", "1"]),
            RecipeRule::AboveZeroToOne => (&["0.01", "1"], &["0", "1.1"]),
            RecipeRule::ZeroToOne => (&["0", "1"], &["-0.1", "1.1"]),
            RecipeRule::Positive | RecipeRule::AboveZero => (&["0.1", "3"], &["0", "-1"]),
            RecipeRule::NotNegative => (&["0", "3"], &["-1"]),
            RecipeRule::ZeroToBelowHalf => (&["0", "0.49"], &["-0.1", "0.5"]),
            RecipeRule::PositiveFactors => (&["0.5", "0.5,1"], &["0", "1,-1"]),
            _ => (&[], &[]),
        }
    }

    #[test]
    fn every_field_has_the_shape_that_the_recipe_checks() {
        for field in Recipe::default().fields().unwrap() {
            let key = field.key;
            match field.shape {
                SettingShape::Whole { min } => {
                    assert_eq!(takes(key, "0"), min == 0, "{key}");
                    assert!(takes(key, "3"), "{key}");
                    assert!(
                        !takes(key, "2.5") && !takes(key, "abc") && !takes(key, "-1"),
                        "{key}"
                    );
                }
                SettingShape::Number { rule } | SettingShape::Numbers { rule } => {
                    assert!(!takes(key, "abc"), "{key}");
                    let (taken, refused) = rule.map(edges).unwrap_or_default();
                    assert!(taken.iter().all(|value| takes(key, value)), "{key}");
                    // The rate that ends stage 1 is checked by nobody else.
                    let is_checked = key != "stage1_stop_lr";
                    assert!(
                        !is_checked || refused.iter().all(|value| !takes(key, value)),
                        "{key}"
                    );
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
                SettingShape::Text => assert!(key.starts_with("prompt_"), "{key}"),
            }
        }
    }
}
