//! The words that cross borders: between rooms, to the command line, into the database, into JSON and to the page.
//!
//! Every room may use this crate and it uses none. A closed set is declared here once and has one word for each member,
//! which is the same in JSON, in the database and on the command line ([`closed_set`]).

mod answer;
mod artifact;
mod backing;
mod closed_set;
mod data;
mod demo;
mod desk;
mod device;
mod difference;
mod dispute;
mod error;
mod event;
mod everyday;
mod excerpt;
mod experiment;
mod export;
mod forget;
mod format;
mod id;
mod intake;
mod judge;
mod line;
mod method;
mod metric;
mod model;
mod network;
mod pack;
mod part;
mod plan;
mod privacy;
pub mod problem;
mod protocol;
mod rating;
mod remark;
mod rounds;
mod run;
mod shape;
mod study;
mod workbench;

pub use answer::{
    Catalogue, CatalogueLine, CatalogueModel, Change, Download, DownloadPaused, Downloaded,
    FolderFit, FolderFits, KnownModel, Launch, LicenceText, LongExample, Machine, MethodMemory,
    Offer, OfferChange, Plan, PlanExamples, Source, StageForecast, Started, SystemCost, TooLong,
    Verdict, Verified,
};
pub use artifact::{ArtifactKind, Metric};
pub use backing::{
    BackedFact, BackedSentence, Backing, FactStatus, SummaryToBack, SupportingTurns,
};
pub use closed_set::UnknownWord;
pub use data::{
    Detection, Doubt, DropReason, Encoding, IntakeLimit, IssueCode, Language, Origin, Separator,
    Severity, Split, SplitChoice, SplitCounts,
};
pub use demo::{
    DemoCorrection, DemoEvidence, DemoMeter, DemoPair, DemoRate, DemoSide, DemoVote, DemoWriter,
};
pub use desk::{
    Desk, DeskAct, DeskChoice, DeskItem, DeskPress, DeskStep, DeskTime, DeskTurn, RaterProgress,
    StudyProgress, StudySummary,
};
pub use device::{BadDevice, Card, DeviceChoice, Devices};
pub use difference::{
    DataDifference, OutputDifference, ResultDifference, RunDifferences, SettingDifference,
};
pub use dispute::{Adjudicated, DisputeReason, Disputed, DisputedNote, DisputedScore, Disputes};
pub use error::{
    CertificateFault, ErrorCode, ErrorPlace, ErrorReport, ExampleKind, FileAction, Kind, MapPart,
    Price, RecipeRule, Thing,
};
pub use event::{
    CandidateMeasures, Event, Measures, OriginCounts, PairCounts, PreferenceMeasures, Progress,
    SampleItem, Step, WritingMeasures,
};
pub use everyday::{Attached, Hanging, Kept, Label, Removing};
pub use excerpt::{EXCERPT_CHARS, excerpt, excerpts};
pub use experiment::{
    Budget, Cut, Domain, ExperimentAction, ExperimentArm, ExperimentCell, ExperimentComparison,
    ExperimentCurve, ExperimentPlan, ExperimentPreset, ExperimentReport, ExperimentRow,
    ExperimentSide, ExperimentStanding, ExperimentSummary, ExperimentSynthesizer,
    ExperimentVerdict, GainDifference, GridMode, NewExperiment, PlannedCell,
};
pub use export::{
    DatasetForm, Deliverable, ExportLine, ExportStep, Exported, GgufType, HandOver, HandedOver,
    Offered, Replay, ReportForm, Unpacked,
};
pub use forget::{
    ForgetConversation, ForgetCount, ForgetExport, ForgetFound, ForgetPlace, ForgetPlan,
    ForgetReceipt, ForgetRun, ForgetSearch,
};
pub use format::{FileFormat, Formats};
pub use id::{DatasetName, ExperimentName, ModelId, ModelName, RunId, StudyName};
pub use intake::{Account, AccountUnit, DateOrder, Dropped, Leak, PastImport, Sample, SourceFile};
pub use judge::{
    Corruption, CorruptionGroup, GroupAccuracy, JudgeAccuracy, JudgeAction, JudgeAfter,
    JudgeMeasures, JudgeVerdict, ScoreLink, Scorer,
};
pub use line::{
    DemoLine, DemoRequest, DownloadLine, LineHead, LineKind, LogEnd, LogEntry, LogRecord,
    Summarized,
};
pub use method::{Basis, EndedBy, Preset, StageName, Synthesizer, System};
pub use metric::{Direction, FactKind, Mean, MetricCard, MetricUnit, ResultMetric};
pub use model::{AdapterDtype, Fit, Licence, Proof, Quantize};
pub use network::NetworkOutcome;
pub use pack::{
    AnswersHeader, Cipher, CipherName, Conflict, Envelope, Kdf, KdfName, Keep, Merged,
    PACK_VERSION, PackAnswers, PackCheck, PackChoice, PackDialogue, PackFormat, PackHeader,
    PackItem, PackItemState, PackItems, PackRating, PackStanding, PackStep, PackTurn, PackWarmup,
    PackWritten,
};
pub use part::Part;
pub use plan::{Bounds, Lack, SettingShape, SplitRule, SplitShares};
pub use privacy::{
    ExportKind, FoundBy, IdentifierKind, LeakGate, LeakReason, LeakVerdict, Replacing, SlotKind,
    SurrogateScope, WordVerdict,
};
pub use problem::{Problem, Reported};
pub use protocol::{
    CheckStatement, Criterion, CriterionText, CriterionTexts, Draw, Guideline, PROTOCOL_FORMAT,
    PROTOCOL_VERSION, Primary, Protocol, ProtocolSystem, Scale, Slot, StopRule, Warmup, WarmupItem,
};
pub use rating::{
    AgreementWord, BootstrapKind, ItemState, Outcome, RaterAct, RaterState, RatingMode,
    RatingProgram, SettleKind, SkipReason, StudyAct, StudyKind, StudyState,
};
pub use remark::Remark;
pub use rounds::{
    MOST_ROUNDS, Round, RoundData, RoundFigures, RoundPart, RoundReference, RoundStep, RoundStop,
    RoundWarning, Rounds,
};
pub use run::{Control, RunStanding, RunStatus, StageStanding, StageStatus};
pub use shape::{
    Distribution, NearDuplicates, ShapeAudit, ShapeFigure, Spread, TwoSampleResult, Weight,
};
pub use study::{
    AnalysisSeeds, BestWorstResults, Comparison, Consistency, CriterionAgreement, CriterionMean,
    CriterionOutlook, Drift, Family, Headline, MarkComparison, MetricPick, OriginGuesses,
    OtherRaters, PairComparison, PairKappa, PairResults, PlannedComparison, RaterDifference,
    RaterTime, Settle, SeverityShift, Strength, StudyCounts, StudyCriterion, StudyOutlook,
    StudyPlan, StudyRater, StudyResults, StudySystem, SystemMarks, SystemScores, Words,
};
pub use workbench::{
    FoundItems, HandAct, HandState, ItemCount, ItemMark, ItemOrder, ItemQuery, ItemVerdict,
    ItemVersion, Lineage, MadeFrom, MadeWith, Undone,
};

#[cfg(test)]
mod tests;
