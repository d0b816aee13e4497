//! SubRip subtitles: one dialogue, its speakers from `Name: text` or `[Name] text`.

use contract::FileFormat;
use contract::problem::ImportProblem;

use super::Records;
use super::cues::{self, Dialect};
use super::lines::Lines;
use super::transcript::Beside;

/// Reads the dialogue of an SRT file.
pub(super) fn read(
    file: &str,
    bytes: &[u8],
    beside: Option<&Beside<'_>>,
) -> Result<Records, ImportProblem> {
    let lines = Lines::of(bytes);
    cues::read(FileFormat::Srt, Dialect::SubRip, file, lines, beside)
}
