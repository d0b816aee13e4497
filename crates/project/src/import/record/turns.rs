//! The turns of one row: lines of text, a list of texts, or a list of objects in the layouts of chat data sets.
//!
//! What the file says about who speaks always wins over the speakers that the user names.

use contract::IssueCode;
use serde_json::{Map, Value};

use super::super::json::kind_of;
use super::{Conversation, DialogueFault, fault};
use crate::dialogue::{Dialogue, Turn, normalise_text};
use crate::import::settle::{Doubt, settle};
use crate::speaker::{self, Heard, Surety};
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
/// Field names of a number that stands for a speaker: a name beside it says more.
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

/// A dialogue in our own form. Where no line has a speaker and the user has named the speakers, each line is a turn.
pub(super) fn stored(text: &str, speakers: Option<&[String]>) -> Conversation {
    let dialogue = Dialogue::parse(text);
    let dialogue = match speakers {
        Some(speakers) if dialogue.speakers().is_empty() => alternate(
            dialogue.turns.iter().map(|turn| turn.text.as_str()),
            speakers,
        ),
        _ => dialogue.join_continuations(),
    };
    Conversation {
        dialogue,
        unsure: Vec::new(),
    }
}

/// Lines with speakers, in any form that people write. Where no line has a speaker and the user has named them, each
/// line is a turn.
pub(super) fn from_text(text: &str, speakers: Option<&[String]>) -> Conversation {
    work::visit(text.len() * 4);
    let text = normalise_text(text);
    let lines: Vec<&str> = text
        .lines()
        .map(str::trim)
        .filter(|line| !line.is_empty())
        .collect();
    let Conversation { dialogue, unsure } = settled(lines.iter().copied());
    let is_named = dialogue.turns.iter().any(|turn| turn.speaker.is_some());
    match speakers {
        Some(speakers) if !is_named => Conversation {
            dialogue: alternate(lines.into_iter(), speakers),
            unsure,
        },
        _ => Conversation {
            dialogue: joined(dialogue),
            unsure,
        },
    }
}

/// The lines as turns, with speakers where the dialogue bears them out.
fn settled<'a>(lines: impl Iterator<Item = &'a str>) -> Conversation {
    let (mut turns, mut doubts) = (Vec::new(), Vec::new());
    for line in lines {
        let Heard { speaker, text, .. } = speaker::heard(line);
        let Some((name, surety)) = speaker else {
            turns.push(Turn {
                speaker: None,
                text: line.to_owned(),
            });
            continue;
        };
        if surety != Surety::Sure {
            doubts.push(Doubt {
                turn: turns.len(),
                surety,
                plain: line.to_owned(),
                text_bytes: text.len(),
                goes_on: false,
            });
        }
        turns.push(Turn {
            speaker: Some(name),
            text,
        });
    }
    let unsure = settle(&mut turns, &doubts);
    Conversation {
        dialogue: Dialogue { turns },
        unsure,
    }
}

/// Lines of nobody belong to the turn before them; those before the first turn are stored so that they stay lines of
/// nobody.
fn joined(dialogue: Dialogue) -> Dialogue {
    let mut dialogue = dialogue.join_continuations();
    for turn in &mut dialogue.turns {
        if turn.speaker.is_none() {
            turn.text = speaker::unspoken(&turn.text);
        }
    }
    dialogue
}

/// Texts and objects. A turn without words is left out.
pub(super) fn from_list(
    turns: &[Value],
    speakers: Option<&[String]>,
) -> Result<Conversation, DialogueFault> {
    let mut texts: Vec<(Option<String>, String)> = Vec::with_capacity(turns.len());
    for (index, turn) in turns.iter().enumerate() {
        let Some(spoken) = turn_of(turn) else {
            let reason = format!("turn {} is {} without a text", index + 1, kind_of(turn));
            let fix = "Give each turn as a text or as {\"speaker\": …, \"text\": …}.";
            return Err(fault(IssueCode::NotText, &reason, fix).into());
        };
        texts.push(spoken);
    }
    let is_empty = |text: &String| text.trim().is_empty();
    if texts.iter().all(|(_, text)| is_empty(text)) {
        let fix = "Fill in the dialogue or take the row out.";
        return Err(fault(IssueCode::EmptyDialogue, "the dialogue has no turns", fix).into());
    }
    if texts.iter().any(|(speaker, _)| speaker.is_some()) {
        let nameless = texts
            .iter()
            .position(|(speaker, text)| speaker.is_none() && !is_empty(text));
        if let Some(index) = nameless {
            let reason = format!("turn {} does not say who speaks, others do", index + 1);
            let fix = "Name its speaker, or take the turn out.";
            return Err(fault(IssueCode::NoSpeaker, &reason, fix).into());
        }
        let named = texts.iter().filter(|(_, text)| !is_empty(text));
        let turns = named
            .map(|(speaker, text)| {
                let name = speaker.as_deref().unwrap_or_default();
                Turn::new(&speaker::tidy(name), text)
            })
            .filter(|turn| !turn.text.is_empty())
            .collect();
        return Ok(Conversation {
            dialogue: joined(Dialogue { turns }),
            unsure: Vec::new(),
        });
    }
    let lines: Vec<&str> = texts.iter().map(|(_, text)| text.as_str()).collect();
    let dialogue = match (named_in_text(&lines), speakers) {
        (Some(dialogue), _) => dialogue,
        (None, Some(speakers)) => alternate(lines.into_iter(), speakers),
        (None, None) => return Err(DialogueFault::SpeakersNeeded),
    };
    Ok(Conversation {
        dialogue,
        unsure: Vec::new(),
    })
}

