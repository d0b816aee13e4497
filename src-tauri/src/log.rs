//! The log of a run: what its worker wrote to `logs/RUN.log`, read piece by piece while it grows.
//!
//! A line is an event of the worker as JSON (`docs/cli.md`) with its time; anything else was said on standard error.

use std::fs::File;
use std::io::{ErrorKind, Read, Seek, SeekFrom};
use std::path::Path;

use contract::problem::ShellProblem;
use contract::{Event, LogEnd, LogEntry, LogRecord, StageStanding};

use crate::command::count;
use crate::dto::{AppError, LogLevel, LogLine, LogPage, LogWord};
use crate::error::Answer;

/// Bytes read at a time; the page asks for more.
const PIECE: u64 = 1 << 20;
/// Only the end of a longer log is shown; all of it is in the file.
const LONGEST: u64 = 8 << 20;

/// The complete lines from `offset` on, and where the next piece begins.
pub(crate) fn read(path: &Path, offset: u64) -> Answer<LogPage> {
    match File::open(path) {
        Ok(file) => read_from(path, file, offset),
        Err(error) if error.kind() == ErrorKind::NotFound => Ok(page(&[], offset, false, false)),
        Err(error) => Err(unreadable(path, &error)),
    }
}

/// The same from what a file holds, wherever that is.
pub(crate) fn read_from(path: &Path, mut log: impl Read + Seek, offset: u64) -> Answer<LogPage> {
    let (length, begin, bytes) =
        piece(&mut log, offset).map_err(|error| unreadable(path, &error))?;
    // The last line may still be on its way; one that fills the whole piece is taken as it is.
    let whole = bytes
        .iter()
        .rposition(|byte| *byte == b'\n')
        .map_or(0, |line_end| line_end + 1);
    let whole = if whole == 0 && bytes.len() as u64 == PIECE {
        bytes.len()
    } else {
        whole
    };
    let next = begin + whole as u64;
    let more = bytes.len() as u64 == PIECE && next < length;
    Ok(page(
        bytes.get(..whole).unwrap_or_default(),
        next,
        offset == 0 && begin > 0,
        more,
    ))
}

/// The file's length, where the piece begins, and the piece.
fn piece(file: &mut (impl Read + Seek), offset: u64) -> std::io::Result<(u64, u64, Vec<u8>)> {
    let length = file.seek(SeekFrom::End(0))?;
    let begin = if offset == 0 {
        length.saturating_sub(LONGEST)
    } else {
        offset.min(length)
    };
    file.seek(SeekFrom::Start(begin))?;
    let mut bytes = Vec::new();
    file.by_ref().take(PIECE).read_to_end(&mut bytes)?;
    Ok((length, begin, bytes))
}

fn page(bytes: &[u8], next: u64, cut: bool, more: bool) -> LogPage {
    let text = String::from_utf8_lossy(bytes);
    // The first line of the end of a long log is half a line.
    let lines = text
        .lines()
        .skip(usize::from(cut))
        .filter(|line| !line.trim().is_empty())
        .map(line);
    LogPage {
        lines: lines.collect(),
        next: next as f64,
        cut,
        more,
    }
}

fn unreadable(path: &Path, error: &std::io::Error) -> AppError {
    ShellProblem::WindowLog {
        file: path.display().to_string(),
        reason: error.to_string(),
    }
    .into()
}

