//! deid: what identifies somebody in conversations, the words in doubt, twenty conversations to read, and the check against
//! marked ones. `import --deid` replaces. Needs no model.

use std::collections::BTreeMap;
use std::path::Path;
use std::process::ExitCode;

use contract::{FileAction, IdentifierKind, Replacing, SurrogateScope};
use privacy::deid::check::{Case, Score, Share, check};
use privacy::deid::reading::{READ, drawn, recall};
use privacy::deid::review::{Doubt, read_verdicts, write_review};
use privacy::deid::surrogate::{Key, Plan};
use privacy::deid::{Conversation, Dataset, Verdicts};
use project::deidentify::{Deidentify, Replacements};
use project::import::{self, ImportOptions};

use super::data::user_language;
use super::{Done, read_lines, read_text, session};
use crate::answer::{AskedWord, DeidLine, DeidRead, DeidScanned, DeidSpan, ReadMarks};
use crate::args::{DeidArgs, DeidRead as ReadArgs, DeidScan, DeidSource, DeidWhat, Global};
use crate::failure::Failure;
use crate::output::Output;
use crate::table::Table;

/// The largest number of words in doubt that is printed.
const SHOWN_WORDS: usize = 20;

pub(super) fn deid(global: &Global, what: &DeidWhat, output: &Output) -> Done {
    match what {
        DeidWhat::Scan(args) => scan(global, args, output),
        DeidWhat::Read(args) => read(global, args, output),
        DeidWhat::Check { file } => against(file, output),
    }
}

/// What `import` is asked to do; `None` if pieces stay. The key is made here and forgotten with this process.
pub(super) fn asked(args: &DeidArgs) -> Result<Option<Deidentify>, Failure> {
    if args.deid == Replacing::Off {
        return Ok(None);
    }
    Ok(Some(Deidentify {
        plan: plan(args.deid, args.deid_scope)?,
        verdicts: verdicts(args.deid_words.as_deref())?,
        accept_open: args.accept_open,
    }))
}

/// What an import replaced, for people.
pub(super) fn describe(deid: &Replacements) -> String {
    let total: usize = deid.replaced.values().sum();
    let mut out = format!(
        "Replaced {total} pieces that identify somebody: {}.",
        counts(&deid.replaced)
    );
    if deid.open > 0 {
        out.push_str(&format!(
            " {} of {} words in doubt are open and stay as they are.",
            deid.open, deid.asked
        ));
    }
    out.push_str(
        " The conversations are less identifying now, and what happened in them may still tell who they are about. What stood there \
         before is kept nowhere: this cannot be undone. The files that you imported are still there, as they were.",
    );
    out
}

fn counts(found: &BTreeMap<IdentifierKind, usize>) -> String {
    let kinds: Vec<String> = found
        .iter()
        .map(|(kind, count)| format!("{count} {kind}"))
        .collect();
    match kinds.is_empty() {
        true => "none".to_owned(),
        false => kinds.join(", "),
    }
}

fn plan(replacing: Replacing, scope: SurrogateScope) -> Result<Plan, Failure> {
    let secret = host::process::token().map_err(|error| {
        Failure::usage(
            format!("this system has no random numbers: {error}"),
            "Import without --deid, or on another computer.",
        )
    })?;
    let mut bytes = [0; 32];
    for (byte, digit) in bytes.iter_mut().zip(secret.bytes()) {
        *byte = digit;
    }
    Ok(Plan {
        replacing,
        scope,
        key: Key::new(bytes),
    })
}

fn verdicts(file: Option<&Path>) -> Result<Verdicts, Failure> {
    let Some(file) = file else {
        return Ok(Verdicts::new());
    };
    read_verdicts(&read_text(file)?).map_err(|bad| {
        let fix = "Write lines WORD = name, town, org or no; what follows a # says nothing.";
        Failure::file(file, Some(bad.line()), bad, fix)
    })
}

