//! The turns of one row: lines of text, a list of texts, or a list of objects in the layouts of chat data sets.
//!
//! What the file says about who speaks always wins over the speakers that the user names.

use std::borrow::Cow;
use std::collections::HashSet;

use contract::problem::{Nameless, NoText, RowFault};

use super::super::json::kind_of;
use super::super::names;
use super::super::settle::settle;
use super::super::spoken::{Said, Unsure};
use super::super::value::{Fields, Name, Value};
use super::{Conversation, DialogueFault, fault};
use crate::dialogue::Turn;
use crate::plain::normalised;
use crate::speaker::{self, Heard};
use crate::work;

/// Field names under which a turn says who speaks, the surest first; a role is what somebody is there for, and counts
/// only where nothing says who.
const SPEAKER_KEYS: [&str; 17] = [
    "speaker",
    "name",
    "speaker_name",
    "speakerName",
    "display_name",
    "displayName",
    "author",
    "from",
    "sender",
    "participant",
    "user",
    "username",
    "speaker_id",
    "speakerId",
    "speaker_label",
    "spk",
    "role",
];
/// Field names of a speaker's name, which says more than a number that stands for the speaker.
const NAME_KEYS: [&str; 7] = [
    "name",
    "speaker_name",
    "speakerName",
    "display_name",
    "displayName",
    "author",
    "username",
];
const TEXT_KEYS: [&str; 8] = [
    "text",
    "content",
    "utterance",
    "message",
    "value",
    "body",
    "transcript",
    "parts",
];

/// The lines of a text that are not empty.
fn lines(text: &str) -> impl Iterator<Item = &str> {
    text.lines().map(str::trim).filter(|line| !line.is_empty())
}

/// A dialogue in our own form. Where no line has a speaker and the user has named the speakers, each line is a turn.
pub(super) fn stored(text: &str, speakers: Option<&[String]>) -> Conversation {
    let text = normalised(text);
    let mut turns = Said::default();
    for line in lines(&text) {
        match speaker::stored(line) {
            Some((name, words)) => turns.push(Some(name), words),
            None => turns.push(None, line),
        }
    }
    match speakers {
        Some(speakers) if !turns.has_speaker() => turns = alternate(lines(&text), speakers),
        _ => turns.join_continuations(),
    }
    Conversation {
        turns,
        unsure: Unsure::default(),
    }
}

/// Lines with speakers, in any form that people write. Where no line has a speaker and the user has named them, each
/// line is a turn.
pub(super) fn from_text(text: &str, speakers: Option<&[String]>) -> Conversation {
    work::visit(text.len() * 4);
    let text = normalised(text);
    let Conversation { mut turns, unsure } = settled(lines(&text));
    match speakers {
        Some(speakers) if !turns.has_speaker() => turns = alternate(lines(&text), speakers),
        _ => turns.join_continuations(),
    }
    Conversation { turns, unsure }
}

/// The lines as turns, with speakers where the dialogue bears them out.
fn settled<'a>(lines: impl Iterator<Item = &'a str>) -> Conversation {
    let mut turns = Said::default();
    lines.for_each(|line| hear_as_written(&mut turns, line));
    let unsure = settle(&mut turns);
    Conversation { turns, unsure }
}

/// Adds a line, which stays as it was written if it names nobody.
fn hear_as_written(turns: &mut Said, line: &str) {
    let heard = speaker::heard(line);
    let text_at = match &heard.speaker {
        Some(_) => line.len() - heard.text().len(),
        None => 0,
    };
    let heard = Heard {
        text_at,
        plain: Cow::Borrowed(line),
        ..heard
    };
    turns.hear(&heard, false);
}

