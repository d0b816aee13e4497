//! The closed sets about data sets: splits, origins, what an import finds, what is doubtful.

use serde::{Deserialize, Serialize};

use crate::closed_set::closed_set;

closed_set! {
    /// Which part of a data set an example belongs to.
    Split, "split" {
        /// For training; shots come from here.
        Train = "train",
        /// For choosing checkpoints and stopping.
        Validation = "validation",
        /// Read by the evaluation only.
        Test = "test",
    }
}

closed_set! {
    /// Which split the rows of an import belong to.
    #[derive(Default)]
    SplitChoice, "split" {
        /// All rows are for training.
        Train = "train",
        /// All rows are for validation.
        Validation = "validation",
        /// All rows are for testing.
        Test = "test",
        /// By a split column, else by the files' names, else a seeded draw.
        #[default]
        Auto = "auto",
    }
}

closed_set! {
    /// Where an example's text comes from.
    Origin, "origin" {
        /// From an imported file.
        Imported = "imported",
        /// Made by a model.
        Synthetic = "synthetic",
        /// Changed by hand.
        Edited = "edited",
        /// Written by hand.
        Written = "written",
    }
}

closed_set! {
    /// How sure the import is about the columns.
    Detection, "detection" {
        /// A known format, the usual column names, or the user's own mapping.
        Detected = "detected",
        /// A guess that a person should look at.
        PleaseCheck = "please_check",
        /// The columns have to be named.
        NeedsMapping = "needs_mapping",
    }
}

closed_set! {
    /// Whether an issue keeps its row out of the data set.
    Severity, "severity" {
        /// The row cannot be imported.
        Error = "error",
        /// The row is imported; a person may want to look at it.
        Warning = "warning",
    }
}

closed_set! {
    /// What is wrong with a row of an imported file, or worth knowing about it.
    IssueCode, "issue" {
        /// The row has no dialogue.
        MissingDialogue = "missing_dialogue",
        /// The row has no summary.
        MissingSummary = "missing_summary",
        /// The dialogue is empty.
        EmptyDialogue = "empty_dialogue",
        /// A summary is empty.
        EmptySummary = "empty_summary",
        /// A value is not text.
        NotText = "not_text",
        /// A turn does not say who speaks.
        NoSpeaker = "no_speaker",
        /// The row is not UTF-8 text.
        InvalidUtf8 = "invalid_utf8",
        /// The line is not valid JSON.
        Json = "json",
        /// The line is JSON, but not an object.
        NotObject = "not_object",
        /// The row has more or fewer cells than the header.
        RaggedRow = "ragged_row",
        /// A quotation mark is never closed.
        OpenQuote = "open_quote",
        /// A cue of a subtitle file cannot be read.
        Cue = "cue",
        /// A name that no speaker can have.
        BadSpeaker = "bad_speaker",
        /// Two rows have the same id.
        DuplicateId = "duplicate_id",
        /// The split column holds a word that names no split.
        Split = "split",
        /// The same dialogue is in another row.
        Duplicate = "duplicate",
        /// A line may name a speaker, or may not: it is read as text until a person says otherwise.
        UnsureSpeaker = "unsure_speaker",
        /// Only one person speaks in the dialogue.
        OneSpeaker = "one_speaker",
        /// The data set has the same row already: it is left out.
        AlreadyHere = "already_here",
        /// The same message comes again and again, from several people: written by the program, not by them.
        RepeatedMessage = "repeated_message",
    }
}

closed_set! {
    /// Why a message or line of a file is not part of a conversation.
    DropReason, "reason" {
        /// The chat program reports on the chat: who joined, what is encrypted.
        System = "system",
        /// A picture, recording or file without words.
        Media = "media",
        /// A message that its writer took back.
        Deleted = "deleted",
        /// A call, missed or made.
        Call = "call",
        /// A reaction to a message.
        Reaction = "reaction",
        /// Written by a program that takes part.
        Bot = "bot",
        /// A title, a list of those present or another line above the conversation.
        Header = "header",
        /// A line that is only a time.
        Time = "time",
        /// A line below the conversation that says where the conversation comes from.
        Footer = "footer",
        /// Text that is marked as deleted in a document with tracked changes.
        TrackedDeletion = "tracked_deletion",
        /// A message from the chat program in words that Duologue does not know.
        Client = "client",
        /// A row without a text.
        Empty = "empty",
        /// A message that several people send again and again, left out on request.
        Repeated = "repeated",
    }
}