/// The conversations of files or of a data set.
fn conversations(global: &Global, source: &DeidSource) -> Result<Vec<Conversation>, Failure> {
    if let Some(name) = &source.dataset {
        let rows = session(global)?.examples(name, 0, u32::MAX)?.into_iter();
        return Ok(rows
            .map(|row| Conversation {
                id: row.external_id,
                texts: row
                    .dialogue
                    .into_iter()
                    .chain(row.references.shown().iter().cloned())
                    .collect(),
            })
            .collect());
    }
    let options = ImportOptions {
        map: source.map.clone(),
        speakers: source.speakers.clone().map(|speakers| speakers.0),
        keep_unsummarised: true,
        reading: source.reading.reading(user_language()),
        ..ImportOptions::default()
    };
    let found = import::read(&source.files, &options).map_err(project::Error::from)?;
    found.require_mapping().map_err(project::Error::from)?;
    let conversation = |example: import::ImportedExample| Conversation {
        id: example.external_id,
        texts: std::iter::once(example.dialogue)
            .chain(example.references)
            .collect(),
    };
    Ok(found.examples.into_iter().map(conversation).collect())
}

fn scan(global: &Global, args: &DeidScan, output: &Output) -> Done {
    let conversations = conversations(global, &args.source)?;
    let mut answers = verdicts(args.source.deid_words.as_deref())?;
    if let Some(file) = args.review.as_deref().filter(|file| file.exists()) {
        answers.extend(verdicts(Some(file))?);
    }
    let dataset = Dataset::of(&conversations, answers);
    let mut found: BTreeMap<IdentifierKind, usize> = BTreeMap::new();
    for conversation in &conversations {
        let findings = dataset.find(conversation);
        for (kind, count) in findings.counts() {
            *found.entry(kind).or_default() += count;
        }
        if args.items {
            let texts = conversation.texts.iter().zip(&findings.pieces).enumerate();
            let spans = texts.flat_map(|(place, (text, pieces))| {
                pieces
                    .iter()
                    .map(move |piece| DeidSpan::new(place, text, piece))
            });
            output.line(&DeidLine {
                id: &conversation.id,
                spans: spans.collect(),
            });
        }
    }
    let doubts = dataset.doubts(&conversations);
    if let Some(file) = &args.review {
        let written = host::file::write(file, write_review(&doubts).as_bytes());
        written.map_err(|error| project::Error::io(FileAction::Write, file, &error))?;
    }
    output.text(describe_scan(
        &found,
        &doubts,
        conversations.len(),
        args.review.as_deref(),
    ));
    output.result(&DeidScanned {
        n: found.values().sum(),
        found,
        asked: doubts.into_iter().map(AskedWord::from).collect(),
        conversations: conversations.len(),
    });
    Ok(ExitCode::SUCCESS)
}

fn describe_scan(
    found: &BTreeMap<IdentifierKind, usize>,
    doubts: &[Doubt],
    conversations: usize,
    review: Option<&Path>,
) -> String {
    let total: usize = found.values().sum();
    let mut out = format!(
        "{total} pieces in {conversations} conversations identify somebody: {}.\n",
        counts(found)
    );
    let open = doubts
        .iter()
        .filter(|doubt| doubt.verdict.is_none())
        .count();
    match review {
        _ if doubts.is_empty() => {}
        Some(file) => out.push_str(&format!(
            "{open} of {} words in doubt are open: answer them in {}.\n",
            doubts.len(),
            file.display()
        )),
        None => out.push_str(&format!(
            "{open} of {} words in doubt are open: --review FILE writes them to a file for you to answer.\n",
            doubts.len()
        )),
    }
    if open > 0 {
        let mut table = Table::new(&["word", "times", "first place"]);
        let shown = doubts.iter().filter(|doubt| doubt.verdict.is_none());
        for doubt in shown.take(SHOWN_WORDS) {
            table.row(vec![
                doubt.word.clone(),
                doubt.n.to_string(),
                doubt.context.clone(),
            ]);
        }
        out.push_str(&table.to_string());
    }
    out
}

