//! models login, models logout: a token for the Hub into the system's keychain and out of it. Neither opens a connection.

use std::io::{IsTerminal, Read};
use std::process::ExitCode;

use console::Term;
use contract::Problem;
use contract::problem::HubProblem;
use hub::is_token;
use hub::keychain::{self, NAME, SERVICE};
use hub::token::{access, variable};

use super::Done;
use crate::answer::{Login, Logout};
use crate::failure::Failure;
use crate::output::{Output, note};

pub(super) fn login(output: &Output) -> Done {
    let access = access(false);
    let host = access.host();
    let token = read_token(host).map_err(|error| {
        Failure::usage(format!("the token could not be read: {error}"), HOW_TO_GIVE)
    })?;
    if token.is_empty() {
        return Err(Failure::usage("no token was given", HOW_TO_GIVE));
    }
    if !is_token(&token) {
        return Err(Problem::from(HubProblem::BadToken).into());
    }
    keychain::store(host, token).map_err(Failure::Keychain)?;
    output.text(format!(
        "The token for {host} is in {NAME}, under `{SERVICE}`. `duologue models logout` removes it."
    ));
    if variable().is_some() {
        note("HF_TOKEN is set, and goes before it.");
    }
    output.result(&entry(host));
    Ok(ExitCode::SUCCESS)
}

pub(super) fn logout(output: &Output) -> Done {
    let access = access(false);
    let host = access.host();
    let removed = keychain::forget(host).map_err(Failure::Keychain)?;
    output.text(if removed {
        format!("The token for {host} is no longer in {NAME}.")
    } else {
        format!("There is no token for {host} in {NAME}.")
    });
    output.result(&Logout {
        entry: entry(host),
        removed,
    });
    Ok(ExitCode::SUCCESS)
}

/// Where the token for a Hub is kept.
fn entry(host: &str) -> Login<'_> {
    Login {
        host,
        keychain: NAME,
        service: SERVICE,
    }
}

const HOW_TO_GIVE: &str =
    "Type it at the prompt, or give it on standard input: `duologue models login < FILE`.";

/// From the terminal without showing it, else all of standard input.
fn read_token(host: &str) -> std::io::Result<String> {
    let mut token = String::new();
    if std::io::stdin().is_terminal() {
        note(&format!(
            "Token for {host} (from its page Settings, Access Tokens; it is not shown):"
        ));
        token = Term::stderr().read_secure_line()?;
    } else {
        std::io::stdin().read_to_string(&mut token)?;
    }
    Ok(token.trim().to_owned())
}
