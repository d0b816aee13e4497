//! Archives, documents, workbooks and tables of turns beyond the fixtures, and the bounds.

use std::io::Write;

use proptest::prelude::*;

use super::tests::{codes, dialogues, dropped, import, import_with};
use super::*;
use crate::work::{MOST_VISITS, count};

/// An archive of these members, packed.
pub(super) fn zip(members: &[(&str, &str)]) -> Vec<u8> {
    let mut writer = zip::ZipWriter::new(std::io::Cursor::new(Vec::new()));
    for (name, text) in members {
        let options = zip::write::SimpleFileOptions::default()
            .compression_method(zip::CompressionMethod::Deflated);
        writer.start_file(*name, options).unwrap();
        writer.write_all(text.as_bytes()).unwrap();
    }
    writer.finish().unwrap().into_inner()
}

pub(super) fn docx(body: &str) -> Vec<u8> {
    let document = format!(
        "<?xml version=\"1.0\" encoding=\"UTF-8\"?><w:document xmlns:w=\"w\" xmlns:mc=\"mc\"><w:body>{body}</w:body></w:document>"
    );
    zip(&[("word/document.xml", &document)])
}

pub(super) fn paragraph(text: &str) -> String {
    format!("<w:p><w:r><w:t>{text}</w:t></w:r></w:p>")
}

pub(super) fn refused(name: &str, bytes: &[u8]) -> &'static str {
    let problem = import_with(name, bytes, &ImportOptions::default()).unwrap_err();
    problem.code().as_str()
}

#[test]
fn tracked_changes_footnotes_and_pictures_of_a_document() {
    let body = [
        "<w:p><w:pPr><w:pStyle w:val=\"Title\"/></w:pPr><w:r><w:t>Visit: notes</w:t></w:r></w:p>",
        "<w:p><w:r><w:t xml:space=\"preserve\">Ann: We meet </w:t></w:r><w:del><w:r><w:delText>Friday</w:delText></w:r></w:del><w:ins><w:r><w:t>Monday &amp; Tuesday</w:t></w:r></w:ins></w:p>",
        "<w:p><w:r><w:drawing><w:txbxContent><w:p><w:r><w:t>Box: text</w:t></w:r></w:p></w:txbxContent></w:drawing><w:t>Ben: Good</w:t><w:tab/><w:t>so.</w:t><w:footnoteReference w:id=\"1\"/></w:r></w:p>",
        "<w:p><mc:AlternateContent><mc:Choice><w:r><w:t>Ann: Yes</w:t></w:r></mc:Choice><mc:Fallback><w:r><w:t>Ann: Yes</w:t></w:r></mc:Fallback></mc:AlternateContent></w:p>",
        "<w:p><w:r><w:t>and a bit more</w:t></w:r></w:p>",
        "<w:p><w:pPr><w:pStyle w:val=\"Heading1\"/></w:pPr><w:r><w:t>Summary</w:t></w:r></w:p>",
        "<w:p><w:r><w:t>They meet.</w:t></w:r></w:p><w:p><w:r><w:t>Next step: call.</w:t></w:r></w:p>",
    ]
    .concat();
    let import = import("a.docx", docx(&body));
    assert_eq!(import.format.to_string(), "docx_transcript");
    assert_eq!(
        dialogues(&import),
        ["Ann: We meet Monday & Tuesday\nBen: Good\tso.\nAnn: Yes and a bit more"]
    );
    assert_eq!(
        import.examples[0].references,
        ["They meet.\nNext step: call."]
    );
    assert_eq!(
        dropped(&import),
        [
            (1, "header", "Visit: notes"),
            (2, "tracked_deletion", "Friday")
        ]
    );
}

