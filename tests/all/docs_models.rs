//! Checks that `docs/models.md` is true. Its table has exactly the supported classes, and every proof that it names
//! exists, belongs to the class of its row and proves what its column says.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

use lm::text::named_tokens::NamedTokens;
use lm::{Architecture, ChatTemplate, Message};

use crate::fixture::json;

const COLUMNS: [&str; 6] = ["load", "LoRA", "QLoRA", "DPO", "generate", "export"];
const OPEN: &str = "not proven yet";

fn tests() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

fn page() -> String {
    std::fs::read_to_string(tests().join("../docs/models.md")).unwrap()
}

/// The parts of a text that are between backticks.
fn quoted(text: &str) -> Vec<&str> {
    text.split('`').skip(1).step_by(2).collect()
}

/// Rows of the table of families: (class, cells in the order of [`COLUMNS`]).
fn rows(page: &str) -> Vec<(String, Vec<String>)> {
    let header = format!("| family | class | {} |", COLUMNS.join(" | "));
    let table = page
        .lines()
        .skip_while(|line| *line != header)
        .skip(2)
        .take_while(|line| line.starts_with('|'));
    let row = |line: &str| {
        let cells: Vec<String> = line
            .trim_matches('|')
            .split('|')
            .map(|cell| cell.trim().to_owned())
            .collect();
        assert_eq!(cells.len(), COLUMNS.len() + 2, "{line}");
        (cells[1].trim_matches('`').to_owned(), cells[2..].to_vec())
    };
    table.map(row).collect()
}

/// Whether `module::name` is a test function, in this test program or in a crate.
fn is_test(proof: &str) -> bool {
    let (path, name) = proof.rsplit_once("::").unwrap();
    let file = format!("{}.rs", path.replace("::", "/"));
    let places = [
        "all",
        "../crates/lm/src",
        "../crates/project/src",
        "../crates/mrds/src",
    ]
    .map(|place| tests().join(place).join(&file));
    let text: String = places
        .iter()
        .filter_map(|place| std::fs::read_to_string(place).ok())
        .collect();
    text.contains(&format!("#[test]\nfn {name}()"))
        || text.contains(&format!("#[test]\n    fn {name}()"))
}

/// Folder of the model that a fixture's numbers come from: `lora` and `dpo` adapt `llama-tiny`, `lora-gemma3` adapts
/// `gemma3-tiny`.
fn model_of(fixture: &str) -> PathBuf {
    let name = match fixture {
        "lora" | "dpo" => "llama-tiny",
        "lora-gemma3" => "gemma3-tiny",
        fixture => fixture,
    };
    tests().join("golden").join(name)
}

/// Files that prove a column; a fixture needs one of them.
fn needed(column: &str) -> &'static [&'static str] {
    match column {
        "load" => &["golden.safetensors"],
        "LoRA" => &["grads_sft.safetensors", "grads.safetensors"],
        "DPO" => &["grads_dpo.safetensors", "grads_sigmoid.safetensors"],
        "generate" => &["generation.json", "golden.json"],
        // The other columns are proven by a test and not by recorded numbers.
        _ => &[],
    }
}

fn check(class: &str, column: &str, cell: &str, wrong: &mut Vec<String>) {
    let proofs = quoted(cell);
    if proofs.is_empty() && cell != OPEN {
        wrong.push(format!(
            "{class}, {column}: `{cell}` is neither a proof nor `{OPEN}`"
        ));
    }
    for proof in proofs {
        if proof.contains("::") {
            if !is_test(proof) {
                wrong.push(format!("{class}, {column}: there is no test {proof}"));
            }
            continue;
        }
        let folder = tests().join("golden").join(proof);
        if !needed(column)
            .iter()
            .any(|file| folder.join(file).is_file())
        {
            wrong.push(format!(
                "{class}, {column}: tests/golden/{proof} does not prove it"
            ));
        } else if json(&model_of(proof).join("config.json"))["architectures"][0] != class {
            wrong.push(format!(
                "{class}, {column}: tests/golden/{proof} is of another class"
            ));
        }
    }
}

