//! Options whose value is a member of a closed set: `--help` and refusals list the words.

use clap::builder::{PossibleValuesParser, TypedValueParser};

/// Reads one of `members`, each by its `word`.
pub(crate) fn word_of<T>(
    members: &'static [T],
    word: fn(T) -> &'static str,
) -> impl TypedValueParser<Value = T>
where
    T: Copy + Send + Sync,
{
    PossibleValuesParser::new(members.iter().map(|member| word(*member))).try_map(move |text| {
        let member = members.iter().copied().find(|member| word(*member) == text);
        member.ok_or(text)
    })
}
