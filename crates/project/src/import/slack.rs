//! Slack: an exported workspace (ZIP), or one day of a channel (JSON).
//!
//! The archive has `users.json`, lists of channels, and a folder for each channel with a file for each day. A thread is a
//! dialogue of its own; the rest of a channel is divided by silence. Dropped messages are counted within their day.

use std::collections::{BTreeMap, HashMap};

use contract::problem::{ArchiveFault, ImportProblem};
use contract::{AccountUnit, DropReason, FileFormat, Remark};
use serde::Deserialize;
use serde::de::{DeserializeSeed, IgnoredAny};

use super::archive::Archive;
use super::chat::{Chat, Message};
use super::limits::Room;
use super::transcript::Beside;
use super::value::ListWithin;
use super::{Reading, Records};
use crate::work;

/// Lists of conversations at the top of an export.
const LISTS: [&str; 4] = ["channels.json", "groups.json", "dms.json", "mpims.json"];
/// Messages of people that have a kind of their own.
const SPOKEN: [&str; 5] = [
    "me_message",
    "thread_broadcast",
    "reply_broadcast",
    "file_share",
    "file_comment",
];
/// Slack's own program.
const SLACKBOT: &str = "USLACKBOT";

#[derive(Deserialize)]
struct User {
    id: String,
    name: Option<String>,
    real_name: Option<String>,
    profile: Option<Profile>,
}

#[derive(Deserialize)]
struct Profile {
    display_name: Option<String>,
    real_name: Option<String>,
    name: Option<String>,
}

/// A message of a day.
#[derive(Deserialize)]
pub(super) struct Entry {
    #[serde(rename = "type")]
    _type: MessageType,
    ts: String,
    thread_ts: Option<String>,
    user: Option<String>,
    user_profile: Option<Profile>,
    username: Option<String>,
    subtype: Option<String>,
    bot_id: Option<IgnoredAny>,
    #[serde(default)]
    text: String,
    #[serde(default)]
    files: Vec<File>,
    #[serde(default)]
    reactions: Vec<Reaction>,
}

/// The only type that days have.
#[derive(Deserialize)]
#[serde(rename_all = "snake_case")]
enum MessageType {
    Message,
}

#[derive(Deserialize)]
struct File {
    name: Option<String>,
    title: Option<String>,
}

#[derive(Deserialize)]
struct Reaction {
    name: String,
}

/// Names by the users' keys.
type Names = HashMap<String, String>;

/// A message with its places: in the whole export, and in its day.
struct Placed {
    row: usize,
    position: u64,
    entry: Entry,
}

/// The folder of an export inside the archive, with `/` at its end, if the archive is one.
pub(super) fn folder(archive: &Archive<'_>) -> Option<String> {
    archive.names().find_map(|name| {
        let folder = name.strip_suffix("users.json")?;
        let is_folder = folder.is_empty() || folder.ends_with('/');
        let has_list = LISTS
            .iter()
            .any(|list| archive.has(&format!("{folder}{list}")));
        (is_folder && has_list).then(|| folder.to_owned())
    })
}

/// The messages of one day, if a JSON document holds them.
///
/// # Errors
/// [`ImportProblem::TooLarge`] for a document of too many messages of a few bytes.
pub(super) fn day(file: &str, bytes: &[u8]) -> Result<Option<Vec<Entry>>, ImportProblem> {
    work::visit(bytes.len() * 2);
    let has = |word: &[u8]| bytes.windows(word.len()).any(|piece| piece == word);
    if !has(b"\"ts\"") || !has(b"\"message\"") {
        return Ok(None);
    }
    work::visit(bytes.len());
    match entries(file, bytes) {
        Err(ImportProblem::Archive { .. }) => Ok(None),
        read => read.map(|entries| (!entries.is_empty()).then_some(entries)),
    }
}

/// The messages of a day's document.
fn entries(file: &str, bytes: &[u8]) -> Result<Vec<Entry>, ImportProblem> {
    let mut room = Room::of(bytes.len());
    let mut deserializer = serde_json::Deserializer::from_slice(bytes);
    // They are put into an order and into threads.
    let list = ListWithin::new(&mut room, 3 * size_of::<Placed>());
    let entries = list
        .deserialize(&mut deserializer)
        .and_then(|entries| deserializer.end().map(|()| entries));
    room.check(file)?;
    entries.map_err(|error| broken(file, &error))
}