/// Texts and objects. A turn without words is left out.
pub(super) fn from_list(
    turns: &[Value],
    speakers: Option<&[String]>,
) -> Result<Conversation, DialogueFault> {
    let spoken = || turns.iter().filter_map(turn_of);
    if let Some(index) = turns.iter().position(|turn| turn_of(turn).is_none()) {
        let (turn, found) = (index + 1, kind_of(&turns[index]));
        return Err(fault(RowFault::NotText(NoText::Turn { turn, found })).into());
    }
    let is_empty = |text: &str| text.trim().is_empty();
    if spoken().all(|(_, text)| is_empty(&text)) {
        return Err(fault(RowFault::EmptyDialogue).into());
    }
    let mut found = Said::default();
    if spoken().any(|(speaker, _)| speaker.is_some()) {
        let nameless = spoken().position(|(name, text)| name.is_none() && !is_empty(&text));
        if let Some(index) = nameless {
            let turn = index + 1;
            return Err(fault(RowFault::NoSpeaker(Nameless::Turn { turn })).into());
        }
        for (name, text) in spoken().filter(|(_, text)| !is_empty(text)) {
            let name = speaker::tidy(&name.unwrap_or_default());
            let turn = Turn::new(&name, &text);
            if !turn.text.is_empty() {
                found.say(&turn);
            }
        }
        found.join_continuations();
    } else {
        found = match (named_in_text(spoken().map(|(_, text)| text)), speakers) {
            (Some(named), _) => named,
            (None, Some(speakers)) => alternate(spoken().map(|(_, text)| text), speakers),
            (None, None) => return Err(DialogueFault::SpeakersNeeded),
        };
    }
    Ok(Conversation {
        turns: found,
        unsure: Unsure::default(),
    })
}

/// The turns of a row that has a list of texts and, as long, a list of who says them: in one object, or in a column
/// beside it.
pub(super) fn with_speakers_beside(fields: &Fields, column: &str) -> Option<Value> {
    let list = |fields: &'_ Fields, keys: &[&str]| -> Option<Vec<Value>> {
        let list = keys.iter().find_map(|key| fields.get(key)?.as_array());
        list.map(<[Value]>::to_vec)
    };
    let (speakers, texts) = match fields.get(column)? {
        Value::Object(lists) => (list(lists, &SPEAKER_KEYS)?, list(lists, &TEXT_KEYS)?),
        Value::Array(texts) if texts.iter().all(Value::is_string) => {
            let is_column = |name: &str| {
                let plain = names::plain(name);
                let single = plain.strip_suffix('s').unwrap_or(&plain);
                name != column && names::SPEAKER.contains(&single)
            };
            let (_, speakers) = fields.iter().find(|(name, _)| is_column(name))?;
            let words = || texts.iter().filter_map(Value::as_str).map(Cow::Borrowed);
            match named_in_text(words()) {
                Some(_) => return None,
                None => (speakers.as_array()?.to_vec(), texts.clone()),
            }
        }
        _ => return None,
    };
    let is_who = |speaker: &Value| matches!(speaker, Value::String(_) | Value::Number(_));
    if speakers.len() != texts.len() || texts.is_empty() || !speakers.iter().all(is_who) {
        return None;
    }
    let (speaker_name, text_name): (Name, Name) = ("speaker".into(), "text".into());
    let turn = |(speaker, text)| {
        let mut turn = Fields::with_capacity(2);
        turn.push(speaker_name.clone(), speaker);
        turn.push(text_name.clone(), text);
        Value::Object(turn)
    };
    Some(Value::Array(
        speakers.into_iter().zip(texts).map(turn).collect(),
    ))
}

/// What a turn says: who speaks, if it says so, and the words.
type Spoken<'a> = (Option<Cow<'a, str>>, Cow<'a, str>);

