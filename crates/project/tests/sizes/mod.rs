//! Tables of rows of a few bytes in several sizes: an import takes most just below the size that is refused.

use super::{Refused, import, same, text_of, turn};

/// A file of this length that is divided into short pieces.
type Shape = fn(usize) -> Vec<u8>;

/// Tables of rows of a few bytes, in sizes up to the one that is refused: just below it an import takes most.
#[test]
fn sizes_that_are_almost_too_large() {
    let _turn = turn();
    let folder = tempfile::tempdir().unwrap();
    let shapes: [(&str, Shape); 9] = [
        ("pairs.csv", |bytes| {
            text_of(bytes, "dialogue,summary\n", same("a,b\n"), "")
        }),
        ("unlike_pairs.csv", |bytes| {
            text_of(bytes, "dialogue,summary\n", |n| format!("A:{n:x},b\n"), "")
        }),
        ("blank.csv", |bytes| {
            text_of(bytes, "dialogue,summary\n", same(",\n"), "A:b,c\n")
        }),
        ("turns_by_two.csv", |bytes| {
            let row = |n| format!("{:x},{},o\n", n / 2, ["A", "B"][n % 2]);
            text_of(bytes, "id,speaker,text\n", row, "")
        }),
        ("turns_by_ten.csv", |bytes| {
            let row = |n| format!("{:x},{},o\n", n / 10, ["A", "B"][n % 2]);
            text_of(
                bytes,
                "id,speaker,text,summary\n",
                |n| row(n).replace('\n', ",s\n"),
                "",
            )
        }),
        ("single_turns.csv", |bytes| {
            text_of(
                bytes,
                "id,speaker,text\n0,A,o\n",
                |n| format!("{n:x},A,o\n"),
                "",
            )
        }),
        ("turns_without_words.csv", |bytes| {
            let row = |n| format!("{:x},A,{}\n", n / 4, ["o", "", "", ""][n % 4]);
            text_of(bytes, "id,speaker,text\n", row, "")
        }),
        ("pairs.jsonl", |bytes| {
            text_of(
                bytes,
                "",
                |n| format!("{{\"dialogue\":\"A:{n:x}\",\"summary\":\"b\"}}\n"),
                "",
            )
        }),
        ("turns.jsonl", |bytes| {
            let row = |n| format!("{{\"id\":{},\"speaker\":\"A\",\"text\":\"o\"}}\n", n / 2);
            text_of(bytes, "", row, "")
        }),
    ];
    for (name, shape) in shapes {
        let mut refused_at = None;
        for bytes in [400_000, 850_000, 1_100_000] {
            let outcome = import(folder.path(), name, shape(bytes), bytes);
            if outcome == Refused("too_large") {
                refused_at = Some(bytes);
                break;
            }
        }
        println!("{name}: too large at {refused_at:?}");
    }
}
