//! Every [`Problem`] in the words of the command line: what happened, and what to do with which command or option.
//!
//! What happened is the problem's own plain English; what to do is stated here, once. The window has words of its own
//! (`ui/src/text`).

use contract::problem::{
    ArchiveFault, Corrupt, ExperimentFault, FolderFault, Full, HubProblem, ImportProblem,
    Interrupted, Locked, Misuse, ModelProblem, NotFound, RecipeFault, RunProblem, ShellProblem,
    Stall, StudyProblem, TooLong, WorkspaceProblem, WrongState,
};
use contract::{
    CertificateFault, ErrorReport, ExampleKind, IntakeLimit, Lack, OfferChange, Price, Problem,
    Remark, Reported, Severity, StageName, StudyName, StudyState, Thing,
};
use project::report::run::RunReport;

pub(crate) mod row;

/// A problem as the command line reports it.
pub(crate) fn report(problem: Problem) -> ErrorReport {
    ErrorReport {
        fix: fix(&problem),
        ..problem.into()
    }
}

/// Says what to do about the errors that a run's rows hold; those of old rows say it themselves.
pub(crate) fn word_run(run: &mut RunReport) {
    let of_stages = run.stages.iter_mut().map(|stage| &mut stage.error);
    for error in of_stages.chain([&mut run.error]).flatten() {
        if let Reported::Problem(problem) = &error.what {
            error.fix = fix(problem);
        }
    }
}

/// What a run lacks, with the command that helps.
pub(crate) fn lack(lack: &Lack) -> String {
    match lack {
        Lack::Model { hub_id } => {
            format!("the model is not on this computer: `duologue models add {hub_id}`")
        }
        Lack::Speakers { .. } => format!(
            "{lack}; check how the speakers were read, or name them with `duologue import --speakers`"
        ),
        Lack::Summaries { .. } => format!("{lack}; check which column was read as the summary"),
        other => other.to_string(),
    }
}

/// What an import remarks on the data set, with the option that helps.
pub(crate) fn remark(remark: &Remark) -> String {
    match remark {
        Remark::OneSplit { .. } => {
            format!("{remark}. Import more, or say what a file is for with --split.")
        }
        other => format!("{other}."),
    }
}

/// What to add to the command for a cheaper way.
pub(crate) fn offer(change: &OfferChange) -> String {
    match change {
        OfferChange::Settings { settings } => {
            let options = settings.iter().map(|setting| format!("--set {setting}"));
            options.collect::<Vec<_>>().join(" ")
        }
        OfferChange::Model { hub_id } => format!("--model {hub_id}"),
    }
}

/// What a plan that needs less memory costs.
pub(crate) fn price(price: Price) -> &'static str {
    match price {
        Price::Recompute => "the same results bit for bit; trainings take about 1.3 times as long",
        Price::Rounding => "same results up to rounding; somewhat slower",
        Price::EightBits => {
            "the base model's weights are rounded to 8 bits; its time is not measured"
        }
        Price::FourBits => {
            "the base model's weights are rounded to 4.5 bits, texts may get worse; its time is not measured"
        }
        Price::ShortDialogues => "longer dialogues are never written",
        Price::FewerExamples => "as many pairs as the data set has",
        Price::SmallerModel => "a smaller model, with plainer texts",
    }
}

/// Settings as options of the command line.
pub(crate) fn options(settings: &[String]) -> String {
    settings
        .iter()
        .map(|setting| format!("--set {setting}"))
        .collect::<Vec<_>>()
        .join(" ")
}

fn fix(problem: &Problem) -> String {
    match problem {
        Problem::Workspace(problem) => workspace(problem),
        Problem::Import(ImportProblem::BadRows { fault, .. }) => format!(
            "{} The other rows are imported with --skip-bad; --dry-run lists every bad row.",
            row::remedy(fault, Severity::Error)
        ),
        Problem::Import(problem) => import(problem).to_owned(),
        Problem::Run(problem) => run(problem),
        Problem::Model(problem) => model(problem).to_owned(),
        Problem::Hub(problem) => hub(problem),
        Problem::Study(problem) => study(problem),
        Problem::Shell(problem) => shell(problem).to_owned(),
    }
}