fn line(text: &str) -> LogLine {
    let Ok(record) = serde_json::from_str::<LogRecord>(text) else {
        return raw(text);
    };
    let mut shown = LogLine {
        at_ms: record.at_ms.map(|at_ms| at_ms as f64),
        level: LogLevel::Info,
        event: LogWord::RunStarted,
        stage: None,
        text: String::new(),
        step: None,
        error: None,
        total_steps: None,
        loss: None,
    };
    match record.entry {
        LogEntry::Event(Event::RunStarted { run }) => shown.text = run.into(),
        LogEntry::Event(Event::Stage { name, status }) => {
            shown.event = LogWord::Stage;
            shown.stage = Some(name);
            shown.text = status.to_string();
            if status == StageStanding::Failed {
                shown.level = LogLevel::Error;
            }
        }
        LogEntry::Event(Event::Part { part, status }) => {
            shown.event = LogWord::Stage;
            shown.level = LogLevel::Detail;
            shown.stage = Some(part.stage());
            shown.text = format!("{} {status}", part.name());
        }
        LogEntry::Event(Event::Step(step)) => {
            shown.event = LogWord::Step;
            shown.level = LogLevel::Detail;
            shown.stage = Some(step.stage);
            shown.text = step.task;
            shown.step = Some(count(step.step));
            shown.total_steps = Some(count(step.total_steps));
            shown.loss = step.loss;
        }
        LogEntry::Event(Event::Sample { stage, item }) => {
            shown.event = LogWord::Sample;
            shown.level = LogLevel::Detail;
            shown.stage = Some(stage);
            shown.text = crate::run_state::sample(&item).unwrap_or_default();
        }
        LogEntry::End(LogEnd::Result { status }) => {
            shown.event = LogWord::Result;
            shown.text = status.to_string();
        }
        LogEntry::End(LogEnd::Error(report)) => {
            shown.event = LogWord::Error;
            shown.level = LogLevel::Error;
            shown.error = Some(AppError::from(&report));
        }
    }
    shown
}

/// A line of standard error: a remark, or the last words of a process that broke.
fn raw(text: &str) -> LogLine {
    let broke = text.contains("panicked at") || text.starts_with("error");
    LogLine {
        at_ms: None,
        level: if broke {
            LogLevel::Error
        } else {
            LogLevel::Warning
        },
        event: LogWord::Said,
        stage: None,
        text: text.to_owned(),
        step: None,
        error: None,
        total_steps: None,
        loss: None,
    }
}

#[cfg(test)]
mod tests {
    use std::io::Write as _;

    use contract::StageName;

    use super::*;

    const STEP: &str = r#"{"event":"step","stage":"align","task":"dpo","step":3,"total_steps":9,"loss":0.5,"lr":null,"tokens_per_s":1.5,"eta_s":2.0,"rss_bytes":8,"at_ms":7}"#;

    #[test]
    fn a_log_is_read_while_it_grows() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("r.log");
        assert!(
            read(&path, 0).unwrap().lines.is_empty(),
            "a run that never began has none"
        );
        let mut file = File::create(&path).unwrap();
        write!(
            file,
            "{STEP}\n{{\"event\":\"stage\",\"name\":\"align\",\"sta"
        )
        .unwrap();
        let first = read(&path, 0).unwrap();
        let step = &first.lines[0];
        assert_eq!(
            (first.lines.len(), step.level, step.step),
            (1, LogLevel::Detail, Some(3))
        );
        assert_eq!(
            (step.stage, step.at_ms, step.loss),
            (Some(StageName::Align), Some(7.0), Some(0.5))
        );
        writeln!(file, "tus\":\"failed\"}}\nthread 'main' panicked at x").unwrap();
        let second = read(&path, first.next as u64).unwrap();
        assert_eq!(second.lines.len(), 2);
        assert!(
            second
                .lines
                .iter()
                .all(|line| line.level == LogLevel::Error)
        );
        assert_eq!(second.lines[0].stage, Some(StageName::Align));
        assert!(read(&path, second.next as u64).unwrap().lines.is_empty());
    }

    #[test]
    fn an_error_is_handed_on_and_a_remark_is_a_warning() {
        let error =
            line(r#"{"event":"error","code":"disk_full","message":"no room","fix":"make room"}"#);
        assert_eq!(error.level, LogLevel::Error);
        assert!(matches!(error.error, Some(AppError::Told(told)) if told.message == "No room."));
        assert_eq!(
            line("Stopping: saving a checkpoint.").level,
            LogLevel::Warning
        );
    }

    #[test]
    fn of_a_long_log_the_end_is_shown() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("r.log");
        let long = format!("{STEP}\n").repeat((LONGEST as usize + (2 << 20)) / (STEP.len() + 1));
        std::fs::write(&path, &long).unwrap();
        let mut page = read(&path, 0).unwrap();
        assert!(page.cut && page.more);
        let mut lines = page.lines.len();
        while page.more {
            page = read(&path, page.next as u64).unwrap();
            lines += page.lines.len();
        }
        lines += read(&path, page.next as u64).unwrap().lines.len();
        let expected = LONGEST as usize / (STEP.len() + 1);
        assert!(lines.abs_diff(expected) <= 1, "{lines} of {expected}");
    }
}
