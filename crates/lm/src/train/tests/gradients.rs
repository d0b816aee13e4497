//! Gradients of each objective compared with autograd, with finite differences of the loss, and across micro-batches.

use super::*;

#[test]
fn sft_gradients_equal_autograd_with_and_without_dropout() {
    let variants = test_model::variants()
        .into_iter()
        .map(|(_, config)| (config, &Target::ALL[..], 0.0));
    let other = [(&Target::ALL[..], 0.3), (&[Target::K, Target::Up][..], 0.0)];
    let cases = variants.chain(other.map(|(targets, p)| (test_model::config(), targets, p)));
    let data = examples(5);
    for (config, targets, p) in cases {
        let decoder = test_model::tiny_as(&config, 2);
        let adapter = adapter(&decoder, targets, true);
        let dropout = Dropout { key: 77, p };
        let members: Vec<usize> = (0..data.len()).collect();
        let objective = Objective::Sft(&data);
        let found = batch_gradients(
            &decoder,
            &adapter,
            &objective,
            &members,
            1000,
            Some(&dropout),
            &|| false,
        )
        .unwrap();
        let recomputing = Budget {
            tokens: 1000,
            recompute: true,
        };
        let again = batch_gradients(
            &decoder,
            &adapter,
            &objective,
            &members,
            recomputing,
            Some(&dropout),
            &|| false,
        )
        .unwrap();
        assert_eq!(again.loss, found.loss);
        for ((name, gradient), (_, other)) in found
            .gradients
            .named_tensors()
            .iter()
            .zip(again.gradients.named_tensors())
        {
            let (gradient, other) = (
                gradient.flatten_all().unwrap(),
                other.flatten_all().unwrap(),
            );
            assert_eq!(
                gradient.to_vec1::<f32>().unwrap(),
                other.to_vec1::<f32>().unwrap(),
                "{name}"
            );
        }

        let vars = vars_of(&adapter);
        let rows = data
            .iter()
            .map(|e| e.prompt_ids.len() + e.completion_ids.len() - 1)
            .sum();
        let micro = Dropout {
            key: random::key(dropout.key, &[0]),
            p,
        };
        let dropout = (p > 0.0).then_some(micro);
        let oracle = Oracle {
            decoder: &decoder,
            adapter: &adapter,
            vars: &vars,
            dropout,
            rows,
            own: &BTreeMap::new(),
        };
        let (mut first_row, mut logps) = (0, Vec::new());
        for example in &data {
            logps.push(
                oracle
                    .logps(&example.prompt_ids, &example.completion_ids, first_row)
                    .unwrap(),
            );
            first_row += example.prompt_ids.len() + example.completion_ids.len() - 1;
        }
        let loss = Tensor::cat(&logps, 0)
            .unwrap()
            .mean(0)
            .unwrap()
            .neg()
            .unwrap();
        assert!((f64::from(loss.to_scalar::<f32>().unwrap()) - found.loss).abs() < 1e-5);
        assert_same_gradients(&found.gradients, &autograd(&adapter, &vars, &loss));
    }
}

#[test]
fn dpo_gradients_equal_autograd() {
    for (name, config) in test_model::variants() {
        eprintln!("{name}");
        dpo_gradients_equal_autograd_of(&test_model::tiny_as(&config, 2));
    }
}

fn dpo_gradients_equal_autograd_of(decoder: &Decoder) {
    let adapter = adapter(decoder, &Target::ALL, true);
    let (data, beta, sft_weight) = (pairs(4), 0.2, 0.7);
    let objective = Objective::Dpo {
        pairs: &data,
        loss: DPO,
        beta,
        sft_weight,
    };
    let found = batch_gradients(
        decoder,
        &adapter,
        &objective,
        &[0, 1, 2, 3],
        40,
        None,
        &|| false,
    )
    .unwrap();

    let vars = vars_of(&adapter);
    let oracle = Oracle {
        decoder,
        adapter: &adapter,
        vars: &vars,
        dropout: None,
        rows: 0,
        own: &BTreeMap::new(),
    };
    let (mut losses, mut nlls) = (Vec::new(), Vec::new());
    for pair in &data {
        let chosen = oracle.logps(&pair.prompt_ids, &pair.chosen_ids, 0).unwrap();
        let rejected = oracle
            .logps(&pair.prompt_ids, &pair.rejected_ids, 0)
            .unwrap();
        let h = (chosen.sum(0).unwrap() - rejected.sum(0).unwrap()).unwrap();
        let (ref_chosen, ref_rejected) = pair.ref_logps.unwrap();
        let h = h.affine(-beta, beta * (ref_chosen - ref_rejected)).unwrap();
        losses.push((h.exp().unwrap() + 1.0).unwrap().log().unwrap());
        nlls.push(match &pair.sft {
            Some(example) => oracle
                .logps(&example.prompt_ids, &example.completion_ids, 0)
                .unwrap(),
            None => chosen,
        });
    }
    let nll = Tensor::cat(&nlls, 0)
        .unwrap()
        .mean(0)
        .unwrap()
        .neg()
        .unwrap();
    let loss = (Tensor::stack(&losses, 0).unwrap().mean(0).unwrap() + (nll * sft_weight).unwrap())
        .unwrap();
    assert!((f64::from(loss.to_scalar::<f32>().unwrap()) - found.loss).abs() < 2e-5);
    assert_same_gradients(&found.gradients, &autograd(&adapter, &vars, &loss));
}

