//! Every closed set: its words are the same in JSON, in text and in messages, and none is missing.

use std::collections::BTreeSet;
use std::fmt::{Debug, Display};
use std::str::FromStr;

use serde::Serialize;
use serde::de::DeserializeOwned;

use super::problem::{
    HubProblem, ImportProblem, RunProblem, ShellProblem, WorkspaceProblem, WrongState,
};
use super::*;
use crate::problem::{CueFault, ValueKind};

/// Checks every value of a set, and that a word outside it is refused with the words inside.
fn round_trips<T>(values: &[T], as_str: fn(T) -> &'static str)
where
    T: Copy
        + Debug
        + Display
        + PartialEq
        + FromStr<Err = UnknownWord>
        + Serialize
        + DeserializeOwned,
{
    for member in values {
        let word = as_str(*member);
        assert_eq!(word.parse::<T>().as_ref(), Ok(member));
        assert_eq!(serde_json::to_value(member).unwrap(), word);
        assert_eq!(serde_json::from_value::<T>(word.into()).unwrap(), *member);
        assert_eq!(member.to_string(), word);
        assert_eq!(format!("{member:>40}").len(), 40, "{word} can be padded");
    }
    let words: BTreeSet<&str> = values.iter().map(|member| as_str(*member)).collect();
    assert_eq!(words.len(), values.len(), "one word each");
    let refused = "no such word".parse::<T>().unwrap_err();
    assert_eq!(
        refused.known.iter().copied().collect::<BTreeSet<_>>(),
        words
    );
    let message = refused.to_string();
    assert!(words.iter().all(|word| message.contains(word)), "{message}");
}

macro_rules! every_set {
    ($($name:ident),+ $(,)?) => {
        const SETS: &[&str] = &[$(stringify!($name)),+];

        #[test]
        fn every_word_round_trips() {
            $(round_trips($name::ALL, $name::as_str);)+
        }
    };
}

every_set! {
    AccountUnit, AdapterDtype, AgreementWord, ArtifactKind, Attached, Basis, BootstrapKind, CertificateFault, CipherName, Control,
    Corruption, CorruptionGroup, CueFault, DatasetForm, DateOrder, DemoSide, Detection, Direction, DisputeReason, Doubt,
    DropReason, Encoding, EndedBy, ErrorCode, ExampleKind, ExperimentAction, ExperimentPreset, ExperimentStanding,
    ExportKind, ExportStep, Exported, FactKind, FactStatus, FileAction, FileFormat, Fit, ForgetPlace, FoundBy, GgufType, GridMode,
    IdentifierKind, IntakeLimit, IssueCode, ItemMark, ItemOrder, ItemState, ItemVerdict, JudgeAction, JudgeVerdict,
    KdfName, Keep, Kept, Kind, Language, Launch, LeakGate, LeakReason, LeakVerdict, Licence, MapPart, Metric, MetricUnit, NetworkOutcome,
    Origin, Outcome, PackFormat, Preset, Price, Proof, Quantize, RaterAct, RaterState, RatingMode, RatingProgram,
    RecipeRule, Replacing, ReportForm, ResultMetric, RoundData, RoundReference, RoundStop, RoundWarning, RunStanding,
    RunStatus, Scorer, Separator, SettleKind, Severity, ShapeFigure, SkipReason, SlotKind, Split, SplitChoice,
    StageName, StageStanding, StageStatus, StudyAct, StudyKind, StudyState, SurrogateScope, Synthesizer, System,
    Thing, ValueKind, Verdict, WordVerdict,
}

#[test]
fn no_set_is_left_out_of_the_round_trip() {
    let sources = [
        include_str!("answer.rs"),
        include_str!("artifact.rs"),
        include_str!("backing.rs"),
        include_str!("data.rs"),
        include_str!("demo.rs"),
        include_str!("dispute.rs"),
        include_str!("error.rs"),
        include_str!("event.rs"),
        include_str!("everyday.rs"),
        include_str!("experiment.rs"),
        include_str!("export.rs"),
        include_str!("forget.rs"),
        include_str!("format.rs"),
        include_str!("intake.rs"),
        include_str!("judge.rs"),
        include_str!("line.rs"),
        include_str!("method.rs"),
        include_str!("metric.rs"),
        include_str!("model.rs"),
        include_str!("network.rs"),
        include_str!("pack.rs"),
        include_str!("rounds.rs"),
        include_str!("privacy.rs"),
        include_str!("problem/row.rs"),
        include_str!("rating.rs"),
        include_str!("remark.rs"),
        include_str!("run.rs"),
        include_str!("shape.rs"),
        include_str!("workbench.rs"),
    ];
    let declared: usize = sources
        .iter()
        .map(|text| text.matches("closed_set! {").count())
        .sum();
    assert_eq!(declared, SETS.len());
    let modules = include_str!("lib.rs").matches("\nmod ").count();
    // Besides the sources: the macro, the desk, the device, differences, excerpts, ids, parts, the plan, the protocol,
    // the study and these tests. The faults of a row are in `problem`.
    assert_eq!(modules, sources.len() - 1 + 11, "a module is not looked at");
}

#[test]
fn devices_round_trip_and_others_are_refused() {
    for (text, device) in [
        ("cpu", DeviceChoice::Cpu),
        ("cuda:0", DeviceChoice::Cuda(0)),
        ("cuda:12", DeviceChoice::Cuda(12)),
        ("metal", DeviceChoice::Metal),
    ] {
        assert_eq!(text.parse(), Ok(device));
        assert_eq!(device.to_string(), text);
        assert_eq!(serde_json::to_value(device).unwrap(), text);
        assert_eq!(
            serde_json::from_value::<DeviceChoice>(text.into()).unwrap(),
            device
        );
    }
    assert_eq!("cuda".parse(), Ok(DeviceChoice::Cuda(0)));
    for text in ["", "tpu", "cuda:", "cuda:x", "cuda:-1", "cpu:1", "metal:0"] {
        let refused = text.parse::<DeviceChoice>().unwrap_err().to_string();
        assert!(refused.contains("cuda:N"), "{refused}");
    }
}

#[test]
fn formats_are_joined_and_named_once() {
    let mut formats = Formats::from(FileFormat::SamsumJson);
    formats.add(FileFormat::Csv);
    formats.add(FileFormat::SamsumJson);
    assert_eq!(formats.to_string(), "samsum_json+csv");
    assert_eq!("samsum_json+csv".parse(), Ok(formats.clone()));
    let json = serde_json::to_value(&formats).unwrap();
    assert_eq!(json, "samsum_json+csv");
    assert_eq!(serde_json::from_value::<Formats>(json).unwrap(), formats);
    assert!("samsum_json+nothing".parse::<Formats>().is_err());
}

#[test]
fn a_run_stands_where_its_row_and_its_worker_say() {
    assert_eq!(RunStatus::Running.standing(false), RunStanding::Interrupted);
    assert_eq!(RunStatus::Failed.standing(true), RunStanding::Starting);
    assert_eq!(RunStatus::Done.standing(true), RunStanding::Done);
    assert_eq!(
        StageStanding::Running.without_worker(),
        StageStanding::Paused
    );
    assert_eq!(StageStanding::Stale.without_worker(), StageStanding::Stale);
    for status in StageStatus::ALL {
        assert_eq!(StageStanding::from(*status).as_str(), status.as_str());
    }
}

/// What a program reads is the code's word and the arguments, flat over all rooms.
#[test]
fn problems_round_trip_flat_with_their_codes() {
    let problems: [(Problem, serde_json::Value); 5] = [
        (
            WorkspaceProblem::NoSuchRun { run: "r".into() }.into(),
            serde_json::json!({"code": "no_such_run", "args": {"run": "r"}}),
        ),
        (
            ImportProblem::NoFiles.into(),
            serde_json::json!({"code": "no_files"}),
        ),
        (
            RunProblem::WrongState(WrongState::NothingToStop {
                run: "r".into(),
                status: RunStatus::Done,
            })
            .into(),
            serde_json::json!({"code": "wrong_state",
                "args": {"case": "nothing_to_stop", "run": "r", "status": "done"}}),
        ),
        (
            HubProblem::BadToken.into(),
            serde_json::json!({"code": "bad_token"}),
        ),
        (
            ShellProblem::File {
                file: "f".to_owned(),
                row: Some(2),
                reason: "no".to_owned(),
            }
            .into(),
            serde_json::json!({"code": "file", "args": {"file": "f", "row": 2, "reason": "no"}}),
        ),
    ];
    for (problem, json) in problems {
        assert_eq!(serde_json::to_value(&problem).unwrap(), json);
        assert_eq!(problem.code().as_str(), json["code"]);
        let report = ErrorReport::from(problem.clone());
        let line = serde_json::to_value(&report).unwrap();
        assert_eq!(
            (&line["code"], &line["args"]),
            (&json["code"], &json["args"])
        );
        assert_eq!(serde_json::from_value::<ErrorReport>(line).unwrap(), report);
    }
}

#[test]
fn a_report_without_arguments_keeps_its_code_and_its_words() {
    let old = r#"{"code":"wrong_state","message":"m","fix":"f","file":"x","row":3}"#;
    let report: ErrorReport = serde_json::from_str(old).unwrap();
    assert_eq!(
        report.what,
        Reported::Code {
            code: ErrorCode::WrongState
        }
    );
    assert_eq!((report.message.as_str(), report.fix.as_str()), ("m", "f"));
    assert_eq!(report.place, ErrorPlace::file("x").with_row(3));
    let newer = r#"{"code":"wrong_state","args":{"case":"unheard_of"},"message":"m","fix":"f"}"#;
    let report: ErrorReport = serde_json::from_str(newer).unwrap();
    assert_eq!(report.code(), ErrorCode::WrongState);
}

/// Workspaces hold both: `null` from a stage that ended without measuring anything, `{}` from one that has not ended.
#[test]
fn a_stage_may_have_measured_nothing() {
    let read = |text: &str| serde_json::from_str::<Measures>(text).unwrap();
    assert_eq!(read("null"), Measures::default());
    assert_eq!(read("{}"), Measures::Writing(Default::default()));
    let written = serde_json::to_value(Measures::default()).unwrap();
    assert_eq!(written, serde_json::Value::Null);
}

/// Checks that an id is its text everywhere: in JSON, in messages, read back.
fn is_its_text<T>()
where
    T: Debug + Display + PartialEq + FromStr + From<String> + Serialize + DeserializeOwned,
    T::Err: Debug,
    T: std::ops::Deref<Target = str>,
{
    for text in ["samsum-1", "Gespräche 3", ""] {
        let id = T::from(text.to_owned());
        assert_eq!(serde_json::to_value(&id).unwrap(), text);
        assert_eq!(serde_json::from_value::<T>(text.into()).unwrap(), id);
        assert_eq!(text.parse::<T>().unwrap(), id);
        assert_eq!((id.to_string().as_str(), &*id), (text, text));
        assert_eq!(format!("{id:>40}").chars().count(), 40, "can be padded");
    }
}

#[test]
fn an_id_is_its_text() {
    is_its_text::<RunId>();
    is_its_text::<DatasetName>();
    is_its_text::<ModelId>();
    is_its_text::<ModelName>();
    is_its_text::<ExperimentName>();
    is_its_text::<StudyName>();
}
