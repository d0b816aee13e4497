//! Chats beyond the fixtures: other countries, other ages of the programs, what is copied out of windows.

use super::tests::{codes, dialogues, dropped, import, import_with};
use super::*;

/// Messages with a summary below, so that the dialogue is imported.
fn chat(lines: &[&str]) -> String {
    format!("{}\n\nSummary: They talk.\n", lines.join("\n"))
}

fn reading(reading: Reading) -> ImportOptions {
    ImportOptions {
        reading,
        ..ImportOptions::default()
    }
}

/// The beginnings of three messages as WhatsApp writes them, and the format that they tell.
const HEADS: [([&str; 3], &str); 11] = [
    (
        [
            "1/4/23, 7:02 PM - ",
            "1/4/23, 7:03 PM - ",
            "1/4/23, 7:05 PM - ",
        ],
        "whatsapp_android",
    ),
    (
        [
            "[13.06.2023, 18:08:08] ",
            "[13.06.2023, 18:08:09] ",
            "[13.06.2023, 18:09:00] ",
        ],
        "whatsapp_ios",
    ),
    (
        [
            "05/10/2020, 00:14 - ",
            "05/10/2020, 00:15 - ",
            "05/10/2020, 00:16 - ",
        ],
        "whatsapp_android",
    ),
    (
        [
            "2023-12-20, 5:46 p.m. - ",
            "2023-12-20, 5:47 p.m. - ",
            "2023-12-20, 5:48 p.m. - ",
        ],
        "whatsapp_android",
    ),
    (
        [
            "[2026/7/9 02:28:09] ",
            "[2026/7/9 02:28:10] ",
            "[2026/7/9 02:29:00] ",
        ],
        "whatsapp_ios",
    ),
    (
        [
            "4.1.2023 klo 19.02 - ",
            "4.1.2023 klo 19.03 - ",
            "4.1.2023 klo 19.05 - ",
        ],
        "whatsapp_android",
    ),
    (
        [
            "04-01-2023 19:02 - ",
            "04-01-2023 19:03 - ",
            "04-01-2023 19:05 - ",
        ],
        "whatsapp_android",
    ),
    (
        [
            "[1/4/23, 7:02:11\u{202f}p. m.] ",
            "[1/4/23, 7:03:00\u{202f}p. m.] ",
            "[1/4/23, 7:05:00\u{202f}p. m.] ",
        ],
        "whatsapp_ios",
    ),
    (
        [
            "[2023/1/4 下午7:02:11] ",
            "[2023/1/4 下午7:03:00] ",
            "[2023/1/4 下午7:05:00] ",
        ],
        "whatsapp_ios",
    ),
    (
        [
            "2023. 1. 4. 오후 7:02 - ",
            "2023. 1. 4. 오후 7:03 - ",
            "2023. 1. 4. 오후 7:05 - ",
        ],
        "whatsapp_android",
    ),
    (
        [
            "٤\u{200f}/١\u{200f}/٢٠٢٣، ٧:٠٢ م - ",
            "٤\u{200f}/١\u{200f}/٢٠٢٣، ٧:٠٣ م - ",
            "٤\u{200f}/١\u{200f}/٢٠٢٣، ٧:٠٥ م - ",
        ],
        "whatsapp_android",
    ),
];

#[test]
fn dates_of_whatsapp_in_many_countries() {
    for (heads, format) in HEADS {
        let [first, second, third] = heads;
        let text = chat(&[
            &format!("{first}Messages and calls are end-to-end encrypted."),
            &format!("{second}Ann: Got it?"),
            &format!("{third}~\u{a0}Ben: Yes, I'll be there"),
            "around 6",
        ]);
        let import = import("a.txt", text);
        assert_eq!(import.format.to_string(), format, "{first}");
        assert_eq!(
            dialogues(&import),
            ["Ann: Got it?\nBen: Yes, I'll be there around 6"],
            "{first}"
        );
        assert_eq!(import.examples[0].references, ["They talk."]);
        assert_eq!(
            dropped(&import),
            [(1, "system", "Messages and calls are end-to-end encrypted.")]
        );
    }
}