closed_set! {
    /// How the bytes of a text file are read, as Python names it.
    Encoding, "encoding" {
        /// UTF-8.
        Utf8 = "utf-8",
        /// UTF-16, low byte first.
        Utf16Le = "utf-16-le",
        /// UTF-16, high byte first.
        Utf16Be = "utf-16-be",
        /// UTF-32, low byte first.
        Utf32Le = "utf-32-le",
        /// UTF-32, high byte first.
        Utf32Be = "utf-32-be",
        /// Windows-1252: western Europe.
        Cp1252 = "cp1252",
        /// Windows-1250: central Europe.
        Cp1250 = "cp1250",
        /// Windows-1254: Turkish.
        Cp1254 = "cp1254",
        /// ISO 8859-15: western Europe with the euro sign.
        Iso8859_15 = "iso8859-15",
        /// Mac OS Roman.
        MacRoman = "mac-roman",
    }
}

closed_set! {
    /// The separator between the cells of a table.
    Separator, "separator" {
        /// A comma.
        Comma = "comma",
        /// A semicolon.
        Semicolon = "semicolon",
        /// A tab.
        Tab = "tab",
        /// A vertical bar.
        Bar = "bar",
    }
}

closed_set! {
    /// A bound on what an import reads.
    IntakeLimit, "limit" {
        /// Bytes of a file.
        FileBytes = "file_bytes",
        /// Members of an archive.
        Members = "members",
        /// Unpacked bytes of one member of an archive.
        MemberBytes = "member_bytes",
        /// Unpacked bytes of all members of an archive.
        ArchiveBytes = "archive_bytes",
        /// Depth of nested elements.
        Depth = "depth",
        /// Bytes of one cell of a workbook.
        CellBytes = "cell_bytes",
        /// Turns of all dialogues.
        Turns = "turns",
        /// Rows, values and wordless lines into which a file is divided.
        Pieces = "pieces",
        /// Cells of an old workbook from the first to the last, empty ones included.
        Reach = "reach",
        /// Columns of a table.
        Columns = "columns",
    }
}

closed_set! {
    /// A language that can be told by its function words, as an ISO 639-1 code.
    Language, "language" {
        /// English.
        English = "en",
        /// German.
        German = "de",
        /// French.
        French = "fr",
        /// Spanish.
        Spanish = "es",
        /// Italian.
        Italian = "it",
    }
}

closed_set! {
    /// What may be wrong with an example of a data set.
    Doubt, "doubt" {
        /// The same dialogue as an earlier example.
        Duplicate = "duplicate",
        /// Nearly the same dialogue as an earlier example.
        NearDuplicate = "near_duplicate",
        /// The summary has as many words as its dialogue, or more.
        LongSummary = "long_summary",
        /// A name in the summary that the dialogue does not contain.
        UnknownName = "unknown_name",
        /// The summary is one piece of the dialogue.
        CopiedSummary = "copied_summary",
        /// The dialogue is far longer than the others.
        VeryLong = "very_long",
        /// The dialogue is far shorter than the others, or nobody answers.
        VeryShort = "very_short",
        /// A different language from most of the data set.
        OtherLanguage = "other_language",
        /// The example is longer than a model's context.
        TooLong = "too_long",
    }
}

/// Number of examples per split.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "specta", derive(specta::Type))]
pub struct SplitCounts {
    /// Examples for training.
    #[cfg_attr(feature = "specta", specta(type = u32))]
    pub train: u64,
    /// Examples for choosing checkpoints and stopping.
    #[cfg_attr(feature = "specta", specta(type = u32))]
    pub validation: u64,
    /// Examples that only the evaluation reads.
    #[cfg_attr(feature = "specta", specta(type = u32))]
    pub test: u64,
}

impl SplitCounts {
    /// Counts one more example.
    pub fn add(&mut self, split: Split) {
        match split {
            Split::Train => self.train += 1,
            Split::Validation => self.validation += 1,
            Split::Test => self.test += 1,
        }
    }

    /// Examples of all splits.
    pub fn total(self) -> u64 {
        self.train + self.validation + self.test
    }
}
