//! LoRA adapters: low-rank updates of the frozen projections, read and written in PEFT's layout.
//!
//! Follows Hu et al. 2021 (arXiv 2106.09685), `y = W x + (alpha / r) B A x`, with the variants in `config`, and the
//! folder layout of the `peft` library (`adapter_config.json`, `adapter_model.safetensors`), so that an adapter trained
//! here opens there, and vice versa.

use std::collections::BTreeMap;
use std::path::Path;

use candle_core::{DType, Device, Tensor};
use contract::AdapterDtype;

use crate::disk::{serialize_tensors, write_atomically};
use crate::error::{Error, Result};
use crate::model::{Decoder, DecoderConfig, LoraPair, LowRank, PerTarget, Target, Weight};
use crate::random;

mod config;
mod fused;
mod peft;

pub use config::{LoraConfig, TargetModules};
use config::{Module, Modules};
pub(crate) use fused::{StoredPair, stored_pairs};
pub use peft::{CONFIG_FILE, WEIGHTS_FILE};

/// Names of a projection's A and B. In architectures that store several projections as one matrix these are names of this
/// engine; see `fused` for PEFT's.
fn pair_names(target: Target, layer: usize) -> [String; 2] {
    tensor_names(&target.name(layer))
}

/// PEFT's names of a module's A and B.
fn tensor_names(module: &str) -> [String; 2] {
    ["lora_A", "lora_B"].map(|part| format!("base_model.model.{module}.{part}.weight"))
}

/// A LoRA adapter: one optional pair for each projection of each layer, in f32.
#[derive(Debug, Clone)]
pub struct Adapter {
    /// What the adapter was made with.
    pub config: LoraConfig,
    /// Its pairs, and the scales that `config` gives them: what a forward pass reads.
    pub update: LowRank,
}

impl Adapter {
    /// A fresh adapter that does not change the model yet: A as PEFT draws it (Kaiming uniform with `a = sqrt(5)`,
    /// that is uniform in `±1 / sqrt(in)`), B zero. The same seed gives the same tensors on any machine.
    pub fn init(
        config: LoraConfig,
        decoder: &DecoderConfig,
        seed: u64,
        device: &Device,
    ) -> Result<Self> {
        let modules = config.modules(decoder, Path::new(CONFIG_FILE))?;
        let update = fill(&modules, |layer, target, rank| {
            let (out_features, in_features) = decoder.projection_shape(target);
            let key = random::key(
                seed,
                &[random::label("lora_A"), layer as u64, target as u64],
            );
            let bound = 1.0 / (in_features as f64).sqrt();
            let values: Vec<f32> = (0..rank * in_features)
                .map(|i| ((2.0 * random::uniform(key, i as u64) - 1.0) * bound) as f32)
                .collect();
            Ok(LoraPair {
                a: Tensor::from_vec(values, (rank, in_features), device)?,
                b: Tensor::zeros((out_features, rank), DType::F32, device)?,
            })
        })?;
        Ok(Self { config, update })
    }

    /// The factor on `B A x` of a projection: `alpha / rank`, or `alpha / sqrt(rank)` where the adapter is
    /// rank-stabilised; 0 where the adapter does not act.
    pub fn scale(&self, layer: usize, target: Target) -> f64 {
        self.update.scale(layer, target)
    }

    /// The pair that acts on a projection, if the adapter has one there.
    pub fn get(&self, layer: usize, target: Target) -> Option<&LoraPair> {
        self.update.get(layer, target)
    }

    /// Every tensor under its PEFT name, sorted by name.
    pub fn named_tensors(&self) -> Vec<(String, Tensor)> {
        named_pairs(&self.update.layers)
    }