#[test]
fn a_name_in_bold_over_the_words() {
    let turn = |name: &str, time: &str, text: &str| {
        format!(
            "<w:p><w:r><w:rPr><w:b/></w:rPr><w:t>{name}</w:t></w:r><w:r><w:t xml:space=\"preserve\">{time}</w:t></w:r><w:r><w:br/><w:t>{text}</w:t></w:r></w:p>"
        )
    };
    let body = [
        paragraph("Meeting: weekly"),
        turn("Ann Lee", "   0:03", "Note: we begin."),
        turn("Ben", "", "Fine."),
        paragraph("Ann Lee hat die Transkription beendet"),
        paragraph("Zusammenfassung: Sie beginnen."),
    ]
    .concat();
    let import = import("a.docx", docx(&body));
    assert_eq!(dialogues(&import), ["Ann Lee: Note: we begin.\nBen: Fine."]);
    assert_eq!(import.examples[0].references, ["Sie beginnen."]);
    assert_eq!(
        dropped(&import),
        [
            (1, "header", "Meeting: weekly"),
            (4, "system", "Ann Lee hat die Transkription beendet")
        ]
    );
}

#[test]
fn a_table_without_heads_shows_its_names_by_what_comes_again() {
    let row = |cells: [&str; 3]| {
        let cells = cells.map(|cell| format!("<w:tc>{}</w:tc>", paragraph(cell)));
        format!("<w:tr>{}</w:tr>", cells.concat())
    };
    let table = format!(
        "<w:tbl>{}{}{}{}</w:tbl>",
        row(["0:03", "Ann", "Is the report done already?"]),
        row(["0:09", "Ben", "Nearly, give me an hour."]),
        row(["0:12", "Ann", "Then we talk about it at noon."]),
        row(["0:20", "Ben", "Good."]),
    );
    let body = [table, paragraph("Summary: Ben needs an hour.")].concat();
    let import = import("a.docx", docx(&body));
    assert_eq!(import.format.to_string(), "docx_table");
    assert_eq!(
        dialogues(&import),
        [
            "Ann: Is the report done already?\nBen: Nearly, give me an hour.\nAnn: Then we talk about it at noon.\nBen: Good."
        ]
    );
    assert_eq!(import.examples[0].references, ["Ben needs an hour."]);
}

/// A workbook of sheets with cells such as `("B5", "text")`.
fn xlsx(sheets: &[(&str, &[(&str, &str)])]) -> Vec<u8> {
    let mut members = Vec::new();
    let (mut list, mut relations) = (String::new(), String::new());
    for (place, (name, cells)) in sheets.iter().enumerate() {
        let number = place + 1;
        list.push_str(&format!(
            "<sheet name=\"{name}\" sheetId=\"{number}\" r:id=\"rId{number}\"/>"
        ));
        relations.push_str(&format!("<Relationship Id=\"rId{number}\" Type=\"http://schemas.openxmlformats.org/officeDocument/2006/relationships/worksheet\" Target=\"worksheets/sheet{number}.xml\"/>"));
        let mut rows = String::new();
        let mut last = "";
        for (cell, text) in *cells {
            let row = cell.trim_start_matches(|sign: char| sign.is_ascii_alphabetic());
            if row != last {
                rows.push_str(if last.is_empty() { "" } else { "</row>" });
                rows.push_str(&format!("<row r=\"{row}\">"));
                last = row;
            }
            rows.push_str(&match text.parse::<f64>() {
                Ok(_) => format!("<c r=\"{cell}\"><v>{text}</v></c>"),
                Err(_) => format!("<c r=\"{cell}\" t=\"inlineStr\"><is><t>{text}</t></is></c>"),
            });
        }
        rows.push_str(if last.is_empty() { "" } else { "</row>" });
        members.push((
            format!("xl/worksheets/sheet{number}.xml"),
            format!("<worksheet xmlns=\"http://schemas.openxmlformats.org/spreadsheetml/2006/main\"><sheetData>{rows}</sheetData></worksheet>"),
        ));
    }
    members.push(("xl/workbook.xml".into(), format!("<workbook xmlns=\"http://schemas.openxmlformats.org/spreadsheetml/2006/main\" xmlns:r=\"http://schemas.openxmlformats.org/officeDocument/2006/relationships\"><sheets>{list}</sheets></workbook>")));
    members.push(("xl/_rels/workbook.xml.rels".into(), format!("<Relationships xmlns=\"http://schemas.openxmlformats.org/package/2006/relationships\">{relations}</Relationships>")));
    members.push((
        "_rels/.rels".into(),
        "<Relationships xmlns=\"http://schemas.openxmlformats.org/package/2006/relationships\"><Relationship Id=\"rId1\" Type=\"http://schemas.openxmlformats.org/officeDocument/2006/relationships/officeDocument\" Target=\"xl/workbook.xml\"/></Relationships>".into(),
    ));
    let members: Vec<(&str, &str)> = members
        .iter()
        .map(|(name, text)| (name.as_str(), text.as_str()))
        .collect();
    zip(&members)
}

