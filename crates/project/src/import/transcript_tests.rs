//! Transcripts: one test per format and per way in which people write them.

use contract::problem::{Nameless, NoSummary};

use super::tests::{codes, import, import_with, with_speakers};
use super::*;

/// The dialogues of a file that has no issue.
fn dialogues(name: &str, text: &str) -> Vec<String> {
    let import = import(name, text);
    assert!(import.issues.is_empty(), "{name}: {:?}", import.issues);
    import
        .examples
        .into_iter()
        .map(|example| example.dialogue)
        .collect()
}

fn pairs(import: &Import) -> Vec<(usize, &str, &str)> {
    let examples = import.examples.iter();
    examples
        .map(|example| {
            (
                example.row,
                example.dialogue.as_str(),
                example.references[0].as_str(),
            )
        })
        .collect()
}

#[test]
fn every_way_to_name_the_speaker_of_a_line() {
    let lines = [
        "Ann: Is it late?",
        "**Ann:** Is it late?",
        "**Ann**: Is it late?",
        "_Ann_: Is it late?",
        "Ann (00:01): Is it late?",
        "**Ann (1:02:03):** Is it late?",
        "**Ann** [00:01]: Is it late?",
        "[00:01:02] Ann: Is it late?",
        "[00:01:02.500 --> 00:01:04] **Ann:** Is it late?",
        "**[00:01] Ann:** Is it late?",
        "(0:01) Ann : Is it late?",
        "00:01:02 Ann: Is it late?",
        "00:01:02 - Ann: Is it late?",
        "- Ann: Is it late?",
        "* **Ann:** Is it late?",
        "-Ann: Is it late?",
        "> Ann: Is it late?",
        "[Ann] Is it late?",
    ];
    for line in lines {
        let text = format!("{line}\r\nBo: By *ten* minutes: see (2:1).\r\n\r\nSummary: Late.\r\n");
        for name in ["a.txt", "a.md"] {
            let expected = "Ann: Is it late?\nBo: By *ten* minutes: see (2:1).";
            assert_eq!(dialogues(name, &text), [expected], "{line}");
        }
    }
}

#[test]
fn lines_without_speaker_go_on_with_the_turn_before() {
    let text = "\u{feff}Ann (00:01):\nI need\n\nthe form.\n[00:02] Today.\n- the blue one\n10:30 suits me.\nBo: Here.\nSummary: S";
    let import = import("a.txt", text);
    assert_eq!(
        (&*import.format.to_string(), import.detection, import.read),
        ("txt", Detection::Detected, 1)
    );
    assert_eq!(
        pairs(&import),
        [(
            1,
            "Ann: I need the form. Today. the blue one 10:30 suits me.\nBo: Here.",
            "S"
        )]
    );
    assert_eq!(
        (import.columns.as_slice(), import.preview[0][1].as_str()),
        (&["dialogue", "summary"].map(String::from)[..], "S")
    );
    assert_eq!(import.examples[0].external_id, "a:1");
}

#[test]
fn the_summary_stands_before_or_after_the_turns() {
    let talk = "Ann: Hi\nBo: Hi";
    let texts = [
        format!("{talk}\nSummary: They greet.\nTwice."),
        format!("{talk}\n\nsummary:\n\nThey greet.\nTwice."),
        format!("{talk}\n\n**Summary:** They greet.\nTwice."),
        format!("{talk}\n\n## Summary\n\nThey greet.\nTwice.\n"),
        format!("{talk}\n\nSummary\n-------\nThey greet.\nTwice.\n"),
        format!("{talk}\n\n# **Zusammenfassung:** They greet.\nTwice.\n"),
        format!("{talk}\n---\nSummary: They greet.\nTwice."),
        format!("Summary: They greet.\nTwice.\n{talk}"),
        format!("Summary:\nThey greet.\nTwice.\n\n{talk}"),
        format!("# Call 7\n## Summary\nThey greet.\nTwice.\n\n## Transcript\n{talk}\n"),
        format!("Call 7\n======\n## Transcript\n{talk}\n## Summary\nThey greet.\nTwice.\n"),
        format!("Summary\n=======\nThey greet.\nTwice.\n\n## Transcript\n{talk}\n"),
    ];
    for text in texts {
        let import = import("a.md", &text);
        assert!(import.issues.is_empty(), "{text}: {:?}", import.issues);
        let (_, dialogue, summary) = pairs(&import)[0];
        assert_eq!(
            (dialogue, summary, import.read),
            ("Ann: Hi\nBo: Hi", "They greet.\nTwice.", 1),
            "{text}"
        );
    }
}

