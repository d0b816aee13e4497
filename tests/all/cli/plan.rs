//! plan and the catalogue: the forecast's form, what it finds missing, and that cheaper is cheaper.

use serde_json::{Value, json};

use super::{Place, list, number, text, tiny};

/// Peak memory of every stage.
fn peak(plan: &Value) -> f64 {
    number(&plan["peak_bytes"])
}

#[test]
fn a_plan_says_what_every_stage_takes() {
    let place = Place::new();
    place.import("d", &super::rows(60, 20, 10));
    let before = place.holds();
    let model = tiny();
    let small = [
        "plan",
        "--dataset",
        "d",
        "--model",
        &model,
        "--preset",
        "small",
    ];
    let plan = place.ok(&small);
    assert_eq!(
        (&plan["verdict"], &plan["missing"], &plan["probed"]),
        (&json!("ready"), &json!([]), &json!(true))
    );
    let stages = list(&plan["stages"]);
    let names: Vec<&str> = stages.iter().map(|stage| text(&stage["name"])).collect();
    assert_eq!((names[0], names[8], names.len()), ("topics", "evaluate", 9));
    let sum = |key: &str| stages.iter().map(|stage| number(&stage[key])).sum::<f64>();
    assert!((sum("seconds") - number(&plan["seconds"])).abs() < 1e-6 && sum("seconds") > 0.0);
    assert!((sum("disk_bytes") - number(&plan["disk_bytes"])).abs() < 1.0);
    let highest = stages
        .iter()
        .map(|stage| number(&stage["peak_bytes"]))
        .fold(0.0, f64::max);
    assert!((highest - peak(&plan)).abs() < 1.0);
    for offer in list(&plan["offers"]) {
        assert!(number(&offer["peak_bytes"]) < peak(&plan), "{offer}");
    }
    let frugal = place.ok(&[
        &small[..],
        &[
            "--set",
            "tokens_per_microbatch=512",
            "--set",
            "generate_batch_size=4",
        ],
    ]
    .concat());
    assert!(
        peak(&frugal) < peak(&plan),
        "{} {}",
        peak(&frugal),
        peak(&plan)
    );
    // Of two blocks there is little to compute again.
    let again = place.ok(&[&small[..], &["--set", "recompute=on"]].concat());
    let training = |plan: &Value| number(&list(&plan["stages"])[2]["peak_bytes"]);
    assert!(
        training(&again) <= training(&plan),
        "{} {}",
        training(&again),
        training(&plan)
    );
    assert_eq!(
        (&plan["recompute"], &again["recompute"]),
        (&json!(false), &json!(true))
    );
    let packed = place.ok(&[&small[..], &["--set", "quantize=q8_0"]].concat());
    assert!(
        peak(&packed) < peak(&plan),
        "{} {}",
        peak(&packed),
        peak(&plan)
    );
    assert_eq!(place.holds(), before, "a plan stores nothing");
    let (out, _) = place.human(&small, 0);
    assert!(
        out.contains("Ready") && out.contains("synthesizer"),
        "{out}"
    );
}

#[test]
fn what_is_missing_is_named() {
    let place = Place::new();
    place.import("d", &super::rows(12, 4, 2));
    let large = "Qwen/Qwen2.5-14B-Instruct";
    let answer = place.json(&[
        "plan",
        "--dataset",
        "d",
        "--model",
        large,
        "--shots",
        "8",
        "--validation",
        "4",
    ]);
    assert_eq!(
        (answer.code, text(&answer.last["verdict"])),
        (1, "not_ready"),
        "{}",
        answer.last
    );
    let missing = answer.last["missing"].to_string();
    assert!(
        missing.contains(r#""case":"model","hub_id":"Qwen/Qwen2.5-14B-Instruct""#)
            && !missing.contains("examples"),
        "{missing}"
    );
    assert!(peak(&answer.last) > 25e9, "weights alone are more");
    // Two threads and dialogues of a real length: otherwise one micro-batch at a time saves nothing.
    let sample = concat!(env!("CARGO_MANIFEST_DIR"), "/data/clinic_intake.jsonl");
    place.ok(&["import", sample, "--name", "clinic"]);
    let few = ["--shots", "8", "--validation", "4", "--threads", "2"];
    let keep = ["--set", "recompute=off"];
    let answer = place.json(
        &[
            &["plan", "--dataset", "clinic", "--model", large][..],
            &few,
            &keep,
        ]
        .concat(),
    );
    assert_eq!(
        answer.last["offers"][0]["change"], "--set recompute=on",
        "the one that changes no result"
    );
    for cheaper in ["tokens_per_microbatch", "quantize=q8_0", "quantize=q4_k"] {
        let offers = list(&answer.last["offers"]);
        assert!(
            offers
                .iter()
                .any(|offer| text(&offer["change"]).contains(cheaper)),
            "{cheaper}: {offers:?}"
        );
    }

    let model = tiny();
    let few = place.json(&["plan", "--dataset", "d", "--model", &model]);
    assert_eq!(few.code, 1, "{}", few.last);
    assert_eq!(
        few.last["missing"][0],
        json!({"case": "examples", "kind": "training examples", "need": 100, "have": 12})
    );
    place.refuses(
        &["plan", "--dataset", "no", "--model", &model],
        2,
        "no_such_dataset",
        &["no"],
    );
    place.refuses(
        &["plan", "--dataset", "d", "--model", "nobody/nothing"],
        2,
        "file",
        &["nobody/nothing"],
    );
}

#[test]
fn the_catalogue_says_what_fits_here() {
    let place = Place::new();
    let listed = place.ok(&["models", "list", "--catalogue"]);
    let entries = list(&listed["catalogue"]);
    assert!(entries.len() >= 12);
    for entry in entries {
        assert!(
            ["fits", "tight", "too_big"].contains(&text(&entry["fit"])),
            "{entry}"
        );
        let memory = &entry["memory"];
        assert!(
            number(&memory["qlora_bytes"]) < number(&memory["lora_bytes"]),
            "{entry}"
        );
    }
    let (out, _) = place.human(&["models", "list", "--catalogue"], 0);
    assert!(
        out.contains("HuggingFaceTB/SmolLM2-135M-Instruct") && out.contains("apache-2.0"),
        "{out}"
    );
}