#[test]
fn two_columns_of_one_name_are_two_references() {
    let cells = [
        ("A1", "dialogue"),
        ("B1", "summary"),
        ("C1", "summary"),
        ("A2", "Ann: Done?\nBen: Yes."),
        ("B2", "It is done."),
        ("C2", "Ben is done."),
    ];
    let import = import("a.xlsx", xlsx(&[("Cases", &cells)]));
    assert_eq!(
        import.examples[0].references,
        ["It is done.", "Ben is done."]
    );
    assert_eq!(import.columns, ["dialogue", "summary", "summary_2"]);
}

#[test]
fn a_conversation_in_one_paragraph_ends_where_its_summary_begins() {
    let lines = [
        "Ann: Done?",
        "Ben: Yes.",
        "Summary: It is done.",
        "Both go.",
    ];
    let broken = lines.join("</w:t><w:br/><w:t>");
    for (body, summary) in [
        (paragraph(&broken), "It is done.\nBoth go."),
        (
            paragraph(&lines[..2].join("</w:t><w:br/><w:t>")) + &paragraph("Summary: It is done."),
            "It is done.",
        ),
    ] {
        let import = import("a.docx", docx(&body));
        assert_eq!(dialogues(&import), ["Ann: Done?\nBen: Yes."]);
        assert_eq!(import.examples[0].references, [summary]);
        assert_eq!(import.bad_rows(), 0);
    }
}

#[test]
fn the_columns_may_stand_on_a_later_row_of_a_later_sheet() {
    let book = xlsx(&[
        ("Cover", &[("A1", "Report"), ("A2", "of March")]),
        (
            "Cases",
            &[
                ("A1", "All cases of March"),
                ("B5", "id"),
                ("C5", "dialogue"),
                ("D5", "summary"),
                ("B6", "7"),
                ("C6", "Ann: Done?\nBen: Yes."),
                ("D6", "It is done."),
                ("B9", "8"),
                ("C9", "Ann: And now?\nBen: Lunch."),
                ("D9", "12.5"),
            ],
        ),
    ]);
    let import = import("a.xlsx", &book);
    assert_eq!(import.format.to_string(), "xlsx");
    assert_eq!(import.sources[0].sheet.as_deref(), Some("Cases"));
    let rows: Vec<usize> = import.examples.iter().map(|example| example.row).collect();
    assert_eq!(rows, [6, 9]);
    assert_eq!(import.examples[1].references, ["12.5"]);
    assert_eq!(import.examples[0].external_id, "7");
    assert_eq!(dropped(&import), [(1, "header", "All cases of March")]);
    assert!(import.remarks.contains(&Remark::SheetChosen {
        file: "a.xlsx".to_owned(),
        sheet: "Cases".to_owned(),
        header_row: 5,
        others: vec!["Cover".to_owned()],
    }));
}

