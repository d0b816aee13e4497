//! Rater packs: a file for a rater elsewhere, and the answers that come back.

use std::path::PathBuf;
use std::process::ExitCode;

use contract::{Merged, PackWritten};
use host::clock::now_ms;
use project::study::merge::AnswersFile;
use project::study::pack::{PackFresh, PackRequest};

use super::{Done, session};
use crate::args::{Global, StudyMerge, StudyPack};
use crate::failure::Failure;
use crate::output::Output;

pub(super) fn write(global: &Global, args: &StudyPack, output: &Output) -> Done {
    let session = session(global)?;
    let to = match &args.to {
        Some(to) => to.clone(),
        None => PathBuf::from(session.pack_name(&args.study, &args.rater)?),
    };
    let request = PackRequest {
        study: &args.study,
        rater: &args.rater,
        language: args.language,
    };
    let written = session.write_pack(request, &to, &fresh()?)?;
    output.text(told(&written));
    output.result(&written);
    Ok(ExitCode::SUCCESS)
}

fn fresh() -> Result<PackFresh, Failure> {
    let no_source = |error: std::io::Error| {
        Failure::usage(
            format!("this machine gives no random numbers: {error}"),
            "Write the pack on another machine.",
        )
    };
    Ok(PackFresh {
        now_ms: now_ms(),
        pack_id: host::process::token().map_err(no_source)?,
        bytes: host::process::secret_key().map_err(no_source)?,
        more: host::process::secret_key().map_err(no_source)?,
    })
}

/// What an owner does with a pack.
fn told(written: &PackWritten) -> String {
    format!(
        "{} is written ({} kB). Send it to the rater; they open it in a browser on a computer.\n\n\
         secret       {}\nfingerprint  {}\n\n\
         Tell the secret by telephone, not by the same mail: it is shown only now. The fingerprint is the beginning of the \
         file's SHA-256.",
        written.file,
        written.bytes.div_ceil(1_000),
        written.secret,
        fingerprint(&written.sha256)
    )
}

/// Five groups of four digits, as two people compare them.
fn fingerprint(sha256: &str) -> String {
    let digits: Vec<char> = sha256.chars().take(20).collect();
    let groups: Vec<String> = digits
        .chunks(4)
        .map(|group| group.iter().collect())
        .collect();
    groups.join(" ")
}

pub(super) fn merge(global: &Global, args: &StudyMerge, output: &Output) -> Done {
    let answers = AnswersFile {
        path: &args.file,
        secret: args.secret.as_deref(),
        keep: args.keep,
    };
    let merged = session(global)?.merge_answers(&args.study, answers, now_ms())?;
    output.text(taken(&merged));
    output.result(&merged);
    Ok(ExitCode::SUCCESS)
}

fn taken(merged: &Merged) -> String {
    let Some(rater) = &merged.rater else {
        return "The answers that were here are kept; nothing of the file was taken.".to_owned();
    };
    let end = match merged.locked {
        true => " The set is locked.",
        false => "",
    };
    match (merged.new, merged.replaced) {
        (0, 0) => format!(
            "Nothing new: saving {} of {rater} is here.{end}",
            merged.revision
        ),
        (new, replaced) => format!(
            "{rater}, saving {}: {new} answers are new, {replaced} took the place of others.{end}",
            merged.revision
        ),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_an_owner_reads() {
        assert_eq!(
            fingerprint(&"0123456789abcdef".repeat(4)),
            "0123 4567 89ab cdef 0123"
        );
        let merged = Merged {
            rater: Some("R2".into()),
            branch: "b".into(),
            revision: 3,
            new: 4,
            replaced: 1,
            locked: true,
            conflict: None,
        };
        assert_eq!(
            taken(&merged),
            "R2, saving 3: 4 answers are new, 1 took the place of others. The set is locked."
        );
    }
}
