//! Our own JSON is read by type: no product code looks a word up in it. What others write (configurations, tokenizers
//! and adapters of Hugging Face, answers of the Hub) and columns of the database can only be reached by name.

use crate::tidy::{none, text, tracked};

/// Files that read what others write, by the end of their path.
const FOREIGN: &[&str] = &[
    "hub/src/repository.rs",
    "lm/src/files/export/gguf_tokenizer.rs",
    "lm/src/files/export/merged.rs",
    "lm/src/files/gguf/config.rs",
    "lm/src/files/gguf/llama3.rs",
    "lm/src/files/gguf/rope.rs",
    "lm/src/files/gguf/tokenizer.rs",
    "lm/src/files/weights.rs",
    "lm/src/lora/peft.rs",
    "lm/src/model/architecture.rs",
    "lm/src/model/config.rs",
    "lm/src/model/fields.rs",
    "lm/src/model/gemma3.rs",
    "lm/src/model/granite.rs",
    "lm/src/model/smollm3.rs",
    "lm/src/text/sources.rs",
];

/// Columns of the database.
const TABLES: &str = "crates/store/src/table/";

#[test]
fn our_own_json_is_read_by_type() {
    let is_product = |file: &&String| {
        (file.starts_with("crates/") || file.starts_with("src-tauri/src/"))
            && file.contains("/src/")
            && file.ends_with(".rs")
            && !file.contains("test")
    };
    let mut wrong = Vec::new();
    for file in tracked().iter().filter(is_product) {
        let source = text(file).unwrap_or_default();
        let found = lookups(&source);
        let foreign = file.starts_with(TABLES) || FOREIGN.iter().any(|end| file.ends_with(end));
        match foreign {
            true if found.is_empty() && !file.starts_with(TABLES) => {
                wrong.push(format!("{file}: it looks nothing up; take it off the list"));
            }
            true => {}
            false => wrong.extend(
                found
                    .iter()
                    .map(|(line, code)| format!("{file}:{line}: {code}")),
            ),
        }
    }
    let listed = |end: &&&str| tracked().iter().any(|file| file.ends_with(**end));
    let gone = FOREIGN.iter().filter(|end| !listed(end));
    wrong.extend(gone.map(|end| format!("{end}: there is no such file; take it off the list")));
    none(
        &wrong,
        "give the value a struct or an enum (crates/contract, if two programs read it) instead of a word:",
    );
}

/// Lines of product code with `["word"]` or `.get("word")`, from 1.
fn lookups(source: &str) -> Vec<(usize, String)> {
    let product = source.split("\n#[cfg(test)]").next().unwrap_or_default();
    let lines = product.lines().zip(1..);
    let code = lines.filter(|(line, _)| !line.trim_start().starts_with("//"));
    code.filter(|(line, _)| looks_up(line))
        .map(|(line, number)| (number, line.trim().to_owned()))
        .collect()
}

fn looks_up(line: &str) -> bool {
    let is_word = |after: &str| {
        let word = after.split('"').next().unwrap_or_default();
        let plain = |c: char| c.is_ascii_alphanumeric() || c == '_';
        !word.is_empty() && word.chars().all(plain)
    };
    let index = |open: &str| {
        line.match_indices(open).any(|(place, _)| {
            // A list of words comes after a blank or a bracket, an index directly after a value.
            let behind_a_value =
                line[..place].ends_with(|c: char| c.is_alphanumeric() || "_)]?".contains(c));
            let after = &line[place + open.len()..];
            behind_a_value
                && is_word(after)
                && after.split('"').nth(1).is_some_and(|r| r.starts_with(']'))
        })
    };
    let get = |open: &str| {
        line.match_indices(open)
            .any(|(place, _)| is_word(&line[place + open.len()..]))
    };
    index("[\"") || index("[&\"") || get(".get(\"") || get(".get_mut(\"")
}

#[test]
fn a_lookup_is_found_and_a_list_of_words_is_not() {
    assert_eq!(lookups("let a = 1;\nlet b = value[\"key\"];\n").len(), 1);
    assert_eq!(lookups("row.get(\"id\")?;\nf()[\"a_b\"] = 1;\n").len(), 2);
    for list in [
        "[\"a\", \"b\"]",
        "&[\"a\"]",
        "json!({\"x\": [\"a\"]})",
        "vec![\"a\"]",
        "text[\"a b\"]",
    ] {
        assert!(lookups(list).is_empty(), "{list}");
    }
    assert!(lookups("// value[\"key\"]\n#[cfg(test)]\n").is_empty());
    assert!(lookups("fn f() {}\n#[cfg(test)]\nmod tests { fn g() { v[\"key\"]; } }\n").is_empty());
}
