//! The file of a rater pack: a page that needs nothing but itself, with the encrypted items in it; and the file of its
//! answers, which is the envelope alone.
//!
//! The page is `ui/src/pack`, built into one file by `npm run pack -w ui`. Its policy allows no connection and no script
//! but its own. This program never runs the script of a file: it reads the envelope.

use std::io::Read;

use contract::problem::StudyProblem;
use contract::{Envelope, Language, PACK_VERSION, PackFormat};
use flate2::read::GzDecoder;
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};

use crate::error::{Result, corrupt};

/// The page without items, packed.
const PAGE: &[u8] = include_bytes!("../../../pack/page.html.gz");
/// Where the items go.
const PLACE: &str = "\"duologue-pack-goes-here\"";
/// What comes before the items.
const BEFORE: &str = "id=\"duologue-pack\">";
/// What comes after the items.
const BEHIND: &str = "</script>";

/// The page without items.
fn empty_page() -> Result<String> {
    let mut page = String::new();
    GzDecoder::new(PAGE)
        .read_to_string(&mut page)
        .map_err(|error| corrupt("page of a rater pack", error))?;
    Ok(page)
}

/// The page with an envelope in it.
///
/// # Errors
/// An envelope that is not JSON.
pub fn page(envelope: &Envelope<impl Serialize>, language: Language) -> Result<String> {
    let text = serde_json::to_string(envelope).map_err(|error| corrupt("rater pack", error))?;
    // Nothing in the data may end the element that holds it.
    let text = text.replace('<', "\\u003c");
    let page = empty_page()?;
    let page = page.replacen(
        "<html lang=\"en\"",
        &format!("<html lang=\"{language}\""),
        1,
    );
    Ok(page.replacen(PLACE, &text, 1))
}

/// The envelope in a page, or the text itself if it is not a page.
fn envelope(text: &str) -> &str {
    let inside = text.split_once(BEFORE).map(|(_, behind)| behind);
    let inside = inside.and_then(|inside| inside.split_once(BEHIND));
    inside.map_or(text, |(inside, _)| inside).trim()
}

/// The beginning of every envelope.
#[derive(Deserialize)]
struct Head {
    format: PackFormat,
    version: u32,
}

/// Reads the envelope of a file.
///
/// # Errors
/// [`StudyProblem::NotAPack`], [`StudyProblem::NewerFormat`].
pub fn read<Header: DeserializeOwned>(
    text: &str,
    file: &str,
    expected: PackFormat,
) -> Result<Envelope<Header>, StudyProblem> {
    let text = envelope(text);
    let other = || StudyProblem::NotAPack {
        file: file.to_owned(),
        expected,
    };
    let head: Head = serde_json::from_str(text).map_err(|_unreadable| other())?;
    if head.format != expected {
        return Err(other());
    }
    if head.version > PACK_VERSION {
        return Err(StudyProblem::NewerFormat {
            file: file.to_owned(),
            version: head.version,
        });
    }
    serde_json::from_str(text).map_err(|_unreadable| other())
}

/// A study's name as the beginning of a file name.
pub(super) fn stem(name: &str) -> String {
    let letter = |letter: char| match letter {
        letter if letter.is_alphanumeric() || letter == '_' || letter == '.' => letter,
        _ => '-',
    };
    let stem: String = name.chars().take(60).map(letter).collect();
    let stem = stem.trim_matches(['-', '.']).to_owned();
    match stem.is_empty() {
        true => "study".to_owned(),
        false => stem,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_envelope_comes_out_of_the_page_again() {
        let envelope = Envelope {
            header: serde_json::json!({"format": "duologue.pack", "version": 1, "title": "</script><b>"}),
            ciphertext: "abc".to_owned(),
        };
        let page = page(&envelope, Language::German).unwrap();
        assert!(page.contains("<html lang=\"de\"") && !page.contains(PLACE));
        assert!(!page.contains("</script><b>"));
        let read: Envelope<serde_json::Value> = read(&page, "f", PackFormat::Pack).unwrap();
        assert_eq!(read.ciphertext, "abc");
    }

    #[test]
    fn other_files_are_named() {
        let read = |text: &str| read::<serde_json::Value>(text, "f", PackFormat::Answers);
        for text in [
            "",
            "{}",
            "<html></html>",
            "{\"format\":\"duologue.pack\",\"version\":1,\"ciphertext\":\"\"}",
        ] {
            assert!(
                matches!(read(text), Err(StudyProblem::NotAPack { .. })),
                "{text}"
            );
        }
        let newer = "{\"format\":\"duologue.answers\",\"version\":2}";
        assert!(matches!(
            read(newer),
            Err(StudyProblem::NewerFormat { version: 2, .. })
        ));
    }

    #[test]
    fn a_file_is_named_as_its_study() {
        for (name, expected) in [
            ("Ärzte 2/3", "Ärzte-2-3"),
            ("../..", "study"),
            ("", "study"),
        ] {
            assert_eq!(stem(name), expected);
        }
    }
}
