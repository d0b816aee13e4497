//! The first start: an empty workspace, no question, no account; the machine, the sample, and a page that can reach
//! nothing (`privacy`).

use super::desk::Desk;
use super::drive;
use super::privacy;
use super::process::SocketWatch;
use super::window::Window;

#[test]
fn the_first_start_shows_the_machine_and_a_sample_and_reaches_nothing() {
    let Some(desk) = Desk::new() else { return };
    drive(150, async {
        let sockets = SocketWatch::start(desk.marker());
        let window = Window::open(&desk).await;
        window.see("home-machine").await;
        assert_eq!(window.count("dialog[open]").await, 0, "nothing is asked at the first start");
        assert!(window.text("connections").await.contains("0 connections"));
        window.picture("first-start").await;
        window.click("home-sample").await;
        window.click("nav-data").await;
        window.see("dataset-sample").await;
        window.click("dataset-open-sample").await;
        window.see("example").await;
        privacy::the_page_can_reach_nothing(&window).await;
        window.close().await;
        let seen = sockets.seen();
        assert!(seen.programs.contains(&desk.programs.app));
        assert!(seen.outside.is_empty(), "connections to other machines: {:?}", seen.outside);
    });
}