#[test]
fn what_whatsapp_itself_writes_in_seven_languages() {
    for (media, deleted, call) in [
        (
            "<Media omitted>",
            "You deleted this message",
            "Missed video call",
        ),
        (
            "<Medien ausgeschlossen>",
            "Du hast diese Nachricht gelöscht.",
            "Verpasster Videoanruf",
        ),
        (
            "<Multimedia omitido>",
            "Se eliminó este mensaje.",
            "Llamada perdida",
        ),
        (
            "<Médias omis>",
            "Ce message a été supprimé",
            "Appel vocal manqué",
        ),
        (
            "<Media omessi>",
            "Questo messaggio è stato eliminato",
            "Chiamata vocale persa",
        ),
        (
            "<Mídia oculta>",
            "Mensagem apagada",
            "Chamada de voz perdida",
        ),
        (
            "<Media weggelaten>",
            "Dit bericht is verwijderd",
            "Gemiste spraakoproep",
        ),
    ] {
        let text = chat(&[
            "14/03/2025, 09:05 - Ann: Hello",
            &format!("14/03/2025, 09:06 - Ben: {media}"),
            &format!("14/03/2025, 09:07 - Ben: {deleted}"),
            &format!("14/03/2025, 09:08 - Ann: {call}"),
            "14/03/2025, 09:09 - Ben: null",
            "14/03/2025, 09:10 - Ben: I missed the voice call, sorry <3",
        ]);
        let import = import("a.txt", text);
        let reasons: Vec<&str> = dropped(&import)
            .iter()
            .map(|(_, reason, _)| *reason)
            .collect();
        assert_eq!(reasons, ["media", "deleted", "call", "media"], "{media}");
        assert_eq!(
            dialogues(&import),
            ["Ann: Hello\nBen: I missed the voice call, sorry <3"]
        );
    }
}

#[test]
fn attachments_captions_edits_and_unknown_notices() {
    let android = chat(&[
        "14/03/2025, 09:05 - Ann: IMG-20250314-WA0001.jpg (file attached)",
        "This is the form.",
        "14/03/2025, 09:06 - Ben: PTT-20250314-WA0002.opus (file attached)",
        "14/03/2025, 09:06 - Ann: <Media omitted>",
        "The second page",
        "14/03/2025, 09:07 - Ben: Thanks <This message was edited>",
        "14/03/2025, 09:08 - Ann changed the subject from \"Trip: A\" to \"Trip: B\"",
        "14/03/2025, 09:09 - Ben: C:\\temp is full",
    ]);
    let import = super::tests::import("a.txt", android);
    assert_eq!(
        dialogues(&import),
        ["Ann: This is the form.\nAnn: The second page\nBen: Thanks\nBen: C:\\temp is full"]
    );
    let reasons: Vec<&str> = dropped(&import)
        .iter()
        .map(|(_, reason, _)| *reason)
        .collect();
    assert_eq!(reasons, ["media", "system"]);

    let ios = chat(&[
        "[14.03.25, 09:05:12] Ann: Plan.pdf • \u{200e}4 pages \u{200e}document omitted",
        "\u{200e}[14.03.25, 09:05:13] Ann: \u{200e}<attached: 0001-PHOTO.jpg>",
        "[14.03.25, 09:05:14] Ann: See here \u{200e}<attached: 0002-PHOTO.jpg>",
        "\u{200e}[14.03.25, 09:06:12] Ben: \u{200e}Etwas ganz Unbekanntes",
        "\u{200e}[14.03.25, 09:06:13] Trip: \u{200e}Ben added Cleo",
        "[14.03.25, 09:07:12] Ben: Fine, \u{2068}@Cleo\u{2069}",
    ]);
    let import = super::tests::import("a.txt", ios);
    assert_eq!(dialogues(&import), ["Ann: See here\nBen: Fine, @Cleo"]);
    let reasons: Vec<&str> = dropped(&import)
        .iter()
        .map(|(_, reason, _)| *reason)
        .collect();
    assert_eq!(reasons, ["media", "media", "client", "system"]);
}

