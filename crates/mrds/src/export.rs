//! Taking a trained adapter out of the workspace: in PEFT's format, merged into the base model, or for llama.cpp; and
//! the proof that the exported files compute what the workspace's adapter computes.

use contract::problem::WrongState;
use contract::{ExportStep, Exported, FileAction, GgufType, LeakVerdict, Replay, RunId};
use std::fs;
use std::path::{Path, PathBuf};

use host::file::DraftFolder;
use lm::files::export::{write_gguf, write_gguf_adapter, write_merged};
use lm::infer::score::{Completion, score};
use lm::lora::Adapter;
use lm::{Checkpoint, LanguageModel};
use project::handover::Trained;
use project::leak_audit::RunLeaks;
use project::recipe::Recipe;
use project::session::{Departure, Left, OnStep, Session, announce};
use serde::Serialize;

use crate::error::{Error, Result};
use crate::kept;
use crate::prompt::Prompts;
use crate::selection::choose;
use crate::worker::model_of;

/// Validation items that are scored with both.
const REPLAY_ITEMS: usize = 8;

/// In which form.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ExportFormat {
    /// The adapter alone, as PEFT reads it.
    Peft,
    /// The base model with the adapter merged into it, as a Hugging Face folder.
    Merged,
    /// The same as one GGUF file.
    Gguf(GgufType),
    /// The adapter alone, as llama.cpp reads it.
    GgufAdapter,
}

impl ExportFormat {
    /// How far a log-probability may move for each token, in nats: rounding of sums; of weights to 16 bits; to 8; to 4.
    const fn tolerance_per_token(self) -> f64 {
        match self {
            Self::Peft | Self::GgufAdapter => 1e-4,
            Self::Merged | Self::Gguf(GgufType::F16) => 0.02,
            Self::Gguf(GgufType::Q8_0) => 0.05,
            Self::Gguf(GgufType::Q4KM) => 0.5,
        }
    }
}

/// An exported file.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct ExportedFile {
    /// Its path.
    pub path: PathBuf,
    /// Its size in bytes.
    pub bytes: u64,
    /// Its SHA-256 in hexadecimal.
    pub sha256: String,
}

/// What was written, and the proof.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Export {
    /// Every file that was written.
    pub files: Vec<ExportedFile>,
    /// The proof; none for a GGUF adapter, which only llama.cpp reads.
    pub replay: Option<Replay>,
}

/// Prompt and completion, as tokens.
type Item = (Vec<u32>, Vec<u32>);

/// What is to be written, and where.
#[derive(Clone, Copy, Debug)]
pub struct ExportRequest<'a> {
    /// The run.
    pub run: &'a RunId,
    /// Which of its adapters.
    pub which: Exported,
    /// In which form.
    pub format: ExportFormat,
    /// A new or empty folder.
    pub to: &'a Path,
}

/// Writes an adapter of a run to an empty or new folder, reads it back and scores validation items with both. The
/// folder appears only when it is complete.
///
/// # Errors
/// [`RunProblem::Leak`](contract::problem::RunProblem::Leak) if what the run made gives conversations away and no
/// reason is given; [`RunProblem::Interrupted`](contract::problem::RunProblem::Interrupted) if `on_step` said so;
/// whatever reading and writing may meet.
pub fn export_adapter(
    session: &Session,
    request: &ExportRequest<'_>,
    departure: &Departure<'_>,
    on_step: OnStep<'_>,
) -> Result<Export> {
    let ExportRequest {
        run,
        which,
        format,
        to,
    } = *request;
    let Trained {
        stage,
        role,
        leaving,
    } = Trained::of(which);
    let sha256 = crate::demo::adapter_of(session, run, stage, role)?;
    let row = session.store().run(run)?;
    let recipe = Recipe::from_toml(&row.recipe)?;
    let path = Path::new(&row.model_path);
    refuse_occupied(to)?;
    announce(ExportStep::Audit, on_step)?;
    let leaks = session.may_leave(run, leaving, departure)?;
    announce(ExportStep::Load, on_step)?;
    let model = model_of(&row, &recipe, row.device)?;
    let adapter = kept::load_adapter(session.store(), &sha256, &model.decoder)?;
    let items = replay_items(session, &row, &recipe, which, &model)?;
    let card = card(&row, role, &leaks, departure);
    announce(ExportStep::Write, on_step)?;
    let draft = begin(to)?;
    write(path, &adapter, format, draft.path(), &card)?;
    let replay = match format {
        ExportFormat::GgufAdapter => None,
        _ => {
            announce(ExportStep::Replay, on_step)?;
            Some(replay(
                &model,
                &adapter,
                format,
                draft.path(),
                &items,
                recipe.tokens_per_microbatch,
            )?)
        }
    };
    commit(draft, to)?;
    let left = Left {
        run,
        leaving,
        role: Some(role),
        to,
    };
    session.log_departure(&left, &leaks, departure)?;
    Ok(Export {
        files: listed(to)?,
        replay,
    })
}

