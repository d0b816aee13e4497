//! Reads a study from a folder: `study.json` (what was fixed before), `dialogues.json`, `items.json` (texts with their
//! authors) and `ratings.csv` (a line for a rater, a summary and a criterion); `pair_votes.csv` and
//! `best_worst.csv` have the choices, if there were any. Duologue has not seen how such a study was blinded or ordered, so nothing is claimed about either.

use std::collections::{BTreeMap, BTreeSet};
use std::fs::File;
use std::io::{BufReader, ErrorKind};
use std::path::Path;

use contract::problem::{ImportProblem, NotFound, Unreadable};
use contract::{ItemState, StudyPlan, excerpt};
use serde::Deserialize;
use serde::de::DeserializeOwned;

use super::record::{
    GivenMark, GivenScore, GivenVote, RatedDialogue, RatedItem, Side, StudyRecord,
};

/// What `study.json` holds besides the plan.
#[derive(Deserialize)]
struct Head {
    format: String,
    version: u32,
}

/// The word and the newest version of the layout.
const FORMAT: (&str, u32) = ("duologue.study", 1);

/// A line of `ratings.csv`.
#[derive(Deserialize)]
struct RatingLine {
    dialogue: u32,
    item: u32,
    rater: String,
    step: u32,
    place: u32,
    repeat: u8,
    criterion: String,
    score: Option<u8>,
    state: ItemState,
    active_ms: i64,
    at_ms: Option<i64>,
}

/// A line of `pair_votes.csv`.
#[derive(Deserialize)]
struct VoteLine {
    dialogue: u32,
    rater: String,
    left: String,
    right: String,
    choice: Side,
    active_ms: i64,
}

/// Reads the study in this folder.
///
/// # Errors
/// [`ImportProblem`] with file and row: a file that is missing or not of its format, a number or word that the other
/// files do not have, a score outside its scale, a line that occurs twice.
pub fn read(folder: &Path) -> Result<StudyRecord, ImportProblem> {
    let head: Head = json(&folder.join("study.json"))?;
    if head.format != FORMAT.0 || head.version > FORMAT.1 {
        return Err(row(
            &folder.join("study.json"),
            1,
            format!(
                "it is `{}` version {}, and {} version {} is read",
                excerpt(&head.format),
                head.version,
                FORMAT.0,
                FORMAT.1
            ),
        ));
    }
    let plan: StudyPlan = json(&folder.join("study.json"))?;
    let dialogues: Vec<RatedDialogue> = json(&folder.join("dialogues.json"))?;
    let items: Vec<RatedItem> = json(&folder.join("items.json"))?;
    let names = Names::new(folder, &plan, &dialogues, &items)?;
    let scores = scores(&folder.join("ratings.csv"), &names)?;
    let votes = match folder.join("pair_votes.csv") {
        path if path.exists() => votes(&path, &names)?,
        _ => Vec::new(),
    };
    let marks = match folder.join("best_worst.csv") {
        path if path.exists() => marks(&path, &names)?,
        _ => Vec::new(),
    };
    Ok(StudyRecord {
        plan,
        dialogues,
        items,
        scores,
        votes,
        marks,
    })
}

fn json<T: DeserializeOwned>(path: &Path) -> Result<T, ImportProblem> {
    let reader = BufReader::new(open(path)?);
    serde_json::from_reader(reader).map_err(|error| ImportProblem::Json {
        file: path.display().to_string(),
        row: error.line(),
        column: error.column(),
        reason: short(&error.to_string()),
    })
}

/// The beginning of a parser's message, which may repeat the input.
fn short(message: &str) -> String {
    message.chars().take(160).collect()
}

fn open(path: &Path) -> Result<File, ImportProblem> {
    let file = path.display().to_string();
    File::open(path).map_err(|error| match error.kind() {
        ErrorKind::NotFound => ImportProblem::NotFound(NotFound::File { file }),
        _ => ImportProblem::Unreadable(Unreadable::Refused {
            file,
            reason: error.to_string(),
        }),
    })
}

