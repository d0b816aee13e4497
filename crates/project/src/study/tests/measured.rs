//! What models say of rated summaries, beside what people say.

use contract::{Part, System};

use super::{RUN, begin, output, rate_all, request, workspace};
use crate::artifact::{BertScores, Output, outputs_sha256, rows};
use crate::session::Session;
use crate::study::request::StudyRequest;

/// Puts a measuring model's scores beside the outputs of a system, by which the method is better.
fn measure(session: &Session, system: System, n: usize) {
    let outputs: Vec<Output> = (0..n).map(|dialogue| output(system, dialogue)).collect();
    let best = if system == System::MrdsSeparate {
        0.9
    } else {
        0.5
    };
    let found = BertScores {
        system,
        label: "m".into(),
        outputs_sha256: outputs_sha256(&outputs),
        precision: vec![0.5; n],
        recall: vec![0.5; n],
        f1: vec![best; n],
    };
    let kept = rows(&[found]).unwrap();
    let part = Part::BertScore(system);
    session
        .store
        .put_beside(&RUN.into(), part, &kept, 4)
        .unwrap();
}

#[test]
fn models_pick_as_people_do_or_not() {
    let (_dir, session) = workspace(12);
    let study = StudyRequest {
        n: Some(6),
        ..request(&["Ada"])
    };
    begin(&session, &study);
    rate_all(&session, "Ada", 200);
    session.lock_set(&"S".into(), "Ada", 300).unwrap();
    let opened = session.opened(&"S".into()).unwrap();
    let picks = || session.rated_results(&opened).unwrap().metrics;
    assert!(!picks().contains_key("bertscore_f"));
    measure(&session, System::SftReal, 12);
    measure(&session, System::MrdsSeparate, 12);
    let found = picks();
    let pick = &found["bertscore_f"]["faithfulness"];
    // A pair of systems in each of six dialogues; the third system counts only where it wrote what another wrote.
    assert!(pick.pairs >= 6, "{pick:?}");
    assert_eq!(pick.pair_accuracy, 1.0);
    let judge = &found["base_ce"]["faithfulness"];
    assert_eq!(judge.pair_accuracy, 0.0, "fewer nats would be better");
    assert!(found.contains_key("rouge1"));
}
