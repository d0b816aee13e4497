//! What can go wrong between this computer and the Hub.

use std::fmt;

use super::problems;
use crate::{CertificateFault, ErrorPlace};

problems! {
    /// A problem with a download.
    HubProblem {
        /// The model or file is not here, and no connection may be opened.
        Offline {
            /// Model or file.
            what: String,
        },
        /// The workspace's network is locked.
        NetworkLocked {
            /// Model or file.
            what: String,
        },
        /// A connection could not be entered in the ledger, so it was not opened.
        Unrecorded {
            /// The machine that would have been asked.
            host: String,
            /// Why the ledger could not be written.
            reason: String,
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
        /// The Hub wants to know who is asking.
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
        /// A variable names no proxy that can be used. What it holds is not repeated: it may be a password.
        BadProxy {
            /// The variable of the environment.
            variable: String,
        },
        /// The proxy does not answer.
        ProxyUnreachable {
            /// The proxy, as host and port.
            proxy: String,
            /// The variable of the environment that names it.
            variable: String,
            /// The connection's reason.
            reason: String,
        },
        /// The proxy answers but lets nothing through.
        ProxyRefused {
            /// The proxy, as host and port.
            proxy: String,
            /// The variable of the environment that names it.
            variable: String,
            /// The machine that was asked for.
            host: String,
            /// The proxy's reason.
            reason: String,
        },
        /// The file of trusted certificates that `SSL_CERT_FILE` names cannot be used.
        BadCertificates {
            /// The file.
            file: String,
            /// What is wrong with it.
            reason: String,
        },
        /// This computer does not trust a certificate.
        UntrustedCertificate {
            /// The machine that showed it.
            host: String,
            /// What is wrong with it.
            fault: CertificateFault,
            /// The same in the words of the library that checked it.
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
            Self::BadManifest { file, .. } | Self::BadCertificates { file, .. } => {
                ErrorPlace::file(file.clone())
            }
            _ => ErrorPlace::default(),
        }
    }
}

impl CertificateFault {
    /// What is wrong with the certificate; `reason` is what the checker says, where no sentence of ours fits.
    fn sentence(self, reason: &str) -> &str {
        match self {
            Self::UnknownIssuer => "nobody whom this computer trusts has signed it",
            Self::OutOfDate => "it is not valid today",
            Self::OtherHost => "it is another machine's",
            Self::Invalid => reason,
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
            Self::NetworkLocked { what } => write!(
                f,
                "{what} is not on this computer, and the network of this workspace is locked"
            ),
            Self::Unrecorded { host, reason } => write!(
                f,
                "no connection to {host} was opened, because it could not be entered in the ledger: {reason}"
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
            Self::BadProxy { variable } => {
                write!(f, "{variable} does not hold the address of a proxy")
            }
            Self::ProxyUnreachable {
                proxy,
                variable,
                reason,
            } => write!(
                f,
                "the proxy {proxy} ({variable}) cannot be reached: {reason}"
            ),
            Self::ProxyRefused {
                proxy,
                variable,
                host,
                reason,
            } => write!(
                f,
                "the proxy {proxy} ({variable}) does not let a connection to {host} through: {reason}"
            ),
            Self::BadCertificates { file, reason } => write!(
                f,
                "{file}, which SSL_CERT_FILE names, gives no certificates to trust: {reason}"
            ),
            Self::UntrustedCertificate {
                host,
                fault,
                reason,
            } => {
                let what = fault.sentence(reason);
                write!(f, "the certificate of {host} is not trusted here: {what}")
            }
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
