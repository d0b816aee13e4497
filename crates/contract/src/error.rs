//! What can go wrong, as programs see it. They look at these words and never match on the sentences.

use crate::closed_set::closed_set;
use crate::problem::{Problem, Reported};

closed_set! {
    /// How a program should treat an error; the command line turns it into an exit code.
    Kind, "kind of error" {
        /// Something failed (exit 1).
        Failure = "failure",
        /// The input or its use is wrong (exit 2).
        Input = "input",
        /// Another process holds what is needed (exit 3).
        Locked = "locked",
        /// Stopped on request (exit 130).
        Interrupted = "interrupted",
    }
}

closed_set! {
    /// What went wrong.
    ErrorCode, "error code" {
        // The workspace.
        /// The workspace needs a newer Duologue.
        NewerWorkspace = "newer_workspace",
        /// The database is not Duologue's.
        NotAWorkspace = "not_a_workspace",
        /// The disk is full.
        DiskFull = "disk_full",
        /// Another process keeps the database locked.
        Busy = "busy",
        /// The workspace cannot be written.
        ReadOnly = "read_only",
        /// A stored value cannot be read.
        Corrupt = "corrupt",
        /// A file or folder cannot be used.
        Io = "io",
        /// The name is taken.
        NameTaken = "name_taken",
        /// There is no such data set.
        NoSuchDataset = "no_such_dataset",
        /// There is no such run.
        NoSuchRun = "no_such_run",
        /// There is no such thing, or no such file.
        NotFound = "not_found",
        /// Something else still needs what was to be removed.
        InUse = "in_use",
        /// A rater's ratings are locked.
        RatingsLocked = "ratings_locked",
        /// A score outside 1 to 5.
        ScoreOutOfRange = "score_out_of_range",
        /// Another process took the run over.
        LeaseLost = "lease_lost",
        /// The workspace is protected and no key was given.
        KeyNeeded = "key_needed",
        /// The passphrase or key does not open the workspace.
        WrongKey = "wrong_key",
        /// The workspace is not protected.
        NotProtected = "not_protected",
        /// The workspace is protected already.
        AlreadyProtected = "already_protected",
        /// There are keys, but the database is not encrypted.
        MixedWorkspace = "mixed_workspace",
        /// Somebody has the workspace open.
        WorkspaceOpen = "workspace_open",
        /// Protecting the workspace was interrupted.
        ProtectInterrupted = "protect_interrupted",
        /// An encrypted file was truncated or changed.
        Damaged = "damaged",
        /// A passphrase has too few characters.
        ShortPassphrase = "short_passphrase",
        /// Without this way in, no person could open the workspace.
        LastSlot = "last_slot",
        /// This build cannot encrypt.
        NoCipher = "no_cipher",
        /// The database refused a query: a defect.
        Database = "database",

        // The user's files.
        /// No file was given.
        NoFiles = "no_files",
        /// A file cannot be read.
        Unreadable = "unreadable",
        /// A file has no format that can be imported.
        UnknownFormat = "unknown_format",
        /// A file holds no rows.
        Empty = "empty",
        /// A file is not valid JSON.
        Json = "json",
        /// A file is not UTF-8 text.
        InvalidUtf8 = "invalid_utf8",
        /// A file cannot be read as a table.
        Table = "table",
        /// A mapped column is not in the file.
        UnknownColumn = "unknown_column",
        /// The columns have to be named.
        NeedsMapping = "needs_mapping",
        /// A mapping lacks the dialogue or the summary.
        IncompleteMap = "incomplete_map",
        /// Turns do not say who speaks.
        SpeakersNeeded = "speakers_needed",
        /// The given speakers cannot be used.
        BadSpeakers = "bad_speakers",
        /// Rows of an import are unusable.
        BadRows = "bad_rows",
        /// A dialogue is in two splits.
        Leaks = "leaks",
        /// Words that may name somebody were not answered.
        WordsOpen = "words_open",
        /// A file is a PDF.
        Pdf = "pdf",
        /// A file is Rich Text.
        Rtf = "rtf",
        /// A file comes from Office before 2007, or is an Office file with a password.
        OldOffice = "old_office",
        /// A file is a workbook in Excel's binary form (XLSB).
        BinaryWorkbook = "binary_workbook",
        /// Ratings of another program do not fit a study.
        Ratings = "ratings",
        /// A file is a picture, a recording or something else that is not text.
        Binary = "binary",
        /// A file is a page of HTML.
        Html = "html",
        /// A file is larger than an import reads.
        TooLarge = "too_large",
        /// An archive cannot be opened, or holds no conversation.
        Archive = "archive",
        /// The first line of a table is not its header.
        HeaderNotFirst = "header_not_first",
        /// A JSON document has several lists that could be its rows.
        SeveralLists = "several_lists",

        // The method.
        /// A recipe's field or file is not valid.
        Recipe = "recipe",
        /// An experiment's file is not valid.
        Experiment = "experiment",
        /// A data set lacks a kind of example altogether.
        EmptyDataset = "empty_dataset",
        /// A data set has fewer examples than the recipe asks for.
        TooFewRows = "too_few_rows",
        /// There is nothing to learn from the data set's examples.
        NotReady = "not_ready",
        /// A text is longer than the model's context.
        TooLong = "too_long",
        /// Another process is working on it.
        Locked = "locked",
        /// Stopped on request.
        Interrupted = "interrupted",
        /// The model is not the one that the run began with.
        ModelChanged = "model_changed",
        /// The run or stage is not in a state in which this can be done.
        WrongState = "wrong_state",
        /// A stage produced nothing for the next one.
        Stalled = "stalled",
        /// The card has no memory left.
        OutOfMemory = "out_of_memory",
        /// What would be written gives real conversations away.
        Leak = "leak",

        // Rating studies.
        /// It would reveal who wrote texts that are still being rated.
        Blinded = "blinded",
        /// The plan of a study is frozen.
        Frozen = "frozen",
        /// The study is not being rated now.
        NotRunning = "not_running",
        /// Too few dialogues to show anything.
        NotEnoughDialogues = "not_enough_dialogues",
        /// Somebody who is not on the roster.
        UnknownRater = "unknown_rater",
        /// A rater's set is final.
        SetLocked = "set_locked",
        /// The plan of a study cannot be carried out.
        StudyPlan = "study_plan",
        /// An answer about something that the rater was not shown.
        UnknownItem = "unknown_item",
        /// Not a rater pack.
        NotAPack = "not_a_pack",
        /// A rater pack of a newer Duologue.
        NewerFormat = "newer_format",
        /// Answers to another study.
        OtherStudy = "other_study",
        /// Answers to a pack that the study did not write.
        UnknownPack = "unknown_pack",
        /// The secret is wrong, or the file was changed.
        WrongSecretOrChanged = "wrong_secret_or_changed",
        /// Answers of another rater.
        RaterMismatch = "rater_mismatch",
        /// Answers with another seal.
        SealMismatch = "seal_mismatch",
        /// Answers to criteria that the study does not have.
        ProtocolChanged = "protocol_changed",
        /// Answers older than those that are here.
        OlderRevision = "older_revision",
        /// Answers that contradict others of the same rater.
        PackConflict = "pack_conflict",

        // The language model.
        /// A file of a model or adapter is missing.
        MissingFile = "missing_file",
        /// There is no such model.
        NoSuchModel = "no_such_model",
        /// A folder holds several models.
        SeveralModels = "several_models",
        /// A weight file is shorter than it says.
        TruncatedWeights = "truncated_weights",
        /// The weights do not fit the configuration.
        Weights = "weights",
        /// The model's family is not supported.
        UnsupportedArchitecture = "unsupported_architecture",
        /// GGUF cannot express it.
        NotInGguf = "not_in_gguf",
        /// The model's configuration cannot be used.
        ModelConfig = "model_config",
        /// Tokenizer and weights disagree on the vocabulary.
        VocabularyMismatch = "vocabulary_mismatch",
        /// The tokenizer cannot be used.
        Tokenizer = "tokenizer",
        /// The chat template cannot be used.
        ChatTemplate = "chat_template",
        /// The adapter cannot be used.
        Adapter = "adapter",
        /// A checkpoint of a training cannot be used.
        Checkpoint = "checkpoint",
        /// A number became infinite or undefined.
        NotFinite = "not_finite",
        /// A setting is outside its range.
        Setting = "setting",
        /// The device cannot be used.
        Device = "device",
        /// A tensor operation failed: a defect.
        Tensor = "tensor",

        // The Hub.
        /// The model or file is not here, and no connection may be opened.
        Offline = "offline",
        /// The workspace's network is locked.
        NetworkLocked = "network_locked",
        /// A connection could not be entered in the ledger, so it was not opened.
        Unrecorded = "unrecorded",
        /// Not the id of a model.
        BadId = "bad_id",
        /// Not the address of a Hub.
        BadEndpoint = "bad_endpoint",
        /// Not a token.
        BadToken = "bad_token",
        /// The file beside a download that says where it came from cannot be read.
        BadManifest = "bad_manifest",
        /// The Hub wants to know who is asking.
        Unauthorized = "unauthorized",
        /// The licence has not been accepted.
        Gated = "gated",
        /// The Hub has no such thing.
        NotOnHub = "not_on_hub",
        /// Too many requests.
        RateLimited = "rate_limited",
        /// No connection.
        Unreachable = "unreachable",
        /// A variable names no proxy that can be used.
        BadProxy = "bad_proxy",
        /// The proxy does not answer.
        ProxyUnreachable = "proxy_unreachable",
        /// The proxy answers but lets nothing through.
        ProxyRefused = "proxy_refused",
        /// The file of trusted certificates cannot be used.
        BadCertificates = "bad_certificates",
        /// This computer does not trust a certificate.
        UntrustedCertificate = "untrusted_certificate",
        /// An answer that makes no sense here.
        BadAnswer = "bad_answer",
        /// A repository without usable weights.
        NoWeights = "no_weights",
        /// A file arrived damaged.
        Checksum = "checksum",

        // The command line.
        /// The use of the command line, or of a command of the window, is wrong.
        Usage = "usage",
        /// A file named on the command line cannot be used.
        File = "file",
        /// The system's keychain cannot be used.
        Keychain = "keychain",

        // The window.
        /// The worker gave no reason.
        Failure = "failure",
        /// A file of a model folder is missing.
        FileNotFound = "file_not_found",
        /// A file of a model folder cannot be used.
        ModelFile = "model_file",
        /// Another model is being downloaded.
        WindowDownloadBusy = "window_download_busy",
        /// Another export is in progress.
        WindowExportBusy = "window_export_busy",
        /// The workspace cannot be locked.
        WindowLock = "window_lock",
        /// The log of a run cannot be read.
        WindowLog = "window_log",
        /// The sample's model is not here.
        WindowNoSample = "window_no_sample",
        /// The program that does the model work is not here.
        WindowNoWorker = "window_no_worker",
        /// The system shows no notifications.
        WindowNotification = "window_notification",
        /// Another window has the workspace open.
        WindowTaken = "window_taken",
        /// The worker's answer cannot be read.
        WindowWorkerAnswer = "window_worker_answer",
        /// The worker cannot be started.
        WindowWorkerStart = "window_worker_start",
        /// The worker stopped without an answer.
        WindowWorkerStopped = "window_worker_stopped",
        /// The page was opened outside the window.
        WindowMissing = "window_missing",
        /// The page met something that no part of Duologue expects.
        WindowUnexpected = "window_unexpected",
        /// This machine names no folder for a workspace.
        WindowWorkspace = "window_workspace",
    }
}

