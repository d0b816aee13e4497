//! label, delete: what people call runs, data sets and models, and how a run or a data set is removed.

use std::io::{BufRead as _, IsTerminal as _};
use std::path::Path;
use std::process::ExitCode;

use contract::{Attached, Hanging, Kept, Label, Removing};
use host::clock::now_ms;
use host::process::liveness;
use project::experiment::kept::Now;
use project::session::Session;

use super::{Done, session};
use crate::answer::{Deleted, Labelled};
use crate::args::{Delete, Global, LabelArgs};
use crate::failure::Failure;
use crate::output::{Output, note};

pub(super) fn label(global: &Global, args: &LabelArgs, output: &Output) -> Done {
    let session = session(global)?;
    let mut key = match args.thing {
        Kept::Model => model_folder(&session, &args.key)?,
        Kept::Run => session.run(&args.key.as_str().into())?.id.into(),
        Kept::Dataset => args.key.clone(),
    };
    let mut label = session.label(args.thing, &key)?;
    if args.name.is_some() || args.note.is_some() {
        label = Label {
            name: args.name.clone().unwrap_or(label.name),
            note: args.note.clone().unwrap_or(label.note),
        };
        session.set_label(args.thing, &key, &label, now_ms())?;
        if args.thing == Kept::Dataset && !label.name.trim().is_empty() {
            key = label.name.trim().to_owned();
        }
        label = session.label(args.thing, &key)?;
    }
    let name = match label.name.as_str() {
        "" => key.as_str(),
        name => name,
    };
    output.text(match label.note.as_str() {
        "" => name.to_owned(),
        note => format!("{name}\n{note}"),
    });
    output.result(&Labelled {
        thing: args.thing,
        key: &key,
        label,
    });
    Ok(ExitCode::SUCCESS)
}

/// The folder of a model that is named by id, name or folder.
fn model_folder(session: &Session, key: &str) -> Result<String, Failure> {
    let models = session.models()?;
    let known = models
        .iter()
        .find(|model| [&*model.id, &*model.name, &*model.path].contains(&&*key));
    if let Some(known) = known {
        return Ok(known.path.clone());
    }
    let folder = std::path::absolute(key).unwrap_or_else(|_| Path::new(key).to_owned());
    if !folder.exists() {
        return Err(Failure::usage(
            format!("no model has the id, name or folder \"{key}\""),
            "`duologue models list` has their names.",
        ));
    }
    Ok(folder.display().to_string())
}

pub(super) fn delete(global: &Global, args: &Delete, output: &Output) -> Done {
    let session = session(global)?;
    let removing = session.removing(args.thing, &args.key)?;
    let is_free = removing.blocked_by.is_empty();
    // If something is in the way, the removal itself refuses before anybody is asked.
    if is_free && !args.yes && !agreed(&removing)? {
        output.text("Nothing was removed.");
        output.result(&Deleted {
            removing,
            removed: false,
        });
        return Ok(ExitCode::SUCCESS);
    }
    let now = Now {
        now_ms: now_ms(),
        liveness: &liveness,
    };
    match args.thing {
        Kept::Run => session.delete_run(&args.key.as_str().into(), now)?,
        Kept::Dataset | Kept::Model => session.delete_dataset(&args.key.as_str().into())?,
    }
    output.text(format!("{} is removed.", args.key));
    output.result(&Deleted {
        removing,
        removed: true,
    });
    Ok(ExitCode::SUCCESS)
}

/// Says what would be lost and asks at a terminal; elsewhere only `--yes` is an answer.
fn agreed(removing: &Removing) -> Result<bool, Failure> {
    let goes = listed(&removing.goes);
    let what = match removing.goes.is_empty() {
        true => format!("{} goes", removing.key),
        false => format!("{} goes, with {goes}", removing.key),
    };
    if !std::io::stdin().is_terminal() {
        return Err(Failure::usage(what, "Give --yes if this is what you want."));
    }
    if !removing.stays.is_empty() {
        note(&format!("What stays: {}.", listed(&removing.stays)));
    }
    ask(&what)
}

/// Asks at the terminal whether something is to be done.
pub(super) fn ask(what: &str) -> Result<bool, Failure> {
    note(&format!("This means: {what}. Go on? [y/N]"));
    let mut answer = String::new();
    let _end = std::io::stdin().lock().read_line(&mut answer);
    Ok(matches!(answer.trim().to_lowercase().as_str(), "y" | "yes"))
}

fn listed(hanging: &[Hanging]) -> String {
    let phrases: Vec<String> = hanging.iter().map(phrase).collect();
    phrases.join(", ")
}

/// `12 items that stages made`, `2 adapters (18.2 MB)`, `1 experiment (visits)`.
fn phrase(hanging: &Hanging) -> String {
    let (single, many) = words(hanging.what);
    let word = if hanging.count == 1 { single } else { many };
    let mut about = hanging.names.clone();
    about.extend(
        hanging
            .bytes
            .map(|bytes| format!("{:.1} MB", bytes as f64 / 1e6)),
    );
    match about.is_empty() {
        true => format!("{} {word}", hanging.count),
        false => format!("{} {word} ({})", hanging.count, about.join(", ")),
    }
}

fn words(what: Attached) -> (&'static str, &'static str) {
    match what {
        Attached::Examples => ("example", "examples"),
        Attached::Imports => ("import that it was made of", "imports that it was made of"),
        Attached::Items => ("item that stages made", "items that stages made"),
        Attached::Changes => ("change by hand", "changes by hand"),
        Attached::Adapters => ("adapter", "adapters"),
        Attached::SharedAdapters => (
            "adapter that another run has too",
            "adapters that other runs have too",
        ),
        Attached::Checkpoints => (
            "unfinished stage's checkpoints",
            "unfinished stages' checkpoints",
        ),
        Attached::Log => ("log", "logs"),
        Attached::Label => ("name or note", "names or notes"),
        Attached::Files => ("model folder", "model folders"),
        Attached::Runs => ("run", "runs"),
        Attached::Studies => ("rating study", "rating studies"),
        Attached::Experiments => ("place in an experiment", "places in experiments"),
        Attached::Votes => ("vote of the demo", "votes of the demo"),
        Attached::Corrections => ("corrected summary", "corrected summaries"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_hangs_on_a_run_is_said_in_words() {
        let hanging = |what, count, bytes, names: &[&str]| Hanging {
            what,
            count,
            bytes,
            names: names.iter().map(|name| (*name).to_owned()).collect(),
        };
        let listed = listed(&[
            hanging(Attached::Items, 12, None, &[]),
            hanging(Attached::Adapters, 1, Some(18_200_000), &[]),
            hanging(Attached::Experiments, 1, None, &["visits"]),
        ]);
        assert_eq!(
            listed,
            "12 items that stages made, 1 adapter (18.2 MB), 1 place in an experiment (visits)"
        );
    }
}
