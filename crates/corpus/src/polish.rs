//! What a copy editor would fix in a filled template: spaces, `a` and `an`, capitals.

/// Polishes a complete utterance or summary: as [`phrase`], with a capital at the start of each sentence.
pub(crate) fn sentences(text: &str) -> String {
    let mut capital = true;
    let mut ended = false;
    phrase(text)
        .chars()
        .map(|c| {
            if c.is_whitespace() {
                capital |= ended;
            }
            ended = matches!(c, '.' | '?' | '!');
            if !c.is_alphanumeric() {
                return c;
            }
            if std::mem::take(&mut capital) {
                c.to_ascii_uppercase()
            } else {
                c
            }
        })
        .collect()
}

/// Words with single spaces, no space before a mark, no mark at the start, and the right article.
pub(crate) fn phrase(text: &str) -> String {
    let words: Vec<&str> = text.split_whitespace().collect();
    let mut out = String::with_capacity(text.len());
    for (index, word) in words.iter().enumerate() {
        let is_mark = word
            .chars()
            .all(|c| matches!(c, ',' | '.' | '?' | '!' | ':'));
        if !out.is_empty() && !is_mark {
            out.push(' ');
        }
        if out.is_empty() && is_mark {
            continue;
        }
        out.push_str(word);
        if matches!(*word, "a" | "A") && words.get(index + 1).is_some_and(|next| takes_an(next)) {
            out.push('n');
        }
    }
    for (from, to) in [
        (",,", ","),
        (",.", "."),
        (",?", "?"),
        (",!", "!"),
        ("..", "."),
        ("?.", "?"),
        ("!.", "!"),
    ] {
        out = out.replace(from, to);
    }
    out.trim_start_matches([',', ' ']).to_owned()
}

/// Whether a word begins with a vowel sound.
fn takes_an(word: &str) -> bool {
    const SPOKEN_WITH_CONSONANT: [&str; 8] =
        ["uni", "use", "usu", "eur", "one", "once", "ute", "u-"];
    const SILENT_H: [&str; 4] = ["hour", "honest", "heir", "honour"];
    let word = word
        .trim_start_matches(['"', '\'', '$', '£', '€'])
        .to_lowercase();
    let starts = |starts: &[&str]| starts.iter().any(|start| word.starts_with(start));
    let number = word
        .split(|c: char| !c.is_ascii_digit())
        .next()
        .unwrap_or_default();
    if !number.is_empty() {
        return number.starts_with('8') || number == "11" || number == "18";
    }
    starts(&SILENT_H)
        || (word.starts_with(['a', 'e', 'i', 'o', 'u']) && !starts(&SPOKEN_WITH_CONSONANT))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn spaces_marks_and_articles() {
        assert_eq!(
            phrase(" , a  apple , and a unit  for a hour ."),
            "an apple, and a unit for an hour."
        );
        assert_eq!(
            phrase("a 8 pm slot, a 9 am slot"),
            "an 8 pm slot, a 9 am slot"
        );
        assert_eq!(phrase("ok,, thanks.. "), "ok, thanks.");
    }

    #[test]
    fn sentences_begin_with_a_capital() {
        assert_eq!(
            sentences("the nurse waits. it is 9.30 now! ok?"),
            "The nurse waits. It is 9.30 now! Ok?"
        );
        assert_eq!(
            sentences("\"yes\", he says. 12 came. fine"),
            "\"Yes\", he says. 12 came. Fine"
        );
    }
}