/// Who speaks in a turn, if it says so, and what is said; `None` for something that holds no text at all.
fn turn_of(turn: &Value) -> Option<Spoken<'_>> {
    match turn {
        Value::String(text) => Some((None, Cow::Borrowed(text))),
        Value::Object(fields) => Some((speaker_of(fields), text_of(fields)?)),
        Value::Array(pair) => match pair.as_slice() {
            [Value::String(speaker), Value::String(text)] => {
                Some((Some(Cow::Borrowed(speaker)), Cow::Borrowed(text)))
            }
            _ => None,
        },
        _ => None,
    }
}

/// A text, a number as diarisation counts speakers, or an object with a name.
fn speaker_of(fields: &Fields) -> Option<Cow<'_, str>> {
    let words = |key: &&str| match fields.get(key)? {
        Value::String(text) if !speaker::tidy(text).is_empty() => Some(Cow::Borrowed(&**text)),
        Value::Object(person) => NAME_KEYS
            .iter()
            .find_map(|key| Some(Cow::Borrowed(person.get(key)?.as_str()?))),
        _ => None,
    };
    let number = |key: &&str| match fields.get(key)? {
        Value::Number(number) => Some(Cow::Owned(number.to_string())),
        _ => None,
    };
    let key = SPEAKER_KEYS
        .iter()
        .find(|key| words(key).is_some() || number(key).is_some())?;
    words(key)
        .or_else(|| NAME_KEYS.iter().find_map(words))
        .or_else(|| number(key))
}

/// A text, a number, or the texts of a message in parts. Nothing at all is an empty text: a message may be a picture.
fn text_of(fields: &Fields) -> Option<Cow<'_, str>> {
    let known = TEXT_KEYS.iter().filter_map(|key| fields.get(key));
    let mut is_known = false;
    for value in known {
        is_known = true;
        match value {
            Value::String(text) => return Some(Cow::Borrowed(text)),
            Value::Number(number) => return Some(Cow::Owned(number.to_string())),
            Value::Array(parts) => return Some(Cow::Owned(text_of_parts(parts))),
            Value::Object(inner) => {
                let text = TEXT_KEYS.iter().find_map(|key| inner.get(key)?.as_str());
                let parts = inner.values().find_map(Value::as_array);
                let parts = parts.map(|parts| Cow::Owned(text_of_parts(parts)));
                return text.map(Cow::Borrowed).or(parts);
            }
            _ => {}
        }
    }
    is_known.then_some(Cow::Borrowed(""))
}

fn text_of_parts(parts: &[Value]) -> String {
    let mut words = String::new();
    let texts = parts.iter().filter_map(|part| match part {
        Value::String(text) => Some(&**text),
        Value::Object(fields) => TEXT_KEYS.iter().find_map(|key| fields.get(key)?.as_str()),
        _ => None,
    });
    for text in texts.filter(|text| !text.trim().is_empty()) {
        if !words.is_empty() {
            words.push(' ');
        }
        words.push_str(text);
    }
    words
}

/// Turns that all read `Name: text`, by at most half as many names as turns: tweets begin with all sorts of words
/// before a colon, real speakers come back.
fn named_in_text<'a>(texts: impl Iterator<Item = Cow<'a, str>>) -> Option<Said> {
    let mut turns = Said::default();
    for text in texts {
        let line = Turn::new("", &text).text;
        if !line.is_empty() {
            hear_as_written(&mut turns, &line);
        }
    }
    settle(&mut turns);
    let mut names = HashSet::new();
    for turn in turns.turns() {
        names.insert(turn.name()?);
    }
    let speakers = names.len();
    (speakers * 2 <= turns.len() || speakers == 2).then_some(turns)
}

/// The first text is the first speaker's, then they take turns. An empty text keeps its place but leaves no turn.
fn alternate<T: AsRef<str>>(texts: impl Iterator<Item = T>, speakers: &[String]) -> Said {
    let mut turns = Said::default();
    for (text, speaker) in texts.zip(speakers.iter().cycle()) {
        let turn = Turn::new(speaker, text.as_ref());
        if !turn.text.is_empty() {
            turns.say(&turn);
        }
    }
    turns
}
