//! Use of the window by keyboard alone, then every screen of the sample's run checked against WCAG 2.2 A and AA (axe-core)
//! in both themes. The screenshots are taken here too. In a small window, and with large text, nothing is cut off.

use std::path::Path;

use serde_json::{Value, json};

use super::desk::Desk;
use super::drive;
use super::keyboard;
use super::settings::data;
use super::window::{Window, until};

const RUN_AXE: &str = "const done = arguments[0];
    const tags = ['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa', 'wcag22aa'];
    axe.run(document, { runOnly: { type: 'tag', values: tags } }).then(
      (found) => done({ passes: found.passes.length, violations: found.violations.map((one) => ({
        id: one.id, help: one.help,
        nodes: one.nodes.map((node) => `${node.target.join(' ')}: ${node.failureSummary}`) })) }),
      (error) => done({ error: String(error) }));";

#[test]
fn by_keyboard_alone_and_every_screen_accessible() {
    let Some(desk) = Desk::new() else { return };
    let axe = axe();
    let taken = desk.cli(&["sample"]);
    let run = taken["run"].as_str().unwrap();
    drive(300, async {
        let window = Window::open(&desk).await;
        window.script(&axe, vec![]).await;
        sees_a_fault(&window).await;
        let mut looked = Look {
            window: &window,
            findings: Vec::new(),
        };
        keyboard::alone(&window, run).await;
        prepare(&window, run).await;
        for theme in ["light", "dark"] {
            window.click("nav-settings").await;
            window.click(&format!("theme-{theme}")).await;
            looked.at("settings").await;
            empty_or_plain_screens(&mut looked, theme).await;
            screens_of_a_run(&mut looked, run).await;
        }
        for (width, height, text) in [(900, 600, "100%"), (1280, 800, "150%")] {
            window.resize(width, height).await;
            window.script(TEXT_SIZE, vec![json!(text)]).await;
            is_whole_everywhere(&mut looked, run, &format!("{width}x{height} {text}")).await;
        }
        let findings = std::mem::take(&mut looked.findings);
        assert!(
            findings.is_empty(),
            "{} findings:\n{}",
            findings.len(),
            findings.join("\n")
        );
        window.close().await;
    });
}

/// Gives the page's text another size.
const TEXT_SIZE: &str = "document.documentElement.style.fontSize = arguments[0]";

/// What is cut: words that are wider than their control, controls that reach beyond what hides the rest of them, and a page
/// that is wider than its window or scrolls as a whole. What scrolls, and what ends with an ellipsis on purpose, is not cut.
const FIND_CUT: &str = r#"
    const cut = [];
    const flow = (element) => getComputedStyle(element).overflowX;
    const name = (element) =>
      `${element.tagName.toLowerCase()} ${element.dataset.testid ?? ''} "${element.textContent.trim().slice(0, 40)}"`;
    const page = document.documentElement;
    if (page.scrollWidth > innerWidth + 1) cut.push(`the page has ${page.scrollWidth} of ${innerWidth}`);
    if (page.scrollHeight > innerHeight + 1) cut.push(`the page scrolls: ${page.scrollHeight} of ${innerHeight}`);
    const controls = 'button, a, th, td, input, select, label, h1, h2, h3, dt, dd, legend, summary';
    for (const element of document.querySelectorAll(controls)) {
      const box = element.getBoundingClientRect();
      // What is there for those who listen, or beyond the page's corner until it has the focus.
      const isHidden = element.closest('.visually-hidden') || box.bottom <= 0 || box.right <= 0;
      if (!element.checkVisibility() || isHidden) continue;
      const style = getComputedStyle(element);
      const isText = !['INPUT', 'SELECT'].includes(element.tagName) && style.display !== 'inline';
      const ends = style.textOverflow === 'ellipsis' || ['auto', 'scroll'].includes(style.overflowX);
      if (isText && !ends && box.width > 2 && element.scrollWidth > element.clientWidth + 1)
        cut.push(`${name(element)}: ${element.scrollWidth} in ${element.clientWidth}`);
      for (let around = element.parentElement; around; around = around.parentElement) {
        if (['auto', 'scroll'].includes(flow(around))) break;
        if (!['hidden', 'clip'].includes(flow(around))) continue;
        const edge = around.getBoundingClientRect();
        // A pixel wide: a head that is there for those who listen.
        if (edge.width <= 2) break;
        if (box.left < edge.left - 1 || box.right > edge.right + 1) cut.push(`${name(element)}: beyond its card`);
        break;
      }
    }
    return cut;"#;