impl ErrorCode {
    /// How a program should treat it.
    pub fn kind(self) -> Kind {
        match self {
            Self::Locked | Self::LeaseLost | Self::WorkspaceOpen => Kind::Locked,
            Self::Interrupted => Kind::Interrupted,
            Self::DiskFull
            | Self::Busy
            | Self::ReadOnly
            | Self::Corrupt
            | Self::Io
            | Self::Database
            | Self::Damaged
            | Self::ProtectInterrupted
            | Self::NoCipher
            | Self::Stalled
            | Self::OutOfMemory
            | Self::Checkpoint
            | Self::NotFinite
            | Self::Tensor
            | Self::RateLimited
            | Self::Unreachable
            | Self::ProxyUnreachable
            | Self::BadAnswer
            | Self::Checksum
            | Self::Keychain
            | Self::Unrecorded
            | Self::Failure => Kind::Failure,
            _ => Kind::Input,
        }
    }
}

closed_set! {
    /// What is wrong with the certificate of another machine.
    CertificateFault, "fault of a certificate" {
        /// Nobody whom this computer trusts has signed it.
        UnknownIssuer = "unknown_issuer",
        /// It is not valid today.
        OutOfDate = "out_of_date",
        /// It belongs to another machine.
        OtherHost = "other_host",
        /// Anything else.
        Invalid = "invalid",
    }
}

