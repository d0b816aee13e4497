//! The sample that Home offers: a few conversations written for this project, bundled with the window.

use std::path::{Path, PathBuf};

use crate::dto::AppError;
use crate::error::Answer;

/// Name of the sample's data set.
pub(crate) const NAME: &str = "sample";

const ROWS: &str = include_str!("../../tests/data/clinic_intake.jsonl");

/// Writes the sample into the workspace, where the import reads it like any other file.
pub(crate) fn write(workspace: &Path) -> Answer<PathBuf> {
    let file = workspace.join("sample.jsonl");
    std::fs::write(&file, ROWS).map_err(|error| {
        AppError::new(
            "io",
            format!("{} cannot be written: {error}", file.display()),
            "Check that the disk has room.",
        )
    })?;
    Ok(file)
}
