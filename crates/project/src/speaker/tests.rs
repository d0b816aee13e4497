//! The grammar of lines, by example and as properties.

use proptest::prelude::*;

use super::*;
use crate::dialogue::{Dialogue, Turn};
use crate::import::settle::settle;
use crate::import::spoken::Said;
use crate::work::{MOST_VISITS, count};

/// Who speaks on a line and what is said, if that is sure.
fn sure(line: &str) -> Option<(String, String)> {
    let heard = heard(line);
    match heard.speaker {
        Some((name, Surety::Sure)) => Some((name, heard.plain[heard.text_at..].to_owned())),
        _ => None,
    }
}

fn named_by(line: &str) -> Option<(String, Surety)> {
    heard(line).speaker
}

#[test]
fn names_of_all_scripts_and_kinds_are_sure() {
    for name in [
        "Ann",
        "Ann Lee",
        "Dr. Weber",
        "Dr. med. Anna Maria von Berg",
        "J. R. Smith",
        "O'Neill",
        "Mary-Jane Watson-Parker",
        "Ann (Doctor)",
        "Speaker 1",
        "Speaker_01",
        "SPEAKER_00",
        "#Person1#",
        "A",
        "+49 171 3920012",
        "(030) 123-4567",
        "ann.lee@example.org",
        "张三",
        "田中さん",
        "محمد علي",
        "Иван Петрович",
        "Ελένη",
        "अमित शर्मा",
        "שרה",
        "김민수",
        "🐼",
        "Ann 🐼",
        "👩‍⚕️",
        "‼️",
        "™",
        "🇩🇪",
        "Ann & Ben",
        "Ludwig van Beethoven",
    ] {
        let line = format!("{name}: Good day.");
        let expected = (name.to_owned(), "Good day.".to_owned());
        assert_eq!(sure(&line), Some(expected), "{line}");
        assert_eq!(stored(&line), Some((name, "Good day.")), "{line}");
    }
}

#[test]
fn every_way_to_mark_a_speaker_gives_the_same_name() {
    for line in [
        "Ann: Hi",
        "Ann : Hi",
        "Ann：Hi",
        "Ann:Hi",
        "\u{200f}Ann\u{200e}: Hi",
        "\u{202a}Ann\u{202c}: Hi",
        "\u{feff}Ann: Hi",
        "\"Ann\": Hi",
        "“Ann”: Hi",
        "**Ann:** Hi",
        "**Ann**: Hi",
        "***Ann***: Hi",
        "_Ann_: Hi",
        "*Ann*: Hi",
        "- Ann: Hi",
        "– Ann: Hi",
        "* **Ann:** Hi",
        "> Ann: Hi",
        ">> Ann: Hi",
        "[Ann] Hi",
        "[Ann]: Hi",
        "**[Ann]** Hi",
        "【Ann】Hi",
        "(Ann): Hi",
        "<Ann>: Hi",
        "10:02 Ann: Hi",
        "10:02 AM Ann: Hi",
        "10:02am Ann: Hi",
        "10:02 p.m. Ann: Hi",
        "10:02 Uhr Ann: Hi",
        "10.02 Uhr Ann: Hi",
        "10:02 - Ann: Hi",
        "00:01 - 00:04 Ann: Hi",
        "00:01–00:04 Ann: Hi",
        "00:00:01.000 --> 00:00:04.000 Ann: Hi",
        "[00:01 - 00:04] Ann: Hi",
        "[10:02 AM] Ann: Hi",
        "(3/14/25, 9:05:12 PM) Ann: Hi",
        "[14.03.25, 09:05:12] Ann: Hi",
        "2025-03-14 09:05 Ann: Hi",
        "[2025-03-14T09:05:00Z] Ann: Hi",
        "10:02 AM: Ann: Hi",
        "[00:01]: Ann: Hi",
        "1. Ann: Hi",
        "12) **Ann:** Hi",
        "(12) Ann: Hi",
        "[3] Ann: Hi",
        "#7 Ann: Hi",
        "Ann︰Hi",
        "Ann\u{2236} Hi",
        "Ann\u{a789} Hi",
        "[Ann] - Hi",
        "[Ann] [10:02 AM] Hi",
        "[Ann] 00:01:02 Hi",
        "Ann: [00:01] Hi",
        "Ann: (00:01:02) Hi",
        "Ann: 00:01:02.500 Hi",
        "<00:01> Ann: Hi",
        "{00:01} Ann: Hi",
        "5:46 p. m. Ann: Hi",
        "9:05 a. m. - Ann: Hi",
        "10h02 Ann: Hi",
        "[10h02] Ann: Hi",
        "Ann at 10:02 AM: Hi",
        "Ann um 10:02 Uhr: Hi",
        "Ann 2025-03-14 10:02:03: Hi",
        "Ann, 14.03.25, 10:02 AM: Hi",
        "Ann (00:01): Hi",
        "Ann [00:01:02]: Hi",
        "Ann (10:02 AM): Hi",
        "**Ann** [00:01]: Hi",
        "**Ann (1:02:03):** Hi",
        "**[00:01] Ann:** Hi",
        "Ann 10:02:11: Hi",
        "Ann, 10:02 AM: Hi",
        "Ann - 10:02 Uhr: Hi",
    ] {
        let expected = ("Ann".to_owned(), "Hi".to_owned());
        assert_eq!(sure(line), Some(expected), "{line}");
    }
    assert_eq!(
        named_by("[Ann Lee] 10:00:01"),
        Some(("Ann Lee".into(), Surety::Sure))
    );
}

