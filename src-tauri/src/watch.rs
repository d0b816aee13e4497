//! The watcher: reads the workspace twice a second and sends what changed, in one message. The page has one watcher;
//! asking for another ends the first.

use std::collections::HashMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use contract::{RunId, RunStanding, StageName};
use project::rows::MetricPointRow;
use tauri::ipc::Channel;

use crate::dto::{MetricPoint, RunSummary, WatchUpdate};
use crate::error::Answer;
use crate::run_state::Runs;

const POLL: Duration = Duration::from_millis(500);

/// Numbers the watchers, so that an old one knows that it is replaced.
#[derive(Default)]
pub(crate) struct Watcher {
    current: Arc<AtomicU64>,
}

impl Watcher {
    /// Ends the watcher at work: it has the workspace open.
    pub(crate) fn end(&self) {
        self.current.fetch_add(1, Ordering::SeqCst);
    }

    /// Watches a run (or only the job in progress) until it is replaced or the page has gone. A worker that has died
    /// cannot start the next of the queue: `go_on` does.
    pub(crate) fn start(
        &self,
        runs: Runs,
        run: Option<RunId>,
        channel: Channel<WatchUpdate>,
        go_on: impl Fn() + Send + 'static,
    ) {
        let mine = self.current.fetch_add(1, Ordering::SeqCst) + 1;
        let current = Arc::clone(&self.current);
        std::thread::spawn(move || {
            let mut sent = Sent::default();
            while current.load(Ordering::SeqCst) == mine {
                // A busy database is asked again at the next turn.
                if let Ok((listed, update)) = read(&runs, run.as_ref(), &mut sent) {
                    if sent.has_died(&listed, update.job.as_ref()) && !update.queue.held {
                        go_on();
                    }
                    if sent.is_news(&update) && channel.send(update).is_err() {
                        return;
                    }
                }
                std::thread::sleep(POLL);
            }
        });
    }
}

/// All runs, and what the page is told of them.
fn read(
    runs: &Runs,
    run: Option<&RunId>,
    sent: &mut Sent,
) -> Answer<(Vec<RunSummary>, WatchUpdate)> {
    let listed = runs.all()?;
    let job = listed
        .iter()
        .find(|run| matches!(run.status, RunStanding::Running | RunStanding::Starting))
        .cloned();
    let queue = runs.queue()?;
    let Some(run) = run else {
        return Ok((
            listed,
            WatchUpdate {
                job,
                queue,
                live: None,
                reset: false,
                points: Vec::new(),
            },
        ));
    };
    let live = Some(runs.live(run)?);
    let (reset, points) = sent.new_points(runs.session.metric_points(run, None)?);
    Ok((
        listed,
        WatchUpdate {
            job,
            queue,
            live,
            reset,
            points,
        },
    ))
}

/// What the page has already.
#[derive(Default)]
struct Sent {
    points: usize,
    last_step: HashMap<(StageName, String), u64>,
    state: String,
    job: Option<RunId>,
}

impl Sent {
    /// The points that the page lacks; `true` where it has to forget its own, because a stage started over.
    fn new_points(&mut self, stored: Vec<MetricPointRow>) -> (bool, Vec<MetricPoint>) {
        let reset = self.points == 0 || stored.len() < self.points;
        if reset {
            self.last_step.clear();
        }
        self.points = stored.len();
        let mut new = Vec::new();
        for point in stored {
            let Some(value) = point.value else { continue };
            let key = (point.stage, point.series);
            if self
                .last_step
                .get(&key)
                .is_some_and(|last| point.step <= *last)
            {
                continue;
            }
            self.last_step.insert(key.clone(), point.step);
            let step = u32::try_from(point.step).unwrap_or(u32::MAX);
            new.push(MetricPoint {
                stage: key.0,
                series: key.1,
                step,
                value,
            });
        }
        (reset, new)
    }

    /// Whether the job of the last look has lost its worker since.
    fn has_died(&mut self, listed: &[RunSummary], job: Option<&RunSummary>) -> bool {
        let before = std::mem::replace(&mut self.job, job.map(|job| job.id.clone()));
        job.is_none()
            && before.is_some_and(|id| {
                listed
                    .iter()
                    .any(|run| run.id == id && run.status == RunStanding::Interrupted)
            })
    }

    /// Whether anything but the points differs from the last message, or there are points.
    fn is_news(&mut self, update: &WatchUpdate) -> bool {
        let state =
            serde_json::to_string(&(&update.job, &update.queue, &update.live)).unwrap_or_default();
        let news = state != self.state || !update.points.is_empty();
        self.state = state;
        news
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn points(steps: &[u64]) -> Vec<MetricPointRow> {
        let row = |&step| MetricPointRow {
            stage: StageName::Align,
            series: "loss".into(),
            step,
            value: Some(1.0),
        };
        steps.iter().map(row).collect()
    }

    #[test]
    fn only_new_points_are_sent_and_a_restart_resets() {
        let mut sent = Sent::default();
        assert_eq!(sent.new_points(points(&[1, 2])).1.len(), 2);
        let (reset, new) = sent.new_points(points(&[1, 2, 3]));
        assert_eq!((reset, new.len(), new[0].step), (false, 1, 3));
        assert_eq!(sent.new_points(points(&[1, 2, 3])).1.len(), 0);
        let (reset, new) = sent.new_points(points(&[1]));
        assert_eq!((reset, new.len()), (true, 1));
    }

    #[test]
    fn only_a_worker_seen_at_work_can_die() {
        let run = |status: RunStanding| RunSummary {
            id: "r".into(),
            status,
            dataset: String::new().into(),
            model_name: String::new().into(),
            created_at_ms: 0.0,
            seed: 0,
            stages: Vec::new(),
            systems: Vec::new(),
            headline_rouge1: None,
            label: contract::Label::default(),
        };
        let mut sent = Sent::default();
        assert!(
            !sent.has_died(&[run(RunStanding::Interrupted)], None),
            "it died before anybody looked"
        );
        assert!(!sent.has_died(
            &[run(RunStanding::Running)],
            Some(&run(RunStanding::Running))
        ));
        assert!(sent.has_died(&[run(RunStanding::Interrupted)], None));
        assert!(
            !sent.has_died(&[run(RunStanding::Interrupted)], None),
            "once"
        );
        assert!(!sent.has_died(
            &[run(RunStanding::Running)],
            Some(&run(RunStanding::Running))
        ));
        assert!(
            !sent.has_died(&[run(RunStanding::Paused)], None),
            "it was asked to"
        );
    }

    #[test]
    fn silence_while_nothing_changes() {
        let mut sent = Sent::default();
        let queue = crate::dto::Queue::default();
        let update = WatchUpdate {
            job: None,
            queue,
            live: None,
            reset: false,
            points: Vec::new(),
        };
        assert!(sent.is_news(&update));
        assert!(!sent.is_news(&update));
    }
}
