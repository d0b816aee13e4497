//! In every family, LoRA over a quantised base gives the same gradients as over that base dequantised and held dense.
//! `crates/lm/tests/qlora.rs` tests loss trajectories and memory.

use lm::train::{Objective, TrainExample, batch_gradients};
use lm::{Adapter, Decoder, Device, LoraConfig, Quantize, Target, Tensor, Weight, random};

use crate::fixture::own_golden;

/// A random adapter of rank 4 on every projection; unlike that of a fresh adapter, its B is not zero.
pub(crate) fn random_adapter(decoder: &Decoder) -> Adapter {
    let config = LoraConfig {
        rank: 4,
        ..LoraConfig::default()
    };
    let mut adapter = Adapter::init(config, &decoder.config, 5, &Device::Cpu).unwrap();
    for (i, pair) in adapter
        .update
        .layers
        .iter_mut()
        .flatten()
        .flatten()
        .enumerate()
    {
        let value = |j: u64| (random::uniform(i as u64, j) as f32 - 0.5) * 0.3;
        let values: Vec<f32> = (0..pair.b.elem_count() as u64).map(value).collect();
        pair.b = Tensor::from_vec(values, pair.b.shape(), &Device::Cpu).unwrap();
    }
    adapter
}

/// A copy of a quantised decoder with every matrix dequantised and held dense.
pub(crate) fn dequantised(decoder: &Decoder) -> Decoder {
    let dense = |weight: &Weight| Weight::dense(&weight.to_dense().unwrap()).unwrap();
    let mut copy = decoder.clone();
    copy.embed_tokens = dense(&decoder.embed_tokens);
    copy.lm_head = dense(&decoder.lm_head);
    for projection in copy
        .layers
        .iter_mut()
        .flat_map(|layer| &mut layer.projections)
    {
        projection.weight = dense(&projection.weight);
    }
    copy
}

#[test]
fn gradients_are_those_over_the_dequantised_base() {
    let families = [
        "llama-plain",
        "llama-llama3",
        "llama-yarn",
        "mistral-window",
        "qwen2-window",
        "qwen3-window",
        "phi3-window",
    ];
    for dir in families.map(|name| own_golden(&format!("families/{name}"))) {
        let quantised = Decoder::load_quantized(&dir, Quantize::Q8_0, &Device::Cpu).unwrap();
        let packed = |w: &Weight| matches!(w, Weight::Packed(_));
        assert!(
            quantised
                .layers
                .iter()
                .all(|layer| packed(&layer.projections[Target::Q].weight)),
            "{}",
            dir.display()
        );
        let ids = |key: u64, n: u64| {
            (0..n)
                .map(|i| 3 + (random::uniform(key, i) * 90.0) as u32)
                .collect()
        };
        let example = |i: u64| TrainExample {
            prompt_ids: ids(i, 6),
            completion_ids: ids(50 + i, 9),
        };
        let data: Vec<TrainExample> = (0..3).map(example).collect();
        let gradients = |decoder: &Decoder| {
            let adapter = random_adapter(decoder);
            let objective = Objective::Sft(&data);
            batch_gradients(
                decoder,
                &adapter,
                &objective,
                &[0, 1, 2],
                100,
                None,
                &|| false,
            )
            .unwrap()
        };
        let (found, expected) = (gradients(&quantised), gradients(&dequantised(&quantised)));
        assert!(
            (found.loss - expected.loss).abs() < 1e-5,
            "{}",
            dir.display()
        );
        let pairs = found
            .gradients
            .named_tensors()
            .into_iter()
            .zip(expected.gradients.named_tensors());
        for ((name, found), (_, expected)) in pairs {
            let values = |t: &Tensor| t.flatten_all().unwrap().to_vec1::<f32>().unwrap();
            let (found, expected) = (values(&found), values(&expected));
            let largest = expected.iter().fold(0f32, |m, v| m.max(v.abs()));
            let off = found
                .iter()
                .zip(&expected)
                .fold(0f32, |m, (a, b)| m.max((a - b).abs()));
            assert!(
                largest > 0.0 && off <= 1e-4 * largest,
                "{} {name}: {off} of {largest}",
                dir.display()
            );
        }
    }
    println!("{} families checked", families.len());
}
