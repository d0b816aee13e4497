//! What an import takes: at most 50 MB and ten times the bytes of a file, whatever stands in it. A test program of its own,
//! because it counts allocations.
//!
//! Each shape is as bad as we could make it for one reader. A file that is divided into too many pieces for its length may
//! be refused, within the same bound.
#![allow(clippy::unwrap_used, reason = "a test says best where it failed")]

use std::io::Write;
use std::path::Path;
use std::sync::{Mutex, MutexGuard};

use project::session::{ImportRequest, Session};

mod counting;
mod sizes;

/// One test at a time from its first line, so that allocations, of its input too, have one owner.
fn turn() -> MutexGuard<'static, ()> {
    static TURN: Mutex<()> = Mutex::new(());
    TURN.lock().unwrap_or_else(|poisoned| poisoned.into_inner())
}

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
    text_of(BYTES, head, piece, foot)
}

fn text_of(bytes: usize, head: &str, piece: impl Fn(usize) -> String, foot: &str) -> Vec<u8> {
    let mut text = String::with_capacity(bytes + 4096);
    text.push_str(head);
    for number in 0.. {
        if text.len() >= bytes {
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
    let _turn = turn();
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
    let _turn = turn();
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
    let _turn = turn();
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
    let _turn = turn();
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
    let _turn = turn();
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
    let _turn = turn();
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

/// A workbook of ODS with these rows.
fn ods(rows: &str) -> (Vec<u8>, usize) {
    let content = format!(
        "<office:document-content xmlns:office=\"o\" xmlns:table=\"t\" xmlns:text=\"x\"><office:body><office:spreadsheet><table:table table:name=\"S\">{rows}</table:table></office:spreadsheet></office:body></office:document-content>"
    );
    let packed = zip(&[
        (
            "mimetype",
            b"application/vnd.oasis.opendocument.spreadsheet",
        ),
        ("content.xml", content.as_bytes()),
        (
            "META-INF/manifest.xml",
            b"<manifest:manifest xmlns:manifest=\"m\"/>",
        ),
    ]);
    (packed, content.len())
}

#[test]
fn workbooks_of_open_document() {
    let _turn = turn();
    let folder = tempfile::tempdir().unwrap();
    let cell = |text: &str, repeats: usize| {
        format!(
            "<table:table-cell office:value-type=\"string\" table:number-columns-repeated=\"{repeats}\"><text:p>{text}</text:p></table:table-cell>"
        )
    };
    let gap =
        |columns: usize| format!("<table:table-cell table:number-columns-repeated=\"{columns}\"/>");
    let row = |cells: &str, repeats: usize| {
        format!(
            "<table:table-row table:number-rows-repeated=\"{repeats}\">{cells}</table:table-row>"
        )
    };
    let pair = |n: usize| {
        row(
            &(cell(&format!("Ann: Do we meet at {n}?"), 1) + &cell("Ann asks.", 1)),
            1,
        )
    };
    let head = row(&(cell("dialogue", 1) + &cell("summary", 1)), 1);
    let pairs = |n: usize| head.clone() + &(0..n).map(pair).collect::<String>();
    let far_row = row("", 1_000_000) + &row(&(gap(5_000) + &cell("x", 1)), 1);
    let cases: [(&str, String, Outcome); 8] = [
        ("usual.ods", pairs(9_000), Read(9_000, 0)),
        // What a spreadsheet writes at the end: an empty rest of the sheet, with a style.
        (
            "styled_rest.ods",
            pairs(3)
                + &row(
                    "<table:table-cell table:style-name=\"ce1\" table:number-columns-repeated=\"16384\"/>",
                    1_048_000,
                ),
            Read(3, 0),
        ),
        // A few columns away it is still small enough.
        (
            "near.ods",
            pairs(3) + &row("", 400) + &row(&(gap(300) + &cell("x", 1)), 1),
            Read(3, 1),
        ),
        ("far.ods", pairs(3) + &far_row, Refused("too_large")),
        (
            "far_columns.ods",
            pairs(3) + &row(&(gap(16_000) + &cell("x", 1)), 1).repeat(2_000),
            Refused("too_large"),
        ),
        (
            "repeated.ods",
            pairs(3) + &row(&cell("x", 16_000), 1_000_000),
            Refused("too_large"),
        ),
        (
            "repeated_text.ods",
            pairs(3) + &row(&cell(&"word ".repeat(100_000), 1_000), 1),
            Refused("too_large"),
        ),
        (
            "spaces.ods",
            pairs(3) + &row(&cell("<text:s text:c=\"4000000000\"/>", 1), 1),
            Refused("too_large"),
        ),
    ];
    for (name, rows, expected) in cases {
        let (packed, decoded) = ods(&rows);
        assert_eq!(
            import(folder.path(), name, packed, decoded),
            expected,
            "{name}"
        );
    }
}

/// A record of XLS.
fn record(kind: u16, data: &[u8]) -> Vec<u8> {
    let length = u16::try_from(data.len()).unwrap();
    [&kind.to_le_bytes()[..], &length.to_le_bytes(), data].concat()
}

/// Numbers of two bytes, one after the other.
fn shorts(numbers: &[u16]) -> Vec<u8> {
    numbers.iter().flat_map(|n| n.to_le_bytes()).collect()
}

/// A workbook of XLS with one sheet: the texts that cells share, what the sheet states of its size (first and last row
/// and column), and the cells by row, column and text.
fn xls(texts: &[String], size: [u32; 2], cells: &[(u16, u16, u32)]) -> Vec<u8> {
    let begin = |kind: u16| record(0x0809, &shorts(&[0x0600, kind, 0, 0, 0, 0, 0, 0]));
    // As long as a record may be; what is longer goes on in the next one, after a byte for the kind of letters.
    let mut parts: Vec<Vec<u8>> = vec![
        [texts.len() as u32, texts.len() as u32]
            .map(u32::to_le_bytes)
            .concat(),
    ];
    for text in texts {
        let mut letters = text.as_bytes();
        let head = [&(letters.len() as u16).to_le_bytes()[..], &[0]].concat();
        if parts.last().unwrap().len() + 3 > 8_000 {
            parts.push(Vec::new());
        }
        parts.last_mut().unwrap().extend(head);
        while !letters.is_empty() {
            let free = 8_000_usize.saturating_sub(parts.last().unwrap().len());
            let (now, later) = letters.split_at(letters.len().min(free));
            parts.last_mut().unwrap().extend(now);
            letters = later;
            if !letters.is_empty() {
                parts.push(vec![0]);
            }
        }
    }
    let mut shared = record(0x00FC, &parts[0]);
    for part in &parts[1..] {
        shared.extend(record(0x003C, part));
    }
    let place =
        begin(5).len() + record(0x0085, &[0; 9]).len() + shared.len() + record(0x000A, &[]).len();
    let bound = [&(place as u32).to_le_bytes()[..], &[0, 0, 1, 0, b'S']].concat();
    let mut stream = [
        begin(5),
        record(0x0085, &bound),
        shared,
        record(0x000A, &[]),
    ]
    .concat();
    stream.extend(begin(0x10));
    let stated = [
        &0_u32.to_le_bytes()[..],
        &size[0].to_le_bytes(),
        &shorts(&[0, size[1] as u16, 0]),
    ]
    .concat();
    stream.extend(record(0x0200, &stated));
    for (row, column, text) in cells {
        let cell = [shorts(&[*row, *column, 0]), text.to_le_bytes().to_vec()].concat();
        stream.extend(record(0x00FD, &cell));
    }
    stream.extend(record(0x000A, &[]));
    let mut file =
        cfb::CompoundFile::create_with_version(cfb::Version::V3, std::io::Cursor::new(Vec::new()))
            .unwrap();
    file.create_stream("/Workbook")
        .unwrap()
        .write_all(&stream)
        .unwrap();
    file.into_inner().into_inner()
}

#[test]
fn workbooks_of_old_excel() {
    let _turn = turn();
    let folder = tempfile::tempdir().unwrap();
    let texts: Vec<String> = ["dialogue", "summary", "Ann: Do we meet?", "Ann asks."]
        .into_iter()
        .map(str::to_owned)
        .collect();
    let pairs = |rows: u16| -> Vec<(u16, u16, u32)> {
        let head = [(0, 0, 0), (0, 1, 1)];
        let rows = (1..=rows).flat_map(|row| [(row, 0, 2), (row, 1, 3)]);
        head.into_iter().chain(rows).collect()
    };
    let with = |mut cells: Vec<(u16, u16, u32)>, more: &[(u16, u16, u32)]| {
        cells.extend(more);
        cells
    };
    let long = vec![
        texts[0].clone(),
        texts[1].clone(),
        "word ".repeat(6_000),
        texts[3].clone(),
    ];
    let unlike: Vec<String> = texts[..2]
        .iter()
        .cloned()
        .chain((0..40_000).map(|n| format!("Ann: Do we meet at {n}? Ben: Yes.")))
        .collect();
    let many = (1..=40_000_u16).flat_map(|row| [(row, 0, u32::from(row) + 1), (row, 1, 1)]);
    let cases: [(&str, Vec<u8>, Outcome); 7] = [
        ("usual.xls", xls(&texts, [4, 2], &pairs(3)), Read(3, 0)),
        (
            "long.xls",
            xls(
                &unlike,
                [40_001, 2],
                &with(pairs(0), &many.collect::<Vec<_>>()),
            ),
            Read(40_000, 0),
        ),
        (
            "same_rows.xls",
            xls(&texts, [60_001, 2], &pairs(60_000)),
            Read(60_000, 0),
        ),
        (
            "far.xls",
            xls(&texts, [4, 2], &with(pairs(3), &[(65_535, 255, 3)])),
            Refused("too_large"),
        ),
        (
            "stated.xls",
            xls(&texts, [u32::MAX, 256], &pairs(3)),
            Refused("too_large"),
        ),
        (
            "stated_less.xls",
            xls(&texts, [60_000, 250], &pairs(3)),
            Refused("too_large"),
        ),
        (
            "shared.xls",
            xls(&long, [20_001, 2], &pairs(20_000)),
            Refused("too_large"),
        ),
    ];
    for (name, bytes, expected) in cases {
        let decoded = bytes.len();
        assert_eq!(
            import(folder.path(), name, bytes, decoded),
            expected,
            "{name}"
        );
    }
}

/// Honest tables of short rows: each is read, or says how many rows a part may have; and a part of that size is read.
#[test]
fn tables_of_short_rows() {
    let _turn = turn();
    let folder = tempfile::tempdir().unwrap();
    let csv = |rows: usize, row_bytes: usize| {
        let mut text = String::from("dialogue,summary\n");
        for row in 0..rows {
            let number = format!("{row:x}");
            let filler = "o".repeat(row_bytes.saturating_sub(number.len() + 8));
            text += &format!("A:{number}{filler},yes\n");
        }
        text.into_bytes()
    };
    let turns = |rows: usize, row_bytes: usize| {
        let mut text = String::from("id,speaker,text\n");
        for row in 0..rows {
            let number = format!("{:x}", row / 4);
            let filler = "o".repeat(row_bytes.saturating_sub(number.len() + 5));
            text += &format!("{number},{},o{filler}\n", ["A", "B"][row % 2]);
        }
        text.into_bytes()
    };
    let jsonl = |rows: usize, _: usize| {
        let row = |row| format!("{{\"dialogue\":\"A:{row:x}\",\"summary\":\"yes\"}}\n");
        (0..rows).map(row).collect::<String>().into_bytes()
    };
    type Table<'t> = &'t dyn Fn(usize, usize) -> Vec<u8>;
    let tables: [(&str, Table<'_>); 3] =
        [("a.csv", &csv), ("turns.csv", &turns), ("a.jsonl", &jsonl)];
    for (name, table) in tables {
        for row_bytes in [8, 12, 24, 40] {
            for rows in [100_000, 500_000] {
                let bytes = table(rows, row_bytes);
                let decoded = bytes.len();
                let outcome = import(folder.path(), name, bytes, decoded);
                println!("{name} {row_bytes} {rows}: {outcome:?}");
                let is_read = !matches!(outcome, Refused("too_large"));
                assert!(
                    is_read || rows > 100_000,
                    "{name} of {rows} rows of {row_bytes} bytes"
                );
            }
        }
    }
}
