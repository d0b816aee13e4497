//! Well-known model shapes, and decoders of such a shape with random weights: for measurements and comparisons.

use std::cell::RefCell;
use std::collections::HashMap;
use std::path::Path;
use std::sync::Arc;

use candle_core::{Device, Tensor};
use rayon::prelude::*;
use serde_json::json;

use super::config::DecoderConfig;
use super::decoder::{Decoder, Layer, Projection};
use super::packed::{Bytes, GgmlDType, Packed, Quantize, fitting_type, wanted_type};
use super::product::Panels;
use super::rope::Rope;
use super::target::{PerTarget, Target};
use super::weight::Weight;
use crate::device::Place;
use crate::error::{Error, Result};
use crate::random;

/// A shape that is known by name.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Shape {
    /// The small test model.
    M7,
    /// SmolLM2-135M.
    M135,
    /// SmolLM2-360M.
    M360,
    /// Llama-3.2-1B.
    B1,
    /// Llama-3.2-3B.
    B3,
    /// Llama-3-8B.
    B8,
}

impl Shape {
    /// Every shape, the smallest first.
    pub const ALL: [Self; 6] = [
        Self::M7,
        Self::M135,
        Self::M360,
        Self::B1,
        Self::B3,
        Self::B8,
    ];

    /// The shape's name on the command line and in results: about how many weights it has.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::M7 => "7m",
            Self::M135 => "135m",
            Self::M360 => "360m",
            Self::B1 => "1b",
            Self::B3 => "3b",
            Self::B8 => "8b",
        }
    }

    /// The shape's configuration.
    ///
    /// # Errors
    /// None for the built-in shapes: each of them can be read.
    pub fn config(self) -> Result<DecoderConfig> {
        let [vocab, hidden, inner, layers, heads, kv_heads] = match self {
            Self::M7 => [4096, 256, 704, 8, 4, 2],
            Self::M135 => [49_152, 576, 1536, 30, 9, 3],
            Self::M360 => [49_152, 960, 2560, 32, 15, 5],
            Self::B1 => [128_256, 2048, 8192, 16, 32, 8],
            Self::B3 => [128_256, 3072, 8192, 28, 24, 8],
            Self::B8 => [128_256, 4096, 14_336, 32, 32, 8],
        };
        let json = json!({
            "architectures": ["LlamaForCausalLM"], "vocab_size": vocab, "hidden_size": hidden,
            "intermediate_size": inner, "num_hidden_layers": layers, "num_attention_heads": heads,
            "num_key_value_heads": kv_heads, "max_position_embeddings": 8192, "rms_norm_eps": 1e-5,
            "tie_word_embeddings": self != Self::B8
        });
        DecoderConfig::from_json(&json, Path::new(self.as_str()))
    }
}

impl std::fmt::Display for Shape {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.pad(self.as_str())
    }
}

/// A decoder with random weights as large as those that training starts from, so that nothing overflows and nothing is
/// zero.
///
/// # Errors
/// [`Error::Candle`] where memory does not suffice.
pub fn random_decoder(config: DecoderConfig, quantize: Quantize) -> Result<Decoder> {
    random_decoder_on(config, wanted_type(quantize), &Place::on(&Device::Cpu))
}

/// A decoder with random weights made in place: on the processor as by [`random_decoder`], in blocks of any type; on a
/// device, dense weights are drawn by the device, and quantised blocks are random bits under one scale, the same for
/// all matrices of a shape. So nothing is read from a file, and a model larger than this process's memory can be
/// measured. Rows that cannot be divided into blocks are held as [`block_type`](super::block_type) says.
///
/// # Errors
/// [`Error::OutOfMemory`] or [`Error::Candle`] where memory does not suffice, [`Error::Setting`] for blocks other than
/// q8_0 and q4_0.
pub fn random_decoder_on(
    config: DecoderConfig,
    blocks: Option<GgmlDType>,
    place: &Place,
) -> Result<Decoder> {
    if place.is_host() {
        let matrix = |name: &str, rows, columns| matrix(name, rows, columns, blocks);
        return decoder(config, place, &matrix);
    }
    let made: RefCell<HashMap<(usize, usize), Packed>> = RefCell::default();
    let matrix = |_: &str, rows: usize, columns: usize| -> Result<Weight> {
        let Some(wanted) = blocks else {
            let values = Tensor::rand(-SPREAD, SPREAD, (rows, columns), &place.device)?;
            return Ok(Weight::Rows(values.to_dtype(place.dtype)?));
        };
        let known = made.borrow().get(&(rows, columns)).cloned();
        let packed = known.map_or_else(|| random_blocks(rows, columns, wanted), Ok)?;
        made.borrow_mut().insert((rows, columns), packed.clone());
        Weight::Packed(packed).placed(place)
    };
    decoder(config, place, &matrix)
}