    /// An adapter from tensors under their PEFT names, checked against the decoder: every expected tensor must be
    /// present with the right shape, and no other tensor may be. `origin` names the file in error messages.
    pub fn from_named(
        config: LoraConfig,
        mut tensors: BTreeMap<String, Tensor>,
        decoder: &DecoderConfig,
        origin: &Path,
    ) -> Result<Self> {
        let modules = config.modules(decoder, origin)?;
        let mut take = |name: &str, shape: (usize, usize)| -> Result<Tensor> {
            let tensor = tensors
                .remove(name)
                .ok_or_else(|| Error::adapter(origin, format!("the tensor {name} is missing")))?;
            if tensor.dims() != [shape.0, shape.1] {
                let found = tensor.dims().to_vec();
                let (rows, cols) = shape;
                return Err(Error::adapter(
                    origin,
                    format!(
                        "{name} has shape {found:?} where this base model needs [{rows}, {cols}]; \
                         the adapter belongs to another model"
                    ),
                ));
            }
            Ok(tensor.to_dtype(DType::F32)?.contiguous()?)
        };
        let update = fill(&modules, |layer, target, rank| {
            let (out_features, in_features) = decoder.projection_shape(target);
            let [a, b] = pair_names(target, layer);
            Ok(LoraPair {
                a: take(&a, (rank, in_features))?,
                b: take(&b, (out_features, rank))?,
            })
        })?;
        if let Some(name) = tensors.keys().next() {
            return Err(Error::adapter(
                origin,
                format!("it holds the tensor {name}, which the base model has no place for"),
            ));
        }
        Ok(Self { config, update })
    }

    /// Reads a PEFT folder. Settings that change what the adapter computes but that this engine does not support
    /// (bias, DoRA, fully trained modules, initialisations that change the base model) are refused by name.
    pub fn load(dir: &Path, decoder: &DecoderConfig, device: &Device) -> Result<Self> {
        let read = |name: &str| {
            let path = dir.join(name);
            std::fs::read(&path).map_err(|e| Error::io(&path, e))
        };
        let config = peft::read_config(&read(CONFIG_FILE)?, &dir.join(CONFIG_FILE))?;
        Self::from_weights(config, &read(WEIGHTS_FILE)?, dir, decoder, device)
    }

    /// The same, from the content of the two files, wherever they are kept; errors name `dir`.
    pub fn from_files(
        files: &AdapterFiles,
        dir: &Path,
        decoder: &DecoderConfig,
        device: &Device,
    ) -> Result<Self> {
        let config = peft::read_config(&files.config, &dir.join(CONFIG_FILE))?;
        Self::from_weights(config, &files.weights, dir, decoder, device)
    }

    fn from_weights(
        config: LoraConfig,
        weights: &[u8],
        dir: &Path,
        decoder: &DecoderConfig,
        device: &Device,
    ) -> Result<Self> {
        let weights_path = dir.join(WEIGHTS_FILE);
        let tensors = candle_core::safetensors::load_buffer(weights, device).map_err(|e| {
            Error::adapter(
                &weights_path,
                format!("it is cut short or not a safetensors file: {e}"),
            )
        })?;
        let mut tensors: Vec<(String, Tensor)> = tensors.into_iter().collect();
        tensors.sort_by(|a, b| a.0.cmp(&b.0));
        check_finite(&tensors, &weights_path)?;
        let mut tensors = tensors.into_iter().collect();
        fused::split(&mut tensors, decoder, &weights_path)?;
        Self::from_named(config, tensors, decoder, &weights_path)
    }

    /// Refuses an adapter with a value that is not a number: whatever it acts on would be unusable.
    ///
    /// # Errors
    /// [`Error::Adapter`] naming the tensor.
    pub fn check_finite(&self) -> Result<()> {
        check_finite(&self.named_tensors(), Path::new(WEIGHTS_FILE))
    }

    /// Writes the adapter as a folder (created if missing) that can be read back bit for bit: PEFT's files, with a pair
    /// for each projection even where the base model stores several as one matrix. Both files are written under a
    /// temporary name, flushed to the disk and renamed, so that a reader never sees half a file.
    pub fn save(&self, dir: &Path) -> Result<()> {
        self.save_as(dir, AdapterDtype::F32)
    }

    /// As [`Adapter::save`], but for instance in a number type of half the size. The values read back are rounded: to
    /// use the adapter before it is read back, make it with [`Adapter::rounded`].
    pub fn save_as(&self, dir: &Path, dtype: AdapterDtype) -> Result<()> {
        self.to_files(dtype, dir)?.write(dir)
    }

