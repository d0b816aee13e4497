//! What keeps ratings blind can only be undone on purpose: who wrote a text is read in one place, which asks for a proof,
//! and neither shell has a way around it.

use crate::tidy::{none, text, tracked};

/// Product files with their text, without their tests.
fn product(roots: &[&str]) -> Vec<(String, String)> {
    let files = tracked().into_iter().filter(|file| {
        roots.iter().any(|root| file.starts_with(root))
            && file.ends_with(".rs")
            && !file.contains("/tests")
    });
    let read = |file: String| {
        let source = text(&file)?;
        let product = source.split("\n#[cfg(test)]").next().unwrap_or_default();
        Some((file, product.to_owned()))
    };
    files.filter_map(read).collect()
}

fn naming(word: &str, roots: &[&str]) -> Vec<String> {
    product(roots)
        .into_iter()
        .filter(|(_, source)| source.contains(word))
        .map(|(file, _)| file)
        .collect()
}

#[test]
fn authors_are_read_in_one_place() {
    const TABLES: &str = "crates/store/src/table/";
    let reads: Vec<String> = naming("FROM rating_author", &["crates/", "src-tauri/src/"]);
    assert_eq!(reads, [format!("{TABLES}rating_acts.rs")]);
    let source = text(&reads[0]).unwrap();
    let (before, _) = source.split_once("FROM rating_author").unwrap();
    let signature = before.rsplit("pub fn ").next().unwrap();
    assert!(
        signature.starts_with("rating_authors(&self, opened: &Opened)"),
        "the reader asks for no proof: {signature}"
    );
    let elsewhere: Vec<String> = naming("rating_author", &["crates/", "src-tauri/src/"])
        .into_iter()
        .filter(|file| !file.starts_with(TABLES) && !file.starts_with("crates/project/src/study/"))
        .collect();
    none(&elsewhere, "ask the session, which asks for a proof:");
}

#[test]
fn the_shells_have_no_way_around_the_proofs() {
    const SHELLS: &[&str] = &["crates/cli/src/", "src-tauri/src/"];
    for word in [
        "rating_blind_key",
        "rating_contents",
        "rating_authors",
        "store().examples",
        ".opened(row",
        "StageName::Evaluate, Some(ArtifactKind::Output)",
    ] {
        none(
            &naming(word, SHELLS),
            &format!("`{word}` is for the session alone:"),
        );
    }
}

#[test]
fn a_proof_is_made_where_the_tables_are_looked_at() {
    for made in ["Opened { study: id }", "Sight {\n"] {
        let places: Vec<String> = naming(made, &["crates/", "src-tauri/src/"])
            .into_iter()
            // Attention has a type of the same name.
            .filter(|file| !file.ends_with("rating_acts.rs") && !file.starts_with("crates/lm/"))
            .collect();
        none(&places, "only the store makes a proof:");
    }
    let source = text("crates/store/src/table/rating_acts.rs").unwrap();
    for proof in [
        "pub struct Opened {\n    study: i64,",
        "pub struct Sight {\n    run: RunId,",
    ] {
        assert!(
            source.contains(proof),
            "a field of a proof is public: {proof}"
        );
    }
}
