//! WebVTT captions: one dialogue, its speakers from voice tags or from the text.
//!
//! Follows the W3C's WebVTT: header, `NOTE`, `STYLE` and `REGION` blocks say nothing, but for a note that begins with
//! `Summary:`.

use contract::FileFormat;
use contract::problem::ImportProblem;

use super::Records;
use super::cues::{self, Dialect};
use super::lines::Lines;
use super::transcript::Beside;

/// Reads the dialogue of a WebVTT file.
pub(super) fn read(
    file: &str,
    bytes: &[u8],
    beside: Option<&Beside<'_>>,
) -> Result<Records, ImportProblem> {
    let lines = Lines::of(bytes);
    cues::read(FileFormat::Vtt, Dialect::WebVtt, file, lines, beside)
}