/// Who speaks in a turn, if it says so, and what is said; `None` for something that holds no text at all.
fn turn_of(turn: &Value) -> Option<(Option<String>, String)> {
    match turn {
        Value::String(text) => Some((None, text.clone())),
        Value::Object(fields) => Some((speaker_of(fields), text_of(fields)?)),
        Value::Array(pair) => match pair.as_slice() {
            [Value::String(speaker), Value::String(text)] => {
                Some((Some(speaker.clone()), text.clone()))
            }
            _ => None,
        },
        _ => None,
    }
}

/// A text, a number as diarisation counts speakers, or an object with a name.
fn speaker_of(fields: &Map<String, Value>) -> Option<String> {
    let words = |key: &&str| match fields.get(*key)? {
        Value::String(text) if !speaker::tidy(text).is_empty() => Some(text.clone()),
        Value::Object(person) => NAME_KEYS
            .iter()
            .find_map(|key| person.get(*key)?.as_str().map(str::to_owned)),
        _ => None,
    };
    let number = |key: &&str| match fields.get(*key)? {
        Value::Number(number) => Some(number.to_string()),
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
fn text_of(fields: &Map<String, Value>) -> Option<String> {
    let known = TEXT_KEYS.iter().filter_map(|key| fields.get(*key));
    let mut is_known = false;
    for value in known {
        is_known = true;
        match value {
            Value::String(text) => return Some(text.clone()),
            Value::Number(number) => return Some(number.to_string()),
            Value::Array(parts) => return Some(text_of_parts(parts)),
            Value::Object(inner) => {
                let text = TEXT_KEYS.iter().find_map(|key| inner.get(*key)?.as_str());
                let parts = inner.values().find_map(Value::as_array);
                let parts = parts.map(|parts| text_of_parts(parts));
                return text.map(str::to_owned).or(parts);
            }
            _ => {}
        }
    }
    is_known.then(String::new)
}

fn text_of_parts(parts: &[Value]) -> String {
    let texts: Vec<&str> = parts
        .iter()
        .filter_map(|part| match part {
            Value::String(text) => Some(text.as_str()),
            Value::Object(fields) => TEXT_KEYS.iter().find_map(|key| fields.get(*key)?.as_str()),
            _ => None,
        })
        .filter(|text| !text.trim().is_empty())
        .collect();
    texts.join(" ")
}

/// Turns that all read `Name: text`, by at most half as many names as turns: tweets begin with all sorts of words
/// before a colon, real speakers come back.
fn named_in_text(lines: &[&str]) -> Option<Dialogue> {
    let written: Vec<String> = lines
        .iter()
        .map(|line| Turn::new("", line).text)
        .filter(|line| !line.is_empty())
        .collect();
    let Conversation { dialogue, .. } = settled(written.iter().map(String::as_str));
    let is_named = dialogue.stray_lines().is_empty();
    let speakers = dialogue.speakers().len();
    (is_named && (speakers * 2 <= written.len() || speakers == 2)).then_some(dialogue)
}

/// The first text is the first speaker's, then they take turns. An empty text keeps its place but leaves no turn.
fn alternate<'a>(texts: impl Iterator<Item = &'a str>, speakers: &[String]) -> Dialogue {
    let turns = texts
        .zip(speakers.iter().cycle())
        .map(|(text, speaker)| Turn::new(speaker, text));
    Dialogue {
        turns: turns.filter(|turn| !turn.text.is_empty()).collect(),
    }
}