#[test]
fn a_workbook_of_open_document() {
    let cell = |text: &str| {
        format!(
            "<table:table-cell office:value-type=\"string\"><text:p>{text}</text:p></table:table-cell>"
        )
    };
    let row = |cells: &[&str]| {
        let cells: String = cells.iter().map(|text| cell(text)).collect();
        format!("<table:table-row>{cells}</table:table-row>")
    };
    let mixed = ["1", "2", "1", "2"];
    // Of merged cells only the first has a value.
    let merged = ["1", "", "2", ""];
    let of_one = [["Ann", "Done?"], ["Ben", "Yes."]];
    let of_other = [["Cleo", "Lunch?"], ["Dan", "Fine."]];
    for (tickets, turns) in [
        (mixed, [of_one[0], of_other[0], of_one[1], of_other[1]]),
        (merged, [of_one[0], of_one[1], of_other[0], of_other[1]]),
    ] {
        let turns = tickets.iter().zip(turns);
        let rows: String = turns
            .map(|(ticket, [author, message])| row(&[ticket, author, message]))
            .collect();
        let rows = row(&["Ticket", "Author", "Message"]) + &rows;
        let content = format!(
            "<office:document-content xmlns:office=\"urn:oasis:names:tc:opendocument:xmlns:office:1.0\" xmlns:table=\"urn:oasis:names:tc:opendocument:xmlns:table:1.0\" xmlns:text=\"urn:oasis:names:tc:opendocument:xmlns:text:1.0\"><office:body><office:spreadsheet><table:table table:name=\"S\">{rows}</table:table></office:spreadsheet></office:body></office:document-content>"
        );
        let book = zip(&[
            ("mimetype", "application/vnd.oasis.opendocument.spreadsheet"),
            ("content.xml", &content),
            (
                "META-INF/manifest.xml",
                "<manifest:manifest xmlns:manifest=\"urn:oasis:names:tc:opendocument:xmlns:manifest:1.0\"/>",
            ),
        ]);
        let import = super::tests::import("a.ods", &book);
        assert_eq!(import.format.to_string(), "ods_turns");
        assert_eq!(
            codes(&import),
            [
                (2, "summary", "missing_summary"),
                (
                    if tickets == mixed { 3 } else { 4 },
                    "summary",
                    "missing_summary"
                )
            ]
        );
        assert_eq!(import.account(&[]).read, 4);
    }
}

#[test]
fn rows_of_turns_become_dialogues_in_every_kind_of_table() {
    let expected = ["Ann: Is it done?\nBen: No.", "Cleo: Lunch?\nDan: Fine."];
    let csv = "conv_id,speaker,text,summary\n1,Ann,Is it done?,Ben is late.\n2,Cleo,Lunch?,\n1,Ben,No.,Ben is late.\n2,Dan,Fine.,They eat.\n2,Dan,,\n";
    let tsv = csv.replace(',', "\t");
    let jsonl = "{\"thread_id\":1,\"author\":\"Ann\",\"message\":\"Is it done?\",\"summary\":\"Ben is late.\"}\n{\"thread_id\":1,\"author\":\"Ben\",\"message\":\"No.\"}\n{\"thread_id\":2,\"author\":\"Cleo\",\"message\":\"Lunch?\",\"summary\":\"They eat.\"}\n{\"thread_id\":2,\"author\":\"Dan\",\"message\":\"Fine.\"}\n";
    for (name, text, format) in [
        ("a.csv", csv, "csv_turns"),
        ("a.tsv", tsv.as_str(), "tsv_turns"),
        ("a.jsonl", jsonl, "json_turns"),
    ] {
        let import = import(name, text);
        assert_eq!(import.format.to_string(), format);
        assert_eq!(dialogues(&import), expected, "{name}");
        assert_eq!(import.examples[0].references, ["Ben is late."]);
        assert_eq!(import.examples[1].references, ["They eat."]);
        assert!(matches!(
            import.remarks[0],
            Remark::TurnRows { dialogues: 2, .. }
        ));
    }
    assert_eq!(dropped(&import("a.csv", csv)), [(6, "empty", "Dan")]);

    let named = "a,b,c\nAnn,Is it done?,x\nBen,No.,x\n";
    let options = |turns: &str| ImportOptions {
        reading: Reading {
            turns: Some(turns.parse().unwrap()),
            ..Reading::default()
        },
        ..ImportOptions::default()
    };
    let import = import_with("a.csv", named, &options("text=b, speaker=a,summary=c")).unwrap();
    assert_eq!(dialogues(&import), ["Ann: Is it done?\nBen: No."]);
    let missing = import_with("a.csv", named, &options("text=b,speaker=z")).unwrap_err();
    assert_eq!(missing.code().as_str(), "unknown_column");
    for wrong in ["text=b", "text=", "speaker=a,role=b", ""] {
        assert!(wrong.parse::<TurnMap>().is_err(), "{wrong}");
    }
}