#[test]
fn a_summary_may_itself_read_like_turns() {
    let heading =
        "A: x\nB: y\n## Summary\nHPC: fine\n\nPlan: rest\n# Next\nA: z\nB: w\n## Summary\nS";
    let expected = [
        (1, "A: x\nB: y", "HPC: fine\n\nPlan: rest"),
        (8, "A: z\nB: w", "S"),
    ];
    assert_eq!(pairs(&import("a.md", heading)), expected);
    let label = "A: x\nB: y\nSummary:\nHPC: fine\nPlan: rest\n";
    assert_eq!(
        pairs(&import("a.txt", label)),
        [(1, "A: x\nB: y", "HPC: fine\nPlan: rest")]
    );
}

#[test]
fn several_dialogues_in_one_file() {
    let expected =
        |rows: [usize; 2]| [(rows[0], "A: x\nB: y", "S1"), (rows[1], "A: z\nB: w", "S2")];
    let cases = [
        (
            "A: x\nB: y\nSummary: S1\n---\nA: z\nB: w\nSummary: S2\n",
            [1, 5],
        ),
        (
            "===\nA: x\nB: y\n===\nSummary: S1\n======\nA: z\nB: w\n=====\nSummary: S2\n",
            [2, 7],
        ),
        (
            "A: x\nB: y\nSummary: S1\n\nA: z\nB: w\nSummary: S2\n",
            [1, 5],
        ),
        (
            "Summary: S1\nA: x\nB: y\n\nSummary: S2\nA: z\nB: w\n",
            [1, 5],
        ),
        (
            "# 1\nA: x\nB: y\n## Summary\nS1\n# 2\nA: z\nB: w\n## Summary\nS2\n",
            [2, 7],
        ),
        (
            "## Summary\nS1\n## Transcript\nA: x\nB: y\n## Summary\nS2\n## Transcript\nA: z\nB: w\n",
            [1, 6],
        ),
    ];
    for (text, rows) in cases {
        let import = import("a.txt", text);
        assert_eq!(
            (pairs(&import), import.issues.len()),
            (expected(rows).to_vec(), 0),
            "{text}"
        );
    }
}

#[test]
fn a_dialogue_without_summary_is_a_problem_with_a_way_out() {
    let import = import(
        "talks/a.md",
        "# 1\nA: x\nB: y\n\n# 2\nA: z\nB: w\n## Summary\nS\n## Summary\nT\n",
    );
    assert_eq!(pairs(&import), [(6, "A: z\nB: w", "S")]);
    assert_eq!(
        codes(&import),
        [
            (2, "summary", "missing_summary"),
            (10, "dialogue", "missing_dialogue")
        ]
    );
    let lacks = NoSummary::Transcript {
        beside: "a.summary.txt".to_owned(),
    };
    assert_eq!(import.issues[0].fault, RowFault::MissingSummary(lacks));
    assert_eq!(
        (import.read, import.bad_rows(), import.needs_mapping),
        (3, 2, false)
    );
    let empty = super::tests::import("a.txt", "A: x\nB: y\nSummary:\n");
    assert_eq!(codes(&empty), [(1, "summary", "empty_summary")]);
}

#[test]
fn lines_that_nobody_says_are_named() {
    let nobody = "Hello there.\nGood morning.\nSummary: They greet.";
    let import = import("a.txt", nobody);
    assert_eq!(codes(&import), [(1, "dialogue", "no_speaker")]);
    let nameless = RowFault::NoSpeaker(Nameless::Everybody {});
    assert_eq!(import.issues[0].fault, nameless);
    let told = import_with("a.txt", nobody, &with_speakers(&["Ann", "Bo"])).unwrap();
    assert_eq!(
        pairs(&told),
        [(1, "Ann: Hello there.\nBo: Good morning.", "They greet.")]
    );
    assert!(told.issues.is_empty());

    let title = super::tests::import("a.txt", "Third interview\nAnn: Hi\nSummary: S");
    assert_eq!(codes(&title), [(1, "dialogue", "no_speaker")]);
    assert!(
        title.issues[0]
            .fault
            .to_string()
            .contains("`Third interview`")
    );
    assert_eq!(
        (title.issues[0].severity, title.read, title.examples.len()),
        (Severity::Warning, 1, 1)
    );
}

