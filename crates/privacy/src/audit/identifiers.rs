//! What identifies somebody in the training text, where no map of the data set says so: what the rules of [`crate::deid`]
//! find. A given name alone is anybody's, so names count with given and family name.

use std::collections::BTreeMap;

use contract::IdentifierKind;

use super::text::{Conversation, Identifier};
use crate::deid::{self, Dataset, Verdicts};

/// The direct identifiers and full names of conversations.
pub fn identifiers(conversations: &[Conversation]) -> Vec<Identifier> {
    let texts: Vec<deid::Conversation> = conversations
        .iter()
        .map(|known| deid::Conversation {
            id: known.id.clone(),
            texts: vec![known.dialogue.clone(), known.summary.clone()],
        })
        .collect();
    let dataset = Dataset::of(&texts, Verdicts::new());
    let mut found: BTreeMap<(IdentifierKind, String), Vec<String>> = BTreeMap::new();
    for conversation in &texts {
        let findings = dataset.find(conversation);
        for (text, pieces) in conversation.texts.iter().zip(&findings.pieces) {
            for piece in pieces.iter().filter(|piece| piece.kind.is_direct()) {
                let value = text[piece.start..piece.end].to_lowercase();
                let places = found.entry((piece.kind, value)).or_default();
                if places.last() != Some(&conversation.id) {
                    places.push(conversation.id.clone());
                }
            }
        }
    }
    found
        .into_iter()
        .map(|((kind, value), conversations)| Identifier {
            kind,
            value,
            conversations,
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_and_full_names() {
        let conversation = Conversation {
            id: "a".to_owned(),
            dialogue: "Agent: This is Harriet Blackwood, order 48211.\nHarriet: Yes.".to_owned(),
            summary: "Order 48211 is late.".to_owned(),
        };
        let found = identifiers(&[conversation]);
        let value = |kind| {
            let mut alike = found.iter().filter(|known| known.kind == kind);
            alike
                .next()
                .map(|known| (known.value.as_str(), known.conversations.len()))
        };
        assert_eq!(value(IdentifierKind::Id), Some(("48211", 1)));
        let names = found
            .iter()
            .filter(|known| known.kind == IdentifierKind::Name);
        assert!(
            names
                .into_iter()
                .any(|name| name.value == "harriet blackwood")
        );
    }
}
