//! forget: conversations and everything that came from them, with the list before, the receipt after, and the search that
//! proves it.

use std::process::ExitCode;

use contract::{ForgetPlace, ForgetPlan, ForgetSearch};
use project::network::utc;
use project::session::Session;

use super::{Done, session};
use crate::answer::{Forgotten, Receipts};
use crate::args::{Forget, Global};
use crate::failure::Failure;
use crate::output::Output;

pub(super) fn forget(global: &Global, args: &Forget, output: &Output) -> Done {
    let session = session(global)?;
    let dataset = match &args.dataset {
        Some(dataset) if !args.receipts => dataset,
        _ => return receipts(&session, output),
    };
    let keys = session.example_keys(dataset, &args.ids)?;
    let plan = session.forget_plan(dataset, &keys)?;
    if args.dry_run || !args.yes {
        output.text(list(&plan));
    }
    if args.dry_run {
        output.result(&Forgotten {
            dry_run: true,
            plan: &plan,
            verified: None,
        });
        return Ok(ExitCode::SUCCESS);
    }
    if !args.yes {
        return Err(Failure::usage(
            "what is listed would go for good",
            "Say so with --yes.",
        ));
    }
    let receipt = session.forget(dataset, &keys, host::clock::now_ms())?;
    output.text(format!(
        "{}{}",
        list(&receipt.plan),
        proof(&receipt.verified)
    ));
    output.result(&Forgotten {
        dry_run: false,
        plan: &receipt.plan,
        verified: Some(&receipt.verified),
    });
    Ok(ExitCode::SUCCESS)
}

fn receipts(session: &Session, output: &Output) -> Done {
    let receipts = session.journal()?;
    let lines = receipts.iter().map(|row| {
        let number = |key: &str| row.detail.get(key).cloned().unwrap_or_default();
        format!(
            "{}: {} conversations of {} forgotten.",
            utc(row.at_ms),
            number("conversations"),
            number("dataset")
        )
    });
    let lines: Vec<String> = lines.collect();
    output.text(if lines.is_empty() {
        "Nothing was forgotten so far.".to_owned()
    } else {
        lines.join("\n")
    });
    output.result(&Receipts { receipts });
    Ok(ExitCode::SUCCESS)
}

/// What goes, for people.
fn list(plan: &ForgetPlan) -> String {
    let mut text = format!("From the data set {}:\n", plan.dataset);
    for counted in &plan.places {
        text += &format!("  {}: {}\n", place(counted.place), counted.n);
    }
    for run in &plan.runs {
        text += &format!(
            "The run {} learnt from it and goes. Make it again without it: write its recipe down with `duologue recipe --run {} \
             --to RECIPE.toml` before, then\n  {}\n",
            run.run, run.run, run.command
        );
    }
    if !plan.exports.is_empty() {
        text += "These left the workspace before; only who has them can delete them:\n";
    }
    for export in &plan.exports {
        text += &format!("  {} {} {}\n", utc(export.at_ms), export.kind, export.path);
    }
    text
}

fn place(place: ForgetPlace) -> &'static str {
    match place {
        ForgetPlace::Example => "conversations with their summaries",
        ForgetPlace::Import => "records of imports, which lose what they took out",
        ForgetPlace::Run => "runs that learnt from it, with everything that they made",
        ForgetPlace::Adapter => "adapters of these runs",
        ForgetPlace::Trace => "logs and unfinished trainings of runs that read it",
        ForgetPlace::Output => "texts about it in the tests of other runs",
        ForgetPlace::Study => "dialogues in rating studies, which keep their ratings",
        ForgetPlace::Demo => "corrected summaries of it and votes about it, which the demo keeps",
        ForgetPlace::Copy => "copies of the database; a new one is made",
        ForgetPlace::Inbox => "pasted texts that wait for their import",
    }
}

fn proof(verified: &ForgetSearch) -> String {
    let mut text = format!("Searched afterwards: {} bytes, ", verified.searched_bytes);
    if verified.remaining.is_empty() {
        text += "and no passage of it is left.\n";
    } else {
        text += "and passages of it are still in:\n";
    }
    for found in &verified.remaining {
        text += &format!("  {}: {} words in a row\n", found.place, found.words);
    }
    if verified.wal_bytes > 0 {
        text += &format!(
            "Another program has the workspace open, so {} bytes of the database's log could not be emptied; they are when it is \
             closed.\n",
            verified.wal_bytes
        );
    }
    text + "Not promised: blocks of an SSD, snapshots, backups, and what left the workspace before.\n"
}
