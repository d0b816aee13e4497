//! Forgetting a conversation: what would go, and what became of it. The command line prints it, the window shows it. Nothing
//! here holds a word of what was forgotten.

use serde::{Deserialize, Serialize};

use crate::closed_set::closed_set;
use crate::{DatasetName, ExportKind, RunId, Split};

closed_set! {
    /// A place of the workspace that holds something of a conversation.
    ForgetPlace, "place" {
        /// The conversation with its summaries.
        Example = "example",
        /// What an import took out for it, kept so that the import can be undone.
        Import = "import",
        /// A run that learnt from it: everything that the run made.
        Run = "run",
        /// Adapters of such runs.
        Adapter = "adapter",
        /// Unfinished trainings and logs of runs that read it.
        Trace = "trace",
        /// Summaries of it that systems wrote in the test of a run that did not learn from it.
        Output = "output",
        /// Texts of rating studies about it; the ratings stay.
        Study = "study",
        /// Corrected summaries of it and votes about it, which the demo keeps.
        Demo = "demo",
        /// Copies of the database, made as a precaution or put aside when it was damaged.
        Copy = "copy",
        /// Pasted texts that wait for their import, all of them.
        Inbox = "inbox",
    }
}

/// What forgetting would take away, with all that is attached to it.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "specta", derive(specta::Type))]
pub struct ForgetPlan {
    /// The data set.
    pub dataset: DatasetName,
    /// The conversations.
    pub conversations: Vec<ForgetConversation>,
    /// Where something of them is; places with nothing are left out.
    pub places: Vec<ForgetCount>,
    /// The runs that learnt from them and go.
    pub runs: Vec<ForgetRun>,
    /// What left the workspace before and may hold something of them: nobody but its recipients can delete it.
    pub exports: Vec<ForgetExport>,
}

/// A conversation to be forgotten.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "specta", derive(specta::Type))]
pub struct ForgetConversation {
    /// Its id in the data set.
    pub id: String,
    /// Its split.
    pub split: Split,
}

/// How much is in a place.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "specta", derive(specta::Type))]
pub struct ForgetCount {
    /// The place.
    pub place: ForgetPlace,
    /// How many things.
    pub n: u32,
}

/// A run that learnt from a conversation.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "specta", derive(specta::Type))]
pub struct ForgetRun {
    /// Its id.
    pub run: RunId,
    /// Its recipe, so that it can be made again without the conversation.
    pub recipe: String,
    /// The command that makes it again, once the recipe is a file.
    pub command: String,
}

/// Something that left the workspace.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "specta", derive(specta::Type))]
pub struct ForgetExport {
    /// When it left, milliseconds since 1970.
    #[cfg_attr(feature = "specta", specta(type = f64))]
    pub at_ms: i64,
    /// What it is.
    pub kind: ExportKind,
    /// The run, data set or experiment that it comes from.
    pub from: String,
    /// Where it was written.
    pub path: String,
}

/// What became of the request to forget.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "specta", derive(specta::Type))]
pub struct ForgetReceipt {
    /// What went.
    pub plan: ForgetPlan,
    /// The search of the whole workspace afterwards.
    pub verified: ForgetSearch,
}

/// A search of every byte of the workspace, downloaded models left out, for passages of what was forgotten.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "specta", derive(specta::Type))]
pub struct ForgetSearch {
    /// Bytes that were read.
    #[cfg_attr(feature = "specta", specta(type = f64))]
    pub searched_bytes: u64,
    /// Bytes of the database's log that could not be emptied, because another program has the workspace open; it is emptied
    /// when the last one closes it.
    #[cfg_attr(feature = "specta", specta(type = f64))]
    pub wal_bytes: u64,
    /// Where passages still are, in a table or a file.
    pub remaining: Vec<ForgetFound>,
}

/// A passage that is still there.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "specta", derive(specta::Type))]
pub struct ForgetFound {
    /// The table and column, or the file within the workspace.
    pub place: String,
    /// Its words.
    pub words: u32,
}
