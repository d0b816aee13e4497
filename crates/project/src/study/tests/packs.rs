//! A rater elsewhere: what their pack reveals, what comes back, and what is refused.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use contract::{
    AnswersHeader, Envelope, ErrorCode, ItemState, Keep, Language, PackAnswers, PackCheck,
    PackFormat, PackHeader, PackItemState, PackItems, PackRating, RaterState, StudyAct, StudyName,
    System,
};

use super::{begin, code, rate_all, request, score, workspace};
use crate::session::Session;
use crate::study::begin::Begun;
use crate::study::merge::AnswersFile;
use crate::study::pack::cipher::{self, Keys, Secret, decrypt, encrypt};
use crate::study::pack::{PackFresh, PackRequest, file};
use crate::study::request::StudyRequest;

/// Few, so that tests are quick.
const ROUNDS: u32 = 1_000;

fn pack_fresh(word: u8) -> PackFresh {
    PackFresh {
        now_ms: 120,
        pack_id: format!("pack-{word}"),
        bytes: [word; 32],
        more: [word + 1; 32],
    }
}

/// A pack that was written, with what its rater's browser knows.
struct Given {
    header: PackHeader,
    secret: Secret,
    items: PackItems,
    page: String,
}

fn write(session: &Session, dir: &Path, rater: &str, word: u8) -> Given {
    let to = dir.join(format!("{rater}{word}.html"));
    let request = PackRequest {
        study: &"S".into(),
        rater,
        language: Language::English,
    };
    let written = session
        .write_pack_in_rounds(request, &to, &pack_fresh(word), ROUNDS)
        .unwrap();
    let page = std::fs::read_to_string(&to).unwrap();
    assert_eq!(written.sha256, store::sha256_hex(page.as_bytes()));
    let envelope: Envelope<PackHeader> = file::read(&page, "f", PackFormat::Pack).unwrap();
    let secret = Secret::typed(&written.secret.to_lowercase()).unwrap();
    let keys = Keys::new(&secret, &envelope.header.kdf).unwrap();
    let (header, sealed) = (envelope.header, envelope.ciphertext);
    let items = decrypt(&keys.items, &header.cipher, &header, &sealed).unwrap();
    Given {
        header,
        secret,
        items,
        page,
    }
}

/// What [`rate_all`] does at a desk, done in a browser.
fn rated(items: &PackItems) -> PackAnswers {
    let text = |i: u32| &items.items.iter().find(|item| item.i == i).unwrap().text;
    let longer = (System::MrdsSeparate.as_str().len() * 7919).to_string();
    let mut answers = PackAnswers::default();
    for step in &items.steps {
        for i in &step.items {
            let given = if text(*i).contains(&longer) {
                5
            } else {
                2 + (step.n % 3) as u8
            };
            answers
                .ratings
                .extend(items.criteria.iter().map(|criterion| PackRating {
                    n: step.n,
                    i: *i,
                    c: criterion.key.clone(),
                    v: given,
                    at: 200,
                }));
            answers.items.push(PackItemState {
                n: step.n,
                i: *i,
                state: ItemState::Done,
                reason: None,
                note: String::new(),
                flag: false,
                active_ms: 4_000,
                idle_ms: 40,
            });
        }
    }
    answers
}

/// The file that a browser saves.
fn save(
    dir: &Path,
    given: &Given,
    change: impl FnOnce(&mut AnswersHeader),
    answers: &PackAnswers,
) -> PathBuf {
    let PackHeader {
        version,
        pack_id,
        study_uid,
        rater,
        seal,
        kdf,
        cipher,
        ..
    } = given.header.clone();
    let mut header = AnswersHeader {
        format: PackFormat::Answers,
        version,
        pack_id,
        study_uid,
        rater,
        seal,
        kdf,
        cipher,
        branch: "b1".into(),
        revision: 1,
        locked: false,
        saved_at: 210,
    };
    change(&mut header);
    header.cipher.nonce = cipher::base64(&[header.revision as u8; cipher::NONCE_BYTES]);
    let keys = Keys::new(&given.secret, &header.kdf).unwrap();
    let ciphertext = encrypt(&keys.answers, &header.cipher, &header, answers).unwrap();
    let name = format!(
        "{}-{}-{}.duoanswers",
        header.rater, header.branch, header.revision
    );
    let path = dir.join(name);
    let envelope = Envelope { header, ciphertext };
    std::fs::write(&path, serde_json::to_string(&envelope).unwrap()).unwrap();
    path
}

fn merge(session: &Session, path: &Path, keep: Option<Keep>) -> crate::Result<contract::Merged> {
    let file = AnswersFile {
        path,
        secret: None,
        keep,
    };
    session.merge_answers(&"S".into(), file, 300)
}

