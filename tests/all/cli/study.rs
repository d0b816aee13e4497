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
