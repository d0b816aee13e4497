//! Tables: quotation marks of all sorts, headers of all sorts, and that no row is lost.

use contract::problem::ImportProblem;
use contract::{Detection, IssueCode, Separator};
use proptest::prelude::*;

use crate::import::tests::{import, import_with};
use crate::import::{Import, ImportOptions};
use crate::work::assert_in_proportion;

fn good(import: &Import) -> Vec<usize> {
    import.examples.iter().map(|example| example.row).collect()
}

fn bad(import: &Import) -> Vec<(usize, &'static str)> {
    let errors = import.errors();
    errors
        .map(|issue| (issue.row, issue.code().as_str()))
        .collect()
}

#[test]
fn too_many_columns_are_refused_as_that() {
    let text = format!("dialogue,summary{}\nAnn: a,s\n", ",x".repeat(20_000));
    let refused = import_with("a.csv", text, &ImportOptions::default()).unwrap_err();
    let ImportProblem::TooLarge { limit, most, .. } = refused else {
        panic!("{refused:?}");
    };
    assert_eq!((limit.as_str(), most), ("columns", 16_384));
}

#[test]
fn an_inch_sign_swallows_no_row() {
    // Which row and column it is in, whether its cell is quoted, and what follows it.
    let rows = |sign: &str, place: usize, column: usize| -> String {
        let cell = |row: usize, cell: usize, text: &str| match (row, cell) == (place, column) {
            true => sign.to_owned(),
            false => text.to_owned(),
        };
        let line = |row: usize| {
            format!(
                "{},{},{}\n",
                cell(row, 0, &format!("k{row}")),
                cell(row, 1, &format!("Ann: a{row} Ben: b")),
                cell(row, 2, &format!("Summary {row}."))
            )
        };
        format!(
            "id,dialogue,summary\n{}",
            (0..5).map(line).collect::<String>()
        )
    };
    for place in 0..5 {
        for column in 0..3 {
            // Inside a cell without quotation marks it is text, as RFC 4180 readers take it.
            for sign in ["x: a 6\" pipe", "x: 6\"", "x: 5\"6\" y"] {
                let import = import("a.csv", rows(sign, place, column));
                assert_eq!(
                    (import.read, import.bad_rows()),
                    (5, 0),
                    "{sign} {place} {column}"
                );
                let example = &import.examples[place];
                let cells = [
                    &example.external_id,
                    &example.dialogue,
                    &example.references[0],
                ];
                assert_eq!(cells[column], sign, "{place}");
            }
            // An opened or misplaced mark makes its row a bad one, and no other.
            for sign in [
                "\"x: open",
                "\"x: a 6\" pipe\"",
                "\"x: a \"word\" b\"",
                "\"6 inch",
            ] {
                let import = import("a.csv", rows(sign, place, column));
                assert_eq!(bad(&import), [(place + 2, "open_quote")], "{sign} {column}");
                assert_eq!(
                    (import.read, import.examples.len()),
                    (5, 4),
                    "{sign} {column}"
                );
            }
        }
    }
}

#[test]
fn an_open_quote_is_named_whatever_closes_it_by_accident() {
    let head = "id,dialogue,summary\n";
    for below in [
        "2,Ann: c,Second.\n3,Ann: e,Third.\n",
        "2,Ann: c,Second.\n3,Ann: e,A 6\" pipe.\n",
        "2,Ann: c,Second.\n3,Ann: e,The pipe is 6\"\n",
        "2,Ann: c,Second.\n3,Ann: e 6\",Third.\n",
        "2,Ann: c,Second.\n3,\"Ann: e, f\",Third.\n",
        "2,\"Ann: c\nBen: d\",Second.\n3,Ann: e,Third.\n",
    ] {
        let import = import(
            "a.csv",
            format!("{head}1,Ann: a 6\" pipe Ben: b,\"Short note\n{below}"),
        );
        assert_eq!(bad(&import), [(2, "open_quote")], "{below}");
        assert_eq!((import.read, good(&import)), (3, vec![3, 4]), "{below}");
    }
}

#[test]
fn lines_of_a_cell_at_fault_are_no_rows() {
    let text = "dialogue,summary\n\"Ann: He said \"no\", twice.\nBen: I see.\",Ann quotes him.\n\"Cy: a\nDee: b\",S\n";
    let import = import("a.csv", text);
    assert_eq!(
        (bad(&import), good(&import)),
        (vec![(2, "open_quote")], vec![3])
    );
    assert!(
        import.issues[0]
            .fault
            .to_string()
            .contains("behind a closing quotation mark")
    );
}

