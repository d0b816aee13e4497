//! Which split a row belongs to: what the user says, else a split column, else the files' names, else a draw.

use contract::{IssueCode, SplitRule};
use sha2::{Digest, Sha256};

use super::record::Draft;
use super::{ImportOptions, Issue, Severity, Split, SplitChoice, leak};

/// Sets every draft's split and says how. Rows whose split column holds an unknown word leave
/// `drafts` and become issues.
pub(super) fn assign(
    drafts: &mut Vec<Draft>,
    files: &[String],
    options: &ImportOptions,
    issues: &mut Vec<Issue>,
) -> SplitRule {
    let chosen = match options.split {
        SplitChoice::Train => Some(Split::Train),
        SplitChoice::Validation => Some(Split::Validation),
        SplitChoice::Test => Some(Split::Test),
        SplitChoice::Auto => None,
    };
    if let Some(split) = chosen {
        drafts.iter_mut().for_each(|draft| draft.split = split);
        return SplitRule::Asked { split };
    }
    if drafts.iter().any(|draft| draft.split_word.is_some()) {
        by_column(drafts, issues);
        return SplitRule::Column;
    }
    if files.iter().any(|file| by_name(file).is_some()) {
        for draft in drafts.iter_mut() {
            draft.split = by_name(&draft.file).unwrap_or(Split::Train);
        }
        return SplitRule::FileNames;
    }
    draw(drafts, options.seed);
    SplitRule::Drawn { seed: options.seed }
}

fn by_column(drafts: &mut Vec<Draft>, issues: &mut Vec<Issue>) {
    drafts.retain_mut(|draft| {
        let word = draft.split_word.as_deref().unwrap_or_default();
        if let Some(split) = by_word(word) {
            draft.split = split;
            return true;
        }
        issues.push(Issue {
            file: draft.file.clone(),
            row: draft.row,
            field: "split".into(),
            code: IssueCode::Split,
            reason: format!("`{word}` is none of train, validation, test"),
            fix: "Correct the split, or say one for all rows with --split.".into(),
            severity: Severity::Error,
        });
        false
    });
}

fn by_word(word: &str) -> Option<Split> {
    match word.to_lowercase().as_str() {
        "train" | "training" => Some(Split::Train),
        "validation" | "valid" | "val" | "dev" | "development" | "eval" => Some(Split::Validation),
        "test" | "testing" => Some(Split::Test),
        _ => None,
    }
}

/// `val.json`, `dev.jsonl`, `MTS-Dialog-ValidationSet.csv`: the split that a file's name tells, if exactly one.
fn by_name(file: &str) -> Option<Split> {
    let stem = std::path::Path::new(file)
        .file_stem()?
        .to_string_lossy()
        .to_lowercase();
    let mut found = stem
        .split(|c: char| !c.is_alphanumeric())
        .filter_map(|part| {
            let part = part.trim_end_matches(|c: char| c.is_ascii_digit());
            by_word(part).or_else(|| by_word(part.strip_suffix("set")?))
        });
    let first = found.next()?;
    found.all(|other| other == first).then_some(first)
}

/// 80/10/10 in the order of a keyed hash of the dialogue, so that the draw depends on neither row order nor file.
fn draw(drafts: &mut [Draft], seed: u64) {
    let hash = |draft: &Draft| {
        let mut hasher = Sha256::new();
        hasher.update(seed.to_le_bytes());
        hasher.update(leak::key(&draft.dialogue));
        hasher.finalize().to_vec()
    };
    let mut order: Vec<(Vec<u8>, usize)> = drafts
        .iter()
        .enumerate()
        .map(|(i, draft)| (hash(draft), i))
        .collect();
    order.sort();
    let total = order.len();
    for (rank, (_, index)) in order.into_iter().enumerate() {
        drafts[index].split = match rank * 10 {
            place if place < total => Split::Test,
            place if place < 2 * total => Split::Validation,
            _ => Split::Train,
        };
    }
}
