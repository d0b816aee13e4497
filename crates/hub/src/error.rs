//! What can go wrong between this computer and the Hub, worded so that a person knows what to do.

use std::path::{Path, PathBuf};

/// Result of this crate.
pub type Result<T, E = HubError> = std::result::Result<T, E>;

use contract::ErrorCode;

/// A download that could not be done; what had arrived before is kept.
#[derive(Debug, thiserror::Error)]
pub enum HubError {
    /// The user asked for no connections.
    #[error("{what} is not on this computer, and no connection may be opened")]
    Offline {
        /// Model or file.
        what: String,
    },
    /// Not of the form `owner/name`, or a name that would leave its folder.
    #[error("`{id}` is not the id of a model: {reason}")]
    BadId {
        /// What was given.
        id: String,
        /// What is wrong with it.
        reason: String,
    },
    /// `HF_ENDPOINT` is no address.
    #[error("`{endpoint}` is not the address of a Hub: it has to begin with https:// or http://")]
    BadEndpoint {
        /// What was given.
        endpoint: String,
    },
    /// A token that cannot be sent.
    #[error("the token holds blanks or characters that no token has")]
    BadToken,
    /// The file beside a download that says where it came from.
    #[error("{} does not say what was downloaded: {reason}", path.display())]
    BadManifest {
        /// The file.
        path: PathBuf,
        /// What is wrong with it.
        reason: String,
    },
    /// 401: the Hub wants to know who asks.
    #[error("{host} wants a token for {what}{}", if *.had_token { ", and refused the one that was sent" } else { "" })]
    Unauthorized {
        /// The machine that answered or should have.
        host: String,
        /// Model or file.
        what: String,
        /// Whether a token was sent.
        had_token: bool,
        /// Why a keychain could not be asked for one.
        no_token: Option<String>,
    },
    /// 403: the licence has not been accepted, or the token may not read it.
    #[error(
        "{host} does not give {what} to this account: the model's licence has to be accepted there first"
    )]
    Gated {
        /// The machine that answered or should have.
        host: String,
        /// The model, `owner/name`.
        what: String,
        /// Why a keychain could not be asked for another token.
        no_token: Option<String>,
    },
    /// 404: the Hub has no such model, revision or file, or hides it.
    #[error("{host} has no {what}")]
    NotFound {
        /// The machine that answered or should have.
        host: String,
        /// Model, revision or file.
        what: String,
    },
    /// 429.
    #[error("{host} answers no more for now: too many requests{}",
        .retry_after_s.map_or(String::new(), |s| format!("; it asks to wait {s} seconds")))]
    RateLimited {
        /// The machine that answered or should have.
        host: String,
        /// What it asks for.
        retry_after_s: Option<u64>,
    },
    /// No connection, or one that broke again and again.
    #[error("{host} cannot be reached: {reason}")]
    Unreachable {
        /// The machine that answered or should have.
        host: String,
        /// The reason, as a sentence for people.
        reason: String,
    },
    /// An answer that makes no sense here.
    #[error("{host} answered something unexpected: {reason}")]
    BadAnswer {
        /// The machine that answered or should have.
        host: String,
        /// What.
        reason: String,
    },
    /// The repository holds nothing that can be used.
    #[error("{id} holds no weights that can be used: {reason}")]
    NoWeights {
        /// The model, `owner/name`.
        id: String,
        /// What it holds instead.
        reason: String,
    },
    /// The file that arrived is not the one that was announced.
    #[error("{file} arrived damaged: its digest is {found}, announced was {expected}")]
    Checksum {
        /// File in the repository.
        file: String,
        /// The digest that the Hub announced, in hexadecimal.
        expected: String,
        /// The digest of what arrived, in hexadecimal.
        found: String,
    },
    /// The disk has not enough room for the whole download.
    #[error("{} has {free_bytes} bytes free, the download needs {need_bytes}", path.display())]
    NoRoom {
        /// Where it would go.
        path: PathBuf,
        /// Bytes still to come, with a margin.
        need_bytes: u64,
        /// Bytes there are.
        free_bytes: u64,
    },
    /// Another process fills the folder.
    #[error("another process is downloading into {}", path.display())]
    Locked {
        /// The folder that cannot be used.
        path: PathBuf,
    },
    /// A file could not be read or written.
    #[error("{}: {source}", path.display())]
    Io {
        /// The file or folder.
        path: PathBuf,
        /// The system's reason.
        source: std::io::Error,
    },
    /// Stopped on request.
    #[error("the download was stopped; what has arrived is kept")]
    Interrupted,
}