fn row(path: &Path, row: usize, reason: String) -> ImportProblem {
    ImportProblem::Table {
        file: path.display().to_string(),
        row,
        reason,
    }
}

/// Numbers and words that lines may use.
struct Names {
    /// Dialogue of each item.
    items: BTreeMap<u32, u32>,
    dialogues: BTreeSet<u32>,
    systems: BTreeSet<String>,
    raters: BTreeSet<String>,
    /// Points of each criterion's scale.
    criteria: BTreeMap<String, u8>,
}

impl Names {
    fn new(
        folder: &Path,
        plan: &StudyPlan,
        dialogues: &[RatedDialogue],
        items: &[RatedItem],
    ) -> Result<Self, ImportProblem> {
        let systems = plan.systems.iter().map(|system| system.key.clone());
        let criteria = plan.criteria.iter();
        let mut names = Self {
            items: BTreeMap::new(),
            dialogues: dialogues.iter().map(|dialogue| dialogue.d).collect(),
            systems: systems.collect(),
            raters: plan.raters.iter().map(|rater| rater.name.clone()).collect(),
            criteria: criteria
                .map(|criterion| (criterion.key.clone(), criterion.points))
                .collect(),
        };
        for comparison in &plan.comparisons {
            for key in [&comparison.a, &comparison.b] {
                names.system(&folder.join("study.json"), 1, key)?;
            }
        }
        let path = folder.join("items.json");
        let mut authors = BTreeSet::new();
        for (item, number) in items.iter().zip(1..) {
            names.dialogue(&path, number, item.d)?;
            for key in &item.systems {
                names.system(&path, number, key)?;
                if !authors.insert((item.d, key)) {
                    let reason = format!("dialogue {} has two items of `{key}`", item.d);
                    return Err(row(&path, number, reason));
                }
            }
            if names.items.insert(item.i, item.d).is_some() {
                let reason = format!("there are two items with number {}", item.i);
                return Err(row(&path, number, reason));
            }
        }
        Ok(names)
    }

    fn dialogue(&self, path: &Path, number: usize, dialogue: u32) -> Result<(), ImportProblem> {
        if self.dialogues.contains(&dialogue) {
            return Ok(());
        }
        let reason = format!("dialogues.json has no dialogue {dialogue}");
        Err(row(path, number, reason))
    }

    fn system(&self, path: &Path, number: usize, key: &str) -> Result<(), ImportProblem> {
        known(path, number, "system", &self.systems, key)
    }

    fn rater(&self, path: &Path, number: usize, name: &str) -> Result<(), ImportProblem> {
        known(path, number, "rater", &self.raters, name)
    }

    fn score(&self, path: &Path, number: usize, line: &RatingLine) -> Result<(), ImportProblem> {
        self.rater(path, number, &line.rater)?;
        let reason = match (
            self.items.get(&line.item),
            self.criteria.get(&line.criterion),
        ) {
            (None, _) => format!("items.json has no item {}", line.item),
            (Some(dialogue), _) if *dialogue != line.dialogue => format!(
                "item {} belongs to dialogue {dialogue}, not to {}",
                line.item, line.dialogue
            ),
            (_, None) => format!("study.json has no criterion `{}`", excerpt(&line.criterion)),
            (_, Some(points)) => match line.score {
                Some(score) if !(1..=*points).contains(&score) => {
                    format!("score {score} is outside the scale of 1 to {points}")
                }
                _ => return Ok(()),
            },
        };
        Err(row(path, number, reason))
    }
}

fn known(
    path: &Path,
    number: usize,
    what: &str,
    words: &BTreeSet<String>,
    word: &str,
) -> Result<(), ImportProblem> {
    if words.contains(word) {
        return Ok(());
    }
    let reason = format!("study.json has no {what} `{}`", excerpt(word));
    Err(row(path, number, reason))
}