fn workspace(problem: &WorkspaceProblem) -> String {
    use WorkspaceProblem::*;
    match problem {
        NewerWorkspace { .. } => "Update Duologue, or name another workspace with --workspace.",
        NotAWorkspace { .. } => "Name another folder with --workspace.",
        DiskFull { room: Some(_), .. } => {
            "Free some space, or name a workspace on a larger disk with --workspace DIR."
        }
        DiskFull { room: None, .. } => {
            "Free some space and do it again; everything finished before is kept."
        }
        Busy { .. } => "Try again in a moment.",
        ReadOnly { .. } => "Check that the folder exists and that you may write to it.",
        Corrupt(self::Corrupt::Database { .. }) => "Restore the workspace folder from a backup.",
        Corrupt(self::Corrupt::Value { .. }) => {
            "The workspace was written by another version; start a new workspace or use that version."
        }
        Io { .. } => "Check that the path exists, that you may use it and that the disk has room.",
        NameTaken { .. } => "Choose another name, or remove that one first.",
        NoSuchDataset { known, .. } if known.is_empty() => "Import one with `duologue import`.",
        NoSuchDataset { .. } => "`duologue datasets` lists the data sets of this workspace.",
        NoSuchRun { .. } => "`duologue runs` lists the runs of this workspace.",
        InUse { .. } => "Remove what uses it first.",
        RatingsLocked { .. } => "Create a new study to rate again.",
        ScoreOutOfRange { .. } => "Give a whole number from 1 to 5.",
        LeaseLost { .. } => "Nothing: the other process continues the run.",
        KeyNeeded { .. } => {
            "Give the passphrase at the prompt or with --passphrase-file FILE; `duologue key status` says what opens it."
        }
        WrongKey { .. } => "Check the passphrase or the recovery key, and that it belongs to this workspace.",
        NotProtected { .. } => "Leave the key out, or protect the workspace with `duologue protect`.",
        AlreadyProtected { .. } => "`duologue key` changes what opens it; `duologue key rotate` encrypts it anew.",
        MixedWorkspace { .. } => {
            "Restore the folder from a backup: its database was replaced by another. Without `keys.json` it opens as it is."
        }
        WorkspaceOpen { .. } => "Close its windows, let its runs end or pause them, and do it again.",
        ProtectInterrupted { .. } => "Open it once with `duologue runs` where you may write.",
        Damaged { .. } => "Restore the file from a backup, or delete the run and do it again.",
        ShortPassphrase { .. } => "Choose a longer one: four or five words that nobody would put together.",
        LastSlot { .. } => "Set another passphrase or recovery key first.",
        NoCipher => "Use a build of Duologue with SQLCipher, or an encrypted disk.",
        Database { .. } => "This is a defect; please report it with the message.",
    }
    .to_owned()
}

