//! The recipe: its TOML file, `--set`, rates by size, and which fields make a part's key.

use contract::{Preset, StageName};

use super::*;

#[test]
fn toml_round_trips_with_comments() {
    for preset in [
        Preset::Paper,
        Preset::Paper300,
        Preset::Default,
        Preset::Small,
        Preset::Sample,
        Preset::Quick,
    ] {
        let recipe = Recipe::preset(preset);
        let text = recipe.to_toml().unwrap();
        assert!(text.contains("# Real pairs to learn from"), "{text}");
        assert_eq!(Recipe::from_toml(&text).unwrap(), recipe);
    }
}

#[test]
fn a_fixed_mix_needs_room_for_both_kinds() {
    let mut recipe = Recipe::default();
    recipe.set("sft_batch_size=1").unwrap();
    assert!(
        recipe
            .clone()
            .resolve(7_000_000)
            .unwrap_err()
            .to_string()
            .contains("fixed_ratio")
    );
    recipe.set("systems=zero_shot").unwrap();
    recipe.resolve(7_000_000).unwrap();
}

#[test]
fn set_takes_numbers_words_and_lists() {
    let mut recipe = Recipe::default();
    recipe.set("dpo_beta=1").unwrap();
    recipe.set("lr_search=1,2").unwrap();
    recipe.set("systems=zero_shot,mrds_separate").unwrap();
    recipe.set("too_long=drop").unwrap();
    assert_eq!(
        (recipe.dpo_beta, recipe.lr_search.clone()),
        (1.0, vec![1.0, 2.0])
    );
    assert_eq!(recipe.systems, vec![System::ZeroShot, System::MrdsSeparate]);
    assert_eq!(recipe.too_long, TooLong::Drop);
    assert!(
        recipe
            .set("no_such=1")
            .unwrap_err()
            .to_string()
            .contains("no_such")
    );
    assert!(
        recipe
            .set("shots=0")
            .unwrap_err()
            .to_string()
            .contains("at least 1")
    );
    assert!(recipe.set("shots=many").is_err());
    assert_eq!(
        recipe.shots,
        Recipe::default().shots,
        "a refused value changes nothing"
    );
    recipe.set("dpo_loss=apo_zero").unwrap();
    assert_eq!(recipe.dpo_loss, DpoLoss::ApoZero);
    assert!(
        recipe
            .set("dpo_label_smoothing=0.1")
            .unwrap_err()
            .to_string()
            .contains("robust")
    );
    assert!(
        recipe
            .set("dpo_loss=hinge")
            .unwrap_err()
            .to_string()
            .contains("sigmoid_norm")
    );
}

/// Every field with a fraction, in a file and on the command line.
#[test]
fn a_number_that_is_not_finite_is_refused_by_its_field() {
    let default = toml::Table::try_from(Recipe::default()).unwrap();
    let mut fields = 0;
    for (field, value) in &default {
        let list = match value {
            toml::Value::Float(_) => false,
            toml::Value::Array(items) if items.first().is_some_and(toml::Value::is_float) => true,
            _ => continue,
        };
        fields += 1;
        for wrong in ["nan", "inf", "-inf", "+nan"] {
            let text = if list {
                format!("[1.0, {wrong}]")
            } else {
                wrong.to_owned()
            };
            let mut recipe = Recipe::default();
            let errors = [
                recipe.set(&format!("{field}={text}")).unwrap_err(),
                Recipe::from_toml(&format!("{field} = {text}")).unwrap_err(),
            ];
            for error in errors {
                let told = error.to_string();
                assert!(
                    told.contains(field.as_str()) && told.contains(wrong.trim_start_matches('+')),
                    "{told}"
                );
            }
            // To TOML this is not a number at all.
            let too_large = if list { "[1.0, 1e999]" } else { "1e999" };
            let error = recipe.set(&format!("{field}={too_large}")).unwrap_err();
            assert!(error.to_string().contains(field.as_str()), "{error}");
            assert!(Recipe::from_toml(&format!("{field} = {too_large}")).is_err());
            assert_eq!(toml::Table::try_from(&recipe).unwrap(), default);
        }
    }
    assert!(fields > 30, "{fields}");
}

