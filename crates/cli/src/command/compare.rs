//! bench compare: the measurements of `bench` and the same work done by other programs, in turns, as one table of ratios.
//!
//! Each figure is taken by a process of its own, because the most memory that a process ever held is one of them. The other
//! programs are called by `benches/peer/peer.py`, which is part of this program and given to Python on standard input.

use std::ffi::OsString;
use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::process::{Command, ExitCode, Output as Ended, Stdio};

use serde::Deserialize;
use serde::de::DeserializeOwned;

use super::Done;
use crate::answer::{self, CompareRow, CompareUnit, NotMeasured};
use crate::args::{BenchCompare, Compared, Global};
use crate::failure::Failure;
use crate::output::{Output, note};
use crate::table::Table;

const SCRIPT: &str = include_str!("../../../../benches/peer/peer.py");
const PACKAGES: &str = include_str!("../../../../benches/peer/requirements.txt");

/// A measurement of either program: what it is called, the figure, and the most memory.
#[derive(Clone, Debug, PartialEq)]
struct Figure {
    peer: Option<String>,
    part: Option<String>,
    value: f64,
    peak_rss_bytes: Option<u64>,
}

pub(super) fn compare(global: &Global, args: &BenchCompare, output: &Output) -> Done {
    let asked = asked(args)?;
    python(&args.python)?;
    let folder = std::env::temp_dir().join(format!("duologue-compare-{}", std::process::id()));
    std::fs::create_dir_all(&folder).map_err(|error| {
        let fix = "Set TMPDIR to a folder that may be written to.";
        Failure::file(&folder, None, format!("cannot be made: {error}"), fix)
    })?;
    let bench = Bench {
        global,
        args,
        calls: folder.join("calls.jsonl"),
    };
    let (mut rows, mut not_measured) = (Vec::new(), Vec::new());
    for what in asked {
        match bench.rounds(what) {
            Ok(compared) => rows.extend(compared),
            Err(reason) => not_measured.push(NotMeasured { what, reason }),
        }
    }
    // A temporary folder that cannot be removed does no harm.
    let _kept = std::fs::remove_dir_all(&folder);
    let result = answer::BenchCompare {
        processor: host::machine::cpu_name(),
        simd: host::machine::simd(),
        threads: global.threads(),
        rows,
        not_measured,
    };
    output.text(text(&result));
    let code = u8::from(result.rows.is_empty());
    output.result(&result);
    Ok(ExitCode::from(code))
}

/// What is to be compared, in the order of the words.
fn asked(args: &BenchCompare) -> Result<Vec<Compared>, Failure> {
    let has_data = args.data.is_some();
    if args.what.contains(&Compared::Pipeline) && !has_data {
        return Err(Failure::usage(
            "the small run needs dialogues and a base model",
            "Add --data FILE and --model FOLDER.",
        ));
    }
    let wanted = |what: &Compared| match args.what.is_empty() {
        true => *what != Compared::Pipeline || has_data,
        false => args.what.contains(what),
    };
    Ok(Compared::ALL.into_iter().filter(wanted).collect())
}

/// Whether this Python exists at all; missing packages are reported where they are needed.
fn python(program: &Path) -> Result<(), Failure> {
    let answer = Command::new(program).arg("--version").output();
    if answer.is_ok_and(|answer| answer.status.success()) {
        return Ok(());
    }
    Err(Failure::usage(
        format!("{} does not start", program.display()),
        format!(
            "Name a Python with --python; it needs these packages: {}.",
            PACKAGES.split_whitespace().collect::<Vec<_>>().join(", ")
        ),
    ))
}

struct Bench<'a> {
    global: &'a Global,
    args: &'a BenchCompare,
    /// What this program was asked to do in the small run, for the other to repeat.
    calls: PathBuf,
}

