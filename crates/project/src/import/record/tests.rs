//! Who speaks in a row, and that what is stored is read again as it was imported.

use proptest::prelude::*;
use serde_json::{Value, json};

use crate::dialogue::Dialogue;
use crate::import::tests::{codes, import, import_with, with_speakers};
use crate::import::{Import, ImportOptions};
use crate::work::assert_in_proportion;

fn row(dialogue: Value) -> Import {
    import(
        "a.jsonl",
        json!({"dialogue": dialogue, "summary": "S."}).to_string(),
    )
}

fn dialogue(turns: Value) -> String {
    let import = row(turns);
    assert!(import.issues.is_empty(), "{:?}", import.issues);
    import.examples[0].dialogue.clone()
}

#[test]
fn text_in_every_form_that_people_write() {
    for (text, expected) in [
        (
            "Ben: Hello.\n🐼: Hi.\nBen: Bye.",
            "Ben: Hello.\n🐼: Hi.\nBen: Bye.",
        ),
        (
            "张三：你好。\n李四：你好：吃了吗？",
            "张三: 你好。\n李四: 你好：吃了吗？",
        ),
        ("10:02 AM Ann: Hi\n10:03 PM Ben: Yo", "Ann: Hi\nBen: Yo"),
        ("**Ann:** *Hi*\n**Ben:** Yo", "Ann: *Hi*\nBen: Yo"),
        (
            "\u{200f}أحمد: مرحبا\nأحمد\u{200e}: نعم\nسارة: لا",
            "أحمد: مرحبا\nأحمد: نعم\nسارة: لا",
        ),
        (
            "Ann: I am late\nbut on my way :)\nBen: ok\nAnn: so happy\nthanks a lot :D",
            "Ann: I am late but on my way :)\nBen: ok\nAnn: so happy thanks a lot :D",
        ),
        (
            "Ann: where is it?\nC:\\temp\\a.txt\nhttps://example.org/x\nBen: ok",
            "Ann: where is it? C:\\temp\\a.txt https://example.org/x\nBen: ok",
        ),
        (
            "[doctor] x\n[patient] y\n[doctor] z",
            "doctor: x\npatient: y\ndoctor: z",
        ),
    ] {
        assert_eq!(dialogue(json!(text)), expected, "{text}");
    }
}

#[test]
fn a_moment_in_brackets_is_nobody() {
    for moment in [
        "12 Jan 2024, 10:02",
        "2025/3/14 上午9:05:12",
        "2025. 3. 14. 오전 9:05",
        "0.0s - 2.5s",
        "00h01m05s",
    ] {
        let text = format!("[{moment}] Ann: hi\n[{moment}] Ben: yo");
        assert_eq!(dialogue(json!(text)), "Ann: hi\nBen: yo", "{moment}");
    }
    // One that no list knows is shown with its line, and not taken for a name.
    let unknown = row(json!(
        "[dixième jour 9:05] Ann: hi\n[dixième jour 9:06] Ben: yo"
    ));
    assert_eq!(codes(&unknown), [(1, "dialogue", "no_speaker")]);
    let roles = json!("[Ann (Support)] hi\n[Ben] yo");
    assert_eq!(dialogue(roles), "Ann (Support): hi\nBen: yo");
}

#[test]
fn a_list_of_speakers_beside_a_list_of_texts_says_who_speaks() {
    let sibling =
        json!({"dialogue": ["hi", "yo", "bye"], "speaker": ["Ann", "Ben", "Ben"], "summary": "S."});
    let inside = json!({"dialogue": {"speaker": [0, 1], "text": ["hi", "yo"]}, "summary": "S."});
    let named =
        json!({"dialogue": ["Ann: hi", "Ben: yo"], "speakers": ["Ann", "Ben"], "summary": "S."});
    for (text, expected) in [
        (sibling, "Ann: hi\nBen: yo\nBen: bye"),
        (inside, "0: hi\n1: yo"),
        (named, "Ann: hi\nBen: yo"),
    ] {
        let options = with_speakers(&["Customer", "Agent"]);
        let import = import_with("a.jsonl", text.to_string(), &options).unwrap();
        assert_eq!(import.examples[0].dialogue, expected, "{text}");
    }
}