/// The lines of a table, each with its number; the header is line 1.
fn lines<T: DeserializeOwned>(path: &Path) -> Result<Vec<(usize, T)>, ImportProblem> {
    let mut reader = csv::Reader::from_reader(open(path)?);
    let parsed = reader.deserialize().zip(2..);
    let parsed = parsed.map(
        |(line, number): (Result<T, csv::Error>, usize)| match line {
            Ok(line) => Ok((number, line)),
            Err(error) => Err(row(path, number, short(&error.to_string()))),
        },
    );
    parsed.collect()
}

fn scores(path: &Path, names: &Names) -> Result<Vec<GivenScore>, ImportProblem> {
    let mut scores: Vec<GivenScore> = Vec::new();
    let mut seen = BTreeSet::new();
    for (number, line) in lines::<RatingLine>(path)? {
        names.score(path, number, &line)?;
        let key = (
            line.rater.clone(),
            line.step,
            line.item,
            line.criterion.clone(),
        );
        if !seen.insert(key) {
            let reason = "the same rater, step, item and criterion stand on an earlier line";
            return Err(row(path, number, reason.to_owned()));
        }
        scores.push(GivenScore {
            dialogue: line.dialogue,
            item: line.item,
            rater: line.rater,
            step: line.step,
            place: line.place,
            repeat: line.repeat != 0,
            criterion: line.criterion,
            score: line.score,
            state: line.state,
            active_ms: line.active_ms,
            at_ms: line.at_ms,
        });
    }
    Ok(scores)
}

fn votes(path: &Path, names: &Names) -> Result<Vec<GivenVote>, ImportProblem> {
    let mut votes = Vec::new();
    let mut seen = BTreeSet::new();
    for (number, line) in lines::<VoteLine>(path)? {
        names.dialogue(path, number, line.dialogue)?;
        names.rater(path, number, &line.rater)?;
        names.system(path, number, &line.left)?;
        names.system(path, number, &line.right)?;
        let mut pair = [line.left.clone(), line.right.clone()];
        pair.sort();
        if !seen.insert((line.dialogue, line.rater.clone(), pair)) {
            let reason = "the same rater, dialogue and systems stand on an earlier line";
            return Err(row(path, number, reason.to_owned()));
        }
        votes.push(GivenVote {
            dialogue: line.dialogue,
            rater: line.rater,
            left: line.left,
            right: line.right,
            choice: line.choice,
            active_ms: line.active_ms,
        });
    }
    Ok(votes)
}

fn marks(path: &Path, names: &Names) -> Result<Vec<GivenMark>, ImportProblem> {
    let mut marks: Vec<GivenMark> = Vec::new();
    for (number, mark) in lines::<GivenMark>(path)? {
        names.dialogue(path, number, mark.dialogue)?;
        names.rater(path, number, &mark.rater)?;
        let shown: Vec<Option<u32>> = mark
            .shown
            .split(' ')
            .map(|item| item.parse().ok())
            .collect();
        let is_of_dialogue = |item: &Option<u32>| {
            item.is_some_and(|item| names.items.get(&item) == Some(&mark.dialogue))
        };
        let is_whole = shown.iter().all(is_of_dialogue)
            && mark.best != mark.worst
            && [mark.best, mark.worst]
                .iter()
                .all(|item| shown.contains(&Some(*item)));
        if !is_whole {
            let reason = format!(
                "the choice is not among the items of dialogue {}",
                mark.dialogue
            );
            return Err(row(path, number, reason));
        }
        let is_same =
            |known: &GivenMark| (known.dialogue, &known.rater) == (mark.dialogue, &mark.rater);
        if marks.iter().any(is_same) {
            let reason = "the same rater and dialogue stand on an earlier line";
            return Err(row(path, number, reason.to_owned()));
        }
        marks.push(mark);
    }
    Ok(marks)
}

#[cfg(test)]
mod tests {
    use super::*;

