//! A second window on one workspace: it ends by itself, without an error, and the first one continues undisturbed.

use serde_json::json;

use super::desk::{Desk, wait};
use super::drive;
use super::window::Window;
use super::window_kill::start;

#[test]
fn a_second_window_gives_way_to_the_first() {
    let Some(desk) = Desk::new() else { return };
    drive(120, async {
        let window = Window::open(&desk).await;
        window.click("nav-models").await;
        window.fill("model-path", "half a word").await;
        let first = desk.apps();
        assert_eq!(first.len(), 1);

        let mut second = start(&desk);
        let ended = wait("the second window gives way", 30, || {
            second.try_wait().unwrap()
        });
        assert!(ended.success(), "{ended}");
        assert_eq!(desk.apps(), first, "one window, the same as before");
        let holds = "return document.querySelector('[data-testid=model-path]').value";
        assert_eq!(
            window.script(holds, vec![]).await,
            json!("half a word"),
            "it was left alone"
        );
        let focused = window.script("return document.hasFocus()", vec![]).await;
        assert_eq!(focused, json!(true), "the first has come forward");

        // A window that was killed leaves the workspace to the next.
        desk.kill_window();
        drop(window);
        let again = Window::open(&desk).await;
        assert_ne!(desk.apps(), first);
        again.close().await;
    });
}
