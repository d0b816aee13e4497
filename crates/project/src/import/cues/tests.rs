//! Captions as programs write them: markup, voices, identifiers, times, captions that roll.

use proptest::prelude::*;

use crate::dialogue::Dialogue;
use crate::import::tests::{codes, import, import_with};
use crate::import::{Import, ImportOptions};
use crate::work::assert_in_proportion;

/// A caption file of cues, a second each.
fn vtt(cues: &[&str]) -> String {
    let cues: Vec<String> = cues
        .iter()
        .enumerate()
        .map(|(second, text)| format!("00:{second:02}.000 --> 00:{:02}.000\n{text}\n", second + 1))
        .collect();
    format!("WEBVTT\n\nNOTE Summary: S.\n\n{}", cues.join("\n"))
}

fn read(text: &str) -> Import {
    import("a.vtt", text)
}

fn dialogue(text: &str) -> String {
    let import = read(text);
    assert!(import.issues.is_empty(), "{text}: {:?}", import.issues);
    import.examples[0].dialogue.clone()
}

#[test]
fn times_that_no_format_knows_and_angles_that_are_no_tags() {
    for times in [
        "00:00:02:500 --> 00:00:03:000",
        "0:0:2,5 --> 0:0:3,12345",
        "00:00:02:12 --> 00:00:03:00 align:start",
        "1:2.3 --> 4:5",
    ] {
        let text = format!("1\n{times}\nAnn: Hi\n\n2\n{times}\nBen: Yo\n\nSummary: s\n");
        let import = import("a.srt", text);
        assert_eq!(import.examples[0].dialogue, "Ann: Hi\nBen: Yo", "{times}");
    }
    let angles = format!("<v Ann>{}", "<".repeat(600_000));
    let import = read(&vtt(&[&angles, "<v Ben>Yo"]));
    assert_eq!((import.examples.len(), import.bad_rows()), (1, 0));
}

#[test]
fn names_in_every_place_of_a_cue() {
    for (cues, expected) in [
        (&["<v Ann>Hi</v>", "<v Ben>Yo</v>"][..], "Ann: Hi\nBen: Yo"),
        (
            &["<c.yellow><v Ann>Hi</v></c>", "- <v Ben>Yo</v>"],
            "Ann: Hi\nBen: Yo",
        ),
        (&["– <v Ann>Hi\n- <v Ben>Yo"], "Ann: Hi\nBen: Yo"),
        (
            &["<Speaker 1>: Hi", "<Speaker 2>: Yo"],
            "Speaker 1: Hi\nSpeaker 2: Yo",
        ),
        (
            &["(Speaker_01)\nHi\nthere", "(Speaker_02)\nYo"],
            "Speaker_01: Hi there\nSpeaker_02: Yo",
        ),
        (
            &["[SPEAKER_00]: Hi", "[SPEAKER_01]: Yo"],
            "SPEAKER_00: Hi\nSPEAKER_01: Yo",
        ),
        (&["[Ann]\nHi", "[Ben]\nYo"], "Ann: Hi\nBen: Yo"),
        (&["<b>Ann:</b> Hi", "<i>Ben</i>: Yo"], "Ann: Hi\nBen: Yo"),
        (
            &[
                "<v Ann &amp; Co>a &lt;b&gt; &#39;c&#x27; &amp;lt;",
                "<v Ben>x&lrm;y",
            ],
            "Ann & Co: a <b> 'c' &lt;\nBen: xy",
        ),
        (&["<v \u{200f}שרה>Hi", "<v 🐼>Yo"], "שרה: Hi\n🐼: Yo"),
        (&["张三：你好", "李四：好"], "张三: 你好\n李四: 好"),
        (
            &["Ann: I <3 it", "Ben: a < b > c"],
            "Ann: I <3 it\nBen: a < b > c",
        ),
    ] {
        assert_eq!(dialogue(&vtt(cues)), expected, "{cues:?}");
    }
}

#[test]
fn a_change_of_speaker_without_a_name_is_shown() {
    for mark in [">> ", "- ", ">>"] {
        let import = read(&vtt(&[
            "Ann: Hi",
            "Ben: Yo",
            &format!("{mark}who is that?"),
        ]));
        assert_eq!(
            codes(&import),
            [(3, "dialogue", "unsure_speaker")],
            "{mark}"
        );
    }
    let nobody = read(&vtt(&["- Hi", "- Yo"]));
    assert_eq!(codes(&nobody), [(3, "dialogue", "no_speaker")]);
}

