//! Chats that Telegram Desktop exports as JSON: one chat, or an account with all its chats.
//!
//! `messages[].type` is `message`, `service` or `unsupported`. A text is a string, or a list of strings and objects with a `text`
//! (tdesktop #25000). Somebody whose account is gone has no name. A caption stays; the picture above it says nothing.

use contract::problem::ImportProblem;
use contract::{AccountUnit, DropReason, FileFormat};
use serde::Deserialize;

use super::chat::{Chat, Message};
use super::limits::Room;
use super::stamp::iso_seconds;
use super::transcript::Beside;
use super::{Reading, Records};
use crate::work;

/// Somebody whose account is gone, as Telegram shows them.
const NOBODY: &str = "Deleted Account";

/// An export: a chat by itself, or lists of chats.
#[derive(Deserialize)]
pub(super) struct Export {
    /// Bytes of the document.
    #[serde(skip)]
    bytes: usize,
    messages: Option<Vec<Entry>>,
    chats: Option<Chats>,
    left_chats: Option<Chats>,
}

#[derive(Deserialize)]
struct Chats {
    #[serde(default)]
    list: Vec<OneChat>,
}

#[derive(Deserialize)]
struct OneChat {
    #[serde(default)]
    messages: Vec<Entry>,
}

/// A message, or what the program says.
#[derive(Deserialize)]
struct Entry {
    id: i64,
    r#type: EntryType,
    date: Option<String>,
    from: Option<String>,
    action: Option<String>,
    #[serde(default)]
    text: Text,
    media_type: Option<String>,
    sticker_emoji: Option<String>,
    photo: Option<serde::de::IgnoredAny>,
    file: Option<serde::de::IgnoredAny>,
    poll: Option<Poll>,
    contact_information: Option<serde::de::IgnoredAny>,
    location_information: Option<serde::de::IgnoredAny>,
    #[serde(default)]
    reactions: Vec<Reaction>,
}

#[derive(Clone, Copy, Deserialize, PartialEq, Eq)]
#[serde(rename_all = "snake_case")]
enum EntryType {
    Message,
    Service,
    /// What this version of the program could not show, and what later ones call otherwise.
    #[serde(other)]
    Unsupported,
}

#[derive(Deserialize)]
#[serde(untagged)]
enum Text {
    Plain(String),
    Parts(Vec<Part>),
}

impl Default for Text {
    fn default() -> Self {
        Self::Plain(String::new())
    }
}

#[derive(Deserialize)]
#[serde(untagged)]
enum Part {
    Plain(String),
    Entity { text: String },
}

#[derive(Deserialize)]
struct Poll {
    question: Option<Text>,
}

#[derive(Deserialize)]
struct Reaction {
    #[serde(default)]
    r#type: String,
    emoji: Option<String>,
}

/// The export in a JSON document, if it is one.
///
/// # Errors
/// [`ImportProblem::TooLarge`] for a document of too many messages of a few bytes.
pub(super) fn export(file: &str, bytes: &[u8]) -> Result<Option<Export>, ImportProblem> {
    // Most files of rows do not even have these words.
    work::visit(bytes.len() * 2);
    let has = |word: &[u8]| bytes.windows(word.len()).any(|piece| piece == word);
    if !has(b"\"messages\"") || !has(b"\"date\"") {
        return Ok(None);
    }
    // Each message has a type and some texts and reactions, each an object.
    let objects = bytes.iter().filter(|byte| **byte == b'{').count();
    let mut room = Room::of(bytes.len());
    if !room.take_each(objects, size_of::<Entry>()) {
        return Err(room.refusal(file));
    }
    work::visit(bytes.len() * 2);
    let Some(mut export) = serde_json::from_slice::<Export>(bytes).ok() else {
        return Ok(None);
    };
    export.bytes = bytes.len();
    let lists = [&export.chats, &export.left_chats];
    let in_lists = lists
        .into_iter()
        .flatten()
        .any(|chats| !chats.list.is_empty());
    let alone = export
        .messages
        .as_ref()
        .is_some_and(|list| !list.is_empty());
    Ok((alone || in_lists).then_some(export))
}

/// Reads the dialogues of an export.
pub(super) fn read(
    file: &str,
    export: &Export,
    reading: &Reading,
    beside: Option<&Beside<'_>>,
) -> Result<Records, ImportProblem> {
    let mut chat = Chat::new(file, reading, export.bytes);
    let mut row = 0;
    let lists = [&export.chats, &export.left_chats].into_iter().flatten();
    let chats = lists.flat_map(|chats| chats.list.iter().map(|chat| &chat.messages));
    for messages in export.messages.iter().chain(chats) {
        for entry in messages {
            row += 1;
            take(&mut chat, entry, row);
        }
        chat.end_channel();
    }
    chat.finish(FileFormat::TelegramJson, AccountUnit::Message, beside)
}

fn take(chat: &mut Chat<'_>, entry: &Entry, row: usize) {
    let position = u64::try_from(entry.id).unwrap_or_default();
    let is_service = entry.r#type == EntryType::Service;
    let text = entry.text.flat();
    let mut message = Message {
        row,
        position,
        seconds: entry.date.as_deref().and_then(iso_seconds),
        speaker: match is_service {
            true => String::new(),
            false => entry.from.clone().unwrap_or_else(|| NOBODY.to_owned()),
        },
        text,
    };
    if is_service {
        let action = entry.action.clone().unwrap_or_default();
        let reason = match action.contains("call") {
            true => DropReason::Call,
            false => DropReason::System,
        };
        message.text = action;
        chat.leave_out(reason, message);
    } else if entry.r#type == EntryType::Unsupported {
        chat.leave_out(DropReason::Client, message);
    } else if message.text.trim().is_empty() {
        message.text = entry.shown();
        let reason = match message.text.is_empty() {
            true => DropReason::Empty,
            false => DropReason::Media,
        };
        chat.leave_out(reason, message);
    } else {
        chat.say(message);
    }
    for reaction in &entry.reactions {
        let shown = reaction.emoji.as_ref().unwrap_or(&reaction.r#type);
        chat.note(row, position, DropReason::Reaction, shown);
    }
}

impl Text {
    fn flat(&self) -> String {
        match self {
            Self::Plain(text) => text.clone(),
            Self::Parts(parts) => parts
                .iter()
                .map(|part| match part {
                    Part::Plain(text) | Part::Entity { text } => text.as_str(),
                })
                .collect(),
        }
    }
}

impl Entry {
    /// What a message without a text is: `sticker 👍`, `voice_message`.
    fn shown(&self) -> String {
        let question = self.poll.as_ref().and_then(|poll| poll.question.as_ref());
        if let Some(question) = question {
            return format!("poll {}", question.flat());
        }
        let named = [
            (self.photo.is_some(), "photo"),
            (self.contact_information.is_some(), "contact"),
            (self.location_information.is_some(), "location"),
            (self.file.is_some(), "file"),
            (self.poll.is_some(), "poll"),
        ];
        let named = named.into_iter().find(|(is_there, _)| *is_there);
        let media = self.media_type.as_deref();
        let media = media.or(named.map(|(_, name)| name)).unwrap_or_default();
        match &self.sticker_emoji {
            Some(emoji) => format!("{media} {emoji}"),
            None => media.to_owned(),
        }
    }
}