impl Bench<'_> {
    /// Ours, theirs, ours: as often as asked. A failure is reported with the failing program's last line of output.
    fn rounds(&self, what: Compared) -> Result<Vec<CompareRow>, String> {
        let (mut ours, mut theirs) = (Vec::new(), Vec::new());
        for round in 1..=self.args.rounds {
            let at_work = format!("{} ({round} of {})", what.as_str(), self.args.rounds);
            note(&format!("{at_work}: this program …"));
            ours.push(self.ours(what)?);
            note(&format!("{at_work}: the other …"));
            theirs.push(self.theirs(what)?);
            note(&format!("{at_work}: this program again …"));
            ours.push(self.ours(what)?);
        }
        Ok(paired(what, &ours, &theirs))
    }

    fn ours(&self, what: Compared) -> Result<Vec<Figure>, String> {
        let program = std::env::current_exe().map_err(|error| error.to_string())?;
        let mut command = Command::new(program);
        command
            .args(["--json", "--threads", &self.global.threads().to_string()])
            .args(self.own_words(what));
        let ended = command
            .stdin(Stdio::null())
            .output()
            .map_err(|error| error.to_string())?;
        match what {
            Compared::Train | Compared::Recompute | Compared::Dpo => {
                let update: Update = last(&ended)?;
                Ok(vec![update.figure()])
            }
            Compared::Generate | Compared::Llama => {
                let generated: Generated = last(&ended)?;
                Ok(generated.rows.into_iter().map(Rate::figure).collect())
            }
            Compared::Pipeline => {
                let run: Stages = last(&ended)?;
                Ok(run.figures())
            }
        }
    }

    /// The arguments of this program that measure it.
    fn own_words(&self, what: Compared) -> Vec<OsString> {
        let words: &[&str] = match what {
            Compared::Train | Compared::Recompute => &["bench", "train"],
            Compared::Dpo => &["bench", "train", "--dpo"],
            Compared::Generate => &["bench", "generate", "--quant", "f32"],
            Compared::Llama => &["bench", "generate", "--quant", &self.weights()],
            Compared::Pipeline => &["bench", "pipeline"],
        };
        let mut words: Vec<OsString> = words.iter().map(OsString::from).collect();
        if what == Compared::Pipeline {
            words.push("--data".into());
            words.extend(self.args.data.iter().map(OsString::from));
        }
        words.extend(self.common_words(what));
        words
    }

    /// The arguments of the script that measure the other program.
    fn peer_words(&self, what: Compared) -> Vec<OsString> {
        let words: &[&str] = match what {
            Compared::Train | Compared::Recompute => &["train"],
            Compared::Llama => &["llama", "--quant", &self.weights()],
            Compared::Dpo | Compared::Generate | Compared::Pipeline => &[what.as_str()],
        };
        let mut words: Vec<OsString> = words.iter().map(OsString::from).collect();
        words.extend(self.common_words(what));
        words
    }

    /// The options that both programs have, under the same names.
    fn common_words(&self, what: Compared) -> Vec<OsString> {
        let args = self.args;
        let shape = args.shape.as_str().to_owned();
        let option = |name: &str, value: String| [OsString::from(name), value.into()];
        let update = |seq: u32| {
            [
                option("--shape", shape.clone()),
                option("--steps", args.steps.to_string()),
                option("--seq", seq.to_string()),
            ]
            .concat()
        };
        match what {
            Compared::Train => update(args.seq),
            Compared::Recompute => [update(args.seq), vec!["--recompute".into()]].concat(),
            Compared::Dpo => {
                // A pair has two sequences, so each is half as long; a quarter of it is the prompt.
                let seq = (args.seq / 2).max(2);
                let prompt = option("--prompt", (seq / 4).max(1).to_string());
                [update(seq), prompt.to_vec()].concat()
            }
            Compared::Generate | Compared::Llama => [
                option("--shape", shape),
                option("--batch", joined(args.batch.iter().map(usize::to_string))),
                option("--prompt", args.prompt.to_string()),
                option("--new", args.new.to_string()),
            ]
            .concat(),
            Compared::Pipeline => {
                let mut words = vec![
                    "--calls".into(),
                    self.calls.clone().into(),
                    "--model".into(),
                ];
                words.extend(args.model.iter().map(OsString::from));
                words
            }
        }
    }

    fn weights(&self) -> String {
        joined(self.args.quant.iter().map(|quant| quant.as_str()))
    }

    fn theirs(&self, what: Compared) -> Result<Vec<Figure>, String> {
        let mut command = Command::new(&self.args.python);
        command
            .args(["-", "--threads", &self.global.threads().to_string()])
            .args(self.peer_words(what));
        let mut child = command
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .map_err(|error| error.to_string())?;
        if let Some(mut input) = child.stdin.take() {
            // A Python that ends before it has read everything says why itself.
            let _unread = input.write_all(SCRIPT.as_bytes());
        }
        let ended = child
            .wait_with_output()
            .map_err(|error| error.to_string())?;
        let figures = match what {
            Compared::Train | Compared::Recompute | Compared::Dpo => lines::<Update>(&ended)?
                .into_iter()
                .map(Update::figure)
                .collect(),
            Compared::Generate | Compared::Llama => lines::<Rate>(&ended)?
                .into_iter()
                .map(Rate::figure)
                .collect(),
            Compared::Pipeline => lines::<StageTime>(&ended)?
                .into_iter()
                .map(StageTime::figure)
                .collect(),
        };
        Ok(figures)
    }
}

