//! The problems and remarks of a file's rows: of each kind as many as a person can look at, and how many more there are.

use std::collections::BTreeMap;

use contract::IssueCode;

use super::{Issue, More, Severity};

/// Maximum number of issues of one kind that are kept one by one.
const MOST_ALIKE: usize = 10_000;

/// Issues in the order in which they are found.
#[derive(Debug, Default)]
pub(crate) struct Issues {
    list: Vec<Issue>,
    kinds: BTreeMap<IssueCode, Alike>,
    /// Rows that cannot be imported.
    bad_rows: usize,
    last_bad_row: Option<usize>,
}

/// Issues of one kind.
#[derive(Debug, Default)]
struct Alike {
    count: usize,
    /// The first one that is not listed, and the row of the last.
    further: Option<Issue>,
    last_row: usize,
}

impl Issues {
    pub(crate) fn push(&mut self, issue: Issue) {
        // What is wrong with a row is found at one time.
        if issue.severity == Severity::Error && self.last_bad_row != Some(issue.row) {
            self.last_bad_row = Some(issue.row);
            self.bad_rows += 1;
        }
        let alike = self.kinds.entry(issue.fault.code()).or_default();
        alike.count += 1;
        alike.last_row = issue.row;
        match alike.count <= MOST_ALIKE {
            true => self.list.push(issue),
            false => drop(alike.further.get_or_insert(issue)),
        }
    }

    /// Rows that cannot be imported.
    pub(crate) fn bad_rows(&self) -> usize {
        self.bad_rows
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.list.is_empty()
    }

    /// All that are listed; one that stands for many says how many.
    pub(crate) fn into_list(mut self) -> Vec<Issue> {
        for (_, alike) in self.kinds {
            let Some(mut issue) = alike.further else {
                continue;
            };
            let more = alike.count - MOST_ALIKE - 1;
            if more > 0 {
                issue.more = Some(More {
                    count: more,
                    last_row: alike.last_row,
                });
            }
            self.list.push(issue);
        }
        self.list
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use contract::problem::RowFault;

    fn issue(row: usize, fault: RowFault, severity: Severity) -> Issue {
        Issue {
            severity,
            ..Issue::warning("a.csv", row, "", fault)
        }
    }

    #[test]
    fn of_each_kind_a_person_can_look_at_so_much_and_all_are_counted() {
        let mut issues = Issues::default();
        for row in 1..=MOST_ALIKE + 5 {
            issues.push(issue(row, RowFault::EmptySummary, Severity::Error));
            issues.push(issue(row, RowFault::EmptyDialogue, Severity::Error));
            issues.push(issue(row, RowFault::OneSpeaker, Severity::Warning));
        }
        issues.push(issue(
            7,
            RowFault::AlreadyHere { id: String::new() },
            Severity::Warning,
        ));
        assert_eq!(issues.bad_rows(), MOST_ALIKE + 5);
        let list = issues.into_list();
        assert_eq!(list.len(), 3 * (MOST_ALIKE + 1) + 1);
        let last = &list[list.len() - 1];
        assert_eq!(last.row, MOST_ALIKE + 1);
        let more = More {
            count: 4,
            last_row: MOST_ALIKE + 5,
        };
        assert_eq!(last.more, Some(more));
    }
}
