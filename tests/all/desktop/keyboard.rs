//! Work with the keyboard alone: the palette, Tab, arrows and Enter, and a focus that can always be seen.

use serde_json::json;

use super::settings::data;
use super::window::{CONTROL, ENTER, Window};

const TAB: char = '\u{E004}';
const RIGHT: char = '\u{E014}';
/// More steps than any screen has controls.
const FAR: usize = 120;

/// Opens a run, reads its results and imports a file, without a mouse.
pub(super) async fn alone(window: &Window<'_>, run: &str) {
    command(window, "runs").await;
    step_to(window, &format!("run-open-{run}")).await;
    window.press(ENTER).await;
    window.see("run-status").await;
    step_to(window, "stage-topics").await;
    window.press(RIGHT).await;
    window.press(RIGHT).await;
    window.press(ENTER).await;
    window
        .wait_for("stage-synthesizer", "aria-pressed", &["true"], 10)
        .await;
    step_to(window, "run-results").await;
    window.press(ENTER).await;
    window.see("results-table").await;

    command(window, "import").await;
    step_to(window, "import-path").await;
    window.write(data().to_str().unwrap()).await;
    // Tab selects the text of a field; what is typed replaces it.
    step_to(window, "import-name").await;
    window.write("by-keyboard").await;
    step_to(window, "import-check").await;
    window.press(ENTER).await;
    window.see("import-preview").await;
    step_to(window, "import-confirm").await;
    window.press(ENTER).await;
    window.see("dataset-by-keyboard").await;
}

/// Gives a command through the palette.
async fn command(window: &Window<'_>, words: &str) {
    window.chord(CONTROL, 'k').await;
    window.see("palette-field").await;
    window.write(words).await;
    window.press(ENTER).await;
}

/// Presses Tab until a control has the focus; every control on the way shows that it has it.
async fn step_to(window: &Window<'_>, testid: &str) {
    window.see(testid).await;
    let script = "const one = document.activeElement;
        const style = getComputedStyle(one);
        const seen = one === document.body || one.matches(':focus-visible') &&
          (style.outlineStyle !== 'none' || style.boxShadow !== 'none' || one.type === 'radio');
        return [one.dataset.testid ?? one.textContent.slice(0, 40), seen]";
    for _ in 0..FAR {
        window.press(TAB).await;
        let focus = window.script(script, vec![]).await;
        assert_eq!(
            focus[1],
            json!(true),
            "the focus on `{}` cannot be seen",
            focus[0]
        );
        if focus[0] == json!(testid) {
            return;
        }
    }
    panic!("{testid} cannot be reached with Tab");
}
