//! Many small events become few messages: the page is sent at most one in each [`FRAME`], whatever comes in.
//!
//! The first event goes out at once; what follows within the frame is gathered and goes out together.

use std::sync::mpsc::{Receiver, RecvTimeoutError, channel};
use std::time::{Duration, Instant};

use crate::dto::{DemoEvent, DownloadEvent};

/// Shortest time between two messages.
const FRAME: Duration = Duration::from_millis(60);

/// An event that may absorb the one after it.
pub(crate) trait Gather: Sized {
    /// Absorbs `next`; gives it back if both have to be sent.
    fn gather(&mut self, next: Self) -> Option<Self>;
}

impl Gather for DemoEvent {
    fn gather(&mut self, next: Self) -> Option<Self> {
        match (self, next) {
            (Self::Token { text }, Self::Token { text: more }) => {
                text.push_str(&more);
                None
            }
            (_, next) => Some(next),
        }
    }
}

impl Gather for DownloadEvent {
    fn gather(&mut self, next: Self) -> Option<Self> {
        match (&mut *self, next) {
            (Self::Download { .. }, next @ Self::Download { .. }) => {
                *self = next;
                None
            }
            (_, next) => Some(next),
        }
    }
}

/// Does `work`, whose events go to the page gathered.
pub(crate) fn coalesced<E: Gather + Send, T>(
    send: impl FnMut(E) + Send,
    work: impl FnOnce(&dyn Fn(E)) -> T,
) -> T {
    let (sender, events) = channel();
    std::thread::scope(|scope| {
        scope.spawn(move || coalesce(&events, FRAME, send));
        let answer = work(&|event| {
            // Nobody listens only at the very end.
            let _over = sender.send(event);
        });
        drop(sender);
        answer
    })
}

/// Passes events on until their sender has gone. Nothing is lost and the order stays.
fn coalesce<E: Gather>(events: &Receiver<E>, frame: Duration, mut send: impl FnMut(E)) {
    let mut quiet_until = Instant::now();
    while let Ok(mut pending) = events.recv() {
        let ended = loop {
            let left = quiet_until.saturating_duration_since(Instant::now());
            if left.is_zero() {
                break false;
            }
            match events.recv_timeout(left) {
                Ok(next) => {
                    if let Some(other) = pending.gather(next) {
                        send(std::mem::replace(&mut pending, other));
                    }
                }
                Err(RecvTimeoutError::Timeout) => break false,
                Err(RecvTimeoutError::Disconnected) => break true,
            }
        };
        send(pending);
        if ended {
            return;
        }
        quiet_until = Instant::now() + frame;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn token(text: &str) -> DemoEvent {
        DemoEvent::Token { text: text.into() }
    }

    fn end() -> DemoEvent {
        DemoEvent::Summary {
            summary: "s".into(),
            prompt_tokens: 1,
            new_tokens: 1,
            ttft_ms: 1.0,
            tokens_per_s: 1.0,
        }
    }

    #[test]
    fn ten_thousand_events_a_second_become_a_few_messages() {
        let (sender, events) = channel();
        let begun = Instant::now();
        let source = std::thread::spawn(move || {
            for number in 0..10_000 {
                sender.send(token(&format!("{number} "))).unwrap();
                if number % 100 == 0 {
                    std::thread::sleep(Duration::from_millis(10));
                }
            }
            sender.send(end()).unwrap();
        });
        let mut sent = Vec::new();
        coalesce(&events, FRAME, |event| sent.push(event));
        let frames = begun.elapsed().as_millis() / FRAME.as_millis();
        source.join().unwrap();
        assert!(
            matches!(sent.pop(), Some(DemoEvent::Summary { .. })),
            "the end comes last"
        );
        assert!(
            (sent.len() as u128) < frames + 3,
            "{} messages in {frames} frames",
            sent.len()
        );
        let text: String = sent
            .iter()
            .map(|event| match event {
                DemoEvent::Token { text } => text.as_str(),
                other => panic!("one end, and no {other:?}"),
            })
            .collect();
        let whole: String = (0..10_000).map(|number| format!("{number} ")).collect();
        assert_eq!(text, whole, "nothing is lost, and the order stays");
    }

    #[test]
    fn of_a_download_the_latest_is_told() {
        let (sender, events) = channel();
        for done in 1..=1000 {
            let step = DownloadEvent::Download {
                file: "m".into(),
                done_bytes: f64::from(done),
                total_bytes: 1000.0,
                bytes_per_s: None,
                eta_s: None,
            };
            sender.send(step).unwrap();
        }
        sender.send(DownloadEvent::Paused).unwrap();
        drop(sender);
        let mut sent = Vec::new();
        coalesce(&events, Duration::from_secs(9), |event| sent.push(event));
        assert_eq!(sent.len(), 3);
        assert!(
            matches!(&sent[1], DownloadEvent::Download { done_bytes, .. } if *done_bytes == 1000.0)
        );
        assert_eq!(sent.last(), Some(&DownloadEvent::Paused));
    }
}
