//! Rows of the workspace as the facade hands them to the shells, which do not know the store.

pub use store::{
    ArtifactPage, ArtifactRow, Control, DATABASE, DatasetRow, ExampleRow, ItemState, LedgerRow,
    MetricPointRow, ModelRow, Origin, Owner, QueueRow, RaterRow, RunRow, RunStatus, Split,
    StageRow, StageStatus, StudyRow,
};