fn read(global: &Global, args: &ReadArgs, output: &Output) -> Done {
    let conversations = conversations(global, &args.source)?;
    let dataset = Dataset::of(&conversations, verdicts(args.source.deid_words.as_deref())?);
    let pieces = |conversation: &Conversation| -> Vec<String> {
        let findings = dataset.find(conversation);
        let texts = conversation.texts.iter().zip(&findings.pieces);
        texts
            .flat_map(|(text, pieces)| {
                pieces
                    .iter()
                    .map(|piece| text[piece.start..piece.end].to_owned())
            })
            .collect()
    };
    let chosen = drawn(conversations.len(), args.seed);
    if !args.marks.exists() {
        let mut lines = String::new();
        for place in &chosen {
            let conversation = &conversations[*place];
            let mut texts = conversation.texts.iter().cloned();
            let marks = ReadMarks {
                id: conversation.id.clone(),
                dialogue: texts.next().unwrap_or_default(),
                summaries: texts.collect(),
                found: pieces(conversation),
                missed: Vec::new(),
            };
            lines.push_str(&serde_json::to_string(&marks).unwrap_or_default());
            lines.push('\n');
        }
        let written = host::file::write(&args.marks, lines.as_bytes());
        written.map_err(|error| project::Error::io(FileAction::Write, &args.marks, &error))?;
        output.text(format!(
            "{} conversations are in {}. Read them, list under `missed` what identifies somebody and does not stand under `found`, and \
             give the same command again. The file holds the conversations as they are: remove it afterwards.",
            chosen.len(),
            args.marks.display()
        ));
        output.result(&DeidRead {
            read: chosen.len(),
            recall: None,
        });
        return Ok(ExitCode::SUCCESS);
    }
    let marks: Vec<(usize, ReadMarks)> = read_lines(&args.marks)?;
    let is_read =
        |conversation: &&Conversation| marks.iter().any(|(_, marks)| marks.id == conversation.id);
    let unread: Vec<&Conversation> = conversations
        .iter()
        .filter(|known| !is_read(known))
        .collect();
    let found = marks.iter().map(|(_, marks)| marks.found.len()).sum();
    let missed = marks.iter().map(|(_, marks)| marks.missed.len()).sum();
    let found_unread = unread
        .iter()
        .map(|conversation| pieces(conversation).len())
        .sum();
    let known = recall(found, missed, unread.len(), found_unread);
    output.text(match &known {
        Some(known) => format!(
            "In the {} conversations that you read, {} of {} pieces were found ({:.1} %, 95 %: {:.1}–{:.1}). About {:.0} ({:.0}–{:.0}) may \
             remain in the {} that you did not read.",
            marks.len(),
            known.found,
            known.found + known.missed,
            100.0 * known.recall,
            100.0 * known.recall_ci95[0],
            100.0 * known.recall_ci95[1],
            known.remaining,
            known.remaining_ci95[0],
            known.remaining_ci95[1],
            known.unread,
        ),
        None => format!("The conversations that you read hold nothing that identifies somebody; with {READ} or fewer this says little."),
    });
    output.result(&DeidRead {
        read: marks.len(),
        recall: known,
    });
    Ok(ExitCode::SUCCESS)
}

fn against(file: &Path, output: &Output) -> Done {
    let cases: Vec<(usize, Case)> = read_lines(file)?;
    let cases: Vec<Case> = cases.into_iter().map(|(_, case)| case).collect();
    let result = check(
        &cases,
        &plan(Replacing::Replace, SurrogateScope::Conversation)?,
    );
    let mut table = Table::new(&[
        "",
        "direct [95 %]",
        "indirect",
        "precision",
        "conversations without a miss",
        "still there",
    ]);
    for (name, score) in [
        ("rules alone", &result.alone),
        ("after the review", &result.reviewed),
    ] {
        table.row(row(name, score));
    }
    output.text(format!(
        "{} conversations, {} words asked once each.\n{table}",
        result.conversations, result.asked
    ));
    output.result(&result);
    Ok(ExitCode::SUCCESS)
}

fn row(name: &str, score: &Score) -> Vec<String> {
    let percent = |share: Option<f64>| {
        share.map_or("–".to_owned(), |share| format!("{:.1} %", 100.0 * share))
    };
    let interval = |share: &Share| {
        share.ci95.map_or(String::new(), |ci95| {
            format!(" [{:.1}, {:.1}]", 100.0 * ci95[0], 100.0 * ci95[1])
        })
    };
    vec![
        name.to_owned(),
        format!(
            "{}{}",
            percent(score.direct.recall),
            interval(&score.direct)
        ),
        percent(score.indirect.recall),
        percent(score.precision_chars),
        percent(score.document_recall),
        score.leaks.to_string(),
    ]
}
