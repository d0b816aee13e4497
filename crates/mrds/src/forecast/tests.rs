//! What a plan settles, offers and advises, on models of the catalogue.

use super::*;

#[test]
fn auto_recomputes_where_trainings_would_not_fit_otherwise() {
    let entry = catalogue().unwrap().into_iter().next().unwrap();
    let known = Known::of_entry(&entry, Form::Processor, 1.0);
    let length = |max| Length {
        mean: max as f64,
        max,
    };
    let texts = Texts {
        dialogue_tokens: length(400),
        summary_tokens: length(40),
        test_items: 100,
    };
    // One text at a time: generating takes less than training then.
    let small = Recipe {
        generate_batch_size: 1,
        ..Recipe::default()
    };
    let usual = small.resolve(known.parameters).unwrap();
    let peak = |recompute| {
        totals(&known.forecast(
            &Recipe {
                recompute,
                ..usual.clone()
            },
            &texts,
            2,
        ))
    };
    let ((kept, fast), (again, slow)) = (peak(Recompute::Off), peak(Recompute::On));
    assert!(again < kept && slow > fast, "{again} {kept}, {slow} {fast}");
    let settled = |recompute, free_bytes| {
        let mut recipe = Recipe {
            recompute,
            ..usual.clone()
        };
        known.settle_recompute(&mut recipe, &texts, free_bytes, 2);
        recipe.recompute
    };
    assert_eq!(
        settled(Recompute::Auto, None),
        Recompute::Off,
        "nothing is known of the machine"
    );
    assert_eq!(settled(Recompute::Auto, Some(kept)), Recompute::Off);
    for tight in [kept - 1, again, again - 1] {
        assert_eq!(settled(Recompute::Auto, Some(tight)), Recompute::On);
    }
    assert_eq!(
        settled(Recompute::Off, Some(again)),
        Recompute::Off,
        "a wish is kept"
    );
    assert_eq!(settled(Recompute::On, None), Recompute::On);
}

#[test]
fn the_time_in_a_list_of_models_is_the_forecast_of_a_plan() {
    let entries = catalogue().unwrap();
    let seconds: Vec<f64> = entries
        .iter()
        .map(|entry| usual_seconds(&entry.config, 5e10).unwrap())
        .collect();
    // A machine twice as fast takes half the time; more weights take more time.
    for (entry, seconds) in entries.iter().zip(&seconds) {
        let faster = usual_seconds(&entry.config, 1e11).unwrap();
        assert!((faster * 2.0 - seconds).abs() < 1e-6 * seconds);
    }
    assert!(seconds.first() < seconds.last());
    // What a plan says about the same data set if it measures the same speed.
    let entry = &entries[0];
    let known = Known {
        rates: Rates::estimate(&entry.config, 5e10),
        ..Known::of_entry(entry, Form::Processor, 1.0)
    };
    let mut recipe = Recipe::default().resolve(known.parameters).unwrap();
    let available = Available {
        train: 70,
        validation: 15,
    };
    recipe.fit(Typed::default(), available);
    let texts = Texts {
        dialogue_tokens: Length::of(DIALOGUE_TOKENS),
        summary_tokens: Length::of(SUMMARY_TOKENS),
        test_items: 15,
    };
    known.settle(&mut recipe, &texts, None, 8);
    assert_eq!(totals(&known.forecast(&recipe, &texts, 8)).1, seconds[0]);
}

#[test]
fn an_offer_must_help_more_than_a_part_of_it() {
    let [smaller, other, shorter] = [3, 4, 7].map(|place| CHEAPER[place].0);
    let shown = [(&[][..], 100), (smaller, 90)];
    assert!(
        helps(shorter, 80, &shown) && !helps(shorter, 90, &shown) && !helps(shorter, 95, &shown)
    );
    // Another way may need more and still be the better one.
    assert!(helps(other, 95, &shown) && !helps(other, 90, &shown) && !helps(other, 100, &shown));
    assert!(!helps(other, 101, &shown));
}

#[test]
fn a_card_is_given_as_much_at_once_as_fits() {
    let usual = Recipe {
        generate_batch_size: 32,
        tokens_per_microbatch: 4096,
        ..Recipe::default()
    };
    // A gigabyte for each text, a megabyte for each token, whichever is more.
    let need = |recipe: &Recipe| {
        (recipe.generate_batch_size as u64 * 1000).max(recipe.tokens_per_microbatch as u64)
    };
    let fitted = |free| {
        let mut recipe = usual.clone();
        fit(&mut recipe, free, need);
        (recipe.generate_batch_size, recipe.tokens_per_microbatch)
    };
    assert_eq!(fitted(32_000), (32, 4096), "what fits stays");
    assert_eq!(fitted(31_999), (16, 4096));
    assert_eq!(
        fitted(4_000),
        (4, 2048),
        "each where the need comes from it"
    );
    assert_eq!(
        fitted(1),
        (1, 512),
        "as far as it helps: below one text nothing does"
    );
}

#[test]
fn a_full_card_is_answered_with_the_next_smaller_plan() {
    let recipe = Recipe {
        generate_batch_size: 32,
        tokens_per_microbatch: 4096,
        ..Recipe::default()
    };
    let generating = advice(&recipe, |recipe| recipe.generate_batch_size as u64).unwrap();
    let settings = generating.map(|plan| plan.settings);
    assert_eq!(settings, Some(vec!["generate_batch_size=8".to_owned()]));
    let training = advice(&recipe, |recipe| {
        if recipe.recompute == Recompute::On {
            1
        } else {
            2
        }
    });
    assert_eq!(
        training.unwrap(),
        Some(SmallerPlan {
            settings: vec!["recompute=on".to_owned()],
            price: Price::Recompute,
        })
    );
    assert_eq!(advice(&recipe, |_| 1).unwrap(), None);
}