impl HubError {
    /// An I/O failure at `path`.
    pub fn io(path: &Path, source: std::io::Error) -> Self {
        Self::Io {
            path: path.to_path_buf(),
            source,
        }
    }

    /// A stable word for programs.
    pub fn code(&self) -> ErrorCode {
        match self {
            Self::Offline { .. } => ErrorCode::Offline,
            Self::BadId { .. } => ErrorCode::BadId,
            Self::BadEndpoint { .. } => ErrorCode::BadEndpoint,
            Self::BadToken => ErrorCode::BadToken,
            Self::BadManifest { .. } => ErrorCode::BadManifest,
            Self::Unauthorized { .. } => ErrorCode::Unauthorized,
            Self::Gated { .. } => ErrorCode::Gated,
            Self::NotFound { .. } => ErrorCode::NotOnHub,
            Self::RateLimited { .. } => ErrorCode::RateLimited,
            Self::Unreachable { .. } => ErrorCode::Unreachable,
            Self::BadAnswer { .. } => ErrorCode::BadAnswer,
            Self::NoWeights { .. } => ErrorCode::NoWeights,
            Self::Checksum { .. } => ErrorCode::Checksum,
            Self::NoRoom { .. } => ErrorCode::DiskFull,
            Self::Locked { .. } => ErrorCode::Locked,
            Self::Io { source, .. } if is_full(source) => ErrorCode::DiskFull,
            Self::Io { .. } => ErrorCode::Io,
            Self::Interrupted => ErrorCode::Interrupted,
        }
    }

    /// What to do next, one sentence.
    pub fn fix(&self) -> String {
        match self {
            Self::Offline { .. } => "Leave --offline out (and unset HF_HUB_OFFLINE), or copy the model's folder here and name it with --model.".into(),
            Self::BadId { .. } => "Give it as it stands on the Hub: owner/name, for instance HuggingFaceTB/SmolLM2-135M-Instruct.".into(),
            Self::BadEndpoint { .. } => "Correct HF_ENDPOINT, or unset it to use https://huggingface.co.".into(),
            Self::BadToken => "Copy it again from the Hub's page Settings, Access Tokens: it is one word that begins with hf_.".into(),
            Self::BadManifest { .. } => "Delete this file and give `duologue models add` again: files that are whole are not fetched anew.".into(),
            Self::Unauthorized { had_token: true, host, no_token, .. } => format!("Make a token that may read this model at https://{host}/settings/tokens and give it with `duologue models login` or in HF_TOKEN.{}", unasked(no_token)),
            Self::Unauthorized { host, no_token, .. } => format!("Check the spelling first. If the model is private or gated: accept its licence on https://{host}, make a token at https://{host}/settings/tokens and give it with `duologue models login` or in HF_TOKEN.{}", unasked(no_token)),
            Self::Gated { host, what, no_token } => format!("Open https://{host}/{what} while logged in, accept the licence, and give that account's token with `duologue models login` or in HF_TOKEN.{}", unasked(no_token)),
            Self::NotFound { .. } => "Check the spelling of model, --revision and --file; `duologue models list --catalogue` lists models that are known to work.".into(),
            Self::RateLimited { .. } => "Wait a while and give the same command again: it continues from where it stopped. A token (`duologue models login`) raises the limit.".into(),
            Self::Unreachable { .. } => "Check the connection (and HF_ENDPOINT, HTTPS_PROXY where they are set) and give the same command again: it continues from where it stopped.".into(),
            Self::BadAnswer { .. } => "Check that HF_ENDPOINT names a Hub or a mirror of it, then try again.".into(),
            Self::NoWeights { .. } => "Choose a model with .safetensors files, or a .gguf file with --file NAME.".into(),
            Self::Checksum { .. } => "Give the same command again: only this file is fetched anew. If it happens again, the source or a proxy in between is damaged.".into(),
            Self::NoRoom { .. } => "Free some space, or name a workspace on a larger disk with --workspace DIR.".into(),
            Self::Locked { .. } => "Wait for it, or stop it.".into(),
            Self::Io { source, .. } if is_full(source) => "Free some space and resume; everything finished before is kept.".into(),
            Self::Io { .. } => "Check that the path exists and that you may use it.".into(),
            Self::Interrupted => "Give the same command again: it continues from where it stopped.".into(),
        }
    }
}

fn is_full(error: &std::io::Error) -> bool {
    matches!(
        error.kind(),
        std::io::ErrorKind::StorageFull | std::io::ErrorKind::QuotaExceeded
    )
}

/// What the user should know if a token is missing although one may have been stored.
fn unasked(no_token: &Option<String>) -> String {
    no_token.as_ref().map_or(String::new(), |reason| {
        format!(" The keychain could not be asked: {reason}.")
    })
}