#[test]
fn a_line_that_may_name_a_speaker_is_text_and_is_shown() {
    let import = row(json!(
        "Ann: I have a list\nRe: invoice\nBen: ok\none more thing: no\nAnn: bye"
    ));
    assert_eq!(codes(&import), [(1, "dialogue", "unsure_speaker")]);
    assert!(
        import.issues[0].fault.to_string().starts_with("2 lines")
            && import.issues[0].fault.to_string().contains("`Re: invoice`")
    );
    assert_eq!(
        import.examples[0].dialogue,
        "Ann: I have a list Re: invoice\nBen: ok one more thing: no\nAnn: bye"
    );
    let title = row(json!("Our topic today: cats\nAnn: hi\nBen: yo"));
    assert_eq!(
        title.examples[0].dialogue,
        "Our topic today – cats\nAnn: hi\nBen: yo"
    );
    let read = Dialogue::parse(&title.examples[0].dialogue);
    assert_eq!(read.speakers(), ["Ann", "Ben"]);
}

#[test]
fn a_name_that_cannot_be_stored_is_a_bad_row() {
    let long = "Dr. med. Anna Maria von Hohenstein-Wittgenstein zu Berleburg";
    for turns in [
        json!(format!("{long}: Guten Tag\nBen: Hallo\n{long}: Ja")),
        json!([{"speaker": long, "text": "Guten Tag"}, {"speaker": "Ben", "text": "Hallo"}]),
        json!([{"speaker": "…", "text": "Hi"}, {"speaker": "Ben", "text": "Hallo"}]),
    ] {
        let import = row(turns);
        assert_eq!(codes(&import), [(1, "dialogue", "bad_speaker")]);
        assert!(
            import.examples.is_empty() && import.issues[0].fault.to_string().chars().count() < 120
        );
    }
}

#[test]
fn turns_say_who_speaks_in_the_ways_of_chat_data_sets() {
    for (turns, expected) in [
        (
            json!([{"speaker": 0, "text": "Hi"}, {"speaker": 1, "text": "Yo"}]),
            "0: Hi\n1: Yo",
        ),
        (
            json!([{"role": "user", "name": "Ann", "content": "Hi"}, {"role": "user", "name": "Ben", "content": "Yo"}]),
            "Ann: Hi\nBen: Yo",
        ),
        (
            json!([{"role": "user", "content": [{"type": "text", "text": "Hi"}, {"type": "image_url", "image_url": {}}]},
                   {"role": "assistant", "content": [{"type": "text", "text": "Yo"}, "and"]}]),
            "user: Hi\nassistant: Yo and",
        ),
        (
            json!([{"from": "human", "value": "Hi"}, {"from": "gpt", "value": "Yo"}]),
            "human: Hi\ngpt: Yo",
        ),
        (json!([["Ann", "Hi"], ["Ben", "Yo"]]), "Ann: Hi\nBen: Yo"),
        (
            json!([{"speaker": {"name": "Ann"}, "text": "Hi"}, {"speaker": {"name": "Ben"}, "text": 42}]),
            "Ann: Hi\nBen: 42",
        ),
        (
            json!([{"speaker": null, "role": "user", "text": "Hi"}, {"speaker": "", "role": "agent", "text": "Yo"}]),
            "user: Hi\nagent: Yo",
        ),
        (
            json!([{"speaker": 3, "name": "Ann", "text": "Hi"}, {"speaker": 4, "name": "Ben", "text": "Yo"}]),
            "Ann: Hi\nBen: Yo",
        ),
        (
            json!([{"role": "assistant", "content": null, "tool_calls": []}, {"role": "user", "content": "Hi"}]),
            "user: Hi",
        ),
        (
            json!([{"speaker": "\u{200e}Ann: x", "text": "Hi"}, {"speaker": "🐼", "text": "Yo"}]),
            "Ann  x: Hi\n🐼: Yo",
        ),
        (json!(["Ann: Hi", "Ben: Yo"]), "Ann: Hi\nBen: Yo"),
        (
            json!([{"author": {"name": "Ann"}, "content": {"content_type": "text", "parts": ["Hi"]}},
                   {"author": {"name": "Ben"}, "content": {"text": "Yo"}}]),
            "Ann: Hi\nBen: Yo",
        ),
    ] {
        assert_eq!(dialogue(turns.clone()), expected, "{turns}");
    }
}