/// Reads one day of a channel. Each message says who is who, if anything does.
pub(super) fn read_day(
    file: &str,
    entries: Vec<Entry>,
    bytes: usize,
    reading: &Reading,
    beside: Option<&Beside<'_>>,
) -> Result<Records, ImportProblem> {
    let mut chat = Chat::new(file, reading, bytes);
    let placed = (1..).zip(entries).map(|(row, entry)| Placed {
        row,
        position: row as u64,
        entry,
    });
    take_channel(&mut chat, placed.collect(), &Names::new());
    chat.finish(FileFormat::SlackJson, AccountUnit::Message, beside)
}

/// Reads all channels of an export.
pub(super) fn read_export(
    file: &str,
    archive: &mut Archive<'_>,
    folder: &str,
    reading: &Reading,
    beside: Option<&Beside<'_>>,
) -> Result<Records, ImportProblem> {
    let names = names(file, &archive.read(&format!("{folder}users.json"))?)?;
    // By channel and then by day, whatever order the archive has.
    let mut days: BTreeMap<String, Vec<String>> = BTreeMap::new();
    for name in archive.names() {
        let place = name
            .strip_prefix(folder)
            .and_then(|path| path.rsplit_once('/'));
        if let Some((channel, day)) = place
            && day.ends_with(".json")
        {
            days.entry(channel.to_owned())
                .or_default()
                .push(name.to_owned());
        }
    }
    let mut chat = Chat::new(file, reading, 0);
    let (mut row, mut inside, mut members) = (0, None, 0);
    for members_of_channel in days.values_mut() {
        members_of_channel.sort();
        let mut channel = Vec::new();
        for member in &*members_of_channel {
            let bytes = archive.read(member)?;
            chat.grow(bytes.len());
            let entries = entries(file, &bytes)?;
            if entries.is_empty() {
                continue;
            }
            members += 1;
            inside.get_or_insert_with(|| member.clone());
            for (position, entry) in (1..).zip(entries) {
                row += 1;
                channel.push(Placed {
                    row,
                    position,
                    entry,
                });
            }
        }
        take_channel(&mut chat, channel, &names);
    }
    let Some(inside) = inside else {
        return Err(archive.fault(ArchiveFault::NoConversation {}));
    };
    let mut records = chat.finish(FileFormat::SlackZip, AccountUnit::Message, beside)?;
    records.remarks.push(Remark::MemberRead {
        file: file.to_owned(),
        inside: inside.clone(),
        members,
    });
    records.inside = Some(inside);
    Ok(records)
}

fn names(file: &str, bytes: &[u8]) -> Result<Names, ImportProblem> {
    let users: Vec<User> = serde_json::from_slice(bytes).map_err(|error| broken(file, &error))?;
    let name = |user: &User| {
        let in_profile = user.profile.as_ref().and_then(Profile::shown);
        in_profile
            .or_else(|| filled(&user.real_name))
            .or_else(|| filled(&user.name))
    };
    Ok(users
        .into_iter()
        .filter_map(|user| Some((name(&user)?, user.id)))
        .map(|(name, id)| (id, name))
        .collect())
}

fn broken(file: &str, error: &serde_json::Error) -> ImportProblem {
    ImportProblem::Archive {
        file: file.to_owned(),
        fault: ArchiveFault::Broken {
            reason: error.to_string(),
        },
    }
}

fn filled(text: &Option<String>) -> Option<String> {
    text.clone().filter(|text| !text.trim().is_empty())
}

impl Profile {
    fn shown(&self) -> Option<String> {
        filled(&self.display_name)
            .or_else(|| filled(&self.real_name))
            .or_else(|| filled(&self.name))
    }
}

/// Threads come in the order in which they began; between them comes what belongs to none.
fn take_channel(chat: &mut Chat<'_>, messages: Vec<Placed>, names: &Names) {
    let mut threads: Vec<Vec<Placed>> = Vec::new();
    let mut place_of: HashMap<String, usize> = HashMap::new();
    let mut others: Vec<Placed> = Vec::new();
    for message in messages {
        match message.entry.thread_ts.clone() {
            Some(thread) => {
                let place = *place_of.entry(thread).or_insert_with(|| {
                    threads.push(Vec::new());
                    threads.len() - 1
                });
                threads[place].push(message);
            }
            None => others.push(message),
        }
    }
    let mut dialogues: Vec<(usize, bool, Vec<Placed>)> = threads
        .into_iter()
        .map(|thread| {
            (
                thread.first().map_or(0, |message| message.row),
                true,
                thread,
            )
        })
        .collect();
    let begin = others.first().map_or(0, |message| message.row);
    dialogues.push((begin, false, others));
    dialogues.sort_by_key(|(row, ..)| *row);
    for (_, is_thread, mut messages) in dialogues {
        messages.sort_by_key(|message| moment(&message.entry.ts));
        for message in &messages {
            take(chat, message, names, is_thread);
        }
        chat.end_channel();
    }
}

