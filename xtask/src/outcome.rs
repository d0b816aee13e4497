//! What became of checks: how many passed and failed, read from the closing lines of `cargo test` and vitest, and why
//! those failed that said so.

use std::ops::AddAssign;

/// Passed and failed checks.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Outcome {
    /// Checks that held.
    pub(crate) passed: u64,
    /// Checks that did not.
    pub(crate) failed: u64,
    /// Where Rust tests panicked, and the first line of what they said.
    pub(crate) panics: Vec<String>,
}

impl Outcome {
    /// One check that held.
    pub(crate) const PASSED: Self = Self {
        passed: 1,
        failed: 0,
        panics: Vec::new(),
    };
    /// One check that did not hold.
    pub(crate) const FAILED: Self = Self {
        passed: 0,
        failed: 1,
        panics: Vec::new(),
    };
}

impl AddAssign for Outcome {
    fn add_assign(&mut self, other: Self) {
        self.passed += other.passed;
        self.failed += other.failed;
        self.panics.extend(other.panics);
    }
}

/// Reads `test result: ok. 12 passed; 0 failed; …`, the line that closes each Rust test binary.
pub(crate) fn rust(line: &str) -> Option<Outcome> {
    counts(line.trim().strip_prefix("test result: ")?)
}

/// Reads `Tests  1 failed | 11 passed (12)`, vitest's closing line (its `Test Files` line is another).
pub(crate) fn vitest(line: &str) -> Option<Outcome> {
    counts(plain(line).trim().strip_prefix("Tests ")?)
}

/// The numbers before the words `passed` and `failed`; `None` where neither word has one.
fn counts(text: &str) -> Option<Outcome> {
    let words: Vec<&str> = text
        .split([' ', ';', '|', '(', ')'])
        .filter(|word| !word.is_empty())
        .collect();
    let before = |name: &str| {
        words
            .windows(2)
            .find(|pair| pair[1] == name)
            .and_then(|pair| pair[0].parse().ok())
    };
    match (before("passed"), before("failed")) {
        (None, None) => None,
        (passed, failed) => Some(Outcome {
            passed: passed.unwrap_or(0),
            failed: failed.unwrap_or(0),
            panics: Vec::new(),
        }),
    }
}

/// The line without terminal colours (`ESC [ … m`).
fn plain(line: &str) -> String {
    let mut parts = line.split("\u{1b}[");
    let mut text = parts.next().unwrap_or_default().to_owned();
    for part in parts {
        text.push_str(part.split_once('m').map_or(part, |(_, after)| after));
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    fn outcome(passed: u64, failed: u64) -> Outcome {
        Outcome {
            passed,
            failed,
            panics: Vec::new(),
        }
    }

    #[test]
    fn rust_lines() {
        let ok = "test result: ok. 12 passed; 0 failed; 1 ignored; 0 measured; 3 filtered out; finished in 0.1s";
        assert_eq!(rust(ok), Some(outcome(12, 0)));
        let bad = "test result: FAILED. 3 passed; 2 failed; 0 ignored; 0 measured; 0 filtered out";
        assert_eq!(rust(bad), Some(outcome(3, 2)));
        assert_eq!(rust("test lora::merged ... ok"), None);
        assert_eq!(rust("12 passed; 0 failed"), None);
    }

    #[test]
    fn vitest_lines() {
        assert_eq!(vitest("      Tests  12 passed (12)"), Some(outcome(12, 0)));
        assert_eq!(
            vitest(
                "\u{1b}[2m      Tests \u{1b}[22m \u{1b}[1m\u{1b}[31m1 failed\u{1b}[39m | 11 passed (12)"
            ),
            Some(outcome(11, 1))
        );
        assert_eq!(vitest("      Tests  3 failed (3)"), Some(outcome(0, 3)));
        assert_eq!(vitest(" Test Files  2 passed (2)"), None);
        assert_eq!(vitest("      Tests  no tests"), None);
    }
}