#[test]
fn a_backslash_escapes_a_mark_where_the_row_says_so() {
    let text = "dialogue,summary\n\"Ann: He said \\\"no\\\", twice.\nBen: I see.\",Ann quotes him.\n\"Cy: C:\\temp\\\",S\n";
    let import = import("a.csv", text);
    assert_eq!(bad(&import), []);
    assert_eq!(
        import.examples[0].dialogue,
        "Ann: He said \"no\", twice.\nBen: I see."
    );
    assert_eq!(import.examples[1].dialogue, "Cy: C:\\temp\\");
}

#[test]
fn quoted_cells_over_several_lines_stay_whole() {
    for (dialogue, summary) in [
        ("Ann: How many?\nBen: 6", "Six, they say."),
        ("Ann: one, two\nBen: three, four", "a, b"),
        ("Ann: \"no\", he said\nBen: \"yes\"", "q \"r\""),
        (
            "Ann: a\n\n\nBen: b",
            "first line\nsecond, with commas\nthird",
        ),
    ] {
        let quoted = |text: &str| format!("\"{}\"", text.replace('"', "\"\""));
        for ends in ["\n", "\r\n", "\r"] {
            let row = format!("{},{}", quoted(dialogue), quoted(summary));
            let text = format!("dialogue,summary\n{row}\n{row}\n").replace('\n', ends);
            let import = import("a.csv", text);
            assert_eq!(
                (bad(&import), import.read),
                (vec![], 2),
                "{dialogue:?} {ends:?}"
            );
            let lines: Vec<&str> = dialogue.lines().filter(|line| !line.is_empty()).collect();
            assert_eq!(import.examples[0].dialogue, lines.join("\n"));
            assert_eq!(import.examples[0].references, [summary]);
        }
    }
}

#[test]
fn excels_hint_is_obeyed() {
    for (hint, separator) in [
        ("sep=;", ";"),
        ("SEP=,", ","),
        ("\"sep=;\"", ";"),
        ("sep=|", "|"),
        ("sep=\t", "\t"),
    ] {
        for name in ["a.csv", "a.txt", "a"] {
            let text =
                format!("{hint}\r\ndialogue,summary\r\nAnn: x,S\r\n").replace(',', separator);
            let text = text.replacen(&hint.replace(',', separator), hint, 1);
            let import = import(name, text);
            assert_eq!((import.read, good(&import)), (1, vec![2]), "{hint} {name}");
            assert_eq!(import.examples[0].references, ["S"]);
        }
    }
    assert_eq!(
        import("a.csv", "dialogue|summary\nAnn: x|S\n")
            .examples
            .len(),
        1
    );
}

#[test]
fn a_separator_that_is_given_wins() {
    let text = "dialogue;x,y;summary\nAnn: x;1,2;S\n";
    for (separator, columns) in [
        (None, 3),
        (Some(Separator::Semicolon), 3),
        (Some(Separator::Comma), 2),
    ] {
        let records = super::read("a.csv", text.as_bytes(), separator).unwrap();
        assert_eq!(records.columns.len(), columns, "{separator:?}");
    }
}

#[test]
fn a_title_over_the_header_is_named() {
    for (title, header) in [
        ("Export of chats,28 Feb\n", 2),
        ("Export of chats\n", 2),
        ("Export of chats\n\n", 3),
        ("Export;;\nof chats\n", 3),
    ] {
        for separator in [",", ";", "\t"] {
            let text = format!("{title}id,dialogue,summary\n1,Ann: x,S\n").replace(',', separator);
            let error = import_with("a.csv", text, &ImportOptions::default()).unwrap_err();
            let ImportProblem::HeaderNotFirst {
                first,
                header: line,
                ..
            } = &error
            else {
                panic!("{error}");
            };
            assert_eq!(
                (first.starts_with("Export"), *line),
                (true, Some(header)),
                "{title}"
            );
        }
    }
    // Columns of other names are not a title.
    assert!(import("a.csv", "a,b\nx,y\n").needs_mapping);
}

#[test]
fn columns_of_one_name_are_two() {
    let import = import(
        "a.csv",
        "dialogue,summary,summary,,\nAnn: x,First.,Second.,,\n",
    );
    assert_eq!(
        import.columns,
        ["dialogue", "summary", "summary_2", "column_4", "column_5"]
    );
    assert_eq!(import.examples[0].references, ["First.", "Second."]);
    let taken = super::unlike(["a", "a_2", "a", "a"].map(str::to_owned).to_vec());
    assert_eq!(taken, ["a", "a_2", "a_3", "a_4"]);
}