closed_set! {
    /// A kind of thing that a workspace holds.
    Thing, "kind of thing" {
        /// A data set.
        Dataset = "data set",
        /// An example of a data set.
        Example = "example",
        /// An import into a data set.
        Import = "import",
        /// A run.
        Run = "run",
        /// A run in the queue.
        QueuedRun = "queued run",
        /// A stage of a run.
        Stage = "stage",
        /// A stage of a run that is finished.
        FinishedStage = "finished stage",
        /// Something that a stage made.
        Artifact = "artifact",
        /// A model.
        Model = "model",
        /// A rating study.
        Study = "rating study",
        /// A summary to be rated.
        Item = "item",
        /// A person who rates.
        Rater = "rater",
        /// An experiment.
        Experiment = "experiment",
    }
}

closed_set! {
    /// What was tried with a file or folder.
    FileAction, "action" {
        /// Anything.
        Use = "use",
        /// Reading it.
        Read = "read",
        /// Writing it.
        Write = "write",
        /// Making it.
        Create = "create",
        /// Deleting it.
        Remove = "remove",
        /// Running it as a program.
        Start = "start",
    }
}

closed_set! {
    /// What a column mapping has to name.
    MapPart, "part of a mapping" {
        /// The dialogue.
        Dialogue = "dialogue",
        /// The summary.
        Summary = "summary",
    }
}

