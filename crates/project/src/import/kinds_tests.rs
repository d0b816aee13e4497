//! Kinds of real-world files that were read wrongly or without a word: rows of separators, summaries right under the
//! last message, names as long as a line, archives of several chats, names in bold, and files that are not text.

use contract::problem::ArchiveFault;

use super::file_tests::{docx, paragraph, refused, zip};
use super::tests::{codes, dialogues, dropped, import, import_with};
use super::*;

#[test]
fn rows_of_separators_alone_are_blank_and_counted() {
    let table = |rows: &[&str]| {
        import(
            "a.csv",
            format!("id,dialogue,summary\n{}\n", rows.join("\n")),
        )
    };
    let import = table(&["1,A: x,s", ",,", "\"\",\"\", ", "2,A: y,t", ",,", ",,,,"]);
    assert_eq!(
        (import.read, import.bad_rows(), codes(&import).len()),
        (2, 0, 0)
    );
    let blank = |row| (row, "empty", "");
    assert_eq!(dropped(&import), [blank(3), blank(4), blank(6), blank(7)]);
    let account = import.account(&import.examples);
    assert_eq!((account.read, account.imported, account.dropped), (6, 2, 4));
    // One filled cell makes a row, and one that lacks its dialogue.
    let import = table(&["1,A: x,s", "2,,"]);
    assert_eq!(codes(&import)[0], (3, "dialogue", "empty_dialogue"));
    // A table of turns counts them as well, and those without words.
    let turns = "conversation_id;speaker;text\n1;Ann;Hi\n;;\n1;Ben;Yes\n1;Ann;\n1;Ann;Bye\n";
    let options = ImportOptions {
        keep_unsummarised: true,
        ..ImportOptions::default()
    };
    let import = import_with("a.csv", turns, &options).unwrap();
    assert_eq!(dialogues(&import), ["Ann: Hi\nBen: Yes\nAnn: Bye"]);
    assert_eq!(dropped(&import), [(3, "empty", ""), (5, "empty", "Ann")]);
}

/// Three messages of each kind of chat.
const CHATS: [(&str, &str); 6] = [
    (
        "whatsapp_android",
        "14/03/2025, 09:12 - Mara: Hi\n14/03/2025, 09:13 - Ben: Hello\n14/03/2025, 09:14 - Mara: Bye",
    ),
    (
        "whatsapp_ios",
        "[14.03.25, 09:12:01] Mara: Hi\n[14.03.25, 09:13:01] Ben: Hello\n[14.03.25, 09:14:01] Mara: Bye",
    ),
    (
        "zoom_chat",
        "09:05:40 From Mara to Everyone:\n\tHi\n09:05:41 From Ben to Everyone:\n\tHello\n09:05:42 From Mara to Everyone:\n\tBye",
    ),
    (
        "otter_txt",
        "Mara  0:03\nHi\n\nBen  0:04\nHello\n\nMara  0:05\nBye",
    ),
    (
        "chat_txt",
        "Mara — Today at 10:02 AM\nHi\nBen — Today at 10:03 AM\nHello\nMara — Today at 10:04 AM\nBye",
    ),
    (
        "google_meet",
        "Attendees\nMara, Ben\nTranscript\nMara: Hi\nBen: Hello\nMara: Bye",
    ),
];

#[test]
fn a_summary_right_under_the_last_message_is_one() {
    for (format, chat) in CHATS {
        for (below, summary) in [
            ("Summary: They greet.", "They greet."),
            (
                "Zusammenfassung:\nSie grüßen.\nMehr nicht.",
                "Sie grüßen.\nMehr nicht.",
            ),
            ("**Summary:** They greet.", "They greet."),
        ] {
            for between in ["\n", "\n\n"] {
                let import = import("a.txt", format!("{chat}{between}{below}\n"));
                assert_eq!(import.format.to_string(), format);
                assert_eq!(
                    dialogues(&import),
                    ["Mara: Hi\nBen: Hello\nMara: Bye"],
                    "{format}"
                );
                assert_eq!(import.examples[0].references, [summary], "{format}");
            }
        }
    }
}

#[test]
fn a_line_that_begins_so_in_another_message_is_what_somebody_wrote() {
    let chat = CHATS[0].1.replace("Hello", "Hello\nSummary: I am late");
    let import = import("a.txt", format!("{chat}\n\nSummary: They greet.\n"));
    assert_eq!(
        dialogues(&import),
        ["Mara: Hi\nBen: Hello Summary: I am late\nMara: Bye"]
    );
    assert_eq!(import.examples[0].references, ["They greet."]);
}