fn joined<T: AsRef<str>>(words: impl Iterator<Item = T>) -> String {
    let words: Vec<T> = words.collect();
    let words: Vec<&str> = words.iter().map(AsRef::as_ref).collect();
    words.join(",")
}

/// An update, as both programs print it.
#[derive(Deserialize)]
struct Update {
    peer: Option<String>,
    cpu_s_per_step: f64,
    peak_rss_bytes: u64,
}

impl Update {
    fn figure(self) -> Figure {
        Figure {
            peer: self.peer,
            part: None,
            value: self.cpu_s_per_step,
            peak_rss_bytes: Some(self.peak_rss_bytes),
        }
    }
}

/// What this program generated.
#[derive(Deserialize)]
struct Generated {
    rows: Vec<Rate>,
}

/// Tokens generated with one kind of weights, as both programs print them.
#[derive(Deserialize)]
struct Rate {
    peer: Option<String>,
    quant: String,
    batch: usize,
    tokens_per_cpu_s: f64,
}

impl Rate {
    fn figure(self) -> Figure {
        Figure {
            part: Some(format!("{}, {} side by side", self.quant, self.batch)),
            peer: self.peer,
            value: self.tokens_per_cpu_s,
            peak_rss_bytes: None,
        }
    }
}

/// This program's small run.
#[derive(Deserialize)]
struct Stages {
    stages: Vec<StageTime>,
    cpu_s: f64,
}

impl Stages {
    fn figures(self) -> Vec<Figure> {
        let whole = Figure {
            peer: None,
            part: Some("all".to_owned()),
            value: self.cpu_s,
            peak_rss_bytes: self.stages.iter().map(|stage| stage.peak_rss_bytes).max(),
        };
        let stages = self.stages.into_iter().map(StageTime::figure);
        stages.chain([whole]).collect()
    }
}

/// A stage of the small run, as both programs print it; the other's last line is the total.
#[derive(Deserialize)]
struct StageTime {
    peer: Option<String>,
    #[serde(alias = "name")]
    stage: String,
    cpu_s: f64,
    peak_rss_bytes: u64,
}

impl StageTime {
    fn figure(self) -> Figure {
        Figure {
            peer: self.peer,
            part: Some(self.stage),
            value: self.cpu_s,
            peak_rss_bytes: Some(self.peak_rss_bytes),
        }
    }
}

/// Every line of standard output; if the program failed, the last that it said.
fn lines<T: DeserializeOwned>(ended: &Ended) -> Result<Vec<T>, String> {
    let printed = String::from_utf8_lossy(&ended.stdout);
    if !ended.status.success() {
        return Err(last_words(ended));
    }
    printed
        .lines()
        .map(|line| serde_json::from_str(line).map_err(|error| format!("{error}: {line:.200}")))
        .collect()
}

/// The last line alone: the result of a command of this program.
fn last<T: DeserializeOwned>(ended: &Ended) -> Result<T, String> {
    let printed = String::from_utf8_lossy(&ended.stdout);
    if !ended.status.success() {
        return Err(last_words(ended));
    }
    let line = printed.lines().last().unwrap_or_default();
    serde_json::from_str(line).map_err(|error| format!("{error}: {line:.200}"))
}

fn last_words(ended: &Ended) -> String {
    let spoken = String::from_utf8_lossy(&ended.stderr);
    let line = spoken.lines().rfind(|line| !line.trim().is_empty());
    let words: String = line.unwrap_or_default().trim().chars().take(200).collect();
    match words.is_empty() {
        true => ended.status.to_string(),
        false => words,
    }
}

/// A row for each part that both programs measured. The other program is the named one; a part of ours without a
/// counterpart is left out (a stage that computes nothing).
fn paired(what: Compared, ours: &[Vec<Figure>], theirs: &[Vec<Figure>]) -> Vec<CompareRow> {
    let unit = match what {
        Compared::Generate | Compared::Llama => CompareUnit::TokensPerCpuS,
        _ => CompareUnit::CpuS,
    };
    let parts = ours.first().map(Vec::as_slice).unwrap_or_default();
    let values = |rounds: &[Vec<Figure>], part: &Option<String>| -> Vec<Figure> {
        let found = |round: &Vec<Figure>| round.iter().find(|f| f.part == *part).cloned();
        rounds.iter().filter_map(found).collect()
    };
    let row = |part: &Option<String>| -> Option<CompareRow> {
        let (our_figures, their_figures) = (values(ours, part), values(theirs, part));
        let peak = |figures: &[Figure]| figures.iter().filter_map(|f| f.peak_rss_bytes).max();
        let (ours_peak_rss_bytes, theirs_peak_rss_bytes) =
            (peak(&our_figures), peak(&their_figures));
        let peer = their_figures.iter().find_map(|figure| figure.peer.clone());
        let [ours, theirs]: [Vec<f64>; 2] =
            [our_figures, their_figures].map(|figures| figures.iter().map(|f| f.value).collect());
        Some(CompareRow {
            what,
            part: part.clone(),
            peer: peer.unwrap_or_else(|| "transformers+peft+trl".to_owned()),
            unit,
            times_as_fast: times_as_fast(unit, median(&ours)?, median(&theirs)?),
            ours,
            theirs,
            ours_peak_rss_bytes,
            theirs_peak_rss_bytes,
        })
    };
    parts
        .iter()
        .filter_map(|figure| row(&figure.part))
        .collect()
}

