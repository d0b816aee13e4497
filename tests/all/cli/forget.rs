//! forget: the list before, the receipt after, and what is left of a conversation in the folder: nothing.

use serde_json::{Value, json};

use super::{Place, list, text};
use crate::program::rows;

/// Whether any file of the workspace holds a text, as it is or as JSON writes it.
fn holds(place: &Place, text: &str) -> bool {
    let escaped = json!(text).to_string();
    let forms = [text, escaped.trim_matches('"')].map(|form| form.as_bytes().to_vec());
    let mut folders = vec![place.workspace()];
    while let Some(folder) = folders.pop() {
        for entry in std::fs::read_dir(folder).expect("a folder").flatten() {
            let path = entry.path();
            if path.is_dir() {
                folders.push(path);
                continue;
            }
            let bytes = std::fs::read(&path).expect("a file");
            let is_there = |form: &Vec<u8>| bytes.windows(form.len()).any(|part| part == form);
            if forms.iter().any(is_there) {
                return true;
            }
        }
    }
    false
}

#[test]
fn a_conversation_is_listed_then_forgotten_and_the_folder_holds_no_word_of_it() {
    let place = Place::new();
    let rows = rows();
    place.import("d", &rows);
    let items = place.json(&["datasets", "d", "--items"]).lines;
    let id = text(&items[0]["id"]).to_owned();
    let spoken = text(&items[0]["dialogue"])
        .lines()
        .max_by_key(|line| line.len())
        .expect("a line")
        .to_owned();
    assert!(holds(&place, &spoken));
    let plan = place.ok(&["forget", "d", &id, "--dry-run"]);
    assert_eq!(
        (&plan["dry_run"], &plan["verified"]),
        (&json!(true), &Value::Null)
    );
    assert_eq!(plan["places"], json!([{"place": "example", "n": 1}]));
    let before = place.holds();
    let refused = place.fails(&["forget", "d", &id], 2, "usage");
    assert!(text(&refused["fix"]).contains("--yes"), "{refused}");
    assert_eq!(place.holds(), before);
    let receipt = place.ok(&["forget", "d", &id, "--yes"]);
    assert_eq!(receipt["conversations"][0]["id"], id);
    assert_eq!(receipt["verified"]["remaining"], json!([]), "{receipt}");
    assert_eq!(receipt["verified"]["wal_bytes"], 0);
    assert!(!holds(&place, &spoken), "{spoken}");
    assert_eq!(
        place.json(&["datasets", "d", "--items"]).lines.len(),
        items.len() - 1
    );
    place.fails(&["forget", "d", &id, "--yes"], 2, "not_found");
    let receipts = place.ok(&["forget", "--receipts"]);
    let receipts = list(&receipts["receipts"]);
    assert_eq!(
        (receipts.len(), &receipts[0]["detail"]["conversations"]),
        (1, &json!(1))
    );
    assert!(
        !receipts[0].to_string().contains(&format!("\"{id}\"")),
        "no id in the journal"
    );
}
