//! Which format a file has: its first bytes, then the members of an archive, then what its text looks like.
//!
//! A file that is known and holds no turns is refused with its own problem; a file that is not known is refused too, and
//! never read as something that it only resembles.

use std::path::Path;

use contract::problem::{ArchiveFault, ImportProblem};
use contract::{Encoding, FileFormat, IntakeLimit, Remark};

use super::archive::Archive;
use super::decode::{Decoded, decode, is_binary};
use super::lines::Lines;
use super::transcript::{self, Beside};
use super::{
    ImportOptions, Record, Records, cues, document, docx, head_lines, json, limits, meet, slack,
    srt, table, telegram, webvtt, whatsapp, workbook, zoom_chat,
};
use crate::dialogue::has_speakers;

/// The first bytes of Office before 2007, and of encrypted Office files.
const OLD_OFFICE: &[u8] = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1";
/// What an OpenDocument workbook says it is.
const ODS: &[u8] = b"application/vnd.oasis.opendocument.spreadsheet";

/// A file to be taken apart.
pub(super) struct Input<'a> {
    pub(super) path: &'a Path,
    /// The path, as errors name it.
    pub(super) file: &'a str,
    pub(super) bytes: &'a [u8],
    pub(super) beside: Option<&'a Beside<'a>>,
}

/// A file taken apart, and how its bytes were read.
pub(super) struct Taken {
    pub(super) records: Records,
    pub(super) encoding: Encoding,
    pub(super) guessed: bool,
    pub(super) sample: Option<String>,
}

/// Chooses the layout by content; the file's ending decides between tables and between transcripts.
pub(super) fn take_apart(
    input: &Input<'_>,
    options: &ImportOptions,
) -> Result<Taken, ImportProblem> {
    let Input { file, bytes, .. } = *input;
    limits::check(file, IntakeLimit::FileBytes, bytes.len() as u64)?;
    refuse_unreadable(file, bytes)?;
    if let Some(records) = from_container(input, options)? {
        return Ok(Taken::utf8(records));
    }
    if options.reading.encoding.is_none() && is_binary(bytes) {
        return Err(ImportProblem::Binary {
            file: file.to_owned(),
        });
    }
    let decoded = decode(bytes, options.reading.encoding, options.reading.language);
    from_text(input, &decoded, options)
}

impl Taken {
    fn utf8(records: Records) -> Self {
        Self {
            records,
            encoding: Encoding::Utf8,
            guessed: false,
            sample: None,
        }
    }

    fn decoded(records: Records, decoded: &Decoded<'_>) -> Self {
        Self {
            records,
            encoding: decoded.encoding,
            guessed: decoded.guessed,
            sample: decoded.sample.clone(),
        }
    }
}

fn ending_of(path: &Path) -> String {
    path.extension()
        .map(|ending| ending.to_string_lossy().to_lowercase())
        .unwrap_or_default()
}

/// Formats that are known and hold no turns.
fn refuse_unreadable(file: &str, bytes: &[u8]) -> Result<(), ImportProblem> {
    let file = file.to_owned();
    let begin = bytes.strip_prefix(b"\xef\xbb\xbf").unwrap_or(bytes);
    let begin = begin.trim_ascii_start();
    let begins = |tag: &[u8]| {
        begin
            .get(..tag.len())
            .is_some_and(|first| first.eq_ignore_ascii_case(tag))
    };
    if begins(b"%PDF") {
        return Err(ImportProblem::Pdf { file });
    }
    if begins(b"{\\rtf") {
        return Err(ImportProblem::Rtf { file });
    }
    if begins(b"<!doctype html") || begins(b"<html") {
        return Err(ImportProblem::Html { file });
    }
    Ok(())
}

/// Archives, documents and workbooks.
fn from_container(
    input: &Input<'_>,
    options: &ImportOptions,
) -> Result<Option<Records>, ImportProblem> {
    let Input { file, bytes, .. } = *input;
    if bytes.starts_with(OLD_OFFICE) {
        let old = ImportProblem::OldOffice {
            file: file.to_owned(),
        };
        if ending_of(input.path) != "xls" {
            return Err(old);
        }
        return match workbook::read(FileFormat::Xls, file, bytes, bytes.len(), options) {
            Err(ImportProblem::Archive { .. }) => Err(old),
            read => read.map(Some),
        };
    }
    if !bytes.starts_with(b"PK\x03\x04") && !bytes.starts_with(b"PK\x05\x06") {
        return Ok(None);
    }
    from_archive(input, options).map(Some)
}

