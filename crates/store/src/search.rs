//! A search of everything that a workspace stores for passages of given texts: every text column of every table, the index
//! of words, and every file, decrypted where it is encrypted. Forgetting a conversation is proved with it.
//!
//! A passage is twelve words in a row, as `privacy::audit` counts them; for a shorter text, the whole text. What is
//! searched for is kept only in memory, as hashes.

use crate::protect::everything_below;
use crate::{DATABASE, Result, Store};
use rusqlite::Connection;
use std::borrow::Cow;
use std::collections::{BTreeMap, HashSet, VecDeque};
use std::hash::{DefaultHasher, Hash, Hasher};
use std::path::Path;

/// Words of a passage.
const PASSAGE_WORDS: usize = 12;
/// A text with fewer words cannot be told from other texts.
const FEWEST_WORDS: usize = 4;
/// Bytes of a file that are read at once, and how many of them are read again with the next piece.
const PIECE_BYTES: usize = 4 << 20;
const OVERLAP_BYTES: usize = 64 << 10;
/// What is left out: models that were downloaded are public, and locks are empty.
const PUBLIC: &str = "models";

/// Passages of texts.
#[derive(Clone, Debug, Default)]
pub struct Passages {
    /// Hashes of passages, by their number of words.
    hashes: BTreeMap<usize, HashSet<u64>>,
    /// Whole passages without overlap, as phrases for the index of words.
    phrases: Vec<String>,
}

impl Passages {
    /// The passages of these texts.
    pub fn of<'a>(texts: impl IntoIterator<Item = &'a str>) -> Self {
        let mut passages = Self::default();
        for text in texts {
            let words: Vec<String> = words(text).collect();
            let length = words.len().min(PASSAGE_WORDS);
            if length < FEWEST_WORDS {
                continue;
            }
            let hashes: Vec<u64> = words.iter().map(hash).collect();
            let set = passages.hashes.entry(length).or_default();
            set.extend(hashes.windows(length).map(hash));
            let phrases = words.chunks_exact(length).map(|phrase| phrase.join(" "));
            passages.phrases.extend(phrases);
        }
        passages
    }

    /// The longest run of words of a passage in `text`; none if there is no passage in it.
    pub fn longest_in(&self, text: &str) -> Option<usize> {
        let text = unescaped(text);
        let mut longest = None;
        for (length, set) in &self.hashes {
            let mut last: VecDeque<u64> = VecDeque::with_capacity(*length);
            let mut in_a_row = 0;
            for word in words(&text) {
                if last.len() == *length {
                    last.pop_front();
                }
                last.push_back(hash(&word));
                let is_passage =
                    last.len() == *length && set.contains(&hash(&*last.make_contiguous()));
                in_a_row = if is_passage { in_a_row + 1 } else { 0 };
                if is_passage {
                    longest = longest.max(Some(length + in_a_row - 1));
                }
            }
        }
        longest
    }
}

/// Where a passage was found.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FoundPassage {
    /// The table and column, or the file within the workspace.
    pub place: String,
    /// Words of the longest passage there.
    pub words: usize,
}

/// What a search found.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Search {
    /// Bytes that were read.
    pub bytes: u64,
    /// Where passages are.
    pub found: Vec<FoundPassage>,
}

impl Search {
    fn note(&mut self, place: &str, words: Option<usize>) {
        let Some(words) = words else { return };
        match self.found.iter_mut().find(|found| found.place == place) {
            Some(found) => found.words = found.words.max(words),
            None => self.found.push(FoundPassage {
                place: place.to_owned(),
                words,
            }),
        }
    }
}

impl Store {
    /// Looks for passages in everything that the workspace stores, downloaded models left out.
    ///
    /// # Errors
    /// Where something cannot be read.
    pub fn search(&self, passages: &Passages) -> Result<Search> {
        let mut search = Search::default();
        self.read(|conn| {
            for (table, column) in text_columns(conn)? {
                let place = format!("{table}.{column}");
                let sql =
                    format!("SELECT \"{column}\" FROM \"{table}\" WHERE \"{column}\" IS NOT NULL");
                let mut query = conn.prepare(&sql)?;
                let mut rows = query.query([])?;
                while let Some(row) = rows.next()? {
                    let text: String = row.get(0)?;
                    search.bytes += text.len() as u64;
                    search.note(&place, passages.longest_in(&text));
                }
            }
            in_index(conn, passages, &mut search)
        })?;
        for path in everything_below(self.workspace())? {
            let name = path.strip_prefix(self.workspace()).unwrap_or(&path);
            let is_encrypted_database = self.vault().is_protected() && is_database(name);
            if !name.starts_with(PUBLIC) && !is_encrypted_database {
                self.search_file(&path, name, passages, &mut search)?;
            }
        }
        Ok(search)
    }

    fn search_file(
        &self,
        path: &Path,
        name: &Path,
        passages: &Passages,
        search: &mut Search,
    ) -> Result<()> {
        // What is not sealed although it should be is searched as it is; a file may disappear meanwhile.
        let Ok(bytes) = self.vault().read(path).or_else(|_| std::fs::read(path)) else {
            return Ok(());
        };
        search.bytes += bytes.len() as u64;
        let mut from = 0;
        loop {
            let until = bytes.len().min(from + PIECE_BYTES);
            let piece = String::from_utf8_lossy(&bytes[from..until]);
            search.note(&name.display().to_string(), passages.longest_in(&piece));
            if until == bytes.len() {
                return Ok(());
            }
            from = until - OVERLAP_BYTES;
        }
    }
}

