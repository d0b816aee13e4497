//! Models from the Hugging Face Hub or a mirror of it: what a folder needs, fetched, checked, resumed.
//!
//! [`Gateway`] is the only code of Duologue that opens a connection, and only for `duologue models add`. Layout of the
//! Hub as `huggingface_hub` uses it: `GET {endpoint}/api/models/{id}/revision/{revision}?blobs=true` names commit,
//! files, sizes and digests; `GET {endpoint}/{id}/resolve/{commit}/{file}` answers or redirects to the file.

mod download;
mod error;
mod gateway;
mod repo;

pub use download::{Download, LOCK, Progress, describe, is_complete, verify};
pub use error::HubError;
pub use gateway::{Connection, Gateway, HubAccess, is_token};
pub use repo::{Checksum, HubId, MANIFEST, Manifest, RepoFile, RepoInfo, needed, repo_info};
