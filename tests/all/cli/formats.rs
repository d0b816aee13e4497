//! import of chats and transcripts as programs export them, of other encodings, and of tables with one turn a row.

use serde_json::{Value, json};

use super::{Place, list, number, text};

/// Imports a file in a fresh workspace: the report, and the dialogues as stored.
fn imported(name: &str, content: impl AsRef<[u8]>, more: &[&str]) -> (Value, Vec<String>) {
    let place = Place::new();
    let file = place.write(name, content);
    let report = place.ok(&[&["import", &file, "--name", "d"], more].concat());
    let stored = place.json(&["datasets", "d", "--items"]).lines;
    let dialogues = stored
        .iter()
        .filter_map(|line| line["dialogue"].as_str().map(str::to_owned))
        .collect();
    (report, dialogues)
}

/// Every part of the account, and what it adds up to.
fn is_even(report: &Value) -> bool {
    let part = |name: &str| number(&report["account"][name]);
    part("imported") + part("skipped") + part("merged") + part("dropped") == part("read")
}

#[test]
fn whatsapp_android() {
    for head in [
        "1/4/23, 7:02 PM - ",
        "[13.06.2023, 18:08:08] ",
        "05/10/2020, 00:14 - ",
        "2023-12-20, 5:46 p.m. - ",
        "[2026/7/9 02:28:09] ",
    ] {
        let chat = format!(
            "{head}Messages and calls are end-to-end encrypted.\n{head}Ann: Got it?\n{head}Ben: Yes, I'll be there\naround 6\n{head}Ann: Thanks\n\nSummary: They talk.\n"
        );
        let (report, dialogues) = imported("a.txt", chat, &[]);
        assert_eq!(
            dialogues,
            ["Ann: Got it?\nBen: Yes, I'll be there around 6\nAnn: Thanks"],
            "{head}"
        );
        assert_eq!(report["dropped_by"], json!({"system": 1}));
        assert!(is_even(&report), "{}", report["account"]);
    }
}

#[test]
fn meet_timestamps_become_speech() {
    let transcript = "00:00:00\n\nAnn Lee: Good morning.\nBen Ray: Hello.\n\n00:05:00\n\nAnn Lee: Next topic.\n\n\nSummary: They talk.\n";
    let (report, dialogues) = imported("a.txt", transcript, &[]);
    assert_eq!(
        dialogues,
        ["Ann Lee: Good morning.\nBen Ray: Hello.\nAnn Lee: Next topic."]
    );
    assert_eq!(report["dropped_by"], json!({"time": 2}));
    assert!(is_even(&report), "{}", report["account"]);
}

#[test]
fn otter_name_and_time_line() {
    let transcript = "Ann Lee  0:03\nGood morning everybody.\n\nBen Ray  0:07\nHello there.\n\n\nSummary: They talk.\n";
    let (report, dialogues) = imported("a.txt", transcript, &[]);
    assert_eq!(text(&report["format"]), "otter_txt");
    assert_eq!(
        dialogues,
        ["Ann Lee: Good morning everybody.\nBen Ray: Hello there."]
    );
}

#[test]
fn zoom_transcript_txt() {
    let transcript =
        "[Ann Lee] 10:00:01\nHello all\n\n[Ben] 10:00:05\nHi\n\n\nSummary: They talk.\n";
    let (_, dialogues) = imported("a.txt", transcript, &[]);
    assert_eq!(dialogues, ["Ann Lee: Hello all\nBen: Hi"]);
}

#[test]
fn utf16_without_bom() {
    let table = "id,dialogue,summary\r\n1,\"Ann: Is the report done?\nBen: Nearly, give me an hour.\",Ben will finish it.\r\n";
    let bytes: Vec<u8> = table.encode_utf16().flat_map(u16::to_le_bytes).collect();
    let (report, dialogues) = imported("a.csv", bytes, &[]);
    assert_eq!(
        dialogues,
        ["Ann: Is the report done?\nBen: Nearly, give me an hour."]
    );
    assert_eq!(
        (
            text(&report["encoding"]),
            &report["sources"][0]["encoding_guessed"]
        ),
        ("utf-16-le", &json!(true))
    );
    assert_eq!(report["remarks"][0]["case"], "encoding_guessed");
}

#[test]
fn one_row_per_turn() {
    let table =
        "conv_id,speaker,text,summary\n1,Ann,Is it done?,Ben is late.\n1,Ben,No.,Ben is late.\n";
    let (report, dialogues) = imported("a.csv", table, &[]);
    assert_eq!(dialogues, ["Ann: Is it done?\nBen: No."]);
    assert_eq!(text(&report["format"]), "csv_turns");
    assert_eq!(report["remarks"][0]["case"], "turn_rows");
    let (_, dialogues) = imported(
        "b.csv",
        "who,shown,about\nAnn,Is it done?,x\nBen,No.,x\n",
        &["--turns", "text=shown,speaker=who,summary=about"],
    );
    assert_eq!(dialogues, ["Ann: Is it done?\nBen: No."]);
}

#[test]
fn an_encoding_is_told_and_can_be_corrected() {
    let latin = b"Ines: Sch\xf6ne Gr\xfc\xdfe\nKai: Danke, bis sp\xe4ter\n\nSummary: They greet.\n";
    let (report, dialogues) = imported("a.txt", latin, &[]);
    assert_eq!(text(&report["encoding"]), "cp1252");
    assert_eq!(dialogues, ["Ines: Schöne Grüße\nKai: Danke, bis später"]);
    let (report, dialogues) = imported("a.txt", latin, &["--encoding", "mac-roman"]);
    assert_eq!(report["sources"][0]["encoding_guessed"], json!(false));
    assert_ne!(dialogues, ["Ines: Schöne Grüße\nKai: Danke, bis später"]);
    let place = Place::new();
    let file = place.write("a.txt", latin);
    let (shown, _) = place.human(&["import", &file, "--name", "d"], 0);
    assert!(
        shown.contains("read as cp1252, which is a guess"),
        "{shown}"
    );
}

#[test]
fn what_is_left_out_is_told_and_can_be_let_back_in() {
    let chat = "14/03/2025, 09:05 - Ann: Hello\n14/03/2025, 09:06 - Ben: <Media omitted>\n14/03/2025, 09:07 - Ben: This message was deleted\n14/03/2025, 09:08 - Ben: Hi\n\nSummary: They greet.\n";
    let place = Place::new();
    let file = place.write("a.txt", chat);
    let (shown, _) = place.human(&["import", &file, "--name", "d", "--dry-run"], 0);
    assert!(
        shown.contains("4 messages read, 2 left out: 1 media, 1 deleted."),
        "{shown}"
    );
    let (report, dialogues) = imported("a.txt", chat, &["--keep-dropped", "media"]);
    assert_eq!(dialogues, ["Ann: Hello\nBen: <Media omitted>\nBen: Hi"]);
    let dropped = list(&report["dropped"]);
    assert_eq!((dropped.len(), &dropped[0]["at"]), (1, &json!(3)));
}

#[test]
fn files_that_hold_no_turns_are_refused_by_name() {
    let place = Place::new();
    for (name, bytes, code) in [
        ("a.txt", &b"%PDF-1.7"[..], "pdf"),
        ("a.doc", b"{\\rtf1 Ann: x}", "rtf"),
        ("a.docx", b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1", "old_office"),
        ("a.html", b"<!DOCTYPE html><html></html>", "html"),
        ("a.zip", b"PK\x05\x06", "archive"),
    ] {
        let file = place.write(name, bytes);
        place.refuses(&["import", &file, "--name", "d"], 2, code, &[name]);
    }
}
