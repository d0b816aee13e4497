//! Real-world files through the real command line, one table for each kind of fault: who speaks, tables, JSON,
//! captions, messages. The inputs are modelled on faults that people reported in other programs.

use serde_json::{Value, json};

use super::{Place, list, text};

/// A file, and what an import makes of it.
struct Case<'a> {
    name: &'a str,
    content: &'a str,
    /// Its dialogues in the order of the file, as stored.
    dialogues: &'a [&'a str],
    /// Codes of what is worth knowing about them.
    issues: &'a [&'a str],
}

/// Imports each file into a fresh workspace and compares.
fn check(cases: &[Case<'_>]) {
    for case in cases {
        let (report, dialogues) = imported(case.name, case.content, &[]);
        assert_eq!(dialogues, case.dialogues, "{}: {report}", case.content);
        let codes: Vec<&str> = list(&report["issues"])
            .iter()
            .map(|issue| text(&issue["code"]))
            .filter(|code| *code != "one_speaker")
            .collect();
        assert_eq!(codes, case.issues, "{}", case.content);
    }
}

fn imported(name: &str, content: &str, more: &[&str]) -> (Value, Vec<String>) {
    let place = Place::new();
    let file = place.write(name, content);
    let args = ["import", &file, "--name", "d", "--split", "train"];
    let report = place.ok(&[&args[..], more].concat());
    let items = place.json(&["datasets", "d", "--items"]).lines;
    let dialogue = |item: &Value| text(&item["dialogue"]).to_owned();
    (report, items.iter().map(dialogue).collect())
}

/// JSON Lines with one dialogue.
fn jsonl(dialogue: Value) -> String {
    json!({"dialogue": dialogue, "summary": "They talk."}).to_string()
}

#[test]
fn words_go_to_the_person_who_says_them() {
    let lines = |text: &str| format!("{text}\n\nSummary: They talk.\n");
    let texts = [
        (
            "Ben: Hello.\n🐼: Hi.\nBen: Bye.",
            "Ben: Hello.\n🐼: Hi.\nBen: Bye.",
        ),
        (
            "王芳：早。\n赵敏：早：吃了吗？",
            "王芳: 早。\n赵敏: 早：吃了吗？",
        ),
        (
            "\u{200f}نور: صباح\nنور\u{200e}: نعم\nليلى: لا",
            "نور: صباح\nنور: نعم\nليلى: لا",
        ),
        ("9:14 AM Cy: Hi\n9:15 PM Dee: Yo", "Cy: Hi\nDee: Yo"),
        (
            "00:01 - 00:04 Cy: Hi\n00:04–00:09 Dee: Yo",
            "Cy: Hi\nDee: Yo",
        ),
        (
            "Cy: late again\nsorry about that :(\nDee: ok :D\nnever mind :P",
            "Cy: late again sorry about that :(\nDee: ok :D never mind :P",
        ),
        (
            "Cy: where?\nC:\\temp\\a.txt\nhttps://example.org/a\nDee: at 10:30, ratio 2:1",
            "Cy: where? C:\\temp\\a.txt https://example.org/a\nDee: at 10:30, ratio 2:1",
        ),
        ("**Cy:** Hi\n__Dee__: Yo", "Cy: Hi\nDee: Yo"),
        ("[Cy] Hi\n<Dee>: Yo", "Cy: Hi\nDee: Yo"),
        (
            "Cy (Nurse): Hi\n+49 171 3920012: Yo",
            "Cy (Nurse): Hi\n+49 171 3920012: Yo",
        ),
        (
            "00:00:00\n\nCy: Hi\nDee: Yo\n\n00:05:00\n\nCy: Bye",
            "Cy: Hi\nDee: Yo\nCy: Bye",
        ),
        (
            "[Cy Fox] 10:00:01\nHi all\n\n[Dee] 10:00:05\nYo",
            "Cy Fox: Hi all\nDee: Yo",
        ),
    ];
    for (content, dialogue) in texts {
        check(&[Case {
            name: "a.txt",
            content: &lines(content),
            dialogues: &[dialogue],
            issues: &[],
        }]);
        if !content.starts_with("00:00") && !content.contains("Fox") {
            check(&[Case {
                name: "a.jsonl",
                content: &jsonl(json!(content)),
                dialogues: &[dialogue],
                issues: &[],
            }]);
        }
    }
}

#[test]
fn where_it_is_unsure_who_speaks_the_row_is_shown() {
    for remark in [
        "Re: the invoice",
        "PS: call me",
        "one more thing: buy milk",
        "Eine Frage: wann?",
        "Psalm, verse three: it rains",
    ] {
        let content = jsonl(json!(format!("Cy: Hi\n{remark}\nDee: Yo\nCy: Bye")));
        let dialogue = format!("Cy: Hi {remark}\nDee: Yo\nCy: Bye");
        check(&[Case {
            name: "a.jsonl",
            content: &content,
            dialogues: &[&dialogue],
            issues: &["unsure_speaker"],
        }]);
    }
    let long = "Prof. Dr. med. Maria Theresia von Falkenstein und zu Hohenwald";
    let place = Place::new();
    let file = place.write("a.jsonl", jsonl(json!(format!("{long}: Hi\nDee: Yo"))));
    let error = place.fails(&["import", &file, "--name", "d"], 2, "bad_rows");
    assert!(text(&error["message"]).contains("cannot be a speaker's name"));
}

#[test]
fn turns_as_objects_say_who_speaks() {
    for (turns, dialogue) in [
        (
            json!([{"speaker": 1, "text": "Hi"}, {"speaker": 2, "text": "Yo"}, {"speaker": 2, "text": "So"}]),
            "1: Hi\n2: Yo\n2: So",
        ),
        (
            json!([{"role": "user", "name": "Cy", "content": "Hi"}, {"role": "user", "name": "Dee", "content": "Yo"}]),
            "Cy: Hi\nDee: Yo",
        ),
        (
            json!([{"role": "user", "content": [{"type": "text", "text": "Hi"}]}, {"role": "assistant", "content": [{"type": "text", "text": "Yo"}]}]),
            "user: Hi\nassistant: Yo",
        ),
        (
            json!([{"speaker": "🐼", "text": "Hi"}, {"speaker": "Dee", "text": "Yo"}]),
            "🐼: Hi\nDee: Yo",
        ),
    ] {
        check(&[Case {
            name: "a.jsonl",
            content: &jsonl(turns.clone()),
            dialogues: &[dialogue],
            issues: &[],
        }]);
        // Speakers that are named do not override what the file says.
        let (_, stored) = imported("a.jsonl", &jsonl(turns), &["--speakers", "Agent,Customer"]);
        assert_eq!(stored, [dialogue]);
    }
}

#[test]
fn a_quotation_mark_swallows_no_row() {
    let head = "id,dialogue,summary\n";
    let inch = format!(
        "{head}1,Cy: a Dee: b,A 6\" pipe.\n2,Cy: a 6\" pipe,Short.\n3,Cy: c,The pipe is 6\"\n"
    );
    check(&[
        Case {
            name: "a.csv",
            content: &inch,
            dialogues: &["Cy: a Dee: b", "Cy: a 6\" pipe", "Cy: c"],
            issues: &[],
        },
        Case {
            name: "a.csv",
            content: "dialogue,summary\n\"Cy: She answer \\\"yes\\\", once.\nDee: Oh.\",Cy quotes her.\n",
            dialogues: &["Cy: She answer \"yes\", once.\nDee: Oh."],
            issues: &[],
        },
    ]);
    for below in [
        "3,Cy: e,Third.\n",
        "3,Cy: e,A 6\" pipe.\n",
        "3,Cy: e,The pipe is 6\"\n",
        "3,\"Cy: e\",Third.\n",
    ] {
        let content = format!("{head}1,Cy: a,\"Short note\n2,Cy: c,Second.\n{below}");
        let place = Place::new();
        let file = place.write("a.csv", &content);
        let args = ["import", &file, "--name", "d", "--split", "train"];
        let error = place.fails(&args, 2, "bad_rows");
        assert_eq!(error["row"], 2, "{below}: {error}");
        let report = place.ok(&[&args[..], &["--skip-bad"]].concat());
        assert_eq!(
            (&report["read"], &report["imported"]),
            (&json!(3), &json!(2)),
            "{below}"
        );
    }
}

#[test]
fn headers_are_found_or_missed_by_name() {
    check(&[
        Case {
            name: "a.csv",
            content: "sep=;\nid;dialogue;summary\n1;Cy: x;S\n",
            dialogues: &["Cy: x"],
            issues: &[],
        },
        Case {
            name: "a.csv",
            content: "conversation,transcript,summary\n7,Cy: x,S a\n8,Cy: y,T b\n",
            dialogues: &["Cy: x", "Cy: y"],
            issues: &[],
        },
    ]);
    let place = Place::new();
    let file = place.write("a.csv", "Chats of March\nid,dialogue,summary\n1,Cy: x,S\n");
    let error = place.refuses(
        &["import", &file, "--name", "d"],
        2,
        "header_not_first",
        &["Chats of March"],
    );
    assert!(text(&error["message"]).contains("line 2"), "{error}");
    let twice = place.write("b.csv", "dialogue,summary,summary\nCy: x,First.,Second.\n");
    place.ok(&["import", &twice, "--name", "two"]);
    let items = place.json(&["datasets", "two", "--items"]).lines;
    assert_eq!(items[0]["references"], json!(["First.", "Second."]));
}

#[test]
fn json_of_all_layouts() {
    let (first, second) = ("Cy: a\nDee: b", "Eve: c\nFay: d");
    let row = |dialogue: &str| json!({"dialogue": dialogue, "summary": "S."});
    let pretty = |dialogue: &str| serde_json::to_string_pretty(&row(dialogue)).expect("JSON");
    for (name, content) in [
        ("a.json", json!({"dialogue": [first, second], "summary": ["S.", "T."]}).to_string()),
        ("a.json", json!({"k1": row(first), "k2": row(second)}).to_string()),
        ("a.json", json!({"dialogue": {"0": first, "1": second}, "summary": {"0": "S.", "1": "T."}}).to_string()),
        ("a.json", json!({"columns": ["dialogue", "summary"], "data": [[first, "S."], [second, "T."]]}).to_string()),
        ("a.json", json!({"features": [{"name": "dialogue"}], "rows": [{"row_idx": 0, "row": row(first)}, {"row_idx": 1, "row": row(second)}]}).to_string()),
        ("a.jsonl", format!("{}\n{}\n", pretty(first), pretty(second))),
        ("a.json", format!("[{},{}]", row(first), row(second)).replace("\"S.\"", "\"S.\",\"score\":NaN")),
    ] {
        check(&[Case { name, content: &content, dialogues: &[first, second], issues: &[] }]);
    }
    let ids = ["90071992547409920001", "90071992547409920002"];
    let rows: Vec<String> = ids
        .iter()
        .map(|id| format!("{{\"id\":{id},\"dialogue\":\"Cy: {id}\",\"summary\":\"S.\"}}"))
        .collect();
    check(&[Case {
        name: "a.jsonl",
        content: &rows.join("\n"),
        dialogues: &[&format!("Cy: {}", ids[0]), &format!("Cy: {}", ids[1])],
        issues: &[],
    }]);

    let place = Place::new();
    let splits = json!({"train": [row(first), row("Cy: g\nDee: h")], "dev": [row(second)], "test": [row("Cy: e\nDee: f")]});
    let file = place.write("a.json", splits.to_string());
    let report = place.ok(&["import", &file, "--name", "d"]);
    assert_eq!(
        report["splits"],
        json!({"train": 2, "validation": 1, "test": 1})
    );
    let file = place.write(
        "b.json",
        json!({"monday": [row(first)], "tuesday": [row(second)]}).to_string(),
    );
    place.refuses(
        &["import", &file, "--name", "e"],
        2,
        "several_lists",
        &["monday", "tuesday"],
    );
}

#[test]
fn captions_of_programs() {
    let head = "WEBVTT\n\nNOTE Summary: S.\n\n";
    let cue = |times: &str, text: &str| format!("{times}\n{text}\n\n");
    let teams = format!(
        "{head}{}{}",
        cue("0:0:0.0 --> 0:0:1.800", "<v Cy Fox>Hi.</v>"),
        cue("0:0:2.1 --> 0:0:6.5", "<v Dee>Yo.</v>")
    );
    let webex = format!(
        "{head}1 \"Cy Fox\" (1234567)\n{}2 \"Dee\" (7654321)\n{}",
        cue("00:00:01.000 --> 00:00:02.000", "Hi."),
        cue("00:00:02.000 --> 00:00:03.000", "Yo."),
    );
    let rolling = format!(
        "{head}{}{}{}{}",
        cue("00:00.000 --> 00:02.000", "<v Cy>call me"),
        cue("00:02.000 --> 00:04.000", "<v Cy>call me\non Monday"),
        cue("00:04.000 --> 00:06.000", "<v Cy>on Monday\nat ten"),
        cue("00:06.000 --> 00:07.000", "<v Dee>ok"),
    );
    let youtube = format!(
        "{head}{}{}{}",
        cue(
            "00:00:00.030 --> 00:00:02.000",
            " \nCy:<00:00:00.500><c> good</c><00:00:00.900><c> day</c>"
        ),
        cue("00:00:02.000 --> 00:00:02.010", "Cy: good day\n "),
        cue(
            "00:00:02.010 --> 00:00:04.000",
            "Cy: good day\nDee:<00:00:02.500><c> hello</c>"
        ),
    );
    let dash = format!(
        "{head}{}{}",
        cue("00:00.000 --> 00:01.000", "<v Cy>Hi</v>"),
        cue("00:02.000 --> 00:03.000", "- <v Dee>Yo</v>")
    );
    let old_mac = teams.replace('\n', "\r");
    let srt = |first: &str, second: &str| {
        format!(
            "Summary: S.\n\n1\n00:00:00,178 --> 00:00:01,1416\n{first}\n\n2\n00:00:01,1828 --> 00:00:04,549\n{second}\n"
        )
    };
    for (name, content, dialogue) in [
        ("a.vtt", &teams, "Cy Fox: Hi.\nDee: Yo."),
        ("a.vtt", &old_mac, "Cy Fox: Hi.\nDee: Yo."),
        ("a.vtt", &webex, "Cy Fox: Hi.\nDee: Yo."),
        ("a.vtt", &rolling, "Cy: call me on Monday at ten\nDee: ok"),
        ("a.vtt", &youtube, "Cy: good day\nDee: hello"),
        ("a.vtt", &dash, "Cy: Hi\nDee: Yo"),
        (
            "a.srt",
            &srt("<Speaker 1>: Hi", "<Speaker 2>: Yo"),
            "Speaker 1: Hi\nSpeaker 2: Yo",
        ),
        (
            "a.srt",
            &srt("(Speaker_01)\nHi", "(Speaker_02)\nYo"),
            "Speaker_01: Hi\nSpeaker_02: Yo",
        ),
        (
            "a.srt",
            &srt("Cy: Hi", "Dee: Yo").replace('\n', "\r"),
            "Cy: Hi\nDee: Yo",
        ),
    ] {
        check(&[Case {
            name,
            content,
            dialogues: &[dialogue],
            issues: &[],
        }]);
    }
}

#[test]
fn no_message_repeats_the_file() {
    let place = Place::new();
    let columns: String = (0..4_000)
        .map(|i| format!("a column with the number {i},"))
        .collect();
    let nameless =
        json!({"dialogue": [{"speaker": "x".repeat(50_000), "text": "Hi"}], "summary": "S."});
    for (name, content) in [
        ("a.vtt", "word ".repeat(20_000)),
        ("b.csv", format!("{columns}z\n{}\n", ",".repeat(4_000))),
        ("c.jsonl", nameless.to_string()),
        (
            "d.csv",
            format!("dialogue,summary,split\nCy: x,S,{}\n", "s".repeat(50_000)),
        ),
        (
            "e.jsonl",
            format!(
                "{{\"id\":\"{0}\",\"dialogue\":\"Cy: x\",\"summary\":\"S\"}}\n{{\"id\":\"{0}\",\"dialogue\":\"Cy: y\",\"summary\":\"S\"}}\n",
                "i".repeat(50_000)
            ),
        ),
    ] {
        let file = place.write(name, content);
        let answer = place.json(&["import", &file, "--name", "d"]);
        assert_eq!(answer.code, 2, "{name}");
        let message = text(&answer.last["message"]).chars().count();
        assert!(message < 500, "{name}: {message} characters");
    }
}

#[test]
fn a_long_line_takes_no_time() {
    let cue = "WEBVTT\n\nNOTE Summary: s\n\n00:01.000 --> 00:02.000\n<v Cy>";
    for (name, content) in [
        (
            "a.txt",
            format!("{}Cy: x\nSummary: s\n", "[00:01] ".repeat(65_536)),
        ),
        (
            "b.txt",
            format!("Cy: {}\nDee: x\nSummary: s\n", "(".repeat(524_288)),
        ),
        ("c.vtt", format!("{cue}{}\n", "<".repeat(524_288))),
        (
            "d.jsonl",
            jsonl(json!(
                (0..40_000)
                    .map(|i| format!("P{i}: x\n"))
                    .collect::<String>()
            )),
        ),
    ] {
        let place = Place::new();
        let file = place.write(name, content);
        let answer = place.json(&["import", &file, "--name", "d"]);
        assert!(answer.last["event"].is_string(), "{name}");
    }
}