fn times_as_fast(unit: CompareUnit, ours: f64, theirs: f64) -> f64 {
    match unit {
        CompareUnit::CpuS => theirs / ours,
        CompareUnit::TokensPerCpuS => ours / theirs,
    }
}

/// The middle value, or the mean of the middle two; `None` if there are no values.
fn median(values: &[f64]) -> Option<f64> {
    let mut sorted = values.to_vec();
    sorted.sort_by(f64::total_cmp);
    let middle = sorted.len() / 2;
    let upper = *sorted.get(middle)?;
    match sorted.len() % 2 {
        1 => Some(upper),
        _ => Some(0.5 * (upper + sorted[middle - 1])),
    }
}

/// The table as docs/speed.md shows it.
pub(super) fn text(result: &answer::BenchCompare) -> String {
    let mut table = Table::new(&[
        "what",
        "beside",
        "ours",
        "theirs",
        "times as fast",
        "memory",
    ]);
    for row in &result.rows {
        let what = match &row.part {
            Some(part) => format!("{}: {part}", row.what.as_str()),
            None => row.what.as_str().to_owned(),
        };
        let megabytes = |bytes: u64| format!("{:.0}", bytes as f64 / 1e6);
        let memory = match (row.ours_peak_rss_bytes, row.theirs_peak_rss_bytes) {
            (Some(ours), Some(theirs)) => {
                format!("{} of {} MB", megabytes(ours), megabytes(theirs))
            }
            _ => String::new(),
        };
        table.row(vec![
            what,
            row.peer.clone(),
            figures(&row.ours, row.unit),
            figures(&row.theirs, row.unit),
            format!("{:.2}", row.times_as_fast),
            memory,
        ]);
    }
    let missing = result.not_measured.iter().map(|missing| {
        format!(
            "\nNot measured: {} ({}).",
            missing.what.as_str(),
            missing.reason
        )
    });
    format!(
        "{}, {}, threads: {}.\n{table}\nTraining and stages in processor-seconds, generation in tokens a processor-second.{}",
        result.processor.as_deref().unwrap_or("A processor"),
        result.simd,
        result.threads,
        missing.collect::<String>(),
    )
}

fn figures(values: &[f64], unit: CompareUnit) -> String {
    let digits = match unit {
        CompareUnit::CpuS => 2,
        CompareUnit::TokensPerCpuS => 0,
    };
    joined(values.iter().map(|value| format!("{value:.digits$}"))).replace(',', ", ")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn figure(part: &str, value: f64) -> Figure {
        Figure {
            peer: Some("llama.cpp".to_owned()),
            part: Some(part.to_owned()),
            value,
            peak_rss_bytes: None,
        }
    }

    #[test]
    fn rates_and_seconds_are_turned_the_same_way() {
        assert_eq!(times_as_fast(CompareUnit::CpuS, 4.0, 10.0), 2.5);
        assert_eq!(times_as_fast(CompareUnit::TokensPerCpuS, 50.0, 20.0), 2.5);
    }

    #[test]
    fn a_part_that_only_one_program_has_is_left_out() {
        let ours = [
            vec![figure("f32, 1 side by side", 40.0), figure("bf16", 1.0)],
            vec![figure("f32, 1 side by side", 44.0), figure("bf16", 1.0)],
        ];
        let theirs = [vec![figure("f32, 1 side by side", 60.0)]];
        let rows = paired(Compared::Llama, &ours, &theirs);
        assert_eq!(rows.len(), 1);
        assert_eq!(rows[0].ours, [40.0, 44.0]);
        assert_eq!(rows[0].times_as_fast, 0.7);
        assert_eq!(rows[0].peer, "llama.cpp");
    }
}