    const STUDY: &str = r#"{"format":"duologue.study","version":1,"title":"T","mode":"criteria","state":"closed",
        "systems":[{"key":"a","label":"A"},{"key":"b","label":"B"}],
        "criteria":[{"key":"fluency","points":5,"higher_is_better":true,"in_sentence":{"en":"fluency","de":"Fluss"}}],
        "comparisons":[{"a":"a","b":"b","test":true}],"alpha":0.05,"margin":0.25,"delta":0.3,
        "available_dialogues":9,"analysis_seed":1,"resamples":99,
        "raters":[{"name":"R1","state":"locked","counted":true}]}"#;
    const DIALOGUES: &str = r#"[{"d":1,"turns":[{"s":"Ada","t":"Hi."}]}]"#;
    const ITEMS: &str =
        r#"[{"i":10,"d":1,"systems":["a"],"text":"x"},{"i":11,"d":1,"systems":["b"],"text":"y"}]"#;
    const HEADER: &str =
        "dialogue,item,rater,step,place,repeat,criterion,score,state,active_ms,at_ms\n";

    fn folder(items: &str, lines: &str) -> tempfile::TempDir {
        let dir = tempfile::tempdir().unwrap();
        for (name, text) in [
            ("study.json", STUDY),
            ("dialogues.json", DIALOGUES),
            ("items.json", items),
            ("ratings.csv", &format!("{HEADER}{lines}")),
        ] {
            std::fs::write(dir.path().join(name), text).unwrap();
        }
        dir
    }

    #[test]
    fn a_folder_is_read_whole() {
        let dir = folder(
            ITEMS,
            "1,10,R1,0,0,0,fluency,4,done,900,5\n1,11,R1,0,1,1,fluency,,skipped,900,6\n",
        );
        let found = read(dir.path()).unwrap();
        assert_eq!(found.scores[0].score, Some(4));
        assert!(found.scores[1].repeat && found.scores[1].score.is_none());
        assert!(found.votes.is_empty());
        let votes = "dialogue,rater,left,right,choice,active_ms\n1,R1,b,a,tie,7\n";
        std::fs::write(dir.path().join("pair_votes.csv"), votes).unwrap();
        assert_eq!(read(dir.path()).unwrap().votes[0].choice, Side::Tie);
    }

    #[test]
    fn what_does_not_fit_is_named_with_its_line() {
        for (items, lines, expected) in [
            (ITEMS, "1,12,R1,0,0,0,fluency,4,done,1,1\n", "no item 12"),
            (
                ITEMS,
                "2,10,R1,0,0,0,fluency,4,done,1,1\n",
                "belongs to dialogue 1",
            ),
            (ITEMS, "1,10,R9,0,0,0,fluency,4,done,1,1\n", "no rater `R9`"),
            (
                ITEMS,
                "1,10,R1,0,0,0,style,4,done,1,1\n",
                "no criterion `style`",
            ),
            (
                ITEMS,
                "1,10,R1,0,0,0,fluency,6,done,1,1\n",
                "scale of 1 to 5",
            ),
            (ITEMS, "1,10,R1,0,0,0,fluency,x,done,1,1\n", "row 2"),
            (
                ITEMS,
                "1,10,R1,0,0,0,fluency,4,done,1,1\n1,10,R1,0,0,0,fluency,3,done,1,1\n",
                "row 3: the same rater",
            ),
            (
                r#"[{"i":1,"d":7,"systems":["a"],"text":""}]"#,
                "",
                "no dialogue 7",
            ),
            (
                r#"[{"i":1,"d":1,"systems":["c"],"text":""}]"#,
                "",
                "no system `c`",
            ),
        ] {
            let error = read(folder(items, lines).path()).unwrap_err().to_string();
            assert!(error.contains(expected), "{error}");
        }
        let dir = folder(ITEMS, "");
        std::fs::remove_file(dir.path().join("items.json")).unwrap();
        assert!(matches!(
            read(dir.path()),
            Err(ImportProblem::NotFound(NotFound::File { .. }))
        ));
        let newer = STUDY.replace("\"version\":1", "\"version\":2");
        std::fs::write(dir.path().join("study.json"), newer).unwrap();
        assert!(
            read(dir.path())
                .unwrap_err()
                .to_string()
                .contains("version 2")
        );
    }
}
