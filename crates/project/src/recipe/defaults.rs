//! `docs/defaults.md`: every default with what it rests on. The page is written from the recipe, so the two cannot
//! differ: `UPDATE_DEFAULTS=1 cargo test -p duologue-project defaults` writes it, and without that variable the test
//! compares.

use std::fmt::Write;
use std::path::Path;

use contract::Basis;
use serde_json::Value;

use super::{Field, RATES, Recipe};

const PAGE: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../../docs/defaults.md");
/// A longer default is described instead of quoted.
const LONG: usize = 40;

const HEAD: &str = "\
# Defaults

Every setting of a run with its default and what that rests on. `duologue recipe --print` shows the same beside a sentence on
what each does; *Settings* of *New run* shows it too. This page is written from the program's own list
(`crates/project/src/recipe.rs`), and a test holds it against that list.

- **paper**: Lu et al., arXiv 2502.17328, states it.
- **measured**: it was measured here. The reason says what was found.
- **argued**: there are reasons, among them other people's published work, and no measurement here. Such a default is a place
  to begin. The experiment [`sensitivity`](experiments/README.md) varies those that matter most.
";

/// A default as a cell of the table.
fn written(value: &Value) -> String {
    match value {
        Value::String(text) if text.is_empty() => "none".to_owned(),
        Value::String(text) if text.len() > LONG => "an instruction".to_owned(),
        Value::String(text) => format!("`{text}`"),
        Value::Array(items) if items.is_empty() => "none".to_owned(),
        Value::Array(items) => items.iter().map(written).collect::<Vec<_>>().join(", "),
        value => format!("`{value}`"),
    }
}

fn page() -> String {
    let fields = Recipe::default().fields().unwrap();
    let count = |basis: Basis| {
        let rests_on = |field: &&Field| field.basis == basis;
        fields.iter().filter(rests_on).count()
    };
    let mut page = HEAD.to_owned();
    let counts = [Basis::Paper, Basis::Measured, Basis::Argued].map(count);
    let [paper, measured, argued] = counts;
    let total = fields.len();
    writeln!(
        page,
        "\nOf {total} defaults {paper} are the paper's, {measured} are measured and {argued} are argued.\n\n## Learning rates\n\n\
         Where `sft_lr` and `dpo_lr` are 0, the size of the base model chooses them.\n\n\
         | weights | `sft_lr` | `dpo_lr` | rests on | why |\n|---|---|---|---|---|"
    )
    .unwrap();
    for rates in RATES {
        let size = match rates.below {
            u64::MAX => "more".to_owned(),
            below => format!("below {} M", below / 1_000_000),
        };
        let (sft, dpo) = (rates.sft_lr, rates.dpo_lr);
        writeln!(
            page,
            "| {size} | {sft:e} | {dpo:e} | {} | {} |",
            rates.basis, rates.reason
        )
        .unwrap();
    }
    page.push_str("\n## Settings\n\n| setting | default | rests on | why |\n|---|---|---|---|\n");
    for field in fields {
        let source = format!("{}: ", field.basis);
        let reason = field.source.strip_prefix(&source).unwrap();
        writeln!(
            page,
            "| `{}` | {} | {} | {} |",
            field.key,
            written(&field.default),
            field.basis,
            reason.replace('|', "\\|")
        )
        .unwrap();
    }
    page
}

#[test]
fn the_page_says_what_the_recipe_says() {
    let fresh = page();
    if std::env::var_os("UPDATE_DEFAULTS").is_some() {
        std::fs::write(PAGE, &fresh).unwrap();
    }
    let kept = std::fs::read_to_string(Path::new(PAGE)).unwrap_or_default();
    assert!(
        kept.replace('\r', "") == fresh,
        "docs/defaults.md is stale: UPDATE_DEFAULTS=1 cargo test -p duologue-project defaults"
    );
}

#[test]
fn the_sentences_of_the_rates_name_them() {
    let fields = Recipe::default().fields().unwrap();
    let doc = |key: &str| {
        let field = fields.iter().find(|field| field.key == key).unwrap();
        field.doc.clone()
    };
    let (sft, dpo) = (doc("sft_lr"), doc("dpo_lr"));
    for rates in RATES {
        let (sft_lr, dpo_lr) = (format!("{:e}", rates.sft_lr), format!("{:e}", rates.dpo_lr));
        assert!(sft.contains(&sft_lr), "{sft}: {sft_lr}");
        assert!(dpo.contains(&dpo_lr), "{dpo}: {dpo_lr}");
        if rates.below < u64::MAX {
            let size = match rates.below / 1_000_000 {
                thousand @ 1000.. => format!("{} B", thousand / 1000),
                millions => format!("{millions} M"),
            };
            assert!(sft.contains(&size) && dpo.contains(&size), "{size}");
        }
    }
}

#[test]
fn a_model_of_a_size_gets_the_rates_of_its_row() {
    for (parameters, row) in [
        (7_000_000, 0),
        (135_000_000, 1),
        (1_000_000_000, 2),
        (u64::MAX, 2),
    ] {
        let recipe = Recipe::default().resolve(parameters).unwrap();
        assert_eq!(
            (recipe.sft_lr, recipe.dpo_lr),
            (RATES[row].sft_lr, RATES[row].dpo_lr)
        );
    }
}
