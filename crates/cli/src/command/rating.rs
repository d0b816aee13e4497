//! Acts on a rating study: planning and starting it, its roster, closing, opening the results early. None of them
//! reveals who wrote a text before the results are open.

use std::path::Path;
use std::process::ExitCode;

use contract::{Criterion, RaterState, StudyKind, StudyName, StudyOutlook};
use host::clock::now_ms;
use project::session::Session;
use project::study::begin::{Begun, Fresh};
use project::study::blind::Gone;
use project::study::request::{StudyRequest, SystemRequest};

use super::{Done, quoted, session};
use crate::answer;
use crate::args::{Global, StudyCreate, StudyWithdraw};
use crate::failure::Failure;
use crate::output::Output;
use crate::table::Table;

pub(super) fn create(global: &Global, args: &StudyCreate, output: &Output) -> Done {
    let session = session(global)?;
    let request = request(&session, args)?;
    let begun = match args.draft {
        true => session.draft_study(&request, now_ms())?,
        false => session.begin_study(&request, &fresh()?)?,
    };
    tell(&begun, output);
    Ok(ExitCode::SUCCESS)
}

pub(super) fn start(global: &Global, study: &StudyName, output: &Output) -> Done {
    let session = session(global)?;
    let number = session.study_row(study)?.id;
    tell(&session.start_study(number, &fresh()?)?, output);
    Ok(ExitCode::SUCCESS)
}

/// The time and the secret words of a study that begins.
fn fresh() -> Result<Fresh, Failure> {
    let no_source = |error: std::io::Error| {
        Failure::usage(
            format!("this machine gives no random numbers: {error}"),
            "Start the study on another machine.",
        )
    };
    Ok(Fresh {
        now_ms: now_ms(),
        blind_key: host::process::secret_key().map_err(no_source)?,
        uid: host::process::token().map_err(no_source)?,
    })
}

/// The plan in a file, with the options taking precedence.
fn request(session: &Session, args: &StudyCreate) -> Result<StudyRequest, Failure> {
    let mut request = match &args.file {
        Some(file) => read_plan(file)?,
        None => StudyRequest::default(),
    };
    request.kind = args.kind.unwrap_or(request.kind);
    match request.kind {
        StudyKind::Summaries => add_systems(session, args, &mut request)?,
        StudyKind::Dialogues => add_sources(session, args, &mut request)?,
    }
    if let Some(name) = &args.name {
        request.name.clone_from(name);
    }
    if !args.raters.is_empty() {
        request.raters.clone_from(&args.raters);
    }
    request.n = args.n.or(request.n);
    request.shared = args.shared.or(request.shared);
    request.mode = args.mode.unwrap_or(request.mode);
    request.seed = args.seed.unwrap_or(request.seed);
    if let Some(file) = &args.criteria {
        request.criteria = Some(read_criteria(file)?);
    }
    Ok(request)
}

/// The systems of each run, and the human reference.
fn add_systems(
    session: &Session,
    args: &StudyCreate,
    request: &mut StudyRequest,
) -> Result<(), Failure> {
    if !args.synthesizers.is_empty() {
        return Err(Failure::usage(
            "--synthesizers is for an audit of dialogues",
            "Add --kind dialogues, or name --systems.",
        ));
    }
    for run in &args.run {
        let report = session.run(run)?;
        let systems = match args.systems.is_empty() {
            true => session.rated_systems(&report.id)?,
            false => args.systems.clone(),
        };
        let planned = systems.into_iter();
        request
            .systems
            .extend(planned.map(|system| SystemRequest::of_run(run, system)));
        if request.name.is_empty() {
            request.name = run.as_str().into();
        }
    }
    if args.file.is_none() && args.reference {
        request.systems.push(SystemRequest::reference());
    }
    Ok(())
}

/// Real dialogues, and the made-up ones of each run.
fn add_sources(
    session: &Session,
    args: &StudyCreate,
    request: &mut StudyRequest,
) -> Result<(), Failure> {
    if !args.systems.is_empty() {
        return Err(Failure::usage(
            "--systems is for a study of summaries",
            "Name --synthesizers instead, or leave --kind dialogues out.",
        ));
    }
    let real = SystemRequest::real();
    if request
        .systems
        .iter()
        .all(|known| known.source != real.source)
    {
        request.systems.insert(0, real);
    }
    for run in &args.run {
        let report = session.run(run)?;
        let synthesizers = match args.synthesizers.is_empty() {
            true => vec![session.audited_synthesizer(&report.id)?],
            false => args.synthesizers.clone(),
        };
        let planned = synthesizers.into_iter();
        request
            .systems
            .extend(planned.map(|role| SystemRequest::made_up(run, role)));
        if request.name.is_empty() {
            request.name = format!("Audit of {run}").into();
        }
    }
    Ok(())
}

fn read(file: &Path) -> Result<String, Failure> {
    std::fs::read_to_string(file)
        .map_err(|error| Failure::file(file, None, error, "Name a file that can be read."))
}

fn read_plan(file: &Path) -> Result<StudyRequest, Failure> {
    Ok(StudyRequest::from_toml(&read(file)?).map_err(project::Error::from)?)
}

fn read_criteria(file: &Path) -> Result<Vec<Criterion>, Failure> {
    serde_json::from_str(&read(file)?).map_err(|error| {
        let fix = "Each criterion needs key, scale, higher_is_better and texts.";
        let reason = contract::excerpt(&error.to_string());
        Failure::file(file, Some(error.line()), reason, fix)
    })
}