/// Seconds and their fraction.
fn moment(ts: &str) -> (i64, u32) {
    let (seconds, fraction) = ts.split_once('.').unwrap_or((ts, "0"));
    (
        seconds.parse().unwrap_or_default(),
        fraction.parse().unwrap_or_default(),
    )
}

fn take(chat: &mut Chat<'_>, placed: &Placed, names: &Names, is_thread: bool) {
    let entry = &placed.entry;
    let message = |text: String| Message {
        row: placed.row,
        position: placed.position,
        // A thread is one dialogue however long its answers take.
        seconds: (!is_thread).then(|| moment(&entry.ts).0),
        speaker: entry.speaker(names),
        text,
    };
    match entry.reason() {
        None => chat.say(message(readable(&entry.text, names))),
        // The list puts the program's name before its words; a turn has it anyway.
        Some(DropReason::Bot) if chat.keeps(DropReason::Bot) => {
            chat.say(message(readable(&entry.text, names)));
        }
        Some(reason) => chat.leave_out(reason, message(entry.shown(reason, names))),
    }
    for reaction in &entry.reactions {
        chat.note(
            placed.row,
            placed.position,
            DropReason::Reaction,
            &reaction.name,
        );
    }
}

impl Entry {
    fn speaker(&self, names: &Names) -> String {
        let user = self.user.as_ref();
        user.and_then(|user| names.get(user).cloned())
            .or_else(|| self.user_profile.as_ref().and_then(Profile::shown))
            .or_else(|| filled(&self.username))
            .or_else(|| user.cloned())
            .unwrap_or_default()
    }

    /// Why the message is nobody's word; `None` if it is.
    fn reason(&self) -> Option<DropReason> {
        let subtype = self.subtype.as_deref().unwrap_or_default();
        let is_slackbot = self.user.as_deref() == Some(SLACKBOT);
        match subtype {
            "tombstone" => return Some(DropReason::Deleted),
            "bot_message" => return Some(DropReason::Bot),
            _ if subtype.contains("huddle")
                || subtype.contains("call")
                || subtype == "sh_room_created" =>
            {
                return Some(DropReason::Call);
            }
            "" => {}
            _ if SPOKEN.contains(&subtype) => {}
            _ => return Some(DropReason::System),
        }
        if self.bot_id.is_some() || is_slackbot {
            return Some(DropReason::Bot);
        }
        match (self.text.trim().is_empty(), self.files.is_empty()) {
            (true, false) => Some(DropReason::Media),
            (true, true) => Some(DropReason::Empty),
            _ => None,
        }
    }

    /// What a list of dropped messages shows.
    fn shown(&self, reason: DropReason, names: &Names) -> String {
        let subtype = self.subtype.clone().unwrap_or_default();
        let text = readable(&self.text, names);
        match reason {
            DropReason::System | DropReason::Call => subtype,
            DropReason::Media => {
                let files: Vec<&str> = self
                    .files
                    .iter()
                    .filter_map(|file| file.name.as_deref().or(file.title.as_deref()))
                    .collect();
                files.join(", ")
            }
            DropReason::Bot => match filled(&self.username) {
                Some(name) => format!("{name}: {text}"),
                None => text,
            },
            _ => text,
        }
    }
}

/// Slack's marks as people see them: `<@U1>` is a name, `<url|label>` the label, `&amp;` a sign.
fn readable(text: &str, names: &Names) -> String {
    let mut out = String::with_capacity(text.len());
    let mut unread = text;
    while let Some(open) = unread.find('<') {
        let (before, after) = (&unread[..open], &unread[open + 1..]);
        out.push_str(before);
        let Some((inside, following)) = after.split_once('>') else {
            // Slack writes a literal sign as `&lt;`, so this is not a mark.
            out.push('<');
            unread = after;
            continue;
        };
        out.push_str(&mark(inside, names));
        unread = following;
    }
    out.push_str(unread);
    out.replace("&lt;", "<")
        .replace("&gt;", ">")
        .replace("&amp;", "&")
}

fn mark(inside: &str, names: &Names) -> String {
    let (target, label) = match inside.split_once('|') {
        Some((target, label)) => (target, Some(label)),
        None => (inside, None),
    };
    if let Some(user) = target.strip_prefix('@') {
        let name = names.get(user).map(String::as_str).or(label);
        return format!("@{}", name.unwrap_or(user));
    }
    if let Some(channel) = target.strip_prefix('#') {
        return format!("#{}", label.unwrap_or(channel));
    }
    if let Some(group) = target.strip_prefix('!') {
        return match label {
            Some(label) => label.to_owned(),
            None => format!("@{group}"),
        };
    }
    label.unwrap_or(target).to_owned()
}
