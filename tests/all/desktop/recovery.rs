//! A worker that is killed: the window says so, and a resumed run gives the same bytes as one that was not interrupted.

use contract::StageName;

use super::desk::{Desk, finished};
use super::drive;
use super::journey::start_run;
use super::process::kill_now;
use super::settings::{TINY, TWO_SYSTEMS, model};
use super::window::Window;

/// Stages in which the worker is killed: two trainings and one that only writes.
const KILLED_IN: [StageName; 3] = [
    StageName::Synthesizer,
    StageName::Candidates,
    StageName::Summarizer,
];

#[test]
fn a_killed_worker_is_seen_and_the_run_goes_on() {
    let Some(desk) = Desk::new() else { return };
    let model = model();
    let undisturbed = finished(&model);
    desk.import();
    let changes = [TINY, &[TWO_SYSTEMS]].concat();
    drive(300, async {
        let window = Window::open(&desk).await;
        window
            .invoke("add_model", serde_json::json!({"path": model}))
            .await;
        start_run(&window, &model, &changes).await;
        let run = desk.only_run();
        for stage in KILLED_IN {
            desk.wait_for_stage(&run, stage);
            let worker = desk
                .worker(&run)
                .expect("a stage is running, so somebody works");
            kill_now(worker);
            window
                .wait_for("run-status", "data-status", &["interrupted"], 20)
                .await;
            window.see("run-resume").await;
            window.picture("run-interrupted").await;
            window.click("run-log").await;
            window.see("log-lines").await;
            window.click("run-log").await;
            window.click("run-resume").await;
            window
                .wait_for(
                    "run-status",
                    "data-status",
                    &["starting", "running", "done"],
                    30,
                )
                .await;
        }
        window
            .wait_for("run-status", "data-status", &["done"], 180)
            .await;
        assert_eq!(
            desk.hashes(&run),
            undisturbed.hashes(&undisturbed.only_run())
        );
        window.close().await;
    });
}