    /// The content of the files that [`Adapter::save_as`] writes; errors name `dir`.
    pub fn to_files(&self, dtype: AdapterDtype, dir: &Path) -> Result<AdapterFiles> {
        let mut tensors = self.named_tensors();
        for (_, tensor) in &mut tensors {
            *tensor = tensor.to_dtype(candle_dtype(dtype))?;
        }
        files(&self.config, tensors, dir)
    }

    /// The adapter with its values rounded to `dtype`, still computed in float32: what [`Adapter::save_as`] followed by
    /// [`Adapter::load`] returns.
    pub fn rounded(&self, dtype: AdapterDtype) -> Result<Self> {
        let mut rounded = self.clone();
        for pair in rounded.update.layers.iter_mut().flatten().flatten() {
            for matrix in [&mut pair.a, &mut pair.b] {
                *matrix = matrix.to_dtype(candle_dtype(dtype))?.to_dtype(DType::F32)?;
            }
        }
        Ok(rounded)
    }

    /// Writes the adapter as a folder that PEFT loads on the base model: as [`Adapter::save`], with pairs on the
    /// matrices that a checkpoint of `decoder`'s architecture stores.
    pub fn export(&self, dir: &Path, decoder: &DecoderConfig) -> Result<()> {
        let (config, tensors) = fused::join(self, decoder)?;
        files(&config, tensors, dir)?.write(dir)
    }

    /// The decoder with the update folded into its weights, `W + (alpha / r) B A`; the original is untouched.
    pub fn merge_into(&self, decoder: &Decoder) -> Result<Decoder> {
        self.check_finite()?;
        let (mut merged, place) = (decoder.clone(), decoder.place());
        for (index, layer) in merged.layers.iter_mut().enumerate() {
            for (target, projection) in Target::ALL.into_iter().zip(&mut layer.projections) {
                if let Some(pair) = self.get(index, target) {
                    let delta = (pair.b.matmul(&pair.a)? * self.scale(index, target))?;
                    let whole = (projection.weight.to_dense()? + delta.to_dtype(DType::F32)?)?;
                    projection.weight = Weight::dense(&whole)?.placed(&place)?;
                }
            }
        }
        Ok(merged)
    }
}

fn candle_dtype(dtype: AdapterDtype) -> DType {
    match dtype {
        AdapterDtype::F32 => DType::F32,
        AdapterDtype::Bf16 => DType::BF16,
    }
}

fn files(config: &LoraConfig, tensors: Vec<(String, Tensor)>, dir: &Path) -> Result<AdapterFiles> {
    let path = dir.join(WEIGHTS_FILE);
    check_finite(&tensors, &path)?;
    let metadata = std::collections::HashMap::from([("format".to_owned(), "pt".to_owned())]);
    Ok(AdapterFiles {
        config: peft::config_text(config).into_bytes(),
        weights: serialize_tensors(tensors, metadata, &path)?,
    })
}

/// The content of the two files of an adapter, for callers that store them in their own way.
#[derive(Clone, Debug)]
pub struct AdapterFiles {
    /// `adapter_config.json`.
    pub config: Vec<u8>,
    /// `adapter_model.safetensors`.
    pub weights: Vec<u8>,
}

