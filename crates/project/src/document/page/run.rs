//! The page of a run, section by section, in the order in which a stranger would ask.

use super::super::{RunSubject, Told, Why};
use super::sheet::{ABSENT, Block, Line, Pen, Points, Section, short};
use super::{found, tables};

/// What is shown below the title.
pub(super) fn note(pen: Pen, subject: &RunSubject) -> String {
    let run = &subject.run;
    format!(
        "{} {} · {} · {} {}",
        pen.say("Data set", "Datensatz"),
        run.dataset.name,
        run.model.name,
        pen.say("seed", "Startwert"),
        run.seed
    )
}

pub(super) fn sections(pen: Pen, subject: &RunSubject) -> Vec<Section> {
    let run = &subject.run;
    let verdict = run.verdict.iter().map(|verdict| Block::Verdict {
        text: pen.words(&verdict.sentence),
    });
    [
        (String::new(), verdict.collect()),
        (
            pen.say("What was done", "Was getan wurde"),
            done(pen, subject),
        ),
        (pen.say("Data", "Daten"), data(pen, subject)),
        (
            pen.say(
                "Summaries of the test dialogues",
                "Zusammenfassungen der Testdialoge",
            ),
            tables::results(pen, &run.results),
        ),
        (
            pen.say("Synthetic dialogues", "Künstliche Dialoge"),
            tables::synthesizers(pen, run),
        ),
        (
            pen.say("The judge", "Der Prüfer"),
            found::judge(pen, &subject.judge, run.judge.as_ref()),
        ),
        (pen.say("Rounds", "Runden"), found::rounds(pen, &run.rounds)),
        (
            pen.say("Made-up dialogues beside real ones", "Erfunden neben echt"),
            found::leaks(pen, run.leaks.as_ref()),
        ),
        (
            pen.say("Facts of the summaries", "Angaben der Zusammenfassungen"),
            tables::facts(pen, &run.results),
        ),
        (
            pen.say(
                "From made-up to real pairs",
                "Von erfundenen zu echten Paaren",
            ),
            hand_overs(pen, subject),
        ),
        (pen.say("Curves", "Kurven"), curves(pen, subject)),
        (
            pen.say("The most telling items", "Einträge, die am meisten sagen"),
            subject.items.iter().map(|item| told(pen, item)).collect(),
        ),
        (
            pen.say("What people said", "Was Menschen sagten"),
            found::ratings(pen, &subject.ratings),
        ),
        (
            pen.say(
                "Failures, warnings, repetitions",
                "Fehler, Warnungen, Wiederholungen",
            ),
            troubles(pen, subject),
        ),
        (
            pen.say("Where and how long", "Wo und wie lange"),
            place(pen, subject),
        ),
    ]
    .into_iter()
    .filter_map(|(title, blocks)| Section::of(title, blocks))
    .collect()
}

/// The method in words, the settings that are not the defaults, and what was given up for time.
fn done(pen: Pen, subject: &RunSubject) -> Vec<Block> {
    let text = Block::text(pen.sentences(&subject.method).join(" "));
    let head = [
        pen.say("field", "Feld"),
        pen.say("value", "Wert"),
        pen.say("default", "üblich"),
        pen.say("source of the default", "Quelle des Üblichen"),
    ];
    let rows = subject.settings.iter().map(|setting| {
        vec![
            setting.key.clone(),
            pen.value(&setting.value),
            pen.value(&setting.default),
            setting.source.clone(),
        ]
    });
    let settings = Block::words(head.to_vec(), rows.collect());
    let settings = settings.map(|table| {
        let text = pen.say(
            "Settings that are not the defaults",
            "Einstellungen, die vom Üblichen abweichen",
        );
        [Block::Heading { text }, table]
    });
    let given_up = found::budget(pen, subject.budget.as_ref());
    text.into_iter()
        .chain(settings.into_iter().flatten())
        .chain(given_up)
        .collect()
}

fn data(pen: Pen, subject: &RunSubject) -> Vec<Block> {
    let dataset = &subject.run.dataset;
    let counts = dataset.counts;
    let text = format!(
        "{} {}, {} {} ({}), {} {}.",
        counts.shots,
        pen.say("pairs to learn from", "Paare zum Lernen"),
        counts.validation,
        pen.say("to choose by", "zum Auswählen"),
        dataset.validation_from,
        counts.test,
        pen.say("to test on", "zum Testen"),
    );
    let left_out = (!dataset.dropped.is_empty()).then(|| Block::Note {
        text: format!(
            "{} {}",
            pen.say("Left out as too long:", "Als zu lang ausgelassen:"),
            dataset.dropped.join(", ")
        ),
    });
    let hashes = [
        (
            pen.say("ids of the shots", "Ids der Lernpaare"),
            &dataset.shot_ids_sha256,
        ),
        (
            pen.say("texts to learn from", "Texte zum Lernen"),
            &subject.data.training_sha256,
        ),
        (
            pen.say("texts to test on", "Texte zum Testen"),
            &subject.data.test_sha256,
        ),
    ];
    let rows = hashes.map(|(name, sha256)| vec![name, sha256.clone()]);
    let table = Block::words(vec![String::new(), "SHA-256".to_owned()], rows.to_vec());
    [Block::Text { text }]
        .into_iter()
        .chain(left_out)
        .chain(table)
        .collect()
}

