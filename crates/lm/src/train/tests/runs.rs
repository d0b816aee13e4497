//! Tests of whole runs: they resume exactly, end for each reason, and refuse unusable states and data.

use contract::EndedBy;

use super::*;

#[test]
fn a_resumed_run_equals_the_uninterrupted_one_bit_for_bit() {
    let (data, preferences) = (examples(7), pairs(7));
    assert_resumes_exactly(&Objective::Sft(&data));
    for loss in [
        DPO,
        PreferenceLoss::Ipo,
        PreferenceLoss::Simpo { gamma: 0.5 },
    ] {
        assert_resumes_exactly(&Objective::Dpo {
            pairs: &preferences,
            loss,
            beta: 0.1,
            sft_weight: 0.5,
        });
    }
}

fn assert_resumes_exactly(objective: &Objective) {
    let decoder = test_model::tiny(2);
    let start = || TrainState::new(adapter(&decoder, &Target::ALL, false)).unwrap();
    let values = |update: usize| [3.0, 2.1, 2.3, 1.9, 2.0][update / 2];
    let mut whole = Script::new(values, usize::MAX);
    let whole_run = train(&decoder, objective, &config(), start(), &mut whole).unwrap();

    let mut before = Script::new(values, 3);
    let interrupted = train(&decoder, objective, &config(), start(), &mut before);
    assert!(matches!(interrupted, Err(Error::Interrupted)));
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("state.safetensors");
    before.state.unwrap().save(&path).unwrap();
    let state = TrainState::load(&path, &decoder.config, &Device::Cpu).unwrap();
    assert_eq!(state.update, 3);
    let mut after = Script::new(values, usize::MAX);
    let resumed = train(&decoder, objective, &config(), state, &mut after).unwrap();

    assert_eq!([before.losses, after.losses].concat(), whole.losses);
    assert_eq!(flat(&resumed.last_adapter), flat(&whole_run.last_adapter));
    assert_eq!(flat(&resumed.best_adapter), flat(&whole_run.best_adapter));
    assert_eq!(
        resumed.last.lr, 5e-3,
        "one evaluation without progress has halved the rate"
    );
    assert_eq!(
        resumed.lr_last, 2.5e-3,
        "and the one after the last update has halved it again"
    );
    assert_eq!(
        (resumed.history, resumed.first, resumed.last),
        (whole_run.history, whole_run.first, whole_run.last)
    );
    assert_eq!((resumed.best_update, resumed.best_value), (6, 1.9));
    assert_eq!(
        (resumed.updates, resumed.ended_by),
        (8, EndedBy::MaxUpdates)
    );
}

#[test]
fn a_damaged_or_foreign_state_is_refused() {
    let decoder = test_model::tiny(2);
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("state.safetensors");
    TrainState::new(adapter(&decoder, &Target::ALL, false))
        .unwrap()
        .save(&path)
        .unwrap();
    let mut other = decoder.config.clone();
    other.num_hidden_layers = 1;
    assert!(TrainState::load(&path, &other, &Device::Cpu).is_err());
    let bytes = std::fs::read(&path).unwrap();
    std::fs::write(&path, &bytes[..bytes.len() - 100]).unwrap();
    let error = TrainState::load(&path, &decoder.config, &Device::Cpu).unwrap_err();
    assert!(matches!(error, Error::Checkpoint { .. }), "{error}");
}

#[test]
fn runs_end_for_the_reason_that_comes_first() {
    let decoder = test_model::tiny(2);
    let data = examples(3);
    let run = |cfg: TrainConfig, values| {
        let state = TrainState::new(adapter(&decoder, &[Target::Q], false)).unwrap();
        train(
            &decoder,
            &Objective::Sft(&data),
            &cfg,
            state,
            &mut Script::new(values, usize::MAX),
        )
        .unwrap()
    };
    let base = TrainConfig {
        eval_every_updates: 1,
        max_updates: 20,
        ..config()
    };
    let rising = |update: usize| 1.0 + update as f64;
    let reductions = run(
        TrainConfig {
            stop_after_reductions: Some(2),
            ..base.clone()
        },
        rising,
    );
    assert_eq!(
        (reductions.ended_by, reductions.updates),
        (EndedBy::Reductions, 2)
    );
    assert_eq!(
        (reductions.best_update, reductions.best_value),
        (0, 1.0),
        "no training at all can win"
    );
    let schedule = Schedule::Plateau {
        factor: 0.1,
        patience: 1,
        threshold: 1e-4,
    };
    let cfg = TrainConfig {
        lr: 2e-4,
        warmup_updates: 0,
        stop_lr: Some(2e-5),
        schedule,
        ..base.clone()
    };
    let plateau = run(cfg, rising);
    assert_eq!((plateau.ended_by, plateau.updates), (EndedBy::PlateauLr, 2));
    assert_eq!(
        (plateau.last.lr, plateau.lr_last),
        (2e-4, 2e-5),
        "the reduction that ended it counts"
    );
    let early = run(
        TrainConfig {
            early_stop_evals: Some(3),
            ..base.clone()
        },
        |u| if u == 1 { 0.5 } else { 1.0 },
    );
    assert_eq!(
        (early.ended_by, early.updates, early.best_update),
        (EndedBy::EarlyStop, 4, 1)
    );
    let most = run(
        TrainConfig {
            eval_every_updates: 0,
            max_updates: 3,
            ..base
        },
        rising,
    );
    assert_eq!(
        (most.ended_by, most.updates, most.history.len()),
        (EndedBy::MaxUpdates, 3, 2)
    );
}

#[test]
fn training_lowers_the_loss_and_unusable_data_is_refused() {
    let decoder = test_model::tiny(2);
    let mut data = examples(4);
    let cfg = TrainConfig {
        batch_size: 4,
        max_updates: 40,
        dropout: 0.0,
        schedule: Schedule::Constant,
        ..config()
    };
    let run = |data: &[TrainExample]| {
        let state = TrainState::new(adapter(&decoder, &Target::ALL, false)).unwrap();
        train(
            &decoder,
            &Objective::Sft(data),
            &cfg,
            state,
            &mut Script::new(|_| 1.0, usize::MAX),
        )
    };
    let outcome = run(&data).unwrap();
    assert!(
        outcome.last.loss < 0.7 * outcome.first.loss,
        "{} → {}",
        outcome.first.loss,
        outcome.last.loss
    );
    data[2].completion_ids = ids(1, 200);
    assert!(matches!(
        run(&data),
        Err(Error::ContextExceeded {
            tokens: 205,
            limit: 96
        })
    ));
    data[2].completion_ids.clear();
    assert!(run(&data).unwrap_err().to_string().contains("item 2"));
    assert!(run(&[]).unwrap_err().to_string().contains("no examples"));
}
