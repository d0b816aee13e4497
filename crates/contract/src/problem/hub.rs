//! What can go wrong between this computer and the Hub.

use std::fmt;

use super::problems;
use crate::ErrorPlace;

problems! {
    /// A problem with a download.
    HubProblem {
        /// It is not here, and no connection may be opened.
        Offline {
            /// Model or file.
            what: String,
        },
        /// Not the id of a model.
        BadId {
            /// What was given.
            id: String,
            /// What is wrong with it.
            reason: String,
        },
        /// Not the address of a Hub.
        BadEndpoint {
            /// What was given.
            endpoint: String,
        },
        /// Not a token.
        BadToken,
        /// The file beside a download that says where it came from cannot be read.
        BadManifest {
            /// The file.
            file: String,
            /// What is wrong with it.
            reason: String,
        },
        /// The Hub wants to know who asks.
        Unauthorized {
            /// The machine that answered.
            host: String,
            /// Model or file.
            what: String,
            /// Whether a token was sent.
            had_token: bool,
            /// Why a keychain could not be asked for one.
            no_token: Option<String>,
        },
        /// The licence has not been accepted.
        Gated {
            /// The machine that answered.
            host: String,
            /// The model.
            what: String,
            /// Why a keychain could not be asked for another token.
            no_token: Option<String>,
        },
        /// The Hub has no such thing.
        NotOnHub {
            /// The machine that answered.
            host: String,
            /// Model, revision or file.
            what: String,
        },
        /// Too many requests.
        RateLimited {
            /// The machine that answered.
            host: String,
            /// The wait that it asks for.
            #[cfg_attr(feature = "specta", specta(type = Option<u32>))]
            retry_after_s: Option<u64>,
        },
        /// No connection.
        Unreachable {
            /// The machine that should have answered.
            host: String,
            /// The connection's reason.
            reason: String,
        },
        /// An answer that makes no sense here.
        BadAnswer {
            /// The machine that answered.
            host: String,
            /// What is wrong with it.
            reason: String,
        },
        /// A repository without usable weights.
        NoWeights {
            /// The model.
            id: String,
            /// What it holds instead.
            reason: String,
        },
        /// A file arrived damaged.
        Checksum {
            /// The file in the repository.
            file: String,
            /// The digest that the Hub announced.
            expected: String,
            /// The digest of what arrived.
            found: String,
        },
    }
}

impl HubProblem {
    /// The file on this computer that is concerned.
    pub fn place(&self) -> ErrorPlace {
        match self {
            Self::BadManifest { file, .. } => ErrorPlace::file(file.clone()),
            _ => ErrorPlace::default(),
        }
    }
}

impl fmt::Display for HubProblem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Offline { what } => write!(
                f,
                "{what} is not on this computer, and no connection may be opened"
            ),
            Self::BadId { id, reason } => write!(f, "`{id}` is not the id of a model: {reason}"),
            Self::BadEndpoint { endpoint } => write!(
                f,
                "`{endpoint}` is not the address of a Hub: it has to begin with https:// or http://"
            ),
            Self::BadToken => write!(f, "the token holds blanks or characters that no token has"),
            Self::BadManifest { file, reason } => {
                write!(f, "{file} does not say what was downloaded: {reason}")
            }
            Self::Unauthorized {
                host,
                what,
                had_token,
                ..
            } => {
                let refused = if *had_token {
                    ", and refused the one that was sent"
                } else {
                    ""
                };
                write!(f, "{host} wants a token for {what}{refused}")
            }
            Self::Gated { host, what, .. } => write!(
                f,
                "{host} does not give {what} to this account: the model's licence has to be accepted there first"
            ),
            Self::NotOnHub { host, what } => write!(f, "{host} has no {what}"),
            Self::RateLimited {
                host,
                retry_after_s,
            } => {
                write!(f, "{host} answers no more for now: too many requests")?;
                match retry_after_s {
                    Some(seconds) => write!(f, "; it asks to wait {seconds} seconds"),
                    None => Ok(()),
                }
            }
            Self::Unreachable { host, reason } => write!(f, "{host} cannot be reached: {reason}"),
            Self::BadAnswer { host, reason } => {
                write!(f, "{host} answered something unexpected: {reason}")
            }
            Self::NoWeights { id, reason } => {
                write!(f, "{id} holds no weights that can be used: {reason}")
            }
            Self::Checksum {
                file,
                expected,
                found,
            } => write!(
                f,
                "{file} arrived damaged: its digest is {found}, announced was {expected}"
            ),
        }
    }
}