fn import(problem: &ImportProblem) -> &'static str {
    use ImportProblem::*;
    match problem {
        NoFiles => "Name at least one file with dialogues and summaries.",
        NotFound(self::NotFound::File { .. }) => "Check the name and the folder.",
        NotFound(self::NotFound::Thing {
            thing: Thing::Model,
            ..
        }) => "`duologue models list` lists the models of this workspace.",
        NotFound(self::NotFound::Thing { .. }) => "Choose one of those that exist.",
        Unreadable(_) => "Name a file, and check that you are allowed to read it.",
        UnknownFormat { .. } => {
            "Save it as CSV with a header row, as a JSON list or as JSON Lines, one row with one dialogue and its summary; or as text, ending in .txt, with lines `Name: text` and the summary after `Summary:`."
        }
        Empty { .. } => {
            "Check that it is the right file: every row holds one dialogue and its summary."
        }
        Json { .. } => "Correct that place, or get the file again: it may have been cut off.",
        InvalidUtf8 { .. } => "Save the file as UTF-8 (in a spreadsheet: `CSV UTF-8`).",
        Table { .. } => "Correct that row, or save the table again from a spreadsheet.",
        UnknownColumn { .. } => "Name one of the file's columns; upper and lower case count.",
        NeedsMapping { .. } => {
            "Name them: `--map dialogue=COLUMN,summary=COLUMN`; or, if each row is one turn, `--turns text=COLUMN,speaker=COLUMN,group=COLUMN`. Dialogues without summaries are kept with `--map dialogue=COLUMN --keep-unsummarised`."
        }
        IncompleteMap { .. } => {
            "Map both: `--map dialogue=COLUMN,summary=COLUMN`; dialogues without summaries are kept with `--keep-unsummarised`."
        }
        SpeakersNeeded { .. } => {
            "Say who speaks in turn, the first turn's speaker first: `--speakers Customer,Agent`."
        }
        BadSpeakers { .. } => {
            "Give two or more names of at most 40 characters without colons, separated by commas: `--speakers Customer,Agent`."
        }
        BadRows { .. } => "The other rows are imported with --skip-bad.",
        Leaks { .. } => {
            "Take the doubles out, or import without --strict: they are then taken off the training side and listed."
        }
        WordsOpen { .. } => {
            "List them with `duologue deid scan FILE --review WORDS.txt`, answer each in that file and import with --deid-words WORDS.txt; --accept-open leaves them as they are."
        }
        Pdf { .. } => {
            "Ask for the transcript as DOCX or TXT, or copy its text into a .txt file with lines `Name: text`."
        }
        Rtf { .. } => "Open it in a word processor and save it as DOCX or as plain text.",
        OldOffice { .. } => {
            "Open it in Office or LibreOffice, take the password off if it has one, and save it as DOCX or XLSX."
        }
        BinaryWorkbook { .. } => "Open it in Excel or LibreOffice and save it as XLSX.",
        Ratings { .. } => {
            "Correct it there and export it once more; `duologue study import --help` says what can be left out or named."
        }
        Binary { .. } => {
            "Name the file with the conversation's words, for instance its transcript as TXT, DOCX or VTT."
        }
        Html { .. } => {
            "Export the chat once more as JSON or text, or copy its text into a .txt file."
        }
        TooLarge {
            limit: IntakeLimit::Pieces,
            ..
        } => {
            "Divide it into files of at most that many rows, and import them one after the other into the same data set."
        }
        TooLarge {
            limit: IntakeLimit::Reach,
            ..
        } => "Delete what stands far from the table, or save the workbook as XLSX.",
        TooLarge {
            limit: IntakeLimit::Columns,
            ..
        } => {
            "Check the separator (`--separator`), and leave out columns that are neither dialogue, summary, id nor split."
        }
        TooLarge { .. } => {
            "Divide it into several files and import them one after the other into the same data set."
        }
        Archive { fault, .. } => match fault {
            ArchiveFault::Broken { .. } => {
                "Get the file again: it may have been cut off on its way."
            }
            ArchiveFault::Encrypted {} => "Unpack it with its password, and name the files inside.",
            ArchiveFault::NoConversation {} => {
                "Unpack it, and name the file with the conversation."
            }
            ArchiveFault::SeveralConversations { .. } => {
                "Unpack it, and name each of them: one import takes several files."
            }
        },
        HeaderNotFirst { .. } => {
            "Take out the lines above the header: the first line has to hold the names of the columns."
        }
        SeveralLists { .. } => {
            "Name the lists train, validation and test if they are the splits, or keep one list in the file."
        }
    }
}

