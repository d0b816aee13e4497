//! Tests with a tiny model that learns greetings: its files, windows and gradients, and a training that is stopped and
//! resumed.

use std::cell::Cell;
use std::path::Path;

use candle_core::Device;

use super::*;
use crate::error::{Error, Result};
use crate::infer::language_model::LanguageModel;
use crate::text::chat_template::Message;
use crate::train::{Budget, TrainExample, weight_gradients};

const SHAPE: Shape = Shape {
    vocab_size: 280,
    hidden_size: 24,
    intermediate_size: 40,
    num_hidden_layers: 2,
    num_attention_heads: 4,
    num_key_value_heads: 2,
    max_position_embeddings: 48,
};

fn documents() -> Vec<Document> {
    let greeting = |i: usize| {
        let (asks, name) = (
            ["Hello", "Good day", "Hi"][i % 3],
            ["Ann", "Bo", "Cy", "Di"][i % 4],
        );
        let messages = vec![
            Message::new("user", format!("{asks}, I am {name}.")),
            Message::new("assistant", format!("Hello {name}.")),
        ];
        Document::Messages(messages)
    };
    (0..24).map(greeting).collect()
}

fn model(dir: &Path) -> LanguageModel {
    let texts: Vec<String> = documents().iter().map(Document::text).collect();
    create(dir, &SHAPE, &texts, 7).unwrap();
    LanguageModel::load(dir, &Device::Cpu).unwrap()
}

fn config(epochs: f64) -> PretrainConfig {
    PretrainConfig {
        lr: 1e-2,
        warmup_updates: 2,
        batch_tokens: 120,
        max_grad_norm: 1.0,
        budget: Budget::from(256),
        epochs,
        max_wall_s: None,
        max_updates: None,
        eval_every_updates: 5,
        seed: 3,
    }
}

/// An observer that stops after a number of updates and keeps the losses and the last state. Its clock advances one
/// second whenever it is read.
#[derive(Default)]
struct Watch {
    stop_after: Option<usize>,
    losses: Vec<f64>,
    kept: Option<PretrainState>,
    looks: Cell<f64>,
}

impl Observer for Watch {
    fn step(&mut self, step: &Step) {
        self.losses.push(step.loss);
    }

    fn evaluated(&mut self, evaluation: &Evaluation) {
        assert!(evaluation.val_loss.is_finite());
    }

    fn checkpoint(&mut self, state: &PretrainState) -> Result<()> {
        self.kept = Some(state.clone());
        Ok(())
    }

    fn stop(&self) -> bool {
        self.stop_after
            .is_some_and(|after| self.losses.len() >= after)
    }

    fn now_s(&self) -> f64 {
        self.looks.replace(self.looks.get() + 1.0)
    }
}

fn values(state: &PretrainState) -> Vec<f32> {
    state.parameters.to_vec1().unwrap()
}

#[test]
fn the_same_texts_make_the_same_model() {
    let (first, two) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    assert_eq!(model(first.path()).sha256, model(two.path()).sha256);
    let texts = vec!["too little".to_owned()];
    assert!(matches!(
        create(first.path(), &SHAPE, &texts, 7),
        Err(Error::Setting {
            name: "vocab_size",
            ..
        })
    ));
}

#[test]
fn windows_predict_every_token_once() {
    let dir = tempfile::tempdir().unwrap();
    let model = model(dir.path());
    let text = "Hello Ann, hello Bo. ".repeat(40);
    let windows = windows(&model, &[Document::Text(text.clone())]).unwrap();
    assert!(windows.len() > 2);
    let predicted: Vec<u32> = windows
        .iter()
        .flat_map(|window| window.completion_ids.clone())
        .collect();
    assert_eq!(model.tokenizer.decode(&predicted, true).unwrap(), text);
    assert!(
        windows
            .windows(2)
            .all(|pair| pair[0].completion_ids.last() == pair[1].prompt_ids.first())
    );
    assert!(
        windows
            .iter()
            .all(|window| window.completion_ids.len() < model.context_tokens())
    );
}