#[test]
fn conversations_of_turns_are_told_apart_by_any_spelling_and_by_their_summaries() {
    let expected = ["Ann: a\nBen: b", "Ann: c\nBen: d"];
    for text in [
        "conversationId,speaker,text,summary\n1,Ann,a,S\n1,Ben,b,\n2,Ann,c,T\n2,Ben,d,\n",
        "Ticket No,speaker,text,summary\n1,Ann,a,S\n1,Ben,b,\n2,Ann,c,T\n2,Ben,d,\n",
        "nowhere,speaker,text,summary\n1,Ann,a,S\n1,Ben,b,S\n2,Ann,c,T\n2,Ben,d,T\n",
        "speaker,text,summary\nAnn,a,S\nBen,b,\nAnn,c,T\nBen,d,\n",
    ] {
        let import = import("a.csv", text);
        assert_eq!(dialogues(&import), expected, "{text}");
        let references = import
            .examples
            .iter()
            .map(|example| &*example.references[0]);
        assert_eq!(references.collect::<Vec<_>>(), ["S", "T"], "{text}");
    }
    let parts = "{\"chat\":1,\"speaker\":\"Ann\",\"text\":[\"see \",{\"text\":\"this\"}],\"summary\":\"S\"}\n{\"chat\":1,\"speaker\":\"Ben\",\"text\":\"ok\"}\n";
    assert_eq!(
        dialogues(&import("a.jsonl", parts)),
        ["Ann: see  this\nBen: ok"]
    );
}

#[test]
fn a_table_of_dialogues_with_a_column_of_people_stays_one() {
    for text in [
        "id,name,dialogue,summary\n1,Ann,\"Ann: x\nBo: y\",s\n2,Ann,\"Ann: z\nBo: w\",s\n",
        "id,author,text,summary\n1,Ann,\"Ann: x\nBo: y\",s\n2,Ann,\"Ann: z\nBo: w\",s\n",
    ] {
        let import = import("a.csv", text);
        assert_eq!(
            (&*import.format.to_string(), import.examples.len()),
            ("csv", 2),
            "{text}"
        );
    }
}

#[test]
fn a_separator_can_be_named() {
    let text = "dialogue|summary\nA: x, y|s\n";
    let options = ImportOptions {
        reading: Reading {
            separator: Some(Separator::Bar),
            ..Reading::default()
        },
        ..ImportOptions::default()
    };
    let import = import_with("a.csv", text, &options).unwrap();
    assert_eq!(import.examples[0].dialogue, "A: x, y");
    assert_eq!(import.sources[0].separator, Some(Separator::Bar));
}

