//! Answers about models, their use, and measurements.

use super::*;

#[test]
fn score_and_generate() {
    let scored = Scored {
        n: 1,
        n_tokens: 2,
        logp_sum: -1.5,
        ce: 0.75,
    };
    assert_snapshot!(schema(&scored), @"
    ce: number
    logp_sum: number
    n: number
    n_tokens: number
    ");
    let line = ScoredLine {
        logp_sum: -1.5,
        n_tokens: 2,
        token_logps: Some(vec![-0.5, -1.0]),
    };
    assert_snapshot!(schema(&line), @"
    logp_sum: number
    n_tokens: number
    token_logps[]: number
    ");
    assert_snapshot!(schema(&Generated { n: 1, seed: 0 }), @"
    n: number
    seed: number
    ");
    let line = GeneratedLine {
        text: "A",
        ids: &[1],
        finish: Finish::Stop,
    };
    assert_snapshot!(schema(&line), @"
    finish: string
    ids[]: number
    text: string
    ");
}

#[test]
fn summarize() {
    let summarized = Summarized {
        summary: "A".to_owned(),
        prompt_tokens: 3,
        new_tokens: 2,
        ttft_ms: 1.5,
        tokens_per_s: 9.0,
    };
    assert_snapshot!(schema(&summarized), @"
    new_tokens: number
    prompt_tokens: number
    summary: string
    tokens_per_s: number
    ttft_ms: number
    ");
    assert_snapshot!(schema(&Served { n: 1 }), @"n: number");
}

#[test]
fn export_and_pack() {
    let export = Export {
        files: vec![ExportedFile {
            path: "adapter_model.safetensors".into(),
            bytes: 1,
            sha256: "0a1b".to_owned(),
        }],
        replay: Some(Replay {
            items: 8,
            max_logp_diff: 0.0,
            max_logp_diff_per_token: 0.0,
            tolerance_per_token: 1e-4,
            equal: true,
        }),
    };
    assert_snapshot!(schema(&export), @"
    files[].bytes: number
    files[].path: string
    files[].sha256: string
    replay.equal: boolean
    replay.items: number
    replay.max_logp_diff: number
    replay.max_logp_diff_per_token: number
    replay.tolerance_per_token: number
    ");
    let packed = Packed {
        run: &"r-1".into(),
        path: Path::new("packed"),
    };
    assert_snapshot!(schema(&packed), @"
    path: string
    run: string
    ");
    let unpacked = Unpacked {
        run: "r-1".into(),
        dataset: "notes".into(),
        model: "tiny".into(),
        model_path: None,
        examples: 9,
    };
    assert_snapshot!(schema(&unpacked), @"
    dataset: string
    examples: number
    model: string
    model_path: null
    run: string
    ");
    let written = WrittenDataset {
        name: &"notes".into(),
        file: Path::new("notes.csv"),
        bytes: 9,
    };
    assert_snapshot!(schema(&written), @"
    bytes: number
    file: string
    name: string
    ");
}

#[test]
fn sample() {
    let sample = contract::Sample {
        dataset: "physiotherapy".into(),
        run: "physiotherapy-1".into(),
        has_model: true,
        model: "models/SmolLM2-135M-Instruct".into(),
        examples: 200,
        known: false,
    };
    assert_snapshot!(schema(&sample), @"
    dataset: string
    examples: number
    has_model: boolean
    known: boolean
    model: string
    run: string
    ");
}

#[test]
fn models_add() {
    assert_snapshot!(schema(&examples::downloaded()), @"
    added_at_ms: number
    bytes: number
    commit: string
    connections: number
    context_tokens: number
    hub_id: string
    id: string
    licence: string
    name: string
    parameters: number
    path: string
    present: boolean
    received_bytes: number
    revision: string
    runs[]: string
    sha256_ok: boolean
    ");
    let paused = DownloadPaused {
        hub_id: "owner/small".to_owned(),
        status: RunStatus::Paused,
        resume: "duologue models add owner/small".to_owned(),
        received_bytes: 1,
        connections: 1,
    };
    assert_snapshot!(schema(&paused), @"
    connections: number
    hub_id: string
    received_bytes: number
    resume: string
    status: string
    ");
    for answer in [
        Download::Done(examples::downloaded()),
        Download::Paused(paused),
    ] {
        let text = serde_json::to_string(&answer).unwrap();
        assert_eq!(serde_json::from_str::<Download>(&text).unwrap(), answer);
    }
}

#[test]
fn models_list() {
    let unfinished = Unfinished {
        hub_id: "owner/large".to_owned(),
        path: "models/owner--large".to_owned(),
        bytes: 1,
    };
    let answer = Models {
        models: vec![examples::known_model()],
        unfinished: vec![unfinished],
    };
    assert_snapshot!(schema(&answer), @"
    models[].added_at_ms: number
    models[].bytes: number
    models[].commit: string
    models[].context_tokens: number
    models[].hub_id: string
    models[].id: string
    models[].licence: string
    models[].name: string
    models[].parameters: number
    models[].path: string
    models[].present: boolean
    models[].revision: string
    models[].runs[]: string
    unfinished[].bytes: number
    unfinished[].hub_id: string
    unfinished[].path: string
    ");
    assert_snapshot!(schema(&examples::catalogue()), @"
    catalogue[].context_tokens: number
    catalogue[].download_bytes: number
    catalogue[].fit: string
    catalogue[].gated: boolean
    catalogue[].hub_id: string
    catalogue[].licence: string
    catalogue[].memory.dpo_bytes: number
    catalogue[].memory.inference_bytes: number
    catalogue[].memory.lora_bytes: number
    catalogue[].memory.qlora_bytes: number
    catalogue[].name: string
    catalogue[].parameters: number
    catalogue[].proof: string
    catalogue[].revision: string
    catalogue[].seconds: number
    catalogue[].why: string
    memory_free_bytes: number
    ");
    assert_snapshot!(schema(&examples::licence_text()), @"
    address: string
    hub_id: string
    licence: string
    name: string
    text: string
    title: string
    ");
    assert_snapshot!(schema(&examples::folder_fits()), @"
    fits[].fit: null | string
    fits[].memory: null
    fits[].memory.dpo_bytes: number
    fits[].memory.inference_bytes: number
    fits[].memory.lora_bytes: number
    fits[].memory.qlora_bytes: number
    fits[].path: string
    fits[].seconds: null | number
    memory_free_bytes: number
    ");
}

#[test]
fn models_verify_and_remove() {
    let verified = Verified {
        id: Some("0a1b".into()),
        path: "models/small".to_owned(),
        parameters: Some(1),
        sha256_ok: Some(true),
        damaged: vec!["model.safetensors".to_owned()],
    };
    assert_snapshot!(schema(&verified), @"
    damaged[]: string
    id: string
    parameters: number
    path: string
    sha256_ok: boolean
    ");
    let removal = Removal {
        id: "0a1b".into(),
        name: "small".into(),
        path: "models/small".to_owned(),
        deleted_bytes: 1,
        runs: vec!["r-1".into()],
    };
    let removed = ModelRemoval::Removed {
        removal,
        removed: true,
    };
    assert_snapshot!(schema(&removed), @"
    deleted_bytes: number
    id: string
    name: string
    path: string
    removed: boolean
    runs[]: string
    ");
    let kept = ModelRemoval::Kept {
        id: "0a1b".into(),
        removed: false,
    };
    assert_snapshot!(schema(&kept), @"
    id: string
    removed: boolean
    ");
}

#[test]
fn models_login() {
    let entry = Login {
        host: "huggingface.co",
        keychain: "the macOS Keychain",
        service: "duologue",
    };
    assert_snapshot!(schema(&entry), @"
    host: string
    keychain: string
    service: string
    ");
    assert_snapshot!(schema(&Logout { entry, removed: true }), @"
    host: string
    keychain: string
    removed: boolean
    service: string
    ");
}

#[test]
fn pretrain() {
    let answer = Pretrained {
        out: Path::new("model"),
        updates: 1,
        tokens: 8192,
        val_loss: 3.5,
        wall_s: 1.5,
        parameters: 7_000_000,
        seed: 1,
    };
    assert_snapshot!(schema(&answer), @"
    out: string
    parameters: number
    seed: number
    tokens: number
    updates: number
    val_loss: number
    wall_s: number
    ");
    let paused = PretrainPaused {
        status: RunStatus::Paused,
        resume: "duologue pretrain --out model --resume",
        updates: 1,
        tokens: 8192,
        wall_s: 1.5,
    };
    assert_snapshot!(schema(&paused), @"
    resume: string
    status: string
    tokens: number
    updates: number
    wall_s: number
    ");
    let step = PretrainLine::Step {
        update: 1,
        loss: 3.5,
        lr: 2e-3,
        tokens: 8192,
        progress: 0.1,
    };
    assert_snapshot!(schema(&step), @"
    event: string
    loss: number
    lr: number
    progress: number
    tokens: number
    update: number
    ");
    let evaluation = PretrainLine::Evaluation {
        update: 1,
        val_loss: 3.5,
        sample: "A",
    };
    assert_snapshot!(schema(&evaluation), @"
    event: string
    sample: string
    update: number
    val_loss: number
    ");
}

#[test]
fn doctor() {
    let answer = Doctor {
        version: "1.0.0",
        cpu: "a processor".to_owned(),
        simd: "avx2",
        threads: 2,
        devices: vec!["cpu".to_owned()],
        found: Devices {
            cards: vec![contract::Card {
                device: "cuda:0".to_owned(),
                name: "a card".to_owned(),
                compute_capability: "9.0".to_owned(),
                memory_bytes: 1,
                memory_free_bytes: 1,
            }],
            no_card: Some("the driver finds no card".to_owned()),
        },
        memory_bytes: Some(1),
        memory_free_bytes: Some(1),
        disk_free_bytes: Some(1),
        connections: Some(0),
        network_locked: Some(false),
        kernel_lock: true,
        workspace_problem: Some("it cannot be read".to_owned()),
    };
    assert_snapshot!(schema(&answer), @"
    cards[].compute_capability: string
    cards[].device: string
    cards[].memory_bytes: number
    cards[].memory_free_bytes: number
    cards[].name: string
    connections: number
    cpu: string
    devices[]: string
    disk_free_bytes: number
    kernel_lock: boolean
    memory_bytes: number
    memory_free_bytes: number
    network_locked: boolean
    no_card: string
    simd: string
    threads: number
    version: string
    workspace_problem: string
    ");
}

#[test]
fn bench_train() {
    assert_snapshot!(schema(&examples::bench_train(examples::ON_PROCESSOR)), @"
    cpu_s: number
    cpu_s_per_step: number
    floor_cpu_s: number
    floor_share: number
    gemm_gflop_per_cpu_s: number
    loss: number
    peak_device_bytes: number
    peak_rss_bytes: number
    steps: number
    threads: number
    tokens: number
    tokens_per_s: number
    wall_s_per_step: number
    ");
    assert_snapshot!(schema(&examples::bench_train(examples::ON_CARD)), @"
    cpu_s: number
    cpu_s_per_step: number
    floor_s: number
    floor_share: number
    gemm_gflop_per_s: number
    loss: number
    peak_device_bytes: number
    peak_rss_bytes: number
    steps: number
    threads: number
    tokens: number
    tokens_per_s: number
    wall_s_per_step: number
    ");
}

#[test]
fn bench_score_and_generate() {
    let score = BenchScore {
        shape: "135m",
        items: 16,
        prompt_tokens: 256,
        completion_tokens: 64,
        tokens: 5120,
        tokens_per_s: 1.0,
        tokens_per_cpu_s: 1.0,
        forward_tokens_per_s: 1.0,
        forward_tokens_per_cpu_s: 1.0,
        share_of_forward: 1.0,
        threads: 2,
        peak_rss_bytes: 1,
    };
    assert_snapshot!(schema(&score), @"
    completion_tokens: number
    forward_tokens_per_cpu_s: number
    forward_tokens_per_s: number
    items: number
    peak_rss_bytes: number
    prompt_tokens: number
    shape: string
    share_of_forward: number
    threads: number
    tokens: number
    tokens_per_cpu_s: number
    tokens_per_s: number
    ");
    let generate = BenchGenerate {
        shape: "135m",
        rows: examples::generate_rows(),
        threads: 2,
        prompt_tokens: 128,
        new_tokens: 64,
        peak_rss_bytes: 1,
        peak_device_bytes: Some(1),
    };
    assert_snapshot!(schema(&generate), @"
    new_tokens: number
    peak_device_bytes: number
    peak_rss_bytes: number
    prompt_tokens: number
    rows[].batch: number
    rows[].prefill_tokens_per_cpu_s: number
    rows[].product_share: number
    rows[].quant: string
    rows[].tokens_per_cpu_s: number
    rows[].tokens_per_s: number
    shape: string
    threads: number
    ");
}

#[test]
fn bench_parity_growth_and_pipeline() {
    let parity = BenchParity {
        dtype: "bf16",
        checks: examples::parity_checks(),
        failed: 1,
    };
    assert_snapshot!(schema(&parity), @"
    checks[].name: string
    checks[].off: number
    checks[].passed: boolean
    checks[].tolerance: number
    dtype: string
    failed: number
    ");
    let growth = BenchGrowth {
        rows: examples::growth_rows(),
        threads: 2,
    };
    assert_snapshot!(schema(&growth), @"
    rows[].amount: number
    rows[].cpu_s: number
    rows[].expected_cpu_s: number
    rows[].expected_peak_rss_bytes: number
    rows[].peak_rss_bytes: number
    rows[].what: string
    threads: number
    ");
    let pipeline = BenchPipeline {
        figures: examples::pipeline_figures(),
        threads: 2,
        seed: 1,
    };
    assert_snapshot!(schema(&pipeline), @"
    cpu_s: number
    peak_rss_bytes: number
    seed: number
    shares.gemm: number
    shares.other: number
    stages[].cpu_s: number
    stages[].name: string
    stages[].peak_rss_bytes: number
    stages[].tokens: number
    stages[].wall_s: number
    threads: number
    tokens: number
    wall_s: number
    ");
    assert_snapshot!(schema(&BenchStopped { status: "stopped" }), @"status: string");
}

#[test]
fn bench_compare() {
    assert_snapshot!(schema(&examples::bench_compare()), @"
    not_measured[].reason: string
    not_measured[].what: string
    processor: string
    rows[].ours[]: number
    rows[].ours_peak_rss_bytes: null | number
    rows[].part: null | string
    rows[].peer: string
    rows[].theirs[]: number
    rows[].theirs_peak_rss_bytes: null | number
    rows[].times_as_fast: number
    rows[].unit: string
    rows[].what: string
    simd: string
    threads: number
    ");
}