#[test]
fn values_tell_what_a_column_holds() {
    let ids = import(
        "a.csv",
        "conversation,transcript,summary\n7,Ann: x y,S a\n8,Cleo: z w,T b\n",
    );
    assert_eq!(
        (ids.mapping.dialogue.as_str(), ids.detection),
        ("transcript", Detection::PleaseCheck)
    );
    let keys = import("a.csv", "chat,messages,summary\nc-71,Ann: x,S\n");
    assert_eq!(keys.mapping.dialogue, "messages");
    assert!(import("a.csv", "text,label\nAnn: x,1\n").needs_mapping);
    let by_hand = import(
        "a.csv",
        "dialogue,model_summary,human_summary\nAnn: x,M,H\n",
    );
    assert_eq!(
        (by_hand.mapping.summaries.as_slice(), by_hand.detection),
        (&["human_summary".to_owned()][..], Detection::PleaseCheck)
    );
    let note = import("a.csv", "transcript,note,target\nAnn: x,N,T\n");
    assert_eq!(note.detection, Detection::PleaseCheck);
    // Where there is no other column, the rows say what is wrong.
    let numbers = import("a.csv", "dialogue,summary\nAnn: x,7\n");
    assert_eq!(numbers.mapping.summaries, ["summary"]);
}

#[test]
fn messages_name_few_of_many_columns() {
    let header: String = (0..5_000)
        .map(|i| format!("a long name of a column {i},"))
        .collect();
    let import = import("a.csv", format!("{header}z\nx{}\n", ",".repeat(5_000)));
    assert!(
        import
            .require_mapping()
            .unwrap_err()
            .to_string()
            .chars()
            .count()
            < 300
    );
    let map = "dialogue=d,summary=s".parse().unwrap();
    let options = ImportOptions {
        map: Some(map),
        ..ImportOptions::default()
    };
    let error = import_with("a.csv", format!("{header}z\nx\n"), &options).unwrap_err();
    assert!(error.to_string().chars().count() < 300);
}

#[test]
fn tables_cost_in_proportion_to_their_length() {
    let makers: [fn(usize) -> String; 8] = [
        |n| "Ann: x,\"open\n".repeat(n / 13),
        |n| "Ann: x,\"a\"b\"\n".repeat(n / 13),
        |n| "Ann: x,\"\"\"\n".repeat(n / 11),
        |n| "\"\n".repeat(n / 2),
        |n| "Ann: x,\"6\nAnn: y,6\"\n".repeat(n / 20),
        |n| "Ann: x,\"\\\"no\\\"\n".repeat(n / 16),
        |n| "Ann: x,\"".to_owned() + &"\"\"".repeat(n / 2),
        |n| ",\"\"a".repeat(n / 4),
    ];
    assert_in_proportion(
        &makers,
        |rows| format!("dialogue,summary\n{rows}"),
        |text| {
            let import = import("a.csv", text);
            assert_eq!(import.read, import.examples.len() + import.bad_rows());
        },
    );
}

proptest! {
    #[test]
    fn well_formed_tables_read_as_the_csv_crate_reads_them(
        rows in proptest::collection::vec(proptest::collection::vec("[ab\"\n,;é ]{0,8}", 3), 1..8),
    ) {
        let mut writer = csv::Writer::from_writer(Vec::new());
        writer.write_record(["dialogue", "summary", "x"]).unwrap();
        for row in &rows {
            writer.write_record(row.iter().map(|cell| format!("{cell}A: b"))).unwrap();
        }
        let bytes = writer.into_inner().unwrap();
        let records = super::read("a.csv", &bytes, None).unwrap();
        prop_assert!(records.issues.is_empty());
        let cells = |record: &crate::import::Record| -> Vec<String> {
            record.fields.values().map(|value| value.as_str().unwrap_or_default().to_owned()).collect()
        };
        let read: Vec<Vec<String>> = records.rows.iter().map(cells).collect();
        let expected: Vec<Vec<String>> = rows.iter()
            .map(|row| row.iter().map(|cell| format!("{cell}A: b")).collect())
            .collect();
        prop_assert_eq!(read, expected);
    }

    #[test]
    fn every_row_of_any_table_is_read_or_named(pieces in proptest::collection::vec(
        proptest::sample::select(vec!["\"", "\"\"", ",", "\n", "\r\n", "\r", "Ann: x", "6", "\\", " ", "a,b", "Ann: a,S\n"]), 0..40)) {
        let text = format!("dialogue,summary\n{}", pieces.concat());
        if let Ok(import) = import_with("a.csv", text, &ImportOptions::default()) {
            prop_assert_eq!(import.read, import.examples.len() + import.bad_rows());
            prop_assert!(import.errors().all(|issue| issue.code() != IssueCode::Json));
        }
    }
}