fn study(n: usize, raters: &[&str]) -> (tempfile::TempDir, Session, Begun) {
    let (dir, session) = workspace(60);
    let request = StudyRequest {
        n: Some(n),
        ..request(raters)
    };
    let begun = begin(&session, &request);
    (dir, session, begun)
}

#[test]
fn a_pack_tells_nothing_but_what_is_to_be_rated() {
    let (dir, session, begun) = study(30, &["Ada", "Ben"]);
    let given = write(&session, dir.path(), "Ben", 1);
    assert_eq!(begun.raters[1].load, given.items.steps.len());
    let told = serde_json::to_string(&(&given.header, &given.items)).unwrap();
    for word in [
        "sft_real",
        "mrds_separate",
        "lead_3",
        "reference",
        "\"repeat",
        "blind_key",
        "run-7",
        "t0",
        "\"seed",
        "090909",
        "R1",
    ] {
        assert!(!told.contains(word), "`{word}` is told");
    }
    assert!(
        !given.page.contains("human zq"),
        "a text is in the file unencrypted"
    );
    // A dialogue that comes twice has other numbers the second time.
    let items = given.items.steps.iter().flat_map(|step| &step.items);
    assert!(items.copied().eq(1..=given.items.items.len() as u32));
    assert!(given.items.dialogues.len() == given.items.steps.len());
}

#[test]
fn a_pack_and_a_desk_give_the_same_results_in_any_order() {
    let results = |by_pack: bool, ada_first: bool| {
        let (dir, session, begun) = study(8, &["Ada", "Ben"]);
        let ada = || {
            rate_all(&session, "Ada", 200);
            session.lock_set(&"S".into(), "Ada", 250).unwrap();
        };
        if ada_first {
            ada();
        }
        if by_pack {
            let given = write(&session, dir.path(), "Ben", 1);
            let path = save(
                dir.path(),
                &given,
                |header| header.locked = true,
                &rated(&given.items),
            );
            let merged = merge(&session, &path, None).unwrap();
            assert!(merged.locked && merged.conflict.is_none() && merged.replaced == 0);
            assert_eq!(merged.new as usize, given.items.items.len() * 4);
        } else {
            rate_all(&session, "Ben", 200);
            session.lock_set(&"S".into(), "Ben", 250).unwrap();
        }
        if !ada_first {
            ada();
        }
        let opened = session.opened(&"S".into()).unwrap();
        assert!(session.verify_study(&opened).unwrap().seal_ok);
        let acts = session.store.rating_acts(begun.study).unwrap();
        assert_eq!(
            acts.iter()
                .filter(|act| act.what == StudyAct::PackMerged)
                .count(),
            usize::from(by_pack)
        );
        session.rated_results(&opened).unwrap()
    };
    let expected = results(false, true);
    assert_eq!(results(true, true), expected);
    assert_eq!(results(true, false), expected);
}

#[test]
fn a_later_saving_takes_the_place_of_an_earlier_one() {
    let (dir, session, _) = study(6, &["Ada", "Ben"]);
    let given = write(&session, dir.path(), "Ben", 1);
    let whole = rated(&given.items);
    let mut begun = whole.clone();
    begun.ratings.truncate(6);
    begun.items.truncate(2);
    begun.checks.push(PackCheck {
        place: 0,
        answer: true,
        at: 150,
    });
    let first = save(dir.path(), &given, |_| (), &begun);
    assert_eq!(merge(&session, &first, None).unwrap().new, 6);
    let again = merge(&session, &first, None).unwrap();
    assert_eq!(
        (again.new, again.replaced, again.rater.as_deref()),
        (0, 0, Some("R2"))
    );
    assert!(session.desk(&"S".into(), "Ben").unwrap().introduced);
    let mut changed = whole.clone();
    changed.ratings[0].v = 1;
    let second = save(dir.path(), &given, |header| header.revision = 2, &changed);
    let merged = merge(&session, &second, None).unwrap();
    assert_eq!(
        (merged.new as usize, merged.replaced),
        (whole.ratings.len() - 6, 1)
    );
    assert_eq!(
        code(merge(&session, &first, None)),
        ErrorCode::OlderRevision
    );
    let progress = session.study_progress(&"S".into()).unwrap();
    let standing = progress.raters[1].pack.as_ref().unwrap();
    assert_eq!(
        (standing.merged_revision, progress.raters[1].state),
        (Some(2), RaterState::Active)
    );
    // Undo at this desk does not reach back past what came from elsewhere.
    assert!(!session.desk(&"S".into(), "Ben").unwrap().can_undo);
    let locked = save(
        dir.path(),
        &given,
        |header| (header.revision, header.locked) = (3, true),
        &changed,
    );
    assert!(merge(&session, &locked, None).unwrap().locked);
    assert_eq!(merge(&session, &locked, None).unwrap().new, 0);
    let after = save(dir.path(), &given, |header| header.revision = 4, &whole);
    assert_eq!(code(merge(&session, &after, None)), ErrorCode::SetLocked);
}

