//! Disputed summaries of a finished study, and scores that somebody settles.

use std::process::ExitCode;

use contract::{Disputes, StudyName};
use host::clock::now_ms;
use project::study::afterwards::Settlement;

use super::{Done, session};
use crate::args::{Global, StudyAdjudicate};
use crate::output::Output;
use crate::table::Table;

pub(super) fn list(global: &Global, study: &StudyName, output: &Output) -> Done {
    let session = session(global)?;
    let found = session.disputed(&session.opened(study)?)?;
    say(&found, output);
    Ok(ExitCode::SUCCESS)
}

pub(super) fn settle(global: &Global, args: &StudyAdjudicate, output: &Output) -> Done {
    let session = session(global)?;
    let opened = session.opened(&args.study)?;
    let settlement = Settlement {
        item: args.item,
        criterion: &args.criterion,
        score: args.score,
        reason: &args.reason,
    };
    session.adjudicate(&opened, settlement, now_ms())?;
    say(&session.disputed(&opened)?, output);
    Ok(ExitCode::SUCCESS)
}

fn say(found: &Disputes, output: &Output) {
    output.text(match found.rows.is_empty() {
        true => "Nothing is disputed.".to_owned(),
        false => table(found).to_string(),
    });
    output.text(format!(
        "{} of {} summaries have a settled score.",
        found.adjudicated, found.items
    ));
    output.result(found);
}

fn table(found: &Disputes) -> Table {
    let mut table = Table::new(&["item", "systems", "apart", "why", "summary"]);
    for row in &found.rows {
        let reasons: Vec<&str> = row.reasons.iter().map(|reason| reason.as_str()).collect();
        table.row(vec![
            row.item.to_string(),
            row.systems.join(", "),
            row.spread.to_string(),
            reasons.join(", "),
            contract::excerpt(&row.text),
        ]);
    }
    table
}