#[test]
fn names_as_long_as_a_line_are_shown_and_not_guessed_at() {
    for words in [8, 20, 40, 90] {
        let name = ["Maria"; 90][..words].join(" ");
        let text = format!("Ann: Hi\n{name}: Hello\nBen: Bye\n\nSummary: They greet.\n");
        let import = import("a.txt", text);
        assert_eq!(import.examples.len(), 0, "{words}");
        assert_eq!(codes(&import), [(1, "dialogue", "bad_speaker")], "{words}");
        let told = import.issues[0].fault.to_string();
        assert!(
            told.contains("Maria Maria") && told.chars().count() < 300,
            "{told}"
        );
    }
    // So are those of one word: one that comes back is refused, one among others is shown.
    let address = "maria.magdalena.hohenstein@some-company.example.org";
    let text = format!("{address}: Hi\nBen: Yo\n{address}: Bye\n\nSummary: s\n");
    assert_eq!(codes(&import("a.txt", text))[0].2, "bad_speaker");
    let text = format!("Ann: Hi\n{address}: Hello\nBen: Bye\n\nSummary: s\n");
    assert_eq!(
        codes(&import("a.txt", text)),
        [(1, "dialogue", "unsure_speaker")]
    );
    // A sentence with a colon far along is not a name.
    let sentence = format!(
        "{} there were three things: this, that and more",
        "and then ".repeat(30)
    );
    let import = import(
        "a.txt",
        format!("Ann: Hi\n{sentence}\nBen: Bye\n\nSummary: s\n"),
    );
    assert_eq!((import.examples.len(), codes(&import).len()), (1, 0));
}

#[test]
fn of_several_chats_in_an_archive_none_is_left_out_without_a_word() {
    let (first, second) = (CHATS[0].1, CHATS[1].1);
    let refusal = |members: &[(&str, &str)]| {
        import_with("a.zip", zip(members), &ImportOptions::default()).unwrap_err()
    };
    for members in [
        [
            ("WhatsApp Chat with Ann.txt", first),
            ("WhatsApp Chat with Bo.txt", second),
        ],
        [("a/_chat.txt", first), ("b/_chat.txt", second)],
        [("_chat.txt", first), ("older.txt", second)],
        [("older.txt", first), ("newer.txt", second)],
    ] {
        let ImportProblem::Archive { fault, .. } = refusal(&members) else {
            panic!("{members:?}");
        };
        let mut names = members.map(|(name, _)| name.to_owned());
        names.sort();
        let ArchiveFault::SeveralConversations { members } = fault else {
            panic!("{fault:?}");
        };
        let mut told = members;
        told.sort();
        assert_eq!(told, names);
    }
    // A list of people or a note beside the only chat changes nothing.
    let members = [
        ("_chat.txt", first),
        ("note.txt", "Ring Ann."),
        ("Ann.vcf", "x"),
    ];
    let options = ImportOptions {
        keep_unsummarised: true,
        ..ImportOptions::default()
    };
    let import = import_with("a.zip", zip(&members), &options).unwrap();
    assert_eq!(dialogues(&import), ["Mara: Hi\nBen: Hello\nMara: Bye"]);
    let members = [("talk.txt", first), ("note.txt", "Ring Ann.")];
    let import = import_with("a.zip", zip(&members), &options).unwrap();
    assert_eq!(import.sources[0].inside.as_deref(), Some("talk.txt"));
}

/// A paragraph with a bold beginning.
fn bold(name: &str, text: &str) -> String {
    format!(
        "<w:p><w:r><w:rPr><w:b/></w:rPr><w:t>{name}</w:t></w:r><w:r><w:t xml:space=\"preserve\">{text}</w:t></w:r></w:p>"
    )
}

#[test]
fn a_file_of_dialogues_alone_waits_for_its_summaries() {
    let open = ImportOptions {
        keep_unsummarised: true,
        ..ImportOptions::default()
    };
    let files = [
        (
            "a.csv",
            "dialogue\n\"Ann: a\nBen: b\"\n\"Cleo: c\nDan: d\"\n",
        ),
        (
            "a.csv",
            "id;date;transcript\n1;2025-01-02 10:00;\"Ann: a\nBen: b\"\n2;2025-01-03 11:00;\"Cleo: c\nDan: d\"\n",
        ),
        (
            "a.jsonl",
            "{\"dialogue\":\"Ann: a\\nBen: b\"}\n{\"dialogue\":\"Cleo: c\\nDan: d\"}\n",
        ),
        (
            "a.json",
            "[{\"id\":1,\"turns\":[\"Ann: a\",\"Ben: b\"]},{\"id\":2,\"turns\":[\"Cleo: c\",\"Dan: d\"]}]",
        ),
    ];
    for (name, text) in files {
        let import = import_with(name, text, &open).unwrap();
        assert_eq!(
            dialogues(&import),
            ["Ann: a\nBen: b", "Cleo: c\nDan: d"],
            "{text}"
        );
        assert!(
            import
                .examples
                .iter()
                .all(|example| example.references.is_empty())
        );
        assert_eq!(
            (import.bad_rows(), import.needs_mapping),
            (0, false),
            "{text}"
        );
        let import = import_with(name, text, &ImportOptions::default()).unwrap();
        assert!(import.needs_mapping && import.examples.is_empty(), "{text}");
    }
    // Words that could be a summary are not passed over, unless the columns are named.
    let text = "talk,gist\n\"Ann: a\nBen: b\",They talk about it.\n";
    let text = text.replace("talk,", "dialogue,");
    assert!(import_with("a.csv", &text, &open).unwrap().needs_mapping);
    let map = |keep_unsummarised| ImportOptions {
        map: "dialogue=dialogue".parse().ok(),
        keep_unsummarised,
        ..ImportOptions::default()
    };
    let import = import_with("a.csv", &text, &map(true)).unwrap();
    assert_eq!((import.examples.len(), import.bad_rows()), (1, 0));
    let refused = import_with("a.csv", &text, &map(false)).unwrap_err();
    assert_eq!(refused.code().as_str(), "incomplete_map");
}

