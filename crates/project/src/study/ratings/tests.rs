//! Exports of the three programs, invented in their forms, and what does not fit.

use super::*;
use crate::study::results::results;

/// Two dialogues, two systems.
const PAIRS: [(&str, &str); 4] = [("d1", "a"), ("d1", "b"), ("d2", "a"), ("d2", "b")];

fn request(program: RatingProgram, path: PathBuf) -> RatingsRequest {
    RatingsRequest {
        program,
        path,
        items: None,
        map: RatingMap::default(),
        name: Some("Elsewhere".into()),
        criteria: Vec::new(),
        points: None,
    }
}

fn written(name: &str, text: impl AsRef<str>) -> (tempfile::TempDir, PathBuf) {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join(name);
    std::fs::write(&path, text.as_ref()).unwrap();
    (folder, path)
}

/// Scores by dialogue, systems of the item, rater and criterion.
fn told(record: &StudyRecord) -> Vec<(u32, String, String, String, Option<u8>)> {
    let system = |item: u32| record.items[item as usize - 1].systems.concat();
    let mut told: Vec<_> = record
        .scores
        .iter()
        .map(|line| {
            (
                line.dialogue,
                system(line.item),
                line.rater.clone(),
                line.criterion.clone(),
                line.score,
            )
        })
        .collect();
    told.sort();
    told
}

fn label_studio(annotations: impl Fn(usize) -> serde_json::Value) -> String {
    let task = |(place, (dialogue, system)): (usize, &(&str, &str))| {
        serde_json::json!({
            "id": 100 + place,
            "data": {"dialogue_id": dialogue, "dialogue": "Ann: Hi\nBen: Yes", "system": system, "summary": format!("{dialogue}{system}")},
            "annotations": annotations(place), "predictions": [], "project": 7,
        })
    };
    let tasks: Vec<_> = PAIRS.iter().enumerate().map(task).collect();
    serde_json::Value::from(tasks).to_string()
}

#[test]
fn label_studio_rates_by_stars_numbers_and_choices() {
    let text = label_studio(|place| {
        serde_json::json!([
            {"completed_by": 1, "was_cancelled": false, "lead_time": 8.5, "result": [
                {"from_name": "fluency", "to_name": "t", "type": "rating", "value": {"rating": place + 1}},
                {"from_name": "faith", "to_name": "t", "type": "choices", "value": {"choices": [format!("{} - so", place + 1)]}},
                {"from_name": "note", "to_name": "t", "type": "textarea", "value": {"text": ["fine"]}},
                {"type": "relation", "from_id": "x", "to_id": "y"}]},
            {"completed_by": {"id": 2, "email": "bo@example.org"}, "was_cancelled": place == 3, "lead_time": 2, "result":
                if place == 3 { serde_json::json!([]) } else { serde_json::json!([
                {"from_name": "fluency", "to_name": "t", "type": "number", "value": {"number": 3}}]) }},
        ])
    });
    let (_folder, path) = written("export.json", text);
    let record = read(&request(RatingProgram::LabelStudio, path)).unwrap();
    assert_eq!((record.dialogues.len(), record.items.len()), (2, 4));
    assert_eq!(record.dialogues[0].turns.len(), 2);
    assert_eq!(record.items[1].text, "d1b");
    let scores = told(&record);
    let line = |d, system: &str, rater: &str, criterion: &str, score| {
        (
            d,
            system.to_owned(),
            rater.to_owned(),
            criterion.to_owned(),
            score,
        )
    };
    assert!(scores.contains(&line(2, "b", "user 1", "fluency", Some(4))));
    assert!(scores.contains(&line(2, "b", "user 1", "faith", Some(4))));
    assert!(scores.contains(&line(1, "a", "bo@example.org", "fluency", Some(3))));
    // What was cancelled was left out on every criterion.
    assert!(scores.contains(&line(2, "b", "bo@example.org", "fluency", None)));
    assert_eq!(scores.len(), 4 * 2 + 3 + 2);
    assert_eq!(record.scores[0].active_ms, 8_500);
    let found = results(&record);
    let means: Vec<f64> = found
        .systems
        .iter()
        .filter_map(|system| system.criteria["fluency"].mean)
        .collect();
    assert_eq!(means.len(), 2);
    assert_eq!(found.comparisons.len(), 2, "a and b on each criterion");
}