#[test]
fn archives_that_hold_no_chat_or_too_much_are_refused() {
    assert_eq!(
        refused(
            "a.zip",
            &zip(&[("a.txt", "Ann: x\nBen: y\n"), ("b.txt", "z")])
        ),
        "archive"
    );
    assert_eq!(refused("a.zip", &zip(&[("a.jpg", "x")])), "archive");
    let packed = zip(&[("_chat.txt", "[14.03.25, 09:05:12] Ann: x\n")]);
    assert_eq!(refused("a.zip", &packed[..packed.len() / 2]), "archive");
    let deep = format!("{}x{}", "<w:p>".repeat(70), "</w:p>".repeat(70));
    let problem = import_with("a.docx", docx(&deep), &ImportOptions::default()).unwrap_err();
    assert!(matches!(
        problem,
        ImportProblem::TooLarge {
            limit: IntakeLimit::Depth,
            most: 64,
            ..
        }
    ));
    let cell = "x".repeat((1 << 20) + 1);
    let book = xlsx(&[(
        "S",
        &[
            ("A1", "dialogue"),
            ("B1", "summary"),
            ("A2", cell.as_str()),
            ("B2", "s"),
        ],
    )]);
    assert_eq!(refused("a.xlsx", &book), "too_large");
}

#[test]
fn a_small_archive_that_unpacks_to_a_large_text_is_refused() {
    let mut writer = zip::ZipWriter::new(std::io::Cursor::new(Vec::new()));
    let options = zip::write::SimpleFileOptions::default()
        .compression_method(zip::CompressionMethod::Deflated);
    writer.start_file("_chat.txt", options).unwrap();
    let block = vec![b'0'; 1 << 20];
    for _ in 0..257 {
        writer.write_all(&block).unwrap();
    }
    let packed = writer.finish().unwrap().into_inner();
    assert!(packed.len() < 1 << 20);
    let problem = import_with("a.zip", &packed, &ImportOptions::default()).unwrap_err();
    assert!(matches!(
        problem,
        ImportProblem::TooLarge {
            limit: IntakeLimit::MemberBytes,
            ..
        }
    ));
}

#[test]
fn a_cell_far_out_costs_nothing() {
    let book = xlsx(&[(
        "S",
        &[
            ("A1", "dialogue"),
            ("B1", "summary"),
            ("A2", "A: x\nB: y"),
            ("B2", "s"),
            ("XFD1048576", "far"),
        ],
    )]);
    let import = import("a.xlsx", &book);
    assert_eq!((import.examples.len(), import.read), (1, 2));
}

#[test]
fn work_grows_with_the_file_and_no_faster() {
    let chat = |line: &str, count: usize| {
        let lines: String = (0..count)
            .map(|number| line.replace('#', &(number % 60).to_string()))
            .collect();
        format!("{lines}\nSummary: s\n")
    };
    let cases = [
        chat("14/03/2025, 09:05 - Ann#: hello there, how are you\n", 3000),
        chat("[14.03.25, 09:05:12] Ann: \u{200e}image omitted\n", 3000),
        chat("Ann Lee  0:#\nGood morning everybody.\n", 3000),
        chat("Ann#: hello there, how are you\n", 3000),
        chat("<ann> 3 seconds 4 [ ( — 10:30 , [ 1 2 3 4\n", 2000),
        format!("Ann: {}\nSummary: s\n", "3 ".repeat(200_000)),
        format!("Ann: {}\nSummary: s\n", "[".repeat(400_000)),
    ];
    for text in cases {
        let (visits, _) = count(|| import_with("a.txt", &text, &ImportOptions::default()));
        let most = text.len() * MOST_VISITS;
        assert!(visits <= most, "{}: {visits} > {most}", &text[..40]);
    }
}

#[test]
fn captions_of_teams_without_voices_need_speakers() {
    let cue = "3f2504e0-4f89-11d3-9a0c-0305e82c3301/1-0\n00:00:01.000 --> 00:00:02.000\n";
    let text = format!("WEBVTT\n\n{cue}Good morning.\n\n{cue}Hello.\n");
    assert_eq!(refused("a.vtt", text.as_bytes()), "speakers_needed");
    let voices = text
        .replace("Good", "<v Ann>Good")
        .replace("Hello", "<v Ben>Hello");
    assert_eq!(import("a.vtt", voices).read, 1);
    let told = import_with(
        "a.vtt",
        &text,
        &super::tests::with_speakers(&["Ann", "Ben"]),
    );
    assert_eq!(told.unwrap().read, 1);
}

