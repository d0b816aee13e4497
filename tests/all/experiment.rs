//! Experiments from the file to the verdict: cells are runs of the queue, parts that they have in common are computed
//! once, a killed experiment goes on, and what a time limit makes a run give up is reported.

use serde_json::{Value, json};

use crate::program::{Answer, DATASET, TINY, Workspace, model, run_args};

/// An experiment of two seeds without a synthesizer, which takes seconds.
fn file(model: &str) -> String {
    let base: Vec<String> = TINY
        .iter()
        .filter_map(|setting| setting.split_once('='))
        .filter(|(field, _)| *field != "test_items")
        .map(|(field, value)| match (field, value.parse::<f64>()) {
            ("lr_search", _) => "lr_search = [1.0]".to_owned(),
            (_, Ok(_)) => format!("{field} = {value}"),
            (_, Err(_)) => format!("{field} = \"{value}\""),
        })
        .collect();
    format!(
        "schema = 1\nname = \"tiny\"\nquestion = \"Does training help?\"\ndatasets = [\"{DATASET}\"]\n\
         models = [\"{model}\"]\nseeds = 2\nsystems = [\"lead_3\", \"zero_shot\", \"sft_real\"]\n\n[base]\ntest_items = 6\n{}\n\n\
         [[compare]]\nof = {{ system = \"sft_real\" }}\nto = {{ system = \"zero_shot\" }}\n",
        base.join("\n")
    )
}

/// The runs of cells that reported this status, in order.
fn cells(answer: &Answer, status: &str) -> Vec<String> {
    let lines = answer.lines.iter();
    lines
        .filter(|line| line["event"] == "cell" && line["status"] == status)
        .map(|line| line["run"].to_string())
        .collect()
}

fn parts(lines: &[Value], status: &str) -> usize {
    let events = lines.iter();
    events
        .filter(|line| line["event"] == "part" && line["status"] == status)
        .count()
}

#[test]
fn an_experiment_is_planned_killed_and_carried_out() {
    let workspace = Workspace::new();
    let path = workspace.path().join("../tiny.toml");
    std::fs::write(&path, file(&model().display().to_string())).expect("the file");
    let path = path.display().to_string();

    let plan = workspace.ok(&["experiment", "plan", &path]);
    let plan = plan.last();
    assert_eq!(
        (&plan["verdict"], &plan["cells"]),
        (&json!("ready"), &json!(2))
    );
    // Lines and the bare model once; a training and its outputs for each seed.
    assert_eq!(
        (&plan["parts"], &plan["parts_shared"]),
        (&json!(6), &json!(2))
    );
    assert!(plan["seconds"].as_f64() > Some(0.0) && plan["detectable_diff"].is_number());

    let mut killed = workspace.start(&["experiment", "run", &path]);
    assert!(killed.wait_for(|line| line["event"] == "part" && line["status"] == "done"));
    let before = killed.kill();
    let standing = workspace.ok(&["experiment", "list"]);
    let listed = &standing.last()["experiments"][0];
    assert_eq!(
        (&listed["experiment"], &listed["done"]),
        (&json!("tiny"), &json!(0))
    );

    let ended = workspace.ok(&["experiment", "resume", "tiny"]);
    assert_eq!(cells(&ended, "done").len(), 2);
    let report = ended.last();
    assert_eq!(
        (&report["status"], &report["done"]),
        (&json!("done"), &json!(2))
    );
    let computed = parts(&before, "done") + parts(&ended.lines, "done");
    assert_eq!(computed, 6, "as planned, each distinct part once");
    assert_eq!(parts(&ended.lines, "reused"), 2);
    let verdict = &report["verdicts"][0];
    assert!(
        verdict["code"].is_string() && verdict["text"]["de"].is_string(),
        "{verdict}"
    );
    let compared = &report["comparisons"][0];
    assert_eq!(
        (
            &compared["complete"],
            &compared["seeds"],
            &compared["items"]
        ),
        (&json!(true), &json!(2), &json!(6))
    );
    assert!(compared["p_holm"].is_number() && compared["ci95_bootstrap"].is_array());
    let rows = report["table"].as_array().expect("a table");
    let row = |system: &str| {
        rows.iter()
            .find(|row| row["system"] == system && row["metric"] == "rouge1")
            .expect("a row")
    };
    assert_eq!(
        (&row("lead_3")["seeds"], &row("sft_real")["seeds"]),
        (&json!(1), &json!(2))
    );

    reported(&workspace, report);
    differ(&workspace, report);

    // A second time there is nothing to do, and the figures are the same.
    let again = workspace.ok(&["experiment", "run", "tiny"]);
    assert_eq!(parts(&again.lines, "running"), 0);
    assert_eq!(again.last()["table"], report["table"]);
    assert_eq!(
        workspace.ok(&["runs"]).last()["runs"]
            .as_array()
            .map(Vec::len),
        Some(2)
    );
}

/// The report of the experiment says the same sentence, and each number in it can be checked.
fn reported(workspace: &Workspace, report: &Value) {
    let to = |ending: &str| workspace.path().join(format!("../tiny.{ending}"));
    let written = |ending: &str| {
        let file = to(ending).display().to_string();
        workspace.ok(&["report", "tiny", "--to", &file]);
        std::fs::read_to_string(file).expect("the report")
    };
    let sentence = report["verdicts"][0]["text"]["en"]
        .as_str()
        .expect("a sentence");
    assert!(written("md").contains(sentence));
    let page = written("html");
    assert!(page.starts_with("<!doctype html>") && page.contains("Does training help?"));
    let json = written("json");
    let file = to("json").display().to_string();
    let checked = workspace.ok(&["report", "--check", &file]);
    assert_eq!(checked.last()["equal"], true);
    let diff = report["comparisons"][0]["diff"].to_string();
    let other = json.replace(&format!("\"diff\": {diff}"), "\"diff\": 0.125");
    assert_ne!(json, other, "{diff}");
    std::fs::write(&file, other).expect("the report");
    let checked = workspace.run(&["report", "--check", &file]);
    let wrong = checked.last()["mismatches"].as_array().map(Vec::len);
    assert_eq!(
        (checked.code, wrong),
        (1, Some(2)),
        "the number and the digest"
    );
}