#[test]
fn webex_names_the_speaker_in_the_identifier_and_others_do_not() {
    let cue = |identifier: &str, text: &str| {
        format!("{identifier}\n00:00:01.000 --> 00:00:02.000\n{text}\n\n")
    };
    let head = "WEBVTT\n\nNOTE Summary: S.\n\n";
    let webex = [
        cue("1 \"Jane Doe\" (1234567)", "Good morning."),
        cue("2 \"Jane Doe\" (1234567)", "All here?"),
        cue("3 \"Max \"Mad\" Ray\" (7654321)", "Note: yes.\nAll."),
        cue("4 \"Li\"", "ok"),
    ];
    assert_eq!(
        dialogue(&format!("{head}{}", webex.concat())),
        "Jane Doe: Good morning. All here?\nMax \"Mad\" Ray: Note: yes. All.\nLi: ok"
    );
    for identifier in [
        "1",
        "intro",
        "3f2504e0-4f89-11d3-9a0c-0305e82c3301/1-0",
        "Ann",
        "1 - Ann",
        "\"Ann\"",
    ] {
        let text = format!("{head}{}", cue(identifier, "Ben: hi"));
        assert_eq!(dialogue(&text), "Ben: hi", "{identifier}");
    }
}

#[test]
fn times_are_read_as_programs_write_them() {
    for times in [
        "0:0:0.0 --> 0:0:1.800",
        "00:00:00,178 --> 00:00:01,1416",
        "00:01 --> 00:02",
        "00:00:01.000-->00:00:02.000",
        "1:00:01,5 --> 1:00:02,5 X1:1 X2:2",
        "100:00:01.000 --> 100:00:02.000 align:start",
        "00:00:01.123456 --> 00:00:02.123456",
    ] {
        assert_eq!(
            dialogue(&format!("WEBVTT\n\nNOTE Summary: S.\n\n{times}\nAnn: Hi\n")),
            "Ann: Hi",
            "{times}"
        );
        let srt = format!("Summary: S.\n\n1\n{times}\nAnn: Hi\n");
        assert_eq!(
            import("a.srt", srt).examples[0].dialogue,
            "Ann: Hi",
            "{times}"
        );
    }
}

#[test]
fn line_ends_of_all_three_kinds() {
    let vtt = vtt(&["<v Ann>Hi.</v>", "<v Ben>Hello."]);
    let srt = "1\n00:00:01,000 --> 00:00:02,000\nAnn: Hi.\n\n2\n00:00:02,000 --> 00:00:03,000\nBen: Hello.\n\nSummary: S.\n";
    let text = "Ann: Hi.\n\nBen: Hello.\n\n\nSummary: S.\n";
    for (name, content) in [
        ("a.vtt", vtt.as_str()),
        ("a.srt", srt),
        ("a.txt", text),
        ("a.md", text),
        ("a", &vtt),
    ] {
        for ends in ["\n", "\r\n", "\r"] {
            let import = import(name, content.replace('\n', ends));
            assert_eq!(
                import.examples.len(),
                1,
                "{name} {ends:?}: {:?}",
                import.issues
            );
            assert_eq!(
                import.examples[0].dialogue, "Ann: Hi.\nBen: Hello.",
                "{name} {ends:?}"
            );
        }
    }
}

#[test]
fn a_line_of_blanks_belongs_to_its_cue() {
    let youtube = "WEBVTT\nKind: captions\nLanguage: en\n\nNOTE Summary: S.\n\n\
        00:00:00.030 --> 00:00:02.000 align:start position:0%\n \n\
        Ann:<00:00:00.500><c> good</c><00:00:00.900><c> morning</c>\n\n\
        00:00:02.000 --> 00:00:02.010\nAnn: good morning\n \n\n\
        00:00:02.010 --> 00:00:04.000\nAnn: good morning\nBen:<00:00:02.500><c> hello</c>\n \n";
    assert_eq!(dialogue(youtube), "Ann: good morning\nBen: hello");
    // Somebody editing by hand has put in meaningless blanks.
    let by_hand = vtt(&["Ann: a", "Ben: b"]).replace("\n\n", "\n \n");
    assert_eq!(dialogue(&by_hand), "Ann: a\nBen: b");
}

