//! `bench`: every command works and gives figures of the right kind. How fast it is, no test says.

use super::Place;

fn number(value: &serde_json::Value, key: &str) -> f64 {
    value[key].as_f64().unwrap_or_else(|| panic!("{key} of {value}"))
}

#[test]
fn training_and_its_cheaper_form_give_the_same_loss() {
    let place = Place::new();
    let small = ["bench", "train", "--shape", "7m", "--batch", "2", "--seq", "24", "--steps", "2"];
    let kept = place.ok(&small);
    for key in ["cpu_s_per_step", "wall_s_per_step", "tokens_per_s", "floor_cpu_s", "gemm_gflop_per_cpu_s"] {
        assert!(number(&kept, key) > 0.0, "{key} of {kept}");
    }
    assert_eq!((kept["steps"].as_u64(), kept["tokens"].as_u64()), (Some(2), Some(2 * 2 * 24)));
    assert!(number(&kept, "floor_share") > 0.0 && number(&kept, "peak_rss_bytes") > 3e7, "{kept}");
    let again = place.ok(&[&small[..], &["--recompute"]].concat());
    assert_eq!(again["loss"], kept["loss"]);
}

#[test]
fn scoring_stands_beside_the_forward_pass_of_training() {
    let place = Place::new();
    let done =
        place.ok(&["bench", "score", "--shape", "7m", "--items", "3", "--prompt", "6", "--completion", "5"]);
    assert_eq!(done["tokens"].as_u64(), Some(3 * 11));
    for key in ["tokens_per_s", "tokens_per_cpu_s", "forward_tokens_per_cpu_s", "share_of_forward"] {
        assert!(number(&done, key) > 0.0, "{key} of {done}");
    }
}

#[test]
fn generation_has_a_row_for_each_weight_type_and_batch() {
    let place = Place::new();
    let done = place.ok(&[
        "bench", "generate", "--shape", "7m", "--batch", "1,3", "--quant", "f32,q8_0", "--prompt", "6",
        "--new", "5",
    ]);
    let rows = done["rows"].as_array().expect("rows").clone();
    let named: Vec<_> =
        rows.iter().map(|r| (r["quant"].as_str().unwrap(), r["batch"].as_u64().unwrap())).collect();
    assert_eq!(named, [("f32", 1), ("f32", 3), ("q8_0", 1), ("q8_0", 3)]);
    for row in &rows {
        for key in ["tokens_per_s", "tokens_per_cpu_s", "prefill_tokens_per_cpu_s"] {
            assert!(number(row, key) > 0.0, "{row}");
        }
    }
}

#[test]
fn growth_has_a_row_for_each_size_beside_what_is_expected() {
    let done = Place::new().ok(&["bench", "growth"]);
    let rows = done["rows"].as_array().expect("rows");
    let kinds: std::collections::BTreeSet<_> = rows.iter().filter_map(|row| row["what"].as_str()).collect();
    let expected = ["base", "layers", "sequences", "tokens of a sequence", "updates", "vocabulary", "width"];
    assert_eq!(kinds.into_iter().collect::<Vec<_>>(), expected);
    for row in rows {
        for key in ["cpu_s_per_step", "expected_cpu_s_per_step", "peak_rss_bytes", "expected_peak_rss_bytes"]
        {
            assert!(number(row, key) > 0.0, "{row}");
        }
    }
    assert_eq!(rows[0]["cpu_s_per_step"], rows[0]["expected_cpu_s_per_step"], "the first row is the measure");
}

#[test]
fn a_small_run_is_measured_stage_by_stage() {
    let Some(model) = crate::program::model() else { return };
    let place = Place::new();
    let pairs = concat!(env!("CARGO_MANIFEST_DIR"), "/data/clinic_intake.jsonl");
    let done = place.ok(&["bench", "pipeline", "--data", pairs, "--model", &model.display().to_string()]);
    let stages = done["stages"].as_array().expect("stages");
    assert_eq!(stages.len(), mrds::StageName::ALL.len());
    let of_stages = |key: &str| stages.iter().map(|stage| number(stage, key)).sum::<f64>();
    assert!(of_stages("tokens") > 1000.0 && of_stages("tokens") <= number(&done, "tokens"), "{done}");
    assert!(of_stages("cpu_s") <= number(&done, "cpu_s") * 1.01, "{done}");
    let shares = done["shares"].as_object().expect("shares");
    assert_eq!(
        shares.keys().map(String::as_str).collect::<Vec<_>>(),
        [
            "attention",
            "database",
            "elementwise",
            "gemm",
            "head",
            "optimizer",
            "other",
            "sampling",
            "tokenize"
        ]
    );
    assert!((shares.values().filter_map(serde_json::Value::as_f64).sum::<f64>() - 1.0).abs() < 1e-9);
    assert!(number(&done["shares"], "gemm") > number(&done["shares"], "tokenize"), "{done}");
}

#[test]
fn real_pairs_are_read_and_bad_wishes_refused() {
    let place = Place::new();
    for wrong in [
        &["bench", "train", "--shape", "8b"][..],
        &["bench", "train", "--seq", "1"],
        &["bench", "train", "--batch", "0"],
        &["bench", "train", "--data", "pairs.jsonl"],
        &["bench", "generate", "--quant", "q3"],
        &["--device", "cuda:7", "bench", "generate"],
    ] {
        let refused = place.json(wrong);
        assert_eq!(refused.code, 2, "{wrong:?}: {}", refused.last);
        assert!(refused.last["fix"].as_str().is_some_and(|fix| !fix.is_empty()), "{}", refused.last);
    }
    let Some(model) = crate::program::model() else { return };
    let pairs = concat!(env!("CARGO_MANIFEST_DIR"), "/data/clinic_intake.jsonl");
    let model = model.display().to_string();
    let args = ["bench", "train", "--data", pairs, "--model", &model, "--items", "4", "--batch", "2"];
    let done = place.ok(&args);
    assert_eq!(done["steps"], 2, "one epoch over four rows");
    assert!(number(&done, "loss") < 8.0, "{done}");
}