fn tell(begun: &Begun, output: &Output) {
    let name = quoted(&begun.name);
    output.text(match &begun.seal {
        None => format!(
            "Study {} is a draft: `duologue study start {name}`.",
            begun.study
        ),
        Some(seal) => format!(
            "Study {} runs: {} dialogues, {} texts.\nplan  {}\nseal  {}",
            begun.study,
            begun.dialogues,
            begun.items,
            begun.protocol_sha256,
            groups(seal)
        ),
    });
    if !begun.raters.is_empty() {
        let mut table = Table::new(&["rater", "name", "steps"]);
        for rater in &begun.raters {
            table.row(vec![
                rater.slot.clone(),
                rater.name.clone(),
                rater.load.to_string(),
            ]);
        }
        output.text(table.to_string());
    }
    let sentences = begun
        .plan
        .iter()
        .flat_map(|plan: &StudyOutlook| plan.sentences.values());
    sentences.for_each(|sentence| output.text(&sentence.en));
    output.result(begun);
}

/// The first eight pairs of hexadecimal digits, as people read them to one another.
fn groups(seal: &str) -> String {
    let digits: Vec<char> = seal.chars().take(16).collect();
    let pairs: Vec<String> = digits.chunks(2).map(|pair| pair.iter().collect()).collect();
    pairs.join(" ")
}

pub(super) fn progress(global: &Global, study: &StudyName, output: &Output) -> Done {
    let found = session(global)?.study_progress(study)?;
    let mut table = Table::new(&["rater", "name", "state", "done", "median"]);
    for rater in &found.raters {
        let state = match (rater.state, rater.counted) {
            (RaterState::Withdrawn, false) => "withdrawn, not counted".to_owned(),
            (state, _) => state.to_string(),
        };
        table.row(vec![
            rater.slot.clone(),
            rater.name.clone(),
            state,
            format!("{} of {}", rater.done, rater.load),
            rater
                .median_s
                .map_or("-".to_owned(), |seconds| format!("{seconds:.0} s")),
        ]);
    }
    output.text(format!("{}: {}", found.study.name, found.study.state));
    output.text(
        match found.raters.iter().all(|rater| rater.last_at_ms.is_none()) {
            true => format!("{table}\nNobody has begun."),
            false => table.to_string(),
        },
    );
    output.result(&found);
    Ok(ExitCode::SUCCESS)
}

pub(super) fn add(global: &Global, study: &StudyName, name: &str, output: &Output) -> Done {
    let slot = session(global)?.add_rater(study, name, now_ms())?;
    output.text(format!("{name} is {slot} of {}.", quoted(study)));
    output.result(&answer::RaterAdded { study, slot, name });
    Ok(ExitCode::SUCCESS)
}

pub(super) fn withdraw(global: &Global, args: &StudyWithdraw, output: &Output) -> Done {
    let gone = Gone {
        rater: &args.rater,
        reason: &args.reason,
        counted: args.not_counted.then_some(false),
    };
    let study = &args.study;
    let state = session(global)?.withdraw_rater(study, gone, now_ms())?;
    output.text(format!(
        "{} is withdrawn; the study is {state}.",
        args.rater
    ));
    output.result(&answer::StudyStands { study, state });
    Ok(ExitCode::SUCCESS)
}

pub(super) fn close(global: &Global, study: &StudyName, reason: &str, output: &Output) -> Done {
    let state = session(global)?.close_study(study, reason, now_ms())?;
    output.text(format!(
        "The study is {state}: `duologue study results {}`.",
        quoted(study)
    ));
    output.result(&answer::StudyStands { study, state });
    Ok(ExitCode::SUCCESS)
}

pub(super) fn reveal(global: &Global, study: &StudyName, reason: &str, output: &Output) -> Done {
    let session = session(global)?;
    let _opened = session.reveal(study, reason, now_ms())?;
    let found = session.study_progress(study)?;
    let is_open = |state| matches!(state, RaterState::Invited | RaterState::Active);
    let open_raters: Vec<String> = found
        .raters
        .into_iter()
        .filter(|rater| is_open(rater.state))
        .map(|rater| rater.name)
        .collect();
    output.text(match open_raters.is_empty() {
        true => "The results are open.".to_owned(),
        false => format!(
            "The results are open, before {} had locked. Every result says so.",
            open_raters.join(", ")
        ),
    });
    output.result(&answer::Revealed {
        study,
        revealed_at_ms: found.revealed_early_at_ms,
        open_raters,
    });
    Ok(ExitCode::SUCCESS)
}

pub(super) fn verify(global: &Global, study: &StudyName, output: &Output) -> Done {
    let session = session(global)?;
    let found = session.verify_study(&session.opened(study)?)?;
    let word = |fine: bool| {
        if fine {
            "as at the start"
        } else {
            "CHANGED since the start"
        }
    };
    output.text(format!(
        "plan  {}\nseal  {}",
        word(found.protocol_ok),
        word(found.seal_ok)
    ));
    output.result(&found);
    Ok(match found.protocol_ok && found.seal_ok {
        true => ExitCode::SUCCESS,
        false => ExitCode::FAILURE,
    })
}

pub(super) fn delete(global: &Global, study: &StudyName, yes: bool, output: &Output) -> Done {
    let session = session(global)?;
    let found = session.study_progress(study)?.study;
    if !yes {
        return Err(Failure::usage(
            format!(
                "{} texts and {} ratings would be gone for good",
                found.items, found.ratings
            ),
            "Write them to files with `duologue study export`, then give --yes.",
        ));
    }
    session.delete_rated_study(found.study)?;
    output.text(format!("{} is removed.", found.name));
    output.result(&answer::StudyDeleted {
        study,
        items: found.items,
        ratings: found.ratings,
    });
    Ok(ExitCode::SUCCESS)
}
