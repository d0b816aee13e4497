//! `deid` and `import --deid`: what identifies somebody is found, asked about and replaced before anything is stored.

use serde_json::{Value, json};

use super::{Place, list, text};
use crate::fixture::golden;

/// Three calls to a clinic; no dictionary has *Zorvexa*.
fn calls(place: &Place) -> String {
    let call = |n: usize| {
        json!({
            "id": format!("call-{n}"),
            "dialogue": format!(
                "Nurse: Hello, who is calling?\nHarriet: This is Harriet Blackwood, patient 48211{n}. They sent me Zorvexa on 1{n} May 2021.\nNurse: Thank you, Ms Blackwood. We read the Zorvexa notes."
            ),
            "summary": format!("Harriet Blackwood (patient 48211{n}) calls about 1{n} May 2021."),
        })
    };
    place.write_rows("calls.jsonl", &[call(0), call(1), call(2)])
}

#[test]
fn doubtful_words_are_asked_before_anything_is_stored() {
    let place = Place::new();
    let (file, review) = (calls(&place), place.path("words.txt"));
    let import = ["import", &file, "--name", "calls", "--deid", "replace"];
    place.refuses(&import, 2, "words_open", &["--review", "--accept-open"]);
    let found = place.ok(&["deid", "scan", &file, "--review", &review]);
    assert_eq!(found["conversations"], 3);
    assert_eq!(
        found["asked"],
        json!([{"word": "Zorvexa", "n": 6, "verdict": null}]),
        "both places of each call"
    );
    let written = std::fs::read_to_string(&review).expect("the words to answer");
    std::fs::write(&review, written.replace("Zorvexa = ", "Zorvexa = name"))
        .expect("an answer written");
    let done = place.ok(&[&import[..], &["--deid-words", &review]].concat());
    assert_eq!(
        (&done["deid"]["open"], &done["deid"]["asked"]),
        (&json!(0), &json!(1))
    );
    assert_eq!(done["deid"]["replaced"]["id"], 6);
    let stored = place.json(&["datasets", "calls", "--items"]);
    let everything: String = stored.lines.iter().map(Value::to_string).collect();
    for gone in ["Harriet", "Blackwood", "Zorvexa", "48211", "May 2021"] {
        // It may have become another day in May.
        let is_gone = gone == "May 2021" || !everything.contains(gone);
        assert!(is_gone, "{gone} is still there: {everything}");
    }
    for line in &stored.lines {
        let (dialogue, summary) = (text(&line["dialogue"]), text(&list(&line["references"])[0]));
        let name = dialogue
            .lines()
            .nth(1)
            .and_then(|line| line.split(':').next());
        assert!(summary.starts_with(name.expect("a speaker")), "{summary}");
    }
    let (human, _) = place.human(&[&import[..], &["--accept-open"]].concat(), 0);
    assert!(
        human.contains("cannot be undone") && !human.to_lowercase().contains("anonym"),
        "{human}"
    );
}

#[test]
fn the_rules_are_held_against_marked_conversations() {
    let place = Place::new();
    let file = golden("deid").join("others.jsonl").display().to_string();
    let found = place.ok(&["deid", "check", &file]);
    assert_eq!(found["conversations"], 12);
    let recall = |found: &Value| found["direct"]["recall"].as_f64();
    assert!(recall(&found) >= Some(0.9), "{found}");
    assert!(recall(&found["reviewed"]) >= Some(0.98), "{found}");
    assert!(found["precision_chars"].as_f64() >= Some(0.97), "{found}");
}

#[test]
fn whoever_reads_twenty_learns_about_the_others() {
    let place = Place::new();
    let (file, marks) = (calls(&place), place.path("marks.jsonl"));
    let read = ["deid", "read", &file, "--marks", &marks];
    let first = place.ok(&read);
    assert_eq!(
        (&first["read"], &first["recall"]),
        (&json!(3), &Value::Null)
    );
    let written = std::fs::read_to_string(&marks).expect("conversations to read");
    let marked = written.replacen("\"missed\":[]", "\"missed\":[\"the Zorvexa notes\"]", 1);
    std::fs::write(&marks, marked).expect("a mark written");
    let second = place.ok(&read);
    assert_eq!(
        (&second["missed"], &second["unread"]),
        (&json!(1), &json!(0))
    );
    assert!(second["recall"].as_f64() < Some(1.0), "{second}");
}