/// Blocks of random bits whose values have the usual spread.
fn random_blocks(rows: usize, columns: usize, wanted: GgmlDType) -> Result<Packed> {
    let (dtype, scale) = match fitting_type(wanted, columns) {
        Some(dtype @ GgmlDType::Q8_0) => (dtype, SPREAD / 127.0),
        Some(dtype @ GgmlDType::Q4_0) => (dtype, SPREAD / 8.0),
        _ => {
            let reason = "is q8_0 or q4_0 where random weights are made on a device".to_owned();
            return Err(Error::Setting {
                name: "quant",
                reason,
            });
        }
    };
    let block = dtype.type_size();
    let mut bytes = vec![0u8; rows * columns / dtype.block_size() * block];
    bytes
        .par_chunks_mut(block)
        .enumerate()
        .for_each(|(index, bytes)| {
            let (head, numbers) = bytes.split_at_mut(2);
            head.copy_from_slice(&half::f16::from_f32(scale).to_le_bytes());
            for (place, part) in numbers.chunks_mut(8).enumerate() {
                let bits = random::bits(index as u64, place as u64).to_le_bytes();
                part.copy_from_slice(&bits[..part.len()]);
            }
        });
    Packed::new(Bytes::Owned(Arc::new(bytes)), dtype, rows, columns)
}

/// Makes a matrix from its name, rows and columns.
type Make<'a> = dyn Fn(&str, usize, usize) -> Result<Weight> + 'a;

fn decoder(config: DecoderConfig, place: &Place, matrix: &Make<'_>) -> Result<Decoder> {
    let embed_tokens = matrix("embed_tokens", config.vocab_size, config.hidden_size)?;
    let lm_head = match config.tie_word_embeddings {
        true => embed_tokens.clone(),
        false => matrix("lm_head", config.vocab_size, config.hidden_size)?,
    };
    let layers = (0..config.num_hidden_layers)
        .map(|index| random_layer(&config, index, place, matrix))
        .collect::<Result<Vec<_>>>()?;
    let norm = ones(config.hidden_size, place)?;
    let rope = Rope::new(&config);
    Ok(Decoder {
        config,
        embed_tokens,
        layers,
        norm,
        lm_head,
        rope,
        device: place.device.clone(),
    })
}

fn random_layer(
    config: &DecoderConfig,
    index: usize,
    place: &Place,
    matrix: &Make<'_>,
) -> Result<Layer> {
    let projection = |target: Target| -> Result<Projection> {
        let (rows, columns) = config.projection_shape(target);
        let weight = matrix(&format!("{index}.{}", target.module_name()), rows, columns)?;
        let zeros = || Tensor::zeros(rows, place.dtype, &place.device);
        Ok(Projection {
            weight,
            bias: config.projection_bias(target).then(zeros).transpose()?,
        })
    };
    let ones = |width| ones(width, place);
    let norm = |is_there: bool, width| is_there.then(|| ones(width)).transpose();
    let (hidden, head_dim) = (config.hidden_size, config.head_dim);
    Ok(Layer {
        input_layernorm: ones(hidden)?,
        q_norm: norm(config.qk_norm, head_dim)?,
        k_norm: norm(config.qk_norm, head_dim)?,
        post_attention_layernorm: norm(config.post_norms, hidden)?,
        pre_feedforward_layernorm: ones(hidden)?,
        post_feedforward_layernorm: norm(config.post_norms, hidden)?,
        projections: PerTarget::try_from_fn(projection)?,
    })
}

