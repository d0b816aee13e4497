//! Adapters in the variants that PEFT has. Their logits equal PEFT's, adapters that were written read back the same,
//! and several adapters share one base model in memory.

use std::path::{Path, PathBuf};

use lm::{
    Adapter, Decoder, Device, GenerateConfig, GenerateRequest, Generation, LanguageModel,
    PackedBatch, generate,
};

use crate::fixture::{TensorFile, assert_close, golden, ids, json, own_golden};

/// Folders of the variants in `dir`, sorted; each holds one adapter as PEFT saves it.
fn variants(dir: &Path) -> Vec<PathBuf> {
    let folders = std::fs::read_dir(dir)
        .unwrap()
        .map(|entry| entry.unwrap().path());
    let mut folders: Vec<PathBuf> = folders.filter(|path| path.is_dir()).collect();
    folders.sort();
    folders
}

fn load(dir: &Path, decoder: &Decoder) -> Adapter {
    Adapter::load(dir, &decoder.config, &Device::Cpu)
        .unwrap_or_else(|e| panic!("{}: {e}", dir.display()))
}

fn logits(decoder: &Decoder, adapter: Option<&Adapter>, row: &[u32]) -> Vec<f32> {
    let batch = PackedBatch::new(&[row.to_vec()], &Device::Cpu).unwrap();
    let hidden = decoder
        .forward(&batch, adapter.map(|adapter| &adapter.update), None, None)
        .unwrap();
    decoder
        .logits(&hidden)
        .unwrap()
        .flatten_all()
        .unwrap()
        .to_vec1()
        .unwrap()
}

#[test]
fn variants_give_pefts_logits() {
    let dir = own_golden("adapters");
    let rows: Vec<Vec<u32>> = json(&dir.join("golden.json"))["rows"]
        .as_array()
        .unwrap()
        .iter()
        .map(ids)
        .collect();
    let variants = variants(&dir);
    let scratch = tempfile::tempdir().unwrap();
    // `tests/golden/record/adapters.py` checks what PEFT reads from the written adapters.
    let written = std::env::var_os("DUOLOGUE_WRITTEN_ADAPTERS").map(PathBuf::from);
    let written = written.unwrap_or_else(|| scratch.path().to_path_buf());
    for variant in &variants {
        let name = variant.file_name().unwrap().to_str().unwrap();
        // A variant with its own base model, which stores several projections as one matrix.
        let fused = variant.join("base").is_dir();
        let base = if fused {
            variant.join("base")
        } else {
            dir.with_file_name("llama-tiny")
        };
        let decoder = Decoder::load(&base, &Device::Cpu).unwrap();
        let adapter = load(variant, &decoder);
        adapter
            .export(&written.join(name), &decoder.config)
            .unwrap();
        let again = load(&written.join(name), &decoder);
        assert!(
            fused || again.config == adapter.config,
            "{name}: {:?}",
            again.config
        );
        let merged = adapter.merge_into(&decoder).unwrap();
        let golden = TensorFile::open(&variant.join("golden.safetensors"));
        for (index, row) in rows.iter().enumerate() {
            let (_, expected) = golden.f32(&format!("logits{index}"));
            let found = logits(&decoder, Some(&adapter), row);
            assert_close(name, &found, &expected, 2e-4, 0.0);
            assert_close(name, &logits(&merged, None, row), &expected, 4e-4, 0.0);
            // Stacking the factors for one matrix adds zeros, which changes the order of sums.
            let off = if fused { 1e-5 } else { 0.0 };
            let read = logits(&decoder, Some(&again), row);
            assert_close(
                &format!("{name}: written and read back"),
                &read,
                &found,
                off,
                0.0,
            );
        }
        let [ours, theirs] = [&written.join(name), variant]
            .map(|dir| TensorFile::open(&dir.join("adapter_model.safetensors")).names());
        assert_eq!(ours, theirs, "{name}: tensors written");
    }
    assert!(!variants.is_empty());
    println!("{}: {} variants checked", dir.display(), variants.len());
}

fn greedy(
    model: &LanguageModel,
    adapter: Option<&Adapter>,
    prompts: &[Vec<u32>],
) -> Vec<Generation> {
    let requests: Vec<GenerateRequest> = prompts
        .iter()
        .map(|prompt_ids| GenerateRequest {
            prompt_ids: prompt_ids.clone(),
            key: 1,
        })
        .collect();
    let config = GenerateConfig {
        max_new_tokens: 12,
        filters: lm::infer::sample::Filters::GREEDY,
        stop_ids: vec![],
        batch_size: 2,
    };
    let go_on = &mut |_, _| std::ops::ControlFlow::Continue(());
    generate(&model.decoder, adapter, &requests, &config, go_on).unwrap()
}

/// Several adapters use one base model in memory, in turns and at the same time, and leave no trace in it.
#[test]
fn adapters_share_a_base_model_without_touching_it() {
    let dir = own_golden("adapters");
    let base = dir.with_file_name("llama-tiny");
    let model = LanguageModel::load(&base, &Device::Cpu).unwrap();
    let of_base = variants(&dir)
        .into_iter()
        .filter(|variant| !variant.join("base").is_dir());
    let adapters: Vec<Adapter> = of_base
        .map(|variant| load(&variant, &model.decoder))
        .collect();
    let prompts = [vec![505, 508, 82, 88, 390], vec![505, 39, 413]];
    let ids_of =
        |generations: Vec<Generation>| generations.into_iter().map(|g| g.ids).collect::<Vec<_>>();
    // Each adapter by itself, on a model that has seen no other adapter.
    let mut alone = vec![ids_of(greedy(&model, None, &prompts))];
    for adapter in &adapters {
        let fresh = LanguageModel::load(&base, &Device::Cpu).unwrap();
        alone.push(ids_of(greedy(&fresh, Some(adapter), &prompts)));
    }
    assert!(
        alone[1..].iter().all(|texts| *texts != alone[0]),
        "every adapter matters"
    );
    let choices = || std::iter::once(None).chain(adapters.iter().map(Some));
    for _ in 0..2 {
        let turns: Vec<_> = choices()
            .map(|choice| ids_of(greedy(&model, choice, &prompts)))
            .collect();
        assert_eq!(turns, alone, "taking turns");
    }
    let together: Vec<_> = std::thread::scope(|scope| {
        let (model, prompts) = (&model, &prompts);
        let running: Vec<_> = choices()
            .map(|choice| scope.spawn(move || ids_of(greedy(model, choice, prompts))))
            .collect();
        running
            .into_iter()
            .map(|thread| thread.join().unwrap())
            .collect()
    });
    assert_eq!(together, alone, "at the same time");
    let untouched = LanguageModel::load(&base, &Device::Cpu).unwrap();
    assert_eq!(
        logits(&model.decoder, None, &prompts[0]),
        logits(&untouched.decoder, None, &prompts[0])
    );
}

#[test]
fn an_adapter_of_another_shape_is_refused_by_the_tensors_name() {
    let decoder = Decoder::load(&golden("qwen2-tiny"), &Device::Cpu).unwrap();
    let mut shorter = decoder.config.clone();
    shorter.hidden_size = 32;
    let dir = own_golden("adapters").join("rslora");
    let error = Adapter::load(&dir, &shorter, &Device::Cpu)
        .unwrap_err()
        .to_string();
    assert!(
        error.contains("k_proj.lora_A.weight") && error.contains("another model"),
        "{error}"
    );
}