fn run(problem: &RunProblem) -> String {
    use RunProblem::*;
    match problem {
        Recipe(RecipeFault::Assignment { .. }) => {
            "Write `--set key=value`; `duologue recipe --print` shows every field with its default and meaning.".into()
        }
        Experiment(ExperimentFault::NotReady { experiment, lack: Lack::Setting { field } }) => {
            format!("Leave the arms with `{field}` out of the file of `{experiment}`, or wait for a version that has it.")
        }
        Experiment(ExperimentFault::NotReady { .. }) => {
            "`duologue experiment plan FILE` lists everything that is missing.".into()
        }
        Experiment(ExperimentFault::TooManyRuns { runs, .. }) => {
            format!("Set `max_runs = {runs}` under `[limits]`, or name fewer seeds, values or data sets.")
        }
        Experiment(ExperimentFault::Time { .. }) => "Write it as 45m, 8h or 1h30m.".into(),
        Experiment(_) => {
            "`duologue experiment new PRESET` prints the file of an experiment as it should be.".into()
        }
        Recipe(_) => {
            "`duologue recipe --print` shows every field with its default and meaning.".into()
        }
        EmptyDataset { lacks: ExampleKind::Usable, .. } => {
            "Correct the rows: each needs a dialogue and a summary; --dry-run lists every bad row.".into()
        }
        EmptyDataset { .. } => "Import a file for that split: `duologue import FILE --name NAME --split train|validation|test`.".into(),
        NotReady { lack: Lack::Speakers { .. }, .. } => {
            "Check how the speakers were read: write each turn as `Name: text`, or name them with `duologue import --speakers`.".into()
        }
        NotReady { .. } => {
            "Check which column was read as the summary (`duologue import --map`), and write summaries that say less than the dialogue.".into()
        }
        TooFewRows { have: 0, .. } => {
            "Import more examples, or leave some of them over with `--set shots`.".into()
        }
        TooFewRows { field, have, .. } => format!("Import more examples, or ask for fewer with `--set {field}={have}`."),
        TooLong(self::TooLong::Dialogues { .. }) => "Choose a model with a longer context, or say what to do with them: `--set too_long=drop` leaves them out for every system, `--set too_long=cut_dialogue_end` cuts the end of the dialogue.".into(),
        TooLong(self::TooLong::Text { .. }) => "Shorten the text, or choose a model with a longer context.".into(),
        Locked(self::Locked::Run { run, .. }) => format!("Wait for it, or stop it with `duologue pause {run}`."),
        Locked(self::Locked::Download { .. }) => "Wait for it, or stop it.".into(),
        Interrupted(self::Interrupted::Run { run }) => format!("Go on with `duologue resume {run}`."),
        Interrupted(self::Interrupted::Download) => "Give the same command again: it continues from where it stopped.".into(),
        Interrupted(self::Interrupted::Export) => "Give the same command again.".into(),
        Interrupted(self::Interrupted::Work) => "Go on with `duologue resume`.".into(),
        ModelChanged { .. } => "Put the original files back, or start a new run with this model.".into(),
        WrongState(state) => wrong_state(state),
        Stalled { why, .. } => stalled(why),
        OutOfMemory(Full::Card) => "Close other programs that use the card, choose a smaller or a quantised model, or use `--device cpu`.".into(),
        OutOfMemory(Full::Stage { smaller: Some(plan), .. }) => format!(
            "Close other programs that use the card and resume, or start the run again with `{}` ({}); stages that this does not change are taken over.",
            options(&plan.settings),
            price(plan.price)
        ),
        Leak { run, .. } => format!(
            "See what it is with `duologue audit {run} --items`. Start a run with `--set leak_gate=drop`, or de-identify the data set. If it may leave all the same, say why: `--override-leak REASON` is kept in the workspace's log."
        ),
        OutOfMemory(Full::Stage { smaller: None, .. }) => "Close other programs that use the card and resume, or choose a smaller model.".into(),
    }
}