#[test]
fn colons_that_belong_to_something_else_name_nobody() {
    for line in [
        "https://example.org/a",
        "see http://example.org",
        "mailto:ann@example.org",
        "10:30 suits me",
        "at 10:30 we meet",
        "12:30 Uhr: Treffen",
        "mix it 2:1",
        "John 3:16 is short",
        "C:\\temp\\notes.txt",
        "it is in C:\\temp",
        "D:/data/x",
        "www.example.org:8080/a",
        "see example.org:443",
        "localhost:3000",
        "mix it 2\u{2236}1",
        "but on my way :)",
        "thanks a lot :D",
        "ok :-)",
        "no :(",
        "hm :/",
        "yes :P",
        "sure :)))",
        "oh :'(",
        "nice :thumbsup:",
        ":smile: hello",
        "done:)",
        ": nobody",
        ":) Ann",
        "---: x",
        "...: x",
        "[laughs] hello",
        "(inaudible): x",
        "<3 you",
        "a <b: c",
    ] {
        let found = heard(line).speaker;
        let is_sure = matches!(found, Some((_, Surety::Sure)));
        assert!(!is_sure, "{line}: {found:?}");
    }
    for line in ["C:\\temp", "thanks a lot :D", "10:30 x", "http://x", "ok:)"] {
        assert_eq!(stored(line), None, "{line}");
    }
}

