//! How the Hub may be reached, from the environment: the variables and the token file of `huggingface_hub`.

use std::path::PathBuf;

use mrds::lm::hub::HubAccess;

/// Mirror, token and offline mode. A token on the command line would stand in the shell's history, so there is none.
pub(crate) fn hub_access(offline: bool) -> HubAccess {
    let on = |name: &str| {
        text(name).is_some_and(|value| ["1", "ON", "YES", "TRUE"].contains(&value.to_uppercase().as_str()))
    };
    HubAccess {
        endpoint: text("HF_ENDPOINT"),
        token: text("HF_TOKEN").or_else(|| text("HUGGING_FACE_HUB_TOKEN")).or_else(stored_token),
        offline: offline || on("HF_HUB_OFFLINE"),
    }
}

/// What `hf auth login` has stored.
fn stored_token() -> Option<String> {
    let path = |name: &str| text(name).map(PathBuf::from);
    let home = || path("HOME").or_else(|| path("USERPROFILE")).map(|home| home.join(".cache"));
    let hub = || path("HF_HOME").or_else(|| Some(path("XDG_CACHE_HOME").or_else(home)?.join("huggingface")));
    let file = path("HF_TOKEN_PATH").or_else(|| Some(hub()?.join("token")))?;
    let token = std::fs::read_to_string(file).ok()?.trim().to_owned();
    (!token.is_empty()).then_some(token)
}

/// A variable that is set to something.
fn text(name: &str) -> Option<String> {
    std::env::var(name).ok().map(|value| value.trim().to_owned()).filter(|value| !value.is_empty())
}