fn from_archive(input: &Input<'_>, options: &ImportOptions) -> Result<Records, ImportProblem> {
    let Input {
        file,
        bytes,
        beside,
        ..
    } = *input;
    let reading = &options.reading;
    let mut archive = Archive::open(file, bytes)?;
    if archive.has("word/document.xml") {
        let xml = archive.read("word/document.xml")?;
        let blocks = docx::blocks(file, &xml)?;
        return document::read(file, blocks, xml.len(), reading, beside);
    }
    if archive.has("xl/workbook.bin") {
        return Err(ImportProblem::BinaryWorkbook {
            file: file.to_owned(),
        });
    }
    if archive.has("xl/workbook.xml") {
        let unpacked = archive.check_sizes()?;
        return workbook::read(FileFormat::Xlsx, file, bytes, unpacked, options);
    }
    if archive.has("content.xml") && archive.has("mimetype") {
        let kind = archive.read("mimetype")?;
        if !kind.trim_ascii().starts_with(ODS) {
            return Err(archive.fault(ArchiveFault::NoConversation {}));
        }
        let unpacked = archive.check_sizes()?;
        return workbook::read(FileFormat::Ods, file, bytes, unpacked, options);
    }
    if let Some(folder) = slack::folder(&archive) {
        return slack::read_export(file, &mut archive, &folder, reading, beside);
    }
    let Some(member) = chat_member(&mut archive, options)? else {
        let is_page = |name: &str| name.to_lowercase().ends_with(".html");
        return Err(match archive.names().any(is_page) {
            true => ImportProblem::Html {
                file: file.to_owned(),
            },
            false => archive.fault(ArchiveFault::NoConversation {}),
        });
    };
    let bytes = archive.read(&member)?;
    let decoded = decode(&bytes, reading.encoding, reading.language);
    let mut records = match telegram::export(file, &decoded.bytes)? {
        Some(export) => telegram::read(file, &export, reading, beside)?,
        None => {
            let lines = Lines::of(&decoded.bytes);
            if !whatsapp::look_like_ones(lines.clone()) {
                return Err(archive.fault(ArchiveFault::NoConversation {}));
            }
            whatsapp::read(file, lines, reading, beside)?
        }
    };
    records.remarks.push(Remark::MemberRead {
        file: file.to_owned(),
        inside: member.clone(),
        members: 1,
    });
    records.inside = Some(member);
    Ok(records)
}

/// The chat in an archive: WhatsApp's `_chat.txt` or `WhatsApp Chat with ….txt`, Telegram's `result.json`, or the only
/// text. If there are several texts, it is the one that is a chat.
///
/// # Errors
/// [`ArchiveFault::SeveralConversations`] with their names: none of them is left out without a word.
fn chat_member(
    archive: &mut Archive<'_>,
    options: &ImportOptions,
) -> Result<Option<String>, ImportProblem> {
    let base = |name: &str| name.rsplit('/').next().unwrap_or_default().to_lowercase();
    let is_named = |name: &String| {
        let base = base(name);
        base == "_chat.txt"
            || base == "result.json"
            || (base.contains("whatsapp") && base.ends_with(".txt"))
    };
    let members: Vec<String> = archive
        .names()
        .filter(|name| !name.starts_with("__MACOSX/"))
        .map(str::to_owned)
        .collect();
    let (mut chats, others): (Vec<String>, Vec<String>) = members.into_iter().partition(is_named);
    let mut texts: Vec<String> = others
        .into_iter()
        .filter(|name| base(name).ends_with(".txt"))
        .collect();
    if chats.is_empty() && texts.len() == 1 {
        return Ok(texts.pop());
    }
    for text in texts {
        let bytes = archive.read(&text)?;
        let decoded = decode(&bytes, options.reading.encoding, options.reading.language);
        if whatsapp::look_like_ones(Lines::of(&decoded.bytes)) {
            chats.push(text);
        }
    }
    match chats.len() {
        0 | 1 => Ok(chats.pop()),
        _ => Err(archive.fault(ArchiveFault::SeveralConversations {
            members: contract::excerpts(&chats),
        })),
    }
}

fn from_text(
    input: &Input<'_>,
    decoded: &Decoded<'_>,
    options: &ImportOptions,
) -> Result<Taken, ImportProblem> {
    let Input {
        path, file, beside, ..
    } = *input;
    let bytes: &[u8] = &decoded.bytes;
    refuse_unreadable(file, bytes)?;
    let ending = ending_of(path);
    let separator = options.reading.separator;
    let first = bytes.iter().find(|byte| !byte.is_ascii_whitespace());
    let records = match (ending.as_str(), first) {
        (_, None) => {
            return Err(ImportProblem::Empty {
                file: file.to_owned(),
            });
        }
        ("csv" | "tsv", _) => table::read(file, bytes, separator)?,
        ("vtt", _) => webvtt::read(file, bytes, beside)?,
        ("srt", _) => srt::read(file, bytes, beside)?,
        _ if bytes.starts_with(b"WEBVTT") => webvtt::read(file, bytes, beside)?,
        _ if cues::look_like_ones(bytes) => srt::read(file, bytes, beside)?,
        ("txt" | "text" | "md" | "markdown", _) if transcript::is_beside(path) => {
            transcript::orphan(FileFormat::Txt, file)
        }
        (_, Some(sign)) => {
            let known = known_text(input, bytes, *sign, &ending, options)?;
            match known {
                Some(records) => records,
                None => other_text(input, bytes, &ending, options)?,
            }
        }
    };
    if records.layout == FileFormat::Vtt && options.speakers.is_none() {
        refuse_without_voices(file, bytes, &records)?;
    }
    Ok(Taken::decoded(records, decoded))
}

