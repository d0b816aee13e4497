//! WebVTT captions: one dialogue, its speakers from voice tags or from the text.
//!
//! Follows the W3C's WebVTT: header, `NOTE`, `STYLE` and `REGION` blocks say nothing, but for a note that begins with
//! `Summary:`.

use contract::FileFormat;

use super::Records;
use super::cues::{self, Captions};
use super::transcript::{self, Beside, Line, Talk};

/// Reads the dialogue of a WebVTT file.
pub(super) fn read(file: &str, bytes: &[u8], beside: Option<&Beside<'_>>) -> Records {
    let mut lines = Line::all(bytes);
    let (mut talk, mut captions) = (Talk::default(), Captions::default());
    let is_header = |block: &[Line]| block.iter().all(|line| !line.text.contains("-->"));
    let is = |line: &Line, word: &str| line.text.split_whitespace().next() == Some(word);
    unwrap_summary(&mut lines);
    for block in cues::blocks(&lines) {
        match &block[0] {
            first if is(first, "WEBVTT") && is_header(block) => {}
            first if is(first, "WEBVTT") => captions.add(&mut talk, &block[1..]),
            first
                if ["NOTE", "STYLE", "REGION"]
                    .iter()
                    .any(|word| is(first, word)) => {}
            _ => captions.add(&mut talk, block),
        }
    }
    captions.finish(FileFormat::Vtt, file, talk, beside)
}

/// Takes the word `NOTE` off a note with the summary, so that it is read as one.
fn unwrap_summary(lines: &mut [Line]) {
    for index in 0..lines.len() {
        let Some(comment) = lines[index].text.strip_prefix("NOTE").map(str::trim) else {
            continue;
        };
        let next = lines
            .get(index + 1)
            .map(|line| line.text.as_str())
            .unwrap_or_default();
        if comment.is_empty() && transcript::summary_label(next).is_some() {
            lines[index].text.clear();
        } else if transcript::summary_label(comment).is_some() {
            lines[index].text = comment.to_owned();
        }
    }
}