#[test]
fn the_gradient_predicts_the_change_of_the_loss() {
    let decoder = test_model::tiny(3);
    let adapter = adapter(&decoder, &Target::ALL, true);
    let data = examples(6);
    let objective = Objective::Sft(&data);
    let loss_of = |adapter: &Adapter| {
        batch_gradients(
            &decoder,
            adapter,
            &objective,
            &[0, 1, 2, 3, 4, 5],
            1000,
            None,
            &|| false,
        )
        .unwrap()
    };
    let gradient = flatten(&loss_of(&adapter).gradients.layers).unwrap();
    let norm = global_norm(&gradient).unwrap();
    let parameters = flatten(&adapter.update.layers).unwrap();
    let step = 1e-2 / norm;
    let loss = |sign: f64| {
        let moved = (&parameters + (&gradient * (sign * step)).unwrap()).unwrap();
        loss_of(&unflatten(&adapter, &moved).unwrap()).loss
    };
    let slope = (loss(1.0) - loss(-1.0)) / (2.0 * step);
    assert!(
        (slope / (norm * norm) - 1.0).abs() < 5e-3,
        "finite difference {slope}, gradient {}",
        norm * norm
    );
}

#[test]
fn accumulation_over_micro_batches_equals_one_batch() {
    let decoder = test_model::tiny(2);
    let adapter = adapter(&decoder, &Target::ALL, true);
    let (data, preferences) = (examples(7), pairs(4));
    let objectives = [
        (Objective::Sft(&data), 7),
        (
            Objective::Dpo {
                pairs: &preferences,
                loss: DPO,
                beta: 0.1,
                sft_weight: 0.5,
            },
            4,
        ),
    ];
    for (objective, count) in objectives {
        let members: Vec<usize> = (0..count).collect();
        let with_budget = |budget| {
            batch_gradients(
                &decoder,
                &adapter,
                &objective,
                &members,
                budget,
                None,
                &|| false,
            )
            .unwrap()
        };
        let (whole, parts) = (with_budget(10_000), with_budget(20));
        assert!((whole.loss - parts.loss).abs() < 1e-5);
        assert_eq!(whole.tokens, parts.tokens);
        let whole: BTreeMap<String, Tensor> = whole.gradients.named_tensors().into_iter().collect();
        assert_same_gradients(&parts.gradients, &whole);
    }
}

#[test]
fn dpo_starts_at_ln_2_when_the_policy_is_its_reference() {
    let decoder = test_model::tiny(2);
    let adapter = adapter(&decoder, &Target::ALL, false);
    let mut data = pairs(3);
    for pair in &mut data {
        let nll = |completion: &[u32]| {
            let example = [TrainExample {
                prompt_ids: pair.prompt_ids.clone(),
                completion_ids: completion.to_vec(),
            }];
            let objective = Objective::Sft(&example);
            let batch =
                batch_gradients(&decoder, &adapter, &objective, &[0], 1000, None, &|| false)
                    .unwrap();
            -batch.loss * completion.len() as f64
        };
        pair.ref_logps = Some((nll(&pair.chosen_ids), nll(&pair.rejected_ids)));
    }
    let objective = Objective::Dpo {
        pairs: &data,
        loss: DPO,
        beta: 0.1,
        sft_weight: 0.0,
    };
    let batch = batch_gradients(
        &decoder,
        &adapter,
        &objective,
        &[0, 1, 2],
        1000,
        None,
        &|| false,
    )
    .unwrap();
    assert!(
        (batch.loss - std::f64::consts::LN_2).abs() < 1e-6,
        "{}",
        batch.loss
    );
    assert!(batch.dpo.unwrap().margin.abs() < 1e-5);
}