/// Teams leaves the voices out where the organisation wants that. Nothing else tells its speakers apart.
fn refuse_without_voices(file: &str, bytes: &[u8], records: &Records) -> Result<(), ImportProblem> {
    let is_teams = bytes.split(|byte| *byte == b'\n').any(is_teams_identifier);
    let is_silent = |record: &&Record| {
        let dialogue = record.fields.values().next();
        let dialogue = dialogue.and_then(|dialogue| dialogue.as_str());
        dialogue.is_some_and(|text| !has_speakers(text, 1))
    };
    match records.rows.iter().find(is_silent) {
        Some(record) if is_teams => Err(ImportProblem::SpeakersNeeded {
            file: file.to_owned(),
            row: record.row,
            field: "dialogue".to_owned(),
        }),
        _ => Ok(()),
    }
}

/// `3f2504e0-4f89-11d3-9a0c-0305e82c3301/10-0`
fn is_teams_identifier(line: &[u8]) -> bool {
    let Some((key, number)) = line.trim_ascii().split_at_checked(36) else {
        return false;
    };
    let is_key = key.iter().enumerate().all(|(place, sign)| match place {
        8 | 13 | 18 | 23 => *sign == b'-',
        _ => sign.is_ascii_hexdigit(),
    });
    is_key
        && number.len() >= 4
        && number[0] == b'/'
        && number[1..]
            .iter()
            .all(|sign| sign.is_ascii_digit() || *sign == b'-')
}

/// Chats and transcripts with a form of their own, whatever the file is called.
fn known_text(
    input: &Input<'_>,
    bytes: &[u8],
    first: u8,
    ending: &str,
    options: &ImportOptions,
) -> Result<Option<Records>, ImportProblem> {
    let Input { file, beside, .. } = *input;
    let reading = &options.reading;
    if first == b'{'
        && let Some(export) = telegram::export(file, bytes)?
    {
        return telegram::read(file, &export, reading, beside).map(Some);
    }
    if first == b'['
        && let Some(day) = slack::day(file, bytes)?
    {
        return slack::read_day(file, day, bytes.len(), reading, beside).map(Some);
    }
    // JSON has no lines that people speak.
    if first == b'{' || matches!(ending, "json" | "jsonl" | "ndjson") {
        return Ok(None);
    }
    let lines = Lines::of(bytes);
    let look = Look::at(lines.clone());
    let records = if look.whatsapp.is_one() {
        whatsapp::read(file, lines, reading, beside)
    } else if look.zoom.is_one() {
        zoom_chat::read(file, lines, reading, beside)
    } else if look.meet.is_one() {
        meet::read(file, lines, reading, beside)
    } else if let Some(grammar) = look.heads.grammar() {
        head_lines::read(grammar, file, lines, reading, beside)
    } else {
        return Ok(None);
    };
    records.map(Some)
}

/// What all lines of a text look like.
#[derive(Default)]
struct Look {
    whatsapp: whatsapp::Look,
    zoom: zoom_chat::Look,
    meet: meet::Look,
    heads: head_lines::Look,
}

impl Look {
    fn at(lines: Lines<'_>) -> Self {
        let mut look = Self::default();
        let mut written = lines.written();
        while written.advance() {
            let text = written.follows(0);
            look.whatsapp.see(text);
            look.zoom.see(text);
            look.meet.see(text);
            look.heads.see(&written);
        }
        look
    }
}

/// Everything else: transcripts by their ending, JSON and tables by their form.
fn other_text(
    input: &Input<'_>,
    bytes: &[u8],
    ending: &str,
    options: &ImportOptions,
) -> Result<Records, ImportProblem> {
    let Input { file, beside, .. } = *input;
    let separator = options.reading.separator;
    let is_json = || json::looks_like_it(bytes);
    let is_table = || table::looks_like_one(bytes);
    match (ending, bytes.trim_ascii_start().first()) {
        ("md" | "markdown", _) => super::text::read(FileFormat::Md, file, Lines::of(bytes), beside),
        ("txt" | "text", _) if !is_json() && !is_table() => {
            super::text::read(FileFormat::Txt, file, Lines::of(bytes), beside)
        }
        (_, Some(b'[')) => json::read_list(file, bytes),
        ("jsonl" | "ndjson" | "json", _) | (_, Some(b'{')) => {
            json::read_objects(file, bytes, ending)
        }
        _ if is_table() => table::read(file, bytes, separator),
        _ => Err(ImportProblem::UnknownFormat {
            file: file.to_owned(),
        }),
    }
}
