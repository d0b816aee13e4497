//! What an import takes: at most 50 MB and ten times the bytes of a file, whatever stands in it. A test program of its own,
//! because it counts allocations.
//!
//! Each shape is as bad as we could make it for one reader. A file that is divided into too many pieces for its length may
//! be refused, within the same bound.
#![allow(clippy::unwrap_used, reason = "a test says best where it failed")]

use std::io::Write;
use std::path::Path;
use std::sync::Mutex;

use project::session::{ImportRequest, Session};

mod counting;

/// One test at a time, so that allocations have one owner.
static TURN: Mutex<()> = Mutex::new(());

/// Bytes of each file, without what packs it.
const BYTES: usize = 3_000_000;
/// What the import may take of any file, and for each of its bytes.
const FREE_BYTES: usize = 50_000_000;
const TIMES: usize = 10;

/// What came of an import.
#[derive(Debug, PartialEq, Eq)]
enum Outcome {
    /// Examples, and rows that are left out.
    Read(usize, usize),
    /// The code of the refusal.
    Refused(&'static str),
}

use Outcome::{Read, Refused};

/// A text of [`BYTES`]: a head, pieces that know their number, a foot.
fn text(head: &str, piece: impl Fn(usize) -> String, foot: &str) -> Vec<u8> {
    let mut text = String::with_capacity(BYTES + 4096);
    text.push_str(head);
    for number in 0.. {
        if text.len() >= BYTES {
            break;
        }
        text.push_str(&piece(number));
    }
    text.push_str(foot);
    text.into_bytes()
}

fn same(piece: &'static str) -> impl Fn(usize) -> String {
    move |_| piece.to_owned()
}

/// An archive of these members, packed.
fn zip(members: &[(&str, &[u8])]) -> Vec<u8> {
    let mut writer = zip::ZipWriter::new(std::io::Cursor::new(Vec::new()));
    for (name, bytes) in members {
        let options = zip::write::SimpleFileOptions::default()
            .compression_method(zip::CompressionMethod::Deflated);
        writer.start_file(*name, options).unwrap();
        writer.write_all(bytes).unwrap();
    }
    writer.finish().unwrap().into_inner()
}

/// Imports a file as a trial, and holds what that takes to the bound for its decoded bytes.
fn import(folder: &Path, name: &str, bytes: Vec<u8>, decoded: usize) -> Outcome {
    let path = folder.join(name);
    std::fs::write(&path, &bytes).unwrap();
    drop(bytes);
    let session = Session::open(&folder.join("workspace")).unwrap();
    let request = ImportRequest {
        files: vec![path],
        name: "d".into(),
        dry_run: true,
        ..ImportRequest::default()
    };
    let (most, outcome) = counting::most(|| {
        session
            .import(&request, 0)
            .map(|report| Read(report.imported, report.skipped))
            .unwrap_or_else(|error| Refused(error.code().as_str()))
    });
    let bound = FREE_BYTES + TIMES * decoded;
    assert!(
        most <= bound,
        "{name}: {most} of {bound} bytes for {decoded}, {outcome:?}"
    );
    outcome
}

/// Imports files that are not packed.
fn import_all(files: Vec<(&str, Vec<u8>)>) -> Vec<(String, Outcome)> {
    let _turn = TURN.lock().unwrap_or_else(|poisoned| poisoned.into_inner());
    let folder = tempfile::tempdir().unwrap();
    files
        .into_iter()
        .map(|(name, bytes)| {
            let decoded = bytes.len();
            let outcome = import(folder.path(), name, bytes, decoded);
            (name.to_owned(), outcome)
        })
        .collect()
}

#[test]
fn texts_of_lines() {
    let outcomes = import_all(vec![
        (
            "one_line.txt",
            text("Ann: ", same("word "), "\n\nSummary: s"),
        ),
        (
            "one_line_of_rare_spaces.txt",
            text("Ann: ", same("word\u{a0}"), "\n\nSummary: s"),
        ),
        ("letters.txt", text("", same("a\n"), "")),
        (
            "blank.txt",
            text("Ann: a\nBen: b\n", same("\n"), "Summary: s"),
        ),
        ("short_turns.txt", text("", same("a:b\n"), "Summary: s")),
        (
            "short_turns_of_many.txt",
            text("", |n| format!("{n:x}a:b\n"), "Summary: s"),
        ),
        (
            "turns.txt",
            text(
                "",
                |n| format!("{}: I am well.\n", ["Ann", "Ben"][n % 2]),
                "Summary: s",
            ),
        ),
        (
            "unsure.txt",
            text("", |n| format!("so {n}: b\n"), "Summary: s"),
        ),
        ("headings.md", text("", same("# a\n"), "")),
        ("times.txt", text("Ann: a\n", same("1:00\n"), "Summary: s")),
        (
            "dialogues.txt",
            text("", same("A: b\n\nSummary: c\n---\n"), ""),
        ),
        ("summaries.txt", text("A: b\n", same("Summary: c\n"), "")),
        (
            "divided.txt",
            text("Ann: a\u{2028}", same("b\u{2028}"), "Summary: s"),
        ),
    ]);
    for (name, outcome) in outcomes {
        assert!(
            matches!(outcome, Read(..) | Refused("too_large" | "empty_dataset")),
            "{name}: {outcome:?}"
        );
    }
}

#[test]
fn letters_of_other_encodings() {
    let latin = text("", same("Ann: Gr\u{fc}\u{df}e\n"), "Summary: s");
    let latin: String = String::from_utf8(latin).unwrap();
    let latin: Vec<u8> = latin.chars().map(|sign| sign as u32 as u8).collect();
    let wide = text("", same("Ann: hello\n"), "Summary: s");
    let wide: Vec<u8> = String::from_utf8(wide)
        .unwrap()
        .encode_utf16()
        .flat_map(u16::to_le_bytes)
        .collect();
    let broken = text("Ann: a\n", same("Ben: \u{fffd}\n"), "");
    import_all(vec![
        ("latin.txt", latin),
        ("wide.txt", wide[..BYTES].to_vec()),
        ("broken.txt", broken),
    ]);
}

#[test]
fn tables() {
    import_all(vec![
        ("tiny.csv", text("dialogue,summary\n", same("a,b\n"), "")),
        (
            "small.csv",
            text(
                "dialogue,summary\n",
                |n| format!("\"A: hi {n}\nB: yo\",they greet\n"),
                "",
            ),
        ),
        (
            "usual.csv",
            text(
                "dialogue,summary\n",
                |n| {
                    format!(
                        "\"Ann: Do we meet at {n}?\nBen: Yes, at the station.\",Ann and Ben meet at {n}.\n"
                    )
                },
                "",
            ),
        ),
        (
            "empty_rows.csv",
            text("dialogue,summary\n", same(",\n"), ""),
        ),
        ("ragged.csv", text("dialogue,summary\n", same("a\n"), "")),
        ("header.csv", text("dialogue,summary", same(",a"), "\n")),
        ("wide_rows.csv", text("dialogue,summary\n", same(","), "")),
        (
            "one_cell.csv",
            text("dialogue,summary\n\"A: b\n", same("A: b\n"), "\",s\n"),
        ),
        (
            "turns.csv",
            text(
                "speaker,text,summary\n",
                |n| format!("{},hi,\n", ["a", "b"][n % 2]),
                "",
            ),
        ),
        (
            "groups.csv",
            text(
                "conversation_id,speaker,text\n1,a,b\n1,b,a\n",
                |n| format!("{},a,b\n", n / 2),
                "",
            ),
        ),
        (
            "same_ids.csv",
            text("id,dialogue,summary\n", same("1,A: b,c\n"), ""),
        ),
    ]);
}

#[test]
fn json() {
    let turn = |n: usize| {
        format!(
            "{{\"speaker\":\"{}\",\"text\":\"hi {n}\"}},",
            ["Ann", "Ben"][n % 2]
        )
    };
    import_all(vec![
        ("numbers.jsonl", text("", same("1\n"), "")),
        ("fields.jsonl", text("", |n| format!("{{\"{n}\":1}}\n"), "")),
        (
            "rows.jsonl",
            text(
                "",
                |n| format!("{{\"dialogue\":\"A: hi {n}\\nB: yo\",\"summary\":\"ok\"}}\n"),
                "",
            ),
        ),
        ("lists.json", text("[", same("[],"), "[]]")),
        ("numbers.json", text("[", same("1,"), "1]")),
        ("objects.json", text("[", same("{\"a\":{}},"), "{}]")),
        (
            "keys.json",
            text("{", |n| format!("\"{n}\":1,"), "\"x\":1}"),
        ),
        (
            "index.json",
            text(
                "{",
                |n| format!("\"{n}\":{{\"dialogue\":\"A: b\",\"summary\":\"c\"}},"),
                "\"x\":{}}",
            ),
        ),
        (
            "turns.json",
            text(
                "[{\"summary\":\"s\",\"dialogue\":[",
                turn,
                "{\"speaker\":\"Ann\",\"text\":\"bye\"}]}]",
            ),
        ),
        (
            "short_turns.json",
            text(
                "[{\"summary\":\"s\",\"dialogue\":[",
                same("\"a\","),
                "\"b\"]}]",
            ),
        ),
        ("deep.json", text("", same("["), "")),
        (
            "big_numbers.json",
            text(
                "[{\"summary\":\"s\",\"dialogue\":[",
                same("1234567890123456789,"),
                "1]}]",
            ),
        ),
        (
            "telegram.json",
            text(
                "{\"messages\":[",
                |n| format!("{{\"id\":{n},\"type\":\"message\",\"date\":\"\"}},"),
                "{\"id\":0,\"type\":\"message\",\"from\":\"a\",\"text\":\"b\"}]}",
            ),
        ),
        (
            "slack.json",
            text(
                "[",
                same("{\"type\":\"message\",\"ts\":\"1\"},"),
                "{\"type\":\"message\",\"ts\":\"1\",\"user\":\"a\",\"text\":\"b\"}]",
            ),
        ),
    ]);
}

#[test]
fn captions_and_chats() {
    let cue = "0:1-->0:2\n";
    import_all(vec![
        ("cues.srt", text("", same("0:1-->0:2\na\n\n"), "")),
        (
            "voices.vtt",
            text("WEBVTT\n\n", |n| format!("{cue}<v {n}>a\n\n"), ""),
        ),
        (
            "tags.vtt",
            text(
                "WEBVTT\n\n",
                same("0:1-->0:2\n<b><i><c>a</c></i></b>&amp;\n\n"),
                "",
            ),
        ),
        ("one_cue.srt", text(cue, same("a\n"), "")),
        (
            "one_cue_of_tags.vtt",
            text("WEBVTT\n\n0:1-->0:2\n", same("<v a>b"), ""),
        ),
        ("without_blanks.srt", text("", same("0:1-->0:2\na\n"), "")),
        (
            "notes.vtt",
            text("WEBVTT\n\n", same("NOTE\n\n"), "0:1-->0:2\nA: b\n"),
        ),
        (
            "untimed.srt",
            text("0:1-->0:2\nA: b\n\n", same("a\n\n"), ""),
        ),
        (
            "whatsapp.txt",
            text(
                "",
                |n| {
                    format!(
                        "14.03.25, 09:{:02} - {}: hi\n",
                        n / 7 % 60,
                        ["A", "B"][n % 2]
                    )
                },
                "",
            ),
        ),
        (
            "whatsapp_system.txt",
            text("1/1/23, 1:00 - A: b\n", same("1/1/23, 1:00 - a\n"), ""),
        ),
        (
            "whatsapp_names.txt",
            text("", |n| format!("1/1/23, 1:00 - {n}: b c\n"), ""),
        ),
        (
            "whatsapp_silences.txt",
            text(
                "",
                |n| format!("{}/{}/23, 1:00 - A: b\n", 1 + n / 28 % 12, 1 + n % 28),
                "",
            ),
        ),
        (
            "zoom.txt",
            text("", same("09:05:40 From A to B:\na b\n"), ""),
        ),
        ("irc.txt", text("", |n| format!("<a{n}> b c\n"), "")),
        ("otter.txt", text("", same("Ann  0:03\nb\n\n"), "")),
        (
            "meet.txt",
            text(
                "Attendees\nAnn\nTranscript\n",
                same("00:00:01\n"),
                "Ann: hi\n",
            ),
        ),
    ]);
}

#[test]
fn packed_files() {
    let _turn = TURN.lock().unwrap_or_else(|poisoned| poisoned.into_inner());
    let folder = tempfile::tempdir().unwrap();
    let document = |piece: &'static str| {
        text(
            "<?xml version=\"1.0\"?><w:document xmlns:w=\"w\"><w:body>",
            same(piece),
            "</w:body></w:document>",
        )
    };
    let documents = [
        ("empty_paragraphs.docx", document("<w:p/>")),
        (
            "paragraphs.docx",
            document("<w:p><w:r><w:t>A: b</w:t></w:r></w:p>"),
        ),
        (
            "runs.docx",
            text(
                "<?xml version=\"1.0\"?><w:document xmlns:w=\"w\"><w:body><w:p>",
                same("<w:r><w:t>a</w:t></w:r>"),
                "</w:p></w:body></w:document>",
            ),
        ),
        (
            "cells.docx",
            text(
                "<?xml version=\"1.0\"?><w:document xmlns:w=\"w\"><w:body><w:tbl>",
                same("<w:tr><w:tc/><w:tc/></w:tr>"),
                "</w:tbl></w:body></w:document>",
            ),
        ),
    ];
    for (name, xml) in documents {
        let packed = zip(&[("word/document.xml", &xml)]);
        import(folder.path(), name, packed, xml.len());
    }
    let book = |sheet: &[u8], strings: &[u8]| {
        zip(&[
            ("_rels/.rels", b"<Relationships xmlns=\"http://schemas.openxmlformats.org/package/2006/relationships\"><Relationship Id=\"r1\" Type=\"http://schemas.openxmlformats.org/officeDocument/2006/relationships/officeDocument\" Target=\"xl/workbook.xml\"/></Relationships>"),
            ("xl/workbook.xml", b"<workbook xmlns=\"http://schemas.openxmlformats.org/spreadsheetml/2006/main\" xmlns:r=\"http://schemas.openxmlformats.org/officeDocument/2006/relationships\"><sheets><sheet name=\"S\" sheetId=\"1\" r:id=\"r1\"/></sheets></workbook>"),
            ("xl/_rels/workbook.xml.rels", b"<Relationships xmlns=\"http://schemas.openxmlformats.org/package/2006/relationships\"><Relationship Id=\"r1\" Type=\"http://schemas.openxmlformats.org/officeDocument/2006/relationships/worksheet\" Target=\"worksheets/sheet1.xml\"/></Relationships>"),
            ("xl/sharedStrings.xml", strings),
            ("xl/worksheets/sheet1.xml", sheet),
        ])
    };
    let rows = text(
        "<worksheet xmlns=\"http://schemas.openxmlformats.org/spreadsheetml/2006/main\"><sheetData><row r=\"1\"><c r=\"A1\" t=\"inlineStr\"><is><t>dialogue</t></is></c><c r=\"B1\" t=\"inlineStr\"><is><t>summary</t></is></c></row>",
        |n| {
            format!(
                "<row r=\"{0}\"><c r=\"A{0}\" t=\"s\"><v>0</v></c><c r=\"B{0}\" t=\"s\"><v>0</v></c></row>",
                n + 2
            )
        },
        "</sheetData></worksheet>",
    );
    let strings = |text: &str| {
        format!(
            "<sst xmlns=\"http://schemas.openxmlformats.org/spreadsheetml/2006/main\"><si><t>{text}</t></si></sst>"
        )
    };
    for (name, words) in [
        ("rows.xlsx", "A: b".to_owned()),
        ("shared.xlsx", "A: b ".repeat(40_000)),
    ] {
        let words = strings(&words);
        let packed = book(&rows, words.as_bytes());
        let outcome = import(folder.path(), name, packed, rows.len() + words.len());
        assert!(
            matches!(outcome, Read(..) | Refused("too_large")),
            "{name}: {outcome:?}"
        );
    }
}
