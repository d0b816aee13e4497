//! study: an invented study is brought in from its folder and gives the numbers that were recorded for it.

use serde_json::{Value, json};

use super::{Place, list, number, text};
use crate::fixture;

fn golden() -> String {
    fixture::golden("study_results").display().to_string()
}

#[test]
fn a_study_is_brought_in_and_gives_its_results() {
    let place = Place::new();
    let taken = place.ok(&["study", "import", &golden()]);
    let name = text(&taken["name"]).to_owned();
    let listed = place.ok(&["study", "list"])["studies"].clone();
    assert_eq!(
        list(&listed)[0]["protocol_sha256"],
        taken["protocol_sha256"]
    );
    let found = place.ok(&["study", "results", &name]);
    let expected = fixture::json(&fixture::golden("study_results").join("results.json"));
    for (found, expected) in list(&found["comparisons"])
        .iter()
        .zip(list(&expected["comparisons"]))
    {
        assert_eq!(found["sentence"], expected["sentence"]);
        assert!((number(&found["diff"]) - number(&expected["diff"])).abs() < 1e-9);
    }
    for (criterion, expected) in expected["agreement"].as_object().unwrap() {
        let found = number(&found["agreement"][criterion]["alpha"]);
        assert!(
            (found - number(&expected["alpha"])).abs() < 1e-9,
            "{criterion}"
        );
    }
    let (page, _) = place.human(&["study", "results", &name], 0);
    assert!(
        page.contains(text(&expected["comparisons"][0]["sentence"]["en"])),
        "{page}"
    );
    place.fails(&["study", "import", &golden()], 2, "name_taken");
    place.fails(&["study", "results", "no such study"], 2, "not_found");
}

#[test]
fn what_is_exported_can_be_brought_in_elsewhere() {
    let (here, there) = (Place::new(), Place::new());
    let number = here.ok(&["study", "import", &golden()])["study"].to_string();
    let to = here.path("export");
    let written = here.ok(&["study", "export", &number, "--to", &to, "--redact"]);
    let names: Vec<&str> = list(&written["files"])
        .iter()
        .map(|file| text(&file["path"]))
        .collect();
    assert!(
        names.contains(&"ratings.csv") && names.contains(&"dictionary.json"),
        "{names:?}"
    );
    let again = there.ok(&["study", "import", &to])["study"].to_string();
    let results = |place: &Place, study: &str| -> Value { place.ok(&["study", "results", study]) };
    assert_eq!(results(&there, &again), results(&here, &number));
    let damaged = format!(
        "{}9,9,R1,0,0,0,fluency,1,done,1,1\n",
        std::fs::read_to_string(golden() + "/ratings.csv").unwrap()
    );
    std::fs::write(format!("{to}/ratings.csv"), damaged).unwrap();
    let error = there.fails(&["study", "import", &to], 2, "table");
    assert!(text(&error["message"]).contains("no item 9"), "{error}");
}

#[test]
fn ratings_of_another_program_become_a_study() {
    let place = Place::new();
    let task = |number: usize| {
        let (dialogue, system) = (number / 2, ["plain", "tuned"][number % 2]);
        let given = |rater: usize| {
            json!({"completed_by": rater, "was_cancelled": false, "lead_time": 9.5, "result": [
                {"from_name": "faithfulness", "type": "rating", "value": {"rating": 2 + number % 2 + (dialogue + rater) % 2}}]})
        };
        json!({"id": number, "data": {"conversation_id": dialogue, "model": system, "summary": format!("s{number}")},
            "annotations": [given(1), given(2)]})
    };
    let tasks: Vec<Value> = (0..24).map(task).collect();
    let file = place.write("stars.json", Value::from(tasks).to_string());
    let read = ["study", "import", &file, "--format", "label-studio"];
    let taken = place.ok(&read);
    assert_eq!(
        (&taken["name"], &taken["imported"]),
        (&json!("stars"), &json!(true))
    );
    assert_eq!(
        (number(&taken["items"]), number(&taken["ratings"])),
        (24.0, 48.0)
    );
    let found = place.ok(&["study", "results", "stars"]);
    let comparison = &list(&found["comparisons"])[0];
    assert!(
        (number(&comparison["diff"]).abs() - 1.0).abs() < 1e-9,
        "{comparison}"
    );
    place.fails(&read, 2, "name_taken");
    let wrong = [&read[..], &["--name", "again", "--map", "system=who"]].concat();
    let error = place.fails(&wrong, 2, "unknown_column");
    assert!(text(&error["message"]).contains("who"), "{error}");
    let wrong = [&read[..], &["--name", "again", "--points", "2"]].concat();
    let error = place.fails(&wrong, 2, "ratings");
    assert!(
        text(&error["message"]).contains("scale of 1 to 2"),
        "{error}"
    );
}

