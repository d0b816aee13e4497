//! Models from the Hugging Face Hub or a mirror of it: what a folder needs, fetched, checked, resumed.
//!
//! [`Gateway`] is the only code of Duologue that opens a connection, and only for `duologue models add`; that no other
//! crate depends on an HTTP client makes this a fact of cargo. Layout of the Hub as `huggingface_hub` uses it:
//! `GET {endpoint}/api/models/{id}/revision/{revision}?blobs=true` names commit, files, sizes and digests;
//! `GET {endpoint}/{id}/resolve/{commit}/{file}` answers or redirects to the file.
//!
//! `gateway` asks, `record` writes down each connection before it is opened, `repository` lists the files of a model and picks the needed ones, `download` fetches them, [`token`]
//! and [`keychain`] find whose rights are used, `proxy` which way a connection takes, `trust` whose certificates count.
//! Nothing here knows what a model is.

mod download;
mod error;
mod gateway;
pub mod keychain;
mod proxy;
mod record;
mod repository;
pub mod token;
mod trust;

pub use download::{Download, LOCK, Progress, describe, is_complete, verify};
pub use error::{HubError, Result};
pub use gateway::{Gateway, HubAccess, is_token};
pub use proxy::ProxySetting;
pub use record::{Connection, Recorder};
pub use repository::{Checksum, HubId, MANIFEST, Manifest, RepoFile, RepoInfo, needed, repo_info};
pub use trust::TrustSetting;