#[test]
fn a_silence_divides_a_chat_and_the_days_decide_the_order_of_dates() {
    let text = "\
1/2/23, 10:00 - Ann: One\n1/2/23, 10:05 - Ben: Two\n1/2/23, 17:59 - Ann: Three\n\
2/2/23, 08:00 - Ben: Four\n13/2/23, 08:00 - Ann: Five\n13/2/23, 08:01 - Ben: Six\n";
    let sessions = |gap_hours: Option<u32>| {
        let options = reading(Reading {
            gap_hours,
            ..Reading::default()
        });
        let import = import_with("a.txt", text, &options).unwrap();
        (import.issues.len(), import.remarks)
    };
    let by_gap = |gap_hours, sessions| Remark::SessionsByGap {
        file: "a.txt".to_owned(),
        gap_hours,
        sessions,
    };
    assert_eq!(sessions(None), (3, vec![by_gap(8, 3)]));
    assert_eq!(sessions(Some(24)), (2, vec![by_gap(24, 2)]));
    assert_eq!(sessions(Some(0)), (1, vec![]));
    let ambiguous = import(
        "a.txt",
        "1/2/23, 10:00 - Ann: One\n1/2/23, 10:05 - Ben: Two\n1/3/23, 10:00 - Ann: Three\n",
    );
    assert!(ambiguous.remarks.contains(&Remark::DateOrderGuessed {
        file: "a.txt".to_owned(),
        order: contract::DateOrder::DayFirst,
    }));
}

#[test]
fn what_was_left_out_can_be_let_back_in() {
    let text = chat(&[
        "14/03/2025, 09:05 - Ann: Hello",
        "14/03/2025, 09:06 - Ben: <Media omitted>",
        "14/03/2025, 09:07 - Ben left",
    ]);
    let options = reading(Reading {
        keep_dropped: vec![DropReason::Media, DropReason::System],
        ..Reading::default()
    });
    let import = import_with("a.txt", text, &options).unwrap();
    assert_eq!(dialogues(&import), ["Ann: Hello\nBen: <Media omitted>"]);
    // Nobody says that somebody left.
    assert_eq!(dropped(&import), [(3, "system", "Ben left")]);
}

#[test]
fn a_text_that_comes_again_and_again_is_named() {
    let line = |minute: usize, name: &str, text: &str| {
        format!("14/03/2025, 09:{minute:02} - {name}: {text}")
    };
    let lines = [
        line(1, "Ann", "Obraz pominięty"),
        line(2, "Ben", "Obraz pominięty"),
        line(3, "Ann", "Obraz pominięty"),
        line(4, "Ann", "ok"),
        line(5, "Ben", "ok"),
        line(6, "Ben", "ok"),
    ];
    let lines: Vec<&str> = lines.iter().map(String::as_str).collect();
    let import = import("a.txt", chat(&lines));
    assert_eq!(codes(&import), [(1, "dialogue", "repeated_message")]);
    assert_eq!(import.examples.len(), 1);
}

#[test]
fn a_whole_account_of_telegram() {
    let text = r#"{"about":"x","chats":{"about":"y","list":[
      {"name":"Ben","type":"personal_chat","id":1,"messages":[
        {"id":1,"type":"message","date":"2025-03-14T09:05:12","from":"Ann","text":"Hi","photo":"(File not included)","width":1},
        {"id":2,"type":"message","date":"2025-03-14T09:06:12","from":"Ben","text":["See ",{"type":"link","text":"https://x.example"}]},
        {"id":3,"type":"message","date":"2025-03-14T09:07:12","from":"Ben","text":"","photo":"(File not included)"},
        {"id":4,"type":"message","date":"2025-03-16T09:07:12","from":"Ann","text":"Next day","reactions":[{"type":"custom_emoji","count":1,"document_id":"d"}]}]},
      {"name":"Group","type":"private_group","id":2,"messages":[
        {"id":1,"type":"service","date":"2025-03-14T09:05:12","actor":"Ann","action":"invite_members","text":""},
        {"id":2,"type":"message","date":"2025-03-14T09:05:12","from":"Cleo","text":"Lunch?"}]}]}}"#;
    let import = import("result.json", text);
    assert_eq!(import.format.to_string(), "telegram_json");
    assert_eq!(
        codes(&import),
        [
            (1, "summary", "missing_summary"),
            (4, "summary", "missing_summary"),
            (6, "summary", "missing_summary")
        ]
    );
    assert_eq!(
        dropped(&import),
        [
            (3, "media", "photo"),
            (4, "reaction", "custom_emoji"),
            (1, "system", "invite_members")
        ]
    );
    assert_eq!(import.account(&[]).read, 7);
    // A file of rows with messages of another kind is none.
    let rows = r#"{"messages":[{"role":"user","content":"Hi"},{"role":"assistant","content":"Yo"}],"date":"x","summary":"s"}"#;
    assert_eq!(
        super::tests::import("a.json", rows).format.to_string(),
        "jsonl"
    );
    // Telegram's own slip (tdesktop #24984) is named with its line.
    let broken = "{\n \"messages\": [\n  {\"id\": 1, \"type\": \"message\", \"date\": \"2025\", \"document_id\": \"(a\\x)\"}]}";
    let problem = import_with("result.json", broken, &ImportOptions::default()).unwrap_err();
    assert_eq!(
        (problem.code().as_str(), problem.place().row),
        ("json", Some(3))
    );
}