#[test]
fn what_may_be_a_name_is_not_sure() {
    for (line, surety) in [
        ("but here is the thing: no", Surety::Likely),
        ("customer service: hello", Surety::Likely),
        ("My question: when?", Surety::Label),
        ("This One: hi", Surety::Likely),
        ("doctor: hello", Surety::Likely),
        ("Yes, Ann: hi", Surety::Likely),
        ("1: milk", Surety::Likely),
        ("Ann:D", Surety::Likely),
        ("John 3:16: For", Surety::Likely),
        ("Re: your invoice", Surety::Label),
        ("AW: Ihre Rechnung", Surety::Label),
        ("PS: call me", Surety::Label),
        ("Note: wet", Surety::Label),
        ("Option A: we stay", Surety::Label),
        ("Schritt 2: warten", Surety::Label),
        ("Monday: 9am", Surety::Label),
        ("Error: no such file", Surety::Label),
        ("Lugar: el parque", Surety::Label),
        ("Время: пять часов", Surety::Label),
        ("地点：公园", Surety::Label),
        (
            "maria.magdalena.hohenstein@some-company.example.org: Hi",
            Surety::Likely,
        ),
        (
            "🐼🐼🐼🐼🐼🐼🐼🐼🐼🐼🐼🐼🐼🐼🐼🐼🐼🐼🐼🐼🐼🐼🐼🐼🐼🐼🐼🐼🐼🐼🐼🐼🐼🐼🐼🐼🐼🐼🐼🐼🐼: Hi",
            Surety::Likely,
        ),
        ("Eine Frage: kommst du?", Surety::Label),
        ("TL;DR: no", Surety::Label),
        ("(Speaker_01) Hi", Surety::Bracket),
        ("(Speaker_01)", Surety::Bracket),
        ("<Ann> hi", Surety::Bracket),
        ("(softly) no", Surety::Aside),
        ("Ann Lee  0:03", Surety::Timed),
        ("Ann Lee (00:03)", Surety::Timed),
        (
            "Dr. med. Anna Maria von Hohenstein-Wittgenstein zu Berleburg: Tag",
            Surety::Refused,
        ),
    ] {
        assert_eq!(
            named_by(line).map(|(_, surety)| surety),
            Some(surety),
            "{line}"
        );
    }
    assert_eq!(
        named_by("???: hi").map(|(_, surety)| surety),
        Some(Surety::Refused)
    );
    let long_clause = "I think that there is only one thing that we need to consider: money";
    assert_eq!(named_by(long_clause), None);
}

/// The turns of lines after all doubts are settled, and the lines that are shown.
fn settled(lines: &[&str]) -> (Vec<(String, String)>, usize) {
    let mut turns = Said::default();
    for line in lines {
        turns.hear(&heard(line), false);
    }
    let shown = settle(&mut turns).count;
    let turns = turns
        .turns()
        .map(|turn| (turn.name().unwrap_or_default().to_owned(), turn.text()));
    (turns.collect(), shown)
}

fn speakers(lines: &[&str]) -> (Vec<String>, usize) {
    let (turns, shown) = settled(lines);
    (
        turns.into_iter().map(|(speaker, _)| speaker).collect(),
        shown,
    )
}

#[test]
fn the_dialogue_decides_what_a_line_leaves_open() {
    let named = |names: &[&str], shown: usize| {
        let names = names.iter().map(|name| (*name).to_owned()).collect();
        (names, shown)
    };
    // A clause comes once, a speaker comes back.
    let lines = ["Ann: a", "here is the thing: b", "Ben: c"];
    assert_eq!(speakers(&lines), named(&["Ann", "", "Ben"], 1));
    let lines = ["the nurse: a", "Ann: b", "Ben: c", "the nurse: d"];
    assert_eq!(
        speakers(&lines),
        named(&["the nurse", "Ann", "Ben", "the nurse"], 0)
    );
    // Lower case throughout, each speaker once.
    let lines = ["customer service: a", "the caller: b"];
    assert_eq!(
        speakers(&lines),
        named(&["customer service", "the caller"], 0)
    );
    let lines = ["doctor: a", "patient: b"];
    assert_eq!(speakers(&lines), named(&["doctor", "patient"], 0));
    let lines = ["Doctor: a", "patient: b"];
    assert_eq!(speakers(&lines), named(&["Doctor", "patient"], 0));
    // An interview of questions and answers, and notes among people.
    let lines = ["Question: a", "Answer: b", "Question: c", "Answer: d"];
    assert_eq!(speakers(&lines).1, 0);
    let lines = [
        "Question 1: a",
        "Answer 1: b",
        "Question 2: c",
        "Answer 2: d",
    ];
    assert_eq!(speakers(&lines).1, 0);
    let lines = ["Ann: a", "Friday: b", "Ben: c", "Option B: d"];
    assert_eq!(speakers(&lines), named(&["Ann", "", "Ben", ""], 2));
    assert_eq!(speakers(&["Ann: 10:30 suits me", "Ben: c"]).1, 0);
    let lines = ["Ann: a", "Note: b", "Ben: c", "Note: d"];
    assert_eq!(speakers(&lines), named(&["Ann", "", "Ben", ""], 2));
    // Brackets.
    let lines = ["(Speaker_01) a", "(Speaker_02) b"];
    assert_eq!(speakers(&lines), named(&["Speaker_01", "Speaker_02"], 0));
    let lines = ["<ann> a", "<ben> b", "<ann> c"];
    assert_eq!(speakers(&lines), named(&["ann", "ben", "ann"], 0));
    let lines = ["Ann: a", "(softly) b", "Ben: c"];
    assert_eq!(speakers(&lines), named(&["Ann", "", "Ben"], 0));
    // Names over their lines.
    let lines = ["Ann Lee  0:03", "Good morning.", "Ben Ray  0:07", "Hello."];
    assert_eq!(speakers(&lines), named(&["Ann Lee", "", "Ben Ray", ""], 0));
    let lines = ["Ann: a", "See Bob 10:30", "Ben: b"];
    assert_eq!(speakers(&lines), named(&["Ann", "", "Ben"], 1));
}