fn wrong_state(state: &WrongState) -> String {
    match state {
        WrongState::ReadByRun { run, .. } => {
            format!("Let it finish, or cancel it with `duologue cancel {run}`.")
        }
        WrongState::ImportInUse { .. } => {
            "Results name the examples that they were made from, so these stay.".into()
        }
        WrongState::EmptyPair => "Write both, or remove the pair.".into(),
        WrongState::NothingToRate { .. } => {
            "Finish the run first; its last stage writes them.".into()
        }
        WrongState::NoSuchCriterion { known, .. } => {
            format!("The criteria are {}.", known.join(", "))
        }
        WrongState::Unrated { .. } => "Rate or skip them first; locking is final.".into(),
        WrongState::NoneLocked => "Finish rating and lock the set.".into(),
        WrongState::NothingToStop { .. } => {
            "`duologue runs` lists the runs and where they stand.".into()
        }
        WrongState::NothingToPause { run } => {
            format!("`duologue show {run}` says why; go on with `duologue resume {run}`.")
        }
        WrongState::Cancelled { run } => format!(
            "Go on anyway from a stage of your choice: `duologue resume {run} --from STAGE`."
        ),
        WrongState::NotTrained { run, stage, .. } => {
            format!("Finish the run's stage {stage} first: `duologue resume {run}`.")
        }
        WrongState::StageUnready { .. } => {
            "Leave --from away, so that the unfinished stages are carried out first.".into()
        }
        WrongState::ExamplesChanged { .. } => {
            "Start a new run; stages that do not depend on the change are taken over.".into()
        }
        WrongState::StagesReversed { .. } => {
            let names: Vec<&str> = StageName::ALL.iter().map(|stage| stage.as_str()).collect();
            format!("The stages are, in order: {}.", names.join(", "))
        }
        WrongState::AdapterNeeded => {
            "Name an adapter's folder with --adapter, or export as merged or gguf.".into()
        }
        WrongState::FolderNotEmpty { .. } => "Choose a new or empty folder with --to.".into(),
        WrongState::NotByHand { .. } => {
            "Reject a candidate or a pair instead; what was written in the test is evidence and stays.".into()
        }
        WrongState::EmptyItem { .. } => "Write a text, or reject the item.".into(),
        WrongState::LastItem { .. } => "Change it instead, or accept another one first.".into(),
        WrongState::EarlierRun { .. } => {
            "Carry it out again with this version: `duologue run` with the same data set, model, recipe and seed.".into()
        }
        WrongState::NothingStale { run } => {
            format!("`duologue show {run}` says where each stage stands.")
        }
        WrongState::NotABundle { runs: 0, .. } => {
            "Name the folder that `duologue pack` wrote; the file workspace.sqlite is in it.".into()
        }
        WrongState::NotABundle { .. } => {
            "Open it as a workspace (`--workspace DIR`), and write the run with `duologue pack RUN --to DIR` first.".into()
        }
        WrongState::BundleDamaged { .. } => {
            "Copy the whole folder again from where it was packed.".into()
        }
    }
}

fn stalled(why: &Stall) -> String {
    match why {
        Stall::NoTopic => "Choose a model that follows instructions, or show it examples with `--set topic_demos=3`.".into(),
        Stall::NoSummary { .. } => "Raise `summary_max_rounds`, `summary_max_new_tokens` or `novelty_rouge_l`.".into(),
        Stall::NoDialogue { .. } => "Raise `dialogue_tries` or `ids_max_iterations`, lower `dialogue_temperature`, or train the synthesizer longer (`sft_max_epochs`).".into(),
        Stall::NoPreference => "Raise `candidates_per_summary` or `dialogue_temperature`, or lower `min_gap`.".into(),
        Stall::UnableJudge { .. } => "Choose a larger base model, or start a run with `--set judge_action=adapt` or `--set scorer=none`, which make no pairs by what the judge says.".into(),
        Stall::NoPair { synthesizer } => format!("Raise `candidates_per_summary`, lower `min_gap`, or leave the systems out that learn from {synthesizer}; what is done so far is taken over by the new run."),
    }
}

fn model(problem: &ModelProblem) -> &'static str {
    use ModelProblem::*;
    match problem {
        MissingFile { file } if file.ends_with("adapter_config.json") => {
            "Name the adapter's folder: adapter_config.json and adapter_model.safetensors, as PEFT writes them."
        }
        TruncatedWeights { file, .. } | Weights { file, .. } if file.ends_with(".gguf") => {
            "Download or copy the .gguf file again, all of its parts if there are several."
        }
        MissingFile { .. } | TruncatedWeights { .. } | Weights { .. } => {
            "Download or copy the model folder again: config.json, tokenizer.json and all .safetensors files."
        }
        NoSuchModel { .. } => "Check the name: the folder of a model, or a .gguf file.",
        SeveralModels { .. } => "Name the .gguf file itself.",
        UnsupportedArchitecture { .. } => "Choose a model of a supported family.",
        NotInGguf { .. } => "Export with `--as merged` or `--as peft` instead.",
        ModelConfig { file, .. } | Tokenizer { file, .. } if file.ends_with(".gguf") => {
            "Put the model's own tokenizer.json, tokenizer_config.json and chat template beside the file, or choose another \
             file of the model."
        }
        ModelConfig { .. } | VocabularyMismatch { .. } | Tokenizer { .. } | ChatTemplate { .. } => {
            "Use config.json, tokenizer.json and the chat template exactly as they were published with the model."
        }
        Adapter { .. } => "Choose the adapter that was trained on this model.",
        Checkpoint { .. } => "Start the stage again with `--from`.",
        NotFinite { .. } => "Check the model's files, or lower `sft_lr` or `dpo_lr`.",
        Setting { .. } => "Give a value in the range that is named.",
        Device { .. } => "Use `--device cpu`.",
        Tensor { .. } => "This is a defect; please report it with the message.",
    }
}