#[test]
fn gradients_lie_as_the_weights_do() {
    let dir = tempfile::tempdir().unwrap();
    let model = model(dir.path());
    let window = TrainExample {
        prompt_ids: vec![1],
        completion_ids: vec![2, 3, 4],
    };
    let found = weight_gradients(&model.decoder, &[&window], 64, &|| false)
        .unwrap()
        .gradients
        .tensors;
    let shapes = super::weights::shapes(&model.decoder.config);
    let found: Vec<_> = found
        .iter()
        .map(|(name, tensor)| (name.clone(), tensor.dims().to_vec()))
        .collect();
    assert_eq!(found, shapes.into_iter().collect::<Vec<_>>());
}

#[test]
fn a_model_is_what_its_flat_weights_are() {
    let dir = tempfile::tempdir().unwrap();
    let mut model = model(dir.path());
    let state = PretrainState::of_model(&model).unwrap();
    let window = TrainExample {
        prompt_ids: vec![1, 5],
        completion_ids: vec![2, 3, 4],
    };
    let loss = |model: &LanguageModel| {
        weight_gradients(&model.decoder, &[&window], 64, &|| false)
            .unwrap()
            .loss
    };
    let before = loss(&model);
    super::weights::put(&mut model.decoder, &(&state.parameters * 1.5).unwrap()).unwrap();
    assert_ne!(loss(&model), before);
    super::weights::put(&mut model.decoder, &state.parameters).unwrap();
    assert_eq!(loss(&model), before);
}

#[test]
fn a_resumed_training_is_the_uninterrupted_one_and_learns() {
    let dir = tempfile::tempdir().unwrap();
    let fresh = || LanguageModel::load(dir.path(), &Device::Cpu).unwrap();
    let first = model(dir.path());
    let windows = windows(&first, &documents()).unwrap();
    let (learnt, validation) = windows.split_at(20);
    let config = config(12.0);

    let (mut whole, mut watch) = (PretrainState::of_model(&first).unwrap(), Watch::default());
    let outcome = pretrain(
        &mut fresh(),
        learnt,
        validation,
        &config,
        &mut whole,
        &mut watch,
    )
    .unwrap();
    assert_eq!(outcome.place.update, watch.losses.len());
    assert!(
        outcome.val_loss < 0.5 * watch.losses[0],
        "{} after {}",
        outcome.val_loss,
        watch.losses[0]
    );

    let mut parts = PretrainState::of_model(&first).unwrap();
    let mut stopping = Watch {
        stop_after: Some(7),
        ..Watch::default()
    };
    let stopped = pretrain(
        &mut fresh(),
        learnt,
        validation,
        &config,
        &mut parts,
        &mut stopping,
    );
    assert!(matches!(stopped, Err(Error::Interrupted)));
    let file = dir.path().join("state.safetensors");
    stopping.kept.unwrap().save(&file).unwrap();
    let mut resumed =
        PretrainState::load(&file, parts.parameters.elem_count(), &Device::Cpu).unwrap();
    assert_eq!(resumed.place.update, 7);
    pretrain(
        &mut fresh(),
        learnt,
        validation,
        &config,
        &mut resumed,
        &mut Watch::default(),
    )
    .unwrap();
    assert_eq!(values(&resumed), values(&whole));
    assert!(matches!(
        PretrainState::load(&file, 5, &Device::Cpu),
        Err(Error::Checkpoint { .. })
    ));

    // A limit on updates does not change the updates before it.
    let shortened = PretrainConfig {
        max_updates: Some(7),
        ..config.clone()
    };
    let mut state = PretrainState::of_model(&first).unwrap();
    pretrain(
        &mut fresh(),
        learnt,
        validation,
        &shortened,
        &mut state,
        &mut Watch::default(),
    )
    .unwrap();
    let kept = PretrainState::load(&file, parts.parameters.elem_count(), &Device::Cpu).unwrap();
    assert_eq!(values(&state), values(&kept));

    // A limit on time ends training earlier, and the learning rate falls faster to match.
    let hurried = PretrainConfig {
        max_wall_s: Some(6.0),
        ..config
    };
    let (mut state, mut watch) = (PretrainState::of_model(&first).unwrap(), Watch::default());
    let ended = pretrain(
        &mut fresh(),
        learnt,
        validation,
        &hurried,
        &mut state,
        &mut watch,
    )
    .unwrap();
    assert!(ended.place.update < outcome.place.update);
    let none = pretrain(
        &mut fresh(),
        &[],
        validation,
        &hurried,
        &mut state,
        &mut Watch::default(),
    );
    assert!(matches!(none, Err(Error::Setting { name: "corpus", .. })));
}
