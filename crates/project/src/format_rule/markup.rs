//! Traces of a text model at work around or inside a dialogue: markdown, stage directions, a preamble
//! ("Here is the dialogue:") or commentary after the last turn.
//!
//! The patterns are narrow on purpose: emoticons such as `(Y)`, starred-out words and `- ` inside an utterance are
//! what people really type.

use crate::dialogue::{Dialogue, Turn};

/// Labels that a text model writes where a speaker should be.
const LABELS: [&str; 11] = [
    "note",
    "summary",
    "dialogue",
    "dialog",
    "conversation",
    "transcript",
    "explanation",
    "title",
    "scene",
    "topic",
    "output",
];
/// How a preamble begins, lower case.
const PREAMBLES: [&str; 9] = [
    "here is",
    "here's",
    "here are",
    "below is",
    "sure! here",
    "sure, here",
    "certainly! here",
    "the following is",
    "this is a dialogue",
];
/// How commentary after a dialogue begins, lower case.
const COMMENTARY: [&str; 7] = [
    "end of ",
    "the end",
    "this dialogue",
    "in this dialogue",
    "this conversation",
    "in this conversation",
    "(end",
];

/// Whether any turn or line carries such a trace.
pub(super) fn found_in(dialogue: &Dialogue) -> bool {
    dialogue.turns.iter().any(is_marked)
}

fn is_marked(turn: &Turn) -> bool {
    match &turn.speaker {
        Some(speaker) => {
            is_marked_name(speaker) || is_stage_direction(&turn.text) || has_bold(&turn.text)
        }
        None => is_marked_line(&turn.text),
    }
}

fn is_marked_name(speaker: &str) -> bool {
    let lower = speaker.to_lowercase();
    LABELS.contains(&lower.as_str())
        || starts_with_any(&lower, &PREAMBLES)
        || has_list_mark(speaker)
        || has_emphasis(speaker)
}

fn is_marked_line(line: &str) -> bool {
    let lower = line.to_lowercase();
    let is_rule = line.len() >= 3 && line.chars().all(|c| matches!(c, '-' | '*' | '_' | '='));
    let is_fence = line.starts_with("```");
    is_rule
        || is_fence
        || has_list_mark(line)
        || has_bold(line)
        || is_stage_direction(line)
        || starts_with_any(&lower, &PREAMBLES)
        || starts_with_any(&lower, &COMMENTARY)
}

/// `# heading`, `- item`, `* item`, `1. item`, `> quote`.
fn has_list_mark(text: &str) -> bool {
    let Some((mark, _)) = text.split_once(' ') else {
        return false;
    };
    let is_heading = mark.len() <= 6 && mark.chars().all(|c| c == '#');
    let number = mark.strip_suffix(['.', ')']).unwrap_or_default();
    let is_number = !number.is_empty() && number.bytes().all(|byte| byte.is_ascii_digit());
    is_heading || matches!(mark, "-" | "*" | "•" | ">") || is_number
}

/// `**words**`: an opening pair directly before a word, a closing pair directly after one.
fn has_bold(text: &str) -> bool {
    let is_word = |c: Option<char>| c.is_some_and(char::is_alphanumeric);
    let opening = text.match_indices("**").find(|(start, _)| {
        !is_word(text[..*start].chars().next_back()) && is_word(text[start + 2..].chars().next())
    });
    opening.is_some_and(|(start, _)| {
        let inner = &text[start + 2..];
        inner
            .match_indices("**")
            .any(|(end, _)| end > 0 && !inner[..end].ends_with(char::is_whitespace))
    })
}

/// `*Name*`, `**Name` or `_Name_` where a plain name belongs.
fn has_emphasis(name: &str) -> bool {
    name.starts_with('*') || name.ends_with('*') || (name.starts_with('_') && name.ends_with('_'))
}

/// The whole text is one bracketed or starred remark of at least three letters: `(laughs)`, `[door opens]`.
fn is_stage_direction(text: &str) -> bool {
    let wrapped = [('(', ')'), ('[', ']'), ('*', '*')]
        .iter()
        .find_map(|&(open, close)| text.strip_prefix(open)?.strip_suffix(close));
    wrapped.is_some_and(|inner| {
        !inner.contains(['(', ')', '[', ']', '*'])
            && inner.chars().filter(|c| c.is_alphabetic()).count() >= 3
    })
}

fn starts_with_any(text: &str, starts: &[&str]) -> bool {
    starts.iter().any(|start| text.starts_with(start))
}