fn hub(problem: &HubProblem) -> String {
    use HubProblem::*;
    match problem {
        Offline { .. } => "Leave --offline out (and unset HF_HUB_OFFLINE), or copy the model's folder here and name it with --model.".into(),
        NetworkLocked { .. } => "Give `duologue network unlock` first, or copy the model's folder here and name it with --model.".into(),
        Unrecorded { .. } => "Check that the disk has room and that the workspace can be written, and give the same command again.".into(),
        BadId { .. } => "Give it as it stands on the Hub: owner/name, for instance HuggingFaceTB/SmolLM2-135M-Instruct.".into(),
        BadEndpoint { .. } => "Correct HF_ENDPOINT, or unset it to use https://huggingface.co.".into(),
        BadToken => "Copy it again from the Hub's page Settings, Access Tokens: it is one word that begins with hf_.".into(),
        BadManifest { .. } => "Delete this file and give `duologue models add` again: files that are whole are not fetched anew.".into(),
        Unauthorized { had_token: true, host, no_token, .. } => format!("Make a token that may read this model at https://{host}/settings/tokens and give it with `duologue models login` or in HF_TOKEN.{}", unasked(no_token)),
        Unauthorized { host, no_token, .. } => format!("Check the spelling first. If the model is private or gated: accept its licence on https://{host}, make a token at https://{host}/settings/tokens and give it with `duologue models login` or in HF_TOKEN.{}", unasked(no_token)),
        Gated { host, what, no_token } => format!("Open https://{host}/{what} while logged in, accept the licence, and give that account's token with `duologue models login` or in HF_TOKEN.{}", unasked(no_token)),
        NotOnHub { .. } => "Check the spelling of model, --revision and --file; `duologue models list --catalogue` lists models that Duologue can use.".into(),
        RateLimited { .. } => "Wait a while and give the same command again: it continues from where it stopped. A token (`duologue models login`) raises the limit.".into(),
        Unreachable { .. } => "Check the connection (HF_ENDPOINT where it is set; where the way out is a proxy, HTTPS_PROXY has to name it) and give the same command again: it continues from where it stopped.".into(),
        BadProxy { variable } => format!("Write it as http://HOST:PORT, or http://NAME:PASSWORD@HOST:PORT where the proxy asks who you are (other characters than letters and digits as %40 and the like); or unset {variable}."),
        ProxyUnreachable { variable, .. } => format!("Check the address in {variable} and whether the proxy runs, and give the same command again: it continues from where it stopped. NO_PROXY lists machines that need no proxy."),
        ProxyRefused { variable, host, .. } => format!("Ask who runs the proxy whether it lets {host} through. If it wants to know who you are (status 407), put NAME:PASSWORD@ before the host in {variable}."),
        BadCertificates { .. } => "Let SSL_CERT_FILE name a file with certificates in PEM form, or unset it: then the operating system's store counts.".into(),
        UntrustedCertificate { fault: CertificateFault::UnknownIssuer, .. } => "Where a proxy opens encrypted connections, as in many offices, it signs them with a certificate authority of its own. Ask who runs the network for it, and install it in the operating system's store or let SSL_CERT_FILE name its file (PEM). Without such a proxy, somebody else may be listening: do not go on.".into(),
        UntrustedCertificate { fault: CertificateFault::OutOfDate, host, .. } => format!("Check this computer's date. If it is right, who runs {host} has to renew the certificate."),
        UntrustedCertificate { fault: CertificateFault::OtherHost, host, .. } => format!("Another machine answers in place of {host}: check HF_ENDPOINT and the network, for instance a sign-in page."),
        UntrustedCertificate { host, .. } => format!("Ask who runs {host}, or the network, what is wrong with its certificate."),
        BadAnswer { .. } => "Check that HF_ENDPOINT names a Hub or a mirror of it, then try again.".into(),
        NoWeights { .. } => "Choose a model with .safetensors files, or a .gguf file with --file NAME.".into(),
        Checksum { .. } => "Give the same command again: only this file is fetched anew. If it happens again, the source or a proxy in between is damaged.".into(),
    }
}

