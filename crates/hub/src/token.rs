//! How the Hub may be reached: the variables and the token file of `huggingface_hub`, the system's keychain, and the
//! variables that name a proxy and certificates.

use std::path::PathBuf;

use crate::gateway::HubAccess;
use crate::keychain;
use crate::proxy::ProxySetting;
use crate::trust::TrustSetting;

/// Mirror, offline mode, proxy and certificates, from the environment; without a token.
pub fn access(offline: bool) -> HubAccess {
    let on = |name: &str| {
        text(name).is_some_and(|value| {
            ["1", "ON", "YES", "TRUE"].contains(&value.to_uppercase().as_str())
        })
    };
    let offline = offline || on("HF_HUB_OFFLINE");
    let access = HubAccess {
        endpoint: text("HF_ENDPOINT"),
        offline,
        trust: TrustSetting::of_environment(text),
        ..HubAccess::default()
    };
    HubAccess {
        proxy: ProxySetting::of_environment(access.endpoint(), text),
        ..access
    }
}

/// The same with the token, where one may be needed. One on the command line would appear in the shell's history and in
/// the list of processes, so there is none.
pub fn access_with_token(offline: bool) -> HubAccess {
    let access = access(offline);
    if access.offline {
        return access;
    }
    let (token, no_token) = first_token(variable(), || keychain::token(access.host()), file);
    HubAccess {
        token,
        no_token,
        ..access
    }
}

/// The token of the first of the three sources that has one, or else why the keychain could not be asked.
fn first_token(
    variable: Option<String>,
    keychain: impl FnOnce() -> Result<Option<String>, String>,
    file: impl FnOnce() -> Option<String>,
) -> (Option<String>, Option<String>) {
    if variable.is_some() {
        return (variable, None);
    }
    match keychain() {
        Ok(token) => (token.or_else(file), None),
        Err(reason) => (file(), Some(reason)),
    }
}

/// The token in the environment.
pub fn variable() -> Option<String> {
    text("HF_TOKEN").or_else(|| text("HUGGING_FACE_HUB_TOKEN"))
}

/// What `hf auth login` has stored.
fn file() -> Option<String> {
    let path = |name: &str| text(name).map(PathBuf::from);
    let home = || {
        path("HOME")
            .or_else(|| path("USERPROFILE"))
            .map(|home| home.join(".cache"))
    };
    let hub = || {
        path("HF_HOME").or_else(|| Some(path("XDG_CACHE_HOME").or_else(home)?.join("huggingface")))
    };
    let file = path("HF_TOKEN_PATH").or_else(|| Some(hub()?.join("token")))?;
    let token = std::fs::read_to_string(file).ok()?.trim().to_owned();
    (!token.is_empty()).then_some(token)
}

/// A variable that is set to something.
fn text(name: &str) -> Option<String> {
    std::env::var(name)
        .ok()
        .map(|value| value.trim().to_owned())
        .filter(|value| !value.is_empty())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn word(word: &str) -> Option<String> {
        Some(word.to_owned())
    }

    #[test]
    fn the_environment_goes_before_the_keychain_and_that_before_the_file() {
        let unasked = || panic!("asked although an earlier source has a token");
        assert_eq!(
            first_token(
                word("variable"),
                || panic!("the keychain was touched"),
                unasked
            ),
            (word("variable"), None)
        );
        assert_eq!(
            first_token(None, || Ok(word("keychain")), unasked),
            (word("keychain"), None)
        );
        assert_eq!(
            first_token(None, || Ok(None), || word("file")),
            (word("file"), None)
        );
        assert_eq!(first_token(None, || Ok(None), || None), (None, None));
    }

    #[test]
    fn a_keychain_that_fails_is_no_token_and_its_reason_stays() {
        let fails = || Err("locked".to_owned());
        assert_eq!(
            first_token(None, fails, || word("file")),
            (word("file"), word("locked"))
        );
        assert_eq!(first_token(None, fails, || None), (None, word("locked")));
    }
}