#[test]
fn learning_rates_follow_the_size_of_the_base() {
    let rates = |parameters| {
        let recipe = Recipe::default().resolve(parameters).unwrap();
        (recipe.sft_lr, recipe.dpo_lr, recipe.summary_method)
    };
    assert_eq!(rates(7_000_000), (1e-3, 1e-4, SummaryMethod::Lora));
    assert_eq!(rates(500_000_000), (5e-4, 5e-5, SummaryMethod::Lora));
    assert_eq!(rates(8_000_000_000), (2e-4, 1e-5, SummaryMethod::Prompt));
    let paper = Recipe::preset(Preset::Paper).resolve(7_000_000).unwrap();
    assert_eq!((paper.sft_lr, paper.stage1_stop_lr), (2e-4, 2e-5));
    assert!(
        !paper.stage1_stop_scaled && paper.lr_search == [1.0],
        "literal"
    );
    let more = Recipe::preset(Preset::Paper300).resolve(7_000_000).unwrap();
    assert_eq!(Recipe { shots: 100, ..more }, paper);
}

#[test]
fn every_field_that_may_change_a_result_belongs_to_a_part_or_the_data() {
    // What changes no part's result belongs to none either.
    let free = [
        "shots",
        "validation",
        "test_items",
        "too_long",
        "recompute",
        // Which parts there are, and the tables that are made of them.
        "systems",
        "synthesizers",
        "rounds",
        "round_min_gain",
        "round_patience",
        "bootstrap",
        // The key has the digest of the model that it names.
        "scorer_model",
        // In a key as far as it leaves pairs out.
        "match_synthetic",
    ];
    for declared in DOCS {
        let key = declared.key;
        assert_eq!(declared.readers.is_empty(), free.contains(&key), "{key}");
        assert!(
            !declared.doc.trim().is_empty() && !declared.reason.is_empty(),
            "{key}"
        );
    }
    assert_eq!(Recipe::default().fields().unwrap().len(), DOCS.len());
}

#[test]
fn samplers_that_are_off_leave_a_parts_key_as_it_was() {
    let later = [
        "dialogue_top_k",
        "dialogue_min_p",
        "dialogue_typical_p",
        "dialogue_repetition_penalty",
    ];
    let key = |recipe: &Recipe| recipe.of_part(Part::Whole(StageName::Candidates)).unwrap();
    let usual = key(&Recipe::default());
    assert!(
        usual["dialogue_top_p"].is_number() && later.iter().all(|field| usual[field].is_null())
    );
    for (field, value) in later.into_iter().zip(["40", "0.1", "0.9", "1.2"]) {
        let mut recipe = Recipe::default();
        recipe.set(&format!("{field}={value}")).unwrap();
        assert!(
            key(&recipe)[field].is_number(),
            "{field} is part of the key where it acts"
        );
        assert!(recipe.set(&format!("{field}=-1")).is_err(), "{field}");
    }
}

#[test]
fn adapters_kept_as_they_were_trained_leave_a_parts_key_as_it_was() {
    let mut recipe = Recipe::default();
    let key = |recipe: &Recipe| {
        recipe.of_part(Part::Whole(StageName::Synthesizer)).unwrap()["adapter_dtype"].clone()
    };
    assert!(key(&recipe).is_null());
    recipe.set("adapter_dtype=bf16").unwrap();
    assert_eq!(key(&recipe), "bf16");
}

#[test]
fn a_refused_assignment_is_not_repeated_whole() {
    let long = "9".repeat(5000);
    for assignment in [format!("shots={long}"), format!("{long}=1"), long.clone()] {
        let error = Recipe::default().set(&assignment).unwrap_err();
        assert!(error.to_string().chars().count() < 300, "{error}");
    }
}
