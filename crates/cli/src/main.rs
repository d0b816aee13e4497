//! `duologue`: arguments → [`project::session::Session`] → standard output and an exit code; also the worker process.
//!
//! The contract is `docs/cli.md`: with `--json` standard output carries JSON Lines and nothing else, the last line is
//! the result or the error; prose and progress go to standard error.

mod answer;
mod args;
mod command;
#[cfg(test)]
mod examples;
mod failure;
mod output;
mod process;
mod progress;
mod table;
mod unlock;
mod wording;

use clap::Parser;

fn main() -> std::process::ExitCode {
    lm::allocator::share_one_heap();
    let mut args = match args::Args::try_parse() {
        Ok(args) => args,
        Err(error) => return failure::usage(&error),
    };
    // Before there is a second thread: what is started later cannot connect either.
    if !args.command.may_connect() {
        args.global.network = Some(host::network::forbid());
    }
    // A run is resumed with the threads that it began with, which only the workspace knows.
    if !matches!(args.command, args::Command::Resume(_)) {
        process::set_threads(args.global.threads());
    }
    let output = output::Output::new(args.global.json, args.command.name());
    let code = command::run(&args, &output).unwrap_or_else(|failure| failure.print(&output));
    let Some(error) = output.lost() else {
        return code;
    };
    output::note(&format!(
        "duologue: standard output is not complete: {error}"
    ));
    output::note("What to do: check that the disk has room, and do it again.");
    std::process::ExitCode::FAILURE
}
