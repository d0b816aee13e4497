//! Blind rating by keyboard. Until the lock no system is named, neither on the page nor in the backend's answers.

use serde_json::{Value, json};

use contract::System;

use super::window::{ENTER, Window, until};

const RATER: &str = "Ada";

const CRITERIA: [&str; 4] = ["faithfulness", "informativeness", "fluency", "redundancy"];

/// Dialogues of the study: the fewest that there may be.
pub(crate) const DIALOGUES: usize = 6;

/// Plans a study of the method, its main baseline and the human reference, starts it and opens the desk of its one rater;
/// returns the number of dialogues.
pub(crate) async fn create(window: &Window<'_>, run: &str) -> usize {
    window.click("nav-rate").await;
    window.choose("study-run", run).await;
    window.see("study-system-sft_real").await;
    window.fill("study-raters-names", RATER).await;
    window.fill("study-items", &DIALOGUES.to_string()).await;
    window.click("study-create").await;
    window.click("study-start").await;
    window.see("studies").await;
    let study = study(window).await;
    window
        .click(&format!("study-open-{}", study["study"]))
        .await;
    window.see("study-raters").await;
    names_no_system(window).await;
    window.picture("rate-study").await;
    window.click("rate-begin-R1").await;
    introduce(window).await;
    DIALOGUES
}

/// Reads the guideline, judges its statements and rates the examples.
async fn introduce(window: &Window<'_>) {
    window.click("rate-guideline-read").await;
    for (place, holds) in [true, false, false, true].into_iter().enumerate() {
        window.click(&format!("check-{place}-{holds}")).await;
    }
    window.click("rate-check-done").await;
    for _ in 0..3 {
        for criterion in CRITERIA {
            window.click(&format!("rate-{criterion}-4")).await;
        }
        window.click("rate-warmup-compare").await;
        window.click("rate-warmup-next").await;
    }
    window.see("rate-item").await;
}

/// Rates every summary with the number keys.
pub(crate) async fn rate_all(window: &Window<'_>, dialogues: usize) {
    backend_names_no_system(window).await;
    let mut rated = Vec::new();
    loop {
        let key = window.attribute("rate-item", "data-key").await.unwrap();
        assert!(!rated.contains(&key), "an item came twice");
        for (index, criterion) in CRITERIA.iter().enumerate() {
            names_no_system(window).await;
            let score = char::from_digit(((rated.len() + index) % 5 + 1) as u32, 10).unwrap();
            let control = format!("criterion-{criterion}");
            window
                .wait_for(&control, "data-active", &["true"], 10)
                .await;
            window.press(score).await;
            window
                .wait_for(&control, "data-value", &[&score.to_string()], 10)
                .await;
        }
        if rated.is_empty() {
            window.picture("rate-item").await;
        }
        window.press(ENTER).await;
        rated.push(key);
        let last = rated.last();
        let finished = until("the next item comes, or all are rated", 10, async || {
            let now = window.attribute("rate-item", "data-key").await;
            let is_next = now.is_some() && now.as_ref() != last;
            let progress = window.text("rate-progress").await;
            let is_over = progress.starts_with(&format!("{dialogues} of {dialogues} "));
            (is_next || is_over).then_some(is_over)
        })
        .await;
        if finished {
            break;
        }
    }
    names_no_system(window).await;
    backend_names_no_system(window).await;
}

/// Locks the set; only then may its results be asked for.
pub(crate) async fn lock(window: &Window<'_>) {
    let id = study(window).await["study"].to_string();
    let early = window
        .invoke("study_results", json!({"study": id, "adjudicated": false}))
        .await;
    assert_eq!(early["error"]["code"], "blinded", "results before the lock");
    window.click("rate-lock").await;
    names_no_system(window).await;
    window.click("rate-lock-confirm").await;
    window.see("rate-locked").await;
    let late = window
        .invoke("study_results", json!({"study": id, "adjudicated": false}))
        .await;
    assert!(
        late["ok"]["comparisons"].is_array(),
        "results after the lock: {late}"
    );
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
    let id = study["study"].to_string();
    let desk = window
        .invoke("desk", json!({"study": id, "rater": RATER}))
        .await;
    assert!(desk["ok"]["steps"].is_array(), "{desk}");
    let progress = window.invoke("study_progress", json!({"study": id})).await;
    let runs = window.invoke("runs", json!({})).await;
    let run = runs["ok"][0]["id"].clone();
    let query = json!({"run": run, "kind": "output", "words": "", "source": null, "broken": null, "mark": null,
        "order": "made", "descending": false});
    let found = window.invoke("find_items", json!({"query": query})).await;
    let keys = json!({"run": run, "keys": found["ok"]["keys"]});
    let outputs = window.invoke("items", keys).await;
    assert!(
        outputs["ok"]
            .as_array()
            .is_some_and(|items| !items.is_empty()),
        "{outputs}"
    );
    let answers = format!("{study}{desk}{progress}{found}{outputs}");
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