#[test]
fn an_archive_of_web_pages_is_named_as_such() {
    assert_eq!(
        refused("a.zip", &zip(&[("messages.html", "<html>")])),
        "html"
    );
}

mod account {
    use proptest::prelude::*;

    use super::*;

    const NAMES: [&str; 8] = [
        "a.txt", "a.md", "a.json", "a.jsonl", "a.csv", "a.vtt", "a.srt", "a",
    ];

    const PIECES: [&str; 30] = [
        "\n",
        "\n\n",
        "Ann: x\n",
        "Ben: y\n",
        "nobody\n",
        "---\n",
        "# Title\n",
        "Summary: s\n",
        "00:05:00\n",
        "14/03/2025, 09:05 - Ann: hello\n",
        "14/03/2025, 23:05 - Ben: <Media omitted>\n",
        "14/03/2025, 09:05 - Ben left\n",
        "[14.03.25, 09:05:12] Ann: \u{200e}image omitted\n",
        "Ann  0:03\n",
        "[Ann] 10:00:01\n",
        "Attendees\n",
        "Transcript\n",
        "10:00:01 From Ann to Everyone:\n\thi\n",
        "WEBVTT\n\n",
        "00:01.000 --> 00:02.000\nAnn: x\n\n",
        "1\n00:00:01,000 --> 00:00:02,000\nBen: y\n\n",
        "{\"dialogue\":\"A: x\",\"summary\":\"s\"}\n",
        "{\"dialogue\":\n",
        "dialogue,summary\n",
        "A: x,s\n",
        "A: x\n",
        "conv_id,speaker,text\n",
        "1,Ann,hi\n",
        "caf\u{e9}\n",
        "Zusammenfassung\n",
    ];

    proptest! {
        #[test]
        fn everything_that_is_read_is_in_one_part(
            pieces in proptest::collection::vec(proptest::sample::select(PIECES.to_vec()), 0..14),
            name in 0..NAMES.len(),
        ) {
            if let Ok(import) = import_with(NAMES[name], pieces.concat(), &ImportOptions::default()) {
                let account = import.account(&import.examples);
                prop_assert_eq!(
                    account.imported + account.skipped + account.merged + account.dropped,
                    account.read
                );
                if !import.needs_mapping {
                    prop_assert_eq!(account.skipped > 0, import.bad_rows() > 0, "{:?}", account);
                }
            }
        }

        #[test]
        fn no_bytes_of_a_container_end_the_program(
            bytes in proptest::collection::vec(any::<u8>(), 0..200),
            cut in 0..400usize,
            magic in 0..3usize,
        ) {
            let book = xlsx(&[("S", &[("A1", "dialogue"), ("B1", "summary"), ("A2", "A: x"), ("B2", "s")])]);
            let mut content = match magic {
                0 => book,
                1 => docx(&paragraph("Ann: x")),
                _ => b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1".to_vec(),
            };
            content.truncate(cut.max(8));
            content.extend(bytes);
            for name in ["a.xlsx", "a.xls", "a.docx", "a.zip"] {
                let _ = import_with(name, &content, &ImportOptions::default());
            }
        }
    }
}

/// What a cell or paragraph may hold.
const PIECES: [&str; 14] = [
    "dialogue",
    "summary",
    "speaker",
    "text",
    "conversation_id",
    "Ann: Hi there.",
    "Ann: Hi.\nBen: Yo.",
    "They greet.",
    "Ann",
    "Ben",
    "7",
    "Summary",
    "Summary: They greet.",
    "10:02",
];

