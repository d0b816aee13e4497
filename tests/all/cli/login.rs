//! `models login` and `models logout` without a keychain. On Linux only: elsewhere the keychain cannot be hidden from a
//! process.

use std::fs::File;

use duologue_tests::output;

use super::hub::{command, hub};
use super::hub_server::{Accidents, Hub, ID};
use super::{Place, Said, text};

const TOKEN: &str = "hf_Rumpelstilzchen";

/// Runs `models login` with `given` on standard input, and checks that the output never shows the token.
fn login(place: &Place, hub: &Hub, given: &str) -> Said {
    let args = ["models", "login", "--json"];
    let input = File::open(place.write("token", given)).expect("the token");
    let output = output(command(place, hub, &args).stdin(input));
    for printed in [&output.stdout, &output.stderr] {
        assert!(
            !String::from_utf8_lossy(printed).contains("Rumpel"),
            "the token is shown"
        );
    }
    Said::new(&args, &output)
}

fn code(answer: &Said) -> (i32, &str) {
    (answer.code, text(&answer.last["code"]))
}

#[test]
fn a_token_that_cannot_be_one_is_refused_before_the_keychain_is_asked() {
    let (place, hub) = (Place::new(), hub());
    for nothing in ["", " \n"] {
        assert_eq!(code(&login(&place, &hub, nothing)), (2, "usage"));
    }
    for bad in [
        &format!("{TOKEN} x"),
        "hf_Rumpel\u{e9}",
        &format!("{TOKEN}\n{TOKEN}\n"),
    ] {
        assert_eq!(code(&login(&place, &hub, bad)), (2, "bad_token"));
    }
    assert!(hub.requests().is_empty(), "somebody was asked");
}

/// Without a keychain, login fails and names the way out. A download continues without a token, and says why it has no
/// token only if the Hub refuses the download.
#[test]
fn without_a_keychain_there_is_no_token_and_the_reason_is_told() {
    let (place, hub) = (Place::new(), hub());
    let answer = login(&place, &hub, &format!("{TOKEN}\n"));
    assert_eq!(code(&answer), (1, "keychain"), "{}", answer.last);
    assert!(
        text(&answer.last["fix"]).contains("HF_TOKEN"),
        "{}",
        answer.last
    );
    let add = |more: Option<(&str, &str)>| {
        let args = ["models", "add", ID, "--json"];
        Said::new(&args, &output(command(&place, &hub, &args).envs(more)))
    };
    let reason = "The keychain could not be asked";
    for (status, refusal) in [(401, "unauthorized"), (403, "gated")] {
        hub.let_happen(Accidents {
            refuse: Some((status, "")),
            ..Accidents::default()
        });
        let answer = add(None);
        assert_eq!(code(&answer), (2, refusal));
        let fix = text(&answer.last["fix"]);
        assert!(
            fix.contains(reason) && fix.contains("no-such-bus") && fix.contains("models login"),
            "{fix}"
        );
        // With a token from the environment, the keychain is not asked.
        let answer = add(Some(("HF_TOKEN", TOKEN)));
        assert_eq!(code(&answer), (2, refusal));
        assert!(
            !text(&answer.last["fix"]).contains(reason),
            "{}",
            answer.last
        );
    }
    hub.let_happen(Accidents::default());
    assert_eq!(add(None).code, 0);
}

#[test]
fn logging_out_without_a_keychain_is_a_failure_too() {
    let (place, hub) = (Place::new(), hub());
    let args = ["models", "logout", "--json"];
    let answer = Said::new(&args, &output(&mut command(&place, &hub, &args)));
    assert_eq!(code(&answer), (1, "keychain"), "{}", answer.last);
}
