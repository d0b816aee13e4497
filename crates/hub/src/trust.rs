//! Whose signature under a certificate counts: Mozilla's list, the operating system's store, and what two variables name.
//!
//! An office whose proxy opens encrypted connections signs them itself, with an authority that only its own computers
//! know. The operating system's store has it, or the file that `SSL_CERT_FILE` (or the folder that `SSL_CERT_DIR`) names
//! in the store's place, as for OpenSSL, curl and git. Mozilla's list always counts as well: it is
//! there on a computer without a store, and complete where Windows fetches its authorities only when they are needed.
//!
//! `rustls-native-certs`, and not the verifier of the platform: it reads the same stores, the check itself is the same
//! code on every system, and the two variables work on all of them (docs/decisions/0015-trusted-certificates.md).

use std::path::PathBuf;

use contract::problem::HubProblem;
use rustls::pki_types::CertificateDer;
use rustls_native_certs::{load_certs_from_paths, load_native_certs};

/// What takes the place of the operating system's store.
#[derive(Clone, Debug, Default)]
pub struct TrustSetting {
    /// `SSL_CERT_FILE`: a file with certificates in PEM form.
    pub file: Option<PathBuf>,
    /// `SSL_CERT_DIR`: folders of such files.
    pub folders: Vec<PathBuf>,
}

impl TrustSetting {
    /// The two variables, where `read` gives the value of one that is set to something.
    pub fn of_environment(read: impl Fn(&str) -> Option<String>) -> Self {
        Self {
            file: read("SSL_CERT_FILE").map(PathBuf::from),
            folders: read("SSL_CERT_DIR")
                .map_or_else(Vec::new, |list| std::env::split_paths(&list).collect()),
        }
    }

    /// The certificates of all authorities that count.
    pub(crate) fn authorities(&self) -> Result<Vec<CertificateDer<'static>>, HubProblem> {
        let mut found = Vec::new();
        if let Some(file) = &self.file {
            let read = load_certs_from_paths(Some(file), None);
            if read.certs.is_empty() {
                let reason = read.errors.first().map_or_else(
                    || "it holds no certificate in PEM form".to_owned(),
                    ToString::to_string,
                );
                return Err(HubProblem::BadCertificates {
                    file: file.display().to_string(),
                    reason,
                });
            }
            found.extend(read.certs);
        }
        // As with OpenSSL, a folder may be missing or empty; and if some of the system's own authorities cannot be
        // read, the others still count.
        for folder in &self.folders {
            found.extend(load_certs_from_paths(None, Some(folder)).certs);
        }
        if self.file.is_none() && self.folders.is_empty() {
            found.extend(load_native_certs().certs);
        }
        found.extend(webpki_root_certs::TLS_SERVER_ROOT_CERTS.iter().cloned());
        Ok(found)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_without_certificates_is_named() {
        let folder = std::env::temp_dir().join(format!("duologue-trust-{}", std::process::id()));
        std::fs::create_dir_all(&folder).unwrap();
        let empty = folder.join("empty.pem");
        std::fs::write(&empty, "no certificate\n").unwrap();
        for file in [empty, folder.join("missing.pem")] {
            let setting = TrustSetting {
                file: Some(file.clone()),
                ..TrustSetting::default()
            };
            let told = setting.authorities().unwrap_err().to_string();
            assert!(
                told.contains(&file.display().to_string()) && told.contains("SSL_CERT_FILE"),
                "{told}"
            );
        }
        std::fs::remove_dir_all(folder).unwrap();
    }

    #[test]
    fn mozillas_list_counts_where_a_folder_has_nothing() {
        let setting = TrustSetting {
            folders: vec![PathBuf::from("no-such-folder")],
            ..TrustSetting::default()
        };
        assert_eq!(
            setting.authorities().unwrap(),
            webpki_root_certs::TLS_SERVER_ROOT_CERTS
        );
    }
}