closed_set! {
    /// Examples that a data set may have too few of.
    ExampleKind, "kind of example" {
        /// Of the training split.
        Training = "training examples",
        /// Of the validation split.
        Validation = "validation examples",
        /// Of the training split, besides those that are trained on.
        LeftForValidation = "training examples left for validation",
        /// Of the test split.
        Test = "test examples",
        /// Any that can be imported.
        Usable = "usable rows",
    }
}

closed_set! {
    /// What a field of a recipe has to be besides within its range.
    RecipeRule, "rule" {
        /// A list of positive factors.
        PositiveFactors = "positive_factors",
        /// 0 unless the loss is sigmoid or robust.
        SigmoidOrRobust = "sigmoid_or_robust",
        /// Not empty where no synthesizer is compared either.
        Compared = "compared",
        /// At least 2 where the system `fixed_ratio` is trained.
        TwoForFixedRatio = "two_for_fixed_ratio",
        /// A model's folder where another model is the scorer.
        NamesScorer = "names_scorer",
    }
}

closed_set! {
    /// What a plan that needs less memory costs.
    Price, "price" {
        /// Only time: the results are the same bit for bit.
        Recompute = "recompute",
        /// Some time: the results are the same up to rounding.
        Rounding = "rounding",
        /// Weights rounded to 8 bits.
        EightBits = "eight_bits",
        /// Weights rounded to 4.5 bits.
        FourBits = "four_bits",
        /// Longer dialogues are never written.
        ShortDialogues = "short_dialogues",
        /// Fewer pairs to learn from or to choose by.
        FewerExamples = "fewer_examples",
        /// Plainer texts from a smaller model.
        SmallerModel = "smaller_model",
    }
}

/// An error as it leaves the program: with `--json`, in a log, in the row of the run or stage that failed.
#[derive(Clone, Debug, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub struct ErrorReport {
    /// What went wrong: `code`, and `args` where they are known.
    #[serde(flatten)]
    pub what: Reported,
    /// What happened, in English.
    pub message: String,
    /// What to do next, in the words of the shell that printed it; empty in the rows of a workspace.
    pub fix: String,
    /// Where it happened.
    #[serde(flatten)]
    pub place: ErrorPlace,
}

impl ErrorReport {
    /// What went wrong, as one word.
    pub fn code(&self) -> ErrorCode {
        self.what.code()
    }
}

/// The report of a problem that nobody has worded yet.
impl From<Problem> for ErrorReport {
    fn from(problem: Problem) -> Self {
        Self {
            message: problem.to_string(),
            fix: String::new(),
            place: problem.place(),
            what: Reported::Problem(Box::new(problem)),
        }
    }
}

/// The place in the user's files that an error is about.
#[derive(Clone, Debug, Default, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub struct ErrorPlace {
    /// The file, where there is one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub file: Option<String>,
    /// Its line or row from 1, where there is one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub row: Option<usize>,
    /// The field or setting, where there is one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub field: Option<String>,
}

impl ErrorPlace {
    /// A file.
    pub fn file(file: impl Into<String>) -> Self {
        Self {
            file: Some(file.into()),
            ..Self::default()
        }
    }

    /// A field or setting of no file.
    pub fn field(field: impl Into<String>) -> Self {
        Self::default().with_field(field)
    }

    /// The same place, at a line or row from 1.
    pub fn with_row(mut self, row: usize) -> Self {
        self.row = Some(row);
        self
    }

    /// The same place, at a field.
    pub fn with_field(mut self, field: impl Into<String>) -> Self {
        self.field = Some(field.into());
        self
    }
}
