//! A rater pack as it travels: one HTML file with the dialogues and summaries of a rater, encrypted, and the file with
//! their answers that comes back. The page inside the file and the program read the same types.
//!
//! Nothing here names a system, says which text is the human reference or appears a second time, or holds a seed: a
//! dialogue that appears twice has different numbers the second time.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::closed_set::closed_set;
use crate::{
    CheckStatement, Criterion, Guideline, ItemState, Language, RatingMode, SkipReason, StudyKind,
    StudyName, Warmup, Words,
};

closed_set! {
    /// What a file of a rater pack is.
    PackFormat, "format of a rater pack" {
        /// What a rater is to rate.
        Pack = "duologue.pack",
        /// What they answered.
        Answers = "duologue.answers",
    }
}

closed_set! {
    /// Which answers count if a rater has two sets of them.
    Keep, "answers to keep" {
        /// Those that are here.
        First = "first",
        /// Those of the file.
        Second = "second",
        /// Both: those of the file belong to another person, who gets a place of their own.
        Other = "other",
    }
}

closed_set! {
    /// How the secret of a pack becomes a key.
    KdfName, "key derivation" {
        /// The one that every browser has.
        Pbkdf2 = "PBKDF2-HMAC-SHA-256",
    }
}

closed_set! {
    /// How a pack is encrypted.
    CipherName, "cipher" {
        /// With authentication, so that a changed file is refused.
        AesGcm = "AES-256-GCM",
    }
}

/// The version of both formats that this program writes and reads.
pub const PACK_VERSION: u32 = 1;

/// An encrypted file: everything but the ciphertext is readable, and authenticated with it in its canonical form
/// (RFC 8785).
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Envelope<Header> {
    /// What can be read without the secret.
    #[serde(flatten)]
    pub header: Header,
    /// The payload, in base64.
    pub ciphertext: String,
}

/// How the secret becomes a key.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "specta", derive(specta::Type))]
pub struct Kdf {
    /// Its name.
    pub name: KdfName,
    /// Number of rounds.
    pub iterations: u32,
    /// 16 bytes in base64.
    pub salt: String,
}

/// How a payload is encrypted.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "specta", derive(specta::Type))]
pub struct Cipher {
    /// Its name.
    pub name: CipherName,
    /// 12 bytes in base64, never used twice with a key.
    pub nonce: String,
}

/// What can be read of a pack without its secret.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "specta", derive(specta::Type))]
pub struct PackHeader {
    /// Always [`PackFormat::Pack`].
    pub format: PackFormat,
    /// Version of the format.
    pub version: u32,
    /// A word that no other pack has.
    pub pack_id: String,
    /// The study's unique word.
    pub study_uid: String,
    /// The rater's slot.
    pub rater: String,
    /// The study's seal.
    pub seal: String,
    /// How the secret becomes a key.
    pub kdf: Kdf,
    /// How the payload is encrypted.
    pub cipher: Cipher,
}

/// What can be read of answers without the secret.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "specta", derive(specta::Type))]
pub struct AnswersHeader {
    /// Always [`PackFormat::Answers`].
    pub format: PackFormat,
    /// Version of the format.
    pub version: u32,
    /// The pack that they answer.
    pub pack_id: String,
    /// The study's unique word.
    pub study_uid: String,
    /// The rater's slot.
    pub rater: String,
    /// The study's seal.
    pub seal: String,
    /// How the secret becomes a key: as in the pack.
    pub kdf: Kdf,
    /// How the payload is encrypted.
    pub cipher: Cipher,
    /// A word of the browser or program in which the pack was opened: two people who share a pack have different ones.
    pub branch: String,
    /// Counts how often a branch was saved.
    pub revision: u32,
    /// Whether the answers are final.
    pub locked: bool,
    /// When they were saved, by the clock there.
    #[cfg_attr(feature = "specta", specta(type = f64))]
    pub saved_at: i64,
}

/// What a rater is to rate.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "specta", derive(specta::Type))]
pub struct PackItems {
    /// Name of the study.
    pub title: StudyName,
    /// The language of the page.
    pub language: Language,
    /// What is judged.
    pub kind: StudyKind,
    /// What is asked.
    pub mode: RatingMode,
    /// What is asked about two summaries or about all of a dialogue.
    pub question: Words,
    /// What to read first.
    pub guideline: Guideline,
    /// What is scored.
    pub criteria: Vec<Criterion>,
    /// Statements about the guideline.
    pub check: Vec<CheckStatement>,
    /// Examples with their answers.
    pub warmup: Option<Warmup>,
    /// The dialogues.
    pub dialogues: Vec<PackDialogue>,
    /// The summaries.
    pub items: Vec<PackItem>,
    /// What is shown at once, in order.
    pub steps: Vec<PackStep>,
}

/// A dialogue of a pack.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "specta", derive(specta::Type))]
pub struct PackDialogue {
    /// Its number in the pack.
    pub d: u32,
    /// Its turns.
    pub turns: Vec<PackTurn>,
}