#[test]
fn texts_that_are_no_transcripts_stay_what_they_are() {
    let cases = [
        ("[{\"dialogue\":\"A: x\",\"summary\":\"s\"}]", "json"),
        (
            "{\"dialogue\":\"A: x\",\"summary\":\"s\"}\n{\"dialogue\":\n",
            "jsonl",
        ),
        ("Chat;Summary\nA: x;s\n", "csv"),
        ("[A] x\n[B] y\nSummary: s", "txt"),
        ("Summary: a conversation, and its summary\nA: x", "txt"),
        (
            "WEBVTT\n\n00:01.000 --> 00:02.000\nA: x\n\nSummary: s",
            "vtt",
        ),
        (
            "1\n00:00:01,000 --> 00:00:02,000\nA: x\n\nSummary: s",
            "srt",
        ),
    ];
    for (text, format) in cases {
        let import = import("a.txt", text);
        assert_eq!(
            (&*import.format.to_string(), import.examples.len()),
            (format, 1),
            "{text}: {:?}",
            import.issues
        );
    }
    assert_eq!(import("a", cases[5].0).format.to_string(), "vtt");
}

const VTT: &str = "\u{feff}WEBVTT - call 7\nKind: captions\n\nSTYLE\n::cue { color: red }\n\nREGION\nid:top\n\n\
    NOTE made by hand\nwith care\n\nfirst\n00:01.000 --> 00:02.000 align:start position:0%\n\
    <v Ann Lee>Is <i>it</i> <00:01.500>late &amp;lt; 5\n\n\
    01:00:02.000 --> 01:00:03.000\n<v.loud Ann Lee>or not?</v>\n<v Bo>Late&nbsp;&amp; <c.red>cold</c>.\n\n\
    00:03.000 --> 00:04.000\nVery.\n\n00:04.000 --> 00:05.000\n- Ann Lee: Oh.\n- Cy: I <3 it > rain.\nNote: wet.\n";

#[test]
fn webvtt_with_voices_and_names() {
    let text = format!("{VTT}\nNOTE\nSummary: It is late.\nAnd wet.\n");
    let import = import("a.vtt", text.replace('\n', "\r\n"));
    // Nobody is called Note: the line is read as text, and shown.
    assert_eq!(codes(&import), [(13, "dialogue", "unsure_speaker")]);
    assert!(import.issues[0].fault.to_string().contains("`Note: wet.`"));
    assert_eq!(
        (&*import.format.to_string(), import.read, import.detection),
        ("vtt", 1, Detection::Detected)
    );
    let dialogue = "Ann Lee: Is it late &lt; 5 or not?\nBo: Late & cold. Very.\nAnn Lee: Oh.\n\
        Cy: I <3 it > rain. Note: wet.";
    assert_eq!(pairs(&import), [(13, dialogue, "It is late.\nAnd wet.")]);
}

#[test]
fn srt_with_names_and_formatting() {
    let text = "1\n00:00:01,000 --> 00:00:02,000\n<font color=\"#fff\">Ann:</font> {\\an8}Is it\n<b>late</b>?\n\n\
        2\n00:00:02,500 --> 00:00:03,000 X1:1 X2:2\n[Bo] Ten\n\n3\n00:00:03,000 --> 00:00:04,000\nBo: minutes.\n\n\
        4\n00:00:04,000 --> 00:00:05,000\nCy:\n\n5\n00:00:05,000 --> 00:00:06,000\nWhat?\n\nSummary:\nLate.\n";
    let import = import("a.srt", text);
    assert!(import.issues.is_empty(), "{:?}", import.issues);
    assert_eq!(
        pairs(&import),
        [(1, "Ann: Is it late?\nBo: Ten minutes.\nCy: What?", "Late.")]
    );
}

