//! How much of the user's own text a message repeats: little, and nothing that a terminal would obey.

/// Longest piece of one text that a message repeats, in characters.
pub const EXCERPT_CHARS: usize = 60;
/// Longest list of names that a message repeats, in characters.
const LIST_CHARS: usize = 180;

/// The beginning of a text on one line, followed by `…` if it goes on; control characters are replaced.
pub fn excerpt(text: &str) -> String {
    let visible = |c: char| match c {
        '\n' | '\r' | '\t' => ' ',
        c if c.is_control() => char::REPLACEMENT_CHARACTER,
        c => c,
    };
    let mut chars = text.chars();
    let mut short: String = chars.by_ref().take(EXCERPT_CHARS).map(visible).collect();
    if chars.next().is_some() {
        short.push('…');
    }
    short
}

/// The first of many names, each as [`excerpt`] gives it; a last `…` stands for those left out.
pub fn excerpts<S: AsRef<str>>(names: &[S]) -> Vec<String> {
    let mut listed = Vec::new();
    let mut chars = 0;
    for name in names {
        let name = excerpt(name.as_ref());
        chars += name.chars().count() + 2;
        if chars > LIST_CHARS {
            listed.push("…".to_owned());
            break;
        }
        listed.push(name);
    }
    listed
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_excerpt_is_short_and_visible() {
        assert_eq!(excerpt("Ann: Hi"), "Ann: Hi");
        assert_eq!(excerpt("a\nb\0\u{1b}[2J"), "a b\u{fffd}\u{fffd}[2J");
        let long = excerpt(&"x".repeat(20_000));
        assert_eq!(long.chars().count(), EXCERPT_CHARS + 1);
        assert!(long.ends_with('…'));
    }

    #[test]
    fn a_list_of_names_ends_in_time() {
        assert_eq!(excerpts(&["a", "b"]), ["a", "b"]);
        let names: Vec<String> = (0..5_000).map(|i| format!("column {i}")).collect();
        let listed = excerpts(&names);
        assert!(listed.join(", ").chars().count() <= LIST_CHARS);
        assert_eq!(listed.last().map(String::as_str), Some("…"));
    }
}