/// A folder beside the destination, so that an export stopped half-way leaves nothing behind.
fn begin(to: &Path) -> Result<DraftFolder> {
    DraftFolder::create(to, false).map_err(|error| Error::io(FileAction::Create, to, &error))
}

fn commit(draft: DraftFolder, to: &Path) -> Result<()> {
    draft
        .commit()
        .map_err(|error| Error::io(FileAction::Write, to, &error))
}

fn replay_items(
    session: &Session,
    row: &store::RunRow,
    recipe: &Recipe,
    which: Exported,
    model: &LanguageModel,
) -> Result<Vec<Item>> {
    let rows = session.store().examples(row.dataset_id, None)?;
    let plan = choose(&row.dataset_name, &rows, recipe, row.seed, model)?;
    let prompts = Prompts::new(model, recipe);
    let item = |example: &crate::selection::Example| -> Result<Item> {
        Ok(match which {
            Exported::Summarizer => (
                prompts.summarize(&example.dialogue)?,
                prompts.completion(&example.summary)?,
            ),
            Exported::Synthesizer => (
                prompts.dialogue(&example.summary)?,
                prompts.completion(&example.dialogue)?,
            ),
        })
    };
    plan.data
        .validation
        .iter()
        .take(REPLAY_ITEMS)
        .map(item)
        .collect()
}

/// Exports a model folder or GGUF file, with an adapter folder merged into it if one is given; no run is needed, and
/// nothing is replayed.
pub fn export_model(
    model: &Path,
    adapter: Option<&Path>,
    format: ExportFormat,
    to: &Path,
) -> Result<Export> {
    refuse_occupied(to)?;
    let checkpoint = Checkpoint::open(model)?;
    let config = checkpoint.config()?;
    // What is written is of no use without a tokenizer.
    checkpoint.tokenizer(&config)?;
    let load = |folder: &Path| Adapter::load(folder, &config, &lm::Device::Cpu);
    let adapter = adapter.map(load).transpose()?;
    let name = model.file_name().unwrap_or_default().to_string_lossy();
    let card = format!(
        "# {name}\n\nWritten by Duologue{}.\n",
        if adapter.is_some() {
            ", with an adapter merged into it"
        } else {
            ""
        }
    );
    if adapter.is_none() && matches!(format, ExportFormat::Peft | ExportFormat::GgufAdapter) {
        return Err(WrongState::AdapterNeeded.into());
    }
    let draft = begin(to)?;
    let aside = draft.path();
    match (&adapter, format) {
        (Some(adapter), _) => write(model, adapter, format, aside, &card)?,
        (None, ExportFormat::Gguf(kind)) => {
            write_gguf(&checkpoint, None, kind, &gguf_path(aside, kind))?;
            write_card(aside, &card)?;
        }
        (None, _) => write_merged(&checkpoint, None, aside, &card)?,
    }
    commit(draft, to)?;
    Ok(Export {
        files: listed(to)?,
        replay: None,
    })
}

fn write(
    model: &Path,
    adapter: &Adapter,
    format: ExportFormat,
    to: &Path,
    card: &str,
) -> Result<()> {
    let checkpoint = Checkpoint::open(model)?;
    match format {
        ExportFormat::Peft => adapter.export(to, &checkpoint.config()?)?,
        ExportFormat::Merged => write_merged(&checkpoint, Some(adapter), to, card)?,
        ExportFormat::Gguf(kind) => {
            write_gguf(&checkpoint, Some(adapter), kind, &gguf_path(to, kind))?;
            write_card(to, card)?;
        }
        ExportFormat::GgufAdapter => {
            write_gguf_adapter(adapter, &checkpoint.config()?, &to.join("adapter.gguf"))?;
        }
    }
    Ok(())
}

