//! Rater packs: what a rater elsewhere is to rate, in one encrypted HTML file that any desktop browser opens from disk.
//!
//! Flow: [`items`] (what a rater sees, with numbers that tell nothing) → [`cipher`] (encrypted with a secret that is
//! passed on by another channel) → [`file`] (put into the page) → the rater's browser or window → answers →
//! [`super::merge`].

pub mod cipher;
pub mod file;
pub mod items;

use std::path::Path;

use contract::problem::StudyProblem;
use contract::{
    Cipher, CipherName, Envelope, FileAction, Kdf, KdfName, Language, PACK_VERSION, PackFormat,
    PackHeader, PackWritten, RaterState, StudyName,
};
use store::RatingPackRow;

use self::cipher::{ITERATIONS, Keys, NONCE_BYTES, SALT_BYTES, SECRET_BYTES, Secret};
use super::blind::find_rater;
use super::desk::Asked;
use crate::error::{Error, Result};
use crate::session::Session;

/// What only the edge can give: the time and random bytes.
#[derive(Clone)]
pub struct PackFresh {
    /// Now, in Unix milliseconds.
    pub now_ms: i64,
    /// A word that no other pack has.
    pub pack_id: String,
    /// 256 random bits, of which the secret, the salt and the nonce are made.
    pub bytes: [u8; 32],
    /// 256 more random bits, for the same purpose.
    pub more: [u8; 32],
}

/// For whom a pack is written, and in which language its page speaks.
#[derive(Clone, Copy, Debug)]
pub struct PackRequest<'a> {
    /// The study's name or number.
    pub study: &'a StudyName,
    /// The rater's name or slot.
    pub rater: &'a str,
    /// The language of the page.
    pub language: Language,
}

impl Session {
    /// The name under which a pack is written unless somebody says otherwise: `STUDY--R2.duopack.html`.
    ///
    /// # Errors
    /// As for [`Session::write_pack`].
    pub fn pack_name(&self, study: &StudyName, rater: &str) -> Result<String> {
        let row = self.running_study(study)?;
        let contents = self.store.rating_contents(row.id)?;
        let slot = &find_rater(&contents, rater)?.rater;
        Ok(format!("{}--{slot}.duopack.html", file::stem(&row.name)))
    }

    /// Writes a rater pack to a file.
    ///
    /// # Errors
    /// [`StudyProblem::UnknownRater`]; [`StudyProblem::SetLocked`] for a set that is final;
    /// [`StudyProblem::NotRunning`]; a file that cannot be written.
    pub fn write_pack(
        &self,
        request: PackRequest<'_>,
        to: &Path,
        fresh: &PackFresh,
    ) -> Result<PackWritten> {
        self.write_pack_in_rounds(request, to, fresh, ITERATIONS)
    }

    /// Fewer rounds are for tests alone.
    pub(super) fn write_pack_in_rounds(
        &self,
        request: PackRequest<'_>,
        to: &Path,
        fresh: &PackFresh,
        iterations: u32,
    ) -> Result<PackWritten> {
        let row = self.running_study(request.study)?;
        let contents = self.store.rating_contents(row.id)?;
        let rater = find_rater(&contents, request.rater)?;
        if matches!(rater.state, RaterState::Locked | RaterState::Withdrawn) {
            return Err(StudyProblem::SetLocked {
                rater: rater.name.clone(),
            }
            .into());
        }
        let asked = Asked::new(&row)?;
        let items = items::of_rater(&row, &contents, &rater.rater, asked, request.language)?;
        let secret = Secret::new(&fresh.bytes[..SECRET_BYTES]);
        let salt = &fresh.bytes[SECRET_BYTES..][..SALT_BYTES];
        let nonce = &fresh.more[..NONCE_BYTES];
        let header = PackHeader {
            format: PackFormat::Pack,
            version: PACK_VERSION,
            pack_id: fresh.pack_id.clone(),
            study_uid: row.uid.clone(),
            rater: rater.rater.clone(),
            seal: row.seal.clone().unwrap_or_default(),
            kdf: Kdf {
                name: KdfName::Pbkdf2,
                iterations,
                salt: cipher::base64(salt),
            },
            cipher: Cipher {
                name: CipherName::AesGcm,
                nonce: cipher::base64(nonce),
            },
        };
        let keys = Keys::new(&secret, &header.kdf).ok_or_else(cipher::no_key)?;
        let ciphertext = cipher::encrypt(&keys.items, &header.cipher, &header, &items)?;
        let page = file::page(&Envelope { header, ciphertext }, request.language)?;
        host::file::write(to, page.as_bytes())
            .map_err(|error| Error::io(FileAction::Write, to, &error))?;
        let sha256 = store::sha256_hex(page.as_bytes());
        let pack = RatingPackRow {
            pack_id: fresh.pack_id.clone(),
            rater: rater.rater.clone(),
            secret: secret.spoken(),
            file_sha256: sha256.clone(),
            written_at_ms: fresh.now_ms,
        };
        self.store.insert_rating_pack(row.id, &pack)?;
        Ok(PackWritten {
            pack_id: pack.pack_id,
            file: to.display().to_string(),
            sha256,
            bytes: page.len(),
            secret: pack.secret,
        })
    }
}