/// Everything that a file holds, and whether the account comes out even.
fn read_of(name: &str, bytes: &[u8], options: &ImportOptions) -> Option<usize> {
    let import = import_with(name, bytes, options).ok()?;
    let account = import.account(&import.examples);
    let sum = account.imported + account.skipped + account.merged + account.dropped;
    assert_eq!(sum, account.read, "{account:?}");
    assert_eq!(account.dropped, import.dropped.len());
    Some(account.read)
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(200))]

    #[test]
    fn every_row_of_a_workbook_is_in_its_account(
        rows in proptest::collection::vec(proptest::collection::vec(proptest::option::of(0..PIECES.len()), 1..5), 1..12),
        header in 0..6usize,
        keep_unsummarised: bool,
    ) {
        let heads = [
            &["dialogue", "summary"][..],
            &["speaker", "text", "conversation_id", "summary"],
            &["text", "speaker"],
            &["id", "dialogue", "summary", "split"],
            &["note", "other"],
            &[],
        ];
        let mut cells: Vec<(String, &str)> = Vec::new();
        let mut filled = 0;
        let head = heads[header].iter().map(|word| Some(*word)).collect();
        let words = |row: &Vec<Option<usize>>| row.iter().map(|cell| cell.map(|place| PIECES[place])).collect();
        let table: Vec<Vec<Option<&str>>> = std::iter::once(head).chain(rows.iter().map(words)).collect();
        for (number, row) in table.iter().enumerate() {
            filled += usize::from(row.iter().any(Option::is_some));
            for (column, word) in row.iter().enumerate() {
                let letter = char::from(b'A' + column as u8);
                cells.extend(word.map(|word| (format!("{letter}{}", number + 1), word)));
            }
        }
        let cells: Vec<(&str, &str)> = cells.iter().map(|(place, word)| (place.as_str(), *word)).collect();
        let options = ImportOptions { keep_unsummarised, ..ImportOptions::default() };
        let read = read_of("a.xlsx", &xlsx(&[("S", &cells)]), &options);
        // All but the names of the columns.
        if let Some(read) = read {
            prop_assert_eq!(read, filled - 1);
        }
    }

    #[test]
    fn every_paragraph_and_row_of_a_document_is_in_its_account(
        pieces in proptest::collection::vec((0..6u8, 0..PIECES.len(), 0..PIECES.len()), 0..14),
        keep_unsummarised: bool,
    ) {
        let (mut body, mut count) = (String::new(), 0);
        let one_line = |place: usize| PIECES[place].split('\n').next().unwrap_or_default();
        for (kind, first, second) in pieces {
            let (first, second) = (one_line(first), one_line(second));
            body += &match kind {
                0 => "<w:p/>".to_owned(),
                1 => format!("<w:p><w:pPr><w:pStyle w:val=\"Heading1\"/></w:pPr><w:r><w:t>{first}</w:t></w:r></w:p>"),
                2 => format!("<w:p><w:r><w:t>{first}</w:t></w:r><w:del><w:r><w:delText>{second}</w:delText></w:r></w:del></w:p>"),
                3 => format!("<w:tbl><w:tr><w:tc>{}</w:tc><w:tc>{}</w:tc></w:tr></w:tbl>", paragraph(first), paragraph(second)),
                _ => paragraph(first),
            };
            count += match kind {
                0 => 0,
                2 => 2,
                _ => 1,
            };
        }
        let options = ImportOptions { keep_unsummarised, ..ImportOptions::default() };
        if let Some(read) = read_of("a.docx", &docx(&body), &options) {
            prop_assert_eq!(read, count, "{}", body);
        }
    }
}

#[test]
fn a_binary_workbook_is_refused_with_what_to_do() {
    let bytes = zip(&[
        ("xl/workbook.bin", "x"),
        ("[Content_Types].xml", "<Types/>"),
    ]);
    assert_eq!(refused("a.xlsb", &bytes), "binary_workbook");
}
