//! Words: turns of phrase that make a reader stumble, and cited pages that do not exist.
//!
//! [`PHRASES`] are the forty that a reading of all comments and pages found most often and that no native reader would
//! write; `docs/style.md` says what to write instead. The rule for locals is in `names`. Paper: none.

use std::collections::BTreeSet;
use std::path::Path;

use crate::tidy::{has_extension, is_generated, none, text, tracked};

/// Spelt in two parts, so that this file is not a finding itself.
const PHRASES: [&str; 40] = [
    concat!("the exception ", "are"),
    concat!("takes ", "says"),
    concat!("none ", "where"),
    concat!("nothing ", "of it"),
    concat!("that of ", "which"),
    concat!("and its ", "like"),
    concat!("goes on ", "where"),
    concat!("goes on ", "with"),
    concat!("that is not ", "there"),
    concat!("that is not ", "here"),
    concat!("what there ", "is"),
    concat!("stands ", "in the"),
    concat!("stand ", "there"),
    concat!("lies ", "in"),
    concat!("lie ", "in"),
    concat!("lies ", "beside"),
    concat!("lie ", "beside"),
    concat!("behind ", "the last"),
    concat!("behind ", "every"),
    concat!("one behind ", "the other"),
    concat!("one below ", "the other"),
    concat!("puts ", "down"),
    concat!("is ", "no error"),
    concat!("worked ", "off"),
    concat!("are ", "none"),
    concat!("so ", "many"),
    concat!("so ", "often"),
    concat!("whatever ", "came of"),
    concat!("what ", "becomes of"),
    concat!("where there ", "is none"),
    concat!("where ", "none"),
    concat!("the same ", "of"),
    concat!("aimed at ", "are"),
    concat!("aimed at ", "is"),
    concat!("fetched ", "are"),
    concat!("wanted ", "are"),
    concat!("of one's ", "own"),
    concat!("says ", "of"),
    concat!("on the ", "clock"),
    concat!("thought better ", "of"),
];

/// A file's words in lower case with single spaces, without the marks of comments and lists, and for each line the place
/// where it begins: a phrase may be wrapped over two lines.
fn words_of(source: &str) -> (String, Vec<usize>) {
    let mut words = String::with_capacity(source.len());
    let mut starts = Vec::new();
    for line in source.lines() {
        starts.push(words.len());
        let marks = |c: char| c.is_whitespace() || "/!*#>|-".contains(c);
        for word in line.trim_start_matches(marks).split_whitespace() {
            words.push_str(&word.to_lowercase());
            words.push(' ');
        }
    }
    (words, starts)
}

/// The lines on which `phrase` begins, from 1, as whole words.
fn lines_with(phrase: &str, words: &str, starts: &[usize]) -> Vec<usize> {
    let borders = |start: usize| {
        let before = words[..start].chars().next_back();
        let after = words[start + phrase.len()..].chars().next();
        [before, after]
            .into_iter()
            .flatten()
            .all(|c| !c.is_alphanumeric())
    };
    words
        .match_indices(phrase)
        .filter(|(start, _)| borders(*start))
        .map(|(start, _)| starts.partition_point(|line| *line <= start))
        .collect()
}

#[test]
fn no_sentence_stumbles() {
    let mut found = Vec::new();
    let mut read = 0;
    for file in tracked()
        .iter()
        .filter(|file| has_extension(file, &["md", "rs", "ts", "svelte"]) && !is_generated(file))
    {
        let Some(source) = text(file) else { continue };
        let (words, starts) = words_of(&source);
        read += words.len();
        for phrase in PHRASES {
            for line in lines_with(phrase, &words, &starts) {
                found.push(format!("{file}:{line}: {phrase}"));
            }
        }
    }
    assert!(read > 1_000_000, "only {read} bytes were read");
    none(
        &found,
        "say it in plain English (docs/style.md has examples):",
    );
}

#[test]
fn a_phrase_is_found_across_lines_and_not_inside_words() {
    let source =
        "/// The value; none\n/// where the run failed.\nlet x = 1; // fine\n- so manyfold\n";
    let (words, starts) = words_of(source);
    let phrase = concat!("none ", "where");
    assert_eq!(lines_with(phrase, &words, &starts), [1]);
    assert_eq!(lines_with(concat!("so ", "many"), &words, &starts), [0; 0]);
}

#[test]
fn the_list_has_no_phrase_twice() {
    let distinct: BTreeSet<&str> = PHRASES.into_iter().collect();
    assert_eq!(distinct.len(), PHRASES.len());
}

/// Pages of other projects that headers cite by a path of that project.
const FOREIGN_PAGES: &[&str] = &["docs/gguf.md"];

/// The pages under `docs/`, and those in the root, that a text mentions.
fn cited(source: &str) -> Vec<String> {
    let is_path = |c: char| c.is_alphanumeric() || "/._-".contains(c);
    source
        .split(|c: char| !is_path(c))
        .filter_map(|word| {
            let end = word.find(".md")? + ".md".len();
            let page = word[..end]
                .trim_start_matches("../")
                .trim_start_matches("./");
            let in_root = ["ARCHITECTURE.md", "CONTRIBUTING.md", "CHANGELOG.md"];
            (page.starts_with("docs/") || in_root.contains(&page)).then(|| page.to_owned())
        })
        .collect()
}

#[test]
fn headers_cite_pages_that_exist() {
    let files = tracked();
    let pages: BTreeSet<&str> = files.iter().map(String::as_str).collect();
    let mut wrong = Vec::new();
    let mut citations = 0;
    for file in files.iter().filter(|file| {
        has_extension(file, &["md", "rs", "ts", "svelte", "toml", "yml"]) && !is_generated(file)
    }) {
        let source = text(file).unwrap_or_default();
        for page in cited(&source) {
            citations += 1;
            if !pages.contains(page.as_str()) && !FOREIGN_PAGES.contains(&page.as_str()) {
                wrong.push(format!("{file}: {page}"));
            }
        }
        // A page known by its subject only is a page that nobody can open.
        for subject in ["architecture", "method", "engine", "experience", "privacy"] {
            let (words, starts) = words_of(&source);
            for line in lines_with(&format!("{subject} page"), &words, &starts) {
                wrong.push(format!("{file}:{line}: the {subject} page"));
            }
        }
    }
    assert!(citations > 20, "the rule looks for a form that is gone");
    none(&wrong, "cite a page by its path in this repository:");
}

#[test]
fn links_of_pages_lead_somewhere() {
    let files = tracked();
    let mut wrong = Vec::new();
    for file in files.iter().filter(|file| has_extension(file, &["md"])) {
        let source = text(file).unwrap_or_default();
        let folder = Path::new(file).parent().unwrap();
        for link in source.split("](").skip(1) {
            let target = link.split([')', '#']).next().unwrap_or_default();
            let is_path = !target.is_empty() && !target.contains("://") && !target.contains(' ');
            if is_path && !crate::tidy::root().join(folder).join(target).exists() {
                wrong.push(format!("{file}: {target}"));
            }
        }
    }
    none(&wrong, "the page links to a file that does not exist:");
}