fn hand_overs(pen: Pen, subject: &RunSubject) -> Vec<Block> {
    let head = [
        "system",
        "update",
        "learning rate before",
        "after",
        "validation CE before",
        "after",
        "real pairs alone",
    ];
    let german = [
        "System",
        "Update",
        "Lernrate davor",
        "danach",
        "Validierungs-CE davor",
        "danach",
        "nur echte Paare",
    ];
    let head = head.iter().zip(german).map(|(en, de)| pen.say(en, de));
    let rows = subject.hand_overs.iter().map(|found| {
        vec![
            found.system.to_string(),
            found.update.to_string(),
            pen.small(found.lr_before),
            pen.small(found.lr_after),
            pen.digits(found.ce_before, 4),
            pen.digits(found.ce_after, 4),
            pen.maybe(found.ce_real, |pen, ce| pen.digits(ce, 4)),
        ]
    });
    let table = Block::table(head.collect(), rows.collect());
    let curves = subject.hand_overs.iter().filter_map(|found| {
        pen.curve(Points {
            name: format!(
                "{}: {}",
                found.system,
                pen.say("validation CE", "Validierungs-CE")
            ),
            across: pen.say("update", "Update"),
            points: &found.points,
            mark: Some(found.update),
        })
    });
    table.into_iter().chain(curves).collect()
}

fn curves(pen: Pen, subject: &RunSubject) -> Vec<Block> {
    let drawn = subject.curves.iter().filter_map(|curve| {
        pen.curve(Points {
            name: curve.name.clone(),
            across: pen.say("update", "Update"),
            points: &curve.points,
            mark: None,
        })
    });
    drawn.collect()
}

fn told(pen: Pen, item: &Told) -> Block {
    let why = match item.why {
        Why::Best => pen.say("Best", "Am besten"),
        Why::Worst => pen.say("Worst", "Am schlechtesten"),
        Why::MostChanged => pen.say("Most changed", "Am stärksten verändert"),
    };
    let reference = item.reference.as_ref().map(|text| Line {
        name: pen.say("Reference", "Referenz"),
        note: String::new(),
        text: text.clone(),
    });
    let written = item.rouge1.iter().map(|(system, score)| Line {
        name: system.to_string(),
        note: pen.points(*score),
        text: item.summaries.get(system).cloned().unwrap_or_default(),
    });
    Block::Item {
        title: format!("{why} · {}", item.id),
        lines: reference.into_iter().chain(written).collect(),
    }
}

fn troubles(pen: Pen, subject: &RunSubject) -> Vec<Block> {
    let reasons = subject.run.stages.iter().flat_map(|stage| {
        let of_stage = stage.dropped.iter();
        of_stage
            .map(|(reason, count)| vec![stage.name.to_string(), reason.clone(), count.to_string()])
    });
    let head = [
        pen.say("stage", "Stufe"),
        pen.say("left out because", "ausgelassen wegen"),
        pen.say("how many", "wie viele"),
    ];
    let dropped = Block::words(head.to_vec(), reasons.collect());
    found::failures(pen, &subject.failures)
        .into_iter()
        .chain(Block::list(pen.sentences(&subject.warnings)))
        .chain(found::retries(pen, &subject.retries))
        .chain(dropped)
        .collect()
}

/// Versions, hashes, the machine as far as the run knows it, and what each stage took.
fn place(pen: Pen, subject: &RunSubject) -> Vec<Block> {
    let run = &subject.run;
    let facts = [
        (
            pen.say("program that began it", "Programm, das ihn begann"),
            run.version.clone(),
        ),
        (
            pen.say("base model", "Basismodell"),
            run.model.name.to_string(),
        ),
        (
            pen.say("weights", "Gewichte"),
            run.model.parameters.to_string(),
        ),
        ("SHA-256".to_owned(), run.model.sha256.to_string()),
        (pen.say("device", "Gerät"), run.device.to_string()),
        (pen.say("threads", "Threads"), run.threads.to_string()),
        (pen.say("seed", "Startwert"), run.seed.to_string()),
    ];
    let facts = facts.map(|(name, value)| vec![name, value]).to_vec();
    let head = [
        ("stage", "Stufe"),
        ("state", "Stand"),
        ("min", "min"),
        ("CPU min", "CPU-min"),
        ("GB", "GB"),
        ("in", "hinein"),
        ("out", "heraus"),
        ("hash of the result", "Prüfsumme des Ergebnisses"),
    ];
    let rows = run.stages.iter().map(|stage| {
        let sha256 = stage.output_sha256.as_deref();
        vec![
            stage.name.to_string(),
            stage.status.to_string(),
            pen.minutes(stage.wall_s),
            pen.minutes(stage.cpu_s),
            pen.digits(stage.peak_rss_bytes as f64 / 1e9, 2),
            stage.n_in.to_string(),
            stage.n_out.to_string(),
            sha256.map_or_else(|| ABSENT.to_owned(), short),
        ]
    });
    let head = head.iter().map(|(en, de)| pen.say(en, de)).collect();
    Block::words(vec![String::new(); 2], facts)
        .into_iter()
        .chain(Block::table(head, rows.collect()))
        .collect()
}