/// Whether a file is a database, its log or its copy.
fn is_database(name: &Path) -> bool {
    let name = name.to_string_lossy();
    name.starts_with(DATABASE) || name.starts_with(crate::copy::COPY)
}

/// Every text column of every ordinary table.
fn text_columns(conn: &Connection) -> Result<Vec<(String, String)>> {
    let mut query = conn.prepare(
        "SELECT listed.name, info.name FROM pragma_table_list AS listed, pragma_table_info(listed.name) AS info
         WHERE listed.schema = 'main' AND listed.type IN ('table', 'shadow') AND listed.name NOT LIKE 'sqlite_%'
             AND info.type = 'TEXT' ORDER BY 1, 2",
    )?;
    let rows = query.query_map([], |row| Ok((row.get(0)?, row.get(1)?)))?;
    Ok(rows.collect::<rusqlite::Result<_>>()?)
}

/// Passages in the index of words, which has no text of its own.
fn in_index(conn: &Connection, passages: &Passages, search: &mut Search) -> Result<()> {
    let mut query =
        conn.prepare("SELECT EXISTS (SELECT 1 FROM artifact_words WHERE artifact_words MATCH ?1)")?;
    for phrase in &passages.phrases {
        if query.query_row([format!("\"{phrase}\"")], |row| row.get::<_, bool>(0))? {
            search.note("artifact_words", Some(phrase.split(' ').count()));
        }
    }
    Ok(())
}

fn words(text: &str) -> impl Iterator<Item = String> + '_ {
    text.split(|letter: char| !letter.is_alphanumeric())
        .filter(|word| !word.is_empty())
        .map(str::to_lowercase)
}

fn hash<T: Hash + ?Sized>(value: &T) -> u64 {
    let mut hasher = DefaultHasher::new();
    value.hash(&mut hasher);
    hasher.finish()
}

/// A text without the escapes of JSON; one without any is itself.
fn unescaped(text: &str) -> Cow<'_, str> {
    if !text.contains('\\') {
        return Cow::Borrowed(text);
    }
    let mut plain = String::with_capacity(text.len());
    let mut letters = text.chars();
    while let Some(letter) = letters.next() {
        if letter != '\\' {
            plain.push(letter);
            continue;
        }
        match letters.next() {
            Some('u') => {
                let ahead: String = letters.clone().take(4).collect();
                match u32::from_str_radix(&ahead, 16)
                    .ok()
                    .and_then(char::from_u32)
                {
                    Some(named) if ahead.len() == 4 => {
                        plain.push(named);
                        letters.by_ref().take(4).for_each(drop);
                    }
                    _ => plain.push(' '),
                }
            }
            Some('n' | 'r' | 't' | 'b' | 'f') | None => plain.push(' '),
            Some(other) => plain.push(other),
        }
    }
    Cow::Owned(plain)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::fixture;
    use serde_json::json;

    const TEXT: &str = "Mara: the blue kettle stood on the third shelf near the window of Größe seven\n\
                        Tom: and nobody had seen it since the last long weekend in March";

    #[test]
    fn a_passage_is_found_escaped_or_not_and_other_texts_are_not() {
        let passages = Passages::of([TEXT]);
        assert_eq!(passages.longest_in(TEXT), Some(28));
        let escaped = json!({ "text": TEXT }).to_string();
        assert_eq!(passages.longest_in(&escaped), Some(28));
        let ascii = escaped.replace('ö', "\\u00f6").replace('ß', "\\u00df");
        assert_eq!(passages.longest_in(&ascii), Some(28));
        let twelve = TEXT.split(' ').take(12).collect::<Vec<_>>().join(" ");
        assert_eq!(passages.longest_in(&twelve), Some(12));
        assert_eq!(passages.longest_in(&twelve.replace("shelf", "board")), None);
        // For a short text, the passage is the whole text.
        let short = Passages::of(["Bring the red folder", "ok"]);
        assert_eq!(short.longest_in("She said: bring the RED folder!"), Some(4));
        assert_eq!(short.longest_in("bring the folder, ok"), None);
    }

    #[test]
    fn every_place_where_a_copy_was_planted_is_named() {
        let (dir, store) = fixture::store();
        let passages = Passages::of([TEXT]);
        assert_eq!(store.search(&passages).unwrap().found, []);
        store
            .set_setting("note", &json!({ "deep": [TEXT] }))
            .unwrap();
        for file in [
            "logs/r.log",
            "checkpoints/r/x.bin",
            "blobs/a/b",
            "inbox/p.txt",
            "stray.txt",
        ] {
            let path = dir.path().join(file);
            store.vault().write(&path, TEXT.as_bytes()).unwrap();
        }
        let public = dir.path().join("models/m/README.md");
        store.vault().write(&public, TEXT.as_bytes()).unwrap();
        let found = store.search(&passages).unwrap();
        assert!(found.bytes > 6 * TEXT.len() as u64);
        let places: Vec<&str> = found
            .found
            .iter()
            .map(|found| found.place.as_str())
            .collect();
        for place in [
            "setting.value",
            "logs/r.log",
            "checkpoints/r/x.bin",
            "blobs/a/b",
            "inbox/p.txt",
            "stray.txt",
        ] {
            assert!(places.contains(&place), "{place} is not in {places:?}");
        }
        // The plain database and its log hold the setting too.
        assert!(
            places.iter().any(|place| place.starts_with(DATABASE)),
            "{places:?}"
        );
        assert!(
            !places.iter().any(|place| place.starts_with("models")),
            "{places:?}"
        );
    }
}