#[test]
fn a_message_that_telegram_could_not_show_is_left_out_and_the_chat_stays_one() {
    let text = r#"{"name":"c","type":"personal_chat","id":1,"messages":[
      {"id":1,"type":"message","date":"2025-03-14T09:05:12","from":"Ann","text":["See ",{"type":"link","text":"x.example"}]},
      {"id":2,"type":"unsupported","date":"2025-03-14T09:05:40"},
      {"id":3,"type":"message","date":"2025-03-14T09:06:12","from":null,"text":"Ok"}]}"#;
    let keep = ImportOptions {
        keep_unsummarised: true,
        ..ImportOptions::default()
    };
    let import = import_with("result.json", text, &keep).unwrap();
    assert_eq!(import.format.to_string(), "telegram_json");
    assert_eq!(
        dialogues(&import),
        ["Ann: See x.example\nDeleted Account: Ok"]
    );
    assert_eq!(dropped(&import), [(2, "client", "")]);
}

#[test]
fn what_is_done_in_irc_is_its_doers_and_what_the_program_says_is_left_out() {
    let import = import(
        "a.txt",
        chat(&[
            "[10:02] <ann> hi",
            "[10:03] <@ben> yo: ok",
            "[10:03] * ann waves",
            "[10:04] -!- cem has joined #x",
            "[10:05] <cem> hey",
        ]),
    );
    assert_eq!(
        dialogues(&import),
        ["ann: hi\nben: yo: ok\nann: waves\ncem: hey"]
    );
    assert_eq!(
        dropped(&import),
        [(4, "system", "[10:04] -!- cem has joined #x")]
    );
}

#[test]
fn heads_of_callers_and_of_other_languages() {
    for (lines, expected) in [
        (
            [
                "[Ann Lee] 10:00:01",
                "Hello",
                "[+1 555****10] 10:00:09",
                "Yo",
            ],
            "Ann Lee: Hello\n+1 555****10: Yo",
        ),
        (
            [
                "Ann   0 Minuten 3 Sekunden",
                "Hallo",
                "Ben   1 Stunde 2 Minuten 5 Sekunden",
                "Ja",
            ],
            "Ann: Hallo\nBen: Ja",
        ),
        (
            [
                "Ann   1 minuto 3 segundos",
                "Hola",
                "Ben   2 minutos 5 segundos",
                "Sí",
            ],
            "Ann: Hola\nBen: Sí",
        ),
    ] {
        assert_eq!(dialogues(&import("a.txt", chat(&lines))), [expected]);
    }
}

