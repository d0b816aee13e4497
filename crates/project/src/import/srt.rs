//! SubRip subtitles: one dialogue, its speakers from `Name: text` or `[Name] text`.

use contract::FileFormat;

use super::Records;
use super::cues::{self, Captions};
use super::transcript::{Beside, Line, Talk};

/// Reads the dialogue of an SRT file.
pub(super) fn read(file: &str, bytes: &[u8], beside: Option<&Beside<'_>>) -> Records {
    let lines = Line::all(bytes);
    let (mut talk, mut captions) = (Talk::default(), Captions::default());
    for block in cues::blocks(&lines) {
        captions.add(&mut talk, block);
    }
    captions.finish(FileFormat::Srt, file, talk, beside)
}