#[test]
fn the_table_names_the_supported_classes_and_proofs_that_exist() {
    let page = page();
    let rows = rows(&page);
    let documented: BTreeSet<&str> = rows.iter().map(|(class, _)| class.as_str()).collect();
    let supported: BTreeSet<&str> = Architecture::ALL.map(Architecture::class_name).into();
    assert_eq!(
        documented, supported,
        "docs/models.md: classes of the table and of the code"
    );
    let mut wrong = Vec::new();
    for (class, cells) in &rows {
        for (column, cell) in COLUMNS.iter().zip(cells) {
            check(class, column, cell, &mut wrong);
        }
    }
    for proof in quoted(&page)
        .into_iter()
        .filter(|quoted| quoted.contains("::"))
    {
        if !is_test(proof) {
            wrong.push(format!("there is no test {proof}"));
        }
    }
    assert!(
        wrong.is_empty(),
        "docs/models.md:\n  {}",
        wrong.join("\n  ")
    );
}

/// The first cells, in backticks, of a table with this header.
fn first_cells(page: &str, header: &str) -> BTreeSet<String> {
    let rows = page
        .lines()
        .skip_while(|line| *line != header)
        .skip(2)
        .take_while(|line| line.starts_with('|'));
    rows.map(|line| quoted(line)[0].to_owned()).collect()
}

/// A model is proven if there are numbers of this very model, and only then.
#[test]
fn the_catalogue_is_marked_as_this_page_proves() {
    let recorded: BTreeSet<String> = std::fs::read_dir(tests().join("golden/real-models"))
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .filter(|path| path.extension().is_some_and(|ending| ending == "json"))
        .map(|path| path.file_stem().unwrap().to_string_lossy().into_owned())
        .collect();
    let entries = mrds::catalogue::catalogue().unwrap();
    let names = |wanted: &dyn Fn(&contract::CatalogueModel) -> bool| -> BTreeSet<String> {
        entries
            .iter()
            .filter(|entry| wanted(&entry.model))
            .map(|entry| entry.model.name.clone())
            .collect()
    };
    let proven = names(&|model| model.proof == contract::Proof::Proven);
    assert!(!proven.is_empty());
    assert_eq!(proven, names(&|model| recorded.contains(&model.name)));
    let page = page();
    assert_eq!(
        proven,
        first_cells(&page, "| proven | the file that was compared |")
    );
    let marks = contract::Proof::ALL.iter().map(|mark| mark.to_string());
    assert_eq!(
        marks.collect::<BTreeSet<String>>(),
        first_cells(&page, "| mark | meaning |")
    );
    // The table of published checkpoints names the same models in words.
    for name in &proven {
        let row = page
            .lines()
            .find(|line| line.to_lowercase().starts_with(&format!("| {name} |")));
        assert!(
            row.is_some(),
            "{name} is not among the published checkpoints"
        );
    }
}

#[test]
fn every_family_fixture_stands_in_the_table() {
    let page = page();
    let named: BTreeSet<&str> = quoted(&page).into_iter().collect();
    for entry in std::fs::read_dir(tests().join("golden/families")).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            let name = format!("families/{}", path.file_name().unwrap().to_str().unwrap());
            assert!(
                named.contains(name.as_str()),
                "docs/models.md does not name {name}"
            );
        }
    }
}

#[test]
fn the_template_of_a_model_without_one_is_written_down() {
    let page = page();
    let tokens =
        [("bos_token", "<s>"), ("eos_token", "</s>")].map(|(name, token)| (name, token.to_owned()));
    let chat = ChatTemplate::new(None, NamedTokens::from(tokens)).unwrap();
    assert!(page.contains(&format!("```jinja\n{}\n```\n", chat.source())));
    let talk = [
        Message::new("user", "Hi"),
        Message::new("assistant", "Hello"),
    ];
    let rendered = chat.render(&talk, false).unwrap();
    assert!(page.contains(&format!("```\n{}\n```\n", rendered.trim_end())));
}
