//! What to do about a row of an imported file, with the options of the command line. What is wrong with it is the fault's
//! own plain English.

use contract::Severity;
use contract::problem::{BadBytes, Double, Nameless, NoDialogue, NoSummary, NoText, RowFault};
use project::import::Issue;

/// What is wrong with a row, and how many other rows it applies to.
pub(crate) fn reason(issue: &Issue) -> String {
    let fault = &issue.fault;
    match issue.more {
        None => fault.to_string(),
        Some(more) => format!(
            "{fault}; the same goes for {} more, down to row {}",
            more.count, more.last_row
        ),
    }
}

/// What to do about a row.
pub(crate) fn fix(issue: &Issue) -> String {
    remedy(&issue.fault, issue.severity)
}

/// What to do about a fault, whether or not it keeps its row out.
pub(crate) fn remedy(fault: &RowFault, severity: Severity) -> String {
    use RowFault::*;
    let fix = match fault {
        MissingSummary(NoSummary::Field {} | NoSummary::Transcript { .. }) | EmptySummary
            if severity == Severity::Warning =>
        {
            "The dialogue is kept and waits for a summary; no run reads it until then."
        }
        MissingSummary(NoSummary::Transcript { beside }) => {
            return format!(
                "Write it under the dialogue after `Summary:`, or alone into {beside} beside the file."
            );
        }
        MissingSummary(NoSummary::Beside { .. }) => {
            "Give a summary for each dialogue there, in order, with a line of `---` between them."
        }
        MissingSummary(NoSummary::Field {}) | EmptySummary => {
            "Fill in the summary or take the row out."
        }
        MissingDialogue(NoDialogue::Field {}) | EmptyDialogue => {
            "Fill in the dialogue or take the row out."
        }
        MissingDialogue(NoDialogue::Between {}) => {
            "Put the turns over or under it, with a line of `---` or a heading between turns and summary."
        }
        MissingDialogue(NoDialogue::Alone {}) => {
            "Give the transcript, or rename this file if it holds a dialogue itself."
        }
        NotText(NoText::Field {
            part: contract::MapPart::Dialogue,
            ..
        }) => "Give the dialogue as `Name: text` lines or as a list of turns.",
        NotText(NoText::Field { .. }) => "Give the summary as a text.",
        NotText(NoText::Turn { .. }) => {
            "Give each turn as a text or as {\"speaker\": …, \"text\": …}."
        }
        NoSpeaker(Nameless::Everybody {}) => {
            "Write each turn as `Name: text`, or name the speakers of the lines in turn with --speakers."
        }
        NoSpeaker(Nameless::Turn { .. }) => "Name its speaker, or take the turn out.",
        NoSpeaker(Nameless::Before { .. }) => {
            "It is kept. Take it out, or write the speaker before it."
        }
        InvalidUtf8(BadBytes::Row { .. }) => {
            "Save the file as UTF-8, name its encoding with --encoding, or take the row out."
        }
        InvalidUtf8(BadBytes::Line { .. }) => {
            "Save the file as UTF-8, or name its encoding with --encoding."
        }
        InvalidUtf8(BadBytes::Beside { .. }) => "Save that file as UTF-8.",
        Json { .. } | NotObject { .. } => {
            "Correct the row or take it out; each row is one object such as {\"dialogue\": …, \"summary\": …}."
        }
        RaggedRow { .. } => {
            "Put text that holds separators or line breaks in quotation marks, or take the row out."
        }
        OpenQuote(_) => "Close the quotation mark, or write it twice where it belongs to the text.",
        Cue { .. } => {
            "Write each cue as a line such as `00:00:01.000 --> 00:00:04.000` and its text below; blank lines stand between cues and nowhere else."
        }
        BadSpeaker { .. } => {
            "Name each speaker with at most 40 characters, one a letter, digit or emoji."
        }
        DuplicateId { .. } => "Give each row its own id.",
        Split { .. } => "Correct the split, or say one for all rows with --split.",
        Duplicate(Double::Row { .. }) => {
            "Nothing has to be done: both are kept. Take one out if it was not meant."
        }
        Duplicate(Double::DataSet { .. }) => {
            "It is kept and counts twice; leave the row out if it was not meant."
        }
        UnsureSpeaker { .. } => {
            "It is read as text of the turn before it. Write `Name: text` where somebody speaks."
        }
        OneSpeaker => "It is kept. Check how the speakers were read.",
        AlreadyHere { .. } => "Nothing has to be done: it was left out.",
        RepeatedMessage { .. } => {
            "It is kept. If the chat program wrote it, --drop-repeated leaves out all such messages."
        }
    };
    fix.to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;
    use project::import::More;

    #[test]
    fn a_row_says_what_is_wrong_and_what_helps() {
        let issue = |fault, severity, more| Issue {
            file: "a.txt".into(),
            row: 3,
            field: "summary".into(),
            fault,
            severity,
            more,
        };
        let lack = || {
            RowFault::MissingSummary(NoSummary::Transcript {
                beside: "a.summary.txt".into(),
            })
        };
        let bad = issue(lack(), Severity::Error, None);
        assert_eq!(reason(&bad), "the dialogue that begins here has no summary");
        assert!(fix(&bad).contains("`Summary:`") && fix(&bad).contains("a.summary.txt"));
        assert!(fix(&issue(lack(), Severity::Warning, None)).contains("waits"));
        let more = Some(More {
            count: 4,
            last_row: 9,
        });
        let nobody = RowFault::NoSpeaker(Nameless::Everybody {});
        let many = issue(nobody, Severity::Warning, more);
        assert!(reason(&many).ends_with("; the same goes for 4 more, down to row 9"));
        assert!(fix(&many).contains("--speakers"));
    }
}