/// Scores the items with the workspace's adapter and with what was written.
fn replay(
    model: &LanguageModel,
    ours: &Adapter,
    format: ExportFormat,
    to: &Path,
    items: &[Item],
    tokens: usize,
) -> Result<Replay> {
    let batch: Vec<Completion<'_>> = items
        .iter()
        .map(|(p, c)| Completion {
            prompt_ids: p,
            completion_ids: c,
        })
        .collect();
    let expected = score(&model.decoder, Some(ours), &batch, tokens)?;
    let device = &model.decoder.device;
    let found = match format {
        ExportFormat::Peft | ExportFormat::GgufAdapter => {
            let theirs = Adapter::load(to, &model.decoder.config, device)?;
            score(&model.decoder, Some(&theirs), &batch, tokens)?
        }
        ExportFormat::Merged | ExportFormat::Gguf(_) => score(
            &LanguageModel::load(to, device)?.decoder,
            None,
            &batch,
            tokens,
        )?,
    };
    let diffs = expected
        .iter()
        .zip(&found)
        .map(|(a, b)| ((a.logp_sum - b.logp_sum).abs(), a.n_tokens.max(1) as f64));
    let (max_logp_diff, max_logp_diff_per_token) = diffs
        .fold((0.0, 0.0), |(sum, token): (f64, f64), (diff, n)| {
            (sum.max(diff), token.max(diff / n))
        });
    let tolerance_per_token = format.tolerance_per_token();
    let equal = max_logp_diff_per_token <= tolerance_per_token;
    Ok(Replay {
        items: items.len(),
        max_logp_diff,
        max_logp_diff_per_token,
        tolerance_per_token,
        equal,
    })
}

fn refuse_occupied(to: &Path) -> Result<()> {
    if fs::read_dir(to).is_ok_and(|mut entries| entries.next().is_some()) {
        return Err(WrongState::FolderNotEmpty {
            file: to.display().to_string(),
        }
        .into());
    }
    Ok(())
}

fn gguf_path(to: &Path, kind: GgufType) -> PathBuf {
    to.join(format!("model-{}.gguf", kind.as_str()))
}

fn write_card(to: &Path, card: &str) -> Result<()> {
    let path = to.join("README.md");
    host::file::write(&path, card.as_bytes())
        .map_err(|error| Error::io(FileAction::Write, &path, &error))
}

/// The model card of a merged model: what it is, what it was made from, what is known about it.
fn card(row: &store::RunRow, role: &str, leaks: &RunLeaks, departure: &Departure<'_>) -> String {
    let task = if role == "dpo_separate" {
        "writes a dialogue for a summary"
    } else {
        "summarizes a dialogue"
    };
    let because = match (leaks.verdict, departure.reason) {
        (LeakVerdict::Stop, Some(reason)) => format!(", written all the same because: {reason}"),
        _ => String::new(),
    };
    format!(
        "# {model}, adapted with Duologue\n\n\
         This model {task}. It is `{model}` with a LoRA adapter merged into it.\n\n\
         - Base model: `{model}` ({parameters} parameters; SHA-256 of its files `{id}`). Its licence applies to this \
         model too.\n\
         - Method: MRDS (Lu et al., arXiv 2502.17328), adapter `{role}` of run `{run}`, seed {seed}, Duologue \
         {version}.\n\
         - Data: examples of the data set `{dataset}`, and dialogues and summaries that the base model made up from \
         them on the same computer.\n\
         - What its run's texts give away of the examples: {verdict} (longest passage {longest} words, {leaking} of {texts} \
         texts){because}. Duologue looked at texts; nobody can show that nothing can be extracted from a model.\n\
         - Known limits: see the run's report for scores with intervals. Nothing else was measured; check its \
         summaries before relying on them.\n",
        model = row.model_name,
        parameters = row.model_parameters,
        id = row.model_id,
        run = row.id,
        seed = row.seed,
        version = row.version,
        dataset = row.dataset_name,
        verdict = leaks.verdict,
        longest = leaks.longest_run,
        leaking = leaks.parts.iter().map(|part| part.leaking).sum::<usize>(),
        texts = leaks.n,
    )
}

fn listed(folder: &Path) -> Result<Vec<ExportedFile>> {
    let io = |error: std::io::Error| Error::io(FileAction::Read, folder, &error);
    let mut files = Vec::new();
    for entry in fs::read_dir(folder).map_err(io)? {
        let path = entry.map_err(io)?.path();
        let bytes = fs::metadata(&path).map_err(io)?.len();
        files.push(ExportedFile {
            bytes,
            sha256: lm::file_sha256(&path)?,
            path,
        });
    }
    files.sort_by(|a, b| a.path.cmp(&b.path));
    Ok(files)
}
