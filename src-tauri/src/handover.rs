//! Something of a run being written out: the `duologue` binary in a separate process, one at a time, so that it can be stopped
//! and the window stays free.

use std::path::Path;
use std::process::{Child, Stdio};
use std::sync::{Mutex, PoisonError};

use contract::problem::{RunProblem, ShellProblem};
use contract::{
    DatasetName, Deliverable, ExportLine, Exported, HandOver, HandedOver, Problem, Replay,
};
use host::file::tree_bytes;
use project::handover::{free_place, name};
use serde::Deserialize;

use crate::dto::{AppError, HandOverEvent};
use crate::error::Answer;
use crate::place::Place;
use crate::worker::{begin, command, last_line, lines, silent};

/// The export in progress.
#[derive(Default)]
pub(crate) struct Exports {
    process: Mutex<Option<u32>>,
}

/// What the window reads of the last line; the commands say more.
#[derive(Deserialize)]
struct Written {
    #[serde(default)]
    replay: Option<Replay>,
}

impl Exports {
    /// Writes something into a folder under a name that is free there, and passes its progress on. Returns when it is
    /// there, or was stopped or refused.
    pub(crate) fn write(
        &self,
        place: &Place,
        request: &HandOver,
        send: impl Fn(HandOverEvent),
    ) -> Answer<()> {
        let row = place.session()?.run(&request.run)?;
        let to = free_place(Path::new(&request.folder), &name(&row, request.deliverable));
        let path = to.display().to_string();
        let mut child = self.start(place, &arguments(request, &row.dataset_name, &path))?;
        let mut answer = None;
        for line in lines(&mut child) {
            if let Ok(ExportLine { step }) = serde_json::from_str(&line) {
                send(HandOverEvent::Step { step });
            } else {
                answer = last_line::<Written>(&line).or(answer);
            }
        }
        // The exit code adds nothing to the last line.
        let _status = child.wait();
        *self.process.lock().unwrap_or_else(PoisonError::into_inner) = None;
        send(match answer.unwrap_or_else(|| Err(silent(place))) {
            Ok(Written { replay }) => HandOverEvent::Done {
                written: HandedOver {
                    bytes: tree_bytes(&to),
                    path,
                    replay,
                },
            },
            Err(AppError::Problem(Problem::Run(RunProblem::Interrupted(_)))) => {
                HandOverEvent::Stopped
            }
            Err(error) => return Err(error),
        });
        Ok(())
    }

    /// Asks the export to stop; it leaves nothing behind.
    pub(crate) fn stop(&self) {
        let process = *self.process.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(process) = process {
            host::process::ask_to_end(process);
        }
    }

    fn start(&self, place: &Place, arguments: &[String]) -> Answer<Child> {
        let mut slot = self.process.lock().unwrap_or_else(PoisonError::into_inner);
        if slot.is_some() {
            return Err(ShellProblem::WindowExportBusy.into());
        }
        let mut export = command(place, "export.log")?;
        export.args(arguments).stdout(Stdio::piped());
        let child = begin(place, &mut export)?;
        *slot = Some(child.id());
        Ok(child)
    }
}

/// The command that writes it. A name that begins with a dash is still a name.
fn arguments(request: &HandOver, dataset: &DatasetName, to: &str) -> Vec<String> {
    let run = request.run.as_str();
    let export = |adapter: Exported, form: &str| format!("export --adapter={adapter} --as={form}");
    let (command, whose) = match request.deliverable {
        Deliverable::Peft { adapter } => (export(adapter, "peft"), run),
        Deliverable::Merged { adapter } => (export(adapter, "merged"), run),
        Deliverable::Gguf { adapter, gguf_type } => {
            let command = export(adapter, "gguf");
            (format!("{command} --gguf-type={gguf_type}"), run)
        }
        Deliverable::GgufAdapter { adapter } => (export(adapter, "gguf_adapter"), run),
        Deliverable::Dataset { .. } => ("datasets".to_owned(), dataset.as_str()),
        Deliverable::Recipe => ("recipe".to_owned(), ""),
        Deliverable::Bundle => ("pack".to_owned(), run),
        Deliverable::Report { .. } => {
            let texts = if request.texts { "" } else { " --no-texts" };
            (
                format!("report --language={}{texts}", request.language),
                run,
            )
        }
    };
    let mut words: Vec<String> = command.split(' ').map(str::to_owned).collect();
    words.push(format!("--to={to}"));
    match request.deliverable {
        Deliverable::Recipe => words.push(format!("--run={run}")),
        Deliverable::Dataset { .. } | Deliverable::Report { .. } => {}
        _ => {
            let reason = request.reason.as_deref().map(str::trim);
            let reason = reason.filter(|reason| !reason.is_empty());
            words.extend(reason.map(|reason| format!("--override-leak={reason}")));
        }
    }
    if !whose.is_empty() {
        words.extend(["--".to_owned(), whose.to_owned()]);
    }
    words
}

#[cfg(test)]
mod tests {
    use super::*;
    use contract::{DatasetForm, GgufType, Language, ReportForm};

    fn request(deliverable: Deliverable, reason: Option<&str>) -> HandOver {
        HandOver {
            run: "r-1".into(),
            deliverable,
            folder: "/to".into(),
            reason: reason.map(str::to_owned),
            texts: false,
            language: Language::German,
        }
    }

    #[test]
    fn a_request_becomes_the_command_line() {
        let words = |deliverable, reason| {
            arguments(&request(deliverable, reason), &"-notes".into(), "/to/x").join(" ")
        };
        let adapter = Exported::Summarizer;
        let gguf_type = GgufType::Q8_0;
        assert_eq!(
            words(Deliverable::Gguf { adapter, gguf_type }, Some(" invented ")),
            "export --adapter=summarizer --as=gguf --gguf-type=q8_0 --to=/to/x --override-leak=invented -- r-1"
        );
        let form = DatasetForm::Csv;
        assert_eq!(
            words(Deliverable::Dataset { form }, Some("why")),
            "datasets --to=/to/x -- -notes"
        );
        assert_eq!(
            words(Deliverable::Recipe, None),
            "recipe --to=/to/x --run=r-1"
        );
        let form = ReportForm::Html;
        assert_eq!(
            words(Deliverable::Report { form }, None),
            "report --language=de --no-texts --to=/to/x -- r-1"
        );
        assert_eq!(
            words(Deliverable::Bundle, Some(" ")),
            "pack --to=/to/x -- r-1"
        );
    }
}