#[test]
fn argilla_writes_nested_flat_and_in_its_first_version() {
    let values = |place: usize| (place % 5 + 1, 5 - place % 5);
    let nested = |(place, (dialogue, system)): (usize, &(&str, &str))| {
        let (first, second) = values(place);
        serde_json::json!({"id": place.to_string(), "fields": {"summary": format!("s{place}")},
            "metadata": {"dialogue_id": dialogue, "system": system}, "suggestions": {}, "vectors": {},
            "responses": {"fluency": [{"value": first, "user_id": "u1"}, {"value": second, "user_id": "u2"}],
                "why": [{"value": "It says all of it, and more than that, in words that nobody would use aloud.", "user_id": "u1"}]}})
    };
    let flat = |(place, (dialogue, system)): (usize, &(&str, &str))| {
        let (first, second) = values(place);
        serde_json::json!({"id": place.to_string(), "summary": format!("s{place}"), "dialogue_id": dialogue, "system": system,
            "fluency.responses": [first, second, 1], "fluency.responses.users": ["u1", "u2", "u3"],
            "fluency.responses.status": ["submitted", "submitted", "draft"], "fluency.suggestion": 3})
    };
    let first = |(place, (dialogue, system)): (usize, &(&str, &str))| {
        let (first, second) = values(place);
        let given = |user: &str, value| serde_json::json!({"user_id": user, "status": "submitted", "values": {"fluency": {"value": value}}});
        serde_json::json!({"fields": {"summary": format!("s{place}"), "dialogue_id": dialogue, "system": system},
            "responses": [given("u1", first), given("u2", second)]})
    };
    type Record<'a> = &'a dyn Fn((usize, &(&str, &str))) -> serde_json::Value;
    let list = |record: Record<'_>| -> Vec<String> {
        PAIRS
            .iter()
            .enumerate()
            .map(|item| record(item).to_string())
            .collect()
    };
    let mut outcomes = Vec::new();
    for (text, drafts) in [
        (format!("[{}]", list(&nested).join(",")), 0),
        (list(&flat).join("\n"), 4),
        (list(&first).join("\n"), 0),
    ] {
        let (_folder, path) = written("records.json", text);
        let record = read(&request(RatingProgram::Argilla, path)).unwrap();
        let scores = told(&record);
        assert_eq!(
            scores.iter().filter(|line| line.4.is_none()).count(),
            drafts
        );
        outcomes.push(
            scores
                .into_iter()
                .filter(|line| line.4.is_some())
                .collect::<Vec<_>>(),
        );
    }
    assert_eq!(outcomes[0].len(), 8);
    assert!(outcomes.iter().all(|outcome| *outcome == outcomes[0]));
}

#[test]
fn potato_has_a_folder_for_each_annotator_and_its_items_apart() {
    let folder = tempfile::tempdir().unwrap();
    let items: Vec<String> = PAIRS
        .iter()
        .enumerate()
        .map(|(place, (dialogue, system))| {
            serde_json::json!({"id": format!("i{place}"), "text": format!("s{place}"), "dialogue_id": dialogue, "model": system}).to_string()
        })
        .collect();
    let data = folder.path().join("items.jsonl");
    std::fs::write(&data, items.join("\n")).unwrap();
    let state = |user: &str, labels: serde_json::Value| {
        let home = folder.path().join("annotation_output").join(user);
        std::fs::create_dir_all(&home).unwrap();
        let order = ["i3", "i0", "i1", "i2"];
        let state = serde_json::json!({"user_id": user, "instance_id_ordering": order, "instance_id_to_label_to_value": labels,
            "instance_id_to_span_to_value": {}});
        std::fs::write(home.join("user_state.json"), state.to_string()).unwrap();
    };
    // As the program writes it: pairs, in which the last one counts.
    let pairs = |point: u32| {
        serde_json::json!([[{"schema": "fluency", "name": "1"}, "1"], [{"schema": "fluency", "name": format!("scale_{point}")}, point.to_string()],
            [{"schema": "why", "name": "text_box"}, "It says all."]])
    };
    state(
        "ada",
        serde_json::json!({"i0": pairs(2), "i1": pairs(3), "i2": pairs(4), "i3": pairs(5)}),
    );
    // As its documentation has it, and a slider.
    state(
        "bo",
        serde_json::json!({"i0": {"fluency": {"labels": {"4": true}}}, "i1": {"fluency": {"4": "true"}}, "i2": {"fluency": {"slider": "4"}}}),
    );
    let mut request = request(
        RatingProgram::Potato,
        folder.path().join("annotation_output"),
    );
    let error = read(&request).unwrap_err().to_string();
    assert!(
        error.contains("dialogue") && error.contains("id"),
        "{error}"
    );
    request.items = Some(data.clone());
    let record = read(&request).unwrap();
    let scores: Vec<Option<u8>> = told(&record).iter().map(|line| line.4).collect();
    assert_eq!(scores.len(), 7);
    assert_eq!(
        record
            .items
            .iter()
            .map(|item| item.text.as_str())
            .collect::<Vec<_>>(),
        ["s3", "s0", "s1", "s2"]
    );
    let ada: Vec<Option<u8>> = record
        .scores
        .iter()
        .filter(|line| line.rater == "ada")
        .map(|line| line.score)
        .collect();
    assert_eq!(
        ada,
        [Some(5), Some(2), Some(3), Some(4)],
        "in the order in which they came"
    );
    std::fs::write(&data, items[..2].join("\n")).unwrap();
    let error = read(&request).unwrap_err().to_string();
    assert!(error.contains("has no item `i3`"), "{error}");
}