#[test]
fn a_day_of_slack() {
    let text = r#"[
     {"type":"message","ts":"1741943234.000100","user":"U1","text":"Morning &amp; welcome <@U2>","user_profile":{"display_name":"Ann"}},
     {"type":"message","ts":"1741943300.000100","user":"U2","text":"<!here> see <https://x.example|the page>","user_profile":{"display_name":"","real_name":"Ben"},"thread_ts":"1741943300.000100"},
     {"type":"message","ts":"1741943400.000100","user":"U1","text":"Done","user_profile":{"display_name":"Ann"},"thread_ts":"1741943300.000100"},
     {"type":"message","ts":"1741943500.000100","user":"USLACKBOT","text":"Reminder"},
     {"type":"message","ts":"1741993500.000100","user":"U1","text":"Much later","user_profile":{"display_name":"Ann"}}
    ]"#;
    let import = import("2025-03-14.json", text);
    assert_eq!(import.format.to_string(), "slack_json");
    let rows: Vec<usize> = import.issues.iter().map(|issue| issue.row).collect();
    assert_eq!((rows, import.read), (vec![1, 2, 5], 3));
    assert_eq!(dropped(&import), [(4, "bot", "Reminder")]);
    let map = Some(ColumnMap {
        dialogue: "dialogue".to_owned(),
        summaries: vec!["dialogue".to_owned()],
        id: None,
        split: None,
    });
    let options = ImportOptions {
        map,
        ..ImportOptions::default()
    };
    let shown = import_with("2025-03-14.json", text, &options).unwrap();
    assert_eq!(
        dialogues(&shown),
        [
            "Ann: Morning & welcome @U2",
            "Ben: @here see the page\nAnn: Done",
            "Ann: Much later"
        ]
    );
}

#[test]
fn the_chat_beside_a_meeting_in_its_old_form_and_in_other_languages() {
    for lines in [
        [
            "10:00:01\t From  Ann Lee : Hello",
            "10:00:05\t From  Ben : Hi: there",
            "10:01:00\t From  Ann Lee : Bye",
        ],
        [
            "10:00:01 From Ann Lee to Ben(Direct Message): Hello",
            "10:00:05 From Ben to Ann Lee(Direct Message): Hi: there",
            "10:01:00 From Ann Lee to Everyone: Bye",
        ],
        [
            "10:00:01 Von Ann Lee an Alle:\n\tHello",
            "10:00:05 Von Ben an Alle:\n\tHi: there",
            "10:01:00 Von Ann Lee an Alle:\n\tBye",
        ],
    ] {
        let text = chat(&[
            lines[0],
            lines[1],
            lines[2],
            "10:02:00 From Ben to Everyone:",
            "\tRemoved a 👍 reaction from \"Bye\"",
        ]);
        let import = import("a.txt", text);
        assert_eq!(import.format.to_string(), "zoom_chat", "{}", lines[0]);
        assert_eq!(
            dialogues(&import),
            ["Ann Lee: Hello\nBen: Hi: there\nAnn Lee: Bye"]
        );
        assert_eq!(import.dropped[0].reason, DropReason::Reaction);
    }
}

#[test]
fn names_and_times_on_lines_of_their_own() {
    let cases: [(&str, &str); 9] = [
        (
            "Ann Lee  0:03\nGood morning.\n\nBen Ray  0:07\nHello there.\n\nTranscribed by https://otter.ai",
            "otter_txt",
        ),
        (
            "Weekly call\n\nAnn Lee\t0:03\nGood\nmorning.\n\nBen Ray\t1:00:07\nHello there.\n",
            "otter_txt",
        ),
        (
            "[Ann Lee] 10:00:01\nGood morning.\n\n[Ben Ray] 10:00:05\nHello there.\n",
            "txt",
        ),
        (
            "Ann Lee  [10:02 AM]\nGood morning.\nBen Ray  [10:03 AM]\nHello there.\n",
            "chat_txt",
        ),
        (
            "Ann Lee, [01.02.23 10:02]\nGood morning.\n\nBen Ray, [01.02.23 10:03]\nHello there.\n",
            "chat_txt",
        ),
        (
            "Ann Lee — Today at 10:02 AM\nGood morning.\nBen Ray — 01/02/2023 10:03\nHello there.\n",
            "chat_txt",
        ),
        (
            "Ann Lee 0 minutes 3 seconds\nGood morning.\nBen Ray 1 minute 7 seconds\nHello there.\n",
            "chat_txt",
        ),
        (
            "Ann Lee\n0 minutes 3 seconds0:03\nAnn Lee 0 minutes 3 seconds\nGood morning.\nBen Ray\n0 minutes 7 seconds0:07\nBen Ray 0 minutes 7 seconds\nHello there.\n",
            "chat_txt",
        ),
        (
            "Ann Lee\n0 minutes 3 seconds\nGood morning.\nBen Ray\n7 seconds\nHello there.\n",
            "chat_txt",
        ),
    ];
    for (text, format) in cases {
        let import = import("a.txt", chat(&[text]));
        assert_eq!(import.format.to_string(), format, "{text}");
        assert_eq!(
            dialogues(&import),
            ["Ann Lee: Good morning.\nBen Ray: Hello there."],
            "{text}"
        );
        assert_eq!(import.examples[0].references, ["They talk."], "{text}");
    }
    let irc = "[10:02] <ann> Good morning.\n[10:02] * ben waves\n[10:03] <@ben> Hello there.\n[10:04] <ann> :-)";
    let import = super::tests::import("a.txt", chat(&[irc]));
    assert_eq!(import.format.to_string(), "chat_txt");
    assert_eq!(
        dialogues(&import),
        ["ann: Good morning.\nben: waves\nben: Hello there.\nann: :-)"]
    );
}