#[test]
fn cues_without_speakers_take_turns() {
    let cue = |time: usize, text: &str| {
        format!("{time}\n00:00:0{time},000 --> 00:00:0{time},900\n{text}\n\n")
    };
    let text = [
        cue(1, "Hello\nthere."),
        cue(2, "- Good morning."),
        cue(3, "Late?"),
        "Summary: S".into(),
    ]
    .concat();
    assert_eq!(
        codes(&import("a.srt", &text)),
        [(1, "dialogue", "no_speaker")]
    );
    let told = import_with("a.srt", &text, &with_speakers(&["Ann", "Bo"])).unwrap();
    assert_eq!(
        pairs(&told)[0].1,
        "Ann: Hello there.\nBo: Good morning.\nAnn: Late?"
    );
}

#[test]
fn broken_cues_are_named_by_line() {
    let cases = [
        (
            "WEBVTT\n\n00:01.000 -> 00:02.000\nA: x\n",
            "line 3: this text has no time",
        ),
        (
            "WEBVTT\n\n1\n00:0l.000 --> 00:02.000\nA: x\n",
            "line 4: the times of this cue",
        ),
        (
            "WEBVTT\n\n00:01.000 --> 00:02.000\nA: x\n00:02.000 --> 00:03.000\nA: y\n",
            "line 5: a cue begins",
        ),
        (
            "1\nA\n00:01.000 --> 00:02.000\nx\n",
            "line 3: the cue has lines before",
        ),
    ];
    for (text, reason) in cases {
        let text = format!("{text}\nSummary: S\n");
        let import = import("a.vtt", &text);
        assert!(
            import.issues[0].fault.to_string().starts_with(reason),
            "{text}: {:?}",
            import.issues
        );
        assert_eq!(import.issues[0].code(), IssueCode::Cue);
        assert_eq!(
            (import.read, import.bad_rows(), import.examples.len()),
            (1, 1, 0)
        );
    }
    let long = format!(
        "WEBVTT\n\n00:01.000 --> 00:02.000\n<v {}>Hi\n\nSummary: S",
        "x".repeat(41)
    );
    assert_eq!(
        codes(&import("a.vtt", long)),
        [(3, "dialogue", "bad_speaker")]
    );
    assert_eq!(
        import_with("a.vtt", "WEBVTT\n", &ImportOptions::default())
            .unwrap_err()
            .code()
            .as_str(),
        "empty"
    );
}

#[test]
fn text_that_is_not_utf8_keeps_only_its_own_dialogue_out() {
    let import = import(
        "a.txt",
        b"Zo\xc3\xab: x\nZo\xc3\xab: y\nSummary: S\n---\nA: caf\xe9\nB: y\nSummary: S\n",
    );
    assert_eq!(
        (codes(&import), import.examples.len()),
        (vec![(5, "", "invalid_utf8")], 1)
    );
    assert!(
        import.issues[0]
            .fault
            .to_string()
            .contains("line 5 is not UTF-8 at byte 37 "),
        "{}",
        import.issues[0].fault.to_string()
    );
    for name in ["a.vtt", "a.srt"] {
        let cue =
            b"1\n00:00:01,000 --> 00:00:02,000\nZo\xc3\xab: Zo\xc3\xab at the caf\xe9\n\nSummary: S";
        assert_eq!(
            codes(&super::tests::import(name, cue)),
            [(1, "", "invalid_utf8")]
        );
    }
}

fn beside(transcript: &str, summary: &[u8]) -> Import {
    let parts = [("a.summary.txt", summary), ("a.txt", transcript.as_bytes())];
    let parts = parts.map(|(name, bytes)| (PathBuf::from(name), bytes.to_vec()));
    read_parts(&parts, &ImportOptions::default()).unwrap()
}

