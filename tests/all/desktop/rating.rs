//! Blind rating by keyboard. Until the lock no system is named: not on the page, not in what the backend answers.

use serde_json::{Value, json};

use contract::System;

use super::window::{ENTER, Window, until};

const RATER: &str = "R1";

const CRITERIA: [&str; 4] = ["informativeness", "faithfulness", "fluency", "redundancy"];

/// Creates a rating set and begins it; returns the number of summaries.
pub(crate) async fn create(
    window: &Window<'_>,
    run: &str,
    dialogues: u32,
    all_systems: bool,
) -> usize {
    window.click("nav-rate").await;
    window.choose("study-run", run).await;
    window
        .choose("study-compare", if all_systems { "all" } else { "main" })
        .await;
    window.fill("study-items", &dialogues.to_string()).await;
    window.click("study-create").await;
    window.see("studies").await;
    window.fill("rate-rater", RATER).await;
    names_no_system(window).await;
    window.picture("rate-sets").await;
    let study = study(window).await;
    window
        .click(&format!("rate-begin-{}", study["id"].as_str().unwrap()))
        .await;
    window.see("rate-item").await;
    study["items"].as_u64().unwrap() as usize
}

/// Rates every summary with the number keys.
pub(crate) async fn rate_all(window: &Window<'_>, n: usize) {
    backend_names_no_system(window).await;
    let mut rated = Vec::new();
    for item in 0..n {
        let key = window.attribute("rate-item", "data-key").await.unwrap();
        assert!(!rated.contains(&key), "an item came twice");
        for (index, criterion) in CRITERIA.iter().enumerate() {
            names_no_system(window).await;
            let score = char::from_digit(((item + index) % 5 + 1) as u32, 10).unwrap();
            let control = format!("criterion-{criterion}");
            window
                .wait_for(&control, "data-active", &["true"], 10)
                .await;
            window.press(score).await;
            window
                .wait_for(&control, "data-value", &[&score.to_string()], 10)
                .await;
        }
        if item == 0 {
            window.picture("rate-item").await;
        }
        window.press(ENTER).await;
        rated.push(key);
        if item + 1 < n {
            let last = rated.last();
            until("the next item comes", 10, async || {
                let now = window.attribute("rate-item", "data-key").await;
                (now.is_some() && now.as_ref() != last).then_some(())
            })
            .await;
        }
    }
    names_no_system(window).await;
    backend_names_no_system(window).await;
}

/// Locks the set; only then may its results be asked for.
pub(crate) async fn lock(window: &Window<'_>) {
    let id = study(window).await["id"].clone();
    let early = window.invoke("study_results", json!({"study": id})).await;
    assert!(
        early["error"]["code"].is_string(),
        "results before the lock: {early}"
    );
    window.click("rate-lock").await;
    names_no_system(window).await;
    window.click("rate-lock-confirm").await;
    window.see("rate-locked").await;
    let late = window.invoke("study_results", json!({"study": id})).await;
    assert!(late["ok"].is_array(), "results after the lock: {late}");
}

async fn study(window: &Window<'_>) -> Value {
    let studies = window.invoke("studies", json!({})).await;
    studies["ok"][0].clone()
}

/// What the page holds names no system, neither as the store writes it nor as the page would show it.
async fn names_no_system(window: &Window<'_>) {
    let page = window.source().await.to_lowercase();
    let labels = labels();
    for name in System::ALL
        .iter()
        .map(|system| system.as_str())
        .chain(labels.iter().map(String::as_str))
    {
        assert!(
            !page.contains(&name.to_lowercase()),
            "the page names `{name}` before the lock"
        );
    }
}

/// Nor does anything that the backend answers about the open set.
async fn backend_names_no_system(window: &Window<'_>) {
    let study = study(window).await;
    let queue = window
        .invoke(
            "rating_queue",
            json!({"study": study["id"], "rater": RATER}),
        )
        .await;
    assert!(queue["ok"]["items"].is_array(), "{queue}");
    let outputs = json!({"run": study["run"], "stage": "evaluate", "offset": 0, "limit": 50});
    let outputs = window.invoke("items", outputs).await;
    assert!(outputs["ok"]["rows"].is_array(), "{outputs}");
    let answers = format!("{study}{queue}{outputs}");
    for system in System::ALL {
        assert!(
            !answers.contains(system.as_str()),
            "the backend names `{system}` before the lock"
        );
    }
}

/// The names that the page shows people, from its own list.
fn labels() -> Vec<String> {
    let page = concat!(env!("CARGO_MANIFEST_DIR"), "/../ui/src/text/en/names.ts");
    let text = std::fs::read_to_string(page).unwrap();
    let list = text
        .split("const system = {")
        .nth(1)
        .unwrap()
        .split("};")
        .next()
        .unwrap();
    let labels: Vec<String> = list
        .lines()
        .filter_map(|line| Some(line.split('\'').nth(1)?.to_owned()))
        .collect();
    assert_eq!(labels.len(), System::ALL.len(), "ui/src/text/en/names.ts");
    labels
}