/// What the user should know if a token is missing although one may have been stored.
fn unasked(no_token: &Option<String>) -> String {
    no_token.as_ref().map_or(String::new(), |reason| {
        format!(" The keychain could not be asked: {reason}.")
    })
}

fn study(problem: &StudyProblem) -> String {
    use StudyProblem::*;
    match problem {
        Blinded { studies } => {
            let study = studies.first().map_or("STUDY", StudyName::as_str);
            format!(
                "Wait until every rater has locked (`duologue study progress \"{study}\"`), or open the results early, \
                 which every result will say: `duologue study reveal \"{study}\" --reason TEXT`."
            )
        }
        Frozen { .. } => "Plan another study: `duologue study create`.".into(),
        NotRunning { study, state } => match state {
            StudyState::Draft => format!("Start it: `duologue study start \"{study}\"`."),
            StudyState::Running => {
                format!("`duologue study progress \"{study}\"` says where its raters stand.")
            }
            StudyState::Closed => {
                format!("`duologue study results \"{study}\"` has what was found.")
            }
        },
        NotEnoughDialogues { .. } => {
            "Rate a run with more test dialogues: below six nothing can be shown.".into()
        }
        UnknownRater { .. } => {
            "Name somebody on the roster, or put them there: `duologue study add-rater`.".into()
        }
        SetLocked { .. } => {
            "A locked set stays as it is; `duologue study add-rater` gives the person a new place."
                .into()
        }
        StudyPlan { .. } => "Change the plan and try again.".into(),
        UnknownItem { .. } => "Open the desk again; it shows what is left to rate.".into(),
        NotAPack { .. } => "Name the file that the rater saved: NAME--R1.duoanswers.".into(),
        NewerFormat { .. } => "Update Duologue.".into(),
        OtherStudy { .. } | UnknownPack { .. } => {
            "Read it into the workspace that wrote the pack.".into()
        }
        WrongSecretOrChanged { .. } => {
            "Type the secret again; if it is right, ask the rater to send the file once more."
                .into()
        }
        RaterMismatch { .. } | SealMismatch { .. } | ProtocolChanged { .. } => {
            "Nothing was taken. Ask the rater which pack they opened.".into()
        }
        OlderRevision { .. } => "Ask for the file that was saved last.".into(),
        PackConflict { .. } => "Say which answers count: --keep first, second or other.".into(),
    }
}

fn shell(problem: &ShellProblem) -> &'static str {
    use ShellProblem::*;
    match problem {
        Usage(Misuse::NoDialogue) => "Give a text with one turn per line, `Name: text`.",
        Usage(Misuse::NoDatasetName) => "Give it a name with --name.",
        Usage(Misuse::BadColumns { .. }) => "Write `--map dialogue=COLUMN,summary=COLUMN`.",
        Usage(Misuse::NotStored) => "Import it first.",
        Usage(_) => "`duologue --help` lists the commands and their options.",
        File { .. } => "Check the name, the folder and what the file holds.",
        Keychain { .. } => {
            "Start and unlock it, or do without: `models add` takes a token from HF_TOKEN first."
        }
        FileNotFound(FolderFault::NoConfig { .. }) => {
            "Name the folder that holds config.json and the weights."
        }
        FileNotFound(FolderFault::NoTokenizer { .. }) => {
            "Copy the model's tokenizer.json into the folder."
        }
        FileNotFound(FolderFault::NoWeights { .. }) => {
            "Duologue reads weights in safetensors format only."
        }
        ModelFile { .. } => "Copy the file again from its source.",
        // Only the window meets these.
        WindowDownloadBusy
        | WindowExportBusy
        | WindowLock { .. }
        | WindowLog { .. }
        | WindowNoSample
        | WindowNoWorker
        | WindowNotification { .. }
        | WindowTaken { .. }
        | WindowWorkerAnswer { .. }
        | WindowWorkerStart { .. }
        | WindowWorkerStopped { .. }
        | WindowMissing
        | WindowUnexpected { .. }
        | WindowWorkspace => "",
    }
}