#[test]
fn the_summary_lies_beside_the_file() {
    for summary in [
        "They greet.\n---\nTwice.\n",
        "\u{feff}Summary:\nThey greet.\r\n---\nTwice.",
    ] {
        let import = beside("A: x\nB: y\n", summary.as_bytes());
        assert_eq!(
            pairs(&import),
            [(1, "A: x\nB: y", "They greet.\n---\nTwice.")]
        );
        assert_eq!(
            (
                import.read,
                import.issues.len(),
                &*import.format.to_string()
            ),
            (1, 0, "txt")
        );
    }
    let two = "A: x\nB: y\n---\nA: z\nB: w\nSummary: own\n";
    let import = beside(two, b"S1\n---\nS2\n---\n");
    assert_eq!(
        pairs(&import),
        [(1, "A: x\nB: y", "S1"), (4, "A: z\nB: w", "own")]
    );
    let one_for_two = beside(two, b"S1\n");
    assert_eq!(codes(&one_for_two), [(1, "summary", "missing_summary")]);
    assert!(
        one_for_two.issues[0]
            .fault
            .to_string()
            .contains("2 dialogues and a.summary.txt has 1")
    );
    assert_eq!(
        codes(&beside("A: x", b"\xe9")),
        [(1, "summary", "invalid_utf8")]
    );
    assert_eq!(
        codes(&beside("A: x", b"\n")),
        [(1, "summary", "empty_summary")]
    );
    assert_eq!(
        codes(&super::tests::import("b.summary.txt", "They greet.")),
        [(1, "dialogue", "missing_dialogue")]
    );

    let folder = tempfile::tempdir().unwrap();
    let write = |name: &str, text: &str| std::fs::write(folder.path().join(name), text).unwrap();
    write("talk.vtt", VTT);
    write("talk.summary.txt", "It is late.");
    write("other.vtt", VTT);
    let files = ["talk.vtt", "other.vtt"].map(|name| folder.path().join(name));
    let import = read(&files, &ImportOptions::default()).unwrap();
    assert_eq!(
        (
            import.examples.len(),
            import.examples[0].references[0].as_str()
        ),
        (1, "It is late.")
    );
    let unsure = (13, "dialogue", "unsure_speaker");
    assert_eq!(
        codes(&import),
        [unsure, (13, "summary", "missing_summary"), unsure]
    );
}

#[test]
fn lines_that_are_only_a_time_are_no_speech() {
    let meet = "00:00:00\n\nAnn Lee: Good morning.\nBen Ray: Hello.\n\n00:05:00\n\nAnn Lee: Next.\n[10:02 AM]\n\nSummary: S";
    assert_eq!(
        dialogues("a.txt", meet),
        ["Ann Lee: Good morning.\nBen Ray: Hello.\nAnn Lee: Next."]
    );
    let zoom = "[Ann Lee] 10:00:01\nHello all\n\n[Ben] 10:00:05\nHi\nat 10:30\n\nSummary: S";
    assert_eq!(
        dialogues("a.txt", zoom),
        ["Ann Lee: Hello all\nBen: Hi at 10:30"]
    );
    let otter = "Ann Lee  0:03\nGood morning.\n\nBen Ray  0:07\nHello.\n\nSummary: S";
    assert_eq!(
        dialogues("a.txt", otter),
        ["Ann Lee: Good morning.\nBen Ray: Hello."]
    );
}

#[test]
fn transcripts_cost_in_proportion_to_their_length() {
    use crate::work::{MOST_VISITS, count};
    let makers: [fn(usize) -> String; 7] = [
        |n| "[00:01] ".repeat(n / 8) + "Ann: x",
        |n| "Ann: ".to_owned() + &"(".repeat(n),
        |n| (0..n / 12).map(|i| format!("P{i}: x\n")).collect(),
        |n| "one more thing: x\n".repeat(n / 18),
        |n| "**".repeat(n / 2),
        |n| "# \n".repeat(n / 3),
        |n| "\r".repeat(n) + "Ann: x",
    ];
    for (index, maker) in makers.into_iter().enumerate() {
        let measure = |size: usize| {
            let text = maker(size) + "\nAnn: x\nSummary: s\n";
            let (visits, _) = count(|| import("a.txt", &text));
            assert!(
                visits <= text.len() * MOST_VISITS,
                "{index}: {visits} for {}",
                text.len()
            );
            visits as f64 / text.len() as f64
        };
        let (small, large) = (measure(20_000), measure(80_000));
        assert!(
            large < small * 1.3,
            "{index}: {small} then {large} visits a byte"
        );
    }
}