#[test]
fn lines_that_only_end_with_a_time_make_nobody_speak() {
    for text in [
        "Ann: We meet at  10:30\nBen: Fine\nAnn: And eat at  12:00\nBen: Yes, at  12:30\n",
        "Ann: 3 seconds\nBen: 5 minutes\nAnn: See <b> there\n",
        "Ann: From 10:00:01 to everyone\nBen: 1/2/23 works\nAnn: Transcript\n",
    ] {
        let import = import("a.txt", chat(&[text]));
        assert_eq!(import.format.to_string(), "txt", "{text}");
        let speakers = crate::dialogue::Dialogue::parse(&import.examples[0].dialogue);
        assert_eq!(speakers.speakers(), ["Ann", "Ben"], "{text}");
    }
}

#[test]
fn lines_with_only_a_time_are_left_out_of_any_transcript() {
    let text = "00:00:00\n\nAnn Lee: Good morning.\nBen Ray: Hello.\n\n00:05:00\n\nAnn Lee: Next topic.\n\n\nSummary: They talk.\n";
    let import = import("a.txt", text);
    assert_eq!(
        dialogues(&import),
        ["Ann Lee: Good morning.\nBen Ray: Hello.\nAnn Lee: Next topic."]
    );
    assert_eq!(
        dropped(&import),
        [(1, "time", "00:00:00"), (6, "time", "00:05:00")]
    );
}

#[test]
fn repeated_messages_go_all_at_once_on_request() {
    let message =
        |hour: usize, name: &str, text: &str| format!("14.03.25, {hour:02}:00 - {name}: {text}");
    let lines = [
        message(9, "Ann", "Ali avatarını değiştirdi"),
        message(9, "Ann", "Good morning."),
        message(10, "Ben", "Ali avatarını değiştirdi"),
        message(10, "Ben", "Good morning, Ann."),
        message(11, "Cem", "Ali avatarını değiştirdi"),
        message(11, "Ann", "ok"),
        message(11, "Ben", "ok"),
        message(12, "Cem", "ok"),
    ];
    let lines: Vec<&str> = lines.iter().map(String::as_str).collect();
    let text = chat(&lines);
    let kept = import("a.txt", &text);
    assert_eq!(codes(&kept)[0].2, "repeated_message", "{:?}", codes(&kept));
    assert_eq!(kept.account(&kept.examples).dropped, 0);
    let options = reading(Reading {
        drop_repeated: true,
        ..Reading::default()
    });
    let left = import_with("a.txt", &text, &options).unwrap();
    assert!(
        codes(&left)
            .iter()
            .all(|(_, _, code)| *code != "repeated_message")
    );
    assert_eq!(
        dialogues(&left),
        ["Ann: Good morning.\nBen: Good morning, Ann.\nAnn: ok\nBen: ok\nCem: ok"]
    );
    let places: Vec<u64> = dropped(&left).iter().map(|(line, ..)| *line).collect();
    assert_eq!(places, [1, 3, 5]);
    assert_eq!(dropped(&left)[1].2, "Ali avatarını değiştirdi");
    let account = left.account(&left.examples);
    assert_eq!((account.read, account.dropped, account.imported), (8, 3, 5));
}
