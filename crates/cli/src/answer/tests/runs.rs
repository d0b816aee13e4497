//! Answers about plans and runs.
#![expect(clippy::too_many_lines, reason = "a snapshot is as long as its answer")]

use super::*;

#[test]
fn a_run_that_is_not_begun() {
    let counts = ChosenCounts {
        shots: 8,
        validation: 1,
        test: 1,
        dropped: 0,
        cut: 0,
    };
    let answer = DryRun {
        dry_run: true,
        dataset: ChosenExamples { name: "d", counts },
        seed: 0,
        model: ChosenModel {
            id: "0a1b",
            parameters: 1,
        },
        recipe: &Recipe::default(),
        budget: None,
    };
    assert_snapshot!(schema(&answer), @"
    dataset.counts.cut: number
    dataset.counts.dropped: number
    dataset.counts.shots: number
    dataset.counts.test: number
    dataset.counts.validation: number
    dataset.name: string
    dry_run: boolean
    model.id: string
    model.parameters: number
    recipe.adapter_dtype: string
    recipe.bootstrap: number
    recipe.candidate_summaries: string
    recipe.candidate_synthetic_limit: number
    recipe.candidates_per_summary: number
    recipe.checkpoint_format_slack: number
    recipe.checkpoint_samples: number
    recipe.checkpoint_summaries: number
    recipe.copy_run_words: number
    recipe.copy_share: number
    recipe.dialogue_max_new_tokens: number
    recipe.dialogue_min_p: number
    recipe.dialogue_repetition_penalty: number
    recipe.dialogue_temperature: number
    recipe.dialogue_top_k: number
    recipe.dialogue_top_p: number
    recipe.dialogue_tries: number
    recipe.dialogue_typical_p: number
    recipe.dpo_batch_size: number
    recipe.dpo_beta: number
    recipe.dpo_checkpoints: number
    recipe.dpo_epochs: number
    recipe.dpo_label_smoothing: number
    recipe.dpo_loss: string
    recipe.dpo_lr: number
    recipe.dpo_sft_target: string
    recipe.dpo_sft_weight: number
    recipe.dpo_warmup_share: number
    recipe.dpop_lambda: number
    recipe.early_stop_evals: number
    recipe.evals_per_epoch: number
    recipe.fixed_ratio_synthetic: number
    recipe.format_pairs_per_summary: number
    recipe.generate_batch_size: number
    recipe.icl_examples: number
    recipe.ids: string
    recipe.ids_max_iterations: number
    recipe.ids_score: boolean
    recipe.judge_action: string
    recipe.judge_items: number
    recipe.leak_gate: string
    recipe.length_balance: number
    recipe.lora_alpha: number
    recipe.lora_dropout: number
    recipe.lora_rank: number
    recipe.lr_search[]: number
    recipe.match_synthetic: boolean
    recipe.max_grad_norm: number
    recipe.min_gap: number
    recipe.min_gap_sd: number
    recipe.name_filter_share: number
    recipe.novelty_rouge_l: number
    recipe.pair_repeat: number
    recipe.plateau_patience: number
    recipe.plateau_threshold: number
    recipe.prompt_candidates: empty array
    recipe.prompt_dialogue: string
    recipe.prompt_summarize: string
    recipe.prompt_summary: string
    recipe.prompt_topic: string
    recipe.quantize: string
    recipe.recompute: string
    recipe.rejection_max_tries: number
    recipe.round_data: string
    recipe.round_min_gain: number
    recipe.round_patience: number
    recipe.round_reference: string
    recipe.rounds: number
    recipe.scorer: string
    recipe.scorer_model: string
    recipe.sft_batch_size: number
    recipe.sft_lr: number
    recipe.sft_max_epochs: number
    recipe.shots: number
    recipe.simpo_gamma: number
    recipe.stage1_factor: number
    recipe.stage1_stop_lr: number
    recipe.stage1_stop_scaled: boolean
    recipe.stage2_factor: number
    recipe.stage2_reductions: number
    recipe.summary_demos: number
    recipe.summary_max_new_tokens: number
    recipe.summary_max_rounds: number
    recipe.summary_method: string
    recipe.summary_temperature: number
    recipe.summary_top_p: number
    recipe.synthesizer_items: number
    recipe.synthesizers: empty array
    recipe.synthetic_per_shot: number
    recipe.systems[]: string
    recipe.test_items: number
    recipe.tokens_per_microbatch: number
    recipe.too_long: string
    recipe.topic_demos: number
    recipe.topic_max_new_tokens: number
    recipe.validation: number
    recipe.warmup_share: number
    recipe.weight_decay: number
    seed: number
    ");
}

#[test]
fn a_run_elsewhere() {
    let started = Started {
        run: "r-1".into(),
        status: Launch::Queued,
    };
    assert_snapshot!(schema(&started), @"
    run: string
    status: string
    ");
    let paused = Paused {
        run: &"r-1".into(),
        status: RunStatus::Paused,
        resume: "duologue resume r-1",
    };
    assert_snapshot!(schema(&paused), @"
    resume: string
    run: string
    status: string
    ");
    let stopping = Stopping {
        run: &"r-1".into(),
        status: RunStatus::Running,
        from_stage: Some(StageName::Topics),
        from_step: Some(3),
    };
    assert_snapshot!(schema(&stopping), @"
    from_stage: string
    from_step: number
    run: string
    status: string
    ");
    let queue = Queue {
        started: Some("r-1".into()),
        held: false,
        keep_awake: true,
        queue: vec![QueueRow {
            run_id: "r-2".into(),
            from_stage: Some(StageName::Topics),
            until_stage: Some(StageName::Evaluate),
        }],
    };
    assert_snapshot!(schema(&queue), @"
    held: boolean
    keep_awake: boolean
    queue[].from_stage: string
    queue[].run_id: string
    queue[].until_stage: string
    started: string
    ");
}

#[test]
fn a_plan() {
    assert_snapshot!(schema(&examples::plan()), @"
    budget.cut[].field: string
    budget.cut[].from: string
    budget.cut[].price: number
    budget.cut[].saved_s: number
    budget.cut[].to: string
    budget.detectable_diff: number
    budget.fits: boolean
    budget.least_s: number
    budget.seconds: number
    budget.within_s: number
    disk_bytes: number
    examples.shots: number
    examples.shots_at_most: number
    examples.test: number
    examples.unsummarised: number
    examples.validation: number
    examples.validation_at_most: number
    generate_batch_size: number
    machine.disk_free_bytes: number
    machine.memory_free_bytes: number
    machine.threads: number
    missing[].case: string
    missing[].free_bytes: number
    missing[].need_bytes: number
    offers[].change.case: string
    offers[].change.settings[].key: string
    offers[].change.settings[].value: string
    offers[].fits: boolean
    offers[].peak_bytes: number
    offers[].price: string
    offers[].seconds: number
    parameters: number
    peak_bytes: number
    probed: boolean
    recompute: boolean
    seconds: number
    stages[].disk_bytes: number
    stages[].name: string
    stages[].peak_bytes: number
    stages[].seconds: number
    systems[].seconds: number
    systems[].system: string
    tokens_per_microbatch: number
    verdict: string
    ");
}

#[test]
fn runs() {
    let runs = Sample::new().session.runs().unwrap();
    assert_snapshot!(schema(&Runs { runs }), @"
    runs[].created_at_ms: number
    runs[].dataset: string
    runs[].model: string
    runs[].name: string
    runs[].note: string
    runs[].run: string
    runs[].seed: number
    runs[].stages[].name: string
    runs[].stages[].progress: null
    runs[].stages[].progress.eta_s: number
    runs[].stages[].progress.loss: null | number
    runs[].stages[].progress.lr: null | number
    runs[].stages[].progress.rss_bytes: number
    runs[].stages[].progress.sample.dialogue: string
    runs[].stages[].progress.sample.format_rate: number
    runs[].stages[].progress.sample.prediction: string
    runs[].stages[].progress.sample.role: string
    runs[].stages[].progress.sample.scorer_ce: number
    runs[].stages[].progress.sample.system: string
    runs[].stages[].progress.sample.update: number
    runs[].stages[].progress.stage: string
    runs[].stages[].progress.step: number
    runs[].stages[].progress.task: string
    runs[].stages[].progress.tokens_per_s: number
    runs[].stages[].progress.total_steps: number
    runs[].stages[].status: string
    runs[].stages[].wall_s: number
    runs[].status: string
    ");
}

#[test]
fn a_run() {
    let report = Sample::new().shown();
    assert_snapshot!(schema(&report), @"
    align.accuracy: number
    align.best_update: number
    align.checkpoints[].chosen: boolean
    align.checkpoints[].format_rate: number
    align.checkpoints[].role: string
    align.checkpoints[].scorer_ce: number
    align.checkpoints[].update: number
    align.dpo_joint: null
    align.first_dpo_loss: number
    align.kept_start: boolean
    align.logps_chosen: number
    align.logps_rejected: number
    align.margin: number
    align.updates: number
    created_at_ms: number
    dataset.counts.cut: number
    dataset.counts.dropped: number
    dataset.counts.shots: number
    dataset.counts.test: number
    dataset.counts.validation: number
    dataset.dropped: empty array
    dataset.name: string
    dataset.shot_ids_sha256: string
    dataset.validation_from: string
    detectable_diff: number
    device: string
    error: null
    format_rule.pairs: number
    format_rule.rules[].id: string
    format_rule.rules[].label: string
    format_rule.rules[].limit: boolean
    format_rule.rules[].limit.max: number
    format_rule.rules[].limit.min: number
    format_rule.rules[].real_reject: number
    format_rule.rules[].source: string
    judge: null
    leaks: null
    model.id: string
    model.name: string
    model.parameters: number
    model.path: string
    model.sha256: string
    pairs.content: number
    pairs.format: number
    pairs.joint: number
    pairs_by_origin.real: number
    pairs_by_origin.synthetic: number
    recipe.adapter_dtype: string
    recipe.bootstrap: number
    recipe.candidate_summaries: string
    recipe.candidate_synthetic_limit: number
    recipe.candidates_per_summary: number
    recipe.checkpoint_format_slack: number
    recipe.checkpoint_samples: number
    recipe.checkpoint_summaries: number
    recipe.copy_run_words: number
    recipe.copy_share: number
    recipe.dialogue_max_new_tokens: number
    recipe.dialogue_min_p: number
    recipe.dialogue_repetition_penalty: number
    recipe.dialogue_temperature: number
    recipe.dialogue_top_k: number
    recipe.dialogue_top_p: number
    recipe.dialogue_tries: number
    recipe.dialogue_typical_p: number
    recipe.dpo_batch_size: number
    recipe.dpo_beta: number
    recipe.dpo_checkpoints: number
    recipe.dpo_epochs: number
    recipe.dpo_label_smoothing: number
    recipe.dpo_loss: string
    recipe.dpo_lr: number
    recipe.dpo_sft_target: string
    recipe.dpo_sft_weight: number
    recipe.dpo_warmup_share: number
    recipe.dpop_lambda: number
    recipe.early_stop_evals: number
    recipe.evals_per_epoch: number
    recipe.fixed_ratio_synthetic: number
    recipe.format_pairs_per_summary: number
    recipe.generate_batch_size: number
    recipe.icl_examples: number
    recipe.ids: string
    recipe.ids_max_iterations: number
    recipe.ids_score: boolean
    recipe.judge_action: string
    recipe.judge_items: number
    recipe.leak_gate: string
    recipe.length_balance: number
    recipe.lora_alpha: number
    recipe.lora_dropout: number
    recipe.lora_rank: number
    recipe.lr_search[]: number
    recipe.match_synthetic: boolean
    recipe.max_grad_norm: number
    recipe.min_gap: number
    recipe.min_gap_sd: number
    recipe.name_filter_share: number
    recipe.novelty_rouge_l: number
    recipe.pair_repeat: number
    recipe.plateau_patience: number
    recipe.plateau_threshold: number
    recipe.prompt_candidates: empty array
    recipe.prompt_dialogue: string
    recipe.prompt_summarize: string
    recipe.prompt_summary: string
    recipe.prompt_topic: string
    recipe.quantize: string
    recipe.recompute: string
    recipe.rejection_max_tries: number
    recipe.round_data: string
    recipe.round_min_gain: number
    recipe.round_patience: number
    recipe.round_reference: string
    recipe.rounds: number
    recipe.scorer: string
    recipe.scorer_model: string
    recipe.sft_batch_size: number
    recipe.sft_lr: number
    recipe.sft_max_epochs: number
    recipe.shots: number
    recipe.simpo_gamma: number
    recipe.stage1_factor: number
    recipe.stage1_stop_lr: number
    recipe.stage1_stop_scaled: boolean
    recipe.stage2_factor: number
    recipe.stage2_reductions: number
    recipe.summary_demos: number
    recipe.summary_max_new_tokens: number
    recipe.summary_max_rounds: number
    recipe.summary_method: string
    recipe.summary_temperature: number
    recipe.summary_top_p: number
    recipe.synthesizer_items: number
    recipe.synthesizers: empty array
    recipe.synthetic_per_shot: number
    recipe.systems[]: string
    recipe.test_items: number
    recipe.tokens_per_microbatch: number
    recipe.too_long: string
    recipe.topic_demos: number
    recipe.topic_max_new_tokens: number
    recipe.validation: number
    recipe.warmup_share: number
    recipe.weight_decay: number
    results[].bleu.mean: number
    results[].chrf++.ci95[]: number
    results[].chrf++.mean: number
    results[].chrf.ci95[]: number
    results[].chrf.mean: number
    results[].compression.ci95[]: number
    results[].compression.mean: number
    results[].coverage.ci95[]: number
    results[].coverage.mean: number
    results[].density.ci95[]: number
    results[].density.mean: number
    results[].distinct1.mean: number
    results[].distinct2.mean: number
    results[].distinct3.mean: number
    results[].distinct4.mean: number
    results[].facts.by_kind.date.changed: number
    results[].facts.by_kind.date.invented: number
    results[].facts.by_kind.date.kept: number
    results[].facts.by_kind.date.missing: number
    results[].facts.by_kind.date.summaries: number
    results[].facts.by_kind.name.changed: number
    results[].facts.by_kind.name.invented: number
    results[].facts.by_kind.name.kept: number
    results[].facts.by_kind.name.missing: number
    results[].facts.by_kind.name.summaries: number
    results[].facts.by_kind.negation.changed: number
    results[].facts.by_kind.negation.invented: number
    results[].facts.by_kind.negation.kept: number
    results[].facts.by_kind.negation.missing: number
    results[].facts.by_kind.negation.summaries: number
    results[].facts.by_kind.number.changed: number
    results[].facts.by_kind.number.invented: number
    results[].facts.by_kind.number.kept: number
    results[].facts.by_kind.number.missing: number
    results[].facts.by_kind.number.summaries: number
    results[].facts.by_kind.quantity.changed: number
    results[].facts.by_kind.quantity.invented: number
    results[].facts.by_kind.quantity.kept: number
    results[].facts.by_kind.quantity.missing: number
    results[].facts.by_kind.quantity.summaries: number
    results[].facts.by_kind.time.changed: number
    results[].facts.by_kind.time.invented: number
    results[].facts.by_kind.time.kept: number
    results[].facts.by_kind.time.missing: number
    results[].facts.by_kind.time.summaries: number
    results[].facts.changed: number
    results[].facts.greyed[]: string
    results[].facts.invented: number
    results[].facts.kept: number
    results[].facts.missing: number
    results[].facts.summaries: number
    results[].facts_changed.mean: number
    results[].facts_invented.mean: number
    results[].facts_kept.mean: number
    results[].facts_missing.mean: number
    results[].facts_unsupported.mean: number
    results[].mean_examples: number
    results[].mean_tokens: null | number
    results[].n: number
    results[].novel1.mean: number
    results[].novel2.mean: number
    results[].novel3.mean: number
    results[].novel4.mean: number
    results[].reference_ce: null
    results[].reference_ce.ci95[]: number
    results[].reference_ce.mean: number
    results[].reference_words: number
    results[].repeat1.mean: number
    results[].repeat2.mean: number
    results[].repeat3.mean: number
    results[].repeat4.mean: number
    results[].rouge1.ci95[]: number
    results[].rouge1.mean: number
    results[].rouge1_best.ci95[]: number
    results[].rouge1_best.mean: number
    results[].rouge1_plain.ci95[]: number
    results[].rouge1_plain.mean: number
    results[].rouge1_precision.ci95[]: number
    results[].rouge1_precision.mean: number
    results[].rouge1_recall.ci95[]: number
    results[].rouge1_recall.mean: number
    results[].rouge2.ci95[]: number
    results[].rouge2.mean: number
    results[].rouge2_best.ci95[]: number
    results[].rouge2_best.mean: number
    results[].rouge2_plain.ci95[]: number
    results[].rouge2_plain.mean: number
    results[].rougeL.ci95[]: number
    results[].rougeL.mean: number
    results[].rougeL_best.ci95[]: number
    results[].rougeL_best.mean: number
    results[].rougeL_plain.ci95[]: number
    results[].rougeL_plain.mean: number
    results[].rougeLsum.ci95[]: number
    results[].rougeLsum.mean: number
    results[].summary_words.ci95[]: number
    results[].summary_words.mean: number
    results[].support_sentences.ci95[]: number
    results[].support_sentences.mean: number
    results[].system: string
    results[].vs_sft_real: empty object
    results[].vs_sft_real.chrf.ci95[]: number
    results[].vs_sft_real.chrf.detectable_diff: number
    results[].vs_sft_real.chrf.diff: number
    results[].vs_sft_real.chrf.p: number
    results[].vs_sft_real.reference_ce.ci95[]: number
    results[].vs_sft_real.reference_ce.detectable_diff: number
    results[].vs_sft_real.reference_ce.diff: number
    results[].vs_sft_real.reference_ce.p: number
    results[].vs_sft_real.rouge1.ci95[]: number
    results[].vs_sft_real.rouge1.detectable_diff: number
    results[].vs_sft_real.rouge1.diff: number
    results[].vs_sft_real.rouge1.p: number
    results[].vs_sft_real.rouge1.p_holm: number
    results[].vs_sft_real.rouge2.ci95[]: number
    results[].vs_sft_real.rouge2.detectable_diff: number
    results[].vs_sft_real.rouge2.diff: number
    results[].vs_sft_real.rouge2.p: number
    results[].vs_sft_real.rougeL.ci95[]: number
    results[].vs_sft_real.rougeL.detectable_diff: number
    results[].vs_sft_real.rougeL.diff: number
    results[].vs_sft_real.rougeL.p: number
    run: string
    seed: number
    stages[].cpu_s: number
    stages[].dropped: empty object
    stages[].dropped.content: fewer than two comparable: number
    stages[].dropped.content: gap too small: number
    stages[].dropped.dpo_separate: ended: number
    stages[].dropped.dpo_separate: every_line_has_speaker: number
    stages[].dropped.dpo_separate: max_turn_words: number
    stages[].dropped.dpo_separate: max_turns: number
    stages[].dropped.dpo_separate: min_speakers: number
    stages[].dropped.dpo_separate: min_turns: number
    stages[].dropped.dpo_separate: min_words: number
    stages[].dropped.dpo_separate: no_looped_turn: number
    stages[].dropped.dpo_separate: repeats its summary or is out of length: number
    stages[].dropped.empty or not ended: number
    stages[].dropped.ended: number
    stages[].dropped.every_line_has_speaker: number
    stages[].dropped.format: nothing to prefer: number
    stages[].dropped.joint: gap too small: number
    stages[].dropped.joint: nothing to prefer: number
    stages[].dropped.joint: nothing to reject: number
    stages[].dropped.length: number
    stages[].dropped.max_turn_words: number
    stages[].dropped.max_turns: number
    stages[].dropped.min_speakers: number
    stages[].dropped.min_turns: number
    stages[].dropped.min_words: number
    stages[].dropped.no_looped_turn: number
    stages[].error: null
    stages[].inputs_sha256: string
    stages[].measures: null
    stages[].measures.by_origin.real: number
    stages[].measures.by_origin.synthetic: number
    stages[].measures.dpo_separate.accepted: number
    stages[].measures.dpo_separate.seconds_per_accepted: number
    stages[].measures.dpo_separate.wall_s: number
    stages[].measures.format_rate: number
    stages[].measures.ids.accepted: number
    stages[].measures.ids.seconds_per_accepted: number
    stages[].measures.ids.wall_s: number
    stages[].measures.min_gap: number
    stages[].measures.pairs.content: number
    stages[].measures.pairs.format: number
    stages[].measures.pairs.joint: number
    stages[].measures.rejection.accepted: number
    stages[].measures.rejection.seconds_per_accepted: number
    stages[].measures.rejection.wall_s: number
    stages[].measures.sft.accepted: number
    stages[].measures.sft.seconds_per_accepted: number
    stages[].measures.sft.wall_s: number
    stages[].n_in: number
    stages[].n_out: number
    stages[].name: string
    stages[].output_sha256: string
    stages[].peak_rss_bytes: number
    stages[].status: string
    stages[].wall_s: number
    status: string
    summarizer.stage1.best_ce: number
    summarizer.stage1.best_update: number
    summarizer.stage1.ended_by: string
    summarizer.stage1.first_dpo_loss: null
    summarizer.stage1.last_dpo: null
    summarizer.stage1.lr: number
    summarizer.stage1.lr_last: number
    summarizer.stage1.task: string
    summarizer.stage1.updates: number
    summarizer.stage2.best_ce: number
    summarizer.stage2.best_update: number
    summarizer.stage2.ended_by: string
    summarizer.stage2.first_dpo_loss: null
    summarizer.stage2.last_dpo: null
    summarizer.stage2.lr: number
    summarizer.stage2.lr_last: number
    summarizer.stage2.task: string
    summarizer.stage2.updates: number
    summarizer.systems.mrds_separate.stage1.best_ce: number
    summarizer.systems.mrds_separate.stage1.best_update: number
    summarizer.systems.mrds_separate.stage1.ended_by: string
    summarizer.systems.mrds_separate.stage1.first_dpo_loss: null
    summarizer.systems.mrds_separate.stage1.last_dpo: null
    summarizer.systems.mrds_separate.stage1.lr: number
    summarizer.systems.mrds_separate.stage1.lr_last: number
    summarizer.systems.mrds_separate.stage1.task: string
    summarizer.systems.mrds_separate.stage1.updates: number
    summarizer.systems.mrds_separate.stage2.best_ce: number
    summarizer.systems.mrds_separate.stage2.best_update: number
    summarizer.systems.mrds_separate.stage2.ended_by: string
    summarizer.systems.mrds_separate.stage2.first_dpo_loss: null
    summarizer.systems.mrds_separate.stage2.last_dpo: null
    summarizer.systems.mrds_separate.stage2.lr: number
    summarizer.systems.mrds_separate.stage2.lr_last: number
    summarizer.systems.mrds_separate.stage2.task: string
    summarizer.systems.mrds_separate.stage2.updates: number
    summarizer.systems.sft_real.trainings[].best_ce: number
    summarizer.systems.sft_real.trainings[].best_update: number
    summarizer.systems.sft_real.trainings[].ended_by: string
    summarizer.systems.sft_real.trainings[].first_dpo_loss: null
    summarizer.systems.sft_real.trainings[].last_dpo: null
    summarizer.systems.sft_real.trainings[].lr: number
    summarizer.systems.sft_real.trainings[].lr_last: number
    summarizer.systems.sft_real.trainings[].task: string
    summarizer.systems.sft_real.trainings[].updates: number
    synthesizers[].accepted: number
    synthesizers[].ci95[]: number
    synthesizers[].copy_rate: number
    synthesizers[].format_rate: number
    synthesizers[].mean_tokens: number
    synthesizers[].mean_tries: number
    synthesizers[].n: number
    synthesizers[].rules.ended: number
    synthesizers[].rules.every_line_has_speaker: number
    synthesizers[].rules.max_speakers: number
    synthesizers[].rules.max_turn_words: number
    synthesizers[].rules.max_turns: number
    synthesizers[].rules.max_words: number
    synthesizers[].rules.min_speakers: number
    synthesizers[].rules.min_turns: number
    synthesizers[].rules.min_words: number
    synthesizers[].rules.no_looped_turn: number
    synthesizers[].rules.no_markup: number
    synthesizers[].rules.no_repeated_turn: number
    synthesizers[].scorer_ce_all: number
    synthesizers[].scorer_ce_passing: number
    synthesizers[].seconds_per_accepted: number
    synthesizers[].system: string
    threads: number
    verdict.below[]: string
    verdict.outcome: string
    verdict.sentence.de: string
    verdict.sentence.en: string
    verdict.system: string
    version: string
    ");
}
