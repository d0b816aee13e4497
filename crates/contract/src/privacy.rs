//! Words about what identifies a person in a conversation.

use crate::closed_set::closed_set;

closed_set! {
    /// What a piece of text that identifies somebody is.
    IdentifierKind, "kind of identifier" {
        /// A person's name.
        Name = "name",
        /// A telephone number.
        Phone = "phone",
        /// An e-mail address.
        Email = "email",
        /// A street with a number.
        Street = "street",
        /// A number or code that an office gave: of a patient, a case, an order.
        Id = "id",
        /// A bank account.
        Iban = "iban",
        /// A payment card.
        Card = "card",
        /// A user's name somewhere.
        Handle = "handle",
        /// An address on the web.
        Url = "url",
        /// A vehicle's number plate.
        Plate = "plate",
        /// A computer's address.
        Ip = "ip",
        /// A town.
        Town = "town",
        /// A day.
        Date = "date",
        /// A postcode.
        Postcode = "postcode",
        /// A firm, practice or office.
        Org = "org",
        /// An age of 90 or more.
        Age90 = "age90",
    }
}

impl IdentifierKind {
    /// Whether it names a person without anything else.
    pub const fn is_direct(self) -> bool {
        !matches!(
            self,
            Self::Town | Self::Date | Self::Postcode | Self::Org | Self::Age90
        )
    }
}

closed_set! {
    /// Why a synthetic text gives too much of a real conversation away.
    LeakReason, "reason of a leak" {
        /// It shares a longer run of words with one than two real conversations share with each other.
        Run = "run",
        /// Too many of its runs of eight words stand in real ones.
        Share8 = "share8",
        /// Half of its runs of five words are those of one conversation.
        Near5 = "near5",
        /// It holds a direct identifier or a full name.
        Identifier = "identifier",
    }
}