fn ones(width: usize, place: &Place) -> Result<Tensor> {
    Ok(Tensor::ones(width, place.dtype, &place.device)?)
}

/// Uniform numbers up to this have the spread of transformers' `initializer_range`, 0.02.
const SPREAD: f32 = 0.035;

/// Uniform numbers from minus to plus [`SPREAD`]. A dense matrix is drawn row by row, so that no second copy of it ever
/// exists; each place takes the draw that it had in the `[in, out]` layout of earlier versions.
fn matrix(name: &str, rows: usize, columns: usize, blocks: Option<GgmlDType>) -> Result<Weight> {
    let key = random::label(name);
    let value = |i: usize| (2.0 * random::uniform(key, i as u64) - 1.0) as f32 * SPREAD;
    let Some(dtype) = blocks.and_then(|wanted| fitting_type(wanted, columns)) else {
        let apart = (rows.div_ceil(16) | 1) * 16;
        let panels = Panels::from_rows(rows, columns, |row, to| {
            for (column, to) in to.iter_mut().enumerate() {
                *to = value(column * apart + row);
            }
            Ok(())
        });
        return Ok(Weight::Dense(panels?));
    };
    let widen = |range: std::ops::Range<usize>| {
        Ok((range.start * columns..range.end * columns)
            .map(value)
            .collect::<Vec<f32>>())
    };
    Ok(Weight::Packed(Packed::quantize(
        dtype, rows, columns, widen,
    )?))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::{PackedBatch, parameters};

    #[test]
    fn the_shapes_are_those_of_the_models_they_name() {
        let shapes = [
            (Shape::M7, 7.0),
            (Shape::M135, 134.5),
            (Shape::M360, 361.8),
            (Shape::B1, 1235.8),
            (Shape::B3, 3212.7),
            (Shape::B8, 8030.3),
        ];
        assert_eq!(shapes.map(|(shape, _)| shape), Shape::ALL);
        for (shape, millions) in shapes {
            let found = parameters(&shape.config().unwrap()) as f64 / 1e6;
            assert!((found - millions).abs() < 0.2, "{shape}: {found}");
        }
    }

    #[test]
    fn a_random_decoder_gives_numbers() {
        let place = Place::on(&Device::Cpu);
        for blocks in [None, Some(GgmlDType::Q8_0), Some(GgmlDType::Q5_1)] {
            let decoder = random_decoder_on(Shape::M7.config().unwrap(), blocks, &place).unwrap();
            let batch = PackedBatch::new(&[vec![1, 2, 3]], &Device::Cpu).unwrap();
            let hidden = decoder.forward(&batch, None, None, None).unwrap();
            let logits = decoder
                .logits(&hidden)
                .unwrap()
                .flatten_all()
                .unwrap()
                .to_vec1::<f32>()
                .unwrap();
            assert!(logits.iter().all(|logit| logit.is_finite()));
            assert!(logits.iter().any(|logit| logit.abs() > 1e-3));
        }
    }

    #[test]
    fn weights_made_on_a_device_have_the_same_spread() {
        let place = Place {
            device: Device::Cpu,
            dtype: candle_core::DType::BF16,
        };
        for blocks in [None, Some(GgmlDType::Q8_0), Some(GgmlDType::Q4_0)] {
            let decoder = random_decoder_on(Shape::M7.config().unwrap(), blocks, &place).unwrap();
            let weight = decoder.layers[3].projections[Target::Q]
                .weight
                .to_dense()
                .unwrap();
            let spread = weight
                .sqr()
                .unwrap()
                .mean_all()
                .unwrap()
                .to_scalar::<f32>()
                .unwrap()
                .sqrt();
            assert!((spread - 0.02).abs() < 0.002, "{blocks:?}: {spread}");
        }
        let beyond = Some(GgmlDType::Q4K);
        assert!(random_decoder_on(Shape::M7.config().unwrap(), beyond, &place).is_err());
    }
}
