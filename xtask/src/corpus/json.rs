//! The two kinds of lines that `cargo xtask corpus` writes: a chat for training, a pair for the import.

use corpus::Item;

/// `{"messages":[…]}` of questions and their answers.
pub(super) fn chat(turns: &[(String, String)]) -> String {
    let message =
        |role: &str, text: &str| format!("{{\"role\":\"{role}\",\"content\":{}}}", quoted(text));
    let messages: Vec<String> = turns
        .iter()
        .flat_map(|(asked, answer)| [message("user", asked), message("assistant", answer)])
        .collect();
    format!("{{\"messages\":[{}]}}", messages.join(","))
}

/// A pair as `duologue import` reads it.
pub(super) fn pair(split: &str, number: usize, item: &Item) -> String {
    format!(
        "{{\"id\":\"{split}-{:03}\",\"topic\":{},\"summary\":{},\"dialogue\":{}}}",
        number + 1,
        quoted(&item.topic),
        quoted(&item.summary),
        quoted(&item.to_text()),
    )
}

/// A JSON string. The corpus has no control characters except line ends.
fn quoted(text: &str) -> String {
    format!(
        "\"{}\"",
        text.replace('\\', "\\\\")
            .replace('"', "\\\"")
            .replace('\n', "\\n")
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn text_is_escaped() {
        assert_eq!(quoted("a \"b\"\n\\c"), r#""a \"b\"\n\\c""#);
        let line = chat(&[("x".into(), "y".into())]);
        assert_eq!(
            line,
            r#"{"messages":[{"role":"user","content":"x"},{"role":"assistant","content":"y"}]}"#
        );
    }
}
