//! The recovery key: 128 random bits that a person can write down and type, as 26 characters of Crockford's base 32 with
//! his check character (`U`, `*`, `~`, `$` and `=` among them), in groups of five.
//!
//! It opens a workspace without a passphrase, so it is as long as a key and goes through no slow hash.

use crate::Result;
use data_encoding::{Encoding, Specification};
use std::fmt;
use zeroize::Zeroizing;

/// Crockford's characters: no I, L, O or U among the first 32.
const SIGNS: &str = "0123456789ABCDEFGHJKMNPQRSTVWXYZ";
/// Those of the check character, a remainder of 37.
const CHECKS: &str = "0123456789ABCDEFGHJKMNPQRSTVWXYZ*~$=U";
const GROUP: usize = 5;

/// A recovery key.
#[derive(Clone)]
pub struct RecoveryKey(Zeroizing<[u8; 16]>);

impl RecoveryKey {
    /// A new key, from the system's random numbers.
    ///
    /// # Errors
    /// Where the system has no source of random numbers.
    pub fn random() -> Result<Self> {
        Ok(Self(Zeroizing::new(super::random_16()?)))
    }

    pub(crate) fn bytes(&self) -> &[u8; 16] {
        &self.0
    }

    /// The key that was typed: case, spaces and dashes do not matter, and O, I and L are read as the digits that they
    /// look like. `None` if a character is missing or mistaken.
    pub fn parse(text: &str) -> Option<Self> {
        let signs: Vec<u8> = text
            .chars()
            .filter(|sign| !sign.is_whitespace() && *sign != '-')
            .map(|sign| match sign.to_ascii_uppercase() {
                'O' => Some(b'0'),
                'I' | 'L' => Some(b'1'),
                other => u8::try_from(other).ok(),
            })
            .collect::<Option<_>>()?;
        let signs = Zeroizing::new(signs);
        let (check, key) = signs.split_last()?;
        let bytes = Zeroizing::new(crockford()?.decode(key).ok()?);
        let bytes: [u8; 16] = bytes.as_slice().try_into().ok()?;
        let typed = Self(Zeroizing::new(bytes));
        (typed.check() == Some(*check)).then_some(typed)
    }

    /// The key as it is shown and printed.
    pub fn shown(&self) -> Zeroizing<String> {
        let mut signs =
            Zeroizing::new(crockford().map_or_else(String::new, |base| base.encode(&self.0[..])));
        signs.extend(self.check().map(char::from));
        let mut shown = Zeroizing::new(String::with_capacity(signs.len() * 2));
        for (index, sign) in signs.chars().enumerate() {
            if index > 0 && index % GROUP == 0 {
                shown.push('-');
            }
            shown.push(sign);
        }
        shown
    }

    fn check(&self) -> Option<u8> {
        let remainder = u128::from_be_bytes(*self.0) % CHECKS.len() as u128;
        CHECKS.as_bytes().get(remainder as usize).copied()
    }
}

impl fmt::Debug for RecoveryKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("RecoveryKey")
    }
}

/// `None` only if [`SIGNS`] were not an alphabet.
fn crockford() -> Option<Encoding> {
    let mut specification = Specification::new();
    specification.symbols.push_str(SIGNS);
    specification.encoding().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_shown_can_be_typed_in_any_way() {
        // Every check character has its turn, 0 and 1 too, which a person may type as letters.
        for last in 0..CHECKS.len() as u8 {
            let key = RecoveryKey(Zeroizing::new(std::array::from_fn(|n| match n {
                15 => last,
                n => n as u8,
            })));
            let shown = key.shown();
            assert_eq!(shown.len(), 27 + 5, "{}", &*shown);
            let typed = [
                shown.to_string(),
                shown.to_lowercase(),
                shown.replace('-', " "),
                shown.replace('0', "o").replace('1', "l"),
                shown.replace('0', "O").replace('1', "i"),
            ];
            for typed in typed {
                let read = RecoveryKey::parse(&typed).unwrap();
                assert_eq!(read.bytes(), key.bytes(), "{typed}");
            }
        }
        assert_ne!(
            RecoveryKey::random().unwrap().bytes(),
            RecoveryKey::random().unwrap().bytes()
        );
    }

    #[test]
    fn a_known_key_is_written_as_python_writes_it() {
        // int.from_bytes(range(16)) in Crockford's base 32 and its remainder of 37.
        let key = RecoveryKey(Zeroizing::new(std::array::from_fn(|n| n as u8)));
        assert_eq!(&*key.shown(), RECOVERY_VECTOR);
    }

    const RECOVERY_VECTOR: &str = "000G4-0R40M-30E20-9185G-R38E1-W6";

    #[test]
    fn a_single_mistaken_or_missing_character_is_noticed() {
        let key = RecoveryKey(Zeroizing::new([0xa5; 16]));
        let shown = key.shown();
        for (index, sign) in shown.char_indices().filter(|(_, sign)| *sign != '-') {
            let other = if sign == '7' { 'Q' } else { '7' };
            let mut typed = shown.to_string();
            typed.replace_range(index..=index, &other.to_string());
            assert!(RecoveryKey::parse(&typed).is_none(), "{typed}");
            typed.remove(index);
            assert!(RecoveryKey::parse(&typed).is_none(), "{typed}");
        }
        assert!(RecoveryKey::parse("").is_none());
        assert!(RecoveryKey::parse("ä".repeat(27).as_str()).is_none());
    }
}