/// Two of its runs differ in their seed, and in what was trained from it.
fn differ(workspace: &Workspace, report: &Value) {
    let run = |cell: usize| report["cells"][cell]["run"].as_str().expect("a run");
    let found = workspace.ok(&["diff", run(0), run(1)]);
    let found = found.last();
    let settings = found["settings"].as_array().expect("settings");
    assert_eq!(settings.len(), 1, "{settings:?}");
    assert_eq!(
        (&settings[0]["field"], &settings[0]["values"]),
        (&json!("seed"), &json!(["1", "2"]))
    );
    let results = found["results"].as_array().expect("results");
    let of_system = |name: &str| {
        let row = results.iter().find(|row| row["system"] == name);
        row.expect("a row")["rouge1"].clone()
    };
    let lines = of_system("lead_3");
    assert!(lines[0].is_number() && lines[0] == lines[1]);
    let changed = found["outputs_changed"].as_array().expect("outputs");
    assert!(changed.iter().all(|output| output["system"] == "sft_real"
        && output["distance"].as_f64() > Some(0.0)));
    let same = workspace.ok(&["diff", run(0), run(0)]);
    for list in ["settings", "outputs_changed"] {
        assert_eq!(same.last()[list], json!([]));
    }
    assert_eq!(workspace.run(&["diff", run(0)]).code, 2);
}

/// How often an experiment is killed.
const KILLS: usize = 20;

#[test]
fn an_experiment_killed_twenty_times_gives_the_same_table() {
    let (whole, killed) = (Workspace::new(), Workspace::new());
    let spec = file(&model().display().to_string());
    let written = |workspace: &Workspace| {
        let path = workspace.path().join("../tiny.toml");
        std::fs::write(&path, &spec).expect("the file");
        path.display().to_string()
    };
    let expected = whole.ok(&["experiment", "run", &written(&whole)]);
    let path = written(&killed);
    let mut at_work = 0;
    for kill in 0..KILLS {
        let mut worker = match kill {
            0 => killed.start(&["experiment", "run", &path]),
            _ => killed.start(&["experiment", "resume", "tiny"]),
        };
        // At its first word, when a part begins, in the middle of one, and a little later.
        let is_there = match kill % 4 {
            0 => worker.wait_for(|_| true),
            1 => worker.wait_for(|line| line["event"] == "part" && line["status"] == "running"),
            2 => worker.wait_for(|line| line["event"] == "step"),
            _ => {
                worker.wait_for(|line| line["event"] == "step")
                    && worker.wait_for(|line| line["event"] == "step")
            }
        };
        at_work += usize::from(is_there && worker.is_alive());
        let lines = worker.kill();
        let refused = lines.iter().find(|line| line["event"] == "error");
        assert!(refused.is_none(), "kill {kill}: {refused:?}");
    }
    assert!(at_work + 4 >= KILLS, "{at_work} of {KILLS} met it at work");
    let ended = killed.ok(&["experiment", "resume", "tiny"]);
    assert_eq!(ended.last()["status"], "done");
    for figures in ["table", "comparisons", "verdicts", "synthesizers"] {
        assert_eq!(ended.last()[figures], expected.last()[figures], "{figures}");
    }
}

#[test]
fn what_a_time_costs_is_told_before_anything_begins() {
    let workspace = Workspace::new();
    let model = model().display().to_string();
    let plan = |within: &str| {
        let args = [
            "plan",
            "--dataset",
            DATASET,
            "--model",
            &model,
            "--within",
            within,
        ];
        workspace.run(&args)
    };
    let never = plan("1s");
    let (sheet, budget) = (never.last(), &never.last()["budget"]);
    assert_eq!(
        (never.code, &sheet["verdict"], &budget["fits"]),
        (1, &json!("not_ready"), &json!(false))
    );
    assert!(
        sheet["missing"]
            .as_array()
            .expect("lacks")
            .iter()
            .any(|lack| lack["case"] == "time")
    );
    assert!(budget["least_s"].as_f64() > Some(0.9));
    let always = plan("1000h");
    assert_eq!(always.last()["budget"]["cut"], json!([]));
    // Between the two something is given up, and the forecast is that of what is left.
    let all_s = always.last()["seconds"].as_f64().expect("seconds");
    let least_s = budget["least_s"].as_f64().expect("seconds");
    let half = plan(&format!("{}s", ((all_s + least_s) / 1.6).ceil()));
    let fitted = &half.last()["budget"];
    if fitted["fits"] == json!(true) {
        let cut = fitted["cut"].as_array().expect("cuts");
        assert!(
            cut.iter()
                .all(|cut| cut["saved_s"].as_f64() > Some(0.0) && cut["field"] != "shots"),
            "{cut:?}"
        );
    }
    let refused = run_args(&model, "1", &[], &["--within", "1s"]);
    let refused = workspace.run(&refused);
    assert_eq!(
        (refused.code, &refused.last()["event"]),
        (2, &json!("error"))
    );
    assert_eq!(workspace.ok(&["runs"]).last()["runs"], json!([]));
}