#[test]
fn what_does_not_fit_is_refused_by_name() {
    let answer = |value: serde_json::Value| {
        label_studio(
            move |_| serde_json::json!([{"completed_by": 1, "result": [{"from_name": "fluency", "type": "x", "value": value.clone()}]}]),
        )
    };
    let twice = label_studio(|_| {
        let given = serde_json::json!({"completed_by": 1, "result": [{"from_name": "fluency", "value": {"rating": 2}}]});
        serde_json::json!([given.clone(), given])
    });
    for (text, expected) in [
        (
            answer(serde_json::json!({"rating": 7})),
            "item 1: 7 on `fluency` is outside the scale of 1 to 5",
        ),
        (
            answer(serde_json::json!({"number": 2.5})),
            "2.5 on `fluency`",
        ),
        (
            answer(serde_json::json!({"choices": ["Good"]})),
            "`Good` on `fluency` is no point of a scale",
        ),
        (
            answer(serde_json::json!({"selected": "left"})),
            "side by side",
        ),
        (twice, "user 1 answers `fluency` about it twice"),
        (
            "[{\"id\":1,\"text\":\"x\",\"fluency\":4}]".to_owned(),
            "not as JSON-MIN",
        ),
        (
            answer(serde_json::json!({"rating": 2})).replace("\"system\"", "\"who\""),
            "system",
        ),
        (
            answer(serde_json::json!({"rating": 2}))
                .replace("\"d1b\"", "\"d1a\"")
                .replace("\"b\"", "\"a\"")
                .replace("\"d2b\"", "\"other\""),
            "another summary of `a`",
        ),
        ("{".to_owned(), "JSON"),
    ] {
        let (_folder, path) = written("export.json", &text);
        let error = read(&request(RatingProgram::LabelStudio, path))
            .unwrap_err()
            .to_string();
        assert!(error.contains(expected), "{error}");
        assert!(error.chars().count() < 400, "{error}");
    }
    let (_folder, path) = written("export.json", answer(serde_json::json!({"rating": 7})));
    let longer = RatingsRequest {
        points: Some(7),
        ..request(RatingProgram::LabelStudio, path.clone())
    };
    assert_eq!(read(&longer).unwrap().plan.criteria[0].points, 7);
    let others = RatingsRequest {
        criteria: vec!["style".into()],
        ..request(RatingProgram::LabelStudio, path.clone())
    };
    assert!(matches!(read(&others), Err(ImportProblem::Empty { .. })));
    let map: RatingMap = "dialogue=dialogue_id, system=nobody".parse().unwrap();
    let wrong = RatingsRequest {
        map,
        ..request(RatingProgram::LabelStudio, path)
    };
    assert!(read(&wrong).unwrap_err().to_string().contains("nobody"));
    assert!("system".parse::<RatingMap>().is_err() && "role=x".parse::<RatingMap>().is_err());
}
