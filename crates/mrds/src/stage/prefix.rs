//! What iterative dialogue synthesis (IDS, `docs/method.md`) keeps of an attempt, and when it goes back.

use project::format_rule::FormatRule;

/// The lines that the next attempt at one dialogue goes on from.
#[derive(Clone, Debug, Default)]
pub(crate) struct Prefix {
    /// Whole lines, each with its end; empty for a new beginning.
    pub(crate) text: String,
    /// Length of the longest valid beginning since the last new one, in bytes.
    longest_bytes: usize,
    /// Lines taken off after the last attempt that gained nothing.
    taken_off: usize,
}

impl Prefix {
    /// Keeps the longest valid beginning of an attempt that failed. If it is not longer than an earlier one, one
    /// line goes, then two, four and so on, until a line is gained or a new dialogue begins: a line that is valid by
    /// itself (prose with a colon counts as one more speaker) can make every continuation fail, and it may stand
    /// anywhere before the place where they do.
    pub(crate) fn follow(&mut self, attempt: &str, rule: &FormatRule) {
        let keep = rule.longest_valid_prefix(attempt);
        let bytes = keep.trim().len();
        if bytes > self.longest_bytes {
            *self = Self {
                text: keep + "\n",
                longest_bytes: bytes,
                taken_off: 0,
            };
            return;
        }
        self.text = keep;
        self.taken_off = (2 * self.taken_off).max(1);
        for _ in 0..self.taken_off {
            self.drop_line();
        }
        if self.text.is_empty() {
            *self = Self::default();
        }
    }

    /// Takes the last line off.
    pub(crate) fn drop_line(&mut self) {
        self.text = match self.text.trim_end().rsplit_once('\n') {
            Some((before, _)) => format!("{}\n", before.trim_end()),
            None => String::new(),
        };
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::BTreeMap;

    use project::format_rule::Limit;

    const FIRST: &str = "Ana: Is the van back?\n";
    const SECOND: &str = "Bo: It came in at noon.\n";

    fn follow(prefix: &mut Prefix, attempt: &str) -> String {
        prefix.follow(attempt.trim(), &FormatRule::default());
        prefix.text.clone()
    }

    #[test]
    fn what_is_valid_is_kept_and_what_follows_goes() {
        let both = format!("{FIRST}{SECOND}");
        let next = |attempt: &str| follow(&mut Prefix::default(), attempt);
        assert_eq!(next(&format!("{both}and then nobody said a word\n")), both);
        assert_eq!(next(&both), both, "short but valid");
        assert_eq!(next("no speaker at all"), "");
        assert_eq!(next(""), "");
    }

    #[test]
    fn attempts_that_gain_nothing_cost_ever_more_lines() {
        let lines: Vec<String> = (0..8)
            .map(|n| format!("{}: Number {n}.\n", ["Ana", "Bo"][n % 2]))
            .collect();
        let mut prefix = Prefix::default();
        assert_eq!(follow(&mut prefix, &lines.concat()), lines.concat());
        // Winning back lines that were taken off does not count as a gain.
        for kept in [7, 6, 4, 0] {
            assert_eq!(
                follow(&mut prefix, &format!("{}no speaker here", lines.concat())),
                lines[..kept].concat()
            );
        }
        // After a new beginning, the count starts again.
        assert_eq!(
            follow(&mut prefix, &lines[..3].concat()),
            lines[..3].concat()
        );
        assert_eq!(
            follow(&mut prefix, &lines[..2].concat()),
            lines[..1].concat()
        );
        assert_eq!(
            follow(&mut prefix, &lines[..5].concat()),
            lines[..5].concat(),
            "a gain"
        );
    }

    #[test]
    fn a_line_that_spoils_every_continuation_is_left_behind() {
        // At most two speakers, and an early line of prose that counts as the second one.
        let limits = BTreeMap::from([("max_speakers".to_owned(), Limit::at_most(2.0))]);
        let rule = FormatRule::default()
            .with_limits(&limits)
            .expect("a known rule");
        let spoilt = format!(
            "{FIRST}She asks: who knows?\n{}",
            "Ana: I do.\nShe asks: and you?\n".repeat(3)
        );
        let good =
            format!("{FIRST}{SECOND}Ana: Then I will drive to Bern now.\nBo: Have a safe trip.\n");
        let mut prefix = Prefix::default();
        let mut attempts = 0;
        loop {
            // The writer goes on well from a good beginning and lets Bo come in after a spoilt one.
            let begins_well = attempts > 0 && good.starts_with(&prefix.text);
            let attempt = if begins_well {
                good.clone()
            } else {
                format!("{spoilt}{SECOND}")
            };
            attempts += 1;
            if rule.check(&attempt, true).pass {
                break;
            }
            prefix.follow(&attempt, &rule);
            assert!(attempts < 10, "stands still at {:?}", prefix.text);
        }
    }
}
