//! What is written down about connections: a line before each of them, and its end when it is closed. An attempt that is
//! refused has a line too.
//!
//! The gateway keeps the lines of this process here and hands each change to a [`Recorder`]; where they are kept in the
//! end, it does not know. If a line cannot be written, nothing is opened.

use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Instant;

use contract::NetworkOutcome;

/// A connection as far as it has come.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Connection {
    /// The other machine. On the way through a proxy it is the proxy's name until the proxy has let the connection through.
    pub host: String,
    /// Its port.
    pub port: u16,
    /// Bytes that were sent, as they went over the wire.
    pub sent_bytes: u64,
    /// Bytes that were received, as they came over the wire.
    pub received_bytes: u64,
    /// How long it was open, in milliseconds; `None` while it is.
    pub duration_ms: Option<u64>,
    /// How it ended.
    pub outcome: NetworkOutcome,
}

/// Writes connections down where a person can read them. Errors are reasons for people.
pub trait Recorder: Send + Sync {
    /// Enters a connection that is about to be opened, or was refused; returns the number of its line.
    ///
    /// # Errors
    /// Why the line could not be written: then the connection is not opened.
    fn enter(&self, connection: &Connection) -> Result<i64, String>;

    /// Brings a line up to date.
    ///
    /// # Errors
    /// Why it could not be written: the line stays as it was.
    fn update(&self, line: i64, connection: &Connection) -> Result<(), String>;
}

/// A machine and its port.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Place {
    pub(crate) host: String,
    pub(crate) port: u16,
}

/// Bytes that went over a connection.
#[derive(Debug, Default)]
pub(crate) struct Traffic {
    sent: AtomicU64,
    received: AtomicU64,
}

impl Traffic {
    pub(crate) fn send(&self, bytes: usize) {
        self.sent.fetch_add(bytes as u64, Ordering::Relaxed);
    }

    pub(crate) fn receive(&self, bytes: usize) {
        self.received.fetch_add(bytes as u64, Ordering::Relaxed);
    }
}

/// How far a connection has come.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Step {
    /// Its line is there; it is not open yet.
    Announced,
    Open,
    Ended,
}

struct Entry {
    line: i64,
    connection: Connection,
    traffic: Arc<Traffic>,
    begun: Instant,
    step: Step,
}

impl Entry {
    fn is_at(&self, place: &Place) -> bool {
        self.connection.host == place.host && self.connection.port == place.port
    }

    fn count(&mut self) {
        self.connection.sent_bytes = self.traffic.sent.load(Ordering::Relaxed);
        self.connection.received_bytes = self.traffic.received.load(Ordering::Relaxed);
    }

    fn end(&mut self, outcome: NetworkOutcome) {
        self.count();
        self.step = Step::Ended;
        self.connection.outcome = outcome;
        self.connection.duration_ms = Some(self.begun.elapsed().as_millis() as u64);
    }
}

/// The connections of a gateway, oldest first.
#[derive(Clone)]
pub(crate) struct Record {
    recorder: Arc<dyn Recorder>,
    entries: Arc<Mutex<Vec<Entry>>>,
}

impl std::fmt::Debug for Record {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Record").finish_non_exhaustive()
    }
}

impl Record {
    pub(crate) fn new(recorder: Arc<dyn Recorder>) -> Self {
        Self {
            recorder,
            entries: Arc::default(),
        }
    }

    fn entries(&self) -> MutexGuard<'_, Vec<Entry>> {
        self.entries.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Connections that were opened, or tried, so far.
    pub(crate) fn connections(&self) -> Vec<Connection> {
        let tried = |entry: &&mut Entry| entry.connection.outcome != NetworkOutcome::Refused;
        let mut entries = self.entries();
        let counted = entries.iter_mut().filter(tried).map(|entry| {
            if entry.step != Step::Ended {
                entry.count();
            }
            entry.connection.clone()
        });
        counted.collect()
    }

    /// How many lines there are; later lines begin at this number.
    pub(crate) fn mark(&self) -> usize {
        self.entries().len()
    }

    /// Enters a connection that is about to be opened. One that was announced to the same place and is not open yet is the
    /// same connection.
    pub(crate) fn announce(&self, place: &Place) -> Result<(), String> {
        let mut entries = self.entries();
        let is_announced = entries
            .last()
            .is_some_and(|last| last.step == Step::Announced && last.is_at(place));
        if is_announced {
            return Ok(());
        }
        let entry = self.entry(place, NetworkOutcome::Open, Step::Announced)?;
        entries.push(entry);
        Ok(())
    }

    /// Enters an attempt that is refused.
    pub(crate) fn refuse(&self, place: &Place) -> Result<(), String> {
        let entry = self.entry(place, NetworkOutcome::Refused, Step::Ended)?;
        self.entries().push(entry);
        Ok(())
    }

    fn entry(&self, place: &Place, outcome: NetworkOutcome, step: Step) -> Result<Entry, String> {
        let connection = Connection {
            host: place.host.clone(),
            port: place.port,
            sent_bytes: 0,
            received_bytes: 0,
            duration_ms: None,
            outcome,
        };
        Ok(Entry {
            line: self.recorder.enter(&connection)?,
            connection,
            traffic: Arc::default(),
            begun: Instant::now(),
            step,
        })
    }

    /// Whether a connection to a place is open, so that a request may go over it.
    pub(crate) fn is_open(&self, place: &Place) -> bool {
        let is_open = |entry: &Entry| entry.step == Step::Open && entry.is_at(place);
        self.entries().iter().any(is_open)
    }

