//! What people call the things of a workspace, and what is removed along with a thing.

use serde::{Deserialize, Serialize};

use crate::closed_set::closed_set;

closed_set! {
    /// A thing that people name, make a note about, and remove.
    Kept, "kind of thing" {
        /// A run.
        Run = "run",
        /// A data set.
        Dataset = "dataset",
        /// A model.
        Model = "model",
    }
}

/// What a person calls a thing, and what they noted about it.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "specta", derive(specta::Type))]
pub struct Label {
    /// The name; empty while it has its original name.
    pub name: String,
    /// The note; may be empty.
    pub note: String,
}

closed_set! {
    /// What is attached to a run, a data set or a model.
    Attached, "attachment" {
        /// Pairs and dialogues of a data set.
        Examples = "examples",
        /// Imports that a data set was made of.
        Imports = "imports",
        /// What stages made.
        Items = "items",
        /// Changes by hand.
        Changes = "changes",
        /// Adapters that no other run has.
        Adapters = "adapters",
        /// Adapters that another run has too.
        SharedAdapters = "shared_adapters",
        /// Checkpoints of an unfinished stage.
        Checkpoints = "checkpoints",
        /// The log of a run.
        Log = "log",
        /// Name and note.
        Label = "label",
        /// Files of a model.
        Files = "files",
        /// Runs that can still be read without it, but neither continue nor summarize.
        Runs = "runs",
        /// Rating studies.
        Studies = "studies",
        /// Experiments.
        Experiments = "experiments",
        /// Votes of the demo.
        Votes = "votes",
        /// Summaries that somebody corrected in the demo.
        Corrections = "corrections",
    }
}

/// One kind of thing that is attached to another.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "specta", derive(specta::Type))]
pub struct Hanging {
    /// What it is.
    pub what: Attached,
    /// How many of them.
    pub count: u32,
    /// Bytes on the disk, where they are files.
    #[cfg_attr(feature = "specta", specta(type = Option<f64>))]
    pub bytes: Option<u64>,
    /// Their names, where they have names.
    pub names: Vec<String>,
}

/// What the removal of a thing would do.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "specta", derive(specta::Type))]
pub struct Removing {
    /// What kind of thing it is.
    pub thing: Kept,
    /// What it is addressed by: the id of a run, the name of a data set, the folder of a model.
    pub key: String,
    /// What goes with it.
    pub goes: Vec<Hanging>,
    /// What stays, although it is related.
    pub stays: Vec<Hanging>,
    /// What is in the way; empty if it can be removed.
    pub blocked_by: Vec<Hanging>,
}
