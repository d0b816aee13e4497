//! models: what is on this computer, checked, and removed on request.

use std::io::{BufRead, IsTerminal};
use std::path::PathBuf;
use std::process::ExitCode;

use contract::{
    Catalogue, CatalogueLine, DeviceChoice, Fit, FolderFit, FolderFits, KnownModel, LicenceText,
    MethodMemory, Proof, excerpt,
};
use lm::probe::gemm_flops_per_s;
use mrds::catalogue::{CatalogueEntry, catalogue, fit as compare, licence_text, named, needs_of};
use mrds::forecast::usual_seconds;
use mrds::models::{Removal, Unfinished};
use project::session::Session;

use super::plan::duration;
use super::work::model_folder;
use super::{Done, download, login, memory_free_bytes, session};
use crate::answer::{ModelRemoval, Models};
use crate::args::{Global, ModelAction};
use crate::failure::Failure;
use crate::output::{Output, note};
use crate::table::Table;

pub(super) fn models(global: &Global, action: &ModelAction, output: &Output) -> Done {
    match action {
        ModelAction::Add(args) => download::add(global, args, output),
        ModelAction::List {
            catalogue: true, ..
        } => list_catalogue(global.device, output),
        ModelAction::List { fit, .. } if !fit.is_empty() => list_fits(fit, global.device, output),
        ModelAction::List { .. } => list(&session(global)?, output),
        ModelAction::Licence { model } => licence(model, output),
        ModelAction::Verify { model } => verify(global, model, output),
        ModelAction::Login => login::login(output),
        ModelAction::Logout => login::logout(output),
        ModelAction::Remove { model, yes } => remove(&session(global)?, model, *yes, output),
    }
}

fn list(session: &Session, output: &Output) -> Done {
    let (models, unfinished) = (
        mrds::models::known_models(session)?,
        mrds::models::unfinished_models(session)?,
    );
    output.text(if models.is_empty() && unfinished.is_empty() {
        "No model here yet. `duologue models add OWNER/NAME` downloads one; a run remembers its model.".into()
    } else {
        listing(&models, &unfinished)
    });
    output.result(&Models { models, unfinished });
    Ok(ExitCode::SUCCESS)
}

pub(super) fn listing(models: &[KnownModel], unfinished: &[Unfinished]) -> String {
    let mut table = Table::new(&[
        "model",
        "parameters",
        "size",
        "licence",
        "context",
        "runs",
        "folder",
    ]);
    for model in models {
        let licence = model
            .source
            .as_ref()
            .and_then(|source| source.licence.clone());
        let gone = if model.present { "" } else { " (gone)" };
        table.row(vec![
            model.name.to_string(),
            format!("{:.1} M", model.parameters as f64 / 1e6),
            megabytes(model.bytes),
            licence.unwrap_or_else(|| "–".into()),
            model
                .context_tokens
                .map_or("–".into(), |tokens| tokens.to_string()),
            model.runs.len().to_string(),
            format!("{}{gone}", model.path),
        ]);
    }
    let mut text = if models.is_empty() {
        String::new()
    } else {
        table.to_string()
    };
    for model in unfinished {
        let (id, size) = (&model.hub_id, megabytes(model.bytes));
        text += &format!("Unfinished: {id} ({size}); go on with `duologue models add {id}`.\n");
    }
    text
}

/// A fit for people.
fn in_words(fit: Option<Fit>) -> String {
    fit.map_or("unknown", Fit::as_str).replace('_', " ")
}

/// The catalogue with what each model needs, compared with the memory that is free now.
fn list_catalogue(device: DeviceChoice, output: &Output) -> Done {
    let free_bytes = memory_free_bytes(device);
    let flops_per_s = gemm_flops_per_s()?;
    let line = |entry: CatalogueEntry| {
        Ok(CatalogueLine {
            fit: free_bytes.map(|free| compare(entry.model.memory.dpo_bytes, free)),
            seconds: usual_seconds(&entry.config, flops_per_s)?,
            model: entry.model,
        })
    };
    let lines: Result<Vec<CatalogueLine>, Failure> = catalogue()?.into_iter().map(line).collect();
    let listed = Catalogue {
        catalogue: lines?,
        memory_free_bytes: free_bytes,
    };
    output.text(catalogue_text(&listed));
    output.result(&listed);
    Ok(ExitCode::SUCCESS)
}

pub(super) fn catalogue_text(listed: &Catalogue) -> String {
    let mut table = Table::new(&[
        "model",
        "licence",
        "tried",
        "weights",
        "context",
        "use",
        "LoRA",
        "QLoRA",
        "DPO",
        "a run here",
        "takes",
    ]);
    let mut whys = String::new();
    for CatalogueLine {
        model,
        fit,
        seconds,
    } in &listed.catalogue
    {
        table.row(vec![
            model.hub_id.clone(),
            model.licence.to_string(),
            tried(model.proof).to_owned(),
            gigabytes(model.download_bytes),
            model.context_tokens.to_string(),
            gigabytes(model.memory.inference_bytes),
            gigabytes(model.memory.lora_bytes),
            gigabytes(model.memory.qlora_bytes),
            gigabytes(model.memory.dpo_bytes),
            in_words(*fit),
            duration(*seconds),
        ]);
        whys += &format!("{}: {}\n", model.hub_id, model.why);
    }
    format!(
        "{table}\n{whys}\nProven: a published file of the model gives what transformers computes (docs/models.md). Memory in GB and \
         time of a run on 100 dialogues with the default recipe, on this processor; {} GB are free here. \
         `duologue models licence ID` prints a licence, `duologue models add ID` downloads a model.",
        listed.memory_free_bytes.map_or("?".to_owned(), gigabytes)
    )
}

