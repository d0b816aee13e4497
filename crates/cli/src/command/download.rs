//! models add: a model from the Hub, with progress, and the command that goes on after Ctrl-C.

use std::io::IsTerminal;
use std::process::ExitCode;
use std::sync::Arc;
use std::time::{Duration, Instant};

use contract::{CatalogueModel, DownloadLine, DownloadPaused, Downloaded, KnownModel, RunStatus};
use host::clock::now_ms;
use host::machine::disk_free_bytes;
use hub::token::access_with_token;
use hub::{Download, Gateway, HubError, Progress};
use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};
use mrds::Error;
use mrds::catalogue::named;
use mrds::ledger::Ledger;
use mrds::models::AddModel;
use project::session::Session;

use super::{Done, quoted, session, workspace};
use crate::args::{Global, ModelAdd};
use crate::failure::INTERRUPTED;
use crate::output::Output;
use crate::process;

/// What the ledger calls this command.
const COMMAND: &str = "models add";

/// Time between two lines of progress.
const LINE_EVERY: Duration = Duration::from_millis(500);

pub(super) fn add(global: &Global, args: &ModelAdd, output: &Output) -> Done {
    let session = session(global)?;
    let request = AddModel {
        hub_id: args.hub_id.clone(),
        revision: args.revision.clone(),
        gguf: args.file.clone(),
    };
    if let Some(entry) = named(&args.hub_id)? {
        output.text(licence_line(&entry.model));
    }
    // Before Ctrl-C means anything else: a keychain may ask to be unlocked.
    let mut access = access_with_token(global.offline);
    access.locked = session.network()?.locked;
    if access.locked {
        // The gateway refuses; where the system can, it refuses too.
        let _ours_alone = host::network::forbid();
    }
    let stop = process::stop_flag(
        "Stopping; what has arrived is kept. Press Ctrl-C again to stop at once.",
    );
    let purpose = format!("model {}", args.hub_id);
    let ledger = Ledger::open(&session, COMMAND, purpose, now_ms)?;
    let gateway = Gateway::new(access, stop, Arc::new(ledger));
    let mut shown = Shown::new(output);
    let added = mrds::models::add_model(
        &session,
        &request,
        &mut Download {
            gateway: &gateway,
            free_bytes: disk_free_bytes(&workspace(global)?),
            progress: &mut |progress| shown.progress(progress),
        },
        now_ms(),
    );
    shown.bar.finish_and_clear();
    let (received_bytes, connections) = (shown.received_bytes, gateway.connections().len());
    match added {
        Ok(model) => {
            output.text(sentence(&model));
            output.result(&Downloaded {
                model,
                received_bytes,
                connections,
                sha256_ok: true,
            });
            Ok(ExitCode::SUCCESS)
        }
        Err(Error::Hub(HubError::Interrupted)) => {
            let resume = resume_command(global, &session, args);
            output.text(format!(
                "Stopped; what has arrived is kept. Go on with:\n  {resume}"
            ));
            output.result(&DownloadPaused {
                hub_id: args.hub_id.clone(),
                status: RunStatus::Paused,
                resume,
                received_bytes,
                connections,
            });
            Ok(ExitCode::from(INTERRUPTED))
        }
        Err(error) => Err(error.into()),
    }
}

/// Which licence the model of the catalogue has, and where its text is.
pub(super) fn licence_line(model: &CatalogueModel) -> String {
    let read = if model.has_terms() {
        "It limits what the model may be used for: read it with"
    } else {
        "Its text:"
    };
    format!(
        "{} is under the {} ({}). {read} `duologue models licence {}`",
        model.hub_id,
        model.licence.title(),
        model.licence,
        model.name
    )
}

fn sentence(model: &KnownModel) -> String {
    let licence = model
        .source
        .as_ref()
        .and_then(|source| source.licence.as_deref());
    format!(
        "{} is here: {:.1} M parameters, licence {}, every file checked.\nFolder: {}",
        model.name,
        model.parameters as f64 / 1e6,
        licence.unwrap_or("not stated"),
        model.path
    )
}

fn resume_command(global: &Global, session: &Session, args: &ModelAdd) -> String {
    let mut command = "duologue".to_owned();
    if global.workspace.is_some() {
        command += &format!(
            " --workspace {}",
            quoted(&session.workspace().display().to_string())
        );
    }
    command += &format!(" models add {}", quoted(&args.hub_id));
    if args.revision != mrds::models::MAIN {
        command += &format!(" --revision {}", quoted(&args.revision));
    }
    if let Some(file) = &args.file {
        command += &format!(" --file {}", quoted(file));
    }
    command
}

/// A bar for people, lines for programs.
struct Shown<'a> {
    output: &'a Output,
    bar: ProgressBar,
    begun: Instant,
    last_line: Option<Instant>,
    received_bytes: u64,
}

impl<'a> Shown<'a> {
    fn new(output: &'a Output) -> Self {
        let hidden = output.json && !std::io::stderr().is_terminal();
        let target = if hidden {
            ProgressDrawTarget::hidden()
        } else {
            ProgressDrawTarget::stderr()
        };
        let bar = ProgressBar::with_draw_target(None, target);
        let template = "{prefix:38!} {bar:24} {bytes}/{total_bytes} {bytes_per_sec} {eta} left";
        if let Ok(style) = ProgressStyle::with_template(template) {
            bar.set_style(style.progress_chars("=> "));
        }
        Self {
            output,
            bar,
            begun: Instant::now(),
            last_line: None,
            received_bytes: 0,
        }
    }

    fn progress(&mut self, progress: &Progress<'_>) {
        if self.received_bytes == 0 {
            // The rate is that of the network: what was here before does not count.
            self.begun = Instant::now();
            self.bar.set_length(progress.total_bytes);
            self.bar.set_position(progress.done_bytes);
            self.bar.reset_eta();
        }
        self.received_bytes = progress.received_bytes;
        self.bar.set_prefix(progress.file.to_owned());
        self.bar.set_position(progress.done_bytes);
        let whole = progress.done_bytes == progress.total_bytes;
        if !whole
            && self
                .last_line
                .is_some_and(|last| last.elapsed() < LINE_EVERY)
        {
            return;
        }
        self.last_line = Some(Instant::now());
        let seconds = self.begun.elapsed().as_secs_f64().max(1e-3);
        let bytes_per_s = progress.received_bytes as f64 / seconds;
        let eta_s = (progress.total_bytes - progress.done_bytes.min(progress.total_bytes)) as f64
            / bytes_per_s;
        self.output.line(&DownloadLine {
            file: progress.file.to_owned(),
            file_done_bytes: progress.file_done_bytes,
            file_bytes: progress.file_bytes,
            done_bytes: progress.done_bytes,
            total_bytes: progress.total_bytes,
            bytes_per_s: Some(bytes_per_s),
            eta_s: Some(eta_s),
        });
    }
}