#[test]
fn a_plan_says_what_a_study_can_show() {
    let place = Place::new();
    let plan = place.ok(&["study", "plan", "--raters", "A,B,C"]);
    assert_eq!(plan["load"], json!([40, 40, 40]));
    assert_eq!(
        text(&plan["sentences"]["faithfulness"]["en"]),
        "With 80 dialogues and 3 raters a true difference of 0.37 in faithfulness is found four times in five."
    );
    let fewer = place.ok(&["study", "plan", "--raters", "A,B,C", "--available", "30"]);
    assert_eq!(
        (&fewer["dialogues"], &fewer["shared"]),
        (&json!(30), &json!(30))
    );
    place.fails(&["study", "plan", "--raters", "A", "--n", "1"], 2, "usage");
}

#[test]
fn a_study_of_the_sample_is_blind_until_it_is_closed() {
    let place = Place::new();
    let models = concat!(env!("CARGO_MANIFEST_DIR"), "/../models");
    let run = text(&place.ok(&["sample", "--from", models])["run"]).to_owned();
    place.ok(&["show", &run]);
    let create = [
        "study", "create", "--run", &run, "--raters", "Ada,Ben", "--name", "S", "--n", "12",
    ];
    let begun = place.ok(&create);
    assert_eq!(begun["dialogues"], 12);
    assert_eq!(list(&begun["raters"]).len(), 2);
    assert_eq!(text(&begun["seal"]).len(), 64);
    let told = [
        begun,
        place.ok(&["study", "list"]),
        place.ok(&["study", "progress", "S"]),
        place.fails(&["study", "results", "S"], 2, "blinded"),
        place.fails(
            &["study", "export", "S", "--to", &place.path("out")],
            2,
            "blinded",
        ),
        place.fails(&["show", &run], 2, "blinded"),
        place.fails(&["evaluate", "--run", &run], 2, "blinded"),
        place.fails(&["show", &run, "--stage", "evaluate"], 2, "blinded"),
        place.fails(&["pack", &run, "--to", &place.path("pack")], 2, "blinded"),
        place.fails(&["study", "verify", "S"], 2, "blinded"),
        place.fails(&["study", "disputed", "S"], 2, "blinded"),
        place.fails(&["audit", &run], 2, "blinded"),
        place.ok(&["datasets", "physiotherapy"]),
        packed(&place),
    ];
    assert_eq!(told[told.len() - 2]["in_study"], 12);
    for word in ["sft_real", "mrds_separate", "\"reference\""] {
        assert!(
            !json!(told).to_string().contains(word),
            "`{word}` is told while people rate"
        );
    }
    place.fails(&create, 2, "name_taken");
    assert_eq!(place.ok(&["study", "add-rater", "S", "Cleo"])["slot"], "R3");
    let withdraw = ["study", "withdraw", "S", "Ben", "--reason", "ill"];
    assert_eq!(place.ok(&withdraw)["state"], "running");
    place.fails(&withdraw, 2, "set_locked");
    let revealed = place.ok(&["study", "reveal", "S", "--reason", "a test"]);
    assert_eq!(revealed["open_raters"], json!(["Ada", "Cleo"]));
    assert_eq!(place.ok(&["study", "close", "S"])["state"], "closed");
    place.fails(&["study", "close", "S"], 2, "not_running");
    let verified = place.ok(&["study", "verify", "S"]);
    assert_eq!(
        (&verified["seal_ok"], &verified["protocol_ok"]),
        (&json!(true), &json!(true))
    );
    let results = place.ok(&["study", "results", "S"]);
    place.ok(&["show", &run]);
    reported(&place, &run, &results);
    place.fails(&["study", "delete", "S"], 2, "usage");
    assert!(place.ok(&["study", "delete", "S", "--yes"])["items"].is_number());
    assert!(list(&place.ok(&["study", "list"])["studies"]).is_empty());
}

/// The report of a run includes the study once it is closed, and a changed number in it is found.
fn reported(place: &Place, run: &str, results: &Value) {
    let file = place.path("report.json");
    place.ok(&["report", run, "--to", &file]);
    let written = std::fs::read_to_string(&file).unwrap();
    let mut report: Value = serde_json::from_str(&written).unwrap();
    assert_eq!(report["ratings"][0]["study"], results["study"]);
    assert_eq!(report["ratings"][0]["n"], results["n"]);
    assert_eq!(place.ok(&["report", "--check", &file])["equal"], true);
    report["ratings"][0]["n"]["dialogues"] = json!(13);
    std::fs::write(&file, report.to_string()).unwrap();
    let checked = place.json(&["report", "--check", &file]);
    assert_eq!((checked.code, &checked.last["equal"]), (1, &json!(false)));
    let paths: Vec<&str> = list(&checked.last["mismatches"])
        .iter()
        .map(|found| text(&found["path"]))
        .collect();
    assert!(paths.contains(&"ratings.0.n.dialogues"), "{paths:?}");
}