/// The screens with the most content side by side.
async fn is_whole_everywhere(looked: &mut Look<'_>, run: &str, size: &str) {
    let window = looked.window;
    for (nav, control) in [
        ("nav-home", "home-machine"),
        ("nav-models", "model-path"),
        ("nav-experiments", "experiment-new"),
        ("nav-results", "results-table"),
        ("nav-demo", "demo-input"),
        ("nav-settings", "theme-light"),
    ] {
        window.click(nav).await;
        window.see(control).await;
        looked.whole(&format!("{nav} at {size}")).await;
    }
    window.go("/data/physiotherapy").await;
    window.see("examples").await;
    looked.whole(&format!("examples at {size}")).await;
    window.click("nav-runs").await;
    window.see(&format!("run-open-{run}")).await;
    looked.whole(&format!("runs at {size}")).await;
    window.click(&format!("run-open-{run}")).await;
    window.see("stage-synthesizer").await;
    looked.whole(&format!("a run at {size}")).await;
}

/// Makes sure that the check works: it must find an image without alternative text.
async fn sees_a_fault(window: &Window<'_>) {
    window
        .script(
            "const one = document.createElement('img'); one.id = 'fault'; document.body.append(one)",
            vec![],
        )
        .await;
    let found = window.script_async(RUN_AXE, vec![]).await;
    assert!(
        found["violations"].to_string().contains("#fault"),
        "{found}"
    );
    window
        .script("document.getElementById('fault').remove()", vec![])
        .await;
}

/// Creates a rating study, so that no screen is empty.
async fn prepare(window: &Window<'_>, run: &str) {
    let system = |system: &str| json!({"system": system, "synthesizer": null, "label": system});
    let study = json!({
        "run": run, "name": "First look", "kind": "summaries", "systems": [system("sft_real"), system("mrds_separate")],
        "mode": "criteria", "criteria": null, "dialogues": 6, "seed": 1, "raters": ["R"], "shared": null, "repeats": 3, "margin": 0.25, "delta": 0.3,
    });
    let made = window
        .invoke("create_study", json!({"request": study}))
        .await;
    assert!(made["ok"]["study"].is_number(), "{made}");
}

/// Screens that need no run.
async fn empty_or_plain_screens(looked: &mut Look<'_>, theme: &str) {
    let window = looked.window;
    window.click("nav-home").await;
    window.see("home-machine").await;
    looked.at("home").await;
    window.press('?').await;
    window.see("keys-dialog").await;
    looked.at("keys").await;
    window.press('\u{E00C}').await;
    window.click("nav-data").await;
    window.fill("import-path", data().to_str().unwrap()).await;
    window.fill("import-name", &format!("other-{theme}")).await;
    window.click("import-check").await;
    window.see("import-preview").await;
    looked.at("data").await;
    window.fill("import-path", "/nowhere/dialogues.jsonl").await;
    window.click("import-check").await;
    window.see("error-card").await;
    looked.at("data-error").await;
    window.click("nav-models").await;
    window.see("model-path").await;
    looked.at("models").await;
    window.click("nav-experiments").await;
    window.see("experiment-new").await;
    looked.at("experiments").await;
    window.click("experiment-new").await;
    window.see("experiment-preset").await;
    looked.at("experiment-new").await;
    window.click("nav-runs").await;
    window.click("run-new").await;
    window.click("recipe-toggle").await;
    window.see("set-shots").await;
    looked.at("run-new").await;
    // What is left open on a screen is open there again: the next round begins as this one did.
    window.click("recipe-toggle").await;
}