#[test]
fn a_line_that_names_nobody_keeps_every_word() {
    let (turns, _) = settled(&["Ann: a", "one more thing: b :)", "Ben: c"]);
    assert_eq!(turns[1].1, "one more thing: b :)");
}

#[test]
fn a_line_of_nobody_stays_one_when_it_is_stored() {
    for (line, expected) in [
        ("Our topic: cats: and dogs", "Our topic – cats – and dogs"),
        ("plain", "plain"),
        ("10:30 suits me", "10:30 suits me"),
        ("[nurse] next", "(nurse] next"),
        ("[a:b] c", "(a – b] c"),
    ] {
        assert_eq!(stored(&unspoken(line)), None, "{line}");
        if !line.contains("[a:b]") {
            assert_eq!(unspoken(line), expected);
        }
    }
}

#[test]
fn lines_cost_in_proportion_to_their_length() {
    let makers: [fn(usize) -> String; 11] = [
        |n| "Ann: ".to_owned() + &"0".repeat(n),
        |n| "Ann ".to_owned() + &"at ".repeat(n / 3) + "10:02: x",
        |n| "[00:01] ".repeat(n / 8) + "Ann: x",
        |n| "(".repeat(n),
        |n| "[".repeat(n),
        |n| "<".repeat(n),
        |n| ":".repeat(n),
        |n| "*".repeat(n) + "Ann:** x",
        |n| "10:02 ".repeat(n / 6),
        |n| "> - ".repeat(n / 4),
        |n| "Ann: ".to_owned() + &"(00:01) ".repeat(n / 8),
    ];
    for (index, maker) in makers.into_iter().enumerate() {
        let line = maker(512 << 10);
        let (visits, _) = count(|| heard(&line));
        assert!(visits <= line.len() * MOST_VISITS, "{index}: {visits}");
        let _ = stored(&line);
    }
}

proptest! {
    #[test]
    fn a_readable_name_is_given_back(name in "\\PC{1,45}", text in "\\PC{0,30}") {
        let name = tidy(&name);
        if is_readable(&name) {
            let turn = Turn::new(&name, &text);
            let read = Dialogue::parse(&turn.to_line());
            prop_assert_eq!(read.turns, vec![turn]);
        }
    }

    #[test]
    fn any_line_is_read_and_no_stray_line_becomes_a_turn(line in "(?s).{0,120}") {
        let _ = heard(&line);
        let _ = time::is_only_time(&line);
        let line = Turn::new("", &line).text;
        let stray = unspoken(&line);
        prop_assert_eq!(stored(&stray), None);
        prop_assert_eq!(unspoken(&stray), stray);
    }

    #[test]
    fn lines_of_marks_are_read(pieces in proptest::collection::vec(
        proptest::sample::select(vec!["[", "]", "(", ")", "<", ">", "：", ":", " ", "Ann", "10:02", "AM", "-", "*", "_",
            "\u{200f}", "🐼", "\"", "，", "00:01:02,500", "é", "T", ".", "2025-03-14"]), 0..24)) {
        let line = pieces.concat();
        let heard = heard(&line);
        if let Some((name, _)) = heard.speaker {
            prop_assert!(!name.contains(':') && !name.contains('\n'));
        }
    }
}
