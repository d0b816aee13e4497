//! Results of checks: how many passed, failed and were skipped, read from the output of `cargo test` and vitest, and
//! where Rust tests panicked.

use std::fmt;
use std::ops::AddAssign;

/// How many checks passed, failed and were skipped, and why Rust tests failed.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Outcome {
    /// Number of checks that held.
    pub(crate) passed: u64,
    /// Number of checks that did not hold.
    pub(crate) failed: u64,
    /// Number of checks that proved nothing on this machine.
    pub(crate) skipped: u64,
    /// For each panic of a Rust test, the line that says where it was and the first line of its message.
    pub(crate) panics: Vec<String>,
}

impl Outcome {
    /// One check that held.
    pub(crate) const PASSED: Self = Self::new(1, 0, 0);
    /// One check that did not hold.
    pub(crate) const FAILED: Self = Self::new(0, 1, 0);
    /// One check that this machine cannot carry out.
    pub(crate) const SKIPPED: Self = Self::new(0, 0, 1);

    const fn new(passed: u64, failed: u64, skipped: u64) -> Self {
        Self {
            passed,
            failed,
            skipped,
            panics: Vec::new(),
        }
    }

    /// Whether no check was counted at all.
    pub(crate) fn is_empty(&self) -> bool {
        self.passed + self.failed + self.skipped == 0
    }
}

impl AddAssign for Outcome {
    fn add_assign(&mut self, other: Self) {
        self.passed += other.passed;
        self.failed += other.failed;
        self.skipped += other.skipped;
        self.panics.extend(other.panics);
    }
}

/// `N passed, N failed, N skipped`: the closing line, which other programs read.
impl fmt::Display for Outcome {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self {
            passed,
            failed,
            skipped,
            ..
        } = self;
        write!(f, "{passed} passed, {failed} failed, {skipped} skipped")
    }
}

/// Reads the output of Rust test binaries with `--show-output`, a line at a time.
///
/// libtest counts a test that returns early as passed. A test that is skipped prints `skipped: <why>`
/// (`duologue_tests::skip`), and is recognised by that line in the output of the tests that passed.
#[derive(Debug, Default)]
pub(crate) struct RustTests {
    /// Whether the lines that follow are the output of tests that passed.
    among_passed: bool,
    /// Whether the test whose output follows is already counted as skipped.
    counted: bool,
    skipped: u64,
}

impl RustTests {
    /// Reads a line. Returns the outcome of all tests of a binary at the line that closes its output, such as
    /// `test result: ok. 12 passed; 0 failed; …`, and `None` at any other line.
    pub(crate) fn read(&mut self, line: &str) -> Option<Outcome> {
        if let Some(result) = line.trim().strip_prefix("test result: ") {
            let mut outcome = counts(result)?;
            let Self { skipped, .. } = std::mem::take(self);
            outcome.passed = outcome.passed.saturating_sub(skipped);
            outcome.skipped += skipped;
            return Some(outcome);
        }
        match line {
            "successes:" => self.among_passed = true,
            "failures:" => self.among_passed = false,
            _ if line.starts_with("---- ") && line.ends_with(" stdout ----") => {
                self.counted = false
            }
            _ if line.starts_with("skipped: ") && self.among_passed && !self.counted => {
                self.counted = true;
                self.skipped += 1;
            }
            _ => {}
        }
        None
    }
}

/// Reads vitest's closing line, such as `Tests  1 failed | 11 passed (12)`; `None` for others, such as `Test Files`.
pub(crate) fn vitest(line: &str) -> Option<Outcome> {
    counts(plain(line).trim().strip_prefix("Tests ")?)
}

/// The numbers before the words `passed`, `failed`, and `skipped` or `ignored`; `None` if none of these has a number.
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
    let skipped = before("skipped").or_else(|| before("ignored"));
    match (before("passed"), before("failed"), skipped) {
        (None, None, None) => None,
        (passed, failed, skipped) => Some(Outcome::new(
            passed.unwrap_or(0),
            failed.unwrap_or(0),
            skipped.unwrap_or(0),
        )),
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

    /// Sum of the outcomes that the lines give.
    fn rust(lines: &str) -> Outcome {
        let (mut tests, mut sum) = (RustTests::default(), Outcome::default());
        for line in lines.lines() {
            sum += tests.read(line).unwrap_or_default();
        }
        sum
    }

    #[test]
    fn rust_lines() {
        let ok = "test result: ok. 12 passed; 0 failed; 1 ignored; 0 measured; 3 filtered out; finished in 0.1s";
        assert_eq!(rust(ok), Outcome::new(12, 0, 1));
        let bad = "test result: FAILED. 3 passed; 2 failed; 0 ignored; 0 measured; 0 filtered out";
        assert_eq!(rust(bad), Outcome::new(3, 2, 0));
        assert!(rust("test lora::merged ... ok\n12 passed; 0 failed").is_empty());
    }

    #[test]
    fn a_test_that_says_that_it_skips_has_not_passed() {
        let printed = "
successes:

---- runs::killed stdout ----
skipped: the model is not here
skipped: nor is the other

---- runs::whole stdout ----
a run took 3 s

---- runs::edited stdout ----
before that
skipped: the model is not here

successes:
    runs::edited
    runs::killed
    runs::whole

failures:

---- runs::paused stdout ----
skipped: a part of it

failures:
    runs::paused

test result: FAILED. 3 passed; 1 failed; 0 ignored; 0 measured; 0 filtered out
";
        assert_eq!(rust(printed), Outcome::new(1, 1, 2));
        let next =
            "\nsuccesses:\n\nsuccesses:\n    a\n\ntest result: ok. 1 passed; 0 failed; 0 ignored\n";
        assert_eq!(
            rust(&[printed, next].concat()),
            Outcome::new(2, 1, 2),
            "another binary begins anew"
        );
    }

    #[test]
    fn vitest_lines() {
        assert_eq!(
            vitest("      Tests  12 passed (12)"),
            Some(Outcome::new(12, 0, 0))
        );
        assert_eq!(
            vitest(
                "\u{1b}[2m      Tests \u{1b}[22m \u{1b}[1m\u{1b}[31m1 failed\u{1b}[39m | 11 passed | 2 skipped (14)"
            ),
            Some(Outcome::new(11, 1, 2))
        );
        assert_eq!(
            vitest("      Tests  3 failed (3)"),
            Some(Outcome::new(0, 3, 0))
        );
        assert_eq!(vitest(" Test Files  2 passed (2)"), None);
        assert_eq!(vitest("      Tests  no tests"), None);
    }

    #[test]
    fn the_closing_line_is_read_by_others() {
        assert_eq!(
            Outcome::new(12, 0, 3).to_string(),
            "12 passed, 0 failed, 3 skipped"
        );
    }
}
