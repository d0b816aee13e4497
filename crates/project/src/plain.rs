//! One form for text from anywhere; below whoever reads lines.

/// One form for text from anywhere: `\n` line ends, plain spaces for no-break spaces (U+00A0, U+202F), no
/// byte-order marks, no spaces at line ends, no blank lines at either end.
pub fn normalise_text(text: &str) -> String {
    let unified = text
        .replace("\r\n", "\n")
        .replace(['\r', '\u{2028}', '\u{2029}', '\u{85}'], "\n");
    let plain: String = unified
        .chars()
        .filter(|&c| c != '\u{feff}')
        .map(|c| {
            if c == '\u{a0}' || c == '\u{202f}' {
                ' '
            } else {
                c
            }
        })
        .collect();
    let lines: Vec<&str> = plain.split('\n').map(str::trim_end).collect();
    lines.join("\n").trim_matches('\n').to_owned()
}