#[test]
fn named_speakers_never_override_what_the_file_says() {
    let options = with_speakers(&["Agent", "Customer"]);
    for turns in [
        json!([{"speaker": 0, "text": "Hi"}, {"speaker": 1, "text": "Yo"}, {"speaker": 1, "text": "So"}]),
        json!(["0: Hi", "1: Yo", "1: So", "0: x"]),
        json!("0: Hi\n1: Yo\n1: So"),
    ] {
        let text = json!({"turns": turns, "summary": "S."}).to_string();
        let import = import_with("a.jsonl", text, &options).unwrap();
        let dialogue = &import.examples[0].dialogue;
        assert!(dialogue.starts_with("0: Hi\n1: Yo\n1: So"), "{dialogue}");
    }
    let nameless = json!([{"speaker": "Ann", "text": "Hi"}, {"text": "Yo"}]);
    assert_eq!(codes(&row(nameless)), [(1, "dialogue", "no_speaker")]);
}

#[test]
fn rows_cost_in_proportion_to_their_length() {
    let makers: [fn(usize) -> String; 4] = [
        |n| (0..n / 12).map(|i| format!("P{i}: x\n")).collect(),
        |n| "[00:01] ".repeat(n / 8),
        |n| "Ann: (".to_owned() + &"(".repeat(n),
        |n| "one more thing: x\n".repeat(n / 18),
    ];
    let row = |dialogue| json!({"dialogue": dialogue, "summary": "S."}).to_string();
    assert_in_proportion(&makers, row, |text| {
        assert_eq!(import("a.jsonl", text).read, 1);
    });
}

const PIECES: [&str; 26] = [
    "Ann",
    "Ben",
    ": ",
    ":",
    "：",
    "\n",
    "\r\n",
    "\r",
    " ",
    "one more thing",
    "Re",
    "🐼",
    "[",
    "]",
    "(",
    ")",
    "<",
    "**",
    "10:02",
    " AM ",
    "\u{200f}",
    ":)",
    "C:\\x",
    "#Person1#",
    "张三",
    "x",
];

proptest! {
    #[test]
    fn a_text_is_stored_so_that_it_reads_the_same(pieces in proptest::collection::vec(proptest::sample::select(PIECES.to_vec()), 1..40)) {
        let import = row(json!(pieces.concat()));
        prop_assert_eq!(import.read, import.examples.len() + import.bad_rows());
        for example in &import.examples {
            let read = Dialogue::parse(&example.dialogue);
            prop_assert_eq!(&read.to_text(), &example.dialogue);
            prop_assert_eq!(&read.clone().join_continuations(), &read);
        }
    }

    #[test]
    fn turns_keep_their_speakers_and_words(turns in proptest::collection::vec(("\\PC{1,44}", "\\PC{1,20}"), 1..6)) {
        let list: Vec<Value> = turns.iter().map(|(speaker, text)| json!({"speaker": speaker, "text": text})).collect();
        let import = import_with("a.jsonl", json!({"turns": list, "summary": "S."}).to_string(), &ImportOptions::default());
        // A name of blanks and marks names nobody, and then the speakers have to be given.
        let Ok(import) = import else { return Ok(()) };
        prop_assert_eq!(import.read, import.examples.len() + import.bad_rows());
        for example in &import.examples {
            let read = Dialogue::parse(&example.dialogue);
            prop_assert_eq!(&read.to_text(), &example.dialogue);
            prop_assert!(read.stray_lines().is_empty());
            let spoken: Vec<&(String, String)> = turns.iter().filter(|(_, text)| !text.trim().is_empty()).collect();
            prop_assert!(read.turns.len() <= spoken.len());
        }
    }
}