/// A turn of a dialogue.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "specta", derive(specta::Type))]
pub struct PackTurn {
    /// Who speaks.
    pub s: String,
    /// What they say.
    pub t: String,
}

/// A summary of a pack.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "specta", derive(specta::Type))]
pub struct PackItem {
    /// Its number in the pack.
    pub i: u32,
    /// Its dialogue.
    pub d: u32,
    /// The summary.
    pub text: String,
}

/// A dialogue with its summaries, in the order shown.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "specta", derive(specta::Type))]
pub struct PackStep {
    /// Its number in the rater's order.
    pub n: u32,
    /// The dialogue.
    pub d: u32,
    /// The summaries.
    pub items: Vec<u32>,
}

/// What a rater answered: all of it, every time.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "specta", derive(specta::Type))]
pub struct PackAnswers {
    /// Scores.
    pub ratings: Vec<PackRating>,
    /// Choices among the summaries of a step.
    pub choices: Vec<PackChoice>,
    /// How far the rater is with each summary that they touched.
    pub items: Vec<PackItemState>,
    /// Every judgement of a statement about the guideline.
    pub checks: Vec<PackCheck>,
    /// Scores of the examples.
    pub warmup: Vec<PackWarmup>,
}

/// A score.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "specta", derive(specta::Type))]
pub struct PackRating {
    /// The step.
    pub n: u32,
    /// The summary.
    pub i: u32,
    /// The criterion.
    pub c: String,
    /// The score; 0 for "not applicable".
    pub v: u8,
    /// When it was given.
    #[cfg_attr(feature = "specta", specta(type = f64))]
    pub at: i64,
}

/// A choice among the summaries of a step.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "specta", derive(specta::Type))]
pub struct PackChoice {
    /// The step.
    pub n: u32,
    /// The summary named best; none for a tie.
    pub best: Option<u32>,
    /// The summary named worst; none in pairs.
    pub worst: Option<u32>,
    /// When it was made.
    #[cfg_attr(feature = "specta", specta(type = f64))]
    pub at: i64,
}

/// How far a rater is with a summary.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "specta", derive(specta::Type))]
pub struct PackItemState {
    /// The step.
    pub n: u32,
    /// The summary.
    pub i: u32,
    /// How far the rater is.
    pub state: ItemState,
    /// Why it was left out.
    pub reason: Option<SkipReason>,
    /// The rater's note.
    pub note: String,
    /// Whether the rater thinks that it contains a real person's data.
    pub flag: bool,
    /// Time in which the rater was active.
    pub active_ms: u32,
    /// Time in which the rater was idle.
    pub idle_ms: u32,
}

/// A judgement of a statement about the guideline.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "specta", derive(specta::Type))]
pub struct PackCheck {
    /// Place of the statement.
    pub place: u32,
    /// Whether the rater held it to be true.
    pub answer: bool,
    /// When it was made.
    #[cfg_attr(feature = "specta", specta(type = f64))]
    pub at: i64,
}

/// Scores of an example.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "specta", derive(specta::Type))]
pub struct PackWarmup {
    /// Place of the example.
    pub place: u32,
    /// The rater's scores.
    pub scores: BTreeMap<String, u8>,
    /// When they were given.
    #[cfg_attr(feature = "specta", specta(type = f64))]
    pub at: i64,
}

/// A pack that was written.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "specta", derive(specta::Type))]
pub struct PackWritten {
    /// The pack's unique word.
    pub pack_id: String,
    /// The file.
    pub file: String,
    /// SHA-256 of the file, whose first digits two people can compare by telephone.
    pub sha256: String,
    /// Its size.
    #[cfg_attr(feature = "specta", specta(type = u32))]
    pub bytes: usize,
    /// The secret, to be passed on by another channel than the file.
    pub secret: String,
}

/// Answers that were merged into a study.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "specta", derive(specta::Type))]
pub struct Merged {
    /// The slot whose answers they are now; none if those that were here are kept.
    pub rater: Option<String>,
    /// The branch.
    pub branch: String,
    /// The number of its save.
    pub revision: u32,
    /// Scores and choices that were not here before.
    pub new: u32,
    /// Those that took the place of others.
    pub replaced: u32,
    /// Whether the set is final now.
    pub locked: bool,
    /// How the two sets compare, if there were two.
    pub conflict: Option<Conflict>,
}

/// Two sets of answers of one rater, in numbers.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "specta", derive(specta::Type))]
pub struct Conflict {
    /// Scores and choices that both have.
    pub both: u32,
    /// Those that only the earlier set has.
    pub only_first: u32,
    /// Those that only the file has.
    pub only_second: u32,
    /// Those of both that differ.
    pub different: u32,
}

/// Where a rater's pack stands.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "specta", derive(specta::Type))]
pub struct PackStanding {
    /// The pack's unique word.
    pub pack_id: String,
    /// When it was written.
    #[cfg_attr(feature = "specta", specta(type = f64))]
    pub written_at_ms: i64,
    /// Save number of the answers that are here; none before the first.
    pub merged_revision: Option<u32>,
}