fn tried(proof: Proof) -> &'static str {
    match proof {
        Proof::Proven => "proven",
        Proof::NotTried => "not here",
    }
}

/// Every word of the licence of a model of the catalogue.
fn licence(model: &str, output: &Output) -> Done {
    let entry = named(model)?.ok_or_else(|| {
        Failure::usage(
            format!("the catalogue has no model `{}`", excerpt(model)),
            "`duologue models list --catalogue` lists its models; the licence of another stands on its page on the Hub.",
        )
    })?;
    let licence = entry.model.licence;
    let text = licence_text(licence);
    output.text(text.trim_end());
    output.result(&LicenceText {
        name: entry.model.name,
        hub_id: entry.model.hub_id,
        licence,
        title: licence.title().to_owned(),
        address: licence.address().to_owned(),
        text: text.to_owned(),
    });
    Ok(ExitCode::SUCCESS)
}

/// What a run on each folder's model needs, compared with the memory that is free now; null if it is not one.
fn list_fits(folders: &[PathBuf], device: DeviceChoice, output: &Output) -> Done {
    let free_bytes = memory_free_bytes(device);
    let flops_per_s = gemm_flops_per_s()?;
    let fit = |folder: &PathBuf| {
        let (memory, config) = needs_of(folder).ok().unzip();
        let seconds = config.and_then(|config| usual_seconds(&config, flops_per_s).ok());
        FolderFit {
            path: folder.display().to_string(),
            memory,
            seconds,
            fit: memory
                .zip(free_bytes)
                .map(|(memory, free)| compare(memory.dpo_bytes, free)),
        }
    };
    let found = FolderFits {
        fits: folders.iter().map(fit).collect(),
        memory_free_bytes: free_bytes,
    };
    output.text(fit_table(&found.fits).to_string());
    output.result(&found);
    Ok(ExitCode::SUCCESS)
}

pub(super) fn fit_table(fits: &[FolderFit]) -> Table {
    let mut table = Table::new(&[
        "folder",
        "use",
        "LoRA",
        "QLoRA",
        "DPO",
        "a run here",
        "takes",
    ]);
    for FolderFit {
        path,
        memory,
        fit,
        seconds,
    } in fits
    {
        let size = |bytes: fn(&MethodMemory) -> u64| {
            memory
                .as_ref()
                .map_or("–".to_owned(), |memory| gigabytes(bytes(memory)))
        };
        table.row(vec![
            path.clone(),
            size(|memory| memory.inference_bytes),
            size(|memory| memory.lora_bytes),
            size(|memory| memory.qlora_bytes),
            size(|memory| memory.dpo_bytes),
            in_words(*fit),
            seconds.map_or("–".to_owned(), duration),
        ]);
    }
    table
}

fn gigabytes(bytes: u64) -> String {
    format!("{:.1}", bytes as f64 / 1e9)
}

fn megabytes(bytes: u64) -> String {
    format!("{:.1} MB", bytes as f64 / 1e6)
}

fn verify(global: &Global, model: &str, output: &Output) -> Done {
    let session = session(global)?;
    let folder = model_folder(&session, model)?;
    let verified = mrds::models::verify_model(&session, &folder, global.device)?;
    output.text(match verified.sha256_ok {
        Some(true) => "The model loads, and its files are those of its first use.".into(),
        Some(false) if !verified.damaged.is_empty() => format!(
            "Damaged since the download: {}. `duologue models add` with the model's id fetches them anew.",
            verified.damaged.join(", ")
        ),
        Some(false) => "The files have CHANGED since the model's first use.".into(),
        None => "The model loads. It was not used in this workspace, so there is nothing to compare it with."
            .to_owned(),
    });
    output.result(&verified);
    Ok(ExitCode::from(u8::from(verified.sha256_ok == Some(false))))
}

fn remove(session: &Session, model: &str, yes: bool, output: &Output) -> Done {
    let removal = mrds::models::removal(session, model)?;
    let loses_something = removal.deleted_bytes > 0 || !removal.runs.is_empty();
    if loses_something && !yes && !agreed(&removal)? {
        output.text("Nothing was removed.");
        output.result(&ModelRemoval::Kept {
            id: removal.id,
            removed: false,
        });
        return Ok(ExitCode::SUCCESS);
    }
    mrds::models::delete_model(session, &removal)?;
    output.text(match removal.deleted_bytes {
        0 => "Forgotten; the files stay where they are.".to_owned(),
        bytes => format!("Removed; {} are free again.", megabytes(bytes)),
    });
    output.result(&ModelRemoval::Removed {
        removal,
        removed: true,
    });
    Ok(ExitCode::SUCCESS)
}

/// Says what would be lost and asks at a terminal; elsewhere only `--yes` is an answer.
fn agreed(removal: &Removal) -> Result<bool, Failure> {
    let mut lost = Vec::new();
    if removal.deleted_bytes > 0 {
        lost.push(format!(
            "deletes {} in {}",
            megabytes(removal.deleted_bytes),
            removal.path
        ));
    }
    if !removal.runs.is_empty() {
        lost.push(format!(
            "leaves these runs without their model, so that they can neither go on nor summarize: {}",
            removal.runs.join(", ")
        ));
    }
    let what = format!("removing {} {}", removal.name, lost.join(", and "));
    if !std::io::stdin().is_terminal() {
        return Err(Failure::usage(what, "Give --yes if this is what you want."));
    }
    note(&format!("This means: {what}. Go on? [y/N]"));
    let mut answer = String::new();
    let _end = std::io::stdin().lock().read_line(&mut answer);
    Ok(matches!(answer.trim().to_lowercase().as_str(), "y" | "yes"))
}
