//! The main journey, as one person would click through it: import a file with a bad row, mend the row, run, pause,
//! resume, read the results, rate blindly, try the demo. While the run is at work, `frames` measures how fast the page
//! answers.

use std::path::Path;

use contract::StageName;
use serde_json::json;

use super::desk::Desk;
use super::drive;
use super::frames;
use super::process::SocketWatch;
use super::rating;
use super::settings::{SEED, TINY, data, model};
use super::window::{Window, until};

/// Every system of a run by the default recipe, by its name in the store.
const SYSTEMS: [&str; 9] = [
    "lead_3",
    "longest_3",
    "zero_shot",
    "in_context",
    "sft_real",
    "sft_synthetic_ids",
    "fixed_ratio_ids",
    "mrds_joint",
    "mrds_separate",
];

const DIALOGUE: &str = "Mara: The van is booked for nine on Saturday.\nTheo: Nine? I thought we said eleven.\n\
    Mara: They only had nine or four left.\nTheo: Fine, nine. Who brings the boxes?\nMara: I have thirty from work.";

#[test]
fn import_run_pause_result_rate_demo() {
    let Some(desk) = Desk::new() else { return };
    let model = model();
    drive(420, async {
        let sockets = SocketWatch::start(desk.marker());
        let window = Window::open(&desk).await;
        import(&window).await;
        add_model(&window, &model).await;
        start_run(&window, &model, TINY).await;
        pause_and_go_on(&window).await;
        watch_run(&window).await;
        results(&window).await;
        let run = desk.only_run();
        let n = rating::create(&window, &run).await;
        rating::rate_all(&window, n).await;
        rating::lock(&window).await;
        ratings_appear(&window).await;
        demo(&window).await;
        window.close().await;
        let seen = sockets.seen();
        println!("sockets: {} looks at {:?}", seen.looks, seen.programs);
        assert!(
            seen.programs.contains(&desk.programs.app)
                && seen.programs.contains(&desk.programs.cli)
        );
        assert!(
            seen.outside.is_empty(),
            "connections to other machines: {:?}",
            seen.outside
        );
    });
}

/// Types the path of a file with a bad row, mends the row, reads the preview and confirms.
async fn import(window: &Window<'_>) {
    let (file, good) = (
        window.desk.path("clinic_intake.jsonl"),
        std::fs::read_to_string(data()).unwrap(),
    );
    let rows = good.lines().count();
    std::fs::write(
        &file,
        format!("{good}{{\"dialogue\": \"A: Hello?\\nB: Yes.\", \"summary\": \"\"}}\n"),
    )
    .unwrap();
    window.click("nav-data").await;
    window.fill("import-path", file.to_str().unwrap()).await;
    window.click("import-check").await;
    window.see("import-issues").await;
    assert!(
        window
            .text("import-issues")
            .await
            .contains(&(rows + 1).to_string()),
        "the row is named"
    );
    let barred = "return document.querySelector('[data-testid=import-confirm]').disabled";
    assert_eq!(
        window.script(barred, vec![]).await,
        json!(true),
        "a bad row is not passed over in silence"
    );
    std::fs::write(&file, good).unwrap();
    window.click("import-again").await;
    until("the mended file is read", 10, async || {
        (window.count("[data-testid=import-issues]").await == 0).then_some(())
    })
    .await;
    window.see("import-preview").await;
    assert_eq!(window.text("import-read").await, rows.to_string());
    window.picture("import-preview").await;
    assert!(
        window.desk.store().datasets().unwrap().is_empty(),
        "the preview stored something"
    );
    window.click("import-confirm").await;
    window.see("dataset-clinic_intake").await;
    window.picture("data-imported").await;
}

async fn add_model(window: &Window<'_>, model: &Path) {
    window.click("nav-models").await;
    window.fill("model-path", model.to_str().unwrap()).await;
    window.click("model-add").await;
    window.see("model-duo-mini-in-form").await;
}

/// Checks the boxes of a list of words, and no others.
async fn check_boxes(window: &Window<'_>, field: &str, words: &str) {
    window.see(field).await;
    let script = "const [field, words] = arguments;
        for (const box of document.querySelectorAll(`[data-testid='${field}'] input`)) {
          const word = box.dataset.testid.slice(field.length + 1);
          if (box.checked !== words.split(',').includes(word)) box.click();
        }";
    window
        .script(script, vec![field.into(), words.into()])
        .await;
}