    /// The connection that was announced last is open: where its bytes are counted, and which it is; `None` if it was open
    /// before.
    pub(crate) fn opened(&self) -> Option<(usize, Arc<Traffic>)> {
        let mut entries = self.entries();
        let number = entries.len().checked_sub(1)?;
        let last = entries.last_mut()?;
        if last.step != Step::Announced {
            return None;
        }
        last.step = Step::Open;
        Some((number, Arc::clone(&last.traffic)))
    }

    /// A proxy has let the last connection through to `place`.
    pub(crate) fn reached(&self, place: &Place) {
        if let Some(last) = self.entries().last_mut() {
            last.connection.host.clone_from(&place.host);
            last.connection.port = place.port;
            self.write(last);
        }
    }

    /// A connection was closed.
    pub(crate) fn ended(&self, number: usize) {
        if let Some(entry) = self.entries().get_mut(number)
            && entry.step != Step::Ended
        {
            self.finish(entry);
        }
    }

    /// A request failed: the last connection since `mark` is the one that failed.
    pub(crate) fn failed(&self, mark: usize) {
        let mut entries = self.entries();
        if let Some(last) = entries.get_mut(mark..).and_then(<[Entry]>::last_mut) {
            last.end(NetworkOutcome::Failed);
            self.write(last);
        }
    }

    /// Completes the lines of connections that nobody waits for any more.
    pub(crate) fn close(&self) {
        for entry in self.entries().iter_mut() {
            if entry.step != Step::Ended {
                self.finish(entry);
            }
        }
    }

    /// A connection over which nothing came has failed.
    fn finish(&self, entry: &mut Entry) {
        entry.count();
        entry.end(match entry.connection.received_bytes {
            0 => NetworkOutcome::Failed,
            _ => NetworkOutcome::Ok,
        });
        self.write(entry);
    }

    /// A line that cannot be brought up to date stays open in the ledger, which says so.
    fn write(&self, entry: &Entry) {
        let _stays_open = self.recorder.update(entry.line, &entry.connection);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Keeps the lines as they would be in the ledger.
    #[derive(Default)]
    struct Lines {
        lines: Mutex<Vec<Connection>>,
        is_full: bool,
    }

    impl Recorder for Lines {
        fn enter(&self, connection: &Connection) -> Result<i64, String> {
            if self.is_full {
                return Err("the disk is full".to_owned());
            }
            let mut lines = self.lines.lock().unwrap();
            lines.push(connection.clone());
            Ok(lines.len() as i64 - 1)
        }

        fn update(&self, line: i64, connection: &Connection) -> Result<(), String> {
            self.lines.lock().unwrap()[line as usize] = connection.clone();
            Ok(())
        }
    }

    fn place(host: &str) -> Place {
        Place {
            host: host.to_owned(),
            port: 443,
        }
    }

    fn told(lines: &Lines) -> Vec<(String, NetworkOutcome)> {
        let lines = lines.lines.lock().unwrap();
        lines
            .iter()
            .map(|line| (line.host.clone(), line.outcome))
            .collect()
    }

    #[test]
    fn a_line_is_there_before_the_connection_and_complete_after_it() {
        let lines = Arc::new(Lines::default());
        let record = Record::new(lines.clone());
        record.announce(&place("hub")).unwrap();
        assert_eq!(told(&lines), [("hub".to_owned(), NetworkOutcome::Open)]);
        record.announce(&place("hub")).unwrap();
        let (number, traffic) = record.opened().unwrap();
        assert!(record.is_open(&place("hub")) && !record.is_open(&place("other")));
        traffic.send(70);
        traffic.receive(9_000);
        record.ended(number);
        let line = lines.lines.lock().unwrap()[0].clone();
        assert_eq!((line.sent_bytes, line.received_bytes), (70, 9_000));
        assert_eq!(line.outcome, NetworkOutcome::Ok);
        assert!(line.duration_ms.is_some());
        // The next one to the same place is another connection.
        record.announce(&place("hub")).unwrap();
        assert_eq!(record.mark(), 2);
        record.failed(1);
        assert_eq!(told(&lines)[1].1, NetworkOutcome::Failed);
    }

    #[test]
    fn a_tunnel_is_entered_under_the_machine_that_it_reaches() {
        let lines = Arc::new(Lines::default());
        let record = Record::new(lines.clone());
        record.announce(&place("proxy")).unwrap();
        assert!(record.opened().is_some());
        assert!(record.opened().is_none(), "it is open already");
        record.reached(&place("hub"));
        assert_eq!(told(&lines), [("hub".to_owned(), NetworkOutcome::Open)]);
        record.close();
        assert_eq!(told(&lines)[0].1, NetworkOutcome::Failed, "nothing came");
    }

    #[test]
    fn what_is_refused_has_a_line_and_is_no_connection() {
        let lines = Arc::new(Lines::default());
        let record = Record::new(lines.clone());
        record.refuse(&place("hub")).unwrap();
        record.close();
        assert_eq!(told(&lines), [("hub".to_owned(), NetworkOutcome::Refused)]);
        assert_eq!(record.connections(), []);
    }

    #[test]
    fn without_a_line_there_is_no_connection() {
        let full = Lines {
            is_full: true,
            ..Lines::default()
        };
        let record = Record::new(Arc::new(full));
        assert_eq!(
            record.announce(&place("hub")),
            Err("the disk is full".to_owned())
        );
        assert_eq!(record.mark(), 0);
    }
}
