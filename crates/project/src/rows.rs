//! Rows of the workspace as the facade hands them to the shells, which do not know the store.

pub use store::{
    ArtifactPage, ArtifactRow, DATABASE, DatasetRow, ExampleRow, ItemRow, JournalRow, LedgerLine,
    LedgerRow, MACHINE, MetricPointRow, ModelRow, Owner, QueueRow, RootKey, RunRow, StageRow,
};
