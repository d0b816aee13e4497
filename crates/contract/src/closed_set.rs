//! How a closed set is declared: an enum whose members are one word each, everywhere.

/// A word that is not a member of the set it should be in.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct UnknownWord {
    /// What the word should name, for instance "stage".
    pub what: &'static str,
    /// The word that was given.
    pub word: String,
    /// The words that are accepted, in the order of the set.
    pub known: Vec<&'static str>,
}

impl std::fmt::Display for UnknownWord {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "`{}` is not one of {}", self.word, self.known.join(", "))
    }
}

impl std::error::Error for UnknownWord {}

/// Declares an enum with one word for each member, and with `ALL`, `as_str`, `Display`, `FromStr` and serde's traits,
/// which all use that word.
macro_rules! closed_set {
    ($(#[$meta:meta])* $name:ident, $what:literal {
        $($(#[$variant_meta:meta])* $variant:ident = $word:literal,)+
    }) => {
        $(#[$meta])*
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, serde::Serialize, serde::Deserialize)]
        #[cfg_attr(feature = "specta", derive(specta::Type))]
        pub enum $name {
            $($(#[$variant_meta])* #[serde(rename = $word)] $variant,)+
        }

        impl $name {
            /// Every member, in order.
            pub const ALL: &'static [Self] = &[$(Self::$variant),+];

            /// The member's word: in JSON, in the database and on the command line.
            pub const fn as_str(self) -> &'static str {
                match self {
                    $(Self::$variant => $word),+
                }
            }
        }

        impl std::fmt::Display for $name {
            fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                f.pad(self.as_str())
            }
        }

        impl std::str::FromStr for $name {
            type Err = $crate::UnknownWord;

            fn from_str(word: &str) -> Result<Self, $crate::UnknownWord> {
                Self::ALL
                    .iter()
                    .copied()
                    .find(|member| member.as_str() == word)
                    .ok_or_else(|| $crate::UnknownWord {
                        what: $what,
                        word: word.to_owned(),
                        known: vec![$($word),+],
                    })
            }
        }
    };
}
pub(crate) use closed_set;