/// Fills in the form for a new run with the small preset and `changes`, and starts the run.
pub(crate) async fn start_run(window: &Window<'_>, model: &Path, changes: &[(&str, &str)]) {
    window.click("nav-runs").await;
    window.click("run-new").await;
    window.choose("run-dataset", "clinic_intake").await;
    window.choose("run-model", model.to_str().unwrap()).await;
    window.choose("run-preset", "small").await;
    window.fill("run-seed", SEED).await;
    window.click("recipe-toggle").await;
    for (key, value) in changes {
        let field = format!("set-{key}");
        match *key {
            "summary_method" => window.choose(&field, value).await,
            "systems" => check_boxes(window, &field, value).await,
            _ => window.fill(&field, value).await,
        }
    }
    window.click("run-start").await;
    window
        .wait_for(
            "run-status",
            "data-status",
            &["starting", "running", "done"],
            60,
        )
        .await;
}

/// Moves between pages while the run is at work, then pauses the run during a training and resumes it.
async fn pause_and_go_on(window: &Window<'_>) {
    let run = window.desk.only_run();
    window.desk.wait_for_stage(&run, StageName::Synthesizer);
    frames::keep_up(window).await;
    // A page that is opened again follows the work again.
    window.click("nav-runs").await;
    window.click(&format!("run-open-{run}")).await;
    window.click("run-pause").await;
    window
        .wait_for("run-status", "data-status", &["paused"], 60)
        .await;
    window.click("run-resume").await;
    window
        .wait_for("run-status", "data-status", &["running", "done"], 60)
        .await;
}

/// Watches the stages advance in turn until all are done.
async fn watch_run(window: &Window<'_>) {
    for stage in ["synthesizer", "align", "summarizer"] {
        let control = format!("stage-{stage}");
        until(&format!("{stage} has begun"), 200, async || {
            still_well(window).await;
            let status = window.attribute(&control, "data-status").await?;
            matches!(status.as_str(), "running" | "done").then_some(())
        })
        .await;
    }
    window.see("run-progress").await;
    window.picture("run-running").await;
    until("the run is done", 200, async || {
        still_well(window).await;
        (window.attribute("run-status", "data-status").await? == "done").then_some(())
    })
    .await;
    let stages = window.count("[data-testid^=\"stage-\"]").await;
    assert_eq!(
        window
            .count("[data-testid^=\"stage-\"][data-status=\"done\"]")
            .await,
        stages
    );
    window.picture("run-done").await;
}

/// Panics with the run's error message as soon as the run has failed.
async fn still_well(window: &Window<'_>) {
    let status = window.attribute("run-status", "data-status").await;
    if matches!(status.as_deref(), Some("failed" | "interrupted")) {
        panic!("the run is {status:?}: {}", window.text("error-card").await);
    }
}

async fn results(window: &Window<'_>) {
    window.click("run-results").await;
    window.see("results-table").await;
    for system in SYSTEMS {
        let row = format!("[data-testid=\"results-table\"] tr[data-system=\"{system}\"]");
        until(&format!("{system} has a row"), 10, async || {
            (window.count(&row).await == 1).then_some(())
        })
        .await;
    }
    assert!(window.text("verdict").await.contains("ROUGE-1"));
    window.picture("results-before-rating").await;
}

/// Once the ratings are locked, Results shows the mean rating of each system.
async fn ratings_appear(window: &Window<'_>) {
    window.click("nav-results").await;
    window.see("ratings-table").await;
    let rows = window
        .count("[data-testid=\"ratings-table\"] tr[data-system]")
        .await;
    // The method, its main baseline and the human reference.
    assert_eq!(rows, 3);
    window.picture("results-with-ratings").await;
}

/// Pastes a dialogue and checks that its summary appears gradually.
async fn demo(window: &Window<'_>) {
    window.click("nav-demo").await;
    window.paste("demo-input", DIALOGUE).await;
    window
        .script(
            "window.seen = [];
            const output = document.querySelector('[data-testid=demo-output]');
            new MutationObserver(() => {
              if (output.dataset.state === 'busy') window.seen.push(output.textContent.trim());
            }).observe(output, { childList: true, characterData: true, subtree: true });",
            vec![],
        )
        .await;
    window.click("demo-run").await;
    window
        .wait_for("demo-output", "data-state", &["done"], 60)
        .await;
    let whole = window.text("demo-output").await;
    assert!(!whole.is_empty());
    let seen = window.script("return window.seen", vec![]).await;
    let partial = |text: &&serde_json::Value| {
        text.as_str()
            .is_some_and(|text| !text.is_empty() && text != whole)
    };
    let steps = seen.as_array().unwrap().iter().filter(partial).count();
    assert!(steps >= 2, "the text did not stream: {seen}");
    assert_ne!(json!(window.text("demo-figures").await), json!(""));
    window.picture("demo-done").await;
}
