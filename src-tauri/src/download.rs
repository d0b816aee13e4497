//! A model being downloaded: `duologue models add` in a separate process, one at a time. The window opens no
//! connection; what that process opens is recorded in the workspace's ledger.

use std::process::{Child, Stdio};
use std::sync::{Mutex, PoisonError};

use contract::problem::ShellProblem;
use contract::{Download, DownloadLine};

use crate::dto::DownloadEvent;
use crate::error::Answer;
use crate::place::Place;
use crate::worker::{begin, command, last_line, lines, silent};

/// The download in progress.
#[derive(Default)]
pub(crate) struct Downloads {
    process: Mutex<Option<u32>>,
}

impl Downloads {
    /// Fetches a model (or continues fetching it) and passes its progress on. Returns when it has arrived, or was
    /// paused or refused.
    pub(crate) fn fetch(
        &self,
        place: &Place,
        hub_id: &str,
        send: impl Fn(DownloadEvent),
    ) -> Answer<()> {
        let mut child = self.start(place, hub_id)?;
        let mut answer = None;
        for line in lines(&mut child) {
            if let Ok(step) = serde_json::from_str::<DownloadLine>(&line) {
                send(DownloadEvent::Download {
                    file: step.file,
                    done_bytes: step.done_bytes as f64,
                    total_bytes: step.total_bytes as f64,
                    bytes_per_s: step.bytes_per_s,
                    eta_s: step.eta_s,
                });
            } else {
                answer = last_line::<Download>(&line).or(answer);
            }
        }
        // The exit code adds nothing to the last line.
        let _status = child.wait();
        *self.process.lock().unwrap_or_else(PoisonError::into_inner) = None;
        send(match answer.unwrap_or_else(|| Err(silent(place)))? {
            Download::Done(downloaded) => DownloadEvent::Done {
                path: downloaded.model.path,
            },
            Download::Paused(_) => DownloadEvent::Paused,
        });
        Ok(())
    }

    /// Asks the download to stop; it keeps what it has.
    pub(crate) fn pause(&self) {
        let process = *self.process.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(process) = process {
            host::process::ask_to_end(process);
        }
    }

    fn start(&self, place: &Place, hub_id: &str) -> Answer<Child> {
        let mut slot = self.process.lock().unwrap_or_else(PoisonError::into_inner);
        if slot.is_some() {
            return Err(ShellProblem::WindowDownloadBusy.into());
        }
        let mut download = command(place, "download.log")?;
        download
            .args(["models", "add", hub_id])
            .stdout(Stdio::piped());
        let child = begin(place, &mut download)?;
        *slot = Some(child.id());
        Ok(child)
    }
}

#[cfg(test)]
#[cfg(unix)]
mod tests {
    use std::os::unix::fs::PermissionsExt;

    use contract::{DownloadPaused, Downloaded, ErrorCode, KnownModel, RunStatus};

    use super::*;

    /// Fetches with a shell script in the place of the binary; pauses at the first word.
    fn fetch(script: &str, pause: bool) -> (Answer<()>, Vec<DownloadEvent>) {
        let folder = tempfile::tempdir().unwrap();
        let cli = folder.path().join("duologue");
        std::fs::write(&cli, format!("#!/bin/sh\n{script}\n")).unwrap();
        std::fs::set_permissions(&cli, std::fs::Permissions::from_mode(0o755)).unwrap();
        let place = Place {
            workspace: folder.path().join("workspace"),
            cli: Some(cli),
            bundle: None,
            read_only: false,
            missing: None,
            key: crate::place::Unlocked::default(),
        };
        let (downloads, events) = (Downloads::default(), Mutex::new(Vec::new()));
        let answer = downloads.fetch(&place, "a/b", |event| {
            events.lock().unwrap().push(event);
            if pause {
                downloads.pause();
            }
        });
        (answer, events.into_inner().unwrap())
    }

    const STEP: &str = "echo '{\"event\":\"download\",\"file\":\"m\",\"done_bytes\":1,\"total_bytes\":4,\
                        \"bytes_per_s\":null,\"eta_s\":2.5}'";

    /// A shell command that prints an answer of `models add`.
    fn prints(answer: &Download) -> String {
        let fields = serde_json::to_string(answer).unwrap();
        format!("echo '{{\"event\":\"result\",{}'", &fields[1..])
    }

    #[test]
    fn a_download_says_where_it_is_and_where_it_lies() {
        let done = Download::Done(Downloaded {
            model: KnownModel {
                id: "0".into(),
                name: "b".into(),
                path: "/m".into(),
                parameters: 1,
                bytes: 4,
                added_at_ms: 0,
                context_tokens: Some(64),
                present: true,
                source: None,
                runs: Vec::new(),
            },
            received_bytes: 4,
            connections: 1,
            sha256_ok: true,
        });
        let (answer, events) = fetch(&format!("{STEP}\n{}", prints(&done)), false);
        answer.unwrap();
        assert!(
            matches!(&events[0], DownloadEvent::Download { done_bytes, .. } if *done_bytes == 1.0)
        );
        assert_eq!(events[1], DownloadEvent::Done { path: "/m".into() });
    }

    #[test]
    fn a_pause_reaches_the_process() {
        // Ctrl-C's signal is ignored from birth where a script has started all of this in the background.
        let paused = prints(&Download::Paused(DownloadPaused {
            hub_id: "a/b".into(),
            status: RunStatus::Paused,
            resume: "duologue models add a/b".into(),
            received_bytes: 1,
            connections: 1,
        }));
        let script = format!(
            "stopped() {{ {paused}; exit 130; }}\n\
             trap '' INT\n\
             trap stopped TERM\n\
             {STEP}\n\
             for tenth in $(seq 300); do sleep 0.1; done; echo 'no signal came' >&2; exit 1"
        );
        let (answer, events) = fetch(&script, true);
        answer.unwrap();
        assert_eq!(events.last(), Some(&DownloadEvent::Paused));
    }

    #[test]
    fn a_refusal_keeps_its_code() {
        let (answer, _) = fetch(
            "echo '{\"event\":\"error\",\"code\":\"gated\",\"message\":\"m\",\"fix\":\"\"}'",
            false,
        );
        assert_eq!(answer.unwrap_err().code(), ErrorCode::Gated);
    }
}