impl AdapterFiles {
    /// Both files' contents with their names.
    pub fn named(&self) -> [(&'static str, &[u8]); 2] {
        [
            (WEIGHTS_FILE, self.weights.as_slice()),
            (CONFIG_FILE, self.config.as_slice()),
        ]
    }

    fn write(&self, dir: &Path) -> Result<()> {
        host::private::create_folder(dir).map_err(|source| Error::Io {
            path: dir.to_path_buf(),
            source,
        })?;
        for (name, bytes) in self.named() {
            write_atomically(&dir.join(name), bytes)?;
        }
        Ok(())
    }
}

/// Refuses tensors with NaN or infinity, by name.
fn check_finite(tensors: &[(String, Tensor)], origin: &Path) -> Result<()> {
    for (name, tensor) in tensors {
        let values = tensor
            .to_device(&Device::Cpu)?
            .to_dtype(DType::F32)?
            .flatten_all()?
            .to_vec1::<f32>()?;
        if let Some(value) = values.iter().find(|value| !value.is_finite()) {
            let reason = format!(
                "the tensor {name} holds {value}, which is not a finite number; the training that made it has failed"
            );
            return Err(Error::adapter(origin, reason));
        }
    }
    Ok(())
}

/// The pairs of an adapter's modules, each made by `pair` from layer, target and rank, with their scales.
fn fill(
    modules: &Modules,
    mut pair: impl FnMut(usize, Target, usize) -> Result<LoraPair>,
) -> Result<LowRank> {
    let make = |(layer, modules): (usize, &PerTarget<Option<Module>>)| {
        PerTarget::try_from_fn(|target| {
            modules[target]
                .map(|module| pair(layer, target, module.rank))
                .transpose()
        })
    };
    let scales = |modules: &PerTarget<Option<Module>>| {
        PerTarget::from_fn(|target| modules[target].map_or(0.0, |module| module.scale))
    };
    Ok(LowRank {
        layers: modules
            .iter()
            .enumerate()
            .map(make)
            .collect::<Result<_>>()?,
        scales: modules.iter().map(scales).collect(),
    })
}

/// PEFT names and tensors of pairs (an adapter's or its gradients'), sorted by name.
pub(crate) fn named_pairs(layers: &[PerTarget<Option<LoraPair>>]) -> Vec<(String, Tensor)> {
    let mut named = Vec::new();
    for (layer, pairs) in layers.iter().enumerate() {
        for (target, pair) in Target::ALL.into_iter().zip(pairs) {
            if let Some(pair) = pair {
                let [a, b] = pair_names(target, layer);
                named.push((a, pair.a.clone()));
                named.push((b, pair.b.clone()));
            }
        }
    }
    named.sort_by(|x, y| x.0.cmp(&y.0));
    named
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::test_model;

    fn lora_config(targets: &[Target]) -> LoraConfig {
        LoraConfig {
            rank: 3,
            alpha: 12.0,
            dropout: 0.05,
            target_modules: TargetModules::of(targets),
            base_model: "tiny".to_owned(),
            ..LoraConfig::default()
        }
    }

    fn with_random_b(adapter: &Adapter) -> Adapter {
        let mut random_b = adapter.clone();
        for pair in random_b.update.layers.iter_mut().flatten().flatten() {
            pair.b = pair.b.randn_like(0.0, 0.1).unwrap();
        }
        random_b
    }

    fn hidden(decoder: &Decoder, adapter: Option<&Adapter>) -> Vec<Vec<f32>> {
        let batch =
            crate::model::PackedBatch::new(&[vec![1, 7, 22, 50], vec![9, 9, 4]], &Device::Cpu)
                .unwrap();
        decoder
            .forward(&batch, adapter.map(|adapter| &adapter.update), None, None)
            .unwrap()
            .to_vec2()
            .unwrap()
    }

    fn largest_difference(a: &[Vec<f32>], b: &[Vec<f32>]) -> f32 {
        a.iter()
            .flatten()
            .zip(b.iter().flatten())
            .map(|(a, b)| (a - b).abs())
            .fold(0.0, f32::max)
    }

    #[test]
    fn a_fresh_adapter_leaves_the_model_as_it_is() {
        let decoder = test_model::tiny(1);
        let adapter =
            Adapter::init(lora_config(&Target::ALL), &decoder.config, 5, &Device::Cpu).unwrap();
        assert_eq!(hidden(&decoder, Some(&adapter)), hidden(&decoder, None));
        let bound = 1.0 / (decoder.config.hidden_size as f32).sqrt();
        let a = adapter
            .get(0, Target::Q)
            .unwrap()
            .a
            .flatten_all()
            .unwrap()
            .to_vec1::<f32>()
            .unwrap();
        assert!(a.iter().all(|v| v.abs() <= bound));
        assert!(a.iter().any(|v| v.abs() > 0.8 * bound));
    }

    #[test]
    fn merged_equals_unmerged_with_alpha_other_than_rank() {
        let decoder = test_model::tiny(1);
        let adapter =
            Adapter::init(lora_config(&Target::ALL), &decoder.config, 5, &Device::Cpu).unwrap();
        let adapter = with_random_b(&adapter);
        assert_eq!(adapter.scale(0, Target::Q), 4.0);
        let unmerged = hidden(&decoder, Some(&adapter));
        let merged = hidden(&adapter.merge_into(&decoder).unwrap(), None);
        assert!(largest_difference(&unmerged, &merged) < 1e-4);
        assert!(
            largest_difference(&unmerged, &hidden(&decoder, None)) > 0.1,
            "the adapter must matter"
        );
    }

    #[test]
    fn a_saved_adapter_is_read_back_bit_for_bit() {
        let decoder = test_model::tiny(1);
        let adapter = Adapter::init(
            lora_config(&[Target::Q, Target::Down]),
            &decoder.config,
            5,
            &Device::Cpu,
        )
        .unwrap();
        let adapter = with_random_b(&adapter);
        let dir = tempfile::tempdir().unwrap();
        adapter.save(dir.path()).unwrap();
        adapter.save(dir.path()).unwrap();
        let files = std::fs::read_dir(dir.path()).unwrap().count();
        assert_eq!(files, 2, "no temporary file stays behind");
        let read = Adapter::load(dir.path(), &decoder.config, &Device::Cpu).unwrap();
        assert_eq!(read.config, adapter.config);
        assert_eq!(
            hidden(&decoder, Some(&read)),
            hidden(&decoder, Some(&adapter))
        );
        let names: Vec<String> = read
            .named_tensors()
            .into_iter()
            .map(|(name, _)| name)
            .collect();
        assert_eq!(names.len(), 2 * 2 * decoder.config.num_hidden_layers);
        assert_eq!(
            names[0],
            "base_model.model.model.layers.0.mlp.down_proj.lora_A.weight"
        );
    }

    #[test]
    fn an_adapter_saved_in_half_the_size_is_read_back_as_it_was_rounded() {
        let decoder = test_model::tiny(1);
        let config = lora_config(&[Target::Q, Target::Down]);
        let adapter = Adapter::init(config, &decoder.config, 5, &Device::Cpu).unwrap();
        let adapter = with_random_b(&adapter);
        let bytes = |dtype| {
            let dir = tempfile::tempdir().unwrap();
            adapter.save_as(dir.path(), dtype).unwrap();
            let read = Adapter::load(dir.path(), &decoder.config, &Device::Cpu).unwrap();
            let rounded = adapter.rounded(dtype).unwrap();
            assert_eq!(
                hidden(&decoder, Some(&read)),
                hidden(&decoder, Some(&rounded))
            );
            (
                std::fs::metadata(dir.path().join(WEIGHTS_FILE))
                    .unwrap()
                    .len(),
                hidden(&decoder, Some(&read)),
            )
        };
        let ((whole, exact), (half, near)) = (bytes(AdapterDtype::F32), bytes(AdapterDtype::Bf16));
        assert!(half * 10 < whole * 7, "{half} of {whole} bytes");
        assert_eq!(exact, hidden(&decoder, Some(&adapter)));
        let moved = largest_difference(&near, &exact);
        assert!(moved > 0.0 && moved < 0.1, "{moved}");
    }

    /// Reads adapters in every number type that PEFT writes, and on a fused matrix.
    #[test]
    fn an_adapter_that_is_not_finite_is_never_loaded() {
        let decoder = test_model::tiny(1);
        let config = lora_config(&[Target::Q, Target::Down]);
        let adapter = Adapter::init(config, &decoder.config, 5, &Device::Cpu).unwrap();
        for (value, dtype) in [
            (f32::NAN, DType::F32),
            (f32::INFINITY, DType::BF16),
            (f32::NEG_INFINITY, DType::F16),
        ] {
            let dir = tempfile::tempdir().unwrap();
            adapter.save(dir.path()).unwrap();
            let path = dir.path().join(WEIGHTS_FILE);
            let mut tensors = candle_core::safetensors::load(&path, &Device::Cpu).unwrap();
            let name = "base_model.model.model.layers.1.mlp.down_proj.lora_A.weight";
            let mut values = tensors[name]
                .flatten_all()
                .unwrap()
                .to_vec1::<f32>()
                .unwrap();
            values[3] = value;
            let tensor = Tensor::from_vec(values, tensors[name].dims(), &Device::Cpu).unwrap();
            tensors.insert(name.to_owned(), tensor.to_dtype(dtype).unwrap());
            candle_core::safetensors::save(&tensors, &path).unwrap();
            let told = Adapter::load(dir.path(), &decoder.config, &Device::Cpu)
                .unwrap_err()
                .to_string();
            assert!(
                told.contains(name) && told.contains("not a finite number"),
                "{told}"
            );
        }
    }

    /// Gate and up as one matrix, and the down projection under another name.
    #[test]
    fn an_adapter_of_granite_4_bears_its_names() {
        let granite = test_model::variants()
            .into_iter()
            .find(|(_, config)| config["architectures"][0] == "GraniteMoeHybridForCausalLM");
        let decoder = test_model::tiny_as(&granite.unwrap().1, 1);
        let config = LoraConfig {
            target_modules: TargetModules::every(&decoder.config),
            ..lora_config(&[])
        };
        let adapter =
            with_random_b(&Adapter::init(config, &decoder.config, 5, &Device::Cpu).unwrap());
        let exported = tempfile::tempdir().unwrap();
        adapter.export(exported.path(), &decoder.config).unwrap();
        let read = Adapter::load(exported.path(), &decoder.config, &Device::Cpu).unwrap();
        let expected = hidden(&decoder, Some(&adapter));
        assert!(largest_difference(&hidden(&decoder, Some(&read)), &expected) < 1e-5);
        let written =
            candle_core::safetensors::load(exported.path().join(WEIGHTS_FILE), &Device::Cpu);
        let written = written.unwrap();
        assert_eq!(written.len(), 2 * 6 * decoder.config.num_hidden_layers);
        for module in ["input_linear", "output_linear"] {
            let name = format!("base_model.model.model.layers.1.shared_mlp.{module}.lora_A.weight");
            assert!(written.contains_key(&name), "{name}");
        }
    }

    #[test]
    fn projections_stored_as_one_matrix_are_exported_as_one() {
        let phi3 = test_model::variants()
            .into_iter()
            .find(|(_, config)| config["architectures"][0] == "Phi3ForCausalLM");
        let decoder = test_model::tiny_as(&phi3.unwrap().1, 1);
        let config = LoraConfig {
            target_modules: TargetModules::every(&decoder.config),
            ..lora_config(&[])
        };
        let adapter =
            with_random_b(&Adapter::init(config, &decoder.config, 5, &Device::Cpu).unwrap());
        let expected = hidden(&decoder, Some(&adapter));
        let [saved, exported] = [tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap()];
        adapter.save(saved.path()).unwrap();
        adapter.export(exported.path(), &decoder.config).unwrap();
        let load = |dir: &tempfile::TempDir| {
            Adapter::load(dir.path(), &decoder.config, &Device::Cpu).unwrap()
        };
        assert_eq!(hidden(&decoder, Some(&load(&saved))), expected);
        let read = load(&exported);
        assert!(largest_difference(&hidden(&decoder, Some(&read)), &expected) < 1e-5);
        assert_eq!(
            read.get(0, Target::K).unwrap().a.dims()[0],
            9,
            "three projections of rank 3 are one of rank 9"
        );
        let bytes = std::fs::read(exported.path().join(WEIGHTS_FILE)).unwrap();
        let written = candle_core::safetensors::load_buffer(&bytes, &Device::Cpu).unwrap();
        assert_eq!(
            written.len(),
            2 * 4 * decoder.config.num_hidden_layers,
            "four stored matrices a layer"
        );
        // Only one part of a fused matrix has a pair: the others get zeros.
        let config = lora_config(&[Target::K, Target::Up]);
        let part = with_random_b(&Adapter::init(config, &decoder.config, 5, &Device::Cpu).unwrap());
        let exported = tempfile::tempdir().unwrap();
        part.export(exported.path(), &decoder.config).unwrap();
        let bytes = std::fs::read(exported.path().join(WEIGHTS_FILE)).unwrap();
        let written = candle_core::safetensors::load_buffer(&bytes, &Device::Cpu).unwrap();
        let whole = &written["base_model.model.model.layers.0.self_attn.qkv_proj.lora_B.weight"];
        let (q, k) = (
            decoder.config.projection_shape(Target::Q).0,
            decoder.config.projection_shape(Target::K).0,
        );
        assert_eq!(whole.dims(), [q + 2 * k, 3]);
        let rows = |first, count| {
            whole
                .narrow(0, first, count)
                .unwrap()
                .to_vec2::<f32>()
                .unwrap()
        };
        assert_eq!(
            rows(q, k),
            part.get(0, Target::K).unwrap().b.to_vec2::<f32>().unwrap()
        );
        assert!(
            rows(0, q)
                .iter()
                .chain(&rows(q + k, k))
                .flatten()
                .all(|value| *value == 0.0)
        );
    }

    #[test]
    fn unusable_adapters_are_refused_with_the_reason() {
        let decoder = test_model::tiny(1);
        let adapter =
            Adapter::init(lora_config(&[Target::Q]), &decoder.config, 5, &Device::Cpu).unwrap();
        let dir = tempfile::tempdir().unwrap();
        adapter.save(dir.path()).unwrap();
        let load = || Adapter::load(dir.path(), &decoder.config, &Device::Cpu);
        let original = std::fs::read_to_string(dir.path().join(CONFIG_FILE)).unwrap();
        let message_with = |field: &str, value: serde_json::Value| {
            let mut json: serde_json::Value = serde_json::from_str(&original).unwrap();
            json[field] = value;
            std::fs::write(dir.path().join(CONFIG_FILE), json.to_string()).unwrap();
            load().unwrap_err().to_string()
        };
        assert!(message_with("bias", "all".into()).contains("bias"));
        assert!(message_with("use_dora", true.into()).contains("DoRA"));
        assert!(message_with("peft_type", "IA3".into()).contains("IA3"));
        assert!(message_with("target_modules", serde_json::json!(["wte"])).contains("wte"));
        assert!(
            message_with("modules_to_save", serde_json::json!(["lm_head"]))
                .contains("modules_to_save")
        );
        assert!(message_with("fan_in_fan_out", true.into()).contains("transposed"));
        assert!(
            message_with("init_lora_weights", "pissa_niter_4".into()).contains("pissa_niter_4")
        );
        assert!(
            message_with("layers_to_transform", serde_json::json!([-1]))
                .contains("layers_to_transform")
        );
        assert!(
            message_with("rank_pattern", serde_json::json!({"q_proj": "high"}))
                .contains("rank_pattern")
        );
        assert!(message_with("rank_pattern", serde_json::json!({"q_proj": 5})).contains("lora_A"));
        assert!(message_with("target_modules", serde_json::json!(["k_proj"])).contains("missing"));
        assert!(message_with("r", 4.into()).contains("belongs to another model"));
        // What PEFT may leave out may be absent.
        let few = r#"{"peft_type": "LORA", "r": 3, "target_modules": ["q_proj"]}"#;
        std::fs::write(dir.path().join(CONFIG_FILE), few).unwrap();
        assert_eq!(load().unwrap().config.alpha, 8.0);
        let weights = dir.path().join(WEIGHTS_FILE);
        let bytes = std::fs::read(&weights).unwrap();
        std::fs::write(&weights, &bytes[..bytes.len() / 2]).unwrap();
        assert!(load().unwrap_err().to_string().contains("cut short"));
        std::fs::remove_file(&weights).unwrap();
        assert!(matches!(load(), Err(Error::MissingFile { .. })));
    }
}
