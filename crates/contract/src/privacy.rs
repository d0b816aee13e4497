//! Words about what identifies a person in a conversation, and about who may open a workspace.

use crate::closed_set::closed_set;

closed_set! {
    /// A way to open a protected workspace.
    SlotKind, "kind of key" {
        /// A passphrase that somebody knows.
        Passphrase = "passphrase",
        /// A key that was shown once, to be kept on paper.
        Recovery = "recovery",
        /// The keychain of the system.
        Keychain = "keychain",
    }
}

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
        /// A number or code issued by an office: for a patient, a case, an order.
        Id = "id",
        /// A bank account.
        Iban = "iban",
        /// A payment card.
        Card = "card",
        /// A user name on some service.
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
    /// Whether it names a person on its own.
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
        /// Too many of its runs of eight words occur in real ones.
        Share8 = "share8",
        /// Half of its runs of five words are those of one conversation.
        Near5 = "near5",
        /// It holds a direct identifier or a full name.
        Identifier = "identifier",
    }
}

closed_set! {
    /// What may be done with what a run made, by how much it gives away.
    LeakVerdict, "verdict of an audit" {
        /// Nothing was found.
        Clean = "clean",
        /// Something that a person should look at.
        Look = "look",
        /// It must not leave the workspace unless somebody says why.
        Stop = "stop",
    }
}

closed_set! {
    /// What is done with a made-up text that gives a real conversation away.
    LeakGate, "gate" {
        /// It is kept and counted.
        Mark = "mark",
        /// It is left out and counted.
        Drop = "drop",
        /// Nothing is checked.
        Off = "off",
    }
}

closed_set! {
    /// What left the workspace.
    ExportKind, "kind of export" {
        /// A trained adapter, or a model with one in it.
        Adapter = "adapter",
        /// A run bundle.
        Bundle = "bundle",
        /// The conversations of a data set.
        Dataset = "dataset",
        /// A report of a run.
        Report = "report",
    }
}

closed_set! {
    /// How a piece that identifies somebody was found.
    FoundBy, "way of finding" {
        /// By a rule or a dictionary.
        Rule = "rule",
        /// The word was in doubt, and the user said what it is.
        Asked = "asked",
    }
}

closed_set! {
    /// What the user says about a word that may name somebody.
    WordVerdict, "verdict on a word" {
        /// It names a person.
        Name = "name",
        /// It is a town.
        Town = "town",
        /// It is a firm, practice or office.
        Org = "org",
        /// It identifies nobody.
        No = "no",
    }
}

impl WordVerdict {
    /// The kind of identifier that it means; `None` if the word identifies nobody.
    pub const fn kind(self) -> Option<IdentifierKind> {
        match self {
            Self::Name => Some(IdentifierKind::Name),
            Self::Town => Some(IdentifierKind::Town),
            Self::Org => Some(IdentifierKind::Org),
            Self::No => None,
        }
    }
}

closed_set! {
    /// What an import does with identifying pieces.
    Replacing, "way of replacing" {
        /// They stay.
        Off = "off",
        /// Each becomes an invented one of its kind.
        Replace = "replace",
        /// Each becomes the name of its kind and a number.
        Mask = "mask",
    }
}

closed_set! {
    /// The scope within which the same piece becomes the same invented one.
    SurrogateScope, "scope of surrogates" {
        /// Within a conversation and its summaries.
        Conversation = "conversation",
        /// Within a data set, where the same people come back.
        Dataset = "dataset",
    }
}