#[test]
fn captions_that_roll_are_read_once() {
    for (cues, expected) in [
        (
            &[
                "<v Ann>we should meet",
                "<v Ann>we should meet\non Friday",
                "<v Ann>on Friday\nat nine",
                "<v Ben>ok",
            ][..],
            "Ann: we should meet on Friday at nine\nBen: ok",
        ),
        (
            &[
                "Ann: we should meet",
                "Ann: we should meet\non Friday",
                "on Friday\nat nine",
                "Ben: ok",
            ],
            "Ann: we should meet on Friday at nine\nBen: ok",
        ),
        (
            &[
                "Ann: we",
                "Ann: we should",
                "Ann: we should meet",
                "Ann: we should meet\nBen: ok",
            ],
            "Ann: we should meet\nBen: ok",
        ),
        (
            &["Ann: a\nb\nc", "b\nc\nd", "c\nd\nBen: e"],
            "Ann: a b c d\nBen: e",
        ),
        // People say things twice.
        (
            &["Ann: Yes.", "Ann: Yes.", "Ben: No.", "Ben: No."],
            "Ann: Yes. Yes.\nBen: No. No.",
        ),
    ] {
        assert_eq!(dialogue(&vtt(cues)), expected, "{cues:?}");
    }
    // One cue of many that begins as the last one ended is no reason to take words out.
    let mut cues = vec!["Ann: Well.", "Ann: Well.\nI see.", "Ben: Yes.", "Ben: Yes."];
    cues.extend(["Ann: a", "Ben: b", "Ann: c", "Ben: d", "Ann: e", "Ben: f"]);
    let read = dialogue(&vtt(&cues));
    assert!(
        read.starts_with("Ann: Well. Well. I see.\nBen: Yes. Yes.\n")
            || read.contains("Ann: Well. Ann: Well."),
        "{read}"
    );
}

#[test]
fn a_message_repeats_little_of_its_line() {
    for text in [
        "word ".repeat(40_000),
        format!("WEBVTT\n\n{}", "\0x".repeat(40_000)),
        format!("WEBVTT\n\n00:01.000 --> {}\nAnn: x\n", "9".repeat(40_000)),
        format!(
            "WEBVTT\n\n00:01.000 --> 00:02.000\n<v {}>x\n",
            "n".repeat(40_000)
        ),
        format!(
            "WEBVTT\n\n00:01.000 --> 00:02.000\n{}: x\nAnn: y\n",
            "Abc ".repeat(25)
        ),
    ] {
        let import = read(&text);
        assert!(!import.issues.is_empty());
        for issue in &import.issues {
            assert!(
                issue.fault.to_string().chars().count() < 200,
                "{}",
                issue.fault.to_string()
            );
            assert!(!issue.fault.to_string().contains('\0'));
        }
    }
    assert_eq!(codes(&read("WEBVTT\n\nno time\n"))[0].2, "cue");
}

#[test]
fn captions_cost_in_proportion_to_their_length() {
    let cue =
        |text: String| format!("WEBVTT\n\nNOTE Summary: s\n\n00:01.000 --> 00:02.000\n{text}\n");
    let makers: [fn(usize) -> String; 8] = [
        |n| "<v Ann>".to_owned() + &"<".repeat(n),
        |n| "{".repeat(n),
        |n| "&".repeat(n),
        |n| "<b>".repeat(n / 3),
        |n| "<v A>x".repeat(n / 6),
        |n| "(".repeat(n),
        |n| "Ann: x\n".repeat(n / 7),
        |n| " \n".repeat(n / 2),
    ];
    assert_in_proportion(&makers, cue, |text| {
        drop(import_with("a.vtt", text, &ImportOptions::default()));
    });
}

proptest! {
    #[test]
    fn captions_of_anything_are_read_or_named(pieces in proptest::collection::vec(
        proptest::sample::select(vec!["WEBVTT", "\n", "\n\n", "\r", " \n", "00:01.000 --> 00:02.000", "<v Ann>", "</v>", "Ann: x",
            "(Bo)", "<Cy>", "- ", "Re: x", "1 \"Jo\" (1)", "NOTE", "Summary: s", "&amp;", "<00:01.000>", "text", "é", "\u{200f}", "🐼: y"]), 0..40)) {
        for name in ["a.vtt", "a.srt", "a.txt", "a.md"] {
            let Ok(import) = import_with(name, pieces.concat(), &ImportOptions::default()) else { continue };
            prop_assert_eq!(import.read, import.examples.len() + import.bad_rows());
            for example in &import.examples {
                let read = Dialogue::parse(&example.dialogue);
                prop_assert_eq!(&read.to_text(), &example.dialogue);
                prop_assert_eq!(&read.clone().join_continuations(), &read);
            }
        }
    }
}