/// Screens of the sample's finished run with an open rating study.
async fn screens_of_a_run(looked: &mut Look<'_>, run: &str) {
    let window = looked.window;
    window.go("/data/physiotherapy").await;
    until("examples are shown", 10, async || {
        (window.count("[data-testid=examples] li").await > 0).then_some(())
    })
    .await;
    looked.at("examples").await;
    window.click("nav-runs").await;
    window.click(&format!("run-open-{run}")).await;
    window.click("stage-synthesizer").await;
    window.see("run-chart").await;
    looked.at("run").await;
    window.click("run-log").await;
    window.see("log").await;
    looked.at("run-log").await;
    window.click("run-log").await;
    window.click("nav-outputs").await;
    window.see("output-item").await;
    for kind in [
        "topics",
        "candidates",
        "preferences",
        "dialogues",
        "evaluate",
        "summaries",
    ] {
        window.click(&format!("tab-{kind}")).await;
        window.see("output-item").await;
        looked.at(&format!("outputs-{kind}")).await;
    }
    // While people rate, its figures are closed.
    let study = window.invoke("studies", json!({})).await["ok"][0]["study"].clone();
    let reveal = json!({"study": study.to_string(), "reason": "screenshots"});
    window.invoke("reveal_study", reveal).await;
    window.click("nav-results").await;
    window.see("results-table").await;
    looked.at("results").await;
    window.click("nav-rate").await;
    window.see("study-system-sft_real").await;
    looked.at("rate").await;
    window.click(&format!("study-open-{study}")).await;
    window.see("study-raters").await;
    looked.at("rate-study").await;
    window.click("rate-begin-R1").await;
    window.see("rate-guideline").await;
    looked.at("rate-guideline").await;
    window.click("nav-demo").await;
    window.see("demo-input").await;
    looked.at("demo").await;
}

/// Looks at one screen after another and collects the findings, so that one run of the test reports them all.
struct Look<'window> {
    window: &'window Window<'window>,
    findings: Vec<String>,
}

impl Look<'_> {
    /// Collects what is cut on the page as it is now.
    async fn whole(&mut self, screen: &str) {
        self.window.settle().await;
        let found = self.window.script(FIND_CUT, vec![]).await;
        let cut = found.as_array().unwrap().iter().filter_map(Value::as_str);
        self.findings
            .extend(cut.map(|cut| format!("{screen}: {cut}")));
    }

    /// Takes a screenshot of the page as it is now, and collects what axe-core finds on it.
    async fn at(&mut self, screen: &str) {
        self.window.settle().await;
        self.window.picture(screen).await;
        let found = self.window.script_async(RUN_AXE, vec![]).await;
        assert!(
            found["passes"].as_u64() > Some(0),
            "axe checked nothing on {screen}: {found}"
        );
        for violation in found["violations"].as_array().unwrap() {
            let nodes: Vec<&str> = violation["nodes"]
                .as_array()
                .unwrap()
                .iter()
                .filter_map(Value::as_str)
                .collect();
            self.findings.push(format!(
                "{screen}: {} {}\n    {}",
                violation["id"],
                violation["help"],
                nodes.join("\n    ")
            ));
        }
    }
}

/// The source of axe-core, from the page's development dependencies.
fn axe() -> String {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("..");
    let places = [
        "node_modules/axe-core/axe.min.js",
        "ui/node_modules/axe-core/axe.min.js",
    ];
    let found = places
        .iter()
        .find_map(|place| std::fs::read_to_string(root.join(place)).ok());
    found.expect("axe-core is missing: run `cargo xtask test ui-install` (or npm ci)")
}
