//! Transcripts of Google Meet as text: a header with those present, lines with only a time, `Name: text`, and a footer.
//!
//! The same lines are in Meet's documents, which `document` reads; [`Meet::part`] says for both what each line is.

use contract::problem::ImportProblem;
use contract::{AccountUnit, DropReason, FileFormat};

use super::chat::{Chat, Follows, Message, SummaryLines, spoken};
use super::lines::Lines;
use super::transcript::{self, Beside};
use super::{Reading, Records};
use crate::speaker::time::is_time;
use crate::work;

/// The header above the names of those present.
const ATTENDEES: [&str; 9] = [
    "attendees",
    "invited",
    "teilnehmer",
    "asistentes",
    "participants",
    "partecipanti",
    "participantes",
    "deelnemers",
    "teilnehmende",
];
/// The header above what is said. Gemini puts a picture before it.
const TRANSCRIPT: [&str; 7] = [
    "transcript",
    "transkript",
    "transcripción",
    "transcription",
    "trascrizione",
    "transcrição",
    "transcriptie",
];
/// How the last lines begin.
const FOOTERS: [&str; 8] = [
    "transcription ended after",
    "meeting ended after",
    "this editable transcript was computer generated",
    "transkription wurde nach",
    "besprechung endete nach",
    "dieses bearbeitbare transkript wurde",
    "la transcripción finalizó después de",
    "la transcription s'est terminée après",
];

/// What a line of such a transcript is.
pub(super) enum Part {
    Dropped(DropReason),
    Text,
}

/// Where the reading is: before the conversation, or in it.
#[derive(Default)]
pub(super) struct Meet {
    has_begun: bool,
}

impl Meet {
    /// What the next line is. Everything above the header of the conversation is part of it.
    pub(super) fn part(&mut self, text: &str) -> Part {
        if !self.has_begun {
            self.has_begun = is_transcript(text);
            return Part::Dropped(DropReason::Header);
        }
        match text {
            _ if is_time(text) => Part::Dropped(DropReason::Time),
            _ if is_footer(text) => Part::Dropped(DropReason::Footer),
            _ => Part::Text,
        }
    }
}

/// Whether the lines are those of such a transcript: a header above those present and one above the conversation,
/// Gemini's header alone, or both footer lines below a header.
#[derive(Default)]
pub(super) struct Look {
    attendees: bool,
    transcript: bool,
    gemini: bool,
    footers: usize,
}

impl Look {
    /// Sees the next line.
    pub(super) fn see(&mut self, text: &str) {
        work::visit(text.len().min(60) * 2);
        self.attendees |= ATTENDEES.contains(&plain(text).as_str());
        self.gemini |= text.contains('📖') && is_transcript(text);
        self.transcript |= is_transcript(text);
        self.footers += usize::from(is_footer(text));
    }

    pub(super) fn is_one(&self) -> bool {
        let is_framed = self.attendees || self.footers >= 2;
        self.gemini || (is_framed && self.transcript)
    }
}

/// [`Look`] at all lines.
pub(super) fn look_like_ones<'a>(texts: impl Iterator<Item = &'a str>) -> bool {
    let mut look = Look::default();
    texts.for_each(|text| look.see(text));
    look.is_one()
}

fn is_transcript(text: &str) -> bool {
    TRANSCRIPT.contains(&plain(text).as_str())
}

fn is_footer(text: &str) -> bool {
    // Only short lines are worth converting to lower case.
    let begin: String = text.chars().take(60).collect();
    let begin = begin.to_lowercase();
    FOOTERS.iter().any(|footer| begin.starts_with(footer))
}

/// A header in lower case, without marks of headings and pictures.
fn plain(text: &str) -> String {
    match text.chars().take(41).count() <= 40 {
        true => text
            .trim_matches(|sign: char| !sign.is_alphabetic())
            .to_lowercase(),
        false => String::new(),
    }
}

/// Reads the dialogue of such a transcript.
pub(super) fn read(
    file: &str,
    lines: Lines<'_>,
    reading: &Reading,
    beside: Option<&Beside<'_>>,
) -> Result<Records, ImportProblem> {
    let mut chat = Chat::new(file, reading, lines.bytes());
    let mut meet = Meet::default();
    let mut summary = SummaryLines::default();
    let mut current: Option<Message> = None;
    for line in lines {
        if line.text.is_empty() {
            summary.blank();
            continue;
        }
        let position = line.number as u64;
        if let Part::Dropped(reason) = meet.part(&line.text) {
            chat.note(line.number, position, reason, &line.text);
            continue;
        }
        let spoken = spoken(&line.text);
        let is_label = transcript::summary_label(&line.text).is_some();
        let follows = match &spoken {
            Some(_) if !is_label => {
                summary.head();
                Follows::Text
            }
            _ => {
                // Every turn has its name before a colon, and nobody is called so: the label needs no blank line.
                if is_label {
                    summary.blank();
                }
                summary.follow(&line.text)
            }
        };
        match (follows, spoken, &mut current) {
            (Follows::Summary(text, separator), ..) => {
                current
                    .take()
                    .into_iter()
                    .for_each(|message| chat.say(message));
                chat.summarize(&text, separator);
            }
            (Follows::Text, Some((speaker, text)), _) => {
                current
                    .take()
                    .into_iter()
                    .for_each(|message| chat.say(message));
                current = Some(Message {
                    row: line.number,
                    position,
                    seconds: None,
                    speaker,
                    text,
                });
            }
            (Follows::Text, None, Some(message)) => {
                message.text.push('\n');
                message.text.push_str(&line.text);
            }
            (Follows::Text, None, None) => {
                chat.note(line.number, position, DropReason::Header, &line.text)
            }
        }
    }
    current.into_iter().for_each(|message| chat.say(message));
    chat.finish(FileFormat::GoogleMeet, AccountUnit::Message, beside)
}
