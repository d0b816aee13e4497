//! The first start: an empty workspace, no question, no account; the machine, the sample, and a page that can reach
//! nothing (`privacy`). How long a person waits is printed, not asserted: `docs/install.md` has measured figures.

use std::time::Duration;

use super::desk::Desk;
use super::drive;
use super::privacy;
use super::process::{self, SocketWatch};
use super::window::{Window, until};

#[test]
fn the_first_start_shows_the_machine_and_a_sample_and_reaches_nothing() {
    let Some(desk) = Desk::new() else { return };
    drive(150, async {
        let sockets = SocketWatch::start(desk.marker());
        let window = Window::open(&desk).await;
        window.see("home-machine").await;
        assert_eq!(
            window.count("dialog[open]").await,
            0,
            "nothing is asked at the first start"
        );
        assert!(window.text("connections").await.contains("0 connections"));
        window.picture("first-start").await;
        window.click("home-sample").await;
        window.see("home-sample-card").await;
        window.click("nav-data").await;
        window.see("dataset-physiotherapy").await;
        window.click("dataset-open-physiotherapy").await;
        window.see("example").await;
        privacy::the_page_can_reach_nothing(&window).await;
        window.close().await;
        let seen = sockets.seen();
        assert!(seen.programs.contains(&desk.programs.app));
        assert!(
            seen.outside.is_empty(),
            "connections to other machines: {:?}",
            seen.outside
        );
    });
}

#[test]
fn the_first_minute_ends_with_a_summary_of_a_trained_summarizer() {
    let Some(desk) = Desk::new() else { return };
    if crate::sample::base().is_none() {
        return;
    }
    drive(150, async {
        let window = Window::open(&desk).await;
        let alive = || process::age(desk.apps()[0]).expect("the window lives");
        let opened = alive();
        // Milliseconds since the page was first painted.
        let since = "const paint = performance.getEntriesByName('first-contentful-paint')[0];
            return paint ? performance.now() - paint.startTime : null;";
        let since_paint = until("the page is painted", 20, async || {
            window.script(since, vec![]).await.as_f64()
        })
        .await;
        let painted = alive().saturating_sub(Duration::from_secs_f64(since_paint / 1000.0));
        window.click("home-sample").await;
        window.see("home-sample-card").await;
        window.picture("home-sample").await;
        window.click("sample-demo").await;
        window.click("demo-from-test").await;
        window.click("demo-run").await;
        window
            .wait_for("demo-output", "data-state", &["done"], 60)
            .await;
        let summarized = alive();
        assert!(window.text("demo-output").await.split_whitespace().count() >= 4);
        window.see("demo-reference").await;
        window.picture("demo-sample").await;
        println!(
            "first start: painted after {} ms, all of Home known after {} ms, first summary after {:.1} s",
            painted.as_millis(),
            opened.as_millis(),
            summarized.as_secs_f64()
        );
        window.close().await;
    });
}
