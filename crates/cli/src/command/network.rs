//! network: which connections there were, and the lock that lets no further one through.

use std::process::ExitCode;

use contract::NetworkOutcome;
use host::network::Lock;
use project::network::utc;
use project::rows::LedgerRow;

use super::{Done, session};
use crate::answer;
use crate::args::{Global, NetworkAction, NetworkList};
use crate::output::Output;
use crate::table::Table;

pub(super) fn network(global: &Global, action: &NetworkAction, output: &Output) -> Done {
    match action {
        NetworkAction::List(args) => list(global, args, output),
        NetworkAction::Lock => lock(global, true, output),
        NetworkAction::Unlock => lock(global, false, output),
    }
}

fn list(global: &Global, args: &NetworkList, output: &Output) -> Done {
    let network = session(global)?.network()?;
    let connections = network.connections();
    let since = args.since.unwrap_or(i64::MIN);
    let rows: Vec<LedgerRow> = network
        .rows
        .into_iter()
        .filter(|row| row.line.at_ms >= since)
        .collect();
    let state = match network.locked {
        true => "The network is locked: no connection is opened for this workspace.",
        false => "Connections are opened by `models add` alone, for the model that you name.",
    };
    let missing = reason(&global.network);
    let system = match &missing {
        None => "The system forbids them to every other command.".to_owned(),
        Some(reason) => {
            format!("Every other command refuses them, and the system adds nothing: {reason}.")
        }
    };
    output.text(format!("{state}\n{system}\n{}", table(&rows)));
    output.result(&answer::Network {
        locked: network.locked,
        kernel: missing.is_none(),
        kernel_missing: missing,
        connections,
        rows,
    });
    Ok(ExitCode::SUCCESS)
}

fn lock(global: &Global, locked: bool, output: &Output) -> Done {
    session(global)?.lock_network(locked)?;
    output.text(match locked {
        true => "The network of this workspace is locked: `models add` is refused, and each attempt is written down.",
        false => "The network of this workspace is unlocked: `models add` may fetch the models that you name.",
    });
    output.result(&answer::NetworkLock { locked });
    Ok(ExitCode::SUCCESS)
}

/// Why the system does not forbid connections; `None` if it does.
pub(super) fn reason(lock: &Option<Lock>) -> Option<String> {
    match lock {
        Some(Lock::Enforced) => None,
        Some(Lock::Missing { reason }) => Some(reason.clone()),
        None => Some("this command may connect".to_owned()),
    }
}

fn table(rows: &[LedgerRow]) -> String {
    if rows.is_empty() {
        return "No connection was opened or refused.".to_owned();
    }
    let mut table = Table::new(&["when", "to", "for", "sent", "received", "took", "outcome"]);
    for LedgerRow { line, .. } in rows {
        let port = line.port.map(|port| format!(":{port}")).unwrap_or_default();
        let took = line
            .duration_ms
            .map_or_else(|| "–".to_owned(), |ms| format!("{:.1} s", ms as f64 / 1e3));
        table.row(vec![
            utc(line.at_ms),
            format!("{}{port}", line.host),
            line.purpose.clone(),
            format!("{} B", line.sent_bytes),
            format!("{} B", line.received_bytes),
            took,
            outcome(line.outcome).to_owned(),
        ]);
    }
    table.to_string()
}

fn outcome(outcome: NetworkOutcome) -> &'static str {
    match outcome {
        NetworkOutcome::Open => "end not written down",
        NetworkOutcome::Ok => "answered",
        NetworkOutcome::Failed => "failed",
        NetworkOutcome::Refused => "refused",
    }
}
