//! Two summaries that need no model: the first three lines of a conversation, and its three longest.
//!
//! Gliwa et al., "SAMSum corpus" (arXiv 1911.12237), baselines Lead-3 and Longest-3. Lines are turns in canonical form,
//! `Speaker: text`, with the speakers kept: without them ROUGE-1 falls by five to seven points. The longest line has
//! the most Unicode scalars, the earlier one wins a tie, and the longest comes first. A conversation with fewer lines
//! is taken in full.

/// Indices of the first `count` of `lines` lines.
pub fn lead(lines: usize, count: usize) -> Vec<usize> {
    (0..lines.min(count)).collect()
}

/// Indices of the `count` longest lines, the longest first.
pub fn longest<L: AsRef<str>>(lines: &[L], count: usize) -> Vec<usize> {
    let mut places: Vec<usize> = (0..lines.len()).collect();
    // The sort is stable, so the earlier of two equals stays first.
    places.sort_by_key(|place| std::cmp::Reverse(lines[*place].as_ref().chars().count()));
    places.truncate(count);
    places
}

/// The summary `lead_3` of a conversation's canonical lines.
pub fn lead_3<L: AsRef<str>>(lines: &[L]) -> String {
    joined(lines, &lead(lines.len(), 3))
}

/// The summary `longest_3` of a conversation's canonical lines.
pub fn longest_3<L: AsRef<str>>(lines: &[L]) -> String {
    joined(lines, &longest(lines, 3))
}

fn joined<L: AsRef<str>>(lines: &[L], places: &[usize]) -> String {
    let lines: Vec<&str> = places.iter().map(|place| lines[*place].as_ref()).collect();
    lines.join(" ")
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn by_hand() {
        let lines = ["A: \u{e4}\u{e4}", "B: ab", "A: abcd", "B: x"];
        assert_eq!(lead_3(&lines), "A: \u{e4}\u{e4} B: ab A: abcd");
        // Scalars, not bytes: the first two are equally long.
        assert_eq!(longest(&lines, 3), [2, 0, 1]);
        assert_eq!(longest_3(&lines), "A: abcd A: \u{e4}\u{e4} B: ab");
        assert_eq!(lead_3::<&str>(&[]), "");
        assert_eq!(longest_3(&["A: hi"]), "A: hi");
    }

    proptest! {
        #[test]
        fn no_line_left_out_is_longer(lines in prop::collection::vec("[a-z]{0,9}", 0..9)) {
            let places = longest(&lines, 3);
            prop_assert_eq!(places.len(), lines.len().min(3));
            let shortest = places.iter().map(|place| lines[*place].len()).min().unwrap_or(0);
            for (place, line) in lines.iter().enumerate() {
                prop_assert!(places.contains(&place) || line.len() <= shortest);
            }
        }
    }
}
