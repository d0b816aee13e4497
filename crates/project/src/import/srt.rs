//! SubRip subtitles: one dialogue, its speakers from `Name: text` or `[Name] text`.

use contract::FileFormat;

use super::Records;
use super::cues;
use super::transcript::{Beside, Line, Talk};

/// Reads the dialogue of an SRT file.
pub(super) fn read(file: &str, bytes: &[u8], beside: Option<&Beside<'_>>) -> Records {
    let lines = Line::all(bytes);
    let mut talk = Talk::default();
    cues::blocks(&lines).for_each(|block| cues::add(&mut talk, block));
    cues::finish(FileFormat::Srt, file, talk, beside)
}
