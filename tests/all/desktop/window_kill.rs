//! A window is closed, or killed at any moment: its worker continues, and a window that is opened later finds it.

use std::process::{Child, Command, Stdio};
use std::time::Duration;

use contract::{RunStatus, StageName};

use super::desk::{Desk, finished};
use super::drive;
use super::journey::start_run;
use super::settings::{TINY, TWO_SYSTEMS, model};
use super::window::Window;

/// Number of windows that are killed, after the first was closed.
const KILLS: u64 = 19;

/// Longest time from the start of a window to its kill, in milliseconds: long enough for the first page to appear.
const LATEST_MS: u64 = 1500;

#[test]
fn a_window_that_goes_takes_nothing_with_it() {
    let Some(desk) = Desk::new() else { return };
    let model = model();
    let undisturbed = finished(&model);
    desk.import();
    let changes = [TINY, &[TWO_SYSTEMS]].concat();
    drive(600, async {
        let window = Window::open(&desk).await;
        window
            .invoke("add_model", serde_json::json!({"path": model}))
            .await;
        start_run(&window, &model, &changes).await;
        let run = desk.only_run();
        desk.wait_for_stage(&run, StageName::Synthesizer);
        let worker = desk.worker(&run);
        assert!(worker.is_some());
        window.close().await;

        assert_eq!(
            desk.worker(&run),
            worker,
            "the worker goes on without the window"
        );
        let again = Window::open(&desk).await;
        again.see("job").await;
        again.go(&format!("/runs/{run}")).await;
        again
            .wait_for("run-status", "data-status", &["running"], 20)
            .await;
        assert_eq!(desk.worker(&run), worker, "the same worker");
        desk.kill_window();
        drop(again);

        let mut random = Moments(1);
        let mut while_running = 1;
        for _ in 1..KILLS {
            let mut window = start(&desk);
            std::thread::sleep(Duration::from_millis(random.next() % LATEST_MS));
            while_running += u32::from(
                desk.store().run(&run.as_str().into()).unwrap().status == RunStatus::Running,
            );
            window.kill().unwrap();
            window.wait().unwrap();
            desk.kill_window();
        }
        println!("{KILLS} windows killed, {while_running} of them while the run was going on");
        desk.wait_until_done(&run);
        assert_eq!(
            desk.hashes(&run),
            undisturbed.hashes(&undisturbed.only_run())
        );
    });
}

/// Starts the window without WebDriver.
pub(super) fn start(desk: &Desk) -> Child {
    Command::new(&desk.programs.app)
        .envs(desk.environment())
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .spawn()
        .unwrap()
}

/// Random moments for the kills, from a seed: SplitMix64 (Steele, Lea and Flood 2014).
struct Moments(u64);

impl Moments {
    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mixed = (self.0 ^ (self.0 >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        let mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        mixed ^ (mixed >> 31)
    }
}
