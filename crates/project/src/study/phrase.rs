//! How what raters are asked is put together from its words in both languages.

use contract::{CheckStatement, Criterion, CriterionText, CriterionTexts, Scale, Words};

/// A text in both languages.
pub(super) fn words(en: &str, de: &str) -> Words {
    Words {
        en: en.to_owned(),
        de: de.to_owned(),
    }
}

/// Name in a heading, name in a sentence, question, anchors.
type Text<'a, const N: usize> = (&'a str, &'a str, &'a str, [&'a str; N]);

/// A criterion of as many points as it has anchors, of which the last is the best.
pub(super) fn criterion<const N: usize>(key: &str, en: Text<'_, N>, de: Text<'_, N>) -> Criterion {
    let text = |(name, in_sentence, question, anchors): Text<'_, N>| CriterionText {
        name: name.to_owned(),
        in_sentence: in_sentence.to_owned(),
        question: question.to_owned(),
        anchors: anchors.map(str::to_owned).to_vec(),
    };
    Criterion {
        key: key.to_owned(),
        scale: Scale::Likert { points: N as u8 },
        higher_is_better: true,
        na: false,
        texts: CriterionTexts {
            en: Some(text(en)),
            de: Some(text(de)),
        },
    }
}

/// A statement about the guideline, whether it holds, and why.
pub(super) fn statement(text: Words, holds: bool, why: Words) -> CheckStatement {
    CheckStatement { text, holds, why }
}
