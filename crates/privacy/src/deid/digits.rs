//! Check digits of accounts and cards.

/// Whether the digits of a payment card are valid (Luhn, ISO/IEC 7812).
pub(super) fn luhn_holds(digits: &str) -> bool {
    luhn(digits).is_multiple_of(10) && !digits.is_empty()
}

fn luhn(digits: &str) -> u32 {
    let doubled = |(place, digit): (usize, u32)| match (place % 2, 2 * digit) {
        (0, _) => digit,
        (_, double) if double > 9 => double - 9,
        (_, double) => double,
    };
    let digits = digits.chars().rev().filter_map(|digit| digit.to_digit(10));
    digits.enumerate().map(doubled).sum()
}

/// The check digit that makes the others valid.
pub(super) fn luhn_digit(digits: &str) -> u32 {
    (10 - luhn(&format!("{digits}0")) % 10) % 10
}

/// Whether an account number without blanks is valid (ISO 13616).
pub(super) fn iban_holds(iban: &str) -> bool {
    iban.len() > 4 && iban.is_ascii() && remainder(&format!("{}{}", &iban[4..], &iban[..4])) == 1
}

/// The two check digits of a country and an account.
pub(super) fn iban_check(country: &str, account: &str) -> u32 {
    98 - remainder(&format!("{account}{country}00"))
}

/// Modulo 97, letters as numbers from 10 on.
fn remainder(text: &str) -> u32 {
    let digits = text.chars().filter_map(|letter| letter.to_digit(36));
    digits.fold(0, |sum, digit| match digit {
        0..10 => (sum * 10 + digit) % 97,
        _ => (sum * 100 + digit) % 97,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_of_the_standards_hold() {
        assert!(luhn_holds("4111111111111111") && !luhn_holds("4111111111111112"));
        assert_eq!(luhn_digit("411111111111111"), 1);
        assert!(iban_holds("GB82WEST12345698765432") && !iban_holds("GB82WEST12345698765433"));
        assert_eq!(iban_check("GB", "WEST12345698765432"), 82);
    }
}
