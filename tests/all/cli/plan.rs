//! plan and the catalogue: the forecast's form, what it finds missing, and that a cheaper way really is cheaper.

use serde_json::{Value, json};

use super::{Place, list, number, text, tiny};

/// Peak memory of every stage.
fn peak(plan: &Value) -> f64 {
    number(&plan["peak_bytes"])
}

/// Whether an offer gives a field this value.
fn changes(offer: &Value, setting: &Value) -> bool {
    let settings = offer["change"]["settings"].as_array();
    settings.is_some_and(|settings| settings.contains(setting))
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
    // With two blocks there is little to recompute.
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
        answer.last["offers"][0]["change"],
        json!({"case": "settings", "settings": [{"key": "recompute", "value": "on"}]}),
        "the one that changes no result"
    );
    for (key, value) in [
        ("tokens_per_microbatch", "1024"),
        ("quantize", "q8_0"),
        ("quantize", "q4_k"),
    ] {
        let cheaper = json!({"key": key, "value": value});
        let offers = list(&answer.last["offers"]);
        assert!(
            offers.iter().any(|offer| changes(offer, &cheaper)),
            "{cheaper}: {offers:?}"
        );
    }

    let model = tiny();
    let typed = [
        "plan",
        "--dataset",
        "d",
        "--model",
        &model,
        "--shots",
        "100",
    ];
    let few = place.json(&typed);
    assert_eq!(few.code, 1, "{}", few.last);
    assert_eq!(
        few.last["missing"][0],
        json!({"case": "examples", "kind": "training examples", "need": 100, "have": 12})
    );
    assert_eq!(
        (
            &few.last["offers"][0]["change"],
            &few.last["offers"][0]["price"]
        ),
        (
            &json!({"case": "settings", "settings": [{"key": "shots", "value": "12"}]}),
            &json!("fewer_examples")
        )
    );
    let free = place.ok(&typed[..5]);
    assert_eq!(
        free["examples"],
        json!({"shots": 12, "validation": 4, "test": 2, "shots_at_most": 100,
            "validation_at_most": 100, "unsummarised": 0})
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

/// Rows that say nothing of their split.
fn undivided(n: usize) -> Vec<Value> {
    let row = |i: usize| {
        json!({"id": i.to_string(), "dialogue": format!("Ann: Is bus {i} late today?\nBo: Yes, by {i} minutes."),
            "summary": format!("Bo says that bus {i} is late.")})
    };
    (0..n).map(row).collect()
}

#[test]
fn every_preset_but_the_papers_fits_a_data_set_of_any_size() {
    let place = Place::new();
    let model = tiny();
    for (size, shots) in [(5, 3), (12, 8), (30, 21), (100, 70), (200, 100)] {
        let name = format!("of {size}");
        place.import(&name, &undivided(size));
        for preset in ["default", "small", "sample", "quick", "paper"] {
            let plan = place.json(&[
                "plan",
                "--dataset",
                &name,
                "--model",
                &model,
                "--preset",
                preset,
            ]);
            let missing = list(&plan.last["missing"]);
            if preset == "paper" {
                assert!(
                    missing.iter().all(|lack| lack["case"] == "examples")
                        && plan.last["offers"][0]["change"]["case"] == "settings",
                    "{name}: {}",
                    plan.last
                );
                continue;
            }
            assert_eq!(
                (plan.code, text(&plan.last["verdict"])),
                (0, "ready"),
                "{name} with {preset}: {missing:?}"
            );
            let examples = &plan.last["examples"];
            if preset == "default" {
                assert!(
                    (number(&examples["shots"]) - f64::from(shots)).abs() <= 1.0,
                    "{name}: {examples}"
                );
            }
        }
    }
    let (out, _) = place.human(&["plan", "--dataset", "of 100", "--model", &model], 0);
    assert!(
        out.contains("70 to learn from, 15 to choose by, 15 to test on")
            && out.contains("at most 100 and 100"),
        "{out}"
    );
    let few = [
        "plan",
        "--dataset",
        "of 100",
        "--model",
        &model,
        "--shots",
        "80",
    ];
    let (out, _) = place.human(&few, 1);
    assert!(
        out.contains("asks for 80") && out.contains("--set shots=70"),
        "{out}"
    );
}

#[test]
fn nothing_is_trained_on_rubbish() {
    let place = Place::new();
    let model = tiny();
    let rubbish = |dialogue: &str, summary: &str| -> Vec<Value> {
        let row = |i: usize| json!({"dialogue": format!("{dialogue} {i}"), "summary": summary});
        (0..40).map(row).collect()
    };
    let long = "They speak about a great many things that nobody has said a word about, at length.";
    for (name, rows, case) in [
        (
            "alone",
            rubbish("Ann: Nobody answers me today", "Nobody."),
            "speakers",
        ),
        (
            "empty",
            rubbish("Ann: Late?\nBo: Yes, by a lot", "--"),
            "summaries",
        ),
        (
            "long",
            rubbish("Ann: Late?\nBo: Yes, by", long),
            "summaries",
        ),
    ] {
        place.import(name, &rows);
        let plan = place.json(&["plan", "--dataset", name, "--model", &model]);
        assert_eq!(plan.code, 1, "{}", plan.last);
        let lacks = list(&plan.last["missing"]);
        assert!(lacks.iter().any(|lack| lack["case"] == case), "{lacks:?}");
        let run = ["run", "--dataset", name, "--model", &model];
        let error = place.refuses(&run, 2, "not_ready", &[name]);
        assert_eq!(error["args"]["lack"]["case"], case);
    }
    assert_eq!(list(&place.ok(&["runs"])["runs"]).len(), 0);
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
    for entry in entries {
        let name = text(&entry["name"]);
        let licence = place.ok(&["models", "licence", name]);
        assert_eq!(licence["licence"], entry["licence"], "{name}");
        assert!(text(&licence["text"]).len() > 900, "{name}");
    }
    let (out, _) = place.human(&["models", "licence", "google/gemma-3-270m-it"], 0);
    assert!(out.starts_with("# Gemma Terms of Use"), "{out}");
    let unknown = ["models", "licence", "owner/unknown"];
    place.refuses(&unknown, 2, "usage", &["owner/unknown", "--catalogue"]);
    let (out, _) = place.human(&["models", "list", "--catalogue"], 0);
    assert!(
        out.contains("HuggingFaceTB/SmolLM2-135M-Instruct") && out.contains("apache-2.0"),
        "{out}"
    );
}