#[test]
fn a_time_in_any_brackets_is_no_nickname() {
    for open_close in ["<>", "{}", "[]", "()"] {
        let (open, close) = open_close.split_at(1);
        let text = format!(
            "{open}00:01{close} Ann: Hi\n{open}00:02{close} Ben: Yo\n{open}00:03{close} Ann: Bye\n\nSummary: s\n"
        );
        let import = import("a.txt", text);
        assert_eq!(
            dialogues(&import),
            ["Ann: Hi\nBen: Yo\nAnn: Bye"],
            "{open_close}"
        );
    }
}

#[test]
fn names_in_bold_need_no_colon() {
    let beside = [
        bold("Dr. Weber", " Good morning."),
        bold("Ann", " Good morning: here I am."),
        bold("Dr. Weber", " [00:10] What can I do?"),
        paragraph("Take your time."),
        paragraph("Summary: They greet."),
    ];
    let above = [
        bold("Dr. Weber", ""),
        paragraph("Good morning."),
        bold("Ann ", "– "),
        paragraph("Good morning: here I am."),
        bold("Dr. Weber", ""),
        paragraph("What can I do?"),
        paragraph("Take your time."),
        paragraph("Summary: They greet."),
    ];
    for body in [beside.concat(), above.concat()] {
        let import = import("a.docx", docx(&body));
        assert_eq!(
            dialogues(&import),
            [
                "Dr. Weber: Good morning.\nAnn: Good morning: here I am.\nDr. Weber: What can I do? Take your time."
            ]
        );
        assert_eq!(import.examples[0].references, ["They greet."]);
    }
}

#[test]
fn bold_titles_of_sections_are_no_names() {
    let body = [
        bold("Background", ""),
        paragraph("Ann: We meet."),
        bold("Results", ""),
        paragraph("Ben: Yes, on Monday."),
        paragraph("Ann: Good."),
        paragraph("Summary: They meet."),
    ]
    .concat();
    let import = import("a.docx", docx(&body));
    let text = dialogues(&import).concat();
    assert!(
        !text.contains("Background:") && !text.contains("Results:"),
        "{text}"
    );
}

#[test]
fn what_is_no_text_is_refused_whatever_it_is_called() {
    let noise: Vec<u8> = (0..4_000_u32)
        .map(|n| (n.wrapping_mul(2_654_435_761) >> 24) as u8)
        .collect();
    let with = |begin: &[u8]| [begin, &noise].concat();
    let files = [
        with(b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR"),
        with(b"\xff\xd8\xff\xe0\0\x10JFIF\0"),
        with(b"GIF89a"),
        with(b"RIFF\x24\x08\0\0WAVEfmt "),
        with(b"\0\0\0\x18ftypmp42"),
        with(b"ID3\x03\0"),
        with(b"\x7fELF\x02\x01\x01\0"),
        with(b"SQLite format 3\0"),
        with(b"\x1f\x8b\x08\0"),
        noise.clone(),
        vec![0; 200],
    ];
    for bytes in &files {
        for name in ["a.txt", "a.csv", "a.json", "a.vtt", "a"] {
            assert_eq!(refused(name, bytes), "binary", "{name} {:?}", &bytes[..8]);
        }
    }
    let problem = import_with("photo.txt", &files[0], &ImportOptions::default()).unwrap_err();
    let told = problem.to_string();
    assert!(
        told.starts_with("photo.txt is no text") && told.matches(['.', ';']).count() < 3,
        "{told}"
    );
    // Texts stay texts: in any encoding, with a control character, with a few bad bytes.
    let text = "Ann: Grüße, schön dich zu sehen, wie geht es?\nBen: Gut, danke, und dir so?\n\nSummary: s\n";
    let latin: Vec<u8> = text.chars().map(|sign| sign as u32 as u8).collect();
    let wide: Vec<u8> = text.encode_utf16().flat_map(u16::to_le_bytes).collect();
    for bytes in [
        text.as_bytes().to_vec(),
        latin,
        wide,
        [text.as_bytes(), b"\x00\x0c\x1b"].concat(),
    ] {
        let read = import_with("a.txt", &bytes, &ImportOptions::default());
        assert!(
            read.is_ok_and(|import| import.read == 1),
            "{:?}",
            &bytes[..8]
        );
    }
}