#[test]
fn two_sets_of_answers_are_never_mixed() {
    let scores = |session: &Session, rater: &str| -> BTreeMap<(u32, usize, String), u8> {
        let desk = session.desk(&"S".into(), rater).unwrap();
        let steps = desk.steps.into_iter();
        let items = steps.flat_map(|step| {
            let items = step.items.into_iter().enumerate();
            items.map(move |(place, item)| (step.step, place, item.scores))
        });
        items
            .flat_map(|(step, place, scores)| {
                scores
                    .into_iter()
                    .map(move |(criterion, score)| ((step, place, criterion), score))
            })
            .collect()
    };
    for keep in [Keep::First, Keep::Second, Keep::Other] {
        let (dir, session, begun) = study(6, &["Ada", "Ben"]);
        for criterion in ["faithfulness", "fluency"] {
            let press = score(0, 0, criterion, Some(1));
            session.press_desk(&"S".into(), "Ben", &press, 150).unwrap();
        }
        let here = scores(&session, "Ben");
        let given = write(&session, dir.path(), "Ben", 1);
        let mut answers = rated(&given.items);
        let first = answers.ratings[0].i;
        answers
            .ratings
            .retain(|rating| !(rating.i == first && rating.c == "fluency"));
        let path = save(dir.path(), &given, |_| (), &answers);
        assert_eq!(code(merge(&session, &path, None)), ErrorCode::PackConflict);
        assert_eq!(
            scores(&session, "Ben"),
            here,
            "a refused file changes nothing"
        );
        let merged = merge(&session, &path, Some(keep)).unwrap();
        let conflict = merged.conflict.unwrap();
        assert_eq!(
            (conflict.both, conflict.only_first, conflict.different),
            (1, 1, 1)
        );
        let taken = match keep {
            Keep::First => {
                assert_eq!(merged.rater, None);
                assert_eq!(scores(&session, "Ben"), here);
                continue;
            }
            Keep::Second => scores(&session, "Ben"),
            Keep::Other => {
                assert_eq!(merged.rater.as_deref(), Some("R2b"));
                assert_eq!(scores(&session, "Ben"), here);
                scores(&session, "R2b")
            }
        };
        assert_eq!(taken.len(), answers.ratings.len());
        assert!(!taken.contains_key(&(0, 0, "fluency".to_owned())));
        let acts = session.store.rating_acts(begun.study).unwrap();
        assert!(acts.iter().any(|act| act.what == StudyAct::Conflict));
        // The next save from the same browser belongs to whoever it was given to.
        let next = save(dir.path(), &given, |header| header.revision = 2, &answers);
        assert_eq!(merge(&session, &next, None).unwrap().rater, merged.rater);
    }
}

#[test]
fn what_does_not_belong_here_is_refused_and_nothing_is_taken() {
    let (dir, session, _) = study(6, &["Ada", "Ben"]);
    let given = write(&session, dir.path(), "Ben", 1);
    let whole = rated(&given.items);
    let with = |change: fn(&mut AnswersHeader)| save(dir.path(), &given, change, &whole);
    let changed = |change: fn(&mut PackAnswers)| {
        let mut answers = whole.clone();
        change(&mut answers);
        save(dir.path(), &given, |_| (), &answers)
    };
    let written = |text: &str| {
        let path = dir.path().join("x.duoanswers");
        std::fs::write(&path, text).unwrap();
        path
    };
    let fine = std::fs::read_to_string(with(|_| ())).unwrap();
    let refused = |path: PathBuf, expected| {
        assert_eq!(
            code(merge(&session, &path, None)),
            expected,
            "{}",
            path.display()
        );
        assert_eq!(session.rated_studies().unwrap()[0].ratings, 0);
    };
    refused(written("{}"), ErrorCode::NotAPack);
    refused(written(&given.page), ErrorCode::NotAPack);
    let newer = fine.replacen("\"version\":1", "\"version\":2", 1);
    refused(written(&newer), ErrorCode::NewerFormat);
    refused(
        with(|header| header.study_uid = "v".into()),
        ErrorCode::OtherStudy,
    );
    refused(
        with(|header| header.pack_id = "q".into()),
        ErrorCode::UnknownPack,
    );
    refused(
        with(|header| header.rater = "R1".into()),
        ErrorCode::RaterMismatch,
    );
    refused(
        with(|header| header.seal = "00".into()),
        ErrorCode::SealMismatch,
    );
    let revision = fine.replacen("\"revision\":1", "\"revision\":9", 1);
    refused(written(&revision), ErrorCode::WrongSecretOrChanged);
    refused(
        changed(|answers| answers.ratings[3].c = "wit".into()),
        ErrorCode::ProtocolChanged,
    );
    refused(
        changed(|answers| answers.ratings[3].i = 999),
        ErrorCode::UnknownItem,
    );
    refused(
        changed(|answers| answers.items[0].n = 5),
        ErrorCode::UnknownItem,
    );
    refused(
        changed(|answers| answers.ratings[3].v = 6),
        ErrorCode::ScoreOutOfRange,
    );
    refused(
        changed(|answers| answers.ratings[3].v = 0),
        ErrorCode::ScoreOutOfRange,
    );
    let mut begun = whole.clone();
    begun.items.truncate(2);
    let early = save(dir.path(), &given, |header| header.locked = true, &begun);
    refused(early, ErrorCode::WrongState);
    let wrong = AnswersFile {
        path: &with(|_| ()),
        secret: Some("0000-0000-0000-0000-0000"),
        keep: None,
    };
    let answer = session.merge_answers(&"S".into(), wrong, 300);
    assert_eq!(code(answer), ErrorCode::WrongSecretOrChanged);
    assert_eq!(
        merge(&session, &with(|_| ()), None).unwrap().new as usize,
        whole.ratings.len()
    );
}

