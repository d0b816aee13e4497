//! What `deid` prints with `--json`.

use std::collections::BTreeMap;

use contract::{FoundBy, IdentifierKind, WordVerdict};
use privacy::deid::Found;
use privacy::deid::reading::Recall;
use privacy::deid::review::Doubt;
use serde::{Deserialize, Serialize};

/// A piece of a conversation that identifies somebody.
#[derive(Serialize)]
pub(crate) struct DeidSpan {
    /// `dialogue` or `summary`; of several summaries the first.
    pub(crate) field: &'static str,
    /// Which summary, from 0; absent in a dialogue.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) summary: Option<usize>,
    /// The first character's number.
    pub(crate) start: usize,
    /// The number of the first character after it.
    pub(crate) end: usize,
    pub(crate) kind: IdentifierKind,
    pub(crate) tier: FoundBy,
}

impl DeidSpan {
    /// A piece of a conversation's text, of which the first is its dialogue.
    pub(crate) fn new(place: usize, text: &str, piece: &Found) -> Self {
        let start = text[..piece.start].chars().count();
        Self {
            field: if place == 0 { "dialogue" } else { "summary" },
            summary: place.checked_sub(1),
            start,
            end: start + text[piece.start..piece.end].chars().count(),
            kind: piece.kind,
            tier: piece.by,
        }
    }
}

/// The lines of `deid scan --items`.
#[derive(Serialize)]
pub(crate) struct DeidLine<'a> {
    pub(crate) id: &'a str,
    pub(crate) spans: Vec<DeidSpan>,
}

/// A word in doubt.
#[derive(Serialize)]
pub(crate) struct AskedWord {
    pub(crate) word: String,
    pub(crate) n: usize,
    pub(crate) verdict: Option<WordVerdict>,
}

impl From<Doubt> for AskedWord {
    fn from(doubt: Doubt) -> Self {
        Self {
            word: doubt.word,
            n: doubt.n,
            verdict: doubt.verdict,
        }
    }
}

/// `deid scan`.
#[derive(Serialize)]
pub(crate) struct DeidScanned {
    pub(crate) n: usize,
    pub(crate) found: BTreeMap<IdentifierKind, usize>,
    pub(crate) asked: Vec<AskedWord>,
    pub(crate) conversations: usize,
}

/// A conversation to read, in the file of `deid read`.
#[derive(Serialize, Deserialize)]
pub(crate) struct ReadMarks {
    pub(crate) id: String,
    pub(crate) dialogue: String,
    pub(crate) summaries: Vec<String>,
    pub(crate) found: Vec<String>,
    #[serde(default)]
    pub(crate) missed: Vec<String>,
}

/// `deid read`.
#[derive(Serialize)]
pub(crate) struct DeidRead {
    pub(crate) read: usize,
    #[serde(flatten)]
    pub(crate) recall: Option<Recall>,
}