/// Writes a rater pack and looks at its file; what is not an answer to it is refused.
fn packed(place: &Place) -> Value {
    let to = place.path("S--R2.duopack.html");
    let written = place.ok(&["study", "pack", "S", "--rater", "Ben", "--to", &to]);
    let page = std::fs::read_to_string(&to).unwrap();
    assert_eq!(written["bytes"], page.len());
    assert!(page.starts_with("<!doctype html>") && page.contains("duologue.pack"));
    assert_eq!(text(&written["secret"]).len(), 24);
    assert!(!page.contains(text(&written["secret"])));
    place.fails(&["study", "merge", "S", &to], 2, "not_a_pack");
    place.fails(
        &["study", "pack", "S", "--rater", "Zoe"],
        2,
        "unknown_rater",
    );
    let progress = place.ok(&["study", "progress", "S"]);
    assert_eq!(progress["raters"][1]["pack"]["pack_id"], written["pack_id"]);
    written
}

#[test]
fn what_is_disputed_is_settled_beside_the_scores() {
    let place = Place::new();
    let number = place.ok(&["study", "import", &golden()])["study"].to_string();
    let disputed = place.ok(&["study", "disputed", &number]);
    let row = &list(&disputed["rows"])[0];
    assert!(row["spread"].as_u64().unwrap() >= 2, "{row}");
    let (item, criterion) = (row["item"].to_string(), text(&disputed["criteria"][0][0]));
    let settle = |score: &'static str| {
        [
            "study",
            "adjudicate",
            number.as_str(),
            "--item",
            item.as_str(),
            "--criterion",
            criterion,
            "--score",
            score,
            "--reason",
            "read again",
        ]
    };
    place.fails(&settle("9"), 2, "score_out_of_range");
    let before = place.ok(&["study", "results", &number]);
    let settled = place.ok(&settle("1"));
    assert_eq!(settled["adjudicated"], 1);
    assert_eq!(place.ok(&["study", "results", &number]), before);
    let with = place.ok(&["study", "results", &number, "--adjudicated"]);
    assert_ne!(with["systems"], before["systems"]);
    let to = place.path("out");
    place.ok(&["study", "export", &number, "--to", &to]);
    let sheet = std::fs::read_to_string(format!("{to}/datasheet.md")).unwrap();
    assert!(sheet.contains("To be answered by you"), "{sheet}");
    for file in ["companion.csv", "protocol.json", "shown.csv", "events.csv"] {
        assert!(std::path::Path::new(&to).join(file).exists(), "{file}");
    }
}

#[test]
fn a_plan_from_a_file_is_kept_as_a_draft_and_started() {
    let place = Place::new();
    let models = concat!(env!("CARGO_MANIFEST_DIR"), "/../models");
    let run = text(&place.ok(&["sample", "--from", models])["run"]).to_owned();
    let plan = place.path("plan.toml");
    let written = format!(
        "name = \"P\"\nmode = \"pair\"\nraters = [\"Ada\"]\nn = 8\n\n[[systems]]\nsource = \"run:{run}:sft_real\"\n\n\
         [[systems]]\nsource = \"run:{run}:mrds_separate\"\nlabel = \"MRDS\"\n"
    );
    std::fs::write(&plan, &written).unwrap();
    let draft = place.ok(&["study", "create", &plan, "--draft"]);
    assert_eq!(
        (&draft["state"], &draft["seal"]),
        (&json!("draft"), &Value::Null)
    );
    let begun = place.ok(&["study", "start", "P"]);
    assert_eq!(
        (&begun["state"], &begun["dialogues"]),
        (&json!("running"), &json!(8))
    );
    place.fails(&["study", "start", "P"], 2, "frozen");
    std::fs::write(&plan, written.replace("n = 8", "n = 3")).unwrap();
    let few = ["study", "create", &plan, "--name", "Q"];
    place.fails(&few, 2, "not_enough_dialogues");
    std::fs::write(&plan, written.replace("mode", "moed")).unwrap();
    let error = place.fails(&few, 2, "study_plan");
    assert!(text(&error["message"]).contains("moed"), "{error}");
}