#[test]
fn what_comes_after_an_early_reveal_is_kept_and_does_not_count() {
    let (dir, session, _) = study(6, &["Ada", "Ben"]);
    let given = write(&session, dir.path(), "Ben", 1);
    session.reveal(&"S".into(), "the deadline", 250).unwrap();
    // The clock over there says that it was before.
    let path = save(dir.path(), &given, |_| (), &rated(&given.items));
    assert!(merge(&session, &path, None).unwrap().new > 0);
    let record = session
        .rated_study(&session.opened(&"S".into()).unwrap())
        .unwrap();
    assert!(record.scores.iter().all(|line| line.score.is_none()));
}

#[test]
fn packs_are_written_for_those_who_still_rate() {
    let (dir, session, _) = study(6, &["Ada", "Ben"]);
    let to = dir.path().join("p.html");
    let study = StudyName::from("S");
    let request = |rater| PackRequest {
        study: &study,
        rater,
        language: Language::German,
    };
    let write = |rater| session.write_pack_in_rounds(request(rater), &to, &pack_fresh(1), ROUNDS);
    assert_eq!(code(write("Cem")), ErrorCode::UnknownRater);
    rate_all(&session, "Ada", 200);
    session.lock_set(&"S".into(), "Ada", 250).unwrap();
    assert_eq!(code(write("Ada")), ErrorCode::SetLocked);
    assert!(!to.exists());
    assert_eq!(
        session.pack_name(&"S".into(), "Ben").unwrap(),
        "S--R2.duopack.html"
    );
    write("Ben").unwrap();
    assert!(
        std::fs::read_to_string(&to)
            .unwrap()
            .contains("<html lang=\"de\"")
    );
    // Nobody can rate any more.
    session.close_study(&"S".into(), "enough", 260).unwrap();
    assert_eq!(code(write("Ben")), ErrorCode::NotRunning);
}

/// What the page encrypted is read here, and what is encrypted here is the same byte for byte: `tests/golden/pack/README.md`.
#[test]
fn the_page_and_the_program_read_each_other() {
    let golden = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../tests/golden/pack");
    let read = |name: &str| std::fs::read_to_string(golden.join(name)).unwrap();
    let secret = Secret::typed("040g 2081 040g 2081 040g").unwrap();
    let pack: Envelope<PackHeader> = file::read(&read("pack.json"), "f", PackFormat::Pack).unwrap();
    let keys = Keys::new(&secret, &pack.header.kdf).unwrap();
    let (header, sealed) = (&pack.header, &pack.ciphertext);
    let items: PackItems = decrypt(&keys.items, &header.cipher, header, sealed).unwrap();
    assert_eq!(items.dialogues[0].turns[1].t, "Um sieben – „ja“?");
    let again = encrypt(&keys.items, &header.cipher, header, &items).unwrap();
    assert_eq!(again, *sealed);
    let text = read("answers.duoanswers");
    let saved: Envelope<AnswersHeader> = file::read(&text, "f", PackFormat::Answers).unwrap();
    let header = &saved.header;
    let answers: PackAnswers =
        decrypt(&keys.answers, &header.cipher, header, &saved.ciphertext).unwrap();
    assert_eq!(
        (header.rater.as_str(), header.revision, header.locked),
        ("R2", 1, false)
    );
    assert_eq!(answers.ratings.len(), 2 * items.criteria.len());
    let first = &answers.items[0];
    assert_eq!((first.note.as_str(), first.flag), ("Ünklar – “odd”", true));
    assert_eq!((first.state, first.i), (ItemState::Done, 1));
}
