//! Pieces of sentences that give figures, in English and German; below whoever writes one.

/// A number as German writes it: a comma before the decimals.
pub(crate) fn german(number: &str) -> String {
    number.replace('.', ",")
}

/// A signed number with as many places, with a real minus; what rounds to 0 is +0.
pub(crate) fn signed(value: f64, places: usize) -> String {
    let size = format!("{:.places$}", value.abs());
    let is_zero = size.chars().all(|c| matches!(c, '0' | '.'));
    let sign = if value < 0.0 && !is_zero {
        '\u{2212}'
    } else {
        '+'
    };
    format!("{sign}{size}")
}

/// Parts one after the other, the last one after `and`: `a, b and c`.
pub(crate) fn listed<T: AsRef<str>>(parts: &[T], and: &str) -> String {
    let joined = |parts: &[T]| -> String {
        let parts: Vec<&str> = parts.iter().map(AsRef::as_ref).collect();
        parts.join(", ")
    };
    match parts {
        [first @ .., last] if !first.is_empty() => {
            format!("{} {and} {}", joined(first), last.as_ref())
        }
        parts => joined(parts),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_signed_and_zero_is_plus() {
        assert_eq!(signed(0.31, 2), "+0.31");
        assert_eq!(signed(-0.0051, 2), "\u{2212}0.01");
        assert_eq!(signed(-0.004, 2), "+0.00");
        assert_eq!(german(&signed(-1.5, 1)), "\u{2212}1,5");
    }

    #[test]
    fn the_last_part_follows_and() {
        assert_eq!(listed::<&str>(&[], "and"), "");
        assert_eq!(listed(&["a"], "and"), "a");
        assert_eq!(listed(&["a", "b", "c"], "und"), "a, b und c");
    }
}
