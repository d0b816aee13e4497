//! Gradients of every weight, compared with candle's autograd.

use super::*;

/// Every weight of a decoder, dense, by its name in a checkpoint.
fn named_weights(decoder: &Decoder) -> BTreeMap<String, Tensor> {
    let mut weights = BTreeMap::from([
        (
            EMBEDDING.to_owned(),
            decoder.embed_tokens.to_dense().unwrap(),
        ),
        (FINAL_NORM.to_owned(), decoder.norm.clone()),
    ]);
    if !decoder.config.tie_word_embeddings {
        weights.insert(HEAD.to_owned(), decoder.lm_head.to_dense().unwrap());
    }
    for (index, layer) in decoder.layers.iter().enumerate() {
        for norm in BlockNorm::of(&decoder.config) {
            let name = norm.tensor_name(decoder.config.architecture, index);
            weights.insert(name, layer.norm(norm).unwrap().clone());
        }
        for (target, projection) in Target::ALL.into_iter().zip(&layer.projections) {
            let name = |part| projection_name(index, target, part);
            weights.insert(name("weight"), projection.weight.to_dense().unwrap());
            weights.extend(projection.bias.clone().map(|bias| (name("bias"), bias)));
        }
    }
    weights
}

#[test]
fn weight_gradients_equal_autograd() {
    let mut tied = test_model::config();
    tied["tie_word_embeddings"] = true.into();
    let variants = test_model::variants().into_iter().map(|(_, config)| config);
    let data = examples(5);
    let examples: Vec<&TrainExample> = data.iter().collect();
    for config in variants.chain([tied]) {
        let decoder = test_model::tiny_as(&config, 2);
        // The oracle needs an adapter but leaves it out of the pass, because none of its pairs is a variable.
        let adapter = adapter(&decoder, &[Target::Q], false);
        let variables: BTreeMap<String, Var> = named_weights(&decoder)
            .iter()
            .map(|(n, w)| (n.clone(), Var::from_tensor(w).unwrap()))
            .collect();
        let vars = BTreeMap::new();
        let oracle = Oracle {
            decoder: &decoder,
            adapter: &adapter,
            vars: &vars,
            dropout: None,
            rows: 0,
            own: &variables,
        };
        let logps: Vec<Tensor> = data
            .iter()
            .map(|e| oracle.logps(&e.prompt_ids, &e.completion_ids, 0).unwrap())
            .collect();
        let loss = Tensor::cat(&logps, 0)
            .unwrap()
            .mean(0)
            .unwrap()
            .neg()
            .unwrap();
        let grads = loss.backward().unwrap();
        let expected: BTreeMap<String, Tensor> = variables
            .iter()
            .map(|(name, var)| (name.clone(), grads.get(var).unwrap().clone()))
            .collect();
        // In one micro-batch, in several, and with recomputation in the backward pass.
        for budget in [
            Budget::from(1000),
            12.into(),
            Budget {
                tokens: 1000,
                recompute: true,
            },
        ] {
            let found = weight_gradients(&decoder, &examples, budget, &|| false).unwrap();
            assert!((f64::from(loss.to_scalar::<f32>().unwrap()) - found.loss).abs() < 1e-5);
            assert_eq!(
                found.gradients.tensors.keys().collect::<Vec<_>>(),
                expected.keys().collect::<Vec<_>>(),
                "every weight has a gradient"
            );
            for (name, found) in &found.gradients.tensors {
                let tolerance = 2e-5
                    + 1e-3
                        * expected[name]
                            .abs()
                            .unwrap()
                            .max_all()
                            .unwrap()
                            .to_scalar::<f32>()
                            .unwrap();
                test_model::assert_close(found, &expected[name], tolerance);
            }
        }
    }
    let decoder = test_model::tiny(1);
    let stopped = weight_gradients(&decoder, &examples, 1000, &|| true).unwrap_err();
    assert!(matches!(stopped, Error::Interrupted));
    assert!(matches!(
        weight_gradients(&decoder, &[], 1000, &|| false),
        Err(Error::Setting { .. })
    ));
}
